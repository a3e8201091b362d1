/*
 * test_unwrap.c - files taken out of scripts.  Base64 vectors are those of RFC
 * 4648, section 10; the JSON is what JSON.stringify prints for the object.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "cli/unwrap.h"

static void test_base64(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
        { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" }, { "+/+/", "\xfb\xff\xbf" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[100];
        void *out;
        size_t size;
        snprintf(script, sizeof script, "f(\"x\");a=\"\";b={c:\"%s\",d:\"y\"}", cases[i][0]);
        assert_int_equal(cli_unwrap_base64(script, strlen(script), &out, &size, NULL), TSR_OK);
        assert_int_equal(size, strlen(cases[i][1]));
        assert_memory_equal(out, cases[i][1], size);
        free(out);
    }
}

static void test_not_base64(void **state)
{
    (void)state;
    void *out = NULL;
    size_t size = 1;
    static const char script[] = "a=\"Zm9v\";b=\"not base 64\"";
    tsr_error err = { 0 };
    assert_int_not_equal(cli_unwrap_base64(script, strlen(script), &out, &size, &err), TSR_OK);
    assert_non_null(strstr(err.text, "base64"));
    /* No string at all: nothing comes out, and its sum will not be the right one. */
    assert_int_equal(cli_unwrap_base64("a=1", 3, &out, &size, NULL), TSR_OK);
    assert_int_equal(size, 0);
    free(out);
}

static void test_object(void **state)
{
    (void)state;
    static const char script[] =
        "!function(e){\"object\"==typeof exports?1:2}({1:[function(e,m,a){m.exports={"
        "weightsManifest:[{paths:[\"group1-shard1of1\"],weights:[{name:\"a \\\"b\\\"\","
        "shape:[3,3,-1],min:-.5,scale:25e-4,tiny:4e-8,big:1e21,zero:-0,on:!0,off:!1,none:null,"
        "_x$1:[true,false],\"q\":.1}]}]}},{}]},{},[1])(1)});";
    static const char json[] =
        "{\"weightsManifest\":[{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a \\\"b\\\"\","
        "\"shape\":[3,3,-1],\"min\":-0.5,\"scale\":0.0025,\"tiny\":4e-8,\"big\":1e+21,\"zero\":0,"
        "\"on\":true,\"off\":false,\"none\":null,\"_x$1\":[true,false],\"q\":0.1}]}]}";
    void *out;
    size_t size;
    tsr_error err = { 0 };
    assert_int_equal(cli_unwrap_object(script, strlen(script), "w.bin", &out, &size, &err), TSR_OK);
    assert_int_equal(size, strlen(json));
    assert_memory_equal(out, json, size);
    free(out);
}

static void test_not_an_object(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "", "exports=", "exports={", "exports={a:1", "exports={a:f(1)}", "exports={a:`x`}",
        "exports={a:\"open}", "exports={a:\"x\\", "exports={a:1.2.3}", "exports={a:1}",
        "exports={paths:[\"", "exports={paths:[]}", "exports={a:!2}", "exports={a:1e999}",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        const size_t n = strlen(scripts[i]);
        char *exact = malloc(n + !n);   /* a read past the end is seen */
        void *out;
        size_t size;
        tsr_error err = { 0 };
        memcpy(exact, scripts[i], n);
        if (cli_unwrap_object(exact, n, "w", &out, &size, &err) == TSR_OK)
            fail_msg("accepted: %s", scripts[i]);
        assert_true(err.text[0]);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64), cmocka_unit_test(test_not_base64),
        cmocka_unit_test(test_object), cmocka_unit_test(test_not_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
