/*
 * check_resample_u8.c - every resample_u8 variant against 64-bit sums, bit for bit.
 *
 * The weights are random, not a triangle's; like those they are not negative and sum
 * to 2^22, at least nearly, so that a white picture must stay white.
 *                                                SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/resample_u8.h"
#include "tests/checkkern/checkkern.h"

enum { GROUP = TSR_RESAMPLE_GROUP, MOST_EXCESS = 4 };

static void set_weight(tsr_resample_u8_filter *f, int at, int32_t w)
{
    f->weight[at] = w;
    f->high[at] = (int16_t)(w >> TSR_RESAMPLE_LOW);
    f->low[at] = (int16_t)(w & ((1 << TSR_RESAMPLE_LOW) - 1));
}

static tsr_resample_u8_filter make_filter(int in, int out, int most)
{
    const int taps = (most + GROUP - 1) / GROUP * GROUP;
    const size_t all = (size_t)(out * taps);
    tsr_resample_u8_filter f = {
        in, out, taps, ck_alloc((size_t)out, sizeof(int)), ck_alloc((size_t)out, sizeof(int)),
        ck_alloc(all, 4), ck_alloc(all, 2), ck_alloc(all, 2),
    };
    for (int i = 0; i < out; i++) {
        int32_t left = (1 << TSR_RESAMPLE_POINT) + ck_rand(-MOST_EXCESS, MOST_EXCESS);
        const int before = i ? f.first[i - 1] : 0, on = before + ck_rand(0, 2 * in / out);
        f.first[i] = on < in ? on : in - 1;
        f.count[i] = ck_rand(1, most < in - f.first[i] ? most : in - f.first[i]);
        for (int j = 0; j < taps; j++) {
            const int32_t w = j >= f.count[i] ? 0 : j == f.count[i] - 1 ? left
                            : ck_rand(0, left / (1 + ck_rand(0, 3)));
            set_weight(&f, i * taps + j, w);
            left -= w;
        }
    }
    return f;
}

static void free_filter(tsr_resample_u8_filter *f)
{
    ck_free(f->first), ck_free(f->count), ck_free(f->weight), ck_free(f->high), ck_free(f->low);
}

/* Output i of channel or column c, whose inputs are `step` apart. */
static int want(const tsr_resample_u8_filter *f, int i, const uint8_t *x, int step, int c)
{
    int64_t sum = 1 << (TSR_RESAMPLE_POINT - 1);
    for (int j = 0; j < f->count[i]; j++)
        sum += (int64_t)f->weight[i * f->taps + j] * x[(f->first[i] + j) * step + c];
    sum /= 1 << TSR_RESAMPLE_POINT;
    return sum > 255 ? 255 : (int)sum;
}

static void check_across(const tsr_resample_u8 *v, int in, int out, int most, bool white)
{
    tsr_resample_u8_filter f = make_filter(in, out, most);
    uint8_t *x = ck_alloc_u8((size_t)(3 * in)), *y = ck_alloc_u8((size_t)(3 * out));
    if (white)
        memset(x, 255, (size_t)(3 * in));
    v->across(&f, x, y);
    for (int i = 0; i < 3 * out; i++)
        if (y[i] != want(&f, i / 3, x, 3, i % 3))
            ck_fail("across %d to %d, %d taps: y[%d] is %d, want %d", in, out, f.count[i / 3], i,
                    y[i], want(&f, i / 3, x, 3, i % 3));
    if (!ck_intact(y))
        ck_fail("across %d to %d: wrote outside y", in, out);
    ck_free(x), ck_free(y), free_filter(&f);
}

static void check_down(const tsr_resample_u8 *v, int in, int n, int most)
{
    tsr_resample_u8_filter f = make_filter(in, 2, most);
    uint8_t *x = ck_alloc_u8((size_t)(in * n)), *y = ck_alloc_u8((size_t)n);
    int32_t *sums = ck_alloc_s32((size_t)n);
    for (int i = 0; i < 2; i++) {
        v->down(&f, i, x, n, sums, y);
        for (int k = 0; k < n; k++)
            if (y[k] != want(&f, i, x, n, k))
                ck_fail("down %d rows of %d: y[%d] is %d, want %d", in, n, k, y[k],
                        want(&f, i, x, n, k));
    }
    if (!ck_intact(y) || !ck_intact(sums))
        ck_fail("down %d rows of %d: wrote outside y or sums", in, n);
    ck_free(x), ck_free(y), ck_free(sums), free_filter(&f);
}

typedef struct {
    const tsr_resample_u8 *v;
    tsr_resample_u8_filter f;
    uint8_t *x, *y;
    int32_t *sums;
    int n;
} bench_case;

static void run_across(void *arg)
{
    const bench_case *b = arg;
    b->v->across(&b->f, b->x, b->y);
}

static void run_down(void *arg)
{
    const bench_case *b = arg;
    for (int i = 0; i < b->f.out; i++)
        b->v->down(&b->f, i, b->x, b->n, b->sums, b->y);
}

/* A camera's picture for a detector of 128 x 128; work: multiplications that count. */
static void bench(const tsr_resample_u8 *v)
{
    if (!ck_benching())
        return;
    enum { IN = 640, OUT = 128, TAPS = 11, N = 3 * OUT };
    bench_case b = { v, make_filter(IN, OUT, TAPS), ck_alloc_u8(IN * N), ck_alloc_u8(N),
                     ck_alloc_s32(N), N };
    double taps = 0;
    for (int i = 0; i < OUT; i++)
        taps += b.f.count[i];
    ck_bench("across 640 to 128", run_across, &b, 3 * taps);
    ck_bench("down 640 to 128", run_down, &b, N * taps);
    ck_free(b.x), ck_free(b.y), ck_free(b.sums), free_filter(&b.f);
}

static void check_variant(const tsr_resample_u8 *v)
{
    if (!ck_begin("resample_u8", v->level, v->cpu))
        return;
    for (int in = 1; in <= 40; in++) {
        check_across(v, in, ck_rand(1, 20), ck_rand(1, in), false);
        check_across(v, in, ck_rand(1, 20), ck_rand(1, in), true);
        check_down(v, in, ck_rand(1, 40), ck_rand(1, in));
    }
    check_across(v, 3000, 3, 3000, false);
    check_across(v, 3000, 3, 3000, true);
    check_down(v, 300, 17, 300);
    bench(v);
}

void check_resample_u8(void)
{
    int count = 0;
    while (tsr_resample_u8_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_resample_u8_variants[count]);
}
