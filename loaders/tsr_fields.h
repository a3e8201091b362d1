/*
 * tsr_fields.h - one list of fields for reading, writing and counting.
 *
 * Each tsr_io_* function moves one field between the stream and *x in the
 * direction that io says, so a reader cannot drift from its writer.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_FIELDS_H
#define TSR_FIELDS_H

#include "engine/graph.h"
#include "loaders/reader.h"

typedef struct {
    bool reading;
    tsr_reader in;              /* reading */
    unsigned char *out;         /* writing; NULL: count only */
    size_t written;
    tsr_pool *pool;             /* reading: where strings and arrays go */
} tsr_io;

void tsr_io_u32(tsr_io *io, uint32_t *x);
void tsr_io_u64(tsr_io *io, uint64_t *x);
void tsr_io_int(tsr_io *io, int *x);

/* How many items of at least item_bytes follow; a lie sets io->in.bad. */
void tsr_io_count(tsr_io *io, int *x, size_t item_bytes);

/* Name, dtype, rank, dims, quantisation; not the data. */
void tsr_io_tensor(tsr_io *io, tsr_tensor *t);

/* Name, operator, inputs, output count, clamp, attributes; not the outputs'
 * tensors.  An unknown operator or dtype sets io->in.bad. */
void tsr_io_node(tsr_io *io, tsr_node *n, const tsr_op *const *ops);

#endif
