/*
 * tflite_sound.h - a small model that is sound, for tests that spoil it.
 * SPDX-License-Identifier: MIT
 */
#ifndef TFLITE_SOUND_H
#define TFLITE_SOUND_H

#include "tests/tflite_check.h"

static const float x[] = { 1, -2, 3, 4, -5, 6 };
static const float ones[] = { 1, 1, 1, 1, 1, 1 };

/* y = relu(x + ones): the sound model that the others spoil. */
typedef struct {
    mk_model m;
    int x, c, mid, y;
} sound;

static inline sound make_sound(void)
{
    sound s = { 0 };
    s.x = mk_input(&s.m, "x", MK_F32, 2, DIM(2, 3));
    s.c = mk_constant(&s.m, "ones", MK_F32, 2, DIM(2, 3), ones);
    s.mid = mk_value(&s.m, "sum", MK_F32, 2, DIM(2, 3));
    s.y = mk_value(&s.m, "y", MK_F32, 2, DIM(2, 3));
    mk_option(mk_operator(&s.m, 0, s.x, s.c, -1, s.mid), 11, 0, 1, 0);
    mk_operator(&s.m, 19, s.mid, -1, -1, s.y);
    mk_output(&s.m, s.y);
    return s;
}

static inline void expect_sound(const mk_model *m)
{
    expect_output(m, x, NULL, 0, WANT(2, 0, 4, 5, 0, 7), 6, 0);
}

#endif
