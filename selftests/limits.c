// SPDX-License-Identifier: GPL-2.0
/*
 * The sysctls net.kchan.*: what they limit, whom, and who may raise them. Users
 * are counted over all namespaces, and what a test leaves goes a little later:
 * so each test has a user of its own.
 */
#include "kchan_test.h"

#include <sys/stat.h>

static const struct limit {
	const char *name;
	long long preset;
} limits[] = {
	{ "max_channels", 8192 },
	{ "max_channels_user", 256 },
	{ "max_bytes_user", 64 << 20 },
	{ "max_depth", 65536 },
	{ "max_msgsize", 16 << 20 },
	{ "max_bytes", 64 << 20 },
	{ "max_pool_bytes_user", 1 << 30 },
};

#define LIMITS ARRAY_SIZE(limits)
#define HERE (-1)		/* the network namespace of the test */
#define THERE (self->env.net)	/* the one that it was started in, init's */

FIXTURE(limits)
{
	struct kc_env env;
	long long was[LIMITS];	/* THERE, to be put back */
};

FIXTURE_SETUP(limits)
{
	unsigned int i;

	ASSERT_EQ(0, kc_enter(&self->env));
	for (i = 0; i < LIMITS; i++) {
		self->was[i] = kc_sysctl_get(THERE, limits[i].name);
		ASSERT_LT(0, self->was[i]);
	}
}

FIXTURE_TEARDOWN(limits)
{
	unsigned int i;

	for (i = 0; i < LIMITS; i++)
		kc_sysctl_set(THERE, limits[i].name, self->was[i]);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

/* A number of users that no other test has. */
static uid_t new_user(void)
{
	return 100000 + 4 * getpid();
}

TEST_F(limits, presets)
{
	unsigned int i;

	for (i = 0; i < LIMITS; i++) {
		EXPECT_EQ(limits[i].preset, kc_sysctl_get(HERE, limits[i].name))
			TH_LOG("%s", limits[i].name);
	}
}

TEST_F(limits, values_out_of_range_are_EINVAL)
{
	static const char * const bad[] = {
		"0", "-1", "x", "18446744073709551615", "9223372036854775808",
		"99999999999999999999999999",
	};
	unsigned int i, j;
	char path[64];

	for (i = 0; i < LIMITS; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/kchan/%s",
			 limits[i].name);
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			EXPECT_EQ(-EINVAL, kc_write_file(path, bad[j]))
				TH_LOG("%s = %s", limits[i].name, bad[j]);
		}
		EXPECT_EQ(limits[i].preset, kc_sysctl_get(HERE, limits[i].name));
		EXPECT_EQ(0, kc_sysctl_set(HERE, limits[i].name, 1));
		EXPECT_EQ(1, kc_sysctl_get(HERE, limits[i].name));
	}
}

static int write_sysctl(void *arg)
{
	return kc_sysctl_set(HERE, arg, 5);
}

TEST_F(limits, user_does_not_write_them)
{
	EXPECT_EQ(-EACCES, kc_as(new_user(), write_sysctl, "max_depth"));
	EXPECT_EQ(65536, kc_sysctl_get(HERE, "max_depth"));
}

TEST_F(limits, namespaces_have_their_own)
{
	EXPECT_EQ(0, kc_sysctl_set(HERE, "max_depth", 77));
	EXPECT_EQ(77, kc_sysctl_get(HERE, "max_depth"));
	EXPECT_EQ(self->was[3], kc_sysctl_get(THERE, "max_depth"));
}

TEST_F(limits, depth_above_the_limit_is_ERANGE)
{
	struct kchan_create arg = kc_create_arg("a"), was;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 10));
	arg.depth = 11;
	was = arg;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	arg.depth = 10;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(limits, msgsize_above_the_limit_is_ERANGE)
{
	struct kchan_create arg = kc_create_arg("a");

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_msgsize", 1000));
	arg.msgsize = 1001;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	arg.msgsize = 1000;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(limits, bytes_above_the_limit_is_ERANGE)
{
	struct kchan_create arg = kc_create_arg("a");

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes", 1000));
	arg.msgsize = 100;
	arg.bytes = 1001;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	arg.bytes = 1ULL << 63;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	arg.bytes = 1000;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(limits, defaults_are_not_above_the_limits)
{
	struct kchan_state state;
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 10));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_msgsize", 1000));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes", 2000));
	fd = kc_create(CTL, "a", O_RDWR);
	state = kc_state(fd);
	EXPECT_EQ(10, state.depth);
	EXPECT_EQ(1000, state.msgsize);
	EXPECT_EQ(2000, state.bytes);
	fd = open(PATH("b"), O_CREAT | O_RDWR, 0666);
	state = kc_state(fd);
	EXPECT_EQ(10, state.depth);
	EXPECT_EQ(1000, state.msgsize);
	EXPECT_EQ(2000, state.bytes);
}

