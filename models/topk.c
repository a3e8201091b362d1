/*
 * topk.c - the best classes of a classifier.
 *
 *     probabilities:  score = value                    all of them within 0..1
 *     logits:         score = exp(value - max) / sum exp(value - max)
 *
 * The k best are kept in a sorted list by insertion: k is small, and most of a
 * thousand values are below the list's last after the first few.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/vision.h"

float tsr_tensor_real(const tsr_tensor *t, size_t i)
{
    const float scale = t->quant.scale > 0 ? t->quant.scale : 1;
    const int zero = t->quant.scale > 0 ? t->quant.zero_point : 0;
    switch (t->dtype) {
    case TSR_F32: return ((const float *)t->data)[i];
    case TSR_U8:  return scale * (float)(((const uint8_t *)t->data)[i] - zero);
    case TSR_S8:  return scale * (float)(((const int8_t *)t->data)[i] - zero);
    case TSR_S16: return scale * (float)(((const int16_t *)t->data)[i] - zero);
    case TSR_S32: return (float)((const int32_t *)t->data)[i];
    case TSR_S64: return (float)((const int64_t *)t->data)[i];
    default:      return 0;
    }
}

/* Put (index, value) where it belongs; equal values keep the order of arrival. */
static int insert(tsr_class *top, int n, int k, int index, float value)
{
    if (n == k && !(value > top[k - 1].score))
        return n;
    int at = n < k ? n : k - 1;
    for (; at > 0 && value > top[at - 1].score; at--)
        top[at] = top[at - 1];
    top[at] = (tsr_class){ index, value };
    return n < k ? n + 1 : k;
}

/* Are these logits, and if so, what do all the exponentials add up to? */
static bool softmax_sum(const tsr_tensor *t, int count, float *max, double *sum)
{
    bool logits = false;
    *max = -INFINITY;
    for (int i = 0; i < count; i++) {
        const float v = tsr_tensor_real(t, (size_t)i);
        logits = logits || v < 0 || v > 1.001f;
        *max = v > *max ? v : *max;
    }
    *sum = 0;
    for (int i = 0; i < count; i++) {
        const float v = tsr_tensor_real(t, (size_t)i);
        *sum += isnan(v) ? 0 : exp((double)(v - *max));
    }
    return logits;
}

int tsr_top_k(const tsr_tensor *scores, int k, tsr_class *top)
{
    const size_t elements = tsr_elements(scores);
    const int count = elements > INT32_MAX ? INT32_MAX : (int)elements;
    float max;
    double sum;
    int n = 0;
    if (k < 1)
        return 0;
    for (int i = 0; i < count; i++) {
        const float v = tsr_tensor_real(scores, (size_t)i);
        n = insert(top, n, k, i, isnan(v) ? -INFINITY : v);
    }
    const bool logits = softmax_sum(scores, count, &max, &sum);
    for (int i = 0; i < n; i++) {
        float *s = &top[i].score;
        if (logits)
            *s = isfinite(max) ? (float)(exp((double)(*s - max)) / sum) : *s == max ? 1 : 0;
        if (!(*s > 0))
            *s = 0;             /* NaN and -inf from above */
    }
    return n;
}
