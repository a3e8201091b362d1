/*
 * dump.c - `tarsier dump`: every intermediate tensor of one run.
 *
 * The model is loaded as it stands in the file: nothing is fused, and each
 * value keeps memory of its own.  index.json tells which file is what.
 * SPDX-License-Identifier: MIT
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/feed.h"
#include "cli/npy.h"
#include "cli/weights.h"
#include "engine/session.h"

typedef struct {
    const char *model, *output_dir;
    cli_inputs inputs;
} arguments;

static cJSON *entry(const tsr_session *s, const tsr_tensor *t, const char *file, int node)
{
    const tsr_graph *g = &s->model->graph;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "file", file);
    cJSON_AddStringToObject(o, "name", t->name);
    cJSON_AddStringToObject(o, "dtype", tsr_dtype_name(t->dtype));
    cJSON *shape = cJSON_AddArrayToObject(o, "shape");
    for (int i = 0; i < t->rank; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber(t->dim[i]));
    cJSON_AddNumberToObject(o, "node", node);
    cJSON_AddStringToObject(o, "operator", node < 0 ? "input" : g->ops[g->nodes[node].kind]->name);
    if (t->quant.scale != 0) {
        cJSON_AddNumberToObject(o, "scale", (double)t->quant.scale);
        cJSON_AddNumberToObject(o, "zero_point", t->quant.zero_point);
    }
    return o;
}

/* One tensor as DIR/0042.npy; `list` gets its entry. */
static tsr_status store(const arguments *a, const tsr_session *s, int value, int node,
                        cJSON *list, tsr_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "%04d.npy", cJSON_GetArraySize(list));
    char *path = cli_path_join(a->output_dir, name);
    if (!path)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a file name");
    const tsr_status status = cli_npy_write(path, tsr_session_value(s, value), err);
    cJSON_AddItemToArray(list, entry(s, tsr_session_value(s, value), name, node));
    free(path);
    return status;
}

static tsr_status store_index(const arguments *a, const cJSON *list, tsr_error *err)
{
    char *path = cli_path_join(a->output_dir, "index.json"), *text = cJSON_Print(list);
    tsr_status s = path && text ? cli_file_write(path, text, strlen(text), err)
                                : tsr_fail(err, TSR_NO_MEMORY, "no memory left for the index");
    free(path);
    cJSON_free(text);
    return s;
}

static tsr_status store_all(const arguments *a, const tsr_session *s, cJSON *list, tsr_error *err)
{
    const tsr_graph *g = &s->model->graph;
    for (int i = 0; i < g->input_count; i++)
        TSR_TRY(store(a, s, g->inputs[i], -1, list, err));
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].out_count; k++)
            TSR_TRY(store(a, s, g->nodes[i].out[k], i, list, err));
    TSR_TRY(store_index(a, list, err));
    printf("%d tensors and index.json in %s\n", cJSON_GetArraySize(list), a->output_dir);
    return TSR_OK;
}

static tsr_status dump(const arguments *a, tsr_error *err)
{
    cli_model m;
    cli_session s = { 0 };
    TSR_TRY(cli_model_open_whole(a->model, &m, err));
    tsr_status status = cli_session_open(m.model, 1, &s, err);
    if (status == TSR_OK)
        status = cli_feed(&a->inputs, s.session, err);
    if (status == TSR_OK)
        status = cli_make_dir(a->output_dir, err);
    if (status == TSR_OK) {
        cJSON *list = cJSON_CreateArray();
        tsr_run(s.session);
        status = store_all(a, s.session, list, err);
        cJSON_Delete(list);
    }
    cli_session_close(&s);
    cli_model_close(&m);
    return status;
}

static int parse(int argc, char **argv, arguments *a)
{
    static const struct option options[] = {
        { "input", required_argument, NULL, 'i' },
        { "output-dir", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = cli_option(argc, argv, "i:o:", options)) != -1;) {
        if (c == '?' || (c == 'i' && !cli_inputs_add(&a->inputs, argv[0], optarg)))
            return CLI_USAGE;
        if (c == 'o')
            a->output_dir = optarg;
    }
    if (!cli_one_model(argc, argv, &a->model))
        return CLI_USAGE;
    if (!a->output_dir)
        return cli_usage(argv[0], "--output-dir is missing");
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    arguments a = { 0 };
    const int status = parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    return cli_done(argv[0], dump(&a, &err), &err);
}

const cli_command cli_dump = {
    .name = "dump",
    .summary = "every intermediate tensor of one run, as .npy files with an index",
    .run = run,
    .help =
"usage: tarsier dump MODEL --input X.npy [--input Y.npy...] --output-dir DIR\n"
"\n"
"Run the model as it stands in its file, with nothing fused or folded away, and\n"
"write its inputs and the result of every operator to DIR/0000.npy, 0001.npy ... in\n"
"order of execution.  DIR/index.json lists file, name, operator, type and shape.\n"
"Pictures are N,H,W,C, whatever the file's own order.\n"
"\n"
"  -i, --input FILE       a .npy file; once for each input, in the graph's order\n"
"  -o, --output-dir DIR   where the tensors go; made when it is missing\n"
"\n"
"example:\n"
"  tarsier dump hourglass --input picture.npy --output-dir layers\n"
"  tarsier diff other.onnx --against layers --input picture.npy\n",
};
