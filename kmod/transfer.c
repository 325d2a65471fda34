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
 * A message that has left the queue may come back, and must find its bucket; the
 * channel counts it in @out meanwhile, see kchan_channel_quiet_locked().
 *
 * SPARE_OWNER: a channel keeps one freed message for the next sender, in a word
 * without a lock. Who exchanges the word for NULL owns what was there, and who
 * finds it taken frees his own::
 *
 *	receiver                         sender, or the channel's trim
 *	msg_release(m)                   if (READ_ONCE(spare))	[sender]
 *	cmpxchg(spare, NULL, m)              m = xchg(spare, NULL)
 *	    failed: free(m)                  if (m) use or free it
 *	atomic_dec(out)
 *
 * Both are full barriers, so that the new owner sees the message as the old one
 * left it. The sender's first look only saves an exchange: if it misses a message,
 * one more is allocated. The trim looks at @out before, under the lock: where it
 * reads 0, each receiver's cmpxchg came before.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "channel.h"
#include "event.h"

#define DRAIN_BATCH	64
#define TRIM_DELAY	HZ

/* How often a full channel is told of. */
#define FULL_INTERVAL	(HZ / 10)

#define IN_EVENTS	(EPOLLIN | EPOLLRDNORM | EPOLLRDHUP)
#define OUT_EVENTS	(EPOLLOUT | EPOLLWRNORM)

/**
 * kchan_transfer_msg_new - make a message for a channel
 * @ch: the channel
 * @user: who pays
 * @size: payload bytes
 *
 * May sleep. Return: the message, or -EDQUOT or -ENOMEM.
 */
struct kchan_msg *kchan_transfer_msg_new(struct kchan_channel *ch,
					 struct kchan_user *user, u32 size)
{
	size_t footprint = kchan_msg_footprint(size);
	struct kchan_msg *msg = NULL;

	if (!kchan_charge(&user->bytes, footprint,
			  kchan_limit(&ch->ns->limits, max_bytes_user)))
		return ERR_PTR(-EDQUOT);
	if (READ_ONCE(ch->spare))
		msg = xchg(&ch->spare, NULL);
	if (msg)
		msg = kchan_msg_reuse(msg, size);
	if (!msg)
		msg = kchan_msg_new(size);
	if (!msg) {
		kchan_uncharge(&user->bytes, footprint);
		return ERR_PTR(-ENOMEM);
	}
	msg->user = kchan_user_get(user);
	msg->pid = get_pid(task_tgid(current));
	return msg;
}

/* Give back all that the message holds but its memory. */
static void msg_release(struct kchan_msg *msg)
{
	kchan_uncharge(&msg->user->bytes, kchan_msg_footprint(msg->entry.size));
	kchan_user_put(msg->user);
	put_pid(msg->pid);
}

/**
 * kchan_transfer_msg_free - undo kchan_transfer_msg_new()
 * @msg: a message in nobody else's hand
 */
void kchan_transfer_msg_free(struct kchan_msg *msg)
{
	msg_release(msg);
	kchan_msg_free(msg);
}

static void note_pid(struct pid **last, struct pid *pid)
{
	if (*last == pid)
		return;
	put_pid(*last);
	*last = get_pid(pid);
}

static void note_fill_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	stats->queued_max = max(stats->queued_max, ch->queue.count);
	stats->queued_bytes_max = max(stats->queued_bytes_max, ch->queue.bytes);
}

/* Queue a message; @seq takes its number if it is not NULL. */
static void enqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			   u64 now, u64 *seq)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	msg->entry.seq = ++ch->last_seq;
	msg->time = now;
	kchan_queue_add(&ch->queue, &msg->entry);
	ch->events |= EPOLLIN | EPOLLRDNORM;

	stats->sent++;
	stats->sent_bytes += msg->entry.size;
	note_fill_locked(ch);
	stats->send_time = now;
	note_pid(&stats->send_pid, msg->pid);
	if (seq)
		*seq = msg->entry.seq;
}

static unsigned int residence_bucket(u64 from, u64 to)
{
	u64 ns = to > from ? to - from : 0;

	return min(fls64(ns >> KCHAN_RESIDENCE_SHIFT),
		   KCHAN_RESIDENCE_BUCKETS - 1);
}

