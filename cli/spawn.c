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
    sigaction(SIGHUP, &action, NULL);
}

bool cli_interrupted(void) { return stop_signal != 0; }

/* In the child: never returns.  A failed exec is told through the pipe, which a
 * successful one closes. */
static void become(const char *const *argv, const char *dir, const char *log, int tell)
{
    setpgid(0, 0);
    const int in = open("/dev/null", O_RDONLY), out = open("/dev/null", O_WRONLY);
    const int err = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in >= 0 && out >= 0 && err >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0
        && dup2(err, 2) >= 0 && !chdir(dir))
        execvp(argv[0], (char *const *)argv);
    const int why = errno;
    if (write(tell, &why, sizeof why) < 0)
        _exit(126);
    _exit(127);
}

/* A signal interrupts the wait, not the child: wait again. */
static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

cli_spawn_result cli_spawn(const char *const *argv, const char *dir, const char *log)
{
    cli_spawn_result r = { 0 };
    int tell[2];
    if (pipe(tell)) {
        r.start_errno = errno;
        return r;
    }
    fcntl(tell[1], F_SETFD, FD_CLOEXEC);
    const pid_t pid = fork();
    if (pid == 0) {
        close(tell[0]);
        become(argv, dir, log, tell[1]);
    }
    const int fork_errno = errno;
    close(tell[1]);
    if (pid < 0) {
        r.start_errno = fork_errno;
    } else {
        setpgid(pid, pid);              /* here and there: whoever comes first */
        child = pid;
        if (cli_interrupted())          /* between the last look and now */
            kill(-pid, SIGTERM);
        ssize_t n;
        while ((n = read(tell[0], &r.start_errno, sizeof r.start_errno)) < 0 && errno == EINTR) {
        }
        r.exit_status = wait_for(pid);
        child = 0;
        if (n != sizeof r.start_errno)
            r.start_errno = 0;
    }
    close(tell[0]);
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
