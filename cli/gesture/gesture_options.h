/* gesture_options.h - the command line of `tarsier gesture train`.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_GESTURE_OPTIONS_H
#define CLI_GESTURE_OPTIONS_H

#include "cli/gesture/gesture_examples.h"

enum { CLI_GESTURE_CHANGES = 64 };

typedef struct {
    const char *dir, *output, *features, *old;
    bool softmax, json;
    bool method_given;
    int threads;
    cli_example_plan plan;
    tsr_training how;
    cli_network_hint hint;
    const char *add[CLI_GESTURE_CHANGES], *more[CLI_GESTURE_CHANGES];
    int add_count, more_count;
} cli_gesture_arguments;

/* CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_gesture_parse(int argc, char **argv, cli_gesture_arguments *a);

#endif
