// SPDX-License-Identifier: GPL-2.0
/* How long a channel lives: named, auto, unnamed, in pairs, revoked; locks. */
#include "kchan_test.h"

#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

FIXTURE(life)
{
	struct kc_env env;
};

FIXTURE_SETUP(life)
{
	ASSERT_EQ(0, kc_enter(&self->env));
}

FIXTURE_TEARDOWN(life)
{
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define PATH(name) kc_path(&self->env, name)

TEST_F(life, named_channel_outlives_its_endpoints)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	uint64_t id = kc_state(fd).id;
	char buf[8];

	ASSERT_EQ(3, write(fd, "one", 3));
	close(fd);
	fd = kc_open(CTL, "a", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(id, kc_state(fd).id);
	EXPECT_EQ(3, read(fd, buf, sizeof(buf)));
}

TEST_F(life, auto_is_shown_in_state)
{
	int fd = kc_create_auto(CTL, "a");

	EXPECT_EQ(KCHAN_STATE_AUTO | KCHAN_STATE_NAMED, kc_state(fd).flags);
}

TEST_F(life, auto_goes_with_the_last_endpoint)
{
	int first = kc_create_auto(CTL, "a");
	int second = kc_open(CTL, "a", O_RDONLY);

	ASSERT_LE(0, second);
	close(first);
	EXPECT_EQ(0, access(PATH("a"), F_OK));
	EXPECT_EQ(1, kc_state(second).receivers);
	close(second);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
}

TEST_F(life, auto_goes_with_messages_in_it)
{
	int fd = kc_create_auto(CTL, "a");

	ASSERT_EQ(3, write(fd, "one", 3));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

TEST_F(life, auto_goes_when_renamed)
{
	int fd = kc_create_auto(CTL, "a");

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	EXPECT_EQ(KCHAN_STATE_AUTO | KCHAN_STATE_NAMED, kc_state(fd).flags);
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("d/b"), F_OK)));
	EXPECT_EQ(0, rmdir(PATH("d")));
}

TEST_F(life, auto_goes_when_its_directory_is_renamed)
{
	int fd;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	fd = kc_create_auto(CTL, "d/a");
	ASSERT_EQ(0, rename(PATH("d"), PATH("e")));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("e/a"), F_OK)));
	EXPECT_EQ(0, rmdir(PATH("e")));
}

TEST_F(life, auto_unlinked_before_leaves_the_next_of_that_name)
{
	int fd = kc_create_auto(CTL, "a"), next;

	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(KCHAN_STATE_AUTO, kc_state(fd).flags);
	next = kc_create(CTL, "a", O_RDWR);
	close(fd);
	usleep(1000);
	EXPECT_EQ(0, access(PATH("a"), F_OK));
	EXPECT_EQ(kc_state(next).id, kc_state(kc_open(CTL, "a", O_RDWR)).id);
}

TEST_F(life, auto_goes_without_a_mount)
{
	int fd = kc_create_auto(CTL, "a");

	ASSERT_EQ(0, umount(self->env.dir));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(kc_open(CTL, "a", O_RDWR) == -ENOENT));
}

static int create_auto_and_die(void *arg)
{
	return kc_create_auto(*(int *)arg, "a") < 0 ? -errno : 0;
}

