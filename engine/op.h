/*
 * op.h - what an operation is: a few functions and a name.
 *
 *     infer     shapes in  -> shape out        pure; when the graph is built
 *     prepare   graph node -> ready-to-run     once; all memory, all choices
 *     run       numbers in -> numbers out      always works, allocates nothing
 *
 * Every question that could have the answer "no" is asked in infer or prepare.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_OP_H
#define TSR_OP_H

#include "engine/arena.h"
#include "engine/packed.h"
#include "engine/threads.h"
#include "engine/tsr.h"

/* Inputs are listed as they stand in tsr_node.in; [x] may be absent. */
typedef enum {
    /* --- weights --- */
    TSR_OP_CONV2D,              /* x[n,h,w,c], filter[oc,kh,kw,c/groups], [bias[oc]],
                                   [residual: like the output, or one pixel for all of it] */
    TSR_OP_DEPTHWISE_CONV2D,    /* x[n,h,w,c], filter[1,kh,kw,c*multiplier], [bias]   */
    TSR_OP_TRANSPOSE_CONV2D,    /* x[n,h,w,c], filter[oc,kh,kw,c], [bias]             */
    TSR_OP_DENSE,               /* x[..,c], filter[oc,c], [bias]                      */
    /* --- windows --- */
    TSR_OP_MAX_POOL2D, TSR_OP_AVERAGE_POOL2D,
    TSR_OP_RESIZE,              /* x[n,h,w,c]; see tsr_resize_attr                    */
    /* --- two inputs, NumPy broadcasting --- */
    TSR_OP_ADD, TSR_OP_SUB, TSR_OP_MUL, TSR_OP_DIV, TSR_OP_MINIMUM, TSR_OP_MAXIMUM,
    TSR_OP_POW, TSR_OP_FLOOR_DIV, TSR_OP_SQUARED_DIFFERENCE,
    TSR_OP_PRELU,               /* x, slope (broadcasts)                              */
    /* --- one input, same shape --- */
    TSR_OP_CLAMP,               /* RELU, RELU6, Clip: only node.lo/hi                 */
    TSR_OP_LOGISTIC, TSR_OP_TANH, TSR_OP_HARD_SWISH, TSR_OP_HARD_SIGMOID, TSR_OP_LEAKY_RELU,
    TSR_OP_ELU, TSR_OP_EXP, TSR_OP_LOG, TSR_OP_SQRT, TSR_OP_RSQRT, TSR_OP_ABS, TSR_OP_NEG,
    TSR_OP_FLOOR, TSR_OP_CEIL, TSR_OP_ROUND,
    TSR_OP_SOFTMAX,
    /* --- types --- */
    TSR_OP_QUANTIZE, TSR_OP_DEQUANTIZE, TSR_OP_CAST,
    /* --- shapes --- */
    TSR_OP_RESHAPE, TSR_OP_TRANSPOSE, TSR_OP_CONCAT, TSR_OP_PAD, TSR_OP_SLICE,
    TSR_OP_DEPTH_TO_SPACE, TSR_OP_SPACE_TO_DEPTH,
    TSR_OP_SPACE_TO_BATCH, TSR_OP_BATCH_TO_SPACE,
    TSR_OP_GATHER, TSR_OP_GATHER_ND,
    /* --- reductions --- */
    TSR_OP_MEAN, TSR_OP_REDUCE_MAX, TSR_OP_REDUCE_MIN, TSR_OP_REDUCE_SUM,
    TSR_OP_ARG_MAX, TSR_OP_ARG_MIN,
    /* --- the end of a detector --- */
    TSR_OP_DETECT_BOXES,        /* boxes[1,n,4], scores[1,n,c], anchors[n,4]          */
    /* --- made by the optimiser, never by a file --- */
    TSR_OP_CHAIN,               /* the inputs of its parts, one part after the other; in place
                                   of the tensors between parts: absent        */
    TSR_OP_COUNT
} tsr_op_kind;

/* Padding is always explicit: loaders resolve SAME and VALID with
 * tsr_same_padding().  Padded input pixels count as real 0. */
typedef struct {
    int stride_y, stride_x, dilation_y, dilation_x;
    int pad_top, pad_left, pad_bottom, pad_right;
    int groups;                 /* CONV2D only; 1 otherwise */
} tsr_conv2d_attr;

typedef struct {
    int stride_y, stride_x;
    int pad_top, pad_left, pad_bottom, pad_right;   /* cut from the full result */
    int oh, ow;                                     /* of the output            */
} tsr_transpose_conv2d_attr;

