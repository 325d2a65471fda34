// SPDX-License-Identifier: GPL-2.0
/* Messages through a queue: content, metadata, order, limits, errors. */
#include "kchan_call.h"

#include <sys/uio.h>

#define DEPTH 4
#define MSGSIZE 100
#define BYTES 250

FIXTURE(queue)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, with the limits above */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char data[BYTES + 1];
	char buf[BYTES + 1];
};

FIXTURE_SETUP(queue)
{
	unsigned int i;

	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, DEPTH, MSGSIZE, BYTES);
	ASSERT_LE(0, self->fd);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	for (i = 0; i < sizeof(self->data); i++)
		self->data[i] = i * 7 + 1;
	memset(self->buf, KC_POISON, sizeof(self->buf));
}

FIXTURE_TEARDOWN(queue)
{
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* Whether buf[from..to) is as it was before the call. */
static bool poisoned(const char *buf, size_t from, size_t to)
{
	while (from < to && buf[from] == (char)KC_POISON)
		from++;
	return from == to;
}

TEST_F(queue, read_returns_what_was_written)
{
	ASSERT_EQ(50, write(self->tx, self->data, 50));
	EXPECT_EQ(50, read(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, self->data, 50));
	EXPECT_TRUE(poisoned(self->buf, 50, sizeof(self->buf)));
	EXPECT_EQ(0, kc_state(self->fd).queued);
}

TEST_F(queue, messages_keep_their_boundaries)
{
	ASSERT_EQ(3, write(self->tx, "one", 3));
	ASSERT_EQ(5, write(self->tx, "three", 5));
	EXPECT_EQ(3, read(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, "one", 3));
	EXPECT_EQ(5, read(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, "three", 5));
}

TEST_F(queue, message_of_one_byte)
{
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ('x', self->buf[0]);
}

TEST_F(queue, message_of_the_largest_size)
{
	ASSERT_EQ(MSGSIZE, write(self->tx, self->data, MSGSIZE));
	EXPECT_EQ(MSGSIZE, read(self->rx, self->buf, MSGSIZE));
	EXPECT_EQ(0, memcmp(self->buf, self->data, MSGSIZE));
	ASSERT_EQ(0, kc_send(self->tx, 0, 0, self->data, MSGSIZE));
	EXPECT_EQ(MSGSIZE, read(self->rx, self->buf, MSGSIZE));
	EXPECT_EQ(0, memcmp(self->buf, self->data, MSGSIZE));
}

TEST_F(queue, message_above_the_largest_size_is_EMSGSIZE)
{
	struct kchan_state before = kc_state(self->fd);
	struct kchan_send arg = kc_send_arg(self->data, MSGSIZE + 1), was = arg;

	EXPECT_EQ(-EMSGSIZE, kc_ret(write(self->tx, self->data, MSGSIZE + 1)));
	EXPECT_EQ(-EMSGSIZE, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.len = UINT32_MAX;
	EXPECT_EQ(-EMSGSIZE, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, write_of_0_bytes_sends_nothing)
{
	struct kchan_state before = kc_state(self->fd);
	struct iovec iov = { self->data, 0 };

	EXPECT_EQ(0, write(self->tx, self->data, 0));
	EXPECT_EQ(0, writev(self->tx, &iov, 1));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, read_of_0_bytes_does_nothing)
{
	struct kchan_state before;

	EXPECT_EQ(0, read(self->rx, self->buf, 0));
	ASSERT_EQ(3, write(self->tx, "one", 3));
	before = kc_state(self->fd);
	EXPECT_EQ(0, read(self->rx, self->buf, 0));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_TRUE(poisoned(self->buf, 0, sizeof(self->buf)));
}

TEST_F(queue, empty_message)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(0, kc_send(self->tx, 3, 4, NULL, 0));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).queued_bytes);
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, arg.len);
	EXPECT_EQ(3, arg.prio);
	EXPECT_EQ(4, arg.tag);
	EXPECT_TRUE(poisoned(self->buf, 0, sizeof(self->buf)));
}

