// SPDX-License-Identifier: GPL-2.0
/* Dead messages that are in slots: they take these along, and the slots come home. */
#include "kchan_netlink.h"
#include "kchan_pool.h"

#include <poll.h>

#define SLOTS 4
#define SIZE 64
#define MS (KC_NS / 1000)

/* Both with and without a pool of the dead-letter channel's own. */
FIXTURE(dead)
{
	int ctl;
	int sock;
	int dlq;
	int fd;		/* a channel with a pool, whose dead messages go there */
	char buf[SIZE];
	struct kchan_recv recv;
	uint64_t charged;	/* what pools took before */
};

FIXTURE_VARIANT(dead)
{
	unsigned int slots;
	unsigned int slot_size;
};

FIXTURE_VARIANT_ADD(dead, to_plain)
{
};

FIXTURE_VARIANT_ADD(dead, to_pool)
{
	.slots = 3,
	.slot_size = 128,
};

static uint64_t charged(int sock)
{
	struct kn_limits limits;

	return kn_limits(sock, &limits) ? UINT64_MAX :
		limits.value[KCHAN_A_USER_POOL_BYTES];
}

static int channel(int ctl, int dlq, unsigned int overflow)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SIZE);

	arg.flags = KCHAN_CREATE_DEAD_LETTER;
	arg.dead_letter = dlq;
	arg.max_deliveries = 2;
	arg.overflow = overflow;
	return kc_create_with(ctl, &arg);
}

FIXTURE_SETUP(dead)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);

	self->ctl = kc_ctl();
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
	self->charged = charged(self->sock);
	arg.depth = 3;
	self->dlq = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, self->dlq);
	self->fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_BLOCK);
	ASSERT_LE(0, self->fd);
	self->recv = kc_recv_arg(self->buf, SIZE);
}

/* In the end all is free, and nothing is charged. */
FIXTURE_TEARDOWN(dead)
{
	EXPECT_TRUE(kc_sums(self->fd));
	EXPECT_TRUE(kc_sums(self->dlq));
	while (read(self->dlq, self->buf, SIZE) >= 0)
		;
	while (read(self->fd, self->buf, SIZE) >= 0)
		;
	EXPECT_TRUE(KC_EVENTUALLY(kp_slots(self->fd, 0, 0, 0)))
		TH_LOG("%s", kp_slots_text(self->fd));
	EXPECT_SLOTS(self->dlq, 0, 0, 0);
	close(self->fd);
	close(self->dlq);
	EXPECT_TRUE(KC_EVENTUALLY(charged(self->sock) == self->charged));
	close(self->sock);
	close(self->ctl);
}

/* A message of these bytes that is rejected: its slot. */
static int reject_one(int fd, const char *text)
{
	struct kchan_take take = kp_take_arg(KCHAN_HOLD | KCHAN_NONBLOCK);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    kp_take(fd, &take))
		return -EPROTO;
	return kc_reject(fd, take.seq) == 1 ? (int)take.slot : -EPROTO;
}

/* All slots of the channel are free, now or a little later. */
static bool home(int fd)
{
	return KC_EVENTUALLY(kp_slots(fd, 0, 0, 0));
}

TEST_F(dead, rejected_message_takes_its_slot_along_and_is_read_there)
{
	uint64_t id = kc_state(self->fd).id;

	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	EXPECT_EQ(1, kc_state(self->dlq).queued);
	EXPECT_EQ(6, kc_state(self->dlq).queued_bytes);
	EXPECT_SLOTS(self->dlq, 0, 0, 0);
	ASSERT_EQ(0, kc_recv(self->dlq, &self->recv));
	EXPECT_EQ(6, self->recv.len);
	EXPECT_EQ(0, memcmp(self->buf, "letter", 6));
	EXPECT_EQ(KCHAN_DEAD_REJECTED, self->recv.reason);
	EXPECT_EQ(id, self->recv.origin);
	EXPECT_EQ(1, self->recv.deliveries);
	/* The slot is back with the message's end. */
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(dead, slot_that_came_home_forgets_where_it_was)
{
	struct kchan_take take = kp_take_arg(0);
	int i;

	for (i = 0; i < 3 * SLOTS; i++) {
		ASSERT_LE(0, reject_one(self->fd, "letter"));
		ASSERT_TRUE(kc_arrived(self->dlq, i + 1));
		ASSERT_EQ(6, read(self->dlq, self->buf, SIZE));
		ASSERT_LE(0, kp_send(self->fd, 0, i));
		take = kp_take_arg(0);
		ASSERT_EQ(0, kp_take(self->fd, &take));
		EXPECT_EQ(0, take.reason);
		EXPECT_EQ(0, take.origin);
		EXPECT_EQ(1, take.deliveries);
		EXPECT_EQ(1, kp_release(self->fd, take.slot));
	}
}

TEST_F(dead, expired_message_goes_there_from_its_slot)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->fd), 4);

	arg.expiry = kc_now() + 10 * MS;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->recv));
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, self->recv.reason);
	EXPECT_EQ(0, self->recv.expiry);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(dead, message_that_was_taken_too_often_goes_there)
{
	ASSERT_LE(0, kp_send(self->fd, 0, 9));
	ASSERT_LE(0, kp_take_one(self->fd, KCHAN_HOLD));
	ASSERT_EQ(1, kc_nack(self->fd, 1));
	ASSERT_LE(0, kp_take_one(self->fd, KCHAN_HOLD));
	ASSERT_EQ(1, kc_nack(self->fd, 1));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	ASSERT_EQ(0, kc_recv(self->dlq, &self->recv));
	EXPECT_EQ(KCHAN_DEAD_DELIVERIES, self->recv.reason);
	EXPECT_EQ(9, self->recv.tag);
}

