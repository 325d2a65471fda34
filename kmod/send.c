// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: sending
 *
 * A message is queued at once where there is room and a bucket of its priority.
 * Otherwise what the channel's overflow says is done, or the sender waits, and is
 * served by who makes room (DOC: the way of a message).
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "channel.h"
#include "event.h"
#include "pass.h"
#include "transfer.h"

/*
 * See to it that the queue accepts @prio. Drops the lock if it must allocate.
 */
static int make_bucket_locked(struct kchan_channel *ch, u16 prio)
	__must_hold(&ch->lock)
{
	struct kchan_qstash stash = {};
	int err = 0;

	lockdep_assert_held(&ch->lock);
	while (!err && !kchan_queue_accepts(&ch->queue, prio)) {
		if (!ch->queue.root && kchan_channel_quiet_locked(ch)) {
			kchan_queue_set_flat(&ch->queue, prio);
			break;
		}
		if (kchan_queue_grow(&ch->queue, prio, &stash))
			break;
		spin_unlock(&ch->lock);
		err = kchan_qstash_fill(&stash);
		spin_lock(&ch->lock);
	}
	kchan_qstash_free(&stash);
	return err;
}

/**
 * kchan_transfer_note_full_locked - there is no room for a message
 * @ch: the channel
 *
 * Return: how often in all, if that is to be told, or 0.
 */
u64 kchan_transfer_note_full_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	ch->stats.full++;
	if (time_before(jiffies, ch->full_told + KCHAN_TELL_INTERVAL))
		return 0;
	ch->full_told = jiffies;
	return ch->stats.full;
}

/*
 * Take out a message that is worth no more than one of @prio. @back takes whether it was
 * among those that were put back.
 */
static struct kchan_msg *take_least_locked(struct kchan_channel *ch, u16 prio,
					   bool *back)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = kchan_queue_least(&ch->queue);
	struct kchan_msg *msg;

	lockdep_assert_held(&ch->lock);
	if (!entry || entry->prio > prio)
		return NULL;
	*back = entry->back;
	msg = container_of(entry, struct kchan_msg, entry);
	kchan_pass_unqueue_locked(ch, msg);
	return msg;
}

/* Bury what was taken out, or put it where it was: each was the first of its bucket. */
static void end_victims_locked(struct kchan_channel *ch,
			       struct list_head *victims, bool bury)
	__must_hold(&ch->lock)
{
	struct kchan_msg *msg, *next;

	lockdep_assert_held(&ch->lock);
	if (!bury) {
		list_for_each_entry_safe_reverse(msg, next, victims, entry.node)
			kchan_transfer_requeue_locked(ch, msg, msg->entry.back);
		return;
	}
	list_for_each_entry_safe(msg, next, victims, entry.node) {
		msg->entry.back = false;
		kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_OVERFLOW);
	}
}

/*
 * Drop a few messages to make room for another, but none if that would not do.
 * Return: false if it would not.
 */
static bool make_room_locked(struct kchan_channel *ch,
			     const struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	struct kchan_msg *victim;
	LIST_HEAD(victims);
	unsigned int n = 0;
	bool can, back;

	lockdep_assert_held(&ch->lock);
	can = ch->depth_left > 0 && (s64)msg->entry.size <= ch->bytes_left;
	while (can && n++ < KCHAN_STEP &&
	       !kchan_channel_has_room_locked(ch, msg->entry.size)) {
		victim = take_least_locked(ch, msg->entry.prio, &back);
		can = victim;
		if (!can)
			break;
		victim->entry.back = back;
		list_add_tail(&victim->entry.node, &victims);
	}
	end_victims_locked(ch, &victims, can);
	return can;
}

/**
 * kchan_transfer_drop_least_locked - drop the message that is worth least
 * @ch: a channel that is not empty
 *
 * For kchan_transfer_unlock() after it.
 */
void kchan_transfer_drop_least_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_msg *msg;
	bool back;

	lockdep_assert_held(&ch->lock);
	msg = take_least_locked(ch, KCHAN_PRIO_MAX, &back);
	kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_OVERFLOW);
}

/* The message that is worth least is the new one. */
static void drop_new_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			    u64 *seq)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	kchan_pass_note_sent_locked(ch, msg, ktime_get_ns(), ch->last_seq + 1);
	if (seq)
		*seq = ch->last_seq;
	kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_OVERFLOW);
}

