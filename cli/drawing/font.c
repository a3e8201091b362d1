/*
 * font.c - letters made of strokes, so that text is smooth at any size.
 *
 * A glyph is a string of points on a grid, two base-36 digits each: x from the
 * left, y from the bottom; 4 is the baseline, e (14) the height of small letters,
 * i (18) that of capitals, 0 the lowest descender.  A blank starts a new stroke.
 * A point after '~' is not on the stroke but bends it: the control point of a
 * quadratic Bezier curve; between two of those the middle lies on the stroke.
 *
 *     n:  "0e04 0a~0e4e~8e8a84"      the stem, then the arch
 *
 * A glyph is drawn as a whole: each pixel takes its distance from the nearest of
 * the glyph's pieces, so strokes that cross do not add up where they overlap.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "cli/drawing/draw.h"

enum { FIRST = ' ', LAST = '~', BASELINE = 4, CAPITAL = 14, CURVE_STEPS = 6, MAX_PIECES = 96 };

static const float weight = 1.05f;      /* half the width of a stroke, in grid units */
static const float gap = 4.3f;          /* from one glyph's last point to the next's first */

static const char *const glyphs[LAST - FIRST + 1] = {
    [' ' - FIRST] = "",
    ['!' - FIRST] = "0i09 0404",
    ['"' - FIRST] = "0i0f 3i3f",
    ['#' - FIRST] = "2i14 7i64 0d8d 0888",
    ['$' - FIRST] = "8f~7h4h~0h~0b4b~8b~8545~1508 4j43",
    ['%' - FIRST] = "2i~4i~4e2e~0e~0i2i ai14 98~b8~b494~74~7898",
    ['&' - FIRST] = "a42d~1e1f~1i4i~7i7f~7c3b~0a07~0444~8499",
    ['\'' - FIRST] = "0i0f",
    ['(' - FIRST] = "3j~0g0b~0633",
    [')' - FIRST] = "0j~3g3b~3603",
    ['*' - FIRST] = "3i3a 0g6c 6g0c",
    ['+' - FIRST] = "4e46 0a8a",
    [',' - FIRST] = "1402",
    ['-' - FIRST] = "0a5a",
    ['.' - FIRST] = "0404",
    ['/' - FIRST] = "036i",
    ['0' - FIRST] = "4i~8i~8444~04~0i4i",
    ['1' - FIRST] = "1f4i44",
    ['2' - FIRST] = "0f~0i4i~8i8e~8b0484",
    ['3' - FIRST] = "0i8i4c~8c~8444~1406",
    ['4' - FIRST] = "646i0888",
    ['5' - FIRST] = "7i1i0b~2d4d~8d~8444~1406",
    ['6' - FIRST] = "7i~0h09~0444~84~8d4d~0d09",
    ['7' - FIRST] = "0i8i34",
    ['8' - FIRST] = "4i~7i~7c4c~1c~1i4i 4c~8c~8444~04~0c4c",
    ['9' - FIRST] = "14~858d~8i4i~0i~0949~898d",
    [':' - FIRST] = "0404 0c0c",
    [';' - FIRST] = "1402 1c1c",
    ['<' - FIRST] = "7f0a75",
    ['=' - FIRST] = "0c8c 0888",
    ['>' - FIRST] = "0f7a05",
    ['?' - FIRST] = "0f~0i4i~8i8e~8b4b48 4444",
    ['@' - FIRST] = "9f~7c~5c~5757~78~9a9f~9868~c7c8cb~ci~0i~02~7274",
    ['A' - FIRST] = "045ia4 2989",
    ['B' - FIRST] = "0b5b~9b~9i5i0i0454~a4~ab5b",
    ['C' - FIRST] = "9f~8i5i~0i~0454~8497",
    ['D' - FIRST] = "040i4i~ai~a44404",
    ['E' - FIRST] = "8i0i0484 0b7b",
    ['F' - FIRST] = "8i0i04 0b7b",
    ['G' - FIRST] = "9f~8i5i~0i~0454~a4a8ab6b",
    ['H' - FIRST] = "0i04 9i94 0b9b",
    ['I' - FIRST] = "0i04",
    ['J' - FIRST] = "6i68~6434~0408",
    ['K' - FIRST] = "0i04 8i09 3c94",
    ['L' - FIRST] = "0i0484",
    ['M' - FIRST] = "040i69cic4",
    ['N' - FIRST] = "040i949i",
    ['O' - FIRST] = "5i~ai~a454~04~0i5i",
    ['P' - FIRST] = "040i5i~9i~9a5a0a",
    ['Q' - FIRST] = "5i~ai~a454~04~0i5i 68a3",
    ['R' - FIRST] = "040i5i~9i~9a5a0a 5a94",
    ['S' - FIRST] = "9f~8i5i~0i~0b5b~ab~a454~1407",
    ['T' - FIRST] = "0iai 5i54",
    ['U' - FIRST] = "0i09~0454~a4a9ai",
    ['V' - FIRST] = "0i54ai",
    ['W' - FIRST] = "0i447ga4ei",
    ['X' - FIRST] = "0i94 9i04",
    ['Y' - FIRST] = "0i5b ai5b54",
    ['Z' - FIRST] = "0i9i0494",
    ['[' - FIRST] = "3j0j0333",
    ['\\' - FIRST] = "0i63",
    [']' - FIRST] = "0j3j3303",
    ['^' - FIRST] = "0d3i6d",
    ['_' - FIRST] = "0292",
    ['`' - FIRST] = "0i3f",
    ['a' - FIRST] = "4e~8e~8444~04~0e4e 8e84",
    ['b' - FIRST] = "4e~8e~8444~04~0e4e 0i04",
    ['c' - FIRST] = "8c~7e4e~0e~0444~7486",
    ['d' - FIRST] = "4e~8e~8444~04~0e4e 8i84",
    ['e' - FIRST] = "0989~8e4e~0e~0444~7486",
    ['f' - FIRST] = "5i~2i2f24 0e5e",
    ['g' - FIRST] = "4e~8e~8444~04~0e4e 8e83~8040~1002",
    ['h' - FIRST] = "0i04 0a~0e4e~8e8a84",
    ['i' - FIRST] = "0e04 0i0i",
    ['j' - FIRST] = "3e33~3000 3i3i",
    ['k' - FIRST] = "0i04 7e08 3a84",
    ['l' - FIRST] = "0i07~0424",
    ['m' - FIRST] = "0e04 0a~0e3e~6e6a64 6a~6e9e~cecac4",
    ['n' - FIRST] = "0e04 0a~0e4e~8e8a84",
    ['o' - FIRST] = "4e~8e~8444~04~0e4e",
    ['p' - FIRST] = "4e~8e~8444~04~0e4e 0e00",
    ['q' - FIRST] = "4e~8e~8444~04~0e4e 8e80",
    ['r' - FIRST] = "0e04 09~0e5e",
    ['s' - FIRST] = "7c~6e4e~0e~0949~89~8444~1406",
    ['t' - FIRST] = "2h27~2454 0e5e",
    ['u' - FIRST] = "0e08~0444~8488 8e84",
    ['v' - FIRST] = "0e448e",
    ['w' - FIRST] = "0e346e94ce",
    ['x' - FIRST] = "0e84 8e04",
    ['y' - FIRST] = "0e44 8e20",
    ['z' - FIRST] = "0e8e0484",
    ['{' - FIRST] = "4j~2j2g~2b0b~2b26~2343",
    ['|' - FIRST] = "0j02",
    ['}' - FIRST] = "0j~2j2g~2b4b~2b26~2303",
    ['~' - FIRST] = "0a~0c2c~4a6a~8a8c",
};

