/*
 * onnx_inputs.c - the border of an ONNX graph: see onnx_inputs.h.
 *
 * Inputs and outputs keep the shape that the file gives them, N,C,H,W.  A
 * dimension that the file leaves open is taken from tsr_options.shapes; an open
 * first dimension, the batch, is 1 otherwise.     SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/onnx_inputs.h"

enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEM = 1, TENSOR_SHAPE = 2,
       SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2, TENSOR_NAME = 8 };
enum { UNKNOWN_RANK = -1 };

/* What a ValueInfoProto says.  dim 0: open; its name is in param. */
typedef struct {
    onx_str name, param[TSR_MAX_RANK];
    bool is_tensor;
    int64_t elem;
    int rank;
    int64_t dim[TSR_MAX_RANK];
} info;

static onx_str string_of(const tsr_pb_field *field)
{
    return (onx_str){ (const char *)field->bytes.at, rd_left(&field->bytes) };
}

static void read_dim(onx_file *f, tsr_reader r, info *v)
{
    tsr_pb_field field;
    const int k = v->rank++;
    if (k >= TSR_MAX_RANK)
        return;
    v->dim[k] = 0;
    v->param[k] = (onx_str){ "", 0 };
    while (tsr_pb_next(&r, &field))
        if (field.number == DIM_VALUE && field.wire == TSR_PB_VARINT)
            v->dim[k] = (int64_t)field.value;
        else if (field.number == DIM_PARAM)
            v->param[k] = string_of(&field);
    f->bad |= r.bad;
}

static void read_shape(onx_file *f, tsr_reader r, info *v)
{
    tsr_pb_field field;
    v->rank = 0;
    while (tsr_pb_next(&r, &field))
        if (field.number == SHAPE_DIM)
            read_dim(f, field.bytes, v);
    f->bad |= r.bad;
}

static void read_type(onx_file *f, tsr_reader r, info *v)
{
    tsr_pb_field field, part;
    while (tsr_pb_next(&r, &field)) {
        v->is_tensor = field.number == TYPE_TENSOR;
        tsr_reader tensor = field.bytes;
        while (v->is_tensor && tsr_pb_next(&tensor, &part))
            if (part.number == TENSOR_ELEM)
                v->elem = (int64_t)part.value;
            else if (part.number == TENSOR_SHAPE)
                read_shape(f, part.bytes, v);
        f->bad |= tensor.bad;
    }
    f->bad |= r.bad;
}

static info read_info(onx_file *f, tsr_reader r)
{
    info v = { .name = { "", 0 }, .rank = UNKNOWN_RANK };
    tsr_pb_field field;
    while (tsr_pb_next(&r, &field))
        if (field.number == VALUE_NAME)
            v.name = string_of(&field);
        else if (field.number == VALUE_TYPE)
            read_type(f, field.bytes, &v);
    f->bad |= r.bad;
    return v;
}

/* ---- initialisers ------------------------------------------------------------- */

void onx_add_initializer(onx_file *f, tsr_reader tensor)
{
    tsr_reader r = tensor;
    tsr_pb_field field;
    onx_str name = { "", 0 };
    while (tsr_pb_next(&r, &field))
        if (field.number == TENSOR_NAME)
            name = string_of(&field);
    f->bad |= r.bad;
    onx_value *v = f->bad ? NULL : onx_add(f, name);
    if (v)
        v->stored = tensor;
}

/* ---- inputs ---------------------------------------------------------------------- */

static const tsr_shape_binding *binding_of(const onx_file *f, const char *name)
{
    for (int i = 0; i < f->options->shape_count; i++)
        if (strcmp(f->options->shapes[i].name, name) == 0)
            return &f->options->shapes[i];
    return NULL;
}

void onx_check_bindings(onx_file *f)
{
    for (int i = 0; i < f->options->shape_count; i++) {
        const char *name = f->options->shapes[i].name;
        bool found = false;
        for (int k = 0; k < f->g->input_count; k++)
            found |= strcmp(tsr_graph_tensor(f->g, f->g->inputs[k])->name, name) == 0;
        if (!found && f->g->status == TSR_OK && !f->bad)
            tsr_graph_fail(f->g, TSR_BAD_ARGUMENT, "a shape is given for input '%.60s', which the "
                           "model does not have", name);
    }
}

static void fix_dim(onx_file *f, const info *v, int k, const tsr_shape_binding *bound,
                    tsr_tensor *t)
{
    int64_t d = v->rank == UNKNOWN_RANK ? 0 : v->dim[k];
    if (bound && d > 0 && bound->dim[k] != d)
        tsr_graph_fail(f->g, TSR_BAD_ARGUMENT, "input '%.60s': dimension %d is %lld in the file, "
                       "%d was asked for", t->name, k, (long long)d, bound->dim[k]);
    else if (bound)
        d = bound->dim[k];
    else if (d <= 0 && k == 0)
        d = 1;
    if (d < 1 || d > INT32_MAX)
        tsr_graph_fail(f->g, d > 0 ? TSR_BAD_FILE : TSR_UNSUPPORTED,
                       "input '%.60s': dimension %d ('%.*s') is not fixed in the file; give the "
                       "input's shape", t->name, k, (int)(v->param[k].n < 40 ? v->param[k].n : 40),
                       v->param[k].s ? v->param[k].s : "");
    t->dim[k] = (int)d;
}

