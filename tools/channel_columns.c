// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "columns.h"
#include "tool.h"

static const struct channel *channel_of(const void *item)
{
	return item;
}

static char *name_text(const void *item, struct view *view)
{
	const char *name = channel_of(item)->name;

	(void)view;
	return name ? xstrdup(name) : NULL;
}

static char *id_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(channel_of(item)->id);
}

static char *perms_text(const void *item, struct view *view)
{
	(void)view;
	return text_mode(channel_of(item)->mode);
}

static char *mode_text(const void *item, struct view *view)
{
	(void)view;
	return xprintf("%04o", channel_of(item)->mode & 07777);
}

static char *owner_text(const void *item, struct view *view)
{
	return text_user(view, channel_of(item)->uid);
}

static char *group_text(const void *item, struct view *view)
{
	return text_group(view, channel_of(item)->gid);
}

static char *uid_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(channel_of(item)->uid);
}

static char *gid_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(channel_of(item)->gid);
}

/* What follows is of the state, which not everybody may see. */

static char *kind_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	(void)view;
	if (!channel->shown)
		return NULL;
	if (channel->state.kind == KCHAN_KIND_QUEUE)
		return xstrdup("queue");
	return text_number(channel->state.kind);
}

static char *key_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	if (!channel->shown)
		return NULL;
	return xprintf(view->json ? "%" PRIu32 : "0x%08" PRIx32,
		       channel->state.key);
}

static char *auto_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	(void)view;
	if (!channel->shown)
		return NULL;
	return xstrdup(channel->state.flags & KCHAN_STATE_AUTO ? "yes" : "no");
}

static char *cuser_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	return channel->shown ? text_user(view, channel->state.creator_uid) :
				NULL;
}

static char *cgroup_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	return channel->shown ? text_group(view, channel->state.creator_gid) :
				NULL;
}

/* A number of the state, a process, or a time, of which 0 is none. */
#define NUMBER_TEXT(member)                                                  \
	static char *member##_text(const void *item, struct view *view)      \
	{                                                                    \
		const struct channel *channel = item;                        \
                                                                             \
		(void)view;                                                  \
		return channel->shown ? text_number(channel->state.member) : \
					NULL;                                \
	}
#define PID_TEXT(member)                                                \
	static char *member##_text(const void *item, struct view *view) \
	{                                                               \
		const struct channel *channel = item;                   \
                                                                        \
		(void)view;                                             \
		return channel->shown && channel->state.member ?        \
			       text_number(channel->state.member) :     \
			       NULL;                                    \
	}
#define TIME_TEXT(member)                                               \
	static char *member##_text(const void *item, struct view *view) \
	{                                                               \
		const struct channel *channel = item;                   \
                                                                        \
		return channel->shown ?                                 \
			       text_time(view, channel->state.member) : \
			       NULL;                                    \
	}

NUMBER_TEXT(queued)
NUMBER_TEXT(queued_bytes)
NUMBER_TEXT(depth)
NUMBER_TEXT(senders)
NUMBER_TEXT(receivers)
NUMBER_TEXT(waiting_senders)
NUMBER_TEXT(waiting_receivers)
NUMBER_TEXT(msgsize)
NUMBER_TEXT(bytes)
NUMBER_TEXT(queued_max)
NUMBER_TEXT(queued_bytes_max)
NUMBER_TEXT(sent)
NUMBER_TEXT(sent_bytes)
NUMBER_TEXT(received)
NUMBER_TEXT(received_bytes)
NUMBER_TEXT(returned)
NUMBER_TEXT(full)
NUMBER_TEXT(creator_uid)
NUMBER_TEXT(creator_gid)
PID_TEXT(creator_pid)
PID_TEXT(send_pid)
PID_TEXT(recv_pid)
TIME_TEXT(create_time)
TIME_TEXT(send_time)
TIME_TEXT(recv_time)

static const struct column list[] = {
	{ "NAME", CELL_STRING, true, "name", name_text },
	{ "ID", CELL_NUMBER, true, "number", id_text },
	{ "KIND", CELL_STRING, false, "kind", kind_text },
	{ "KEY", CELL_NUMBER, false, "key", key_text },
	{ "AUTO", CELL_BOOLEAN, false, "goes with its last endpoint",
	  auto_text },
	{ "PERMS", CELL_STRING, true, "permissions", perms_text },
	{ "MODE", CELL_STRING, false, "permissions in octal", mode_text },
	{ "OWNER", CELL_STRING, true, "owner", owner_text },
	{ "GROUP", CELL_STRING, false, "group", group_text },
	{ "UID", CELL_NUMBER, false, "number of the owner", uid_text },
	{ "GID", CELL_NUMBER, false, "number of the group", gid_text },
	{ "QUEUED", CELL_NUMBER, true, "messages queued", queued_text },
	{ "BYTES", CELL_NUMBER, true, "payload queued", queued_bytes_text },
	{ "DEPTH", CELL_NUMBER, true, "messages that it holds at most",
	  depth_text },
	{ "MAXBYTES", CELL_NUMBER, false, "payload that it holds at most",
	  bytes_text },
	{ "MSGSIZE", CELL_NUMBER, false, "bytes of one message at most",
	  msgsize_text },
	{ "PEAK", CELL_NUMBER, false, "most messages queued so far",
	  queued_max_text },
	{ "PEAKBYTES", CELL_NUMBER, false, "most payload queued so far",
	  queued_bytes_max_text },
	{ "SENDERS", CELL_NUMBER, true, "endpoints that may send",
	  senders_text },
	{ "RECEIVERS", CELL_NUMBER, true, "endpoints that may receive",
	  receivers_text },
	{ "WSEND", CELL_NUMBER, false, "calls that wait for room",
	  waiting_senders_text },
	{ "WRECV", CELL_NUMBER, false, "calls that wait for a message",
	  waiting_receivers_text },
	{ "SENT", CELL_NUMBER, false, "messages sent", sent_text },
	{ "SENTBYTES", CELL_NUMBER, false, "payload sent", sent_bytes_text },
	{ "RECEIVED", CELL_NUMBER, false, "messages received", received_text },
	{ "RECVBYTES", CELL_NUMBER, false, "payload received",
	  received_bytes_text },
	{ "RETURNED", CELL_NUMBER, false, "messages put back", returned_text },
	{ "FULL", CELL_NUMBER, false, "messages that did not fit at once",
	  full_text },
	{ "CTIME", CELL_STRING, false, "made at", create_time_text },
	{ "CPID", CELL_NUMBER, false, "made by process", creator_pid_text },
	{ "CUSER", CELL_STRING, false, "made by user", cuser_text },
	{ "CGROUP", CELL_STRING, false, "made by group", cgroup_text },
	{ "CUID", CELL_NUMBER, false, "number of that user", creator_uid_text },
	{ "CGID", CELL_NUMBER, false, "number of that group",
	  creator_gid_text },
	{ "STIME", CELL_STRING, false, "last sent at", send_time_text },
	{ "LSPID", CELL_NUMBER, false, "last sent by process", send_pid_text },
	{ "RTIME", CELL_STRING, false, "last received at", recv_time_text },
	{ "LRPID", CELL_NUMBER, false, "last received by process",
	  recv_pid_text },
};

const struct columns channel_columns = {
	.name = "channels",
	.list = list,
	.count = ARRAY_SIZE(list),
};
