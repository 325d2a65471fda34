// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: inodes of channels
 *
 * What there always is of a channel is in its inode: attributes, number, creator. What
 * works, &struct kchan_channel, is made when the first endpoint opens it, and freed with
 * the last if nobody could tell it from a new one. So a channel that is only there takes
 * no more than its inode and its name.
 *
 * Endpoints *hold* the channel. Who looks at it from outside is its *guest*, if it is
 * there, and else knows that it is as new. The inode is held by each of them, so that it
 * ends when neither a name nor an endpoint is left, and the channel with it.
 *
 * Who comes after the end is refused under the inode's lock, and who came before, but
 * has not joined yet, under the channel's.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "abi.h"
#include "event.h"
#include "inode.h"
#include "limits.h"
#include "ns.h"
#include "transfer.h"

static struct kmem_cache *inode_cache;

static struct kchan_ns *ns_of(const struct kchan_inode *ki)
{
	return ki->vfs.i_sb->s_fs_info;
}

/**
 * kchan_inode_alloc - ->alloc_inode
 * @sb: the superblock
 */
struct inode *kchan_inode_alloc(struct super_block *sb)
{
	struct kchan_inode *ki = alloc_inode_sb(sb, inode_cache, GFP_KERNEL);

	if (!ki)
		return NULL;
	memset_startat(ki, 0, attr);
	spin_lock_init(&ki->lock);
	RB_CLEAR_NODE(&ki->node);
	return &ki->vfs;
}

/**
 * kchan_inode_free - ->free_inode, a grace period after the end, as path walks look at it
 * @inode: the inode
 */
