/*
 * diff_match.c - which tensors of two runs belong together, and how far apart
 * they are; see diff.h.
 *
 * Equal names with equal shapes are pairs.  The rest is aligned in order, as
 * sequences are (Needleman & Wunsch, J. Mol. Biol. 48, 1970): a pair of equal
 * shape scores more the nearer its numbers are, a tensor that only one side has
 * (an activation the other side fused) is skipped for nothing.  A resize and a
 * convolution are a pair only if their numbers agree: one of them was left out by who
 * made the other side, and is not what goes wrong.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/diff/diff.h"
#include "engine/half.h"

enum { SAMPLES = 64 };

static double stored(const tsr_tensor *t, size_t i)
{
    /* Files are views at any alignment. */
    const unsigned char *p = (const unsigned char *)t->data + i * tsr_dtype_bytes(t->dtype);
    float f;
    int64_t s64;
    int32_t s32;
    uint16_t u16;
    int16_t s16;
    switch (t->dtype) {
    case TSR_F32: return memcpy(&f, p, sizeof f), (double)f;
    case TSR_F16: return memcpy(&u16, p, sizeof u16), (double)tsr_half_to_float(u16);
    case TSR_S64: return memcpy(&s64, p, sizeof s64), (double)s64;
    case TSR_S32: return memcpy(&s32, p, sizeof s32), (double)s32;
    case TSR_S16: return memcpy(&s16, p, sizeof s16), (double)s16;
    case TSR_S8:  return (double)(int8_t)*p;
    default:      return (double)*p;
    }
}

double diff_real(const tsr_tensor *t, size_t i)
{
    const double x = stored(t, i);
    return t->quant.scale != 0 ? (x - t->quant.zero_point) * (double)t->quant.scale : x;
}

/* Dimensions without leading ones. */
static int trimmed(const tsr_tensor *t, const int **dim)
{
    int skip = 0;
    while (skip < t->rank && t->dim[skip] == 1)
        skip++;
    *dim = t->dim + skip;
    return t->rank - skip;
}

static bool same_shape(const tsr_tensor *a, const tsr_tensor *b)
{
    const int *x, *y;
    const int rank = trimmed(a, &x);
    return rank == trimmed(b, &y) && !memcmp(x, y, (size_t)rank * sizeof *x);
}

static bool same_as_nchw(const tsr_tensor *a, const tsr_tensor *b)
{
    return a->rank == 4 && b->rank == 4 && a->dim[0] == b->dim[0] && a->dim[3] == b->dim[1]
        && a->dim[1] == b->dim[2] && a->dim[2] == b->dim[3];
}

/* Where element i of a (n,h,w,c) lies in b (n,c,h,w). */
static size_t nchw_index(const tsr_tensor *a, size_t i)
{
    const size_t c = (size_t)a->dim[3], hw = (size_t)a->dim[1] * (size_t)a->dim[2];
    const size_t n = i / (c * hw), rest = i % (c * hw);
    return (n * c + rest % c) * hw + rest / c;
}

/* The order of b in which a sampled comparison finds the smaller distance. */
static double sampled(const tsr_tensor *a, const tsr_tensor *b, bool nchw)
{
    const size_t n = tsr_elements(a);
    double difference = 0, size = 0;
    for (size_t k = 0; k < SAMPLES; k++) {
        const size_t i = n * k / SAMPLES + k % 7 * (n / SAMPLES) / 7;
        const double x = diff_real(a, i), y = diff_real(b, nchw ? nchw_index(a, i) : i);
        difference += fabs(x - y);
        size += fabs(x) + fabs(y);
    }
    return size > 0 ? difference / size : 0;    /* 0 alike .. 1 nothing in common */
}

static bool comparable(const tsr_tensor *a, const tsr_tensor *b, bool *nchw, double *distance)
{
    *nchw = false, *distance = 1;
    const bool straight = same_shape(a, b), turned = same_as_nchw(a, b);
    if (!straight && !turned)
        return false;
    if (straight)
        *distance = sampled(a, b, false);
    if (turned) {
        const double d = sampled(a, b, true);
        if (!straight || d < *distance)
            *distance = d, *nchw = true;
    }
    return true;
}