typedef struct {
    int kh, kw, stride_y, stride_x, dilation_y, dilation_x;
    int pad_top, pad_left, pad_bottom, pad_right;
    bool count_include_pad;     /* AVERAGE: divide by kh*kw, not by the pixels inside */
} tsr_pool2d_attr;

typedef enum { TSR_NEAREST, TSR_BILINEAR } tsr_resize_method;

/* Source coordinate of output index d, input size I, output size O, s = O/I. */
typedef enum {
    TSR_COORD_ASYMMETRIC,       /* d / s                    legacy TensorFlow, both flags 0 */
    TSR_COORD_ALIGN_CORNERS,    /* d * (I-1)/(O-1), 0 if O == 1                  DeepLab   */
    TSR_COORD_HALF_PIXEL,       /* (d + 0.5) / s - 0.5                           MediaPipe */
    TSR_COORD_PYTORCH_HALF_PIXEL, /* the same, 0 if O == 1                                 */
} tsr_coord;

typedef enum {
    TSR_ROUND_FLOOR, TSR_ROUND_CEIL,
    TSR_ROUND_HALF_DOWN,        /* round_prefer_floor */
    TSR_ROUND_HALF_UP,          /* round_prefer_ceil  */
} tsr_nearest_mode;

typedef struct {
    int oh, ow;
    tsr_resize_method method;
    tsr_coord coord;            /* explicit in the graph: there is no default */
    tsr_nearest_mode nearest;
    float scale_y, scale_x;     /* s above; 0: oh/h, ow/w */
} tsr_resize_attr;

typedef struct { int axis; float beta; } tsr_softmax_attr;
typedef struct { int axis; bool keep_dims; } tsr_arg_attr;
typedef struct { unsigned axes; bool keep_dims; } tsr_reduce_attr;  /* bit i: axis i */
typedef struct { int rank, dim[TSR_MAX_RANK]; } tsr_reshape_attr;   /* at most one -1 */
typedef struct { int perm[TSR_MAX_RANK]; } tsr_transpose_attr;      /* out dim i = in dim perm[i] */
typedef struct { int before[TSR_MAX_RANK], after[TSR_MAX_RANK]; float value; } tsr_pad_attr;
                                            /* real value; 0 means zero point */
typedef struct { int begin[TSR_MAX_RANK], stride[TSR_MAX_RANK], size[TSR_MAX_RANK]; }
        tsr_slice_attr;                     /* out[i] = in[begin + i*stride], size: of the output */
typedef struct { int block; bool crd; } tsr_depth_space_attr;       /* crd: ONNX column-row-depth */
typedef struct { int block_y, block_x, pad_top, pad_left, pad_bottom, pad_right; }
        tsr_batch_space_attr;               /* pads, or crops for BATCH_TO_SPACE */

typedef struct {
    int most, per_box, per_class, classes;
    bool each_class;            /* suppress in each class, not across classes */
    float score, overlap;       /* thresholds */
    float scale[4];             /* of y, x, h, w in the boxes; see ops/detect_boxes.c */
} tsr_detect_attr;

/* Nodes that run together, a few rows at a time: see engine/find_chains.c. */
enum { TSR_CHAIN_PARTS = 8, TSR_CHAIN_INPUTS = 4 };     /* of one part */
typedef struct {
    int count;
    const struct tsr_node *parts;
    const tsr_op *const *ops;   /* as in the graph */
    tsr_tensor *between;        /* count - 1: results of all parts but the last; never whole
                                   in memory */
} tsr_chain_attr;

typedef struct tsr_node {
    tsr_op_kind kind;
    const char *name;           /* of its first output, as in the file */
    int in_count, out_count;
    int *in, *out;              /* indices into tsr_graph.values; in: -1 = absent */
    float lo, hi;               /* fused clamp of the real-valued result; -INF, INF: none */
    union {                     /* one struct per op kind: no void *, no magic keys */
        tsr_conv2d_attr conv2d;                     /* CONV2D, DEPTHWISE_CONV2D */
        tsr_transpose_conv2d_attr transpose_conv2d;
        struct { bool keep_dims; } dense;
        struct { bool divide; } quantize;   /* x / scale, not x * (1 / scale): ONNX */
        tsr_pool2d_attr pool2d;
        tsr_resize_attr resize;
        tsr_softmax_attr softmax;
        struct { float alpha, beta; } unary;        /* LEAKY_RELU, ELU, HARD_SIGMOID */
        struct { int axis; } concat, gather;
        tsr_arg_attr arg;
        tsr_reduce_attr reduce;
        tsr_reshape_attr reshape;
        tsr_transpose_attr transpose;
        tsr_pad_attr pad;
        tsr_slice_attr slice;
        tsr_depth_space_attr depth_space;
        tsr_batch_space_attr batch_space;
        tsr_detect_attr detect;
        tsr_chain_attr chain;
    } attr;
} tsr_node;

