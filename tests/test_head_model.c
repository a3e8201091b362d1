/*
 * test_head_model.c - a trained head as a model, in a file, and back.
 * SPDX-License-Identifier: MIT
 */
#include "tests/gesture_bench.h"
#include "loaders/tsr_file.h"

typedef struct { unsigned char *bytes; size_t size; } buffer;

static bool append(void *ctx, const void *bytes, size_t n)
{
    buffer *b = ctx;
    b->bytes = realloc(b->bytes, b->size + n + 1);
    memcpy(b->bytes + b->size, bytes, n);
    b->size += n;
    return true;
}

static const char *const names[] = { "Class 1", "b", "\xc3\xa4" };

static buffer saved(const tsr_head *h)
{
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    buffer file = { NULL, 0 };
    if (tsr_head_to_model(h, "a/b c", names, NULL, &m, &err) != TSR_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tsr_file_save(m, &(tsr_file_sink){ false, append, &file }, NULL), TSR_OK);
    tsr_model_free(m);
    return file;
}

/* Only what a head needs, as firmware would list it. */
static void few_ops(const tsr_op *list[TSR_OP_COUNT])
{
    static const tsr_op_kind kinds[] = {
        TSR_OP_MUL, TSR_OP_REDUCE_SUM, TSR_OP_SQRT, TSR_OP_CLAMP, TSR_OP_DIV, TSR_OP_DENSE,
        TSR_OP_SOFTMAX,
    };
    memset(list, 0, TSR_OP_COUNT * sizeof *list);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        list[kinds[i]] = tsr_all_ops[kinds[i]];
}

static void check_info(const tsr_model *m)
{
    tsr_head_info info;
    char text[8];
    assert_int_equal(tsr_head_read(m, &info, NULL), TSR_OK);
    assert_string_equal(info.features, "a/b c");
    assert_int_equal(info.size, SIZE);
    assert_int_equal(info.classes, CLASSES);
    for (int k = 0; k < CLASSES; k++) {
        assert_int_equal(tsr_head_class(&info, k, text, sizeof text), strlen(names[k]));
        assert_string_equal(text, names[k]);
    }
    assert_int_equal(tsr_head_class(&info, 0, text, 4), 7);
    assert_string_equal(text, "Cla");
    assert_int_equal(tsr_head_class(&info, CLASSES, text, 4), 0);
    assert_int_equal(tsr_head_fits(&info, "a/b c", SIZE, NULL), TSR_OK);
    tsr_error err = { 0 };
    assert_int_equal(tsr_head_fits(&info, "a/b c", SIZE + 1, &err), TSR_BAD_ARGUMENT);
    assert_non_null(strstr(err.text, "other features"));
    assert_int_equal(tsr_head_fits(&info, "a/b", SIZE, NULL), TSR_BAD_ARGUMENT);
}

/* The session takes embeddings of any length and says what tsr_head_run says. */
static void check_session(const tsr_model *m, bench *b)
{
    tsr_session *s = NULL;
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, NULL), TSR_OK);
    for (int n = 0; n < COUNT; n++) {
        float p[ROOM], *in = tsr_input(s, 0)->data;
        for (int i = 0; i < SIZE; i++)
            in[i] = 37 * b->x[n][i];
        tsr_run(s);
        const float *out = tsr_output(s, 0)->data;
        const int best = tsr_head_run(&b->h, b->x[n], p);
        double theta[CLASSES * SIZE + CLASSES], p64[CLASSES];
        theta_of(&b->h, theta);
        loss64(theta, b->x[n], 0, (double)b->h.scale, p64);
        for (int k = 0; k < CLASSES; k++) {
            assert_true(fabs((double)out[k] - p64[k]) < 1e-5);
            assert_true(fabs((double)p[k] - p64[k]) < 1e-5);
            assert_true(p64[best] >= p64[k] - 1e-6);
        }
    }
    memset(tsr_input(s, 0)->data, 0, SIZE * sizeof(float));
    tsr_run(s);                                 /* no direction: no NaN either */
    for (int k = 0; k < CLASSES; k++)
        assert_true(isfinite(((const float *)tsr_output(s, 0)->data)[k]));
    free(block);
}

static void test_round_trip(void **state)
{
    (void)state;
    const tsr_op *list[TSR_OP_COUNT];
    float memory[ROOM * (SIZE + 2)];
    few_ops(list);
    for (int trained = 0; trained < 2; trained++) {
        bench b;
        make_bench(&b, 10, 1);
        if (trained) {
            train(&b, NULL, &tsr_training_usual);
        } else {
            imprint_all(&b.h, &b.s);
            tsr_head_calibrate(&b.h, &b.s);
        }
        buffer file = saved(&b.h);
        tsr_model *m = NULL;
        assert_int_equal(tsr_file_load(file.bytes, file.size, &(tsr_options){ .ops = list }, &m,
                                       NULL), TSR_OK);
        check_info(m);
        check_session(m, &b);
        tsr_head h = tsr_head_make(SIZE, ROOM, memory);
        assert_int_equal(tsr_head_from_model(m, &h, NULL), TSR_OK);
        assert_true(h.classes == CLASSES && h.scale == b.h.scale);
        assert_memory_equal(memory, b.memory, sizeof memory);
        h = tsr_head_make(SIZE, CLASSES - 1, memory);
        assert_int_equal(tsr_head_from_model(m, &h, NULL), TSR_BAD_ARGUMENT);
        tsr_model_free(m);
        free(file.bytes);
    }
}

static void test_names_that_cannot_be(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        { "a", "b", "" }, { "a", "b/c", "d" }, { "open", "b", "Open" }, { "a", "a", "b" },
    };
    static const char *const words[] = { "''", "'b/c'", "'open' and 'Open'", "'a' and 'a'" };
    bench b;
    make_bench(&b, 1, 1);
    imprint_all(&b.h, &b.s);
    for (int i = 0; i < 4; i++) {
        tsr_model *m = NULL;
        tsr_error err = { 0 };
        assert_int_equal(tsr_head_to_model(&b.h, "f", bad[i], NULL, &m, &err), TSR_BAD_ARGUMENT);
        assert_null(m);
        assert_non_null(strstr(err.text, words[i]));
    }
    b.h.classes = 0;
    tsr_model *m = NULL;
    assert_int_equal(tsr_head_to_model(&b.h, "f", names, NULL, &m, NULL), TSR_BAD_ARGUMENT);
}

static void test_models_that_are_no_heads(void **state)
{
    (void)state;
    one_op o = one_op_make(TSR_OP_CLAMP);
    float x[4] = { 0 };
    o.in[0] = tensor_of(TSR_F32, DIMS(1, 4), x);
    o.in_count = 1;
    o.out.dtype = TSR_F32;
    o.node.lo = 0;
    tsr_model *m = NULL;
    tsr_head_info info;
    tsr_error err = { 0 };
    assert_int_equal(one_op_model(&o, false, &m, NULL), TSR_OK);
    assert_int_equal(tsr_head_read(m, &info, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "no trained head"));
    tsr_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_names_that_cannot_be),
        cmocka_unit_test(test_models_that_are_no_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
