// SPDX-License-Identifier: GPL-2.0
/* Mounts, network namespaces, limits. */
#include "torture.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

bool act_mount(void)
{
	int err;

	if (self.mounted)
		return false;
	t_doing("mount");
	err = kc_fd(mount("kchan", self.dir, "kchanfs", 0,
			  t_one_in(4) ? "mode=0777" : NULL));
	t_doing(NULL);
	T_EXPECT(err, "mount", ENOMEM, world->reload ? ENODEV : ENOMEM);
	self.mounted = !err;
	self.readonly = false;
	return !err;
}

bool act_umount(void)
{
	int err;

	if (!self.mounted)
		return false;
	t_doing("umount");
	err = kc_fd(umount2(self.dir, t_one_in(2) ? MNT_DETACH : 0));
	t_doing(NULL);
	T_EXPECT(err, "umount", EBUSY);
	self.mounted = err;
	return !err;
}

bool act_remount(void)
{
	static const char *const options[] = {
		"mode=0777", "mode=0755", "uid=0", "uid=1000", "gid=1000", "",
	};
	unsigned int flags = MS_REMOUNT | (t_one_in(6) ? MS_RDONLY : 0);
	int err;

	if (!self.mounted)
		return false;
	t_doing("remount");
	err = kc_fd(mount("kchan", self.dir, "kchanfs", flags,
			  options[t_rnd(ARRAY_SIZE(options))]));
	t_doing(NULL);
	T_EXPECT(err, "remount", ENOMEM, flags & MS_RDONLY ? EBUSY : EINTR);
	if (!err)
		self.readonly = flags & MS_RDONLY;
	return !err;
}

/* What the child hands out of the namespace that goes. */
struct exile {
	int sock[2];
	bool userns;
};

static bool new_user_ns(void)
{
	if (unshare(CLONE_NEWUSER))
		return false;
	kc_write_file("/proc/self/setgroups", "deny");
	return !kc_write_file("/proc/self/uid_map", "0 0 1") &&
	       !kc_write_file("/proc/self/gid_map", "0 0 1");
}

static int exile_child(void *arg)
{
	struct exile *exile = arg;
	struct kchan_create create = kc_create_arg("n");
	int fds[3], i;

	close(exile->sock[0]);
	t_ctl_done();
	t_doing("unshare");
	if (exile->userns && !new_user_ns())
		return 0;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		return 0;
	if (self.mounted)
		umount2(self.dir, MNT_DETACH);
	t_doing("in the new namespace");
	if (t_ctl() < 0)
		return 0;
	create.open_flags = O_RDWR;
	create.depth = 1 + t_rnd(4);
	fds[0] = kc_create_with(self.ctl, &create);
	create.name = 0;
	fds[1] = kc_create_with(self.ctl, &create);
	if (mount("kchan", self.dir, "kchanfs", 0, NULL))
		return 0;
	fds[2] = open(self.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
		return 0;
	mkdirat(fds[2], "d", 0777);
	if (t_one_in(2))
		t_look_and_leave();
	for (i = t_rnd(8); i > 0; i--) {
		struct t_call call = t_call_private(fds[t_rnd(2)]);

		call.len = t_random_len(2000);
		t_send(&call);
	}
	t_send_fds(exile->sock[1], fds, 3, "x", 1);
	if (t_one_in(4))
		usleep(t_rnd(5000));
	return 0;
}

/* Wait in it until the namespace ends, which it does: nobody is in it. */
static void outlive(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = 0 };
	struct t_call call = t_call_private(fd);
	struct kchan_state state;
	int ret;

	call.patience = T_FOREVER;
	call.form = t_rnd(3);
	call.len = T_MAX;
	switch (t_rnd(3)) {
	case 0:
		while ((ret = t_recv(&call)) >= 0 || ret == -EINTR)
			;
		break;
	case 1:
		call.len = 100;
		do {
			ret = t_send(&call);
		} while (!ret || ret == -EINTR || ret == -EDQUOT);
		break;
	default:
		t_doing("poll");
		while ((ret = kc_fd(poll(&pfd, 1, -1))) == -EINTR)
			;
		if (pfd.revents != (POLLHUP | POLLERR))
			t_fail("poll in a namespace that ended says %#x",
			       pfd.revents);
		t_doing(NULL);
		ret = -EIDRM;
	}
	if (ret != -EIDRM && ret != -ENOBUFS && ret != -ENOMEM)
		t_fail("a wait in a namespace that ended returns %d", ret);
	if (ret == -EIDRM && t_check_state(fd, NULL, &state))
		t_fail("a channel of an ended namespace has a state");
}

