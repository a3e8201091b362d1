/*
 * test_tflite_sparse.c - sparse constants of TFLite files: rows and blocks stored by
 * their nonzeros, and descriptions that are not sound.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "tests/tflite_sound.h"

/* Rows of a matrix stored by their nonzeros; then 2x2 blocks of which only some
 * are stored, blocks and entries both row by row. */
static const mk_sparsity by_rows = {
    .order = { 0, 1 }, .level_count = 2,
    .levels = { { .dense_size = 3 },
                { .csr = true, .index_bytes = 1, .segments = DIM(0, 2, 2, 3),
                  .segment_count = 4, .indices = DIM(1, 3, 0), .index_count = 3 } },
};
static const mk_sparsity by_blocks = {
    .order = { 0, 1, 2, 3 }, .level_count = 4, .block_map = { 0, 1 }, .block_count = 2,
    .levels = { { .dense_size = 2 },
                { .csr = true, .index_bytes = 2, .segments = DIM(0, 1, 3), .segment_count = 3,
                  .indices = DIM(1, 0, 1), .index_count = 3 },
                { .dense_size = 2 }, { .dense_size = 2 } },
};

static void densify(void **state)
{
    static const double rows[] = { 0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0 };
    static const double blocks[] = { 0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 9, 10, 7, 8, 11, 12 };
    static const float stored[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    static const float zeros[16];
    (void)state;
    for (int k = 0; k < 2; k++) {
        mk_model m = { 0 };
        const int dim[] = { k ? 4 : 3, 4 };
        const int in = mk_input(&m, "x", MK_F32, 2, dim);
        const int s = mk_constant(&m, "sparse", MK_F32, 2, dim, stored);
        const int dense = mk_value(&m, "dense", MK_F32, 2, dim);
        const int out = mk_value(&m, "y", MK_F32, 2, dim);
        m.tensors[s].data_bytes = k ? sizeof stored : 3 * sizeof *stored;
        m.tensors[s].sparsity = k ? &by_blocks : &by_rows;
        mk_operator(&m, 124, s, -1, -1, dense);
        mk_option(mk_operator(&m, 0, in, dense, -1, out), 11, 0, 1, 0);
        mk_output(&m, out);
        expect_output(&m, zeros, NULL, 0, k ? blocks : rows, dim[0] * 4, 0);
    }
}

/* ---- and what is wrong --------------------------------------------------- */

static mk_sparsity rows_of_two(void)
{
    static const int segments[] = { 0, 1, 3 }, indices[] = { 0, 1, 2 };
    return (mk_sparsity){
        .order = { 0, 1 }, .level_count = 2,
        .levels = { { .dense_size = 2 },
                    { .csr = true, .index_bytes = 1, .segments = segments, .segment_count = 3,
                      .indices = indices, .index_count = 3 } },
    };
}

static void bad_sparsity(void **state)
{
    (void)state;
    for (int fault = 0; fault < 9; fault++) {
        sound s = make_sound();
        mk_sparsity sp = rows_of_two();
        static const int outside[] = { 0, 1, 3 }, falling[] = { 3, 1, 3 }, beyond[] = { 0, 1, 4 };
        s.m.tensors[s.c].sparsity = &sp;
        s.m.tensors[s.c].data_bytes = 3 * sizeof(float);
        switch (fault) {
        case 0: sp.levels[1].indices = outside; break;
        case 1: sp.levels[1].segments = falling; break;
        case 2: sp.levels[1].segments = beyond; break;
        case 3: sp.levels[1].segment_count = 2; break;
        case 4: sp.levels[0].dense_size = 3; break;
        case 5: sp.order[1] = 0; break;
        case 6: sp.order[1] = 2; break;
        case 7: sp.level_count = 1; break;
        default: s.m.tensors[s.c].data_bytes = 2 * sizeof(float); break;
        }
        expect_refusal(&s.m, TSR_BAD_FILE, "sparse tensor 'ones'");
    }
    sound s = make_sound();
    mk_sparsity sp = rows_of_two();
    s.m.tensors[s.c].sparsity = &sp;
    s.m.tensors[s.c].data_bytes = 3 * sizeof(float);
    /* An operator may read a sparse constant without DENSIFY. */
    expect_output(&s.m, x, NULL, 0, WANT(2, 0, 3, 4, 0, 7), 6, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(densify),
        cmocka_unit_test(bad_sparsity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
