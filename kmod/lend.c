// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: lending slots
 *
 * A slot has a message of its own from its first loan on, and is where that is: free,
 * in the hand of a call, an endpoint's, or wherever messages go. So nothing is
 * allocated to send in a slot, and what goes for messages goes for slots::
 *
 *	free -> [loaner's hand] -> loaned -> [publisher's hand] -> queue
 *	  ^                          |                               |
 *	  |                          v                               v
 *	  +---- kchan_lend_drop_locked() <----- taken <------ [taker's hand]
 *	                                        held, garbage, reader's hand
 *
 * All changes of hands are made under the channel's lock, and what an endpoint has is
 * in its lists. The numbers that user space gives are looked up there and nowhere else.
 *
 * Only a dead message leaves the channel. It is *away* then: it refers to the
 * lender, which so outlives the channel, and finds the way home by @home, if that is
 * still there. No dead-letter channel has one itself, so whoever brings a slot home
 * meets no others that are away, and @home_lock is not taken twice.
 *
 * An endpoint has a reference, too: whoever uses one may use the lender. A channel that
 * is retired gives its own back; then the memory goes with the last endpoint or dead
 * message, and is not kept by those who have a path to the inode.
 *
 * Where a channel drops messages to make room, a slot is had by dropping one, if that
 * sets its slot free. That is done for who needs one, not for a loan that is made in
 * passing: it would drop what was sent a moment ago.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "channel.h"
#include "event.h"
#include "lend.h"
#include "trace.h"
#include "transfer.h"

static unsigned long lender_charge(u32 slots, u32 slot_size)
{
	return (unsigned long)slots * (slot_size + KCHAN_SLOT_OVERHEAD);
}

/**
 * kchan_lender_new - make the pool of a channel
 * @ch: a channel whose attributes say that it has one
 *
 * Charged to its creator. May sleep. Return: the lender, or an error.
 */
struct kchan_lender *kchan_lender_new(struct kchan_channel *ch)
{
	const struct kchan_attr *attr = &ch->attr;
	unsigned long charge = lender_charge(attr->slots, attr->slot_size);
	struct kchan_lender *lender;
	int err = -ENOMEM;

	if (!kchan_charge(&ch->creator->pool_bytes, charge,
			  kchan_limit(&ch->ns->limits, max_pool_bytes_user)))
		return ERR_PTR(-EDQUOT);
	lender = kzalloc(sizeof(*lender), GFP_KERNEL_ACCOUNT);
	if (!lender)
		goto uncharge;
	lender->msgs = kvcalloc(attr->slots, sizeof(*lender->msgs),
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!lender->msgs)
		goto free;
	err = kchan_pool_make(&lender->pool, attr->slots, attr->slot_size);
	if (err)
		goto free_msgs;
	refcount_set(&lender->ref, 1);
	lender->zero = attr->zero_slots;
	lender->user = kchan_user_get(ch->creator);
	mutex_init(&lender->home_lock);
	lender->home = ch;
	kchan_waitq_init(&lender->loaners);
	return lender;

free_msgs:
	kvfree(lender->msgs);
free:
	kfree(lender);
uncharge:
	kchan_uncharge(&ch->creator->pool_bytes, charge);
	return ERR_PTR(err);
}

static void lender_free(struct kchan_lender *lender)
{
	const struct kchan_pool *pool = &lender->pool;
	struct kchan_msg *msg;
	u32 i;

	for (i = 0; i < lender->fresh; i++) {
		msg = lender->msgs[i];
		kchan_user_put(msg->user);
		put_pid(msg->pid);
		kchan_msg_free(msg);
		cond_resched();
	}
	WARN_ON_ONCE(lender->loaned || lender->taken || lender->loaners.count);
	kvfree(lender->msgs);
	kchan_uncharge(&lender->user->pool_bytes,
		       lender_charge(pool->slots, pool->slot_size));
	kchan_user_put(lender->user);
	kchan_pool_unmake(&lender->pool);
	kfree(lender);
}

/**
 * kchan_lender_put - give up a reference
 * @lender: the lender, or NULL
 *
 * May sleep.
 */
void kchan_lender_put(struct kchan_lender *lender)
{
	if (lender && refcount_dec_and_test(&lender->ref))
		lender_free(lender);
}

/**
 * kchan_lender_retire - the channel needs its pool no more
 * @ch: a channel that is empty, and in which nobody can do anything
 *
 * What endpoints still have they give back when they end.
 */
void kchan_lender_retire(struct kchan_channel *ch)
{
	struct kchan_lender *lender;

	spin_lock(&ch->lock);
	lender = ch->lender;
	ch->lender = NULL;
	ch->extras &= ~KCHAN_EXTRA_LOANERS;
	spin_unlock(&ch->lock);
	if (!lender)
		return;
	mutex_lock(&lender->home_lock);
	lender->home = NULL;
	mutex_unlock(&lender->home_lock);
	kchan_lender_put(lender);
}

/**
 * kchan_lend_return - kchan_lend_drop_locked() by one who holds no lock
 * @msg: a message in a slot, with no reference but the caller's
 */
void kchan_lend_return(struct kchan_msg *msg)
{
	struct kchan_lender *lender = kchan_msg_slot(msg)->lender;
	bool away = kchan_msg_slot(msg)->away;
	struct kchan_channel *ch;

	mutex_lock(&lender->home_lock);
	ch = lender->home;
	if (ch) {
		spin_lock(&ch->lock);
		atomic_set(&msg->refs, 1);
		kchan_lend_drop_locked(ch, msg);
		kchan_transfer_unlock(ch);
	}
	mutex_unlock(&lender->home_lock);
	if (away)
		kchan_lender_put(lender);
}

/**
 * kchan_lend_peeked - somebody looks at a message no more
 * @ch: the channel
 *
 * It may be one that could be dropped, but for that.
 */
void kchan_lend_peeked(struct kchan_channel *ch)
{
	if (!ch->attr.slots || ch->attr.overflow != KCHAN_OVERFLOW_DROP)
		return;
	spin_lock(&ch->lock);
	ch->events |= EPOLLOUT | EPOLLWRNORM;
	kchan_transfer_unlock(ch);
}

/**
 * kchan_lend_leave_locked - a message is about to leave its channel
 * @msg: a message in a slot of the channel, whose lock is held
 */
void kchan_lend_leave_locked(struct kchan_msg *msg)
{
	kchan_msg_slot(msg)->away = true;
	kchan_lender_get(kchan_msg_slot(msg)->lender);
}

/*
 * Use a slot for the first time. Drops the lock.
 * Return: its message, NULL if others were faster, or -ENOMEM.
 */
static struct kchan_msg *fresh_locked(struct kchan_channel *ch,
				      struct kchan_lender *lender)
	__must_hold(&ch->lock)
{
	struct mem_cgroup *saved;
	struct kchan_msg *msg;

	lockdep_assert_held(&ch->lock);
	spin_unlock(&ch->lock);
	saved = set_active_memcg(lender->pool.memcg);
	msg = kchan_msg_new_slotted();
	set_active_memcg(saved);
	spin_lock(&ch->lock);
	if (!msg)
		return ERR_PTR(-ENOMEM);
	if (lender->fresh == lender->pool.slots) {
		kchan_msg_free(msg);
		return NULL;
	}
	kchan_msg_slot(msg)->lender = lender;
	kchan_msg_slot(msg)->index = lender->fresh;
	lender->msgs[lender->fresh++] = msg;
	return msg;
}

/*
 * A slot, if one is free and nobody waits for it. May drop the lock.
 * Return: its message, NULL, -EIDRM or -ENOMEM.
 */
static struct kchan_msg *free_locked(struct kchan_channel *ch,
				     struct kchan_lender *lender)
	__must_hold(&ch->lock)
{
	struct kchan_msg *msg = NULL;

	lockdep_assert_held(&ch->lock);
	while (!msg) {
		if (ch->revoked)
			return ERR_PTR(-EIDRM);
		if (lender->loaners.count)
			return NULL;
		if (lender->free)
			return kchan_lend_pop_locked(lender);
		if (lender->fresh == lender->pool.slots)
			return NULL;
		msg = fresh_locked(ch, lender);
	}
	return msg;
}

/**
 * kchan_lend_victim_locked - is there a message that may be dropped for its slot?
 * @ch: a channel with a pool
 * @prio: worth no more than one of this priority
 *
 * Not if the slot would go to a dead-letter channel, or is not of this channel, or
 * somebody looks at the message: it would not be free.
 */
bool kchan_lend_victim_locked(struct kchan_channel *ch, u16 prio)
	__must_hold(&ch->lock)
{
	struct kchan_entry *least;
	struct kchan_msg *msg;

	lockdep_assert_held(&ch->lock);
	if (ch->attr.overflow != KCHAN_OVERFLOW_DROP || ch->attr.dead_letter)
		return false;
	least = kchan_queue_least(&ch->queue);
	if (!least || least->prio > prio)
		return false;
	msg = container_of(least, struct kchan_msg, entry);
	return kchan_lend_at_home(msg) && atomic_read_acquire(&msg->refs) == 1;
}

/* There is no free slot: do what the channel's overflow says. */
static struct kchan_msg *overflow_locked(struct kchan_channel *ch,
					 struct kchan_lender *lender, u16 prio)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (ch->attr.overflow == KCHAN_OVERFLOW_REJECT) {
		ch->stats.rejected++;
		return ERR_PTR(-ENOSPC);
	}
	if (lender->loaners.count || !kchan_lend_victim_locked(ch, prio))
		return ERR_PTR(-EAGAIN);
	kchan_transfer_drop_least_locked(ch);
	return kchan_lend_pop_locked(lender);
}

