/*
 * command.h - what a command of the `tarsier` program is, and what all of them
 * share: exit statuses, messages, options, styles.
 *
 * A command is one constant in its own file, named in the table in main.c.
 * Results go to standard output, everything else to standard error as one line
 *     tarsier: COMMAND: sentence
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include "engine/status.h"

enum {
    CLI_OK     = 0,
    CLI_FAILED = 1,             /* some input failed; the others were done */
    CLI_USAGE  = 2,             /* the command line makes no sense         */
};

typedef struct {
    const char *name;
    const char *summary;        /* one line for `tarsier --help`, no full stop */
    const char *help;           /* `tarsier NAME --help`: usage, options, examples */
    const char *more_help;      /* printed after that; NULL: nothing */
    int (*run)(int argc, char **argv);  /* argv[0] is the command's name; gives CLI_... */
} cli_command;

/* One line on standard error; `command` may be NULL.  Returns CLI_FAILED. */
int cli_fail(const char *command, const char *fmt, ...) TSR_PRINTF(2, 3);

/* The same, with a hint where the help is.  Returns CLI_USAGE. */
int cli_usage(const char *command, const char *fmt, ...) TSR_PRINTF(2, 3);

/* The end of a command: CLI_OK, or what cli_fail returns after it has told the error. */
int cli_done(const char *command, tsr_status s, const tsr_error *err);

/* getopt_long that reports mistakes in the house's words: gives the option's
 * `val`, -1 at the end of the options, or '?' after it has called cli_usage.
 * `letters` is a getopt string without a leading ':'.  --help never gets here. */
int cli_option(int argc, char **argv, const char *letters, const struct option *options);

/* The only argument behind the options, or false after calling cli_usage. */
bool cli_one_model(int argc, char **argv, const char **model);

/* A whole number in lo..hi, or false after calling cli_usage. */
bool cli_parse_int(const char *command, const char *option, const char *text,
                   int lo, int hi, int *value);

/* Text that may come from a file's inside: control characters, which could
 * play tricks on a terminal, become '?'.  width > 0: cut or padded to it. */
void cli_print_clean(FILE *to, const char *text, int width);

/* A tensor's name in a table: of long ones the end, which tells them apart. */
enum { CLI_NAME_WIDTH = 56 };
void cli_print_name(FILE *to, const char *name, int width);

/* Terminal styles: the escape sequence, or "" when `to` is not a terminal,
 * NO_COLOR is set or TERM is "dumb". */
typedef enum { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW } cli_style_name;
const char *cli_style(FILE *to, cli_style_name style);

/* The nearest of `count` words, or NULL when none is close enough to be meant. */
const char *cli_nearest(const char *word, const char *const *words, int count);

#endif
