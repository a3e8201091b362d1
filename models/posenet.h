/*
 * posenet.h - between the two files of the PoseNet decoder.
 *
 * Inside the decoder places are measured in cells of the grid, as the network
 * means them: cell i looks at pixel i * stride of the input, so place 0 is the
 * centre of the first pixel.   SPDX-License-Identifier: MIT
 */
#ifndef TSR_POSENET_H
#define TSR_POSENET_H

#include "models/vision.h"

typedef struct { float x, y, logit; } tsr_posenet_spot;

/* Element (y, x, channel) of a head. */
static inline float tsr_posenet_at(const tsr_tensor *t, int y, int x, int channel)
{
    const size_t cell = (size_t)y * (size_t)t->dim[2] + (size_t)x;
    return tsr_tensor_real(t, cell * (size_t)t->dim[3] + (size_t)channel);
}

/* Keep a place on the grid; NaN becomes 0. */
static inline float tsr_posenet_clamp(float v, int cells)
{
    const float last = (float)(cells - 1);
    return v > 0 ? v < last ? v : last : 0;
}

static inline void tsr_posenet_keep(const tsr_posenet *net, tsr_posenet_spot *s)
{
    s->x = tsr_posenet_clamp(s->x, net->heatmap->dim[2]);
    s->y = tsr_posenet_clamp(s->y, net->heatmap->dim[1]);
}

/* Place of a point whose map is highest in cell (x, y). */
static inline tsr_posenet_spot tsr_posenet_near(const tsr_posenet *net, int part, int x, int y)
{
    return (tsr_posenet_spot){
        (float)x + tsr_posenet_at(net->offset, y, x, part + TSR_POSENET_POINTS) / net->stride,
        (float)y + tsr_posenet_at(net->offset, y, x, part) / net->stride,
        tsr_posenet_at(net->heatmap, y, x, part),
    };
}

/* From the point `root`, which is set (bilinear: and on the grid), to all others of the
 * same person. */
void tsr_posenet_walk(const tsr_posenet *net, const tsr_posenet_rules *rules, int root,
                      tsr_posenet_spot spot[TSR_POSENET_POINTS]);

#endif
