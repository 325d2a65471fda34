// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection: each call of the table is made with its first, second, third...
 * allocation or user copy failing (/proc/thread-self/fail-nth), until it passes
 * without a hit. Whether it fails or not, nothing may be left: descriptors, names
 * and the state of the channel are what they were. A call that cannot be made to
 * fail is an error of the table. Needs a kernel with FAULT_INJECTION; TAP output.
 * Rows with hundreds of faults in others' code are run with --full only.
 */
#define KCHAN_TEST_LIB
#include "../kchan_netlink.h"

#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

/*
 * Not so much that it takes vmalloc: there kmemleak warns of its own injected
 * fault under a raw spinlock, which lockdep then reports.
 */
#define LARGE	30000
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define TRIES	2000	/* more faults than any call has */

static struct kc_env env;
static int fd;			/* of the channel "q", for both, nonblocking */
static int dir;			/* the root directory */
static int made[2];		/* descriptors that the call returned */
static char *buf;		/* of LARGE bytes */

static const char *path(const char *name)
{
	return kc_path(&env, name);
}

/* What must be as before. */
struct shape {
	int fds;
	int names;
	struct kchan_state state;
};

static int count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static struct shape shape_now(void)
{
	struct shape shape = {
		.fds = count_entries("/proc/self/fd"),
		.names = count_entries(env.dir),
		.state = kc_state(fd),
	};

	return shape;
}

static bool shape_same(const struct shape *a, const struct shape *b)
{
	return a->fds == b->fds && a->names == b->names &&
	       a->state.queued == b->state.queued &&
	       a->state.queued_bytes == b->state.queued_bytes &&
	       a->state.sent - a->state.received ==
			b->state.sent - b->state.received &&
	       a->state.senders == b->state.senders &&
	       a->state.receivers == b->state.receivers;
}

/* Helpers of the rows. */
static void close_made(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (made[i] >= 0)
			close(made[i]);
		made[i] = -1;
	}
}

static int keep(int ret)
{
	made[0] = ret;
	return ret;
}

static void drain(void)
{
	while (read(fd, buf, LARGE) > 0)
		;
}

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

static void undo_new(void)
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

