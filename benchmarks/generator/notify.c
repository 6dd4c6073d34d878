/*
 * Events: subscribers= control points subscribe, each from an address of its own, and then a call changes the evented
 * variable, over and over. The next call is sent when all subscribers have the new value.
 *
 * The time of a change runs from before its call is written until its event has been read from the last subscriber's
 * connection. An event without the new value is a stray, and one whose SEQ is not one more than its subscriber's last
 * one is a gap. A subscriber has missed a change whose event has not come within patience_ns=. After the changes,
 * nothing is sent for rest_ns=, in which the device's CPU time is measured again.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_SUBSCRIBERS 1024
#define MAX_CHANGES 1000000
#define SPARE_FILES 64
/* Some devices use a new connection for each event and may be slow to close the old ones. */
#define FILES_PER_SUBSCRIBER 4
#define BACKLOG 4096
/* How long a device may still work after its last event: it reads the subscribers' responses. */
#define SETTLING_NS (SECOND_NS / 10)

/* A connection in either direction; the device opens those for its events. */
struct stream {
        int socket;
        size_t length;
        char bytes[MAX_RESPONSE_BYTES + 1];
};

struct subscriber {
        long long next_seq; /* 0: its first event has not come yet */
        long long change;   /* the newest one that it knows of */
};

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static struct subscriber subscribers[MAX_SUBSCRIBERS];
static long long subscriber_count, introduced;
static struct stream caller = { .socket = -1 };
static bool responded;
static const char *asked, *expected;
static struct sockaddr_in server;
static int events_epoll, listener, event_port;
static int64_t patience_ns;

static long long change, informed, good, missed, gaps, strays, received, accepted_count;
static char value[VALUE_BYTES + 1];
static int64_t started_at, last_at;
static int64_t times[MAX_CHANGES];

static void
watch (int socket, struct stream *stream)
{
        struct epoll_event readable = { .events = EPOLLIN, .data.ptr = stream };

        if (epoll_ctl (events_epoll, EPOLL_CTL_ADD, socket, &readable) != 0)
                fail ("watching a connection");
}

/* Receive what has come; false when nothing more will. */
static bool
receive_some (struct stream *stream)
{
        ssize_t more = recv (stream->socket, stream->bytes + stream->length, MAX_RESPONSE_BYTES - stream->length,
                             MSG_DONTWAIT);

        if (more > 0)
                stream->length += (size_t) more;
        stream->bytes[stream->length] = '\0';
        return more > 0 || (more < 0 && errno == EAGAIN);
}

static void
hang_up (struct stream *stream)
{
        close (stream->socket);
        stream->socket = -1;
}

/* The calls and subscriptions of this program, one at a time. */

static _Noreturn void
refuse_response (void)
{
        caller.bytes[caller.length] = '\0';
        caller.bytes[strcspn (caller.bytes, "\r\n")] = '\0';
        fprintf (stderr, "%s failed: %s\n", asked, caller.length == 0 ? "no response" : caller.bytes);
        exit (EXIT_FAILURE);
}

static void
send_to_device (const char *what, struct in_addr own, const char *bytes, size_t length)
{
        asked = what;
        responded = false;
        caller.length = 0;
        if (caller.socket < 0) {
                caller.socket = open_tcp (&server, own, patience_ns);
                if (caller.socket < 0)
                        refuse ("the device refuses a connection");
                watch (caller.socket, &caller);
        }
        if (send (caller.socket, bytes, length, MSG_NOSIGNAL) != (ssize_t) length)
                fail ("sending a request");
}

static void
read_response (void)
{
        bool ended = !receive_some (&caller);

        switch (assess_response (caller.bytes, caller.length, ended)) {
        case PARTIAL:
                return;
        case BROKEN:
                if (responded) /* the device has ended an idle connection */
                        break;
                refuse_response ();
        case WHOLE:
                responded = true;
        }
        if (ended || field_of (caller.bytes, "\r\nConnection: close") != NULL)
                hang_up (&caller);
}

/* The events. */

