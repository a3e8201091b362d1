/*
 * info.c - `tarsier info`: what a model is made of and what a session of it costs.
 *
 * Everything is shown as it will run, after the optimise passes; how many
 * nodes the file had is found by loading it a second time without them.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/npy.h"
#include "cli/stats.h"
#include "cli/weights.h"
#include "engine/cpu.h"
#include "loaders/load.h"

typedef struct {
    const char *model;
    bool json, layers;
    int threads;
    tsr_fuse fuse;
} arguments;

typedef struct {                /* what is shown */
    const arguments *a;
    const cli_model *m;
    const tsr_graph *g;
    tsr_session_memory memory;
    tsr_session_memory by_layer;    /* the same without chains; total 0: there are none */
    int file_nodes;             /* before optimisation; 0: not known */
    uint64_t macs, params;
} report;

static const char *kind_name(const tsr_graph *g, tsr_op_kind kind) { return g->ops[kind]->name; }

/* ---- for people ------------------------------------------------------------------ */

static void print_title(const char *text)
{
    printf("\n%s%s%s\n", cli_style(stdout, CLI_BOLD), text, cli_style(stdout, CLI_PLAIN));
}

static void print_tensor(int index, const tsr_tensor *t)
{
    char shape[CLI_SHAPE_TEXT];
    printf("  %d  %-4s %-20s ", index, tsr_dtype_name(t->dtype), cli_shape_text(t, shape));
    cli_print_clean(stdout, t->name, 0);
    if (t->quant.scale != 0)
        printf("  (scale %.9g, zero point %d)", (double)t->quant.scale, t->quant.zero_point);
    putchar('\n');
}

static void print_file(const report *r)
{
    char number[CLI_NUMBER_TEXT];
    const tsr_catalogue_entry *e = r->m->entry;
    printf("%s%s%s\n", cli_style(stdout, CLI_BOLD), r->m->path, cli_style(stdout, CLI_PLAIN));
    printf("  %s, %s bytes", tsr_model_format(r->m->file.bytes, r->m->file.size),
           cli_number(r->m->file.size, number));
    if (e)
        printf("; known as '%s': %s (%s)", e->name, e->summary, e->licence);
    putchar('\n');
}

/* Where the work and the weights are: most MACs first. */
static void print_kinds(const report *r)
{
    cli_kind_stats rows[TSR_OP_COUNT];
    const int count = cli_stats_by_kind(r->g, NULL, rows);
    char macs[CLI_NUMBER_TEXT], params[CLI_NUMBER_TEXT];
    print_title("operators");
    printf("  %-22s %5s %15s %6s %13s\n", "kind", "count", "MACs", "share", "parameters");
    for (int i = 0; i < count; i++) {
        const double share = r->macs ? 100.0 * (double)rows[i].macs / (double)r->macs : 0;
        printf("  %-22s %5d %15s %5.1f%% %13s\n", kind_name(r->g, rows[i].kind), rows[i].count,
               cli_number(rows[i].macs, macs), share, cli_number(rows[i].params, params));
    }
    printf("  %-22s %5d %15s %6s %13s\n", "total", r->g->node_count, cli_number(r->macs, macs), "",
           cli_number(r->params, params));
    if (r->file_nodes > r->g->node_count)
        printf("  %d nodes as read; %d of them were folded or fused away\n", r->file_nodes,
               r->file_nodes - r->g->node_count);
}

/* What a chain runs, each a few rows at a time. */
static void print_parts(const report *r, const tsr_chain_attr *chain)
{
    char shape[CLI_SHAPE_TEXT];
    for (int k = 0; k < chain->count; k++) {
        const tsr_node *part = &chain->parts[k];
        const tsr_tensor *out = tsr_graph_tensor(r->g, part->out[0]);
        printf("  %4s    %-20s %-4s %-20s %13s %11s  ", "", kind_name(r->g, part->kind),
               tsr_dtype_name(out->dtype), cli_shape_text(out, shape), "", "");
        cli_print_name(stdout, part->name, CLI_NAME_WIDTH);
        putchar('\n');
    }
}

