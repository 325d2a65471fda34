// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the way of a message
 *
 * A sender makes a message and fills it from user memory with no lock held, then
 * queues it under the channel's lock. A receiver takes it from the queue under
 * the lock, copies it out with no lock held, and then either consumes it or, if
 * the copy failed, puts it back. So a message is always in exactly one hand:
 *
 *	sender -> [waiting sender] -> queue -> [waiting receiver] -> receiver
 *
 * kchan_transfer_unlock() ends every change: it moves messages of waiting senders
 * into the queue as far as there is room, gives queued messages to waiting
 * receivers, and fails the calls that wait for what cannot come. Whoever makes
 * room or brings a message thus does the work of those who wait for it, in their
 * order of service, and they wake up with the call done. A sender never
 * overtakes those who wait; a receiver may while so many are served at once that
 * it takes several rounds.
 *
 * That is all in a plain channel. Where it has *extras*, each message that comes or
 * goes is noted in what its messages are found by (index.c, reaper.c), cursors are
 * moved on (select.c), and a receiver with a filter gets what fits it at once.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "channel.h"
#include "event.h"
#include "lend.h"
#include "pass.h"
#include "transfer.h"

/**
 * kchan_transfer_hand_over_locked - give a message to a waiter
 * @ch: the channel
 * @waiter: a waiter that is not served yet
 * @msg: a message in the queue
 *
 * Return: 0, or the error that it gets instead.
 */
int kchan_transfer_hand_over_locked(struct kchan_channel *ch,
				    struct kchan_waiter *waiter,
				    struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (waiter->holder && kchan_hold_full_locked(waiter->holder))
		return -EBUSY;
	if (waiter->taker && !kchan_lend_owns(waiter->taker, msg))
		return -EXDEV;
	if (msg->entry.size > waiter->capacity) {
		waiter->capacity = msg->entry.size;
		return -EMSGSIZE;
	}
	kchan_pass_dequeue_locked(ch, msg, waiter->pid, waiter->holder);
	waiter->msg = msg;
	return 0;
}

/*
 * A message has come while receivers with a filter wait: serve who is due until one
 * has it, or nobody wants it. Those without a filter get the first of the queue. It is
 * not offered again later, so all who fail on the way are served here, too.
 */
static void offer_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	struct list_head *from = ch->receivers.picky.next;
	struct kchan_waiter *waiter;
	struct kchan_msg *given;
	int status;

	lockdep_assert_held(&ch->lock);
	while (ch->receivers.filtered && !ch->revoked) {
		waiter = kchan_waitq_match(&ch->receivers, &msg->entry, &from);
		if (!waiter)
			return;
		given = waiter->filter.kind ? msg : kchan_pass_first_locked(ch);
		status = kchan_transfer_hand_over_locked(ch, waiter, given);
		kchan_wait_serve(&ch->receivers, waiter, status);
		if (!status && given == msg)
			return;
	}
	if (!ch->receivers.filtered)
		ch->extras &= ~KCHAN_EXTRA_FILTERS;
}

/**
 * kchan_transfer_note_time_locked - a message leaves the queue, the first in a tick
 * @ch: the channel
 * @msg: the message
 */
void kchan_transfer_note_time_locked(struct kchan_channel *ch,
				     const struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;
	u64 now = ktime_get_ns();
	u64 ns = now > msg->time ? now - msg->time : 0;

	lockdep_assert_held(&ch->lock);
	stats->residence[min(fls64(ns >> KCHAN_RESIDENCE_SHIFT),
			     KCHAN_RESIDENCE_BUCKETS - 1)]++;
	stats->recv_time = now;
	stats->recv_tick = jiffies;
	kchan_pass_arm_trim_locked(ch);
}

/**
 * kchan_transfer_note_queued_locked - a message has come, or come back
 * @ch: a channel with extras
 * @msg: the message
 */
void kchan_transfer_note_queued_locked(struct kchan_channel *ch,
				       struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	ch->arrivals++;
	if (ch->extras & KCHAN_EXTRA_INDEX)
		kchan_index_add(&ch->index, &msg->entry);
	if (msg->due && !msg->reason)
		kchan_reaper_add_locked(ch, msg);
	if (ch->extras & KCHAN_EXTRA_FILTERS)
		offer_locked(ch, msg);
}

/**
 * kchan_transfer_note_unqueued_locked - a message is about to leave the queue
 * @ch: a channel with extras
 * @msg: the message
 */
void kchan_transfer_note_unqueued_locked(struct kchan_channel *ch,
					 struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (msg->entry.indexed)
		kchan_index_del(&ch->index, &msg->entry);
	if (msg->expiring)
		kchan_reaper_del_locked(ch, msg);
	if (ch->extras & KCHAN_EXTRA_CURSORS)
		kchan_select_skip_locked(ch, &msg->entry);
}

/* Tell one who is served. */
static bool tell_served_locked(struct kchan_channel *ch,
			       struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter;

	lockdep_assert_held(&ch->lock);
	waiter = list_first_entry_or_null(&ch->receivers.served,
					  struct kchan_waiter, node);
	if (waiter)
		kchan_wait_complete(&ch->receivers, waiter, waiter->status,
				    wakes);
	return waiter;
}

