// SPDX-License-Identifier: GPL-2.0
/* kchan_create(), kchan_open() and what they are given. */
#include "lib_test.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

FIXTURE(names)
{
	struct kc_env env;
	struct kchan *ch;
	struct kchan *other;
};

FIXTURE_SETUP(names)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(names)
{
	kchan_close(self->other);
	kchan_close(self->ch);
	kc_leave(&self->env);
}

static unsigned int mode_of(const struct kchan *ch)
{
	struct stat st;

	return fstat(kchan_fd(ch), &st) ? 0 : st.st_mode & 07777;
}

/* Is the access mode this one, and O_NONBLOCK and FD_CLOEXEC so? */
static bool opened(const struct kchan *ch, int mode, int nonblock)
{
	int flags = fcntl(kchan_fd(ch), F_GETFL);

	return (flags & O_ACCMODE) == mode &&
	       (flags & O_NONBLOCK) == nonblock &&
	       fcntl(kchan_fd(ch), F_GETFD) == FD_CLOEXEC;
}

TEST_F(names, create_makes_a_private_channel_with_the_default_attributes)
{
	struct kchan_state state;

	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, NULL));
	state = state_of(self->ch);
	EXPECT_EQ(0600, mode_of(self->ch));
	EXPECT_EQ(KCHAN_KIND_QUEUE, state.kind);
	EXPECT_EQ(0, state.key);
	EXPECT_EQ(KCHAN_DEPTH_DEFAULT, state.depth);
	EXPECT_EQ(KCHAN_MSGSIZE_DEFAULT, state.msgsize);
	EXPECT_EQ(KCHAN_BYTES_DEFAULT, state.bytes);
	EXPECT_EQ(KCHAN_STATE_NAMED, state.flags);
}

TEST_F(names, create_sets_each_attribute)
{
	struct kchan_create_opts opts = {
		.size = sizeof(opts),
		.flags = KCHAN_CREATE_EXCL | KCHAN_CREATE_AUTO,
		.mode = 0622,
		.kind = KCHAN_KIND_QUEUE,
		.key = 0xfeedbeef,
		.depth = 3,
		.msgsize = 5,
		.bytes = 7,
	};
	struct kchan_state state;

	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, &opts));
	state = state_of(self->ch);
	EXPECT_EQ(0622, mode_of(self->ch));
	EXPECT_EQ(0xfeedbeef, state.key);
	EXPECT_EQ(3, state.depth);
	EXPECT_EQ(5, state.msgsize);
	EXPECT_EQ(7, state.bytes);
	EXPECT_EQ(KCHAN_STATE_NAMED | KCHAN_STATE_AUTO, state.flags);
}

TEST_F(names, create_applies_the_umask)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .mode = 0666 };

	umask(027);
	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, &opts));
	EXPECT_EQ(0640, mode_of(self->ch));
}

TEST_F(names, create_of_a_taken_name_opens_what_is_there)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .depth = 3 };

	self->ch = create("a", &opts);
	self->other = create("a", NULL);
	ASSERT_TRUE(self->ch && self->other);
	EXPECT_EQ(state_of(self->ch).id, state_of(self->other).id);
	EXPECT_EQ(3, state_of(self->other).depth);
}

TEST_F(names, automatic_channel_goes_with_its_last_handle)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .flags = KCHAN_CREATE_AUTO };

	self->ch = create("a", &opts);
	self->other = open_as("a", O_RDONLY);
	ASSERT_TRUE(self->ch && self->other);
	kchan_close(self->ch);
	self->ch = NULL;
	EXPECT_EQ(0, try_open("a", O_RDONLY));
	kchan_close(self->other);
	self->other = NULL;
	EXPECT_EQ(-ENOENT, try_open("a", O_RDONLY));
}

TEST_F(names, channel_without_a_name_has_none)
{
	self->ch = create(NULL, NULL);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, state_of(self->ch).flags & KCHAN_STATE_NAMED);
	EXPECT_EQ(1, state_of(self->ch).senders);
	EXPECT_EQ(1, state_of(self->ch).receivers);
}

