// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink family: its requests for one thing, what they answer, and what they
 * refuse. Dumps are in dumps.c, who is shown what in sight.c, events in events.c.
 */
#include "kchan_netlink.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

FIXTURE(netlink)
{
	struct kc_env env;
	int sock;
	int fd;			/* of "a", O_RDWR, O_NONBLOCK, with one message */
	struct kchan_state before;
	struct kn_request req;
	struct kn_answer answer;
	struct kn_channel ch;
};

FIXTURE_SETUP(netlink)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->fd = kc_create(self->env.ctl, "a", O_RDWR | O_NONBLOCK);
	ASSERT_EQ(1, write(self->fd, "x", 1));
	self->sock = kn_socket();
	ASSERT_LE(0, self->sock);
	self->before = kc_state(self->fd);
}

FIXTURE_TEARDOWN(netlink)
{
	/* Whatever was asked for, nothing has changed. */
	EXPECT_TRUE(self->fd < 0 || kc_unchanged(&self->before, self->fd));
	close(self->sock);
	close(self->fd);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define SOCK (self->sock)
#define ID (self->before.id)
#define PATH(name) kc_path(&self->env, name)
#define BY_ID(id) kn_by_id(SOCK, id, &self->ch)
#define BY_NAME(name) kn_by_name(SOCK, name, &self->ch)
#define BEGIN(cmd, flags) kn_begin(&self->req, cmd, flags)
#define PUT(attr, data, len) kn_put(&self->req, attr, data, len)
#define PUT_ID() kn_put_u64(&self->req, KCHAN_A_ID, ID)
#define ASK() kn_ask(SOCK, &self->req, &self->answer)

/* A channel that this test changes instead of "a". */
static int other_channel(int ctl, const char *name)
{
	return kc_create(ctl, name, O_RDWR | O_NONBLOCK);
}

TEST_F(netlink, channel_by_id)
{
	struct stat st;

	ASSERT_EQ(0, stat(PATH("a"), &st));
	ASSERT_EQ(0, BY_ID(ID));
	EXPECT_EQ(ID, self->ch.id);
	EXPECT_EQ(st.st_mode, self->ch.mode);
	EXPECT_EQ(0, self->ch.uid);
	EXPECT_EQ(0, self->ch.gid);
	EXPECT_TRUE(self->ch.named);
	EXPECT_STREQ("a", self->ch.name);
	EXPECT_TRUE(self->ch.shown);
	EXPECT_EQ(0, memcmp(&self->before, &self->ch.state,
			    sizeof(self->before)));
}

TEST_F(netlink, channel_by_name_is_the_same)
{
	struct kn_channel by_id;

	ASSERT_EQ(0, BY_ID(ID));
	by_id = self->ch;
	ASSERT_EQ(0, BY_NAME("a"));
	EXPECT_EQ(0, memcmp(&by_id, &self->ch, sizeof(by_id)));
}

TEST_F(netlink, state_is_that_of_now)
{
	int fd = other_channel(CTL, "b");
	struct kchan_state state;

	ASSERT_EQ(3, write(fd, "one", 3));
	state = kc_state(fd);
	ASSERT_EQ(0, BY_NAME("b"));
	EXPECT_EQ(0, memcmp(&state, &self->ch.state, sizeof(state)));
	ASSERT_EQ(3, write(fd, "two", 3));
	state = kc_state(fd);
	ASSERT_EQ(0, BY_ID(state.id));
	EXPECT_EQ(0, memcmp(&state, &self->ch.state, sizeof(state)));
	EXPECT_EQ(6, self->ch.state.queued_bytes);
}

TEST_F(netlink, mode_and_owner_are_those_of_now)
{
	ASSERT_EQ(0, fchmod(self->fd, 0421));
	ASSERT_EQ(0, fchown(self->fd, 1000, 1001));
	ASSERT_EQ(0, BY_ID(ID));
	EXPECT_EQ(S_IFCHR | 0421, self->ch.mode);
	EXPECT_EQ(1000, self->ch.uid);
	EXPECT_EQ(1001, self->ch.gid);
	EXPECT_EQ(0, self->ch.state.creator_uid);
}

TEST_F(netlink, name_is_that_of_now)
{
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, rename(PATH("a"), PATH("d/b")));
	ASSERT_EQ(0, BY_ID(ID));
	EXPECT_STREQ("d/b", self->ch.name);
	EXPECT_EQ(0, BY_NAME("d/b"));
	EXPECT_EQ(ID, self->ch.id);
	EXPECT_EQ(-ENOENT, BY_NAME("a"));
	ASSERT_EQ(0, rename(PATH("d"), PATH("e")));
	ASSERT_EQ(0, BY_ID(ID));
	EXPECT_STREQ("e/b", self->ch.name);
}