/* Rows of a picture: first .. end - 1. */
typedef struct { int first, end; } tsr_row_range;

/* Some output rows to compute, from a piece of the first input; the other inputs are
 * whole.  Pictures of batch 1. */
typedef struct {
    const void *x;              /* row x_row of the input, which no wanted row is above; the
                                   rows that tsr_op.needs names are there        */
    void *y;                    /* where row out.first goes */
    int x_row, ring;            /* ring > 0: the input is a ring of so many rows, row r at
                                   (r - x_row) % ring                            */
    bool follows;               /* the rows above were computed just before, by the same
                                   worker: scratch is as that left it            */
    tsr_row_range out;
} tsr_band;

/* Row r of a band's input counts from x: in rows. */
static inline size_t tsr_band_row(const tsr_band *b, int r)
{
    return (size_t)(b->ring ? (r - b->x_row) % b->ring : r - b->x_row);
}

typedef struct tsr_step {       /* one prepared node: all that run may touch */
    void (*run)(const struct tsr_step *s);
    /* The same for a few rows, by one worker.  Set by prepare if `needs` says yes. */
    void (*rows)(const struct tsr_step *s, const tsr_band *band, int worker);
    const tsr_node *node;
    tsr_tensor **in, **out;     /* as in the node; NULL = absent input.  In prepare a
                                   constant's data is there, an activation's is NULL
                                   while counting */
    void *state;                /* what prepare built: packed weights, kernel choice */
    void *scratch;              /* what prepare took with tsr_arena_scratch; shared by
                                   all steps, contents lost between steps */
    tsr_threads *threads;       /* for tsr_parallel; NULL = one thread */
} tsr_step;

/* What prepare may use.  While counting, tsr_arena_keep gives NULL: skip the
 * filling, but ask for the very same sizes. */
typedef struct {
    tsr_arena *arena;
    int workers;                /* scratch per worker: multiply by this */
    const tsr_packs *packs;     /* packed weights that are there already; NULL: none */
} tsr_prepare_context;

enum {                          /* tsr_op.flags */
    TSR_OP_HAS_CLAMP = 1,       /* honours node.lo/hi                           */
    TSR_OP_IN_PLACE  = 2,       /* out[0] may be the same memory as in[0] when shape
                                   and dtype size agree                         */
    TSR_OP_VIEW      = 4,       /* out[0] *is* in[0]'s bytes (RESHAPE): no step */
    TSR_OP_IN_PLACE_RESIDUAL = 8, /* the same for in[3], the residual of CONV2D:
                                   each element is read just before it is written */
    TSR_OP_F16 = 16,            /* prepare also takes f16 activations, its constants f32:
                                   see engine/narrow.c                          */
    TSR_OP_F16_TOO = 32,        /* prepare also takes f16 in place of f32, constants, too */
};

struct tsr_op {
    const char *name;           /* "conv2d" */
    tsr_op_kind kind;
    unsigned flags;
    int min_in, max_in;         /* inputs a node may have; checked by the builder.
                                   The first min_in are never absent            */
    /* in[i] NULL = absent; in[i]->data is set for constants.  out[i] holds the
     * dtype, quant and name the file asks for; infer checks them and sets rank
     * and dim.  May also complete attr (resolve -1).  Must refuse what prepare
     * could not do. */
    tsr_status (*infer)(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err);
    tsr_status (*prepare)(tsr_step *s, const tsr_prepare_context *ctx, tsr_error *err);
    /* The input rows that some output rows read; false: this node cannot be computed by
     * rows.  Looks at shapes only.  NULL: no node of this kind can. */
    bool (*needs)(const tsr_step *s, tsr_row_range out, tsr_row_range *in);
    /* Multiply-adds of one run, for info and bench; NULL: 0. */
    uint64_t (*macs)(const tsr_node *n, const tsr_tensor *const *in, const tsr_tensor *out);
};

/* All of them, indexed by kind; NULL where a kind has no implementation.  A
 * firmware build passes a shorter list, and the linker drops the rest. */
extern const tsr_op *const tsr_all_ops[TSR_OP_COUNT];

#endif
