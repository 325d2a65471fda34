// SPDX-License-Identifier: GPL-2.0
/* Names, descriptors, and messages that are sent and received plainly. */
#include "fault.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

static void put_small(void)
{
	kc_send(fd, 7, 0, buf, 64);
}

static void put_large(void)
{
	kc_send(fd, 7, 0, buf, LARGE);
}

static void put_page(void)
{
	kc_send(fd, 7, 0, buf, 3000);
}

static int do_open(void)
{
	return keep(kc_fd(open(path("q"), O_RDWR | O_CLOEXEC)));
}

static int do_open_new(void)
{
	return keep(kc_fd(open(path("new"), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
}

void undo_new(void)
{
	close_made();
	unlink(path("new"));
}

static int do_mkdir(void)
{
	return kc_fd(mkdir(path("new"), 0700));
}

static void undo_mkdir(void)
{
	rmdir(path("new"));
}

void make_new(void)
{
	close(open(path("new"), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

int do_rename(void)
{
	return kc_fd(rename(path("new"), path("newer")));
}

void undo_rename(void)
{
	unlink(path("newer"));
	unlink(path("new"));
}

int do_unlink(void)
{
	return kc_fd(unlink(path("new")));
}

static int do_stat(void)
{
	struct stat st;

	return kc_fd(stat(path("q"), &st));
}

static int do_chmod(void)
{
	return kc_fd(chmod(env.dir, 0777));
}

static bool mounted;

static int do_mount(void)
{
	int ret = kc_fd(mount("kchan", spot, "kchanfs", 0, "mode=777"));

	mounted = !ret;
	return ret;
}

static void undo_mount(void)
{
	if (mounted)
		umount2(spot, MNT_DETACH);
}

static int do_ctl(void)
{
	return keep(kc_fd(open("/dev/kchan", O_RDWR | O_CLOEXEC)));
}

int do_ioctl_open(void)
{
	return keep(kc_open(env.ctl, "q", O_RDWR));
}

int do_create(void)
{
	return keep(kc_create(env.ctl, "new", O_RDWR));
}

static int do_create_only(void)
{
	struct kchan_create arg = kc_create_arg("new");

	arg.flags = KCHAN_CREATE_NO_FD;
	arg.open_flags = 0;
	return kc_ioctl(env.ctl, KCHAN_IOC_CREATE, &arg);
}

static int do_create_auto(void)
{
	struct kchan_create arg = kc_create_arg("new");

	arg.flags = KCHAN_CREATE_AUTO;
	return keep(kc_create_with(env.ctl, &arg));
}

int do_create_unnamed(void)
{
	return keep(kc_create(env.ctl, NULL, O_RDWR));
}

static int do_pair(void)
{
	return kc_pair(env.ctl, &made[0], &made[1]);
}

static int do_features(void)
{
	struct kchan_features arg = { .size = sizeof(arg) };

	return kc_ioctl(env.ctl, KCHAN_IOC_FEATURES, &arg);
}

static int do_write_small(void)
{
	return kc_ret(write(fd, buf, 64));
}

static int do_write_page(void)
{
	return kc_ret(write(fd, buf, 3000));
}

static int do_write_large(void)
{
	return kc_ret(write(fd, buf, LARGE));
}

static int do_writev(void)
{
	struct iovec iov[2] = { { buf, 100 }, { buf + 200, 100 } };

	return kc_ret(writev(fd, iov, 2));
}

static int do_read(void)
{
	return kc_ret(read(fd, buf, LARGE));
}

static int do_readv(void)
{
	struct iovec iov[2] = { { buf, 10 }, { buf + 200, LARGE - 200 } };

	return kc_ret(readv(fd, iov, 2));
}

static int do_send(void)
{
	return kc_send(fd, 7, 3, buf, 64);
}

/* Of a priority for which the queue has no room yet, so that it must grow. */
static int do_send_far(void)
{
	static unsigned int prio;

	prio = (prio + 1031) % (KCHAN_PRIO_MAX + 1);
	return kc_send(fd, prio, 3, buf, 64);
}

static int do_recv(void)
{
	struct kchan_recv arg = kc_recv_arg(buf, LARGE);

	return kc_recv(fd, &arg);
}

static int do_state(void)
{
	struct kchan_state arg = { .size = sizeof(arg) };

	return kc_ioctl(fd, KCHAN_IOC_STATE, &arg);
}

static void make_victim(void)
{
	made[1] = kc_create(env.ctl, "new", O_RDWR);
}

static int do_revoke(void)
{
	return kc_revoke(made[1]);
}

static int do_poll(void)
{
	struct pollfd pfd[64];
	int i;

	for (i = 0; i < 64; i++)
		pfd[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return kc_fd(poll(pfd, 64, 0));
}

static void make_epoll(void)
{
	made[1] = epoll_create1(EPOLL_CLOEXEC);
}

static int do_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	return kc_fd(epoll_ctl(made[1], EPOLL_CTL_ADD, fd, &event));
}

static int do_unshare(void)
{
	return kc_fd(unshare(CLONE_NEWNET));
}

static void undo_unshare(void)
{
	setns(made[1], CLONE_NEWNET);
	close_made();
}

static void hold_net(void)
{
	made[1] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* A call that fails must have left the name alone. */
static int removed(int ret)
{
	return ret < 0 && access(path("new"), F_OK) ? -EBADE : ret;
}

int do_remove(void)
{
	return removed(kc_remove(env.ctl, "new", 0, 0));
}

static int do_remove_now(void)
{
	return removed(kc_remove(env.ctl, "new", 0, KCHAN_REMOVE_NOW));
}

static uint64_t new_id;

static void make_new_and_id(void)
{
	made[1] = kc_create(env.ctl, "new", O_RDWR);
	new_id = kc_state(made[1]).id;
}

static int do_remove_id(void)
{
	return removed(kc_remove(env.ctl, NULL, new_id, 0));
}

static int do_remove_id_now(void)
{
	return removed(kc_remove(env.ctl, NULL, new_id, KCHAN_REMOVE_NOW));
}

static int do_remove_in_dir(void)
{
	return removed(kc_remove(dir, "new", 0, 0));
}

static int do_open_in_dir(void)
{
	return keep(kc_open(dir, "q", O_RDWR));
}

static int do_create_in_dir(void)
{
	return keep(kc_create(dir, "new", O_RDWR));
}

static const struct row rows[] = {
	{ .name = "open of a channel",
	  .call = do_open, .undo = close_made },
	{ .name = "open of a new channel",
	  .call = do_open_new, .undo = undo_new },
	{ .name = "open of /dev/kchan",
	  .call = do_ctl, .undo = close_made },
	{ .name = "mkdir",
	  .call = do_mkdir, .undo = undo_mkdir },
	{ .name = "rename",
	  .prepare = make_new, .call = do_rename, .undo = undo_rename },
	{ .name = "unlink",
	  .prepare = make_new, .call = do_unlink, .undo = undo_new },
	{ .name = "stat",
	  .call = do_stat },
	{ .name = "chmod of the root",
	  .call = do_chmod },
	{ .name = "mount",
	  .call = do_mount, .undo = undo_mount },
	{ .name = "OPEN",
	  .call = do_ioctl_open, .undo = close_made },
	{ .name = "CREATE with a name",
	  .call = do_create, .undo = undo_new },
	{ .name = "CREATE with NO_FD",
	  .call = do_create_only, .undo = undo_new },
	{ .name = "CREATE with AUTO",
	  .call = do_create_auto, .undo = close_made },
	{ .name = "CREATE without a name",
	  .call = do_create_unnamed, .undo = close_made },
	{ .name = "CREATE with PAIR",
	  .call = do_pair, .undo = close_made },
	{ .name = "OPEN through a directory",
	  .call = do_open_in_dir, .undo = close_made },
	{ .name = "CREATE through a directory",
	  .call = do_create_in_dir, .undo = undo_new },
	{ .name = "REMOVE by name",
	  .prepare = make_new, .call = do_remove, .undo = undo_new },
	{ .name = "REMOVE by name, NOW",
	  .prepare = make_new, .call = do_remove_now, .undo = undo_new },
	{ .name = "REMOVE by id",
	  .prepare = make_new_and_id, .call = do_remove_id, .undo = undo_new },
	{ .name = "REMOVE by id, NOW",
	  .prepare = make_new_and_id, .call = do_remove_id_now, .undo = undo_new },
	{ .name = "REMOVE through a directory",
	  .prepare = make_new, .call = do_remove_in_dir, .undo = undo_new },
	{ .name = "FEATURES",
	  .call = do_features },
	{ .name = "write of 64 bytes",
	  .call = do_write_small, .undo = drain },
	{ .name = "write of 3000 bytes",
	  .call = do_write_page, .undo = drain },
	{ .name = "write of 30000 bytes",
	  .call = do_write_large, .undo = drain },
	{ .name = "writev",
	  .call = do_writev, .undo = drain },
	{ .name = "read of 3000 bytes",
	  .prepare = put_page, .call = do_read, .undo = drain },
	{ .name = "read of 30000 bytes",
	  .prepare = put_large, .call = do_read, .undo = drain },
	{ .name = "readv",
	  .prepare = put_page, .call = do_readv, .undo = drain },
	{ .name = "SEND",
	  .call = do_send, .undo = drain },
	{ .name = "SEND of one more priority",
	  .prepare = put_small, .call = do_send_far, .undo = drain },
	{ .name = "RECV",
	  .prepare = put_page, .call = do_recv, .undo = drain },
	{ .name = "STATE",
	  .call = do_state },
	{ .name = "REVOKE",
	  .prepare = make_victim, .call = do_revoke, .undo = undo_new, .faultless = true },
	{ .name = "poll",
	  .call = do_poll },
	{ .name = "EPOLL_CTL_ADD",
	  .prepare = make_epoll, .call = do_epoll, .undo = close_made },
	{ .name = "unshare of the network namespace",
	  .prepare = hold_net, .call = do_unshare, .undo = undo_unshare,
	  .foreign = true, .slow = true },
};

const struct table call_rows = { rows, ARRAY_SIZE(rows) };