TEST_F(netlink, no_mount_is_needed)
{
	ASSERT_EQ(0, umount(self->env.dir));
	EXPECT_EQ(0, BY_NAME("a"));
	EXPECT_EQ(0, BY_ID(ID));
	EXPECT_STREQ("a", self->ch.name);
}

TEST_F(netlink, errors_are_the_same_where_there_is_no_channel_at_all)
{
	int sock;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = kn_socket();
	EXPECT_EQ(-ENOENT, kn_by_id(sock, 1, &self->ch));
	EXPECT_EQ(-ENOENT, kn_by_name(sock, "a", &self->ch));
	EXPECT_EQ(-EINVAL, kn_by_name(sock, "a//b", &self->ch));
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	EXPECT_EQ(-EINVAL, kn_ask(sock, &self->req, &self->answer));
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT_ID();
	kn_put_name(&self->req, "a");
	EXPECT_EQ(-EINVAL, kn_ask(sock, &self->req, &self->answer));
	close(sock);
}

TEST_F(netlink, channel_that_has_lost_its_name)
{
	int fd = other_channel(CTL, "b");
	uint64_t id = kc_state(fd).id;

	ASSERT_EQ(0, unlink(PATH("b")));
	EXPECT_EQ(-ENOENT, BY_NAME("b"));
	ASSERT_EQ(0, BY_ID(id));
	EXPECT_FALSE(self->ch.named);
	EXPECT_TRUE(self->ch.shown);
	EXPECT_EQ(0, self->ch.state.flags & KCHAN_STATE_NAMED);
	close(fd);
	EXPECT_EQ(-ENOENT, BY_ID(id));
}

TEST_F(netlink, channel_without_a_name)
{
	int fd = other_channel(CTL, NULL);
	uint64_t id = kc_state(fd).id;

	ASSERT_EQ(0, BY_ID(id));
	EXPECT_FALSE(self->ch.named);
	EXPECT_TRUE(self->ch.shown);
	close(fd);
	EXPECT_EQ(-ENOENT, BY_ID(id));
}

TEST_F(netlink, revoked_channel_has_no_state)
{
	int fd = other_channel(CTL, "b");
	uint64_t id = kc_state(fd).id;

	ASSERT_EQ(0, kc_revoke(fd));
	EXPECT_EQ(-ENOENT, BY_NAME("b"));
	ASSERT_EQ(0, BY_ID(id));
	EXPECT_FALSE(self->ch.named);
	EXPECT_FALSE(self->ch.shown);
	close(fd);
	EXPECT_EQ(-ENOENT, BY_ID(id));
}

TEST_F(netlink, ids_of_no_channel_are_ENOENT)
{
	struct stat root, dir;
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, stat(PATH("d"), &dir));
	ASSERT_EQ(0, stat(self->env.dir, &root));
	uint64_t ids[] = {
		0, dir.st_ino, root.st_ino, ID + 1000, 1ULL << 32 | ID,
		1ULL << 63, UINT64_MAX,
	};

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, BY_ID(ids[i]))
			TH_LOG("id %u", i);
	}
}

TEST_F(netlink, names_of_no_channel_have_the_errors_of_open)
{
	static const char * const names[] = {
		"b", "d/b", "no/b", "a/b", "d", "d/e", "a/b/c",
	};
	unsigned int i;

	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	ASSERT_EQ(0, mkdir(PATH("d/e"), 0777));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int err = kc_open(CTL, names[i], O_RDONLY);

		EXPECT_GT(0, err);
		EXPECT_EQ(err, BY_NAME(names[i]))
			TH_LOG("%s", names[i]);
	}
}

TEST_F(netlink, malformed_names_are_EINVAL)
{
	static const char * const bad[] = {
		"", "/", "/a", "a/", "a//b", ".", "..", ".a", "a/..", "./a",
		"../a", "\x01", "a\n", "\177a", "no//b", "no/.", "a/../b",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, BY_NAME(bad[i]))
			TH_LOG("name %u: '%s'", i, bad[i]);
	}
}

