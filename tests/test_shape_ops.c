/*
 * test_shape_ops.c - operations that only move elements, against their
 * defining equation.
 *
 * A mover is described here by a function that says where one output element
 * comes from.  Shapes are drawn at random, element types have 1, 2, 4 and 8
 * bytes, and every case runs with one thread and with three.
 * SPDX-License-Identifier: MIT
 */
#include "tests/mover_check.h"

static bool transpose_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    for (int k = 0; k < c->out.rank; k++)
        i[c->node.attr.transpose.perm[k]] = o[k];
    return true;
}

static void random_perm(int rank, int *perm)
{
    for (int k = 0; k < rank; k++)
        perm[k] = k;
    for (int k = rank - 1; k > 0; k--) {
        const int other = harness_int(0, k), keep = perm[k];
        perm[k] = perm[other];
        perm[other] = keep;
    }
}

static void test_transpose_any_permutation(void **state)
{
    (void)state;
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK];
        const int rank = pass % (TSR_MAX_RANK + 1);
        random_shape(rank, rank > 4 ? 5 : 23, dim);
        op_case c = one_input(TSR_OP_TRANSPOSE, by_size[pass % 4], rank, dim);
        random_perm(rank, c.node.attr.transpose.perm);
        check(&c, transpose_source, NULL);
    }
}

static void test_transpose_of_images_in_tiles(void **state)
{
    (void)state;
    static const int perms[2][4] = { { 0, 2, 3, 1 }, { 0, 3, 1, 2 } };
    static const int shapes[][4] = { { 2, 61, 45, 37 }, { 1, 3, 97, 101 }, { 1, 64, 48, 3 },
                                     { 3, 1, 70, 66 }, { 1, 200, 3, 129 }, { 2, 4, 33, 65 },
                                     { 1, 2, 77, 31 } };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int pass = 0; pass < 8; pass++) {
            op_case c = one_input(TSR_OP_TRANSPOSE, by_size[pass % 4], 4, shapes[s]);
            memcpy(c.node.attr.transpose.perm, perms[pass / 4], sizeof perms[0]);
            check(&c, transpose_source, NULL);
        }
}

static bool slice_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    for (int k = 0; k < c->out.rank; k++)
        i[k] = c->node.attr.slice.begin[k] + o[k] * c->node.attr.slice.stride[k];
    return true;
}

static void test_slice_with_strides_of_both_signs(void **state)
{
    (void)state;
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK];
        const int rank = pass % (TSR_MAX_RANK + 1);
        random_shape(rank, rank > 4 ? 5 : 19, dim);
        op_case c = one_input(TSR_OP_SLICE, by_size[pass % 4], rank, dim);
        for (int k = 0; k < rank; k++) {
            int stride = harness_int(-4, 4);
            stride = stride ? stride : 1;
            const int begin = harness_int(0, dim[k] - 1);
            const int room = stride > 0 ? dim[k] - 1 - begin : begin;
            c.node.attr.slice.begin[k] = begin;
            c.node.attr.slice.stride[k] = stride;
            c.node.attr.slice.size[k] = harness_int(1, room / abs(stride) + 1);
        }
        check(&c, slice_source, NULL);
    }
}

static bool pad_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    for (int k = 0; k < c->out.rank; k++) {
        i[k] = o[k] - c->node.attr.pad.before[k];
        if (i[k] < 0 || i[k] >= c->in[0].dim[k])
            return false;
    }
    return true;
}

static void test_pad_with_a_value_of_any_type(void **state)
{
    (void)state;
    const uint8_t u8 = 7;
    const uint16_t f16 = 0x4700;            /* 7.0 */
    const float f32 = 7;
    const int64_t s64 = 7;
    const void *const seven[4] = { &u8, &f16, &f32, &s64 };
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK];
        const int rank = pass % (TSR_MAX_RANK + 1);
        random_shape(rank, rank > 4 ? 4 : 13, dim);
        op_case c = one_input(TSR_OP_PAD, by_size[pass % 4], rank, dim);
        c.node.attr.pad.value = 7;
        for (int k = 0; k < rank; k++) {
            c.node.attr.pad.before[k] = harness_int(0, 1) ? harness_int(0, 3) : 0;
            c.node.attr.pad.after[k] = harness_int(0, 1) ? harness_int(0, 3) : 0;
        }
        check(&c, pad_source, seven[pass % 4]);
    }
}

static void test_pad_of_quantised_images_uses_the_zero_point(void **state)
{
    (void)state;
    const int8_t zero = -5, two = 15;       /* 2.0 / 0.1 - 5 */
    for (int pass = 0; pass < 2; pass++) {
        op_case c = one_input(TSR_OP_PAD, TSR_S8, 4, (int[]){ 1, 5, 4, 3 });
        c.in[0].quant = c.out.quant = (tsr_quant){ .scale = 0.1f, .zero_point = -5 };
        c.node.attr.pad = (tsr_pad_attr){ { 0, 1, 2, 0 }, { 0, 0, 1, 1 }, pass ? 2.0f : 0.0f };
        check(&c, pad_source, pass ? &two : &zero);
    }
}

