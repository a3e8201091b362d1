/*
 * diff.c - `tarsier diff`: where two runs part, layer by layer; see diff.h.
 * SPDX-License-Identifier: MIT
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/diff/diff.h"
#include "cli/npy.h"

typedef struct {
    const char *a, *b, *against;
    cli_inputs inputs;
    double threshold;
    bool json;
} arguments;

typedef struct {
    const arguments *args;
    diff_side a, b;
    diff_pair *pairs;
    int count, first_bad;       /* -1: none */
    char cause[DIFF_CAUSE_TEXT];
} comparison;

static double relative(const diff_pair *p)
{
    return p->range > 0 ? p->max_error / p->range : p->max_error;
}

/* NaN counts as bad. */
static bool is_bad(const comparison *c, int i)
{
    return !(relative(&c->pairs[i]) <= c->args->threshold);
}

/* ---- output ----------------------------------------------------------------------- */

static void print_row(const comparison *c, int i)
{
    const diff_pair *p = &c->pairs[i];
    const diff_item *x = &c->a.item[p->a];
    char shape[CLI_SHAPE_TEXT];
    const char *style = cli_style(stdout, i == c->first_bad ? CLI_RED
                                  : is_bad(c, i) ? CLI_YELLOW : CLI_PLAIN);
    printf("%s%c %4d  %-16s %-22s %9.2e  %9.2e  %9.2e  %8.6f  ", style,
           i == c->first_bad ? '>' : is_bad(c, i) ? '*' : ' ', p->a, x->op,
           cli_shape_text(x->t, shape), p->max_error, relative(p), p->mean_error, p->cosine);
    cli_print_clean(stdout, x->t->name, 40);
    if (p->nchw)
        printf("  (B is N,C,H,W)");
    printf("%s\n", cli_style(stdout, CLI_PLAIN));
}

static void print_table(const comparison *c)
{
    printf("A  %s  (%d tensors)\nB  %s  (%d tensors)\n\n", c->a.label, c->a.count, c->b.label,
           c->b.count);
    printf("%s  item  %-16s %-22s %9s  %9s  %9s  %8s  %s%s\n", cli_style(stdout, CLI_BOLD),
           "operator", "shape", "max", "max/range", "mean", "cosine", "name in A",
           cli_style(stdout, CLI_PLAIN));
    for (int i = 0; i < c->count; i++)
        print_row(c, i);
    printf("\n%d pairs; %d tensors only in A, %d only in B\n", c->count, c->a.count - c->count,
           c->b.count - c->count);
    if (c->first_bad < 0) {
        printf("every pair agrees within %g of its range\n", c->args->threshold);
        return;
    }
    const diff_item *x = &c->a.item[c->pairs[c->first_bad].a];
    printf("first over the threshold of %g: item %d, %s '", c->args->threshold,
           c->pairs[c->first_bad].a, x->op);
    cli_print_clean(stdout, x->t->name, 0);
    printf("'\n%slikely cause:%s %s\n", cli_style(stdout, CLI_BOLD), cli_style(stdout, CLI_PLAIN),
           c->cause[0] ? c->cause : "none of the usual ones fits");
}

static int print_json(const comparison *c)
{
    cJSON *o = cJSON_CreateObject(), *rows;
    cJSON_AddStringToObject(o, "a", c->a.label);
    cJSON_AddStringToObject(o, "b", c->b.label);
    cJSON_AddNumberToObject(o, "threshold", c->args->threshold);
    rows = cJSON_AddArrayToObject(o, "pairs");
    for (int i = 0; i < c->count; i++) {
        const diff_pair *p = &c->pairs[i];
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "name", c->a.item[p->a].t->name);
        cJSON_AddStringToObject(r, "name_b", c->b.item[p->b].t->name);
        cJSON_AddStringToObject(r, "operator", c->a.item[p->a].op);
        cJSON_AddNumberToObject(r, "max_error", p->max_error);
        cJSON_AddNumberToObject(r, "mean_error", p->mean_error);
        cJSON_AddNumberToObject(r, "range", p->range);
        cJSON_AddNumberToObject(r, "cosine", p->cosine);
        cJSON_AddBoolToObject(r, "over", is_bad(c, i));
        cJSON_AddItemToArray(rows, r);
    }
    if (c->first_bad < 0) {
        cJSON_AddNullToObject(o, "first_over");
    } else {
        cJSON_AddStringToObject(o, "first_over", c->a.item[c->pairs[c->first_bad].a].t->name);
        cJSON_AddStringToObject(o, "cause", c->cause);
    }
    char *text = cJSON_PrintUnformatted(o);
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(o);
    return text ? CLI_OK : cli_fail("diff", "no memory left for the report");
}