void kchan_inode_free(struct inode *inode)
{
	kmem_cache_free(inode_cache, kchan_i(inode));
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

static struct kchan_inode *listed(struct rb_node *node)
{
	return rb_entry_safe(node, struct kchan_inode, node);
}

static bool number_less(struct rb_node *a, const struct rb_node *b)
{
	return listed(a)->vfs.i_ino <
	       rb_entry(b, struct kchan_inode, node)->vfs.i_ino;
}

/* Numbers grow, so that there is mostly no need to search for the place. */
static void list_locked(struct kchan_ns *ns, struct kchan_inode *ki)
	__must_hold(&ns->lock)
{
	struct rb_node *newest = ns->newest;

	lockdep_assert_held(&ns->lock);
	if (newest && number_less(&ki->node, newest)) {
		rb_add(&ki->node, &ns->channels, number_less);
		return;
	}
	rb_link_node(&ki->node, newest,
		     newest ? &newest->rb_right : &ns->channels.rb_node);
	rb_insert_color(&ki->node, &ns->channels);
	ns->newest = &ki->node;
}

/* Join the instance's channels; nothing joins a dead instance. */
static int inode_list(struct kchan_inode *ki)
{
	struct kchan_ns *ns = ns_of(ki);
	int err;

	spin_lock(&ns->lock);
	err = ns->dead ? -EIDRM : 0;
	/* Who is listed is seen, and so stays till it has ended. */
	if (!err)
		list_locked(ns, ki);
	spin_unlock(&ns->lock);
	if (!err)
		atomic_inc(&ns->changes);
	return err;
}

static void inode_unlist(struct kchan_inode *ki)
{
	struct kchan_ns *ns = ns_of(ki);

	spin_lock(&ns->lock);
	if (ns->newest == &ki->node)
		ns->newest = rb_prev(&ki->node);
	rb_erase(&ki->node, &ns->channels);
	spin_unlock(&ns->lock);
	atomic_inc(&ns->changes);
}

/**
 * kchan_inode_begin - make a channel of an inode
 * @ki: the inode
 * @attr: attributes, sound in themselves
 *
 * Charged to the current user. May sleep.
 * Return: 0; -EDQUOT, -EIDRM, -EINVAL, -ENFILE, -ENOMEM, -ENOSPC, -ERANGE, with
 * kchan_inode_end() to be called in any case.
 */
int kchan_inode_begin(struct kchan_inode *ki, const struct kchan_attr *attr)
{
	struct kchan_ns *ns = ns_of(ki);
	struct kchan_channel *ch;
	int err;

	ki->attr = *attr;
	err = resolve_attr(&ki->attr, &ns->limits);
	if (err)
		return err;
	ki->creator = kchan_user_find(current_euid());
	if (!ki->creator)
		return -ENOMEM;
	err = kchan_ns_charge_entry(ns, ki->creator);
	if (err)
		return err;
	ki->charged = true;
	ki->creator_pid = get_pid(task_tgid(current));
	ki->creator_gid = current_egid();
	ki->create_time = ktime_get_ns();
	ki->holds = attr->automatic;
	/* With what may fail to be made later. */
	if (attr->slots || attr->dead_letter) {
		ch = kchan_channel_new(ki);
		if (IS_ERR(ch))
			return PTR_ERR(ch);
		ki->channel = ch;
	}
	return inode_list(ki);
}

static void inode_uncharge(struct kchan_inode *ki)
{
	bool charged;

	spin_lock(&ki->lock);
	charged = ki->charged;
	ki->charged = false;
	spin_unlock(&ki->lock);
	if (charged)
		kchan_ns_uncharge_entry(ns_of(ki), ki->creator);
}

/**
 * kchan_inode_end - undo kchan_inode_begin(), messages included
 * @ki: an inode that nobody uses
 */
void kchan_inode_end(struct kchan_inode *ki)
{
	if (!RB_EMPTY_NODE(&ki->node)) {
		if (ki->attr.unnamed)
			kchan_event(&ki->vfs, KCHAN_EVENT_REMOVED, 0);
		inode_unlist(ki);
	}
	if (ki->channel)
		kchan_channel_free(ki->channel);
	inode_uncharge(ki);
	put_pid(ki->creator_pid);
	kchan_user_put(ki->creator);
}

/* The first channel with @id or more. */
static struct kchan_inode *first_locked(struct kchan_ns *ns, u64 id)
	__must_hold(&ns->lock)
{
	struct rb_node *node = ns->channels.rb_node;
	struct kchan_inode *found = NULL;

	lockdep_assert_held(&ns->lock);
	while (node) {
		if (listed(node)->vfs.i_ino >= id) {
			found = listed(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * kchan_inode_exists - is there a channel with a number?
 * @ns: the instance
 * @id: the number
 */
bool kchan_inode_exists(struct kchan_ns *ns, u64 id)
{
	struct kchan_inode *ki;
	bool is;

	spin_lock(&ns->lock);
	ki = first_locked(ns, id);
	is = ki && ki->vfs.i_ino == id;
	spin_unlock(&ns->lock);
	return is;
}

/**
 * kchan_inode_find - the channel with a number
 * @ns: the instance, whose superblock the caller holds active
 * @id: the number
 *
 * Return: its inode, for kchan_inode_put(), or NULL.
 */
struct kchan_inode *kchan_inode_find(struct kchan_ns *ns, u64 id)
{
	struct kchan_inode *ki;

	spin_lock(&ns->lock);
	ki = first_locked(ns, id);
	if (ki && (ki->vfs.i_ino != id || !igrab(&ki->vfs)))
		ki = NULL;
	spin_unlock(&ns->lock);
	return ki;
}

/**
 * kchan_inode_next - the channels of an instance, one by one
 * @ns: the instance, whose superblock the caller holds active
 * @id: the lowest number that is asked for; becomes that of the channel
 *
 * Return: its inode, for kchan_inode_put(), or NULL if there is no more.
 */
struct kchan_inode *kchan_inode_next(struct kchan_ns *ns, u64 *id)
{
	struct kchan_inode *ki;

	spin_lock(&ns->lock);
	ki = first_locked(ns, *id);
	/* Those that fail are ending on other processors just now, so they are few. */
	while (ki && !igrab(&ki->vfs))
		ki = listed(rb_next(&ki->node));
	spin_unlock(&ns->lock);
	if (ki)
		*id = ki->vfs.i_ino;
	return ki;
}

/**
 * kchan_inode_put - give back what kchan_inode_find() or _next() gave
 * @ki: the inode
 *
 * May sleep, as it may be the last to hold the channel.
 */
void kchan_inode_put(struct kchan_inode *ki)
{
	iput(&ki->vfs);
}

/* The channel, @fresh if there is none; NULL: one is needed. @serial is for its holder. */
static struct kchan_channel *hold_locked(struct kchan_inode *ki,
					 struct kchan_channel **fresh,
					 u64 *serial)
	__must_hold(&ki->lock)
{
	lockdep_assert_held(&ki->lock);
	if (ki->revoked)
		return ERR_PTR(-EIDRM);
	if (ki->gone)
		return ERR_PTR(-ESTALE);
	if (!ki->channel)
		swap(ki->channel, *fresh);
	if (!ki->channel)
		return NULL;
	ki->holds++;
	*serial = ++ki->last_serial;
	return ki->channel;
}

static struct kchan_channel *inode_hold(struct kchan_inode *ki, u64 *serial)
{
	struct kchan_channel *ch, *fresh = NULL;

	for (;;) {
		spin_lock(&ki->lock);
		ch = hold_locked(ki, &fresh, serial);
		spin_unlock(&ki->lock);
		if (ch)
			break;
		fresh = kchan_channel_new(ki);
		if (IS_ERR(fresh))
			return fresh;
	}
	/* Another was quicker, or has ended it. */
	if (fresh)
		kchan_channel_free(fresh);
	return ch;
}

/**
 * kchan_inode_attach - add an endpoint to a channel
 * @ki: its inode
 * @ep: the endpoint, complete but for @channel and @serial
 *
 * May sleep.
 * Return: 0; -EIDRM: revoked; -ENOMEM; -ESTALE: an automatic channel whose last
 * endpoint has gone: another may have the name by now, look again.
 */
int kchan_inode_attach(struct kchan_inode *ki, struct kchan_endpoint *ep)
{
	struct kchan_channel *ch = inode_hold(ki, &ep->serial);
	int err;

	if (IS_ERR(ch))
		return PTR_ERR(ch);
	ep->channel = ch;
	err = kchan_channel_attach(ep);
	/* It is revoked, so it is not for us to remove its name. */
	if (err)
		kchan_inode_unhold(ki);
	return err;
}

static struct kchan_channel *visit_locked(struct kchan_inode *ki)
	__must_hold(&ki->lock)
{
	lockdep_assert_held(&ki->lock);
	ki->guests += !!ki->channel;
	return ki->channel;
}

/**
 * kchan_inode_visit - look at a channel from outside
 * @ki: its inode
 *
 * Return: the channel, for kchan_inode_leave(), or NULL: it is as new, but for its end.
 */
struct kchan_channel *kchan_inode_visit(struct kchan_inode *ki)
{
	struct kchan_channel *ch;

	spin_lock(&ki->lock);
	ch = visit_locked(ki);
	spin_unlock(&ki->lock);
	return ch;
}

/**
 * kchan_inode_leave - end what kchan_inode_visit() began
 * @ki: the inode
 *
 * May sleep.
 */
void kchan_inode_leave(struct kchan_inode *ki)
{
	struct kchan_channel *ch = NULL;

	spin_lock(&ki->lock);
	if (!--ki->guests && !ki->holds && !ki->kept &&
	    kchan_channel_is_new(ki->channel))
		swap(ch, ki->channel);
	spin_unlock(&ki->lock);
	if (ch)
		kchan_channel_free(ch);
}

/**
 * kchan_inode_keep - a channel is to be there for dead messages at any time
 * @ki: its inode; the caller holds the channel
 */
void kchan_inode_keep(struct kchan_inode *ki)
{
	spin_lock(&ki->lock);
	ki->kept = true;
	spin_unlock(&ki->lock);
}

/* Nobody can open the channel any more, nor has it open. */
static void inode_close(struct kchan_channel *ch)
{
	spin_lock(&ch->lock);
	kchan_channel_end_locked(ch);
	kchan_transfer_unlock(ch);
	kchan_channel_retire(ch);
}

/**
 * kchan_inode_unhold - one hold less
 * @ki: the inode
 *
 * Of an endpoint, or of the creator of an automatic channel, which has opened it.
 * May sleep.
 * Return: true if it was the last of an automatic channel, which is empty now,
 * and can be attached to no more; the caller removes its name.
 */
bool kchan_inode_unhold(struct kchan_inode *ki)
{
	struct kchan_channel *ch = NULL;
	bool unused, last;

	spin_lock(&ki->lock);
	unused = !--ki->holds;
	/* Who has revoked it sees to its name. */
	last = unused && ki->attr.automatic && !ki->revoked;
	/* GONE_NAME: pairs with entry_revalidate() */
	if (last)
		WRITE_ONCE(ki->gone, true);
	if (unused)
		ch = visit_locked(ki);
	spin_unlock(&ki->lock);
	if (ch && last)
		inode_close(ch);
	else if (ch)
		kchan_store_trim(ch);
	if (last)
		inode_uncharge(ki);
	if (ch)
		kchan_inode_leave(ki);
	return last;
}

/**
 * kchan_inode_detach - undo kchan_inode_attach()
 * @ep: the endpoint
 *
 * Return: as kchan_inode_unhold().
 */
bool kchan_inode_detach(struct kchan_endpoint *ep)
{
	struct kchan_inode *ki = kchan_i(ep->channel->inode);

	kchan_channel_detach(ep);
	return kchan_inode_unhold(ki);
}

/* Who is told so by this finds the channel ended, with a lock or without. */
static bool inode_is_revoked(const struct kchan_inode *ki)
{
	/* Pairs with inode_end_use() */
	return smp_load_acquire(&ki->revoked);
}

/**
 * kchan_inode_may_revoke - would the caller be allowed to?
 * @ki: the inode
 *
 * Return: 0; -EIDRM: it is revoked; -EPERM: neither owner nor CAP_FOWNER.
 */
int kchan_inode_may_revoke(struct kchan_inode *ki)
{
	if (inode_is_revoked(ki))
		return -EIDRM;
	if (!inode_owner_or_capable(&nop_mnt_idmap, &ki->vfs))
		return -EPERM;
	return 0;
}

/*
 * End the use of a channel and of its inode at one stroke: who has been told of the one
 * may rely on the other. Return: false if that has been done.
 */
static bool inode_end_use(struct kchan_inode *ki, struct kchan_channel *ch)
{
	bool first;

	spin_lock(&ch->lock);
	spin_lock(&ki->lock);
	first = !ki->revoked;
	if (first) {
		kchan_channel_end_locked(ch);
		/* After that of the channel: pairs with inode_is_revoked() */
		smp_store_release(&ki->revoked, true);
	}
	spin_unlock(&ki->lock);
	kchan_transfer_unlock(ch);
	if (first)
		kchan_channel_retire(ch);
	return first;
}

/**
 * kchan_inode_revoke - end all use of a channel
 * @ki: its inode
 *
 * May sleep. Return: 0, or -EIDRM if that has been done.
 */
int kchan_inode_revoke(struct kchan_inode *ki)
{
	struct kchan_channel *ch;
	bool first;

	spin_lock(&ki->lock);
	ch = visit_locked(ki);
	first = !ki->revoked;
	if (!ch)
		WRITE_ONCE(ki->revoked, true);
	spin_unlock(&ki->lock);
	if (ch) {
		first = inode_end_use(ki, ch);
		kchan_inode_leave(ki);
	}
	if (!first)
		return -EIDRM;
	inode_uncharge(ki);
	kchan_event(&ki->vfs, KCHAN_EVENT_REVOKED, 0);
	return 0;
}

static void attr_state(const struct kchan_inode *ki,
		       const struct kchan_viewer *viewer,
		       struct kchan_state *state)
{
	const struct kchan_attr *attr = &ki->attr;

	state->id = ki->vfs.i_ino;
	state->kind = attr->kind;
	state->key = attr->key;
	state->depth = attr->depth;
	state->msgsize = attr->msgsize;
	state->bytes = attr->bytes;
	state->overflow = attr->overflow;
	state->max_deliveries = attr->max_deliveries;
	state->ttl = attr->ttl;
	state->dead_letter = attr->dead_letter;
	state->creator_pid = kchan_view_pid(viewer, ki->creator_pid);
	state->creator_uid = kchan_view_uid(viewer, ki->creator->uid);
	state->creator_gid = kchan_view_gid(viewer, ki->creator_gid);
	state->create_time = kchan_view_time(viewer, ki->create_time);
	state->slots = attr->slots;
	state->slot_size = attr->slot_size;
	if (attr->automatic)
		state->flags |= KCHAN_STATE_AUTO;
	if (attr->zero_slots)
		state->flags |= KCHAN_STATE_ZERO_SLOTS;
	if (attr->recv_copy)
		state->flags |= KCHAN_STATE_RECV_COPY;
	if (READ_ONCE(ki->vfs.i_nlink))
		state->flags |= KCHAN_STATE_NAMED;
}

/**
 * kchan_inode_state - describe a channel
 * @ki: its inode
 * @viewer: to whom
 * @state: zeroed but for its size
 *
 * Return: 0 or -EIDRM.
 */
int kchan_inode_state(struct kchan_inode *ki, const struct kchan_viewer *viewer,
		      struct kchan_state *state)
{
	struct kchan_channel *ch;
	int err = 0;

	/* What is gone is being emptied. */
	if (inode_is_revoked(ki) || READ_ONCE(ki->gone))
		return -EIDRM;
	attr_state(ki, viewer, state);
	ch = kchan_inode_visit(ki);
	if (ch) {
		err = kchan_channel_state(ch, viewer, state);
		kchan_inode_leave(ki);
	}
	return err;
}

static void inode_init_once_of(void *inode)
{
	inode_init_once(&((struct kchan_inode *)inode)->vfs);
}

int __init kchan_inode_init(void)
{
	inode_cache = kmem_cache_create("kchan_inode", sizeof(struct kchan_inode),
					0, SLAB_ACCOUNT, inode_init_once_of);
	return inode_cache ? 0 : -ENOMEM;
}

void kchan_inode_exit(void)
{
	/* For kchan_inode_free() of the last. */
	rcu_barrier();
	kmem_cache_destroy(inode_cache);
}
