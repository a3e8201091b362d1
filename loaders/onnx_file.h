/*
 * onnx_file.h - what the files of the ONNX loader share.
 *
 *     onnx.c            the file: fields, order of work, inputs and outputs
 *     onnx_census.c     operators that nobody here knows, for one message
 *     onnx_names.c      names to values
 *     onnx_values.c     a value in the order that an operator asks for
 *     onnx_tensor.c     TensorProto to constant, in all its encodings
 *     onnx_attr.c       attributes and constant inputs of an operator
 *     onnx_emit_node.c  adding nodes
 *     onnx_table.c      which operator is read by which function
 *     onnx_conv.c, onnx_pool.c, onnx_math.c, ...   those functions
 *
 * ONNX images are N,C,H,W, ours N,H,W,C.  So every value is known in up to two
 * orders: `plain`, as the file means it, and `nhwc` (rank 4 only).  Whichever
 * is missing is made by a TRANSPOSE when somebody asks for it, once.
 * Convolutions, pools and resizes ask for nhwc and give nhwc; element-wise
 * operators, concatenations, slices, reductions go on in the order they find,
 * with axes renumbered and constants permuted; what depends on the order of
 * elements (Reshape) asks for plain.  So a network has transpositions at its
 * inputs and outputs, and in between only where it leaves images behind.
 *
 * Failure is sticky, in the graph or in `bad`; after it every function here
 * does nothing and gives -1, 0 or NULL.
 * Field numbers are those of onnx/onnx.proto.   SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_FILE_H
#define TSR_ONNX_FILE_H

#include "engine/graph.h"
#include "loaders/protobuf.h"

enum { ONX_NONE = -1, ONX_MAX_INTS = 64 };

/* TensorProto.DataType */
enum {
    ONX_FLOAT = 1, ONX_UINT8, ONX_INT8, ONX_UINT16, ONX_INT16, ONX_INT32, ONX_INT64, ONX_STRING,
    ONX_BOOL, ONX_FLOAT16, ONX_DOUBLE, ONX_UINT32, ONX_UINT64, ONX_BFLOAT16 = 16
};

typedef struct { const char *s; size_t n; } onx_str;    /* bytes of the file */

typedef struct { int rank, dim[TSR_MAX_RANK]; } onx_shape;

typedef struct {
    onx_str name;
    int plain, nhwc;            /* graph values; ONX_NONE: not made (yet) */
    int narrow;                 /* a constant that was expanded to this shape: what it was */
    onx_shape shape;            /* as the file means it, N,C,H,W */
    bool empty;                 /* a tensor without elements: no graph value */
    tsr_reader stored;          /* an initialiser not asked for yet: its TensorProto */
    int q_plain, q_nhwc;        /* 8-bit values that DequantizeLinear made this one from:
                                   plain and nhwc follow when somebody wants floats */
    int uses;                   /* how often the name is read */
    tsr_reader reader;          /* the last node that reads it */
    bool defined;               /* somebody has made it; else the name was only noted */
    bool ahead;                 /* made together with an operator before its own */
} onx_value;

typedef struct {
    const tsr_options *options;
    tsr_graph *g;
    tsr_pool *scratch;          /* freed when the file is read */
    const void *bytes;
    size_t size;
    int64_t opset;
    bool bad;                   /* the wire format is damaged */
    onx_value *values;
    int value_count, value_room;
    int *slots;                 /* hash table of value indices; power of two */
    int slot_count;
    int node_index;
} onx_file;

/* An operator between DequantizeLinear and QuantizeLinear that shall work on the
 * 8-bit numbers themselves; see onnx_quant.c. */
typedef struct {
    bool on;
    bool failed;                /* it cannot: do it in floats */
    tsr_dtype dtype;            /* of the result */
    tsr_quant quant;
    float lo, hi;               /* of an activation in between */
} onx_q;

typedef struct onx_op onx_op;

/* How an operator becomes nodes. */
typedef struct {
    const char *name;
    void (*load)(onx_op *o);
    tsr_op_kind kind;           /* for functions that serve several operators */
} onx_reader;

