// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: removing channels
 *
 * REMOVE takes a name away as unlink(2) does, in its directory, which is locked. With NOW,
 * and with REVOKE, the channel is ended first, and nothing waits for the directory
 * (fs_remove.c).
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "abi.h"
#include "compat.h"
#include "endpoint.h"
#include "fs.h"
#include "inode.h"
#include "names.h"
#include "place.h"

/* Remove the name @dentry in @parent, which is locked, as unlink(2) does. */
static int unlink_locked(const struct path *parent, struct dentry *dentry,
			 const struct kchan_remove *arg)
{
	const struct inode *inode = d_inode(dentry);
	int err;

	lockdep_assert_held_write(&d_inode(parent->dentry)->i_rwsem);
	if (!inode || kchan_inode_loses_name(inode) ||
	    (arg->id && arg->id != inode->i_ino))
		return -ENOENT;
	if (d_is_dir(dentry))
		return -EISDIR;
	err = security_path_unlink(parent, dentry);
	if (err)
		return err;
	return vfs_unlink(&nop_mnt_idmap, d_inode(parent->dentry), dentry, NULL);
}

/* Find the name: all that there are have a dentry. */
static struct dentry *find_locked(const struct kchan_place *place)
{
	struct qstr name = QSTR_INIT(place->last, place->len);
	struct dentry *parent = place->dir->dentry, *dentry;
	int err;

	lockdep_assert_held_write(&d_inode(parent)->i_rwsem);
	err = inode_permission(&nop_mnt_idmap, d_inode(parent), MAY_EXEC);
	if (err)
		return ERR_PTR(err);
	dentry = d_hash_and_lookup(parent, &name);
	if (!dentry || !d_really_is_positive(dentry)) {
		dput(dentry);
		return ERR_PTR(-ENOENT);
	}
	return dentry;
}

static int unlink_at(const struct kchan_place *place, const struct kchan_remove *arg)
{
	const struct path *parent = place->dir;
	struct inode *dir = d_inode(parent->dentry), *inode = NULL;
	struct dentry *dentry;
	int err;

	err = mnt_want_write(parent->mnt);
	if (err)
		return err;
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = find_locked(place);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		inode = d_inode(dentry);
		ihold(inode);
		err = unlink_locked(parent, dentry, arg);
		dput(dentry);
	}
	inode_unlock(dir);
	/* It may be the end of the channel and all that is queued, which takes a while. */
	iput(inode);
	mnt_drop_write(parent->mnt);
	return err;
}

static int unlink_name(const struct path *root, const struct kchan_name *name,
		       const struct kchan_remove *arg)
{
	struct kchan_place place;
	int err;

	err = kchan_place_get(&place, root, name);
	if (err)
		return err;
	err = unlink_at(&place, arg);
	kchan_place_put(&place);
	return err;
}

/* Remove the name @dentry, wherever it is; -ESTALE if it has moved meanwhile. */
static int unlink_dentry(struct vfsmount *mnt, struct dentry *dentry,
			 const struct kchan_remove *arg)
{
	struct path parent = { .mnt = mnt, .dentry = dget_parent(dentry) };
	struct inode *dir = d_inode(parent.dentry);
	int err = -ESTALE;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (dentry->d_parent == parent.dentry && !d_unhashed(dentry))
		err = unlink_locked(&parent, dentry, arg);
	inode_unlock(dir);
	dput(parent.dentry);
	return err;
}

static int unlink_channel(struct vfsmount *mnt, struct kchan_inode *ki,
			  const struct kchan_remove *arg)
{
	struct dentry *dentry;
	int err;

	do {
		dentry = d_find_alias(&ki->vfs);
		if (!dentry)
			return -ENOENT;
		err = unlink_dentry(mnt, dentry, arg);
		dput(dentry);
	} while (err == -ESTALE && !fatal_signal_pending(current));
	return err;
}

/* End a channel and remove its name @dentry; that waits for no directory. */
static int revoke_named(struct vfsmount *mnt, struct dentry *dentry,
			struct kchan_inode *ki)
{
	struct path parent = { .mnt = mnt };
	int err;

	err = mnt_want_write(mnt);
	if (err)
		return err;
	parent.dentry = dget_parent(dentry);
	err = security_path_unlink(&parent, dentry);
	dput(parent.dentry);
	if (!err)
		err = kchan_inode_revoke(ki);
	if (!err)
		kchanfs_remove(dentry);
	mnt_drop_write(mnt);
	return err;
}

/**
 * kchan_names_revoke - KCHAN_IOC_REVOKE
 * @path: of an endpoint
 */
int kchan_names_revoke(const struct path *path)
{
	struct kchan_inode *ki = kchan_i(d_inode(path->dentry));
	int err = kchan_inode_may_revoke(ki);

	if (err)
		return err;
	if (READ_ONCE(ki->vfs.i_nlink))
		return revoke_named(path->mnt, path->dentry, ki);
	return kchan_inode_revoke(ki);
}

static int revoke_channel(struct vfsmount *mnt, struct kchan_inode *ki)
{
	struct dentry *dentry;
	int err;

	err = kchan_inode_may_revoke(ki);
	if (err)
		return err;
	dentry = d_find_alias(&ki->vfs);
	if (dentry)
		err = revoke_named(mnt, dentry, ki);
	else if (READ_ONCE(ki->vfs.i_nlink))
		err = -ENOENT;	/* it is just being made, and will have a name */
	else
		err = kchan_inode_revoke(ki);
	dput(dentry);
	return err;
}

static int revoke_name(const struct path *root, const char *name,
		       const struct kchan_remove *arg)
{
	struct inode *inode;
	struct file *file;
	int err;

	file = file_open_root(root, name, O_PATH, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	inode = file_inode(file);
	if (inode->i_sb != root->dentry->d_sb)
		err = -EXDEV;
	else if (inode->i_fop != &kchan_endpoint_fops)
		err = -EISDIR;
	else if (arg->id && arg->id != inode->i_ino)
		err = -ENOENT;
	else
		err = revoke_channel(file->f_path.mnt, kchan_i(inode));
	fput(file);
	return err;
}

/* In the whole instance, by the mount of the control device. */
static int remove_by_id(struct vfsmount *mnt, const struct kchan_remove *arg)
{
	struct kchan_inode *ki;
	int err;

	ki = kchan_inode_find(mnt->mnt_sb->s_fs_info, arg->id);
	if (!ki)
		return -ENOENT;
	if (arg->flags & KCHAN_REMOVE_NOW)
		err = revoke_channel(mnt, ki);
	else
		err = unlink_channel(mnt, ki, arg);
	kchan_inode_put(ki);
	return err;
}

/**
 * kchan_names_remove - KCHAN_IOC_REMOVE
 * @scope: where
 * @uarg: struct kchan_remove
 */
int kchan_names_remove(const struct kchan_scope *scope, void __user *uarg)
{
	struct kchan_remove arg;
	struct kchan_name name;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.flags & ~KCHAN_REMOVE_NOW)
		return -EINVAL;
	if (!arg.name && (!arg.id || !scope->whole))
		return -EINVAL;
	if (!arg.name)
		return remove_by_id(scope->root->mnt, &arg);
	err = kchan_name_get(&name, arg.name);
	if (err)
		return err;
	if (arg.flags & KCHAN_REMOVE_NOW)
		err = revoke_name(scope->root, name.text, &arg);
	else
		err = unlink_name(scope->root, &name, &arg);
	kchan_name_put(&name);
	return err;
}
