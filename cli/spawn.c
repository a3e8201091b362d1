/*
 * spawn.c - see spawn.h.
 *
 * No shell takes part, so no name or address needs quoting.  The child gets a
 * process group of its own: npm starts helpers, and all of them have to stop
 * when we are asked to.  Whether exec succeeded is told through a pipe that exec
 * itself closes: the parent reads an errno, or the end of the pipe.
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/file.h"
#include "cli/spawn.h"

/* Signal handlers can only talk through globals. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t child;

static void on_signal(int number)
{
    stop_signal = number;
    if (child > 0)
        kill(-child, SIGTERM);          /* its whole group: npm has children, too */
}

void cli_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction before;
    if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN)     /* nohup */
        sigaction(SIGHUP, &action, NULL);
}

bool cli_interrupted(void) { return stop_signal != 0; }

int cli_stop_signal(void) { return stop_signal; }

/* In the child: put `from` in the place of descriptor `to`. */
static bool place(int from, int to)
{
    if (from < 0 && to > 2)
        return true;
    if (from < 0)
        from = open("/dev/null", to == 0 ? O_RDONLY : O_WRONLY);
    return from >= 0 && dup2(from, to) >= 0;
}

/* In the child: never returns.  A failed exec is told through the pipe, which a
 * successful one closes. */
static void become(const char *const *argv, const char *dir, const int fd[4], int tell)
{
    enum { OUT_OF_THE_WAY = 16 };
    setpgid(0, 0);
    bool good = !dir || !chdir(dir);
    /* First away from 0 to 3, so that none overwrites another. */
    int safe[4];
    tell = fcntl(tell, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    for (int i = 0; i < 4; i++) {
        safe[i] = fd[i] < 0 ? -1 : fcntl(fd[i], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        good = good && (safe[i] >= 0) == (fd[i] >= 0);
    }
    for (int i = 0; i < 4; i++)
        good = good && place(safe[i], i);
    if (good)
        execvp(argv[0], (char *const *)argv);
    const int why = errno;
    if (write(tell, &why, sizeof why) < 0)
        _exit(126);
    _exit(127);
}

/* A signal interrupts the wait, not the child: wait again. */
int cli_spawn_wait(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cli_spawn_start(const char *const *argv, const char *dir, const int fd[4], pid_t *pid)
{
    int tell[2], why = 0;
    if (pipe(tell))
        return errno;
    fcntl(tell[0], F_SETFD, FD_CLOEXEC);
    fcntl(tell[1], F_SETFD, FD_CLOEXEC);
    *pid = fork();
    if (*pid == 0)
        become(argv, dir, fd, tell[1]);
    const int fork_errno = errno;
    close(tell[1]);
    if (*pid < 0) {
        why = fork_errno;
    } else {
        setpgid(*pid, *pid);            /* here and there: whoever comes first */
        ssize_t n;
        while ((n = read(tell[0], &why, sizeof why)) < 0 && errno == EINTR) {
        }
        if (n != sizeof why)
            why = 0;
        else
            cli_spawn_wait(*pid);
    }
    close(tell[0]);
    return why;
}

cli_spawn_result cli_spawn(const char *const *argv, const char *dir, const char *log)
{
    cli_spawn_result r = { 0 };
    pid_t pid;
    const int err = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const int fd[4] = { -1, -1, err, -1 };
    r.start_errno = err < 0 ? errno : cli_spawn_start(argv, dir, fd, &pid);
    if (r.start_errno == 0) {
        child = pid;
        if (cli_interrupted())          /* between the last look and now */
            kill(-pid, SIGTERM);
        r.exit_status = cli_spawn_wait(pid);
        child = 0;
    }
    if (err >= 0)
        close(err);
    r.interrupted = cli_interrupted();
    return r;
}

char *cli_temp_dir_make(tsr_error *err)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = cli_path_join(tmp && *tmp ? tmp : "/tmp", "tarsier-XXXXXX");
    if (!dir) {
        tsr_fail(err, TSR_NO_MEMORY, "no memory left for a temporary directory");
        return NULL;
    }
    if (!mkdtemp(dir)) {
        tsr_fail(err, TSR_BAD_FILE, "cannot make the temporary directory '%s': %s", dir,
                 strerror(errno));
        free(dir);
        return NULL;
    }
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

void cli_temp_dir_remove(const char *dir)
{
    /* Contents before their directory, and no step through symbolic links. */
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
