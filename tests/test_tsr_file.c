/*
 * test_tsr_file.c - a model written as .tsr and read again: same graph, same
 * bits; and every kind of damage to the file is noticed.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "engine/cpu.h"
#include "engine/half.h"
#include "loaders/tsr_file.h"
#include "ops/ops.h"
#include "tests/chance.h"

static const tsr_options options = { .ops = tsr_all_ops };

typedef struct {
    unsigned char *bytes;
    size_t count, room;
} buffer;

static bool append(void *ctx, const void *bytes, size_t n)
{
    buffer *b = ctx;
    if (n > b->room - b->count)
        return false;
    memcpy(b->bytes + b->count, bytes, n);
    b->count += n;
    return true;
}

static int filled(tsr_graph *g, const char *name, const tsr_tensor *shape, unsigned *seed)
{
    tsr_tensor t = *shape;
    t.name = name;
    float *x = tsr_pool_alloc(g->pool, tsr_bytes(&t), 64);
    for (size_t i = 0; i < tsr_elements(&t); i++)
        x[i] = test_randf(seed);
    t.data = x;
    return tsr_graph_constant(g, &t);
}

/* conv with RELU6, pooling, depthwise conv, resize, dense, softmax: attributes of every shape. */
static tsr_model *network(void)
{
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    unsigned seed = 7;
    assert_int_equal(tsr_model_begin(&options, &m, &err), TSR_OK);
    tsr_graph *g = &m->graph;
    tsr_tensor x = { .name = "x", .rank = 4, .dim = { 1, 9, 8, 3 } };
    int conv_in[] = { tsr_graph_input(g, &x),
                      filled(g, "w", &(tsr_tensor){ .rank = 4, .dim = { 5, 3, 3, 3 } }, &seed),
                      filled(g, "b", &(tsr_tensor){ .rank = 1, .dim = { 5 } }, &seed) };
    tsr_node conv = tsr_node_make(TSR_OP_CONV2D, "conv", conv_in, 3);
    conv.attr.conv2d = (tsr_conv2d_attr){ 2, 1, 1, 1, 1, 1, 0, 1, 1 };
    conv.lo = 0, conv.hi = 6;
    int a = tsr_graph_node(g, &conv, &(tsr_tensor){ .name = "conv" });
    tsr_node pool = tsr_node_make(TSR_OP_MAX_POOL2D, "pool", &a, 1);
    pool.attr.pool2d = (tsr_pool2d_attr){ .kh = 2, .kw = 2, .stride_y = 2, .stride_x = 2,
                                          .dilation_y = 1, .dilation_x = 1 };
    int b = tsr_graph_node(g, &pool, &(tsr_tensor){ .name = "pool" });
    int dw_in[] = { b, filled(g, "u", &(tsr_tensor){ .rank = 4, .dim = { 1, 3, 3, 5 } }, &seed) };
    tsr_node dw = tsr_node_make(TSR_OP_DEPTHWISE_CONV2D, "dw", dw_in, 2);
    dw.attr.conv2d = (tsr_conv2d_attr){ 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    int dw_out = tsr_graph_node(g, &dw, &(tsr_tensor){ .name = "dw" });
    tsr_node up = tsr_node_make(TSR_OP_RESIZE, "up", &dw_out, 1);
    up.attr.resize = (tsr_resize_attr){ .oh = 5, .ow = 7, .method = TSR_BILINEAR,
                                        .coord = TSR_COORD_HALF_PIXEL };
    int c = tsr_graph_node(g, &up, &(tsr_tensor){ .name = "up" });
    int dense_in[] = { c, filled(g, "v", &(tsr_tensor){ .rank = 2, .dim = { 4, 5 } }, &seed) };
    tsr_node dense = tsr_node_make(TSR_OP_DENSE, "dense", dense_in, 2);
    dense.attr.dense.keep_dims = true;
    int d = tsr_graph_node(g, &dense, &(tsr_tensor){ .name = "dense" });
    tsr_node soft = tsr_node_make(TSR_OP_SOFTMAX, "soft", &d, 1);
    soft.attr.softmax = (tsr_softmax_attr){ 3, 0.5f };
    tsr_graph_output(g, tsr_graph_node(g, &soft, &(tsr_tensor){ .name = "soft" }));
    tsr_graph_output(g, a);
    const tsr_status s = tsr_model_finish(m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(s, TSR_OK);
    return m;
}

static buffer saved_as(const tsr_model *m, bool f16, bool pack)
{
    buffer b = { .bytes = aligned_alloc(64, 1 << 16), .room = 1 << 16 };
    const tsr_file_sink sink = { .f16 = f16, .write = append, .ctx = &b, .pack = pack };
    tsr_error err = { 0 };
    assert_int_equal(tsr_file_save(m, &sink, &err), TSR_OK);
    return b;
}

static buffer saved(const tsr_model *m, bool f16) { return saved_as(m, f16, false); }

/* Run with a fixed input; copies both outputs into out. */
static size_t run(const tsr_model *m, float *out)
{
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    tsr_session *s = NULL;
    unsigned seed = 3;
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, NULL), TSR_OK);
    float *x = tsr_input(s, 0)->data;
    for (size_t i = 0; i < tsr_elements(tsr_input(s, 0)); i++)
        x[i] = test_randf(&seed);
    tsr_run(s);
    size_t n = 0;
    for (int i = 0; tsr_output(s, i); i++) {
        memcpy(out + n, tsr_output(s, i)->data, tsr_bytes(tsr_output(s, i)));
        n += tsr_elements(tsr_output(s, i));
    }
    free(block);
    return n;
}

