/*
 * onnx.c - an ONNX file becomes a graph.
 *
 * The file is one protobuf message, ModelProto: versions, and a graph of nodes
 * in execution order that name their inputs and outputs by strings.  Weights
 * are initialisers, tensors with a name; an input of the same name is only a
 * default and counts as a constant here.
 *
 * Order of work: versions; a census of operators that nobody knows; initialisers
 * (entered by name, decoded when somebody asks); inputs; nodes, one at a time;
 * outputs.  A node may only read what stands before it, so a cycle is a name
 * that is not there yet.
 *
 * A protobuf message that occurs twice is the same as one with both halves; the
 * graph may therefore come in pieces.            SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "engine/session.h"
#include "loaders/onnx.h"
#include "loaders/onnx_file.h"
#include "loaders/onnx_inputs.h"
#include "loaders/onnx_table.h"

enum { MODEL_IR_VERSION = 1, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_FUNCTIONS = 25 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_TYPE = 4, NODE_DOMAIN = 7 };
enum { OLDEST_OPSET = 1, NEWEST_OPSET = 22, MOST_FIELDS = 4096 };

/* Folding may create this much beyond a few times the file's size. */
enum { FOLD_FACTOR = 32, FOLD_BASE = 8 << 20 };

/* ---- text ------------------------------------------------------------------ */

bool onx_str_is(onx_str s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.s, text, s.n) == 0;
}

const char *onx_text(onx_file *f, onx_str s) { return onx_text_n(f, s.s, s.n); }

const char *onx_text_n(onx_file *f, const char *s, size_t n)
{
    const char *text = tsr_pool_string(f->scratch, s, n);
    if (!text && f->g)
        tsr_graph_fail(f->g, TSR_NO_MEMORY, "onnx: no memory for a name");
    return text ? text : "";
}

void onx_fail(onx_op *o, tsr_status s, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tsr_graph_fail(o->f->g, s, "operator %d %s '%.60s': %s", o->index, o->type, o->name, text);
}

/* ---- walking the file -------------------------------------------------------- */

void onx_each_in_graph(onx_file *f, uint32_t number, void (*fn)(onx_file *f, tsr_reader message))
{
    tsr_reader model = rd_make(f->bytes, f->size);
    tsr_pb_field part, item;
    while (tsr_pb_next(&model, &part) && !f->bad) {
        if (part.number != MODEL_GRAPH)
            continue;
        tsr_reader graph = part.bytes;
        while (tsr_pb_next(&graph, &item) && !f->bad && (!f->g || f->g->status == TSR_OK))
            if (item.number == number)
                fn(f, item.bytes);
        f->bad |= graph.bad;
    }
    f->bad |= model.bad;
}

static onx_str string_of(const tsr_pb_field *field)
{
    return (onx_str){ (const char *)field->bytes.at, rd_left(&field->bytes) };
}

static void read_opset(onx_file *f, tsr_reader message)
{
    onx_str domain = { "", 0 };
    int64_t version = 0;
    tsr_pb_field field;
    while (tsr_pb_next(&message, &field))
        if (field.number == OPSET_DOMAIN)
            domain = string_of(&field);
        else if (field.number == OPSET_VERSION)
            version = (int64_t)field.value;
    f->bad |= message.bad;
    if (domain.n == 0 || onx_str_is(domain, "ai.onnx"))
        f->opset = version;
}

/* Versions, and whether there is a graph at all. */
static tsr_status read_head(onx_file *f, tsr_error *err)
{
    tsr_reader model = rd_make(f->bytes, f->size);
    tsr_pb_field field;
    bool graph = false;
    int64_t version = 0;
    while (tsr_pb_next(&model, &field)) {
        graph |= field.number == MODEL_GRAPH;
        if (field.number == MODEL_IR_VERSION)
            version = (int64_t)field.value;
        if (field.number == MODEL_OPSET)
            read_opset(f, field.bytes);
    }
    if (model.bad || f->bad)
        return tsr_fail(err, TSR_BAD_FILE, "onnx: the file of %zu bytes is damaged or cut off",
                        f->size);
    if (!graph)
        return tsr_fail(err, TSR_BAD_FILE, "onnx: the file holds no graph");
    if (f->opset == 0 && version > 0 && version < 3)
        f->opset = 1;                   /* files that old name none */
    return TSR_OK;
}

