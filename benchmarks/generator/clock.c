/* The clock, and the CPU time of the device's process: user and system time of all its threads. */

#include "generator.h"

#include <errno.h>
#include <time.h>

static clockid_t device_clock;

int64_t
now_ns (void)
{
        struct timespec now;

        clock_gettime (CLOCK_REALTIME, &now);
        return now.tv_sec * SECOND_NS + now.tv_nsec;
}

void
sleep_until_ns (int64_t moment)
{
        struct timespec until = { .tv_sec = moment / SECOND_NS, .tv_nsec = moment % SECOND_NS };

        while (clock_nanosleep (CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
                continue;
}

void
watch_cpu (void)
{
        errno = clock_getcpuclockid ((pid_t) option_number ("pid"), &device_clock);
        if (errno != 0)
                fail ("the device's CPU clock");
}

int64_t
device_cpu_ns (void)
{
        struct timespec used;

        if (clock_gettime (device_clock, &used) != 0)
                fail ("the device's CPU time"); /* it has ended */
        return used.tv_sec * SECOND_NS + used.tv_nsec;
}