/* Straight pieces of one glyph, in grid units. */
typedef struct { cli_spot a, b; } piece;
typedef struct {
    piece of[MAX_PIECES];
    int count;
    float width;                /* largest x of a point */
} outline;

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void add(outline *o, cli_spot a, cli_spot b)
{
    if (o->count < MAX_PIECES)
        o->of[o->count++] = (piece){ a, b };
}

static void add_curve(outline *o, cli_spot a, cli_spot control, cli_spot b)
{
    cli_spot last = a;
    for (int i = 1; i <= CURVE_STEPS; i++) {
        const float t = (float)i / CURVE_STEPS, u = 1 - t;
        const cli_spot p = { u * u * a.x + 2 * u * t * control.x + t * t * b.x,
                             u * u * a.y + 2 * u * t * control.y + t * t * b.y };
        add(o, last, p);
        last = p;
    }
}

static void trace(outline *o, const char *s)
{
    cli_spot last = { 0, 0 }, control = { 0, 0 };
    bool started = false, bent = false;
    for (o->count = 0, o->width = 0; *s; ) {
        if (*s == ' ') {
            started = false;
            s++;
            continue;
        }
        const bool bends = *s == '~';
        s += bends;
        const cli_spot p = { (float)digit(s[0]), (float)digit(s[1]) };
        s += 2;
        o->width = fmaxf(o->width, p.x);
        if (started && bent) {
            const cli_spot middle = { (control.x + p.x) / 2, (control.y + p.y) / 2 };
            add_curve(o, last, control, bends ? middle : p);
            last = bends ? middle : p;
        } else if (started && !bends) {
            add(o, last, p);
        }
        control = p;
        bent = started && bends;
        last = bends ? last : p;
        started = true;
    }
}

