// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include <sys/stat.h>

#include "attrs.h"
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

static bool is_exposed(const struct channel *channel)
{
	return channel->mode & S_IROTH;
}

static char *mode_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	return xprintf("%04o%s", channel->mode & 07777,
		       view->mark && is_exposed(channel) ? "!" : "");
}

static char *perms_text(const void *item, struct view *view)
{
	const struct channel *channel = item;
	char *mode, *marked;

	if (view->numeric)
		return mode_text(item, view);
	mode = text_mode(channel->mode);
	if (!view->mark || !is_exposed(channel))
		return mode;
	marked = xprintf("%s!", mode);
	free(mode);
	return marked;
}

static char *exposed_text(const void *item, struct view *view)
{
	(void)view;
	return xstrdup(is_exposed(item) ? "yes" : "no");
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

static char *flag_text(const struct kchan_state *state, uint32_t flag)
{
	return xstrdup(state->flags & flag ? "yes" : "no");
}

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
	return flag_text(&channel->state, KCHAN_STATE_AUTO);
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

static char *overflow_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	(void)view;
	return channel->shown ?
		       attr_text(ATTR_OVERFLOW, channel->state.overflow) :
		       NULL;
}

/* A program gets seconds. */
static char *ttl_text(const void *item, struct view *view)
{
	uint64_t ttl = channel_of(item)->state.ttl;

	if (!ttl)
		return NULL;
	return view->json ? text_seconds(ttl) : text_duration(ttl);
}

static char *dead_letter_name_text(const void *item, struct view *view)
{
	(void)view;
	return channel_dead_letter(item);
}

/* Sums by reason. */
static char *sum_text(const struct channel *channel, const __u64 *counts)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < KCHAN_DEAD_REASONS; i++)
		sum += counts[i];
	return channel->shown ? text_number(sum) : NULL;
}

static char *dropped_text(const void *item, struct view *view)
{
	(void)view;
	return sum_text(item, channel_of(item)->state.dropped);
}

static char *dead_lettered_text(const void *item, struct view *view)
{
	(void)view;
	return sum_text(item, channel_of(item)->state.dead_lettered);
}

/* What there is only with a pool. */
#define POOL_TEXT(name, text)                                               \
	static char *name##_text(const void *item, struct view *view)       \
	{                                                                   \
		const struct kchan_state *state = &channel_of(item)->state; \
                                                                            \
		(void)view;                                                 \
		return state->slots ? (text) : NULL;                        \
	}

POOL_TEXT(slots, text_number(state->slots))
POOL_TEXT(slot_size, text_number(state->slot_size))
POOL_TEXT(pool_bytes, text_number((uint64_t)state->slots * state->slot_size))
POOL_TEXT(pool_users, text_number(state->pool_users))
POOL_TEXT(slots_free, text_number(state->slots_free))
POOL_TEXT(slots_loaned, text_number(state->slots_loaned))
POOL_TEXT(slots_queued, text_number(state->slots - state->slots_free -
				    state->slots_loaned - state->slots_taken))
POOL_TEXT(slots_taken, text_number(state->slots_taken))
POOL_TEXT(zero_slots, flag_text(state, KCHAN_STATE_ZERO_SLOTS))
POOL_TEXT(recv_copy, flag_text(state, KCHAN_STATE_RECV_COPY))

/* A number of the state, one of which 0 is none, one by reason, or a time. */
#define NUMBER_TEXT(member)                                                  \
	static char *member##_text(const void *item, struct view *view)      \
	{                                                                    \
		const struct channel *channel = item;                        \
                                                                             \
		(void)view;                                                  \
		return channel->shown ? text_number(channel->state.member) : \
					NULL;                                \
	}
#define SOME_TEXT(member)                                               \
	static char *member##_text(const void *item, struct view *view) \
	{                                                               \
		const struct channel *channel = item;                   \
                                                                        \
		(void)view;                                             \
		return channel->shown && channel->state.member ?        \
			       text_number(channel->state.member) :     \
			       NULL;                                    \
	}
