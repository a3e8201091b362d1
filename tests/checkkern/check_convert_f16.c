/*
 * check_convert_f16.c - every convert_f16 variant: all 65536 halves widen exactly to what
 * their bits say, and floats narrow to the nearest half, ties to even.
 *                                                SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>
#include "ops/kernels/convert_f16.h"
#include "tests/checkkern/checkkern.h"

/* What the bits of a half mean; subnormals have no leading 1. */
static double meaning(unsigned h)
{
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const double size = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                      : exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return h & 0x8000 ? -size : size;
}

static void check_widen(const tsr_convert_f16 *v)
{
    enum { ALL = 1 << 16 };
    uint16_t *x = ck_alloc(ALL, sizeof *x);
    float *y = ck_alloc(ALL, sizeof *y);
    for (int i = 0; i < ALL; i++)
        x[i] = (uint16_t)i;
    v->widen(x, y, ALL);
    for (int i = 0; i < ALL; i++) {
        const double want = meaning((unsigned)i), got = (double)y[i];
        if (isnan(want) ? !isnan(got) : got != want)
            ck_fail("half %#x widens to %g, not %g", (unsigned)i, got, want);
    }
    ck_free(x), ck_free(y);
}

/* No other half is nearer, and of two as near the even one is taken. */
static void check_nearest(float x, uint16_t got)
{
    const double g = meaning(got), error = fabs(g - (double)x);
    for (int step = -1; step <= 1; step += 2) {
        const uint16_t other = (uint16_t)(got + step);
        const double o = meaning(other), e = fabs(o - (double)x);
        if ((got ^ other) & 0x8000 || !isfinite(o) || !isfinite(g))
            continue;
        if (e < error || (e == error && e > 0 && got & 1))
            ck_fail("%.9g narrows to %g, but %g is nearer", (double)x, g, o);
    }
}

static void check_narrow(const tsr_convert_f16 *v, size_t n)
{
    float *x = ck_alloc(n, sizeof *x);
    uint16_t *y = ck_alloc(n, sizeof *y);
    for (size_t i = 0; i < n; i++)              /* small, large, and half way between two */
        x[i] = ck_rand(0, 3) ? ldexpf(ck_randf(), ck_rand(-30, 15))
                             : (float)(meaning((unsigned)ck_rand(0, 0x7bfe)) + 0x1p-25);
    v->narrow(x, y, n);
    for (size_t i = 0; i < n; i++)
        check_nearest(x[i], y[i]);
    if (!ck_intact(y))
        ck_fail("%d numbers: wrote outside", (int)n);
    ck_free(x), ck_free(y);
}

static void check_special(const tsr_convert_f16 *v)
{
    const float x[] = { INFINITY, -INFINITY, 65504.0f, 65519.0f, 65520.0f, -1e30f, NAN, -0.0f };
    const uint16_t want[] = { 0x7c00, 0xfc00, 0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000 };
    float many[32];
    uint16_t y[32];
    for (int i = 0; i < 32; i++)
        many[i] = x[i % 8];
    v->narrow(many, y, 32);
    for (int i = 0; i < 32; i++)
        if (i % 8 == 6 ? (y[i] & 0x7c00) != 0x7c00 || !(y[i] & 0x3ff) : y[i] != want[i % 8])
            ck_fail("%g narrows to %#x, not %#x", (double)many[i], (unsigned)y[i],
                    (unsigned)want[i % 8]);
}

void check_convert_f16(void)
{
    int count = 0;
    while (tsr_convert_f16_variants[count])
        count++;
    while (count--) {
        const tsr_convert_f16 *v = tsr_convert_f16_variants[count];
        if (!ck_begin("convert_f16", v->level, v->cpu))
            continue;
        check_widen(v);
        check_special(v);
        for (size_t n = 1; n <= 67; n++)
            check_narrow(v, n);
        check_narrow(v, 5000);
    }
}
