/*
 * tfjs_file.h - shared by the parts of the TensorFlow.js reader.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFJS_FILE_H
#define TSR_TFJS_FILE_H

#include "engine/session.h"
#include "loaders/json.h"

/* How a weight's numbers stand in the file. */
typedef struct {
    enum { TFJS_F32, TFJS_S32, TFJS_BOOL, TFJS_F16, TFJS_U8, TFJS_U16 } as;
    double scale, min;
} tfjs_encoding;

typedef struct {
    tsr_tensor t;               /* f32, s32 or bool; data NULL until it is decoded */
    tfjs_encoding e;
    const uint8_t *stored;
} tfjs_weight;

typedef struct {
    const tsr_options *options;
    tsr_graph *g;
    const cJSON *root;
    tfjs_weight *weights;       /* in the manifest's order */
    int weight_count;
    size_t most_bytes;          /* of a decoded weight */
    void *scratch;              /* of so many bytes, for tfjs_peek; NULL: not yet */
    tsr_tensor peeked;
} tfjs_model;

/* tfjs_weights.c: read the manifest.  The i-th weight with its numbers in the pool, or
 * only until the next peek and at any alignment; NULL: the error is in m->g. */
void tfjs_read_weights(tfjs_model *m);
const tsr_tensor *tfjs_decode(tfjs_model *m, int i);
const tsr_tensor *tfjs_peek(tfjs_model *m, int i);

/* tfjs_graph.c: a graph model's nodes; an error stays in m->g. */
void tfjs_read_graph(tfjs_model *m, const cJSON *topology);

/* tfjs_ops.c: can this operator be read? */
bool tfjs_knows(const char *op);

#endif
