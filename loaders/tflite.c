/*
 * tflite.c - a TensorFlow Lite file becomes a graph.
 *
 * The file is one FlatBuffer: a table of operator codes, of buffers (weights),
 * and of subgraphs; a subgraph is a list of tensors and a list of operators in
 * execution order that name tensors by index.  Subgraph 0 is the network; the
 * others are bodies of IF and WHILE, which are refused by name where they are
 * called.  Signatures, metadata and min/max statistics are not needed to run.
 *
 * Order of work: frame and tables; a census of operators that nobody knows, so
 * that one message names all of them; inputs; operators, one at a time; outputs.
 * After each operator the shape that the graph inferred is compared with the
 * shape that the file declares: two independent opinions about its meaning.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include "engine/format.h"
#include "engine/session.h"
#include "loaders/tflite.h"
#include "loaders/tflite_census.h"
#include "loaders/tflite_file.h"

enum { MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS };
enum { OP_CODE_INDEX, OP_INPUTS, OP_OUTPUTS, OP_OPTIONS_TYPE, OP_OPTIONS, OP_CUSTOM_OPTIONS };
enum { ACT_NONE, ACT_RELU, ACT_RELU_N1_TO_1, ACT_RELU6, ACT_TANH, ACT_SIGN_BIT };

enum { FOLD_FACTOR = 16, FOLD_BASE = 1 << 20 };

bool tsr_tflite_recognise(const void *file, size_t file_bytes)
{
    return file_bytes >= 8 && memcmp((const char *)file + 4, "TFL3", 4) == 0;
}

tsr_status tfl_open(tfl_file *f, const void *bytes, size_t size, tsr_error *err)
{
    *f = (tfl_file){ .fb = tsr_fb_open(bytes, size) };
    const tsr_fb_table model = tsr_fb_root(&f->fb);
    f->codes = tsr_fb_vec(&f->fb, model, MODEL_CODES, 4);
    f->buffers = tsr_fb_vec(&f->fb, model, MODEL_BUFFERS, 4);
    f->subgraphs = tsr_fb_vec(&f->fb, model, MODEL_SUBGRAPHS, 4);
    f->graph = tsr_fb_item_table(&f->fb, f->subgraphs, 0);
    f->tensors = tsr_fb_vec(&f->fb, f->graph, GRAPH_TENSORS, 4);
    f->operators = tsr_fb_vec(&f->fb, f->graph, GRAPH_OPERATORS, 4);
    if (f->fb.bad)
        return tsr_fail(err, TSR_BAD_FILE, "tflite: the file of %zu bytes is damaged or cut off",
                        size);
    if (f->subgraphs.count == 0 || f->tensors.count == 0 || f->tensors.count > INT_MAX)
        return tsr_fail(err, TSR_BAD_FILE, "tflite: the file holds no network");
    return TSR_OK;
}

void tfl_fail(tfl_op *o, tsr_status s, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    tsr_format(text, sizeof text, fmt, ap);
    va_end(ap);
    tsr_graph_fail(o->f->g, s, "operator %d %.40s '%.60s': %s", o->index, o->type, o->name, text);
}

/* ---- adding nodes ------------------------------------------------------ */

static int64_t output_index(const tfl_op *o, int slot)
{
    return (size_t)slot < o->out.count ? tsr_fb_item_i32(o->out, (size_t)slot) : TFL_ABSENT;
}

int tfl_step(tfl_op *o, const tsr_node *n, const tsr_tensor *like)
{
    if (!like || o->f->g->status != TSR_OK)
        return -1;
    tsr_tensor out = { .name = o->name, .dtype = like->dtype, .quant = like->quant };
    if (out.quant.scales) {
        tfl_fail(o, TSR_UNSUPPORTED, "'%.80s' is quantised per channel", like->name);
        return -1;
    }
    return tsr_graph_node(o->f->g, n, &out);
}

int tfl_reshape_step(tfl_op *o, int value, int rank, const int *dim)
{
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, o->name, &value, 1);
    n.attr.reshape.rank = rank;
    for (int i = 0; i < rank && i < TSR_MAX_RANK; i++)
        n.attr.reshape.dim[i] = dim[i];
    return tfl_step(o, &n, tsr_graph_tensor(o->f->g, value));
}

