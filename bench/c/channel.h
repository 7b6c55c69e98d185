/* One UDP socket, written and read in batches, because a system call a packet would make the generator the bottleneck. */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H
#include <stddef.h>
#include <stdint.h>

/* Datagrams moved by one system call. */
#define CHANNEL_BATCH 64
/* Longest reply that is looked at; what is longer is cut off, and options beyond it are not of interest here. */
#define CHANNEL_REPLY_MAX 1500

/* Both addresses in network byte order; both ends use the port of relays and servers (RFC 2131 4.1). */
void channel_open(uint32_t local, uint32_t server, uint16_t port);

/* The place for the next datagram; channel_push() then queues it, and sends the queue when it is full. */
uint8_t *channel_next(void);
void channel_push(size_t length);
void channel_flush(void);

/* Waits up to wait_us (0: not at all) and hands over every datagram of one batch. Returns how many there were. */
int channel_receive(long wait_us, void (*take)(const uint8_t *bytes, size_t length));

#endif
