/*
 * test_posenet.c - people from PoseNet's fields, both decoders, on heads of random
 * people with noise on every number, and on heads that hold anything at all.  The
 * truth is in posenet_truth.c.                   SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include "tests/posenet_truth.h"

enum { POINTS = TRUTH_POINTS, EDGES = TRUTH_EDGES, ROOM = TRUTH_ROOM };

/* ---- heads of random people --------------------------------------------------------- */

static const tsr_affine same = { { 1, 0, 0, 0, 1, 0 } };
static uint32_t seed;

static double uniform(double low, double high)
{
    return low + (high - low) * test_randu(&seed);
}

typedef struct {
    tsr_tensor heat, offset, forward, backward;
    tsr_posenet net;
    double x[8][POINTS], y[8][POINTS];  /* of the people, in cells */
    int people;
} heads;

static tsr_tensor make(int h, int w, int c)
{
    tsr_tensor t = { .name = "t", .dtype = TSR_F32, .rank = 4, .dim = { 1, h, w, c } };
    t.data = calloc((size_t)(h * w * c), sizeof(float));
    return t;
}

static void set(const tsr_tensor *t, int y, int x, int c, double v)
{
    const size_t i = ((size_t)y * (size_t)t->dim[2] + (size_t)x) * (size_t)t->dim[3] + (size_t)c;
    ((float *)t->data)[i] = (float)v;
}

/* The person whose point k is nearest to a cell. */
static int nearest_person(const heads *d, int y, int x, int k)
{
    int best = 0;
    for (int i = 1; i < d->people; i++)
        if (hypot(d->x[i][k] - x, d->y[i][k] - y) < hypot(d->x[best][k] - x, d->y[best][k] - y))
            best = i;
    return best;
}

static void fill_cell(const heads *d, int y, int x)
{
    const double stride = (double)d->net.stride, noise = 0.15 * stride;
    const bool blocks = d->net.forward == d->net.backward;
    for (int k = 0; k < POINTS; k++) {
        const int i = nearest_person(d, y, x, k);
        const double dx = d->x[i][k] - x, dy = d->y[i][k] - y;
        set(&d->heat, y, x, k, 4 - 2.5 * hypot(dx, dy) + uniform(-0.8, 0.8));
        set(&d->offset, y, x, k, dy * stride + uniform(-noise, noise));
        set(&d->offset, y, x, k + POINTS, dx * stride + uniform(-noise, noise));
    }
    for (int directed = 0; directed < 2 * EDGES; directed++) {
        const int from = truth_start_of(directed), to = truth_end_of(directed);
        const bool back = directed >= EDGES;
        const int i = nearest_person(d, y, x, from);
        const tsr_tensor *t = back ? d->net.backward : d->net.forward;
        const int c = directed % EDGES + (back && blocks ? 2 * EDGES : 0);
        set(t, y, x, c, (d->y[i][to] - d->y[i][from]) * stride + uniform(-noise, noise));
        set(t, y, x, c + EDGES, (d->x[i][to] - d->x[i][from]) * stride + uniform(-noise, noise));
    }
}

static void make_heads(heads *d, int h, int w, bool blocks)
{
    d->heat = make(h, w, POINTS);
    d->offset = make(h, w, 2 * POINTS);
    d->forward = make(h, w, blocks ? 4 * EDGES : 2 * EDGES);
    d->backward = make(h, w, 2 * EDGES);
    d->net = (tsr_posenet){ &d->heat, &d->offset, &d->forward,
                            blocks ? &d->forward : &d->backward, 16 };
}

static void fill_heads(const heads *d)
{
    for (int y = 0; y < d->heat.dim[1]; y++)
        for (int x = 0; x < d->heat.dim[2]; x++)
            fill_cell(d, y, x);
}

static void random_heads(heads *d, int h, int w, bool blocks, int people)
{
    make_heads(d, h, w, blocks);
    d->people = people;
    /* Some points lie off the grid, and people overlap. */
    for (int i = 0; i < people; i++) {
        const double cx = uniform(0, w), cy = uniform(0, h);
        for (int k = 0; k < POINTS; k++) {
            d->x[i][k] = cx + uniform(-4, 4);
            d->y[i][k] = cy + uniform(-6, 6);
        }
    }
    fill_heads(d);
}

static void empty(heads *d)
{
    free(d->heat.data);
    free(d->offset.data);
    free(d->forward.data);
    free(d->backward.data);
}

