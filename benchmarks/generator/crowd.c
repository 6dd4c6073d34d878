/*
 * A client that takes all the connections it gets: it holds held= idle ones from own=, opens rate= others a second,
 * sends a GET on each of these, and leaves each open for two seconds, even if the device ends it.
 *
 * "ready" is printed after a second and a half, when many connections are open. It ends with SIGTERM, or when
 * seconds_ns= are over.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_HELD 256
#define MAX_OPEN 4096
#define SPARE_FILES 64
#define LIFETIME_NS (2 * SECOND_NS)
#define PATIENCE_NS (SECOND_NS / 10)
#define READY_NS (SECOND_NS * 3 / 2)
#define INTERVAL_NS 1000000LL
#define STATUS_OFFSET 9 /* in "HTTP/1.1 200 OK" */

struct connection {
        int socket; /* -1: not open */
        int64_t opened_at;
};

static struct connection held[MAX_HELD], others[MAX_OPEN];
static long long opened, answered, refused;
static struct sockaddr_in server;
static int events;

static void
open_connection (struct connection *connection)
{
        struct epoll_event readable = { .events = EPOLLIN, .data.ptr = connection };

        opened++;
        connection->opened_at = now_ns ();
        connection->socket = open_tcp (&server, option_address ("own"), PATIENCE_NS);
        if (connection->socket < 0)
                refused++;
        else if (epoll_ctl (events, EPOLL_CTL_ADD, connection->socket, &readable) != 0)
                fail ("watching a connection");
}

static void
close_connection (struct connection *connection)
{
        if (connection->socket >= 0)
                close (connection->socket);
        connection->socket = -1;
}

/* Receive what has come; when the device has ended the connection, stop looking at it, and leave it open. */
static void
receive_some (struct connection *connection)
{
        char bytes[16384];
        ssize_t length = recv (connection->socket, bytes, sizeof bytes, MSG_DONTWAIT);

        if (length > STATUS_OFFSET && strncmp (bytes, "HTTP/1.", 7) == 0) {
                if (bytes[STATUS_OFFSET] == '2')
                        answered++;
                else
                        refused++;
        }
        if (length == 0 || (length < 0 && errno != EAGAIN))
                epoll_ctl (events, EPOLL_CTL_DEL, connection->socket, NULL);
}

void
run_crowd (void)
{
        long long held_count = option_number ("held"), rate = option_number ("rate"), next = 0, oldest = 0;
        struct epoll_event ready[BATCH];
        char bytes[MAX_REQUEST_BYTES], value[VALUE_BYTES + 1];
        bool announced = false;

        if (held_count > MAX_HELD || rate < 1 || rate * LIFETIME_NS / SECOND_NS >= MAX_OPEN)
                refuse ("held= or rate= is out of range");
        stop_on_sigterm ();
        request_set ();
        server = http_server ();
        allow_open_files (held_count + rate * LIFETIME_NS / SECOND_NS + SPARE_FILES);
        events = epoll_create1 (0);
        if (events < 0)
                fail ("no memory");
        for (long long each = 0; each < held_count; each++) {
                open_connection (&held[each]);
                sleep_until_ns (now_ns () + OPENING_NS);
        }
        int64_t start = now_ns (), end = start + option_number ("seconds_ns");
        for (int64_t now = start; !stopped () && now < end; now = now_ns ()) {
                for (long long due = (now - start) * rate / SECOND_NS; next < due; next++) {
                        struct connection *connection = &others[next % MAX_OPEN];

                        open_connection (connection);
                        if (connection->socket >= 0) /* a failure shows in receive_some */
                                (void) !send (connection->socket, bytes, write_request (bytes, value), MSG_NOSIGNAL);
                }
                for (; oldest < next && now > others[oldest % MAX_OPEN].opened_at + LIFETIME_NS; oldest++)
                        close_connection (&others[oldest % MAX_OPEN]);
                int count = epoll_wait (events, ready, BATCH, 0);

                for (int each = 0; each < count; each++)
                        receive_some (ready[each].data.ptr);
                if (!announced && now > start + READY_NS) {
                        announced = true;
                        printf ("ready\n");
                        fflush (stdout);
                }
                sleep_until_ns (now + INTERVAL_NS);
        }
        printf ("opened %lld\nanswered %lld\nrefused %lld\nelapsed %lld\n", opened, answered, refused,
                (long long) (now_ns () - start));
}
