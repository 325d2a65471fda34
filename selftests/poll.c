// SPDX-License-Identifier: GPL-2.0
/* Readiness: poll and epoll, who is there, and io_uring. */
#include "kchan_call.h"

#include <linux/io_uring.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#define IN (POLLIN | POLLRDNORM)
#define OUT (POLLOUT | POLLWRNORM)
#define ALL (IN | OUT | POLLRDHUP | POLLPRI)

FIXTURE(poll)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK, 4 messages of 100 bytes, 250 in all */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
};

FIXTURE_SETUP(poll)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 4, 100, 250);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

TEST_F(poll, empty_queue_can_be_written)
{
	EXPECT_EQ(OUT, kc_poll(self->fd, ALL));
	EXPECT_EQ(OUT, kc_poll(self->tx, ALL));
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
}

TEST_F(poll, queue_with_messages_and_room_can_be_read_and_written)
{
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(IN | OUT, kc_poll(self->fd, ALL));
	EXPECT_EQ(OUT, kc_poll(self->tx, ALL));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
	ASSERT_EQ(1, read(self->fd, self->buf, 1));
	EXPECT_EQ(OUT, kc_poll(self->fd, ALL));
}

TEST_F(poll, queue_of_full_depth_cannot_be_written)
{
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	EXPECT_EQ(IN, kc_poll(self->fd, ALL));
	EXPECT_EQ(0, kc_poll(self->tx, ALL));
	ASSERT_EQ(1, read(self->fd, self->buf, 1));
	EXPECT_EQ(OUT, kc_poll(self->tx, ALL));
}

TEST_F(poll, queue_can_be_written_if_the_largest_message_fits)
{
	ASSERT_EQ(100, write(self->fd, self->buf, 100));
	ASSERT_EQ(50, write(self->fd, self->buf, 50));
	EXPECT_EQ(OUT, kc_poll(self->tx, ALL));
	ASSERT_EQ(1, write(self->fd, self->buf, 1));
	EXPECT_EQ(0, kc_poll(self->tx, ALL));
	/* What fits goes all the same. */
	EXPECT_EQ(99, write(self->fd, self->buf, 99));
}

TEST_F(poll, empty_message_can_be_read)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 0, NULL, 0));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
}

TEST_F(poll, rdhup_while_no_sender_is_open)
{
	close(self->tx);
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
	close(self->fd);
	EXPECT_TRUE(KC_EVENTUALLY(kc_poll(self->rx, ALL) == POLLRDHUP));
	self->tx = kc_reopen(self->rx, O_WRONLY);
	ASSERT_LE(0, self->tx);
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
	self->fd = -1;
}

TEST_F(poll, rdhup_before_the_first_sender)
{
	int fd = kc_create(self->ctl, NULL, O_RDONLY);

	EXPECT_EQ(POLLRDHUP, kc_poll(fd, ALL));
	close(fd);
}

TEST_F(poll, rdhup_hides_no_message)
{
	ASSERT_EQ(1, write(self->tx, "x", 1));
	close(self->tx);
	close(self->fd);
	EXPECT_TRUE(KC_EVENTUALLY(kc_poll(self->rx, ALL) == (IN | POLLRDHUP)));
	EXPECT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(POLLRDHUP, kc_poll(self->rx, ALL));
	self->tx = -1;
	self->fd = -1;
}

TEST_F(poll, rdhup_is_said_only_to_who_asks)
{
	int fd = kc_create(self->ctl, NULL, O_RDONLY);

	EXPECT_EQ(0, kc_poll(fd, IN));
	close(fd);
}

TEST_F(poll, waiting_poll_wakes_for_a_message)
{
	struct kc_call call = kc_call(KC_POLL, self->rx, 0);

	call.events = POLLIN;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_FALSE(kc_done(&call));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(POLLIN, kc_join(&call));
}

TEST_F(poll, waiting_poll_wakes_for_room)
{
	struct kc_call call = kc_call(KC_POLL, self->tx, 0);
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	call.events = POLLOUT;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_FALSE(kc_done(&call));
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(POLLOUT, kc_join(&call));
}

TEST_F(poll, waiting_poll_wakes_when_the_last_sender_goes)
{
	struct kc_call call = kc_call(KC_POLL, self->rx, 0);

	call.events = POLLIN | POLLRDHUP;
	close(self->fd);
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_FALSE(kc_done(&call));
	close(self->tx);
	EXPECT_EQ(POLLRDHUP, kc_join(&call));
	self->fd = -1;
	self->tx = -1;
}

