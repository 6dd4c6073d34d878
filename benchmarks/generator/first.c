/*
 * The device's first words: a unicast search and a GET every 2 ms, until both are answered. The LOCATION comes with the
 * answer to the search, or with an announcement of a device that ignores unicast searches.
 *
 * "ready" is printed before the first search, so that the device can be started.
 */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASKING_NS 2000000LL
/* How long after its first response an answer to a search is still awaited: some devices ignore unicast searches. */
#define SEARCH_GRACE_NS 300000000LL

static const char request[] = "GET /description.xml HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n";
static int64_t search_at, response_at;
static char location[MAX_DATAGRAM_BYTES + 1];

/* Look at what has come; whether it was an SSDP message with a LOCATION, and when it came. */
static int64_t
look_at (int from)
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
        if (found == NULL)
                return 0;
        found += strlen ("\r\nLOCATION:");
        found += strspn (found, " \t");
        snprintf (location, sizeof location, "%.*s", (int) strcspn (found, "\r\n"), found);
        return arrival_ns (&message);
}

/* Ask for a document, whatever comes back; when the response began, or 0 when nobody listens yet. */
static int64_t
get (const struct sockaddr_in *server)
{
        int connection = socket (AF_INET, SOCK_STREAM, 0);
        char begin;
        int64_t at = 0;

        if (connection < 0)
                fail ("opening a connection");
        if (connect (connection, (const struct sockaddr *) server, sizeof *server) == 0 &&
            send (connection, request, strlen (request), MSG_NOSIGNAL) > 0 && recv (connection, &begin, 1, 0) == 1)
                at = now_ns ();
        close (connection);
        return at;
}

static bool
complete (void)
{
        return response_at != 0 && location[0] != '\0' &&
               (search_at != 0 || now_ns () > response_at + SEARCH_GRACE_NS);
}

void
run_first (void)
{
        struct sockaddr_in to = destination (), server = to;
        struct ip_mreqn membership = { .imr_ifindex = (int) if_nametoindex (option_text ("link")) };
        struct in_addr group = option_address ("group");
        int searching = open_udp (option_address ("own"), 0), hearing = open_udp (group, SSDP_PORT);
        struct pollfd both[] = { { searching, POLLIN, 0 }, { hearing, POLLIN, 0 } };
        int64_t end = now_ns () + option_number ("seconds_ns"), next = 0;

        server.sin_port = htons ((uint16_t) option_number ("port"));
        membership.imr_multiaddr = group;
        if (setsockopt (hearing, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) != 0)
                fail ("joining the group");
        datagrams_read (option_text ("datagrams"));
        printf ("ready\n");
        fflush (stdout);
        while (!complete ()) {
                if (now_ns () > end)
                        refuse ("no answer and no announcement");
                if (now_ns () >= next) {
                        struct iovec *search = &datagrams[0].before;

                        next = now_ns () + ASKING_NS;
                        if (search_at == 0) /* refused as long as nothing listens there */
                                sendto (searching, search->iov_base, search->iov_len, 0, (struct sockaddr *) &to,
                                        sizeof to);
                        if (response_at == 0)
                                response_at = get (&server);
                }
                if (poll (both, 2, 1) > 0) {
                        int64_t at = look_at (searching);

                        if (search_at == 0)
                                search_at = at;
                        look_at (hearing);
                }
        }
        printf ("search_at %lld\nresponse_at %lld\nlocation %s\n", (long long) search_at, (long long) response_at,
                location);
}
