// SPDX-License-Identifier: GPL-2.0
/* Many tasks at one channel, and the end of a network namespace. */
#include "kchan_call.h"

#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SENDERS 4
#define RECEIVERS 4
#define EACH 2000

struct traffic {
	int rx, tx;
	uint32_t next_sender;
	uint32_t bad;
	uint8_t seen[SENDERS][EACH];
};

static void *send_all(void *arg)
{
	struct traffic *t = arg;
	uint32_t who = __atomic_fetch_add(&t->next_sender, 1, __ATOMIC_RELAXED);
	uint32_t msg[2] = { who };

	for (msg[1] = 0; msg[1] < EACH; msg[1]++) {
		if (kc_send(t->tx, msg[1] % 3, 0, msg, sizeof(msg)))
			__atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void note(struct traffic *t, const uint32_t msg[2])
{
	if (msg[0] >= SENDERS || msg[1] >= EACH)
		__atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&t->seen[msg[0]][msg[1]], 1, __ATOMIC_RELAXED);
}

/* Until an empty message comes. Some calls fault, and put the message back. */
static void *receive_all(void *arg)
{
	struct traffic *t = arg;
	struct kchan_recv recv;
	uint32_t msg[2], round = 0;
	int ret;

	do {
		bool faults = round++ % 8 == 0;

		recv = kc_recv_arg(faults ? (void *)1 : msg, sizeof(msg));
		ret = kc_recv(t->rx, &recv);
		if (ret == -EFAULT && faults)
			continue;
		if (ret)
			__atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
		else if (recv.len)
			note(t, msg);
	} while (ret == -EFAULT || (!ret && recv.len));
	return NULL;
}

static int all_seen_once(const struct traffic *t)
{
	int i, j, n = 0;

	for (i = 0; i < SENDERS; i++)
		for (j = 0; j < EACH; j++)
			n += t->seen[i][j] == 1;
	return n == SENDERS * EACH;
}

FIXTURE(traffic)
{
	int ctl, fd;
	struct traffic t;
	pthread_t senders[SENDERS], receivers[RECEIVERS];
};

FIXTURE_VARIANT(traffic)
{
	unsigned int depth;
};

FIXTURE_VARIANT_ADD(traffic, depth_1) { .depth = 1 };
FIXTURE_VARIANT_ADD(traffic, depth_3) { .depth = 3 };
FIXTURE_VARIANT_ADD(traffic, depth_1024) { .depth = 1024 };

FIXTURE_SETUP(traffic)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, variant->depth, 100, 10000);
	ASSERT_LE(0, self->fd);
	self->t.rx = kc_reopen(self->fd, O_RDONLY);
	self->t.tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->t.rx);
	ASSERT_LE(0, self->t.tx);
}

FIXTURE_TEARDOWN(traffic)
{
	close(self->t.rx);
	close(self->t.tx);
	close(self->fd);
	close(self->ctl);
}

TEST_F(traffic, every_message_of_many_senders_goes_to_one_of_many_receivers)
{
	struct kchan_state state;
	int i;

	for (i = 0; i < RECEIVERS; i++) {
		ASSERT_EQ(0, pthread_create(&self->receivers[i], NULL,
					    receive_all, &self->t));
	}
	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, pthread_create(&self->senders[i], NULL, send_all,
					    &self->t));
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(self->senders[i], NULL);
	for (i = 0; i < RECEIVERS; i++) {
		ASSERT_EQ(0, kc_send(self->t.tx, 0, 0, NULL, 0));
	}
	for (i = 0; i < RECEIVERS; i++)
		pthread_join(self->receivers[i], NULL);
	EXPECT_EQ(0, self->t.bad);
	EXPECT_TRUE(all_seen_once(&self->t));
	state = kc_state(self->fd);
	EXPECT_EQ(SENDERS * EACH + RECEIVERS, state.sent);
	EXPECT_EQ(SENDERS * EACH + RECEIVERS, state.received);
	EXPECT_NE(0, state.returned);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.queued_bytes);
	EXPECT_EQ(0, state.waiting_senders);
	EXPECT_EQ(0, state.waiting_receivers);
}

/*
 * A network namespace that is about to end: only @net keeps it. In it a full
 * channel and an empty one, and a mount.
 */
FIXTURE(netns)
{
	struct kc_env env;	/* where the test is */
	int ctl;		/* of the namespace that ends */
	int net;
	int full, empty;
	char dir[32];
	struct kc_call send, recv, poll;
};

