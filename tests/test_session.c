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

/* Bookkeeping is a tensor per activation, a step and its pointers per node that runs, and
 * what aligning the block and the activations takes: constants and views cost nothing. */
static void test_bookkeeping_is_small(void **state)
{
    (void)state;
    tsr_model *m = NULL;
    assert_int_equal(tsr_model_begin(&(tsr_options){ .ops = tsr_all_ops }, &m, NULL), TSR_OK);
    tsr_tensor x = { .name = "x", .rank = 2, .dim = { 4, 4 } }, y = { .name = "y" };
    float one = 1.0f;
    const tsr_tensor c = { .name = "c", .rank = 1, .dim = { 1 }, .data = &one };
    enum { STEPS = 40 };
    int value = tsr_graph_input(&m->graph, &x);
    for (int i = 0; i < STEPS; i++) {
        int in[] = { value, tsr_graph_constant(&m->graph, &c) };
        tsr_node power = tsr_node_make(TSR_OP_POW, "power", in, 2);
        value = tsr_graph_node(&m->graph, &power, &y);
        tsr_node view = tsr_node_make(TSR_OP_RESHAPE, "view", &value, 1);
        view.attr.reshape = (tsr_reshape_attr){ 2, { i % 2 ? 4 : 2, -1 } };
        value = tsr_graph_node(&m->graph, &view, &y);
    }
    tsr_graph_output(&m->graph, value);
    assert_int_equal(tsr_model_finish(m, NULL), TSR_OK);
    assert_int_equal(m->plan.activation_count, 1 + 2 * STEPS);
    const tsr_session_memory memory = tsr_session_measure(m, 1);
    const size_t least = sizeof(tsr_session) + (1 + 2 * STEPS) * sizeof(tsr_tensor)
                       + STEPS * (sizeof(tsr_step) + 3 * sizeof(tsr_tensor *));
    assert_in_range(memory.bookkeeping, least, least + 2 * 63);
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
        cmocka_unit_test(test_bookkeeping_is_small),
        cmocka_unit_test(test_every_index_runs_once),
        cmocka_unit_test(test_builder_refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
