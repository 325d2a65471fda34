// SPDX-License-Identifier: GPL-2.0
/* Dead messages: where they go, what is still known of them, and when they cannot. */
#include "kchan_call.h"

#include <sched.h>
#include <sys/ioctl.h>

#define MS (KC_NS / 1000)

FIXTURE(dead)
{
	int ctl;
	int dlq;	/* the dead-letter channel: 8 messages of 100 bytes */
	int fd;		/* one whose dead messages go there, 2 deliveries */
	char buf[128];
	struct kchan_recv arg;
};

/* A channel of 4 messages, with a dead-letter channel unless that is -1. */
static int channel(int ctl, int dlq, unsigned int overflow)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.depth = 4;
	arg.max_deliveries = 2;
	arg.overflow = overflow;
	if (dlq >= 0) {
		arg.flags = KCHAN_CREATE_DEAD_LETTER;
		arg.dead_letter = dlq;
	}
	return kc_create_with(ctl, &arg);
}

FIXTURE_SETUP(dead)
{
	self->ctl = kc_ctl();
	self->dlq = kc_queue(self->ctl, 8, 100, 800);
	self->fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_DROP);
	ASSERT_LE(0, self->dlq);
	ASSERT_LE(0, self->fd);
	self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
}

FIXTURE_TEARDOWN(dead)
{
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->fd);
	close(self->dlq);
	close(self->ctl);
}

static int send_tag(int fd, unsigned int prio, uint64_t tag, uint64_t expiry)
{
	struct kchan_send arg = kc_send_arg("message", 7);

	arg.prio = prio;
	arg.tag = tag;
	arg.expiry = expiry;
	return kc_ioctl(fd, KCHAN_IOC_SEND, &arg);
}

/* Sends a message and rejects it. */
static bool reject_one(int fd, uint64_t tag)
{
	uint64_t seq;

	if (send_tag(fd, 0, tag, 0))
		return false;
	seq = kc_hold(fd);
	return seq && kc_reject(fd, seq) == 1;
}

/* Until so many letters were dropped, as they were not taken. */
static bool refused(int fd, unsigned int n)
{
	return KC_EVENTUALLY(kc_state(fd).dropped[0] == n);
}

TEST_F(dead, channel_shows_its_dead_letter_channel)
{
	EXPECT_EQ(kc_state(self->dlq).id, kc_state(self->fd).dead_letter);
	EXPECT_EQ(0, kc_state(self->dlq).dead_letter);
}

