/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_PASS_H
#define _KCHAN_PASS_H

#include <linux/pid.h>
#include <linux/poll.h>

#include "trace.h"
#include "transfer.h"

/*
 * What each message passes is inlined where messages are sent and received: the
 * calls would cost more than what is done there.
 */

static __always_inline void kchan_pass_note_pid(struct pid **last, struct pid *pid)
{
	if (*last == pid)
		return;
	put_pid(*last);
	*last = get_pid(pid);
}

/* So many messages and bytes are queued. */
static __always_inline void
kchan_pass_note_fill_locked(struct kchan_channel *ch, u32 count, u64 bytes)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	if (unlikely(count > stats->queued_max))
		stats->queued_max = count;
	if (unlikely(bytes > stats->queued_bytes_max))
		stats->queued_bytes_max = bytes;
}

/* A message is about to leave: what is in the queue now may be the most ever. */
static __always_inline void kchan_pass_note_peak_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	kchan_pass_note_fill_locked(ch, ch->queue.count, ch->queue.bytes);
}

/* A message is sent; @seq is the number that comes next. */
static __always_inline void
kchan_pass_note_sent_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			    u64 now, u64 seq)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	stats->sent_bytes += msg->entry.size;
	stats->send_time = now;
	ch->last_seq = seq;
	msg->entry.seq = seq;
	msg->time = now;
	kchan_pass_note_pid(&stats->send_pid, msg->pid);
}

/*
 * Queue a message; @seq takes its number if it is not NULL. Where there is no bucket of
 * its priority it goes to those that were put back, and is the last of them.
 */
static __always_inline void
kchan_pass_enqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			  u64 now, u64 *seq, bool bucket)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	kchan_pass_note_sent_locked(ch, msg, now, ch->last_seq + 1);
	if (seq)
		*seq = ch->last_seq;
	if (likely(bucket))
		kchan_queue_add(&ch->queue, &msg->entry);
	else
		kchan_queue_restore(&ch->queue, &msg->entry);
	ch->events |= ch->msg_events;
	trace_kchan_send(ch, msg);
	if (unlikely(ch->extras))
		kchan_transfer_note_queued_locked(ch, msg);
}

/* Memory that an idle channel has kept is given back after a while. */
static __always_inline void kchan_pass_arm_trim_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!ch->trim_armed) {
		ch->trim_armed = true;
		schedule_delayed_work(&ch->trim, KCHAN_TRIM_DELAY);
	}
}

static __always_inline void
kchan_pass_remove_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (unlikely(ch->extras))
		kchan_transfer_note_unqueued_locked(ch, msg);
	kchan_pass_note_peak_locked(ch);
	kchan_queue_del(&ch->queue, &msg->entry);
	ch->events |= KCHAN_ROOM_EVENTS;
}

/* Take a message off the queue. */
static __always_inline void
kchan_pass_unqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	kchan_pass_remove_locked(ch, msg);
	kchan_pass_arm_trim_locked(ch);
}

/* Does it count that a message is handed out? */
static __always_inline bool kchan_pass_is_counted(const struct kchan_msg *msg)
{
	return msg->deliveries < KCHAN_DELIVERIES_MAX;
}

/* A message has left the queue for a receiver. */
static __always_inline void
kchan_pass_note_left_locked(struct kchan_channel *ch, const struct kchan_msg *msg,
			    struct pid *pid)
	__must_hold(&ch->lock)
{
	unsigned long tick = jiffies;

	lockdep_assert_held(&ch->lock);
	/* Once in a tick: to read the clock takes longer than all the rest. */
	if (unlikely(ch->stats.recv_tick != tick))
		kchan_transfer_note_time_locked(ch, msg);
	kchan_pass_note_pid(&ch->stats.recv_pid, pid);
}

/* A message is off the queue for a receiver; @holder holds it unless NULL. */
static __always_inline void
kchan_pass_note_received_locked(struct kchan_channel *ch, struct kchan_msg *msg,
				struct pid *pid, struct kchan_endpoint *holder)
	__must_hold(&ch->lock)
{
	if (likely(kchan_pass_is_counted(msg)))
		msg->deliveries++;
	if (unlikely(holder)) {
		kchan_hold_count_locked(holder, msg);
	} else {
		ch->stats.received++;
		ch->stats.received_bytes += msg->entry.size;
	}
	kchan_pass_note_left_locked(ch, msg, pid);
	trace_kchan_recv(ch, msg);
}

/* Take a message off the queue for a receiver. */
static __always_inline void
kchan_pass_dequeue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			  struct pid *pid, struct kchan_endpoint *holder)
	__must_hold(&ch->lock)
{
	kchan_pass_remove_locked(ch, msg);
	kchan_pass_note_received_locked(ch, msg, pid, holder);
}

static inline struct kchan_msg *
kchan_pass_first_locked(const struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = kchan_queue_first(&ch->queue);

	lockdep_assert_held(&ch->lock);
	return entry ? container_of(entry, struct kchan_msg, entry) : NULL;
}

/* kchan_transfer_unlock() where there is nobody to be served, told or woken. */
static __always_inline void kchan_pass_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	if (unlikely(ch->senders.count | ch->receivers.count | ch->extras |
		     ch->polled)) {
		kchan_transfer_unlock(ch);
		return;
	}
	ch->events = 0;
	spin_unlock(&ch->lock);
}

/**
 * kchan_pass_send - queue a message, waiting for room if need be
 * @ep: the sending endpoint
 * @msg: a filled message; the caller's again if this fails
 * @patience: how long to wait
 * @seq: takes its number, or NULL
 *
 * Return: 0, or an error of KCHAN_IOC_SEND.
 */
static __always_inline int kchan_pass_send(struct kchan_endpoint *ep,
					   struct kchan_msg *msg,
					   const struct kchan_patience *patience,
					   u64 *seq)
{
	struct kchan_channel *ch = ep->channel;
	u64 now = ktime_get_ns();

	spin_lock(&ch->lock);
	if (unlikely(ch->revoked || (ch->senders.count | ch->receivers.count) ||
		     !kchan_channel_has_room_locked(ch, msg->entry.size) ||
		     !kchan_queue_accepts(&ch->queue, msg->entry.prio)))
		return kchan_transfer_send_slow(ep, msg, patience, now, seq);
	kchan_pass_enqueue_locked(ch, msg, now, seq, true);
	kchan_pass_unlock(ch);
	return 0;
}

/**
 * kchan_pass_recv - take the first message, where that is all there is to do
 * @ep: the receiving endpoint
 * @capacity: payload bytes that fit
 *
 * Return: the message, as kchan_transfer_recv() gives it; or NULL with nothing changed,
 * which is for that to look into.
 */
static __always_inline struct kchan_msg *kchan_pass_recv(struct kchan_endpoint *ep,
							 size_t capacity)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	/* One that comes right now comes after us. */
	if (unlikely(!READ_ONCE(ch->queue.count)))
		return NULL;
	spin_lock(&ch->lock);
	msg = kchan_pass_first_locked(ch);
	if (unlikely(!msg || ch->extras || msg->entry.size > capacity)) {
		spin_unlock(&ch->lock);
		return NULL;
	}
	kchan_pass_dequeue_locked(ch, msg, task_tgid(current), NULL);
	kchan_pass_unlock(ch);
	return msg;
}

#endif /* _KCHAN_PASS_H */
