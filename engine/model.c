/* model.c - a loaded network: graph, plan and their memory.   SPDX-License-Identifier: MIT */
#include "engine/session.h"

tsr_status tsr_model_begin(const tsr_options *options, tsr_model **model, tsr_error *err)
{
    /* The model itself lies in the pool that it carries. */
    tsr_pool pool = tsr_pool_make(options ? &options->allocator : NULL);
    tsr_model *m = tsr_pool_alloc(&pool, sizeof *m, _Alignof(max_align_t));
    *model = m;
    if (!m)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for a model");
    m->pool = pool;
    m->keep_all = options && options->keep_all;
    m->output = options ? options->output : NULL;
    m->before_enlarging = options && options->before_enlarging;
    m->f16 = options && options->f16;
    m->fuse = options ? options->fuse : TSR_FUSE_AUTO;
    if (!options || !options->ops)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no operator table given");
    tsr_graph_init(&m->graph, &m->pool, options->ops, err);
    return TSR_OK;
}

void tsr_model_free(tsr_model *model)
{
    if (!model)
        return;
    tsr_pool pool = model->pool;        /* not through the memory it frees */
    tsr_pool_free(&pool);
}

/* For each node the tensors that its step will see while counting. */
static tsr_status bind(tsr_model *m, tsr_error *err)
{
    tsr_graph *g = &m->graph;
    size_t slots = 1;
    for (int i = 0; i < g->node_count; i++)
        slots += (size_t)(g->nodes[i].in_count + g->nodes[i].out_count);
    m->io = tsr_pool_alloc(&m->pool, slots * sizeof *m->io, sizeof(void *));
    if (!m->io)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d nodes", g->node_count);
    tsr_tensor **io = m->io;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count; k++)
            *io++ = n->in[k] < 0 ? NULL : &g->values[n->in[k]].t;
        for (int k = 0; k < n->out_count; k++)
            *io++ = &g->values[n->out[k]].t;
    }
    return TSR_OK;
}

/* Prepare every node without memory: what it would refuse, it refuses now. */
static tsr_status dry_run(const tsr_model *m, tsr_error *err)
{
    const tsr_graph *g = &m->graph;
    tsr_arena arena = tsr_arena_counting();
    tsr_tensor **io = m->io;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        tsr_step s = { .node = n, .in = io, .out = io + n->in_count };
        io += n->in_count + n->out_count;
        if (g->ops[n->kind]->flags & TSR_OP_VIEW)
            continue;
        TSR_TRY(g->ops[n->kind]->prepare(&s, &(tsr_prepare_context){ &arena, 1 }, err));
        tsr_arena_drop_scratch(&arena);
    }
    if (arena.full)
        return tsr_fail(err, TSR_UNSUPPORTED, "a session would need more memory than there is");
    return TSR_OK;
}

tsr_status tsr_model_finish(tsr_model *m, tsr_error *err)
{
    tsr_graph *g = &m->graph;
    if (g->status != TSR_OK)
        return g->status;
    g->err = NULL;                      /* the caller's error does not outlive the load */
    if (g->output_count == 0)
        return tsr_fail(err, TSR_BAD_FILE, "the model has no output");
    if (m->output)
        TSR_TRY(tsr_graph_cut(g, m->output, err));
    if (m->before_enlarging)
        tsr_graph_cut_enlarging(g);
    m->output = NULL;
    if (!m->keep_all) {
        tsr_graph_optimise(g);
        if (!m->f16)            /* what runs together is f32 */
            tsr_graph_chain(g, m->fuse);
    }
    if (m->f16)
        TSR_TRY(tsr_graph_narrow(g, err));
    TSR_TRY(tsr_plan_make(g, m->keep_all, &m->plan, err));
    TSR_TRY(bind(m, err));
    return dry_run(m, err);
}

const tsr_tensor *tsr_model_input(const tsr_model *m, int index)
{
    const tsr_graph *g = &m->graph;
    return index < 0 || index >= g->input_count ? NULL : &g->values[g->inputs[index]].t;
}

const tsr_tensor *tsr_model_output(const tsr_model *m, int index)
{
    const tsr_graph *g = &m->graph;
    return index < 0 || index >= g->output_count ? NULL : &g->values[g->outputs[index]].t;
}
