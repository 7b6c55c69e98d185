#include "exchanges.h"

#include <stdlib.h>

/* The low bits of an xid are the slot, the high bits count its uses, so that a late answer is told from a timely one. */
enum { SLOT_BITS = 18, SLOTS = 1 << SLOT_BITS };

static struct exchange slots[SLOTS];
/* Slots are taken in a ring, so that begin times ascend from oldest to next, and expiry looks at the oldest only. */
static uint32_t next, oldest;
static long under_way;
static uint8_t *busy; /* by client */

int exchanges_reserve(uint32_t clients)
{
    busy = calloc(clients, sizeof *busy);
    return busy != NULL;
}

int exchange_under_way(uint32_t client)
{
    return busy[client];
}

struct exchange *exchange_begin(uint32_t client, enum stage stage, double now)
{
    struct exchange *slot = &slots[next % SLOTS];

    if (next - oldest == SLOTS)
        return NULL;
    *slot = (struct exchange){.begun = now, .asked = now, .client = client, .xid = next, .stage = (uint8_t)stage};
    next++;
    under_way++;
    busy[client] = 1;
    return slot;
}

struct exchange *exchange_find(uint32_t xid)
{
    struct exchange *slot = &slots[xid % SLOTS];
    return slot->stage != IDLE && slot->xid == xid ? slot : NULL;
}

void exchange_end(struct exchange *exchange)
{
    exchange->stage = IDLE;
    busy[exchange->client] = 0;
    under_way--;
}

long exchanges_expire(double now)
{
    long expired = 0;

    for (; oldest != next; oldest++) {
        struct exchange *slot = &slots[oldest % SLOTS];
        if (slot->stage == IDLE)
            continue;
        if (now - slot->begun <= EXCHANGE_LIMIT_S)
            break;
        exchange_end(slot);
        expired++;
    }
    return expired;
}

long exchanges_under_way(void)
{
    return under_way;
}
