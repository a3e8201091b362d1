/*
 * test_chain_bytes.c - layers of bytes, and resizing with arg max, that run together by
 * rows: the same bits as layer by layer.          SPDX-License-Identifier: MIT
 */
#include "tests/chain_networks.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_classes_of_a_large_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