TEST_F(life, auto_goes_when_its_process_dies)
{
	ASSERT_EQ(0, kc_child(create_auto_and_die, &CTL));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

TEST_F(life, o_path_descriptor_is_no_endpoint)
{
	int fd = kc_create_auto(CTL, "a"), path;

	path = open(PATH("a"), O_PATH);
	ASSERT_LE(0, path);
	EXPECT_EQ(1, kc_state(fd).senders);
	EXPECT_EQ(1, kc_state(fd).receivers);
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
	close(path);
}

#define RACES 2000

/* Opens the name while another task makes and closes it. */
static int open_and_close(void *arg)
{
	int i, n = kc_scaled(RACES), fd;
	char c;

	for (i = 0; i < n; i++) {
		fd = kc_open(*(int *)arg, "a", O_RDWR | O_NONBLOCK);
		if (fd == -ENOENT || fd == -EIDRM)
			continue;
		if (fd < 0)
			return fd;
		/* What was opened works, whether it has still a name or not. */
		if (write(fd, "x", 1) != 1 || read(fd, &c, 1) != 1 ||
		    kc_state(fd).senders < 1)
			return -EPROTO;
		close(fd);
	}
	return 0;
}

static int create_and_close(void *arg)
{
	int i, n = kc_scaled(RACES), fd;

	for (i = 0; i < n; i++) {
		fd = kc_create_auto(*(int *)arg, "a");
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

TEST_F(life, auto_opened_while_it_goes)
{
	pid_t a = kc_fork(open_and_close, &CTL);
	pid_t b = kc_fork(create_and_close, &CTL);
	pid_t c = kc_fork(create_and_close, &CTL);

	EXPECT_EQ(0, kc_reap(a));
	EXPECT_EQ(0, kc_reap(b));
	EXPECT_EQ(0, kc_reap(c));
	EXPECT_TRUE(KC_EVENTUALLY(access(PATH("a"), F_OK)));
}

TEST_F(life, unnamed_channel_works_and_has_no_name)
{
	int fd = kc_create(CTL, NULL, O_RDWR | O_NONBLOCK);
	char buf[8] = "";
	struct stat st;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kc_state(fd).flags & KCHAN_STATE_NAMED);
	EXPECT_EQ(3, write(fd, "one", 3));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFCHR | 0666, st.st_mode);
	EXPECT_EQ(kc_state(fd).id, st.st_ino);
	EXPECT_EQ(3, st.st_size);
	EXPECT_EQ(3, read(fd, buf, sizeof(buf)));
	EXPECT_STREQ("one", buf);
	/* No name, no other entry: the directory can be emptied. */
	EXPECT_EQ(0, umount(self->env.dir));
}

TEST_F(life, unnamed_channel_is_reopened_through_proc)
{
	int fd = kc_create(CTL, NULL, O_RDWR | O_NONBLOCK);
	int tx = kc_reopen(fd, O_WRONLY);
	char buf[8];

	ASSERT_LE(0, tx);
	EXPECT_EQ(2, kc_state(fd).senders);
	EXPECT_EQ(1, kc_state(fd).receivers);
	EXPECT_EQ(1, write(tx, "x", 1));
	EXPECT_EQ(1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(-EBADF, kc_ret(read(tx, buf, sizeof(buf))));
}

static int reopen_as_user(void *arg)
{
	int fd = kc_reopen(*(int *)arg, O_RDWR);

	return fd < 0 ? fd : 0;
}

TEST_F(life, reopening_an_unnamed_channel_checks_its_mode)
{
	struct kchan_create arg = kc_create_arg(NULL);
	int fd;

	arg.mode = 0600;
	fd = kc_create_with(CTL, &arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, kc_as(1000, reopen_as_user, &fd));
	ASSERT_EQ(0, fchmod(fd, 0666));
	EXPECT_EQ(0, kc_as(1000, reopen_as_user, &fd));
}

TEST_F(life, pair_has_a_receiving_and_a_sending_end)
{
	char buf[8] = "";
	int rx, tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	EXPECT_EQ(kc_state(rx).id, kc_state(tx).id);
	EXPECT_EQ(1, kc_state(rx).senders);
	EXPECT_EQ(1, kc_state(rx).receivers);
	EXPECT_EQ(O_RDONLY, fcntl(rx, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_WRONLY, fcntl(tx, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(FD_CLOEXEC, fcntl(rx, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(tx, F_GETFD));
	EXPECT_EQ(3, write(tx, "one", 3));
	EXPECT_EQ(3, read(rx, buf, sizeof(buf)));
	EXPECT_STREQ("one", buf);
}

TEST_F(life, receiving_end_of_a_pair_does_not_send)
{
	struct kchan_state before;
	int rx, tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	before = kc_state(rx);
	EXPECT_EQ(-EBADF, kc_ret(write(rx, "x", 1)));
	EXPECT_EQ(-EBADF, kc_send(rx, 0, 0, "x", 1));
	EXPECT_TRUE(kc_unchanged(&before, rx));
}

TEST_F(life, sending_end_of_a_pair_does_not_receive)
{
	struct kchan_state before;
	struct kchan_recv arg, was;
	char buf[8];
	int rx, tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	ASSERT_EQ(1, write(tx, "x", 1));
	before = kc_state(rx);
	EXPECT_EQ(-EBADF, kc_ret(read(tx, buf, sizeof(buf))));
	arg = kc_recv_arg(buf, sizeof(buf));
	was = arg;
	EXPECT_EQ(-EBADF, kc_recv(tx, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(kc_unchanged(&before, rx));
}

TEST_F(life, nonblock_of_a_pair_goes_for_both_ends)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.flags = KCHAN_CREATE_PAIR;
	arg.open_flags = O_NONBLOCK | O_CLOEXEC;
	ASSERT_LE(0, kc_create_with(CTL, &arg));
	EXPECT_EQ(O_NONBLOCK, fcntl(arg.fd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(O_NONBLOCK, fcntl(arg.fd_send, F_GETFL) & O_NONBLOCK);
}

TEST_F(life, access_mode_with_pair_is_EINVAL)
{
	static const int modes[] = { O_WRONLY, O_RDWR, O_ACCMODE };
	struct kchan_create arg = kc_create_arg(NULL), was;
	unsigned int i;

	arg.flags = KCHAN_CREATE_PAIR;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		arg.open_flags = modes[i];
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
}

TEST_F(life, endpoint_goes_with_its_last_descriptor)
{
	int rx, tx, dup_tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	dup_tx = dup(tx);
	EXPECT_EQ(1, kc_state(rx).senders);
	close(tx);
	EXPECT_EQ(1, kc_state(rx).senders);
	close(dup_tx);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(rx).senders == 0));
}

TEST_F(life, flock_excludes_between_endpoints)
{
	int a = kc_create(CTL, "a", O_RDWR), b = kc_open(CTL, "a", O_RDWR);

	ASSERT_EQ(0, flock(a, LOCK_EX));
	EXPECT_EQ(-EWOULDBLOCK, kc_fd(flock(b, LOCK_EX | LOCK_NB)));
	EXPECT_EQ(-EWOULDBLOCK, kc_fd(flock(b, LOCK_SH | LOCK_NB)));
	ASSERT_EQ(0, flock(a, LOCK_UN));
	EXPECT_EQ(0, flock(b, LOCK_EX | LOCK_NB));
}

TEST_F(life, flock_goes_with_its_endpoint)
{
	int a = kc_create(CTL, "a", O_RDWR), b = kc_open(CTL, "a", O_RDWR);

	ASSERT_EQ(0, flock(a, LOCK_EX));
	close(a);
	EXPECT_TRUE(KC_EVENTUALLY(!flock(b, LOCK_EX | LOCK_NB)));
}

TEST_F(life, ofd_locks_exclude_between_endpoints)
{
	int a = kc_create(CTL, "a", O_RDWR), b = kc_open(CTL, "a", O_RDWR);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = 10, .l_len = 5 };

	ASSERT_EQ(0, fcntl(a, F_OFD_SETLK, &lock));
	EXPECT_EQ(-EAGAIN, kc_fd(fcntl(b, F_OFD_SETLK, &lock)));
	lock.l_start = 20;
	EXPECT_EQ(0, fcntl(b, F_OFD_SETLK, &lock));
	lock.l_start = 10;
	lock.l_type = F_UNLCK;
	ASSERT_EQ(0, fcntl(a, F_OFD_SETLK, &lock));
	lock.l_type = F_WRLCK;
	EXPECT_EQ(0, fcntl(b, F_OFD_SETLK, &lock));
}

/* A channel with a message in it, revoked: every call on it gets EIDRM. */
static bool is_revoked(int fd)
{
	struct kchan_state state = { .size = sizeof(state) };
	struct kchan_recv recv;
	char buf[8];

	recv = kc_recv_arg(buf, sizeof(buf));
	return kc_ret(write(fd, "x", 1)) == -EIDRM &&
		kc_ret(read(fd, buf, sizeof(buf))) == -EIDRM &&
		kc_send(fd, 0, 0, "x", 1) == -EIDRM &&
		kc_recv(fd, &recv) == -EIDRM &&
		kc_ioctl(fd, KCHAN_IOC_STATE, &state) == -EIDRM &&
		kc_revoke(fd) == -EIDRM &&
		kc_poll(fd, 0) == (POLLHUP | POLLERR);
}

TEST_F(life, revoke_ends_every_endpoint)
{
	int a = kc_create(CTL, "a", O_RDWR), b = kc_open(CTL, "a", O_RDWR);
	int c = open(PATH("a"), O_RDWR);

	ASSERT_EQ(1, write(a, "x", 1));
	ASSERT_EQ(0, kc_revoke(b));
	EXPECT_TRUE(is_revoked(a));
	EXPECT_TRUE(is_revoked(b));
	EXPECT_TRUE(is_revoked(c));
}

/* Revokes what it is given, until that is negative. */
static void *revoker(void *arg)
{
	int *turn = arg, fd;

	do {
		fd = __atomic_exchange_n(turn, 0, __ATOMIC_ACQ_REL);
		if (fd > 0)
			kc_revoke(fd);
	} while (fd >= 0);
	return NULL;
}

TEST_F(life, nothing_is_sent_once_anybody_has_been_told_of_the_end)
{
	int i, tx, rx, turn = 0, late = 0;
	struct kchan_state state = { .size = sizeof(state) };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, revoker, &turn));
	for (i = kc_scaled(20000); i > 0; i--) {
		ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
		__atomic_store_n(&turn, rx, __ATOMIC_RELEASE);
		/* Without delay: who may be too early is so by little. */
		while (!ioctl(tx, KCHAN_IOC_STATE, &state))
			;
		late += write(tx, "x", 1) != -1;
		close(rx);
		close(tx);
	}
	__atomic_store_n(&turn, -1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, late);
}

TEST_F(life, revoke_removes_the_name)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_revoke(a));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "a", O_RDWR));
	EXPECT_NE(0, access(PATH("a"), F_OK));
	EXPECT_LE(0, kc_create(CTL, "a", O_RDWR));
	EXPECT_TRUE(is_revoked(a));
}

