// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: kchanfs
 *
 * A filesystem of channels, one superblock for each instance. A channel is a
 * character-device inode with our file operations set on it; all that concerns
 * names, directories, modes, owners, locks and notification is the VFS's work.
 *
 * Who holds what: a name pins its dentry, and with it one active reference of the
 * superblock (kchanfs_pin()), so that channels stay when the last mount goes.
 * Endpoints hold the superblock by the mount of their file, an open /dev/kchan that was used
 * by one of its own. So the superblock, and by it the module, is held exactly while the
 * instance has a name, an endpoint, a mount or an open control device.
 *
 * Anybody may make names in a directory that he may write, but only the owner of
 * an entry or of its directory may remove or move it. A sticky bit would say the
 * same; but then open(O_CREAT) of somebody else's channel, which is what a shell
 * does for >, fails (fs.protected_fifos and its like).
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/seq_file.h>

#include "abi.h"
#include "compat.h"
#include "endpoint.h"
#include "event.h"
#include "fs.h"
#include "fs_context.h"
#include "inode.h"
#include "names.h"
#include "trace.h"

#define KCHANFS_MAGIC	0x6b63686e

static const struct inode_operations dir_inode_ops;
static const struct file_operations dir_fops;

static struct kchan_ns *ns_of_sb(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static const struct kchan_attr default_attr = {
	.kind = KCHAN_KIND_QUEUE,
};

/**
 * kchanfs_pin - take what a name holds: its dentry and the superblock
 * @dentry: the name; the superblock is held otherwise
 */
void kchanfs_pin(struct dentry *dentry)
{
	dget(dentry);
	atomic_inc(&dentry->d_sb->s_active);
}

/**
 * kchanfs_unpinned - a name is removed: give up its hold of the superblock
 * @sb: the superblock; the caller has another by a mount or of its own
 *
 * The dentry's reference was dropped by simple_unlink() or its like.
 */
void kchanfs_unpinned(struct super_block *sb)
{
	deactivate_super(sb);
}

static bool dentry_name_valid(const struct dentry *dentry)
{
	const unsigned char *c = dentry->d_name.name;

	if (*c == '.')
		return false;
	while (kchanfs_name_may_have(*c))
		c++;
	return !*c;
}

static int channel_getattr(struct mnt_idmap *idmap, const struct path *path,
			   struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct kchan_channel *ch = kchan_inode_visit(kchan_i(inode));

	kchan_fillattr(idmap, mask, inode, stat);
	if (!ch)
		return 0;
	spin_lock(&ch->lock);
	stat->size = ch->queue.bytes;
	spin_unlock(&ch->lock);
	kchan_inode_leave(kchan_i(inode));
	return 0;
}

static const struct inode_operations channel_inode_ops = {
	.getattr	= channel_getattr,
};

static struct inode *new_entry_inode(struct super_block *sb, struct inode *dir,
				     umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = kchan_ns_next_id(ns_of_sb(sb));
	inode_init_owner(&nop_mnt_idmap, inode, dir, mode);
	simple_inode_init_ts(inode);
	return inode;
}

static struct inode *new_channel_inode(struct super_block *sb,
				       struct inode *dir, umode_t mode,
				       const struct kchan_attr *attr)
{
	struct inode *inode;
	int err;

	inode = new_entry_inode(sb, dir, S_IFCHR | (mode & 0777));
	if (!inode)
		return ERR_PTR(-ENOMEM);
	err = kchan_inode_begin(kchan_i(inode), attr);
	if (err) {
		iput(inode);
		return ERR_PTR(err);
	}
	trace_kchan_create(kchan_i(inode));
	inode->i_op = &channel_inode_ops;
	inode->i_fop = &kchan_endpoint_fops;
	return inode;
}

static struct inode *new_dir_inode(struct super_block *sb, struct inode *dir,
				   umode_t mode)
{
	struct kchan_user *user = kchan_user_find(current_euid());
	struct inode *inode;
	int err = -ENOMEM;

	if (!user)
		return ERR_PTR(err);
	inode = new_entry_inode(sb, dir, S_IFDIR | mode);
	if (!inode)
		goto put_user;
	err = kchan_ns_charge_entry(ns_of_sb(sb), user);
	if (err)
		goto put_inode;
	inode->i_private = user;
	inode->i_op = &dir_inode_ops;
	inode->i_fop = &dir_fops;
	inc_nlink(inode);
	return inode;

put_inode:
	iput(inode);
put_user:
	kchan_user_put(user);
	return ERR_PTR(err);
}

/* Give a new inode its name; the inode is complete, and visible from here on. */
static void entry_link(struct dentry *dentry, struct inode *inode)
{
	struct inode *dir = d_inode(dentry->d_parent);

	kchanfs_pin(dentry);
	d_instantiate(dentry, inode);
	kchan_touch_dir(dir);
}

/**
 * kchanfs_mkobj - make a named channel; for vfs_mkobj()
 * @dentry: its name, negative and sound; its directory is locked
 * @mode: permission bits
 * @attr: struct kchan_attr
 */
int kchanfs_mkobj(struct dentry *dentry, umode_t mode, void *attr)
{
	struct inode *inode;

	inode = new_channel_inode(dentry->d_sb, d_inode(dentry->d_parent), mode,
				  attr);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	/* Told before anybody can open it. */
	kchan_event_name(inode, dentry, KCHAN_EVENT_CREATED);
	entry_link(dentry, inode);
	return 0;
}

/*
 * The name of a channel that is gone, or was revoked and is to lose it, is no name,
 * though it may take a while until it is removed.
 *
 * GONE_NAME: path walks look at @gone without a lock::
 *
 *	last close                       path walk
 *	[lock of the inode]              rcu_read_lock()
 *	WRITE_ONCE(gone, true)           ki = the dentry's inode
 *	[unlock]                         if (READ_ONCE(ki->gone))
 *	remove the name                      invalid: look up anew
 *	dentry loses the inode           rcu_read_unlock()
 *	evict the inode, free it by RCU  open: kchan_inode_attach()
 *
 * Who reads @gone too early is refused under the lock by kchan_inode_attach(),
 * with ESTALE, whereupon the VFS walks again. Who finds the inode in the dentry
 * does so before it is evicted; its memory stays a grace period longer.
 */
static int entry_revalidate(struct dentry *dentry, unsigned int flags)
{
	const struct inode *inode;
	int valid = 1;

	rcu_read_lock();
	inode = d_inode_rcu(dentry);
	/* GONE_NAME: pairs with kchan_inode_unhold() */
	if (inode)
		valid = !kchan_inode_loses_name(inode);
	rcu_read_unlock();
	return valid;
}

static const struct dentry_operations entry_dentry_ops = {
	.d_revalidate	= entry_revalidate,
	.d_delete	= always_delete_dentry,
};

static struct dentry *dir_lookup(struct inode *dir, struct dentry *dentry,
				 unsigned int flags)
{
	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	d_set_d_op(dentry, &entry_dentry_ops);
	d_add(dentry, NULL);
	return NULL;
}

static int dir_create(struct mnt_idmap *idmap, struct inode *dir,
		      struct dentry *dentry, umode_t mode, bool excl)
{
	struct kchan_attr attr = default_attr;

	if (!dentry_name_valid(dentry))
		return -EINVAL;
	return kchanfs_mkobj(dentry, mode, &attr);
}

static int dir_mkdir(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	struct inode *inode;

	if (!dentry_name_valid(dentry))
		return -EINVAL;
	/* NS_END: pairs with end_names() */
	if (READ_ONCE(ns_of_sb(dir->i_sb)->dead))
		return -EIDRM;
	inode = new_dir_inode(dir->i_sb, dir, mode);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inc_nlink(dir);
	entry_link(dentry, inode);
	return 0;
}

/* Who owns neither the entry nor its directory needs CAP_FOWNER. */
static bool may_remove(const struct inode *dir, const struct inode *inode)
{
	return uid_eq(inode->i_uid, current_fsuid()) ||
	       uid_eq(dir->i_uid, current_fsuid()) ||
	       capable_wrt_inode_uidgid(&nop_mnt_idmap, inode, CAP_FOWNER);
}

static int dir_unlink(struct inode *dir, struct dentry *dentry)
{
	int err;

	if (!may_remove(dir, d_inode(dentry)))
		return -EPERM;
	err = simple_unlink(dir, dentry);
	if (err)
		return err;
	kchan_event_name(d_inode(dentry), dentry, KCHAN_EVENT_REMOVED);
	atomic_inc(&ns_of_sb(dir->i_sb)->changes);
	kchanfs_unpinned(dir->i_sb);
	return 0;
}

static int dir_rmdir(struct inode *dir, struct dentry *dentry)
{
	int err;

	if (!may_remove(dir, d_inode(dentry)))
		return -EPERM;
	err = simple_rmdir(dir, dentry);
	if (!err)
		kchanfs_unpinned(dir->i_sb);
	return err;
}

static int rename_locked(struct mnt_idmap *idmap, struct inode *old_dir,
			 struct dentry *old_dentry, struct inode *new_dir,
			 struct dentry *new_dentry, unsigned int flags)
{
	struct kchan_ns *ns = ns_of_sb(old_dir->i_sb);
	bool replaces = d_really_is_positive(new_dentry);
	int err;

	lockdep_assert_held(&ns->rename);
	if (ns->dead)
		return -EIDRM;
	err = simple_rename(idmap, old_dir, old_dentry, new_dir, new_dentry,
			    flags);
	if (err)
		return err;
	if (replaces)
		kchan_event_name(d_inode(new_dentry), new_dentry,
				 KCHAN_EVENT_REMOVED);
	d_move(old_dentry, new_dentry);
	kchan_event_name(d_inode(old_dentry), old_dentry, KCHAN_EVENT_RENAMED);
	atomic_inc(&ns->changes);
	if (replaces)
		kchanfs_unpinned(old_dir->i_sb);
	return 0;
}

/*
 * The move itself is done here and not by the VFS (FS_RENAME_DOES_D_MOVE), so
 * that none is under way once an instance is dead: see kchanfs_shutdown().
 */
static int dir_rename(struct mnt_idmap *idmap, struct inode *old_dir,
		      struct dentry *old_dentry, struct inode *new_dir,
		      struct dentry *new_dentry, unsigned int flags)
{
	struct kchan_ns *ns = ns_of_sb(old_dir->i_sb);
	int err;

	if ((flags & ~RENAME_NOREPLACE) || !dentry_name_valid(new_dentry))
		return -EINVAL;
	if (!may_remove(old_dir, d_inode(old_dentry)))
		return -EPERM;
	if (d_really_is_positive(new_dentry) &&
	    !may_remove(new_dir, d_inode(new_dentry)))
		return -EPERM;
	mutex_lock(&ns->rename);
	err = rename_locked(idmap, old_dir, old_dentry, new_dir, new_dentry,
			    flags);
	mutex_unlock(&ns->rename);
	return err;
}

/* The root directory's rights outlive the superblock. */
static int dir_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
		       struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct kchan_ns *ns = ns_of_sb(inode->i_sb);
	int err;

	err = simple_setattr(idmap, dentry, attr);
	if (err || !IS_ROOT(dentry))
		return err;
	spin_lock(&ns->lock);
	ns->root_mode = inode->i_mode & 07777;
	ns->root_uid = inode->i_uid;
	ns->root_gid = inode->i_gid;
	spin_unlock(&ns->lock);
	return 0;
}

