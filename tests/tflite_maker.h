/*
 * tflite_maker.h - write small .tflite files, for tests.
 *
 * The loader is tested with files made here, so that every operator and every
 * kind of damage can be had without any downloaded weights.  A model is
 * described in plain structs (zeroed: nothing special) and written by
 * mk_write, which knows the FlatBuffers format independently of the loader.
 * SPDX-License-Identifier: MIT
 */
#ifndef TFLITE_MAKER_H
#define TFLITE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Dimensions, and expected numbers, in place. */
#define DIM(...) (const int[]){ __VA_ARGS__ }
#define WANT(...) (const double[]){ __VA_ARGS__ }

enum { MK_MAX_TENSORS = 64, MK_MAX_OPS = 32, MK_MAX_FIELDS = 8, MK_MAX_LEVELS = 6 };

/* The schema's TensorType. */
enum { MK_F32 = 0, MK_F16 = 1, MK_S32 = 2, MK_U8 = 3, MK_S64 = 4, MK_STRING = 5, MK_S16 = 7,
       MK_S8 = 9 };

typedef struct {                /* one level of a sparse tensor */
    bool csr;
    int dense_size;
    int index_bytes;            /* 1, 2 or 4 */
    const int *segments, *indices;
    int segment_count, index_count;
} mk_level;

typedef struct {
    int order[MK_MAX_LEVELS], block_map[MK_MAX_LEVELS], level_count, block_count;
    mk_level levels[MK_MAX_LEVELS];
} mk_sparsity;

typedef struct {
    const char *name;
    int type, rank, dim[6];
    const void *data;           /* NULL: not a constant */
    size_t data_bytes;
    float scale;                /* 0: not quantised */
    int64_t zero_point;
    const float *scales;        /* per channel: dim[axis] of them */
    int axis;
    const int *signature;       /* shape_signature, rank entries */
    const mk_sparsity *sparsity;
    bool variable;
} mk_tensor;

typedef struct {
    int field, bytes;           /* bytes 1, 4 or 8 */
    uint64_t value;
} mk_field;

typedef struct {
    int code;
    const char *custom;         /* name of a custom operator */
    int in[8], in_count, out[8], out_count;     /* tensor indices; -1 absent */
    int options_type, option_count;
    mk_field options[MK_MAX_FIELDS];
    const int *vector;          /* an option that is a vector of int32, field 0 */
    int vector_count;
    const void *custom_options;
    size_t custom_bytes;
} mk_op;

typedef struct {
    mk_tensor tensors[MK_MAX_TENSORS];
    mk_op ops[MK_MAX_OPS];
    int inputs[8], outputs[8];
    int tensor_count, op_count, input_count, output_count;
    bool narrow_codes;          /* operator codes in one byte only, as in old files */
    bool data_behind;           /* buffers behind the FlatBuffer, as in files beyond 2 GiB */
    int subgraph_count;         /* 0: one */
    int more_codes, more_operators;     /* further entries of these vectors, all of them
                                           offsets to the last table */
} mk_model;

/* Add a tensor; returns its index. */
int mk_value(mk_model *m, const char *name, int type, int rank, const int *dim);
int mk_input(mk_model *m, const char *name, int type, int rank, const int *dim);

/* A constant; its size in bytes follows from type and shape.  `data` stays the caller's. */
int mk_constant(mk_model *m, const char *name, int type, int rank, const int *dim,
                const void *data);

/* A constant vector of `count` int32. */
int mk_ints(mk_model *m, const int *values, int count);

/* Quantise tensor `t` as a whole; returns t. */
int mk_quantise(mk_model *m, int t, float scale, int zero_point);

/* Add an operator with up to 3 inputs (-1 ends the list; MK_ABSENT is an input
 * that is left out) and one output. */
enum { MK_ABSENT = -2 };
mk_op *mk_operator(mk_model *m, int code, int in0, int in1, int in2, int out);

/* Give an option: field number and width in the schema's options table. */
void mk_option(mk_op *op, int options_type, int field, int bytes, int64_t value);
void mk_option_float(mk_op *op, int options_type, int field, float value);

void mk_output(mk_model *m, int tensor);

/* The file, in a block of exactly *size bytes for the caller to free. */
uint8_t *mk_write(const mk_model *m, size_t *size);

#endif
