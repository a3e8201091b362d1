/*
 * test_tflite_conv.c - TFLite's operators with filters and windows, read from
 * files of one operator, against loops in float64 that follow TensorFlow's own
 * words for SAME and VALID.                       SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/tflite_check.h"

enum { H = 7, W = 6, MOST = 4096 };
enum { SAME, VALID };
static const double eps = 4e-6;

typedef struct {
    int c, oc, kh, kw, sy, sx, dy, dx, padding, act, groups, multiplier;
    bool bias;
} geometry;

static float x[MOST], filter[MOST], bias[64];
static double want[MOST];

static void fill(void)
{
    uint32_t seed = 1;
    for (int i = 0; i < MOST; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(int)(seed >> 16 & 1023) / 256 - 2;
        filter[i] = (float)(int)(seed >> 6 & 1023) / 512 - 1;
        bias[i % 64] = (float)i / 4096;
    }
}

static int out_size(int n, int k, int s, int d, int padding)
{
    return padding == SAME ? (n + s - 1) / s : (n - ((k - 1) * d + 1)) / s + 1;
}

/* Rows or columns that SAME puts before the first. */
static int before(int n, int k, int s, int d, int padding)
{
    const int total = (out_size(n, k, s, d, padding) - 1) * s + (k - 1) * d + 1 - n;
    return padding == SAME && total > 0 ? total / 2 : 0;
}

static double activate(double v, int act)
{
    return act == 1 ? fmax(v, 0) : act == 3 ? fmin(fmax(v, 0), 6) : v;
}

/* One output pixel's channel of a grouped convolution; each group sees its own
 * part of the input channels. */
static double conv_at(const geometry *g, int oy, int ox, int co)
{
    const int per_group = g->c / g->groups, group = co / (g->oc / g->groups);
    const int top = oy * g->sy - before(H, g->kh, g->sy, g->dy, g->padding);
    const int left = ox * g->sx - before(W, g->kw, g->sx, g->dx, g->padding);
    double sum = g->bias ? (double)bias[co] : 0;
    for (int ky = 0; ky < g->kh; ky++)
        for (int kx = 0; kx < g->kw; kx++)
            for (int ci = 0; ci < per_group; ci++) {
                const int iy = top + ky * g->dy, ix = left + kx * g->dx;
                if (iy >= 0 && iy < H && ix >= 0 && ix < W)
                    sum += (double)x[(iy * W + ix) * g->c + group * per_group + ci] *
                           (double)filter[((co * g->kh + ky) * g->kw + kx) * per_group + ci];
            }
    return activate(sum, g->act);
}

static double depthwise_at(const geometry *g, int oy, int ox, int co)
{
    const int top = oy * g->sy - before(H, g->kh, g->sy, g->dy, g->padding);
    const int left = ox * g->sx - before(W, g->kw, g->sx, g->dx, g->padding);
    double sum = g->bias ? (double)bias[co] : 0;
    for (int ky = 0; ky < g->kh; ky++)
        for (int kx = 0; kx < g->kw; kx++) {
            const int iy = top + ky * g->dy, ix = left + kx * g->dx;
            if (iy >= 0 && iy < H && ix >= 0 && ix < W)
                sum += (double)x[(iy * W + ix) * g->c + co / g->multiplier] *
                       (double)filter[(ky * g->kw + kx) * g->oc + co];
        }
    return activate(sum, g->act);
}