#define REASON_TEXT(member, reason)                                            \
	static char *member##_##reason##_text(const void *item,                \
					      struct view *view)               \
	{                                                                      \
		const struct channel *channel = item;                          \
                                                                               \
		(void)view;                                                    \
		return channel->shown ?                                        \
			       text_number(                                    \
				       channel->state                          \
					       .member[KCHAN_DEAD_##reason]) : \
			       NULL;                                           \
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
NUMBER_TEXT(held)
NUMBER_TEXT(held_bytes)
NUMBER_TEXT(held_max)
NUMBER_TEXT(rejected)
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
REASON_TEXT(dropped, EXPIRED)
REASON_TEXT(dropped, REJECTED)
REASON_TEXT(dropped, DELIVERIES)
REASON_TEXT(dropped, OVERFLOW)
REASON_TEXT(dead_lettered, EXPIRED)
REASON_TEXT(dead_lettered, REJECTED)
REASON_TEXT(dead_lettered, DELIVERIES)
REASON_TEXT(dead_lettered, OVERFLOW)
SOME_TEXT(max_deliveries)
SOME_TEXT(dead_letter)
SOME_TEXT(creator_pid)
SOME_TEXT(send_pid)
SOME_TEXT(recv_pid)
TIME_TEXT(create_time)
TIME_TEXT(send_time)
TIME_TEXT(recv_time)

/* [0] stands for no reason. */
static char *dropped_REFUSED_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	(void)view;
	return channel->shown ? text_number(channel->state.dropped[0]) : NULL;
}

/* As ipcs(1) says of segments whose identifier is removed. */
static char *status_text(const void *item, struct view *view)
{
	const struct channel *channel = item;

	(void)view;
	if (!channel->shown || channel->state.flags & KCHAN_STATE_NAMED)
		return NULL;
	return xstrdup("dest");
}

static char *last_pid_text(const void *item, struct view *view)
{
	const struct kchan_state *state = &channel_of(item)->state;

	return state->send_time > state->recv_time ? send_pid_text(item, view) :
						     recv_pid_text(item, view);
}

/* No channel has any yet. */
static char *semaphores_text(const void *item, struct view *view)
{
	(void)item;
	(void)view;
	return NULL;
}

static const struct column list[] = {
	{ "NAME", CELL_NAME, true, "name", name_text },
	{ "ID", CELL_NUMBER, true, "number", id_text },
	{ "KIND", CELL_STRING, false, "kind", kind_text },
	{ "KEY", CELL_NUMBER, false, "key", key_text },
	{ "AUTO", CELL_BOOLEAN, false, "goes with its last endpoint",
	  auto_text },
	{ "PERMS", CELL_STRING, true, "permissions", perms_text },
	{ "MODE", CELL_STRING, false, "permissions in octal", mode_text },
	{ "EXPOSED", CELL_BOOLEAN, false, "all may receive, which consumes",
	  exposed_text },
	{ "STATUS", CELL_STRING, false, "dest: its name is removed",
	  status_text },
	{ "OWNER", CELL_STRING, true, "owner", owner_text },
	{ "GROUP", CELL_STRING, false, "group", group_text },
	{ "UID", CELL_NUMBER, false, "number of the owner", uid_text },
	{ "GID", CELL_NUMBER, false, "number of the group", gid_text },
	{ "QUEUED", CELL_NUMBER, true, "messages queued", queued_text },
	{ "BYTES", CELL_SIZE, true, "payload queued", queued_bytes_text },
	{ "HELD", CELL_NUMBER, true, "messages held by receivers", held_text },
	{ "HELDBYTES", CELL_SIZE, false, "payload held by receivers",
	  held_bytes_text },
	{ "DEPTH", CELL_NUMBER, true, "messages that fit, queued and held",
	  depth_text },
	{ "MAXBYTES", CELL_SIZE, false, "payload that fits, queued and held",
	  bytes_text },
	{ "MSGSIZE", CELL_SIZE, false, "bytes of one message at most",
	  msgsize_text },
	{ "OVERFLOW", CELL_STRING, false, "what it does when it is full",
	  overflow_text },
	{ "TTL", CELL_NUMBER, false, "messages expire after", ttl_text },
	{ "MAXDELIVERIES", CELL_NUMBER, false,
	  "deliveries of a message at most", max_deliveries_text },
	{ "DEADLETTER", CELL_NAME, false, "dead messages go to",
	  dead_letter_name_text },
	{ "DEADLETTERID", CELL_NUMBER, false, "number of that channel",
	  dead_letter_text },
	{ "PEAK", CELL_NUMBER, false, "most messages queued so far",
	  queued_max_text },
	{ "PEAKBYTES", CELL_SIZE, false, "most payload queued so far",
	  queued_bytes_max_text },
	{ "PEAKHELD", CELL_NUMBER, false, "most messages held so far",
	  held_max_text },
	{ "SENDERS", CELL_NUMBER, true, "endpoints that may send",
	  senders_text },
	{ "RECEIVERS", CELL_NUMBER, true, "endpoints that may receive",
	  receivers_text },
	{ "WSEND", CELL_NUMBER, false, "calls that wait for room",
	  waiting_senders_text },
	{ "WRECV", CELL_NUMBER, false, "calls that wait for a message",
	  waiting_receivers_text },
	{ "SENT", CELL_NUMBER, false, "messages sent", sent_text },
	{ "SENTBYTES", CELL_SIZE, false, "payload sent", sent_bytes_text },
	{ "RECEIVED", CELL_NUMBER, false, "messages received", received_text },
	{ "RECVBYTES", CELL_SIZE, false, "payload received",
	  received_bytes_text },
	{ "RETURNED", CELL_NUMBER, false, "messages put back", returned_text },
	{ "FULL", CELL_NUMBER, false, "messages that did not fit at once",
	  full_text },
	{ "REJECTED", CELL_NUMBER, false, "messages not sent for lack of room",
	  rejected_text },
	{ "DROPPED", CELL_NUMBER, false, "messages dropped", dropped_text },
	{ "DROPEXPIRED", CELL_NUMBER, false, "dropped: expired",
	  dropped_EXPIRED_text },
	{ "DROPREJECTED", CELL_NUMBER, false, "dropped: rejected by receiver",
	  dropped_REJECTED_text },
	{ "DROPDELIVERIES", CELL_NUMBER, false, "dropped: handed out too often",
	  dropped_DELIVERIES_text },
	{ "DROPOVERFLOW", CELL_NUMBER, false, "dropped: made room",
	  dropped_OVERFLOW_text },
	{ "DROPREFUSED", CELL_NUMBER, false,
	  "dropped: dead-letter channel did not take", dropped_REFUSED_text },
	{ "DEADLETTERED", CELL_NUMBER, false, "messages dead-lettered",
	  dead_lettered_text },
	{ "DEADEXPIRED", CELL_NUMBER, false, "dead-lettered: expired",
	  dead_lettered_EXPIRED_text },
	{ "DEADREJECTED", CELL_NUMBER, false,
	  "dead-lettered: rejected by receiver", dead_lettered_REJECTED_text },
	{ "DEADDELIVERIES", CELL_NUMBER, false,
	  "dead-lettered: handed out too often",
	  dead_lettered_DELIVERIES_text },
	{ "DEADOVERFLOW", CELL_NUMBER, false, "dead-lettered: made room",
	  dead_lettered_OVERFLOW_text },
	{ "POOLBYTES", CELL_SIZE, false, "bytes of the pool", pool_bytes_text },
	{ "SLOTS", CELL_NUMBER, false, "slots of the pool", slots_text },
	{ "SLOTSIZE", CELL_SIZE, false, "bytes of one slot", slot_size_text },
	{ "NATTCH", CELL_NUMBER, false, "descriptors and mappings of pool",
	  pool_users_text },
	{ "FREE", CELL_NUMBER, false, "slots that are free", slots_free_text },
	{ "LOANED", CELL_NUMBER, false, "slots on loan to senders",
	  slots_loaned_text },
	{ "INQUEUE", CELL_NUMBER, false, "slots of messages",
	  slots_queued_text },
	{ "TAKEN", CELL_NUMBER, false, "slots taken by receivers",
	  slots_taken_text },
	{ "ZEROSLOTS", CELL_BOOLEAN, false, "slots are cleared for each loan",
	  zero_slots_text },
	{ "RECVCOPY", CELL_BOOLEAN, false, "who only receives gets copies",
	  recv_copy_text },
	{ "NSEMS", CELL_NUMBER, false, "semaphores", semaphores_text },
	{ "CTIME", CELL_TIME, false, "made at", create_time_text },
	{ "CPID", CELL_NUMBER, false, "made by process", creator_pid_text },
	{ "CUSER", CELL_STRING, false, "made by user", cuser_text },
	{ "CGROUP", CELL_STRING, false, "made by group", cgroup_text },
	{ "CUID", CELL_NUMBER, false, "number of that user", creator_uid_text },
	{ "CGID", CELL_NUMBER, false, "number of that group",
	  creator_gid_text },
	{ "STIME", CELL_TIME, false, "last sent at", send_time_text },
	{ "LSPID", CELL_NUMBER, false, "last sent by process", send_pid_text },
	{ "RTIME", CELL_TIME, false, "last received at", recv_time_text },
	{ "LRPID", CELL_NUMBER, false, "last received by process",
	  recv_pid_text },
	{ "LPID", CELL_NUMBER, false, "last sent or received by process",
	  last_pid_text },
};

const struct columns channel_columns = {
	.name = "channels",
	.list = list,
	.count = ARRAY_SIZE(list),
};
