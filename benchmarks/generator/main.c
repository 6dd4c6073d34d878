/*
 * The load generator: searches and GETs at a cost that leaves the device as the slower of the two.
 *
 *     cc -O2 *.c -o generator
 *     ./generator steady|one_by_one|first|fetch NAME=VALUE...
 *
 * It runs in the control points' namespace, where a whole range of addresses is local, and prints one line for each
 * thing it found: a name and its numbers, times in nanoseconds.
 */

#include "generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the system refused, and why. */
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
        };

        options_set (argc, argv);
        for (size_t each = 0; argc > 1 && each < sizeof kinds / sizeof *kinds; each++)
                if (strcmp (argv[1], kinds[each].name) == 0) {
                        kinds[each].run ();
                        return EXIT_SUCCESS;
                }
        fprintf (stderr, "usage: %s steady|one_by_one|first|fetch NAME=VALUE...\n", argv[0]);
        return 2;
}
