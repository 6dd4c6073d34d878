/* TCP: connections from chosen addresses, and the requests that are sent on them. */

#define _GNU_SOURCE
#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static const char *request, *agent_mark, *value_mark;

struct sockaddr_in
http_server (void)
{
        struct sockaddr_in server = destination ();

        server.sin_port = htons ((uint16_t) option_number ("port"));
        return server;
}

int
open_tcp (const struct sockaddr_in *server, struct in_addr own, int64_t patience_ns)
{
        int opened = socket (AF_INET, SOCK_STREAM, 0), yes = 1;
        struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = own };
        /* The kernel gives up a connect, too, when this is over. */
        struct timeval patience = { .tv_sec = patience_ns / SECOND_NS, .tv_usec = patience_ns % SECOND_NS / 1000 };

        if (opened < 0 ||
            setsockopt (opened, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes) != 0 ||
            setsockopt (opened, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
            setsockopt (opened, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
            bind (opened, (const struct sockaddr *) &from, sizeof from) != 0)
                fail ("opening a connection");
        /* The kernels alone make the handshake, so this waits only while the device's queue of connections is full. */
        if (connect (opened, (const struct sockaddr *) server, sizeof *server) == 0)
                return opened;
        /* SIGTERM may come while it waits; the load then ends as if the device had refused this connection. */
        if (errno != ECONNREFUSED && errno != ECONNRESET && errno != ETIMEDOUT && errno != EINPROGRESS &&
            errno != EINTR)
                fail ("connecting");
        close (opened);
        return -1;
}

void
request_set (void)
{
        request = option_text ("request");
        if (strlen (request) + MAX_AGENT_BYTES + VALUE_BYTES > MAX_REQUEST_BYTES)
                refuse ("request= is too long");
        agent_mark = strstr (request, AGENT_MARK);
        value_mark = strstr (request, VALUE_MARK);
        if (value_mark != NULL && value_mark < agent_mark)
                refuse ("request= has " VALUE_MARK " before " AGENT_MARK);
}

size_t
write_request (char into[MAX_REQUEST_BYTES], char value[VALUE_BYTES + 1])
{
        char agent[MAX_AGENT_BYTES];
        const char *rest = request;
        size_t length = 0;

        value[0] = '\0';
        if (agent_mark != NULL) {
                write_agent (agent);
                length = (size_t) snprintf (into, MAX_REQUEST_BYTES, "%.*s%s", (int) (agent_mark - rest), rest, agent);
                rest = agent_mark + strlen (AGENT_MARK);
        }
        if (value_mark != NULL) {
                write_value (value);
                length += (size_t) snprintf (into + length, MAX_REQUEST_BYTES - length, "%.*s%s",
                                             (int) (value_mark - rest), rest, value);
                rest = value_mark + strlen (VALUE_MARK);
        }
        return length + (size_t) snprintf (into + length, MAX_REQUEST_BYTES - length, "%s", rest);
}

void
allow_open_files (long long wanted)
{
        struct rlimit limit;

        if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
                fail ("the limit of open files");
        if (limit.rlim_cur >= (rlim_t) wanted)
                return;
        limit.rlim_cur = (rlim_t) wanted;
        limit.rlim_max = limit.rlim_max < limit.rlim_cur ? limit.rlim_cur : limit.rlim_max;
        if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
                fail ("raising the limit of open files");
}
