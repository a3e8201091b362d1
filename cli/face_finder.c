/*
 * face_finder.c - see face_finder.h.
 * SPDX-License-Identifier: MIT
 */
#include "cli/face_finder.h"

/* What a file that nobody knows is taken to want, unless the user says otherwise. */
static void guess_preprocessing(cli_face_finder *f, const cli_network_hint *hint)
{
    tsr_preprocess *how = &f->net.how;
    if (f->net.model.entry)
        return;
    const bool yunet = f->kind == CLI_FACES_YUNET;
    const float mean = yunet ? 0 : 127, scale = yunet ? 1 : 1 / 128.0f;
    if (!hint->has_fit)
        how->fit = TSR_FIT_LETTERBOX;
    how->bgr = how->bgr || yunet;
    for (int c = 0; f->kind != CLI_FACES_BLAZE && c < 3; c++) {
        how->mean[c] = hint->has_mean ? how->mean[c] : mean;
        how->scale[c] = hint->has_scale ? how->scale[c] : scale;
    }
}

static tsr_status recognise(cli_face_finder *f, tsr_error *err)
{
    static const tsr_detector *const blaze[] = {
        &tsr_face_short_range, &tsr_face_full_range, &tsr_face_back, NULL
    };
    tsr_session *s = f->net.session.session;
    if (tsr_detector_recognise(s, blaze, &f->blaze, NULL) == TSR_OK) {
        f->kind = CLI_FACES_BLAZE;
        f->threshold = f->blaze.kind.threshold;
    } else if (tsr_yunet_recognise(s, &f->yunet)) {
        f->kind = CLI_FACES_YUNET;
        f->threshold = 0.6f;
    } else if (tsr_ultraface_recognise(s, &f->ultraface)) {
        f->kind = CLI_FACES_ULTRAFACE;
        f->threshold = 0.7f;
    } else {
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' has no outputs like a face detector's: "
                        "BlazeFace, YuNet or UltraFace", f->net.name);
    }
    return TSR_OK;
}

tsr_status cli_face_finder_open(cli_face_finder *f, const char *name,
                                const cli_picture_options *o, tsr_error *err)
{
    TSR_TRY(cli_network_open(name, TSR_TASK_DETECT, o->threads, &o->hint, &f->net, err));
    TSR_TRY(recognise(f, err));
    guess_preprocessing(f, &o->hint);
    if (o->threshold >= 0)
        f->threshold = o->threshold;
    f->blaze.kind.threshold = f->threshold;
    return TSR_OK;
}

void cli_face_finder_close(cli_face_finder *f) { cli_network_close(&f->net); }

static tsr_status decode(cli_face_finder *f, tsr_box *box, int *count, tsr_error *err)
{
    const float overlap = 0.3f;
    if (f->kind == CLI_FACES_BLAZE) {
        TSR_TRY(tsr_heads_decode(&f->blaze, box, CLI_FACE_BOXES, count, err));
        *count = tsr_boxes_merge(box, *count, f->blaze.kind.overlap);
        return TSR_OK;
    }
    *count = f->kind == CLI_FACES_YUNET
                 ? tsr_yunet_decode(&f->yunet, f->threshold, box, CLI_FACE_BOXES)
                 : tsr_ultraface_decode(&f->ultraface, f->threshold, box, CLI_FACE_BOXES);
    *count = tsr_boxes_suppress(box, *count, overlap);
    return TSR_OK;
}

tsr_status cli_face_finder_look(cli_face_finder *f, const tsr_image *picture, tsr_box *box,
                                int *count, tsr_error *err)
{
    tsr_affine back;
    TSR_TRY(cli_network_run(&f->net, picture, &back, err));
    TSR_TRY(decode(f, box, count, err));
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