TEST_F(dead, loan_waits_where_what_it_dropped_would_go_there)
{
	int fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_DROP), i;
	struct kc_call call = kp_loaner(kc_reopen(fd, O_WRONLY));

	for (i = 0; i < SLOTS; i++)
		ASSERT_LE(0, kp_send(fd, 0, i));
	ASSERT_TRUE(kp_waits(&call));
	EXPECT_EQ(SLOTS, kc_state(fd).queued);
	EXPECT_EQ(0, kc_total(kc_state(fd).dead_lettered));
	ASSERT_EQ(4, read(fd, self->buf, SIZE));
	EXPECT_EQ(1, kc_join(&call));
	close(call.fd);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

/* Else who polls would send one message after another there, and get no slot. */
TEST_F(dead, endpoint_is_not_writable_where_a_loan_would_wait)
{
	int fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_DROP), i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_LE(0, kp_send(fd, 0, i));
	for (i = 0; i < 100 && kc_poll(fd, POLLOUT) == POLLOUT; i++)
		if (kp_loan(fd) >= 0)
			break;
	EXPECT_GT(2, i);
	EXPECT_LE(SLOTS - 1, kc_state(fd).queued);
	close(fd);
}

TEST_F(dead, slot_that_comes_home_wakes_who_waits_for_it)
{
	struct kc_call call = kp_loaner(kc_reopen(self->fd, O_WRONLY));
	struct kc_call poller = kc_call(KC_POLL, self->fd, 0);
	uint32_t slots[SLOTS];
	int slot = reject_one(self->fd, "letter");

	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(SLOTS - 1, kp_loan_many(self->fd, slots, SLOTS));
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_EQ(6, read(self->dlq, self->buf, SIZE));
	EXPECT_EQ(1, kc_join(&call));
	EXPECT_EQ(slot, call.loan.slot);
	close(call.fd);
	ASSERT_EQ(slot, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 2));
	poller.events = POLLOUT;
	ASSERT_EQ(0, kc_start(&poller));
	ASSERT_TRUE(kc_asleep(poller.tid));
	ASSERT_EQ(6, read(self->dlq, self->buf, SIZE));
	EXPECT_EQ(POLLOUT, kc_join(&poller));
	EXPECT_EQ(SLOTS - 1, kp_release_many(self->fd, slots, SLOTS - 1));
}

TEST_F(dead, letter_is_not_taken_there)
{
	struct kchan_take take = kp_take_arg(0), was = take;
	struct kchan_state before;
	int error = variant->slots ? -EXDEV : -EOPNOTSUPP;

	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	before = kc_state(self->dlq);
	EXPECT_EQ(error, kp_take(self->dlq, &take));
	take.flags |= KCHAN_HOLD;
	EXPECT_EQ(error, kp_take(self->dlq, &take));
	take.flags = KCHAN_TAKE_RELEASE;
	EXPECT_EQ(0, memcmp(&take, &was, sizeof(take)));
	EXPECT_TRUE(kc_unchanged(&before, self->dlq));
	EXPECT_EQ(6, read(self->dlq, self->buf, SIZE));
}

