/*
 * onnx_resize.c - Resize and Upsample.
 *
 * What our RESIZE can do, nearest and linear along h and w, becomes one node.
 * The rest (cubic, rarer coordinate modes, other axes, exclude_outside, a crop)
 * is written out axis by axis, as ONNX defines it:
 *
 *     y[d] = sum over taps t of weight[d][t] * x[index[d][t]]
 *
 * which is a GATHER, a MUL by constants and an ADD for each tap; slow, but right,
 * and only networks that ask for such things pay.  A cubic has 4 taps, at -1, 0,
 * 1, 2 from the source position's floor (Keys, "Cubic convolution interpolation
 * for digital image processing", 1981).           SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "loaders/onnx_read.h"

typedef enum { ASYMMETRIC, ALIGN_CORNERS, HALF_PIXEL, PYTORCH_HALF_PIXEL, TF_HALF_PIXEL_FOR_NN,
               TF_CROP_AND_RESIZE, HALF_PIXEL_SYMMETRIC, COORD_COUNT } coord;

static const char *const coord_name[COORD_COUNT] = {
    "asymmetric", "align_corners", "half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn",
    "tf_crop_and_resize", "half_pixel_symmetric",
};

typedef struct {
    int taps;                   /* 1 nearest, 2 linear, 4 cubic */
    coord coord;
    int nearest;                /* tsr_nearest_mode */
    bool exclude_outside;
    double cubic_a;
    float extrapolation;
    int rank, out[TSR_MAX_RANK];
    double scale[TSR_MAX_RANK];
    bool scale_given;           /* by the file, not by the sizes */
    double roi[2 * TSR_MAX_RANK];
} resize;

/* ---- what the file asks for ------------------------------------------------------ */

static int choose(onx_op *o, const char *attr, const char *otherwise, const char *const *names,
                  int count)
{
    const onx_str given = onx_attr_string(o, attr, otherwise);
    for (int i = 0; i < count; i++)
        if (onx_str_is(given, names[i]))
            return i;
    onx_fail(o, TSR_UNSUPPORTED, "%s %.*s", attr, (int)(given.n < 40 ? given.n : 40), given.s);
    return 0;
}

static void read_modes(onx_op *o, resize *r)
{
    static const char *const modes[] = { "nearest", "linear", "cubic", "bilinear" };
    static const char *const rounding[] = { "floor", "ceil", "round_prefer_floor",
                                            "round_prefer_ceil" };
    static const int taps[] = { 1, 2, 4, 2 };
    const bool old = o->f->opset < 11;  /* then Resize is what Upsample is */
    r->taps = taps[choose(o, "mode", "nearest", modes, 4)];
    r->coord = old ? ASYMMETRIC : (coord)choose(o, "coordinate_transformation_mode", "half_pixel",
                                                coord_name, COORD_COUNT);
    r->nearest = old ? TSR_ROUND_FLOOR : choose(o, "nearest_mode", "round_prefer_floor", rounding,
                                                4);
    r->exclude_outside = onx_attr_int(o, "exclude_outside", 0) != 0;
    r->cubic_a = (double)onx_attr_float(o, "cubic_coeff_a", -0.75f);
    r->extrapolation = onx_attr_float(o, "extrapolation_value", 0);
    if (onx_attr_int(o, "antialias", 0))
        onx_fail(o, TSR_UNSUPPORTED, "antialias");
    if (!onx_str_is(onx_attr_string(o, "keep_aspect_ratio_policy", "stretch"), "stretch"))
        onx_fail(o, TSR_UNSUPPORTED, "keep_aspect_ratio_policy");
}

/* A constant list of floats; 0 when the input is absent or empty. */
static int float_list(onx_op *o, int slot, float *x)
{
    const onx_value *v = onx_input(o, slot);
    if (!v || v->empty)
        return 0;
    const tsr_tensor *t = onx_constant(o, slot);
    if (!t || t->dtype != TSR_F32 || tsr_elements(t) > 2 * TSR_MAX_RANK) {
        if (onx_ok(o))
            onx_fail(o, TSR_UNSUPPORTED, "input %d is not a constant list of numbers", slot);
        return 0;
    }
    memcpy(x, t->data, tsr_bytes(t));
    return (int)tsr_elements(t);
}

/* Axes that the lists speak of: all, or the attribute `axes`. */
static int axes_of(onx_op *o, int rank, int *axis)
{
    int64_t given[ONX_MAX_INTS];
    const int n = onx_attr_ints(o, "axes", given, ONX_MAX_INTS);
    for (int k = 0; k < (n < 0 ? rank : n) && k < TSR_MAX_RANK; k++)
        axis[k] = n < 0 ? k : onx_axis(o, given[k], rank);
    return n < 0 ? rank : n;
}

static bool set_scale(onx_op *o, resize *r, int k, int n, float scale)
{
    const double out = floor((double)n * (double)scale);
    if (!(scale > 0) || !(out >= 1) || out > INT16_MAX * 16) {
        onx_fail(o, TSR_UNSUPPORTED, "axis %d of %d is scaled by %g", k, n, (double)scale);
        return false;
    }
    r->out[k] = (int)out;
    r->scale[k] = (double)scale;
    return true;
}

