/*
 * plan.h - where each activation lies in one block of memory.
 *
 * Greedy by size: values sorted from large to small take the lowest gap among
 * the values alive at the same time (Pisarchyk & Lee, "Efficient memory
 * management for deep neural net inference", arXiv 2001.03288, 2020).
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PLAN_H
#define TSR_PLAN_H

#include "engine/arena.h"
#include "engine/graph.h"

enum { TSR_PLAN_ALIGN = 64 };

/* One storage: a value, or several that share the same bytes (views, in place). */
typedef struct {
    size_t offset, bytes;
    int first, last;            /* nodes between which it is alive, inclusive */
} tsr_span;

typedef struct {
    size_t total_bytes, live_bound_bytes;
} tsr_plan;

/* Fill offset[value] (SIZE_MAX for constants and absent values) for every value
 * of `g`.  `keep_all`: no sharing.  Working memory comes as arena scratch. */
tsr_plan tsr_plan_make(const tsr_graph *g, bool keep_all, size_t *offset, tsr_arena *a);

#endif
