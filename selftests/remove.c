// SPDX-License-Identifier: GPL-2.0
/* REMOVE: by name and by number, what becomes of the channel, and who may. */
#include "kchan_call.h"

#include <linux/capability.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>

FIXTURE(remove)
{
	struct kc_env env;
	int fd;			/* of "a", O_RDWR, O_NONBLOCK */
	int dir;		/* the root directory */
	uint64_t id;
	struct kchan_state before;
};

FIXTURE_SETUP(remove)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->fd = kc_create(self->env.ctl, "a", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->dir = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->dir);
	ASSERT_EQ(1, write(self->fd, "x", 1));
	self->before = kc_state(self->fd);
	self->id = self->before.id;
}

FIXTURE_TEARDOWN(remove)
{
	close(self->dir);
	close(self->fd);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)
#define NOW KCHAN_REMOVE_NOW
#define UNCHANGED() kc_unchanged(&self->before, self->fd)

/* The same result by /dev/kchan and by the root directory, with NOW and without. */
static int four_times(int ctl, int dir, const char *name, uint64_t id)
{
	int ret = kc_remove(ctl, name, id, 0);

	if (kc_remove(dir, name, id, 0) != ret ||
	    kc_remove(ctl, name, id, NOW) != ret ||
	    kc_remove(dir, name, id, NOW) != ret)
		return -EBADE;
	return ret;
}

#define REFUSED(name, id) four_times(CTL, self->dir, name, id)

static bool is_revoked(int fd)
{
	struct kchan_state state = { .size = sizeof(state) };

	return kc_ioctl(fd, KCHAN_IOC_STATE, &state) == -EIDRM &&
		kc_ret(write(fd, "x", 1)) == -EIDRM &&
		kc_poll(fd, 0) == (POLLHUP | POLLERR);
}

/* Without its name, and all else as it was. */
static bool only_unnamed(const struct kchan_state *before, int fd)
{
	struct kchan_state now = kc_state(fd);

	now.flags |= KCHAN_STATE_NAMED;
	return !memcmp(before, &now, sizeof(now)) &&
		!(kc_state(fd).flags & KCHAN_STATE_NAMED);
}

TEST_F(remove, name_goes_and_endpoints_go_on)
{
	char buf[8];

	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	EXPECT_TRUE(only_unnamed(&self->before, self->fd));
	EXPECT_EQ(1, read(self->fd, buf, sizeof(buf)));
	EXPECT_EQ(3, write(self->fd, "two", 3));
}

TEST_F(remove, by_id)
{
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_TRUE(only_unnamed(&self->before, self->fd));
}

TEST_F(remove, through_a_directory)
{
	ASSERT_EQ(0, kc_remove(self->dir, "a", 0, 0));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_TRUE(only_unnamed(&self->before, self->fd));
}

TEST_F(remove, other_channels_stay)
{
	int b = kc_create(CTL, "b", O_RDWR);
	struct kchan_state before = kc_state(b);

	ASSERT_EQ(0, kc_remove(CTL, "a", 0, NOW));
	EXPECT_TRUE(kc_unchanged(&before, b));
	EXPECT_EQ(0, access(PATH("b"), F_OK));
}

TEST_F(remove, name_in_a_directory)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("d/e"), 0777));
	close(kc_create(CTL, "d/e/b", O_RDWR));
	close(kc_create(CTL, "d/e/c", O_RDWR));
	EXPECT_EQ(0, kc_remove(CTL, "d/e/b", 0, 0));
	EXPECT_NE(0, access(PATH("d/e/b"), F_OK));
	EXPECT_EQ(0, kc_remove(self->dir, "d/e/c", 0, 0));
	EXPECT_NE(0, access(PATH("d/e/c"), F_OK));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, by_id_in_a_directory_to_which_it_was_moved)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	EXPECT_EQ(0, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_NE(0, access(PATH("d/b"), F_OK));
	EXPECT_EQ(0, rmdir(PATH("d")));
}

TEST_F(remove, channel_goes_with_its_last_endpoint)
{
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, self->id, NOW));
}

