/*
 * box_motion.c - where a box should be by now: a Kalman filter of constant velocity.
 *
 * State of a box: u, v of its middle, area s, aspect ratio r, and the speeds of the
 * first three.  Every matrix of this filter pairs a number only with its own speed,
 * so the 7 x 7 filter is exactly three of 2 x 2 and one of a single number, and no
 * matrix is ever inverted:
 *
 *     predict   x += v t;    P = F P F' + Q t      F = [1 t; 0 1]
 *     correct   K = P H' / (P_xx + R);   x += K (z - x);   P -= K H P     H = [1 0]
 *
 * The noise below is that of the paper's tracker, for boxes in pixels and a step of
 * one frame: sure of where things are, unsure how they move and how large they are.
 * (Bewley, Ge, Ott, Ramos, Upcroft, "Simple Online and Realtime Tracking", 2016.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/track.h"

/* Variances: at the start, of a step, of a measurement. */
static const float start_x = 10, start_v = 10000;
static const float step_x = 1, step_speed = 0.01f, step_growth = 0.0001f;
static const float measured_middle = 1, measured_shape = 10;

typedef struct { float u, v, area, ratio; } shape;

static shape shape_of(const tsr_box *b)
{
    const float w = b->x1 - b->x0, h = b->y1 - b->y0;
    return (shape){ (b->x0 + b->x1) / 2, (b->y0 + b->y1) / 2, w * h, w / h };
}

static tsr_motion start(float x) { return (tsr_motion){ x, 0, start_x, 0, start_v }; }

static void predict(tsr_motion *m, float t, float noise_v)
{
    m->x += t * m->v;
    m->xx += t * (2 * m->xv + t * m->vv) + t * step_x;
    m->xv += t * m->vv;
    m->vv += t * noise_v;
}

static void correct(tsr_motion *m, float measured, float noise)
{
    const float sum = m->xx + noise, gain_x = m->xx / sum, gain_v = m->xv / sum;
    const float off = measured - m->x;
    m->x += gain_x * off;
    m->v += gain_v * off;
    /* xx - gain xx = xx noise / sum: without the difference of two large numbers. */
    m->vv -= gain_v * m->xv;
    m->xv *= noise / sum;
    m->xx *= noise / sum;
}

void tsr_box_motion_start(tsr_box_motion *m, const tsr_box *box)
{
    const shape s = shape_of(box);
    *m = (tsr_box_motion){ start(s.u), start(s.v), start(s.area), start(s.ratio) };
    m->ratio.vv = 0;            /* it has no speed, and never gets one */
}

void tsr_box_motion_predict(tsr_box_motion *m, float frames)
{
    if (m->area.x + frames * m->area.v <= 0)
        m->area.v = 0;          /* nothing shrinks to less than nothing */
    predict(&m->u, frames, step_speed);
    predict(&m->v, frames, step_speed);
    predict(&m->area, frames, step_growth);
    predict(&m->ratio, frames, 0);
}

void tsr_box_motion_correct(tsr_box_motion *m, const tsr_box *box)
{
    const shape s = shape_of(box);
    correct(&m->u, s.u, measured_middle);
    correct(&m->v, s.v, measured_middle);
    correct(&m->area, s.area, measured_shape);
    correct(&m->ratio, s.ratio, measured_shape);
}

tsr_box tsr_box_motion_box(const tsr_box_motion *m)
{
    const float both = m->area.x * m->ratio.x;
    const float w = both > 0 ? sqrtf(both) : 0, h = w > 0 ? m->area.x / w : 0;
    return (tsr_box){ .x0 = m->u.x - w / 2, .y0 = m->v.x - h / 2,
                      .x1 = m->u.x + w / 2, .y1 = m->v.x + h / 2 };
}
