// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: channels
 *
 * A channel belongs to its inode: it is made with it and freed when it is evicted,
 * which is when neither a name nor an endpoint is left. Endpoints hold the inode
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

#include "channel.h"
#include "compat.h"

/*
 * Give back what an idle channel keeps: the spare message and the trie.
 */
static void channel_trim(struct kchan_channel *ch)
{
	struct kchan_qnode *trie = NULL;

	spin_lock(&ch->lock);
	if (kchan_channel_quiet_locked(ch))
		trie = kchan_queue_detach_trie(&ch->queue);
	spin_unlock(&ch->lock);
	kchan_queue_free_trie(trie);
	kchan_msg_free(xchg(&ch->spare, NULL));
}

/* Runs while the queue is empty, once a second, until nothing has happened. */
static void channel_trim_work(struct work_struct *work)
{
	struct kchan_channel *ch =
		container_of(to_delayed_work(work), struct kchan_channel, trim);
	bool idle;

	spin_lock(&ch->lock);
	idle = kchan_channel_quiet_locked(ch) && ch->trim_seq == ch->last_seq;
	ch->trim_seq = ch->last_seq;
	ch->trim_armed = !idle && !ch->queue.count;
	if (ch->trim_armed)
		schedule_delayed_work(&ch->trim, HZ);
	spin_unlock(&ch->lock);
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
	channel_trim(ch);
	spin_lock(&ch->lock);
	charged = ch->charged;
	ch->charged = false;
	spin_unlock(&ch->lock);
	if (charged)
		kchan_ns_uncharge_entry(ch->ns, ch->creator);
}

/* Fill in the defaults, and check against the ceilings. */
static int resolve_attr(struct kchan_attr *attr, struct kchan_limits *limits)
{
	unsigned long max_depth = kchan_limit(limits, max_depth);
	unsigned long max_msgsize = kchan_limit(limits, max_msgsize);
	unsigned long max_bytes = kchan_limit(limits, max_bytes);

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
	int err = -EIDRM;

	spin_lock(&ns->lock);
	if (!ns->dead) {
		list_add_tail(&ch->ns_node, &ns->channels);
		err = 0;
	}
	spin_unlock(&ns->lock);
	return err;
}

static void channel_unlist(struct kchan_channel *ch)
{
	spin_lock(&ch->ns->lock);
	list_del(&ch->ns_node);
	spin_unlock(&ch->ns->lock);
}

static void channel_init(struct kchan_channel *ch)
{
	spin_lock_init(&ch->lock);
	kchan_waitq_init(&ch->senders);
	kchan_waitq_init(&ch->receivers);
	init_waitqueue_head(&ch->recv_poll);
	init_waitqueue_head(&ch->send_poll);
	INIT_DELAYED_WORK(&ch->trim, channel_trim_work);
	INIT_LIST_HEAD(&ch->ns_node);
	ch->charged = true;
	ch->creator_pid = get_pid(task_tgid(current));
	ch->creator_gid = current_egid();
	ch->create_time = ktime_get_ns();
}

/**
 * kchan_channel_new - make a channel
 * @ns: the instance
 * @attr: its attributes, sound in themselves
 * @inode: the inode that will own it
 *
 * Charged to the current user. May sleep.
 * Return: the channel, or -EDQUOT, -EIDRM, -ENOMEM, -ENOSPC, -ERANGE.
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
	ch = kzalloc(sizeof(*ch), GFP_KERNEL_ACCOUNT);
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
	ch->endpoints = resolved.automatic;
	channel_init(ch);
	err = channel_list(ch);
	if (err) {
		kchan_channel_free(ch);
		return ERR_PTR(err);
	}
	return ch;

put_user:
	kchan_user_put(ch->creator);
free:
	kfree(ch);
	return ERR_PTR(err);
}

/**
 * kchan_channel_free - undo kchan_channel_new(), messages included
 * @ch: a channel that nobody uses
 */
void kchan_channel_free(struct kchan_channel *ch)
{
	channel_unlist(ch);
	channel_retire(ch);
	cancel_delayed_work_sync(&ch->trim);
	WARN_ON_ONCE(atomic_read(&ch->out) || ch->nr_senders || ch->nr_receivers);
	put_pid(ch->stats.send_pid);
	put_pid(ch->stats.recv_pid);
	put_pid(ch->creator_pid);
	kchan_user_put(ch->creator);
	kchan_ns_put(ch->ns);
	kfree_rcu(ch, rcu);
}

/**
 * kchan_channel_attach - count one more endpoint
 * @ch: the channel
 * @mode: FMODE_READ and FMODE_WRITE give its role
 *
 * Return: 0; -EIDRM: revoked; -ESTALE: an automatic channel whose last endpoint
 * has gone: another may have the name by now, look again.
 */
