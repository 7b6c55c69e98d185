#include "dhcp4.h"

#include <string.h>

enum { OP = 0, HTYPE = 1, HLEN = 2, HOPS = 3, XID = 4, CIADDR = 12, YIADDR = 16, GIADDR = 24, CHADDR = 28, COOKIE = 236, OPTIONS = 240 };
enum { PAD = 0, REQUESTED_ADDRESS = 50, MESSAGE_TYPE = 53, SERVER_IDENTIFIER = 54, PARAMETER_REQUEST_LIST = 55, END = 255 };

static const uint8_t magic[4] = {0x63, 0x82, 0x53, 0x63};
/* Mask, broadcast, time offset, routers, domain name, DNS servers, host name: what a common client asks for. */
static const uint8_t parameters[7] = {1, 28, 2, 3, 15, 6, 12};

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *value, uint8_t length)
{
    *at++ = code;
    *at++ = length;
    memcpy(at, value, length);
    return at + length;
}

size_t dhcp4_build(const struct dhcp4_request *request, uint8_t *bytes)
{
    uint8_t type = (uint8_t)request->type;
    uint8_t *at = bytes + OPTIONS;

    memset(bytes, 0, OPTIONS);
    bytes[OP] = 1;
    bytes[HTYPE] = 1;
    bytes[HLEN] = 6;
    bytes[HOPS] = 1;
    memcpy(bytes + XID, &request->xid, 4);
    memcpy(bytes + CIADDR, &request->ciaddr, 4);
    memcpy(bytes + GIADDR, &request->giaddr, 4);
    bytes[CHADDR] = 2;
    for (int i = 0; i < 4; i++)
        bytes[CHADDR + 2 + i] = (uint8_t)(request->client >> (24 - 8 * i));
    memcpy(bytes + COOKIE, magic, sizeof magic);

    at = put_option(at, MESSAGE_TYPE, &type, 1);
    if (request->requested)
        at = put_option(at, REQUESTED_ADDRESS, &request->requested, 4);
    if (request->server)
        at = put_option(at, SERVER_IDENTIFIER, &request->server, 4);
    at = put_option(at, PARAMETER_REQUEST_LIST, parameters, sizeof parameters);
    *at++ = END;
    return (size_t)(at - bytes);
}

int dhcp4_parse(const uint8_t *bytes, size_t length, struct dhcp4_reply *reply)
{
    if (length < OPTIONS || bytes[OP] != 2 || bytes[CHADDR] != 2 || bytes[CHADDR + 1] != 0)
        return 0;
    if (memcmp(bytes + COOKIE, magic, sizeof magic) != 0)
        return 0;
    memset(reply, 0, sizeof *reply);
    memcpy(&reply->xid, bytes + XID, 4);
    memcpy(&reply->yiaddr, bytes + YIADDR, 4);
    for (int i = 0; i < 4; i++)
        reply->client = reply->client << 8 | bytes[CHADDR + 2 + i];

    for (size_t at = OPTIONS; at < length && bytes[at] != END;) {
        if (bytes[at] == PAD) {
            at++;
            continue;
        }
        if (at + 2 > length || at + 2 + bytes[at + 1] > length)
            return 0;
        if (bytes[at] == MESSAGE_TYPE && bytes[at + 1] == 1)
            reply->type = bytes[at + 2];
        else if (bytes[at] == SERVER_IDENTIFIER && bytes[at + 1] == 4)
            memcpy(&reply->server, bytes + at + 2, 4);
        at += 2u + bytes[at + 1];
    }
    return reply->type != 0;
}
