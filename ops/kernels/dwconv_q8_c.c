/* dwconv_q8_c.c - the reference: what every other variant must compute, bit for
 * bit.  Loops over a block of channels are long enough for compilers to
 * vectorise them.                                SPDX-License-Identifier: MIT */
#include "ops/kernels/dwconv_q8.h"

enum { NR = TSR_DWCONV_Q8_NR_MAX };

/* Sums wrap modulo 2^32 on their way to a total that fits: hence unsigned. */
static void pixel(const tsr_dwconv_q8_row *r, const uint8_t *const *x, int c, const void *block,
                  uint8_t *y)
{
    const int n = r->c - c < NR ? r->c - c : NR;
    const uint32_t *bias = block;
    const float *scale = (const float *)block + NR;
    const int16_t *w = (const int16_t *)block + 4 * NR;
    const uint8_t flip = r->flip;
    uint32_t sum[NR];
    for (int j = 0; j < NR; j++)
        sum[j] = bias[j];
    for (int t = 0; t < r->taps; t += 2, w += 2 * NR) {
        const uint8_t *x0 = x[t] + c, *x1 = x[t + 1] + c;
        for (int j = 0; j < n; j++)
            sum[j] += (uint32_t)((x0[j] ^ flip) * w[2 * j] + (x1[j] ^ flip) * w[2 * j + 1]);
    }
    const tsr_q8_output out = r->out;
    for (int j = 0; j < n; j++)
        y[j] = tsr_q8_store((float)(int32_t)sum[j] * scale[j], &out);
}

static void row(const tsr_dwconv_q8_row *r)
{
    const uint8_t *block = r->w;
    for (int c = 0; c < r->c; c += NR, block += NR * (8 + 2 * r->taps))
        for (int p = 0; p < r->pixels; p++)
            pixel(r, r->x + (size_t)p * (size_t)r->taps, c, block,
                  r->y + (size_t)p * (size_t)r->c + c);
}

const tsr_dwconv_q8 tsr_dwconv_q8_c = { "c", 0, NR, row };
