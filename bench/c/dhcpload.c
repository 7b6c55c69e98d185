/* dhcpload: loads one DHCPv4 server through a pretended relay, and says what came back.
 *
 * Open loop (-r): exchanges begin by the clock, whatever the server does. Closed loop (-w): so many are under way at any
 * time. -p polls without sleeping: a generator that sleeps makes the server pay for waking it, and one that answers a
 * packet at a time then looks up to twice as slow as it is. The lease file (-f) keeps who was acknowledged which address
 * from one trial to the next: renewals need it, and it is compared with the rows of the server's own store.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "dhcp4.h"
#include "exchanges.h"
#include "samples.h"

/* Exchanges begun between two looks at the socket: more would delay the reading of answers that wait. */
enum { BURST_MAX = 256 };
/* Batches read between two looks at the clock. */
enum { READS_MAX = 8 };
/* Clients looked at for one that is idle, before the exchange is put off until the next look at the clock. */
enum { TRIES_MAX = 64 };
/* After a loss, answers that come too late are still recorded until the link was quiet for so long. */
static const double quiet_s = 0.3, linger_s_max = 5.0;

static struct options {
    const char *server, *local, *lease_file;
    double rate, seconds;
    long window;
    uint32_t clients;
    uint16_t port;
    int renew, polls;
    uint64_t seed;
} options = {.seconds = 2, .clients = 20000, .port = 67, .seed = 1};

static struct {
    long sent, finished, lost, refused, late, mismatched, new_clients;
} counts;
static struct samples offers, acks, whole;
static uint32_t giaddr;
static uint32_t *leased;      /* address by client, 0 where none was acknowledged yet */
static uint32_t *holders;     /* the clients that have one: renewals choose among them */
static uint32_t holder_count;
static FILE *lease_log;
static double now_s;          /* taken once a loop, and again before a batch of answers is looked at */

static double clock_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* xorshift64*: the same seed gives the same order of clients. */
static uint32_t random_below(uint32_t limit)
{
    options.seed ^= options.seed >> 12;
    options.seed ^= options.seed << 25;
    options.seed ^= options.seed >> 27;
    return (uint32_t)((options.seed * 2685821657736338717ull >> 32) * limit >> 32);
}

static void hold(uint32_t client, uint32_t address)
{
    if (!leased[client])
        holders[holder_count++] = client;
    leased[client] = address;
}

/* A lease file is records of two numbers of four bytes, most significant first: client, address. The last of a client counts. */
static void read_leases(const char *path)
{
    uint32_t record[2];
    FILE *file = fopen(path, "rb");

    while (file && fread(record, sizeof record, 1, file) == 1)
        if (ntohl(record[0]) < options.clients)
            hold(ntohl(record[0]), record[1]);
    if (file)
        fclose(file);
    lease_log = fopen(path, "ab");
    if (!lease_log) {
        perror(path);
        exit(1);
    }
}

/* Every acknowledgement counts here, in time or late: the server has promised the address. */
static void record_lease(uint32_t client, uint32_t address)
{
    uint32_t record[2] = {htonl(client), address};

    if (client >= options.clients || leased[client] == address)
        return;
    counts.new_clients += !leased[client];
    hold(client, address);
    if (lease_log)
        fwrite(record, sizeof record, 1, lease_log);
}

static void ask(struct exchange *exchange, enum message_type type, uint32_t ciaddr, uint32_t server)
{
    struct dhcp4_request request = {.type = type, .xid = exchange->xid, .client = exchange->client, .giaddr = giaddr,
                                    .ciaddr = ciaddr, .requested = server ? exchange->wanted : 0, .server = server};
    channel_push(dhcp4_build(&request, channel_next()));
}

static int begin(void)
{
    struct exchange *exchange;
    uint32_t client;
    int tries = 0;

    do {
        if (tries++ == TRIES_MAX)
            return 0;
        client = options.renew ? holders[random_below(holder_count)] : random_below(options.clients);
    } while (exchange_under_way(client));
    exchange = exchange_begin(client, options.renew ? AWAITS_ACK : AWAITS_OFFER, now_s);
    if (!exchange)
        return 0;
    exchange->wanted = options.renew ? leased[client] : 0;
    ask(exchange, options.renew ? REQUEST : DISCOVER, exchange->wanted, 0);
    return 1;
}

static void answered(const uint8_t *bytes, size_t length)
{
    struct dhcp4_reply reply;
    struct exchange *exchange;

    if (!dhcp4_parse(bytes, length, &reply))
        return;
    if (reply.type == ACK)
        record_lease(reply.client, reply.yiaddr);
    exchange = exchange_find(reply.xid);
    if (!exchange || exchange->client != reply.client) {
        counts.late++;
        return;
    }
    if (exchange->stage == AWAITS_OFFER && reply.type == OFFER) {
        samples_add(&offers, now_s - exchange->asked);
        exchange->stage = AWAITS_ACK;
        exchange->asked = now_s;
        exchange->wanted = reply.yiaddr;
        ask(exchange, REQUEST, 0, reply.server);
    } else if (exchange->stage == AWAITS_ACK && reply.type == ACK) {
        samples_add(&acks, now_s - exchange->asked);
        samples_add(&whole, now_s - exchange->begun);
        counts.mismatched += exchange->wanted != reply.yiaddr;
        counts.finished++;
        exchange_end(exchange);
    } else if (reply.type == NAK) {
        counts.refused++;
        exchange_end(exchange);
    } else { /* A second OFFER to the same DISCOVER, say: it changes nothing. */
        counts.late++;
    }
}

