// SPDX-License-Identifier: GPL-2.0
/*
 * Who is shown what over netlink, and how ids and times look to him. Alice is 1000
 * and Bob 1001; each has a group of that number. It is who opened the socket that
 * counts: here most are opened by one user and used by root.
 */
#include "kchan_call.h"
#include "kchan_netlink.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define ALICE 1000
#define BOB 1001
#define CAROL 1002

/* What one sees of a channel: each includes those before. */
enum sight { NOTHING, THERE_IS, NAME, STATE };

/* A channel of Alice's, "d/e/a", group Bob's, in root's directories. */
FIXTURE(sight)
{
	struct kc_env env;
	int fd;
	uint64_t id;
};

FIXTURE_SETUP(sight)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, mkdir(kc_path(&self->env, "d"), 0755));
	ASSERT_EQ(0, mkdir(kc_path(&self->env, "d/e"), 0755));
	self->fd = kc_create(self->env.ctl, "d/e/a", O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fchown(self->fd, ALICE, BOB));
	ASSERT_EQ(0, fchmod(self->fd, 0600));
	self->id = kc_state(self->fd).id;
}

FIXTURE_TEARDOWN(sight)
{
	close(self->fd);
	kc_leave(&self->env);
}

#define CTL (self->env.ctl)
#define ID (self->id)
#define PATH(name) kc_path(&self->env, name)

static enum sight sight_in(const struct kn_channel *ch)
{
	if (ch->shown)
		return STATE;
	return ch->named ? NAME : THERE_IS;
}

/* Whether the dump of endpoints agrees: who sees the state sees them. */
static bool endpoints_shown(int sock, uint64_t id)
{
	struct kn_endpoints all;
	int ret = kn_endpoints(sock, id, &all);

	free(all.endpoint);
	return !ret && all.count;
}

/* What the owner of a socket sees of a channel, by id and in the dump alike. */
static int sight_of(int sock, uint64_t id)
{
	struct kn_channels all;
	struct kn_channel ch;
	int ret = kn_by_id(sock, id, &ch), in_dump = NOTHING;
	const struct kn_channel *found;

	if (kn_channels(sock, &all))
		return -EPROTO;
	found = kn_find(&all, id);
	if (found)
		in_dump = sight_in(found);
	free(all.channel);
	if (endpoints_shown(sock, id) != (in_dump == STATE))
		return -EREMOTEIO;
	if (ret == -EACCES)
		return in_dump ? -EBADE : NOTHING;
	if (ret)
		return ret;
	return sight_in(&ch) == (enum sight)in_dump ? in_dump : -EBADE;
}

static int sight_as(uid_t uid, uint64_t id)
{
	int sock = kn_socket_as(uid), ret;

	if (sock < 0)
		return sock;
	ret = sight_of(sock, id);
	close(sock);
	return ret;
}

/* The error of asking for "d/e/a" by name. */
static int by_name_as(uid_t uid)
{
	int sock = kn_socket_as(uid), ret;
	struct kn_channel ch;

	ret = kn_by_name(sock, "d/e/a", &ch);
	close(sock);
	return ret ? ret : (int)sight_in(&ch);
}

TEST_F(sight, owner_sees_the_state_whatever_the_mode)
{
	ASSERT_EQ(0, fchmod(self->fd, 0));
	EXPECT_EQ(STATE, sight_as(ALICE, ID));
	EXPECT_EQ(STATE, by_name_as(ALICE));
}

TEST_F(sight, root_sees_the_state_whatever_the_mode)
{
	ASSERT_EQ(0, fchmod(self->fd, 0));
	ASSERT_EQ(0, chmod(PATH("d"), 0));
	EXPECT_EQ(STATE, sight_as(0, ID));
	EXPECT_EQ(STATE, by_name_as(0));
}

TEST_F(sight, others_see_that_it_is_there_and_its_name)
{
	EXPECT_EQ(NAME, sight_as(BOB, ID));
	EXPECT_EQ(NAME, by_name_as(BOB));
	EXPECT_EQ(NAME, sight_as(CAROL, ID));
}