TEST_F(queue, empty_message_is_0_to_read)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 0, NULL, 0));
	EXPECT_EQ(0, read(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(queue, empty_message_needs_no_buffer)
{
	struct kchan_recv arg = kc_recv_arg(NULL, 0);

	ASSERT_EQ(0, kc_send(self->tx, 0, 0, NULL, 0));
	EXPECT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, arg.len);
}

TEST_F(queue, writev_gathers_one_message)
{
	struct iovec iov[] = {
		{ "ab", 2 }, { NULL, 0 }, { "cde", 3 }, { "f", 1 },
	};

	ASSERT_EQ(6, writev(self->tx, iov, 4));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(6, read(self->rx, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, "abcdef", 6));
}

TEST_F(queue, writev_of_too_much_is_EMSGSIZE)
{
	struct kchan_state before = kc_state(self->fd);
	struct iovec iov[] = { { self->data, MSGSIZE }, { "x", 1 } };

	EXPECT_EQ(-EMSGSIZE, kc_ret(writev(self->tx, iov, 2)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, readv_scatters_one_message)
{
	struct iovec iov[] = { { self->buf, 2 }, { self->buf + 10, 20 } };

	ASSERT_EQ(6, write(self->tx, "abcdef", 6));
	ASSERT_EQ(6, write(self->tx, "ghijkl", 6));
	EXPECT_EQ(6, readv(self->rx, iov, 2));
	EXPECT_EQ(0, memcmp(self->buf, "ab", 2));
	EXPECT_TRUE(poisoned(self->buf, 2, 10));
	EXPECT_EQ(0, memcmp(self->buf + 10, "cdef", 4));
	EXPECT_TRUE(poisoned(self->buf, 14, sizeof(self->buf)));
	EXPECT_EQ(1, kc_state(self->fd).queued);
}

TEST_F(queue, read_into_too_small_a_buffer_is_EMSGSIZE_and_loses_nothing)
{
	struct kchan_state before;

	ASSERT_EQ(6, write(self->tx, "abcdef", 6));
	before = kc_state(self->fd);
	EXPECT_EQ(-EMSGSIZE, kc_ret(read(self->rx, self->buf, 5)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_TRUE(poisoned(self->buf, 0, sizeof(self->buf)));
	EXPECT_EQ(6, read(self->rx, self->buf, 6));
}

TEST_F(queue, recv_with_too_small_a_capacity_is_EMSGSIZE_and_tells_the_length)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, 5), was = arg;
	struct kchan_state before;

	ASSERT_EQ(6, write(self->tx, "abcdef", 6));
	before = kc_state(self->fd);
	EXPECT_EQ(-EMSGSIZE, kc_recv(self->rx, &arg));
	EXPECT_EQ(6, arg.len);
	arg.len = was.len;
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_TRUE(poisoned(self->buf, 0, sizeof(self->buf)));
	arg.capacity = 6;
	EXPECT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(1, arg.deliveries);
}

TEST_F(queue, recv_returns_all_that_goes_with_a_message)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t before, after;

	before = kc_now();
	ASSERT_EQ(0, kc_send(self->tx, 17, 0x123456789abcdefULL, "hello", 5));
	after = kc_now();
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(sizeof(arg), arg.size);
	EXPECT_EQ(0, arg.flags);
	EXPECT_EQ((uintptr_t)self->buf, arg.data);
	EXPECT_EQ(sizeof(self->buf), arg.capacity);
	EXPECT_EQ(5, arg.len);
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
	EXPECT_TRUE(poisoned(self->buf, 5, sizeof(self->buf)));
	EXPECT_EQ(0, arg.deadline);
	EXPECT_EQ(0x123456789abcdefULL, arg.tag);
	EXPECT_EQ(1, arg.seq);
	EXPECT_LE(before, arg.time);
	EXPECT_GE(after, arg.time);
	EXPECT_EQ(17, arg.prio);
	EXPECT_EQ(1, arg.deliveries);
	EXPECT_EQ(getpid(), arg.pid);
	EXPECT_EQ(0, arg.uid);
	EXPECT_EQ(0, arg.gid);
	EXPECT_EQ(0, arg.expiry);
	EXPECT_EQ(0, arg.reason);
	EXPECT_EQ(0, arg.origin);
}

TEST_F(queue, written_message_has_priority_0_and_tag_0)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(1, write(self->tx, "x", 1));
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, arg.prio);
	EXPECT_EQ(0, arg.tag);
	EXPECT_EQ(getpid(), arg.pid);
	EXPECT_EQ(1, arg.seq);
}

