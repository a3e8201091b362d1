/* gesture_report.c - see gesture_report.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <unistd.h>
#include "cli/command.h"
#include "cli/gesture/gesture_report.h"
#include "cli/pictures.h"

enum { BAR = 30, WIDE = 12, TABLE_CLASSES = 10 };

void cli_gesture_progress(int done, int total, const char *what)
{
    static const char full[] = "##############################";
    static const char none[] = "..............................";
    if (!isatty(STDERR_FILENO))
        return;
    const int n = total > 0 ? (int)((long long)done * BAR / total) : BAR;
    if (done >= total) {
        fprintf(stderr, "\r%*s\r", BAR + 50, "");
        return;
    }
    fprintf(stderr, "\r[%.*s%.*s] %d of %d  ", n, full, BAR - n, none, done, total);
    cli_print_clean(stderr, what, 20);
    fflush(stderr);
}

static int cell(const cli_gesture_report *r, int truth, int said)
{
    return r->confusion[truth * r->classes + said];
}

int cli_gesture_held_out(const cli_gesture_report *r, int *right)
{
    int all = 0;
    *right = 0;
    for (int t = 0; t < r->classes; t++)
        for (int s = 0; s < r->classes; s++) {
            all += cell(r, t, s);
            *right += t == s ? cell(r, t, s) : 0;
        }
    return all;
}

static const char *reason(tsr_stop why)
{
    switch (why) {
    case TSR_STOP_CONVERGED: return "converged";
    case TSR_STOP_EARLY:     return "stopped early";
    case TSR_STOP_ASKED:     return "interrupted";
    default:                 return "ended";
    }
}

static void print_training(const cli_gesture_report *r)
{
    const tsr_training_report *t = r->training;
    printf("  %s at epoch %d, loss %.4f", reason(t->why), t->epochs, t->loss);
    if (r->refit_epochs)
        printf("; validation loss lowest (%.4f) at epoch %d: trained anew on everything for %d",
               t->best_validation, t->best_epoch, r->refit_epochs);
    putchar('\n');
}

static void print_table(const cli_gesture_report *r)
{
    printf("\n  held out, as named:\n  %*s", WIDE, "");
    for (int s = 0; s < r->classes; s++) {
        fputs("  ", stdout);
        cli_print_clean(stdout, r->name[s], WIDE);
    }
    putchar('\n');
    for (int t = 0; t < r->classes; t++) {
        fputs("  ", stdout);
        cli_print_clean(stdout, r->name[t], WIDE);
        for (int s = 0; s < r->classes; s++)
            printf("  %s%-*d%s", cli_style(stdout, s == t ? CLI_GREEN : cell(r, t, s) ? CLI_RED
                   : CLI_DIM), WIDE, cell(r, t, s), cli_style(stdout, CLI_PLAIN));
        putchar('\n');
    }
}

/* Too many classes for a table: only what went wrong. */
static void print_mistakes(const cli_gesture_report *r)
{
    for (int t = 0; t < r->classes; t++)
        for (int s = 0; s < r->classes; s++)
            if (s != t && cell(r, t, s)) {
                fputs("  ", stdout);
                cli_print_clean(stdout, r->name[t], 0);
                fputs(" taken for ", stdout);
                cli_print_clean(stdout, r->name[s], 0);
                printf(": %d\n", cell(r, t, s));
            }
}

void cli_gesture_print(const cli_gesture_report *r)
{
    int right, learned = 0;
    const int all = cli_gesture_held_out(r, &right);
    for (int k = 0; k < r->classes; k++)
        learned += r->learned[k];
    printf("%s%d classes%s by %s: %d pictures learned in %d views each, %d held out\n",
           cli_style(stdout, CLI_BOLD), r->classes, cli_style(stdout, CLI_PLAIN), r->method,
           learned, r->views, all);
    if (r->training)
        print_training(r);
    if (all) {
        printf("  top-1 on the held-out pictures: %.1f %% (%d of %d)\n",
               100.0 * right / all, right, all);
        if (r->classes <= TABLE_CLASSES)
            print_table(r);
        else
            print_mistakes(r);
    }
    fputs("  -> ", stdout);
    cli_print_clean(stdout, r->output, 0);
    putchar('\n');
}

/* ---- JSON --------------------------------------------------------------------- */

static void tell_classes(const cli_gesture_report *r, cJSON *o)
{
    cJSON *list = cJSON_AddArrayToObject(o, "classes");
    cJSON *rows = cJSON_AddArrayToObject(o, "confusion");
    for (int t = 0; t < r->classes; t++) {
        int held_out = 0;
        cJSON *row = cJSON_CreateArray(), *c = cJSON_CreateObject();
        for (int s = 0; s < r->classes; s++) {
            cJSON_AddItemToArray(row, cJSON_CreateNumber(cell(r, t, s)));
            held_out += cell(r, t, s);
        }
        cJSON_AddItemToArray(rows, row);
        cJSON_AddStringToObject(c, "name", r->name[t]);
        cJSON_AddNumberToObject(c, "learned", r->learned[t]);
        cJSON_AddNumberToObject(c, "held_out", held_out);
        cJSON_AddItemToArray(list, c);
    }
}

static void tell_training(const cli_gesture_report *r, cJSON *o)
{
    const tsr_training_report *t = r->training;
    cJSON *c = cJSON_AddObjectToObject(o, "training");
    cJSON_AddStringToObject(c, "why", reason(t->why));
    cJSON_AddNumberToObject(c, "epochs", t->epochs);
    cJSON_AddNumberToObject(c, "best_epoch", t->best_epoch);
    cli_json_number(c, "loss", t->loss, 6);
    if (r->refit_epochs) {
        cli_json_number(c, "validation_loss", t->best_validation, 6);
        cJSON_AddNumberToObject(c, "refit_epochs", r->refit_epochs);
    }
}

bool cli_gesture_tell(const cli_gesture_report *r)
{
    cJSON *o = cJSON_CreateObject();
    int right;
    const int all = cli_gesture_held_out(r, &right);
    cJSON_AddStringToObject(o, "head", r->output);
    cJSON_AddStringToObject(o, "features", r->features);
    cJSON_AddNumberToObject(o, "size", r->size);
    cJSON_AddStringToObject(o, "method", r->method);
    cJSON_AddNumberToObject(o, "views", r->views);
    cJSON_AddNumberToObject(o, "skipped", r->skipped);
    cJSON_AddNumberToObject(o, "held_out", all);
    cJSON_AddNumberToObject(o, "right", right);
    cli_json_number(o, "top1", all ? (double)right / all : (double)NAN, 4);
    tell_classes(r, o);
    if (r->training)
        tell_training(r, o);
    char *text = cJSON_PrintUnformatted(o);
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(o);
    return text != NULL;
}
