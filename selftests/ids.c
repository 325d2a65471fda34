// SPDX-License-Identifier: GPL-2.0
/* Who may, who is shown, and how ids and times look in other namespaces. */
#include "kchan_test.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

FIXTURE(ids)
{
	struct kc_env env;
	char buf[64];
};

FIXTURE_SETUP(ids)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(ids)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

/* The result of an open as another user. */
struct attempt {
	int ctl;
	const char *name;
	const char *path;
	int flags;
};

static int open_by_name(void *arg)
{
	struct attempt *a = arg;
	int fd = kc_open(a->ctl, a->name, a->flags);

	return fd < 0 ? fd : 0;
}

static int create_by_name(void *arg)
{
	struct attempt *a = arg;
	int fd = kc_create(a->ctl, a->name, a->flags);

	return fd < 0 ? fd : 0;
}

static int open_by_path(void *arg)
{
	struct attempt *a = arg;
	int fd = kc_fd(open(a->path, a->flags));

	return fd < 0 ? fd : 0;
}

/* Rights by OPEN, by CREATE of what is there, and by open(2), which agree. */
static int attempt(uid_t uid, struct attempt *a)
{
	int by_name = kc_as(uid, open_by_name, a);

	if (kc_as(uid, open_by_path, a) != by_name ||
	    kc_as(uid, create_by_name, a) != by_name)
		return -EPROTO;
	return by_name;
}

/* Alice is 1000 and Bob 1001, each with a group of that number. */
FIXTURE(rights)
{
	struct kc_env env;
	int fd;
	struct attempt rd, wr, rw;
};

FIXTURE_SETUP(rights)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, fchown(self->fd, 1000, 1001));
	self->rd = (struct attempt) { CTL, "a", PATH("a"), O_RDONLY };
	self->wr = (struct attempt) { CTL, "a", PATH("a"), O_WRONLY };
	self->rw = (struct attempt) { CTL, "a", PATH("a"), O_RDWR };
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd);
	kc_leave(&self->env);
}

TEST_F(rights, owner)
{
	ASSERT_EQ(0, fchmod(self->fd, 0400));
	EXPECT_EQ(0, attempt(1000, &self->rd));
	EXPECT_EQ(-EACCES, attempt(1000, &self->wr));
	EXPECT_EQ(-EACCES, attempt(1000, &self->rw));
	ASSERT_EQ(0, fchmod(self->fd, 0200));
	EXPECT_EQ(-EACCES, attempt(1000, &self->rd));
	EXPECT_EQ(0, attempt(1000, &self->wr));
	ASSERT_EQ(0, fchmod(self->fd, 0600));
	EXPECT_EQ(0, attempt(1000, &self->rw));
}

TEST_F(rights, group)
{
	ASSERT_EQ(0, fchmod(self->fd, 0040));
	EXPECT_EQ(0, attempt(1001, &self->rd));
	EXPECT_EQ(-EACCES, attempt(1001, &self->wr));
	ASSERT_EQ(0, fchmod(self->fd, 0020));
	EXPECT_EQ(-EACCES, attempt(1001, &self->rd));
	EXPECT_EQ(0, attempt(1001, &self->wr));
	EXPECT_EQ(-EACCES, attempt(1001, &self->rw));
}

TEST_F(rights, others)
{
	ASSERT_EQ(0, fchmod(self->fd, 0602));
	EXPECT_EQ(-EACCES, attempt(1002, &self->rd));
	EXPECT_EQ(0, attempt(1002, &self->wr));
	ASSERT_EQ(0, fchmod(self->fd, 0604));
	EXPECT_EQ(0, attempt(1002, &self->rd));
	EXPECT_EQ(-EACCES, attempt(1002, &self->wr));
}

TEST_F(rights, root)
{
	ASSERT_EQ(0, fchmod(self->fd, 0));
	EXPECT_EQ(0, attempt(0, &self->rw));
}

