// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of held messages when their endpoint ends, however it does; who
 * shares them, who waits for them, and how often they come back.
 */
#include "kchan_call.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

FIXTURE(redeliver)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, 4 messages */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
	struct kc_call call[3];
};

FIXTURE_SETUP(redeliver)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 1000);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(redeliver)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* Messages 1 to N, with their numbers as tags; the first HOLD of them held. */
static bool send_and_hold(int tx, unsigned int n, int rx, unsigned int hold)
{
	uint64_t i;

	for (i = 1; i <= n; i++)
		if (kc_send(tx, 0, i, "message", 7))
			return false;
	for (i = 1; i <= hold; i++)
		if (kc_hold(rx) != i)
			return false;
	return true;
}

/* Takes the next; whether it is this one, handed out so often. */
static bool next_is(int fd, uint64_t tag, unsigned int deliveries)
{
	char buf[128];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));

	arg.flags = KCHAN_NONBLOCK;
	return !kc_recv(fd, &arg) && arg.tag == tag && arg.len == 7 &&
		!memcmp(buf, "message", 7) && arg.deliveries == deliveries;
}

TEST_F(redeliver, close_puts_back_what_the_endpoint_held)
{
	struct kchan_state state;

	ASSERT_TRUE(send_and_hold(self->tx, 4, self->rx, 3));
	ASSERT_EQ(1, kc_ack(self->rx, 2));
	close(self->rx);
	self->rx = -1;
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued);
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(2, state.returned);
	EXPECT_EQ(1, state.received);
	EXPECT_TRUE(next_is(self->fd, 1, 2));
	EXPECT_TRUE(next_is(self->fd, 3, 2));
	EXPECT_TRUE(next_is(self->fd, 4, 1));
}

TEST_F(redeliver, endpoints_closed_in_any_order_put_back_in_order)
{
	int a = kc_reopen(self->fd, O_RDONLY), b = kc_reopen(self->fd, O_RDONLY);

	ASSERT_TRUE(send_and_hold(self->tx, 4, a, 1));
	ASSERT_EQ(2, kc_hold(b));
	ASSERT_EQ(3, kc_hold(a));
	close(b);
	close(a);
	EXPECT_TRUE(next_is(self->fd, 1, 2));
	EXPECT_TRUE(next_is(self->fd, 2, 2));
	EXPECT_TRUE(next_is(self->fd, 3, 2));
	EXPECT_TRUE(next_is(self->fd, 4, 1));
}

TEST_F(redeliver, close_puts_each_back_into_its_priority)
{
	static const unsigned int prio[4] = { 3, 9, 3, 9 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kc_send(self->tx, prio[i], i + 1, "message", 7));
	}
	while (kc_hold(self->rx))
		;
	close(self->rx);
	self->rx = -1;
	EXPECT_TRUE(next_is(self->fd, 2, 2));
	EXPECT_TRUE(next_is(self->fd, 4, 2));
	EXPECT_TRUE(next_is(self->fd, 1, 2));
	EXPECT_TRUE(next_is(self->fd, 3, 2));
}

/* It shows how far it is in memory of all. */
struct holder {
	int fd;
	int n;
	bool stays;
	volatile int held;
};

static int hold_them(void *arg)
{
	struct holder *h = arg;
	int fd = kc_reopen(h->fd, O_RDONLY);

	while (h->held < h->n) {
		if (!kc_hold(fd))
			return -EPROTO;
		h->held++;
	}
	while (h->stays)
		pause();
	return 0;
}

FIXTURE(ending)
{
	int ctl, fd;
	struct holder *h;
	pid_t pid;
};

FIXTURE_VARIANT(ending)
{
	int sig;	/* 0: it exits */
};

FIXTURE_VARIANT_ADD(ending, exit) { .sig = 0 };
FIXTURE_VARIANT_ADD(ending, kill) { .sig = SIGKILL };
FIXTURE_VARIANT_ADD(ending, segv) { .sig = SIGSEGV };

FIXTURE_SETUP(ending)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 1000);
	self->h = kc_shared(sizeof(*self->h));
	self->h->fd = self->fd;
	self->h->n = 3;
	self->h->stays = variant->sig;
	ASSERT_TRUE(send_and_hold(self->fd, 4, -1, 0));
	self->pid = kc_fork(hold_them, self->h);
	ASSERT_TRUE(KC_EVENTUALLY(self->h->held == 3));
}

FIXTURE_TEARDOWN(ending)
{
	close(self->fd);
	close(self->ctl);
}

