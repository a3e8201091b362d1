/*
 * chain.c - several nodes that run together, a few rows at a time.
 *
 *     x --expand--> [ 3 rows ] --depthwise--> [ 1 row ] --project--> y
 *
 * An inverted residual widens its input six times, filters it, and makes it narrow
 * again (Sandler et al., "MobileNetV2", arXiv 1801.04381, 2018).  Layer by layer the
 * wide pictures are the largest tensors of the whole network, and each is written to
 * memory and read back once.  But an output row depends on three of their rows only.
 * So the last part asks the one before it for the rows that it needs, which asks the
 * one before that, and between two parts there is a ring of rows, each new one in the
 * place of the oldest: small enough for the cache, and all the memory that is needed.
 *
 * Any parts will do that can say which input rows an output row needs (tsr_op.needs)
 * and compute rows one by one (tsr_step.rows): a first layer before, a resize and an
 * arg_max.  engine/find_chains.c chooses.
 *
 * Workers take stripes of the output.  At the head of a stripe rows of the rings are
 * computed again that the stripe above has computed, too; each element is computed
 * in one way, so results do not depend on how the stripes are cut, nor on chaining.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "ops/ops.h"

enum {
    ALIGN = 64,
    PIXELS = 96,                /* at a time, about: what keeps the tiles of a gemm busy */
    STRIPES_PER_WORKER = 4,     /* at most, so that one held up delays little */
    LEAST_TIMES_AGAIN = 12,     /* a stripe is longer than its rows done twice, so many times */
};

typedef struct {
    tsr_step step;
    tsr_tensor *io[TSR_CHAIN_INPUTS + 1];
    int rows;                   /* that it computes at a time, at most */
    /* The ring of its results; the last part has none. */
    int ring;                   /* rows: a multiple of `rows`, so that these stay together */
    size_t row_bytes, at;       /* bytes of a row; of the rings of a worker before this one */
} part;

typedef struct {
    int count, stripes;
    size_t worker_bytes;
    part parts[TSR_CHAIN_PARTS];
} chain;

static bool needs(const tsr_chain_attr *a, const part *p, tsr_row_range out, tsr_row_range *in)
{
    return a->ops[p->step.node->kind]->needs(&p->step, out, in);
}

/* Rows of the output. */
static tsr_row_range stripe_rows(const chain *c, int index)
{
    const int64_t oh = c->parts[c->count - 1].step.out[0]->dim[1];
    return (tsr_row_range){ (int)(oh * index / c->stripes),
                            (int)(oh * (index + 1) / c->stripes) };
}

/* ---- run --------------------------------------------------------------------------- */

/* The rows of part k computed so far are `have`, of which the newest are in its ring;
 * those from `limit` on belong to the next stripe. */
typedef struct {
    const chain *c;
    const tsr_step *s;
    int worker;
    struct { unsigned char *rows; tsr_row_range have; int limit; } ring[TSR_CHAIN_PARTS];
} stripe;

static void compute(stripe *t, int k, tsr_row_range out, void *y);

/* See to it that the ring behind part k holds the rows before `end`. */
static void advance(stripe *t, int k, int end)
{
    const part *p = &t->c->parts[k];
    tsr_row_range *have = &t->ring[k].have;
    while (have->end < end) {
        const int left = t->ring[k].limit - have->end, n = left < p->rows ? left : p->rows;
        const int at = (have->end - have->first) % p->ring;
        compute(t, k, (tsr_row_range){ have->end, have->end + n },
                t->ring[k].rows + (size_t)at * p->row_bytes);
        have->end += n;
    }
}

