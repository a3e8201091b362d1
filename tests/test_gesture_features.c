/*
 * test_gesture_features.c - what heads are trained on: embeddings of networks, hands and
 * their views; and signs of a hand, told apart by a head that learned them.
 * SPDX-License-Identifier: MIT
 */
#include "tests/gesture_bench.h"

/* ---- features ------------------------------------------------------------------------ */

static void test_embedding_is_dequantised_and_of_length_1(void **state)
{
    (void)state;
    uint8_t q[] = { 7, 3, 11, 3 };              /* 2, 0, 4, 0 */
    float x[4], zero[4] = { 0 };
    tsr_tensor t = { .data = q, .dtype = TSR_U8, .rank = 4, .dim = { 1, 1, 1, 4 },
                     .quant = { .scale = 0.5f, .zero_point = 3 } };
    assert_true(tsr_embedding_read(&t, x));
    assert_true(fabsf(x[0] - 1 / sqrtf(5)) < 1e-6f && x[1] == 0
                && fabsf(x[2] - 2 / sqrtf(5)) < 1e-6f && x[3] == 0);
    t = (tsr_tensor){ .data = zero, .dtype = TSR_F32, .rank = 2, .dim = { 1, 4 } };
    assert_false(tsr_embedding_read(&t, x));
    zero[1] = NAN;
    assert_false(tsr_embedding_read(&t, x));
}

/* Shift and size of the hand do not count, its form does. */
static void test_hand_features(void **state)
{
    (void)state;
    tsr_point p[TSR_HAND_POINTS] = { { 0 } }, moved[TSR_HAND_POINTS] = { { 0 } };
    float a[TSR_HAND_FEATURES], b[TSR_HAND_FEATURES];
    uint32_t seed = 3;
    for (int i = 0; i < TSR_HAND_POINTS; i++) {
        p[i].x = 100 * test_randf(&seed);
        p[i].y = 100 * test_randf(&seed);
        moved[i].x = 0.25f * p[i].x + 30;
        moved[i].y = 0.25f * p[i].y - 7;
    }
    assert_true(tsr_hand_features(p, a) && tsr_hand_features(moved, b));
    float reach = 0;
    for (int i = 0; i < TSR_HAND_FEATURES; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-5f);
    for (int i = 0; i < TSR_HAND_POINTS; i++)
        reach = fmaxf(reach, hypotf(a[2 * i], a[2 * i + 1]));
    assert_true(a[0] == 0 && a[1] == 0 && fabsf(reach - 1) < 1e-6f);
    moved[4].y = INFINITY;
    assert_false(tsr_hand_features(moved, b));
    memset(p, 0, sizeof p);
    assert_false(tsr_hand_features(p, a));
}

/* Every other view shows a part of the input, never what lies outside it. */
static void test_augmentation_stays_inside(void **state)
{
    (void)state;
    uint32_t seed = 1;
    int mirrored = 0;
    float least = 1, most = 0;
    for (int i = 0; i < 1000; i++) {
        const tsr_affine a = tsr_augment_affine(&(tsr_augment){ 0.7f, 0, true }, 100, 60, &seed);
        float x0 = 0, y0 = 0, x1 = 100, y1 = 60;
        tsr_affine_apply(&a, &x0, &y0);
        tsr_affine_apply(&a, &x1, &y1);
        mirrored += x1 < x0;
        assert_true(fminf(x0, x1) >= -1e-4f && fmaxf(x0, x1) <= 100.0001f);
        assert_true(y0 >= -1e-4f && y1 <= 60.0001f && y1 > y0);
        const float part = (y1 - y0) / 60;
        assert_true(fabsf(fabsf(x1 - x0) / 100 - part) < 1e-5f);
        least = fminf(least, part);
        most = fmaxf(most, part);
    }
    assert_true(mirrored > 400 && mirrored < 600);
    assert_true(least >= 0.7f && least < 0.71f && most > 0.99f);
    for (int i = 0; i < 100; i++)
        assert_true(tsr_augment_affine(&(tsr_augment){ 0.7f, 0, false }, 9, 9, &seed).m[0] > 0);
}

static void test_chain_is_one_after_the_other(void **state)
{
    (void)state;
    const tsr_affine a = { { 1, 2, 3, 4, 5, 6 } }, b = { { -1, 3, 2, 0.5f, 1, -4 } };
    const tsr_affine c = tsr_affine_chain(&a, &b);
    float x = 7, y = -2, u = 7, v = -2;
    tsr_affine_apply(&a, &x, &y);
    tsr_affine_apply(&b, &x, &y);
    tsr_affine_apply(&c, &u, &v);
    assert_true(fabsf(x - u) < 1e-4f && fabsf(y - v) < 1e-4f);
}

/* ---- signs of a hand -------------------------------------------------------------------- */

enum { SIGNS = 4, SHOWN = 32 };

/* A hand that points up, thumb first: fingers of four points each, straight or curled
 * back to the palm; then a bit of noise, turned, moved, scaled, and left or right. */