TEST_F(names, pair_has_an_end_for_each_role)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .depth = 3 };
	char buf[8];

	ASSERT_EQ(0, kchan_create_pair(&self->ch, &self->other, 0, &opts));
	EXPECT_TRUE(opened(self->ch, O_RDONLY, 0));
	EXPECT_TRUE(opened(self->other, O_WRONLY, 0));
	EXPECT_EQ(state_of(self->ch).id, state_of(self->other).id);
	EXPECT_EQ(3, state_of(self->ch).depth);
	EXPECT_EQ(0, kchan_send(self->other, "hello", 5));
	EXPECT_EQ(5, kchan_recv(self->ch, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp("hello", buf, 5));
}

TEST_F(names, flags_of_a_pair_go_for_both_ends)
{
	ASSERT_EQ(0, kchan_create_pair(&self->ch, &self->other,
				       O_NONBLOCK | O_CLOEXEC, NULL));
	EXPECT_TRUE(opened(self->ch, O_RDONLY, O_NONBLOCK));
	EXPECT_TRUE(opened(self->other, O_WRONLY, O_NONBLOCK));
}

typedef int (*way_fn)(struct kchan **chp, const char *name, int open_flags,
		      const struct kchan_create_opts *opts);

/* Each way to open the channel "a", which is there. */
FIXTURE(ways)
{
	struct kc_env env;
	struct kchan *ch;
};

FIXTURE_VARIANT(ways)
{
	way_fn open;
	bool path;
};

static int just_open(struct kchan **chp, const char *name, int open_flags,
		     const struct kchan_create_opts *opts)
{
	(void)opts;
	return kchan_open(chp, name, open_flags);
}

FIXTURE_VARIANT_ADD(ways, create_name) { .open = kchan_create };
FIXTURE_VARIANT_ADD(ways, open_name) { .open = just_open };
FIXTURE_VARIANT_ADD(ways, create_path) { .open = kchan_create, .path = true };
FIXTURE_VARIANT_ADD(ways, open_path) { .open = just_open, .path = true };

FIXTURE_SETUP(ways)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .mode = 0666 };

	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, &opts));
	kchan_close(self->ch);
	self->ch = UNSET;
}

FIXTURE_TEARDOWN(ways)
{
	kc_leave(&self->env);
}

/* What the variant does with a name. */
#define WAY(name, flags)                                                     \
	variant->open(&self->ch, variant->path ? PATH(name) : (name), flags, \
		      NULL)

TEST_F(ways, access_mode_is_the_role)
{
	static const int roles[] = { O_RDONLY, O_WRONLY, O_RDWR };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, WAY("a", roles[i]));
		EXPECT_TRUE(opened(self->ch, roles[i], 0));
		EXPECT_EQ(roles[i] != O_WRONLY, state_of(self->ch).receivers);
		EXPECT_EQ(roles[i] != O_RDONLY, state_of(self->ch).senders);
		kchan_close(self->ch);
	}
}

