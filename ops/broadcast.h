/*
 * broadcast.h - two shapes become one: NumPy's rules for element-wise operators.
 *
 * Shapes are aligned at their last dimension; a dimension of 1 stretches.  The
 * plan turns this into loops: dimensions along which both inputs advance alike
 * are merged, so most cases end as one row (same shape, or a scalar) or as rows
 * against one vector (bias-like [C]).            SPDX-License-Identifier: MIT
 */
#ifndef TSR_BROADCAST_H
#define TSR_BROADCAST_H

#include <stdbool.h>
#include "engine/tsr.h"

/* Set out's rank and dim, or say which dimensions do not agree. */
tsr_status tsr_broadcast_infer(const char *op, const char *node, const tsr_tensor *a,
                               const tsr_tensor *b, tsr_tensor *out, tsr_error *err);

/* Have both the same shape?  Is `t` no more than one row of a picture: [w,c], [c] ...? */
bool tsr_broadcast_same(const tsr_tensor *a, const tsr_tensor *b);
bool tsr_broadcast_one_row(const tsr_tensor *t);

typedef struct {
    int outer_rank;             /* loops around the two inner ones */
    int outer_dim[TSR_MAX_RANK];
    int a_outer[TSR_MAX_RANK], b_outer[TSR_MAX_RANK];   /* strides in elements */
    int outer;                  /* product of outer_dim */
    int rows, a_row, b_row;     /* second innermost loop */
    int n, a_step, b_step;      /* innermost loop: a step is 1, or 0 = one value for all */
} tsr_broadcast;                /* the output is dense: row r of block i at (i * rows + r) * n */

tsr_broadcast tsr_broadcast_plan(const tsr_tensor *a, const tsr_tensor *b,
                                 const tsr_tensor *out);

/* Where block i (0..outer-1) starts in the two inputs, in elements. */
void tsr_broadcast_block(const tsr_broadcast *p, int i, int *a, int *b);

/* How the work is cut into tasks: as many for each worker, few enough that handing them
 * out is cheap.  Task t covers `rows` rows of `n` elements at these offsets. */
typedef struct {
    tsr_broadcast loops;
    int row_chunk, row_chunks;  /* rows per task, tasks per block */
    int n_chunk, n_chunks;      /* the same along a row; n_chunks > 1 only if rows == 1 */
    int tasks;
} tsr_broadcast_tasks;

typedef struct { int a, b, y, rows, n; } tsr_broadcast_part;

tsr_broadcast_tasks tsr_broadcast_cut(const tsr_broadcast *p, int workers);
tsr_broadcast_part tsr_broadcast_task(const tsr_broadcast_tasks *t, int task);

#endif
