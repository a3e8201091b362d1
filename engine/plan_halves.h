/*
 * plan_halves.h - move activations, within the gaps that a plan left, to where they lie
 * best for two threads.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_PLAN_HALVES_H
#define TSR_PLAN_HALVES_H

#include <stddef.h>

/* Bytes that one value, or several in turn, have from one moment to another. */
typedef struct {
    int first, last;            /* alive from..to, inclusive; last < first: never */
    size_t bytes, offset;
} tsr_plan_span;

typedef struct {
    tsr_plan_span *spans;       /* offsets: a plan without collisions, before and after */
    const int *order;           /* the spans to look at, by rising `first` */
    int count;
    const size_t *top;          /* while each node runs (moment 1 ..): no end gets beyond */
    int nodes;
    size_t total;               /* bytes of the plan; no end gets beyond */
} tsr_plan_halves;

void tsr_plan_align_halves(const tsr_plan_halves *plan);

#endif
