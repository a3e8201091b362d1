/* json_line.c - see json_line.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/json_line.h"

void cli_json_number(cJSON *object, const char *key, double value, int decimals)
{
    char text[64];
    if (!isfinite(value)) {
        cJSON_AddNullToObject(object, key);
        return;
    }
    snprintf(text, sizeof text, "%.*f", decimals, value);
    cJSON_AddRawToObject(object, key, text);
}

/* Bytes of the UTF-8 character at `s`, 0 if there is no proper one. */
static int utf8_length(const unsigned char *s)
{
    const int n = *s < 0x80 ? 1 : *s >= 0xC2 && *s < 0xE0 ? 2
                : *s >= 0xE0 && *s < 0xF0 ? 3 : *s >= 0xF0 && *s < 0xF5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

char *cli_utf8_copy(const char *text)
{
    char *clean = strdup(text);
    for (unsigned char *s = (unsigned char *)clean; s && *s; ) {
        const int n = utf8_length(s);
        if (n == 0)
            *s = '?';
        s += n ? n : 1;
    }
    return clean;
}

void cli_json_text(cJSON *object, const char *key, const char *text)
{
    char *clean = cli_utf8_copy(text);
    cJSON_AddStringToObject(object, key, clean ? clean : "");
    free(clean);
}

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, text, n);
        if (done < 0 && errno != EINTR)
            return false;
        text += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

tsr_status cli_json_write(int fd, cJSON *object, tsr_error *err)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (!text)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for a result");
    const size_t n = strlen(text);
    text[n] = '\n';             /* in place of the 0: a line in one piece */
    const bool good = write_all(fd, text, n + 1);
    const int why = errno;
    cJSON_free(text);
    if (!good)
        return tsr_fail(err, TSR_BAD_FILE, "cannot write the results: %s", strerror(why));
    return TSR_OK;
}
