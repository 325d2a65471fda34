// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: channels
 *
 * What works of a channel. It is there while the channel is open, and longer if it has
 * got something to remember (inode.c). Endpoints hold it, so that whoever has an
 * endpoint may use the channel without a reference of its own; wait queues known to
 * epoll live as long for the same reason.
 *
 * What goes on in it is in transfer.c.
 */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "abi.h"
#include "channel.h"
#include "inode.h"
#include "lend.h"
#include "pass.h"
#include "transfer.h"

static struct kmem_cache *channel_cache;

/*
 * Give back what an idle channel keeps: spare messages and the trie.
 */
static void channel_trim(struct kchan_channel *ch)
{
	struct kchan_qnode *trie = NULL;

	spin_lock(&ch->lock);
	if (kchan_channel_quiet_locked(ch)) {
		trie = kchan_queue_detach_trie(&ch->queue);
		if (!ch->nr_cursors)
			ch->extras &= ~(KCHAN_EXTRA_INDEX | KCHAN_EXTRA_INDEXED);
	}
	spin_unlock(&ch->lock);
	kchan_queue_free_trie(trie);
	kchan_store_trim(ch);
}

/*
 * Runs once a second, from the first message that leaves, while messages leave or the
 * queue is empty, until nothing has happened; and a second after the first of a chain of
 * spares is kept.
 */
static void channel_trim_work(struct work_struct *work)
{
	struct kchan_channel *ch =
		container_of(to_delayed_work(work), struct kchan_channel, trim);
	bool idle, left;

	spin_lock(&ch->lock);
	left = time_before(jiffies, ch->stats.recv_tick + KCHAN_TRIM_DELAY);
	idle = kchan_channel_quiet_locked(ch) && !left &&
	       ch->trim_seq == ch->last_seq;
	ch->trim_seq = ch->last_seq;
	ch->trim_armed = !idle && (left || !ch->queue.count);
	if (ch->trim_armed)
		schedule_delayed_work(&ch->trim, KCHAN_TRIM_DELAY);
	spin_unlock(&ch->lock);
	kchan_store_shed(ch);
	if (idle)
		channel_trim(ch);
}

/* Make what a channel needs that is more than a queue. */
static int channel_equip(struct kchan_channel *ch)
{
	struct kchan_lender *lender;

	if (ch->attr.slots) {
		lender = kchan_lender_new(ch);
		if (IS_ERR(lender))
			return PTR_ERR(lender);
		ch->lender = lender;
	}
	return ch->attr.dead_letter ? kchan_reaper_make(ch, false) : 0;
}

static void channel_init(struct kchan_channel *ch)
{
	spin_lock_init(&ch->lock);
	spin_lock_init(&ch->spares_lock);
	ch->depth_left = ch->attr.depth;
	ch->bytes_left = ch->attr.bytes;
	ch->msg_events = KCHAN_MSG_EVENTS;
	/* One could be dropped for another. */
	if (ch->attr.slots && ch->attr.overflow == KCHAN_OVERFLOW_DROP)
		ch->msg_events |= KCHAN_ROOM_EVENTS;
	INIT_LIST_HEAD(&ch->cursors);
	INIT_LIST_HEAD(&ch->garbage);
	kchan_waitq_init(&ch->senders);
	kchan_waitq_init(&ch->receivers);
	init_waitqueue_head(&ch->recv_poll);
	init_waitqueue_head(&ch->send_poll);
	INIT_DELAYED_WORK(&ch->trim, channel_trim_work);
	ch->members = RB_ROOT;
	ch->full_told = jiffies - HZ;
	ch->dropped_told = jiffies - HZ;
	ch->stats.recv_tick = jiffies - 1;
}

/**
 * kchan_channel_new - make a channel
 * @ki: the inode that will own it
 *
 * May sleep.
 * Return: the channel, for kchan_channel_free(), or -EDQUOT, -ENFILE, -ENOMEM, -ENOSPC.
 */
struct kchan_channel *kchan_channel_new(struct kchan_inode *ki)
{
	struct kchan_channel *ch;
	int err;

