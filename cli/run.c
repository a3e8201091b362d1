/*
 * run.c - `tarsier run`: raw tensors in and out, for tests and for other languages.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/npy.h"
#include "cli/weights.h"

enum { MAX_INPUTS = 32 };

typedef struct {
    const char *model, *output_dir;
    const char *input[MAX_INPUTS];
    int input_count, threads;
} arguments;

/* Same axes; a leading axis of 1 may be missing on either side. */
static bool same_shape(const tsr_tensor *a, const tsr_tensor *b)
{
    const int skip_a = a->rank == b->rank + 1 && a->dim[0] == 1;
    const int skip_b = b->rank == a->rank + 1 && b->dim[0] == 1;
    if (a->rank - skip_a != b->rank - skip_b)
        return false;
    for (int i = 0; i < a->rank - skip_a; i++)
        if (a->dim[i + skip_a] != b->dim[i + skip_b])
            return false;
    return true;
}

/* Read input `index` into the session. */
static tsr_status feed(const char *path, int index, tsr_tensor *want, tsr_error *err)
{
    cli_file f;
    tsr_tensor have;
    tsr_error inner = { 0 };
    TSR_TRY(cli_file_open(path, &f, err));
    tsr_status s = cli_npy_parse(f.bytes, f.size, &have, &inner);
    char text_want[CLI_SHAPE_TEXT], text_have[CLI_SHAPE_TEXT];
    if (s != TSR_OK)
        tsr_fail(err, s, "'%s': %s", path, inner.text);
    else if (have.dtype != want->dtype || !same_shape(&have, want))
        s = tsr_fail(err, TSR_BAD_ARGUMENT, "input %d '%s' wants %s %s, but '%s' has %s %s", index,
                     want->name, tsr_dtype_name(want->dtype), cli_shape_text(want, text_want),
                     path, tsr_dtype_name(have.dtype), cli_shape_text(&have, text_have));
    else
        memcpy(want->data, have.data, tsr_bytes(want));
    cli_file_close(&f);
    return s;
}

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
    int wanted = 0;
    while (tsr_input(session, wanted))
        wanted++;
    if (wanted != a->input_count)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the model has %d input%s, but %d --input %s given",
                        wanted, wanted == 1 ? "" : "s", a->input_count,
                        a->input_count == 1 ? "was" : "were");
    for (int i = 0; i < wanted; i++)
        TSR_TRY(feed(a->input[i], i, tsr_input(session, i), err));
    TSR_TRY(cli_make_dir(a->output_dir, err));
    tsr_run(session);
    return store(session, a->output_dir, err);
}

static tsr_status run_model(const arguments *a, tsr_error *err)
{
    cli_model m;
    cli_session s = { 0 };
    TSR_TRY(cli_model_open(a->model, &m, err));
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
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = cli_option(argc, argv, "i:o:t:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        if (c == 'i' && a->input_count == MAX_INPUTS)
            return cli_usage(argv[0], "at most %d inputs", MAX_INPUTS);
        if (c == 'i')
            a->input[a->input_count++] = optarg;
        else if (c == 'o')
            a->output_dir = optarg;
        else if (!cli_parse_int(argv[0], "--threads", optarg, 1, 64, &a->threads))
            return CLI_USAGE;
    }
    if (optind + 1 != argc)
        return cli_usage(argv[0], optind == argc ? "which model?" : "one model at a time");
    if (!a->output_dir)
        return cli_usage(argv[0], "--output-dir is missing");
    a->model = argv[optind];
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    arguments a = { .threads = 1 };
    const int status = parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    if (run_model(&a, &err) != TSR_OK)
        return cli_fail(argv[0], "%s", err.text);
    return CLI_OK;
}

const cli_command cli_run = {
    .name = "run",
    .summary = "run a model on raw tensors: NumPy .npy files in and out",
    .run = run,
    .help =
"usage: tarsier run MODEL --input X.npy [--input Y.npy...] --output-dir DIR\n"
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
"\n"
"example:\n"
"  tarsier run hourglass --input picture.npy --output-dir result\n"
"  python3 -c \"import numpy; print(numpy.load('result/output_0.npy').shape)\"\n",
};
