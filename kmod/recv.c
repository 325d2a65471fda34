// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: receiving
 *
 * The first message is taken at once where there is one and nothing more is asked
 * (kchan_pass_recv()). Otherwise the receiver looks for what it wants and waits, and is
 * served by who brings it (DOC: the way of a message).
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "channel.h"
#include "pass.h"
#include "transfer.h"

/* Give a receiver what it wants. Return: 0; -EAGAIN: there is none; or an error. */
static int take_locked(struct kchan_channel *ch, struct kchan_waiter *waiter)
	__must_hold(&ch->lock)
{
	struct kchan_msg *msg;

	lockdep_assert_held(&ch->lock);
	if (ch->revoked)
		return -EIDRM;
	if (waiter->holder && kchan_hold_full_locked(waiter->holder))
		return -EBUSY;
	msg = kchan_select_locked(ch, &waiter->filter);
	if (ch->revoked)
		return -EIDRM;
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return msg ? kchan_transfer_hand_over_locked(ch, waiter, msg) : -EAGAIN;
}

/*
 * A filter may have looked at the queue in steps: look for what came meanwhile, now
 * that all that comes is offered to the waiter.
 */
static void look_again_locked(struct kchan_channel *ch,
			      struct kchan_waiter *waiter)
	__must_hold(&ch->lock)
{
	struct kchan_msg *msg = kchan_select_locked(ch, &waiter->filter);
	int status = PTR_ERR_OR_ZERO(msg);

	lockdep_assert_held(&ch->lock);
	if (!msg || ch->revoked || waiter->done || waiter->served)
		return;
	if (!status)
		status = kchan_transfer_hand_over_locked(ch, waiter, msg);
	kchan_wait_serve(&ch->receivers, waiter, status);
}

static __always_inline int recv_wait(struct kchan_channel *ch,
				     struct kchan_waiter *waiter, u64 seen,
				     const struct kchan_patience *patience)
	__releases(&ch->lock)
{
	waiter->need_peer = patience->need_peer;
	kchan_wait_begin(&ch->receivers, waiter);
	trace_kchan_wait(ch, KCHAN_TRACE_RECV);
	if (waiter->filter.kind) {
		ch->extras |= KCHAN_EXTRA_FILTERS;
		if (ch->arrivals != seen)
			look_again_locked(ch, waiter);
	}
	/* That one more waits changes nothing for the others. */
	if (likely(!ch->extras && !ch->events))
		spin_unlock(&ch->lock);
	else
		kchan_transfer_unlock(ch);
	return kchan_transfer_wait_end(ch, &ch->receivers, waiter, patience);
}

static __always_inline struct kchan_msg *recv_once(struct kchan_endpoint *ep,
				   struct kchan_want *want,
				   const struct kchan_patience *patience)
	__releases(&ep->channel->lock)
{
	struct kchan_waiter waiter = {
		.capacity = want->capacity,
		.filter = want->filter,
		.holder = want->hold ? ep : NULL,
		.taker = want->take ? ep : NULL,
		.account = &ep->waiting,
	};
	struct kchan_channel *ch = ep->channel;
	u64 seen = ch->arrivals;
	int err = -EAGAIN;
	bool waits;

	/* Else there is nothing to take, nor to be seen to before. */
	if (ch->queue.count || ch->extras || want->hold) {
		waiter.pid = task_tgid(current);
		kchan_reaper_reap_all_locked(ch);
		seen = ch->arrivals;
		err = take_locked(ch, &waiter);
	}
	waits = err == -EAGAIN;
	if (waits) {
		err = kchan_may_wait(patience, ch->nr_senders);
		waits = !err;
	}
	if (waits)
		err = recv_wait(ch, &waiter, seen, patience);
	else
		kchan_transfer_unlock(ch);
	want->capacity = waiter.capacity;
	if (err)
		return ERR_PTR(err);
	/* Chosen, but killed meanwhile: the next in line gets it. */
	if (waits && fatal_signal_pending(current)) {
		kchan_transfer_return(ep, waiter.msg, want->hold);
		return ERR_PTR(-ERESTARTSYS);
	}
	return waiter.msg;
}

