/*
 * check_gemm_q8.c - every gemm_q8 variant against sums in 64 bits: bit-exact.
 *
 * Half of the cases take numbers from the ends of their ranges, where a kernel
 * that saturates or wraps on its way would show.  SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "ops/kernels/gemm_q8.h"
#include "tests/checkkern/checkkern.h"

typedef struct {
    const tsr_gemm_q8 *v;
    tsr_gemm_q8_tile t;
    int k;                      /* before it was made even */
    int16_t *a;
    int32_t *row_sum, *bias;
    uint8_t *weights, flip, *c;
    void *packed;
    float *scale;
} gemm_case;

static int extreme(int lo, int hi)
{
    const int r = ck_rand(0, 3);
    return r == 0 ? lo : r == 1 ? hi : ck_rand(lo, hi);
}

static void fill(gemm_case *g)
{
    const tsr_gemm_q8_tile *t = &g->t;
    for (int i = 0; i < t->m; i++) {
        g->row_sum[i] = ck_rand(-100000, 100000);
        for (int k = 0; k < t->k; k++)
            g->a[i * t->lda + k] = (int16_t)(k < g->k ? extreme(-255, 255) : 0);
    }
    for (int j = 0; j < t->n; j++) {
        g->bias[j] = ck_rand(-100000, 100000);
        /* From everything saturated to everything rounded to a few steps. */
        g->scale[j] = ldexpf(1.0f + ck_randf() * 0.5f, -ck_rand(4, 20));
        for (int k = 0; k < g->k; k++)
            g->weights[j * g->k + k] = (uint8_t)(extreme(-128, 127) ^ g->flip);
    }
}

static gemm_case make(const tsr_gemm_q8 *v, int m, int n, int k)
{
    const int even = tsr_gemm_q8_even(k), is_s8 = ck_rand(0, 1), zp = ck_rand(0, 255) - 128 * is_s8;
    gemm_case g = { .v = v, .k = k, .flip = ck_rand(0, 1) ? 0x80 : 0 };
    g.t = (tsr_gemm_q8_tile){ .m = m, .n = n, .k = even, .lda = even + ck_rand(0, 3),
                              .ldc = n + ck_rand(0, 3) };
    g.t.out = (tsr_q8_output){ (float)(-128 * is_s8 - zp), (float)(255 - 128 * is_s8 - zp), zp };
    if (ck_rand(0, 1))                          /* fused activation */
        g.t.out.lo = fminf(0.0f, g.t.out.hi);
    g.a = ck_alloc((size_t)(m * g.t.lda), sizeof *g.a);
    g.row_sum = ck_alloc((size_t)m, sizeof *g.row_sum);
    g.bias = ck_alloc((size_t)n, sizeof *g.bias);
    g.scale = ck_alloc((size_t)n, sizeof *g.scale);
    g.weights = ck_alloc((size_t)(n * k), 1);
    g.packed = ck_alloc(tsr_gemm_q8_packed_bytes(v, n, k) / 4, 4);
    g.c = ck_alloc((size_t)(m * g.t.ldc), 1);
    fill(&g);
    tsr_gemm_q8_pack(v, n, &(tsr_gemm_q8_weights){ g.weights, k, 0, 0, 1, 1, k, g.flip },
                     g.bias, g.scale, g.packed);
    g.t.a = g.a, g.t.row_sum = g.row_sum, g.t.b = g.packed, g.t.c = g.c;
    return g;
}

static void drop(gemm_case *g)
{
    ck_free(g->a), ck_free(g->row_sum), ck_free(g->bias), ck_free(g->scale);
    ck_free(g->weights), ck_free(g->packed), ck_free(g->c);
}

static void run(void *arg)
{
    gemm_case *g = arg;
    tsr_gemm_q8_run(g->v, &g->t);
}

static uint8_t want(const gemm_case *g, int i, int j)
{
    int64_t sum = (int64_t)g->bias[j] + g->row_sum[i];
    for (int k = 0; k < g->k; k++)
        sum += g->a[i * g->t.lda + k] * (int8_t)(g->weights[j * g->k + k] ^ g->flip);
    float y = rintf((float)sum * g->scale[j]);
    y = fminf(fmaxf(y, g->t.out.lo), g->t.out.hi);
    return (uint8_t)((int)y + g->t.out.zero_point);
}

static void check_shape(const tsr_gemm_q8 *v, int m, int n, int k)
{
    gemm_case g = make(v, m, n, k);
    run(&g);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            if (g.c[i * g.t.ldc + j] != want(&g, i, j))
                ck_fail("m %d n %d k %d: c[%d][%d] is %d, want %d", m, n, k, i, j,
                        g.c[i * g.t.ldc + j], want(&g, i, j));
    if (!ck_intact(g.c))
        ck_fail("m %d n %d k %d: wrote outside c", m, n, k);
    drop(&g);
}

/* Every length around the vector widths. */
static void check_widen(const tsr_gemm_q8 *v)
{
    for (int n = 1; n <= 70; n++) {
        uint8_t *x = ck_alloc_u8((size_t)n), flip = ck_rand(0, 1) ? 0x80 : 0;
        int16_t *a = ck_alloc((size_t)n, sizeof *a);
        const int zero = extreme(0, 255);
        v->widen(x, (size_t)n, flip, zero, a);
        for (int i = 0; i < n; i++)
            if (a[i] != (x[i] ^ flip) - zero)
                ck_fail("widen %d: a[%d] is %d, want %d", n, i, a[i], (x[i] ^ flip) - zero);
        if (!ck_intact(a))
            ck_fail("widen %d: wrote outside a", n);
        ck_free(x), ck_free(a);
    }
}

static void bench(const tsr_gemm_q8 *v, const char *what, int m, int n, int k)
{
    if (!ck_benching())
        return;
    gemm_case g = make(v, m, n, k);
    ck_bench(what, run, &g, 2.0 * m * n * k);
    drop(&g);
}

void check_gemm_q8(void)
{
    int count = 0;
    while (tsr_gemm_q8_variants[count])
        count++;
    while (count--) {                           /* reference first */
        const tsr_gemm_q8 *v = tsr_gemm_q8_variants[count];
        if (!ck_begin("gemm_q8", v->level, v->cpu))
            continue;
        for (int m = 1; m <= 2 * v->mr + 1; m++)        /* every tail of m and n */
            for (int n = 1; n <= 2 * v->nr + 1; n++)
                check_shape(v, m, n, ck_rand(1, 40));
        check_widen(v);
        check_shape(v, 3, 5, 30000);                    /* sums near 2^31 */
        bench(v, "1x1 96 -> 24, 56 x 56", 3136, 24, 96);
        bench(v, "1x1 384 -> 64, 14 x 14", 196, 64, 384);
    }
}
