/*
 * keras_layers.h - a Keras model configuration becomes a graph.
 *
 * TensorFlow.js layers models, .h5 and .keras files all describe a network by
 * the same JSON: a Sequential or functional model whose layers have a class
 * name, a configuration and inbound nodes.  They differ in where the weights
 * are, so the caller passes a function that finds them.
 * Source: the Keras API reference, "Layers" and "Model saving".
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_KERAS_LAYERS_H
#define TSR_KERAS_LAYERS_H

#include "engine/graph.h"
#include "loaders/json.h"

typedef struct {
    /* The weight called `role` ("kernel", "gamma" ...), the index-th one of the
     * layer, as a constant tensor: f32, data in memory that outlives the graph.
     * False when there is none. */
    bool (*find)(void *ctx, const char *layer, const char *role, int index, tsr_tensor *t);
    void *ctx;
} tsr_keras_weights;

/* `model` is {"class_name": ..., "config": ...}.  Adds inputs, nodes and
 * outputs; an error stays in g. */
void tsr_keras_build(tsr_graph *g, const cJSON *model, const tsr_keras_weights *weights);

/* Count the layers of classes that tsr_keras_build does not know: calls
 * report(ctx, class) for each. */
void tsr_keras_unknown(const cJSON *model, void (*report)(void *ctx, const char *name), void *ctx);

#endif
