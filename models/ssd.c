/*
 * ssd.c - detectors whose files end with anchors and suppression: the boxes are final.
 *
 * Four outputs, in an order that differs from exporter to exporter: boxes [1,n,4], how
 * many of them count, and two of [1,n].  Of these the classes are whole numbers; scores
 * between 0 and 1 are not, unless there are none.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/candidates.h"
#include "models/detect.h"

bool tsr_ssd_recognise(tsr_session *s, tsr_ssd *d)
{
    *d = (tsr_ssd){ .width = 0 };
    if (tsr_picture_check(tsr_input(s, 0), NULL) != TSR_OK)
        return false;
    tsr_picture_size(tsr_input(s, 0), &d->height, &d->width);
    int outputs = 0;
    for (; tsr_output(s, outputs); outputs++) {
        const tsr_tensor *t = tsr_output(s, outputs);
        if (t->rank == 3 && t->dim[2] == 4)
            d->boxes = t;
        else if (tsr_elements(t) == 1 && (t->rank < 2 || d->numbers[1]))
            d->count = t;
        else if (t->rank == 2)
            d->numbers[d->numbers[0] != NULL] = t;
    }
    if (outputs != 4 || !d->boxes || !d->numbers[0] || !d->numbers[1] || !d->count)
        return false;
    const size_t n = (size_t)d->boxes->dim[1];
    return tsr_elements(d->numbers[0]) == n && tsr_elements(d->numbers[1]) == n;
}

static bool are_whole(const tsr_tensor *t, int count)
{
    for (int i = 0; i < count; i++) {
        const float v = tsr_tensor_real(t, (size_t)i);
        if (!(v >= 0 && v == floorf(v)))
            return false;
    }
    return true;
}

int tsr_ssd_decode(const tsr_ssd *d, float threshold, tsr_box *found, int *classes, int room)
{
    const int rows = d->boxes->dim[1];
    const float said = tsr_tensor_real(d->count, 0);
    const int there = said > 0 ? said < (float)rows ? (int)said : rows : 0;     /* NaN: 0 */
    const bool first = are_whole(d->numbers[0], there);
    const tsr_tensor *class = d->numbers[!first], *score = d->numbers[first];
    const float w = (float)d->width, h = (float)d->height;
    int count = 0;
    for (int i = 0; i < there && count < room; i++) {
        const size_t at = 4 * (size_t)i;
        const tsr_box b = {
            .x0 = w * tsr_tensor_real(d->boxes, at + 1), .y0 = h * tsr_tensor_real(d->boxes, at),
            .x1 = w * tsr_tensor_real(d->boxes, at + 3),
            .y1 = h * tsr_tensor_real(d->boxes, at + 2),
            .score = tsr_tensor_real(score, (size_t)i),
        };
        const float number = tsr_tensor_real(class, (size_t)i);
        if (!(b.score >= threshold) || !tsr_candidate_sane(&b) || !(number >= 0 && number < 1e6f))
            continue;
        classes[count] = (int)number;
        found[count++] = b;
    }
    return count;
}
