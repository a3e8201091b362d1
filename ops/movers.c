/*
 * movers.c - copy a box of elements from one strided place to another.
 *
 * Three inner loops are enough.  When the fastest axis is contiguous on both
 * sides, runs are copied whole.  When the output is contiguous along one axis
 * and the input along another (NHWC <-> NCHW), the two form a matrix that is
 * turned over in 16 x 16 tiles, so that every cache line is fetched once.
 * Anything else goes element by element.
 *
 * Each inner loop is written once and compiled four times: its element size is
 * an argument that every caller passes as a literal.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/movers.h"

enum { TILE = 16, TASK_ELEMENTS = 1 << 15 };

/* ---- choosing the order --------------------------------------------------- */

static ptrdiff_t magnitude(ptrdiff_t x) { return x < 0 ? -x : x; }

static void drop_axis(tsr_box *b, int k)
{
    b->rank--;
    for (; k < b->rank; k++) {
        b->size[k] = b->size[k + 1];
        b->in[k] = b->in[k + 1];
        b->out[k] = b->out[k + 1];
    }
}

/* Move axis `from` to place `to` >= from, keeping the others in order. */
static void move_axis(tsr_box *b, int from, int to)
{
    const size_t size = b->size[from];
    const ptrdiff_t in = b->in[from], out = b->out[from];
    drop_axis(b, from);
    for (int k = b->rank++; k > to; k--) {
        b->size[k] = b->size[k - 1];
        b->in[k] = b->in[k - 1];
        b->out[k] = b->out[k - 1];
    }
    b->size[to] = size;
    b->in[to] = in;
    b->out[to] = out;
}

void tsr_box_simplify(tsr_box *b)
{
    for (int k = b->rank - 1; k >= 0; k--)
        if (b->size[k] == 1)
            drop_axis(b, k);
    /* Selection sort by output stride, large first; ranks are tiny. */
    for (int done = b->rank; done > 1; done--) {
        int smallest = 0;
        for (int k = 1; k < done; k++)
            if (magnitude(b->out[k]) <= magnitude(b->out[smallest]))
                smallest = k;
        move_axis(b, smallest, done - 1);
    }
    for (int k = b->rank - 2; k >= 0; k--) {
        const ptrdiff_t n = (ptrdiff_t)b->size[k + 1];
        if (b->in[k] == n * b->in[k + 1] && b->out[k] == n * b->out[k + 1]) {
            b->size[k + 1] *= b->size[k];
            drop_axis(b, k);
        }
    }
    const int last = b->rank - 1;
    b->tiled = false;
    for (int k = 0; k < last; k++)
        if (b->in[k] == 1 && b->in[last] != 1 && b->out[last] == 1) {
            move_axis(b, k, last - 1);
            b->tiled = true;
            return;
        }
}

/* ---- the inner loops ------------------------------------------------------ */

/* A row of n elements with any strides. */
static inline void row(const uint8_t *in, uint8_t *out, size_t n, const ptrdiff_t step[2],
                       const size_t e)
{
    const ptrdiff_t is = step[0] * (ptrdiff_t)e, os = step[1] * (ptrdiff_t)e;
    for (size_t i = 0; i < n; i++, in += is, out += os)
        memcpy(out, in, e);
}

static void copy_row(const tsr_box *b, int k, const uint8_t *in, uint8_t *out)
{
    const size_t n = b->size[k];
    const ptrdiff_t step[2] = { b->in[k], b->out[k] };
    if (step[0] == 1 && step[1] == 1) {
        memcpy(out, in, n * b->elem_bytes);
        return;
    }
    switch (b->elem_bytes) {
    case 1: row(in, out, n, step, 1); break;
    case 2: row(in, out, n, step, 2); break;
    case 4: row(in, out, n, step, 4); break;
    default: row(in, out, n, step, 8); break;
    }
}

/* out[r * os + c] = in[r + c * is]: input contiguous in r, output in c. */
static inline void tile(const uint8_t *in, uint8_t *out, const size_t size[2],
                        const ptrdiff_t step[2], const size_t e)
{
    const ptrdiff_t is = step[0] * (ptrdiff_t)e, os = step[1] * (ptrdiff_t)e;
    for (size_t r = 0; r < size[0]; r++)
        for (size_t c = 0; c < size[1]; c++)
            memcpy(out + (ptrdiff_t)r * os + c * e, in + r * e + (ptrdiff_t)c * is, e);
}

/* Few columns, dense in the output: planes become pixels (NCHW to NHWC of a picture).  With
 * `columns` and `e` constant this is a loop over r alone, which compilers vectorise, on Arm
 * with stores that interleave (ST3). */
static inline void weave(const uint8_t *restrict in, uint8_t *restrict out, size_t rows,
                         ptrdiff_t plane, const size_t columns, const size_t e)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            memcpy(out + (r * columns + c) * e, in + r * e + (ptrdiff_t)c * plane, e);
}

static bool copy_planes(const uint8_t *in, uint8_t *out, size_t rows, ptrdiff_t plane,
                        const size_t columns, const size_t e)
{
    switch (columns * 8 + e) {
    case 2 * 8 + 1: weave(in, out, rows, plane, 2, 1); return true;
    case 2 * 8 + 2: weave(in, out, rows, plane, 2, 2); return true;
    case 2 * 8 + 4: weave(in, out, rows, plane, 2, 4); return true;
    case 3 * 8 + 1: weave(in, out, rows, plane, 3, 1); return true;
    case 3 * 8 + 2: weave(in, out, rows, plane, 3, 2); return true;
    case 3 * 8 + 4: weave(in, out, rows, plane, 3, 4); return true;
    case 4 * 8 + 1: weave(in, out, rows, plane, 4, 1); return true;
    case 4 * 8 + 2: weave(in, out, rows, plane, 4, 2); return true;
    case 4 * 8 + 4: weave(in, out, rows, plane, 4, 4); return true;
    default: return false;
    }
}

