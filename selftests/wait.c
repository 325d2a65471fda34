// SPDX-License-Identifier: GPL-2.0
/* Calls that wait: who is served, when, and what ends the wait. */
#include "kchan_call.h"

#include <poll.h>
#include <signal.h>

#define N 4

FIXTURE(wait)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, one message of 100 bytes at most */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
	struct kc_call call[N];
};

FIXTURE_SETUP(wait)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 100);
	ASSERT_LE(0, self->fd);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(wait)
{
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* Starts receivers [from, to), one after the other. */
static bool start_receivers(FIXTURE_DATA(wait) *self, int from, int to)
{
	for (; from < to; from++) {
		self->call[from] = kc_receiver(self->rx);
		if (kc_start(&self->call[from]) ||
		    !kc_receivers_wait(self->fd, from + 1))
			return false;
	}
	return true;
}

/* Fills the queue with 100 bytes, then starts senders of LEN with tags from 1. */
static bool start_senders(FIXTURE_DATA(wait) *self, int n, unsigned int len)
{
	int i;

	if (kc_send(self->fd, 0, 0, self->buf, 100))
		return false;
	for (i = 0; i < n; i++) {
		self->call[i] = kc_sender(self->tx, i + 1, len);
		if (kc_start(&self->call[i]) || !kc_senders_wait(self->fd, i + 1))
			return false;
	}
	return true;
}

TEST_F(wait, blocked_read_gets_the_message)
{
	struct kc_call call = kc_call(KC_READ, self->rx, 64);

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(5, write(self->tx, "hello", 5));
	EXPECT_EQ(5, kc_join(&call));
	EXPECT_EQ(0, memcmp(call.buf, "hello", 5));
	EXPECT_EQ(0, kc_state(self->fd).waiting_receivers);
}

TEST_F(wait, blocked_write_goes_when_there_is_room)
{
	struct kc_call call = kc_call(KC_WRITE, self->tx, 10);

	ASSERT_EQ(100, write(self->fd, self->buf, 100));
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	ASSERT_EQ(100, read(self->rx, self->buf, 128));
	EXPECT_EQ(10, kc_join(&call));
	EXPECT_EQ(0, kc_state(self->fd).waiting_senders);
	EXPECT_EQ(10, kc_state(self->fd).queued_bytes);
}

TEST_F(wait, receivers_are_served_in_order_of_arrival)
{
	int i;

	ASSERT_TRUE(start_receivers(self, 0, N));
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "x", 1));
		ASSERT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i, self->call[i].recv.tag);
		EXPECT_EQ(N - 1 - i, kc_state(self->fd).waiting_receivers);
	}
}

TEST_F(wait, messages_sent_at_once_go_to_receivers_in_order)
{
	int i;

	ASSERT_TRUE(start_receivers(self, 0, N));
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_send(self->fd, i, i, "x", 1));
	}
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i, self->call[i].recv.tag);
	}
}

TEST_F(wait, real_time_receivers_are_served_first_by_priority)
{
	static const int rt_prio[N] = { 0, 10, 0, 20 };
	static const int order[N] = { 3, 1, 0, 2 };
	int i;

	for (i = 0; i < N; i++) {
		self->call[i] = kc_receiver(self->rx);
		self->call[i].rt_prio = rt_prio[i];
		ASSERT_EQ(0, kc_start(&self->call[i]));
		ASSERT_TRUE(kc_receivers_wait(self->fd, i + 1))
			TH_LOG("returned %d", self->call[i].ret);
	}
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "x", 1));
		ASSERT_EQ(0, kc_join(&self->call[order[i]]));
		EXPECT_EQ(i, self->call[order[i]].recv.tag);
	}
}

TEST_F(wait, real_time_receivers_of_one_priority_are_served_in_order)
{
	int i;

	for (i = 0; i < N; i++) {
		self->call[i] = kc_receiver(self->rx);
		self->call[i].rt_prio = 5;
		ASSERT_EQ(0, kc_start(&self->call[i]));
		ASSERT_TRUE(kc_receivers_wait(self->fd, i + 1));
	}
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "x", 1));
		ASSERT_EQ(0, kc_join(&self->call[i]));
	}
}