TEST_F(netlink, longest_name)
{
	char name[KCHAN_NAME_MAX + 1];
	uint64_t id;

	ASSERT_LE(0, kc_nest(self->env.dir, name));
	memset(name + 3840, 'n', 255);
	name[KCHAN_NAME_MAX] = 0;
	id = kc_state(kc_create(CTL, name, O_RDWR)).id;
	ASSERT_EQ(0, BY_NAME(name));
	EXPECT_EQ(id, self->ch.id);
	EXPECT_EQ(0, strcmp(name, self->ch.name));
	ASSERT_EQ(0, BY_ID(id));
	EXPECT_TRUE(self->ch.named);
	EXPECT_EQ(0, strcmp(name, self->ch.name));
}

/* By moving directories, or by openat(2), there are names that none may give. */
TEST_F(netlink, name_that_is_too_long_to_be_told)
{
	char name[KCHAN_NAME_MAX + 1];
	int dir = kc_nest(self->env.dir, name), fd;
	uint64_t id;

	ASSERT_LE(0, dir);
	ASSERT_EQ(0, mkdirat(dir, "d", 0777));
	memset(name, 'n', 255);
	memcpy(name, "d/", 2);
	name[255] = 0;
	fd = openat(dir, name, O_CREAT | O_RDWR, 0666);
	ASSERT_LE(0, fd);
	id = kc_state(fd).id;
	ASSERT_EQ(0, BY_ID(id));
	EXPECT_FALSE(self->ch.named && strlen(self->ch.name) > KCHAN_NAME_MAX);
	ASSERT_EQ(0, mkdirat(dir, "e", 0777));
	ASSERT_EQ(0, mkdirat(dir, "e/f", 0777));
	ASSERT_EQ(0, renameat(dir, name, dir, "e/f/nnn"));
	EXPECT_EQ(0, BY_ID(id));
}

TEST_F(netlink, neither_or_both_of_name_and_id_is_EINVAL)
{
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	EXPECT_EQ(-EINVAL, ASK());
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT_ID();
	kn_put_name(&self->req, "a");
	EXPECT_EQ(-EINVAL, ASK());
}

/* For each command in each of its forms. */
static const struct {
	unsigned int cmd;
	unsigned int flags;
	bool takes_id;
	bool needs_id;
} forms[] = {
	{ KCHAN_CMD_CHANNEL, 0, true, true },
	{ KCHAN_CMD_CHANNEL, NLM_F_DUMP, false, false },
	{ KCHAN_CMD_ENDPOINT, NLM_F_DUMP, true, false },
	{ KCHAN_CMD_LIMITS, 0, false, false },
};

TEST_F(netlink, unknown_attributes_are_EINVAL)
{
	static const unsigned int lens[] = { 0, 4, 8, 100 };
	static const char data[100];
	unsigned int form, attr, len;

	for (form = 0; form < ARRAY_SIZE(forms); form++) {
		for (attr = 1; attr < 64; attr++) {
			if (attr == KCHAN_A_ID ||
			    (attr == KCHAN_A_NAME && !form))
				continue;
			len = lens[attr % ARRAY_SIZE(lens)];
			BEGIN(forms[form].cmd, forms[form].flags);
			if (forms[form].needs_id)
				PUT_ID();
			PUT(attr, data, len);
			EXPECT_EQ(-EINVAL, ASK())
				TH_LOG("form %u, attribute %u", form, attr);
		}
	}
}

TEST_F(netlink, id_where_none_belongs_is_EINVAL)
{
	unsigned int form;

	for (form = 0; form < ARRAY_SIZE(forms); form++) {
		if (forms[form].takes_id)
			continue;
		BEGIN(forms[form].cmd, forms[form].flags);
		PUT_ID();
		EXPECT_EQ(-EINVAL, ASK())
			TH_LOG("form %u", form);
	}
}

TEST_F(netlink, name_where_none_belongs_is_EINVAL)
{
	unsigned int form;

	for (form = 1; form < ARRAY_SIZE(forms); form++) {
		BEGIN(forms[form].cmd, forms[form].flags);
		kn_put_name(&self->req, "a");
		EXPECT_EQ(-EINVAL, ASK())
			TH_LOG("form %u", form);
	}
}

TEST_F(netlink, id_of_another_length_is_EINVAL)
{
	char data[16] = "";
	unsigned int form, len;

	memcpy(data, &ID, sizeof(ID));
	for (form = 0; form < ARRAY_SIZE(forms); form++) {
		for (len = 0; len <= sizeof(data); len++) {
			if (!forms[form].takes_id || len == 8)
				continue;
			BEGIN(forms[form].cmd, forms[form].flags);
			PUT(KCHAN_A_ID, data, len);
			EXPECT_EQ(-EINVAL, ASK())
				TH_LOG("form %u, %u bytes", form, len);
		}
	}
}

