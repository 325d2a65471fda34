// SPDX-License-Identifier: GPL-2.0
/*
 * What members of the group "events" are told: each kind of event, in order, and
 * nothing else. Who is told is in listeners.c.
 */
#include "kchan_call.h"
#include "kchan_netlink.h"

#include <signal.h>
#include <sys/stat.h>

FIXTURE(events)
{
	struct kc_env env;
	int sock;
	struct kn_event last;
	uint64_t id;
};

FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->sock = kn_listen();
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(events)
{
	close(self->sock);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define SOCK (self->sock)
#define PATH(name) kc_path(&self->env, name)

#define EXPECT_EVENT(what, name) EXPECT_EVENT_OF(SOCK, what, self->id, name)

/* All has been told. */
#define EXPECT_SILENCE() EXPECT_EQ(-EAGAIN, kn_event(SOCK, &self->last))

/* All that was told so far is of no interest. */
#define DISCARD()							\
	do {								\
		while (!kn_event(SOCK, &self->last))			\
			;						\
	} while (0)

/* Makes a channel and keeps its number; what is told of it is discarded. */
#define MAKE(name) ({							\
	int fd_ = kc_create(CTL, name, O_RDWR | O_NONBLOCK);		\
									\
	self->id = kc_state(fd_).id;					\
	DISCARD();							\
	fd_;								\
})

TEST_F(events, create)
{
	self->id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, create_by_open)
{
	int fd = open(PATH("a"), O_CREAT | O_RDWR, 0666);

	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, create_of_a_taken_name_attaches)
{
	MAKE("a");
	kc_create(CTL, "a", O_RDONLY);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, open_and_close)
{
	int fd;

	MAKE("a");
	fd = kc_open(CTL, "a", O_RDONLY);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	fd = open(PATH("a"), O_WRONLY);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, endpoint_is_detached_with_its_last_descriptor)
{
	int fd = MAKE("a"), copy = dup(fd);

	close(fd);
	EXPECT_SILENCE();
	close(copy);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, names_in_directories_are_told_from_the_root)
{
	int fd;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("d/e"), 0777));
	fd = kc_create(CTL, "d/e/a", O_RDWR);
	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "d/e/a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "d/e/a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "d/e/a");
	ASSERT_EQ(0, unlink(PATH("d/e/a")));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "d/e/a");
	EXPECT_SILENCE();
}

TEST_F(events, longest_name)
{
	char name[KCHAN_NAME_MAX + 1], *p = name;
	int fd = open(self->env.dir, O_PATH), i;

	for (i = 0; i < 15; i++, p += 256) {
		memset(p, 'd', 255);
		p[255] = 0;
		ASSERT_EQ(0, mkdirat(fd, p, 0777));
		fd = openat(fd, p, O_PATH);
		p[255] = '/';
	}
	memset(p, 'n', 255);
	p[255] = 0;
	fd = kc_create(CTL, name, O_RDWR);
	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, name);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, name);
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, name);
	EXPECT_EQ(0, kc_remove(CTL, name, 0, 0));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, name);
	EXPECT_SILENCE();
}

TEST_F(events, unlink)
{
	MAKE("a");
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, remove)
{
	MAKE("a");
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	MAKE("b");
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id, 0));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "b");
	EXPECT_SILENCE();
}

TEST_F(events, channel_that_has_lost_its_name)
{
	int fd = MAKE("a"), other;

	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	other = kc_reopen(fd, O_RDONLY);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, NULL);
	close(other);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	/* Its name was removed: that was told. */
	EXPECT_SILENCE();
}

TEST_F(events, channel_without_a_name)
{
	int fd = kc_create(CTL, NULL, O_RDWR);

	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, NULL);
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, NULL);
	EXPECT_SILENCE();
}

TEST_F(events, pair)
{
	int rx, tx;

	ASSERT_EQ(0, kc_pair(CTL, &rx, &tx));
	self->id = kc_state(rx).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, NULL);
	close(tx);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	EXPECT_SILENCE();
	close(rx);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, NULL);
	EXPECT_SILENCE();
}

