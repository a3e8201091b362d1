/*
 * candidates.h - the best of many boxes, in a room that is smaller than their number.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_CANDIDATES_H
#define TSR_CANDIDATES_H

#include <math.h>
#include "models/vision.h"

/* Every number finite and of a size that later squares and sums survive. */
static inline bool tsr_candidate_sane(const tsr_box *b)
{
    const float limit = 1e9f;
    bool ok = fabsf(b->x0) < limit && fabsf(b->y0) < limit &&
              fabsf(b->x1) < limit && fabsf(b->y1) < limit;
    for (int i = 0; i < b->points; i++)
        ok = ok && fabsf(b->point[i].x) < limit && fabsf(b->point[i].y) < limit;
    return ok;
}

/* Append, or replace the worst when there is no room.  Boxes that make no sense are
 * left out. */
static inline void tsr_candidate_keep(tsr_box *found, int room, int *count, const tsr_box *b)
{
    int at = *count;
    if (!tsr_candidate_sane(b) || room < 1)
        return;
    if (at == room) {
        at = 0;
        for (int i = 1; i < room; i++)
            at = found[i].score < found[at].score ? i : at;
        if (!(b->score > found[at].score))
            return;
    } else {
        ++*count;
    }
    found[at] = *b;
}

#endif