TEST_F(rights, refused_open_leaves_the_channel_as_it_was)
{
	struct kchan_state before;

	ASSERT_EQ(0, fchmod(self->fd, 0600));
	before = kc_state(self->fd);
	EXPECT_EQ(-EACCES, attempt(1001, &self->rw));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(rights, search_of_the_directory)
{
	struct attempt a = { CTL, "d/b", PATH("d/b"), O_RDWR };

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_LE(0, kc_create(CTL, "d/b", O_RDWR));
	EXPECT_EQ(0, attempt(1001, &a));
	ASSERT_EQ(0, chmod(PATH("d"), 0766));
	EXPECT_EQ(-EACCES, attempt(1001, &a));
}

TEST_F(rights, search_of_the_root_directory)
{
	ASSERT_EQ(0, fchmod(self->fd, 0666));
	ASSERT_EQ(0, chmod(self->env.dir, 0700));
	EXPECT_EQ(-EACCES, attempt(1001, &self->rw));
}

TEST_F(rights, create_in_a_directory_of_another)
{
	struct attempt a = { CTL, "d/b", PATH("d/b"), O_RDWR };

	ASSERT_EQ(0, mkdir(PATH("d"), 0755));
	EXPECT_EQ(-EACCES, kc_as(1001, create_by_name, &a));
	EXPECT_NE(0, access(PATH("d/b"), F_OK));
}

/* An endpoint opened with this effective user and group. */
static int open_as(int ctl, const char *name, uid_t uid, int flags)
{
	int fd;

	if (setegid(uid) || seteuid(uid))
		return -errno;
	fd = kc_open(ctl, name, flags);
	return seteuid(0) || setegid(0) ? -errno : fd;
}

TEST_F(ids, sender_is_who_opened_the_endpoint)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_create(CTL, "a", O_RDWR);
	int tx = open_as(CTL, "a", 1000, O_WRONLY);

	ASSERT_LE(0, tx);
	/* A program of root's whose output a user has put there. */
	ASSERT_EQ(1, write(tx, "x", 1));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(1000, arg.uid);
	EXPECT_EQ(1000, arg.gid);
	EXPECT_EQ(getpid(), arg.pid);
	ASSERT_EQ(0, kc_send(tx, 0, 0, "x", 1));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(1000, arg.uid);
	EXPECT_EQ(1000, arg.gid);
}

TEST_F(ids, sender_through_an_inherited_endpoint)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_create(CTL, "a", O_RDWR);
	pid_t pid;

	pid = kc_fork(kc_write_inherited, &fd);
	ASSERT_EQ(0, kc_reap(pid));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(pid, arg.pid);
	EXPECT_EQ(0, arg.uid);
	EXPECT_EQ(pid, kc_state(fd).send_pid);
	ASSERT_EQ(0, kc_as(1000, kc_write_inherited, &fd));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(0, arg.uid);
	EXPECT_EQ(0, arg.gid);
}

static void *write_in_thread(void *arg)
{
	return (void *)(long)kc_write_inherited(arg);
}

TEST_F(ids, pid_is_that_of_the_process_not_the_thread)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_create(CTL, "a", O_RDWR);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_in_thread, &fd));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(getpid(), arg.pid);
	EXPECT_EQ(getpid(), kc_state(fd).send_pid);
}

TEST_F(ids, creator_is_who_made_the_channel)
{
	int fd;

	ASSERT_EQ(0, setegid(1001));
	ASSERT_EQ(0, seteuid(1000));
	fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
	EXPECT_EQ(1000, kc_state(fd).creator_uid);
	EXPECT_EQ(1001, kc_state(fd).creator_gid);
	EXPECT_EQ(getpid(), kc_state(fd).creator_pid);
}

/* What a receiver sees in namespaces of its own. */
struct view {
	int fd;
	uid_t inside, outside;
	struct kchan_recv msg[2];
	struct kchan_state state;
	uint64_t before, after;
	char buf[16];
};

static int receive_two(struct view *v)
{
	int i, ret = 0;

	for (i = 0; !ret && i < 2; i++) {
		v->msg[i] = kc_recv_arg(v->buf, sizeof(v->buf));
		ret = kc_recv(v->fd, &v->msg[i]);
	}
	v->state = kc_state(v->fd);
	return ret;
}

static int receive_in_userns(void *arg)
{
	struct view *v = arg;
	int ret = kc_new_userns(v->inside, v->outside);

	return ret ? ret : receive_two(v);
}

/* A channel made by user 1000, with a message of 1000's and one of 1001's. */
static int two_messages(int ctl)
{
	int fd, a, b;

	if (setegid(1000) || seteuid(1000))
		return -errno;
	fd = kc_create(ctl, "a", O_RDWR | O_NONBLOCK);
	if (seteuid(0) || setegid(0))
		return -errno;
	a = open_as(ctl, "a", 1000, O_WRONLY);
	b = open_as(ctl, "a", 1001, O_WRONLY);
	if (write(a, "x", 1) != 1 || write(b, "x", 1) != 1)
		return -errno;
	close(a);
	close(b);
	return fd;
}

TEST_F(ids, users_are_shown_as_the_receivers_namespace_has_them)
{
	struct view *v = kc_shared(sizeof(*v));

	v->fd = two_messages(CTL);
	v->inside = 7;
	v->outside = 1000;
	ASSERT_EQ(0, kc_as(1000, receive_in_userns, v));
	EXPECT_EQ(7, v->msg[0].uid);
	EXPECT_EQ(7, v->msg[0].gid);
	EXPECT_EQ(65534, v->msg[1].uid);
	EXPECT_EQ(65534, v->msg[1].gid);
	EXPECT_EQ(7, v->state.creator_uid);
	EXPECT_EQ(7, v->state.creator_gid);
}

