// SPDX-License-Identifier: GPL-2.0
/* Messages that expire: never delivered then, and their room is free again. */
#include "kchan_call.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define MS (KC_NS / 1000)
#define PAST 1

FIXTURE(expiry)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, 4 messages */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
	struct kc_call call[2];
};

FIXTURE_SETUP(expiry)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 1000);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(expiry)
{
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

static int send_until(int fd, uint64_t tag, uint64_t expiry)
{
	struct kchan_send arg = kc_send_arg("message", 7);

	arg.tag = tag;
	arg.expiry = expiry;
	return kc_ioctl(fd, KCHAN_IOC_SEND, &arg);
}

/* Until so many have expired and were dropped. */
static bool expired(int fd, unsigned int n)
{
	return KC_EVENTUALLY(kc_state(fd).dropped[KCHAN_DEAD_EXPIRED] == n);
}

static int with_ttl(int ctl, uint64_t ttl)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.ttl = ttl;
	return kc_create_with(ctl, &arg);
}

TEST_F(expiry, message_with_a_past_expiry_is_sent_and_dropped)
{
	struct kchan_send arg = kc_send_arg("message", 7);
	struct kchan_state state;

	arg.expiry = PAST;
	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(1, arg.seq);
	EXPECT_EQ(PAST, arg.expiry);
	EXPECT_EQ(0, kc_take_tag(self->fd));
	ASSERT_TRUE(expired(self->fd, 1));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.sent);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.queued_bytes);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(1, kc_total(state.dropped));
}

TEST_F(expiry, message_goes_at_its_expiry_without_a_receiver)
{
	ASSERT_EQ(0, send_until(self->tx, 1, kc_now() + 20 * MS));
	ASSERT_EQ(0, send_until(self->tx, 2, 0));
	ASSERT_TRUE(expired(self->fd, 1));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(7, kc_state(self->fd).queued_bytes);
	EXPECT_EQ(2, kc_take_tag(self->fd));
}

TEST_F(expiry, message_is_received_before_its_expiry)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t expiry = kc_now() + 10000 * KC_NS;

	ASSERT_EQ(0, send_until(self->tx, 1, expiry));
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(1, arg.tag);
	EXPECT_EQ(expiry, arg.expiry);
	EXPECT_EQ(0, kc_total(kc_state(self->fd).dropped));
}

/* The first to expire is neither the first nor the last, and the third stays. */
TEST_F(expiry, messages_go_in_the_order_of_their_expiry)
{
	uint64_t now = kc_now();

	ASSERT_EQ(0, send_until(self->tx, 1, now + 60 * MS));
	ASSERT_EQ(0, send_until(self->tx, 2, now + 30 * MS));
	ASSERT_EQ(0, send_until(self->tx, 3, now + 10000 * KC_NS));
	ASSERT_EQ(0, send_until(self->tx, 4, now + 45 * MS));
	ASSERT_TRUE(expired(self->fd, 3));
	EXPECT_EQ(3, kc_take_tag(self->fd));
	EXPECT_EQ(0, kc_take_tag(self->fd));
}

/* The one that the timer was set for is gone when it fires. */
TEST_F(expiry, later_ones_go_when_the_first_was_received)
{
	uint64_t now = kc_now();

	ASSERT_EQ(0, send_until(self->tx, 1, now + 10000 * KC_NS));
	ASSERT_EQ(0, send_until(self->tx, 2, now + 50 * MS));
	ASSERT_EQ(1, kc_take_tag(self->fd));
	ASSERT_EQ(0, send_until(self->tx, 3, now + 20 * MS));
	ASSERT_TRUE(expired(self->fd, 2));
	EXPECT_EQ(0, kc_state(self->fd).queued);
}

TEST_F(expiry, sender_goes_on_when_a_message_has_expired)
{
	uint64_t i;

	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, send_until(self->tx, i, i == 3 ?
					kc_now() + 200 * MS : 0));
	}
	self->call[0] = kc_sender(self->tx, 9, 7);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(5, self->call[0].send.seq);
	EXPECT_EQ(1, kc_state(self->fd).dropped[KCHAN_DEAD_EXPIRED]);
	EXPECT_EQ(1, kc_take_tag(self->fd));
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(4, kc_take_tag(self->fd));
	EXPECT_EQ(9, kc_take_tag(self->fd));
}

