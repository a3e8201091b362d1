/*
 * class_names.c - see class_names.h.
 *
 * A file of labels is read once and cut in place: each line end becomes a NUL, and
 * `line` points at the beginnings.  The last line may lack its end, and lines from
 * Windows may have two characters there.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/class_names.h"
#include "cli/file.h"

static int count_lines(const char *text, size_t size)
{
    int n = 0;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n' || i + 1 == size;
    return n;
}

static void split(cli_class_names *n, size_t size)
{
    char *begin = n->text;
    for (size_t i = 0; i <= size; i++)
        if (n->text[i] == '\n' || (i == size && begin < n->text + size)) {
            n->text[i] = '\0';
            const size_t length = strlen(begin);
            if (length && begin[length - 1] == '\r')
                begin[length - 1] = '\0';
            n->line[n->count++] = begin;
            begin = n->text + i + 1;
        }
}

tsr_status cli_class_names_open(cli_class_names *n, const char *path, tsr_label_set set,
                                tsr_error *err)
{
    cli_file f;
    *n = (cli_class_names){ .set = set };
    if (!path)
        return TSR_OK;
    TSR_TRY(cli_file_open(path, &f, err));
    const size_t size = f.size;
    n->text = malloc(size + 1);
    n->line = malloc(((size_t)count_lines((const char *)f.bytes, size) + 1) * sizeof *n->line);
    if (n->text && n->line) {
        memcpy(n->text, f.bytes, size);
        n->text[size] = '\0';
        split(n, size);
    }
    cli_file_close(&f);
    if (!n->text || !n->line) {
        cli_class_names_close(n);
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for the labels in '%s'", path);
    }
    return TSR_OK;
}

void cli_class_names_close(cli_class_names *n)
{
    free(n->text);
    free(n->line);
    *n = (cli_class_names){ 0 };
}

const char *cli_class_name(const cli_class_names *n, int index, char text[CLI_CLASS_TEXT])
{
    const char *name = n->text ? NULL : tsr_label(n->set, index);
    if (n->text && index >= 0 && index < n->count)
        name = n->line[index];
    if (!name || !*name) {
        snprintf(text, CLI_CLASS_TEXT, "class %d", index);
        name = text;
    }
    return name;
}
