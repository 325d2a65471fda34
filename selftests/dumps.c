// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of channels: what is in them, in which order, in how many pieces, and what
 * may happen between those. Those of endpoints are in endpoints.c.
 */
#include "kchan_netlink.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define MANY 100		/* more than come in one piece */

FIXTURE(dumps)
{
	struct kc_env env;
	int sock;
	struct kn_request req;
	struct kn_dump dump;
	struct kn_answer answer;
	struct kn_channels all;
	uint64_t id[MANY];
};

FIXTURE_SETUP(dumps)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
}

FIXTURE_TEARDOWN(dumps)
{
	close(self->sock);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define SOCK (self->sock)
#define PATH(name) kc_path(&self->env, name)
#define CHANNELS() kn_channels(SOCK, &self->all)

/* The first of three users that no other test has. */
static uid_t some_user(void)
{
	return 500000 + 4 * getpid();
}

/* So many with names, of several users, as none may have all; and their ids. */
static int make_many(int ctl, uint64_t *id)
{
	char name[16];
	int i, fd;

	for (i = 0; i < MANY; i++) {
		/* Not in the order of the alphabet. */
		snprintf(name, sizeof(name), "n%d", i * 7 % MANY);
		fd = kc_create_as(ctl, name, some_user() + i % 3);
		if (fd < 0)
			return fd;
		id[i] = kc_state(fd).id;
		close(fd);
	}
	return 0;
}

TEST_F(dumps, of_nothing_is_empty)
{
	ASSERT_EQ(0, CHANNELS());
	EXPECT_EQ(0, self->all.count);
	EXPECT_FALSE(self->all.interrupted);
}

TEST_F(dumps, channel_is_shown_as_when_asked_for)
{
	struct kn_channel ch;
	int fd = kc_create(CTL, "a", O_RDWR);

	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(0, kn_by_name(SOCK, "a", &ch));
	ASSERT_EQ(0, CHANNELS());
	ASSERT_EQ(1, self->all.count);
	EXPECT_EQ(0, memcmp(&ch, self->all.channel, sizeof(ch)));
}

TEST_F(dumps, channels_come_in_the_order_in_which_they_were_made)
{
	unsigned int i;

	ASSERT_EQ(0, make_many(CTL, self->id));
	ASSERT_EQ(0, CHANNELS());
	ASSERT_EQ(MANY, self->all.count);
	EXPECT_LT(4, self->all.reads);
	EXPECT_FALSE(self->all.interrupted);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(self->id[i], self->all.channel[i].id);
		ASSERT_EQ(some_user() + i % 3, self->all.channel[i].uid);
		ASSERT_EQ(i * 7 % MANY, atoi(self->all.channel[i].name + 1));
	}
}

TEST_F(dumps, channels_with_and_without_a_name)
{
	int named = kc_create(CTL, "a", O_RDWR);
	int unnamed = kc_create(CTL, NULL, O_RDWR);
	int unlinked = kc_create(CTL, "b", O_RDWR);
	int revoked = kc_create(CTL, "c", O_RDWR);
	uint64_t revoked_id = kc_state(revoked).id;
	const struct kn_channel *ch;

	ASSERT_EQ(0, unlink(PATH("b")));
	ASSERT_EQ(0, kc_revoke(revoked));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, CHANNELS());
	EXPECT_EQ(4, self->all.count);
	ch = kn_find(&self->all, kc_state(named).id);
	ASSERT_TRUE(ch && ch->named && ch->shown);
	ch = kn_find(&self->all, kc_state(unnamed).id);
	ASSERT_TRUE(ch && !ch->named && ch->shown);
	ch = kn_find(&self->all, kc_state(unlinked).id);
	ASSERT_TRUE(ch && !ch->named && ch->shown);
	ch = kn_find(&self->all, revoked_id);
	ASSERT_TRUE(ch && !ch->named && !ch->shown);
}

TEST_F(dumps, channel_that_is_gone_is_not_in_it)
{
	int fd = kc_create(CTL, NULL, O_RDWR);

	close(fd);
	close(kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, kc_remove(CTL, "a", 0, 0));
	ASSERT_EQ(0, CHANNELS());
	EXPECT_EQ(0, self->all.count);
}