static __always_inline struct kchan_msg *
recv_unexpired(struct kchan_endpoint *ep, struct kchan_want *want,
	       const struct kchan_patience *patience)
{
	struct kchan_msg *msg;

	for (;;) {
		spin_lock(&ep->channel->lock);
		msg = recv_once(ep, want, patience);
		if (IS_ERR(msg) || !kchan_msg_expired(msg))
			return msg;
		/* We were too slow to wake up. */
		kchan_transfer_return(ep, msg, want->hold);
	}
}

/**
 * kchan_transfer_recv - take a message, waiting for one if need be
 * @ep: the receiving endpoint
 * @want: what is wanted
 * @patience: how long to wait
 *
 * Return: the message, or an error of KCHAN_IOC_RECV. The message is for
 * kchan_transfer_return(), or else kchan_store_recycle(), or if it is to be held,
 * kchan_hold_keep().
 */
struct kchan_msg *kchan_transfer_recv(struct kchan_endpoint *ep,
				      struct kchan_want *want,
				      const struct kchan_patience *patience)
{
	if (patience->nonblock && !patience->need_peer && !want->hold &&
	    kchan_transfer_empty(ep->channel))
		return ERR_PTR(-EAGAIN);
	return recv_unexpired(ep, want, patience);
}

/**
 * kchan_transfer_recv_first - kchan_transfer_recv() of the first message, however long it
 * takes
 * @ep: the receiving endpoint
 * @capacity: payload bytes that fit
 *
 * The same, but that the compiler knows what is not asked for.
 */
struct kchan_msg *kchan_transfer_recv_first(struct kchan_endpoint *ep, u32 capacity)
{
	static const struct kchan_patience endless;
	struct kchan_want want = { .capacity = capacity };

	return recv_unexpired(ep, &want, &endless);
}

/**
 * kchan_transfer_return - a message could not be given to its receiver
 * @ep: the receiving endpoint
 * @msg: what kchan_transfer_recv() gave
 * @hold: it was to be held
 */
void kchan_transfer_return(struct kchan_endpoint *ep, struct kchan_msg *msg,
			   bool hold)
{
	struct kchan_channel *ch = ep->channel;
	bool revoked;

	spin_lock(&ch->lock);
	if (hold) {
		kchan_hold_uncount_locked(ep, msg);
	} else {
		ch->stats.received--;
		ch->stats.received_bytes -= msg->entry.size;
	}
	revoked = ch->revoked;
	if (!revoked)
		kchan_transfer_put_back_locked(ch, msg);
	kchan_transfer_unlock(ch);
	if (revoked)
		kchan_store_free(msg);
}

/**
 * kchan_transfer_unreceive - messages were not received after all
 * @ch: the channel
 * @run: what has just been taken from the queue for a receiver
 * @count: how many, one at least
 *
 * They are where they were, as if they had never left.
 */
void kchan_transfer_unreceive(struct kchan_channel *ch, struct kchan_entry **run,
			      u32 count)
{
	LIST_HEAD(dead);
	u32 i;

	spin_lock(&ch->lock);
	for (i = 0; i < count; i++) {
		struct kchan_msg *msg = container_of(run[i], struct kchan_msg,
						     entry);

		ch->stats.received--;
		ch->stats.received_bytes -= msg->entry.size;
		msg->deliveries -= kchan_pass_is_counted(msg);
		if (ch->revoked)
			list_add_tail(&msg->entry.node, &dead);
		else
			kchan_transfer_requeue_locked(ch, msg, true);
	}
	kchan_transfer_unlock(ch);
	kchan_store_recycle_all(ch, &dead);
}
