/*
 * bench_report.c - see bench_report.h.
 *
 * Shares are of the sum of all operators, not of the whole run: the medians of
 * the parts do not add up to the median of the whole, but to nearly that.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include "cli/bench_report.h"
#include "cli/command.h"
#include "cli/npy.h"
#include "engine/cpu.h"

/* 0 where nothing was multiplied or no time passed, so that JSON stays finite. */
static double gmac_per_s(uint64_t macs, double ms)
{
    return ms > 0 ? (double)macs * 1e-6 / ms : 0;
}

static double sum_ms(const bench_result *r)
{
    double sum = 0;
    for (int i = 0; i < r->g->node_count; i++)
        sum += r->node_ms[i];
    return sum;
}

static double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

/* MACs and speed; blank, not 0, for operators that multiply nothing. */
static void print_work(uint64_t macs, double ms)
{
    if (macs)
        printf(" %9.3f %7.2f", (double)macs * 1e-6, gmac_per_s(macs, ms));
    else
        printf(" %9s %7s", "", "");
}

/* In graph order, which is the order of execution. */
static void print_nodes(const bench_result *r, double total)
{
    const char *bold = cli_style(stdout, CLI_BOLD), *plain = cli_style(stdout, CLI_PLAIN);
    printf("\n%s%5s  %-22s %9s %6s %9s %7s  %-20s %s%s\n", bold, "#", "operator", "ms", "share",
           "MMAC", "GMAC/s", "output", "name", plain);
    for (int i = 0; i < r->g->node_count; i++) {
        const tsr_node *n = &r->g->nodes[i];
        const uint64_t macs = tsr_node_macs(r->g, n);
        char shape[CLI_SHAPE_TEXT];
        printf("%5d  %-22s %9.4f %5.1f%%", i, r->g->ops[n->kind]->name, r->node_ms[i],
               percent(r->node_ms[i], total));
        print_work(macs, r->node_ms[i]);
        printf("  %-20s ", cli_shape_text(tsr_graph_tensor(r->g, n->out[0]), shape));
        cli_print_name(stdout, n->name, CLI_NAME_WIDTH);
        putchar('\n');
    }
}

/* The same times added up by kind, slowest first. */
static void print_kinds(const bench_result *r, double total)
{
    const char *bold = cli_style(stdout, CLI_BOLD), *plain = cli_style(stdout, CLI_PLAIN);
    cli_kind_stats rows[TSR_OP_COUNT];
    const int count = cli_stats_by_kind(r->g, r->node_ms, rows);
    printf("\n%s%5s  %-22s %9s %6s %9s %7s%s\n", bold, "count", "kind", "ms", "share", "MMAC",
           "GMAC/s", plain);
    for (int i = 0; i < count; i++) {
        printf("%5d  %-22s %9.4f %5.1f%%", rows[i].count, r->g->ops[rows[i].kind]->name,
               rows[i].ms, percent(rows[i].ms, total));
        print_work(rows[i].macs, rows[i].ms);
        putchar('\n');
    }
    printf("%5d  %-22s %9.4f %5.1f%%", r->g->node_count, "all", total, 100.0);
    print_work(r->macs, total);
    putchar('\n');
}

void bench_print(const bench_result *r)
{
    printf("%s%s%s\n", cli_style(stdout, CLI_BOLD), r->path, cli_style(stdout, CLI_PLAIN));
    printf("  %.1f million MACs, %d thread%s, CPU level %s\n", (double)r->macs * 1e-6, r->threads,
           r->threads == 1 ? "" : "s", tsr_cpu_level());
    printf("  %d runs: min %.3f, median %.3f, p90 %.3f ms; %.2f GMAC/s at the median\n", r->runs,
           r->min_ms, r->median_ms, r->p90_ms, gmac_per_s(r->macs, r->median_ms));
    printf("  start-up: load %.3f, open %.3f ms\n", r->load_ms, r->open_ms);
    if (r->node_ms) {
        const double total = sum_ms(r);
        print_nodes(r, total);
        print_kinds(r, total);
    }
}

static void add_work(cJSON *o, uint64_t macs, double ms, double total)
{
    cJSON_AddNumberToObject(o, "ms", ms);
    cJSON_AddNumberToObject(o, "share", percent(ms, total) / 100);
    cJSON_AddNumberToObject(o, "macs", (double)macs);
    cJSON_AddNumberToObject(o, "gmac_per_s", gmac_per_s(macs, ms));
}

static cJSON *json_nodes(const bench_result *r, double total)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < r->g->node_count; i++) {
        const tsr_node *n = &r->g->nodes[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "index", i);
        cJSON_AddStringToObject(o, "operator", r->g->ops[n->kind]->name);
        cJSON_AddStringToObject(o, "name", n->name);
        cJSON_AddItemToObject(o, "shape", cli_json_shape(tsr_graph_tensor(r->g, n->out[0])));
        add_work(o, tsr_node_macs(r->g, n), r->node_ms[i], total);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static cJSON *json_kinds(const bench_result *r, double total)
{
    cli_kind_stats rows[TSR_OP_COUNT];
    const int count = cli_stats_by_kind(r->g, r->node_ms, rows);
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "kind", r->g->ops[rows[i].kind]->name);
        cJSON_AddNumberToObject(o, "count", rows[i].count);
        add_work(o, rows[i].macs, rows[i].ms, total);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

bool bench_json(const bench_result *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "file", r->path);
    cJSON_AddStringToObject(o, "cpu", tsr_cpu_level());
    cJSON_AddNumberToObject(o, "threads", r->threads);
    cJSON_AddNumberToObject(o, "runs", r->runs);
    cJSON_AddNumberToObject(o, "min_ms", r->min_ms);
    cJSON_AddNumberToObject(o, "median_ms", r->median_ms);
    cJSON_AddNumberToObject(o, "p90_ms", r->p90_ms);
    cJSON_AddNumberToObject(o, "macs", (double)r->macs);
    cJSON_AddNumberToObject(o, "gmac_per_s", gmac_per_s(r->macs, r->median_ms));
    cJSON_AddNumberToObject(o, "load_ms", r->load_ms);
    cJSON_AddNumberToObject(o, "open_ms", r->open_ms);
    if (r->node_ms) {
        const double total = sum_ms(r);
        cJSON_AddItemToObject(o, "operators", json_nodes(r, total));
        cJSON_AddItemToObject(o, "kinds", json_kinds(r, total));
    }
    return cli_json_print(o);
}
