/*
 * tflite_tensors.c - what the file says about tensors, and constant data.
 *
 * A tensor is a constant when its buffer holds bytes.  It stays where it is in
 * the file (the graph keeps a view); only sparse ones are expanded.  Constants
 * enter the graph when an operator first reads them, so what nobody reads
 * costs nothing.
 *
 * Files beyond 2 GiB keep buffers behind the FlatBuffer: offset and size then
 * count from the start of the file.              SPDX-License-Identifier: MIT
 */
#include "loaders/tflite_file.h"

enum {
    TENSOR_SHAPE, TENSOR_TYPE, TENSOR_BUFFER, TENSOR_NAME, TENSOR_QUANTIZATION,
    TENSOR_IS_VARIABLE, TENSOR_SPARSITY, TENSOR_SHAPE_SIGNATURE, TENSOR_EXTERNAL_BUFFER = 10
};
enum { QUANT_SCALE = 2, QUANT_ZERO_POINT = 3, QUANT_DIMENSION = 6 };
enum { BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE };

static tsr_fb_table tensor_table(tfl_file *f, int64_t index)
{
    return tsr_fb_item_table(&f->fb, f->tensors, index < 0 ? SIZE_MAX : (size_t)index);
}

/* The schema's TensorType, in its order; -1: nothing here computes with it. */
static int dtype_of(int type)
{
    static const int dtypes[] = { TSR_F32, TSR_F16, TSR_S32, TSR_U8, TSR_S64, -1,
                                  TSR_BOOL, TSR_S16, -1, TSR_S8 };
    return type < 0 || type >= (int)(sizeof dtypes / sizeof *dtypes) ? -1 : dtypes[type];
}

static const char *type_name(int type)
{
    static const char *const names[] = {
        "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16",
        "COMPLEX64", "INT8", "FLOAT64", "COMPLEX128", "UINT64", "RESOURCE", "VARIANT",
        "UINT32", "UINT16", "INT4", "BFLOAT16", "INT2", "UINT4"
    };
    return type < 0 || type >= (int)(sizeof names / sizeof *names) ? "unknown" : names[type];
}

/* ---- quantisation ------------------------------------------------------ */

/* Room for the scales of one tensor at a time; the graph copies them. */
static float *scale_room(tfl_file *f, size_t count)
{
    if (count > f->scale_room) {
        f->scales = tsr_pool_alloc(f->g->pool, count * sizeof *f->scales, sizeof *f->scales);
        f->scale_room = f->scales ? count : 0;
        if (!f->scales)
            tsr_graph_fail(f->g, TSR_NO_MEMORY, "tflite: no memory for %zu scales", count);
    }
    return f->scales;
}

/* Does the stored zero point lie among the numbers of the type? */
static bool zero_point_fits(tsr_dtype d, int64_t z)
{
    switch (d) {
    case TSR_U8: return z >= 0 && z <= UINT8_MAX;
    case TSR_S8: return z >= INT8_MIN && z <= INT8_MAX;
    case TSR_S16: return z >= INT16_MIN && z <= INT16_MAX;
    default: return z == 0;
    }
}

static bool bad_quant(tfl_file *f, const tsr_tensor *t, const char *what)
{
    tsr_graph_fail(f->g, TSR_BAD_FILE, "tensor '%.80s': %s", t->name, what);
    return false;
}

/* One scale: per tensor.  As many as a dimension has entries: per channel, with
 * zero points of 0.  Integer types only: floats carry training leftovers. */
static bool read_quant(tfl_file *f, tsr_fb_table tensor, tsr_tensor *t)
{
    tsr_fb *fb = &f->fb;
    const tsr_fb_table q = tsr_fb_child(fb, tensor, TENSOR_QUANTIZATION);
    const tsr_fb_vector scales = tsr_fb_vec(fb, q, QUANT_SCALE, 4);
    const tsr_fb_vector zero_points = tsr_fb_vec(fb, q, QUANT_ZERO_POINT, 8);
    if (scales.count == 0 || t->dtype == TSR_F32 || t->dtype == TSR_F16 || t->dtype == TSR_BOOL)
        return true;
    for (size_t i = 0; i < zero_points.count; i++)
        if (!zero_point_fits(t->dtype, tsr_fb_item_i64(zero_points, i)))
            return bad_quant(f, t, "a zero point outside its type");
    for (size_t i = 0; i < scales.count; i++) {
        const float s = tsr_fb_item_f32(scales, i);
        if (!(s >= 0 && s < TSR_INFINITY))
            return bad_quant(f, t, "a scale that is not a positive number");
    }
    t->quant.scale = tsr_fb_item_f32(scales, 0);
    t->quant.zero_point = (int)tsr_fb_item_i64(zero_points, 0);
    if (scales.count == 1)
        return true;

    /* A bias of converters before 2020 names the filter's axis, 3: it has only one. */
    t->quant.axis = t->rank == 1 ? 0 : tsr_fb_i32(fb, q, QUANT_DIMENSION, 0);
    if (t->quant.axis < 0 || t->quant.axis >= t->rank ||
        scales.count != (size_t)t->dim[t->quant.axis])
        return bad_quant(f, t, "the number of scales fits none of its dimensions");
    for (size_t i = 0; i < zero_points.count; i++)
        if (tsr_fb_item_i64(zero_points, i) != 0)
            return bad_quant(f, t, "scales per channel with a zero point");
    float *copy = scale_room(f, scales.count);
    for (size_t i = 0; copy && i < scales.count; i++)
        copy[i] = tsr_fb_item_f32(scales, i);
    t->quant.scales = copy;
    return copy != NULL;
}