TEST_F(dead, rejected_message_goes_there_with_all_that_it_had)
{
	uint64_t before, after;
	struct kchan_state state;

	ASSERT_EQ(0, send_tag(self->fd, 7, 99, kc_now() + 10000 * KC_NS));
	ASSERT_EQ(1, kc_hold(self->fd));
	before = kc_now();
	ASSERT_EQ(1, kc_reject(self->fd, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	after = kc_now();
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(7, self->arg.len);
	EXPECT_EQ(0, memcmp(self->buf, "message", 7));
	EXPECT_EQ(KCHAN_DEAD_REJECTED, self->arg.reason);
	EXPECT_EQ(kc_state(self->fd).id, self->arg.origin);
	EXPECT_EQ(7, self->arg.prio);
	EXPECT_EQ(99, self->arg.tag);
	EXPECT_EQ(getpid(), self->arg.pid);
	EXPECT_EQ(0, self->arg.uid);
	EXPECT_EQ(0, self->arg.gid);
	EXPECT_EQ(1, self->arg.seq);
	EXPECT_EQ(1, self->arg.deliveries);
	EXPECT_EQ(0, self->arg.expiry);
	EXPECT_LE(before, self->arg.time);
	EXPECT_GE(after, self->arg.time);
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.dead_lettered[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(1, kc_total(state.dead_lettered));
	EXPECT_EQ(0, kc_total(state.dropped));
}

TEST_F(dead, expired_message_goes_there)
{
	ASSERT_EQ(0, send_tag(self->fd, 0, 5, kc_now() + 20 * MS));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(5, self->arg.tag);
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, self->arg.reason);
	EXPECT_EQ(0, self->arg.expiry);
	EXPECT_EQ(1, kc_state(self->fd).dead_lettered[KCHAN_DEAD_EXPIRED]);
}

TEST_F(dead, message_sent_too_late_goes_there)
{
	ASSERT_EQ(0, send_tag(self->fd, 0, 5, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, self->arg.reason);
}

TEST_F(dead, message_handed_out_too_often_goes_there)
{
	unsigned int i;

	ASSERT_EQ(0, send_tag(self->fd, 0, 5, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, kc_hold(self->fd));
		ASSERT_EQ(1, kc_nack(self->fd, 1));
	}
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(KCHAN_DEAD_DELIVERIES, self->arg.reason);
	EXPECT_EQ(1, self->arg.deliveries);
	EXPECT_EQ(1, kc_state(self->fd).dead_lettered[KCHAN_DEAD_DELIVERIES]);
}

TEST_F(dead, message_that_makes_room_goes_there)
{
	uint64_t i;

	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, send_tag(self->fd, 0, i, 0));
	}
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(1, self->arg.tag);
	EXPECT_EQ(KCHAN_DEAD_OVERFLOW, self->arg.reason);
	EXPECT_EQ(1, kc_state(self->fd).dead_lettered[KCHAN_DEAD_OVERFLOW]);
}

TEST_F(dead, message_that_finds_no_room_goes_there_itself)
{
	uint64_t i;

	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, send_tag(self->fd, 5, i, 0));
	}
	ASSERT_EQ(0, send_tag(self->fd, 4, 9, 0));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(9, self->arg.tag);
	EXPECT_EQ(KCHAN_DEAD_OVERFLOW, self->arg.reason);
}

TEST_F(dead, message_that_was_sent_there_has_no_reason)
{
	ASSERT_EQ(0, send_tag(self->dlq, 0, 1, 0));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(0, self->arg.reason);
	EXPECT_EQ(0, self->arg.origin);
}

TEST_F(dead, letters_come_after_others_of_their_priority)
{
	static const uint64_t tags[] = { 3, 2, 4, 1 };
	unsigned int i;

	ASSERT_EQ(0, send_tag(self->dlq, 5, 2, 0));
	ASSERT_EQ(0, send_tag(self->fd, 5, 4, 1));
	ASSERT_EQ(0, send_tag(self->fd, 1, 1, 1));
	ASSERT_EQ(0, send_tag(self->fd, 9, 3, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 4));
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
		ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
		EXPECT_EQ(tags[i], self->arg.tag);
	}
}

TEST_F(dead, letter_goes_to_who_waits_for_it)
{
	int rx = kc_reopen(self->dlq, O_RDONLY);
	struct kc_call call = kc_receiver(rx);

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(rx, 1));
	ASSERT_TRUE(reject_one(self->fd, 5));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(5, call.recv.tag);
	EXPECT_EQ(KCHAN_DEAD_REJECTED, call.recv.reason);
	close(rx);
}

