/*
 * test_narrow.c - convolutions in 16-bit floats: each within the rounding-error bound of a
 * sum in float64, casts where halves meet floats, the same bits for any number of threads.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include "ops/ops.h"
#include "tests/chance.h"
#include "tests/run_model.h"

static unsigned seed = 1;

static float noise(void) { return test_randf(&seed); }
static int from_to(int lo, int hi) { return test_rand(&seed, lo, hi); }

static int constant(tsr_graph *g, int rank, const int *dim)
{
    tsr_tensor t = { .name = "constant", .rank = rank };
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        x[i] = noise();
    t.data = x;
    return tsr_graph_constant(g, &t);
}

static tsr_model *begin(int h, int w, int c, int *x, bool f16)
{
    const tsr_options options = { .ops = tsr_all_ops, .f16 = f16, .fuse = TSR_FUSE_NEVER };
    tsr_model *m = NULL;
    assert_int_equal(tsr_model_begin(&options, &m, NULL), TSR_OK);
    *x = tsr_graph_input(&m->graph, &(tsr_tensor){ .name = "x", .rank = 4, .dim = { 1, h, w, c } });
    return m;
}

/* `oc` channels by k x k filters; residual: a value, or -1. */
static int convolve(tsr_graph *g, tsr_op_kind kind, int x, int oc, int k, tsr_conv2d_attr attr,
                    int residual)
{
    const bool depthwise = kind == TSR_OP_DEPTHWISE_CONV2D;
    const int c = g->values[x].t.dim[3];
    const int filter[] = { depthwise ? 1 : oc, k, k, depthwise ? oc : c / attr.groups };
    int in[4] = { x, constant(g, 4, filter), constant(g, 1, &oc), residual };
    tsr_node n = tsr_node_make(kind, "conv", in, residual < 0 ? 3 : 4);
    n.attr.conv2d = attr;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "conv" });
}

static int count(const tsr_graph *g, tsr_op_kind kind)
{
    int n = 0;
    for (int i = 0; i < g->node_count; i++)
        n += g->nodes[i].kind == kind;
    return n;
}

static const tsr_node *find(const tsr_graph *g, tsr_op_kind kind)
{
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].kind == kind)
            return &g->nodes[i];
    fail();
    return NULL;
}

/* One output in float64: *size gets the sum of sizes, the result is the number of terms. */
static int sum64(const tsr_graph *g, const tsr_node *n, const float *x, const int at[3],
                 double *sum, double *size)
{
    const tsr_tensor *in = &g->values[g->inputs[0]].t, *f = &g->values[n->in[1]].t;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const bool depthwise = n->kind == TSR_OP_DEPTHWISE_CONV2D;
    const float *w = f->data;
    const int oc = depthwise ? f->dim[3] : f->dim[0], c = in->dim[3];
    const int per = depthwise ? 1 : c / a->groups;
    const int first = depthwise ? at[2] / (oc / c) : at[2] / (oc / a->groups) * per;
    *sum = (double)((const float *)g->values[n->in[2]].t.data)[at[2]], *size = fabs(*sum);
    for (int ky = 0; ky < f->dim[1]; ky++)
        for (int kx = 0; kx < f->dim[2]; kx++)
            for (int i = 0; i < per; i++) {
                const int iy = at[0] * a->stride_y - a->pad_top + ky * a->dilation_y;
                const int ix = at[1] * a->stride_x - a->pad_left + kx * a->dilation_x;
                if (iy < 0 || iy >= in->dim[1] || ix < 0 || ix >= in->dim[2])
                    continue;
                const int tap = ky * f->dim[2] + kx;
                const double p = (double)x[(iy * in->dim[2] + ix) * c + first + i]
                    * (double)(depthwise ? w[tap * oc + at[2]]
                                         : w[(at[2] * f->dim[1] * f->dim[2] + tap) * per + i]);
                *sum += p, *size += fabs(p);
            }
    return f->dim[1] * f->dim[2] * per;
}

