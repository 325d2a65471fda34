// SPDX-License-Identifier: GPL-2.0
/*
 * CREATE and OPEN through an open directory: names are relative to it, and what
 * goes for its mount goes for them. REMOVE is in remove.c.
 */
#include "kchan_test.h"

#include <sys/mount.h>
#include <sys/stat.h>

FIXTURE(relative)
{
	struct kc_env env;
	int root;
	int sub;		/* "d/e" */
};

FIXTURE_SETUP(relative)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, mkdir(kc_path(&self->env, "d"), 0777));
	ASSERT_EQ(0, mkdir(kc_path(&self->env, "d/e"), 0777));
	self->root = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	self->sub = open(kc_path(&self->env, "d/e"), O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->root);
	ASSERT_LE(0, self->sub);
}

FIXTURE_TEARDOWN(relative)
{
	close(self->sub);
	close(self->root);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define ROOT (self->root)
#define SUB (self->sub)
#define PATH(name) kc_path(&self->env, name)

TEST_F(relative, create_makes_the_name_in_the_directory)
{
	int fd = kc_create(ROOT, "a", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(kc_state(fd).id, kc_id_of(PATH("a")));
	fd = kc_create(SUB, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(kc_state(fd).id, kc_id_of(PATH("d/e/a")));
	fd = kc_create(ROOT, "d/e/b", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(kc_state(fd).id, kc_id_of(PATH("d/e/b")));
}

TEST_F(relative, open_finds_it_from_the_directory)
{
	uint64_t id = kc_state(kc_create(CTL, "d/e/a", O_RDWR)).id;

	EXPECT_EQ(id, kc_state(kc_open(SUB, "a", O_RDWR)).id);
	EXPECT_EQ(id, kc_state(kc_open(ROOT, "d/e/a", O_RDWR)).id);
	EXPECT_EQ(-ENOENT, kc_open(ROOT, "a", O_RDWR));
	EXPECT_EQ(-ENOENT, kc_open(SUB, "d/e/a", O_RDWR));
}

TEST_F(relative, create_takes_all_that_it_takes_on_the_device)
{
	struct kchan_create arg = kc_create_arg("a");
	struct kchan_state state;
	int fd;

	arg.flags = KCHAN_CREATE_EXCL | KCHAN_CREATE_AUTO;
	arg.key = 77;
	arg.depth = 3;
	arg.msgsize = 100;
	arg.bytes = 200;
	arg.open_flags = O_RDONLY | O_NONBLOCK;
	fd = kc_create_with(SUB, &arg);
	ASSERT_LE(0, fd);
	state = kc_state(fd);
	EXPECT_EQ(KCHAN_STATE_AUTO | KCHAN_STATE_NAMED, state.flags);
	EXPECT_EQ(77, state.key);
	EXPECT_EQ(3, state.depth);
	EXPECT_EQ(100, state.msgsize);
	EXPECT_EQ(200, state.bytes);
	EXPECT_EQ(0, state.senders);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY | O_NONBLOCK,
		  fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	EXPECT_EQ(-1, arg.fd_send);
	arg = kc_create_arg("a");
	arg.flags = KCHAN_CREATE_EXCL;
	EXPECT_EQ(-EEXIST, kc_create_with(SUB, &arg));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("d/e/a"), F_OK)));
}

TEST_F(relative, create_of_a_taken_name_opens_what_is_there)
{
	int fd = kc_create(CTL, "d/e/a", O_RDWR);
	struct kchan_create arg = kc_create_arg("a");

	arg.depth = 7;
	EXPECT_EQ(kc_state(fd).id, kc_state(kc_create_with(SUB, &arg)).id);
	EXPECT_EQ(KCHAN_DEPTH_DEFAULT, kc_state(fd).depth);
	EXPECT_EQ(2, kc_state(fd).senders);
}

TEST_F(relative, unnamed_channels_are_made_through_any_directory)
{
	int rx, tx, fd = kc_create(SUB, NULL, O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kc_state(fd).flags);
	ASSERT_EQ(0, kc_pair(SUB, &rx, &tx));
	EXPECT_EQ(1, write(tx, "x", 1));
	EXPECT_EQ(1, kc_state(rx).queued);
	EXPECT_EQ(0, rmdir(PATH("d/e")));
}

TEST_F(relative, names_do_not_reach_above_the_directory)
{
	static const char * const names[] = {
		"..", "../f", "../../a", "d/../../a", "/a", "/d/f", "/", "./a",
		".",
	};
	unsigned int i;

	close(kc_create(CTL, "a", O_RDWR));
	close(kc_create(CTL, "d/f", O_RDWR));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_TRUE(kc_refused(SUB, names[i], -EINVAL))
			TH_LOG("%s", names[i]);
	}
	EXPECT_EQ(0, access(PATH("a"), F_OK));
	EXPECT_EQ(0, access(PATH("d/f"), F_OK));
}

