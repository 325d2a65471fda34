// SPDX-License-Identifier: GPL-2.0
/*
 * Very many messages that no filter fits, but for the last: who looks for one keeps
 * nobody else from going on. KC_BIG=1000000 is the full form.
 */
#include "kchan_test.h"

#define BIG 100000
#define AT_ONCE KCHAN_BATCH_MAX
#define LOOKS 500
#define OTHERS 5000	/* for so many messages looked at, a call that gets through */

/* What is looked for. Of all ways only the first finds something: the last message. */
static const struct {
	unsigned int filter;
	uint64_t value;
	bool walks;	/* passes all messages */
} ways[] = {
	{ KCHAN_FILTER_TAG_NOT, 5, true },
	{ KCHAN_FILTER_NONE, 0, true },		/* peek behind all of them */
	{ KCHAN_FILTER_TAG, 6, false },
	{ KCHAN_FILTER_TAG_MAX, 4, false },
	{ KCHAN_FILTER_PRIO_MIN, 4, false },
};

struct big {
	int fd;
	bool stop;
	uint64_t looks;		/* receives and peeks that have begun */
	uint64_t bad;
};

FIXTURE(big)
{
	struct big b;
	uint64_t n;
	long long depth, user;
};

/* Ceilings are those of the first namespace, where this runs. */
static int raise_to(const char *name, uint64_t value, long long *was)
{
	*was = kc_sysctl_get(-1, name);
	return *was < (long long)value ? kc_sysctl_set(-1, name, value) : 0;
}

static int make_big(uint64_t n)
{
	struct kchan_create arg = kc_create_arg(NULL);
	int ctl = kc_ctl(), fd;

	arg.depth = n + 64;
	fd = kc_create_with(ctl, &arg);
	close(ctl);
	return fd;
}

/* Messages of tag 5 and priority 3, without payload, and behind them one of tag 7. */
static bool fill(int fd, uint64_t n)
{
	static struct kchan_send items[AT_ONCE];
	struct kchan_batch arg = kc_batch_arg(items, AT_ONCE, sizeof(items[0]));
	unsigned int i;
	int ret;

	for (i = 0; i < AT_ONCE; i++) {
		items[i] = kc_send_arg(NULL, 0);
		items[i].tag = 5;
		items[i].prio = 3;
	}
	for (; n; n -= ret) {
		arg.count = n < AT_ONCE ? n : AT_ONCE;
		ret = kc_ioctl(fd, KCHAN_IOC_SEND_BATCH, &arg);
		if (ret <= 0)
			return false;
	}
	return !kc_send(fd, 0, 7, NULL, 0);
}

FIXTURE_SETUP(big)
{
	self->n = kc_number("KC_BIG", kc_scaled(BIG));
	ASSERT_EQ(0, raise_to("max_depth", self->n + 64, &self->depth));
	ASSERT_EQ(0, raise_to("max_bytes_user", self->n * 1024, &self->user));
	self->b.fd = make_big(self->n);
	ASSERT_LE(0, self->b.fd);
	ASSERT_TRUE(fill(self->b.fd, self->n));
	ASSERT_EQ(self->n + 1, kc_state(self->b.fd).queued);
}

FIXTURE_TEARDOWN(big)
{
	close(self->b.fd);
	kc_sysctl_set(-1, "max_depth", self->depth);
	kc_sysctl_set(-1, "max_bytes_user", self->user);
}

/* The first builds the index. */
static int look_once(struct big *b, unsigned int way)
{
	struct kchan_recv recv = kc_filter_arg(NULL, 0, ways[way].filter,
					       ways[way].value);

	if (ways[way].walks)
		recv.flags = KCHAN_PEEK;
	if (!recv.filter)
		recv.position = UINT32_MAX;
	__atomic_fetch_add(&b->looks, 1, __ATOMIC_RELAXED);
	return kc_recv(b->fd, &recv);
}

/* Looks in every way, until told to stop. */
static void *look(void *arg)
{
	struct big *b = arg;
	unsigned int i, way;

	for (i = 0; !__atomic_load_n(&b->stop, __ATOMIC_RELAXED); i++) {
		way = i % ARRAY_SIZE(ways);
		if (look_once(b, way) != (way ? -EAGAIN : 0))
			b->bad++;
	}
	return NULL;
}

static uint64_t looks(struct big *b)
{
	return __atomic_load_n(&b->looks, __ATOMIC_RELAXED);
}

/* Sends and receives while the look of this number goes on; how often. */
static uint64_t calls_beside(struct big *b, uint64_t number)
{
	struct kchan_recv recv;
	uint64_t calls = 0;

	while (looks(b) == number) {
		recv = kc_recv_arg(NULL, 0);
		if (kc_send(b->fd, 3, 5, NULL, 0) || kc_recv(b->fd, &recv) ||
		    recv.tag != 5)
			b->bad++;
		calls += 2;
	}
	return calls;
}

/* Whether enough calls went on beside one look of each way that walks. */
static bool enough(const uint64_t *most, uint64_t n)
{
	unsigned int way;

	for (way = 0; way < ARRAY_SIZE(ways); way++)
		if (ways[way].walks && most[way] < n / OTHERS)
			return false;
	return true;
}

TEST_F(big, calls_of_others_go_on_while_filters_walk)
{
	uint64_t most[ARRAY_SIZE(ways)] = { 0 }, i, calls;
	unsigned int way;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, look, &self->b));
	ASSERT_TRUE(KC_EVENTUALLY(looks(&self->b)));
	/* A busy machine may not let this task run beside each of them. */
	for (i = 1; i <= LOOKS && (!enough(most, self->n) || i < 10); i++) {
		calls = calls_beside(&self->b, i);
		way = (i - 1) % ARRAY_SIZE(ways);
		most[way] = calls > most[way] ? calls : most[way];
	}
	__atomic_store_n(&self->b.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ksft_print_msg("%llu messages; calls beside TAG_NOT %llu, beside peek %llu\n",
		       (unsigned long long)self->n, (unsigned long long)most[0],
		       (unsigned long long)most[1]);
	EXPECT_EQ(0, self->b.bad);
	EXPECT_TRUE(enough(most, self->n));
	EXPECT_EQ(self->n + 1, kc_state(self->b.fd).queued);
	EXPECT_TRUE(kc_sums(self->b.fd));
}

TEST_HARNESS_MAIN