/* options: fields of Conv2DOptions or DepthwiseConv2DOptions */
static void check_conv(const geometry *g, bool depthwise)
{
    mk_model m = { 0 };
    const int oh = out_size(H, g->kh, g->sy, g->dy, g->padding);
    const int ow = out_size(W, g->kw, g->sx, g->dx, g->padding);
    const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, H, W, g->c));
    const int f = depthwise
        ? mk_constant(&m, "filter", MK_F32, 4, DIM(1, g->kh, g->kw, g->oc), filter)
        : mk_constant(&m, "filter", MK_F32, 4, DIM(g->oc, g->kh, g->kw, g->c / g->groups), filter);
    const int b = g->bias ? mk_constant(&m, "bias", MK_F32, 1, DIM(g->oc), bias) : -1;
    const int out = mk_value(&m, "y", MK_F32, 4, DIM(1, oh, ow, g->oc));
    mk_op *op = mk_operator(&m, depthwise ? 4 : 3, in, f, b, out);
    const int type = depthwise ? 2 : 1, after = depthwise ? 4 : 3;
    mk_option(op, type, 0, 1, g->padding);
    mk_option(op, type, 1, 4, g->sx);
    mk_option(op, type, 2, 4, g->sy);
    if (depthwise)
        mk_option(op, type, 3, 4, g->multiplier);
    mk_option(op, type, after, 1, g->act);
    mk_option(op, type, after + 1, 4, g->dx);
    mk_option(op, type, after + 2, 4, g->dy);
    mk_output(&m, out);
    for (int i = 0; i < oh * ow * g->oc; i++) {
        const int co = i % g->oc, ox = i / g->oc % ow, oy = i / g->oc / ow;
        want[i] = depthwise ? depthwise_at(g, oy, ox, co) : conv_at(g, oy, ox, co);
    }
    expect_output(&m, x, NULL, 0, want, oh * ow * g->oc, eps);
}