TEST_F(queue, send_writes_back_only_the_sequence_number)
{
	struct kchan_send arg = kc_send_arg("x", 1), was;

	arg.tag = 5;
	arg.prio = 6;
	arg.deadline = kc_now() + 100 * KC_NS;
	arg.seq = 0xdeadbeef;
	was = arg;
	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(1, arg.seq);
	arg.seq = was.seq;
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(queue, sequence_numbers_follow_one_another)
{
	struct kchan_recv recv = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_send arg = kc_send_arg(self->data, 1);

	ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(1, arg.seq);
	ASSERT_EQ(1, write(self->tx, "x", 1));
	arg.prio = 9;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(3, arg.seq);
	/* Those that were not sent have none. */
	arg.len = MSGSIZE + 1;
	EXPECT_EQ(-EMSGSIZE, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	arg.len = 1;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(4, arg.seq);
	EXPECT_EQ(-EAGAIN, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	ASSERT_EQ(0, kc_recv(self->rx, &recv));
	EXPECT_EQ(3, recv.seq);
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(5, arg.seq);
}

TEST_F(queue, priorities_at_both_ends)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(0, kc_send(self->tx, 0, 0, "low", 3));
	ASSERT_EQ(0, kc_send(self->tx, KCHAN_PRIO_MAX, 0, "high", 4));
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(KCHAN_PRIO_MAX, arg.prio);
	EXPECT_EQ(4, arg.len);
	ASSERT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, arg.prio);
}

TEST_F(queue, priority_above_the_highest_is_EINVAL)
{
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EINVAL, kc_send(self->tx, KCHAN_PRIO_MAX + 1, 0, "x", 1));
	EXPECT_EQ(-EINVAL, kc_send(self->tx, UINT32_MAX, 0, "x", 1));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, higher_priority_first_then_in_order)
{
	static const unsigned int prios[] = { 1, 2, 1, 2 };
	static const unsigned int order[] = { 1, 3, 0, 2 };
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kc_send(self->tx, prios[i], i, "x", 1));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kc_recv(self->rx, &arg));
		EXPECT_EQ(order[i], arg.tag);
	}
}

/* The queue as an array in order of delivery. */
struct model {
	unsigned int n;
	struct {
		unsigned int prio;
		uint64_t tag;
	} msg[KCHAN_DEPTH_DEFAULT];
};

static void model_send(struct model *m, unsigned int prio, uint64_t tag)
{
	unsigned int i = m->n++;

	for (; i && m->msg[i - 1].prio < prio; i--)
		m->msg[i] = m->msg[i - 1];
	m->msg[i].prio = prio;
	m->msg[i].tag = tag;
}

static void model_recv(struct model *m)
{
	m->n--;
	memmove(&m->msg[0], &m->msg[1], m->n * sizeof(m->msg[0]));
}

/* A receive that fails, and so puts the first message back where it was. */
static bool fault(int fd, bool empty)
{
	struct kchan_recv arg = kc_recv_arg(NULL, sizeof(unsigned int));

	return kc_recv(fd, &arg) == (empty ? -EAGAIN : -EFAULT);
}

/* Few priorities, all of them, or those around a power of two. */
static unsigned int random_priority(unsigned int round)
{
	switch (round / 1000 % 3) {
	case 0:
		return random() % 3;
	case 1:
		return random() % (KCHAN_PRIO_MAX + 1);
	}
	return (1U << random() % 15) - random() % 2;
}

TEST_F(queue, random_priorities_come_as_in_a_model)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_queue(self->ctl, 0, 0, 0);
	static struct model m;
	unsigned int i, prio;

	srandom(1);
	for (i = 0; i < 12000; i++) {
		bool more = random() % 100 < (i / 500 % 2 ? 30 : 70);

		if (more && m.n < KCHAN_DEPTH_DEFAULT) {
			prio = random_priority(i);
			ASSERT_EQ(0, kc_send(fd, prio, i, &i, sizeof(i)));
			model_send(&m, prio, i);
		} else if (m.n) {
			ASSERT_EQ(0, kc_recv(fd, &arg));
			ASSERT_EQ(m.msg[0].prio, arg.prio);
			ASSERT_EQ(m.msg[0].tag, arg.tag);
			ASSERT_EQ(0, memcmp(self->buf, &arg.tag, sizeof(i)));
			model_recv(&m);
		}
		if (i % 16 == 0) {
			ASSERT_TRUE(fault(fd, !m.n));
			ASSERT_EQ(m.n, kc_state(fd).queued);
		}
	}
	while (m.n) {
		ASSERT_EQ(0, kc_recv(fd, &arg));
		ASSERT_EQ(m.msg[0].tag, arg.tag);
		model_recv(&m);
	}
	EXPECT_EQ(-EAGAIN, kc_recv(fd, &arg));
}

