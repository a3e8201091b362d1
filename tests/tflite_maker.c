/*
 * tflite_maker.c - see tflite_maker.h.
 *
 * Written front to back: a table is laid down with empty slots for what it
 * points to, and each slot is filled when its target has found its place.
 * Offsets in the format only point forward, so this order is always legal.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "tests/tflite_maker.h"

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} out;

static void put(out *o, const void *bytes, size_t n)
{
    if (o->size + n > o->room) {
        o->room = 2 * (o->size + n);
        o->bytes = realloc(o->bytes, o->room);
        if (!o->bytes)
            abort();
    }
    if (bytes && n)
        memcpy(o->bytes + o->size, bytes, n);
    else
        memset(o->bytes + o->size, 0, n);
    o->size += n;
}

static void put_number(out *o, uint64_t x, int bytes)
{
    uint8_t b[8];
    for (int i = 0; i < bytes; i++)
        b[i] = (uint8_t)(x >> 8 * i);
    put(o, b, (size_t)bytes);
}

/* Zeros until size + ahead is a multiple of `align`. */
static void pad(out *o, size_t align, size_t ahead)
{
    while ((o->size + ahead) % align)
        put(o, NULL, 1);
}

static void patch(out *o, size_t at, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++)
        o->bytes[at + (size_t)i] = (uint8_t)(x >> 8 * i);
}

/* The offset stored at `slot` leads to the present end of the file. */
static void link_here(out *o, size_t slot) { patch(o, slot, o->size - slot, 4); }

/* A table with these fields; where[i] receives the place of field i's value. */
static size_t put_table(out *o, const mk_field *fields, int count, size_t *where)
{
    unsigned slots = 0, offset = 4, at[2 * MK_MAX_FIELDS];
    for (int i = 0; i < count; i++) {
        const unsigned width = (unsigned)fields[i].bytes;
        offset = (offset + width - 1) / width * width;
        at[i] = offset;
        offset += width;
        if ((unsigned)fields[i].field >= slots)
            slots = (unsigned)fields[i].field + 1;
    }
    const size_t vtable_bytes = 4 + 2 * slots;
    pad(o, 8, vtable_bytes);
    const size_t vtable = o->size;
    put_number(o, vtable_bytes, 2);
    put_number(o, offset, 2);
    put(o, NULL, 2 * slots);
    const size_t table = o->size;
    put_number(o, table - vtable, 4);
    put(o, NULL, offset - 4);
    for (int i = 0; i < count; i++) {
        patch(o, vtable + 4 + 2 * (size_t)fields[i].field, at[i], 2);
        patch(o, table + at[i], fields[i].value, fields[i].bytes);
        if (where)
            where[i] = table + at[i];
    }
    return table;
}

/* Like put_table, with `slot` as the offset that leads to it. */
static void table_at(out *o, size_t slot, const mk_field *fields, int count, size_t *where)
{
    const size_t table = put_table(o, fields, count, where);
    patch(o, slot, table - slot, 4);
}

static void vector_at(out *o, size_t slot, const void *items, size_t count, size_t item_bytes,
                      size_t align)
{
    pad(o, align < 4 ? 4 : align, 4);
    link_here(o, slot);
    put_number(o, count, 4);
    put(o, items, count * item_bytes);
}

static void string_at(out *o, size_t slot, const char *s)
{
    vector_at(o, slot, s, strlen(s), 1, 4);
    put(o, NULL, 1);
}

/* A vector of `count` offsets still to be filled; returns the first one's place. */
static size_t offsets_at(out *o, size_t slot, int count)
{
    vector_at(o, slot, NULL, (size_t)count, 4, 4);
    return o->size - 4 * (size_t)count;
}

/* The entries first .. first + more - 1 of the vector at `list` lead where the
 * entry before them leads. */