TEST_F(dumps, socket_can_dump_again_and_ask_between)
{
	struct kn_channel ch;
	int i;

	close(kc_create(CTL, "a", O_RDWR));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, CHANNELS());
		EXPECT_EQ(1, self->all.count);
		free(self->all.channel);
		ASSERT_EQ(0, kn_by_name(SOCK, "a", &ch));
	}
}

TEST_F(dumps, network_namespaces_are_apart)
{
	uint64_t id = kc_state(kc_create(CTL, "a", O_RDWR)).id;
	int ctl, sock;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	sock = kn_socket();
	ASSERT_LE(0, kc_create(ctl, "b", O_RDWR));
	ASSERT_LE(0, kc_create(ctl, "c", O_RDWR));
	ASSERT_EQ(0, CHANNELS());
	ASSERT_EQ(1, self->all.count);
	EXPECT_EQ(id, self->all.channel[0].id);
	ASSERT_EQ(0, kn_channels(sock, &self->all));
	ASSERT_EQ(2, self->all.count);
	EXPECT_STREQ("b", self->all.channel[0].name);
	EXPECT_STREQ("c", self->all.channel[1].name);
	close(sock);
	close(ctl);
}

/* Makes directories, and a channel with a name of 4095 bytes in the last. */
static int make_longest(int ctl, const char *dir, char *name)
{
	int last = kc_nest(dir, name);

	if (last < 0)
		return last;
	close(last);
	memset(strchr(name, 0), 'n', 255);
	name[KCHAN_NAME_MAX] = 0;
	return kc_create(ctl, name, O_RDWR);
}

/* On a socket that has never been read from, so that its first piece is short. */
TEST_F(dumps, longest_name_comes_first)
{
	char name[KCHAN_NAME_MAX + 1];
	int fd = make_longest(CTL, self->env.dir, name);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, kc_create(CTL, "a", O_RDWR));
	ASSERT_EQ(0, CHANNELS());
	ASSERT_EQ(2, self->all.count);
	EXPECT_EQ(kc_state(fd).id, self->all.channel[0].id);
	EXPECT_EQ(0, strcmp(name, self->all.channel[0].name));
	EXPECT_STREQ("a", self->all.channel[1].name);
}

TEST_F(dumps, longest_names_among_others)
{
	char name[KCHAN_NAME_MAX + 1];
	unsigned int i;

	ASSERT_LE(0, make_longest(CTL, self->env.dir, name));
	for (i = 1; i < 20; i++) {
		name[KCHAN_NAME_MAX - 1] = 'A' + i;
		name[10 + 8 * i] = 0;
		ASSERT_LE(0, kc_create(CTL, name, O_RDWR));
		name[10 + 8 * i] = 'd';
		ASSERT_LE(0, kc_create(CTL, name, O_RDWR));
	}
	ASSERT_EQ(0, CHANNELS());
	ASSERT_EQ(39, self->all.count);
	for (i = 1; i < 20; i++) {
		EXPECT_EQ(10 + 8 * i, strlen(self->all.channel[2 * i - 1].name));
		EXPECT_EQ(KCHAN_NAME_MAX,
			  strlen(self->all.channel[2 * i].name));
	}
}

/* Begin a dump of MANY channels, and read a first piece of it. */
#define BEGIN_DUMP_OF(sock)						\
	do {								\
		kn_begin(&self->req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);	\
		ASSERT_EQ(0, kn_dump_start(&self->dump, sock, &self->req)); \
		ASSERT_EQ(1, kn_dump_next(&self->dump, &self->answer));	\
	} while (0)

#define BEGIN_DUMP() BEGIN_DUMP_OF(SOCK)

/* How many follow; a negative errno, or -EBADMSG where one is there again. */
static int read_rest(struct kn_dump *dump, struct kn_answer *answer)
{
	uint64_t last = kn_u64(answer, KCHAN_A_ID);
	int ret, n = 0;

	while ((ret = kn_dump_next(dump, answer)) > 0) {
		if (kn_u64(answer, KCHAN_A_ID) <= last)
			return -EBADMSG;
		last = kn_u64(answer, KCHAN_A_ID);
		n++;
	}
	return ret ? ret : n;
}

#define READ_REST() read_rest(&self->dump, &self->answer)

