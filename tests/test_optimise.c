/*
 * test_optimise.c - each rewriting pass makes the graph smaller and changes no
 * result beyond rounding: every network here runs as written (keep_all: no
 * passes) and optimised.                         SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "engine/session.h"
#include "ops/ops.h"
#include "tests/chance.h"

/* ---- a notation for small networks ------------------------------------------------- */

typedef void network(tsr_graph *g);     /* adds everything, outputs included */

static int input(tsr_graph *g, int h, int w, int c)
{
    return tsr_graph_input(g, &(tsr_tensor){ .name = "x", .rank = 4, .dim = { 1, h, w, c } });
}

static int random_constant(tsr_graph *g, int rank, const int *dim, unsigned seed)
{
    tsr_tensor t = { .name = "c", .rank = rank };
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++) {
        x[i] = test_randf(&seed);
        x[i] += x[i] < 0 ? -0.5f : 0.5f;        /* not near 0: some are divided by */
    }
    t.data = x;
    return tsr_graph_constant(g, &t);
}
#define CONSTANT(g, seed, ...) \
    random_constant(g, (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)), \
                    (int[]){ __VA_ARGS__ }, seed)

static int node(tsr_graph *g, tsr_node n, const char *name, int count, const int *in)
{
    int copy[4];
    memcpy(copy, in, (size_t)count * sizeof *in);
    n.name = name, n.in = copy, n.in_count = count, n.out_count = 1;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = name });
}
#define FREE .lo = -TSR_INFINITY, .hi = TSR_INFINITY

static int conv(tsr_graph *g, int x, int ci, int co, int k)
{
    const tsr_conv2d_attr a = { 1, 1, 1, 1, k / 2, k / 2, k / 2, k / 2, 1 };
    return node(g, (tsr_node){ .kind = TSR_OP_CONV2D, FREE, .attr.conv2d = a }, "conv", 3,
                (int[]){ x, CONSTANT(g, 1, co, k, k, ci), CONSTANT(g, 2, co) });
}

static int depthwise(tsr_graph *g, int x, int c)
{
    const tsr_conv2d_attr a = { 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    return node(g, (tsr_node){ .kind = TSR_OP_DEPTHWISE_CONV2D, FREE, .attr.conv2d = a },
                "depthwise", 2, (int[]){ x, CONSTANT(g, 3, 1, 3, 3, c) });
}

static int clamp(tsr_graph *g, int x, float lo, float hi, const char *name)
{
    return node(g, (tsr_node){ .kind = TSR_OP_CLAMP, .lo = lo, .hi = hi }, name, 1, &x);
}

static int binary(tsr_graph *g, tsr_op_kind kind, int x, int y)
{
    return node(g, (tsr_node){ .kind = kind, FREE }, "binary", 2, (int[]){ x, y });
}

static int transpose(tsr_graph *g, int x, int a, int b, int c, int d)
{
    return node(g, (tsr_node){ .kind = TSR_OP_TRANSPOSE, FREE,
                               .attr.transpose = { { a, b, c, d } } }, "turned", 1, &x);
}

/* ---- running one both ways ------------------------------------------------------------ */

static tsr_model *build(network *make, bool keep_all)
{
    const tsr_options options = { .ops = tsr_all_ops, .keep_all = keep_all };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(tsr_model_begin(&options, &m, &err), TSR_OK);
    make(&m->graph);
    assert_int_equal(tsr_model_finish(m, &err), TSR_OK);
    assert_string_equal(err.text, "");
    return m;
}

static size_t run(const tsr_model *m, float *out)
{
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    tsr_session *s = NULL;
    unsigned seed = 5;
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, NULL), TSR_OK);
    for (int i = 0; tsr_input(s, i); i++) {
        float *x = tsr_input(s, i)->data;
        for (size_t k = 0; k < tsr_elements(tsr_input(s, i)); k++)
            x[k] = test_randf(&seed);
    }
    tsr_run(s);
    size_t n = 0;
    for (int i = 0; tsr_output(s, i); i++) {
        const tsr_tensor *y = tsr_output(s, i);
        memcpy(out + n, y->data, tsr_bytes(y));
        n += tsr_elements(y);
    }
    free(block);
    return n;
}

