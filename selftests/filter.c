// SPDX-License-Identifier: GPL-2.0
/* Receiving with a filter: which message, who waits for which, and beside others. */
#include "kchan_call.h"

#include <poll.h>

FIXTURE(filter)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[64];
	struct kc_call call[3];
};

FIXTURE_SETUP(filter)
{
	self->ctl = kc_ctl();
	self->fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(filter)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* The number of the message that the filter takes; 0: none, and -errno. */
static long long take(int fd, unsigned int filter, uint64_t value)
{
	char buf[64];
	struct kchan_recv arg = kc_filter_arg(buf, sizeof(buf), filter, value);
	int ret;

	arg.flags = KCHAN_NONBLOCK;
	ret = kc_recv(fd, &arg);
	return ret == -EAGAIN ? 0 : ret ? ret : (long long)arg.seq;
}

/* Five messages; their numbers are 1 to 5. */
static bool send_five(int tx)
{
	static const struct { unsigned int prio; uint64_t tag; } msgs[] = {
		{ 0, 7 }, { 5, 9 }, { 5, 3 }, { 2, 3 }, { 9, 9 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msgs); i++)
		if (kc_send(tx, msgs[i].prio, msgs[i].tag, "message", 7))
			return false;
	return true;
}

/* Whether the filter takes these, in this order, and no more. */
static bool takes(int fd, unsigned int filter, uint64_t value,
		  const long long *seq)
{
	for (; *seq; seq++)
		if (take(fd, filter, value) != *seq)
			return false;
	return !take(fd, filter, value);
}

#define END 0
#define TAKES(filter, value, ...) ({					\
	static const long long kc_seqs[] = { __VA_ARGS__ };			\
	takes(self->fd, KCHAN_FILTER_##filter, value, kc_seqs);		\
})

TEST_F(filter, tag_takes_that_tag_by_priority)
{
	ASSERT_TRUE(send_five(self->tx));
	EXPECT_TRUE(TAKES(TAG, 3, 3, 4, END));
	EXPECT_TRUE(TAKES(TAG, 9, 5, 2, END));
	EXPECT_TRUE(TAKES(TAG, 8, END));
	EXPECT_TRUE(TAKES(NONE, 0, 1, END));
}

TEST_F(filter, tag_of_one_priority_goes_in_order)
{
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 4, i % 2, "x", 1));
	}
	EXPECT_TRUE(TAKES(TAG, 1, 2, 4, 6, END));
	EXPECT_TRUE(TAKES(TAG, 0, 1, 3, 5, END));
}

TEST_F(filter, tag_max_takes_the_lowest_tag_that_is_not_above)
{
	ASSERT_TRUE(send_five(self->tx));
	EXPECT_TRUE(TAKES(TAG_MAX, 2, END));
	/* 3 is the lowest, of that by priority; then 7. */
	EXPECT_TRUE(TAKES(TAG_MAX, 8, 3, 4, 1, END));
	EXPECT_TRUE(TAKES(TAG_MAX, 9, 5, 2, END));
}

TEST_F(filter, tag_max_of_the_largest_number_takes_all_by_tag)
{
	ASSERT_EQ(0, kc_send(self->tx, 1, UINT64_MAX, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 2, UINT64_MAX, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 0, 1ULL << 63, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 0, 0, "x", 1));
	EXPECT_TRUE(TAKES(TAG_MAX, UINT64_MAX, 4, 3, 2, 1, END));
}

TEST_F(filter, tag_not_takes_the_first_of_the_others)
{
	ASSERT_TRUE(send_five(self->tx));
	EXPECT_TRUE(TAKES(TAG_NOT, 9, 3, 4, 1, END));
	EXPECT_TRUE(TAKES(TAG_NOT, 3, 5, 2, END));
}

