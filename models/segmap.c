/*
 * segmap.c - a network's coarse class scores become a label per picture pixel.
 *
 *     pixel centre (x + 0.5, y + 0.5) --inverse map--> place between four cells
 *     logits:        interpolate each class bilinearly, the largest wins
 *     class numbers: each cell votes with its bilinear share
 *
 * Interpolating before the argmax gives smooth contours; the other way round
 * gives blocks.  Where the two cells left and right of a pixel (already blended
 * down the column) agree on the winner, no mixture of them can differ, so most
 * pixels need no look at their classes at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/vision.h"
#include "models/workspace.h"

/* Between cells `a` and `b`, the share of b is `f`.  Each pair has its own a + b. */
typedef struct { int a, b; float f; } between;

/* Pixel i's place on an axis of n cells; cells past the edge repeat the edge. */
static between place(int i, float step, float shift, int n)
{
    const float at = ((float)i + 0.5f - shift) / step - 0.5f;
    if (!(at > 0))
        return (between){ 0, 0, 0 };
    if (at >= (float)(n - 1))
        return (between){ n - 1, n - 1, 0 };
    const int a = (int)at;
    return (between){ a, a + 1, at - (float)a };
}

/* The output's shape, and whether its elements are class numbers rather than scores:
 * whole numbers, and only one a cell. */
typedef struct { int h, w, c; bool numbers; } grid;

static bool grid_of(const tsr_tensor *t, grid *g)
{
    const bool whole = t->dtype == TSR_S32 || t->dtype == TSR_S64 || t->dtype == TSR_U8 ||
                       t->dtype == TSR_S8;
    if ((t->rank != 3 && t->rank != 4) || t->dim[0] != 1 || t->dim[1] < 1 || t->dim[2] < 1)
        return false;
    *g = (grid){ t->dim[1], t->dim[2], t->rank == 4 ? t->dim[3] : 1, false };
    g->numbers = whole && g->c == 1;
    return g->c >= 1;
}

static tsr_status wrong_shape(const tsr_tensor *t, const char *wanted, tsr_error *err)
{
    return tsr_fail(err, TSR_UNSUPPORTED, "output '%s' of type %s with %d axes is not %s",
                    t->name, tsr_dtype_name(t->dtype), t->rank, wanted);
}

/* ---- logits ------------------------------------------------------------------ */

typedef struct {
    float *score;               /* one line of cells [w][c], blended down the column */
    uint8_t *winner;            /* [w] */
    int *begin;                 /* [w + 1]: the first pixel of a row whose left cell is this one
                                   or further right; the same for all rows */
} line;

static line line_take(tsr_workspace *work, const grid *g)
{
    line l;
    l.score = tsr_workspace_take(work, (size_t)g->w * (size_t)g->c * sizeof(float));
    l.winner = tsr_workspace_take(work, (size_t)g->w);
    l.begin = tsr_workspace_take(work, ((size_t)g->w + 1) * sizeof *l.begin);
    return l;
}

size_t tsr_segment_bytes(const tsr_tensor *out)
{
    grid g;
    tsr_workspace count = { NULL, 0 };
    if (grid_of(out, &g))
        line_take(&count, &g);
    return tsr_workspace_need(&count);
}

/* Places do not go back from pixel to pixel. */
static void line_begins(const line *l, const grid *g, const tsr_affine *m, int width)
{
    int cell = 0;
    l->begin[0] = 0;
    for (int i = 0; i < width; i++)
        for (const int a = place(i, m->m[0], m->m[2], g->w).a; cell < a;)
            l->begin[++cell] = i;
    while (cell < g->w)
        l->begin[++cell] = width;
}

/* Largest of (1-f) a[k] + f b[k]; NaN never wins; class 255 is the last. */
static uint8_t winner_of(const float *a, const float *b, float f, int c)
{
    float best = -INFINITY;
    int winner = 0;
    for (int k = 0; k < c && k < 256; k++) {
        const float v = a[k] + f * (b[k] - a[k]);
        if (v > best) {
            best = v;
            winner = k;
        }
    }
    return (uint8_t)winner;
}