	ch = kmem_cache_zalloc(channel_cache, GFP_KERNEL_ACCOUNT);
	if (!ch)
		return ERR_PTR(-ENOMEM);
	ch->attr = ki->attr;
	ch->ns = ki->vfs.i_sb->s_fs_info;
	ch->inode = &ki->vfs;
	ch->id = ki->vfs.i_ino;
	ch->creator = ki->creator;
	channel_init(ch);
	err = channel_equip(ch);
	if (!err)
		return ch;
	kchan_channel_free(ch);
	return ERR_PTR(err);
}

/**
 * kchan_channel_is_new - is a channel as kchan_channel_new() made it, as far as can be seen?
 * @ch: a channel that nobody uses
 */
bool kchan_channel_is_new(const struct kchan_channel *ch)
{
	/* What a look at the empty queue may have left behind. */
	const u32 looks = KCHAN_EXTRA_INDEX | KCHAN_EXTRA_INDEXED |
			  KCHAN_EXTRA_FILTERS;

	return !ch->last_seq && !(ch->extras & ~looks) && !ch->reaper &&
	       !ch->lender && !ch->stats.full && !ch->stats.rejected;
}

/**
 * kchan_channel_retire - give back what a channel takes that has ended
 * @ch: the channel, which an O_PATH descriptor or the like may keep for long
 *
 * May sleep.
 */
void kchan_channel_retire(struct kchan_channel *ch)
{
	kchan_transfer_drain(ch);
	kchan_hold_drop(ch);
	kchan_lender_retire(ch);
	channel_trim(ch);
}

/**
 * kchan_channel_end_locked - end all use of a channel
 * @ch: the channel, locked
 *
 * For kchan_transfer_unlock() and kchan_channel_retire() after it.
 */
void kchan_channel_end_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	WRITE_ONCE(ch->revoked, true);
	ch->extras |= KCHAN_EXTRA_REVOKED;
	ch->events |= EPOLLHUP | EPOLLERR;
}

/* What is still at work for a channel, and what it has left. */
static void channel_stop(struct kchan_channel *ch)
{
	kchan_channel_retire(ch);
	kchan_reaper_free(ch);
	cancel_delayed_work_sync(&ch->trim);
}

/**
 * kchan_channel_free - undo kchan_channel_new(), messages included
 * @ch: a channel that nobody uses
 *
 * May sleep.
 */
void kchan_channel_free(struct kchan_channel *ch)
{
	if (!kchan_channel_is_new(ch))
		channel_stop(ch);
	/* The reaper may have been at work until now. */
	kchan_store_trim(ch);
	kchan_queue_free_trie(kchan_queue_detach_trie(&ch->queue));
	WARN_ON_ONCE(ch->queue.count || ch->held_count || ch->nr_senders ||
		     ch->nr_receivers);
	put_pid(ch->stats.send_pid);
	put_pid(ch->stats.recv_pid);
	kmem_cache_free(channel_cache, ch);
}

static struct kchan_endpoint *member(struct rb_node *node)
{
	return rb_entry(node, struct kchan_endpoint, node);
}

static bool serial_less(struct rb_node *a, const struct rb_node *b)
{
	return member(a)->serial < rb_entry(b, struct kchan_endpoint, node)->serial;
}

/**
 * kchan_channel_member_after_locked - find an endpoint
 * @ch: the channel
 * @serial: a number
 *
 * Return: the first whose number is above that, or NULL.
 */
