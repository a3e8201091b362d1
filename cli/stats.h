/*
 * stats.h - what info and bench both count and print: work by kind of operator,
 * numbers a person can read, JSON.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <cjson/cJSON.h>
#include "engine/session.h"

typedef struct {
    tsr_op_kind kind;
    int count;
    uint64_t macs, params;
    double ms;                  /* bench only */
} cli_kind_stats;

/* One row for each kind in the graph, most MACs first (then most nodes);
 * returns how many.  `ms` (one per node) may be NULL, else rows go by time. */
int cli_stats_by_kind(const tsr_graph *g, const double *ms, cli_kind_stats rows[TSR_OP_COUNT]);

/* Numbers in the constants of one node, and of all nodes, each counted once. */
uint64_t cli_node_params(const tsr_graph *g, const tsr_node *n);
uint64_t cli_graph_params(const tsr_graph *g);
uint64_t cli_graph_macs(const tsr_graph *g);

/* 1234567 as "1,234,567" in `text`, which is returned. */
enum { CLI_NUMBER_TEXT = 32 };
char *cli_number(uint64_t n, char text[CLI_NUMBER_TEXT]);

/* {"name": .., "dtype": .., "shape": [..], "scale": .., "zero_point": ..} */
cJSON *cli_json_tensor(const tsr_tensor *t);
cJSON *cli_json_shape(const tsr_tensor *t);

/* Print and delete it.  False when memory ran out while it was built or printed. */
bool cli_json_print(cJSON *json);

#endif