/* Take a message off the queue, leaving the counts of what was received. */
static void unqueue_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	kchan_queue_del(&ch->queue, &msg->entry);
	ch->events |= OUT_EVENTS;
	if (!ch->queue.count && !ch->trim_armed) {
		ch->trim_armed = true;
		schedule_delayed_work(&ch->trim, TRIM_DELAY);
	}
}

static void dequeue_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			   u64 now, struct pid *pid)
	__must_hold(&ch->lock)
{
	struct kchan_stats *stats = &ch->stats;

	unqueue_locked(ch, msg);
	atomic_inc(&ch->out);
	if (msg->deliveries < U16_MAX)
		msg->deliveries++;

	stats->received++;
	stats->received_bytes += msg->entry.size;
	stats->residence[residence_bucket(msg->time, now)]++;
	stats->recv_time = now;
	note_pid(&stats->recv_pid, pid);
}

static struct kchan_msg *first_msg_locked(const struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = kchan_queue_first(&ch->queue);

	lockdep_assert_held(&ch->lock);
	return entry ? container_of(entry, struct kchan_msg, entry) : NULL;
}

static bool serve_sender_locked(struct kchan_channel *ch,
				struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = kchan_waitq_first(&ch->senders);

	if (!waiter || ch->revoked ||
	    !kchan_channel_has_room_locked(ch, waiter->msg->entry.size))
		return false;
	enqueue_locked(ch, waiter->msg, ktime_get_ns(), &waiter->seq);
	kchan_wait_complete(&ch->senders, waiter, 0, wakes);
	return true;
}

static bool serve_receiver_locked(struct kchan_channel *ch,
				  struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	struct kchan_waiter *waiter = kchan_waitq_first(&ch->receivers);
	struct kchan_msg *msg = first_msg_locked(ch);
	int status = 0;

	if (!waiter || !msg || ch->revoked)
		return false;
	if (msg->entry.size > waiter->capacity) {
		waiter->capacity = msg->entry.size;
		status = -EMSGSIZE;
	} else {
		dequeue_locked(ch, msg, ktime_get_ns(), waiter->pid);
		waiter->msg = msg;
	}
	kchan_wait_complete(&ch->receivers, waiter, status, wakes);
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
		waiter = kchan_waitq_first(queue);
	} else if (peerless) {
		waiter = kchan_waitq_first_needing_peer(queue);
		status = -EPIPE;
	}
	if (waiter)
		kchan_wait_complete(queue, waiter, status, wakes);
	return waiter;
}

/*
 * Serve or fail one waiting call.
 * Return: false if there is none for which that can be done now.
 */
static bool settle_locked(struct kchan_channel *ch, struct kchan_wakes *wakes)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	return serve_receiver_locked(ch, wakes) || serve_sender_locked(ch, wakes) ||
	       fail_waiter_locked(ch, &ch->receivers, !ch->nr_senders, wakes) ||
	       fail_waiter_locked(ch, &ch->senders, !ch->nr_receivers, wakes);
}

/* Return: the poll events that this has brought about. */
static noinline __poll_t settle_and_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	struct kchan_wakes wakes = {};
	__poll_t events = 0;
	bool more;

	do {
		do {
			more = settle_locked(ch, &wakes);
		} while (more && !kchan_wakes_full(&wakes));
		events |= ch->events;
		ch->events = 0;
		spin_unlock(&ch->lock);
		kchan_wakes_run(&wakes);
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
 * POLL_BARRIER: a poller joins the wait queue first and reads the channel under
 * the lock then, so that the lock is all the barrier that is needed::
 *
 *	poller                           we
 *	poll_wait(): join the queue      [lock]
 *	[lock]                           change the channel
 *	read the channel                 [unlock]
 *	[unlock]                         waitqueue_active()?
 *
 * If it read before our change, its unlock came before our lock, and we see that
 * it joined; if after, it saw the change.
 */
void kchan_transfer_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	__poll_t events = ch->events;

	ch->events = 0;
	if (unlikely(ch->senders.count || ch->receivers.count))
		events |= settle_and_unlock(ch);
	else
		spin_unlock(&ch->lock);
	/* POLL_BARRIER: pairs with kchan_channel_poll() */
	if (unlikely(waitqueue_active(&ch->recv_poll)) && (events & ~OUT_EVENTS))
		wake_up_interruptible_poll(&ch->recv_poll, events);
	/* POLL_BARRIER: likewise */
	if (unlikely(waitqueue_active(&ch->send_poll)) && (events & ~IN_EVENTS))
		wake_up_interruptible_poll(&ch->send_poll, events);
}

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