TEST_F(ways, nonblock_and_cloexec_may_be_given)
{
	ASSERT_EQ(0, WAY("a", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	EXPECT_TRUE(opened(self->ch, O_RDWR, O_NONBLOCK));
	kchan_close(self->ch);
}

TEST_F(ways, other_open_flags_are_EINVAL)
{
	static const int bad[] = { O_ACCMODE,	     O_RDWR | O_CREAT,
				   O_RDWR | O_TRUNC, O_RDWR | O_APPEND,
				   O_PATH,	     -1 };
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, WAY("a", bad[i]));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, directory_is_EISDIR)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_EQ(-EISDIR, WAY("d", O_RDONLY));
	EXPECT_EQ(-EISDIR, WAY("d", O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, missing_directory_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, WAY("d/a", O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, channel_in_place_of_a_directory_is_ENOTDIR)
{
	EXPECT_EQ(-ENOTDIR, WAY("a/a", O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, long_component_is_ENAMETOOLONG)
{
	char name[257] = { 0 };

	memset(name, 'x', 256);
	EXPECT_EQ(-ENAMETOOLONG, WAY(name, O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, long_name_is_ENAMETOOLONG)
{
	char name[KCHAN_NAME_MAX + 2];
	unsigned int i;

	memset(name, 'x', sizeof(name));
	for (i = 4; i < sizeof(name); i += 5)
		name[i] = '/';
	name[sizeof(name) - 1] = 0;
	EXPECT_EQ(-ENAMETOOLONG, WAY(name, O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
}

TEST_F(ways, no_descriptor_left_is_EMFILE)
{
	struct rlimit was, limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &was));
	limit = was;
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, WAY("a", O_RDWR));
	EXPECT_EQ(UNSET, self->ch);
	setrlimit(RLIMIT_NOFILE, &was);
}

/* What a user may not do who does not own the channel. */
struct other_user {
	way_fn open;
	const char *name;
};

static int open_as_other(void *arg)
{
	const struct other_user *other = arg;
	struct kchan *ch = UNSET;

	return settled(other->open(&ch, other->name, O_RDWR, NULL), &ch);
}

TEST_F(ways, missing_right_is_EACCES)
{
	struct other_user other = { variant->open,
				    variant->path ? PATH("a") : "a" };

	EXPECT_EQ(0, kc_as(1000, open_as_other, &other));
	ASSERT_EQ(0, chmod(PATH("a"), 0622));
	EXPECT_EQ(-EACCES, kc_as(1000, open_as_other, &other));
}

TEST_F(ways, another_users_directory_is_EACCES)
{
	struct other_user other = { variant->open,
				    variant->path ? PATH("d/a") : "d/a" };

	ASSERT_EQ(0, mkdir(PATH("d"), 0700));
	EXPECT_EQ(-EACCES, kc_as(1000, open_as_other, &other));
}

TEST_F(names, malformed_name_is_EINVAL)
{
	static const char *const bad[] = {
		"", "a//b", "a/", ".a", "a/..", "a\n"
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, try_create(bad[i], O_RDWR, NULL));
		EXPECT_EQ(-EINVAL, try_open(bad[i], O_RDWR));
	}
}

TEST_F(names, name_that_is_not_there_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, try_open("a", O_RDWR));
	EXPECT_EQ(-ENOENT, try_open(PATH("a"), O_RDWR));
	EXPECT_EQ(-ENOENT, try_open("/nowhere/a", O_RDWR));
}

TEST_F(names, name_that_is_not_memory_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, try_open(NULL, O_RDWR));
}

TEST_F(names, taken_name_is_EEXIST_with_EXCL)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .flags = KCHAN_CREATE_EXCL };

	EXPECT_EQ(0, try_create("a", O_RDWR, &opts));
	EXPECT_EQ(-EEXIST, try_create("a", O_RDWR, &opts));
}

/* Create of @name with one option that is wrong. */
#define TRY_WITH(name, field, value)                                      \
	({                                                                \
		struct kchan_create_opts opts_ = { .size = sizeof(opts_), \
						   .field = value };      \
		try_create(name, O_RDWR, &opts_);                         \
	})

TEST_F(names, bad_attributes_are_EINVAL)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .msgsize = 5,
					  .bytes = 4 };

	EXPECT_EQ(-EINVAL, TRY_WITH("a", mode, 01000));
	EXPECT_EQ(-EINVAL, TRY_WITH("a", kind, KCHAN_KIND_QUEUE + 1));
	EXPECT_EQ(-EINVAL, TRY_WITH("a", flags, 1U << 31));
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &opts));
	EXPECT_EQ(-ENOENT, try_open("a", O_RDWR));
}

TEST_F(names, flags_of_names_are_EINVAL_without_one)
{
	EXPECT_EQ(-EINVAL, TRY_WITH(NULL, flags, KCHAN_CREATE_EXCL));
	EXPECT_EQ(-EINVAL, TRY_WITH(NULL, flags, KCHAN_CREATE_AUTO));
}

/* A second descriptor would come, and stay. */
TEST_F(names, pair_is_no_flag_of_create)
{
	int next = dup(0);

	close(next);
	EXPECT_EQ(-EINVAL, TRY_WITH(NULL, flags, KCHAN_CREATE_PAIR));
	EXPECT_EQ(next, dup(0));
}

TEST_F(names, channel_without_a_handle_is_only_made)
{
	struct kchan_create_opts opts = { .size = sizeof(opts), .depth = 7 };
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	int next = dup(0);
	struct kchan *ch;

	close(next);
	ASSERT_EQ(0, kchan_create(NULL, "a", 0, &opts));
	EXPECT_EQ(next, dup(0));
	EXPECT_EQ(-EEXIST, kchan_create(NULL, "a", 0, NULL));
	ASSERT_EQ(0, kchan_open(&ch, "a", O_WRONLY));
	ASSERT_EQ(0, kchan_get_state(ch, &state));
	EXPECT_EQ(7, state.depth);
	EXPECT_EQ(0, state.receivers);
	kchan_close(ch);
}

