/*
 * gesture_train.c - `tarsier gesture train`: a folder of pictures becomes a head.
 *
 *     folders -> embeddings -> imprint or descend -> confusion on what was held out -> file
 *
 * The file is opened last and appears whole: whoever ends this program half-way finds
 * the old head or none.                          SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/gesture/gesture_options.h"
#include "cli/gesture/gesture_report.h"
#include "cli/gesture/gesture_train.h"
#include "loaders/tsr_file.h"

static const char command[] = "gesture";

typedef struct {
    const cli_gesture_arguments *a;
    cli_picture_set set;
    cli_folder_use *use;        /* of each folder */
    cli_features features;
    cli_examples examples;
    cli_model old;
    tsr_head head;
    void *memory;               /* of the head */
    char **name;                /* of the head's classes, old ones first */
    int classes;
    tsr_training_report training;
    int refit_epochs;
} trainer;

/* ---- which classes ------------------------------------------------------------- */

static bool is_in(const char *name, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(list[i], name))
            return true;
    return false;
}

static int find_name(const trainer *t, const char *name)
{
    for (int k = 0; k < t->classes; k++)
        if (tsr_head_same_name(t->name[k], name))
            return k;
    return -1;
}

static tsr_status add_name(trainer *t, const char *name, size_t length, tsr_error *err)
{
    char *copy = strndup(name, length);
    if (!copy)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the name of a class");
    t->name[t->classes++] = copy;
    return TSR_OK;
}

static int folder_of(const trainer *t, const char *name)
{
    for (int i = 0; i < t->set.count; i++)
        if (!strcmp(t->set.folder[i].name, name))
            return i;
    return -1;
}

static tsr_status check_change(const trainer *t, const char *name, bool known, tsr_error *err)
{
    const int k = find_name(t, name);
    if (folder_of(t, name) < 0)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has no folder for the class '%s'", t->a->dir,
                        name);
    if (!known && k >= 0)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "two classes with the same name: '%s' is in the "
                        "head already, as '%s' (--more lets it learn from more pictures)", name,
                        t->name[k]);
    if (known && k < 0)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the head has no class '%s': --add adds one", name);
    return TSR_OK;
}

/* Classes of the old head, then those to add; folders of neither stay out. */
static tsr_status extend_names(trainer *t, tsr_error *err)
{
    tsr_head_info info;
    TSR_TRY(tsr_head_read(t->old.model, &info, err));
    TSR_TRY(tsr_head_fits(&info, t->features.identity, t->features.size, err));
    const char *at = info.names;
    for (int k = 0; k < info.classes; k++, at += strcspn(at, "/") + 1)
        TSR_TRY(add_name(t, at, strcspn(at, "/"), err));
    for (int i = 0; i < t->a->more_count; i++)
        TSR_TRY(check_change(t, t->a->more[i], true, err));
    for (int i = 0; i < t->a->add_count; i++) {
        TSR_TRY(check_change(t, t->a->add[i], false, err));
        TSR_TRY(add_name(t, t->a->add[i], strlen(t->a->add[i]), err));
    }
    return TSR_OK;
}

static tsr_status choose_classes(trainer *t, tsr_error *err)
{
    const cli_gesture_arguments *a = t->a;
    if (a->old)
        TSR_TRY(extend_names(t, err));
    else if (t->set.count < 2)
        return tsr_fail(err, TSR_BAD_FILE, "'%s' has only one class, '%s': at least two are "
                        "needed", a->dir, t->set.folder[0].name);
    for (int i = 0; i < t->set.count; i++) {
        const char *name = t->set.folder[i].name;
        if (!a->old)
            TSR_TRY(add_name(t, name, strlen(name), err));
        t->use[i].label = find_name(t, name);
        t->use[i].learns = !a->old || is_in(name, a->add, a->add_count)
                        || is_in(name, a->more, a->more_count);
    }
    return TSR_OK;
}

