/*
 * test_tflite.c - the frame of TFLite files: what is accepted in which spelling,
 * and that everything wrong is refused with a sentence that names it.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "loaders/load.h"
#include "tests/tflite_sound.h"

/* ---- accepted spellings ------------------------------------------------ */

static void spellings(void **state)
{
    (void)state;
    sound s = make_sound();
    expect_sound(&s.m);
    s.m.narrow_codes = true;            /* codes in one byte, as in old files */
    expect_sound(&s.m);
    s = make_sound();
    s.m.data_behind = true;             /* weights behind the FlatBuffer */
    expect_sound(&s.m);
    s = make_sound();
    s.m.subgraph_count = 2;             /* only the first one is the network */
    expect_sound(&s.m);
}

static void description(void **state)
{
    (void)state;
    sound s = make_sound();
    made d = made_load(&s.m);
    assert_int_equal(d.status, TSR_OK);
    const tsr_tensor *in = tsr_model_input(d.model, 0), *out = tsr_model_output(d.model, 0);
    assert_string_equal(in->name, "x");
    assert_string_equal(out->name, "y");
    assert_int_equal(in->dtype, TSR_F32);
    assert_int_equal(in->rank, 2);
    assert_int_equal(out->dim[1], 3);
    assert_null(tsr_model_input(d.model, 1));
    assert_null(tsr_model_output(d.model, 1));
    made_free(&d);
}

/* An open dimension becomes 1, and declared shapes that depend on it may differ. */
static void open_dimensions(void **state)
{
    (void)state;
    static const int open[] = { -1, 3 };
    static const float three[] = { 1, 1, 1 };
    mk_model m = { 0 };
    const int in = mk_input(&m, "x", MK_F32, 2, DIM(-1, 3));
    const int c = mk_constant(&m, "c", MK_F32, 1, DIM(3), three);
    const int out = mk_value(&m, "y", MK_F32, 2, DIM(7, 3));
    m.tensors[out].signature = open;
    mk_option(mk_operator(&m, 0, in, c, -1, out), 11, 0, 1, 0);
    mk_output(&m, out);
    expect_output(&m, x, NULL, 0, WANT(2, -1, 4), 3, 0);
    m.tensors[out].signature = NULL;
    expect_refusal(&m, TSR_BAD_FILE, "operator 0 ADD|'y'|another output shape");
}

/* A constant may be an input of a node and an output of the model at once. */
static void outputs_of_any_kind(void **state)
{
    (void)state;
    sound s = make_sound();
    mk_output(&s.m, s.x);
    mk_output(&s.m, s.c);
    expect_output(&s.m, x, NULL, 1, WANT(1, -2, 3, 4, -5, 6), 6, 0);
    expect_output(&s.m, x, NULL, 2, WANT(1, 1, 1, 1, 1, 1), 6, 0);
}

/* ---- operators that nobody knows --------------------------------------- */

static void unknown_operator(void **state)
{
    (void)state;
    char text[100];
    sound s = make_sound();
    s.m.ops[1].code = 7;
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 1 |EMBEDDING_LOOKUP|(1)");
    s.m.ops[1].code = 119;              /* control flow */
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 1 |WHILE");
    s.m.ops[1].code = 4000;             /* from the future */
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 1 |unknown");
    s.m.ops[1].code = 32;
    s.m.ops[1].custom = "TransformLandmarks";
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 1 |TransformLandmarks");
    s.m.ops[0].code = 7;
    expect_refusal(&s.m, TSR_UNSUPPORTED,
                   "operator 0 EMBEDDING_LOOKUP|EMBEDDING_LOOKUP (1), TransformLandmarks (1)");

    size_t bytes;
    uint8_t *file = mk_write(&s.m, &bytes);
    assert_int_equal(tsr_model_unsupported(file, bytes, text, sizeof text), 2);
    assert_string_equal(text, "EMBEDDING_LOOKUP (1), TransformLandmarks (1)");
    assert_int_equal(tsr_model_unsupported(file, bytes, text, 6), 2);
    assert_string_equal(text, "EMBED");
    assert_int_equal(tsr_model_unsupported(file, bytes, NULL, 0), 2);
    assert_int_equal(tsr_model_unsupported(file, 20, text, sizeof text), 0);
    assert_string_equal(text, "");
    free(file);
    s = make_sound();
    file = mk_write(&s.m, &bytes);
    assert_int_equal(tsr_model_unsupported(file, bytes, text, sizeof text), 0);
    free(file);
}

