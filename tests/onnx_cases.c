/* onnx_cases.c - see onnx_cases.h.   SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/half.h"
#include "loaders/load.h"
#include "loaders/protobuf.h"
#include "tests/golden_io.h"
#include "tests/onnx_cases.h"
#include "tests/onnx_numbers.h"

typedef struct {
    golden_file model;
    char input_name[CASE_TENSORS][80];
    int input_count;
    onnx_numbers in[CASE_TENSORS], out[CASE_TENSORS];
    int in_count, out_count;
} onnx_case;

/* ---- reading the case --------------------------------------------------------------- */

static void copy_name(char *to, size_t room, const tsr_reader *bytes)
{
    snprintf(to, room, "%.*s", (int)rd_left(bytes), (const char *)bytes->at);
}

static void add_operator(char *list, size_t room, const char *name)
{
    char padded[220], wanted[100];
    snprintf(padded, sizeof padded, "+%s+", list);
    snprintf(wanted, sizeof wanted, "+%s+", name);
    if (strcmp(name, "Constant") == 0 || strstr(padded, wanted))
        return;
    const size_t used = strlen(list);
    snprintf(list + used, room - used, "%s%s", used ? "+" : "", name);
}

/* Walks down to field `number` of every item of field `item` in the graph. */
static void each_name(const golden_file *f, uint32_t item, uint32_t number,
                      void (*fn)(void *arg, const char *name), void *arg)
{
    tsr_reader model = rd_make(f->bytes, f->size);
    tsr_pb_field part, thing, field;
    char name[80];
    while (tsr_pb_next(&model, &part)) {
        tsr_reader graph = part.bytes;
        while (part.number == 7 && tsr_pb_next(&graph, &thing)) {
            tsr_reader r = thing.bytes;
            while (thing.number == item && tsr_pb_next(&r, &field))
                if (field.number == number) {
                    copy_name(name, sizeof name, &field.bytes);
                    fn(arg, name);
                }
        }
    }
}

typedef struct { char list[4000]; } name_list;

static void collect(void *arg, const char *name)
{
    name_list *l = arg;
    const size_t used = strlen(l->list);
    snprintf(l->list + used, sizeof l->list - used, "\n%s\n", name);
}

typedef struct { onnx_case *c; name_list stored; } input_search;

static void collect_input(void *arg, const char *name)
{
    input_search *s = arg;
    char wanted[90];
    snprintf(wanted, sizeof wanted, "\n%s\n", name);
    if (!strstr(s->stored.list, wanted) && s->c->input_count < CASE_TENSORS)
        snprintf(s->c->input_name[s->c->input_count++], 80, "%s", name);
}

static void collect_operator(void *arg, const char *name)
{
    case_result *r = arg;
    add_operator(r->operators, sizeof r->operators, name);
}

static int read_all(const char *dir, const char *what, onnx_numbers *to)
{
    int count = 0;
    for (; count < CASE_TENSORS; count++) {
        char path[600];
        snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", dir, what, count);
        to[count] = onnx_numbers_read(path);
        if (!to[count].file.bytes)
            return count;
    }
    return count;
}

/* ---- constants ------------------------------------------------------------------------- */

static size_t put_varint(uint8_t *to, size_t x)
{
    size_t n = 0;
    for (; x > 127; x >>= 7)
        to[n++] = (uint8_t)(x & 127) | 128;
    to[n++] = (uint8_t)x;
    return n;
}

/* The model with inputs in `mask` as initialisers.  A message that stands twice
 * in a protobuf is one message with both contents, so they are simply appended,
 * in a graph of their own. */
static golden_file with_constants(const onnx_case *c, unsigned mask)
{
    golden_file f = c->model;
    size_t room = f.size + 64;
    for (int i = 0; i < c->in_count; i++)
        room += c->in[i].file.size + 200;
    f.bytes = malloc(room);
    memcpy(f.bytes, c->model.bytes, f.size);
    for (int i = 0; i < c->in_count; i++) {
        if (!(mask >> i & 1))
            continue;
        uint8_t head[16], name_head[16], graph_head[16];
        const size_t name = strlen(c->input_name[i]), body = c->in[i].file.size;
        name_head[0] = 8 << 3 | 2;
        const size_t name_bytes = 1 + put_varint(name_head + 1, name);
        head[0] = 5 << 3 | 2;
        const size_t head_bytes = 1 + put_varint(head + 1, body + name_bytes + name);
        graph_head[0] = 7 << 3 | 2;
        const size_t graph_bytes = 1 + put_varint(graph_head + 1,
                                                  head_bytes + body + name_bytes + name);
        const struct { const void *bytes; size_t n; } parts[] = {
            { graph_head, graph_bytes }, { head, head_bytes }, { c->in[i].file.bytes, body },
            { name_head, name_bytes }, { c->input_name[i], name },
        };
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            memcpy(f.bytes + f.size, parts[k].bytes, parts[k].n);
            f.size += parts[k].n;
        }
    }
    return f;
}

