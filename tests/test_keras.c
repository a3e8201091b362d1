/*
 * test_keras.c - Keras files against what Keras computed with them, and files
 * that are cut off.  All come from tests/data/keras/make.py.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/session.h"
#include "tests/golden_io.h"

#define FOLDER "tests/data/keras/"

static void expect(const char *model, const char *input, int outputs, const char *const *want)
{
    golden_file f = golden_read(model);
    tsr_tensor x = golden_npy(input);
    tsr_error err = { 0 };
    tsr_model *m = NULL;
    tsr_session *s = NULL;
    assert_true(f.bytes && x.data);
    const tsr_status status = tsr_model_load(f.bytes, f.size, NULL, &m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, TSR_OK);
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, &err), TSR_OK);
    assert_int_equal(tsr_bytes(tsr_input(s, 0)), tsr_bytes(&x));
    memcpy(tsr_input(s, 0)->data, x.data, tsr_bytes(&x));
    tsr_run(s);
    for (int k = 0; k < outputs; k++) {
        tsr_tensor y = golden_npy(want[k]);
        const tsr_tensor *ours = tsr_output(s, k);
        assert_true(y.data && ours && tsr_elements(ours) == tsr_elements(&y));
        double range = 0, worst = 0;
        for (size_t i = 0; i < tsr_elements(&y); i++) {
            const double a = golden_element(ours, i), b = golden_element(&y, i);
            range = fmax(range, fabs(b));
            worst = fmax(worst, a == a ? fabs(a - b) : HUGE_VAL);
        }
        assert_true(range > 0 && worst <= 1e-5 * range);
        free(y.data);
    }
    free(block);
    free(x.data);
    tsr_model_free(m);
    free(f.bytes);
}

static void test_same_as_keras(void **state)
{
    (void)state;
    static const char *const net[] = { FOLDER "y0.npy", FOLDER "y1.npy" };
    static const char *const seq[] = { FOLDER "sy.npy" };
    expect(FOLDER "net.h5", FOLDER "x.npy", 2, net);
    expect(FOLDER "net.keras", FOLDER "x.npy", 2, net);
    expect(FOLDER "seq.h5", FOLDER "sx.npy", 1, seq);
    expect(FOLDER "seq.keras", FOLDER "sx.npy", 1, seq);
}

static void load_and_free(const uint8_t *bytes, size_t size)
{
    tsr_error err = { 0 };
    tsr_model *m = NULL;
    if (tsr_model_load(bytes, size, NULL, &m, &err) == TSR_OK)
        tsr_model_free(m);
    else
        assert_true(err.text[0] != '\0' && m == NULL);
}

static void test_cut_off(void **state)
{
    (void)state;
    static const char *const names[] = { FOLDER "seq.h5", FOLDER "seq.keras", FOLDER "net.keras" };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        golden_file f = golden_read(names[k]);
        assert_non_null(f.bytes);
        for (int i = 0; i < 100; i++) {
            const size_t n = f.size * (size_t)i / 100;
            uint8_t *cut = malloc(n + 1);
            memcpy(cut, f.bytes, n);
            load_and_free(cut, n);
            free(cut);
        }
        free(f.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_keras),
        cmocka_unit_test(test_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
