// SPDX-License-Identifier: GPL-2.0
/*
 * Very many messages that no filter fits: who looks for one keeps nobody else from
 * going on. KC_BIG=N says how many.
 */
#include "kchan_test.h"

#define BIG 1000000
#define AT_ONCE KCHAN_BATCH_MAX
#define OTHERS 5000	/* for so many messages looked at, a call that gets through */

struct big {
	int fd;
	bool stop;
	uint64_t looks;		/* receives and peeks that ended */
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

/* Messages of tag 5 and priority 3, without payload. */
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
	return true;
}

FIXTURE_SETUP(big)
{
	self->n = kc_number("KC_BIG", kc_scaled(BIG));
	ASSERT_EQ(0, raise_to("max_depth", self->n + 64, &self->depth));
	ASSERT_EQ(0, raise_to("max_bytes_user", self->n * 1024, &self->user));
	self->b.fd = make_big(self->n);
	ASSERT_LE(0, self->b.fd);
	ASSERT_TRUE(fill(self->b.fd, self->n));
	ASSERT_EQ(self->n, kc_state(self->b.fd).queued);
}

FIXTURE_TEARDOWN(big)
{
	close(self->b.fd);
	kc_sysctl_set(-1, "max_depth", self->depth);
	kc_sysctl_set(-1, "max_bytes_user", self->user);
}

/* Looks for what is not there, in every way, until told to stop. */
static void *look(void *arg)
{
	static const struct { unsigned int filter; uint64_t value; } ways[] = {
		{ KCHAN_FILTER_TAG_NOT, 5 }, { KCHAN_FILTER_TAG, 6 },
		{ KCHAN_FILTER_TAG_MAX, 4 }, { KCHAN_FILTER_PRIO_MIN, 4 },
		{ KCHAN_FILTER_NONE, 0 },
	};
	struct big *b = arg;
	struct kchan_recv recv;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&b->stop, __ATOMIC_RELAXED); i++) {
		unsigned int way = i % ARRAY_SIZE(ways);

		recv = kc_filter_arg(NULL, 0, ways[way].filter, ways[way].value);
		if (!recv.filter) {
			recv.flags = KCHAN_PEEK;
			recv.position = UINT32_MAX;
		} else if (i % 2) {
			recv.flags = KCHAN_PEEK;
		}
		if (kc_recv(b->fd, &recv) != -EAGAIN)
			b->bad++;
		__atomic_fetch_add(&b->looks, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(big, calls_of_others_go_on_while_filters_find_nothing)
{
	uint64_t first, calls = 0, most = 0, looks;
	struct kchan_recv recv;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, look, &self->b));
	ASSERT_TRUE(KC_EVENTUALLY(__atomic_load_n(&self->b.looks,
						  __ATOMIC_RELAXED)));
	first = __atomic_load_n(&self->b.looks, __ATOMIC_RELAXED);
	/* Five times each way; the most calls that went on within one look. */
	for (looks = first; looks < first + 25;) {
		uint64_t now;

		ASSERT_EQ(0, kc_send(self->b.fd, 3, 5, NULL, 0));
		recv = kc_recv_arg(NULL, 0);
		ASSERT_EQ(0, kc_recv(self->b.fd, &recv));
		calls += 2;
		now = __atomic_load_n(&self->b.looks, __ATOMIC_RELAXED);
		if (now == looks)
			continue;
		most = calls > most ? calls : most;
		calls = 0;
		looks = now;
	}
	__atomic_store_n(&self->b.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, self->b.bad);
	EXPECT_LE(self->n / OTHERS, most)
		TH_LOG("%llu calls beside one look", (unsigned long long)most);
	EXPECT_EQ(self->n, kc_state(self->b.fd).queued);
	EXPECT_TRUE(kc_sums(self->b.fd));
}

TEST_HARNESS_MAIN