TEST_F(relative, directory_that_was_moved)
{
	ASSERT_EQ(0, rename(PATH("d/e"), PATH("g")));
	ASSERT_LE(0, kc_create(SUB, "a", O_RDWR));
	EXPECT_EQ(0, access(PATH("g/a"), F_OK));
	EXPECT_LE(0, kc_open(SUB, "a", O_RDWR));
	EXPECT_EQ(0, kc_remove(SUB, "a", 0, 0));
}

TEST_F(relative, directory_that_was_removed_is_ENOENT)
{
	ASSERT_EQ(0, rmdir(PATH("d/e")));
	EXPECT_TRUE(kc_refused(SUB, "a", -ENOENT));
	/* One that is made in its place is another. */
	ASSERT_EQ(0, mkdir(PATH("d/e"), 0777));
	EXPECT_TRUE(kc_refused(SUB, "a", -ENOENT));
	EXPECT_NE(0, access(PATH("d/e/a"), F_OK));
}

TEST_F(relative, o_path_descriptor_is_EBADF)
{
	int path = open(PATH("d"), O_PATH | O_DIRECTORY);

	ASSERT_LE(0, path);
	close(kc_create(CTL, "d/a", O_RDWR));
	EXPECT_TRUE(kc_refused(path, "a", -EBADF));
	EXPECT_EQ(0, access(PATH("d/a"), F_OK));
}

TEST_F(relative, umask_is_applied_to_the_mode)
{
	struct kchan_create arg = kc_create_arg("a");
	struct stat st;

	arg.mode = 0777;
	umask(027);
	ASSERT_LE(0, kc_create_with(SUB, &arg));
	ASSERT_EQ(0, stat(PATH("d/e/a"), &st));
	EXPECT_EQ(S_IFCHR | 0750, st.st_mode);
}

/* Rights are the caller's, whoever has opened the directory. */
struct attempt {
	int dir;
	const char *name;
};

static int create_name(void *arg)
{
	struct attempt *a = arg;
	int fd = kc_create(a->dir, a->name, O_RDWR);

	return fd < 0 ? fd : 0;
}

static int open_name(void *arg)
{
	struct attempt *a = arg;
	int fd = kc_open(a->dir, a->name, O_RDWR);

	return fd < 0 ? fd : 0;
}

TEST_F(relative, create_takes_the_right_to_write_the_directory)
{
	struct attempt a = { SUB, "a" };
	struct stat st;

	ASSERT_EQ(0, chmod(PATH("d/e"), 0755));
	EXPECT_EQ(-EACCES, kc_as(1000, create_name, &a));
	EXPECT_NE(0, access(PATH("d/e/a"), F_OK));
	ASSERT_EQ(0, chmod(PATH("d/e"), 0777));
	EXPECT_EQ(0, kc_as(1000, create_name, &a));
	ASSERT_EQ(0, stat(PATH("d/e/a"), &st));
	EXPECT_EQ(1000, st.st_uid);
	EXPECT_EQ(1000, st.st_gid);
}

