/*
 * test_face_heads.c - YuNet's and UltraFace's boxes against the formulas in double.
 *
 * Heads are random numbers, so that every term counts; what a decoder must find is
 * computed here cell by cell, without candidates' limits, and compared one by one.
 * SPDX-License-Identifier: MIT
 */
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "cli/network.h"
#include "models/detect.h"

static uint32_t seed = 1;
static double draw(void) { return (double)test_randf(&seed); }      /* -1 <= u < 1 */

static tsr_tensor head(int n, int length, double scale, double shift)
{
    float *data = malloc((size_t)n * (size_t)length * sizeof *data);
    for (int i = 0; i < n * length; i++)
        data[i] = (float)(scale * draw() + shift);
    return (tsr_tensor){ .dtype = TSR_F32, .rank = 3, .dim = { 1, n, length }, .data = data };
}

static double at(const tsr_tensor *t, int i) { return (double)((const float *)t->data)[i]; }

/* One of the found boxes is this one. */
static void expect_box(const tsr_box *found, int count, double score, const double want[4])
{
    for (int i = 0; i < count; i++) {
        const tsr_box *b = &found[i];
        if (fabs((double)b->score - score) < 1e-5 && fabs((double)b->x0 - want[0]) < 1e-2
            && fabs((double)b->y0 - want[1]) < 1e-2 && fabs((double)b->x1 - want[2]) < 1e-2
            && fabs((double)b->y1 - want[3]) < 1e-2)
            return;
    }
    fail_msg("no box %.2f %.2f %.2f %.2f of score %.5f among %d", want[0], want[1], want[2],
             want[3], score, count);
}

static double clamp(double v) { return v < 0 ? 0 : v > 1 ? 1 : v; }

static void test_yunet(void **state)
{
    (void)state;
    enum { W = 96, H = 64, ROOM = 128 };
    static tsr_box found[ROOM];
    tsr_tensor t[3][4];
    tsr_yunet y = { .width = W, .height = H };
    for (int k = 0; k < 3; k++) {
        const int n = (W / (8 << k)) * (H / (8 << k));
        t[k][0] = head(n, 1, 0.45, 0.5);
        t[k][1] = head(n, 1, 0.45, 0.5);
        t[k][2] = head(n, 4, 1, 0);
        t[k][3] = head(n, 10, 2, 0);
        y.sure[k][0] = &t[k][0];
        y.sure[k][1] = &t[k][1];
        y.box[k] = &t[k][2];
        y.point[k] = &t[k][3];
    }
    ((float *)t[1][0].data)[0] = 1.5f;          /* counts as 1 */
    ((float *)t[1][1].data)[0] = 0.9f;
    ((float *)t[0][0].data)[0] = NAN;
    ((float *)t[0][0].data)[1] = ((float *)t[0][1].data)[1] = 1;
    ((float *)t[0][2].data)[4] = NAN;           /* a sure cell without a box */
    const int count = tsr_yunet_decode(&y, 0.6f, found, ROOM);
    int expected = 0;
    for (int k = 0; k < 3; k++) {
        const int s = 8 << k, columns = W / s;
        for (int i = 0; i < columns * (H / s); i++) {
            const double score = sqrt(clamp(at(&t[k][0], i)) * clamp(at(&t[k][1], i)));
            if (k == 0 && i < 2)
                continue;
            if (!(score >= (double)0.6f))
                continue;
            expected++;
            const double cx = (i % columns + at(&t[k][2], 4 * i)) * s;
            const double cy = (i / columns + at(&t[k][2], 4 * i + 1)) * s;
            const double w = s * exp(at(&t[k][2], 4 * i + 2)), h = s * exp(at(&t[k][2], 4 * i + 3));
            const double want[4] = { cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2 };
            expect_box(found, count, score, want);
            for (int b = 0; b < count; b++)
                if (fabs((double)found[b].score - score) < 1e-6)
                    for (int p = 0; p < 5; p++) {
                        const double px = (i % columns + at(&t[k][3], 10 * i + 2 * p)) * s;
                        const double py = (i / columns + at(&t[k][3], 10 * i + 2 * p + 1)) * s;
                        assert_true(fabs((double)found[b].point[p].x - px) < 1e-2);
                        assert_true(fabs((double)found[b].point[p].y - py) < 1e-2);
                    }
        }
    }
    assert_int_equal(count, expected);
    assert_true(expected > 10);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 4; i++)
            free(t[k][i].data);
}