TEST_F(ending, holder_that_ends_puts_back_in_order)
{
	if (variant->sig) {
		EXPECT_EQ(3, kc_state(self->fd).held);
		kill(self->pid, variant->sig);
	}
	EXPECT_EQ(variant->sig ? KC_KILLED : 0, kc_reap(self->pid));
	EXPECT_EQ(0, kc_state(self->fd).held);
	EXPECT_EQ(3, kc_state(self->fd).returned);
	EXPECT_TRUE(next_is(self->fd, 1, 2));
	EXPECT_TRUE(next_is(self->fd, 2, 2));
	EXPECT_TRUE(next_is(self->fd, 3, 2));
	EXPECT_TRUE(next_is(self->fd, 4, 1));
	EXPECT_TRUE(kc_sums(self->fd));
}

TEST_F(redeliver, duplicate_of_a_descriptor_keeps_what_is_held)
{
	int copy = dup(self->rx);

	ASSERT_TRUE(send_and_hold(self->tx, 2, self->rx, 2));
	close(self->rx);
	EXPECT_EQ(2, kc_state(self->fd).held);
	EXPECT_EQ(1, kc_ack(copy, 1));
	close(copy);
	self->rx = -1;
	EXPECT_EQ(0, kc_state(self->fd).held);
	EXPECT_TRUE(next_is(self->fd, 2, 2));
}

static int ack_1_and_hold(void *arg)
{
	int fd = *(int *)arg;

	return kc_ack(fd, 1) == 1 && kc_hold(fd) == 3 ? 0 : -EPROTO;
}

TEST_F(redeliver, child_shares_what_its_parent_holds)
{
	ASSERT_TRUE(send_and_hold(self->tx, 3, self->rx, 2));
	EXPECT_EQ(0, kc_child(ack_1_and_hold, &self->rx));
	EXPECT_EQ(2, kc_held(self->rx));
	EXPECT_EQ(1, kc_ack(self->rx, 2));
	EXPECT_EQ(1, kc_ack(self->rx, 3));
}

static int close_and_leave(void *arg)
{
	return kc_fd(close(*(int *)arg));
}

TEST_F(redeliver, child_that_ends_does_not_end_its_parents_endpoint)
{
	ASSERT_TRUE(send_and_hold(self->tx, 1, self->rx, 1));
	EXPECT_EQ(0, kc_child(close_and_leave, &self->rx));
	EXPECT_EQ(1, kc_state(self->fd).held);
	EXPECT_EQ(1, kc_ack(self->rx, 1));
}

/* Which the child has killed, and the parent has closed. */
TEST_F(redeliver, last_of_all_who_share_an_endpoint_puts_back)
{
	struct holder *h = kc_shared(sizeof(*h));
	pid_t pid;

	ASSERT_TRUE(send_and_hold(self->tx, 1, self->rx, 1));
	h->fd = self->fd;
	h->stays = true;
	pid = kc_fork(hold_them, h);
	close(self->rx);
	self->rx = -1;
	EXPECT_EQ(1, kc_state(self->fd).held);
	kill(pid, SIGKILL);
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(0, kc_state(self->fd).held);
	EXPECT_TRUE(next_is(self->fd, 1, 2));
}

/* A receiver that waits, with HOLD. */
static struct kc_call holder(int fd)
{
	struct kc_call call = kc_receiver(fd);

	call.recv.flags = KCHAN_HOLD;
	return call;
}

TEST_F(redeliver, waiting_receiver_with_hold_holds_what_comes)
{
	struct kchan_state state;

	self->call[0] = holder(self->rx);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "message", 7));
	ASSERT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(5, self->call[0].recv.tag);
	EXPECT_EQ(1, self->call[0].recv.deliveries);
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.held);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(1, kc_ack(self->rx, 1));
}

TEST_F(redeliver, nack_hands_the_message_to_who_waits)
{
	ASSERT_TRUE(send_and_hold(self->tx, 1, self->fd, 1));
	self->call[0] = kc_receiver(self->rx);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(1, kc_nack(self->fd, 1));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(1, self->call[0].recv.tag);
	EXPECT_EQ(2, self->call[0].recv.deliveries);
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(redeliver, close_hands_messages_to_those_who_wait_in_order)
{
	int other = kc_reopen(self->fd, O_RDONLY), i;

	ASSERT_TRUE(send_and_hold(self->tx, 3, other, 3));
	for (i = 0; i < 3; i++) {
		self->call[i] = i % 2 ? holder(self->rx) : kc_receiver(self->rx);
		ASSERT_EQ(0, kc_start(&self->call[i]));
		ASSERT_TRUE(kc_receivers_wait(self->fd, i + 1));
	}
	close(other);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i + 1, self->call[i].recv.tag);
		EXPECT_EQ(2, self->call[i].recv.deliveries);
	}
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(2, kc_state(self->fd).received);
}