/* What is released before is released nevertheless, and what is its own is taken. */
TEST_F(dead, letter_keeps_nobody_from_the_pools_own_messages)
{
	struct kchan_take take = kp_take_arg(0);

	if (!variant->slots)
		return;
	take.release = kp_loan(self->dlq);
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	EXPECT_EQ(-EXDEV, kp_take(self->dlq, &take));
	EXPECT_EQ(KCHAN_SLOT_NONE, take.release);
	EXPECT_SLOTS(self->dlq, 0, 0, 0);
	ASSERT_LE(0, kp_send(self->dlq, 5, 7));
	ASSERT_EQ(0, kp_take(self->dlq, &take));
	EXPECT_EQ(7, take.tag);
	EXPECT_EQ(1, kp_release(self->dlq, take.slot));
	ASSERT_LE(0, kp_send(self->dlq, 0, 8));
	take = kp_take_arg(0);
	take.filter = KCHAN_FILTER_TAG;
	take.value = 8;
	ASSERT_EQ(0, kp_take(self->dlq, &take));
	EXPECT_EQ(1, kp_release(self->dlq, take.slot));
}

TEST_F(dead, waiting_taker_is_told_of_a_letter_and_leaves_it)
{
	struct kc_call call = kp_taker(kc_reopen(self->dlq, O_RDONLY));

	if (!variant->slots)
		return;
	ASSERT_TRUE(kp_waits(&call));
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	EXPECT_EQ(-EXDEV, kc_join(&call));
	EXPECT_EQ(1, kc_state(self->dlq).queued);
	EXPECT_EQ(6, read(self->dlq, self->buf, SIZE));
	close(call.fd);
}

TEST_F(dead, slots_of_a_letter_are_no_claim_in_either_channel)
{
	int slot = reject_one(self->fd, "letter");

	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	EXPECT_EQ(-EPERM, kp_release(self->fd, slot));
	EXPECT_EQ(-EPERM, kp_publish(self->fd, slot, 4));
	EXPECT_EQ(variant->slots ? -EPERM : -EOPNOTSUPP,
		  kp_release(self->dlq, slot));
	EXPECT_EQ(6, read(self->dlq, self->buf, SIZE));
}

TEST_F(dead, letter_is_held_put_back_and_dropped_there)
{
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(1, kc_hold(self->dlq));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	ASSERT_EQ(1, kc_nack(self->dlq, 1));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	ASSERT_EQ(1, kc_hold(self->dlq));
	ASSERT_EQ(1, kc_reject(self->dlq, 1));
	EXPECT_TRUE(home(self->fd));
	EXPECT_EQ(1, kc_state(self->dlq).dropped[KCHAN_DEAD_REJECTED]);
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 2));
	ASSERT_EQ(2, kc_hold(self->dlq));
	ASSERT_EQ(1, kc_ack(self->dlq, 2));
	EXPECT_TRUE(home(self->fd));
}

TEST_F(dead, letter_that_does_not_fit_there_frees_its_slot)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_LE(0, reject_one(self->fd, "letter"));
		ASSERT_TRUE(kc_arrived(self->dlq, i + 1));
	}
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	EXPECT_TRUE(KC_EVENTUALLY(kp_slots(self->fd, 0, 0, 3)));
	EXPECT_EQ(1, kc_state(self->fd).dropped[0]);
}

TEST_F(dead, letter_to_a_channel_that_is_gone_frees_its_slot)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	int dlq = kc_create_with(self->ctl, &arg);
	int fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);

	close(dlq);
	ASSERT_LE(0, reject_one(fd, "letter"));
	EXPECT_TRUE(home(fd));
	EXPECT_EQ(1, kc_state(fd).dropped[0]);
	close(fd);
}

TEST_F(dead, end_of_the_dead_letter_channel_sends_all_slots_home)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	int dlq = kc_create_with(self->ctl, &arg), i;
	int fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);

	for (i = 0; i < 2; i++)
		ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(dlq, 2));
	EXPECT_SLOTS(fd, 0, 0, 2);
	close(dlq);
	EXPECT_TRUE(home(fd));
	close(fd);
}

TEST_F(dead, revoke_of_the_dead_letter_channel_sends_all_slots_home)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	int dlq = kc_create_with(self->ctl, &arg), i;
	int fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);

	for (i = 0; i < 3; i++)
		ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(dlq, 3));
	ASSERT_EQ(1, kc_hold(dlq));
	ASSERT_EQ(0, kc_revoke(dlq));
	EXPECT_TRUE(home(fd));
	close(dlq);
	close(fd);
}