static int megabyte_as_user(void *arg)
{
	const size_t size = 1024 * 1024;
	char *a = malloc(size), *b = malloc(size);
	int ctl, fd;
	size_t i;

	(void)arg;
	for (i = 0; i < size; i++)
		a[i] = i % 251;
	ctl = kc_ctl();
	fd = kc_create(ctl, NULL, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (write(fd, a, size) != (ssize_t)size)
		return -errno;
	if (read(fd, b, size) != (ssize_t)size)
		return -errno;
	return memcmp(a, b, size) ? -EBADMSG : 0;
}

TEST_F(queue, user_sends_a_megabyte_with_the_defaults)
{
	EXPECT_EQ(0, kc_as(1000, megabyte_as_user, NULL));
}

TEST_F(queue, sizes_around_a_page_come_whole)
{
	int fd = kc_queue(self->ctl, 4, 3 * 65536, 3 * 65536);
	char *a = malloc(3 * 65536), *b = malloc(3 * 65536);
	unsigned int i, size;
	int d;

	for (i = 0; i < 3 * 65536; i++)
		a[i] = i % 253;
	for (size = 64; size <= 2 * 65536; size *= 2) {
		for (d = -96; d <= 8; d++) {
			memset(b, KC_POISON, size + 64);
			if ((int)size + d <= 0)
				continue;
			ASSERT_EQ(size + d, write(fd, a + 1, size + d));
			ASSERT_EQ(size + d, read(fd, b, size + 64));
			ASSERT_EQ(0, memcmp(a + 1, b, size + d))
				TH_LOG("size %d", size + d);
			ASSERT_TRUE(poisoned(b, size + d, size + 64));
		}
	}
	free(a);
	free(b);
	close(fd);
}

TEST_F(queue, receive_from_an_empty_queue_is_EAGAIN)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_recv was = arg;
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EAGAIN, kc_ret(read(self->fd, self->buf, 10)));
	EXPECT_EQ(-EAGAIN, kc_recv(self->fd, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.flags = KCHAN_NONBLOCK;
	was = arg;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_TRUE(poisoned(self->buf, 0, sizeof(self->buf)));
}

TEST_F(queue, send_to_a_queue_of_full_depth_is_EAGAIN)
{
	struct kchan_send arg = kc_send_arg("x", 1), was;
	struct kchan_state before;
	int i;

	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	before = kc_state(self->fd);
	EXPECT_EQ(DEPTH, before.queued);
	EXPECT_EQ(-EAGAIN, kc_ret(write(self->fd, "x", 1)));
	was = arg;
	EXPECT_EQ(-EAGAIN, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.flags = KCHAN_NONBLOCK;
	arg.len = 0;
	EXPECT_EQ(-EAGAIN, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_EQ(before.full + 3, kc_state(self->fd).full);
	ASSERT_EQ(1, read(self->fd, self->buf, 10));
	EXPECT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(before.full + 3, kc_state(self->fd).full);
}

TEST_F(queue, send_above_the_byte_limit_is_EAGAIN)
{
	struct kchan_state before;

	ASSERT_EQ(MSGSIZE, write(self->fd, self->data, MSGSIZE));
	ASSERT_EQ(MSGSIZE, write(self->fd, self->data, MSGSIZE));
	before = kc_state(self->fd);
	EXPECT_EQ(-EAGAIN, kc_ret(write(self->fd, self->data, 51)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_EQ(50, write(self->fd, self->data, 50));
	EXPECT_EQ(BYTES, kc_state(self->fd).queued_bytes);
	EXPECT_EQ(-EAGAIN, kc_ret(write(self->fd, self->data, 1)));
	EXPECT_EQ(0, kc_send(self->fd, 0, 0, NULL, 0));
}

TEST_F(queue, past_deadline_of_receive_tries_once)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf)), was;
	struct kchan_state before = kc_state(self->fd);

	arg.deadline = 1;
	was = arg;
	EXPECT_EQ(-ETIMEDOUT, kc_recv(self->rx, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(0, kc_recv(self->rx, &arg));
}

TEST_F(queue, past_deadline_of_send_tries_once)
{
	struct kchan_send arg = kc_send_arg("x", 1), was;
	struct kchan_state before;
	int i;

	arg.deadline = 1;
	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(0, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	}
	before = kc_state(self->fd);
	was = arg;
	EXPECT_EQ(-ETIMEDOUT, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, receive_waits_until_its_deadline)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_state before = kc_state(self->fd);

	arg.deadline = kc_now() + KC_NS / 20;
	EXPECT_EQ(-ETIMEDOUT, kc_recv(self->rx, &arg));
	EXPECT_LE(arg.deadline, kc_now());
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, send_waits_until_its_deadline)
{
	struct kchan_send arg = kc_send_arg("x", 1);
	struct kchan_state before;
	int i;

	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	before = kc_state(self->fd);
	arg.deadline = kc_now() + KC_NS / 20;
	EXPECT_EQ(-ETIMEDOUT, kc_ioctl(self->tx, KCHAN_IOC_SEND, &arg));
	EXPECT_LE(arg.deadline, kc_now());
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, farthest_deadlines_do_not_pass)
{
	static const uint64_t far[] = { INT64_MAX, 1ULL << 63, UINT64_MAX };
	struct kc_call call;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		call = kc_receiver(self->rx);
		call.recv.deadline = far[i];
		ASSERT_EQ(0, kc_start(&call));
		ASSERT_TRUE(kc_receivers_wait(self->fd, 1))
			TH_LOG("returned %d", call.ret);
		ASSERT_EQ(1, write(self->tx, "x", 1));
		EXPECT_EQ(0, kc_join(&call));
	}
}

TEST_F(queue, nonblock_goes_before_a_deadline)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	arg.flags = KCHAN_NONBLOCK;
	arg.deadline = kc_now() + 1000 * KC_NS;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &arg));
}

