/* test_format.c - tsr_format against the C library's own vsnprintf.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "engine/format.h"

static void same(const char *fmt, ...)
{
    for (size_t size = 1; size < 48; size += 7) {
        char ours[64] = "?", theirs[64] = "?";
        va_list a, b;
        va_start(a, fmt);
        va_copy(b, a);
        tsr_format(ours, size, fmt, a);
        vsnprintf(theirs, size, fmt, b);
        va_end(a);
        va_end(b);
        assert_string_equal(ours, theirs);
    }
}

static void test_like_printf(void **state)
{
    (void)state;
    same("plain");
    same("%d %i %u %x", -17, 42, 4000000000u, 0xbeefu);
    same("%ld %lld %lu %llu", -1L, INT64_MIN + 0LL, 7UL, ~0ULL);
    same("%zu%%", SIZE_MAX);
    same("[%s] [%.3s] [%.*s] %c", "text", "abcdef", 2, "xyz", '!');
    const double x[] = { 0, 1, -1, 0.5, 6, 1e-5, 0.00012345, 123456, 1234567, 3.14159265, 1e30,
                         -2.5e-20, 999999.7, 0.1, 100, 12.5, 65504 };
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        same("%g..%g", x[i], -x[i] * 2);
    same("%g %g", (double)__builtin_inff(), -(double)__builtin_inff());
}

static void print(char *text, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tsr_format(text, size, fmt, ap);
    va_end(ap);
}

/* Names from files: no newline, no escape sequence; other alphabets are fine. */
static void test_hostile_names(void **state)
{
    (void)state;
    char text[64];
    print(text, sizeof text, "'%s'\n", "a\x1b[2Jb\n\x7f\tcaf\xc3\xa9");
    assert_string_equal(text, "'a?[2Jb???caf\xc3\xa9'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_printf),
        cmocka_unit_test(test_hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