TEST_F(ids, root_outside_is_not_root_inside)
{
	struct view *v = kc_shared(sizeof(*v));

	v->fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	v->inside = 0;
	v->outside = 1000;
	ASSERT_EQ(1, write(v->fd, "x", 1));
	ASSERT_EQ(1, write(v->fd, "x", 1));
	ASSERT_EQ(0, kc_as(1000, receive_in_userns, v));
	EXPECT_EQ(65534, v->msg[0].uid);
	EXPECT_EQ(65534, v->state.creator_uid);
}

/* The first process of a pid namespace: one message of its own, one from outside. */
static int receive_in_pidns(void *arg)
{
	struct view *v = arg;

	if (write(v->fd, "x", 1) != 1)
		return -errno;
	return receive_two(v);
}

static int enter_pidns(void *arg)
{
	if (unshare(CLONE_NEWPID))
		return -errno;
	return kc_child(receive_in_pidns, arg);
}

TEST_F(ids, processes_are_shown_as_the_receivers_namespace_has_them)
{
	struct view *v = kc_shared(sizeof(*v));

	v->fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	ASSERT_EQ(1, write(v->fd, "x", 1));
	ASSERT_EQ(0, kc_child(enter_pidns, v));
	EXPECT_EQ(0, v->msg[0].pid);
	EXPECT_EQ(1, v->msg[1].pid);
	EXPECT_EQ(0, v->state.creator_pid);
	EXPECT_EQ(1, v->state.send_pid);
	EXPECT_EQ(1, v->state.recv_pid);
}

static int write_in_pidns(void *arg)
{
	if (unshare(CLONE_NEWPID))
		return -errno;
	return kc_child(kc_write_inherited, arg);
}

TEST_F(ids, process_of_an_inner_namespace_is_shown_outside)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_child(write_in_pidns, &fd));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_LT(getpid(), arg.pid);
	EXPECT_EQ(arg.pid, kc_state(fd).send_pid);
}

static int write_in_userns(void *arg)
{
	int ret = kc_new_userns(0, getuid());

	return ret ? ret : kc_write_inherited(arg);
}

TEST_F(ids, user_of_an_inner_namespace_is_shown_outside)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	int fd = kc_create(CTL, "a", O_RDWR), tx = open_as(CTL, "a", 1000, O_WRONLY);

	ASSERT_EQ(0, kc_as(1000, write_in_userns, &tx));
	ASSERT_EQ(0, kc_recv(fd, &arg));
	EXPECT_EQ(1000, arg.uid);
}

/* Time namespaces: their clock is 1000 seconds ahead, more than a test waits. */
#define AHEAD (1000 * KC_NS)

static int in_clock(const char *offset, kc_fn fn, void *arg)
{
	int ret;

	if (unshare(CLONE_NEWTIME))
		return -errno;
	ret = kc_write_file("/proc/self/timens_offsets", offset);
	return ret ? ret : kc_child(fn, arg);
}

static int in_time_namespace(kc_fn fn, void *arg)
{
	return in_clock("monotonic 1000 0", fn, arg);
}

static int look_at_times(void *arg)
{
	struct view *v = arg;
	struct kchan_send send = kc_send_arg("x", 1);

	v->before = kc_now();
	if (kc_ioctl(v->fd, KCHAN_IOC_SEND, &send))
		return -errno;
	v->after = kc_now();
	return receive_two(v);
}

static int times_ahead(void *arg)
{
	return in_time_namespace(look_at_times, arg);
}

TEST_F(ids, times_are_those_of_the_callers_time_namespace)
{
	struct view *v = kc_shared(sizeof(*v));
	uint64_t t0 = kc_now(), t1;
	struct kchan_state out;

	v->fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	ASSERT_EQ(1, write(v->fd, "x", 1));
	t1 = kc_now();
	ASSERT_EQ(0, kc_child(times_ahead, v));
	out = kc_state(v->fd);
	/* The clocks differ at all. */
	ASSERT_LE(t0 + AHEAD, v->before);
	/* Sent outside, received inside. */
	EXPECT_LE(t0 + AHEAD, v->msg[0].time);
	EXPECT_GE(t1 + AHEAD, v->msg[0].time);
	EXPECT_LE(v->before, v->msg[1].time);
	EXPECT_GE(v->after, v->msg[1].time);
	EXPECT_EQ(out.create_time + AHEAD, v->state.create_time);
	EXPECT_EQ(out.send_time + AHEAD, v->state.send_time);
	EXPECT_EQ(out.recv_time + AHEAD, v->state.recv_time);
	EXPECT_LE(v->before - AHEAD, out.send_time);
	EXPECT_GE(v->after - AHEAD, out.send_time);
}

