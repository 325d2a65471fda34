// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: messages that are held
 *
 * A message that is received with HOLD is the endpoint's until the receiver says
 * what becomes of it, or goes. It leaves the queue as any other, and is counted as
 * held from that moment on, so that it takes its room in the channel all the time::
 *
 *	queue -> [receiver's hand] -> endpoint's tree -> verdict
 *	         kchan_hold_count_locked()               kchan_hold_uncount_locked()
 *
 * It is copied out while it is in the receiver's hand, where nobody else finds it. If
 * that fails it goes back from there. Only then it is put into the tree, and can be
 * named in an ACK, by other threads too.
 */
#include <linux/sched/signal.h>

#include "channel.h"
#include "lend.h"
#include "pass.h"
#include "transfer.h"

static struct kchan_msg *held(struct rb_node *node)
{
	return rb_entry_safe(node, struct kchan_msg, entry.rb);
}

/**
 * kchan_hold_full_locked - does the endpoint hold as many as it may?
 * @ep: the endpoint
 */
bool kchan_hold_full_locked(const struct kchan_endpoint *ep)
	__must_hold(&ep->channel->lock)
{
	lockdep_assert_held(&ep->channel->lock);
	return ep->held_max && ep->held_count >= ep->held_max;
}

/**
 * kchan_hold_count_locked - the endpoint holds one more
 * @ep: the endpoint
 * @msg: the message, just taken from the queue
 */
void kchan_hold_count_locked(struct kchan_endpoint *ep,
			     const struct kchan_msg *msg)
	__must_hold(&ep->channel->lock)
{
	struct kchan_channel *ch = ep->channel;

	lockdep_assert_held(&ch->lock);
	ep->held_count++;
	ep->held_bytes += msg->entry.size;
	ch->held_count++;
	ch->held_bytes += msg->entry.size;
	ch->depth_left--;
	ch->bytes_left -= msg->entry.size;
	ch->stats.held_max = max(ch->stats.held_max, ch->held_count);
}

/**
 * kchan_hold_uncount_locked - the endpoint holds one less
 * @ep: the endpoint
 * @msg: the message
 */
void kchan_hold_uncount_locked(struct kchan_endpoint *ep,
			       const struct kchan_msg *msg)
	__must_hold(&ep->channel->lock)
{
	struct kchan_channel *ch = ep->channel;

	lockdep_assert_held(&ch->lock);
	ep->held_count--;
	ep->held_bytes -= msg->entry.size;
	ch->held_count--;
	ch->held_bytes -= msg->entry.size;
	ch->depth_left++;
	ch->bytes_left += msg->entry.size;
}

static bool held_less(struct rb_node *a, const struct rb_node *b)
{
	return held(a)->entry.seq <
	       rb_entry(b, struct kchan_msg, entry.rb)->entry.seq;
}

/**
 * kchan_hold_add_locked - a message that was counted can be named from now on
 * @ep: the endpoint
 * @msg: the message
 */
void kchan_hold_add_locked(struct kchan_endpoint *ep, struct kchan_msg *msg)
	__must_hold(&ep->channel->lock)
{
	lockdep_assert_held(&ep->channel->lock);
	rb_add(&msg->entry.rb, &ep->held, held_less);
}

/**
 * kchan_hold_keep - a message has been copied out and is held
 * @ep: the endpoint
 * @msg: what kchan_transfer_recv() gave
 *
 * Return: 0; -EIDRM: the channel was revoked, and the message freed.
 */
int kchan_hold_keep(struct kchan_endpoint *ep, struct kchan_msg *msg)
{
	struct kchan_channel *ch = ep->channel;

	spin_lock(&ch->lock);
	if (!ch->revoked) {
		kchan_hold_add_locked(ep, msg);
		spin_unlock(&ch->lock);
		return 0;
	}
	kchan_hold_uncount_locked(ep, msg);
	spin_unlock(&ch->lock);
	kchan_store_free(msg);
	return -EIDRM;
}

static struct kchan_msg *find_locked(const struct kchan_endpoint *ep, u64 seq)
	__must_hold(&ep->channel->lock)
{
	struct rb_node *node = ep->held.rb_node;

	lockdep_assert_held(&ep->channel->lock);
	while (node && held(node)->entry.seq != seq)
		node = seq < held(node)->entry.seq ? node->rb_left :
						     node->rb_right;
	return held(node);
}

/* End the holding; what is to be freed goes to @done. */
static void end_locked(struct kchan_endpoint *ep, struct kchan_msg *msg,
		       enum kchan_verdict verdict, struct list_head *done)
	__must_hold(&ep->channel->lock)
{
	struct kchan_channel *ch = ep->channel;

	lockdep_assert_held(&ch->lock);
	rb_erase(&msg->entry.rb, &ep->held);
	kchan_hold_uncount_locked(ep, msg);
	if (msg->slotted && kchan_msg_slot(msg)->holds) {
		kchan_msg_slot(msg)->holds = false;
		kchan_lend_ungive_locked(ep, msg);
	}
	switch (verdict) {
	case KCHAN_VERDICT_ACK:
		ch->events |= KCHAN_ROOM_EVENTS;
		ch->stats.received++;
		ch->stats.received_bytes += msg->entry.size;
		kchan_transfer_discard_locked(ch, msg, done);
		kchan_pass_arm_trim_locked(ch);
		break;
	case KCHAN_VERDICT_BACK:
		kchan_transfer_put_back_locked(ch, msg);
		break;
	case KCHAN_VERDICT_REJECT:
		kchan_reaper_bury_locked(ch, msg, KCHAN_DEAD_REJECTED);
		break;
	}
}

/**
 * kchan_hold_ack_locked - a message is acknowledged by the release of its slot
 * @ep: the endpoint
 * @msg: a message that it has taken and holds; no more the caller's
 */
void kchan_hold_ack_locked(struct kchan_endpoint *ep, struct kchan_msg *msg)
	__must_hold(&ep->channel->lock)
{
	LIST_HEAD(done);

	end_locked(ep, msg, KCHAN_VERDICT_ACK, &done);
	WARN_ON_ONCE(!list_empty(&done));
}

/**
 * kchan_hold_end - end the holding of a message
 * @ep: the endpoint
 * @seq: the message's number
 * @verdict: what becomes of it
 *
 * Return: 0, or -EIDRM or -ENOENT.
 */
int kchan_hold_end(struct kchan_endpoint *ep, u64 seq,
		   enum kchan_verdict verdict)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;
	LIST_HEAD(done);
	int err = 0;

	spin_lock(&ch->lock);
	msg = find_locked(ep, seq);
	if (ch->revoked)
		err = -EIDRM;
	else if (!msg)
		err = -ENOENT;
	else
		end_locked(ep, msg, verdict, &done);
	kchan_transfer_unlock(ch);
	kchan_store_recycle_all(ch, &done);
	return err;
}

