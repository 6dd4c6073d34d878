/* What the parts of the load generator share: options, clock, the device's CPU time, UDP and TCP sockets. */

#ifndef GENERATOR_H
#define GENERATOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SECOND_NS 1000000000LL
#define SSDP_PORT 1900
#define MAX_DATAGRAM_BYTES 4096
#define MAX_DATAGRAMS 1024
#define BATCH 64
#define MAX_AGENT_BYTES 256
#define MAX_REQUEST_BYTES 4096
#define MAX_RESPONSE_BYTES 65536
/* In a request or a datagram, this is replaced with another User-Agent value each time it is sent. */
#define AGENT_MARK "{agent}"
/* In a request, this is replaced with another text of VALUE_BYTES each time it is sent. */
#define VALUE_MARK "{value}"
#define VALUE_BYTES 24

/* main.c: end the program, with errno's text after WHAT, or with a reason of our own */
_Noreturn void fail (const char *what);
_Noreturn void refuse (const char *why);

/* main.c: for loads that last until SIGTERM and then print their results */
void stop_on_sigterm (void);
bool stopped (void);

/* options.c: NAME=VALUE arguments; the program ends with a message when one is missing */
void options_set (int argc, char **argv);
const char *option_text (const char *name);
long long option_number (const char *name);
struct in_addr option_address (const char *name);

/* clock.c: one clock for sending, sleeping and arrivals; SO_TIMESTAMPNS has no other */
int64_t now_ns (void);
void sleep_until_ns (int64_t moment);
void watch_cpu (void);
int64_t device_cpu_ns (void);

/* agents.c: write a User-Agent value that was never sent before; its length is less than MAX_AGENT_BYTES */
size_t write_agent (char into[MAX_AGENT_BYTES]);

/* values.c: write a text that was never sent before and that XML has no need to escape */
void write_value (char into[VALUE_BYTES + 1]);

/* datagrams.c: the datagrams to send in turn: `before`, and if it `varies`, a new User-Agent value and `after` */
struct datagram {
        struct iovec before, after;
        bool varies;
        bool expects_answer;
};
extern struct datagram datagrams[MAX_DATAGRAMS];
extern long long datagram_count;
void datagrams_read (const char *path);

/*
 * sockets.c: search number N leaves from source address N % sources and from socket N / sources. An answer's
 * destination identifies its search, and no two searches have the same source address and port.
 */
struct arrival {
        long long number;
        int64_t at_ns;
};
void sockets_open (long long searches);
int search_batch (long long first, long long end, int64_t *sent_at_ns);
int receive_batch (int timeout_ms, struct arrival *arrivals);
long long receive_drops (void);
int open_udp (struct in_addr address, int port);
struct sockaddr_in destination (void);
struct in_addr source_address (long long number);
/* The time at which the system received a message, from the message's control data. */
int64_t arrival_ns (struct msghdr *message);

/* Time between two connections that are opened at the start: some devices' queue of new ones has room for ten. */
#define OPENING_NS 1000000LL

/*
 * tcp.c: open_tcp gives a connection to the device from the address OWN, or -1 when the device refuses it or lets it
 * wait. request_set reads request=; write_request writes it and gives its length, each time with a new User-Agent
 * value where it has AGENT_MARK, and then a new text where it has VALUE_MARK, which is also put into VALUE; VALUE is
 * empty where the request has none. allow_open_files raises this process's limit where it is lower.
 */
struct sockaddr_in http_server (void);
int open_tcp (const struct sockaddr_in *server, struct in_addr own, int64_t patience_ns);
void request_set (void);
size_t write_request (char into[MAX_REQUEST_BYTES], char value[VALUE_BYTES + 1]);
void allow_open_files (long long wanted);

/*
 * http.c: what has been received of a response so far: a part, all of a good one (status 200), or something else.
 * `ended` when nothing more will come; RESPONSE has room for MAX_RESPONSE_BYTES and a NUL. Of any message: body_of is
 * where its body begins, or NULL while its head is not whole; field_of is what follows NAME, which begins with CR LF
 * and may end with a part of the field's value, or NULL.
 */
enum progress { PARTIAL, WHOLE, BROKEN };
enum progress assess_response (char *response, size_t length, bool ended);
char *body_of (char *message);
const char *field_of (const char *message, const char *name);

/* one for each kind of load */
void run_steady (void);
void run_one_by_one (void);
void run_first (void);
void run_fetch (void);
void run_call (void);
void run_notify (void);
void run_pipeline (void);
void run_crowd (void);

#endif
