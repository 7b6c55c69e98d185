#include "samples.h"

#include <stdlib.h>

void samples_add(struct samples *samples, double seconds)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 1 << 16;
        samples->seconds = realloc(samples->seconds, samples->room * sizeof *samples->seconds);
        if (!samples->seconds)
            abort();
    }
    samples->seconds[samples->count++] = (float)seconds;
}

static int compare(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* The nearest-rank percentile: the smallest value that at least this share of the samples does not exceed. */
static double percentile(const struct samples *samples, double share)
{
    size_t rank = (size_t)(share * (double)samples->count);
    if (rank >= samples->count)
        rank = samples->count - 1;
    return 1e3 * (double)samples->seconds[rank];
}

void samples_print(struct samples *samples, FILE *to)
{
    if (!samples->count) {
        fputs("{\"count\": 0, \"p50_ms\": null, \"p99_ms\": null, \"max_ms\": null}", to);
        return;
    }
    qsort(samples->seconds, samples->count, sizeof *samples->seconds, compare);
    fprintf(to, "{\"count\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}", samples->count,
            percentile(samples, 0.50), percentile(samples, 0.99), percentile(samples, 1.0));
}
