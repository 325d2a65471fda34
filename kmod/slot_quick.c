// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the short way of a slot
 *
 * PUBLISH and TAKE where all is plain, in one piece each: the argument is read word by
 * word, the channel's lock is taken once, with the next loan or the release of the last
 * slot included, and nothing is copied to the stack. Where anything is not plain nothing
 * is changed, and the long way begins from the start (pool_ioctl.c, slot.c). The long
 * way alone would do, but takes 2,583 instructions for both, not 1,599.
 *
 * The answer is written under the lock, before anything is changed. So page faults are
 * off meanwhile: a page that is not there, be it that someone sees to it that it comes
 * late, makes the write fail at once, and the long way, which holds no lock then, brings
 * it in. What was written by then are outputs alone.
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

/* Unlock, and serve and tell those who wait or poll: for a message, or for room. */
static __always_inline void unlock_told(struct kchan_channel *ch, bool message)
	__releases(&ch->lock)
{
	if (likely(!(ch->receivers.count | ch->polled))) {
		spin_unlock(&ch->lock);
		return;
	}
	ch->events |= message ? ch->msg_events : KCHAN_ROOM_EVENTS;
	kchan_transfer_unlock(ch);
}

static __always_inline bool publish_get(struct kchan_publish *arg,
					struct kchan_publish __user *uarg)
{
	might_fault();
	if (!user_read_access_begin(uarg, sizeof(*uarg)))
		return false;
	unsafe_get_user(arg->size, &uarg->size, fault);
	unsafe_get_user(arg->flags, &uarg->flags, fault);
	unsafe_get_user(arg->slot, &uarg->slot, fault);
	unsafe_get_user(arg->len, &uarg->len, fault);
	unsafe_get_user(arg->prio, &uarg->prio, fault);
	unsafe_get_user(arg->pool, &uarg->pool, fault);
	unsafe_get_user(arg->tag, &uarg->tag, fault);
	unsafe_get_user(arg->expiry, &uarg->expiry, fault);
	unsafe_get_user(arg->reserved, &uarg->reserved, fault);
	user_read_access_end();
	return arg->size == sizeof(*uarg) && arg->prio <= KCHAN_PRIO_MAX &&
	       !(arg->flags & ~(KCHAN_WAIT_FLAGS | KCHAN_PUBLISH_LOAN)) &&
	       !(arg->expiry | arg->pool | arg->reserved);
fault:
	user_read_access_end();
	return false;
}

static __always_inline bool publish_put(struct kchan_publish __user *uarg,
					u64 seq, u32 next)
{
	bool done = false;

	kchan_pagefault_disable_locked();
	if (user_write_access_begin(uarg, sizeof(*uarg))) {
		unsafe_put_user(seq, &uarg->seq, fault);
		unsafe_put_user(next, &uarg->next, fault);
		done = true;
fault:
		user_write_access_end();
	}
	kchan_pagefault_enable_locked();
	return done;
}

/* Return: false if nothing is done. */
static __always_inline bool publish(struct kchan_endpoint *ep,
				    struct kchan_publish __user *uarg)
{
	struct kchan_publish arg __kchan_uninitialized;
	struct kchan_channel *ch = ep->channel;
	struct kchan_slot *next = NULL;
	struct kchan_msg *msg;
	u64 now, seq;

	if (unlikely(!publish_get(&arg, uarg) || arg.len > ch->attr.msgsize))
		return false;
	now = ktime_get_ns();
	spin_lock(&ch->lock);
	if (unlikely((ch->extras | ch->senders.count) ||
		     !kchan_channel_has_room_locked(ch, arg.len) ||
		     !kchan_queue_accepts(&ch->queue, arg.prio)))
		goto unlock;
	msg = claim_locked(ep, arg.slot, KCHAN_SLOT_LOANED);
	if (unlikely(!msg))
		goto unlock;
	arg.next = KCHAN_SLOT_NONE;
	if (arg.flags & KCHAN_PUBLISH_LOAN) {
		next = ep->lender->free;
		if (unlikely(!next || !next->ready))
			goto unlock;
		arg.next = next->index;
	}
	seq = ch->last_seq + 1;
	if (unlikely(!publish_put(uarg, seq, arg.next)))
		goto unlock;

	kchan_lend_disown_locked(msg);
	if (next) {
		kchan_lend_own_locked(ep, kchan_lend_pop_locked(ep->lender),
				      KCHAN_SLOT_LOANED, now);
	} else {
		ep->loaned--;
		ep->lender->loaned--;
	}
	kchan_store_sign(msg, ep->user, task_tgid(current));
	msg->gid = ep->gid;
	msg->entry.tag = arg.tag;
	msg->entry.prio = arg.prio;
	msg->entry.size = arg.len;
	kchan_pass_note_sent_locked(ch, msg, now, seq);
	kchan_queue_add(&ch->queue, &msg->entry);
	unlock_told(ch, true);
	return true;

unlock:
	spin_unlock(&ch->lock);
	return false;
}

/**
 * kchan_pool_publish - KCHAN_IOC_PUBLISH
 * @file: the endpoint
 * @uarg: struct kchan_publish
 */
long kchan_pool_publish(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;

	if (!static_branch_unlikely(&kchan_traced) &&
	    likely(ep->may_publish && publish(ep, uarg)))
		return 0;
	return kchan_pool_publish_long(file, uarg);
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
	user_read_access_end();
	return arg->size == sizeof(*uarg) && !arg->filter && !arg->value &&
	       !(arg->flags & ~(KCHAN_WAIT_FLAGS | KCHAN_TAKE_FLAGS));
fault:
	user_read_access_end();
	return false;
}

