/* feed.c - see feed.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "cli/command.h"
#include "cli/feed.h"
#include "cli/file.h"
#include "cli/npy.h"

bool cli_inputs_add(cli_inputs *in, const char *command, const char *path)
{
    if (in->count == CLI_MAX_INPUTS) {
        cli_usage(command, "at most %d inputs", CLI_MAX_INPUTS);
        return false;
    }
    in->path[in->count++] = path;
    return true;
}

/* Same axes; a leading axis of 1 may be missing on either side. */
static bool same_shape(const tsr_tensor *a, const tsr_tensor *b)
{
    const int skip_a = a->rank == b->rank + 1 && a->dim[0] == 1;
    const int skip_b = b->rank == a->rank + 1 && b->dim[0] == 1;
    if (a->rank - skip_a != b->rank - skip_b)
        return false;
    for (int i = 0; i < a->rank - skip_a; i++)
        if (a->dim[i + skip_a] != b->dim[i + skip_b])
            return false;
    return true;
}

/* Read input `index` into the session. */
static tsr_status feed(const char *path, int index, tsr_tensor *want, tsr_error *err)
{
    cli_file f;
    tsr_tensor have;
    tsr_error inner = { 0 };
    TSR_TRY(cli_file_open(path, &f, err));
    tsr_status s = cli_npy_parse(f.bytes, f.size, &have, &inner);
    char text_want[CLI_SHAPE_TEXT], text_have[CLI_SHAPE_TEXT];
    if (s != TSR_OK)
        tsr_fail(err, s, "'%s': %s", path, inner.text);
    else if (have.dtype != want->dtype || !same_shape(&have, want))
        s = tsr_fail(err, TSR_BAD_ARGUMENT, "input %d '%s' wants %s %s, but '%s' has %s %s", index,
                     want->name, tsr_dtype_name(want->dtype), cli_shape_text(want, text_want),
                     path, tsr_dtype_name(have.dtype), cli_shape_text(&have, text_have));
    else
        memcpy(want->data, have.data, tsr_bytes(want));
    cli_file_close(&f);
    return s;
}

tsr_status cli_feed(const cli_inputs *in, tsr_session *session, tsr_error *err)
{
    int wanted = 0;
    while (tsr_input(session, wanted))
        wanted++;
    if (wanted != in->count)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the model has %d input%s, but %d --input %s given",
                        wanted, wanted == 1 ? "" : "s", in->count,
                        in->count == 1 ? "was" : "were");
    for (int i = 0; i < wanted; i++)
        TSR_TRY(feed(in->path[i], i, tsr_input(session, i), err));
    return TSR_OK;
}