TEST_F(poll, waiting_poll_wakes_for_revoke)
{
	struct kc_call in = kc_call(KC_POLL, self->rx, 0);
	struct kc_call out = kc_call(KC_POLL, self->tx, 0);
	int i;

	in.events = POLLPRI;
	out.events = POLLOUT;
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	ASSERT_EQ(0, kc_start(&in));
	ASSERT_EQ(0, kc_start(&out));
	ASSERT_TRUE(kc_asleep(in.tid));
	ASSERT_TRUE(kc_asleep(out.tid));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(POLLHUP | POLLERR, kc_join(&in));
	EXPECT_EQ(POLLHUP | POLLERR, kc_join(&out) & ~POLLOUT);
}

TEST_F(poll, select_sees_what_poll_sees)
{
	struct timeval none = { 0, 0 };
	fd_set r, w;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(self->fd, &r);
	FD_SET(self->fd, &w);
	EXPECT_EQ(1, select(self->fd + 1, &r, &w, NULL, &none));
	EXPECT_FALSE(FD_ISSET(self->fd, &r));
	EXPECT_TRUE(FD_ISSET(self->fd, &w));
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) ? -errno : ep;
}

/* What epoll says now. */
static unsigned int epoll_now(int ep)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, 0) == 1 ? ev.events : 0;
}

TEST_F(poll, level_epoll_repeats_itself)
{
	int ep = epoll_of(self->rx, EPOLLIN);

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(0, epoll_now(ep));
	close(ep);
}

TEST_F(poll, edge_epoll_says_each_message_once)
{
	int ep = epoll_of(self->rx, EPOLLIN | EPOLLET);

	ASSERT_LE(0, ep);
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	close(ep);
}

TEST_F(poll, edge_epoll_says_that_there_is_room_again)
{
	int ep = epoll_of(self->tx, EPOLLOUT | EPOLLET), i;

	ASSERT_LE(0, ep);
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
	}
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(EPOLLOUT, epoll_now(ep));
	EXPECT_EQ(0, epoll_now(ep));
	close(ep);
}

TEST_F(poll, edge_epoll_says_that_the_last_sender_went)
{
	int ep = epoll_of(self->rx, EPOLLRDHUP | EPOLLET);

	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_now(ep));
	close(self->fd);
	close(self->tx);
	EXPECT_TRUE(KC_EVENTUALLY(epoll_now(ep) == EPOLLRDHUP));
	EXPECT_EQ(0, epoll_now(ep));
	close(ep);
	self->fd = -1;
	self->tx = -1;
}

TEST_F(poll, endpoint_under_epoll_can_be_closed)
{
	int ep = epoll_of(self->rx, EPOLLIN);

	ASSERT_LE(0, ep);
	ASSERT_EQ(1, write(self->tx, "x", 1));
	close(self->rx);
	EXPECT_TRUE(KC_EVENTUALLY(epoll_now(ep) == 0));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	close(ep);
	self->rx = -1;
}

TEST_F(poll, endpoint_revoked_under_epoll_says_so)
{
	int ep = epoll_of(self->rx, EPOLLIN);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(EPOLLHUP | EPOLLERR, epoll_now(ep) & ~EPOLLIN);
	close(ep);
}

TEST_F(poll, receive_that_needs_a_sender_is_EPIPE_without)
{
	int fd = kc_create(self->ctl, NULL, O_RDONLY);
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf)), was;
	struct kchan_state before = kc_state(fd);

	arg.flags = KCHAN_NEED_PEER;
	was = arg;
	EXPECT_EQ(-EPIPE, kc_recv(fd, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, fd));
	close(fd);
}

TEST_F(poll, receive_that_needs_a_sender_takes_what_is_queued)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(1, write(self->tx, "x", 1));
	close(self->tx);
	close(self->fd);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->rx).senders == 0));
	arg.flags = KCHAN_NEED_PEER;
	EXPECT_EQ(0, kc_recv(self->rx, &arg));
	EXPECT_EQ(-EPIPE, kc_recv(self->rx, &arg));
	self->tx = -1;
	self->fd = -1;
}

TEST_F(poll, receive_that_needs_a_sender_is_EPIPE_when_the_last_goes)
{
	struct kc_call call = kc_receiver(self->rx);

	call.recv.flags = KCHAN_NEED_PEER;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->rx, 1));
	close(self->tx);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->rx).senders == 1));
	EXPECT_EQ(1, kc_state(self->rx).waiting_receivers);
	close(self->fd);
	EXPECT_EQ(-EPIPE, kc_join(&call));
	EXPECT_EQ(0, kc_state(self->rx).waiting_receivers);
	self->tx = -1;
	self->fd = -1;
}

