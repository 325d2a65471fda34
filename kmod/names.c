// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: names
 *
 * CREATE, OPEN and REMOVE, on the control device and on a directory of a mounted
 * kchanfs alike: names are looked up from there by the VFS, which so checks rights,
 * asks the LSM and tells inotify as for any path.
 *
 * Descriptors are reserved first and installed last, when nothing can fail.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "fs.h"
#include "inode.h"
#include "names.h"

/**
 * kchan_name_check - is a name sound, all of its components?
 * @name: the name
 * @last: takes the last component, or NULL
 *
 * Return: 0, -EINVAL or -ENAMETOOLONG.
 */
int kchan_name_check(const char *name, const char **last)
{
	const char *end;

	for (;; name = end + 1) {
		for (end = name; kchanfs_name_may_have(*end);)
			end++;
		if (end == name || *name == '.' || (*end && *end != '/'))
			return -EINVAL;
		if (end - name > NAME_MAX)
			return -ENAMETOOLONG;
		if (!*end)
			break;
	}
	if (last)
		*last = name;
	return 0;
}

/**
 * struct name - a name from user space
 * @text: the name
 * @len: its length
 * @last: its last component
 * @brief: where it is if it is short, as most are
 */
struct name {
	char *text;
	size_t len;
	const char *last;
	char brief[48];
};

static void name_put(struct name *name)
{
	if (name->text != name->brief)
		kfree(name->text);
}

/* Read a name and check it; for name_put() if that succeeds. */
static int name_get(struct name *name, u64 uname)
{
	const char __user *from = u64_to_user_ptr(uname);
	long len;
	int err;

	len = strncpy_from_user(name->brief, from, sizeof(name->brief));
	if (len < 0)
		return len;
	name->text = name->brief;
	if (len == sizeof(name->brief)) {
		name->text = strndup_user(from, KCHAN_NAME_MAX + 1);
		if (IS_ERR(name->text)) {
			err = PTR_ERR(name->text);
			return err == -EINVAL ? -ENAMETOOLONG : err;
		}
		len = strlen(name->text);
	}
	name->len = len;
	err = kchan_name_check(name->text, &name->last);
	if (err)
		name_put(name);
	return err;
}

