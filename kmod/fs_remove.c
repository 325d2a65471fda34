// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: names that go by themselves
 *
 * The name of an automatic channel goes with its last endpoint, that of a revoked
 * one at once, and all names of an instance with its network namespace. Nobody who
 * brings that about waits for a directory, see main.h: what cannot be done on the
 * spot is done by a work item.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "event.h"
#include "fs.h"
#include "fs_context.h"
#include "inode.h"
#include "ns.h"

static struct workqueue_struct *remove_wq;

/*
 * Lock an entry and the directory that has it now, or only @try to.
 * Return: the directory, or NULL.
 */
static struct dentry *lock_entry(struct dentry *dentry, bool try)
{
	struct inode *inode = d_inode(dentry);

	for (;;) {
		struct dentry *parent = dget_parent(dentry);
		struct inode *dir = d_inode(parent);

		if (!try) {
			inode_lock_nested(dir, I_MUTEX_PARENT);
			inode_lock(inode);
		} else if (!inode_trylock(dir)) {
			dput(parent);
			return NULL;
		} else if (!inode_trylock(inode)) {
			inode_unlock(dir);
			dput(parent);
			return NULL;
		}
		if (dentry->d_parent == parent)
			return parent;
		inode_unlock(inode);
		inode_unlock(dir);
		dput(parent);
	}
}

static void unlock_entry(struct dentry *parent, struct dentry *dentry)
{
	inode_unlock(d_inode(dentry));
	inode_unlock(d_inode(parent));
	dput(parent);
}

/* Is the name of a locked entry, which has lost it, another's by now? */
static bool name_is_taken(const struct dentry *dentry)
{
	struct qstr name = dentry->d_name;
	struct dentry *other;
	bool is;

	other = d_hash_and_lookup(dentry->d_parent, &name);
	is = other && d_really_is_positive(other);
	dput(other);
	return is;
}

/* Remove a locked entry without asking who may, if it is not removed yet. */
static void remove_locked(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct kchan_ns *ns = dir->i_sb->s_fs_info;
	bool is_dir = d_is_dir(dentry);

	lockdep_assert_held_write(&dir->i_rwsem);
	lockdep_assert_held_write(&inode->i_rwsem);
	if (!inode->i_nlink)
		return;
	if (is_dir && simple_rmdir(dir, dentry))
		return;
	if (is_dir)
		inode->i_flags |= S_DEAD;
	else
		simple_unlink(dir, dentry);
	d_invalidate(dentry);
	if (is_dir) {
		fsnotify_rmdir(dir, dentry);
	} else {
		kchan_event_name(inode, dentry, KCHAN_EVENT_REMOVED);
		atomic_inc(&ns->changes);
		fsnotify_link_count(inode);
		if (!name_is_taken(dentry))
			fsnotify_unlink(dir, dentry);
	}
	kchanfs_unpinned(dir->i_sb);
}

static bool remove_entry(struct dentry *dentry, bool try)
{
	struct dentry *parent = lock_entry(dentry, try);

	if (!parent)
		return false;
	remove_locked(d_inode(parent), dentry);
	unlock_entry(parent, dentry);
	return true;
}

static void remove_work(struct work_struct *work)
{
	struct kchan_inode *ki = container_of(work, struct kchan_inode, remove);
	struct dentry *dentry = ki->remove_dentry;
	struct super_block *sb = dentry->d_sb;

	remove_entry(dentry, false);
	dput(dentry);
	deactivate_super(sb);
}

/**
 * kchanfs_remove - remove the name of a channel that nobody can open any more
 * @dentry: the channel's dentry, referenced; the superblock is held otherwise
 *
 * Does nothing if the name is removed already, or there never was one. Where the
 * directory is locked just now, it is done later: who calls closes a file, and
 * must not depend on others; but from then on nobody finds it (entry_revalidate()).
 * REVOKE and the last close may both come here: who sets @remove_dentry first has the
 * work to himself.
 */
void kchanfs_remove(struct dentry *dentry)
{
	struct kchan_inode *ki = kchan_i(d_inode(dentry));

	if (!READ_ONCE(d_inode(dentry)->i_nlink) || remove_entry(dentry, true))
		return;
	if (cmpxchg(&ki->remove_dentry, NULL, dentry))
		return;
	kchanfs_pin(dentry);
	INIT_WORK(&ki->remove, remove_work);
	queue_work(remove_wq, &ki->remove);
}