/* ---- references -------------------------------------------------------- */

static void references(void **state)
{
    (void)state;
    sound s = make_sound();
    s.m.ops[0].in[0] = s.y;             /* a cycle; tables cannot have one, this can */
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|'y'|no earlier operator");
    s = make_sound();
    s.m.ops[0].in[0] = 99;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|tensor 99|there are 4");
    s = make_sound();
    s.m.ops[0].in[0] = -7;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|tensor -7");
    s = make_sound();
    s.m.ops[0].in[0] = -1;              /* absent, but ADD needs it */
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|input 0");
    s = make_sound();
    s.m.ops[1].in_count = 0;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 1 RELU|input");
    s = make_sound();
    s.m.ops[1].out[0] = s.mid;          /* two operators make the same tensor */
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 1 RELU|has a value already");
    s = make_sound();
    s.m.ops[1].out[0] = s.x;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 1 RELU|has a value already");
    s = make_sound();
    s.m.ops[1].out_count = 0;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 1 RELU|tensor -1");
    s = make_sound();
    s.m.outputs[0] = 1000;
    expect_refusal(&s.m, TSR_BAD_FILE, "output 0|tensor 1000");
    s = make_sound();
    s.m.op_count = 1;                   /* y is never made */
    expect_refusal(&s.m, TSR_BAD_FILE, "output 0|no operator makes");
    s = make_sound();
    s.m.output_count = 0;
    expect_refusal(&s.m, TSR_BAD_FILE, "no output");
    s = make_sound();
    s.m.input_count = 0;
    expect_refusal(&s.m, TSR_BAD_FILE, "no input");
    s = make_sound();
    s.m.inputs[s.m.input_count++] = s.x;
    expect_refusal(&s.m, TSR_BAD_FILE, "input twice");
    s = make_sound();
    s.m.tensors[s.c].data = NULL;
    s.m.tensors[s.c].variable = true;
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 0 ADD|'ones' is a variable");
}

/* ---- tensors ----------------------------------------------------------- */

static void tensors(void **state)
{
    (void)state;
    sound s = make_sound();
    s.m.tensors[s.x].type = MK_STRING;
    expect_refusal(&s.m, TSR_UNSUPPORTED, "'x'|STRING");
    s = make_sound();
    s.m.tensors[s.c].type = 17;
    expect_refusal(&s.m, TSR_UNSUPPORTED, "'ones'|INT4");
    s = make_sound();
    s.m.tensors[s.c].type = MK_S32;     /* as many bytes, but another type */
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 0 ADD|s32");
    s = make_sound();
    s.m.tensors[s.c].data_bytes = 20;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|'ones'|20 bytes|24");
    s = make_sound();
    s.m.tensors[s.c].dim[0] = 0x10000;
    s.m.tensors[s.c].dim[1] = 0x10000;  /* the product overflows 32 bits to 0 */
    expect_refusal(&s.m, TSR_BAD_FILE, "'ones'|shape");
    s = make_sound();
    s.m.tensors[s.x].dim[0] = 0;
    expect_refusal(&s.m, TSR_BAD_FILE, "'x'|dimension 0 is 0");
    s = make_sound();
    s.m.tensors[s.mid].dim[1] = 4;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD 'sum'|another output shape");
    s = make_sound();
    s.m.tensors[s.mid].rank = 1;
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD 'sum'|another output shape");
    s = make_sound();
    s.m.ops[0].options_type = 21;       /* MulOptions */
    expect_refusal(&s.m, TSR_BAD_FILE, "operator 0 ADD|options|21");
    s = make_sound();
    s.m.ops[0].options[0].value = 5;    /* SIGN_BIT */
    expect_refusal(&s.m, TSR_UNSUPPORTED, "operator 0 ADD|activation 5");
}

