/*
 * detect_boxes.c - the last step of SSD detectors: anchors and suppression.
 *
 *     boxes[1,n,4], scores[1,n,c], anchors[n,4] -> [1, 6 r + 1],  r = most * per_box:
 *         r boxes (y0, x0, y1, x1), r classes, r scores, how many there are
 *
 * Boxes are y, x, h, w relative to the anchors, which are in the same order:
 *
 *     y = ay + dy / scale_y * ah      h = ah exp(dh / scale_h)      x, w likewise
 *
 * If the network has one score more than classes, the first is the background.
 * Suppression, greedy by score, drops boxes whose IoU with a chosen one is above
 * `overlap`; either
 *
 *     across classes   each box stands for its best class; `most` boxes are chosen, and
 *                      each gives its `per_box` best classes
 *     each class       for itself, `per_class` boxes at most; the `most` best of all
 *
 * Rows that are not filled are zero.  Greedy choice needs no sorted list: the best that
 * is left is looked up each time, the first of equals.  (Liu et al., "SSD: Single Shot
 * MultiBox Detector", 2016; the interface is that of TensorFlow Lite's
 * TFLite_Detection_PostProcess.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/ops.h"

static tsr_status refuse(const tsr_node *n, const char *what, tsr_error *err)
{
    return tsr_fail(err, TSR_UNSUPPORTED, "detect_boxes '%s': %s", n->name, what);
}

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out, tsr_error *err)
{
    const tsr_detect_attr *a = &n->attr.detect;
    for (int i = 0; i < 3; i++)
        if (in[i]->dtype != TSR_F32)
            return refuse(n, "boxes, scores and anchors must be f32", err);
    if (in[0]->rank != 3 || in[1]->rank != 3 || in[2]->rank != 2 || in[0]->dim[0] != 1 ||
        in[1]->dim[0] != 1)
        return refuse(n, "wants boxes[1,n,4], scores[1,n,classes], anchors[n,4]", err);
    if (in[0]->dim[2] != 4 || in[2]->dim[1] != 4 || in[0]->dim[1] != in[1]->dim[1] ||
        in[0]->dim[1] != in[2]->dim[0])
        return refuse(n, "boxes, scores and anchors do not fit together", err);
    const int extra = in[1]->dim[2] - a->classes;
    if (a->classes < 1 || extra < 0 || extra > 1)
        return tsr_fail(err, TSR_BAD_FILE, "detect_boxes '%s': %d scores for %d classes", n->name,
                        in[1]->dim[2], a->classes);
    const int limit = 1 << 16;
    if (a->most < 1 || a->most > limit || a->per_box < 1 || a->per_box > a->classes ||
        a->per_class < 1 || a->most > limit / a->per_box)
        return tsr_fail(err, TSR_BAD_FILE, "detect_boxes '%s': %d boxes of %d classes, %d of a "
                        "class", n->name, a->most, a->per_box, a->per_class);
    for (int i = 0; i < 4; i++)
        if (!(a->scale[i] > 0))
            return refuse(n, "a scale that is not positive", err);
    if (out->dtype != TSR_F32)
        return refuse(n, "the result is f32", err);
    out->rank = 2;
    out->dim[0] = 1;
    out->dim[1] = 6 * a->most * a->per_box + 1;
    return TSR_OK;
}

/* ---- while it runs ------------------------------------------------------------------ */

typedef struct { float y0, x0, y1, x1; } corners;

/* Scratch, then what is read and written. */
typedef struct {
    corners *box;               /* [n]                                      */
    float *score;               /* [n]; below the threshold or taken: -1    */
    const float *scores;        /* [n][width], the network's                */
    int n, width, skip;         /* skip: the background comes first         */
    const tsr_detect_attr *attr;
    float *boxes, *classes, *best;      /* the rows of the result           */
    int count, room;
} detection;

static void decode(const tsr_step *s, detection *d)
{
    const float *in = s->in[0]->data, *anchor = s->in[2]->data, *scale = d->attr->scale;
    for (int i = 0; i < d->n; i++, in += 4, anchor += 4) {
        const float y = anchor[0] + in[0] / scale[0] * anchor[2];
        const float x = anchor[1] + in[1] / scale[1] * anchor[3];
        const float h = anchor[2] * expf(in[2] / scale[2]) / 2;
        const float w = anchor[3] * expf(in[3] / scale[3]) / 2;
        d->box[i] = (corners){ y - h, x - w, y + h, x + w };
    }
}

static float area(const corners *b) { return (b->y1 - b->y0) * (b->x1 - b->x0); }

static float iou(const corners *a, const corners *b)
{
    const float h = fminf(a->y1, b->y1) - fmaxf(a->y0, b->y0);
    const float w = fminf(a->x1, b->x1) - fmaxf(a->x0, b->x0);
    const float both = h > 0 && w > 0 ? h * w : 0, one = area(a), other = area(b);
    return one > 0 && other > 0 ? both / (one + other - both) : 0;
}

