/*
 * test_onnx.c - the ONNX loader on files made here: layouts, open dimensions,
 * shape arithmetic, halves.
 *
 * Single operators are ONNX's own test data's business (test_onnx_nodes.c).
 * SPDX-License-Identifier: MIT
 */
#include "tests/onnx_check.h"

/* ---- layouts ----------------------------------------------------------------------------- */

/* x -> conv -> "y", 3x3 with padding. */
static void begin_with_conv(om_model *m, const small *s, int opset)
{
    om_begin(m, opset);
    om_input(m, "x", OM_FLOAT, 4, picture_dim);
    om_floats(m, "w", 4, filter_dim, s->w);
    om_floats(m, "b", 1, (int[]){ OC }, s->b);
    om_node(m, "Conv", "x,w,b", "y");
    om_ints(m, "pads", 4, (int64_t[]){ 1, 1, 1, 1 });
}

static void run_on(opened *o, const small *s)
{
    memcpy(tsr_input(o->session, 0)->data, s->x, sizeof s->x);
    tsr_run(o->session);
}

/* Element-wise operators with constants of every rank, Concat, Slice and Pad on
 * channels go on in N,H,W,C: one transposition in, one out. */
static void test_transpositions_stand_at_the_border_only(void **state)
{
    (void)state;
    const small s = new_small();
    float scale[OC], row[W];
    fill(scale, OC, 4);
    fill(row, W, 5);
    om_model m;
    begin_with_conv(&m, &s, 13);
    om_floats(&m, "scale", 3, (int[]){ OC, 1, 1 }, scale);
    om_floats(&m, "row", 1, (int[]){ W }, row);
    om_int64s(&m, "starts", 1, (int64_t[]){ 1 });
    om_int64s(&m, "ends", 1, (int64_t[]){ 7 });
    om_int64s(&m, "axes", 1, (int64_t[]){ 1 });
    om_node(&m, "Mul", "y,scale", "a");
    om_node(&m, "Add", "row,a", "c");
    om_node(&m, "Concat", "c,y", "d");
    om_int(&m, "axis", 1);
    om_node(&m, "Slice", "d,starts,ends,axes", "e");
    om_node(&m, "Relu", "e", "f");
    om_output(&m, "f");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(count_kind(&o, TSR_OP_TRANSPOSE), 2);
    run_on(&o, &s);

    picture in = from_floats(s.x, C, H, W), y = conv3(&in, s.w, s.b, OC);
    double want[6 * H * W];
    for (int c = 0; c < 6; c++)
        for (int i = 0; i < H * W; i++) {
            const int from = c + 1;
            const double v = y.x[from % OC * H * W + i];
            const double t = from < OC ? v * (double)scale[from] + (double)row[i % W] : v;
            want[c * H * W + i] = t > 0 ? t : 0;
        }
    const tsr_tensor *out = tsr_output(o.session, 0);
    assert_string_equal(out->name, "f");
    assert_int_equal(out->dim[1], 6);
    assert_int_equal(out->dim[3], W);
    check(out->data, want, 6 * H * W);
    free(in.x);
    free(y.x);
    close_all(&o);
}

/* To N,H,W,C and a Reshape, as detectors end: the picture lies so already. */
static void test_a_transpose_to_our_order_is_free(void **state)
{
    (void)state;
    const small s = new_small();
    om_model m;
    begin_with_conv(&m, &s, 11);
    om_int64s(&m, "shape", 3, (int64_t[]){ 1, -1, 2 });
    om_node(&m, "Transpose", "y", "t");
    om_ints(&m, "perm", 4, (int64_t[]){ 0, 2, 3, 1 });
    om_node(&m, "Reshape", "t,shape", "z");
    om_output(&m, "z");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(count_kind(&o, TSR_OP_TRANSPOSE), 1);      /* of the input */
    run_on(&o, &s);
    picture in = from_floats(s.x, C, H, W), y = conv3(&in, s.w, s.b, OC);
    double want[OC * H * W];
    for (int c = 0; c < OC; c++)
        for (int i = 0; i < H * W; i++)
            want[i * OC + c] = y.x[c * H * W + i];
    assert_int_equal(tsr_output(o.session, 0)->dim[1], H * W * OC / 2);
    check(tsr_output(o.session, 0)->data, want, OC * H * W);
    free(in.x);
    free(y.x);
    close_all(&o);
}

