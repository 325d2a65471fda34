/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_LEND_H
#define _KCHAN_LEND_H

#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/refcount.h>

#include "channel.h"
#include "pool.h"

struct kchan_patience;

/**
 * struct kchan_lender - what lends the slots of a channel's pool
 * @ref: the channel until it is retired, its endpoints, each message that is away
 *	[atomic]
 * @pool: the memory [const]
 * @zero: slots are cleared for each loan [const]
 * @user: who pays, referenced [const]
 * @home_lock: taken before the channel's lock
 * @home: the channel, until it is retired [home_lock]
 *
 * @msgs: the message of each slot, NULL where it was never loaned [entries: channel
 *	lock]
 * @fresh: the first slot that was never loaned; all after it were not
 * @free: those that are free of the others, the last used first, or NULL
 * @nr_free: how many
 * @loaned: slots that endpoints have on loan
 * @taken: slots that endpoints have taken
 * @loaners: calls that wait for a slot
 *
 * All from @fresh on under the channel's lock.
 */
struct kchan_lender {
	refcount_t ref;
	struct kchan_pool pool;
	bool zero;
	struct kchan_user *user;
	struct mutex home_lock;
	struct kchan_channel *home;

	struct kchan_msg **msgs;
	u32 fresh;
	struct kchan_slot *free;
	u32 nr_free;
	u32 loaned;
	u32 taken;
	struct kchan_waitq loaners;
};

/* Slots that could be loaned. */
static inline u32 kchan_lender_free_locked(const struct kchan_lender *lender)
{
	return lender->nr_free + lender->pool.slots - lender->fresh;
}

static inline struct kchan_lender *kchan_lender_get(struct kchan_lender *lender)
{
	if (lender)
		refcount_inc(&lender->ref);
	return lender;
}

struct kchan_lender *kchan_lender_new(struct kchan_channel *ch);
void kchan_lender_put(struct kchan_lender *lender);
void kchan_lender_retire(struct kchan_channel *ch);

/*
 * Lists of slots without the checks of CONFIG_DEBUG_LIST, which distributions set: they
 * would be a tenth of what PUBLISH and TAKE cost.
 */
static __always_inline void kchan_slots_add(struct kchan_slot *slot,
					    struct list_head *slots)
{
	struct list_head *last = slots->prev;

	slot->node.prev = last;
	slot->node.next = slots;
	last->next = &slot->node;
	slots->prev = &slot->node;
}

static __always_inline void kchan_slots_del(struct kchan_slot *slot)
{
	__list_del(slot->node.prev, slot->node.next);
}

/**
 * kchan_lend_at_home - is a message in a slot of the channel that it is in?
 * @msg: the message
 */
static inline bool kchan_lend_at_home(struct kchan_msg *msg)
{
	return msg->slotted && !kchan_msg_slot(msg)->away;
}

/**
 * kchan_lend_owns - is a message in a slot of the endpoint's channel?
 * @ep: the endpoint
 * @msg: the message
 */
static inline bool kchan_lend_owns(const struct kchan_endpoint *ep,
				   struct kchan_msg *msg)
{
	return msg->slotted && kchan_msg_slot(msg)->lender == ep->lender;
}

/**
 * kchan_lend_claim_locked - the message of a slot that an endpoint says it has
 * @ep: the endpoint, of a channel with a pool
 * @index: number of the slot, from user space
 *
 * Return: the message, whose slot is loaned to the endpoint or taken by it, or
 * -EIDRM, -EINVAL or -EPERM.
 */
static __always_inline struct kchan_msg *
kchan_lend_claim_locked(const struct kchan_endpoint *ep, u32 index)
	__must_hold(&ep->channel->lock)
{
	struct kchan_lender *lender = ep->lender;
	struct kchan_msg *msg;

	lockdep_assert_held(&ep->channel->lock);
	if (unlikely(ep->channel->revoked))
		return ERR_PTR(-EIDRM);
	if (unlikely(index >= lender->pool.slots))
		return ERR_PTR(-EINVAL);
	msg = lender->msgs[array_index_nospec(index, lender->pool.slots)];
	if (unlikely(!msg || kchan_msg_slot(msg)->owner != ep))
		return ERR_PTR(-EPERM);
	return msg;
}

/* A slot is an endpoint's; who calls sees to the counters. */
static __always_inline void
kchan_lend_own_locked(struct kchan_endpoint *ep, struct kchan_msg *msg,
		      enum kchan_slot_state state, u64 now)
	__must_hold(&ep->channel->lock)
{
	struct kchan_slot *slot = kchan_msg_slot(msg);

	lockdep_assert_held(&ep->channel->lock);
	kchan_slots_add(slot, state == KCHAN_SLOT_LOANED ? &ep->loans :
							   &ep->takes);
	slot->state = state;
	slot->owner = ep;
	slot->since = now;
}

