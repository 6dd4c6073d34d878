/*
 * Searches at a steady rate, whether or not answers come, or all at once (rate=0).
 *
 * The system notes the time of each arrival, so this program reads the answers only once in a millisecond.
 */

#include "generator.h"

#include <stdio.h>
#include <stdlib.h>

#define READING_NS 1000000LL

static long long count;
static int64_t *sent_at, *delays;
static long long repeats, strays;

static void
read_answers (void)
{
        struct arrival arrivals[BATCH];
        int arrived;

        while ((arrived = receive_batch (0, arrivals)) > 0)
                for (int each = 0; each < arrived; each++) {
                        long long number = arrivals[each].number;

                        if (number < 0 || number >= count || sent_at[number] == 0)
                                strays++;
                        else if (delays[number] >= 0)
                                repeats++;
                        else
                                delays[number] = arrivals[each].at_ns - sent_at[number];
                }
}

static int64_t
send_all (long long rate)
{
        int64_t start = now_ns (), read_at = start, last = start;

        for (long long sent = 0; sent < count;) {
                int64_t now = now_ns (), sent_at_ns;
                long long due = rate == 0 ? count : (long long) ((double) (now - start) * (double) rate / SECOND_NS) + 1;

                if (due > count)
                        due = count;
                while (sent < due) {
                        int taken = search_batch (sent, due, &sent_at_ns);

                        for (int each = 0; each < taken; each++)
                                sent_at[sent++] = sent_at_ns;
                        last = sent_at_ns;
                        if (now_ns () > read_at + READING_NS && rate != 0)
                                break;
                }
                if (now_ns () >= read_at + READING_NS) {
                        read_answers ();
                        read_at = now_ns ();
                }
                if (rate != 0 && sent < count)
                        sleep_until_ns (start + (int64_t) ((double) sent * SECOND_NS / (double) rate));
        }
        return last - start;
}

void
run_steady (void)
{
        long long rate = option_number ("rate"), sent = 0;
        int64_t window_ns = option_number ("window_ms") * 1000000;

        count = option_number ("count");
        sent_at = calloc ((size_t) count, sizeof *sent_at);
        delays = malloc ((size_t) count * sizeof *delays);
        if (sent_at == NULL || delays == NULL)
                fail ("no memory");
        for (long long each = 0; each < count; each++)
                delays[each] = -1;
        datagrams_read (option_text ("datagrams"));
        sockets_open (count);
        watch_cpu ();

        int64_t cpu = device_cpu_ns ();
        int64_t elapsed = send_all (rate);
        for (int64_t end = now_ns () + window_ns; now_ns () < end; sleep_until_ns (now_ns () + READING_NS))
                read_answers ();
        read_answers ();
        cpu = device_cpu_ns () - cpu;

        for (long long each = 0; each < count; each++)
                sent += datagrams[each % datagram_count].expects_answer;
        printf ("sent %lld\nrepeats %lld\nstrays %lld\ndrops %lld\n", sent, repeats, strays, receive_drops ());
        printf ("elapsed %lld\ncpu %lld\ndelays", (long long) elapsed, (long long) cpu);
        for (long long each = 0; each < count; each++)
                if (delays[each] >= 0 && datagrams[each % datagram_count].expects_answer)
                        printf (" %lld", (long long) delays[each]);
        printf ("\n");
}