TEST_F(events, automatic_channel_ends_with_its_last_endpoint)
{
	int fd = kc_create_auto(CTL, "a"), other = kc_open(CTL, "a", O_RDONLY);

	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_SILENCE();
	close(other);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	EXPECT_SILENCE();
}

TEST_F(events, rename_tells_the_new_name)
{
	int fd = MAKE("a");

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	EXPECT_EVENT(KCHAN_EVENT_RENAMED, "d/b");
	EXPECT_SILENCE();
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "d/b");
}

TEST_F(events, rename_to_a_name_that_is_taken)
{
	uint64_t replaced;

	MAKE("b");
	replaced = self->id;
	MAKE("a");
	ASSERT_EQ(0, rename(PATH("a"), PATH("b")));
	EXPECT_EVENT_OF(SOCK, KCHAN_EVENT_REMOVED, replaced, "b");
	EXPECT_EVENT(KCHAN_EVENT_RENAMED, "b");
	EXPECT_SILENCE();
}

TEST_F(events, revoke)
{
	int fd = MAKE("a");

	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_EVENT(KCHAN_EVENT_REVOKED, "a");
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	EXPECT_SILENCE();
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	EXPECT_SILENCE();
}

TEST_F(events, revoke_of_a_channel_without_a_name)
{
	int fd = MAKE(NULL);

	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_EVENT(KCHAN_EVENT_REVOKED, NULL);
	EXPECT_SILENCE();
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, NULL);
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, NULL);
	EXPECT_SILENCE();
}

TEST_F(events, remove_now)
{
	MAKE("a");
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, KCHAN_REMOVE_NOW));
	EXPECT_EVENT(KCHAN_EVENT_REVOKED, "a");
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	EXPECT_SILENCE();
	MAKE(NULL);
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id, KCHAN_REMOVE_NOW));
	EXPECT_EVENT(KCHAN_EVENT_REVOKED, NULL);
	EXPECT_SILENCE();
}

TEST_F(events, directories_are_not_told)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("e"), 0777));
	ASSERT_EQ(0, rename(PATH("d"), PATH("f")));
	ASSERT_EQ(0, rename(PATH("e"), PATH("f")));
	ASSERT_EQ(0, chmod(PATH("f"), 0700));
	ASSERT_EQ(0, rmdir(PATH("f")));
	EXPECT_SILENCE();
}

TEST_F(events, use_is_not_told)
{
	int fd = MAKE("a"), path;
	struct stat st;
	char buf[8];

	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(1, read(fd, buf, sizeof(buf)));
	ASSERT_EQ(-EAGAIN, kc_ret(read(fd, buf, sizeof(buf))));
	ASSERT_EQ(0, fchmod(fd, 0600));
	ASSERT_EQ(0, fchown(fd, 1000, 1000));
	ASSERT_EQ(0, stat(PATH("a"), &st));
	path = open(PATH("a"), O_PATH);
	ASSERT_LE(0, path);
	close(path);
	EXPECT_SILENCE();
}

static int open_for_writing(void *arg)
{
	return kc_open(*(int *)arg, "a", O_WRONLY);
}

TEST_F(events, failed_calls_are_not_told)
{
	struct kchan_create arg = kc_create_arg("a");
	int fd = MAKE("a");

	ASSERT_EQ(0, fchmod(fd, 0600));
	arg.flags = KCHAN_CREATE_EXCL;
	EXPECT_EQ(-EEXIST, kc_create_with(CTL, &arg));
	EXPECT_EQ(-ENOENT, kc_open(CTL, "b", O_RDWR));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, "b", 0, 0));
	EXPECT_EQ(-ENOENT, kc_remove(CTL, "a", self->id + 1, 0));
	EXPECT_EQ(-EACCES, kc_as(1001, open_for_writing, &CTL));
	EXPECT_NE(0, rename(PATH("b"), PATH("c")));
	EXPECT_NE(0, unlink(PATH("b")));
	EXPECT_SILENCE();
}