void tfl_set_output(tfl_op *o, int slot, int value)
{
    const int64_t index = output_index(o, slot);
    const tsr_tensor *t = tsr_graph_tensor(o->f->g, value);
    if (!t || index < 0 || (uint64_t)index >= o->f->tensors.count)
        return;
    if (o->f->value[index] != TFL_ABSENT)
        tfl_fail(o, TSR_BAD_FILE, "writes tensor %d, which has a value already", (int)index);
    o->f->value[index] = value;
    if (!tfl_shape_agrees(o->f, index, t))
        tfl_fail(o, TSR_BAD_FILE, "the file declares another output shape than the %d "
                 "dimensions %d,%d,%d,%d that follow from its inputs", t->rank, t->dim[0],
                 t->dim[1], t->dim[2], t->dim[3]);
}

void tfl_emit(tfl_op *o, const tsr_node *n, int slot)
{
    tsr_tensor out;
    if (!tfl_tensor(o->f, output_index(o, slot), &out))
        return;
    if (out.quant.scales) {             /* only constants are, and they are not made here */
        tfl_fail(o, TSR_UNSUPPORTED, "'%.80s' is quantised per channel", out.name);
        return;
    }
    tsr_node named = *n;
    named.name = out.name;
    tfl_set_output(o, slot, tsr_graph_node(o->f->g, &named, &out));
}

/* `n`, then an activation as a node of its own. */
static void emit_two(tfl_op *o, const tsr_node *n, tsr_op_kind kind, float lo, float hi)
{
    tsr_tensor out;
    if (!tfl_tensor(o->f, output_index(o, 0), &out))
        return;
    if (kind == TSR_OP_TANH && out.dtype != TSR_F32) {
        tfl_fail(o, TSR_UNSUPPORTED, "fused TANH on %s", tsr_dtype_name(out.dtype));
        return;
    }
    int mid = tfl_step(o, n, &out);
    tsr_node after = tsr_node_make(kind, o->name, &mid, 1);
    after.lo = lo, after.hi = hi;
    tfl_emit(o, &after, 0);
}

void tfl_emit_activated(tfl_op *o, tsr_node *n, int activation)
{
    static const struct { float lo, hi; } range[] = {
        [ACT_NONE] = { -TSR_INFINITY, TSR_INFINITY }, [ACT_RELU] = { 0, TSR_INFINITY },
        [ACT_RELU_N1_TO_1] = { -1, 1 },               [ACT_RELU6] = { 0, 6 },
        [ACT_TANH] = { -TSR_INFINITY, TSR_INFINITY },
    };
    if (activation < 0 || activation > ACT_TANH) {
        tfl_fail(o, TSR_UNSUPPORTED, "fused activation %d", activation);
        return;
    }
    const float lo = range[activation].lo, hi = range[activation].hi;
    const tsr_op *op = o->f->g->ops[n->kind];
    if (activation == ACT_TANH) {
        emit_two(o, n, TSR_OP_TANH, lo, hi);
    } else if (activation != ACT_NONE && op && !(op->flags & TSR_OP_HAS_CLAMP)) {
        emit_two(o, n, TSR_OP_CLAMP, lo, hi);
    } else {
        n->lo = lo, n->hi = hi;
        tfl_emit(o, n, 0);
    }
}

/* ---- operators --------------------------------------------------------- */

/* An error of shape inference names the node; put the operator's index before. */
static void add_index(const tfl_op *o, tsr_error *err)
{
    if (!err || strncmp(err->text, "operator ", 9) == 0)
        return;
    const tsr_error told = *err;
    *err = (tsr_error){ 0 };
    tsr_fail(err, told.status, "operator %d %.40s: %s", o->index, o->type, told.text);
}

static void read_operator(tfl_file *f, int index)
{
    tsr_fb *fb = &f->fb;
    const tsr_fb_table t = tsr_fb_item_table(fb, f->operators, (size_t)index);
    const uint32_t code_index = tsr_fb_u32(fb, t, OP_CODE_INDEX);
    const tfl_code code = tfl_read_code(f, code_index);
    tfl_op o = { .f = f, .reader = code.reader, .index = index, .type = code.name, .name = "" };
    o.in = tsr_fb_vec(fb, t, OP_INPUTS, 4);
    o.out = tsr_fb_vec(fb, t, OP_OUTPUTS, 4);
    o.options = tsr_fb_child(fb, t, OP_OPTIONS);
    o.custom = tsr_fb_vec(fb, t, OP_CUSTOM_OPTIONS, 1);
    const unsigned type = tsr_fb_u8(fb, t, OP_OPTIONS_TYPE);
    tsr_tensor first;
    if (tfl_tensor(f, output_index(&o, 0), &first))
        o.name = first.name;
    if (fb->bad)
        return;
    if (code_index >= f->codes.count)
        tfl_fail(&o, TSR_BAD_FILE, "code index %u of %zu codes", code_index, f->codes.count);
    else if (!o.reader)
        tfl_fail(&o, TSR_UNSUPPORTED, "is not supported");
    else if (o.reader->options && o.options.at && type != o.reader->options)
        tfl_fail(&o, TSR_BAD_FILE, "options are of type %u, not %u", type, o.reader->options);
    else if (f->g->status == TSR_OK)
        o.reader->load(&o);
    if (f->g->status != TSR_OK)
        add_index(&o, f->g->err);
}

