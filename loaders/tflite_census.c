/*
 * tflite_census.c - see tflite_census.h.
 *
 * An operator's code stands in a table at the head of the file: one byte in
 * old files, 32 bits in newer ones, which repeat the small codes in the byte
 * (127 there means "look at the wide field").  The larger of the two holds.
 * Custom operators share one code and carry a name.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "engine/format.h"
#include "loaders/tflite.h"
#include "loaders/tflite_census.h"

enum { CODE_NARROW, CODE_CUSTOM_NAME, CODE_VERSION, CODE_WIDE };
enum { OP_CODE_INDEX };

tfl_code tfl_read_code(tfl_file *f, uint32_t index)
{
    tsr_fb *fb = &f->fb;
    const tsr_fb_table t = tsr_fb_item_table(fb, f->codes, index);
    const int narrow = tsr_fb_i8(fb, t, CODE_NARROW);
    const int32_t wide = tsr_fb_i32(fb, t, CODE_WIDE, 0);
    const int32_t code = wide > narrow ? wide : narrow;
    tfl_code c = { NULL, tfl_code_name((uint32_t)code) };
    if (code == TFL_CODE_CUSTOM) {
        const char *name = tsr_fb_string(fb, t, CODE_CUSTOM_NAME);
        c.name = name[0] ? name : c.name;
    }
    c.reader = tfl_find_reader((uint32_t)code, c.name);
    return c;
}

/* Text that is cut when it does not fit, and stays ended. */
typedef struct {
    char *at;
    size_t left;
} text_out;

static void put(text_out *o, const char *fmt, ...) TSR_PRINTF(2, 3);

static void put(text_out *o, const char *fmt, ...)
{
    if (o->left == 0)
        return;
    va_list ap;
    va_start(ap, fmt);
    tsr_format(o->at, o->left, fmt, ap);
    va_end(ap);
    const size_t used = strlen(o->at);
    o->at += used;
    o->left -= used;
}

static unsigned count_uses(tfl_file *f, uint32_t code_index, size_t *first)
{
    unsigned n = 0;
    for (size_t i = f->operators.count; i-- > 0 && !f->fb.bad;) {
        const tsr_fb_table t = tsr_fb_item_table(&f->fb, f->operators, i);
        if (tsr_fb_u32(&f->fb, t, OP_CODE_INDEX) == code_index) {
            *first = i;
            n++;
        }
    }
    return n;
}

/* Two entries of the code table may name the same operator (another version):
 * they are listed apart, which does no harm. */
static unsigned census(tfl_file *f, text_out out, tfl_code *first_code, size_t *first_op)
{
    unsigned total = 0;
    *first_op = SIZE_MAX;
    for (uint32_t i = 0; i < f->codes.count && !f->fb.bad; i++) {
        const tfl_code code = tfl_read_code(f, i);
        size_t where = SIZE_MAX;
        const unsigned uses = code.reader ? 0 : count_uses(f, i, &where);
        if (!uses)
            continue;
        put(&out, "%s%.60s (%u)", total ? ", " : "", code.name, uses);
        total += uses;
        if (where < *first_op) {
            *first_op = where;
            *first_code = code;
        }
    }
    return total;
}

tsr_status tfl_refuse_unknown(tfl_file *f, tsr_error *err)
{
    char all[200] = "";
    tfl_code code = { NULL, "" };
    size_t index;
    const unsigned total = census(f, (text_out){ all, sizeof all }, &code, &index);
    if (f->fb.bad)
        return tsr_fail(err, TSR_BAD_FILE, "tflite: the table of operator codes is damaged");
    if (total == 0)
        return TSR_OK;
    return tsr_fail(err, TSR_UNSUPPORTED, "operator %zu %.40s is not supported; all that are not: "
                    "%s", index, code.name, all);
}

int tsr_tflite_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes)
{
    tfl_file f;
    tfl_code code;
    size_t index;
    if (text_bytes)
        text[0] = '\0';
    if (tfl_open(&f, file, file_bytes, NULL) != TSR_OK)
        return 0;
    return (int)census(&f, (text_out){ text, text_bytes }, &code, &index);
}
