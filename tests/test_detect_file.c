/*
 * test_detect_file.c - the end of SSD detectors in a file, and what a program makes of
 * it.  The options come in a FlexBuffer that this test writes byte by byte, so the reader
 * is tested with bytes that it did not make itself.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "models/detect.h"
#include "tests/detect_heads.h"
#include "tests/tflite_check.h"

/* ---- in a file --------------------------------------------------------------------------- */

/* kind: 1 int, 3 float, 26 bool */
typedef struct { const char *key; int kind; double value; } entry;

/* A FlexBuffer map with 4-byte slots, keys in order. */
static size_t flex_write(const entry *option, int count, uint8_t *out)
{
    size_t at = 0, text[16], slot[16];
    for (int i = 0; i < count; i++) {
        text[i] = at;
        memcpy(out + at, option[i].key, strlen(option[i].key) + 1);
        at += strlen(option[i].key) + 1;
    }
    at = (at + 3) / 4 * 4;
    const uint32_t n = (uint32_t)count, four = 4;
    memcpy(out + at, &n, 4);
    at += 4;
    const size_t keys = at;
    for (int i = 0; i < count; i++, at += 4) {
        const uint32_t back = (uint32_t)(at - text[i]);
        memcpy(out + at, &back, 4);
    }
    const uint32_t back = (uint32_t)(at - keys);
    memcpy(out + at, &back, 4);
    memcpy(out + at + 4, &four, 4);
    memcpy(out + at + 8, &n, 4);
    at += 12;
    const size_t values = at;
    for (int i = 0; i < count; i++, at += 4) {
        const float f = (float)option[i].value;
        const int32_t k = (int32_t)option[i].value;
        slot[i] = at;
        memcpy(out + slot[i], option[i].kind == 3 ? (const void *)&f : (const void *)&k, 4);
    }
    for (int i = 0; i < count; i++)
        out[at++] = (uint8_t)(option[i].kind << 2 | 2);
    out[at] = (uint8_t)(at - values);           /* the root: one byte, so far back */
    out[at + 1] = 9 << 2 | 2;
    out[at + 2] = 1;
    return at + 3;
}

static size_t options_of(const tsr_detect_attr *a, uint8_t *out)
{
    const entry all[] = {
        { "detections_per_class", 1, a->per_class }, { "h_scale", 3, (double)a->scale[2] },
        { "max_classes_per_detection", 1, a->per_box }, { "max_detections", 1, a->most },
        { "nms_iou_threshold", 3, (double)a->overlap },
        { "nms_score_threshold", 3, (double)a->score }, { "num_classes", 1, a->classes },
        { "use_regular_nms", 26, a->each_class }, { "w_scale", 3, (double)a->scale[3] },
        { "x_scale", 3, (double)a->scale[1] }, { "y_scale", 3, (double)a->scale[0] },
    };
    return flex_write(all, 11, out);
}

static mk_model model_of(const heads *h, const uint8_t *options, size_t bytes, int rows)
{
    mk_model m = { 0 };
    const int b = mk_input(&m, "boxes", MK_F32, 3, (int[]){ 1, N, 4 });
    const int s = mk_input(&m, "scores", MK_F32, 3, (int[]){ 1, N, WIDTH });
    const int n = mk_constant(&m, "anchors", MK_F32, 2, (int[]){ N, 4 }, h->anchor);
    const int out = mk_value(&m, "found", MK_F32, 3, (int[]){ 1, rows, 4 });
    mk_op *op = mk_operator(&m, CODE_CUSTOM, b, s, n, out);
    op->custom = "TFLite_Detection_PostProcess";
    op->custom_options = options;
    op->custom_bytes = bytes;
    mk_output(&m, out);
    static const char *const names[] = { "classes", "sureness", "count" };
    for (int i = 0; i < 3; i++) {
        op->out[op->out_count++] = mk_value(&m, names[i], MK_F32, i < 2 ? 2 : 1,
                                            i < 2 ? (int[]){ 1, rows } : (int[]){ 1 });
        mk_output(&m, op->out[i + 1]);
    }
    return m;
}

static void test_in_a_file(void **state)
{
    (void)state;
    for (int each = 0; each < 2; each++) {
        heads h;
        uint8_t options[512];
        double want[6 * MOST_ROWS + 1];
        const tsr_detect_attr a = usual(each);
        const int rows = a.most * a.per_box;
        fill(&h);
        truth(&h, &a, want);
        const size_t bytes = options_of(&a, options);
        const mk_model m = model_of(&h, options, bytes, rows);
        expect_output(&m, h.box, h.score, 0, want, 4 * rows, 1e-5);
        expect_output(&m, h.box, h.score, 1, want + 4 * rows, rows, 1e-5);
        expect_output(&m, h.box, h.score, 2, want + 5 * rows, rows, 1e-5);
        expect_output(&m, h.box, h.score, 3, want + 6 * rows, 1, 1e-5);
    }
}

