// SPDX-License-Identifier: GPL-2.0
/* What the commands of pools refuse, and that they change nothing then. */
#include "kchan_pool.h"

#define SLOTS 8

/* A channel with a message in a slot, and endpoints of each mode. */
FIXTURE(args)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY */
	int tx;		/* O_WRONLY */
	int plain;	/* of a channel without a pool */
	uint32_t mine;	/* a slot that @fd has on loan */
	uint32_t some[4];
	struct kchan_state before;
};

FIXTURE_SETUP(args)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, 64);
	self->plain = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	self->rx = kc_reopen(self->fd, O_RDONLY | O_NONBLOCK);
	self->tx = kc_reopen(self->fd, O_WRONLY | O_NONBLOCK);
	ASSERT_LE(0, self->plain);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	ASSERT_LE(0, kp_send(self->fd, 0, 1));
	self->mine = kp_loan(self->fd);
	ASSERT_GT(SLOTS, self->mine);
	self->before = kc_state(self->fd);
}

/* Nothing has changed, and what there was can be given back. */
FIXTURE_TEARDOWN(args)
{
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
	EXPECT_EQ(1, kp_release(self->fd, self->mine));
	EXPECT_EQ(1, kp_release(self->fd, kp_take_one(self->fd, 0)));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	close(self->tx);
	close(self->rx);
	close(self->plain);
	close(self->fd);
	close(self->ctl);
}

/* Refused, with the struct as it was. */
#define REFUSED(error, fd, cmd, arg) do {				\
	typeof(arg) kc_was = arg;					\
									\
	EXPECT_EQ(error, kc_ioctl(fd, cmd, &(arg)))			\
		TH_LOG(#cmd " in line %d", __LINE__);			\
	EXPECT_EQ(0, memcmp(&kc_was, &(arg), sizeof(arg)));		\
} while (0)

/* Each bit of a field but those of @but. */
#define EACH_BIT(type, made, field, but, fd, cmd) do {			\
	unsigned int kc_bit;						\
									\
	for (kc_bit = 0; kc_bit < 32; kc_bit++) {			\
		struct type kc_arg = made;				\
									\
		if ((but) & 1U << kc_bit)				\
			continue;					\
		kc_arg.field |= 1U << kc_bit;				\
		REFUSED(-EINVAL, fd, cmd, kc_arg);			\
	}								\
} while (0)

#define WAYS_TO_WAIT (KCHAN_NONBLOCK | KCHAN_NEED_PEER)

TEST_F(args, unknown_flags_are_EINVAL)
{
	EACH_BIT(kchan_pool_fd, kp_fd_arg(), flags, 0, self->fd,
		 KCHAN_IOC_POOL_FD);
	EACH_BIT(kchan_loan, kp_loan_arg(0), flags, WAYS_TO_WAIT, self->fd,
		 KCHAN_IOC_LOAN);
	EACH_BIT(kchan_publish, kp_publish_arg(self->mine, 4), flags,
		 WAYS_TO_WAIT | KCHAN_PUBLISH_LOAN, self->fd, KCHAN_IOC_PUBLISH);
	EACH_BIT(kchan_take, kp_take_arg(0), flags,
		 WAYS_TO_WAIT | KCHAN_HOLD | KCHAN_TAKE_RELEASE |
		 KCHAN_TAKE_BRIEF, self->fd, KCHAN_IOC_TAKE);
	EACH_BIT(kchan_release, kp_release_arg(self->mine), flags, 0, self->fd,
		 KCHAN_IOC_RELEASE);
}

TEST_F(args, another_pool_is_EINVAL)
{
	EACH_BIT(kchan_pool_fd, kp_fd_arg(), pool, 0, self->fd,
		 KCHAN_IOC_POOL_FD);
	EACH_BIT(kchan_loan, kp_loan_arg(0), pool, 0, self->fd, KCHAN_IOC_LOAN);
	EACH_BIT(kchan_publish, kp_publish_arg(self->mine, 4), pool, 0, self->fd,
		 KCHAN_IOC_PUBLISH);
	EACH_BIT(kchan_release, kp_release_arg(self->mine), pool, 0, self->fd,
		 KCHAN_IOC_RELEASE);
}