static void repeat_last(out *o, size_t list, int first, int more)
{
    for (int i = first; i < first + more && first > 0; i++) {
        const size_t last = list + 4 * (size_t)(first - 1), at = list + 4 * (size_t)i;
        uint32_t offset;
        memcpy(&offset, o->bytes + last, sizeof offset);
        patch(o, at, last + offset - at, 4);
    }
}

/* ---- the parts of a model ---------------------------------------------------- */

static void put_code(out *o, size_t slot, const mk_model *m, const mk_op *op)
{
    const mk_field fields[] = {
        { 0, 1, (uint64_t)(op->code > 127 ? 127 : op->code) }, { 3, 4, (uint64_t)op->code },
        { 1, 4, 0 },
    };
    size_t where[3];
    if (m->narrow_codes) {
        table_at(o, slot, fields, 1, where);
    } else {
        table_at(o, slot, fields, op->custom ? 3 : 2, where);
        if (op->custom)
            string_at(o, where[2], op->custom);
    }
}

static void put_numbers(out *o, size_t slot, const int *values, int count, int bytes)
{
    size_t where[1];
    table_at(o, slot, (mk_field[]){ { 0, 4, 0 } }, 1, where);
    pad(o, 4, 4);
    link_here(o, where[0]);
    put_number(o, (uint64_t)count, 4);
    for (int i = 0; i < count; i++)
        put_number(o, (uint64_t)values[i], bytes);
}

static void put_sparsity(out *o, size_t slot, const mk_sparsity *s)
{
    size_t where[3], levels;
    table_at(o, slot, (mk_field[]){ { 0, 4, 0 }, { 2, 4, 0 }, { 1, 4, 0 } },
             s->block_count ? 3 : 2, where);
    vector_at(o, where[0], s->order, (size_t)s->level_count, 4, 4);
    if (s->block_count)
        vector_at(o, where[2], s->block_map, (size_t)s->block_count, 4, 4);
    levels = offsets_at(o, where[1], s->level_count);
    for (int i = 0; i < s->level_count; i++) {
        const mk_level *l = &s->levels[i];
        const uint64_t type = l->index_bytes == 1 ? 3 : l->index_bytes == 2 ? 2 : 1;
        const mk_field fields[] = {
            { 0, 1, l->csr }, { 1, 4, (uint64_t)l->dense_size },
            { 2, 1, type }, { 3, 4, 0 }, { 4, 1, type }, { 5, 4, 0 },
        };
        size_t w[6];
        table_at(o, levels + 4 * (size_t)i, fields, l->csr ? 6 : 2, w);
        if (l->csr) {
            put_numbers(o, w[3], l->segments, l->segment_count, l->index_bytes);
            put_numbers(o, w[5], l->indices, l->index_count, l->index_bytes);
        }
    }
}

static void put_quant(out *o, size_t slot, const mk_tensor *t)
{
    const int64_t zeros[64] = { 0 };
    size_t where[3];
    table_at(o, slot, (mk_field[]){ { 2, 4, 0 }, { 3, 4, 0 }, { 6, 4, (uint64_t)t->axis } }, 3,
             where);
    const size_t count = t->scales ? (size_t)t->dim[t->axis] : 1;
    vector_at(o, where[0], t->scales ? t->scales : &t->scale, count, 4, 4);
    vector_at(o, where[1], t->scales ? zeros : &t->zero_point, t->scales ? count : 1, 8, 8);
}

static void put_tensor(out *o, size_t slot, const mk_tensor *t, int buffer)
{
    mk_field fields[8] = {
        { 0, 4, 0 }, { 1, 1, (uint64_t)t->type }, { 2, 4, (uint64_t)buffer }, { 3, 4, 0 },
    };
    int count = 4, quant = 0, sparsity = 0, signature = 0;
    size_t where[8];
    if (t->scale > 0 || t->scales)
        fields[quant = count++] = (mk_field){ 4, 4, 0 };
    if (t->variable)
        fields[count++] = (mk_field){ 5, 1, 1 };
    if (t->sparsity)
        fields[sparsity = count++] = (mk_field){ 6, 4, 0 };
    if (t->signature)
        fields[signature = count++] = (mk_field){ 7, 4, 0 };
    table_at(o, slot, fields, count, where);
    vector_at(o, where[0], t->dim, (size_t)t->rank, 4, 4);
    string_at(o, where[3], t->name);
    if (quant)
        put_quant(o, where[quant], t);
    if (sparsity)
        put_sparsity(o, where[sparsity], t->sparsity);
    if (signature)
        vector_at(o, where[signature], t->signature, (size_t)t->rank, 4, 4);
}

