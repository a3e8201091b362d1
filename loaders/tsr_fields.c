/*
 * tsr_fields.c - the fields of the graph stream; see tsr_fields.h.
 *
 * Operators are stored by name and dtypes by fixed codes, so that neither
 * depends on the order of an enum.               SPDX-License-Identifier: MIT
 */
#include <string.h>
#include "loaders/tsr_fields.h"

/* Position = code in the file; append only. */
static const tsr_dtype dtype_codes[] = {
    TSR_F32, TSR_F16, TSR_S8, TSR_U8, TSR_S16, TSR_S32, TSR_S64, TSR_BOOL,
};
enum { DTYPE_CODES = sizeof dtype_codes / sizeof *dtype_codes };

static void put_bytes(tsr_io *io, const void *bytes, size_t n)
{
    if (io->out && n)
        memcpy(io->out + io->written, bytes, n);
    io->written += n;
}

void tsr_io_u32(tsr_io *io, uint32_t *x)
{
    if (io->reading) {
        *x = rd_u32le(&io->in);
        return;
    }
    const unsigned char b[4] = { (unsigned char)*x, (unsigned char)(*x >> 8),
                                 (unsigned char)(*x >> 16), (unsigned char)(*x >> 24) };
    put_bytes(io, b, sizeof b);
}

void tsr_io_u64(tsr_io *io, uint64_t *x)
{
    uint32_t lo = (uint32_t)*x, hi = (uint32_t)(*x >> 32);
    tsr_io_u32(io, &lo);
    tsr_io_u32(io, &hi);
    *x = lo | (uint64_t)hi << 32;
}

void tsr_io_int(tsr_io *io, int *x)
{
    uint32_t u = (uint32_t)*x;
    tsr_io_u32(io, &u);
    *x = u <= INT32_MAX ? (int)u : -(int)(UINT32_MAX - u) - 1;
}

static void io_bool(tsr_io *io, bool *x)
{
    int i = *x;
    tsr_io_int(io, &i);
    *x = i != 0;
}

static void io_float(tsr_io *io, float *x)
{
    uint32_t u;
    memcpy(&u, x, sizeof u);
    tsr_io_u32(io, &u);
    memcpy(x, &u, sizeof u);
}

void tsr_io_count(tsr_io *io, int *x, size_t item_bytes)
{
    tsr_io_int(io, x);
    if (io->reading && (*x < 0 || (size_t)*x > rd_left(&io->in) / item_bytes)) {
        io->in.bad = true;
        *x = 0;
    }
}

static void io_string(tsr_io *io, const char **s)
{
    int n = io->reading ? 0 : (int)strlen(*s);
    tsr_io_count(io, &n, 1);
    if (!io->reading) {
        put_bytes(io, *s, (size_t)n);
        return;
    }
    const uint8_t *bytes = rd_bytes(&io->in, (size_t)n);
    const char *copy = bytes ? tsr_pool_string(io->pool, (const char *)bytes, (size_t)n) : NULL;
    if (!copy)
        io->in.bad = true;
    *s = copy ? copy : "";
}

/* `count` numbers; reading allocates them. */
static void io_floats(tsr_io *io, const float **x, int count)
{
    float *p = NULL;
    if (io->reading) {
        p = count ? tsr_pool_alloc(io->pool, (size_t)count * sizeof *p, sizeof *p) : NULL;
        *x = p;
        if (count && !p) {
            io->in.bad = true;
            return;
        }
    }
    for (int i = 0; i < count; i++) {
        float f = io->reading ? 0.0f : (*x)[i];
        io_float(io, &f);
        if (p)
            p[i] = f;
    }
}

static void io_dtype(tsr_io *io, tsr_dtype *d)
{
    int code = 0;
    while (!io->reading && dtype_codes[code] != *d)
        code++;
    tsr_io_int(io, &code);
    if (code < 0 || code >= DTYPE_CODES) {
        io->in.bad = true;
        code = 0;
    }
    *d = dtype_codes[code];
}

