// SPDX-License-Identifier: GPL-2.0
/*
 * When the module can be unloaded, and when not. It is loaded again from the
 * file that KCHAN_KO names, or from one of a few places; without one the tests
 * skip.
 */
#include "kchan_netlink.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static int unload(void)
{
	return kc_fd(syscall(SYS_delete_module, "kchan", O_NONBLOCK));
}

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : kc_fd(syscall(SYS_finit_module, fd, "", 0));

	close(fd);
	return ret;
}

/* The module's file, or NULL. */
static const char *module_file(void)
{
	static char installed[256];
	const char *places[] = {
		getenv("KCHAN_KO"), "kchan.ko", "../kchan.ko", installed,
	};
	struct utsname u;
	unsigned int i;

	uname(&u);
	snprintf(installed, sizeof(installed),
		 "/lib/modules/%s/updates/kchan.ko", u.release);
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i] && !access(places[i], R_OK))
			return places[i];
	return NULL;
}

static long long users(void)
{
	return kc_read_number("/sys/module/kchan/refcnt");
}

FIXTURE(module)
{
	struct kc_env env;
	const char *file;
};

FIXTURE_SETUP(module)
{
	self->file = module_file();
	/* What other tests have left goes a little later. */
	ASSERT_TRUE(KC_EVENTUALLY(users() == 0));
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, umount(self->env.dir));
}

FIXTURE_TEARDOWN(module)
{
	kc_leave(&self->env);
	if (self->file && access("/dev/kchan", F_OK))
		load(self->file);
}

#define CTL (self->env.ctl)
#define NEEDS_FILE()							\
	do {								\
		if (!self->file)					\
			SKIP(return, "no kchan.ko to load again; set KCHAN_KO"); \
	} while (0)

/* Refused now; possible once CTL is closed; loaded again. */
#define EXPECT_UNLOADS()						\
	do {								\
		close(CTL);						\
		CTL = -1;						\
		EXPECT_TRUE(KC_EVENTUALLY(!unload()))			\
			TH_LOG("%lld users", users());			\
		EXPECT_NE(0, access("/dev/kchan", F_OK));		\
		EXPECT_EQ(0, load(self->file));				\
		EXPECT_EQ(0, access("/dev/kchan", F_OK));		\
	} while (0)

TEST_F(module, unused_module_unloads)
{
	NEEDS_FILE();
	EXPECT_UNLOADS();
}

TEST_F(module, open_device_keeps_it)
{
	NEEDS_FILE();
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_UNLOADS();
}

TEST_F(module, endpoint_keeps_it)
{
	int fd = kc_create(CTL, NULL, O_RDWR);

	NEEDS_FILE();
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
	EXPECT_UNLOADS();
}

TEST_F(module, endpoint_of_an_unlinked_channel_keeps_it)
{
	int fd;

	NEEDS_FILE();
	ASSERT_EQ(0, mount("kchan", self->env.dir, "kchanfs", 0, NULL));
	fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, unlink(kc_path(&self->env, "a")));
	ASSERT_EQ(0, umount(self->env.dir));
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	close(fd);
	EXPECT_UNLOADS();
}

TEST_F(module, endpoint_of_a_revoked_channel_keeps_it)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	NEEDS_FILE();
	ASSERT_EQ(0, kc_revoke(fd));
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	close(fd);
	EXPECT_UNLOADS();
}

TEST_F(module, channel_with_a_name_keeps_it)
{
	int fd = kc_create(CTL, "a", O_RDWR);

	NEEDS_FILE();
	ASSERT_EQ(1, write(fd, "x", 1));
	close(fd);
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	CTL = kc_ctl();
	fd = kc_open(CTL, "a", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, kc_state(fd).queued);
	ASSERT_EQ(0, kc_revoke(fd));
	close(fd);
	EXPECT_UNLOADS();
}

TEST_F(module, directory_keeps_it)
{
	NEEDS_FILE();
	ASSERT_EQ(0, mount("kchan", self->env.dir, "kchanfs", 0, NULL));
	ASSERT_EQ(0, mkdir(kc_path(&self->env, "d"), 0777));
	ASSERT_EQ(0, umount(self->env.dir));
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(0, mount("kchan", self->env.dir, "kchanfs", 0, NULL));
	ASSERT_EQ(0, rmdir(kc_path(&self->env, "d")));
	ASSERT_EQ(0, umount(self->env.dir));
	EXPECT_UNLOADS();
}

