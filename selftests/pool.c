// SPDX-License-Identifier: GPL-2.0
/* Channels with a pool: how they are made, what of, and what that counts against. */
#include "kchan_netlink.h"
#include "kchan_pool.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define HERE (-1)		/* the network namespace of the test */
#define THERE (self->env.net)	/* the one that it was started in, init's */
#define LIMIT_NAME "max_pool_bytes_user"

FIXTURE(pool)
{
	int ctl;
	int sock;
};

FIXTURE_SETUP(pool)
{
	self->ctl = kc_ctl();
	self->sock = kn_socket();
	ASSERT_LE(0, self->ctl);
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(pool)
{
	close(self->sock);
	close(self->ctl);
}

#define CTL (self->ctl)

/* Creation that fails: with this error, and nothing written. */
#define REFUSED(error, arg) do {					\
	struct kchan_create kc_was = arg;				\
									\
	EXPECT_EQ(error, kc_create_with(CTL, &(arg)))			\
		TH_LOG("in line %d", __LINE__);				\
	EXPECT_EQ(0, memcmp(&kc_was, &(arg), sizeof(arg)));		\
} while (0)

TEST_F(pool, state_shows_slots_and_who_has_them)
{
	int fd = kp_queue(CTL, 5, 128);
	struct kchan_state state;
	int loaned, taken;

	ASSERT_LE(0, fd);
	state = kc_state(fd);
	EXPECT_EQ(5, state.slots);
	EXPECT_EQ(128, state.slot_size);
	EXPECT_EQ(5, state.slots_free);
	EXPECT_EQ(0, state.slots_loaned);
	EXPECT_EQ(0, state.slots_taken);
	EXPECT_EQ(0, state.pool_users);
	EXPECT_EQ(0, state.flags);
	loaned = kp_loan(fd);
	ASSERT_LE(0, kp_send(fd, 0, 1));
	ASSERT_LE(0, kp_send(fd, 0, 2));
	taken = kp_take_one(fd, 0);
	state = kc_state(fd);
	EXPECT_EQ(2, state.slots_free);
	EXPECT_EQ(1, state.slots_loaned);
	EXPECT_EQ(1, state.slots_taken);
	EXPECT_EQ(1, kp_release(fd, loaned));
	EXPECT_EQ(1, kp_release(fd, taken));
	EXPECT_EQ(1, kp_release(fd, kp_take_one(fd, 0)));
	EXPECT_EQ(5, kc_state(fd).slots_free);
}

TEST_F(pool, channel_without_a_pool_shows_none)
{
	int fd = kc_create(CTL, NULL, O_RDWR);
	struct kchan_state state = kc_state(fd);

	EXPECT_EQ(0, state.slots);
	EXPECT_EQ(0, state.slot_size);
	EXPECT_EQ(0, state.slots_free);
	EXPECT_EQ(0, state.slots_loaned);
	EXPECT_EQ(0, state.slots_taken);
	EXPECT_EQ(0, state.pool_users);
}

TEST_F(pool, slot_size_is_rounded_up_to_64)
{
	static const unsigned int sizes[][2] = {
		{ 1, 64 }, { 63, 64 }, { 64, 64 }, { 65, 128 }, { 4095, 4096 },
		{ 4097, 4160 },
	};
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kchan_pool_fd arg = kp_fd_arg();

		fd = kp_queue(CTL, 3, sizes[i][0]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(sizes[i][1], kc_state(fd).slot_size);
		EXPECT_EQ(0, kc_ioctl(fd, KCHAN_IOC_POOL_FD, &arg));
		EXPECT_EQ(3, arg.slots);
		EXPECT_EQ(sizes[i][1], arg.slot_size);
		EXPECT_EQ(3 * sizes[i][1], arg.bytes);
		EXPECT_EQ(arg.bytes, lseek(arg.fd, 0, SEEK_END));
		close(arg.fd);
		close(fd);
	}
}

