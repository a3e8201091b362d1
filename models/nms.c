/*
 * nms.c - many overlapping boxes become one box per thing.
 *
 * Ordinary non-maximum suppression keeps the best box of a group and drops the
 * rest (tsr_boxes_suppress); in a video the winner changes from frame to frame and
 * the box trembles.
 * Blaze detectors average the group instead, weighted by score:
 *
 *     while boxes are left:  best = highest score
 *         group = best and all with  IoU(best, b) > overlap
 *         result = sum score * b / sum score over the group, score of best
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include "models/detect.h"

float tsr_box_iou(const tsr_box *a, const tsr_box *b)
{
    const float x0 = a->x0 > b->x0 ? a->x0 : b->x0, x1 = a->x1 < b->x1 ? a->x1 : b->x1;
    const float y0 = a->y0 > b->y0 ? a->y0 : b->y0, y1 = a->y1 < b->y1 ? a->y1 : b->y1;
    const float both = x1 > x0 && y1 > y0 ? (x1 - x0) * (y1 - y0) : 0;
    const float sum = (a->x1 - a->x0) * (a->y1 - a->y0) + (b->x1 - b->x0) * (b->y1 - b->y0) - both;
    return both > 0 && sum > 0 ? both / sum : 0;
}

/* Best first; ties by place, so that the result does not depend on qsort. */
static int by_score(const void *pa, const void *pb)
{
    const tsr_box *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    if (a->y0 != b->y0)
        return a->y0 < b->y0 ? -1 : 1;
    return (a->x0 > b->x0) - (a->x0 < b->x0);
}

/* sum += weight * b, corners and points. */
static void add(tsr_box *sum, const tsr_box *b, float weight)
{
    sum->x0 += weight * b->x0;
    sum->y0 += weight * b->y0;
    sum->x1 += weight * b->x1;
    sum->y1 += weight * b->y1;
    for (int i = 0; i < b->points; i++) {
        sum->point[i].x += weight * b->point[i].x;
        sum->point[i].y += weight * b->point[i].y;
    }
}

int tsr_boxes_merge(tsr_box *boxes, int count, float overlap)
{
    int n = 0;
    qsort(boxes, (size_t)count, sizeof *boxes, by_score);
    for (; n < count; n++) {
        const tsr_box best = boxes[n];
        float total = best.score;
        tsr_box sum = { .score = best.score, .points = best.points };
        add(&sum, &best, best.score);

        int left = n + 1;       /* those that stay move forward, in order */
        for (int i = n + 1; i < count; i++) {
            if (tsr_box_iou(&best, &boxes[i]) > overlap) {
                add(&sum, &boxes[i], boxes[i].score);
                total += boxes[i].score;
            } else {
                boxes[left++] = boxes[i];
            }
        }
        count = left;

        boxes[n] = (tsr_box){ .score = best.score, .points = best.points };
        add(&boxes[n], &sum, total > 0 ? 1 / total : 0);
        for (int i = 0; i < best.points; i++)
            boxes[n].point[i].score = best.point[i].score;
    }
    return n;
}

int tsr_boxes_suppress(tsr_box *boxes, int count, float overlap)
{
    int n = 0;
    qsort(boxes, (size_t)count, sizeof *boxes, by_score);
    for (int i = 0; i < count; i++) {
        bool best = true;
        for (int k = 0; k < n && best; k++)
            best = !(tsr_box_iou(&boxes[k], &boxes[i]) > overlap);
        if (best)
            boxes[n++] = boxes[i];
    }
    return n;
}

void tsr_box_map(tsr_box *box, const tsr_affine *to_picture)
{
    tsr_affine_apply(to_picture, &box->x0, &box->y0);
    tsr_affine_apply(to_picture, &box->x1, &box->y1);
    for (int i = 0; i < box->points; i++)
        tsr_affine_apply(to_picture, &box->point[i].x, &box->point[i].y);
}
