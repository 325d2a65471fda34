// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: channels
 *
 * A channel belongs to its inode: it is made with it, ends when that is evicted, which is
 * when neither a name nor an endpoint is left, and is freed with it. Endpoints hold the inode
 * by their file, so that whoever has an endpoint may use the channel without a
 * reference of its own; wait queues known to epoll live as long for the same
 * reason.
 *
 * What goes on in it is in transfer.c.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "abi.h"
#include "channel.h"
#include "event.h"
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
 * queue is empty, until nothing has happened.
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

/*
 * Give back what a channel takes that nobody can use any more, though an O_PATH
 * descriptor or the like may keep its inode for long.
 */
static void channel_retire(struct kchan_channel *ch)
{
	bool charged;

	kchan_transfer_drain(ch);
	kchan_hold_drop(ch);
	kchan_lender_retire(ch);
	channel_trim(ch);
	spin_lock(&ch->lock);
	charged = ch->charged;
	ch->charged = false;
	spin_unlock(&ch->lock);
	if (charged)
		kchan_ns_uncharge_entry(ch->ns, ch->creator);
}

/* Likewise of a channel with a pool, whose ceilings are what that has. */
static int resolve_pool_attr(struct kchan_attr *attr)
{
	u64 bytes;

	attr->slot_size = ALIGN(attr->slot_size, KCHAN_SLOT_ALIGN);
	bytes = (u64)attr->slots * attr->slot_size;
	if (attr->depth > attr->slots || attr->msgsize > attr->slot_size ||
	    attr->bytes > bytes)
		return -EINVAL;
	if (!attr->depth)
		attr->depth = attr->slots;
	if (!attr->bytes)
		attr->bytes = bytes;
	if (!attr->msgsize)
		attr->msgsize = min_t(u64, attr->slot_size, attr->bytes);
	return 0;
}

/* Fill in the defaults, and check against the ceilings. */
static int resolve_attr(struct kchan_attr *attr, struct kchan_limits *limits)
{
	unsigned long max_depth = kchan_limit(limits, max_depth);
	unsigned long max_msgsize = kchan_limit(limits, max_msgsize);
	unsigned long max_bytes = kchan_limit(limits, max_bytes);

	attr->special = attr->slots || attr->ttl;
	if (attr->slots)
		return resolve_pool_attr(attr);
	if (!attr->depth)
		attr->depth = min_t(u32, max_depth, KCHAN_DEPTH_DEFAULT);
	if (!attr->msgsize) {
		attr->msgsize = min3(max_msgsize, max_bytes,
				     (unsigned long)KCHAN_MSGSIZE_DEFAULT);
		if (attr->bytes)
			attr->msgsize = min_t(u64, attr->msgsize, attr->bytes);
	}
	if (!attr->bytes) {
		attr->bytes = min_t(u64, max_bytes, KCHAN_BYTES_DEFAULT);
		attr->bytes = max_t(u64, attr->bytes, attr->msgsize);
	}
	if (attr->depth > max_depth || attr->msgsize > max_msgsize ||
	    attr->bytes > max_bytes)
		return -ERANGE;
	return 0;
}

/* Join the instance's list; nothing joins a dead instance. */
static int channel_list(struct kchan_channel *ch)
{
	struct kchan_ns *ns = ch->ns;
	XA_STATE(xas, &ns->channels, ch->id);
	int err;

	do {
		xas_lock(&xas);
		err = ns->dead ? -EIDRM : 0;
		/* Who is listed is seen, and so stays till it has ended. */
		if (!err) {
			xas_store(&xas, ch);
			err = xas_error(&xas);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));
	if (!err)
		atomic_inc(&ns->changes);
	return err;
}

static void channel_unlist(struct kchan_channel *ch)
{
	if (xa_erase(&ch->ns->channels, ch->id))
		atomic_inc(&ch->ns->changes);
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
	ch->charged = true;
	ch->creator_pid = get_pid(task_tgid(current));
	ch->creator_gid = current_egid();
	ch->create_time = ktime_get_ns();
	ch->stats.recv_tick = jiffies - 1;
}

