/*
 * GETs or calls over several connections at once, one outstanding on each: kept alive (keep=1), or a new connection for
 * each request.
 *
 * A request's time runs from before it is written, or before its connection is opened, to the response's last byte. A
 * request without a good response within patience_ns= has failed, and its connection is replaced. A call's response is
 * good only if it holds the text expect= and, where the request has VALUE_MARK, the text that was sent in its place.
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
#define MAX_REQUESTS 1000000
/* Time between a failure and the next request; a device that refuses at once would otherwise get them without end. */
#define PAUSE_NS 5000000LL

struct connection {
        int socket; /* -1: to be opened */
        int64_t started_at;
        char value[VALUE_BYTES + 1];
        size_t length;
        char response[MAX_RESPONSE_BYTES + 1];
};

static struct connection connections[MAX_CONNECTIONS];
static long long connection_count;
static struct sockaddr_in server;
static bool keep;
static const char *expected = "";
static int events;
static int64_t patience_ns;
static int64_t *times;
static long long good, failed, opened, body_bytes;

static void
drop (struct connection *connection)
{
        if (connection->socket >= 0)
                close (connection->socket);
        connection->socket = -1;
}

static void
drop_failed (struct connection *connection)
{
        failed++;
        drop (connection);
        sleep_until_ns (now_ns () + PAUSE_NS);
}

static void
send_request (struct connection *connection)
{
        char bytes[MAX_REQUEST_BYTES];
        size_t length = write_request (bytes, connection->value);

        connection->length = 0;
        if (send (connection->socket, bytes, length, MSG_NOSIGNAL) != (ssize_t) length)
                drop_failed (connection);
}

static void
connect_anew (struct connection *connection)
{
        struct epoll_event readable = { .events = EPOLLIN, .data.ptr = connection };

        connection->started_at = now_ns ();
        connection->socket = open_tcp (&server, source_address (opened++), patience_ns);
        if (connection->socket < 0) {
                drop_failed (connection);
                return;
        }
        if (epoll_ctl (events, EPOLL_CTL_ADD, connection->socket, &readable) != 0)
                fail ("watching a connection");
        send_request (connection);
}

/* Whether a whole response is the one to this request, and not another one with status 200. */
static bool
as_expected (struct connection *connection)
{
        const char *body = body_of (connection->response);

        return strstr (body, expected) != NULL && strstr (body, connection->value) != NULL;
}

static void
receive_some (struct connection *connection)
{
        ssize_t more = recv (connection->socket, connection->response + connection->length,
                             MAX_RESPONSE_BYTES - connection->length, MSG_DONTWAIT);
        bool ended = more == 0 || (more < 0 && errno != EAGAIN);

        if (more > 0)
                connection->length += (size_t) more;
        enum progress progress = assess_response (connection->response, connection->length, ended);
        if (progress == WHOLE && !as_expected (connection))
                progress = BROKEN;
        switch (progress) {
        case PARTIAL:
                break;
        case BROKEN:
                drop_failed (connection);
                break;
        case WHOLE:
                body_bytes = connection->response + connection->length - body_of (connection->response);
                if (good < MAX_REQUESTS)
                        times[good++] = now_ns () - connection->started_at;
                if (!keep || ended || strcasestr (connection->response, "\r\nConnection: close") != NULL) {
                        drop (connection);
                } else {
                        connection->started_at = now_ns ();
                        send_request (connection);
                }
        }
}

/* Drop the connections whose responses are overdue, and open all that are not open. */
static void
maintain (void)
{
        int64_t now = now_ns ();

        for (long long each = 0; each < connection_count; each++) {
                struct connection *connection = &connections[each];

                if (connection->socket >= 0 && now > connection->started_at + patience_ns)
                        drop_failed (connection);
                if (connection->socket < 0)
                        connect_anew (connection);
        }
}

static void
fetch_until (int64_t end)
{
        struct epoll_event ready[BATCH];

        while (now_ns () < end) {
                maintain ();
                int count = epoll_wait (events, ready, BATCH, (int) (patience_ns / 1000000) + 1);

                for (int each = 0; each < count; each++)
                        receive_some (ready[each].data.ptr);
        }
}

void
run_fetch (void)
{
        connection_count = option_number ("connections");
        if (connection_count < 1 || connection_count > MAX_CONNECTIONS)
                refuse ("connections= is out of range");
        request_set ();
        keep = option_number ("keep") != 0;
        patience_ns = option_number ("patience_ns");
        server = http_server ();
        times = malloc (MAX_REQUESTS * sizeof *times);
        events = epoll_create1 (0);
        if (times == NULL || events < 0)
                fail ("no memory");
        watch_cpu ();
        for (long long each = 0; each < connection_count; each++) {
                connect_anew (&connections[each]);
                sleep_until_ns (now_ns () + OPENING_NS);
        }
        fetch_until (now_ns () + option_number ("warm_up_ns"));
        good = failed = opened = 0;
        int64_t start = now_ns (), cpu = device_cpu_ns ();
        fetch_until (start + option_number ("seconds_ns"));
        int64_t elapsed = now_ns () - start;
        cpu = device_cpu_ns () - cpu;
        printf ("failed %lld\nconnections %lld\nbody_bytes %lld\n", failed, opened, body_bytes);
        printf ("elapsed %lld\ncpu %lld\ntimes", (long long) elapsed, (long long) cpu);
        for (long long each = 0; each < good; each++)
                printf (" %lld", (long long) times[each]);
        printf ("\n");
}

void
run_call (void)
{
        expected = option_text ("expect");
        run_fetch ();
}