/* ---- running ------------------------------------------------------------------------------ */

static void feed(tsr_tensor *t, const onnx_numbers *n)
{
    for (size_t i = 0; i < n->count && i < tsr_elements(t); i++)
        switch (t->dtype) {
        case TSR_F32: ((float *)t->data)[i] = (float)n->x[i]; break;
        case TSR_F16: ((uint16_t *)t->data)[i] = tsr_float_to_half((float)n->x[i]); break;
        case TSR_S64: ((int64_t *)t->data)[i] = (int64_t)n->x[i]; break;
        case TSR_S32: ((int32_t *)t->data)[i] = (int32_t)n->x[i]; break;
        case TSR_S16: ((int16_t *)t->data)[i] = (int16_t)n->x[i]; break;
        case TSR_S8: ((int8_t *)t->data)[i] = (int8_t)n->x[i]; break;
        default: ((uint8_t *)t->data)[i] = (uint8_t)n->x[i]; break;
        }
}

static long double element(const tsr_tensor *t, size_t i)
{
    switch (t->dtype) {
    case TSR_F32: return (long double)((const float *)t->data)[i];
    case TSR_F16: return (long double)tsr_half_to_float(((const uint16_t *)t->data)[i]);
    case TSR_S64: return ((const int64_t *)t->data)[i];
    case TSR_S32: return ((const int32_t *)t->data)[i];
    case TSR_S16: return ((const int16_t *)t->data)[i];
    case TSR_S8: return ((const int8_t *)t->data)[i];
    default: return ((const uint8_t *)t->data)[i];
    }
}

/* Our type for one of the data's: double is computed in f32. */
static tsr_dtype expected_type(int64_t elem)
{
    static const tsr_dtype types[17] = {
        [ONNX_FLOAT] = TSR_F32, [ONNX_DOUBLE] = TSR_F32, [ONNX_BFLOAT16] = TSR_F32,
        [ONNX_FLOAT16] = TSR_F16, [ONNX_INT8] = TSR_S8, [ONNX_UINT8] = TSR_U8,
        [ONNX_INT16] = TSR_S16, [ONNX_UINT16] = TSR_S32, [ONNX_INT32] = TSR_S32,
        [ONNX_UINT32] = TSR_S64, [ONNX_INT64] = TSR_S64, [ONNX_UINT64] = TSR_S64,
        [ONNX_BOOL] = TSR_BOOL,
    };
    return types[elem];
}

static bool same_shape(const tsr_tensor *t, const onnx_numbers *want)
{
    bool same = t && t->data && t->rank == want->rank && t->dtype == expected_type(want->elem);
    for (int k = 0; same && k < want->rank; k++)
        same = t->dim[k] == want->dim[k];
    return same;
}

/* Half a unit of the smaller types, a thousandth for halves (their own unit), and
 * for floats what separates two orders of summation: 2e-5 of the greatest value
 * plus 1e-4 of each. */
static void compare(const tsr_tensor *t, const onnx_numbers *want, int index, case_result *r)
{
    if (!same_shape(t, want)) {
        r->outcome = CASE_WRONG;
        snprintf(r->text, sizeof r->text, "output %d has another type or shape (%s, rank %d)",
                 index, t ? tsr_dtype_name(t->dtype) : "none", t ? t->rank : 0);
        return;
    }
    const bool real = t->dtype == TSR_F32 || t->dtype == TSR_F16;
    long double largest = 0;
    for (size_t i = 0; i < want->count; i++)
        if (fabsl(want->x[i]) > largest && !isinf(want->x[i]))
            largest = fabsl(want->x[i]);
    for (size_t i = 0; i < want->count; i++) {
        const long double w = want->x[i], g = element(t, i);
        const long double unit = want->elem == ONNX_FLOAT16 ? 1e-3L : 1e-4L;
        const long double allowed = real ? unit * fabsl(w) + 2e-5L * largest + 1e-7L : 0;
        if (w == g || (isnan(w) && isnan(g)))
            continue;
        const double error = allowed > 0 ? (double)(fabsl(w - g) / allowed) : HUGE_VAL;
        r->worst = error > r->worst ? error : r->worst;
        if (!(error <= 1)) {
            r->outcome = CASE_WRONG;
            snprintf(r->text, sizeof r->text, "output %d, element %zu: %.9Lg instead of %.9Lg",
                     index, i, g, w);
            return;
        }
    }
}