static void put_op(out *o, size_t slot, const mk_op *op, int code_index)
{
    mk_field fields[6] = {
        { 0, 4, (uint64_t)code_index }, { 1, 4, 0 }, { 2, 4, 0 },
    };
    int count = 3, options = 0, custom = 0;
    size_t where[6], option_where[MK_MAX_FIELDS + 1];
    if (op->options_type) {
        fields[count++] = (mk_field){ 3, 1, (uint64_t)op->options_type };
        fields[options = count++] = (mk_field){ 4, 4, 0 };
    }
    if (op->custom_options)
        fields[custom = count++] = (mk_field){ 5, 4, 0 };
    table_at(o, slot, fields, count, where);
    vector_at(o, where[1], op->in, (size_t)op->in_count, 4, 4);
    vector_at(o, where[2], op->out, (size_t)op->out_count, 4, 4);
    if (custom)
        vector_at(o, where[custom], op->custom_options, op->custom_bytes, 1, 16);
    if (options && op->vector) {
        table_at(o, where[options], (mk_field[]){ { 0, 4, 0 } }, 1, option_where);
        vector_at(o, option_where[0], op->vector, (size_t)op->vector_count, 4, 4);
    } else if (options) {
        table_at(o, where[options], op->options, op->option_count, option_where);
    }
}

static void put_subgraph(out *o, size_t slot, const mk_model *m)
{
    size_t where[4], list;
    table_at(o, slot, (mk_field[]){ { 0, 4, 0 }, { 1, 4, 0 }, { 2, 4, 0 }, { 3, 4, 0 } }, 4,
             where);
    vector_at(o, where[1], m->inputs, (size_t)m->input_count, 4, 4);
    vector_at(o, where[2], m->outputs, (size_t)m->output_count, 4, 4);
    list = offsets_at(o, where[0], m->tensor_count);
    for (int i = 0, buffer = 0; i < m->tensor_count; i++)
        put_tensor(o, list + 4 * (size_t)i, &m->tensors[i], m->tensors[i].data ? ++buffer : 0);
    list = offsets_at(o, where[3], m->op_count + m->more_operators);
    for (int i = 0; i < m->op_count; i++)
        put_op(o, list + 4 * (size_t)i, &m->ops[i], i);
    repeat_last(o, list, m->op_count, m->more_operators);
}

/* Buffer 0 is empty by convention; each constant has its own. */
static void put_buffers(out *o, size_t slot, const mk_model *m, size_t *behind)
{
    int count = 1;
    for (int i = 0; i < m->tensor_count; i++)
        count += m->tensors[i].data != NULL;
    const size_t list = offsets_at(o, slot, count);
    table_at(o, list, NULL, 0, NULL);
    for (int i = 0, k = 1; i < m->tensor_count; i++) {
        const mk_tensor *t = &m->tensors[i];
        size_t where[2];
        if (!t->data)
            continue;
        if (m->data_behind) {
            table_at(o, list + 4 * (size_t)k, (mk_field[]){ { 1, 8, 0 }, { 2, 8, 0 } }, 2, where);
            behind[i] = where[0];
            patch(o, where[1], t->data_bytes, 8);
        } else {
            table_at(o, list + 4 * (size_t)k, (mk_field[]){ { 0, 4, 0 } }, 1, where);
            vector_at(o, where[0], t->data, t->data_bytes, 1, 16);
        }
        k++;
    }
}

