/*
 * file.c - see file.h.
 *
 * Writing takes three steps: a file without a name in the target's directory
 * (Linux: O_TMPFILE; elsewhere a name from mkstemp), fsync, then a name beside
 * the target and a rename over it.  A rename is the one operation that a file
 * system does whole or not at all; before it the target is untouched, and a
 * process killed meanwhile leaves no name behind.
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE             /* O_TMPFILE, where there is one */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/file.h"

/* The one form of all complaints of the system: "cannot VERB 'PATH': reason". */
static tsr_status cannot(const char *verb, const char *path, tsr_error *err)
{
    return tsr_fail(err, TSR_BAD_FILE, "cannot %s '%s': %s", verb, path, strerror(errno));
}

/* ---- reading --------------------------------------------------------------- */

/* A pipe has no size: take it in growing pieces. */
static tsr_status read_stream(int fd, const char *path, cli_file *f, tsr_error *err)
{
    size_t room = 1 << 16, used = 0;
    uint8_t *bytes = malloc(room);
    for (;;) {
        if (bytes && used == room) {
            uint8_t *grown = room > SIZE_MAX / 2 ? NULL : realloc(bytes, room * 2);
            if (!grown)
                free(bytes);
            bytes = grown;
            room *= 2;
        }
        if (!bytes)
            return tsr_fail(err, TSR_NO_MEMORY, "no memory left to read '%s'", path);
        const ssize_t n = read(fd, bytes + used, room - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(bytes);
            return cannot("read", path, err);
        }
        if (n == 0)
            break;
        used += (size_t)n;
    }
    *f = (cli_file){ .bytes = bytes, .size = used };
    return TSR_OK;
}

static tsr_status map_file(int fd, size_t size, const char *path, cli_file *f, tsr_error *err)
{
    /* Private: nothing we do can reach the file, whatever a bug does. */
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return cannot("map", path, err);
    *f = (cli_file){ .bytes = p, .size = size, .mapped = true };
    return TSR_OK;
}

/* What kind of thing is behind the name decides how it is read. */
static tsr_status read_open(int fd, const char *path, cli_file *f, tsr_error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return cannot("read", path, err);
    if (S_ISDIR(st.st_mode))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is a directory, not a file", path);
    if (S_ISREG(st.st_mode) && st.st_size > 0)
        return map_file(fd, (size_t)st.st_size, path, f, err);
    /* Files in /proc are "regular" with size 0, so even those are worth a read. */
    TSR_TRY(read_stream(fd, path, f, err));
    if (f->size == 0) {
        cli_file_close(f);
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is empty (0 bytes)", path);
    }
    return TSR_OK;
}

tsr_status cli_file_open(const char *path, cli_file *f, tsr_error *err)
{
    *f = (cli_file){ 0 };
    if (!strcmp(path, "-"))
        return read_open(STDIN_FILENO, "standard input", f, err);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cannot("open", path, err);
    const tsr_status s = read_open(fd, path, f, err);
    close(fd);
    return s;
}

void cli_file_close(cli_file *f)
{
    if (f->mapped)
        munmap((void *)f->bytes, f->size);
    else
        free((void *)f->bytes);
    *f = (cli_file){ 0 };
}

/* ---- writing --------------------------------------------------------------- */

/* Where a rename would replace something that is not a file (/dev/stdout, a
 * pipe), write to it directly. */
