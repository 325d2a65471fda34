// SPDX-License-Identifier: GPL-2.0
/* The memory of pools: that it is zero, when it comes, who pays, and that it goes. */
#include "kchan_pool.h"

#include <linux/falloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define CGROUPS "/sys/fs/cgroup"
#define MIB (1024 * 1024)
#define SLOTS 64
#define SIZE 65536

/* What all have: zero at first, and with ZERO_SLOTS at each loan. */

static bool is_zero(const char *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return !n;
}

TEST(fresh_memory_is_zero_wherever_it_is_looked_at)
{
	int ctl = kc_ctl(), fd = kp_queue(ctl, 16, 12288), slot, i;
	char *map = kp_map(fd), buf[12288];

	for (i = 0; i < 16; i++) {
		slot = kp_loan(fd);
		ASSERT_LE(0, slot);
		EXPECT_TRUE(is_zero(map + slot * 12288, 12288));
		ASSERT_EQ(0, kp_publish(fd, slot, 12288));
	}
	for (i = 0; i < 16; i++) {
		memset(buf, KC_POISON, sizeof(buf));
		ASSERT_EQ(12288, read(fd, buf, sizeof(buf)));
		EXPECT_TRUE(is_zero(buf, sizeof(buf)));
	}
	close(fd);
	close(ctl);
}

FIXTURE(zero)
{
	int ctl;
	int fd;
	char *map;
};

FIXTURE_VARIANT(zero)
{
	unsigned int slot_size;
};

FIXTURE_VARIANT_ADD(zero, small)
{
	.slot_size = 64,
};

FIXTURE_VARIANT_ADD(zero, across_pages)
{
	.slot_size = 5056,
};

FIXTURE_SETUP(zero)
{
	struct kchan_create arg = kp_create_arg(8, variant->slot_size);

	self->ctl = kc_ctl();
	arg.flags = KCHAN_CREATE_ZERO_SLOTS;
	self->fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, self->fd);
	self->map = kp_map(self->fd);
	ASSERT_TRUE(self->map);
	memset(self->map, KC_POISON, 8 * variant->slot_size);
}

FIXTURE_TEARDOWN(zero)
{
	close(self->fd);
	close(self->ctl);
}

/* The slot and no byte of another. */
static bool only_these_are_zero(const char *map, unsigned int size,
				const uint32_t *slots, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < 8; i++) {
		for (j = 0; j < n && slots[j] != i; j++)
			;
		if (j < n ? !is_zero(map + i * size, size) :
		    map[i * size] != (char)KC_POISON ||
		    map[(i + 1) * size - 1] != (char)KC_POISON)
			return false;
	}
	return true;
}

TEST_F(zero, loan_clears_the_slot_and_nothing_else)
{
	uint32_t slot;
	int i;

	for (i = 0; i < 10; i++) {
		slot = kp_loan(self->fd);
		EXPECT_TRUE(only_these_are_zero(self->map, variant->slot_size,
						&slot, 1));
		memset(self->map + slot * variant->slot_size, KC_POISON,
		       variant->slot_size);
		ASSERT_EQ(1, kp_release(self->fd, slot));
	}
}

TEST_F(zero, array_of_loans_clears_all_of_them)
{
	uint32_t slots[3];

	ASSERT_EQ(3, kp_loan_many(self->fd, slots, 3));
	EXPECT_TRUE(only_these_are_zero(self->map, variant->slot_size, slots, 3));
}

TEST_F(zero, publish_clears_the_slot_that_it_loans)
{
	struct kchan_publish arg = kp_publish_arg(kp_loan(self->fd), 4);
	int i;

	for (i = 0; i < 10; i++) {
		memset(self->map, KC_POISON, 8 * variant->slot_size);
		arg.flags = KCHAN_PUBLISH_LOAN;
		ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
		ASSERT_NE(KCHAN_SLOT_NONE, arg.next);
		EXPECT_TRUE(only_these_are_zero(self->map, variant->slot_size,
						&arg.next, 1));
		ASSERT_EQ(1, kp_release(self->fd, kp_take_one(self->fd, 0)));
		arg.slot = arg.next;
	}
}

TEST_F(zero, hole_in_a_loaned_slot_is_no_matter)
{
	int pool = kp_fd(self->fd), slot = kp_loan(self->fd);

	ASSERT_EQ(0, fallocate(pool, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       0, 8 * variant->slot_size));
	ASSERT_EQ(1, kp_release(self->fd, slot));
	ASSERT_EQ(slot, kp_loan(self->fd));
	EXPECT_TRUE(is_zero(self->map + slot * variant->slot_size,
			    variant->slot_size));
	close(pool);
}