/* Rows `out` of part k into y, and of the parts before it what they take. */
static void compute(stripe *t, int k, tsr_row_range out, void *y)
{
    const part *p = &t->c->parts[k];
    tsr_band band = { .x = t->s->in[0]->data, .y = y, .out = out,
                      .follows = out.first > t->ring[k].have.first };
    if (k > 0) {
        tsr_row_range in;
        needs(&t->s->node->attr.chain, p, out, &in);
        advance(t, k - 1, in.end);
        band.x = t->ring[k - 1].rows, band.x_row = t->ring[k - 1].have.first;
        band.ring = t->c->parts[k - 1].ring;
    }
    p->step.rows(&p->step, &band, t->worker);
}

static void task(void *arg, int index, int worker)
{
    const tsr_step *s = arg;
    const chain *c = s->state;
    const part *last = &c->parts[c->count - 1];
    unsigned char *rings = (unsigned char *)s->scratch + (size_t)worker * c->worker_bytes;
    stripe t = { .c = c, .s = s, .worker = worker };
    tsr_row_range out = stripe_rows(c, index), in = out;
    t.ring[c->count - 1].have.first = out.first;
    for (int k = c->count - 1; k > 0; k--) {
        needs(&s->node->attr.chain, &c->parts[k], in, &in);
        t.ring[k - 1].rows = rings + c->parts[k - 1].at;
        t.ring[k - 1].have.first = t.ring[k - 1].have.end = in.first;
        t.ring[k - 1].limit = in.end;
    }
    for (int end; out.first < out.end; out.first = end) {
        end = out.end - out.first < last->rows ? out.end : out.first + last->rows;
        compute(&t, c->count - 1, (tsr_row_range){ out.first, end },
                (unsigned char *)s->out[0]->data + (size_t)out.first * last->row_bytes);
    }
}

static void run(const tsr_step *s)
{
    const chain *c = s->state;
    tsr_parallel(s->threads, c->stripes, task, (void *)(uintptr_t)s);
}

/* ---- prepare ------------------------------------------------------------------------ */

