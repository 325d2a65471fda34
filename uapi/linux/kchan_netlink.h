/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kchan over generic netlink: who looks, and what happens.
 *
 * This header is the specification.
 */
#ifndef _UAPI_LINUX_KCHAN_NETLINK_H
#define _UAPI_LINUX_KCHAN_NETLINK_H

#include <linux/types.h>

/**
 * DOC: the family
 *
 * Name %KCHAN_GENL_NAME, version %KCHAN_GENL_VERSION, multicast group
 * %KCHAN_GENL_EVENTS. A socket sees the channels of the network namespace in which
 * it was made.
 *
 * What it is shown depends on who opened it: the user and group ids and the
 * capabilities of then count, not those of who sends a request or reads the
 * answer. User and group ids are translated to that user namespace; process ids
 * and times to the pid and time namespace of who sends the request.
 *
 * A channel is *visible* to who may search all directories on the way to its
 * name, or owns it. A channel made without a name is visible to its owner and to
 * who may receive or send there, one whose name is removed to its owner. What goes
 * on in a visible channel, its state and its endpoints, is shown to its owner and
 * to who may receive or send there.
 * CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE in the user namespace that owns the
 * network namespace help as they do for files.
 *
 * Attributes that a command does not know: EINVAL. A request never changes
 * anything. A message may have up to 8 KiB: read with buffers of that size at least.
 */

#define KCHAN_GENL_NAME		"kchan"
#define KCHAN_GENL_VERSION	1
#define KCHAN_GENL_EVENTS	"events"

/**
 * enum kchan_genl_cmd - commands
 * @KCHAN_CMD_UNSPEC: not used
 * @KCHAN_CMD_CHANNEL: one channel, or with NLM_F_DUMP all that are visible, in
 *	the order in which they were made.
 *
 *	Request: %KCHAN_A_ID or %KCHAN_A_NAME; for the dump neither.
 *	Answer, for each channel: %KCHAN_A_ID, %KCHAN_A_MODE, %KCHAN_A_UID,
 *	%KCHAN_A_GID, %KCHAN_A_NAME if it has one of at most 4095 bytes that the
 *	viewer may search for, %KCHAN_A_STATE if that may be shown.
 *
 *	Errors: ENOENT (there is none), EACCES (it is not visible), EINVAL (not
 *	exactly one of the attributes, or a malformed name), and for a name
 *	EACCES, EISDIR and ENOTDIR as OPEN.
 *
 * @KCHAN_CMD_ENDPOINT: with NLM_F_DUMP only: all endpoints that may be shown,
 *	by channel, for each in the order in which they were opened.
 *
 *	Request: %KCHAN_A_ID for those of one channel only; ENOENT if there is
 *	no such channel.
 *	Answer, for each endpoint: %KCHAN_A_ID, %KCHAN_A_PID, %KCHAN_A_COMM if
 *	that process is alive, %KCHAN_A_UID, %KCHAN_A_GID, %KCHAN_A_ROLE,
 *	%KCHAN_A_HELD if it holds messages, %KCHAN_A_LOANED with
 *	%KCHAN_A_LOANED_SINCE and %KCHAN_A_TAKEN with %KCHAN_A_TAKEN_SINCE if it
 *	has slots, and %KCHAN_A_WAITING with %KCHAN_A_SINCE while a call of it
 *	waits.
 *
 * @KCHAN_CMD_LIMITS: what the namespace and the user may have, and what they
 *	have.
 *
 *	Request: no attribute.
 *	Answer: %KCHAN_A_MAX_CHANNELS to %KCHAN_A_USER_BYTES, and
 *	%KCHAN_A_MAX_POOL_BYTES_USER and %KCHAN_A_USER_POOL_BYTES.
 *
 * @KCHAN_CMD_EVENT: never a request; what members of the group get.
 *
 *	%KCHAN_A_EVENT, %KCHAN_A_ID, %KCHAN_A_NAME if it has one (of what is
 *	removed: the one it had),
 *	%KCHAN_A_COUNT if it is one that is counted.
 *
 * A dump is marked with NLM_F_DUMP_INTR if channels (for endpoints: endpoints)
 * came or went meanwhile. It is whole nevertheless but for those.
 *
 * An event says nothing of who brought it about, and goes to all members of the
 * group, whatever they may see otherwise. A reader that is too slow gets ENOBUFS
 * from recvmsg(2) once for what it has lost.
 */
enum kchan_genl_cmd {
	KCHAN_CMD_UNSPEC,
	KCHAN_CMD_CHANNEL,
	KCHAN_CMD_ENDPOINT,
	KCHAN_CMD_LIMITS,
	KCHAN_CMD_EVENT,
};

