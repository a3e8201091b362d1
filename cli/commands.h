/* commands.h - every command of the program; main.c puts them in order.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const cli_command cli_pose, cli_segment, cli_classify, cli_faces, cli_gesture;
extern const cli_command cli_hands, cli_detect;
extern const cli_command cli_run, cli_info, cli_bench, cli_models;
extern const cli_command cli_convert, cli_diff, cli_dump;

#endif