TEST_F(dead, letter_dropped_there_for_others_sends_its_slot_home)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	int dlq, fd, i;

	arg.overflow = KCHAN_OVERFLOW_DROP;
	arg.depth = 1;
	dlq = kc_create_with(self->ctl, &arg);
	fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	for (i = 1; i <= 3 * SLOTS; i++) {
		ASSERT_LE(0, reject_one(fd, "letter"));
		ASSERT_TRUE(kc_arrived(dlq, i));
	}
	EXPECT_TRUE(KC_EVENTUALLY(kp_slots(fd, 0, 0, 1)));
	ASSERT_EQ(1, write(dlq, "x", 1));
	EXPECT_TRUE(home(fd));
	close(dlq);
	close(fd);
}

TEST_F(dead, letter_is_read_after_its_channel_was_closed)
{
	uint64_t with = charged(self->sock);
	int fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_BLOCK);

	ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, close(fd));
	/* The memory is there as long as the letter is. */
	EXPECT_LT(with, charged(self->sock));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->recv));
	EXPECT_EQ(0, memcmp(self->buf, "letter", 6));
	EXPECT_TRUE(KC_EVENTUALLY(charged(self->sock) == with));
}

TEST_F(dead, letter_is_read_after_its_channel_was_revoked)
{
	uint64_t with = charged(self->sock);
	int fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_BLOCK);

	ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_EQ(0, kc_revoke(fd));
	ASSERT_EQ(0, kc_recv(self->dlq, &self->recv));
	EXPECT_EQ(0, memcmp(self->buf, "letter", 6));
	EXPECT_EQ(-EIDRM, kp_loan(fd));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(charged(self->sock) == with));
}

TEST_F(dead, letters_of_a_channel_that_is_gone_are_dropped_with_the_rest)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	uint64_t with = charged(self->sock);
	int dlq = kc_create_with(self->ctl, &arg), i;
	int fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);

	for (i = 0; i < 3; i++)
		ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(dlq, 3));
	close(fd);
	close(dlq);
	EXPECT_TRUE(KC_EVENTUALLY(charged(self->sock) == with));
}

TEST_F(dead, letters_of_two_pools_find_the_way_to_their_own)
{
	int fd = channel(self->ctl, self->dlq, KCHAN_OVERFLOW_BLOCK);

	ASSERT_LE(0, reject_one(self->fd, "one"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	ASSERT_LE(0, reject_one(fd, "two"));
	ASSERT_TRUE(kc_arrived(self->dlq, 2));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	EXPECT_SLOTS(fd, 0, 0, 1);
	ASSERT_EQ(3, read(self->dlq, self->buf, SIZE));
	EXPECT_EQ(0, memcmp(self->buf, "one", 3));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_SLOTS(fd, 0, 0, 1);
	ASSERT_EQ(3, read(self->dlq, self->buf, SIZE));
	EXPECT_EQ(0, memcmp(self->buf, "two", 3));
	EXPECT_SLOTS(fd, 0, 0, 0);
	close(fd);
}

TEST_F(dead, letter_that_is_looked_at_comes_home_when_the_last_lets_go)
{
	struct kc_call call = kc_receiver(self->dlq);
	struct kc_trap trap;

	ASSERT_TRUE(kc_trap_set(&trap));
	ASSERT_LE(0, reject_one(self->fd, "letter"));
	ASSERT_TRUE(kc_arrived(self->dlq, 1));
	call.recv.flags = KCHAN_PEEK;
	call.at = trap.page;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_trapped(&trap));
	EXPECT_EQ(6, read(self->dlq, self->buf, SIZE));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	ASSERT_EQ(0, kc_trap_fill(&trap, ""));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(0, memcmp(trap.page, "letter", 6));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	close(trap.uffd);
}

/* LOAN in a dead-letter channel that drops: what it drops must be of use. */
TEST_F(dead, loan_there_drops_no_letter_that_frees_no_slot)
{
	struct kchan_create arg = kp_create_arg(variant->slots,
						variant->slot_size);
	uint32_t slots[3];
	int dlq, fd;

	if (!variant->slots)
		return;
	arg.overflow = KCHAN_OVERFLOW_DROP;
	dlq = kc_create_with(self->ctl, &arg);
	fd = channel(self->ctl, dlq, KCHAN_OVERFLOW_BLOCK);
	ASSERT_EQ(3, kp_loan_many(dlq, slots, 3));
	ASSERT_LE(0, reject_one(fd, "letter"));
	ASSERT_TRUE(kc_arrived(dlq, 1));
	EXPECT_EQ(-EAGAIN, kp_loan(dlq));
	EXPECT_EQ(1, kc_state(dlq).queued);
	EXPECT_EQ(0, kc_total(kc_state(dlq).dropped));
	close(dlq);
	close(fd);
}

TEST_HARNESS_MAIN