static void print_layers(const report *r)
{
    char shape[CLI_SHAPE_TEXT], macs[CLI_NUMBER_TEXT], params[CLI_NUMBER_TEXT];
    print_title("layers");
    printf("  %4s  %-22s %-4s %-20s %13s %11s  %s\n", "#", "operator", "type", "output", "MACs",
           "parameters", "name");
    for (int i = 0; i < r->g->node_count; i++) {
        const tsr_node *n = &r->g->nodes[i];
        const tsr_tensor *out = tsr_graph_tensor(r->g, n->out[0]);
        printf("  %4d  %-22s %-4s %-20s %13s %11s  ", i, kind_name(r->g, n->kind),
               tsr_dtype_name(out->dtype), cli_shape_text(out, shape),
               cli_number(tsr_node_macs(r->g, n), macs),
               cli_number(cli_node_params(r->g, n), params));
        cli_print_name(stdout, n->name, CLI_NAME_WIDTH);
        putchar('\n');
        if (n->kind == TSR_OP_CHAIN)
            print_parts(r, &n->attr.chain);
    }
}

static void print_memory_row(const char *what, size_t bytes, const char *note)
{
    char number[CLI_NUMBER_TEXT];
    printf("  %-16s %13s bytes%s\n", what, cli_number(bytes, number), note);
}

/* The parts add up to the total, which is what tsr_session_bytes answers. */
static void print_memory(const report *r)
{
    const tsr_session_memory *m = &r->memory;
    char note[96], number[CLI_NUMBER_TEXT];
    print_title("memory of a session");
    snprintf(note, sizeof note, "   (most alive at one moment: %s)",
             cli_number(m->live_bound, number));
    print_memory_row("activations", m->activations, note);
    print_memory_row("packed weights", m->packed, "");
    print_memory_row("scratch", m->scratch, "");
    print_memory_row("bookkeeping", m->bookkeeping, "");
    snprintf(note, sizeof note, "   for %d thread%s, CPU level %s", r->a->threads,
             r->a->threads == 1 ? "" : "s", tsr_cpu_level());
    print_memory_row("total", m->total, note);
    if (r->by_layer.total) {
        char scratch[CLI_NUMBER_TEXT];
        printf("  Without chains: activations %s, scratch %s bytes.\n",
               cli_number(r->by_layer.activations, number),
               cli_number(r->by_layer.scratch, scratch));
    }
}

static void print_report(const report *r)
{
    const tsr_tensor *t;
    print_file(r);
    print_title("inputs");
    for (int i = 0; (t = tsr_model_input(r->m->model, i)) != NULL; i++)
        print_tensor(i, t);
    print_title("outputs");
    for (int i = 0; (t = tsr_model_output(r->m->model, i)) != NULL; i++)
        print_tensor(i, t);
    print_kinds(r);
    if (r->a->layers)
        print_layers(r);
    print_memory(r);
}

/* ---- for programs ----------------------------------------------------------------- */

