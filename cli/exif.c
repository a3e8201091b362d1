/*
 * exif.c - which way up a JPEG was taken.
 *
 * A JPEG is a chain of segments FF kind length ... before the pixels.  Segment
 * E1 that begins "Exif\0\0" holds a small TIFF file: byte order, offset of a
 * directory, and there entries of 12 bytes, tag 0x0112 being the orientation.
 * Cameras write it instead of turning the pixels.  (Exif 2.3, section 4.6.)
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "cli/image.h"

typedef struct { const uint8_t *p; size_t size; bool big; } tiff;

/* `n` bytes at `at` as a number; past the end: 0. */
static unsigned long number(const tiff *t, size_t at, size_t n)
{
    unsigned long v = 0;
    if (at > t->size || n > t->size - at)
        return 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | t->p[at + (t->big ? i : n - 1 - i)];
    return v;
}

static int orientation(tiff t)
{
    enum { ENTRY = 12, TAG = 0x0112 };
    t.big = t.size > 1 && t.p[0] == 'M';
    const size_t directory = number(&t, 4, 4), entries = number(&t, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = directory + 2 + i * ENTRY;
        if (number(&t, at, 2) == TAG) {
            const unsigned long v = number(&t, at + 8, 2);
            return v >= 1 && v <= 8 ? (int)v : 1;
        }
    }
    return 1;
}

int cli_exif_orientation(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    const tiff jpeg = { p, size, true };
    if (number(&jpeg, 0, 2) != 0xFFD8)
        return 1;
    /* DA starts the pixels: no notes after that. */
    for (size_t at = 2; number(&jpeg, at, 1) == 0xFF && number(&jpeg, at + 1, 1) != 0xDA; ) {
        const size_t length = number(&jpeg, at + 2, 2);
        if (length < 2 || length > size - at - 2)
            return 1;
        if (p[at + 1] == 0xE1 && length >= 8 && !memcmp(p + at + 4, "Exif\0", 6))
            return orientation((tiff){ p + at + 10, length - 8, false });
        at += 2 + length;
    }
    return 1;
}
