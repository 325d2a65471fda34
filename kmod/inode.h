/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_INODE_H
#define _KCHAN_INODE_H

#include <linux/fs.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "channel.h"

struct kchan_endpoint;
struct kchan_ns;
struct kchan_user;
struct kchan_viewer;
struct pid;

/**
 * struct kchan_inode - an inode of kchanfs, and of a channel what there always is of it
 * @vfs: the inode; of a directory all that is used
 *
 * @attr: attributes, defaults filled in [const]
 * @creator: who is charged for it, referenced [const]
 * @creator_pid: who made it, referenced [const]
 * @creator_gid: its group [const]
 * @create_time: CLOCK_MONOTONIC ns [const]
 * @node: among the channels of the instance, by number [lock of the instance]
 *
 * @lock: protects all down to @channel
 * @holds: endpoints, and one for a creator that has not opened it yet
 * @guests: who looks at @channel without being one of them
 * @revoked: ended; never unset [read without @lock for an early answer]
 * @gone: the last endpoint of an automatic channel went: its name is no more;
 *	never unset [read without @lock: GONE_NAME, see fs.c]
 * @charged: the entry is charged to @creator
 * @kept: @channel is to stay: others send dead messages there
 * @last_serial: number of the last endpoint
 * @channel: the channel at work, or NULL: it is as new
 *
 * @remove_dentry: the name that @remove removes, referenced; set once [cmpxchg, read to
 *	see whether it is a name still]
 * @remove: removes the name [who has set @remove_dentry]
 */
struct kchan_inode {
	struct inode vfs;

	struct kchan_attr attr;
	struct kchan_user *creator;
	struct pid *creator_pid;
	kgid_t creator_gid;
	u64 create_time;
	struct rb_node node;

	spinlock_t lock;
	u32 holds;
	u32 guests;
	bool revoked;
	bool gone;
	bool charged;
	bool kept;
	u64 last_serial;
	struct kchan_channel *channel;

	struct dentry *remove_dentry;
	struct work_struct remove;
};

/**
 * kchan_i - our part of an inode
 * @inode: an inode of kchanfs
 */
static inline struct kchan_inode *kchan_i(const struct inode *inode)
{
	return container_of(inode, struct kchan_inode, vfs);
}

/*
 * Is the name of a channel about to be removed, or has it been? Never that of a
 * directory. GONE_NAME, see fs.c.
 */
static inline bool kchan_inode_loses_name(const struct inode *inode)
{
	const struct kchan_inode *ki = kchan_i(inode);

	return READ_ONCE(ki->gone) || READ_ONCE(ki->remove_dentry);
}

struct inode *kchan_inode_alloc(struct super_block *sb);
void kchan_inode_free(struct inode *inode);
int kchan_inode_begin(struct kchan_inode *ki, const struct kchan_attr *attr);
void kchan_inode_end(struct kchan_inode *ki);

bool kchan_inode_exists(struct kchan_ns *ns, u64 id);
struct kchan_inode *kchan_inode_find(struct kchan_ns *ns, u64 id);
struct kchan_inode *kchan_inode_next(struct kchan_ns *ns, u64 *id);
void kchan_inode_put(struct kchan_inode *ki);

int kchan_inode_attach(struct kchan_inode *ki, struct kchan_endpoint *ep);
bool kchan_inode_detach(struct kchan_endpoint *ep);
bool kchan_inode_unhold(struct kchan_inode *ki);
struct kchan_channel *kchan_inode_visit(struct kchan_inode *ki);
void kchan_inode_leave(struct kchan_inode *ki);
void kchan_inode_keep(struct kchan_inode *ki);

int kchan_inode_may_revoke(struct kchan_inode *ki);
int kchan_inode_revoke(struct kchan_inode *ki);
int kchan_inode_state(struct kchan_inode *ki, const struct kchan_viewer *viewer,
		      struct kchan_state *state);

int kchan_inode_init(void);
void kchan_inode_exit(void);

#endif /* _KCHAN_INODE_H */
