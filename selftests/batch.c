// SPDX-License-Identifier: GPL-2.0
/* Many messages with one call: how many went, and why it ended. */
#include "kchan_test.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#define N 8

FIXTURE(batch)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK; N messages */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char data[N][16];
	struct kchan_send send[N];
	struct kchan_recv recv[N];
	struct kchan_recv was[N];
	struct kchan_state before;
};

FIXTURE_SETUP(batch)
{
	int i;

	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, N, 16, N * 16);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	for (i = 0; i < N; i++) {
		self->send[i] = kc_send_arg("0123456789", i + 1);
		self->send[i].tag = 100 + i;
		self->send[i].seq = 77;
		self->recv[i] = kc_recv_arg(self->data[i], sizeof(self->data[i]));
	}
	memcpy(self->was, self->recv, sizeof(self->was));
	self->before = kc_state(self->fd);
}

FIXTURE_TEARDOWN(batch)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

static struct kchan_batch sends(FIXTURE_DATA(batch) *self, unsigned int n)
{
	return kc_batch_arg(self->send, n, sizeof(self->send[0]));
}

static struct kchan_batch recvs(FIXTURE_DATA(batch) *self, unsigned int n)
{
	return kc_batch_arg(self->recv, n, sizeof(self->recv[0]));
}

static int send_batch(int fd, struct kchan_batch *arg)
{
	return kc_ioctl(fd, KCHAN_IOC_SEND_BATCH, arg);
}

static int recv_batch(int fd, struct kchan_batch *arg)
{
	return kc_ioctl(fd, KCHAN_IOC_RECV_BATCH, arg);
}

/* N messages with the tags 100 on, of 1 byte and on. */
static bool fill_queue(FIXTURE_DATA(batch) *self, unsigned int n)
{
	struct kchan_batch arg = sends(self, n);

	return send_batch(self->fd, &arg) == (int)n;
}

/* Whether the structs [from, to) are as they were. */
static bool untouched(FIXTURE_DATA(batch) *self, int from, int to)
{
	return !memcmp(&self->was[from], &self->recv[from],
		       (to - from) * sizeof(self->was[0]));
}

