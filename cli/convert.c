/*
 * convert.c - `tarsier convert`: a model in another file format.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "cli/commands.h"
#include "cli/weights.h"
#include "engine/cpu.h"
#include "loaders/onnx_export.h"
#include "loaders/tsr_file.h"

typedef struct {
    const char *model, *output;
    bool f16, embedding;
    const char *pack;           /* a CPU level; NULL: none */
} arguments;

static bool write_bytes(void *ctx, const void *bytes, size_t n)
{
    return n == 0 || fwrite(bytes, 1, n, ctx) == n;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t n = strlen(path), e = strlen(ending);
    return n > e && !strcmp(path + n - e, ending);
}

static tsr_status write_model(const arguments *a, const tsr_model *m, FILE *to, tsr_error *err)
{
    if (ends_in(a->output, ".onnx"))
        return tsr_onnx_export(m, &(tsr_onnx_sink){ write_bytes, to }, err);
    return tsr_file_save(m, &(tsr_file_sink){ a->f16, write_bytes, to, a->pack != NULL }, err);
}

static tsr_status convert(const arguments *a, tsr_error *err)
{
    cli_model m;
    cli_writer w = { 0 };
    /* Chains are made anew wherever the file is loaded; no format has them. */
    const tsr_options options = { .output = a->embedding ? "" : NULL, .fuse = TSR_FUSE_NEVER };
    TSR_TRY(cli_model_open_with(a->model, &options, &m, err));
    tsr_status s = cli_writer_open(a->output, &w, err);
    if (s == TSR_OK) {
        tsr_error inner = { 0 };
        s = write_model(a, m.model, w.stream, &inner);
        if (s == TSR_OK || ferror(w.stream)) {
            s = cli_writer_commit(&w, err);     /* knows why the writing failed */
        } else {
            cli_writer_abort(&w);
            s = tsr_fail(err, s, "'%s': %s", m.path, inner.text);
        }
    }
    cli_model_close(&m);
    return s;
}

static int parse(int argc, char **argv, arguments *a)
{
    static const struct option options[] = {
        { "output", required_argument, NULL, 'o' },
        { "f16", no_argument, NULL, 'h' },
        { "embedding", no_argument, NULL, 'e' },
        { "pack", required_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = cli_option(argc, argv, "o:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        if (c == 'o')
            a->output = optarg;
        else if (c == 'e')
            a->embedding = true;
        else if (c == 'p')
            a->pack = optarg;
        else
            a->f16 = true;
    }
    if (!cli_one_model(argc, argv, &a->model))
        return CLI_USAGE;
    if (!a->output || (!ends_in(a->output, ".tsr") && !ends_in(a->output, ".onnx")))
        return cli_usage(argv[0], "-o wants a file that ends in .tsr or .onnx");
    if (a->f16 && !ends_in(a->output, ".tsr"))
        return cli_usage(argv[0], "--f16 is for .tsr files only");
    if (a->pack && !ends_in(a->output, ".tsr"))
        return cli_usage(argv[0], "--pack is for .tsr files only");
    if (a->pack && a->f16)
        return cli_usage(argv[0], "--f16 saves room, --pack spends it: one of them");
    if (a->pack && !tsr_cpu_limit(a->pack))
        return cli_usage(argv[0], "--pack %s: this machine runs up to %s of c, avx2, avx512, neon, "
                         "neon32", a->pack, tsr_cpu_level());
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    arguments a = { 0 };
    const int status = parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    return cli_done(argv[0], convert(&a, &err), &err);
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "write a model as .tsr (ours: flat, used in place) or .onnx",
    .run = run,
    .help =
"usage: tarsier convert MODEL -o MODEL.tsr [--f16 | --pack LEVEL]\n"
"       tarsier convert MODEL -o MODEL.onnx\n"
"\n"
"MODEL is any file that the other commands read, or a name that 'tarsier models'\n"
"lists.  The ending of the output says what it becomes:\n"
"\n"
"  .tsr    the optimised graph and its weights, aligned so that a program or a\n"
"          microcontroller uses them where they lie; gives the same bits as MODEL\n"
"  .onnx   for other engines and tools (opset 14); float models only\n"
"\n"
"  -o, --output FILE   where to; an existing file is replaced when all is written\n"
"      --f16           .tsr: store float filters in 16 bits; they are widened on load\n"
"      --pack LEVEL  .tsr: float filters also as the kernels of that CPU level (c, avx2,\n"
"                      avx512, neon, neon32) want them, so that a session opens without\n"
"                      copying them: a larger file that starts faster and takes less memory.\n"
"                      Other CPUs run it, too, and pack as ever.  To be written on a\n"
"                      machine that has the level\n"
"      --embedding     a classifier without its last layers: the features that a head\n"
"                      of 'tarsier gesture train' runs on\n"
"\n"
"examples:\n"
"  tarsier convert hourglass -o hourglass.tsr\n"
"  tarsier convert deeplab -o deeplab.onnx\n",
};
