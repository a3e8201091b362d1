/*
 * vision.h - from a photograph to a network's input, and from its outputs to
 * joints, masks, labels and boxes.
 *
 *     picture -> tsr_picture_fit  -> input tensor -> tsr_run -> outputs
 *     outputs -> tsr_top_k        -> labels
 *             -> tsr_heatmap_decode     -> joints of one person
 *             -> tsr_posenet_decode     -> joints of several people
 *     picture -> tsr_hourglass_find     -> joints of a person whose place is known
 *             -> tsr_segment_labels     -> a class for each pixel of the picture
 *             -> tsr_blaze_decode, tsr_nms_weighted -> faces, palms, people
 *             -> tsr_landmarks_decode   -> points inside a region
 *
 * Nothing here reads files or allocates: the caller passes in pixels and work
 * space.  Decoders take whatever numbers a network produced, NaN included.
 *
 * Coordinates: a point is measured from the top left corner of the top left
 * pixel, so the centre of pixel i is i + 0.5 and no resize shifts anything.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_VISION_H
#define TSR_VISION_H

#include "engine/tsr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pictures ------------------------------------------------------------ */

typedef struct {
    uint8_t *rgb;               /* R,G,B bytes, rows from top to bottom  */
    int width, height, stride;  /* stride: bytes from one row to the next */
} tsr_image;

/* x' = m[0] x + m[1] y + m[2],  y' = m[3] x + m[4] y + m[5] */
typedef struct { float m[6]; } tsr_affine;

static inline void tsr_affine_apply(const tsr_affine *a, float *x, float *y)
{
    const float px = *x, py = *y;
    *x = a->m[0] * px + a->m[1] * py + a->m[2];
    *y = a->m[3] * px + a->m[4] * py + a->m[5];
}

/* The opposite map.  A map that is not invertible gives all zeros. */
tsr_affine tsr_affine_invert(const tsr_affine *a);

/* Resize with a triangle filter as wide as one source or one target pixel,
 * whichever is larger: smooth when enlarging, free of aliasing when shrinking.
 * Work space of tsr_image_resize_bytes(); src and dst must not overlap. */
size_t tsr_image_resize_bytes(int width, int height, int new_width, int new_height);
void tsr_image_resize(const tsr_image *src, const tsr_image *dst, void *work);

/* ---- before the network -------------------------------------------------- */

typedef enum {
    TSR_FIT_STRETCH,            /* fill the input, the aspect ratio changes       */
    TSR_FIT_LETTERBOX,          /* keep the ratio, centre, black borders          */
    TSR_FIT_CROP,               /* a part that a detector found: tsr_picture_crop */
} tsr_fit;

typedef struct {
    tsr_fit fit;
    bool bgr;                   /* the network wants B,G,R                        */
    bool quantise;              /* integer inputs: false = u8 takes the pixel bytes as
                                   they are, s8 takes them minus 128; true = the
                                   real value below, in the tensor's scale        */
    float mean[3], scale[3];    /* real = (pixel - mean) * scale, in the order R,G,B */
} tsr_preprocess;

/* Can a picture be written into this tensor?  Wants [1,h,w,c] or [1,c,h,w] with
 * c = 3, or 1 for grey, of f32, u8 or s8. */
tsr_status tsr_picture_check(const tsr_tensor *input, tsr_error *err);

/* Fill input->data with the whole picture.  Work space of tsr_picture_bytes();
 * *to_picture leads from points of the input to points of the picture. */
size_t tsr_picture_bytes(const tsr_image *picture, const tsr_tensor *input);
tsr_status tsr_picture_fit(const tsr_preprocess *how, const tsr_image *picture,
                           tsr_tensor *input, void *work,
                           tsr_affine *to_picture, tsr_error *err);

/* Fill input->data with a part of the picture, turned and scaled as to_picture
 * says; black outside the picture.  how->fit does not matter. */
tsr_status tsr_picture_crop(const tsr_preprocess *how, const tsr_image *picture,
                            const tsr_affine *to_picture, tsr_tensor *input,
                            tsr_error *err);

