/*
 * winograd_f32_c.c - the transforms as the matrix products that they are.
 *
 * The reference to compare with.  Convolution in plain C does without them: where only C
 * runs, memory is scarce, and the transformed filters are four times as large.
 *                                                SPDX-License-Identifier: MIT
 */
#include "engine/cpu.h"
#include "ops/kernels/winograd_f32.h"

enum { IN = TSR_WINOGRAD_IN, OUT = TSR_WINOGRAD_OUT };

/* Products of these are exact. */
#define A  TSR_WINOGRAD_A
#define B  TSR_WINOGRAD_B
#define A2 (A * A)
#define B2 (B * B)

static const float bt[IN][IN] = {
    { A2 * B2, 0, -(A2 + B2), 0, 1, 0 }, { 0, -A * B2, -B2, A, 1, 0 },
    { 0, A * B2, -B2, -A, 1, 0 }, { 0, -A2 * B, -A2, B, 1, 0 },
    { 0, A2 * B, -A2, -B, 1, 0 }, { 0, A2 * B2, 0, -(A2 + B2), 0, 1 },
};
static const float at[OUT][IN] = {
    { 1, 1, 1, 1, 1, 0 }, { 0, A, -A, B, -B, 0 }, { 0, A2, A2, B2, B2, 0 },
    { 0, A * A2, -A * A2, B * B2, -B * B2, 1 },
};

/* result = t * d * t^T with t of rows x 6. */
static void both_sides(const float (*t)[IN], int rows, float d[IN][IN], float result[IN][IN])
{
    float half[IN][IN];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < IN; j++) {
            half[i][j] = 0;
            for (int k = 0; k < IN; k++)
                half[i][j] += t[i][k] * d[k][j];
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++) {
            result[i][j] = 0;
            for (int k = 0; k < IN; k++)
                result[i][j] += half[i][k] * t[j][k];
        }
}

/* G times three numbers, in double: G's factors are not exact. */
static void filter_line(double x, double y, double z, double to[IN])
{
    const double a = (double)A, b = (double)B, aa = a * a, bb = b * b;
    const double p = 1 / (2 * aa * (aa - bb)), q = 1 / (2 * bb * (bb - aa));
    to[0] = x / (aa * bb);
    to[1] = p * (x + a * y + aa * z);
    to[2] = p * (x - a * y + aa * z);
    to[3] = q * (x + b * y + bb * z);
    to[4] = q * (x - b * y + bb * z);
    to[5] = z;
}

static void filter(const tsr_winograd_f32_filter *t)
{
    for (int c = 0; c < t->count; c++) {
        double half[3][IN], row[IN];            /* half: columns of G g */
        const float *g = t->g + c;
        for (int x = 0; x < 3; x++, g += t->g_step)
            filter_line((double)g[0], (double)g[3 * t->g_step], (double)g[6 * t->g_step],
                        half[x]);
        float *u = t->u + c;
        for (int i = 0; i < IN; i++) {
            filter_line(half[0][i], half[1][i], half[2][i], row);
            for (int j = 0; j < IN; j++, u += t->u_step)
                *u = (float)row[j];
        }
    }
}

static void input(const tsr_winograd_f32_input *t)
{
    float d[IN][IN], v[IN][IN];
    for (int c = 0; c < t->channels; c++) {
        for (int i = 0; i < IN; i++)
            for (int j = 0; j < IN; j++)
                d[i][j] = t->x[i * t->x_row + j * t->x_col + c];
        both_sides(bt, IN, d, v);
        for (int i = 0; i < IN; i++)
            for (int j = 0; j < IN; j++)
                t->v[(i * IN + j) * t->v_step + c] = v[i][j];
    }
}

static void output(const tsr_winograd_f32_output *t)
{
    float m[IN][IN], y[IN][IN];
    for (int c = 0; c < t->channels; c++) {
        for (int i = 0; i < IN; i++)
            for (int j = 0; j < IN; j++)
                m[i][j] = t->m[(i * IN + j) * t->m_step + c];
        both_sides(at, OUT, m, y);
        for (int i = 0; i < t->rows; i++)
            for (int j = 0; j < t->columns; j++) {
                const ptrdiff_t to = i * t->y_row + j * t->y_col + c;
                float x = y[i][j] + t->bias[c];
                if (t->residual)
                    x += t->residual[to];
                x = x < t->lo ? t->lo : x;
                t->y[to] = x > t->hi ? t->hi : x;
            }
    }
}

const tsr_winograd_f32 tsr_winograd_f32_c = { "c", TSR_CPU_C, filter,
                                              input, output };