TEST_F(relative, search_of_the_directory_itself_is_checked)
{
	struct attempt a = { SUB, "a" }, b = { SUB, "b" };

	close(kc_create(CTL, "d/e/a", O_RDWR));
	ASSERT_EQ(0, chmod(PATH("d/e"), 0766));
	EXPECT_EQ(-EACCES, kc_as(1000, open_name, &a));
	EXPECT_EQ(-EACCES, kc_as(1000, create_name, &a));
	EXPECT_EQ(-EACCES, kc_as(1000, create_name, &b));
	EXPECT_NE(0, access(PATH("d/e/b"), F_OK));
}

/* As for openat(2): who has the descriptor need not get there by himself. */
TEST_F(relative, search_of_the_directories_above_is_not)
{
	struct attempt a = { SUB, "a" };

	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	EXPECT_EQ(0, kc_as(1000, create_name, &a));
	EXPECT_EQ(0, kc_as(1000, open_name, &a));
}

TEST_F(relative, mode_of_the_channel_is_checked)
{
	struct attempt a = { SUB, "a" };
	int fd = kc_create(CTL, "d/e/a", O_RDWR);
	struct kchan_state before;

	ASSERT_EQ(0, fchmod(fd, 0600));
	before = kc_state(fd);
	EXPECT_EQ(-EACCES, kc_as(1000, open_name, &a));
	EXPECT_EQ(-EACCES, kc_as(1000, create_name, &a));
	EXPECT_TRUE(kc_unchanged(&before, fd));
}

static int remount_read_only(const char *dir)
{
	return kc_fd(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
			   NULL));
}

