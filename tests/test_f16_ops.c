/*
 * test_f16_ops.c - operators between convolutions of 16-bit floats: they stay in 16 bits, and
 * each result is that of float64, rounded as often as the operator says.
 *
 *     x f32 -> cast -> a = conv(x) -> operator -> conv -> cast -> y f32
 *                      b = conv(x) ---^
 *
 * The convolutions only pass on one channel each, times 1, which is exact: a(c) = x(c),
 * b(c) = x(c + 1), y(c) = the operator's channel c.   SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include "engine/half.h"
#include "ops/ops.h"
#include "tests/chance.h"
#include "tests/run_model.h"

enum { H = 6, W = 10, C = 8 };

static double a[H][W][C];       /* what x is as 16-bit floats */
static float slopes[C];

static double b(int y, int x, int c) { return a[y][x][(c + 1) % C]; }

static double half(float x) { return (double)tsr_half_to_float(tsr_float_to_half(x)); }

static int constant(tsr_graph *g, const tsr_tensor *shape, const float *data)
{
    tsr_tensor t = *shape;
    t.name = "constant", t.dtype = TSR_F32;
    float *copy = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    memcpy(copy, data, tsr_bytes(&t));
    t.data = copy;
    return tsr_graph_constant(g, &t);
}

/* y(c) = x(c + shift), with as many channels as x. */
static int pass(tsr_graph *g, int x, int shift)
{
    const int c = g->values[x].t.dim[3];
    float *w = calloc((size_t)(c * c), sizeof *w);
    for (int i = 0; i < c; i++)
        w[i * c + (i + shift) % c] = 1;
    int in[] = { x, constant(g, &(tsr_tensor){ .rank = 4, .dim = { c, 1, 1, c } }, w) };
    free(w);
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, "pass", in, 2);
    n.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, .groups = 1 };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "pass" });
}

static tsr_model *network(const tsr_node *node, int inputs)
{
    const tsr_options options = { .ops = tsr_all_ops, .f16 = true };
    tsr_model *m = NULL;
    assert_int_equal(tsr_model_begin(&options, &m, NULL), TSR_OK);
    tsr_graph *g = &m->graph;
    const int x = tsr_graph_input(g, &(tsr_tensor){ .name = "x", .rank = 4,
                                                    .dim = { 1, H, W, C } });
    int in[2] = { pass(g, x, 0) };
    if (inputs > 1)
        in[1] = pass(g, x, 1);
    if (node->kind == TSR_OP_PRELU)
        in[1] = constant(g, &(tsr_tensor){ .rank = 4, .dim = { 1, 1, 1, C } }, slopes);
    tsr_node n = *node;
    n.in = in, n.in_count = inputs;
    tsr_graph_output(g, pass(g, tsr_graph_node(g, &n, &(tsr_tensor){ .name = "op" }), 0));
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    return m;
}

/* Two casts in all, and the operator itself on 16 bits, its constants, too. */
static void check_types(const tsr_graph *g, tsr_op_kind kind)
{
    int casts = 0, found = 0;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        casts += n->kind == TSR_OP_CAST;
        for (int k = 0; n->kind == kind && k < n->in_count; k++, found++)
            assert_int_equal(g->values[n->in[k]].t.dtype, TSR_F16);
    }
    assert_int_equal(casts, 2);
    assert_true(found > 0);
}

typedef struct { double value, error; } truth;      /* what is right, and how far from it */
typedef truth evaluate(const tsr_node *n, int y, int x, int c);

static void check(const tsr_node *n, int inputs, evaluate *right)
{
    static uint32_t seed = 7;
    float x[H * W * C];
    for (int i = 0; i < H * W * C; i++) {
        x[i] = 4 * test_randf(&seed);
        a[i / C / W][i / C % W][i % C] = half(x[i]);
    }
    for (int i = 0; i < C; i++)
        slopes[i] = test_randf(&seed);
    tsr_model *m = network(n, inputs);
    check_types(&m->graph, n->kind);
    const tsr_tensor *out = tsr_model_output(m, 0);
    float *got = run_model(m, x, 1), *three = run_model(m, x, 3);
    assert_memory_equal(got, three, tsr_bytes(out));
    for (int i = 0; i < (int)tsr_elements(out); i++) {
        const int c = i % out->dim[3], pixel = i / out->dim[3];
        const truth t = right(n, pixel / out->dim[2], pixel % out->dim[2], c);
        if (!(fabs((double)got[i] - t.value) <= t.error))
            fail_msg("%s: output %d is %g, want %g +- %g", tsr_all_ops[n->kind]->name, i,
                     (double)got[i], t.value, t.error);
    }
    free(got), free(three);
    tsr_model_free(m);
}

