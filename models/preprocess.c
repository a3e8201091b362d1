/*
 * preprocess.c - a picture becomes the tensor that a network eats.
 *
 *     fit:   picture --resize--> canvas (black borders) --table--> tensor
 *     crop:  tensor pixel --affine--> place in the picture --average--> table (crop_row.c)
 *
 * A byte has only 256 values, so mean, scale and quantisation are worked out
 * once per channel, as a table; the loop over the pixels looks them up and puts
 * them where the tensor's axes say ([1,h,w,c] or [1,c,h,w]).
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "models/crop_row.h"
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

/* Is each channel of the tensor the same function of its byte? */
static bool is_uniform(const tsr_preprocess *how)
{
    return how->mean[0] == how->mean[1] && how->mean[1] == how->mean[2] &&
           how->scale[0] == how->scale[1] && how->scale[1] == how->scale[2] && !how->bgr;
}

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

/* Neighbours in a row.  The usual case, interleaved floats, has a loop of its own. */
static void put_row(const writer *w, int y, int x, int count, const uint8_t *rgb)
{
    if (w->t->dtype != TSR_F32 || w->l.c != 3 || w->l.plane != 1) {
        for (int i = 0; i < count; i++)
            put_pixel(w, y, x + i, rgb + 3 * i);
        return;
    }
    float *to = (float *)w->t->data + (size_t)y * w->l.row + (size_t)x * w->l.column;
    if (is_uniform(w->how)) {           /* then computing is faster than looking up */
        const float mean = w->how->mean[0], scale = w->how->scale[0];
        for (int i = 0; i < 3 * count; i++)
            to[i] = ((float)rgb[i] - mean) * scale;
        return;
    }
    const int red = w->how->bgr ? 2 : 0;
    for (int i = 0; i < count; i++, to += 3, rgb += 3) {
        to[red] = w->table.of[0][rgb[0]];
        to[1] = w->table.of[1][rgb[1]];
        to[2 - red] = w->table.of[2][rgb[2]];
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
        put_row(&w, y, 0, w.l.w, canvas + (size_t)y * stride);

    /* Edges meet edges: the frame's corners are the picture's. */
    const float sx = (float)picture->width / (float)f.w, sy = (float)picture->height / (float)f.h;
    *to_picture = (tsr_affine){ { sx, 0, -sx * (float)f.x, 0, sy, -sy * (float)f.y } };
    return TSR_OK;
}

/* ---- a part of the picture -------------------------------------------------- */

tsr_status tsr_picture_crop(const tsr_preprocess *how, const tsr_image *picture,
                            const tsr_affine *to_picture, tsr_tensor *input,
                            tsr_error *err)
{
    TSR_TRY(tsr_picture_check(input, err));
    writer w = { .how = how, .t = input, .l = layout_of(input) };
    const tsr_cropper cropper = tsr_cropper_make(picture, to_picture);
    uint8_t rgb[3 * TSR_CROP_ROW];
    table_fill(&w.table, how, input);
    for (int y = 0; y < w.l.h; y++)
        for (int x = 0; x < w.l.w; x += TSR_CROP_ROW) {
            const int left = w.l.w - x, count = left < TSR_CROP_ROW ? left : TSR_CROP_ROW;
            tsr_crop_row(&cropper, x, y, count, rgb);
            put_row(&w, y, x, count, rgb);
        }
    return TSR_OK;
}
