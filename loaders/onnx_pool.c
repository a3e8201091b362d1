/*
 * onnx_pool.c - MaxPool and AveragePool.
 *
 * ceil_mode lets the last window hang over: as padding that nobody counts.  An
 * average that counts its padding (count_include_pad) counts the padding the
 * file asks for, not that which ceil_mode added; so the first is put there as
 * zeros of a PAD, and the pool excludes the second.
 * SPDX-License-Identifier: MIT
 */
#include "loaders/onnx_read.h"

/* More padding behind, until a last window that begins inside fits. */
static void hang_over(const int *size, onx_window *w)
{
    for (int i = 0; i < 2; i++) {
        const int64_t span = (int64_t)(w->k[i] - 1) * w->dilation[i] + 1;
        const int64_t room = (int64_t)size[i] + w->before[i] + w->after[i] - span;
        if (room < 0 || room % w->stride[i] == 0)
            continue;
        const int64_t last = (room / w->stride[i] + 1) * w->stride[i];
        if (last < (int64_t)size[i] + w->before[i])
            w->after[i] += (int)(last - room);
    }
}

/* Zeros where the file wants padding, which then is none any more. */
static int pad_with_zeros(onx_op *o, int x, onx_window *w)
{
    tsr_node n = tsr_node_make(TSR_OP_PAD, o->name, &x, 1);
    n.attr.pad = (tsr_pad_attr){ .before = { 0, w->before[0], w->before[1], 0 },
                                 .after = { 0, w->after[0], w->after[1], 0 } };
    for (int i = 0; i < 2; i++)
        w->before[i] = w->after[i] = 0;
    return onx_step(o, &n, TSR_F32);
}

void onx_pool(onx_op *o)
{
    onx_window w;
    const int rank = onx_shape_of(o, 0).rank;
    int x = onx_picture(o, 0);
    if (x < 0 || !onx_read_window(o, rank - 2, NULL, onx_t(o, x)->dim + 1, &w))
        return;
    if (onx_is_used(o, 1)) {
        onx_fail(o, TSR_UNSUPPORTED, "the indices of the maxima are asked for");
        return;
    }
    const bool average = o->reader->kind == TSR_OP_AVERAGE_POOL2D;
    const bool padded = w.before[0] || w.before[1] || w.after[0] || w.after[1];
    if (average && padded && onx_attr_int(o, "count_include_pad", 0))
        x = pad_with_zeros(o, x, &w);
    if (x >= 0 && onx_attr_int(o, "ceil_mode", 0))
        hang_over(onx_t(o, x)->dim + 1, &w);
    tsr_node n = tsr_node_make(o->reader->kind, o->name, &x, 1);
    n.attr.pool2d = (tsr_pool2d_attr){
        .kh = w.k[0], .kw = w.k[1], .stride_y = w.stride[0], .stride_x = w.stride[1],
        .dilation_y = w.dilation[0], .dilation_x = w.dilation[1], .pad_top = w.before[0],
        .pad_left = w.before[1], .pad_bottom = w.after[0], .pad_right = w.after[1],
    };
    const tsr_dtype d = x < 0 ? TSR_F32 : onx_t(o, x)->dtype;
    if (d == TSR_F32 || o->q.on || (x >= 0 && onx_t(o, x)->quant.scale > 0)) {
        onx_set_picture(o, onx_step(o, &n, d), rank);
        return;
    }
    const tsr_node wide = tsr_node_make(TSR_OP_CAST, o->name, &x, 1);
    x = onx_step(o, &wide, TSR_F32);    /* exact, and whole numbers again behind */
    x = onx_step(o, &n, TSR_F32);
    onx_set_picture(o, onx_step(o, &wide, d), rank);
}