static bool concat_source(const op_case *c, const int *o, int *i, int *input)
{
    const int axis = c->node.attr.concat.axis;
    memcpy(i, o, TSR_MAX_RANK * sizeof *i);
    while (i[axis] >= c->in[*input].dim[axis])
        i[axis] -= c->in[(*input)++].dim[axis];
    return true;
}

static void test_concat_along_any_axis(void **state)
{
    (void)state;
    for (int pass = 0; pass < 300; pass++) {
        int dim[TSR_MAX_RANK] = { 0 };
        const int rank = 1 + pass % TSR_MAX_RANK, axis = harness_int(0, rank - 1);
        random_shape(rank, rank > 4 ? 5 : 29, dim);
        op_case c = op_case_make(TSR_OP_CONCAT, harness_int(1, HARNESS_INPUTS));
        c.out.dtype = by_size[pass % 4];
        c.node.attr.concat.axis = pass % 2 ? axis : axis - rank;
        for (int k = 0; k < c.node.in_count; k++) {
            dim[axis] = harness_int(1, 9);
            c.in[k] = harness_tensor(c.out.dtype, rank, dim);
            harness_fill_bytes(&c.in[k]);
        }
        check(&c, concat_source, NULL);
    }
}

static bool depth_space_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    const int b = c->node.attr.depth_space.block;
    const bool crd = c->node.attr.depth_space.crd;
    const int channels = c->node.kind == TSR_OP_DEPTH_TO_SPACE ? c->out.dim[3] : c->in[0].dim[3];
    i[0] = o[0];
    if (c->node.kind == TSR_OP_DEPTH_TO_SPACE) {
        const int y = o[1] % b, x = o[2] % b;
        i[1] = o[1] / b, i[2] = o[2] / b;
        i[3] = crd ? (o[3] * b + y) * b + x : (y * b + x) * channels + o[3];
    } else {
        const int cell = crd ? o[3] % (b * b) : o[3] / channels;
        i[1] = o[1] * b + cell / b, i[2] = o[2] * b + cell % b;
        i[3] = crd ? o[3] / (b * b) : o[3] % channels;
    }
    return true;
}

static void test_depth_to_space_and_back(void **state)
{
    (void)state;
    for (int pass = 0; pass < 200; pass++) {
        const int b = harness_int(1, 4), n = harness_int(1, 2), h = harness_int(1, 9);
        const int w = harness_int(1, 9), ch = harness_int(1, 19);
        const bool deep = pass % 2;
        const int dim[4] = { n, deep ? h : h * b, deep ? w : w * b, deep ? ch * b * b : ch };
        op_case c = one_input(deep ? TSR_OP_DEPTH_TO_SPACE : TSR_OP_SPACE_TO_DEPTH,
                              by_size[pass / 2 % 4], 4, dim);
        c.node.attr.depth_space = (tsr_depth_space_attr){ b, pass / 8 % 2 };
        check(&c, depth_space_source, NULL);
    }
}

static bool batch_space_source(const op_case *c, const int *o, int *i, int *input)
{
    (void)input;
    const tsr_batch_space_attr *a = &c->node.attr.batch_space;
    const bool to_batch = c->node.kind == TSR_OP_SPACE_TO_BATCH;
    const int images = to_batch ? c->in[0].dim[0] : c->out.dim[0];
    i[3] = o[3];
    if (to_batch) {
        const int cell = o[0] / images;
        i[0] = o[0] % images;
        i[1] = o[1] * a->block_y + cell / a->block_x - a->pad_top;
        i[2] = o[2] * a->block_x + cell % a->block_x - a->pad_left;
        return i[1] >= 0 && i[1] < c->in[0].dim[1] && i[2] >= 0 && i[2] < c->in[0].dim[2];
    }
    const int y = o[1] + a->pad_top, x = o[2] + a->pad_left;
    i[0] = (y % a->block_y * a->block_x + x % a->block_x) * images + o[0];
    i[1] = y / a->block_y;
    i[2] = x / a->block_x;
    return true;
}

static void test_space_to_batch_and_back(void **state)
{
    (void)state;
    const uint8_t zero[8] = { 0 };
    for (int pass = 0; pass < 300; pass++) {
        const int by = harness_int(1, 5), bx = harness_int(1, 5), n = harness_int(1, 3);
        const int y = harness_int(1, 7), x = harness_int(1, 7), ch = harness_int(1, 9);
        const bool to_batch = pass % 2;
        tsr_batch_space_attr a = { by, bx, harness_int(0, by * y - 1), harness_int(0, bx * x - 1),
                                   0, 0 };
        a.pad_bottom = harness_int(0, by * y - 1 - a.pad_top);
        a.pad_right = harness_int(0, bx * x - 1 - a.pad_left);
        const int wide[4] = { n, by * y - a.pad_top - a.pad_bottom,
                              bx * x - a.pad_left - a.pad_right, ch };
        const int narrow[4] = { n * by * bx, y, x, ch };
        op_case c = one_input(to_batch ? TSR_OP_SPACE_TO_BATCH : TSR_OP_BATCH_TO_SPACE,
                              by_size[pass / 2 % 4], 4, to_batch ? wide : narrow);
        c.node.attr.batch_space = a;
        check(&c, batch_space_source, zero);
    }
}