/**
 * kchan_transfer_drop - send a message that is dropped at once
 * @ch: the channel
 * @msg: the message; no more the caller's if this succeeds
 * @seq: takes its number, or NULL
 *
 * It is worth less than all that could be dropped for it.
 * Return: 0 or -EIDRM.
 */
int kchan_transfer_drop(struct kchan_channel *ch, struct kchan_msg *msg, u64 *seq)
{
	bool revoked;

	spin_lock(&ch->lock);
	revoked = ch->revoked;
	if (!revoked)
		drop_new_locked(ch, msg, seq);
	kchan_transfer_unlock(ch);
	return revoked ? -EIDRM : 0;
}

/*
 * A message does not fit: do what the channel's overflow says.
 * Return: 0: it fits now; -EAGAIN: its sender must wait, or where others can be
 * dropped, try again; -ENOSPC: it is refused; -ENOBUFS: it cannot be made to fit.
 */
static int overflow_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	switch (ch->attr.overflow) {
	case KCHAN_OVERFLOW_REJECT:
		ch->stats.rejected++;
		return -ENOSPC;
	case KCHAN_OVERFLOW_DROP:
		if (!make_room_locked(ch, msg))
			return -ENOBUFS;
		return kchan_channel_has_room_locked(ch, msg->entry.size) ?
			0 : -EAGAIN;
	default:
		return -EAGAIN;
	}
}

/* Make all ready to queue a message of @prio. May drop the lock. */
static int prepare_locked(struct kchan_channel *ch, u16 prio)
	__must_hold(&ch->lock)
{
	int err;

	lockdep_assert_held(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	err = make_bucket_locked(ch, prio);
	return !err && ch->revoked ? -EIDRM : err;
}

/*
 * Queue a message, or do what the channel's overflow says. May drop the lock.
 * Return: 0; -EAGAIN: its sender must wait; or an error of KCHAN_IOC_SEND. @full
 * takes what is to be told of a full queue.
 */
static int send_now_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			   u64 *seq, u64 *full)
	__must_hold(&ch->lock)
{
	/* Others may fill the room that is made, but not for ever. */
	u32 tries = ch->queue.count / KCHAN_STEP + 1;
	int err;

	lockdep_assert_held(&ch->lock);
	for (;;) {
		err = prepare_locked(ch, msg->entry.prio);
		if (err)
			return err;
		if (!ch->senders.count &&
		    kchan_channel_has_room_locked(ch, msg->entry.size))
			break;
		err = overflow_locked(ch, msg);
		if (!err)
			break;
		if (ch->attr.overflow != KCHAN_OVERFLOW_DROP) {
			*full = kchan_transfer_note_full_locked(ch);
			return err;
		}
		if (err == -ENOBUFS || !tries--) {
			drop_new_locked(ch, msg, seq);
			return 0;
		}
		kchan_transfer_unlock(ch);
		cond_resched();
		spin_lock(&ch->lock);
	}
	kchan_pass_enqueue_locked(ch, msg, ktime_get_ns(), seq, true);
	return 0;
}

/*
 * A receiver waits, and all it waits for is the first message: it gets that, which then
 * never is in the queue, though it counts as one that was.
 * Return: its task, for kchan_wake(); or NULL, with nothing changed, if it is not as
 * simple as that.
 */
static struct task_struct *meet_locked(struct kchan_channel *ch,
				       struct kchan_msg *msg, u64 now, u64 *seq)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = kchan_waitq_first(&ch->receivers);

	lockdep_assert_held(&ch->lock);
	/* Who traces sees it come and go. */
	if (static_branch_unlikely(&kchan_traced))
		return NULL;
	if (!waiter || (ch->queue.count | ch->extras | ch->senders.count) ||
	    waiter->holder || waiter->taker ||
	    msg->entry.size > waiter->capacity ||
	    !kchan_channel_has_room_locked(ch, msg->entry.size))
		return NULL;
	kchan_pass_note_sent_locked(ch, msg, now, ch->last_seq + 1);
	if (seq)
		*seq = ch->last_seq;
	kchan_pass_note_fill_locked(ch, 1, msg->entry.size);
	kchan_pass_note_received_locked(ch, msg, waiter->pid, NULL);
	waiter->msg = msg;
	trace_kchan_wake(waiter->task, 0);
	return kchan_wait_finish(&ch->receivers, waiter, 0);
}

