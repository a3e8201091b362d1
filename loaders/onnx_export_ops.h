/*
 * onnx_export_ops.h - shared by the parts that write operators as ONNX.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_ONNX_EXPORT_OPS_H
#define TSR_ONNX_EXPORT_OPS_H

#include "loaders/onnx_emit.h"

/* NULL: absent. */
const tsr_tensor *tsr_onnx_in_tensor(const tsr_emitter *e, const tsr_node *n, int i);
tsr_status tsr_onnx_cannot_export(tsr_emitter *e, const tsr_node *n, const char *why);

/* End an operator whose result shall be called `to` once it is clamped. */
void tsr_onnx_finish(tsr_onnx_node *o, const tsr_node *n, const char *to);

/* A constant of four dimensions permuted: out dim i = in dim perm[i]. */
const char *tsr_onnx_filter(tsr_emitter *e, const tsr_tensor *w, const int *perm);

int tsr_onnx_nchw_axis(int axis);
bool tsr_onnx_prefer_nchw(const tsr_emitter *e, const tsr_node *n);

/* onnx_export_conv.c, onnx_export_shape.c */
tsr_status tsr_onnx_emit_conv2d(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_transpose_conv2d(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_reshape(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_dense(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_concat(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_pad(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_slice(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_transpose(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_gather(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_pool2d(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_resize(tsr_emitter *e, const tsr_node *n);
tsr_status tsr_onnx_emit_depth_space(tsr_emitter *e, const tsr_node *n);

#endif
