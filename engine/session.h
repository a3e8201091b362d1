/*
 * session.h - the inside of a model and a session, for tools that look at them
 * (info, bench, dump, tests).  Programs use tsr.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_SESSION_H
#define TSR_SESSION_H

#include "engine/graph.h"

struct tsr_model {
    tsr_pool pool;
    tsr_graph graph;
    bool keep_all;
};

struct tsr_session {
    const tsr_model *model;
    tsr_tensor *tensors;        /* one per graph value */
    tsr_step *steps;            /* one per node that runs */
    int step_count;
    tsr_tensor **inputs, **outputs;
};

/* What a session's block is made of, in bytes. */
typedef struct {
    size_t total;               /* what tsr_session_bytes says               */
    size_t activations;         /* the planned arena                         */
    size_t live_bound;          /* most bytes of tensors alive at one moment:
                                   no plan of whole tensors can do better    */
    size_t packed;              /* weights and parameters laid out for kernels */
    size_t scratch, bookkeeping;
} tsr_session_memory;

tsr_session_memory tsr_session_measure(const tsr_model *m, int workers);

/* Run and tell when each step starts and ends; tick(ctx, -1) comes last. */
void tsr_run_steps(tsr_session *s, void (*tick)(void *ctx, int step), void *ctx);

/* Start an empty model; the loader fills m->graph, then tsr_model_finish
 * optimises it and checks that a session could be prepared. */
TSR_MUST_USE tsr_status tsr_model_begin(const tsr_options *options, tsr_model **model,
                                        tsr_error *err);
TSR_MUST_USE tsr_status tsr_model_finish(tsr_model *m, tsr_error *err);

#endif
