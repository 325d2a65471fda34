// SPDX-License-Identifier: GPL-2.0
/* What a mounted kchanfs does with names: the calls of the VFS, and who may. */
#include "kchan_test.h"

#include <linux/fs.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

FIXTURE(dirs)
{
	struct kc_env env;
};

FIXTURE_SETUP(dirs)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(dirs)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

static int renameat_with(const char *from, const char *to, unsigned int flags)
{
	return kc_fd(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

TEST_F(dirs, open_creat_makes_a_queue_with_the_defaults)
{
	int fd = open(PATH("a"), O_CREAT | O_EXCL | O_RDWR, 0600);
	struct kchan_state state = kc_state(fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(KCHAN_KIND_QUEUE, state.kind);
	EXPECT_EQ(KCHAN_DEPTH_DEFAULT, state.depth);
	EXPECT_EQ(KCHAN_MSGSIZE_DEFAULT, state.msgsize);
	EXPECT_EQ(KCHAN_BYTES_DEFAULT, state.bytes);
	EXPECT_EQ(0, state.key);
	EXPECT_EQ(KCHAN_STATE_NAMED, state.flags);
	EXPECT_EQ(getpid(), state.creator_pid);
	EXPECT_EQ(1, state.senders);
	EXPECT_EQ(1, state.receivers);
}

TEST_F(dirs, open_creat_follows_the_umask)
{
	struct stat st;

	umask(022);
	ASSERT_LE(0, open(PATH("a"), O_CREAT | O_WRONLY, 0666));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(S_IFCHR | 0644, st.st_mode);
}

TEST_F(dirs, open_excl_of_a_taken_name_is_EEXIST)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before = kc_state(fd);

	EXPECT_EQ(-EEXIST, kc_fd(open(PATH("a"), O_CREAT | O_EXCL | O_RDWR, 0666)));
	EXPECT_TRUE(kc_unchanged(&before, fd));
}

TEST_F(dirs, open_trunc_leaves_the_messages)
{
	int fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	char buf[8];

	ASSERT_EQ(3, write(fd, "one", 3));
	EXPECT_LE(0, open(PATH("a"), O_CREAT | O_TRUNC | O_WRONLY, 0666));
	EXPECT_EQ(3, read(fd, buf, sizeof(buf)));
}

TEST_F(dirs, open_by_path_sends_and_receives)
{
	int wr = open(PATH("a"), O_CREAT | O_WRONLY | O_APPEND, 0600);
	int rd = open(PATH("a"), O_RDONLY);
	char buf[8] = "";

	EXPECT_EQ(5, write(wr, "hello", 5));
	EXPECT_EQ(5, read(rd, buf, sizeof(buf)));
	EXPECT_STREQ("hello", buf);
}

TEST_F(dirs, stat_shows_a_character_device_without_a_number)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct stat st, fst;

	ASSERT_EQ(0, stat(PATH("a"), &st));
	ASSERT_EQ(0, fstat(fd, &fst));
	EXPECT_EQ(S_IFCHR | 0666, st.st_mode);
	EXPECT_EQ(0, st.st_rdev);
	EXPECT_EQ(1, st.st_nlink);
	EXPECT_EQ(kc_state(fd).id, st.st_ino);
	EXPECT_EQ(st.st_ino, fst.st_ino);
	EXPECT_EQ(st.st_dev, fst.st_dev);
	EXPECT_EQ(st.st_mode, fst.st_mode);
}

TEST_F(dirs, stat_size_is_the_bytes_queued)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct stat st;
	char buf[64];

	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(0, st.st_size);
	ASSERT_EQ(10, write(fd, "0123456789", 10));
	ASSERT_EQ(5, write(fd, "01234", 5));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(15, st.st_size);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(15, st.st_size);
	ASSERT_EQ(10, read(fd, buf, sizeof(buf)));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(5, st.st_size);
}

