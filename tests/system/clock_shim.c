// LD_PRELOAD: the wall clock, and only that, is as far ahead as the 8 bytes of the file VERA_CLOCK_SHIFT say (signed
// milliseconds, little endian; mapped, so a test moves the clock of a running process by writing them). The boot clock and all
// timers stay true, as when somebody sets a machine's time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void map_shift(void) {
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("VERA_CLOCK_SHIFT");
    const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *at = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (at != MAP_FAILED) shift = at;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    if (real_clock_gettime == NULL) map_shift();
    const int result = real_clock_gettime(id, now);
    if (result == 0 && shift != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        const int64_t ms = *shift;
        now->tv_sec += ms / 1000;
        now->tv_nsec += (ms % 1000) * 1000000;
        if (now->tv_nsec < 0) now->tv_nsec += 1000000000, now->tv_sec -= 1;
        if (now->tv_nsec >= 1000000000) now->tv_nsec -= 1000000000, now->tv_sec += 1;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    const int result = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return result;
}

time_t time(time_t *at) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (at != NULL) *at = precise.tv_sec;
    return precise.tv_sec;
}
