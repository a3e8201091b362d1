/*
 * check_add_q8.c - every add_q8 variant against its formula in 64 bits, bit for bit; into
 * memory of its own and into that of either input.
 *                                                SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/add_q8.h"
#include "tests/checkkern/checkkern.h"

static int64_t floor_shift(int64_t v, int shift)
{
    const int64_t unit = (int64_t)1 << shift;
    return (v - (v % unit + unit) % unit) / unit;
}

static tsr_add_q8_factors random_factors(void)
{
    const int za = ck_rand(0, 255), zb = ck_rand(0, 255), shift = ck_rand(1, 30);
    tsr_add_q8_factors f = {
        .ma = ck_rand(0, 1 << 21), .mb = ck_rand(-(1 << 21), 1 << 21), .shift = shift,
        .y_zero = ck_rand(0, 255),
        .a_flip = (uint8_t)(0x80 * ck_rand(0, 1)), .b_flip = (uint8_t)(0x80 * ck_rand(0, 1)),
        .y_flip = (uint8_t)(0x80 * ck_rand(0, 1)),
    };
    f.constant = ((int32_t)1 << (shift - 1)) - za * f.ma - zb * f.mb;
    f.lo = ck_rand(0, 100) - f.y_zero, f.hi = ck_rand(150, 255) - f.y_zero;
    return f;
}

/* place: 0 elsewhere, 1 over a, 2 over b. */
static void check(const tsr_add_q8 *v, int n, int place)
{
    const tsr_add_q8_factors f = random_factors();
    uint8_t *a = ck_alloc_u8((size_t)n), *b = ck_alloc_u8((size_t)n), *y = ck_alloc_u8((size_t)n);
    uint8_t *out = place == 0 ? y : place == 1 ? a : b;
    int want[300];
    for (int i = 0; i < n; i++) {
        const int64_t sum = (int64_t)f.constant + (int64_t)(a[i] ^ f.a_flip) * f.ma
                          + (int64_t)(b[i] ^ f.b_flip) * f.mb;
        int64_t w = floor_shift(sum, f.shift);
        w = w < f.lo ? f.lo : w > f.hi ? f.hi : w;
        want[i] = (int)(w + f.y_zero) ^ f.y_flip;
    }
    v->rows(&f, a, b, n, out);
    for (int i = 0; i < n; i++)
        if (out[i] != want[i])
            ck_fail("%d numbers, place %d: y[%d] is %d, want %d", n, place, i, out[i], want[i]);
    if (!ck_intact(out))
        ck_fail("%d numbers: wrote outside y", n);
    ck_free(a), ck_free(b), ck_free(y);
}

enum { SIZE = 33 * 33 * 64 };

typedef struct { const tsr_add_q8 *v; uint8_t *a, *b; } bench_case;

static void run(void *arg)
{
    static const tsr_add_q8_factors f = { .ma = 1000000, .mb = 900000, .constant = -200000000,
                                          .shift = 20, .lo = -128, .hi = 127, .y_zero = 128 };
    const bench_case *c = arg;
    c->v->rows(&f, c->a, c->b, SIZE, c->a);
}

static void run_copy(void *arg)
{
    const bench_case *c = arg;
    memcpy(c->a, c->b, SIZE);
}

static void check_variant(const tsr_add_q8 *v)
{
    if (!ck_begin("add_q8", v->level, v->cpu))
        return;
    for (int n = 1; n <= 300; n += n < 140 ? 1 : 31)
        for (int place = 0; place < 3; place++)
            check(v, n, place);
    bench_case c = { v, ck_alloc_u8(SIZE), ck_alloc_u8(SIZE) };
    ck_bench("33 x 33 x 64 in place", run, &c, SIZE);
    ck_bench("memcpy of as many bytes", run_copy, &c, SIZE);
    ck_free(c.a), ck_free(c.b);
}

void check_add_q8(void)
{
    int count = 0;
    while (tsr_add_q8_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_add_q8_variants[count]);
}
