/*
 * npy.h - arrays in NumPy's .npy files.
 *
 *     0x93 "NUMPY" major minor | header length | {'descr': '<f4', 'fortran_order':
 *     False, 'shape': (1, 192, 192, 3), } blanks \n | elements, last axis fastest
 *
 * The length has 2 bytes (little-endian) in version 1, 4 in versions 2 and 3;
 * version 3 may have UTF-8 in the header, which only names of record fields
 * need.  Written are version 1 files, aligned to 64 bytes as NumPy does it.
 * See the NumPy manual, "A simple file format for NumPy arrays".
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_NPY_H
#define CLI_NPY_H

#include <stdio.h>
#include "engine/tsr.h"

/* dtype, rank, dim and data (a view into `bytes`, at any alignment) of a .npy
 * file.  Refused, each with its own sentence: damaged headers, Fortran order,
 * big-endian elements, types that tensors do not have, more than TSR_MAX_RANK
 * axes, an axis of 0, and more or fewer elements than the shape says. */
TSR_MUST_USE tsr_status cli_npy_parse(const void *bytes, size_t size, tsr_tensor *t,
                                      tsr_error *err);

/* The header for t's dtype and shape, in a buffer of CLI_NPY_HEADER bytes;
 * returns its length, a multiple of 64. */
enum { CLI_NPY_HEADER = 192 };
size_t cli_npy_header(const tsr_tensor *t, char *header);

/* Write t to a file, all or nothing. */
TSR_MUST_USE tsr_status cli_npy_write(const char *path, const tsr_tensor *t, tsr_error *err);

/* "[1, 192, 192, 3]" in `text`, which is returned. */
enum { CLI_SHAPE_TEXT = 80 };
char *cli_shape_text(const tsr_tensor *t, char text[CLI_SHAPE_TEXT]);

#endif
