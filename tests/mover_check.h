/*
 * mover_check.h - an operation that only moves elements, against the function
 * that says where each output element comes from; with one thread and with
 * three.                                        SPDX-License-Identifier: MIT
 */
#ifndef MOVER_CHECK_H
#define MOVER_CHECK_H

#include "tests/three_threads.h"

static const tsr_dtype by_size[4] = { TSR_U8, TSR_F16, TSR_F32, TSR_S64 };

/* Where output coordinate o comes from; false: it is padding.  Concat puts the
 * number of the input into *input. */
typedef bool (*source)(const op_case *c, const int *o, int *i, int *input);

static inline void compare(const op_case *c, source from, const void *padding)
{
    const size_t e = tsr_dtype_bytes(c->out.dtype);
    for (size_t k = 0; k < tsr_elements(&c->out); k++) {
        int o[TSR_MAX_RANK], i[TSR_MAX_RANK] = { 0 }, input = 0;
        harness_coordinates(&c->out, k, o);
        const void *want = padding;
        if (from(c, o, i, &input))
            want = (const uint8_t *)c->in[input].data + harness_index(&c->in[input], i) * e;
        else
            assert_non_null(padding);
        if (memcmp(want, (const uint8_t *)c->out.data + k * e, e) != 0)
            fail_msg("%s: output element %zu differs", tsr_all_ops[c->node.kind]->name, k);
    }
}

/* Run and compare with one thread, then with three. */
static inline void check(op_case *c, source from, const void *padding)
{
    for (int pass = 0; pass < 2; pass++) {
        c->threads = pass ? three : NULL;
        op_case_run(c);
        compare(c, from, padding);
        if (pass == 0)
            free(c->out.data);
    }
    op_case_free(c);
}

static inline op_case one_input(tsr_op_kind kind, tsr_dtype dtype, int rank, const int *dim)
{
    op_case c = op_case_make(kind, 1);
    c.in[0] = harness_tensor(dtype, rank, dim);
    harness_fill_bytes(&c.in[0]);
    c.out.dtype = dtype;
    return c;
}

static inline void random_shape(int rank, int limit, int *dim)
{
    for (int i = 0; i < rank; i++)
        dim[i] = harness_int(1, limit);
}

/* What infer must not let through. */
static inline void refuse(op_case *c)
{
    assert_int_not_equal(op_case_infer(c), TSR_OK);
    assert_true(c->err.text[0] != '\0');
    c->out.data = NULL;
    op_case_free(c);
}

#endif
