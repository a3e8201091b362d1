/*
 * fixture.h - big files that tests use but the repository does not hold: weights,
 * golden tensors, photographs, found through the environment.
 *
 *     TARSIER_MODELS   directories with weights, separated by ':'
 *     TARSIER_GOLDEN   directory of MODEL/PICTURE/input.npy, output_0.npy ...
 *     TARSIER_IMAGES   directory of photographs
 *     TARSIER_REQUIRE  1: what is missing is a failure, not a skipped test
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_PATH = 1024 };

/* Find `name` in the directories of `variable`. */
static inline bool fixture_find(const char *variable, const char *name, char path[FIXTURE_PATH])
{
    const char *list = getenv(variable);
    while (list && *list) {
        const size_t n = strcspn(list, ":");
        snprintf(path, FIXTURE_PATH, "%.*s/%s", (int)n, list, name);
        FILE *f = n ? fopen(path, "rb") : NULL;
        if (f) {
            fclose(f);
            return true;
        }
        list += n + (list[n] == ':');
    }
    return false;
}

/* The same; without the file, the test that called ends here: skipped, or failed
 * where everything has to be there. */
static inline void fixture_need(const char *variable, const char *name, char path[FIXTURE_PATH])
{
    if (fixture_find(variable, name, path))
        return;
    const char *require = getenv("TARSIER_REQUIRE");
    print_message("no '%s' in $%s\n", name, variable);
    if (require && !strcmp(require, "1"))
        fail();
    skip();
}

#endif
