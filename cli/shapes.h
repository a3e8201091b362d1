/*
 * shapes.h - `--shape INPUT=1x3x224x224`, for every command that loads a model.
 *
 * main.c takes these options out of the command line before the command sees
 * it; weights.c hands them to the loaders.       SPDX-License-Identifier: MIT
 */
#ifndef CLI_SHAPES_H
#define CLI_SHAPES_H

#include "engine/tsr.h"

/* Remove all --shape options; false after calling cli_usage. */
bool cli_shapes_take(int *argc, char **argv);

/* What was given. */
const tsr_shape_binding *cli_shapes(int *count);

#endif
