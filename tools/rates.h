/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has changed from one list of channels to the next; nothing of a terminal. */
#ifndef KCHAN_RATES_H
#define KCHAN_RATES_H

#include "netlink.h"

/* What there was at one time, in the order of the kernel. */
struct sample {
	uint64_t time; /* CLOCK_MONOTONIC ns */
	struct channels channels;
};

/**
 * struct row - a channel, and how it has changed since the sample before
 * @channel: in the sample
 * @elapsed: since when: the sample before or, if that has it not, since it was made
 * @sent: messages a second, likewise the others
 * @sent_bytes: payload
 * @received: messages
 * @received_bytes: payload
 * @lost: messages that were dropped, dead-lettered or rejected
 * @residence: messages received by time in queue, as in struct kchan_state
 */
struct row {
	const struct channel *channel;
	double elapsed;
	double sent;
	double sent_bytes;
	double received;
	double received_bytes;
	double lost;
	__u64 residence[KCHAN_RESIDENCE_BUCKETS];
};

/* What rows can be ordered by: numbers with the most first, names from A to Z. */
enum order {
	ORDER_NAME,
	ORDER_QUEUED,
	ORDER_USE,
	ORDER_HELD,
	ORDER_SENDERS,
	ORDER_RECEIVERS,
	ORDER_WAITING_SENDERS,
	ORDER_WAITING_RECEIVERS,
	ORDER_SENT,
	ORDER_RECEIVED,
	ORDER_BYTES,
	ORDER_LOST,
	ORDERS
};

/* @before may be empty. */
void row_make(struct row *row, const struct channel *channel,
	      const struct sample *now, const struct sample *before);
/* That were dropped, dead-lettered or rejected, ever. */
uint64_t messages_lost(const struct kchan_state *state);
/* What it is ordered by; not of a name. */
double row_value(const struct row *row, enum order order);
/* Whether nobody has it open and nothing is in it. */
bool row_is_idle(const struct row *row);
void rows_sort(struct row *rows, size_t count, enum order order, bool reverse);

/*
 * The time in queue, in ns, that @share of the messages did not exceed, from counts by
 * powers of two: the end of the range that it is in. 0: there are none.
 */
uint64_t residence_quantile(const __u64 *counts, double share);

/* A number in at most five places: 0, 7.5, 312, 12.4k, 310M. To be freed. */
char *text_rate(double rate);

#endif /* KCHAN_RATES_H */