static void
note_event (const char *head, const char *body)
{
        char *end;
        const char *path = strchr (head, '/'), *seq = field_of (head, "\r\nSEQ:");
        long long number = path == NULL ? -1 : strtoll (path + 1, &end, 10);

        if (number < 0 || number >= subscriber_count || seq == NULL)
                refuse ("an event has no SEQ, or is for nobody");
        struct subscriber *subscriber = &subscribers[number];
        long long found = strtoll (seq, NULL, 10);

        gaps += found != subscriber->next_seq;
        introduced += subscriber->next_seq == 0;
        subscriber->next_seq = found + 1;
        if (change == 0)
                return;
        if (subscriber->change == change || strstr (body, value) == NULL) {
                strays++;
                return;
        }
        subscriber->change = change;
        received++;
        if (++informed == subscriber_count)
                last_at = now_ns ();
}

/* Take the first event out of what has been received, and answer it; false when it is not there as a whole. */
static bool
take_event (struct stream *stream)
{
        char *body = body_of (stream->bytes);
        const char *field;

        if (body == NULL)
                return false;
        if (strncmp (stream->bytes, "NOTIFY ", 7) != 0 ||
            (field = field_of (stream->bytes, "\r\nContent-Length:")) == NULL)
                refuse ("an event is no NOTIFY, or has no Content-Length");
        size_t whole = (size_t) (body - stream->bytes) + (size_t) atoll (field);
        if (stream->length < whole)
                return false;
        bool last = field_of (stream->bytes, "\r\nConnection: close") != NULL;
        char next = stream->bytes[whole];

        stream->bytes[whole] = '\0';
        note_event (stream->bytes, body);
        stream->bytes[whole] = next;
        stream->length -= whole;
        memmove (stream->bytes, stream->bytes + whole, stream->length + 1);
        if (send (stream->socket, ok, sizeof ok - 1, MSG_NOSIGNAL) < 0 || last)
                hang_up (stream);
        return stream->socket >= 0;
}

static void
read_events (struct stream *stream)
{
        bool ended = !receive_some (stream);

        while (take_event (stream))
                continue;
        if (stream->socket >= 0 && ended)
                hang_up (stream);
        if (stream->socket < 0)
                free (stream);
}

static void
accept_all (void)
{
        int accepted;

        while ((accepted = accept4 (listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct stream *stream = malloc (sizeof *stream);

                if (stream == NULL)
                        fail ("no memory");
                stream->socket = accepted;
                stream->length = 0;
                watch (accepted, stream);
                accepted_count++;
        }
        if (errno != EAGAIN && errno != ECONNABORTED)
                fail ("accepting a connection");
}

/* Handle what comes, and wait for it until UNTIL at most. */
static void
handle_some (int64_t until)
{
        struct epoll_event ready[BATCH];
        int64_t left = until - now_ns ();
        int count = epoll_wait (events_epoll, ready, BATCH, left > 0 ? (int) (left / 1000000) + 1 : 0);

        for (int each = 0; each < count; each++) {
                struct stream *stream = ready[each].data.ptr;

                if (stream == NULL)
                        accept_all ();
                else if (stream == &caller)
                        read_response ();
                else
                        read_events (stream);
        }
}

static void
listen_for_events (void)
{
        struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_ANY) };
        socklen_t length = sizeof own;

        listener = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (listener < 0 || bind (listener, (struct sockaddr *) &own, sizeof own) != 0 ||
            listen (listener, BACKLOG) != 0 || getsockname (listener, (struct sockaddr *) &own, &length) != 0)
                fail ("listening for events");
        event_port = ntohs (own.sin_port);
        watch (listener, NULL);
}

