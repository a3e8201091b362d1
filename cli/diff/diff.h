/*
 * diff.h - where two runs part: the pieces of `tarsier diff`.
 *
 *     diff_side.c    what one side has: all tensors of a run, or a folder of .npy
 *     diff_match.c   which tensors of the two sides belong together
 *     diff_cause.c   why the first pair that differs may do so; diff_picture.c, if it is
 *                    the picture that goes in
 *     diff.c         the command and its table
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "cli/feed.h"
#include "cli/weights.h"
#include "engine/session.h"

/* One tensor of a side.  `node` is the model's node that made it; -1: an input,
 * or a tensor from a folder. */
typedef struct {
    const tsr_tensor *t;
    int node;
    const char *op;             /* "conv2d", "input", or "" when unknown */
} diff_item;

typedef struct {
    diff_item *item;
    int count;
    const char *label;          /* the path the user gave */
    cli_model model;            /* model.model NULL: a folder */
    cli_session session;
    tsr_tensor *tensors;        /* a folder's; names are its own */
    cli_file *files;
    int file_count;
} diff_side;

/* Run the model with everything kept. */
TSR_MUST_USE tsr_status diff_side_run(diff_side *s, const char *model, const cli_inputs *in,
                                      tsr_error *err);
/* All .npy files of a folder, named and ordered by its index.json if it has
 * one (`tarsier dump` writes it), else by file name. */
TSR_MUST_USE tsr_status diff_side_read(diff_side *s, const char *dir, tsr_error *err);
void diff_side_close(diff_side *s);

typedef struct {
    int a, b;                   /* items */
    bool nchw;                  /* b has the same picture as N,C,H,W */
    double max_error, mean_error, cosine;
    double range;               /* max |b| */
} diff_pair;

/* Element i of t as a real number (dequantised), i counted in t's own order. */
double diff_real(const tsr_tensor *t, size_t i);

/* Fill pairs (room for min(a, b) of them) in order of a; returns how many. */
int diff_match(const diff_side *a, const diff_side *b, diff_pair *pairs);

/* Errors of a against b. */
void diff_measure(const tsr_tensor *a, const tsr_tensor *b, diff_pair *p);

/* A sentence about why pair p differs, or "" when nothing fits. */
enum { DIFF_CAUSE_TEXT = 240 };
void diff_cause(const diff_side *a, const diff_side *b, const diff_pair *p,
                char text[DIFF_CAUSE_TEXT]);

#endif
