/*
 * test_chain.c - layers that run together by rows give the same bits as layer by layer,
 * and the right ones: networks of convolutions, random ones too, evaluated in double here.
 *                                                SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include "loaders/tsr_file.h"
#include "tests/chain_networks.h"

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

static double pool64(const tsr_graph *g, const tsr_node *n, double *const *v, const int at[3])
{
    const tsr_tensor *x = &g->values[n->in[0]].t;
    const tsr_pool2d_attr *a = &n->attr.pool2d;
    double sum = 0, most = -HUGE_VAL;
    int seen = 0;
    for (int ky = 0; ky < a->kh; ky++)
        for (int kx = 0; kx < a->kw; kx++) {
            const int iy = at[0] * a->stride_y - a->pad_top + ky * a->dilation_y;
            const int ix = at[1] * a->stride_x - a->pad_left + kx * a->dilation_x;
            if (iy < 0 || iy >= x->dim[1] || ix < 0 || ix >= x->dim[2])
                continue;
            const double one = v[n->in[0]][(iy * x->dim[2] + ix) * x->dim[3] + at[2]];
            sum += one, most = fmax(most, one), seen++;
        }
    const double y = n->kind == TSR_OP_MAX_POOL2D ? most : seen ? sum / seen : 0;
    return fmin(fmax(y, (double)n->lo), (double)n->hi);
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
        for (int k = 0; k < d[1] * d[2] * d[3]; k++) {
            const int pixel[] = { k / d[3] / d[2], k / d[3] % d[2], k % d[3] };
            y[k] = is_pool(node->kind) ? pool64(g, node, v, pixel)
                 : is_conv(node->kind) ? pixel64(g, node, v, pixel) : element64(g, node, v, k);
        }
    }
    double *result = v[g->outputs[0]];
    v[g->outputs[0]] = NULL;
    for (int i = 0; i < g->value_count; i++)
        free(v[i]);
    free(v);
    return result;
}

/* ---- running -------------------------------------------------------------------------- */

static uint64_t all_macs(const tsr_graph *g)
{
    uint64_t sum = 0;
    for (int i = 0; i < g->node_count; i++)
        sum += tsr_node_macs(g, &g->nodes[i]);
    return sum;
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
    assert_int_equal(all_macs(&fused->graph), all_macs(&plain->graph));
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
    const network pooled = { 64, 12, 6, {       /* before and behind others */
        { TSR_OP_MAX_POOL2D, 6, 3, 1, 1, 1, 0 }, CONV(24, 1, 1, 0), DW(24, 3, 1, 1),
        { TSR_OP_MAX_POOL2D, 24, 2, 2, 1, 0, 0 } } };
    assert_int_equal(check(&pooled), 1);
    const network averaged = { 64, 12, 6, { CONV(24, 1, 1, 0),
        { TSR_OP_AVERAGE_POOL2D, 24, 3, 1, 3, 2, 0 }, CONV(5, 1, 1, 0) } };
    assert_int_equal(check(&averaged), 1);
    const network low = { 2, 30, 3, { CONV(9, 1, 1, 0), DW(9, 3, 1, 1), CONV(2, 1, 1, 0) } };
    assert_int_equal(check(&low), 0);   /* a ring would hold the whole picture */
}

static tsr_op_kind random_kind(void)
{
    if (test_bits(&seed) % 6 == 0)
        return test_bits(&seed) % 2 ? TSR_OP_MAX_POOL2D : TSR_OP_AVERAGE_POOL2D;
    return test_bits(&seed) % 2 ? TSR_OP_CONV2D : TSR_OP_DEPTHWISE_CONV2D;
}

static network random_network(void)
{
    network n = { from_to(8, 90), from_to(1, 30), from_to(1, 9), { { 0 } } };
    const int count = from_to(2, 8);
    int c = n.c;
    for (int i = 0; i < count; i++) {
        layer *l = &n.layers[i];
        l->kind = random_kind();
        l->k = test_bits(&seed) % 2 && l->kind == TSR_OP_CONV2D ? 1 : from_to(1, 5);
        l->stride = test_bits(&seed) % 5 ? 1 : from_to(1, 3);
        l->dilation = test_bits(&seed) % 4 ? 1 : from_to(1, 3);
        l->pad = test_bits(&seed) % 2 ? l->k / 2 * l->dilation : from_to(0, 6);
        if (is_pool(l->kind))
            l->pad = (l->k - 1) / 2 * l->dilation;      /* some tap is in the picture */
        l->co = is_pool(l->kind) ? c
              : l->kind == TSR_OP_DEPTHWISE_CONV2D ? c * (test_bits(&seed) % 4 ? 1 : 2)
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
        cmocka_unit_test(test_no_chain_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
