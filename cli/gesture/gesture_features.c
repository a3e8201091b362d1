/* gesture_features.c - see gesture_features.h.   SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/gesture/gesture_features.h"

static const char hands[] = "hands";

static void append(char *text, const char *fmt, const float v[3])
{
    const size_t n = strlen(text);
    if (v)
        snprintf(text + n, CLI_FEATURES_TEXT - n, fmt, (double)v[0], (double)v[1], (double)v[2]);
    else
        snprintf(text + n, CLI_FEATURES_TEXT - n, "%s", fmt);
}

static bool is_said(const cli_network_hint *h)
{
    return h->bgr || h->has_fit || h->has_mean || h->has_scale;
}

/* "7aad0c74c5e3c06e mobilenet_v2", "0123456789abcdef-89abcdef01234567 file, bgr ..." */
static void identify(cli_features *f, const cli_network_hint *hint)
{
    const cli_model *m = &f->net.model;
    const tsr_preprocess *how = &f->net.how;
    char hex[CLI_SHA256_HEX], more[20] = "";
    cli_sha256(m->file.bytes, m->file.size, hex);
    if (m->sibling_sum)
        snprintf(more, sizeof more, "-%016" PRIx64, m->sibling_sum);
    snprintf(f->identity, sizeof f->identity, "%.16s%s %s", hex, more,
             m->entry ? m->entry->name : "file");
    if (!is_said(hint))
        return;
    append(f->identity, ", mean %g %g %g", how->mean);
    append(f->identity, ", scale %g %g %g", how->scale);
    append(f->identity, how->bgr ? ", bgr" : "", NULL);
    append(f->identity, how->fit == TSR_FIT_LETTERBOX ? ", letterbox" : "", NULL);
}

bool cli_features_name(const char *identity, char text[CLI_FEATURES_TEXT])
{
    const char *name = strchr(identity, ' ');
    snprintf(text, CLI_FEATURES_TEXT, "%s", name ? name + 1 : "");
    text[strcspn(text, ",")] = '\0';
    return !strcmp(text, hands) || tsr_catalogue_find(text) != NULL;
}

static tsr_status start_following(cli_features *f, tsr_error *err)
{
    f->follower = (tsr_follower){
        .what = &tsr_follow_hands, .detector = f->net.session.session,
        .landmarks = f->landmarks.session.session, .detector_how = f->net.how,
        .threshold = 0.5f, .wanted = 1, .smooth = true, .clock = cli_clock_ms,
    };
    TSR_TRY(tsr_follower_open(&f->follower, err));
    f->memory = malloc(tsr_following_bytes(&f->follower));
    if (!f->memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to follow a hand");
    tsr_following_start(&f->following, &f->follower, f->memory);
    return TSR_OK;
}

/* The lighter of the published hand networks; which of them made the points does not
 * matter to a head. */
static tsr_status open_hands(cli_features *f, int threads, tsr_error *err)
{
    static const char *const palms[] = { "palm_detection_lite", "palm_detection_full", NULL };
    static const char *const points[] = { "hand_landmark_lite", "hand_landmark_full", NULL };
    const cli_network_hint none = { 0 };
    TSR_TRY(cli_network_open(cli_network_pick(palms), TSR_TASK_DETECT, threads, &none, &f->net,
                             err));
    TSR_TRY(cli_network_open(cli_network_pick(points), TSR_TASK_LANDMARK, threads, &none,
                             &f->landmarks, err));
    f->size = TSR_HAND_FEATURES;
    snprintf(f->identity, sizeof f->identity, "21-points %s", hands);
    return start_following(f, err);
}

tsr_status cli_features_open(const char *name, int threads, const cli_network_hint *hint,
                             cli_features *f, tsr_error *err)
{
    static const char *const usual[] = {
        "mobilenet_v2", "mobilenet_v2_ptq", "mobilenet_v1_025", NULL
    };
    *f = (cli_features){ 0 };
    if (name && !strcmp(name, hands) && is_said(hint))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "how the hand networks want their pictures is "
                        "known: --bgr, --mean, --scale and --fit are for others");
    if (name && !strcmp(name, hands))
        return open_hands(f, threads, err);
    if (!name)
        name = cli_network_pick(usual);
    TSR_TRY(cli_network_open_embedding(name, threads, hint, &f->net, err));
    f->size = (int)tsr_elements(tsr_model_output(f->net.model.model, 0));
    identify(f, hint);
    return TSR_OK;
}