TEST_F(names, what_is_only_made_has_a_name_and_stays)
{
	struct kchan_create_opts opts = { .size = sizeof(opts) };

	EXPECT_EQ(-EINVAL, kchan_create(NULL, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, kchan_create(NULL, "a", O_WRONLY, NULL));
	opts.flags = KCHAN_CREATE_AUTO;
	EXPECT_EQ(-EINVAL, kchan_create(NULL, "a", 0, &opts));
	EXPECT_EQ(-ENOENT, try_open("a", O_RDWR));
	/* That is for the library to say. */
	EXPECT_EQ(-EINVAL, TRY_WITH("a", flags, KCHAN_CREATE_NO_FD));
	EXPECT_EQ(-ENOENT, try_open("a", O_RDWR));
}

TEST_F(names, bad_pair_touches_neither_handle)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .flags = KCHAN_CREATE_EXCL };
	struct kchan *rx = UNSET, *tx = UNSET;

	EXPECT_EQ(-EINVAL, kchan_create_pair(&rx, &tx, 0, &opts));
	opts.flags = KCHAN_CREATE_PAIR;
	EXPECT_EQ(-EINVAL, kchan_create_pair(&rx, &tx, 0, &opts));
	EXPECT_EQ(-EINVAL, kchan_create_pair(&rx, &tx, O_RDWR, NULL));
	EXPECT_EQ(UNSET, rx);
	EXPECT_EQ(UNSET, tx);
}

TEST_F(names, attribute_above_the_ceiling_is_ERANGE)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 10));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_msgsize", 20));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes", 30));
	EXPECT_EQ(0, TRY_WITH("a", depth, 10));
	EXPECT_EQ(-ERANGE, TRY_WITH("b", depth, 11));
	EXPECT_EQ(-ERANGE, TRY_WITH("b", msgsize, 21));
	EXPECT_EQ(-ERANGE, TRY_WITH("b", bytes, 31));
}

TEST_F(names, channels_above_the_namespaces_limit_are_ENOSPC)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 1));
	EXPECT_EQ(0, try_create("a", O_RDWR, NULL));
	EXPECT_EQ(-ENOSPC, try_create("b", O_RDWR, NULL));
}

static int have_one(void *arg)
{
	(void)arg;
	return try_create("a", O_RDWR, NULL) ? -EPROTO :
					       try_create("b", O_RDWR, NULL);
}

TEST_F(names, channels_above_the_users_limit_are_EDQUOT)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", 1));
	EXPECT_EQ(-EDQUOT, kc_as(1000, have_one, NULL));
}

TEST_F(names, missing_device_is_ENODEV_and_paths_do_not_need_it)
{
	struct kchan_features features = KCHAN_INIT(struct kchan_features);

	ASSERT_EQ(0, try_create("a", O_RDWR, NULL));
	ASSERT_EQ(0, mount("none", "/dev", "tmpfs", 0, NULL));
	EXPECT_EQ(-ENODEV, try_create("a", O_RDWR, NULL));
	EXPECT_EQ(-ENODEV, try_create(NULL, O_RDWR, NULL));
	EXPECT_EQ(-ENODEV, try_open("a", O_RDWR));
	EXPECT_EQ(-ENODEV, kchan_get_features(&features));
	EXPECT_EQ(0, try_open(PATH("a"), O_RDWR));
	EXPECT_EQ(0, umount("/dev"));
}