TEST_F(expiry, poll_says_that_there_is_room_again)
{
	uint64_t i;

	self->call[0] = kc_call(KC_POLL, self->tx, 0);
	self->call[0].events = POLLOUT;
	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, send_until(self->tx, i, kc_now() + 100 * MS));
	}
	ASSERT_EQ(0, kc_start(&self->call[0]));
	EXPECT_EQ(POLLOUT, kc_join(&self->call[0]));
	ASSERT_TRUE(expired(self->fd, 4));
	EXPECT_EQ(0, kc_poll(self->rx, POLLIN));
}

/* It counts from the call: when there is room, it is too late. */
TEST_F(expiry, message_that_expires_while_its_sender_waits_is_not_delivered)
{
	uint64_t i;

	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, send_until(self->tx, i, 0));
	}
	self->call[0] = kc_sender(self->tx, 9, 7);
	self->call[0].send.expiry = kc_now() + 100 * MS;
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(KC_EVENTUALLY(kc_now() > self->call[0].send.expiry + MS));
	for (i = 1; i <= 4; i++)
		EXPECT_EQ(i, kc_take_tag(self->fd));
	EXPECT_EQ(0, kc_take_tag(self->fd));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_TRUE(expired(self->fd, 1));
	EXPECT_EQ(5, kc_state(self->fd).sent);
}

TEST_F(expiry, expired_message_is_not_given_to_who_waits)
{
	self->call[0] = kc_receiver(self->rx);
	ASSERT_EQ(0, kc_start(&self->call[0]));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, send_until(self->tx, 1, PAST));
	ASSERT_TRUE(expired(self->fd, 1));
	EXPECT_TRUE(kc_receivers_wait(self->fd, 1));
	EXPECT_FALSE(kc_done(&self->call[0]));
	ASSERT_EQ(0, send_until(self->tx, 2, 0));
	EXPECT_EQ(0, kc_join(&self->call[0]));
	EXPECT_EQ(2, self->call[0].recv.tag);
}

struct sleeper {
	int fd;
	uint64_t tag;
};

static int receive_one(void *arg)
{
	struct sleeper *s = arg;
	char buf[64];
	struct kchan_recv recv = kc_recv_arg(buf, sizeof(buf));
	int ret = kc_recv(s->fd, &recv);

	s->tag = recv.tag;
	return ret;
}

/* It is chosen for the message, and does not run until that has expired. */
TEST_F(expiry, receiver_that_wakes_too_late_does_not_get_the_message)
{
	struct sleeper *s = kc_shared(sizeof(*s));
	uint64_t expiry;
	pid_t pid;

	s->fd = self->rx;
	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(receive_one, s);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	expiry = kc_now() + 20 * MS;
	ASSERT_EQ(0, send_until(self->tx, 1, expiry));
	while (kc_now() <= expiry)
		;
	ASSERT_TRUE(expired(self->fd, 1));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, send_until(self->tx, 2, 0));
	EXPECT_EQ(0, kc_reap(pid));
	EXPECT_EQ(2, s->tag);
	EXPECT_EQ(1, kc_state(self->fd).received);
	EXPECT_EQ(0, kc_state(self->fd).returned);
}

TEST_F(expiry, receiver_that_was_stopped_does_not_get_the_message)
{
	struct sleeper *s = kc_shared(sizeof(*s));
	int status;
	pid_t pid;

	s->fd = self->rx;
	pid = kc_fork(receive_one, s);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_TRUE(KC_EVENTUALLY(waitpid(pid, &status, WNOHANG | WUNTRACED) ==
				  pid));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, send_until(self->tx, 1, kc_now() + 20 * MS));
	ASSERT_TRUE(expired(self->fd, 1));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, send_until(self->tx, 2, 0));
	EXPECT_EQ(0, kc_reap(pid));
	EXPECT_EQ(2, s->tag);
}

