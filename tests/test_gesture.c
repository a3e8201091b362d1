/*
 * test_gesture.c - training heads on embeddings: every formula against float64 written
 * out here, and the embeddings themselves.
 * SPDX-License-Identifier: MIT
 */
#include "tests/gesture_bench.h"

/* ---- imprinting --------------------------------------------------------------------- */

static void test_imprint_is_the_mean_direction(void **state)
{
    (void)state;
    bench b;
    make_bench(&b, 1, 1);
    imprint_all(&b.h, &b.s);
    for (int k = 0; k < CLASSES; k++) {
        double sum[SIZE] = { 0 }, norm = 0;
        for (int n = 0; n < COUNT; n++)
            for (int i = 0; i < SIZE && b.label[n] == k; i++)
                sum[i] += (double)b.x[n][i];
        for (int i = 0; i < SIZE; i++)
            norm += sum[i] * sum[i];
        assert_true(fabs((double)b.h.norm[k] - sqrt(norm)) < 1e-6 * sqrt(norm));
        for (int i = 0; i < SIZE; i++)
            assert_true(fabs((double)b.h.weight[k * SIZE + i] - sum[i] / sqrt(norm)) < 1e-6);
    }
}

/* In two portions or in one: the same weights. */
static void test_imprint_goes_on(void **state)
{
    (void)state;
    bench all, halves;
    make_bench(&all, 2, 1);
    make_bench(&halves, 2, 1);
    imprint_all(&all.h, &all.s);
    tsr_samples first = halves.s, second = halves.s;
    first.count = COUNT / 2;
    second.x += COUNT / 2 * SIZE;
    second.label += COUNT / 2;
    second.count = COUNT / 2;
    imprint_all(&halves.h, &first);
    imprint_all(&halves.h, &second);
    for (int i = 0; i < CLASSES * SIZE; i++)
        assert_true(fabsf(all.h.weight[i] - halves.h.weight[i]) < 1e-6f);
    for (int k = 0; k < CLASSES; k++)
        assert_true(fabsf(all.h.norm[k] - halves.h.norm[k]) < 1e-5f);
}

static void test_a_class_is_added_and_the_others_stay(void **state)
{
    (void)state;
    bench b;
    float before[CLASSES * SIZE];
    make_bench(&b, 3, 0.5f);
    imprint_all(&b.h, &b.s);
    memcpy(before, b.h.weight, sizeof before);
    for (int n = 0; n < COUNT; n++)
        b.label[n] = CLASSES;
    assert_int_equal(tsr_head_imprint(&b.h, CLASSES, &b.s, NULL), TSR_OK);
    assert_int_equal(b.h.classes, CLASSES + 1);
    assert_memory_equal(before, b.h.weight, sizeof before);
}

static void refused(tsr_head *h, int label, const tsr_samples *s, const char *words)
{
    tsr_error err = { 0 };
    const int classes = h->classes;
    assert_int_equal(tsr_head_imprint(h, label, s, &err), TSR_BAD_ARGUMENT);
    if (!strstr(err.text, words))
        fail_msg("'%s' lacks '%s'", err.text, words);
    assert_int_equal(h->classes, classes);
}

static void test_imprint_refuses(void **state)
{
    (void)state;
    bench b;
    make_bench(&b, 4, 1);
    refused(&b.h, 1, &b.s, "no room for class 1");      /* 0 comes first */
    refused(&b.h, -1, &b.s, "no room");
    imprint_all(&b.h, &b.s);
    refused(&b.h, CLASSES, &b.s, "its 0 embeddings");
    b.h.norm[1] = 0;
    refused(&b.h, 1, &b.s, "not imprinted");
    for (int i = 0; i < SIZE; i++)
        b.x[1][i] = -b.x[0][i];
    b.label[0] = b.label[1] = CLASSES;
    refused(&b.h, CLASSES, &b.s, "no common direction");
    b.x[0][3] = NAN;
    refused(&b.h, CLASSES, &b.s, "no common direction");
}

/* The mean loss with this scale when each picture is judged by a head that was really
 * trained without it. */
static double left_out_loss(const bench *b, double scale)
{
    double loss = 0;
    for (int n = 0; n < COUNT; n++) {
        double theta[CLASSES * SIZE + CLASSES] = { 0 };
        for (int k = 0; k < CLASSES; k++) {
            double norm = 0, *w = theta + k * SIZE;
            for (int m = 0; m < COUNT; m++)
                for (int i = 0; i < SIZE && b->label[m] == k && m / 2 != n / 2; i++)
                    w[i] += (double)b->x[m][i];
            for (int i = 0; i < SIZE; i++)
                norm += w[i] * w[i];
            for (int i = 0; i < SIZE; i++)
                w[i] /= sqrt(norm);
        }
        loss += loss64(theta, b->x[n], b->label[n], scale, NULL);
    }
    return loss / COUNT;
}

