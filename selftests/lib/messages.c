// SPDX-License-Identifier: GPL-2.0
/* What is sent and received. */
#include "lib_test.h"

#define PAST 1 /* a deadline that has passed */

FIXTURE(messages)
{
	struct kc_env env;
	struct kchan *rx;
	struct kchan *tx;
	char buf[64];
};

FIXTURE_SETUP(messages)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, make_pair(&self->rx, &self->tx));
	memset(self->buf, KC_POISON, sizeof(self->buf));
}

FIXTURE_TEARDOWN(messages)
{
	kchan_close(self->tx);
	kchan_close(self->rx);
	kc_leave(&self->env);
}

static int nonblock(const struct kchan *ch)
{
	return fcntl(kchan_fd(ch), F_SETFL, O_NONBLOCK);
}

TEST_F(messages, message_arrives_as_it_was_sent)
{
	EXPECT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(5, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp("hello", self->buf, 5));
	EXPECT_EQ((char)KC_POISON, self->buf[5]);
}

TEST_F(messages, empty_message_arrives)
{
	EXPECT_EQ(0, kchan_send(self->tx, NULL, 0));
	EXPECT_EQ(1, state_of(self->rx).queued);
	EXPECT_EQ(0, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, state_of(self->rx).queued);
}

TEST_F(messages, only_an_empty_message_fits_no_buffer)
{
	EXPECT_EQ(0, kchan_send(self->tx, NULL, 0));
	EXPECT_EQ(0, kchan_recv(self->rx, NULL, 0));
	EXPECT_EQ(0, state_of(self->rx).queued);
	EXPECT_EQ(0, kchan_send(self->tx, "x", 1));
	EXPECT_EQ(-EMSGSIZE, kchan_recv(self->rx, NULL, 0));
}

TEST_F(messages, options_go_with_the_message)
{
	struct kchan_send_opts opts = { .size = sizeof(opts),
					.prio = 9,
					.tag = 0xfeedfacecafebeef };
	struct kchan_msg_info info = {
		.size = sizeof(info), .reason = 1, .expiry = 1, .origin = 1
	};
	uint64_t seq = 0, before = kchan_now();

	ASSERT_EQ(0, kchan_send_opts(self->tx, "hello", 5, &opts, &seq));
	ASSERT_EQ(5, kchan_recv_opts(self->rx, self->buf, sizeof(self->buf),
				     NULL, &info));
	EXPECT_EQ(1, seq);
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(5, info.len);
	EXPECT_EQ(opts.tag, info.tag);
	EXPECT_EQ(1, info.seq);
	EXPECT_LE(before, info.time);
	EXPECT_GE(kchan_now(), info.time);
	EXPECT_EQ(9, info.prio);
	EXPECT_EQ(1, info.deliveries);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.reason);
	EXPECT_EQ(0, info.expiry);
	EXPECT_EQ(0, info.origin);
}

static int send_as_other(void *arg)
{
	struct kchan *ch = NULL;
	int err;

	(void)arg;
	if (setegid(1001) || seteuid(1000))
		return -errno;
	err = kchan_open(&ch, "a", O_WRONLY);
	if (!err)
		err = kchan_send(ch, "x", 1);
	kchan_close(ch);
	/* The search for leaks wants its rights back. */
	return seteuid(0) ? -errno : err;
}

TEST_F(messages, sender_is_who_opened_the_endpoint)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .mode = 0666 };
	struct kchan_msg_info info = { .size = sizeof(info) };
	struct kchan *ch = NULL;

	ASSERT_EQ(0, kchan_create(&ch, "a", O_RDONLY, &opts));
	EXPECT_EQ(0, kc_child(send_as_other, NULL));
	EXPECT_EQ(1, kchan_recv_opts(ch, self->buf, sizeof(self->buf), NULL,
				     &info));
	EXPECT_EQ(1000, info.uid);
	EXPECT_EQ(1001, info.gid);
	EXPECT_NE(getpid(), info.pid);
	kchan_close(ch);
}

