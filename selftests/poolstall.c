// SPDX-License-Identifier: GPL-2.0
/*
 * A process whose memory comes slowly, or never, in the middle of a copy into or out of
 * a pool: nobody else is stopped by that.
 */
#include "kchan_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#define SLOTS 4
#define SIZE 4096

FIXTURE(stall)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int pool;	/* its memory */
	char *map;
	char buf[SIZE];
	struct kc_trap trap;
};

FIXTURE_SETUP(stall)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	self->pool = kp_fd(self->fd);
	self->map = kp_map(self->fd);
	ASSERT_TRUE(self->map);
	ASSERT_TRUE(kc_trap_set(&self->trap));
}

FIXTURE_TEARDOWN(stall)
{
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	EXPECT_TRUE(kc_sums(self->fd));
	close(self->trap.uffd);
	close(self->pool);
	close(self->fd);
	close(self->ctl);
}

/* All that others do with a channel that has at least one slot free. */
static int use(void *arg)
{
	const FIXTURE_DATA(stall) *self = arg;
	int slot = kp_loan(self->fd), again;
	char buf[SIZE], *map;

	if (slot < 0)
		return -EPROTO;
	strcpy(self->map + slot * SIZE, "published");
	if (kp_publish(self->fd, slot, 10))
		return -EBADMSG;
	if (kp_take_one(self->fd, 0) != slot ||
	    strcmp(self->map + slot * SIZE, "published"))
		return -EBADE;
	if (kp_release(self->fd, slot) != 1)
		return -EBADF;
	memset(buf, 'c', SIZE);
	if (write(self->fd, buf, SIZE) != SIZE ||
	    read(self->fd, buf, SIZE) != SIZE || buf[SIZE - 1] != 'c')
		return -EIO;
	again = kp_fd(self->fd);
	map = kp_map(self->fd);
	if (again < 0 || !map || kc_state(self->fd).slots != SLOTS)
		return -ENODEV;
	return kc_poll(self->fd, POLLOUT) & POLLOUT ? 0 : -EAGAIN;
}

/* The last slots, with memory that nobody has touched before, come to their end too. */
static int use_all(void *arg)
{
	const FIXTURE_DATA(stall) *self = arg;
	uint32_t slots[SLOTS];
	int n = kp_loan_many(self->fd, slots, SLOTS);

	if (n < SLOTS - 1 || kp_release_many(self->fd, slots, n) != n)
		return -EPROTO;
	return use(arg);
}

/* Whether others come to an end with that, although one has stalled. */
static bool others_go_on(FIXTURE_DATA(stall) *self)
{
	pid_t pid = kc_fork(use_all, self);
	int status = -1;

	if (KC_EVENTUALLY(waitpid(pid, &status, WNOHANG) == pid))
		return status == 0;
	kill(pid, SIGKILL);
	return false;
}

static bool stall(FIXTURE_DATA(stall) *self, struct kc_call *call)
{
	call->at = self->trap.page;
	return !kc_start(call) && kc_trapped(&self->trap);
}

TEST_F(stall, write_that_stalls_stops_nobody)
{
	struct kc_call call = kc_call(KC_WRITE, self->fd, SIZE);

	ASSERT_TRUE(stall(self, &call));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	EXPECT_TRUE(others_go_on(self));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, "late"));
	EXPECT_EQ(SIZE, kc_join(&call));
	EXPECT_EQ(SIZE, read(self->fd, self->buf, SIZE));
	EXPECT_EQ(0, strcmp(self->buf, "late"));
}

TEST_F(stall, write_whose_memory_goes_frees_its_slot)
{
	struct kc_call call = kc_call(KC_WRITE, self->fd, SIZE);

	ASSERT_TRUE(stall(self, &call));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap));
	EXPECT_EQ(-EFAULT, kc_join(&call));
	EXPECT_EQ(0, kc_state(self->fd).sent);
}

TEST_F(stall, read_that_stalls_stops_nobody)
{
	struct kc_call call = kc_call(KC_READ, self->fd, SIZE);

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, &call));
	EXPECT_SLOTS(self->fd, 0, 0, 1);
	EXPECT_TRUE(others_go_on(self));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, ""));
	EXPECT_EQ(5, kc_join(&call));
	EXPECT_EQ(0, memcmp(self->trap.page, "hello", 5));
}

TEST_F(stall, read_whose_memory_goes_puts_the_message_back)
{
	struct kc_call call = kc_call(KC_READ, self->fd, SIZE);

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, &call));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap));
	EXPECT_EQ(-EFAULT, kc_join(&call));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(5, read(self->fd, self->buf, SIZE));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

/* write(2) to the memory itself holds the lock of its inode all the time. */
TEST_F(stall, write_to_the_memory_that_stalls_stops_nobody)
{
	struct kc_call call = kc_call(KC_WRITE, self->pool, SIZE);

	ASSERT_TRUE(stall(self, &call));
	EXPECT_TRUE(others_go_on(self));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, "late"));
	EXPECT_EQ(SIZE, kc_join(&call));
	EXPECT_EQ(0, strcmp(self->map, "late"));
}

/* read(2) of the memory itself, which may keep a page in hand. */
TEST_F(stall, read_of_the_memory_that_stalls_stops_nobody)
{
	struct kc_call call = kc_call(KC_READ, self->pool, SIZE);

	strcpy(self->map, "memory");
	ASSERT_TRUE(stall(self, &call));
	EXPECT_TRUE(others_go_on(self));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, ""));
	EXPECT_LT(0, kc_join(&call));
}

static int write_and_stall(void *arg)
{
	struct kc_trap trap;

	if (!kc_trap_set(&trap))
		return -EPROTO;
	return write(*(int *)arg, trap.page, SIZE) == SIZE ? 0 : -errno;
}

TEST_F(stall, writer_that_stalls_is_killed_and_frees_its_slot)
{
	pid_t pid = kc_fork(write_and_stall, &self->fd);

	ASSERT_TRUE(KC_EVENTUALLY(kp_slots(self->fd, 0, 0, 1)));
	ASSERT_TRUE(kc_asleep(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_SLOTS(self->fd, 0, 0, 0);
}

TEST_F(stall, revoke_waits_for_nobody_who_stalls)
{
	struct kc_call call = kc_call(KC_READ, self->fd, SIZE);
	int old = self->fd;

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_TRUE(stall(self, &call));
	EXPECT_EQ(0, kc_revoke(self->fd));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, ""));
	EXPECT_EQ(5, kc_join(&call));
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	close(old);
}

TEST_HARNESS_MAIN
