/* instream.c - see instream.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/instream.h"
#include "cli/spawn.h"

enum { LOOK_UP_MS = 100 };      /* how often a wait looks up whether to stop */

ssize_t cli_read_some(int fd, void *to, size_t bytes)
{
    while (!cli_interrupted()) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        const int ready = poll(&p, 1, LOOK_UP_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        const ssize_t n = read(fd, to, bytes);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
    }
    return 0;
}

void cli_instream_open(cli_instream *s, int fd)
{
    s->fd = fd;
    s->at = s->used = 0;
    s->error = 0;
}

/* 1 more in the buffer, 0 at the end. */
static int refill(cli_instream *s)
{
    const ssize_t n = cli_read_some(s->fd, s->buffer, sizeof s->buffer);
    if (n < 0)
        s->error = errno;
    s->at = 0;
    s->used = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static int make_room(char **line, size_t *room, size_t want)
{
    if (want <= *room)
        return 1;
    const size_t more = want > 2 * *room ? want : 2 * *room;
    char *grown = realloc(*line, more);
    if (!grown)
        return 0;
    *line = grown;
    *room = more;
    return 1;
}

ssize_t cli_instream_line(cli_instream *s, char **line, size_t *room)
{
    size_t length = 0;
    int any = 0;
    for (;;) {
        if (s->at == s->used && !refill(s))
            break;
        any = 1;
        const uint8_t *from = s->buffer + s->at, *end = memchr(from, '\n', s->used - s->at);
        const size_t n = end ? (size_t)(end - from) : s->used - s->at;
        if (!make_room(line, room, length + n + 1)) {
            s->error = ENOMEM;
            return -1;
        }
        memcpy(*line + length, from, n);
        length += n;
        s->at += n + (end != NULL);
        if (end)
            break;
    }
    if (!any)
        return -1;
    (*line)[length] = 0;
    return (ssize_t)length;
}

size_t cli_instream_read(cli_instream *s, void *to, size_t bytes)
{
    size_t got = s->used - s->at < bytes ? s->used - s->at : bytes;
    memcpy(to, s->buffer + s->at, got);
    s->at += got;
    while (got < bytes) {       /* what is large goes past the buffer */
        const ssize_t n = cli_read_some(s->fd, (uint8_t *)to + got, bytes - got);
        if (n < 0)
            s->error = errno;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}
