/*
 * test_track.c - trackers against their papers' equations in double.
 *
 * Kalman: the general filter with 7 x 7 matrices and an inverse by elimination, of which
 * the code under test uses that they fall apart.  Assignment: every permutation.  Tracks:
 * scenes whose answer a person can see.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include "models/track.h"

/* ---- Kalman: all seven numbers at once ------------------------------------------------ */

enum { S = 7, M = 4 };
typedef struct { double x[S], p[S][S]; } kalman;

static void kalman_start(kalman *k, const double z[M])
{
    memset(k, 0, sizeof *k);
    for (int i = 0; i < S; i++) {
        k->x[i] = i < M ? z[i] : 0;
        k->p[i][i] = i < M ? 10 : 10000;
    }
}

static void kalman_predict(kalman *k)
{
    static const double q[S] = { 1, 1, 1, 1, 0.01, 0.01, 0.0001 };
    double f[S][S] = { { 0 } }, fp[S][S] = { { 0 } }, x[S] = { 0 };
    for (int i = 0; i < S; i++)
        f[i][i] = 1;
    f[0][4] = f[1][5] = f[2][6] = 1;
    if (k->x[2] + k->x[6] <= 0)
        k->x[6] = 0;
    for (int i = 0; i < S; i++)
        for (int j = 0; j < S; j++) {
            x[i] += f[i][j] * k->x[j];
            for (int l = 0; l < S; l++)
                fp[i][j] += f[i][l] * k->p[l][j];
        }
    memcpy(k->x, x, sizeof x);
    for (int i = 0; i < S; i++)
        for (int j = 0; j < S; j++) {
            k->p[i][j] = i == j ? q[i] : 0;
            for (int l = 0; l < S; l++)
                k->p[i][j] += fp[i][l] * f[j][l];
        }
}

/* Gauss-Jordan. */
static void invert(double a[M][M], double r[M][M])
{
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++)
            r[i][j] = i == j;
    for (int c = 0; c < M; c++) {
        const double pivot = a[c][c];
        for (int j = 0; j < M; j++) {
            a[c][j] /= pivot;
            r[c][j] /= pivot;
        }
        for (int i = 0; i < M; i++) {
            const double f = i == c ? 0 : a[i][c];
            for (int j = 0; j < M; j++) {
                a[i][j] -= f * a[c][j];
                r[i][j] -= f * r[c][j];
            }
        }
    }
}

static void kalman_correct(kalman *k, const double z[M])
{
    static const double noise[M] = { 1, 1, 10, 10 };
    double s[M][M], inverse[M][M], gain[S][M] = { { 0 } }, p[S][S];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++)
            s[i][j] = k->p[i][j] + (i == j ? noise[i] : 0);
    invert(s, inverse);
    for (int i = 0; i < S; i++)
        for (int j = 0; j < M; j++)
            for (int l = 0; l < M; l++)
                gain[i][j] += k->p[i][l] * inverse[l][j];
    double off[M];
    for (int j = 0; j < M; j++)
        off[j] = z[j] - k->x[j];
    memcpy(p, k->p, sizeof p);
    for (int i = 0; i < S; i++)
        for (int j = 0; j < M; j++) {
            k->x[i] += gain[i][j] * off[j];
            for (int l = 0; l < S; l++)
                k->p[i][l] -= gain[i][j] * p[j][l];
        }
}

static bool near(double got, double want) { return fabs(got - want) <= 1e-4 * (1 + fabs(want)); }

static void compare(const tsr_box_motion *m, const kalman *k, int step)
{
    const tsr_motion *part[M] = { &m->u, &m->v, &m->area, &m->ratio };
    for (int i = 0; i < M; i++) {
        const int speed = i < 3 ? 4 + i : -1;
        bool ok = near((double)part[i]->x, k->x[i]) && near((double)part[i]->xx, k->p[i][i]);
        if (speed >= 0)
            ok = ok && near((double)part[i]->v, k->x[speed])
                 && near((double)part[i]->xv, k->p[i][speed])
                 && near((double)part[i]->vv, k->p[speed][speed]);
        if (!ok)
            fail_msg("step %d, number %d: %g +- %g, not %g +- %g", step, i, (double)part[i]->x,
                     (double)part[i]->xx, k->x[i], k->p[i][i]);
    }
}