TEST_F(wait, real_time_senders_are_served_first_by_priority)
{
	static const int rt_prio[N] = { 0, 10, 0, 20 };
	static const int order[N] = { 3, 1, 0, 2 };
	int i;

	ASSERT_EQ(0, kc_send(self->fd, 0, 99, self->buf, 100));
	for (i = 0; i < N; i++) {
		self->call[i] = kc_sender(self->tx, i, 60);
		self->call[i].rt_prio = rt_prio[i];
		ASSERT_EQ(0, kc_start(&self->call[i]));
		ASSERT_TRUE(kc_senders_wait(self->fd, i + 1));
	}
	EXPECT_EQ(99, kc_receive_tag(self->fd));
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, kc_join(&self->call[order[i]]));
		EXPECT_EQ(order[i], kc_receive_tag(self->fd));
	}
}

TEST_F(wait, one_message_goes_to_one_of_two_receivers)
{
	struct kchan_state state;

	ASSERT_TRUE(start_receivers(self, 0, 2));
	ASSERT_EQ(0, kc_send(self->tx, 0, 7, "x", 1));
	ASSERT_EQ(0, kc_join(&self->call[0]));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.waiting_receivers);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(0, state.queued);
	EXPECT_FALSE(kc_done(&self->call[1]));
	ASSERT_EQ(0, kc_send(self->tx, 0, 8, "x", 1));
	ASSERT_EQ(0, kc_join(&self->call[1]));
	EXPECT_EQ(8, self->call[1].recv.tag);
}

TEST_F(wait, call_that_would_wait_does_not_overtake_those_that_do)
{
	ASSERT_TRUE(start_receivers(self, 0, 1));
	EXPECT_EQ(UINT64_MAX, kc_receive_tag(self->fd));
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "x", 1));
	EXPECT_EQ(UINT64_MAX, kc_receive_tag(self->fd));
	EXPECT_EQ(0, kc_join(&self->call[0]));
}

TEST_F(wait, senders_are_served_in_order_of_arrival)
{
	int i;

	ASSERT_TRUE(start_senders(self, N, 60));
	for (i = 0; i <= N; i++) {
		EXPECT_EQ(i, kc_receive_tag(self->fd));
		EXPECT_EQ(i < N ? N - 1 - i : 0, kc_state(self->fd).waiting_senders);
		EXPECT_EQ(i < N, kc_state(self->fd).queued);
	}
	for (i = 0; i < N; i++) {
		EXPECT_EQ(0, kc_join(&self->call[i]));
	}
}

TEST_F(wait, room_for_several_senders_is_given_to_all_of_them)
{
	int i;

	ASSERT_TRUE(start_senders(self, 3, 30));
	EXPECT_EQ(0, kc_receive_tag(self->fd));
	EXPECT_EQ(0, kc_state(self->fd).waiting_senders);
	EXPECT_EQ(3, kc_state(self->fd).queued);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i + 1, self->call[i].send.seq - 1);
		EXPECT_EQ(i + 1, kc_receive_tag(self->fd));
	}
}

TEST_F(wait, smaller_message_does_not_overtake_a_waiting_one)
{
	struct kc_call *big = &self->call[0], *small = &self->call[1];

	ASSERT_EQ(0, kc_send(self->fd, 0, 99, self->buf, 60));
	*big = kc_sender(self->tx, 1, 64);
	ASSERT_EQ(0, kc_start(big));
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	*small = kc_sender(self->tx, 2, 10);
	ASSERT_EQ(0, kc_start(small));
	ASSERT_TRUE(kc_senders_wait(self->fd, 2));
	EXPECT_EQ(-EAGAIN, kc_send(self->fd, 0, 3, "x", 1));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(99, kc_receive_tag(self->fd));
	EXPECT_EQ(1, kc_receive_tag(self->fd));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
	EXPECT_EQ(0, kc_join(big));
	EXPECT_EQ(0, kc_join(small));
}

TEST_F(wait, sender_that_gives_up_lets_a_smaller_message_go)
{
	struct kc_call *big = &self->call[0], *small = &self->call[1];

	ASSERT_EQ(0, kc_send(self->fd, 0, 99, self->buf, 60));
	*big = kc_sender(self->tx, 1, 64);
	big->send.deadline = kc_now() + 3 * KC_NS;
	ASSERT_EQ(0, kc_start(big));
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	*small = kc_sender(self->tx, 2, 10);
	ASSERT_EQ(0, kc_start(small));
	EXPECT_EQ(-ETIMEDOUT, kc_join(big));
	EXPECT_EQ(0, kc_join(small));
	EXPECT_EQ(0, kc_state(self->fd).waiting_senders);
	EXPECT_EQ(99, kc_receive_tag(self->fd));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
}

