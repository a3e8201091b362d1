/*
 * test_npy.c - .npy files: bytes that NumPy itself wrote (numpy.save, 1.24),
 * read and written; everything that has to be refused; damaged files.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "cli/npy.h"

/* A file in a heap block of exactly its size, so that a read past the end is seen. */
typedef struct {
    uint8_t *bytes;
    size_t size;
} file;

/* Magic, version, and a header of `length` bytes: `text`, blanks, line feed. */
static file make(int version, const char *text, size_t length, const void *data, size_t data_size)
{
    const size_t prefix = version == 1 ? 10 : 12;
    file f = { malloc(prefix + length + data_size + 1), prefix + length + data_size };
    memset(f.bytes, ' ', f.size);
    memcpy(f.bytes, "\x93NUMPY", 6);
    f.bytes[6] = (uint8_t)version, f.bytes[7] = 0;
    for (size_t i = 8; i < prefix; i++)
        f.bytes[i] = (uint8_t)(length >> 8 * (i - 8));
    memcpy(f.bytes + prefix, text, strlen(text));
    f.bytes[prefix + length - 1] = '\n';
    if (data_size)
        memcpy(f.bytes + prefix + length, data, data_size);
    f.bytes = realloc(f.bytes, f.size);
    return f;
}

/* What numpy.save writes for array([[1.5, -2, 3]], float32). */
static const float values[] = { 1.5f, -2, 3 };
static const char header[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }";

static void test_numpy_versions(void **state)
{
    (void)state;
    for (int version = 1; version <= 3; version++) {
        file f = make(version, header, version == 1 ? 118 : 116, values, sizeof values);
        tsr_tensor t;
        tsr_error err = { 0 };
        assert_int_equal(cli_npy_parse(f.bytes, f.size, &t, &err), TSR_OK);
        assert_int_equal(t.dtype, TSR_F32);
        assert_int_equal(t.rank, 2);
        assert_int_equal(t.dim[0], 1);
        assert_int_equal(t.dim[1], 3);
        assert_memory_equal(t.data, values, sizeof values);
        free(f.bytes);
    }
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *descr;
        tsr_dtype dtype;
        size_t bytes;
    } types[] = {
        { "<f4", TSR_F32, 4 }, { "<f2", TSR_F16, 2 }, { "|i1", TSR_S8, 1 }, { "|u1", TSR_U8, 1 },
        { "<i2", TSR_S16, 2 }, { "<i4", TSR_S32, 4 }, { "<i8", TSR_S64, 8 }, { "|b1", TSR_BOOL, 1 },
        { "=f4", TSR_F32, 4 }, { "<u1", TSR_U8, 1 },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char text[100];
        const uint8_t data[48] = { 1 };
        tsr_tensor t;
        tsr_error err = { 0 };
        /* NumPy sorts the keys; others need not. */
        snprintf(text, sizeof text, "{'shape': (2, 3), 'descr': '%s', 'fortran_order': False}",
                 types[i].descr);
        file f = make(1, text, 118, data, types[i].bytes * 6);
        assert_int_equal(cli_npy_parse(f.bytes, f.size, &t, &err), TSR_OK);
        assert_int_equal(t.dtype, types[i].dtype);
        assert_int_equal(tsr_bytes(&t), types[i].bytes * 6);
        free(f.bytes);
    }
}

