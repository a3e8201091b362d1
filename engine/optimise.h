/*
 * optimise.h - shared by the rewriting passes: who uses what, and surgery.
 *
 * A removed node has out_count 0 until tsr_sweep() closes the gap.  Passes look
 * at one node at a time and may only make the graph smaller, so repeating them
 * until nothing changes ends.                    SPDX-License-Identifier: MIT
 */
#ifndef TSR_OPTIMISE_H
#define TSR_OPTIMISE_H

#include "engine/graph.h"

/* One rewrite tried on node i; true if it changed the graph.  On lack of
 * memory it leaves the graph alone. */
bool tsr_drop_no_op(tsr_graph *g, int i);           /* simplify.c */
bool tsr_join_transposes(tsr_graph *g, int i);
bool tsr_fold_space_to_batch(tsr_graph *g, int i);
bool tsr_fuse_clamp(tsr_graph *g, int i);           /* fuse.c */
bool tsr_fuse_pad(tsr_graph *g, int i);
bool tsr_fuse_affine(tsr_graph *g, int i);
bool tsr_fuse_residual(tsr_graph *g, int i);

bool tsr_split_concat(tsr_graph *g, int i);         /* split_concat.c */

/* turn_early.c.  Adds a node: once, after the others. */
bool tsr_turn_early(tsr_graph *g, int i);

static inline bool tsr_is_removed(const tsr_node *n) { return n->out_count == 0; }

/* The node that computes `value`, or NULL for inputs and constants. */
tsr_node *tsr_producer(const tsr_graph *g, int value);

/* The only node that reads `value`, or NULL when it is a graph output or is
 * read elsewhere too. */
tsr_node *tsr_only_user(const tsr_graph *g, int value);

/* Everybody who read `from` reads `to`. */
void tsr_replace_uses(tsr_graph *g, int from, int to);

/* Node `n` goes; its producer `p`, whose result only n reads, takes over n's
 * output value (and so its name). */
void tsr_absorb(tsr_graph *g, tsr_node *p, tsr_node *n);

void tsr_remove(tsr_graph *g, tsr_node *n);

/* The node's result keeps its shape and is its input's bytes. */
void tsr_become_reshape(tsr_graph *g, tsr_node *n);

/* Close the gaps that removed nodes have left. */
void tsr_sweep(tsr_graph *g);

/* Same stored numbers mean the same real numbers. */
bool tsr_same_quant(const tsr_tensor *a, const tsr_tensor *b);

bool tsr_same_shape(const tsr_tensor *a, const tsr_tensor *b);

#endif
