/*
 * test_diff.c - faults planted in copies of a network: `tarsier diff` must
 * point at the layer and name the cause.         SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "cli/diff/diff.h"
#include "cli/file.h"
#include "cli/npy.h"
#include "loaders/tsr_file.h"
#include "ops/ops.h"
#include "tests/chance.h"

typedef enum {
    SOUND, RESIZE_MODE, PADDING, COLOUR, SCALED, NO_FUSED_ACTIVATION, NO_ACTIVATION, LAYOUT,
    WEIGHTS
} fault;

static int constant(tsr_graph *g, const char *name, tsr_tensor t, unsigned seed, float scale)
{
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        x[i] = scale * test_randf(&seed);
    t.name = name, t.data = x;
    return tsr_graph_constant(g, &t);
}

static int filled(tsr_graph *g, const char *name, float value)
{
    float *x = tsr_pool_alloc(g->pool, sizeof *x, 64);
    *x = value;
    return tsr_graph_constant(g, &(tsr_tensor){ .name = name, .rank = 1, .dim = { 1 }, .data = x });
}

static int unary(tsr_graph *g, const tsr_node *proto, const char *name, int x)
{
    tsr_node n = *proto;
    n.name = name, n.in = &x, n.in_count = 1, n.out_count = 1;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = name });
}

/* A BGR twin of a filter sees its last dimension reversed. */
static void reverse_channels(const tsr_tensor *w)
{
    float *x = w->data;
    for (size_t i = 0; i < tsr_elements(w); i += 3) {
        const float t = x[i];
        x[i] = x[i + 2], x[i + 2] = t;
    }
}

static int first_conv(tsr_graph *g, fault f, int x)
{
    int in[] = { x, constant(g, "w1", (tsr_tensor){ .rank = 4, .dim = { 8, 3, 3, 3 } }, 1, 0.3f),
                 constant(g, "b1", (tsr_tensor){ .rank = 1, .dim = { 8 } }, 2, 0.3f) };
    if (f == COLOUR)
        reverse_channels(&g->values[in[1]].t);
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, "stem", in, 3);
    n.attr.conv2d = (tsr_conv2d_attr){ 2, 2, 1, 1, 0, 0, 1, 1, 1 };
    n.lo = 0, n.hi = 6;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "stem" });
}

static int second_conv(tsr_graph *g, fault f, int x)
{
    int in[] = { x, constant(g, "w2", (tsr_tensor){ .rank = 4, .dim = { 1, 3, 3, 8 } }, 3, 1) };
    if (f == WEIGHTS)
        ((float *)g->values[in[1]].t.data)[17] += 0.5f;
    tsr_node n = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, "depthwise", in, 2);
    n.attr.conv2d = (tsr_conv2d_attr){ 2, 2, 1, 1, 0, 0, 1, 1, 1 };
    if (f == PADDING)
        n.attr.conv2d = (tsr_conv2d_attr){ 2, 2, 1, 1, 1, 1, 0, 0, 1 };
    n.lo = f == NO_FUSED_ACTIVATION ? -TSR_INFINITY : 0;
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "depthwise" });
}

static int third_conv(tsr_graph *g, int x)
{
    int in[] = { x, constant(g, "w3", (tsr_tensor){ .rank = 4, .dim = { 6, 1, 1, 8 } }, 4, 1) };
    tsr_node n = tsr_node_make(TSR_OP_CONV2D, "point", in, 2);
    n.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 0, 0, 0, 0, 1 };
    return tsr_graph_node(g, &n, &(tsr_tensor){ .name = "point" });
}

static int flatten(tsr_graph *g, fault f, int x)
{
    if (f == LAYOUT) {
        const tsr_node turn = { .kind = TSR_OP_TRANSPOSE, .lo = -TSR_INFINITY, .hi = TSR_INFINITY,
                                .attr.transpose = { { 0, 3, 1, 2 } } };
        x = unary(g, &turn, "turned", x);
    }
    const tsr_node flat = { .kind = TSR_OP_RESHAPE, .lo = -TSR_INFINITY, .hi = TSR_INFINITY,
                            .attr.reshape = { 2, { 1, -1 } } };
    return unary(g, &flat, "flat", x);
}

static bool append(void *ctx, const void *bytes, size_t n)
{
    return n == 0 || fwrite(bytes, 1, n, ctx) == n;
}

