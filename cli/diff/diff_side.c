/* diff_side.c - the tensors of one side; see diff.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "cli/diff/diff.h"
#include "cli/npy.h"

/* ---- a run --------------------------------------------------------------------- */

static void add(diff_side *s, int value, int node)
{
    const tsr_graph *g = &s->model.model->graph;
    const tsr_tensor *t = tsr_session_value(s->session.session, value);
    if (t && tsr_elements(t) > 0)
        s->item[s->count++] = (diff_item){
            t, node, node < 0 ? "input" : g->ops[g->nodes[node].kind]->name };
}

static tsr_status run(diff_side *s, const char *model, const cli_inputs *in, tsr_error *err)
{
    TSR_TRY(cli_model_open_whole(model, &s->model, err));
    TSR_TRY(cli_session_open(s->model.model, 1, &s->session, err));
    tsr_error inner = { 0 };
    const tsr_status status = cli_feed(in, s->session.session, &inner);
    if (status != TSR_OK)
        return tsr_fail(err, status, "'%s': %s", model, inner.text);
    const tsr_graph *g = &s->model.model->graph;
    s->item = calloc((size_t)g->value_count + 1, sizeof *s->item);
    if (!s->item)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d tensors", g->value_count);
    tsr_run(s->session.session);
    for (int i = 0; i < g->input_count; i++)
        add(s, g->inputs[i], -1);
    for (int i = 0; i < g->node_count; i++)
        for (int k = 0; k < g->nodes[i].out_count; k++)
            add(s, g->nodes[i].out[k], i);
    return TSR_OK;
}

tsr_status diff_side_run(diff_side *s, const char *model, const cli_inputs *in, tsr_error *err)
{
    *s = (diff_side){ .label = model };
    const tsr_status status = run(s, model, in, err);
    if (status != TSR_OK)
        diff_side_close(s);
    return status;
}

/* ---- a folder -------------------------------------------------------------------- */

typedef struct {
    char *file, *name, *op;
} listed;

static int by_file(const void *a, const void *b)
{
    return strcmp(((const listed *)a)->file, ((const listed *)b)->file);
}

static bool ends_in_npy(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && !strcmp(name + n - 4, ".npy");
}

/* Names from the files' names: "conv1.npy" is "conv1". */
static listed *list_files(const char *dir, int *count)
{
    DIR *d = opendir(dir);
    listed *list = NULL;
    *count = 0;
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (!ends_in_npy(e->d_name))
            continue;
        listed *more = realloc(list, ((size_t)*count + 1) * sizeof *list);
        if (!more)
            break;
        list = more;
        list[(*count)++] = (listed){ strdup(e->d_name),
                                     strndup(e->d_name, strlen(e->d_name) - 4), strdup("") };
    }
    if (d)
        closedir(d);
    if (list)
        qsort(list, (size_t)*count, sizeof *list, by_file);
    return list;
}

static char *copy_field(const cJSON *o, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));
    return strdup(s ? s : "");
}

static listed *read_index(const char *dir, int *count)
{
    cli_file f = { 0 };
    char *path = cli_path_join(dir, "index.json");
    listed *list = NULL;
    *count = 0;
    if (path && cli_file_open(path, &f, NULL) == TSR_OK) {
        cJSON *index = cJSON_ParseWithLength((const char *)f.bytes, f.size), *o;
        const int n = cJSON_GetArraySize(index);
        list = n ? calloc((size_t)n, sizeof *list) : NULL;
        cJSON_ArrayForEach(o, index)
            if (list)
                list[(*count)++] = (listed){ copy_field(o, "file"), copy_field(o, "name"),
                                             copy_field(o, "operator") };
        cJSON_Delete(index);
    }
    cli_file_close(&f);
    free(path);
    return list;
}

/* Take the listed file in; names move over to the side. */
static tsr_status take(diff_side *s, const char *dir, listed *l, tsr_error *err)
{
    const int i = s->file_count;
    char *path = cli_path_join(dir, l->file);
    tsr_error inner = { 0 };
    if (!path || strchr(l->file, '/'))
        return free(path), tsr_fail(err, TSR_BAD_ARGUMENT, "'%s': no file name", l->file);
    tsr_status status = cli_file_open(path, &s->files[i], err);
    if (status == TSR_OK) {
        s->file_count++;
        status = cli_npy_parse(s->files[i].bytes, s->files[i].size, &s->tensors[i], &inner);
        if (status != TSR_OK)
            tsr_fail(err, status, "'%s': %s", path, inner.text);
        s->tensors[i].name = l->name;
        s->item[s->count++] = (diff_item){ &s->tensors[i], -1, "" };
        l->name = NULL;
    }
    free(path);
    return status;
}

static tsr_status read_all(diff_side *s, const char *dir, listed *list, int count, tsr_error *err)
{
    const size_t n = (size_t)count;
    s->item = calloc(n, sizeof *s->item);
    s->tensors = calloc(n, sizeof *s->tensors);
    s->files = calloc(n, sizeof *s->files);
    if (!s->item || !s->tensors || !s->files)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for %d tensors", count);
    for (int i = 0; i < count; i++)
        TSR_TRY(take(s, dir, &list[i], err));
    return TSR_OK;
}

tsr_status diff_side_read(diff_side *s, const char *dir, tsr_error *err)
{
    int count = 0;
    *s = (diff_side){ .label = dir };
    listed *list = read_index(dir, &count);
    if (!list)
        list = list_files(dir, &count);
    tsr_status status = count ? read_all(s, dir, list, count, err)
                      : tsr_fail(err, TSR_BAD_ARGUMENT, "no .npy files in '%s'", dir);
    for (int i = 0; i < count; i++)
        free(list[i].file), free(list[i].name), free(list[i].op);
    free(list);
    if (status != TSR_OK)
        diff_side_close(s);
    return status;
}

void diff_side_close(diff_side *s)
{
    for (int i = 0; i < s->file_count; i++) {
        cli_file_close(&s->files[i]);
        free((char *)(uintptr_t)s->tensors[i].name);
    }
    free(s->item);
    free(s->tensors);
    free(s->files);
    cli_session_close(&s->session);
    cli_model_close(&s->model);
    *s = (diff_side){ 0 };
}
