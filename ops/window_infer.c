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
