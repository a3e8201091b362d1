/* status.c - see status.h.   SPDX-License-Identifier: MIT */
#include <stdio.h>
#include "engine/status.h"

tsr_status tsr_fail(tsr_error *e, tsr_status s, const char *fmt, ...)
{
    if (e && e->status == TSR_OK) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->text, sizeof e->text, fmt, ap);
        va_end(ap);
        e->status = s;
    }
    return s;
}
