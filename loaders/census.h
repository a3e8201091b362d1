/*
 * census.h - how often each name occurs: for lists of unsupported operators.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_CENSUS_H
#define TSR_CENSUS_H

#include <stddef.h>

enum { TSR_CENSUS_NAMES = 64, TSR_CENSUS_LENGTH = 48 };

typedef struct {
    struct { char text[TSR_CENSUS_LENGTH]; int count; } name[TSR_CENSUS_NAMES];
    int names, total;           /* past the table's end names only add to total */
} tsr_census;

void tsr_census_add(tsr_census *c, const char *name);

/* "FOO (2), BAR (1)", cut when it is too short; gives total. */
int tsr_census_print(const tsr_census *c, char *text, size_t text_bytes);

#endif
