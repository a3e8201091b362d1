/*
 * turn.h - rows and columns of weights change places.
 *
 * A file's filter is H,W,I,O, ours O,H,W,I: the same as a matrix of H*W*I rows and O
 * columns turned over.                           SPDX-License-Identifier: MIT
 */
#ifndef TSR_TURN_H
#define TSR_TURN_H

#include <stddef.h>

/* from[rows][columns] -> to[columns][rows], elements of e bytes at any alignment; the
 * two do not overlap. */
void tsr_turn(const void *from, size_t rows, size_t columns, size_t e, void *to);

#endif