TEST_F(dirs, truncate_changes_nothing)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct stat st;

	ASSERT_EQ(3, write(fd, "one", 3));
	EXPECT_NE(0, truncate(PATH("a"), 1));
	EXPECT_NE(0, ftruncate(fd, 1));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(3, st.st_size);
	EXPECT_EQ(3, kc_state(fd).queued_bytes);
}

TEST_F(dirs, chmod_and_chown)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct stat st;

	EXPECT_EQ(0, chmod(PATH("a"), 0640));
	EXPECT_EQ(0, chown(PATH("a"), 1000, 1001));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFCHR | 0640, st.st_mode);
	EXPECT_EQ(1000, st.st_uid);
	EXPECT_EQ(1001, st.st_gid);
	EXPECT_EQ(0, fchmod(fd, 0600));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, kc_state(fd).creator_uid);
}

TEST_F(dirs, unlink_frees_the_name_and_endpoints_go_on)
{
	int fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	struct kchan_state state;
	char buf[8];
	int other;

	ASSERT_EQ(3, write(fd, "one", 3));
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	state = kc_state(fd);
	EXPECT_EQ(0, state.flags);
	EXPECT_EQ(1, state.queued);
	other = kc_create(CTL, "a", O_RDWR);
	ASSERT_LE(0, other);
	EXPECT_NE(state.id, kc_state(other).id);
	EXPECT_EQ(3, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(3, write(fd, "two", 3));
}

TEST_F(dirs, unlink_of_a_missing_name_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kc_fd(unlink(PATH("a"))));
}

TEST_F(dirs, mkdir_and_rmdir)
{
	struct stat st;

	umask(022);
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, stat(PATH("d"), &st));
	EXPECT_EQ(S_IFDIR | 0755, st.st_mode);
	EXPECT_EQ(2, st.st_nlink);
	EXPECT_EQ(-EEXIST, kc_fd(mkdir(PATH("d"), 0777)));
	EXPECT_EQ(0, rmdir(PATH("d")));
	EXPECT_NE(0, access(PATH("d"), F_OK));
}

TEST_F(dirs, rmdir_of_a_directory_in_use_is_ENOTEMPTY)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_LE(0, kc_create(CTL, "d/a", O_RDWR));
	EXPECT_EQ(-ENOTEMPTY, kc_fd(rmdir(PATH("d"))));
	ASSERT_EQ(0, unlink(PATH("d/a")));
	ASSERT_EQ(0, mkdir(PATH("d/e"), 0777));
	EXPECT_EQ(-ENOTEMPTY, kc_fd(rmdir(PATH("d"))));
	ASSERT_EQ(0, rmdir(PATH("d/e")));
	EXPECT_EQ(0, rmdir(PATH("d")));
}

TEST_F(dirs, rmdir_of_a_channel_is_ENOTDIR)
{
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	EXPECT_EQ(-ENOTDIR, kc_fd(rmdir(PATH("a"))));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(dirs, unlink_of_a_directory_is_EISDIR)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_EQ(-EISDIR, kc_fd(unlink(PATH("d"))));
	EXPECT_EQ(0, access(PATH("d"), F_OK));
}

TEST_F(dirs, create_in_a_removed_directory_is_ENOENT)
{
	int dir;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	dir = open(PATH("d"), O_RDONLY);
	ASSERT_EQ(0, rmdir(PATH("d")));
	EXPECT_EQ(-ENOENT, kc_fd(openat(dir, "a", O_CREAT | O_RDWR, 0666)));
}

TEST_F(dirs, rename_keeps_the_channel)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	uint64_t id = kc_state(fd).id;

	ASSERT_EQ(3, write(fd, "one", 3));
	ASSERT_EQ(0, rename(PATH("a"), PATH("b")));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_EQ(id, kc_state(kc_open(CTL, "b", O_RDWR)).id);
	EXPECT_EQ(1, kc_state(fd).queued);
	EXPECT_EQ(KCHAN_STATE_NAMED, kc_state(fd).flags);
}

TEST_F(dirs, rename_into_another_directory)
{
	uint64_t id;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	EXPECT_EQ(id, kc_id_of(PATH("d/b")));
	EXPECT_EQ(-ENOTEMPTY, kc_fd(rmdir(PATH("d"))));
}