/* A network whose files is N,H,W,C at its border and turns twice inside, as
 * converters from TensorFlow write it, needs no transposition at all. */
static void test_a_file_in_our_order_needs_no_transposition(void **state)
{
    (void)state;
    const small s = new_small();
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT, 4, (int[]){ 1, H, W, C });
    om_floats(&m, "w", 4, filter_dim, s.w);
    om_node(&m, "Transpose", "x", "t");
    om_ints(&m, "perm", 4, (int64_t[]){ 0, 3, 1, 2 });
    om_node(&m, "Conv", "t,w", "y");
    om_node(&m, "Sigmoid", "y", "g");
    om_node(&m, "Transpose", "g", "z");
    om_ints(&m, "perm", 4, (int64_t[]){ 0, 2, 3, 1 });
    om_output(&m, "z");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(count_kind(&o, TSR_OP_TRANSPOSE), 0);
    assert_int_equal(tsr_output(o.session, 0)->dim[1], H - 2);
    assert_int_equal(tsr_output(o.session, 0)->dim[3], OC);
    close_all(&o);
}

/* An expanded slope is used as it was: [1, OC, 1, 1], not H * W of each. */
static void test_expanded_constants_stay_small(void **state)
{
    (void)state;
    const small s = new_small();
    float slope[OC];
    fill(slope, OC, 6);
    om_model m;
    begin_with_conv(&m, &s, 11);
    om_floats(&m, "slope", 4, (int[]){ 1, OC, 1, 1 }, slope);
    om_int64s(&m, "shape", 4, (int64_t[]){ 1, OC, H, W });
    om_node(&m, "Expand", "slope,shape", "wide");
    om_node(&m, "PRelu", "y,wide", "z");
    om_output(&m, "z");
    opened o = open_with(om_write(&m), NULL);
    const tsr_graph *g = &o.model->graph;
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].kind == TSR_OP_PRELU)
            assert_int_equal(tsr_elements(tsr_graph_tensor(g, g->nodes[i].in[1])), OC);
    assert_int_equal(count_kind(&o, TSR_OP_PRELU), 1);
    run_on(&o, &s);
    picture in = from_floats(s.x, C, H, W), y = conv3(&in, s.w, s.b, OC);
    for (int i = 0; i < OC * H * W; i++)
        y.x[i] *= y.x[i] < 0 ? (double)slope[i / (H * W)] : 1;
    check(tsr_output(o.session, 0)->data, y.x, OC * H * W);
    free(in.x);
    free(y.x);
    close_all(&o);
}

/* ---- open dimensions, shape arithmetic ------------------------------------------------- */

static golden_file open_picture(void)
{
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT, 4, (int[]){ -1, 2, -1, -1 });
    om_node(&m, "Shape", "x", "s");
    om_int64s(&m, "two", 1, (int64_t[]){ 2 });
    om_int64s(&m, "last", 2, (int64_t[]){ 2, 3 });
    om_node(&m, "Gather", "s,last", "hw");
    om_node(&m, "Mul", "hw,two", "hw2");
    om_int64s(&m, "first", 1, (int64_t[]){ 0 });
    om_node(&m, "Slice", "s,first,two", "nc");
    om_node(&m, "Concat", "nc,hw2", "sizes");
    om_int(&m, "axis", 0);
    om_node(&m, "Resize", "x,,,sizes", "y");
    om_string(&m, "mode", "nearest");
    om_string(&m, "coordinate_transformation_mode", "asymmetric");
    om_string(&m, "nearest_mode", "floor");
    om_output(&m, "y");
    return om_write(&m);
}

