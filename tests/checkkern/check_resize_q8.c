/*
 * check_resize_q8.c - every resize_q8 variant against its formula in 64 bits, bit for bit.
 *                                                SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/kernels/resize_q8.h"
#include "tests/checkkern/checkkern.h"

static uint8_t a_flip(void) { return ck_rand(0, 1) ? 0x80 : 0; }

static void check_across(const tsr_resize_q8 *v, int w, int count, int c)
{
    tsr_resize_q8_column *columns = ck_alloc((size_t)count, sizeof *columns);
    for (int i = 0; i < count; i++)
        columns[i] = (tsr_resize_q8_column){ ck_rand(0, w - 1) * c, ck_rand(0, w - 1) * c,
                                             ck_rand(0, 2048) };
    uint8_t *x = ck_alloc_u8((size_t)(w * c));
    int32_t *y = ck_alloc_s32((size_t)(count * c));
    const uint8_t flip = a_flip();
    v->across(x, columns, count, c, flip, y);
    for (int i = 0; i < count * c; i++) {
        const tsr_resize_q8_column *k = &columns[i / c];
        const int64_t l = x[k->left + i % c] ^ flip, r = x[k->right + i % c] ^ flip;
        const int64_t want = l * 2048 + (r - l) * k->f;
        if (y[i] != want)
            ck_fail("across: %d columns of %d: y[%d] is %d, want %d", count, c, i, (int)y[i],
                    (int)want);
    }
    if (!ck_intact(y))
        ck_fail("across: %d columns of %d: wrote outside y", count, c);
    ck_free(columns), ck_free(x), ck_free(y);
}

static void check_down(const tsr_resize_q8 *v, int n)
{
    int32_t *t = ck_alloc_s32((size_t)n), *b = ck_alloc_s32((size_t)n);
    uint8_t *y = ck_alloc_u8((size_t)n);
    const uint8_t flip = a_flip();
    const int f = ck_rand(0, 2048);
    for (int i = 0; i < n; i++)         /* what `across` may give, its ends included */
        t[i] = ck_rand(0, 3) ? ck_rand(0, 255 * 2048) : 255 * 2048 * ck_rand(0, 1),
        b[i] = ck_rand(0, 3) ? ck_rand(0, 255 * 2048) : 255 * 2048 * ck_rand(0, 1);
    v->down(t, b, f, n, flip, y);
    for (int i = 0; i < n; i++) {
        const int64_t sum = (int64_t)t[i] * (2048 - f) + (int64_t)b[i] * f;
        const int want = (int)((sum + (1 << 21)) / (1 << 22)) ^ flip;
        if (y[i] != want)
            ck_fail("down: %d numbers: y[%d] is %d, want %d", n, i, y[i], want);
    }
    if (!ck_intact(y))
        ck_fail("down: %d numbers: wrote outside y", n);
    ck_free(t), ck_free(b), ck_free(y);
}

typedef struct {
    const tsr_resize_q8 *v;
    tsr_resize_q8_column *columns;
    uint8_t *x, *y;
    int32_t *row;
    int count, c;
} bench_case;

static void run_across(void *arg)
{
    const bench_case *b = arg;
    b->v->across(b->x, b->columns, b->count, b->c, 0, b->row);
}

static void run_down(void *arg)
{
    const bench_case *b = arg;
    b->v->down(b->row, b->row, 512, b->count * b->c, 0, b->y);
}

static void bench(const tsr_resize_q8 *v, const char *what, int w, int count, int c)
{
    if (!ck_benching())
        return;
    const size_t n = (size_t)(count * c);
    bench_case b = { v, ck_alloc((size_t)count, sizeof *b.columns), ck_alloc_u8(n),
                     ck_alloc_u8(n), ck_alloc(n, sizeof *b.row), count, c };
    memset(b.row, 0, n * sizeof *b.row);
    for (int i = 0; i < count; i++)
        b.columns[i] = (tsr_resize_q8_column){ i * w / count * c, (i + 1) * w / (count + 1) * c,
                                               512 };
    ck_bench(what, run_across, &b, (double)n);
    ck_bench("down", run_down, &b, (double)n);
    ck_free(b.columns), ck_free(b.x), ck_free(b.y), ck_free(b.row);
}

static void check_variant(const tsr_resize_q8 *v)
{
    if (!ck_begin("resize_q8", v->level, v->cpu))
        return;
    for (int c = 1; c <= 70; c++) {
        check_across(v, ck_rand(1, 5), ck_rand(1, 9), c);
        check_down(v, c);
    }
    check_down(v, 513 * 21);
    bench(v, "across 33 to 513, 21 channels", 33, 513, 21);
    bench(v, "across 48 to 96, 64 channels", 48, 96, 64);
}

void check_resize_q8(void)
{
    int count = 0;
    while (tsr_resize_q8_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_resize_q8_variants[count]);
}
