// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the control device
 *
 * /dev/kchan makes and opens channels of the instance of the network namespace in
 * which it was opened. The instance is mounted for the length of a call, and names
 * are looked up in that mount by the VFS, which so checks rights, asks the LSM and
 * tells inotify as for any path.
 *
 * Descriptors are reserved first and installed last, when nothing can fail.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "compat.h"
#include "control.h"
#include "endpoint.h"
#include "fs.h"
#include "ns.h"

/* A name from user space, checked. */
static char *name_get(u64 uname)
{
	char *name, *part, *end;

	name = strndup_user(u64_to_user_ptr(uname), KCHAN_NAME_MAX + 1);
	if (IS_ERR(name))
		return PTR_ERR(name) == -EINVAL ? ERR_PTR(-ENAMETOOLONG) : name;
	for (part = name; ; part = end + 1) {
		int err = 0;

		end = strchrnul(part, '/');
		if (end - part > NAME_MAX)
			err = -ENAMETOOLONG;
		else if (!kchanfs_name_valid(part, end - part))
			err = -EINVAL;
		if (err) {
			kfree(name);
			return ERR_PTR(err);
		}
		if (!*end)
			return name;
	}
}

static int open_flags_check(u32 flags)
{
	if (flags & ~(O_ACCMODE | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	return (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : 0;
}

static struct file *open_named(struct vfsmount *mnt, const char *name,
			       int flags)
{
	const struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };
	struct file *file;

	/* -ESTALE: met an automatic channel that was just going. */
	do {
		file = file_open_root(&root, name, flags, 0);
	} while (file == ERR_PTR(-ESTALE) && !fatal_signal_pending(current));
	if (!IS_ERR(file) && file->f_op != &kchan_endpoint_fops) {
		fput(file);
		return ERR_PTR(-EISDIR);
	}
	return file;
}

/* The directory of @name, opened for its path alone; @last is set to what follows. */
static struct file *open_parent(struct vfsmount *mnt, char *name,
				const char **last)
{
	const struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };
	char *slash = strrchr(name, '/');
	struct file *parent;

	*last = slash ? slash + 1 : name;
	if (!slash)
		return file_open_root(&root, ".", O_PATH | O_DIRECTORY, 0);
	*slash = '\0';
	parent = file_open_root(&root, name, O_PATH | O_DIRECTORY, 0);
	*slash = '/';
	return parent;
}

static int make_locked(const struct path *parent, struct dentry *dentry,
		       umode_t mode, struct kchan_attr *attr)
{
	int err;

	lockdep_assert_held_write(&d_inode(parent->dentry)->i_rwsem);
	if (d_really_is_positive(dentry))
		return -EEXIST;
	mode &= ~current_umask();
	err = security_path_mknod(parent, dentry, mode, 0);
	return err ? err : vfs_mkobj(dentry, mode, kchanfs_mkobj, attr);
}

/* Make the channel @last in @parent; -EEXIST if the name is taken. */
static struct dentry *make_in(const struct path *parent, const char *last,
			      umode_t mode, struct kchan_attr *attr)
{
	struct inode *dir = d_inode(parent->dentry);
	struct dentry *dentry;
	int err;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one_len(last, parent->dentry, strlen(last));
	if (!IS_ERR(dentry)) {
		err = make_locked(parent, dentry, mode, attr);
		if (err) {
			dput(dentry);
			dentry = ERR_PTR(err);
		}
	}
	inode_unlock(dir);
	return dentry;
}

/* Make the channel and open it, whatever @mode says. */
static struct file *create_in(const struct path *parent, const char *last,
			      umode_t mode, struct kchan_attr *attr, int flags)
{
	struct path path = { .mnt = parent->mnt };
	struct file *file;

	path.dentry = make_in(parent, last, mode, attr);
	if (IS_ERR(path.dentry))
		return ERR_CAST(path.dentry);
	file = dentry_open(&path, flags, current_cred());
	if (attr->automatic)
		kchan_channel_detach(d_inode(path.dentry)->i_private, 0);
	if (IS_ERR(file))
		kchanfs_undo(path.dentry);
	else
		file->f_mode |= FMODE_CREATED;
	dput(path.dentry);
	return file;
}

static struct file *create_once(struct vfsmount *mnt, char *name,
				const struct kchan_create *arg,
				struct kchan_attr *attr)
{
	struct file *parent, *file;
	const char *last;

	parent = open_parent(mnt, name, &last);
	if (IS_ERR(parent))
		return parent;
	file = create_in(&parent->f_path, last, arg->mode, attr,
			 arg->open_flags);
	fput(parent);
	return file;
}

static struct file *create_named(struct vfsmount *mnt, char *name,
				 const struct kchan_create *arg,
				 struct kchan_attr *attr)
{
	struct file *file;

	do {
		file = create_once(mnt, name, arg, attr);
		if (PTR_ERR(file) != -EEXIST || (arg->flags & KCHAN_CREATE_EXCL))
			break;
		/* Gone again before it was opened? Then make it after all. */
		file = open_named(mnt, name, arg->open_flags);
	} while (PTR_ERR(file) == -ENOENT && !fatal_signal_pending(current));
	return file;
}

/* Make what is asked for: one file, or with PAIR two. */
static int create_files(struct vfsmount *mnt, const struct kchan_create *arg,
			struct kchan_attr *attr, char *name,
			struct file *files[2])
{
	int flags = arg->open_flags;
	umode_t mode = arg->mode & ~current_umask();

	if (name)
		files[0] = create_named(mnt, name, arg, attr);
	else
		files[0] = kchanfs_open_unnamed(mnt, mode, attr, flags);
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
	const u32 named_only = KCHAN_CREATE_EXCL | KCHAN_CREATE_AUTO;

	if (arg->flags & ~(named_only | KCHAN_CREATE_PAIR))
		return -EINVAL;
	if (arg->flags & (arg->name ? KCHAN_CREATE_PAIR : named_only))
		return -EINVAL;
	if ((arg->flags & KCHAN_CREATE_PAIR) && (arg->open_flags & O_ACCMODE))
		return -EINVAL;
	if ((arg->mode & ~0777) || arg->kind != KCHAN_KIND_QUEUE)
		return -EINVAL;
	if (arg->bytes && arg->bytes < arg->msgsize)
		return -EINVAL;
	return open_flags_check(arg->open_flags);
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

static int create(struct kchan_ns *ns, struct kchan_create *arg,
		  void __user *uarg, char *name)
{
	struct kchan_attr attr = {
		.kind = arg->kind,
		.key = arg->key,
		.depth = arg->depth,
		.msgsize = arg->msgsize,
		.bytes = arg->bytes,
		.automatic = arg->flags & KCHAN_CREATE_AUTO,
	};
	struct reserved reserved;
	struct vfsmount *mnt;
	struct file *files[2];
	unsigned int i;
	int err;

	mnt = kchanfs_mount(ns);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = reserve(&reserved, arg->flags & KCHAN_CREATE_PAIR ? 2 : 1);
	if (err)
		goto unmount;
	err = create_files(mnt, arg, &attr, name, files);
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
		goto unmount;
unreserve:
	unreserve(&reserved);
unmount:
	mntput(mnt);
	return err;
}

static int ioctl_create(struct kchan_ns *ns, void __user *uarg)
{
	struct kchan_create arg;
	char *name = NULL;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), uarg);
	if (err)
		return err;
	err = create_check(&arg);
	if (err)
		return err;
	if (arg.name)
		name = name_get(arg.name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = create(ns, &arg, uarg, name);
	kfree(name);
	return err;
}

static int open(struct kchan_ns *ns, struct kchan_open *arg,
		void __user *uarg, const char *name)
{
	struct reserved reserved;
	struct vfsmount *mnt;
	struct file *file;
	int err;

	mnt = kchanfs_mount(ns);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	err = reserve(&reserved, 1);
	if (err)
		goto unmount;
	file = open_named(mnt, name, arg->open_flags);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto unreserve;
	}
	arg->fd = reserved.fd[0];
	err = kchan_arg_put(uarg, arg, sizeof(*arg));
	if (!err) {
		fd_install(reserved.fd[0], file);
		goto unmount;
	}
	fput(file);
unreserve:
	unreserve(&reserved);
unmount:
	mntput(mnt);
	return err;
}

