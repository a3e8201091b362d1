/* bench_report.h - what `tarsier bench` measured, as a table or as JSON.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include "cli/stats.h"
#include "cli/weights.h"

typedef struct {
    const char *path;
    const tsr_graph *g;
    int threads, runs;
    double min_ms, median_ms, p90_ms;   /* of whole runs */
    double load_ms, open_ms;            /* start-up with the file's pages in memory */
    uint64_t macs;
    double *node_ms;                    /* median of each node; NULL without --per-op */
} bench_result;

void bench_print(const bench_result *r);
bool bench_json(const bench_result *r);         /* false: no memory left */

#endif