/* The optimised network has `nodes` nodes, the outputs' names and the results. */
static void check(network *make, int nodes)
{
    static float want[1 << 14], got[1 << 14];
    tsr_model *plain = build(make, true), *fast = build(make, false);
    assert_int_equal(fast->graph.node_count, nodes);
    const size_t n = run(plain, want);
    assert_int_equal(run(fast, got), n);
    float range = 0;
    for (size_t i = 0; i < n; i++)
        range = fmaxf(range, fabsf(want[i]));
    assert_true(range > 0);
    for (size_t i = 0; i < n; i++)
        assert_true(fabsf(want[i] - got[i]) <= 2e-5f * range);
    for (int i = 0; tsr_model_output(plain, i); i++)
        assert_string_equal(tsr_model_output(plain, i)->name, tsr_model_output(fast, i)->name);
    assert_true(fast->plan.total_bytes <= plain->plan.total_bytes);
    tsr_model_free(plain);
    tsr_model_free(fast);
}

/* ---- the passes ------------------------------------------------------------------------- */

static void clamps(tsr_graph *g)
{
    int x = conv(g, input(g, 6, 5, 4), 4, 7, 3);
    x = clamp(g, x, 0, TSR_INFINITY, "relu");
    x = clamp(g, x, -TSR_INFINITY, 1.5f, "min");
    tsr_graph_output(g, clamp(g, x, 0.25f, 9, "max"));
}

static void disjoint_clamps(tsr_graph *g)
{
    int x = conv(g, input(g, 3, 3, 2), 2, 3, 1);
    tsr_graph_output(g, clamp(g, clamp(g, x, 0, 1, "a"), 2, 3, "b"));
}

static void shared_clamp(tsr_graph *g)          /* the conv's own result is wanted too */
{
    int x = conv(g, input(g, 3, 3, 2), 2, 3, 1);
    tsr_graph_output(g, x);
    tsr_graph_output(g, clamp(g, x, 0, 1, "relu"));
}

static void batch_norm(tsr_graph *g)
{
    int x = conv(g, input(g, 6, 5, 4), 4, 7, 3);
    x = binary(g, TSR_OP_MUL, x, CONSTANT(g, 4, 7));
    x = binary(g, TSR_OP_ADD, x, CONSTANT(g, 5, 1, 1, 1, 7));
    x = clamp(g, x, 0, 6, "relu6");
    x = depthwise(g, x, 7);                     /* has no bias of its own */
    x = binary(g, TSR_OP_SUB, x, CONSTANT(g, 6, 7));
    x = binary(g, TSR_OP_DIV, x, CONSTANT(g, 7, 1));
    tsr_graph_output(g, x);
}

static void not_per_channel(tsr_graph *g)       /* one factor a pixel: stays */
{
    int x = conv(g, input(g, 3, 5, 4), 4, 5, 1);
    tsr_graph_output(g, binary(g, TSR_OP_MUL, x, CONSTANT(g, 4, 3, 5, 1)));
}

static void shared_filter(tsr_graph *g)         /* folding must not touch the other user */
{
    const int x = input(g, 4, 4, 3), w = CONSTANT(g, 8, 5, 1, 1, 3);
    const tsr_node c = { .kind = TSR_OP_CONV2D, FREE,
                         .attr.conv2d = { 1, 1, 1, 1, 0, 0, 0, 0, 1 } };
    const int a = node(g, c, "a", 2, (int[]){ x, w });
    tsr_graph_output(g, node(g, c, "b", 2, (int[]){ x, w }));
    tsr_graph_output(g, binary(g, TSR_OP_MUL, a, CONSTANT(g, 9, 5)));
}

static void residual(tsr_graph *g)
{
    int x = conv(g, input(g, 6, 5, 4), 4, 7, 1);
    int y = conv(g, clamp(g, x, 0, 6, "relu6"), 7, 7, 3);
    tsr_graph_output(g, clamp(g, binary(g, TSR_OP_ADD, x, y), -1, 2, "sum"));
}

static void late_residual(tsr_graph *g)         /* the conv comes before its partner: no fusing */
{
    const int x = input(g, 4, 4, 3), y = conv(g, x, 3, 3, 1);
    tsr_graph_output(g, binary(g, TSR_OP_ADD, y, node(g, (tsr_node){ .kind = TSR_OP_TANH, FREE },
                                                      "tanh", 1, &x)));
}

static void pad(tsr_graph *g)
{
    int x = input(g, 5, 6, 3);
    x = node(g, (tsr_node){ .kind = TSR_OP_PAD, FREE, .attr.pad = { .before = { 0, 1, 0, 0 },
                                                                    .after = { 0, 2, 1, 0 } } },
             "pad", 1, &x);
    tsr_graph_output(g, conv(g, x, 3, 4, 3));
}

