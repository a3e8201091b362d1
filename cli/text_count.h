/*
 * text_count.h - how often has each text been seen?  For millions of file names: a hash
 * table that keeps 128 bits of each one's SHA-256 instead of the name, 20 bytes in all.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_TEXT_COUNT_H
#define CLI_TEXT_COUNT_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t key[16];
    uint32_t count;
    uint32_t taken;             /* 0: a free place */
} cli_text_entry;

/* Zeroed at first. */
typedef struct {
    cli_text_entry *entry;
    size_t room, used;
} cli_text_count;

/* The text's own counter, 0 at first; good until the next call.  NULL: no memory. */
uint32_t *cli_text_counter(cli_text_count *t, const char *text);
void cli_text_count_free(cli_text_count *t);

#endif