TEST_F(batch, batch_sends_all_in_order)
{
	struct kchan_batch arg = sends(self, N), was = arg;
	struct kchan_recv recv = kc_recv_arg(self->data[0], 16);
	int i;

	ASSERT_EQ(N, send_batch(self->tx, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(N, kc_state(self->fd).queued);
	for (i = 0; i < N; i++) {
		EXPECT_EQ(i + 1, self->send[i].seq);
		ASSERT_EQ(0, kc_recv(self->rx, &recv));
		EXPECT_EQ(i + 1, recv.seq);
		EXPECT_EQ(i + 1, recv.len);
		EXPECT_EQ(100 + i, recv.tag);
		EXPECT_EQ(0, memcmp(self->data[0], "0123456789", i + 1));
	}
}

TEST_F(batch, batch_receives_all_that_is_there)
{
	struct kchan_batch arg = recvs(self, N), was = arg;
	int i;

	ASSERT_TRUE(fill_queue(self, 5));
	ASSERT_EQ(5, recv_batch(self->rx, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(i + 1, self->recv[i].seq);
		EXPECT_EQ(i + 1, self->recv[i].len);
		EXPECT_EQ(100 + i, self->recv[i].tag);
		EXPECT_EQ(1, self->recv[i].deliveries);
		EXPECT_EQ(0, memcmp(self->data[i], "0123456789", i + 1));
	}
	EXPECT_TRUE(untouched(self, 5, N));
	EXPECT_EQ(5, kc_state(self->fd).received);
}

TEST_F(batch, batch_receives_no_more_than_its_count)
{
	struct kchan_batch arg = recvs(self, 3);

	ASSERT_TRUE(fill_queue(self, 5));
	ASSERT_EQ(3, recv_batch(self->rx, &arg));
	EXPECT_EQ(2, kc_state(self->fd).queued);
	EXPECT_TRUE(untouched(self, 3, N));
}

TEST_F(batch, batch_of_the_largest_count)
{
	static struct kchan_send send[KCHAN_BATCH_MAX];
	static struct kchan_recv recv[KCHAN_BATCH_MAX];
	static uint32_t data[KCHAN_BATCH_MAX];
	int fd = kc_create(self->ctl, NULL, O_RDWR), i;
	struct kchan_batch arg;

	for (i = 0; i < KCHAN_BATCH_MAX; i++) {
		data[i] = i;
		send[i] = kc_send_arg(&data[i], sizeof(data[i]));
		recv[i] = kc_recv_arg(&data[i], sizeof(data[i]));
	}
	arg = kc_batch_arg(send, KCHAN_BATCH_MAX, sizeof(send[0]));
	ASSERT_EQ(KCHAN_BATCH_MAX, send_batch(fd, &arg));
	memset(data, 0, sizeof(data));
	arg = kc_batch_arg(recv, KCHAN_BATCH_MAX, sizeof(recv[0]));
	ASSERT_EQ(KCHAN_BATCH_MAX, recv_batch(fd, &arg));
	for (i = 0; i < KCHAN_BATCH_MAX; i++) {
		ASSERT_EQ(i, data[i]);
		ASSERT_EQ(i + 1, recv[i].seq);
	}
	close(fd);
}

#define MIXED 100

/* Small and large ones, of two priorities, once and again with the memory of before. */
TEST_F(batch, batches_of_all_sizes_are_what_their_messages_are)
{
	static const uint16_t sizes[] = { 1, 64, 65, 0, 63, 4000, 8, 300 };
	static struct kchan_send send[MIXED];
	static struct kchan_recv recv[MIXED];
	static unsigned char in[MIXED][4001], out[MIXED][4001];
	int fd = kc_create(self->ctl, NULL, O_RDWR), round, i;
	struct kchan_batch arg;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < MIXED; i++) {
			memset(in[i], i + round, sizeof(in[i]));
			memset(out[i], 0xee, sizeof(out[i]));
			send[i] = kc_send_arg(in[i], sizes[(i + round) % 8]);
			send[i].prio = round == 2 ? 7 : 0;
			recv[i] = kc_recv_arg(out[i], sizeof(out[i]));
		}
		arg = kc_batch_arg(send, MIXED, sizeof(send[0]));
		ASSERT_EQ(MIXED, send_batch(fd, &arg));
		arg = kc_batch_arg(recv, MIXED, sizeof(recv[0]));
		ASSERT_EQ(MIXED, recv_batch(fd, &arg));
		for (i = 0; i < MIXED; i++) {
			ASSERT_EQ(send[i].seq, recv[i].seq);
			ASSERT_EQ(send[i].prio, recv[i].prio);
			ASSERT_EQ(send[i].len, recv[i].len);
			ASSERT_EQ(0, memcmp(in[i], out[i], recv[i].len));
			ASSERT_EQ(0xee, out[i][recv[i].len]);
		}
	}
	ASSERT_TRUE(kc_sums(fd));
	close(fd);
}

/* What a batch leaves in the queue goes on singly, and the reverse. */
TEST_F(batch, batches_and_single_messages_keep_their_order)
{
	struct kchan_batch arg = sends(self, 3);
	uint64_t seq = 0;
	int i;

	ASSERT_EQ(3, send_batch(self->fd, &arg));
	ASSERT_EQ(0, kc_send(self->fd, 0, 0, "x", 1));
	ASSERT_EQ(3, send_batch(self->fd, &arg));
	ASSERT_EQ(0, kc_recv(self->fd, &self->recv[0]));
	arg = kc_batch_arg(&self->recv[1], 4, sizeof(self->recv[0]));
	ASSERT_EQ(4, recv_batch(self->fd, &arg));
	ASSERT_EQ(0, kc_recv(self->fd, &self->recv[5]));
	arg = kc_batch_arg(&self->recv[6], 2, sizeof(self->recv[0]));
	ASSERT_EQ(1, recv_batch(self->fd, &arg));
	for (i = 0; i < 7; i++)
		EXPECT_EQ(++seq, self->recv[i].seq);
}

/* A program that knows more keeps larger structs; what is between stays. */
TEST_F(batch, stride_goes_from_one_struct_to_the_next)
{
	struct wide { struct kchan_send send; uint64_t own[3]; } wide[3];
	struct kchan_batch arg = kc_batch_arg(wide, 3, sizeof(wide[0]));
	int i;

	memset(wide, KC_POISON, sizeof(wide));
	for (i = 0; i < 3; i++)
		wide[i].send = self->send[i];
	ASSERT_EQ(3, send_batch(self->tx, &arg));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i + 1, wide[i].send.seq);
		EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, wide[i].own[0]);
		EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, wide[i].own[2]);
	}
}

