/*
 * session.c - a model made ready to run in one block of memory.
 *
 *     | session, tensors, steps, packed weights ... | activations ->    <- scratch |
 *
 * A step's scratch takes what no activation needs while it runs: it lies at the end,
 * and only if the two would meet there is more of it than the plan's arena.
 *
 * build() lays all of it out.  On a counting arena it only adds up, and that
 * sum is what tsr_session_bytes answers: the size cannot drift from the use.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/session.h"

enum { ALIGN = 64 };

typedef struct {
    const tsr_model *model;
    tsr_threads *threads;
    int workers;
    tsr_arena *arena;
    const tsr_packs *packs;
    tsr_session *session;       /* NULL while counting */
    size_t shared_bytes;        /* of activations and scratch.  While counting it grows; then
                                   it says where they begin */
    size_t live_bytes;          /* most activations and scratch at one moment */
} builder;

static size_t align_up(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static bool is_view(const tsr_graph *g, const tsr_node *n)
{
    return g->ops[n->kind]->flags & TSR_OP_VIEW;
}

static const tsr_places *places(const builder *b)
{
    return b->workers > 1 ? &b->model->plan.several : &b->model->plan.one;
}

/* Tensors with addresses.  Memory not given (counting) is not written. */
static void lay_out_tensors(builder *b)
{
    const tsr_model *m = b->model;
    const tsr_graph *g = &m->graph;
    tsr_session *s = b->session;
    tsr_tensor *t = tsr_arena_keep(b->arena, (size_t)m->plan.activation_count * sizeof *t, 8);
    if (!s || b->arena->full)
        return;
    unsigned char *memory = b->arena->base + (b->arena->size - b->shared_bytes);
    memset(memory, 0, b->shared_bytes);
    s->activations = t;
    for (int v = 0; v < g->value_count; v++) {
        if (m->plan.activation[v] < 0)
            continue;
        *t = g->values[v].t;
        t++->data = memory + places(b)->offset[v];
    }
}

/* Node i has been prepared: what does its scratch add to the memory of its moment? */
static void count_scratch(builder *b, int i)
{
    const tsr_plan *plan = &b->model->plan;
    const size_t scratch = align_up(b->arena->size - b->arena->high);
    if (b->shared_bytes < places(b)->top_bytes[i] + scratch)
        b->shared_bytes = places(b)->top_bytes[i] + scratch;
    if (b->live_bytes < plan->live_bytes[i] + scratch)
        b->live_bytes = plan->live_bytes[i] + scratch;
    tsr_arena_drop_scratch(b->arena);
}

/* A real step sees the session's tensors; a counted one the model's. */
static tsr_step bind(const builder *b, const tsr_node *n, tsr_tensor **io, tsr_tensor **model_io)
{
    tsr_step step = { .node = n, .in = model_io, .threads = b->threads };
    if (io) {
        for (int k = 0; k < n->in_count; k++)
            io[k] = n->in[k] < 0 ? NULL : tsr_session_value(b->session, n->in[k]);
        for (int k = 0; k < n->out_count; k++)
            io[n->in_count + k] = tsr_session_value(b->session, n->out[k]);
        step.in = io;
    }
    step.out = step.in + n->in_count;
    return step;
}

static tsr_status prepare_steps(builder *b, tsr_step *steps, tsr_tensor **io, tsr_error *err)
{
    const tsr_graph *g = &b->model->graph;
    const tsr_prepare_context ctx = { b->arena, b->workers, b->packs };
    tsr_tensor **model_io = b->model->io;
    int count = 0;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        const int slots = n->in_count + n->out_count;
        if (!is_view(g, n)) {
            tsr_step step = bind(b, n, io, model_io);
            TSR_TRY(g->ops[n->kind]->prepare(&step, &ctx, err));
            count_scratch(b, i);
            if (steps)
                steps[count++] = step;
            io = io ? io + slots : NULL;
        }
        model_io += slots;
    }
    if (b->session)
        b->session->step_count = count;
    return TSR_OK;
}

static tsr_status build(builder *b, tsr_session_memory *memory, tsr_error *err)
{
    const tsr_graph *g = &b->model->graph;
    size_t steps = 0, slots = 0;
    for (int i = 0; i < g->node_count; i++) {
        if (is_view(g, &g->nodes[i]))
            continue;
        steps++;
        slots += (size_t)(g->nodes[i].in_count + g->nodes[i].out_count);
    }
    tsr_session *s = tsr_arena_keep(b->arena, sizeof *s, 8);
    b->session = s;
    lay_out_tensors(b);
    tsr_step *step = tsr_arena_keep(b->arena, steps * sizeof *step, 8);
    tsr_tensor **io = tsr_arena_keep(b->arena, slots * sizeof *io, 8);
    if (s)
        s->model = b->model, s->steps = step, s->threads = b->threads;
    const size_t before = b->arena->low;
    TSR_TRY(prepare_steps(b, step, io, err));
    if (b->arena->full || b->arena->low > b->arena->size - b->shared_bytes)
        return tsr_fail(err, TSR_NO_MEMORY, "session needs more memory than its block has");

    const tsr_plan *plan = &b->model->plan;
    const size_t used = align_up(b->arena->low);
    memory->activations = plan->total_bytes;
    memory->live_bound = b->live_bytes > plan->live_bound_bytes ? b->live_bytes
                                                                : plan->live_bound_bytes;
    memory->packed = b->arena->low - before;
    memory->scratch = b->shared_bytes - plan->total_bytes;
    memory->total = used + b->shared_bytes + ALIGN - 1;     /* a block of any alignment */
    memory->bookkeeping = memory->total - memory->activations - memory->packed - memory->scratch;
    return TSR_OK;
}

