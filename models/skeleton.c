/*
 * skeleton.c - names of the points that pose networks find, and which of them
 * are joined.  Left and right are the person's own.
 * SPDX-License-Identifier: MIT
 */
#include "models/vision.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

/* Hourglass and CPM, trained on the AI Challenger order. */
static const char *const body14_name[] = {
    "head_top", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
    "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip",
    "left_knee", "left_ankle",
};
static const uint8_t body14_limb[][2] = {
    { 1, 0 }, { 1, 2 }, { 2, 3 }, { 3, 4 }, { 1, 5 }, { 5, 6 }, { 6, 7 },
    { 1, 8 }, { 8, 9 }, { 9, 10 }, { 1, 11 }, { 11, 12 }, { 12, 13 }, { 8, 11 },
};
const tsr_skeleton tsr_skeleton_body14 = {
    COUNT(body14_name), COUNT(body14_limb), body14_name, body14_limb
};

/* The MPII data set. */
static const char *const body16_name[] = {
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis",
    "thorax", "neck", "head_top", "right_wrist", "right_elbow", "right_shoulder",
    "left_shoulder", "left_elbow", "left_wrist",
};
static const uint8_t body16_limb[][2] = {
    { 2, 1 }, { 1, 0 }, { 3, 4 }, { 4, 5 }, { 6, 2 }, { 6, 3 }, { 6, 7 }, { 7, 8 }, { 8, 9 },
    { 7, 12 }, { 12, 11 }, { 11, 10 }, { 7, 13 }, { 13, 14 }, { 14, 15 },
};
const tsr_skeleton tsr_skeleton_body16 = {
    COUNT(body16_name), COUNT(body16_limb), body16_name, body16_limb
};

/* The key points of the COCO data set. */
static const char *const body17_name[] = {
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
};
static const uint8_t body17_limb[][2] = {
    { 0, 1 }, { 1, 3 }, { 0, 2 }, { 2, 4 }, { 5, 6 }, { 5, 7 }, { 7, 9 }, { 6, 8 },
    { 8, 10 }, { 5, 11 }, { 6, 12 }, { 11, 12 }, { 11, 13 }, { 13, 15 }, { 12, 14 }, { 14, 16 },
};
const tsr_skeleton tsr_skeleton_body17 = {
    COUNT(body17_name), COUNT(body17_limb), body17_name, body17_limb
};

/* BlazePose. */
static const char *const body33_name[] = {
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye",
    "right_eye_outer", "left_ear", "right_ear", "left_mouth", "right_mouth", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky",
    "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot_index", "right_foot_index",
};
static const uint8_t body33_limb[][2] = {
    { 0, 2 }, { 2, 7 }, { 0, 5 }, { 5, 8 }, { 9, 10 }, { 11, 12 },
    { 11, 13 }, { 13, 15 }, { 15, 17 }, { 15, 19 }, { 15, 21 },
    { 12, 14 }, { 14, 16 }, { 16, 18 }, { 16, 20 }, { 16, 22 },
    { 11, 23 }, { 12, 24 }, { 23, 24 }, { 23, 25 }, { 25, 27 }, { 27, 29 }, { 29, 31 },
    { 27, 31 }, { 24, 26 }, { 26, 28 }, { 28, 30 }, { 30, 32 }, { 28, 32 },
};
const tsr_skeleton tsr_skeleton_body33 = {
    COUNT(body33_name), COUNT(body33_limb), body33_name, body33_limb
};

/* MediaPipe hand. */
static const char *const hand21_name[] = {
    "wrist", "thumb_cmc", "thumb_mcp", "thumb_ip", "thumb_tip",
    "index_mcp", "index_pip", "index_dip", "index_tip",
    "middle_mcp", "middle_pip", "middle_dip", "middle_tip",
    "ring_mcp", "ring_pip", "ring_dip", "ring_tip",
    "pinky_mcp", "pinky_pip", "pinky_dip", "pinky_tip",
};
static const uint8_t hand21_limb[][2] = {
    { 0, 1 }, { 1, 2 }, { 2, 3 }, { 3, 4 }, { 0, 5 }, { 5, 6 }, { 6, 7 }, { 7, 8 },
    { 5, 9 }, { 9, 10 }, { 10, 11 }, { 11, 12 }, { 9, 13 }, { 13, 14 }, { 14, 15 }, { 15, 16 },
    { 13, 17 }, { 0, 17 }, { 17, 18 }, { 18, 19 }, { 19, 20 },
};
const tsr_skeleton tsr_skeleton_hand21 = {
    COUNT(hand21_name), COUNT(hand21_limb), hand21_name, hand21_limb
};
