/*
 * one_euro.c - a low-pass filter that lets go when things move fast.
 *
 * A point at rest trembles, and a strong filter stops that; the same filter makes a
 * fast one lag behind, where nobody would see a tremble.  So the cut-off frequency
 * follows the speed:
 *
 *     dx  = (x - x_previous) * rate        speed^ = low(dx, speed_cutoff)
 *     cutoff = min_cutoff + beta |speed^|      x^ = low(x, cutoff)
 *     low(x, c): x^ + a (x - x^),   a = 1 / (1 + tau rate),   tau = 1 / (2 pi c)
 *
 * with x^ of the step before on the right hand side.
 * (Casiez, Roussel, Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for
 * Noisy Input in Interactive Systems", 2012.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/track.h"
#include "models/workspace.h"

/* A gap that long is a new beginning: speed and position from before say nothing. */
static const double longest_gap = 0.1;

static float share(float cutoff, float rate)
{
    const float two_pi = 6.28318531f;
    return 1 / (1 + rate / (two_pi * cutoff));
}

float tsr_one_euro_step(tsr_one_euro *f, const tsr_one_euro_how *how, float value,
                        double seconds, float scale)
{
    if (!isfinite(value))
        return f->started ? f->value : value;
    if (!f->started) {
        *f = (tsr_one_euro){ seconds, value, value, 0, true };
        return value;
    }
    if (!(seconds > f->seconds))
        return value;
    const float rate = (float)(1 / (seconds - f->seconds));
    const float before = how->previous == TSR_PREVIOUS_RAW ? f->raw : f->value;
    const float dx = (value - before) * scale * rate;
    f->speed += share(how->speed_cutoff, rate) * (dx - f->speed);
    const float cutoff = how->min_cutoff + how->beta * fabsf(f->speed);
    f->value += share(cutoff, rate) * (value - f->value);
    f->raw = value;
    f->seconds = seconds;
    return f->value;
}

/* ---- points of several tracks ------------------------------------------------------ */

static tsr_smoother take(tsr_workspace *w, int tracks, int points)
{
    const size_t n = (size_t)tracks;
    tsr_smoother s = { tracks, points, NULL, NULL, NULL };
    s.id = tsr_workspace_take(w, n * sizeof *s.id);
    s.seen = tsr_workspace_take(w, n * sizeof *s.seen);
    s.axis = tsr_workspace_take(w, n * (size_t)points * 3 * sizeof *s.axis);
    return s;
}

size_t tsr_smoother_bytes(int tracks, int points)
{
    tsr_workspace count = { NULL, 0 };
    take(&count, tracks, points);
    return tsr_workspace_need(&count);
}

tsr_smoother tsr_smoother_make(int tracks, int points, void *memory)
{
    tsr_workspace w = tsr_workspace_make(memory);
    tsr_smoother s = take(&w, tracks, points);
    tsr_smoother_reset(&s);
    return s;
}

static tsr_one_euro *axes_of(const tsr_smoother *s, int slot)
{
    return s->axis + (size_t)slot * (size_t)s->points * 3;
}

static void clear(tsr_smoother *s, int slot)
{
    s->id[slot] = 0;
    s->seen[slot] = 0;
    memset(axes_of(s, slot), 0, (size_t)s->points * 3 * sizeof *s->axis);
}

void tsr_smoother_reset(tsr_smoother *s)
{
    for (int i = 0; i < s->tracks; i++)
        clear(s, i);
}

/* Where the filters of this track are; a free slot, or the oldest, if they are new. */
static int slot_of(tsr_smoother *s, const tsr_smoother_track *t)
{
    int oldest = 0;
    for (int i = 0; i < s->tracks; i++) {
        if (s->id[i] == t->id) {
            if (t->seconds - s->seen[i] > longest_gap)
                clear(s, i);
            return i;
        }
        const bool free = !s->id[i] && s->id[oldest];
        if (free || (!s->id[i] == !s->id[oldest] && s->seen[i] < s->seen[oldest]))
            oldest = i;
    }
    clear(s, oldest);
    return oldest;
}

void tsr_smoother_step(tsr_smoother *s, const tsr_one_euro_how *how,
                       const tsr_smoother_track *track, tsr_point *points, int count)
{
    if (!track->id || s->tracks < 1)
        return;
    const int slot = slot_of(s, track);
    s->id[slot] = track->id;
    s->seen[slot] = track->seconds;
    tsr_one_euro *axis = axes_of(s, slot);
    const float scale = track->size > 0 ? 1 / track->size : 1;
    for (int i = 0; i < count && i < s->points; i++, axis += 3) {
        tsr_point *p = &points[i];
        if (!(p->score > 0)) {
            memset(axis, 0, 3 * sizeof *axis);
            continue;
        }
        p->x = tsr_one_euro_step(&axis[0], how, p->x, track->seconds, scale);
        p->y = tsr_one_euro_step(&axis[1], how, p->y, track->seconds, scale);
        p->z = tsr_one_euro_step(&axis[2], how, p->z, track->seconds, scale);
    }
}
