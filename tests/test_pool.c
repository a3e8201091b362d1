/*
 * test_pool.c - the pool of a model: what it promises of its memory, and how it grows:
 * on a host large models by large blocks, but not where it has no more than is wanted,
 * and not from an allocator of the caller's.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/pool.h"

enum { MEGABYTE = 1 << 20 };

/* An allocator of dirty blocks that counts them and refuses what is above a limit. */
typedef struct {
    size_t limit, largest;
    int blocks;
} source;

static void *dirty(void *ctx, size_t bytes)
{
    source *s = ctx;
    void *p = bytes > s->limit ? NULL : malloc(bytes);
    if (!p)
        return NULL;
    s->blocks++;
    s->largest = bytes > s->largest ? bytes : s->largest;
    return memset(p, 0xa5, bytes);
}

static void release(void *ctx, void *block)
{
    ((source *)ctx)->blocks--;
    free(block);
}

static tsr_pool pool_of(source *s)
{
    return tsr_pool_make(&(tsr_allocator){ dirty, release, s });
}

static void memory_is_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    source s = { .limit = SIZE_MAX };
    tsr_pool p = pool_of(&s);
    unsigned char *before = NULL;
    size_t room = 0;
    for (size_t n = 1; n < 100000; n = n * 3 + 1) {
        unsigned char *x = tsr_pool_alloc(&p, n, 64);
        assert_non_null(x);
        assert_int_equal((uintptr_t)x % 64, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(x[i], 0);
        assert_true(!before || x >= before + room || x + n <= before);
        memset(x, 1, n);
        before = x, room = n;
    }
    tsr_pool_free(&p);
    assert_int_equal(s.blocks, 0);
}

static int blocks_for(source *s, bool hosted, size_t one, int count)
{
    tsr_pool p = pool_of(s);
    assert_false(p.hosted);
    p.hosted = hosted;
    for (int i = 0; i < count; i++) {
        unsigned char *x = tsr_pool_take(&p, one, 64);
        assert_non_null(x);
        x[0] = x[one - 1] = 1;          /* the sanitisers look whether it is there */
    }
    const int blocks = s->blocks;
    tsr_pool_free(&p);
    assert_int_equal(s->blocks, 0);
    return blocks;
}

static void large_models_grow_by_large_blocks(void **state)
{
    (void)state;
    source s = { .limit = SIZE_MAX };
    assert_true(blocks_for(&s, true, MEGABYTE / 4, 160) < 24);    /* 40 MB, the first 2 singly */
    assert_in_range(s.largest, 4 * MEGABYTE, 8 * MEGABYTE);
}

static void an_allocator_is_asked_for_no_more_than_needed(void **state)
{
    (void)state;
    source s = { .limit = SIZE_MAX };
    assert_int_equal(blocks_for(&s, false, MEGABYTE / 4, 160), 160);
    assert_in_range(s.largest, MEGABYTE / 4, MEGABYTE / 4 + 4096);
    tsr_pool p = tsr_pool_make(NULL);
    assert_true(p.hosted);
}

static void a_small_model_takes_what_it_needs(void **state)
{
    (void)state;
    source s = { .limit = SIZE_MAX };
    blocks_for(&s, true, 100000, 10);
    assert_in_range(s.largest, 100000, 100000 + 4096);
}

static void a_refused_large_block_is_no_failure(void **state)
{
    (void)state;
    source s = { .limit = MEGABYTE };
    assert_int_equal(blocks_for(&s, true, MEGABYTE / 2, 40), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(large_models_grow_by_large_blocks),
        cmocka_unit_test(an_allocator_is_asked_for_no_more_than_needed),
        cmocka_unit_test(a_small_model_takes_what_it_needs),
        cmocka_unit_test(a_refused_large_block_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