static tsr_status run(const onnx_case *c, unsigned mask, case_result *r)
{
    golden_file file = with_constants(c, mask);
    tsr_error err = { TSR_OK, "" };
    tsr_model *model = NULL;
    tsr_session *session = NULL;
    tsr_status s = tsr_model_load(file.bytes, file.size, NULL, &model, &err);
    void *memory = NULL;
    if (s == TSR_OK) {
        const size_t bytes = tsr_session_bytes(model, NULL);
        memory = malloc(bytes);
        s = tsr_session_open(model, NULL, memory, bytes, &session, &err);
    }
    if (s == TSR_OK) {
        for (int i = 0, slot = 0; i < c->in_count; i++)
            if (!(mask >> i & 1))
                feed(tsr_input(session, slot++), &c->in[i]);
        tsr_run(session);
        r->outcome = CASE_PASSED;
        r->constants = mask != 0;
        for (int i = 0; i < c->out_count && r->outcome == CASE_PASSED; i++)
            compare(tsr_output(session, i), &c->out[i], i, r);
    } else if (r->outcome != CASE_UNKNOWN && r->text[0] == '\0') {
        r->outcome = strstr(err.text, "all that are not") ? CASE_UNKNOWN : CASE_REFUSED;
        snprintf(r->text, sizeof r->text, "%s", err.text);
    }
    free(memory);
    tsr_model_free(model);
    free(file.bytes);
    return s;
}

static void try_masks(const onnx_case *c, case_result *r)
{
    const unsigned all = (1u << c->in_count) - 1;
    const unsigned masks[] = { 0, all & ~1u, all & ~2u, all };
    for (int i = 0; i < 4 && r->outcome != CASE_UNKNOWN; i++) {
        if (i > 0 && (masks[i] == masks[i - 1] || c->in_count == 0))
            continue;
        char first[sizeof r->text];
        memcpy(first, r->text, sizeof first);
        if (run(c, masks[i], r) == TSR_OK) {
            if (r->outcome == CASE_PASSED)
                r->text[0] = '\0';
            return;
        }
        if (i > 0)
            memcpy(r->text, first, sizeof first);
    }
}

case_result onnx_case_run(const char *dir)
{
    case_result r = { .outcome = CASE_UNREADABLE };
    onnx_case c = { 0 };
    char path[600];
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    c.model = golden_read(path);
    if (!c.model.bytes) {
        snprintf(r.text, sizeof r.text, "no model.onnx");
        return r;
    }
    each_name(&c.model, 1, 4, collect_operator, &r);
    input_search search = { .c = &c };
    each_name(&c.model, 5, 8, collect, &search.stored);
    each_name(&c.model, 11, 1, collect_input, &search);
    c.in_count = read_all(dir, "input", c.in);
    c.out_count = read_all(dir, "output", c.out);
    if (!c.out_count || c.in_count != c.input_count || !onnx_numbers_ok(c.in, c.in_count)
        || !onnx_numbers_ok(c.out, c.out_count)) {
        char text[300];
        const int unknown = tsr_model_unsupported(c.model.bytes, c.model.size, text, sizeof text);
        r.outcome = unknown ? CASE_UNKNOWN : CASE_UNREADABLE;
        snprintf(r.text, sizeof r.text, "%s", "its data are sequences, strings or incomplete");
    } else {
        try_masks(&c, &r);
    }
    onnx_numbers_free(c.in, c.in_count);
    onnx_numbers_free(c.out, c.out_count);
    free(c.model.bytes);
    return r;
}

const char *onnx_case_data(void)
{
    const char *place = getenv("TARSIER_ONNX_DATA");
    char **names;
    if (!place)
        place = "/usr/share/libonnx-testdata/data";
    const int n = golden_list(place, &names);
    for (int i = 0; i < n; i++)
        free(names[i]);
    if (n)
        free(names);
    return n ? place : NULL;
}
