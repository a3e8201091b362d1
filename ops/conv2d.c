/*
 * conv2d.c - y[oy,ox,co] = clamp(bias[co] + residual[oy,ox,co] + sum over ky,kx,ci of
 *            x[oy*sy - top + ky*dy, ox*sx - left + kx*dx, ci] * filter[co,ky,kx,ci])
 *
 * A 1x1 convolution's residual may be one pixel, added to every pixel.  With groups, output
 * channel co sees only the c/groups input channels of its own group.  This file settles
 * geometry for every data type; conv2d.h says who computes.
 * SPDX-License-Identifier: MIT
 */
#include "engine/graph.h"
#include "ops/conv2d.h"
#include "ops/ops.h"
#include "ops/q8.h"
#include "ops/window_infer.h"

/* Keep all coordinates far from overflow: sums of three such numbers fit an int. */
enum { LARGEST = 1 << 28, MOST = 1 << 24 };

static tsr_status check_attr(const tsr_node *n, tsr_error *err)
{
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const int step[] = { a->stride_y, a->stride_x, a->dilation_y, a->dilation_x };
    const int pad[] = { a->pad_top, a->pad_left, a->pad_bottom, a->pad_right };
    for (int i = 0; i < 4; i++)
        if (step[i] < 1 || step[i] > MOST)
            return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': stride %dx%d, dilation %dx%d",
                            n->name, a->stride_y, a->stride_x, a->dilation_y, a->dilation_x);
    for (int i = 0; i < 4; i++)
        if (pad[i] < 0 || pad[i] > MOST)
            return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': padding %d", n->name, pad[i]);
    return TSR_OK;
}

static tsr_status check_channels(const tsr_node *n, const tsr_tensor *const *in, tsr_error *err)
{
    const int groups = n->attr.conv2d.groups, c = in[0]->dim[3];
    const int oc = in[1]->dim[0], per_group = in[1]->dim[3];
    if (groups < 1 || c % groups || oc % groups)
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': %d groups of %d input and %d "
                       "output channels",
                        n->name, groups, c, oc);
    if (per_group != c / groups)
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': filter wants %d channels, input has %d",
                        n->name, per_group, c / groups);
    if (n->in_count > 2 && in[2] && (in[2]->rank > 1 || tsr_elements(in[2]) != (size_t)oc))
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': %zu biases for %d output channels",
                        n->name, tsr_elements(in[2]), oc);
    return TSR_OK;
}

static tsr_status check_f32(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out,
                            tsr_error *err)
{
    for (int i = 1; i < n->in_count; i++)
        if (in[i] && in[i]->dtype != TSR_F32)
            return tsr_fail(err, TSR_UNSUPPORTED, "conv2d '%s': f32 input with %s '%s'", n->name,
                            tsr_dtype_name(in[i]->dtype), in[i]->name);
    if (out->dtype != TSR_F32)
        return tsr_fail(err, TSR_UNSUPPORTED, "conv2d '%s': f32 input, %s output", n->name,
                        tsr_dtype_name(out->dtype));
    return TSR_OK;
}

static tsr_status check_dtype(const tsr_node *n, const tsr_tensor *const *in,
                              const tsr_tensor *out, tsr_error *err)
{
    for (int i = 1; i < 3 && i < n->in_count; i++)
        if (in[i] && !in[i]->data)
            return tsr_fail(err, TSR_UNSUPPORTED, "conv2d '%s': '%s' must be a constant", n->name,
                            in[i]->name);
    switch (in[0]->dtype) {
    case TSR_F32: return check_f32(n, in, out, err);
    case TSR_U8: case TSR_S8: return tsr_q8_check_weights("conv2d", n, in, out, 0, err);
    default:
        return tsr_fail(err, TSR_UNSUPPORTED, "conv2d '%s': %s input", n->name,
                        tsr_dtype_name(in[0]->dtype));
    }
}

