/*
 * head.h - teach new classes to a network that is already there.
 *
 *     picture -> features: a classifier cut at its pooling (tsr_options.output)
 *             -> embedding e, some hundred numbers
 *     x = e / |e|,   p = softmax(scale * (W x + b))
 *
 * Only W and b, the head, are learned, in one of two ways:
 *
 *   imprinting   row k of W is the direction of the sum of the class's x.  One look
 *                at each picture; three pictures do; a class can be added later
 *                without touching the others (Qi, Brown, Lowe, "Low-shot learning
 *                with imprinted weights", 2018).
 *   regression   W and b that minimise the cross-entropy, by gradient descent.
 *
 * A trained head becomes an ordinary model (head_model.c) and is saved as a .tsr
 * file; firmware runs it after the features like any other.  Nothing here reads a
 * file or allocates.                             SPDX-License-Identifier: MIT
 */
#ifndef TSR_HEAD_H
#define TSR_HEAD_H

#include "models/vision.h"

/* ---- embeddings ------------------------------------------------------------ */

/* x = e / |e|, dequantised.  False when e has no direction: all zeros, NaN. */
bool tsr_embedding_read(const tsr_tensor *e, float *x);

/* What to change at a picture so that it shows the same thing differently: a part of
 * it, at least `least` (0..1) of its width and height, mirrored every other time if
 * allowed; of a hand, its points turned by up to `turn` radians either way.  Leads from
 * the pixels of an input of w x h to pixels of the same input; goes between the input
 * and its way to the picture.  *seed moves on. */
typedef struct { float least, turn; bool mirror; } tsr_augment;
tsr_affine tsr_augment_affine(const tsr_augment *how, int w, int h, uint32_t *seed);
tsr_affine tsr_affine_chain(const tsr_affine *first, const tsr_affine *then);
float tsr_augment_draw(uint32_t *seed);         /* the next number, 0 <= u < 1 */

/* ---- hands as embeddings ----------------------------------------------------- */

enum { TSR_HAND_POINTS = 21, TSR_HAND_FEATURES = 2 * TSR_HAND_POINTS };

typedef struct {
    tsr_session *palms;         /* palm_detection_lite, or _full                    */
    tsr_session *landmarks;     /* hand_landmark_lite, or _full                     */
    float threshold;            /* least score of both                              */
} tsr_one_hand;

/* The 21 points of the likeliest hand; *score is 0 when there is none.  Work space:
 * tsr_one_hand_bytes(). */
size_t tsr_one_hand_bytes(const tsr_one_hand *f, const tsr_image *picture);
TSR_MUST_USE tsr_status tsr_one_hand_find(const tsr_one_hand *f, const tsr_image *picture,
                                          void *work, tsr_point *points, float *score,
                                          tsr_error *err);

/* x and y of each point from the wrist, in units of the distance to the point farthest
 * from it.  Not yet of length 1.  False when all points coincide or one is not finite. */
bool tsr_hand_features(const tsr_point *points, float *features);
void tsr_hand_augment(const tsr_augment *how, const float *features, uint32_t *seed,
                      float *other);

/* ---- the head -------------------------------------------------------------- */

typedef struct {
    int size;                   /* numbers in an embedding                        */
    int classes, room;          /* there are, there may be                        */
    float *weight;              /* [room][size]                                   */
    float *bias;                /* [room]                                         */
    float *norm;                /* [room] imprinted: length of the sum whose direction
                                   the row is, so that more can be added; else 0 */
    float scale;
} tsr_head;

/* A head without classes in memory of tsr_head_bytes(), aligned for float. */
size_t tsr_head_bytes(int size, int room);
tsr_head tsr_head_make(int size, int room, void *memory);

/* Probabilities of one embedding of length 1; gives the likeliest class. */
int tsr_head_run(const tsr_head *h, const float *x, float *p);

/* Embeddings of length 1 and their classes. */
typedef struct {
    const float *x;             /* [count][size]                                  */
    const int *label;           /* [count]                                        */
    int count;
    int views;                  /* so many neighbours are views of one picture; >= 1 */
} tsr_samples;

