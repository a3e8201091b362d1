/*
 * draw.h - smooth shapes and text on a picture.
 *
 * Every shape is a signed distance: negative inside, and a pixel whose centre is
 * d outside gets the share 0.5 - d of the colour, between 0 and 1.  That is
 * anti-aliasing without samples, at any size.  Coordinates are as in vision.h:
 * pixel i reaches from i to i + 1; shapes may lie outside the picture.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DRAW_H
#define CLI_DRAW_H

#include "models/vision.h"

typedef struct { uint8_t r, g, b; float alpha; } cli_paint;

typedef struct { float x, y; } cli_spot;

/* A line with round ends: radius and paint run from a to b. */
typedef struct {
    cli_spot a, b;
    float radius_a, radius_b;
    cli_paint paint_a, paint_b;
} cli_stroke;

typedef struct { float x0, y0, x1, y1; } cli_rect;

/* Sizes of what is drawn follow it. */
float cli_shorter_side(const tsr_image *p);

void cli_draw_stroke(const tsr_image *to, const cli_stroke *s);
void cli_draw_dot(const tsr_image *to, cli_spot centre, float radius, cli_paint paint);

/* Filled; with `line` > 0 only a frame of that thickness, half inside half outside. */
void cli_draw_rect(const tsr_image *to, const cli_rect *r, float corner, float line,
                   cli_paint paint);

/* `size` is the height of a capital letter, in pixels; `at` is the left end of the
 * baseline.  Returns the width.  With `to` NULL nothing is drawn, only measured. */
float cli_draw_text(const tsr_image *to, cli_spot at, float size, const char *text,
                    cli_paint paint);

/* Mix a paint into one pixel, `share` of its alpha. */
void cli_draw_pixel(const tsr_image *to, int x, int y, cli_paint paint, float share);

/* The same for many pixels: with what each is mixed, `mix[byte of the plane]`.  Nothing is
 * `cli_mix_of` with a share or an alpha of 0. */
typedef struct { uint32_t keep, add[3]; } cli_mix;      /* (under * keep + add) >> 16 */
cli_mix cli_mix_of(cli_paint paint, float share);
void cli_draw_plane(const tsr_image *to, const tsr_plane *plane, const cli_mix mix[256]);

#endif