/**
 * kchan_channel_new - make a channel
 * @ns: the instance
 * @attr: its attributes, sound in themselves
 * @inode: the inode that will own it
 *
 * Charged to the current user. May sleep.
 * Return: the channel, or -EDQUOT, -EIDRM, -EINVAL, -ENFILE, -ENOMEM, -ENOSPC, -ERANGE.
 */
struct kchan_channel *kchan_channel_new(struct kchan_ns *ns,
					const struct kchan_attr *attr,
					struct inode *inode)
{
	struct kchan_attr resolved = *attr;
	struct kchan_channel *ch;
	int err;

	err = resolve_attr(&resolved, &ns->limits);
	if (err)
		return ERR_PTR(err);
	/* A message has room for 32 bits of where it died. */
	if (inode->i_ino > U32_MAX)
		return ERR_PTR(-ENOSPC);
	ch = kmem_cache_zalloc(channel_cache, GFP_KERNEL_ACCOUNT);
	if (!ch)
		return ERR_PTR(-ENOMEM);
	ch->creator = kchan_user_find(current_euid());
	if (!ch->creator) {
		err = -ENOMEM;
		goto free;
	}
	err = kchan_ns_charge_entry(ns, ch->creator);
	if (err)
		goto put_user;
	ch->attr = resolved;
	ch->ns = kchan_ns_get(ns);
	ch->inode = inode;
	ch->id = inode->i_ino;
	ch->holds = resolved.automatic;
	channel_init(ch);
	err = channel_equip(ch);
	if (!err)
		err = channel_list(ch);
	if (err) {
		kchan_channel_end(ch);
		kchan_channel_free(ch);
		return ERR_PTR(err);
	}
	return ch;

put_user:
	kchan_user_put(ch->creator);
free:
	kmem_cache_free(channel_cache, ch);
	return ERR_PTR(err);
}

/**
 * kchan_channel_end - undo kchan_channel_new(), messages included, but for the memory
 * @ch: a channel that nobody uses
 */
void kchan_channel_end(struct kchan_channel *ch)
{
	channel_unlist(ch);
	channel_retire(ch);
	kchan_reaper_free(ch);
	cancel_delayed_work_sync(&ch->trim);
	/* The reaper may have been at work until now. */
	kchan_store_trim(ch);
	WARN_ON_ONCE(ch->held_count || ch->nr_senders || ch->nr_receivers);
	put_pid(ch->stats.send_pid);
	put_pid(ch->stats.recv_pid);
	put_pid(ch->creator_pid);
	kchan_user_put(ch->creator);
	kchan_ns_put(ch->ns);
}

/**
 * kchan_channel_free - free what is left of a channel
 * @ch: a channel after kchan_channel_end() and a grace period
 */
void kchan_channel_free(struct kchan_channel *ch)
{
	kmem_cache_free(channel_cache, ch);
}

/*
 * A channel that is listed and whose inode lives: the inode is freed after a grace
 * period, and the channel with it, so that it can be asked.
 */
static bool channel_grab(struct kchan_channel *ch)
{
	return ch && igrab(ch->inode);
}

/**
 * kchan_channel_exists - is there a channel with a number?
 * @ns: the instance
 * @id: the number
 */
bool kchan_channel_exists(struct kchan_ns *ns, u64 id)
{
	return id <= ULONG_MAX && xa_load(&ns->channels, id);
}

/**
 * kchan_channel_find - the channel with a number
 * @ns: the instance, whose superblock the caller holds active
 * @id: the number
 *
 * Return: the channel, for kchan_channel_put(), or NULL.
 */
struct kchan_channel *kchan_channel_find(struct kchan_ns *ns, u64 id)
{
	struct kchan_channel *ch = NULL;