static void try_random(const tsr_posenet_rules *rules, bool blocks)
{
    static const int size[][2] = { { 23, 31 }, { 25, 25 }, { 9, 17 }, { 1, 7 }, { 5, 1 } };
    for (int i = 0; i < 200; i++) {
        heads d;
        tsr_posenet_rules r = *rules;
        seed = (uint32_t)(1000 + i);
        r.person = i % 3 ? r.person : 0.5f;
        r.radius = i % 2 ? r.radius : 60;       /* so that many points have an owner */
        random_heads(&d, size[i % 5][0], size[i % 5][1], blocks, 1 + i % 6);
        truth_compare(&d.net, &r, i % 5 < 2 && i % 3 && i % 2);
        empty(&d);
    }
}

static void test_nearest_on_random_people(void **state)
{
    (void)state;
    try_random(&tsr_posenet_tfjs, false);
    try_random(&tsr_posenet_tfjs, true);
}

static void test_bilinear_on_random_people(void **state)
{
    (void)state;
    try_random(&tsr_posenet_coral, true);
    try_random(&tsr_posenet_coral, false);
}

/* Two who stand apart come out as two, where they were put: within the noise of an
 * offset. */
static void test_two_people(void **state)
{
    (void)state;
    for (int variant = 0; variant < 2; variant++) {
        heads d = { .people = 2 };
        seed = 5;
        make_heads(&d, 23, 31, variant);
        for (int k = 0; k < POINTS; k++) {
            d.x[0][k] = 4 + 0.37 * k;
            d.y[0][k] = 3 + 0.91 * k;
            d.x[1][k] = d.x[0][k] + 14;
            d.y[1][k] = d.y[0][k] + 2;
        }
        fill_heads(&d);
        tsr_person got[ROOM];
        void *work = malloc(tsr_posenet_bytes(&d.net));
        assert_int_equal(tsr_posenet_decode(&d.net, variant ? &tsr_posenet_coral
                                            : &tsr_posenet_tfjs, &same, got, ROOM, work), 2);
        const int left = got[0].point[0].x < got[1].point[0].x ? 0 : 1;
        for (int i = 0; i < 2; i++)
            for (int k = 0; k < POINTS; k++) {
                const tsr_point *p = &got[i == 0 ? left : 1 - left].point[k];
                assert_true(hypot((double)p->x - 16 * d.x[i][k] - 0.5,
                                  (double)p->y - 16 * d.y[i][k] - 0.5) < 0.25 * 16);
            }
        free(work);
        empty(&d);
    }
}

/* ---- heads that mean harm --------------------------------------------------------------- */

static void decode_harm(heads *d, const tsr_posenet_rules *rules, int *count)
{
    tsr_person got[ROOM];
    void *work = malloc(tsr_posenet_bytes(&d->net));
    *count = tsr_posenet_decode(&d->net, rules, &same, got, ROOM, work);
    assert_true(*count >= 0 && *count <= ROOM);
    for (int i = 0; i < *count; i++) {
        assert_true(got[i].score >= 0 && got[i].score <= 1);
        assert_true(isfinite(got[i].box.x0) && isfinite(got[i].box.y1));
        for (int k = 0; k < POINTS; k++) {
            const tsr_point *p = &got[i].point[k];
            assert_true(isfinite(p->x) && isfinite(p->y) && p->score >= 0 && p->score <= 1);
        }
    }
    free(work);
}

static void poison(const tsr_tensor *t, int every)
{
    static const float bad[] = { NAN, INFINITY, -INFINITY, 3e38f, -3e38f };
    float *v = t->data;
    for (size_t i = 0; i < tsr_elements(t); i++)
        if ((int)uniform(0, every) == 0)
            v[i] = bad[(int)uniform(0, 5)];
}

static void test_any_numbers(void **state)
{
    (void)state;
    const tsr_posenet_rules *const both[] = { &tsr_posenet_tfjs, &tsr_posenet_coral };
    for (int i = 0; i < 120; i++) {
        heads d;
        int count;
        seed = (uint32_t)i;
        random_heads(&d, 11, 13, i % 2, 3);
        poison(&d.heat, i % 5 + 1);
        poison(&d.offset, i % 7 + 1);
        poison(&d.forward, i % 3 + 1);
        poison(&d.backward, i % 4 + 1);
        decode_harm(&d, both[i / 2 % 2], &count);
        for (int k = 0; k < 11 * 13 * POINTS; k++)      /* nothing but NaN: nobody */
            ((float *)d.heat.data)[k] = NAN;
        decode_harm(&d, both[i / 2 % 2], &count);
        assert_int_equal(count, 0);
        for (int k = 0; k < 11 * 13 * POINTS; k++)      /* every cell is a root */
            ((float *)d.heat.data)[k] = 9;
        decode_harm(&d, both[i / 2 % 2], &count);
        empty(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest_on_random_people),
        cmocka_unit_test(test_bilinear_on_random_people), cmocka_unit_test(test_two_people),
        cmocka_unit_test(test_any_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
