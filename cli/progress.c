/* progress.c - see progress.h.   SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <unistd.h>
#include "cli/network.h"
#include "cli/progress.h"

enum { BAR = 24, EVERY_MS = 200 };

void cli_progress_begin(cli_progress *p, bool wanted)
{
    *p = (cli_progress){ wanted && isatty(STDERR_FILENO), cli_clock_ms(), 0 };
}

void cli_progress_frame(cli_progress *p, long frames, double seconds, double length)
{
    static const char full[] = "########################";
    static const char none[] = "........................";
    const double now = cli_clock_ms(), past = (now - p->begin) / 1000;
    if (!p->shown || now - p->last < EVERY_MS || past <= 0)
        return;
    p->last = now;
    double part = length > 0 ? seconds / length : -1;
    part = part > 1 ? 1 : part;
    if (part > 0) {
        const int n = (int)(part * BAR), left = (int)(past / part - past + 0.5);
        fprintf(stderr, "\r[%.*s%.*s] %3.0f %%  frame %ld, %.1f fps, %d:%02d left  ", n, full,
                BAR - n, none, 100 * part, frames, (double)frames / past, left / 60, left % 60);
    } else {
        fprintf(stderr, "\rframe %ld, %.1f fps  ", frames, (double)frames / past);
    }
    fflush(stderr);
}

double cli_progress_end(cli_progress *p, long frames)
{
    const double past = (cli_clock_ms() - p->begin) / 1000;
    if (p->shown)
        fprintf(stderr, "\r%*s\r", BAR + 52, "");
    p->shown = false;
    return past > 0 ? (double)frames / past : 0;
}