/* Wait for a slot. Return: its message, in the caller's hand, or an error. */
static struct kchan_msg *slot_wait(struct kchan_endpoint *ep,
				   struct kchan_waiter *waiter,
				   const struct kchan_patience *patience)
{
	int err;

	err = kchan_transfer_wait_end(ep->channel, &ep->lender->loaners, waiter,
				      patience);
	if (err)
		return ERR_PTR(err);
	/* Chosen, but killed meanwhile: the next in line gets it. */
	if (fatal_signal_pending(current)) {
		kchan_lend_return(waiter->msg);
		return ERR_PTR(-ERESTARTSYS);
	}
	return waiter->msg;
}

/**
 * kchan_lend_slot - get hold of a slot, waiting for one if need be
 * @ep: the endpoint
 * @prio: what is worth no more may be dropped, if the channel's overflow says so
 * @patience: how long to wait, or NULL: not at all
 *
 * Return: its message, in the caller's hand, or an error of KCHAN_IOC_LOAN.
 */
struct kchan_msg *kchan_lend_slot(struct kchan_endpoint *ep, u16 prio,
				  const struct kchan_patience *patience)
{
	struct kchan_waiter waiter = { .account = &ep->waiting };
	struct kchan_lender *lender = ep->lender;
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;
	bool waits = false, drops = ch->attr.overflow == KCHAN_OVERFLOW_DROP;
	u64 full = 0;
	int err;

	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	msg = free_locked(ch, lender);
	if (!msg)
		msg = overflow_locked(ch, lender, prio);
	err = PTR_ERR_OR_ZERO(msg);
	if (!drops && (err == -EAGAIN || err == -ENOSPC))
		full = kchan_transfer_note_full_locked(ch);
	if (patience && err == -EAGAIN) {
		err = kchan_may_wait(patience, ch->nr_receivers);
		waits = !err;
	}
	if (waits) {
		waiter.need_peer = patience->need_peer;
		kchan_wait_begin(&lender->loaners, &waiter);
		trace_kchan_wait(ch, KCHAN_TRACE_LOAN);
		ch->extras |= KCHAN_EXTRA_LOANERS;
	}
	kchan_transfer_unlock(ch);
	if (full)
		kchan_event(ch->inode, KCHAN_EVENT_FULL, full);
	if (waits)
		return slot_wait(ep, &waiter, patience);
	return err ? ERR_PTR(err) : msg;
}