TEST_F(remove, channel_without_endpoints_is_gone_at_once)
{
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, self->id, NOW));
}

TEST_F(remove, name_can_be_made_again)
{
	int fd;

	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_NE(self->id, kc_state(fd).id);
	EXPECT_EQ(0, kc_state(fd).queued);
}

TEST_F(remove, id_that_the_name_has)
{
	EXPECT_EQ(0, kc_remove(CTL, "a", self->id, 0));
	EXPECT_NE(0, access(PATH("a"), F_OK));
}

TEST_F(remove, id_that_the_name_has_through_a_directory)
{
	EXPECT_EQ(0, kc_remove(self->dir, "a", self->id, NOW));
	EXPECT_TRUE(is_revoked(self->fd));
}

TEST_F(remove, id_that_the_name_has_not_is_ENOENT)
{
	int b = kc_create(CTL, "b", O_RDWR);
	uint64_t other = kc_state(b).id;

	EXPECT_EQ(-ENOENT, REFUSED("a", other));
	EXPECT_EQ(-ENOENT, REFUSED("a", self->id + 1000));
	EXPECT_EQ(-ENOENT, REFUSED("a", self->id | 1ULL << 63));
	EXPECT_EQ(-ENOENT, REFUSED("a", UINT64_MAX));
	EXPECT_TRUE(UNCHANGED());
	EXPECT_EQ(1, kc_state(b).senders);
}

TEST_F(remove, now_ends_all_use)
{
	int other = kc_open(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_remove(CTL, "a", 0, NOW));
	EXPECT_TRUE(is_revoked(self->fd));
	EXPECT_TRUE(is_revoked(other));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
}

TEST_F(remove, now_by_id)
{
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id, NOW));
	EXPECT_TRUE(is_revoked(self->fd));
	EXPECT_NE(0, access(PATH("a"), F_OK));
}

TEST_F(remove, now_ends_waiting_calls)
{
	int fd = kc_queue(CTL, 1, 10, 10);
	struct kc_call rx = kc_receiver(kc_reopen(self->fd, O_RDONLY));
	struct kc_call tx = kc_sender(kc_reopen(fd, O_WRONLY), 0, 10);
	char buf[8];

	ASSERT_EQ(1, read(self->fd, buf, sizeof(buf)));
	ASSERT_EQ(10, write(fd, "0123456789", 10));
	ASSERT_EQ(0, kc_start(&rx));
	ASSERT_EQ(0, kc_start(&tx));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_TRUE(kc_senders_wait(fd, 1));
	EXPECT_EQ(0, kc_remove(CTL, "a", 0, NOW));
	EXPECT_EQ(-EIDRM, kc_join(&rx));
	EXPECT_EQ(0, kc_remove(CTL, NULL, kc_state(fd).id, NOW));
	EXPECT_EQ(-EIDRM, kc_join(&tx));
}

TEST_F(remove, now_of_a_channel_without_a_name)
{
	int fd = kc_create(CTL, NULL, O_RDWR);

	EXPECT_EQ(0, kc_remove(CTL, NULL, kc_state(fd).id, NOW));
	EXPECT_TRUE(is_revoked(fd));
}

TEST_F(remove, now_of_a_channel_that_has_lost_its_name)
{
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(0, kc_remove(CTL, NULL, self->id, NOW));
	EXPECT_TRUE(is_revoked(self->fd));
}

TEST_F(remove, now_of_a_revoked_channel_is_EIDRM)
{
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_remove(CTL, NULL, self->id, NOW));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, "a", 0, 0));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, "a", 0, NOW));
	EXPECT_TRUE(is_revoked(self->fd));
}

TEST_F(remove, id_without_a_name_is_ENOENT_unless_now)
{
	int fd = kc_create(CTL, NULL, O_RDWR);
	struct kchan_state before = kc_state(fd);

	EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, before.id, 0));
	EXPECT_TRUE(kc_unchanged(&before, fd));
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_TRUE(only_unnamed(&self->before, self->fd));
}

