// SPDX-License-Identifier: GPL-2.0
/*
 * Messages that are in a receiver's hand, to be held, looked at or chosen by a
 * filter, while it stalls, faults, is killed, is too late, or the channel ends.
 */
#include "kchan_call.h"
#include "kchan_netlink.h"

#include <poll.h>
#include <signal.h>

/* A receiving process, and what it is to ask for. */
struct taker {
	int fd;
	unsigned int flags;
	unsigned int filter;
	uint64_t value;
	bool stalls;	/* in memory that nobody provides */
	char buf[64];
};

FIXTURE(inhand)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY, blocking */
	int sock;
	struct kc_trap trap;
	struct kc_call call;
	struct taker *taker;
};

FIXTURE_SETUP(inhand)
{
	self->ctl = kc_ctl();
	self->fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	ASSERT_LE(0, self->rx);
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
	self->taker = kc_shared(sizeof(*self->taker));
	self->taker->fd = self->rx;
	ASSERT_TRUE(kc_trap_set(&self->trap));
}

FIXTURE_TEARDOWN(inhand)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->trap.uffd);
	close(self->sock);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* What the messages of this user take, in all namespaces. */
static uint64_t charged(int sock)
{
	struct kn_limits limits;

	return kn_limits(sock, &limits) ? UINT64_MAX :
		limits.value[KCHAN_A_USER_BYTES];
}

/* Starts a receive with these flags that stalls while it copies. */
static bool stall(FIXTURE_DATA(inhand) *self, unsigned int flags)
{
	self->call = kc_receiver(self->rx);
	self->call.recv.flags = flags;
	self->call.at = self->trap.page;
	return !kc_start(&self->call) && kc_trapped(&self->trap);
}

static int take(void *arg)
{
	struct taker *taker = arg;
	struct kchan_recv recv = kc_filter_arg(taker->buf, sizeof(taker->buf),
					       taker->filter, taker->value);
	struct kc_trap trap;

	if (taker->stalls) {
		if (!kc_trap_set(&trap))
			return -EPROTO;
		recv.data = (uintptr_t)trap.page;
	}
	recv.flags = taker->flags;
	return kc_recv(taker->fd, &recv);
}

/* The message is there as if nobody had had it, but for its count of deliveries. */
#define EXPECT_PUT_BACK(times) do {					\
	char kc_buf[64];						\
	struct kchan_recv kc_arg = kc_recv_arg(kc_buf, sizeof(kc_buf));	\
									\
	EXPECT_EQ(1, kc_state(self->fd).queued);			\
	EXPECT_EQ(0, kc_state(self->fd).held);				\
	EXPECT_EQ(0, kc_state(self->fd).received);			\
	EXPECT_EQ(times, kc_state(self->fd).returned);			\
	EXPECT_EQ(0, kc_recv(self->fd, &kc_arg));			\
	EXPECT_EQ((times) + 1, kc_arg.deliveries);			\
	EXPECT_EQ(0, memcmp(kc_buf, "hello", 5));			\
} while (0)

TEST_F(inhand, message_is_held_while_it_is_copied_and_can_be_named_after)
{
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, KCHAN_HOLD));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(1, kc_state(self->fd).held);
	EXPECT_EQ(-ENOENT, kc_ack(self->rx, 1));
	EXPECT_EQ(-ENOENT, kc_nack(self->rx, 1));
	EXPECT_EQ(0, kc_settle(self->rx, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, "xxxxxxxxxx"));
	ASSERT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(0, memcmp(self->trap.page, "helloxxxxx", 10));
	EXPECT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(inhand, message_to_be_held_is_put_back_where_the_memory_goes)
{
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, KCHAN_HOLD));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap));
	EXPECT_EQ(-EFAULT, kc_join(&self->call));
	EXPECT_PUT_BACK(1);
}

TEST_F(inhand, message_to_be_held_is_dropped_where_the_channel_is_revoked)
{
	uint64_t before = charged(self->sock);

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, KCHAN_HOLD));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_LT(before, charged(self->sock));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, "late"));
	EXPECT_EQ(-EIDRM, kc_join(&self->call));
	EXPECT_EQ(before, charged(self->sock));
}

TEST_F(inhand, holder_killed_while_it_copies_puts_the_message_back)
{
	pid_t pid;

	self->taker->flags = KCHAN_HOLD;
	self->taker->stalls = true;
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	pid = kc_fork(take, self->taker);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).held == 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_PUT_BACK(1);
}

