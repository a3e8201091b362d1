/*
 * test_golden_inputs.c - the very inputs that the golden tensors were made with, from
 * the photographs, by the preprocessing that the catalogue names.
 *
 * Pillow made them.  PNG pixels are exact, and so must be everything after them.  JPEG
 * decoders may round each pixel their own way, so for those the bound is on what that
 * leaves after resampling.
 * SPDX-License-Identifier: MIT
 */
#include "tests/fixture.h"
#include <math.h>
#include "cli/image.h"
#include "models/catalogue.h"
#include "tests/golden_io.h"

enum { MOST_PICTURES = 3 };

typedef struct { const char *file; int x0, y0, x1, y1; } part;  /* all 0: the whole picture */

typedef struct {
    const char *model, *golden; /* the catalogue's name, the folder's */
    part picture[MOST_PICTURES];
} golden_case;

#define SQUAT   { "squat.png" }
#define YOGA    { "pexels_373919_yoga.jpg" }
#define DANCE   { "pexels_3949761_street_dance.jpg" }
#define GROUP   { "pexels_3184419_group.jpg" }
#define HOPPER  { "grace_hopper.png" }
#define COLLINS { "astronaut.png" }
#define MEN     { "two_men_face.jpg" }
#define BIRD    { "bird_segmentation.png" }
#define CAT     { "cat_720p.jpg" }
#define PARROT  { "parrot.jpg" }
#define HAND_1  { "pexels_1314554_hand.jpg" }
#define HAND_2  { "pexels_1578238_hand.jpg" }

static const golden_case goldens[] = {
    { "hourglass", "hourglass_v2_192", { SQUAT, YOGA, DANCE } },
    { "cpm", "cpm_192", { SQUAT, YOGA, DANCE } },
    { "posenet", "npm_posenet", { GROUP, YOGA } },
    { "posenet_coral", "posenet_mnv1_075_353_481_quant", { GROUP, YOGA } },
    { "deeplab", "deeplabv3_257_mv_gpu", { BIRD, COLLINS } },
    { "deeplab_513", "deeplabv3_mnv2_pascal_quant", { BIRD, { "two_dogs.jpg" } } },
    { "selfie_segmentation", "selfie_segmentation", { COLLINS, MEN } },
    { "mobilenet_v1_025", "mobilenet_v1_0.25_224_float", { CAT, PARROT } },
    { "mobilenet_v2", "mobilenet_v2_1.0_224_quant", { CAT, HOPPER, PARROT } },
    { "mobilenet_v2_ptq", "tf2_mobilenet_v2_1.0_224_ptq", { CAT, HOPPER, PARROT } },
    { "nsfw_mobilenet_v2", "npm_nsfwjs_mobilenet_v2", { { "chelsea_cat.png" }, HOPPER, YOGA } },
    { "vww", "vww_96_int8", { SQUAT, CAT } },
    { "face_detection_short_range", "face_detection_short_range", { COLLINS, HOPPER, MEN } },
    { "blazeface_tfjs", "npm_blazeface", { COLLINS, MEN } },
    { "yunet", "onnx_yunet_n_320", { COLLINS, MEN } },
    { "palm_detection_lite", "palm_detection_lite",
      { HAND_1, HAND_2, { "tfjs_two_hands.jpg" } } },
    { "palm_detection_2020", "onnx_palm_detection", { HAND_1, HAND_2 } },
    { "face_landmark", "face_landmark",
      { { "astronaut.png", 130, 10, 320, 200 }, { "grace_hopper.png", 140, 80, 390, 330 } } },
    { "hand_landmark_lite", "hand_landmark_lite",
      { { "pexels_1314554_hand.jpg", 100, 100, 1000, 1000 },
        { "pexels_1578238_hand.jpg", 150, 50, 950, 850 } } },
};

/* How many grey levels one step of the input is worth. */
static double level_of(const tsr_preprocess *how, const tsr_tensor *t)
{
    return t->dtype == TSR_F32 ? 1 / (double)how->scale[0] : 1;
}

static void compare(const char *name, const tsr_preprocess *how, const tsr_image *picture,
                    const tsr_tensor *want, bool jpeg)
{
    tsr_tensor have = *want;
    tsr_error err = { 0 };
    tsr_affine back;
    have.name = "picture";
    have.data = malloc(tsr_bytes(want));
    void *work = malloc(tsr_picture_bytes(picture, &have));
    assert_int_equal(tsr_picture_fit(how, picture, &have, work, &back, &err), TSR_OK);
    const size_t n = tsr_elements(want);
    double worst = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)(tsr_tensor_real(&have, i) - tsr_tensor_real(want, i)));
        sum += d;
        worst = fmax(worst, d);
    }
    const double level = level_of(how, want);
    if (worst * level > (jpeg ? 4 : 0) + 1e-4 || sum / (double)n * level > (jpeg ? 0.1 : 0) + 1e-4)
        fail_msg("%s: off by at most %.3f, in the mean %.4f grey levels", name, worst * level,
                 sum / (double)n * level);
    free(work);
    free(have.data);
}

/* The golden of a picture lies in a folder of its name. */
static void check_picture(const golden_case *g, const part *p)
{
    char path[FIXTURE_PATH], npy[FIXTURE_PATH], name[256];
    const tsr_catalogue_entry *entry = tsr_catalogue_find(g->model);
    tsr_image photo;
    tsr_error err = { 0 };
    assert_non_null(entry);
    snprintf(name, sizeof name, "%s/%.*s/input.npy", g->golden, (int)strcspn(p->file, "."),
             p->file);
    fixture_need("TARSIER_IMAGES", p->file, path);
    fixture_need("TARSIER_GOLDEN", name, npy);
    assert_int_equal(cli_image_load(path, &photo, &err), TSR_OK);
    tsr_tensor want = golden_npy(npy);
    assert_non_null(want.data);
    tsr_preprocess how = tsr_preprocess_of(&entry->prep);
    tsr_image seen = photo;
    if (p->x1) {
        seen = (tsr_image){ photo.rgb + p->y0 * photo.stride + 3 * p->x0, p->x1 - p->x0,
                            p->y1 - p->y0, photo.stride };
        how.fit = TSR_FIT_STRETCH;
    }
    compare(name, &how, &seen, &want, strstr(p->file, ".jpg") != NULL);
    free(want.data);
    cli_image_free(&photo);
}

static void test_golden_inputs(void **state)
{
    (void)state;
    int done = 0;
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
        for (int k = 0; k < MOST_PICTURES && goldens[i].picture[k].file; k++, done++)
            check_picture(&goldens[i], &goldens[i].picture[k]);
    print_message("%d inputs\n", done);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_golden_inputs) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
