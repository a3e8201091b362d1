/*
 * detect_heads.h - the heads of an SSD detector filled at random, and what
 * TFLite_Detection_PostProcess must make of them: in double and another way round than
 * the operation, all candidates sorted first, then walked.
 * SPDX-License-Identifier: MIT
 */
#ifndef DETECT_HEADS_H
#define DETECT_HEADS_H

#include <math.h>
#include <stdlib.h>
#include "tests/one_op.h"

enum { N = 60, CLASSES = 5, WIDTH = CLASSES + 1, MOST_ROWS = 64, CODE_CUSTOM = 32 };

static uint32_t seed = 77;
static inline double draw(void) { return (double)test_randf(&seed); }      /* -1 <= u < 1 */

typedef struct { float box[N * 4], score[N * WIDTH], anchor[N * 4]; } heads;

static inline void fill(heads *h)
{
    for (int i = 0; i < N; i++) {
        h->anchor[4 * i] = (float)(0.5 + 0.4 * draw());
        h->anchor[4 * i + 1] = (float)(0.5 + 0.4 * draw());
        h->anchor[4 * i + 2] = (float)(0.3 + 0.1 * draw());
        h->anchor[4 * i + 3] = (float)(0.3 + 0.1 * draw());
        for (int k = 0; k < 4; k++)
            h->box[4 * i + k] = (float)(2 * draw());
        for (int c = 0; c < WIDTH; c++)
            h->score[WIDTH * i + c] = (float)(0.5 + 0.5 * draw());
    }
}

static inline tsr_detect_attr usual(bool each_class)
{
    return (tsr_detect_attr){ 10, each_class ? 1 : 2, 4, CLASSES, each_class, 0.4f, 0.35f,
                              { 10, 10, 5, 5 } };
}

/* ---- truth ------------------------------------------------------------------------- */

typedef struct { double v[4], score; int class, from; } row;

static inline int by_score(const void *a, const void *b)
{
    const row *p = a, *q = b;
    return p->score != q->score ? (p->score < q->score ? 1 : -1) : p->from - q->from;
}

static inline row decoded(const heads *h, const tsr_detect_attr *a, int i)
{
    const float *b = h->box + 4 * i, *n = h->anchor + 4 * i;
    const double y = (double)b[0] / (double)a->scale[0] * (double)n[2] + (double)n[0];
    const double x = (double)b[1] / (double)a->scale[1] * (double)n[3] + (double)n[1];
    const double hh = 0.5 * exp((double)b[2] / (double)a->scale[2]) * (double)n[2];
    const double hw = 0.5 * exp((double)b[3] / (double)a->scale[3]) * (double)n[3];
    return (row){ .v = { y - hh, x - hw, y + hh, x + hw }, .from = i };
}

static inline double iou(const row *a, const row *b)
{
    const double h = fmin(a->v[2], b->v[2]) - fmax(a->v[0], b->v[0]);
    const double w = fmin(a->v[3], b->v[3]) - fmax(a->v[1], b->v[1]);
    const double both = h > 0 && w > 0 ? h * w : 0;
    return both / ((a->v[2] - a->v[0]) * (a->v[3] - a->v[1])
                   + (b->v[2] - b->v[0]) * (b->v[3] - b->v[1]) - both);
}

/* Sorted candidates, walked: gives how many stay, at most `most`, moved to the front. */
static inline int walk(row *r, int count, double overlap, int most)
{
    int kept = 0;
    qsort(r, (size_t)count, sizeof *r, by_score);
    for (int i = 0; i < count && kept < most; i++) {
        bool stays = true;
        for (int k = 0; k < kept; k++)
            stays = stays && !(iou(&r[k], &r[i]) > overlap);
        if (stays)
            r[kept++] = r[i];
    }
    return kept;
}

static inline double score_of(const heads *h, int i, int class)
{
    return (double)h->score[WIDTH * i + 1 + class];
}

static inline int truth_across(const heads *h, const tsr_detect_attr *a, row *out)
{
    row r[N];
    int count = 0, rows = 0;
    for (int i = 0; i < N; i++) {
        row one = decoded(h, a, i);
        for (int c = 0; c < CLASSES; c++)
            one.score = fmax(one.score, score_of(h, i, c));
        if (one.score >= (double)a->score)
            r[count++] = one;
    }
    count = walk(r, count, (double)a->overlap, a->most);
    for (int k = 0; k < count; k++) {
        row all[CLASSES];
        for (int c = 0; c < CLASSES; c++) {
            all[c] = r[k];
            all[c].class = all[c].from = c;
            all[c].score = score_of(h, r[k].from, c);
        }
        qsort(all, CLASSES, sizeof *all, by_score);
        for (int m = 0; m < a->per_box; m++)
            out[rows++] = all[m];
    }
    return rows;
}

static inline int truth_each(const heads *h, const tsr_detect_attr *a, row *out)
{
    row all[N * CLASSES];
    int total = 0;
    for (int c = 0; c < CLASSES; c++) {
        row r[N];
        int count = 0;
        for (int i = 0; i < N; i++) {
            r[count] = decoded(h, a, i);
            r[count].class = c;
            r[count].score = score_of(h, i, c);
            count += r[count].score >= (double)a->score;
        }
        count = walk(r, count, (double)a->overlap, a->per_class);
        for (int k = 0; k < count; k++) {
            all[total] = r[k];
            all[total].from = total;
            total++;
        }
    }
    qsort(all, (size_t)total, sizeof *all, by_score);
    total = total < a->most ? total : a->most;
    memcpy(out, all, (size_t)total * sizeof *all);
    return total;
}

/* As the four outputs stand in memory: boxes, classes, scores, count. */
static inline int truth(const heads *h, const tsr_detect_attr *a, double *want)
{
    row r[MOST_ROWS];
    const int room = a->most * a->per_box;
    const int rows = a->each_class ? truth_each(h, a, r) : truth_across(h, a, r);
    memset(want, 0, (size_t)(6 * room + 1) * sizeof *want);
    for (int i = 0; i < rows; i++) {
        memcpy(want + 4 * i, r[i].v, sizeof r[i].v);
        want[4 * room + i] = r[i].class;
        want[5 * room + i] = r[i].score;
    }
    want[6 * room] = rows;
    return rows;
}

#endif
