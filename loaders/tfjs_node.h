/*
 * tfjs_node.h - one node of a TensorFlow graph while it is being read.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFJS_NODE_H
#define TSR_TFJS_NODE_H

#include "loaders/tfjs_file.h"

typedef struct tfjs_graph tfjs_graph;

typedef struct {
    const char *name, *op;
    const cJSON *attr, *input;
    int first, count;           /* our values for its outputs; count 0: not built yet */
    enum { TFJS_NEW, TFJS_OPEN, TFJS_DONE } state;
    bool is_read;               /* somebody reads an output: set when outputs are guessed */
} tfjs_node;

struct tfjs_graph {
    tfjs_model *m;
    tfjs_node *nodes;
    int node_count;
    int *by_name;               /* node indices, sorted by name */
};

/* Reads a node: its first output as a graph value, or -1 with the error in g.
 * More outputs follow at the next indices; n->count is preset to 1. */
typedef int tfjs_reader(tfjs_graph *t, tfjs_node *n);

/* tfjs_ops.c; NULL: unknown. */
tfjs_reader *tfjs_find_reader(const char *op);

/* ---- asking a node (tfjs_graph.c) ------------------------------------------ */

/* Data inputs there are; control inputs ("^name") are not counted. */
int tfjs_input_count(const tfjs_node *n);

/* Input i as a graph value (constants are added when first used), -1 if it is
 * missing: then the error is in g. */
int tfjs_input(tfjs_graph *t, const tfjs_node *n, int i);

/* Input i when it is a constant, looking through Identity; else NULL.  tfjs_glance: its
 * numbers last until the next glance, and lie at any alignment. */
const tsr_tensor *tfjs_constant(const tfjs_graph *t, const tfjs_node *n, int i);
const tsr_tensor *tfjs_glance(const tfjs_graph *t, const tfjs_node *n, int i);

/* The same as whole numbers, at most `most`; how many, or -1. */
int tfjs_constant_ints(const tfjs_graph *t, const tfjs_node *n, int i, int *x, int most);

/* Attributes. */
int tfjs_attr_int(const tfjs_node *n, const char *key, int otherwise);
double tfjs_attr_float(const tfjs_node *n, const char *key, double otherwise);
bool tfjs_attr_bool(const tfjs_node *n, const char *key, bool otherwise);
int tfjs_attr_ints(const tfjs_node *n, const char *key, int *x, int most);
/* Attribute strings are base64. */
bool tfjs_attr_is(const tfjs_node *n, const char *key, const char *text);
int tfjs_attr_strings(const tfjs_node *n, const char *key, char text[][24], int most);

int tfjs_fail(tfjs_graph *t, const tfjs_node *n, const char *what);

#endif
