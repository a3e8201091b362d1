/*
 * q8.h - the arithmetic of 8-bit quantised operators.
 *
 *     real = scale * (stored - zero_point)
 *
 * Sums are exact in 32-bit integers; they return to 8 bits by one rule, the
 * `float` rule of TFLite with XNNPACK, every product and quotient in float32:
 *
 *     y = clamp(rint(float(sum) * s) + zero_point, lo, hi)     s = (s_in * s_w) / s_out
 *
 * rint rounds halves to even; lo and hi are rint(v / s_out + zero_point) for
 * the fused activation bounds v, cut to the range of the type.
 *
 * Operators that TFLite does not hand to XNNPACK (RELU as a node of its own,
 * PRELU, ABS ...) keep gemmlowp's older `fixed31` rule, the second half of
 * this file: a 31-bit multiplier and a shift, each rounding halves away from 0.
 *
 * u8 and s8 share every loop: the byte of an s8 value with its top bit flipped
 * is the value + 128 as u8, so a tensor is read as byte ^ flip with a zero
 * point that moved along.                        SPDX-License-Identifier: MIT
 */
#ifndef TSR_Q8_H
#define TSR_Q8_H

#include "engine/op.h"
#include "ops/kernels/requantise.h"

static inline bool tsr_is_q8(tsr_dtype d) { return d == TSR_U8 || d == TSR_S8; }

/* Range of the type, whatever the zero point. */
static inline int tsr_q8_min(tsr_dtype d) { return d == TSR_S8 ? -128 : 0; }
static inline int tsr_q8_max(tsr_dtype d) { return d == TSR_S8 ? 127 : 255; }

/* x (a byte of type d) as u8 is x ^ flip; its zero point there is _zero. */
static inline uint8_t tsr_q8_flip(const tsr_tensor *t) { return t->dtype == TSR_S8 ? 0x80 : 0; }
static inline int tsr_q8_zero(const tsr_tensor *t)
{
    return t->quant.zero_point - tsr_q8_min(t->dtype);
}

/* The stored number in byte x of type d, and the byte of real 0. */
static inline int tsr_q8_value(tsr_dtype d, uint8_t x)
{
    return d == TSR_S8 ? (x ^ 0x80) - 128 : x;
}
static inline uint8_t tsr_q8_zero_byte(const tsr_tensor *t)
{
    return (uint8_t)t->quant.zero_point;
}

/* Where results go: the fused clamp lo/hi of n, cut to the type. */
tsr_q8_output tsr_q8_output_make(const tsr_node *n, const tsr_tensor *out);

/* ---- what infer must ask -------------------------------------------------- */

/* Per-tensor quantised u8 or s8: a positive finite scale, a zero point within
 * the type.  `op` and `what` ("input", "output") begin the sentence. */
tsr_status tsr_q8_check(const char *op, const tsr_node *n, const char *what,
                        const tsr_tensor *t, tsr_error *err);

/* Same type, scale and zero point on both sides: what moves or compares stored
 * values without looking at the scale needs. */
tsr_status tsr_q8_check_same(const char *op, const tsr_node *n, const tsr_tensor *in,
                             const tsr_tensor *out, tsr_error *err);

/* Everything about the types of CONV2D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D and
 * DENSE with 8-bit input: quantised input and output, a constant 8-bit filter
 * (per tensor, or s8 per channel along `axis`), a constant s32 bias or none, a
 * usable multiplier for every channel, and sums that fit 32 bits whatever the
 * input.  Shapes were checked before: bias has filter->dim[axis] elements. */
tsr_status tsr_q8_check_weights(const char *op, const tsr_node *n, const tsr_tensor *const *in,
                                const tsr_tensor *out, int axis, tsr_error *err);

/* ---- filters -------------------------------------------------------------- */

/* (s_in * s_filter[channel]) / s_out. */
float tsr_q8_multiplier(const tsr_tensor *in, const tsr_tensor *filter, const tsr_tensor *out,
                        int channel);

/* ---- fixed31: TFLite's own integer kernels --------------------------------- */

/* A positive real as multiplier * 2^(shift - 31), 2^30 <= multiplier < 2^31. */
typedef struct { int32_t multiplier; int shift; } tsr_fixed31;

tsr_fixed31 tsr_fixed31_make(double real);

/* round(x * real): both steps round to nearest, halves away from zero.  x * 2^shift
 * must fit 32 bits; what does not saturates. */
int32_t tsr_fixed31_scale(tsr_fixed31 f, int32_t x);

/* v / scale, halves away from zero, plus zero point, cut to the type: clamp
 * bounds of the operators that follow the fixed31 rule. */
void tsr_fixed31_bounds(const tsr_node *n, const tsr_tensor *out, int *lo, int *hi);

/* ---- element-wise operators of one input are a table of 256 bytes --------- */

typedef struct { uint8_t y[256]; } tsr_q8_table;

/* Keep a table for this step (NULL while counting) and set run to apply it. */
tsr_q8_table *tsr_q8_table_keep(tsr_step *s, const tsr_prepare_context *ctx);

#endif