TEST_F(pool, defaults_are_what_the_pool_has)
{
	int fd = kp_queue(CTL, 3000, 1000);
	struct kchan_state state = kc_state(fd);

	EXPECT_EQ(3000, state.depth);
	EXPECT_EQ(1024, state.msgsize);
	EXPECT_EQ(3000 * 1024, state.bytes);
}

TEST_F(pool, attributes_below_what_the_pool_has_are_kept)
{
	struct kchan_create arg = kp_create_arg(8, 128);
	struct kchan_state state;
	int fd;

	arg.depth = 3;
	arg.msgsize = 100;
	arg.bytes = 250;
	fd = kc_create_with(CTL, &arg);
	state = kc_state(fd);
	EXPECT_EQ(3, state.depth);
	EXPECT_EQ(100, state.msgsize);
	EXPECT_EQ(250, state.bytes);
	EXPECT_EQ(8, state.slots);
}

TEST_F(pool, default_msgsize_is_not_above_bytes)
{
	struct kchan_create arg = kp_create_arg(8, 128);
	int fd;

	arg.bytes = 50;
	fd = kc_create_with(CTL, &arg);
	EXPECT_EQ(50, kc_state(fd).msgsize);
	EXPECT_EQ(50, kc_state(fd).bytes);
}

TEST_F(pool, attributes_above_what_the_pool_has_are_EINVAL)
{
	struct kchan_create arg = kp_create_arg(8, 128);

	arg.depth = 9;
	REFUSED(-EINVAL, arg);
	arg.depth = 0;
	arg.msgsize = 129;
	REFUSED(-EINVAL, arg);
	arg.msgsize = 0;
	arg.bytes = 8 * 128 + 1;
	REFUSED(-EINVAL, arg);
	arg.bytes = UINT64_MAX;
	REFUSED(-EINVAL, arg);
	arg.bytes = 99;
	arg.msgsize = 100;
	REFUSED(-EINVAL, arg);
	/* Up to the slot as it is, not as it was asked for. */
	arg = kp_create_arg(8, 100);
	arg.msgsize = 128;
	arg.depth = 8;
	arg.bytes = 8 * 128;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(pool, only_one_of_slots_and_slot_size_is_EINVAL)
{
	struct kchan_create arg = kp_create_arg(8, 0);

	REFUSED(-EINVAL, arg);
	arg = kp_create_arg(0, 64);
	REFUSED(-EINVAL, arg);
}

TEST_F(pool, slots_or_slot_size_too_high_are_EINVAL)
{
	struct kchan_create arg = kp_create_arg(KCHAN_SLOTS_MAX + 1, 64);

	REFUSED(-EINVAL, arg);
	arg = kp_create_arg(UINT32_MAX, 64);
	REFUSED(-EINVAL, arg);
	arg = kp_create_arg(1, KCHAN_SLOT_SIZE_MAX + 1);
	REFUSED(-EINVAL, arg);
	arg = kp_create_arg(1, UINT32_MAX);
	REFUSED(-EINVAL, arg);
}

TEST_F(pool, flags_of_pools_without_one_are_EINVAL)
{
	struct kchan_create arg = kp_create_arg(0, 0);

	arg.flags = KCHAN_CREATE_ZERO_SLOTS;
	REFUSED(-EINVAL, arg);
	arg.flags = KCHAN_CREATE_RECV_COPY;
	REFUSED(-EINVAL, arg);
}

TEST_F(pool, flags_of_pools_are_shown)
{
	struct kchan_create arg = kp_create_arg(1, 64);

	arg.flags = KCHAN_CREATE_ZERO_SLOTS;
	EXPECT_EQ(KCHAN_STATE_ZERO_SLOTS,
		  kc_state(kc_create_with(CTL, &arg)).flags);
	arg.flags = KCHAN_CREATE_RECV_COPY;
	EXPECT_EQ(KCHAN_STATE_RECV_COPY,
		  kc_state(kc_create_with(CTL, &arg)).flags);
}

TEST_F(pool, pair_has_a_pool_that_one_end_fills_and_the_other_takes_from)
{
	struct kchan_create arg = kp_create_arg(2, 64);
	uint32_t slot;
	char *to, *from;

	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = O_NONBLOCK;
	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_CREATE, &arg));
	to = kp_map(arg.fd_send);
	from = kp_map(arg.fd);
	ASSERT_TRUE(to && from);
	slot = kp_loan(arg.fd_send);
	strcpy(to + 64 * slot, "hello");
	ASSERT_EQ(0, kp_publish(arg.fd_send, slot, 6));
	ASSERT_EQ(slot, kp_take_one(arg.fd, 0));
	EXPECT_EQ(0, strcmp(from + 64 * slot, "hello"));
	EXPECT_EQ(1, kp_release(arg.fd, slot));
}