/* The operator being read. */
struct onx_op {
    onx_file *f;
    const onx_reader *reader;
    int index;                  /* in the file, from 0 */
    tsr_reader node;            /* NodeProto */
    char type[48];              /* "Conv" */
    const char *name;           /* of its first output */
    onx_str *in, *out;
    int in_count, out_count;
    onx_q q;
};

/* ---- onnx.c ---------------------------------------------------------------- */

/* "operator 12 Conv 'conv1': ..." */
void onx_fail(onx_op *o, tsr_status s, const char *fmt, ...) TSR_PRINTF(3, 4);

bool onx_str_is(onx_str s, const char *text);

/* The text as a C string in scratch memory; never NULL. */
const char *onx_text(onx_file *f, onx_str s);
const char *onx_text_n(onx_file *f, const char *s, size_t n);

/* Call fn for every field `number` of every GraphProto of the file, in order. */
void onx_each_in_graph(onx_file *f, uint32_t number,
                       void (*fn)(onx_file *f, tsr_reader message));

/* Name, type and lists of a NodeProto; false when it is damaged. */
bool onx_read_node(onx_file *f, tsr_reader node, onx_op *o);

enum { ONX_GRAPH_NODE = 1, ONX_GRAPH_INITIALIZER = 5, ONX_GRAPH_INPUT = 11,
       ONX_GRAPH_OUTPUT = 12 };

/* ---- onnx_census.c ---------------------------------------------------------- */

tsr_status onx_refuse_unknown(onx_file *f, tsr_error *err);

/* ---- onnx_names.c ------------------------------------------------------------ */

/* The entry of that name; NULL when nothing has made it yet.  Entries move when
 * others are added: do not keep the pointer. */
onx_value *onx_find(onx_file *f, onx_str name);

/* The entry of that name, made or not; NULL after a failure. */
onx_value *onx_note(onx_file *f, onx_str name);

/* A new entry; NULL after a failure (none left, or the name is taken). */
onx_value *onx_add(onx_file *f, onx_str name);

/* ---- onnx_tensor.c ----------------------------------------------------------- */

/* Describe and decode a TensorProto: dtype, shape, data (a view into the file
 * or pool memory).  Half, double and bfloat16 become f32, unsigned integers the
 * next wider signed type.  shape dims of 0 are allowed: *empty. */
bool onx_tensor(onx_file *f, tsr_reader message, tsr_tensor *t, bool *empty);

/* Our type for an ONNX one; TSR_DTYPE_COUNT: none. */
tsr_dtype onx_dtype(int64_t elem_type);
const char *onx_type_name(int64_t elem_type);

/* ---- onnx_values.c ------------------------------------------------------------ */

/* The entry that input `slot` names; NULL: absent, or after a failure. */
onx_value *onx_input(onx_op *o, int slot);

/* Is there such an input? */
bool onx_has(const onx_op *o, int slot);

/* Input `slot` as a graph value in the file's order / as [n,h,w,c] (rank 4). */
int onx_plain(onx_op *o, int slot);
int onx_nhwc(onx_op *o, int slot);
int onx_value_plain(onx_op *o, onx_value *v);
int onx_value_nhwc(onx_op *o, onx_value *v);

/* Is the input an image that lies in N,H,W,C already? */
bool onx_is_image(onx_op *o, int slot);

/* Its shape in the file's order; rank 0 after a failure. */
onx_shape onx_shape_of(onx_op *o, int slot);

/* Its element type; TSR_F32 after a failure. */
tsr_dtype onx_dtype_of(onx_op *o, int slot);

/* The input's constant, in the file's order; NULL when it is absent or computed. */
const tsr_tensor *onx_constant(onx_op *o, int slot);

/* Axis a of N,C,H,W within N,H,W,C, and the other way round. */
extern const int onx_to_nhwc[4], onx_from_nhwc[4];      /* as TRANSPOSE perms */
int onx_image_axis(int axis);

/* -rank..rank-1 to 0..rank-1; anything else is a failure and gives 0. */
int onx_axis(onx_op *o, int64_t axis, int rank);

/* ---- onnx_quant.c ------------------------------------------------------------------ */

/* Put an operator on 8-bit numbers in order: the type, scale and clamp of its
 * result.  false: it cannot be done that way (o->q.failed). */
bool onx_q_step(onx_op *o, tsr_node *n, tsr_tensor *out);

