/*
 * test_gather.c - gather and gather_nd against their definition, with indices
 * of both types, from the end, and outside.      SPDX-License-Identifier: MIT
 */
#include "tests/mover_check.h"

static int64_t index_value(const tsr_tensor *t, size_t i)
{
    return t->dtype == TSR_S64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

static void set_index(tsr_tensor *t, size_t i, int v)
{
    if (t->dtype == TSR_S64)
        ((int64_t *)t->data)[i] = v;
    else
        ((int32_t *)t->data)[i] = v;
}

/* Negative: from the end; then clamped, as a run-time index is. */
static int pulled_in(int64_t v, int size)
{
    v += v < 0 ? size : 0;
    return v < 0 ? 0 : v >= size ? size - 1 : (int)v;
}

static bool gather_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    const int axis = c->node.attr.gather.axis, indices = c->in[1].rank;
    for (int k = 0; k < axis; k++)
        i[k] = o[k];
    i[axis] = pulled_in(index_value(&c->in[1], harness_index(&c->in[1], o + axis)),
                        c->in[0].dim[axis]);
    for (int k = axis + 1; k < c->in[0].rank; k++)
        i[k] = o[k - 1 + indices];
    return true;
}

static bool gather_nd_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    const int lead = c->in[1].rank - 1, depth = c->in[1].dim[lead];
    int at[TSR_MAX_RANK];
    memcpy(at, o, sizeof at);
    for (int k = 0; k < depth; k++) {
        at[lead] = k;
        i[k] = pulled_in(index_value(&c->in[1], harness_index(&c->in[1], at)), c->in[0].dim[k]);
    }
    for (int k = depth; k < c->in[0].rank; k++)
        i[k] = o[lead + k - depth];
    return true;
}

static void test_gather_along_any_axis(void **state)
{
    (void)state;
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK], index_dim[TSR_MAX_RANK];
        const int rank = harness_int(1, 4), index_rank = harness_int(0, 2);
        random_shape(rank, 9, dim);
        random_shape(index_rank, 5, index_dim);
        op_case c = one_input(TSR_OP_GATHER, by_size[pass % 4], rank, dim);
        c.node.in_count = 2;
        c.node.attr.gather.axis = harness_int(0, rank - 1);
        c.in[1] = harness_tensor(pass % 2 ? TSR_S32 : TSR_S64, index_rank, index_dim);
        const int size = dim[c.node.attr.gather.axis];
        c.constant_inputs = pass % 3 == 0;  /* then every index must exist */
        for (size_t k = 0; k < tsr_elements(&c.in[1]); k++)
            set_index(&c.in[1], k, c.constant_inputs ? harness_int(-size, size - 1)
                                                     : harness_int(-2 * size - 1, 2 * size));
        check(&c, gather_source, NULL);
    }
}

static void test_gather_nd(void **state)
{
    (void)state;
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK], index_dim[TSR_MAX_RANK];
        const int rank = harness_int(1, 4), index_rank = harness_int(1, 3);
        random_shape(rank, 7, dim);
        random_shape(index_rank, 5, index_dim);
        index_dim[index_rank - 1] = harness_int(1, rank);
        op_case c = one_input(TSR_OP_GATHER_ND, by_size[pass % 4], rank, dim);
        c.node.in_count = 2;
        c.in[1] = harness_tensor(pass % 2 ? TSR_S32 : TSR_S64, index_rank, index_dim);
        for (size_t k = 0; k < tsr_elements(&c.in[1]); k++)
            set_index(&c.in[1], k, harness_int(-9, 9));
        check(&c, gather_nd_source, NULL);
    }
}

static void test_gather_refuses_constants_out_of_range(void **state)
{
    (void)state;
    static const int bad[] = { 3, -4, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < 4; i++)
        for (int nd = 0; nd < 2; nd++) {
            op_case c = one_input(nd ? TSR_OP_GATHER_ND : TSR_OP_GATHER, TSR_F32, 2,
                                  (int[]){ 3, 5 });
            c.node.in_count = 2;
            c.constant_inputs = true;
            c.in[1] = harness_tensor(TSR_S32, 1, (int[]){ 1 });
            set_index(&c.in[1], 0, bad[i]);
            refuse(&c);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather_along_any_axis),
        cmocka_unit_test(test_gather_nd),
        cmocka_unit_test(test_gather_refuses_constants_out_of_range),
    };
    return cmocka_run_group_tests(tests, start_threads, stop_threads);
}