TEST_F(module, mount_keeps_it)
{
	NEEDS_FILE();
	close(CTL);
	ASSERT_EQ(0, mount("kchan", self->env.dir, "kchanfs", 0, NULL));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	ASSERT_EQ(0, umount(self->env.dir));
	EXPECT_UNLOADS();
}

/* So many channels that a dump comes in several pieces. */
static int make_many(int ctl)
{
	char name[16];
	int i, fd = 0;

	for (i = 0; fd >= 0 && i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		fd = kc_create(ctl, name, O_RDWR);
		close(fd);
	}
	return fd < 0 ? fd : 0;
}

static int remove_many(int ctl)
{
	char name[16];
	int i, ret = 0;

	for (i = 0; !ret && i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		ret = kc_remove(ctl, name, 0, 0);
	}
	return ret;
}

TEST_F(module, dump_that_is_read_keeps_it)
{
	struct kn_request req;
	struct kn_answer answer;
	struct kn_dump dump;
	int sock = kn_socket(), n = 0;

	NEEDS_FILE();
	ASSERT_EQ(0, make_many(CTL));
	kn_begin(&req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);
	ASSERT_EQ(0, kn_dump_start(&dump, sock, &req));
	ASSERT_EQ(0, remove_many(CTL));
	close(CTL);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	while (kn_dump_next(&dump, &answer) > 0)
		n++;
	EXPECT_LT(0, n);
	EXPECT_TRUE(dump.interrupted);
	EXPECT_UNLOADS();
	close(sock);
}

TEST_F(module, dump_that_was_abandoned_does_not_keep_it)
{
	struct kn_request req;
	struct kn_dump dump;
	int sock = kn_socket();

	NEEDS_FILE();
	ASSERT_EQ(0, make_many(CTL));
	kn_begin(&req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);
	ASSERT_EQ(0, kn_dump_start(&dump, sock, &req));
	ASSERT_EQ(0, remove_many(CTL));
	close(sock);
	EXPECT_UNLOADS();
}

TEST_F(module, netlink_sockets_do_not_keep_it)
{
	int listener = kn_listen(), sock = kn_socket();
	struct kn_channel ch;
	struct kn_event event;

	NEEDS_FILE();
	close(kc_create(CTL, NULL, O_RDWR));
	EXPECT_EQ(-ENOENT, kn_by_name(sock, "a", &ch));
	EXPECT_UNLOADS();
	/* The group went with the module; what was told before is still there. */
	EXPECT_EQ(0, kn_event(listener, &event));
	EXPECT_EQ(KCHAN_EVENT_CREATED, event.event);
	close(sock);
	close(listener);
}

static int leave_channels(void *arg)
{
	int ctl;

	(void)arg;
	if (unshare(CLONE_NEWNET))
		return -errno;
	ctl = kc_ctl();
	return kc_create(ctl, "a", O_RDWR) < 0 ||
		kc_create(ctl, "b", O_RDWR) < 0 ? -EPROTO : 0;
}

TEST_F(module, ended_namespace_does_not_keep_it)
{
	NEEDS_FILE();
	ASSERT_EQ(0, kc_child(leave_channels, NULL));
	EXPECT_UNLOADS();
}

#define EVENTS "/sys/kernel/tracing/events/kchan/enable"

TEST_F(module, traced_module_unloads)
{
	char c;
	int fd;

	NEEDS_FILE();
	if (access(EVENTS, W_OK))
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, kc_write_file(EVENTS, "1"));
	fd = kc_queue(CTL, 1, 1, 1);
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(1, read(fd, &c, 1));
	close(fd);
	EXPECT_UNLOADS();
	/* Nobody has asked for those of the new one. */
	EXPECT_EQ(0, kc_read_number(EVENTS));
}

TEST_F(module, channels_after_loading_again)
{
	int fd;

	NEEDS_FILE();
	EXPECT_UNLOADS();
	CTL = kc_ctl();
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	fd = kc_create(CTL, "a", O_RDWR);
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
}

TEST_HARNESS_MAIN
