/*
 * diff_picture.c - guesses about the picture that goes in: its colours the other way
 * round, another mean and scale; see diff_guess.h.  SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/diff/diff_guess.h"

enum { MAX_CHANNELS = 4, MAX_UNKNOWNS = 2 * MAX_CHANNELS };

/* The input with channel c of pixel i set to f(c of pixel i). */
static float *changed_input(const tsr_tensor *x, void (*f)(const float *from, float *to, int n,
                                                           int which), int which)
{
    const size_t n = tsr_elements(x), c = (size_t)x->dim[3];
    float *y = malloc(n * sizeof *y);
    for (size_t i = 0; y && i < n; i += c)
        f((const float *)x->data + i, y + i, (int)c, which);
    return y;
}

static void reverse(const float *from, float *to, int n, int which)
{
    (void)which;
    for (int c = 0; c < n; c++)
        to[c] = from[n - 1 - c];
}

static void only_channel(const float *from, float *to, int n, int which)
{
    for (int c = 0; c < n; c++)
        to[c] = c == which ? from[c] : 0;
}

static void only_ones(const float *from, float *to, int n, int which)
{
    (void)from;
    for (int c = 0; c < n; c++)
        to[c] = c == which;
}

static bool sees_picture(const diff_detective *d, const diff_variant *v)
{
    return v->x->dtype == TSR_F32 && v->x->rank == 4 && v->x->dim[3] <= MAX_CHANNELS
        && d->a->model.model->graph.values[v->node.in[0]].producer < 0;
}

bool diff_colour_order(const diff_detective *d, const diff_variant *as_is)
{
    if (!sees_picture(d, as_is) || as_is->x->dim[3] != 3)
        return false;
    diff_variant v = *as_is;
    v.x_data = changed_input(v.x, reverse, 0);
    const bool found = v.x_data && diff_explains(d, &v);
    free(v.x_data);
    if (found)
        snprintf(d->text, DIFF_CAUSE_TEXT, "colour order: B behaves as if its input were BGR where "
                 "A takes RGB (or the other way round)");
    return found;
}

/* Solve the symmetric system m x = r by elimination with pivots. */
static bool solve(int n, double m[MAX_UNKNOWNS][MAX_UNKNOWNS + 1], double *x)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            pivot = fabs(m[i][k]) > fabs(m[pivot][k]) ? i : pivot;
        if (fabs(m[pivot][k]) < 1e-9)
            return false;
        for (int j = 0; j <= n; j++) {
            const double t = m[k][j];
            m[k][j] = m[pivot][j], m[pivot][j] = t;
        }
        for (int i = k + 1; i < n; i++)
            for (int j = n; j >= k; j--)
                m[i][j] -= m[k][j] * m[i][k] / m[k][k];
    }
    for (int i = n - 1; i >= 0; i--) {
        x[i] = m[i][n];
        for (int j = i + 1; j < n; j++)
            x[i] -= m[i][j] * x[j];
        x[i] /= m[i][i];
    }
    return true;
}

/* The layer is linear in its input: B = bias + sum over channels of scale_c *
 * L(x_c) + mean_c * L(1_c).  Least squares over the elements that no clamp
 * touched give scale and mean. */
static bool fit(const diff_detective *d, const diff_variant *as_is, int c, double *x)
{
    float *part[MAX_UNKNOWNS + 1] = { NULL };
    size_t n = 0;
    bool good = true;
    for (int u = 0; u <= 2 * c; u++) {          /* the last one: bias alone */
        diff_variant v = *as_is;
        v.node.lo = -TSR_INFINITY, v.node.hi = TSR_INFINITY;
        v.x_data = changed_input(v.x, u < c ? only_channel : only_ones, u < c ? u : u - c);
        part[u] = v.x_data ? diff_again(d->a, &v, &n) : NULL;
        free(v.x_data);
        good &= part[u] != NULL;
    }
    double m[MAX_UNKNOWNS][MAX_UNKNOWNS + 1] = { { 0 } };
    const tsr_tensor *b = d->b->item[d->p->b].t;
    for (size_t i = 0; good && !d->p->nchw && i < n; i++) {
        const double y = diff_real(b, i), bias = (double)part[2 * c][i];
        if (y <= (double)as_is->node.lo || y >= (double)as_is->node.hi)
            continue;
        for (int r = 0; r < 2 * c; r++) {
            const double pr = (double)part[r][i] - bias;
            for (int k = 0; k < 2 * c; k++)
                m[r][k] += pr * ((double)part[k][i] - bias);
            m[r][2 * c] += pr * (y - bias);
        }
    }
    for (int u = 0; u <= 2 * c; u++)
        free(part[u]);
    return good && !d->p->nchw && solve(2 * c, m, x);
}

bool diff_scale_and_mean(const diff_detective *d, const diff_variant *as_is)
{
    double x[MAX_UNKNOWNS];
    if (!sees_picture(d, as_is)
        || (as_is->node.kind != TSR_OP_CONV2D && as_is->node.kind != TSR_OP_DEPTHWISE_CONV2D))
        return false;
    const int c = as_is->x->dim[3];
    if (!fit(d, as_is, c, x))
        return false;
    diff_variant v = *as_is;
    const size_t n = tsr_elements(v.x);
    v.x_data = malloc(n * sizeof *v.x_data);
    for (size_t i = 0; v.x_data && i < n; i++) {
        const int k = (int)(i % (size_t)c);
        v.x_data[i] = (float)(x[k] * (double)((const float *)v.x->data)[i] + x[c + k]);
    }
    const bool found = v.x_data && diff_explains(d, &v);
    free(v.x_data);
    if (!found)
        return false;
    int used = snprintf(d->text, DIFF_CAUSE_TEXT, "mean and scale: B behaves as if its input were");
    for (int k = 0; k < c && used < DIFF_CAUSE_TEXT - 40; k++)
        used += snprintf(d->text + used, (size_t)(DIFF_CAUSE_TEXT - used), "%s x * %.4g %+.4g",
                         k ? "," : "", x[k], x[c + k]);
    return true;
}
