/*
 * typed_input.h - an operation with one input of any type, filled at random.
 * SPDX-License-Identifier: MIT
 */
#ifndef TYPED_INPUT_H
#define TYPED_INPUT_H

#include "tests/three_threads.h"

static inline double value_at(const tsr_tensor *t, size_t i)
{
    switch (t->dtype) {
    case TSR_F32: return (double)((const float *)t->data)[i];
    case TSR_S8: return ((const int8_t *)t->data)[i];
    case TSR_S16: return ((const int16_t *)t->data)[i];
    case TSR_S32: return ((const int32_t *)t->data)[i];
    case TSR_S64: return (double)((const int64_t *)t->data)[i];
    default: return ((const uint8_t *)t->data)[i];
    }
}

/* Random numbers; small integers so that equals occur. */
static inline void fill_numbers(tsr_tensor *t)
{
    for (size_t i = 0; i < tsr_elements(t); i++)
        switch (t->dtype) {
        case TSR_F32: ((float *)t->data)[i] = (float)harness_int(-40000, 40000) / 1024; break;
        case TSR_S32: ((int32_t *)t->data)[i] = harness_int(-9, 9); break;
        case TSR_S16: ((int16_t *)t->data)[i] = (int16_t)harness_int(-32768, 32767); break;
        case TSR_S8: ((int8_t *)t->data)[i] = (int8_t)harness_int(-128, 127); break;
        default: ((uint8_t *)t->data)[i] = (uint8_t)harness_int(0, 255); break;
        }
}

static inline op_case one_input(tsr_op_kind kind, tsr_dtype dtype, int rank, const int *dim)
{
    op_case c = op_case_make(kind, 1);
    c.in[0] = harness_tensor(dtype, rank, dim);
    fill_numbers(&c.in[0]);
    c.out.dtype = dtype;
    return c;
}

#endif