static void test_scale_is_the_likeliest(void **state)
{
    (void)state;
    bool inside = false;
    for (uint32_t seed = 1; seed < 20; seed++) {
        bench b;
        make_bench(&b, seed, 0.4f + 0.1f * (float)seed);
        imprint_all(&b.h, &b.s);
        tsr_head_calibrate(&b.h, &b.s);
        double best = 1;
        for (int step = 0; step <= 12; step++)
            if (left_out_loss(&b, pow(2, step / 2.0)) < left_out_loss(&b, best))
                best = pow(2, step / 2.0);
        assert_true(fabs((double)b.h.scale - best) < 1e-4 * best);
        inside |= best > 1 && best < 64;
    }
    assert_true(inside);                        /* not only the ends of the range */
}

static void test_scale_of_single_pictures(void **state)
{
    (void)state;
    bench b;
    make_bench(&b, 5, 1);
    b.s.count = 2 * CLASSES;                    /* one picture a class */
    imprint_all(&b.h, &b.s);
    tsr_head_calibrate(&b.h, &b.s);
    assert_true(b.h.scale == 16);
}

/* ---- regression --------------------------------------------------------------------- */

static void test_gradient_by_differences(void **state)
{
    (void)state;
    enum { ALL = CLASSES * SIZE + CLASSES };
    bench b;
    uint32_t seed = 9;
    make_bench(&b, 6, 1);
    b.h.classes = CLASSES;
    b.h.scale = 3;
    for (int i = 0; i < CLASSES * SIZE; i++)
        b.h.weight[i] = test_randf(&seed);
    for (int k = 0; k < CLASSES; k++)
        b.h.bias[k] = test_randf(&seed);
    float gradient[ALL], p[CLASSES];
    double theta[ALL];
    theta_of(&b.h, theta);
    const double l2 = (double)0.05f;
    const double loss = tsr_head_loss(&b.h, &b.s, 0.05f, gradient, p);
    assert_true(fabs(loss - objective64(theta, &b.s, 3, l2)) < 1e-5);
    assert_true(loss == tsr_head_loss(&b.h, &b.s, 0.05f, NULL, p));
    for (int i = 0; i < ALL; i++) {
        const double kept = theta[i], h = 1e-5;
        theta[i] = kept + h;
        const double up = objective64(theta, &b.s, 3, l2);
        theta[i] = kept - h;
        const double down = objective64(theta, &b.s, 3, l2);
        theta[i] = kept;
        assert_true(fabs((double)gradient[i] - (up - down) / (2 * h)) < 2e-6);
    }
}

/* Plain gradient descent in double, far longer than needed, ends at the same minimum. */
static double minimum64(const tsr_samples *s, double l2)
{
    enum { ALL = CLASSES * SIZE + CLASSES };
    double theta[ALL] = { 0 };
    for (int epoch = 0; epoch < 20000; epoch++) {
        double g[ALL] = { 0 };
        for (int n = 0; n < s->count; n++) {
            double p[CLASSES];
            loss64(theta, s->x + n * SIZE, s->label[n], 1, p);
            for (int k = 0; k < CLASSES; k++) {
                const double r = (p[k] - (k == s->label[n])) / s->count;
                for (int i = 0; i < SIZE; i++)
                    g[k * SIZE + i] += r * (double)s->x[n * SIZE + i];
                g[CLASSES * SIZE + k] += r;
            }
        }
        for (int i = 0; i < ALL; i++)
            theta[i] -= g[i] + (i < CLASSES * SIZE ? l2 * theta[i] : 0);
    }
    return objective64(theta, s, 1, l2);
}

static void test_descent_finds_the_minimum(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 4; seed++) {
        bench b;
        double theta[CLASSES * SIZE + CLASSES];
        make_bench(&b, seed, 1.5f);
        tsr_training how = tsr_training_usual;
        how.seed = seed;
        const tsr_training_report r = train(&b, NULL, &how);
        assert_int_equal(r.why, TSR_STOP_CONVERGED);
        assert_int_equal(r.best_epoch, r.epochs);
        theta_of(&b.h, theta);
        const double l2 = (double)how.l2, least = minimum64(&b.s, l2);
        const double got = objective64(theta, &b.s, 1, l2);
        assert_true(got - least < 1e-5 && got - least > -1e-6);
    }
}

static void test_same_seed_same_head(void **state)
{
    (void)state;
    bench a, b;
    make_bench(&a, 1, 1);
    make_bench(&b, 1, 1);
    tsr_training how = tsr_training_usual;
    how.epochs = 3;                             /* near its beginning */
    const tsr_training_report r = train(&a, NULL, &how);
    assert_int_equal(r.why, TSR_STOP_EPOCHS);
    train(&b, NULL, &how);
    assert_memory_equal(a.memory, b.memory, sizeof a.memory);
    how.seed = 2;
    train(&b, NULL, &how);
    assert_memory_not_equal(a.memory, b.memory, sizeof a.memory);
}

