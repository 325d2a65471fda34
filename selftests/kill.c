// SPDX-License-Identifier: GPL-2.0
/* Processes that are killed while they wait, or while they copy: nothing is lost. */
#include "kchan_call.h"

#include <poll.h>
#include <signal.h>

FIXTURE(kill)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, 100 bytes in all */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
	struct victim *v;
};

/* What a process that is killed has told before, in shared memory. */
struct victim {
	int fd;
	bool sends;
	volatile pid_t stalls;
	char buf[16];
};

static int victim(void *arg)
{
	struct victim *v = arg;

	if (v->sends)
		return write(v->fd, v->buf, 5) == 5 ? 0 : -errno;
	return read(v->fd, v->buf, sizeof(v->buf)) == 5 ? 0 : -errno;
}

FIXTURE_SETUP(kill)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 100);
	ASSERT_LE(0, self->fd);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	self->v = kc_shared(sizeof(*self->v));
}

FIXTURE_TEARDOWN(kill)
{
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/*
 * A receiver is killed just before, while or after it is given a message. The
 * message is in its buffer, or still in the queue: never both, never neither.
 */
TEST_F(kill, message_given_to_a_receiver_that_is_killed_is_not_lost)
{
	struct victim *v = self->v;
	struct kchan_state state;
	int i, n = kc_scaled(200), lost = 0, twice = 0;

	v->fd = self->rx;
	for (i = 0; i < n; i++) {
		pid_t pid = kc_fork(victim, v);

		memset(v->buf, 0, sizeof(v->buf));
		if (i % 4) {
			ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
		}
		if (i % 2)
			kill(pid, SIGKILL);
		ASSERT_EQ(5, write(self->fd, "hello", 5));
		kill(pid, SIGKILL);
		kc_reap(pid);
		state = kc_state(self->fd);
		ASSERT_EQ(i + 1, state.sent);
		ASSERT_EQ(state.sent, state.received + state.queued);
		ASSERT_EQ(0, state.waiting_receivers);
		lost += !state.queued && memcmp(v->buf, "hello", 5);
		twice += state.queued > 1;
		if (state.queued) {
			ASSERT_EQ(5, read(self->fd, self->buf, 16));
		}
	}
	EXPECT_EQ(0, lost);
	EXPECT_EQ(0, twice);
}

TEST_F(kill, receiver_that_is_killed_passes_its_turn_on)
{
	struct victim *v = self->v;
	int i, n = kc_scaled(100);
	struct kc_call next;

	v->fd = self->rx;
	for (i = 0; i < n; i++) {
		pid_t pid = kc_fork(victim, v);

		memset(v->buf, 0, sizeof(v->buf));
		ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
		next = kc_receiver(self->rx);
		ASSERT_EQ(0, kc_start(&next));
		ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
		if (i % 2)
			kill(pid, SIGKILL);
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "hello", 5));
		kill(pid, SIGKILL);
		kc_reap(pid);
		/* Had the first received it in full, the second still waits. */
		if (!memcmp(v->buf, "hello", 5) &&
		    kc_state(self->fd).waiting_receivers) {
			ASSERT_EQ(0, kc_send(self->tx, 0, i, "again", 5));
		}
		ASSERT_EQ(0, kc_join(&next));
		ASSERT_EQ(i, next.recv.tag);
		ASSERT_EQ(0, kc_state(self->fd).queued);
	}
}

TEST_F(kill, message_of_a_sender_that_is_killed_is_sent_whole_or_not)
{
	struct victim *v = self->v;
	struct kchan_state state;
	int i, n = kc_scaled(200);

	v->fd = self->tx;
	v->sends = true;
	memcpy(v->buf, "hello", 5);
	for (i = 0; i < n; i++) {
		pid_t pid;

		ASSERT_EQ(100, write(self->fd, self->buf, 100));
		pid = kc_fork(victim, v);
		if (i % 4) {
			ASSERT_TRUE(kc_senders_wait(self->fd, 1));
		}
		if (i % 2)
			kill(pid, SIGKILL);
		ASSERT_EQ(100, read(self->fd, self->buf, 128));
		kill(pid, SIGKILL);
		kc_reap(pid);
		state = kc_state(self->fd);
		ASSERT_EQ(0, state.waiting_senders);
		ASSERT_EQ(state.sent, state.received + state.queued);
		ASSERT_GE(1, state.queued);
		if (state.queued) {
			ASSERT_EQ(5, read(self->fd, self->buf, 128));
			ASSERT_EQ(0, memcmp(self->buf, "hello", 5));
			memset(self->buf, 0, 5);
		}
	}
}

