// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of endpoints: who has which channel open, and who waits there. Those of
 * channels are in dumps.c.
 */
#include "kchan_call.h"
#include "kchan_netlink.h"

#include <signal.h>
#include <sys/stat.h>

#define MANY 300		/* more than come in one piece */

FIXTURE(endpoints)
{
	struct kc_env env;
	int sock;
	struct kn_request req;
	struct kn_dump dump;
	struct kn_answer answer;
	struct kn_endpoints eps;
	int fd[MANY];
};

FIXTURE_SETUP(endpoints)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(endpoints)
{
	close(self->sock);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define SOCK (self->sock)
#define PATH(name) kc_path(&self->env, name)
#define ENDPOINTS(id) kn_endpoints(SOCK, id, &self->eps)

TEST_F(endpoints, of_nothing_are_none)
{
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(0, self->eps.count);
	EXPECT_FALSE(self->eps.interrupted);
}

/* The roles of the endpoints that make_endpoints() opens, in turn. */
static const struct {
	int mode;
	unsigned int role;
} roles[] = {
	{ O_RDONLY, KCHAN_ROLE_RECEIVER },
	{ O_WRONLY, KCHAN_ROLE_SENDER },
	{ O_RDWR, KCHAN_ROLE_RECEIVER | KCHAN_ROLE_SENDER },
};

/* The role of the number @i of many; in an order that does not repeat soon. */
static unsigned int turn(unsigned int i)
{
	return (i * i / 3 + i) % ARRAY_SIZE(roles);
}

/* Begin a dump of MANY, and read a first piece of it. */
#define BEGIN_DUMP()							\
	do {								\
		kn_begin(&self->req, KCHAN_CMD_ENDPOINT, NLM_F_DUMP);	\
		ASSERT_EQ(0, kn_dump_start(&self->dump, SOCK, &self->req)); \
		ASSERT_EQ(1, kn_dump_next(&self->dump, &self->answer));	\
	} while (0)

static int make_endpoints(int ctl, const char *name, int *fd)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		fd[i] = kc_open(ctl, name, roles[turn(i)].mode);
		if (fd[i] < 0)
			return fd[i];
	}
	return 0;
}

TEST_F(endpoints, say_who_has_opened_them)
{
	int fd = kc_create(CTL, "a", O_RDONLY), other;
	struct kn_endpoint *ep;

	ASSERT_EQ(0, setegid(1001));
	ASSERT_EQ(0, seteuid(1000));
	other = kc_open(CTL, "a", O_WRONLY);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
	ASSERT_LE(0, other);
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(2, self->eps.count);
	ep = self->eps.endpoint;
	EXPECT_EQ(kc_state(fd).id, ep[0].id);
	EXPECT_EQ(getpid(), ep[0].pid);
	EXPECT_EQ(0, ep[0].uid);
	EXPECT_EQ(0, ep[0].gid);
	EXPECT_EQ(KCHAN_ROLE_RECEIVER, ep[0].role);
	EXPECT_TRUE(ep[0].alive);
	EXPECT_EQ(0, ep[0].waiting);
	EXPECT_EQ(kc_state(fd).id, ep[1].id);
	EXPECT_EQ(1000, ep[1].uid);
	EXPECT_EQ(1001, ep[1].gid);
	EXPECT_EQ(KCHAN_ROLE_SENDER, ep[1].role);
}

TEST_F(endpoints, say_how_many_messages_they_hold)
{
	int fd = kc_create(CTL, "a", O_RDWR | O_NONBLOCK), i;

	ASSERT_LE(0, kc_open(CTL, "a", O_RDONLY));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, write(fd, "x", 1));
	}
	ASSERT_EQ(1, kc_hold(fd));
	ASSERT_EQ(2, kc_hold(fd));
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(2, self->eps.count);
	EXPECT_EQ(2, self->eps.endpoint[0].held);
	EXPECT_EQ(0, self->eps.endpoint[1].held);
	ASSERT_EQ(2, kc_settle(fd, KCHAN_IOC_ACK, UINT64_MAX, KCHAN_ACK_UP_TO));
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(0, self->eps.endpoint[0].held);
}

TEST_F(endpoints, have_the_name_of_the_process_of_now)
{
	char comm[32] = "";

	ASSERT_LE(0, kc_create(CTL, "a", O_RDONLY));
	ASSERT_LT(0, kc_read_text("/proc/self/comm", comm, sizeof(comm)));
	comm[strcspn(comm, "\n")] = 0;
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_STREQ(comm, self->eps.endpoint[0].comm);
	ASSERT_EQ(0, kc_write_file("/proc/self/comm", "fifteen bytes!!"));
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_STREQ("fifteen bytes!!", self->eps.endpoint[0].comm);
}

/* Opens the channel for its parent, which has the same table of files. */
struct opener {
	int ctl;
	int fd;
	pid_t pid;
};

static int open_for_parent(void *arg)
{
	struct opener *opener = arg;

	opener->fd = kc_create(opener->ctl, "a", O_RDWR);
	opener->pid = getpid();
	_exit(0);
}