/* Priors by the book: for every stride, row, column and size. */
static void check_ultraface(bool corners, bool logits)
{
    enum { W = 320, H = 240, N = 4420, ROOM = 1024 };
    static const int stride[4] = { 8, 16, 32, 64 };
    static const int size[4][3] = { { 10, 16, 24 }, { 32, 48 }, { 64, 96 }, { 128, 192, 256 } };
    static tsr_box found[ROOM];
    tsr_tensor scores = head(N, 2, 1, 0), boxes = head(N, 4, corners ? 0.2 : 2, 0);
    float *s = scores.data, *b = boxes.data;
    for (int i = 0; i < N; i++) {
        if (corners) {
            b[4 * i + 2] = b[4 * i] + fabsf(b[4 * i + 2]);
            b[4 * i + 3] = b[4 * i + 1] + fabsf(b[4 * i + 3]);
        }
        s[2 * i + 1] = logits ? 4 * s[2 * i + 1] : 0.5f + s[2 * i + 1] / 2;
        s[2 * i] = logits ? s[2 * i] : 1 - s[2 * i + 1];
    }
    const tsr_ultraface u = { &scores, &boxes, W, H };
    const int count = tsr_ultraface_decode(&u, 0.9f, found, ROOM);
    int row = 0, expected = 0;
    for (int k = 0; k < 4; k++)
        for (int y = 0; y < (H + stride[k] - 1) / stride[k]; y++)
            for (int x = 0; x < (W + stride[k] - 1) / stride[k]; x++)
                for (int m = 0; m < 3 && size[k][m]; m++, row++) {
                    double score = at(&scores, 2 * row + 1);
                    if (logits)
                        score = 1 / (1 + exp(at(&scores, 2 * row) - score));
                    if (!(score >= (double)0.9f))
                        continue;
                    const double pw = fmin(1, size[k][m] / (double)W);
                    const double ph = fmin(1, size[k][m] / (double)H);
                    const double px = fmin(1, (x + 0.5) * stride[k] / W);
                    const double py = fmin(1, (y + 0.5) * stride[k] / H);
                    const double cx = px + 0.1 * at(&boxes, 4 * row) * pw;
                    const double cy = py + 0.1 * at(&boxes, 4 * row + 1) * ph;
                    const double w = pw * exp(0.2 * at(&boxes, 4 * row + 2));
                    const double h = ph * exp(0.2 * at(&boxes, 4 * row + 3));
                    double want[4] = { W * (cx - w / 2), H * (cy - h / 2), W * (cx + w / 2),
                                       H * (cy + h / 2) };
                    for (int i = 0; i < 4 && corners; i++)
                        want[i] = at(&boxes, 4 * row + i) * (i & 1 ? H : W);
                    expect_box(found, count, score, want);
                    expected++;
                }
    assert_int_equal(row, N);
    assert_int_equal(count, expected);
    assert_true(expected > 100 && expected < ROOM);
    free(scores.data);
    free(boxes.data);
}

static void test_ultraface(void **state)
{
    (void)state;
    check_ultraface(true, false);
    check_ultraface(false, false);
    check_ultraface(false, true);
}

static void test_suppression(void **state)
{
    (void)state;
    /* Greedy by definition: a box goes if and only if a better one that stays covers it. */
    enum { N = 200 };
    static tsr_box box[N], kept[N];
    for (int i = 0; i < N; i++) {
        const float x = (float)(50 * draw()), y = (float)(50 * draw());
        box[i] = (tsr_box){ .x0 = x, .y0 = y, .x1 = x + 20, .y1 = y + 25,
                            .score = (float)(0.5 + draw() / 2) };
    }
    memcpy(kept, box, sizeof box);
    const int count = tsr_boxes_suppress(kept, N, 0.3f);
    assert_true(count > 5 && count < N);
    for (int i = 0; i < N; i++) {
        bool stays = false, covered = false;
        for (int k = 0; k < count; k++) {
            stays = stays || !memcmp(&kept[k], &box[i], sizeof box[i]);
            covered = covered || (kept[k].score > box[i].score
                                  && tsr_box_iou(&kept[k], &box[i]) > 0.3f);
        }
        assert_true(stays != covered);
    }
    for (int k = 1; k < count; k++)
        assert_true(kept[k].score <= kept[k - 1].score);
    assert_int_equal(tsr_boxes_suppress(kept, 0, 0.3f), 0);
}

/* The published file is recognised, and finds all four people. */
static void test_yunet_file(void **state)
{
    (void)state;
    static const struct { short x, y; } nose[] = {
        { 302, 124 }, { 187, 149 }, { 467, 156 }, { 14, 134 },
    };
    const cli_network_hint none = { 0 };
    char path[FIXTURE_PATH];
    cli_network n;
    tsr_image p;
    tsr_yunet y;
    tsr_ultraface u;
    tsr_box box[64];
    tsr_affine back;
    tsr_error err = { 0 };
    fixture_need("TARSIER_MODELS", "yunet_n_320_320.onnx", path);
    if (cli_network_open(path, TSR_TASK_DETECT, 1, &none, &n, &err) != TSR_OK)
        fail_msg("%s", err.text);
    assert_true(tsr_yunet_recognise(n.session.session, &y));
    assert_false(tsr_ultraface_recognise(n.session.session, &u));
    fixture_need("TARSIER_IMAGES", "two_men_face.jpg", path);
    assert_int_equal(cli_image_load(path, &p, &err), TSR_OK);
    assert_int_equal(cli_network_run(&n, &p, &back, &err), TSR_OK);
    int count = tsr_yunet_decode(&y, 0.6f, box, 64);
    count = tsr_boxes_suppress(box, count, 0.3f);
    assert_int_equal(count, 4);
    for (int i = 0; i < count; i++) {
        tsr_box_map(&box[i], &back);
        bool right = false;
        for (int k = 0; k < 4; k++)
            right = right || hypot((double)box[i].point[2].x - nose[k].x,
                                   (double)box[i].point[2].y - nose[k].y) < 9;
        if (!right)
            fail_msg("a nose at %.1f, %.1f?", (double)box[i].point[2].x,
                     (double)box[i].point[2].y);
    }
    cli_image_free(&p);
    cli_network_close(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yunet), cmocka_unit_test(test_ultraface),
        cmocka_unit_test(test_suppression), cmocka_unit_test(test_yunet_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
