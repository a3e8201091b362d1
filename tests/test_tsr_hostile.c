/*
 * test_tsr_hostile.c - .tsr files that lie on purpose, each in one field that is
 * found as FORMAT.md says, all checksums mended: constants that overlap, lie off
 * their alignment or outside the file; and files with one wrong checksum.  Each is
 * refused in words that name the fault, at once, without taking memory for it.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "loaders/tsr_file.h"
#include "ops/ops.h"

enum { ROOM = 1 << 14, MOST_MEMORY = 1 << 18 };

static _Alignas(64) unsigned char file[ROOM];
static size_t file_bytes;

static bool append(void *ctx, const void *bytes, size_t n)
{
    (void)ctx;
    if (n > ROOM - file_bytes)
        return false;
    memcpy(file + file_bytes, bytes, n);
    file_bytes += n;
    return true;
}

/* y = x * a + b, both constants of 40 floats: 160 bytes, so they lie 192 apart. */
static void write_file(void)
{
    static float a[40] = { 2 }, b[40] = { 3 };
    const tsr_options options = { .ops = tsr_all_ops, .keep_all = true };
    tsr_model *m = NULL;
    assert_int_equal(tsr_model_begin(&options, &m, NULL), TSR_OK);
    tsr_graph *g = &m->graph;
    tsr_tensor t = { .name = "x", .rank = 2, .dim = { 3, 40 } };
    int mul[] = { tsr_graph_input(g, &t), 0 }, add[2];
    t = (tsr_tensor){ .name = "a", .rank = 1, .dim = { 40 }, .data = a };
    mul[1] = tsr_graph_constant(g, &t);
    t.name = "b", t.data = b;
    add[1] = tsr_graph_constant(g, &t);
    tsr_node n = tsr_node_make(TSR_OP_MUL, "mul", mul, 2);
    add[0] = tsr_graph_node(g, &n, &(tsr_tensor){ .name = "mul" });
    n = tsr_node_make(TSR_OP_ADD, "add", add, 2);
    tsr_graph_output(g, tsr_graph_node(g, &n, &(tsr_tensor){ .name = "y" }));
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    file_bytes = 0;
    const tsr_file_sink sink = { .write = append };
    assert_int_equal(tsr_file_save(m, &sink, NULL), TSR_OK);
    tsr_model_free(m);
}

/* ---- FORMAT.md, read by hand -------------------------------------------------- */

static uint64_t number(size_t at, int bytes)
{
    uint64_t x = 0;
    for (int i = 0; i < bytes; i++)
        x |= (uint64_t)file[at + (size_t)i] << 8 * i;
    return x;
}

static void put(size_t at, int bytes, uint64_t x)
{
    for (int i = 0; i < bytes; i++)
        file[at + (size_t)i] = (unsigned char)(x >> 8 * i);
}

static void mend_sums(void)
{
    const size_t weights_at = (size_t)number(24, 8);
    put(32, 8, tsr_file_sum(file + 64, weights_at - 64));
    put(40, 8, tsr_file_sum(file + weights_at, file_bytes - weights_at));
}

/* Where the tensor that begins at p has its rank, and where it ends. */
static size_t rank_of(size_t p) { return p + 4 + (size_t)number(p, 4) + 4; }

static size_t end_of(size_t p)
{
    p = rank_of(p);
    p += 4 + 4 * (size_t)number(p, 4) + 12;             /* dimensions, scale, zero point, axis */
    return p + 4 + 4 * (size_t)number(p, 4);            /* scales of channels */
}

/* Constant k's tensor; the u64 `at` stands behind it. */
static size_t constant(int k)
{
    size_t p = 64 + 16;
    assert_int_equal(number(64, 4), 1);                 /* inputs */
    p = end_of(p);
    for (; k > 0; k--)
        p = end_of(p) + 8 + 4;
    return p;
}

/* ---- refusals ------------------------------------------------------------------- */

/* What the loader takes from us. */
static void *take(void *ctx, size_t bytes)
{
    size_t *left = ctx;
    if (bytes > *left)
        return NULL;
    *left -= bytes;
    return malloc(bytes);
}

static void give_back(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

static tsr_status load(size_t bytes, tsr_error *err)
{
    size_t left = MOST_MEMORY;
    const tsr_options options = { .ops = tsr_all_ops, .allocator = { take, give_back, &left } };
    tsr_model *m = NULL;
    const tsr_status s = tsr_file_load(file, bytes, &options, &m, err);
    tsr_model_free(m);
    return s;
}

static void refused(const char *words)
{
    tsr_error err = { 0 };
    assert_int_equal(load(file_bytes, &err), TSR_BAD_FILE);
    if (!strstr(err.text, words))
        fail_msg("expected '%s', got '%s'", words, err.text);
}

static int setup(void **state)
{
    (void)state;
    write_file();
    return 0;
}

static void test_the_sound_file(void **state)
{
    (void)state;
    tsr_error err = { 0 };
    assert_int_equal(load(file_bytes, &err), TSR_OK);
    /* The reader by hand reads what was written. */
    assert_memory_equal(file + constant(1) + 4, "b", 1);
    assert_int_equal(number(end_of(constant(0)), 8), 0);
    assert_int_equal(number(end_of(constant(1)), 8), 192);
    mend_sums();
    assert_int_equal(load(file_bytes, &err), TSR_OK);
}

static void test_constants_that_overlap(void **state)
{
    (void)state;
    const uint64_t lies[] = { 0, 64, 128, 96, 200, 1 << 20, UINT64_MAX - 63, UINT64_C(1) << 60 };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put(end_of(constant(1)), 8, lies[i]);
        mend_sums();
        refused("constant 'b' lies outside the weights or overlaps the one before it");
    }
}

/* The first one longer, so that it reaches into the second, or out of any memory. */
static void test_a_constant_too_long(void **state)
{
    (void)state;
    put(rank_of(constant(0)) + 4, 4, 50);
    mend_sums();
    refused("constant 'b' lies outside the weights or overlaps");
    put(rank_of(constant(0)) + 4, 4, 0x7fffffff);
    mend_sums();
    refused("constant 'a' lies outside the weights or overlaps");
}

static void test_wrong_checksums(void **state)
{
    (void)state;
    put(32, 8, number(32, 8) ^ 1);
    refused(".tsr graph does not match its checksum");
    mend_sums();
    put(40, 8, number(40, 8) ^ UINT64_C(1) << 63);
    refused(".tsr weights do not match their checksum");
    mend_sums();
    file[number(24, 8)] ^= 0x10;                        /* a weight, not the sum */
    refused(".tsr weights do not match their checksum");
}

/* A header that promises more than there is. */
static void test_lying_sizes(void **state)
{
    (void)state;
    static const size_t field[] = { 8, 16, 24, 48 };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        const uint64_t was = number(field[i], 8);
        put(field[i], 8, UINT64_C(1) << 60);
        refused(".tsr");
        put(field[i], 8, was);
    }
    /* 2^31 - 1 constants, nodes, outputs: the graph ends long before. */
    for (size_t at = 64; at < 64 + 16; at += 4) {
        const uint64_t was = number(at, 4);
        put(at, 4, 0x7fffffff);
        mend_sums();
        refused(".tsr");
        put(at, 4, was);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_sound_file, setup),
        cmocka_unit_test_setup(test_constants_that_overlap, setup),
        cmocka_unit_test_setup(test_a_constant_too_long, setup),
        cmocka_unit_test_setup(test_wrong_checksums, setup),
        cmocka_unit_test_setup(test_lying_sizes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
