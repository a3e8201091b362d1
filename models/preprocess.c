/*
 * preprocess.c - a picture becomes the tensor that a network eats.
 *
 *     fit:   picture --resize--> canvas (black borders) --table--> tensor
 *     crop:  tensor pixel --affine--> place in the picture --bilinear--> table
 *
 * A byte has only 256 values, so mean, scale and quantisation are worked out
 * once per channel, as a table; the loop over the pixels looks them up and puts
 * them where the tensor's axes say ([1,h,w,c] or [1,c,h,w]).
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/vision.h"
#include "models/workspace.h"

/* Element (y, x, c) stands at y * row + x * column + c * plane. */
typedef struct {
    int h, w, c;
    size_t row, column, plane;
} layout;

/* The axis of length 1 or 3 holds the channels; if both ends could, the last. */
static layout layout_of(const tsr_tensor *t)
{
    const int last = t->dim[3];
    layout l = { t->dim[1], t->dim[2], last, (size_t)t->dim[2] * (size_t)last, (size_t)last, 1 };
    if (last != 1 && last != 3) {
        const size_t h = (size_t)t->dim[2], w = (size_t)t->dim[3];
        l = (layout){ t->dim[2], t->dim[3], t->dim[1], w, 1, h * w };
    }
    return l;
}

void tsr_picture_size(const tsr_tensor *input, int *height, int *width)
{
    const layout l = layout_of(input);
    *height = l.h;
    *width = l.w;
}

tsr_status tsr_picture_check(const tsr_tensor *input, tsr_error *err)
{
    if (input->rank != 4 || input->dim[0] != 1)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "input '%s' takes no single picture: %d axes, the first of length %d",
                        input->name, input->rank, input->rank ? input->dim[0] : 0);
    const layout l = layout_of(input);
    if ((l.c != 1 && l.c != 3) || l.h < 1 || l.w < 1)
        return tsr_fail(err, TSR_UNSUPPORTED,
                        "input '%s' of shape [%d,%d,%d,%d] is neither a colour nor a grey picture",
                        input->name, input->dim[0], input->dim[1], input->dim[2], input->dim[3]);
    if (input->dtype != TSR_F32 && input->dtype != TSR_U8 && input->dtype != TSR_S8)
        return tsr_fail(err, TSR_UNSUPPORTED, "input '%s' is of type %s, not f32, u8 or s8",
                        input->name, tsr_dtype_name(input->dtype));
    return TSR_OK;
}

/* What each byte becomes, per channel of the picture.  Integer tensors get whole
 * numbers that fit their type. */
typedef struct { float of[3][256]; } value_table;

/* The tensor's number for a real value, kept within its type. */
static float quantised(float real, const tsr_tensor *t)
{
    const float low = t->dtype == TSR_U8 ? 0 : -128, high = low + 255;
    const float scale = t->quant.scale > 0 ? t->quant.scale : 1;
    const float q = rintf(real / scale) + (float)t->quant.zero_point;
    return q >= low ? q <= high ? q : high : low;       /* NaN: low */
}

static void table_fill(value_table *table, const tsr_preprocess *how, const tsr_tensor *t)
{
    const int less = t->dtype == TSR_S8 ? 128 : 0;
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) {
            float *to = &table->of[c][v];
            *to = ((float)v - how->mean[c]) * how->scale[c];
            if (t->dtype != TSR_F32)
                *to = how->quantise ? quantised(*to, t) : (float)(v - less);
        }
}

/* Where pixels are written, and as what. */
typedef struct {
    const tsr_preprocess *how;
    tsr_tensor *t;
    layout l;
    value_table table;
} writer;

static void put(const tsr_tensor *t, size_t at, float v)
{
    if (t->dtype == TSR_F32)
        ((float *)t->data)[at] = v;
    else if (t->dtype == TSR_U8)
        ((uint8_t *)t->data)[at] = (uint8_t)v;
    else
        ((int8_t *)t->data)[at] = (int8_t)v;
}

