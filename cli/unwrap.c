/* unwrap.c - see unwrap.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/unwrap.h"

/* ---- base64 ------------------------------------------------------------- */

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The text between the two quotes that are farthest apart. */
static const char *longest_string(const char *s, size_t size, size_t *length)
{
    const char *best = NULL, *open = NULL, *end = s + size;
    *length = 0;
    for (; s < end; s++) {
        if (*s == '\\' && open && end - s > 1)
            s++;
        else if (*s == '"' && !open)
            open = s + 1;
        else if (*s == '"') {
            if ((size_t)(s - open) > *length) {
                best = open;
                *length = (size_t)(s - open);
            }
            open = NULL;
        }
    }
    return best;
}

tsr_status cli_unwrap_base64(const void *script, size_t size, void **out, size_t *out_size,
                             tsr_error *err)
{
    size_t n;
    const char *text = longest_string(script, size, &n);
    while (n && text[n - 1] == '=')
        n--;
    unsigned char *bytes = malloc(n / 4 * 3 + 3), *to = bytes;
    if (!bytes)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to decode %zu letters", n);
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        const int v = base64_value(text[i]);
        if (v < 0) {
            free(bytes);
            return tsr_fail(err, TSR_BAD_FILE, "the script's longest string is not base64");
        }
        /* Each letter brings 6 bits; every letter but the first of four
         * completes a byte. */
        bits = bits << 6 | (unsigned)v;
        if (i % 4)
            *to++ = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    *out = bytes;
    *out_size = (size_t)(to - bytes);
    return TSR_OK;
}

/* ---- an object literal as JSON ------------------------------------------ */

typedef struct {
    const char *at, *end;
    FILE *to;
    bool bad;
} rewriter;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void copy_string(rewriter *r)
{
    const char *start = r->at++;
    while (r->at < r->end && *r->at != '"')
        r->at += *r->at == '\\' && r->end - r->at > 1 ? 2 : 1;
    if (r->at == r->end) {
        r->bad = true;
        return;
    }
    r->at++;
    fwrite(start, 1, (size_t)(r->at - start), r->to);
}

/* Keys need quotes; true, false and null as values do not. */
static void copy_word(rewriter *r)
{
    const char *start = r->at;
    while (r->at < r->end && (is_letter(*r->at) || is_digit(*r->at)))
        r->at++;
    const int n = (int)(r->at - start);
    const bool key = r->at < r->end && *r->at == ':';
    fprintf(r->to, key ? "\"%.*s\"" : "%.*s", n, start);
}

/* As JavaScript prints a number: the fewest digits that give it back, in plain
 * form from 1e-6 to 1e21, else d.ddde-7. */
static void print_number(FILE *to, double v)
{
    char text[40];
    int precision = 0;
    do
        snprintf(text, sizeof text, "%.*e", precision, v);
    while (strtod(text, NULL) != v && ++precision < 17);
    char *e = strchr(text, 'e');
    const int exponent = atoi(e + 1);
    *e = 0;
    const int after = precision - exponent;     /* digits behind the point in plain form */
    if (v == 0)
        fputc('0', to);                         /* also for -0 */
    else if (exponent >= -6 && exponent < 21)
        fprintf(to, "%.*f", after > 0 ? after : 0, v);
    else
        fprintf(to, "%se%+d", text, exponent);
}

static void copy_number(rewriter *r)
{
    char text[64];
    size_t n = 0;
    while (r->at < r->end && n + 1 < sizeof text
           && (is_digit(*r->at) || strchr("+-.eE", *r->at)) && *r->at)
        text[n++] = *r->at++;
    text[n] = 0;
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v))
        r->bad = true;
    else
        print_number(r->to, v);
}

/* The literal that starts here, up to the bracket that closes it. */
static void rewrite(rewriter *r)
{
    int depth = 0;
    do {
        const char c = *r->at;
        if (c == '"') {
            copy_string(r);
        } else if (is_letter(c)) {
            copy_word(r);
        } else if (is_digit(c) || c == '.' || c == '-') {
            copy_number(r);
        } else if (c == '!' && r->end - r->at > 1 && (r->at[1] == '0' || r->at[1] == '1')) {
            fputs(r->at[1] == '0' ? "true" : "false", r->to);   /* minifiers write !0, !1 */
            r->at += 2;
        } else if (c && strchr("{}[],:", c)) {
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
            fputc(c, r->to);
            r->at++;
        } else {
            r->bad = true;
        }
    } while (depth && !r->bad && r->at < r->end);
    r->bad |= depth != 0;
}

/* Where a needle stands in a text of known length, or NULL. */
static const char *find(const char *s, size_t size, const char *needle)
{
    const size_t n = strlen(needle);
    for (const char *end = s + size; (size_t)(end - s) >= n; s++)
        if (!memcmp(s, needle, n))
            return s;
    return NULL;
}

static const char paths[] = "\"paths\":[\"";

/* Put our name for the weights in place of the one the script has. */
static tsr_status rename_shard(char **text, size_t *size, const char *shard, tsr_error *err)
{
    const char *name = find(*text, *size, paths);
    const char *end = name ? memchr(name + strlen(paths), '"', *size - (size_t)(name - *text)
                                    - strlen(paths)) : NULL;
    if (!end)
        return tsr_fail(err, TSR_BAD_FILE, "the script's object names no weights file");
    name += strlen(paths);
    const size_t head = (size_t)(name - *text), tail = *size - (size_t)(end - *text);
    const size_t length = strlen(shard);
    char *renamed = malloc(head + length + tail);
    if (!renamed)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for %zu bytes", head + length + tail);
    memcpy(renamed, *text, head);
    memcpy(renamed + head, shard, length);
    memcpy(renamed + head + length, end, tail);
    free(*text);
    *text = renamed;
    *size = head + length + tail;
    return TSR_OK;
}

tsr_status cli_unwrap_object(const void *script, size_t size, const char *shard, void **out,
                             size_t *out_size, tsr_error *err)
{
    static const char marker[] = "exports={";
    const char *start = find(script, size, marker);
    if (!start)
        return tsr_fail(err, TSR_BAD_FILE, "the script exports no object");
    char *text = NULL;
    size_t text_size = 0;
    rewriter r = { .at = start + strlen(marker) - 1, .end = (const char *)script + size };
    r.to = open_memstream(&text, &text_size);
    if (r.to)
        rewrite(&r);
    if (!r.to || fclose(r.to)) {
        free(text);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to rewrite a script");
    }
    tsr_status s = rename_shard(&text, &text_size, shard, r.bad ? NULL : err);
    if (r.bad)
        s = tsr_fail(err, TSR_BAD_FILE, "the script's object is not plain data");
    if (s != TSR_OK) {
        free(text);
        return s;
    }
    *out = text;
    *out_size = text_size;
    return TSR_OK;
}
