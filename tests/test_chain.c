/*
 * test_chain.c - layers that run together by rows give the same bits as layer by layer,
 * and the right ones: networks of convolutions, random ones too, evaluated in double here.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include "loaders/tsr_file.h"
#include "ops/ops.h"
#include "tests/chance.h"
#include "tests/run_model.h"

static unsigned seed = 1;

static float noise(void) { return test_randf(&seed); }
static int from_to(int lo, int hi) { return test_rand(&seed, lo, hi); }

/* ---- networks ------------------------------------------------------------------------ */

typedef struct {
    tsr_op_kind kind;           /* CONV2D or DEPTHWISE_CONV2D; 0 with co 0: the end.  Or an
                                   operator of two inputs, of which the second has ... */
    int co, k, stride, dilation, pad;   /* ... k dimensions and is constant, or was */
    int residual;               /* so many layers back; 0: none */
} layer;

typedef struct {
    int h, w, c;
    layer layers[12];
} network;

static int constant(tsr_graph *g, int rank, const int *dim, float size)
{
    tsr_tensor t = { .name = "constant", .rank = rank };
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        x[i] = noise() * size;
    t.data = x;
    return tsr_graph_constant(g, &t);
}

static bool is_conv(tsr_op_kind kind)
{
    return kind == TSR_OP_CONV2D || kind == TSR_OP_DEPTHWISE_CONV2D;
}

static int add_binary(tsr_graph *g, const layer *l, const int *values, int at)
{
    const int *dim = g->values[values[at]].t.dim;
    int in[2] = { values[at], -1 };
    in[1] = l->residual ? values[at + 1 - l->residual] : constant(g, l->k, dim + 4 - l->k, 1);
    tsr_node n = tsr_node_make(l->kind, "layer", in, 2);
    n.hi = test_bits(&seed) % 2 ? 1 : TSR_INFINITY;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer" });
}

static int add_layer(tsr_graph *g, const layer *l, const int *values, int at)
{
    if (!is_conv(l->kind))
        return add_binary(g, l, values, at);
    const int c = g->values[values[at]].t.dim[3];
    const bool depthwise = l->kind == TSR_OP_DEPTHWISE_CONV2D;
    const int filter[] = { depthwise ? 1 : l->co, l->k, l->k, depthwise ? l->co : c };
    const float size = 2.0f / sqrtf((float)(l->k * l->k * (depthwise ? 1 : c)));
    int in[4] = { values[at], constant(g, 4, filter, size), constant(g, 1, &l->co, 0.5f) };
    if (l->residual)
        in[3] = values[at + 1 - l->residual];
    tsr_node n = tsr_node_make(l->kind, "layer", in, l->residual ? 4 : 3);
    n.lo = test_bits(&seed) % 2 ? 0 : -TSR_INFINITY, n.hi = test_bits(&seed) % 2 ? 2 : TSR_INFINITY;
    n.attr.conv2d = (tsr_conv2d_attr){ l->stride, l->stride, l->dilation, l->dilation,
                                       l->pad, l->pad, l->pad, l->pad, 1 };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer" });
}

/* NULL: the layers do not fit each other. */
static tsr_model *build(const network *n, tsr_fuse fuse)
{
    const tsr_options options = { .ops = tsr_all_ops, .fuse = fuse };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    int values[13], count = 0;
    assert_int_equal(tsr_model_begin(&options, &m, &err), TSR_OK);
    tsr_graph *g = &m->graph;
    const tsr_tensor x = { .name = "x", .rank = 4, .dim = { 1, n->h, n->w, n->c } };
    values[0] = tsr_graph_input(g, &x);
    for (const layer *l = n->layers; l->co && values[count] >= 0; l++, count++)
        values[count + 1] = add_layer(g, l, values, count);
    tsr_graph_output(g, values[count]);
    if (tsr_model_finish(m, &err) == TSR_OK)
        return m;
    tsr_model_free(m);
    return NULL;
}

/* ---- what is right --------------------------------------------------------------------- */