static bool set_sizes(onx_op *o, resize *r, const int *axis, int axes, const onx_shape *s)
{
    float scales[2 * TSR_MAX_RANK];
    int64_t sizes[ONX_MAX_INTS];
    const int slot = o->f->opset >= 11 ? 2 : 1;
    int n = o->f->opset < 9 ? onx_attr_floats(o, "scales", scales, 2 * TSR_MAX_RANK)
                            : float_list(o, slot, scales);
    if (n > 0) {
        r->scale_given = true;
        for (int k = 0; k < axes && n == axes; k++)
            if (!set_scale(o, r, axis[k], s->dim[axis[k]], scales[k]))
                return false;
    } else if (onx_ok(o)) {
        n = onx_input_ints(o, 3, sizes, ONX_MAX_INTS);
        for (int k = 0; k < axes && n == axes; k++) {
            if (sizes[k] < 1 || sizes[k] > INT16_MAX * 16) {
                onx_fail(o, TSR_UNSUPPORTED, "axis %d gets %lld", axis[k], (long long)sizes[k]);
                return false;
            }
            r->out[axis[k]] = (int)sizes[k];
            r->scale[axis[k]] = (double)sizes[k] / s->dim[axis[k]];
        }
    }
    if (onx_ok(o) && n != axes)
        onx_fail(o, TSR_BAD_FILE, "%d sizes for %d axes", n, axes);
    return onx_ok(o);
}

static bool read_resize(onx_op *o, resize *r)
{
    int axis[ONX_MAX_INTS];
    float roi[2 * TSR_MAX_RANK];
    const onx_shape s = onx_shape_of(o, 0);
    *r = (resize){ .rank = s.rank };
    const int axes = axes_of(o, s.rank, axis);
    read_modes(o, r);
    for (int k = 0; k < s.rank; k++) {
        r->out[k] = s.dim[k];
        r->scale[k] = 1;
        r->roi[k] = 0, r->roi[s.rank + k] = 1;
    }
    if (!onx_ok(o) || axes > s.rank || !set_sizes(o, r, axis, axes, &s))
        return false;
    if (r->coord == TF_CROP_AND_RESIZE) {
        if (float_list(o, 1, roi) != 2 * axes) {
            onx_fail(o, TSR_BAD_FILE, "a crop without its corners");
            return false;
        }
        for (int k = 0; k < axes; k++) {
            r->roi[axis[k]] = (double)roi[k];
            r->roi[s.rank + axis[k]] = (double)roi[axes + k];
        }
    }
    return onx_ok(o);
}

/* ---- one node ------------------------------------------------------------------------ */

static bool is_simple(const onx_op *o, const resize *r, const onx_shape *s)
{
    return r->rank == 4 && r->out[0] == s->dim[0] && r->out[1] == s->dim[1] && r->taps <= 2
        && r->coord <= PYTORCH_HALF_PIXEL && !r->exclude_outside
        && o->f->g->ops[TSR_OP_RESIZE];
}

static void simple(onx_op *o, const resize *r)
{
    static const tsr_coord coords[] = { TSR_COORD_ASYMMETRIC, TSR_COORD_ALIGN_CORNERS,
                                        TSR_COORD_HALF_PIXEL, TSR_COORD_PYTORCH_HALF_PIXEL };
    int x = onx_nhwc(o, 0);
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, o->name, &x, 1);
    n.attr.resize = (tsr_resize_attr){
        .oh = r->out[2], .ow = r->out[3], .method = r->taps == 1 ? TSR_NEAREST : TSR_BILINEAR,
        .coord = coords[r->coord], .nearest = (tsr_nearest_mode)r->nearest,
        .scale_y = r->scale_given ? (float)r->scale[2] : 0,
        .scale_x = r->scale_given ? (float)r->scale[3] : 0,
    };
    onx_emit(o, &n, x < 0 ? TSR_F32 : onx_t(o, x)->dtype, ONX_NHWC);
}

/* ---- axis by axis ---------------------------------------------------------------------- */

/* Source position of output d along axis k of n elements. */
static double source(const resize *r, int k, int n, int d)
{
    const double s = r->scale[k], last = n - 1;
    const int out = r->out[k];
    switch (r->coord) {
    case ASYMMETRIC: return d / s;
    case ALIGN_CORNERS: return out == 1 ? 0 : d * last / (out - 1);
    case PYTORCH_HALF_PIXEL: return out == 1 ? 0 : (d + 0.5) / s - 0.5;
    case TF_HALF_PIXEL_FOR_NN: return (d + 0.5) / s;
    case HALF_PIXEL_SYMMETRIC: return n / 2.0 * (1 - out / (s * n)) + (d + 0.5) / s - 0.5;
    case TF_CROP_AND_RESIZE: {
        const double from = r->roi[k], to = r->roi[r->rank + k];
        return out == 1 ? 0.5 * (from + to) * last
                        : from * last + d * (to - from) * last / (out - 1);
    }
    default: return (d + 0.5) / s - 0.5;
    }
}

