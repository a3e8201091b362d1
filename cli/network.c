/*
 * network.c - see network.h.
 *
 * Where the preprocessing comes from, each over the one before: what is usual, what
 * the catalogue knows by the file's sha256 (so a renamed file is still known), what
 * the user says.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/network.h"

double cli_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

const char *cli_network_pick(const char *const *names)
{
    for (int i = 0; names[i]; i++) {
        char *path = NULL;
        const tsr_catalogue_entry *entry;
        const tsr_status s = cli_model_find(names[i], &path, &entry, NULL);
        free(path);
        if (s == TSR_OK)
            return names[i];
    }
    return names[0];
}

/* What networks mostly want when nobody says: RGB, -1..1. */
static const tsr_preprocess usual = {
    .mean = { 127.5f, 127.5f, 127.5f }, .scale = { 1 / 127.5f, 1 / 127.5f, 1 / 127.5f },
};

static void apply_hint(const cli_network_hint *hint, tsr_preprocess *how)
{
    how->bgr = how->bgr || hint->bgr;
    how->quantise = how->quantise || hint->has_mean || hint->has_scale;
    if (hint->has_fit)
        how->fit = hint->fit;
    if (hint->has_mean)
        memcpy(how->mean, hint->mean, sizeof how->mean);
    if (hint->has_scale)
        memcpy(how->scale, hint->scale, sizeof how->scale);
}

static tsr_status check(const cli_network *n, tsr_task task, tsr_error *err)
{
    const tsr_catalogue_entry *e = n->model.entry;
    if (e && e->task != task)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' is a model for the task '%s', not '%s'",
                        e->name, tsr_task_name(e->task), tsr_task_name(task));
    const tsr_tensor *input = tsr_model_input(n->model.model, 0);
    if (!input || !tsr_model_output(n->model.model, 0))
        return tsr_fail(err, TSR_UNSUPPORTED, "'%s' lacks an input or an output", n->name);
    return tsr_picture_check(input, err);
}

/* The model is there: how it wants its pictures, and a session. */
static tsr_status set_up(cli_network *n, tsr_task task, int threads, const cli_network_hint *hint,
                         tsr_error *err)
{
    const tsr_catalogue_entry *e = n->model.entry;
    n->name = e ? e->name : cli_path_base(n->model.path);
    n->how = usual;
    n->how.fit = task == TSR_TASK_POSE ? TSR_FIT_LETTERBOX : TSR_FIT_STRETCH;
    if (e)
        n->how = tsr_preprocess_of(&e->prep);
    apply_hint(hint, &n->how);
    tsr_status s = check(n, task, err);
    if (s == TSR_OK)
        s = cli_session_open(n->model.model, threads, &n->session, err);
    if (s != TSR_OK)
        cli_network_close(n);
    return s;
}

tsr_status cli_network_open(const char *name, tsr_task task, int threads,
                            const cli_network_hint *hint, cli_network *n, tsr_error *err)
{
    *n = (cli_network){ 0 };
    TSR_TRY(cli_model_open(name, &n->model, err));
    return set_up(n, task, threads, hint, err);
}

tsr_status cli_network_open_embedding(const char *name, int threads, const cli_network_hint *hint,
                                      cli_network *n, tsr_error *err)
{
    *n = (cli_network){ 0 };
    TSR_TRY(cli_model_open_embedding(name, &n->model, err));
    return set_up(n, TSR_TASK_CLASSIFY, threads, hint, err);
}

/* Height and width of output 0, if it is a map. */
static void map_size(const tsr_model *model, int *height, int *width)
{
    const tsr_tensor *out = tsr_model_output(model, 0);
    const bool map = out && out->rank >= 3;
    *height = map ? out->dim[1] : 1;
    *width = map ? out->dim[2] : 1;
}

/* Load once more, for maps that are not enlarged; the size that they had is kept. */
static tsr_status keep_small(cli_network *n, tsr_error *err)
{
    tsr_model *small = NULL;
    map_size(n->model.model, &n->height, &n->width);
    TSR_TRY(cli_model_load(&n->model, &(tsr_options){ .before_enlarging = true }, &small, err));
    tsr_model_free(n->model.model);
    n->model.model = small;
    return TSR_OK;
}

tsr_status cli_network_open_maps(const char *name, tsr_task task, int threads,
                                 const cli_network_hint *hint, cli_network *n, tsr_error *err)
{
    *n = (cli_network){ 0 };
    TSR_TRY(cli_model_open(name, &n->model, err));
    const tsr_status s = keep_small(n, err);
    if (s != TSR_OK) {
        cli_network_close(n);
        return s;
    }
    return set_up(n, task, threads, hint, err);
}

tsr_affine cli_network_grid(const cli_network *n, const tsr_affine *to_picture)
{
    int h, w;
    map_size(n->model.model, &h, &w);
    const tsr_tensor *in = tsr_model_input(n->model.model, 0);
    const tsr_affine grid = tsr_affine_for_grid(to_picture, in, n->width, n->height);
    if (h == n->height && w == n->width)
        return grid;
    return tsr_affine_for_corners(&grid, (float)(n->width - 1) / (float)(w - 1),
                                  (float)(n->height - 1) / (float)(h - 1));
}

void cli_network_close(cli_network *n)
{
    cli_session_close(&n->session);
    cli_model_close(&n->model);
    free(n->work);
    *n = (cli_network){ 0 };
}

tsr_status cli_network_work(cli_network *n, size_t bytes, tsr_error *err)
{
    if (bytes > n->work_bytes) {
        free(n->work);
        n->work = malloc(bytes);
        n->work_bytes = n->work ? bytes : 0;
    }
    if (!n->work)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left: %zu bytes to work in", bytes);
    return TSR_OK;
}

tsr_status cli_network_run(cli_network *n, const tsr_image *picture, tsr_affine *to_picture,
                           tsr_error *err)
{
    tsr_tensor *input = tsr_input(n->session.session, 0);
    TSR_TRY(cli_network_work(n, tsr_picture_bytes(picture, input), err));
    TSR_TRY(tsr_picture_fit(&n->how, picture, input, n->work, to_picture, err));
    const double begin = cli_clock_ms();
    tsr_run(n->session.session);
    n->ms = cli_clock_ms() - begin;
    return TSR_OK;
}