/* ---- shape ------------------------------------------------------------- */

bool tfl_tensor(tfl_file *f, int64_t index, tsr_tensor *t)
{
    *t = (tsr_tensor){ .name = "" };
    if (f->g->status != TSR_OK || f->fb.bad)
        return false;
    if (index < 0 || (uint64_t)index >= f->tensors.count) {
        tsr_graph_fail(f->g, TSR_BAD_FILE, "names tensor %lld; there are %zu", (long long)index,
                       f->tensors.count);
        return false;
    }
    const tsr_fb_table table = tensor_table(f, index);
    const tsr_fb_vector shape = tsr_fb_vec(&f->fb, table, TENSOR_SHAPE, 4);
    const int type = tsr_fb_i8(&f->fb, table, TENSOR_TYPE);
    t->name = tsr_fb_string(&f->fb, table, TENSOR_NAME);
    if (dtype_of(type) < 0) {
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "tensor '%.80s' has type %s", t->name,
                       type_name(type));
        return false;
    }
    if (shape.count > TSR_MAX_RANK) {
        tsr_graph_fail(f->g, TSR_UNSUPPORTED, "tensor '%.80s' has %zu dimensions, at most %d are "
                       "supported", t->name, shape.count, TSR_MAX_RANK);
        return false;
    }
    t->dtype = (tsr_dtype)dtype_of(type);
    t->rank = (int)shape.count;
    for (int i = 0; i < t->rank; i++) {
        const int32_t d = tsr_fb_item_i32(shape, (size_t)i);
        t->dim[i] = d < 0 ? 1 : d;      /* an open dimension: a batch of one */
    }
    return read_quant(f, table, t) && !f->fb.bad;
}

bool tfl_shape_agrees(tfl_file *f, int64_t index, const tsr_tensor *inferred)
{
    const tsr_fb_table table = tensor_table(f, index);
    const tsr_fb_vector shape = tsr_fb_vec(&f->fb, table, TENSOR_SHAPE, 4);
    const tsr_fb_vector open = tsr_fb_vec(&f->fb, table, TENSOR_SHAPE_SIGNATURE, 4);
    if (shape.count == 0)
        return true;                    /* a scalar, or nothing was declared */
    if (shape.count != (size_t)inferred->rank)
        return false;
    for (size_t i = 0; i < shape.count; i++) {
        const int32_t d = tsr_fb_item_i32(shape, i);
        if (d >= 0 && d != inferred->dim[i] && tsr_fb_item_i32(open, i) >= 0)
            return false;
    }
    return true;
}

/* ---- constants --------------------------------------------------------- */

tsr_fb_vector tfl_buffer(tfl_file *f, uint32_t index)
{
    tsr_fb *fb = &f->fb;
    const tsr_fb_table t = tsr_fb_item_table(fb, f->buffers, index);
    const tsr_fb_vector data = tsr_fb_vec(fb, t, BUFFER_DATA, 1);
    const uint64_t offset = tsr_fb_u64(fb, t, BUFFER_OFFSET);
    const uint64_t size = tsr_fb_u64(fb, t, BUFFER_SIZE);
    if (data.at || offset <= 1)         /* 1 is a writer's mark for "to be filled in" */
        return data;
    if (offset > fb->size || size > fb->size - offset) {
        fb->bad = true;
        return data;
    }
    tsr_fb_spend(fb, (size_t)size);
    return (tsr_fb_vector){ fb->bytes + offset, (size_t)size };
}

static bool size_fits(const tsr_tensor *t)
{
    size_t n = tsr_dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 1 || (size_t)t->dim[i] > INT32_MAX / n)
            return false;
        n *= (size_t)t->dim[i];
    }
    return true;
}

