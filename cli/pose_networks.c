/*
 * pose_networks.c - see pose_networks.h.
 *
 * Of a file that the catalogue does not know, the shapes of its outputs say what
 * it is.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/pose_networks.h"

/* ---- opening -------------------------------------------------------------------- */

/* Both networks are in the catalogue, so there is nothing for a hint to say; and the
 * user's threshold is that of joints, not of the detector. */
static tsr_status open_blaze(pose_networks *p, const char *landmarks,
                             const cli_picture_options *o, tsr_error *err)
{
    const cli_follow_choice choice = { &tsr_follow_bodies, "pose_detection", landmarks };
    const cli_picture_options both = { .threads = o->threads, .threshold = -1, .most = p->most };
    p->kind = POSE_BLAZE;
    p->skeleton = &tsr_skeleton_body33;
    TSR_TRY(cli_follow_open(&p->blaze, &choice, &both, err));
    p->blaze.follower.smooth = !o->raw;
    return TSR_OK;
}

static void name_points(pose_networks *p, int count)
{
    for (int i = 0; i < count; i++) {
        snprintf(p->unknown_text[i], POSE_NAME, "point_%d", i);
        p->unknown_name[i] = p->unknown_text[i];
    }
    p->unknown = (tsr_skeleton){ .points = count, .name = p->unknown_name };
    p->skeleton = &p->unknown;
}

/* Displacements of both directions in one output come with the newer decoder. */
static tsr_status set_up_posenet(pose_networks *p, tsr_error *err)
{
    TSR_TRY(tsr_posenet_heads(p->net.session.session, &p->heads, err));
    p->kind = POSE_POSENET;
    p->skeleton = &tsr_skeleton_body17;
    p->rules = p->heads.forward == p->heads.backward ? tsr_posenet_coral : tsr_posenet_tfjs;
    return TSR_OK;
}

/* The number of joints says which skeleton. */
static tsr_status set_up_heatmaps(pose_networks *p, tsr_error *err)
{
    const tsr_tensor *out = tsr_model_output(p->net.model.model, 0);
    int h, w;
    const int joints = tsr_heatmap_count(out, &h, &w);
    if (joints < 1 || joints > TSR_MAX_POINTS)
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' gives no heatmaps: its output '%s' should be "
                        "[1,h,w,joints] or [1,joints,h,w] with at most %d joints", p->net.name,
                        out->name, TSR_MAX_POINTS);
    p->kind = POSE_HEATMAPS;
    switch (joints) {
    case 14: p->skeleton = &tsr_skeleton_body14; break;
    case 16: p->skeleton = &tsr_skeleton_body16; break;
    case 17: p->skeleton = &tsr_skeleton_body17; break;
    default: name_points(p, joints);
    }
    return TSR_OK;
}

/* What the authors' network wants, unless the user says something else. */
static void set_up_stacked(pose_networks *p, const cli_picture_options *o)
{
    const float scale = 1 / 255.0f;
    p->kind = POSE_STACKED;
    p->skeleton = &tsr_skeleton_body16;
    p->person = o->person;
    for (int c = 0; c < 3; c++) {
        p->net.how.mean[c] = o->hint.has_mean ? o->hint.mean[c] : 0;
        p->net.how.scale[c] = o->hint.has_scale ? o->hint.scale[c] : scale;
    }
}

static tsr_status open_single(pose_networks *p, const char *model, const cli_picture_options *o,
                              tsr_error *err)
{
    TSR_TRY(cli_network_open(model, TSR_TASK_POSE, o->threads, &o->hint, &p->net, err));
    const tsr_catalogue_entry *e = p->net.model.entry;
    if (e)
        return e->post == TSR_POST_POSENET ? set_up_posenet(p, err) : set_up_heatmaps(p, err);
    if (set_up_posenet(p, NULL) == TSR_OK)
        return TSR_OK;
    if (tsr_hourglass_recognise(p->net.session.session)) {
        set_up_stacked(p, o);
        return TSR_OK;
    }
    return set_up_heatmaps(p, err);
}

/* A name for the pair of BlazePose networks, or of its second one. */
static const char *blaze_landmarks(const char *model)
{
    if (!strcmp(model, "blazepose"))
        return "pose_landmark_lite";
    const tsr_catalogue_entry *e = tsr_catalogue_find(model);
    return e && e->labels == TSR_LABELS_JOINTS_33 ? e->name : NULL;
}

tsr_status pose_networks_open(pose_networks *p, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = {
        "hourglass", "cpm", "pose_landmark_lite", "pose_landmark_full", "posenet", NULL
    };
    const char *model = o->model ? o->model : cli_network_pick(usual);
    const char *landmarks = blaze_landmarks(model);
    p->most = o->most ? o->most : POSE_MAX_PEOPLE;
    if (landmarks)
        TSR_TRY(open_blaze(p, landmarks, o, err));
    else
        TSR_TRY(open_single(p, model, o, err));
    if (p->kind != POSE_STACKED && (o->person.given || o->person.flip))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "--person and --flip are for stacked hourglasses "
                        "as published, and '%s' is none", pose_networks_name(p));
    /* Heatmaps of different networks reach different heights, but what is no joint
     * stays below a tenth; the others give a probability. */
    static const float usual_threshold[] = { 0.12f, 0.5f, 0.3f, 0.12f };
    p->threshold = o->threshold >= 0 ? o->threshold : usual_threshold[p->kind];
    p->tracks.raw = o->raw;
    return pose_tracks_open(&p->tracks, p->skeleton->points, err);
}

