/*
 * frame_loop.c - see frame_loop.h.
 *
 * Three counters say how far each stage is, and read >= looked >= written always holds.
 * Frame i lives in slot i % slots.  A stage owns the slot of its next frame from the
 * moment the stage before has counted past it until it counts past it itself, so the
 * lock is held only to look at the counters, never during the work.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include "cli/video/frame_loop.h"
#include "cli/image.h"
#include "cli/spawn.h"

typedef struct {
    cli_frame frame;
    void *result;
    double ms;
} slot;

typedef struct {
    cli_video *video;
    const cli_stages *stages;
    cli_pace pace;
    slot ring[CLI_MAX_SLOTS];
    pthread_mutex_t lock;
    pthread_cond_t moved;       /* one of these has changed: */
    long read, looked, written;
    bool no_more;               /* `read` will not grow */
    bool stop;                  /* a stage failed: leave everything */
    tsr_status status;          /* of the first failure, and its sentence */
    tsr_error err;
    long seen;                  /* frames of the video so far, and: */
    double due;                 /* when, at the given pace, the next one may come */
} loop;

static slot *slot_of(loop *l, long frame) { return &l->ring[frame % l->pace.slots]; }

static void note(loop *l, tsr_status s, const tsr_error *err)
{
    if (l->status == TSR_OK) {
        l->status = s;
        l->err = *err;
    }
}

/* One more through a stage; or the first failure, which ends the others' waiting. */
static void moved(loop *l, long *counter, tsr_status s, const tsr_error *err)
{
    pthread_mutex_lock(&l->lock);
    if (s == TSR_OK)
        ++*counter;
    else {
        note(l, s, err);
        l->stop = true;
    }
    pthread_cond_broadcast(&l->moved);
    pthread_mutex_unlock(&l->lock);
}

/* Wait for a frame that `ahead` has counted past and `own` has not.  false: none will
 * come. */
static bool wait_for(loop *l, const long *ahead, const long *own)
{
    pthread_mutex_lock(&l->lock);
    /* What is read will be looked at, so this stage ends with the reader, too. */
    while (!l->stop && *ahead == *own && !(l->no_more && l->read == *own))
        pthread_cond_wait(&l->moved, &l->lock);
    const bool there = !l->stop && *ahead > *own;
    pthread_mutex_unlock(&l->lock);
    return there;
}

/* ---- reader ------------------------------------------------------------------------ */

typedef enum { FREE, FULL, GIVE_UP } place;

/* Is there a free slot?  A live video does not wait for one. */
static place place_for_frame(loop *l)
{
    pthread_mutex_lock(&l->lock);
    while (!l->stop && l->read - l->written == l->pace.slots && !l->video->live)
        pthread_cond_wait(&l->moved, &l->lock);
    const place p = l->stop || cli_interrupted() ? GIVE_UP
                  : l->read - l->written == l->pace.slots ? FULL : FREE;
    pthread_mutex_unlock(&l->lock);
    return p;
}

/* Whether a frame comes soon enough after the last one taken.  A tenth of the distance
 * is forgiven, or 30 of 30.001 frames a second would be half of them. */
static bool is_due(loop *l, double seconds)
{
    if (l->pace.max_fps <= 0)
        return true;
    const double distance = 1 / l->pace.max_fps;
    if (seconds < l->due - 0.1 * distance)
        return false;
    l->due = fmax(l->due + distance, seconds);
    return true;
}

/* The next frame that is wanted into the slot; *end: there is none. */
static tsr_status read_wanted(loop *l, slot *s, bool *end, tsr_error *err)
{
    for (;;) {
        const bool wanted = s && l->seen % l->pace.every == 0;
        double seconds = 0;
        TSR_TRY(l->video->read(l->video, wanted ? &s->frame.image : NULL, &seconds, end, err));
        if (*end)
            return TSR_OK;
        const long number = l->seen++;
        if (!s)
            return TSR_OK;
        if (!wanted || !is_due(l, seconds))
            continue;
        s->frame.seconds = seconds;
        s->frame.number = number;
        return TSR_OK;
    }
}

static void *reader(void *arg)
{
    loop *l = arg;
    tsr_error err = { 0 };
    tsr_status status = TSR_OK;
    bool end = false;
    while (!end && status == TSR_OK) {
        const place p = place_for_frame(l);
        if (p == GIVE_UP)
            break;
        status = read_wanted(l, p == FREE ? slot_of(l, l->read) : NULL, &end, &err);
        if (status == TSR_OK && !end && p == FREE)
            moved(l, &l->read, TSR_OK, NULL);
    }
    pthread_mutex_lock(&l->lock);
    l->no_more = true;          /* what has been read is finished even after an error */
    if (status != TSR_OK)
        note(l, status, &err);
    pthread_cond_broadcast(&l->moved);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- the others -------------------------------------------------------------------- */

static void look_at_all(loop *l)
{
    while (wait_for(l, &l->read, &l->looked)) {
        slot *s = slot_of(l, l->looked);
        tsr_error err = { 0 };
        const double begin = cli_clock_ms();
        const tsr_status status = l->stages->look(l->stages->user, &s->frame, s->result, &err);
        s->ms = cli_clock_ms() - begin;
        moved(l, &l->looked, status, &err);
    }
}

static void *writer(void *arg)
{
    loop *l = arg;
    while (wait_for(l, &l->looked, &l->written)) {
        slot *s = slot_of(l, l->written);
        tsr_error err = { 0 };
        const tsr_status status = l->stages->write(l->stages->user, &s->frame, s->result, s->ms,
                                                   &err);
        moved(l, &l->written, status, &err);
    }
    return NULL;
}

static tsr_status fill_ring(loop *l, tsr_error *err)
{
    for (int i = 0; i < l->pace.slots; i++) {
        TSR_TRY(cli_image_new(l->video->width, l->video->height, &l->ring[i].frame.image, err));
        l->ring[i].result = calloc(1, l->stages->result_bytes);
        if (!l->ring[i].result)
            return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a frame's results");
    }
    return TSR_OK;
}

static void empty_ring(loop *l)
{
    for (int i = 0; i < l->pace.slots; i++) {
        cli_image_free(&l->ring[i].frame.image);
        if (l->ring[i].result && l->stages->drop)
            l->stages->drop(l->ring[i].result);
        free(l->ring[i].result);
    }
}

/* Both threads, or an error and none. */
static void run(loop *l)
{
    static const tsr_error none_left = { TSR_NO_MEMORY, "the system has no thread left" };
    pthread_t reads, writes;
    if (pthread_create(&writes, NULL, writer, l)) {
        note(l, TSR_NO_MEMORY, &none_left);
        return;
    }
    if (pthread_create(&reads, NULL, reader, l)) {
        moved(l, &l->read, TSR_NO_MEMORY, &none_left);
    } else {
        look_at_all(l);
        pthread_join(reads, NULL);
    }
    pthread_join(writes, NULL);
}

tsr_status cli_frame_loop(cli_video *video, const cli_stages *stages, const cli_pace *pace,
                          long *frames, tsr_error *err)
{
    *frames = 0;
    loop *l = calloc(1, sizeof *l);
    if (!l)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the frames");
    l->video = video;
    l->stages = stages;
    l->pace = *pace;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->moved, NULL);
    tsr_status s = fill_ring(l, err);
    if (s == TSR_OK) {
        run(l);
        *frames = l->written;
        s = l->status;
        if (s != TSR_OK && err)
            *err = l->err;
    }
    empty_ring(l);
    pthread_cond_destroy(&l->moved);
    pthread_mutex_destroy(&l->lock);
    free(l);
    return s;
}
