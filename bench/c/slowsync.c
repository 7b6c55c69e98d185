/* slowsync: makes each fsync and fdatasync of a process last as long as on a slower disk. For LD_PRELOAD.
 * SLOWSYNC_US says how many microseconds a call takes at least. The real call is made first, so nothing gets less
 * durable; the rest of the time is slept, as a thread that waits for a disk sleeps. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static long nanoseconds_between(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * 1000000000L + (to.tv_nsec - from.tv_nsec);
}

static int slowed(const char *name, int descriptor)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *limit = getenv("SLOWSYNC_US");
    struct timespec begun, done;
    long rest;
    int result, reason;

    clock_gettime(CLOCK_MONOTONIC, &begun);
    result = real(descriptor);
    reason = errno;
    clock_gettime(CLOCK_MONOTONIC, &done);
    rest = (limit ? atol(limit) * 1000L : 0) - nanoseconds_between(begun, done);
    if (rest > 0) {
        struct timespec pause = {.tv_sec = rest / 1000000000L, .tv_nsec = rest % 1000000000L};
        while (nanosleep(&pause, &pause) && errno == EINTR)
            ;
    }
    errno = reason;
    return result;
}

int fsync(int descriptor)
{
    return slowed("fsync", descriptor);
}

int fdatasync(int descriptor)
{
    return slowed("fdatasync", descriptor);
}
