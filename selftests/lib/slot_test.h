/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of messages in slots share. */
#ifndef SLOT_TEST_H
#define SLOT_TEST_H

#include "lib_test.h"

#define PAST 1 /* a deadline that has passed */
#define UNKNOWN (1U << 31)
#define SLOTS 4
#define SLOT_SIZE 128
#define ROOM 100 /* what fits into a message */

#define LOAN(ch, datap, ...)                                            \
	kchan_loan_opts(ch, datap,                                      \
			&(struct kchan_loan_opts){                      \
				.size = sizeof(struct kchan_loan_opts), \
				__VA_ARGS__ })
#define PUBLISH(ch, data, len, ...)                                        \
	kchan_publish_opts(ch, data, len,                                  \
			   &(struct kchan_send_opts){                      \
				   .size = sizeof(struct kchan_send_opts), \
				   __VA_ARGS__ },                          \
			   NULL)
#define TAKE(ch, datap, ...)                                            \
	kchan_take_opts(ch, datap,                                      \
			&(struct kchan_recv_opts){                      \
				.size = sizeof(struct kchan_recv_opts), \
				__VA_ARGS__ },                          \
			NULL)

/* What a pointer is before a call, to see whether it was touched. */
#define KEPT ((void *)0x77)

/* An end for each role of a channel of SLOTS slots, which waits. */
static inline int make_pool(struct kchan **rx, struct kchan **tx)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .msgsize = ROOM,
					  .slots = SLOTS,
					  .slot_size = SLOT_SIZE };

	return kchan_create_pair(rx, tx, 0, &opts);
}

/* Whose the slots are: a digit each for free, loaned, queued and taken. */
static inline int whose(const struct kchan *ch)
{
	struct kchan_state state = state_of(ch);
	int queued = state.slots - state.slots_free - state.slots_loaned -
		     state.slots_taken;

	return ((state.slots_free * 10 + state.slots_loaned) * 10 + queued) *
		       10 +
	       state.slots_taken;
}

/* Publish a text from a slot of its own. */
static inline int publish(struct kchan *tx, const char *text)
{
	ssize_t ret;
	void *slot;

	ret = kchan_loan(tx, &slot);
	if (ret < 0)
		return ret;
	memcpy(slot, text, strlen(text));
	return kchan_publish(tx, slot, strlen(text));
}

#endif /* SLOT_TEST_H */
