#include "libc_network.h"

#include "descriptor.h"
#include "place.h"
#include "rail_network.h"
#include "rail_path.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

// An address that the rails have passed, and what stands for it.
struct passed {
    const struct sockaddr *address;
    socklen_t size;
    struct sockaddr_un path;
    int folder; // open, for a path that is too long for an address; or -1
};

// Sockets with a path of the system's that lead out of all rails: with them, programs can be started
// as any user.
static int controls_machine(const char *path) {
    static const char *const paths[] = {"/run/docker.sock", "/run/containerd",   "/run/podman", "/run/crio", "/run/systemd",
                                        "/run/dbus",        "/run/snapd.socket", "/run/lxd",    "/run/user"};
    if (strncmp(path, "/var/run/", 9) == 0)
        path += 4;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (maestro_path_within(path, paths[i]))
            return 1;
    return 0;
}

// Puts a path into an address. One that is too long is given by its folder, which /proc names shortly.
static int put_path(struct passed *passed, const char *path) {
    size_t size = strlen(path);
    passed->path.sun_family = AF_UNIX;
    if (size < sizeof passed->path.sun_path) {
        strcpy(passed->path.sun_path, path);
    } else {
        char folder[PATH_MAX];
        const char *name = strrchr(path, '/');
        snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
        passed->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (passed->folder < 0)
            return 0;
        if (snprintf(passed->path.sun_path, sizeof passed->path.sun_path, "/proc/self/fd/%d%s", passed->folder, name) >=
            (int)sizeof passed->path.sun_path) {
            close(passed->folder);
            errno = ENAMETOOLONG;
            return 0;
        }
    }
    passed->address = (const struct sockaddr *)&passed->path;
    passed->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(passed->path.sun_path) + 1);
    return 1;
}

static int pass_path(struct passed *passed, enum maestro_use use) {
    const struct sockaddr_un *given = (const struct sockaddr_un *)passed->address;
    size_t room = passed->size - offsetof(struct sockaddr_un, sun_path);
    char path[sizeof given->sun_path + 1] = {0}, buffer[PATH_MAX];
    if (!room || !given->sun_path[0])
        return 1; // unnamed, or not in the file system
    memcpy(path, given->sun_path, room < sizeof given->sun_path ? room : sizeof given->sun_path);
    maestro_place_sync();
    const char *found = maestro_rail_path(AT_FDCWD, path, use, FOLLOW, buffer);
    if (!found)
        return 0;
    char *real = use == USE_WRITE ? NULL : realpath(found, NULL);
    int closed = controls_machine(found) || (real && controls_machine(real));
    free(real);
    if (closed) {
        maestro_rail_refuse(RAIL_SERVICES, EACCES);
        return 0;
    }
    return found == path || put_path(passed, found);
}

// Decides about an address, NULL for none. Returns 0 with errno.
static int pass(struct passed *passed, int fd, const struct sockaddr *address, socklen_t size, enum maestro_use use) {
    *passed = (struct passed){.address = address, .size = size, .folder = -1};
    if (maestro_descriptor_theirs(fd))
        return 0;
    if (!address || size < sizeof address->sa_family || !maestro_railed() || maestro_here.forking)
        return 1;
    maestro_rail_clear();
    if (address->sa_family == AF_UNIX)
        return pass_path(passed, use);
    return use == USE_WRITE || maestro_address_allowed(maestro_here.in->rails->policy, address, size);
}

static void finish(struct passed *passed) {
    int number = errno;
    if (passed->folder >= 0)
        close(passed->folder);
    errno = number;
}

static int bind_here(int fd, const struct sockaddr *address, socklen_t size) {
    struct passed passed;
    if (!pass(&passed, fd, address, size, USE_WRITE))
        return -1;
    int result = bind(fd, passed.address, passed.size);
    finish(&passed);
    return result;
}

static int connect_here(int fd, const struct sockaddr *address, socklen_t size) {
    struct passed passed;
    if (!pass(&passed, fd, address, size, USE_READ))
        return -1;
    int result = connect(fd, passed.address, passed.size);
    finish(&passed);
    if (maestro_railed() && (result == 0 || errno == EINPROGRESS) && passed.address->sa_family != AF_UNIX) {
        int number = errno;
        maestro_connection_note(maestro_here.in->rails->policy, fd, address);
        errno = number;
    }
    return result;
}

static ssize_t sendto_here(int fd, const void *data, size_t length, int flags, const struct sockaddr *address,
                           socklen_t size) {
    struct passed passed;
    if (!pass(&passed, fd, address, size, USE_READ))
        return -1;
    ssize_t sent = sendto(fd, data, length, flags, passed.address, passed.size);
    finish(&passed);
    return sent;
}

// Whether a message passes descriptors on that are not the interpreter's.
static int passes_others(const struct msghdr *message) {
    struct msghdr *given = (struct msghdr *)message; // the macros want it so
    for (struct cmsghdr *part = message->msg_control ? CMSG_FIRSTHDR(given) : NULL; part; part = CMSG_NXTHDR(given, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (maestro_descriptor_theirs(fd))
                return 1;
        }
    }
    return 0;
}

static ssize_t sendmsg_here(int fd, const struct msghdr *message, int flags) {
    struct passed passed;
    if (!pass(&passed, fd, message->msg_name, message->msg_namelen, USE_READ) || passes_others(message))
        return -1;
    struct msghdr copy = *message;
    copy.msg_name = (void *)passed.address;
    copy.msg_namelen = passed.size;
    ssize_t sent = sendmsg(fd, &copy, flags);
    finish(&passed);
    return sent;
}

static int sendmmsg_here(int fd, struct mmsghdr *messages, unsigned count, int flags) {
    for (unsigned i = 0; i < count; i++) {
        struct passed passed;
        const struct msghdr *message = &messages[i].msg_hdr;
        int may = pass(&passed, fd, message->msg_name, message->msg_namelen, USE_READ) && !passes_others(message);
        finish(&passed);
        if (!may)
            return -1;
    }
    return sendmmsg(fd, messages, count, flags);
}

#define FUNCTION(name) {#name, (void *)name##_here}
const struct maestro_reference maestro_network_references[] = {
    FUNCTION(bind), FUNCTION(connect), FUNCTION(sendmmsg), FUNCTION(sendmsg), FUNCTION(sendto),
};
#undef FUNCTION
const size_t maestro_network_reference_count = sizeof maestro_network_references / sizeof *maestro_network_references;