static double pixel64(const tsr_graph *g, const tsr_node *n, double *const *v, const int at[3])
{
    const tsr_tensor *x = &g->values[n->in[0]].t, *f = &g->values[n->in[1]].t;
    const tsr_tensor *y = &g->values[n->out[0]].t;
    const tsr_conv2d_attr *a = &n->attr.conv2d;
    const bool depthwise = n->kind == TSR_OP_DEPTHWISE_CONV2D;
    const float *w = f->data;
    const int c = x->dim[3], m = y->dim[3] / c, per = depthwise ? 1 : c;
    double sum = (double)((const float *)g->values[n->in[2]].t.data)[at[2]];
    for (int ky = 0; ky < f->dim[1]; ky++)
        for (int kx = 0; kx < f->dim[2]; kx++)
            for (int i = 0; i < per; i++) {
                const int iy = at[0] * a->stride_y - a->pad_top + ky * a->dilation_y;
                const int ix = at[1] * a->stride_x - a->pad_left + kx * a->dilation_x;
                if (iy < 0 || iy >= x->dim[1] || ix < 0 || ix >= x->dim[2])
                    continue;
                const int ci = depthwise ? at[2] / m : i, tap = ky * f->dim[2] + kx;
                const double weight = depthwise
                    ? (double)w[tap * y->dim[3] + at[2]]
                    : (double)w[(at[2] * f->dim[1] * f->dim[2] + tap) * c + i];
                sum += v[n->in[0]][(iy * x->dim[2] + ix) * c + ci] * weight;
            }
    if (n->in_count > 3)
        sum += v[n->in[3]][(at[0] * y->dim[2] + at[1]) * y->dim[3] + at[2]];
    return fmin(fmax(sum, (double)n->lo), (double)n->hi);
}

/* Constants of fewer elements repeat; they have the last dimensions of the picture. */
static double element64(const tsr_graph *g, const tsr_node *n, double *const *v, int i)
{
    const tsr_tensor *b = &g->values[n->in[1]].t;
    const double x = v[n->in[0]][i];
    const double c = b->data ? (double)((const float *)b->data)[i % (int)tsr_elements(b)]
                             : v[n->in[1]][i];
    const double y = n->kind == TSR_OP_MUL ? x * c : n->kind == TSR_OP_SUB ? x - c
                   : n->kind == TSR_OP_MAXIMUM ? fmax(x, c) : x + c;
    return fmin(fmax(y, (double)n->lo), (double)n->hi);
}

/* The output of a model that was not fused, malloc'ed. */
static double *evaluate64(const tsr_graph *g, const float *input)
{
    double **v = calloc((size_t)g->value_count, sizeof *v);
    const size_t n = tsr_elements(&g->values[g->inputs[0]].t);
    v[g->inputs[0]] = malloc(n * sizeof **v);
    for (size_t i = 0; i < n; i++)
        v[g->inputs[0]][i] = (double)input[i];
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *node = &g->nodes[i];
        const int *d = g->values[node->out[0]].t.dim;
        double *y = v[node->out[0]] = malloc((size_t)(d[1] * d[2] * d[3]) * sizeof *y);
        for (int k = 0; k < d[1] * d[2] * d[3]; k++)
            y[k] = !is_conv(node->kind) ? element64(g, node, v, k)
                 : pixel64(g, node, v, (int[]){ k / d[3] / d[2], k / d[3] % d[2], k % d[3] });
    }
    double *result = v[g->outputs[0]];
    v[g->outputs[0]] = NULL;
    for (int i = 0; i < g->value_count; i++)
        free(v[i]);
    free(v);
    return result;
}

/* ---- running -------------------------------------------------------------------------- */

static int chains(const tsr_model *m)
{
    int n = 0;
    for (int i = 0; i < m->graph.node_count; i++)
        n += m->graph.nodes[i].kind == TSR_OP_CHAIN;
    return n;
}

