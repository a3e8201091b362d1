/*
 * check_arg_max_f32.c - every arg_max_f32 variant against the definition: the first number
 * that none is larger than; NaN, infinities and equals among them.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/arg_max_f32.h"
#include "tests/checkkern/checkkern.h"

/* Few values, so that rows have several largest numbers; now and then a special one. */
static float number(int special)
{
    static const float specials[] = { NAN, INFINITY, -INFINITY, 0.0f, -0.0f };
    return special && ck_rand(0, 3) == 0 ? specials[ck_rand(0, 4)] : (float)ck_rand(-3, 3);
}

static int expect(const float *x, int n, float sign)
{
    for (int k = 0; k < n; k++) {
        int beaten = isnan(x[k]);
        for (int j = 0; j < n && !beaten; j++)
            beaten = sign > 0 ? x[j] > x[k] : x[j] < x[k];
        if (!beaten && !isnan(x[0]))
            return k;
    }
    return 0;                   /* NaN in front */
}

static void check(const tsr_arg_max_f32 *v, int n, int count, int special)
{
    float *x = ck_alloc_f32((size_t)(n * count));
    int32_t *at = ck_alloc_s32((size_t)count);
    const float sign = ck_rand(0, 1) ? 1 : -1;
    for (int i = 0; i < n * count && special >= 0; i++)
        x[i] = number(special);
    v->rows(x, n, count, sign, at);
    for (int i = 0; i < count; i++) {
        const int want = expect(x + i * n, n, sign);
        if (at[i] != want)
            ck_fail("%d numbers, sign %g: row %d has its largest at %d, not %d", n, (double)sign,
                    i, want, (int)at[i]);
    }
    if (!ck_intact(at))
        ck_fail("%d rows: wrote outside at", count);
    ck_free(x), ck_free(at);
}

enum { CLASSES = 21, WIDTH = 257 };

typedef struct { const tsr_arg_max_f32 *v; float *x; int32_t *at; } bench_case;

static void run(void *arg)
{
    const bench_case *b = arg;
    b->v->rows(b->x, CLASSES, WIDTH, 1, b->at);
}

static void check_variant(const tsr_arg_max_f32 *v)
{
    if (!ck_begin("arg_max_f32", v->level, v->cpu))
        return;
    for (int n = 1; n <= 70; n++)
        for (int pass = -1; pass < 4; pass++)   /* any numbers, few ones, special ones */
            check(v, n, ck_rand(1, 9), pass < 1 ? pass : 1);
    check(v, 1001, 3, -1);
    bench_case b = { v, ck_alloc_f32(CLASSES * WIDTH), ck_alloc_s32(WIDTH) };
    ck_bench("257 rows of 21", run, &b, CLASSES * WIDTH);
    ck_free(b.x), ck_free(b.at);
}

void check_arg_max_f32(void)
{
    int count = 0;
    while (tsr_arg_max_f32_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_arg_max_f32_variants[count]);
}
