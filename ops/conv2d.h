/*
 * conv2d.h - what conv2d.c and dense.c share with the files per data type.
 *
 * infer settles geometry for every type; then the type's own file prepares.  For
 * f32 that is conv2d_f32.c and dense_f32.c; for u8 and s8 conv2d_q8.c and dense_q8.c.
 * A type's check refuses what its prepare cannot do (infer calls it last, with `out`
 * complete).                                     SPDX-License-Identifier: MIT
 */
#ifndef TSR_CONV2D_H
#define TSR_CONV2D_H

#include "engine/op.h"

/* Shape letters as in ops/README.md.  A dense layer is a 1x1 convolution of an image
 * one pixel wide. */
typedef struct {
    int n, h, w, c;             /* input                            */
    int oh, ow, oc;             /* output                           */
    int kh, kw;                 /* filter: [oc, kh, kw, c / groups] */
    tsr_conv2d_attr attr;
} tsr_conv2d_shape;

tsr_conv2d_shape tsr_conv2d_shape_of(const tsr_step *s);

/* conv2d_f32.c: pack weights of that shape, choose kernels, take scratch. */
tsr_status tsr_conv2d_prepare_f32(tsr_step *s, const tsr_prepare_context *ctx,
                                  const tsr_conv2d_shape *shape);

/* conv2d_winograd.c: a faster way, where it fits; costs memory and accuracy. */
bool tsr_conv2d_winograd_fits(const tsr_conv2d_shape *s);
tsr_status tsr_conv2d_prepare_winograd(tsr_step *s, const tsr_prepare_context *ctx,
                                       const tsr_conv2d_shape *shape);

/* conv2d_blas.c: by OpenBLAS; called by conv2d_f32.c, which is the other way. */
#ifdef TSR_BLAS
bool tsr_conv2d_blas_fits(const tsr_conv2d_shape *s);
tsr_status tsr_conv2d_prepare_blas(tsr_step *s, const tsr_prepare_context *ctx,
                                   const tsr_conv2d_shape *shape);
#else
static inline bool tsr_conv2d_blas_fits(const tsr_conv2d_shape *s) { (void)s; return false; }
#endif

/* conv2d_f16.c: the same for f16 activations, with f32 weights. */
tsr_status tsr_conv2d_prepare_f16(tsr_step *s, const tsr_prepare_context *ctx,
                                  const tsr_conv2d_shape *shape);

/* conv2d_q8.c: the same for u8 and s8. */
tsr_status tsr_conv2d_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx,
                                 const tsr_conv2d_shape *shape);

/* dense_f32.c: one row of input, contiguous; also for a convolution that sees all of
 * its input at once. */
tsr_status tsr_dense_prepare_row_f32(tsr_step *s, const tsr_prepare_context *ctx);

/* A residual of a single pixel, which is added to all of them. */
static inline bool tsr_conv2d_repeats(const tsr_tensor *residual, const tsr_tensor *out)
{
    const size_t channels = (size_t)out->dim[3];
    return out->dim[0] == 1 && residual->rank == 4 && residual->dim[3] == out->dim[3]
        && tsr_elements(residual) == channels && tsr_elements(out) != channels;
}

/* Residual input of a convolution, or NULL. */
static inline const tsr_tensor *tsr_conv2d_residual(const tsr_step *s)
{
    return s->node->kind == TSR_OP_CONV2D && s->node->in_count > 3 ? s->in[3] : NULL;
}

#endif
