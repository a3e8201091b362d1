/*
 * resize_f32 - bilinear interpolation, first across a row, then between two rows.
 *
 *     across:  y[x][c] = l + (r - l) * fx[x],   l, r = in[left[x]][c], in[right[x]][c]
 *     down:    y[i]    = t + (b - t) * fy,      t, b = two such rows
 *
 * Enlarging uses a source row for many output rows, so the caller keeps the
 * two newest results of `across`: what remains per output row is `down`, one
 * pass over contiguous memory.  The order of operations is TensorFlow Lite's.
 *                                                SPDX-License-Identifier: MIT
 */
#ifndef TSR_RESIZE_F32_H
#define TSR_RESIZE_F32_H

typedef struct {
    int left, right;            /* elements from the row's start to the two pixels */
    float f;                    /* weight of the right one, 0..1                   */
} tsr_resize_f32_column;

typedef struct {
    const char *level;          /* "c", "avx2", "neon" ...                    */
    unsigned cpu;               /* TSR_CPU_* bits it needs                    */
    /* count columns of c channels; y is dense and overlaps nothing. */
    void (*across)(const float *x, const tsr_resize_f32_column *columns, int count, int c,
                   float *y);
    void (*down)(const float *top, const float *bottom, float f, int n, float *y);
} tsr_resize_f32;

extern const tsr_resize_f32 tsr_resize_f32_c, tsr_resize_f32_avx2, tsr_resize_f32_avx512,
                            tsr_resize_f32_neon, tsr_resize_f32_neon32;

/* Every variant compiled in, fastest first, C reference last, then NULL. */
extern const tsr_resize_f32 *const tsr_resize_f32_variants[];

/* The fastest variant that this CPU can run. */
const tsr_resize_f32 *tsr_resize_f32_best(void);

#endif
