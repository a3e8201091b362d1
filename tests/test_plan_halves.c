/*
 * test_plan_halves.c - values moved within a plan: to the place that arithmetic gives
 * where there is one, never onto each other, never beyond what the plan allows.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "engine/plan.h"
#include "engine/plan_halves.h"

enum { KB = 1024, SPANS = 60, NODES = 80, ARENAS = 300 };

static void align(tsr_plan_span *spans, int count, const size_t *top, int nodes, size_t total)
{
    int order[SPANS];
    for (int i = 0; i < count; i++)
        order[i] = i;
    tsr_plan_align_halves(&(tsr_plan_halves){ spans, order, count, top, nodes, total });
}

/* Node 1 reads 0 .. 512 KB and writes 16 KB; these lay over the first half only, which is
 * one core's, and now lie around the middle.  With nothing below, the second one does not
 * move: it is alone there. */
static void meets_in_the_middle(void **state)
{
    tsr_plan_span spans[] = {
        { 1, 2, 512 * KB, 0 }, { 2, 4, 512 * KB, 512 * KB }, { 3, 4, 16 * KB, 0 },
    };
    const size_t top[] = { 512 * KB, 1024 * KB, 1024 * KB, 1024 * KB };
    (void)state;
    align(spans, 3, top, 4, 1024 * KB);
    assert_int_equal(spans[0].offset, 0);
    assert_int_equal(spans[1].offset, 512 * KB);
    /* 256 KB is the middle; a cell of the map is a little more than 2 KB. */
    assert_in_range(spans[2].offset, 248 * KB - 3 * KB, 248 * KB + 3 * KB);
}

/* The caller writes an input alone, so its middle, at 32 KB, is no place to meet; that of
 * the value above it, at 96 KB, is. */
static void keeps_off_the_input(void **state)
{
    tsr_plan_span spans[] = { { 0, 1, 64 * KB, 0 }, { 1, 2, 64 * KB, 64 * KB },
                              { 3, 3, 8 * KB, 0 } };
    const size_t top[] = { 128 * KB, 128 * KB, 128 * KB };
    (void)state;
    align(spans, 3, top, 3, 128 * KB);
    assert_int_equal(spans[1].offset, 64 * KB);
    assert_in_range(spans[2].offset, 91 * KB, 93 * KB);
    assert_int_equal(spans[2].offset % TSR_PLAN_ALIGN, 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool collide(const tsr_plan_span *a, const tsr_plan_span *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes
        && b->offset < a->offset + a->bytes;
}

/* Each in the lowest place where it collides with none: slow, and surely right. */
static size_t make_plan(tsr_plan_span *spans, size_t *top, uint32_t *seed)
{
    size_t total = 0;
    int born = 0;
    for (int i = 0; i < SPANS; i++) {
        tsr_plan_span *s = &spans[i];
        born += (int)(next_random(seed) % 3);
        *s = (tsr_plan_span){ born, born + (int)(next_random(seed) % 6),
                              next_random(seed) % 9 * 1000 % 6001, 0 };
        for (int k = 0; k < i; k++)
            if (s->bytes && spans[k].bytes && collide(s, &spans[k]))
                s->offset += TSR_PLAN_ALIGN, k = -1;
    }
    for (int t = 0; t < NODES; t++)
        top[t] = 0;
    for (int i = 0; i < SPANS; i++) {
        const size_t end = (spans[i].offset + spans[i].bytes + TSR_PLAN_ALIGN - 1)
                         / TSR_PLAN_ALIGN * TSR_PLAN_ALIGN;
        total = end > total ? end : total;
        for (int t = spans[i].first; t <= spans[i].last; t++)
            if (t > 0 && t <= NODES && top[t - 1] < end)
                top[t - 1] = end;
    }
    return total;
}

static void never_collides(void **state)
{
    uint32_t seed = 7;
    int moved = 0;
    (void)state;
    for (int n = 0; n < ARENAS; n++) {
        tsr_plan_span spans[SPANS], before[SPANS];
        size_t top[NODES];
        const size_t total = make_plan(spans, top, &seed);
        for (int i = 0; i < SPANS; i++)
            before[i] = spans[i];
        align(spans, SPANS, top, NODES, total);
        for (int i = 0; i < SPANS; i++) {
            assert_int_equal(spans[i].offset % TSR_PLAN_ALIGN, 0);
            assert_true(spans[i].offset + spans[i].bytes <= total);
            assert_int_equal(spans[i].bytes, before[i].bytes);
            moved += spans[i].offset != before[i].offset;
            for (int k = 0; k < i; k++)
                assert_false(spans[i].bytes && spans[k].bytes && collide(&spans[i], &spans[k]));
        }
    }
    assert_true(moved > ARENAS);        /* else nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_in_the_middle), cmocka_unit_test(keeps_off_the_input),
        cmocka_unit_test(never_collides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
