/* picture_options.h - the command line of the picture commands.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PICTURE_OPTIONS_H
#define CLI_PICTURE_OPTIONS_H

#include "cli/pictures.h"

/* CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_picture_options_parse(const cli_task *task, int argc, char **argv,
                              cli_picture_options *o);

/* What may be said about a network of the user's own, for commands with a command line
 * of their own: options with these values, handed to cli_hint_option as they come. */
enum { CLI_BGR = 256, CLI_MEAN, CLI_SCALE, CLI_FIT };
#define CLI_HINT_OPTIONS \
    { "bgr", no_argument, NULL, CLI_BGR }, \
    { "mean", required_argument, NULL, CLI_MEAN }, \
    { "scale", required_argument, NULL, CLI_SCALE }, \
    { "fit", required_argument, NULL, CLI_FIT }
bool cli_hint_option(const char *command, int c, cli_network_hint *hint);

#endif