/* What was published first, side by side. */
TEST_F(batch, structs_of_an_older_program_are_taken)
{
	char old[3][80] __attribute__((aligned(8)));
	struct kchan_batch arg = kc_batch_arg(old, 3, sizeof(old[0]));
	struct kchan_recv head;
	int i;

	for (i = 0; i < 3; i++) {
		self->recv[i].size = sizeof(old[0]);
		memcpy(old[i], &self->recv[i], sizeof(old[0]));
	}
	ASSERT_TRUE(fill_queue(self, 3));
	ASSERT_EQ(3, recv_batch(self->rx, &arg));
	for (i = 0; i < 3; i++) {
		memcpy(&head, old[i], sizeof(old[i]));
		EXPECT_EQ(80, head.size);
		EXPECT_EQ(100 + i, head.tag);
	}
}

struct bad_batch {
	uint32_t flags, count, stride, min, reserved;
};

TEST_F(batch, malformed_batches_are_EINVAL)
{
	const uint32_t size = sizeof(self->recv[0]);
	const struct bad_batch bad[] = {
		{ .count = 0, .stride = size },
		{ .count = KCHAN_BATCH_MAX + 1, .stride = size },
		{ .count = UINT32_MAX, .stride = size },
		{ .count = 2, .stride = 0 },
		{ .count = 2, .stride = size - 8 },
		{ .count = 2, .stride = size + 4 },
		{ .count = 2, .stride = size + 1 },
		{ .count = 2, .stride = size, .min = 3 },
		{ .count = 2, .stride = size, .reserved = 1 },
		{ .count = 2, .stride = size, .flags = KCHAN_HOLD },
		{ .count = 2, .stride = size, .flags = KCHAN_PEEK },
		{ .count = 2, .stride = size, .flags = 1U << 31 },
	};
	struct kchan_batch arg;
	unsigned int i;

	ASSERT_TRUE(fill_queue(self, 3));
	self->before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg = recvs(self, bad[i].count);
		arg.flags = bad[i].flags;
		arg.stride = bad[i].stride;
		arg.min = bad[i].min;
		arg.reserved = bad[i].reserved;
		EXPECT_EQ(-EINVAL, recv_batch(self->fd, &arg))
			TH_LOG("case %u", i);
		EXPECT_TRUE(untouched(self, 0, N));
	}
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, send_batch_with_min_is_EINVAL)
{
	struct kchan_batch arg = sends(self, 2);

	arg.min = 1;
	EXPECT_EQ(-EINVAL, send_batch(self->fd, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

/* The structs of a batch: an error of the first is the call's, else its end. */
TEST_F(batch, structs_that_say_how_to_wait_are_EINVAL)
{
	struct kchan_batch arg;
	unsigned int at;

	for (at = 0; at < 2; at++) {
		arg = sends(self, 2);
		self->send[at].deadline = 1;
		EXPECT_EQ(at ? 1 : -EINVAL, send_batch(self->fd, &arg));
		self->send[at].deadline = 0;
		self->send[at].flags = KCHAN_NONBLOCK;
		EXPECT_EQ(at ? 1 : -EINVAL, send_batch(self->fd, &arg));
		self->send[at].flags = KCHAN_NEED_PEER;
		EXPECT_EQ(at ? 1 : -EINVAL, send_batch(self->fd, &arg));
		self->send[at].flags = 0;
	}
	EXPECT_EQ(3, kc_state(self->fd).queued);
	self->before = kc_state(self->fd);
	arg = recvs(self, 2);
	self->recv[0].deadline = 1;
	EXPECT_EQ(-EINVAL, recv_batch(self->fd, &arg));
	self->recv[0].deadline = 0;
	self->recv[0].flags = KCHAN_NONBLOCK;
	EXPECT_EQ(-EINVAL, recv_batch(self->fd, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, send_that_fails_ends_the_batch)
{
	struct kchan_batch arg = sends(self, N);

	self->send[3].len = 17;
	EXPECT_EQ(3, send_batch(self->fd, &arg));
	EXPECT_EQ(3, kc_state(self->fd).queued);
	EXPECT_EQ(77, self->send[3].seq);
	EXPECT_EQ(77, self->send[4].seq);
	arg = kc_batch_arg(&self->send[3], 2, sizeof(self->send[0]));
	self->before = kc_state(self->fd);
	EXPECT_EQ(-EMSGSIZE, send_batch(self->fd, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, each_error_of_a_send_ends_the_batch)
{
	static const struct { uint32_t size, flags, prio; int ret; } bad[] = {
		{ .size = 47, .ret = -EINVAL },
		{ .size = 4097, .ret = -E2BIG },
		{ .size = 56, .flags = 1U << 31, .ret = -EINVAL },
		{ .size = 56, .flags = KCHAN_HOLD, .ret = -EINVAL },
		{ .size = 56, .prio = KCHAN_PRIO_MAX + 1, .ret = -EINVAL },
	};
	struct kchan_batch arg = kc_batch_arg(self->send, 3, 4104);
	unsigned int i, at;

	/* Far from each other, as their size may be. */
	arg.items = (uintptr_t)calloc(3, 4104);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (at = 0; at < 3; at++)
			memcpy((char *)(uintptr_t)arg.items + at * 4104,
			       &self->send[at], sizeof(self->send[0]));
		for (at = 0; at < 2; at++) {
			struct kchan_send *item = (void *)
				((char *)(uintptr_t)arg.items + at * 4104);

			*item = self->send[0];
			item->size = bad[i].size;
			item->flags = bad[i].flags;
			item->prio = bad[i].prio;
			EXPECT_EQ(at ? 1 : bad[i].ret, send_batch(self->fd, &arg))
				TH_LOG("case %u at %u", i, at);
			*item = self->send[0];
		}
	}
	EXPECT_EQ(ARRAY_SIZE(bad), kc_state(self->fd).queued);
}

TEST_F(batch, receive_that_is_too_small_ends_the_batch_and_says_its_length)
{
	struct kchan_batch arg = recvs(self, N);

	ASSERT_TRUE(fill_queue(self, 6));
	self->recv[3].capacity = 2;
	EXPECT_EQ(3, recv_batch(self->fd, &arg));
	EXPECT_EQ(4, self->recv[3].len);
	EXPECT_TRUE(untouched(self, 4, N));
	EXPECT_EQ(3, kc_state(self->fd).queued);
	arg = kc_batch_arg(&self->recv[3], 3, sizeof(self->recv[0]));
	self->before = kc_state(self->fd);
	EXPECT_EQ(-EMSGSIZE, recv_batch(self->fd, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, receive_that_faults_ends_the_batch_and_loses_nothing)
{
	struct kchan_batch arg = recvs(self, N);

	ASSERT_TRUE(fill_queue(self, 6));
	self->recv[3].data = 1;
	EXPECT_EQ(3, recv_batch(self->fd, &arg));
	EXPECT_EQ(3, kc_state(self->fd).queued);
	arg = kc_batch_arg(&self->recv[3], 3, sizeof(self->recv[0]));
	EXPECT_EQ(-EFAULT, recv_batch(self->fd, &arg));
	EXPECT_EQ(3, kc_state(self->fd).queued);
	self->recv[3].data = (uintptr_t)self->data[3];
	EXPECT_EQ(3, recv_batch(self->fd, &arg));
	EXPECT_EQ(4, self->recv[3].seq);
	EXPECT_EQ(5, self->recv[4].seq);
}

/* They were in the kernel's hand, but in no receiver's. */
TEST_F(batch, messages_behind_one_that_faults_were_not_delivered)
{
	struct kchan_batch arg = recvs(self, N);

	ASSERT_TRUE(fill_queue(self, 6));
	self->recv[1].data = 1;
	EXPECT_EQ(1, recv_batch(self->fd, &arg));
	EXPECT_EQ(1, kc_state(self->fd).received);
	EXPECT_EQ(5, kc_state(self->fd).queued);
	EXPECT_TRUE(untouched(self, 2, N));
	arg = kc_batch_arg(&self->recv[2], N - 2, sizeof(self->recv[0]));
	ASSERT_EQ(5, recv_batch(self->fd, &arg));
	EXPECT_EQ(2, self->recv[2].seq);
	EXPECT_EQ(3, self->recv[3].seq);
	EXPECT_EQ(1, self->recv[3].deliveries);
	EXPECT_EQ(1, self->recv[6].deliveries);
	EXPECT_EQ(6, self->recv[6].seq);
}

TEST_F(batch, numbers_that_cannot_be_written_are_of_messages_not_sent)
{
	struct kchan_send *page = kc_guarded(4096);
	struct kchan_batch arg = kc_batch_arg(page, 2, sizeof(*page));

	memcpy(page, self->send, 2 * sizeof(*page));
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, send_whose_payload_faults_ends_the_batch)
{
	struct kchan_batch arg = sends(self, N);

	self->send[2].data = 1;
	EXPECT_EQ(2, send_batch(self->fd, &arg));
	arg = kc_batch_arg(&self->send[2], 2, sizeof(self->send[0]));
	EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	EXPECT_EQ(2, kc_state(self->fd).queued);
}

/* The last structs of the array are not mapped. */
TEST_F(batch, structs_that_are_mapped_in_part_are_done_in_part)
{
	struct kchan_send *end = (struct kchan_send *)
		((char *)kc_guarded(4096) + 4096);
	struct kchan_batch arg = kc_batch_arg(end - 3, N, sizeof(*end));

	memcpy(end - 3, self->send, 3 * sizeof(*end));
	EXPECT_EQ(3, send_batch(self->fd, &arg));
	arg.items = (uintptr_t)end;
	EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	arg.items = (uintptr_t)end - 8;
	memcpy((char *)end - 8, &end[-3].size, sizeof(end->size));
	EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	arg.items = 0;
	EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	EXPECT_EQ(3, kc_state(self->fd).queued);
}

/* An address that wraps round, and one in the kernel. */
TEST_F(batch, items_beyond_all_addresses_are_EFAULT)
{
	static const uint64_t bad[] = {
		UINT64_MAX - 7, 1ULL << 63, 0xffff888000000000ULL,
	};
	struct kchan_batch arg = recvs(self, N);
	unsigned int i;

	ASSERT_TRUE(fill_queue(self, 6));
	self->before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg.items = bad[i];
		EXPECT_EQ(-EFAULT, recv_batch(self->fd, &arg));
		EXPECT_EQ(-EFAULT, send_batch(self->fd, &arg));
	}
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, structs_that_are_read_only_lose_nothing)
{
	struct kchan_recv *page = kc_guarded(4096);
	struct kchan_batch arg = kc_batch_arg(page, 2, sizeof(*page));

	ASSERT_TRUE(fill_queue(self, 2));
	memcpy(page, self->recv, 2 * sizeof(*page));
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, recv_batch(self->fd, &arg));
	EXPECT_EQ(2, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).received);
}

TEST_F(batch, wrong_access_mode_is_EBADF)
{
	struct kchan_batch send = sends(self, 2), recv = recvs(self, 2);

	EXPECT_EQ(-EBADF, send_batch(self->rx, &send));
	EXPECT_EQ(-EBADF, recv_batch(self->tx, &recv));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, revoked_channel_is_EIDRM)
{
	struct kchan_batch send = sends(self, 2), recv = recvs(self, 2);

	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, send_batch(self->tx, &send));
	EXPECT_EQ(-EIDRM, recv_batch(self->rx, &recv));
}

TEST_F(batch, send_batch_that_would_wait_says_how_many_went)
{
	struct kchan_batch arg;

	ASSERT_TRUE(fill_queue(self, 5));
	arg = sends(self, N);
	EXPECT_EQ(3, send_batch(self->fd, &arg));
	self->before = kc_state(self->fd);
	EXPECT_EQ(-EAGAIN, send_batch(self->fd, &arg));
	arg.flags = KCHAN_NONBLOCK;
	EXPECT_EQ(-EAGAIN, send_batch(self->tx, &arg));
	arg.flags = 0;
	arg.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, send_batch(self->tx, &arg));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, receive_batch_that_would_wait_is_EAGAIN)
{
	struct kchan_batch arg = recvs(self, 3);

	EXPECT_EQ(-EAGAIN, recv_batch(self->fd, &arg));
	arg.flags = KCHAN_NONBLOCK;
	arg.min = 3;
	EXPECT_EQ(-EAGAIN, recv_batch(self->rx, &arg));
	EXPECT_TRUE(untouched(self, 0, N));
	ASSERT_TRUE(fill_queue(self, 2));
	EXPECT_EQ(2, recv_batch(self->rx, &arg));
}

TEST_F(batch, deadline_ends_a_batch_with_what_it_has)
{
	struct kchan_batch arg = recvs(self, N);

	arg.min = 4;
	arg.deadline = kc_now() + KC_NS / 20;
	EXPECT_EQ(-ETIMEDOUT, recv_batch(self->rx, &arg));
	ASSERT_TRUE(fill_queue(self, 2));
	arg.deadline = kc_now() + KC_NS / 20;
	EXPECT_EQ(2, recv_batch(self->rx, &arg));
	EXPECT_EQ(0, kc_state(self->fd).waiting_receivers);
	ASSERT_TRUE(fill_queue(self, 6));
	memcpy(self->recv, self->was, sizeof(self->was));
	arg = sends(self, 4);
	arg.deadline = kc_now() + KC_NS / 20;
	EXPECT_EQ(2, send_batch(self->tx, &arg));
}

TEST_F(batch, batch_that_needs_a_peer_ends_without)
{
	struct kchan_batch arg = recvs(self, N);

	ASSERT_TRUE(fill_queue(self, 2));
	close(self->fd);
	close(self->tx);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->rx).senders == 0));
	arg.flags = KCHAN_NEED_PEER;
	arg.min = 4;
	EXPECT_EQ(2, recv_batch(self->rx, &arg));
	EXPECT_EQ(-EPIPE, recv_batch(self->rx, &arg));
	self->fd = kc_reopen(self->rx, O_RDWR);
	self->tx = -1;
}

