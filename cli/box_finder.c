/*
 * box_finder.c - see box_finder.h.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "cli/box_finder.h"

/* What a file that nobody knows is taken to want, unless the user says otherwise: SSD as
 * is usual, the others letterboxed, YuNet and UltraFace as they are published. */
static void guess_preprocessing(cli_box_finder *f, const cli_network_hint *hint)
{
    tsr_preprocess *how = &f->net.how;
    if (f->net.model.entry || f->kind == CLI_SSD)
        return;
    const bool yunet = f->kind == CLI_YUNET;
    const float mean = yunet ? 0 : 127, scale = yunet ? 1 : 1 / 128.0f;
    if (!hint->has_fit)
        how->fit = TSR_FIT_LETTERBOX;
    how->bgr = how->bgr || yunet;
    for (int c = 0; f->kind != CLI_BLAZE && c < 3; c++) {
        how->mean[c] = hint->has_mean ? how->mean[c] : mean;
        how->scale[c] = hint->has_scale ? how->scale[c] : scale;
    }
}

static bool is_blaze(cli_box_finder *f, bool faces_only)
{
    static const tsr_detector *const faces[] = {
        &tsr_face_short_range, &tsr_face_full_range, &tsr_face_back, NULL
    };
    static const tsr_detector *const palms[] = { &tsr_palm, &tsr_palm_2020, NULL };
    static const tsr_detector *const bodies[] = { &tsr_body, NULL };
    static const struct { const char *thing; const tsr_detector *const *kinds; } blaze[] = {
        { "face", faces }, { "palm", palms }, { "person", bodies },
    };
    for (int i = 0; i < (faces_only ? 1 : 3); i++)
        if (tsr_detector_recognise(f->net.session.session, blaze[i].kinds, &f->blaze, NULL)
            == TSR_OK) {
            f->thing = blaze[i].thing;
            return true;
        }
    return false;
}

static tsr_status recognise(cli_box_finder *f, bool faces, tsr_error *err)
{
    tsr_session *s = f->net.session.session;
    f->thing = "face";
    if (is_blaze(f, faces)) {
        f->kind = CLI_BLAZE;
        f->threshold = f->blaze.kind.threshold;
    } else if (tsr_yunet_recognise(s, &f->yunet)) {
        f->kind = CLI_YUNET;
        f->threshold = 0.6f;
    } else if (tsr_ultraface_recognise(s, &f->ultraface)) {
        f->kind = CLI_ULTRAFACE;
        f->threshold = 0.7f;
    } else if (!faces && tsr_ssd_recognise(s, &f->ssd)) {
        f->kind = CLI_SSD;
        f->thing = NULL;
        f->threshold = 0.5f;
    } else {
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' has no outputs like a %s", f->net.name,
                        faces ? "face detector's: BlazeFace, YuNet or UltraFace"
                              : "detector's: SSD with TFLite_Detection_PostProcess, BlazeFace, "
                                "BlazePalm, BlazePose, YuNet or UltraFace");
    }
    return TSR_OK;
}

tsr_status cli_box_finder_open(cli_box_finder *f, const char *name, bool faces,
                               const cli_picture_options *o, tsr_error *err)
{
    TSR_TRY(cli_network_open(name, TSR_TASK_DETECT, o->threads, &o->hint, &f->net, err));
    TSR_TRY(recognise(f, faces, err));
    guess_preprocessing(f, &o->hint);
    if (o->threshold >= 0)
        f->threshold = o->threshold;
    f->blaze.kind.threshold = f->threshold;
    return TSR_OK;
}

void cli_box_finder_close(cli_box_finder *f) { cli_network_close(&f->net); }

static tsr_status decode(cli_box_finder *f, tsr_box *box, int *class, int *count, tsr_error *err)
{
    const float overlap = 0.3f;
    if (class)
        memset(class, 0, CLI_BOXES * sizeof *class);
    switch (f->kind) {
    case CLI_BLAZE:
        TSR_TRY(tsr_heads_decode(&f->blaze, box, CLI_BOXES, count, err));
        *count = tsr_boxes_merge(box, *count, f->blaze.kind.overlap);
        break;
    case CLI_YUNET:
        *count = tsr_yunet_decode(&f->yunet, f->threshold, box, CLI_BOXES);
        *count = tsr_boxes_suppress(box, *count, overlap);
        break;
    case CLI_ULTRAFACE:
        *count = tsr_ultraface_decode(&f->ultraface, f->threshold, box, CLI_BOXES);
        *count = tsr_boxes_suppress(box, *count, overlap);
        break;
    case CLI_SSD:
        *count = tsr_ssd_decode(&f->ssd, f->threshold, box, class, CLI_BOXES);
        break;
    }
    return TSR_OK;
}

tsr_status cli_box_finder_look(cli_box_finder *f, const tsr_image *picture, tsr_box *box,
                               int *class, int *count, tsr_error *err)
{
    tsr_affine back;
    TSR_TRY(cli_network_run(&f->net, picture, &back, err));
    TSR_TRY(decode(f, box, class, count, err));
    for (int i = 0; i < *count; i++)
        tsr_box_map(&box[i], &back);
    return TSR_OK;
}

const char *cli_face_point_name(int points, int index)
{
    static const char *const six[] = {
        "right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear",
    };
    static const char *const five[] = {
        "right_eye", "left_eye", "nose", "right_mouth", "left_mouth",
    };
    return points == TSR_YUNET_POINTS ? five[index] : six[index];
}
