/* onnx_export_shape.c - operators that move data, and dense, as ONNX nodes.
 * SPDX-License-Identifier: MIT */
#include "loaders/onnx_export_ops.h"

static const char *emit_reshape(tsr_emitter *e, const char *x, int rank, const int *dim,
                                const char *to)
{
    const char *shape = tsr_onnx_int64s(e, dim, rank);
    tsr_onnx_node o = tsr_onnx_begin(e, "Reshape");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, shape);
    tsr_onnx_out(&o, to);
    tsr_onnx_end(&o);
    return to;
}

tsr_status tsr_onnx_emit_reshape(tsr_emitter *e, const tsr_node *n)
{
    const tsr_tensor *y = tsr_graph_tensor(e->g, n->out[0]);
    const char *x = tsr_onnx_nhwc(e, n->in[0]);
    emit_reshape(e, x, y->rank, y->dim, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_dense(tsr_emitter *e, const tsr_node *n)
{
    const tsr_tensor *x = tsr_onnx_in_tensor(e, n, 0), *w = tsr_onnx_in_tensor(e, n, 1);
    const tsr_tensor *y = tsr_graph_tensor(e->g, n->out[0]);
    const int c = w->dim[1], rows = (int)(tsr_elements(x) / (size_t)c);
    const char *flat = tsr_onnx_nhwc(e, n->in[0]), *f = tsr_onnx_nhwc(e, n->in[1]);
    if (x->rank != 2 || x->dim[1] != c)
        flat = emit_reshape(e, flat, 2, (int[]){ rows, c }, tsr_onnx_name(e, "rows"));
    const char *b = tsr_onnx_in_tensor(e, n, 2) ? tsr_onnx_nhwc(e, n->in[2]) : NULL;
    const char *to = tsr_onnx_new_nhwc(e, n->out[0]);
    const char *product = y->rank == 2 ? to : tsr_onnx_name(e, "dense");
    tsr_onnx_node o = tsr_onnx_begin(e, "Gemm");
    tsr_onnx_in(&o, flat);
    tsr_onnx_in(&o, f);
    if (b)
        tsr_onnx_in(&o, b);
    tsr_onnx_attr_int(&o, "transB", 1);
    tsr_onnx_finish(&o, n, product);
    if (product != to)
        emit_reshape(e, product, y->rank, y->dim, to);
    return TSR_OK;
}

tsr_status tsr_onnx_emit_concat(tsr_emitter *e, const tsr_node *n)
{
    const bool nchw = tsr_onnx_prefer_nchw(e, n);
    const char *names[64];
    if (n->in_count > 64)
        return tsr_onnx_cannot_export(e, n, "more than 64 inputs");
    for (int i = 0; i < n->in_count; i++)
        names[i] = nchw ? tsr_onnx_nchw(e, n->in[i]) : tsr_onnx_nhwc(e, n->in[i]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Concat");
    for (int i = 0; i < n->in_count; i++)
        tsr_onnx_in(&o, names[i]);
    const int axis = n->attr.concat.axis;
    tsr_onnx_attr_int(&o, "axis", nchw ? tsr_onnx_nchw_axis(axis) : axis);
    tsr_onnx_finish(&o, n, tsr_onnx_new(e, n->out[0], nchw));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_pad(tsr_emitter *e, const tsr_node *n)
{
    const tsr_pad_attr *a = &n->attr.pad;
    const int rank = tsr_onnx_in_tensor(e, n, 0)->rank;
    const bool nchw = tsr_onnx_prefer_nchw(e, n);
    int pads[2 * TSR_MAX_RANK] = { 0 };
    for (int i = 0; i < rank; i++) {
        const int at = nchw ? tsr_onnx_nchw_axis(i) : i;
        pads[at] = a->before[i], pads[rank + at] = a->after[i];
    }
    const char *x = nchw ? tsr_onnx_nchw(e, n->in[0]) : tsr_onnx_nhwc(e, n->in[0]);
    const char *p = tsr_onnx_int64s(e, pads, 2 * rank);
    const char *value = tsr_onnx_floats(e, &a->value, 0, NULL);
    tsr_onnx_node o = tsr_onnx_begin(e, "Pad");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, p);
    tsr_onnx_in(&o, value);
    tsr_onnx_finish(&o, n, tsr_onnx_new(e, n->out[0], nchw));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_slice(tsr_emitter *e, const tsr_node *n)
{
    const tsr_slice_attr *a = &n->attr.slice;
    const int rank = tsr_onnx_in_tensor(e, n, 0)->rank;
    int end[TSR_MAX_RANK], axes[TSR_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        const int64_t stop = a->begin[i] + (int64_t)a->size[i] * a->stride[i];
        end[i] = stop < 0 ? INT32_MIN : (int)stop;      /* backwards past the first */
        axes[i] = i;
    }
    const char *names[] = { tsr_onnx_nhwc(e, n->in[0]), tsr_onnx_int64s(e, a->begin, rank),
                            tsr_onnx_int64s(e, end, rank), tsr_onnx_int64s(e, axes, rank),
                            tsr_onnx_int64s(e, a->stride, rank) };
    tsr_onnx_node o = tsr_onnx_begin(e, "Slice");
    for (int i = 0; i < 5; i++)
        tsr_onnx_in(&o, names[i]);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_transpose(tsr_emitter *e, const tsr_node *n)
{
    const char *x = tsr_onnx_nhwc(e, n->in[0]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Transpose");
    tsr_onnx_in(&o, x);
    tsr_onnx_attr_ints(&o, "perm", n->attr.transpose.perm, tsr_onnx_in_tensor(e, n, 0)->rank);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}

tsr_status tsr_onnx_emit_gather(tsr_emitter *e, const tsr_node *n)
{
    const char *x = tsr_onnx_nhwc(e, n->in[0]), *index = tsr_onnx_nhwc(e, n->in[1]);
    tsr_onnx_node o = tsr_onnx_begin(e, "Gather");
    tsr_onnx_in(&o, x);
    tsr_onnx_in(&o, index);
    tsr_onnx_attr_int(&o, "axis", n->attr.gather.axis);
    tsr_onnx_finish(&o, n, tsr_onnx_new_nhwc(e, n->out[0]));
    return TSR_OK;
}