static float piece_distance(const piece *s, float x, float y)
{
    const float dx = s->b.x - s->a.x, dy = s->b.y - s->a.y, length2 = dx * dx + dy * dy;
    float t = length2 > 0 ? ((x - s->a.x) * dx + (y - s->a.y) * dy) / length2 : 0;
    t = t > 0 ? t < 1 ? t : 1 : 0;
    return hypotf(x - s->a.x - t * dx, y - s->a.y - t * dy);
}

static void draw_outline(const tsr_image *to, const outline *o, cli_spot at, float unit,
                         cli_paint paint)
{
    if (!(fabsf(at.x) < 1e6f && fabsf(at.y) < 1e6f && unit < 1e4f))
        return;                                         /* also NaN */
    const float half = fmaxf(weight, 0.55f / unit);     /* never thinner than a pixel */
    const int x0 = (int)floorf(at.x - 2 * unit), x1 = (int)ceilf(at.x + (o->width + 2) * unit);
    const int y0 = (int)floorf(at.y - 17 * unit), y1 = (int)ceilf(at.y + 6 * unit);
    for (int y = y0 > 0 ? y0 : 0; y < y1 && y < to->height; y++)
        for (int x = x0 > 0 ? x0 : 0; x < x1 && x < to->width; x++) {
            const float gx = ((float)x + 0.5f - at.x) / unit;
            const float gy = BASELINE - ((float)y + 0.5f - at.y) / unit;
            float d = INFINITY;
            for (int i = 0; i < o->count; i++)
                d = fminf(d, piece_distance(&o->of[i], gx, gy));
            d = (d - half) * unit;
            if (d < 0.5f)
                cli_draw_pixel(to, x, y, paint, d > -0.5f ? 0.5f - d : 1);
        }
}

float cli_draw_text(const tsr_image *to, cli_spot at, float size, const char *text,
                    cli_paint paint)
{
    const float unit = size / CAPITAL;
    float x = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c & 0xC0) == 0x80)
            continue;                           /* the rest of a UTF-8 character */
        outline o;
        trace(&o, glyphs[(*c < FIRST || *c > LAST ? '?' : *c) - FIRST]);
        if (to)
            draw_outline(to, &o, (cli_spot){ at.x + x, at.y }, unit, paint);
        x += (*c == ' ' ? 6 : o.width + gap) * unit;
    }
    return x > 0 ? x - gap * unit : 0;
}
