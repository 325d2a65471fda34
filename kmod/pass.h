/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_PASS_H
#define _KCHAN_PASS_H

#include <linux/pid.h>
#include <linux/poll.h>

#include "transfer.h"

/*
 * What each message passes is inlined where messages are sent and received: the
 * calls would cost more than what is done there.
 */

#define KCHAN_TRIM_DELAY	HZ

static __always_inline void kchan_pass_note_pid(struct pid **last, struct pid *pid)
{
	if (*last == pid)
		return;
	put_pid(*last);
	*last = get_pid(pid);
}

/**
 * kchan_pass_note_sender - note who sends the message in a slot
 * @msg: the message
 * @user: who speaks
 * @pid: the process
 *
 * Who sent the last one there is still noted, and mostly the same.
 */
static __always_inline void kchan_pass_note_sender(struct kchan_msg *msg,
						   struct kchan_user *user,
						   struct pid *pid)
{
	if (unlikely(msg->pid != pid)) {
		put_pid(msg->pid);
		msg->pid = get_pid(pid);
	}
	if (unlikely(msg->user != user)) {
		kchan_user_put(msg->user);
		msg->user = kchan_user_get(user);
	}
}

static __always_inline void kchan_pass_note_fill_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	stats->queued_max = max(stats->queued_max, ch->queue.count);
	stats->queued_bytes_max = max(stats->queued_bytes_max, ch->queue.bytes);
}

/* A message is sent; @seq takes its number if it is not NULL. */
static __always_inline void
kchan_pass_note_sent_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			    u64 now, u64 *seq)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	msg->entry.seq = ++ch->last_seq;
	msg->time = now;
	stats->sent++;
	stats->sent_bytes += msg->entry.size;
	stats->send_time = now;
	kchan_pass_note_pid(&stats->send_pid, msg->pid);
	if (seq)
		*seq = msg->entry.seq;
}

/*
 * Queue a message; @seq as above. Where there is no bucket of
 * its priority it goes to those that were put back, and is the last of them.
 */
static __always_inline void
kchan_pass_enqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			  u64 now, u64 *seq, bool bucket)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	kchan_pass_note_sent_locked(ch, msg, now, seq);
	if (likely(bucket))
		kchan_queue_add(&ch->queue, &msg->entry);
	else
		kchan_queue_restore(&ch->queue, &msg->entry);
	ch->events |= ch->msg_events;
	kchan_pass_note_fill_locked(ch);
	if (unlikely(ch->extras))
		kchan_transfer_note_queued_locked(ch, msg);
}

static inline unsigned int kchan_pass_residence(u64 from, u64 to)
{
	u64 ns = to > from ? to - from : 0;

	return min(fls64(ns >> KCHAN_RESIDENCE_SHIFT),
		   KCHAN_RESIDENCE_BUCKETS - 1);
}

/* Take a message off the queue. */
static __always_inline void
kchan_pass_unqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (unlikely(ch->extras))
		kchan_transfer_note_unqueued_locked(ch, msg);
	kchan_queue_del(&ch->queue, &msg->entry);
	ch->events |= KCHAN_ROOM_EVENTS;
	if (!ch->queue.count && !ch->trim_armed) {
		ch->trim_armed = true;
		schedule_delayed_work(&ch->trim, KCHAN_TRIM_DELAY);
	}
}

/* Take a message off the queue for a receiver; @holder holds it unless NULL. */
static __always_inline void
kchan_pass_dequeue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			  u64 now, struct pid *pid,
			  struct kchan_endpoint *holder)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	kchan_pass_unqueue_locked(ch, msg);
	if (msg->deliveries < KCHAN_DELIVERIES_MAX)
		msg->deliveries++;

	if (unlikely(holder)) {
		kchan_hold_count_locked(holder, msg);
	} else {
		stats->received++;
		stats->received_bytes += msg->entry.size;
	}
	stats->residence[kchan_pass_residence(msg->time, now)]++;
	stats->recv_time = now;
	kchan_pass_note_pid(&stats->recv_pid, pid);
}

static inline struct kchan_msg *
kchan_pass_first_locked(const struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = kchan_queue_first(&ch->queue);

	lockdep_assert_held(&ch->lock);
	return entry ? container_of(entry, struct kchan_msg, entry) : NULL;
}

/*
 * kchan_transfer_unlock() where there is nobody to be served, told or woken.
 * POLL_BARRIER: who joins after our look reads the channel after our unlock.
 */
static __always_inline void kchan_pass_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	/* POLL_BARRIER: pairs with kchan_channel_poll() */
	bool polled = waitqueue_active(&ch->recv_poll) ||
		      /* POLL_BARRIER: likewise */
		      waitqueue_active(&ch->send_poll);

	if (unlikely((ch->senders.count | ch->receivers.count | ch->extras) ||
		     polled)) {
		kchan_transfer_unlock(ch);
		return;
	}
	ch->events = 0;
	spin_unlock(&ch->lock);
}

#endif /* _KCHAN_PASS_H */
