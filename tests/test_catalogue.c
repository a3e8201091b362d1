/*
 * test_catalogue.c - the table of known weights is sound, names lead to files,
 * and files that are here are what the table says.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>
#include "cli/spawn.h"
#include "cli/weights.h"

static const char *models;              /* TARSIER_MODELS as it was */

/* ---- the table ------------------------------------------------------------------ */

static void check_file(const tsr_catalogue_entry *e, const tsr_catalogue_file *f)
{
    assert_true(f->bytes > 0);
    assert_int_equal(strlen(f->sha256), 64);
    assert_int_equal(strspn(f->sha256, "0123456789abcdef"), 64);
    /* A name from the table becomes a path: it must stay below its directory. */
    assert_true(f->name[0] != '/' && !strstr(f->name, ".."));
    if (e->npm)
        assert_true(f->from[0] != '/' && !strstr(f->from, "..") && !strstr(f->from, "://"));
    else
        assert_int_equal(strncmp(f->from, "https://", 8), 0);
    if (f->last)
        assert_int_equal(f->last - f->first, f->bytes);
    else
        assert_int_equal(f->first, 0);
}

static void test_entries(void **state)
{
    (void)state;
    assert_true(tsr_catalogue_count > 30);
    for (int i = 0; i < tsr_catalogue_count; i++) {
        const tsr_catalogue_entry *e = &tsr_catalogue[i];
        assert_non_null(e->file[0].name);
        for (int k = 0; k < TSR_CATALOGUE_FILES; k++)
            if (e->file[k].name)
                check_file(e, &e->file[k]);
        assert_true(e->summary && e->summary[0] && e->licence && e->licence[0]);
        /* "package@1.2.3": an exact version, so that the sum can stay right. */
        if (e->npm)
            assert_true(strrchr(e->npm, '@') > e->npm && strrchr(e->npm, '@')[1] >= '0'
                        && strrchr(e->npm, '@')[1] <= '9');
        if (e->task != TSR_TASK_LABELS)
            assert_int_not_equal(e->post, TSR_POST_NONE);
        assert_string_not_equal(tsr_task_name(e->task), "?");
        assert_string_not_equal(tsr_format_name(e->format), "?");
    }
}

static void test_unique(void **state)
{
    (void)state;
    for (int i = 0; i < tsr_catalogue_count; i++)
        for (int k = 0; k < i; k++) {
            const tsr_catalogue_entry *a = &tsr_catalogue[i], *b = &tsr_catalogue[k];
            assert_string_not_equal(a->name, b->name);
            assert_string_not_equal(a->file[0].name, b->file[0].name);
            assert_string_not_equal(a->file[0].sha256, b->file[0].sha256);
        }
}

static void test_find(void **state)
{
    (void)state;
    const tsr_catalogue_entry *e = tsr_catalogue_find("hourglass");
    assert_non_null(e);
    assert_ptr_equal(tsr_catalogue_find("hourglass_v2_192.tflite"), e);
    assert_ptr_equal(tsr_catalogue_find("hourglass_v2_192"), e);
    assert_ptr_equal(tsr_catalogue_find_sha256(e->file[0].sha256), e);
    assert_null(tsr_catalogue_find("hourglas"));
    assert_null(tsr_catalogue_find(""));
    assert_null(tsr_catalogue_find_sha256(""));
    for (int i = 0; i < tsr_catalogue_count; i++)
        assert_ptr_equal(tsr_catalogue_find(tsr_catalogue[i].name), &tsr_catalogue[i]);
}