TEST_F(wait, waiting_reader_with_too_small_a_buffer_leaves_it_to_the_next)
{
	struct kc_call *small = &self->call[0], *next = &self->call[1];

	*small = kc_receiver(self->rx);
	small->recv.capacity = 4;
	ASSERT_EQ(0, kc_start(small));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	*next = kc_receiver(self->rx);
	ASSERT_EQ(0, kc_start(next));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "0123456789", 10));
	EXPECT_EQ(-EMSGSIZE, kc_join(small));
	EXPECT_EQ(10, small->recv.len);
	EXPECT_EQ(0, kc_join(next));
	EXPECT_EQ(5, next->recv.tag);
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(wait, lone_reader_with_too_small_a_buffer_leaves_it_queued)
{
	struct kc_call call = kc_call(KC_READ, self->rx, 4);

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_send(self->tx, 0, 5, "0123456789", 10));
	EXPECT_EQ(-EMSGSIZE, kc_join(&call));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(5, kc_receive_tag(self->fd));
}

static volatile int signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void catch_signal(int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &sa, NULL);
	signals = 0;
}

/* Each call that waits: receive or send, by ioctl or by read and write. */
FIXTURE(signal)
{
	int ctl, fd, other;
	char buf[128];
	struct kc_call call;
	struct kchan_state before;
};

FIXTURE_VARIANT(signal)
{
	enum kc_op op;
	int flags;
	bool sends;
};

FIXTURE_VARIANT_ADD(signal, recv) { .op = KC_RECV, .flags = O_RDONLY };
FIXTURE_VARIANT_ADD(signal, read) { .op = KC_READ, .flags = O_RDONLY };
FIXTURE_VARIANT_ADD(signal, send) {
	.op = KC_SEND, .flags = O_WRONLY, .sends = true
};
FIXTURE_VARIANT_ADD(signal, write) {
	.op = KC_WRITE, .flags = O_WRONLY, .sends = true
};

FIXTURE_SETUP(signal)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 1, 100, 100);
	self->other = kc_reopen(self->fd, variant->flags);
	ASSERT_LE(0, self->other);
	self->call = kc_call(variant->op, self->other, 10);
	if (variant->op == KC_RECV)
		self->call = kc_receiver(self->other);
	else if (variant->op == KC_SEND)
		self->call = kc_sender(self->other, 0, 10);
	if (variant->sends) {
		ASSERT_EQ(5, write(self->fd, "01234", 5));
	}
	self->before = kc_state(self->fd);
}

FIXTURE_TEARDOWN(signal)
{
	close(self->other);
	close(self->fd);
	close(self->ctl);
}

static bool waits(FIXTURE_DATA(signal) *self)
{
	return KC_EVENTUALLY(kc_state(self->fd).waiting_senders +
			     kc_state(self->fd).waiting_receivers == 1);
}

/* Makes the call succeed, and the queue hold one message, or none. */
static void serve(FIXTURE_DATA(signal) *self, bool sends)
{
	if (sends)
		read(self->fd, self->buf, sizeof(self->buf));
	else
		write(self->fd, "01234", 5);
}

TEST_F(signal, signal_ends_the_wait_with_EINTR)
{
	catch_signal(0);
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, kc_join(&self->call));
	EXPECT_EQ(1, signals);
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(signal, wait_goes_on_after_a_signal_with_sa_restart)
{
	int i;

	catch_signal(SA_RESTART);
	ASSERT_EQ(0, kc_start(&self->call));
	for (i = 1; i <= 3; i++) {
		ASSERT_TRUE(waits(self));
		ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
		ASSERT_TRUE(KC_EVENTUALLY(signals == i));
	}
	ASSERT_TRUE(waits(self));
	EXPECT_FALSE(kc_done(&self->call));
	serve(self, variant->sends);
	EXPECT_LE(0, kc_join(&self->call));
	EXPECT_EQ(variant->sends, kc_state(self->fd).queued);
}

TEST_F(signal, ignored_signal_does_not_end_the_wait)
{
	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	ASSERT_TRUE(waits(self));
	serve(self, variant->sends);
	EXPECT_LE(0, kc_join(&self->call));
}

