/* census.c - see census.h.   SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include "loaders/census.h"

void tsr_census_add(tsr_census *c, const char *name)
{
    c->total++;
    for (int i = 0; i < c->names; i++)
        if (!strncmp(c->name[i].text, name, TSR_CENSUS_LENGTH - 1)) {
            c->name[i].count++;
            return;
        }
    if (c->names == TSR_CENSUS_NAMES)
        return;
    strncpy(c->name[c->names].text, name, TSR_CENSUS_LENGTH - 1);
    c->name[c->names].text[TSR_CENSUS_LENGTH - 1] = '\0';
    c->name[c->names++].count = 1;
}

int tsr_census_print(const tsr_census *c, char *text, size_t text_bytes)
{
    size_t used = 0;
    if (text_bytes)
        text[0] = '\0';
    for (int i = 0; i < c->names && used + 1 < text_bytes; i++) {
        const int n = snprintf(text + used, text_bytes - used, "%s%s (%d)", i ? ", " : "",
                               c->name[i].text, c->name[i].count);
        used += n > 0 ? (size_t)n : 0;
    }
    return c->total;
}
