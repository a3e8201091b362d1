/*
 * class_names.h - what class numbers are called: by the user's own file, by the
 * catalogue, or just "class 7".          SPDX-License-Identifier: MIT
 */
#ifndef CLI_CLASS_NAMES_H
#define CLI_CLASS_NAMES_H

#include "models/catalogue.h"

typedef struct {
    tsr_label_set set;
    char *text;                 /* a file's lines, ended by NUL each; NULL: none */
    int count;
    char **line;
} cli_class_names;

/* `path` NULL: no file. */
TSR_MUST_USE tsr_status cli_class_names_open(cli_class_names *n, const char *path,
                                             tsr_label_set set, tsr_error *err);
void cli_class_names_close(cli_class_names *n);         /* zeroed is fine */

/* In `text` when there is no better name. */
enum { CLI_CLASS_TEXT = 24 };
const char *cli_class_name(const cli_class_names *n, int index, char text[CLI_CLASS_TEXT]);

#endif