static void write_network(const char *path, fault f)
{
    const tsr_options options = { .ops = tsr_all_ops, .keep_all = true };
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(tsr_model_begin(&options, &m, &err), TSR_OK);
    tsr_graph *g = &m->graph;
    int x = tsr_graph_input(g, &(tsr_tensor){ .name = "image", .rank = 4,
                                              .dim = { 1, 16, 12, 3 } });
    if (f == SCALED) {
        int mul[] = { x, filled(g, "scale", 2) };
        tsr_node n = tsr_node_make(TSR_OP_MUL, "scaled", mul, 2);
        int add[] = { tsr_graph_node(g, &n, &(tsr_tensor){ .name = "scaled" }),
                      filled(g, "shift", -0.25f) };
        n = tsr_node_make(TSR_OP_ADD, "shifted", add, 2);
        x = tsr_graph_node(g, &n, &(tsr_tensor){ .name = "shifted" });
    }
    x = first_conv(g, f, x);
    x = second_conv(g, f, x);
    if (f != NO_ACTIVATION) {
        const tsr_node swish = { .kind = TSR_OP_TANH, .lo = -TSR_INFINITY, .hi = TSR_INFINITY };
        x = unary(g, &swish, "tanh", x);
    }
    x = third_conv(g, x);
    const tsr_node up = { .kind = TSR_OP_RESIZE, .lo = -TSR_INFINITY, .hi = TSR_INFINITY,
        .attr.resize = { .oh = 9, .ow = 7, .method = TSR_BILINEAR,
                         .coord = f == RESIZE_MODE ? TSR_COORD_HALF_PIXEL
                                                   : TSR_COORD_ALIGN_CORNERS } };
    x = unary(g, &up, "up", x);
    tsr_graph_output(g, flatten(g, f, x));
    assert_int_equal(tsr_model_finish(m, &err), TSR_OK);
    assert_string_equal(err.text, "");

    cli_writer w;
    assert_int_equal(cli_writer_open(path, &w, &err), TSR_OK);
    const tsr_file_sink sink = { .write = append, .ctx = w.stream };
    assert_int_equal(tsr_file_save(m, &sink, &err), TSR_OK);
    assert_int_equal(cli_writer_commit(&w, &err), TSR_OK);
    tsr_model_free(m);
}

/* ---- the cases ------------------------------------------------------------------- */

