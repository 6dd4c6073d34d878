/*
 * Unicast searches, one outstanding at a time; one that is not answered within a second is lost.
 *
 * There is a pause between an answer and the next search. Without it, some searches arrive while the device still
 * finishes its work for the last one, and others after it has begun to wait; the times would be a mixture of both.
 */

#include "generator.h"

#include <stdio.h>
#include <stdlib.h>

#define WAIT_NS SECOND_NS
#define PAUSE_NS 200000LL
/* A device that leaves so many searches of the warm-up unanswered counts as one that ignores unicast searches. */
#define IGNORED 3

/* Search once, and pause; the delay of the answer, or -1. */
static int64_t
search_once (long long number)
{
        struct arrival arrivals[BATCH];
        int64_t sent_at, give_up;

        if (search_batch (number, number + 1, &sent_at) != 1)
                return -1;
        for (give_up = sent_at + WAIT_NS; now_ns () < give_up;) {
                int arrived = receive_batch ((int) ((give_up - now_ns ()) / 1000000) + 1, arrivals);

                for (int each = 0; each < arrived; each++)
                        if (arrivals[each].number == number) {
                                sleep_until_ns (now_ns () + PAUSE_NS);
                                return arrivals[each].at_ns - sent_at;
                        }
        }
        return -1;
}

void
run_one_by_one (void)
{
        long long count = option_number ("count"), warm_up = option_number ("warm_up"), answered = 0, lost = 0;
        int64_t *delays = malloc ((size_t) count * sizeof *delays);

        if (delays == NULL)
                fail ("no memory");
        datagrams_read (option_text ("datagrams"));
        sockets_open (warm_up + count);
        watch_cpu ();
        for (long long each = 0; each < warm_up; each++)
                if (search_once (count + each) < 0 && each + 1 >= IGNORED && ++lost >= IGNORED)
                        break;
        int64_t cpu = device_cpu_ns (), start = now_ns ();
        int64_t end = start + option_number ("seconds_ns");
        if (lost < IGNORED)
                for (lost = 0; answered + lost < count && now_ns () < end;) {
                        int64_t delay = search_once (answered + lost);

                        if (delay < 0)
                                lost++;
                        else
                                delays[answered++] = delay;
                }
        int64_t elapsed = now_ns () - start;
        cpu = device_cpu_ns () - cpu;
        printf ("sent %lld\nrepeats 0\nstrays 0\ndrops %lld\n", answered + lost, receive_drops ());
        printf ("elapsed %lld\ncpu %lld\ndelays", (long long) elapsed, (long long) cpu);
        for (long long each = 0; each < answered; each++)
                printf (" %lld", (long long) delays[each]);
        printf ("\n");
}