TEST_F(limits, default_bytes_are_not_below_msgsize)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd;

	arg.msgsize = 8 << 20;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(8 << 20, kc_state(fd).bytes);
}

TEST_F(limits, lowered_limits_leave_channels_as_they_are)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 1));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_msgsize", 1));
	EXPECT_EQ(KCHAN_DEPTH_DEFAULT, kc_state(fd).depth);
	EXPECT_EQ(2, write(fd, "xx", 2));
	EXPECT_EQ(2, write(fd, "xx", 2));
	EXPECT_LE(0, kc_open(CTL, "a", O_RDWR));
}

TEST_F(limits, channels_above_the_namespaces_limit_are_ENOSPC)
{
	struct kchan_create arg = kc_create_arg("d"), was = arg;
	int b;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 3));
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	b = kc_create(CTL, "b", O_RDWR);
	ASSERT_LE(0, b);
	ASSERT_LE(0, kc_create(CTL, NULL, O_RDWR));
	EXPECT_EQ(-ENOSPC, kc_create_with(CTL, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(-ENOSPC, kc_create(CTL, NULL, O_RDWR));
	EXPECT_EQ(-ENOSPC, kc_fd(open(PATH("d"), O_CREAT | O_RDWR, 0666)));
	EXPECT_NE(0, access(PATH("d"), F_OK));
	/* What is there is opened all the same. */
	EXPECT_LE(0, kc_create(CTL, "a", O_RDWR));
	close(b);
	ASSERT_EQ(0, unlink(PATH("b")));
	EXPECT_TRUE(KC_EVENTUALLY(kc_create(CTL, "d", O_RDWR) >= 0));
}

TEST_F(limits, directories_count_for_the_namespace)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 2));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("e"), 0777));
	EXPECT_EQ(-ENOSPC, kc_fd(mkdir(PATH("f"), 0777)));
	EXPECT_EQ(-ENOSPC, kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, rmdir(PATH("d")));
	EXPECT_TRUE(KC_EVENTUALLY(kc_create(CTL, "a", O_RDWR) >= 0));
}

TEST_F(limits, name_replaced_by_rename_is_given_back)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 2));
	close(kc_create(CTL, "a", O_RDWR));
	close(kc_create(CTL, "b", O_RDWR));
	EXPECT_EQ(-ENOSPC, kc_create(CTL, "c", O_RDWR));
	ASSERT_EQ(0, rename(PATH("a"), PATH("b")));
	EXPECT_TRUE(KC_EVENTUALLY(kc_create(CTL, "c", O_RDWR) >= 0));
}

TEST_F(limits, unlinked_channel_counts_until_its_last_endpoint_goes)
{
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 1));
	fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(-ENOSPC, kc_create(CTL, "b", O_RDWR));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(kc_create(CTL, "b", O_RDWR) >= 0));
}

/* What a user does who may have 3 channels and directories; the 4th is EDQUOT. */
static int have_three(void *arg)
{
	const struct kc_env *env = arg;

	if (kc_create(env->ctl, "a", O_RDWR) < 0 ||
	    kc_create(env->ctl, NULL, O_RDWR) < 0 ||
	    mkdir(kc_path(env, "d"), 0777))
		return -EPROTO;
	if (kc_create(env->ctl, NULL, O_RDWR) != -EDQUOT)
		return -EBADE;
	if (kc_fd(open(kc_path(env, "b"), O_CREAT | O_RDWR, 0600)) != -EDQUOT)
		return -EBADF;
	if (kc_fd(mkdir(kc_path(env, "e"), 0777)) != -EDQUOT)
		return -EBADFD;
	return kc_create(env->ctl, "b", O_RDWR);
}

static int create_b(void *arg)
{
	int fd = kc_create(*(int *)arg, "b", O_RDWR);

	return fd < 0 ? fd : 0;
}

TEST_F(limits, channels_above_the_users_limit_are_EDQUOT)
{
	uid_t user = new_user();

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", 3));
	EXPECT_EQ(-EDQUOT, kc_as(user, have_three, &self->env));
	EXPECT_NE(0, access(PATH("b"), F_OK));
	EXPECT_NE(0, access(PATH("e"), F_OK));
	/* Another user has his own three. */
	EXPECT_EQ(0, kc_as(user + 1, create_b, &CTL));
	ASSERT_EQ(0, unlink(PATH("b")));
	/* The unnamed one is gone with its process, the others are not. */
	EXPECT_TRUE(KC_EVENTUALLY(!kc_as(user, create_b, &CTL)));
}