TEST_F(dumps, channel_made_meanwhile_marks_a_dump_as_interrupted)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	ASSERT_LE(0, kc_create(CTL, "new", O_RDWR));
	EXPECT_LE(MANY - 1, READ_REST());
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_F(dumps, channel_without_a_name_marks_it_too)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	close(kc_create(CTL, NULL, O_RDWR));
	EXPECT_EQ(MANY - 1, READ_REST());
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_F(dumps, channel_removed_meanwhile_marks_a_dump_as_interrupted)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	ASSERT_EQ(0, kc_remove(CTL, "n0", 0, 0));
	EXPECT_LE(MANY - 2, READ_REST());
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_F(dumps, last_channel_removed_meanwhile_marks_a_dump_as_interrupted)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id[MANY - 1], 0));
	EXPECT_EQ(MANY - 2, READ_REST());
	EXPECT_TRUE(self->dump.interrupted);
}

TEST_F(dumps, nothing_else_marks_a_dump_of_channels)
{
	int fd = kc_create(CTL, NULL, O_RDWR), other;

	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	ASSERT_EQ(1, write(fd, "x", 1));
	close(kc_open(CTL, "n1", O_RDWR));
	ASSERT_EQ(0, fchmod(fd, 0600));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rmdir(PATH("d")));
	EXPECT_NE(0, unlink(PATH("no")));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = kc_ctl();
	close(kc_create(other, NULL, O_RDWR));
	close(kc_create(other, "a", O_RDWR));
	EXPECT_EQ(MANY, READ_REST());
	EXPECT_FALSE(self->dump.interrupted);
	close(other);
}

/* The mark is on what is shown, not on what comes next and is not for everybody. */
TEST_F(dumps, mark_is_not_lost_with_a_channel_that_is_not_shown)
{
	unsigned int i;
	int sock;

	ASSERT_EQ(0, make_many(CTL, self->id));
	ASSERT_EQ(0, mkdir(PATH("d"), 0700));
	sock = kn_socket_as(1001);
	BEGIN_DUMP_OF(sock);
	/* From here on nothing is visible but the last. */
	for (i = 1; i < MANY - 1; i++) {
		char to[16], from[16];

		snprintf(from, sizeof(from), "n%d", i * 7 % MANY);
		snprintf(to, sizeof(to), "d/%u", i);
		ASSERT_EQ(0, rename(PATH(from), PATH(to)));
	}
	ASSERT_EQ(0, kc_remove(CTL, NULL, self->id[MANY - 2], 0));
	EXPECT_LT(0, READ_REST());
	EXPECT_TRUE(self->dump.interrupted);
	close(sock);
}

TEST_F(dumps, next_dump_after_an_interrupted_one_is_not)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	close(kc_create(CTL, NULL, O_RDWR));
	ASSERT_LT(0, READ_REST());
	ASSERT_TRUE(self->dump.interrupted);
	ASSERT_EQ(0, CHANNELS());
	EXPECT_EQ(MANY, self->all.count);
	EXPECT_FALSE(self->all.interrupted);
}

/* All that is there from begin to end is shown, once, whatever else comes and goes. */
TEST_F(dumps, interrupted_dump_is_whole_but_for_what_came_and_went)
{
	char seen[MANY] = "", name[16];
	unsigned int i, at = 0;
	int ret = 1;

	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	while (ret > 0) {
		for (i = 0; i < MANY; i++)
			seen[i] += self->id[i] ==
				   kn_u64(&self->answer, KCHAN_A_ID);
		/* The odd ones go, others come, between any two pieces. */
		if (self->dump.at >= self->dump.len && at < MANY) {
			snprintf(name, sizeof(name), "m%u", at);
			close(kc_create(CTL, name, O_RDWR));
			for (i = 0; i < 20; i++, at += 2)
				kc_remove(CTL, NULL, self->id[at + 1], 0);
		}
		ret = kn_dump_next(&self->dump, &self->answer);
	}
	ASSERT_EQ(0, ret);
	EXPECT_LT(4, self->dump.reads);
	EXPECT_TRUE(self->dump.interrupted);
	for (i = 0; i < MANY; i++) {
		EXPECT_TRUE(i % 2 ? seen[i] <= 1 : seen[i] == 1)
			TH_LOG("channel %u came %d times", i, seen[i]);
	}
}

