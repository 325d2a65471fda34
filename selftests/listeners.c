// SPDX-License-Identifier: GPL-2.0
/*
 * Who is told of events, and what becomes of him who does not listen fast enough.
 * What is told is in events.c.
 */
#include "kchan_netlink.h"

#include <sys/socket.h>
#include <sys/stat.h>

FIXTURE(listeners)
{
	struct kc_env env;
	int sock;
	struct kn_event last;
	uint64_t id;
};

FIXTURE_SETUP(listeners)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->sock = kn_listen();
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(listeners)
{
	close(self->sock);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define SOCK (self->sock)
#define PATH(name) kc_path(&self->env, name)
#define EXPECT_EVENT(what, name) EXPECT_EVENT_OF(SOCK, what, self->id, name)
#define EXPECT_SILENCE_OF(sock) EXPECT_EQ(-EAGAIN, kn_event(sock, &self->last))
#define EXPECT_SILENCE() EXPECT_SILENCE_OF(SOCK)

TEST_F(listeners, other_network_namespaces_are_not_told_of)
{
	int ctl, sock, fd;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	sock = kn_listen();
	fd = kc_create(ctl, "b", O_RDWR);
	self->id = kc_state(fd).id;
	EXPECT_SILENCE();
	EXPECT_EVENT_OF(sock, KCHAN_EVENT_CREATED, self->id, "b");
	EXPECT_EVENT_OF(sock, KCHAN_EVENT_ATTACHED, self->id, "b");
	/* By whom does not count: of the instance, wherever its user is. */
	fd = kc_create(CTL, "a", O_RDWR);
	self->id = kc_state(fd).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_SILENCE_OF(sock);
	close(sock);
	close(ctl);
}

TEST_F(listeners, all_listeners_are_told)
{
	int other = kn_listen();

	self->id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
	EXPECT_EVENT(KCHAN_EVENT_ATTACHED, "a");
	EXPECT_EVENT_OF(other, KCHAN_EVENT_CREATED, self->id, "a");
	EXPECT_EVENT_OF(other, KCHAN_EVENT_ATTACHED, self->id, "a");
	close(other);
}

TEST_F(listeners, listener_need_not_see_the_channel)
{
	struct kn_channel ch;
	int fd, sock;

	ASSERT_EQ(0, seteuid(1001));
	sock = kn_listen();
	ASSERT_EQ(0, seteuid(0));
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, mkdir(PATH("d"), 0700));
	fd = kc_create(CTL, "d/a", O_RDWR);
	self->id = kc_state(fd).id;
	EXPECT_EQ(-EACCES, kn_by_id(kn_socket_as(1001), self->id, &ch));
	EXPECT_EVENT_OF(sock, KCHAN_EVENT_CREATED, self->id, "d/a");
	close(sock);
}

TEST_F(listeners, who_has_left_the_group_is_not_told)
{
	int other = kn_listen();

	ASSERT_EQ(0, kn_leave(SOCK));
	self->id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	EXPECT_SILENCE();
	EXPECT_EVENT_OF(other, KCHAN_EVENT_CREATED, self->id, "a");
	close(other);
}

TEST_F(listeners, who_has_not_joined_yet_is_not_told)
{
	int sock = kn_socket(), late;

	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	late = kn_listen();
	EXPECT_SILENCE_OF(sock);
	EXPECT_SILENCE_OF(late);
	close(late);
	close(sock);
}

/* Who does not read loses events, and is told so once; then he has the next. */
TEST_F(listeners, listener_that_is_too_slow_gets_ENOBUFS_once)
{
	int size = 1, fd, i, n = 0, lost = 0, ret;

	ASSERT_EQ(0, setsockopt(SOCK, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	for (i = 0; i < 200; i++) {
		fd = kc_create(CTL, NULL, O_RDWR);
		ASSERT_LE(0, fd);
		close(fd);
	}
	while ((ret = kn_event(SOCK, &self->last)) != -EAGAIN) {
		ASSERT_TRUE(!ret || ret == -ENOBUFS);
		lost += ret == -ENOBUFS;
		n += !ret;
	}
	EXPECT_EQ(1, lost);
	EXPECT_LE(1, n);
	EXPECT_GT(800, n);
	self->id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	EXPECT_EVENT(KCHAN_EVENT_CREATED, "a");
}

TEST_F(listeners, slow_listener_costs_others_nothing)
{
	int slow = kn_listen(), size = 1, i, n = 0;

	ASSERT_EQ(0, setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	for (i = 0; i < 100; i++) {
		close(kc_create(CTL, NULL, O_RDWR));
		while (!kn_event(SOCK, &self->last))
			n++;
	}
	EXPECT_EQ(400, n);
	EXPECT_SILENCE();
	close(slow);
}

/* Of every channel, made, used and removed by many, each event comes once. */
static int make_use_remove(void *arg)
{
	int i, fd;

	for (i = 0; i < 50; i++) {
		fd = kc_create(*(int *)arg, NULL, O_RDWR);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

TEST_F(listeners, of_many_at_once_are_whole_and_in_order_for_each)
{
	enum { IDS = 1000 };
	static unsigned char step[IDS];
	int size = 1 << 20, n = 0, ret;
	pid_t pid[3];
	unsigned int i;

	/* Four events each, and no more than the buffer has room for. */
	setsockopt(SOCK, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = kc_fork(make_use_remove, &CTL);
	while (n < 600) {
		ret = kn_next_event(SOCK, &self->last);
		ASSERT_EQ(0, ret);
		ASSERT_GT(IDS, self->last.id);
		switch (step[self->last.id]++) {
		case 0:
			ASSERT_EQ(KCHAN_EVENT_CREATED, self->last.event);
			break;
		case 1:
			ASSERT_EQ(KCHAN_EVENT_ATTACHED, self->last.event);
			break;
		case 2:
			ASSERT_EQ(KCHAN_EVENT_DETACHED, self->last.event);
			break;
		default:
			ASSERT_EQ(KCHAN_EVENT_REMOVED, self->last.event);
		}
		n++;
	}
	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		EXPECT_EQ(0, kc_reap(pid[i]));
	}
	EXPECT_SILENCE();
}

TEST_HARNESS_MAIN