void diff_measure(const tsr_tensor *a, const tsr_tensor *b, diff_pair *p)
{
    const size_t n = tsr_elements(a);
    double sum = 0, ab = 0, aa = 0, bb = 0;
    p->max_error = p->range = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = diff_real(a, i), y = diff_real(b, p->nchw ? nchw_index(a, i) : i);
        const double d = fabs(x - y);
        p->max_error = d > p->max_error || d != d ? d : p->max_error;
        p->range = fabs(y) > p->range ? fabs(y) : p->range;
        sum += d, ab += x * y, aa += x * x, bb += y * y;
    }
    p->mean_error = sum / (double)n;
    p->cosine = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : aa == bb;
}

/* ---- matching --------------------------------------------------------------------- */

/* "conv:0" and "conv" are the same name. */
static bool same_name(const char *a, const char *b)
{
    const size_t n = strcspn(a, ":"), m = strcspn(b, ":");
    return n && n == m && !memcmp(a, b, n);
}

typedef struct {
    const diff_side *a, *b;
    int *mate;                  /* of each item of a; -1 */
    bool *named;                /* items of a that have one by name */
    bool *taken;                /* items of b */
} matcher;

static void match_names(matcher *m)
{
    bool nchw;
    double distance;
    for (int i = 0; i < m->a->count; i++)
        for (int k = 0; k < m->b->count && m->mate[i] < 0; k++)
            if (!m->taken[k] && same_name(m->a->item[i].t->name, m->b->item[k].t->name)
                && comparable(m->a->item[i].t, m->b->item[k].t, &nchw, &distance)) {
                m->mate[i] = k;
                m->named[i] = m->taken[k] = true;
            }
}

/* Operators that do different things are of different families.  Element by element: an
 * activation, say, which layers with weights may do as they store. */
typedef enum { UNKNOWN, BY_ELEMENT, WEIGHTED, POOLED, RESIZED, JOINED } kin;

static kin family(const diff_side *s, const diff_item *item)
{
    if (item->node < 0)
        return UNKNOWN;
    switch (s->model.model->graph.nodes[item->node].kind) {
    case TSR_OP_CONV2D: case TSR_OP_DEPTHWISE_CONV2D: case TSR_OP_TRANSPOSE_CONV2D:
    case TSR_OP_DENSE: return WEIGHTED;
    case TSR_OP_MAX_POOL2D: case TSR_OP_AVERAGE_POOL2D: case TSR_OP_MEAN: return POOLED;
    case TSR_OP_RESIZE: return RESIZED;
    case TSR_OP_CONCAT: return JOINED;
    default: return BY_ELEMENT;
    }
}

static bool strangers(const matcher *m, int i, int k)
{
    const kin x = family(m->a, &m->a->item[i]), y = family(m->b, &m->b->item[k]);
    if (x == UNKNOWN || y == UNKNOWN || x == y)
        return false;
    return x >= POOLED || y >= POOLED;
}

/* What a pair is worth: 0 when it cannot be one. */
static float worth(const matcher *m, int i, int k)
{
    bool nchw;
    double distance;
    if (m->mate[i] >= 0 || m->taken[k]
        || !comparable(m->a->item[i].t, m->b->item[k].t, &nchw, &distance)
        || (distance > 0.01 && strangers(m, i, k)))
        return 0;
    return 0.1f + 0.9f * (float)(1 - (distance < 1 ? distance : 1));
}

