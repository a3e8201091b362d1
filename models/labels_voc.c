/*
 * labels_voc.c - the 20 classes of PASCAL VOC and the background, in their order.
 * SPDX-License-Identifier: MIT
 */
#include "models/vision.h"

const char *const tsr_voc_labels[TSR_VOC_LABELS] = {
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat",
    "chair", "cow", "dining table", "dog", "horse", "motorbike", "person", "potted plant",
    "sheep", "sofa", "train", "tv monitor",
};