TEST_F(endpoints, of_a_process_that_is_gone_have_no_name)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct opener opener = { .ctl = CTL };
	pid_t pid = clone(open_for_parent, stack + sizeof(stack),
			  CLONE_FILES | CLONE_VM | SIGCHLD, &opener);

	ASSERT_EQ(0, kc_reap(pid));
	ASSERT_LE(0, opener.fd);
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(1, self->eps.count);
	EXPECT_EQ(opener.pid, self->eps.endpoint[0].pid);
	EXPECT_FALSE(self->eps.endpoint[0].alive);
}

TEST_F(endpoints, are_counted_by_open_file_not_by_descriptor)
{
	int fd = kc_create(CTL, "a", O_RDWR), copy = dup(fd);

	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(1, self->eps.count);
	close(copy);
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(1, self->eps.count);
	close(fd);
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(0, self->eps.count);
}

TEST_F(endpoints, come_in_the_order_in_which_they_were_opened)
{
	unsigned int i;

	close(kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, make_endpoints(CTL, "a", self->fd));
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(MANY, self->eps.count);
	EXPECT_LT(1, self->eps.reads);
	EXPECT_FALSE(self->eps.interrupted);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(roles[turn(i)].role, self->eps.endpoint[i].role)
			TH_LOG("endpoint %u", i);
	}
}

TEST_F(endpoints, come_by_channel)
{
	int a = kc_create(CTL, "a", O_RDONLY), b = kc_create(CTL, "b", O_RDWR);
	const uint64_t id[] = { kc_state(a).id, kc_state(b).id };
	unsigned int i;

	ASSERT_LE(0, kc_open(CTL, "a", O_WRONLY));
	ASSERT_LE(0, kc_open(CTL, "b", O_RDONLY));
	ASSERT_LE(0, kc_open(CTL, "a", O_RDWR));
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(5, self->eps.count);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(id[i >= 3], self->eps.endpoint[i].id);
	}
	EXPECT_EQ(KCHAN_ROLE_SENDER, self->eps.endpoint[1].role);
	EXPECT_EQ(KCHAN_ROLE_RECEIVER, self->eps.endpoint[4].role);
}

TEST_F(endpoints, of_other_network_namespaces_are_not_shown)
{
	int ctl, sock;

	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	sock = kn_socket();
	ASSERT_LE(0, kc_create(ctl, "b", O_RDONLY));
	ASSERT_LE(0, kc_create(ctl, "c", O_RDONLY));
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(1, self->eps.count);
	EXPECT_NE(KCHAN_ROLE_RECEIVER, self->eps.endpoint[0].role);
	ASSERT_EQ(0, kn_endpoints(sock, 0, &self->eps));
	EXPECT_EQ(2, self->eps.count);
	close(sock);
	close(ctl);
}

TEST_F(endpoints, of_one_channel)
{
	uint64_t a, b;

	a = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	b = kc_state(kc_create(CTL, "b", O_RDONLY)).id;
	ASSERT_LE(0, kc_create(CTL, "c", O_RDWR));
	ASSERT_LE(0, kc_open(CTL, "b", O_WRONLY));
	ASSERT_EQ(0, ENDPOINTS(b));
	ASSERT_EQ(2, self->eps.count);
	EXPECT_EQ(b, self->eps.endpoint[0].id);
	EXPECT_EQ(b, self->eps.endpoint[1].id);
	ASSERT_EQ(0, ENDPOINTS(a));
	EXPECT_EQ(1, self->eps.count);
}

TEST_F(endpoints, of_no_channel_are_ENOENT)
{
	int fd = kc_create(CTL, NULL, O_RDWR);
	uint64_t id = kc_state(fd).id;

	EXPECT_EQ(-ENOENT, ENDPOINTS(id + 1));
	EXPECT_EQ(-ENOENT, ENDPOINTS(1ULL << 63));
	close(fd);
	EXPECT_EQ(-ENOENT, ENDPOINTS(id));
}

TEST_F(endpoints, of_a_channel_that_nobody_has_open_are_none)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	uint64_t id = kc_state(fd).id;

	close(fd);
	ASSERT_EQ(0, ENDPOINTS(id));
	EXPECT_EQ(0, self->eps.count);
}

TEST_F(endpoints, waiting_calls_are_counted_from_the_first)
{
	int fd = kc_queue(CTL, 1, 10, 10), rx = kc_reopen(fd, O_RDONLY);
	struct kc_call first = kc_receiver(rx), second = kc_receiver(rx);
	uint64_t before = kc_now(), since;

	ASSERT_EQ(0, kc_start(&first));
	ASSERT_TRUE(kc_receivers_wait(fd, 1));
	ASSERT_EQ(0, ENDPOINTS(0));
	ASSERT_EQ(2, self->eps.count);
	EXPECT_EQ(0, self->eps.endpoint[0].waiting);
	EXPECT_EQ(1, self->eps.endpoint[1].waiting);
	since = self->eps.endpoint[1].since;
	/* To a clock tick, which is 10 ms at most. */
	EXPECT_LE(before, since + 10000000);
	EXPECT_GE(kc_now(), since);
	ASSERT_EQ(0, kc_start(&second));
	ASSERT_TRUE(kc_receivers_wait(fd, 2));
	/* One goes, one stays: somebody has waited all the time. */
	ASSERT_EQ(0, kc_send(fd, 0, 0, "x", 1));
	EXPECT_EQ(0, kc_join(&first));
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(1, self->eps.endpoint[1].waiting);
	EXPECT_EQ(since, self->eps.endpoint[1].since);
	ASSERT_EQ(0, kc_send(fd, 0, 0, "x", 1));
	EXPECT_EQ(0, kc_join(&second));
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(0, self->eps.endpoint[1].waiting);
}

