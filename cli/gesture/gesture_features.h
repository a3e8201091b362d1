/*
 * gesture_features.h - what a trained head looks at: the embedding of a picture, or
 * the points of the hand in it.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_GESTURE_FEATURES_H
#define CLI_GESTURE_FEATURES_H

#include "cli/network.h"
#include "models/follow.h"
#include "models/head.h"

enum { CLI_FEATURES_TEXT = 240 };

typedef struct {
    cli_network net;            /* a classifier cut at its pooling; or palms     */
    cli_network landmarks;      /* open: the points of the hand are the features */
    tsr_follower follower;      /* of that hand through a video, and what it */
    tsr_following following;    /* remembers, in this memory                 */
    void *memory;
    int size;                   /* numbers in an embedding                       */
    double ms;                  /* of the last picture's networks                */
    /* What a head remembers, so that it is not run on other features: a checksum of
     * the network's file, the catalogue's name for it, what was said about pictures. */
    char identity[CLI_FEATURES_TEXT];
} cli_features;

/* `name` NULL: a usual MobileNet; "hands": the points of the hand in the picture. */
TSR_MUST_USE tsr_status cli_features_open(const char *name, int threads,
                                          const cli_network_hint *hint, cli_features *f,
                                          tsr_error *err);
void cli_features_close(cli_features *f);       /* zeroed is fine */

/* Embeddings of length 1 into x: of the picture as it is, then of `views` - 1 others
 * that tsr_augment_affine or tsr_hand_augment chooses.  One after the other, f->size
 * numbers each. */
TSR_MUST_USE tsr_status cli_features_see(cli_features *f, const tsr_image *picture,
                                         const tsr_augment *how, int views, uint32_t seed,
                                         float *x, tsr_error *err);

bool cli_features_are_hands(const cli_features *f);

/* Hands only: the points and the embedding of the hand in a frame, followed from the
 * frame before; `seconds` < 0: a picture of its own.  *found false: there is none. */
TSR_MUST_USE tsr_status cli_features_follow(cli_features *f, const tsr_image *picture,
                                            double seconds, tsr_point *points, float *x,
                                            bool *found, tsr_error *err);
void cli_features_forget(cli_features *f);      /* another video begins */

/* The name to give to cli_features_open for features of this identity, in `text`; false
 * when only the user knows. */
bool cli_features_name(const char *identity, char text[CLI_FEATURES_TEXT]);

#endif
