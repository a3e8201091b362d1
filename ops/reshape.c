/*
 * reshape.c - the same elements in the same order under another shape.
 *
 * Also squeeze, expand_dims and flatten.  A view: the session gives input and
 * output the same bytes, so nothing runs.     SPDX-License-Identifier: MIT
 */
#include "ops/ops.h"

static tsr_status infer(tsr_node *n, const tsr_tensor *const *in, tsr_tensor *out,
                        tsr_error *err)
{
    const tsr_reshape_attr *a = &n->attr.reshape;
    size_t known = 1;
    int wild = -1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] < -1 || a->dim[i] == 0 || (a->dim[i] == -1 && wild >= 0))
            return tsr_fail(err, TSR_BAD_FILE, "reshape '%s': dimension %d is %d",
                            n->name, i, a->dim[i]);
        if (a->dim[i] == -1)
            wild = i;
        else if (known > SIZE_MAX / (size_t)a->dim[i])
            return tsr_fail(err, TSR_BAD_FILE, "reshape '%s': shape too large", n->name);
        else
            known *= (size_t)a->dim[i];
    }
    const size_t have = tsr_elements(in[0]);
    if (wild < 0 ? known != have : have % known != 0)
        return tsr_fail(err, TSR_BAD_FILE, "reshape '%s': %zu elements do not fit the new shape",
                        n->name, have);
    out->rank = a->rank;
    for (int i = 0; i < a->rank; i++)
        out->dim[i] = i == wild ? (int)(have / known) : a->dim[i];
    if (out->dtype != in[0]->dtype)
        return tsr_fail(err, TSR_UNSUPPORTED, "reshape '%s': %s to %s", n->name,
                        tsr_dtype_name(in[0]->dtype), tsr_dtype_name(out->dtype));
    return TSR_OK;
}

const tsr_op tsr_op_reshape = {
    .name = "reshape", .kind = TSR_OP_RESHAPE, .flags = TSR_OP_VIEW | TSR_OP_F16_TOO,
    .min_in = 1, .max_in = 1, .infer = infer,
};
