/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink as the tests speak it: by hand, so that they see each bit of
 * what the kernel says. What it answers is taken apart strictly: an answer that
 * <linux/kchan_netlink.h> does not allow is -EBADMSG. A function that stands for a
 * call returns what that returned, or -errno, and so for errors that are answers.
 */
#ifndef KCHAN_NETLINK_H
#define KCHAN_NETLINK_H

#include "kchan_test.h"

#include <linux/genetlink.h>
#include <linux/kchan_netlink.h>
#include <linux/netlink.h>

#define KN_ROOM	16384	/* for what comes in one read */
#define KN_LEAST 8192	/* the least that the header asks for */

/* A message that is being put together, and sent by kn_send(). */
struct kn_request {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[KN_ROOM];
};

/**
 * struct kn_answer - a message, taken apart
 * @cmd: KCHAN_CMD_*
 * @flags: NLM_F_*
 * @attr: its attributes, or NULL; valid as long as what it was read into
 */
struct kn_answer {
	unsigned int cmd;
	unsigned int flags;
	const struct nlattr *attr[KCHAN_A_MAX + 1];
};

/**
 * struct kn_dump - a dump that is being read
 * @sock: the socket
 * @room: bytes to read at a time, which decide how much comes
 * @reads: how often something was read
 * @interrupted: NLM_F_DUMP_INTR was seen
 * @ended: all has been read
 * @at: what comes next in @buf
 * @len: bytes in @buf
 * @buf: what was read last
 */
struct kn_dump {
	int sock;
	unsigned int room;
	unsigned int reads;
	bool interrupted;
	bool ended;
	unsigned int at;
	unsigned int len;
	char buf[KN_ROOM] __attribute__((aligned(8)));
};

struct kn_channel {
	uint64_t id;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	bool named;
	bool shown;		/* its state is */
	char name[KCHAN_NAME_MAX + 1];
	struct kchan_state state;
};

struct kn_endpoint {
	uint64_t id;
	uint32_t pid;
	uint32_t uid;
	uint32_t gid;
	uint32_t role;
	bool alive;		/* @comm was given */
	char comm[16];
	uint32_t waiting;	/* 0: not given */
	uint64_t since;
	uint32_t held;		/* 0: not given */
	uint32_t loaned;	/* likewise */
	uint64_t loaned_since;
	uint32_t taken;		/* likewise */
	uint64_t taken_since;
};

/* By attribute. */
struct kn_limits {
	uint64_t value[KCHAN_A_MAX + 1];
};

struct kn_event {
	uint32_t event;
	uint64_t id;
	uint64_t count;		/* 0: not given */
	bool named;
	char name[KCHAN_NAME_MAX + 1];
};

/* A whole dump, its array from malloc(3). */
struct kn_channels {
	unsigned int count;
	unsigned int reads;
	bool interrupted;
	struct kn_channel *channel;
};

struct kn_endpoints {
	unsigned int count;
	unsigned int reads;
	bool interrupted;
	struct kn_endpoint *endpoint;
};

/* Sockets. */
int kn_socket(void);
int kn_socket_as(uid_t uid);
int kn_listen(void);
int kn_leave(int sock);

/* Requests. */
void kn_begin(struct kn_request *req, unsigned int cmd, unsigned int flags);
void kn_put(struct kn_request *req, unsigned int attr, const void *data,
	    size_t len);
void kn_put_u64(struct kn_request *req, unsigned int attr, uint64_t value);
void kn_put_name(struct kn_request *req, const char *name);
int kn_send(int sock, struct kn_request *req);
int kn_ask(int sock, struct kn_request *req, struct kn_answer *answer);

/* Dumps, step by step. */
int kn_dump_start(struct kn_dump *dump, int sock, struct kn_request *req);
int kn_dump_next(struct kn_dump *dump, struct kn_answer *answer);

/* What answers say. */
uint32_t kn_u32(const struct kn_answer *answer, unsigned int attr);
uint64_t kn_u64(const struct kn_answer *answer, unsigned int attr);
int kn_to_channel(const struct kn_answer *answer, struct kn_channel *channel);
int kn_to_endpoint(const struct kn_answer *answer, struct kn_endpoint *endpoint);

/* Whole requests. */
int kn_by_id(int sock, uint64_t id, struct kn_channel *channel);
int kn_by_name(int sock, const char *name, struct kn_channel *channel);
int kn_channels(int sock, struct kn_channels *all);
int kn_endpoints(int sock, uint64_t id, struct kn_endpoints *all);
int kn_limits(int sock, struct kn_limits *limits);
const struct kn_channel *kn_find(const struct kn_channels *all, uint64_t id);

/* Events: 0, -EAGAIN where there is none now, -ENOBUFS. */
int kn_event(int sock, struct kn_event *event);
int kn_next_event(int sock, struct kn_event *event);
bool kn_is_event(const struct kn_event *event, enum kchan_event what,
		 uint64_t id, const char *name);
bool kn_told(int sock, struct kn_event *event, enum kchan_event what,
	     uint64_t id, const char *name);
extern char kn_instead[160];

/* Next comes this, about the channel of this number, which has or had this name. */
#define EXPECT_EVENT_OF(sock, what, number, name)			\
	EXPECT_TRUE(kn_told(sock, &self->last, what, number, name))	\
		TH_LOG("no " #what ", but %s", kn_instead)

#endif /* KCHAN_NETLINK_H */
