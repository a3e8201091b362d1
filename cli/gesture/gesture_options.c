/* gesture_options.c - see gesture_options.h.   SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/gesture/gesture_options.h"
#include "cli/picture_options.h"

static const char command[] = "gesture";

enum { METHOD = 512, TRAIN, VIEWS, NO_MIRROR, SEED, EPOCHS, L2, OLD, ADD, MORE };

static const struct option options[] = {
    { "output", required_argument, NULL, 'o' },
    { "features", required_argument, NULL, 'F' },
    { "model", required_argument, NULL, 'F' },
    { "threads", required_argument, NULL, 't' },
    { "json", no_argument, NULL, 'j' },
    { "method", required_argument, NULL, METHOD },
    { "train", required_argument, NULL, TRAIN },
    { "views", required_argument, NULL, VIEWS },
    { "no-mirror", no_argument, NULL, NO_MIRROR },
    { "seed", required_argument, NULL, SEED },
    { "epochs", required_argument, NULL, EPOCHS },
    { "l2", required_argument, NULL, L2 },
    { "head", required_argument, NULL, OLD },
    { "add", required_argument, NULL, ADD },
    { "more", required_argument, NULL, MORE },
    CLI_HINT_OPTIONS,
    { NULL, 0, NULL, 0 },
};

static bool parse_method(cli_gesture_arguments *a)
{
    a->method_given = true;
    a->softmax = !strcmp(optarg, "softmax");
    if (a->softmax || !strcmp(optarg, "imprint"))
        return true;
    cli_usage(command, "--method wants 'imprint' or 'softmax', not '%s'", optarg);
    return false;
}

static bool parse_l2(cli_gesture_arguments *a)
{
    char *end;
    a->how.l2 = strtof(optarg, &end);
    if (end != optarg && !*end && a->how.l2 >= 0 && a->how.l2 <= 1)
        return true;
    cli_usage(command, "--l2 wants a number from 0 to 1, not '%s'", optarg);
    return false;
}

/* A class to add or to continue; nobody is named twice. */
static bool parse_change(cli_gesture_arguments *a, const char **list, int *count)
{
    for (int i = 0; i < a->add_count + a->more_count; i++) {
        const char *other = i < a->add_count ? a->add[i] : a->more[i - a->add_count];
        if (tsr_head_same_name(other, optarg)) {
            cli_usage(command, "two classes with the same name: '%s' and '%s'", other, optarg);
            return false;
        }
    }
    if (*count == CLI_GESTURE_CHANGES) {
        cli_usage(command, "at most %d classes at a time", CLI_GESTURE_CHANGES);
        return false;
    }
    list[(*count)++] = optarg;
    return true;
}

static bool parse_seed(cli_gesture_arguments *a)
{
    int seed;
    if (!cli_parse_int(command, "--seed", optarg, 0, 1000000000, &seed))
        return false;
    a->how.seed = a->plan.seed = (uint32_t)seed;
    return true;
}

static bool parse_one(int c, cli_gesture_arguments *a)
{
    switch (c) {
    case 'o':       a->output = optarg; return true;
    case 'F':       a->features = optarg; return true;
    case 'j':       a->json = true; return true;
    case OLD:       a->old = optarg; return true;
    case NO_MIRROR: a->plan.augment.mirror = false; return true;
    case METHOD:    return parse_method(a);
    case L2:        return parse_l2(a);
    case SEED:      return parse_seed(a);
    case ADD:       return parse_change(a, a->add, &a->add_count);
    case MORE:      return parse_change(a, a->more, &a->more_count);
    case 't':       return cli_parse_int(command, "--threads", optarg, 1, 64, &a->threads);
    case TRAIN:     return cli_parse_int(command, "--train", optarg, 1, 1000000, &a->plan.train);
    case VIEWS:     return cli_parse_int(command, "--views", optarg, 1, 64, &a->plan.views);
    case EPOCHS:    return cli_parse_int(command, "--epochs", optarg, 1, 1000000,
                                         &a->how.epochs);
    default:        return cli_hint_option(command, c, &a->hint);
    }
}

static int check(int argc, char **argv, cli_gesture_arguments *a)
{
    if (optind + 1 != argc)
        return cli_usage(command, optind == argc ? "train: which folder?"
                                                 : "train: one folder at a time");
    a->dir = argv[optind];
    const size_t n = a->output ? strlen(a->output) : 0;
    if (n < 5 || strcmp(a->output + n - 4, ".tsr"))
        return cli_usage(command, "train: -o wants a file that ends in .tsr");
    const int changes = a->add_count + a->more_count;
    if (changes && !a->old)
        return cli_usage(command, "train: --add and --more want --head OLD.tsr to start from");
    if (a->old && !changes)
        return cli_usage(command, "train: --head wants --add CLASS or --more CLASS");
    if (a->old && a->softmax)
        return cli_usage(command, "train: --head is for imprinted heads: regression would train "
                         "all classes anew");
    /* All hands point much the same way: their mean directions do not tell signs apart. */
    if (!a->method_given && !a->old && a->features && !strcmp(a->features, "hands"))
        a->softmax = true;
    return CLI_OK;
}

int cli_gesture_parse(int argc, char **argv, cli_gesture_arguments *a)
{
    argv[0] = (char *)(uintptr_t)command;       /* what messages about options begin with */
    *a = (cli_gesture_arguments){
        .threads = 1, .how = tsr_training_usual,
        .plan = { .views = 4, .seed = 1, .augment = { 0.8f, 0.25f, true } },
    };
    for (int c; (c = cli_option(argc, argv, "o:F:m:jt:", options)) != -1;) {
        if (c == '?' || !parse_one(c == 'm' ? 'F' : c, a))
            return CLI_USAGE;
    }
    return check(argc, argv, a);
}