TEST_F(redeliver, sender_waits_until_what_is_held_is_acknowledged)
{
	ASSERT_TRUE(send_and_hold(self->tx, 4, self->rx, 4));
	self->call[0] = kc_sender(self->tx, 9, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	ASSERT_EQ(1, kc_nack(self->rx, 2));
	EXPECT_EQ(1, kc_state(self->fd).waiting_senders);
	ASSERT_EQ(1, kc_ack(self->rx, 3));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(5, self->call[0].send.seq);
	EXPECT_EQ(2, kc_state(self->fd).queued);
	EXPECT_EQ(2, kc_state(self->fd).held);
}

TEST_F(redeliver, sender_waits_until_what_is_held_is_rejected)
{
	ASSERT_TRUE(send_and_hold(self->tx, 4, self->rx, 4));
	self->call[0] = kc_sender(self->tx, 9, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	ASSERT_EQ(1, kc_reject(self->rx, 1));
	EXPECT_EQ(0, kc_join(&self->call[0]));
}

/* Both wait before the endpoint holds anything. */
TEST_F(redeliver, limit_holds_for_calls_that_wait_at_once)
{
	int i, ok = 0;

	ASSERT_EQ(0, kc_held_max(self->rx, 1));
	for (i = 0; i < 2; i++) {
		self->call[i] = holder(self->rx);
		self->call[i].recv.deadline = kc_now() + 2 * KC_NS;
		ASSERT_EQ(0, kc_start(&self->call[i]));
	}
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "message", 7));
	ASSERT_EQ(0, kc_send(self->tx, 0, 2, "message", 7));
	for (i = 0; i < 2; i++) {
		int ret = kc_join(&self->call[i]);

		EXPECT_TRUE(!ret || ret == -EBUSY || ret == -ETIMEDOUT)
			TH_LOG("returned %d", ret);
		ok += !ret;
	}
	EXPECT_EQ(1, ok);
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(1, kc_state(self->fd).queued);
}

TEST_F(redeliver, revoke_drops_what_is_held)
{
	struct kchan_settings set = { 0 };

	ASSERT_TRUE(send_and_hold(self->tx, 2, self->rx, 1));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_ack(self->rx, 1));
	EXPECT_EQ(-EIDRM, kc_nack(self->rx, 1));
	EXPECT_EQ(-EIDRM, kc_reject(self->rx, 1));
	EXPECT_EQ(-EIDRM, kc_settle(self->rx, KCHAN_IOC_ACK, 1,
				    KCHAN_ACK_UP_TO));
	EXPECT_EQ(-EIDRM, kc_settings(self->rx, &set, 0));
}

/* Else a user could not send any more. */
TEST_F(redeliver, revoke_gives_back_what_held_messages_cost)
{
	struct kc_env env;
	int fd;

	ASSERT_EQ(0, kc_enter(&env));
	ASSERT_EQ(0, kc_sysctl_set(-1, "max_bytes_user", 4096));
	fd = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	while (!kc_send(fd, 0, 0, self->buf, 100))
		ASSERT_NE(0, kc_hold(fd));
	ASSERT_EQ(-EDQUOT, kc_send(fd, 0, 0, self->buf, 100));
	ASSERT_EQ(0, kc_revoke(fd));
	close(fd);
	fd = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	EXPECT_TRUE(KC_EVENTUALLY(!kc_send(fd, 0, 0, self->buf, 100)));
	close(fd);
	kc_leave(&env);
}

/* Of one that still has it open, and came after more than are looked at in one go. */
TEST_F(redeliver, revoke_frees_what_any_of_many_endpoints_holds)
{
	struct kc_env env;
	int fd, other, rx[200];
	unsigned int i;

	ASSERT_EQ(0, kc_enter(&env));
	ASSERT_EQ(0, kc_sysctl_set(-1, "max_bytes_user", 65536));
	fd = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	other = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	for (i = 0; i < ARRAY_SIZE(rx); i++)
		rx[i] = kc_reopen(fd, O_RDONLY);
	while (!kc_send(fd, 0, 0, self->buf, 100))
		ASSERT_NE(0, kc_hold(rx[ARRAY_SIZE(rx) - 1]));
	ASSERT_EQ(-EDQUOT, kc_send(other, 0, 0, self->buf, 100));
	ASSERT_EQ(0, kc_revoke(fd));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, kc_send(other, 0, 0, self->buf, 100));
	for (i = 0; i < ARRAY_SIZE(rx); i++)
		close(rx[i]);
	close(other);
	close(fd);
	kc_leave(&env);
}

