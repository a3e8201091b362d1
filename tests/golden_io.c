/* golden_io.c - see golden_io.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "tests/golden_io.h"

golden_file golden_read(const char *path)
{
    golden_file f = { 0 };
    FILE *stream = fopen(path, "rb");
    struct stat st;
    if (stream && fstat(fileno(stream), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        f.size = (size_t)st.st_size;
        f.bytes = malloc(f.size);
        if (f.bytes && fread(f.bytes, 1, f.size, stream) != f.size) {
            free(f.bytes);
            f.bytes = NULL;
        }
    }
    if (stream)
        fclose(stream);
    return f;
}

bool golden_find_model(const char *name, char *path, size_t room)
{
    const char *dirs = getenv("TARSIER_MODELS");
    while (dirs && *dirs) {
        const size_t n = strcspn(dirs, ":");
        struct stat st;
        if (n && (size_t)snprintf(path, room, "%.*s/%s", (int)n, dirs, name) < room &&
            stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return true;
        dirs += n + (dirs[n] == ':');
    }
    return false;
}

/* "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" */
static bool read_header(const char *text, tsr_tensor *t)
{
    static const struct { const char *code; tsr_dtype dtype; } codes[] = {
        { "'<f4'", TSR_F32 }, { "'|u1'", TSR_U8 }, { "'|i1'", TSR_S8 },
        { "'<i4'", TSR_S32 }, { "'<i8'", TSR_S64 },
    };
    const char *shape = strstr(text, "'shape': (");
    bool known = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strstr(text, codes[i].code)) {
            t->dtype = codes[i].dtype;
            known = true;
        }
    }
    if (!known || !shape || !strstr(text, "'fortran_order': False"))
        return false;
    shape += strlen("'shape': (");
    while (*shape >= '0' && *shape <= '9' && t->rank < TSR_MAX_RANK) {
        t->dim[t->rank++] = (int)strtol(shape, (char **)&shape, 10);
        while (*shape == ',' || *shape == ' ')
            shape++;
    }
    return *shape == ')';
}

tsr_tensor golden_npy(const char *path)
{
    tsr_tensor t = { .name = "" };
    const golden_file f = golden_read(path);
    char header[512] = "";
    if (f.bytes && f.size > 10 && memcmp(f.bytes, "\x93NUMPY\1\0", 8) == 0) {
        const size_t length = f.bytes[8] | (size_t)f.bytes[9] << 8;
        if (length < sizeof header && 10 + length <= f.size) {
            memcpy(header, f.bytes + 10, length);
            if (read_header(header, &t) && f.size == 10 + length + tsr_bytes(&t)) {
                t.data = malloc(tsr_bytes(&t));
                if (t.data)
                    memcpy(t.data, f.bytes + 10 + length, tsr_bytes(&t));
            }
        }
    }
    free(f.bytes);
    return t;
}

double golden_element(const tsr_tensor *t, size_t i)
{
    switch (t->dtype) {
    case TSR_F32: return (double)((const float *)t->data)[i];
    case TSR_U8: case TSR_BOOL: return ((const uint8_t *)t->data)[i];
    case TSR_S8: return ((const int8_t *)t->data)[i];
    case TSR_S16: return ((const int16_t *)t->data)[i];
    case TSR_S32: return ((const int32_t *)t->data)[i];
    default: return (double)((const int64_t *)t->data)[i];
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int golden_list(const char *path, char ***names)
{
    DIR *dir = opendir(path);
    int count = 0;
    *names = NULL;
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        *names = realloc(*names, (size_t)(count + 1) * sizeof **names);
        if (!*names)
            abort();
        (*names)[count++] = strdup(e->d_name);
    }
    if (dir)
        closedir(dir);
    if (count)
        qsort(*names, (size_t)count, sizeof **names, by_name);
    return count;
}