static tsr_session_memory measure(const tsr_model *m, int workers, const tsr_packs *packs)
{
    tsr_arena arena = tsr_arena_counting();
    tsr_session_memory memory = { 0 };
    builder b = { .model = m, .workers = workers, .arena = &arena, .packs = packs,
                  .shared_bytes = m->plan.total_bytes };
    if (build(&b, &memory, NULL) != TSR_OK)     /* the load's dry run has passed: only overflow */
        memory.total = SIZE_MAX;
    return memory;
}

static const tsr_packs *packs_of(const tsr_model *m)
{
    return m->packs.count ? &m->packs : NULL;
}

tsr_session_memory tsr_session_measure(const tsr_model *m, int workers)
{
    return measure(m, workers, packs_of(m));
}

size_t tsr_session_bytes(const tsr_model *m, const tsr_threads *threads)
{
    return tsr_session_measure(m, tsr_threads_count(threads)).total;
}

tsr_status tsr_session_open(const tsr_model *m, tsr_threads *threads, void *memory,
                            size_t memory_bytes, tsr_session **session, tsr_error *err)
{
    *session = NULL;
    const tsr_session_memory counted = tsr_session_measure(m, tsr_threads_count(threads));
    const size_t need = counted.total;
    if (!memory || memory_bytes < need)
        return tsr_fail(err, TSR_NO_MEMORY, "session needs %zu bytes, the block has %zu", need,
                        memory ? memory_bytes : 0);
    tsr_arena arena = tsr_arena_make(memory, need);
    builder b = { .model = m, .threads = threads, .workers = tsr_threads_count(threads),
                  .arena = &arena, .packs = packs_of(m),
                  .shared_bytes = counted.activations + counted.scratch };
    tsr_session_memory used = { 0 };
    TSR_TRY(build(&b, &used, err));
    *session = b.session;
    return TSR_OK;
}

size_t tsr_session_pack_bytes(const tsr_model *m) { return measure(m, 1, NULL).total; }

tsr_status tsr_session_pack(const tsr_model *m, void *memory, size_t memory_bytes,
                            void (*made)(void *ctx, const tsr_packed *p), void *ctx,
                            tsr_error *err)
{
    const tsr_packs packs = { .made = made, .ctx = ctx };
    const tsr_session_memory counted = measure(m, 1, &packs);
    if (memory_bytes < counted.total)
        return tsr_fail(err, TSR_NO_MEMORY, "packing needs %zu bytes, the block has %zu",
                        counted.total, memory_bytes);
    tsr_arena arena = tsr_arena_make(memory, counted.total);
    builder b = { .model = m, .workers = 1, .arena = &arena, .packs = &packs,
                  .shared_bytes = counted.activations + counted.scratch };
    tsr_session_memory used = { 0 };
    return build(&b, &used, err);
}

tsr_tensor *tsr_session_value(const tsr_session *s, int value)
{
    const tsr_model *m = s->model;
    const int number = m->plan.activation[value];
    if (m->graph.values[value].t.data)
        return &m->graph.values[value].t;
    return number < 0 ? NULL : &s->activations[number];
}

tsr_tensor *tsr_input(tsr_session *s, int index)
{
    const tsr_graph *g = &s->model->graph;
    return index < 0 || index >= g->input_count ? NULL
         : tsr_session_value(s, g->inputs[index]);
}

const tsr_tensor *tsr_output(const tsr_session *s, int index)
{
    const tsr_graph *g = &s->model->graph;
    return index < 0 || index >= g->output_count ? NULL
         : tsr_session_value(s, g->outputs[index]);
}

void tsr_run(tsr_session *s)
{
    tsr_threads_begin(s->threads);
    for (int i = 0; i < s->step_count; i++)
        s->steps[i].run(&s->steps[i]);
    tsr_threads_end(s->threads);
}

void tsr_run_steps(tsr_session *s, void (*done)(void *ctx, int step), void *ctx)
{
    tsr_threads_begin(s->threads);
    for (int i = 0; i < s->step_count; i++) {
        s->steps[i].run(&s->steps[i]);
        done(ctx, i);
    }
    tsr_threads_end(s->threads);
}