/* Blend the two rows of cells around a pixel row, and see who wins in each cell. */
static void line_fill(const line *l, const tsr_tensor *t, const grid *g, between y)
{
    const size_t n = (size_t)g->w * (size_t)g->c;
    for (size_t i = 0; i < n; i++) {
        const float a = tsr_tensor_real(t, (size_t)y.a * n + i);
        const float b = tsr_tensor_real(t, (size_t)y.b * n + i);
        l->score[i] = a + y.f * (b - a);
    }
    for (int x = 0; x < g->w; x++) {
        const float *s = l->score + (size_t)x * (size_t)g->c;
        l->winner[x] = winner_of(s, s, 0, g->c);
    }
}

/* One row of the picture from the blended line. */
static void line_labels(const line *l, const grid *g, const tsr_affine *m, uint8_t *out)
{
    for (int cell = 0; cell < g->w; cell++) {
        const int begin = l->begin[cell], end = l->begin[cell + 1];
        const int next = cell + 1 < g->w ? cell + 1 : cell;
        const float *a = l->score + (size_t)cell * (size_t)g->c;
        const float *b = l->score + (size_t)next * (size_t)g->c;
        const bool same = l->winner[cell] == l->winner[next];
        memset(out + begin, l->winner[cell], (size_t)(end - begin));
        for (int i = begin; i < end && !same; i++)
            out[i] = winner_of(a, b, place(i, m->m[0], m->m[2], g->w).f, g->c);
    }
}

/* ---- class numbers -------------------------------------------------------------- */

static int number_at(const tsr_tensor *t, const grid *g, int y, int x)
{
    const size_t i = (size_t)y * (size_t)g->w + (size_t)x;
    int64_t v = 0;
    switch (t->dtype) {
    case TSR_S64: v = ((const int64_t *)t->data)[i]; break;
    case TSR_S32: v = ((const int32_t *)t->data)[i]; break;
    case TSR_U8:  v = ((const uint8_t *)t->data)[i]; break;
    case TSR_S8:  v = ((const int8_t *)t->data)[i]; break;
    default: break;
    }
    return v >= 0 && v <= 255 ? (int)v : 0;
}

