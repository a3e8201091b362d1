/*
 * diff_again.h - compute one node of a run once more, with something changed.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DIFF_AGAIN_H
#define CLI_DIFF_AGAIN_H

#include "cli/diff/diff.h"

/* The node as it was, its clamp and attributes open to change, and the tensor
 * that input 0 is read from. */
typedef struct {
    tsr_node node;
    const tsr_tensor *x;        /* same shape and type as the node's first input */
    float *x_data;              /* NULL: x's own numbers; else f32 in their place */
} diff_variant;

/* What made item `i` of a run; false when no node did. */
bool diff_variant_of(const diff_side *s, int item, diff_variant *v);

/* The node's first result in real numbers, to be freed; NULL when the changed
 * node makes no sense or memory is lacking.  *n: how many. */
float *diff_again(const diff_side *s, const diff_variant *v, size_t *n);

/* max |x - b| / range, b in the order that the pair says. */
double diff_distance(const float *x, const diff_side *a, const diff_side *b, const diff_pair *p);

#endif
