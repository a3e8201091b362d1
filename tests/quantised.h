/*
 * quantised.h - random 8-bit tensors, and the parts of the rounding rules that
 * all tests of quantised operators evaluate.    SPDX-License-Identifier: MIT
 */
#ifndef QUANTISED_H
#define QUANTISED_H

#include <math.h>
#include "tests/one_op.h"

/* Type and quantisation alone; zero points love the ends of their range. */
static inline tsr_tensor q8_like(uint32_t *r)
{
    tsr_tensor t = { .dtype = test_rand(r, 0, 1) ? TSR_U8 : TSR_S8, .name = "tensor" };
    const int min = t.dtype == TSR_U8 ? 0 : -128;
    const int ends[] = { min, min + 255, min + 128, test_rand(r, min, min + 255) };
    t.quant.zero_point = ends[test_rand(r, 0, 3)];
    t.quant.scale = ldexpf(1.5f + test_randf(r) * 0.5f, -test_rand(r, 3, 8));
    return t;
}

static inline tsr_tensor q8_random(uint32_t *r, const int *dim)
{
    tsr_tensor t = q8_like(r), shape = tensor_of(t.dtype, dim, NULL);
    shape.quant = t.quant;
    const size_t n = tsr_elements(&shape);
    uint8_t *data = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)test_rand(r, 0, 255);
    shape.data = data;
    return shape;
}

static inline int q8_stored(const tsr_tensor *t, int i)
{
    return t->dtype == TSR_U8 ? ((const uint8_t *)t->data)[i] : ((const int8_t *)t->data)[i];
}

static inline int q8_centred(const tsr_tensor *t, int i)
{
    return q8_stored(t, i) - t->quant.zero_point;
}

/* A result with its zero point, cut to the fused clamp and to the type; it may
 * be infinite. */
static inline int q8_clamped(const one_op *o, double y)
{
    const tsr_tensor *t = &o->out;
    double lo = t->dtype == TSR_U8 ? 0 : -128, hi = lo + 255;
    const double zp = t->quant.zero_point, s = (double)t->quant.scale;
    if (isfinite(o->node.lo))
        lo = fmin(fmax(rint((double)o->node.lo / s + zp), lo), hi);
    if (isfinite(o->node.hi))
        hi = fmin(fmax(rint((double)o->node.hi / s + zp), lo), hi);
    return (int)fmin(fmax(y, lo), hi);
}

#endif