uint8_t *mk_write(const mk_model *m, size_t *size)
{
    out o = { 0 };
    size_t where[4], list, behind[MK_MAX_TENSORS];
    const int graphs = m->subgraph_count ? m->subgraph_count : 1;
    put(&o, "\0\0\0\0TFL3", 8);
    table_at(&o, 0, (mk_field[]){ { 0, 4, 3 }, { 1, 4, 0 }, { 2, 4, 0 }, { 4, 4, 0 } }, 4, where);
    list = offsets_at(&o, where[1], m->op_count + m->more_codes);
    for (int i = 0; i < m->op_count; i++)
        put_code(&o, list + 4 * (size_t)i, m, &m->ops[i]);
    repeat_last(&o, list, m->op_count, m->more_codes);
    list = offsets_at(&o, where[2], graphs);
    for (int i = 0; i < graphs; i++)
        put_subgraph(&o, list + 4 * (size_t)i, m);
    put_buffers(&o, where[3], m, behind);
    for (int i = 0; m->data_behind && i < m->tensor_count; i++) {
        if (!m->tensors[i].data)
            continue;
        pad(&o, 16, 0);
        patch(&o, behind[i], o.size, 8);
        put(&o, m->tensors[i].data, m->tensors[i].data_bytes);
    }
    uint8_t *exact = malloc(o.size);
    if (!exact)
        abort();
    memcpy(exact, o.bytes, o.size);
    free(o.bytes);
    *size = o.size;
    return exact;
}

/* ---- describing a model ------------------------------------------------------- */

int mk_value(mk_model *m, const char *name, int type, int rank, const int *dim)
{
    if (m->tensor_count == MK_MAX_TENSORS)
        abort();
    mk_tensor *t = &m->tensors[m->tensor_count];
    *t = (mk_tensor){ .name = name, .type = type, .rank = rank };
    for (int i = 0; i < rank; i++)
        t->dim[i] = dim[i];
    return m->tensor_count++;
}

int mk_input(mk_model *m, const char *name, int type, int rank, const int *dim)
{
    return m->inputs[m->input_count++] = mk_value(m, name, type, rank, dim);
}

int mk_constant(mk_model *m, const char *name, int type, int rank, const int *dim,
                const void *data)
{
    static const size_t width[] = { 4, 2, 4, 1, 8, 1, 1, 2, 8, 1 };
    const int t = mk_value(m, name, type, rank, dim);
    size_t bytes = width[type];
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)dim[i];
    m->tensors[t].data = data;
    m->tensors[t].data_bytes = bytes;
    return t;
}

int mk_ints(mk_model *m, const int *values, int count)
{
    return mk_constant(m, "ints", MK_S32, 1, &count, values);
}

int mk_quantise(mk_model *m, int t, float scale, int zero_point)
{
    m->tensors[t].scale = scale;
    m->tensors[t].zero_point = zero_point;
    return t;
}

mk_op *mk_operator(mk_model *m, int code, int in0, int in1, int in2, int out_index)
{
    const int in[] = { in0, in1, in2 };
    if (m->op_count == MK_MAX_OPS)
        abort();
    mk_op *op = &m->ops[m->op_count++];
    *op = (mk_op){ .code = code, .out = { out_index }, .out_count = 1 };
    for (int i = 0; i < 3 && in[i] != -1; i++)
        op->in[op->in_count++] = in[i] == MK_ABSENT ? -1 : in[i];
    return op;
}

void mk_option(mk_op *op, int options_type, int field, int bytes, int64_t value)
{
    op->options_type = options_type;
    op->options[op->option_count++] = (mk_field){ field, bytes, (uint64_t)value };
}

void mk_option_float(mk_op *op, int options_type, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    mk_option(op, options_type, field, 4, bits);
}

void mk_output(mk_model *m, int tensor) { m->outputs[m->output_count++] = tensor; }