TEST_F(args, reserved_fields_are_EINVAL)
{
	EACH_BIT(kchan_loan, kp_loan_arg(0), reserved, 0, self->fd,
		 KCHAN_IOC_LOAN);
	EACH_BIT(kchan_publish, kp_publish_arg(self->mine, 4), reserved, 0,
		 self->fd, KCHAN_IOC_PUBLISH);
	EACH_BIT(kchan_release, kp_release_arg(self->mine), reserved, 0,
		 self->fd, KCHAN_IOC_RELEASE);
}

TEST_F(args, channel_without_a_pool_is_EOPNOTSUPP)
{
	struct kchan_state before = kc_state(self->plain);
	struct kchan_pool_fd pool_fd = kp_fd_arg();
	struct kchan_loan loan = kp_loan_arg(0);
	struct kchan_publish publish = kp_publish_arg(0, 4);
	struct kchan_take take = kp_take_arg(0);
	struct kchan_release release = kp_release_arg(0);
	struct kchan_batch batch = kc_batch_arg(&publish, 1, sizeof(publish));

	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_POOL_FD, pool_fd);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_LOAN, loan);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_PUBLISH, publish);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_TAKE, take);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_RELEASE, release);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_PUBLISH_BATCH, batch);
	REFUSED(-EOPNOTSUPP, self->plain, KCHAN_IOC_TAKE_BATCH, batch);
	EXPECT_TRUE(kc_unchanged(&before, self->plain));
}

TEST_F(args, endpoint_that_may_not_send_is_EBADF)
{
	struct kchan_loan loan = kp_loan_arg(0);
	struct kchan_publish publish = kp_publish_arg(self->mine, 4);
	struct kchan_batch batch = kc_batch_arg(&publish, 1, sizeof(publish));

	REFUSED(-EBADF, self->rx, KCHAN_IOC_LOAN, loan);
	REFUSED(-EBADF, self->rx, KCHAN_IOC_PUBLISH, publish);
	REFUSED(-EBADF, self->rx, KCHAN_IOC_PUBLISH_BATCH, batch);
}

TEST_F(args, endpoint_that_may_not_receive_is_EBADF)
{
	struct kchan_take take = kp_take_arg(0);
	struct kchan_batch batch = kc_batch_arg(&take, 1, sizeof(take));

	REFUSED(-EBADF, self->tx, KCHAN_IOC_TAKE, take);
	REFUSED(-EBADF, self->tx, KCHAN_IOC_TAKE_BATCH, batch);
}

TEST_F(args, loan_with_an_array_or_a_count_alone_is_EINVAL)
{
	struct kchan_loan arg = kp_loan_arg(0);

	arg.count = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_LOAN, arg);
	arg.slots = (uintptr_t)self->some;
	arg.count = 0;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_LOAN, arg);
	arg.count = KCHAN_BATCH_MAX + 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_LOAN, arg);
	arg.count = UINT32_MAX;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_LOAN, arg);
}

TEST_F(args, release_with_an_array_or_a_count_alone_is_EINVAL)
{
	struct kchan_release arg = kp_release_arg(self->mine);

	self->some[0] = self->mine;
	arg.count = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_RELEASE, arg);
	arg.slot = 0;
	arg.slots = (uintptr_t)self->some;
	arg.count = 0;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_RELEASE, arg);
	arg.count = KCHAN_BATCH_MAX + 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_RELEASE, arg);
}

TEST_F(args, release_of_a_slot_and_an_array_is_EINVAL)
{
	struct kchan_release arg = kp_release_arg(1);

	self->some[0] = self->mine;
	arg.slots = (uintptr_t)self->some;
	arg.count = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_RELEASE, arg);
}

TEST_F(args, priority_above_the_highest_is_EINVAL)
{
	struct kchan_publish arg = kp_publish_arg(self->mine, 4);

	arg.prio = KCHAN_PRIO_MAX + 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH, arg);
	arg.prio = UINT32_MAX;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH, arg);
}

