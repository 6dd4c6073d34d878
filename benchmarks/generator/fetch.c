/*
 * GETs over several connections at once, one outstanding on each: kept alive (keep=1), or a new connection for each GET.
 *
 * With AGENT_MARK in request=, every request has another User-Agent; without it, all requests are the same bytes.
 * A GET's time runs from before its request is written, or before its connection is opened, to the response's last byte.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_REQUEST_BYTES 4096
#define MAX_RESPONSE_BYTES 65536
#define MAX_FAILED 100
#define WAIT_MS 2000
#define MAX_GETS 1000000

struct connection {
        int socket;
        int64_t asked_at;
        size_t length;
        char response[MAX_RESPONSE_BYTES + 1];
};

enum state { PARTIAL, WHOLE, BROKEN };

static struct connection connections[MAX_CONNECTIONS];
static struct sockaddr_in server;
static const char *request, *agent_mark;
static bool keep;
static int events;
static int64_t *times;
static long long good, failed, opened, body_bytes;

/* Write the next request; its length. */
static size_t
write_request (char into[MAX_REQUEST_BYTES])
{
        char agent[MAX_AGENT_BYTES];

        if (agent_mark == NULL)
                return (size_t) snprintf (into, MAX_REQUEST_BYTES, "%s", request);
        write_agent (agent);
        return (size_t) snprintf (into, MAX_REQUEST_BYTES, "%.*s%s%s", (int) (agent_mark - request), request, agent,
                                  agent_mark + strlen (AGENT_MARK));
}

static void
ask (struct connection *on)
{
        char bytes[MAX_REQUEST_BYTES];
        size_t length = write_request (bytes);

        on->length = 0;
        if (on->asked_at == 0)
                on->asked_at = now_ns ();
        if (send (on->socket, bytes, length, MSG_NOSIGNAL) != (ssize_t) length)
                failed++;
}

static void
connect_anew (struct connection *on)
{
        int yes = 1;
        struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = source_address (opened++) };
        struct epoll_event readable = { .events = EPOLLIN, .data.ptr = on };

        on->asked_at = now_ns ();
        on->socket = socket (AF_INET, SOCK_STREAM, 0);
        if (on->socket < 0 ||
            setsockopt (on->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0 ||
            setsockopt (on->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
            bind (on->socket, (struct sockaddr *) &own, sizeof own) != 0)
                fail ("opening a connection");
        /* The handshake is the kernels' alone, and over before the device is scheduled: nothing to wait for. */
        if (connect (on->socket, (struct sockaddr *) &server, sizeof server) != 0)
                fail ("connecting");
        if (epoll_ctl (events, EPOLL_CTL_ADD, on->socket, &readable) != 0)
                fail ("watching a connection");
        ask (on);
}

/* What has been received so far: a whole good response, or a part of one; `ended` when nothing more will come. */
static enum state
judge (struct connection *on, bool ended)
{
        on->response[on->length] = '\0';
        char *body = strstr (on->response, "\r\n\r\n");
        if (body == NULL)
                return ended || on->length == MAX_RESPONSE_BYTES ? BROKEN : PARTIAL;
        if (strncmp (on->response, "HTTP/1.1 200", 12) != 0 && strncmp (on->response, "HTTP/1.0 200", 12) != 0)
                return BROKEN;
        body += 4;
        size_t received = on->length - (size_t) (body - on->response);
        char *length = strcasestr (on->response, "\r\nContent-Length:"), *end = on->response + on->length;
        bool whole;
        if (length != NULL && length < body)
                whole = received >= (size_t) atoll (length + 17);
        else if ((length = strcasestr (on->response, "\r\nTransfer-Encoding: chunked")) != NULL && length < body)
                whole = received >= 5 && memcmp (end - 5, "0\r\n\r\n", 5) == 0;
        else
                whole = ended;
        if (whole)
                body_bytes = (long long) received;
        return whole ? WHOLE : ended || on->length == MAX_RESPONSE_BYTES ? BROKEN : PARTIAL;
}

static void
hear (struct connection *on)
{
        ssize_t more = recv (on->socket, on->response + on->length, MAX_RESPONSE_BYTES - on->length, MSG_DONTWAIT);
        bool ended = more == 0 || (more < 0 && errno != EAGAIN);

        if (more > 0)
                on->length += (size_t) more;
        enum state state = judge (on, ended);
        if (state == PARTIAL)
                return;
        if (state == WHOLE && good < MAX_GETS)
                times[good++] = now_ns () - on->asked_at;
        if (state == BROKEN)
                failed++;
        if (keep && !ended && strcasestr (on->response, "\r\nConnection: close") == NULL) {
                on->asked_at = 0;
                ask (on);
        } else {
                close (on->socket);
                connect_anew (on);
        }
}

static void
fetch_until (int64_t end)
{
        struct epoll_event ready[BATCH];

        while (now_ns () < end && failed < MAX_FAILED) {
                int count = epoll_wait (events, ready, BATCH, WAIT_MS);

                if (count == 0)
                        refuse ("no response within two seconds");
                for (int each = 0; each < count; each++)
                        hear (ready[each].data.ptr);
        }
}

void
run_fetch (void)
{
        long long count = option_number ("connections");

        if (count < 1 || count > MAX_CONNECTIONS)
                refuse ("connections= is out of range");
        request = option_text ("request");
        if (strlen (request) + MAX_AGENT_BYTES > MAX_REQUEST_BYTES)
                refuse ("request= is too long");
        agent_mark = strstr (request, AGENT_MARK);
        keep = option_number ("keep") != 0;
        server = destination ();
        server.sin_port = htons ((uint16_t) option_number ("port"));
        times = malloc (MAX_GETS * sizeof *times);
        events = epoll_create1 (0);
        if (times == NULL || events < 0)
                fail ("no memory");
        watch_cpu ();
        for (long long each = 0; each < count; each++)
                connect_anew (&connections[each]);
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