static int open_flags_check(u32 flags)
{
	if (flags & ~(O_ACCMODE | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	return (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : 0;
}

static struct file *open_named(const struct path *root, const char *name,
			       int flags)
{
	struct file *file;
	int err = 0;

	/* -ESTALE: met an automatic channel that was just going. */
	do {
		file = file_open_root(root, name, flags, 0);
	} while (file == ERR_PTR(-ESTALE) && !fatal_signal_pending(current));
	if (IS_ERR(file))
		return file;
	if (file_inode(file)->i_sb != root->dentry->d_sb)
		err = -EXDEV;
	else if (file->f_op != &kchan_endpoint_fops)
		err = -EISDIR;
	if (!err)
		return file;
	fput(file);
	return ERR_PTR(err);
}

/* A directory, opened for its path alone; of this filesystem, whatever is mounted. */
static struct file *open_directory(const struct path *root, const char *name)
{
	struct file *file;

	file = file_open_root(root, name, O_PATH | O_DIRECTORY, 0);
	if (!IS_ERR(file) && file_inode(file)->i_sb != root->dentry->d_sb) {
		fput(file);
		return ERR_PTR(-EXDEV);
	}
	return file;
}

/**
 * struct place - where a name is
 * @dir: its directory, as long as the root that it was looked up from and @file are held
 * @file: an open file of that directory if it is not the root, else NULL
 * @last: the last component of the name
 * @len: its length
 */
struct place {
	const struct path *dir;
	struct file *file;
	const char *last;
	int len;
};

static void place_put(struct place *place)
{
	if (place->file)
		fput(place->file);
}

/* Find the place of a name, for place_put() if that succeeds. */
static int place_get(struct place *place, const struct path *root,
		     const struct name *name)
{
	char *slash;

	place->dir = root;
	place->file = NULL;
	place->last = name->last;
	place->len = name->text + name->len - name->last;
	if (name->last == name->text)
		return 0;
	slash = name->text + (name->last - name->text) - 1;
	*slash = '\0';
	place->file = open_directory(root, name->text);
	*slash = '/';
	if (IS_ERR(place->file))
		return PTR_ERR(place->file);
	place->dir = &place->file->f_path;
	return 0;
}

/* @ro: what mnt_want_write() said. */
static int make_locked(const struct path *parent, struct dentry *dentry,
		       umode_t mode, struct kchan_attr *attr, int ro)
{
	int err;

	lockdep_assert_held_write(&d_inode(parent->dentry)->i_rwsem);
	if (d_really_is_positive(dentry))
		return -EEXIST;
	if (ro)
		return ro;
	/* Nor could it be opened by path. */
	if (parent->mnt->mnt_flags & MNT_NODEV)
		return -EACCES;
	mode &= ~current_umask();
	err = security_path_mknod(parent, dentry, mode, 0);
	return err ? err : vfs_mkobj(dentry, mode, kchanfs_mkobj, attr);
}

/* Make the channel; -EEXIST if the name is taken. */
static struct dentry *make_at(const struct place *place, umode_t mode,
			      struct kchan_attr *attr)
{
	const struct path *parent = place->dir;
	struct inode *dir = d_inode(parent->dentry);
	int err, ro = mnt_want_write(parent->mnt);
	struct dentry *dentry;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one_len(place->last, parent->dentry, place->len);
	if (!IS_ERR(dentry)) {
		err = make_locked(parent, dentry, mode, attr, ro);
		if (err) {
			dput(dentry);
			dentry = ERR_PTR(err);
		}
	}
	inode_unlock(dir);
	if (!ro)
		mnt_drop_write(parent->mnt);
	return dentry;
}

/* Make the channel and open it, whatever @mode says. */
static struct file *create_at(const struct place *place, umode_t mode,
			      struct kchan_attr *attr, int flags)
{
	struct path path = { .mnt = place->dir->mnt };
	struct file *file;

	path.dentry = make_at(place, mode, attr);
	if (IS_ERR(path.dentry))
		return ERR_CAST(path.dentry);
	file = dentry_open(&path, flags, current_cred());
	if (attr->automatic)
		kchan_inode_unhold(kchan_i(d_inode(path.dentry)));
	if (IS_ERR(file))
		kchanfs_undo(path.dentry);
	else
		file->f_mode |= FMODE_CREATED;
	dput(path.dentry);
	return file;
}

static struct file *create_once(const struct path *root, const struct name *name,
				const struct kchan_create *arg,
				struct kchan_attr *attr)
{
	struct place place;
	struct file *file;
	int err;

	err = place_get(&place, root, name);
	if (err)
		return ERR_PTR(err);
	file = create_at(&place, arg->mode, attr, arg->open_flags);
	place_put(&place);
	return file;
}

static struct file *create_named(const struct path *root, const struct name *name,
				 const struct kchan_create *arg,
				 struct kchan_attr *attr)
{
	struct file *file;

	do {
		file = create_once(root, name, arg, attr);
		if (PTR_ERR(file) != -EEXIST || (arg->flags & KCHAN_CREATE_EXCL))
			break;
		/* Gone again before it was opened? Then make it after all. */
		file = open_named(root, name->text, arg->open_flags);
	} while (PTR_ERR(file) == -ENOENT && !fatal_signal_pending(current));
	return file;
}

/* Make what is asked for: one file, or with PAIR two. */
static int create_files(const struct path *root, const struct kchan_create *arg,
			struct kchan_attr *attr, const struct name *name,
			struct file *files[2])
{
	int flags = arg->open_flags;
	umode_t mode = arg->mode & ~current_umask();

	if (name)
		files[0] = create_named(root, name, arg, attr);
	else
		files[0] = kchanfs_open_unnamed(root->mnt, mode, attr, flags);
	if (IS_ERR(files[0]))
		return PTR_ERR(files[0]);
	if (!(arg->flags & KCHAN_CREATE_PAIR))
		return 0;
	files[1] = dentry_open(&files[0]->f_path, flags | O_WRONLY,
			       current_cred());
	if (IS_ERR(files[1])) {
		fput(files[0]);
		return PTR_ERR(files[1]);
	}
	return 0;
}

static int create_check(const struct kchan_create *arg)
{
	const u32 named_only = KCHAN_CREATE_EXCL | KCHAN_CREATE_AUTO |
			       KCHAN_CREATE_NO_FD;
	const u32 pool_only = KCHAN_CREATE_ZERO_SLOTS | KCHAN_CREATE_RECV_COPY;

	if (arg->flags & ~(named_only | pool_only | KCHAN_CREATE_PAIR |
			   KCHAN_CREATE_DEAD_LETTER))
		return -EINVAL;
	if (arg->flags & (arg->name ? KCHAN_CREATE_PAIR : named_only))
		return -EINVAL;
	if ((arg->flags & KCHAN_CREATE_PAIR) && (arg->open_flags & O_ACCMODE))
		return -EINVAL;
	if ((arg->flags & KCHAN_CREATE_NO_FD) &&
	    (arg->open_flags || (arg->flags & KCHAN_CREATE_AUTO)))
		return -EINVAL;
	if ((arg->mode & ~0777) || arg->kind != KCHAN_KIND_QUEUE)
		return -EINVAL;
	if (arg->bytes && arg->bytes < arg->msgsize)
		return -EINVAL;
	if (arg->overflow > KCHAN_OVERFLOW_DROP ||
	    arg->max_deliveries > KCHAN_DELIVERIES_MAX ||
	    arg->ttl > S64_MAX || arg->reserved)
		return -EINVAL;
	if (!arg->slots != !arg->slot_size || arg->slots > KCHAN_SLOTS_MAX ||
	    arg->slot_size > KCHAN_SLOT_SIZE_MAX ||
	    ((arg->flags & pool_only) && !arg->slots))
		return -EINVAL;
	return open_flags_check(arg->open_flags);
}

/*
 * The number of the channel for dead messages, or 0. Who may send there now may
 * have them sent there from now on.
 */
static int dead_letter_get(const struct path *root,
			   const struct kchan_create *arg, u64 *id)
{
	const struct kchan_endpoint *ep;
	struct file *file;
	int err = 0;

	*id = 0;
	if (!(arg->flags & KCHAN_CREATE_DEAD_LETTER))
		return arg->dead_letter ? -EINVAL : 0;
	file = fget(arg->dead_letter);
	if (!file)
		return -EBADF;
	ep = file->private_data;
	if (file->f_op != &kchan_endpoint_fops || !(file->f_mode & FMODE_WRITE))
		err = -EBADF;
	else if (ep->channel->ns != root->dentry->d_sb->s_fs_info ||
		 ep->channel->attr.dead_letter)
		err = -EINVAL;
	else
		*id = ep->channel->id;
	if (*id)
		kchan_inode_keep(kchan_i(ep->channel->inode));
	fput(file);
	return err;
}

/**
 * struct reserved - descriptors reserved for files that are not there yet
 * @count: 1 or 2
 * @fd: the numbers
 */
struct reserved {
	unsigned int count;
	int fd[2];
};

static void unreserve(struct reserved *reserved)
{
	while (reserved->count)
		put_unused_fd(reserved->fd[--reserved->count]);
}

static int reserve(struct reserved *reserved, unsigned int count)
{
	reserved->count = 0;
	while (reserved->count < count) {
		int fd = get_unused_fd_flags(O_CLOEXEC);

		if (fd < 0) {
			unreserve(reserved);
			return fd;
		}
		reserved->fd[reserved->count++] = fd;
	}
	return 0;
}

/* Make a channel and open it: with descriptors. */
static int create_fds(const struct path *root, struct kchan_create *arg,
		      struct kchan_attr *attr, void __user *uarg,
		      const struct name *name)
{
	struct reserved reserved;
	struct file *files[2];
	unsigned int i;
	int err;

	err = reserve(&reserved, arg->flags & KCHAN_CREATE_PAIR ? 2 : 1);
	if (err)
		return err;
	err = create_files(root, arg, attr, name, files);
	if (err)
		goto unreserve;
	arg->fd = reserved.fd[0];
	arg->fd_send = reserved.count > 1 ? reserved.fd[1] : -1;
	err = kchan_arg_put(uarg, arg, sizeof(*arg));
	if (err && (files[0]->f_mode & FMODE_CREATED))
		kchanfs_undo(files[0]->f_path.dentry);
	for (i = 0; i < reserved.count; i++) {
		if (err)
			fput(files[i]);
		else
			fd_install(reserved.fd[i], files[i]);
	}
	if (!err)
		return 0;
unreserve:
	unreserve(&reserved);
	return err;
}

/* Make a channel, and do not open it. */
static int create_only(const struct path *root, struct kchan_create *arg,
		       struct kchan_attr *attr, void __user *uarg,
		       const struct name *name)
{
	struct dentry *dentry;
	struct place place;
	int err;

	err = place_get(&place, root, name);
	if (err)
		return err;
	dentry = make_at(&place, arg->mode, attr);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		arg->fd = -1;
		arg->fd_send = -1;
		err = kchan_arg_put(uarg, arg, sizeof(*arg));
		if (err)
			kchanfs_undo(dentry);
		dput(dentry);
	}
	place_put(&place);
	return err;
}

static int create(const struct path *root, struct kchan_create *arg,
		  void __user *uarg, const struct name *name)
{
	struct kchan_attr attr = {
		.kind = arg->kind,
		.key = arg->key,
		.depth = arg->depth,
		.msgsize = arg->msgsize,
		.bytes = arg->bytes,
		.overflow = arg->overflow,
		.max_deliveries = arg->max_deliveries,
		.ttl = arg->ttl,
		.slots = arg->slots,
		.slot_size = arg->slot_size,
		.zero_slots = arg->flags & KCHAN_CREATE_ZERO_SLOTS,
		.recv_copy = arg->flags & KCHAN_CREATE_RECV_COPY,
		.automatic = arg->flags & KCHAN_CREATE_AUTO,
		.unnamed = !name,
	};
	int err = dead_letter_get(root, arg, &attr.dead_letter);

	if (err)
		return err;
	if (arg->flags & KCHAN_CREATE_NO_FD)
		return create_only(root, arg, &attr, uarg, name);
	return create_fds(root, arg, &attr, uarg, name);
}

/**
 * kchan_names_create - KCHAN_IOC_CREATE
 * @scope: where
 * @uarg: struct kchan_create
 */
int kchan_names_create(const struct kchan_scope *scope, void __user *uarg)
{
	struct kchan_create arg;
	struct name name;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg),
			    offsetofend(struct kchan_create, fd_send), uarg);
	if (err)
		return err;
	err = create_check(&arg);
	if (err)
		return err;
	if (!arg.name)
		return create(scope->root, &arg, uarg, NULL);
	err = name_get(&name, arg.name);
	if (err)
		return err;
	err = create(scope->root, &arg, uarg, &name);
	name_put(&name);
	return err;
}