struct kchan_endpoint *
kchan_channel_member_after_locked(const struct kchan_channel *ch, u64 serial)
	__must_hold(&ch->lock)
{
	struct rb_node *node = ch->members.rb_node;
	struct kchan_endpoint *found = NULL;

	lockdep_assert_held(&ch->lock);
	while (node) {
		if (member(node)->serial > serial) {
			found = member(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static u64 oldest_since(struct list_head *slots)
{
	struct kchan_slot *slot =
		list_first_entry_or_null(slots, struct kchan_slot, node);

	return slot ? slot->since : 0;
}

/**
 * kchan_channel_members - describe endpoints of a channel
 * @ch: the channel
 * @serial: only those with a higher number
 * @info: takes them, in order; their @pid is referenced
 * @max: at most so many
 *
 * Return: how many.
 */
unsigned int kchan_channel_members(struct kchan_channel *ch, u64 serial,
				   struct kchan_member *info, unsigned int max)
{
	struct kchan_endpoint *ep;
	unsigned int n = 0;

	spin_lock(&ch->lock);
	ep = kchan_channel_member_after_locked(ch, serial);
	while (ep && n < max) {
		struct rb_node *next = rb_next(&ep->node);

		info[n++] = (struct kchan_member) {
			.serial = ep->serial,
			.pid = get_pid(ep->pid),
			.uid = ep->user->uid,
			.gid = ep->gid,
			.mode = ep->mode,
			.waiting = ep->waiting.count,
			.waiting_since = ep->waiting.count ?
				kchan_waiting_since(&ep->waiting) : 0,
			.held = ep->held_count,
			.loaned = ep->loaned,
			.loaned_since = oldest_since(&ep->loans),
			.taken = ep->taken,
			.taken_since = oldest_since(&ep->takes),
		};
		ep = next ? member(next) : NULL;
	}
	spin_unlock(&ch->lock);
	return n;
}

static void note_lender_locked(struct kchan_endpoint *ep)
	__must_hold(&ep->channel->lock)
{
	struct kchan_channel *ch = ep->channel;
	bool write = ep->mode & FMODE_WRITE;

	lockdep_assert_held(&ch->lock);
	ep->lender = kchan_lender_get(ch->lender);
	if (!ep->lender)
		return;
	ep->may_publish = write && !ch->attr.ttl;
	ep->may_take = (ep->mode & FMODE_READ) && (write || !ch->attr.recv_copy);
}

/**
 * kchan_channel_attach - add an endpoint
 * @ep: the endpoint, complete
 *
 * Return: 0 or -EIDRM.
 */
int kchan_channel_attach(struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;
	int err = 0;

	spin_lock(&ch->lock);
	if (ch->revoked) {
		err = -EIDRM;
	} else {
		ch->nr_receivers += !!(ep->mode & FMODE_READ);
		ch->nr_senders += !!(ep->mode & FMODE_WRITE);
		note_lender_locked(ep);
		rb_add(&ep->node, &ch->members, serial_less);
	}
	spin_unlock(&ch->lock);
	if (!err)
		atomic_inc(&ch->ns->moves);
	return err;
}

/**
 * kchan_channel_detach - undo kchan_channel_attach()
 * @ep: the endpoint
 */
void kchan_channel_detach(struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;

	spin_lock(&ch->lock);
	rb_erase(&ep->node, &ch->members);
	/* A dump counts before it looks. */
	atomic_inc(&ch->ns->moves);
	ch->nr_receivers -= !!(ep->mode & FMODE_READ);
	ch->nr_senders -= !!(ep->mode & FMODE_WRITE);
	if ((ep->mode & FMODE_WRITE) && !ch->nr_senders)
		ch->events |= EPOLLRDHUP;
	kchan_transfer_unlock(ch);
}

/**
 * kchan_channel_settings - change and read what is of an endpoint alone
 * @ep: the endpoint
 * @settings: as KCHAN_IOC_SETTINGS takes it, checked
 *
 * Return: 0 or -EIDRM.
 */
int kchan_channel_settings(struct kchan_endpoint *ep,
			   struct kchan_settings *settings)
{
	struct kchan_channel *ch = ep->channel;
	int err = 0;

	spin_lock(&ch->lock);
	if (ch->revoked)
		err = -EIDRM;
	else if (settings->flags & KCHAN_SET_HELD_MAX)
		ep->held_max = settings->held_max;
	if (!err && (settings->flags & KCHAN_SET_URGENT)) {
		ep->urgent = settings->urgent;
		ch->events |= EPOLLPRI;
	}
	settings->held_max = ep->held_max;
	settings->urgent = ep->urgent;
	settings->held = ep->held_count;
	settings->held_bytes = ep->held_bytes;
	kchan_transfer_unlock(ch);
	return err;
}

static __poll_t messages_locked(const struct kchan_endpoint *ep)
	__must_hold(&ep->channel->lock)
{
	struct kchan_entry *first = kchan_queue_first(&ep->channel->queue);

	lockdep_assert_held(&ep->channel->lock);
	if (!first)
		return 0;
	return EPOLLIN | EPOLLRDNORM |
	       (first->prio >= ep->urgent ? EPOLLPRI : 0);
}

/* Is there a slot to be loaned, or one whose message can be dropped? */
static bool may_loan_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!ch->lender)
		return true;
	if (ch->lender->loaners.count)
		return false;
	return kchan_lender_free_locked(ch->lender) ||
	       kchan_lend_victim_locked(ch, KCHAN_PRIO_MAX);
}

/* Would a send of the longest message neither wait nor be refused? */
static bool may_send_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!may_loan_locked(ch))
		return false;
	if (ch->attr.overflow == KCHAN_OVERFLOW_DROP)
		return true;
	return !ch->senders.count &&
	       kchan_channel_has_room_locked(ch, ch->attr.msgsize);
}