void pose_networks_close(pose_networks *p)
{
    cli_network_close(&p->net);
    cli_follow_close(&p->blaze);
    pose_tracks_close(&p->tracks);
}

void pose_networks_restart(pose_networks *p)
{
    if (p->kind == POSE_BLAZE)
        cli_follow_restart(&p->blaze);
    else
        pose_tracks_forget(&p->tracks);
}

const char *pose_networks_name(const pose_networks *p)
{
    return p->kind == POSE_BLAZE ? p->blaze.landmarks.name : p->net.name;
}

/* ---- looking --------------------------------------------------------------------- */

int pose_joints_shown(const pose_networks *p, const tsr_person *one)
{
    int n = 0;
    for (int i = 0; i < p->skeleton->points; i++)
        n += one->point[i].score >= p->threshold;
    return n;
}

/* There is always a highest cell somewhere, so a person is there if any joint is
 * surer than the threshold. */
static tsr_status look_heatmaps(pose_networks *p, const tsr_image *picture, pose_found *f,
                                tsr_error *err)
{
    tsr_affine back;
    tsr_session *s = p->net.session.session;
    TSR_TRY(cli_network_run(&p->net, picture, &back, err));
    const tsr_tensor *out = tsr_output(s, 0);
    int h, w;
    tsr_heatmap_count(out, &h, &w);
    const tsr_affine grid = tsr_affine_for_grid(&back, tsr_input(s, 0), w, h);
    TSR_TRY(cli_network_work(&p->net, tsr_heatmap_bytes(out), err));
    tsr_person *one = &f->people[0];
    const int n = tsr_heatmap_decode(out, &grid, one->point, TSR_MAX_POINTS, p->net.work);
    one->score = 0;
    for (int i = 0; i < n; i++)
        one->score += one->point[i].score / (float)n;
    f->count = pose_joints_shown(p, one) > 0;
    f->ms = p->net.ms;
    return TSR_OK;
}

/* It follows people and smooths their joints by itself. */
static tsr_status look_blaze(pose_networks *p, const cli_frame *frame, pose_found *f,
                             tsr_error *err)
{
    cli_sightings found = { .count = 0 };
    const tsr_status s = cli_follow_look(&p->blaze, frame, &found, err);
    f->count = s == TSR_OK ? found.count : 0;
    f->ms = found.ms;
    for (int i = 0; i < f->count; i++) {
        f->people[i].score = found.seen[i].score;
        f->people[i].box = found.seen[i].box;
        f->id[i] = found.video ? found.seen[i].id : 0;
        memcpy(f->people[i].point, found.seen[i].point,
               TSR_BODY_POINTS * sizeof *f->people[i].point);
    }
    cli_sightings_drop(&found);
    return s;
}

/* Someone of whom no joint would be shown is nobody. */
static tsr_status look_posenet(pose_networks *p, const tsr_image *picture, pose_found *f,
                               tsr_error *err)
{
    tsr_affine back;
    TSR_TRY(cli_network_run(&p->net, picture, &back, err));
    TSR_TRY(cli_network_work(&p->net, tsr_posenet_bytes(&p->heads), err));
    const int n = tsr_posenet_decode(&p->heads, &p->rules, &back, f->people, p->most,
                                     p->net.work);
    f->count = 0;
    for (int i = 0; i < n; i++)
        if (pose_joints_shown(p, &f->people[i]) > 0)
            f->people[f->count++] = f->people[i];
    f->ms = p->net.ms;
    return TSR_OK;
}

/* Without a place, the whole picture: a square as long as its longer side. */
static tsr_status look_stacked(pose_networks *p, const tsr_image *picture, pose_found *f,
                               tsr_error *err)
{
    const tsr_hourglass h = { p->net.session.session, p->net.how, p->person.flip };
    const float w = (float)picture->width, t = (float)picture->height;
    const tsr_region where = p->person.given
        ? tsr_region_of_scale(p->person.x, p->person.y, p->person.scale)
        : (tsr_region){ w / 2, t / 2, w > t ? w : t, 0 };
    tsr_person *one = &f->people[0];
    TSR_TRY(cli_network_work(&p->net, tsr_hourglass_bytes(), err));
    const double begin = cli_clock_ms();
    TSR_TRY(tsr_hourglass_find(&h, picture, &where, p->net.work, one->point, err));
    f->ms = cli_clock_ms() - begin;
    one->score = 0;
    for (int i = 0; i < TSR_HOURGLASS_POINTS; i++)
        one->score += one->point[i].score / TSR_HOURGLASS_POINTS;
    f->count = pose_joints_shown(p, one) > 0;
    return TSR_OK;
}

static tsr_status look(pose_networks *p, const tsr_image *picture, pose_found *f, tsr_error *err)
{
    switch (p->kind) {
    case POSE_POSENET: return look_posenet(p, picture, f, err);
    case POSE_STACKED: return look_stacked(p, picture, f, err);
    default:           return look_heatmaps(p, picture, f, err);
    }
}

tsr_status pose_networks_look(pose_networks *p, const cli_frame *frame, pose_found *f,
                              tsr_error *err)
{
    memset(f->id, 0, sizeof f->id);
    if (p->kind == POSE_BLAZE)
        return look_blaze(p, frame, f, err);
    TSR_TRY(look(p, &frame->image, f, err));
    if (frame->seconds >= 0)
        pose_tracks_step(&p->tracks, f->people, f->count, p->threshold, frame->seconds, f->id);
    return TSR_OK;
}