static int no_time_at_all(void *arg)
{
	struct view *v = arg;

	v->state = kc_state(v->fd);
	return 0;
}

static int no_time_ahead(void *arg)
{
	return in_time_namespace(no_time_at_all, arg);
}

TEST_F(ids, time_that_never_was_is_0_in_every_time_namespace)
{
	struct view *v = kc_shared(sizeof(*v));

	v->fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	ASSERT_EQ(0, kc_child(no_time_ahead, v));
	EXPECT_NE(0, v->state.create_time);
	EXPECT_EQ(0, v->state.send_time);
	EXPECT_EQ(0, v->state.recv_time);
}

/*
 * A deadline taken for one of the outer clock would pass 1000 seconds too late,
 * and the test would not end.
 */
static int wait_for_deadlines(void *arg)
{
	struct view *v = arg;
	struct kchan_recv recv = kc_recv_arg(v->buf, sizeof(v->buf));

	recv.deadline = kc_now() - KC_NS;
	if (kc_recv(v->fd, &recv) != -ETIMEDOUT)
		return -EPROTO;
	recv.deadline = kc_now() + KC_NS / 50;
	if (kc_recv(v->fd, &recv) != -ETIMEDOUT)
		return -EPROTO;
	return kc_now() < recv.deadline ? -ETIME : 0;
}

static int deadlines_ahead(void *arg)
{
	return in_time_namespace(wait_for_deadlines, arg);
}

TEST_F(ids, deadlines_are_of_the_callers_time_namespace)
{
	struct view *v = kc_shared(sizeof(*v));

	v->fd = kc_create(CTL, "a", O_RDWR);
	EXPECT_EQ(0, kc_child(deadlines_ahead, v));
}

static int wait_long(void *arg)
{
	struct view *v = arg;
	struct kchan_recv recv = kc_recv_arg(v->buf, sizeof(v->buf));

	recv.deadline = kc_now() + 500 * KC_NS;
	return kc_recv(v->fd, &recv);
}

static int long_wait_ahead(void *arg)
{
	return in_time_namespace(wait_long, arg);
}

TEST_F(ids, deadline_inside_does_not_pass_too_early)
{
	struct view *v = kc_shared(sizeof(*v));
	pid_t pid;

	v->fd = kc_create(CTL, "a", O_RDWR);
	pid = kc_fork(long_wait_ahead, v);
	EXPECT_TRUE(kc_receivers_wait(v->fd, 1));
	ASSERT_EQ(1, write(v->fd, "x", 1));
	EXPECT_EQ(0, kc_reap(pid));
}

static int wait_for_ever(void *arg)
{
	static const uint64_t far[] = { INT64_MAX, 1ULL << 63, UINT64_MAX };
	struct view *v = arg;
	struct kchan_recv recv;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(far); i++) {
		recv = kc_recv_arg(v->buf, sizeof(v->buf));
		recv.deadline = far[i];
		ret = kc_recv(v->fd, &recv);
	}
	return ret;
}

static int wait_for_ever_ahead(void *arg)
{
	return in_time_namespace(wait_for_ever, arg);
}

static int wait_for_ever_behind(void *arg)
{
	return in_clock("monotonic -1 0", wait_for_ever, arg);
}

TEST_F(ids, farthest_deadlines_do_not_pass_in_any_time_namespace)
{
	static const kc_fn fns[] = { wait_for_ever_ahead, wait_for_ever_behind };
	struct view *v = kc_shared(sizeof(*v));
	unsigned int i, j;
	pid_t pid;

	v->fd = kc_create(CTL, "a", O_RDWR);
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		pid = kc_fork(fns[i], v);
		for (j = 0; j < 3; j++) {
			ASSERT_TRUE(KC_EVENTUALLY(
				kc_state(v->fd).waiting_receivers == 1 ||
				waitpid(pid, NULL, WNOHANG)));
			ASSERT_EQ(1, kc_state(v->fd).waiting_receivers)
				TH_LOG("clock %u, deadline %u", i, j);
			ASSERT_EQ(1, write(v->fd, "x", 1));
			ASSERT_TRUE(KC_EVENTUALLY(kc_state(v->fd).received ==
						  i * 3 + j + 1));
		}
		EXPECT_EQ(0, kc_reap(pid));
	}
}

TEST_HARNESS_MAIN