/**
 * kchan_channel_poll - what an endpoint can do
 * @ep: the endpoint
 *
 * EPOLLOUT means that the longest message fits and that there is a slot for it, so that
 * who sends after it never finds the queue full unless another was quicker.
 */
__poll_t kchan_channel_poll(const struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;
	fmode_t mode = ep->mode;
	__poll_t events = 0;

	/* POLL_BARRIER: pairs with kchan_transfer_unlock() */
	spin_lock(&ch->lock);
	ch->polled = true;
	kchan_reaper_reap_all_locked(ch);
	if (ch->revoked)
		events |= EPOLLHUP | EPOLLERR;
	if (mode & FMODE_READ)
		events |= messages_locked(ep);
	if ((mode & FMODE_READ) && !ch->nr_senders)
		events |= EPOLLRDHUP;
	if ((mode & FMODE_WRITE) && may_send_locked(ch))
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&ch->lock);
	return events;
}

static void pool_state_locked(const struct kchan_channel *ch,
			      struct kchan_state *state)
	__must_hold(&ch->lock)
{
	const struct kchan_lender *lender = ch->lender;

	lockdep_assert_held(&ch->lock);
	if (!lender)
		return;
	state->waiting_senders += lender->loaners.count;
	state->slots_free = kchan_lender_free_locked(lender);
	state->slots_loaned = lender->loaned;
	state->slots_taken = lender->taken;
	state->pool_users = kchan_pool_users(&lender->pool);
}

static void state_locked(struct kchan_channel *ch,
			 const struct kchan_viewer *viewer,
			 struct kchan_state *state)
	__must_hold(&ch->lock)
{
	const struct kchan_stats *stats = &ch->stats;

	lockdep_assert_held(&ch->lock);
	state->queued = ch->queue.count;
	state->queued_bytes = ch->queue.bytes;
	state->senders = ch->nr_senders;
	state->receivers = ch->nr_receivers;
	state->waiting_senders = ch->senders.count;
	state->waiting_receivers = ch->receivers.count;
	state->queued_max = max(stats->queued_max, ch->queue.count);
	state->queued_bytes_max = max(stats->queued_bytes_max, ch->queue.bytes);
	state->send_pid = kchan_view_pid(viewer, stats->send_pid);
	state->recv_pid = kchan_view_pid(viewer, stats->recv_pid);
	state->send_time = kchan_view_time(viewer, stats->send_time);
	state->recv_time = kchan_view_time(viewer, stats->recv_time);
	state->sent = ch->last_seq;
	state->sent_bytes = stats->sent_bytes;
	state->received = stats->received;
	state->received_bytes = stats->received_bytes;
	state->returned = stats->returned;
	state->full = stats->full;
	memcpy(state->residence, stats->residence, sizeof(state->residence));
	state->held = ch->held_count;
	state->held_max = stats->held_max;
	state->held_bytes = ch->held_bytes;
	state->rejected = stats->rejected;
	memcpy(state->dropped, stats->dropped, sizeof(state->dropped));
	memcpy(state->dead_lettered, stats->dead_lettered,
	       sizeof(state->dead_lettered));
	pool_state_locked(ch, state);
}

/**
 * kchan_channel_state - describe what goes on in a channel
 * @ch: the channel
 * @viewer: to whom
 * @state: takes what is not an attribute; zeroed
 *
 * Return: 0 or -EIDRM.
 */
int kchan_channel_state(struct kchan_channel *ch,
			const struct kchan_viewer *viewer,
			struct kchan_state *state)
{
	bool revoked;

	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	revoked = ch->revoked;
	if (!revoked)
		state_locked(ch, viewer, state);
	spin_unlock(&ch->lock);
	return revoked ? -EIDRM : 0;
}

int __init kchan_channel_init(void)
{
	channel_cache = KMEM_CACHE(kchan_channel, SLAB_ACCOUNT);
	return channel_cache ? 0 : -ENOMEM;
}

void kchan_channel_exit(void)
{
	kmem_cache_destroy(channel_cache);
}
