/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_TRANSFER_H
#define _KCHAN_TRANSFER_H

#include <linux/ktime.h>
#include <linux/poll.h>

#include "channel.h"
#include "store.h"

/* Poll events of a message that comes, and of one that goes. */
#define KCHAN_MSG_EVENTS	(EPOLLIN | EPOLLRDNORM | EPOLLPRI)
#define KCHAN_ROOM_EVENTS	(EPOLLOUT | EPOLLWRNORM)

/* How often listeners are told that a channel is full, or drops messages. */
#define KCHAN_TELL_INTERVAL	(HZ / 10)

/* How many messages are looked at under one hold of a channel's lock, at most. */
#define KCHAN_STEP	64

/**
 * struct kchan_patience - how long a call waits
 * @deadline: CLOCK_MONOTONIC ns, or 0 for ever
 * @nonblock: not at all
 * @need_peer: not for nobody
 */
struct kchan_patience {
	u64 deadline;
	bool nonblock;
	bool need_peer;
};

/**
 * kchan_may_wait - may a call wait?
 * @patience: how long it waits
 * @peers: endpoints that could end the waiting
 *
 * Return: 0, or what it returns instead.
 */
static inline int kchan_may_wait(const struct kchan_patience *patience,
				 u32 peers)
{
	if (patience->need_peer && !peers)
		return -EPIPE;
	if (patience->nonblock)
		return -EAGAIN;
	if (patience->deadline && patience->deadline <= ktime_get_ns())
		return -ETIMEDOUT;
	return 0;
}

/**
 * struct kchan_want - what is to be received
 * @capacity: payload bytes that fit; after -EMSGSIZE what would have to
 * @filter: which messages
 * @hold: the endpoint is to hold it
 * @take: it has to be in a slot of the endpoint's channel
 */
struct kchan_want {
	u32 capacity;
	struct kchan_filter filter;
	bool hold;
	bool take;
};

/* send.c */
int kchan_transfer_send_slow(struct kchan_endpoint *ep, struct kchan_msg *msg,
			     const struct kchan_patience *patience, u64 now,
			     u64 *seq)
	__releases(&ep->channel->lock);
bool kchan_transfer_full(struct kchan_channel *ch, u32 size);
void kchan_transfer_drop_least_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock);
int kchan_transfer_drop(struct kchan_channel *ch, struct kchan_msg *msg, u64 *seq);
u64 kchan_transfer_note_full_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock);
bool kchan_transfer_bequeath(struct kchan_channel *ch, struct kchan_msg *msg);

/* recv.c */

/**
 * kchan_transfer_empty - is there nothing to receive?
 * @ch: the channel
 *
 * Without its lock, for who would not wait: a message that comes right now comes after
 * the look. False if it was revoked, which is to be told; and where one message takes the
 * place of another, so that what is never empty never looks so.
 */
static inline bool kchan_transfer_empty(const struct kchan_channel *ch)
{
	return !READ_ONCE(ch->queue.count) && !READ_ONCE(ch->revoked) &&
	       ch->attr.overflow != KCHAN_OVERFLOW_DROP;
}

struct kchan_msg *kchan_transfer_recv(struct kchan_endpoint *ep,
				      struct kchan_want *want,
				      const struct kchan_patience *patience);
struct kchan_msg *kchan_transfer_recv_first(struct kchan_endpoint *ep,
					    u32 capacity);
void kchan_transfer_return(struct kchan_endpoint *ep, struct kchan_msg *msg,
			   bool hold);
void kchan_transfer_unreceive(struct kchan_channel *ch, struct kchan_entry **run,
			      u32 count);

/* transfer.c */
void kchan_transfer_note_time_locked(struct kchan_channel *ch,
				     const struct kchan_msg *msg)
	__must_hold(&ch->lock);
void kchan_transfer_note_queued_locked(struct kchan_channel *ch,
				       struct kchan_msg *msg)
	__must_hold(&ch->lock);
void kchan_transfer_note_unqueued_locked(struct kchan_channel *ch,
					 struct kchan_msg *msg)
	__must_hold(&ch->lock);
void kchan_transfer_requeue_locked(struct kchan_channel *ch,
				   struct kchan_msg *msg, bool back)
	__must_hold(&ch->lock);
void kchan_transfer_put_back_locked(struct kchan_channel *ch,
				    struct kchan_msg *msg)
	__must_hold(&ch->lock);
