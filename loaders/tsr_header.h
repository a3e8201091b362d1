/* tsr_header.h - the first 64 bytes of a .tsr file, after the magic.
 * SPDX-License-Identifier: MIT */
#ifndef TSR_HEADER_H
#define TSR_HEADER_H

#include "loaders/tsr_fields.h"

typedef struct {
    uint32_t version;
    uint64_t file_bytes, graph_bytes;   /* graph_bytes: without its filling up to weights_at */
    uint64_t weights_at;
    uint64_t graph_sum, weights_sum;    /* of bytes 64..weights_at, and from there to the end
                                           of the weights */
    uint64_t packed_at, packed_sum;     /* version 2: packed weights, to the end of the file;
                                           version 1: zeros */
} tsr_header;

static inline void tsr_io_header(tsr_io *io, tsr_header *h)
{
    tsr_io_u32(io, &h->version);
    tsr_io_u64(io, &h->file_bytes);
    tsr_io_u64(io, &h->graph_bytes);
    tsr_io_u64(io, &h->weights_at);
    tsr_io_u64(io, &h->graph_sum);
    tsr_io_u64(io, &h->weights_sum);
    tsr_io_u64(io, &h->packed_at);
    tsr_io_u64(io, &h->packed_sum);
}

#endif
