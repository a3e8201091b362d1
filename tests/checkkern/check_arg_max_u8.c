/*
 * check_arg_max_u8.c - every arg_max_u8 variant against the definition: the first byte that
 * none is larger than, in the order that `flip` makes.
 *                                                SPDX-License-Identifier: MIT
 */
#include "ops/kernels/arg_max_u8.h"
#include "tests/checkkern/checkkern.h"

static int expect(const uint8_t *x, int n, uint8_t flip)
{
    for (int k = 0; k < n; k++) {
        int beaten = 0;
        for (int j = 0; j < n && !beaten; j++)
            beaten = (x[j] ^ flip) > (x[k] ^ flip);
        if (!beaten)
            return k;
    }
    return -1;
}

/* values: how many different bytes there are, from the least or up to the largest. */
static void check(const tsr_arg_max_u8 *v, int n, int count, int values)
{
    static const uint8_t flips[] = { 0, 0x80, 0xff, 0x7f };
    const uint8_t flip = flips[ck_rand(0, 3)];
    uint8_t *x = ck_alloc_u8((size_t)(n * count));
    int32_t *at = ck_alloc_s32((size_t)count);
    const int high = ck_rand(0, 1);
    for (int i = 0; i < n * count; i++) {
        const int some = ck_rand(0, values - 1);
        x[i] = (uint8_t)((high ? 255 - some : some) ^ flip);
    }
    v->rows(x, n, count, flip, at);
    for (int i = 0; i < count; i++) {
        const int want = expect(x + i * n, n, flip);
        if (at[i] != want)
            ck_fail("%d bytes, flip %d: row %d has its largest at %d, not %d", n, flip, i, want,
                    (int)at[i]);
    }
    if (!ck_intact(at))
        ck_fail("%d rows: wrote outside at", count);
    ck_free(x), ck_free(at);
}

enum { CLASSES = 21, WIDTH = 513 };

typedef struct { const tsr_arg_max_u8 *v; uint8_t *x; int32_t *at; } bench_case;

static void run(void *arg)
{
    const bench_case *b = arg;
    b->v->rows(b->x, CLASSES, WIDTH, 0x80, b->at);
}

static void check_variant(const tsr_arg_max_u8 *v)
{
    if (!ck_begin("arg_max_u8", v->level, v->cpu))
        return;
    for (int n = 1; n <= 70; n++)
        for (int values = 1; values <= 256; values *= 4)
            check(v, n, ck_rand(1, 9), values);
    check(v, 1001, 3, 256);
    bench_case b = { v, ck_alloc_u8(CLASSES * WIDTH), ck_alloc_s32(WIDTH) };
    ck_bench("513 rows of 21", run, &b, CLASSES * WIDTH);
    ck_free(b.x), ck_free(b.at);
}

void check_arg_max_u8(void)
{
    int count = 0;
    while (tsr_arg_max_u8_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_arg_max_u8_variants[count]);
}