TEST_F(filter, prio_min_takes_that_priority_and_higher_ones)
{
	ASSERT_TRUE(send_five(self->tx));
	EXPECT_TRUE(TAKES(PRIO_MIN, 5, 5, 2, 3, END));
	EXPECT_TRUE(TAKES(PRIO_MIN, 1, 4, END));
	EXPECT_TRUE(TAKES(PRIO_MIN, 0, 1, END));
}

TEST_F(filter, prio_min_above_the_highest_priority_takes_none)
{
	static const uint64_t above[] = {
		KCHAN_PRIO_MAX + 1, 1ULL << 32, UINT64_MAX,
	};
	unsigned int i;

	ASSERT_EQ(0, kc_send(self->tx, KCHAN_PRIO_MAX, 0, "x", 1));
	for (i = 0; i < ARRAY_SIZE(above); i++)
		EXPECT_EQ(0, take(self->fd, KCHAN_FILTER_PRIO_MIN, above[i]));
	EXPECT_EQ(1, take(self->fd, KCHAN_FILTER_PRIO_MIN, KCHAN_PRIO_MAX));
}

TEST_F(filter, nothing_that_fits_is_EAGAIN)
{
	struct kchan_recv arg = kc_filter_arg(self->buf, sizeof(self->buf),
					      KCHAN_FILTER_TAG, 8), was;
	struct kchan_state before;

	ASSERT_TRUE(send_five(self->tx));
	before = kc_state(self->fd);
	was = arg;
	EXPECT_EQ(-EAGAIN, kc_recv(self->fd, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, kc_recv(self->rx, &arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(filter, nothing_that_fits_and_no_sender_is_EPIPE)
{
	struct kchan_recv arg = kc_filter_arg(self->buf, sizeof(self->buf),
					      KCHAN_FILTER_TAG, 8);

	ASSERT_TRUE(send_five(self->tx));
	close(self->tx);
	close(self->fd);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->rx).senders == 0));
	arg.flags = KCHAN_NEED_PEER;
	EXPECT_EQ(-EPIPE, kc_recv(self->rx, &arg));
	arg.value = 9;
	EXPECT_EQ(0, kc_recv(self->rx, &arg));
	self->fd = kc_reopen(self->rx, O_RDWR);
	self->tx = -1;
}

TEST_F(filter, malformed_filters_are_EINVAL)
{
	static const struct { uint32_t filter; uint64_t value; } bad[] = {
		{ KCHAN_FILTER_NONE, 1 }, { KCHAN_FILTER_NONE, 1ULL << 63 },
		{ 5, 0 }, { 1U << 31, 0 }, { UINT32_MAX, 0 },
	};
	struct kchan_state before;
	struct kchan_recv arg, was;
	unsigned int i;

	ASSERT_TRUE(send_five(self->tx));
	before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg = kc_filter_arg(self->buf, sizeof(self->buf), bad[i].filter,
				    bad[i].value);
		was = arg;
		EXPECT_EQ(-EINVAL, kc_recv(self->fd, &arg))
			TH_LOG("filter %u", bad[i].filter);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(filter, message_that_fits_the_filter_and_not_the_buffer_is_EMSGSIZE)
{
	struct kchan_recv arg = kc_filter_arg(self->buf, 3, KCHAN_FILTER_TAG, 3);
	struct kchan_state before;

	ASSERT_TRUE(send_five(self->tx));
	before = kc_state(self->fd);
	EXPECT_EQ(-EMSGSIZE, kc_recv(self->fd, &arg));
	EXPECT_EQ(7, arg.len);
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	arg.capacity = 7;
	EXPECT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_EQ(3, arg.seq);
}

TEST_F(filter, message_of_a_filter_that_faults_is_put_back)
{
	struct kchan_recv arg = kc_filter_arg((void *)1, 64, KCHAN_FILTER_TAG, 7);

	ASSERT_TRUE(send_five(self->tx));
	EXPECT_EQ(-EFAULT, kc_recv(self->fd, &arg));
	EXPECT_EQ(5, kc_state(self->fd).queued);
	arg.data = (uintptr_t)self->buf;
	EXPECT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_EQ(1, arg.seq);
	EXPECT_EQ(2, arg.deliveries);
}

TEST_F(filter, held_messages_fit_no_filter_until_they_are_back)
{
	struct kchan_recv arg = kc_filter_arg(self->buf, sizeof(self->buf),
					      KCHAN_FILTER_TAG, 3);

	ASSERT_TRUE(send_five(self->tx));
	arg.flags = KCHAN_HOLD;
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(3, arg.seq);
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(4, arg.seq);
	EXPECT_TRUE(TAKES(TAG, 3, END));
	ASSERT_EQ(1, kc_nack(self->rx, 4));
	EXPECT_TRUE(TAKES(TAG_MAX, 3, 4, END));
	ASSERT_EQ(1, kc_nack(self->rx, 3));
	EXPECT_TRUE(TAKES(TAG, 3, 3, END));
}

TEST_F(filter, filters_and_plain_receives_alternate)
{
	ASSERT_TRUE(send_five(self->tx));
	EXPECT_EQ(5, take(self->fd, KCHAN_FILTER_NONE, 0));
	EXPECT_EQ(4, take(self->fd, KCHAN_FILTER_TAG_MAX, 4) == 3 ?
		  take(self->fd, KCHAN_FILTER_TAG, 3) : -1);
	EXPECT_EQ(2, take(self->fd, KCHAN_FILTER_NONE, 0));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "x", 1));
	EXPECT_TRUE(TAKES(TAG, 7, 1, 6, END));
}