TEST_F(poll, receive_that_needs_nobody_outwaits_the_last_sender)
{
	struct kc_call call = kc_receiver(self->rx);

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->rx, 1));
	close(self->tx);
	close(self->fd);
	ASSERT_TRUE(KC_EVENTUALLY(kc_state(self->rx).senders == 0));
	EXPECT_EQ(1, kc_state(self->rx).waiting_receivers);
	self->tx = kc_reopen(self->rx, O_WRONLY);
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(0, kc_join(&call));
	self->fd = -1;
}

TEST_F(poll, only_those_who_need_a_sender_are_ended_when_the_last_goes)
{
	struct kc_call patient = kc_receiver(self->rx);
	struct kc_call needy = kc_receiver(self->rx);

	needy.recv.flags = KCHAN_NEED_PEER;
	ASSERT_EQ(0, kc_start(&patient));
	ASSERT_TRUE(kc_receivers_wait(self->rx, 1));
	ASSERT_EQ(0, kc_start(&needy));
	ASSERT_TRUE(kc_receivers_wait(self->rx, 2));
	close(self->fd);
	close(self->tx);
	EXPECT_EQ(-EPIPE, kc_join(&needy));
	EXPECT_EQ(1, kc_state(self->rx).waiting_receivers);
	self->tx = kc_reopen(self->rx, O_WRONLY);
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(0, kc_join(&patient));
	self->fd = -1;
}

/* A full queue without a receiver. */
static int full_without_receiver(int ctl)
{
	struct kchan_create arg = kc_create_arg(NULL);
	int fd;

	arg.depth = 1;
	arg.open_flags = O_WRONLY;
	fd = kc_create_with(ctl, &arg);
	return fd < 0 ? fd : write(fd, "x", 1) == 1 ? fd : -errno;
}

TEST_F(poll, send_that_needs_a_receiver_is_EPIPE_without)
{
	int fd = full_without_receiver(self->ctl);
	struct kchan_send arg = kc_send_arg("x", 1), was;
	struct kchan_state before = kc_state(fd);

	ASSERT_LE(0, fd);
	arg.flags = KCHAN_NEED_PEER;
	was = arg;
	EXPECT_EQ(-EPIPE, kc_ioctl(fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, fd));
	close(fd);
}