static bool three_again(uid_t user, struct kc_env *env)
{
	unlink(kc_path(env, "a"));
	rmdir(kc_path(env, "d"));
	return kc_as(user, have_three, env) == -EDQUOT;
}

TEST_F(limits, removed_channels_and_directories_are_given_back)
{
	uid_t user = new_user();

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", 3));
	ASSERT_EQ(-EDQUOT, kc_as(user, have_three, &self->env));
	EXPECT_TRUE(KC_EVENTUALLY(three_again(user, &self->env)));
}

/* Sends messages of 100 bytes until one fails, and says why. */
static int send_until_it_fails(int fd, unsigned int *count)
{
	static char data[100];
	int ret;

	while ((ret = kc_send(fd, 0, 0, data, sizeof(data))) == 0)
		++*count;
	return ret;
}

FIXTURE(quota)
{
	struct kc_env env;
	int fd;			/* opened by the user */
	uid_t user;
	unsigned int n;
	char buf[128];
	struct kchan_state before;
};

FIXTURE_SETUP(quota)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes_user", 10000));
	self->user = new_user();
	ASSERT_EQ(0, seteuid(self->user));
	self->fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(-EDQUOT, send_until_it_fails(self->fd, &self->n));
	/* The rest of a message that the kernel keeps may be counted. */
	EXPECT_LT(10, self->n);
	EXPECT_GE(100, self->n);
	self->before = kc_state(self->fd);
}

FIXTURE_TEARDOWN(quota)
{
	close(self->fd);
	kc_leave(&self->env);
}

/* The user can queue as much again. */
static bool given_back(FIXTURE_DATA(quota) *self)
{
	unsigned int n = 0;
	int fd;

	seteuid(self->user);
	fd = kc_create(CTL, NULL, O_RDWR | O_NONBLOCK);
	seteuid(0);
	send_until_it_fails(fd, &n);
	close(fd);
	return n == self->n;
}

TEST_F(quota, send_above_the_users_limit_is_EDQUOT)
{
	struct kchan_send arg = kc_send_arg(self->buf, 100), was = arg;

	EXPECT_EQ(self->n, self->before.queued);
	EXPECT_EQ(-EDQUOT, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(-EDQUOT, kc_ret(write(self->fd, self->buf, 100)));
	EXPECT_TRUE(kc_unchanged(&self->before, self->fd));
}

TEST_F(quota, received_message_is_given_back)
{
	ASSERT_EQ(100, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(100, write(self->fd, self->buf, 100));
	EXPECT_EQ(-EDQUOT, kc_ret(write(self->fd, self->buf, 100)));
}

TEST_F(quota, message_put_back_is_still_counted)
{
	void *bad = (char *)kc_guarded(16) + 16;

	ASSERT_EQ(-EFAULT, kc_ret(read(self->fd, bad, 128)));
	EXPECT_EQ(self->n, kc_state(self->fd).queued);
	EXPECT_EQ(-EDQUOT, kc_ret(write(self->fd, self->buf, 100)));
}

TEST_F(quota, another_user_has_his_own)
{
	int fd;

	ASSERT_EQ(0, seteuid(self->user + 1));
	fd = kc_open(CTL, "a", O_WRONLY);
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(100, write(fd, self->buf, 100));
	close(fd);
}

TEST_F(quota, who_opened_pays_not_who_writes)
{
	char big[1000];
	int fd;

	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes_user", 10100));
	while (write(self->fd, big, 1) == 1)
		;
	fd = kc_open(CTL, "a", O_WRONLY);
	EXPECT_EQ(-EDQUOT, kc_as(self->user + 1, kc_write_inherited, &self->fd));
	EXPECT_EQ(0, kc_as(self->user, kc_write_inherited, &fd));
	close(fd);
}

TEST_F(quota, messages_of_a_removed_channel_are_given_back)
{
	ASSERT_EQ(0, unlink(PATH("a")));
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(KC_EVENTUALLY(given_back(self)));
}

TEST_F(quota, messages_of_a_revoked_channel_are_given_back)
{
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_TRUE(KC_EVENTUALLY(given_back(self)));
}

TEST_F(quota, messages_stay_counted_without_an_endpoint)
{
	close(self->fd);
	self->fd = -1;
	EXPECT_FALSE(given_back(self));
}

TEST_F(quota, messages_that_fail_are_not_counted)
{
	static char big[200000];
	int fd = kc_queue(CTL, 1, 100, 100), i;
	struct kchan_send arg = kc_send_arg(big, 100);

	ASSERT_EQ(100, write(fd, big, 100));
	arg.flags = KCHAN_NONBLOCK;
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(-EAGAIN, kc_ioctl(fd, KCHAN_IOC_SEND, &arg));
	}
	arg.data = 1;
	ASSERT_EQ(100, read(fd, big, 100));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(-EFAULT, kc_ioctl(fd, KCHAN_IOC_SEND, &arg));
	}
	EXPECT_EQ(100, write(fd, big, 100));
	close(fd);
}

