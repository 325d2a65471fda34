/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_NS_H
#define _KCHAN_NS_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "limits.h"

struct net;
struct super_block;

/**
 * struct kchan_ns - one instance: the channels of one network namespace
 * @ref: the namespace, its superblock, each open control device [atomic]
 * @limits: its sysctls [see there]
 * @entries: channels and directories [atomic]
 * @last_id: last channel and inode number given out [atomic]
 * @changes: how often channels or names came, went or moved [atomic]
 * @moves: how often endpoints came or went [atomic]
 * @rename: held while a name moves, and to set @dead
 * @dead: the network namespace is gone; never unset [written under @rename and
 *	@lock; read under either, or without: NS_END, see fs_remove.c]
 *
 * @lock: protects all down to @root_gid
 * @channels: all channels by number, with and without a name
 * @newest: the last of them, or NULL
 * @net: the network namespace, until it goes
 * @sb: the superblock, while there is one; stays while that is held active
 * @root_mode: permission bits of the root directory
 * @root_uid: its owner
 * @root_gid: its group
 *
 * @end: removes the names of a dead instance [queued once, by who sets @dead]
 *
 * It does not hold the network namespace: a superblock holds the instance, and
 * namespace and superblock would keep each other alive.
 */
struct kchan_ns {
	refcount_t ref;
	struct kchan_limits limits;
	atomic_long_t entries;
	atomic64_t last_id;
	atomic_t changes;
	atomic_t moves;
	struct mutex rename;
	bool dead;

	spinlock_t lock;
	struct rb_root channels;
	struct rb_node *newest;
	struct net *net;
	struct super_block *sb;
	umode_t root_mode;
	kuid_t root_uid;
	kgid_t root_gid;

	struct work_struct end;
};

struct kchan_ns *kchan_ns_of(struct net *net);
struct super_block *kchan_ns_get_sb(struct kchan_ns *ns);
void kchan_ns_put(struct kchan_ns *ns);

static inline struct kchan_ns *kchan_ns_get(struct kchan_ns *ns)
{
	refcount_inc(&ns->ref);
	return ns;
}

/**
 * kchan_ns_next_id - a number for a new inode
 * @ns: the instance
 */
static inline u64 kchan_ns_next_id(struct kchan_ns *ns)
{
	return atomic64_inc_return(&ns->last_id);
}

int kchan_ns_charge_entry(struct kchan_ns *ns, struct kchan_user *user);
void kchan_ns_uncharge_entry(struct kchan_ns *ns, struct kchan_user *user);

int kchan_ns_init(void);
void kchan_ns_exit(void);

#endif /* _KCHAN_NS_H */