int kchan_channel_attach(struct kchan_channel *ch, fmode_t mode)
{
	int err = 0;

	spin_lock(&ch->lock);
	if (ch->revoked) {
		err = -EIDRM;
	} else if (ch->gone) {
		err = -ESTALE;
	} else {
		ch->endpoints++;
		ch->nr_receivers += !!(mode & FMODE_READ);
		ch->nr_senders += !!(mode & FMODE_WRITE);
	}
	spin_unlock(&ch->lock);
	return err;
}

/**
 * kchan_channel_detach - count one endpoint less
 * @ch: the channel
 * @mode: as at kchan_channel_attach(); 0: the creator's first hold
 *
 * Return: true if it was the last of an automatic channel, which is empty now,
 * and can be attached to no more; the caller removes its name.
 */
bool kchan_channel_detach(struct kchan_channel *ch, fmode_t mode)
{
	bool last;

	spin_lock(&ch->lock);
	ch->endpoints--;
	ch->nr_receivers -= !!(mode & FMODE_READ);
	ch->nr_senders -= !!(mode & FMODE_WRITE);
	if ((mode & FMODE_WRITE) && !ch->nr_senders)
		ch->events |= EPOLLRDHUP;
	last = ch->attr.automatic && !ch->endpoints;
	/* GONE_NAME: pairs with entry_revalidate() */
	if (last)
		WRITE_ONCE(ch->gone, true);
	kchan_transfer_unlock(ch);
	if (last)
		channel_retire(ch);
	return last;
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
	ch->events |= EPOLLHUP | EPOLLERR;
	kchan_transfer_unlock(ch);
	channel_retire(ch);
	return 0;
}

/**
 * kchan_channel_poll - what an endpoint of @mode can do
 * @ch: the channel
 * @mode: FMODE_READ and FMODE_WRITE
 *
 * EPOLLOUT means that the longest message fits, so that who sends after it never
 * finds the queue full unless another was quicker.
 */
__poll_t kchan_channel_poll(struct kchan_channel *ch, fmode_t mode)
{
	__poll_t events = 0;

	/* POLL_BARRIER: pairs with kchan_transfer_unlock() */
	spin_lock(&ch->lock);
	if (ch->revoked)
		events |= EPOLLHUP | EPOLLERR;
	if ((mode & FMODE_READ) && ch->queue.count)
		events |= EPOLLIN | EPOLLRDNORM;
	if ((mode & FMODE_READ) && !ch->nr_senders)
		events |= EPOLLRDHUP;
	if ((mode & FMODE_WRITE) && !ch->senders.count &&
	    kchan_channel_has_room_locked(ch, ch->attr.msgsize))
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&ch->lock);
	return events;
}

static void state_locked(struct kchan_channel *ch, struct kchan_state *state)
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
	state->send_pid = pid_vnr(stats->send_pid);
	state->recv_pid = pid_vnr(stats->recv_pid);
	state->send_time = kchan_time_to_user(stats->send_time);
	state->recv_time = kchan_time_to_user(stats->recv_time);
	state->sent = stats->sent;
	state->sent_bytes = stats->sent_bytes;
	state->received = stats->received;
	state->received_bytes = stats->received_bytes;
	state->returned = stats->returned;
	memcpy(state->residence, stats->residence, sizeof(state->residence));
}

/**
 * kchan_channel_state - describe a channel to the caller
 * @ch: the channel
 * @state: zeroed
 *
 * Return: 0 or -EIDRM.
 */
int kchan_channel_state(struct kchan_channel *ch, struct kchan_state *state)
{
	struct user_namespace *user_ns = current_user_ns();
	int err = 0;

	state->id = ch->id;
	state->kind = ch->attr.kind;
	state->key = ch->attr.key;
	state->depth = ch->attr.depth;
	state->msgsize = ch->attr.msgsize;
	state->bytes = ch->attr.bytes;
	state->creator_pid = pid_vnr(ch->creator_pid);
	state->creator_uid = from_kuid_munged(user_ns, ch->creator->uid);
	state->creator_gid = from_kgid_munged(user_ns, ch->creator_gid);
	state->create_time = kchan_time_to_user(ch->create_time);
	if (ch->attr.automatic)
		state->flags |= KCHAN_STATE_AUTO;
	if (READ_ONCE(ch->inode->i_nlink))
		state->flags |= KCHAN_STATE_NAMED;

	spin_lock(&ch->lock);
	if (ch->revoked)
		err = -EIDRM;
	else
		state_locked(ch, state);
	spin_unlock(&ch->lock);
	return err;
}
