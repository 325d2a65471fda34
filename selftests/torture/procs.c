// SPDX-License-Identifier: GPL-2.0
/* Processes: what they inherit, hand on, leave behind, and how they die. */
#include "torture.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CGROUPS	"/sys/fs/cgroup"

/*
 * A child that runs @fn, with a slot, and exits with what it returns; it dies
 * with its parent. Return: its pid, or a negative errno.
 */
pid_t t_spawn(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid;
	int action = me->action;

	t_doing("fork");
	pid = kc_fd(fork());
	if (pid) {
		t_doing(NULL);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	me = t_slot_take();
	if (!me)
		_exit(0);
	me->action = action;
	_exit(fn(arg));
}

/* Wait for a child. Return: its exit status, or -1 where it was killed. */
int t_reap(pid_t pid)
{
	int status;

	t_doing("wait for a child");
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR) {
			t_fail("waitpid: %s", strerror(errno));
			return -1;
		}
	t_doing(NULL);
	t_slots_of(pid);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) != SIGKILL)
		t_fail("a child died of signal %d", WTERMSIG(status));
	return -1;
}

static void some_traffic(int n)
{
	static bool (*const acts[])(void) = {
		act_send, act_recv, act_wild_send, act_wild_recv, act_poll,
	};

	while (n-- > 0 && !world->stop)
		acts[t_rnd(ARRAY_SIZE(acts))]();
}

static int heir(void *arg)
{
	(void)arg;
	some_traffic(t_rnd(20));
	if (t_one_in(3))
		t_wild_close_all();
	some_traffic(t_rnd(5));
	return 0;
}

/* Parent and child use what the parent had open. */
bool act_fork(void)
{
	pid_t pid = t_spawn(heir, NULL);

	if (pid < 0)
		return false;
	some_traffic(t_rnd(10));
	if (t_one_in(3))
		kill(pid, SIGKILL);
	return !t_reap(pid);
}

#define PAIR_MAX	5000

struct pair {
	int rx;
	int tx;
	bool sends;
	int count;
	bool roomy;
};

static int pair_child(void *arg)
{
	struct pair *pair = arg;
	struct t_call call;
	int n = 0, i;

	close(pair->sends ? pair->rx : pair->tx);
	call = t_call_private(pair->sends ? pair->tx : pair->rx);
	call.form = t_rnd(3);
	call.patience = T_FOREVER;
	call.need_peer = true;
	for (i = 0; i < pair->count; i++) {
		call.len = pair->sends ? t_random_len(PAIR_MAX) : T_MAX;
		n += (pair->sends ? t_send(&call) : t_recv(&call)) >= 0;
	}
	if (t_one_in(4))
		usleep(t_rnd(2000));
	return n;
}

/* Receive until the sender is gone; if it ended well, all has come. */
static void drain_pair(struct pair *pair, pid_t pid)
{
	struct t_call call = t_call_private(pair->rx);
	struct pollfd pfd = { .fd = pair->rx, .events = POLLRDHUP };
	int n = 0, ret, sent;

	call.need_peer = true;
	call.patience = t_one_in(2) ? T_FOREVER : T_DEADLINE;
	/* Only who is never held up goes without being received from. */
	if (pair->roomy && t_one_in(2)) {
		t_doing("poll for RDHUP");
		while (poll(&pfd, 1, -1) < 0)
			;
		call.patience = T_NOW;
		t_doing(NULL);
	}
	do {
		call.len = T_MAX;
		ret = t_recv(&call);
		n += ret >= 0;
	} while (ret >= 0 || ret == -EINTR || ret == -ETIMEDOUT);
	/* Somebody may have ended it by its number. */
	if (ret != -EPIPE && ret != -EIDRM)
		t_fail("receive from a pair without a sender returns %d", ret);
	sent = t_reap(pid);
	if (ret == -EPIPE && sent >= 0 && sent != n)
		t_fail("of %d messages through a pair %d came", sent, n);
}