static void conv2d(void **state)
{
    static const geometry cases[] = {
        { 3, 5, 3, 3, 1, 1, 1, 1, SAME, 0, 1, 0, true },
        { 3, 5, 3, 2, 2, 1, 1, 1, SAME, 1, 1, 0, true },
        { 4, 8, 1, 1, 1, 1, 1, 1, VALID, 3, 1, 0, true },
        { 3, 4, 3, 3, 1, 1, 2, 2, VALID, 0, 1, 0, false },
        { 2, 3, 5, 3, 3, 2, 1, 2, SAME, 0, 1, 0, false },
        { 4, 6, 3, 3, 2, 2, 1, 1, SAME, 1, 2, 0, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_conv(&cases[i], false);
}

static void depthwise(void **state)
{
    static const geometry cases[] = {
        { 5, 5, 3, 3, 1, 1, 1, 1, SAME, 3, 1, 1, true },
        { 8, 8, 3, 3, 2, 2, 1, 1, SAME, 0, 1, 1, true },
        { 3, 6, 3, 2, 2, 1, 1, 1, VALID, 1, 1, 2, true },
        { 4, 4, 3, 3, 1, 1, 2, 2, SAME, 0, 1, 1, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_conv(&cases[i], true);
}

/* ---- dense ------------------------------------------------------------- */

/* x [2,3,4]: rows of 12 without keep_num_dims, of 4 with it. */
static void fully_connected(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        mk_model m = { 0 };
        const int c = keep ? 4 : 12, batch = 24 / c;
        const int in = mk_input(&m, "x", MK_F32, 3, DIM(2, 3, 4));
        const int f = mk_constant(&m, "filter", MK_F32, 2, DIM(5, c), filter);
        const int b = keep ? MK_ABSENT : mk_constant(&m, "bias", MK_F32, 1, DIM(5), bias);
        const int out = keep ? mk_value(&m, "y", MK_F32, 3, DIM(2, 3, 5))
                             : mk_value(&m, "y", MK_F32, 2, DIM(2, 5));
        mk_op *op = mk_operator(&m, 9, in, f, b, out);
        mk_option(op, 8, 0, 1, 1);
        mk_option(op, 8, 2, 1, keep);
        mk_output(&m, out);
        for (int i = 0; i < batch * 5; i++) {
            double sum = keep ? 0 : (double)bias[i % 5];
            for (int k = 0; k < c; k++)
                sum += (double)x[i / 5 * c + k] * (double)filter[i % 5 * c + k];
            want[i] = fmax(sum, 0);
        }
        expect_output(&m, x, NULL, 0, want, batch * 5, eps);
    }
}

/* A float network whose filters are bytes with a scale per channel, or halves. */
static void small_weights(void **state)
{
    static const int8_t bytes[] = { 1, -2, 3, 100, -128, 7, 0, 5 };
    static const uint16_t halves[] = { 0x3c00, 0xc000, 0x3800, 0, 0x4000, 0x4200, 0xbc00, 0x2e66 };
    static const float scales[] = { 0.5f, 0.125f };
    static const double real[] = { 1, -2, 0.5, 0, 2, 3, -1, 0.0999755859375 };
    (void)state;
    for (int half = 0; half < 2; half++) {
        mk_model m = { 0 };
        const int in = mk_input(&m, "x", MK_F32, 2, DIM(3, 4));
        const int f = half ? mk_constant(&m, "filter", MK_F16, 2, DIM(2, 4), halves)
                           : mk_constant(&m, "filter", MK_S8, 2, DIM(2, 4), bytes);
        m.tensors[f].scales = half ? NULL : scales;
        const int out = mk_value(&m, "y", MK_F32, 2, DIM(3, 2));
        mk_option(mk_operator(&m, 9, in, f, -1, out), 8, 0, 1, 0);
        mk_output(&m, out);
        for (int i = 0; i < 6; i++) {
            want[i] = 0;
            for (int k = 0; k < 4; k++) {
                const int w = i % 2 * 4 + k;
                want[i] += (double)x[i / 2 * 4 + k] *
                           (half ? real[w] : bytes[w] * (double)scales[i % 2]);
            }
        }
        expect_output(&m, x, NULL, 0, want, 6, eps);
    }
}

/* ---- transposed convolution -------------------------------------------- */

/* Scatter: every input pixel adds its filter at (iy*s, ix*s); SAME cuts what the
 * forward convolution would have padded. */
static void scatter(int c, int oc, int k, int s, int padding, int oh, int ow)
{
    const int top = before(oh, k, s, 1, padding), left = before(ow, k, s, 1, padding);
    for (int i = 0; i < oh * ow * oc; i++)
        want[i] = (double)bias[i % oc];
    for (int iy = 0; iy < 3; iy++)
        for (int ix = 0; ix < 4; ix++)
            for (int ky = 0; ky < k; ky++)
                for (int kx = 0; kx < k; kx++) {
                    const int oy = iy * s + ky - top, ox = ix * s + kx - left;
                    if (oy < 0 || oy >= oh || ox < 0 || ox >= ow)
                        continue;
                    for (int i = 0; i < oc * c; i++)
                        want[(oy * ow + ox) * oc + i / c] +=
                            (double)x[(iy * 4 + ix) * c + i % c] *
                            (double)filter[((i / c * k + ky) * k + kx) * c + i % c];
                }
}

static void transpose_conv(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        mk_model m = { 0 };
        const int custom = i % 2, padding = i / 2 % 2, k = 2 + i / 4, s = 2, c = 3, oc = 2;
        const int oh = padding == SAME ? 3 * s : 2 * s + k;
        const int ow = padding == SAME ? 4 * s : 3 * s + k;
        const int shape[] = { 1, oh, ow, oc };
        const int32_t options[] = { padding + 1, s, s };
        const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, 3, 4, c));
        const int f = mk_constant(&m, "filter", MK_F32, 4, DIM(oc, k, k, c), filter);
        const int b = mk_constant(&m, "bias", MK_F32, 1, DIM(oc), bias);
        const int out = mk_value(&m, "y", MK_F32, 4, shape);
        if (custom) {
            mk_op *op = mk_operator(&m, 32, in, f, b, out);
            op->custom = "Convolution2DTransposeBias";
            op->custom_options = options;
            op->custom_bytes = sizeof options;
        } else {
            mk_op *op = mk_operator(&m, 67, mk_ints(&m, shape, 4), f, in, out);
            op->in[op->in_count++] = b;
            mk_option(op, 49, 0, 1, padding);
            mk_option(op, 49, 1, 4, s);
            mk_option(op, 49, 2, 4, s);
        }
        mk_output(&m, out);
        scatter(c, oc, k, s, padding, oh, ow);
        expect_output(&m, x, NULL, 0, want, oh * ow * oc, eps);
    }
}

/* ---- pooling ----------------------------------------------------------- */

static double pool_at(int code, int k, int s, int padding, int oy, int ox, int ch)
{
    double sum = 0, most = -HUGE_VAL;
    int count = 0;
    for (int i = 0; i < k * k; i++) {
        const int iy = oy * s - before(H, k, s, 1, padding) + i / k;
        const int ix = ox * s - before(W, k, s, 1, padding) + i % k;
        if (iy < 0 || iy >= H || ix < 0 || ix >= W)
            continue;
        sum += (double)x[(iy * W + ix) * 3 + ch];
        most = fmax(most, (double)x[(iy * W + ix) * 3 + ch]);
        count++;
    }
    return code == 1 ? sum / count : most;
}