static cJSON *json_kinds(const report *r)
{
    cli_kind_stats rows[TSR_OP_COUNT];
    const int count = cli_stats_by_kind(r->g, NULL, rows);
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "kind", kind_name(r->g, rows[i].kind));
        cJSON_AddNumberToObject(o, "count", rows[i].count);
        cJSON_AddNumberToObject(o, "macs", (double)rows[i].macs);
        cJSON_AddNumberToObject(o, "parameters", (double)rows[i].params);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static cJSON *json_layers(const report *r)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < r->g->node_count; i++) {
        const tsr_node *n = &r->g->nodes[i];
        cJSON *o = cli_json_tensor(tsr_graph_tensor(r->g, n->out[0]));
        cJSON_AddNumberToObject(o, "index", i);
        cJSON_AddStringToObject(o, "operator", kind_name(r->g, n->kind));
        cJSON_AddNumberToObject(o, "macs", (double)tsr_node_macs(r->g, n));
        cJSON_AddNumberToObject(o, "parameters", (double)cli_node_params(r->g, n));
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

/* All inputs or all outputs, whichever `get` gives. */
static cJSON *json_tensors(const tsr_model *m,
                           const tsr_tensor *(*get)(const tsr_model *m, int index))
{
    cJSON *list = cJSON_CreateArray();
    const tsr_tensor *t;
    for (int i = 0; (t = get(m, i)) != NULL; i++)
        cJSON_AddItemToArray(list, cli_json_tensor(t));
    return list;
}

static cJSON *json_memory(const report *r, const tsr_session_memory *m)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "threads", r->a->threads);
    cJSON_AddNumberToObject(o, "total_bytes", (double)m->total);
    cJSON_AddNumberToObject(o, "activations_bytes", (double)m->activations);
    cJSON_AddNumberToObject(o, "live_bound_bytes", (double)m->live_bound);
    cJSON_AddNumberToObject(o, "packed_bytes", (double)m->packed);
    cJSON_AddNumberToObject(o, "scratch_bytes", (double)m->scratch);
    cJSON_AddNumberToObject(o, "bookkeeping_bytes", (double)m->bookkeeping);
    return o;
}

static cJSON *json_report(const report *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "file", r->m->path);
    cJSON_AddStringToObject(o, "format", tsr_model_format(r->m->file.bytes, r->m->file.size));
    cJSON_AddNumberToObject(o, "file_bytes", (double)r->m->file.size);
    if (r->m->entry)
        cJSON_AddStringToObject(o, "catalogue_name", r->m->entry->name);
    cJSON_AddItemToObject(o, "inputs", json_tensors(r->m->model, tsr_model_input));
    cJSON_AddItemToObject(o, "outputs", json_tensors(r->m->model, tsr_model_output));
    cJSON_AddNumberToObject(o, "nodes", r->g->node_count);
    if (r->file_nodes)
        cJSON_AddNumberToObject(o, "nodes_as_read", r->file_nodes);
    cJSON_AddNumberToObject(o, "macs", (double)r->macs);
    cJSON_AddNumberToObject(o, "parameters", (double)r->params);
    cJSON_AddItemToObject(o, "operators", json_kinds(r));
    if (r->a->layers)
        cJSON_AddItemToObject(o, "layers", json_layers(r));
    cJSON_AddItemToObject(o, "session_memory", json_memory(r, &r->memory));
    if (r->by_layer.total)
        cJSON_AddItemToObject(o, "session_memory_without_chains", json_memory(r, &r->by_layer));
    cJSON_AddStringToObject(o, "cpu", tsr_cpu_level());
    return o;
}

/* ---- the command ------------------------------------------------------------------ */

static int count_file_nodes(const cli_model *m)
{
    const tsr_options as_read = { .keep_all = true };
    tsr_model *model;
    if (cli_model_load(m, &as_read, &model, NULL) != TSR_OK)
        return 0;
    const int nodes = model->graph.node_count;
    tsr_model_free(model);
    return nodes;
}

/* What a session would take without chains, if there are any. */
static tsr_session_memory measure_by_layer(const cli_model *m, const arguments *a)
{
    const tsr_graph *g = &m->model->graph;
    tsr_session_memory memory = { 0 };
    int chains = 0;
    for (int i = 0; i < g->node_count; i++)
        chains += g->nodes[i].kind == TSR_OP_CHAIN;
    tsr_model *model;
    if (!chains || cli_model_load(m, &(tsr_options){ .fuse = TSR_FUSE_NEVER }, &model, NULL))
        return memory;
    memory = tsr_session_measure(model, a->threads);
    tsr_model_free(model);
    return memory;
}

