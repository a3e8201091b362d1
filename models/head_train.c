/*
 * head_train.c - a head by softmax regression.
 *
 *     minimise  f(W, b) = -1/n sum_i log p_i[label_i] + l2/2 |W|^2
 *     df/dw_k = scale/n sum_i (p_i[k] - [label_i = k]) x_i + l2 w_k;   df/db_k likewise
 *
 * f is convex and, as |x| = 1, its slope changes by at most L = scale^2 + l2 a unit
 * of length: softmax's Hessian is at most 1/2, and (x, 1) has the squared length 2.
 * So steps of 1/L always go down, and no learning rate has to be guessed.  All samples
 * count in each step, which makes the result a function of the seed alone.  Momentum
 * as Nesterov gave it (1983), started afresh whenever it points uphill (O'Donoghue and
 * Candes, "Adaptive restart for accelerated gradient schemes", 2015), turns the
 * thousands of steps that plain descent takes into hundreds.
 *
 * Early stopping: the head kept is that of the step with the best validation loss.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/dot.h"
#include "models/head.h"

const tsr_training tsr_training_usual = {
    .epochs = 2000, .patience = 50, .l2 = 1e-3f, .seed = 1,
};

/* Scale of the logits while training; weights of any length can be learned under it. */
static const float training_scale = 1;

/* No component of the gradient is larger: as good as it gets in float. */
static const float flat = 1e-5f;

/* All parameters as one vector: classes * size weights, then the biases. */
static size_t parameters(const tsr_head *h) { return (size_t)h->classes * ((size_t)h->size + 1); }

static size_t weights(const tsr_head *h) { return (size_t)h->classes * (size_t)h->size; }

size_t tsr_head_train_bytes(const tsr_head *h, int classes)
{
    const size_t all = (size_t)classes * ((size_t)h->size + 1);
    return (4 * all + (size_t)classes) * sizeof(float);
}

static void put(tsr_head *h, const float *theta)
{
    memcpy(h->weight, theta, weights(h) * sizeof *theta);
    memcpy(h->bias, theta + weights(h), (size_t)h->classes * sizeof *theta);
}

static void get(const tsr_head *h, float *theta)
{
    memcpy(theta, h->weight, weights(h) * sizeof *theta);
    memcpy(theta + weights(h), h->bias, (size_t)h->classes * sizeof *theta);
}

/* Logits into p, then what each class's logit should change by; gives -log p[label]. */
static double residual(const tsr_head *h, const float *x, int label, float *p)
{
    double sum = 0;
    float most = -INFINITY;
    for (int k = 0; k < h->classes; k++) {
        p[k] = h->scale * (tsr_dot(h->weight + (size_t)k * (size_t)h->size, x, h->size)
                           + h->bias[k]);
        most = p[k] > most ? p[k] : most;
    }
    const double own = (double)(p[label] - most);
    for (int k = 0; k < h->classes; k++)
        sum += (double)(p[k] = expf(p[k] - most));
    for (int k = 0; k < h->classes; k++)
        p[k] = (float)((double)p[k] / sum);
    p[label] -= 1;
    return log(sum) - own;
}

double tsr_head_loss(const tsr_head *h, const tsr_samples *s, float l2, float *gradient, float *p)
{
    const size_t n = (size_t)h->size;
    const float share = h->scale / (float)s->count;
    double loss = 0, square = 0;
    for (size_t i = 0; i < weights(h); i++) {
        square += (double)h->weight[i] * (double)h->weight[i];
        if (gradient)
            gradient[i] = l2 * h->weight[i];
    }
    for (int k = 0; gradient && k < h->classes; k++)
        gradient[weights(h) + (size_t)k] = 0;
    for (int i = 0; i < s->count; i++) {
        const float *x = s->x + (size_t)i * n;
        loss += residual(h, x, s->label[i], p);
        for (int k = 0; gradient && k < h->classes; k++) {
            const float r = share * p[k];
            float *to = gradient + (size_t)k * n;
            for (size_t c = 0; c < n; c++)
                to[c] += r * x[c];
            gradient[weights(h) + (size_t)k] += r;
        }
    }
    return loss / s->count + 0.5 * (double)l2 * square;
}

/* ---- the descent ------------------------------------------------------------- */

/* Normal numbers by Box and Muller (1958) from a 32-bit xorshift (Marsaglia, 2003). */
static float uniform(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return ((float)(*state >> 8) + 0.5f) * 0x1p-24f;
}

