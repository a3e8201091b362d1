/* convert_f16_c.c - the reference: engine/half.h, number by number.
 * SPDX-License-Identifier: MIT */
#include "engine/half.h"
#include "ops/kernels/convert_f16.h"

static void narrow(const float *x, uint16_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tsr_float_to_half(x[i]);
}

static void widen(const uint16_t *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tsr_half_to_float(x[i]);
}

const tsr_convert_f16 tsr_convert_f16_c = { "c", 0, narrow, widen };
