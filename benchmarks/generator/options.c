/* The NAME=VALUE arguments. */

#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int given;
static char **arguments;

void
options_set (int argc, char **argv)
{
        given = argc;
        arguments = argv;
}

const char *
option_text (const char *name)
{
        size_t length = strlen (name);

        for (int each = 2; each < given; each++)
                if (strncmp (arguments[each], name, length) == 0 && arguments[each][length] == '=')
                        return arguments[each] + length + 1;
        fprintf (stderr, "%s= is missing\n", name);
        exit (2);
}

long long
option_number (const char *name)
{
        const char *text = option_text (name);
        char *end;

        errno = 0;
        long long number = strtoll (text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || number < 0) {
                fprintf (stderr, "%s=%s is not a whole number\n", name, text);
                exit (2);
        }
        return number;
}

struct in_addr
option_address (const char *name)
{
        struct in_addr address;

        if (inet_pton (AF_INET, option_text (name), &address) != 1) {
                fprintf (stderr, "%s=%s is not an IPv4 address\n", name, option_text (name));
                exit (2);
        }
        return address;
}