static void fill_pair(struct pair *pair, pid_t pid)
{
	struct t_call call = t_call_private(pair->tx);
	int ret;

	call.need_peer = true;
	call.patience = t_one_in(2) ? T_FOREVER : T_DEADLINE;
	do {
		call.len = t_random_len(3000);
		ret = t_send(&call);
	} while (!ret || ret == -EINTR || ret == -ETIMEDOUT ||
		 ret == -EDQUOT || ret == -ENOMEM || ret == -EMSGSIZE);
	if (ret != -EPIPE && ret != -ENOBUFS && ret != -EIDRM)
		t_fail("send to a pair without a receiver returns %d", ret);
	/* It may wait for what we have no number for. */
	if (ret == -ENOBUFS)
		kill(pid, SIGKILL);
	t_reap(pid);
}

/* One end of a pair goes, by itself or killed; the other must learn it. */
bool act_peer(void)
{
	struct kchan_create arg = kc_create_arg(NULL);
	struct pair pair = { .sends = t_one_in(2), .count = t_rnd(10) };
	struct kchan_state state;
	int ctl = t_ctl(), ret;
	pid_t pid;

	if (ctl < 0)
		return false;
	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = 0;
	arg.depth = 1 + t_rnd(8);
	ret = kc_ioctl(ctl, KCHAN_IOC_CREATE, &arg);
	if (!T_EXPECT(ret, "CREATE", EDQUOT, ENOSPC, ENOMEM, ERANGE) || ret)
		return false;
	pair.rx = arg.fd;
	pair.tx = arg.fd_send;
	/* The limits may be low just now, and then its bytes are. */
	state = kc_state(pair.rx);
	pair.roomy = pair.count <= (int)state.depth &&
		     pair.count * PAIR_MAX <= (int)state.bytes;
	pid = t_spawn(pair_child, &pair);
	if (pid > 0) {
		close(pair.sends ? pair.tx : pair.rx);
		if (pair.sends)
			drain_pair(&pair, pid);
		else
			fill_pair(&pair, pid);
		close(pair.sends ? pair.rx : pair.tx);
		return true;
	}
	close(pair.rx);
	close(pair.tx);
	return false;
}