	rcu_read_lock();
	if (id <= ULONG_MAX)
		ch = xa_load(&ns->channels, id);
	if (!channel_grab(ch))
		ch = NULL;
	rcu_read_unlock();
	return ch;
}

/**
 * kchan_channel_next - the channels of an instance, one by one
 * @ns: the instance, whose superblock the caller holds active
 * @id: the lowest number that is asked for; becomes that of the channel
 *
 * Return: the channel, for kchan_channel_put(), or NULL if there is no more.
 */
struct kchan_channel *kchan_channel_next(struct kchan_ns *ns, u64 *id)
{
	unsigned long index = *id;
	struct kchan_channel *ch;

	rcu_read_lock();
	ch = xa_find(&ns->channels, &index, ULONG_MAX, XA_PRESENT);
	while (ch && !channel_grab(ch))
		ch = xa_find_after(&ns->channels, &index, ULONG_MAX, XA_PRESENT);
	rcu_read_unlock();
	*id = index;
	return ch;
}

/**
 * kchan_channel_put - give back what kchan_channel_find() or _next() gave
 * @ch: the channel
 *
 * May sleep, as it may be the last to hold the channel.
 */
void kchan_channel_put(struct kchan_channel *ch)
{
	iput(ch->inode);
}

static struct kchan_endpoint *member(struct rb_node *node)
{
	return rb_entry(node, struct kchan_endpoint, node);
}

static bool serial_less(struct rb_node *a, const struct rb_node *b)
{
	return member(a)->serial < rb_entry(b, struct kchan_endpoint, node)->serial;
}

/* The first endpoint whose number is above @serial. */
static struct kchan_endpoint *member_after_locked(struct kchan_channel *ch,
						  u64 serial)
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
	ep = member_after_locked(ch, serial);
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
 * Return: 0; -EIDRM: revoked; -ESTALE: an automatic channel whose last endpoint
 * has gone: another may have the name by now, look again.
 */
int kchan_channel_attach(struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = ep->channel;
	int err = 0;

	spin_lock(&ch->lock);
	if (ch->revoked) {
		err = -EIDRM;
	} else if (ch->gone) {
		err = -ESTALE;
	} else {
		ch->holds++;
		ch->nr_receivers += !!(ep->mode & FMODE_READ);
		ch->nr_senders += !!(ep->mode & FMODE_WRITE);
		note_lender_locked(ep);
		ep->serial = ++ch->last_serial;
		rb_add(&ep->node, &ch->members, serial_less);
	}
	spin_unlock(&ch->lock);
	if (!err)
		atomic_inc(&ch->ns->moves);
	return err;
}

/* One hold less; ends what the caller has changed under the lock. */
static bool channel_unhold_unlock(struct kchan_channel *ch)
	__releases(&ch->lock)
{
	bool last = !--ch->holds && ch->attr.automatic;
	bool unused = !ch->holds;

	/* GONE_NAME: pairs with entry_revalidate() */
	if (last)
		WRITE_ONCE(ch->gone, true);
	kchan_transfer_unlock(ch);
	if (last)
		channel_retire(ch);
	else if (unused)
		kchan_store_trim(ch);
	return last;
}

/**
 * kchan_channel_detach - undo kchan_channel_attach()
 * @ep: the endpoint
 *
 * Return: true if it was the last of an automatic channel, which is empty now,
 * and can be attached to no more; the caller removes its name.
 */
bool kchan_channel_detach(struct kchan_endpoint *ep)
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
	return channel_unhold_unlock(ch);
}

/**
 * kchan_channel_unhold - the creator of an automatic channel has opened it
 * @ch: the channel
 *
 * Return: as kchan_channel_detach(), where it could not be opened.
 */
bool kchan_channel_unhold(struct kchan_channel *ch)
{
	spin_lock(&ch->lock);
	return channel_unhold_unlock(ch);
}