/* The number with the largest share of the four. */
static uint8_t vote(const int id[4], float fy, float fx)
{
    const float share[4] = { (1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx };
    float most = -1;
    int winner = id[0];
    for (int i = 0; i < 4; i++) {
        float votes = 0;
        for (int j = 0; j < 4; j++)
            votes += id[j] == id[i] ? share[j] : 0;
        if (votes > most) {
            most = votes;
            winner = id[i];
        }
    }
    return (uint8_t)winner;
}

static void number_labels(const line *l, const tsr_tensor *t, const grid *g, const tsr_affine *m,
                          between y, uint8_t *row)
{
    for (int cell = 0; cell < g->w; cell++) {
        const int begin = l->begin[cell], end = l->begin[cell + 1];
        const int next = cell + 1 < g->w ? cell + 1 : cell;
        const int id[4] = {
            number_at(t, g, y.a, cell), number_at(t, g, y.a, next),
            number_at(t, g, y.b, cell), number_at(t, g, y.b, next),
        };
        const bool same = id[0] == id[1] && id[0] == id[2] && id[0] == id[3];
        memset(row + begin, id[0], (size_t)(end - begin));
        for (int i = begin; i < end && !same; i++)
            row[i] = vote(id, y.f, place(i, m->m[0], m->m[2], g->w).f);
    }
}

tsr_status tsr_segment_labels(const tsr_tensor *out, const tsr_affine *grid_to_picture,
                              const tsr_plane *labels, void *work, tsr_error *err)
{
    grid g;
    if (!grid_of(out, &g))
        return wrong_shape(out, "a map of classes", err);
    const tsr_affine *m = grid_to_picture;
    tsr_workspace space = tsr_workspace_make(work);
    const line l = line_take(&space, &g);
    line_begins(&l, &g, m, labels->width);
    for (int i = 0; i < labels->height; i++) {
        const between y = place(i, m->m[4], m->m[5], g.h);
        uint8_t *row = labels->pixel + (size_t)i * (size_t)labels->width;
        if (g.numbers) {
            number_labels(&l, out, &g, m, y, row);
        } else {
            line_fill(&l, out, &g, y);
            line_labels(&l, &g, m, row);
        }
    }
    return TSR_OK;
}

/* ---- one class -------------------------------------------------------------------- */

/* A strip of columns, as many as have room: where they are, and the cells that they see. */
enum { STRIP = 256, STRIP_CELLS = 2 * STRIP };

typedef struct {
    int width, base, cells;     /* of pixels; the first cell; of cells */
    int left[STRIP];            /* of each pixel, from `base` on; right of it is left + 1 */
    float share[STRIP];
    float above[STRIP_CELLS + 1], below[STRIP_CELLS + 1];
} strip;

static void strip_begin(strip *s, const grid *g, const tsr_affine *m, int x, int end)
{
    s->base = place(x, m->m[0], m->m[2], g->w).a;
    s->cells = 1;
    for (s->width = 0; s->width < STRIP && x + s->width < end; s->width++) {
        const between at = place(x + s->width, m->m[0], m->m[2], g->w);
        if (at.a - s->base >= STRIP_CELLS)
            break;
        s->left[s->width] = at.a - s->base;
        s->share[s->width] = at.f;
        s->cells = at.a - s->base + 1;
    }
}

/* Cells of a row, and one more, which at the edge repeats the last. */
static void strip_cells(const strip *s, const tsr_tensor *t, const grid *g, int y, float *to)
{
    for (int i = 0; i <= s->cells; i++) {
        const int x = s->base + i < g->w ? s->base + i : g->w - 1;
        to[i] = tsr_tensor_real(t, (size_t)y * (size_t)g->w + (size_t)x);
    }
}

static void strip_row(const strip *s, float down, uint8_t *row)
{
    float cell[STRIP_CELLS + 1], value[STRIP];
    for (int i = 0; i <= s->cells; i++)
        cell[i] = s->above[i] + down * (s->below[i] - s->above[i]);
    for (int i = 0; i < s->width; i++) {
        const float a = cell[s->left[i]], b = cell[s->left[i] + 1];
        value[i] = 255 * (a + s->share[i] * (b - a)) + 0.5f;
    }
    for (int i = 0; i < s->width; i++) {
        const float low = value[i] >= 0 ? value[i] : 0;         /* NaN: 0 */
        row[i] = (uint8_t)(int)(low < 255 ? low : 255);
    }
}

tsr_status tsr_segment_mask(const tsr_tensor *out, const tsr_affine *grid_to_picture,
                            const tsr_plane *mask, tsr_error *err)
{
    grid g;
    strip s;
    if (!grid_of(out, &g) || g.c != 1)
        return wrong_shape(out, "a map of probabilities of one class", err);
    const tsr_affine *m = grid_to_picture;
    for (int x = 0; x < mask->width; x += s.width) {
        strip_begin(&s, &g, m, x, mask->width);
        for (int i = 0, last = -1; i < mask->height; i++) {
            const between y = place(i, m->m[4], m->m[5], g.h);
            if (y.a + y.b != last) {
                strip_cells(&s, out, &g, y.a, s.above);
                strip_cells(&s, out, &g, y.b, s.below);
                last = y.a + y.b;
            }
            strip_row(&s, y.f, mask->pixel + (size_t)i * (size_t)mask->width + x);
        }
    }
    return TSR_OK;
}

void tsr_voc_color(int label, uint8_t rgb[3])
{
    /* Bits 0, 1, 2 of the number become the top bits of red, green, blue; bits
     * 3, 4, 5 the next ones, and so on. */
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (int shift = 7; shift >= 0 && label; shift--, label >>= 3)
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(rgb[c] | (label >> c & 1) << shift);
}