static bool describe_input(onx_file *f, const info *v, tsr_tensor *t)
{
    const tsr_shape_binding *bound = binding_of(f, t->name);
    t->dtype = onx_dtype(v->elem);
    if (v->elem == ONX_FLOAT16)
        t->dtype = TSR_F16;
    if (!v->is_tensor || t->dtype == TSR_DTYPE_COUNT || v->elem == ONX_BFLOAT16)
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "input '%.60s' is of type %s", t->name,
                       v->is_tensor ? onx_type_name(v->elem) : "sequence or map");
    else if (v->rank == UNKNOWN_RANK && !bound)
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "input '%.60s' has no shape in the file; give one",
                       t->name);
    else if (bound && v->rank != UNKNOWN_RANK && bound->rank != v->rank)
        tsr_graph_fail(f->g, TSR_BAD_ARGUMENT, "input '%.60s' has %d dimensions, %d were given",
                       t->name, v->rank, bound->rank);
    t->rank = bound ? bound->rank : v->rank;
    if (f->g->status == TSR_OK && (t->rank < 0 || t->rank > TSR_MAX_RANK))
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "input '%.60s': %d dimensions, at most %d are "
                       "supported", t->name, t->rank, TSR_MAX_RANK);
    for (int k = 0; k < t->rank && f->g->status == TSR_OK; k++)
        fix_dim(f, v, k, bound, t);
    return f->g->status == TSR_OK;
}

void onx_add_input(onx_file *f, tsr_reader value_info)
{
    const info v = read_info(f, value_info);
    if (f->bad || onx_find(f, v.name))
        return;                         /* an initialiser: a constant that could be fed */
    tsr_tensor t = { .name = onx_text(f, v.name) };
    if (!describe_input(f, &v, &t))
        return;
    int value = tsr_graph_input(f->g, &t);
    if (t.dtype == TSR_F16) {           /* half at the border, f32 inside */
        tsr_node n = tsr_node_make(TSR_OP_CAST, t.name, &value, 1);
        tsr_tensor wide = { .name = t.name, .dtype = TSR_F32 };
        value = tsr_graph_node(f->g, &n, &wide);
    }
    onx_value *entry = value < 0 ? NULL : onx_add(f, v.name);
    if (!entry)
        return;
    entry->plain = value;
    entry->shape.rank = t.rank;
    memcpy(entry->shape.dim, t.dim, sizeof entry->shape.dim);
}

/* ---- outputs ---------------------------------------------------------------------- */

static bool listed(const int *list, int count, int value)
{
    for (int i = 0; i < count; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* A value of its own under the output's name: `value` itself, or a view of it
 * where it is an input, a constant, another output, or has another name. */
static int as_output(onx_file *f, int value, const char *name)
{
    const tsr_tensor *t = tsr_graph_tensor(f->g, value);
    if (t && !t->data && strcmp(t->name, name) == 0
        && !listed(f->g->inputs, f->g->input_count, value)
        && !listed(f->g->outputs, f->g->output_count, value))
        return value;
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, name, &value, 1);
    tsr_tensor out = { .name = name, .dtype = t ? t->dtype : TSR_F32 };
    if (!t)
        return ONX_NONE;
    out.quant = t->quant;
    n.attr.reshape.rank = t->rank;
    memcpy(n.attr.reshape.dim, t->dim, sizeof t->dim);
    return tsr_graph_node(f->g, &n, &out);
}

void onx_add_output(onx_file *f, tsr_reader value_info)
{
    const info v = read_info(f, value_info);
    if (f->bad)
        return;
    const char *name = onx_text(f, v.name);
    onx_value *entry = onx_find(f, v.name);
    onx_op border = { .f = f, .index = f->node_index, .type = "output", .name = name };
    if (!entry) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: output '%.60s' is made by no operator", name);
        return;
    }
    if (entry->empty) {
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "onnx: output '%.60s' has no elements", name);
        return;
    }
    int value = onx_value_plain(&border, entry);
    const tsr_tensor *t = tsr_graph_tensor(f->g, value);
    if (t && v.elem == ONX_FLOAT16 && t->dtype == TSR_F32) {
        tsr_node n = tsr_node_make(TSR_OP_CAST, name, &value, 1);
        tsr_tensor half = { .name = name, .dtype = TSR_F16 };
        value = tsr_graph_node(f->g, &n, &half);
    }
    if (value >= 0)
        tsr_graph_output(f->g, as_output(f, value, name));
}