/* Headers as NumPy's own bytes for these shapes: scalar, one axis, six axes. */
static void test_write_like_numpy(void **state)
{
    (void)state;
    static const struct {
        tsr_tensor t;
        const char *text;
    } cases[] = {
        { { .dtype = TSR_F32, .rank = 2, .dim = { 1, 3 } }, header },
        { { .dtype = TSR_S64, .rank = 1, .dim = { 1 } },
          "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }" },
        { { .dtype = TSR_F32 }, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }" },
        { { .dtype = TSR_U8, .rank = 6, .dim = { 1, 2, 3, 4, 5, 6 } },
          "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3, 4, 5, 6), }" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char ours[CLI_NPY_HEADER];
        file theirs = make(1, cases[i].text, 118, NULL, 0);
        assert_int_equal(cli_npy_header(&cases[i].t, ours), theirs.size);
        assert_memory_equal(ours, theirs.bytes, theirs.size);
        free(theirs.bytes);
    }
}

static void test_longest_header(void **state)
{
    (void)state;
    const int big = 2147483647;
    const tsr_tensor t = { .dtype = TSR_BOOL, .rank = 6, .dim = { big, big, big, big, big, big } };
    char head[CLI_NPY_HEADER], shape[CLI_SHAPE_TEXT];
    assert_int_equal(cli_npy_header(&t, head), 192);
    assert_int_equal(head[191], '\n');
    assert_int_equal(strlen(cli_shape_text(&t, shape)), 6 * 10 + 5 * 2 + 2);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tsr_status status;
        const char *says;
    } cases[] = {
        { "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3), }", TSR_UNSUPPORTED,
          "Fortran" },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 3), }", TSR_UNSUPPORTED,
          "big-endian" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }", TSR_UNSUPPORTED, "'<f8'" },
        { "{'descr': '<U4', 'fortran_order': False, 'shape': (1, 3), }", TSR_UNSUPPORTED, "'<U4'" },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (1, 3), }", TSR_UNSUPPORTED, "'|O'" },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", TSR_UNSUPPORTED,
          "record" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,3), }", TSR_UNSUPPORTED,
          "7 axes" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", TSR_UNSUPPORTED,
          "length 0" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4), }", TSR_BAD_FILE, "[1, 4]" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", TSR_BAD_FILE, "[1, 2]" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': "
          "(2147483647,2147483647,2147483647), }", TSR_BAD_FILE, "more elements" },
        /* Damaged: each differs in one place from what is right. */
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999), }", TSR_BAD_FILE,
          "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", TSR_BAD_FILE, "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, -3), }", TSR_BAD_FILE, "damaged" },
        { "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 3), }", TSR_BAD_FILE, "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, }", TSR_BAD_FILE, "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), 'more': (1,)}", TSR_BAD_FILE,
          "damaged" },
        { "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}",
          TSR_BAD_FILE, "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), } more", TSR_BAD_FILE,
          "damaged" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), ", TSR_BAD_FILE, "damaged" },
        { "", TSR_BAD_FILE, "damaged" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file f = make(1, cases[i].text, 118, values, sizeof values);
        tsr_tensor t;
        tsr_error err = { 0 };
        assert_int_equal(cli_npy_parse(f.bytes, f.size, &t, &err), cases[i].status);
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\" gave \"%s\"", cases[i].text, err.text);
        free(f.bytes);
    }
}

static void test_not_npy(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "P", "\x93NUMPY", "PK\x03\x04 a zip file",
                                         "\x93NUMPY\x01", "\x93NUMPY\x04\x01", "\x93NUMPX\x01" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tsr_tensor t;
        tsr_error err = { 0 };
        assert_int_not_equal(cli_npy_parse(texts[i], strlen(texts[i]), &t, &err), TSR_OK);
        assert_true(err.text[0]);
    }
}

/* Any cut is an error; any changed byte is an error or an array inside the file. */
static void test_damage(void **state)
{
    (void)state;
    file good = make(1, header, 118, values, sizeof values);
    for (size_t size = 0; size < good.size; size++) {
        uint8_t *cut = malloc(size + !size);
        memcpy(cut, good.bytes, size);
        tsr_tensor t;
        assert_int_not_equal(cli_npy_parse(cut, size, &t, NULL), TSR_OK);
        free(cut);
    }
    for (size_t at = 0; at < good.size; at++)
        for (int value = 0; value < 256; value++) {
            const uint8_t before = good.bytes[at];
            good.bytes[at] = (uint8_t)value;
            tsr_tensor t;
            if (cli_npy_parse(good.bytes, good.size, &t, NULL) == TSR_OK)
                assert_ptr_equal((uint8_t *)t.data + tsr_bytes(&t), good.bytes + good.size);
            good.bytes[at] = before;
        }
    free(good.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numpy_versions), cmocka_unit_test(test_types),
        cmocka_unit_test(test_write_like_numpy), cmocka_unit_test(test_longest_header),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_not_npy),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
