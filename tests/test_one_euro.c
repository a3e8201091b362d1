/*
 * test_one_euro.c - smooth points against the equations of the paper, one after the
 * other, in double.                              SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "models/track.h"
#include "tests/chance.h"

static double low_pass(double x, double before, double cutoff, double rate)
{
    const double tau = 1 / (2 * 3.14159265358979323846 * cutoff), te = 1 / rate;
    const double alpha = 1 / (1 + tau / te);
    return alpha * x + (1 - alpha) * before;
}

static void check_one_euro(tsr_one_euro_previous previous, double beta, double scale)
{
    const tsr_one_euro_how how = { 1.2f, (float)beta, 0.9f, previous };
    tsr_one_euro f = { 0 };
    uint32_t seed = 7;
    double t = 100, x_before = 0, filtered = 0, speed = 0;
    for (int i = 0; i < 1200; i++) {
        const double step = 1 / 120.0 + 0.02 * test_randu(&seed);
        const double x = (double)(float)(40 * sin(i / 50.0) + test_randu(&seed));
        t += step;
        const float got = tsr_one_euro_step(&f, &how, (float)x, t, (float)scale);
        if (i == 0) {
            filtered = x;
        } else {
            const double before = previous == TSR_PREVIOUS_RAW ? x_before : filtered;
            speed = low_pass((x - before) * scale / step, speed, 0.9, 1 / step);
            filtered = low_pass(x, filtered, 1.2 + beta * fabs(speed), 1 / step);
        }
        x_before = x;
        if (fabs((double)got - filtered) > 5e-5)
            fail_msg("step %d: %.7f, not %.7f", i, (double)got, filtered);
    }
}

static void test_one_euro_equations(void **state)
{
    (void)state;
    for (int previous = 0; previous < 2; previous++) {
        check_one_euro((tsr_one_euro_previous)previous, 0, 1);
        check_one_euro((tsr_one_euro_previous)previous, 0.1, 1);
        check_one_euro((tsr_one_euro_previous)previous, 80, 1 / 250.0);
    }
}

/* The two derivatives differ, or the option would be none. */
static void test_one_euro_derivatives_differ(void **state)
{
    (void)state;
    double most = 0;
    tsr_one_euro a = { 0 }, b = { 0 };
    const tsr_one_euro_how filtered = { 1, 0.1f, 1, TSR_PREVIOUS_FILTERED };
    const tsr_one_euro_how raw = { 1, 0.1f, 1, TSR_PREVIOUS_RAW };
    for (int i = 0; i < 200; i++) {
        const float x = 30 * sinf((float)i / 20);
        const float one = tsr_one_euro_step(&a, &filtered, x, i / 120.0, 1);
        most = fmax(most, fabs((double)(one - tsr_one_euro_step(&b, &raw, x, i / 120.0, 1))));
    }
    assert_true(most > 0.01);
}

static void test_one_euro_times(void **state)
{
    (void)state;
    const tsr_one_euro_how how = { 1, 0, 1, TSR_PREVIOUS_RAW };
    tsr_one_euro f = { 0 };
    assert_true(tsr_one_euro_step(&f, &how, 5, 1, 1) == 5);
    const float second = tsr_one_euro_step(&f, &how, 6, 1.1, 1);
    assert_true(second > 5 && second < 6);
    /* The same moment, an earlier one, none at all: passed on, not remembered. */
    const tsr_one_euro before = f;
    assert_true(tsr_one_euro_step(&f, &how, 90, 1.1, 1) == 90);
    assert_true(tsr_one_euro_step(&f, &how, 91, 0.5, 1) == 91);
    assert_true(tsr_one_euro_step(&f, &how, 92, (double)NAN, 1) == 92);
    assert_true(f.value == before.value && f.raw == before.raw && f.speed == before.speed);
    /* No number leaves the filter as it was. */
    assert_true(tsr_one_euro_step(&f, &how, NAN, 1.2, 1) == second);
    assert_true(tsr_one_euro_step(&f, &how, INFINITY, 1.2, 1) == second);
    assert_true(isfinite(tsr_one_euro_step(&f, &how, 6, 1.2, 1)));
}

static void test_smoother(void **state)
{
    (void)state;
    const tsr_one_euro_how how = { 1, 0, 1, TSR_PREVIOUS_RAW };
    void *memory = malloc(tsr_smoother_bytes(2, 2));
    tsr_smoother s = tsr_smoother_make(2, 2, memory);
    double expected[2] = { 0 };
    for (int i = 0; i < 20; i++) {              /* two tracks do not mix */
        for (uint32_t id = 1; id <= 2; id++) {
            tsr_point p[2] = { { 10.0f * (float)id + (float)(i % 2), 3, 0, 1 }, { 1, 1, 1, 1 } };
            const double x = (double)p[0].x;
            double *e = &expected[id - 1];
            *e = i ? low_pass(x, *e, 1, 30) : x;
            tsr_smoother_step(&s, &how, &(tsr_smoother_track){ id, i / 30.0, 1 }, p, 2);
            assert_true(fabs((double)p[0].x - *e) < 1e-4);
            assert_true(p[0].y == 3 && p[1].z == 1);
        }
    }
    /* A third takes the place of one; a track that was away starts anew; id 0 passes. */
    tsr_point p = { 7, 7, 7, 1 };
    tsr_smoother_step(&s, &how, &(tsr_smoother_track){ 3, 0.7, 1 }, &p, 1);
    tsr_smoother_step(&s, &how, &(tsr_smoother_track){ 2, 5, 1 }, &p, 1);
    tsr_smoother_step(&s, &how, &(tsr_smoother_track){ 0, 5.01, 1 }, &p, 1);
    assert_true(p.x == 7 && p.y == 7 && p.z == 7);
    /* So does a point that was not found for a while. */
    p.score = 0;
    tsr_smoother_step(&s, &how, &(tsr_smoother_track){ 2, 5.02, 1 }, &p, 1);
    p = (tsr_point){ 50, 50, 0, 1 };
    tsr_smoother_step(&s, &how, &(tsr_smoother_track){ 2, 5.04, 1 }, &p, 1);
    assert_true(p.x == 50);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_euro_equations),
        cmocka_unit_test(test_one_euro_derivatives_differ),
        cmocka_unit_test(test_one_euro_times),
        cmocka_unit_test(test_smoother),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