/* Height and width of an image tensor, whichever way its axes run. */
void tsr_picture_size(const tsr_tensor *input, int *height, int *width);

/* ---- after the network: numbers ------------------------------------------ */

/* Element i as a real number, dequantised; 0 for types that hold no numbers. */
float tsr_tensor_real(const tsr_tensor *t, size_t i);

/* ---- labels --------------------------------------------------------------- */

typedef struct { int index; float score; } tsr_class;

/* The k best classes, best first; gives how many there are (<= k).  Scores that
 * leave 0..1 somewhere are logits and go through a softmax.  NaN comes last. */
int tsr_top_k(const tsr_tensor *scores, int k, tsr_class *top);

/* Names of classes.  ImageNet: 0 is "background", then the thousand in the usual
 * order; a network with 1000 outputs counts from "tench": add 1. */
enum { TSR_IMAGENET_LABELS = 1001, TSR_VOC_LABELS = 21 };
extern const char *const tsr_imagenet_labels[TSR_IMAGENET_LABELS];
extern const char *const tsr_voc_labels[TSR_VOC_LABELS];

/* ---- points and skeletons ------------------------------------------------- */

enum { TSR_MAX_POINTS = 39 };

typedef struct {
    float x, y, z;              /* z: depth in the same unit, 0 where there is none */
    float score;                /* confidence 0..1; 0 = not found                   */
} tsr_point;

typedef struct {
    int points, limbs;
    const char *const *name;    /* of each point: "left_knee"             */
    const uint8_t (*limb)[2];   /* pairs of points joined by a line       */
} tsr_skeleton;

/* 14 joints of small hourglasses and CPM; 16 of MPII, in the original hourglass; 17 of
 * COCO, in PoseNet; 33 of BlazePose; 21 of a hand. */
extern const tsr_skeleton tsr_skeleton_body14, tsr_skeleton_body16, tsr_skeleton_body17,
                          tsr_skeleton_body33, tsr_skeleton_hand21;

/* From a grid of w x h cells that covers the same area as an input of in_w x in_h
 * (heatmap cells, mask pixels) to the picture. */
tsr_affine tsr_affine_for_grid(const tsr_affine *input_to_picture, const tsr_tensor *input,
                               int width, int height);

/* From a grid that lies from corner to corner under another one, `factor` cells of that
 * between two of its own (tsr_options.before_enlarging), to the picture. */
tsr_affine tsr_affine_for_corners(const tsr_affine *fine_to_picture, float factor_x,
                                  float factor_y);

/* How many heatmaps, and of which size: of [1,h,w,n], or of [1,n,h,w] where the last axis
 * is longer than TSR_MAX_POINTS and the second is not.  0: this is no such tensor. */
int tsr_heatmap_count(const tsr_tensor *maps, int *height, int *width);

/* One joint per heatmap: 5x5 Gaussian blur, highest cell, parabola through its
 * neighbours for the fraction, then into the picture.  The score is the map's own value
 * in that cell.  Gives the number of points, at most `room`.  Work space:
 * tsr_heatmap_bytes(). */
size_t tsr_heatmap_bytes(const tsr_tensor *maps);
int tsr_heatmap_decode(const tsr_tensor *maps, const tsr_affine *grid_to_picture,
                       tsr_point *points, int room, void *work);

/* ---- masks ----------------------------------------------------------------- */

/* One byte a pixel, rows without gaps. */
typedef struct { uint8_t *pixel; int width, height; } tsr_plane;

/* A class for each pixel of the picture.  `out` holds logits [1,h,w,c]
 * (interpolated, then the largest wins) or class numbers [1,h,w] or [1,h,w,1] of an
 * integer type (the four neighbours vote).  Numbers outside 0..255 count as 0.
 * Work space: tsr_segment_bytes(). */
size_t tsr_segment_bytes(const tsr_tensor *out);
tsr_status tsr_segment_labels(const tsr_tensor *out, const tsr_affine *grid_to_picture,
                              const tsr_plane *labels, void *work, tsr_error *err);