TEST_F(sight, who_may_receive_or_send_sees_the_state)
{
	static const mode_t modes[] = { 0604, 0602, 0606 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, fchmod(self->fd, modes[i]));
		EXPECT_EQ(STATE, sight_as(CAROL, ID));
		EXPECT_EQ(STATE, by_name_as(CAROL));
		EXPECT_EQ(NAME, sight_as(BOB, ID));
	}
	ASSERT_EQ(0, fchmod(self->fd, 0611));
	EXPECT_EQ(NAME, sight_as(BOB, ID));
	EXPECT_EQ(NAME, sight_as(CAROL, ID));
}

TEST_F(sight, group_that_may_receive_or_send_sees_the_state)
{
	ASSERT_EQ(0, fchmod(self->fd, 0640));
	EXPECT_EQ(STATE, sight_as(BOB, ID));
	EXPECT_EQ(NAME, sight_as(CAROL, ID));
	ASSERT_EQ(0, fchmod(self->fd, 0620));
	EXPECT_EQ(STATE, sight_as(BOB, ID));
	EXPECT_EQ(NAME, sight_as(CAROL, ID));
}

TEST_F(sight, nothing_is_seen_behind_a_directory_that_cannot_be_searched)
{
	static const char * const dirs[] = { "d", "d/e", "." };
	unsigned int i;

	ASSERT_EQ(0, fchmod(self->fd, 0666));
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		ASSERT_EQ(0, chmod(PATH(dirs[i]), 0766));
		EXPECT_EQ(NOTHING, sight_as(BOB, ID))
			TH_LOG("%s", dirs[i]);
		EXPECT_EQ(-EACCES, by_name_as(BOB))
			TH_LOG("%s", dirs[i]);
		ASSERT_EQ(0, chmod(PATH(dirs[i]), 0711));
		EXPECT_EQ(STATE, sight_as(BOB, ID))
			TH_LOG("%s", dirs[i]);
	}
}

TEST_F(sight, owner_sees_all_but_a_name_that_is_not_for_him)
{
	struct kn_channel ch;
	int sock;

	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	sock = kn_socket_as(ALICE);
	ASSERT_EQ(0, kn_by_id(sock, ID, &ch));
	EXPECT_TRUE(ch.shown);
	EXPECT_FALSE(ch.named);
	EXPECT_EQ(STATE, sight_of(sock, ID));
	EXPECT_EQ(-EACCES, by_name_as(ALICE));
	close(sock);
}

TEST_F(sight, channel_that_is_out_of_sight_is_as_one_that_is_not_there)
{
	struct kn_channel ch;
	int sock;

	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	sock = kn_socket_as(BOB);
	EXPECT_EQ(-EACCES, kn_by_name(sock, "d/e/a", &ch));
	EXPECT_EQ(-EACCES, kn_by_name(sock, "d/e/b", &ch));
	EXPECT_EQ(-EACCES, kn_by_name(sock, "d/no", &ch));
	close(sock);
}

TEST_F(sight, channel_without_a_name)
{
	int fd = kc_create(CTL, NULL, O_RDWR);
	uint64_t id = kc_state(fd).id;

	ASSERT_EQ(0, fchown(fd, ALICE, BOB));
	ASSERT_EQ(0, fchmod(fd, 0600));
	EXPECT_EQ(STATE, sight_as(ALICE, id));
	EXPECT_EQ(STATE, sight_as(0, id));
	EXPECT_EQ(NOTHING, sight_as(BOB, id));
	ASSERT_EQ(0, fchmod(fd, 0640));
	EXPECT_EQ(STATE, sight_as(BOB, id));
	EXPECT_EQ(NOTHING, sight_as(CAROL, id));
	ASSERT_EQ(0, fchmod(fd, 0602));
	EXPECT_EQ(NOTHING, sight_as(BOB, id));
	EXPECT_EQ(STATE, sight_as(CAROL, id));
}

