/*
 * The load generator: sends searches, GETs and calls and receives events at so little cost that the device is the
 * slower of the two.
 *
 *     cc -O2 *.c -o generator
 *     ./generator steady|one_by_one|first|fetch|call|notify|pipeline|crowd NAME=VALUE...
 *
 * It runs in the control points' namespace, where a whole range of addresses is local, and prints one line for each
 * result: a name and its numbers. Times are in nanoseconds.
 */

#include "generator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void
note_stop (int signal)
{
        (void) signal;
        stop = 1;
}

void
stop_on_sigterm (void)
{
        if (signal (SIGTERM, note_stop) == SIG_ERR)
                fail ("handling SIGTERM");
}

bool
stopped (void)
{
        return stop != 0;
}

_Noreturn void
fail (const char *what)
{
        perror (what);
        exit (EXIT_FAILURE);
}

_Noreturn void
refuse (const char *why)
{
        fprintf (stderr, "%s\n", why);
        exit (EXIT_FAILURE);
}

int
main (int argc, char **argv)
{
        static const struct {
                const char *name;
                void (*run) (void);
        } kinds[] = {
                { "steady", run_steady },
                { "one_by_one", run_one_by_one },
                { "first", run_first },
                { "fetch", run_fetch },
                { "call", run_call },
                { "notify", run_notify },
                { "pipeline", run_pipeline },
                { "crowd", run_crowd },
        };

        options_set (argc, argv);
        for (size_t each = 0; argc > 1 && each < sizeof kinds / sizeof *kinds; each++)
                if (strcmp (argv[1], kinds[each].name) == 0) {
                        kinds[each].run ();
                        return EXIT_SUCCESS;
                }
        fprintf (stderr, "usage: %s steady|one_by_one|first|fetch|call|notify|pipeline|crowd NAME=VALUE...\n",
                 argv[0]);
        return 2;
}
