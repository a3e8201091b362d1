/*
 * keras_model.h - between the two halves of the Keras reader: keras_model.c
 * walks models and connections, keras_layers.c knows the layers.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_KERAS_MODEL_H
#define TSR_KERAS_MODEL_H

#include "loaders/keras_layers.h"

enum { KERAS_MAX_INPUTS = 64, KERAS_MAX_DEPTH = 8, KERAS_MAX_LAYERS = 4096,
       KERAS_MAX_PASSES = 64 };

typedef struct {
    tsr_graph *g;
    const tsr_keras_weights *weights;
} keras_builder;

/* One call of a layer. */
typedef struct {
    const keras_builder *b;
    const char *name;           /* of the layer */
    const cJSON *config;
    int in[KERAS_MAX_INPUTS], in_count;
} keras_call;

/* Add the layer's nodes; the value it gives, or -1 with the error in g. */
typedef int keras_layer(const keras_call *c);

/* NULL: no such layer. */
keras_layer *tsr_keras_find_layer(const char *class_name);

#endif