/* The directories that kept others away keep them away no more. */
TEST_F(sight, channel_that_has_lost_its_name_is_seen_by_its_owner_and_root)
{
	ASSERT_EQ(0, fchmod(self->fd, 0666));
	EXPECT_EQ(STATE, sight_as(BOB, ID));
	ASSERT_EQ(0, unlink(PATH("d/e/a")));
	EXPECT_EQ(NOTHING, sight_as(BOB, ID));
	EXPECT_EQ(NOTHING, sight_as(CAROL, ID));
	EXPECT_EQ(STATE, sight_as(ALICE, ID));
	EXPECT_EQ(STATE, sight_as(0, ID));
}

/* Opens a socket as itself and looks; for kc_as_with(). */
static int look(void *arg)
{
	return -sight_of(kn_socket(), *(uint64_t *)arg);
}

TEST_F(sight, capabilities_that_read_files_help)
{
	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	EXPECT_EQ(-NOTHING, kc_as_with(BOB, CAP_KILL, look, &ID));
	EXPECT_EQ(-NOTHING, kc_as_with(BOB, CAP_NET_ADMIN, look, &ID));
	EXPECT_EQ(-STATE, kc_as_with(BOB, CAP_DAC_READ_SEARCH, look, &ID));
	EXPECT_EQ(-STATE, kc_as_with(BOB, CAP_DAC_OVERRIDE, look, &ID));
}

/* All users and groups, for a process that waits in a new user namespace. */
static int map_all_of(pid_t pid)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	ret = kc_write_file(path, "0 0 65536");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	return ret ? ret : kc_write_file(path, "0 0 65536");
}

/**
 * struct inside - what root of a user and network namespace has to tell
 * @unshared: it is in its namespaces
 * @mapped: and has ids there
 * @sight: of what another user has there
 */
struct inside {
	bool unshared;
	bool mapped;
	int sight;
};

static int look_inside(void *arg)
{
	struct inside *inside = arg;
	struct kchan_create create = kc_create_arg(NULL);
	int fd;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	__atomic_store_n(&inside->unshared, true, __ATOMIC_RELEASE);
	if (!KC_EVENTUALLY(__atomic_load_n(&inside->mapped, __ATOMIC_ACQUIRE)))
		return -EPROTO;
	if (unshare(CLONE_NEWNET))
		return -errno;
	create.mode = 0;
	fd = kc_create_with(kc_ctl(), &create);
	if (fchown(fd, ALICE, ALICE))
		return -errno;
	inside->sight = sight_of(kn_socket(), kc_state(fd).id);
	return 0;
}

TEST_F(sight, root_of_the_network_namespaces_owner_sees_all_there)
{
	struct inside *inside = kc_shared(sizeof(*inside));
	pid_t pid = kc_fork(look_inside, inside);

	ASSERT_TRUE(KC_EVENTUALLY(__atomic_load_n(&inside->unshared,
						  __ATOMIC_ACQUIRE)));
	ASSERT_EQ(0, map_all_of(pid));
	__atomic_store_n(&inside->mapped, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, kc_reap(pid));
	EXPECT_EQ(STATE, inside->sight);
}

/* Root in a user namespace of his own, but in this network namespace. */
static int look_as_root_inside(void *arg)
{
	int ret = kc_new_userns(0, getuid());

	return ret ? ret : look(arg);
}

TEST_F(sight, root_of_another_user_namespace_is_the_user_outside)
{
	EXPECT_EQ(-NAME, kc_as(BOB, look_as_root_inside, &ID));
	EXPECT_EQ(-STATE, kc_as(ALICE, look_as_root_inside, &ID));
	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	EXPECT_EQ(-NOTHING, kc_as(BOB, look_as_root_inside, &ID));
}

/* Whose eyes: what the opener sees, whoever uses the socket. */
struct eyes {
	int sock;
	uint64_t id;
};

static int look_through(void *arg)
{
	struct eyes *eyes = arg;

	return -sight_of(eyes->sock, eyes->id);
}