static int may_wait(const struct kchan_patience *patience, u32 peers)
{
	if (patience->need_peer && !peers)
		return -EPIPE;
	if (patience->nonblock)
		return -EAGAIN;
	if (patience->deadline && patience->deadline <= ktime_get_ns())
		return -ETIMEDOUT;
	return 0;
}

/* Queue up in @queue, and drop the lock. */
static void wait_begin(struct kchan_channel *ch, struct kchan_waitq *queue,
		       struct kchan_waiter *waiter,
		       const struct kchan_patience *patience)
	__releases(&ch->lock)
{
	waiter->need_peer = patience->need_peer;
	kchan_wait_begin(queue, waiter);
	kchan_transfer_unlock(ch);
}

static int wait_end(struct kchan_channel *ch, struct kchan_waitq *queue,
		    struct kchan_waiter *waiter,
		    const struct kchan_patience *patience)
{
	int err;

	err = kchan_wait_sleep(waiter, patience->deadline);
	if (!err)
		return waiter->status;

	spin_lock(&ch->lock);
	if (waiter->done)
		err = waiter->status;
	else
		kchan_wait_cancel(queue, waiter);
	kchan_transfer_unlock(ch);
	return err;
}

/*
 * Does a message fit now? Where not, that is counted, and @full takes the count if
 * it is to be told.
 */
static bool fits_locked(struct kchan_channel *ch, u32 size, u64 *full)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!ch->senders.count && kchan_channel_has_room_locked(ch, size))
		return true;
	ch->stats.full++;
	if (time_after_eq(jiffies, ch->full_told + FULL_INTERVAL)) {
		ch->full_told = jiffies;
		*full = ch->stats.full;
	}
	return false;
}

static noinline int send_slow(struct kchan_endpoint *ep, struct kchan_msg *msg,
			      const struct kchan_patience *patience, u64 *seq)
	__releases(&ep->channel->lock)
{
	struct kchan_waiter waiter = { .msg = msg, .account = &ep->waiting };
	struct kchan_channel *ch = ep->channel;
	u64 full = 0;
	int err;

	err = make_bucket_locked(ch, msg->entry.prio);
	if (!err && ch->revoked)
		err = -EIDRM;
	if (!err && fits_locked(ch, msg->entry.size, &full)) {
		enqueue_locked(ch, msg, ktime_get_ns(), seq);
		kchan_transfer_unlock(ch);
		return 0;
	}
	if (!err)
		err = may_wait(patience, ch->nr_receivers);
	if (!err)
		wait_begin(ch, &ch->senders, &waiter, patience);
	else
		spin_unlock(&ch->lock);
	if (full)
		kchan_event(ch, KCHAN_EVENT_FULL, full);
	if (!err)
		err = wait_end(ch, &ch->senders, &waiter, patience);
	if (!err && seq)
		*seq = waiter.seq;
	return err;
}

/**
 * kchan_transfer_send - queue a message, waiting for room if need be
 * @ep: the sending endpoint
 * @msg: a filled message; the caller's again if this fails
 * @patience: how long to wait
 * @seq: takes its number, or NULL
 *
 * Return: 0, or an error of KCHAN_IOC_SEND.
 */
int kchan_transfer_send(struct kchan_endpoint *ep, struct kchan_msg *msg,
			const struct kchan_patience *patience, u64 *seq)
{
	struct kchan_channel *ch = ep->channel;
	u64 now = ktime_get_ns();

	spin_lock(&ch->lock);
	if (unlikely(ch->revoked || ch->senders.count ||
		     !kchan_channel_has_room_locked(ch, msg->entry.size) ||
		     !kchan_queue_accepts(&ch->queue, msg->entry.prio)))
		return send_slow(ep, msg, patience, seq);
	enqueue_locked(ch, msg, now, seq);
	kchan_transfer_unlock(ch);
	return 0;
}

