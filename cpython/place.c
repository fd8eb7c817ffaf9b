#include "place.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

static int server_directory = -1; // of O_PATH; written once
static mode_t server_umask;       // written once
static atomic_ullong last_number;

void maestro_place_own(void) {
    if (!maestro_here.own_place)
        maestro_here.own_place = unshare(CLONE_FS) == 0;
}

void maestro_place_load(void) {
    maestro_place_own(); // reading the umask means setting it
    server_umask = umask(077);
    umask(server_umask);
    server_directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void maestro_place_take(void) {
    struct maestro_here *here = &maestro_here;
    if (!here->own_place)
        return; // it would be everyone's
    struct maestro_interp *in = here->in;
    pthread_mutex_lock(&in->lock);
    uint64_t number = atomic_load(&in->place.number);
    int kept = number != 0;
    if (fchdir(kept && in->place.directory > 0 ? in->place.directory : server_directory) == 0) {
        umask(kept ? in->place.umask : server_umask);
        here->place = number;
    }
    pthread_mutex_unlock(&in->lock);
}

void maestro_place_keep(int directory_changed, mode_t mask) {
    struct maestro_here *here = &maestro_here;
    struct maestro_interp *in = here->in;
    int directory = directory_changed ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    pthread_mutex_lock(&in->lock);
    if (directory >= 0) {
        if (in->place.directory > 0)
            close(in->place.directory);
        in->place.directory = directory;
    }
    in->place.umask = mask;
    here->place = atomic_fetch_add(&last_number, 1) + 1;
    atomic_store_explicit(&in->place.number, here->place, memory_order_release);
    pthread_mutex_unlock(&in->lock);
}

int maestro_place_check(void) {
    struct maestro_here *here = &maestro_here;
    struct maestro_interp *in = here->in;
    if (!in || !here->own_place)
        return 1;
    pthread_mutex_lock(&in->lock);
    int kept = atomic_load(&in->place.number) != 0;
    mode_t wanted = kept ? in->place.umask : server_umask;
    int right = umask(wanted) == wanted;
    struct stat now, should;
    int directory = kept && in->place.directory > 0 ? in->place.directory : server_directory;
    if (here->place == atomic_load(&in->place.number) && fstat(directory, &should) == 0 && stat(".", &now) == 0 &&
        (now.st_ino != should.st_ino || now.st_dev != should.st_dev))
        right = fchdir(directory), right = 0;
    pthread_mutex_unlock(&in->lock);
    return right;
}

void maestro_place_clear(struct maestro_interp *in) {
    if (in->place.directory > 0)
        close(in->place.directory);
    in->place.directory = 0;
}
