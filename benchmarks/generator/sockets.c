/* UDP: many source addresses on few sockets, so that an answer's destination identifies its search. */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define RECEIVE_BUFFER_BYTES (16 * 1024 * 1024)
#define CONTROL_BYTES 256
#define TTL 2

static int *sockets;
static long long socket_count, sources;
static uint32_t first_source;
static int arrivals_epoll;
static struct in_pktinfo packet_info;

struct sockaddr_in
destination (void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (SSDP_PORT) };

        address.sin_addr = option_address ("destination");
        return address;
}

struct in_addr
source_address (long long number)
{
        struct in_addr address = option_address ("first_source");

        address.s_addr = htonl (ntohl (address.s_addr) + (uint32_t) (number % option_number ("sources")));
        return address;
}

int
open_udp (struct in_addr address, int port)
{
        int opened = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        int yes = 1, no = 0, ttl = TTL, room = RECEIVE_BUFFER_BYTES;
        struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr = address };
        struct ip_mreqn link = { .imr_ifindex = (int) if_nametoindex (option_text ("link")) };

        if (opened < 0 || link.imr_ifindex == 0)
                fail ("opening a socket on the link");
        if (setsockopt (opened, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0 ||
            setsockopt (opened, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) != 0 ||
            setsockopt (opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
            setsockopt (opened, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) != 0 ||
            setsockopt (opened, IPPROTO_IP, IP_MULTICAST_IF, &link, sizeof link) != 0 ||
            setsockopt (opened, IPPROTO_IP, IP_MULTICAST_LOOP, &no, sizeof no) != 0 ||
            setsockopt (opened, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) != 0)
                fail ("setting up a socket");
        if (bind (opened, (struct sockaddr *) &own, sizeof own) != 0)
                fail ("binding a socket");
        return opened;
}

void
sockets_open (long long searches)
{
        sources = option_number ("sources");
        first_source = ntohl (option_address ("first_source").s_addr);
        packet_info.ipi_ifindex = (int) if_nametoindex (option_text ("link"));
        socket_count = (searches + sources - 1) / sources;
        sockets = calloc ((size_t) socket_count, sizeof *sockets);
        arrivals_epoll = epoll_create1 (0);
        if (sockets == NULL || arrivals_epoll < 0)
                fail ("opening sockets");
        for (long long each = 0; each < socket_count; each++) {
                struct epoll_event readable = { .events = EPOLLIN, .data.u64 = (uint64_t) each };

                sockets[each] = open_udp ((struct in_addr) { .s_addr = htonl (INADDR_ANY) }, 0);
                if (epoll_ctl (arrivals_epoll, EPOLL_CTL_ADD, sockets[each], &readable) != 0)
                        fail ("watching a socket");
        }
}

/* Point PARTS at the pieces of a datagram, with a new User-Agent value in AGENT if it varies; their number. */
static size_t
assemble (const struct datagram *datagram, struct iovec parts[3], char agent[MAX_AGENT_BYTES])
{
        parts[0] = datagram->before;
        if (!datagram->varies)
                return 1;
        parts[1] = (struct iovec) { agent, write_agent (agent) };
        parts[2] = datagram->after;
        return 3;
}

/* Send searches from FIRST up to END, exclusive, as many as fit one socket and one batch; the number sent. */
int
search_batch (long long first, long long end, int64_t *sent_at_ns)
{
        static struct sockaddr_in to;
        static struct mmsghdr messages[BATCH];
        static struct iovec parts[BATCH][3];
        static char agents[BATCH][MAX_AGENT_BYTES];
        static char controls[BATCH][CMSG_SPACE (sizeof (struct in_pktinfo))] __attribute__ ((aligned (8)));
        long long used_socket = first / sources;
        int count = 0;

        if (to.sin_family == 0)
                to = destination ();
        for (long long each = first; each < end && count < BATCH && each / sources == used_socket; each++, count++) {
                struct msghdr *message = &messages[count].msg_hdr;
                struct cmsghdr *control;

                packet_info.ipi_spec_dst.s_addr = htonl (first_source + (uint32_t) (each % sources));
                *message = (struct msghdr) {
                        .msg_name = &to,
                        .msg_namelen = sizeof to,
                        .msg_iov = parts[count],
                        .msg_iovlen = assemble (&datagrams[each % datagram_count], parts[count], agents[count]),
                        .msg_control = controls[count],
                        .msg_controllen = sizeof controls[count],
                };
                control = CMSG_FIRSTHDR (message);
                control->cmsg_level = IPPROTO_IP;
                control->cmsg_type = IP_PKTINFO;
                control->cmsg_len = CMSG_LEN (sizeof packet_info);
                memcpy (CMSG_DATA (control), &packet_info, sizeof packet_info);
        }
        *sent_at_ns = now_ns ();
        count = sendmmsg (sockets[used_socket], messages, (unsigned int) count, 0);
        if (count < 0) {
                if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
                        fail ("sending searches");
                count = 0;
        }
        return count;
}

int64_t
arrival_ns (struct msghdr *message)
{
        for (struct cmsghdr *each = CMSG_FIRSTHDR (message); each != NULL; each = CMSG_NXTHDR (message, each))
                if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_TIMESTAMPNS) {
                        struct timespec at;

                        memcpy (&at, CMSG_DATA (each), sizeof at);
                        return at.tv_sec * SECOND_NS + at.tv_nsec;
                }
        refuse ("no arrival time");
}

