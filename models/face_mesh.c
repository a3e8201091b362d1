/*
 * face_mesh.c - which of the 468 points of a face outline what.
 *
 * The points are the corners of a triangle mesh of the whole skin; these are the rings
 * and lines of it that a person would draw.  Left and right are the person's own.
 * (The mesh is that of Kartynnik et al., "Real-time Facial Surface Geometry from
 * Monocular Video on Mobile GPUs", 2019; the numbers belong to the published network.)
 * SPDX-License-Identifier: MIT
 */
#include "models/follow.h"

#define LINE(name, kind, ...) \
    { name, kind, sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t), { __VA_ARGS__ } }

const tsr_contour tsr_face_contours[TSR_FACE_CONTOURS] = {
    LINE("face_oval", TSR_CONTOUR_RING, 10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
         397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127,
         162, 21, 54, 103, 67, 109),
    LINE("left_eyebrow", TSR_CONTOUR_RING, 276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
    LINE("right_eyebrow", TSR_CONTOUR_RING, 46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    LINE("left_eye", TSR_CONTOUR_RING, 263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385,
         386, 387, 388, 466),
    LINE("right_eye", TSR_CONTOUR_RING, 33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158,
         159, 160, 161, 246),
    LINE("nose_ridge", TSR_CONTOUR_LINE, 168, 6, 197, 195, 5, 4),
    LINE("nose_base", TSR_CONTOUR_LINE, 98, 97, 2, 326, 327),
    LINE("lips_outer", TSR_CONTOUR_RING, 61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409,
         270, 269, 267, 0, 37, 39, 40, 185),
    LINE("lips_inner", TSR_CONTOUR_RING, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415,
         310, 311, 312, 13, 82, 81, 80, 191),
};

/* The middle of two points. */
static tsr_point between(const tsr_point *a, const tsr_point *b)
{
    return (tsr_point){ (a->x + b->x) / 2, (a->y + b->y) / 2, (a->z + b->z) / 2,
                        a->score < b->score ? a->score : b->score };
}

void tsr_face_features(const tsr_point *p, tsr_point feature[TSR_FACE_FEATURES])
{
    feature[0] = between(&p[33], &p[133]);      /* corners of the right eye */
    feature[1] = between(&p[362], &p[263]);
    feature[2] = p[4];                          /* tip of the nose */
    feature[3] = between(&p[13], &p[14]);       /* where the lips meet */
    feature[4] = p[234];                        /* before the ears */
    feature[5] = p[454];
}