TEST_F(expiry, held_message_does_not_expire)
{
	uint64_t expiry = kc_now() + 200 * MS;

	ASSERT_EQ(0, send_until(self->tx, 1, expiry));
	ASSERT_EQ(1, kc_hold(self->fd));
	ASSERT_TRUE(KC_EVENTUALLY(kc_now() > expiry + 10 * MS));
	EXPECT_EQ(1, kc_state(self->fd).held);
	EXPECT_EQ(0, kc_total(kc_state(self->fd).dropped));
	EXPECT_EQ(1, kc_ack(self->fd, 1));
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(expiry, message_put_back_after_its_expiry_is_dropped)
{
	uint64_t expiry = kc_now() + 200 * MS;
	int other = kc_reopen(self->fd, O_RDONLY);

	ASSERT_EQ(0, send_until(self->tx, 1, expiry));
	ASSERT_EQ(0, send_until(self->tx, 2, expiry));
	ASSERT_EQ(1, kc_hold(self->rx));
	ASSERT_EQ(2, kc_hold(other));
	ASSERT_TRUE(KC_EVENTUALLY(kc_now() > expiry + MS));
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_EQ(0, kc_take_tag(self->fd));
	EXPECT_TRUE(expired(self->fd, 1));
	close(other);
	EXPECT_EQ(0, kc_take_tag(self->fd));
	EXPECT_TRUE(expired(self->fd, 2));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).held);
}

TEST_F(expiry, message_put_back_before_its_expiry_still_expires)
{
	ASSERT_EQ(0, send_until(self->tx, 1, kc_now() + 300 * MS));
	if (kc_hold(self->rx)) {
		kc_nack(self->rx, 1);
	}
	EXPECT_TRUE(expired(self->fd, 1));
	EXPECT_EQ(0, kc_take_tag(self->fd));
}

TEST_F(expiry, expired_message_is_found_by_no_filter_and_no_peek)
{
	struct kchan_recv arg = kc_filter_arg(self->buf, sizeof(self->buf),
					      KCHAN_FILTER_TAG, 1);

	ASSERT_EQ(0, send_until(self->tx, 1, PAST));
	arg.flags = KCHAN_NONBLOCK;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &arg));
	arg.flags = KCHAN_PEEK;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &arg));
	arg.filter = KCHAN_FILTER_NONE;
	arg.value = 0;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &arg));
}

TEST_F(expiry, expiry_that_is_far_away_never_comes)
{
	static const uint64_t far[] = { INT64_MAX, 1ULL << 63, UINT64_MAX };
	struct kchan_recv arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		ASSERT_EQ(0, send_until(self->tx, i + 1, far[i]));
	}
	/* One that does come: the timer works. */
	ASSERT_EQ(0, send_until(self->tx, 9, kc_now() + 20 * MS));
	ASSERT_TRUE(expired(self->fd, 1));
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		arg = kc_recv_arg(self->buf, sizeof(self->buf));
		ASSERT_EQ(0, kc_recv(self->rx, &arg));
		EXPECT_EQ(i + 1, arg.tag);
		EXPECT_NE(0, arg.expiry);
	}
}

TEST_F(expiry, ttl_is_for_messages_that_do_not_say)
{
	int fd = with_ttl(self->ctl, 300 * MS);
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t before, after;

	ASSERT_LE(0, fd);
	EXPECT_EQ(300 * MS, kc_state(fd).ttl);
	ASSERT_EQ(0, send_until(fd, 1, kc_now() + 10000 * KC_NS));
	before = kc_now();
	ASSERT_EQ(0, send_until(fd, 2, 0));
	after = kc_now();
	ASSERT_EQ(1, write(fd, "x", 1));
	arg.flags = KCHAN_PEEK;
	arg.position = 1;
	if (!kc_recv(fd, &arg) && arg.tag == 2) {
		EXPECT_LE(before + 300 * MS, arg.expiry);
		EXPECT_GE(after + 300 * MS, arg.expiry);
	}
	ASSERT_TRUE(expired(fd, 2));
	EXPECT_EQ(1, kc_take_tag(fd));
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(expiry, expiry_is_shown_as_the_ttl_makes_it)
{
	int fd = with_ttl(self->ctl, 10000 * KC_NS);
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t before = kc_now(), after;

	ASSERT_EQ(0, send_until(fd, 1, 0));
	after = kc_now();
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_LE(before + 10000 * KC_NS, arg.expiry);
	EXPECT_GE(after + 10000 * KC_NS, arg.expiry);
	close(fd);
}

TEST_F(expiry, ttl_of_2_to_the_63_and_more_is_EINVAL)
{
	static const uint64_t bad[] = { 1ULL << 63, UINT64_MAX };
	struct kchan_create arg, was;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg = kc_create_arg(NULL);
		arg.ttl = bad[i];
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
}

TEST_F(expiry, longest_ttl_never_comes)
{
	int fd = with_ttl(self->ctl, INT64_MAX);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_until(fd, 1, 0));
	ASSERT_EQ(0, send_until(fd, 2, kc_now() + 20 * MS));
	ASSERT_TRUE(expired(fd, 1));
	EXPECT_EQ(1, kc_take_tag(fd));
	close(fd);
}

