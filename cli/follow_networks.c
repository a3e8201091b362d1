/*
 * follow_networks.c - see follow_networks.h.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include "cli/follow_networks.h"

static tsr_status start(cli_follow *f, tsr_error *err)
{
    TSR_TRY(tsr_follower_open(&f->follower, err));
    snprintf(f->names, sizeof f->names, "%s + %s", f->detector.name, f->landmarks.name);
    f->memory = malloc(tsr_following_bytes(&f->follower));
    if (!f->memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to follow %d %s",
                        f->follower.wanted, f->follower.what->plural);
    tsr_following_start(&f->state, &f->follower, f->memory);
    return TSR_OK;
}

tsr_status cli_follow_open(cli_follow *f, const cli_follow_choice *choice,
                           const cli_picture_options *o, tsr_error *err)
{
    const cli_network_hint none = { 0 };
    *f = (cli_follow){ .most = o->most };
    TSR_TRY(cli_network_open(choice->detector, TSR_TASK_DETECT, o->threads, &o->hint,
                             &f->detector, err));
    if (!f->detector.model.entry && !o->hint.has_fit)
        f->detector.how.fit = TSR_FIT_LETTERBOX;
    TSR_TRY(cli_network_open(choice->landmarks, TSR_TASK_LANDMARK, o->threads, &none,
                             &f->landmarks, err));
    f->follower = (tsr_follower){
        .what = choice->what, .detector = f->detector.session.session,
        .landmarks = f->landmarks.session.session, .detector_how = f->detector.how,
        .detector_threshold = o->threshold >= 0 ? o->threshold : 0, .threshold = 0.5f,
        .wanted = o->most ? o->most : CLI_FOLLOW_PICTURE, .smooth = true, .clock = cli_clock_ms,
    };
    return start(f, err);
}

void cli_follow_restart(cli_follow *f)
{
    tsr_following_start(&f->state, &f->follower, f->memory);
}

void cli_follow_close(cli_follow *f)
{
    cli_network_close(&f->detector);
    cli_network_close(&f->landmarks);
    free(f->memory);
    f->memory = NULL;
}

tsr_status cli_follow_look(cli_follow *f, const cli_frame *frame, cli_sightings *found,
                           tsr_error *err)
{
    const size_t points = (size_t)f->follower.what->points;
    found->video = frame->seconds >= 0;
    if (!f->most)
        f->follower.wanted = found->video ? CLI_FOLLOW_VIDEO : CLI_FOLLOW_PICTURE;
    if (!found->points)
        found->points = malloc(TSR_FOLLOWED * points * sizeof *found->points);
    if (!found->points)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %zu points", points);
    for (int i = 0; i < TSR_FOLLOWED; i++)
        found->seen[i].point = found->points + (size_t)i * points;
    TSR_TRY(cli_network_work(&f->detector, tsr_follow_bytes(&f->follower, &frame->image), err));
    const tsr_view view = {
        frame->image, found->video ? frame->seconds : 0, f->detector.work
    };
    TSR_TRY(tsr_follow(&f->follower, &f->state, &view, found->seen, &found->count, err));
    found->ms = f->state.network;
    return TSR_OK;
}

void cli_sightings_drop(cli_sightings *found)
{
    free(found->points);
    found->points = NULL;
}

void cli_box_tell(const tsr_box *box, cJSON *object)
{
    cli_json_number(object, "score", (double)box->score, 4);
    cli_json_number(object, "x", (double)box->x0, 2);
    cli_json_number(object, "y", (double)box->y0, 2);
    cli_json_number(object, "width", (double)(box->x1 - box->x0), 2);
    cli_json_number(object, "height", (double)(box->y1 - box->y0), 2);
}
