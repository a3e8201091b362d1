/*
 * bench_session.c - one session under remote control: for benchmarks that take
 * turns with a peer, and for whole networks under emulation.
 *
 *     bench_session MODEL THREADS [f16]
 *
 * reads commands from standard input and answers each with one line:
 *
 *     input K FILE.npy     ok                      what input K gets before each run
 *     run N                N times in nanoseconds  N inferences, each timed alone
 *     output K FILE.npy    ok                      write output K
 *     compare K FILE.npy   MAX_ERROR MAX_ABS       output K against a golden tensor:
 *                                                  greatest difference, greatest value
 *     start 0              NANOSECONDS             from the file's name to a session
 *     memory 0             KILOBYTES               most memory resident so far, less what
 *                                                  was before the file was opened
 *
 * An error ends the program: its sentence goes to standard error, exit status
 * 1.  bench/peers/ speaks the same for other engines.  Links nothing but the
 * library, so it builds for any CPU we have a compiler for.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/file.h"
#include "cli/npy.h"
#include "engine/threads.h"

/* A session and what its inputs shall hold; NULL: nothing was given yet.  Runs
 * overwrite inputs with activations, so they are filled again before each. */
enum { MAX_INPUTS = 8 };
typedef struct {
    tsr_session *session;
    void *given[MAX_INPUTS];
    double start_ns;            /* what it took to get ready */
    long memory_before;         /* kilobytes */
} remote;

static tsr_status check_same(const tsr_tensor *a, const tsr_tensor *b, const char *path,
                             tsr_error *err)
{
    if (a->dtype == b->dtype && tsr_elements(a) == tsr_elements(b))
        return TSR_OK;
    return tsr_fail(err, TSR_BAD_ARGUMENT, "'%s' holds %zu x %s, '%s' %zu x %s", path,
                    tsr_elements(b), tsr_dtype_name(b->dtype), a->name, tsr_elements(a),
                    tsr_dtype_name(a->dtype));
}

/* Element i as a real number; npy data may lie at any address. */
static double element(const tsr_tensor *t, size_t i)
{
    union { float f32; int8_t s8; uint8_t u8; int32_t s32; int64_t s64; } v = { .s64 = 0 };
    const size_t size = tsr_dtype_bytes(t->dtype);
    memcpy(&v, (const char *)t->data + i * size, size);
    switch (t->dtype) {
    case TSR_F32: return (double)v.f32;
    case TSR_S8:  return v.s8;
    case TSR_U8:  return v.u8;
    case TSR_S32: return v.s32;
    case TSR_S64: return (double)v.s64;
    default:      return (double)NAN;       /* a comparison with it fails, as it should */
    }
}

static void print_difference(const tsr_tensor *got, const tsr_tensor *want)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < tsr_elements(got); i++) {
        const double w = element(want, i), e = fabs(element(got, i) - w);
        if (!(e <= error))          /* a NaN sticks */
            error = e;
        if (fabs(w) > largest)
            largest = fabs(w);
    }
    printf("%.9g %.9g\n", error, largest);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void run(const remote *r, int times)
{
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < MAX_INPUTS; k++)
            if (r->given[k])
                memcpy(tsr_input(r->session, k)->data, r->given[k],
                       tsr_bytes(tsr_input(r->session, k)));
        const double begin = now_ns();
        tsr_run(r->session);
        printf("%.0f ", now_ns() - begin);
    }
    printf("\n");
}

static tsr_status keep(remote *r, int k, const tsr_tensor *array, tsr_error *err)
{
    void *copy = malloc(tsr_bytes(array));
    if (!copy)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for input %d", k);
    memcpy(copy, array->data, tsr_bytes(array));
    free(r->given[k]);
    r->given[k] = copy;
    printf("ok\n");
    return TSR_OK;
}

/* A line of /proc/self/status, in kilobytes; 0 where there is none. */
static long resident(const char *what)
{
    char line[128];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && !kilobytes && fgets(line, sizeof line, status))
        if (!strncmp(line, what, strlen(what)))
            kilobytes = atol(line + strlen(what));
    if (status)
        fclose(status);
    return kilobytes;
}

/* One line of input that names a file: input, output or compare. */
static tsr_status use_file(remote *r, const char *verb, int k, const char *path,
                           tsr_error *err)
{
    const bool is_input = !strcmp(verb, "input");
    const tsr_tensor *ours = is_input ? tsr_input(r->session, k) : tsr_output(r->session, k);
    if (!ours || (is_input && k >= MAX_INPUTS))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the model has no %s %d",
                        is_input ? "input" : "output", k);
    if (!strcmp(verb, "output")) {
        TSR_TRY(cli_npy_write(path, ours, err));
        printf("ok\n");
        return TSR_OK;
    }
    cli_file file;
    tsr_tensor array;
    TSR_TRY(cli_file_open(path, &file, err));
    tsr_status status = cli_npy_parse(file.bytes, file.size, &array, err);
    if (status == TSR_OK)
        status = check_same(ours, &array, path, err);
    if (status == TSR_OK && is_input)
        status = keep(r, k, &array, err);
    else if (status == TSR_OK)
        print_difference(ours, &array);
    cli_file_close(&file);
    return status;
}

static tsr_status serve(remote *r, tsr_error *err)
{
    char line[4096], verb[16], path[4096];
    while (fgets(line, sizeof line, stdin)) {
        int number;
        if (sscanf(line, "run %d", &number) == 1)
            run(r, number);
        else if (!strncmp(line, "start ", 6))
            printf("%.0f\n", r->start_ns);
        else if (!strncmp(line, "memory ", 7))
            printf("%ld\n", resident("VmHWM:") - r->memory_before);
        else if (sscanf(line, "%15s %d %4095[^\n]", verb, &number, path) == 3)
            TSR_TRY(use_file(r, verb, number, path, err));
        else
            return tsr_fail(err, TSR_BAD_ARGUMENT, "not a command: %s", line);
        fflush(stdout);
    }
    return TSR_OK;
}

static tsr_status work(const char *path, int thread_count, const tsr_options *options,
                       tsr_error *err)
{
    cli_file file = { 0 };
    tsr_model *model = NULL;
    tsr_threads *threads = NULL;
    remote r = { .start_ns = now_ns(), .memory_before = resident("VmRSS:") };
    void *block = NULL;

    tsr_status status = cli_file_open(path, &file, err);
    if (status == TSR_OK)
        status = tsr_model_load(file.bytes, file.size, options, &model, err);
    if (status == TSR_OK)
        status = tsr_threads_start(thread_count, &threads, err);
    if (status == TSR_OK) {
        const size_t bytes = tsr_session_bytes(model, threads);
        block = malloc(bytes);
        status = tsr_session_open(model, threads, block, block ? bytes : 0, &r.session, err);
    }
    r.start_ns = now_ns() - r.start_ns;
    if (status == TSR_OK)
        status = serve(&r, err);
    for (int k = 0; k < MAX_INPUTS; k++)
        free(r.given[k]);
    tsr_threads_stop(threads);
    free(block);
    tsr_model_free(model);
    cli_file_close(&file);
    return status;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    const tsr_options options = { .f16 = argc == 4 && !strcmp(argv[3], "f16") };
    if (argc != 3 && !options.f16) {
        fprintf(stderr, "usage: bench_session MODEL THREADS [f16]\n");
        return 2;
    }
    if (work(argv[1], atoi(argv[2]), &options, &err) != TSR_OK) {
        fprintf(stderr, "bench_session: %s\n", err.text);
        return 1;
    }
    return 0;
}
