/*
 * graph.h - the network between loader and session: values and nodes.
 *
 * Values are tensors without memory (or with: constants, which view the file);
 * nodes stand in execution order.  Both are named by index.  Loaders build it
 * through the four calls below, which keep one sticky error: after the first
 * failure every call does nothing, so a loader asks once, at the end.
 *
 * infer runs as a node is added, so an error names the node while it is known;
 * a node whose inputs are all constants is computed on the spot and becomes a
 * constant (fp16 weights, shape arithmetic).    SPDX-License-Identifier: MIT
 */
#ifndef TSR_GRAPH_H
#define TSR_GRAPH_H

#include "engine/op.h"
#include "engine/pool.h"

typedef struct {
    tsr_tensor t;               /* t.data: a constant's bytes, else NULL        */
    int producer;               /* node index; -1 for inputs and constants      */
    int uses;                   /* consuming slots + graph outputs; valid after optimise */
    bool own;                   /* t.data is memory that no other value sees and that may
                                   be changed while a single node reads it      */
} tsr_value;

typedef struct {
    tsr_pool *pool;             /* everything here lives in it */
    const tsr_op *const *ops;
    tsr_value *values;
    tsr_node *nodes;
    int *inputs, *outputs;      /* value indices, in the file's order */
    int value_count, node_count, input_count, output_count;
    int value_room, node_room, input_room, output_room;
    size_t fold_budget_bytes;   /* constants that folding may still create; loaders set it
                                   to a few times the file's size */
    tsr_status status;          /* sticky */
    tsr_error *err;             /* the caller's; may be NULL */
} tsr_graph;

void tsr_graph_init(tsr_graph *g, tsr_pool *pool, const tsr_op *const *ops, tsr_error *err);

/* `t` gives name, dtype, rank, dim, quant; strings and arrays in it are copied
 * into the pool.  Each returns a value index, or -1 after an error. */
int tsr_graph_input(tsr_graph *g, const tsr_tensor *t);

/* t->data stays a view (the file outlives the model) unless it is misaligned
 * for its dtype: then it is copied. */
int tsr_graph_constant(tsr_graph *g, const tsr_tensor *t);

/* The same for t->data in the pool that the caller made for this value alone: what is
 * folded into the weights may then be calculated in place instead of in a copy. */
int tsr_graph_own_constant(tsr_graph *g, const tsr_tensor *t);

/* Add a node.  `n` gives kind, name, in, in_count, out_count, lo, hi, attr
 * (copied); `out` gives each output's name, dtype and quant, and receives the
 * inferred shapes.  Returns the index of the first output value; the others
 * follow. */
int tsr_graph_node(tsr_graph *g, const tsr_node *n, tsr_tensor *out);

void tsr_graph_output(tsr_graph *g, int value);

/* Record a loader's own failure: the first one wins. */
tsr_status tsr_graph_fail(tsr_graph *g, tsr_status s, const char *fmt, ...) TSR_PRINTF(3, 4);

static inline const tsr_tensor *tsr_graph_tensor(const tsr_graph *g, int value)
{
    return value < 0 ? NULL : &g->values[value].t;
}

/* ---- for loaders: geometry and node templates ---------------------------- */

/* A node with no clamp and the given inputs (pointer kept until it is added). */
tsr_node tsr_node_make(tsr_op_kind kind, const char *name, int *in, int in_count);

/* TensorFlow SAME: total = max((ceil(n/s)-1)*s + (k-1)*d + 1 - n, 0), smaller
 * half first.  Any argument; never overflows. */
void tsr_same_padding(int n, int k, int s, int d, int *before, int *after);

/* Output size of a window: (n + before + after - ((k-1)*d + 1)) / s + 1, or 0
 * when the window does not fit. */
int tsr_window_count(int n, int before, int after, int k, int s, int d);

/* The clamp bounds that mean none; <math.h> is not everywhere. */
#define TSR_INFINITY __builtin_inff()

enum { TSR_MAX_NODES = 16384 };

/* ---- for passes -------------------------------------------------------------- */

/* Another value, which no node makes yet: its index, or -1. */
int tsr_graph_value(tsr_graph *g, const tsr_tensor *t);

/* Nodes from i on move up by one, and node i is still what it was, too: the caller's to
 * overwrite.  Pointers to nodes are void after this. */
bool tsr_graph_insert(tsr_graph *g, int i);

/* ---- after the loader ----------------------------------------------------- */

/* Rewrite for speed: see optimise.c for the list of passes.  Where memory is
 * lacking a rewrite is left out, so this cannot fail. */
void tsr_graph_optimise(tsr_graph *g);

/* Join nodes into chains: see find_chains.c.  After everything else; this cannot fail either. */
void tsr_graph_chain(tsr_graph *g, tsr_fuse how);

/* Let the convolutions calculate in 16-bit floats: see narrow.c.  Last of all passes. */
TSR_MUST_USE tsr_status tsr_graph_narrow(tsr_graph *g, tsr_error *err);

/* Make the value of this name the only output and drop the nodes after it; "" is the
 * value tsr_graph_embedding finds.  Before optimising, which drops the other dead nodes. */
TSR_MUST_USE tsr_status tsr_graph_cut(tsr_graph *g, const char *name, tsr_error *err);

/* Make the small map the output where the model only enlarges it: see
 * tsr_options.before_enlarging.  Changes nothing elsewhere. */
void tsr_graph_cut_enlarging(tsr_graph *g);

/* The value that a classifier's last layers read: see cut.c.  -1: there is none. */
int tsr_graph_embedding(const tsr_graph *g);

/* Compute a node whose inputs are constants; its outputs become constants. */
tsr_status tsr_graph_fold(tsr_graph *g, int node, tsr_error *err);

uint64_t tsr_node_macs(const tsr_graph *g, const tsr_node *n);

#endif
