/*
 * session.h - the inside of a model and a session, for loaders and for tools
 * that look at them (info, bench, dump, tests).  Programs use tsr.h.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_SESSION_H
#define TSR_SESSION_H

#include "engine/graph.h"
#include "engine/plan.h"

struct tsr_model {
    tsr_pool pool;
    tsr_graph graph;
    tsr_plan plan;
    tsr_tensor **io;            /* per node: its inputs, then its outputs, as the graph
                                   has them: what prepare sees on a dry run */
    bool keep_all;
    tsr_fuse fuse;
    bool f16;                   /* tsr_options.f16 */
    const char *output;         /* tsr_options.output, while loading */
    bool before_enlarging;
    tsr_packs packs;            /* packed weights from the file, by the place of the plain ones */
};

struct tsr_session {
    const tsr_model *model;
    tsr_tensor *activations;    /* as numbered in tsr_plan.activation */
    tsr_step *steps;            /* one per node that runs, in order */
    int step_count;
    tsr_threads *threads;
};

/* What a session's block is made of, in bytes. */
typedef struct {
    size_t total;               /* what tsr_session_bytes says: the sum of these */
    size_t activations;         /* the planned arena                             */
    size_t packed;              /* weights and parameters laid out for kernels   */
    size_t scratch;             /* what the steps' scratch takes beyond the arena's
                                   places that are free while they run           */
    size_t bookkeeping;         /* steps, tensors, alignment                     */
    size_t live_bound;          /* most activations and scratch at any one moment: no place
                                   for them could be smaller; not part of the sum */
} tsr_session_memory;

tsr_session_memory tsr_session_measure(const tsr_model *m, int workers);

/* As tsr_session_open without threads, with nothing taken from the file packed, and tell
 * `made` of each packed weight.  What it is told of lies in `memory`. */
size_t tsr_session_pack_bytes(const tsr_model *m);
TSR_MUST_USE tsr_status tsr_session_pack(const tsr_model *m, void *memory, size_t memory_bytes,
                                         void (*made)(void *ctx, const tsr_packed *p), void *ctx,
                                         tsr_error *err);

/* A value of the graph: a constant of the model's or an activation; NULL: not used. */
tsr_tensor *tsr_session_value(const tsr_session *s, int value);

/* As tsr_run, and tell after each step that it ended. */
void tsr_run_steps(tsr_session *s, void (*done)(void *ctx, int step), void *ctx);

/* Start an empty model; the loader fills m->graph, then tsr_model_finish
 * optimises and plans it and checks that a session could be prepared.  After a
 * failure of either the loader calls tsr_model_free. */
TSR_MUST_USE tsr_status tsr_model_begin(const tsr_options *options, tsr_model **model,
                                        tsr_error *err);
TSR_MUST_USE tsr_status tsr_model_finish(tsr_model *m, tsr_error *err);

#endif
