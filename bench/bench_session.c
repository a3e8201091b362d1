/*
 * bench_session.c - one session under remote control: for benchmarks that take
 * turns with a peer, and for whole networks under emulation.
 *
 *     bench_session MODEL THREADS [f16]
 *
 * reads commands from standard input: see remote.h.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench/remote.h"

static void run(void *session)
{
    tsr_run(session);
}

static tsr_status work(const char *path, int threads, const tsr_options *options,
                       tsr_error *err)
{
    remote_engine e = { .start_ns = remote_now(), .memory_before = remote_kilobytes("VmRSS:") };
    remote_network n;
    tsr_status status = remote_open(&n, path, threads, options, err);
    e.start_ns = remote_now() - e.start_ns;
    e.session = e.ctx = n.session;
    e.run = run;
    if (status == TSR_OK)
        status = remote_serve(&e, err);
    remote_close(&n);
    return status;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    const tsr_options options = { .f16 = argc == 4 && !strcmp(argv[3], "f16") };
    const int threads = argc >= 3 ? atoi(argv[2]) : 0;
    if ((argc != 3 && !options.f16) || threads < 1) {
        fprintf(stderr, "usage: bench_session MODEL THREADS [f16]\n");
        return 2;
    }
    if (work(argv[1], threads, &options, &err) != TSR_OK) {
        fprintf(stderr, "bench_session: %s\n", err.text);
        return 1;
    }
    return 0;
}