/* A batch in a thread of its own. */
struct batch_call {
	int fd;
	unsigned int cmd;
	struct kchan_batch arg;
	int ret;
	pthread_t thread;
};

static void *batch_thread(void *arg)
{
	struct batch_call *call = arg;

	call->ret = kc_ioctl(call->fd, call->cmd, &call->arg);
	return NULL;
}

static bool start(struct batch_call *call)
{
	return !pthread_create(&call->thread, NULL, batch_thread, call);
}

static int finish(struct batch_call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

TEST_F(batch, receive_batch_waits_for_one)
{
	struct batch_call call = { self->rx, KCHAN_IOC_RECV_BATCH,
		recvs(self, N), 0, 0 };

	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(fill_queue(self, 1));
	EXPECT_EQ(1, finish(&call));
}

TEST_F(batch, receive_batch_waits_for_as_many_as_it_says)
{
	struct batch_call call = { self->rx, KCHAN_IOC_RECV_BATCH,
		recvs(self, N), 0, 0 };
	int i;

	call.arg.min = 4;
	ASSERT_TRUE(fill_queue(self, 2));
	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).queued == 0));
	ASSERT_TRUE(fill_queue(self, 1));
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).received == 3));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(fill_queue(self, 1));
	EXPECT_EQ(4, finish(&call));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i + 1, self->recv[i].seq);
	EXPECT_TRUE(untouched(self, 4, N));
}

