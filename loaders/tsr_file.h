/*
 * tsr_file.h - Tarsier's own file: one optimised graph and its weights, flat.
 *
 *     0        64                     weights_at    packed_at              file_bytes
 *     | header | graph: a byte stream | constants   | the same as kernels want them |
 *
 * The last part is there when the file was packed for a CPU (version 2).
 *
 * Everything is little-endian.  Constants are used in place, so a model in
 * flash or in a read-only mapping costs no memory.  loaders/README.md describes
 * every byte; the field lists in tsr_fields.c are read and written by the same
 * code.                                        SPDX-License-Identifier: MIT
 */
#ifndef TSR_FILE_H
#define TSR_FILE_H

#include "engine/session.h"

enum { TSR_FILE_VERSION = 1, TSR_FILE_PACKED = 2, TSR_FILE_HEADER_BYTES = 64, TSR_FILE_ALIGN = 64 };

/* First four bytes: "TSR" and a byte that no text file has. */
extern const unsigned char tsr_file_magic[4];

bool tsr_file_recognise(const void *file, size_t file_bytes);

/* Build a model from the bytes of a .tsr file, which must outlive it.  Both
 * checksums are verified.  Needs no other loader and no libc. */
TSR_MUST_USE tsr_status tsr_file_load(const void *file, size_t file_bytes,
                                      const tsr_options *options, tsr_model **model,
                                      tsr_error *err);

typedef struct {
    bool f16;                   /* store f32 filters as f16: half the size */
    /* Takes the file's bytes in order; false ends the writing. */
    bool (*write)(void *ctx, const void *bytes, size_t n);
    void *ctx;
    bool pack;                  /* store float filters as the kernels in use want them, too */
} tsr_file_sink;

/* Write a loaded model.  TSR_NO_MEMORY, or TSR_BAD_ARGUMENT when the sink said
 * no (its owner knows why). */
TSR_MUST_USE tsr_status tsr_file_save(const tsr_model *model, const tsr_file_sink *sink,
                                      tsr_error *err);

/* 64-bit checksum of n bytes: sixteen interleaved Fletcher sums of 32-bit words
 * (Fletcher, "An arithmetic checksum for serial transmissions", 1982), the last
 * block filled up with zeros, mixed with the length.  It runs at the speed of
 * memory without any special instruction, which a CRC in plain C does not. */
uint64_t tsr_file_sum(const void *bytes, size_t n);

#endif