TEST_F(dirs, rename_over_a_channel_takes_its_name)
{
	int a = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	int b = kc_create(CTL, "b", O_RDWR | O_NONBLOCK);
	char buf[8];

	ASSERT_EQ(3, write(b, "one", 3));
	ASSERT_EQ(0, rename(PATH("a"), PATH("b")));
	EXPECT_EQ(kc_state(a).id, kc_id_of(PATH("b")));
	EXPECT_EQ(KCHAN_STATE_NAMED, kc_state(a).flags);
	EXPECT_EQ(0, kc_state(b).flags);
	EXPECT_EQ(3, read(b, buf, sizeof(buf)));
}

TEST_F(dirs, rename_over_a_directory_is_EISDIR)
{
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_EQ(-EISDIR, kc_fd(rename(PATH("a"), PATH("d"))));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(dirs, rename_of_a_directory)
{
	uint64_t id;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("e"), 0777));
	id = kc_state(kc_create(CTL, "d/a", O_RDWR)).id;
	EXPECT_EQ(0, rename(PATH("d"), PATH("e/f")));
	EXPECT_EQ(id, kc_id_of(PATH("e/f/a")));
	EXPECT_EQ(id, kc_state(kc_open(CTL, "e/f/a", O_RDWR)).id);
}

TEST_F(dirs, rename_of_a_directory_over_one_in_use_is_ENOTEMPTY)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("e"), 0777));
	ASSERT_LE(0, kc_create(CTL, "e/a", O_RDWR));
	EXPECT_EQ(-ENOTEMPTY, kc_fd(rename(PATH("d"), PATH("e"))));
	ASSERT_EQ(0, unlink(PATH("e/a")));
	EXPECT_EQ(0, rename(PATH("d"), PATH("e")));
}

TEST_F(dirs, rename_noreplace_over_a_channel_is_EEXIST)
{
	uint64_t a = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	uint64_t b = kc_state(kc_create(CTL, "b", O_RDWR)).id;

	EXPECT_EQ(-EEXIST, renameat_with(PATH("a"), PATH("b"), RENAME_NOREPLACE));
	EXPECT_EQ(a, kc_id_of(PATH("a")));
	EXPECT_EQ(b, kc_id_of(PATH("b")));
	EXPECT_EQ(0, renameat_with(PATH("a"), PATH("c"), RENAME_NOREPLACE));
	EXPECT_EQ(a, kc_id_of(PATH("c")));
}

TEST_F(dirs, rename_exchange_is_EINVAL)
{
	uint64_t a = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	uint64_t b = kc_state(kc_create(CTL, "b", O_RDWR)).id;

	EXPECT_EQ(-EINVAL, renameat_with(PATH("a"), PATH("b"), RENAME_EXCHANGE));
	EXPECT_EQ(a, kc_id_of(PATH("a")));
	EXPECT_EQ(b, kc_id_of(PATH("b")));
}

TEST_F(dirs, rename_out_of_the_instance_is_EXDEV)
{
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	EXPECT_EQ(-EXDEV, kc_fd(rename(PATH("a"), "/tmp/kchan-a")));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(dirs, link_is_EPERM)
{
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	EXPECT_EQ(-EPERM, kc_fd(link(PATH("a"), PATH("b"))));
	EXPECT_NE(0, access(PATH("b"), F_OK));
}

TEST_F(dirs, symlink_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_fd(symlink("a", PATH("b"))));
	EXPECT_EQ(-ENOENT, kc_fd(open(PATH("b"), O_PATH | O_NOFOLLOW)));
}

TEST_F(dirs, mknod_is_EPERM)
{
	static const mode_t types[] = { S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(-EPERM, kc_fd(mknod(PATH("b"), types[i] | 0666,
					      makedev(1, 3))))
			TH_LOG("type %o", types[i]);
	}
	EXPECT_NE(0, access(PATH("b"), F_OK));
}