/* A file cut off before its operator set must not be read as an old one. */
static tsr_status check_opset(const onx_file *f, tsr_error *err)
{
    if (f->opset == 0)
        return tsr_fail(err, TSR_BAD_FILE, "onnx: the file names no operator set, or is cut off");
    if (f->opset < OLDEST_OPSET || f->opset > NEWEST_OPSET)
        return tsr_fail(err, TSR_UNSUPPORTED, "onnx: operator set %lld, known are %d to %d",
                        (long long)f->opset, OLDEST_OPSET, NEWEST_OPSET);
    return TSR_OK;
}

/* ---- nodes -------------------------------------------------------------------- */

/* How many names there are; false when they and the attributes are more than any
 * operator has a use for, which would make looking through them slow. */
static bool count_names(tsr_reader node, int *in, int *out)
{
    tsr_pb_field field;
    int fields = 0;
    *in = *out = 0;
    while (tsr_pb_next(&node, &field) && fields <= MOST_FIELDS) {
        fields++;
        *in += field.number == NODE_INPUT;
        *out += field.number == NODE_OUTPUT;
    }
    return fields <= MOST_FIELDS;
}

/* "Conv", or "domain.Name" for operators that are not ONNX's own. */
static void set_type(onx_op *o, onx_str domain, onx_str type)
{
    if (domain.n == 0 || onx_str_is(domain, "ai.onnx"))
        snprintf(o->type, sizeof o->type, "%.*s", (int)(type.n < 40 ? type.n : 40), type.s);
    else
        snprintf(o->type, sizeof o->type, "%.*s.%.*s", (int)(domain.n < 20 ? domain.n : 20),
                 domain.s, (int)(type.n < 26 ? type.n : 26), type.s);
}

bool onx_read_node(onx_file *f, tsr_reader node, onx_op *o)
{
    onx_str type = { "", 0 }, domain = { "", 0 }, name = { "", 0 };
    int in, out;
    *o = (onx_op){ .f = f, .index = f->node_index, .node = node, .name = "" };
    if (!count_names(node, &in, &out)) {
        if (f->g)
            onx_fail(o, TSR_UNSUPPORTED, "has more than %d inputs, outputs and attributes",
                     MOST_FIELDS);
        return false;
    }
    o->in = tsr_pool_alloc(f->scratch, (size_t)(in + out + 1) * sizeof *o->in, sizeof(void *));
    if (!o->in)
        return false;
    o->out = o->in + in;
    tsr_pb_field field;
    while (tsr_pb_next(&node, &field))
        switch (field.number) {
        case NODE_INPUT: o->in[o->in_count++] = string_of(&field); break;
        case NODE_OUTPUT: o->out[o->out_count++] = string_of(&field); break;
        case NODE_NAME: name = string_of(&field); break;
        case NODE_TYPE: type = string_of(&field); break;
        case NODE_DOMAIN: domain = string_of(&field); break;
        }
    f->bad |= node.bad;
    set_type(o, domain, type);
    o->name = onx_text(f, o->out_count ? o->out[0] : name);
    o->reader = onx_find_reader(o->type);
    return !f->bad;
}

/* An error of shape inference names the node; put the operator's index before. */
static void add_index(const onx_op *o, tsr_error *err)
{
    char head[80];
    if (!err || strncmp(err->text, "operator ", 9) == 0)
        return;
    const int length = snprintf(head, sizeof head, "operator %d %s: ", o->index, o->type);
    if (length <= 0 || (size_t)length >= sizeof head)
        return;
    memmove(err->text + length, err->text, sizeof err->text - (size_t)length);
    memcpy(err->text, head, (size_t)length);
    err->text[sizeof err->text - 1] = '\0';
}