/* ITU-R 601 luma in 16-bit fixed point, the usual "grey" of image libraries. */
static int grey_of(const uint8_t rgb[3])
{
    return (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16;
}

/* A pixel of the picture, R,G,B, into its one or three places. */
static void put_pixel(const writer *w, int y, int x, const uint8_t rgb[3])
{
    const size_t at = (size_t)y * w->l.row + (size_t)x * w->l.column;
    if (w->l.c == 1) {
        put(w->t, at, w->table.of[0][grey_of(rgb)]);
        return;
    }
    for (int c = 0; c < 3; c++) {
        const size_t to = (size_t)(w->how->bgr ? 2 - c : c);
        put(w->t, at + to * w->l.plane, w->table.of[c][rgb[c]]);
    }
}

/* ---- the whole picture ----------------------------------------------------- */

/* The rectangle of the canvas that the picture fills. */
typedef struct { int x, y, w, h; } frame;

/* Rounded as Python rounds, half to even: a letterbox that is one pixel off shifts
 * everything in it. */
static frame fit_frame(tsr_fit fit, const tsr_image *p, int w, int h)
{
    frame f = { 0, 0, w, h };
    if (fit == TSR_FIT_LETTERBOX) {
        const double sx = (double)w / p->width, sy = (double)h / p->height;
        const double s = sx < sy ? sx : sy;
        const int fw = (int)rint(p->width * s), fh = (int)rint(p->height * s);
        f.w = fw < 1 ? 1 : fw > w ? w : fw;
        f.h = fh < 1 ? 1 : fh > h ? h : fh;
        f.x = (w - f.w) / 2;
        f.y = (h - f.h) / 2;
    }
    return f;
}

/* The canvas lies first, the resizer's own work space behind it. */
static uint8_t *canvas_take(tsr_workspace *work, const layout *l)
{
    return tsr_workspace_take(work, (size_t)l->h * (size_t)l->w * 3);
}

size_t tsr_picture_bytes(const tsr_image *picture, const tsr_tensor *input)
{
    const layout l = layout_of(input);
    /* Stretched and letterboxed: the narrower frame may need more, because a picture
     * that shrinks further has more taps for each pixel. */
    const frame f = fit_frame(TSR_FIT_LETTERBOX, picture, l.w, l.h);
    const size_t boxed = tsr_image_resize_bytes(picture->width, picture->height, f.w, f.h);
    const size_t full = tsr_image_resize_bytes(picture->width, picture->height, l.w, l.h);
    tsr_workspace count = { NULL, 0 };
    canvas_take(&count, &l);
    tsr_workspace_take(&count, boxed > full ? boxed : full);
    return tsr_workspace_need(&count);
}

tsr_status tsr_picture_fit(const tsr_preprocess *how, const tsr_image *picture,
                           tsr_tensor *input, void *work,
                           tsr_affine *to_picture, tsr_error *err)
{
    TSR_TRY(tsr_picture_check(input, err));
    writer w = { .how = how, .t = input, .l = layout_of(input) };
    tsr_workspace space = tsr_workspace_make(work);
    uint8_t *canvas = canvas_take(&space, &w.l);
    const size_t stride = (size_t)w.l.w * 3;
    const frame f = fit_frame(how->fit, picture, w.l.w, w.l.h);
    const tsr_image inside = {
        canvas + (size_t)f.y * stride + (size_t)f.x * 3, f.w, f.h, (int)stride
    };
    memset(canvas, 0, stride * (size_t)w.l.h);
    tsr_image_resize(picture, &inside, space.base + space.used);

    table_fill(&w.table, how, input);
    for (int y = 0; y < w.l.h; y++)
        for (int x = 0; x < w.l.w; x++)
            put_pixel(&w, y, x, canvas + (size_t)y * stride + (size_t)x * 3);

    /* Edges meet edges: the frame's corners are the picture's. */
    const float sx = (float)picture->width / (float)f.w, sy = (float)picture->height / (float)f.h;
    *to_picture = (tsr_affine){ { sx, 0, -sx * (float)f.x, 0, sy, -sy * (float)f.y } };
    return TSR_OK;
}

/* ---- a part of the picture -------------------------------------------------- */

/* Bilinear sample at a point; pixels outside the picture are black. */
static void sample(const tsr_image *p, float x, float y, float weight, float sum[3])
{
    /* NaN and far-away points fail this test. */
    if (!(x > -1 && y > -1 && x < (float)p->width + 1 && y < (float)p->height + 1))
        return;
    const float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f);
    const float ax = x - 0.5f - fx, ay = y - 0.5f - fy;
    for (int k = 0; k < 4; k++) {
        const int px = (int)fx + (k & 1), py = (int)fy + (k >> 1);
        if (px < 0 || py < 0 || px >= p->width || py >= p->height)
            continue;
        const float share = weight * (k & 1 ? ax : 1 - ax) * (k >> 1 ? ay : 1 - ay);
        const uint8_t *rgb = p->rgb + (size_t)py * (size_t)p->stride + 3 * (size_t)px;
        for (int c = 0; c < 3; c++)
            sum[c] += share * (float)rgb[c];
    }
}

/* Samples per input pixel and axis, so that a crop that shrinks does not alias. */
static int taps_for(const tsr_affine *a)
{
    const float area = fabsf(a->m[0] * a->m[4] - a->m[1] * a->m[3]);
    const float taps = ceilf(sqrtf(area) - 0.25f);
    return taps >= 1 ? taps <= 8 ? (int)taps : 8 : 1;
}

tsr_status tsr_picture_crop(const tsr_preprocess *how, const tsr_image *picture,
                            const tsr_affine *to_picture, tsr_tensor *input,
                            tsr_error *err)
{
    TSR_TRY(tsr_picture_check(input, err));
    writer w = { .how = how, .t = input, .l = layout_of(input) };
    const int taps = taps_for(to_picture);
    const float weight = 1.0f / (float)(taps * taps);
    table_fill(&w.table, how, input);
    for (int y = 0; y < w.l.h; y++)
        for (int x = 0; x < w.l.w; x++) {
            float sum[3] = { 0.5f, 0.5f, 0.5f };
            for (int k = 0; k < taps * taps; k++) {
                float px = (float)x + ((float)(k % taps) + 0.5f) / (float)taps;
                float py = (float)y + ((float)(k / taps) + 0.5f) / (float)taps;
                tsr_affine_apply(to_picture, &px, &py);
                sample(picture, px, py, weight, sum);
            }
            const uint8_t rgb[3] = { (uint8_t)fminf(sum[0], 255), (uint8_t)fminf(sum[1], 255),
                                     (uint8_t)fminf(sum[2], 255) };
            put_pixel(&w, y, x, rgb);
        }
    return TSR_OK;
}
