/* format.c - see format.h.   SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include "engine/format.h"

typedef struct {
    char *at, *end;             /* end: room for the NUL is behind it */
} sink;

static void put(sink *s, char c)
{
    if (s->at < s->end)
        *s->at++ = c;
}

/* Strings may come from a hostile file: nothing in them may move a terminal's
 * cursor or break a line. */
static void put_string(sink *s, const char *text, int most)
{
    for (int i = 0; text && text[i] && (most < 0 || i < most); i++)
        put(s, (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i]);
}

static void put_unsigned(sink *s, unsigned long long x, unsigned base)
{
    char digits[24];
    int n = 0;
    do
        digits[n++] = "0123456789abcdef"[x % base];
    while (x /= base);
    while (n)
        put(s, digits[--n]);
}

static void put_signed(sink *s, long long x)
{
    if (x < 0)
        put(s, '-');
    put_unsigned(s, x < 0 ? 0ULL - (unsigned long long)x : (unsigned long long)x, 10);
}

/* x = digits * 10^(exponent - 5), digits of six places. */
static void put_six_digits(sink *s, unsigned digits, int exponent)
{
    const bool scientific = exponent < -4 || exponent > 5;
    char d[6];
    int last = 0;
    for (int i = 5; i >= 0; i--, digits /= 10)
        d[i] = (char)('0' + digits % 10);
    for (int i = 0; i < 6; i++)
        last = d[i] != '0' ? i : last;
    const int point = scientific ? 0 : exponent;    /* index of the units digit */
    if (point < 0) {
        put_string(s, "0.", -1);
        for (int i = -1; i > point; i--)
            put(s, '0');
    }
    for (int i = 0; i <= last || i <= point; i++) {
        put(s, d[i]);
        if (i == point && last > point)
            put(s, '.');
    }
    if (scientific) {
        put(s, 'e');
        put(s, exponent < 0 ? '-' : '+');
        const int e = exponent < 0 ? -exponent : exponent;
        if (e < 10)
            put(s, '0');
        put_unsigned(s, (unsigned)e, 10);
    }
}

static void put_double(sink *s, double x)
{
    if (x != x) {
        put_string(s, "nan", -1);
        return;
    }
    if (__builtin_signbit(x)) {
        put(s, '-');
        x = -x;
    }
    if (x > 1.7976931348623157e308) {
        put_string(s, "inf", -1);
        return;
    }
    int exponent = 0;
    if (x > 0) {
        for (; x >= 10.0; x /= 10.0)
            exponent++;
        for (; x < 1.0; x *= 10.0)
            exponent--;
    }
    unsigned digits = (unsigned)(x * 1e5 + 0.5);
    if (digits >= 1000000) {
        digits /= 10;
        exponent++;
    }
    put_six_digits(s, digits, exponent);
}

/* One conversion; `fmt` stands behind the percent sign.  Returns what follows. */
static const char *convert(sink *s, const char *fmt, va_list *ap)
{
    int most = -1, longs = 0;
    bool is_size = false;
    if (*fmt == '.') {
        fmt++;
        if (*fmt == '*') {
            most = va_arg(*ap, int);
            fmt++;
        } else {
            for (most = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
                most = 10 * most + (*fmt - '0');
        }
    }
    for (; *fmt == 'l' || *fmt == 'z'; fmt++)
        *fmt == 'z' ? (void)(is_size = true) : (void)longs++;
    switch (*fmt) {
    case 's': put_string(s, va_arg(*ap, const char *), most); break;
    case 'c': put(s, (char)va_arg(*ap, int)); break;
    case 'g': put_double(s, va_arg(*ap, double)); break;
    case 'd': case 'i':
        put_signed(s, longs > 1 ? va_arg(*ap, long long) : longs ? va_arg(*ap, long)
                   : va_arg(*ap, int));
        break;
    case 'u': case 'x':
        put_unsigned(s, is_size ? va_arg(*ap, size_t) : longs > 1 ? va_arg(*ap, unsigned long long)
                     : longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned),
                     *fmt == 'x' ? 16 : 10);
        break;
    case '\0': return fmt;
    default: put(s, *fmt); break;       /* %% and what we do not know */
    }
    return fmt + 1;
}

void tsr_format(char *text, size_t size, const char *fmt, va_list ap)
{
    if (!size)
        return;
    sink s = { text, text + size - 1 };
    va_list copy;
    va_copy(copy, ap);
    while (*fmt)
        if (*fmt == '%')
            fmt = convert(&s, fmt + 1, &copy);
        else
            put(&s, *fmt++);
    va_end(copy);
    *s.at = '\0';
}
