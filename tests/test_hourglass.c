/*
 * test_hourglass.c - the stacked hourglass as published, against its authors'
 * formulas in double.
 *
 * The network is made here: a convolution with random weights for each of two
 * stacks, so its maps have their peaks anywhere.  The truth counts from 1, as the
 * authors do:
 *
 *     p = argmax; inside the map: p += 0.25 sign(next - previous); p += 0.5
 *     joint = trunc((p - 1) * side / 64 + centre - side / 2) + 1
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/chance.h"
#include "tests/fixture.h"
#include <math.h>
#include <unistd.h>
#include "cli/pose_networks.h"
#include "tests/onnx_maker.h"

enum { JOINTS = 16, GRID = 64, SIDE = 256, WIDTH = 300, HEIGHT = 400 };

static uint32_t seed = 7;

static float uniform(float low, float high)
{
    return low + (high - low) * (float)test_randu(&seed);
}

/* [1,3,256,256] -> two stacks of [1,16,64,64], or of [1,64,64,16]. */
static golden_file network(bool nhwc)
{
    static float weights[2][JOINTS * 3 * 8 * 8];
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "image", OM_FLOAT, 4, (int[]){ 1, 3, SIDE, SIDE });
    for (int s = 0; s < 2; s++) {
        static const char *const name[2][4] = {
            { "w0", "image,w0", "m0", "stack0" }, { "w1", "image,w1", "m1", "stack1" },
        };
        for (int i = 0; i < JOINTS * 3 * 8 * 8; i++)
            weights[s][i] = uniform(-0.05f, 0.07f);
        om_floats(&m, name[s][0], 4, (int[]){ JOINTS, 3, 8, 8 }, weights[s]);
        om_node(&m, "Conv", name[s][1], nhwc ? name[s][2] : name[s][3]);
        om_ints(&m, "strides", 2, (int64_t[]){ 4, 4 });
        om_ints(&m, "pads", 4, (int64_t[]){ 2, 2, 2, 2 });
        if (nhwc) {
            om_node(&m, "Transpose", name[s][2], name[s][3]);
            om_ints(&m, "perm", 4, (int64_t[]){ 0, 2, 3, 1 });
        }
        om_output(&m, name[s][3]);
    }
    return om_write(&m);
}

typedef struct {
    char path[64];
    pose_networks p;
    tsr_image picture;
} setting;

/* As the command would open it, from a file. */
static void open_network(setting *s, bool nhwc, const cli_person *person)
{
    golden_file f = network(nhwc);
    strcpy(s->path, "/tmp/tarsier-hourglass-XXXXXX");
    const int out = mkstemp(s->path);
    assert_true(out >= 0 && write(out, f.bytes, f.size) == (ssize_t)f.size);
    close(out);
    free(f.bytes);
    const cli_picture_options o = { .model = s->path, .threads = 1, .threshold = -1,
                                    .person = *person };
    tsr_error err = { 0 };
    memset(&s->p, 0, sizeof s->p);
    if (pose_networks_open(&s->p, &o, &err) != TSR_OK)
        fail_msg("%s", err.text);
    assert_int_equal(s->p.kind, POSE_STACKED);
    s->picture = (tsr_image){ malloc(WIDTH * HEIGHT * 3), WIDTH, HEIGHT, 3 * WIDTH };
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        s->picture.rgb[i] = (uint8_t)uniform(0, 255.99f);
}

static void close_network(setting *s)
{
    pose_networks_close(&s->p);
    free(s->picture.rgb);
    remove(s->path);
}

/* ---- the truth ------------------------------------------------------------------- */

/* Left for right, counted from 1 as the authors do. */
static const int pairs[6][2] = { { 1, 6 }, { 2, 5 }, { 3, 4 }, { 11, 16 }, { 12, 15 }, { 13, 14 } };

static int partner(int joint)
{
    for (int i = 0; i < 6; i++) {
        if (pairs[i][0] == joint + 1)
            return pairs[i][1] - 1;
        if (pairs[i][1] == joint + 1)
            return pairs[i][0] - 1;
    }
    return joint;
}

/* Map value of the last stack. */
static double last_stack(tsr_session *s, int j, int y, int x)
{
    const tsr_tensor *t = tsr_output(s, 1);
    const float *v = t->data;
    return (double)(t->dim[1] == JOINTS ? v[(j * GRID + y) * GRID + x]
                                        : v[(y * GRID + x) * JOINTS + j]);
}

