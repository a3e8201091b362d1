/* gesture_examples.c - see gesture_examples.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/gesture/gesture_examples.h"
#include "cli/gesture/gesture_report.h"
#include "cli/image.h"

/* Of `count` pictures: how many to learn from, and how many of those to validate with. */
static int to_learn(const cli_example_plan *plan, int count)
{
    const int held_out = count < 3 ? 0 : count < 5 ? 1 : count / 5;
    return plan->train && plan->train < count ? plan->train
         : plan->train ? count : count - held_out;
}

static int to_validate(int learned) { return learned < 4 ? 0 : learned < 5 ? 1 : learned / 5; }

typedef struct {
    cli_examples *e;
    cli_features *f;
    int done, total;
} reader;

static tsr_status see(const reader *r, const char *path, int views, float *x, tsr_error *err)
{
    tsr_image picture = { 0 };
    tsr_status s = cli_image_load(path, &picture, err);
    if (s == TSR_OK)
        s = cli_features_see(r->f, &picture, &r->e->plan.augment, views, r->e->plan.seed, x, err);
    cli_image_free(&picture);
    return s;
}

/* One picture; a status only when memory is lacking.  *good: it is among the examples. */
static tsr_status read_picture(reader *r, const char *path, int label, cli_role role, bool *good,
                               tsr_error *err)
{
    cli_examples *e = r->e;
    const int views = role == CLI_HELD_OUT ? 1 : e->plan.views;
    float *x = malloc((size_t)views * (size_t)e->size * sizeof *x);
    if (!x)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d embeddings", views);
    tsr_error inner = { 0 };
    const tsr_status s = see(r, path, views, x, &inner);
    *good = s == TSR_OK;
    if (*good) {
        e->item[e->count++] = (cli_example){ x, label, role };
        return TSR_OK;
    }
    free(x);
    if (s == TSR_NO_MEMORY)
        return tsr_fail(err, s, "'%s': %s", path, inner.text);
    e->skipped++;
    cli_gesture_progress(1, 1, "");     /* the bar makes way for the line */
    cli_fail("gesture", strstr(inner.text, path) ? "left out: %s%s" : "left out: '%s': %s",
             strstr(inner.text, path) ? "" : path, inner.text);
    return TSR_OK;
}

static tsr_status read_folder(reader *r, const cli_class_folder *folder, cli_folder_use use,
                              tsr_error *err)
{
    const int learn = to_learn(&r->e->plan, folder->count), validate = to_validate(learn);
    int learned = 0;
    for (int i = 0; i < folder->count && use.label >= 0; i++) {
        const cli_role role = learned >= learn ? CLI_HELD_OUT
                            : learned >= learn - validate ? CLI_VALIDATE : CLI_LEARN;
        bool good = true;
        cli_gesture_progress(r->done++, r->total, folder->name);
        if (use.learns || role == CLI_HELD_OUT)
            TSR_TRY(read_picture(r, folder->path[i], use.label, role, &good, err));
        learned += good && role != CLI_HELD_OUT;
    }
    if (use.label >= 0 && use.learns && !learned)
        return tsr_fail(err, TSR_BAD_FILE, "class '%s': none of its %d pictures can be used",
                        folder->name, folder->count);
    return TSR_OK;
}

tsr_status cli_examples_read(const cli_picture_set *set, const cli_folder_use *use,
                             const cli_example_plan *plan, cli_features *f, cli_examples *e,
                             tsr_error *err)
{
    reader r = { .e = e, .f = f };
    for (int k = 0; k < set->count; k++)
        r.total += use[k].label >= 0 ? set->folder[k].count : 0;
    *e = (cli_examples){ .size = f->size, .room = r.total, .plan = *plan };
    e->item = malloc((size_t)(r.total + 1) * sizeof *e->item);
    if (!e->item)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d pictures", r.total);
    tsr_status s = TSR_OK;
    for (int k = 0; k < set->count && s == TSR_OK; k++)
        s = read_folder(&r, &set->folder[k], use[k], err);
    cli_gesture_progress(1, 1, "");
    return s;
}

void cli_examples_free(cli_examples *e)
{
    for (int i = 0; i < e->count; i++)
        free(e->item[i].x);
    free(e->item);
    *e = (cli_examples){ 0 };
}

tsr_status cli_examples_gather(const cli_examples *e, unsigned roles, int views, tsr_samples *s,
                               tsr_error *err)
{
    size_t rows = 0;
    for (int i = 0; i < e->count; i++)
        rows += e->item[i].role & roles ? (size_t)views : 0;
    const size_t one = (size_t)e->size;
    float *x = malloc((rows * one + 1) * sizeof *x);
    int *label = malloc((rows + 1) * sizeof *label);
    *s = (tsr_samples){ .x = x, .label = label, .views = views };
    if (!x || !label)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %zu embeddings", rows);
    for (int i = 0; i < e->count; i++) {
        if (!(e->item[i].role & roles))
            continue;
        memcpy(x + (size_t)s->count * one, e->item[i].x, (size_t)views * one * sizeof *x);
        for (int v = 0; v < views; v++)
            label[s->count++] = e->item[i].label;
    }
    return TSR_OK;
}

void cli_samples_free(tsr_samples *s)
{
    free((void *)(uintptr_t)s->x);
    free((void *)(uintptr_t)s->label);
    *s = (tsr_samples){ 0 };
}
