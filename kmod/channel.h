/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_CHANNEL_H
#define _KCHAN_CHANNEL_H

#include <linux/fs.h>
#include <linux/kchan.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "index.h"
#include "limits.h"
#include "message.h"
#include "ns.h"
#include "queue.h"
#include "wait.h"

struct kchan_inode;
struct kchan_lender;
struct kchan_reaper;
struct kchan_viewer;

/**
 * struct kchan_attr - what is fixed when a channel is made
 * @bytes: payload bytes at most; 0: the default
 * @ttl: when messages expire, ns from when they are sent, or 0
 * @dead_letter: number of the channel for dead messages, or 0
 * @key: the creator's number
 * @depth: messages at most; 0: the default
 * @msgsize: bytes of one message at most; 0: the default
 * @max_deliveries: how often a message is handed out at most, or 0
 * @slots: slots of its pool, or 0: it has none
 * @slot_size: bytes of each
 * @kind: KCHAN_KIND_*
 * @overflow: KCHAN_OVERFLOW_*
 * @automatic: gone with its last endpoint
 * @unnamed: never has a name
 * @zero_slots: they are cleared for each loan
 * @recv_copy: who only receives may not map it
 * @special: its messages are not made as those of plain channels: they are in slots,
 *	or all expire
 */
struct kchan_attr {
	u64 bytes;
	u64 ttl;
	u64 dead_letter;
	u32 key;
	u32 depth;
	u32 msgsize;
	u32 max_deliveries;
	u32 slots;
	u32 slot_size;
	u8 kind;
	u8 overflow;
	bool automatic;
	bool unnamed;
	bool zero_slots;
	bool recv_copy;
	bool special;
};

/**
 * struct kchan_stats - counters and marks of a channel [channel lock]
 * @queued_max: most messages queued whenever one left
 * @queued_bytes_max: most payload queued whenever one left
 * @sent_bytes: payload of all messages sent
 * @received: messages that left for a receiver and did not come back
 * @received_bytes: their payload
 * @returned: messages put back
 * @full: messages that did not fit at first
 * @rejected: messages that were not sent as they did not fit
 * @held_max: most messages ever held
 * @dropped: dead messages that were dropped, by reason
 * @dead_lettered: dead messages that went to the dead-letter channel, by reason
 * @send_time: when the last came
 * @recv_time: when the last left; or in the clock tick of that, the first
 * @recv_tick: which tick that was, in jiffies
 * @send_pid: who sent it, referenced
 * @recv_pid: who took it, referenced
 * @residence: time in queue of the first that left in each tick, in powers of two
 */
struct kchan_stats {
	u32 queued_max;
	u64 queued_bytes_max;
	u64 sent_bytes;
	u64 received;
	u64 received_bytes;
	u64 returned;
	u64 full;
	u64 rejected;
	u32 held_max;
	u64 dropped[KCHAN_DEAD_REASONS];
	u64 dead_lettered[KCHAN_DEAD_REASONS];
	u64 send_time;
	u64 recv_time;
	unsigned long recv_tick;
	struct pid *send_pid;
	struct pid *recv_pid;
	u64 residence[KCHAN_RESIDENCE_BUCKETS];
};

/* How many in all, of those that are counted by reason. */
static inline u64 kchan_stats_sum(const u64 by_reason[KCHAN_DEAD_REASONS])
{
	u64 sum = 0;
	int i;

	for (i = 0; i < KCHAN_DEAD_REASONS; i++)
		sum += by_reason[i];
	return sum;
}

/**
 * struct kchan_endpoint - one participant: an open file of a channel
 * @channel: the channel; the file holds its inode [const]
 * @user: effective user of the opener, who pays and speaks, referenced [const]
 * @gid: effective group of the opener [const]
 * @mode: FMODE_READ and FMODE_WRITE [const]
 * @pid: process of the opener, referenced [const]
 * @node: among the channel's @members [channel lock]
 * @serial: its number in the channel [const once it is there]
 * @waiting: its calls that wait [channel lock]
 * @held: messages that it holds, by number [channel lock]
 * @held_count: how many, with those that are just being received [channel lock]
 * @held_bytes: their payload [channel lock]
 * @held_max: how many it may hold, or 0 [channel lock]
 * @urgent: priority from which on a message is urgent [channel lock]
 * @lender: what lends the channel's slots, referenced, or NULL [const once it is there]
 * @may_publish: PUBLISH may go the short way: it may send, and no time to live is set
 *	by the channel [const once it is there]
 * @may_take: TAKE may: it may map what it receives [likewise]
 * @loans: slots that it has on loan, the oldest first [channel lock]
 * @takes: slots that it has taken, likewise [channel lock]
 * @loaned: how many are in @loans [channel lock]
 * @taken: how many are in @takes [channel lock]
 */