static void test_open_dimensions_are_given_by_the_caller(void **state)
{
    (void)state;
    const tsr_shape_binding shape = { "x", 4, { 1, 2, 3, 5 } };
    opened o = open_with(open_picture(), &(tsr_options){ .shapes = &shape, .shape_count = 1 });
    float *x = tsr_input(o.session, 0)->data;
    for (int i = 0; i < 30; i++)
        x[i] = (float)i;
    double want[120];
    for (int i = 0; i < 120; i++)
        want[i] = i / 60 * 15 + i % 60 / 10 / 2 * 5 + i % 10 / 2;
    tsr_run(o.session);
    const tsr_tensor *y = tsr_output(o.session, 0);
    assert_int_equal(y->dim[2], 6);
    assert_int_equal(y->dim[3], 10);
    check(y->data, want, 120);
    close_all(&o);
}

static void refuse_shape(tsr_shape_binding shape, const char *words)
{
    const golden_file f = open_picture();
    tsr_model *model;
    tsr_error err = { TSR_OK, "" };
    const tsr_options options = { .shapes = &shape, .shape_count = shape.name ? 1 : 0 };
    assert_int_not_equal(tsr_model_load(f.bytes, f.size, &options, &model, &err), TSR_OK);
    assert_null(model);
    if (!strstr(err.text, words))
        fail_msg("'%s' does not say '%s'", err.text, words);
    free(f.bytes);
}

static void test_shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    refuse_shape((tsr_shape_binding){ NULL, 0, { 0 } }, "dimension 2 ('d2') is not fixed");
    refuse_shape((tsr_shape_binding){ "x", 4, { 1, 3, 3, 5 } }, "dimension 1 is 2 in the file");
    refuse_shape((tsr_shape_binding){ "x", 3, { 1, 2, 3 } }, "has 4 dimensions, 3 were given");
    refuse_shape((tsr_shape_binding){ "x", 4, { 1, 2, 0, 5 } }, "dimension 2");
    const tsr_shape_binding two[2] = { { "x", 4, { 1, 2, 3, 5 } }, { "y", 1, { 1 } } };
    const tsr_options options = { .shapes = two, .shape_count = 2 };
    const golden_file f = open_picture();
    tsr_model *model;
    tsr_error err = { TSR_OK, "" };
    assert_int_equal(tsr_model_load(f.bytes, f.size, &options, &model, &err), TSR_BAD_ARGUMENT);
    assert_non_null(strstr(err.text, "'y', which the model does not have"));
    free(f.bytes);
}

/* ---- halves --------------------------------------------------------------------------------- */

static void test_halves_stand_at_the_border_only(void **state)
{
    (void)state;
    const uint16_t two = 0x4000;
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "x", OM_FLOAT16, 1, (int[]){ 3 });
    om_tensor(&m, "two", OM_FLOAT16, 0, NULL, &two, 2);
    om_node(&m, "Mul", "x,two", "y");
    om_output(&m, "y");
    opened o = open_with(om_write(&m), NULL);
    assert_int_equal(tsr_input(o.session, 0)->dtype, TSR_F16);
    memcpy(tsr_input(o.session, 0)->data, (uint16_t[]){ 0x3c00, 0xc200, 0x0000 }, 6);
    tsr_run(o.session);
    const float *y = tsr_output(o.session, 0)->data;
    assert_true(y[0] == 2 && y[1] == -6 && y[2] == 0);
    close_all(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpositions_stand_at_the_border_only),
        cmocka_unit_test(test_a_transpose_to_our_order_is_free),
        cmocka_unit_test(test_a_file_in_our_order_needs_no_transposition),
        cmocka_unit_test(test_expanded_constants_stay_small),
        cmocka_unit_test(test_open_dimensions_are_given_by_the_caller),
        cmocka_unit_test(test_shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(test_halves_stand_at_the_border_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