/* The mapping keeps the memory, which has no part in the limit any more. */
TEST_F(pool, users_of_the_memory_are_counted)
{
	int fd = kp_queue(CTL, 4, 4096), pool, other;
	void *a, *b;

	EXPECT_EQ(0, kc_state(fd).pool_users);
	pool = kp_fd(fd);
	EXPECT_EQ(1, kc_state(fd).pool_users);
	other = dup(pool);
	EXPECT_EQ(1, kc_state(fd).pool_users);
	a = mmap(NULL, 16384, PROT_READ, MAP_SHARED, pool, 0);
	EXPECT_EQ(1, kc_state(fd).pool_users);
	close(pool);
	close(other);
	/* Mapped and closed. */
	EXPECT_EQ(1, kc_state(fd).pool_users);
	b = mmap(NULL, 16384, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, b);
	EXPECT_EQ(2, kc_state(fd).pool_users);
	munmap(a, 16384);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(fd).pool_users == 1));
	munmap(b, 16384);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(fd).pool_users == 0));
}

TEST_F(pool, descriptor_that_is_refused_leaves_none)
{
	int fd = kp_queue(CTL, 4, 64), next = dup(0);
	struct kchan_pool_fd *arg = kc_guarded(sizeof(*arg));

	close(next);
	*arg = kp_fd_arg();
	ASSERT_EQ(0, mprotect((void *)((uintptr_t)arg & -4096), 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, kc_ioctl(fd, KCHAN_IOC_POOL_FD, arg));
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(fd).pool_users == 0));
	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_EQ(-EIDRM, kp_fd(fd));
	EXPECT_EQ(next, dup(0));
}

TEST_F(pool, state_by_netlink_is_that_of_the_ioctl)
{
	struct kchan_create arg = kp_create_arg(4, 64);
	struct kn_channel ch;
	struct kchan_state state;
	int fd;

	arg.flags = KCHAN_CREATE_ZERO_SLOTS | KCHAN_CREATE_RECV_COPY;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, kp_loan(fd));
	ASSERT_LE(0, kp_send(fd, 0, 0));
	ASSERT_LE(0, kp_take_one(fd, 0));
	state = kc_state(fd);
	ASSERT_EQ(0, kn_by_id(self->sock, state.id, &ch));
	EXPECT_EQ(0, memcmp(&state, &ch.state, sizeof(state)));
}