/* ---- the command ------------------------------------------------------------------ */

static tsr_status compare(comparison *c, tsr_error *err)
{
    const arguments *a = c->args;
    TSR_TRY(diff_side_run(&c->a, a->a, &a->inputs, err));
    if (a->against)
        TSR_TRY(diff_side_read(&c->b, a->against, err));
    else
        TSR_TRY(diff_side_run(&c->b, a->b, &a->inputs, err));
    c->pairs = calloc((size_t)c->a.count + 1, sizeof *c->pairs);
    if (!c->pairs)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d pairs", c->a.count);
    c->count = diff_match(&c->a, &c->b, c->pairs);
    if (!c->count)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no tensor of '%s' has the name or the shape of one "
                        "of '%s'", c->a.label, c->b.label);
    for (int i = 0; i < c->count && c->first_bad < 0; i++)
        if (is_bad(c, i))
            c->first_bad = i;
    if (c->first_bad >= 0)
        diff_cause(&c->a, &c->b, &c->pairs[c->first_bad], c->cause);
    return TSR_OK;
}

static int parse(int argc, char **argv, arguments *a)
{
    static const struct option options[] = {
        { "input", required_argument, NULL, 'i' },
        { "against", required_argument, NULL, 'a' },
        { "threshold", required_argument, NULL, 't' },
        { "json", no_argument, NULL, 'j' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = cli_option(argc, argv, "i:t:", options)) != -1;) {
        char *end = NULL;
        if (c == '?' || (c == 'i' && !cli_inputs_add(&a->inputs, argv[0], optarg)))
            return CLI_USAGE;
        if (c == 'a')
            a->against = optarg;
        else if (c == 'j')
            a->json = true;
        else if (c == 't' && (!((a->threshold = strtod(optarg, &end)) >= 0) || end == optarg
                              || *end))
            return cli_usage(argv[0], "--threshold wants a number of at least 0, not '%s'",
                             optarg);
    }
    const int models = argc - optind, wanted = a->against ? 1 : 2;
    if (models != wanted)
        return cli_usage(argv[0], wanted == 2 ? "two models, or one and --against DIR"
                                              : "one model with --against DIR");
    a->a = argv[optind];
    a->b = wanted == 2 ? argv[optind + 1] : NULL;
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    arguments a = { .threshold = 1e-3 };
    int status = parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    comparison c = { .args = &a, .first_bad = -1 };
    tsr_error err = { 0 };
    if (compare(&c, &err) != TSR_OK)
        status = cli_fail(argv[0], "%s", err.text);
    else if (a.json)
        status = print_json(&c);
    else
        print_table(&c);
    if (status == CLI_OK && c.first_bad >= 0)
        status = CLI_FAILED;
    free(c.pairs);
    diff_side_close(&c.a);
    diff_side_close(&c.b);
    return status;
}

const cli_command cli_diff = {
    .name = "diff",
    .summary = "where two runs part: a table of layers, and the likely cause",
    .run = run,
    .help =
"usage: tarsier diff MODEL_A MODEL_B --input X.npy [--input Y.npy...]\n"
"       tarsier diff MODEL --against DIR --input X.npy [--input Y.npy...]\n"
"\n"
"Run both models on the same input, or one and compare with the .npy files that\n"
"'tarsier dump' or any framework wrote to DIR, and show for each pair of tensors\n"
"the largest and mean difference and the cosine.  Pairs are found by name, then by\n"
"shape and order.  The first pair over the threshold is marked '>', later ones '*'.\n"
"\n"
"For that first layer the usual mistakes are tried out: resize mode, SAME padding on\n"
"the wrong side, BGR for RGB, mean and scale, a missing activation, the rounding rule\n"
"of integer models, layout, changed weights.\n"
"\n"
"  -i, --input FILE       a .npy file; once for each input, in the graph's order\n"
"      --against DIR      tensors of another framework; names from DIR/index.json or\n"
"                         from the files; N,C,H,W pictures are recognised\n"
"  -t, --threshold X      largest difference allowed, as a share of B's range (0.001)\n"
"      --json             the table as one JSON object\n"
"\n"
"Exit status: 0 all pairs agree, 1 they do not, 2 wrong usage.\n"
"\n"
"example:\n"
"  tarsier diff original.tflite converted.onnx --input picture.npy\n",
};
