/* A bad cable: what comes in at one interface goes out at the other, lost, twice, late or out of order.
 *
 *   relay SECONDS NEAR FAR LOSS DUPLICATION DELAY-MS JITTER-MS REORDERING        (shares of 1)
 *
 * For kernels without netem, with netem's meaning: what is reordered leaves at once, before what waits. Both ways are
 * treated alike. Prints what it did as JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

/* A second of 10,000 frames a second; more are lost, as in any queue. */
enum { MOST_WAITING = 10000, MOST_BYTES = 65536 + 64, BATCH = 64 };

struct frame {
    int64_t due;
    uint64_t order; /* of two due at the same time, the first goes first */
    int out;
    size_t size;
    unsigned char bytes[];
};

static struct frame *heap[MOST_WAITING + 1];
static size_t waiting;
static uint64_t passed, lost, doubled, reordered, overflown, refused, frames;
static volatile sig_atomic_t stopped;

static void stop(int number) {
    (void)number;
    stopped = 1;
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int before(const struct frame *a, const struct frame *b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(size_t i, size_t j) {
    struct frame *kept = heap[i];
    heap[i] = heap[j];
    heap[j] = kept;
}

static void push(const unsigned char *bytes, size_t size, int out, int64_t due) {
    if (waiting == MOST_WAITING) {
        overflown++;
        return;
    }
    struct frame *frame = malloc(sizeof *frame + size);
    if (!frame) {
        overflown++;
        return;
    }
    frame->due = due;
    frame->order = frames++;
    frame->out = out;
    frame->size = size;
    memcpy(frame->bytes, bytes, size);
    size_t i = ++waiting;
    heap[i] = frame;
    for (; i > 1 && before(heap[i], heap[i / 2]); i /= 2)
        swap(i, i / 2);
}

static struct frame *pop(void) {
    struct frame *first = heap[1];
    heap[1] = heap[waiting--];
    for (size_t i = 1, child; (child = 2 * i) <= waiting; i = child) {
        if (child < waiting && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], heap[i]))
            break;
        swap(i, child);
    }
    return first;
}

static int open_end(const char *name) {
    int on = 1, buffer = 8 * 1024 * 1024;
    int end = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
    struct sockaddr_ll here = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    /* with its virtio header, so that a checksum left to the card, or a segment to be cut, stays what it is */
    if (end < 0 || setsockopt(end, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
        setsockopt(end, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        setsockopt(end, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0 ||
        bind(end, (struct sockaddr *)&here, sizeof here) < 0) {
        perror(name);
        exit(1);
    }
    return end;
}

int main(int argc, char **argv) {
    static unsigned char bytes[MOST_BYTES];
    if (argc != 9) {
        fprintf(stderr, "see the head of relay.c\n");
        return 2;
    }
    double loss = atof(argv[4]), duplication = atof(argv[5]), delay = atof(argv[6]), jitter = atof(argv[7]);
    double reordering = atof(argv[8]);
    int ends[2] = {open_end(argv[2]), open_end(argv[3])};
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    srand48(1900);
    printf("relaying\n");
    fflush(stdout);

    int64_t end = now_ns() + (int64_t)(atof(argv[1]) * 1e9), now;
    while (!stopped && (now = now_ns()) < end) {
        int64_t wait = waiting ? heap[1]->due - now : 100000000;
        struct timespec patience = {0, wait < 0 ? 0 : wait > 100000000 ? 100000000 : wait};
        struct pollfd polled[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
        ppoll(polled, 2, &patience, NULL);
        for (int in = 0; in < 2; in++) {
            for (int i = 0; polled[in].revents && i < BATCH; i++) {
                ssize_t size = recv(ends[in], bytes, sizeof bytes, 0);
                if (size < 0)
                    break;
                now = now_ns();
                if (drand48() < loss) {
                    lost++;
                    continue;
                }
                int copies = drand48() < duplication ? 2 : 1;
                doubled += (uint64_t)(copies - 1);
                while (copies--) {
                    int hurries = drand48() < reordering;
                    double late = hurries ? 0 : delay + jitter * (2 * drand48() - 1);
                    reordered += (uint64_t)hurries;
                    push(bytes, (size_t)size, ends[1 - in], now + (int64_t)(late * 1e6));
                }
            }
        }
        for (now = now_ns(); waiting && heap[1]->due <= now;) {
            struct frame *frame = pop();
            if (send(frame->out, frame->bytes, frame->size, 0) < 0)
                refused++;
            else
                passed++;
            free(frame);
        }
    }
    printf("{\"passed\": %llu, \"lost\": %llu, \"doubled\": %llu, \"reordered\": %llu, \"overflown\": %llu, "
           "\"refused\": %llu}\n",
           (unsigned long long)passed, (unsigned long long)lost, (unsigned long long)doubled,
           (unsigned long long)reordered, (unsigned long long)overflown, (unsigned long long)refused);
    return 0;
}