TEST_F(endpoints, waiting_again_is_counted_anew)
{
	int fd = kc_queue(CTL, 1, 10, 10), tx = kc_reopen(fd, O_WRONLY), i;
	uint64_t last = 0;
	char buf[16];

	ASSERT_EQ(10, write(fd, "0123456789", 10));
	for (i = 0; i < 3; i++) {
		struct kc_call call = kc_sender(tx, 0, 10);

		ASSERT_EQ(0, kc_start(&call));
		ASSERT_TRUE(kc_senders_wait(fd, 1));
		ASSERT_EQ(0, ENDPOINTS(0));
		EXPECT_EQ(1, self->eps.endpoint[1].waiting);
		EXPECT_LT(last, self->eps.endpoint[1].since);
		last = self->eps.endpoint[1].since;
		/* Longer than a clock tick. */
		usleep(20000);
		ASSERT_EQ(10, read(fd, buf, sizeof(buf)));
		EXPECT_EQ(0, kc_join(&call));
	}
}

TEST_F(endpoints, call_that_has_given_up_does_not_wait)
{
	int fd = kc_create(CTL, "a", O_RDWR);
	struct kchan_recv arg = kc_recv_arg(NULL, 0);

	arg.deadline = kc_now() + 1000;
	ASSERT_EQ(-ETIMEDOUT, kc_recv(fd, &arg));
	ASSERT_EQ(0, ENDPOINTS(0));
	EXPECT_EQ(0, self->eps.endpoint[0].waiting);
}

TEST_F(endpoints, opened_or_closed_meanwhile_mark_a_dump)
{
	int fd;

	fd = kc_create(CTL, "a", O_RDWR);
	ASSERT_EQ(0, make_endpoints(CTL, "a", self->fd));
	BEGIN_DUMP();
	ASSERT_LE(0, kc_open(CTL, "a", O_RDWR));
	while (kn_dump_next(&self->dump, &self->answer) > 0)
		;
	EXPECT_TRUE(self->dump.ended);
	EXPECT_TRUE(self->dump.interrupted);
	BEGIN_DUMP();
	close(fd);
	while (kn_dump_next(&self->dump, &self->answer) > 0)
		;
	EXPECT_TRUE(self->dump.ended);
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_F(endpoints, nothing_else_marks_a_dump_of_endpoints)
{
	int other, n = 0;

	close(kc_create(CTL, "a", O_RDWR));
	close(kc_create(CTL, "b", O_RDWR));
	ASSERT_EQ(0, make_endpoints(CTL, "a", self->fd));
	BEGIN_DUMP();
	ASSERT_EQ(0, kc_remove(CTL, "b", 0, 0));
	ASSERT_EQ(0, rename(PATH("a"), PATH("c")));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = kc_ctl();
	close(kc_create(other, "a", O_RDWR));
	while (kn_dump_next(&self->dump, &self->answer) > 0)
		n++;
	EXPECT_EQ(MANY - 1, n);
	EXPECT_FALSE(self->dump.interrupted);
	close(other);
}

/* Those that stay come once each, in order, whatever comes and goes between. */
TEST_F(endpoints, interrupted_dump_of_endpoints_is_whole)
{
	struct kn_endpoint ep;
	unsigned int i, n = 0, next = 0;
	int ret = 1;

	close(kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, make_endpoints(CTL, "a", self->fd));
	for (i = 0; i < MANY; i++)	/* those that stay send, the others not */
		if ((roles[turn(i)].role & KCHAN_ROLE_SENDER) && i < MANY - 1)
			n++;
	BEGIN_DUMP();
	while (ret > 0) {
		ASSERT_EQ(0, kn_to_endpoint(&self->answer, &ep));
		n -= !!(ep.role & KCHAN_ROLE_SENDER);
		if (self->dump.at >= self->dump.len) {
			for (i = 0; i < 20 && next < MANY; next++, i++)
				if (turn(next) == 0)
					close(self->fd[next]);
			kc_open(CTL, "a", O_RDONLY);
		}
		ret = kn_dump_next(&self->dump, &self->answer);
	}
	EXPECT_EQ(0, ret);
	EXPECT_EQ(roles[turn(MANY - 1)].role & KCHAN_ROLE_SENDER ? -1 : 0,
		  (int)n);
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_HARNESS_MAIN