/* How a process that has the channel open ends. */
enum end { EXIT, THREAD_EXITS, CLOSE, KILL, TERM, ABORT, EXEC };

struct ending {
	int ctl;
	enum end end;
};

static void *exit_in_thread(void *arg)
{
	(void)arg;
	_exit(0);
}

static int open_and_end(void *arg)
{
	static char * const no_program[] = { "true", NULL };
	struct ending *ending = arg;
	int fd = kc_open(ending->ctl, "a", O_RDWR);
	pthread_t thread;

	switch (ending->end) {
	case EXIT:
		return fd < 0 ? fd : -7;
	case THREAD_EXITS:
		pthread_create(&thread, NULL, exit_in_thread, NULL);
		pause();
		break;
	case CLOSE:
		close(fd);
		kill(getpid(), SIGKILL);
		break;
	case KILL:
		kill(getpid(), SIGKILL);
		break;
	case TERM:
		kill(getpid(), SIGTERM);
		break;
	case ABORT:
		abort();
	case EXEC:
		execv("/bin/true", no_program);
		execv("/usr/bin/true", no_program);
		return -errno;
	}
	return 0;
}

static const struct {
	enum end end;
	enum kchan_event event;
} ends[] = {
	{ EXIT, KCHAN_EVENT_DETACHED },
	{ THREAD_EXITS, KCHAN_EVENT_DETACHED },
	{ CLOSE, KCHAN_EVENT_DETACHED },
	{ KILL, KCHAN_EVENT_DIED },
	{ TERM, KCHAN_EVENT_DIED },
	{ ABORT, KCHAN_EVENT_DIED },
};

TEST_F(events, endpoint_of_a_process_that_was_killed_has_died)
{
	unsigned int i;

	MAKE("a");
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct ending ending = { CTL, ends[i].end };

		kc_child(open_and_end, &ending);
		EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
		ASSERT_EQ(0, kn_next_event(SOCK, &self->last));
		EXPECT_TRUE(kn_is_event(&self->last, ends[i].event, self->id, "a"))
			TH_LOG("end %u: event %u", i, self->last.event);
		EXPECT_SILENCE();
	}
}

TEST_F(events, endpoint_that_is_closed_on_exec_is_detached)
{
	struct ending ending = { CTL, EXEC };

	MAKE("a");
	kc_child(open_and_end, &ending);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_SILENCE();
}

static int wait_for_message(void *arg)
{
	char buf[8];

	return read(kc_open(*(int *)arg, "a", O_RDONLY), buf, sizeof(buf));
}

TEST_F(events, endpoint_of_a_process_killed_while_it_waits_has_died)
{
	int fd = MAKE("a");
	pid_t pid = kc_fork(wait_for_message, &CTL);

	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	ASSERT_TRUE(kc_receivers_wait(fd, 1));
	kill(pid, SIGKILL);
	ASSERT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_EVENT(KCHAN_EVENT_DIED, "a");
	EXPECT_SILENCE();
}

static int stay(void *arg)
{
	(void)arg;
	return pause();
}

TEST_F(events, endpoint_that_others_have_does_not_die_with_one)
{
	int fd = MAKE("a");
	pid_t pid = kc_fork(stay, NULL);

	kill(pid, SIGKILL);
	ASSERT_EQ(KC_KILLED, kc_reap(pid));
	EXPECT_SILENCE();
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
}

TEST_F(events, automatic_channel_of_a_process_that_was_killed)
{
	struct ending ending = { CTL, KILL };
	int fd = kc_create_auto(CTL, "a");

	self->id = kc_state(fd).id;
	DISCARD();
	kc_child(open_and_end, &ending);
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_EVENT(KCHAN_EVENT_DIED, "a");
	close(fd);
	EXPECT_EVENT(KCHAN_EVENT_DETACHED, "a");
	EXPECT_EVENT(KCHAN_EVENT_REMOVED, "a");
	EXPECT_SILENCE();
}

