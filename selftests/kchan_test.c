// SPDX-License-Identifier: GPL-2.0
#define KCHAN_TEST_LIB
#include "kchan_test.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* A program that can test nothing says so, first of all, and counts as skipped. */
static void __attribute__((constructor(101))) require_module_and_root(void)
{
	const char *why;

	/* A line each, so that one sees where time goes, or where it hangs. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (access("/dev/kchan", F_OK))
		why = "the kchan module is not loaded: no /dev/kchan";
	else if (geteuid())
		why = "must be run as root";
	else
		return;
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	/* What exit() would end has not begun. */
	_exit(4);
}

int kc_enter(struct kc_env *env)
{
	umask(0);
	env->net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (env->net < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	strcpy(env->dir, "/tmp/kchan.XXXXXX");
	if (!mkdtemp(env->dir))
		return -errno;
	if (mount("kchan", env->dir, "kchanfs", 0, NULL))
		return -errno;
	env->ctl = kc_ctl();
	return env->ctl < 0 ? env->ctl : 0;
}

void kc_leave(struct kc_env *env)
{
	while (!umount2(env->dir, MNT_DETACH))
		;
	rmdir(env->dir);
	close(env->ctl);
	close(env->net);
}

/* The last eight results are valid. */
const char *kc_path(const struct kc_env *env, const char *name)
{
	static char paths[8][KCHAN_NAME_MAX + 64];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", env->dir, name);
	return path;
}

int kc_fd(int ret)
{
	return ret < 0 ? -errno : ret;
}

ssize_t kc_ret(ssize_t ret)
{
	return ret < 0 ? -errno : ret;
}

int kc_ctl(void)
{
	return kc_fd(open("/dev/kchan", O_RDWR | O_CLOEXEC));
}

int kc_ioctl(int fd, unsigned int cmd, void *arg)
{
	return kc_fd(ioctl(fd, cmd, arg));
}

struct kchan_create kc_create_arg(const char *name)
{
	return (struct kchan_create) {
		.size = sizeof(struct kchan_create),
		.name = (uintptr_t)name,
		.mode = 0666,
		.open_flags = O_RDWR | O_NONBLOCK,
		.fd = -77,
		.fd_send = -77,
	};
}

int kc_create_with(int ctl, struct kchan_create *arg)
{
	int ret = kc_ioctl(ctl, KCHAN_IOC_CREATE, arg);

	return ret < 0 ? ret : arg->fd;
}

int kc_create(int ctl, const char *name, int open_flags)
{
	struct kchan_create arg = kc_create_arg(name);

	arg.open_flags = open_flags;
	return kc_create_with(ctl, &arg);
}

int kc_create_auto(int ctl, const char *name)
{
	struct kchan_create arg = kc_create_arg(name);

	arg.flags = KCHAN_CREATE_AUTO;
	return kc_create_with(ctl, &arg);
}

int kc_create_as(int ctl, const char *name, uid_t uid)
{
	int fd;

	if (setegid(uid) || seteuid(uid))
		return -errno;
	fd = kc_create(ctl, name, O_RDWR | O_NONBLOCK);
	return seteuid(0) || setegid(0) ? -errno : fd;
}

/* An unnamed channel with these limits, O_RDWR and O_NONBLOCK. */
int kc_queue(int ctl, unsigned int depth, unsigned int msgsize,
	     unsigned int bytes)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.depth = depth;
	arg.msgsize = msgsize;
	arg.bytes = bytes;
	return kc_create_with(ctl, &arg);
}

int kc_pair(int ctl, int *rx, int *tx)
{
	struct kchan_create arg = kc_create_arg(NULL);
	int ret;

	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = 0;
	ret = kc_ioctl(ctl, KCHAN_IOC_CREATE, &arg);
	*rx = arg.fd;
	*tx = arg.fd_send;
	return ret;
}

int kc_open(int ctl, const char *name, int open_flags)
{
	struct kchan_open arg = {
		.size = sizeof(arg),
		.open_flags = open_flags,
		.name = (uintptr_t)name,
		.fd = -77,
	};
	int ret = kc_ioctl(ctl, KCHAN_IOC_OPEN, &arg);

	return ret < 0 ? ret : arg.fd;
}

int kc_remove(int ctl, const char *name, uint64_t id, unsigned int flags)
{
	struct kchan_remove arg = {
		.size = sizeof(arg),
		.flags = flags,
		.name = (uintptr_t)name,
		.id = id,
	};

	return kc_ioctl(ctl, KCHAN_IOC_REMOVE, &arg);
}

