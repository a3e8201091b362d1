/* onnx_export.c - the frame of an exported model; see onnx_export.h.
 * SPDX-License-Identifier: MIT */
#include "loaders/onnx_emit.h"
#include "loaders/onnx_export.h"

/* Field numbers of onnx.proto. */
enum {
    MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7,
    MODEL_OPSET = 8, OPSET_VERSION = 2, GRAPH_NAME = 2, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12,
    VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEM_TYPE = 1, TENSOR_SHAPE = 2,
    SHAPE_DIM = 1, DIM_VALUE = 1,
    IR_VERSION = 8, OPSET = 14,
};

static void put_value_info(tsr_pb *graph, int field, const tsr_tensor *t, tsr_pool *pool)
{
    tsr_pb shape = tsr_pb_make(pool), tensor = shape, type = shape, info = shape;
    for (int i = 0; i < t->rank; i++) {
        tsr_pb dim = tsr_pb_make(pool);
        tsr_pb_int(&dim, DIM_VALUE, t->dim[i]);
        tsr_pb_message(&shape, SHAPE_DIM, &dim);
    }
    tsr_pb_int(&tensor, TENSOR_ELEM_TYPE, t->dtype == TSR_F32 ? TSR_ONNX_FLOAT
               : t->dtype == TSR_S32 ? TSR_ONNX_INT32 : TSR_ONNX_INT64);
    tsr_pb_message(&tensor, TENSOR_SHAPE, &shape);
    tsr_pb_message(&type, TYPE_TENSOR, &tensor);
    tsr_pb_string(&info, VALUE_NAME, t->name);
    tsr_pb_message(&info, VALUE_TYPE, &type);
    tsr_pb_message(graph, field, &info);
}

static tsr_status refuse_quantised(const tsr_graph *g, tsr_error *err)
{
    for (int i = 0; i < g->input_count; i++) {
        const tsr_tensor *t = &g->values[g->inputs[i]].t;
        if (t->dtype != TSR_F32)
            return tsr_fail(err, TSR_UNSUPPORTED,
                            "input '%.80s' is %s: only float models are written as ONNX",
                            t->name, tsr_dtype_name(t->dtype));
    }
    return TSR_OK;
}

/* Every node, then each output under its own name. */
static tsr_status emit_graph(tsr_emitter *e)
{
    const tsr_graph *g = e->g;
    for (int i = 0; i < g->input_count; i++)
        e->nhwc[g->inputs[i]] = g->values[g->inputs[i]].t.name;
    for (int i = 0; i < g->node_count; i++)
        TSR_TRY(tsr_onnx_emit(e, &g->nodes[i]));
    for (int i = 0; i < g->output_count; i++) {
        const char *from = tsr_onnx_nhwc(e, g->outputs[i]);
        tsr_onnx_node o = tsr_onnx_begin(e, "Identity");
        tsr_onnx_in(&o, from);
        tsr_onnx_out(&o, g->values[g->outputs[i]].t.name);
        tsr_onnx_end(&o);
    }
    return TSR_OK;
}

/* One nested message (the graph) inside a few fields: its pieces were written
 * with their keys already, so they only need to stand in a row. */
static tsr_status put_model(tsr_emitter *e, const tsr_onnx_sink *sink)
{
    const tsr_graph *g = e->g;
    tsr_pb ends = tsr_pb_make(e->pool), model = ends, opset = ends, length = ends;
    tsr_pb_string(&ends, GRAPH_NAME, "tarsier");
    for (int i = 0; i < g->input_count; i++)
        put_value_info(&ends, GRAPH_INPUT, &g->values[g->inputs[i]].t, e->pool);
    for (int i = 0; i < g->output_count; i++)
        put_value_info(&ends, GRAPH_OUTPUT, &g->values[g->outputs[i]].t, e->pool);
    tsr_pb_int(&model, MODEL_IR_VERSION, IR_VERSION);
    tsr_pb_string(&model, MODEL_PRODUCER, "tarsier");
    tsr_pb_string(&model, MODEL_PRODUCER_VERSION, TSR_VERSION);
    tsr_pb_int(&opset, OPSET_VERSION, OPSET);
    tsr_pb_message(&model, MODEL_OPSET, &opset);
    const size_t graph_bytes = e->nodes.count + e->initializers.count + ends.count;
    tsr_pb_length(&length, MODEL_GRAPH, graph_bytes);
    if (e->nodes.failed || e->initializers.failed || ends.failed || model.failed || length.failed)
        return tsr_fail(e->err, TSR_NO_MEMORY, "no memory to write the ONNX file");
    if (graph_bytes > INT32_MAX)
        return tsr_fail(e->err, TSR_UNSUPPORTED, "an ONNX file ends at 2 GiB, this needs more");
    const tsr_pb *const parts[] = { &model, &length, &e->nodes, &e->initializers, &ends };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!sink->write(sink->ctx, parts[i]->bytes, parts[i]->count))
            return tsr_fail(e->err, TSR_BAD_ARGUMENT, "the ONNX file could not be written");
    return TSR_OK;
}

tsr_status tsr_onnx_export(const tsr_model *model, const tsr_onnx_sink *sink, tsr_error *err)
{
    const tsr_graph *g = &model->graph;
    TSR_TRY(refuse_quantised(g, err));
    tsr_pool pool = tsr_pool_make(&model->pool.allocator);
    const size_t names = ((size_t)g->value_count + 1) * sizeof(char *);
    tsr_emitter e = {
        .g = g, .pool = &pool, .err = err,
        .nodes = tsr_pb_make(&pool), .initializers = tsr_pb_make(&pool),
        .nhwc = tsr_pool_alloc(&pool, names, sizeof(char *)),
        .nchw = tsr_pool_alloc(&pool, names, sizeof(char *)),
    };
    tsr_status s = e.nhwc && e.nchw ? emit_graph(&e)
                 : tsr_fail(err, TSR_NO_MEMORY, "no memory to write the ONNX file");
    if (s == TSR_OK)
        s = put_model(&e, sink);
    tsr_pool_free(&pool);
    return s;
}
