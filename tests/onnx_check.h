/*
 * onnx_check.h - what the tests of the ONNX loader share: a model opened, a small
 * picture, and a convolution in double, in the file's N,C,H,W.
 * SPDX-License-Identifier: MIT
 */
#ifndef ONNX_CHECK_H
#define ONNX_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/session.h"
#include "tests/onnx_maker.h"

typedef struct {
    golden_file file;
    tsr_model *model;
    tsr_session *session;
    void *memory;
} opened;

static inline opened open_with(golden_file file, const tsr_options *options)
{
    opened o = { .file = file };
    tsr_error err = { TSR_OK, "" };
    assert_non_null(file.bytes);
    if (tsr_model_load(file.bytes, file.size, options, &o.model, &err) != TSR_OK)
        fail_msg("%s", err.text);
    const size_t bytes = tsr_session_bytes(o.model, NULL);
    o.memory = malloc(bytes);
    assert_non_null(o.memory);
    if (tsr_session_open(o.model, NULL, o.memory, bytes, &o.session, &err) != TSR_OK)
        fail_msg("%s", err.text);
    return o;
}

static inline void close_all(opened *o)
{
    tsr_model_free(o->model);
    free(o->memory);
    free(o->file.bytes);
}

static inline int count_kind(const opened *o, tsr_op_kind kind)
{
    int n = 0;
    for (int i = 0; i < o->model->graph.node_count; i++)
        n += o->model->graph.nodes[i].kind == kind;
    return n;
}

/* Numbers that repeat after a long time and are all small. */
static inline void fill(float *x, int n, int seed)
{
    for (int i = 0; i < n; i++)
        x[i] = (float)((i * 37 + seed * 101) % 211 - 105) / 64;
}

static inline void check(const float *got, const double *want, int n)
{
    for (int i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-5 * (1 + fabs(want[i]))))
            fail_msg("element %d is %g, not %g", i, (double)got[i], want[i]);
}

/* ---- a reference in N,C,H,W ---------------------------------------------------------- */

typedef struct { int c, h, w; double *x; } picture;

static inline picture new_picture(int c, int h, int w)
{
    picture p = { c, h, w, calloc((size_t)(c * h * w), sizeof(double)) };
    assert_non_null(p.x);
    return p;
}

static inline double *pixel(const picture *p, int c, int y, int x)
{
    return &p->x[(c * p->h + y) * p->w + x];
}

/* 3x3, padding 1, stride 1; filter [oc, c, 3, 3]. */
static inline picture conv3(const picture *in, const float *w, const float *bias, int oc)
{
    picture out = new_picture(oc, in->h, in->w);
    for (int co = 0; co < oc; co++)
        for (int y = 0; y < in->h; y++)
            for (int x = 0; x < in->w; x++) {
                double sum = (double)bias[co];
                for (int k = 0; k < in->c * 9; k++) {
                    const int sy = y + k / 3 % 3 - 1, sx = x + k % 3 - 1;
                    if (sy >= 0 && sx >= 0 && sy < in->h && sx < in->w)
                        sum += *pixel(in, k / 9, sy, sx) * (double)w[co * in->c * 9 + k];
                }
                *pixel(&out, co, y, x) = sum;
            }
    return out;
}

static inline picture from_floats(const float *x, int c, int h, int w)
{
    picture p = new_picture(c, h, w);
    for (int i = 0; i < c * h * w; i++)
        p.x[i] = (double)x[i];
    return p;
}

/* ---- a small network ------------------------------------------------------------ */

enum { C = 3, H = 6, W = 5, OC = 4 };

static const int picture_dim[4] = { 1, C, H, W }, filter_dim[4] = { OC, C, 3, 3 };

typedef struct { float x[C * H * W], w[OC * C * 9], b[OC]; } small;

static inline small new_small(void)
{
    small s;
    fill(s.x, C * H * W, 1);
    fill(s.w, OC * C * 9, 2);
    fill(s.b, OC, 3);
    return s;
}

#endif