static void load_node(onx_file *f, tsr_reader message)
{
    onx_op o;
    if (!onx_read_node(f, message, &o)) {
        if (!f->bad)                    /* unless it was something else */
            tsr_graph_fail(f->g, TSR_NO_MEMORY, "onnx: no memory for operator %d", f->node_index);
        return;
    }
    const onx_value *made = o.out_count ? onx_find(f, o.out[0]) : NULL;
    if (made && made->ahead) {          /* done together with an operator before */
        f->node_index++;
        return;
    }
    if (o.out_count == 0)
        onx_fail(&o, TSR_BAD_FILE, "has no output");
    else if (!o.reader)
        onx_fail(&o, TSR_UNSUPPORTED, "is not supported");
    else if (onx_ok(&o) && !onx_q_try(&o))
        o.reader->load(&o);
    if (f->g->status != TSR_OK)
        add_index(&o, f->g->err);
    else if (!f->bad && !onx_find(f, o.out[0]))
        onx_fail(&o, TSR_UNSUPPORTED, "gives no result");
    f->node_index++;
}

/* ---- the whole ------------------------------------------------------------------ */

static tsr_status read_graph(onx_file *f)
{
    onx_each_in_graph(f, ONX_GRAPH_INITIALIZER, onx_add_initializer);
    onx_each_in_graph(f, ONX_GRAPH_INPUT, onx_add_input);
    onx_check_bindings(f);
    onx_each_in_graph(f, ONX_GRAPH_NODE, onx_note_node);
    onx_each_in_graph(f, ONX_GRAPH_OUTPUT, onx_note_output);
    onx_each_in_graph(f, ONX_GRAPH_NODE, load_node);
    onx_each_in_graph(f, ONX_GRAPH_OUTPUT, onx_add_output);
    if (f->bad)
        return tsr_graph_fail(f->g, TSR_BAD_FILE, "onnx: the file of %zu bytes is damaged",
                              f->size);
    return f->g->status;
}

static tsr_status load(onx_file *f, tsr_model **model, tsr_error *err)
{
    TSR_TRY(read_head(f, err));
    TSR_TRY(onx_refuse_unknown(f, err));
    TSR_TRY(check_opset(f, err));
    TSR_TRY(tsr_model_begin(f->options, model, err));
    f->g = &(*model)->graph;
    f->g->fold_budget_bytes = FOLD_BASE + (f->size < SIZE_MAX / FOLD_FACTOR / 2
                                           ? f->size * FOLD_FACTOR : SIZE_MAX / 2);
    TSR_TRY(read_graph(f));
    return tsr_model_finish(*model, err);
}

tsr_status tsr_onnx_load(const void *file, size_t file_bytes, const tsr_options *options,
                         tsr_model **model, tsr_error *err)
{
    tsr_pool scratch = tsr_pool_make(&options->allocator);
    onx_file f = { .options = options, .scratch = &scratch, .bytes = file, .size = file_bytes };
    *model = NULL;
    const tsr_status s = load(&f, model, err);
    tsr_pool_free(&scratch);
    if (s != TSR_OK) {
        tsr_model_free(*model);
        *model = NULL;
    }
    return s;
}

/* Every file that anybody wrote begins with ir_version, a small number, or, as
 * the fields may stand in any order, with another field of ModelProto. */
bool tsr_onnx_recognise(const void *file, size_t file_bytes)
{
    tsr_reader r = rd_make(file, file_bytes);
    tsr_pb_field field;
    for (int i = 0; i < 4 && rd_left(&r); i++) {
        if (!tsr_pb_next(&r, &field))
            return i > 0;               /* cut off inside the graph */
        const bool number = field.number == MODEL_IR_VERSION || field.number == 5;
        if (field.number > 8 && field.number != 14 && field.number != 20
            && field.number != MODEL_FUNCTIONS)
            return false;
        if (field.wire != (number ? TSR_PB_VARINT : TSR_PB_BYTES)
            || (field.number == MODEL_IR_VERSION && field.value > 100))
            return false;
    }
    return file_bytes >= 2;
}