/* Returns how many chains there were; -1: the layers do not fit each other. */
static int check(const network *n)
{
    const unsigned start = seed;
    tsr_model *plain = build(n, TSR_FUSE_NEVER);
    if (!plain)
        return -1;
    seed = start;                       /* the same weights */
    tsr_model *fused = build(n, TSR_FUSE_MEMORY);
    assert_non_null(fused);
    assert_int_equal(chains(plain), 0);
    assert_int_equal(tsr_node_macs(&fused->graph, &fused->graph.nodes[0]) > 0, 1);
    assert_true(fused->plan.total_bytes <= plain->plan.total_bytes);

    const size_t inputs = tsr_elements(tsr_model_input(plain, 0));
    const size_t outputs = tsr_elements(tsr_model_output(plain, 0));
    float *x = malloc(inputs * sizeof *x);
    for (size_t i = 0; i < inputs; i++)
        x[i] = noise();
    double *want = evaluate64(&plain->graph, x), range = 1;
    float *by_layer = run_model(plain, x, 1);
    for (size_t i = 0; i < outputs; i++)
        range = fmax(range, fabs(want[i]));
    for (size_t i = 0; i < outputs; i++)
        assert_true(fabs(want[i] - (double)by_layer[i]) <= 2e-5 * range);
    for (int workers = 1; workers <= 4; workers++) {
        float *by_rows = run_model(fused, x, workers);
        assert_memory_equal(by_rows, by_layer, outputs * sizeof *by_rows);
        free(by_rows);
    }
    const int count = chains(fused);
    free(x), free(want), free(by_layer);
    tsr_model_free(plain);
    tsr_model_free(fused);
    return count;
}

/* ---- networks that are known, and others ------------------------------------------------ */

#define CONV(co, k, stride, pad) { TSR_OP_CONV2D, co, k, stride, 1, pad, 0 }
#define DW(co, k, stride, pad) { TSR_OP_DEPTHWISE_CONV2D, co, k, stride, 1, pad, 0 }

static void test_known_blocks(void **state)
{
    (void)state;
    const network inverted_residuals = { 40, 24, 3, {
        CONV(8, 3, 1, 1), DW(8, 3, 1, 1), CONV(4, 1, 1, 0),
        CONV(24, 1, 1, 0), DW(24, 3, 2, 1), CONV(6, 1, 1, 0),
        CONV(36, 1, 1, 0), DW(36, 3, 1, 1), { TSR_OP_CONV2D, 6, 1, 1, 1, 0, 3 } } };
    assert_int_equal(check(&inverted_residuals), 3);
    const network separable = { 33, 17, 5, { DW(10, 3, 1, 1), CONV(5, 1, 1, 0) } };
    assert_int_equal(check(&separable), 1);
    const network dilated = { 35, 9, 4, {
        CONV(20, 1, 1, 0), { TSR_OP_DEPTHWISE_CONV2D, 20, 3, 1, 4, 4, 0 }, CONV(7, 1, 1, 0) } };
    assert_int_equal(check(&dilated), 1);
    const network repeated = { 60, 11, 3, { DW(9, 5, 1, 2), DW(9, 3, 1, 0), CONV(2, 1, 1, 0) } };
    assert_int_equal(check(&repeated), 1);
    const network winograd = { 28, 28, 16, {     /* has no rows of its own: stays alone */
        CONV(32, 3, 1, 1), CONV(64, 3, 1, 1), DW(64, 3, 1, 1), CONV(8, 1, 1, 0) } };
    assert_int_equal(check(&winograd), 1);
    const network pre_activated = { 40, 12, 16, {   /* a BatchNorm in front, its input kept */
        { TSR_OP_MUL, 16, 1, 0, 0, 0, 0 }, { TSR_OP_ADD, 16, 1, 0, 0, 0, 0 }, CONV(8, 1, 1, 0),
        { TSR_OP_CONV2D, 16, 1, 1, 1, 0, 4 } } };
    assert_int_equal(check(&pre_activated), 1);
    const network elements = { 40, 12, 6, {
        { TSR_OP_MUL, 6, 2, 0, 0, 0, 0 }, { TSR_OP_SUB, 6, 0, 0, 0, 0, 2 },
        { TSR_OP_MAXIMUM, 6, 0, 0, 0, 0, 0 }, { TSR_OP_ADD, 6, 4, 0, 0, 0, 0 }, DW(6, 3, 1, 1),
        CONV(2, 1, 1, 0) } };
    assert_int_equal(check(&elements), 1);
    const network low = { 2, 30, 3, { CONV(9, 1, 1, 0), DW(9, 3, 1, 1), CONV(2, 1, 1, 0) } };
    assert_int_equal(check(&low), 0);   /* a ring would hold the whole picture */
}