/* The best that is left, which is then taken together with all that it covers; -1: none. */
static int take_best(detection *d)
{
    int best = -1;
    for (int i = 0; i < d->n; i++)
        if (d->score[i] >= 0 && (best < 0 || d->score[i] > d->score[best]))
            best = i;
    for (int i = 0; best >= 0 && i < d->n; i++)
        if (d->score[i] >= 0 && (i == best || iou(&d->box[best], &d->box[i]) > d->attr->overlap))
            d->score[i] = -1;
    return best;
}

/* Negative scores are no candidates, whatever the threshold; nor are NaN. */
static float candidate(const detection *d, float score)
{
    return score >= d->attr->score && score >= 0 ? score : -1;
}

static void set_row(detection *d, int row, int box, int class)
{
    memcpy(d->boxes + 4 * row, &d->box[box], sizeof d->box[box]);
    d->classes[row] = (float)class;
    d->best[row] = d->scores[(size_t)box * (size_t)d->width + (size_t)(d->skip + class)];
}

/* The class of a box that comes after `last` in order of score, the first of equals first;
 * NaN are no scores. */
static int next_class(const float *scores, int classes, int last)
{
    int next = -1;
    for (int c = 0; c < classes; c++) {
        const bool after = last < 0 || scores[c] < scores[last] ||
                           (scores[c] == scores[last] && c > last);
        if (after && scores[c] == scores[c] && (next < 0 || scores[c] > scores[next]))
            next = c;
    }
    return next;
}

static void across_classes(detection *d)
{
    const tsr_detect_attr *a = d->attr;
    for (int i = 0; i < d->n; i++) {
        const float *scores = d->scores + (size_t)i * (size_t)d->width + d->skip;
        const int best = next_class(scores, a->classes, -1);
        d->score[i] = best < 0 ? -1 : candidate(d, scores[best]);       /* -1: all are NaN */
    }
    for (int k = 0; k < a->most; k++) {
        const int box = take_best(d);
        if (box < 0)
            return;
        const float *scores = d->scores + (size_t)box * (size_t)d->width + d->skip;
        for (int m = 0, class = -1; m < a->per_box; m++) {
            class = next_class(scores, a->classes, class);
            if (class < 0)
                break;                          /* NaN among them */
            set_row(d, d->count++, box, class);
        }
    }
}

/* Insert behind all rows of at least this score; the last falls off when all are full. */
static void insert(detection *d, int box, int class, float score)
{
    int row = d->count;
    while (row > 0 && d->best[row - 1] < score)
        row--;
    if (row == d->attr->most)
        return;
    const int end = d->count < d->attr->most ? d->count++ : d->count - 1;
    const size_t behind = (size_t)(end - row);
    memmove(d->boxes + 4 * (row + 1), d->boxes + 4 * row, 4 * behind * sizeof *d->boxes);
    memmove(d->classes + row + 1, d->classes + row, behind * sizeof *d->classes);
    memmove(d->best + row + 1, d->best + row, behind * sizeof *d->best);
    set_row(d, row, box, class);
}

static void each_class(detection *d)
{
    const tsr_detect_attr *a = d->attr;
    for (int class = 0; class < a->classes; class++) {
        const float *scores = d->scores + d->skip + class;
        for (int i = 0; i < d->n; i++)
            d->score[i] = candidate(d, scores[(size_t)i * (size_t)d->width]);
        for (int k = 0; k < a->per_class; k++) {
            const int box = take_best(d);
            if (box < 0)
                break;
            insert(d, box, class, scores[(size_t)box * (size_t)d->width]);
        }
    }
}

static void run(const tsr_step *s)
{
    const tsr_detect_attr *a = &s->node->attr.detect;
    float *out = s->out[0]->data;
    detection d = {
        .box = s->scratch, .scores = s->in[1]->data, .n = s->in[0]->dim[1],
        .width = s->in[1]->dim[2], .skip = s->in[1]->dim[2] - a->classes, .attr = a,
        .room = a->most * a->per_box,
    };
    d.score = (float *)(d.box + d.n);
    d.boxes = out;
    d.classes = out + 4 * d.room;
    d.best = out + 5 * d.room;
    memset(out, 0, tsr_elements(s->out[0]) * sizeof *out);
    decode(s, &d);
    if (a->each_class)
        each_class(&d);
    else
        across_classes(&d);
    out[6 * d.room] = (float)d.count;
}

static tsr_status prepare(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err)
{
    (void)err;
    const size_t n = (size_t)s->in[0]->dim[1];
    s->scratch = tsr_arena_scratch(ctx->arena, n * (sizeof(corners) + sizeof(float)),
                                   sizeof(float));
    s->run = run;
    return TSR_OK;
}

const tsr_op tsr_op_detect_boxes = {
    .name = "detect_boxes", .kind = TSR_OP_DETECT_BOXES, .min_in = 3, .max_in = 3,
    .infer = infer, .prepare = prepare,
};