int t_send_fds(int sock, const int *fds, int n, const void *data, size_t len)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = {};
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return kc_fd(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

/* Return: how many came, or a negative errno. */
int t_recv_fds(int sock, int *fds, int n, void *data, size_t len)
{
	char control[CMSG_SPACE(4 * sizeof(int))] = {};
	struct iovec iov = { data, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *c;
	ssize_t ret;

	do {
		ret = kc_ret(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC));
	} while (ret == -EINTR);
	c = ret > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return ret < 0 ? ret : 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

/* Hand an endpoint to whoever takes it; it may be the last there is. */
bool act_pass(void)
{
	struct t_wild *wild = t_one_in(4) ? NULL : t_wild_any();
	struct t_wild tracked = { .mode = O_RDWR };
	int ret;

	if (!wild) {
		tracked.channel = t_rnd(T_CHANNELS);
		tracked.fd = world->channel[tracked.channel].fd;
		wild = &tracked;
	}
	t_doing("pass a descriptor");
	ret = t_send_fds(world->socket[0], &wild->fd, 1, wild, sizeof(*wild));
	t_doing(NULL);
	T_EXPECT(ret, "sendmsg", EAGAIN, ENOBUFS, ENOMEM, ETOOMANYREFS);
	if (ret > 0 && wild != &tracked && t_one_in(2))
		t_wild_close(wild);
	return ret > 0;
}

bool act_take(void)
{
	struct t_wild wild;
	int fd, ret;

	t_doing("take a descriptor");
	ret = t_recv_fds(world->socket[1], &fd, 1, &wild, sizeof(wild));
	t_doing(NULL);
	T_EXPECT(ret, "recvmsg", EAGAIN, ENOMEM);
	return ret == 1 && t_wild_keep(fd, wild.mode, wild.channel);
}

struct hog {
	char procs[80];
	bool waits;
};

/* Into the small cgroup, and then more and more memory, of both kinds. */
static int hog_child(void *arg)
{
	struct hog *hog = arg;
	int fd = -1, ctl = t_ctl(), pool = -1;
	char *p;

	if (kc_write_file(hog->procs, "0"))
		return 0;
	if (ctl >= 0)
		fd = kc_queue(ctl, 4096, T_MAX, 32 << 20);
	if (t_one_in(2))
		pool = t_hog_pool(ctl);
	while (!world->stop) {
		struct t_call call = t_call_tracked(t_rnd(T_CHANNELS));

		call.faulty = true;
		if (pool >= 0)
			t_hog_slot(pool);
		if (fd >= 0 && t_one_in(2)) {
			call = t_call_private(fd);
			call.len = t_random_len(T_MAX);
			if (call.len < T_HEAD)
				call.len = T_HEAD;
			call.faulty = true;
			t_send(&call);
		} else if (hog->waits || t_one_in(2)) {
			t_recv(&call);
		} else {
			call.len = T_HEAD + t_rnd(3000);
			if (call.len > world->channel[call.channel].msgsize)
				call.len = T_HEAD;
			t_send(&call);
		}
		if (hog->waits)
			continue;
		p = mmap(NULL, 256 * 1024, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED)
			memset(p, 1, t_rnd(256 * 1024));
	}
	return 0;
}

static bool make_cgroup(char *dir, size_t size)
{
	char path[96];

	snprintf(dir, size, CGROUPS "/torture.%d.%u", getpid(), me->beats);
	if (mkdir(dir, 0755))
		return false;
	snprintf(path, sizeof(path), "%s/memory.max", dir);
	if (kc_write_file(path, t_one_in(2) ? "3M" : "6M")) {
		rmdir(dir);
		return false;
	}
	snprintf(path, sizeof(path), "%s/memory.swap.max", dir);
	kc_write_file(path, "0");
	snprintf(path, sizeof(path), "%s/memory.oom.group", dir);
	if (t_one_in(2))
		kc_write_file(path, "1");
	return true;
}

bool act_oom(void)
{
	struct hog hog = {}, waiter = { .waits = true };
	char dir[64];
	pid_t pid[2];
	int killed;

	if (!make_cgroup(dir, sizeof(dir)))
		return false;
	snprintf(hog.procs, sizeof(hog.procs), "%s/cgroup.procs", dir);
	strcpy(waiter.procs, hog.procs);
	pid[0] = t_spawn(hog_child, &hog);
	pid[1] = t_spawn(hog_child, &waiter);
	killed = pid[0] > 0 && t_reap(pid[0]) < 0;
	if (pid[1] > 0) {
		kill(pid[1], SIGKILL);
		t_reap(pid[1]);
	}
	__atomic_add_fetch(&world->oom_killed, killed, __ATOMIC_RELAXED);
	rmdir(dir);
	return killed;
}

static int warm_child(void *arg)
{
	kc_write_file(arg, "0");
	return unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUSER);
}

/*
 * The first memory cgroup and the first namespaces make the kernel patch its own
 * code. An emulator with several processors may go on with the old code for ever
 * (a soft lockup on an int3), so let that happen while it is quiet.
 */
void t_warm_up(void)
{
	static char procs[] = CGROUPS "/torturing/cgroup.procs";

	mkdir(CGROUPS "/torturing", 0755);
	kc_write_file(CGROUPS "/torturing/memory.max", "64M");
	kc_child(warm_child, procs);
	usleep(300000);
}

/* Those whose makers were killed. */
void t_cgroups_clean(void)
{
	struct dirent *entry;
	DIR *dir = opendir(CGROUPS);

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "torture.", 8))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}
