/* Hostile datagrams at a steady rate: searches that are valid, from one source and from many, searches from beyond the
 * link, and garbage.
 *
 *   flood SECONDS RATE LINK-ADDRESS DEVICE-ADDRESS ONE-SOURCE FIRST-OF-MANY HOW-MANY
 *
 * In C, and in batches, so that the flood costs the machine less than what it floods. Raw sockets, as the sources are
 * chosen freely; the network it runs in must have no way out. Prints what it sent, by kind, as JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, TICK_NS = 4000000, MOST_BYTES = 1472, SSDP_PORT = 1900 };
enum { ONE, MANY, OFF_LINK, GARBAGE, KINDS };
static const char *const KIND_NAMES[KINDS] = {"one source", "many sources", "off link", "garbage"};
/* Of a hundred datagrams. */
static const int SHARES[KINDS] = {40, 40, 10, 10};

static const char *const TARGETS[] = {
    "ssdp:all",
    "upnp:rootdevice",
    "urn:schemas-upnp-org:device:Basic:1",
    "urn:boucherie-example-com:service:Jambon:1",
    "urn:schemas-upnp-org:device:MediaServer:1", /* not on this network */
};

struct packet {
    struct iphdr ip;
    struct udphdr udp;
    unsigned char payload[MOST_BYTES];
};

static uint64_t chance_state = 88172645463325252u;
static volatile sig_atomic_t stopped;

static uint32_t chance(uint32_t below) { /* xorshift64 */
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (uint32_t)(chance_state >> 32) % below;
}

static void stop(int number) {
    (void)number;
    stopped = 1;
}

static int search(unsigned char *payload, int unicast) {
    const char *target = TARGETS[chance(sizeof TARGETS / sizeof *TARGETS)];
    char mx[16] = "";
    if (!unicast)
        snprintf(mx, sizeof mx, "MX: %u\r\n", 1 + chance(5));
    return snprintf((char *)payload, MOST_BYTES,
                    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n%sST: %s\r\n\r\n",
                    mx, target);
}

static int garbage(unsigned char *payload) {
    int length;
    switch (chance(4)) {
    case 0: /* noise */
        length = (int)chance(MOST_BYTES);
        for (int i = 0; i < length; i++)
            payload[i] = (unsigned char)chance(256);
        return length;
    case 1: /* a search with some of its bytes changed */
        length = search(payload, 0);
        for (int i = 0; i < 4; i++)
            payload[chance((uint32_t)length)] = (unsigned char)chance(256);
        return length;
    case 2: /* a search cut short */
        return (int)chance((uint32_t)search(payload, 0));
    default: /* byebye for our device */
        return snprintf((char *)payload, MOST_BYTES,
                        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:byebye\r\n"
                        "USN: uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363::upnp:rootdevice\r\n\r\n");
    }
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(int argc, char **argv) {
    static struct packet packets[BATCH];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    static struct sockaddr_in peers[BATCH];
    uint64_t sent[KINDS] = {0}, refused = 0, total = 0;
    if (argc != 8) {
        fprintf(stderr, "see the head of flood.c\n");
        return 2;
    }
    double seconds = atof(argv[1]), rate = atof(argv[2]);
    struct in_addr link = {inet_addr(argv[3])}, device = {inet_addr(argv[4])}, group = {inet_addr("239.255.255.250")};
    uint32_t one = inet_addr(argv[5]), first = ntohl(inet_addr(argv[6])), how_many = (uint32_t)atoi(argv[7]);
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (raw < 0 || setsockopt(raw, IPPROTO_IP, IP_MULTICAST_IF, &link, sizeof link) < 0) {
        perror("flood: cannot open a raw socket");
        return 1;
    }
    signal(SIGTERM, stop);
    signal(SIGINT, stop);

    int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9), now;
    while (!stopped && (now = now_ns()) < end) {
        uint64_t due = (uint64_t)((double)(now - start) / 1e9 * rate);
        while (total < due && !stopped) {
            int count = due - total < BATCH ? (int)(due - total) : BATCH;
            for (int i = 0; i < count; i++) {
                struct packet *packet = &packets[i];
                int kind = 0, unicast = chance(8) == 0;
                for (int dice = (int)chance(100); dice >= SHARES[kind]; kind++)
                    dice -= SHARES[kind];
                int length = kind == GARBAGE ? garbage(packet->payload) : search(packet->payload, unicast);
                uint32_t source = kind == ONE        ? one
                                  : kind == OFF_LINK ? htonl(0xCB007100u + chance(256)) /* 203.0.113.0/24 */
                                                     : htonl(first + chance(how_many));
                size_t size = sizeof packet->ip + sizeof packet->udp + (size_t)length;
                packet->ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 2, .protocol = IPPROTO_UDP};
                packet->ip.tot_len = htons((uint16_t)size);
                packet->ip.saddr = source;
                packet->ip.daddr = unicast ? device.s_addr : group.s_addr;
                /* no checksum: IPv4 allows it */
                packet->udp = (struct udphdr){.source = htons((uint16_t)(1024 + chance(60000))),
                                              .dest = htons(SSDP_PORT),
                                              .len = htons((uint16_t)(sizeof packet->udp + (size_t)length))};
                peers[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = packet->ip.daddr};
                parts[i] = (struct iovec){packet, size};
                messages[i].msg_hdr = (struct msghdr){
                    .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
                sent[kind]++;
            }
            int taken = sendmmsg(raw, messages, (unsigned)count, 0);
            if (taken < count) /* no buffers, for example; what was not taken is not sent again */
                refused += (uint64_t)(count - (taken < 0 ? 0 : taken));
            total += (uint64_t)count;
        }
        int64_t next = now + TICK_NS;
        struct timespec moment = {next / 1000000000, next % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
    }
    printf("{\"seconds\": %.3f, \"refused\": %llu", (double)(now_ns() - start) / 1e9, (unsigned long long)refused);
    for (int kind = 0; kind < KINDS; kind++)
        printf(", \"%s\": %llu", KIND_NAMES[kind], (unsigned long long)sent[kind]);
    printf("}\n");
    close(raw);
    return 0;
}