TEST_F(args, payload_above_msgsize_is_EMSGSIZE)
{
	struct kchan_publish arg = kp_publish_arg(self->mine, 65);

	REFUSED(-EMSGSIZE, self->fd, KCHAN_IOC_PUBLISH, arg);
	arg.len = UINT32_MAX;
	REFUSED(-EMSGSIZE, self->fd, KCHAN_IOC_PUBLISH, arg);
	/* Also where the plain way is not taken. */
	arg.expiry = kc_now() + 1000 * KC_NS;
	REFUSED(-EMSGSIZE, self->fd, KCHAN_IOC_PUBLISH, arg);
}

TEST_F(args, unknown_filter_or_value_without_one_is_EINVAL)
{
	struct kchan_take arg = kp_take_arg(0);

	arg.filter = KCHAN_FILTER_PRIO_MIN + 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE, arg);
	arg.filter = UINT32_MAX;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE, arg);
	arg.filter = KCHAN_FILTER_NONE;
	arg.value = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE, arg);
}

TEST_F(args, batch_with_a_wrong_count_or_stride_is_EINVAL)
{
	struct kchan_publish item[2];
	struct kchan_batch arg = kc_batch_arg(item, 0, sizeof(item[0]));

	item[0] = kp_publish_arg(self->mine, 4);
	item[1] = kp_publish_arg(self->mine, 4);
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, arg);
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, arg);
	arg.count = KCHAN_BATCH_MAX + 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, arg);
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, arg);
	arg.count = 1;
	arg.stride = sizeof(item[0]) - 8;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, arg);
	arg.stride = sizeof(item[0]) + 4;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, arg);
	arg.stride = sizeof(item[0]);
	arg.min = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, arg);
	arg.min = 2;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, arg);
}

TEST_F(args, item_that_says_how_to_wait_is_EINVAL)
{
	struct kchan_publish publish = kp_publish_arg(self->mine, 4);
	struct kchan_take take = kp_take_arg(0);
	struct kchan_batch one = kc_batch_arg(&publish, 1, sizeof(publish));
	struct kchan_batch two = kc_batch_arg(&take, 1, sizeof(take));

	publish.flags = KCHAN_NONBLOCK;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, one);
	publish.flags = KCHAN_NEED_PEER;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, one);
	publish.flags = 0;
	publish.deadline = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_PUBLISH_BATCH, one);
	take.flags = KCHAN_TAKE_RELEASE | KCHAN_NONBLOCK;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, two);
	take.flags = KCHAN_TAKE_RELEASE | KCHAN_NEED_PEER;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, two);
	take.flags = KCHAN_TAKE_RELEASE;
	take.deadline = 1;
	REFUSED(-EINVAL, self->fd, KCHAN_IOC_TAKE_BATCH, two);
}

TEST_F(args, successful_calls_write_every_field)
{
	struct kchan_pool_fd pool_fd = kp_fd_arg();
	struct kchan_loan loan = kp_loan_arg(0);
	struct kchan_publish publish;
	struct kchan_take take = kp_take_arg(0);

	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_POOL_FD, &pool_fd));
	EXPECT_FALSE(kc_has_poison(&pool_fd, sizeof(pool_fd)));
	close(pool_fd.fd);
	ASSERT_EQ(1, kc_ioctl(self->fd, KCHAN_IOC_LOAN, &loan));
	EXPECT_FALSE(kc_has_poison(&loan, sizeof(loan)));
	publish = kp_publish_arg(loan.slot, 4);
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &publish));
	EXPECT_FALSE(kc_has_poison(&publish, sizeof(publish)));
	EXPECT_EQ(KCHAN_SLOT_NONE, publish.next);
	ASSERT_EQ(0, kp_take(self->fd, &take));
	EXPECT_FALSE(kc_has_poison(&take, sizeof(take)));
	EXPECT_EQ(1, kp_release(self->fd, take.slot));
	self->before = kc_state(self->fd);
}

TEST_HARNESS_MAIN