static void test_same_bits(void **state)
{
    (void)state;
    float before[2048], after[2048];
    tsr_model *m = network(), *again = NULL;
    const size_t n = run(m, before);
    buffer b = saved(m, false);
    tsr_model_free(m);
    tsr_error err = { 0 };
    assert_int_equal(tsr_file_load(b.bytes, b.count, &options, &again, &err), TSR_OK);
    assert_string_equal(tsr_model_input(again, 0)->name, "x");
    assert_string_equal(tsr_model_output(again, 1)->name, "conv");
    assert_int_equal(run(again, after), n);
    assert_memory_equal(before, after, n * sizeof *before);
    /* used in place: every constant points into the file */
    for (int v = 0; v < again->graph.value_count; v++) {
        const unsigned char *p = again->graph.values[v].t.data;
        assert_true(!p || (p >= b.bytes && p < b.bytes + b.count && (uintptr_t)p % 64 == 0));
    }
    tsr_model_free(again);
    free(b.bytes);
}

/* Filters of 64 numbers and more rounded to halves: what --f16 keeps of a model. */
static void round_filters(tsr_graph *g)
{
    for (int v = 0; v < g->value_count; v++) {
        const tsr_tensor *t = &g->values[v].t;
        float *x = t->data;
        for (size_t i = 0; x && t->rank >= 2 && i < tsr_elements(t); i++)
            if (tsr_elements(t) >= 64)
                x[i] = tsr_half_to_float(tsr_float_to_half(x[i]));
    }
}

static void test_f16_is_near_and_smaller(void **state)
{
    (void)state;
    float before[2048], after[2048], rounded[2048];
    tsr_model *m = network(), *again = NULL;
    const size_t n = run(m, before);
    buffer full = saved(m, false), half = saved(m, true);
    round_filters(&m->graph);
    run(m, rounded);
    tsr_model_free(m);
    assert_true(half.count < full.count);
    assert_int_equal(tsr_file_load(half.bytes, half.count, &options, &again, NULL), TSR_OK);
    assert_int_equal(run(again, after), n);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)before[i] - (double)after[i];
        worst = d * d > worst ? d * d : worst;
    }
    assert_true(worst > 0 && worst < 1e-4);
    assert_memory_equal(rounded, after, n * sizeof *after);
    tsr_model_free(again);
    free(full.bytes);
    free(half.bytes);
}