/* A network that knows one class: probabilities [1,h,w,1], to 0..255 a pixel. */
tsr_status tsr_segment_mask(const tsr_tensor *out, const tsr_affine *grid_to_picture,
                            const tsr_plane *mask, tsr_error *err);

/* The colours of the PASCAL VOC data set: the bits of the class number, spread
 * over red, green and blue. */
void tsr_voc_color(int label, uint8_t rgb[3]);

/* ---- boxes ------------------------------------------------------------------ */

enum { TSR_BOX_POINTS = 7 };

typedef struct {
    float x0, y0, x1, y1, score;
    int points;
    tsr_point point[TSR_BOX_POINTS];    /* eyes, nose ...: see the detector */
} tsr_box;

/* A single-shot detector of the Blaze family: square input, anchors of size 1 in
 * every cell of grids of several strides. */
typedef struct {
    int side;                   /* input is side x side                              */
    int layers;
    uint8_t stride[5];          /* equal neighbours share one grid                   */
    uint8_t per_cell;           /* anchors that each layer adds to each of its cells */
    uint8_t points;
    float threshold;            /* least score worth a look                          */
    float overlap;              /* boxes that share more are the same thing          */
} tsr_detector;

/* Points: face - right eye, left eye, nose, mouth, right ear, left ear (the person's
 * sides); palm - wrist, four knuckles from index to pinky ... ; body - hip centre,
 * top of the circle around the whole body, shoulder centre, top of that around the
 * upper body. */
extern const tsr_detector tsr_face_short_range, tsr_face_full_range, tsr_palm, tsr_body;
/* Older ones: 256 x 256 for the camera on a phone's back, and palms in 128 x 128. */
extern const tsr_detector tsr_face_back, tsr_palm_2020;

int tsr_detector_anchors(const tsr_detector *d);

/* Where a detector's numbers are: whole, or cut between two grids. */
typedef struct {
    tsr_detector kind;
    const tsr_tensor *raw[2], *scores[2];       /* [1] is NULL where there is but one */
} tsr_detector_heads;

/* Which of the `known` (NULL ends them) this session runs: by the side of its input and
 * the shapes of its outputs, which stand in a different order in each file. */
tsr_status tsr_detector_recognise(tsr_session *s, const tsr_detector *const *known,
                                  tsr_detector_heads *h, tsr_error *err);

/* Candidates at or above the threshold, in input pixels; the `room` best of them.
 * `raw` is [1,anchors,4 + 2 points], `scores` [1,anchors,1] before the sigmoid. */
tsr_status tsr_boxes_decode(const tsr_detector *d, const tsr_tensor *raw, const tsr_tensor *scores,
                            tsr_box *found, int room, int *count, tsr_error *err);

/* The same for outputs that were recognised; h->kind says how. */
tsr_status tsr_heads_decode(const tsr_detector_heads *h, tsr_box *found, int room, int *count,
                            tsr_error *err);

/* Weighted non-maximum suppression, in place: each group of overlapping boxes becomes
 * its average, weighted by score.  Gives how many are left, best first. */
int tsr_boxes_merge(tsr_box *boxes, int count, float overlap);

/* Intersection over union, 0..1; 0 when either is empty or not a number. */
float tsr_box_iou(const tsr_box *a, const tsr_box *b);

void tsr_box_map(tsr_box *box, const tsr_affine *to_picture);

/* ---- regions: where the second network looks --------------------------------- */

/* A square in the picture; turned clockwise by `angle` radians. */
typedef struct { float x, y, side, angle; } tsr_region;

/* From the pixels of an input of side x side to the picture. */
tsr_affine tsr_region_affine(const tsr_region *r, int side);

/* From a detector's box, already in picture pixels. */
tsr_region tsr_region_of_body(const tsr_box *b);
tsr_region tsr_region_of_palm(const tsr_box *b);
tsr_region tsr_region_of_face(const tsr_box *b);

/* Landmarks inside the input: raw holds x, y, z and, with per_point 5, the logits of
 * "visible" and "in the picture".  Gives the number of points, at most `room`. */
