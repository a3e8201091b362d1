/*
 * gesture_examples.h - the pictures of a training as embeddings, and what each is for.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_GESTURE_EXAMPLES_H
#define CLI_GESTURE_EXAMPLES_H

#include "cli/gesture/gesture_features.h"
#include "cli/gesture/gesture_set.h"

/* Validation decides when to stop, so it is part of learning; what is held out is
 * never looked at before the end. */
typedef enum { CLI_LEARN = 1, CLI_VALIDATE = 2, CLI_HELD_OUT = 4 } cli_role;

typedef struct {
    float *x;                   /* its views, one after the other */
    int label;
    cli_role role;
} cli_example;

typedef struct {
    int train;                  /* pictures of each class to learn from; 0: four fifths */
    int views;
    uint32_t seed;
    tsr_augment augment;
} cli_example_plan;

typedef struct {
    cli_example *item;
    int count, room, size;
    int skipped;                /* pictures that could not be used */
    cli_example_plan plan;
} cli_examples;

/* What a folder's pictures are: their class, -1 to leave them all out; and whether the
 * class learns, or only its held-out pictures are looked at. */
typedef struct { int label; bool learns; } cli_folder_use;

/* Look at all pictures.  Those that cannot be read are named on standard error and left
 * out; it is an error when a class that learns has nothing left to learn from. */
TSR_MUST_USE tsr_status cli_examples_read(const cli_picture_set *set, const cli_folder_use *use,
                                          const cli_example_plan *plan, cli_features *f,
                                          cli_examples *e, tsr_error *err);
void cli_examples_free(cli_examples *e);                /* zeroed is fine */

/* Those of the given roles, the first `views` views of each. */
TSR_MUST_USE tsr_status cli_examples_gather(const cli_examples *e, unsigned roles, int views,
                                            tsr_samples *s, tsr_error *err);
void cli_samples_free(tsr_samples *s);                  /* zeroed is fine */

#endif
