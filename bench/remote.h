/*
 * remote.h - a network under remote control: what bench_session, count_session and the
 * adapters in peers/ that are written in C share.
 *
 * An engine answers each command on standard input with one line:
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
 * An error ends the program: its sentence goes to standard error, exit status 1.  `compare`
 * is asked of our side only.                     SPDX-License-Identifier: MIT
 */
#ifndef BENCH_REMOTE_H
#define BENCH_REMOTE_H

#include "cli/file.h"
#include "engine/session.h"

/* A model and a session, in memory of their own. */
typedef struct {
    cli_file file;
    tsr_model *model;
    tsr_threads *threads;
    void *block;
    tsr_session *session;
} remote_network;

/* `threads` 0: no pool at all.  Close it whatever the status. */
TSR_MUST_USE tsr_status remote_open(remote_network *n, const char *path, int threads,
                                    const tsr_options *options, tsr_error *err);
void remote_close(remote_network *n);

/* Nanoseconds of a clock that only runs forward; kilobytes of a line of /proc/self/status
 * ("VmRSS:" is resident now, "VmHWM:" at most), 0 where there is none. */
double remote_now(void);
long remote_kilobytes(const char *what);

typedef struct {
    tsr_session *session;       /* has the inputs and outputs */
    void (*run)(void *ctx);     /* inputs -> outputs: what is timed */
    void (*before)(void *ctx);  /* not timed: changes of layout, where an engine asks for */
    void (*after)(void *ctx);   /* another one than the file has; NULL: nothing           */
    void *ctx;
    double start_ns;            /* what it took to get ready */
    long memory_before;         /* kilobytes */
} remote_engine;

/* Obey until standard input ends. */
TSR_MUST_USE tsr_status remote_serve(const remote_engine *e, tsr_error *err);

#endif
