/* Answer times of one kind: kept whole, sorted once at the end. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H
#include <stddef.h>
#include <stdio.h>

struct samples {
    float *seconds;
    size_t count, room;
};

void samples_add(struct samples *samples, double seconds);

/* Prints a JSON object: count, p50_ms, p99_ms, max_ms. */
void samples_print(struct samples *samples, FILE *to);

#endif
