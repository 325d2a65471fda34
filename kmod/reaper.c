// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the reaper
 *
 * Messages die: they expire, are rejected, have been handed out too often, or must
 * make room (DOC: dead messages in <linux/kchan.h>). Whoever finds that out under the
 * channel's lock buries the message: it is counted at once as dropped or
 * dead-lettered, so that the channel's counters add up at any moment, and goes to
 *
 * - @garbage of the channel, which is freed when the lock is dropped, or
 * - @letters of the reaper, which a work item takes to the dead-letter channel. It
 *   holds no lock of the first channel when it locks the second. What is not taken
 *   there is counted again, as dropped.
 *
 * A channel has a reaper if messages may expire there or it has a dead-letter
 * channel; it comes with the first that needs it and stays.
 *
 * What may expire is in a tree by time. Calls that look at the queue reap first, so
 * that none meets an expired message. A timer sees to it that room is given back when
 * nobody looks: it starts the work item, as the channel's lock is not for interrupts.
 *
 * The dead-letter channel is known by its number, which is never given out again. It
 * is looked up each time: neither of the two keeps the other.
 *
 * The end of a channel waits for its work item. So that one takes no reference to its
 * own channel, whose inode keeps the superblock's. It may be the last to hold the
 * dead-letter channel, and then end that: which has no letters to send.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "event.h"
#include "inode.h"
#include "lend.h"
#include "pass.h"
#include "transfer.h"

/* How late a message may give back its room. */
#define REAP_SLACK	NSEC_PER_MSEC

/**
 * struct kchan_reaper - what a channel has whose messages die
 * @ch: the channel [const]
 * @expiring: its messages that will expire, by time [channel lock]
 * @letters: on the way to the dead-letter channel [channel lock]
 * @timer: when the first expires [armed under the channel lock]
 * @work: reaps, and takes @letters away
 */
struct kchan_reaper {
	struct kchan_channel *ch;
	struct rb_root_cached expiring;
	struct list_head letters;
	struct hrtimer timer;
	struct work_struct work;
};

static struct kchan_due *due(struct rb_node *node)
{
	return rb_entry(node, struct kchan_due, node);
}

static bool due_less(struct rb_node *a, const struct rb_node *b)
{
	return due(a)->expiry < rb_entry(b, struct kchan_due, node)->expiry;
}

/* Have the timer run when the first message expires. */
static void arm_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct kchan_reaper *reaper = ch->reaper;
	struct rb_node *first = rb_first_cached(&reaper->expiring);

	lockdep_assert_held(&ch->lock);
	if (first)
		hrtimer_start_range_ns(&reaper->timer,
				       ns_to_ktime(due(first)->expiry),
				       REAP_SLACK, HRTIMER_MODE_ABS_SOFT);
}

/**
 * kchan_reaper_add_locked - a message that may expire has come into the queue
 * @ch: the channel, which has a reaper
 * @msg: the message
 */
void kchan_reaper_add_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	struct kchan_due *new = kchan_msg_due(msg);

	lockdep_assert_held(&ch->lock);
	new->msg = msg;
	msg->expiring = true;
	if (rb_add_cached(&new->node, &ch->reaper->expiring, due_less))
		arm_locked(ch);
}

/**
 * kchan_reaper_del_locked - a message that may expire has left the queue
 * @ch: the channel
 * @msg: the message
 */
void kchan_reaper_del_locked(struct kchan_channel *ch, struct kchan_msg *msg)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	rb_erase_cached(&kchan_msg_due(msg)->node, &ch->reaper->expiring);
	msg->expiring = false;
}

/**
 * kchan_reaper_bury_locked - a message is dead
 * @ch: the channel
 * @msg: the message, out of the queue; no more the caller's
 * @reason: KCHAN_DEAD_*
 *
 * For kchan_transfer_unlock() after it.
 */
void kchan_reaper_bury_locked(struct kchan_channel *ch, struct kchan_msg *msg,
			      unsigned int reason)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	msg->reason = reason;
	/* One that was held, or on its way back, has had its room until now. */
	ch->events |= KCHAN_ROOM_EVENTS;
	if (ch->attr.dead_letter) {
		ch->stats.dead_lettered[reason]++;
		if (msg->slotted)
			kchan_lend_leave_locked(msg);
		list_add_tail(&msg->entry.node, &ch->reaper->letters);
		queue_work(system_unbound_wq, &ch->reaper->work);
	} else {
		ch->stats.dropped[reason]++;
		kchan_transfer_discard_locked(ch, msg, &ch->garbage);
		ch->extras |= KCHAN_EXTRA_GARBAGE;
		kchan_pass_arm_trim_locked(ch);
	}
}

/**
 * kchan_reaper_reap_locked - bury a few of the messages that have expired
 * @ch: the channel, which has a reaper
 * @now: CLOCK_MONOTONIC ns
 *
 * Return: true if there was one.
 */
bool kchan_reaper_reap_locked(struct kchan_channel *ch, u64 now)
	__must_hold(&ch->lock)
{
	struct rb_node *first;
	unsigned int n;

	lockdep_assert_held(&ch->lock);
	for (n = 0; n < KCHAN_STEP; n++) {
		first = rb_first_cached(&ch->reaper->expiring);
		if (!first || due(first)->expiry > now)
			break;
		kchan_pass_unqueue_locked(ch, due(first)->msg);
		kchan_reaper_bury_locked(ch, due(first)->msg,
					 KCHAN_DEAD_EXPIRED);
	}
	return n;
}

/**
 * kchan_reaper_reap_all_locked - bury all messages that have expired
 * @ch: the channel; drops the lock if there is one
 *
 * All that have until now: those that come meanwhile expire later.
 */
