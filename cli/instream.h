/*
 * instream.h - lines and bytes from standard input or a file, read as they come.
 *
 * Unlike stdio, reading here ends when somebody asks the program to stop, whichever
 * thread the signal was delivered to.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_INSTREAM_H
#define CLI_INSTREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    int fd;
    size_t at, used;
    int error;                  /* errno of a failed read */
    uint8_t buffer[1 << 16];
} cli_instream;

/* read(2) that waits until there is something.  0 at the end, and after a signal that
 * cli_catch_signals catches; < 0: errno says why. */
ssize_t cli_read_some(int fd, void *to, size_t bytes);

void cli_instream_open(cli_instream *s, int fd);

/* As getline(3), without the line's end: *line is grown as needed and ends with a 0.
 * Gives its length, -1 at the end. */
ssize_t cli_instream_line(cli_instream *s, char **line, size_t *room);

/* Gives how many bytes there were: fewer than asked for at the end only. */
size_t cli_instream_read(cli_instream *s, void *to, size_t bytes);

#endif