/* Why a tensor that no operator made cannot be read. */
static int no_value(tfl_op *o, tsr_fb_table table, const tsr_tensor *t)
{
    tsr_fb *fb = &o->f->fb;
    if (tsr_fb_bool(fb, table, TENSOR_IS_VARIABLE))
        tfl_fail(o, TSR_UNSUPPORTED, "'%.80s' is a variable", t->name);
    else if (tsr_fb_u32(fb, table, TENSOR_EXTERNAL_BUFFER))
        tfl_fail(o, TSR_UNSUPPORTED, "the data of '%.80s' are in another file", t->name);
    else
        tfl_fail(o, TSR_BAD_FILE, "reads '%.80s', which no earlier operator makes", t->name);
    return -1;
}

static int add_constant(tfl_op *o, int64_t index)
{
    tfl_file *f = o->f;
    tsr_tensor t;
    if (!tfl_tensor(f, index, &t))
        return -1;
    const tsr_fb_table table = tensor_table(f, index);
    const tsr_fb_table sparsity = tsr_fb_child(&f->fb, table, TENSOR_SPARSITY);
    const tsr_fb_vector data = tfl_buffer(f, tsr_fb_u32(&f->fb, table, TENSOR_BUFFER));
    if (f->fb.bad)
        return -1;
    if (data.count == 0)
        return no_value(o, table, &t);
    if (!size_fits(&t)) {
        tfl_fail(o, TSR_BAD_FILE, "constant '%.80s' has an impossible shape", t.name);
        return -1;
    }
    t.data = (void *)(uintptr_t)data.at;    /* never written: the graph's constants are not */
    if (sparsity.at) {
        if (!tfl_densify(f, sparsity, data, &t))
            return -1;
    } else if (data.count != tsr_bytes(&t)) {
        tfl_fail(o, TSR_BAD_FILE, "constant '%.80s' has %zu bytes, its shape needs %zu", t.name,
                 data.count, tsr_bytes(&t));
        return -1;
    }
    return tsr_graph_constant(f->g, &t);
}

/* ---- inputs of an operator --------------------------------------------- */

int tfl_input(tfl_op *o, int slot)
{
    tfl_file *f = o->f;
    if (f->g->status != TSR_OK || slot < 0 || (size_t)slot >= o->in.count)
        return -1;
    const int32_t index = tsr_fb_item_i32(o->in, (size_t)slot);
    if (index == TFL_ABSENT)
        return -1;
    if (index < 0 || (size_t)index >= f->tensors.count) {
        tfl_fail(o, TSR_BAD_FILE, "input %d is tensor %d; there are %zu", slot, index,
                 f->tensors.count);
        return -1;
    }
    if (f->value[index] == TFL_ABSENT)
        f->value[index] = add_constant(o, index);
    const tsr_tensor *t = tsr_graph_tensor(f->g, f->value[index]);
    if (t && t->data)
        tsr_fb_spend(&f->fb, tsr_bytes(t));     /* folding may read all of it */
    return f->value[index];
}

const tsr_tensor *tfl_input_tensor(tfl_op *o, int slot)
{
    return tsr_graph_tensor(o->f->g, tfl_input(o, slot));
}

bool tfl_is_constant(tfl_op *o, int slot)
{
    tfl_file *f = o->f;
    const int32_t index = tsr_fb_item_i32(o->in, (size_t)slot);
    if ((size_t)slot >= o->in.count || index < 0 || (size_t)index >= f->tensors.count)
        return false;
    if (f->value[index] != TFL_ABSENT)
        return tsr_graph_tensor(f->g, f->value[index])->data != NULL;
    const tsr_fb_table table = tensor_table(f, index);
    return tfl_buffer(f, tsr_fb_u32(&f->fb, table, TENSOR_BUFFER)).count > 0;
}

int tfl_ints(tfl_op *o, int slot, int64_t *values, int room)
{
    const tsr_tensor *t = tfl_input_tensor(o, slot);
    if (o->f->g->status != TSR_OK)
        return -1;
    if (!t || !t->data || (t->dtype != TSR_S32 && t->dtype != TSR_S64)) {
        tfl_fail(o, TSR_UNSUPPORTED, "input %d must be a constant of integers", slot);
        return -1;
    }
    const size_t n = tsr_elements(t);
    if (n > (size_t)room) {
        tfl_fail(o, TSR_BAD_FILE, "input %d has %zu entries, at most %d make sense", slot, n,
                 room);
        return -1;
    }
    /* The graph keeps constants aligned for their type. */
    for (size_t i = 0; i < n; i++)
        values[i] = t->dtype == TSR_S32 ? ((const int32_t *)t->data)[i]
                                        : ((const int64_t *)t->data)[i];
    return (int)n;
}

int tfl_axis(tfl_op *o, int64_t axis, int rank)
{
    if (axis < -rank || axis >= rank) {
        tfl_fail(o, TSR_BAD_FILE, "axis %lld of %d dimensions", (long long)axis, rank);
        return 0;
    }
    return (int)(axis < 0 ? axis + rank : axis);
}