/* A receiver with a filter that waits. */
static struct kc_call waiter(int fd, unsigned int filter, uint64_t value)
{
	struct kc_call call = kc_receiver(fd);

	call.recv.filter = filter;
	call.recv.value = value;
	return call;
}

/* How often a task has gone to sleep. */
static long long sleeps(pid_t tid)
{
	char path[64], buf[4096], *at;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	if (kc_read_text(path, buf, sizeof(buf)) <= 0)
		return -1;
	at = strstr(buf, "\nvoluntary_ctxt_switches:");
	return at ? strtoll(strchr(at, ':') + 1, NULL, 10) : -1;
}

FIXTURE(waiter)
{
	int ctl, fd, rx;
	struct kc_call call;
};

FIXTURE_VARIANT(waiter)
{
	unsigned int filter;
	uint64_t value;
	unsigned int prio, bad_prio;
	uint64_t tag, bad_tag;
};

FIXTURE_VARIANT_ADD(waiter, tag) {
	.filter = KCHAN_FILTER_TAG, .value = 5, .tag = 5, .bad_tag = 4,
};
FIXTURE_VARIANT_ADD(waiter, tag_max) {
	.filter = KCHAN_FILTER_TAG_MAX, .value = 5, .tag = 2, .bad_tag = 6,
};
FIXTURE_VARIANT_ADD(waiter, tag_not) {
	.filter = KCHAN_FILTER_TAG_NOT, .value = 5, .tag = 6, .bad_tag = 5,
};
FIXTURE_VARIANT_ADD(waiter, prio_min) {
	.filter = KCHAN_FILTER_PRIO_MIN, .value = 5, .prio = 6, .bad_prio = 4,
};

FIXTURE_SETUP(waiter)
{
	self->ctl = kc_ctl();
	self->fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->call = waiter(self->rx, variant->filter, variant->value);
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(kc_asleep(self->call.tid));
}

