/*
 * test_posenet_real.c - PoseNet's heads among a network's outputs; heads that other
 * runtimes computed for photographs; everyone in a group of five.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "cli/network.h"
#include "tests/golden_io.h"
#include "tests/onnx_maker.h"
#include "tests/posenet_truth.h"

/* ---- finding the heads -------------------------------------------------------------------- */

/* A network [1,3,h,w] -> one 1x1 convolution of stride 16 per head. */
static golden_file network(int heads_count, const char *const *name, const int *channels)
{
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "image", OM_FLOAT, 4, (int[]){ 1, 3, 33, 49 });
    for (int i = 0; i < heads_count; i++) {
        static const float zeros[64 * 3];
        char weight[40], inputs[60], middle[40];
        snprintf(weight, sizeof weight, "w%d", i);
        snprintf(inputs, sizeof inputs, "image,w%d", i);
        snprintf(middle, sizeof middle, "m%d", i);
        om_floats(&m, weight, 4, (int[]){ channels[i], 3, 1, 1 }, zeros);
        om_node(&m, "Conv", inputs, middle);
        om_ints(&m, "strides", 2, (int64_t[]){ 16, 16 });
        om_node(&m, "Transpose", middle, name[i]);
        om_ints(&m, "perm", 4, (int64_t[]){ 0, 2, 3, 1 });
        om_output(&m, name[i]);
    }
    return om_write(&m);
}

static tsr_status find_heads(int count, const char *const *name, const int *channels,
                             tsr_error *err, const char *found[4], float *stride)
{
    golden_file f = network(count, name, channels);
    tsr_model *model = NULL;
    cli_session s = { 0 };
    tsr_posenet heads;
    assert_int_equal(tsr_model_load(f.bytes, f.size, NULL, &model, err), TSR_OK);
    assert_int_equal(cli_session_open(model, 1, &s, err), TSR_OK);
    const tsr_status status = tsr_posenet_heads(s.session, &heads, err);
    for (int i = 0; status == TSR_OK && i < 4; i++) {
        const tsr_tensor *t = i == 0 ? heads.heatmap : i == 1 ? heads.offset
                            : i == 2 ? heads.forward : heads.backward;
        for (int k = 0; k < count; k++)
            if (!strcmp(t->name, name[k]))
                found[i] = name[k];
        *stride = heads.stride;
    }
    cli_session_close(&s);
    tsr_model_free(model);
    free(f.bytes);
    return status;
}

static void test_heads_by_shape_and_name(void **state)
{
    (void)state;
    static const char *const any_order[] = { "x_bwd_1", "a", "x_fwd_1", "b" };
    static const char *const blocks[] = { "p", "q", "r" };
    const char *found[4] = { NULL };
    float stride = 0;
    tsr_error err = { 0 };
    assert_int_equal(find_heads(4, any_order, (int[]){ 32, 34, 32, 17 }, &err, found, &stride),
                     TSR_OK);
    assert_string_equal(found[0], "b");
    assert_string_equal(found[1], "a");
    assert_string_equal(found[2], "x_fwd_1");
    assert_string_equal(found[3], "x_bwd_1");
    assert_true(stride == 16);
    assert_int_equal(find_heads(3, blocks, (int[]){ 64, 17, 34 }, &err, found, &stride), TSR_OK);
    assert_string_equal(found[0], "q");
    assert_string_equal(found[2], "p");
    assert_string_equal(found[3], "p");
}

static void test_heads_that_lack(void **state)
{
    (void)state;
    static const char *const name[] = { "fwd", "bwd", "c", "d" };
    static const char *const nameless[] = { "a", "b", "c", "d" };
    static const struct { const char *const *name; int channels[4]; const char *says; } bad[] = {
        { nameless, { 32, 32, 17, 34 }, "'fwd' and 'bwd'" },
        { name, { 32, 32, 17, 33 }, "[1,h,w,34]" }, { name, { 32, 32, 18, 34 }, "[1,h,w,17]" },
    };
    for (int i = 0; i < 3; i++) {
        const char *found[4];
        float stride;
        tsr_error err = { 0 };
        assert_int_equal(find_heads(4, bad[i].name, bad[i].channels, &err, found, &stride),
                         TSR_UNSUPPORTED);
        assert_non_null(strstr(err.text, bad[i].says));
    }
}

/* ---- real heads, real pictures ------------------------------------------------------------- */

