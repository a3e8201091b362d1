/* tflite_check.c - see tflite_check.h.   SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/golden_io.h"
#include "tests/tflite_check.h"

made made_load(const mk_model *m)
{
    made d = { 0 };
    d.file = mk_write(m, &d.file_bytes);
    const tsr_options options = { .keep_all = true };
    d.status = tsr_model_load(d.file, d.file_bytes, &options, &d.model, &d.err);
    if (d.status != TSR_OK)
        return d;
    const size_t bytes = tsr_session_bytes(d.model, NULL);
    d.memory = malloc(bytes);
    assert_non_null(d.memory);
    d.status = tsr_session_open(d.model, NULL, d.memory, bytes, &d.session, &d.err);
    return d;
}

void made_free(made *d)
{
    tsr_model_free(d->model);
    free(d->memory);
    free(d->file);
}

static void fill(const made *d, int index, const float *x)
{
    tsr_tensor *t = tsr_input(d->session, index);
    if (!x)
        return;
    assert_non_null(t);
    for (size_t i = 0; i < tsr_elements(t); i++) {
        switch (t->dtype) {
        case TSR_F32: ((float *)t->data)[i] = x[i]; break;
        case TSR_U8: ((uint8_t *)t->data)[i] = (uint8_t)x[i]; break;
        case TSR_S8: ((int8_t *)t->data)[i] = (int8_t)x[i]; break;
        case TSR_S32: ((int32_t *)t->data)[i] = (int32_t)x[i]; break;
        default: fail_msg("no such input type in this test");
        }
    }
}

void expect_output(const mk_model *m, const float *x0, const float *x1, int k, const double *want,
                   int n, double tolerance)
{
    made d = made_load(m);
    if (d.status != TSR_OK)
        fail_msg("%s", d.err.text);
    fill(&d, 0, x0);
    fill(&d, 1, x1);
    tsr_run(d.session);
    const tsr_tensor *y = tsr_output(d.session, k);
    double most = 0;
    assert_non_null(y);
    assert_int_equal(tsr_elements(y), n);
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(want[i]));
    for (int i = 0; i < n; i++) {
        const double got = golden_element(y, (size_t)i);
        if (!(fabs(got - want[i]) <= tolerance * most))
            fail_msg("'%s': element %d is %g, should be %g", y->name, i, got, want[i]);
    }
    made_free(&d);
}

void expect_refusal(const mk_model *m, tsr_status status, const char *words)
{
    made d = made_load(m);
    if (d.status != status)
        fail_msg("status %d instead of %d: %s", d.status, status, d.err.text);
    assert_int_equal(d.err.status, status);
    while (*words) {
        char word[80];
        const size_t n = strcspn(words, "|");
        assert_true(n < sizeof word);
        memcpy(word, words, n);
        word[n] = '\0';
        if (!strstr(d.err.text, word))
            fail_msg("'%s' does not say '%s'", d.err.text, word);
        words += n + (words[n] == '|');
    }
    made_free(&d);
}