static size_t align_up(size_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

static size_t row_bytes(const tsr_tensor *t) { return tsr_bytes(t) / (size_t)t->dim[1]; }

/* Enough rows for about PIXELS pixels; two at least: those of a filter share input. */
static int rows_at_a_time(const tsr_tensor *y)
{
    const int rows = (PIXELS - 1) / y->dim[2] + 1, wanted = rows > 2 ? rows : 2;
    return wanted < y->dim[1] ? wanted : y->dim[1];
}

/* Each part's tensors: its slice of the chain's inputs, with what is between. */
static void bind(const tsr_step *s, chain *c)
{
    const tsr_chain_attr *a = &s->node->attr.chain;
    tsr_tensor **in = s->in;
    c->count = a->count;
    for (int k = 0; k < a->count; k++) {
        part *p = &c->parts[k];
        const int inputs = a->parts[k].in_count;
        memcpy(p->io, in, (size_t)inputs * sizeof *in);
        in += inputs;
        if (k > 0)
            p->io[0] = &a->between[k - 1];
        p->io[inputs] = k + 1 < a->count ? &a->between[k] : s->out[0];
        p->row_bytes = row_bytes(p->io[inputs]);
        p->step = (tsr_step){ .node = &a->parts[k], .in = p->io, .out = p->io + inputs };
    }
}

/* Rows of part k's result that two stripes compute which meet in the middle. */
static int rows_again(const tsr_chain_attr *a, const chain *c, int k)
{
    const int y = c->parts[k + 1].step.out[0]->dim[1] / 2;
    tsr_row_range above = { 0, 0 }, below = { 0, 0 };
    needs(a, &c->parts[k + 1], (tsr_row_range){ y > 0 ? y - 1 : 0, y > 0 ? y : 1 }, &above);
    needs(a, &c->parts[k + 1], (tsr_row_range){ y, y + 1 }, &below);
    return above.end > below.first ? above.end - below.first : 0;
}

static void choose_stripes(const tsr_chain_attr *a, chain *c, int workers)
{
    const int oh = c->parts[c->count - 1].step.out[0]->dim[1];
    int64_t again = 0;          /* as rows of the output */
    for (int k = 0; k + 1 < c->count; k++)
        again += (int64_t)rows_again(a, c, k) * oh / c->parts[k].step.out[0]->dim[1];
    c->stripes = workers == 1 ? 1 : STRIPES_PER_WORKER * workers;
    while (c->stripes > workers && oh / c->stripes < LEAST_TIMES_AGAIN * again)
        c->stripes -= workers;
    c->stripes = c->stripes < oh ? c->stripes : oh;
}

/* Go through part k's output of one stripe as `compute` will: how large must the ring in
 * front of it be? */
static int rows_in_sight(const tsr_chain_attr *a, const part *p, int ahead, tsr_row_range out)
{
    tsr_row_range in;
    needs(a, p, out, &in);
    const int limit = in.end;
    int most = 1;
    for (int have = in.first, end; out.first < out.end; out.first = end) {
        end = out.end - out.first < p->rows ? out.end : out.first + p->rows;
        needs(a, p, (tsr_row_range){ out.first, end }, &in);
        while (have < in.end)
            have += ahead < limit - have ? ahead : limit - have;
        most = have - in.first > most ? have - in.first : most;
    }
    return most;
}

/* A ring is a multiple of what comes at a time, or holds all of the stripe. */
static void size_rings(const tsr_chain_attr *a, chain *c)
{
    for (int k = 0; k < c->count; k++)
        c->parts[k].rows = rows_at_a_time(c->parts[k].step.out[0]);
    for (int i = 0; i < c->stripes; i++) {
        tsr_row_range out = stripe_rows(c, i);
        for (int k = c->count - 1; k > 0; k--) {
            part *p = &c->parts[k - 1];
            const int rows = rows_in_sight(a, &c->parts[k], p->rows, out);
            p->ring = rows > p->ring ? rows : p->ring;
            needs(a, &c->parts[k], out, &out);
        }
    }
    for (int k = 0; k + 1 < c->count; k++) {
        part *p = &c->parts[k];
        p->ring = (p->ring + p->rows - 1) / p->rows * p->rows;
        p->at = c->worker_bytes;
        c->worker_bytes += align_up((size_t)p->ring * p->row_bytes);
    }
}

/* The optimiser puts chains into a graph that is complete. */
static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    (void)in, (void)out;
    return tsr_fail(err, TSR_BAD_FILE, "chain '%s': no file may hold one", n->name);
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    const tsr_chain_attr *a = &s->node->attr.chain;
    chain counted = { 0 };
    chain *c = tsr_arena_keep(ctx->arena, sizeof *c, _Alignof(chain));
    s->state = c;
    c = c ? c : &counted;
    bind(s, c);
    choose_stripes(a, c, ctx->workers);
    size_rings(a, c);
    c->worker_bytes = tsr_arena_worker_bytes(c->worker_bytes, ctx->workers);
    s->scratch = tsr_arena_scratch(ctx->arena, c->worker_bytes * (size_t)ctx->workers, ALIGN);
    s->run = run;
    for (int k = 0; k < c->count; k++)
        TSR_TRY(a->ops[a->parts[k].kind]->prepare(&c->parts[k].step, ctx, err));
    return TSR_OK;
}

static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    const tsr_chain_attr *a = &n->attr.chain;
    uint64_t sum = 0;
    for (int k = 0; k < a->count; in += a->parts[k++].in_count) {
        const tsr_op *op = a->ops[a->parts[k].kind];
        sum += op->macs ? op->macs(&a->parts[k], in, k + 1 < a->count ? &a->between[k] : out) : 0;
    }
    return sum;
}

const tsr_op tsr_op_chain = {
    .name = "chain", .kind = TSR_OP_CHAIN, .min_in = 1,
    .max_in = TSR_CHAIN_PARTS * TSR_CHAIN_INPUTS, .infer = infer,
    .prepare = prepare, .macs = macs,
};