TEST_F(dumps, two_at_once_do_not_mix)
{
	int sock = kn_socket();
	struct kn_dump *other = malloc(sizeof(*other));

	ASSERT_EQ(0, make_many(CTL, self->id));
	BEGIN_DUMP();
	kn_begin(&self->req, KCHAN_CMD_ENDPOINT, NLM_F_DUMP);
	ASSERT_EQ(0, kn_dump_start(other, sock, &self->req));
	EXPECT_EQ(0, kn_dump_next(other, &self->answer));
	kn_begin(&self->req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);
	ASSERT_EQ(0, kn_dump_start(other, sock, &self->req));
	EXPECT_EQ(1, kn_dump_next(other, &self->answer));
	EXPECT_EQ(MANY - 1, read_rest(other, &self->answer));
	memset(&self->answer, 0, sizeof(self->answer));
	while (self->dump.at < self->dump.len)
		ASSERT_EQ(1, kn_dump_next(&self->dump, &self->answer));
	EXPECT_LT(0, READ_REST());
	close(sock);
}

/* Of the module: the mount and the device, and what reads a dump. */
static bool users_are(long long n)
{
	return KC_EVENTUALLY(kc_read_number("/sys/module/kchan/refcnt") == n);
}

/* The first piece of a dump was asked for, and then nobody reads any more. */
TEST_F(dumps, abandoned_dump_gives_back_all)
{
	int i;

	ASSERT_EQ(0, make_many(CTL, self->id));
	ASSERT_TRUE(users_are(2));
	for (i = 0; i < 10; i++) {
		BEGIN_DUMP();
		close(SOCK);
		SOCK = kn_socket();
	}
	EXPECT_TRUE(users_are(2));
}

TEST_F(dumps, dump_uses_the_module_until_its_end)
{
	ASSERT_EQ(0, make_many(CTL, self->id));
	ASSERT_TRUE(users_are(2));
	BEGIN_DUMP();
	EXPECT_EQ(3, kc_read_number("/sys/module/kchan/refcnt"));
	EXPECT_EQ(MANY - 1, READ_REST());
	EXPECT_TRUE(users_are(2));
}

static int begin_and_die(void *arg)
{
	struct kn_request req;
	struct kn_dump dump;
	int sock = kn_socket();

	(void)arg;
	kn_begin(&req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);
	kn_dump_start(&dump, sock, &req);
	return kc_fd(kill(getpid(), SIGKILL));
}

TEST_F(dumps, killed_process_leaves_no_dump)
{
	int i;

	ASSERT_EQ(0, make_many(CTL, self->id));
	ASSERT_TRUE(users_are(2));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(KC_KILLED, kc_child(begin_and_die, NULL));
	}
	EXPECT_TRUE(users_are(2));
}

/* Its superblock ends with its last channel, while that is being looked at. */
static int make_and_close(void *arg)
{
	int i, n = kc_scaled(1500), ctl, fd;

	(void)arg;
	for (i = 0; i < n; i++) {
		ctl = kc_ctl();
		fd = kc_create(ctl, NULL, O_RDWR);
		if (fd < 0)
			return fd;
		close(fd);
		close(ctl);
	}
	return 0;
}

static int dump_all_the_time(void *arg)
{
	struct kn_endpoints eps;
	struct kn_channels all;
	struct kn_channel ch;
	uint64_t id = 1;
	int ret = 0;

	(void)arg;
	while (!ret) {
		int sock = kn_socket();

		ret = kn_channels(sock, &all) ?: kn_endpoints(sock, 0, &eps);
		if (all.count)
			id = all.channel[0].id;
		kn_by_id(sock, id + 1, &ch);
		free(all.channel);
		free(eps.endpoint);
		close(sock);
	}
	return ret;
}

TEST_F(dumps, while_the_instance_comes_and_goes)
{
	pid_t reader[2], maker;
	unsigned int i;

	ASSERT_EQ(0, umount(self->env.dir));
	for (i = 0; i < ARRAY_SIZE(reader); i++)
		reader[i] = kc_fork(dump_all_the_time, NULL);
	maker = kc_fork(make_and_close, NULL);
	EXPECT_EQ(0, kc_reap(maker));
	for (i = 0; i < ARRAY_SIZE(reader); i++) {
		kill(reader[i], SIGKILL);
		EXPECT_EQ(KC_KILLED, kc_reap(reader[i]));
	}
	EXPECT_TRUE(users_are(1));
}

TEST_HARNESS_MAIN