/**
 * kchanfs_undo - remove the name that the calling ioctl has made
 * @dentry: as in kchanfs_remove()
 *
 * Before it fails; it has waited for the directory already.
 */
void kchanfs_undo(struct dentry *dentry)
{
	if (READ_ONCE(d_inode(dentry)->i_nlink))
		remove_entry(dentry, false);
}

/* Revoke all channels; none is added any more. */
static void end_channels(struct kchan_ns *ns)
{
	struct kchan_inode *ki;
	u64 id = 0;

	while ((ki = kchan_inode_next(ns, &id))) {
		kchan_inode_revoke(ki);
		kchan_inode_put(ki);
		id++;
		cond_resched();
	}
}

static struct dentry *first_child(struct dentry *parent)
{
	struct dentry *child;

	spin_lock(&parent->d_lock);
	kchan_for_each_child(child, parent) {
		spin_lock_nested(&child->d_lock, DENTRY_D_LOCK_NESTED);
		if (simple_positive(child)) {
			dget_dlock(child);
			spin_unlock(&child->d_lock);
			goto unlock;
		}
		spin_unlock(&child->d_lock);
	}
	child = NULL;
unlock:
	spin_unlock(&parent->d_lock);
	return child;
}

/*
 * Remove all names, leaves first.
 *
 * NS_END: names are added under their directory's i_rwsem, without a lock of the
 * instance::
 *
 *	kchanfs_shutdown()               mkdir, create
 *	[rename, lock]                   [i_rwsem of the directory]
 *	WRITE_ONCE(dead, true)           if (READ_ONCE(dead)) EIDRM
 *	[unlock]                         add the name
 *	here: [i_rwsem of the root]      [unlock]
 *	[unlock]
 *	remove what is there
 *
 * Who reads @dead too early in the root directory has added his name when we have
 * had its lock; and who takes that lock after us sees @dead. A subdirectory goes
 * under its own lock and only while empty: a name that came first is found in the
 * next round, and one that comes later finds the directory dead. A channel looks
 * at @dead under the lock under which it is listed: so it is either refused or revoked.
 * Renames look under the mutex that @dead is set under: none is under way here.
 */
static void end_names(struct dentry *root)
{
	struct dentry *entry, *child;

	/* NS_END: pairs with dir_mkdir() */
	inode_lock(d_inode(root));
	inode_unlock(d_inode(root));
	while ((entry = first_child(root))) {
		while ((child = first_child(entry))) {
			dput(entry);
			entry = child;
		}
		remove_entry(entry, false);
		dput(entry);
		cond_resched();
	}
}

static void end_work(struct work_struct *work)
{
	struct kchan_ns *ns = container_of(work, struct kchan_ns, end);
	/* Without the lock: we hold it active, so it stays. */
	struct super_block *sb = ns->sb;

	end_names(sb->s_root);
	/* The superblock holds the instance; after this it may be gone. */
	deactivate_super(sb);
}

/**
 * kchanfs_shutdown - the network namespace is gone
 * @ns: its instance
 *
 * Channels are revoked now. Their names are removed a little later, so that the
 * end of the namespace waits for no directory. A mount that survives is empty, and
 * nothing can be made in it.
 */
void kchanfs_shutdown(struct kchan_ns *ns)
{
	struct super_block *sb;

	mutex_lock(&ns->rename);
	spin_lock(&ns->lock);
	WRITE_ONCE(ns->dead, true);
	spin_unlock(&ns->lock);
	sb = kchan_ns_get_sb(ns);
	mutex_unlock(&ns->rename);
	if (!sb)
		return;
	end_channels(ns);
	INIT_WORK(&ns->end, end_work);
	queue_work(remove_wq, &ns->end);
}

int __init kchanfs_init(void)
{
	int err;

	/* Unbound, and many at once: one stuck directory holds up no other. */
	remove_wq = alloc_workqueue("kchanfs", WQ_UNBOUND, 0);
	if (!remove_wq)
		return -ENOMEM;
	err = kchanfs_register();
	if (err)
		destroy_workqueue(remove_wq);
	return err;
}

void kchanfs_exit(void)
{
	kchanfs_unregister();
	/* The last work may have dropped the module, and still be in its code. */
	destroy_workqueue(remove_wq);
}