static void pad_with_ones(tsr_graph *g)
{
    int x = input(g, 5, 6, 3);
    x = node(g, (tsr_node){ .kind = TSR_OP_PAD, FREE, .attr.pad = { .before = { 0, 1, 1, 0 },
                                                                    .value = 1 } }, "pad", 1, &x);
    tsr_graph_output(g, conv(g, x, 3, 4, 3));
}

static void transposes(tsr_graph *g)
{
    int x = transpose(g, input(g, 4, 5, 3), 0, 3, 1, 2);
    x = transpose(g, x, 0, 2, 3, 1);
    x = conv(g, x, 3, 4, 1);
    x = transpose(g, transpose(g, x, 0, 3, 1, 2), 0, 3, 2, 1);
    tsr_graph_output(g, x);                     /* two together move channels: one stays */
}

static int enlarge(tsr_graph *g, int x, int h, int w, tsr_resize_method method)
{
    return node(g, (tsr_node){ .kind = TSR_OP_RESIZE, FREE,
                               .attr.resize = { .oh = h, .ow = w, .method = method,
                                                .coord = TSR_COORD_ALIGN_CORNERS } }, "large", 1,
                &x);
}

static void enlarged_planes(tsr_graph *g)       /* turned when small, a view of the result */
{
    const int x = enlarge(g, conv(g, input(g, 4, 5, 3), 3, 6, 1), 13, 11, TSR_BILINEAR);
    const int y = transpose(g, x, 0, 3, 1, 2);
    tsr_graph_output(g, y);
    tsr_graph_output(g, node(g, (tsr_node){ .kind = TSR_OP_TANH, FREE }, "tanh", 1, &y));
    tsr_graph_output(g, transpose(g, enlarge(g, y, 9, 22, TSR_NEAREST), 0, 3, 1, 2));
}

static void enlarged_for_two(tsr_graph *g)      /* both layouts are wanted: all stays */
{
    const int x = enlarge(g, conv(g, input(g, 4, 5, 3), 3, 6, 1), 13, 11, TSR_BILINEAR);
    tsr_graph_output(g, x);
    tsr_graph_output(g, transpose(g, x, 0, 3, 1, 2));
}

static void reduced_planes(tsr_graph *g)        /* it is cheaper after than before */
{
    const int x = enlarge(g, conv(g, input(g, 6, 5, 3), 3, 6, 1), 3, 4, TSR_BILINEAR);
    tsr_graph_output(g, transpose(g, x, 0, 3, 1, 2));
}

static void space_to_batch(tsr_graph *g)
{
    const tsr_batch_space_attr in = { 2, 2, 2, 2, 3, 2 }, out = { 2, 2, 0, 0, 1, 0 };
    int x = input(g, 9, 8, 3);
    x = node(g, (tsr_node){ .kind = TSR_OP_SPACE_TO_BATCH, FREE, .attr.batch_space = in }, "s", 1,
             &x);
    x = depthwise(g, x, 3);
    x = node(g, (tsr_node){ .kind = TSR_OP_BATCH_TO_SPACE, FREE, .attr.batch_space = out }, "b", 1,
             &x);
    tsr_graph_output(g, x);
}

static int pooled(tsr_graph *g, int x, int c, int h, int w)     /* and enlarged again */
{
    const tsr_pool2d_attr all = { h, w, 1, 1, 1, 1, 0, 0, 0, 0, false };
    x = node(g, (tsr_node){ .kind = TSR_OP_AVERAGE_POOL2D, FREE, .attr.pool2d = all }, "pool", 1,
             &x);
    x = conv(g, x, c, 5, 1);
    return node(g, (tsr_node){ .kind = TSR_OP_RESIZE, FREE,
                               .attr.resize = { .oh = h, .ow = w, .method = TSR_BILINEAR,
                                                .coord = TSR_COORD_ALIGN_CORNERS } }, "large", 1,
                &x);
}

static int concat(tsr_graph *g, int count, const int *in)
{
    return node(g, (tsr_node){ .kind = TSR_OP_CONCAT, FREE, .attr.concat = { 3 } }, "concat", count,
                in);
}

