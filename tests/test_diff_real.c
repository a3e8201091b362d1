/*
 * test_diff_real.c - `tarsier diff` on published networks with trained weights: a
 * fault is planted in the loaded graph, which is then written as .tsr; the first
 * layer that differs must be the one with the fault, and the sentence must name the
 * cause.  test_diff.c has a network made by hand, and layout and rounding.
 *
 * Skipped without TARSIER_MODELS.                 SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/chance.h"
#include "tests/fixture.h"
#include "cli/diff/diff.h"
#include "cli/npy.h"
#include "loaders/onnx_export.h"
#include "loaders/tsr_file.h"

static const char deeplab[] = "deeplabv3_257_mv_gpu.tflite";
static const char mobilenet[] = "mobilenet_v1_0.25_224_float.tflite";

static char dir[] = "/tmp/tarsier-diff-real-XXXXXX";
static char image[64], broken[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(image, sizeof image, "%s/x.npy", dir);
    snprintf(broken, sizeof broken, "%s/broken.tsr", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

/* ---- faults ------------------------------------------------------------------- */

/* The node to damage: the n-th of its kind. */
static tsr_node *node_of(tsr_graph *g, tsr_op_kind kind, int n)
{
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].kind == kind && n-- == 0)
            return &g->nodes[i];
    fail_msg("the network has too few nodes of that kind");
    return NULL;
}

/* The filter of a node, in memory of its own: the file's is read only. */
static float *own_filter(tsr_graph *g, const tsr_node *n, size_t *count)
{
    tsr_tensor *t = &g->values[n->in[1]].t;
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(t), 64);
    assert_non_null(x);
    memcpy(x, t->data, tsr_bytes(t));
    t->data = x;
    *count = tsr_elements(t);
    return x;
}

/* The last resize: 33 x 33 to the size of the picture.  The ones before it stretch a
 * single pixel or change nothing, whatever their mode. */
static const tsr_node *resize_mode(tsr_graph *g)
{
    int n = 0;
    while (node_of(g, TSR_OP_RESIZE, n)->attr.resize.oh != 257)
        n++;
    tsr_resize_attr *r = &node_of(g, TSR_OP_RESIZE, n)->attr.resize;
    assert_int_equal(r->coord, TSR_COORD_ALIGN_CORNERS);
    r->coord = TSR_COORD_HALF_PIXEL;
    return node_of(g, TSR_OP_RESIZE, n);
}

/* 224 is even: SAME padding at a stride of two has one odd pixel to place. */
static const tsr_node *padding(tsr_graph *g)
{
    tsr_node *n = node_of(g, TSR_OP_DEPTHWISE_CONV2D, 3);
    tsr_conv2d_attr *c = &n->attr.conv2d;
    assert_true(c->stride_y == 2 && c->pad_top == 0 && c->pad_bottom == 1);
    c->pad_top = c->pad_left = 1;
    c->pad_bottom = c->pad_right = 0;
    return n;
}

static const tsr_node *fused_activation(tsr_graph *g)
{
    tsr_node *n = node_of(g, TSR_OP_DEPTHWISE_CONV2D, 4);
    assert_true(n->lo == 0 && n->hi == 6);
    n->lo = -TSR_INFINITY, n->hi = TSR_INFINITY;
    return n;
}

static const tsr_node *relu_for_relu6(tsr_graph *g)
{
    tsr_node *n = node_of(g, TSR_OP_CONV2D, 0);
    assert_true(n->lo == 0 && n->hi == 6);
    n->hi = TSR_INFINITY;
    return n;
}

static const tsr_node *bgr(tsr_graph *g)
{
    size_t count;
    tsr_node *n = node_of(g, TSR_OP_CONV2D, 0);
    float *x = own_filter(g, n, &count);
    for (size_t i = 0; i < count; i += 3) {
        const float t = x[i];
        x[i] = x[i + 2], x[i + 2] = t;
    }
    return n;
}

/* A network for inputs from -2 to 2 instead of -1 to 1. */
static const tsr_node *scale(tsr_graph *g)
{
    size_t count;
    tsr_node *n = node_of(g, TSR_OP_CONV2D, 0);
    float *x = own_filter(g, n, &count);
    for (size_t i = 0; i < count; i++)
        x[i] *= 0.5f;
    return n;
}

static const tsr_node *one_weight(tsr_graph *g)
{
    size_t count;
    tsr_node *n = node_of(g, TSR_OP_CONV2D, 9);
    float *x = own_filter(g, n, &count);
    x[count / 2] += 10;
    return n;
}

/* ---- planted and found ---------------------------------------------------------- */

static bool append(void *ctx, const void *bytes, size_t n)
{
    return n == 0 || fwrite(bytes, 1, n, ctx) == n;
}

/* A picture of the model's size: a slope in each colour, another one each, with noise. */
static void write_image(const tsr_tensor *like)
{
    tsr_tensor t = *like;
    const int side = t.dim[2];
    float *x = malloc(tsr_bytes(&t));
    unsigned seed = 5;
    assert_non_null(x);
    for (int i = 0; i < t.dim[1] * side * 3; i++) {
        const float across = (float)(i / 3 % side) / (float)side;
        x[i] = (i % 3 == 1 ? 1 - across : across) - 0.3f * (float)(i % 3);
        x[i] += (float)test_randu(&seed) / 2;
    }
    t.data = x;
    assert_int_equal(cli_npy_write(image, &t, NULL), TSR_OK);
    free(x);
}

