// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the short way of a slot
 *
 * PUBLISH and TAKE where all is plain, in one piece each: the argument is read word by
 * word, the channel's lock is taken once, with the next loan or the release of the last
 * slot included, and nothing is on the stack. Where anything is not plain they change
 * nothing and say so, and the long way begins from the start (pool_ioctl.c, slot.c).
 * The long way alone would do, but takes 2,780 instructions for both, not 1,880.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "endpoint.h"
#include "lend.h"
#include "pass.h"
#include "slot.h"

/* The message of a slot that the endpoint has in a state, or NULL. */
static __always_inline struct kchan_msg *
claim_locked(const struct kchan_endpoint *ep, u32 index,
	     enum kchan_slot_state state)
	__must_hold(&ep->channel->lock)
{
	const struct kchan_lender *lender = ep->lender;
	struct kchan_msg *msg;

	lockdep_assert_held(&ep->channel->lock);
	if (unlikely(index >= lender->pool.slots))
		return NULL;
	msg = lender->msgs[array_index_nospec(index, lender->pool.slots)];
	if (unlikely(!msg || kchan_msg_slot(msg)->owner != ep ||
		     kchan_msg_slot(msg)->state != state))
		return NULL;
	return msg;
}

/* Loan the next slot, if it can be loaned as it is. */
static __always_inline struct kchan_msg *
next_locked(struct kchan_endpoint *ep, u64 now)
	__must_hold(&ep->channel->lock)
{
	struct kchan_slot *slot = ep->lender->free;
	struct kchan_msg *msg;

	lockdep_assert_held(&ep->channel->lock);
	if (unlikely(!slot || !slot->ready))
		return NULL;
	msg = kchan_lend_pop_locked(ep->lender);
	kchan_lend_own_locked(ep, msg, KCHAN_SLOT_LOANED, now);
	return msg;
}

