/*
 * yunet.c - faces without anchors: each cell says what its middle belongs to.
 *
 * For strides s = 8, 16, 32 the cell (column c, row r) of a grid of W/s x H/s gives
 *
 *     score = sqrt(class * objectness)
 *     centre = ((c + dx) s, (r + dy) s),  size = (s exp w, s exp h)
 *     point k = ((c + x_k) s, (r + y_k) s)
 *
 * (Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/candidates.h"
#include "models/detect.h"

static int stride_of(int k) { return 8 << k; }

static size_t cells_of(const tsr_yunet *y, int k)
{
    return (size_t)(y->width / stride_of(k)) * (size_t)(y->height / stride_of(k));
}

/* The place for a tensor of [1,cells,length]; NULL: no such place. */
static const tsr_tensor **place_for(tsr_yunet *y, int k, int length)
{
    switch (length) {
    case 1: return &y->sure[k][y->sure[k][0] != NULL];
    case 4: return &y->box[k];
    case 2 * TSR_YUNET_POINTS: return &y->point[k];
    default: return NULL;
    }
}

bool tsr_yunet_recognise(tsr_session *s, tsr_yunet *y)
{
    int found = 0;
    *y = (tsr_yunet){ .width = 0 };
    if (tsr_picture_check(tsr_input(s, 0), NULL) != TSR_OK)
        return false;
    tsr_picture_size(tsr_input(s, 0), &y->height, &y->width);
    for (int i = 0; tsr_output(s, i); i++) {
        const tsr_tensor *t = tsr_output(s, i);
        const int length = t->rank > 0 ? t->dim[t->rank - 1] : 0;
        for (int k = 0; k < TSR_YUNET_STRIDES; k++) {
            const tsr_tensor **place = place_for(y, k, length);
            if (place && !*place && tsr_elements(t) == cells_of(y, k) * (size_t)length) {
                *place = t;
                found++;
                break;
            }
        }
    }
    return found == TSR_YUNET_STRIDES * 4;
}

/* 0..1; NaN: 0. */
static float clamped(const tsr_tensor *t, size_t i)
{
    const float v = tsr_tensor_real(t, i);
    return v > 0 ? v < 1 ? v : 1 : 0;
}

static tsr_box decode_cell(const tsr_yunet *y, int k, size_t cell, float score)
{
    const int columns = y->width / stride_of(k);
    const float s = (float)stride_of(k);
    const float c = (float)(cell % (size_t)columns), r = (float)(cell / (size_t)columns);
    const tsr_tensor *b = y->box[k], *p = y->point[k];
    const float cx = (c + tsr_tensor_real(b, 4 * cell)) * s;
    const float cy = (r + tsr_tensor_real(b, 4 * cell + 1)) * s;
    const float w = expf(tsr_tensor_real(b, 4 * cell + 2)) * s;
    const float h = expf(tsr_tensor_real(b, 4 * cell + 3)) * s;
    tsr_box box = {
        .x0 = cx - w / 2, .y0 = cy - h / 2, .x1 = cx + w / 2, .y1 = cy + h / 2,
        .score = score, .points = TSR_YUNET_POINTS,
    };
    for (int i = 0; i < TSR_YUNET_POINTS; i++) {
        const size_t at = 2 * (cell * TSR_YUNET_POINTS + (size_t)i);
        box.point[i] = (tsr_point){ (c + tsr_tensor_real(p, at)) * s,
                                    (r + tsr_tensor_real(p, at + 1)) * s, 0, 1 };
    }
    return box;
}

int tsr_yunet_decode(const tsr_yunet *y, float threshold, tsr_box *found, int room)
{
    int count = 0;
    for (int k = 0; k < TSR_YUNET_STRIDES; k++)
        for (size_t cell = 0; cell < cells_of(y, k); cell++) {
            const float score = sqrtf(clamped(y->sure[k][0], cell) * clamped(y->sure[k][1], cell));
            if (!(score >= threshold && score > 0))
                continue;
            const tsr_box b = decode_cell(y, k, cell, score);
            tsr_candidate_keep(found, room, &count, &b);
        }
    return count;
}
