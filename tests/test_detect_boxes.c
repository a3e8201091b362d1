/*
 * test_detect_boxes.c - the end of SSD detectors: TFLite_Detection_PostProcess.
 *
 * The operation by itself; test_detect_file.c has it in a file.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include "tests/detect_heads.h"

static one_op case_of(const heads *h, const tsr_detect_attr *a)
{
    one_op o = one_op_make(TSR_OP_DETECT_BOXES);
    o.node.attr.detect = *a;
    o.in[0] = tensor_of(TSR_F32, DIMS(1, N, 4), (void *)h->box);
    o.in[1] = tensor_of(TSR_F32, DIMS(1, N, WIDTH), (void *)h->score);
    o.in[2] = tensor_of(TSR_F32, DIMS(N, 4), (void *)h->anchor);
    o.in_count = 3;
    o.constants = 4;
    o.out.dtype = TSR_F32;
    return o;
}

static void test_random_heads(void **state)
{
    (void)state;
    int most_rows = 0;
    for (int round = 0; round < 40; round++) {
        heads h;
        double want[6 * MOST_ROWS + 1];
        tsr_detect_attr a = usual(round & 1);
        a.most = 1 + round % 13;
        a.overlap = 0.1f + 0.02f * (float)round;
        fill(&h);
        const int rows = truth(&h, &a, want), n = 6 * a.most * a.per_box + 1;
        const one_op o = case_of(&h, &a);
        const tsr_tensor result = one_op_run(&o);
        const float *got = result.data;
        for (int i = 0; i < n; i++)
            if (fabs((double)got[i] - want[i]) > 1e-5)
                fail_msg("round %d, number %d: %g, not %g", round, i, (double)got[i], want[i]);
        free(result.data);
        most_rows = rows > most_rows ? rows : most_rows;
    }
    assert_true(most_rows > 8);
}

static void test_no_numbers(void **state)
{
    (void)state;
    heads h;
    for (int each = 0; each < 2; each++) {
        const tsr_detect_attr a = usual(each);
        const int count = 6 * a.most * a.per_box;
        fill(&h);
        for (int i = 0; i < N * WIDTH; i++)
            h.score[i] = i % 3 ? NAN : -INFINITY;
        for (int i = 0; i < N * 4; i++)
            h.box[i] = i % 2 ? NAN : INFINITY;
        const one_op o = case_of(&h, &a);
        const tsr_tensor result = one_op_run(&o);
        const float *got = result.data;
        assert_true(got[count] == 0);
        free(result.data);
        h.score[7] = 0.9f;                      /* of box 1, next to the background's */
        const tsr_tensor again = one_op_run(&o);
        assert_true(((const float *)again.data)[count] == (float)a.per_box);
        free(again.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_heads),
        cmocka_unit_test(test_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