FIXTURE_TEARDOWN(waiter)
{
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

TEST_F(waiter, message_that_fits_wakes_it)
{
	ASSERT_EQ(0, kc_send(self->fd, variant->prio, variant->tag, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(1, self->call.recv.seq);
	EXPECT_EQ(0, kc_state(self->fd).queued);
}

TEST_F(waiter, message_that_does_not_fit_does_not_wake_it)
{
	long long before = sleeps(self->call.tid);
	int i;

	ASSERT_LT(0, before);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, kc_send(self->fd, variant->bad_prio,
				     variant->bad_tag, "x", 1));
	}
	EXPECT_EQ(100, kc_state(self->fd).queued);
	EXPECT_EQ(1, kc_state(self->fd).waiting_receivers);
	ASSERT_TRUE(kc_asleep(self->call.tid));
	EXPECT_EQ(before, sleeps(self->call.tid));
	/* Those who would take any need not wait. */
	EXPECT_EQ(1, take(self->fd, KCHAN_FILTER_NONE, 0));
	ASSERT_EQ(0, kc_send(self->fd, variant->prio, variant->tag, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(101, self->call.recv.seq);
}

TEST_F(waiter, message_that_fits_and_is_put_back_wakes_it)
{
	ASSERT_EQ(0, kc_send(self->fd, variant->prio, variant->tag, "x", 1));
	ASSERT_EQ(0, kc_join(&self->call));
	/* One that is held before it waits again. */
	ASSERT_EQ(0, kc_send(self->fd, variant->prio, variant->tag, "x", 1));
	ASSERT_EQ(2, kc_hold(self->fd));
	self->call = waiter(self->rx, variant->filter, variant->value);
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(1, kc_nack(self->fd, 2));
	EXPECT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(2, self->call.recv.deliveries);
}

TEST_F(filter, message_goes_past_a_waiter_that_it_does_not_fit)
{
	self->call[0] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
	self->call[1] = waiter(self->rx, KCHAN_FILTER_NONE, 0);
	self->call[2] = waiter(self->rx, KCHAN_FILTER_TAG, 5);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_start(&self->call[1]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_start(&self->call[2]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 3));
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call[1]));
	EXPECT_EQ(2, kc_state(self->fd).waiting_receivers);
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call[2]));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(7, self->call[0].recv.tag);
}

TEST_F(filter, waiters_that_fit_are_served_in_order_of_arrival)
{
	int i;

	for (i = 0; i < 3; i++) {
		self->call[i] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
		ASSERT_EQ(0, kc_start(&self->call[i]));
		ASSERT_TRUE(kc_receivers_wait(self->fd, i + 1));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, 5, "x", 1));
		ASSERT_EQ(0, kc_send(self->tx, 0, 7, "x", 1));
		EXPECT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(7, self->call[i].recv.tag);
	}
	EXPECT_EQ(3, kc_state(self->fd).queued);
}

/* A plain receiver takes what is there, though one with a filter waits. */
TEST_F(filter, waiter_with_a_filter_keeps_nobody_from_what_does_not_fit)
{
	struct kc_call plain = kc_receiver(self->rx);

	self->call[0] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "x", 1));
	EXPECT_EQ(POLLIN, kc_poll(self->rx, POLLIN));
	ASSERT_EQ(0, kc_start(&plain));
	EXPECT_EQ(0, kc_join(&plain));
	EXPECT_EQ(5, plain.recv.tag);
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "x", 1));
	EXPECT_EQ(0, kc_join(&self->call[0]));
}

TEST_F(filter, waiter_with_a_filter_and_a_small_buffer_leaves_it_to_the_next)
{
	self->call[0] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
	self->call[0].recv.capacity = 3;
	self->call[1] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_start(&self->call[1]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "message", 7));
	EXPECT_EQ(-EMSGSIZE, kc_join(&self->call[0]));
	EXPECT_EQ(7, self->call[0].recv.len);
	EXPECT_EQ(0, kc_join(&self->call[1]));
}

/* Who came first cannot take it; who came next is not forgotten. */
TEST_F(filter, message_too_long_for_a_plain_receiver_goes_to_the_filter_behind_it)
{
	self->call[0] = kc_call(KC_READ, self->rx, 3);
	self->call[1] = waiter(self->rx, KCHAN_FILTER_TAG, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_start(&self->call[1]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "message", 7));
	EXPECT_EQ(-EMSGSIZE, kc_join(&self->call[0]));
	EXPECT_EQ(0, kc_join(&self->call[1]));
}

