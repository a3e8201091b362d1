/*
 * test_onnx_refusals.c - ONNX files that must not load, and the sentence that says
 * why.  Random damage is test_robustness.c's business.
 * SPDX-License-Identifier: MIT
 */
#include "tests/onnx_check.h"
#include "loaders/protobuf.h"

static void refuse(golden_file f, const char *words)
{
    tsr_model *model;
    tsr_error err = { TSR_OK, "" };
    assert_non_null(f.bytes);
    if (tsr_model_load(f.bytes, f.size, NULL, &model, &err) == TSR_OK)
        fail_msg("loads, instead of saying '%s'", words);
    if (!strstr(err.text, words))
        fail_msg("'%s' does not say '%s'", err.text, words);
    free(f.bytes);
}

/* x[1,3,6,5] -> type(inputs) -> y */
static void one_node(om_model *m, const char *type, const char *inputs)
{
    const small s = new_small();
    om_begin(m, 13);
    om_input(m, "x", OM_FLOAT, 4, picture_dim);
    om_floats(m, "w", 4, filter_dim, s.w);
    om_node(m, type, inputs, "y");
}

static golden_file finish(om_model *m)
{
    om_output(m, "y");
    return om_write(m);
}

static void test_operators_are_refused_by_name_and_number(void **state)
{
    (void)state;
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT, 4, picture_dim);
    om_node(&m, "Relu", "x", "a");
    om_node(&m, "NonMaxSuppression", "a", "b");
    om_node(&m, "TopK", "b", "c");
    om_node(&m, "TopK", "c", "y");
    om_output(&m, "y");
    refuse(om_write(&m), "operator 1 NonMaxSuppression is not supported; all that are not: "
                         "NonMaxSuppression (1), TopK (2)");
    one_node(&m, "Conv", "x,x");
    refuse(finish(&m), "operator 0 Conv 'y': the filter is not a constant");
}

static void test_a_cycle_is_a_name_that_is_not_there_yet(void **state)
{
    (void)state;
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT, 4, picture_dim);
    om_node(&m, "Add", "x,b", "a");
    om_node(&m, "Relu", "a", "b");
    om_output(&m, "b");
    refuse(om_write(&m), "operator 0 Add 'a': reads 'b', which nothing before it makes");
    one_node(&m, "Add", "x,y");
    refuse(finish(&m), "reads 'y'");
}

static void test_names_must_be_unique_and_exist(void **state)
{
    (void)state;
    om_model m;
    one_node(&m, "Relu", "x");
    om_node(&m, "Neg", "x", "y");
    refuse(finish(&m), "'y' is defined twice");
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT, 4, picture_dim);
    om_output(&m, "nowhere");
    refuse(om_write(&m), "output 'nowhere' is made by no operator");
}

static void test_wrong_attributes_are_refused(void **state)
{
    (void)state;
    om_model m;
    one_node(&m, "Conv", "x,w");
    om_int(&m, "group", 2);
    refuse(finish(&m), "groups");
    one_node(&m, "Conv", "x,w");
    om_ints(&m, "strides", 2, (int64_t[]){ 0, 1 });
    refuse(finish(&m), "strides is 0");
    one_node(&m, "Conv", "x,w");
    om_ints(&m, "pads", 3, (int64_t[]){ 1, 1, 1 });
    refuse(finish(&m), "pads has 3 numbers for 2 axes");
    one_node(&m, "Conv", "x,w");
    om_ints(&m, "kernel_shape", 2, (int64_t[]){ 5, 3 });
    refuse(finish(&m), "kernel_shape is 5, the filter has 3");
    one_node(&m, "Transpose", "x");
    om_ints(&m, "perm", 4, (int64_t[]){ 0, 1, 1, 2 });
    refuse(finish(&m), "perm is no permutation");
    one_node(&m, "Softmax", "x");
    om_int(&m, "axis", INT64_MIN);
    refuse(finish(&m), "axis -9223372036854775808 of 4 dimensions");
    one_node(&m, "DepthToSpace", "x");
    om_int(&m, "blocksize", 2);
    refuse(finish(&m), "do not divide");
}

static void test_tensors_must_have_what_they_promise(void **state)
{
    (void)state;
    const float x[2] = { 1, 2 };
    om_model m;
    one_node(&m, "Add", "x,t");
    om_tensor(&m, "t", OM_FLOAT, 1, (int[]){ 5 }, x, sizeof x);
    refuse(finish(&m), "tensor 't' has 2 numbers, its dimensions want 5");
    one_node(&m, "Add", "x,t");
    om_tensor(&m, "t", OM_FLOAT, 2, (int[]){ 1 << 30, 1 << 30 }, x, sizeof x);
    refuse(finish(&m), "dimension 1 is 1073741824");
    one_node(&m, "Add", "x,t");
    om_tensor(&m, "t", OM_STRING, 1, (int[]){ 1 }, x, 1);
    refuse(finish(&m), "is of type string");
}

