/*
 * npy.c - see npy.h.
 *
 * The header is a Python dictionary with three keys in any order.  The parser
 * reads just that: a cursor skips blanks, takes quoted words, numbers and
 * punctuation, and goes `bad` for good at the first thing that does not fit,
 * so it asks once, at the end.  Elements are little-endian in the file and, as
 * everywhere in this project, in the machine.
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>
#include "cli/file.h"
#include "cli/npy.h"
#include "loaders/reader.h"

static const struct {
    char text[4];
    tsr_dtype dtype;
} types[] = {
    { "<f4", TSR_F32 }, { "<f2", TSR_F16 }, { "|i1", TSR_S8 },  { "|u1", TSR_U8 },
    { "<i2", TSR_S16 }, { "<i4", TSR_S32 }, { "<i8", TSR_S64 }, { "|b1", TSR_BOOL },
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

/* ---- the header's words ------------------------------------------------- */

static void skip_blanks(tsr_reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
        r->at++;
}

/* The next character that is not a blank, 0 at the end; it stays. */
static int peek(tsr_reader *r)
{
    skip_blanks(r);
    return r->at < r->end ? *r->at : 0;
}

static bool take(tsr_reader *r, int c)
{
    if (peek(r) != c || !c)
        return false;
    r->at++;
    return true;
}

static void expect(tsr_reader *r, int c)
{
    if (!take(r, c))
        r->bad = true;
}

/* 'word' or "word", without escapes, cut to the room there is: longer words
 * equal none of those that we know. */
static void take_string(tsr_reader *r, char *word, size_t room)
{
    const int quote = peek(r);
    size_t n = 0;
    expect(r, quote == '"' ? '"' : '\'');
    while (r->at < r->end && *r->at != quote && *r->at >= ' ') {
        if (n + 1 < room)
            word[n++] = (char)*r->at;
        r->at++;
    }
    word[n] = 0;
    if (r->at < r->end && *r->at == quote)
        r->at++;
    else
        r->bad = true;
}

static bool take_word(tsr_reader *r, const char *word)
{
    const size_t n = strlen(word);
    skip_blanks(r);
    if (rd_left(r) < n || memcmp(r->at, word, n))
        return false;
    r->at += n;
    return true;
}

/* A number of an axis; anything above INT_MAX is as good as bad. */
static int take_int(tsr_reader *r)
{
    long long v = 0;
    int c = peek(r);
    if (c < '0' || c > '9')
        r->bad = true;
    while (!r->bad && r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        v = v * 10 + (*r->at++ - '0');
        if (v > INT_MAX)
            r->bad = true;
    }
    return r->bad ? 0 : (int)v;
}

typedef struct {
    char descr[16];
    bool fortran, have[3];
    int rank, dim[TSR_MAX_RANK];        /* rank counts on above the axes kept */
} header;

/* () or (3,) or (1, 2, 3) or (1, 2, 3,) */
static void take_shape(tsr_reader *r, header *h)
{
    expect(r, '(');
    while (!r->bad && peek(r) != ')') {
        const int d = take_int(r);
        if (h->rank < TSR_MAX_RANK)
            h->dim[h->rank] = d;
        if (++h->rank > 64)             /* NumPy itself stops there */
            r->bad = true;
        if (!take(r, ',')) {
            if (h->rank == 1)
                r->bad = true;          /* (3) is a number, not a tuple */
            break;
        }
    }
    expect(r, ')');
}

static void take_pair(tsr_reader *r, header *h)
{
    static const char *const keys[] = { "descr", "fortran_order", "shape" };
    char word[16];
    take_string(r, word, sizeof word);
    expect(r, ':');
    int key = 0;
    while (key < 3 && strcmp(word, keys[key]))
        key++;
    if (r->bad || key == 3 || h->have[key]) {
        r->bad = true;
        return;
    }
    h->have[key] = true;
    if (key == 0 && peek(r) == '[')     /* a record: complain about that, not about '[' */
        r->at = r->end;
    else if (key == 0)
        take_string(r, h->descr, sizeof h->descr);
    else if (key == 1)
        r->bad = !(h->fortran = take_word(r, "True")) && !take_word(r, "False");
    else
        take_shape(r, h);
}

static bool take_header(tsr_reader *r, header *h)
{
    *h = (header){ 0 };
    expect(r, '{');
    while (!r->bad && peek(r) != '}') {
        take_pair(r, h);
        if (h->have[0] && !h->descr[0] && !r->bad)
            return true;                /* a record; the rest does not matter */
        if (!take(r, ','))
            break;
    }
    expect(r, '}');
    return !r->bad && !peek(r) && r->at == r->end && h->have[0] && h->have[1] && h->have[2];
}

/* ---- from header to tensor ---------------------------------------------- */

static tsr_status find_type(const char *descr, tsr_dtype *dtype, tsr_error *err)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        const char *t = types[i].text;
        /* '=' is "as this machine", and the order of single bytes is nobody's business. */
        const bool order = descr[0] == t[0] || descr[0] == '=' || t[2] == '1';
        if (descr[0] && order && !strcmp(descr + 1, t + 1) && strchr("<>=|", descr[0])) {
            *dtype = types[i].dtype;
            return TSR_OK;
        }
    }
    if (descr[0] == '>')
        return tsr_fail(err, TSR_UNSUPPORTED, "elements are big-endian ('%s'); "
                        "save them with .astype('<%s')", descr, descr + 1);
    return tsr_fail(err, TSR_UNSUPPORTED, "element type '%s' is none of f4 f2 i1 u1 i2 i4 i8 b1",
                    descr[0] ? descr : "record");
}