static double round_to(int mode, double x)
{
    return mode == TSR_ROUND_FLOOR ? floor(x) : mode == TSR_ROUND_CEIL ? ceil(x)
         : mode == TSR_ROUND_HALF_DOWN ? ceil(x - 0.5) : floor(x + 0.5);
}

/* Keys' kernel at distance t >= 0. */
static double keys(double a, double t)
{
    return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1
         : t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

/* Tap t of the source position x: where it is and what it weighs. */
static double tap(const resize *r, double x, int t, double *at)
{
    if (r->taps == 1) {
        *at = round_to(r->nearest, x);
        return 1;
    }
    const double first = floor(x);
    *at = first + t - (r->taps == 4 ? 1 : 0);
    return r->taps == 2 ? 1 - fabs(x - *at) : keys(r->cubic_a, fabs(x - *at));
}

static int64_t clip(double at, int n) { return at < 0 ? 0 : at > n - 1 ? n - 1 : (int64_t)at; }

/* All taps of one output: indices and weights, which add up to 1. */
static void taps_of(const resize *r, int k, int n, int d, int64_t *index, double *weight)
{
    double x = source(r, k, n, d), sum = 0;
    if (r->taps == 2 && r->coord != TF_CROP_AND_RESIZE && !r->exclude_outside)
        x = x < 0 ? 0 : x > n - 1 ? n - 1 : x;
    for (int t = 0; t < r->taps; t++) {
        double at;
        weight[t] = tap(r, x, t, &at);
        if (r->exclude_outside && (at < 0 || at > n - 1))
            weight[t] = 0;
        index[t] = isfinite(at) ? clip(at, n) : 0;
        sum += weight[t];
    }
    for (int t = 0; t < r->taps && r->exclude_outside && sum != 0.0; t++)
        weight[t] /= sum;
}

/* A constant of n numbers along axis k. */
static int along(onx_op *o, const float *x, int rank, int k, int n)
{
    int dim[TSR_MAX_RANK] = { 1, 1, 1, 1, 1, 1 };
    dim[k] = n;
    return onx_floats(o, x, rank, dim);
}

/* Outputs whose source lies outside of the input get the extrapolation value:
 * y * inside + value * outside. */
static int mask(onx_op *o, int y, const resize *r, int k, int n)
{
    const int out = r->out[k];
    float *inside = onx_room(o, (size_t)out * sizeof *inside);
    float *outside = onx_room(o, (size_t)out * sizeof *outside);
    for (int d = 0; inside && outside && d < out; d++) {
        const double x = source(r, k, n, d);
        inside[d] = x >= 0 && x <= n - 1;
        outside[d] = inside[d] > 0 ? 0 : r->extrapolation;
    }
    if (!inside || !outside)
        return ONX_NONE;
    y = onx_binary(o, TSR_OP_MUL, y, along(o, inside, r->rank, k, out));
    return onx_binary(o, TSR_OP_ADD, y, along(o, outside, r->rank, k, out));
}

static int resize_axis(onx_op *o, int x, const resize *r, int k, int n)
{
    const int out = r->out[k];
    int y = ONX_NONE;
    int64_t *index = onx_room(o, (size_t)(4 * out) * sizeof *index);
    float *weight = onx_room(o, (size_t)(4 * out) * sizeof *weight);
    for (int d = 0; index && weight && d < out; d++) {
        int64_t at[4];
        double w[4];
        taps_of(r, k, n, d, at, w);
        for (int t = 0; t < r->taps; t++) {
            index[t * out + d] = at[t];
            weight[t * out + d] = (float)w[t];
        }
    }
    for (int t = 0; index && weight && t < r->taps; t++) {
        int part = onx_gather(o, x, k, index + t * out, out);
        if (r->taps > 1)
            part = onx_binary(o, TSR_OP_MUL, part, along(o, weight + t * out, r->rank, k, out));
        y = t == 0 ? part : onx_binary(o, TSR_OP_ADD, y, part);
    }
    return r->coord == TF_CROP_AND_RESIZE ? mask(o, y, r, k, n) : y;
}

void onx_resize(onx_op *o)
{
    resize r;
    const onx_shape s = onx_shape_of(o, 0);
    if (!read_resize(o, &r))
        return;
    if (is_simple(o, &r, &s)) {
        simple(o, &r);
        return;
    }
    int x = onx_plain(o, 0);
    for (int k = 0; k < s.rank; k++) {
        const bool crop = r.coord == TF_CROP_AND_RESIZE && (r.roi[k] > 0 || r.roi[k] < 0
                          || r.roi[s.rank + k] > 1 || r.roi[s.rank + k] < 1);
        if (r.out[k] != s.dim[k] || crop || (r.scale_given && r.scale[k] != 1.0))
            x = resize_axis(o, x, &r, k, s.dim[k]);
    }
    onx_set(o, 0, x, ONX_PLAIN);
}