/**
 * kchan_lend_serve_locked - give a slot to a call that waits for one
 * @ch: a channel with a lender
 * @wakes: takes whom to wake
 *
 * What waits may have messages dropped for it: others do not wait for that.
 * Return: false if there is none to be given.
 */
bool kchan_lend_serve_locked(struct kchan_channel *ch, struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_lender *lender = ch->lender;
	struct kchan_waiter *waiter = kchan_waitq_first(&lender->loaners);

	lockdep_assert_held(&ch->lock);
	if (!waiter) {
		ch->extras &= ~KCHAN_EXTRA_LOANERS;
		return false;
	}
	if (ch->revoked)
		return false;
	if (!lender->free && kchan_lend_victim_locked(ch, KCHAN_PRIO_MAX))
		kchan_transfer_drop_least_locked(ch);
	if (!lender->free)
		return false;
	waiter->msg = kchan_lend_pop_locked(lender);
	kchan_wait_complete(&lender->loaners, waiter, 0, wakes);
	return true;
}

/* See to it that a slot has memory, and is the endpoint's. */
static int loan(struct kchan_endpoint *ep, struct kchan_msg *msg, u32 *index)
{
	struct kchan_slot *slot = kchan_msg_slot(msg);
	struct kchan_lender *lender = ep->lender;
	struct kchan_channel *ch = ep->channel;
	int err = 0;

	if (!slot->ready)
		err = kchan_pool_fill(&lender->pool, slot->index, lender->zero);
	if (err)
		goto give_up;
	slot->ready = !lender->zero;
	spin_lock(&ch->lock);
	if (ch->revoked) {
		err = -EIDRM;
	} else {
		kchan_lend_give_locked(ep, msg, KCHAN_SLOT_LOANED,
				       ktime_get_ns());
		trace_kchan_loan(ch, slot->index);
	}
	spin_unlock(&ch->lock);
	if (err)
		goto give_up;
	*index = slot->index;
	return 0;

give_up:
	kchan_lend_return(msg);
	return err;
}

