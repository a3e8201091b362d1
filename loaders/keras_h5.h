/*
 * keras_h5.h - the little that is needed of HDF5, read from memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_KERAS_H5_H
#define TSR_KERAS_H5_H

#include "engine/pool.h"

/* One array of f32 in the file.  Keras names it by its path (older files) or by
 * its layer's name and its place among the layer's variables (.keras). */
typedef struct {
    const char *path;           /* "model_weights/conv/conv/kernel:0"           */
    const char *layer;          /* attribute "name" of its group; NULL: none    */
    int index;                  /* the path's last part as a number; -1         */
    tsr_tensor t;               /* data in the pool                             */
} keras_array;

typedef struct {
    tsr_pool *pool;
    keras_array *arrays;
    int count, room;
    char *config;               /* root attribute "model_config"; NULL: none */
    bool no_memory;
} keras_h5;

/* Read every float array and the configuration.  TSR_BAD_FILE when libhdf5
 * cannot open the bytes. */
TSR_MUST_USE tsr_status keras_h5_read(const void *file, size_t file_bytes, keras_h5 *h,
                                      tsr_error *err);

#endif