/* One cgroup for who makes the channel, and one for who uses it. */

FIXTURE(memcg)
{
	struct kc_env env;
	int fd;		/* of a channel that is the first cgroup's */
	uint32_t slots[SLOTS];
};

static const char * const groups[] = { "kchan-maker", "kchan-user" };

static const char *cgroup_file(int group, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s/%s", groups[group], file);
	return path;
}

static long long charged(int group)
{
	return kc_read_number(cgroup_file(group, "memory.current"));
}

static long long oom_kills(int group)
{
	char text[512], *at;

	if (kc_read_text(cgroup_file(group, "memory.events"), text,
			 sizeof(text)) < 0)
		return -1;
	at = strstr(text, "oom_kill ");
	return at ? atoll(at + 9) : -1;
}

static int prepare_cgroups(void)
{
	int i;

	if (access(CGROUPS "/cgroup.controllers", F_OK) &&
	    mount("cgroup", CGROUPS, "cgroup2", 0, NULL))
		return -errno;
	if (kc_write_file(CGROUPS "/cgroup.subtree_control", "+memory"))
		return -errno;
	for (i = 0; i < 2; i++) {
		rmdir(cgroup_file(i, ""));
		if (mkdir(cgroup_file(i, ""), 0755))
			return -errno;
	}
	return 0;
}

/* What runs in a cgroup, with what it uses. */
struct member {
	int group;
	kc_fn fn;
	FIXTURE_DATA(memcg) *self;
};

static int member(void *arg)
{
	struct member *m = arg;
	int ret = kc_write_file(cgroup_file(m->group, "cgroup.procs"), "0");

	return ret ? ret : m->fn(m);
}

static int in_group(FIXTURE_DATA(memcg) *self, int group, kc_fn fn)
{
	struct member m = { group, fn, self };

	return kc_child(member, &m);
}

static int make(void *arg)
{
	struct kchan_create create = kp_create_arg(SLOTS, SIZE);
	struct member *m = arg;
	int fd;

	create.name = (uintptr_t)"a";
	fd = kc_create_with(m->self->env.ctl, &create);
	return fd < 0 ? fd : 0;
}

