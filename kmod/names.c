// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: names
 *
 * CREATE, OPEN and REMOVE (names_remove.c), on the control device and on a directory of
 * a mounted kchanfs alike: names are looked up from there by the VFS, which so checks
 * rights, asks the LSM and tells inotify as for any path.
 *
 * Descriptors are reserved first and installed last, when nothing can fail.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "fs.h"
#include "inode.h"
#include "names.h"
#include "place.h"

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
static struct dentry *make_at(const struct kchan_place *place, umode_t mode,
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
static struct file *create_at(const struct kchan_place *place, umode_t mode,
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

static struct file *create_once(const struct path *root, const struct kchan_name *name,
				const struct kchan_create *arg,
				struct kchan_attr *attr)
{
	struct kchan_place place;
	struct file *file;
	int err;

	err = kchan_place_get(&place, root, name);
	if (err)
		return ERR_PTR(err);
	file = create_at(&place, arg->mode, attr, arg->open_flags);
	kchan_place_put(&place);
	return file;
}

static struct file *create_named(const struct path *root, const struct kchan_name *name,
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
			struct kchan_attr *attr, const struct kchan_name *name,
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
		      const struct kchan_name *name)
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
		       const struct kchan_name *name)
{
	struct dentry *dentry;
	struct kchan_place place;
	int err;

	err = kchan_place_get(&place, root, name);
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
	kchan_place_put(&place);
	return err;
}

static int create(const struct path *root, struct kchan_create *arg,
		  void __user *uarg, const struct kchan_name *name)
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
	struct kchan_name name;
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
	err = kchan_name_get(&name, arg.name);
	if (err)
		return err;
	err = create(scope->root, &arg, uarg, &name);
	kchan_name_put(&name);
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
	struct kchan_name name;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.reserved)
		return -EINVAL;
	err = open_flags_check(arg.open_flags);
	if (err)
		return err;
	err = kchan_name_get(&name, arg.name);
	if (err)
		return err;
	err = open(scope->root, &arg, uarg, name.text);
	kchan_name_put(&name);
	return err;
}
