/*
 * window_infer.h - output sizes of convolutions and poolings, with the questions
 * that must be answered before a kernel may trust the numbers.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_WINDOW_INFER_H
#define TSR_WINDOW_INFER_H

#include "engine/op.h"

typedef struct {                /* one axis */
    int in, taps, stride, dilation, before, after;
} tsr_window_axis;

/* *out = (in + before + after - ((taps-1) * dilation + 1)) / stride + 1.  Refuses
 * strides and dilations below 1, negative padding, windows larger than the
 * padded image and sizes at which int arithmetic on positions could overflow.
 * `op` and `node` begin the sentence, `axis` is "height" or "width". */
tsr_status tsr_window_infer(const tsr_window_axis *w, const char *op, const char *node,
                            const char *axis, int *out, tsr_error *err);

/* The input rows that windows of output rows `out` cover; those in the padding left out. */
tsr_row_range tsr_window_rows(const tsr_window_axis *w, tsr_row_range out);

/* The same for a convolution or a depthwise one: tsr_op.needs. */
tsr_row_range tsr_window_needs(const tsr_step *s, tsr_row_range out);

#endif