/* Endpoints with and without slots: each shows what it has, and since when. */
TEST_F(pool, netlink_shows_who_has_slots_and_since_when)
{
	int fd = kp_queue(CTL, 8, 64), tx, rx, i;
	uint64_t t[3], id = kc_state(fd).id;
	struct kn_endpoints all;
	uint32_t some[2];

	tx = kc_reopen(fd, O_WRONLY);
	rx = kc_reopen(fd, O_RDONLY);
	t[0] = kc_now();
	ASSERT_EQ(2, kp_loan_many(tx, some, 2));
	t[1] = kc_now();
	ASSERT_LE(0, kp_send(fd, 0, 0));
	ASSERT_LE(0, kp_take_one(rx, 0));
	ASSERT_LE(0, kp_loan(tx));
	t[2] = kc_now();
	ASSERT_EQ(0, kn_endpoints(self->sock, id, &all));
	ASSERT_EQ(3, all.count);
	for (i = 0; i < 3; i++) {
		const struct kn_endpoint *ep = &all.endpoint[i];

		if (ep->role == KCHAN_ROLE_SENDER) {
			EXPECT_EQ(3, ep->loaned);
			EXPECT_EQ(0, ep->taken);
			EXPECT_TRUE(t[0] <= ep->loaned_since &&
				    ep->loaned_since <= t[1]);
		} else if (ep->role == KCHAN_ROLE_RECEIVER) {
			EXPECT_EQ(0, ep->loaned);
			EXPECT_EQ(1, ep->taken);
			/* To a clock tick, of which there are 100 at least. */
			EXPECT_TRUE(t[1] <= ep->taken_since + KC_NS / 100 &&
				    ep->taken_since <= t[2]);
		} else {
			EXPECT_EQ(0, ep->loaned);
			EXPECT_EQ(0, ep->taken);
		}
	}
	/* The oldest goes: the time is that of the next. */
	ASSERT_EQ(2, kp_release_many(tx, some, 2));
	ASSERT_EQ(0, kn_endpoints(self->sock, id, &all));
	for (i = 0; i < 3; i++) {
		if (all.endpoint[i].role != KCHAN_ROLE_SENDER)
			continue;
		EXPECT_EQ(1, all.endpoint[i].loaned);
		EXPECT_LE(t[1], all.endpoint[i].loaned_since);
	}
	close(tx);
	close(rx);
	EXPECT_SLOTS(fd, 0, 0, 0);
}

TEST_F(pool, held_and_taken_message_is_shown_as_both)
{
	int fd = kp_queue(CTL, 8, 64), slot;
	struct kn_endpoints all;

	ASSERT_LE(0, kp_send(fd, 0, 0));
	slot = kp_take_one(fd, KCHAN_HOLD);
	ASSERT_EQ(0, kn_endpoints(self->sock, kc_state(fd).id, &all));
	ASSERT_EQ(1, all.count);
	EXPECT_EQ(1, all.endpoint[0].held);
	EXPECT_EQ(1, all.endpoint[0].taken);
	EXPECT_EQ(1, kp_release(fd, slot));
	ASSERT_EQ(0, kn_endpoints(self->sock, kc_state(fd).id, &all));
	EXPECT_EQ(0, all.endpoint[0].held);
	EXPECT_EQ(0, all.endpoint[0].taken);
}

static long long module_users(void)
{
	return kc_read_number("/sys/module/kchan/refcnt");
}

/* The memory is the kernel's own: its mappings hold nothing of the module. */
TEST_F(pool, mapping_and_descriptor_do_not_keep_the_module)
{
	long long before;
	int fd, pool, ctl;
	char *map;

	/* The namespace's own mounts and the control device count, too. */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	close(kp_queue(ctl, 4, 64));
	before = module_users();
	fd = kp_queue(ctl, 4, 64);
	ASSERT_LE(0, fd);
	EXPECT_LT(before, module_users());
	pool = kp_fd(fd);
	map = kp_map(fd);
	ASSERT_TRUE(map);
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(module_users() == before));
	map[7] = 7;
	EXPECT_EQ(1, pread(pool, map, 1, 7));
	EXPECT_EQ(7, map[0]);
}

/* What is limited, in a namespace of the test's own. */
FIXTURE(quota)
{
	struct kc_env env;
	int ctl;
	int sock;
	uid_t user;		/* of this test alone */
	long long was;		/* of the limit, in the first namespace */
};

FIXTURE_SETUP(quota)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->ctl = self->env.ctl;
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
	self->user = 100000 + 4 * getpid();
	self->was = kc_sysctl_get(THERE, LIMIT_NAME);
}