static tsr_status make_head(trainer *t, tsr_error *err)
{
    t->memory = malloc(tsr_head_bytes(t->features.size, t->classes));
    if (!t->memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d classes", t->classes);
    t->head = tsr_head_make(t->features.size, t->classes, t->memory);
    return t->a->old ? tsr_head_from_model(t->old.model, &t->head, err) : TSR_OK;
}

/* Old names must have room, too: their number is known from the head's output. */
static tsr_status prepare(trainer *t, tsr_error *err)
{
    const cli_gesture_arguments *a = t->a;
    size_t room = (size_t)a->add_count + 1;
    TSR_TRY(cli_picture_set_open(a->dir, a->plan.seed, &t->set, err));
    if (a->old) {
        tsr_head_info info;
        TSR_TRY(cli_model_open(a->old, &t->old, err));
        tsr_error inner = { 0 };
        if (tsr_head_read(t->old.model, &info, &inner) != TSR_OK)
            return tsr_fail(err, TSR_UNSUPPORTED, "'%s': %s", a->old, inner.text);
        room += (size_t)info.classes;
    }
    room += (size_t)t->set.count;
    t->name = calloc(room, sizeof *t->name);
    t->use = calloc((size_t)t->set.count, sizeof *t->use);
    if (!t->name || !t->use)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %zu classes", room);
    TSR_TRY(cli_features_open(a->features, a->threads, &a->hint, &t->features, err));
    TSR_TRY(choose_classes(t, err));
    return make_head(t, err);
}

/* ---- learning ------------------------------------------------------------------- */

static tsr_status imprint(trainer *t, tsr_error *err)
{
    tsr_samples s = { 0 };
    tsr_status status = cli_examples_gather(&t->examples, CLI_LEARN | CLI_VALIDATE,
                                            t->a->plan.views, &s, err);
    for (int k = 0; k < t->classes && status == TSR_OK; k++) {
        bool learns = !t->a->old;
        for (int i = 0; i < t->set.count; i++)
            learns |= t->use[i].label == k && t->use[i].learns;
        if (learns)
            status = tsr_head_imprint(&t->head, k, &s, err);
    }
    if (status == TSR_OK && !t->a->old)         /* old classes keep their scale */
        tsr_head_calibrate(&t->head, &s);
    cli_samples_free(&s);
    return status;
}

static bool show_epoch(void *ctx, int epoch, double loss)
{
    const trainer *t = ctx;
    (void)loss;
    if (epoch % 16 == 0)
        cli_gesture_progress(epoch, t->a->how.epochs + 1, "epochs");
    return true;
}

/* Learn, and stop where the validation pictures say; then once more, for as long, with
 * those pictures, too: there are never enough. */
static tsr_status descend(trainer *t, const tsr_samples *learn, const tsr_samples *validate,
                          const tsr_samples *both, tsr_error *err)
{
    void *work = malloc(tsr_head_train_bytes(&t->head, t->classes));
    tsr_training how = t->a->how;
    how.progress = show_epoch;
    how.ctx = t;
    if (!work)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to train %d classes", t->classes);
    tsr_status s = tsr_head_train(&t->head, t->classes, learn, validate, &how, work, &t->training,
                                  err);
    if (s == TSR_OK && validate->count && t->training.best_epoch) {
        tsr_training_report again;
        how.epochs = t->refit_epochs = t->training.best_epoch;
        s = tsr_head_train(&t->head, t->classes, both, NULL, &how, work, &again, err);
    }
    cli_gesture_progress(1, 1, "");
    free(work);
    return s;
}

static tsr_status regress(trainer *t, tsr_error *err)
{
    enum { LEARN, VALIDATE, BOTH, SETS };
    static const unsigned roles[SETS] = { CLI_LEARN, CLI_VALIDATE, CLI_LEARN | CLI_VALIDATE };
    tsr_samples s[SETS] = { { 0 } };
    tsr_status status = TSR_OK;
    for (int i = 0; i < SETS && status == TSR_OK; i++)
        status = cli_examples_gather(&t->examples, roles[i],
                                     i == VALIDATE ? 1 : t->a->plan.views, &s[i], err);
    if (status == TSR_OK)
        status = descend(t, &s[LEARN], &s[VALIDATE], &s[BOTH], err);
    for (int i = 0; i < SETS; i++)
        cli_samples_free(&s[i]);
    return status;
}

/* ---- results -------------------------------------------------------------------- */

static bool write_bytes(void *ctx, const void *bytes, size_t n)
{
    return n == 0 || fwrite(bytes, 1, n, ctx) == n;
}

static tsr_status save(trainer *t, tsr_error *err)
{
    tsr_model *m;
    cli_writer w = { 0 };
    TSR_TRY(tsr_head_to_model(&t->head, t->features.identity, (const char *const *)t->name, NULL,
                              &m, err));
    tsr_status s = cli_writer_open(t->a->output, &w, err);
    if (s == TSR_OK) {
        tsr_error inner = { 0 };
        s = tsr_file_save(m, &(tsr_file_sink){ false, write_bytes, w.stream }, &inner);
        if (s == TSR_OK || ferror(w.stream)) {
            s = cli_writer_commit(&w, err);     /* knows why the writing failed */
        } else {
            cli_writer_abort(&w);
            s = tsr_fail(err, s, "'%s': %s", t->a->output, inner.text);
        }
    }
    tsr_model_free(m);
    return s;
}

static tsr_status report(trainer *t, tsr_error *err)
{
    const size_t n = (size_t)t->classes;
    int *confusion = calloc(n * n, sizeof *confusion), *learned = calloc(n, sizeof *learned);
    float *p = malloc(n * sizeof *p);
    bool good = confusion && learned && p;
    for (int i = 0; i < t->examples.count && good; i++) {
        const cli_example *e = &t->examples.item[i];
        if (e->role == CLI_HELD_OUT)
            confusion[(size_t)e->label * n + (size_t)tsr_head_run(&t->head, e->x, p)]++;
        else
            learned[e->label]++;
    }
    const cli_gesture_report r = {
        .output = t->a->output, .features = t->features.identity,
        .method = t->a->softmax ? "softmax" : "imprint",
        .name = (const char *const *)t->name, .classes = t->classes, .size = t->features.size,
        .learned = learned, .confusion = confusion, .views = t->a->plan.views,
        .skipped = t->examples.skipped, .training = t->a->softmax ? &t->training : NULL,
        .refit_epochs = t->refit_epochs,
    };
    if (good && t->a->json)
        good = cli_gesture_tell(&r);
    else if (good)
        cli_gesture_print(&r);
    free(confusion);
    free(learned);
    free(p);
    return good ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory left for the report");
}

/* Whether the head can be written is better known before the pictures are looked at. */
static tsr_status try_output(const trainer *t, tsr_error *err)
{
    cli_writer w = { 0 };
    TSR_TRY(cli_writer_open(t->a->output, &w, err));
    cli_writer_abort(&w);
    return TSR_OK;
}

static tsr_status train(trainer *t, tsr_error *err)
{
    TSR_TRY(prepare(t, err));
    TSR_TRY(try_output(t, err));
    TSR_TRY(cli_examples_read(&t->set, t->use, &t->a->plan, &t->features, &t->examples, err));
    TSR_TRY(t->a->softmax ? regress(t, err) : imprint(t, err));
    TSR_TRY(save(t, err));
    return report(t, err);
}

static void close(trainer *t)
{
    cli_examples_free(&t->examples);
    cli_features_close(&t->features);
    cli_model_close(&t->old);
    cli_picture_set_close(&t->set);
    for (int k = 0; k < t->classes; k++)
        free(t->name[k]);
    free(t->name);
    free(t->use);
    free(t->memory);
}

int cli_gesture_train(int argc, char **argv)
{
    cli_gesture_arguments a;
    int status = cli_gesture_parse(argc, argv, &a);
    if (status != CLI_OK)
        return status;
    tsr_error err = { 0 };
    trainer t = { .a = &a };
    if (train(&t, &err) != TSR_OK)
        status = cli_fail(command, "%s", err.text);
    close(&t);
    return status;
}