TEST_F(poll, send_that_needs_a_receiver_takes_the_room_there_is)
{
	int fd = kc_create(self->ctl, NULL, O_WRONLY);
	struct kchan_send arg = kc_send_arg("x", 1);

	arg.flags = KCHAN_NEED_PEER;
	EXPECT_EQ(0, kc_ioctl(fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(1, kc_state(fd).queued);
	close(fd);
}

TEST_F(poll, send_that_needs_a_receiver_is_EPIPE_when_the_last_goes)
{
	int fd = full_without_receiver(self->ctl);
	struct kc_call call = kc_sender(fd, 0, 1);
	int rx = kc_reopen(fd, O_RDONLY);

	ASSERT_LE(0, rx);
	call.send.flags = KCHAN_NEED_PEER;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_senders_wait(fd, 1));
	close(rx);
	EXPECT_EQ(-EPIPE, kc_join(&call));
	EXPECT_EQ(0, kc_state(fd).waiting_senders);
	EXPECT_EQ(1, kc_state(fd).queued);
	close(fd);
}

TEST_F(poll, no_message_is_urgent_at_first)
{
	ASSERT_EQ(0, kc_send(self->tx, KCHAN_PRIO_MAX, 0, "x", 1));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
}

TEST_F(poll, message_is_urgent_from_the_endpoints_threshold_on)
{
	ASSERT_EQ(0, kc_urgent(self->rx, 5));
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
	ASSERT_EQ(0, kc_send(self->tx, 4, 0, "x", 1));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
	ASSERT_EQ(0, kc_send(self->tx, 5, 0, "x", 1));
	EXPECT_EQ(IN | POLLPRI, kc_poll(self->rx, ALL));
	EXPECT_EQ(POLLPRI, kc_poll(self->rx, POLLPRI));
	/* Another endpoint has a threshold of its own. */
	EXPECT_EQ(IN | OUT, kc_poll(self->fd, ALL));
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
}

TEST_F(poll, threshold_of_0_makes_every_message_urgent)
{
	ASSERT_EQ(0, kc_urgent(self->rx, 0));
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
	ASSERT_EQ(1, write(self->tx, "x", 1));
	EXPECT_EQ(IN | POLLPRI, kc_poll(self->rx, ALL));
}

TEST_F(poll, threshold_can_be_taken_back)
{
	ASSERT_EQ(0, kc_urgent(self->rx, 5));
	ASSERT_EQ(0, kc_send(self->tx, 9, 0, "x", 1));
	EXPECT_EQ(IN | POLLPRI, kc_poll(self->rx, ALL));
	ASSERT_EQ(0, kc_urgent(self->rx, 10));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
	ASSERT_EQ(0, kc_urgent(self->rx, KCHAN_URGENT_NEVER));
	EXPECT_EQ(IN, kc_poll(self->rx, ALL));
}

TEST_F(poll, held_message_is_not_urgent_until_it_is_put_back)
{
	ASSERT_EQ(0, kc_urgent(self->rx, 5));
	ASSERT_EQ(0, kc_send(self->tx, 9, 0, "x", 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(0, kc_poll(self->rx, ALL));
	ASSERT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_EQ(IN | POLLPRI, kc_poll(self->rx, ALL));
}

TEST_F(poll, waiting_poll_wakes_for_an_urgent_message_only)
{
	struct kc_call call = kc_call(KC_POLL, self->rx, 0);

	call.events = POLLPRI;
	ASSERT_EQ(0, kc_urgent(self->rx, 5));
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_EQ(0, kc_send(self->tx, 4, 0, "x", 1));
	ASSERT_TRUE(kc_asleep(call.tid));
	EXPECT_FALSE(kc_done(&call));
	ASSERT_EQ(0, kc_send(self->tx, 6, 0, "x", 1));
	EXPECT_EQ(POLLPRI, kc_join(&call));
}

TEST_F(poll, waiting_poll_wakes_when_the_threshold_falls)
{
	struct kc_call call = kc_call(KC_POLL, self->rx, 0);

	call.events = POLLPRI;
	ASSERT_EQ(0, kc_send(self->tx, 4, 0, "x", 1));
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_asleep(call.tid));
	ASSERT_EQ(0, kc_urgent(self->rx, 4));
	EXPECT_EQ(POLLPRI, kc_join(&call));
}

TEST_F(poll, level_epoll_says_urgent_as_long_as_the_first_message_is)
{
	int ep = epoll_of(self->rx, EPOLLPRI);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, kc_urgent(self->rx, 5));
	EXPECT_EQ(0, epoll_now(ep));
	ASSERT_EQ(0, kc_send(self->tx, 5, 0, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 6, 0, "x", 1));
	EXPECT_EQ(EPOLLPRI, epoll_now(ep));
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(EPOLLPRI, epoll_now(ep));
	ASSERT_EQ(1, read(self->rx, self->buf, 1));
	EXPECT_EQ(0, epoll_now(ep));
	close(ep);
}

TEST_F(poll, endpoint_that_only_sends_has_no_threshold)
{
	struct kchan_settings set = { .urgent = 0 };

	EXPECT_EQ(-EBADF, kc_settings(self->tx, &set, KCHAN_SET_URGENT));
	ASSERT_EQ(0, kc_send(self->tx, 9, 0, "x", 1));
	EXPECT_EQ(OUT, kc_poll(self->tx, ALL));
}

/* A ring of one entry, by hand. */
FIXTURE(uring)
{
	int ctl, rx, tx;
	int ring;
	char *sq, *cq;
	struct io_uring_params p;
	struct io_uring_sqe *sqe;
	char buf[64];
};

FIXTURE_SETUP(uring)
{
	const int rw = PROT_READ | PROT_WRITE;

	self->ctl = kc_ctl();
	ASSERT_EQ(0, kc_pair(self->ctl, &self->rx, &self->tx));
	self->ring = syscall(SYS_io_uring_setup, 4, &self->p);
	ASSERT_LE(0, self->ring);
	self->sq = mmap(NULL, 4096, rw, MAP_SHARED, self->ring,
			IORING_OFF_SQ_RING);
	self->cq = mmap(NULL, 4096, rw, MAP_SHARED, self->ring,
			IORING_OFF_CQ_RING);
	self->sqe = mmap(NULL, 4096, rw, MAP_SHARED, self->ring,
			 IORING_OFF_SQES);
	ASSERT_NE(MAP_FAILED, (void *)self->sq);
	ASSERT_NE(MAP_FAILED, (void *)self->cq);
	ASSERT_NE(MAP_FAILED, (void *)self->sqe);
}

FIXTURE_TEARDOWN(uring)
{
	close(self->ring);
	close(self->rx);
	close(self->tx);
	close(self->ctl);
}

/* Submits a read or write of self->buf. */
static int uring_submit(FIXTURE_DATA(uring) *self, int op, int fd, int len)
{
	unsigned int *tail = (void *)(self->sq + self->p.sq_off.tail);
	unsigned int *array = (void *)(self->sq + self->p.sq_off.array);
	unsigned int mask = *(unsigned int *)(self->sq + self->p.sq_off.ring_mask);
	struct io_uring_sqe *sqe = &self->sqe[*tail & mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)self->buf;
	sqe->len = len;
	sqe->off = -1;
	array[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return kc_fd(syscall(SYS_io_uring_enter, self->ring, 1, 0, 0, NULL, 0));
}

#define PENDING 0x7fffffff

/* The result of the next completion, or PENDING. */
static int uring_result(FIXTURE_DATA(uring) *self)
{
	unsigned int *head = (void *)(self->cq + self->p.cq_off.head);
	unsigned int *tail = (void *)(self->cq + self->p.cq_off.tail);
	unsigned int mask = *(unsigned int *)(self->cq + self->p.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(self->cq + self->p.cq_off.cqes);
	int res;

	/* Lets the kernel run what it has put off. */
	syscall(SYS_io_uring_enter, self->ring, 0, 0, IORING_ENTER_GETEVENTS,
		NULL, 0);
	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return PENDING;
	res = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

TEST_F(uring, read_of_a_message_that_is_there)
{
	ASSERT_EQ(3, write(self->tx, "one", 3));
	ASSERT_EQ(1, uring_submit(self, IORING_OP_READ, self->rx, 64));
	EXPECT_EQ(3, uring_result(self));
	EXPECT_EQ(0, memcmp(self->buf, "one", 3));
}

TEST_F(uring, read_completes_when_a_message_comes)
{
	int res = PENDING;

	ASSERT_EQ(1, uring_submit(self, IORING_OP_READ, self->rx, 64));
	EXPECT_EQ(PENDING, uring_result(self));
	/* It watches the endpoint: no thread waits in it. */
	EXPECT_EQ(0, kc_state(self->rx).waiting_receivers);
	ASSERT_EQ(3, write(self->tx, "one", 3));
	ASSERT_TRUE(KC_EVENTUALLY((res = uring_result(self)) != PENDING));
	EXPECT_EQ(3, res);
	EXPECT_EQ(0, memcmp(self->buf, "one", 3));
	EXPECT_EQ(0, kc_state(self->rx).queued);
}

TEST_F(uring, write_where_there_is_room)
{
	memcpy(self->buf, "two", 3);
	ASSERT_EQ(1, uring_submit(self, IORING_OP_WRITE, self->tx, 3));
	EXPECT_EQ(3, uring_result(self));
	memset(self->buf, 0, sizeof(self->buf));
	EXPECT_EQ(3, read(self->rx, self->buf, 64));
	EXPECT_EQ(0, memcmp(self->buf, "two", 3));
}

TEST_F(uring, write_completes_when_there_is_room)
{
	int fd = kc_queue(self->ctl, 1, 64, 64), tx = kc_reopen(fd, O_WRONLY);
	int res = PENDING;

	ASSERT_EQ(3, write(fd, "one", 3));
	ASSERT_EQ(1, uring_submit(self, IORING_OP_WRITE, tx, 2));
	EXPECT_EQ(PENDING, uring_result(self));
	EXPECT_EQ(0, kc_state(fd).waiting_senders);
	ASSERT_EQ(3, read(fd, self->buf, 64));
	ASSERT_TRUE(KC_EVENTUALLY((res = uring_result(self)) != PENDING));
	EXPECT_EQ(2, res);
	EXPECT_EQ(1, kc_state(fd).queued);
	close(tx);
	close(fd);
}

TEST_F(uring, pending_read_ends_with_EIDRM_when_revoked)
{
	int res = PENDING;

	ASSERT_EQ(1, uring_submit(self, IORING_OP_READ, self->rx, 64));
	EXPECT_EQ(PENDING, uring_result(self));
	ASSERT_EQ(0, kc_revoke(self->tx));
	ASSERT_TRUE(KC_EVENTUALLY((res = uring_result(self)) != PENDING));
	EXPECT_EQ(-EIDRM, res);
}

TEST_HARNESS_MAIN