static void test_damaged_options(void **state)
{
    (void)state;
    heads h;
    uint8_t options[512];
    tsr_detect_attr a = usual(false);
    fill(&h);
    const size_t bytes = options_of(&a, options);
    for (size_t cut = 0; cut < bytes; cut++) {  /* no truncation may pass for the whole */
        uint8_t *exact = malloc(cut ? cut : 1);
        memcpy(exact, options, cut);
        const mk_model m = model_of(&h, cut ? exact : NULL, cut, 20);
        expect_refusal(&m, TSR_BAD_FILE, "option");
        free(exact);
    }
    for (int i = 0; i < 4000; i++) {            /* whatever they say, no crash */
        uint8_t *other = malloc(bytes);
        memcpy(other, options, bytes);
        for (int k = 0; k < 3; k++)
            other[(size_t)((draw() + 1) / 2 * (double)bytes)] = (uint8_t)(128 * (draw() + 1));
        const mk_model m = model_of(&h, other, bytes, 20);
        made d = made_load(&m);
        if (d.status == TSR_OK)
            tsr_run(d.session);
        made_free(&d);
        free(other);
    }
    a.most = 0;
    const mk_model none = model_of(&h, options, options_of(&a, options), 0);
    expect_refusal(&none, TSR_BAD_FILE, "0 boxes");
    a = usual(false);
    a.classes = 3;
    const mk_model few = model_of(&h, options, options_of(&a, options), 20);
    expect_refusal(&few, TSR_BAD_FILE, "6 scores for 3 classes");
}

/* ---- what a program makes of it ------------------------------------------------------------ */

/* A "picture" whose pixels are the boxes; `order`: of the outputs. */
static mk_model picture_model(const heads *h, const uint8_t *options, size_t bytes,
                              const int order[4])
{
    static const int shape[3] = { 1, N, 4 };
    mk_model m = { 0 };
    const int rows = 20, p = mk_input(&m, "picture", MK_F32, 4, (int[]){ 1, N / 4, 16, 1 });
    const int b = mk_value(&m, "boxes", MK_F32, 3, shape);
    mk_operator(&m, 22, p, mk_ints(&m, shape, 3), -1, b);
    const int s = mk_constant(&m, "scores", MK_F32, 3, (int[]){ 1, N, WIDTH }, h->score);
    const int n = mk_constant(&m, "anchors", MK_F32, 2, (int[]){ N, 4 }, h->anchor);
    const int out[4] = {
        mk_value(&m, "found", MK_F32, 3, (int[]){ 1, rows, 4 }),
        mk_value(&m, "classes", MK_F32, 2, (int[]){ 1, rows }),
        mk_value(&m, "sureness", MK_F32, 2, (int[]){ 1, rows }),
        mk_value(&m, "count", MK_F32, 1, (int[]){ 1 }),
    };
    mk_op *op = mk_operator(&m, CODE_CUSTOM, b, s, n, out[0]);
    op->custom = "TFLite_Detection_PostProcess";
    op->custom_options = options;
    op->custom_bytes = bytes;
    for (int i = 1; i < 4; i++)
        op->out[op->out_count++] = out[i];
    for (int i = 0; i < 4; i++)
        mk_output(&m, out[order[i]]);
    return m;
}

static void test_as_boxes_of_a_picture(void **state)
{
    (void)state;
    static const int orders[2][4] = { { 0, 1, 2, 3 }, { 2, 0, 3, 1 } };
    for (int k = 0; k < 2; k++) {
        heads h;
        uint8_t options[512];
        double want[6 * MOST_ROWS + 1];
        tsr_ssd ssd;
        tsr_box found[20];
        int classes[20], at = 0;
        const tsr_detect_attr a = usual(false);
        const int rows = a.most * a.per_box;
        fill(&h);
        const int there = truth(&h, &a, want);
        const mk_model m = picture_model(&h, options, options_of(&a, options), orders[k]);
        made d = made_load(&m);
        if (d.status != TSR_OK)
            fail_msg("%s", d.err.text);
        memcpy(tsr_input(d.session, 0)->data, h.box, sizeof h.box);
        tsr_run(d.session);
        assert_true(tsr_ssd_recognise(d.session, &ssd));
        const int count = tsr_ssd_decode(&ssd, 0.6f, found, classes, 20);
        for (int i = 0; i < there; i++) {
            if (!(want[5 * rows + i] >= (double)0.6f))
                continue;
            assert_true(at < count);
            assert_int_equal(classes[at], (int)want[4 * rows + i]);
            assert_true(fabs((double)found[at].score - want[5 * rows + i]) < 1e-5);
            assert_true(fabs((double)found[at].y0 - N / 4 * want[4 * i]) < 1e-3);
            assert_true(fabs((double)found[at].x1 - 16 * want[4 * i + 3]) < 1e-3);
            at++;
        }
        assert_int_equal(at, count);
        assert_true(count > 3);
        made_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_a_file),
        cmocka_unit_test(test_damaged_options),
        cmocka_unit_test(test_as_boxes_of_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