TEST_F(sight, socket_of_root_shows_all_to_who_inherits_it)
{
	struct eyes eyes = { kn_socket(), ID };

	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	EXPECT_EQ(-STATE, kc_as(BOB, look_through, &eyes));
	close(eyes.sock);
}

TEST_F(sight, dropped_privileges_do_not_change_what_a_socket_shows)
{
	int sock = kn_socket();

	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	ASSERT_EQ(0, seteuid(BOB));
	EXPECT_EQ(STATE, sight_of(sock, ID));
	ASSERT_EQ(0, seteuid(0));
	close(sock);
}

static int send_fd(int via, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(via, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int via)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(via, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static int open_and_send(void *arg)
{
	int sock = kn_socket();

	return sock < 0 ? sock : send_fd(*(int *)arg, sock);
}

static int open_inside_and_send(void *arg)
{
	int ret = kc_new_userns(7, getuid());

	return ret ? ret : open_and_send(arg);
}

TEST_F(sight, socket_of_a_user_shows_no_more_to_root)
{
	int via[2], sock;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, via));
	ASSERT_EQ(0, kc_as(BOB, open_and_send, &via[1]));
	sock = receive_fd(via[0]);
	ASSERT_LE(0, sock);
	EXPECT_EQ(NAME, sight_of(sock, ID));
	ASSERT_EQ(0, chmod(PATH("d"), 0700));
	EXPECT_EQ(NOTHING, sight_of(sock, ID));
	close(sock);
}

TEST_F(sight, users_are_those_of_the_openers_user_namespace)
{
	int via[2], sock, fd;
	struct kn_endpoints all;
	struct kn_channel ch;

	ASSERT_EQ(0, fchown(self->fd, ALICE, ALICE));
	ASSERT_EQ(0, setegid(ALICE));
	ASSERT_EQ(0, seteuid(ALICE));
	fd = kc_open(CTL, "d/e/a", O_RDONLY);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, via));
	ASSERT_EQ(0, kc_as(ALICE, open_inside_and_send, &via[1]));
	/* It is used by root of the initial namespace. */
	sock = receive_fd(via[0]);
	ASSERT_EQ(0, kn_by_id(sock, ID, &ch));
	EXPECT_EQ(7, ch.uid);
	EXPECT_EQ(7, ch.gid);
	EXPECT_EQ(65534, ch.state.creator_uid);
	EXPECT_EQ(65534, ch.state.creator_gid);
	ASSERT_EQ(0, kn_endpoints(sock, ID, &all));
	ASSERT_EQ(2, all.count);
	EXPECT_EQ(65534, all.endpoint[0].uid);
	EXPECT_EQ(65534, all.endpoint[0].gid);
	EXPECT_EQ(7, all.endpoint[1].uid);
	EXPECT_EQ(7, all.endpoint[1].gid);
	close(sock);
	close(fd);
}

/* What a process in other namespaces is told by a socket from outside. */
struct view {
	int sock;
	uint64_t id;
	int ret;
	pid_t pid;
	struct kn_channel ch;
	struct kn_endpoint ep[3];
	unsigned int count;
	int fd;
};

static int take_view(void *arg)
{
	struct view *v = arg;
	struct kn_endpoints all;
	unsigned int i;

	v->pid = getpid();
	v->ret = kn_by_id(v->sock, v->id, &v->ch);
	if (!v->ret)
		v->ret = kn_endpoints(v->sock, v->id, &all);
	if (v->ret)
		return v->ret;
	v->count = all.count;
	for (i = 0; i < all.count && i < ARRAY_SIZE(v->ep); i++)
		v->ep[i] = all.endpoint[i];
	return 0;
}

static int open_and_take_view(void *arg)
{
	struct view *v = arg;
	int fd = kc_reopen(v->fd, O_WRONLY);

	if (fd < 0 || write(fd, "x", 1) != 1)
		return -EPROTO;
	return take_view(arg);
}

static int view_in_pidns(void *arg)
{
	if (unshare(CLONE_NEWPID))
		return -errno;
	return kc_child(open_and_take_view, arg);
}