static int ioctl_open(struct kchan_ns *ns, void __user *uarg)
{
	struct kchan_open arg;
	char *name;
	int err;

	err = kchan_arg_get(&arg, sizeof(arg), uarg);
	if (err)
		return err;
	if (arg.reserved)
		return -EINVAL;
	err = open_flags_check(arg.open_flags);
	if (err)
		return err;
	name = name_get(arg.name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = open(ns, &arg, uarg, name);
	kfree(name);
	return err;
}

static int control_open(struct inode *inode, struct file *file)
{
	file->private_data = kchan_ns_get(kchan_ns_of(current->nsproxy->net_ns));
	return stream_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	kchan_ns_put(file->private_data);
	return 0;
}

static long control_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct kchan_ns *ns = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case KCHAN_IOC_FEATURES:
		return kchan_ioctl_features(uarg);
	case KCHAN_IOC_CREATE:
		return ioctl_create(ns, uarg);
	case KCHAN_IOC_OPEN:
		return ioctl_open(ns, uarg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations control_fops = {
	.owner		= THIS_MODULE,
	.open		= control_open,
	.release	= control_release,
	.unlocked_ioctl	= control_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice control_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "kchan",
	.fops	= &control_fops,
	.mode	= 0666,
};

int __init kchan_control_init(void)
{
	return misc_register(&control_device);
}

void kchan_control_exit(void)
{
	misc_deregister(&control_device);
}