TEST_F(life, revoke_of_a_renamed_channel_removes_its_name)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	ASSERT_EQ(0, kc_revoke(a));
	EXPECT_NE(0, access(PATH("d/b"), F_OK));
	EXPECT_EQ(0, rmdir(PATH("d")));
}

TEST_F(life, revoke_of_an_unlinked_channel_leaves_the_next_of_that_name)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, unlink(PATH("a")));
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, kc_revoke(a));
	EXPECT_TRUE(is_revoked(a));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(life, revoke_of_a_pair_through_either_end)
{
	struct kchan_state state = { .size = sizeof(state) };
	int rx, tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	ASSERT_EQ(0, kc_revoke(tx));
	EXPECT_EQ(-EIDRM, kc_ioctl(rx, KCHAN_IOC_STATE, &state));
	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	ASSERT_EQ(0, kc_revoke(rx));
	EXPECT_EQ(-EIDRM, kc_ret(write(tx, "x", 1)));
}

TEST_F(life, revoke_with_an_argument_is_EINVAL)
{
	int a = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before = kc_state(a);

	EXPECT_EQ(-EINVAL, kc_ioctl(a, KCHAN_IOC_REVOKE, (void *)1));
	EXPECT_EQ(-EINVAL, kc_ioctl(a, KCHAN_IOC_REVOKE, &before));
	EXPECT_TRUE(kc_unchanged(&before, a));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

static int revoke_inherited(void *arg)
{
	return kc_revoke(*(int *)arg);
}

static int revoke_opened(void *arg)
{
	int fd = open(arg, O_RDWR);

	return fd < 0 ? -errno : kc_revoke(fd);
}

TEST_F(life, revoke_by_another_user_is_EPERM)
{
	int a = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before = kc_state(a);

	EXPECT_EQ(-EPERM, kc_as(1000, revoke_inherited, &a));
	EXPECT_EQ(-EPERM, kc_as(1000, revoke_opened, (void *)PATH("a")));
	EXPECT_TRUE(KC_EVENTUALLY(kc_unchanged(&before, a)));
	EXPECT_EQ(0, access(PATH("a"), F_OK));
}

TEST_F(life, revoke_by_the_owner)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, chown(PATH("a"), 1000, 0));
	EXPECT_EQ(0, kc_as(1000, revoke_opened, (void *)PATH("a")));
	EXPECT_TRUE(is_revoked(a));
}