static uint32_t
own_address (struct msghdr *message)
{
        for (struct cmsghdr *each = CMSG_FIRSTHDR (message); each != NULL; each = CMSG_NXTHDR (message, each))
                if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
                        struct in_pktinfo information;

                        memcpy (&information, CMSG_DATA (each), sizeof information);
                        return ntohl (information.ipi_addr.s_addr);
                }
        refuse ("no destination address");
}

/* Receive at most BATCH answers from one socket, and wait for the first; their number, 0 when none came in time. */
int
receive_batch (int timeout_ms, struct arrival *arrivals)
{
        static char bytes[BATCH][MAX_DATAGRAM_BYTES], controls[BATCH][CONTROL_BYTES] __attribute__ ((aligned (8)));
        struct mmsghdr messages[BATCH];
        struct iovec vectors[BATCH];
        struct epoll_event ready;

        if (epoll_wait (arrivals_epoll, &ready, 1, timeout_ms) != 1)
                return 0;
        for (int each = 0; each < BATCH; each++) {
                vectors[each] = (struct iovec) { bytes[each], MAX_DATAGRAM_BYTES };
                messages[each].msg_hdr = (struct msghdr) {
                        .msg_iov = &vectors[each],
                        .msg_iovlen = 1,
                        .msg_control = controls[each],
                        .msg_controllen = CONTROL_BYTES,
                };
        }
        int count = recvmmsg (sockets[ready.data.u64], messages, BATCH, MSG_DONTWAIT, NULL);
        if (count < 0) {
                if (errno != EAGAIN && errno != ECONNREFUSED)
                        fail ("receiving answers");
                return 0;
        }
        for (int each = 0; each < count; each++) {
                struct msghdr *message = &messages[each].msg_hdr;
                long long source = (long long) own_address (message) - first_source;

                arrivals[each].at_ns = arrival_ns (message);
                arrivals[each].number = (long long) ready.data.u64 * sources + source;
        }
        return count;
}

/* The number of answers that the system dropped because this program was too slow. */
long long
receive_drops (void)
{
        long long drops = 0;

        for (long long each = 0; each < socket_count; each++) {
                uint32_t information[SK_MEMINFO_VARS];
                socklen_t length = sizeof information;

                if (getsockopt (sockets[each], SOL_SOCKET, SO_MEMINFO, information, &length) != 0)
                        fail ("counting lost answers");
                drops += information[SK_MEMINFO_DROPS];
        }
        return drops;
}