/**
 * kchan_channel_may_revoke - would the caller be allowed to?
 * @ch: the channel
 *
 * Return: 0; -EIDRM: it is revoked; -EPERM: neither owner nor CAP_FOWNER.
 */
int kchan_channel_may_revoke(const struct kchan_channel *ch)
{
	if (READ_ONCE(ch->revoked))
		return -EIDRM;
	if (!inode_owner_or_capable(&nop_mnt_idmap, ch->inode))
		return -EPERM;
	return 0;
}

/**
 * kchan_channel_revoke - end all use of a channel
 * @ch: the channel
 *
 * Return: 0, or -EIDRM if that has been done.
 */
int kchan_channel_revoke(struct kchan_channel *ch)
{
	spin_lock(&ch->lock);
	if (ch->revoked) {
		spin_unlock(&ch->lock);
		return -EIDRM;
	}
	WRITE_ONCE(ch->revoked, true);
	ch->extras |= KCHAN_EXTRA_REVOKED;
	ch->events |= EPOLLHUP | EPOLLERR;
	kchan_transfer_unlock(ch);
	channel_retire(ch);
	kchan_event(ch, KCHAN_EVENT_REVOKED, 0);
	return 0;
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
	state->queued_max = stats->queued_max;
	state->queued_bytes_max = stats->queued_bytes_max;
	state->send_pid = kchan_view_pid(viewer, stats->send_pid);
	state->recv_pid = kchan_view_pid(viewer, stats->recv_pid);
	state->send_time = kchan_view_time(viewer, stats->send_time);
	state->recv_time = kchan_view_time(viewer, stats->recv_time);
	state->sent = stats->sent;
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
 * kchan_channel_state - describe a channel
 * @ch: the channel
 * @viewer: to whom
 * @state: zeroed but for its size
 *
 * Return: 0 or -EIDRM.
 */
int kchan_channel_state(struct kchan_channel *ch,
			const struct kchan_viewer *viewer,
			struct kchan_state *state)
{
	int err = 0;

	state->id = ch->id;
	state->kind = ch->attr.kind;
	state->key = ch->attr.key;
	state->depth = ch->attr.depth;
	state->msgsize = ch->attr.msgsize;
	state->bytes = ch->attr.bytes;
	state->overflow = ch->attr.overflow;
	state->max_deliveries = ch->attr.max_deliveries;
	state->ttl = ch->attr.ttl;
	state->dead_letter = ch->attr.dead_letter;
	state->creator_pid = kchan_view_pid(viewer, ch->creator_pid);
	state->creator_uid = kchan_view_uid(viewer, ch->creator->uid);
	state->creator_gid = kchan_view_gid(viewer, ch->creator_gid);
	state->create_time = kchan_view_time(viewer, ch->create_time);
	state->slots = ch->attr.slots;
	state->slot_size = ch->attr.slot_size;
	if (ch->attr.automatic)
		state->flags |= KCHAN_STATE_AUTO;
	if (ch->attr.zero_slots)
		state->flags |= KCHAN_STATE_ZERO_SLOTS;
	if (ch->attr.recv_copy)
		state->flags |= KCHAN_STATE_RECV_COPY;
	if (READ_ONCE(ch->inode->i_nlink))
		state->flags |= KCHAN_STATE_NAMED;

	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	/* What is gone is being emptied. */
	if (ch->revoked || ch->gone)
		err = -EIDRM;
	else
		state_locked(ch, viewer, state);
	spin_unlock(&ch->lock);
	return err;
}

int __init kchan_channel_init(void)
{
	channel_cache = KMEM_CACHE(kchan_channel, SLAB_ACCOUNT);
	return channel_cache ? 0 : -ENOMEM;
}

void kchan_channel_exit(void)
{
	/* For kchan_channel_free() of the last. */
	rcu_barrier();
	kmem_cache_destroy(channel_cache);
}
