/*
 * tflite_file.h - what the files of the TFLite loader share.
 *
 *     tflite.c           the file: tables, order of work, shapes compared
 *     tflite_tensors.c   tensors: names, shapes, types, quantisation, constants
 *     tflite_sparse.c    sparse constants made dense
 *     tflite_ops.c       which operator code is read by which function
 *     tflite_conv.c      operators with filters and windows
 *     tflite_math.c      element by element, reductions, types
 *     tflite_shape.c     operators that only move data
 *     tflite_slice.c     operators that cut tensors into parts
 *     tflite_names.c     names of all operator codes, for messages
 *
 * The schema numbers fields and union members; those numbers appear here and
 * there as enums named after the schema (tensorflow/lite/schema/schema.fbs).
 *
 * Everything reports failure through the graph's sticky error and the
 * flatbuffer's `bad`, so a reading function never has to be asked whether it
 * succeeded: after a failure all of them do nothing and give 0 or NULL.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_TFLITE_FILE_H
#define TSR_TFLITE_FILE_H

#include "engine/graph.h"
#include "loaders/flatbuffer.h"

enum { TFL_ABSENT = -1, TFL_MAX_INTS = 64 };

typedef struct {
    tsr_fb fb;
    tsr_graph *g;
    tsr_fb_table graph;         /* subgraph 0 */
    tsr_fb_vector codes, subgraphs, buffers, tensors, operators;
    int *value;                 /* graph value of each tensor; TFL_ABSENT: not there yet */
    float *scales;              /* of the tensor described last, per channel */
    size_t scale_room;
} tfl_file;

typedef struct tfl_op tfl_op;

/* How one operator code becomes nodes. */
typedef struct {
    void (*load)(tfl_op *o);
    tsr_op_kind kind;           /* for readers that serve several operators */
    unsigned options;           /* the schema's number of its options table; 0: none read */
    float lo, hi;               /* of the RELU family */
} tfl_reader;

/* The operator being read. */
struct tfl_op {
    tfl_file *f;
    const tfl_reader *reader;
    int index;                  /* in the file, from 0 */
    const char *type;           /* "CONV_2D", or the custom name */
    const char *name;           /* of its first output */
    tsr_fb_table options;
    tsr_fb_vector in, out;      /* tensor indices */
    tsr_fb_vector custom;       /* bytes of a custom operator's options */
};

/* ---- tflite.c ---------------------------------------------------------- */

/* Check the frame of the file and find its tables. */
tsr_status tfl_open(tfl_file *f, const void *bytes, size_t size, tsr_error *err);

/* "operator 12 CONV_2D 'conv1': ..." */
void tfl_fail(tfl_op *o, tsr_status s, const char *fmt, ...) TSR_PRINTF(3, 4);

/* Add `n`, which makes output `slot` of the operator. */
void tfl_emit(tfl_op *o, const tsr_node *n, int slot);

/* Output `slot` is this value, computed already. */
void tfl_set_output(tfl_op *o, int slot, int value);

/* Add `n`, a step on the way; its result has the type and quantisation of
 * `like`.  Returns the value, -1 after a failure. */
int tfl_step(tfl_op *o, const tsr_node *n, const tsr_tensor *like);

/* Add `n`, which makes output 0 when followed by the schema's ActivationFunctionType:
 * a clamp inside the node where the operation can, else a second node. */
void tfl_emit_activated(tfl_op *o, tsr_node *n, int activation);

/* A step: `value` under another shape (at most one -1). */
int tfl_reshape_step(tfl_op *o, int value, int rank, const int *dim);

/* ---- tflite_tensors.c -------------------------------------------------- */

/* Name, type, quantisation and declared shape (unknown dimensions are 1) of
 * tensor `index`; false after a failure.  Valid until the next call. */
bool tfl_tensor(tfl_file *f, int64_t index, tsr_tensor *t);