/* A single layer: x, weights and bias are rounded, then every step: gamma(k + 5). */
static void check_layer(tsr_op_kind kind, int c, int oc, int k, tsr_conv2d_attr attr)
{
    int x;
    const int h = from_to(k, 12), w = from_to(k, 20);
    tsr_model *m = begin(h + 6, w + 6, c, &x, true);
    tsr_graph *g = &m->graph;
    tsr_graph_output(g, convolve(g, kind, x, oc, k, attr, -1));
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    const tsr_node *n = find(g, kind);
    const bool half = g->values[n->in[0]].t.dtype == TSR_F16;
    assert_int_equal(half, kind == TSR_OP_CONV2D || oc == c);
    assert_int_equal(count(g, TSR_OP_CAST), half ? 2 : 0);

    const size_t inputs = tsr_elements(tsr_model_input(m, 0));
    float *in = malloc(inputs * sizeof *in);
    for (size_t i = 0; i < inputs; i++)
        in[i] = noise();
    float *got = run_model(m, in, from_to(1, 3));
    const int *d = tsr_model_output(m, 0)->dim;
    for (int i = 0; i < d[1] * d[2] * d[3]; i++) {
        double sum, size;
        const int at[] = { i / d[3] / d[2], i / d[3] % d[2], i % d[3] };
        const double steps = sum64(g, n, in, at, &sum, &size) + 5, u = 0x1p-11;
        const double bound = steps * u / (1 - steps * u) * size + steps * 0x1p-24;
        if (!(fabs((double)got[i] - sum) <= bound))
            fail_msg("%d -> %d channels, %d x %d: output %d is %g, want %g +- %g", c, oc, k, k, i,
                     (double)got[i], sum, bound);
    }
    free(in), free(got);
    tsr_model_free(m);
}

static void layers_are_within_the_bound(void **state)
{
    (void)state;
    for (int i = 0; i < 60; i++) {
        const int k = from_to(1, 3), groups = i % 5 ? 1 : 2;
        const int dilation = i % 3 ? 1 : 2, pad = from_to(0, 2);
        const tsr_conv2d_attr a = { from_to(1, 2), from_to(1, 2), dilation, dilation,
                                    pad, from_to(0, 2), from_to(0, 2), pad, groups };
        tsr_conv2d_attr single = a;
        single.groups = 1;
        check_layer(TSR_OP_CONV2D, groups * from_to(1, 20), groups * from_to(1, 40), k, a);
        const int c = from_to(1, 70);
        check_layer(TSR_OP_DEPTHWISE_CONV2D, c, i % 7 ? c : 2 * c, k, single);
    }
}

/* expand, depthwise, project with a residual; then a layer that knows only floats. */
static tsr_model *network(bool f16)
{
    int x;
    const tsr_conv2d_attr same = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, point = { 1, 1, 1, 1, .groups = 1 };
    tsr_model *m = begin(20, 20, 8, &x, f16);
    tsr_graph *g = &m->graph;
    const int first = convolve(g, TSR_OP_CONV2D, x, 16, 3, same, -1);
    const int wide = convolve(g, TSR_OP_CONV2D, first, 96, 1, point, -1);
    const int deep = convolve(g, TSR_OP_DEPTHWISE_CONV2D, wide, 96, 3, same, -1);
    int last = convolve(g, TSR_OP_CONV2D, deep, 16, 1, point, first);
    tsr_node n = tsr_node_make(TSR_OP_TANH, "tanh", &last, 1);
    tsr_graph_output(g, tsr_graph_node(g, &n, &(tsr_tensor){ .name = "tanh" }));
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    return m;
}

static void networks_are_half_as_large(void **state)
{
    (void)state;
    tsr_model *full = network(false);
    tsr_model *half = network(true);
    assert_int_equal(count(&full->graph, TSR_OP_CAST), 0);
    assert_int_equal(count(&half->graph, TSR_OP_CAST), 2);
    assert_true(half->plan.total_bytes <= full->plan.total_bytes * 6 / 10);
    assert_true(tsr_session_measure(half, 1).packed < tsr_session_measure(full, 1).packed * 6 / 10);

    float x[20 * 20 * 8];
    for (int i = 0; i < 20 * 20 * 8; i++)
        x[i] = noise();
    float *alone = run_model(half, x, 1);
    for (int workers = 2; workers <= 5; workers++) {
        float *together = run_model(half, x, workers);
        assert_memory_equal(alone, together, 20 * 20 * 16 * sizeof *alone);
        free(together);
    }
    free(alone);
    tsr_model_free(full);
    tsr_model_free(half);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_within_the_bound),
        cmocka_unit_test(networks_are_half_as_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
