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

/* The weight called `role` ("kernel", "gamma" ...), the index-th one of the layer. */
typedef struct {
    const char *layer, *role;
    int index;
    bool keep;                  /* its data must outlive the graph; else they need only
                                   last until the next weight is asked for */
} tsr_keras_wanted;

typedef struct {
    /* The weight that is asked for, as a constant tensor, f32.  False when there is
     * none. */
    bool (*find)(void *ctx, const tsr_keras_wanted *w, tsr_tensor *t);
    void *ctx;
} tsr_keras_weights;

/* `model` is {"class_name": ..., "config": ...}.  Adds inputs, nodes and
 * outputs; an error stays in g. */
void tsr_keras_build(tsr_graph *g, const cJSON *model, const tsr_keras_weights *weights);

/* Count the layers of classes that tsr_keras_build does not know: calls
 * report(ctx, class) for each. */
void tsr_keras_unknown(const cJSON *model, void (*report)(void *ctx, const char *name), void *ctx);

#endif