/* CREATE, OPEN and REMOVE of this name fail so, and write nothing back. */
bool kc_refused(int ctl, const char *name, int err)
{
	struct kchan_create create = kc_create_arg(name), create_was = create;
	struct kchan_open open = {
		.size = sizeof(open),
		.name = (uintptr_t)name,
		.fd = -77,
	}, open_was = open;

	return kc_ioctl(ctl, KCHAN_IOC_CREATE, &create) == err &&
		kc_ioctl(ctl, KCHAN_IOC_OPEN, &open) == err &&
		kc_remove(ctl, name, 0, 0) == err &&
		!memcmp(&create, &create_was, sizeof(create)) &&
		!memcmp(&open, &open_was, sizeof(open));
}

struct kchan_send kc_send_arg(const void *data, unsigned int len)
{
	return (struct kchan_send) {
		.size = sizeof(struct kchan_send),
		.data = (uintptr_t)data,
		.len = len,
	};
}

int kc_send(int fd, unsigned int prio, uint64_t tag, const void *data,
	    unsigned int len)
{
	struct kchan_send arg = kc_send_arg(data, len);

	arg.prio = prio;
	arg.tag = tag;
	return kc_ioctl(fd, KCHAN_IOC_SEND, &arg);
}

struct kchan_recv kc_recv_arg(void *data, unsigned int capacity)
{
	struct kchan_recv arg;

	memset(&arg, KC_POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	arg.data = (uintptr_t)data;
	arg.capacity = capacity;
	arg.deadline = 0;
	arg.filter = KCHAN_FILTER_NONE;
	arg.value = 0;
	arg.position = 0;
	return arg;
}

struct kchan_recv kc_filter_arg(void *data, unsigned int capacity,
				unsigned int filter, uint64_t value)
{
	struct kchan_recv arg = kc_recv_arg(data, capacity);

	arg.filter = filter;
	arg.value = value;
	return arg;
}

int kc_recv(int fd, struct kchan_recv *arg)
{
	return kc_ioctl(fd, KCHAN_IOC_RECV, arg);
}

static uint64_t tag_of_next(int fd, unsigned int flags, uint64_t otherwise)
{
	char buf[128];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));

	arg.flags = flags;
	return kc_recv(fd, &arg) ? otherwise : arg.tag;
}

/* The tag of the next message, or UINT64_MAX: the call failed. */
uint64_t kc_receive_tag(int fd)
{
	return tag_of_next(fd, 0, UINT64_MAX);
}

/* Likewise without waiting, or 0: there is none. */
uint64_t kc_take_tag(int fd)
{
	return tag_of_next(fd, KCHAN_NONBLOCK, 0);
}

/* The sequence number of the first message, which is held now; 0 where there is none. */
uint64_t kc_hold(int fd)
{
	char buf[128];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));

	arg.flags = KCHAN_HOLD | KCHAN_NONBLOCK;
	return kc_recv(fd, &arg) ? 0 : arg.seq;
}

int kc_settle(int fd, unsigned int cmd, uint64_t seq, unsigned int flags)
{
	struct kchan_ack arg = {
		.size = sizeof(arg),
		.flags = flags,
		.seq = seq,
	};

	return kc_ioctl(fd, cmd, &arg);
}

int kc_settle_many(int fd, unsigned int cmd, const uint64_t *seqs,
		   unsigned int count, unsigned int flags)
{
	struct kchan_ack arg = {
		.size = sizeof(arg),
		.flags = flags,
		.seqs = (uintptr_t)seqs,
		.count = count,
	};

	return kc_ioctl(fd, cmd, &arg);
}

int kc_ack(int fd, uint64_t seq)
{
	return kc_settle(fd, KCHAN_IOC_ACK, seq, 0);
}

int kc_nack(int fd, uint64_t seq)
{
	return kc_settle(fd, KCHAN_IOC_NACK, seq, 0);
}

int kc_reject(int fd, uint64_t seq)
{
	return kc_settle(fd, KCHAN_IOC_NACK, seq, KCHAN_NACK_REJECT);
}

int kc_settings(int fd, struct kchan_settings *arg, unsigned int flags)
{
	arg->size = sizeof(*arg);
	arg->flags = flags;
	arg->reserved = 0;
	return kc_ioctl(fd, KCHAN_IOC_SETTINGS, arg);
}