TEST_F(batch, send_batch_waits_for_room_for_all)
{
	struct batch_call call = { self->tx, KCHAN_IOC_SEND_BATCH,
		sends(self, N), 0, 0 };
	struct kchan_recv recv = kc_recv_arg(self->data[0], 16);
	int i;

	ASSERT_TRUE(fill_queue(self, 6));
	ASSERT_TRUE(start(&call));
	for (i = 0; i < 6; i++) {
		ASSERT_TRUE(kc_senders_wait(self->fd, 1));
		ASSERT_EQ(0, kc_recv(self->rx, &recv));
		ASSERT_EQ(i + 1, recv.seq);
	}
	EXPECT_EQ(N, finish(&call));
	EXPECT_EQ(N, kc_state(self->fd).queued);
}

TEST_F(batch, revoke_ends_a_batch_that_waits)
{
	struct batch_call call = { self->rx, KCHAN_IOC_RECV_BATCH,
		recvs(self, N), 0, 0 };

	call.arg.min = 4;
	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, finish(&call));
}

/* What was done is said; a signal loses nothing. */
TEST_F(batch, signal_ends_a_batch_with_what_it_has)
{
	struct batch_call call = { self->rx, KCHAN_IOC_RECV_BATCH,
		recvs(self, N), 0, 0 };

	kc_catch(0);
	call.arg.min = 4;
	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	pthread_kill(call.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, finish(&call));
	ASSERT_TRUE(fill_queue(self, 2));
	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).queued == 0));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	pthread_kill(call.thread, SIGUSR1);
	EXPECT_EQ(2, finish(&call));
	EXPECT_EQ(2, kc_state(self->fd).received);
}

