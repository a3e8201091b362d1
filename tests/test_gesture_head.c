/*
 * test_gesture_head.c - a published head on the points of hands: what it is fed, against
 * its authors' recipe in double, and what it says of three hands drawn here.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "cli/gesture/gesture_head.h"

static void open_head(cli_gesture_head *h)
{
    char head[FIXTURE_PATH], unused[FIXTURE_PATH];
    fixture_need("TARSIER_MODELS", "keypoint_classifier.tflite", head);
    fixture_need("TARSIER_MODELS", "palm_detection_lite.tflite", unused);
    fixture_need("TARSIER_MODELS", "hand_landmark_lite.tflite", unused);
    const cli_picture_options o = { .head = head, .threads = 1, .threshold = -1 };
    tsr_error err = { 0 };
    *h = (cli_gesture_head){ 0 };
    if (cli_gesture_head_open(h, &o, &err) != TSR_OK)
        fail_msg("%s", err.text);
    assert_true(h->published);
}

/* An embedding as pictures give it. */
static void embed(const tsr_point *p, float *x)
{
    const tsr_tensor t = { .data = x, .dtype = TSR_F32, .rank = 1, .dim = { TSR_HAND_FEATURES } };
    assert_true(tsr_hand_features(p, x));
    assert_true(tsr_embedding_read(&t, x));
}

/* The authors': coordinates less the wrist's, over the largest of their absolute values. */
static void test_numbers_are_the_authors(void **state)
{
    (void)state;
    cli_gesture_head h;
    uint32_t seed = 9;
    open_head(&h);
    for (int round = 0; round < 50; round++) {
        tsr_point p[TSR_HAND_POINTS];
        float x[TSR_HAND_FEATURES];
        double want[TSR_HAND_FEATURES], most = 0;
        for (int i = 0; i < TSR_HAND_POINTS; i++) {
            p[i] = (tsr_point){ .score = 1, .x = 700 * tsr_augment_draw(&seed),
                                .y = 700 * tsr_augment_draw(&seed) };
            want[2 * i] = (double)p[i].x - (double)p[0].x;
            want[2 * i + 1] = (double)p[i].y - (double)p[0].y;
            most = fmax(most, fmax(fabs(want[2 * i]), fabs(want[2 * i + 1])));
        }
        embed(p, x);
        const tsr_tensor *scores = cli_gesture_head_run(&h, x);
        assert_int_equal(tsr_elements(scores), 3);
        /* The network again, in a session of its own. */
        cli_session s = { 0 };
        tsr_error err = { 0 };
        assert_int_equal(cli_session_open(h.model.model, 1, &s, &err), TSR_OK);
        for (int i = 0; i < TSR_HAND_FEATURES; i++)
            ((float *)tsr_input(s.session, 0)->data)[i] = (float)(want[i] / most);
        tsr_run(s.session);
        for (size_t k = 0; k < 3; k++)
            assert_true(fabsf(tsr_tensor_real(tsr_output(s.session, 0), k)
                              - tsr_tensor_real(scores, k)) < 1e-5f);
        cli_session_close(&s);
    }
    cli_gesture_head_close(&h);
}

/* Upright, fingers of four points each from the thumb on, straight or curled back. */
static void draw_hand(unsigned straight, tsr_point *p)
{
    static const double reach[2][4] = { { 1, 1.3, 1.1, 0.8 }, { 1, 1.4, 1.7, 2 } };
    for (int i = 0; i < TSR_HAND_POINTS; i++) {
        const int finger = (i - 1) / 4, joint = (i - 1) % 4;
        const double angle = 0.5 - 0.25 * finger;
        const double r = i ? 100 * reach[straight >> finger & 1][joint] : 0;
        p[i] = (tsr_point){ .x = (float)(300 - r * sin(angle)), .y = (float)(400 - r * cos(angle)),
                            .score = 1 };
    }
}

static void test_three_signs(void **state)
{
    (void)state;
    static const struct { unsigned straight; const char *name; } sign[] = {
        { 0x1f, "open" }, { 0, "close" }, { 0x2, "pointer" },
    };
    cli_gesture_head h;
    open_head(&h);
    for (int i = 0; i < 3; i++) {
        tsr_point p[TSR_HAND_POINTS];
        float x[TSR_HAND_FEATURES];
        tsr_class top;
        char text[CLI_CLASS_TEXT];
        draw_hand(sign[i].straight, p);
        embed(p, x);
        assert_int_equal(tsr_top_k(cli_gesture_head_run(&h, x), 1, &top), 1);
        assert_string_equal(cli_class_name(&h.names, top.index, text), sign[i].name);
        assert_true(top.score > 0.5f);
    }
    cli_gesture_head_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_the_authors), cmocka_unit_test(test_three_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
