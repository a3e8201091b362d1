/*
 * plan.h - where each activation lies in one block of memory.
 *
 * Values that share bytes form one span: a view with its source, an in-place
 * result with its operand.  Spans sorted from large to small take the lowest
 * fitting gap among the spans alive at the same time (Pisarchyk & Lee,
 * "Efficient memory management for deep neural net inference", arXiv
 * 2001.03288, 2020); the order of execution is tried too and the smaller plan
 * wins.                                          SPDX-License-Identifier: MIT
 */
#ifndef TSR_PLAN_H
#define TSR_PLAN_H

#include "engine/graph.h"

enum { TSR_PLAN_ALIGN = 64 };

typedef struct {
    size_t *offset;             /* per value; SIZE_MAX: constant or not used */
    size_t *top_bytes;          /* per node: the arena's height while it runs, up to the
                                   highest value alive: what is above is free then  */
} tsr_places;

typedef struct {
    tsr_places one, several;    /* for sessions of one thread, and of several */
    int *activation;            /* per value: its number among those that have an offset; -1 */
    int activation_count;
    size_t total_bytes;         /* of both */
    size_t *live_bytes;         /* per node: all values alive while it runs         */
    size_t live_bound_bytes;    /* most bytes alive while any one node runs: no
                                   plan that keeps tensors whole can do better */
} tsr_plan;

/* Plan the activations of `g`; memory comes from its pool.  `keep_all`: every
 * value keeps its bytes until the end of the run. */
TSR_MUST_USE tsr_status tsr_plan_make(const tsr_graph *g, bool keep_all, tsr_plan *plan,
                                      tsr_error *err);

#endif
