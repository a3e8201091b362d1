/*
 * onnx_qlinear.c - operators that come with the scales of their inputs and of
 * their result: ONNX's QLinearConv and QLinearMatMul, and those that ONNX Runtime
 * adds for networks it quantises.
 *
 * Each is an operator between DequantizeLinear and QuantizeLinear written in one:
 * the inputs become dequantised values under names of their own, and the function
 * of the plain operator (Conv for QLinearConv) runs on these, on the 8-bit numbers
 * if it can be done so, else on floats with a QUANTIZE behind.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include "loaders/onnx_quant.h"

/* What the plain operator gets. */
typedef struct {
    onx_op *o;
    onx_str *in;
    int count;
} call;

/* Names that no file can have: they hold a control character. */
static onx_str fresh_name(onx_op *o, int number)
{
    char text[64];
    const int n = snprintf(text, sizeof text, "\1%d.%d", o->index, number);
    return (onx_str){ onx_text_n(o->f, text, (size_t)n), (size_t)n };
}

static call begin(onx_op *o)
{
    const size_t room = (size_t)o->in_count + 1;
    call c = { o, tsr_pool_alloc(o->f->scratch, room * sizeof *c.in, sizeof(void *)), 0 };
    if (!c.in)
        onx_fail(o, TSR_NO_MEMORY, "no memory for its inputs");
    return c;
}

/* Input `slot`, its scale and zero point behind it. */
static bool operand(call *c, int slot, onx_scales *s)
{
    if (!c->in || !onx_q_read(c->o, (int[]){ slot + 1, slot + 2 }, 0, s))
        return false;
    c->in[c->count] = fresh_name(c->o, c->count);
    return onx_q_define(c->o, slot, s, c->in[c->count++]);
}

/* The same for a filter, which may have a scale for each index of `axis`. */
static bool filter(call *c, int slot, int axis, onx_scales *s)
{
    if (!c->in || !onx_q_read(c->o, (int[]){ slot + 1, slot + 2 }, 0, s))
        return false;
    s->axis = axis;
    c->in[c->count] = fresh_name(c->o, c->count);
    return onx_q_define(c->o, slot, s, c->in[c->count++]);
}

/* An s32 bias, whose scale is that of the products. */
static bool bias(call *c, int slot, const onx_scales *x, const onx_scales *w)
{
    if (!onx_has(c->o, slot))
        return true;
    onx_scales b = { .count = w->count, .axis = 0, .dtype = TSR_S32 };
    float *products = onx_room(c->o, (size_t)w->count * sizeof *products);
    for (int i = 0; products && i < w->count; i++)
        products[i] = x->scale[0] * w->scale[i];
    b.scale = products;
    c->in[c->count] = fresh_name(c->o, c->count);
    return products && onx_q_define(c->o, slot, &b, c->in[c->count++]);
}

/* Run `fn`; the result's scale and zero point are inputs `slot` and the next. */
static void finish(call *c, void (*fn)(onx_op *o), int slot)
{
    onx_op *o = c->o, sub = *o, last = *o;
    onx_scales s;
    if (!onx_q_read(o, (int[]){ slot, slot + 1 }, 0, &s))
        return;
    sub.in = c->in;
    sub.in_count = c->count;
    sub.q = (onx_q){ .on = s.count == 1, .dtype = s.dtype, .lo = -TSR_INFINITY,
                     .hi = TSR_INFINITY };
    sub.q.quant = (tsr_quant){ .scale = s.scale[0], .zero_point = onx_q_zero(&s, 0) };
    if (sub.q.on)
        fn(&sub);
    if (!onx_ok(o) || onx_find(o->f, o->out[0]))
        return;
    onx_str real = fresh_name(o, o->in_count);
    sub.q.on = false;
    sub.out = &real;
    fn(&sub);
    onx_str names[3] = { real, o->in[slot],
                         onx_has(o, slot + 1) ? o->in[slot + 1] : (onx_str){ "", 0 } };
    last.in = names;
    last.in_count = 3;
    if (onx_ok(o))
        onx_quantize(&last);
}

static bool whole(call *c, const onx_scales *s)
{
    if (s->count != 1)
        onx_fail(c->o, TSR_UNSUPPORTED, "an input with %d scales", s->count);
    return s->count == 1;
}

/* ---- the operators ------------------------------------------------------------------ */

void onx_qlinear_conv(onx_op *o)
{
    call c = begin(o);
    onx_scales x, w;
    if (operand(&c, 0, &x) && whole(&c, &x) && filter(&c, 3, 0, &w) && bias(&c, 8, &x, &w))
        finish(&c, onx_conv, 6);
}

void onx_qlinear_matmul(onx_op *o)
{
    call c = begin(o);
    onx_scales a, b;
    const int rank = onx_shape_of(o, 3).rank;
    if (operand(&c, 0, &a) && whole(&c, &a) && filter(&c, 3, rank > 0 ? rank - 1 : 0, &b))
        finish(&c, onx_matmul, 6);
}

/* Without a scale for the result it is float. */
void onx_q_gemm(onx_op *o)
{
    call c = begin(o);
    onx_scales a, b;
    const int axis = onx_attr_int(o, "transB", 0) ? 0 : 1;
    if (!operand(&c, 0, &a) || !whole(&c, &a) || !filter(&c, 3, axis, &b) || !bias(&c, 6, &a, &b))
        return;
    if (onx_has(o, 7)) {
        finish(&c, onx_gemm, 7);
        return;
    }
    onx_op sub = *o;
    sub.in = c.in;
    sub.in_count = c.count;
    onx_gemm(&sub);
}

void onx_qlinear_binary(onx_op *o)
{
    call c = begin(o);
    onx_scales s;
    if (operand(&c, 0, &s) && operand(&c, 3, &s))
        finish(&c, onx_binary_op, 6);
}

static void one_input(onx_op *o, void (*fn)(onx_op *o))
{
    call c = begin(o);
    onx_scales s;
    if (onx_attr_int(o, "channels_last", 0))
        onx_fail(o, TSR_UNSUPPORTED, "channels_last");
    if (onx_ok(o) && operand(&c, 0, &s))
        finish(&c, fn, 3);
}

void onx_qlinear_global_pool(onx_op *o) { one_input(o, onx_global_pool); }

void onx_qlinear_pool(onx_op *o) { one_input(o, onx_pool); }

void onx_qlinear_unary(onx_op *o) { one_input(o, onx_unary_op); }

void onx_qlinear_leaky_relu(onx_op *o) { one_input(o, onx_leaky_relu); }

void onx_qlinear_softmax(onx_op *o) { one_input(o, onx_softmax); }

/* The result's scale and zero point come first, then three inputs a tensor. */
void onx_qlinear_concat(onx_op *o)
{
    call c = begin(o);
    onx_scales s;
    bool good = true;
    for (int slot = 2; good && slot + 2 < o->in_count; slot += 3)
        good = operand(&c, slot, &s);
    if (good && c.count > 0)
        finish(&c, onx_concat_op, 0);
}