static void mirror_input(tsr_tensor *t)
{
    float *v = t->data;
    for (int row = 0; row < 3 * SIDE; row++)
        for (int x = 0; x < SIDE / 2; x++) {
            const float swap = v[row * SIDE + x];
            v[row * SIDE + x] = v[row * SIDE + SIDE - 1 - x];
            v[row * SIDE + SIDE - 1 - x] = swap;
        }
}

static double maps[JOINTS][GRID][GRID];

static void true_maps(setting *s, const tsr_region *r, bool flip)
{
    tsr_session *session = s->p.net.session.session;
    const tsr_affine crop = tsr_region_affine(r, SIDE);
    tsr_error err = { 0 };
    assert_int_equal(tsr_picture_crop(&s->p.net.how, &s->picture, &crop, tsr_input(session, 0),
                                      &err), TSR_OK);
    /* What a session leaves in its input after a run is not said. */
    static float kept[3 * SIDE * SIDE];
    memcpy(kept, tsr_input(session, 0)->data, sizeof kept);
    tsr_run(session);
    for (int i = 0; i < JOINTS * GRID * GRID; i++)
        maps[i / (GRID * GRID)][i / GRID % GRID][i % GRID] =
            last_stack(session, i / (GRID * GRID), i / GRID % GRID, i % GRID);
    if (!flip)
        return;
    memcpy(tsr_input(session, 0)->data, kept, sizeof kept);
    mirror_input(tsr_input(session, 0));
    tsr_run(session);
    for (int j = 0; j < JOINTS; j++)
        for (int y = 0; y < GRID; y++)
            for (int x = 0; x < GRID; x++)
                maps[j][y][x] = (maps[j][y][x]
                                 + last_stack(session, partner(j), y, GRID - 1 - x)) / 2;
}

static double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

/* Joint j in the authors' whole pixels, and before they are cut off. */
static void true_joint(const tsr_region *r, int j, int whole[2], double exact[2], double *score)
{
    int px = 1, py = 1;
    for (int y = 1; y <= GRID; y++)
        for (int x = 1; x <= GRID; x++)
            if (maps[j][y - 1][x - 1] > maps[j][py - 1][px - 1]) {
                px = x;
                py = y;
            }
    double p[2] = { px, py };
    if (px > 1 && px < GRID && py > 1 && py < GRID) {
        p[0] += 0.25 * sign(maps[j][py - 1][px] - maps[j][py - 1][px - 2]);
        p[1] += 0.25 * sign(maps[j][py][px - 1] - maps[j][py - 2][px - 1]);
    }
    *score = maps[j][py - 1][px - 1];
    const double centre[2] = { (double)r->x, (double)r->y }, side = (double)r->side;
    for (int k = 0; k < 2; k++) {
        exact[k] = (p[k] + 0.5 - 1) * side / GRID + centre[k] - side / 2;
        whole[k] = (int)exact[k] + 1;
    }
}

static void check_person(setting *s, const tsr_region *r, const pose_found *f)
{
    true_maps(s, r, s->p.person.flip);
    assert_int_equal(f->count, 1);
    for (int j = 0; j < JOINTS; j++) {
        int whole[2];
        double exact[2], score;
        true_joint(r, j, whole, exact, &score);
        const tsr_point *p = &f->people[0].point[j];
        if (!(hypot((double)p->x - exact[0], (double)p->y - exact[1]) < 1e-3))
            fail_msg("%s: (%.3f, %.3f), not (%.3f, %.3f)", tsr_skeleton_body16.name[j],
                     (double)p->x, (double)p->y, exact[0], exact[1]);
        /* Floats that are whole up to rounding may be cut off to either side. */
        for (int k = 0; k < 2; k++)
            if (fabs(exact[k] - rint(exact[k])) > 1e-3)
                assert_int_equal((int)(k ? p->y : p->x) + 1, whole[k]);
        assert_true(fabs((double)p->score - fmin(fmax(score, 0), 1)) < 1e-4);
    }
}

/* ---- tests ------------------------------------------------------------------------ */