static void pooled_branch(tsr_graph *g)         /* no resize, no concat: DeepLab's two branches */
{
    const int x = input(g, 6, 5, 4);
    const int y = concat(g, 2, (int[]){ pooled(g, x, 4, 6, 5), conv(g, x, 4, 3, 1) });
    tsr_graph_output(g, clamp(g, conv(g, y, 8, 7, 1), 0, 6, "relu6"));
}

static void pooled_among_three(tsr_graph *g)    /* the concat of the other two stays */
{
    const int x = input(g, 6, 5, 4);
    const int y = concat(g, 3, (int[]){ conv(g, x, 4, 3, 1), pooled(g, x, 4, 6, 5), x });
    tsr_graph_output(g, conv(g, y, 12, 7, 1));
}

static void pooled_for_two(tsr_graph *g)        /* the concat is wanted itself: all stays */
{
    const int x = input(g, 6, 5, 4);
    const int y = concat(g, 2, (int[]){ conv(g, x, 4, 3, 1), pooled(g, x, 4, 6, 5) });
    tsr_graph_output(g, y);
    tsr_graph_output(g, conv(g, y, 8, 7, 1));
}

static void pooled_for_3x3(tsr_graph *g)        /* padding makes its border differ: all stays */
{
    const int x = input(g, 6, 5, 4);
    const int y = concat(g, 2, (int[]){ conv(g, x, 4, 3, 1), pooled(g, x, 4, 6, 5) });
    tsr_graph_output(g, conv(g, y, 8, 7, 3));
}

static void no_ops(tsr_graph *g)
{
    int x = conv(g, input(g, 4, 5, 3), 3, 4, 1);
    x = node(g, (tsr_node){ .kind = TSR_OP_RESIZE, FREE,
                            .attr.resize = { .oh = 4, .ow = 5, .method = TSR_BILINEAR,
                                             .coord = TSR_COORD_ALIGN_CORNERS } }, "same", 1, &x);
    x = node(g, (tsr_node){ .kind = TSR_OP_PAD, FREE }, "nothing", 1, &x);
    x = node(g, (tsr_node){ .kind = TSR_OP_CONCAT, FREE, .attr.concat = { 3 } }, "one", 1, &x);
    conv(g, x, 4, 2, 3);                        /* nobody wants this */
    tsr_graph_output(g, x);
}

static void test_passes(void **state)
{
    (void)state;
    check(clamps, 1);
    check(disjoint_clamps, 1);
    check(shared_clamp, 2);
    check(batch_norm, 2);
    check(not_per_channel, 2);
    check(shared_filter, 2);
    check(residual, 3);
    check(late_residual, 3);
    check(pad, 1);
    check(pad_with_ones, 2);
    check(transposes, 2);
    check(enlarged_planes, 8);
    check(enlarged_for_two, 3);
    check(reduced_planes, 3);
    check(space_to_batch, 1);
    check(no_ops, 1);
    check(pooled_branch, 5);
    check(pooled_among_three, 6);
    check(pooled_for_two, 6);
    check(pooled_for_3x3, 6);
}

/* A chain of in-place operators needs one tensor's memory, not two. */
static void chain(tsr_graph *g)
{
    int x = input(g, 16, 16, 8);
    for (int i = 0; i < 5; i++)
        x = node(g, (tsr_node){ .kind = TSR_OP_TANH, FREE }, "tanh", 1, &x);
    tsr_graph_output(g, x);
}

static void test_in_place(void **state)
{
    (void)state;
    tsr_model *m = build(chain, false);
    assert_int_equal(m->plan.total_bytes, 16 * 16 * 8 * sizeof(float));
    assert_int_equal(m->plan.live_bound_bytes, 16 * 16 * 8 * sizeof(float));
    tsr_model_free(m);
}

/* A residual block of full width: its input, what the first convolution makes, and the sum
 * over the input.  OpenBLAS cannot add in place. */
static void residual_block(tsr_graph *g)
{
    const int x = input(g, 16, 16, 8), y = conv(g, x, 8, 8, 3);
    tsr_graph_output(g, binary(g, TSR_OP_ADD, conv(g, y, 8, 8, 1), x));
}

static void test_residual_in_place(void **state)
{
    (void)state;
    check(residual_block, 2);
    tsr_model *m = build(residual_block, false);
    const bool can = tsr_all_ops[TSR_OP_CONV2D]->flags & TSR_OP_IN_PLACE_RESIDUAL;
    assert_int_equal(m->plan.total_bytes, (can ? 2 : 3) * 16 * 16 * 8 * sizeof(float));
    tsr_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_residual_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