void cli_features_close(cli_features *f)
{
    cli_network_close(&f->landmarks);
    cli_network_close(&f->net);
    free(f->memory);
    *f = (cli_features){ 0 };
}

static tsr_status read_embedding(cli_features *f, float *x, tsr_error *err)
{
    if (!tsr_embedding_read(tsr_output(f->net.session.session, 0), x))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the network sees nothing in it: its embedding is "
                        "zero or not a number");
    return TSR_OK;
}

/* Another view: the way from the input to the picture goes through the augmentation. */
static tsr_status see_again(cli_features *f, const tsr_image *picture, const tsr_affine *way,
                            const tsr_affine *other, tsr_error *err)
{
    const tsr_affine to_picture = tsr_affine_chain(other, way);
    TSR_TRY(tsr_picture_crop(&f->net.how, picture, &to_picture,
                             tsr_input(f->net.session.session, 0), err));
    const double begin = cli_clock_ms();
    tsr_run(f->net.session.session);
    f->ms += cli_clock_ms() - begin;
    return TSR_OK;
}

/* Of length 1; false: the points make no hand. */
static bool embed(const float *features, float *x)
{
    const tsr_tensor t = { .data = x, .dtype = TSR_F32, .rank = 1, .dim = { TSR_HAND_FEATURES } };
    memcpy(x, features, TSR_HAND_FEATURES * sizeof *x);
    return tsr_embedding_read(&t, x);
}

static tsr_status see_hand(cli_features *f, const tsr_image *picture, const tsr_augment *how,
                           int views, uint32_t seed, float *x, tsr_error *err)
{
    const tsr_one_hand finder = { f->net.session.session, f->landmarks.session.session, 0.5f };
    tsr_point points[TSR_HAND_POINTS];
    float score, first[TSR_HAND_FEATURES];
    TSR_TRY(cli_network_work(&f->net, tsr_one_hand_bytes(&finder, picture), err));
    const double begin = cli_clock_ms();
    TSR_TRY(tsr_one_hand_find(&finder, picture, f->net.work, points, &score, err));
    f->ms = cli_clock_ms() - begin;
    if (!(score > 0) || !tsr_hand_features(points, first))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no hand found");
    for (int v = 0; v < views; v++, x += TSR_HAND_FEATURES) {
        float other[TSR_HAND_FEATURES];
        if (v)
            tsr_hand_augment(how, first, &seed, other);
        if (!embed(v ? other : first, x))
            return tsr_fail(err, TSR_BAD_ARGUMENT, "no hand found");
    }
    return TSR_OK;
}

bool cli_features_are_hands(const cli_features *f) { return f->landmarks.model.model != NULL; }

void cli_features_forget(cli_features *f)
{
    if (cli_features_are_hands(f))
        tsr_following_reset(&f->following);
}

tsr_status cli_features_follow(cli_features *f, const tsr_image *picture, double seconds,
                               tsr_point *points, float *x, bool *found, tsr_error *err)
{
    float features[TSR_HAND_FEATURES];
    tsr_sighting one = { .point = points };
    int count = 0;
    TSR_TRY(cli_network_work(&f->net, tsr_follow_bytes(&f->follower, picture), err));
    const tsr_view view = { *picture, seconds >= 0 ? seconds : 0, f->net.work };
    TSR_TRY(tsr_follow(&f->follower, &f->following, &view, &one, &count, err));
    f->ms = f->following.network;
    *found = count == 1 && tsr_hand_features(points, features) && embed(features, x);
    return TSR_OK;
}

tsr_status cli_features_see(cli_features *f, const tsr_image *picture, const tsr_augment *how,
                            int views, uint32_t seed, float *x, tsr_error *err)
{
    tsr_affine way;
    int h, w;
    if (cli_features_are_hands(f))
        return see_hand(f, picture, how, views, seed, x, err);
    TSR_TRY(cli_network_run(&f->net, picture, &way, err));
    f->ms = f->net.ms;
    TSR_TRY(read_embedding(f, x, err));
    tsr_picture_size(tsr_input(f->net.session.session, 0), &h, &w);
    for (int v = 1; v < views; v++) {
        const tsr_affine other = tsr_augment_affine(how, w, h, &seed);
        TSR_TRY(see_again(f, picture, &way, &other, err));
        TSR_TRY(read_embedding(f, x + (size_t)v * (size_t)f->size, err));
    }
    return TSR_OK;
}
