/*
 * tiny_models.h - a few hand-made networks of some kilobytes that together use
 * every operator and every type, as food for damage.
 * SPDX-License-Identifier: MIT
 */
#ifndef TINY_MODELS_H
#define TINY_MODELS_H

#include "tests/tflite_maker.h"

enum { TINY_COUNT = 8 };

/* Model k of TINY_COUNT, with its name. */
const char *tiny_model(int k, mk_model *m);

#endif