TEST_F(names, device_without_a_driver_is_ENODEV)
{
	ASSERT_EQ(0, mount("none", "/dev", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mknod("/dev/kchan", S_IFCHR | 0666, 10 << 8 | 250));
	EXPECT_EQ(-ENODEV, try_open("a", O_RDWR));
	ASSERT_EQ(0, unlink("/dev/kchan"));
	ASSERT_EQ(0, mknod("/dev/kchan", S_IFCHR | 0666, 239 << 8));
	EXPECT_EQ(-ENODEV, try_open("a", O_RDWR));
	EXPECT_EQ(0, umount("/dev"));
}

/* What is no channel. None of it is opened, so that a FIFO does not wait. */
TEST_F(names, path_of_something_else_is_ENOTTY)
{
	ASSERT_EQ(0, mount("none", "/mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkfifo("/mnt/fifo", 0600));
	EXPECT_EQ(-ENOTTY, try_open("/mnt/fifo", O_RDONLY));
	EXPECT_EQ(-ENOTTY, try_open("/mnt/fifo", O_WRONLY));
	EXPECT_EQ(-ENOTTY, try_open("/dev/null", O_RDWR));
	EXPECT_EQ(-ENOTTY, try_open("/dev/kchan", O_RDWR));
	EXPECT_EQ(-ENOTTY, try_open("/proc/version", O_RDONLY));
}

TEST_F(names, path_may_lead_elsewhere)
{
	ASSERT_EQ(0, mount("none", "/mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, symlink(PATH("a"), "/mnt/a"));
	self->ch = create("a", NULL);
	self->other = open_as("/mnt/a", O_RDWR);
	ASSERT_TRUE(self->ch && self->other);
	EXPECT_EQ(state_of(self->ch).id, state_of(self->other).id);
}

TEST_F(names, names_and_paths_of_the_instance_are_the_same)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	self->ch = create("d/a", NULL);
	self->other = open_as(PATH("d/a"), O_RDWR);
	ASSERT_TRUE(self->ch && self->other);
	EXPECT_EQ(state_of(self->ch).id, state_of(self->other).id);
}

TEST_F(names, from_fd_takes_over_an_endpoint)
{
	int fd = kc_create(self->env.ctl, "a", O_WRONLY);

	ASSERT_EQ(0, kchan_from_fd(&self->ch, fd));
	EXPECT_EQ(fd, kchan_fd(self->ch));
	EXPECT_TRUE(opened(self->ch, O_WRONLY, 0));
	kchan_close(self->ch);
	self->ch = NULL;
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
}

static int try_from_fd(int fd)
{
	struct kchan *ch = UNSET;

	return settled(kchan_from_fd(&ch, fd), &ch);
}

TEST_F(names, from_fd_leaves_alone_what_is_no_channel)
{
	int root = open(self->env.dir, O_RDONLY);
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-ENOTTY, try_from_fd(pipes[0]));
	EXPECT_EQ(-ENOTTY, try_from_fd(self->env.ctl));
	EXPECT_EQ(-ENOTTY, try_from_fd(root));
	EXPECT_EQ(-EBADF, try_from_fd(-1));
	EXPECT_LE(0, fcntl(pipes[0], F_GETFD));
	EXPECT_LE(0, fcntl(self->env.ctl, F_GETFD));
	EXPECT_LE(0, fcntl(root, F_GETFD));
	close(root);
}

TEST_F(names, from_fd_wants_an_open_endpoint)
{
	int fd;

	self->ch = create("a", NULL);
	ASSERT_TRUE(self->ch);
	fd = open(PATH("a"), O_PATH);
	EXPECT_EQ(-EBADF, try_from_fd(fd));
	close(fd);
	fd = dup(kchan_fd(self->ch));
	ASSERT_EQ(0, kchan_revoke(self->ch));
	EXPECT_EQ(-EIDRM, try_from_fd(fd));
	EXPECT_EQ(0, close(fd));
}

TEST_F(names, close_closes_the_endpoint)
{
	int fd;

	self->ch = create("a", NULL);
	ASSERT_TRUE(self->ch);
	fd = kchan_fd(self->ch);
	kchan_close(self->ch);
	self->ch = NULL;
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
}

TEST(close_of_NULL_does_nothing)
{
	kchan_close(NULL);
}

/* No descriptor but that of the handle is left open, whether a call fails or not. */
TEST_F(names, no_descriptor_is_left_behind)
{
	struct kchan_features features = KCHAN_INIT(struct kchan_features);
	int next = dup(0);

	close(next);
	ASSERT_EQ(0, kchan_get_features(&features));
	ASSERT_EQ(0, try_create("a", O_RDWR, NULL));
	ASSERT_EQ(0, kchan_remove("a", 0, 0));
	ASSERT_EQ(-ENOENT, kchan_remove("a", 0, 0));
	ASSERT_EQ(0, try_create("a", O_RDWR, NULL));
	ASSERT_EQ(0, try_create(NULL, O_RDWR, NULL));
	ASSERT_EQ(0, try_open("a", O_RDWR));
	ASSERT_EQ(0, try_open(PATH("a"), O_RDWR));
	ASSERT_EQ(-ENOENT, try_open("b", O_RDWR));
	ASSERT_EQ(-ENOENT, try_create("d/b", O_RDWR, NULL));
	ASSERT_EQ(-ENOTTY, try_open("/dev/null", O_RDWR));
	ASSERT_EQ(-ENOTTY, try_create("/tmp/b", O_RDWR, NULL));
	EXPECT_EQ(next, dup(0));
}

/* CREATE in a directory of a mounted instance. */
FIXTURE(paths)
{
	struct kc_env env;
	struct kchan *ch;
	struct kchan *other;
};

FIXTURE_SETUP(paths)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
}

FIXTURE_TEARDOWN(paths)
{
	kchan_close(self->other);
	kchan_close(self->ch);
	kc_leave(&self->env);
}

TEST_F(paths, create_makes_what_the_name_finds)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .mode = 0644,
					  .depth = 3 };

	self->ch = create(PATH("d/a"), &opts);
	self->other = open_as("d/a", O_RDWR);
	ASSERT_TRUE(self->ch && self->other);
	EXPECT_EQ(state_of(self->ch).id, state_of(self->other).id);
	EXPECT_EQ(3, state_of(self->ch).depth);
	EXPECT_EQ(0644, mode_of(self->ch));
}