TEST_F(batch, signal_with_sa_restart_does_not_begin_anew)
{
	struct batch_call call = { self->rx, KCHAN_IOC_RECV_BATCH,
		recvs(self, N), 0, 0 };

	kc_catch(SA_RESTART);
	call.arg.min = 3;
	ASSERT_TRUE(fill_queue(self, 2));
	ASSERT_TRUE(start(&call));
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->fd).queued == 0));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	pthread_kill(call.thread, SIGUSR1);
	EXPECT_EQ(2, finish(&call));
}

TEST_F(batch, structs_may_hold_and_peek_and_filter)
{
	struct kchan_batch arg = recvs(self, 4);

	ASSERT_TRUE(fill_queue(self, 6));
	self->recv[0].flags = KCHAN_HOLD;
	self->recv[1].flags = KCHAN_PEEK;
	self->recv[1].position = 2;
	self->recv[2].filter = KCHAN_FILTER_TAG;
	self->recv[2].value = 105;
	ASSERT_EQ(4, recv_batch(self->rx, &arg));
	EXPECT_EQ(1, self->recv[0].seq);
	EXPECT_EQ(4, self->recv[1].seq);
	EXPECT_EQ(6, self->recv[2].seq);
	EXPECT_EQ(2, self->recv[3].seq);
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(3, kc_state(self->fd).queued);
	EXPECT_EQ(1, kc_ack(self->rx, 1));
}

