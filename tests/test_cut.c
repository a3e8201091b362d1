/*
 * test_cut.c - a network that ends where it is told to, or where it pools.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "tests/one_op.h"

enum { SIDE = 4, CHANNELS = 3 };

typedef struct { float filter[5 * CHANNELS], gate[CHANNELS * CHANNELS]; } weights;

static int add(tsr_graph *g, tsr_node n, const char *name)
{
    tsr_tensor out = { .name = name, .dtype = TSR_F32 };
    n.name = name;
    return tsr_graph_node(g, &n, &out);
}

static int add_dense(tsr_graph *g, int x, const char *name, int rows, int columns, float *data)
{
    const tsr_tensor w = { .name = "w", .dtype = TSR_F32, .rank = 2, .dim = { rows, columns },
                           .data = data };
    int in[] = { x, tsr_graph_constant(g, &w) };
    tsr_node n = tsr_node_make(TSR_OP_DENSE, name, in, 2);
    n.attr.dense.keep_dims = true;
    return add(g, n, name);
}

static int add_mean(tsr_graph *g, int x, const char *name)
{
    tsr_node n = tsr_node_make(TSR_OP_MEAN, name, &x, 1);
    n.attr.reduce = (tsr_reduce_attr){ .axes = 6, .keep_dims = true };
    return add(g, n, name);
}

/* x -> mean -> dense -> sigmoid -> times x (squeeze and excitation) -> pool -> dense -> softmax;
 * without the pooling, a flat picture goes through two dense layers. */
static tsr_status classifier(weights *w, bool pooled, const tsr_options *options, tsr_model **m,
                             tsr_error *err)
{
    const int n = pooled ? CHANNELS : SIDE * SIDE * CHANNELS;
    tsr_options all = *options;
    all.ops = tsr_all_ops;
    assert_int_equal(tsr_model_begin(&all, m, err), TSR_OK);
    tsr_graph *g = &(*m)->graph;
    const tsr_tensor in = { .name = "x", .dtype = TSR_F32, .rank = 4,
                            .dim = { 1, SIDE, SIDE, CHANNELS } };
    const int x = tsr_graph_input(g, &in);
    int at = x;
    if (pooled) {
        int gate = add_dense(g, add_mean(g, x, "squeeze"), "excite", n, n, w->gate);
        int both[] = { x, add(g, tsr_node_make(TSR_OP_LOGISTIC, "", &gate, 1), "gate") };
        at = add_mean(g, add(g, tsr_node_make(TSR_OP_MUL, "", both, 2), "gated"), "pool");
    } else {
        tsr_node flat = tsr_node_make(TSR_OP_RESHAPE, "", &at, 1);
        flat.attr.reshape = (tsr_reshape_attr){ .rank = 2, .dim = { 1, n } };
        at = add(g, flat, "flat");
        static float wide[CHANNELS * SIDE * SIDE * CHANNELS];
        at = add_dense(g, at, "first", CHANNELS, n, wide);
    }
    int logits = add_dense(g, at, "logits", 5, CHANNELS, w->filter);
    tsr_node softmax = tsr_node_make(TSR_OP_SOFTMAX, "", &logits, 1);
    softmax.attr.softmax = (tsr_softmax_attr){ g->values[logits].t.rank - 1, 1 };
    tsr_graph_output(g, add(g, softmax, "classes"));
    return tsr_model_finish(*m, err);
}

static void run_cut(const tsr_model *m, const float *x, float *out)
{
    tsr_session *s = NULL;
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, NULL), TSR_OK);
    memcpy(tsr_input(s, 0)->data, x, SIDE * SIDE * CHANNELS * sizeof *x);
    tsr_run(s);
    memcpy(out, tsr_output(s, 0)->data, tsr_bytes(tsr_output(s, 0)));
    free(block);
}

/* The last pooling, not the first; computed as float64 computes it. */
static void test_embedding_of_a_classifier(void **state)
{
    (void)state;
    weights w;
    uint32_t seed = 4;
    float *x = test_random(&seed, SIDE * SIDE * CHANNELS);
    float *gate = test_random(&seed, sizeof w / sizeof(float));
    memcpy(&w, gate, sizeof w);
    double mean[CHANNELS] = { 0 };
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++)
        mean[i % CHANNELS] += (double)x[i] / (SIDE * SIDE);
    for (int keep_all = 0; keep_all < 2; keep_all++) {
        tsr_model *m = NULL;
        float e[CHANNELS];
        assert_int_equal(classifier(&w, true, &(tsr_options){ .output = "", .keep_all = keep_all },
                                    &m, NULL), TSR_OK);
        assert_string_equal(tsr_model_output(m, 0)->name, "pool");
        assert_null(tsr_model_output(m, 1));
        assert_true(m->graph.node_count <= 5);
        run_cut(m, x, e);
        for (int c = 0; c < CHANNELS; c++) {
            double z = 0;
            for (int k = 0; k < CHANNELS; k++)
                z += (double)w.gate[c * CHANNELS + k] * mean[k];
            assert_true(fabs((double)e[c] - mean[c] / (1 + exp(-z))) < 1e-6);
        }
        tsr_model_free(m);
    }
    free(x);
    free(gate);
}

