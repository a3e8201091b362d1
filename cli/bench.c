/*
 * bench.c - `tarsier bench`: how long a model takes, and where.
 *
 * Whole runs are timed first, without looking inside; with --per-op the same
 * number of runs follows with a clock read after every step, and each step is
 * given the median of its times.  Inputs share memory with later activations,
 * so they are filled again before each run, outside the time that is taken.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/bench_report.h"
#include "cli/commands.h"
#include "engine/cpu.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ---- inputs ----------------------------------------------------------------------- */

/* xorshift32: the same bytes on every machine. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Floats in [-1, 1): no infinities, no denormals to slow a kernel down. */
static void fill(const tsr_tensor *t, uint32_t seed)
{
    const size_t n = tsr_elements(t), bytes = tsr_bytes(t);
    uint32_t state = seed;
    if (t->dtype == TSR_F32) {
        float *x = t->data;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)(next_random(&state) >> 8) / (1 << 23) - 1;
        return;
    }
    const size_t size = tsr_dtype_bytes(t->dtype);
    unsigned char *x = t->data;
    memset(x, 0, bytes);
    for (size_t i = 0; i < bytes; i += size) {
        /* Wider integers are indices or counts: small is what they hold. */
        x[i] = (unsigned char)(next_random(&state) >> 24);
        if (t->dtype == TSR_BOOL || size > 2)
            x[i] &= 1;
    }
}

static void fill_inputs(tsr_session *s)
{
    tsr_tensor *t;
    for (int i = 0; (t = tsr_input(s, i)) != NULL; i++)
        fill(t, 2463534242u + (uint32_t)i);
}

/* ---- timing ----------------------------------------------------------------------- */

enum { WARM_RUNS = 3, LEAST_RUNS = 5, MOST_RUNS = 200, START_RUNS = 3 };

static double one_run(tsr_session *s)
{
    fill_inputs(s);
    const double start = now_ms();
    tsr_run(s);
    return now_ms() - start;
}

/* Caches, page tables and clock frequency settle; says how long a run takes. */
static double warm_up(tsr_session *s)
{
    double ms = 0;
    for (int i = 0; i < WARM_RUNS; i++)
        ms = one_run(s);
    return ms;
}

typedef struct {
    double *ms, last;           /* where this run's times go; when the last step ended */
} stopwatch;

static void tick(void *ctx, int step)
{
    stopwatch *w = ctx;
    const double now = now_ms();
    w->ms[step] = now - w->last;
    w->last = now;
}