static void pools(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        mk_model m = { 0 };
        const int code = i % 2 ? 1 : 17, padding = i / 2 % 2, k = 2 + i / 4, s = 2;
        const int oh = out_size(H, k, s, 1, padding), ow = out_size(W, k, s, 1, padding);
        const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, H, W, 3));
        const int out = mk_value(&m, "y", MK_F32, 4, DIM(1, oh, ow, 3));
        mk_op *op = mk_operator(&m, code, in, -1, -1, out);
        mk_option(op, 5, 0, 1, padding);
        mk_option(op, 5, 1, 4, s);
        mk_option(op, 5, 2, 4, s);
        mk_option(op, 5, 3, 4, k);
        mk_option(op, 5, 4, 4, k);
        mk_option(op, 5, 5, 1, 1);
        mk_output(&m, out);
        for (int j = 0; j < oh * ow * 3; j++)
            want[j] = fmax(pool_at(code, k, s, padding, j / 3 / ow, j / 3 % ow, j % 3), 0);
        expect_output(&m, x, NULL, 0, want, oh * ow * 3, eps);
    }
}

/* ---- resize ------------------------------------------------------------ */

enum { LEGACY, ALIGN, HALF };

static double source(int d, int in, int out, int mode)
{
    if (mode == ALIGN)
        return out > 1 ? (double)d * (in - 1) / (out - 1) : 0;
    return mode == HALF ? (d + 0.5) * in / out - 0.5 : (double)d * in / out;
}

static double pixel(int y, int xx, int c)
{
    y = y < 0 ? 0 : y > H - 1 ? H - 1 : y;
    xx = xx < 0 ? 0 : xx > W - 1 ? W - 1 : xx;
    return (double)x[(y * W + xx) * 2 + c];
}

static double bilinear_at(double sy, double sx, int c)
{
    sy = fmin(fmax(sy, 0), H - 1), sx = fmin(fmax(sx, 0), W - 1);
    const int y0 = (int)sy, x0 = (int)sx;
    const double fy = sy - y0, fx = sx - x0;
    return (1 - fy) * ((1 - fx) * pixel(y0, x0, c) + fx * pixel(y0, x0 + 1, c)) +
           fy * ((1 - fx) * pixel(y0 + 1, x0, c) + fx * pixel(y0 + 1, x0 + 1, c));
}

/* TensorFlow: floor of d * scale, of (d + 0.5) * scale, or nearest to the aligned. */
static int nearest(int d, int in, int out, int mode)
{
    const double at = mode == HALF ? (d + 0.5) * in / out : source(d, in, out, mode);
    return (int)(mode == ALIGN ? floor(at + 0.5) : floor(at));
}

static void resize(void **state)
{
    static const int sizes[][2] = { { 14, 12 }, { 4, 5 }, { 11, 1 } };
    (void)state;
    for (int i = 0; i < 18; i++) {
        mk_model m = { 0 };
        const int smooth = i % 2, mode = i / 2 % 3, *size = sizes[i / 6];
        const int oh = size[0], ow = size[1];
        const int in = mk_input(&m, "x", MK_F32, 4, DIM(1, H, W, 2));
        const int out = mk_value(&m, "y", MK_F32, 4, DIM(1, oh, ow, 2));
        mk_op *op = mk_operator(&m, smooth ? 23 : 97, in, mk_ints(&m, size, 2), -1, out);
        const int type = smooth ? 15 : 74, field = smooth ? 2 : 0;
        mk_option(op, type, field, 1, mode == ALIGN);
        mk_option(op, type, field + 1, 1, mode == HALF);
        mk_output(&m, out);
        for (int j = 0; j < oh * ow * 2; j++) {
            const int oy = j / 2 / ow, ox = j / 2 % ow;
            want[j] = smooth ? bilinear_at(source(oy, H, oh, mode), source(ox, W, ow, mode), j % 2)
                             : pixel(nearest(oy, H, oh, mode), nearest(ox, W, ow, mode), j % 2);
        }
        expect_output(&m, x, NULL, 0, want, oh * ow * 2, smooth ? eps : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv2d),
        cmocka_unit_test(depthwise),
        cmocka_unit_test(fully_connected),
        cmocka_unit_test(small_weights),
        cmocka_unit_test(transpose_conv),
        cmocka_unit_test(pools),
        cmocka_unit_test(resize),
    };
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
