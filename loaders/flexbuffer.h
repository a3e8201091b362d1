/*
 * flexbuffer.h - read one map of numbers from a FlexBuffer, the format in which custom
 * TFLite operators keep their options.
 *
 * Every offset is checked against the bytes there are; a damaged map is `bad`, and
 * everything asked of it is absent.                SPDX-License-Identifier: MIT
 */
#ifndef TSR_FLEXBUFFER_H
#define TSR_FLEXBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *bytes;
    size_t size;
    size_t values, keys;        /* where their first entries stand */
    size_t count;
    size_t width, key_width;    /* bytes of an entry               */
    bool bad;                   /* no map, or not all there        */
} tsr_flex_map;

tsr_flex_map tsr_flex_root(const void *bytes, size_t size);

/* The number or truth value under a key; false: not there, or something else. */
bool tsr_flex_number(const tsr_flex_map *m, const char *key, double *value);

#endif