TEST_F(relative, create_in_a_read_only_mount_is_EROFS)
{
	struct kchan_create arg = kc_create_arg("a"), was;

	ASSERT_EQ(0, remount_read_only(self->env.dir));
	was = arg;
	EXPECT_EQ(-EROFS, kc_create_with(ROOT, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.flags = KCHAN_CREATE_EXCL;
	EXPECT_EQ(-EROFS, kc_create_with(SUB, &arg));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	EXPECT_NE(0, access(PATH("d/e/a"), F_OK));
	/* The mount is, the instance is not. */
	EXPECT_LE(0, kc_create(CTL, "a", O_RDWR));
}

TEST_F(relative, read_only_mount_does_not_keep_from_using_a_channel)
{
	uint64_t id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	int fd;

	ASSERT_EQ(0, remount_read_only(self->env.dir));
	fd = kc_open(ROOT, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, write(fd, "x", 1));
	fd = kc_fd(open(PATH("a"), O_RDWR | O_CREAT, 0666));
	EXPECT_EQ(id, kc_state(fd).id);
	fd = kc_create(ROOT, "a", O_RDWR);
	EXPECT_EQ(id, kc_state(fd).id)
		TH_LOG("CREATE of a taken name returned %d", fd);
}

TEST_F(relative, instance_is_the_directorys_not_the_callers)
{
	int fd;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	fd = kc_create(SUB, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(kc_state(fd).id, kc_id_of(PATH("d/e/a")));
	EXPECT_EQ(kc_state(fd).id, kc_state(kc_open(CTL, "d/e/a", O_RDWR)).id);
}

TEST_F(relative, endpoint_holds_the_mount)
{
	int fd = kc_create(SUB, "a", O_RDWR);

	close(ROOT);
	close(SUB);
	ROOT = -1;
	SUB = -1;
	EXPECT_EQ(-EBUSY, kc_fd(umount(self->env.dir)));
	close(fd);
	EXPECT_EQ(0, umount(self->env.dir));
}

TEST_F(relative, directory_of_a_detached_mount_goes_on)
{
	int fd;

	ASSERT_EQ(0, umount2(self->env.dir, MNT_DETACH));
	fd = kc_create(SUB, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(kc_state(fd).id, kc_state(kc_open(CTL, "d/e/a", O_RDWR)).id);
	EXPECT_EQ(0, kc_remove(SUB, "a", kc_state(fd).id, 0));
}

/* A bind mount of a subdirectory is all that its descriptors reach. */
TEST_F(relative, bind_mount_of_a_subdirectory)
{
	char other[] = "/tmp/kchan2.XXXXXX";
	int dir;

	ASSERT_TRUE(mkdtemp(other));
	ASSERT_EQ(0, mount(PATH("d/e"), other, NULL, MS_BIND, NULL));
	dir = open(other, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	EXPECT_LE(0, kc_create(dir, "a", O_RDWR));
	EXPECT_EQ(0, access(PATH("d/e/a"), F_OK));
	EXPECT_TRUE(kc_refused(dir, "../e/a", -EINVAL));
	EXPECT_EQ(-ENOENT, kc_open(dir, "d/e/a", O_RDWR));
	EXPECT_EQ(0, umount2(other, MNT_DETACH));
	EXPECT_EQ(0, rmdir(other));
	close(dir);
}

/* What is mounted on a directory of the instance is another filesystem's. */
TEST_F(relative, names_do_not_lead_into_another_filesystem)
{
	int root, err, file;

	ASSERT_EQ(0, mount("none", PATH("d/e"), "tmpfs", 0, "mode=0777"));
	root = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	file = open(PATH("d/e/file"), O_CREAT | O_RDWR, 0666);
	ASSERT_LE(0, file);
	err = kc_create(root, "d/e/a", O_RDWR);
	EXPECT_EQ(-EXDEV, err);
	EXPECT_NE(0, access(PATH("d/e/a"), F_OK));
	EXPECT_GT(0, kc_create(root, "d/e/file", O_RDWR));
	EXPECT_GT(0, kc_open(root, "d/e/file", O_RDWR));
	EXPECT_GT(0, kc_remove(root, "d/e/file", 0, 0));
	EXPECT_GT(0, kc_remove(root, "d/e/file", 0, KCHAN_REMOVE_NOW));
	EXPECT_EQ(0, access(PATH("d/e/file"), F_OK));
	close(file);
	EXPECT_EQ(0, umount(PATH("d/e")));
	/* Under it the directory is what it was. */
	EXPECT_LE(0, kc_create(SUB, "a", O_RDWR));
	EXPECT_EQ(0, kc_remove(root, "d/e/a", 0, 0));
	close(root);
}

static bool is_revoked(int fd)
{
	struct kchan_state state = { .size = sizeof(state) };

	return kc_ioctl(fd, KCHAN_IOC_STATE, &state) == -EIDRM;
}

TEST_F(relative, ended_namespace_is_EIDRM)
{
	int net = open("/proc/self/ns/net", O_RDONLY), fd, dir, sub;
	char other[] = "/tmp/kchan2.XXXXXX";

	ASSERT_TRUE(mkdtemp(other));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, mount("kchan", other, "kchanfs", 0, NULL));
	dir = open(other, O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, mkdirat(dir, "d", 0777));
	sub = openat(dir, "d", O_RDONLY | O_DIRECTORY);
	fd = kc_create(dir, "a", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setns(net, CLONE_NEWNET));
	EXPECT_TRUE(KC_EVENTUALLY(is_revoked(fd)));
	EXPECT_TRUE(kc_refused(dir, "a", -EIDRM));
	EXPECT_TRUE(kc_refused(dir, "b", -EIDRM));
	EXPECT_EQ(-EIDRM, kc_create(dir, NULL, O_RDWR));
	EXPECT_TRUE(kc_refused(sub, "a", -EIDRM));
	EXPECT_EQ(0, umount2(other, MNT_DETACH));
	EXPECT_EQ(0, rmdir(other));
	close(sub);
	close(dir);
}

TEST_HARNESS_MAIN