void kchan_reaper_reap_all_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	u64 now;

	lockdep_assert_held(&ch->lock);
	if (likely(!ch->reaper))
		return;
	now = ktime_get_ns();
	while (kchan_reaper_reap_locked(ch, now)) {
		kchan_transfer_unlock(ch);
		cond_resched();
		spin_lock(&ch->lock);
	}
}

/* The dead-letter channel has not taken a message. */
static void letter_lost(struct kchan_channel *ch, struct kchan_msg *msg,
			unsigned int reason)
{
	u64 dropped;

	spin_lock(&ch->lock);
	ch->stats.dead_lettered[reason]--;
	ch->stats.dropped[0]++;
	dropped = kchan_transfer_note_dropped_locked(ch);
	spin_unlock(&ch->lock);
	kchan_store_free(msg);
	if (dropped)
		kchan_event(ch->inode, KCHAN_EVENT_DROPPED, dropped);
}

static bool bequeath(struct kchan_inode *target, struct kchan_msg *msg)
{
	/* Kept, as it is for letters. */
	struct kchan_channel *ch = kchan_inode_visit(target);
	bool taken;

	if (WARN_ON_ONCE(!ch))
		return false;
	taken = kchan_transfer_bequeath(ch, msg);
	kchan_inode_leave(target);
	return taken;
}

/* Return: whether it was taken. */
static bool letter_send(struct kchan_channel *ch, struct kchan_msg *msg)
{
	struct kchan_inode *target;
	unsigned int reason = msg->reason;
	bool taken = false;

	target = kchan_inode_find(ch->ns, ch->attr.dead_letter);
	if (target) {
		msg->letter = true;
		msg->origin = ch->id;
		taken = bequeath(target, msg);
		kchan_inode_put(target);
	}
	if (!taken)
		letter_lost(ch, msg, reason);
	return taken;
}

/* The next letter, or NULL. */
static struct kchan_msg *letter_next(struct kchan_channel *ch)
{
	struct kchan_msg *msg;

	spin_lock(&ch->lock);
	msg = list_first_entry_or_null(&ch->reaper->letters, struct kchan_msg,
				       entry.node);
	if (msg)
		list_del(&msg->entry.node);
	spin_unlock(&ch->lock);
	return msg;
}

static u64 letters_sent(struct kchan_channel *ch)
{
	u64 sum;

	spin_lock(&ch->lock);
	sum = kchan_stats_sum(ch->stats.dead_lettered);
	spin_unlock(&ch->lock);
	return sum;
}

static void reaper_work(struct work_struct *work)
{
	struct kchan_reaper *reaper =
		container_of(work, struct kchan_reaper, work);
	struct kchan_channel *ch = reaper->ch;
	struct kchan_msg *msg;
	bool any = false;

	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	arm_locked(ch);
	kchan_transfer_unlock(ch);
	while ((msg = letter_next(ch))) {
		any |= letter_send(ch, msg);
		cond_resched();
	}
	if (any)
		kchan_event(ch->inode, KCHAN_EVENT_DEAD_LETTERED, letters_sent(ch));
}

static enum hrtimer_restart reaper_timer(struct hrtimer *timer)
{
	struct kchan_reaper *reaper =
		container_of(timer, struct kchan_reaper, timer);

	queue_work(system_unbound_wq, &reaper->work);
	return HRTIMER_NORESTART;
}

static struct kchan_reaper *reaper_new(struct kchan_channel *ch)
{
	struct kchan_reaper *reaper =
		kzalloc(sizeof(*reaper), GFP_KERNEL_ACCOUNT);

	if (!reaper)
		return NULL;
	reaper->ch = ch;
	reaper->expiring = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&reaper->letters);
	hrtimer_init(&reaper->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
	reaper->timer.function = reaper_timer;
	/* Two classes, as a work item of the first may wait for one of the second. */
	if (ch->attr.dead_letter)
		INIT_WORK(&reaper->work, reaper_work);
	else
		INIT_WORK(&reaper->work, reaper_work);
	return reaper;
}

/**
 * kchan_reaper_make - see to it that a channel has a reaper
 * @ch: the channel
 * @expiry: for messages that expire, too
 *
 * May sleep. Return: 0 or -ENOMEM.
 */
int kchan_reaper_make(struct kchan_channel *ch, bool expiry)
{
	u32 extra = expiry ? KCHAN_EXTRA_EXPIRY : 0;
	struct kchan_reaper *reaper = NULL;

	if (READ_ONCE(ch->reaper) && !(extra & ~READ_ONCE(ch->extras)))
		return 0;
	if (!READ_ONCE(ch->reaper)) {
		reaper = reaper_new(ch);
		if (!reaper)
			return -ENOMEM;
	}
	spin_lock(&ch->lock);
	if (!ch->reaper) {
		WRITE_ONCE(ch->reaper, reaper);
		reaper = NULL;
	}
	ch->extras |= extra;
	spin_unlock(&ch->lock);
	kfree(reaper);
	return 0;
}

/**
 * kchan_reaper_free - undo kchan_reaper_make()
 * @ch: a channel that nobody uses, and whose queue is empty
 */
void kchan_reaper_free(struct kchan_channel *ch)
{
	if (!ch->reaper)
		return;
	/* The timer starts the work, which starts no timer any more. */
	hrtimer_cancel(&ch->reaper->timer);
	flush_work(&ch->reaper->work);
	WARN_ON_ONCE(!list_empty(&ch->reaper->letters) ||
		     !RB_EMPTY_ROOT(&ch->reaper->expiring.rb_root));
	kfree(ch->reaper);
}