/* A channel with room for one message, which it has. */
#define MAKE_FULL() ({							\
	struct kchan_create arg_ = kc_create_arg("a");			\
	int fd_;							\
									\
	arg_.depth = 1;							\
	fd_ = kc_create_with(CTL, &arg_);				\
	self->id = kc_state(fd_).id;					\
	if (write(fd_, "x", 1) != 1)					\
		abort();						\
	DISCARD();							\
	fd_;								\
})

TEST_F(events, message_that_does_not_fit)
{
	int fd = MAKE_FULL();

	EXPECT_SILENCE();
	ASSERT_EQ(-EAGAIN, kc_ret(write(fd, "x", 1)));
	EXPECT_EVENT(KCHAN_EVENT_FULL, "a");
	EXPECT_EQ(1, self->last.count);
	EXPECT_EQ(1, kc_state(fd).full);
	EXPECT_SILENCE();
}

TEST_F(events, sender_that_waits_is_told_while_it_does)
{
	int fd = MAKE_FULL();
	struct kc_call call = kc_sender(kc_reopen(fd, O_WRONLY), 0, 1);
	char buf[8];

	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	ASSERT_EQ(0, kc_start(&call));
	EXPECT_EVENT(KCHAN_EVENT_FULL, "a");
	EXPECT_EQ(1, self->last.count);
	ASSERT_TRUE(kc_senders_wait(fd, 1));
	ASSERT_EQ(1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_SILENCE();
}

/* Ten in a second at most, however slow the machine: and later ones are told. */
TEST_F(events, full_is_counted_and_told_at_times)
{
	int fd = MAKE_FULL(), i;
	uint64_t begin = kc_now(), last = 0, told = 0;

	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(-EAGAIN, kc_ret(write(fd, "x", 1)));
	}
	while (!kn_event(SOCK, &self->last)) {
		EXPECT_TRUE(kn_is_event(&self->last, KCHAN_EVENT_FULL, self->id,
				     "a"));
		EXPECT_LT(last, self->last.count);
		last = self->last.count;
		told++;
	}
	EXPECT_EQ(2000, kc_state(fd).full);
	EXPECT_GE(2000, last);
	EXPECT_LE(1, told);
	/* A tick less than a tenth may lie between two. */
	EXPECT_GE(2 + (kc_now() - begin) / (KC_NS / 12), told);
	EXPECT_TRUE(KC_EVENTUALLY(write(fd, "x", 1) < 0 &&
				  !kn_event(SOCK, &self->last)));
	EXPECT_TRUE(kn_is_event(&self->last, KCHAN_EVENT_FULL, self->id, "a"));
	EXPECT_LT(2000, self->last.count);
	EXPECT_EQ(kc_state(fd).full, self->last.count);
}

TEST_F(events, channels_are_full_each_for_itself)
{
	uint64_t first;
	int a = MAKE_FULL(), b;

	first = self->id;
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	b = MAKE_FULL();
	ASSERT_EQ(-EAGAIN, kc_ret(write(a, "x", 1)));
	ASSERT_EQ(-EAGAIN, kc_ret(write(b, "x", 1)));
	EXPECT_EVENT_OF(SOCK, KCHAN_EVENT_FULL, first, NULL);
	EXPECT_EVENT(KCHAN_EVENT_FULL, "a");
}

TEST_F(events, too_many_bytes_are_full_too)
{
	int fd = kc_queue(CTL, 10, 10, 10);

	self->id = kc_state(fd).id;
	ASSERT_EQ(6, write(fd, "123456", 6));
	DISCARD();
	ASSERT_EQ(-EAGAIN, kc_ret(write(fd, "12345", 5)));
	EXPECT_EVENT(KCHAN_EVENT_FULL, NULL);
	/* What never fits is another error. */
	ASSERT_EQ(-EMSGSIZE, kc_ret(write(fd, "12345678901", 11)));
	EXPECT_EQ(1, kc_state(fd).full);
	EXPECT_SILENCE();
}

