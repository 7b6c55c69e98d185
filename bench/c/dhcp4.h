/* DHCPv4 messages as the load needs them: three kinds of request, one view of a reply. */
#ifndef BENCH_DHCP4_H
#define BENCH_DHCP4_H
#include <stddef.h>
#include <stdint.h>

enum message_type { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };

/* The longest request that dhcp4_build() writes. */
#define DHCP4_REQUEST_MAX 320

/* Addresses are kept in network byte order throughout. Zero means "absent". */
struct dhcp4_request {
    enum message_type type;
    uint32_t xid;
    uint32_t client;    /* number of the client; its hardware address is 02:00 and this number in four bytes */
    uint32_t giaddr;    /* the relay's address: that of the generator */
    uint32_t ciaddr;    /* set in the REBINDING form of a REQUEST (RFC 2131 4.3.2) */
    uint32_t requested; /* option 50, in the SELECTING form */
    uint32_t server;    /* option 54, in the SELECTING form */
};

struct dhcp4_reply {
    int type;
    uint32_t xid;
    uint32_t client;
    uint32_t yiaddr;
    uint32_t server;
};

/* Writes the request to bytes (DHCP4_REQUEST_MAX of them) and returns its length. */
size_t dhcp4_build(const struct dhcp4_request *request, uint8_t *bytes);

/* Returns 0 when bytes are no reply to a client of this generator. */
int dhcp4_parse(const uint8_t *bytes, size_t length, struct dhcp4_reply *reply);

#endif