/* Do something with the names below a directory. */
static int in_dir(struct file *file, void __user *uarg,
		  int (*names)(const struct kchan_scope *scope,
			       void __user *uarg))
{
	const struct kchan_scope scope = { .root = &file->f_path };

	if (READ_ONCE(ns_of_sb(file_inode(file)->i_sb)->dead))
		return -EIDRM;
	return names(&scope, uarg);
}

static long dir_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case KCHAN_IOC_FEATURES:
		return kchan_ioctl_features(uarg);
	case KCHAN_IOC_CREATE:
		return in_dir(file, uarg, kchan_names_create);
	case KCHAN_IOC_OPEN:
		return in_dir(file, uarg, kchan_names_open);
	case KCHAN_IOC_REMOVE:
		return in_dir(file, uarg, kchan_names_remove);
	default:
		return -ENOTTY;
	}
}

/* As simple_dir_operations, with our commands. */
static const struct file_operations dir_fops = {
	.owner		= THIS_MODULE,
	.open		= dcache_dir_open,
	.release	= dcache_dir_close,
	.llseek		= dcache_dir_lseek,
	.read		= generic_read_dir,
	.iterate_shared	= dcache_readdir,
	.fsync		= noop_fsync,
	.unlocked_ioctl	= dir_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static const struct inode_operations dir_inode_ops = {
	.lookup		= dir_lookup,
	.create		= dir_create,
	.unlink		= dir_unlink,
	.mkdir		= dir_mkdir,
	.rmdir		= dir_rmdir,
	.rename		= dir_rename,
	.setattr	= dir_setattr,
};

static void evict_inode(struct inode *inode)
{
	clear_inode(inode);
	if (!S_ISDIR(inode->i_mode)) {
		kchan_inode_end(kchan_i(inode));
	} else if (inode->i_private) {
		kchan_ns_uncharge_entry(ns_of_sb(inode->i_sb), inode->i_private);
		kchan_user_put(inode->i_private);
	}
}

static int show_options(struct seq_file *m, struct dentry *root)
{
	const struct inode *inode = d_inode(root);

	seq_printf(m, ",mode=%03o", inode->i_mode & 07777);
	seq_printf(m, ",uid=%u",
		   from_kuid_munged(m->file->f_cred->user_ns, inode->i_uid));
	seq_printf(m, ",gid=%u",
		   from_kgid_munged(m->file->f_cred->user_ns, inode->i_gid));
	return 0;
}

static const struct super_operations super_ops = {
	.statfs		= simple_statfs,
	.drop_inode	= generic_delete_inode,
	.evict_inode	= evict_inode,
	.alloc_inode	= kchan_inode_alloc,
	.free_inode	= kchan_inode_free,
	.show_options	= show_options,
};

/**
 * kchanfs_fill_super - make the superblock of an instance
 * @sb: the superblock, whose s_fs_info is the instance
 * @fc: unused
 */
int kchanfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct kchan_ns *ns = ns_of_sb(sb);
	struct inode *root;

	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = KCHANFS_MAGIC;
	sb->s_op = &super_ops;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC;
	sb->s_iflags &= ~SB_I_NODEV;

	root = new_entry_inode(sb, NULL, S_IFDIR);
	if (!root)
		return -ENOMEM;
	root->i_op = &dir_inode_ops;
	root->i_fop = &dir_fops;
	inc_nlink(root);
	spin_lock(&ns->lock);
	root->i_mode = S_IFDIR | ns->root_mode;
	root->i_uid = ns->root_uid;
	root->i_gid = ns->root_gid;
	spin_unlock(&ns->lock);
	sb->s_root = d_make_root(root);
	if (!sb->s_root)
		return -ENOMEM;

	spin_lock(&ns->lock);
	ns->sb = sb;
	spin_unlock(&ns->lock);
	return 0;
}