static bool same_shape(const tsr_tensor *a, const tsr_tensor *b)
{
    bool same = a->rank == b->rank;
    for (int i = 0; i < a->rank; i++)
        same = same && a->dim[i] == b->dim[i];
    return same;
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    if (in[0]->rank != 4 || in[1]->rank != 4)
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': input has %d dimensions, filter %d, not 4",
                        n->name, in[0]->rank, in[1]->rank);
    TSR_TRY(check_attr(n, err));
    TSR_TRY(check_channels(n, in, err));
    const int *x = in[0]->dim, *k = in[1]->dim;
    if (x[1] > LARGEST || x[2] > LARGEST)
        return tsr_fail(err, TSR_UNSUPPORTED, "conv2d '%s': an image of %dx%d pixels", n->name,
                        x[1], x[2]);
    const int oh = tsr_window_count(x[1], a->pad_top, a->pad_bottom, k[1], a->stride_y,
                                    a->dilation_y);
    const int ow = tsr_window_count(x[2], a->pad_left, a->pad_right, k[2], a->stride_x,
                                    a->dilation_x);
    if (oh < 1 || ow < 1)
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': a %dx%d filter does not fit a %dx%d image",
                        n->name, k[1], k[2], x[1], x[2]);
    out->rank = 4;
    out->dim[0] = x[0], out->dim[1] = oh, out->dim[2] = ow, out->dim[3] = k[0];
    if (n->in_count > 3 && in[3] && !same_shape(in[3], out)
        && !(k[1] == 1 && k[2] == 1 && tsr_conv2d_repeats(in[3], out)))
        return tsr_fail(err, TSR_BAD_FILE, "conv2d '%s': residual '%s' is not shaped like "
                       "the output",
                        n->name, in[3]->name);
    return check_dtype(n, in, out, err);
}

tsr_conv2d_shape tsr_conv2d_shape_of(const tsr_step *s)
{
    const int *x = s->in[0]->dim, *k = s->in[1]->dim, *y = s->out[0]->dim;
    return (tsr_conv2d_shape){
        .n = x[0], .h = x[1], .w = x[2], .c = x[3], .oh = y[1], .ow = y[2], .oc = y[3],
        .kh = k[1], .kw = k[2], .attr = s->node->attr.conv2d,
    };
}

/* The filter is as large as the image: the output is one pixel. */
static bool sees_all(const tsr_conv2d_shape *s)
{
    const tsr_conv2d_attr *a = &s->attr;
    return s->n == 1 && a->groups == 1 && s->kh == s->h && s->kw == s->w
        && !a->pad_top && !a->pad_left && !a->pad_bottom && !a->pad_right;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;                  /* infer has asked everything */
    const tsr_conv2d_shape shape = tsr_conv2d_shape_of(s);
    if (tsr_is_q8(s->in[0]->dtype))
        return tsr_conv2d_prepare_q8(s, ctx, &shape);
    if (s->in[0]->dtype == TSR_F16)
        return tsr_conv2d_prepare_f16(s, ctx, &shape);
    if (sees_all(&shape))
        return tsr_dense_prepare_row_f32(s, ctx);
    if (tsr_conv2d_winograd_fits(&shape))
        return tsr_conv2d_prepare_winograd(s, ctx, &shape);
    return tsr_conv2d_prepare_f32(s, ctx, &shape);
}

/* By rows works what prepare gives to our gemm.  Winograd's tiles are 4 rows high, and
 * OpenBLAS wants more pixels at a time than a row has. */
static bool needs(const tsr_step *s, tsr_row_range out, tsr_row_range *in)
{
    const tsr_conv2d_shape shape = tsr_conv2d_shape_of(s);
    *in = tsr_window_needs(s, out);
    const tsr_dtype type = s->in[0]->dtype;
    return shape.n == 1 && (tsr_is_q8(type)
                            || (type == TSR_F32 && !sees_all(&shape)
                                && !tsr_conv2d_winograd_fits(&shape)
                                && !tsr_conv2d_blas_fits(&shape)));
}

static uint64_t macs(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out)
{
    (void)n;
    return (uint64_t)tsr_elements(out) * (uint64_t)(tsr_elements(in[1]) / (size_t)in[1]->dim[0]);
}

/* Our kernels read an element of the residual just before they write the result there;
 * OpenBLAS writes without reading. */
#ifdef TSR_BLAS
enum { FLAGS = TSR_OP_HAS_CLAMP | TSR_OP_F16 };
#else
enum { FLAGS = TSR_OP_HAS_CLAMP | TSR_OP_F16 | TSR_OP_IN_PLACE_RESIDUAL };
#endif

const tsr_op tsr_op_conv2d = {
    .name = "conv2d", .kind = TSR_OP_CONV2D, .flags = FLAGS,
    .min_in = 2, .max_in = 4, .infer = infer, .prepare = prepare, .needs = needs,
    .macs = macs,
};
