/*
 * test_file.c - reading and writing files: what is refused, that a target is
 * never half-written, and that nothing is left behind.
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>
#include "cli/file.h"
#include "cli/spawn.h"

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = cli_temp_dir_make(NULL);
    return dir && !chdir(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cli_temp_dir_remove(dir);
    const bool gone = access(dir, F_OK) != 0;
    free(dir);
    return chdir("/") || !gone;
}

static void put(const char *path, const char *text)
{
    tsr_error err = { 0 };
    assert_int_equal(cli_file_write(path, text, strlen(text), &err), TSR_OK);
}

static void assert_holds(const char *path, const char *text)
{
    cli_file f;
    assert_int_equal(cli_file_open(path, &f, NULL), TSR_OK);
    assert_int_equal(f.size, strlen(text));
    assert_memory_equal(f.bytes, text, f.size);
    cli_file_close(&f);
}

/* How many names there are in the test's directory. */
static int count_files(void)
{
    DIR *d = opendir(".");
    int n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void assert_refused(const char *path, const char *says)
{
    cli_file f;
    tsr_error err = { 0 };
    assert_int_not_equal(cli_file_open(path, &f, &err), TSR_OK);
    if (!strstr(err.text, path) || !strstr(err.text, says))
        fail_msg("'%s': %s", path, err.text);
    assert_null(f.bytes);
    cli_file_close(&f);
}

static void test_refuse_to_read(void **state)
{
    (void)state;
    assert_refused("nothing", "No such file");
    assert_refused(".", "is a directory");
    put("empty", "");
    assert_refused("empty", "is empty");
    assert_refused("empty/below", "Not a directory");
    assert_refused("/dev/null", "is empty");
}

static void test_read_pipe(void **state)
{
    (void)state;
    enum { SIZE = 300000 };             /* more than one growth of the buffer */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    const pid_t child = fork();
    if (child == 0) {
        char *bytes = calloc(1, SIZE);
        const int fd = open("pipe", O_WRONLY);
        _exit(!bytes || write(fd, bytes, SIZE) != SIZE);
    }
    cli_file f;
    assert_int_equal(cli_file_open("pipe", &f, NULL), TSR_OK);
    assert_int_equal(f.size, SIZE);
    assert_false(f.mapped);
    cli_file_close(&f);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void test_replace(void **state)
{
    (void)state;
    put("a", "old");
    assert_int_equal(chmod("a", 0640), 0);
    put("a", "brand new");
    assert_holds("a", "brand new");
    struct stat st;
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);

    assert_int_equal(symlink("a", "link"), 0);
    put("link", "through");             /* the link stays one */
    assert_holds("a", "through");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(count_files(), 2);
}

static void test_abort_keeps_old(void **state)
{
    (void)state;
    put("a", "old");
    cli_writer w;
    assert_int_equal(cli_writer_open("a", &w, NULL), TSR_OK);
    fputs("half of the n", w.stream);
    fflush(w.stream);
    assert_holds("a", "old");
    cli_writer_abort(&w);
    cli_writer_abort(&w);               /* harmless */
    assert_holds("a", "old");
    assert_int_equal(count_files(), 1);
}

/* Killed in the middle, without a chance to clean up. */
static void test_kill_keeps_old(void **state)
{
    (void)state;
    put("a", "old");
    const pid_t child = fork();
    if (child == 0) {
        cli_writer w;
        if (cli_writer_open("a", &w, NULL) != TSR_OK)
            _exit(1);
        fputs("half of the n", w.stream);
        fflush(w.stream);
        /* Where the file system has no nameless files a name has to be seen. */
        if (!w.nameless)
            cli_writer_abort(&w);
        raise(SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_holds("a", "old");
    assert_int_equal(count_files(), 1);
}

static void assert_not_written(const char *path, const char *says)
{
    tsr_error err = { 0 };
    assert_int_not_equal(cli_file_write(path, "text", 4, &err), TSR_OK);
    if (!strstr(err.text, says))
        fail_msg("'%s': %s", path, err.text);
}

static void test_refuse_to_write(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_not_written("d", "is a directory");
    assert_not_written("nowhere/a", "No such file");
    assert_not_written("", "empty");
    assert_not_written("/dev/full", "No space left");
    put("a", "file");
    assert_not_written("a/b", "Not a directory");
    if (geteuid() != 0) {               /* root may do anything */
        put("locked", "old");
        assert_int_equal(chmod("locked", 0400), 0);
        assert_not_written("locked", "Permission denied");
        assert_holds("locked", "old");
    }
    assert_holds("a", "file");
}

static void test_write_device(void **state)
{
    (void)state;
    put("/dev/null", "gone");           /* written to, not replaced */
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_make_dir(void **state)
{
    (void)state;
    tsr_error err = { 0 };
    assert_int_equal(cli_make_dir("x/y//z", &err), TSR_OK);
    assert_int_equal(cli_make_dir("x/y/z/", &err), TSR_OK);
    assert_int_equal(cli_make_dir(".", &err), TSR_OK);
    assert_int_equal(access("x/y/z", F_OK), 0);
    put("x/file", "text");
    assert_int_not_equal(cli_make_dir("x/file", &err), TSR_OK);
    assert_non_null(strstr(err.text, "x/file"));
    assert_int_not_equal(cli_make_dir("x/file/below", NULL), TSR_OK);
    assert_int_not_equal(cli_make_dir("", NULL), TSR_OK);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { "", "b", "b" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *joined = cli_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(joined, cases[i][2]);
        free(joined);
    }
    assert_string_equal(cli_path_base("a/b.c"), "b.c");
    assert_string_equal(cli_path_base("b.c"), "b.c");
}

static void test_spawn(void **state)
{
    (void)state;
    const char *const good[] = { "true", NULL }, *const bad[] = { "false", NULL };
    const char *const none[] = { "no-such-program", NULL };
    const char *const talks[] = { "ls", "no-such-file", NULL };
    assert_int_equal(cli_spawn(good, ".", "log").exit_status, 0);
    assert_int_equal(cli_spawn(bad, ".", "log").exit_status, 1);
    assert_int_equal(cli_spawn(none, ".", "log").start_errno, ENOENT);
    assert_int_equal(cli_spawn(good, "nowhere", "log").start_errno, ENOENT);
    const cli_spawn_result r = cli_spawn(talks, ".", "log");
    assert_int_equal(r.start_errno, 0);
    assert_int_not_equal(r.exit_status, 0);
    cli_file f;
    assert_int_equal(cli_file_open("log", &f, NULL), TSR_OK);   /* its complaint */
    cli_file_close(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refuse_to_read), TEST(test_read_pipe), TEST(test_replace),
        TEST(test_abort_keeps_old), TEST(test_kill_keeps_old), TEST(test_refuse_to_write),
        TEST(test_write_device), TEST(test_make_dir), TEST(test_paths), TEST(test_spawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