static bool is_special(const char *path)
{
    struct stat st;
    return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* A file without a name in the target's directory: if we are killed, nothing is
 * left.  -1 where the system or the file system has no such thing. */
static int open_nameless(const char *path)
{
    int fd = -1;
#ifdef O_TMPFILE
    char *dir = strdup(path);
    if (dir) {
        char *slash = strrchr(dir, '/');
        if (slash)
            slash[slash == dir] = 0;            /* "/file" is in "/" */
        fd = open(slash ? dir : ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    }
    free(dir);
#endif
    (void)path;
    return fd;
}

static int open_temporary(cli_writer *w)
{
    const size_t n = strlen(w->path);
    w->temporary = malloc(n + 8);
    if (!w->temporary)
        return -1;
    memcpy(w->temporary, w->path, n);
    memcpy(w->temporary + n, ".XXXXXX", 8);
    struct stat st;
    const bool replaces = !stat(w->path, &st);
    int fd = open_nameless(w->path);
    w->nameless = fd >= 0;
    if (fd < 0)
        fd = mkstemp(w->temporary);
    if (fd < 0) {
        free(w->temporary);
        w->temporary = NULL;
        return -1;
    }
    /* mkstemp makes private files: give ours the mode that open() would have
     * given, or that of the file it will replace.  File systems without modes
     * refuse, and that is fine. */
    const mode_t mask = umask(0);
    umask(mask);
    (void)!fchmod(fd, replaces ? st.st_mode & 0777 : 0666 & ~mask);
    return fd;
}

/* Give a nameless file a name of its own; a rename then puts it in place. */
static bool give_name(cli_writer *w)
{
    if (!w->nameless)
        return true;
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fileno(w->stream));
    char *digits = w->temporary + strlen(w->temporary) - 6;
    for (unsigned i = 0, tag = (unsigned)getpid(); i < 1000; i++, tag += 7919) {
        snprintf(digits, 7, "%06x", tag & 0xffffff);
        if (!linkat(AT_FDCWD, self, AT_FDCWD, w->temporary, AT_SYMLINK_FOLLOW)) {
            w->nameless = false;
            return true;
        }
        if (errno != EEXIST)
            return false;
    }
    return false;
}

tsr_status cli_writer_open(const char *path, cli_writer *w, tsr_error *err)
{
    *w = (cli_writer){ 0 };
    struct stat st;
    if (!*path)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the name of the output file is empty");
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return tsr_fail(err, TSR_BAD_FILE, "cannot write '%s': it is a directory", path);
    /* A rename asks the directory only; a file marked read-only means it. */
    if (access(path, W_OK) && errno != ENOENT)
        return cannot("write", path, err);
    /* Through a symbolic link, as any program writes; else the link would be replaced. */
    w->path = realpath(path, NULL);
    if (!w->path)
        w->path = strdup(path);
    if (!w->path)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left to write '%s'", path);
    const int fd = is_special(path) ? open(path, O_WRONLY | O_CLOEXEC) : open_temporary(w);
    w->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!w->stream) {
        const tsr_status s = cannot("write", path, err);
        if (fd >= 0)
            close(fd);
        cli_writer_abort(w);
        return s;
    }
    return TSR_OK;
}

tsr_status cli_writer_commit(cli_writer *w, tsr_error *err)
{
    errno = 0;
    bool good = !fflush(w->stream) && !ferror(w->stream);
    /* Devices and pipes refuse fsync with EINVAL; a file must be on the disk
     * before its name points to it. */
    good = good && (!w->temporary || (!fsync(fileno(w->stream)) && give_name(w)));
    const int write_errno = errno;
    const bool closed = !fclose(w->stream);
    w->stream = NULL;
    if (good)
        good = closed && (!w->temporary || !rename(w->temporary, w->path));
    else
        errno = write_errno ? write_errno : EIO;
    tsr_status s = TSR_OK;
    if (!good)
        s = cannot("write", w->path, err);
    else {
        free(w->temporary);
        w->temporary = NULL;
    }
    cli_writer_abort(w);
    return s;
}

void cli_writer_abort(cli_writer *w)
{
    if (w->stream)
        fclose(w->stream);
    if (w->temporary && !w->nameless)
        unlink(w->temporary);
    free(w->temporary);
    free(w->path);
    *w = (cli_writer){ 0 };
}

tsr_status cli_file_write(const char *path, const void *bytes, size_t size, tsr_error *err)
{
    cli_writer w;
    TSR_TRY(cli_writer_open(path, &w, err));
    fwrite(bytes, 1, size, w.stream);           /* commit sees the stream's error flag */
    return cli_writer_commit(&w, err);
}

/* ---- paths ----------------------------------------------------------------- */

/* A directory that somebody else makes at the same moment is as good as ours. */
static tsr_status make_one(const char *path, tsr_error *err)
{
    struct stat st;
    if (!mkdir(path, 0777))
        return TSR_OK;
    if (errno != EEXIST)
        return cannot("make directory", path, err);
    if (stat(path, &st) || !S_ISDIR(st.st_mode))
        return tsr_fail(err, TSR_BAD_FILE, "'%s' is a file, but a directory is wanted", path);
    return TSR_OK;
}

tsr_status cli_make_dir(const char *path, tsr_error *err)
{
    struct stat st;
    if (!*path)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the name of the directory is empty");
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        return TSR_OK;                          /* also where a parent is not writable */
    char *p = strdup(path);
    if (!p)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory left for '%s'", path);
    tsr_status s = TSR_OK;
    for (char *slash = strchr(p + 1, '/'); slash && s == TSR_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (stat(p, &st) || !S_ISDIR(st.st_mode))
            s = make_one(p, err);
        *slash = '/';
    }
    if (s == TSR_OK)
        s = make_one(p, err);
    free(p);
    return s;
}

char *cli_path_join(const char *dir, const char *name)
{
    const size_t n = strlen(dir), m = strlen(name);
    char *p = malloc(n + m + 2);
    if (p) {
        memcpy(p, dir, n);
        memcpy(p + n + (n && dir[n - 1] != '/'), name, m + 1);
        if (n && dir[n - 1] != '/')
            p[n] = '/';
    }
    return p;
}

const char *cli_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