/**
 * kchan_lend_loan - loan a slot, waiting for one if need be
 * @ep: the endpoint
 * @patience: how long to wait
 * @index: takes its number
 *
 * Return: 0, or an error of KCHAN_IOC_LOAN.
 */
int kchan_lend_loan(struct kchan_endpoint *ep,
		    const struct kchan_patience *patience, u32 *index)
{
	struct kchan_msg *msg = kchan_lend_slot(ep, KCHAN_PRIO_MAX, patience);

	return IS_ERR(msg) ? PTR_ERR(msg) : loan(ep, msg, index);
}

/**
 * kchan_lend_loan_free - loan a slot if one is free
 * @ep: the endpoint
 * @index: takes its number
 *
 * Drops no message for it, and if there is none, that is no loss: it is not counted.
 * Return: 0, or an error of KCHAN_IOC_LOAN.
 */
int kchan_lend_loan_free(struct kchan_endpoint *ep, u32 *index)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	spin_lock(&ch->lock);
	msg = free_locked(ch, ep->lender);
	spin_unlock(&ch->lock);
	if (!msg)
		return -EAGAIN;
	return IS_ERR(msg) ? PTR_ERR(msg) : loan(ep, msg, index);
}

/* A slot that the endpoint has, or NULL. */
static struct kchan_slot *any_locked(struct kchan_endpoint *ep)
	__must_hold(&ep->channel->lock)
{
	struct list_head *slots = ep->loaned ? &ep->loans : &ep->takes;

	lockdep_assert_held(&ep->channel->lock);
	return list_first_entry_or_null(slots, struct kchan_slot, node);
}

/**
 * kchan_lend_end - give back all slots that an endpoint has
 * @ep: an endpoint that nobody uses any more, and that holds no messages
 */
void kchan_lend_end(struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_slot *slot;
	unsigned int n = 1;

	while (ep->lender && n) {
		spin_lock(&ch->lock);
		for (n = 0; n < KCHAN_STEP; n++) {
			slot = any_locked(ep);
			if (!slot)
				break;
			trace_kchan_release(ch, slot->index);
			kchan_lend_ungive_locked(ep, kchan_slot_msg(slot));
			kchan_lend_drop_locked(ch, kchan_slot_msg(slot));
		}
		kchan_transfer_unlock(ch);
		cond_resched();
	}
}

/**
 * kchan_lend_copy_in - fill a message's slot from user memory
 * @msg: the message, in the caller's hand
 * @from: as many bytes as it has
 *
 * Return: 0, -EFAULT, -ENOMEM or -EIO.
 */
int kchan_lend_copy_in(struct kchan_msg *msg, struct iov_iter *from)
{
	struct kchan_slot *slot = kchan_msg_slot(msg);

	return kchan_pool_copy_in(&slot->lender->pool, slot->index,
				  msg->entry.size, from);
}

/**
 * kchan_lend_copy_out - write a message's slot to user memory
 * @msg: the message, in the caller's hand, or one that he peeks at
 * @to: room for as many bytes as it has
 *
 * Return: 0, -EFAULT, -ENOMEM or -EIO.
 */
int kchan_lend_copy_out(struct kchan_msg *msg, struct iov_iter *to)
{
	struct kchan_slot *slot = kchan_msg_slot(msg);

	return kchan_pool_copy_out(&slot->lender->pool, slot->index,
				   msg->entry.size, to);
}
