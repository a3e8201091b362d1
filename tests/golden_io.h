/*
 * golden_io.h - find and read weights and golden tensors, for tests.
 *
 *     $TARSIER_GOLDEN/MODEL/IMAGE/meta.json, input.npy, output_0.npy ...
 *     $TARSIER_MODELS = DIRECTORY:DIRECTORY..., holding the weights
 *
 * Not the program's own NumPy reader, on purpose: a second opinion.
 * SPDX-License-Identifier: MIT
 */
#ifndef GOLDEN_IO_H
#define GOLDEN_IO_H

#include "engine/tsr.h"

typedef struct {
    uint8_t *bytes;             /* NULL: could not be read */
    size_t size;
    const char *path;           /* for a test's own use */
} golden_file;

/* A whole file in a block of exactly its size; free(bytes). */
golden_file golden_read(const char *path);

/* Path of a weights file in one of TARSIER_MODELS' directories; false: nowhere. */
bool golden_find_model(const char *name, char *path, size_t room);

/* An array from an .npy file (little-endian, C order), data malloc'ed;
 * data NULL: missing or not understood. */
tsr_tensor golden_npy(const char *path);

/* Element i as a number, whatever the type. */
double golden_element(const tsr_tensor *t, size_t i);

/* Names in a directory that do not begin with '.', sorted; the caller frees
 * each and the list.  Returns how many, 0 when there is no such directory. */
int golden_list(const char *path, char ***names);

#endif