/* Both come back at once: one for the first waiter, one for the second. */
TEST_F(filter, messages_put_back_together_go_to_all_who_wait_for_them)
{
	int holder = kc_reopen(self->fd, O_RDONLY);

	ASSERT_EQ(0, kc_send(self->tx, 0, 6, "message", 7));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "message", 7));
	ASSERT_EQ(1, kc_hold(holder));
	ASSERT_EQ(2, kc_hold(holder));
	self->call[0] = kc_receiver(self->rx);
	self->call[1] = waiter(self->rx, KCHAN_FILTER_TAG_NOT, 6);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_start(&self->call[1]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	close(holder);
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(0, kc_join(&self->call[1]));
	EXPECT_EQ(1, self->call[0].recv.seq);
	EXPECT_EQ(2, self->call[1].recv.seq);
}

TEST_F(filter, revoke_ends_waiters_with_filters)
{
	int i;

	for (i = 0; i < 3; i++) {
		self->call[i] = waiter(self->rx, KCHAN_FILTER_TAG, i);
		ASSERT_EQ(0, kc_start(&self->call[i]));
	}
	ASSERT_TRUE(kc_receivers_wait(self->fd, 3));
	ASSERT_EQ(0, kc_revoke(self->fd));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EIDRM, kc_join(&self->call[i]));
}

/* Room that a filter makes goes to who waits for it. */
TEST_F(filter, sender_goes_on_when_a_filter_has_taken_a_message)
{
	int fd = kc_queue(self->ctl, 2, 64, 128), tx = kc_reopen(fd, O_WRONLY);

	ASSERT_EQ(0, kc_send(fd, 0, 1, "x", 1));
	ASSERT_EQ(0, kc_send(fd, 0, 2, "x", 1));
	self->call[0] = kc_sender(tx, 3, 1);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_senders_wait(fd, 1));
	EXPECT_EQ(2, take(fd, KCHAN_FILTER_TAG, 2));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(3, take(fd, KCHAN_FILTER_TAG, 3));
	close(tx);
	close(fd);
}

#define TAGS 1000
#define OF_EACH 4

TEST_F(filter, messages_of_1000_tags_are_found_by_tag)
{
	struct kchan_create create = kc_create_arg(NULL);
	unsigned int i, j, tag;
	int fd;

	create.depth = TAGS * OF_EACH;
	fd = kc_create_with(self->ctl, &create);
	ASSERT_LE(0, fd);
	for (i = 0; i < TAGS * OF_EACH; i++) {
		ASSERT_EQ(0, kc_send(fd, i % 7, i % TAGS, &i, sizeof(i)));
	}
	for (i = 0; i < TAGS; i++) {
		unsigned int last = 7, prio;

		tag = i * 7919 % TAGS;
		for (j = 0; j < OF_EACH; j++) {
			long long seq = take(fd, KCHAN_FILTER_TAG, tag);

			ASSERT_LT(0, seq);
			ASSERT_EQ(tag, (seq - 1) % TAGS);
			prio = (seq - 1) % 7;
			ASSERT_GE(last, prio);
			last = prio;
		}
		ASSERT_EQ(0, take(fd, KCHAN_FILTER_TAG, tag));
	}
	EXPECT_EQ(0, kc_state(fd).queued);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

/* More than one lock hold inspects, none of which fits but the last. */
TEST_F(filter, message_behind_many_others_is_found)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 5, 1, "x", 1));
	}
	ASSERT_EQ(0, kc_send(self->tx, 0, 2, "x", 1));
	EXPECT_TRUE(TAKES(TAG_NOT, 1, 1001, END));
	EXPECT_EQ(1000, kc_state(self->fd).queued);
}

/*
 * Two senders, and receivers of each kind, all at once. Receivers go on until all
 * messages are received, whoever got them; a message says its number.
 */
#define SENDERS 2
#define EACH 1500
#define KINDS 6