FIXTURE_TEARDOWN(quota)
{
	kc_sysctl_set(THERE, LIMIT_NAME, self->was);
	close(self->sock);
	kc_leave(&self->env);
}

/* Run as the user: makes a channel, whose descriptor the parent gets by name. */
struct maker {
	int ctl;
	const char *name;
	unsigned int slots;
	unsigned int slot_size;
};

static int make(void *arg)
{
	struct maker *m = arg;
	struct kchan_create create = kp_create_arg(m->slots, m->slot_size);
	int fd;

	create.name = (uintptr_t)m->name;
	fd = kc_create_with(m->ctl, &create);
	return fd < 0 ? fd : 0;
}

/* What the pools of this user take, in all namespaces. */
static uint64_t pool_bytes(uid_t user)
{
	int sock = kn_socket_as(user);
	struct kn_limits limits;
	int ret = kn_limits(sock, &limits);

	close(sock);
	return ret ? UINT64_MAX : limits.value[KCHAN_A_USER_POOL_BYTES];
}

TEST_F(quota, most_slots_and_largest_slots_can_be_used)
{
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(THERE, LIMIT_NAME, 1LL << 40));
	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 1LL << 40));
	fd = kp_queue(CTL, KCHAN_SLOTS_MAX, 64);
	ASSERT_LE(0, fd);
	EXPECT_EQ(KCHAN_SLOTS_MAX, kc_state(fd).slots_free);
	EXPECT_LE(0, kp_send(fd, 0, 1));
	EXPECT_EQ(1, kp_release(fd, kp_take_one(fd, 0)));
	EXPECT_SLOTS(fd, 0, 0, 0);
	close(fd);
	/* A terabyte: all offsets are computed in 64 bits. */
	fd = kp_queue(CTL, 1000, KCHAN_SLOT_SIZE_MAX);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1000ULL << 30, kc_state(fd).bytes);
	ASSERT_EQ(5, write(fd, "first", 5));
	EXPECT_EQ(KCHAN_SLOT_SIZE_MAX, kc_state(fd).msgsize);
	close(fd);
}

TEST_F(quota, ceilings_of_channels_are_not_those_of_pools)
{
	struct kchan_state state;
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 1));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_msgsize", 1));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes", 1));
	fd = kp_queue(CTL, 8, 64);
	ASSERT_LE(0, fd);
	state = kc_state(fd);
	EXPECT_EQ(8, state.depth);
	EXPECT_EQ(64, state.msgsize);
	EXPECT_EQ(512, state.bytes);
}

TEST_F(quota, name_that_exists_is_opened_with_its_own_pool)
{
	struct kchan_create arg = kp_create_arg(4, 64);
	int fd, again;

	arg.name = (uintptr_t)"a";
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	arg.slots = 9;
	again = kc_create_with(CTL, &arg);
	ASSERT_LE(0, again);
	EXPECT_EQ(4, kc_state(again).slots);
	again = kc_open(CTL, "a", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(1, kp_release(again, kp_loan(again)));
	again = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(1, kp_release(again, kp_loan(again)));
}

TEST_F(quota, pools_count_against_their_users_limit)
{
	struct maker m = { CTL, "a", 4, 64 };
	const unsigned int one = 4 * (64 + KCHAN_SLOT_OVERHEAD);

	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 2 * one));
	EXPECT_EQ(0, pool_bytes(self->user));
	EXPECT_EQ(0, kc_as(self->user, make, &m));
	EXPECT_EQ(one, pool_bytes(self->user));
	m.name = "b";
	m.slots = 5;
	EXPECT_EQ(-EDQUOT, kc_as(self->user, make, &m));
	EXPECT_EQ(one, pool_bytes(self->user));
	EXPECT_NE(0, access(kc_path(&self->env, "b"), F_OK));
	m.slots = 4;
	EXPECT_EQ(0, kc_as(self->user, make, &m));
	EXPECT_EQ(2 * one, pool_bytes(self->user));
	m.name = "c";
	m.slots = 1;
	EXPECT_EQ(-EDQUOT, kc_as(self->user, make, &m));
	/* A removed one gives its part back. */
	EXPECT_EQ(0, kc_remove(CTL, "a", 0, 0));
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == one));
	EXPECT_EQ(0, kc_as(self->user, make, &m));
	EXPECT_EQ(0, kc_remove(CTL, "b", 0, 0));
	EXPECT_EQ(0, kc_remove(CTL, "c", 0, KCHAN_REMOVE_NOW));
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == 0));
}