static void test_kalman(void **state)
{
    (void)state;
    uint32_t seed = 3;
    kalman k;
    tsr_box_motion m;
    for (int i = 0; i < 300; i++) {
        const float u = 100 + 2 * (float)i + (float)test_randu(&seed);
        const float v = 80 + (float)test_randu(&seed);
        const float w = 40 + 10 * sinf((float)i / 9), h = 60 + (float)test_randu(&seed);
        const tsr_box b = { .x0 = u - w / 2, .y0 = v - h / 2, .x1 = u + w / 2, .y1 = v + h / 2 };
        const double bw = (double)b.x1 - (double)b.x0, bh = (double)b.y1 - (double)b.y0;
        const double z[M] = { ((double)b.x0 + (double)b.x1) / 2, ((double)b.y0 + (double)b.y1) / 2,
                              bw * bh, bw / bh };
        if (i == 0) {
            kalman_start(&k, z);
            tsr_box_motion_start(&m, &b);
        } else {
            kalman_predict(&k);
            tsr_box_motion_predict(&m, 1);
            compare(&m, &k, i);
            if (i % 5) {                    /* every fifth frame sees nothing */
                kalman_correct(&k, z);
                tsr_box_motion_correct(&m, &b);
            }
        }
        compare(&m, &k, i);
        const tsr_box now = tsr_box_motion_box(&m);
        const double side = sqrt(k.x[2] * k.x[3]);
        assert_true(near((double)(now.x1 - now.x0), side));
        assert_true(near((double)(now.y1 - now.y0), k.x[2] / side));
    }
}

static void test_kalman_never_shrinks_to_nothing(void **state)
{
    (void)state;
    tsr_box_motion m;
    for (int i = 0; i < 8; i++) {
        const float side = 80 - 10 * (float)i;
        const tsr_box b = { .x0 = 0, .y0 = 0, .x1 = side, .y1 = side };
        if (i)
            tsr_box_motion_predict(&m, 1), tsr_box_motion_correct(&m, &b);
        else
            tsr_box_motion_start(&m, &b);
    }
    for (int i = 0; i < 100; i++)
        tsr_box_motion_predict(&m, 1);
    const tsr_box b = tsr_box_motion_box(&m);
    assert_true(b.x1 > b.x0 && b.y1 > b.y0);
}

/* ---- assignment ----------------------------------------------------------------------- */

/* The largest sum by trying everything. */
static double best_sum(const float (*gain)[TSR_TRACKS], int rows, int columns, int row,
                       unsigned taken)
{
    if (row == rows)
        return 0;
    double best = best_sum(gain, rows, columns, row + 1, taken);
    for (int j = 0; j < columns; j++)
        if (!(taken >> j & 1) && gain[row][j] > 0)
            best = fmax(best, (double)gain[row][j]
                              + best_sum(gain, rows, columns, row + 1, taken | 1u << j));
    return best;
}

static void test_assignment(void **state)
{
    (void)state;
    uint32_t seed = 11;
    float gain[TSR_TRACKS][TSR_TRACKS] = { { 0 } };
    for (int round = 0; round < 600; round++) {
        const int rows = (int)(7 * test_randu(&seed)), columns = (int)(7 * test_randu(&seed));
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                gain[i][j] = test_randu(&seed) < 0.4 ? 0 : (float)test_randu(&seed) - 0.1f;
        if (rows && columns && round % 10 == 0)
            gain[0][0] = NAN;
        int column[TSR_TRACKS];
        unsigned taken = 0;
        double sum = 0;
        tsr_assign((const float (*)[TSR_TRACKS])gain, rows, columns, column);
        for (int i = 0; i < rows; i++)
            if (column[i] >= 0) {
                assert_true(column[i] < columns && !(taken >> column[i] & 1));
                assert_true(gain[i][column[i]] > 0);
                taken |= 1u << column[i];
                sum += (double)gain[i][column[i]];
            }
        const double best = best_sum((const float (*)[TSR_TRACKS])gain, rows, columns, 0, 0);
        if (fabs(sum - best) > 1e-5)
            fail_msg("%d x %d: %.6f, not %.6f", rows, columns, sum, best);
    }
}

static void test_assignment_full(void **state)
{
    (void)state;
    /* Sums of products are largest when both factors grow together. */
    float gain[TSR_TRACKS][TSR_TRACKS];
    int column[TSR_TRACKS];
    for (int i = 0; i < TSR_TRACKS; i++)
        for (int j = 0; j < TSR_TRACKS; j++)
            gain[i][j] = 1 + (float)((TSR_TRACKS - i) * j) / 1000;
    tsr_assign((const float (*)[TSR_TRACKS])gain, TSR_TRACKS, TSR_TRACKS, column);
    for (int i = 0; i < TSR_TRACKS; i++)
        assert_int_equal(column[i], TSR_TRACKS - 1 - i);
}

/* ---- tracks ----------------------------------------------------------------------------- */

static tsr_box square(float x, float y, float side)
{
    return (tsr_box){ .x0 = x, .y0 = y, .x1 = x + side, .y1 = y + side };
}

