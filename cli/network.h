/*
 * network.h - a network that looks at pictures: weights, session, preprocessing.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/weights.h"
#include "models/vision.h"

/* What the user says about a network's input; the rest is as the catalogue knows it,
 * or as usual.  Mean or scale: integer inputs get that number in their own scale. */
typedef struct {
    bool bgr, has_fit, has_mean, has_scale;
    tsr_fit fit;
    float mean[3], scale[3];
} cli_network_hint;

typedef struct {
    cli_model model;
    cli_session session;
    const char *name;           /* the catalogue's, else the file's */
    tsr_preprocess how;
    void *work;
    size_t work_bytes;
    double ms;                  /* of the last inference */
    int width, height;          /* of its map, enlarged; see cli_network_grid */
} cli_network;

/* Open a model for a task.  Refused: one that the catalogue has for another task, and
 * one whose input is no picture. */
TSR_MUST_USE tsr_status cli_network_open(const char *name, tsr_task task, int threads,
                                         const cli_network_hint *hint, cli_network *n,
                                         tsr_error *err);
/* The same for a classifier, cut where it pools: its output is the embedding. */
TSR_MUST_USE tsr_status cli_network_open_embedding(const char *name, int threads,
                                                   const cli_network_hint *hint, cli_network *n,
                                                   tsr_error *err);
/* The same for one that gives maps: enlarging them is left out where it can be done
 * while they are drawn (tsr_options.before_enlarging). */
TSR_MUST_USE tsr_status cli_network_open_maps(const char *name, tsr_task task, int threads,
                                              const cli_network_hint *hint, cli_network *n,
                                              tsr_error *err);
/* From the cells of output 0, a map, to the picture. */
tsr_affine cli_network_grid(const cli_network *n, const tsr_affine *to_picture);
void cli_network_close(cli_network *n);         /* zeroed is fine */

/* Fit the picture into the input, and run. */
TSR_MUST_USE tsr_status cli_network_run(cli_network *n, const tsr_image *picture,
                                        tsr_affine *to_picture, tsr_error *err);

/* At least `bytes` of work space, kept from picture to picture. */
TSR_MUST_USE tsr_status cli_network_work(cli_network *n, size_t bytes, tsr_error *err);

/* Of several names, ended by NULL: the first whose weights are here, else the first. */
const char *cli_network_pick(const char *const *names);

/* Milliseconds of a clock that only runs forward. */
double cli_clock_ms(void);

#endif