TEST_F(life, revoke_of_anothers_by_root)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, fchown(a, 1000, 1000));
	EXPECT_EQ(0, kc_revoke(a));
	EXPECT_TRUE(is_revoked(a));
}

/* Leaves the process this capability alone; it stays root by number. */
static int revoke_with_only(unsigned int cap, void *arg)
{
	if (kc_only_cap(cap))
		return -EPROTO;
	return kc_revoke(*(int *)arg);
}

static int revoke_with_fowner(void *arg)
{
	return revoke_with_only(CAP_FOWNER, arg);
}

static int revoke_with_kill(void *arg)
{
	return revoke_with_only(CAP_KILL, arg);
}

TEST_F(life, revoke_of_anothers_takes_cap_fowner)
{
	int a = kc_create(CTL, "a", O_RDWR);
	struct kchan_state before;

	ASSERT_EQ(0, fchown(a, 1000, 1000));
	before = kc_state(a);
	EXPECT_EQ(-EPERM, kc_child(revoke_with_kill, &a));
	EXPECT_TRUE(kc_unchanged(&before, a));
	EXPECT_EQ(0, kc_child(revoke_with_fowner, &a));
	EXPECT_TRUE(is_revoked(a));
}

TEST_F(life, open_endpoint_of_a_revoked_channel_can_be_closed)
{
	int a = kc_create(CTL, "a", O_RDWR), other;

	ASSERT_EQ(0, kc_revoke(a));
	EXPECT_EQ(0, close(a));
	other = kc_create(CTL, "a", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(1, write(other, "x", 1));
	EXPECT_EQ(1, kc_state(other).queued);
}

/* There was nothing at work that could remember it. */
TEST_F(life, reopening_one_that_was_revoked_while_nobody_had_it_open_is_EIDRM)
{
	int path;

	close(kc_create(CTL, "a", O_RDWR));
	path = open(PATH("a"), O_PATH);
	ASSERT_LE(0, path);
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, KCHAN_REMOVE_NOW));
	EXPECT_EQ(-EIDRM, kc_reopen(path, O_RDWR));
	close(path);
}

TEST_F(life, reopening_a_revoked_channel_is_EIDRM)
{
	int a = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(0, kc_revoke(a));
	EXPECT_EQ(-EIDRM, kc_reopen(a, O_RDWR));
}

TEST_HARNESS_MAIN
