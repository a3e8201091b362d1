/*
 * main.c - the `tarsier` program: finds the command and hands over.
 *
 * To add a command: write its file with one `const cli_command cli_NAME`,
 * declare it in commands.h and name it in the table below.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/shapes.h"
#include "engine/tsr.h"

/* In the order in which --help lists them. */
static const cli_command *const commands[] = {
    &cli_pose,
    &cli_segment,
    &cli_classify,
    &cli_faces,
    &cli_hands,
    &cli_detect,
    &cli_gesture,
    &cli_run,
    &cli_info,
    &cli_bench,
    &cli_convert,
    &cli_diff,
    &cli_dump,
    &cli_models,
    NULL
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands - 1 };

static void print_help(void)
{
    const char *bold = cli_style(stdout, CLI_BOLD), *plain = cli_style(stdout, CLI_PLAIN);
    printf("%starsier%s - trained vision networks in plain C: keypoints, masks, labels\n\n"
           "%susage:%s tarsier COMMAND [ARGUMENT...]\n\n%scommands:%s\n",
           bold, plain, bold, plain, bold, plain);
    for (int i = 0; i < COMMAND_COUNT; i++)
        printf("  %s%-10s%s%s\n", bold, commands[i]->name, plain, commands[i]->summary);
    printf("\n'tarsier COMMAND --help' tells more, with examples; 'tarsier --version' "
           "the version.\n"
           "Every command that takes a model: --shape INPUT=1x3x224x224 for an input whose\n"
           "file leaves its shape open (a batch is 1).\n"
           "Exit status: 0 all done, 1 some input failed, 2 wrong usage.\n"
           "Environment: TARSIER_MODELS (directories with weights, separated by ':'),\n"
           "             TSR_CPU (c, avx2, avx512, neon, neonf16, neon32: no more than that),\n"
           "             NO_COLOR.\n");
}

static const cli_command *find(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(name, commands[i]->name))
            return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[COMMAND_COUNT + 1] = { NULL };
    for (int i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    const char *near = cli_nearest(name, names, COMMAND_COUNT);
    const char *what = name[0] == '-' ? "option" : "command";
    if (near)
        return cli_usage(NULL, "no such %s: '%s'; did you mean '%s'?", what, name, near);
    return cli_usage(NULL, "no such %s: '%s'", what, name);
}

/* --help counts wherever it stands, so nobody has to unlearn a half-typed line. */
static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return false;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return cli_usage(NULL, "which command?");
    const char *name = argv[1];
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        printf("tarsier %s\n", TSR_VERSION);
        return CLI_OK;
    }
    const bool help_word = !strcmp(name, "help");
    if (help_word && argc > 2)
        name = argv[2];                         /* tarsier help info */
    else if (help_word || !strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_help();
        return CLI_OK;
    }
    const cli_command *c = find(name);
    if (!c)
        return unknown(name);
    if (help_word || wants_help(argc - 1, argv + 1)) {
        fputs(c->help, stdout);
        fputs(c->more_help ? c->more_help : "", stdout);
        return CLI_OK;
    }
    argc--, argv++;
    if (!cli_shapes_take(&argc, argv))
        return CLI_USAGE;
    return c->run(argc, argv);
}

int main(int argc, char **argv)
{
    const int status = dispatch(argc, argv);

    /* Output that did not reach the disk is a failure, whatever the command thinks. */
    errno = 0;
    if ((fflush(stdout) || ferror(stdout)) && status != CLI_USAGE)
        return cli_fail(NULL, "cannot write to standard output: %s",
                        errno ? strerror(errno) : "write error");
    return status;
}
