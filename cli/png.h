/* png.h - PNG files, written row by row.   SPDX-License-Identifier: MIT */
#ifndef CLI_PNG_H
#define CLI_PNG_H

#include <stdio.h>
#include "models/vision.h"

/* False without memory.  What goes wrong with the stream stays noted in the stream. */
bool cli_png_write(FILE *to, const tsr_image *image);

#endif