TEST_F(kill, receiver_chosen_and_killed_before_it_ran_leaves_the_message)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_state state;
	pid_t pid;

	self->v->fd = self->rx;
	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(victim, self->v);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.queued);
	EXPECT_EQ(1, state.returned);
	EXPECT_EQ(0, state.received);
	ASSERT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_EQ(2, arg.deliveries);
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

TEST_F(kill, receiver_chosen_and_killed_before_it_ran_passes_its_turn_on)
{
	struct kchan_state state;
	pid_t first, second;

	self->v->fd = self->rx;
	ASSERT_TRUE(kc_run_before_children());
	first = kc_fork(victim, self->v);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	second = kc_fork(victim, self->v);
	ASSERT_TRUE(kc_receivers_wait(self->fd, 2));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(0, kill(first, SIGKILL));
	EXPECT_EQ(1, kc_state(self->fd).waiting_receivers);
	EXPECT_EQ(KC_KILLED, kc_reap(first));
	EXPECT_EQ(0, kc_reap(second));
	EXPECT_EQ(0, memcmp(self->v->buf, "hello", 5));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(1, state.returned);
	EXPECT_EQ(0, state.queued);
}

TEST_F(kill, sender_served_and_killed_before_it_ran_has_sent)
{
	pid_t pid;

	self->v->fd = self->tx;
	self->v->sends = true;
	memcpy(self->v->buf, "hello", 5);
	ASSERT_EQ(100, write(self->fd, self->buf, 100));
	ASSERT_TRUE(kc_run_before_children());
	pid = kc_fork(victim, self->v);
	ASSERT_TRUE(kc_senders_wait(self->fd, 1));
	ASSERT_EQ(100, read(self->fd, self->buf, sizeof(self->buf)));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(5, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

FIXTURE(stall)
{
	int ctl, fd, rx, tx;
	struct kc_trap trap[2];
	struct kc_call call[2];
	char buf[128];
};

FIXTURE_SETUP(stall)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 16, 100, 1000);
	ASSERT_LE(0, self->fd);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_TRUE(kc_trap_set(&self->trap[0]));
	ASSERT_TRUE(kc_trap_set(&self->trap[1]));
}

FIXTURE_TEARDOWN(stall)
{
	close(self->trap[0].uffd);
	close(self->trap[1].uffd);
	close(self->rx);
	close(self->tx);
	close(self->fd);
	close(self->ctl);
}

/* Starts a read, or a write, that stalls in a trap. */
static bool stall(FIXTURE_DATA(stall) *self, int i, enum kc_op op)
{
	self->call[i] = kc_call(op, op == KC_READ ? self->rx : self->tx, 64);
	self->call[i].at = self->trap[i].page;
	return !kc_start(&self->call[i]) && kc_trapped(&self->trap[i]);
}

TEST_F(stall, stalled_receiver_stops_nobody)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "first", 5));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).waiting_receivers);
	ASSERT_EQ(0, kc_send(self->tx, 0, 2, "second", 6));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
	EXPECT_EQ(POLLOUT, kc_poll(self->fd, POLLIN | POLLOUT));
	ASSERT_EQ(0, kc_trap_fill(&self->trap[0], "xxxxxxxxxx"));
	EXPECT_EQ(5, kc_join(&self->call[0]));
	EXPECT_EQ(0, memcmp(self->trap[0].page, "firstxxxxx", 10));
}

