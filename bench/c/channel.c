#define _GNU_SOURCE
#include "channel.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "dhcp4.h"

/* Large enough to keep every answer of one second: a loss here would be blamed on the server. */
enum { SOCKET_BUFFER = 16 << 20 };

static int sock;
static struct sockaddr_in peer;
static uint8_t out_bytes[CHANNEL_BATCH][DHCP4_REQUEST_MAX], in_bytes[CHANNEL_BATCH][CHANNEL_REPLY_MAX];
static struct iovec out_vectors[CHANNEL_BATCH], in_vectors[CHANNEL_BATCH];
static struct mmsghdr out_headers[CHANNEL_BATCH], in_headers[CHANNEL_BATCH];
static unsigned queued;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Beyond the system's limit where that is allowed, up to it elsewhere. */
static int set_buffer(int forced, int limited)
{
    int size = SOCKET_BUFFER;
    return setsockopt(sock, SOL_SOCKET, forced, &size, sizeof size) &&
           setsockopt(sock, SOL_SOCKET, limited, &size, sizeof size);
}

void channel_open(uint32_t local, uint32_t server, uint16_t port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = local};

    peer = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = server};
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    if (sock < 0)
        fail("socket");
    if (set_buffer(SO_RCVBUFFORCE, SO_RCVBUF) || set_buffer(SO_SNDBUFFORCE, SO_SNDBUF))
        fail("setsockopt");
    if (bind(sock, (struct sockaddr *)&own, sizeof own))
        fail("bind");
    for (int i = 0; i < CHANNEL_BATCH; i++) {
        out_vectors[i].iov_base = out_bytes[i];
        out_headers[i].msg_hdr = (struct msghdr){
            .msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &out_vectors[i], .msg_iovlen = 1};
        in_vectors[i] = (struct iovec){.iov_base = in_bytes[i], .iov_len = CHANNEL_REPLY_MAX};
        in_headers[i].msg_hdr = (struct msghdr){.msg_iov = &in_vectors[i], .msg_iovlen = 1};
    }
}

uint8_t *channel_next(void)
{
    return out_bytes[queued];
}

void channel_push(size_t length)
{
    out_vectors[queued++].iov_len = length;
    if (queued == CHANNEL_BATCH)
        channel_flush();
}

void channel_flush(void)
{
    for (unsigned gone = 0; gone < queued;) {
        int sent = sendmmsg(sock, out_headers + gone, queued - gone, 0);
        if (sent > 0) {
            gone += (unsigned)sent;
        } else { /* A full send buffer, or the refusal (ICMP) of an earlier datagram: wait a little, try again. */
            struct pollfd writable = {.fd = sock, .events = POLLOUT};
            poll(&writable, 1, 1);
        }
    }
    queued = 0;
}

int channel_receive(long wait_us, void (*take)(const uint8_t *bytes, size_t length))
{
    int count;

    if (wait_us > 0) {
        struct timespec limit = {.tv_nsec = wait_us * 1000};
        struct pollfd readable = {.fd = sock, .events = POLLIN};
        ppoll(&readable, 1, &limit, NULL);
    }
    count = recvmmsg(sock, in_headers, CHANNEL_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++)
        take(in_bytes[i], in_headers[i].msg_len);
    return count > 0 ? count : 0;
}