struct kchan_endpoint {
	struct kchan_channel *channel;
	struct kchan_user *user;
	kgid_t gid;
	fmode_t mode;
	struct pid *pid;
	struct rb_node node;
	u64 serial;
	struct kchan_waiting waiting;
	struct rb_root held;
	u32 held_count;
	u64 held_bytes;
	u32 held_max;
	u32 urgent;
	struct kchan_lender *lender;
	bool may_publish;
	bool may_take;
	struct list_head loans;
	struct list_head takes;
	u32 loaned;
	u32 taken;
};

/**
 * struct kchan_member - an endpoint as others see it
 * @serial: its number
 * @pid: process of the opener, referenced
 * @uid: effective user of the opener
 * @gid: effective group of the opener
 * @mode: FMODE_READ and FMODE_WRITE
 * @waiting: its calls that wait
 * @waiting_since: since when there has always been one, CLOCK_MONOTONIC ns
 * @held: how many messages it holds
 * @loaned: how many slots it has on loan
 * @loaned_since: since when the oldest, CLOCK_MONOTONIC ns
 * @taken: how many slots it has taken
 * @taken_since: since when the oldest
 */
struct kchan_member {
	u64 serial;
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	fmode_t mode;
	u32 waiting;
	u64 waiting_since;
	u32 held;
	u32 loaned;
	u64 loaned_since;
	u32 taken;
	u64 taken_since;
};

/*
 * What makes adding and taking messages more than that, see
 * &struct kchan_channel.extras.
 */
#define KCHAN_EXTRA_REVOKED	BIT(0)	/* nothing goes any more */
#define KCHAN_EXTRA_EXPIRY	BIT(1)	/* messages may expire */
#define KCHAN_EXTRA_INDEX	BIT(2)	/* the index is kept up */
#define KCHAN_EXTRA_INDEXED	BIT(3)	/* it has all messages */
#define KCHAN_EXTRA_CURSORS	BIT(4)	/* there are cursors */
#define KCHAN_EXTRA_FILTERS	BIT(5)	/* there may be waiters with a filter */
#define KCHAN_EXTRA_GARBAGE	BIT(6)	/* there is garbage */
#define KCHAN_EXTRA_LOANERS	BIT(7)	/* there may be calls that wait for a slot */

/* How often what a channel keeps is looked through. */
#define KCHAN_TRIM_DELAY	HZ

/**
 * struct kchan_channel - one channel at work, see inode.c
 * @lock: protects all from @queue down to @stats; first, as its address is needed most
 *
 * @attr: attributes, defaults filled in [const]
 * @ns: the instance [const]
 * @inode: the inode that owns it, and so holds @ns and @creator [const]
 * @id: its number [const]
 * @creator: who is charged for it [const]
 *
 * @spare: a message kept for the next sender [SPARE_OWNER, see store.c]
 * @spares_lock: protects @spares and @bulky; nothing else is locked under it
 * @spares: more that are kept, small ones, the first of a chain [read without
 *	@spares_lock for an early answer]
 * @bulky: likewise, those that are not small
 *
 * @queue: the messages
 * @extras: KCHAN_EXTRA_*; 0 in a plain channel
 * @depth_left: depth less what is held; negative if more was put back than fits [read
 *	without @lock for an early answer]
 * @bytes_left: bytes less what is held, likewise
 * @held_count: messages that endpoints hold
 * @held_bytes: their payload
 * @index: the messages by tag
 * @arrivals: how often a message came or came back, counted with extras
 * @cursors: who walks through the queue, see select.c
 * @nr_cursors: how many
 * @garbage: messages to be freed once the lock is dropped
 * @reaper: if messages may die otherwise than by being dropped; set once [read
 *	without @lock to see whether it is there]
 * @lender: what lends its slots, until it is retired; NULL if it has no pool
 * @last_seq: number of the last message, and how many have been sent
 * @senders: calls that wait for room
 * @receivers: calls that wait for a message
 * @nr_senders: endpoints open for writing
 * @nr_receivers: endpoints open for reading
 * @members: the endpoints, by number
 * @revoked: ended; never unset [read without @lock for an early answer]
 * @trim_armed: @trim is pending, or about to find out whether it is to be
 * @trim_seq: @last_seq when @trim last looked
 * @polled: there may be pollers
 * @events: poll events to report when the lock is dropped
 * @msg_events: those of a message that comes [const]
 * @full_told: when @stats.full was last told as an event, in jiffies
 * @dropped_told: the same of @stats.dropped
 * @stats: statistics
 *
 * @recv_poll: pollers of receiving endpoints [its own lock]
 * @send_poll: pollers of sending endpoints [its own lock]
 * @trim: gives memory back, spares at once and all when the channel is idle
 */