static void begin_at_random(tsr_head *h, uint32_t seed)
{
    uint32_t state = seed * 2654435769u + 1;
    state += !state;            /* xorshift never leaves 0 */
    for (size_t i = 0; i < weights(h); i++) {
        const float radius = sqrtf(-2 * logf(uniform(&state)));
        h->weight[i] = 0.01f * radius * cosf(6.2831853f * uniform(&state));
    }
    memset(h->bias, 0, (size_t)h->classes * sizeof *h->bias);
    memset(h->norm, 0, (size_t)h->classes * sizeof *h->norm);
    h->scale = training_scale;
}

typedef struct {
    tsr_head *h;                /* holds the point looked at, w + momentum */
    float *w, *gradient, *best, *look, *p;
    float rate;
    double t;                   /* Nesterov's sequence: 1, 1.62, 2.19 ... */
} descent;

/* One step from the point looked at; the next point to look at goes into the head.
 * False when the slope is flat. */
static bool step(descent *d)
{
    const size_t n = parameters(d->h);
    double uphill = 0;
    float steepest = 0;
    get(d->h, d->look);
    for (size_t i = 0; i < n; i++) {
        const float next = d->look[i] - d->rate * d->gradient[i];
        uphill += (double)d->gradient[i] * (double)(next - d->w[i]);
        steepest = fmaxf(steepest, fabsf(d->gradient[i]));
    }
    const double before = uphill > 0 ? 1 : d->t;
    d->t = (1 + sqrt(1 + 4 * before * before)) / 2;
    const float momentum = uphill > 0 ? 0 : (float)((before - 1) / d->t);
    for (size_t i = 0; i < n; i++) {
        const float next = d->look[i] - d->rate * d->gradient[i];
        d->look[i] = next + momentum * (next - d->w[i]);
        d->w[i] = next;
    }
    put(d->h, d->look);
    return steepest > flat;
}

/* The validation loss of d->w, which then is in the head; the point looked at is kept. */
static double validate(descent *d, const tsr_samples *validation)
{
    put(d->h, d->w);
    const double loss = tsr_head_loss(d->h, validation, 0, NULL, d->p);
    put(d->h, d->look);
    return loss;
}

static void descend(descent *d, const tsr_samples *training, const tsr_samples *validation,
                    const tsr_training *how, tsr_training_report *r)
{
    const size_t bytes = parameters(d->h) * sizeof(float);
    const bool judged = validation && validation->count > 0;
    get(d->h, d->w);
    get(d->h, d->look);
    memcpy(d->best, d->w, bytes);
    if (judged)
        r->first_validation = r->best_validation = validate(d, validation);
    r->why = TSR_STOP_EPOCHS;
    for (int epoch = 1; epoch <= how->epochs && r->why == TSR_STOP_EPOCHS; epoch++) {
        r->loss = tsr_head_loss(d->h, training, how->l2, d->gradient, d->p);
        if (!step(d))
            r->why = TSR_STOP_CONVERGED;
        const double v = judged ? validate(d, validation) : 0;
        if (!judged || v < r->best_validation - 1e-6) {
            memcpy(d->best, d->w, bytes);
            r->best_epoch = epoch;
            r->best_validation = v;
        }
        r->epochs = epoch;
        if (judged && epoch - r->best_epoch >= how->patience)
            r->why = TSR_STOP_EARLY;
        if (how->progress && !how->progress(how->ctx, epoch, r->loss))
            r->why = TSR_STOP_ASKED;
    }
    put(d->h, d->best);
}

static tsr_status check(const tsr_samples *s, int classes, tsr_error *err)
{
    for (int i = 0; i < s->count; i++)
        if (s->label[i] < 0 || s->label[i] >= classes)
            return tsr_fail(err, TSR_BAD_ARGUMENT, "sample %d is of class %d, there are %d", i,
                            s->label[i], classes);
    return TSR_OK;
}

tsr_status tsr_head_train(tsr_head *h, int classes, const tsr_samples *training,
                          const tsr_samples *validation, const tsr_training *how, void *work,
                          tsr_training_report *report, tsr_error *err)
{
    *report = (tsr_training_report){ 0 };
    if (classes < 2 || classes > h->room)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "training wants 2 to %d classes, not %d", h->room,
                        classes);
    if (training->count < 1)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "no samples to train with");
    TSR_TRY(check(training, classes, err));
    if (validation)
        TSR_TRY(check(validation, classes, err));
    h->classes = classes;
    begin_at_random(h, how->seed);
    const size_t n = parameters(h);
    descent d = { .h = h, .w = work, .t = 1,
                  .rate = 1 / (training_scale * training_scale + how->l2) };
    d.gradient = d.w + n;
    d.best = d.gradient + n;
    d.look = d.best + n;
    d.p = d.look + n;
    descend(&d, training, validation, how, report);
    return TSR_OK;
}