TEST_F(dirs, bind_of_a_socket_is_EPERM)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(addr.sun_path, PATH("s"), sizeof(addr.sun_path) - 1);
	EXPECT_EQ(-EPERM, kc_fd(bind(fd, (void *)&addr, sizeof(addr))));
	EXPECT_NE(0, access(PATH("s"), F_OK));
}

TEST_F(dirs, o_tmpfile_is_EOPNOTSUPP)
{
	EXPECT_EQ(-EOPNOTSUPP, kc_fd(open(self->env.dir, O_TMPFILE | O_RDWR, 0666)));
}

TEST_F(dirs, root_directory_is_everybodys)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->env.dir, &st));
	EXPECT_EQ(S_IFDIR | 0777, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

/* Calls of another user. */
struct paths {
	const char *from;
	const char *to;
	int flags;
};

static int do_unlink(void *arg)
{
	struct paths *p = arg;

	return kc_fd(unlink(p->from));
}

static int do_rmdir(void *arg)
{
	struct paths *p = arg;

	return kc_fd(rmdir(p->from));
}

static int do_rename(void *arg)
{
	struct paths *p = arg;

	return kc_fd(rename(p->from, p->to));
}

static int do_mkdir(void *arg)
{
	struct paths *p = arg;

	return kc_fd(mkdir(p->from, 0777));
}

static int do_open(void *arg)
{
	struct paths *p = arg;
	int fd = kc_fd(open(p->from, p->flags, 0666));

	return fd < 0 ? fd : 0;
}

/* Alice (1000) has the name, Bob (1001) would like to. */
FIXTURE(owner)
{
	struct kc_env env;
	struct paths a;
	uint64_t id;
};

FIXTURE_SETUP(owner)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->a.from = PATH("a");
	self->a.to = PATH("b");
	self->a.flags = O_CREAT | O_RDWR;
	ASSERT_EQ(0, kc_as(1000, do_open, &self->a));
	self->id = kc_id_of(self->a.from);
}

FIXTURE_TEARDOWN(owner)
{
	kc_leave(&self->env);
}

TEST_F(owner, owner_unlinks)
{
	EXPECT_EQ(0, kc_as(1000, do_unlink, &self->a));
	EXPECT_NE(0, access(self->a.from, F_OK));
}

TEST_F(owner, unlink_by_another_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1001, do_unlink, &self->a));
	EXPECT_EQ(self->id, kc_id_of(self->a.from));
}

TEST_F(owner, root_unlinks)
{
	EXPECT_EQ(0, unlink(self->a.from));
}

TEST_F(owner, owner_renames)
{
	EXPECT_EQ(0, kc_as(1000, do_rename, &self->a));
	EXPECT_EQ(self->id, kc_id_of(self->a.to));
}

TEST_F(owner, rename_by_another_is_EPERM)
{
	EXPECT_EQ(-EPERM, kc_as(1001, do_rename, &self->a));
	EXPECT_EQ(self->id, kc_id_of(self->a.from));
}

TEST_F(owner, rename_over_anothers_is_EPERM)
{
	struct paths b = { self->a.to, self->a.from, O_CREAT | O_RDWR };

	ASSERT_EQ(0, kc_as(1001, do_open, &b));
	EXPECT_EQ(-EPERM, kc_as(1001, do_rename, &b));
	EXPECT_EQ(self->id, kc_id_of(self->a.from));
}

TEST_F(owner, root_renames)
{
	EXPECT_EQ(0, rename(self->a.from, self->a.to));
}

TEST_F(owner, new_owner_unlinks)
{
	ASSERT_EQ(0, chown(self->a.from, 1001, 1001));
	EXPECT_EQ(-EPERM, kc_as(1000, do_unlink, &self->a));
	EXPECT_EQ(0, kc_as(1001, do_unlink, &self->a));
}

TEST_F(owner, rmdir_by_another_is_EPERM)
{
	struct paths d = { .from = PATH("d") };

	ASSERT_EQ(0, kc_as(1000, do_mkdir, &d));
	EXPECT_EQ(-EPERM, kc_as(1001, do_rmdir, &d));
	EXPECT_EQ(0, kc_as(1000, do_rmdir, &d));
}

