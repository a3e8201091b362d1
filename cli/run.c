/*
 * run.c - `tarsier run`: raw tensors in and out, for tests and for other languages.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include "cli/commands.h"
#include "cli/feed.h"
#include "cli/npy.h"
#include "cli/weights.h"

typedef struct {
    const char *model, *output_dir;
    cli_inputs inputs;
    int threads;
    bool f16;
} arguments;

static tsr_status store(const tsr_session *session, const char *dir, tsr_error *err)
{
    const tsr_tensor *t;
    for (int i = 0; (t = tsr_output(session, i)) != NULL; i++) {
        char name[32], shape[CLI_SHAPE_TEXT];
        snprintf(name, sizeof name, "output_%d.npy", i);
        char *path = cli_path_join(dir, name);
        if (!path)
            return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of output %d", i);
        const tsr_status s = cli_npy_write(path, t, err);
        if (s == TSR_OK) {
            printf("%s  %s %s  ", path, tsr_dtype_name(t->dtype), cli_shape_text(t, shape));
            cli_print_clean(stdout, t->name, 0);
            putchar('\n');
        }
        free(path);
        TSR_TRY(s);
    }
    return TSR_OK;
}

static tsr_status run_session(const arguments *a, tsr_session *session, tsr_error *err)
{
    TSR_TRY(cli_feed(&a->inputs, session, err));
    TSR_TRY(cli_make_dir(a->output_dir, err));
    tsr_run(session);
    return store(session, a->output_dir, err);
}

static tsr_status run_model(const arguments *a, tsr_error *err)
{
    cli_model m;
    cli_session s = { 0 };
    TSR_TRY(cli_model_open_with(a->model, &(tsr_options){ .f16 = a->f16 }, &m, err));
    tsr_status status = cli_session_open(m.model, a->threads, &s, err);
    if (status == TSR_OK)
        status = run_session(a, s.session, err);
    cli_session_close(&s);
    cli_model_close(&m);
    return status;
}

static int parse(int argc, char **argv, arguments *a)
{
    static const struct option options[] = {
        { "input", required_argument, NULL, 'i' },
        { "output-dir", required_argument, NULL, 'o' },
        { "threads", required_argument, NULL, 't' },
        { "f16", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = cli_option(argc, argv, "i:o:t:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        bool good = true;
        if (c == 'i')
            good = cli_inputs_add(&a->inputs, argv[0], optarg);
        else if (c == 'o')
            a->output_dir = optarg;
        else if (c == 'h')
            a->f16 = true;
        else
            good = cli_parse_int(argv[0], "--threads", optarg, 1, 64, &a->threads);
        if (!good)
            return CLI_USAGE;
    }
    if (!cli_one_model(argc, argv, &a->model))
        return CLI_USAGE;
    if (!a->output_dir)
        return cli_usage(argv[0], "--output-dir is missing");
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    arguments a = { .threads = 1 };
    const int status = parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    return cli_done(argv[0], run_model(&a, &err), &err);
}

const cli_command cli_run = {
    .name = "run",
    .summary = "run a model on raw tensors: NumPy .npy files in and out",
    .run = run,
    .help =
"usage: tarsier run MODEL --input X.npy [--input Y.npy...] --output-dir DIR\n"
"                   [--threads N] [--f16]\n"
"\n"
"Feed tensors as they are, without resizing or scaling, and write every output to\n"
"DIR/output_0.npy, output_1.npy ... in the order of the graph, in the type the\n"
"model has.  DIR is made when it is missing.\n"
"\n"
"MODEL is a file, or a name that 'tarsier models' lists.  Each input must have the\n"
"type and shape that 'tarsier info MODEL' shows; a leading axis of 1 may be missing.\n"
"\n"
"  -i, --input FILE       a .npy file; once for each input, in the graph's order\n"
"  -o, --output-dir DIR   where the results go\n"
"  -t, --threads N        worker threads, 1 to 64 (default 1); results do not depend on it\n"
"      --f16              calculate in 16-bit floats: half the memory, 3 digits; fast\n"
"                         where the CPU has such arithmetic (64-bit Arm from ARMv8.2 on)\n"
"\n"
"example:\n"
"  tarsier run hourglass --input picture.npy --output-dir result\n"
"  python3 -c \"import numpy; print(numpy.load('result/output_0.npy').shape)\"\n",
};