/**
 * enum kchan_genl_attr - attributes of all commands
 * @KCHAN_A_UNSPEC: not used
 * @KCHAN_A_PAD: not used; aligns what follows
 * @KCHAN_A_ID: u64: number of a channel, as &struct kchan_state.id
 * @KCHAN_A_NAME: string: name relative to the root of the instance, at most 4095
 *	bytes
 * @KCHAN_A_MODE: u32: file type and permission bits, as st_mode
 * @KCHAN_A_UID: u32: owner of the channel; of an endpoint: its effective user
 * @KCHAN_A_GID: u32: likewise the group
 * @KCHAN_A_STATE: &struct kchan_state, as long as its @size says; newer modules
 *	may send more than the caller knows. To be copied out, as an attribute is
 *	aligned to 4 bytes only
 * @KCHAN_A_PID: u32: process that opened the endpoint; 0: not in the namespace
 * @KCHAN_A_COMM: string: its command name
 * @KCHAN_A_ROLE: u32: %KCHAN_ROLE_RECEIVER, %KCHAN_ROLE_SENDER or both
 * @KCHAN_A_WAITING: u32: calls through this endpoint that wait
 * @KCHAN_A_SINCE: u64: CLOCK_MONOTONIC ns: since then there has always been one, to a
 *	clock tick
 * @KCHAN_A_EVENT: u32: &enum kchan_event
 * @KCHAN_A_COUNT: u64: of %KCHAN_EVENT_FULL &struct kchan_state.full, of
 *	%KCHAN_EVENT_DROPPED the sum of its @dropped, of
 *	%KCHAN_EVENT_DEAD_LETTERED that of its @dead_lettered
 * @KCHAN_A_MAX_CHANNELS: u64: net.kchan.max_channels, or what it says in the
 *	initial network namespace, where that is lower; likewise the others
 * @KCHAN_A_MAX_CHANNELS_USER: u64
 * @KCHAN_A_MAX_BYTES_USER: u64
 * @KCHAN_A_MAX_DEPTH: u64
 * @KCHAN_A_MAX_MSGSIZE: u64
 * @KCHAN_A_MAX_BYTES: u64
 * @KCHAN_A_CHANNELS: u64: channels and directories in the namespace
 * @KCHAN_A_USER_CHANNELS: u64: those of the user who opened the socket, in all
 *	namespaces
 * @KCHAN_A_USER_BYTES: u64: memory of the messages that user has queued, in all
 *	namespaces
 * @KCHAN_A_HELD: u32: messages that the endpoint holds
 * @KCHAN_A_LOANED: u32: slots that it has on loan
 * @KCHAN_A_LOANED_SINCE: u64: CLOCK_MONOTONIC ns: since when it has the oldest of them
 * @KCHAN_A_TAKEN: u32: slots that it has taken
 * @KCHAN_A_TAKEN_SINCE: u64: likewise, to a clock tick
 * @KCHAN_A_MAX_POOL_BYTES_USER: u64: net.kchan.max_pool_bytes_user, as the others
 * @KCHAN_A_USER_POOL_BYTES: u64: what the pools of that user take of it, in all
 *	namespaces
 */
enum kchan_genl_attr {
	KCHAN_A_UNSPEC,
	KCHAN_A_PAD,
	KCHAN_A_ID,
	KCHAN_A_NAME,
	KCHAN_A_MODE,
	KCHAN_A_UID,
	KCHAN_A_GID,
	KCHAN_A_STATE,
	KCHAN_A_PID,
	KCHAN_A_COMM,
	KCHAN_A_ROLE,
	KCHAN_A_WAITING,
	KCHAN_A_SINCE,
	KCHAN_A_EVENT,
	KCHAN_A_COUNT,
	KCHAN_A_MAX_CHANNELS,
	KCHAN_A_MAX_CHANNELS_USER,
	KCHAN_A_MAX_BYTES_USER,
	KCHAN_A_MAX_DEPTH,
	KCHAN_A_MAX_MSGSIZE,
	KCHAN_A_MAX_BYTES,
	KCHAN_A_CHANNELS,
	KCHAN_A_USER_CHANNELS,
	KCHAN_A_USER_BYTES,
	KCHAN_A_HELD,
	KCHAN_A_LOANED,
	KCHAN_A_LOANED_SINCE,
	KCHAN_A_TAKEN,
	KCHAN_A_TAKEN_SINCE,
	KCHAN_A_MAX_POOL_BYTES_USER,
	KCHAN_A_USER_POOL_BYTES,
};

#define KCHAN_A_MAX	KCHAN_A_USER_POOL_BYTES

/* %KCHAN_A_ROLE */
#define KCHAN_ROLE_RECEIVER	(1U << 0)	/* open for reading */
#define KCHAN_ROLE_SENDER	(1U << 1)	/* open for writing */

/**
 * enum kchan_event - what happens to a channel
 * @KCHAN_EVENT_CREATED: it was made
 * @KCHAN_EVENT_REMOVED: its name was removed, or without a name it is gone
 * @KCHAN_EVENT_RENAMED: it has a new name, the one that is given; of channels in
 *	a directory that is renamed nothing is told
 * @KCHAN_EVENT_ATTACHED: an endpoint was opened
 * @KCHAN_EVENT_DETACHED: an endpoint was closed
 * @KCHAN_EVENT_DIED: an endpoint was closed because its process was killed by a
 *	signal
 * @KCHAN_EVENT_REVOKED: all use was ended
 * @KCHAN_EVENT_FULL: a message did not fit; told at most ten times a second for
 *	each channel, likewise the next
 * @KCHAN_EVENT_DROPPED: dead messages were dropped
 * @KCHAN_EVENT_DEAD_LETTERED: dead messages went to the dead-letter channel; told once
 *	for all that go together
 */
enum kchan_event {
	KCHAN_EVENT_CREATED,
	KCHAN_EVENT_REMOVED,
	KCHAN_EVENT_RENAMED,
	KCHAN_EVENT_ATTACHED,
	KCHAN_EVENT_DETACHED,
	KCHAN_EVENT_DIED,
	KCHAN_EVENT_REVOKED,
	KCHAN_EVENT_FULL,
	KCHAN_EVENT_DROPPED,
	KCHAN_EVENT_DEAD_LETTERED,
};

#endif /* _UAPI_LINUX_KCHAN_NETLINK_H */