int kc_held_max(int fd, unsigned int held_max)
{
	struct kchan_settings arg = { .held_max = held_max };

	return kc_settings(fd, &arg, KCHAN_SET_HELD_MAX);
}

int kc_urgent(int fd, unsigned int urgent)
{
	struct kchan_settings arg = { .urgent = urgent };

	return kc_settings(fd, &arg, KCHAN_SET_URGENT);
}

/* Messages that the endpoint holds; -errno where the call fails. */
int kc_held(int fd)
{
	struct kchan_settings arg = { 0 };
	int ret = kc_settings(fd, &arg, 0);

	return ret ? ret : (int)arg.held;
}

struct kchan_batch kc_batch_arg(void *items, unsigned int count,
				unsigned int stride)
{
	return (struct kchan_batch) {
		.size = sizeof(struct kchan_batch),
		.items = (uintptr_t)items,
		.count = count,
		.stride = stride,
	};
}

/* All bits set where the call fails. */
struct kchan_state kc_state(int fd)
{
	struct kchan_state state;

	memset(&state, KC_POISON, sizeof(state));
	state.size = sizeof(state);
	if (kc_ioctl(fd, KCHAN_IOC_STATE, &state))
		memset(&state, 0xff, sizeof(state));
	return state;
}

/* But for the counts of messages that did not fit. */
bool kc_unchanged(const struct kchan_state *before, int fd)
{
	struct kchan_state now = kc_state(fd);

	if (now.full > before->full)
		now.full = before->full;
	if (now.rejected > before->rejected)
		now.rejected = before->rejected;
	return now.size == sizeof(now) && !memcmp(before, &now, sizeof(now));
}

uint64_t kc_total(const __u64 counts[KCHAN_DEAD_REASONS])
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < KCHAN_DEAD_REASONS; i++)
		sum += counts[i];
	return sum;
}

/* Every message that was sent is accounted for. */
bool kc_sums(int fd)
{
	struct kchan_state s = kc_state(fd);

	return s.sent == s.received + s.queued + s.held + kc_total(s.dropped) +
		kc_total(s.dead_lettered) && !s.dead_lettered[0];
}

int kc_revoke(int fd)
{
	return kc_ioctl(fd, KCHAN_IOC_REVOKE, NULL);
}

/* One more endpoint of the channel, whatever its name. */
int kc_reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return kc_fd(open(path, flags | O_CLOEXEC));
}

uint64_t kc_id_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

/* How many names the directory has, or -1. */
int kc_count_names(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Makes 15 directories, each in the one before; returns the last, and its name. */
int kc_nest(const char *dir, char *name)
{
	int fd = open(dir, O_RDONLY), next, i;
	char *p = name;

	for (i = 0; i < 15; i++) {
		memset(p, 'd', 255);
		p[255] = 0;
		if (mkdirat(fd, p, 0777))
			return -errno;
		next = openat(fd, p, O_RDONLY);
		close(fd);
		fd = next;
		p[255] = '/';
		p += 256;
	}
	*p = 0;
	return fd;
}

int kc_poll(int fd, int events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

uint64_t kc_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * KC_NS + ts.tv_nsec;
}

int kc_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int kc_read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t ret;

	if (fd < 0)
		return -errno;
	while (n < size - 1) {
		ret = read(fd, buf + n, size - 1 - n);
		if (ret <= 0)
			break;
		n += ret;
	}
	buf[n] = 0;
	close(fd);
	return n;
}

long long kc_read_number(const char *path)
{
	char buf[64];
	int ret = kc_read_text(path, buf, sizeof(buf));

	return ret < 0 ? ret : strtoll(buf, NULL, 0);
}

/* sysctl net.kchan.NAME of a network namespace, seen from within; -1: this one. */
struct sysctl {
	int net;
	char path[64];
	char text[32];
	long long value;
};

static int sysctl_child(void *arg)
{
	struct sysctl *s = arg;

	if (s->net >= 0 && setns(s->net, CLONE_NEWNET))
		return -errno;
	if (s->text[0])
		return kc_write_file(s->path, s->text);
	s->value = kc_read_number(s->path);
	return 0;
}

int kc_sysctl_set(int net, const char *name, long long value)
{
	struct sysctl s = { .net = net };

	snprintf(s.path, sizeof(s.path), "/proc/sys/net/kchan/%s", name);
	snprintf(s.text, sizeof(s.text), "%lld\n", value);
	return kc_child(sysctl_child, &s);
}

