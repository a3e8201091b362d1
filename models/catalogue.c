/* catalogue.c - look-ups in the table; see catalogue.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "models/catalogue.h"

/* "dir/net.tflite" is known as itself, "net.tflite" and "net". */
static bool is_file_name(const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
    const size_t n = strlen(name);
    return !strcmp(file, name) || !strcmp(base, name)
           || (dot && n == (size_t)(dot - base) && !memcmp(base, name, n));
}

const tsr_catalogue_entry *tsr_catalogue_find(const char *name)
{
    /* Names first: they are unique, the name of a file need not be. */
    for (int i = 0; i < tsr_catalogue_count; i++)
        if (!strcmp(tsr_catalogue[i].name, name))
            return &tsr_catalogue[i];
    for (int i = 0; i < tsr_catalogue_count; i++)
        if (is_file_name(tsr_catalogue[i].file[0].name, name))
            return &tsr_catalogue[i];
    return NULL;
}

const tsr_catalogue_entry *tsr_catalogue_find_sha256(const char *hex)
{
    for (int i = 0; i < tsr_catalogue_count; i++)
        if (!strcmp(tsr_catalogue[i].file[0].sha256, hex))
            return &tsr_catalogue[i];
    return NULL;
}

const char *tsr_task_name(tsr_task t)
{
    static const char *const name[TSR_TASK_COUNT] = {
        "pose", "segment", "classify", "detect", "landmark", "labels",
    };
    return (unsigned)t < TSR_TASK_COUNT ? name[t] : "?";
}

const char *tsr_format_name(tsr_weights_format f)
{
    static const char *const name[TSR_FORMAT_COUNT] = {
        "TFLite", "ONNX", "tfjs graph", "tfjs layers", "text",
    };
    return (unsigned)f < TSR_FORMAT_COUNT ? name[f] : "?";
}

bool tsr_format_readable(tsr_weights_format f) { return f != TSR_FORMAT_TEXT; }

tsr_preprocess tsr_preprocess_of(const tsr_image_prep *prep)
{
    /* byte / divide - subtract = (byte - subtract * divide) * (1 / divide) */
    const float divide = prep->divide > 0 ? prep->divide : 1;
    tsr_preprocess p = { .fit = prep->fit, .bgr = prep->channels == TSR_CHANNELS_BGR };
    for (int c = 0; c < 3; c++) {
        p.mean[c] = prep->subtract * divide;
        p.scale[c] = 1 / divide;
    }
    return p;
}
