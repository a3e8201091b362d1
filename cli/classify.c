/*
 * classify.c - `tarsier classify`: what is in the picture.
 *
 * The network's last output axis has one number a class; everything before it must
 * be 1.  Whether those numbers are probabilities or logits, tsr_top_k sees from the
 * numbers, so that one command serves networks with and without a softmax.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include "cli/class_list.h"
#include "cli/commands.h"
#include "cli/pictures.h"

typedef struct {
    cli_network net;
    cli_class_names names;
    int wanted;                 /* classes at most */
} classifier;

/* A network that nobody knows says by its number of outputs what it was trained on. */
static tsr_label_set guess_labels(const cli_network *n)
{
    if (n->model.entry)
        return n->model.entry->labels;
    const size_t classes = tsr_elements(tsr_model_output(n->model.model, 0));
    return classes == TSR_IMAGENET_LABELS ? TSR_LABELS_IMAGENET_1001
         : classes == TSR_IMAGENET_LABELS - 1 ? TSR_LABELS_IMAGENET_1000 : TSR_LABELS_NONE;
}

static tsr_status open(void *state, const cli_picture_options *o, tsr_error *err)
{
    static const char *const usual[] = {
        "mobilenet_v2", "mobilenet_v2_ptq", "mobilenet_v1_025", NULL
    };
    classifier *c = state;
    const char *model = o->model ? o->model : cli_network_pick(usual);
    TSR_TRY(cli_network_open(model, TSR_TASK_CLASSIFY, o->threads, &o->hint, &c->net, err));
    const tsr_tensor *out = tsr_model_output(c->net.model.model, 0);
    for (int i = 0; i < out->rank - 1; i++)
        if (out->dim[i] != 1)
            return tsr_fail(err, TSR_UNSUPPORTED, "'%s' is no classifier: axis %d of its output "
                            "'%s' has %d elements", c->net.name, i, out->name, out->dim[i]);
    c->wanted = o->top;
    return cli_class_names_open(&c->names, o->labels, guess_labels(&c->net), err);
}

static tsr_status look(void *state, const cli_frame *frame, void *result, tsr_error *err)
{
    classifier *c = state;
    cli_class_list *list = result;
    tsr_affine unused;
    TSR_TRY(cli_network_run(&c->net, &frame->image, &unused, err));
    list->count = tsr_top_k(tsr_output(c->net.session.session, 0), c->wanted, list->top);
    list->ms = c->net.ms;
    return TSR_OK;
}

static void tell(const void *state, const void *result, cJSON *line)
{
    cli_class_list_tell(&((const classifier *)state)->names, result, line);
}

static void print(const void *state, const void *result)
{
    cli_class_list_print(&((const classifier *)state)->names, result);
}

static const char *model(const void *state) { return ((const classifier *)state)->net.name; }
static double ms(const void *result) { return ((const cli_class_list *)result)->ms; }

static void close(void *state)
{
    classifier *c = state;
    cli_network_close(&c->net);
    cli_class_names_close(&c->names);
}

static const cli_task task = {
    .name = "classify", .letters = "kln", .state_bytes = sizeof(classifier),
    .result_bytes = sizeof(cli_class_list), .open = open, .look = look,
    .tell = tell, .print = print,
    .model = model, .ms = ms, .close = close,
};

static int run(int argc, char **argv) { return cli_pictures_run(&task, argc, argv); }

const cli_command cli_classify = {
    .name = "classify",
    .summary = "what is in a picture: the likeliest of a thousand names",
    .run = run,
    .more_help = cli_video_help,
    .help =
"usage: tarsier classify IMAGE... [--model NAME|FILE] [--top 5] [--json]\n"
"\n"
"Name what a picture shows.  IMAGE may be '-': paths are read from standard input,\n"
"one a line.  A picture that cannot be read is reported, the others are done.\n"
"\n"
"  -m, --model NAME|FILE   a classifier that 'tarsier models' lists, or a file (default\n"
"                          mobilenet_v2, or another MobileNet if only that is here)\n"
"  -k, --top N             how many names, 1 to 1000 (default 5)\n"
"  -l, --labels FILE       names of the classes, one a line, instead of the built-in ones\n"
CLI_PICTURES_HELP
"\n"
CLI_NETWORK_HELP
"Outputs outside 0..1 are taken for logits and go through a softmax.\n"
"\n"
"examples:\n"
"  tarsier classify cat.jpg\n"
"  find photos -name '*.jpg' | tarsier classify --json --top 1 -\n",
};
