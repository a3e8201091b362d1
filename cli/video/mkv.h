/*
 * mkv.h - the least of a Matroska stream: one track of raw R,G,B frames with a time
 * each, which is what the ffmpeg program is fed with.  (Raw frames alone, or
 * YUV4MPEG2, could only say "so many frames a second".)
 * Matroska is IETF RFC 9559, its encoding EBML RFC 8794.     SPDX-License-Identifier: MIT
 */
#ifndef CLI_MKV_H
#define CLI_MKV_H

#include <stddef.h>
#include <stdint.h>

enum { MKV_HEAD_BYTES = 256, MKV_FRAME_BYTES = 64 };

/* The beginning of the stream; frame_ns: how long a frame usually lasts, 0 unknown.
 * Gives its length. */
size_t cli_mkv_head(int width, int height, uint64_t frame_ns, uint8_t to[MKV_HEAD_BYTES]);

/* What comes before the `bytes` of a frame at that time. */
size_t cli_mkv_frame(uint64_t microseconds, size_t bytes, uint8_t to[MKV_FRAME_BYTES]);

#endif