static network random_network(void)
{
    network n = { from_to(8, 90), from_to(1, 30), from_to(1, 9), { { 0 } } };
    const int count = from_to(2, 8);
    int c = n.c;
    for (int i = 0; i < count; i++) {
        layer *l = &n.layers[i];
        l->kind = test_bits(&seed) % 2 ? TSR_OP_CONV2D : TSR_OP_DEPTHWISE_CONV2D;
        l->k = test_bits(&seed) % 2 && l->kind == TSR_OP_CONV2D ? 1 : from_to(1, 5);
        l->stride = test_bits(&seed) % 5 ? 1 : from_to(1, 3);
        l->dilation = test_bits(&seed) % 4 ? 1 : from_to(1, 3);
        l->pad = test_bits(&seed) % 2 ? l->k / 2 * l->dilation : from_to(0, 6);
        l->co = l->kind == TSR_OP_DEPTHWISE_CONV2D ? c * (test_bits(&seed) % 4 ? 1 : 2)
              : from_to(1, test_bits(&seed) % 2 ? 40 : c);
        if (l->kind == TSR_OP_CONV2D && i > 0 && test_bits(&seed) % 3 == 0)
            l->residual = from_to(1, i + 1);            /* most do not fit, and are refused */
        c = l->co;
    }
    return n;
}

static void test_random_networks(void **state)
{
    (void)state;
    int good = 0, with_chains = 0;
    for (int i = 0; i < 600; i++) {
        const network n = random_network();
        const int count = check(&n);
        good += count >= 0;
        with_chains += count > 0;
    }
    assert_true(good >= 200 && with_chains >= 80);
}

/* ---- bytes, resizing, arg_max: like layer by layer ------------------------------------- */

/* Bytes that stand for -1 .. 1, or sums of products of such (bias). */
static int byte_constant(tsr_graph *g, const int *dim, bool bias)
{
    tsr_tensor t = { .name = "bytes", .dtype = bias ? TSR_S32 : TSR_U8, .rank = bias ? 1 : 4,
                     .quant = { bias ? 1.0f / 16384 : 1.0f / 128, bias ? 0 : 128, NULL, 0 } };
    memcpy(t.dim, dim, sizeof(int) * (size_t)t.rank);
    t.data = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        if (bias)
            ((int32_t *)t.data)[i] = (int32_t)(test_bits(&seed) % 16384) - 8192;
        else
            ((uint8_t *)t.data)[i] = (uint8_t)(test_bits(&seed) >> 8);
    return tsr_graph_constant(g, &t);
}

static int byte_layer(tsr_graph *g, const layer *l, int x)
{
    const bool depthwise = l->kind == TSR_OP_DEPTHWISE_CONV2D;
    const int c = g->values[x].t.dim[3];
    const int filter[4] = { depthwise ? 1 : l->co, l->k, l->k, depthwise ? l->co : c };
    int in[3] = { x, byte_constant(g, filter, false), byte_constant(g, &l->co, true) };
    tsr_node n = tsr_node_make(l->kind, "layer", in, 3);
    n.attr.conv2d = (tsr_conv2d_attr){ l->stride, l->stride, l->dilation, l->dilation,
                                       l->pad, l->pad, l->pad, l->pad, 1 };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "layer", .dtype = TSR_U8,
                                                .quant = { 1.0f / 128, 128, NULL, 0 } });
}

typedef struct {
    bool bytes;
    network body;
    int oh, ow;                 /* then enlarged and the largest channel found; 0: not */
    tsr_coord coord;
} task;

static tsr_model *build_task(const task *k, tsr_fuse fuse)
{
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops, .fuse = fuse }, &m, &err),
                     TSR_OK);
    tsr_graph *g = &m->graph;
    tsr_tensor like = { .name = "x", .rank = 4, .dim = { 1, k->body.h, k->body.w, k->body.c } };
    if (k->bytes)
        like.dtype = TSR_U8, like.quant = (tsr_quant){ 1.0f / 128, 128, NULL, 0 };
    int x = tsr_graph_input(g, &like);
    for (const layer *l = k->body.layers; l->co; l++)
        x = k->bytes ? byte_layer(g, l, x) : add_layer(g, l, &x, 0);
    if (k->oh) {
        tsr_node n = tsr_node_make(TSR_OP_RESIZE, "large", &x, 1);
        n.attr.resize = (tsr_resize_attr){ .oh = k->oh, .ow = k->ow, .method = TSR_BILINEAR,
                                           .coord = k->coord };
        int large = tsr_graph_node(g, &n, &(tsr_tensor){ .name = "large", .dtype = like.dtype,
                                                         .quant = like.quant });
        n = tsr_node_make(TSR_OP_ARG_MAX, "classes", &large, 1);
        n.attr.arg.axis = 3;
        x = tsr_graph_node(g, &n, &(tsr_tensor){ .name = "classes", .dtype = TSR_S32 });
    }
    tsr_graph_output(g, x);
    if (tsr_model_finish(m, &err) != TSR_OK)
        fail_msg("%s", err.text);
    return m;
}

