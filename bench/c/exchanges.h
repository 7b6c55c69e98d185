/* The exchanges under way. An exchange is four packets (DORA) or two (a renewal); it is found again by its xid. */
#ifndef BENCH_EXCHANGES_H
#define BENCH_EXCHANGES_H
#include <stdint.h>

/* An exchange that takes longer than this is lost, as perfdhcp's default has it. */
#define EXCHANGE_LIMIT_S 1.0

enum stage { IDLE = 0, AWAITS_OFFER, AWAITS_ACK };

struct exchange {
    double begun, asked; /* when the exchange began, and when its last request left */
    uint32_t client, xid, wanted;
    uint8_t stage;
};

/* Clients are numbered from 0; called once. Returns 0 when there is no memory. */
int exchanges_reserve(uint32_t clients);

/* Whether this client has an exchange under way: like a real one, it never has two. */
int exchange_under_way(uint32_t client);

/* Takes a free slot; NULL when all of them are under way. */
struct exchange *exchange_begin(uint32_t client, enum stage stage, double now);

/* The exchange that this xid belongs to; NULL when it is over or was never begun. */
struct exchange *exchange_find(uint32_t xid);

void exchange_end(struct exchange *exchange);

/* Ends every exchange begun before now - EXCHANGE_LIMIT_S and returns how many there were. */
long exchanges_expire(double now);

long exchanges_under_way(void);

#endif