TEST_F(paths, create_in_the_root_directory_of_the_instance)
{
	EXPECT_EQ(0, try_create(PATH("a"), O_RDWR, NULL));
	EXPECT_EQ(0, try_create(PATH("/b"), O_RDWR, NULL));
	EXPECT_EQ(0, try_open("a", O_RDWR));
	EXPECT_EQ(0, try_open("b", O_RDWR));
}

TEST_F(paths, create_with_EXCL_of_a_taken_name_is_EEXIST)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .flags = KCHAN_CREATE_EXCL };

	EXPECT_EQ(0, try_create(PATH("d/a"), O_RDWR, &opts));
	EXPECT_EQ(-EEXIST, try_create(PATH("d/a"), O_RDWR, &opts));
	EXPECT_EQ(0, try_create(PATH("d/a"), O_RDWR, NULL));
}

TEST_F(paths, malformed_last_component_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, try_create(PATH("d/"), O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, try_create(PATH("d/.a"), O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, try_create(PATH("d/.."), O_RDWR, NULL));
}

TEST_F(paths, create_elsewhere_is_ENOTTY)
{
	EXPECT_EQ(-ENOTTY, try_create("/tmp/a", O_RDWR, NULL));
	EXPECT_EQ(-ENOTTY, try_create("/a", O_RDWR, NULL));
	EXPECT_EQ(-1, access("/tmp/a", F_OK));
}

TEST_F(paths, create_on_a_readonly_mount_is_EROFS)
{
	ASSERT_EQ(0, try_create(PATH("a"), O_RDWR, NULL));
	ASSERT_EQ(0, mount(NULL, self->env.dir, NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, try_create(PATH("b"), O_RDWR, NULL));
	EXPECT_EQ(0, try_create(PATH("a"), O_RDWR, NULL));
}

TEST_F(paths, channels_above_the_limit_are_ENOSPC)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 1));
	EXPECT_EQ(-ENOSPC, try_create(PATH("d/a"), O_RDWR, NULL));
}

/* The mount goes on to show the instance of a namespace that nobody is in. */
TEST_F(paths, create_in_an_instance_that_is_gone_is_EIDRM)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_TRUE(
		KC_EVENTUALLY(try_create(PATH("a"), O_RDWR, NULL) == -EIDRM));
}

TEST_F(paths, path_leads_to_its_mounts_instance_wherever_one_is)
{
	int ns = open("/proc/self/ns/net", O_RDONLY);

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(0, try_create(PATH("d/a"), O_RDWR, NULL));
	EXPECT_EQ(0, try_open(PATH("d/a"), O_RDWR));
	EXPECT_EQ(-ENOENT, try_open("d/a", O_RDWR));
	ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
	EXPECT_EQ(0, try_open("d/a", O_RDWR));
	close(ns);
}

TEST_HARNESS_MAIN