static bool serve_sender_locked(struct kchan_channel *ch,
				struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = kchan_waitq_first(&ch->senders);

	if (!waiter || ch->revoked ||
	    !kchan_channel_has_room_locked(ch, waiter->msg->entry.size))
		return false;
	kchan_pass_enqueue_locked(ch, waiter->msg, ktime_get_ns(),
				  &waiter->seq, true);
	kchan_wait_complete(&ch->senders, waiter, 0, wakes);
	return true;
}

static bool serve_receiver_locked(struct kchan_channel *ch,
				  struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = kchan_waitq_first(&ch->receivers);
	struct kchan_msg *msg = kchan_pass_first_locked(ch);

	if (!waiter || !msg || ch->revoked)
		return false;
	if (unlikely(ch->reaper) &&
	    kchan_reaper_reap_locked(ch, ktime_get_ns()))
		return true;
	kchan_wait_complete(&ch->receivers, waiter,
			    kchan_transfer_hand_over_locked(ch, waiter, msg), wakes);
	return true;
}

/* Fail one call that would wait for ever, or that the channel's end ends. */
static bool fail_waiter_locked(struct kchan_channel *ch,
			       struct kchan_waitq *queue, bool peerless,
			       struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = NULL;
	int status = -EIDRM;

	lockdep_assert_held(&ch->lock);
	if (ch->revoked) {
		waiter = kchan_waitq_any(queue);
	} else if (peerless) {
		waiter = kchan_waitq_first_needing_peer(queue);
		status = -EPIPE;
	}
	if (waiter)
		kchan_wait_complete(queue, waiter, status, wakes);
	return waiter;
}

/* Serve or fail one call that waits for a slot. */
static bool settle_loaner_locked(struct kchan_channel *ch,
				 struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (likely(!(ch->extras & KCHAN_EXTRA_LOANERS)))
		return false;
	return kchan_lend_serve_locked(ch, wakes) ||
	       fail_waiter_locked(ch, &ch->lender->loaners, !ch->nr_receivers,
				  wakes);
}

/*
 * Serve or fail one waiting call.
 * Return: false if there is none for which that can be done now.
 */
static bool settle_locked(struct kchan_channel *ch, struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	return tell_served_locked(ch, wakes) ||
	       serve_receiver_locked(ch, wakes) || serve_sender_locked(ch, wakes) ||
	       fail_waiter_locked(ch, &ch->receivers, !ch->nr_senders, wakes) ||
	       fail_waiter_locked(ch, &ch->senders, !ch->nr_receivers, wakes) ||
	       settle_loaner_locked(ch, wakes);
}

/**
 * kchan_transfer_note_dropped_locked - messages have been dropped
 * @ch: the channel
 *
 * Return: how many in all, if that is to be told, or 0.
 */
u64 kchan_transfer_note_dropped_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (time_before(jiffies, ch->dropped_told + KCHAN_TELL_INTERVAL))
		return 0;
	ch->dropped_told = jiffies;
	return kchan_stats_sum(ch->stats.dropped);
}

/* Return: as kchan_transfer_note_dropped_locked(). */
static u64 take_garbage_locked(struct kchan_channel *ch,
			       struct list_head *garbage)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!(ch->extras & KCHAN_EXTRA_GARBAGE))
		return 0;
	ch->extras &= ~KCHAN_EXTRA_GARBAGE;
	list_splice_init(&ch->garbage, garbage);
	return kchan_transfer_note_dropped_locked(ch);
}

/* Return: the poll events that this has brought about. */
static noinline __poll_t settle_and_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	struct kchan_wakes wakes = {};
	__poll_t events = 0;
	u64 dropped;
	bool more;

	do {
		LIST_HEAD(garbage);

		do {
			more = settle_locked(ch, &wakes);
		} while (more && !kchan_wakes_full(&wakes));
		events |= ch->events;
		ch->events = 0;
		dropped = take_garbage_locked(ch, &garbage);
		spin_unlock(&ch->lock);
		kchan_wakes_run(&wakes);
		kchan_store_recycle_all(ch, &garbage);
		if (dropped)
			kchan_event(ch->inode, KCHAN_EVENT_DROPPED, dropped);
		if (more)
			spin_lock(&ch->lock);
	} while (more);
	return events;
}

/**
 * kchan_transfer_unlock - end a change of the channel
 * @ch: the channel, locked
 *
 * Does what the change makes possible for those who wait, drops the lock, and
 * wakes them and the pollers.
 *
 * POLL_BARRIER: a poller joins the wait queue first, and says so and reads the channel
 * under the lock then, so that the lock is all the barrier that is needed::
 *
 *	poller                           we
 *	poll_wait(): join the queue      [lock]
 *	[lock]                           change the channel
 *	polled = true                    polled = waitqueue_active()
 *	read the channel                 [unlock]
 *	[unlock]                         wake if polled
 *
 * If it read before our change, its unlock came before our lock, and we see that
 * it joined; if after, it saw the change, and those that follow see @polled.
 */
