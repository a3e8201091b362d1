/*
 * mjpeg.h - the JPEG pictures of cameras, which leave out what is always the same.
 *
 * A JPEG file carries the Huffman tables it is coded with.  Most cameras use those that
 * the standard gives as an example (ITU-T T.81, annex K.3), and as every receiver has
 * them, many do not send them.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_MJPEG_H
#define CLI_MJPEG_H

#include <stddef.h>
#include <stdint.h>

enum { CLI_MJPEG_TABLES = 420 };                /* bytes that may be added */

/* Copy a picture, with the tables where it has none.  `to` has room for n bytes and
 * CLI_MJPEG_TABLES; gives how many were written. */
size_t cli_mjpeg_complete(const uint8_t *jpeg, size_t n, uint8_t *to);

#endif