FIXTURE_SETUP(memcg)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, prepare_cgroups());
	ASSERT_LE(0, charged(0));
	ASSERT_EQ(0, in_group(self, 0, make));
	self->fd = kc_open(self->env.ctl, "a", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(memcg)
{
	close(self->fd);
	kc_remove(self->env.ctl, "a", 0, 0);
	kc_leave(&self->env);
	KC_EVENTUALLY(!rmdir(cgroup_file(0, "")));
	KC_EVENTUALLY(!rmdir(cgroup_file(1, "")));
}

/* Loans as many as there are, writes to all of them and publishes half. */
static int use_all(void *arg)
{
	struct member *m = arg;
	uint32_t *slots = m->self->slots;
	char *map = kp_map(m->self->fd);
	int i;

	if (!map || kp_loan_many(m->self->fd, slots, SLOTS) != SLOTS)
		return -EPROTO;
	for (i = 0; i < SLOTS; i++) {
		memset(map + (size_t)slots[i] * SIZE, 'x', SIZE);
		if (i % 2 && kp_publish(m->self->fd, slots[i], SIZE))
			return -EBADMSG;
	}
	return 0;
}

TEST_F(memcg, memory_comes_with_the_first_loan)
{
	int i, slot;

	EXPECT_GT(MIB, charged(0));
	for (i = 0; i < SLOTS / 2; i++) {
		slot = kp_loan(self->fd);
		ASSERT_LE(0, slot);
	}
	EXPECT_LE(SLOTS / 2 * SIZE - MIB / 4, charged(0));
	EXPECT_GT(SLOTS / 2 * SIZE + MIB, charged(0));
}

TEST_F(memcg, who_made_the_channel_pays_and_not_who_uses_it)
{
	ASSERT_EQ(0, in_group(self, 1, use_all));
	EXPECT_LE(SLOTS * SIZE - MIB / 4, charged(0));
	EXPECT_GT(MIB, charged(1));
}

static int write_all(void *arg)
{
	static char data[SIZE];
	struct member *m = arg;
	int i;

	memset(data, 'w', SIZE);
	for (i = 0; i < SLOTS; i++)
		if (write(m->self->fd, data, SIZE) != SIZE)
			return -errno;
	return 0;
}

TEST_F(memcg, messages_that_are_written_are_paid_likewise)
{
	ASSERT_EQ(0, in_group(self, 1, write_all));
	EXPECT_LE(SLOTS * SIZE - MIB / 4, charged(0));
	EXPECT_GT(MIB, charged(1));
}

TEST_F(memcg, memory_is_kept_for_the_next_and_goes_with_the_channel)
{
	static char buf[SIZE];

	ASSERT_EQ(0, in_group(self, 1, write_all));
	while (read(self->fd, buf, SIZE) == SIZE)
		;
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_LE(SLOTS * SIZE - MIB / 4, charged(0));
	ASSERT_EQ(0, kc_remove(self->env.ctl, "a", 0, 0));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(KC_EVENTUALLY(charged(0) < MIB / 2))
		TH_LOG("%lld bytes are still charged", charged(0));
}

TEST_F(memcg, mapping_keeps_the_memory_and_its_charge)
{
	char *map = kp_map(self->fd);

	ASSERT_EQ(0, in_group(self, 1, write_all));
	ASSERT_EQ(0, kc_remove(self->env.ctl, "a", 0, KCHAN_REMOVE_NOW));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ('w', map[0]);
	EXPECT_LE(SLOTS * SIZE - MIB / 4, charged(0));
	munmap(map, (size_t)SLOTS * SIZE);
	EXPECT_TRUE(KC_EVENTUALLY(charged(0) < MIB / 2));
}

/* Until no more can be had: what the call said then. */
static int loan_until_it_fails(void *arg)
{
	struct member *m = arg;
	int ret;

	do {
		ret = kp_loan(m->self->fd);
	} while (ret >= 0);
	return ret;
}

static int sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

TEST_F(memcg, loan_at_the_makers_limit_is_ENOMEM_and_kills_nobody)
{
	struct member m = { 0, sleep_on, self };
	pid_t sleeper = kc_fork(member, &m);
	struct kchan_state state;

	ASSERT_TRUE(kc_asleep(sleeper));
	ASSERT_EQ(0, kc_write_file(cgroup_file(0, "memory.max"), "2097152"));
	EXPECT_EQ(-ENOMEM, in_group(self, 1, loan_until_it_fails));
	state = kc_state(self->fd);
	EXPECT_LT(4, state.slots_loaned);
	EXPECT_GT(SLOTS / 2, state.slots_loaned);
	EXPECT_EQ(-ENOMEM, in_group(self, 1, write_all));
	/* Not even the maker's own process. */
	EXPECT_EQ(0, oom_kills(0));
	EXPECT_EQ(0, kill(sleeper, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(sleeper));
	EXPECT_EQ(0, oom_kills(1));
	/* What failed has left no slot behind. */
	state = kc_state(self->fd);
	EXPECT_EQ(SLOTS, state.slots_free + state.slots_loaned + state.queued);
}

TEST_F(memcg, next_loan_that_has_no_memory_does_not_make_publish_fail)
{
	struct kchan_publish arg;
	int slot = -1, next, failed = 0;

	ASSERT_EQ(0, kc_write_file(cgroup_file(0, "memory.max"), "1048576"));
	/* What has been freed may be given back a little later, and be enough for one. */
	while (failed < 20) {
		next = kp_loan(self->fd);
		if (next >= 0)
			slot = next;
		else
			usleep(20000);
		failed = next < 0 ? failed + 1 : 0;
	}
	ASSERT_EQ(-ENOMEM, next);
	ASSERT_LE(0, slot);
	arg = kp_publish_arg(slot, 4);
	arg.flags = KCHAN_PUBLISH_LOAN;
	EXPECT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &arg));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(KCHAN_SLOT_NONE, arg.next);
	EXPECT_EQ(0, oom_kills(0));
}

TEST_F(memcg, pool_goes_on_when_there_is_memory_again)
{
	ASSERT_EQ(0, kc_write_file(cgroup_file(0, "memory.max"), "2097152"));
	EXPECT_EQ(-ENOMEM, in_group(self, 1, loan_until_it_fails));
	ASSERT_EQ(0, kc_write_file(cgroup_file(0, "memory.max"), "max"));
	EXPECT_EQ(-EAGAIN, in_group(self, 1, loan_until_it_fails));
	EXPECT_EQ(SLOTS, kc_state(self->fd).slots_loaned);
}

TEST_HARNESS_MAIN