static char dir[] = "/tmp/tarsier-diff-XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[4][96];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static int make_dir(void **state)
{
    (void)state;
    float x[16 * 12 * 3];
    unsigned seed = 9;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = test_randf(&seed);
    if (!mkdtemp(dir))
        return -1;
    const tsr_tensor t = { .name = "image", .rank = 4, .dim = { 1, 16, 12, 3 }, .data = x };
    write_network(in_dir("sound.tsr"), SOUND);
    return cli_npy_write(in_dir("x.npy"), &t, NULL) == TSR_OK ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static cli_inputs input(void) { return (cli_inputs){ { in_dir("x.npy") }, 1 }; }

/* The first pair over 1e-3 and its cause; -1 and "" when there is none. */
static int first_bad(const diff_side *a, const diff_side *b, char cause[DIFF_CAUSE_TEXT])
{
    diff_pair *pairs = calloc((size_t)a->count, sizeof *pairs);
    int item = -1;
    const int n = diff_match(a, b, pairs);
    assert_true(n > 3);
    cause[0] = '\0';
    for (int i = 0; i < n && item < 0; i++)
        if (pairs[i].max_error > 1e-3 * pairs[i].range) {
            item = pairs[i].a;
            diff_cause(a, b, &pairs[i], cause);
        }
    free(pairs);
    return item;
}

static void expect(fault f, const char *layer, const char *words)
{
    diff_side a, b;
    tsr_error err = { 0 };
    char cause[DIFF_CAUSE_TEXT];
    const cli_inputs in = input();
    write_network(in_dir("broken.tsr"), f);
    assert_int_equal(diff_side_run(&a, in_dir("sound.tsr"), &in, &err), TSR_OK);
    assert_int_equal(diff_side_run(&b, in_dir("broken.tsr"), &in, &err), TSR_OK);
    const int item = first_bad(&a, &b, cause);
    assert_true(item >= 0);
    if (strcmp(a.item[item].t->name, layer) || !strstr(cause, words))
        fail_msg("expected '%s' at '%s', got '%s' at '%s'", words, layer, cause,
                 a.item[item].t->name);
    diff_side_close(&a);
    diff_side_close(&b);
}

static void test_resize_mode(void **state)
{
    (void)state;
    expect(RESIZE_MODE, "up", "A is bilinear align_corners, B looks bilinear half_pixel");
}

static void test_padding(void **state)
{
    (void)state;
    expect(PADDING, "depthwise", "SAME padding: A pads 0 above and 0 left, B looks like 1 and 1");
}

static void test_colour_order(void **state)
{
    (void)state;
    expect(COLOUR, "stem", "BGR");
}

static void test_mean_and_scale(void **state)
{
    (void)state;
    expect(SCALED, "stem", "x * 2 -0.25");
}

static void test_activations(void **state)
{
    (void)state;
    expect(NO_FUSED_ACTIVATION, "depthwise", "A has RELU here, B looks like no activation");
    expect(NO_ACTIVATION, "point", "missing activation: A's 'tanh'");
}

static void test_layout(void **state)
{
    (void)state;
    expect(LAYOUT, "flat", "layout");
}

static void test_weights(void **state)
{
    (void)state;
    expect(WEIGHTS, "depthwise", "weights: the filter differs by up to 0.5");
}

static void test_alike(void **state)
{
    (void)state;
    diff_side a, b;
    char cause[DIFF_CAUSE_TEXT];
    const cli_inputs in = input();
    assert_int_equal(diff_side_run(&a, in_dir("sound.tsr"), &in, NULL), TSR_OK);
    assert_int_equal(diff_side_run(&b, in_dir("sound.tsr"), &in, NULL), TSR_OK);
    assert_int_equal(first_bad(&a, &b, cause), -1);
    diff_side_close(&a);
    diff_side_close(&b);
}

static void store(const char *name, const tsr_tensor *t)
{
    assert_int_equal(cli_npy_write(in_dir(name), t, NULL), TSR_OK);
}

/* Another framework's dump: N,C,H,W pictures, names from the files. */
static void test_against_a_folder(void **state)
{
    (void)state;
    diff_side a, b;
    tsr_error err = { 0 };
    char cause[DIFF_CAUSE_TEXT];
    const cli_inputs in = input();
    assert_int_equal(diff_side_run(&a, in_dir("sound.tsr"), &in, &err), TSR_OK);
    assert_int_equal(mkdir(in_dir("dump"), 0700), 0);
    for (int i = 0; i < a.count; i++) {
        tsr_tensor t = *a.item[i].t;
        float turned[1024];
        char name[64];
        if (t.rank == 4 && tsr_elements(&t) <= 1024) {
            const int h = t.dim[1], w = t.dim[2], c = t.dim[3];
            for (int k = 0; k < h * w * c; k++)
                turned[k % c * h * w + k / c] = ((const float *)t.data)[k];
            t = (tsr_tensor){ .name = t.name, .rank = 4, .dim = { 1, c, h, w }, .data = turned };
        }
        snprintf(name, sizeof name, "dump/%s.npy", t.name);
        if (!strcmp(t.name, "tanh"))
            turned[5] += 0.5f;
        store(name, &t);
    }
    assert_int_equal(diff_side_read(&b, in_dir("dump"), &err), TSR_OK);
    assert_int_equal(b.count, a.count);
    const int item = first_bad(&a, &b, cause);
    assert_string_equal(a.item[item].t->name, "tanh");
    diff_side_close(&a);
    diff_side_close(&b);
    assert_int_not_equal(diff_side_read(&b, in_dir("nowhere"), &err), TSR_OK);
    assert_non_null(strstr(err.text, "nowhere"));
}

/* Integers one apart here and there: the other rounding rule. */
static void test_rounding_rule(void **state)
{
    (void)state;
    uint8_t x[300], y[300];
    for (int i = 0; i < 300; i++)
        x[i] = (uint8_t)(i * 7), y[i] = (uint8_t)(x[i] + (i % 9 == 0 && x[i] < 255));
    const tsr_quant q = { .scale = 0.5f, .zero_point = 3 };
    tsr_tensor tx = { .name = "q", .dtype = TSR_U8, .rank = 1, .dim = { 300 }, .data = x,
                      .quant = q };
    tsr_tensor ty = tx;
    ty.data = y;
    diff_item ia = { &tx, -1, "" }, ib = { &ty, -1, "" };
    const diff_side a = { .item = &ia, .count = 1 }, b = { .item = &ib, .count = 1 };
    diff_pair p = { 0 };
    char cause[DIFF_CAUSE_TEXT];
    diff_measure(&tx, &ty, &p);
    assert_true(p.max_error == 0.5);
    diff_cause(&a, &b, &p, cause);
    assert_non_null(strstr(cause, "rounding rule: the integers differ by at most 1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_resize_mode),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_colour_order),
        cmocka_unit_test(test_mean_and_scale),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_against_a_folder),
        cmocka_unit_test(test_rounding_rule),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
