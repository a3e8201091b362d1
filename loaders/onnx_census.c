/*
 * onnx_census.c - the operators of a file that nobody here knows.
 *
 * One message names all of them, before any work.  Up to MOST different names
 * are told apart; a file with more has been named enough.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>
#include "loaders/onnx.h"
#include "loaders/onnx_file.h"

enum { MOST = 32 };

typedef struct {
    onx_file f;                 /* first: the walk hands it back */
    char name[MOST][48];
    unsigned uses[MOST];
    int kinds, first;           /* first: index of the first unknown operator */
    unsigned total;
} census;

static void count(onx_file *f, tsr_reader node)
{
    census *c = (census *)f;
    onx_op o;
    if (!onx_read_node(f, node, &o) || o.reader) {
        f->node_index++;
        return;
    }
    if (c->total++ == 0)
        c->first = f->node_index;
    f->node_index++;
    int k = 0;
    while (k < c->kinds && strcmp(c->name[k], o.type) != 0)
        k++;
    if (k == MOST)
        return;
    if (k == c->kinds)
        snprintf(c->name[c->kinds++], sizeof c->name[0], "%s", o.type);
    c->uses[k]++;
}

/* "Foo (2), Bar (1)", cut when it does not fit. */
static void list(const census *c, char *text, size_t room)
{
    size_t used = 0;
    for (int k = 0; k < c->kinds && used + 1 < room; k++) {
        const int n = snprintf(text + used, room - used, "%s%s (%u)", k ? ", " : "", c->name[k],
                               c->uses[k]);
        used += n < 0 ? 0 : (size_t)n;
    }
}

/* Names are read into a pool of their own: there may be no graph yet. */
static unsigned take(const void *bytes, size_t size, const tsr_options *options, census *c)
{
    tsr_pool pool = tsr_pool_make(options ? &options->allocator : NULL);
    *c = (census){ .f = { .scratch = &pool, .bytes = bytes, .size = size } };
    onx_each_in_graph(&c->f, ONX_GRAPH_NODE, count);
    tsr_pool_free(&pool);
    return c->total;
}

tsr_status onx_refuse_unknown(onx_file *f, tsr_error *err)
{
    census c;
    char all[200] = "";
    if (take(f->bytes, f->size, f->options, &c) == 0)
        return TSR_OK;
    list(&c, all, sizeof all);
    return tsr_fail(err, TSR_UNSUPPORTED, "operator %d %s is not supported; all that are not: %s",
                    c.first, c.name[0], all);
}

int tsr_onnx_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes)
{
    census c;
    if (text_bytes)
        text[0] = '\0';
    if (take(file, file_bytes, NULL, &c))
        list(&c, text, text_bytes);
    return (int)c.total;
}
