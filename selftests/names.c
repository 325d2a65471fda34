// SPDX-License-Identifier: GPL-2.0
/* Names given to CREATE and OPEN, and what a channel made so is like. */
#include "kchan_test.h"

#include <sys/stat.h>

FIXTURE(names)
{
	struct kc_env env;
};

FIXTURE_SETUP(names)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(names)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

TEST_F(names, create_makes_what_open_finds)
{
	int made = kc_create(CTL, "a", O_RDWR);
	int found = kc_open(CTL, "a", O_RDONLY);

	ASSERT_LE(0, made);
	ASSERT_LE(0, found);
	EXPECT_EQ(kc_state(made).id, kc_state(found).id);
	EXPECT_EQ(2, kc_state(made).receivers);
	EXPECT_EQ(1, kc_state(made).senders);
}

TEST_F(names, create_of_a_taken_name_opens_what_is_there)
{
	struct kchan_create arg = kc_create_arg("a");
	int first, second;

	arg.depth = 7;
	arg.key = 0xfeedbeef;
	first = kc_create_with(CTL, &arg);
	ASSERT_LE(0, first);
	arg.depth = 9;
	arg.key = 1;
	arg.flags = KCHAN_CREATE_AUTO;
	second = kc_create_with(CTL, &arg);
	ASSERT_LE(0, second);
	EXPECT_EQ(kc_state(first).id, kc_state(second).id);
	EXPECT_EQ(7, kc_state(second).depth);
	EXPECT_EQ(0xfeedbeef, kc_state(second).key);
	EXPECT_EQ(KCHAN_STATE_NAMED, kc_state(second).flags);
}

/* With flags that want a new channel, where there is one. */
static void refuse_taken(struct __test_metadata *_metadata, int ctl,
			 unsigned int flags, int open_flags)
{
	int fd = kc_create(ctl, "a", O_RDWR);
	struct kchan_state before = kc_state(fd);
	struct kchan_create arg = kc_create_arg("a"), was;

	ASSERT_LE(0, fd);
	arg.flags = flags;
	arg.open_flags = open_flags;
	was = arg;
	EXPECT_EQ(-EEXIST, kc_ioctl(ctl, KCHAN_IOC_CREATE, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, fd));
}

TEST_F(names, create_excl_of_a_taken_name_is_EEXIST)
{
	refuse_taken(_metadata, CTL, KCHAN_CREATE_EXCL, O_RDWR);
}

TEST_F(names, create_excl_of_a_free_name_makes_it)
{
	struct kchan_create arg = kc_create_arg("a");

	arg.flags = KCHAN_CREATE_EXCL;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(names, malformed_names_are_EINVAL)
{
	static const char * const bad[] = {
		"", "/", "/a", "a/", "a//b", "//", ".", "..", ".a", "a/.", "a/..",
		"a/.b", ".a/b", "./a", "../a", "a/../b", "\x01", "a\x1f", "a\n",
		"\177a", "a\tb", "a/b\x1b", "a\x01/b",
	};
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("a"), 0777));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_TRUE(kc_refused(CTL, bad[i], -EINVAL))
			TH_LOG("name %u: '%s'", i, bad[i]);
	}
	EXPECT_EQ(1, kc_count_names(self->env.dir));
}

TEST_F(names, malformed_names_are_EINVAL_in_the_mount)
{
	static const char * const bad[] = {
		".a", "...", "\x01", "a\x1f", "a\n", "\x7f", "d/.a", "d/a\x1b",
	};
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_LE(0, kc_create(CTL, "old", O_RDWR));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *path = PATH(bad[i]);

		EXPECT_EQ(-EINVAL, kc_fd(open(path, O_CREAT | O_RDWR, 0666)))
			TH_LOG("open of name %u", i);
		EXPECT_EQ(-EINVAL, kc_fd(mkdir(path, 0777)))
			TH_LOG("mkdir of name %u", i);
		EXPECT_EQ(-EINVAL, kc_fd(rename(PATH("old"), path)))
			TH_LOG("rename to name %u", i);
	}
	EXPECT_EQ(2, kc_count_names(self->env.dir));
	EXPECT_EQ(0, kc_count_names(PATH("d")));
}