/**
 * kchan_hold_end_up_to - end the holding of all messages up to a number
 * @ep: the endpoint
 * @seq: the number
 * @verdict: what becomes of them
 *
 * Return: how many, or -EIDRM.
 */
int kchan_hold_end_up_to(struct kchan_endpoint *ep, u64 seq,
			 enum kchan_verdict verdict)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;
	int n, total = 0;
	bool revoked;

	do {
		LIST_HEAD(done);

		spin_lock(&ch->lock);
		revoked = ch->revoked;
		for (n = 0; n < KCHAN_STEP && !revoked; n++) {
			msg = held(rb_first(&ep->held));
			if (!msg || msg->entry.seq > seq)
				break;
			end_locked(ep, msg, verdict, &done);
		}
		kchan_transfer_unlock(ch);
		kchan_store_recycle_all(ch, &done);
		cond_resched();
		total += n;
	} while (n == KCHAN_STEP && total <= INT_MAX - KCHAN_STEP &&
		 !fatal_signal_pending(current));
	return revoked && !total ? -EIDRM : total;
}

/**
 * kchan_hold_release - put back all that an endpoint holds
 * @ep: an endpoint that nobody uses any more
 *
 * Where the channel is revoked it is freed: kchan_hold_drop() may not have come to it,
 * and will not find it once the endpoint is gone.
 */
void kchan_hold_release(struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;
	unsigned int n;

	/* Nothing is added any more. */
	while (READ_ONCE(ep->held.rb_node)) {
		LIST_HEAD(done);

		spin_lock(&ch->lock);
		for (n = 0; n < KCHAN_STEP && !RB_EMPTY_ROOT(&ep->held); n++)
			end_locked(ep, held(rb_first(&ep->held)),
				   ch->revoked ? KCHAN_VERDICT_ACK :
						 KCHAN_VERDICT_BACK, &done);
		kchan_transfer_unlock(ch);
		kchan_store_recycle_all(ch, &done);
		cond_resched();
	}
}

/*
 * End the holding of a few, or look at a few endpoints, from the one after @serial on,
 * which becomes the last that holds nothing. Return: true if there may be more.
 */
static bool drop_step_locked(struct kchan_channel *ch, u64 *serial,
			     struct list_head *done)
	__must_hold(&ch->lock)
{
	struct kchan_endpoint *ep =
		kchan_channel_member_after_locked(ch, *serial);
	unsigned int n;

	lockdep_assert_held(&ch->lock);
	for (n = 0; ep && n < KCHAN_STEP; n++) {
		if (RB_EMPTY_ROOT(&ep->held)) {
			*serial = ep->serial;
			ep = rb_entry_safe(rb_next(&ep->node),
					   struct kchan_endpoint, node);
		} else {
			end_locked(ep, held(rb_first(&ep->held)),
				   KCHAN_VERDICT_ACK, done);
		}
	}
	return ep && ch->held_count;
}

/**
 * kchan_hold_drop - free all that is held
 * @ch: a channel that is revoked
 */
void kchan_hold_drop(struct kchan_channel *ch)
{
	u64 serial = 0;
	bool more;

	do {
		LIST_HEAD(done);

		spin_lock(&ch->lock);
		more = drop_step_locked(ch, &serial, &done);
		spin_unlock(&ch->lock);
		kchan_store_recycle_all(ch, &done);
		cond_resched();
	} while (more);
}
