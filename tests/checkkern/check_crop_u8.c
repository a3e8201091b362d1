/*
 * check_crop_u8.c - every crop_u8 variant against weights in 64 bits, bit for bit.
 *
 * `one` is a weighted sum but for two roundings, which the contract names.
 *                                                SPDX-License-Identifier: MIT
 */
#include "ops/kernels/crop_u8.h"
#include "tests/checkkern/checkkern.h"

enum { POINT = TSR_CROP_U8_POINT, MOST = TSR_CROP_U8_MOST };

static int64_t floor_div(int64_t a, int64_t b)
{
    return (a - (a % b + b) % b) / b;
}

/* Channel c of a picture, `right` pixels to the right of the place and `below` below it. */
typedef struct { const uint8_t *rgb; int stride, x, y, c; } channel;

static int64_t at(const channel *p, int right, int below)
{
    return p->rgb[(p->y + below) * p->stride + 3 * (p->x + right) + p->c];
}

static int64_t want_one(const channel *p, int64_t fx, int64_t fy)
{
    const int64_t f = fx * 64 >> POINT, g = fy * 32768 >> POINT;
    const int64_t a = (64 - f) * at(p, 0, 0) + f * at(p, 1, 0);
    const int64_t b = (64 - f) * at(p, 0, 1) + f * at(p, 1, 1);
    return floor_div(a + floor_div((b - a) * g, 32768) + 32, 64);
}

static int64_t want_two(const channel *p, int64_t fx, int64_t fy)
{
    const int64_t f = fx * 32 >> POINT, g = fy * 32 >> POINT;
    const int64_t across[] = { 32 - f, 32, f }, down[] = { 32 - g, 32, g };
    int64_t sum = 2048;
    for (int k = 0; k < 9; k++)
        sum += across[k % 3] * down[k / 3] * at(p, k % 3, k / 3);
    return sum / 4096;
}

/* A run whose first and last place are anywhere in the picture where all that is read of
 * their rows exists: the picture is as large as it must be and no byte larger. */
static tsr_crop_u8_walk random_walk(int w, int h, int taps, int count)
{
    const int reads = taps == 1 ? TSR_CROP_U8_ONE_READS : TSR_CROP_U8_TWO_READS;
    const int most_x = (w - reads + 1) << POINT, most_y = (h - taps) << POINT;
    const int x0 = ck_rand(0, most_x - 1), x1 = ck_rand(0, most_x - 1);
    const int y0 = ck_rand(0, most_y - 1), y1 = ck_rand(0, most_y - 1);
    const int steps = count > 1 ? count - 1 : 1;
    return (tsr_crop_u8_walk){ x0, y0, (x1 - x0) / steps, (y1 - y0) / steps };
}

static void check(const tsr_crop_u8 *v, int w, int h, int taps, int count)
{
    uint8_t *rgb = ck_alloc_u8((size_t)(3 * w * h)), *y = ck_alloc_u8((size_t)(3 * count));
    const tsr_crop_u8_walk walk = random_walk(w, h, taps, count);
    (taps == 1 ? v->one : v->two)(rgb, 3 * w, walk, count, y);
    for (int i = 0; i < 3 * count; i++) {
        const int64_t px = walk.x + i / 3 * walk.dx, py = walk.y + i / 3 * walk.dy;
        const channel c = { rgb, 3 * w, (int)(px >> POINT), (int)(py >> POINT), i % 3 };
        const int64_t want = (taps == 1 ? want_one : want_two)(&c, px & 0xFFFF, py & 0xFFFF);
        if (y[i] != want)
            ck_fail("%d tap(s), %d x %d, %d places: y[%d] is %d, want %d", taps, w, h, count, i,
                    y[i], (int)want);
    }
    if (!ck_intact(y))
        ck_fail("%d tap(s), %d places: wrote outside y", taps, count);
    ck_free(rgb), ck_free(y);
}

typedef struct { const tsr_crop_u8 *v; uint8_t *rgb, *y; } bench_case;

enum { WIDE = 640, HIGH = 480, SIDE = 192 };

static const tsr_crop_u8_walk bench_walk = { 40 << POINT, 40 << POINT, 70000, 20000 };

static void run_one(void *arg)
{
    const bench_case *b = arg;
    for (int i = 0; i < SIDE; i++)
        b->v->one(b->rgb + 3 * WIDE * i, 3 * WIDE, bench_walk, MOST, b->y);
}

static void run_two(void *arg)
{
    const bench_case *b = arg;
    for (int i = 0; i < SIDE; i++)
        b->v->two(b->rgb + 3 * WIDE * i, 3 * WIDE, bench_walk, MOST, b->y);
}

static void check_variant(const tsr_crop_u8 *v)
{
    if (!ck_begin("crop_u8", v->level, v->cpu))
        return;
    for (int k = 0; k < 400; k++) {
        const int taps = 1 + k % 2, count = k < 2 * MOST ? 1 + k / 2 : ck_rand(1, MOST);
        check(v, ck_rand(3 * taps, 3 * taps + 20), ck_rand(taps + 1, taps + 20), taps, count);
    }
    if (!ck_benching())
        return;
    bench_case b = { v, ck_alloc_u8(3 * WIDE * HIGH), ck_alloc_u8(3 * MOST) };
    ck_bench("1 x 1, pixels", run_one, &b, SIDE * MOST);
    ck_bench("2 x 2, pixels", run_two, &b, SIDE * MOST);
    ck_free(b.rgb), ck_free(b.y);
}

void check_crop_u8(void)
{
    int count = 0;
    while (tsr_crop_u8_variants[count])
        count++;
    while (count--)             /* the reference first: speeds are relative to it */
        check_variant(tsr_crop_u8_variants[count]);
}