/* ---- the whole --------------------------------------------------------- */

static void read_inputs(tfl_file *f)
{
    const tsr_fb_vector inputs = tsr_fb_vec(&f->fb, f->graph, GRAPH_INPUTS, 4);
    for (size_t i = 0; i < inputs.count && f->g->status == TSR_OK && !f->fb.bad; i++) {
        const int32_t index = tsr_fb_item_i32(inputs, i);
        tsr_tensor t;
        if (!tfl_tensor(f, index, &t))
            return;
        if (f->value[index] != TFL_ABSENT)
            tsr_graph_fail(f->g, TSR_BAD_FILE, "tflite: tensor %d is listed as input twice",
                           index);
        else
            f->value[index] = tsr_graph_input(f->g, &t);
    }
    if (inputs.count == 0)
        tsr_graph_fail(f->g, TSR_BAD_FILE, "tflite: the network has no input");
}

static void read_outputs(tfl_file *f)
{
    const tsr_fb_vector outputs = tsr_fb_vec(&f->fb, f->graph, GRAPH_OUTPUTS, 4);
    for (size_t i = 0; i < outputs.count && f->g->status == TSR_OK && !f->fb.bad; i++) {
        const int32_t index = tsr_fb_item_i32(outputs, i);
        if (index < 0 || (size_t)index >= f->tensors.count || f->value[index] == TFL_ABSENT)
            tsr_graph_fail(f->g, TSR_BAD_FILE, "tflite: output %zu is tensor %d, which no "
                           "operator makes", i, index);
        else
            tsr_graph_output(f->g, f->value[index]);
    }
    if (outputs.count == 0)
        tsr_graph_fail(f->g, TSR_BAD_FILE, "tflite: the network has no output");
}

static tsr_status read_graph(tfl_file *f)
{
    f->value = tsr_pool_alloc(f->g->pool, f->tensors.count * sizeof *f->value, sizeof *f->value);
    if (!f->value)
        return tsr_graph_fail(f->g, TSR_NO_MEMORY, "tflite: no memory for %zu tensors",
                              f->tensors.count);
    for (size_t i = 0; i < f->tensors.count; i++)
        f->value[i] = TFL_ABSENT;
    read_inputs(f);
    for (size_t i = 0; i < f->operators.count && f->g->status == TSR_OK && !f->fb.bad; i++)
        read_operator(f, (int)i);
    read_outputs(f);
    if (f->fb.bad)
        return tsr_graph_fail(f->g, TSR_BAD_FILE, "tflite: the file of %zu bytes is damaged or "
                              "cut off", f->fb.size);
    return f->g->status;
}

tsr_status tsr_tflite_load(const void *file, size_t file_bytes, const tsr_options *options,
                           tsr_model **model, tsr_error *err)
{
    tfl_file f;
    *model = NULL;
    TSR_TRY(tfl_open(&f, file, file_bytes, err));
    TSR_TRY(tfl_refuse_unknown(&f, err));
    TSR_TRY(tsr_model_begin(options, model, err));
    f.g = &(*model)->graph;
    /* Half floats double when folded, sparse ones grow more. */
    f.g->fold_budget_bytes = FOLD_BASE + (file_bytes < SIZE_MAX / FOLD_FACTOR / 2
                                          ? file_bytes * FOLD_FACTOR : SIZE_MAX / 2);
    tsr_status s = read_graph(&f);
    if (s == TSR_OK)
        s = tsr_model_finish(*model, err);
    if (s != TSR_OK) {
        tsr_model_free(*model);
        *model = NULL;
    }
    return s;
}