static void check_every_byte(bool pack)
{
    tsr_model *m = network(), *again = NULL;
    buffer b = saved_as(m, false, pack);
    tsr_model_free(m);
    for (size_t i = 0; i < b.count; i++) {
        b.bytes[i] ^= (unsigned char)(1u << i % 8);
        tsr_error err = { 0 };
        assert_int_not_equal(tsr_file_load(b.bytes, b.count, &options, &again, &err), TSR_OK);
        assert_true(err.text[0] && !again);
        b.bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t n = 0; n < b.count; n++) {
        unsigned char *cut = malloc(n + 1);         /* ASan sees a read past n */
        memcpy(cut, b.bytes, n);
        assert_int_not_equal(tsr_file_load(cut, n, &options, &again, NULL), TSR_OK);
        free(cut);
    }
    free(b.bytes);
}

static void test_every_byte_counts(void **state)
{
    (void)state;
    check_every_byte(false);
    check_every_byte(true);
}

static void put_u64(unsigned char *p, uint64_t x)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(x >> 8 * i);
}

/* A hostile file has sound checksums: damage the graph, then mend the sum. */
static void test_hostile_graph_is_harmless(void **state)
{
    (void)state;
    tsr_model *m = network(), *again = NULL;
    buffer b = saved(m, false);
    tsr_model_free(m);
    uint64_t weights_at = 0;
    for (int i = 0; i < 8; i++)
        weights_at |= (uint64_t)b.bytes[24 + i] << 8 * i;
    int refused = 0;
    unsigned seed = 11;
    for (int round = 0; round < 4000; round++) {
        const size_t at = 64 + (size_t)((test_randf(&seed) + 1) * 0.5f * (float)(weights_at - 64));
        const unsigned char old = b.bytes[at];
        b.bytes[at] ^= (unsigned char)(1u << round % 8);
        put_u64(b.bytes + 32, tsr_file_sum(b.bytes + 64, (size_t)weights_at - 64));
        tsr_error err = { 0 };
        if (tsr_file_load(b.bytes, b.count, &options, &again, &err) == TSR_OK)
            tsr_model_free(again);
        else
            refused += err.text[0] != '\0';
        b.bytes[at] = old;
    }
    assert_true(refused > 1000);
    free(b.bytes);
}

/* ---- packed for a CPU ---------------------------------------------------------- */