void tsr_io_tensor(tsr_io *io, tsr_tensor *t)
{
    io_string(io, &t->name);
    io_dtype(io, &t->dtype);
    tsr_io_int(io, &t->rank);
    if (t->rank < 0 || t->rank > TSR_MAX_RANK) {
        io->in.bad = true;
        t->rank = 0;
    }
    for (int i = 0; i < t->rank; i++)
        tsr_io_int(io, &t->dim[i]);
    io_float(io, &t->quant.scale);
    tsr_io_int(io, &t->quant.zero_point);
    tsr_io_int(io, &t->quant.axis);
    int scales = t->quant.scales ? t->dim[t->quant.axis] : 0;
    tsr_io_count(io, &scales, sizeof(float));
    if (io->reading && scales && (t->quant.axis < 0 || t->quant.axis >= t->rank
                                  || scales != t->dim[t->quant.axis]))
        io->in.bad = true;
    io_floats(io, &t->quant.scales, scales);
}

/* Several ints that stand in different places. */
static void io_ints(tsr_io *io, int count, int *const *fields)
{
    for (int i = 0; i < count; i++)
        tsr_io_int(io, fields[i]);
}
#define INTS(...) io_ints(io, (int)(sizeof((int *[]){ __VA_ARGS__ }) / sizeof(int *)), \
                          (int *[]){ __VA_ARGS__ })

static void io_array(tsr_io *io, int *x)
{
    for (int i = 0; i < TSR_MAX_RANK; i++)
        tsr_io_int(io, &x[i]);
}

/* An enum below `count`. */
static int io_choice(tsr_io *io, int x, int count)
{
    tsr_io_int(io, &x);
    if (x < 0 || x >= count) {
        io->in.bad = true;
        return 0;
    }
    return x;
}

static void io_conv2d(tsr_io *io, tsr_conv2d_attr *a)
{
    INTS(&a->stride_y, &a->stride_x, &a->dilation_y, &a->dilation_x, &a->pad_top, &a->pad_left,
         &a->pad_bottom, &a->pad_right, &a->groups);
}

static void io_transpose_conv2d(tsr_io *io, tsr_transpose_conv2d_attr *a)
{
    INTS(&a->stride_y, &a->stride_x, &a->pad_top, &a->pad_left, &a->pad_bottom, &a->pad_right,
         &a->oh, &a->ow);
}

static void io_pool2d(tsr_io *io, tsr_pool2d_attr *a)
{
    INTS(&a->kh, &a->kw, &a->stride_y, &a->stride_x, &a->dilation_y, &a->dilation_x, &a->pad_top,
         &a->pad_left, &a->pad_bottom, &a->pad_right);
    io_bool(io, &a->count_include_pad);
}

static void io_resize(tsr_io *io, tsr_resize_attr *a)
{
    INTS(&a->oh, &a->ow);
    a->method = (tsr_resize_method)io_choice(io, (int)a->method, TSR_BILINEAR + 1);
    a->coord = (tsr_coord)io_choice(io, (int)a->coord, TSR_COORD_PYTORCH_HALF_PIXEL + 1);
    a->nearest = (tsr_nearest_mode)io_choice(io, (int)a->nearest, TSR_ROUND_HALF_UP + 1);
    io_float(io, &a->scale_y);
    io_float(io, &a->scale_x);
}

static void io_pad(tsr_io *io, tsr_pad_attr *a)
{
    io_array(io, a->before);
    io_array(io, a->after);
    io_float(io, &a->value);
}

static void io_slice(tsr_io *io, tsr_slice_attr *a)
{
    io_array(io, a->begin);
    io_array(io, a->stride);
    io_array(io, a->size);
}

static void io_batch_space(tsr_io *io, tsr_batch_space_attr *a)
{
    INTS(&a->block_y, &a->block_x, &a->pad_top, &a->pad_left, &a->pad_bottom, &a->pad_right);
}

/* rd_ints give unsigned patterns: a reduction mask is one too. */
static void io_reduce(tsr_io *io, tsr_reduce_attr *a)
{
    uint32_t axes = a->axes;
    tsr_io_u32(io, &axes);
    a->axes = axes;
    io_bool(io, &a->keep_dims);
}

static void io_detect(tsr_io *io, tsr_detect_attr *a)
{
    INTS(&a->most, &a->per_box, &a->per_class, &a->classes);
    io_bool(io, &a->each_class);
    io_float(io, &a->score);
    io_float(io, &a->overlap);
    for (int i = 0; i < 4; i++)
        io_float(io, &a->scale[i]);
}

