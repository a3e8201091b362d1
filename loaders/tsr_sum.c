/* tsr_sum.c - the checksum of .tsr files; see tsr_file.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "loaders/tsr_file.h"

enum { LANES = 16 };

/* One block of sixteen words: a sums the words, b sums a after each block, so
 * order matters.  The loop has no dependency between lanes: it vectorises. */
static void add_block(uint32_t *a, uint32_t *b, const unsigned char *bytes)
{
    uint32_t w[LANES];
    memcpy(w, bytes, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < LANES; i++)
        w[i] = __builtin_bswap32(w[i]);
#endif
    for (int i = 0; i < LANES; i++) {
        a[i] += w[i];
        b[i] += a[i];
    }
}

uint64_t tsr_file_sum(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t a[LANES] = { 0 }, b[LANES] = { 0 };
    size_t at = 0;
    for (; n - at >= 4 * LANES; at += 4 * LANES)
        add_block(a, b, p + at);
    if (at < n) {
        unsigned char last[4 * LANES] = { 0 };
        memcpy(last, p + at, n - at);
        add_block(a, b, last);
    }
    /* FNV-1a over the lanes (Fowler, Noll, Vo), 64 bits. */
    uint64_t h = UINT64_C(14695981039346656037) ^ n;
    for (int i = 0; i < LANES; i++) {
        h = (h ^ a[i]) * UINT64_C(1099511628211);
        h = (h ^ b[i]) * UINT64_C(1099511628211);
    }
    return h;
}