static uint64_t get_u64(const unsigned char *p)
{
    uint64_t x = 0;
    for (int i = 0; i < 8; i++)
        x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static void mend_sums(buffer *b)
{
    const size_t weights_at = (size_t)get_u64(b->bytes + 24);
    const size_t packed_at = (size_t)get_u64(b->bytes + 48);
    put_u64(b->bytes + 32, tsr_file_sum(b->bytes + 64, weights_at - 64));
    put_u64(b->bytes + 40, tsr_file_sum(b->bytes + weights_at, packed_at - weights_at));
    put_u64(b->bytes + 56, tsr_file_sum(b->bytes + packed_at, b->count - packed_at));
}

/* Every level's packing on every level: the same bits as without, and where they are one
 * and the same, a session that needs less memory. */
static void test_packed_for_any_level(void **state)
{
    (void)state;
    static const char *const levels[] = { "c", "avx2", "avx512", "neon" };
    enum { LEVELS = sizeof levels / sizeof *levels };
    float plain[2048], packed[2048];
    tsr_model *m = network();
    for (int i = 0; i < LEVELS; i++) {
        tsr_cpu_mask(~0u);
        if (!tsr_cpu_limit(levels[i]))
            continue;
        buffer b = saved_as(m, false, true);
        for (int k = 0; k < LEVELS; k++) {
            tsr_model *again = NULL;
            tsr_cpu_mask(~0u);
            if (!tsr_cpu_limit(levels[k]))
                continue;
            assert_int_equal(tsr_file_load(b.bytes, b.count, &options, &again, NULL), TSR_OK);
            const size_t n = run(m, plain);
            assert_int_equal(run(again, packed), n);
            assert_memory_equal(plain, packed, n * sizeof *plain);
            if (i == k)
                assert_true(tsr_session_measure(again, 1).packed
                            < tsr_session_measure(m, 1).packed);
            tsr_model_free(again);
        }
        free(b.bytes);
    }
    tsr_cpu_mask(~0u);
    tsr_model_free(m);
}

/* What a session computes with is what lies in the file: change that, plain weights
 * untouched, and the result changes. */
static void test_packed_is_used_in_place(void **state)
{
    (void)state;
    float before[2048], after[2048];
    tsr_model *m = network(), *again = NULL;
    buffer b = saved_as(m, false, true);
    const size_t n = run(m, before), packed_at = (size_t)get_u64(b.bytes + 48);
    tsr_model_free(m);
    for (size_t i = packed_at; i < b.count; i += 4)
        memset(b.bytes + i, 0, 4);
    mend_sums(&b);
    assert_int_equal(tsr_file_load(b.bytes, b.count, &options, &again, NULL), TSR_OK);
    assert_int_equal(run(again, after), n);
    for (size_t i = n - 5; i < n; i++)          /* the conv's: all of its weights are 0 now */
        assert_true(after[i] == 0.0f);
    assert_memory_not_equal(before, after, n * sizeof *before);
    tsr_model_free(again);
    free(b.bytes);
}

/* Lies about packed weights: refused, or a model that runs inside the file, which is a
 * block of its exact size for the sanitizer to watch. */
static void test_hostile_packed_is_harmless(void **state)
{
    (void)state;
    float out[2048];
    tsr_model *m = network(), *again = NULL;
    buffer b = saved_as(m, false, true);
    tsr_model_free(m);
    const size_t weights_at = (size_t)get_u64(b.bytes + 24);
    const size_t graph_end = 64 + (size_t)get_u64(b.bytes + 16), table = graph_end - 3 * 32 - 4;
    int refused = 0, ran = 0;
    for (size_t round = 0; round < (graph_end - table) * 8 + 64; round++) {
        unsigned char *exact = aligned_alloc(64, (b.count + 63) / 64 * 64);
        buffer e = { .bytes = exact, .count = b.count };
        memcpy(exact, b.bytes, b.count);
        /* Each bit of the table, then of the header's place of the packed weights. */
        const size_t at = table + round / 8 < graph_end ? table + round / 8
                                                        : 48 + round / 8 - (graph_end - table);
        exact[at] ^= (unsigned char)(1u << round % 8);
        if (get_u64(exact + 48) >= weights_at && get_u64(exact + 48) <= b.count)
            mend_sums(&e);
        tsr_error err = { 0 };
        if (tsr_file_load(exact, b.count, &options, &again, &err) == TSR_OK) {
            run(again, out);
            ran++;
            tsr_model_free(again);
        } else {
            assert_true(err.text[0] != '\0');
            refused++;
        }
        free(exact);
    }
    assert_true(refused > 100 && ran > 100);
    free(b.bytes);
}

static void test_half_is_exact(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        const float f = tsr_half_to_float((uint16_t)h);
        if (f == f)
            assert_int_equal(tsr_float_to_half(f), h);
    }
    assert_int_equal(tsr_float_to_half(65519.99f), 0x7bff);
    assert_int_equal(tsr_float_to_half(65520.0f), 0x7c00);
    assert_int_equal(tsr_float_to_half(0x1p-25f), 0);           /* a tie: to even */
    assert_int_equal(tsr_float_to_half(0x1.8p-25f), 1);
    assert_int_equal(tsr_float_to_half(1.0f + 0x1p-11f), 0x3c00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_f16_is_near_and_smaller),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_hostile_graph_is_harmless),
        cmocka_unit_test(test_packed_for_any_level),
        cmocka_unit_test(test_packed_is_used_in_place),
        cmocka_unit_test(test_hostile_packed_is_harmless),
        cmocka_unit_test(test_half_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