static bool dir_is_empty(void *arg)
{
	struct dirent *entry;
	DIR *dir = fdopendir(openat(*(int *)arg, ".", O_RDONLY | O_DIRECTORY |
				    O_CLOEXEC));
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n++;
	if (dir)
		closedir(dir);
	return n == 2;
}

static void check_dead_mount(int dir)
{
	int ret;

	t_eventually(dir_is_empty, &dir, "an ended namespace's names go");
	ret = kc_fd(openat(dir, "x", O_CREAT | O_RDWR | O_CLOEXEC, 0666));
	T_EXPECT(ret, "open(O_CREAT) in an ended namespace", EIDRM, EDQUOT,
		 ENOMEM, ENOSPC);
	if (ret >= 0)
		t_fail("something can be made in an ended namespace");
	ret = kc_fd(mkdirat(dir, "d", 0777));
	T_EXPECT(ret, "mkdir in an ended namespace", EIDRM, EDQUOT, ENOMEM,
		 ENOSPC);
	if (kc_create(dir, "n", O_RDWR) != -EIDRM ||
	    kc_create(dir, NULL, O_RDWR) != -EIDRM ||
	    kc_open(dir, "n", O_RDWR) != -EIDRM ||
	    kc_remove(dir, "n", 0, 0) != -EIDRM ||
	    kc_remove(dir, "n", 0, KCHAN_REMOVE_NOW) != -EIDRM)
		t_fail("a directory of an ended namespace takes commands");
}

bool act_netns(void)
{
	struct exile exile = { .userns = t_one_in(3) };
	int fds[3] = { -1, -1, -1 }, i, n;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, exile.sock))
		return false;
	pid = t_spawn(exile_child, &exile);
	close(exile.sock[1]);
	t_doing("wait for descriptors");
	n = pid < 0 ? 0 : t_recv_fds(exile.sock[0], fds, 3, &byte, 1);
	t_doing(NULL);
	close(exile.sock[0]);
	if (pid > 0)
		t_reap(pid);
	if (n == 3) {
		outlive(fds[t_rnd(2)]);
		check_dead_mount(fds[2]);
	}
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return n == 3;
}

static const struct {
	const char *name;
	long long usual;
	long long low;
} limits[] = {
	{ "max_channels", 8192, 4 },
	{ "max_channels_user", 256, 4 },
	{ "max_bytes_user", 64 << 20, 5000 },
	{ "max_depth", 65536, 3 },
	{ "max_msgsize", 16 << 20, 200 },
	{ "max_bytes", 64 << 20, 300 },
};

static int set_limit(unsigned int i, long long value)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/sys/net/kchan/%s", limits[i].name);
	snprintf(text, sizeof(text), "%lld\n", value);
	return kc_write_file(path, text);
}

/* Lower a limit for a moment, and see the others bear it. */
bool act_limits(void)
{
	unsigned int i = t_rnd(ARRAY_SIZE(limits));
	int err;

	t_doing("sysctl");
	err = set_limit(i, limits[i].low + t_rnd(limits[i].low));
	T_EXPECT(err, "sysctl", world->reload ? ENOENT : ENOMEM);
	usleep(t_rnd(3000));
	act_unnamed();
	set_limit(i, limits[i].usual);
	t_doing(NULL);
	return !err;
}

void t_limits_restore(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		set_limit(i, limits[i].usual);
}