int tsr_landmarks_decode(const tsr_tensor *raw, int per_point, const tsr_affine *to_picture,
                         tsr_point *points, int room);

/* Move points to what their heatmaps [1,h,w,>= count] say, where those are sure.
 * `grid_to_picture` leads from the maps' cells. */
void tsr_landmarks_refine(const tsr_tensor *maps, const tsr_affine *grid_to_picture,
                          tsr_point *points, int count);

/* ---- people ------------------------------------------------------------------ */

/* Of any kind of network.  (Detector, then landmarks: follow.h.) */
typedef struct {
    tsr_box box;
    float score;                /* that there is a person */
    tsr_point point[TSR_MAX_POINTS];
} tsr_person;

/* ---- PoseNet: several people in one look ---------------------------------------- */

enum { TSR_POSENET_POINTS = 17 };

/* The heads of a PoseNet.  An input of k * stride + 1 pixels gives k + 1 cells; offsets
 * and displacements are in pixels of the input, all y before all x. */
typedef struct {
    const tsr_tensor *heatmap;  /* [1,h,w,17] logits */
    const tsr_tensor *offset;   /* [1,h,w,34] from the cell to the point */
    const tsr_tensor *forward;  /* [1,h,w,32] from parent to child, away from the nose */
    const tsr_tensor *backward; /* [1,h,w,32] from child to parent; the same as `forward`:
                                   both in one [1,h,w,64], forward first */
    float stride;
} tsr_posenet;

/* Find them among a session's outputs, by the number of channels and, the two sorts of
 * displacements, by "fwd" or "forward" and "bwd" or "backward" in their names. */
tsr_status tsr_posenet_heads(tsr_session *session, tsr_posenet *heads, tsr_error *err);

/* How people are put together.  Two decoders were published with networks. */
typedef struct {
    bool bilinear;              /* fields are read between four cells; else in the nearest */
    int refinements;            /* steps along the offsets after each displacement */
    float root;                 /* least probability of a point to begin a person with */
    float person;               /* least score of a person */
    float radius;               /* a point within so many input pixels of the same point
                                   of a surer person is that person's */
} tsr_posenet_rules;

/* TensorFlow.js's: nearest, 2 refinements.  Coral's: bilinear, 5. */
extern const tsr_posenet_rules tsr_posenet_tfjs, tsr_posenet_coral;

/* Everyone with at least one sure point, surest first; gives how many, at most `room`.
 * A person's score is the mean of the 17 probabilities, without points that belong to
 * a surer person; the box surrounds the points that could have begun a person.  Work
 * space: tsr_posenet_bytes(). */
size_t tsr_posenet_bytes(const tsr_posenet *heads);
int tsr_posenet_decode(const tsr_posenet *heads, const tsr_posenet_rules *rules,
                       const tsr_affine *to_picture, tsr_person *people, int room, void *work);

/* ---- the stacked hourglass as published: one person, whose place is known --------- */

enum { TSR_HOURGLASS_POINTS = 16 };

typedef struct {
    tsr_session *session;       /* 256x256 pixels in; 16 maps of 64x64 out, the last of
                                   several such outputs counts */
    tsr_preprocess how;         /* the authors': R,G,B, mean 0, scale 1/255 */
    bool flip;                  /* look at the mirror image, too, and average */
} tsr_hourglass;

/* Has a session's network such an input and such an output? */
bool tsr_hourglass_recognise(tsr_session *session);

/* The square that the authors' data sets mean by a person's centre and scale: 200 * scale
 * pixels a side.  (They take 1.25 of MPII's scale and move the centre down by 15 * scale.) */
tsr_region tsr_region_of_scale(float x, float y, float scale);

/* Joints in the order of tsr_skeleton_body16; black outside the picture.  Work space:
 * tsr_hourglass_bytes(). */
size_t tsr_hourglass_bytes(void);
tsr_status tsr_hourglass_find(const tsr_hourglass *h, const tsr_image *picture,
                              const tsr_region *where, void *work,
                              tsr_point points[TSR_HOURGLASS_POINTS], tsr_error *err);

#ifdef __cplusplus
}
#endif

#endif