static void test_cut_by_name(void **state)
{
    (void)state;
    weights w = { { 0 }, { 0 } };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(classifier(&w, true, &(tsr_options){ .output = "squeeze" }, &m, &err), TSR_OK);
    assert_string_equal(tsr_model_output(m, 0)->name, "squeeze");
    assert_int_equal(m->graph.node_count, 1);
    tsr_model_free(m);
    assert_int_equal(classifier(&w, true, &(tsr_options){ .output = "w" }, &m, &err),
                     TSR_BAD_ARGUMENT);
    assert_non_null(strstr(err.text, "no tensor 'w'"));
    tsr_model_free(m);
    assert_int_equal(classifier(&w, true, &(tsr_options){ 0 }, &m, &err), TSR_OK);
    assert_string_equal(tsr_model_output(m, 0)->name, "classes");
    tsr_model_free(m);
}

static void test_embedding_without_pooling(void **state)
{
    (void)state;
    weights w = { { 0 }, { 0 } };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(classifier(&w, false, &(tsr_options){ .output = "" }, &m, &err), TSR_OK);
    assert_string_equal(tsr_model_output(m, 0)->name, "flat");
    tsr_model_free(m);

    one_op o = one_op_make(TSR_OP_CLAMP);       /* nothing to cut */
    float x[4] = { 0 };
    o.in[0] = tensor_of(TSR_F32, DIMS(1, 4), x);
    assert_int_equal(tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops, .output = "" }, &m, NULL),
                     TSR_OK);
    int in = tsr_graph_input(&m->graph, &o.in[0]);
    tsr_graph_output(&m->graph, add(&m->graph, tsr_node_make(TSR_OP_ABS, "", &in, 1), "y"));
    assert_int_equal(tsr_model_finish(m, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "no embedding"));
    tsr_model_free(m);
}

/* x -> relu -> resize; what comes before an enlarging that interpolation can replace. */
static const char *output_before_enlarging(tsr_resize_attr a, int side, int out_dim[4])
{
    tsr_model *m = NULL;
    static char name[16];
    const tsr_options options = { .before_enlarging = true, .ops = tsr_all_ops };
    assert_int_equal(tsr_model_begin(&options, &m, NULL), TSR_OK);
    tsr_graph *g = &m->graph;
    const tsr_tensor in = { .name = "x", .dtype = TSR_F32, .rank = 4, .dim = { 1, side, side, 2 } };
    int x = tsr_graph_input(g, &in);
    int small = add(g, tsr_node_make(TSR_OP_LOGISTIC, "", &x, 1), "small");
    tsr_node n = tsr_node_make(TSR_OP_RESIZE, "", &small, 1);
    n.attr.resize = a;
    tsr_graph_output(g, add(g, n, "large"));
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    assert_null(tsr_model_output(m, 1));
    memcpy(out_dim, tsr_model_output(m, 0)->dim, 4 * sizeof *out_dim);
    snprintf(name, sizeof name, "%s", tsr_model_output(m, 0)->name);
    tsr_model_free(m);
    return name;
}

static void test_before_enlarging(void **state)
{
    (void)state;
    int dim[4];
    tsr_resize_attr a = { .oh = 17, .ow = 13, .method = TSR_BILINEAR,
                          .coord = TSR_COORD_ALIGN_CORNERS };
    assert_string_equal(output_before_enlarging(a, 5, dim), "small");
    assert_int_equal(dim[1], 5);
    a.ow = 14;                          /* 13 / 4: corners of cells fall between pixels */
    assert_string_equal(output_before_enlarging(a, 5, dim), "large");
    assert_int_equal(dim[2], 14);
    a.ow = 13, a.coord = TSR_COORD_HALF_PIXEL;
    assert_string_equal(output_before_enlarging(a, 5, dim), "large");
    a.coord = TSR_COORD_ALIGN_CORNERS, a.method = TSR_NEAREST;
    assert_string_equal(output_before_enlarging(a, 5, dim), "large");
    a.method = TSR_BILINEAR;
    assert_string_equal(output_before_enlarging(a, 1, dim), "large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedding_of_a_classifier),
        cmocka_unit_test(test_cut_by_name),
        cmocka_unit_test(test_embedding_without_pooling),
        cmocka_unit_test(test_before_enlarging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