/* Before the first step the weights are normal with sigma 0.01. */
static void test_first_weights(void **state)
{
    (void)state;
    bench b;
    double sum = 0, square = 0;
    make_bench(&b, 1, 1);
    tsr_training how = tsr_training_usual;
    how.epochs = 0;
    for (uint32_t seed = 0; seed < 100; seed++) {
        how.seed = seed;
        train(&b, NULL, &how);
        for (int i = 0; i < CLASSES * SIZE; i++) {
            sum += (double)b.h.weight[i];
            square += (double)b.h.weight[i] * (double)b.h.weight[i];
        }
    }
    const double n = 100 * CLASSES * SIZE;      /* 4 sigma of mean and variance */
    assert_true(fabs(sum / n) < 4 * 0.01 / sqrt(n));
    assert_true(fabs(square / n / 1e-4 - 1) < 4 * sqrt(2 / n));
}

/* Validation samples of which a third is mislabelled: confidence hurts there, so the
 * best head comes early; the one kept must be that one. */
static void test_early_stopping_keeps_the_best(void **state)
{
    (void)state;
    bench b, v;
    double theta[CLASSES * SIZE + CLASSES];
    make_bench(&b, 7, 0.5f);
    make_bench(&v, 7, 0.5f);
    for (int n = 0; n < COUNT; n += 3)
        v.label[n] = (v.label[n] + 1) % CLASSES;
    tsr_training how = tsr_training_usual;
    how.l2 = 0;
    how.patience = 20;
    const tsr_training_report r = train(&b, &v.s, &how);
    assert_int_equal(r.why, TSR_STOP_EARLY);
    assert_int_equal(r.epochs, r.best_epoch + 20);
    assert_true(r.best_epoch > 0 && r.best_validation < r.first_validation);
    theta_of(&b.h, theta);
    assert_true(fabs(objective64(theta, &v.s, 1, 0) - r.best_validation) < 1e-6);
}

static bool until_ten(void *ctx, int epoch, double loss)
{
    *(double *)ctx = loss;
    return epoch < 10;
}

static void test_training_can_be_stopped_and_refused(void **state)
{
    (void)state;
    bench b;
    double loss = 0;
    tsr_error err = { 0 };
    tsr_training_report r;
    make_bench(&b, 8, 1);
    tsr_training how = tsr_training_usual;
    how.progress = until_ten;
    how.ctx = &loss;
    r = train(&b, NULL, &how);
    assert_int_equal(r.why, TSR_STOP_ASKED);
    assert_int_equal(r.epochs, 10);
    assert_true(loss == r.loss && loss > 0);
    assert_int_equal(tsr_head_train(&b.h, 1, &b.s, NULL, &how, NULL, &r, &err), TSR_BAD_ARGUMENT);
    b.label[5] = CLASSES;
    err = (tsr_error){ 0 };
    assert_int_equal(tsr_head_train(&b.h, CLASSES, &b.s, NULL, &how, NULL, &r, &err),
                     TSR_BAD_ARGUMENT);
    assert_non_null(strstr(err.text, "sample 5 is of class 3"));
    b.s.count = 0;
    assert_int_equal(tsr_head_train(&b.h, CLASSES, &b.s, NULL, &how, NULL, &r, &err),
                     TSR_BAD_ARGUMENT);
}

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
        cmocka_unit_test(test_imprint_is_the_mean_direction),
        cmocka_unit_test(test_imprint_goes_on),
        cmocka_unit_test(test_a_class_is_added_and_the_others_stay),
        cmocka_unit_test(test_imprint_refuses),
        cmocka_unit_test(test_scale_is_the_likeliest),
        cmocka_unit_test(test_scale_of_single_pictures),
        cmocka_unit_test(test_gradient_by_differences),
        cmocka_unit_test(test_descent_finds_the_minimum),
        cmocka_unit_test(test_same_seed_same_head),
        cmocka_unit_test(test_first_weights),
        cmocka_unit_test(test_early_stopping_keeps_the_best),
        cmocka_unit_test(test_training_can_be_stopped_and_refused),
        cmocka_unit_test(test_embedding_is_dequantised_and_of_length_1),
        cmocka_unit_test(test_hand_features),
        cmocka_unit_test(test_augmentation_stays_inside),
        cmocka_unit_test(test_chain_is_one_after_the_other),
        cmocka_unit_test(test_signs_of_a_hand),
        cmocka_unit_test(test_views_of_a_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
