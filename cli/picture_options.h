/* picture_options.h - the command line of the picture commands.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PICTURE_OPTIONS_H
#define CLI_PICTURE_OPTIONS_H

#include "cli/pictures.h"

/* CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_picture_options_parse(const cli_task *task, int argc, char **argv,
                              cli_picture_options *o);

#endif
