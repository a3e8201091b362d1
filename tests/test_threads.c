/*
 * test_threads.c - every index of every loop is done exactly once, and is done when
 * tsr_parallel returns: for any number of threads and tasks, inside and outside of an
 * inference, with workers awake, asleep, and too many for the machine.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 199309L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "engine/threads.h"

enum { MOST = 3000 };

typedef struct {
    int count;                          /* threads */
    unsigned char done[MOST];           /* plain memory: a race would be seen by TSan */
    unsigned char busy[64];             /* is this worker number in use? */
    atomic_int twice;
    int spin;
} loop;

static void task(void *arg, int index, int worker)
{
    loop *l = arg;
    if (worker < 0 || worker >= l->count || l->busy[worker]++)
        atomic_fetch_add(&l->twice, 1);         /* two at once would share scratch */
    for (volatile int i = 0; i < l->spin; i++)
        ;
    l->done[index]++;
    l->busy[worker]--;
}

static void check_loop(tsr_threads *t, loop *l, int tasks)
{
    for (int i = 0; i < MOST; i++)
        l->done[i] = 0;
    tsr_parallel(t, tasks, task, l);
    for (int i = 0; i < MOST; i++)
        if (l->done[i] != (i < tasks))
            fail_msg("%d threads, %d tasks: index %d done %d times", l->count, tasks, i,
                     l->done[i]);
    assert_int_equal(atomic_load(&l->twice), 0);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

static void each_index_once(void **state)
{
    (void)state;
    static const int sizes[] = { 0, 1, 2, 3, 5, 16, 17, 64, 1000, MOST };
    for (int count = 1; count <= 9; count += count < 4 ? 1 : 5) {
        loop l = { .count = count };
        tsr_threads *t = NULL;
        assert_int_equal(tsr_threads_start(count, &t, NULL), TSR_OK);
        assert_int_equal(tsr_threads_count(t), count);
        for (int round = 0; round < 60; round++) {
            if (round % 3)
                tsr_threads_begin(t);
            l.spin = round % 5 * 40;
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                check_loop(t, &l, sizes[i]);
            if (round % 3)
                tsr_threads_end(t);
            if (round % 10 == 0)
                pause_ms(2);            /* all workers are asleep now */
        }
        tsr_threads_stop(t);
    }
}

/* The number of a job wraps around after 65536 of them. */
static void many_jobs(void **state)
{
    (void)state;
    loop l = { .count = 2 };
    tsr_threads *t = NULL;
    assert_int_equal(tsr_threads_start(2, &t, NULL), TSR_OK);
    tsr_threads_begin(t);
    for (int i = 0; i < 70000; i++) {
        l.done[0] = l.done[1] = l.done[2] = 0;
        tsr_parallel(t, 3, task, &l);
        if (l.done[0] != 1 || l.done[1] != 1 || l.done[2] != 1)
            fail_msg("job %d: not every index once", i);
    }
    tsr_threads_end(t);
    tsr_threads_stop(t);
}

/* In all states that a pool can be in: just started, in an inference, after it, asleep. */
static void stops_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        tsr_threads *t = NULL;
        assert_int_equal(tsr_threads_start(3, &t, NULL), TSR_OK);
        if (i > 0)
            tsr_threads_begin(t);
        if (i > 1)
            tsr_threads_end(t);
        if (i > 2)
            pause_ms(2);
        tsr_threads_stop(t);
    }
    tsr_threads_begin(NULL), tsr_threads_end(NULL), tsr_threads_stop(NULL);
}

static void refuses_counts(void **state)
{
    (void)state;
    static const int wrong[] = { -1, 0, 65 };
    for (int i = 0; i < 3; i++) {
        tsr_threads *t = NULL;
        tsr_error err = { 0 };
        assert_int_equal(tsr_threads_start(wrong[i], &t, &err), TSR_BAD_ARGUMENT);
        assert_null(t);
        assert_true(err.text[0]);
    }
}

/* Tasks that say they are even: all items in order, no task empty, and each worker's share
 * of the tasks, as threads.c hands them out, is its share of the items. */
static void shares_are_even(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 9; workers++)
        for (int items = 1; items < 300; items += items < 40 ? 1 : 37)
            for (int wanted = 0; wanted < 80; wanted += wanted < 20 ? 1 : 9) {
                const int tasks = tsr_even_tasks(wanted, items, workers);
                assert_in_range(tasks, 1, items);
                assert_int_equal(tsr_task_begin(items, 0, tasks), 0);
                assert_int_equal(tsr_task_begin(items, tasks, tasks), items);
                for (int i = 0; i < tasks; i++)
                    assert_true(tsr_task_begin(items, i, tasks)
                                < tsr_task_begin(items, i + 1, tasks));
                if (wanted < 2)
                    assert_int_equal(tasks, 1);
                for (int w = 0; w < workers && wanted > 1 && items >= workers; w++)
                    assert_int_equal(tsr_task_begin(items, tasks * w / workers, tasks),
                                     items * w / workers);
            }
}

static void loops_over_numbers(void **state)
{
    (void)state;
    assert_int_equal(tsr_element_tasks(1 << 30, 1), 1);
    assert_int_equal(tsr_element_tasks(100, 4), 1);             /* not worth a hand-over */
    assert_int_equal(tsr_element_tasks(3 * 4096, 2), 2);
    assert_int_equal(tsr_element_tasks(3 * 4096, 4), 4);
    assert_int_equal(tsr_element_tasks(5 * 16384, 2), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_index_once), cmocka_unit_test(many_jobs),
        cmocka_unit_test(stops_at_any_time), cmocka_unit_test(refuses_counts),
        cmocka_unit_test(shares_are_even), cmocka_unit_test(loops_over_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
