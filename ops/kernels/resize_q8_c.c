/* resize_q8_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/resize_q8_body.h"

const tsr_resize_q8 tsr_resize_q8_c = { "c", 0, across, down };
