// SPDX-License-Identifier: GPL-2.0
/* Calls that wait, signals, threads and processes that share a handle. */
#include "lib_test.h"

#include <poll.h>
#include <signal.h>

#define SENDERS 3
#define RECEIVERS 3
#define EACH 500
#define ROUNDS 50

FIXTURE(waits)
{
	struct kchan *rx;
	struct kchan *tx;
};

FIXTURE_SETUP(waits)
{
	ASSERT_EQ(0, make_pair(&self->rx, &self->tx));
}

FIXTURE_TEARDOWN(waits)
{
	kchan_close(self->tx);
	kchan_close(self->rx);
}

/* A call in a thread of its own. */
struct call {
	struct kchan *ch;
	bool sends;
	uint32_t flags;
	uint64_t deadline;
	pthread_t thread;
	char buf[8];
	int ret;
};

static void *call_thread(void *arg)
{
	struct call *call = arg;

	if (call->sends)
		call->ret = SEND(call->ch, .flags = call->flags,
				 .deadline = call->deadline);
	else
		call->ret = RECV(call->ch, call->buf, .flags = call->flags,
				 .deadline = call->deadline);
	return NULL;
}

/* Returns when the call waits. */
static bool start(struct call *call)
{
	int fd = kchan_fd(call->ch);

	if (call->sends)
		fill(call->ch);
	if (pthread_create(&call->thread, NULL, call_thread, call))
		return false;
	return call->sends ? kc_senders_wait(fd, 1) : kc_receivers_wait(fd, 1);
}

static int finish(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

TEST_F(waits, receiver_waits_for_a_message)
{
	struct call call = { .ch = self->rx };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(5, finish(&call));
}

TEST_F(waits, sender_waits_for_room)
{
	struct call call = { .ch = self->tx, .sends = true };
	char buf[8];

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(5, kchan_recv(self->rx, buf, sizeof(buf)));
	EXPECT_EQ(0, finish(&call));
}

TEST_F(waits, deadline_ends_the_wait)
{
	char buf[8];

	EXPECT_EQ(-ETIMEDOUT,
		  RECV(self->rx, buf, .deadline = kchan_deadline_in(1000000)));
	fill(self->tx);
	EXPECT_EQ(-ETIMEDOUT,
		  SEND(self->tx, .deadline = kchan_deadline_in(1000000)));
}

TEST_F(waits, last_deadline_there_is_waits)
{
	struct call call = { .ch = self->rx,
			     .deadline = kchan_deadline_in(UINT64_MAX) };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(5, finish(&call));
}

TEST_F(waits, last_sender_that_leaves_ends_the_wait)
{
	struct call call = { .ch = self->rx, .flags = KCHAN_NEED_PEER };

	ASSERT_TRUE(start(&call));
	kchan_close(self->tx);
	self->tx = NULL;
	EXPECT_EQ(-EPIPE, finish(&call));
}

TEST_F(waits, last_receiver_that_leaves_ends_the_wait)
{
	struct call call = { .ch = self->tx,
			     .sends = true,
			     .flags = KCHAN_NEED_PEER };

	ASSERT_TRUE(start(&call));
	kchan_close(self->rx);
	self->rx = NULL;
	EXPECT_EQ(-EPIPE, finish(&call));
}

TEST_F(waits, revoke_ends_the_wait)
{
	struct call call = { .ch = self->rx };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, kchan_revoke(self->tx));
	EXPECT_EQ(-EIDRM, finish(&call));
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	(void)sig;
	handled = 1;
}

static int handle(int flags)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL);
}

TEST_F(waits, signal_ends_a_receive_that_waits)
{
	struct call call = { .ch = self->rx };

	ASSERT_EQ(0, handle(0));
	ASSERT_TRUE(start(&call));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&call));
	EXPECT_EQ(0, state_of(self->rx).received);
}

TEST_F(waits, signal_ends_a_send_that_waits)
{
	struct call call = { .ch = self->tx, .sends = true };

	ASSERT_EQ(0, handle(0));
	ASSERT_TRUE(start(&call));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, finish(&call));
	EXPECT_EQ(2, state_of(self->rx).sent);
}

