/*
 * tsr.h - run trained convolutional networks in plain C.
 *
 *     #include <stdio.h>
 *     #include "engine/tsr.h"
 *
 *     static unsigned char file[16 << 20], memory[64 << 20];
 *
 *     int main(void)                      // a model on standard input
 *     {
 *         size_t file_bytes = fread(file, 1, sizeof file, stdin);
 *         tsr_error err = { 0 };
 *         tsr_model *model;
 *         tsr_session *session;
 *         if (tsr_model_load(file, file_bytes, NULL, &model, &err) ||
 *             tsr_session_open(model, NULL, memory, sizeof memory, &session, &err)) {
 *             fprintf(stderr, "%s\n", err.text); // "session needs 118016 bytes, ..."
 *             return 1;
 *         }
 *         float *pixels = tsr_input(session, 0)->data;
 *         pixels[0] = 1;                  // here goes the picture
 *         tsr_run(session);               // cannot fail, never allocates
 *         const float *scores = tsr_output(session, 0)->data;
 *         printf("%g\n", (double)scores[0]);
 *         tsr_model_free(model);
 *     }
 *
 * How to read this file: types first, then functions in the order in which a
 * program calls them.  The rules that hold everywhere:
 *
 *   layout     tensors are N,H,W,C; filters are OutC,KH,KW,InC; C is contiguous
 *   sizes      count elements; a name that ends in _bytes counts bytes
 *   memory     the caller owns every block it passes in and may free it after
 *              the object built in it; the file's bytes must outlive the model
 *              (they are only read: a read-only mapping or flash is fine)
 *   inputs     share memory with later activations: write them before each run
 *   threads    one session per thread at a time; models are read-only, shared
 *   errors     a call returns TSR_OK (0) or says why in *err (may be NULL)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_H
#define TSR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TSR_VERSION "0.1.0"

enum { TSR_MAX_RANK = 6 };

typedef enum {
    TSR_F32, TSR_F16, TSR_S8, TSR_U8, TSR_S16, TSR_S32, TSR_S64, TSR_BOOL,
    TSR_DTYPE_COUNT
} tsr_dtype;

/* real = scale * (stored - zero_point); scale 0 means not quantised.
 * Per-channel filters: `scales` holds dim[axis] scales, zero_point is 0. */
typedef struct {
    float scale;
    int zero_point;
    const float *scales;        /* NULL: per tensor */
    int axis;
} tsr_quant;

typedef struct {
    void *data;
    const char *name;           /* as in the file; never NULL   */
    tsr_dtype dtype;
    int rank, dim[TSR_MAX_RANK];/* {1, 224, 224, 3}: N, H, W, C */
    tsr_quant quant;
} tsr_tensor;

typedef struct tsr_model tsr_model;       /* graph + weights, read-only     */
typedef struct tsr_session tsr_session;   /* prepared ops + activations     */
typedef struct tsr_threads tsr_threads;   /* worker threads, engine/threads.h */
typedef struct tsr_op tsr_op;             /* an operator, engine/op.h       */

/* Where the graph lives while a model is open.  NULL functions: malloc/free. */
typedef struct {
    void *(*alloc)(void *ctx, size_t bytes);    /* aligned for any type; NULL = none left */
    void (*release)(void *ctx, void *block);
    void *ctx;
} tsr_allocator;

/* The shape of an input whose file leaves dimensions open. */
typedef struct {
    const char *name;
    int rank, dim[TSR_MAX_RANK];
} tsr_shape_binding;

/* May neighbouring layers run together, a few rows at a time, so that the tensors between
 * them never exist as a whole?  Results are the same bits. */
typedef enum {
    TSR_FUSE_AUTO,              /* where it saves time or much memory  */
    TSR_FUSE_NEVER,             /* layer by layer                      */
    TSR_FUSE_MEMORY,            /* wherever it saves memory, even for some time */
} tsr_fuse;

