// SPDX-License-Identifier: GPL-2.0
/*
 * What others do to a directory: hold it for ever, rename it, keep what was in
 * it. getdents(2) holds a directory's lock while it writes to user memory; here
 * that memory is a page that nobody provides until the test has seen enough.
 */
#include "kchan_netlink.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct stall {
	int uffd;
	int dir;
	int net;	/* the network namespace to stall in */
	void *page;
	size_t size;
	pthread_t thread;
};

static void *stall_thread(void *arg)
{
	struct stall *stall = arg;

	if (setns(stall->net, CLONE_NEWNET))
		return (void *)(long)-errno;
	return (void *)syscall(SYS_getdents64, stall->dir, stall->page,
			       stall->size);
}

/* From here on, a call holds the lock of the directory. Returns 0 or -errno. */
static int stall_begin(struct stall *stall, const struct kc_env *env)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pollfd pfd = { .events = POLLIN };

	stall->size = sysconf(_SC_PAGESIZE);
	stall->net = env->net;
	stall->dir = open(env->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stall->page = mmap(NULL, stall->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stall->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (stall->dir < 0 || stall->page == MAP_FAILED || stall->uffd < 0)
		return -errno;
	reg.range.start = (uintptr_t)stall->page;
	reg.range.len = stall->size;
	if (ioctl(stall->uffd, UFFDIO_API, &api) ||
	    ioctl(stall->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	if (pthread_create(&stall->thread, NULL, stall_thread, stall))
		return -EAGAIN;
	pfd.fd = stall->uffd;
	return poll(&pfd, 1, -1) == 1 ? 0 : -EIO;
}

/* What getdents(2) returned at last, or -errno. */
static long stall_end(struct stall *stall)
{
	struct uffdio_zeropage zero = {
		.range.start = (uintptr_t)stall->page,
		.range.len = stall->size,
	};
	void *ret;

	if (ioctl(stall->uffd, UFFDIO_ZEROPAGE, &zero))
		return -errno;
	pthread_join(stall->thread, &ret);
	close(stall->uffd);
	close(stall->dir);
	munmap(stall->page, stall->size);
	return (long)ret;
}

FIXTURE(stall)
{
	struct kc_env env;
	struct stall stall;
	int fd;
};

FIXTURE_SETUP(stall)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->fd = kc_create(self->env.ctl, "a", O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(stall)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

TEST_F(stall, last_close_of_an_automatic_channel_waits_for_no_directory)
{
	int fd = kc_create_auto(CTL, "auto");

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	ASSERT_EQ(0, close(fd));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("auto"), F_OK)));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "auto", O_RDWR));
}