static int open(const struct path *root, struct kchan_open *arg,
		void __user *uarg, const char *name)
{
	struct reserved reserved;
	struct file *file;
	int err;

	err = reserve(&reserved, 1);
	if (err)
		return err;
	file = open_named(root, name, arg->open_flags);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto unreserve;
	}
	arg->fd = reserved.fd[0];
	err = kchan_arg_put(uarg, arg, sizeof(*arg));
	if (!err) {
		fd_install(reserved.fd[0], file);
		return 0;
	}
	fput(file);
unreserve:
	unreserve(&reserved);
	return err;
}

/**
 * kchan_names_open - KCHAN_IOC_OPEN
 * @scope: where
 * @uarg: struct kchan_open
 */
int kchan_names_open(const struct kchan_scope *scope, void __user *uarg)
{
	struct kchan_open arg;
	struct name name;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.reserved)
		return -EINVAL;
	err = open_flags_check(arg.open_flags);
	if (err)
		return err;
	err = name_get(&name, arg.name);
	if (err)
		return err;
	err = open(scope->root, &arg, uarg, name.text);
	name_put(&name);
	return err;
}

/* Remove the name @dentry in @parent, which is locked, as unlink(2) does. */
static int unlink_locked(const struct path *parent, struct dentry *dentry,
			 const struct kchan_remove *arg)
{
	const struct inode *inode = d_inode(dentry);
	int err;

	lockdep_assert_held_write(&d_inode(parent->dentry)->i_rwsem);
	if (!inode || (arg->id && arg->id != inode->i_ino))
		return -ENOENT;
	if (d_is_dir(dentry))
		return -EISDIR;
	err = security_path_unlink(parent, dentry);
	if (err)
		return err;
	return vfs_unlink(&nop_mnt_idmap, d_inode(parent->dentry), dentry, NULL);
}

static int unlink_at(const struct place *place, const struct kchan_remove *arg)
{
	const struct path *parent = place->dir;
	struct inode *dir = d_inode(parent->dentry);
	struct dentry *dentry;
	int err;

	err = mnt_want_write(parent->mnt);
	if (err)
		return err;
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one_len(place->last, parent->dentry, place->len);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = unlink_locked(parent, dentry, arg);
		dput(dentry);
	}
	inode_unlock(dir);
	mnt_drop_write(parent->mnt);
	return err;
}

static int unlink_name(const struct path *root, const struct name *name,
		       const struct kchan_remove *arg)
{
	struct place place;
	int err;

	err = place_get(&place, root, name);
	if (err)
		return err;
	err = unlink_at(&place, arg);
	place_put(&place);
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
	struct name name;
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
	err = name_get(&name, arg.name);
	if (err)
		return err;
	if (arg.flags & KCHAN_REMOVE_NOW)
		err = revoke_name(scope->root, name.text, &arg);
	else
		err = unlink_name(scope->root, &name, &arg);
	name_put(&name);
	return err;
}