TEST_F(queue, seek_and_positions_are_ESPIPE)
{
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(-ESPIPE, kc_ret(lseek(self->fd, 0, SEEK_SET)));
	EXPECT_EQ(-ESPIPE, kc_ret(pread(self->fd, self->buf, 10, 0)));
	EXPECT_EQ(-ESPIPE, kc_ret(pwrite(self->fd, self->buf, 10, 0)));
	EXPECT_EQ(1, kc_state(self->fd).queued);
}

TEST_F(queue, nowait_is_EAGAIN_where_the_call_would_wait)
{
	struct iovec iov = { self->buf, 10 };
	int i;

	EXPECT_EQ(-EAGAIN, kc_ret(preadv2(self->rx, &iov, 1, -1, RWF_NOWAIT)));
	for (i = 0; i < DEPTH; i++) {
		ASSERT_EQ(10, pwritev2(self->tx, &iov, 1, -1, RWF_NOWAIT));
	}
	EXPECT_EQ(-EAGAIN, kc_ret(pwritev2(self->tx, &iov, 1, -1, RWF_NOWAIT)));
	EXPECT_EQ(DEPTH, kc_state(self->fd).queued);
	EXPECT_EQ(10, preadv2(self->rx, &iov, 1, -1, RWF_NOWAIT));
}

TEST_F(queue, nonblock_can_be_set_and_cleared_later)
{
	struct kc_call call = kc_call(KC_READ, self->rx, 10);

	ASSERT_EQ(0, fcntl(self->rx, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kc_ret(read(self->rx, self->buf, 10)));
	ASSERT_EQ(0, fcntl(self->rx, F_SETFL, 0));
	ASSERT_EQ(0, kc_start(&call));
	EXPECT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(1, kc_join(&call));
}

TEST_F(queue, splice_takes_and_sends_nothing)
{
	struct kchan_state before;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(1, write(p[1], "y", 1));
	ASSERT_EQ(1, write(self->fd, "x", 1));
	before = kc_state(self->fd);
	EXPECT_GT(0, splice(self->rx, NULL, p[1], NULL, 10, SPLICE_F_NONBLOCK));
	EXPECT_GT(0, splice(p[0], NULL, self->tx, NULL, 10, SPLICE_F_NONBLOCK));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(queue, mmap_is_refused)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