/* Writes the damaged copy; layer is the name of what the damaged one makes. */
static void plant(const char *sound, const tsr_node *(*fault)(tsr_graph *), char layer[256])
{
    cli_model m;
    cli_writer w;
    assert_int_equal(cli_model_open_whole(sound, &m, NULL), TSR_OK);
    write_image(tsr_model_input(m.model, 0));
    const tsr_node *n = fault(&m.model->graph);
    snprintf(layer, 256, "%s", m.model->graph.values[n->out[0]].t.name);
    assert_int_equal(cli_writer_open(broken, &w, NULL), TSR_OK);
    const tsr_file_sink sink = { .write = append, .ctx = w.stream };
    assert_int_equal(tsr_file_save(m.model, &sink, NULL), TSR_OK);
    assert_int_equal(cli_writer_commit(&w, NULL), TSR_OK);
    cli_model_close(&m);
}

/* The first pair over 1e-3 of its range, as the command finds it. */
static const diff_pair *first_bad(const diff_pair *pairs, int n)
{
    for (int i = 0; i < n; i++)
        if (pairs[i].max_error > 1e-3 * pairs[i].range)
            return &pairs[i];
    return NULL;
}

static void expect(const char *model, const tsr_node *(*fault)(tsr_graph *), const char *words)
{
    char sound[FIXTURE_PATH];
    fixture_need("TARSIER_MODELS", model, sound);
    diff_side a, b;
    char layer[256], cause[DIFF_CAUSE_TEXT];
    const cli_inputs in = { { image }, 1 };
    plant(sound, fault, layer);
    assert_int_equal(diff_side_run(&a, sound, &in, NULL), TSR_OK);
    assert_int_equal(diff_side_run(&b, broken, &in, NULL), TSR_OK);
    diff_pair *pairs = calloc((size_t)a.count, sizeof *pairs);
    const diff_pair *bad = first_bad(pairs, diff_match(&a, &b, pairs));
    assert_non_null(bad);
    diff_cause(&a, &b, bad, cause);
    if (strcmp(a.item[bad->a].t->name, layer) || !strstr(cause, words))
        fail_msg("expected '%s' at '%s', got '%s' at '%s'", words, layer, cause,
                 a.item[bad->a].t->name);
    free(pairs);
    diff_side_close(&a);
    diff_side_close(&b);
}

static void test_resize_mode(void **state)
{
    (void)state;
    expect(deeplab, resize_mode, "A is bilinear align_corners, B looks bilinear half_pixel");
}

static void test_padding(void **state)
{
    (void)state;
    expect(mobilenet, padding, "SAME padding: A pads");
}

static void test_activations(void **state)
{
    (void)state;
    expect(deeplab, fused_activation, "A has RELU6 here, B looks like no activation");
    expect(deeplab, relu_for_relu6, "A has RELU6 here, B looks like RELU");
}

static void test_the_picture(void **state)
{
    (void)state;
    expect(deeplab, bgr, "BGR");
    expect(deeplab, scale, "mean and scale: B behaves as if its input were x * 0.5");
}

static void test_one_weight(void **state)
{
    (void)state;
    expect(deeplab, one_weight, "weights: the filter differs by up to 10");
}

/* Against our own ONNX of it, which is made of the optimised graph: all but a few tensors
 * have a partner, and none a wrong one. */
static void expect_nothing(const char *model, int alone)
{
    char sound[FIXTURE_PATH];
    fixture_need("TARSIER_MODELS", model, sound);
    cli_model m;
    cli_writer w;
    diff_side a, b;
    const cli_inputs in = { { image }, 1 };
    const tsr_options single = { .fuse = TSR_FUSE_NEVER };      /* no chains: ONNX has none */
    assert_int_equal(cli_model_open_with(sound, &single, &m, NULL), TSR_OK);
    write_image(tsr_model_input(m.model, 0));
    assert_int_equal(cli_writer_open(broken, &w, NULL), TSR_OK);
    const tsr_onnx_sink sink = { append, w.stream };
    assert_int_equal(tsr_onnx_export(m.model, &sink, NULL), TSR_OK);
    assert_int_equal(cli_writer_commit(&w, NULL), TSR_OK);
    cli_model_close(&m);
    assert_int_equal(diff_side_run(&a, sound, &in, NULL), TSR_OK);
    assert_int_equal(diff_side_run(&b, broken, &in, NULL), TSR_OK);
    diff_pair *pairs = calloc((size_t)a.count, sizeof *pairs);
    const int n = diff_match(&a, &b, pairs);
    const diff_pair *bad = first_bad(pairs, n);
    if (bad)
        fail_msg("'%s' differs", a.item[bad->a].t->name);
    if (n != a.count - alone)
        fail_msg("%s: %d of %d tensors have a partner", model, n, a.count);
    free(pairs);
    diff_side_close(&a);
    diff_side_close(&b);
}

/* DeepLab: the pooled branch is not enlarged and laid beside the other any more, and a
 * resize to the size that there was is left out.  Hourglass: RELU6 and then RELU are one
 * activation, so the tensor between them is gone. */
static void test_nothing_wrong(void **state)
{
    (void)state;
    expect_nothing(deeplab, 3);
    expect_nothing("hourglass_v2_192.tflite", 52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_mode),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_the_picture),
        cmocka_unit_test(test_one_weight),
        cmocka_unit_test(test_nothing_wrong),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