static void
subscribe (long long number)
{
        char bytes[MAX_REQUEST_BYTES], agent[MAX_AGENT_BYTES], own[INET_ADDRSTRLEN];
        struct in_addr address = source_address (number);
        int64_t deadline = now_ns () + patience_ns;

        inet_ntop (AF_INET, &address, own, sizeof own);
        write_agent (agent);
        int length = snprintf (bytes, sizeof bytes,
                               "SUBSCRIBE %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n"
                               "CALLBACK: <http://%s:%d/%lld>\r\nNT: upnp:event\r\nTIMEOUT: Second-1800\r\n"
                               "Connection: close\r\n\r\n",
                               option_text ("events"), option_text ("authority"), agent, own, event_port, number);
        send_to_device ("a subscription", address, bytes, (size_t) length);
        while (!responded && now_ns () < deadline)
                handle_some (deadline);
        if (!responded)
                refuse_response ();
        if (caller.socket >= 0)
                hang_up (&caller);
}

static void
subscribe_all (void)
{
        int64_t deadline;

        for (long long each = 0; each < subscriber_count; each++) {
                subscribe (each);
                sleep_until_ns (now_ns () + OPENING_NS);
        }
        deadline = now_ns () + patience_ns;
        while (introduced < subscriber_count && now_ns () < deadline)
                handle_some (deadline);
        if (introduced < subscriber_count) {
                fprintf (stderr, "only %lld of %lld subscribers got an initial event\n", introduced, subscriber_count);
                exit (EXIT_FAILURE);
        }
}

/* Make one change, and wait until all subscribers have it and its call has been answered. */
static void
make_change (void)
{
        char bytes[MAX_REQUEST_BYTES];
        size_t length = write_request (bytes, value);

        change++;
        informed = 0;
        started_at = now_ns ();
        send_to_device ("a call", source_address (subscriber_count), bytes, length);
        int64_t deadline = started_at + patience_ns;
        while ((informed < subscriber_count || !responded) && now_ns () < deadline)
                handle_some (deadline);
        if (!responded || strstr (caller.bytes, expected) == NULL || strstr (caller.bytes, value) == NULL)
                refuse_response ();
        if (informed == subscriber_count)
                times[good++] = last_at - started_at;
        missed += subscriber_count - informed;
}

static void
handle_until (int64_t end)
{
        while (now_ns () < end)
                handle_some (end);
}

void
run_notify (void)
{
        long long warm_up = option_number ("warm_up"), most = option_number ("changes");

        subscriber_count = option_number ("subscribers");
        if (subscriber_count < 1 || subscriber_count > MAX_SUBSCRIBERS || most > MAX_CHANGES)
                refuse ("subscribers= or changes= is out of range");
        request_set ();
        expected = option_text ("expect");
        patience_ns = option_number ("patience_ns");
        server = http_server ();
        allow_open_files (FILES_PER_SUBSCRIBER * subscriber_count + SPARE_FILES);
        events_epoll = epoll_create1 (0);
        if (events_epoll < 0)
                fail ("no memory");
        watch_cpu ();
        listen_for_events ();
        subscribe_all ();
        for (long long each = 0; each < warm_up; each++)
                make_change ();
        good = missed = gaps = strays = received = accepted_count = 0;
        long long before = change;
        int64_t start = now_ns (), end = start + option_number ("seconds_ns"), cpu = device_cpu_ns ();
        while (now_ns () < end && change - before < most)
                make_change ();
        int64_t elapsed = now_ns () - start;
        long long connections = accepted_count;
        handle_until (now_ns () + SETTLING_NS);
        cpu = device_cpu_ns () - cpu;
        int64_t rest_start = now_ns (), rest_cpu = device_cpu_ns ();
        handle_until (rest_start + option_number ("rest_ns"));
        rest_cpu = device_cpu_ns () - rest_cpu;
        printf ("changes %lld\nevents %lld\nmissed %lld\n", change - before, received, missed);
        printf ("gaps %lld\nstrays %lld\nconnections %lld\n", gaps, strays, connections);
        printf ("elapsed %lld\ncpu %lld\n", (long long) elapsed, (long long) cpu);
        printf ("rest_elapsed %lld\nrest_cpu %lld\ntimes", (long long) (now_ns () - rest_start), (long long) rest_cpu);
        for (long long each = 0; each < good; each++)
                printf (" %lld", (long long) times[each]);
        printf ("\n");
}
