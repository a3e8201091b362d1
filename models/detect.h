/*
 * detect.h - boxes from detectors that are not of the Blaze family.
 *
 * Each is recognised by the shapes of its outputs, whatever their order and names.
 * Boxes are in pixels of the input; tsr_box_map leads into the picture.  Decoders
 * give the best `room` candidates at or above the threshold, and how many there are;
 * numbers that make no sense are no candidates.  tsr_boxes_suppress then keeps one
 * box for each thing.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_DETECT_H
#define TSR_DETECT_H

#include "models/vision.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Plain non-maximum suppression, in place: of boxes whose IoU is above `overlap` only
 * the best stays.  Gives how many are left, best first. */
int tsr_boxes_suppress(tsr_box *boxes, int count, float overlap);

/* ---- YuNet: faces, anchor-free --------------------------------------------------- */

enum { TSR_YUNET_STRIDES = 3, TSR_YUNET_POINTS = 5 };

/* Points: right eye, left eye, nose, right and left corner of the mouth. */
typedef struct {
    const tsr_tensor *sure[TSR_YUNET_STRIDES][2];   /* class and objectness, either way round */
    const tsr_tensor *box[TSR_YUNET_STRIDES], *point[TSR_YUNET_STRIDES];
    int width, height;          /* of the input */
} tsr_yunet;

bool tsr_yunet_recognise(tsr_session *s, tsr_yunet *y);
int tsr_yunet_decode(const tsr_yunet *y, float threshold, tsr_box *found, int room);

/* ---- UltraFace: faces, priors of several sizes ------------------------------------- */

/* Files come with boxes as corners, or relative to the priors; the decoder tells which. */
typedef struct {
    const tsr_tensor *scores, *boxes;   /* [1,n,2] background, face; [1,n,4] */
    int width, height;
} tsr_ultraface;

bool tsr_ultraface_recognise(tsr_session *s, tsr_ultraface *u);
int tsr_ultraface_decode(const tsr_ultraface *u, float threshold, tsr_box *found, int room);

/* ---- SSD that suppresses inside: boxes, classes, scores, count ---------------------- */

typedef struct {
    const tsr_tensor *boxes;            /* [1,n,4]: y0, x0, y1, x1, relative to the input */
    const tsr_tensor *numbers[2];       /* [1,n]: classes and scores, either way round    */
    const tsr_tensor *count;            /* [1] */
    int width, height;
} tsr_ssd;

bool tsr_ssd_recognise(tsr_session *s, tsr_ssd *d);
/* classes[i] is the class of found[i]. */
int tsr_ssd_decode(const tsr_ssd *d, float threshold, tsr_box *found, int *classes, int room);

#ifdef __cplusplus
}
#endif

#endif