TEST_F(inhand, holder_chosen_and_killed_before_it_ran_leaves_the_message)
{
	pid_t pid;

	self->taker->flags = KCHAN_HOLD;
	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(take, self->taker);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	EXPECT_EQ(1, kc_state(self->fd).held);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_PUT_BACK(1);
}

TEST_F(inhand, filter_chosen_and_killed_before_it_ran_passes_its_turn_on)
{
	struct kc_call next = kc_receiver(self->rx);
	pid_t pid;

	self->taker->filter = KCHAN_FILTER_TAG;
	self->taker->value = 7;
	next.recv.filter = KCHAN_FILTER_TAG_NOT;
	next.recv.value = 6;
	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(take, self->taker);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_start(&next));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_send(self->fd, 0, 7, "hello", 5));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(1, kc_state(self->fd).waiting_receivers);
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(0, kc_join(&next));
	EXPECT_EQ(7, next.recv.tag);
	EXPECT_EQ(2, next.recv.deliveries);
}

/* Its time is up as the message comes: either the call has it or the queue. */
TEST_F(inhand, filter_that_gives_up_as_its_message_comes_loses_nothing)
{
	unsigned int i, got = 0;

	for (i = 0; i < 300; i++) {
		struct kc_call call = kc_receiver(self->rx);
		struct kchan_recv rest = kc_recv_arg(self->taker->buf, 64);
		int ret;

		call.recv.filter = i % 2 ? KCHAN_FILTER_TAG : KCHAN_FILTER_TAG_NOT;
		call.recv.value = i % 2;
		call.recv.flags = i % 3 ? 0 : KCHAN_HOLD;
		/* Now and then there is no hurry. */
		if (i % 10)
			call.recv.deadline = kc_now() + i * 7919 % 4000000;
		ASSERT_EQ(0, kc_start(&call));
		usleep(i * 31 % 3000);
		ASSERT_EQ(0, kc_send(self->fd, 0, 1, "hello", 5));
		ret = kc_join(&call);
		ASSERT_TRUE(ret == 0 || ret == -ETIMEDOUT);
		ASSERT_TRUE(kc_sums(self->fd));
		ASSERT_EQ(!!ret, kc_state(self->fd).queued);
		ASSERT_EQ(!ret && !(i % 3), kc_state(self->fd).held);
		if (ret) {
			ASSERT_EQ(0, kc_recv(self->fd, &rest));
		} else if (!(i % 3)) {
			ASSERT_EQ(1, kc_ack(self->rx, i + 1));
		}
		got += !ret;
	}
	EXPECT_LT(0, got);
}

TEST_F(inhand, process_killed_while_it_peeks_leaves_message_and_charge)
{
	uint64_t before = charged(self->sock), full;
	pid_t pid;

	self->taker->flags = KCHAN_PEEK;
	self->taker->stalls = true;
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	full = charged(self->sock);
	pid = kc_fork(take, self->taker);
	ASSERT_TRUE(KC_EVENTUALLY(kc_asleep(pid)));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(full, charged(self->sock));
	EXPECT_PUT_BACK(0);
	EXPECT_EQ(before, charged(self->sock));
}

TEST_F(inhand, message_peeked_at_stays_charged_until_the_last_lets_go)
{
	uint64_t before = charged(self->sock);
	char buf[8];

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, KCHAN_PEEK));
	ASSERT_EQ(5, read(self->fd, buf, sizeof(buf)));
	EXPECT_LT(before, charged(self->sock));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, ""));
	EXPECT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(before, charged(self->sock));
}

static void *revoke_thread(void *arg)
{
	return (void *)(long)kc_revoke(*(int *)arg);
}

/* Whoever of the two comes first, what was held is freed once. */
TEST_F(inhand, close_of_a_holder_that_meets_revoke_frees_what_it_held)
{
	uint64_t before = charged(self->sock);
	unsigned int n = kc_scaled(50), round, i;
	pthread_t thread;
	int fd, holder;

	for (round = 0; round < n; round++) {
		fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
		holder = kc_reopen(fd, O_RDONLY);
		ASSERT_LE(0, holder);
		for (i = 1; i <= 400; i++)
			ASSERT_EQ(1, write(fd, "x", 1));
		for (i = 1; i <= 100; i++)
			ASSERT_EQ(i, kc_hold(holder));
		ASSERT_EQ(0, pthread_create(&thread, NULL, revoke_thread, &fd));
		usleep(round * 67 % 300);
		close(holder);
		pthread_join(thread, NULL);
		close(fd);
		ASSERT_EQ(before, charged(self->sock)) TH_LOG("round %u", round);
	}
}

TEST_HARNESS_MAIN