void kchan_transfer_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	__poll_t events = ch->events;

	ch->events = 0;
	/* POLL_BARRIER: pairs with kchan_channel_poll() */
	ch->polled = waitqueue_active(&ch->recv_poll) ||
		     /* POLL_BARRIER: likewise */
		     waitqueue_active(&ch->send_poll);
	if (unlikely(ch->senders.count || ch->receivers.count || ch->extras))
		events |= settle_and_unlock(ch);
	else
		spin_unlock(&ch->lock);
	/* POLL_BARRIER: pairs with kchan_channel_poll() */
	if (unlikely(waitqueue_active(&ch->recv_poll)) &&
	    (events & ~KCHAN_ROOM_EVENTS))
		wake_up_interruptible_poll(&ch->recv_poll, events);
	/* POLL_BARRIER: likewise */
	if (unlikely(waitqueue_active(&ch->send_poll)) &&
	    (events & ~(KCHAN_MSG_EVENTS | EPOLLRDHUP)))
		wake_up_interruptible_poll(&ch->send_poll, events);
}

/**
 * kchan_transfer_requeue_locked - queue a message again
 * @ch: the channel
 * @msg: a message that was taken from its queue
 * @back: among those that were put back; else it is the first of its bucket again
 */
void kchan_transfer_requeue_locked(struct kchan_channel *ch,
				   struct kchan_msg *msg, bool back)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (back)
		kchan_queue_restore(&ch->queue, &msg->entry);
	else
		kchan_queue_add_first(&ch->queue, &msg->entry);
	ch->events |= ch->msg_events;
	if (unlikely(ch->extras))
		kchan_transfer_note_queued_locked(ch, msg);
}

/**
 * kchan_transfer_put_back_locked - put a message back that was taken
 * @ch: the channel
 * @msg: the message; no more the caller's
 *
 * Unless it is dead by now. For kchan_transfer_unlock() after it.
 */
void kchan_transfer_put_back_locked(struct kchan_channel *ch,
				    struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	u32 max = ch->attr.max_deliveries;

	lockdep_assert_held(&ch->lock);
	if (kchan_msg_expired(msg)) {
		kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_EXPIRED);
	} else if (max && msg->deliveries >= max) {
		kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_DELIVERIES);
	} else {
		ch->stats.returned++;
		kchan_transfer_requeue_locked(ch, msg, true);
	}
}

/**
 * kchan_transfer_give_up - a call waits no longer
 * @ch: the channel
 * @queue: where it waits
 * @waiter: the call, which may be served by now
 * @err: why
 *
 * Return: what the call returns.
 */
int kchan_transfer_give_up(struct kchan_channel *ch, struct kchan_waitq *queue,
			   struct kchan_waiter *waiter, int err)
{
	spin_lock(&ch->lock);
	if (waiter->done || waiter->served)
		err = waiter->status;
	if (!waiter->done)
		kchan_wait_cancel(queue, waiter);
	kchan_transfer_unlock(ch);
	return err;
}

/**
 * kchan_transfer_set_expiry - a message is going to expire
 * @ch: the channel
 * @msg: a message with room for that, in the caller's hand
 * @expiry: when, or 0: as the channel says
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int kchan_transfer_set_expiry(struct kchan_channel *ch, struct kchan_msg *msg,
			      u64 expiry)
{
	u64 now = ktime_get_ns();
	int err;

	err = kchan_reaper_make(ch, true);
	if (err)
		return err;
	if (!expiry)
		expiry = min_t(u64, now + ch->attr.ttl, KTIME_MAX);
	msg->due = true;
	/* Not in the past: who reaps has to come to an end. */
	kchan_msg_due(msg)->expiry = max(expiry, now);
	return 0;
}

/**
 * kchan_transfer_discard_locked - the owner of a message is done with it
 * @ch: the channel
 * @msg: the message; no more the caller's
 * @list: takes it if it is to be freed with no lock held
 *
 * One that is in a slot of the channel is not freed: its slot is.
 */
void kchan_transfer_discard_locked(struct kchan_channel *ch,
				   struct kchan_msg *msg, struct list_head *list)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (kchan_lend_at_home(msg))
		kchan_lend_drop_locked(ch, msg);
	else
		list_add_tail(&msg->entry.node, list);
}

/**
 * kchan_transfer_drain - free all that is queued
 * @ch: a channel to which nobody sends any more
 */
void kchan_transfer_drain(struct kchan_channel *ch)
{
	struct kchan_msg *msg;
	unsigned int n;

	do {
		LIST_HEAD(batch);

		spin_lock(&ch->lock);
		for (n = 0; n < KCHAN_STEP; n++) {
			msg = kchan_pass_first_locked(ch);
			if (!msg)
				break;
			kchan_pass_unqueue_locked(ch, msg);
			kchan_transfer_discard_locked(ch, msg, &batch);
		}
		spin_unlock(&ch->lock);
		kchan_store_recycle_all(ch, &batch);
		cond_resched();
	} while (n);
}
