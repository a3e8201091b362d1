/*
 * onnx_logic.c - operators that exporters use to compute shapes: on constants only.
 *
 * Comparisons, truth values, remainders and the like have no counterpart among
 * our operations; in networks for images they decide, from the input's shape,
 * what a Reshape or a Slice gets.  That is known when the graph is built, so
 * they are evaluated here, numbers being int64, or double if one is f32.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_read.h"

typedef struct { bool real; double d; int64_t i; } number;

static number get(const tsr_tensor *t, size_t at)
{
    number n = { false, 0, 0 };
    switch (t->dtype) {
    case TSR_F32: n = (number){ true, (double)((const float *)t->data)[at], 0 }; break;
    case TSR_S64: n.i = ((const int64_t *)t->data)[at]; break;
    case TSR_S32: n.i = ((const int32_t *)t->data)[at]; break;
    case TSR_S16: n.i = ((const int16_t *)t->data)[at]; break;
    case TSR_S8: n.i = ((const int8_t *)t->data)[at]; break;
    default: n.i = ((const uint8_t *)t->data)[at]; break;
    }
    if (!n.real)
        n.d = (double)n.i;
    return n;
}

static void put(const tsr_tensor *t, size_t at, number n)
{
    switch (t->dtype) {
    case TSR_F32: ((float *)t->data)[at] = (float)n.d; break;
    case TSR_S64: ((int64_t *)t->data)[at] = n.i; break;
    case TSR_S32: ((uint32_t *)t->data)[at] = (uint32_t)n.i; break;
    case TSR_S16: ((uint16_t *)t->data)[at] = (uint16_t)n.i; break;
    default: ((uint8_t *)t->data)[at] = (uint8_t)n.i; break;
    }
}

/* The operands of an operator that works on constants alone. */
typedef struct { const tsr_tensor *in[3]; tsr_tensor out; } constants;

/* Result shape by broadcasting; memory for it.  false after a failure. */
static bool gather_constants(onx_op *o, int count, tsr_dtype dtype, constants *c)
{
    c->out = (tsr_tensor){ .name = o->name, .dtype = dtype };
    for (int i = 0; i < TSR_MAX_RANK; i++)
        c->out.dim[i] = 1;
    for (int i = 0; i < count; i++) {
        const tsr_tensor *t = c->in[i] = onx_constant(o, i);
        if (!t || t->dtype == TSR_F16) {
            if (onx_ok(o))
                onx_fail(o, TSR_UNSUPPORTED, "works on constants only; input %d is computed", i);
            return false;
        }
        c->out.rank = t->rank > c->out.rank ? t->rank : c->out.rank;
        if (!onx_charge(o, tsr_bytes(t)))
            return false;
    }
    for (int k = 1; k <= c->out.rank; k++)
        for (int i = 0; i < count; i++) {
            int *to = &c->out.dim[c->out.rank - k];
            const int d = k <= c->in[i]->rank ? c->in[i]->dim[c->in[i]->rank - k] : 1;
            if (*to != 1 && d != 1 && *to != d) {
                onx_fail(o, TSR_BAD_FILE, "shapes that do not fit");
                return false;
            }
            *to = *to == 1 ? d : *to;
        }
    size_t n = tsr_dtype_bytes(dtype);
    for (int k = 0; k < c->out.rank; k++)
        n = n > SIZE_MAX / 2 / (size_t)c->out.dim[k] ? SIZE_MAX / 2 : n * (size_t)c->out.dim[k];
    c->out.data = onx_room(o, n);
    return c->out.data != NULL;
}

/* Element of operand t that lines up with element `at` of the result. */
static number operand(const constants *c, int i, size_t at)
{
    const tsr_tensor *t = c->in[i];
    size_t index = 0, weight = 1;
    for (int k = 1; k <= t->rank; k++) {
        const size_t d = (size_t)t->dim[t->rank - k], span = (size_t)c->out.dim[c->out.rank - k];
        index += d == 1 ? 0 : at % span * weight;
        weight *= d;
        at /= span;
    }
    return get(t, index);
}

static bool less(number a, number b) { return a.real || b.real ? a.d < b.d : a.i < b.i; }

static bool truth(const char *type, number a, number b)
{
    if (!strcmp(type, "Equal")) return !less(a, b) && !less(b, a) && !isnan(a.d) && !isnan(b.d);
    if (!strcmp(type, "Less")) return less(a, b);
    if (!strcmp(type, "Greater")) return less(b, a);
    if (!strcmp(type, "LessOrEqual")) return !less(b, a) && !isnan(a.d) && !isnan(b.d);
    if (!strcmp(type, "GreaterOrEqual")) return !less(a, b) && !isnan(a.d) && !isnan(b.d);
    if (!strcmp(type, "And")) return a.i && b.i;
    if (!strcmp(type, "Or")) return a.i || b.i;
    if (!strcmp(type, "Xor")) return !a.i != !b.i;
    return !a.i;                        /* Not */
}