TEST_F(netlink, name_without_its_end_is_EINVAL)
{
	static char name[KCHAN_NAME_MAX + 100];

	memset(name, 'n', sizeof(name));
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT(KCHAN_A_NAME, "a", 1);
	EXPECT_EQ(-EINVAL, ASK());
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT(KCHAN_A_NAME, name, 0);
	EXPECT_EQ(-EINVAL, ASK());
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT(KCHAN_A_NAME, name, KCHAN_NAME_MAX);
	EXPECT_EQ(-EINVAL, ASK());
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT(KCHAN_A_NAME, name, sizeof(name));
	EXPECT_EQ(-EINVAL, ASK());
}

TEST_F(netlink, names_that_are_too_long_are_refused)
{
	static char name[KCHAN_NAME_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	EXPECT_EQ(-EINVAL, BY_NAME(name));
	name[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, BY_NAME(name));
}

TEST_F(netlink, bytes_after_the_attributes_are_EINVAL)
{
	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT_ID();
	memset((char *)&self->req + self->req.nlh.nlmsg_len, 0, 4);
	self->req.nlh.nlmsg_len += 2;
	EXPECT_EQ(-EINVAL, ASK());
}

TEST_F(netlink, attribute_longer_than_the_message_is_EINVAL)
{
	struct nlattr *attr = (void *)self->req.attrs;

	BEGIN(KCHAN_CMD_CHANNEL, 0);
	PUT_ID();
	attr->nla_len = 100;
	EXPECT_EQ(-EINVAL, ASK());
}

TEST_F(netlink, message_without_its_head_is_EINVAL)
{
	BEGIN(KCHAN_CMD_LIMITS, 0);
	self->req.nlh.nlmsg_len = NLMSG_LENGTH(0);
	EXPECT_EQ(-EINVAL, ASK());
}

TEST_F(netlink, reserved_field_of_the_head_is_EINVAL)
{
	unsigned int form;

	for (form = 0; form < ARRAY_SIZE(forms); form++) {
		BEGIN(forms[form].cmd, forms[form].flags);
		if (forms[form].needs_id)
			PUT_ID();
		self->req.genl.reserved = 1;
		EXPECT_EQ(-EINVAL, ASK())
			TH_LOG("form %u", form);
	}
}

TEST_F(netlink, unknown_commands_are_EOPNOTSUPP)
{
	unsigned int cmd;

	for (cmd = 0; cmd < 256; cmd++) {
		if (cmd >= KCHAN_CMD_CHANNEL && cmd <= KCHAN_CMD_LIMITS)
			continue;
		BEGIN(cmd, 0);
		EXPECT_EQ(-EOPNOTSUPP, ASK())
			TH_LOG("command %u", cmd);
		BEGIN(cmd, NLM_F_DUMP);
		EXPECT_EQ(-EOPNOTSUPP, ASK())
			TH_LOG("dump of command %u", cmd);
	}
}

TEST_F(netlink, events_cannot_be_asked_for)
{
	BEGIN(KCHAN_CMD_EVENT, 0);
	EXPECT_EQ(-EOPNOTSUPP, ASK());
	BEGIN(KCHAN_CMD_UNSPEC, 0);
	EXPECT_EQ(-EOPNOTSUPP, ASK());
}

TEST_F(netlink, endpoints_come_in_a_dump_only)
{
	BEGIN(KCHAN_CMD_ENDPOINT, 0);
	PUT_ID();
	EXPECT_EQ(-EOPNOTSUPP, ASK());
}

TEST_F(netlink, limits_come_in_no_dump)
{
	BEGIN(KCHAN_CMD_LIMITS, NLM_F_DUMP);
	EXPECT_EQ(-EOPNOTSUPP, ASK());
}

TEST_F(netlink, acknowledgement_comes_after_the_answer)
{
	char buf[4096];
	struct nlmsghdr *nlh = (void *)buf;

	BEGIN(KCHAN_CMD_CHANNEL, NLM_F_ACK);
	PUT_ID();
	ASSERT_EQ(0, ASK());
	EXPECT_EQ(ID, kn_u64(&self->answer, KCHAN_A_ID));
	ASSERT_LT(0, recv(SOCK, buf, sizeof(buf), 0));
	EXPECT_EQ(NLMSG_ERROR, nlh->nlmsg_type);
	EXPECT_EQ(0, *(int *)NLMSG_DATA(nlh));
}

TEST_F(netlink, socket_sees_the_namespace_in_which_it_was_made)
{
	int ctl, fd, sock;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	sock = kn_socket();
	fd = other_channel(ctl, "b");
	ASSERT_LE(0, fd);
	/* The first one, still, and not that of who sends. */
	EXPECT_EQ(0, BY_NAME("a"));
	EXPECT_EQ(ID, self->ch.id);
	EXPECT_EQ(-ENOENT, BY_NAME("b"));
	EXPECT_EQ(0, kn_by_name(sock, "b", &self->ch));
	EXPECT_EQ(kc_state(fd).id, self->ch.id);
	EXPECT_EQ(-ENOENT, kn_by_name(sock, "a", &self->ch));
	close(sock);
	close(fd);
	close(ctl);
}

TEST_F(netlink, requests_of_many_at_once)
{
	int fd, i;

	for (i = 0; i < 200; i++) {
		fd = other_channel(CTL, i % 2 ? "b" : NULL);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, BY_ID(kc_state(fd).id));
		close(fd);
		if (i % 2) {
			ASSERT_EQ(0, BY_NAME("b"));
			ASSERT_EQ(0, kc_remove(CTL, "b", 0, 0));
			ASSERT_EQ(-ENOENT, BY_NAME("b"));
		}
		ASSERT_EQ(-ENOENT, BY_ID(self->ch.id));
	}
}

