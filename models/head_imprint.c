/*
 * head_imprint.c - a head whose rows are class averages.
 *
 *     s_k = sum of all x of class k,   norm_k = |s_k|,   w_k = s_k / norm_k
 *
 * w_k . x is the cosine between a picture and its class's mean direction.  Keeping
 * norm_k keeps s_k = norm_k w_k, so a class can go on learning later, and the result
 * does not depend on how the pictures were split over the calls.
 *
 * The scale is found by leaving out: s_k without a picture's own views is s_k minus
 * them, so what the head would have said without that picture costs one more dot
 * product.                                       SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/dot.h"
#include "models/head.h"

size_t tsr_head_bytes(int size, int room)
{
    return (size_t)room * ((size_t)size + 2) * sizeof(float);
}

tsr_head tsr_head_make(int size, int room, void *memory)
{
    tsr_head h = { .size = size, .room = room, .weight = memory, .scale = 1 };
    memset(memory, 0, tsr_head_bytes(size, room));
    h.bias = h.weight + (size_t)room * (size_t)size;
    h.norm = h.bias + room;
    return h;
}

static const float *row(const tsr_head *h, int k)
{
    return h->weight + (size_t)k * (size_t)h->size;
}

static const float *sample(const tsr_head *h, const tsr_samples *s, int i)
{
    return s->x + (size_t)i * (size_t)h->size;
}

int tsr_head_run(const tsr_head *h, const float *x, float *p)
{
    int best = 0;
    double sum = 0;
    for (int k = 0; k < h->classes; k++) {
        p[k] = h->scale * (tsr_dot(row(h, k), x, h->size) + h->bias[k]);
        best = p[k] > p[best] ? k : best;
    }
    const float most = h->classes ? p[best] : 0;
    for (int k = 0; k < h->classes; k++)
        sum += (double)(p[k] = expf(p[k] - most));
    for (int k = 0; k < h->classes; k++)
        p[k] = (float)((double)p[k] / sum);
    return best;
}

tsr_status tsr_head_imprint(tsr_head *h, int label, const tsr_samples *s, tsr_error *err)
{
    if (label < 0 || label > h->classes || label >= h->room)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no room for class %d: the head has %d of %d",
                        label, h->classes, h->room);
    float *w = h->weight + (size_t)label * (size_t)h->size, *norm = &h->norm[label];
    if (label < h->classes && !(*norm > 0))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "class %d was not imprinted: it cannot go on "
                        "learning", label);
    int seen = 0;
    double sum = 0;
    for (int i = 0; i < s->count; i++)
        seen += s->label[i] == label;
    for (int c = 0; c < h->size && seen; c++) {
        double v = label < h->classes ? (double)*norm * (double)w[c] : 0;
        for (int i = 0; i < s->count; i++)
            if (s->label[i] == label)
                v += (double)sample(h, s, i)[c];
        w[c] = (float)v;
        sum += v * v;
    }
    if (!(sum > 0) || !isfinite(sum))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "class %d: its %d embeddings have no common "
                        "direction", label, seen);
    *norm = (float)sqrt(sum);
    for (int c = 0; c < h->size; c++)
        w[c] = (float)((double)w[c] / sqrt(sum));
    h->bias[label] = 0;
    h->classes += label == h->classes;
    return TSR_OK;
}

/* Cosine of sample i and class k as if the views of i's picture had never been seen;
 * NaN when nothing else is left of the class. */
static double cosine_without(const tsr_head *h, const tsr_samples *s, int i, int k)
{
    const float *x = sample(h, s, i);
    double along = (double)tsr_dot(row(h, k), x, h->size);
    if (s->label[i] != k)
        return along;
    /* t = s_k - v with v the sum of the views; cosine = t.x / |t|. */
    const int first = i - i % s->views;
    const double norm = (double)h->norm[k];
    double vx = 0, sv = 0, vv = 0;
    for (int a = first; a < first + s->views; a++) {
        vx += (double)tsr_dot(sample(h, s, a), x, h->size);
        sv += norm * (double)tsr_dot(row(h, k), sample(h, s, a), h->size);
        for (int b = first; b < first + s->views; b++)
            vv += (double)tsr_dot(sample(h, s, a), sample(h, s, b), h->size);
    }
    const double tt = norm * norm - 2 * sv + vv;
    return tt > 1e-6 * norm * norm ? (norm * along - vx) / sqrt(tt) : (double)NAN;
}

enum { SCALES = 13 };           /* 1, 1.4, 2 ... 64 */

static double scale_at(int step) { return pow(2, step / 2.0); }

void tsr_head_calibrate(tsr_head *h, const tsr_samples *s)
{
    double loss[SCALES] = { 0 };
    int judged = 0;
    for (int i = 0; i < s->count; i++) {
        double sum[SCALES] = { 0 };
        const double own = cosine_without(h, s, i, s->label[i]);
        if (isnan(own))
            continue;           /* the only picture of its class says nothing */
        for (int k = 0; k < h->classes; k++) {
            const double more = (k == s->label[i] ? own : cosine_without(h, s, i, k)) - own;
            for (int step = 0; step < SCALES; step++)
                sum[step] += exp(scale_at(step) * more);
        }
        for (int step = 0; step < SCALES; step++)
            loss[step] += log(sum[step]);
        judged++;
    }
    int best = 8;               /* 16, what the cosine literature mostly uses */
    for (int step = 0; step < SCALES && judged; step++)
        best = step == 0 || loss[step] < loss[best] ? step : best;
    h->scale = (float)scale_at(best);
}
