/*
 * image.h - photographs in, pictures out.
 *
 * Whatever stb_image decodes (JPEG, PNG, BMP, GIF, PSD, TGA, PNM, HDR) becomes
 * R,G,B bytes: 16-bit samples are rounded, grey is spread, what is transparent
 * lies on white, and a JPEG is turned the way its EXIF note says.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "cli/file.h"
#include "models/vision.h"

/* Read a picture; "-" is not special here.  Free it with cli_image_free.  Errors
 * name the path: not a picture, cut short, too large. */
TSR_MUST_USE tsr_status cli_image_load(const char *path, tsr_image *image, tsr_error *err);

/* The same from bytes; `name` stands for the path in errors. */
TSR_MUST_USE tsr_status cli_image_decode(const char *name, const void *bytes, size_t size,
                                         tsr_image *image, tsr_error *err);
void cli_image_free(tsr_image *image);          /* zeroed is fine */

/* Black, of the given size. */
TSR_MUST_USE tsr_status cli_image_new(int width, int height, tsr_image *image, tsr_error *err);

/* Can cli_image_save write to such a name: .png, .jpg, .jpeg, .bmp? */
bool cli_image_can_save(const char *path);

/* The ending of the name decides on the format.  All or nothing. */
TSR_MUST_USE tsr_status cli_image_save(const char *path, const tsr_image *image, tsr_error *err);

/* 1..8: how a JPEG's pixels must be turned or mirrored to stand upright. */
int cli_exif_orientation(const void *bytes, size_t size);

#endif
