/*
 * stats.c - see stats.h.
 *
 * A parameter is a number of a constant that some node reads.  Rows of a table
 * count them node by node; the total counts shared constants once, so it can be
 * less than the sum of the rows.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/stats.h"

static bool is_constant(const tsr_graph *g, int value)
{
    return value >= 0 && g->values[value].t.data;
}

uint64_t cli_node_params(const tsr_graph *g, const tsr_node *n)
{
    uint64_t sum = 0;
    for (int k = 0; k < n->in_count; k++)
        if (is_constant(g, n->in[k]))
            sum += tsr_elements(tsr_graph_tensor(g, n->in[k]));
    return sum;
}

/* Two nodes may share a constant: count values that any node reads, not slots. */
uint64_t cli_graph_params(const tsr_graph *g)
{
    bool *seen = calloc((size_t)g->value_count + 1, sizeof *seen);
    uint64_t sum = 0;
    for (int i = 0; seen && i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        for (int k = 0; k < n->in_count; k++)
            if (is_constant(g, n->in[k]) && !seen[n->in[k]]) {
                seen[n->in[k]] = true;
                sum += tsr_elements(tsr_graph_tensor(g, n->in[k]));
            }
    }
    free(seen);
    return sum;
}

uint64_t cli_graph_macs(const tsr_graph *g)
{
    uint64_t sum = 0;
    for (int i = 0; i < g->node_count; i++)
        sum += tsr_node_macs(g, &g->nodes[i]);
    return sum;
}

/* Time if it is known (else it is 0 everywhere), then MACs, then how many; the
 * kind itself last, so that the order never depends on qsort. */
static int by_work(const void *x, const void *y)
{
    const cli_kind_stats *a = x, *b = y;
    if (a->ms != b->ms)
        return a->ms < b->ms ? 1 : -1;
    if (a->macs != b->macs)
        return a->macs < b->macs ? 1 : -1;
    if (a->count != b->count)
        return b->count - a->count;
    return (int)a->kind - (int)b->kind;
}

int cli_stats_by_kind(const tsr_graph *g, const double *ms, cli_kind_stats rows[TSR_OP_COUNT])
{
    int row_of[TSR_OP_COUNT], count = 0;
    for (int k = 0; k < TSR_OP_COUNT; k++)
        row_of[k] = -1;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        int *row = &row_of[n->kind];
        if (*row < 0) {
            *row = count++;
            rows[*row] = (cli_kind_stats){ .kind = n->kind };
        }
        rows[*row].count++;
        rows[*row].macs += tsr_node_macs(g, n);
        rows[*row].params += cli_node_params(g, n);
        rows[*row].ms += ms ? ms[i] : 0;
    }
    qsort(rows, (size_t)count, sizeof *rows, by_work);
    return count;
}

char *cli_number(uint64_t n, char text[CLI_NUMBER_TEXT])
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    char *t = text;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *t++ = ',';
        *t++ = digits[i];
    }
    *t = 0;
    return text;
}

/* ---- JSON ---------------------------------------------------------------------- */

cJSON *cli_json_shape(const tsr_tensor *t) { return cJSON_CreateIntArray(t->dim, t->rank); }

cJSON *cli_json_tensor(const tsr_tensor *t)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", t->name);
    cJSON_AddStringToObject(o, "dtype", tsr_dtype_name(t->dtype));
    cJSON_AddItemToObject(o, "shape", cli_json_shape(t));
    if (t->quant.scale != 0) {
        /* Nine digits say which float it is; 17 of a double would only look exact. */
        char scale[32];
        snprintf(scale, sizeof scale, "%.9g", (double)t->quant.scale);
        cJSON_AddRawToObject(o, "scale", scale);
        cJSON_AddNumberToObject(o, "zero_point", t->quant.zero_point);
    }
    return o;
}

bool cli_json_print(cJSON *json)
{
    char *text = json ? cJSON_Print(json) : NULL;
    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
    return text != NULL;
}