TEST_F(remove, ids_of_no_channel_are_ENOENT)
{
	struct stat root, dir;
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, stat(PATH("d"), &dir));
	ASSERT_EQ(0, stat(self->env.dir, &root));
	const uint64_t ids[] = {
		dir.st_ino, root.st_ino, self->id + 1000, 1ULL << 32 | self->id,
		1ULL << 63, UINT64_MAX,
	};

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, ids[i], 0))
			TH_LOG("id %u", i);
		EXPECT_EQ(-ENOENT, kc_remove(CTL, NULL, ids[i], NOW))
			TH_LOG("id %u", i);
	}
	EXPECT_TRUE(UNCHANGED());
	EXPECT_EQ(0, rmdir(PATH("d")));
}

TEST_F(remove, id_of_another_namespace_is_ENOENT)
{
	int other;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = kc_ctl();
	EXPECT_EQ(-ENOENT, kc_remove(other, NULL, self->id, NOW));
	EXPECT_EQ(-ENOENT, kc_remove(other, "a", 0, NOW));
	EXPECT_TRUE(UNCHANGED());
	/* The instance is that of the namespace of the device's open. */
	EXPECT_EQ(0, kc_remove(CTL, NULL, self->id, 0));
	close(other);
}

TEST_F(remove, neither_name_nor_id_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, REFUSED(NULL, 0));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, id_alone_on_a_directory_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kc_remove(self->dir, NULL, self->id, 0));
	EXPECT_EQ(-EINVAL, kc_remove(self->dir, NULL, self->id, NOW));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, malformed_names_are_EINVAL)
{
	static const char * const bad[] = {
		"", "/", "/a", "a/", "a//b", ".", "..", ".a", "a/.", "a/..",
		"./a", "../a", "d/../a", "\x01", "a\n", "\177a", "d/b\x1b",
	};
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, REFUSED(bad[i], 0))
			TH_LOG("name %u: '%s'", i, bad[i]);
	}
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, names_that_are_too_long_are_ENAMETOOLONG)
{
	char *name = kc_guarded(KCHAN_NAME_MAX + 2), component[257];

	memset(name, 'n', KCHAN_NAME_MAX + 2);
	EXPECT_EQ(-ENAMETOOLONG, REFUSED(name, 0));
	memset(component, 'n', 256);
	component[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, REFUSED(component, 0));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, missing_names_are_ENOENT)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_EQ(-ENOENT, REFUSED("b", 0));
	EXPECT_EQ(-ENOENT, REFUSED("d/a", 0));
	EXPECT_EQ(-ENOENT, REFUSED("e/a", 0));
	EXPECT_EQ(-ENOENT, REFUSED("b", self->id));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, name_under_a_channel_is_ENOTDIR)
{
	EXPECT_EQ(-ENOTDIR, REFUSED("a/b", 0));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(remove, directory_is_EISDIR)
{
	struct stat st;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, stat(PATH("d"), &st));
	EXPECT_EQ(-EISDIR, REFUSED("d", 0));
	EXPECT_EQ(-EISDIR, REFUSED("d", st.st_ino));
	EXPECT_EQ(0, access(PATH("d"), F_OK));
}

/* An automatic channel, by its name, which it may lose before its endpoints. */
TEST_F(remove, automatic_channel)
{
	struct kchan_create arg = kc_create_arg("auto");
	int fd;

	arg.flags = KCHAN_CREATE_AUTO;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kc_remove(CTL, "auto", kc_state(fd).id, 0));
	EXPECT_NE(0, access(PATH("auto"), F_OK));
	EXPECT_EQ(KCHAN_STATE_AUTO, kc_state(fd).flags);
	EXPECT_EQ(3, write(fd, "one", 3));
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kc_remove(CTL, NULL, kc_state(fd).id, NOW));
	EXPECT_TRUE(is_revoked(fd));
	EXPECT_NE(0, access(PATH("auto"), F_OK));
}

