/*
 * keras_h5.c - see keras_h5.h.
 *
 * libhdf5 is given the bytes as a "file image", so nothing touches the disk, and
 * its habit of printing errors is switched off for the time of the call.  What it
 * does with a damaged file is out of our hands (version 1.10 crashes on some),
 * which is why this format is not in the default build.
 * Source: HDF5 reference manual, H5Pset_file_image and H5Ovisit.
 * SPDX-License-Identifier: MIT
 */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include "loaders/keras_h5.h"

/* Numbers in one array, and in all of them: a damaged size must not eat the
 * machine.  No file holds more numbers than four times its bytes (compressed). */
static const hssize_t most_numbers = INT32_MAX / 4;

/* A string attribute of fixed or variable length, copied into the pool. */
static char *string_attribute(tsr_pool *pool, hid_t object, const char *name)
{
    char *copy = NULL;
    const hid_t a = H5Aopen(object, name, H5P_DEFAULT);
    if (a < 0)
        return NULL;
    const hid_t type = H5Aget_type(a), space = H5Aget_space(a);
    const size_t size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        if (H5Tis_variable_str(type) > 0) {
            char *s = NULL;
            if (H5Aread(a, type, &s) >= 0 && s)
                copy = tsr_pool_string(pool, s, strlen(s));
            free(s);
        } else if (size < INT32_MAX && (copy = tsr_pool_alloc(pool, size + 1, 1)) != NULL
                   && H5Aread(a, type, copy) < 0) {
            copy = NULL;
        }
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(a);
    return copy;
}

/* The "name" that a .keras file gives to the group around a layer's variables. */
static char *layer_name(keras_h5 *h, hid_t root, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash ? tsr_pool_string(h->pool, path, (size_t)(slash - path)) : NULL;
    const hid_t group = parent ? H5Oopen(root, parent, H5P_DEFAULT) : -1;
    char *name = group < 0 ? NULL : string_attribute(h->pool, group, "name");
    if (group >= 0)
        H5Oclose(group);
    return name;
}

static bool read_shape(hid_t space, tsr_tensor *t)
{
    hsize_t dim[TSR_MAX_RANK];
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > TSR_MAX_RANK || H5Sget_simple_extent_npoints(space) > most_numbers
        || H5Sget_simple_extent_npoints(space) < 1)
        return false;
    H5Sget_simple_extent_dims(space, dim, NULL);
    t->rank = rank;
    for (int i = 0; i < rank; i++)
        t->dim[i] = (int)dim[i];
    return true;
}

static keras_array *next_array(keras_h5 *h)
{
    if (h->count == h->room) {
        const int room = h->room ? 2 * h->room : 64;
        keras_array *more = tsr_pool_alloc(h->pool, (size_t)room * sizeof *more, sizeof(void *));
        if (!more) {
            h->no_memory = true;
            return NULL;
        }
        if (h->count)
            memcpy(more, h->arrays, (size_t)h->count * sizeof *more);
        h->arrays = more, h->room = room;
    }
    return &h->arrays[h->count];
}

static void read_array(keras_h5 *h, hid_t root, const char *path, hid_t set)
{
    tsr_tensor t = { .dtype = TSR_F32 };
    const hid_t space = H5Dget_space(set), type = H5Dget_type(set);
    const bool wanted = H5Tget_class(type) == H5T_FLOAT && read_shape(space, &t);
    keras_array *a = wanted ? next_array(h) : NULL;
    if (a) {
        t.data = tsr_pool_alloc(h->pool, tsr_bytes(&t), 64);
        h->no_memory |= !t.data;
        char *end = NULL;
        const char *last = strrchr(path, '/');
        last = last ? last + 1 : path;
        const long index = strtol(last, &end, 10);
        *a = (keras_array){ .path = tsr_pool_string(h->pool, path, strlen(path)), .t = t,
                            .layer = layer_name(h, root, path),
                            .index = *end || end == last || index > 1000 ? -1 : (int)index };
        if (t.data && a->path && H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                         t.data) >= 0)
            h->count++;
    }
    H5Tclose(type);
    H5Sclose(space);
}

/* Recent libraries want to be told what the visitor asks for. */
static herr_t visit(hid_t root, const char *path, const H5O_info_t *info, void *ctx)
{
    keras_h5 *h = ctx;
    if (info->type == H5O_TYPE_DATASET && !h->no_memory) {
        const hid_t set = H5Dopen2(root, path, H5P_DEFAULT);
        if (set >= 0) {
            read_array(h, root, path, set);
            H5Dclose(set);
        }
    }
    return h->no_memory;                /* not 0: stop */
}

static tsr_status read_open_file(keras_h5 *h, hid_t file, tsr_error *err)
{
    h->config = string_attribute(h->pool, file, "model_config");
    if (H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, h) < 0)
        return tsr_fail(err, TSR_BAD_FILE, "the HDF5 file is damaged");
    if (h->no_memory)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory for the weights in the HDF5 file");
    return TSR_OK;
}

tsr_status keras_h5_read(const void *bytes, size_t size, keras_h5 *h, tsr_error *err)
{
    H5E_auto2_t print;
    void *print_data;
    H5Eget_auto2(H5E_DEFAULT, &print, &print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    tsr_status s;
    hid_t file = -1;
    /* The library copies the image: the caller's bytes stay as they are. */
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    if (H5Pset_fapl_core(access, 1 << 16, 0) >= 0
        && H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) >= 0)
        file = H5Fopen("model.h5", H5F_ACC_RDONLY, access);
    if (file < 0) {
        s = tsr_fail(err, TSR_BAD_FILE, "libhdf5 cannot open it: not an HDF5 file, or damaged");
    } else {
        s = read_open_file(h, file, err);
        H5Fclose(file);
    }
    H5Pclose(access);
    H5Eset_auto2(H5E_DEFAULT, print, print_data);
    return s;
}
