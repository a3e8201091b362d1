/*
 * tflite_detect.c - TFLite_Detection_PostProcess: the end of SSD detectors.
 *
 * One node computes all of it (ops/detect_boxes.c), in one tensor; slices of that are the
 * operator's four outputs.  Quantised inputs are made real first.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "loaders/flexbuffer.h"
#include "loaders/tflite_file.h"

/* A whole number; `usual` if it is left out (and may be: usual > 0). */
static int whole(tfl_op *o, const tsr_flex_map *m, const char *key, int usual)
{
    double v = usual;
    if (!tsr_flex_number(m, key, &v) && usual <= 0)
        tfl_fail(o, TSR_BAD_FILE, "no option '%s'", key);
    if (!(v >= 0 && v <= 1e6)) {
        tfl_fail(o, TSR_BAD_FILE, "option '%s' is %g", key, v);
        return 0;
    }
    return (int)v;
}

static float real(tfl_op *o, const tsr_flex_map *m, const char *key)
{
    double v = 0;
    if (!tsr_flex_number(m, key, &v) || !isfinite(v))
        tfl_fail(o, TSR_BAD_FILE, "no option '%s'", key);
    return (float)v;
}

static void read_options(tfl_op *o, tsr_detect_attr *a)
{
    static const char *const scale[] = { "y_scale", "x_scale", "h_scale", "w_scale" };
    const tsr_flex_map m = tsr_flex_root(o->custom.at, o->custom.count);
    if (m.bad) {
        tfl_fail(o, TSR_BAD_FILE, "options of %zu bytes make no sense", o->custom.count);
        return;
    }
    a->most = whole(o, &m, "max_detections", 0);
    a->per_box = whole(o, &m, "max_classes_per_detection", 0);
    a->per_class = whole(o, &m, "detections_per_class", 100);
    a->classes = whole(o, &m, "num_classes", 0);
    double regular = 0;
    a->each_class = tsr_flex_number(&m, "use_regular_nms", &regular) && regular != 0;
    a->score = real(o, &m, "nms_score_threshold");
    a->overlap = real(o, &m, "nms_iou_threshold");
    for (int i = 0; i < 4; i++)
        a->scale[i] = real(o, &m, scale[i]);
}

/* Numbers [from, from + count) of the node's row, as output `slot` of this shape. */
static void part(tfl_op *o, int value, const int range[2], int slot, tsr_reshape_attr shape)
{
    const tsr_tensor like = { .dtype = TSR_F32 };
    tsr_node cut = tsr_node_make(TSR_OP_SLICE, o->name, &value, 1);
    for (int i = 0; i < TSR_MAX_RANK; i++)
        cut.attr.slice.stride[i] = 1;
    cut.attr.slice.begin[1] = range[0];
    cut.attr.slice.size[0] = 1;
    cut.attr.slice.size[1] = range[1];
    int piece = tfl_step(o, &cut, &like);
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, o->name, &piece, 1);
    n.attr.reshape = shape;
    tfl_emit(o, &n, slot);
}

/* boxes, scores, anchors -> boxes, classes, scores, count */
void tfl_detection_post_process(tfl_op *o)
{
    const tsr_tensor like = { .dtype = TSR_F32 };
    int in[3];
    for (int i = 0; i < 3; i++) {
        const tsr_tensor *x = tfl_input_tensor(o, i);
        in[i] = tfl_input(o, i);
        if (!x)
            return;
        if (x->dtype != TSR_F32) {
            const tsr_node n = tsr_node_make(TSR_OP_DEQUANTIZE, o->name, &in[i], 1);
            in[i] = tfl_step(o, &n, &like);
        }
    }
    tsr_node n = tsr_node_make(TSR_OP_DETECT_BOXES, o->name, in, 3);
    read_options(o, &n.attr.detect);
    if (o->out.count < 4) {
        tfl_fail(o, TSR_BAD_FILE, "%zu outputs, not 4", o->out.count);
        return;
    }
    const int all = tfl_step(o, &n, &like);
    const int rows = n.attr.detect.most * n.attr.detect.per_box;
    if (all < 0)
        return;
    part(o, all, (int[]){ 0, 4 * rows }, 0, (tsr_reshape_attr){ 3, { 1, rows, 4 } });
    part(o, all, (int[]){ 4 * rows, rows }, 1, (tsr_reshape_attr){ 2, { 1, rows } });
    part(o, all, (int[]){ 5 * rows, rows }, 2, (tsr_reshape_attr){ 2, { 1, rows } });
    part(o, all, (int[]){ 6 * rows, 1 }, 3, (tsr_reshape_attr){ 1, { 1 } });
}
