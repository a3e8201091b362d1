/* window_infer.c - see window_infer.h.         SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include "ops/window_infer.h"

/* Positions are sums of at most three such numbers, so they stay within int. */
enum { LARGEST = 1 << 28 };

static bool outside(int x, int least) { return x < least || x > LARGEST; }

tsr_status tsr_window_infer(const tsr_window_axis *w, const char *op, const char *node,
                            const char *axis, int *out, tsr_error *err)
{
    if (outside(w->taps, 1) || outside(w->stride, 1) || outside(w->dilation, 1))
        return tsr_fail(err, TSR_BAD_FILE,
                        "%s '%s': window %d, stride %d, dilation %d along the %s",
                        op, node, w->taps, w->stride, w->dilation, axis);
    if (outside(w->before, 0) || outside(w->after, 0) || outside(w->in, 1))
        return tsr_fail(err, TSR_BAD_FILE, "%s '%s': padding %d and %d around a %s of %d",
                        op, node, w->before, w->after, axis, w->in);
    const int64_t have = (int64_t)w->in + w->before + w->after;
    const int64_t need = (int64_t)(w->taps - 1) * w->dilation + 1;
    if (need > have)
        return tsr_fail(err, TSR_BAD_FILE,
                        "%s '%s': a window of %lld does not fit into a padded %s of %lld",
                        op, node, (long long)need, axis, (long long)have);
    *out = (int)((have - need) / w->stride) + 1;
    return TSR_OK;
}

static int64_t clip(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

tsr_row_range tsr_window_rows(const tsr_window_axis *w, tsr_row_range out)
{
    const int64_t reach = (int64_t)(w->taps - 1) * w->dilation;
    const int64_t first = (int64_t)out.first * w->stride - w->before;
    const int64_t last = (int64_t)(out.end - 1) * w->stride - w->before + reach;
    const int64_t from = clip(first, 0, w->in);
    return (tsr_row_range){ (int)from, (int)clip(last + 1, from, w->in) };
}

tsr_row_range tsr_window_needs(const tsr_step *s, tsr_row_range out)
{
    const tsr_conv2d_attr *a = &s->node->attr.conv2d;
    return tsr_window_rows(&(tsr_window_axis){ s->in[0]->dim[1], s->in[1]->dim[1], a->stride_y,
                                               a->dilation_y, a->pad_top, a->pad_bottom }, out);
}