struct race {
	int rx, tx;
	uint32_t next_sender, next_receiver;
	uint32_t received, bad;
	uint32_t by_kind[KINDS];
	uint8_t seen[SENDERS * EACH];
};

static void *race_send(void *arg)
{
	struct race *r = arg;
	uint32_t n = EACH * __atomic_fetch_add(&r->next_sender, 1,
					       __ATOMIC_RELAXED);
	uint32_t end = n + EACH;

	for (; n < end; n++)
		if (kc_send(r->tx, n % 5, n % 4, &n, sizeof(n)))
			__atomic_fetch_add(&r->bad, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Whether the message is what was asked for. */
static bool fits(const struct kchan_recv *arg)
{
	switch (arg->filter) {
	case KCHAN_FILTER_TAG:
		return arg->tag == arg->value;
	case KCHAN_FILTER_TAG_MAX:
		return arg->tag <= arg->value;
	case KCHAN_FILTER_TAG_NOT:
		return arg->tag != arg->value;
	case KCHAN_FILTER_PRIO_MIN:
		return arg->prio >= arg->value;
	}
	return true;
}

static void race_note(struct race *r, const struct kchan_recv *arg, uint32_t n)
{
	if (n >= SENDERS * EACH || arg->len != sizeof(n) || arg->tag != n % 4 ||
	    arg->prio != n % 5 || !fits(arg) ||
	    __atomic_fetch_add(&r->seen[n], 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&r->bad, 1, __ATOMIC_RELAXED);
}

static void *race_receive(void *arg)
{
	static const struct { unsigned int filter; uint64_t value; } kinds[KINDS] = {
		{ KCHAN_FILTER_NONE, 0 }, { KCHAN_FILTER_TAG, 1 },
		{ KCHAN_FILTER_TAG_MAX, 2 }, { KCHAN_FILTER_TAG_NOT, 3 },
		{ KCHAN_FILTER_PRIO_MIN, 3 }, { KCHAN_FILTER_TAG, 3 },
	};
	struct race *r = arg;
	uint32_t me = __atomic_fetch_add(&r->next_receiver, 1, __ATOMIC_RELAXED);
	struct kchan_recv recv;
	uint32_t n, round = 0;
	int ret;

	while (__atomic_load_n(&r->received, __ATOMIC_RELAXED) < SENDERS * EACH) {
		recv = kc_filter_arg(&n, sizeof(n), kinds[me].filter,
				     kinds[me].value);
		recv.deadline = kc_now() + KC_NS / 100;
		if (round++ % 16 == 0)
			recv.data = 1;	/* put back */
		ret = kc_recv(r->rx, &recv);
		if (!ret) {
			race_note(r, &recv, n);
			r->by_kind[me]++;
			__atomic_fetch_add(&r->received, 1, __ATOMIC_RELAXED);
		} else if (ret != -ETIMEDOUT && ret != -EFAULT) {
			__atomic_fetch_add(&r->bad, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

TEST_F(filter, filtered_and_plain_receivers_get_each_message_once)
{
	int fd = kc_queue(self->ctl, 64, 16, 1024), i;
	struct race *r = kc_shared(sizeof(*r));
	pthread_t tx[SENDERS], rx[KINDS];

	r->tx = kc_reopen(fd, O_WRONLY);
	r->rx = kc_reopen(fd, O_RDONLY);
	for (i = 0; i < KINDS; i++) {
		ASSERT_EQ(0, pthread_create(&rx[i], NULL, race_receive, r));
	}
	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, pthread_create(&tx[i], NULL, race_send, r));
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(tx[i], NULL);
	for (i = 0; i < KINDS; i++)
		pthread_join(rx[i], NULL);
	EXPECT_EQ(0, r->bad);
	EXPECT_EQ(SENDERS * EACH, r->received);
	EXPECT_EQ(SENDERS * EACH, kc_state(fd).received);
	EXPECT_EQ(0, kc_state(fd).queued);
	EXPECT_EQ(0, kc_state(fd).waiting_receivers);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_HARNESS_MAIN