TEST_F(stall, revoke_waits_for_no_directory)
{
	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	EXPECT_EQ(0, kc_revoke(self->fd));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

static int look(void *path)
{
	return kc_fd(access(path, F_OK));
}

/* In one of these states. */
static bool is_in(pid_t pid, const char *states)
{
	char path[32], buf[512] = "", *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return kc_read_text(path, buf, sizeof(buf)) > 0 &&
		(end = strrchr(buf, ')')) && strchr(states, end[2]);
}

/* For a lock, which a signal does not end. */
static bool waits(pid_t pid)
{
	return KC_EVENTUALLY(is_in(pid, "D"));
}

TEST_F(stall, name_of_a_revoked_channel_is_none_though_it_is_not_removed_yet)
{
	pid_t pid;

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	ASSERT_EQ(0, kc_revoke(self->fd));
	pid = kc_fork(look, (void *)PATH("a"));
	/* Has looked, or waits for the directory to do so. */
	EXPECT_TRUE(KC_EVENTUALLY(is_in(pid, "DZ")));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_EQ(-ENOENT, kc_reap(pid));
	EXPECT_LE(0, kc_create(CTL, "a", O_RDWR));
}

static int make_anew(void *arg)
{
	struct kc_env *env = arg;
	struct kchan_create create = kc_create_arg("a");
	int fd;

	create.flags = KCHAN_CREATE_EXCL;
	fd = kc_create_with(env->ctl, &create);
	return fd < 0 ? fd : 0;
}

static bool has_no_name(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !st.st_nlink;
}

/* C for what was made, D for what was removed, in the order in which it was told. */
static void read_events(int in, char *told)
{
	char buf[1024] __attribute__((aligned(8)));
	ssize_t n = read(in, buf, sizeof(buf)), at;

	for (at = 0; at < n; at += sizeof(struct inotify_event) +
				   ((struct inotify_event *)(buf + at))->len)
		*told++ = ((struct inotify_event *)(buf + at))->mask & IN_CREATE ?
			  'C' : 'D';
	*told = '\0';
}

/* Who makes it anew may come before what removes the old name. */
TEST_F(stall, name_that_is_made_anew_is_not_told_to_be_removed)
{
	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char told[64];
	pid_t maker;

	ASSERT_LE(0, inotify_add_watch(in, self->env.dir, IN_CREATE | IN_DELETE));
	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	maker = kc_fork(make_anew, &self->env);
	ASSERT_TRUE(waits(maker));
	ASSERT_EQ(0, kc_revoke(self->fd));
	/* Until what removes the name waits, too, and then mostly comes second. */
	usleep(100000);
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_EQ(0, kc_reap(maker));
	EXPECT_TRUE(KC_EVENTUALLY(has_no_name(self->fd)));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
	/* By then it has let go of the directory. */
	EXPECT_EQ(0, mkdir(PATH("last"), 0777));
	read_events(in, told);
	EXPECT_TRUE(!strcmp(told, "CC") || !strcmp(told, "DCC"))
		TH_LOG("told: %s", told);
	EXPECT_EQ(0, kc_remove(CTL, "a", 0, 0));
	close(in);
}

TEST_F(stall, mount_options_wait_for_no_directory)
{
	struct stat st;

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	EXPECT_EQ(0, mount("kchan", self->env.dir, "kchanfs", MS_REMOUNT,
			   "mode=711,uid=1,gid=2"));
	ASSERT_LT(0, stall_end(&self->stall));
	ASSERT_EQ(0, stat(self->env.dir, &st));
	EXPECT_EQ(0711, st.st_mode & 07777);
	EXPECT_EQ(1, st.st_uid);
	EXPECT_EQ(2, st.st_gid);
}

TEST_F(stall, namespace_exit_waits_for_no_directory)
{
	int fd, ctl;

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	close(CTL);
	CTL = -1;
	ctl = kc_ctl();
	fd = kc_create(ctl, NULL, O_RDWR);
	ASSERT_LE(0, fd);
	close(ctl);
	ASSERT_EQ(0, setns(self->env.net, CLONE_NEWNET));

	/* The first namespace to end has the directory, the second has not. */
	EXPECT_TRUE(KC_EVENTUALLY(kc_poll(self->fd, POLLIN) & POLLHUP));
	EXPECT_TRUE(KC_EVENTUALLY(kc_poll(fd, POLLIN) & POLLHUP));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

/* Whether a function comes to its end; its result must be 0. */
static bool ends(kc_fn fn, void *arg)
{
	pid_t pid = kc_fork(fn, arg);
	int status = -1;

	if (KC_EVENTUALLY(waitpid(pid, &status, WNOHANG) == pid))
		return status == 0;
	kill(pid, SIGKILL);
	return false;
}

static int make_directory(void *arg)
{
	return kc_fd(mkdir(kc_path(arg, "new"), 0777));
}

static int ask_everything(void *arg)
{
	struct kn_endpoints eps;
	struct kn_channels all;
	struct kn_limits limits;
	struct kn_channel ch;
	int sock = kn_socket();

	(void)arg;
	if (kn_by_name(sock, "a", &ch) || kn_by_id(sock, ch.id, &ch) ||
	    kn_by_name(sock, "missing", &ch) != -ENOENT ||
	    kn_by_name(sock, "missing/a", &ch) != -ENOENT)
		return -EPROTO;
	return kn_channels(sock, &all) ?: kn_endpoints(sock, 0, &eps) ?:
		kn_limits(sock, &limits);
}

/* Else nobody could use generic netlink any more: it waits with its lock held. */
TEST_F(stall, netlink_waits_for_no_directory)
{
	pid_t maker;

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	/* Who waits to write keeps out who would read. */
	maker = kc_fork(make_directory, &self->env);
	ASSERT_TRUE(waits(maker));
	EXPECT_TRUE(ends(ask_everything, NULL));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_EQ(0, kc_reap(maker));
}

struct doomed {
	int ctl;
	uint64_t id;
};

static int remove_by_id(void *arg)
{
	struct doomed *doomed = arg;

	return kc_remove(doomed->ctl, NULL, doomed->id, KCHAN_REMOVE_NOW);
}

TEST_F(stall, remove_now_by_id_waits_for_no_directory)
{
	struct doomed doomed = { CTL, kc_state(self->fd).id };

	ASSERT_EQ(0, stall_begin(&self->stall, &self->env));
	EXPECT_TRUE(ends(remove_by_id, &doomed));
	EXPECT_EQ(POLLHUP | POLLERR, kc_poll(self->fd, 0));
	ASSERT_LT(0, stall_end(&self->stall));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

static int rename_for_ever(void *arg)
{
	const struct kc_env *env = arg;
	char a[64], b[64];

	snprintf(a, sizeof(a), "%s", kc_path(env, "dir"));
	snprintf(b, sizeof(b), "%s", kc_path(env, "other"));
	for (;;) {
		rename(a, b);
		rename(b, a);
	}
	return 0;
}

TEST_F(stall, create_ends_while_its_directory_is_renamed)
{
	int i, n = kc_scaled(2000), fd, made = 0;
	pid_t pid;

	ASSERT_EQ(0, mkdir(PATH("dir"), 0777));
	close(kc_create(CTL, "dir/x", O_RDWR));
	pid = kc_fork(rename_for_ever, &self->env);
	for (i = 0; i < n || !made; i++) {
		fd = kc_create(CTL, "dir/x", O_RDWR);
		if (fd >= 0) {
			made++;
			close(fd);
		} else {
			ASSERT_EQ(-ENOENT, fd);
		}
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(KC_KILLED, kc_reap(pid));
}

TEST_F(stall, path_descriptors_keep_no_charge_of_automatic_channels)
{
	long long max = kc_sysctl_get(self->env.net, "max_channels_user");
	int i, fd;

	for (i = 0; i < max + 10; i++) {
		fd = kc_create_auto(CTL, "auto");
		ASSERT_LE(0, fd) TH_LOG("channel %d: %s", i, strerror(-fd));
		ASSERT_EQ(1, write(fd, "x", 1));
		ASSERT_LE(0, open(PATH("auto"), O_PATH | O_CLOEXEC));
		close(fd);
	}
}

TEST_F(stall, path_descriptor_of_a_finished_channel_opens_nothing)
{
	int fd = kc_create_auto(CTL, "auto");
	int path = open(PATH("auto"), O_PATH | O_CLOEXEC);

	ASSERT_LE(0, path);
	close(fd);
	EXPECT_EQ(-ESTALE, kc_reopen(path, O_RDWR));
}

TEST_F(stall, mount_on_an_automatic_name_goes_with_it)
{
	static char mounts[65536];
	int fd = kc_create_auto(CTL, "auto");

	ASSERT_EQ(0, mount(PATH("a"), PATH("auto"), NULL, MS_BIND, NULL));
	ASSERT_LT(0, kc_read_text("/proc/self/mountinfo", mounts,
				  sizeof(mounts)));
	ASSERT_TRUE(strstr(mounts, PATH("auto")));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(
		kc_read_text("/proc/self/mountinfo", mounts,
			     sizeof(mounts)) > 0 &&
		!strstr(mounts, PATH("auto"))));
}

TEST_HARNESS_MAIN