static void check_task(const task *k, int want_chains)
{
    const unsigned start = seed;
    tsr_model *plain = build_task(k, TSR_FUSE_NEVER);
    seed = start;
    tsr_model *fused = build_task(k, TSR_FUSE_MEMORY);
    assert_int_equal(chains(fused), want_chains);
    assert_true(tsr_session_bytes(fused, NULL) < tsr_session_bytes(plain, NULL));
    const size_t inputs = tsr_elements(tsr_model_input(plain, 0));
    float *x = malloc(inputs * sizeof *x);      /* as bytes, the lower of them are noise, too */
    for (size_t i = 0; i < inputs; i++)
        x[i] = noise();
    const size_t bytes = tsr_bytes(tsr_model_output(plain, 0));
    float *want = run_model(plain, x, 1);
    bool varies = false;
    for (size_t i = 1; i < bytes; i++)
        varies |= ((unsigned char *)want)[i] != ((unsigned char *)want)[i % 4];
    assert_true(varies);
    for (int workers = 1; workers <= 3; workers++) {
        float *got = run_model(fused, x, workers);
        assert_memory_equal(got, want, bytes);
        free(got);
    }
    free(x), free(want);
    tsr_model_free(plain);
    tsr_model_free(fused);
}

static void test_bytes(void **state)
{
    (void)state;
    const task inverted_residuals = { true, { 161, 123, 3, {
        CONV(16, 3, 2, 1), DW(16, 3, 1, 1), CONV(8, 1, 1, 0),
        CONV(48, 1, 1, 0), DW(48, 3, 2, 1), CONV(7, 1, 1, 0) } }, 0, 0, 0 };
    check_task(&inverted_residuals, 2);
    const task repeated = { true, { 90, 51, 3, {
        DW(9, 5, 1, 2), { TSR_OP_DEPTHWISE_CONV2D, 9, 3, 1, 2, 2, 0 }, CONV(2, 1, 1, 0) } },
        0, 0, 0 };
    check_task(&repeated, 1);
}

static void test_classes_of_a_large_picture(void **state)
{
    (void)state;
    const tsr_coord coords[] = { TSR_COORD_ASYMMETRIC, TSR_COORD_ALIGN_CORNERS,
                                 TSR_COORD_HALF_PIXEL };
    for (int bytes = 0; bytes < 2; bytes++)
        for (int i = 0; i < 3; i++) {
            const task large = { bytes, { 9, 8, 5, { CONV(21, 3, 1, 1) } }, 65, 71, coords[i] };
            check_task(&large, 1);
            const task small = { bytes, { 64, 50, 3, { CONV(21, 3, 1, 1) } }, 20, 21, coords[i] };
            check_task(&small, 1);
        }
}

/* ---- files ----------------------------------------------------------------------------- */

static bool swallow(void *ctx, const void *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)ctx += n;
    return true;
}

/* A file holds layers, so that every machine may join them as suits it. */
static void test_no_chain_in_a_file(void **state)
{
    (void)state;
    const network n = { 33, 17, 5, { DW(10, 3, 1, 1), CONV(5, 1, 1, 0) } };
    tsr_model *fused = build(&n, TSR_FUSE_MEMORY), *plain = build(&n, TSR_FUSE_NEVER);
    tsr_error err = { 0 };
    size_t bytes = 0;
    const tsr_file_sink sink = { false, swallow, &bytes };
    assert_int_equal(chains(fused), 1);
    assert_int_equal(tsr_file_save(fused, &sink, &err), TSR_BAD_ARGUMENT);
    assert_int_equal(bytes, 0);
    assert_non_null(strstr(err.text, "TSR_FUSE_NEVER"));
    assert_int_equal(tsr_file_save(plain, &sink, &err), TSR_OK);
    assert_true(bytes > 0);
    tsr_model_free(fused);
    tsr_model_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_blocks),
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_classes_of_a_large_picture),
        cmocka_unit_test(test_no_chain_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
