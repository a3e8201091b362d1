/* tensor.c - sizes and names of tensors; see tsr.h.   SPDX-License-Identifier: MIT */
#include "engine/tsr.h"

static const struct {
    const char *name;
    unsigned char bytes;
} dtypes[TSR_DTYPE_COUNT] = {
    [TSR_F32] = { "f32", 4 }, [TSR_F16] = { "f16", 2 }, [TSR_S8]   = { "s8", 1 },
    [TSR_U8]  = { "u8",  1 }, [TSR_S16] = { "s16", 2 }, [TSR_S32]  = { "s32", 4 },
    [TSR_S64] = { "s64", 8 }, [TSR_BOOL] = { "bool", 1 },
};

size_t tsr_dtype_bytes(tsr_dtype d) { return dtypes[d].bytes; }

const char *tsr_dtype_name(tsr_dtype d) { return dtypes[d].name; }

size_t tsr_elements(const tsr_tensor *t)
{
    size_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= (size_t)t->dim[i];
    return n;
}

size_t tsr_bytes(const tsr_tensor *t) { return tsr_elements(t) * tsr_dtype_bytes(t->dtype); }
