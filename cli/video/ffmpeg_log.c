/*
 * ffmpeg_log.c - see ffmpeg_log.h.
 *
 * The log quotes the file's own texts (titles, comments), so only beginnings of lines
 * are believed, which ffmpeg puts before everything it quotes.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/video/ffmpeg_log.h"

/* Behind "[context] " and "[level] "; *serious: it is an error. */
static const char *skip_tags(const char *s, bool *serious)
{
    static const char *const bad[] = { "[error] ", "[fatal] ", "[panic] " };
    *serious = false;
    while (*s == '[') {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            *serious = *serious || !strncmp(s, bad[i], strlen(bad[i]));
        const char *end = strstr(s, "] ");
        if (!end)
            break;
        s = end + 2;
        if (*serious)
            break;
    }
    return s;
}

static void frame_line(ffmpeg_log *l, const char *s)
{
    const char *pts = strstr(s, " pts:"), *size = strstr(s, " s:");
    ffmpeg_frame f = { (double)NAN, 0, 0 };
    if (!size || sscanf(size, " s:%dx%d", &f.width, &f.height) != 2)
        return;
    char *end;
    const double value = pts ? strtod(pts + 5, &end) : 0;
    if (pts && end != pts + 5 && isfinite(value) && l->unit > 0)
        f.seconds = value * l->unit;
    if (l->count < FFMPEG_LOG_FRAMES)
        l->frame[(l->first + l->count++) % FFMPEG_LOG_FRAMES] = f;
}

static void config_line(ffmpeg_log *l, const char *s)
{
    int num, den, rate_num, rate_den;
    if (sscanf(s, "config in time_base: %d/%d, frame_rate: %d/%d", &num, &den, &rate_num,
               &rate_den) != 4)
        return;
    l->unit = num > 0 && den > 0 ? (double)num / den : 0;
    l->rate_num = rate_num > 0 && rate_den > 0 ? rate_num : 0;
    l->rate_den = rate_den > 0 ? rate_den : 1;
}

static void length_line(ffmpeg_log *l, const char *s)
{
    int h, m;
    double seconds;
    if (l->length <= 0 && sscanf(s, "  Duration: %d:%d:%lf", &h, &m, &seconds) == 3)
        l->length = h * 3600.0 + m * 60.0 + seconds;
}

static void one_line(ffmpeg_log *l, const char *line)
{
    bool serious;
    const char *s = skip_tags(line, &serious);
    if (serious) {
        if (!*l->error)
            snprintf(l->error, sizeof l->error, "%.*s", (int)sizeof l->error - 1, s);
    } else if (!strncmp(line, "[Parsed_showinfo_", 17)) {
        if (!strncmp(s, "n:", 2))
            frame_line(l, s);
        else
            config_line(l, s);
    } else {
        length_line(l, s);
    }
}

size_t ffmpeg_log_room(const ffmpeg_log *l)
{
    return (size_t)(FFMPEG_LOG_FRAMES - l->count);      /* a line has a byte at least */
}

/* Of lines that are too long, the beginning counts. */
void ffmpeg_log_add(ffmpeg_log *l, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n' && text[i] != '\r') {
            if (l->used < sizeof l->line - 1)
                l->line[l->used++] = text[i];
            continue;
        }
        l->line[l->used] = 0;
        l->used = 0;
        one_line(l, l->line);
    }
}

bool ffmpeg_log_take(ffmpeg_log *l, ffmpeg_frame *f)
{
    if (!l->count)
        return false;
    *f = l->frame[l->first];
    l->first = (l->first + 1) % FFMPEG_LOG_FRAMES;
    l->count--;
    return true;
}
