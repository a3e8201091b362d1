/* add_q8_c.c - the reference: what every other variant must compute.
 * SPDX-License-Identifier: MIT */
#include "ops/kernels/add_q8_body.h"

const tsr_add_q8 tsr_add_q8_c = { "c", 0, rows };
