/*
 * test_gesture.c - training heads on embeddings: every formula against float64 written
 * out here.
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
