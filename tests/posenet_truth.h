/*
 * posenet_truth.h - PoseNet's decoders once more, in double, for tests.
 *
 * Written straight from the published descriptions: all roots sorted at once instead
 * of a heap; from a root on, always next from the surest point that it has, through a
 * queue of directed edges.                       SPDX-License-Identifier: MIT
 */
#ifndef POSENET_TRUTH_H
#define POSENET_TRUTH_H

#include "models/vision.h"

enum { TRUTH_POINTS = 17, TRUTH_EDGES = 16, TRUTH_ROOM = 12 };

/* In cells.  `slack`: how far a decoder in single precision may be off here.  Each
 * hop multiplies it by the steepness of the field that it follows. */
typedef struct { double x, y, logit, slack; } truth_spot;
typedef struct { truth_spot at[TRUTH_POINTS]; double score; } truth_person;

typedef struct {
    const tsr_posenet *net;
    const tsr_posenet_rules *rules;
    int h, w;
    truth_person people[TRUTH_ROOM];
    int count;
} truth;

/* Fills in the people, best first. */
void truth_find(truth *t);

/* The points at which a directed edge starts and ends; 0..15 lead away from the nose,
 * 16..31 back. */
int truth_start_of(int directed);
int truth_end_of(int directed);

/* Decode with the library, too: everything must agree, and there must be at least so
 * many people. */
void truth_compare(const tsr_posenet *net, const tsr_posenet_rules *rules, int at_least);

#endif