TEST_F(remove, inotify_tells_of_it)
{
	char buf[256] __attribute__((aligned(8)));
	struct inotify_event *event = (void *)buf;
	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	ASSERT_LE(0, inotify_add_watch(in, self->env.dir, IN_DELETE));
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	ASSERT_LT(0, read(in, buf, sizeof(buf)));
	EXPECT_EQ(IN_DELETE, event->mask);
	EXPECT_STREQ("a", event->name);
	EXPECT_EQ(-EAGAIN, kc_ret(read(in, buf, sizeof(buf))));
}

TEST_F(remove, read_only_mount_is_EROFS_through_its_directory)
{
	int fd;

	ASSERT_EQ(0, mount(NULL, self->env.dir, NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, kc_remove(self->dir, "a", 0, 0));
	EXPECT_EQ(-EROFS, kc_remove(self->dir, "a", self->id, 0));
	EXPECT_EQ(-EROFS, kc_remove(self->dir, "a", 0, NOW));
	fd = open(PATH("a"), O_RDWR);
	EXPECT_EQ(-EROFS, kc_revoke(fd));
	close(fd);
	EXPECT_TRUE(UNCHANGED());
	EXPECT_EQ(0, kc_remove(CTL, "a", 0, 0));
}

TEST_F(remove, mount_on_the_name_is_EBUSY)
{
	int dir;

	ASSERT_EQ(0, mount("/dev/null", PATH("a"), NULL, MS_BIND, NULL));
	dir = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	EXPECT_EQ(-EBUSY, kc_fd(unlink(PATH("a"))));
	EXPECT_EQ(-EBUSY, kc_remove(dir, "a", 0, 0));
	EXPECT_GT(0, kc_remove(dir, "a", 0, NOW));
	EXPECT_EQ(0, umount(PATH("a")));
	EXPECT_TRUE(UNCHANGED());
	close(dir);
}

/* A way to remove "d/a", for each way that there is. */
struct way {
	int on;
	const char *name;
	uint64_t id;
	unsigned int flags;
};

static int go(void *arg)
{
	struct way *way = arg;

	return kc_remove(way->on, way->name, way->id, way->flags);
}

/* A channel of Alice's (1000) in a directory of Bob's (1001), open for all. */
FIXTURE(rights)
{
	struct kc_env env;
	int fd;
	int dir;
	struct way way;
	struct kchan_state before;
};

FIXTURE_VARIANT(rights)
{
	bool by_id;
	bool by_dir;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(rights, by_name) { .by_id = false };
FIXTURE_VARIANT_ADD(rights, by_id) { .by_id = true };
FIXTURE_VARIANT_ADD(rights, by_directory) { .by_dir = true };
FIXTURE_VARIANT_ADD(rights, by_name_now) { .flags = NOW };
FIXTURE_VARIANT_ADD(rights, by_id_now) { .by_id = true, .flags = NOW };
FIXTURE_VARIANT_ADD(rights, by_directory_now) { .by_dir = true, .flags = NOW };

FIXTURE_SETUP(rights)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	self->fd = kc_create(CTL, "d/a", O_RDWR);
	ASSERT_EQ(0, fchown(self->fd, 1000, 1000));
	ASSERT_EQ(0, chown(PATH("d"), 1001, 1001));
	self->dir = open(PATH("d"), O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->dir);
	self->before = kc_state(self->fd);
	self->way = (struct way) { CTL, "d/a", 0, variant->flags };
	if (variant->by_id) {
		self->way.name = NULL;
		self->way.id = self->before.id;
	}
	if (variant->by_dir) {
		self->way.on = self->dir;
		self->way.name = "a";
	}
}

FIXTURE_TEARDOWN(rights)
{
	close(self->dir);
	close(self->fd);
	kc_leave(&self->env);
}

/* Without NOW the directory's owner may, too. */
#define DIRECTORYS_OWNER (variant->flags ? -EPERM : 0)

#define EXPECT_REMOVED()						\
	do {								\
		EXPECT_NE(0, access(PATH("d/a"), F_OK));		\
		EXPECT_EQ(!!variant->flags, is_revoked(self->fd));	\
	} while (0)

TEST_F(rights, owner_of_the_channel)
{
	EXPECT_EQ(0, kc_as(1000, go, &self->way));
	EXPECT_REMOVED();
}

TEST_F(rights, owner_of_the_directory)
{
	EXPECT_EQ(DIRECTORYS_OWNER, kc_as(1001, go, &self->way));
	EXPECT_EQ(!DIRECTORYS_OWNER, !!access(PATH("d/a"), F_OK));
	EXPECT_TRUE(!DIRECTORYS_OWNER || UNCHANGED());
}

TEST_F(rights, others_get_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1002, go, &self->way));
	EXPECT_TRUE(UNCHANGED());
}