static void test_joints(void **state)
{
    (void)state;
    /* The first lies pixel on pixel; the others are scaled, and reach over the edge. */
    static const cli_person person[] = {
        { true, false, 150, 200, 1.28f }, { true, true, 150, 200, 1.28f },
        { true, true, 97.3f, 151.7f, 0.61f }, { true, false, 260, 71, 2.1f },
        { true, true, 20, 380, 3.37f }, { false, true, 0, 0, 0 },
    };
    for (int i = 0; i < 6; i++) {
        setting s;
        pose_found *f = calloc(1, sizeof *f);
        tsr_error err = { 0 };
        open_network(&s, i % 2, &person[i]);
        assert_int_equal(pose_networks_look(&s.p, &(cli_frame){ s.picture, -1 }, f, &err), TSR_OK);
        const tsr_region whole = { WIDTH / 2.0f, HEIGHT / 2.0f, HEIGHT, 0 };
        const tsr_region r = person[i].given
            ? tsr_region_of_scale(person[i].x, person[i].y, person[i].scale) : whole;
        assert_true(!person[i].given || fabsf(r.side - 200 * person[i].scale) < 1e-3f);
        check_person(&s, &r, f);
        close_network(&s);
        free(f);
    }
}

/* The same joints from the picture's mirror image, left and right exchanged: with the
 * flip test the order of looking does not matter. */
static void test_flip_is_even_handed(void **state)
{
    (void)state;
    const cli_person person = { true, true, WIDTH / 2.0f, 200, 1.28f };
    setting s;
    pose_found *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    tsr_error err = { 0 };
    open_network(&s, false, &person);
    const cli_frame still = { s.picture, -1 };
    assert_int_equal(pose_networks_look(&s.p, &still, a, &err), TSR_OK);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH / 2; x++)
            for (int c = 0; c < 3; c++) {
                uint8_t *left = &s.picture.rgb[(y * WIDTH + x) * 3 + c];
                uint8_t *right = &s.picture.rgb[(y * WIDTH + WIDTH - 1 - x) * 3 + c];
                const uint8_t swap = *left;
                *left = *right;
                *right = swap;
            }
    assert_int_equal(pose_networks_look(&s.p, &still, b, &err), TSR_OK);
    for (int j = 0; j < JOINTS; j++) {
        const tsr_point *p = &a->people[0].point[j], *q = &b->people[0].point[partner(j)];
        assert_true(fabsf(p->x + q->x - WIDTH) < 1e-3f && fabsf(p->y - q->y) < 1e-3f);
    }
    close_network(&s);
    free(a);
    free(b);
}

static void test_sides_have_their_names(void **state)
{
    (void)state;
    for (int j = 0; j < JOINTS; j++) {
        const char *a = tsr_skeleton_body16.name[j], *b = tsr_skeleton_body16.name[partner(j)];
        if (!strncmp(a, "left_", 5))
            assert_string_equal(a + 5, strncmp(b, "right_", 6) ? "" : b + 6);
        else if (strncmp(a, "right_", 6))
            assert_int_equal(partner(j), j);
    }
}

static void test_others_are_refused(void **state)
{
    (void)state;
    static const float zeros[JOINTS * 3];
    om_model m;
    om_begin(&m, 13);
    om_input(&m, "image", OM_FLOAT, 4, (int[]){ 1, 3, 128, 128 });
    om_floats(&m, "w", 4, (int[]){ JOINTS, 3, 1, 1 }, zeros);
    om_node(&m, "Conv", "image,w", "maps");
    om_ints(&m, "strides", 2, (int64_t[]){ 2, 2 });
    om_output(&m, "maps");
    golden_file f = om_write(&m);
    tsr_model *model = NULL;
    cli_session s = { 0 };
    tsr_error err = { 0 };
    tsr_point points[JOINTS];
    assert_int_equal(tsr_model_load(f.bytes, f.size, NULL, &model, &err), TSR_OK);
    assert_int_equal(cli_session_open(model, 1, &s, &err), TSR_OK);
    assert_false(tsr_hourglass_recognise(s.session));
    const tsr_hourglass h = { .session = s.session };
    const tsr_region r = { 10, 10, 100, 0 };
    uint8_t pixel[3] = { 1, 2, 3 };
    const tsr_image p = { pixel, 1, 1, 3 };
    void *work = malloc(tsr_hourglass_bytes());
    assert_int_equal(tsr_hourglass_find(&h, &p, &r, work, points, &err), TSR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "256 x 256"));
    free(work);
    cli_session_close(&s);
    tsr_model_free(model);
    free(f.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joints), cmocka_unit_test(test_flip_is_even_handed),
        cmocka_unit_test(test_sides_have_their_names), cmocka_unit_test(test_others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