static void set_constant(onx_op *o, const tsr_tensor *t)
{
    if (onx_ok(o))
        onx_set(o, 0, tsr_graph_constant(o->f->g, t), ONX_PLAIN);
}

void onx_logic(onx_op *o)
{
    constants c;
    const int count = strcmp(o->type, "Not") == 0 ? 1 : 2;
    if (!gather_constants(o, count, TSR_BOOL, &c))
        return;
    for (size_t i = 0; i < tsr_elements(&c.out); i++) {
        const number a = operand(&c, 0, i), b = count > 1 ? operand(&c, 1, i) : a;
        ((uint8_t *)c.out.data)[i] = truth(o->type, a, b);
    }
    set_constant(o, &c.out);
}

void onx_where(onx_op *o)
{
    constants c;
    const tsr_dtype d = onx_dtype_of(o, 1);
    if (!gather_constants(o, 3, d, &c))
        return;
    if (c.in[2]->dtype != d) {
        onx_fail(o, TSR_BAD_FILE, "chooses between %s and %s", tsr_dtype_name(d),
                 tsr_dtype_name(c.in[2]->dtype));
        return;
    }
    for (size_t i = 0; i < tsr_elements(&c.out); i++)
        put(&c.out, i, operand(&c, operand(&c, 0, i).i ? 1 : 2, i));
    set_constant(o, &c.out);
}

/* The sign follows the divisor, with fmod the dividend; by 0 gives 0. */
void onx_mod(onx_op *o)
{
    constants c;
    const bool like_c = onx_attr_int(o, "fmod", 0) != 0;
    if (!gather_constants(o, 2, onx_dtype_of(o, 0), &c))
        return;
    for (size_t i = 0; i < tsr_elements(&c.out); i++) {
        const number a = operand(&c, 0, i), b = operand(&c, 1, i);
        number r = { a.real, b.d < 0 || b.d > 0 ? fmod(a.d, b.d) : 0, 0 };
        if (!a.real && b.i != 0 && b.i != -1) {
            r.i = a.i % b.i;
            r.i += !like_c && r.i != 0 && (r.i < 0) != (b.i < 0) ? b.i : 0;
        }
        put(&c.out, i, r);
    }
    set_constant(o, &c.out);
}

static int64_t multiply(int64_t a, int64_t b)
{
    const uint64_t p = (uint64_t)a * (uint64_t)b;       /* wraps where it must */
    int64_t s;
    memcpy(&s, &p, sizeof s);
    return s;
}

/* Over all axes: the number of elements that a shape describes. */
void onx_reduce_prod(onx_op *o)
{
    constants c;
    if (!gather_constants(o, 1, onx_dtype_of(o, 0), &c))
        return;
    const onx_shape s = onx_shape_of(o, 0);
    int64_t axes[ONX_MAX_INTS];
    const int n = onx_ints(o, 18, 1, "axes", axes);
    if (n > 0 && n < s.rank) {
        onx_fail(o, TSR_UNSUPPORTED, "over some of its axes");
        return;
    }
    number p = { c.in[0]->dtype == TSR_F32, 1, 1 };
    for (size_t i = 0; i < tsr_elements(c.in[0]); i++) {
        const number x = get(c.in[0], i);
        p.d *= x.d;
        p.i = multiply(p.i, x.i);
    }
    c.out.rank = onx_attr_int(o, "keepdims", 1) ? s.rank : 0;
    for (int k = 0; k < c.out.rank; k++)
        c.out.dim[k] = 1;
    put(&c.out, 0, p);
    set_constant(o, &c.out);
}

/* Coordinates of the elements that are not 0: [rank, how many]. */
void onx_non_zero(onx_op *o)
{
    constants c;
    if (!gather_constants(o, 1, TSR_BOOL, &c))
        return;
    size_t count = 0, at = 0;
    const size_t n = tsr_elements(&c.out);
    for (size_t i = 0; i < n; i++)
        count += get(c.in[0], i).d < 0 || get(c.in[0], i).d > 0;
    const int rank = c.out.rank, dim[2] = { rank, (int)count };
    if (count == 0 || rank == 0) {
        onx_set_empty(o, 0, (onx_shape){ 2, { rank, 0 } });
        return;
    }
    tsr_tensor t = { .name = o->name, .dtype = TSR_S64, .rank = 2, .dim = { dim[0], dim[1] } };
    int64_t *to = t.data = onx_room(o, (size_t)rank * count * sizeof *to);
    for (size_t i = 0; to && i < n; i++) {
        if (!(get(c.in[0], i).d < 0) && !(get(c.in[0], i).d > 0))
            continue;
        size_t left = i;
        for (int k = rank - 1; k >= 0; k--) {
            to[(size_t)k * count + at] = (int64_t)(left % (size_t)c.out.dim[k]);
            left /= (size_t)c.out.dim[k];
        }
        at++;
    }
    if (to)
        set_constant(o, &t);
}