/* FIPS 180-4, the examples of one and of two blocks. */
static void test_sha256(void **state)
{
    (void)state;
    char hex[CLI_SHA256_HEX];
    cli_sha256("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cli_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* ---- the search path ---------------------------------------------------------------- */

static void test_search_path(void **state)
{
    (void)state;
    cli_search_path p;
    setenv("TARSIER_MODELS", "one::two three:", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    assert_int_equal(cli_search_path_make(&p, NULL), TSR_OK);
    assert_int_equal(p.count, 4);
    assert_string_equal(p.dir[0], "one");
    assert_string_equal(p.dir[1], "two three");
    assert_string_equal(p.dir[2], "./models/weights");
    assert_string_equal(p.dir[3], "/cache/tarsier");
    assert_int_equal(p.own, 2);
    cli_search_path_free(&p);

    unsetenv("TARSIER_MODELS");
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/nobody", 1);
    assert_int_equal(cli_search_path_make(&p, NULL), TSR_OK);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.dir[1], "/nobody/.cache/tarsier");
    cli_search_path_free(&p);
}

/* A file of the right name but another size is not the one that was meant. */
static void test_find_model(void **state)
{
    (void)state;
    const tsr_catalogue_entry *e = tsr_catalogue_find("keypoint_classifier"), *found;
    char *dir = cli_temp_dir_make(NULL), *path = cli_path_join(dir, e->file[0].name), *at;
    char *bytes = calloc(1, e->file[0].bytes);
    tsr_error err = { 0 };
    setenv("TARSIER_MODELS", dir, 1);
    setenv("XDG_CACHE_HOME", dir, 1);
    const int home = open(".", O_RDONLY);       /* there may be a ./models/weights */
    assert_int_equal(chdir(dir), 0);

    assert_int_not_equal(cli_model_find(e->name, &at, &found, &err), TSR_OK);
    assert_non_null(strstr(err.text, "tarsier models fetch keypoint_classifier"));
    assert_non_null(strstr(err.text, dir));
    free(at);
    assert_int_equal(cli_file_write(path, bytes, e->file[0].bytes - 1, NULL), TSR_OK);
    assert_int_not_equal(cli_model_find(e->name, &at, &found, NULL), TSR_OK);
    free(at);
    assert_int_equal(cli_file_write(path, bytes, e->file[0].bytes, NULL), TSR_OK);
    assert_int_equal(cli_model_find(e->name, &at, &found, NULL), TSR_OK);
    assert_string_equal(at, path);
    assert_ptr_equal(found, e);
    free(at);

    /* A path is a path, and no entry of the catalogue. */
    assert_int_equal(cli_model_find(path, &at, &found, NULL), TSR_OK);
    assert_string_equal(at, path);
    assert_null(found);
    free(at);
    err = (tsr_error){ 0 };
    assert_int_not_equal(cli_model_find("no_such_model", &at, &found, &err), TSR_OK);
    assert_non_null(strstr(err.text, "no_such_model"));
    free(at);
    assert_int_equal(fchdir(home), 0);
    close(home);
    cli_temp_dir_remove(dir);
    free(bytes);
    free(path);
    free(dir);
}

static void test_files_here(void **state)
{
    (void)state;
    if (!models)
        skip();
    setenv("TARSIER_MODELS", models, 1);
    cli_search_path p;
    int here = 0;
    assert_int_equal(cli_search_path_make(&p, NULL), TSR_OK);
    for (int i = 0; i < tsr_catalogue_count; i++)
        for (int k = 0; k < TSR_CATALOGUE_FILES; k++) {
            const tsr_catalogue_file *f = &tsr_catalogue[i].file[k];
            char *path = f->name ? cli_search_path_find(&p, f) : NULL, hex[CLI_SHA256_HEX];
            cli_file file;
            if (!path)
                continue;
            assert_int_equal(cli_file_open(path, &file, NULL), TSR_OK);
            cli_sha256(file.bytes, file.size, hex);
            assert_string_equal(hex, f->sha256);
            cli_file_close(&file);
            free(path);
            here++;
        }
    cli_search_path_free(&p);
    assert_true(here > 0);
}

int main(void)
{
    const char *env = getenv("TARSIER_MODELS");
    models = env && *env ? strdup(env) : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries), cmocka_unit_test(test_unique),
        cmocka_unit_test(test_find), cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_search_path), cmocka_unit_test(test_find_model),
        cmocka_unit_test(test_files_here),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free((void *)models);
    return failed;
}
