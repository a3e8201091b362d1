/*
 * test_onnx_nodes.c - ONNX's own backend test data, as Debian packages it
 * (libonnx-testdata): over a thousand models of one or a few operators, with
 * inputs and outputs.
 *
 *     test_onnx_nodes             run all; every case of an operator that the
 *                                 loader knows must pass, but for `expected`
 *     test_onnx_nodes --table     the result by operator, as Markdown
 *
 * A case in `expected` that passes is an error, too: the list cannot outlive its
 * reasons.                                       SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/golden_io.h"
#include "tests/onnx_cases.h"

/* Cases of known operators that are out of scope: those whose name begins so, or
 * is that up to a `$`. */
static const struct { const char *name, *why; } expected[] = {
    { "test_AvgPool3d", "three spatial axes" },
    { "test_Conv3d", "three spatial axes" },
    { "test_MaxPool3d", "three spatial axes" },
    { "test_averagepool_3d", "three spatial axes" },
    { "test_convtranspose_3d", "three spatial axes" },
    { "test_maxpool_3d", "three spatial axes" },
    { "test_batchnorm_epsilon_training", "training" },
    { "test_batchnorm_example_training", "training" },
    { "test_training_dropout$", "training: drops at random" },
    { "test_training_dropout_default", "training: drops at random" },
    { "test_training_dropout_mask", "training: drops at random" },
    { "test_cast_BFLOAT16", "bfloat16 at the border" },
    { "test_cast_FLOAT_to_BFLOAT16", "bfloat16 at the border" },
    { "test_castlike_BFLOAT16", "bfloat16 at the border" },
    { "test_castlike_FLOAT_to_BFLOAT16", "bfloat16 at the border" },
    { "test_cast_FLOAT_to_STRING", "strings" },
    { "test_cast_STRING", "strings" },
    { "test_castlike_FLOAT_to_STRING", "strings" },
    { "test_castlike_STRING", "strings" },
    { "test_identity_opt", "sequences" },
    { "test_identity_sequence", "sequences" },
    { "test_constantofshape_int_shape_zero", "a result without elements" },
    { "test_reshape_allowzero_reordered", "a result without elements" },
    { "test_slice_start_out_of_bounds", "a result without elements" },
    { "test_split_zero_size_splits", "a result without elements" },
    { "test_gathernd_example_int32_batch_dim1", "batch_dims" },
    { "test_maxpool_with_argmax", "indices of the maxima" },
    { "test_pow_types_float$", "integers to a power that is no integer" },
    { "test_pow_types_int32_float32", "integers to a power that is no integer" },
    { "test_pow_types_int64_float32", "integers to a power that is no integer" },
    { "test_reduce_prod_do_not_keepdims", "over some axes, or computed" },
    { "test_reduce_prod_keepdims", "over some axes, or computed" },
    { "test_reduce_prod_negative_axes", "over some axes, or computed" },
    { "test_operator_add_broadcast", "doubles beyond the range of f32" },
    { "test_operator_add_size1_right_broadcast", "doubles beyond the range of f32" },
    { "test_operator_add_size1_singleton_broadcast", "doubles beyond the range of f32" },
    { "test_operator_addconstant", "doubles beyond the range of f32" },
    { "test_resize_downsample_scales_cubic_align_corners",
      "takes the unrounded length; PyTorch, ONNX Runtime and we the real one" },
    { "test_resize_downsample_scales_linear_align_corners",
      "takes the unrounded length; PyTorch, ONNX Runtime and we the real one" },
};

static const char *const folders[] = { "node", "simple", "pytorch-operator", "pytorch-converted",
                                       "light" };

static const char *reason(const char *name)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const char *wanted = expected[i].name;
        const size_t n = strcspn(wanted, "$");
        if (strncmp(name, wanted, n) == 0 && (wanted[n] == '\0' || name[n] == '\0'))
            return expected[i].why;
    }
    return NULL;
}

typedef void visitor(const char *name, const case_result *r);

static int each_case(const char *folder, visitor *visit)
{
    char path[300], dir[600], **names;
    snprintf(path, sizeof path, "%s/%s", onnx_case_data(), folder);
    const int count = golden_list(path, &names);
    for (int i = 0; i < count; i++) {
        snprintf(dir, sizeof dir, "%s/%s", path, names[i]);
        const case_result r = onnx_case_run(dir);
        visit(names[i], &r);
        free(names[i]);
    }
    if (count)
        free(names);
    return count;
}

/* ---- as a test --------------------------------------------------------------------- */

static int wrong, passed;