static tsr_status to_tensor(const header *h, tsr_tensor *t, tsr_error *err)
{
    *t = (tsr_tensor){ .name = "", .rank = h->rank };
    TSR_TRY(find_type(h->descr, &t->dtype, err));
    if (h->fortran)
        return tsr_fail(err, TSR_UNSUPPORTED, "the array is in Fortran order; "
                        "save numpy.ascontiguousarray(x)");
    if (h->rank > TSR_MAX_RANK)
        return tsr_fail(err, TSR_UNSUPPORTED, "the array has %d axes, tensors have at most %d",
                        h->rank, TSR_MAX_RANK);
    size_t elements = 1;
    for (int i = 0; i < h->rank; i++) {
        t->dim[i] = h->dim[i];
        if (h->dim[i] == 0)
            return tsr_fail(err, TSR_UNSUPPORTED, "axis %d of the array has length 0", i);
        if (elements > SIZE_MAX / 16 / (size_t)h->dim[i])
            return tsr_fail(err, TSR_BAD_FILE, "the shape has more elements than memory has bytes");
        elements *= (size_t)h->dim[i];
    }
    return TSR_OK;
}

tsr_status cli_npy_parse(const void *bytes, size_t size, tsr_tensor *t, tsr_error *err)
{
    static const uint8_t magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
    tsr_reader r = rd_make(bytes, size);
    const uint8_t *start = rd_bytes(&r, sizeof magic);
    if (!start || memcmp(start, magic, sizeof magic))
        return tsr_fail(err, TSR_BAD_FILE, "this is not a NumPy .npy file");
    const int major = rd_u8(&r), minor = rd_u8(&r);
    if (!r.bad && (major < 1 || major > 3 || minor != 0))
        return tsr_fail(err, TSR_UNSUPPORTED, "the .npy format is version %d.%d; "
                        "known are 1.0 to 3.0", major, minor);
    const size_t length = major == 1 ? rd_u16le(&r) : rd_u32le(&r);
    tsr_reader text = rd_slice(&r, 0, length);
    if (text.bad)
        return tsr_fail(err, TSR_BAD_FILE, "the .npy file ends within its header");
    rd_bytes(&r, length);

    header h;
    if (!take_header(&text, &h))
        return tsr_fail(err, TSR_BAD_FILE, "the .npy header is damaged");
    TSR_TRY(to_tensor(&h, t, err));
    if (tsr_bytes(t) != rd_left(&r)) {
        char shape[CLI_SHAPE_TEXT];
        return tsr_fail(err, TSR_BAD_FILE, "the shape %s of %s wants %zu bytes of elements, "
                        "the file has %zu", cli_shape_text(t, shape), tsr_dtype_name(t->dtype),
                        tsr_bytes(t), rd_left(&r));
    }
    t->data = (void *)r.at;
    return TSR_OK;
}

/* ---- writing ------------------------------------------------------------ */

size_t cli_npy_header(const tsr_tensor *t, char *out)
{
    enum { PREFIX = 10 };
    const char *descr = "";
    for (int i = 0; i < TYPE_COUNT; i++)
        if (types[i].dtype == t->dtype)
            descr = types[i].text;
    char *text = out + PREFIX;
    const size_t room = CLI_NPY_HEADER - PREFIX;
    size_t n = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                                descr);
    for (int i = 0; i < t->rank; i++)
        n += (size_t)snprintf(text + n, room - n, "%s%d", i ? ", " : "", t->dim[i]);
    n += (size_t)snprintf(text + n, room - n, "%s), }", t->rank == 1 ? "," : "");
    /* Blanks and a line feed up to the next multiple of 64, so that the elements
     * are aligned where the file is mapped. */
    const size_t total = (PREFIX + n + 1 + 63) / 64 * 64;
    memset(text + n, ' ', total - PREFIX - n);
    out[total - 1] = '\n';
    const size_t length = total - PREFIX;
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)(length & 0xff);
    out[9] = (char)(length >> 8);
    return total;
}

tsr_status cli_npy_write(const char *path, const tsr_tensor *t, tsr_error *err)
{
    char head[CLI_NPY_HEADER];
    cli_writer w;
    TSR_TRY(cli_writer_open(path, &w, err));
    fwrite(head, 1, cli_npy_header(t, head), w.stream);
    fwrite(t->data, 1, tsr_bytes(t), w.stream);
    return cli_writer_commit(&w, err);
}

char *cli_shape_text(const tsr_tensor *t, char text[CLI_SHAPE_TEXT])
{
    size_t n = 1;
    text[0] = '[';
    for (int i = 0; i < t->rank; i++)
        n += (size_t)snprintf(text + n, CLI_SHAPE_TEXT - n, "%s%d", i ? ", " : "", t->dim[i]);
    memcpy(text + n, "]", 2);
    return text;
}
