/* The datagrams to send: in the file, each follows a line "A LENGTH" (answer expected) or "N LENGTH" (none). */

#include "generator.h"

#include <stdio.h>
#include <stdlib.h>

struct datagram datagrams[MAX_DATAGRAMS];
long long datagram_count;

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
                        refuse ("the datagrams' lengths");
                read->bytes.iov_base = malloc (MAX_DATAGRAM_BYTES);
                read->bytes.iov_len = length;
                read->expects_answer = kind == 'A';
                if (read->bytes.iov_base == NULL || fread (read->bytes.iov_base, 1, length, file) != length)
                        fail (path);
        }
        fclose (file);
        if (datagram_count == 0)
                refuse ("no datagrams");
}