/* Rounded `times` times, or once after float32. */
static truth rounded(double value, int times)
{
    const double u = 0x1p-11 * times;
    return (truth){ value, u / (1 - u) * fabs(value) + 0x1p-24 };
}

static truth after_f32(double value, double size)
{
    return (truth){ value, 0x1p-11 * fabs(value) + 16 * 0x1p-24 * size + 0x1p-24 };
}

static truth exact(double value) { return (truth){ value, 0 }; }

/* ---- operators --------------------------------------------------------------- */

static truth two_inputs(const tsr_node *n, int y, int x, int c)
{
    const double p = a[y][x][c], q = b(y, x, c);
    switch (n->kind) {
    case TSR_OP_SUB: return rounded(fmin(p - q, 3), 1);
    case TSR_OP_MUL: return rounded(fmin(p * q, 3), 1);
    case TSR_OP_DIV: return rounded(fmin(p / q, 3), 1);
    case TSR_OP_MINIMUM: return exact(fmin(p, q));
    case TSR_OP_MAXIMUM: return exact(fmin(fmax(p, q), 3));
    case TSR_OP_SQUARED_DIFFERENCE: return rounded(fmin((p - q) * (p - q), 3), 3);
    default: return rounded(fmin(p < 0 ? p * half(slopes[c]) : p, 3), 1);     /* PRELU */
    }
}

static void test_two_inputs(void **state)
{
    (void)state;
    static const tsr_op_kind kinds[] = {
        TSR_OP_SUB, TSR_OP_MUL, TSR_OP_DIV, TSR_OP_MINIMUM, TSR_OP_MAXIMUM,
        TSR_OP_SQUARED_DIFFERENCE, TSR_OP_PRELU,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        tsr_node n = tsr_node_make(kinds[i], "op", NULL, 0);
        n.hi = kinds[i] == TSR_OP_MINIMUM ? n.hi : 3;
        check(&n, 2, two_inputs);
    }
}

static truth one_input(const tsr_node *n, int y, int x, int c)
{
    const double p = a[y][x][c];
    switch (n->kind) {
    case TSR_OP_LOGISTIC: return after_f32(1 / (1 + exp(-p)), 1);
    case TSR_OP_TANH: return after_f32(tanh(p), 1);
    default: return after_f32(p * fmin(fmax(p + 3, 0), 6) / 6, 4);              /* HARD_SWISH */
    }
}

static void test_one_input(void **state)
{
    (void)state;
    static const tsr_op_kind kinds[] = { TSR_OP_LOGISTIC, TSR_OP_TANH, TSR_OP_HARD_SWISH };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const tsr_node n = tsr_node_make(kinds[i], "op", NULL, 0);
        check(&n, 1, one_input);
    }
}

static truth pooled(const tsr_node *n, int y, int x, int c)
{
    const tsr_pool2d_attr *p = &n->attr.pool2d;
    double sum = 0, most = -HUGE_VAL;
    int count = 0;
    for (int i = y * p->stride_y - p->pad_top; i < y * p->stride_y - p->pad_top + p->kh; i++)
        for (int j = x * p->stride_x - p->pad_left; j < x * p->stride_x - p->pad_left + p->kw; j++)
            if (i >= 0 && i < H && j >= 0 && j < W)
                sum += a[i][j][c], count++, most = fmax(most, a[i][j][c]);
    return n->kind == TSR_OP_MAX_POOL2D ? exact(most)
         : after_f32(sum / (p->count_include_pad ? p->kh * p->kw : count), 4);
}

static void test_pools(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        tsr_node n = tsr_node_make(i % 2 ? TSR_OP_MAX_POOL2D : TSR_OP_AVERAGE_POOL2D, "op",
                                   NULL, 0);
        n.attr.pool2d = (tsr_pool2d_attr){ 3, 2, i / 2 % 2 + 1, 2, 1, 1, 1, 0, 1, 1, i >= 4 };
        check(&n, 1, pooled);
    }
    tsr_node n = tsr_node_make(TSR_OP_AVERAGE_POOL2D, "op", NULL, 0);
    n.attr.pool2d = (tsr_pool2d_attr){ H, W, 1, 1, 1, 1, .pad_top = 0 };
    check(&n, 1, pooled);
}

/* Over the pixels (axes 1 and 2), or over the channels (axis 3). */
static truth reduced(const tsr_node *n, int y, int x, int c)
{
    const bool pixels = n->attr.reduce.axes != 1 << 3;
    double sum = 0, most = -HUGE_VAL, least = HUGE_VAL;
    for (int i = 0; i < (pixels ? H * W : C); i++) {
        const double v = pixels ? a[i / W][i % W][c] : a[y][x][i];
        sum += v, most = fmax(most, v), least = fmin(least, v);
    }
    switch (n->kind) {
    case TSR_OP_MEAN: return after_f32(sum / (pixels ? H * W : C), 4 * 4);
    case TSR_OP_REDUCE_SUM: return after_f32(sum, 4);
    case TSR_OP_REDUCE_MAX: return exact(most);
    default: return exact(least);
    }
}

