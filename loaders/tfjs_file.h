/*
 * tfjs_file.h - shared by the parts of the TensorFlow.js reader.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFJS_FILE_H
#define TSR_TFJS_FILE_H

#include "engine/session.h"
#include "loaders/json.h"

typedef struct {
    const tsr_options *options;
    tsr_graph *g;
    const cJSON *root;
    tsr_tensor *weights;        /* by name; data decoded to f32, s32 or bool in the pool */
    int weight_count;
} tfjs_model;

/* tfjs_weights.c: read the manifest and decode every weight. */
void tfjs_read_weights(tfjs_model *m);
const tsr_tensor *tfjs_weight(const tfjs_model *m, const char *name);

/* tfjs_graph.c: a graph model's nodes; an error stays in m->g. */
void tfjs_read_graph(tfjs_model *m, const cJSON *topology);

/* tfjs_ops.c: can this operator be read? */
bool tfjs_knows(const char *op);

#endif
