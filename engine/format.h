/*
 * format.h - the part of printf that error sentences need, without a libc.
 *
 * Understands %s %.*s %.Ns %d %i %u %x %c %% with z, l and ll, and %g with six
 * significant digits; fields widths and flags are not supported.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_FORMAT_H
#define TSR_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Write at most size - 1 characters and a NUL. */
void tsr_format(char *text, size_t size, const char *fmt, va_list ap);

#endif
