/*
 * diff_guess.h - between the files that guess why two tensors differ.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DIFF_GUESS_H
#define CLI_DIFF_GUESS_H

#include "cli/diff/diff_again.h"

typedef struct {
    const diff_side *a, *b;
    const diff_pair *p;
    double limit;               /* distance below which a guess explains B */
    char *text;
} diff_detective;

/* diff_again.c: is the layer, computed again with this change, what B has? */
bool diff_explains(const diff_detective *d, const diff_variant *v);

/* diff_picture.c: each tries one guess at a layer that sees the picture, and says so in
 * d->text if that is it. */
bool diff_colour_order(const diff_detective *d, const diff_variant *as_is);
bool diff_scale_and_mean(const diff_detective *d, const diff_variant *as_is);

#endif
