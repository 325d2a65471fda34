// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: instances
 *
 * An instance begins with its network namespace and ends with the last thing
 * that refers to it. When the namespace goes the instance is *dead*: names are
 * removed, channels revoked, nothing can be made any more (kchanfs_shutdown()).
 */
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "fs.h"
#include "ns.h"

static unsigned int ns_net_id;

struct kchan_ns_slot {
	struct kchan_ns *ns;
};

/**
 * kchan_ns_of - the instance of a network namespace
 * @net: the namespace, alive
 *
 * Return: the instance, not referenced.
 */
struct kchan_ns *kchan_ns_of(struct net *net)
{
	struct kchan_ns_slot *slot = net_generic(net, ns_net_id);

	return slot->ns;
}

/**
 * kchan_ns_get_sb - the superblock of an instance, and with it the inodes
 * @ns: the instance
 *
 * Return: an active reference, for deactivate_super(), or NULL if there is none: no
 * channel either.
 */
struct super_block *kchan_ns_get_sb(struct kchan_ns *ns)
{
	struct super_block *sb;

	spin_lock(&ns->lock);
	sb = ns->sb;
	if (sb && !atomic_inc_not_zero(&sb->s_active))
		sb = NULL;
	spin_unlock(&ns->lock);
	return sb;
}

static void ns_free(struct kchan_ns *ns)
{
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&ns->channels));
	WARN_ON_ONCE(atomic_long_read(&ns->entries));
	kfree(ns);
}

void kchan_ns_put(struct kchan_ns *ns)
{
	if (ns && refcount_dec_and_test(&ns->ref))
		ns_free(ns);
}

/**
 * kchan_ns_charge_entry - count one more channel or directory
 * @ns: the instance
 * @user: who makes it
 *
 * Return: 0; -EDQUOT: the user has all it may; -ENOSPC: the namespace has.
 */
int kchan_ns_charge_entry(struct kchan_ns *ns, struct kchan_user *user)
{
	struct kchan_limits *limits = &ns->limits;

	if (!kchan_charge(&user->channels, 1,
			  kchan_limit(limits, max_channels_user)))
		return -EDQUOT;
	if (!kchan_charge(&ns->entries, 1, kchan_limit(limits, max_channels))) {
		kchan_uncharge(&user->channels, 1);
		return -ENOSPC;
	}
	return 0;
}

void kchan_ns_uncharge_entry(struct kchan_ns *ns, struct kchan_user *user)
{
	kchan_uncharge(&ns->entries, 1);
	kchan_uncharge(&user->channels, 1);
}

static kuid_t ns_root_uid(struct net *net)
{
	kuid_t uid = make_kuid(net->user_ns, 0);

	return uid_valid(uid) ? uid : GLOBAL_ROOT_UID;
}

static kgid_t ns_root_gid(struct net *net)
{
	kgid_t gid = make_kgid(net->user_ns, 0);

	return gid_valid(gid) ? gid : GLOBAL_ROOT_GID;
}

static int __net_init ns_net_init(struct net *net)
{
	struct kchan_ns_slot *slot = net_generic(net, ns_net_id);
	struct kchan_ns *ns;
	int err;

	ns = kzalloc(sizeof(*ns), GFP_KERNEL_ACCOUNT);
	if (!ns)
		return -ENOMEM;
	refcount_set(&ns->ref, 1);
	mutex_init(&ns->rename);
	spin_lock_init(&ns->lock);
	ns->channels = RB_ROOT;
	atomic_set(&ns->changes, 1);
	atomic_set(&ns->moves, 1);
	ns->net = net;
	ns->root_mode = 0777;
	ns->root_uid = ns_root_uid(net);
	ns->root_gid = ns_root_gid(net);
	err = kchan_limits_register(&ns->limits, net);
	if (err) {
		ns_free(ns);
		return err;
	}
	slot->ns = ns;
	return 0;
}

static void __net_exit ns_net_exit(struct net *net)
{
	struct kchan_ns_slot *slot = net_generic(net, ns_net_id);
	struct kchan_ns *ns = slot->ns;

	spin_lock(&ns->lock);
	ns->net = NULL;
	spin_unlock(&ns->lock);
	kchan_limits_unregister(&ns->limits);
	kchanfs_shutdown(ns);
	kchan_ns_put(ns);
}

static struct pernet_operations ns_net_ops = {
	.init	= ns_net_init,
	.exit	= ns_net_exit,
	.id	= &ns_net_id,
	.size	= sizeof(struct kchan_ns_slot),
};

int __init kchan_ns_init(void)
{
	return register_pernet_subsys(&ns_net_ops);
}

void kchan_ns_exit(void)
{
	unregister_pernet_subsys(&ns_net_ops);
	kchan_limits_exit();
}