long long kc_sysctl_get(int net, const char *name)
{
	struct sysctl *s = kc_shared(sizeof(*s));
	long long ret;

	s->net = net;
	snprintf(s->path, sizeof(s->path), "/proc/sys/net/kchan/%s", name);
	ret = kc_child(sysctl_child, s);
	return ret ? ret : s->value;
}

/* What the environment says. */
uint64_t kc_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* A kernel that checks itself is slow: less of what comes in numbers. */
uint64_t kc_scaled(uint64_t n)
{
	return access("/proc/lockdep_stats", F_OK) ? n : n / 10;
}

/* Zeroed memory that children share. */
void *kc_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* So many bytes, poisoned, at the end of mapped memory: none follows. */
void *kc_guarded(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t whole = (size + page - 1) / page * page;
	char *p = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p + whole, page))
		abort();
	memset(p, KC_POISON, whole);
	return p + whole - size;
}

/* Whether any 32 bits still hold what was there before the call. */
bool kc_has_poison(const void *arg, size_t size)
{
	const uint32_t *word = arg;
	uint32_t poison;

	memset(&poison, KC_POISON, sizeof(poison));
	for (; size; size -= sizeof(poison))
		if (*word++ == poison)
			return true;
	return false;
}

bool kc_receivers_wait(int fd, unsigned int n)
{
	return KC_EVENTUALLY(kc_state(fd).waiting_receivers == n);
}

bool kc_senders_wait(int fd, unsigned int n)
{
	return KC_EVENTUALLY(kc_state(fd).waiting_senders == n);
}

bool kc_arrived(int fd, unsigned int n)
{
	return KC_EVENTUALLY(kc_state(fd).sent == n);
}

static void on_signal(int sig)
{
	(void)sig;
}

void kc_catch(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

/*
 * This task and its children on one processor, and this one before them: they run
 * when it sleeps.
 */
bool kc_run_before_children(void)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(one), &one))
		return false;
	while (!CPU_ISSET(cpu, &one))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return !sched_setaffinity(0, sizeof(one), &one) &&
		!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static char task_state(pid_t tid)
{
	char path[32], buf[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	if (kc_read_text(path, buf, sizeof(buf)) <= 0)
		return 0;
	p = strrchr(buf, ')');
	return p && p[1] ? p[2] : 0;
}

bool kc_asleep(pid_t tid)
{
	return KC_EVENTUALLY(task_state(tid) == 'S');
}

pid_t kc_fork(kc_fn fn, void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(-fn(arg));
}

int kc_reap(pid_t pid)
{
	int status;

	if (pid < 0)
		return pid;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : KC_KILLED;
}

int kc_child(kc_fn fn, void *arg)
{
	return kc_reap(kc_fork(fn, arg));
}

int kc_write_inherited(void *arg)
{
	return write(*(int *)arg, "x", 1) == 1 ? 0 : -errno;
}

/* For good; as a login would have it. The group has the user's number. */
int kc_become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	/* Else the files of /proc/self stay root's. */
	if (prctl(PR_SET_DUMPABLE, 1))
		return -errno;
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

/* For good: this capability and no other. */
int kc_only_cap(int cap)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	data[cap / 32].permitted = 1U << cap % 32;
	data[cap / 32].effective = 1U << cap % 32;
	return kc_fd(syscall(SYS_capset, &head, data));
}

struct as {
	uid_t uid;
	int cap;
	kc_fn fn;
	void *arg;
};

static int as_child(void *arg)
{
	struct as *as = arg;
	int ret;

	if (as->cap >= 0 && prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	ret = kc_become(as->uid);
	if (!ret && as->cap >= 0)
		ret = kc_only_cap(as->cap);
	return ret ? ret : as->fn(as->arg);
}

int kc_as(uid_t uid, kc_fn fn, void *arg)
{
	struct as as = { uid, -1, fn, arg };

	return kc_child(as_child, &as);
}

/* As a user who has one capability. */
int kc_as_with(uid_t uid, int cap, kc_fn fn, void *arg)
{
	struct as as = { uid, cap, fn, arg };

	return kc_child(as_child, &as);
}

/* A user namespace in which one user and group of the outer one have an id. */
int kc_new_userns(uid_t inside, uid_t outside)
{
	char map[64];
	int ret;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	snprintf(map, sizeof(map), "%u %u 1", inside, outside);
	ret = kc_write_file("/proc/self/setgroups", "deny");
	if (!ret)
		ret = kc_write_file("/proc/self/uid_map", map);
	if (!ret)
		ret = kc_write_file("/proc/self/gid_map", map);
	return ret;
}