TEST_F(signal, stop_and_continue_do_not_end_the_wait)
{
	pid_t pid;
	int ret;

	catch_signal(0);
	pid = fork();
	if (!pid) {
		/* The thread of a child, so that the parent can go on. */
		if (kc_start(&self->call))
			_exit(100);
		ret = kc_join(&self->call);
		_exit(ret < 0 ? -ret : 0);
	}
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_TRUE(KC_EVENTUALLY(waitpid(pid, &ret, WNOHANG | WUNTRACED) == pid));
	ASSERT_TRUE(WIFSTOPPED(ret));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_TRUE(waits(self));
	serve(self, variant->sends);
	EXPECT_EQ(0, kc_reap(pid));
}

TEST_F(signal, revoke_ends_the_wait_with_EIDRM)
{
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_join(&self->call));
}

TEST_F(signal, close_by_another_thread_does_not_end_the_wait)
{
	ASSERT_EQ(0, kc_start(&self->call));
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, close(self->other));
	self->other = -1;
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd) || waits(self));
	serve(self, variant->sends);
	EXPECT_LE(0, kc_join(&self->call));
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(self->fd).senders +
				  kc_state(self->fd).receivers == 2));
}

TEST_F(signal, kill_ends_the_wait)
{
	pid_t pid = fork();

	if (!pid) {
		kc_start(&self->call);
		kc_join(&self->call);
		_exit(0);
	}
	ASSERT_TRUE(waits(self));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

/* More calls at once than the kernel is likely to serve in one go. */
#define CROWD 20

FIXTURE(crowd)
{
	int ctl, fd;
	char buf[128];
	struct kc_call call[CROWD];
};

FIXTURE_SETUP(crowd)
{
	struct kchan_create arg = kc_create_arg(NULL);

	self->ctl = kc_ctl();
	arg.depth = 2 * CROWD;
	arg.msgsize = 100;
	arg.bytes = 100;
	arg.open_flags = O_RDWR;
	self->fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(crowd)
{
	close(self->fd);
	close(self->ctl);
}

static bool crowd_sends(FIXTURE_DATA(crowd) *self)
{
	int i;

	if (write(self->fd, self->buf, 100) != 100)
		return false;
	for (i = 0; i < CROWD; i++) {
		self->call[i] = kc_sender(self->fd, i, 5);
		if (kc_start(&self->call[i]) || !kc_senders_wait(self->fd, i + 1))
			return false;
	}
	return true;
}

static bool crowd_receives(FIXTURE_DATA(crowd) *self)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		self->call[i] = kc_receiver(self->fd);
		if (kc_start(&self->call[i]) || !kc_receivers_wait(self->fd, i + 1))
			return false;
	}
	return true;
}

TEST_F(crowd, room_for_all_senders_is_given_to_them_in_order)
{
	int i;

	ASSERT_TRUE(crowd_sends(self));
	ASSERT_EQ(100, read(self->fd, self->buf, 128));
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i + 2, self->call[i].send.seq);
		EXPECT_EQ(i, kc_receive_tag(self->fd));
	}
	EXPECT_EQ(0, kc_state(self->fd).waiting_senders);
}

TEST_F(crowd, revoke_ends_all_senders)
{
	int i;

	ASSERT_TRUE(crowd_sends(self));
	ASSERT_EQ(0, kc_revoke(self->fd));
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(-EIDRM, kc_join(&self->call[i]));
	}
}

TEST_F(crowd, revoke_ends_all_receivers)
{
	int i;

	ASSERT_TRUE(crowd_receives(self));
	ASSERT_EQ(0, kc_revoke(self->fd));
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(-EIDRM, kc_join(&self->call[i]));
	}
}

TEST_F(crowd, messages_of_one_moment_go_to_all_receivers_in_order)
{
	int i;

	ASSERT_TRUE(crowd_receives(self));
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, kc_send(self->fd, 0, i, "x", 1));
	}
	for (i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, kc_join(&self->call[i]));
		EXPECT_EQ(i, self->call[i].recv.tag);
	}
}

TEST_F(wait, unlink_does_not_end_the_wait)
{
	struct kc_env env;
	struct kc_call call;
	int fd;

	ASSERT_EQ(0, kc_enter(&env));
	fd = kc_create(env.ctl, "a", O_RDWR);
	call = kc_receiver(fd);
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(fd, 1));
	ASSERT_EQ(0, unlink(kc_path(&env, "a")));
	EXPECT_EQ(1, kc_state(fd).waiting_receivers);
	ASSERT_EQ(0, kc_send(fd, 0, 3, "x", 1));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(3, call.recv.tag);
	close(fd);
	kc_leave(&env);
}

TEST_HARNESS_MAIN
