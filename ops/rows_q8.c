/* rows_q8.c - see rows_q8.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "ops/rows_q8.h"

enum { ROWS_MAX = 24, BUFFER_BYTES = 1 << 16, PACK_BLOCK = 64 };

tsr_rows_q8 tsr_rows_q8_make(const tsr_step *s, int k, size_t count)
{
    const tsr_tensor *x = s->in[0], *f = s->in[1];
    tsr_rows_q8 p = {
        .v = tsr_gemm_q8_best(), .stride = tsr_gemm_q8_even(k), .flip = tsr_q8_flip(x),
        .x_zero = tsr_q8_zero(x), .w_zero = tsr_q8_zero(f) - 128,
        .out = tsr_q8_output_make(s->node, s->out[0]),
    };
    /* Many rows reuse the weights, but all of them must stay in cache. */
    p.rows = k > 0 && BUFFER_BYTES / 2 / k < ROWS_MAX ? BUFFER_BYTES / 2 / k : ROWS_MAX;
    p.rows = p.rows < p.v->mr ? p.v->mr : p.rows - p.rows % p.v->mr;
    p.rows = (size_t)p.rows > count ? (int)count : p.rows;
    return p;
}

/* Rounded up to a cache line, so that workers do not share one. */
static size_t row_bytes(const tsr_rows_q8 *p)
{
    return ((size_t)p->rows * (size_t)p->stride * sizeof(int16_t) + 63) & ~(size_t)63;
}

size_t tsr_rows_q8_scratch_bytes(const tsr_rows_q8 *p)
{
    return row_bytes(p) + (((size_t)p->rows * sizeof(int32_t) + 63) & ~(size_t)63);
}

int16_t *tsr_rows_q8_buffer(const tsr_rows_q8 *p, void *scratch, int worker)
{
    uint8_t *base = scratch;
    return (int16_t *)(void *)(base + (size_t)worker * tsr_rows_q8_scratch_bytes(p));
}

/* -w_zero * sum(row), what packing the filter as u8 - 128 left out. */
static int32_t row_sum(const tsr_rows_q8 *p, const int16_t *a, int k)
{
    int32_t sum = 0;
    for (int i = 0; i < k; i++)
        sum += a[i];
    /* The true total fits 32 bits, parts of it may wrap: unsigned. */
    return (int32_t)(0u - (uint32_t)p->w_zero * (uint32_t)sum);
}

void tsr_rows_q8_multiply(const tsr_rows_q8 *p, const tsr_rows_q8_product *t)
{
    /* The sums of the rows lie behind the rows. */
    int32_t *sums = (int32_t *)(void *)((uint8_t *)t->buffer + row_bytes(p));
    for (int i = 0; i < t->m; i++) {
        int16_t *row = t->buffer + (size_t)i * (size_t)p->stride;
        if (t->k & 1)
            row[t->k] = 0;      /* scratch holds anything; its weight is 0 */
        sums[i] = p->w_zero ? row_sum(p, row, t->k) : 0;
    }
    tsr_gemm_q8_run(p->v, &(tsr_gemm_q8_tile){
        .a = t->buffer, .row_sum = sums, .b = t->packed, .c = t->c, .lda = p->stride,
        .ldc = t->ldc, .m = t->m, .n = t->n, .k = tsr_gemm_q8_even(t->k), .out = p->out,
    });
}

void *tsr_rows_q8_keep(const tsr_rows_q8 *p, int n, int k, const tsr_prepare_context *ctx)
{
    return tsr_arena_keep(ctx->arena, tsr_gemm_q8_packed_bytes(p->v, n, k), 64);
}

void tsr_rows_q8_pack(const tsr_rows_q8 *p, const tsr_step *s, tsr_gemm_q8_weights w, int first,
                      int n, void *packed)
{
    const tsr_tensor *bias = s->node->in_count > 2 ? s->in[2] : NULL;
    /* In blocks, so that their scales fit the stack. */
    const int block = PACK_BLOCK;       /* a multiple of every panel width */
    const size_t bytes = tsr_gemm_q8_packed_bytes(p->v, block, w.ty * w.tx * w.c);
    uint8_t *to = packed;
    w.flip = s->in[1]->dtype == TSR_U8 ? 0x80 : 0;
    for (int j = 0; j < n; j += block, to += bytes, w.w += block * w.row) {
        float scale[PACK_BLOCK];
        const int some = n - j < block ? n - j : block;
        for (int i = 0; i < some; i++)
            scale[i] = tsr_q8_multiplier(s->in[0], s->in[1], s->out[0], first + j + i);
        tsr_gemm_q8_pack(p->v, some, &w, bias ? (const int32_t *)bias->data + first + j : NULL,
                         scale, to);
    }
}
