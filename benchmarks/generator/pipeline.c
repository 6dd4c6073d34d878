/*
 * An unfair client: on each of connections= connections from own=, it writes blocks of 16 KiB of GETs whenever the
 * system takes more, without waiting for the responses. It reads these and throws them away.
 *
 * "ready" is printed after half a second. It ends with SIGTERM, or when seconds_ns= are over or MAX_GETS are written.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_GETS 4000000
#define BLOCK_BYTES 16384
#define PATIENCE_NS SECOND_NS
#define READY_NS (SECOND_NS / 2)
/* Without a bound, the system keeps megabytes of requests in the send buffer of each connection. */
#define SEND_BUFFER_BYTES 65536

static const char status_line[] = "HTTP/1.1 200";

struct connection {
        int socket; /* -1: to be opened */
        size_t matched; /* bytes of status_line at the end of what was received */
        size_t length, written;
        char block[BLOCK_BYTES + MAX_REQUEST_BYTES];
};

static struct connection connections[MAX_CONNECTIONS];
static long long connection_count, gets, responses, closed;
static struct sockaddr_in server;
static int events;

static void
connect_anew (struct connection *connection)
{
        struct epoll_event both = { .events = EPOLLIN | EPOLLOUT, .data.ptr = connection };
        int room = SEND_BUFFER_BYTES;

        connection->socket = open_tcp (&server, option_address ("own"), PATIENCE_NS);
        if (connection->socket < 0)
                return;
        connection->matched = connection->length = connection->written = 0;
        if (setsockopt (connection->socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0 ||
            epoll_ctl (events, EPOLL_CTL_ADD, connection->socket, &both) != 0)
                fail ("watching a connection");
}

/* Fill the block with whole requests. */
static void
fill (struct connection *connection)
{
        char value[VALUE_BYTES + 1];

        connection->length = connection->written = 0;
        while (connection->length < BLOCK_BYTES) {
                connection->length += write_request (connection->block + connection->length, value);
                gets++;
        }
}

static bool
send_some (struct connection *connection)
{
        if (connection->written == connection->length)
                fill (connection);
        ssize_t sent = send (connection->socket, connection->block + connection->written,
                             connection->length - connection->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
                connection->written += (size_t) sent;
        return sent >= 0 || errno == EAGAIN;
}

static bool
receive_some (struct connection *connection)
{
        static char bytes[262144];
        ssize_t length = recv (connection->socket, bytes, sizeof bytes, MSG_DONTWAIT);

        /* "H" occurs in the status line only at its start, so after a mismatch only a new start is possible. */
        for (ssize_t each = 0; each < length; each++) {
                if (bytes[each] != status_line[connection->matched])
                        connection->matched = bytes[each] == status_line[0];
                else if (++connection->matched == sizeof status_line - 1) {
                        connection->matched = 0;
                        responses++;
                }
        }
        return length > 0 || (length < 0 && errno == EAGAIN);
}

void
run_pipeline (void)
{
        struct epoll_event ready[BATCH];
        bool announced = false;

        connection_count = option_number ("connections");
        if (connection_count < 1 || connection_count > MAX_CONNECTIONS)
                refuse ("connections= is out of range");
        stop_on_sigterm ();
        request_set ();
        server = http_server ();
        events = epoll_create1 (0);
        if (events < 0)
                fail ("no memory");
        for (long long each = 0; each < connection_count; each++) {
                connect_anew (&connections[each]);
                sleep_until_ns (now_ns () + OPENING_NS);
        }
        int64_t start = now_ns (), end = start + option_number ("seconds_ns");
        while (!stopped () && now_ns () < end && gets < MAX_GETS) {
                for (long long each = 0; each < connection_count; each++)
                        if (connections[each].socket < 0)
                                connect_anew (&connections[each]);
                int count = epoll_wait (events, ready, BATCH, 100);

                for (int each = 0; each < count; each++) {
                        struct connection *connection = ready[each].data.ptr;

                        if (((ready[each].events & ~(unsigned int) EPOLLOUT) && !receive_some (connection)) ||
                            ((ready[each].events & EPOLLOUT) && !send_some (connection))) {
                                close (connection->socket);
                                connection->socket = -1;
                                closed++;
                        }
                }
                if (!announced && now_ns () > start + READY_NS) {
                        announced = true;
                        printf ("ready\n");
                        fflush (stdout);
                }
        }
        printf ("responses %lld\nclosed %lld\nelapsed %lld\n", responses, closed, (long long) (now_ns () - start));
}