/* ---- what infer must refuse ----------------------------------------------- */

static void test_hostile_attributes_are_refused(void **state)
{
    (void)state;
    const int dim[4] = { 1, 6, 6, 8 };
    static const tsr_slice_attr slices[] = {
        { { 0, 6 }, { 1, 1, 1, 1 }, { 1, 1, 6, 8 } }, { { 0, -1 }, { 1, 1, 1, 1 }, { 1, 1, 6, 8 } },
        { { 0 }, { 1, 7, 1, 1 }, { 1, 2, 6, 8 } }, { { 0 }, { 1, -1, 1, 1 }, { 1, 2, 6, 8 } },
        { { 0 }, { 1, 0, 1, 1 }, { 1, 2, 6, 8 } }, { { 0 }, { 1, 1, 1, 1 }, { 1, 0, 6, 8 } },
        { { 0 }, { 1, INT32_MIN, 1, 1 }, { 1, INT32_MIN, 6, 8 } },
        { { 0 }, { 1, INT32_MAX, 1, 1 }, { 1, INT32_MAX, 6, 8 } },
    };
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        op_case c = one_input(TSR_OP_SLICE, TSR_F32, 4, dim);
        c.node.attr.slice = slices[i];
        refuse(&c);
    }
    static const int perms[][4] = { { 0, 1, 2, 2 }, { 0, 1, 2, 4 }, { -1, 1, 2, 3 } };
    for (size_t i = 0; i < 3; i++) {
        op_case c = one_input(TSR_OP_TRANSPOSE, TSR_F32, 4, dim);
        memcpy(c.node.attr.transpose.perm, perms[i], sizeof perms[i]);
        refuse(&c);
    }
    static const int pads[][2] = { { -1, 0 }, { 0, -1 }, { INT32_MAX, INT32_MAX }, { INT32_MAX, 0 },
                                   { 1 << 29, 0 } };
    for (size_t i = 0; i < 5; i++) {
        op_case c = one_input(TSR_OP_PAD, TSR_F32, 4, dim);
        c.node.attr.pad.before[1] = pads[i][0];
        c.node.attr.pad.after[1] = pads[i][1];
        refuse(&c);
    }
    static const int blocks[] = { 0, -2, 4, 46341, INT32_MAX };
    for (size_t i = 0; i < 5; i++)
        for (int deep = 0; deep < 2; deep++) {
            op_case c = one_input(deep ? TSR_OP_DEPTH_TO_SPACE : TSR_OP_SPACE_TO_DEPTH, TSR_U8, 4,
                                  dim);
            c.node.attr.depth_space.block = blocks[i];
            refuse(&c);
        }
    static const tsr_batch_space_attr batches[] = {
        { 0, 1, 0, 0, 0, 0 }, { 5, 1, 0, 0, 0, 0 }, { 2, 2, 1, 0, 0, 0 }, { 2, 2, -2, 0, 2, 0 },
        { 1, 1, 6, 0, 0, 0 }, { INT32_MAX, INT32_MAX, 0, 0, 0, 0 },
        { 2, 2, INT32_MAX - 1, 0, INT32_MAX, 0 },
    };
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        op_case c = one_input(TSR_OP_BATCH_TO_SPACE, TSR_U8, 4, dim);
        c.node.attr.batch_space = batches[i];
        refuse(&c);
    }
    for (size_t i = 0; i < 4; i++) {
        op_case c = one_input(TSR_OP_SPACE_TO_BATCH, TSR_U8, 4, dim);
        c.node.attr.batch_space = batches[i];
        refuse(&c);
    }
}

static void test_movers_do_not_requantise(void **state)
{
    (void)state;
    op_case c = one_input(TSR_OP_TRANSPOSE, TSR_U8, 2, (int[]){ 3, 4 });
    c.node.attr.transpose.perm[0] = 1;
    c.in[0].quant = (tsr_quant){ .scale = 0.5f, .zero_point = 3 };
    c.out.quant = (tsr_quant){ .scale = 0.5f, .zero_point = 4 };
    refuse(&c);
    c = one_input(TSR_OP_TRANSPOSE, TSR_U8, 2, (int[]){ 3, 4 });
    c.node.attr.transpose.perm[0] = 1;
    c.out.dtype = TSR_S8;
    refuse(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose_any_permutation),
        cmocka_unit_test(test_transpose_of_images_in_tiles),
        cmocka_unit_test(test_slice_with_strides_of_both_signs),
        cmocka_unit_test(test_pad_with_a_value_of_any_type),
        cmocka_unit_test(test_pad_of_quantised_images_uses_the_zero_point),
        cmocka_unit_test(test_concat_along_any_axis),
        cmocka_unit_test(test_depth_to_space_and_back),
        cmocka_unit_test(test_space_to_batch_and_back),
        cmocka_unit_test(test_hostile_attributes_are_refused),
        cmocka_unit_test(test_movers_do_not_requantise),
    };
    return cmocka_run_group_tests(tests, start_threads, stop_threads);
}