/* best[i][k]: the most that items i.. of a and k.. of b can score. */
static void match_in_order(matcher *m)
{
    const int na = m->a->count, nb = m->b->count;
    const size_t row = (size_t)nb + 1;
    float *best = calloc(((size_t)na + 1) * row, sizeof *best);
    float *pair = calloc(((size_t)na + 1) * row, sizeof *pair);
    if (best && pair) {
        for (int i = na - 1; i >= 0; i--)
            for (int k = nb - 1; k >= 0; k--) {
                const size_t at = (size_t)i * row + (size_t)k;
                pair[at] = worth(m, i, k);
                const float skip = best[at + 1] > best[at + row] ? best[at + 1] : best[at + row];
                const float take = pair[at] > 0 ? pair[at] + best[at + row + 1] : 0;
                best[at] = take > skip ? take : skip;
            }
        for (int i = 0, k = 0; i < na && k < nb;) {
            const size_t at = (size_t)i * row + (size_t)k;
            if (pair[at] > 0 && best[at] <= pair[at] + best[at + row + 1]) {
                m->mate[i++] = k;
                m->taken[k++] = true;
            } else if (best[at] <= best[at + row]) {
                i++;
            } else {
                k++;
            }
        }
    }
    free(best);
    free(pair);
}

/* ---- second thoughts ------------------------------------------------------------ */

static bool agrees(const diff_pair *p) { return p->max_error <= 1e-4 * p->range; }

static bool measure(const diff_side *a, const diff_side *b, diff_pair *p)
{
    double distance;
    if (p->b < 0 || !comparable(a->item[p->a].t, b->item[p->b].t, &p->nchw, &distance))
        return false;
    diff_measure(a->item[p->a].t, b->item[p->b].t, p);
    return true;
}

/* The numbers that were sampled may be alike before and after an activation: of the free
 * tensors around the partner, one may agree in all of them. */
static void look_around(matcher *m, diff_pair *p)
{
    enum { AROUND = 2 };
    for (int d = -AROUND; d <= AROUND; d++) {
        diff_pair other = { .a = p->a, .b = p->b + d };
        if (other.b < 0 || other.b >= m->b->count || m->taken[other.b]
            || !measure(m->a, m->b, &other) || !agrees(&other))
            continue;
        m->taken[p->b] = false;
        m->taken[other.b] = true;
        *p = other;
        return;
    }
}

/* Does the node read the item? */
static bool reads(const tsr_graph *g, const tsr_node *n, const diff_item *item)
{
    const tsr_node *maker = &g->nodes[item->node];
    for (int i = 0; i < n->in_count; i++)
        for (int k = 0; k < maker->out_count; k++)
            if (n->in[i] == maker->out[k])
                return true;
    return false;
}

/* A difference that nobody downstream has is no fault: side B activates in another step,
 * say, and the tensor before was taken for the one after. */
static bool dies_out(const diff_side *a, const diff_pair *pairs, int count, int i)
{
    const diff_item *item = &a->item[pairs[i].a];
    int agree = 0;
    for (int k = 0; k < count; k++) {
        const int reader = a->item[pairs[k].a].node;
        const tsr_graph *g = item->node >= 0 && reader >= 0 ? &a->model.model->graph : NULL;
        if (!g || !reads(g, &g->nodes[reader], item))
            continue;
        if (!agrees(&pairs[k]))
            return false;
        agree++;
    }
    return agree > 0;
}

/* Gives how many are left. */
static int drop_mistaken(const matcher *m, diff_pair *pairs, int count)
{
    int left = 0;
    for (int i = 0; i < count; i++)
        if (m->named[pairs[i].a] || agrees(&pairs[i]) || !dies_out(m->a, pairs, count, i))
            pairs[left++] = pairs[i];
    return left;
}

int diff_match(const diff_side *a, const diff_side *b, diff_pair *pairs)
{
    matcher m = { a, b, malloc(((size_t)a->count + 1) * sizeof(int)),
                  calloc((size_t)a->count + 1, 1), calloc((size_t)b->count + 1, 1) };
    int count = 0;
    if (m.mate && m.named && m.taken) {
        for (int i = 0; i < a->count; i++)
            m.mate[i] = -1;
        match_names(&m);
        match_in_order(&m);
        for (int i = 0; i < a->count; i++) {
            diff_pair p = { .a = i, .b = m.mate[i] };
            if (!measure(a, b, &p))
                continue;
            if (!m.named[i] && !agrees(&p))
                look_around(&m, &p);
            pairs[count++] = p;
        }
        count = drop_mistaken(&m, pairs, count);
    }
    free(m.mate);
    free(m.named);
    free(m.taken);
    return count;
}
