/*
 * The datagrams to send, from a file: each follows a line "A LENGTH" (an answer is expected) or "N LENGTH" (none is).
 *
 * A datagram with AGENT_MARK in it is sent with another User-Agent value there each time.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct datagram datagrams[MAX_DATAGRAMS];
long long datagram_count;

static void
split_at_mark (struct datagram *whole)
{
        char *start = whole->before.iov_base, *mark = memmem (start, whole->before.iov_len, AGENT_MARK, strlen (AGENT_MARK));

        if (mark == NULL)
                return;
        whole->varies = true;
        whole->after.iov_base = mark + strlen (AGENT_MARK);
        whole->after.iov_len = whole->before.iov_len - (size_t) (mark - start) - strlen (AGENT_MARK);
        whole->before.iov_len = (size_t) (mark - start);
}

void
datagrams_read (const char *path)
{
        FILE *file = fopen (path, "rb");
        char kind;
        size_t length;

        if (file == NULL)
                fail (path);
        while (datagram_count < MAX_DATAGRAMS && fscanf (file, " %c %zu", &kind, &length) == 2) {
                struct datagram *read = &datagrams[datagram_count++];

                if (fgetc (file) != '\n' || length > MAX_DATAGRAM_BYTES)
                        refuse ("a datagram's length is missing or too large");
                read->before.iov_base = malloc (MAX_DATAGRAM_BYTES);
                read->before.iov_len = length;
                read->expects_answer = kind == 'A';
                if (read->before.iov_base == NULL || fread (read->before.iov_base, 1, length, file) != length)
                        fail (path);
                split_at_mark (read);
        }
        fclose (file);
        if (datagram_count == 0)
                refuse ("there are no datagrams to send");
}
