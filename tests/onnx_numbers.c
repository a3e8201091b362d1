/* onnx_numbers.c - see onnx_numbers.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "engine/half.h"
#include "loaders/protobuf.h"
#include "tests/onnx_numbers.h"

static const unsigned char elem_bytes[17] = { 0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 0, 0, 2 };

static long double number_of(int64_t elem, uint64_t bits)
{
    float f;
    double d;
    uint32_t low = (uint32_t)bits;
    switch (elem) {
    case ONNX_BFLOAT16: low <<= 16;  /* fall through */
    case ONNX_FLOAT: memcpy(&f, &low, sizeof f); return (long double)f;
    case ONNX_DOUBLE: memcpy(&d, &bits, sizeof d); return (long double)d;
    case ONNX_FLOAT16: return (long double)tsr_half_to_float((uint16_t)bits);
    case ONNX_INT8: return (int8_t)bits;
    case ONNX_INT16: return (int16_t)bits;
    case ONNX_INT32: return (int32_t)bits;
    case ONNX_INT64: return (int64_t)bits;
    default: return bits;
    }
}

static void read_fields(onnx_numbers *n, tsr_reader r, tsr_reader *raw)
{
    tsr_pb_field field;
    uint64_t x;
    while (tsr_pb_next(&r, &field))
        if (field.number == 1)
            while (tsr_pb_number(&field, 0, &x) && n->rank < 8)
                n->dim[n->rank++] = (int64_t)x;
        else if (field.number == 2)
            n->elem = (int64_t)field.value;
        else if (field.number == 9)
            *raw = field.bytes;
    n->ok = !r.bad && raw->at && n->elem > 0 && n->elem < 17 && elem_bytes[n->elem];
}

/* The data was written by one tool, which always uses raw_data for numbers. */
onnx_numbers onnx_numbers_read(const char *path)
{
    onnx_numbers n = { .file = golden_read(path) };
    tsr_reader raw = { NULL, NULL, false };
    if (!n.file.bytes)
        return n;
    read_fields(&n, rd_make(n.file.bytes, n.file.size), &raw);
    n.count = 1;
    for (int i = 0; i < n.rank; i++)
        n.count *= (size_t)n.dim[i];
    if (!n.ok || rd_left(&raw) != n.count * elem_bytes[n.elem]) {
        n.ok = false;
        return n;
    }
    n.x = malloc((n.count + 1) * sizeof *n.x);
    for (size_t i = 0; n.x && i < n.count; i++) {
        uint64_t bits = 0;
        for (int k = 0; k < elem_bytes[n.elem]; k++)
            bits |= (uint64_t)rd_u8(&raw) << 8 * k;
        n.x[i] = number_of(n.elem, bits);
    }
    n.ok = n.x != NULL;
    return n;
}

bool onnx_numbers_ok(const onnx_numbers *n, int count)
{
    for (int i = 0; i < count; i++)
        if (!n[i].ok)
            return false;
    return true;
}

void onnx_numbers_free(onnx_numbers *n, int count)
{
    for (int i = 0; i < count; i++) {
        free(n[i].file.bytes);
        free(n[i].x);
    }
}