TEST_F(rights, root)
{
	EXPECT_EQ(0, go(&self->way));
	EXPECT_REMOVED();
}

TEST_F(rights, cap_fowner)
{
	EXPECT_EQ(-EPERM, kc_as_with(1002, CAP_KILL, go, &self->way));
	EXPECT_TRUE(UNCHANGED());
	EXPECT_EQ(0, kc_as_with(1002, CAP_FOWNER, go, &self->way));
	EXPECT_REMOVED();
}

/* NOW takes owning the channel, and no right to its directory. */
#define WITHOUT_DIRECTORY (variant->flags ? 0 : -EACCES)

TEST_F(rights, owner_who_cannot_write_the_directory)
{
	ASSERT_EQ(0, chmod(PATH("d"), 0755));
	EXPECT_EQ(WITHOUT_DIRECTORY, kc_as(1000, go, &self->way));
	EXPECT_EQ(!WITHOUT_DIRECTORY, !!access(PATH("d/a"), F_OK));
	EXPECT_TRUE(!WITHOUT_DIRECTORY || UNCHANGED());
}

TEST_F(rights, cap_fowner_does_not_replace_the_right_to_the_directory)
{
	ASSERT_EQ(0, chmod(PATH("d"), 0755));
	EXPECT_EQ(WITHOUT_DIRECTORY,
		  kc_as_with(1002, CAP_FOWNER, go, &self->way));
	EXPECT_TRUE(!WITHOUT_DIRECTORY || UNCHANGED());
}

TEST_F(rights, owner_who_cannot_search_the_directory)
{
	int expected = variant->flags && variant->by_id ? 0 : -EACCES;

	ASSERT_EQ(0, chmod(PATH("d"), 0766));
	EXPECT_EQ(expected, kc_as(1000, go, &self->way));
	EXPECT_TRUE(!expected || UNCHANGED());
}

TEST_F(rights, owner_who_cannot_search_the_directory_above)
{
	int expected = variant->by_id || variant->by_dir ? 0 : -EACCES;

	ASSERT_EQ(0, chmod(self->env.dir, 0700));
	EXPECT_EQ(expected, kc_as(1000, go, &self->way));
	EXPECT_TRUE(!expected || UNCHANGED());
}

TEST_F(rights, mode_of_the_channel_does_not_matter)
{
	ASSERT_EQ(0, fchmod(self->fd, 0));
	EXPECT_EQ(-EPERM, kc_as(1002, go, &self->way));
	ASSERT_EQ(0, fchmod(self->fd, 0777));
	EXPECT_EQ(-EPERM, kc_as(1002, go, &self->way));
	ASSERT_EQ(0, fchmod(self->fd, 0));
	EXPECT_EQ(0, kc_as(1000, go, &self->way));
	EXPECT_REMOVED();
}

/* Root of the user namespace of a user who is not the owner. */
static int go_in_userns(void *arg)
{
	int ret = kc_new_userns(0, getuid());

	return ret ? ret : go(arg);
}

TEST_F(rights, root_of_another_user_namespace_gets_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1002, go_in_userns, &self->way));
	EXPECT_TRUE(UNCHANGED());
	EXPECT_EQ(0, kc_as(1000, go_in_userns, &self->way));
	EXPECT_REMOVED();
}