/*
 * What KCHAN_TAKE_BRIEF leaves, of a message that is taken now. @release comes last: it is
 * asked for, too, and the long way, should this fail, is to find it as it was.
 */
static __always_inline bool take_put_brief(struct kchan_take __user *uarg,
					   u32 release, struct kchan_msg *msg)
{
	const struct kchan_slot *slot = kchan_msg_slot(msg);
	bool done = false;

	/* Or gcc spills the address of @release, which it had when that was read. */
	OPTIMIZER_HIDE_VAR(uarg);
	kchan_pagefault_disable_locked();
	if (user_write_access_begin(uarg, sizeof(*uarg))) {
		unsafe_put_user(slot->index, &uarg->slot, fault);
		unsafe_put_user(msg->entry.size, &uarg->len, fault);
		unsafe_put_user(msg->entry.tag, &uarg->tag, fault);
		unsafe_put_user(msg->entry.seq, &uarg->seq, fault);
		unsafe_put_user(release, &uarg->release, fault);
		done = true;
fault:
		user_write_access_end();
	}
	kchan_pagefault_enable_locked();
	return done;
}

/* All that is told of one that neither expires nor has died. */
static __always_inline bool take_put(struct kchan_take __user *uarg, u32 release,
				     struct kchan_msg *msg)
{
	u64 time = kchan_time_to_user(msg->time);
	u32 pid = kchan_current_pid(msg->pid);
	bool done = false;
	u32 uid, gid;

	kchan_current_ids(msg->user->uid, msg->gid, &uid, &gid);
	kchan_pagefault_disable_locked();
	if (user_write_access_begin(uarg, sizeof(*uarg))) {
		/* The end first: a struct of which it is not there stays as it is. */
		unsafe_put_user(0, &uarg->reserved, fault);
		unsafe_put_user(time, &uarg->time, fault);
		unsafe_put_user(msg->entry.prio, &uarg->prio, fault);
		unsafe_put_user(msg->deliveries + 1, &uarg->deliveries, fault);
		unsafe_put_user(pid, &uarg->pid, fault);
		unsafe_put_user(uid, &uarg->uid, fault);
		unsafe_put_user(gid, &uarg->gid, fault);
		unsafe_put_user(0, &uarg->reason, fault);
		unsafe_put_user(0, &uarg->expiry, fault);
		unsafe_put_user(0, &uarg->origin, fault);
		unsafe_put_user(0, &uarg->pool, fault);
		done = true;
fault:
		user_write_access_end();
	}
	kchan_pagefault_enable_locked();
	return done && take_put_brief(uarg, release, msg);
}

/* The slot that the endpoint has taken, if to release it is all there is to do. */
static __always_inline struct kchan_msg *
released_locked(const struct kchan_endpoint *ep, u32 index)
	__must_hold(&ep->channel->lock)
{
	struct kchan_msg *msg = claim_locked(ep, index, KCHAN_SLOT_TAKEN);

	lockdep_assert_held(&ep->channel->lock);
	/* LAST_REF: nobody peeks at it */
	if (unlikely(!msg || kchan_msg_slot(msg)->holds ||
		     !kchan_msg_is_plain(msg) ||
		     atomic_read_acquire(&msg->refs) != 1))
		return NULL;
	return msg;
}

/* Return: false if nothing is done. */
static __always_inline bool take(struct kchan_endpoint *ep,
				 struct kchan_take __user *uarg)
{
	struct kchan_take arg __kchan_uninitialized;
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg, *last = NULL;
	bool told;

	if (unlikely(!take_get(&arg, uarg)))
		return false;
	spin_lock(&ch->lock);
	msg = kchan_pass_first_locked(ch);
	if (unlikely(!msg || (ch->extras | ch->senders.count) ||
		     !kchan_msg_is_plain(msg) || !kchan_lend_owns(ep, msg) ||
		     !kchan_pass_is_counted(msg)))
		goto unlock;
	if (arg.flags & KCHAN_TAKE_RELEASE) {
		if (arg.release != KCHAN_SLOT_NONE) {
			last = released_locked(ep, arg.release);
			if (unlikely(!last))
				goto unlock;
		}
		arg.release = KCHAN_SLOT_NONE;
	} else if (unlikely(arg.release)) {
		goto unlock;
	}
	told = arg.flags & KCHAN_TAKE_BRIEF ?
		take_put_brief(uarg, arg.release, msg) :
		take_put(uarg, arg.release, msg);
	if (unlikely(!told))
		goto unlock;

	kchan_pass_note_peak_locked(ch);
	if (last) {
		kchan_lend_disown_locked(last);
		last->deliveries = 0;
		kchan_lend_push_locked(ep->lender, kchan_msg_slot(last));
	} else {
		ep->taken++;
		ep->lender->taken++;
	}
	kchan_queue_del(&ch->queue, &msg->entry);
	msg->deliveries++;
	ch->stats.received++;
	ch->stats.received_bytes += msg->entry.size;
	kchan_pass_note_left_locked(ch, msg, task_tgid(current));
	kchan_lend_own_locked(ep, msg, KCHAN_SLOT_TAKEN, ch->stats.recv_time);
	unlock_told(ch, false);
	return true;

unlock:
	spin_unlock(&ch->lock);
	return false;
}

/**
 * kchan_pool_take - KCHAN_IOC_TAKE
 * @file: the endpoint
 * @uarg: struct kchan_take
 */
long kchan_pool_take(struct file *file, void __user *uarg)
{
	struct kchan_endpoint *ep = file->private_data;

	if (!static_branch_unlikely(&kchan_traced) &&
	    likely(ep->may_take && take(ep, uarg)))
		return 0;
	return kchan_pool_take_long(file, uarg);
}