struct kchan_channel {
	spinlock_t lock;

	struct kchan_attr attr;
	struct kchan_ns *ns;
	struct inode *inode;
	u64 id;
	struct kchan_user *creator;

	struct kchan_msg *spare;
	spinlock_t spares_lock;
	struct kchan_msg *spares;
	struct kchan_msg *bulky;

	struct kchan_queue queue;
	u32 extras;
	s32 depth_left;
	s64 bytes_left;
	u32 held_count;
	u64 held_bytes;
	struct kchan_index index;
	u64 arrivals;
	struct list_head cursors;
	u32 nr_cursors;
	struct list_head garbage;
	struct kchan_reaper *reaper;
	struct kchan_lender *lender;
	u64 last_seq;
	struct kchan_waitq senders;
	struct kchan_waitq receivers;
	u32 nr_senders;
	u32 nr_receivers;
	struct rb_root members;
	bool revoked;
	bool trim_armed;
	u64 trim_seq;
	u32 polled;
	__poll_t events;
	__poll_t msg_events;
	unsigned long full_told;
	unsigned long dropped_told;
	struct kchan_stats stats;

	wait_queue_head_t recv_poll;
	wait_queue_head_t send_poll;
	struct delayed_work trim;
};

/**
 * kchan_channel_quiet_locked - does nobody need a bucket of the queue?
 * @ch: the channel, locked
 *
 * Only then may the priorities that its queue accepts change.
 */
static inline bool kchan_channel_quiet_locked(const struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	return !ch->queue.count && !ch->senders.count;
}

/**
 * kchan_channel_has_room_locked - does a message fit now?
 * @ch: the channel, locked
 * @size: its payload bytes
 */
static inline bool
kchan_channel_has_room_locked(const struct kchan_channel *ch, u32 size)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	return (s32)ch->queue.count < ch->depth_left &&
	       (s64)(ch->queue.bytes + size) <= ch->bytes_left;
}

struct kchan_channel *kchan_channel_new(struct kchan_inode *ki);
bool kchan_channel_is_new(const struct kchan_channel *ch);
void kchan_channel_end_locked(struct kchan_channel *ch);
void kchan_channel_retire(struct kchan_channel *ch);
void kchan_channel_free(struct kchan_channel *ch);

struct kchan_endpoint *
kchan_channel_member_after_locked(const struct kchan_channel *ch, u64 serial)
	__must_hold(&ch->lock);
unsigned int kchan_channel_members(struct kchan_channel *ch, u64 serial,
				   struct kchan_member *info,
				   unsigned int max);
int kchan_channel_attach(struct kchan_endpoint *ep);
void kchan_channel_detach(struct kchan_endpoint *ep);

int kchan_channel_settings(struct kchan_endpoint *ep,
			   struct kchan_settings *settings);
__poll_t kchan_channel_poll(const struct kchan_endpoint *ep);
int kchan_channel_state(struct kchan_channel *ch,
			const struct kchan_viewer *viewer,
			struct kchan_state *state);

int kchan_channel_init(void);
void kchan_channel_exit(void);

#endif /* _KCHAN_CHANNEL_H */