static noinline int send_wait(struct kchan_endpoint *ep, struct kchan_msg *msg,
			      const struct kchan_patience *patience, u64 *seq)
	__releases(&ep->channel->lock)
{
	struct kchan_waiter waiter = { .msg = msg, .account = &ep->waiting };
	struct kchan_channel *ch = ep->channel;
	bool waits;
	u64 full = 0;
	int err;

	err = send_now_locked(ch, msg, seq, &full);
	waits = err == -EAGAIN;
	if (waits) {
		err = kchan_may_wait(patience, ch->nr_receivers);
		waits = !err;
	}
	if (waits) {
		waiter.need_peer = patience->need_peer;
		kchan_wait_begin(&ch->senders, &waiter);
		trace_kchan_wait(ch, KCHAN_TRACE_SEND);
	}
	kchan_transfer_unlock(ch);
	if (full)
		kchan_event(ch->inode, KCHAN_EVENT_FULL, full);
	if (!waits)
		return err;
	err = kchan_transfer_wait_end(ch, &ch->senders, &waiter, patience);
	if (!err && seq)
		*seq = waiter.seq;
	return err;
}

/**
 * kchan_transfer_send_slow - kchan_pass_send() where it is not that simple
 * @ep: the sending endpoint; its channel is locked, and unlocked by this
 * @msg: a filled message; the caller's again if this fails
 * @patience: how long to wait
 * @now: CLOCK_MONOTONIC ns
 * @seq: takes its number, or NULL
 *
 * Return: as kchan_pass_send().
 */
int kchan_transfer_send_slow(struct kchan_endpoint *ep, struct kchan_msg *msg,
			     const struct kchan_patience *patience, u64 now,
			     u64 *seq)
	__releases(&ep->channel->lock)
{
	struct kchan_channel *ch = ep->channel;
	struct task_struct *receiver = meet_locked(ch, msg, now, seq);

	if (unlikely(!receiver))
		return send_wait(ep, msg, patience, seq);
	spin_unlock(&ch->lock);
	kchan_wake(receiver);
	return 0;
}

/**
 * kchan_transfer_full - is there no room for a message, and none to wait for?
 * @ch: the channel
 * @size: its payload bytes
 *
 * Looks as kchan_pass_send() of a call that does not wait would, and counts it, so
 * that such a call need not make the message first.
 */
bool kchan_transfer_full(struct kchan_channel *ch, u32 size)
{
	u64 full = 0;
	bool is;

	spin_lock(&ch->lock);
	is = ch->attr.overflow == KCHAN_OVERFLOW_BLOCK && !ch->extras &&
	     !kchan_channel_has_room_locked(ch, size);
	if (is)
		full = kchan_transfer_note_full_locked(ch);
	spin_unlock(&ch->lock);
	if (full)
		kchan_event(ch->inode, KCHAN_EVENT_FULL, full);
	return is;
}

/* Is there anybody who could receive from a channel, now or later? */
static bool lives_locked(const struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (ch->revoked)
		return false;
	return ch->nr_senders || ch->nr_receivers ||
	       READ_ONCE(ch->inode->i_nlink);
}

/**
 * kchan_transfer_bequeath - queue a message that has died elsewhere
 * @ch: the dead-letter channel
 * @msg: the message; the caller's still if it is not taken
 *
 * Allocates nothing, and does not wait.
 * Return: false if it does not fit, or nobody could receive it any more.
 */
bool kchan_transfer_bequeath(struct kchan_channel *ch, struct kchan_msg *msg)
{
	u16 prio = msg->entry.prio;
	bool taken;

	if (msg->entry.size > ch->attr.msgsize)
		return false;
	msg->deliveries = 0;
	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	taken = lives_locked(ch);
	if (taken && (ch->senders.count ||
		      !kchan_channel_has_room_locked(ch, msg->entry.size)))
		taken = !overflow_locked(ch, msg);
	if (taken)
		kchan_pass_enqueue_locked(ch, msg, ktime_get_ns(), NULL,
					  kchan_queue_accepts(&ch->queue, prio));
	kchan_transfer_unlock(ch);
	return taken;
}