/**
 * kchanfs_kill_sb - undo kchanfs_fill_super()
 * @sb: the superblock, with no name left
 */
void kchanfs_kill_sb(struct super_block *sb)
{
	struct kchan_ns *ns = ns_of_sb(sb);

	spin_lock(&ns->lock);
	if (ns->sb == sb)
		ns->sb = NULL;
	spin_unlock(&ns->lock);
	kill_anon_super(sb);
	kchan_ns_put(ns);
}

/**
 * kchanfs_open_unnamed - make an unnamed channel and open it
 * @mnt: a mount of the instance
 * @mode: permission bits, for who reopens it through /proc/PID/fd
 * @attr: its attributes
 * @flags: open flags
 */
struct file *kchanfs_open_unnamed(struct vfsmount *mnt, umode_t mode,
				  const struct kchan_attr *attr, int flags)
{
	struct inode *inode;
	struct file *file;
	char name[32];
	int err;

	inode = new_channel_inode(mnt->mnt_sb, NULL, mode, attr);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	clear_nlink(inode);
	kchan_event(inode, KCHAN_EVENT_CREATED, 0);
	snprintf(name, sizeof(name), "kchan:%lu", inode->i_ino);
	/* The file gives this up when it is released. */
	__module_get(THIS_MODULE);
	file = alloc_file_pseudo(inode, mnt, name, flags, &kchan_endpoint_fops);
	if (IS_ERR(file)) {
		module_put(THIS_MODULE);
		iput(inode);
		return file;
	}
	err = kchan_endpoint_open(inode, file);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}