typedef struct {
    tsr_allocator allocator;
    const tsr_op *const *ops;   /* TSR_OP_COUNT slots, indexed by kind, empty ones NULL;
                                   NULL: every operator there is */
    /* Models of several files (TensorFlow.js): the bytes of the file `name` that
     * lies beside the model, valid until tsr_model_load returns; NULL: not there. */
    const void *(*sibling)(void *ctx, const char *name, size_t *bytes);
    void *sibling_ctx;
    bool keep_all;              /* no optimise passes, every value keeps its own memory:
                                   for looking at intermediate tensors */
    const tsr_shape_binding *shapes;    /* of inputs whose file leaves dimensions open;   */
    int shape_count;                    /* an open first one, the batch, is 1 if not given */
    /* The tensor of this name becomes the model's only output, and what comes after it
     * is left out; "": the embedding, which is what a classifier pools from its last
     * feature maps (engine/cut.c).  NULL: the file's own outputs. */
    const char *output;
    /* Where the only output is a map made k times as large, bilinearly from corner to
     * corner ((n - 1) k + 1 pixels of n, as DeepLab does to draw 257 x 257 scores of 33 x 33),
     * the small map becomes the output: interpolating it anywhere gives what the large one
     * would give there, in a fraction of the memory.  Other models stay as they are. */
    bool before_enlarging;
    tsr_fuse fuse;
    /* Convolutions, and what lies between them, calculate in 16-bit floats (11 bits of
     * mantissa instead of 24, nothing above 65504): activations and packed weights take half
     * the memory, and where the CPU has such arithmetic (level neonf16) it takes half the
     * instructions.  Elsewhere plain C gives results as good, slowly.  Dense and transposed
     * convolutions, softmax, and the model's inputs and outputs stay f32. */
    bool f16;
} tsr_options;

/* ---- 1. load: the format is recognised from the bytes ------------------- */

/* Build a model from the bytes of a file.  `options` may be NULL.  On success
 * *model must be given to tsr_model_free; on failure it is NULL.
 * TSR_BAD_FILE: damaged; TSR_UNSUPPORTED: sound, but asks for what we lack (the
 * operator and its index are named); TSR_NO_MEMORY: the allocator said no. */
TSR_MUST_USE tsr_status tsr_model_load(const void *file, size_t file_bytes,
                                       const tsr_options *options,
                                       tsr_model **model, tsr_error *err);

/* What the model eats and gives; `data` is NULL.  NULL past the last one. */
const tsr_tensor *tsr_model_input(const tsr_model *model, int index);
const tsr_tensor *tsr_model_output(const tsr_model *model, int index);

/* ---- 2. open: plan memory, pack weights, choose kernels ----------------- */

/* Exact size of the block that tsr_session_open wants, for this many workers
 * (`threads` NULL: the calling thread alone).  Found by a dry run of the same code. */
size_t tsr_session_bytes(const tsr_model *model, const tsr_threads *threads);

/* Open a session inside memory[0 .. memory_bytes).  Any alignment.  The block,
 * the model and the threads must outlive the session; the session itself
 * needs no close: free the block. */
TSR_MUST_USE tsr_status tsr_session_open(const tsr_model *model, tsr_threads *threads,
                                         void *memory, size_t memory_bytes,
                                         tsr_session **session, tsr_error *err);

/* ---- 3. run -------------------------------------------------------------- */

/* Write `data` before each run.  NULL when there is no such input. */
tsr_tensor *tsr_input(tsr_session *s, int index);

/* One inference.  Same inputs, same bits out, whatever the number of threads. */
void tsr_run(tsr_session *s);

/* Valid until the next run.  NULL when there is no such output. */
const tsr_tensor *tsr_output(const tsr_session *s, int index);

/* ---- 4. close ------------------------------------------------------------ */
void tsr_model_free(tsr_model *model);          /* NULL is fine */

/* ---- tensors ------------------------------------------------------------- */
size_t tsr_elements(const tsr_tensor *t);       /* product of dim; 1 for rank 0 */
size_t tsr_bytes(const tsr_tensor *t);
size_t tsr_dtype_bytes(tsr_dtype d);
const char *tsr_dtype_name(tsr_dtype d);        /* "f32", "u8" ...              */

#ifdef __cplusplus
}
#endif

#endif