static void judge(const char *name, const case_result *r)
{
    const char *why = reason(name);
    passed += r->outcome == CASE_PASSED;
    if (r->outcome == CASE_UNKNOWN || (r->outcome == CASE_PASSED) == !why)
        return;
    wrong++;
    print_error("%s (%s): %s\n", name, r->operators,
                why ? "passes, although it should not" : r->text);
}

static void test_backend_data(void **state)
{
    (void)state;
    const char *require = getenv("TARSIER_REQUIRE");
    if (!onnx_case_data()) {
        if (require && strcmp(require, "1") == 0)
            fail_msg("no ONNX test data: install libonnx-testdata");
        skip();
    }
    int cases = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        cases += each_case(folders[i], judge);
    print_message("%d cases, %d passed\n", cases, passed);
    assert_true(cases > 900);
    assert_int_equal(wrong, 0);
}

/* ---- as a table ---------------------------------------------------------------------- */

enum { ROWS = 400 };

typedef struct {
    char name[200];             /* of the operator, or "several" */
    int count[CASE_UNREADABLE + 1], constants;
    char why[400];              /* distinct reasons */
} row;

static row rows[ROWS];
static int row_count;

static row *row_of(const char *name)
{
    for (int i = 0; i < row_count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    if (row_count == ROWS)
        return &rows[ROWS - 1];
    snprintf(rows[row_count].name, sizeof rows[0].name, "%s", name);
    return &rows[row_count++];
}

static void enter(const char *name, const case_result *r)
{
    row *to = row_of(strchr(r->operators, '+') ? "several together"
                     : r->operators[0] ? r->operators : "Constant");
    const char *why = reason(name);
    to->count[r->outcome]++;
    to->constants += r->outcome == CASE_PASSED && r->constants;
    if (r->outcome == CASE_UNKNOWN)
        why = NULL;
    if (why && !strstr(to->why, why)) {
        const size_t used = strlen(to->why);
        snprintf(to->why + used, sizeof to->why - used, "%s%s", used ? "; " : "", why);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const row *)a)->name, ((const row *)b)->name);
}

static void print_table(FILE *to)
{
    int total[4] = { 0 };
    row_count = 0;
    memset(rows, 0, sizeof rows);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        each_case(folders[i], enter);
    qsort(rows, (size_t)row_count, sizeof rows[0], by_name);
    fprintf(to, "| operator | passed | of these with constants | out of scope | why |\n"
                "|---|---|---|---|---|\n");
    for (int i = 0; i < row_count; i++) {
        const row *r = &rows[i];
        const int out = r->count[CASE_REFUSED] + r->count[CASE_WRONG] + r->count[CASE_UNREADABLE];
        total[0] += r->count[CASE_PASSED], total[1] += r->constants, total[2] += out;
        total[3] += r->count[CASE_UNKNOWN];
        if (r->count[CASE_PASSED] + out)
            fprintf(to, "| %s | %d | %d | %d | %s |\n", r->name, r->count[CASE_PASSED],
                    r->constants, out, r->why);
    }
    fprintf(to, "| **all** | **%d** | **%d** | **%d** | |\n\n", total[0], total[1], total[2]);
    fprintf(to, "%d more cases are of operators that the loader does not know:", total[3]);
    const char *comma = "";
    for (int i = 0; i < row_count; i++) {
        if (rows[i].count[CASE_UNKNOWN] == 0)
            continue;
        fprintf(to, "%s %s (%d)", comma, rows[i].name, rows[i].count[CASE_UNKNOWN]);
        comma = ",";
    }
    fprintf(to, ".\n");
}

/* What `make onnx-table` printed last stands in loaders/ONNX.md. */
static void test_table_in_the_documents(void **state)
{
    (void)state;
    if (!onnx_case_data())
        skip();                         /* the other test says whether that is allowed */
    char *table = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&table, &bytes);
    assert_non_null(to);
    print_table(to);
    fclose(to);
    const golden_file document = golden_read("loaders/ONNX.md");
    if (!document.bytes)
        fail_msg("loaders/ONNX.md: run this in the project's folder");
    char *text = malloc(document.size + 1);
    assert_non_null(text);
    memcpy(text, document.bytes, document.size);
    text[document.size] = '\0';
    if (!strstr(text, table))
        fail_msg("loaders/ONNX.md is not what `make onnx-table` prints");
    free(text);
    free(document.bytes);
    free(table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend_data),
        cmocka_unit_test(test_table_in_the_documents),
    };
    if (argc > 1 && strcmp(argv[1], "--table") == 0 && onnx_case_data()) {
        print_table(stdout);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
