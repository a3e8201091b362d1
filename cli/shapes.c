/* shapes.c - see shapes.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "cli/command.h"
#include "cli/shapes.h"

enum { MAX_SHAPES = 16 };

/* A command line is read once, before anything else runs. */
static tsr_shape_binding shapes[MAX_SHAPES];
static int shape_count;

const tsr_shape_binding *cli_shapes(int *count)
{
    *count = shape_count;
    return shapes;
}

/* "NAME=1x3x224x224"; the text is cut at '='. */
static bool parse(char *text, tsr_shape_binding *s)
{
    char *equals = strrchr(text, '='), *at = equals ? equals + 1 : NULL;
    if (!at || equals == text)
        return false;
    *equals = '\0';
    *s = (tsr_shape_binding){ .name = text };
    for (;;) {
        char *end;
        const long d = strtol(at, &end, 10);
        if (end == at || d < 1 || d > INT32_MAX || s->rank == TSR_MAX_RANK)
            return false;
        s->dim[s->rank++] = (int)d;
        if (!*end)
            return true;
        if (*end != 'x' && *end != ',')
            return false;
        at = end + 1;
    }
}

static bool add(const char *command, char *text)
{
    char whole[100];
    snprintf(whole, sizeof whole, "%s", text ? text : "");
    if (shape_count == MAX_SHAPES) {
        cli_usage(command, "at most %d --shape options", MAX_SHAPES);
        return false;
    }
    if (!text || !parse(text, &shapes[shape_count])) {
        cli_usage(command, "--shape wants INPUT=1x3x224x224, not '%s'", whole);
        return false;
    }
    shape_count++;
    return true;
}

bool cli_shapes_take(int *argc, char **argv)
{
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        if (!strcmp(argv[i], "--")) {           /* file names from here on */
            while (i < *argc)
                argv[kept++] = argv[i++];
            break;
        }
        const bool alone = !strcmp(argv[i], "--shape");
        if (alone || !strncmp(argv[i], "--shape=", 8)) {
            if (!add(argv[0], alone ? argv[i + 1] : argv[i] + 8))
                return false;
            i += alone;
        } else {
            argv[kept++] = argv[i];
        }
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}
