// SPDX-License-Identifier: GPL-2.0
/* kchan_remove() and kchan_revoke(). */
#include "lib_test.h"

#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

FIXTURE(remove)
{
	struct kc_env env;
	struct kchan *ch; /* "d/a", of mode 0666 */
	struct kchan *unnamed;
	uint64_t id;
};

FIXTURE_SETUP(remove)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .mode = 0666 };

	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, kchan_create(&self->ch, "d/a", O_RDWR, &opts));
	ASSERT_EQ(0, kchan_create(&self->unnamed, NULL, O_RDWR, NULL));
	self->id = state_of(self->ch).id;
}

FIXTURE_TEARDOWN(remove)
{
	kchan_close(self->unnamed);
	kchan_close(self->ch);
	kc_leave(&self->env);
}

/* The name is gone, and what has it open goes on. */
static bool unlinked(const struct kchan *ch)
{
	return try_open("d/a", O_RDWR) == -ENOENT &&
	       !(state_of(ch).flags & KCHAN_STATE_NAMED);
}

/* The channel has its name, and is not revoked. */
static bool untouched(const struct kchan *ch)
{
	return try_open("d/a", O_RDWR) == 0 &&
	       state_of(ch).flags == KCHAN_STATE_NAMED;
}

TEST_F(remove, name_is_removed)
{
	EXPECT_EQ(0, kchan_remove("d/a", 0, 0));
	EXPECT_TRUE(unlinked(self->ch));
	EXPECT_EQ(0, kchan_send(self->ch, "x", 1));
	EXPECT_EQ(-ENOENT, kchan_remove("d/a", 0, 0));
}

TEST_F(remove, path_is_removed)
{
	EXPECT_EQ(0, kchan_remove(PATH("d/a"), 0, 0));
	EXPECT_TRUE(unlinked(self->ch));
	EXPECT_EQ(-ENOENT, kchan_remove(PATH("d/a"), 0, 0));
}

TEST_F(remove, number_is_enough)
{
	EXPECT_EQ(0, kchan_remove(NULL, self->id, 0));
	EXPECT_TRUE(unlinked(self->ch));
	EXPECT_EQ(-ENOENT, kchan_remove(NULL, self->id, 0));
}

TEST_F(remove, number_must_be_that_of_the_name)
{
	EXPECT_EQ(-ENOENT, kchan_remove("d/a", self->id + 1, 0));
	EXPECT_EQ(-ENOENT, kchan_remove(PATH("d/a"), self->id + 1, 0));
	EXPECT_TRUE(untouched(self->ch));
	EXPECT_EQ(0, kchan_remove("d/a", self->id, 0));
	EXPECT_TRUE(unlinked(self->ch));
}

TEST_F(remove, now_ends_endpoints)
{
	EXPECT_EQ(0, kchan_remove("d/a", 0, KCHAN_REMOVE_NOW));
	EXPECT_EQ(-ENOENT, try_open("d/a", O_RDWR));
	EXPECT_EQ(-EIDRM, kchan_send(self->ch, "x", 1));
}

TEST_F(remove, now_ends_a_channel_without_a_name)
{
	uint64_t id = state_of(self->unnamed).id;

	EXPECT_EQ(-ENOENT, kchan_remove(NULL, id, 0));
	EXPECT_EQ(0, kchan_send(self->unnamed, "x", 1));
	EXPECT_EQ(0, kchan_remove(NULL, id, KCHAN_REMOVE_NOW));
	EXPECT_EQ(-EIDRM, kchan_send(self->unnamed, "x", 1));
}

TEST_F(remove, what_makes_no_sense_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kchan_remove("d/a", 0, 1U << 31));
	EXPECT_EQ(-EINVAL, kchan_remove(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, kchan_remove("", 0, 0));
	EXPECT_EQ(-EINVAL, kchan_remove("d//a", 0, 0));
	EXPECT_EQ(-EINVAL, kchan_remove(PATH("d/.."), 0, 0));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_F(remove, what_is_no_channel_stays)
{
	EXPECT_EQ(-EISDIR, kchan_remove("d", 0, 0));
	EXPECT_EQ(-EISDIR, kchan_remove(PATH("d"), 0, 0));
	EXPECT_EQ(-ENOENT, kchan_remove("e/a", 0, 0));
	EXPECT_EQ(-ENOENT, kchan_remove(PATH("e/a"), 0, 0));
	EXPECT_EQ(-ENOTDIR, kchan_remove("d/a/a", 0, 0));
	EXPECT_EQ(-ENOTDIR, kchan_remove(PATH("d/a/a"), 0, 0));
	ASSERT_EQ(0, mount("none", "/mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, close(creat("/mnt/file", 0666)));
	EXPECT_EQ(-ENOTTY, kchan_remove("/mnt/file", 0, 0));
	EXPECT_EQ(0, access("/mnt/file", F_OK));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_F(remove, what_something_is_mounted_on_is_EBUSY)
{
	ASSERT_EQ(0, mount("/dev/null", PATH("d/a"), NULL, MS_BIND, NULL));
	EXPECT_EQ(-EBUSY, kchan_remove(PATH("d/a"), 0, 0));
	ASSERT_EQ(0, umount(PATH("d/a")));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_F(remove, readonly_mount_is_EROFS)
{
	ASSERT_EQ(0, mount(NULL, self->env.dir, NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, kchan_remove(PATH("d/a"), 0, 0));
	EXPECT_TRUE(untouched(self->ch));
}

struct other_user {
	const char *name;
	uint32_t flags;
};

static int remove_as_other(void *arg)
{
	const struct other_user *other = arg;

	return kchan_remove(other->name, 0, other->flags);
}

TEST_F(remove, another_users_channel_is_EPERM)
{
	struct other_user name = { "d/a", 0 },
			  now = { "d/a", KCHAN_REMOVE_NOW },
			  path = { PATH("d/a"), 0 };

	EXPECT_EQ(-EPERM, kc_as(1000, remove_as_other, &name));
	EXPECT_EQ(-EPERM, kc_as(1000, remove_as_other, &now));
	EXPECT_EQ(-EPERM, kc_as(1000, remove_as_other, &path));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_F(remove, another_users_directory_is_EACCES)
{
	struct other_user name = { "d/a", 0 }, path = { PATH("d/a"), 0 };

	ASSERT_EQ(0, chmod(PATH("d"), 0755));
	EXPECT_EQ(-EACCES, kc_as(1000, remove_as_other, &name));
	EXPECT_EQ(-EACCES, kc_as(1000, remove_as_other, &path));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_F(remove, missing_device_is_ENODEV)
{
	ASSERT_EQ(0, mount("none", "/dev", "tmpfs", 0, NULL));
	EXPECT_EQ(-ENODEV, kchan_remove("d/a", 0, 0));
	EXPECT_EQ(0, umount("/dev"));
}

TEST_F(remove, revoke_takes_the_name_and_ends_endpoints)
{
	struct kchan *other = open_as("d/a", O_RDONLY);

	ASSERT_TRUE(other);
	EXPECT_EQ(0, kchan_revoke(self->ch));
	EXPECT_EQ(-ENOENT, try_open("d/a", O_RDONLY));
	EXPECT_EQ(POLLHUP | POLLERR, kc_poll(kchan_fd(other), 0));
	EXPECT_EQ(-EIDRM, kchan_revoke(other));
	kchan_close(other);
}

static int revoke_as_other(void *arg)
{
	return kchan_revoke(arg);
}

TEST_F(remove, revoke_of_another_users_channel_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1000, revoke_as_other, self->ch));
	EXPECT_TRUE(untouched(self->ch));
}

TEST_HARNESS_MAIN