/* Try an operator on 8-bit numbers, if those around it are; true when it and
 * the QuantizeLinear behind it are done. */
bool onx_q_try(onx_op *o);

/* The bias `slot` as s32 of scale x * filter, one number for each of the filter's
 * `oc` channels. */
int onx_q_bias(onx_op *o, int slot, int x, const tsr_quant *filter, int oc);

/* Note the names that a node, or the list of outputs, reads. */
void onx_note_node(onx_file *f, tsr_reader node);
void onx_note_output(onx_file *f, tsr_reader value_info);

/* ---- onnx_attr.c ---------------------------------------------------------------- */

bool onx_has_attr(onx_op *o, const char *name);
int64_t onx_attr_int(onx_op *o, const char *name, int64_t otherwise);
float onx_attr_float(onx_op *o, const char *name, float otherwise);
onx_str onx_attr_string(onx_op *o, const char *name, const char *otherwise);
bool onx_attr_tensor(onx_op *o, const char *name, tsr_reader *message);

/* How many, ONX_NONE when there is no such attribute or it does not fit. */
int onx_attr_ints(onx_op *o, const char *name, int64_t *values, int room);
int onx_attr_floats(onx_op *o, const char *name, float *values, int room);

/* A constant input of integers: how many; ONX_NONE when it is absent; a failure
 * when it is not constant. */
int onx_input_ints(onx_op *o, int slot, int64_t *values, int room);

/* Input `slot` from opset `since` on, the attribute of that name before. */
int onx_ints(onx_op *o, int64_t since, int slot, const char *name, int64_t *values);

/* A constant input of one number; `otherwise` when it is absent. */
float onx_input_float(onx_op *o, int slot, float otherwise);

/* int64 to int; saturates. */
int onx_int(int64_t x);

/* ---- onnx_emit_node.c ------------------------------------------------------------ */

typedef enum { ONX_PLAIN, ONX_NHWC } onx_order;

/* Add a node on the way to a result; gives its value. */
int onx_step(onx_op *o, const tsr_node *n, tsr_dtype dtype);

/* Output `slot` of the operator is this value. */
void onx_set(onx_op *o, int slot, int value, onx_order order);

/* Output `slot` is the constant `value`, broadcast to `shape` when somebody
 * needs it written out. */
void onx_set_expanded(onx_op *o, int slot, int value, onx_shape shape);

/* Output `slot` is a tensor without elements. */
void onx_set_empty(onx_op *o, int slot, onx_shape shape);

/* Is output `slot` named, so that somebody may read it? */
bool onx_is_used(const onx_op *o, int slot);

/* Add the node that makes output 0. */
void onx_emit(onx_op *o, const tsr_node *n, tsr_dtype dtype, onx_order order);

/* Steps of one node. */
int onx_unary(onx_op *o, tsr_op_kind kind, int x);
int onx_binary(onx_op *o, tsr_op_kind kind, int a, int b);
int onx_reshape(onx_op *o, int x, int rank, const int *dim);
int onx_transpose(onx_op *o, int x, const int *perm);
int onx_gather(onx_op *o, int x, int axis, const int64_t *index, int count);
int onx_slice(onx_op *o, int x, const tsr_slice_attr *a);
int onx_concat(onx_op *o, int *x, int count, int axis);
int onx_reduce(onx_op *o, tsr_op_kind kind, int x, unsigned axes, bool keep_dims);

/* New constants; the numbers are copied. */
int onx_floats(onx_op *o, const float *x, int rank, const int *dim);
int onx_scalar(onx_op *o, float x);
int onx_one(onx_op *o, tsr_dtype dtype, const void *x);         /* rank 0 */
int onx_int64s(onx_op *o, const int64_t *x, int count);

/* Memory that lives as long as the model; a failure when there is none. */
void *onx_room(onx_op *o, size_t bytes);

/* Take work on so many bytes from what a file of this size may ask for; false,
 * and a failure, when nothing is left. */
bool onx_charge(onx_op *o, size_t bytes);

static inline const tsr_tensor *onx_t(const onx_op *o, int value)
{
    return tsr_graph_tensor(o->f->g, value);
}

static inline bool onx_ok(const onx_op *o)
{
    return o->f->g->status == TSR_OK && !o->f->bad;
}

#endif
