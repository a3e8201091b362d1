/*
 * onnx_attr.c - what an operator is told: attributes and constant inputs.
 *
 * Attributes are found by looking through the node each time one is asked for;
 * there are never many.  Newer operator sets pass as inputs what older ones had
 * as attributes (axes, pads, sizes): those inputs must be constants, because
 * shapes are fixed when the graph is built.      SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_file.h"

enum { NODE_ATTRIBUTE = 5 };
enum { A_NAME = 1, A_FLOAT = 2, A_INT = 3, A_STRING = 4, A_TENSOR = 5, A_FLOATS = 7, A_INTS = 8 };

/* The AttributeProto of that name; false when there is none. */
static bool find(onx_op *o, const char *name, tsr_reader *attribute)
{
    tsr_reader node = o->node;
    tsr_pb_field field, part;
    while (tsr_pb_next(&node, &field)) {
        if (field.number != NODE_ATTRIBUTE)
            continue;
        tsr_reader r = field.bytes;
        while (tsr_pb_next(&r, &part)) {
            const onx_str this = { (const char *)part.bytes.at, rd_left(&part.bytes) };
            if (part.number == A_NAME && onx_str_is(this, name)) {
                *attribute = field.bytes;
                return true;
            }
        }
        o->f->bad |= r.bad;
    }
    return false;
}

/* The last field `number` of the attribute `name`. */
static bool find_field(onx_op *o, const char *name, uint32_t number, tsr_pb_field *field)
{
    tsr_reader r;
    tsr_pb_field part;
    bool found = false;
    *field = (tsr_pb_field){ 0 };
    if (!find(o, name, &r))
        return false;
    while (tsr_pb_next(&r, &part))
        if (part.number == number)
            *field = part, found = true;
    o->f->bad |= r.bad;
    return found && !o->f->bad;
}

bool onx_has_attr(onx_op *o, const char *name)
{
    tsr_reader r;
    return find(o, name, &r);
}

int64_t onx_attr_int(onx_op *o, const char *name, int64_t otherwise)
{
    tsr_pb_field field;
    return find_field(o, name, A_INT, &field) ? (int64_t)field.value : otherwise;
}

static float float_of(uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float x;
    memcpy(&x, &low, sizeof x);
    return x;
}

float onx_attr_float(onx_op *o, const char *name, float otherwise)
{
    tsr_pb_field field;
    return find_field(o, name, A_FLOAT, &field) ? float_of(field.value) : otherwise;
}

onx_str onx_attr_string(onx_op *o, const char *name, const char *otherwise)
{
    tsr_pb_field field;
    if (!find_field(o, name, A_STRING, &field))
        return (onx_str){ otherwise, strlen(otherwise) };
    return (onx_str){ (const char *)field.bytes.at, rd_left(&field.bytes) };
}

bool onx_attr_tensor(onx_op *o, const char *name, tsr_reader *message)
{
    tsr_pb_field field;
    if (!find_field(o, name, A_TENSOR, &field))
        return false;
    *message = field.bytes;
    return true;
}

/* The bits of every number of a list attribute. */
static int numbers(onx_op *o, const char *name, uint32_t number, size_t size, uint64_t *x,
                   int room)
{
    tsr_reader r;
    tsr_pb_field field;
    int count = 0;
    uint64_t bits;
    if (!find(o, name, &r))
        return ONX_NONE;
    while (tsr_pb_next(&r, &field)) {
        if (field.number != number)
            continue;
        for (; tsr_pb_number(&field, size, &bits); count++)
            if (count < room)
                x[count] = bits;
        o->f->bad |= field.bytes.bad;
    }
    o->f->bad |= r.bad;
    if (count > room)
        onx_fail(o, TSR_UNSUPPORTED, "attribute %s has %d numbers", name, count);
    return count > room || o->f->bad ? ONX_NONE : count;
}

int onx_attr_ints(onx_op *o, const char *name, int64_t *values, int room)
{
    uint64_t bits[ONX_MAX_INTS];
    const int n = numbers(o, name, A_INTS, 0, bits, room < ONX_MAX_INTS ? room : ONX_MAX_INTS);
    for (int i = 0; i < n; i++)
        values[i] = (int64_t)bits[i];
    return n;
}

int onx_attr_floats(onx_op *o, const char *name, float *values, int room)
{
    uint64_t bits[ONX_MAX_INTS];
    const int n = numbers(o, name, A_FLOATS, 4, bits, room < ONX_MAX_INTS ? room : ONX_MAX_INTS);
    for (int i = 0; i < n; i++)
        values[i] = float_of(bits[i]);
    return n;
}

/* ---- constant inputs --------------------------------------------------------- */

static int64_t integer(const tsr_tensor *t, size_t i)
{
    switch (t->dtype) {
    case TSR_S64: return ((const int64_t *)t->data)[i];
    case TSR_S32: return ((const int32_t *)t->data)[i];
    case TSR_S16: return ((const int16_t *)t->data)[i];
    case TSR_S8: return ((const int8_t *)t->data)[i];
    default: return ((const uint8_t *)t->data)[i];
    }
}

int onx_input_ints(onx_op *o, int slot, int64_t *values, int room)
{
    const onx_value *v = onx_input(o, slot);
    if (!v)
        return ONX_NONE;
    if (v->empty)
        return 0;
    const tsr_tensor *t = onx_constant(o, slot);
    const size_t n = t ? tsr_elements(t) : 0;
    if (!t || t->dtype == TSR_F32 || t->dtype == TSR_F16 || n > (size_t)room) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, !t ? "input %d is computed; it must be a constant"
                     : "input %d is no list of integers that fits here", slot);
        return ONX_NONE;
    }
    for (size_t i = 0; i < n; i++)
        values[i] = integer(t, i);
    return (int)n;
}

int onx_ints(onx_op *o, int64_t since, int slot, const char *name, int64_t *values)
{
    if (o->f->opset >= since)
        return onx_input_ints(o, slot, values, ONX_MAX_INTS);
    return onx_attr_ints(o, name, values, ONX_MAX_INTS);
}

float onx_input_float(onx_op *o, int slot, float otherwise)
{
    const onx_value *v = onx_input(o, slot);
    if (!v || v->empty)
        return otherwise;
    const tsr_tensor *t = onx_constant(o, slot);
    if (!t || tsr_elements(t) != 1 || t->dtype == TSR_F16) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, "input %d is not one constant number", slot);
        return otherwise;
    }
    return t->dtype == TSR_F32 ? *(const float *)t->data : (float)integer(t, 0);
}

int onx_int(int64_t x) { return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int)x; }