TEST_F(remove, now_of_an_unnamed_channel_takes_its_owner_or_cap_fowner)
{
	int fd = kc_create(CTL, NULL, O_RDWR), i;
	struct way way = { CTL, NULL, kc_state(fd).id, NOW };
	struct kchan_state before;

	ASSERT_EQ(0, fchown(fd, 1000, 1000));
	before = kc_state(fd);
	EXPECT_EQ(-EPERM, kc_as(1001, go, &way));
	EXPECT_EQ(-EPERM, kc_as_with(1001, CAP_KILL, go, &way));
	EXPECT_TRUE(kc_unchanged(&before, fd));
	EXPECT_EQ(0, kc_as(1000, go, &way));
	EXPECT_TRUE(is_revoked(fd));
	for (i = 0; i < 2; i++) {
		fd = kc_create(CTL, NULL, O_RDWR);
		ASSERT_EQ(0, fchown(fd, 1000, 1000));
		way.id = kc_state(fd).id;
		EXPECT_EQ(0, i ? go(&way) :
			     kc_as_with(1001, CAP_FOWNER, go, &way));
		EXPECT_TRUE(is_revoked(fd));
	}
}

/* By the device, and by a directory, which both outlive it. */
TEST_F(remove, ended_namespace_is_EIDRM)
{
	int net = open("/proc/self/ns/net", O_RDONLY), ctl, fd, dir;
	char other[] = "/tmp/kchan2.XXXXXX";

	ASSERT_TRUE(mkdtemp(other));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	fd = kc_create(ctl, "a", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mount("kchan", other, "kchanfs", 0, NULL));
	dir = open(other, O_RDONLY | O_DIRECTORY);
	/* Its only process leaves it. */
	ASSERT_EQ(0, setns(net, CLONE_NEWNET));
	EXPECT_TRUE(KC_EVENTUALLY(is_revoked(fd)));
	EXPECT_EQ(-EIDRM, kc_remove(ctl, "a", 0, 0));
	EXPECT_EQ(-EIDRM, kc_remove(ctl, "b", 0, NOW));
	EXPECT_EQ(-EIDRM, kc_remove(ctl, NULL, self->id, 0));
	EXPECT_EQ(-EIDRM, kc_remove(ctl, NULL, self->id, NOW));
	EXPECT_EQ(-EIDRM, kc_remove(dir, "a", 0, 0));
	EXPECT_EQ(-EIDRM, kc_remove(dir, "b", 0, NOW));
	EXPECT_EQ(0, umount2(other, MNT_DETACH));
	EXPECT_EQ(0, rmdir(other));
	close(dir);
}

#define RACES 2000

/* Makes and removes the same name as others do. */
static int make_and_remove(void *arg)
{
	int i, n = kc_scaled(RACES), fd, ret;

	for (i = 0; i < n; i++) {
		fd = kc_create(*(int *)arg, "race", O_RDWR);
		if (fd == -EIDRM)
			continue;
		if (fd < 0)
			return fd;
		ret = i % 2 ? kc_remove(*(int *)arg, NULL, kc_state(fd).id,
					i % 4 == 1 ? NOW : 0) :
			      kc_remove(*(int *)arg, "race", 0, NOW);
		if (ret && ret != -ENOENT && ret != -EIDRM)
			return ret;
		close(fd);
	}
	return 0;
}

TEST_F(remove, by_many_at_once)
{
	pid_t a = kc_fork(make_and_remove, &CTL);
	pid_t b = kc_fork(make_and_remove, &CTL);
	pid_t c = kc_fork(make_and_remove, &CTL);

	EXPECT_EQ(0, kc_reap(a));
	EXPECT_EQ(0, kc_reap(b));
	EXPECT_EQ(0, kc_reap(c));
	kc_remove(CTL, "race", 0, 0);
	EXPECT_EQ(-ENOENT, kc_open(CTL, "race", O_RDWR));
	EXPECT_TRUE(UNCHANGED());
}

TEST_HARNESS_MAIN