#define MANY 1000

/* In an order that has nothing to do with that of sending. */
TEST_F(expiry, many_messages_all_expire)
{
	int fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	uint64_t now = kc_now();
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_until(fd, i + 1, i % 10 == 9 ? 0 :
					now + i * 7919ULL % MANY * MS / 10));
	}
	ASSERT_TRUE(expired(fd, MANY * 9 / 10));
	EXPECT_EQ(MANY / 10, kc_state(fd).queued);
	for (i = 9; i < MANY; i += 10) {
		ASSERT_EQ(i + 1, kc_take_tag(fd));
	}
	EXPECT_EQ(0, kc_take_tag(fd));
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(expiry, channel_can_go_with_its_timer_running)
{
	int fd, i;

	for (i = 0; i < 200; i++) {
		fd = kc_create(self->ctl, NULL, O_RDWR);
		ASSERT_EQ(0, send_until(fd, 1, kc_now() + i * MS / 100));
		ASSERT_EQ(0, send_until(fd, 2, kc_now() + 10000 * KC_NS));
		if (i % 3 == 0) {
			ASSERT_EQ(0, kc_revoke(fd));
		}
		close(fd);
	}
}

/* What a process in a time namespace that is ahead sees and says. */
struct ahead {
	int fd;
	uint64_t expiry;	/* of message 1, by its clock */
	uint64_t seen;		/* that of message 2 there */
};

#define AHEAD (1000 * KC_NS)

static int in_time_namespace(void *arg)
{
	struct ahead *a = arg;
	char buf[64];
	struct kchan_recv recv = kc_recv_arg(buf, sizeof(buf));

	a->expiry = kc_now() + 500 * KC_NS;
	if (send_until(a->fd, 1, a->expiry))
		return -EPROTO;
	recv.filter = KCHAN_FILTER_TAG;
	recv.value = 2;
	recv.flags = KCHAN_NONBLOCK;
	if (kc_recv(a->fd, &recv))
		return -EBADMSG;
	a->seen = recv.expiry;
	/* Past in the parent's clock and in no other. */
	return send_until(a->fd, 3, AHEAD / 2);
}

static int enter_time_namespace(void *arg)
{
	if (unshare(CLONE_NEWTIME) ||
	    kc_write_file("/proc/self/timens_offsets", "monotonic 1000 0"))
		return -EOPNOTSUPP;
	return kc_child(in_time_namespace, arg);
}

TEST_F(expiry, expiry_is_of_the_clock_of_the_time_namespace)
{
	struct ahead *a = kc_shared(sizeof(*a));
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t expiry = kc_now() + 600 * KC_NS;
	int ret;

	a->fd = self->fd;
	ASSERT_EQ(0, send_until(self->fd, 2, expiry));
	ret = kc_child(enter_time_namespace, a);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no time namespaces");
	ASSERT_EQ(0, ret);
	EXPECT_EQ(expiry + AHEAD, a->seen);
	EXPECT_TRUE(expired(self->fd, 1));
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(1, arg.tag);
	EXPECT_EQ(a->expiry - AHEAD, arg.expiry);
}

TEST_HARNESS_MAIN
