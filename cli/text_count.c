/*
 * text_count.c - see text_count.h.
 *
 * Open addressing: a text's place is the first bits of its key, or the next free one
 * behind it.  At three quarters full the table doubles.  Two different texts with the
 * same 128 bits of SHA-256 are not to be expected in any number of files.
 * SPDX-License-Identifier: MIT
 */
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include "cli/text_count.h"

static cli_text_entry *place_of(const cli_text_count *t, const uint8_t key[16])
{
    uint64_t start;
    memcpy(&start, key, sizeof start);
    for (size_t i = (size_t)start & (t->room - 1);; i = (i + 1) & (t->room - 1))
        if (!t->entry[i].taken || !memcmp(t->entry[i].key, key, 16))
            return &t->entry[i];
}

static int grow(cli_text_count *t)
{
    cli_text_count larger = { .room = t->room ? 2 * t->room : 64, .used = t->used };
    larger.entry = calloc(larger.room, sizeof *larger.entry);
    if (!larger.entry)
        return 0;
    for (size_t i = 0; i < t->room; i++)
        if (t->entry[i].taken)
            *place_of(&larger, t->entry[i].key) = t->entry[i];
    free(t->entry);
    *t = larger;
    return 1;
}

uint32_t *cli_text_counter(cli_text_count *t, const char *text)
{
    uint8_t key[16];
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, strlen(text), (const uint8_t *)text);
    sha256_digest(&sha, sizeof key, key);
    if (4 * (t->used + 1) > 3 * t->room && !grow(t))
        return NULL;
    cli_text_entry *e = place_of(t, key);
    if (!e->taken) {
        memcpy(e->key, key, sizeof key);
        e->taken = 1;
        t->used++;
    }
    return &e->count;
}

void cli_text_count_free(cli_text_count *t)
{
    free(t->entry);
    *t = (cli_text_count){ 0 };
}