TEST_F(owner, directory_owner_unlinks_what_is_in_it)
{
	struct paths d = { .from = PATH("d") };
	struct paths in_d = { .from = PATH("d/x"), .flags = O_CREAT | O_RDWR };

	ASSERT_EQ(0, kc_as(1001, do_mkdir, &d));
	ASSERT_EQ(0, kc_as(1000, do_open, &in_d));
	EXPECT_EQ(0, kc_as(1001, do_unlink, &in_d));
}

TEST_F(owner, channel_made_by_create_belongs_to_its_maker)
{
	struct stat st;

	ASSERT_EQ(0, seteuid(1001));
	EXPECT_LE(0, kc_create(CTL, "c", O_RDWR));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, stat(PATH("c"), &st));
	EXPECT_EQ(1001, st.st_uid);
}

TEST_F(owner, anothers_0666_channel_opens_with_o_creat)
{
	EXPECT_EQ(0, kc_as(1001, do_open, &self->a));
	EXPECT_EQ(self->id, kc_id_of(self->a.from));
}

TEST_F(owner, anothers_0666_channel_opens_with_o_creat_as_root)
{
	EXPECT_EQ(0, do_open(&self->a));
	EXPECT_EQ(self->id, kc_id_of(self->a.from));
}

TEST_F(owner, directory_without_write_permission_is_EACCES)
{
	struct paths d = { .from = PATH("d/x"), .flags = O_CREAT | O_RDWR };

	ASSERT_EQ(0, mkdir(PATH("d"), 0755));
	EXPECT_EQ(-EACCES, kc_as(1000, do_open, &d));
	EXPECT_EQ(-EACCES, kc_as(1000, do_mkdir, &d));
	EXPECT_NE(0, access(d.from, F_OK));
}

/* What inotify says of the root directory next: a mask, or 0. */
static unsigned int next_event(int fd, const char *name)
{
	char buf[512] __attribute__((aligned(8)));
	struct inotify_event *event = (void *)buf;

	if (!KC_EVENTUALLY(kc_poll(fd, POLLIN) == POLLIN))
		return 0;
	if (read(fd, buf, sizeof(*event) + 16) <= 0 || strcmp(event->name, name))
		return 0;
	return event->mask;
}

static int watch(const char *dir, unsigned int mask)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return inotify_add_watch(fd, dir, mask) < 0 ? -errno : fd;
}

TEST_F(dirs, inotify_sees_create_rename_and_unlink)
{
	int fd = watch(self->env.dir, IN_CREATE | IN_MOVE | IN_DELETE);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, open(PATH("a"), O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(IN_CREATE, next_event(fd, "a"));
	ASSERT_LE(0, kc_create(CTL, "b", O_RDWR));
	EXPECT_EQ(IN_CREATE, next_event(fd, "b"));
	ASSERT_EQ(0, rename(PATH("a"), PATH("c")));
	EXPECT_EQ(IN_MOVED_FROM, next_event(fd, "a"));
	EXPECT_EQ(IN_MOVED_TO, next_event(fd, "c"));
	ASSERT_EQ(0, unlink(PATH("c")));
	EXPECT_EQ(IN_DELETE, next_event(fd, "c"));
}

TEST_F(dirs, inotify_sees_an_auto_channel_go)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd = watch(self->env.dir, IN_CREATE | IN_DELETE), chan;

	arg.flags = KCHAN_CREATE_AUTO;
	chan = kc_create_with(CTL, &arg);
	ASSERT_LE(0, chan);
	EXPECT_EQ(IN_CREATE, next_event(fd, "a"));
	close(chan);
	EXPECT_EQ(IN_DELETE, next_event(fd, "a"));
}

TEST_F(dirs, inotify_sees_a_revoked_channel_go)
{
	int fd = watch(self->env.dir, IN_DELETE);
	int chan = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_revoke(chan));
	EXPECT_EQ(IN_DELETE, next_event(fd, "a"));
}

TEST_HARNESS_MAIN
