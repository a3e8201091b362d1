/*
 * test_tflite_file.c - TFLite files as a whole: bytes at any address, and files that are
 * none or would take much time or memory to read.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "loaders/load.h"
#include "tests/tflite_sound.h"

static void not_a_model(void **state)
{
    (void)state;
    tsr_model *model = (tsr_model *)&model;
    tsr_error err = { 0 };
    static const char text[] = "this is a text file and no network at all";
    assert_int_equal(tsr_model_load(text, sizeof text, NULL, &model, &err), TSR_BAD_FILE);
    assert_null(model);
    assert_non_null(strstr(err.text, "not a model file"));
    err = (tsr_error){ 0 };
    assert_int_equal(tsr_model_load(text, 0, NULL, &model, &err), TSR_BAD_FILE);
    assert_non_null(strstr(err.text, "empty"));
    assert_int_equal(tsr_model_load(NULL, 9, NULL, &model, NULL), TSR_BAD_ARGUMENT);
    assert_int_equal(tsr_model_load(text, 9, NULL, NULL, NULL), TSR_BAD_ARGUMENT);
    assert_int_equal(tsr_model_load("\xff\xff\xff\xffTFL3", 8, NULL, &model, NULL), TSR_BAD_FILE);
    assert_int_equal(tsr_model_load("\0\0\0\0TFL3", 8, NULL, &model, NULL), TSR_BAD_FILE);
}

/* The bytes may begin anywhere, and nothing is written to them. */
static void any_address(void **state)
{
    (void)state;
    sound s = make_sound();
    size_t bytes;
    uint8_t *file = mk_write(&s.m, &bytes), *shifted = malloc(bytes + 1);
    assert_non_null(shifted);
    memcpy(shifted + 1, file, bytes);
    tsr_model *model;
    assert_int_equal(tsr_model_load(shifted + 1, bytes, NULL, &model, NULL), TSR_OK);
    assert_memory_equal(shifted + 1, file, bytes);
    const size_t need = tsr_session_bytes(model, NULL);
    void *memory = malloc(need);
    tsr_session *session;
    assert_int_equal(tsr_session_open(model, NULL, memory, need, &session, NULL), TSR_OK);
    memcpy(tsr_input(session, 0)->data, x, sizeof x);
    tsr_run(session);
    assert_true(((const float *)tsr_output(session, 0)->data)[5] == 7);
    tsr_model_free(model);
    free(memory);
    free(shifted);
    free(file);
}

/* Offsets may share their targets: a hundred thousand codes that are all the
 * same long name would take the square of the file's size to read. */
static void shared_targets(void **state)
{
    (void)state;
    enum { NAME = 100000 };
    char *name = malloc(NAME + 1);
    assert_non_null(name);
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    sound s = make_sound();
    s.m.tensors[s.mid].name = name;     /* a long name alone is fine */
    expect_sound(&s.m);
    s.m.ops[1].code = 32;
    s.m.ops[1].custom = name;
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 1 nnnn");
    s.m.more_codes = 100000;
    expect_refusal(&s.m, TSR_BAD_FILE, "damaged");
    s = make_sound();
    s.m.more_operators = 100000;        /* all of them the last one */
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 2 RELU|has a value already");
    free(name);
}

static void *count_bytes(void *ctx, size_t bytes)
{
    *(size_t *)ctx += bytes;
    return malloc(bytes);
}

static void release(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

/* Constants that broadcast to 1.6 GB, or that take long to convolve, stay
 * operators of the network: a small file loads with little. */
static void constants_that_grow(void **state)
{
    (void)state;
    enum { SIDE = 20000 };
    static float column[SIDE];
    for (int k = 0; k < 2; k++) {
        mk_model m = { 0 };
        size_t total = 0, bytes;
        const int in = mk_input(&m, "x", MK_F32, 1, DIM(1));
        const int a = mk_constant(&m, "a", MK_F32, 4, k ? DIM(1, 20, 1000, 1) : DIM(1, 1, SIDE, 1),
                                  column);
        const int b = mk_constant(&m, "b", MK_F32, 4, k ? DIM(1, 20, 1000, 1) : DIM(1, 1, 1, SIDE),
                                  column);
        const int y = k ? mk_value(&m, "y", MK_F32, 4, DIM(1, 20, 1000, 1))
                        : mk_value(&m, "y", MK_F32, 4, DIM(1, 1, SIDE, SIDE));
        mk_op *op = mk_operator(&m, k ? 3 : 18, a, b, -1, y);
        mk_option(op, k ? 1 : 21, 0, 1, 0);
        if (k) {
            mk_option(op, 1, 1, 4, 1);
            mk_option(op, 1, 2, 4, 1);
        }
        mk_output(&m, y);
        mk_output(&m, in);
        uint8_t *file = mk_write(&m, &bytes);
        const tsr_options options = { .allocator = { count_bytes, release, &total } };
        tsr_model *model;
        tsr_error err = { 0 };
        if (tsr_model_load(file, bytes, &options, &model, &err) != TSR_OK)
            fail_msg("%s", err.text);
        assert_true(total < 16 * bytes);
        assert_int_equal(model->graph.node_count, 1);
        tsr_model_free(model);
        free(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_model),
        cmocka_unit_test(any_address),
        cmocka_unit_test(shared_targets),
        cmocka_unit_test(constants_that_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