/* And no more; likewise. */
static __always_inline void kchan_lend_disown_locked(struct kchan_msg *msg)
{
	kchan_slots_del(kchan_msg_slot(msg));
	kchan_msg_slot(msg)->owner = NULL;
}

/**
 * kchan_lend_give_locked - a slot is an endpoint's
 * @ep: the endpoint
 * @msg: the message of the slot, in the caller's hand
 * @state: %KCHAN_SLOT_LOANED or %KCHAN_SLOT_TAKEN
 * @now: CLOCK_MONOTONIC ns
 */
static __always_inline void
kchan_lend_give_locked(struct kchan_endpoint *ep, struct kchan_msg *msg,
		       enum kchan_slot_state state, u64 now)
	__must_hold(&ep->channel->lock)
{
	lockdep_assert_held(&ep->channel->lock);
	kchan_lend_own_locked(ep, msg, state, now);
	if (state == KCHAN_SLOT_LOANED) {
		ep->loaned++;
		ep->lender->loaned++;
	} else {
		ep->taken++;
		ep->lender->taken++;
	}
}

/**
 * kchan_lend_ungive_locked - a slot is no more an endpoint's
 * @ep: the endpoint
 * @msg: the message of the slot, which is in the caller's hand then
 */
static __always_inline void
kchan_lend_ungive_locked(struct kchan_endpoint *ep, struct kchan_msg *msg)
	__must_hold(&ep->channel->lock)
{
	lockdep_assert_held(&ep->channel->lock);
	if (kchan_msg_slot(msg)->state == KCHAN_SLOT_LOANED) {
		ep->loaned--;
		ep->lender->loaned--;
	} else {
		ep->taken--;
		ep->lender->taken--;
	}
	kchan_lend_disown_locked(msg);
}

/**
 * kchan_lend_pop_locked - get hold of a free slot that has been in use
 * @lender: the lender, which has one
 *
 * Return: its message, in the caller's hand.
 */
static __always_inline struct kchan_msg *
kchan_lend_pop_locked(struct kchan_lender *lender)
{
	struct kchan_slot *slot = lender->free;

	lender->free = slot->next;
	lender->nr_free--;
	return kchan_slot_msg(slot);
}

/**
 * kchan_lend_push_locked - a slot is free
 * @lender: the lender
 * @slot: the slot, whose message is in the caller's hand, and as if new
 */
static __always_inline void kchan_lend_push_locked(struct kchan_lender *lender,
						   struct kchan_slot *slot)
{
	/* One that is not ready does not go before the first one, which may be. */
	if (unlikely(!slot->ready && lender->free)) {
		slot->next = lender->free->next;
		lender->free->next = slot;
	} else {
		slot->next = lender->free;
		lender->free = slot;
	}
	lender->nr_free++;
}

/**
 * kchan_lend_drop_locked - the owner of a message is done with it
 * @ch: the channel that has the lender
 * @msg: the message, of a slot of it; no more the caller's
 */
static __always_inline void
kchan_lend_drop_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	struct kchan_slot *slot = kchan_msg_slot(msg);

	lockdep_assert_held(&ch->lock);
	/* LAST_REF: there may be who peeks at it; the last frees the slot. */
	if (atomic_read_acquire(&msg->refs) != 1 &&
	    !atomic_dec_and_test(&msg->refs))
		return;
	atomic_set(&msg->refs, 1);
	msg->deliveries = 0;
	msg->due = false;
	msg->reason = 0;
	msg->letter = false;
	slot->holds = false;
	slot->away = false;
	kchan_lend_push_locked(slot->lender, slot);
	ch->events |= EPOLLOUT | EPOLLWRNORM;
}

void kchan_lend_return(struct kchan_msg *msg);
void kchan_lend_peeked(struct kchan_channel *ch);
void kchan_lend_leave_locked(struct kchan_msg *msg);

bool kchan_lend_victim_locked(struct kchan_channel *ch, u16 prio)
	__must_hold(&ch->lock);
struct kchan_msg *kchan_lend_slot(struct kchan_endpoint *ep, u16 prio,
				  const struct kchan_patience *patience);
int kchan_lend_loan_free(struct kchan_endpoint *ep, u32 *index);
int kchan_lend_loan(struct kchan_endpoint *ep,
		    const struct kchan_patience *patience, u32 *index);
bool kchan_lend_serve_locked(struct kchan_channel *ch, struct kchan_wakes *wakes)
	__must_hold(&ch->lock);
void kchan_lend_end(struct kchan_endpoint *ep);

int kchan_lend_copy_in(struct kchan_msg *msg, struct iov_iter *from);
int kchan_lend_copy_out(struct kchan_msg *msg, struct iov_iter *to);

#endif /* _KCHAN_LEND_H */