static int read_answers(long wait_us)
{
    int total = 0;

    for (int i = 0; i < READS_MAX; i++) {
        int count;
        now_s = clock_s();
        count = channel_receive(i ? 0 : wait_us, answered);
        total += count;
        if (count < CHANNEL_BATCH)
            break;
    }
    channel_flush();
    return total;
}

static long due(double begun)
{
    long count = options.window ? options.window - exchanges_under_way()
                                : (long)((now_s - begun) * options.rate) - counts.sent;
    return count < BURST_MAX ? count : BURST_MAX;
}

/* Returns how many exchanges were finished when the time was over: what a queue holds then is no throughput. */
static long load(void)
{
    long wait_us = options.polls ? 0 : 50, in_time;
    double begun = clock_s(), over;

    for (now_s = begun; now_s - begun < options.seconds; now_s = clock_s()) {
        for (long count = due(begun); count > 0 && begin(); count--)
            counts.sent++;
        channel_flush();
        read_answers(wait_us);
        counts.lost += exchanges_expire(now_s);
    }
    in_time = counts.finished;
    for (over = now_s; exchanges_under_way() && now_s - over < EXCHANGE_LIMIT_S;) {
        read_answers(500);
        counts.lost += exchanges_expire(now_s);
    }
    counts.lost += exchanges_expire(now_s + 2 * EXCHANGE_LIMIT_S);
    if (counts.lost)
        for (double last = over = clock_s(); now_s - last < quiet_s && now_s - over < linger_s_max;)
            if (read_answers(1000))
                last = now_s;
    return in_time;
}

static void report(long in_time)
{
    printf("{\"seconds\": %.3f, \"sent\": %ld, \"finished\": %ld, \"in_time\": %ld, \"lost\": %ld, \"refused\": %ld, "
           "\"late\": %ld, \"mismatched\": %ld, \"new_clients\": %ld, \"answers\": {\"offer\": ",
           options.seconds, counts.sent, counts.finished, in_time, counts.lost, counts.refused, counts.late,
           counts.mismatched, counts.new_clients);
    samples_print(&offers, stdout);
    printf(", \"ack\": ");
    samples_print(&acks, stdout);
    printf(", \"exchange\": ");
    samples_print(&whole, stdout);
    printf("}}\n");
}

static int usage(const char *why)
{
    fprintf(stderr,
            "dhcpload: %s\n"
            "usage: dhcpload -s SERVER -l LOCAL (-r RATE | -w WINDOW) [-t SECONDS] [-n CLIENTS] [-f LEASE-FILE]\n"
            "                [-R] [-p] [-S SEED] [-P PORT]\n"
            "  -R renewals only, by clients of the lease file   -p poll without sleeping\n",
            why);
    return 2;
}

int main(int count, char **words)
{
    struct in_addr local, server;
    int letter;

    while ((letter = getopt(count, words, "s:l:r:w:t:n:f:S:P:Rp")) != -1)
        switch (letter) {
        case 's': options.server = optarg; break;
        case 'l': options.local = optarg; break;
        case 'r': options.rate = atof(optarg); break;
        case 'w': options.window = atol(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'n': options.clients = (uint32_t)atol(optarg); break;
        case 'f': options.lease_file = optarg; break;
        case 'S': options.seed = strtoull(optarg, NULL, 10) | 1; break;
        case 'P': options.port = (uint16_t)atoi(optarg); break;
        case 'R': options.renew = 1; break;
        case 'p': options.polls = 1; break;
        default: return usage("unknown option");
        }
    if (!options.server || !options.local || !inet_aton(options.server, &server) || !inet_aton(options.local, &local))
        return usage("-s and -l take an IPv4 address each");
    if ((options.rate > 0) == (options.window > 0))
        return usage("either -r or -w, and more than 0");
    if (!options.clients || options.seconds <= 0)
        return usage("-n and -t must be more than 0");

    giaddr = local.s_addr;
    leased = calloc(options.clients, sizeof *leased);
    holders = calloc(options.clients, sizeof *holders);
    if (!leased || !holders || !exchanges_reserve(options.clients))
        abort();
    if (options.lease_file)
        read_leases(options.lease_file);
    if (options.renew && !holder_count)
        return usage("-R needs a lease file (-f) with at least one client");
    channel_open(local.s_addr, server.s_addr, options.port);
    report(load());
    return lease_log && fclose(lease_log) ? 1 : 0;
}
