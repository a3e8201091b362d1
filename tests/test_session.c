/*
 * test_session.c - builder, plan, session and threads on small graphs.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "engine/session.h"
#include "ops/ops.h"

/* y = x under another shape: the one operator that needs no arithmetic. */
static tsr_model *reshape_model(void)
{
    tsr_model *m = NULL;
    tsr_error err = { 0 };
    assert_int_equal(tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops }, &m, &err), TSR_OK);
    tsr_tensor x = { .name = "x", .rank = 2, .dim = { 2, 6 } }, y = { .name = "y" };
    int in = tsr_graph_input(&m->graph, &x);
    tsr_node n = tsr_node_make(TSR_OP_RESHAPE, "y", &in, 1);
    n.attr.reshape = (tsr_reshape_attr){ 3, { 3, -1, 2 } };
    tsr_graph_output(&m->graph, tsr_graph_node(&m->graph, &n, &y));
    assert_int_equal(tsr_model_finish(m, &err), TSR_OK);
    return m;
}

static void test_view_shares_bytes(void **state)
{
    (void)state;
    tsr_model *m = reshape_model();
    const size_t need = tsr_session_bytes(m, NULL);
    unsigned char *block = malloc(need);
    tsr_session *s = NULL;
    tsr_error err = { 0 };
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, &err), TSR_OK);
    float *x = tsr_input(s, 0)->data;
    for (int i = 0; i < 12; i++)
        x[i] = (float)i;
    tsr_run(s);
    const tsr_tensor *y = tsr_output(s, 0);
    assert_int_equal(y->rank, 3);
    assert_int_equal(y->dim[1], 2);
    assert_true(((const float *)y->data)[11] == 11.0f);
    assert_null(tsr_input(s, 1));
    assert_null(tsr_output(s, 1));
    free(block);
    tsr_model_free(m);
}

static void test_every_smaller_block_is_refused(void **state)
{
    (void)state;
    tsr_model *m = reshape_model();
    const size_t need = tsr_session_bytes(m, NULL);
    for (size_t n = 0; n < need; n++) {
        unsigned char *block = malloc(n + 1);
        tsr_session *s = NULL;
        tsr_error err = { 0 };
        assert_int_equal(tsr_session_open(m, NULL, block, n, &s, &err), TSR_NO_MEMORY);
        assert_non_null(strstr(err.text, "session needs"));
        assert_null(s);
        free(block);
    }
    for (size_t shift = 0; shift < 64; shift++) {       /* any alignment will do */
        unsigned char *block = malloc(need + shift);
        tsr_session *s = NULL;
        assert_int_equal(tsr_session_open(m, NULL, block + shift, need, &s, NULL), TSR_OK);
        tsr_run(s);
        free(block);
    }
    tsr_model_free(m);
}

static void mark(void *arg, int index, int worker)
{
    (void)worker;
    ((int *)arg)[index]++;
}

static void test_every_index_runs_once(void **state)
{
    (void)state;
    for (int count = 1; count <= 4; count++) {
        tsr_threads *t = NULL;
        assert_int_equal(tsr_threads_start(count, &t, NULL), TSR_OK);
        assert_int_equal(tsr_threads_count(t), count);
        for (int round = 0; round < 200; round++) {
            int seen[37] = { 0 };
            const int tasks = round % 37;
            tsr_parallel(t, tasks, mark, seen);
            for (int i = 0; i < 37; i++)
                assert_int_equal(seen[i], i < tasks);
        }
        tsr_threads_stop(t);
    }
    tsr_error err = { 0 };
    tsr_threads *t = NULL;
    assert_int_equal(tsr_threads_start(65, &t, &err), TSR_BAD_ARGUMENT);
}

static void test_builder_refuses_nonsense(void **state)
{
    (void)state;
    const tsr_tensor bad[] = {
        { .name = "rank", .rank = 7 },
        { .name = "zero", .rank = 1, .dim = { 0 } },
        { .name = "huge", .rank = 3, .dim = { 65536, 65536, 65536 } },
        { .name = "negative", .rank = 2, .dim = { 3, -4 } },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tsr_model *m = NULL;
        tsr_error err = { 0 };
        assert_int_equal(tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops }, &m, &err), TSR_OK);
        assert_int_equal(tsr_graph_input(&m->graph, &bad[i]), -1);
        assert_non_null(strstr(err.text, bad[i].name));
        assert_int_not_equal(tsr_model_finish(m, &err), TSR_OK);
        tsr_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view_shares_bytes),
        cmocka_unit_test(test_every_smaller_block_is_refused),
        cmocka_unit_test(test_every_index_runs_once),
        cmocka_unit_test(test_builder_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
