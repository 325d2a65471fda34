/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module tells over generic netlink; <linux/kchan_netlink.h> in typed calls. */
#ifndef KCHAN_TOOL_NETLINK_H
#define KCHAN_TOOL_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kchan.h>

struct netlink;

/**
 * struct channel - a channel
 * @id: its number
 * @name: its name; NULL: none that is visible
 * @mode: file type and permission bits
 * @uid: its owner
 * @gid: its group
 * @shown: whether @state may be seen
 * @state: what goes on in it
 * @dead_letter: name of its dead-letter channel; NULL: none that is visible
 */
struct channel {
	uint64_t id;
	char *name;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	bool shown;
	struct kchan_state state;
	char *dead_letter;
};

struct channels {
	struct channel *list;
	size_t count;
};

/**
 * struct endpoint - an open file of a channel
 * @id: the channel's number
 * @order: where it was in the list that came
 * @name: its channel's name, for who puts one there; not owned
 * @comm: name of the command that opened it; NULL: gone
 * @pid: its process
 * @uid: its user
 * @gid: its group
 * @role: KCHAN_ROLE_* bits
 * @held: messages that it holds
 * @loaned: slots that it has on loan
 * @loaned_since: since when it has the oldest of them; 0: it has none
 * @taken: slots that it has taken
 * @taken_since: likewise
 * @waiting: calls that wait
 * @since: since when; 0: none waits
 */
struct endpoint {
	uint64_t id;
	size_t order;
	const char *name;
	char *comm;
	uint32_t pid;
	uint32_t uid;
	uint32_t gid;
	uint32_t role;
	uint32_t held;
	uint32_t loaned;
	uint64_t loaned_since;
	uint32_t taken;
	uint64_t taken_since;
	uint32_t waiting;
	uint64_t since;
};

struct endpoints {
	struct endpoint *list;
	size_t count;
};

/* What there may be, and what there is; see the header. */
struct limits {
	uint64_t max_channels;
	uint64_t max_channels_user;
	uint64_t max_bytes_user;
	uint64_t max_depth;
	uint64_t max_msgsize;
	uint64_t max_bytes;
	uint64_t max_pool_bytes_user;
	uint64_t channels;
	uint64_t user_channels;
	uint64_t user_bytes;
	uint64_t user_pool_bytes;
};

/**
 * struct event - what happened to a channel
 * @event: one of enum kchan_event
 * @id: the channel's number
 * @name: its name, good during the call; NULL: it has none
 * @counted: whether there is a @count
 * @count: how often that has happened
 */
struct event {
	uint32_t event;
	uint64_t id;
	const char *name;
	bool counted;
	uint64_t count;
};

/*
 * All return 0 or a negative errno. That the module is not loaded is -ENODEV, that
 * it does not know netlink -EPROTONOSUPPORT.
 */
int netlink_open(struct netlink **nl);
void netlink_close(struct netlink *nl);

/* Of lists that are made again and again nobody need be told that they may not be whole. */
void netlink_be_quiet(struct netlink *nl);

/* What came or went during a list is in it or not; a note says so. */
int netlink_channels(struct netlink *nl, struct channels *channels);
/* By @name or, where that is NULL, by @id. */
int netlink_channel(struct netlink *nl, const char *name, uint64_t id,
		    struct channel *channel);
/* Those of one channel; @id 0: all. */
int netlink_endpoints(struct netlink *nl, uint64_t id,
		      struct endpoints *endpoints);
int netlink_limits(struct netlink *nl, struct limits *limits);

int netlink_subscribe(struct netlink *nl);

/*
 * Waits for events. @each ends the call by returning other than 0. -ENOBUFS: some
 * were lost.
 */
int netlink_events(struct netlink *nl,
		   int (*each)(const struct event *event, void *arg),
		   void *arg);

/* Keeps those that are wanted. */
void channels_keep(struct channels *channels,
		   bool (*wanted)(const struct channel *channel,
				  const void *arg),
		   const void *arg);
/* The one of that number in a list as it came, or NULL. */
const struct channel *channels_find(const struct channels *channels,
				    uint64_t id);
/* Sets the names of dead-letter channels that are in such a list, too. */
void channels_name_dead_letters(struct channels *channels);
/* Its dead-letter channel by name or, if need be, by number; to be freed; NULL: none. */
char *channel_dead_letter(const struct channel *channel);

void channel_free(struct channel *channel);
void channels_free(struct channels *channels);
void endpoints_free(struct endpoints *endpoints);

#endif /* KCHAN_TOOL_NETLINK_H */
