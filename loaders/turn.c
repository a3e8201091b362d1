/*
 * turn.c - see turn.h.
 *
 * A strip of rows at a time: what is read (one line of the cache for each row of the
 * strip) and what is written (a run of the strip's length in each column) then both
 * stay in the cache, whatever the size of the matrix.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/turn.h"

enum { STRIP = 16 };

/* One column of a strip: `count` elements that lie `step` bytes apart. */
static void gather(const unsigned char *x, size_t step, size_t count, size_t e, unsigned char *y)
{
    if (e == sizeof(float))             /* a size known here is a single instruction */
        for (size_t i = 0; i < count; i++)
            memcpy(y + i * sizeof(float), x + i * step, sizeof(float));
    else if (e == 1)
        for (size_t i = 0; i < count; i++)
            y[i] = x[i * step];
    else
        for (size_t i = 0; i < count; i++)
            memcpy(y + i * e, x + i * step, e);
}

void tsr_turn(const void *from, size_t rows, size_t columns, size_t e, void *to)
{
    for (size_t r = 0; r < rows; r += STRIP) {
        const size_t count = rows - r < STRIP ? rows - r : STRIP;
        for (size_t c = 0; c < columns; c++)
            gather((const unsigned char *)from + (r * columns + c) * e, columns * e, count, e,
                   (unsigned char *)to + (c * rows + r) * e);
    }
}