static const struct {
	const char *name;
	unsigned int attr;
} ceilings[] = {
	{ "max_channels", KCHAN_A_MAX_CHANNELS },
	{ "max_channels_user", KCHAN_A_MAX_CHANNELS_USER },
	{ "max_bytes_user", KCHAN_A_MAX_BYTES_USER },
	{ "max_depth", KCHAN_A_MAX_DEPTH },
	{ "max_msgsize", KCHAN_A_MAX_MSGSIZE },
	{ "max_bytes", KCHAN_A_MAX_BYTES },
	{ "max_pool_bytes_user", KCHAN_A_MAX_POOL_BYTES_USER },
};

#define HERE (-1)		/* the network namespace of the test */
#define THERE (self->env.net)	/* init's */

FIXTURE(limits)
{
	struct kc_env env;
	int sock;
	uid_t user;		/* nobody else's */
	struct kn_limits limits;
	long long was[ARRAY_SIZE(ceilings)];	/* THERE, to be put back */
};

FIXTURE_SETUP(limits)
{
	unsigned int i;

	ASSERT_EQ(0, kc_enter(&self->env));
	self->user = 300000 + 4 * getpid();
	self->sock = kn_socket_as(self->user);
	ASSERT_LE(0, self->sock);
	for (i = 0; i < ARRAY_SIZE(ceilings); i++)
		self->was[i] = kc_sysctl_get(THERE, ceilings[i].name);
}

FIXTURE_TEARDOWN(limits)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ceilings); i++)
		kc_sysctl_set(THERE, ceilings[i].name, self->was[i]);
	close(self->sock);
	kc_leave(&self->env);
}

/* One of the values of now. */
static uint64_t limit(int sock, unsigned int attr)
{
	struct kn_limits limits;

	return kn_limits(sock, &limits) ? UINT64_MAX : limits.value[attr];
}

#define LIMIT(attr) limit(SOCK, attr)

TEST_F(limits, ceilings_are_the_sysctls)
{
	unsigned int i;

	ASSERT_EQ(0, kn_limits(SOCK, &self->limits));
	for (i = 0; i < ARRAY_SIZE(ceilings); i++) {
		EXPECT_EQ(kc_sysctl_get(HERE, ceilings[i].name),
			  self->limits.value[ceilings[i].attr])
			TH_LOG("%s", ceilings[i].name);
		ASSERT_EQ(0, kc_sysctl_set(HERE, ceilings[i].name, 100 + i));
		EXPECT_EQ(100 + i, LIMIT(ceilings[i].attr))
			TH_LOG("%s", ceilings[i].name);
	}
}

TEST_F(limits, ceilings_are_not_above_those_of_the_initial_namespace)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ceilings); i++) {
		ASSERT_EQ(0, kc_sysctl_set(THERE, ceilings[i].name, 200 + i));
		ASSERT_EQ(0, kc_sysctl_set(HERE, ceilings[i].name, 1000));
		EXPECT_EQ(200 + i, LIMIT(ceilings[i].attr))
			TH_LOG("%s", ceilings[i].name);
		ASSERT_EQ(0, kc_sysctl_set(HERE, ceilings[i].name, 150));
		EXPECT_EQ(150, LIMIT(ceilings[i].attr))
			TH_LOG("%s", ceilings[i].name);
	}
}