static noinline struct kchan_msg *
recv_slow(struct kchan_endpoint *ep, u32 capacity,
	  const struct kchan_patience *patience, u32 *needed)
	__releases(&ep->channel->lock)
{
	struct kchan_waiter waiter = {
		.capacity = capacity,
		.account = &ep->waiting,
	};
	struct kchan_channel *ch = ep->channel;
	int err;

	err = may_wait(patience, ch->nr_senders);
	if (err) {
		spin_unlock(&ch->lock);
		return ERR_PTR(err);
	}
	wait_begin(ch, &ch->receivers, &waiter, patience);
	err = wait_end(ch, &ch->receivers, &waiter, patience);
	if (err == -EMSGSIZE && needed)
		*needed = waiter.capacity;
	if (err)
		return ERR_PTR(err);
	/* Chosen, but killed meanwhile: the next in line gets it. */
	if (fatal_signal_pending(current)) {
		kchan_transfer_return(ch, waiter.msg);
		return ERR_PTR(-ERESTARTSYS);
	}
	return waiter.msg;
}

/**
 * kchan_transfer_recv - take the first message, waiting for one if need be
 * @ep: the receiving endpoint
 * @capacity: payload bytes that fit
 * @patience: how long to wait
 * @needed: after -EMSGSIZE takes what would have to fit, or NULL
 *
 * Return: the message, for kchan_transfer_consume() or kchan_transfer_return(),
 * or an error of KCHAN_IOC_RECV.
 */
struct kchan_msg *kchan_transfer_recv(struct kchan_endpoint *ep, u32 capacity,
				      const struct kchan_patience *patience,
				      u32 *needed)
{
	struct kchan_channel *ch = ep->channel;
	u64 now = ktime_get_ns();
	struct kchan_msg *msg;
	int err = -EIDRM;

	spin_lock(&ch->lock);
	if (unlikely(ch->revoked))
		goto unlock;
	msg = first_msg_locked(ch);
	if (unlikely(!msg))
		return recv_slow(ep, capacity, patience, needed);
	if (unlikely(msg->entry.size > capacity)) {
		if (needed)
			*needed = msg->entry.size;
		err = -EMSGSIZE;
		goto unlock;
	}
	dequeue_locked(ch, msg, now, task_tgid(current));
	kchan_transfer_unlock(ch);
	return msg;
unlock:
	spin_unlock(&ch->lock);
	return ERR_PTR(err);
}

/**
 * kchan_transfer_consume - a message has been received
 * @ch: the channel
 * @msg: what kchan_transfer_recv() gave
 */
void kchan_transfer_consume(struct kchan_channel *ch, struct kchan_msg *msg)
{
	msg_release(msg);
	if (!kchan_msg_reusable(msg) || cmpxchg(&ch->spare, NULL, msg))
		kchan_msg_free(msg);
	atomic_dec(&ch->out);
}

/**
 * kchan_transfer_return - a message could not be given to its receiver
 * @ch: the channel
 * @msg: what kchan_transfer_recv() gave
 */
void kchan_transfer_return(struct kchan_channel *ch, struct kchan_msg *msg)
{
	spin_lock(&ch->lock);
	ch->stats.returned++;
	if (ch->revoked) {
		atomic_dec(&ch->out);
		spin_unlock(&ch->lock);
		kchan_transfer_msg_free(msg);
		return;
	}
	kchan_queue_restore(&ch->queue, &msg->entry);
	atomic_dec(&ch->out);
	note_fill_locked(ch);
	ch->stats.received--;
	ch->stats.received_bytes -= msg->entry.size;
	ch->events |= EPOLLIN | EPOLLRDNORM;
	kchan_transfer_unlock(ch);
}

/**
 * kchan_transfer_drain - free all that is queued
 * @ch: a channel to which nobody sends any more
 */
void kchan_transfer_drain(struct kchan_channel *ch)
{
	struct kchan_msg *msg, *next;
	unsigned int n;
	LIST_HEAD(batch);

	do {
		spin_lock(&ch->lock);
		for (n = 0; n < DRAIN_BATCH; n++) {
			msg = first_msg_locked(ch);
			if (!msg)
				break;
			unqueue_locked(ch, msg);
			list_add(&msg->entry.node, &batch);
		}
		spin_unlock(&ch->lock);
		list_for_each_entry_safe(msg, next, &batch, entry.node)
			kchan_transfer_msg_free(msg);
		INIT_LIST_HEAD(&batch);
		cond_resched();
	} while (n);
}
