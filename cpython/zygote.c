#include "zygote.h"

#include "fork.h"
#include "go_gate.h"
#include "here.h"
#include "load.h"
#include "stop_check.h"
#include "zygote_import.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int connection = -1;
static const char *home; // written before Go starts

int maestro_zygote_connection(void) { return connection; }

const char *maestro_zygote_home(void) { return home; }

char *maestro_zygote_adopt(void) {
    maestro_go = GO_RUNS;
    char *message = maestro_stop_signal_load();
    return message ? message : maestro_fork_load();
}

// Sends a message, with a descriptor unless that is negative. The server that does not
// read it is dead.
static void tell(int control, const char *text, int fd) {
    struct iovec part = {(void *)text, strlen(text)};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } rights = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &rights;
        message.msg_controllen = sizeof rights;
        rights.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&rights.head), &fd, sizeof fd);
    }
    while (sendmsg(control, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            _exit(0);
}

// Takes a request. Returns the descriptor that came with it; -1 where none did; ends where the
// socket is closed.
static int take(int control) {
    char byte;
    struct iovec part = {&byte, 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } rights;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    ssize_t size = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN))
        _exit(0);
    struct cmsghdr *head = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int fd = -1;
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

static pid_t *children;
static size_t child_count;

static int note_child(pid_t pid) {
    pid_t *grown = realloc(children, (child_count + 1) * sizeof *children);
    if (!grown)
        return 0;
    children = grown;
    children[child_count++] = pid;
    return 1;
}

// The place of a child, or child_count.
static size_t place_of(pid_t pid) {
    size_t i = 0;
    while (i < child_count && children[i] != pid)
        i++;
    return i;
}

// Kills the processes that ended children have begun: the kernel has made them this
// one's.
static void kill_orphans(void) {
    FILE *list = fopen("/proc/thread-self/children", "re");
    int pid;
    while (list && fscanf(list, "%d", &pid) == 1)
        if (place_of((pid_t)pid) == child_count)
            kill((pid_t)pid, SIGKILL);
    if (list)
        fclose(list);
}

// Takes the ends of children, and reports them. The group of one is killed before its number
// can be another's.
static void reap(int control) {
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        size_t place = place_of(info.si_pid);
        int status;
        if (place < child_count)
            kill(-info.si_pid, SIGKILL);
        if (waitpid(info.si_pid, &status, 0) == info.si_pid && place < child_count) {
            children[place] = children[--child_count];
            char text[64];
            snprintf(text, sizeof text, "ended %d\n%d", (int)info.si_pid, status);
            tell(control, text, -1);
            kill_orphans();
        }
        info.si_pid = 0;
    }
}

// Ends with the process that has begun this one; a parent that has ended by now is seen by the
// closed socket.
static void end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

// Readies the forked child. Attached.
static void become_child(int fd, pid_t zygote, const sigset_t *mask) {
    end_with_parent();
    if (getppid() != zygote)
        _exit(0);
    setpgid(0, 0); // a signal to its group is for its own processes
    connection = fd;
    maestro_import_forked();
    maestro_here_is(NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    maestro_first_state = py.PyEval_SaveThread();
}

// Forks. Returns 1 in the child.
static int serve_fork(int control, int signals, int fd, const sigset_t *mask) {
    char text[200];
    pid_t self = getpid();
    int threads = maestro_import_threads();
    if (threads > 1) { // begun since
        snprintf(text, sizeof text, "unforked\nthe zygote has %d threads", threads);
        tell(control, text, -1);
        return 0;
    }
    py.PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid == 0) {
        if (dup3(fd, control, O_CLOEXEC) >= 0) {
            close(fd);
            fd = control;
        }
        close(signals);
        prctl(PR_SET_CHILD_SUBREAPER, 0);
        py.PyOS_AfterFork_Child();
        become_child(fd, self, mask);
        return 1;
    }
    int number = errno;
    py.PyOS_AfterFork_Parent();
    if (pid > 0 && !note_child(pid)) {
        kill(pid, SIGKILL);
        pid = -1;
        number = ENOMEM;
    }
    if (pid < 0) {
        snprintf(text, sizeof text, "unforked\n%s", strerror(number));
        tell(control, text, -1);
        return 0;
    }
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    snprintf(text, sizeof text, "forked %d", (int)pid);
    tell(control, text, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    return 0;
}

// Forks by request, until the socket is closed. Returns in a child only. Attached.
static void serve(int control) {
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    struct pollfd polled[] = {{.fd = control, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, -1) < 0)
            continue;
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) > 0)
            ;
        reap(control);
        if (!polled[0].revents)
            continue;
        int fd = take(control);
        if (fd >= 0 && serve_fork(control, signals, fd, &before))
            return;
        if (fd >= 0)
            close(fd);
    }
}

// The texts of the config, each ended by a zero byte. Returns 0 if there are fewer.
static int read_config(int fd, const char *texts[], int count) {
    struct stat found;
    if (fstat(fd, &found) != 0 || found.st_size == 0)
        return 0;
    char *at = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0), *end = at + found.st_size;
    close(fd);
    if (at == MAP_FAILED || end[-1])
        return 0;
    for (int i = 0; i < count; i++) {
        if (at == end)
            return 0;
        texts[i] = at;
        at += strlen(at) + 1;
    }
    return 1;
}

// Runs the zygote. Returns in a forked child only.
static void run(int control, int config) {
    enum { HOME, RUNTIME, SITE, MODULES, COUNT };
    const char *texts[COUNT];
    end_with_parent();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    maestro_go = GO_NOT_STARTED;
    char *message = read_config(config, texts, COUNT) ? NULL : strdup("read the settings of the zygote: they are cut off");
    maestro_import_calm(1);
    if (!message)
        message = maestro_load(texts[HOME], 1);
    if (!message) {
        py.PyEval_RestoreThread(maestro_first_state);
        maestro_interp_main_make(texts[RUNTIME], texts[SITE], &message);
    }
    char *report = NULL;
    if (message) {
        if (asprintf(&report, "failed\n%s", message) >= 0)
            tell(control, report, -1);
        _exit(1);
    }
    home = texts[HOME];
    maestro_here_is(maestro_main);
    report = maestro_import_all(texts[MODULES]);
    tell(control, report, -1);
    free(report);
    serve(control);
    maestro_import_calm(0);
}

// Before Go's runtime starts: this is the program's own constructor, and glibc is ready.
__attribute__((constructor)) static void begin(void) {
    const char *zygote = getenv("MAESTRO_ZYGOTE"), *child = getenv("MAESTRO_CHILD");
    int control, config;
    if (zygote && sscanf(zygote, "%d %d", &control, &config) == 2) {
        unsetenv("MAESTRO_ZYGOTE");
        run(control, config);
    } else if (child && sscanf(child, "%d", &connection) == 1) {
        unsetenv("MAESTRO_CHILD");
        end_with_parent();
    }
}