TEST_F(sight, processes_are_those_of_the_senders_pid_namespace)
{
	struct view *v = kc_shared(sizeof(*v));

	v->sock = kn_socket();
	v->id = ID;
	v->fd = self->fd;
	ASSERT_EQ(0, kc_child(view_in_pidns, v));
	EXPECT_EQ(1, v->pid);
	EXPECT_EQ(0, v->ch.state.creator_pid);
	EXPECT_EQ(1, v->ch.state.send_pid);
	ASSERT_EQ(2, v->count);
	EXPECT_EQ(0, v->ep[0].pid);
	EXPECT_EQ(1, v->ep[1].pid);
	/* Outside they have numbers. */
	ASSERT_EQ(0, take_view(v));
	EXPECT_EQ(getpid(), v->ch.state.creator_pid);
	EXPECT_LT(1, v->ch.state.send_pid);
	EXPECT_EQ(getpid(), v->ep[0].pid);
	close(v->sock);
}

/* Of a time namespace whose clock is 1000 seconds ahead. */
#define AHEAD (1000 * KC_NS)

static int view_ahead(void *arg)
{
	int ret;

	if (unshare(CLONE_NEWTIME))
		return -errno;
	ret = kc_write_file("/proc/self/timens_offsets", "monotonic 1000 0");
	return ret ? ret : kc_child(take_view, arg);
}

TEST_F(sight, times_are_those_of_the_senders_time_namespace)
{
	struct kc_call call = kc_receiver(kc_reopen(self->fd, O_RDONLY));
	struct view *v = kc_shared(sizeof(*v));
	struct kn_endpoint out;

	v->sock = kn_socket();
	v->id = ID;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, take_view(v));
	out = v->ep[1];
	EXPECT_EQ(1, out.waiting);
	EXPECT_EQ(kc_state(self->fd).create_time, v->ch.state.create_time);
	ASSERT_EQ(0, kc_child(view_ahead, v));
	EXPECT_EQ(kc_state(self->fd).create_time + AHEAD,
		  v->ch.state.create_time);
	EXPECT_EQ(0, v->ch.state.send_time);
	ASSERT_EQ(2, v->count);
	EXPECT_EQ(out.since + AHEAD, v->ep[1].since);
	ASSERT_EQ(1, write(self->fd, "x", 1));
	EXPECT_EQ(0, kc_join(&call));
	close(v->sock);
}

TEST_F(sight, rights_are_those_of_now)
{
	int sock = kn_socket_as(BOB);

	EXPECT_EQ(NAME, sight_of(sock, ID));
	ASSERT_EQ(0, fchmod(self->fd, 0660));
	EXPECT_EQ(STATE, sight_of(sock, ID));
	ASSERT_EQ(0, chmod(PATH("d/e"), 0700));
	EXPECT_EQ(NOTHING, sight_of(sock, ID));
	ASSERT_EQ(0, rename(PATH("d/e/a"), PATH("a")));
	EXPECT_EQ(STATE, sight_of(sock, ID));
	ASSERT_EQ(0, fchown(self->fd, BOB, 0));
	ASSERT_EQ(0, fchmod(self->fd, 0));
	EXPECT_EQ(STATE, sight_of(sock, ID));
	close(sock);
}

TEST_F(sight, users_limits_are_those_of_the_opener)
{
	uid_t user = 400000 + 4 * getpid();
	struct kn_limits limits;
	int sock = kn_socket_as(user);

	ASSERT_EQ(0, seteuid(user));
	ASSERT_LE(0, kc_create(CTL, NULL, O_RDWR));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, kn_limits(sock, &limits));
	EXPECT_EQ(1, limits.value[KCHAN_A_USER_CHANNELS]);
	ASSERT_EQ(0, seteuid(user + 1));
	ASSERT_EQ(0, kn_limits(sock, &limits));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(1, limits.value[KCHAN_A_USER_CHANNELS]);
	close(sock);
}

TEST_HARNESS_MAIN