TEST_F(names, all_other_bytes_make_names)
{
	static const char * const good[] = {
		"a.", "a.b", " ", "a b", "~", "\x80", "\xff\xfe", "-", "*", "\\",
		"\xc3\xa9t\xc3\xa9", "a..b",
	};
	struct kchan_create arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		arg = kc_create_arg(good[i]);
		arg.flags = KCHAN_CREATE_EXCL;
		EXPECT_LE(0, kc_create_with(CTL, &arg))
			TH_LOG("name %u: '%s'", i, good[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(good), kc_count_names(self->env.dir));
}

TEST_F(names, each_byte_in_the_middle_of_a_name)
{
	int expected, fd, byte;

	for (byte = 1; byte < 256; byte++) {
		const char name[] = { 'a', byte, 'b', 0 };

		expected = byte < 0x20 || byte == 0x7f ? -EINVAL :
			   byte == '/' ? -ENOENT : 0;
		fd = kc_create(CTL, name, O_RDWR);
		EXPECT_EQ(expected, fd < 0 ? fd : 0) TH_LOG("byte %d", byte);
		EXPECT_EQ(expected, kc_remove(CTL, name, 0, 0));
		close(fd);
	}
}

TEST_F(names, component_of_255_bytes)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = 0;
	EXPECT_LE(0, kc_create(CTL, name, O_RDWR));
	EXPECT_LE(0, kc_open(CTL, name, O_RDWR));
}

