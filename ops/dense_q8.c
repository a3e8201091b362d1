/*
 * dense_q8.c - dense layers of u8 and s8: a 1x1 convolution of an image one
 * pixel wide.                                    SPDX-License-Identifier: MIT
 */
#include "ops/conv2d.h"
#include "ops/dense.h"

tsr_status tsr_dense_prepare_q8(tsr_step *s, const tsr_prepare_context *ctx)
{
    const int oc = s->in[1]->dim[0], c = s->in[1]->dim[1];
    const int rows = (int)(tsr_elements(s->in[0]) / (size_t)c);
    return tsr_conv2d_prepare_q8(s, ctx, &(tsr_conv2d_shape){
        .n = 1, .h = rows, .w = 1, .c = c, .oh = rows, .ow = 1, .oc = oc, .kh = 1, .kw = 1,
        .attr = { .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1, .groups = 1 },
    });
}
