/*
 * window.h - which taps of a sliding window lie inside the image, along one axis.
 *
 *     position of tap t of output o:   o * stride - before + t * dilation
 *
 * Padding is never materialised.  Neighbouring outputs whose windows keep the
 * same taps form a run: the long one in the middle keeps all of them, and the
 * few at each border keep fewer.  Kernels work run by run, so their inner
 * loops ask nothing about borders.            SPDX-License-Identifier: MIT
 */
#ifndef TSR_WINDOW_H
#define TSR_WINDOW_H

typedef struct {
    int in, out;                /* pixels */
    int taps, stride, dilation;
    int before;                 /* padding in front of pixel 0; what lies behind follows from out */
} tsr_window;

typedef struct {
    int first, end;             /* taps inside the image: first <= t < end; first == end: none */
} tsr_taps;

static inline tsr_taps tsr_window_taps(const tsr_window *w, int o)
{
    const int start = o * w->stride - w->before;
    tsr_taps t = { 0, 0 };
    if (start < 0)
        t.first = (-start + w->dilation - 1) / w->dilation;
    if (start < w->in)
        t.end = (w->in - 1 - start) / w->dilation + 1;
    if (t.end > w->taps)
        t.end = w->taps;
    if (t.first >= t.end)
        t.first = t.end = 0;
    return t;
}

/* First output after o that may keep other taps than o, which keeps t. */
static inline int tsr_window_run_end(const tsr_window *w, int o, tsr_taps t)
{
    if (t.first == t.end)
        return o + 1;
    /* the last tap leaves the image at its far end ... */
    int end = (w->in - 1 - (t.end - 1) * w->dilation + w->before) / w->stride + 1;
    if (t.first > 0) {          /* ... or one more tap has come in at the near end */
        const int enters = (w->before - (t.first - 1) * w->dilation + w->stride - 1) / w->stride;
        if (enters < end)
            end = enters;
    }
    return end < w->out ? end : w->out;
}

#endif
