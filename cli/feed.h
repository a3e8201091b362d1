/*
 * feed.h - .npy files into the inputs of a session.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include "engine/tsr.h"

enum { CLI_MAX_INPUTS = 32 };

/* The `--input` options of a command line, in their order. */
typedef struct {
    const char *path[CLI_MAX_INPUTS];
    int count;
} cli_inputs;

/* Another --input; false after calling cli_usage. */
bool cli_inputs_add(cli_inputs *in, const char *command, const char *path);

/* Read them all.  Each must have its input's type and shape; a leading axis of
 * 1 may be missing. */
TSR_MUST_USE tsr_status cli_feed(const cli_inputs *in, tsr_session *session, tsr_error *err);

#endif