static void test_tracks_that_cross(void **state)
{
    (void)state;
    tsr_tracker t;
    uint32_t ids[2], first[2] = { 0 };
    tsr_tracker_start(&t);
    for (int i = 0; i < 100; i++) {
        /* Past each other, 20 apart; the detector changes their order all the time. */
        const int a = i & 1;
        tsr_box b[2];
        b[a] = square(10 + 4 * (float)i, 100, 50);
        b[!a] = square(410 - 4 * (float)i, 120, 50);
        tsr_tracker_step(&t, b, 2, i / 30.0, ids);
        if (i == 0)
            memcpy(first, ids, sizeof ids);
        assert_int_equal(ids[a], first[0]);
        assert_int_equal(ids[!a], first[1]);
    }
    assert_int_equal(first[0], 1);
    assert_int_equal(first[1], 2);
}

static void test_track_leaves_and_returns(void **state)
{
    (void)state;
    tsr_tracker t;
    uint32_t id = 0;
    tsr_tracker_start(&t);
    /* Out through the right edge at 8 pixels a frame, back 27 frames later where it left. */
    int frame = 0;
    for (; frame < 30; frame++) {
        const tsr_box b = square(300 + 8 * (float)frame, 60, 80);
        tsr_tracker_step(&t, &b, 1, frame / 30.0, &id);
        assert_int_equal(id, 1);
    }
    for (int away = 0; away < 27; away++, frame++)
        tsr_tracker_step(&t, NULL, 0, frame / 30.0, &id);
    const tsr_box back = square(510, 70, 75);
    tsr_tracker_step(&t, &back, 1, frame / 30.0, &id);
    assert_int_equal(id, 1);
    /* Longer than a second: somebody else.  The number does not come again. */
    tsr_tracker_step(&t, &back, 1, frame / 30.0 + 1.2, &id);
    assert_int_equal(id, 2);
    tsr_tracker_reset(&t);
    tsr_tracker_step(&t, &back, 1, 0, &id);
    assert_int_equal(id, 3);
}

static void test_track_that_nobody_should_take(void **state)
{
    (void)state;
    tsr_tracker t;
    uint32_t id;
    tsr_tracker_start(&t);
    tsr_box b = square(100, 100, 50);
    tsr_tracker_step(&t, &b, 1, 0, &id);
    b = square(400, 100, 50);                   /* too far away */
    tsr_tracker_step(&t, &b, 1, 0.1, &id);
    assert_int_equal(id, 2);
    b = square(100, 100, 190);                  /* too large */
    tsr_tracker_step(&t, &b, 1, 0.2, &id);
    assert_int_equal(id, 3);
    /* Time that stands still or runs backwards changes nothing. */
    tsr_tracker_step(&t, &b, 1, 0.2, &id);
    assert_int_equal(id, 3);
    tsr_tracker_step(&t, &b, 1, 0.1, &id);
    assert_int_equal(id, 3);
    tsr_tracker_step(&t, &b, 1, (double)NAN, &id);
    assert_int_equal(id, 3);
}

static void test_boxes_without_sense(void **state)
{
    (void)state;
    tsr_tracker t;
    tsr_box b[TSR_TRACKS + 8];
    uint32_t ids[TSR_TRACKS + 8];
    tsr_tracker_start(&t);
    b[0] = square(NAN, 0, 10);
    b[1] = square(0, 0, INFINITY);
    b[2] = square(0, 0, 0);
    b[3] = square(10, 10, -5);
    b[4] = square(1e30f, 0, 1e30f);
    b[5] = square(10, 10, 20);
    tsr_tracker_step(&t, b, 6, 0, ids);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ids[i], 0);
    assert_int_equal(ids[5], 1);
    /* More boxes than tracks: the first get numbers.  Later others take their place. */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < TSR_TRACKS + 8; i++)
            b[i] = square(100 * (float)i + 4000 * (float)round, 0, 20);
        tsr_tracker_step(&t, b, TSR_TRACKS + 8, 0.1 * round, ids);
        for (int i = 0; i < TSR_TRACKS; i++)
            assert_true(ids[i] > (unsigned)(round * TSR_TRACKS));
        for (int i = TSR_TRACKS; i < TSR_TRACKS + 8; i++)
            assert_int_equal(ids[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kalman),
        cmocka_unit_test(test_kalman_never_shrinks_to_nothing),
        cmocka_unit_test(test_assignment),
        cmocka_unit_test(test_assignment_full),
        cmocka_unit_test(test_tracks_that_cross),
        cmocka_unit_test(test_track_leaves_and_returns),
        cmocka_unit_test(test_track_that_nobody_should_take),
        cmocka_unit_test(test_boxes_without_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