static void show_sign(int sign, uint32_t *seed, tsr_point *p)
{
    static const unsigned straight[SIGNS] = { 0x1f, 0, 0x2, 0x6 };  /* palm, fist, one, two */
    const float turn = 0.3f * test_randf(seed), scale = 60 + 40 * test_randf(seed);
    const float side = test_randf(seed) < 0 ? -1 : 1, dx = 500 * test_randf(seed);
    for (int i = 0; i < TSR_HAND_POINTS; i++) {
        const int finger = (i - 1) / 4, joint = (i - 1) % 4;
        const float angle = 0.9f - 0.4f * (float)finger;
        const bool out = straight[sign] >> finger & 1;
        static const float reach[2][4] = { { 1, 1.3f, 1.1f, 0.8f }, { 1, 1.4f, 1.7f, 2 } };
        const float r = i ? reach[out][joint] : 0;
        const float x = side * r * sinf(angle) + 0.05f * test_randf(seed);
        const float y = -r * cosf(angle) + 0.05f * test_randf(seed);
        p[i] = (tsr_point){ .x = dx + scale * (x * cosf(turn) - y * sinf(turn)),
                            .y = scale * (x * sinf(turn) + y * cosf(turn)), .score = 1 };
    }
}

typedef struct {
    float x[SIGNS * SHOWN * 2][TSR_HAND_FEATURES];
    int label[SIGNS * SHOWN * 2];
    tsr_samples s;
} shown;

/* `each` pictures of each sign, as seen and in one other view. */
static void show_signs(shown *to, int each, uint32_t *seed)
{
    const tsr_augment how = { .turn = 0.3f, .mirror = true };
    to->s = (tsr_samples){ .x = &to->x[0][0], .label = to->label, .views = 2 };
    for (int i = 0; i < SIGNS * each; i++) {
        tsr_point p[TSR_HAND_POINTS];
        show_sign(i % SIGNS, seed, p);
        for (int view = 0; view < 2; view++) {
            float *x = to->x[to->s.count];
            const tsr_tensor t = { .data = x, .dtype = TSR_F32, .rank = 1,
                                   .dim = { TSR_HAND_FEATURES } };
            if (view)
                tsr_hand_augment(&how, to->x[to->s.count - 1], seed, x);
            else
                assert_true(tsr_hand_features(p, x));
            assert_true(tsr_embedding_read(&t, x));
            to->label[to->s.count++] = i % SIGNS;
        }
    }
}

static int count_right(const tsr_head *h, const shown *test)
{
    float p[SIGNS];
    int right = 0;
    for (int i = 0; i < test->s.count; i++)
        right += tsr_head_run(h, test->x[i], p) == test->label[i];
    return right;
}

/* A few dozen hands teach four signs by regression.  (Imprinting is no good here: points
 * of all upright hands lie close to one direction.) */
static void test_signs_of_a_hand(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 4; seed++) {
        shown *learn = calloc(2, sizeof *learn), *test = learn + 1;
        float memory[SIGNS * (TSR_HAND_FEATURES + 2)];
        uint32_t random = seed;
        show_signs(learn, 8, &random);
        show_signs(test, SHOWN, &random);
        tsr_head h = tsr_head_make(TSR_HAND_FEATURES, SIGNS, memory);
        tsr_training_report r;
        void *work = malloc(tsr_head_train_bytes(&h, SIGNS));
        assert_int_equal(tsr_head_train(&h, SIGNS, &learn->s, NULL, &tsr_training_usual, work, &r,
                                        NULL), TSR_OK);
        assert_true(count_right(&h, test) * 100 >= 95 * test->s.count);
        free(work);
        free(learn);
    }
}

/* Turning and mirroring keep all distances. */
static void test_views_of_a_hand(void **state)
{
    (void)state;
    uint32_t seed = 5;
    int mirrored = 0;
    for (int i = 0; i < 200; i++) {
        float a[TSR_HAND_FEATURES], b[TSR_HAND_FEATURES];
        tsr_point p[TSR_HAND_POINTS];
        show_sign(i % SIGNS, &seed, p);
        assert_true(tsr_hand_features(p, a));
        tsr_hand_augment(&(tsr_augment){ .turn = 0.5f, .mirror = true }, a, &seed, b);
        for (int k = 1; k < TSR_HAND_POINTS; k++)
            assert_true(fabsf(hypotf(a[2 * k], a[2 * k + 1]) - hypotf(b[2 * k], b[2 * k + 1]))
                        < 1e-5f);
        const float before = a[2] * a[41] - a[3] * a[40], after = b[2] * b[41] - b[3] * b[40];
        assert_true(fabsf(fabsf(before) - fabsf(after)) < 1e-4f);
        mirrored += before * after < 0;
        assert_true(before * after < 0 || a[24] * b[24] + a[25] * b[25]
                    >= cosf(0.5001f) * (a[24] * a[24] + a[25] * a[25]));
    }
    assert_true(mirrored > 60 && mirrored < 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedding_is_dequantised_and_of_length_1),
        cmocka_unit_test(test_hand_features),
        cmocka_unit_test(test_augmentation_stays_inside),
        cmocka_unit_test(test_chain_is_one_after_the_other),
        cmocka_unit_test(test_signs_of_a_hand),
        cmocka_unit_test(test_views_of_a_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