TEST_F(messages, higher_priority_comes_first)
{
	EXPECT_EQ(0, kchan_send(self->tx, "low", 3));
	EXPECT_EQ(0, SEND(self->tx, .prio = KCHAN_PRIO_MAX));
	EXPECT_EQ(5, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(3, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
}

TEST_F(messages, message_that_does_not_fit_stays_and_tells_its_length)
{
	struct kchan_msg_info info, was;

	memset(&info, KC_POISON, sizeof(info));
	info.size = sizeof(info);
	was = info;
	was.len = 5;
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EMSGSIZE, kchan_recv(self->rx, self->buf, 4));
	EXPECT_EQ(-EMSGSIZE,
		  kchan_recv_opts(self->rx, self->buf, 4, NULL, NULL));
	EXPECT_EQ(-EMSGSIZE,
		  kchan_recv_opts(self->rx, self->buf, 4, NULL, &info));
	EXPECT_EQ(0, memcmp(&was, &info, sizeof(info)));
	EXPECT_EQ((char)KC_POISON, self->buf[0]);
	EXPECT_EQ(5, kchan_recv(self->rx, self->buf, 5));
}

TEST_F(messages, message_above_msgsize_is_EMSGSIZE)
{
	uint64_t seq = 77;

	EXPECT_EQ(-EMSGSIZE, kchan_send(self->tx, self->buf, 9));
	EXPECT_EQ(-EMSGSIZE,
		  kchan_send_opts(self->tx, self->buf, 9, NULL, &seq));
	EXPECT_EQ(77, seq);
	EXPECT_EQ(0, state_of(self->rx).sent);
}

#ifdef __LP64__
TEST_F(messages, room_for_more_than_32_bits_can_count_is_room)
{
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(5,
		  kchan_recv_opts(self->rx, self->buf, 1ULL << 32, NULL, NULL));
}

TEST_F(messages, length_that_32_bits_cannot_count_is_EMSGSIZE)
{
	EXPECT_EQ(-EMSGSIZE, kchan_send_opts(self->tx, self->buf,
					     (1ULL << 32) + 1, NULL, NULL));
	EXPECT_EQ(0, state_of(self->rx).sent);
}
#endif

TEST_F(messages, full_queue_is_EAGAIN_with_either_flag)
{
	fill(self->tx);
	EXPECT_EQ(-EAGAIN, SEND(self->tx, .flags = KCHAN_NONBLOCK));
	ASSERT_EQ(0, nonblock(self->tx));
	EXPECT_EQ(-EAGAIN, SEND(self->tx, .flags = 0));
	EXPECT_EQ(-EAGAIN, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EAGAIN, kchan_send(self->tx, NULL, 0));
}

TEST_F(messages, empty_queue_is_EAGAIN_with_either_flag)
{
	EXPECT_EQ(-EAGAIN, RECV(self->rx, self->buf, .flags = KCHAN_NONBLOCK));
	ASSERT_EQ(0, nonblock(self->rx));
	EXPECT_EQ(-EAGAIN, RECV(self->rx, self->buf, .flags = 0));
	EXPECT_EQ(-EAGAIN, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(-EAGAIN, kchan_recv(self->rx, self->buf, 0));
}

TEST_F(messages, deadline_that_has_passed_tries_once)
{
	EXPECT_EQ(-ETIMEDOUT, RECV(self->rx, self->buf, .deadline = PAST));
	EXPECT_EQ(0, SEND(self->tx, .deadline = PAST));
	EXPECT_EQ(5, RECV(self->rx, self->buf, .deadline = PAST));
	fill(self->tx);
	EXPECT_EQ(-ETIMEDOUT, SEND(self->tx, .deadline = PAST));
	EXPECT_EQ(-ETIMEDOUT, SEND(self->tx, .deadline = kchan_deadline_in(0)));
}

TEST_F(messages, waiting_for_nobody_is_EPIPE)
{
	fill(self->tx);
	kchan_close(self->rx);
	self->rx = NULL;
	EXPECT_EQ(-EPIPE, SEND(self->tx, .flags = KCHAN_NEED_PEER));
	kchan_close(self->tx);
	ASSERT_EQ(0, make_pair(&self->rx, &self->tx));
	ASSERT_EQ(0, kchan_send(self->tx, "last", 4));
	kchan_close(self->tx);
	self->tx = NULL;
	EXPECT_EQ(4, RECV(self->rx, self->buf, .flags = KCHAN_NEED_PEER));
	EXPECT_EQ(-EPIPE, RECV(self->rx, self->buf, .flags = KCHAN_NEED_PEER));
}

TEST_F(messages, wrong_role_is_EBADF)
{
	EXPECT_EQ(-EBADF, kchan_send(self->rx, "hello", 5));
	EXPECT_EQ(-EBADF, kchan_send(self->rx, NULL, 0));
	EXPECT_EQ(-EBADF, SEND(self->rx, .prio = 1));
	EXPECT_EQ(-EBADF, kchan_recv(self->tx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(-EBADF, kchan_recv(self->tx, self->buf, 0));
	EXPECT_EQ(-EBADF, RECV(self->tx, self->buf, .flags = 0));
}

TEST_F(messages, unknown_options_are_EINVAL)
{
	EXPECT_EQ(-EINVAL, SEND(self->tx, .flags = 1U << 31));
	EXPECT_EQ(-EINVAL, SEND(self->tx, .prio = KCHAN_PRIO_MAX + 1));
	EXPECT_EQ(0, state_of(self->rx).sent);
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EINVAL, RECV(self->rx, self->buf, .flags = 1U << 31));
	EXPECT_EQ(-EINVAL, RECV(self->rx, self->buf, .reserved = 1));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(messages, revoked_channel_is_EIDRM)
{
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	ASSERT_EQ(0, kchan_revoke(self->rx));
	EXPECT_EQ(-EIDRM, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EIDRM, SEND(self->tx, .prio = 1));
	EXPECT_EQ(-EIDRM, kchan_recv(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(-EIDRM, RECV(self->rx, self->buf, .flags = 0));
}

/* One message of a KiB is more than the user may have queued. */
static int exceed_quota(void *arg)
{
	static char data[1024];
	struct kchan *ch;
	int err;

	(void)arg;
	err = kchan_create(&ch, NULL, O_RDWR, NULL);
	if (err)
		return -EPROTO;
	err = kchan_send(ch, data, sizeof(data));
	if (err != kchan_send_opts(ch, data, sizeof(data), NULL, NULL))
		err = -EPROTO;
	kchan_close(ch);
	return err;
}

TEST_F(messages, memory_above_the_users_limit_is_EDQUOT)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes_user", 1024));
	EXPECT_EQ(-EDQUOT, kc_as(1000, exceed_quota, NULL));
}

/* Options that a program of another version would give: one more member. */
#define NEWER(type)              \
	struct {                 \
		struct type old; \
		uint64_t more;   \
	}

/* Each call with what @set does to the size and the member that is not known. */
struct sizes {
	NEWER(kchan_create_opts) create;
	NEWER(kchan_send_opts) send;
	NEWER(kchan_recv_opts) recv;
	NEWER(kchan_msg_info) info;
};

static struct sizes sizes(size_t size, uint64_t more)
{
	struct sizes s = { 0 };

	s.create.old.size = size ? size : sizeof(s.create);
	s.send.old.size = size ? size : sizeof(s.send);
	s.recv.old.size = size ? size : sizeof(s.recv);
	s.info.old.size = size ? size : sizeof(s.info);
	s.create.more = s.send.more = s.recv.more = s.info.more = more;
	return s;
}

TEST_F(messages, newer_options_that_are_not_used_are_taken)
{
	struct sizes s = sizes(0, 0);

	EXPECT_EQ(0, try_create(NULL, O_RDWR, &s.create.old));
	EXPECT_EQ(0, kchan_send_opts(self->tx, "hello", 5, &s.send.old, NULL));
	EXPECT_EQ(5, kchan_recv_opts(self->rx, self->buf, sizeof(self->buf),
				     &s.recv.old, &s.info.old));
	EXPECT_EQ(5, s.info.old.len);
	EXPECT_EQ(sizeof(s.info), s.info.old.size);
	EXPECT_EQ(0, s.info.more);
}

TEST_F(messages, newer_options_that_are_used_are_E2BIG)
{
	struct sizes s = sizes(0, 1ULL << 63);

	EXPECT_EQ(-E2BIG, try_create(NULL, O_RDWR, &s.create.old));
	EXPECT_EQ(-E2BIG,
		  kchan_send_opts(self->tx, "hello", 5, &s.send.old, NULL));
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-E2BIG,
		  kchan_recv_opts(self->rx, self->buf, 8, &s.recv.old, NULL));
	EXPECT_EQ(-E2BIG,
		  kchan_recv_opts(self->rx, self->buf, 8, NULL, &s.info.old));
	EXPECT_EQ(0, s.info.old.len);
	EXPECT_EQ(1, state_of(self->rx).queued);
	EXPECT_EQ(1, state_of(self->rx).sent);
}

TEST_F(messages, older_options_lack_what_is_not_set)
{
	struct sizes s = sizes(sizeof(size_t), 0);
	struct kchan_state state;

	/* Would be refused, if they were looked at. */
	s.create.old.kind = s.send.old.prio = s.recv.old.flags = ~0U;
	EXPECT_EQ(0, try_create(NULL, O_RDWR, &s.create.old));
	EXPECT_EQ(0, kchan_send_opts(self->tx, "hello", 5, &s.send.old, NULL));
	EXPECT_EQ(5, kchan_recv_opts(self->rx, self->buf, sizeof(self->buf),
				     &s.recv.old, &s.info.old));
	EXPECT_EQ(sizeof(size_t), s.info.old.size);
	EXPECT_EQ(0, s.info.old.len);
	state = state_of(self->rx);
	EXPECT_EQ(1, state.received);
}

TEST_F(messages, older_info_gets_what_it_has)
{
	struct kchan_msg_info info;

	memset(&info, KC_POISON, sizeof(info));
	info.size = offsetof(struct kchan_msg_info, seq);
	ASSERT_EQ(0, SEND(self->tx, .tag = 7));
	EXPECT_EQ(5, kchan_recv_opts(self->rx, self->buf, sizeof(self->buf),
				     NULL, &info));
	EXPECT_EQ(5, info.len);
	EXPECT_EQ(7, info.tag);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5, info.seq);
}

TEST_F(messages, size_that_was_not_set_is_EINVAL)
{
	struct sizes s = sizes(1, 0);

	EXPECT_EQ(-EINVAL, try_create(NULL, O_RDWR, &s.create.old));
	EXPECT_EQ(-EINVAL,
		  kchan_send_opts(self->tx, "hello", 5, &s.send.old, NULL));
	EXPECT_EQ(-EINVAL,
		  kchan_recv_opts(self->rx, self->buf, 8, &s.recv.old, NULL));
	s.info.old.size = 0;
	EXPECT_EQ(-EINVAL,
		  kchan_recv_opts(self->rx, self->buf, 8, NULL, &s.info.old));
}

/* As a size that was never set may be, with nothing but zeros behind it. */
TEST_F(messages, size_that_no_struct_has_is_E2BIG)
{
	static union {
		struct kchan_create_opts create;
		struct kchan_send_opts send;
		struct kchan_recv_opts recv;
		struct kchan_msg_info info;
		size_t size;
		char bytes[8192];
	} u;

	u.size = 4097;
	EXPECT_EQ(-E2BIG, try_create(NULL, O_RDWR, &u.create));
	EXPECT_EQ(-E2BIG, kchan_send_opts(self->tx, "hello", 5, &u.send, NULL));
	EXPECT_EQ(-E2BIG,
		  kchan_recv_opts(self->rx, self->buf, 8, &u.recv, NULL));
	EXPECT_EQ(-E2BIG,
		  kchan_recv_opts(self->rx, self->buf, 8, NULL, &u.info));
	u.size = 4096;
	EXPECT_EQ(0, try_create(NULL, O_RDWR, &u.create));
}

TEST_HARNESS_MAIN