/* A channel of one message that drops what does not fit, to DLQ unless that is -1. */
#define MAKE_DROPPING(dlq) ({						\
	struct kchan_create arg_ = kc_create_arg("a");			\
	int fd_;							\
									\
	arg_.depth = 1;							\
	arg_.overflow = KCHAN_OVERFLOW_DROP;				\
	if ((dlq) >= 0) {						\
		arg_.flags = KCHAN_CREATE_DEAD_LETTER;			\
		arg_.dead_letter = dlq;					\
	}								\
	fd_ = kc_create_with(CTL, &arg_);				\
	self->id = kc_state(fd_).id;					\
	DISCARD();							\
	fd_;								\
})

TEST_F(events, dead_message_that_is_dropped)
{
	int fd = MAKE_DROPPING(-1);

	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(1, kc_hold(fd));
	EXPECT_SILENCE();
	ASSERT_EQ(1, kc_reject(fd, 1));
	EXPECT_EVENT(KCHAN_EVENT_DROPPED, "a");
	EXPECT_EQ(1, self->last.count);
	EXPECT_SILENCE();
}

TEST_F(events, dead_message_that_goes_to_the_dead_letter_channel)
{
	int dlq = kc_create(CTL, NULL, O_RDWR), fd = MAKE_DROPPING(dlq);

	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(1, kc_hold(fd));
	EXPECT_SILENCE();
	ASSERT_EQ(1, kc_reject(fd, 1));
	EXPECT_EVENT(KCHAN_EVENT_DEAD_LETTERED, "a");
	EXPECT_EQ(1, self->last.count);
	EXPECT_SILENCE();
}

TEST_F(events, letter_that_is_not_taken_is_told_as_dropped)
{
	int dlq = kc_create(CTL, NULL, O_RDWR), fd = MAKE_DROPPING(dlq);

	close(dlq);
	DISCARD();
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(1, kc_hold(fd));
	ASSERT_EQ(1, kc_reject(fd, 1));
	do {
		ASSERT_EQ(0, kn_next_event(SOCK, &self->last));
	} while (self->last.event == KCHAN_EVENT_DEAD_LETTERED ||
		 self->last.event == KCHAN_EVENT_DETACHED);
	EXPECT_TRUE(kn_is_event(&self->last, KCHAN_EVENT_DROPPED, self->id, "a"));
	EXPECT_EQ(1, self->last.count);
	EXPECT_EQ(1, kc_state(fd).dropped[0]);
}

/* What is told then holds nothing, and keeps neither the channel nor its name. */
TEST_F(events, names_that_go_while_their_messages_expire)
{
	struct kchan_create arg = kc_create_arg("a");
	unsigned int i;
	int fd;

	for (i = 0; i < 200; i++) {
		arg.ttl = 1 + i * 7919 % 1000000;
		fd = kc_create_with(CTL, &arg);
		ASSERT_LE(0, fd);
		ASSERT_EQ(1, write(fd, "x", 1));
		close(fd);
		usleep(i * 31 % 2500);
		ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
		DISCARD();
	}
}

/* Ten in a second at most, however slow the machine. */
TEST_F(events, dropped_is_counted_and_told_at_times)
{
	int fd = MAKE_DROPPING(-1), i;
	uint64_t begin = kc_now(), last = 0, told = 0;

	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(1, write(fd, "x", 1));
	}
	while (!kn_event(SOCK, &self->last)) {
		EXPECT_TRUE(kn_is_event(&self->last, KCHAN_EVENT_DROPPED,
					self->id, "a"));
		EXPECT_LT(last, self->last.count);
		last = self->last.count;
		told++;
	}
	EXPECT_EQ(1999, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_GE(1999, last);
	EXPECT_LE(1, told);
	EXPECT_GE(2 + (kc_now() - begin) / (KC_NS / 12), told);
}

TEST_HARNESS_MAIN
