/*
 * Texts that never repeat, for arguments of calls. All have the same length, so a request's Content-Length is known.
 *
 * Like the User-Agent values, the numbers begin with the clock's time.
 */

#include "generator.h"

#include <stdio.h>

void
write_value (char into[VALUE_BYTES + 1])
{
        static unsigned long long number;

        if (number == 0)
                number = (unsigned long long) now_ns () / 1000;
        number++;
        /* an odd factor maps different numbers to different ones, which then differ in most of their digits */
        snprintf (into, VALUE_BYTES + 1, "message %016llx", number * 0x9e3779b97f4a7c15ULL);
}
