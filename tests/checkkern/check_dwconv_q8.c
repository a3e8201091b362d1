/*
 * check_dwconv_q8.c - every dwconv_q8 variant against sums in 64 bits:
 * bit-exact.  Taps point anywhere into a pool of pixels, the last of which ends
 * where its buffer ends.                         SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/dwconv_q8.h"
#include "tests/checkkern/checkkern.h"

enum { POOL = 20 };             /* pixels to point at */

typedef struct {
    const tsr_dwconv_q8 *v;
    tsr_dwconv_q8_row r;
    tsr_dwconv_q8_weights w;
    int taps;                   /* before they were made even */
    const uint8_t **x;
    uint8_t *pool, *weights, *y;
    int32_t *bias;
    float *scale;
    void *packed;
} dw_case;

static void allocate(dw_case *d)
{
    const size_t c = (size_t)d->r.c, taps = (size_t)d->taps;
    d->pool = ck_alloc_u8(POOL * c);
    d->weights = ck_alloc_u8(taps * c);
    d->bias = ck_alloc(c, sizeof *d->bias);
    d->scale = ck_alloc(c, sizeof *d->scale);
    for (size_t j = 0; j < c; j++) {
        d->bias[j] = ck_rand(-100000, 100000);
        d->scale[j] = ldexpf(1.0f + ck_randf() * 0.5f, -ck_rand(4, 16));
    }
    d->x = ck_alloc((size_t)(d->r.pixels * d->r.taps), sizeof *d->x);
    for (int i = 0; i < d->r.pixels * d->r.taps; i++)
        d->x[i] = d->pool + (size_t)ck_rand(0, POOL - 1) * c;
    d->packed = ck_alloc(tsr_dwconv_q8_packed_bytes(d->v, d->taps, d->r.c) / 4, 4);
    d->y = ck_alloc((size_t)d->r.pixels * c, 1);
}

static dw_case make(const tsr_dwconv_q8 *v, int pixels, int taps, int c)
{
    const int is_s8 = ck_rand(0, 1), zp = ck_rand(0, 255) - 128 * is_s8;
    dw_case d = { .v = v, .taps = taps };
    d.r = (tsr_dwconv_q8_row){ .pixels = pixels, .taps = taps + (taps & 1), .c = c,
                               .flip = ck_rand(0, 1) ? 0x80 : 0 };
    d.r.out = (tsr_q8_output){ (float)(-128 * is_s8 - zp), (float)(255 - 128 * is_s8 - zp), zp };
    allocate(&d);
    d.w = (tsr_dwconv_q8_weights){ d.weights, ck_rand(0, 1) ? 0x80 : 0, ck_rand(0, 255),
                                   ck_rand(0, 255), ck_rand(0, 3) ? d.bias : NULL, d.scale };
    tsr_dwconv_q8_pack(v, taps, c, &d.w, d.packed);
    d.r.x = d.x, d.r.w = d.packed, d.r.y = d.y;
    return d;
}

static void drop(dw_case *d)
{
    ck_free(d->pool), ck_free(d->weights), ck_free(d->bias), ck_free(d->scale);
    ck_free(d->x), ck_free(d->packed), ck_free(d->y);
}

static void run(void *arg)
{
    dw_case *d = arg;
    d->v->row(&d->r);
}

static uint8_t want(const dw_case *d, int p, int j)
{
    int64_t sum = d->w.bias ? d->bias[j] : 0;
    for (int t = 0; t < d->taps; t++) {
        const int x = d->x[p * d->r.taps + t][j] ^ d->r.flip;
        const int w = d->weights[t * d->r.c + j] ^ d->w.flip;
        sum += (x - d->w.x_zero) * (w - d->w.w_zero);
    }
    float y = rintf((float)sum * d->scale[j]);
    y = fminf(fmaxf(y, d->r.out.lo), d->r.out.hi);
    return (uint8_t)((int)y + d->r.out.zero_point);
}

static void check_shape(const tsr_dwconv_q8 *v, int pixels, int taps, int c)
{
    dw_case d = make(v, pixels, taps, c);
    run(&d);
    for (int p = 0; p < pixels; p++)
        for (int j = 0; j < c; j++)
            if (d.y[p * c + j] != want(&d, p, j))
                ck_fail("%d taps, %d channels: y[%d][%d] is %d, want %d", taps, c, p, j,
                        d.y[p * c + j], want(&d, p, j));
    if (!ck_intact(d.y))
        ck_fail("%d taps, %d channels: wrote outside y", taps, c);
    drop(&d);
}

static void bench(const tsr_dwconv_q8 *v, const char *what, int pixels, int taps, int c)
{
    if (!ck_benching())
        return;
    dw_case d = make(v, pixels, taps, c);
    ck_bench(what, run, &d, 2.0 * pixels * taps * c);
    drop(&d);
}

void check_dwconv_q8(void)
{
    int count = 0;
    while (tsr_dwconv_q8_variants[count])
        count++;
    while (count--) {                           /* reference first */
        const tsr_dwconv_q8 *v = tsr_dwconv_q8_variants[count];
        if (!ck_begin("dwconv_q8", v->level, v->cpu))
            continue;
        for (int c = 1; c <= 2 * v->nr + 1; c++)
            for (int taps = 1; taps <= 10; taps++)
                check_shape(v, ck_rand(1, 4), taps, c);
        check_shape(v, 2, 49, 40);
        bench(v, "3x3, 96 channels, 56 pixels", 56, 9, 96);
        bench(v, "3x3, 384 channels, 14 pixels", 14, 9, 384);
    }
}