TEST_F(dead, letter_can_be_held_and_put_back)
{
	ASSERT_TRUE(reject_one(self->fd, 5));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(1, kc_hold(self->dlq));
	ASSERT_EQ(1, kc_nack(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(2, self->arg.deliveries);
	EXPECT_EQ(KCHAN_DEAD_REJECTED, self->arg.reason);
	EXPECT_EQ(kc_state(self->fd).id, self->arg.origin);
}

/* Neither what it had nor the ttl there goes for it. */
TEST_F(dead, letter_does_not_expire)
{
	struct kchan_create arg = kc_create_arg(NULL);
	uint64_t expiry = kc_now() + 200 * MS;
	int dlq, fd;

	arg.ttl = 20 * MS;
	dlq = kc_create_with(self->ctl, &arg);
	fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	ASSERT_EQ(0, send_tag(fd, 0, 5, expiry));
	ASSERT_EQ(1, kc_hold(fd));
	ASSERT_EQ(1, kc_reject(fd, 1));
	ASSERT_TRUE(kc_arrived(dlq, 1));
	ASSERT_TRUE(KC_EVENTUALLY(kc_now() > expiry + 10 * MS));
	ASSERT_EQ(0, kc_recv(dlq, &self->arg));
	EXPECT_EQ(5, self->arg.tag);
	EXPECT_EQ(0, self->arg.expiry);
	close(fd);
	close(dlq);
}

/* One hop: rejected there, it is dropped there. */
TEST_F(dead, letter_that_dies_again_is_dropped)
{
	ASSERT_TRUE(reject_one(self->fd, 5));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(1, kc_hold(self->dlq));
	ASSERT_EQ(1, kc_reject(self->dlq, 1));
	EXPECT_EQ(1, kc_state(self->dlq).dropped[KCHAN_DEAD_REJECTED]);
	EXPECT_TRUE(kc_sums(self->dlq));
	EXPECT_EQ(1, kc_state(self->fd).dead_lettered[KCHAN_DEAD_REJECTED]);
}

/* Both rejected; the first is longer than what goes there. */
TEST_F(dead, letter_above_the_message_size_there_is_dropped)
{
	struct kchan_state state;
	char data[101] = "";

	ASSERT_EQ(0, kc_send(self->fd, 0, 1, data, 101));
	ASSERT_EQ(0, kc_send(self->fd, 0, 2, data, 100));
	self->arg.flags = KCHAN_HOLD;
	ASSERT_EQ(0, kc_recv(self->fd, &self->arg));
	ASSERT_EQ(0, kc_recv(self->fd, &self->arg));
	ASSERT_EQ(2, kc_settle(self->fd, KCHAN_IOC_NACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO | KCHAN_NACK_REJECT));
	ASSERT_TRUE(refused(self->fd, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.dead_lettered[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(1, kc_total(state.dropped));
	self->arg.flags = 0;
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(2, self->arg.tag);
	EXPECT_EQ(100, self->arg.len);
}

TEST_F(dead, letter_that_finds_the_queue_full_is_dropped)
{
	struct kchan_state before;
	uint64_t i;

	for (i = 1; i <= 8; i++) {
		ASSERT_EQ(0, send_tag(self->dlq, 0, i, 0));
	}
	before = kc_state(self->dlq);
	ASSERT_TRUE(reject_one(self->fd, 77));
	ASSERT_TRUE(refused(self->fd, 1));
	EXPECT_EQ(0, kc_total(kc_state(self->fd).dead_lettered));
	EXPECT_TRUE(kc_unchanged(&before, self->dlq));
}

TEST_F(dead, letter_makes_room_where_the_policy_there_says_so)
{
	int dlq = channel(self->ctl, -1, KCHAN_OVERFLOW_DROP);
	int fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	uint64_t i;

	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, send_tag(dlq, 0, i, 0));
	}
	ASSERT_TRUE(reject_one(fd, 77));
	ASSERT_TRUE(kc_arrived(dlq, 5));
	EXPECT_EQ(1, kc_state(dlq).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(4, kc_state(dlq).queued);
	EXPECT_EQ(1, kc_state(fd).dead_lettered[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(0, kc_total(kc_state(fd).dropped));
	ASSERT_EQ(0, kc_recv(dlq, &self->arg));
	EXPECT_EQ(2, self->arg.tag);
	EXPECT_TRUE(kc_sums(dlq));
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
	close(dlq);
}

TEST_F(dead, letters_of_an_unnamed_channel_that_is_gone_are_dropped)
{
	uint64_t id = kc_state(self->dlq).id;

	close(self->dlq);
	self->dlq = -1;
	ASSERT_TRUE(reject_one(self->fd, 77));
	ASSERT_TRUE(refused(self->fd, 1));
	EXPECT_EQ(0, kc_total(kc_state(self->fd).dead_lettered));
	EXPECT_EQ(id, kc_state(self->fd).dead_letter);
}

TEST_F(dead, letters_of_a_revoked_channel_are_dropped)
{
	ASSERT_EQ(0, kc_revoke(self->dlq));
	ASSERT_TRUE(reject_one(self->fd, 77));
	ASSERT_TRUE(refused(self->fd, 1));
	EXPECT_EQ(0, kc_total(kc_state(self->fd).dead_lettered));
}

TEST_F(dead, channel_that_died_takes_its_letters_with_it)
{
	ASSERT_TRUE(reject_one(self->fd, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	close(self->fd);
	self->fd = channel(self->ctl, -1, KCHAN_OVERFLOW_BLOCK);
	ASSERT_EQ(0, kc_recv(self->dlq, &self->arg));
	EXPECT_EQ(KCHAN_DEAD_REJECTED, self->arg.reason);
	EXPECT_NE(0, self->arg.origin);
	EXPECT_NE(kc_state(self->fd).id, self->arg.origin);
}

TEST_F(dead, named_channel_without_endpoints_takes_letters)
{
	struct kc_env env;
	int dlq, fd;

	ASSERT_EQ(0, kc_enter(&env));
	dlq = kc_create(env.ctl, "dead", O_WRONLY);
	fd = channel(env.ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	ASSERT_LE(0, fd);
	close(dlq);
	ASSERT_TRUE(reject_one(fd, 5));
	dlq = kc_open(env.ctl, "dead", O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, dlq);
	ASSERT_TRUE(kc_arrived(dlq, 1));
	ASSERT_EQ(0, kc_recv(dlq, &self->arg));
	EXPECT_EQ(5, self->arg.tag);
	/* It does not know of those who send to it in this way. */
	EXPECT_EQ(0, kc_state(dlq).senders);
	close(dlq);
	close(fd);
	kc_leave(&env);
}

TEST_F(dead, both_ends_of_a_pair_go_by_the_dead_letter_channel)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.flags = KCHAN_CREATE_PAIR | KCHAN_CREATE_DEAD_LETTER;
	arg.open_flags = 0;
	arg.dead_letter = self->dlq;
	ASSERT_EQ(0, kc_ioctl(self->ctl, KCHAN_IOC_CREATE, &arg));
	ASSERT_EQ(0, send_tag(arg.fd_send, 0, 5, 1));
	EXPECT_TRUE(kc_arrived(self->dlq, 1));
	close(arg.fd);
	close(arg.fd_send);
}

TEST_F(dead, dead_letter_channel_with_one_itself_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg(NULL), was;

	arg.flags = KCHAN_CREATE_DEAD_LETTER;
	arg.dead_letter = self->fd;
	was = arg;
	EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(dead, descriptor_that_is_no_open_sender_is_EBADF)
{
	struct kchan_create arg = kc_create_arg(NULL), was;
	int rx = kc_reopen(self->dlq, O_RDONLY);
	int path = open("/dev/null", O_PATH), p[2];
	unsigned int i;

	ASSERT_EQ(0, pipe(p));
	const int bad[] = { rx, -1, 1000000, self->ctl, p[1], path };

	arg.flags = KCHAN_CREATE_DEAD_LETTER;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg.dead_letter = bad[i];
		was = arg;
		EXPECT_EQ(-EBADF, kc_create_with(self->ctl, &arg))
			TH_LOG("descriptor %u", i);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	close(rx);
	close(path);
	close(p[0]);
	close(p[1]);
}

TEST_F(dead, dead_letter_without_its_flag_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.dead_letter = self->dlq;
	ASSERT_NE(0, arg.dead_letter);
	EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
	arg.dead_letter = -1;
	EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
}

TEST_F(dead, dead_letter_channel_of_another_instance_is_EINVAL)
{
	struct kc_env env;

	ASSERT_EQ(0, kc_enter(&env));
	EXPECT_EQ(-EINVAL, channel(env.ctl, self->dlq, KCHAN_OVERFLOW_BLOCK));
	kc_leave(&env);
}

TEST_F(dead, name_that_is_taken_keeps_its_dead_letter_channel)
{
	struct kchan_create arg;
	struct kc_env env;
	int old, fd;

	ASSERT_EQ(0, kc_enter(&env));
	old = kc_create(env.ctl, "old", O_RDWR);
	arg = kc_create_arg("old");
	arg.flags = KCHAN_CREATE_DEAD_LETTER;
	arg.dead_letter = kc_create(env.ctl, NULL, O_RDWR);
	fd = kc_create_with(env.ctl, &arg);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, kc_state(old).dead_letter);
	kc_leave(&env);
}

TEST_F(dead, letter_stays_charged_to_its_sender)
{
	struct kc_env env;
	int dlq, fd;

	ASSERT_EQ(0, kc_enter(&env));
	ASSERT_EQ(0, kc_sysctl_set(-1, "max_bytes_user", 8192));
	dlq = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	fd = channel(env.ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	while (!kc_send(fd, 0, 0, self->buf, 100)) {
		self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
		self->arg.flags = KCHAN_HOLD;
		ASSERT_EQ(0, kc_recv(fd, &self->arg));
		ASSERT_EQ(1, kc_reject(fd, self->arg.seq));
	}
	EXPECT_EQ(-EDQUOT, kc_send(fd, 0, 0, self->buf, 100));
	ASSERT_TRUE(kc_arrived(dlq, kc_state(fd).sent));
	EXPECT_EQ(-EDQUOT, kc_send(fd, 0, 0, self->buf, 100));
	ASSERT_EQ(100, read(dlq, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, kc_send(fd, 0, 0, self->buf, 100));
	close(fd);
	close(dlq);
	kc_leave(&env);
}

/* Many at once, from several channels. */
TEST_F(dead, letters_of_several_channels_all_come)
{
	int dlq = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK), fd[4], i, j;
	uint64_t origins = 0;

	for (i = 0; i < 4; i++) {
		fd[i] = channel(self->ctl, dlq, KCHAN_OVERFLOW_DROP);
		ASSERT_LE(0, fd[i]);
	}
	for (j = 0; j < 100; j++) {
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, send_tag(fd[i], 0, j, 0));
		}
	}
	ASSERT_TRUE(kc_arrived(dlq, 4 * 96));
	for (j = 0; j < 4 * 96; j++) {
		ASSERT_EQ(0, kc_recv(dlq, &self->arg));
		origins += self->arg.origin;
	}
	for (i = 0; i < 4; i++) {
		origins -= 96 * kc_state(fd[i]).id;
		EXPECT_TRUE(kc_sums(fd[i]));
		close(fd[i]);
	}
	EXPECT_EQ(0, origins);
	EXPECT_TRUE(kc_sums(dlq));
	close(dlq);
}

TEST_F(dead, letters_of_one_channel_keep_their_order)
{
	int dlq = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK), fd;
	uint64_t i;

	fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_DROP);
	for (i = 0; i < 504; i++) {
		ASSERT_EQ(0, send_tag(fd, 0, i, 0));
	}
	ASSERT_TRUE(kc_arrived(dlq, 500));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, kc_recv(dlq, &self->arg));
		ASSERT_EQ(i, self->arg.tag);
	}
	close(fd);
	close(dlq);
}

/* Either end goes while letters are under way: each is counted all the same. */
TEST_F(dead, dead_letter_channel_that_goes_with_letters_under_way)
{
	struct kchan_state state;
	int round, i, dlq, fd;

	for (round = 0; round < 30; round++) {
		dlq = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
		fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_DROP);
		ASSERT_LE(0, fd);
		for (i = 0; i < 24; i++) {
			ASSERT_EQ(0, send_tag(fd, 0, i, 0));
		}
		if (round % 3 == 0)
			kc_revoke(dlq);
		if (round % 3 < 2)
			close(dlq);
		ASSERT_TRUE(kc_sums(fd));
		state = kc_state(fd);
		ASSERT_EQ(20, kc_total(state.dropped) +
			  kc_total(state.dead_lettered));
		close(fd);
		if (round % 3 == 2) {
			ASSERT_TRUE(kc_arrived(dlq, 20));
			close(dlq);
		}
	}
}

TEST_HARNESS_MAIN
