/*
 * test_cast.c - from one type to another, against what C and IEEE 754 say.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "tests/typed_input.h"

static void test_cast_of_floats_saturates(void **state)
{
    (void)state;
    static const float x[] = { 0, -0.0f, 1.9f, -1.9f, 127.5f, 128, 255.5f, 256, -129, 1e10f, -1e10f,
                               3e38f, -3e38f, NAN, INFINITY, -INFINITY };
    static const int64_t s8[] = { 0, 0, 1, -1, 127, 127, 127, 127, -128, 127, -128, 127, -128, 0,
                                  127, -128 };
    static const int64_t u8[] = { 0, 0, 1, 0, 127, 128, 255, 255, 0, 255, 0, 255, 0, 0, 255, 0 };
    static const int64_t s32[] = { 0, 0, 1, -1, 127, 128, 255, 256, -129, INT32_MAX, INT32_MIN,
                                   INT32_MAX, INT32_MIN, 0, INT32_MAX, INT32_MIN };
    static const int64_t s64[] = { 0, 0, 1, -1, 127, 128, 255, 256, -129, 10000000000, -10000000000,
                                   INT64_MAX, INT64_MIN, 0, INT64_MAX, INT64_MIN };
    static const int64_t yes[] = { 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    static const struct { tsr_dtype dtype; const int64_t *want; } to[] = {
        { TSR_S8, s8 }, { TSR_U8, u8 }, { TSR_S32, s32 }, { TSR_S64, s64 }, { TSR_BOOL, yes },
    };
    for (size_t k = 0; k < sizeof to / sizeof *to; k++) {
        op_case c = one_input(TSR_OP_CAST, TSR_F32, 1, (int[]){ 16 });
        memcpy(c.in[0].data, x, sizeof x);
        c.out.dtype = to[k].dtype;
        op_case_run(&c);
        for (size_t i = 0; i < 16; i++)
            if (to[k].dtype == TSR_S64)
                assert_int_equal(((int64_t *)c.out.data)[i], to[k].want[i]);
            else
                assert_int_equal((int64_t)value_at(&c.out, i), to[k].want[i]);
        op_case_free(&c);
    }
}

static void test_cast_of_integers_keeps_the_low_bits(void **state)
{
    (void)state;
    const int n = 100000;
    op_case c = op_case_make(TSR_OP_CAST, 1);
    c.in[0] = harness_tensor(TSR_S64, 1, &n);
    harness_fill_bytes(&c.in[0]);
    const int64_t *x = c.in[0].data;
    c.threads = three;
    static const tsr_dtype to[] = { TSR_S8, TSR_U8, TSR_S16, TSR_S32, TSR_S64, TSR_F32, TSR_BOOL };
    for (size_t k = 0; k < sizeof to / sizeof *to; k++) {
        c.out.dtype = to[k];
        op_case_run(&c);
        for (int i = 0; i < n; i++)
            switch (to[k]) {
            case TSR_S8: assert_int_equal(((int8_t *)c.out.data)[i], (int8_t)(x[i] & 255)); break;
            case TSR_U8: assert_int_equal(((uint8_t *)c.out.data)[i], x[i] & 255); break;
            case TSR_S16:
                assert_int_equal(((int16_t *)c.out.data)[i], (int16_t)(x[i] & 65535));
                break;
            case TSR_S32:
                assert_int_equal(((int32_t *)c.out.data)[i], (int32_t)(x[i] & 0xffffffff));
                break;
            case TSR_S64: assert_true(((int64_t *)c.out.data)[i] == x[i]); break;
            case TSR_BOOL: assert_int_equal(((uint8_t *)c.out.data)[i], x[i] != 0); break;
            default: assert_true(((float *)c.out.data)[i] == (float)x[i]); break;
            }
        free(c.out.data);
    }
    c.out.data = NULL;
    op_case_free(&c);
}

/* Every half to float and back; the expected value by the definition. */
static void test_cast_of_halves(void **state)
{
    (void)state;
    const int n = 65536;
    op_case c = op_case_make(TSR_OP_CAST, 1);
    c.in[0] = harness_tensor(TSR_F16, 1, &n);
    for (int i = 0; i < n; i++)
        ((uint16_t *)c.in[0].data)[i] = (uint16_t)i;
    c.out.dtype = TSR_F32;
    op_case_run(&c);
    op_case back = op_case_make(TSR_OP_CAST, 1);
    back.in[0] = c.out;
    back.out.dtype = TSR_F16;
    op_case_run(&back);
    for (int i = 0; i < n; i++) {
        const int e = i >> 10 & 31, m = i & 1023;
        const float f = ((float *)c.out.data)[i];
        const double size = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        const double want = (i & 0x8000 ? -1 : 1) * (e == 31 ? HUGE_VAL : size);
        if (e == 31 && m) {
            assert_true(isnan(f));
            assert_int_equal(((uint16_t *)back.out.data)[i] & 0x7c00, 0x7c00);
        } else {
            assert_true((double)f == want && !signbit(f) == !(i & 0x8000));
            assert_int_equal(((uint16_t *)back.out.data)[i], i);
        }
    }
    free(c.in[0].data);
    op_case_free(&back);
}

/* Floats between two halves go to the nearer one, from the middle to the even. */
static void test_cast_to_half_rounds_to_nearest_even(void **state)
{
    (void)state;
    const int n = 4 * 31 * 1024;
    op_case c = op_case_make(TSR_OP_CAST, 1);
    c.in[0] = harness_tensor(TSR_F32, 1, &n);
    c.out.dtype = TSR_F16;
    float *x = c.in[0].data;
    for (int i = 0; i < n / 4; i++) {
        const int e = i >> 10, m = i & 1023;
        const double at = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        const double unit = ldexp(1, e ? e - 25 : -24);
        x[4 * i] = (float)at;
        x[4 * i + 1] = (float)(at + unit * 0.4990234375);
        x[4 * i + 2] = (float)(at + unit * 0.5);
        x[4 * i + 3] = (float)(at + unit * 0.5009765625);
    }
    op_case_run(&c);
    for (int i = 0; i < n / 4; i++) {
        const uint16_t *h = (uint16_t *)c.out.data + 4 * (size_t)i;
        assert_int_equal(h[0], i);
        assert_int_equal(h[1], i);
        assert_int_equal(h[2], i + (i & 1));
        assert_int_equal(h[3], i + 1);
    }
    op_case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cast_of_floats_saturates),
        cmocka_unit_test(test_cast_of_integers_keeps_the_low_bits),
        cmocka_unit_test(test_cast_of_halves),
        cmocka_unit_test(test_cast_to_half_rounds_to_nearest_even),
    };
    return cmocka_run_group_tests(tests, start_threads, stop_threads);
}