/* ---- quantisation ------------------------------------------------------ */

/* u8 [1,2,2,2] through a 1x1 convolution with per-channel s8 filters. */
static mk_model make_quantised(const float *scales)
{
    mk_model m = { 0 };
    static const int8_t filter[] = { 1, 0, 0, 1, 1, 1 };
    static const int32_t bias[] = { 0, 0, 8 };
    const int in = mk_quantise(&m, mk_input(&m, "x", MK_S8, 4, DIM(1, 2, 2, 2)), 0.5f, -3);
    const int f = mk_constant(&m, "filter", MK_S8, 4, DIM(3, 1, 1, 2), filter);
    const int b = mk_constant(&m, "bias", MK_S32, 1, DIM(3), bias);
    const int out = mk_quantise(&m, mk_value(&m, "y", MK_S8, 4, DIM(1, 2, 2, 3)), 0.5f, 4);
    m.tensors[f].scales = scales;
    mk_op *op = mk_operator(&m, 3, in, f, b, out);
    mk_option(op, 1, 0, 1, 1);
    mk_option(op, 1, 1, 4, 1);
    mk_option(op, 1, 2, 4, 1);
    mk_output(&m, out);
    return m;
}

static void per_channel(void **state)
{
    (void)state;
    static const float scales[] = { 1, 0.5f, 0.25f };
    static const float q[] = { -3, -1, 1, 5, 9, 20, -20, 100 };
    double want[12];
    for (int p = 0; p < 4; p++) {
        const double a = ((double)q[2 * p] + 3) / 2, b = ((double)q[2 * p + 1] + 3) / 2;
        const double real[] = { a, b * 0.5, (a + b + 4) * 0.25 };
        for (int c = 0; c < 3; c++)
            want[3 * p + c] = fmin(fmax(rint(real[c] * 2) + 4, -128), 127);
    }
    mk_model m = make_quantised(scales);
    expect_output(&m, q, NULL, 0, want, 12, 0);
}

static void bad_quantisation(void **state)
{
    (void)state;
    static const float scales[] = { 1, 0.5f, 0.25f };
    static const float bad[] = { 1, NAN, 1 }, minus[] = { -1, 1, 1 };
    mk_model m = make_quantised(bad);
    expect_refusal(&m, TSR_BAD_FILE, "'filter'|scale");
    m = make_quantised(minus);
    expect_refusal(&m, TSR_BAD_FILE, "'filter'|scale");
    m = make_quantised(scales);
    m.tensors[1].axis = 3;              /* two entries, and one scale for each of them */
    expect_refusal(&m, TSR_UNSUPPORTED, "operator 0 CONV_2D");
    m = make_quantised(scales);
    m.tensors[0].zero_point = 128;
    expect_refusal(&m, TSR_BAD_FILE, "'x'|zero point");
    m = make_quantised(scales);
    m.tensors[3].scales = scales;       /* an activation, per channel */
    m.tensors[3].axis = 3;
    expect_refusal(&m, TSR_UNSUPPORTED, "'y'|per channel");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),
        cmocka_unit_test(description),
        cmocka_unit_test(open_dimensions),
        cmocka_unit_test(outputs_of_any_kind),
        cmocka_unit_test(unknown_operator),
        cmocka_unit_test(references),
        cmocka_unit_test(tensors),
        cmocka_unit_test(per_channel),
        cmocka_unit_test(bad_quantisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
