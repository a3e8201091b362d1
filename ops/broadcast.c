/* broadcast.c - see broadcast.h.               SPDX-License-Identifier: MIT */
#include "engine/threads.h"
#include "ops/broadcast.h"

/* Dimension i of `rank` aligned dimensions; missing ones in front are 1. */
static int aligned(const tsr_tensor *t, int i, int rank)
{
    const int k = i - (rank - t->rank);
    return k < 0 ? 1 : t->dim[k];
}

tsr_status tsr_broadcast_infer(const char *op, const char *node, const tsr_tensor *a,
                               const tsr_tensor *b, tsr_tensor *out, tsr_error *err)
{
    out->rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 0; i < out->rank; i++) {
        const int x = aligned(a, i, out->rank), y = aligned(b, i, out->rank);
        if (x != y && x != 1 && y != 1)
            return tsr_fail(err, TSR_BAD_FILE,
                            "%s '%s': dimension %d is %d in one input and %d in the other",
                            op, node, i, x, y);
        out->dim[i] = x == 1 ? y : x;
    }
    return TSR_OK;
}

bool tsr_broadcast_same(const tsr_tensor *a, const tsr_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; same && i < a->rank; i++)
        same = a->dim[i] == b->dim[i];
    return same;
}

bool tsr_broadcast_one_row(const tsr_tensor *t)
{
    bool one = true;
    for (int i = 0; i + 2 < t->rank; i++)
        one = one && t->dim[i] == 1;
    return one;
}

typedef struct { int dim, a, b; } loop;

/* The loops from the outermost inwards, without those of one turn, neighbours
 * merged where one stride covers both. */
static int list_loops(const tsr_tensor *a, const tsr_tensor *b, const tsr_tensor *out, loop *l)
{
    int count = 0, a_size = 1, b_size = 1;
    loop all[TSR_MAX_RANK];
    for (int i = out->rank; i-- > 0;) {
        const int x = aligned(a, i, out->rank), y = aligned(b, i, out->rank);
        all[i] = (loop){ out->dim[i], x == 1 ? 0 : a_size, y == 1 ? 0 : b_size };
        a_size *= x, b_size *= y;
    }
    for (int i = 0; i < out->rank; i++) {
        loop *last = count ? &l[count - 1] : NULL;
        if (all[i].dim == 1)
            continue;
        if (last && last->a == all[i].a * all[i].dim && last->b == all[i].b * all[i].dim)
            *last = (loop){ last->dim * all[i].dim, all[i].a, all[i].b };
        else
            l[count++] = all[i];
    }
    return count;
}

tsr_broadcast tsr_broadcast_plan(const tsr_tensor *a, const tsr_tensor *b, const tsr_tensor *out)
{
    loop l[TSR_MAX_RANK];
    int count = list_loops(a, b, out, l);
    tsr_broadcast p = { .outer = 1, .rows = 1, .n = 1, .a_step = 1, .b_step = 1 };
    if (count) {
        const loop *in = &l[--count];
        p.n = in->dim, p.a_step = in->a, p.b_step = in->b;
    }
    if (count) {
        const loop *in = &l[--count];
        p.rows = in->dim, p.a_row = in->a, p.b_row = in->b;
    }
    p.outer_rank = count;
    for (int i = 0; i < count; i++) {
        p.outer_dim[i] = l[i].dim, p.a_outer[i] = l[i].a, p.b_outer[i] = l[i].b;
        p.outer *= l[i].dim;
    }
    return p;
}

void tsr_broadcast_block(const tsr_broadcast *p, int i, int *a, int *b)
{
    *a = *b = 0;
    for (int k = p->outer_rank; k-- > 0; i /= p->outer_dim[k]) {
        *a += i % p->outer_dim[k] * p->a_outer[k];
        *b += i % p->outer_dim[k] * p->b_outer[k];
    }
}

enum { LINE = 16 };             /* elements: what two workers write keeps to its own lines */

static int divide_up(int x, int by) { return (x - 1) / by + 1; }

tsr_broadcast_tasks tsr_broadcast_cut(const tsr_broadcast *p, int workers)
{
    tsr_broadcast_tasks t = { .loops = *p, .row_chunk = p->rows, .n_chunk = p->n };
    const int64_t all = (int64_t)p->outer * p->rows * p->n;
    const int tasks = tsr_element_tasks(all, workers);
    if (p->rows == 1 && p->outer == 1)
        t.n_chunk = (divide_up(p->n, tasks) + LINE - 1) / LINE * LINE;
    else if (p->outer < tasks)
        t.row_chunk = divide_up(p->rows, divide_up(tasks, p->outer));
    if (t.n_chunk > p->n)
        t.n_chunk = p->n;
    t.row_chunks = divide_up(p->rows, t.row_chunk);
    t.n_chunks = divide_up(p->n, t.n_chunk);
    t.tasks = p->outer * t.row_chunks * t.n_chunks;
    return t;
}

tsr_broadcast_part tsr_broadcast_task(const tsr_broadcast_tasks *t, int task)
{
    const tsr_broadcast *p = &t->loops;
    const int i = task % t->n_chunks * t->n_chunk, rest = task / t->n_chunks;
    const int row = rest % t->row_chunks * t->row_chunk, block = rest / t->row_chunks;
    tsr_broadcast_part part;
    tsr_broadcast_block(p, block, &part.a, &part.b);
    part.a += row * p->a_row + i * p->a_step;
    part.b += row * p->b_row + i * p->b_step;
    part.y = (block * p->rows + row) * p->n + i;
    part.rows = p->rows - row < t->row_chunk ? p->rows - row : t->row_chunk;
    part.n = p->n - i < t->n_chunk ? p->n - i : t->n_chunk;
    return part;
}
