/* gesture_head.c - see gesture_head.h.   SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/gesture/gesture_head.h"

/* The names in the head as the lines of a file would be. */
static tsr_status take_names(cli_gesture_head *h, const tsr_head_info *info, tsr_error *err)
{
    const size_t bytes = strlen(info->names) + 1;
    h->names.text = malloc(bytes);
    h->names.line = malloc((size_t)info->classes * sizeof *h->names.line);
    if (!h->names.text || !h->names.line)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d names", info->classes);
    char *at = h->names.text;
    for (int k = 0; k < info->classes; k++) {
        h->names.line[h->names.count++] = at;
        at += tsr_head_class(info, k, at, bytes - (size_t)(at - h->names.text)) + 1;
    }
    return TSR_OK;
}

static tsr_status open_features(cli_gesture_head *h, const tsr_head_info *info,
                                const cli_picture_options *o, tsr_error *err)
{
    char name[CLI_FEATURES_TEXT];
    if (!cli_features_name(info->features, name) && !o->model)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head '%s' was trained on a network of your "
                        "own ('%s'): --model names it", o->head, info->features);
    TSR_TRY(cli_features_open(o->model ? o->model : name, o->threads, &o->hint, &h->features,
                              err));
    return tsr_head_fits(info, h->features.identity, h->features.size, err);
}

static tsr_status open_trained(cli_gesture_head *h, const tsr_head_info *info,
                               const cli_picture_options *o, tsr_error *err)
{
    if (o->labels)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head '%s' knows the names of its classes: "
                        "--labels is for others", o->head);
    TSR_TRY(open_features(h, info, o, err));
    return take_names(h, info, err);
}

/* 42 numbers in, scores out. */
static bool takes_points(const tsr_model *m)
{
    const tsr_tensor *in = tsr_model_input(m, 0), *out = tsr_model_output(m, 0);
    return in && out && !tsr_model_input(m, 1) && !tsr_model_output(m, 1)
           && in->dtype == TSR_F32 && tsr_elements(in) == TSR_HAND_FEATURES
           && out->dtype == TSR_F32 && out->rank <= 2 && tsr_elements(out) > 1;
}

static tsr_status open_published(cli_gesture_head *h, const cli_picture_options *o, tsr_error *err)
{
    const tsr_catalogue_entry *e = h->model.entry;
    if (o->model)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' takes the points of a hand: --model is for "
                        "heads that look at pictures", o->head);
    h->published = true;
    TSR_TRY(cli_features_open("hands", o->threads, &o->hint, &h->features, err));
    return cli_class_names_open(&h->names, o->labels, e ? e->labels : TSR_LABELS_NONE, err);
}

tsr_status cli_gesture_head_open(cli_gesture_head *h, const cli_picture_options *o,
                                 tsr_error *err)
{
    tsr_head_info info;
    tsr_error inner = { 0 };
    if (!o->head)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "--head HEAD.tsr is missing: 'tarsier gesture "
                        "train' makes one");
    TSR_TRY(cli_model_open(o->head, &h->model, err));
    snprintf(h->title, sizeof h->title, "%s", cli_path_base(o->head));
    const tsr_status s = tsr_head_read(h->model.model, &info, &inner);
    if (s == TSR_OK)
        TSR_TRY(open_trained(h, &info, o, err));
    else if (takes_points(h->model.model))
        TSR_TRY(open_published(h, o, err));
    else
        return tsr_fail(err, s, "'%s': %s", o->head, inner.text);
    return cli_session_open(h->model.model, 1, &h->session, err);
}

void cli_gesture_head_close(cli_gesture_head *h)
{
    cli_session_close(&h->session);
    cli_model_close(&h->model);
    cli_features_close(&h->features);
    cli_class_names_close(&h->names);
}

/* The published heads were trained on points in units of the largest coordinate. */
static float unit_of(const cli_gesture_head *h, const float *x)
{
    float most = 0;
    for (int i = 0; h->published && i < TSR_HAND_FEATURES; i++)
        most = fmaxf(most, fabsf(x[i]));
    return most > 0 ? most : 1;
}

const tsr_tensor *cli_gesture_head_run(cli_gesture_head *h, const float *x)
{
    float *to = tsr_input(h->session.session, 0)->data;
    const float unit = unit_of(h, x);
    for (int i = 0; i < h->features.size; i++)
        to[i] = x[i] / unit;
    tsr_run(h->session.session);
    return tsr_output(h->session.session, 0);
}