static void test_reductions(void **state)
{
    (void)state;
    static const tsr_op_kind kinds[] = {
        TSR_OP_MEAN, TSR_OP_REDUCE_SUM, TSR_OP_REDUCE_MAX, TSR_OP_REDUCE_MIN,
    };
    for (size_t i = 0; i < 8; i++) {
        tsr_node n = tsr_node_make(kinds[i / 2], "op", NULL, 0);
        n.attr.reduce = (tsr_reduce_attr){ i % 2 ? 1 << 1 | 1 << 2 : 1 << 3, true };
        check(&n, 1, reduced);
    }
}

/* Twice as large, half_pixel or nearest. */
static truth resized(const tsr_node *n, int y, int x, int c)
{
    if (n->attr.resize.method == TSR_NEAREST)
        return exact(a[y / 2][x / 2][c]);
    const double at_y = fmin(fmax((y + 0.5) / 2 - 0.5, 0), H - 1);
    const double at_x = fmin(fmax((x + 0.5) / 2 - 0.5, 0), W - 1);
    const int t = (int)at_y, l = (int)at_x, d = t + 1 < H ? t + 1 : t, r = l + 1 < W ? l + 1 : l;
    const double fy = at_y - t, fx = at_x - l;
    return after_f32((a[t][l][c] * (1 - fx) + a[t][r][c] * fx) * (1 - fy)
                     + (a[d][l][c] * (1 - fx) + a[d][r][c] * fx) * fy, 4);
}

static void test_resize(void **state)
{
    (void)state;
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, "op", NULL, 0);
    n.attr.resize = (tsr_resize_attr){ 2 * H, 2 * W, TSR_BILINEAR, TSR_COORD_HALF_PIXEL };
    check(&n, 1, resized);
    n.attr.resize = (tsr_resize_attr){ 2 * H, 2 * W, TSR_NEAREST, TSR_COORD_ASYMMETRIC };
    check(&n, 1, resized);
}

static truth moved(const tsr_node *n, int y, int x, int c)
{
    switch (n->kind) {
    case TSR_OP_CONCAT: return exact(c < C ? a[y][x][c] : b(y, x, c - C));
    case TSR_OP_PAD: return exact(x < 2 ? 0.5 : y < H ? a[y][x - 2][c] : 0.5);
    case TSR_OP_SLICE: return exact(a[1 + y][2 * x][c]);
    case TSR_OP_TRANSPOSE: return exact(a[x][y][c]);
    case TSR_OP_RESHAPE: return exact(a[(y * H + x) / W][(y * H + x) % W][c]);
    case TSR_OP_SPACE_TO_DEPTH: return exact(a[2 * y + c / C / 2][2 * x + c / C % 2][c % C]);
    default:                                                                /* DEPTH_TO_SPACE */
        return exact(a[y / 2][x / 2][(y % 2 * 2 + x % 2) * (C / 4) + c]);
    }
}

static void test_movers(void **state)
{
    (void)state;
    static const tsr_op_kind kinds[] = {
        TSR_OP_CONCAT, TSR_OP_PAD, TSR_OP_SLICE, TSR_OP_TRANSPOSE, TSR_OP_RESHAPE,
        TSR_OP_SPACE_TO_DEPTH, TSR_OP_DEPTH_TO_SPACE,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        tsr_node n = tsr_node_make(kinds[i], "op", NULL, 0);
        switch (kinds[i]) {
        case TSR_OP_CONCAT: n.attr.concat.axis = 3; break;
        case TSR_OP_PAD:
            n.attr.pad = (tsr_pad_attr){ { 0, 0, 2, 0 }, { 0, 1, 0, 0 }, 0.5f };
            break;
        case TSR_OP_SLICE:
            n.attr.slice = (tsr_slice_attr){ { 0, 1, 0, 0 }, { 1, 1, 2, 1 }, { 1, 4, W / 2, C } };
            break;
        case TSR_OP_TRANSPOSE: n.attr.transpose = (tsr_transpose_attr){ { 0, 2, 1, 3 } }; break;
        case TSR_OP_RESHAPE: n.attr.reshape = (tsr_reshape_attr){ 4, { 1, W, H, C } }; break;
        default: n.attr.depth_space.block = 2; break;
        }
        check(&n, kinds[i] == TSR_OP_CONCAT ? 2 : 1, moved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_inputs), cmocka_unit_test(test_one_input),
        cmocka_unit_test(test_pools),      cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_resize),     cmocka_unit_test(test_movers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