static void check_golden(const char *model, int outputs, const char *picture, int people)
{
    tsr_tensor t[4];
    tsr_posenet net = { .stride = 16 };
    for (int i = 0; i < outputs; i++) {
        char name[200], path[FIXTURE_PATH];
        snprintf(name, sizeof name, "%s/%s/output_%d.npy", model, picture, i);
        fixture_need("TARSIER_GOLDEN", name, path);
        t[i] = golden_npy(path);
        assert_non_null(t[i].data);
    }
    net.heatmap = &t[0];
    net.offset = &t[1];
    net.forward = &t[2];
    net.backward = outputs == 4 ? &t[3] : &t[2];
    if (outputs == 3) {                         /* the scales that the file gives them */
        t[0].quant.scale = t[1].quant.scale = 0.0784313753f;
        t[0].quant.zero_point = t[1].quant.zero_point = 128;
        t[2].quant.scale = 1.38757646f;
        t[2].quant.zero_point = 117;
    }
    truth_compare(&net, &tsr_posenet_tfjs, people);
    truth_compare(&net, &tsr_posenet_coral, people);
    for (int i = 0; i < outputs; i++)
        free(t[i].data);
}

static void test_real_heads(void **state)
{
    (void)state;
    check_golden("npm_posenet", 4, "pexels_3184419_group", 5);
    check_golden("npm_posenet", 4, "pexels_373919_yoga", 1);
    check_golden("posenet_mnv1_075_353_481_quant", 3, "pexels_3184419_group", 5);
    check_golden("posenet_mnv1_075_353_481_quant", 3, "pexels_373919_yoga", 1);
}

typedef struct { short x, y; } place;

/* Nose, left and right shoulder of the five, from left to right; measured by hand. */
static const place by_hand[5][3] = {
    { { 166, 389 }, { 224, 484 }, { 52, 500 } }, { { 404, 446 }, { 487, 534 }, { 318, 564 } },
    { { 668, 334 }, { 742, 426 }, { 556, 450 } }, { { 950, 476 }, { 1041, 567 }, { 890, 590 } },
    { { 1250, 437 }, { 1342, 510 }, { 1168, 590 } },
};

static void check_group(const char *name)
{
    static const int point[3] = { 0, 5, 6 };
    const tsr_catalogue_entry *e = tsr_catalogue_find(name);
    const cli_network_hint none = { 0 };
    char path[FIXTURE_PATH], picture[FIXTURE_PATH];
    cli_network n;
    tsr_image p;
    tsr_error err = { 0 };
    tsr_affine back;
    tsr_posenet heads;
    tsr_person got[TRUTH_ROOM];
    fixture_need("TARSIER_MODELS", e->file[0].name, path);
    fixture_need("TARSIER_IMAGES", "pexels_3184419_group.jpg", picture);
    assert_int_equal(cli_image_load(picture, &p, &err), TSR_OK);
    assert_int_equal(cli_network_open(path, TSR_TASK_POSE, 1, &none, &n, &err), TSR_OK);
    assert_int_equal(cli_network_run(&n, &p, &back, &err), TSR_OK);
    assert_int_equal(tsr_posenet_heads(n.session.session, &heads, &err), TSR_OK);
    assert_int_equal(cli_network_work(&n, tsr_posenet_bytes(&heads), &err), TSR_OK);
    const tsr_posenet_rules *rules = heads.forward == heads.backward ? &tsr_posenet_coral
                                                                     : &tsr_posenet_tfjs;
    assert_int_equal(tsr_posenet_decode(&heads, rules, &back, got, TRUTH_ROOM, n.work), 5);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++) {
            double nearest = 1e9;
            for (int j = 0; j < 5; j++)
                nearest = fmin(nearest, hypot((double)got[j].point[point[k]].x - by_hand[i][k].x,
                                              (double)got[j].point[point[k]].y - by_hand[i][k].y));
            if (!(nearest < p.width / 40.0))
                fail_msg("%s, person %d, %s: %.0f pixels off", name, i,
                         tsr_skeleton_body17.name[point[k]], nearest);
        }
    cli_image_free(&p);
    cli_network_close(&n);
}

static void test_everyone_in_the_group(void **state)
{
    (void)state;
    check_group("posenet");
    check_group("posenet_coral");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_by_shape_and_name), cmocka_unit_test(test_heads_that_lack),
        cmocka_unit_test(test_real_heads), cmocka_unit_test(test_everyone_in_the_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