TEST_F(batch, batch_that_holds_ends_at_the_limit)
{
	struct kchan_batch arg = recvs(self, 4);
	int i;

	ASSERT_TRUE(fill_queue(self, 6));
	ASSERT_EQ(0, kc_held_max(self->rx, 2));
	for (i = 0; i < 4; i++)
		self->recv[i].flags = KCHAN_HOLD;
	EXPECT_EQ(2, recv_batch(self->rx, &arg));
	EXPECT_EQ(-EBUSY, recv_batch(self->rx, &arg));
	EXPECT_EQ(4, kc_state(self->fd).queued);
}

TEST_F(batch, batch_of_peeks_shows_what_is_there)
{
	struct kchan_batch arg = recvs(self, N);
	int i;

	ASSERT_TRUE(fill_queue(self, 5));
	self->before = kc_state(self->fd);
	for (i = 0; i < N; i++) {
		self->recv[i].flags = KCHAN_PEEK;
		self->recv[i].position = i;
	}
	ASSERT_EQ(5, recv_batch(self->rx, &arg));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(i + 1, self->recv[i].seq);
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(batch, send_batch_goes_by_priority_and_expiry)
{
	struct kchan_batch arg = sends(self, 4);
	struct kchan_batch in = recvs(self, 4);

	self->send[2].prio = 9;
	self->send[1].expiry = 1;
	ASSERT_EQ(4, send_batch(self->tx, &arg));
	ASSERT_EQ(3, recv_batch(self->fd, &in));
	EXPECT_EQ(3, self->recv[0].seq);
	EXPECT_EQ(1, self->recv[1].seq);
	EXPECT_EQ(4, self->recv[2].seq);
}

TEST_HARNESS_MAIN
