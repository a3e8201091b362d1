/* pool_f16_c.c - the reference: every number is widened to float, and the result rounded.
 *
 * A chunk of channels at a time, taps outside: the inner loops run along memory.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include "engine/half.h"
#include "ops/kernels/pool_f16.h"

enum { CHUNK = 64 };

/* A NaN wins against every number. */
static inline void add_tap(const uint16_t *x, int n, float *acc, bool largest)
{
    for (int c = 0; c < n; c++) {
        const float v = tsr_half_to_float(x[c]);
        if (!largest)
            acc[c] += v;
        else if (!(v <= acc[c]) && !isnan(acc[c]))
            acc[c] = v;
    }
}

static inline void chunk(const tsr_pool_f16_span *s, const uint16_t *x, int n, uint16_t *y,
                         bool largest)
{
    float acc[CHUNK];
    for (int c = 0; c < n; c++)
        acc[c] = largest ? -INFINITY : 0.0f;
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++)
            add_tap(x + ky * s->x_row + kx * s->x_col, n, acc, largest);
    for (int c = 0; c < n; c++) {
        float v = largest ? acc[c] : acc[c] * s->scale;
        if (v < s->lo) v = s->lo;
        if (v > s->hi) v = s->hi;
        y[c] = tsr_float_to_half(v);
    }
}

static inline void pixels(const tsr_pool_f16_span *s, bool largest)
{
    for (int i = 0; i < s->count; i++)
        for (int c = 0; c < s->channels; c += CHUNK)
            chunk(s, s->x + i * s->x_step + c, s->channels - c < CHUNK ? s->channels - c : CHUNK,
                  s->y + i * s->y_step + c, largest);
}

static void max(const tsr_pool_f16_span *s)     { pixels(s, true); }
static void average(const tsr_pool_f16_span *s) { pixels(s, false); }

const tsr_pool_f16 tsr_pool_f16_c = { "c", 0, max, average };