/* Let class `label` see all samples that have it: label < classes continues one,
 * label == classes adds one (there must be room).  TSR_BAD_ARGUMENT when none has the
 * label, when they cancel out, or when the class was not imprinted. */
TSR_MUST_USE tsr_status tsr_head_imprint(tsr_head *h, int label, const tsr_samples *s,
                                         tsr_error *err);

/* Choose the scale of an imprinted head: cosines lie close together, and softmax wants
 * to know how much a difference means.  The scale from 1 to 64 under which the samples
 * are likeliest, each picture judged by a head that has not seen it. */
void tsr_head_calibrate(tsr_head *h, const tsr_samples *s);

/* ---- regression ------------------------------------------------------------ */

/* Mean cross-entropy plus l2/2 |W|^2.  `gradient` may be NULL; otherwise it gets
 * classes * size numbers for the weights, then one for each bias.  `p`: room for one
 * number a class. */
double tsr_head_loss(const tsr_head *h, const tsr_samples *s, float l2, float *gradient,
                     float *p);

typedef struct {
    int epochs;                 /* at most                                        */
    int patience;               /* stop after so many without a better validation */
    float l2;
    uint32_t seed;              /* of the first weights                           */
    bool (*progress)(void *ctx, int epoch, double loss);    /* false: stop; may be NULL */
    void *ctx;
} tsr_training;

extern const tsr_training tsr_training_usual;

typedef enum { TSR_STOP_EPOCHS, TSR_STOP_CONVERGED, TSR_STOP_EARLY, TSR_STOP_ASKED } tsr_stop;

typedef struct {
    tsr_stop why;
    int epochs, best_epoch;     /* the head is that of best_epoch                 */
    double loss;                /* of the last epoch, on the training samples     */
    double first_validation, best_validation;   /* 0 without validation samples   */
} tsr_training_report;

/* Train `classes` classes anew: the head's earlier weights do not matter.  `validation`
 * may be NULL or empty: then nothing stops the descent before it has converged.
 * Work space of tsr_head_train_bytes(), aligned for float. */
size_t tsr_head_train_bytes(const tsr_head *h, int classes);
TSR_MUST_USE tsr_status tsr_head_train(tsr_head *h, int classes, const tsr_samples *training,
                                       const tsr_samples *validation, const tsr_training *how,
                                       void *work, tsr_training_report *report, tsr_error *err);

/* ---- the head as a model ----------------------------------------------------- */

/* Names are part of the model, so that any program can read them with tsr.h alone:
 *
 *     input 0   "embedding/FEATURES"   f32 [1, size]     FEATURES: what made it
 *     output 0  "classes/A/B/C"        f32 [1, classes]  probabilities
 *     output 1  "norms"                f32 [classes]     tsr_head.norm, a constant
 *
 * Class names therefore have no '/' in them; no two may be equal, whatever the case of
 * their letters.  The head's arrays and the strings must outlive the model. */
TSR_MUST_USE tsr_status tsr_head_to_model(const tsr_head *h, const char *features,
                                          const char *const *names, const tsr_options *options,
                                          tsr_model **model, tsr_error *err);

typedef struct {
    const char *features;       /* inside the model, like `names` */
    const char *names;          /* "A/B/C"                        */
    int size, classes;
} tsr_head_info;

/* TSR_UNSUPPORTED: the model is no head. */
TSR_MUST_USE tsr_status tsr_head_read(const tsr_model *model, tsr_head_info *info,
                                      tsr_error *err);

/* Weights and the rest out of a model; h has the model's size and room for its classes. */
TSR_MUST_USE tsr_status tsr_head_from_model(const tsr_model *model, tsr_head *h, tsr_error *err);

/* Is this head for these features?  TSR_BAD_ARGUMENT, with both in the sentence, if not. */
TSR_MUST_USE tsr_status tsr_head_fits(const tsr_head_info *info, const char *features, int size,
                                      tsr_error *err);

/* Name of class k, cut to `room` bytes with its NUL; gives its full length. */
size_t tsr_head_class(const tsr_head_info *info, int k, char *text, size_t room);

/* Two names that a person would take for one: equal but for A..Z and a..z. */
bool tsr_head_same_name(const char *a, const char *b);

#endif
