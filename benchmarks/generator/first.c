/*
 * The first answers of a device that is being started: to a unicast search, to a GET, and its first ssdp:alive.
 *
 * A search and a GET are sent every 2 ms until each has its answer. The GET is for path= until the device's LOCATION is
 * known, from an answer or an announcement, and from then on for that. Only status 200 counts as an answer.
 *
 * "ready" is printed before the first search, so that the device can be started.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_NS 2000000LL
#define STATUS_OFFSET 9 /* in "HTTP/1.1 200 OK" */

static int64_t search_at, response_at, alive_at;
static char location[MAX_DATAGRAM_BYTES + 1];
static int fetching = -1; /* the socket of the GET that is under way */

/* Receive one message, take over its LOCATION, and give its arrival time if it is an answer or an ssdp:alive. */
static int64_t
receive_message (int from)
{
        static char bytes[MAX_DATAGRAM_BYTES + 1], control[256];
        struct iovec vector = { bytes, MAX_DATAGRAM_BYTES };
        struct msghdr message = {
                .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
        };
        ssize_t length = recvmsg (from, &message, MSG_DONTWAIT);

        if (length <= 0)
                return 0;
        bytes[length] = '\0';
        const char *found = strcasestr (bytes, "\r\nLOCATION:");
        if (found == NULL || (strncmp (bytes, "NOTIFY ", 7) == 0 && strcasestr (bytes, "ssdp:alive") == NULL))
                return 0;
        found += strlen ("\r\nLOCATION:");
        found += strspn (found, " \t");
        snprintf (location, sizeof location, "%.*s", (int) strcspn (found, "\r\n"), found);
        return arrival_ns (&message);
}

static void
start_get (const struct sockaddr_in *server)
{
        char request[2 * MAX_DATAGRAM_BYTES], authority[64], address[INET_ADDRSTRLEN];
        const char *path = strncmp (location, "http://", 7) == 0 ? strchr (location + 7, '/') : NULL;

        inet_ntop (AF_INET, &server->sin_addr, address, sizeof address);
        snprintf (authority, sizeof authority, "%s:%d", address, ntohs (server->sin_port));
        int length = snprintf (request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                               path != NULL ? path : option_text ("path"), authority);
        fetching = socket (AF_INET, SOCK_STREAM, 0);
        if (fetching < 0)
                fail ("opening a connection");
        if (connect (fetching, (const struct sockaddr *) server, sizeof *server) == 0 &&
            send (fetching, request, (size_t) length, MSG_NOSIGNAL) == length)
                return;
        close (fetching); /* nothing listens yet */
        fetching = -1;
}

static void
receive_response (void)
{
        char head[64];
        ssize_t length = recv (fetching, head, sizeof head, MSG_DONTWAIT);

        if (length < 0 && errno == EAGAIN)
                return;
        if (length > STATUS_OFFSET + 3 && strncmp (head + STATUS_OFFSET, "200", 3) == 0)
                response_at = now_ns ();
        close (fetching);
        fetching = -1;
}

/* Whether all is known; what a device has not done PATIENCE_NS after its first response, it does not do at all. */
static bool
complete (int64_t patience_ns)
{
        if (response_at == 0 || location[0] == '\0')
                return false;
        return (search_at != 0 && (alive_at != 0 || option_number ("alive") == 0)) ||
               now_ns () > response_at + patience_ns;
}

static void
send_requests (int searching, const struct sockaddr_in *to, const struct sockaddr_in *server)
{
        const struct iovec *search = &datagrams[0].before;

        if (search_at == 0) /* refused while nothing listens there */
                sendto (searching, search->iov_base, search->iov_len, 0, (const struct sockaddr *) to, sizeof *to);
        if (response_at == 0 && fetching < 0)
                start_get (server);
}

void
run_first (void)
{
        struct sockaddr_in to = destination (), server = to;
        struct ip_mreqn membership = { .imr_ifindex = (int) if_nametoindex (option_text ("link")) };
        struct in_addr group = option_address ("group");
        int searching = open_udp (option_address ("own"), 0), listening = open_udp (group, SSDP_PORT);
        int64_t end = now_ns () + option_number ("seconds_ns"), next = 0, patience_ns = option_number ("patience_ns");

        server.sin_port = htons ((uint16_t) option_number ("port"));
        membership.imr_multiaddr = group;
        if (setsockopt (listening, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0)
                fail ("joining the group");
        datagrams_read (option_text ("datagrams"));
        printf ("ready\n");
        fflush (stdout);
        while (!complete (patience_ns)) {
                if (now_ns () > end)
                        refuse ("no answer and no announcement");
                if (now_ns () >= next) {
                        next = now_ns () + INTERVAL_NS;
                        send_requests (searching, &to, &server);
                }
                struct pollfd sockets[] = { { searching, POLLIN, 0 }, { listening, POLLIN, 0 }, { fetching, POLLIN, 0 } };
                if (poll (sockets, 3, 1) <= 0)
                        continue;
                int64_t answered_at = receive_message (searching), announced_at = receive_message (listening);

                search_at = search_at != 0 ? search_at : answered_at;
                alive_at = alive_at != 0 ? alive_at : announced_at;
                if (fetching >= 0)
                        receive_response ();
        }
        printf ("search_at %lld\nresponse_at %lld\nalive_at %lld\nlocation %s\n", (long long) search_at,
                (long long) response_at, (long long) alive_at, location);
}
