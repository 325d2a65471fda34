// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <string.h>

#include "rates.h"
#include "tool.h"

uint64_t messages_lost(const struct kchan_state *state)
{
	uint64_t sum = state->rejected;
	int i;

	for (i = 0; i < KCHAN_DEAD_REASONS; i++)
		sum += state->dropped[i] + state->dead_lettered[i];
	return sum;
}

/* No counter goes back, unless it is another channel's. */
static double per_second(uint64_t now, uint64_t before, double elapsed)
{
	return now > before ? (now - before) / elapsed : 0;
}

void row_make(struct row *row, const struct channel *channel,
	      const struct sample *now, const struct sample *before)
{
	static const struct kchan_state none;
	const struct channel *found =
		channels_find(&before->channels, channel->id);
	const struct kchan_state *state = &channel->state, *old = &none;
	uint64_t since = state->create_time;
	int i;

	if (found && found->shown) {
		old = &found->state;
		since = before->time;
	}
	*row = (struct row){ .channel = channel };
	if (!channel->shown || now->time <= since)
		return;
	row->elapsed = (double)(now->time - since) / NSEC_PER_SEC;
	row->sent = per_second(state->sent, old->sent, row->elapsed);
	row->sent_bytes =
		per_second(state->sent_bytes, old->sent_bytes, row->elapsed);
	row->received =
		per_second(state->received, old->received, row->elapsed);
	row->received_bytes = per_second(state->received_bytes,
					 old->received_bytes, row->elapsed);
	row->lost = per_second(messages_lost(state), messages_lost(old),
			       row->elapsed);
	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++)
		row->residence[i] = state->residence[i] - old->residence[i];
}

/* How full it is, in percent: by messages or by payload, whichever is more. */
static double use(const struct kchan_state *state)
{
	double messages = state->queued + state->held;
	double bytes = state->queued_bytes + state->held_bytes;

	messages = state->depth ? 100 * messages / state->depth : 0;
	bytes = state->bytes ? 100 * bytes / state->bytes : 0;
	return messages > bytes ? messages : bytes;
}

double row_value(const struct row *row, enum order order)
{
	const struct kchan_state *state = &row->channel->state;

	switch (order) {
	case ORDER_QUEUED:
		return state->queued;
	case ORDER_USE:
		return use(state);
	case ORDER_HELD:
		return state->held;
	case ORDER_SENDERS:
		return state->senders;
	case ORDER_RECEIVERS:
		return state->receivers;
	case ORDER_WAITING_SENDERS:
		return state->waiting_senders;
	case ORDER_WAITING_RECEIVERS:
		return state->waiting_receivers;
	case ORDER_SENT:
		return row->sent;
	case ORDER_RECEIVED:
		return row->received;
	case ORDER_BYTES:
		return row->sent_bytes + row->received_bytes;
	case ORDER_LOST:
		return row->lost;
	default:
		return 0;
	}
}

bool row_is_idle(const struct row *row)
{
	const struct kchan_state *state = &row->channel->state;

	return !state->queued && !state->held && !state->senders &&
	       !state->receivers && !row->sent && !row->received;
}

/* By name, those without one last and by number. */
static int compare_names(const struct channel *one, const struct channel *other)
{
	if (one->name && other->name)
		return strcmp(one->name, other->name);
	if (one->name || other->name)
		return one->name ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

struct sorting {
	enum order order;
	bool reverse;
};

/* Those that are alike stay by name, also in reverse. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct row *one = a, *other = b;
	const struct sorting *sorting = arg;
	double x = row_value(one, sorting->order);
	double y = row_value(other, sorting->order);
	int names = compare_names(one->channel, other->channel);

	if (sorting->order == ORDER_NAME)
		return sorting->reverse ? -names : names;
	if (x == y)
		return names;
	return (x > y) != sorting->reverse ? -1 : 1;
}

void rows_sort(struct row *rows, size_t count, enum order order, bool reverse)
{
	struct sorting sorting = { .order = order, .reverse = reverse };

	if (count)
		qsort_r(rows, count, sizeof(*rows), compare, &sorting);
}

uint64_t residence_quantile(const __u64 *counts, double share)
{
	uint64_t sum = 0, seen = 0;
	int i;

	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++)
		sum += counts[i];
	if (!sum)
		return 0;
	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS - 1; i++) {
		seen += counts[i];
		if (seen >= sum * share)
			break;
	}
	return UINT64_C(1) << (KCHAN_RESIDENCE_SHIFT + i);
}

char *text_rate(double rate)
{
	static const char units[] = " kMGTP";
	const char *unit = units;

	/* What would be rounded to 1000 is one of the next unit. */
	while (rate >= 999.5 && unit[1]) {
		rate /= 1000;
		unit++;
	}
	if (unit == units)
		return xprintf(rate && rate < 9.95 ? "%.1f" : "%.0f", rate);
	return xprintf(rate < 99.95 ? "%.1f%c" : "%.0f%c", rate, *unit);
}