static int ascending(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* The smallest value that `percent` of the sorted ones do not exceed. */
static double percentile(const double *sorted, int n, int percent)
{
    const int rank = (n * percent + 99) / 100;
    return sorted[rank ? rank - 1 : 0];
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static tsr_status time_runs(tsr_session *s, int runs, bench_result *r, tsr_error *err)
{
    double *ms = calloc((size_t)runs, sizeof *ms);
    if (!ms)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %d times", runs);
    for (int i = 0; i < runs; i++)
        ms[i] = one_run(s);
    r->runs = runs;
    r->median_ms = median(ms, runs);
    r->min_ms = ms[0];
    r->p90_ms = percentile(ms, runs, 90);
    free(ms);
    return TSR_OK;
}

/* r->node_ms[node] = median over the runs of the time of its step; nodes that
 * are views have no step and keep 0. */
static tsr_status time_steps(tsr_session *s, int runs, bench_result *r, tsr_error *err)
{
    const int steps = s->step_count;
    double *ms = calloc((size_t)runs * (size_t)steps + 1, sizeof *ms);
    double *one = calloc((size_t)runs, sizeof *one);
    r->node_ms = calloc((size_t)r->g->node_count + 1, sizeof *r->node_ms);
    if (ms && one && r->node_ms) {
        for (int i = 0; i < runs; i++) {
            fill_inputs(s);
            stopwatch w = { ms + (size_t)i * (size_t)steps, now_ms() };
            tsr_run_steps(s, tick, &w);
        }
        for (int k = 0; k < steps; k++) {
            for (int i = 0; i < runs; i++)
                one[i] = ms[(size_t)i * (size_t)steps + (size_t)k];
            r->node_ms[s->steps[k].node - r->g->nodes] = median(one, runs);
        }
    }
    const bool good = ms && one && r->node_ms;
    free(ms);
    free(one);
    return good ? TSR_OK : tsr_fail(err, TSR_NO_MEMORY, "no memory left for the times of %d steps",
                                    steps);
}

/* ---- the command ------------------------------------------------------------------- */

typedef struct {
    const char *model;
    int threads, runs;          /* runs 0: as many as about two seconds hold */
    tsr_fuse fuse;
    bool f16, per_op, json;
} arguments;

static tsr_status measure(const arguments *a, tsr_session *s, bench_result *r, tsr_error *err)
{
    const double ms = warm_up(s);
    int runs = a->runs;
    if (!runs) {
        const double fit = 2000 / (ms > 0.01 ? ms : 0.01);
        runs = fit < LEAST_RUNS ? LEAST_RUNS : fit > MOST_RUNS ? MOST_RUNS : (int)fit;
    }
    TSR_TRY(time_runs(s, runs, r, err));
    return a->per_op ? time_steps(s, runs, r, err) : TSR_OK;
}

/* Best of a few: everything from the file's bytes to a session ready to run. */
static tsr_status time_start(const cli_model *m, const arguments *a, bench_result *r,
                             tsr_error *err)
{
    for (int i = 0; i < START_RUNS; i++) {
        tsr_model *again;
        cli_session s = { 0 };
        const double begin = now_ms();
        TSR_TRY(cli_model_load(m, &(tsr_options){ .fuse = a->fuse, .f16 = a->f16 }, &again, err));
        const double loaded = now_ms();
        const tsr_status status = cli_session_open(again, a->threads, &s, err);
        const double opened = now_ms();
        cli_session_close(&s);
        tsr_model_free(again);
        TSR_TRY(status);
        if (i == 0 || loaded - begin < r->load_ms)
            r->load_ms = loaded - begin;
        if (i == 0 || opened - loaded < r->open_ms)
            r->open_ms = opened - loaded;
    }
    return TSR_OK;
}

static tsr_status bench(const arguments *a, tsr_error *err)
{
    cli_model m;
    cli_session s = { 0 };
    const tsr_options options = { .fuse = a->fuse, .f16 = a->f16 };
    TSR_TRY(cli_model_open_with(a->model, &options, &m, err));
    bench_result r = { .path = m.path, .g = &m.model->graph, .threads = a->threads,
                       .macs = cli_graph_macs(&m.model->graph) };
    tsr_status status = cli_session_open(m.model, a->threads, &s, err);
    if (status == TSR_OK)
        status = measure(a, s.session, &r, err);
    if (status == TSR_OK)
        status = time_start(&m, a, &r, err);
    if (status == TSR_OK && a->json)
        status = bench_json(&r) ? TSR_OK
                                : tsr_fail(err, TSR_NO_MEMORY, "no memory left for the JSON text");
    else if (status == TSR_OK)
        bench_print(&r);
    free(r.node_ms);
    cli_session_close(&s);
    cli_model_close(&m);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "threads", required_argument, NULL, 't' },
        { "runs", required_argument, NULL, 'r' },
        { "per-op", no_argument, NULL, 'p' },
        { "json", no_argument, NULL, 'j' },
        { "fuse", required_argument, NULL, 'f' },
        { "f16", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    arguments a = { .threads = 1 };
    for (int c; (c = cli_option(argc, argv, "t:r:pjf:", options)) != -1;) {
        if (c == '?')
            return CLI_USAGE;
        if (c == 't' && !cli_parse_int(argv[0], "--threads", optarg, 1, 64, &a.threads))
            return CLI_USAGE;
        if (c == 'r' && !cli_parse_int(argv[0], "--runs", optarg, 1, 100000, &a.runs))
            return CLI_USAGE;
        if (c == 'f' && !cli_parse_fuse(argv[0], optarg, &a.fuse))
            return CLI_USAGE;
        a.f16 |= c == 'h';
        a.per_op |= c == 'p';
        a.json |= c == 'j';
    }
    if (!cli_one_model(argc, argv, &a.model))
        return CLI_USAGE;
    tsr_error err = { 0 };
    return cli_done(argv[0], bench(&a, &err), &err);
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "how fast a model runs here, as a whole and operator by operator",
    .run = run,
    .help =
"usage: tarsier bench MODEL [--threads N] [--runs N] [--per-op] [--fuse HOW]\n"
"                     [--f16] [--json]\n"
"\n"
"Run a model on made-up inputs, three times to warm up, then N times, and show\n"
"the least, median and 90th percentile of the time, and multiply-adds per second.\n"
"MODEL is a file, or a name that 'tarsier models' lists.\n"
"\n"
"  -t, --threads N   worker threads, 1 to 64 (default 1)\n"
"  -r, --runs N      how many runs (default: about two seconds, 5 to 200 runs)\n"
"  -p, --per-op      as many runs again, timing each operator (its median)\n"
"  -f, --fuse HOW    run neighbouring layers together by rows: auto (default), never,\n"
"                    memory (wherever that saves some)\n"
"      --f16         calculate in 16-bit floats; fast where the CPU has them\n"
"  -j, --json        one JSON object\n"
"\n"
"examples:\n"
"  tarsier bench hourglass --threads 2\n"
"  tarsier bench --per-op model.tflite\n"
"  TSR_CPU=c tarsier bench hourglass --runs 5     (plain C kernels only)\n",
};
