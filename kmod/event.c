// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: events
 *
 * What happens to channels is told to a multicast group of our generic netlink
 * family, in the network namespace of the instance. A message is only built if
 * somebody listens, by who brings the event about, with no spinlock held. What can
 * happen often is counted, and told ten times a second at most; all else takes a
 * system call of its own each time.
 *
 * Where a message cannot be built, listeners are told that they have lost one.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "event.h"
#include "netlink.h"
#include "ns.h"

struct event {
	enum kchan_event event;
	u64 id;
	const char *name;
	u64 count;
};

static int put_attributes(struct sk_buff *skb, const struct event *event)
{
	if (nla_put_u32(skb, KCHAN_A_EVENT, event->event) ||
	    nla_put_u64_64bit(skb, KCHAN_A_ID, event->id, KCHAN_A_PAD) ||
	    (event->name && nla_put_string(skb, KCHAN_A_NAME, event->name)) ||
	    (event->count && nla_put_u64_64bit(skb, KCHAN_A_COUNT, event->count,
					       KCHAN_A_PAD)))
		return -EMSGSIZE;
	return 0;
}

static struct sk_buff *event_build(const struct event *event)
{
	size_t size = nla_total_size(sizeof(u32)) +
		      2 * nla_total_size_64bit(sizeof(u64));
	struct sk_buff *skb;
	void *head;

	if (event->name)
		size += nla_total_size(strlen(event->name) + 1);
	skb = genlmsg_new(size, GFP_KERNEL);
	if (!skb)
		return NULL;
	head = genlmsg_put(skb, 0, 0, &kchan_genl_family, 0, KCHAN_CMD_EVENT);
	if (!head || WARN_ON_ONCE(put_attributes(skb, event))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, head);
	return skb;
}

static void event_lost(struct net *net)
{
	genl_set_err(&kchan_genl_family, net, 0, KCHAN_GROUP_EVENTS, -ENOBUFS);
}

static void event_send(struct net *net, const struct event *event)
{
	struct sk_buff *skb = event_build(event);

	if (skb)
		genlmsg_multicast_netns(&kchan_genl_family, net, skb, 0,
					KCHAN_GROUP_EVENTS, GFP_KERNEL);
	else
		event_lost(net);
}

static bool is_hashed(struct dentry *dentry)
{
	bool hashed;

	spin_lock(&dentry->d_lock);
	hashed = !d_unhashed(dentry);
	spin_unlock(&dentry->d_lock);
	return hashed;
}

/* The name of a channel, or NULL. */
static const char *name_of_inode(struct inode *inode, char *buf)
{
	struct dentry *dentry;
	const char *name;

	rcu_read_lock();
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(dentry, &inode->i_dentry, d_u.d_alias) {
		if (is_hashed(dentry))
			break;
	}
	spin_unlock(&inode->i_lock);
	/* If it goes now, it and the directories above it stay for us to read. */
	name = dentry ? kchan_name_of(dentry, buf) : NULL;
	rcu_read_unlock();
	return name;
}

/* The instance's network namespace, referenced, if somebody there listens. */
static struct net *audience(const struct super_block *sb)
{
	struct kchan_ns *ns = sb->s_fs_info;
	struct net *net = NULL;

	spin_lock(&ns->lock);
	if (ns->net && genl_has_listeners(&kchan_genl_family, ns->net,
					  KCHAN_GROUP_EVENTS))
		net = maybe_get_net(ns->net);
	spin_unlock(&ns->lock);
	return net;
}

/**
 * kchan_event - tell of an event
 * @inode: the channel's
 * @what: what happened
 * @count: how often, or 0
 *
 * May sleep. Takes no reference, so that who tells is never the last to hold the
 * channel or its name.
 */
void kchan_event(struct inode *inode, enum kchan_event what, u64 count)
{
	struct event event = { .event = what, .id = inode->i_ino, .count = count };
	struct net *net = audience(inode->i_sb);
	char *buf;

	if (!net)
		return;
	buf = kmalloc(KCHAN_NAME_BUF, GFP_KERNEL);
	if (buf) {
		event.name = name_of_inode(inode, buf);
		event_send(net, &event);
	} else {
		event_lost(net);
	}
	kfree(buf);
	put_net(net);
}

/**
 * kchan_event_name - tell of an event that concerns a name
 * @inode: whose name; a directory is passed over
 * @dentry: the name
 * @what: what happened
 *
 * May sleep. For a name that is made or moved, or removed just now.
 */
void kchan_event_name(const struct inode *inode, struct dentry *dentry,
		      enum kchan_event what)
{
	struct event event = { .event = what, .id = inode->i_ino };
	struct net *net;
	char *buf;

	if (S_ISDIR(inode->i_mode))
		return;
	net = audience(dentry->d_sb);
	if (!net)
		return;
	buf = kmalloc(KCHAN_NAME_BUF, GFP_KERNEL);
	if (buf) {
		event.name = kchan_name_of(dentry, buf);
		event_send(net, &event);
	} else {
		event_lost(net);
	}
	kfree(buf);
	put_net(net);
}