/* Axis k runs along the input, axis k + 1 along the output. */
static void copy_matrix(const tsr_box *b, int k, size_t rows, const uint8_t *in, uint8_t *out)
{
    const size_t columns = b->size[k + 1];
    const ptrdiff_t e = (ptrdiff_t)b->elem_bytes;
    const ptrdiff_t step[2] = { b->in[k + 1], b->out[k] };
    if (step[1] == (ptrdiff_t)columns &&
        copy_planes(in, out, rows, step[0] * e, columns, b->elem_bytes))
        return;
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE) {
            const size_t size[2] = { rows - r < TILE ? rows - r : TILE,
                                     columns - c < TILE ? columns - c : TILE };
            const uint8_t *from = in + ((ptrdiff_t)r + (ptrdiff_t)c * step[0]) * e;
            uint8_t *to = out + ((ptrdiff_t)r * step[1] + (ptrdiff_t)c) * e;
            switch (b->elem_bytes) {
            case 1: tile(from, to, size, step, 1); break;
            case 2: tile(from, to, size, step, 2); break;
            case 4: tile(from, to, size, step, 4); break;
            default: tile(from, to, size, step, 8); break;
            }
        }
}

/* Axes k .. rank-1, the first of them `n` long. */
static void walk(const tsr_box *b, int k, size_t n, const uint8_t *in, uint8_t *out)
{
    const ptrdiff_t e = (ptrdiff_t)b->elem_bytes;
    if (b->tiled && k == b->rank - 2) {
        copy_matrix(b, k, n, in, out);
    } else if (k == b->rank - 1) {
        tsr_box cut = { .elem_bytes = b->elem_bytes, .size = { n }, .in = { b->in[k] },
                        .out = { b->out[k] } };
        copy_row(&cut, 0, in, out);
    } else {
        for (size_t i = 0; i < n; i++, in += b->in[k] * e, out += b->out[k] * e) {
            if (k + 1 == b->rank - 1)
                copy_row(b, k + 1, in, out);
            else
                walk(b, k + 1, b->size[k + 1], in, out);
        }
    }
}

/* ---- sharing it among threads --------------------------------------------- */

typedef struct {
    const tsr_box *box;
    const uint8_t *in;
    uint8_t *out;
    size_t chunk;                   /* of the outermost axis, per task */
} job;

static void copy_chunk(void *arg, int index, int worker)
{
    const job *j = arg;
    const tsr_box *b = j->box;
    (void)worker;
    const size_t first = (size_t)index * j->chunk, left = b->size[0] - first;
    const ptrdiff_t e = (ptrdiff_t)b->elem_bytes;
    walk(b, 0, left < j->chunk ? left : j->chunk, j->in + (ptrdiff_t)first * b->in[0] * e,
         j->out + (ptrdiff_t)first * b->out[0] * e);
}

void tsr_box_copy(const tsr_box *b, const void *in, void *out, tsr_threads *threads)
{
    const uint8_t *from = (const uint8_t *)in + b->in_at * b->elem_bytes;
    uint8_t *to = (uint8_t *)out + b->out_at * b->elem_bytes;
    if (b->rank == 0) {
        memcpy(to, from, b->elem_bytes);
        return;
    }
    size_t inner = 1;
    for (int k = 1; k < b->rank; k++)
        inner *= b->size[k];
    const int64_t rows = (int64_t)b->size[0], each = TASK_ELEMENTS / (int64_t)inner + 1;
    const int tasks = tsr_even_tasks((rows - 1) / each + 1, rows, tsr_threads_count(threads));
    size_t chunk = (size_t)((rows - 1) / tasks + 1);
    if (b->tiled && b->rank == 2)   /* whole tiles: half ones waste cache lines */
        chunk = (chunk + TILE - 1) / TILE * TILE;
    job j = { b, from, to, chunk };
    tsr_parallel(threads, (int)((b->size[0] + chunk - 1) / chunk), copy_chunk, &j);
}

/* ---- small things --------------------------------------------------------- */

void tsr_dense_strides(const tsr_tensor *t, size_t stride[TSR_MAX_RANK])
{
    size_t run = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        stride[i] = run;
        run *= (size_t)t->dim[i];
    }
}

size_t tsr_dim_product(const tsr_tensor *t, int from, int to)
{
    size_t n = 1;
    for (int i = from; i < to; i++)
        n *= (size_t)t->dim[i];
    return n;
}

static inline void fill(uint8_t *p, const void *value, size_t n, const size_t e)
{
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * e, value, e);
}

void tsr_fill(void *out, const void *value, size_t n, size_t elem_bytes)
{
    static const uint8_t zero[8];
    const bool all_zero = memcmp(value, zero, elem_bytes) == 0;
    if (all_zero)
        memset(out, 0, n * elem_bytes);
    else if (elem_bytes == 1)
        memset(out, *(const uint8_t *)value, n);
    else if (elem_bytes == 2)
        fill(out, value, n, 2);
    else if (elem_bytes == 4)
        fill(out, value, n, 4);
    else
        fill(out, value, n, 8);
}