TEST_F(names, component_of_256_bytes_is_ENAMETOOLONG)
{
	char name[257];

	memset(name, 'n', 256);
	name[256] = 0;
	EXPECT_TRUE(kc_refused(CTL, name, -ENAMETOOLONG));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

TEST_F(names, name_of_4095_bytes)
{
	char name[KCHAN_NAME_MAX + 1];

	ASSERT_LE(0, kc_nest(self->env.dir, name));
	memset(name + 3840, 'n', 255);
	name[KCHAN_NAME_MAX] = 0;
	EXPECT_LE(0, kc_create(CTL, name, O_RDWR));
	EXPECT_LE(0, kc_open(CTL, name, O_RDWR));
}

TEST_F(names, name_of_4096_bytes_is_ENAMETOOLONG)
{
	char name[KCHAN_NAME_MAX + 2];

	ASSERT_LE(0, kc_nest(self->env.dir, name));
	memset(name + 3840, 'n', 256);
	name[3840 + 100] = '/';
	name[KCHAN_NAME_MAX + 1] = 0;
	EXPECT_TRUE(kc_refused(CTL, name, -ENAMETOOLONG));
}

TEST_F(names, unterminated_name_is_ENAMETOOLONG)
{
	char *name = kc_guarded(KCHAN_NAME_MAX + 2);

	memset(name, 'n', KCHAN_NAME_MAX + 2);
	EXPECT_TRUE(kc_refused(CTL, name, -ENAMETOOLONG));
}

TEST_F(names, name_in_a_directory)
{
	int fd;

	ASSERT_EQ(0, mkdir(PATH("robot1"), 0777));
	ASSERT_EQ(0, mkdir(PATH("robot1/camera"), 0777));
	fd = kc_create(CTL, "robot1/camera/left", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, access(PATH("robot1/camera/left"), F_OK));
	EXPECT_LE(0, kc_open(CTL, "robot1/camera/left", O_RDONLY));
}

TEST_F(names, missing_directory_is_ENOENT)
{
	EXPECT_TRUE(kc_refused(CTL, "no/a", -ENOENT));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

TEST_F(names, open_of_a_free_name_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

TEST_F(names, name_under_a_channel_is_ENOTDIR)
{
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	EXPECT_TRUE(kc_refused(CTL, "a/b", -ENOTDIR));
}

TEST_F(names, directory_is_EISDIR)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_TRUE(kc_refused(CTL, "d", -EISDIR));
}

TEST_F(names, create_excl_of_a_directory_is_EEXIST)
{
	struct kchan_create arg = kc_create_arg("d");

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	arg.flags = KCHAN_CREATE_EXCL;
	EXPECT_EQ(-EEXIST, kc_create_with(CTL, &arg));
}

TEST_F(names, open_without_a_name_is_EFAULT)
{
	struct kchan_open arg = { .size = sizeof(arg), .fd = -77 };
	int ret = kc_ioctl(CTL, KCHAN_IOC_OPEN, &arg);

	EXPECT_TRUE(ret == -EFAULT || ret == -EINVAL)
		TH_LOG("returned %d", ret);
	EXPECT_EQ(-77, arg.fd);
}

TEST_F(names, umask_is_applied_to_the_mode)
{
	struct kchan_create arg = kc_create_arg("a");
	struct stat st;

	arg.mode = 0777;
	umask(027);
	ASSERT_LE(0, kc_create_with(CTL, &arg));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(S_IFCHR | 0750, st.st_mode);
}

TEST_F(names, mode_above_0777_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg("a"), was;
	unsigned int bit;

	for (bit = 9; bit < 32; bit++) {
		arg.mode = 0600 | 1U << bit;
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

static int create_mode_0(void *arg)
{
	struct kchan_create create = kc_create_arg("a");
	int fd;

	create.mode = 0;
	fd = kc_create_with(*(int *)arg, &create);
	return fd < 0 ? fd : write(fd, "x", 1) == 1 ? 0 : -errno;
}

TEST_F(names, new_channel_opens_whatever_its_mode)
{
	struct stat st;

	EXPECT_EQ(0, kc_as(1000, create_mode_0, &CTL));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(S_IFCHR, st.st_mode);
	EXPECT_EQ(1000, st.st_uid);
	EXPECT_EQ(1000, st.st_gid);
}

TEST_F(names, access_mode_is_the_role)
{
	int rd = kc_create(CTL, "a", O_RDONLY);
	int wr = kc_open(CTL, "a", O_WRONLY);
	int rw = kc_open(CTL, "a", O_RDWR);

	EXPECT_EQ(O_RDONLY, fcntl(rd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_WRONLY, fcntl(wr, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDWR, fcntl(rw, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(2, kc_state(rd).receivers);
	EXPECT_EQ(2, kc_state(rd).senders);
}

TEST_F(names, descriptors_are_close_on_exec_asked_or_not)
{
	int a = kc_create(CTL, "a", O_RDWR);
	int b = kc_create(CTL, "b", O_RDWR | O_CLOEXEC);
	int c = kc_open(CTL, "a", O_RDWR);
	int d = kc_open(CTL, "a", O_RDWR | O_CLOEXEC);

	EXPECT_EQ(FD_CLOEXEC, fcntl(a, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(b, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(c, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(d, F_GETFD));
}

TEST_F(names, nonblock_is_as_asked)
{
	int a = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	int b = kc_create(CTL, "b", O_RDWR);
	int c = kc_open(CTL, "a", O_RDWR | O_NONBLOCK);
	int d = kc_open(CTL, "a", O_RDWR);

	EXPECT_EQ(O_NONBLOCK, fcntl(a, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(b, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(O_NONBLOCK, fcntl(c, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(d, F_GETFL) & O_NONBLOCK);
}

TEST_F(names, unknown_kind_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg("a");

	for (arg.kind = 1; arg.kind; arg.kind <<= 1) {
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg))
			TH_LOG("kind %u", arg.kind);
	}
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

TEST_F(names, unknown_kind_is_EINVAL_where_the_name_is_taken)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before = kc_state(fd);

	arg.kind = 77;
	EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
	EXPECT_TRUE(kc_unchanged(&before, fd));
}

TEST_F(names, bytes_below_msgsize_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg("a");

	arg.msgsize = 100;
	arg.bytes = 99;
	EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
	arg.bytes = 100;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(names, default_msgsize_is_not_above_bytes)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd;

	arg.bytes = 100;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(100, kc_state(fd).bytes);
	EXPECT_EQ(100, kc_state(fd).msgsize);
}

TEST_F(names, attributes_of_0_are_the_defaults)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_state state = kc_state(fd);

	EXPECT_EQ(KCHAN_KIND_QUEUE, state.kind);
	EXPECT_EQ(KCHAN_DEPTH_DEFAULT, state.depth);
	EXPECT_EQ(KCHAN_MSGSIZE_DEFAULT, state.msgsize);
	EXPECT_EQ(KCHAN_BYTES_DEFAULT, state.bytes);
	EXPECT_EQ(0, state.key);
	EXPECT_EQ(KCHAN_STATE_NAMED, state.flags);
}

TEST_F(names, attributes_are_as_given)
{
	struct kchan_create arg = kc_create_arg("a");
	struct kchan_state state;
	int fd;

	arg.depth = 3;
	arg.msgsize = 1000;
	arg.bytes = 2001;
	arg.key = 0xffffffff;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	state = kc_state(fd);
	EXPECT_EQ(3, state.depth);
	EXPECT_EQ(1000, state.msgsize);
	EXPECT_EQ(2001, state.bytes);
	EXPECT_EQ(0xffffffff, state.key);
}

TEST_F(names, state_shows_the_creator)
{
	uint64_t before = kc_now();
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_state state = kc_state(fd);

	EXPECT_EQ(getpid(), state.creator_pid);
	EXPECT_EQ(0, state.creator_uid);
	EXPECT_EQ(0, state.creator_gid);
	EXPECT_LE(before, state.create_time);
	EXPECT_GE(kc_now(), state.create_time);
}

TEST_F(names, ids_differ)
{
	uint64_t a = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	uint64_t b = kc_state(kc_create(CTL, "b", O_RDWR)).id;
	uint64_t c = kc_state(kc_create(CTL, NULL, O_RDWR)).id;

	EXPECT_NE(a, b);
	EXPECT_NE(b, c);
	EXPECT_NE(a, c);
}

TEST_F(names, id_is_not_used_again)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	uint64_t id = kc_state(fd).id;

	close(fd);
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_NE(id, kc_state(kc_create(CTL, "a", O_RDWR)).id);
}

TEST_F(names, fd_send_is_minus_1_without_pair)
{
	struct kchan_create arg = kc_create_arg("a");

	ASSERT_LE(0, kc_create_with(CTL, &arg));
	EXPECT_EQ(-1, arg.fd_send);
}

TEST_F(names, flags_that_need_a_name_are_EINVAL_without)
{
	struct kchan_create arg = kc_create_arg(NULL), was;

	arg.flags = KCHAN_CREATE_EXCL;
	was = arg;
	EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	arg.flags = KCHAN_CREATE_AUTO;
	was = arg;
	EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(names, pair_with_a_name_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg("a"), was;

	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = 0;
	was = arg;
	EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

static void take_all_descriptors(void)
{
	while (dup(0) >= 0)
		;
}

static int create_without_descriptor(void *arg)
{
	take_all_descriptors();
	return kc_create(*(int *)arg, "b", O_RDWR);
}

TEST_F(names, create_without_a_free_descriptor_is_EMFILE)
{
	EXPECT_EQ(-EMFILE, kc_child(create_without_descriptor, &CTL));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "b", O_RDWR));
}

static int open_without_descriptor(void *arg)
{
	take_all_descriptors();
	return kc_open(*(int *)arg, "a", O_RDWR);
}

TEST_F(names, open_without_a_free_descriptor_is_EMFILE)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before = kc_state(fd);

	EXPECT_EQ(-EMFILE, kc_child(open_without_descriptor, &CTL));
	EXPECT_TRUE(kc_unchanged(&before, fd));
}

static int pair_with_one_descriptor_left(void *arg)
{
	int last = dup(0), rx, tx;

	take_all_descriptors();
	close(last);
	if (kc_pair(*(int *)arg, &rx, &tx) != -EMFILE)
		return -EPROTO;
	return rx == -77 && tx == -77 && dup(0) == last ? 0 : -EBADE;
}

TEST_F(names, pair_with_one_free_descriptor_is_EMFILE_and_takes_none)
{
	EXPECT_EQ(0, kc_child(pair_with_one_descriptor_left, &CTL));
}

static int make(int ctl, struct kchan_create *arg)
{
	arg->flags |= KCHAN_CREATE_NO_FD;
	arg->open_flags = 0;
	return kc_ioctl(ctl, KCHAN_IOC_CREATE, arg);
}

TEST_F(names, channel_that_is_only_made_has_no_endpoint)
{
	struct kchan_create arg = kc_create_arg("a");
	int next = dup(0), fd;
	struct stat st;

	close(next);
	arg.mode = 0640;
	arg.depth = 7;
	arg.fd = -77;
	arg.fd_send = -77;
	ASSERT_EQ(0, make(CTL, &arg));
	EXPECT_EQ(-1, arg.fd);
	EXPECT_EQ(-1, arg.fd_send);
	EXPECT_EQ(next, dup(0));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	EXPECT_EQ(S_IFCHR | 0640, st.st_mode);
	fd = kc_open(CTL, "a", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(7, kc_state(fd).depth);
	EXPECT_EQ(1, kc_state(fd).receivers);
	EXPECT_EQ(0, kc_state(fd).senders);
}

TEST_F(names, channel_with_a_pool_may_be_only_made)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd;

	arg.slots = 3;
	arg.slot_size = 128;
	ASSERT_EQ(0, make(CTL, &arg));
	fd = kc_open(CTL, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(3, kc_state(fd).slots);
	EXPECT_EQ(5, write(fd, "hello", 5));
}

TEST_F(names, making_only_a_taken_name_is_EEXIST)
{
	refuse_taken(_metadata, CTL, KCHAN_CREATE_NO_FD, 0);
}

TEST_F(names, making_only_is_EINVAL_with_what_an_open_channel_has)
{
	struct kchan_create arg = kc_create_arg("a");

	arg.flags = KCHAN_CREATE_NO_FD;
	arg.open_flags = O_WRONLY;
	EXPECT_EQ(-EINVAL, kc_ioctl(CTL, KCHAN_IOC_CREATE, &arg));
	arg.open_flags = O_NONBLOCK;
	EXPECT_EQ(-EINVAL, kc_ioctl(CTL, KCHAN_IOC_CREATE, &arg));
	arg.flags = KCHAN_CREATE_AUTO;
	EXPECT_EQ(-EINVAL, make(CTL, &arg));
	arg.flags = KCHAN_CREATE_PAIR;
	EXPECT_EQ(-EINVAL, make(CTL, &arg));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
	arg.flags = 0;
	arg.name = 0;
	EXPECT_EQ(-EINVAL, make(CTL, &arg));
}

static int make_without_descriptor(void *arg)
{
	struct kchan_create create = kc_create_arg("b");

	take_all_descriptors();
	return make(*(int *)arg, &create);
}

TEST_F(names, making_only_takes_no_descriptor)
{
	EXPECT_EQ(0, kc_child(make_without_descriptor, &CTL));
	EXPECT_EQ(1, kc_count_names(self->env.dir));
}

/* Its answer cannot be written: nobody would know that there is a channel. */
TEST_F(names, making_only_with_a_read_only_argument_is_EFAULT_and_makes_none)
{
	struct kchan_create *arg = kc_guarded(4096);

	*arg = kc_create_arg("a");
	arg->flags = KCHAN_CREATE_NO_FD;
	arg->open_flags = 0;
	ASSERT_EQ(0, mprotect(arg, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, kc_ioctl(CTL, KCHAN_IOC_CREATE, arg));
	EXPECT_EQ(0, kc_count_names(self->env.dir));
}

TEST_HARNESS_MAIN