/* A model that does not load: the reason, and if that is operators, all of them. */
static int refuse(const arguments *a, const char *command, const tsr_error *err)
{
    char *path, list[600] = "";
    const tsr_catalogue_entry *entry;
    cli_file f = { 0 };
    int unsupported = 0;
    if (err->status == TSR_UNSUPPORTED && cli_model_find(a->model, &path, &entry, NULL) == TSR_OK) {
        if (cli_file_open(path, &f, NULL) == TSR_OK)
            unsupported = tsr_model_unsupported(f.bytes, f.size, list, sizeof list);
        cli_file_close(&f);
        free(path);
    }
    if (a->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "file", a->model);
        cJSON_AddStringToObject(o, "error", err->text);
        cJSON_AddStringToObject(o, "unsupported_operators", list);
        if (!cli_json_print(o))
            cli_fail(command, "no memory left for the JSON text");
    }
    cli_fail(command, "%s", err->text);
    if (unsupported && !strstr(err->text, list))        /* too long for the sentence */
        cli_fail(command, "%d operator%s not supported: %s", unsupported,
                 unsupported == 1 ? " is" : "s are", list);
    return CLI_FAILED;
}

static int show(const arguments *a, const char *command)
{
    tsr_error err = { 0 };
    cli_model m;
    if (cli_model_open_with(a->model, &(tsr_options){ .fuse = a->fuse }, &m, &err) != TSR_OK)
        return refuse(a, command, &err);
    const tsr_graph *g = &m.model->graph;
    const report r = {
        .a = a, .m = &m, .g = g,
        .memory = tsr_session_measure(m.model, a->threads),
        .by_layer = measure_by_layer(&m, a),
        .file_nodes = count_file_nodes(&m),
        .macs = cli_graph_macs(g), .params = cli_graph_params(g),
    };
    int status = CLI_OK;
    if (!a->json)
        print_report(&r);
    else if (!cli_json_print(json_report(&r)))
        status = cli_fail(command, "no memory left for the JSON text");
    cli_model_close(&m);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "layers", no_argument, NULL, 'l' },
        { "threads", required_argument, NULL, 't' },
        { "fuse", required_argument, NULL, 'f' },
        { NULL, 0, NULL, 0 },
    };
    arguments a = { .threads = 1 };
    for (int c; (c = cli_option(argc, argv, "jlt:f:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        a.json |= c == 'j';
        a.layers |= c == 'l';
        if (c == 't' && !cli_parse_int(argv[0], "--threads", optarg, 1, 64, &a.threads))
            return CLI_USAGE;
        if (c == 'f' && !cli_parse_fuse(argv[0], optarg, &a.fuse))
            return CLI_USAGE;
    }
    if (!cli_one_model(argc, argv, &a.model))
        return CLI_USAGE;
    return show(&a, argv[0]);
}

const cli_command cli_info = {
    .name = "info",
    .summary = "what a model is made of: tensors, operators, MACs, memory",
    .run = run,
    .help =
"usage: tarsier info MODEL [--layers] [--threads N] [--fuse HOW] [--json]\n"
"\n"
"Show inputs and outputs, operators by kind with their multiply-adds (MACs) and\n"
"parameters, and the exact memory of a session, as the model will run: after\n"
"folding and fusing.  MODEL is a file, or a name that 'tarsier models' lists.\n"
"A model with operators that are not supported is refused with their names and\n"
"exit status 1.\n"
"\n"
"  -l, --layers       every node: index, operator, output, MACs, parameters, name\n"
"  -t, --threads N    memory for so many threads, 1 to 64 (default 1)\n"
"  -f, --fuse HOW     run neighbouring layers together by rows: auto (default), never,\n"
"                     memory (wherever that saves some)\n"
"  -j, --json         one JSON object\n"
"\n"
"examples:\n"
"  tarsier info hourglass\n"
"  tarsier info --layers --json model.tflite\n",
};
