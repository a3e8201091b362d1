/*
 * movers.h - what the operations that only move elements have in common.
 *
 * Most of them (transpose, slice, depth to space, batch to space ...) are one
 * sentence: element (i0, i1, ...) of a box goes from
 *     in_at + sum i_k * in[k]   to   out_at + sum i_k * out[k].
 * prepare writes that sentence down as a tsr_box, tsr_box_simplify finds the
 * fastest way to say it, and run only follows it.  Element types do not matter
 * here, just their size: 1, 2, 4 or 8 bytes.     SPDX-License-Identifier: MIT
 */
#ifndef TSR_MOVERS_H
#define TSR_MOVERS_H

#include "engine/op.h"

enum { TSR_BOX_RANK = 8 };

typedef struct {
    int rank;                       /* 0: a single element */
    size_t size[TSR_BOX_RANK];
    ptrdiff_t in[TSR_BOX_RANK], out[TSR_BOX_RANK];      /* strides in elements */
    size_t in_at, out_at;           /* where element (0, 0, ...) lies */
    size_t elem_bytes;
    bool tiled;                     /* set by simplify: innermost two axes are a
                                       matrix to be turned over */
} tsr_box;

/* Append an axis, from the outermost inwards. */
static inline void tsr_box_axis(tsr_box *b, size_t size, size_t in, size_t out)
{
    b->size[b->rank] = size;
    b->in[b->rank] = (ptrdiff_t)in;
    b->out[b->rank++] = (ptrdiff_t)out;
}

/* Drop axes of size 1, order them so that the output is written front to back,
 * join neighbours that are one run of memory, and choose the inner loop. */
void tsr_box_simplify(tsr_box *b);

/* Follow a simplified box.  `in` and `out` must not overlap. */
void tsr_box_copy(const tsr_box *b, const void *in, void *out, tsr_threads *threads);

/* Elements between neighbours along each axis of a dense tensor. */
void tsr_dense_strides(const tsr_tensor *t, size_t stride[TSR_MAX_RANK]);

/* Product of dim[from .. to). */
size_t tsr_dim_product(const tsr_tensor *t, int from, int to);

/* n copies of the elem_bytes at `value`. */
void tsr_fill(void *out, const void *value, size_t n, size_t elem_bytes);

/* The bytes that stand for the real number `value` in a tensor like t:
 * quantised (real 0 is the zero point), rounded or as it is; saturated. */
void tsr_encode_value(const tsr_tensor *t, float value, uint8_t bytes[8]);

/* ---- for infer ------------------------------------------------------------ */

/* Refuse an output that is not of the input's type and quantisation: such an
 * operation would have to compute. */
TSR_MUST_USE tsr_status tsr_infer_same_type(const tsr_node *n, const char *op,
                                            const tsr_tensor *in, const tsr_tensor *out,
                                            tsr_error *err);

/* Refuse a dimension below 1 and more bytes than an int can count. */
TSR_MUST_USE tsr_status tsr_infer_size(const tsr_node *n, const char *op,
                                       const tsr_tensor *out, tsr_error *err);

/* Do two tensors turn a stored number into the same real one? */
bool tsr_equal_quant(const tsr_tensor *a, const tsr_tensor *b);

#endif