/* Does the inferred shape agree with what the file says about tensor `index`? */
bool tfl_shape_agrees(tfl_file *f, int64_t index, const tsr_tensor *inferred);

/* The graph value that input `slot` of the operator reads; a constant enters
 * the graph when it is first asked for.  -1: absent, or after a failure. */
int tfl_input(tfl_op *o, int slot);

/* The tensor of that value; NULL: absent, or after a failure. */
const tsr_tensor *tfl_input_tensor(tfl_op *o, int slot);

/* A constant input as numbers: how many, or -1 when it is not a constant of
 * integers (or longer than `room`): then the failure is recorded. */
int tfl_ints(tfl_op *o, int slot, int64_t *values, int room);

/* Is input `slot` there and a constant?  Never a failure. */
bool tfl_is_constant(tfl_op *o, int slot);

/* An axis given as a constant input or an option: -rank..rank-1 becomes
 * 0..rank-1; anything else is recorded as a failure and gives 0. */
int tfl_axis(tfl_op *o, int64_t axis, int rank);

/* Bytes of a buffer, in the buffer table or after the flatbuffer. */
tsr_fb_vector tfl_buffer(tfl_file *f, uint32_t index);

/* ---- tflite_sparse.c --------------------------------------------------- */

/* Expand the sparse constant `t`, whose stored values are `stored`, into memory
 * of the graph's pool; t->data is set.  false after a failure. */
bool tfl_densify(tfl_file *f, tsr_fb_table sparsity, tsr_fb_vector stored, tsr_tensor *t);

/* ---- tflite_ops.c, tflite_names.c -------------------------------------- */

/* NULL: this operator is not supported. */
const tfl_reader *tfl_find_reader(uint32_t code, const char *custom_name);

/* Never NULL. */
const char *tfl_code_name(uint32_t code);

enum { TFL_CODE_CUSTOM = 32 };

/* ---- the readers ------------------------------------------------------- */
void tfl_conv2d(tfl_op *o);
void tfl_depthwise_conv2d(tfl_op *o);
void tfl_fully_connected(tfl_op *o);
void tfl_transpose_conv(tfl_op *o);
void tfl_transpose_conv_bias(tfl_op *o);
void tfl_detection_post_process(tfl_op *o);
void tfl_pool2d(tfl_op *o);
void tfl_resize_bilinear(tfl_op *o);
void tfl_resize_nearest(tfl_op *o);

void tfl_unary(tfl_op *o);
void tfl_clamp(tfl_op *o);
void tfl_leaky_relu(tfl_op *o);
void tfl_elu(tfl_op *o);
void tfl_binary(tfl_op *o);
void tfl_binary_activated(tfl_op *o);
void tfl_square(tfl_op *o);
void tfl_add_n(tfl_op *o);
void tfl_softmax(tfl_op *o);
void tfl_log_softmax(tfl_op *o);
void tfl_l2_normalization(tfl_op *o);
void tfl_reduce(tfl_op *o);
void tfl_arg(tfl_op *o);

void tfl_reshape(tfl_op *o);
void tfl_squeeze(tfl_op *o);
void tfl_expand_dims(tfl_op *o);
void tfl_transpose(tfl_op *o);
void tfl_concatenation(tfl_op *o);
void tfl_pack(tfl_op *o);
void tfl_pad(tfl_op *o);
void tfl_mirror_pad(tfl_op *o);
void tfl_depth_space(tfl_op *o);
void tfl_space_to_batch(tfl_op *o);
void tfl_gather(tfl_op *o);
void tfl_gather_nd(tfl_op *o);
void tfl_shape(tfl_op *o);
void tfl_densify_op(tfl_op *o);

void tfl_slice(tfl_op *o);
void tfl_strided_slice(tfl_op *o);
void tfl_split(tfl_op *o);
void tfl_split_v(tfl_op *o);
void tfl_unpack(tfl_op *o);

#endif
