/*
 * command.c - messages, options, styles; see command.h.
 *
 * Whatever is said about an input may quote it: names of tensors, of files, of
 * operators.  All of it goes through cli_print_clean, so that a file cannot
 * move the cursor or change the title of the terminal it is shown on.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/command.h"

void cli_print_clean(FILE *to, const char *text, int width)
{
    int n = 0;
    for (; *text && (width == 0 || n < width); text++, n++)
        fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, to);
    for (; n < width; n++)
        fputc(' ', to);
}

void cli_print_name(FILE *to, const char *name, int width)
{
    const int length = (int)strlen(name);
    if (length > width) {
        fputs("...", to);
        name += length - width + 3;
    }
    cli_print_clean(to, name, 0);
}

/* The message is put together first and cleaned whole: it may quote a file.
 * What has been printed so far goes out before it, to keep the order when both
 * streams end in one place. */
static void say(const char *command, const char *fmt, va_list ap)
{
    fflush(stdout);
    fprintf(stderr, "%starsier:%s ", cli_style(stderr, CLI_RED), cli_style(stderr, CLI_PLAIN));
    if (command)
        fprintf(stderr, "%s: ", command);
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    cli_print_clean(stderr, text, 0);
    fputc('\n', stderr);
}

int cli_fail(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(command, fmt, ap);
    va_end(ap);
    return CLI_FAILED;
}

int cli_usage(const char *command, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(command, fmt, ap);
    va_end(ap);
    fprintf(stderr, "Try 'tarsier %s%s--help'.\n", command ? command : "", command ? " " : "");
    return CLI_USAGE;
}

int cli_done(const char *command, tsr_status s, const tsr_error *err)
{
    return s == TSR_OK ? CLI_OK : cli_fail(command, "%s", err->text);
}

int cli_option(int argc, char **argv, const char *letters, const struct option *options)
{
    /* A leading ':' makes getopt silent and lets it tell "unknown" ('?') from
     * "argument missing" (':'). */
    char quiet[64];
    snprintf(quiet, sizeof quiet, ":%s", letters);
    opterr = 0;

    const int c = getopt_long(argc, argv, quiet, options, NULL);
    if (c != '?' && c != ':')
        return c;

    /* optopt is the letter for short options; for long ones it is 0 or the
     * option's val, and the word itself is the last one that was read. */
    const char *word = argv[optind - 1];
    char letter[3] = { '-', (char)optopt, 0 };
    if (strncmp(word, "--", 2) && optopt > 0 && optopt < 128)
        word = letter;
    cli_usage(argv[0], c == ':' ? "option '%s' wants an argument" : "no such option: '%s'", word);
    return '?';
}

bool cli_one_model(int argc, char **argv, const char **model)
{
    if (optind + 1 != argc) {
        cli_usage(argv[0], optind == argc ? "which model?" : "one model at a time");
        return false;
    }
    *model = argv[optind];
    return true;
}

bool cli_parse_int(const char *command, const char *option, const char *text,
                   int lo, int hi, int *value)
{
    char *end;
    errno = 0;
    const long v = strtol(text, &end, 10);
    if (end == text || *end || errno || v < lo || v > hi) {
        cli_usage(command, "%s wants a whole number from %d to %d, not '%s'", option, lo, hi, text);
        return false;
    }
    *value = (int)v;
    return true;
}

const char *cli_style(FILE *to, cli_style_name style)
{
    static const char *const escape[] = {
        "\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m",
    };
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    if ((no && *no) || !term || !strcmp(term, "dumb") || !isatty(fileno(to)))
        return "";
    return escape[style];
}

/* Levenshtein distance over one row of the table: row[j] is the distance from
 * the part of `a` read so far to the first j letters of b. */
static int distance(const char *a, const char *b)
{
    enum { LONGEST = 31 };
    const int n = (int)strlen(b);
    int row[LONGEST + 1];
    if (n > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; *a; i++, a++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            const int replace = diagonal + (*a != b[j - 1]);
            const int insert = row[j - 1] + 1, drop = row[j] + 1;
            diagonal = row[j];
            row[j] = replace < insert ? replace : insert;
            row[j] = row[j] < drop ? row[j] : drop;
        }
    }
    return row[n];
}

const char *cli_nearest(const char *word, const char *const *words, int count)
{
    /* A third of the letters may be wrong, but never all of a short word. */
    const int length = (int)strlen(word);
    const char *best = NULL;
    int least = length / 3 + 2;
    for (int i = 0; i < count; i++) {
        const int d = distance(word, words[i]);
        if (d < least && d < length) {
            least = d;
            best = words[i];
        }
    }
    return best;
}