FIXTURE_SETUP(netns)
{
	struct kchan_create arg = kc_create_arg("full");
	int here;

	ASSERT_EQ(0, kc_enter(&self->env));
	here = open("/proc/self/ns/net", O_RDONLY);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->net = open("/proc/self/ns/net", O_RDONLY);
	strcpy(self->dir, "/tmp/kchan2.XXXXXX");
	ASSERT_TRUE(mkdtemp(self->dir));
	ASSERT_EQ(0, mount("kchan", self->dir, "kchanfs", 0, NULL));
	self->ctl = kc_ctl();
	arg.depth = 1;
	arg.open_flags = O_RDWR;
	self->full = kc_create_with(self->ctl, &arg);
	self->empty = kc_create(self->ctl, "empty", O_RDWR);
	ASSERT_LE(0, self->full);
	ASSERT_LE(0, self->empty);
	ASSERT_EQ(1, write(self->full, "x", 1));
	ASSERT_EQ(0, setns(here, CLONE_NEWNET));
	close(here);
}

FIXTURE_TEARDOWN(netns)
{
	close(self->full);
	close(self->empty);
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
	close(self->ctl);
	kc_leave(&self->env);
}

static bool ended(int fd)
{
	struct kchan_state state = { .size = sizeof(state) };

	return KC_EVENTUALLY(kc_ioctl(fd, KCHAN_IOC_STATE, &state) == -EIDRM);
}

TEST_F(netns, end_of_the_namespace_ends_every_endpoint)
{
	char buf[8];

	close(self->net);
	ASSERT_TRUE(ended(self->full));
	ASSERT_TRUE(ended(self->empty));
	EXPECT_EQ(-EIDRM, kc_ret(write(self->empty, "x", 1)));
	EXPECT_EQ(-EIDRM, kc_ret(read(self->full, buf, sizeof(buf))));
	EXPECT_EQ(-EIDRM, kc_revoke(self->full));
	EXPECT_EQ(POLLHUP | POLLERR, kc_poll(self->full, 0));
	EXPECT_EQ(POLLHUP | POLLERR, kc_poll(self->empty, 0));
}

TEST_F(netns, end_of_the_namespace_wakes_those_who_wait)
{
	self->send = kc_sender(self->full, 0, 1);
	self->recv = kc_receiver(self->empty);
	self->poll = kc_call(KC_POLL, self->empty, 0);
	self->poll.events = POLLIN;
	ASSERT_EQ(0, kc_start(&self->send));
	ASSERT_EQ(0, kc_start(&self->recv));
	ASSERT_EQ(0, kc_start(&self->poll));
	ASSERT_TRUE(kc_senders_wait(self->full, 1));
	ASSERT_TRUE(kc_receivers_wait(self->empty, 1));
	ASSERT_TRUE(kc_asleep(self->poll.tid));
	close(self->net);
	EXPECT_EQ(-EIDRM, kc_join(&self->send));
	EXPECT_EQ(-EIDRM, kc_join(&self->recv));
	EXPECT_EQ(POLLHUP | POLLERR, kc_join(&self->poll) & ~POLLIN);
}

TEST_F(netns, device_opened_in_an_ended_namespace_is_EIDRM)
{
	close(self->net);
	ASSERT_TRUE(ended(self->full));
	EXPECT_EQ(-EIDRM, kc_create(self->ctl, "new", O_RDWR));
	EXPECT_EQ(-EIDRM, kc_create(self->ctl, NULL, O_RDWR));
	EXPECT_EQ(-EIDRM, kc_open(self->ctl, "full", O_RDWR));
}

TEST_F(netns, mount_that_outlives_its_namespace_is_empty_and_dead)
{
	char path[64];

	EXPECT_EQ(2, kc_count_names(self->dir));
	close(self->net);
	ASSERT_TRUE(ended(self->full));
	EXPECT_TRUE(KC_EVENTUALLY(kc_count_names(self->dir) == 0));
	snprintf(path, sizeof(path), "%s/full", self->dir);
	EXPECT_GT(0, open(path, O_RDWR));
	snprintf(path, sizeof(path), "%s/new", self->dir);
	EXPECT_GT(0, open(path, O_CREAT | O_RDWR, 0666));
	EXPECT_NE(0, mkdir(path, 0777));
	EXPECT_EQ(0, kc_count_names(self->dir));
	EXPECT_EQ(0, umount(self->dir));
}

TEST_F(netns, endpoint_alone_does_not_keep_the_namespace)
{
	ASSERT_EQ(0, umount(self->dir));
	close(self->ctl);
	close(self->net);
	EXPECT_TRUE(ended(self->full));
	self->ctl = -1;
}

TEST_F(netns, directories_go_with_the_namespace)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/d", self->dir);
	ASSERT_EQ(0, mkdir(path, 0777));
	snprintf(path, sizeof(path), "%s/d/e", self->dir);
	ASSERT_EQ(0, mkdir(path, 0777));
	close(self->net);
	ASSERT_TRUE(ended(self->full));
	EXPECT_TRUE(KC_EVENTUALLY(kc_count_names(self->dir) == 0));
}

TEST_HARNESS_MAIN