TEST_F(quota, slot_size_counts_as_it_was_rounded)
{
	struct maker m = { CTL, "a", 1, 65 };

	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 127 + KCHAN_SLOT_OVERHEAD));
	EXPECT_EQ(-EDQUOT, kc_as(self->user, make, &m));
	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 128 + KCHAN_SLOT_OVERHEAD));
	EXPECT_EQ(0, kc_as(self->user, make, &m));
}

TEST_F(quota, pools_count_over_all_namespaces)
{
	struct maker m = { CTL, "a", 4, 64 };
	const unsigned int one = 4 * (64 + KCHAN_SLOT_OVERHEAD);
	int ctl;

	EXPECT_EQ(0, kc_as(self->user, make, &m));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 2 * one - 1));
	EXPECT_EQ(one, pool_bytes(self->user));
	m.ctl = ctl;
	EXPECT_EQ(-EDQUOT, kc_as(self->user, make, &m));
	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 2 * one));
	EXPECT_EQ(0, kc_as(self->user, make, &m));
	EXPECT_EQ(2 * one, pool_bytes(self->user));
	/* Given back with its namespace. */
	close(ctl);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == one));
	EXPECT_EQ(0, kc_remove(CTL, "a", 0, 0));
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == 0));
}

TEST_F(quota, revoked_channel_gives_its_part_back_with_its_last_endpoint)
{
	struct maker m = { CTL, "a", 4, 64 };
	int fd, loaned;

	EXPECT_EQ(0, kc_as(self->user, make, &m));
	fd = kc_open(CTL, "a", O_RDWR | O_NONBLOCK);
	loaned = kp_loan(fd);
	ASSERT_LE(0, loaned);
	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_LT(0, pool_bytes(self->user));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == 0));
}

TEST_F(quota, mapping_keeps_no_part_of_the_limit)
{
	struct maker m = { CTL, "a", 4, 64 };
	char *map;
	int fd;

	EXPECT_EQ(0, kc_as(self->user, make, &m));
	fd = kc_open(CTL, "a", O_RDWR);
	map = kp_map(fd);
	ASSERT_TRUE(map);
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes(self->user) == 0));
	map[0] = 1;
}

TEST_F(quota, number_of_channels_is_given_back_where_there_is_no_memory)
{
	struct maker m = { CTL, "a", 4, 64 };
	int i;

	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 1));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", 1));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-EDQUOT, kc_as(self->user, make, &m));
	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 1 << 20));
	EXPECT_EQ(0, kc_as(self->user, make, &m));
}

TEST_F(quota, netlink_shows_ceiling_and_use)
{
	struct kn_limits before, after;
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(HERE, LIMIT_NAME, 123456));
	ASSERT_EQ(0, kn_limits(self->sock, &before));
	EXPECT_EQ(123456, before.value[KCHAN_A_MAX_POOL_BYTES_USER]);
	fd = kp_queue(CTL, 2, 64);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kn_limits(self->sock, &after));
	EXPECT_EQ(before.value[KCHAN_A_USER_POOL_BYTES] +
		  2 * (64 + KCHAN_SLOT_OVERHEAD),
		  after.value[KCHAN_A_USER_POOL_BYTES]);
}

TEST_HARNESS_MAIN