TEST_F(limits, namespace_cannot_raise_the_initial_ones_attributes)
{
	struct kchan_create arg = kc_create_arg("a");

	ASSERT_EQ(0, kc_sysctl_set(THERE, "max_depth", 100));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 1000));
	arg.depth = 101;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_depth", 50));
	arg.depth = 51;
	EXPECT_EQ(-ERANGE, kc_create_with(CTL, &arg));
	arg.depth = 50;
	EXPECT_LE(0, kc_create_with(CTL, &arg));
}

TEST_F(limits, namespace_cannot_raise_the_initial_ones_counts)
{
	ASSERT_EQ(0, kc_sysctl_set(THERE, "max_channels", 2));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 1000));
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_LE(0, kc_create(CTL, "b", O_RDWR));
	EXPECT_EQ(-ENOSPC, kc_create(CTL, "c", O_RDWR));
}

/* In user and network namespaces of his own, where he is root. */
static int raise_depth(void *arg)
{
	struct kchan_create create = kc_create_arg("a");
	int ret = kc_new_userns(0, getuid()), ctl;

	(void)arg;
	if (!ret && unshare(CLONE_NEWNET))
		ret = -errno;
	if (!ret)
		ret = kc_sysctl_set(HERE, "max_depth", 1000000);
	if (ret)
		return -EPROTO;
	ctl = kc_ctl();
	create.depth = 65537;
	ret = kc_create_with(ctl, &create);
	if (ret != -ERANGE)
		return ret;
	create.depth = 65536;
	ret = kc_create_with(ctl, &create);
	return ret < 0 ? ret : 0;
}

TEST_F(limits, root_of_an_unprivileged_namespace_raises_nothing)
{
	EXPECT_EQ(0, kc_as(new_user(), raise_depth, NULL));
}

/* A network namespace that outlives the next one: with it its channels would go. */
static int enter_one_more(void)
{
	if (unshare(CLONE_NEWNET) || open("/proc/self/ns/net", O_RDONLY) < 0)
		return -errno;
	return 0;
}

/* One channel in each of as many namespaces as go. */
static int one_channel_each(void *arg)
{
	unsigned int *count = arg;
	int ret = kc_new_userns(0, getuid());

	while (ret >= 0 && *count < 100) {
		if (enter_one_more())
			return -EPROTO;
		if (kc_sysctl_set(HERE, "max_channels_user", 1000))
			return -EPROTO;
		ret = kc_create(kc_ctl(), NULL, O_RDWR);
		*count += ret >= 0;
	}
	return ret;
}

TEST_F(limits, users_channels_are_counted_over_all_namespaces)
{
	unsigned int *count = kc_shared(sizeof(*count));

	ASSERT_EQ(0, kc_sysctl_set(THERE, "max_channels_user", 4));
	EXPECT_EQ(-EDQUOT, kc_as(new_user(), one_channel_each, count));
	EXPECT_EQ(4, *count);
}

/* 1000 bytes in each of as many namespaces as go. */
static int thousand_bytes_each(void *arg)
{
	static char data[1000];
	unsigned int *count = arg;
	int ret = kc_new_userns(0, getuid());

	while (!ret && *count < 100) {
		if (enter_one_more())
			return -EPROTO;
		if (kc_sysctl_set(HERE, "max_bytes_user", 1000000))
			return -EPROTO;
		ret = kc_send(kc_create(kc_ctl(), NULL, O_RDWR), 0, 0, data,
			      sizeof(data));
		*count += !ret;
	}
	return ret;
}

TEST_F(limits, users_bytes_are_counted_over_all_namespaces)
{
	unsigned int *count = kc_shared(sizeof(*count));

	ASSERT_EQ(0, kc_sysctl_set(THERE, "max_bytes_user", 5000));
	EXPECT_EQ(-EDQUOT, kc_as(new_user(), thousand_bytes_each, count));
	/* The rest of a page that the kernel keeps may be counted. */
	EXPECT_LE(1, *count);
	EXPECT_GE(5, *count);
}

TEST_HARNESS_MAIN