int kchan_transfer_hand_over_locked(struct kchan_channel *ch,
				    struct kchan_waiter *waiter,
				    struct kchan_msg *msg)
	__must_hold(&ch->lock);
int kchan_transfer_give_up(struct kchan_channel *ch, struct kchan_waitq *queue,
			   struct kchan_waiter *waiter, int err);

/**
 * kchan_transfer_wait_end - sleep until a call is served, or may wait no longer
 * @ch: the channel
 * @queue: where it waits
 * @waiter: the call
 * @patience: how long to wait
 *
 * Return: what the call returns.
 */
static inline int
kchan_transfer_wait_end(struct kchan_channel *ch, struct kchan_waitq *queue,
			struct kchan_waiter *waiter,
			const struct kchan_patience *patience)
{
	int err = kchan_wait_sleep(waiter, patience->deadline);

	if (likely(!err))
		return waiter->status;
	return kchan_transfer_give_up(ch, queue, waiter, err);
}

u64 kchan_transfer_note_dropped_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock);
int kchan_transfer_set_expiry(struct kchan_channel *ch, struct kchan_msg *msg,
			      u64 expiry);
void kchan_transfer_discard_locked(struct kchan_channel *ch,
				   struct kchan_msg *msg, struct list_head *list)
	__must_hold(&ch->lock);
void kchan_transfer_drain(struct kchan_channel *ch);
void kchan_transfer_unlock(struct kchan_channel *ch) __releases(&ch->lock);

/* select.c */
void kchan_select_skip_locked(struct kchan_channel *ch,
			      const struct kchan_entry *entry)
	__must_hold(&ch->lock);
struct kchan_msg *kchan_select_locked(struct kchan_channel *ch,
				      const struct kchan_filter *filter)
	__must_hold(&ch->lock);
typedef void kchan_note_fn(void *arg, struct kchan_msg *msg);
struct kchan_msg *kchan_select_peek(struct kchan_channel *ch,
				    struct kchan_want *want, u32 position,
				    kchan_note_fn *note, void *arg);

/* hold.c */
bool kchan_hold_full_locked(const struct kchan_endpoint *ep)
	__must_hold(&ep->channel->lock);
void kchan_hold_count_locked(struct kchan_endpoint *ep,
			     const struct kchan_msg *msg)
	__must_hold(&ep->channel->lock);
void kchan_hold_uncount_locked(struct kchan_endpoint *ep,
			       const struct kchan_msg *msg)
	__must_hold(&ep->channel->lock);
void kchan_hold_add_locked(struct kchan_endpoint *ep, struct kchan_msg *msg)
	__must_hold(&ep->channel->lock);
void kchan_hold_ack_locked(struct kchan_endpoint *ep, struct kchan_msg *msg)
	__must_hold(&ep->channel->lock);
int kchan_hold_keep(struct kchan_endpoint *ep, struct kchan_msg *msg);

/**
 * enum kchan_verdict - what becomes of a message that was held
 * @KCHAN_VERDICT_ACK: it has been dealt with
 * @KCHAN_VERDICT_BACK: back into the queue
 * @KCHAN_VERDICT_REJECT: it is dead
 */
enum kchan_verdict {
	KCHAN_VERDICT_ACK,
	KCHAN_VERDICT_BACK,
	KCHAN_VERDICT_REJECT,
};

int kchan_hold_end(struct kchan_endpoint *ep, u64 seq,
		   enum kchan_verdict verdict);
int kchan_hold_end_up_to(struct kchan_endpoint *ep, u64 seq,
			 enum kchan_verdict verdict);
void kchan_hold_release(struct kchan_endpoint *ep);
void kchan_hold_drop(struct kchan_channel *ch);

/* reaper.c */
int kchan_reaper_make(struct kchan_channel *ch, bool expiry);
void kchan_reaper_free(struct kchan_channel *ch);
void kchan_reaper_add_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock);
void kchan_reaper_del_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock);
bool kchan_reaper_reap_locked(struct kchan_channel *ch, u64 now)
	__must_hold(&ch->lock);
void kchan_reaper_reap_all_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock);
void kchan_reaper_bury_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			      unsigned int reason)
	__must_hold(&ch->lock);

#endif /* _KCHAN_TRANSFER_H */