TEST_F(waits, signal_with_SA_RESTART_does_not_end_the_wait)
{
	struct call call = { .ch = self->rx };

	ASSERT_EQ(0, handle(SA_RESTART));
	ASSERT_TRUE(start(&call));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	ASSERT_TRUE(KC_EVENTUALLY(handled));
	EXPECT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(5, finish(&call));
}

TEST_F(waits, descriptor_polls)
{
	EXPECT_EQ(0, kc_poll(kchan_fd(self->rx), POLLIN));
	EXPECT_EQ(POLLOUT, kc_poll(kchan_fd(self->tx), POLLOUT));
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(POLLIN, kc_poll(kchan_fd(self->rx), POLLIN));
}

static int send_from_child(void *arg)
{
	return kchan_send(arg, "hello", 5);
}

TEST_F(waits, handle_is_good_after_fork)
{
	char buf[8];

	EXPECT_EQ(0, kc_child(send_from_child, self->tx));
	EXPECT_EQ(1, state_of(self->rx).senders);
	EXPECT_EQ(5, kchan_recv(self->rx, buf, sizeof(buf)));
}

/* Threads that send and receive with one handle, until an empty message comes. */
struct traffic {
	struct kchan *ch;
	uint32_t next;
	uint32_t bad;
	uint8_t seen[SENDERS * EACH];
};

static void *send_all(void *arg)
{
	struct traffic *t = arg;
	uint32_t i, n;

	for (i = 0; i < EACH; i++) {
		n = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED);
		if (kchan_send(t->ch, &n, sizeof(n)))
			__atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *receive_all(void *arg)
{
	struct traffic *t = arg;
	uint32_t n = 0;
	ssize_t len;

	while ((len = kchan_recv(t->ch, &n, sizeof(n))) == sizeof(n)) {
		if (n < SENDERS * EACH)
			__atomic_fetch_add(&t->seen[n], 1, __ATOMIC_RELAXED);
	}
	if (len)
		__atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
	return NULL;
}

TEST(many_threads_share_one_handle)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .depth = 4 };
	pthread_t senders[SENDERS], receivers[RECEIVERS];
	struct traffic t = { 0 };
	int i;

	ASSERT_EQ(0, kchan_create(&t.ch, NULL, O_RDWR, &opts));
	for (i = 0; i < RECEIVERS; i++)
		pthread_create(&receivers[i], NULL, receive_all, &t);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&senders[i], NULL, send_all, &t);
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	for (i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, kchan_send(t.ch, NULL, 0));
	for (i = 0; i < RECEIVERS; i++)
		pthread_join(receivers[i], NULL);
	EXPECT_EQ(0, t.bad);
	for (i = 0; i < SENDERS * EACH; i++)
		ASSERT_EQ(1, t.seen[i]);
	kchan_close(t.ch);
}

/* Handles of its own, made and closed; returns the first error. */
static void *make_and_close(void *arg)
{
	struct kchan *rx, *tx, *again = NULL;
	char buf[8];
	long err = 0;
	int i;

	(void)arg;
	for (i = 0; !err && i < ROUNDS; i++) {
		err = kchan_create_pair(&rx, &tx, 0, NULL);
		if (err)
			break;
		err = kchan_from_fd(&again, kc_reopen(kchan_fd(rx), O_RDONLY));
		if (!err)
			err = kchan_send(tx, "x", 1);
		if (!err && kchan_recv(again, buf, sizeof(buf)) != 1)
			err = -EPROTO;
		kchan_close(again);
		kchan_close(tx);
		kchan_close(rx);
	}
	return (void *)err;
}

TEST(many_threads_make_handles_of_their_own)
{
	pthread_t threads[SENDERS];
	void *ret;
	int i;

	for (i = 0; i < SENDERS; i++)
		pthread_create(&threads[i], NULL, make_and_close, NULL);
	for (i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], &ret);
		EXPECT_EQ(NULL, ret);
	}
}

TEST_HARNESS_MAIN