static void make_new(void)
{
	close(open(path("new"), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int do_rename(void)
{
	return kc_fd(rename(path("new"), path("newer")));
}

static void undo_rename(void)
{
	unlink(path("newer"));
	unlink(path("new"));
}

static int do_unlink(void)
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

static char spot[] = "/tmp/fault.XXXXXX";	/* the VFS takes no same mount twice */
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

static int do_ioctl_open(void)
{
	return keep(kc_open(env.ctl, "q", O_RDWR));
}

static int do_create(void)
{
	return keep(kc_create(env.ctl, "new", O_RDWR));
}

static int do_create_auto(void)
{
	struct kchan_create arg = kc_create_arg("new");

	arg.flags = KCHAN_CREATE_AUTO;
	return keep(kc_create_with(env.ctl, &arg));
}

static int do_create_unnamed(void)
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

static int do_remove(void)
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

/* Answers that do not come are errors, too. */
static void set_patience(int sock)
{
	struct timeval tv = { .tv_sec = 60 };

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static void make_socket(void)
{
	made[1] = kn_socket();
	set_patience(made[1]);
}

static uint64_t q_id;
static unsigned int channels, endpoints;	/* all there are */

static int do_by_id(void)
{
	struct kn_channel ch;
	int ret = kn_by_id(made[1], q_id, &ch);

	return !ret && (!ch.shown || strcmp(ch.name, "q")) ? -EBADE : ret;
}

static int do_by_name(void)
{
	struct kn_channel ch;
	int ret = kn_by_name(made[1], "q", &ch);

	return !ret && (!ch.shown || ch.id != q_id) ? -EBADE : ret;
}

static int do_limits(void)
{
	struct kn_limits limits;
	int ret = kn_limits(made[1], &limits);

	return !ret && limits.value[KCHAN_A_CHANNELS] != channels ? -EBADE :
								    ret;
}

/* What comes to its end is whole. */
static int do_dump(void)
{
	struct kn_channels all;
	unsigned int i, whole = 0;
	int ret = kn_channels(made[1], &all);

	for (i = 0; i < all.count; i++)
		whole += all.channel[i].named && all.channel[i].shown;
	free(all.channel);
	return !ret && (whole != channels || all.interrupted) ? -EBADE : ret;
}

static int dump_endpoints(uint64_t id, unsigned int expected)
{
	struct kn_endpoints all;
	int ret = kn_endpoints(made[1], id, &all);

	free(all.endpoint);
	return !ret && (all.count != expected || all.interrupted) ? -EBADE :
								    ret;
}

static int do_dump_endpoints(void)
{
	return dump_endpoints(0, endpoints);
}

static int do_dump_of_one(void)
{
	return dump_endpoints(q_id, 1);
}

/* Events: what a listener is told of a call whose allocations fail. */
static void make_listener(void)
{
	made[1] = kn_listen();
}

static void make_new_and_listener(void)
{
	make_new();
	make_listener();
}

static void make_endpoint_and_listener(void)
{
	made[0] = kc_open(env.ctl, "q", O_RDWR);
	make_listener();
}

static int do_close(void)
{
	int ret = kc_fd(close(made[0]));

	made[0] = -1;
	return ret;
}

static int full;	/* a channel with room for one message, which it has */

static int do_send_to_full(void)
{
	int ret = kc_send(full, 0, 0, buf, 1);

	return ret == -EAGAIN ? 0 : ret;
}

/* FULL is told ten times a second at most. */
static void wait_and_make_listener(void)
{
	make_listener();
	usleep(150000);
}

static int do_now(void)
{
	return kc_remove(env.ctl, "new", 0, KCHAN_REMOVE_NOW);
}

static void undo_new_and_newer(void)
{
	undo_rename();
	close_made();
}

/* How often each event was told since the row began, and whether some were lost. */
static unsigned int told[KCHAN_EVENT_FULL + 1];
static bool lost;

static bool read_events(void)
{
	struct kn_event event;
	int ret;

	memset(told, 0, sizeof(told));
	lost = false;
	while ((ret = kn_event(made[1], &event)) != -EAGAIN) {
		if (ret && ret != -ENOBUFS)
			return false;
		lost |= ret == -ENOBUFS;
		if (!ret)
			told[event.event]++;
	}
	return true;
}

/* A channel that nobody was told of, or one that is not taken back. */
static const char *check_created(int ret)
{
	if (!read_events())
		return "an event is malformed";
	if (lost)
		return NULL;
	if (ret >= 0 && !(told[KCHAN_EVENT_CREATED] == 1 &&
			  told[KCHAN_EVENT_ATTACHED] == 1))
		return "a listener is not told";
	if (ret < 0 && (told[KCHAN_EVENT_CREATED] != told[KCHAN_EVENT_REMOVED] ||
			told[KCHAN_EVENT_ATTACHED] !=
			told[KCHAN_EVENT_DETACHED]))
		return "a listener is told of what has not happened";
	return NULL;
}

/* Told if it was done, and not else. */
static const char *check_told(int ret, enum kchan_event event)
{
	if (!read_events())
		return "an event is malformed";
	if (lost || told[event] == (ret >= 0))
		return NULL;
	return ret < 0 ? "a listener is told of what has not happened" :
			 "a listener is not told";
}

static const char *check_renamed(int ret)
{
	return check_told(ret, KCHAN_EVENT_RENAMED);
}

static const char *check_removed(int ret)
{
	return check_told(ret, KCHAN_EVENT_REMOVED);
}

static const char *check_revoked(int ret)
{
	return check_told(ret, KCHAN_EVENT_REVOKED);
}

static const char *check_detached(int ret)
{
	return check_told(ret, KCHAN_EVENT_DETACHED);
}

static const char *check_attached(int ret)
{
	if (ret < 0)	/* what is opened and then given up is told */
		return NULL;
	return check_told(ret, KCHAN_EVENT_ATTACHED);
}

static const char *check_full(int ret)
{
	return check_told(ret, KCHAN_EVENT_FULL);
}

/**
 * struct row - one call in one valid form
 * @name: its name
 * @prepare: what it needs, or NULL
 * @call: returns a negative errno where it fails
 * @check: after that, without faults: returns what is wrong; or NULL
 * @undo: takes back what @prepare and a successful @call did, or NULL
 * @netlink: the error may be ENOBUFS
 * @faultless: it allocates and copies nothing, so that nothing can fail
 * @foreign: others' code fails in it, too, with errors of its own
 * @slow: for --full only
 */
static const struct row {
	const char *name;
	void (*prepare)(void);
	int (*call)(void);
	const char *(*check)(int ret);
	void (*undo)(void);
	bool netlink;
	bool faultless;
	bool foreign;
	bool slow;
} rows[] = {
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
	{ .name = "netlink request by id",
	  .prepare = make_socket, .call = do_by_id, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink request by name",
	  .prepare = make_socket, .call = do_by_name, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink request for limits",
	  .prepare = make_socket, .call = do_limits, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of channels",
	  .prepare = make_socket, .call = do_dump, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of endpoints",
	  .prepare = make_socket, .call = do_dump_endpoints, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of one channel's endpoints",
	  .prepare = make_socket, .call = do_dump_of_one, .undo = close_made,
	  .netlink = true },
	{ .name = "CREATE with a name, told to a listener",
	  .prepare = make_listener, .call = do_create, .check = check_created,
	  .undo = undo_new },
	{ .name = "CREATE without a name, told to a listener",
	  .prepare = make_listener, .call = do_create_unnamed,
	  .check = check_created, .undo = close_made },
	{ .name = "OPEN, told to a listener",
	  .prepare = make_listener, .call = do_ioctl_open,
	  .check = check_attached, .undo = close_made },
	{ .name = "close, told to a listener",
	  .prepare = make_endpoint_and_listener, .call = do_close,
	  .check = check_detached, .undo = close_made },
	{ .name = "rename, told to a listener",
	  .prepare = make_new_and_listener, .call = do_rename,
	  .check = check_renamed, .undo = undo_new_and_newer },
	{ .name = "unlink, told to a listener",
	  .prepare = make_new_and_listener, .call = do_unlink,
	  .check = check_removed, .undo = undo_new },
	{ .name = "REMOVE, told to a listener",
	  .prepare = make_new_and_listener, .call = do_remove,
	  .check = check_removed, .undo = undo_new },
	{ .name = "REMOVE NOW, told to a listener",
	  .prepare = make_new_and_listener, .call = do_now,
	  .check = check_revoked, .undo = undo_new },
	{ .name = "SEND that does not fit, told to a listener",
	  .prepare = wait_and_make_listener, .call = do_send_to_full,
	  .check = check_full, .undo = close_made },
	{ .name = "unshare of the network namespace",
	  .prepare = hold_net, .call = do_unshare, .undo = undo_unshare,
	  .foreign = true, .slow = true },
};

static int set_nth(int file, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return pwrite(file, text, len, 0) == len ? 0 : -errno;
}

/* How many are left until the fault; 0: it has been injected. */
static int get_nth(int file)
{
	char text[16] = "";

	return pread(file, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

static bool clean_errno(const struct row *row, int ret)
{
	if (ret == -ENOBUFS)
		return row->foreign || row->netlink;
	return row->foreign || ret == -ENOMEM || ret == -EFAULT || ret == -ENFILE;
}

/* Returns what is wrong, or NULL. */
static const char *run_row(const struct row *row, int nth)
{
	struct shape before = shape_now(), after;
	const char *wrong = NULL;
	int n, ret, left, hits = 0;

	for (n = 1; n < TRIES; n++) {
		if (row->prepare)
			row->prepare();
		if (set_nth(nth, n))
			return "fail-nth cannot be set";
		ret = row->call();
		left = get_nth(nth);
		set_nth(nth, 0);
		if (row->check)
			wrong = row->check(ret);
		if (row->undo)
			row->undo();
		after = shape_now();
		if (wrong) {
			printf("# fault %d returned %d\n", n, ret);
			return wrong;
		}
		if (ret < 0 && (left || !clean_errno(row, ret))) {
			printf("# fault %d: %s\n", n, strerror(-ret));
			return left ? "it fails without a fault" :
				      "a fault comes out as another error";
		}
		if (!shape_same(&before, &after)) {
			printf("# fault %d returned %d: descriptors %d, were %d; names %d, were %d\n",
			       n, ret, after.fds, before.fds, after.names,
			       before.names);
			return "something is left";
		}
		if (left)
			break;
		hits++;
	}
	printf("# %s: %d faults\n", row->name, hits);
	if (!hits == row->faultless)
		return NULL;
	return hits ? "a fault could be injected" : "no fault can be injected";
}

static int write_knob(const char *attr, const char *knob, const char *value)
{
	char name[128];

	snprintf(name, sizeof(name), "/sys/kernel/debug/%s/%s", attr, knob);
	return kc_write_file(name, value);
}

/* All allocations can fail, also those that may wait, and nothing is printed. */
static int set_up(void)
{
	static const char * const attrs[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (write_knob(attrs[i], "verbose", "0"))
			return -1;
	}
	return write_knob("failslab", "ignore-gfp-wait", "N") ||
	       write_knob("fail_page_alloc", "ignore-gfp-wait", "N") ||
	       write_knob("fail_page_alloc", "ignore-gfp-highmem", "N") ||
	       write_knob("fail_page_alloc", "min-order", "0");
}

/* Channels beside "q", more than one piece of a dump has, and one that is full. */
static bool make_others(void)
{
	struct kchan_create arg = kc_create_arg("full");
	char name[16];
	int i;

	q_id = kc_state(fd).id;
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "other%d", i);
		close(kc_create(env.ctl, name, O_RDWR));
	}
	arg.depth = 1;
	full = kc_create_with(env.ctl, &arg);
	channels = 42;
	endpoints = 2;
	return kc_send(full, 0, 0, buf, 1) == 0;
}

int main(int argc, char **argv)
{
	const bool full = argc > 1 && !strcmp(argv[1], "--full");
	const size_t count = ARRAY_SIZE(rows);
	const char *wrong;
	int nth, failed = 0;
	size_t i;

	printf("TAP version 13\n");
	nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0 || set_up()) {
		printf("1..0 # SKIP no fault injection in this kernel\n");
		return 4;
	}
	buf = calloc(1, LARGE);
	made[0] = made[1] = -1;
	if (!buf || !mkdtemp(spot) || kc_enter(&env))
		return 1;
	fd = kc_create(env.ctl, "q", O_RDWR | O_NONBLOCK);
	dir = open(env.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dir < 0 || !make_others())
		return 1;
	printf("1..%zu\n", count);
	for (i = 0; i < count; i++) {
		if (rows[i].slow && !full) {
			printf("ok %zu - faults in %s, left to --full\n",
			       i + 1, rows[i].name);
			continue;
		}
		wrong = run_row(&rows[i], nth);
		failed += !!wrong;
		printf("%sok %zu - faults in %s%s%s\n", wrong ? "not " : "",
		       i + 1, rows[i].name, wrong ? ": " : "",
		       wrong ? wrong : "");
		fflush(stdout);
	}
	close(full);
	close(dir);
	close(fd);
	kc_leave(&env);
	rmdir(spot);
	return failed ? 1 : 0;
}