TEST_F(stall, stalled_sender_stops_nobody)
{
	ASSERT_TRUE(stall(self, 0, KC_WRITE));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	ASSERT_EQ(0, kc_send(self->tx, 0, 2, "second", 6));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
	ASSERT_EQ(0, kc_trap_fill(&self->trap[0], "from the trap"));
	EXPECT_EQ(64, kc_join(&self->call[0]));
	EXPECT_EQ(64, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_STREQ("from the trap", self->buf);
}

TEST_F(stall, stalled_receiver_whose_memory_goes_puts_the_message_back)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "first", 5));
	ASSERT_EQ(0, kc_send(self->tx, 0, 2, "second", 6));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	EXPECT_EQ(1, kc_receive_tag(self->fd));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
}

TEST_F(stall, messages_put_back_are_in_order_the_later_first)
{
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "message", 7));
	}
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_TRUE(stall(self, 1, KC_READ));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[1]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[1]));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	for (i = 1; i <= 3; i++)
		EXPECT_EQ(i, kc_receive_tag(self->fd));
}

TEST_F(stall, messages_put_back_are_in_order_the_earlier_first)
{
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, kc_send(self->tx, 0, i, "message", 7));
	}
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_TRUE(stall(self, 1, KC_READ));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[1]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[1]));
	for (i = 1; i <= 3; i++)
		EXPECT_EQ(i, kc_receive_tag(self->fd));
}

TEST_F(stall, message_put_back_goes_to_who_waits)
{
	struct kc_call next = kc_receiver(self->rx);

	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "first", 5));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_EQ(0, kc_start(&next));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	EXPECT_EQ(0, kc_join(&next));
	EXPECT_EQ(1, next.recv.tag);
	EXPECT_EQ(2, next.recv.deliveries);
}

TEST_F(stall, other_priorities_while_all_messages_are_out)
{
	ASSERT_EQ(0, kc_send(self->tx, 7, 1, "first", 5));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_EQ(0, kc_send(self->tx, 3, 2, "second", 6));
	ASSERT_EQ(0, kc_send(self->tx, 9, 3, "third", 5));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	EXPECT_EQ(3, kc_receive_tag(self->fd));
	EXPECT_EQ(1, kc_receive_tag(self->fd));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
}

TEST_F(stall, lower_priority_put_back_behind_a_higher_one)
{
	ASSERT_EQ(0, kc_send(self->tx, 3, 1, "first", 5));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_EQ(0, kc_send(self->tx, 30000, 2, "second", 6));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_EQ(-EFAULT, kc_join(&self->call[0]));
	EXPECT_EQ(2, kc_receive_tag(self->fd));
	EXPECT_EQ(1, kc_receive_tag(self->fd));
}

TEST_F(stall, revoke_with_a_stalled_receiver)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, "first", 5));
	ASSERT_TRUE(stall(self, 0, KC_READ));
	ASSERT_EQ(0, kc_revoke(self->fd));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap[0]));
	EXPECT_GT(0, kc_join(&self->call[0]));
}

TEST_F(stall, revoke_with_a_stalled_sender)
{
	ASSERT_TRUE(stall(self, 0, KC_WRITE));
	ASSERT_EQ(0, kc_revoke(self->fd));
	ASSERT_EQ(0, kc_trap_fill(&self->trap[0], "late"));
	EXPECT_EQ(-EIDRM, kc_join(&self->call[0]));
}

/* The trap is the child's own: nobody can let it go but a signal. */
static int stall_in_child(void *arg)
{
	struct victim *v = arg;
	struct kc_trap t;
	int ret;

	if (!kc_trap_set(&t))
		return -EPROTO;
	v->stalls = getpid();
	ret = v->sends ? write(v->fd, t.page, 5) : read(v->fd, t.page, 64);
	return ret < 0 ? -errno : 0;
}

TEST_F(kill, receiver_killed_while_it_copies_puts_the_message_back)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	pid_t pid;

	self->v->fd = self->rx;
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	pid = kc_fork(stall_in_child, self->v);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).queued == 0));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	ASSERT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_EQ(2, arg.deliveries);
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

TEST_F(kill, sender_killed_while_it_copies_sends_nothing)
{
	struct kchan_state before = kc_state(self->fd);
	pid_t pid;

	self->v->fd = self->tx;
	self->v->sends = true;
	pid = kc_fork(stall_in_child, self->v);
	ASSERT_TRUE(KC_EVENTUALLY(self->v->stalls == pid));
	ASSERT_TRUE(kc_asleep(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_HARNESS_MAIN