/* A small file that asks for a wide constant gets it when it runs, not while it
 * is loaded. */
static void test_constants_are_bounded_by_the_file(void **state)
{
    (void)state;
    om_model m;
    om_begin(&m, 13);
    om_int64s(&m, "shape", 3, (int64_t[]){ 1000, 1000, 200 });
    om_node(&m, "ConstantOfShape", "shape", "y");
    om_output(&m, "y");
    const golden_file f = om_write(&m);
    tsr_model *model;
    tsr_error err = { TSR_OK, "" };
    assert_int_equal(tsr_model_load(f.bytes, f.size, NULL, &model, &err), TSR_OK);
    assert_true(model->pool.total_bytes < 16 << 20);
    assert_true(tsr_session_bytes(model, NULL) > 800000000);
    tsr_model_free(model);
    free(f.bytes);
    om_begin(&m, 13);
    om_int64s(&m, "shape", 3, (int64_t[]){ INT64_MAX, INT64_MAX, 2 });
    om_node(&m, "ConstantOfShape", "shape", "y");
    om_output(&m, "y");
    refuse(om_write(&m), "dimension 0 is 9223372036854775807");
}


static golden_file bytes_of(const uint8_t *bytes, size_t n)
{
    golden_file f = { malloc(n), n };
    assert_non_null(f.bytes);
    memcpy(f.bytes, bytes, n);
    return f;
}

static void test_damaged_messages_are_refused(void **state)
{
    (void)state;
    /* A graph of 2^60 bytes; a varint without an end; a group; a field 0. */
    static const uint8_t huge[] = { 8, 8, 0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                    0x10, 0 };
    static const uint8_t endless[] = { 8, 8, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 1 };
    static const uint8_t group[] = { 8, 8, 0x3b, 8, 8, 0x3c };
    static const uint8_t zero[] = { 8, 8, 0x3a, 2, 0, 1 };
    refuse(bytes_of(huge, sizeof huge), "damaged or cut off");
    refuse(bytes_of(endless, sizeof endless), "damaged or cut off");
    refuse(bytes_of(group, sizeof group), "damaged or cut off");
    refuse(bytes_of(zero, sizeof zero), "onnx: ");
    om_model m;
    one_node(&m, "Relu", "x");
    m.opset = 99;
    refuse(finish(&m), "operator set 99");
}

static void test_the_wire_reader(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x08, 0x96, 0x01, 0x15, 0, 0, 0x80, 0x3f, 0x1a, 3, 1, 0x80, 1,
                                     0x21, 1, 2, 3, 4, 5, 6, 7, 8 };
    tsr_reader r = rd_make(bytes, sizeof bytes);
    tsr_pb_field f;
    uint64_t x;
    assert_true(tsr_pb_next(&r, &f) && f.number == 1 && f.value == 150);
    assert_true(tsr_pb_next(&r, &f) && f.number == 2 && f.value == 0x3f800000);
    assert_true(tsr_pb_next(&r, &f) && f.number == 3 && rd_left(&f.bytes) == 3);
    assert_true(tsr_pb_number(&f, 0, &x) && x == 1);
    assert_true(tsr_pb_number(&f, 0, &x) && x == 128);
    assert_false(tsr_pb_number(&f, 0, &x));
    assert_true(tsr_pb_next(&r, &f) && f.number == 4 && f.value == 0x0807060504030201);
    assert_false(tsr_pb_next(&r, &f));
    assert_false(r.bad);
    for (size_t n = 1; n < sizeof bytes; n++) {         /* cut anywhere: bad, or between fields */
        r = rd_make(bytes, n);
        while (tsr_pb_next(&r, &f))
            ;
        assert_int_equal(r.bad, n != 3 && n != 8 && n != 13);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators_are_refused_by_name_and_number),
        cmocka_unit_test(test_a_cycle_is_a_name_that_is_not_there_yet),
        cmocka_unit_test(test_names_must_be_unique_and_exist),
        cmocka_unit_test(test_wrong_attributes_are_refused),
        cmocka_unit_test(test_tensors_must_have_what_they_promise),
        cmocka_unit_test(test_constants_are_bounded_by_the_file),
        cmocka_unit_test(test_damaged_messages_are_refused),
        cmocka_unit_test(test_the_wire_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