static void io_attr(tsr_io *io, tsr_node *n)
{
    switch (n->kind) {
    case TSR_OP_CONV2D: case TSR_OP_DEPTHWISE_CONV2D:
        io_conv2d(io, &n->attr.conv2d);
        break;
    case TSR_OP_TRANSPOSE_CONV2D:
        io_transpose_conv2d(io, &n->attr.transpose_conv2d);
        break;
    case TSR_OP_DENSE:
        io_bool(io, &n->attr.dense.keep_dims);
        break;
    case TSR_OP_QUANTIZE:
        io_bool(io, &n->attr.quantize.divide);
        break;
    case TSR_OP_MAX_POOL2D: case TSR_OP_AVERAGE_POOL2D:
        io_pool2d(io, &n->attr.pool2d);
        break;
    case TSR_OP_RESIZE:
        io_resize(io, &n->attr.resize);
        break;
    case TSR_OP_SOFTMAX:
        tsr_io_int(io, &n->attr.softmax.axis);
        io_float(io, &n->attr.softmax.beta);
        break;
    case TSR_OP_LEAKY_RELU: case TSR_OP_ELU: case TSR_OP_HARD_SIGMOID:
        io_float(io, &n->attr.unary.alpha);
        io_float(io, &n->attr.unary.beta);
        break;
    case TSR_OP_CONCAT: case TSR_OP_GATHER:
        tsr_io_int(io, &n->attr.concat.axis);
        break;
    case TSR_OP_ARG_MAX: case TSR_OP_ARG_MIN:
        tsr_io_int(io, &n->attr.arg.axis);
        io_bool(io, &n->attr.arg.keep_dims);
        break;
    case TSR_OP_MEAN: case TSR_OP_REDUCE_MAX: case TSR_OP_REDUCE_MIN: case TSR_OP_REDUCE_SUM:
        io_reduce(io, &n->attr.reduce);
        break;
    case TSR_OP_RESHAPE:
        tsr_io_int(io, &n->attr.reshape.rank);
        io_array(io, n->attr.reshape.dim);
        break;
    case TSR_OP_TRANSPOSE:
        io_array(io, n->attr.transpose.perm);
        break;
    case TSR_OP_PAD:
        io_pad(io, &n->attr.pad);
        break;
    case TSR_OP_SLICE:
        io_slice(io, &n->attr.slice);
        break;
    case TSR_OP_DEPTH_TO_SPACE: case TSR_OP_SPACE_TO_DEPTH:
        tsr_io_int(io, &n->attr.depth_space.block);
        io_bool(io, &n->attr.depth_space.crd);
        break;
    case TSR_OP_SPACE_TO_BATCH: case TSR_OP_BATCH_TO_SPACE:
        io_batch_space(io, &n->attr.batch_space);
        break;
    case TSR_OP_DETECT_BOXES:
        io_detect(io, &n->attr.detect);
        break;
    default:                            /* the others have no attributes */
        break;
    }
}

static void io_kind(tsr_io *io, tsr_op_kind *kind, const tsr_op *const *ops)
{
    const char *name = io->reading ? "" : ops[*kind]->name;
    io_string(io, &name);
    for (int k = 0; io->reading && k < TSR_OP_COUNT; k++)
        if (ops[k] && !strcmp(ops[k]->name, name)) {
            *kind = (tsr_op_kind)k;
            return;
        }
    *kind = io->reading ? TSR_OP_COUNT : *kind;
}

void tsr_io_node(tsr_io *io, tsr_node *n, const tsr_op *const *ops)
{
    io_kind(io, &n->kind, ops);
    io_string(io, &n->name);
    if (n->kind == TSR_OP_COUNT) {
        io->in.bad = true;
        return;
    }
    tsr_io_count(io, &n->in_count, sizeof(int));
    if (io->reading) {
        n->in = tsr_pool_alloc(io->pool, (size_t)(n->in_count + 1) * sizeof(int), sizeof(int));
        if (!n->in) {
            io->in.bad = true;
            n->in_count = 0;
        }
    }
    for (int i = 0; i < n->in_count; i++)
        tsr_io_int(io, &n->in[i]);
    tsr_io_count(io, &n->out_count, sizeof(int));
    io_float(io, &n->lo);
    io_float(io, &n->hi);
    io_attr(io, n);
}