TEST_F(limits, channels_and_directories_of_the_namespace)
{
	int fd;

	EXPECT_EQ(0, LIMIT(KCHAN_A_CHANNELS));
	fd = kc_create_as(CTL, "a", self->user);
	EXPECT_EQ(1, LIMIT(KCHAN_A_CHANNELS));
	ASSERT_LE(0, kc_create(CTL, NULL, O_RDWR));
	EXPECT_EQ(2, LIMIT(KCHAN_A_CHANNELS));
	ASSERT_EQ(0, mkdir(PATH("d"), 0777));
	EXPECT_EQ(3, LIMIT(KCHAN_A_CHANNELS));
	EXPECT_EQ(1, LIMIT(KCHAN_A_USER_CHANNELS));
	close(fd);
	ASSERT_EQ(0, unlink(PATH("a")));
	EXPECT_EQ(2, LIMIT(KCHAN_A_CHANNELS));
	EXPECT_EQ(0, LIMIT(KCHAN_A_USER_CHANNELS));
	ASSERT_EQ(0, rmdir(PATH("d")));
	EXPECT_EQ(1, LIMIT(KCHAN_A_CHANNELS));
}

/* The number at which the sysctl makes CREATE fail, and no other. */
TEST_F(limits, channels_are_those_that_are_charged)
{
	uint64_t n;

	ASSERT_LE(0, kc_create_as(CTL, "a", self->user));
	ASSERT_LE(0, kc_create_as(CTL, NULL, self->user));
	n = LIMIT(KCHAN_A_CHANNELS);
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", n));
	EXPECT_EQ(-ENOSPC, kc_create_as(CTL, "b", self->user));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", n + 1));
	ASSERT_LE(0, kc_create_as(CTL, "b", self->user));
	n = LIMIT(KCHAN_A_USER_CHANNELS);
	EXPECT_EQ(3, n);
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels", 1000));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", n));
	EXPECT_EQ(-EDQUOT, kc_create_as(CTL, "c", self->user));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_channels_user", n + 1));
	EXPECT_LE(0, kc_create_as(CTL, "c", self->user));
}

TEST_F(limits, users_channels_are_those_of_all_namespaces)
{
	int ctl;

	ASSERT_LE(0, kc_create_as(CTL, "a", self->user));
	ASSERT_LE(0, kc_create_as(CTL, "b", self->user + 1));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ctl = kc_ctl();
	ASSERT_LE(0, kc_create_as(ctl, "a", self->user));
	EXPECT_EQ(2, LIMIT(KCHAN_A_USER_CHANNELS));
	EXPECT_EQ(2, LIMIT(KCHAN_A_CHANNELS));
	close(ctl);
}

TEST_F(limits, users_bytes_are_those_that_are_charged)
{
	static char data[100];
	int fd = kc_create_as(CTL, NULL, self->user);
	uint64_t one, n;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, LIMIT(KCHAN_A_USER_BYTES));
	ASSERT_EQ(100, write(fd, data, 100));
	one = LIMIT(KCHAN_A_USER_BYTES);
	EXPECT_LE(100, one);
	ASSERT_EQ(100, write(fd, data, 100));
	EXPECT_EQ(2 * one, LIMIT(KCHAN_A_USER_BYTES));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes_user", 3 * one - 1));
	EXPECT_EQ(-EDQUOT, kc_ret(write(fd, data, 100)));
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_bytes_user", 3 * one));
	EXPECT_EQ(100, write(fd, data, 100));
	n = LIMIT(KCHAN_A_USER_BYTES);
	EXPECT_EQ(3 * one, n);
	ASSERT_EQ(100, read(fd, data, 100));
	EXPECT_GT(n, LIMIT(KCHAN_A_USER_BYTES));
	close(fd);
	EXPECT_TRUE(KC_EVENTUALLY(LIMIT(KCHAN_A_USER_BYTES) == 0));
}

TEST_F(limits, another_users_bytes_are_not_counted)
{
	int fd = kc_create_as(CTL, NULL, self->user + 1);

	ASSERT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(0, LIMIT(KCHAN_A_USER_BYTES));
	EXPECT_EQ(0, LIMIT(KCHAN_A_USER_CHANNELS));
}

TEST_HARNESS_MAIN
