/* HTTP as received: whether a response is whole and good, and where a message has its body. */

#define _GNU_SOURCE
#include "generator.h"

#include <stdlib.h>
#include <string.h>

char *
body_of (char *message)
{
        char *end = strstr (message, "\r\n\r\n");

        return end == NULL ? NULL : end + 4;
}

const char *
field_of (const char *message, const char *name)
{
        const char *found = strcasestr (message, name), *end = strstr (message, "\r\n\r\n");

        return found == NULL || end == NULL || found > end ? NULL : found + strlen (name);
}

enum progress
assess_response (char *response, size_t length, bool ended)
{
        char *end = response + length, *body;
        const char *field;
        bool full = length == MAX_RESPONSE_BYTES, whole;

        *end = '\0';
        if ((body = body_of (response)) == NULL)
                return ended || full ? BROKEN : PARTIAL;
        if (strncmp (response, "HTTP/1.1 200", 12) != 0 && strncmp (response, "HTTP/1.0 200", 12) != 0)
                return BROKEN;
        size_t received = (size_t) (end - body);
        if ((field = field_of (response, "\r\nContent-Length:")) != NULL)
                whole = received >= (size_t) atoll (field);
        else if (field_of (response, "\r\nTransfer-Encoding: chunked") != NULL)
                whole = received >= 5 && memcmp (end - 5, "0\r\n\r\n", 5) == 0;
        else
                whole = ended;
        return whole ? WHOLE : ended || full ? BROKEN : PARTIAL;
}
