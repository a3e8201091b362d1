/*
 * gesture_bench.h - embeddings of three classes that a few tests train heads with, and
 * a head's arithmetic in double precision.
 * SPDX-License-Identifier: MIT
 */
#ifndef GESTURE_BENCH_H
#define GESTURE_BENCH_H

#include "tests/fixture.h"
#include <math.h>
#include "models/head.h"
#include "tests/one_op.h"

enum { SIZE = 21, CLASSES = 3, COUNT = 24, ROOM = 5 };

typedef struct {
    float x[COUNT][SIZE];
    int label[COUNT];
    float memory[ROOM * (SIZE + 2)];
    tsr_samples s;
    tsr_head h;
} bench;

static inline void unit(float *x)
{
    double sum = 0;
    for (int i = 0; i < SIZE; i++)
        sum += (double)x[i] * (double)x[i];
    for (int i = 0; i < SIZE; i++)
        x[i] = (float)((double)x[i] / sqrt(sum));
}

/* Pairs of views; each class around a direction of its own, `spread` apart from it. */
static inline void make_bench(bench *b, uint32_t seed, float spread)
{
    float centre[CLASSES][SIZE];
    for (int k = 0; k < CLASSES; k++)
        for (int i = 0; i < SIZE; i++)
            centre[k][i] = test_randf(&seed) + 0.5f;
    for (int n = 0; n < COUNT; n++) {
        b->label[n] = n / 2 % CLASSES;
        for (int i = 0; i < SIZE; i++)
            b->x[n][i] = centre[b->label[n]][i] + spread * test_randf(&seed);
        unit(b->x[n]);
    }
    b->s = (tsr_samples){ .x = &b->x[0][0], .label = b->label, .count = COUNT, .views = 2 };
    b->h = tsr_head_make(SIZE, ROOM, b->memory);
}

static inline void imprint_all(tsr_head *h, const tsr_samples *s)
{
    for (int k = 0; k < CLASSES; k++)
        assert_int_equal(tsr_head_imprint(h, k, s, NULL), TSR_OK);
}

/* -log p[label] with all arithmetic in double; theta: weights, then biases. */
static inline double loss64(const double *theta, const float *x, int label, double scale, double *p)
{
    double z[CLASSES], sum = 0, most = -(double)INFINITY;
    for (int k = 0; k < CLASSES; k++) {
        z[k] = theta[CLASSES * SIZE + k];
        for (int i = 0; i < SIZE; i++)
            z[k] += theta[k * SIZE + i] * (double)x[i];
        z[k] *= scale;
        most = fmax(most, z[k]);
    }
    for (int k = 0; k < CLASSES; k++)
        sum += exp(z[k] - most);
    for (int k = 0; p && k < CLASSES; k++)
        p[k] = exp(z[k] - most) / sum;
    return log(sum) + most - z[label];
}

static inline double objective64(const double *theta, const tsr_samples *s, double scale, double l2)
{
    double sum = 0, square = 0;
    for (int n = 0; n < s->count; n++)
        sum += loss64(theta, s->x + n * SIZE, s->label[n], scale, NULL);
    for (int i = 0; i < CLASSES * SIZE; i++)
        square += theta[i] * theta[i];
    return sum / s->count + l2 / 2 * square;
}

static inline void theta_of(const tsr_head *h, double *theta)
{
    for (int i = 0; i < CLASSES * SIZE; i++)
        theta[i] = (double)h->weight[i];
    for (int k = 0; k < CLASSES; k++)
        theta[CLASSES * SIZE + k] = (double)h->bias[k];
}

static inline tsr_training_report train(bench *b, const tsr_samples *validation,
                                 const tsr_training *how)
{
    tsr_training_report r;
    void *work = malloc(tsr_head_train_bytes(&b->h, CLASSES));
    assert_int_equal(tsr_head_train(&b->h, CLASSES, &b->s, validation, how, work, &r, NULL),
                     TSR_OK);
    free(work);
    return r;
}

#endif