static __always_inline bool publish_put(struct kchan_publish __user *uarg,
					u64 seq, u32 next)
{
	might_fault();
	if (!user_write_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_put_user(seq, &uarg->seq, fault);
	unsafe_put_user(next, &uarg->next, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/**
 * kchan_quick_publish - KCHAN_IOC_PUBLISH where all is plain
 * @ep: an endpoint that is open for writing, of a channel with a pool
 * @uarg: the argument
 *
 * Return: true if it is done, false if nothing is.
 */
bool kchan_quick_publish(struct kchan_endpoint *ep,
			 struct kchan_publish __user *uarg)
{
	u32 size, flags, index, len, prio, pool, next_index, reserved;
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg, *next = NULL;
	u64 tag, expiry, seq, now;

	might_fault();
	/* The outputs are tried: once the message is sent nothing may fail. */
	if (!user_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_get_user(size, &uarg->size, fault);
	unsafe_get_user(flags, &uarg->flags, fault);
	unsafe_get_user(index, &uarg->slot, fault);
	unsafe_get_user(len, &uarg->len, fault);
	unsafe_get_user(prio, &uarg->prio, fault);
	unsafe_get_user(pool, &uarg->pool, fault);
	unsafe_get_user(tag, &uarg->tag, fault);
	unsafe_get_user(expiry, &uarg->expiry, fault);
	unsafe_get_user(seq, &uarg->seq, fault);
	unsafe_get_user(next_index, &uarg->next, fault);
	unsafe_get_user(reserved, &uarg->reserved, fault);
	unsafe_put_user(seq, &uarg->seq, fault);
	unsafe_put_user(next_index, &uarg->next, fault);
	user_access_end();
	if (unlikely(size != sizeof(*uarg) || prio > KCHAN_PRIO_MAX || expiry ||
		     (flags & ~(KCHAN_WAIT_FLAGS | KCHAN_PUBLISH_LOAN)) ||
		     pool || reserved || len > ch->attr.msgsize || ch->attr.ttl))
		return false;

	now = ktime_get_ns();
	spin_lock(&ch->lock);
	if (unlikely(ch->extras || ch->senders.count ||
		     !kchan_channel_has_room_locked(ch, len) ||
		     !kchan_queue_accepts(&ch->queue, prio)))
		goto unlock;
	msg = claim_locked(ep, index, KCHAN_SLOT_LOANED);
	if (unlikely(!msg))
		goto unlock;
	next_index = KCHAN_SLOT_NONE;
	if (flags & KCHAN_PUBLISH_LOAN) {
		next = next_locked(ep, now);
		if (unlikely(!next))
			goto unlock;
		next_index = kchan_msg_slot(next)->index;
	} else {
		ep->loaned--;
		ep->lender->loaned--;
	}
	kchan_lend_disown_locked(msg);
	msg->entry.size = len;
	msg->entry.tag = tag;
	msg->entry.prio = prio;
	msg->gid = ep->gid;
	kchan_pass_note_sender(msg, ep->user, task_tgid(current));
	kchan_pass_enqueue_locked(ch, msg, now, &seq, true);
	kchan_pass_unlock(ch);

	if (likely(publish_put(uarg, seq, next_index)))
		return true;
	/* Nobody knows of it. */
	if (next)
		kchan_slot_release(ep, next_index);
	return true;

unlock:
	spin_unlock(&ch->lock);
	return false;
fault:
	user_access_end();
	return false;
}

static __always_inline bool take_get(struct kchan_take *arg,
				     struct kchan_take __user *uarg)
{
	might_fault();
	if (!user_read_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_get_user(arg->size, &uarg->size, fault);
	unsafe_get_user(arg->flags, &uarg->flags, fault);
	unsafe_get_user(arg->release, &uarg->release, fault);
	unsafe_get_user(arg->filter, &uarg->filter, fault);
	unsafe_get_user(arg->value, &uarg->value, fault);
	/* If it ends before the struct does, we know before anything is done. */
	unsafe_get_user(arg->reserved, &uarg->reserved, fault);
	user_read_access_end();
	return arg->size == sizeof(*uarg) && !arg->filter && !arg->value &&
	       !(arg->flags & ~(KCHAN_WAIT_FLAGS | KCHAN_TAKE_RELEASE)) &&
	       ((arg->flags & KCHAN_TAKE_RELEASE) || !arg->release);
fault:
	user_read_access_end();
	return false;
}

static __always_inline bool take_put(struct kchan_take __user *uarg,
				     const struct kchan_take *arg)
{
	might_fault();
	if (!user_write_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_put_user(arg->release, &uarg->release, fault);
	unsafe_put_user(arg->slot, &uarg->slot, fault);
	unsafe_put_user(arg->len, &uarg->len, fault);
	unsafe_put_user(arg->tag, &uarg->tag, fault);
	unsafe_put_user(arg->seq, &uarg->seq, fault);
	unsafe_put_user(arg->time, &uarg->time, fault);
	unsafe_put_user(arg->prio, &uarg->prio, fault);
	unsafe_put_user(arg->deliveries, &uarg->deliveries, fault);
	unsafe_put_user(arg->pid, &uarg->pid, fault);
	unsafe_put_user(arg->uid, &uarg->uid, fault);
	unsafe_put_user(arg->gid, &uarg->gid, fault);
	unsafe_put_user(arg->reason, &uarg->reason, fault);
	unsafe_put_user(arg->expiry, &uarg->expiry, fault);
	unsafe_put_user(arg->origin, &uarg->origin, fault);
	unsafe_put_user(arg->pool, &uarg->pool, fault);
	unsafe_put_user(arg->reserved, &uarg->reserved, fault);
	user_write_access_end();
	return true;
fault:
	user_write_access_end();
	return false;
}

/* Release the slot that the endpoint has taken, if that is all there is to do. */
static __always_inline bool release_locked(struct kchan_endpoint *ep, u32 index)
	__must_hold(&ep->channel->lock)
{
	struct kchan_msg *msg = claim_locked(ep, index, KCHAN_SLOT_TAKEN);

	lockdep_assert_held(&ep->channel->lock);
	if (unlikely(!msg || kchan_msg_slot(msg)->holds))
		return false;
	kchan_lend_disown_locked(msg);
	kchan_lend_drop_locked(ep->channel, msg);
	return true;
}

/**
 * kchan_quick_take - KCHAN_IOC_TAKE where all is plain
 * @ep: an endpoint that is open for reading, of a channel with a pool
 * @uarg: the argument
 *
 * Return: 1 if it is done, 0 if nothing is, or -EFAULT.
 */
int kchan_quick_take(struct kchan_endpoint *ep, struct kchan_take __user *uarg)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_take arg;
	struct kchan_msg *msg;
	u64 now;

	if (unlikely(!take_get(&arg, uarg) || ch->attr.recv_copy))
		return 0;
	now = ktime_get_ns();
	spin_lock(&ch->lock);
	msg = kchan_pass_first_locked(ch);
	if (unlikely(!msg || ch->extras || msg->due || msg->reason ||
		     !kchan_lend_owns(ep, msg)))
		goto unlock;
	if (!(arg.flags & KCHAN_TAKE_RELEASE) ||
	    arg.release == KCHAN_SLOT_NONE) {
		ep->taken++;
		ep->lender->taken++;
	} else if (unlikely(!release_locked(ep, arg.release))) {
		goto unlock;
	}
	kchan_pass_dequeue_locked(ch, msg, now, task_tgid(current), NULL);
	kchan_lend_own_locked(ep, msg, KCHAN_SLOT_TAKEN, now);
	if (arg.flags & KCHAN_TAKE_RELEASE)
		arg.release = KCHAN_SLOT_NONE;
	/* Now: from here on another thread may release it. */
	kchan_slot_describe(&arg, msg, true);
	kchan_pass_unlock(ch);
	if (likely(take_put(uarg, &arg)))
		return 1;
	kchan_slot_untake(ep, arg.slot, arg.seq, false);
	return -EFAULT;

unlock:
	spin_unlock(&ch->lock);
	return 0;
}