/* Messages that the last endpoint of a channel held. */
TEST_F(redeliver, message_held_when_all_endpoints_closed_is_there_later)
{
	struct kc_env env;
	int fd;

	ASSERT_EQ(0, kc_enter(&env));
	fd = kc_create(env.ctl, "a", O_RDWR | O_NONBLOCK);
	ASSERT_TRUE(send_and_hold(fd, 2, fd, 2));
	close(fd);
	fd = kc_open(env.ctl, "a", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(next_is(fd, 1, 2));
	EXPECT_TRUE(next_is(fd, 2, 2));
	close(fd);
	kc_leave(&env);
}

TEST_F(redeliver, unnamed_channel_goes_with_what_its_last_endpoint_held)
{
	int rx, tx;

	ASSERT_EQ(0, kc_pair(self->ctl, &rx, &tx));
	ASSERT_TRUE(send_and_hold(tx, 3, rx, 2));
	close(tx);
	EXPECT_EQ(2, kc_held(rx));
	close(rx);
}

/* A channel whose messages may be handed out so often. */
static int limited(int ctl, unsigned int max_deliveries)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.max_deliveries = max_deliveries;
	return kc_create_with(ctl, &arg);
}

TEST_F(redeliver, message_handed_out_too_often_is_dropped_by_nack)
{
	int fd = limited(self->ctl, 2);
	struct kchan_state state;

	ASSERT_LE(0, fd);
	EXPECT_EQ(2, kc_state(fd).max_deliveries);
	ASSERT_TRUE(send_and_hold(fd, 1, fd, 1));
	ASSERT_EQ(1, kc_nack(fd, 1));
	ASSERT_EQ(1, kc_hold(fd));
	ASSERT_EQ(1, kc_nack(fd, 1));
	state = kc_state(fd);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(1, state.returned);
	EXPECT_EQ(1, state.dropped[KCHAN_DEAD_DELIVERIES]);
	EXPECT_EQ(1, kc_total(state.dropped));
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(redeliver, message_handed_out_too_often_is_dropped_by_close)
{
	int fd = limited(self->ctl, 1), rx = kc_reopen(fd, O_RDONLY);

	ASSERT_TRUE(send_and_hold(fd, 2, rx, 1));
	close(rx);
	EXPECT_EQ(1, kc_state(fd).dropped[KCHAN_DEAD_DELIVERIES]);
	EXPECT_EQ(0, kc_state(fd).returned);
	EXPECT_TRUE(next_is(fd, 2, 1));
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

/* How a held message may die on its way back. */
static int die_by_nack(int rx)
{
	return kc_nack(rx, 1) == 1 ? rx : -1;
}

static int die_by_reject(int rx)
{
	return kc_reject(rx, 1) == 1 ? rx : -1;
}

static int die_by_close(int rx)
{
	return close(rx) ? -1 : 0;
}

TEST_F(redeliver, room_of_a_held_message_that_dies_is_told)
{
	static int (*const die[])(int rx) = {
		die_by_nack, die_by_reject, die_by_close,
	};
	struct kchan_create arg = kc_create_arg(NULL);
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	unsigned int i;

	arg.depth = 1;
	arg.max_deliveries = 1;
	for (i = 0; i < ARRAY_SIZE(die); i++) {
		int fd = kc_create_with(self->ctl, &arg);
		int rx = kc_reopen(fd, O_RDONLY), ep = epoll_create1(0);

		ASSERT_TRUE(send_and_hold(fd, 1, rx, 1));
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
		EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
		EXPECT_LE(0, die[i](rx));
		EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0)) TH_LOG("way %u", i);
		EXPECT_EQ(0, kc_send(fd, 0, 0, "x", 1));
		close(ep);
		close(fd);
	}
}

TEST_F(redeliver, message_handed_out_too_often_is_dropped_by_a_fault)
{
	int fd = limited(self->ctl, 1);
	struct kchan_recv arg = kc_recv_arg((void *)1, 64);

	ASSERT_TRUE(send_and_hold(fd, 1, -1, 0));
	EXPECT_EQ(-EFAULT, kc_recv(fd, &arg));
	EXPECT_EQ(1, kc_state(fd).dropped[KCHAN_DEAD_DELIVERIES]);
	EXPECT_EQ(0, kc_state(fd).queued);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(redeliver, message_acknowledged_at_its_last_delivery_is_received)
{
	int fd = limited(self->ctl, 1);

	ASSERT_TRUE(send_and_hold(fd, 2, fd, 1));
	EXPECT_EQ(1, kc_ack(fd, 1));
	EXPECT_TRUE(next_is(fd, 2, 1));
	EXPECT_EQ(2, kc_state(fd).received);
	EXPECT_EQ(0, kc_total(kc_state(fd).dropped));
	close(fd);
}

TEST_F(redeliver, limits_of_deliveries_above_the_largest_are_EINVAL)
{
	struct kchan_create arg = kc_create_arg(NULL), was;

	arg.max_deliveries = KCHAN_DELIVERIES_MAX + 1;
	was = arg;
	EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.max_deliveries = KCHAN_DELIVERIES_MAX;
	EXPECT_LE(0, kc_create_with(self->ctl, &arg));
}

TEST_HARNESS_MAIN
