/* optimise.c   SPDX-License-Identifier: MIT */
#include "engine/graph.h"
tsr_status tsr_graph_optimise(tsr_graph *g, tsr_error *err) { (void)g; (void)err; return TSR_OK; }
