// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the control device
 *
 * /dev/kchan makes, opens and removes channels of the instance of the network
 * namespace in which it was opened. An open one is a mount of that instance, and
 * names.c does the rest.
 */
#include <linux/fs.h>
#include <linux/kchan.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>

#include "abi.h"
#include "compat.h"
#include "control.h"
#include "fs.h"
#include "names.h"
#include "ns.h"

static int control_open(struct inode *inode, struct file *file)
{
	struct vfsmount *mnt =
		kchanfs_mount(kchan_ns_of(current->nsproxy->net_ns));

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	file->private_data = mnt;
	return stream_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	mntput(file->private_data);
	return 0;
}

/* Do something with the names of the whole instance. */
static int in_instance(struct file *file, void __user *uarg,
		       int (*names)(const struct kchan_scope *scope,
				    void __user *uarg))
{
	struct vfsmount *mnt = file->private_data;
	const struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };
	const struct kchan_scope scope = { .root = &root, .whole = true };
	const struct kchan_ns *ns = mnt->mnt_sb->s_fs_info;

	if (READ_ONCE(ns->dead))
		return -EIDRM;
	return names(&scope, uarg);
}

static long control_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case KCHAN_IOC_FEATURES:
		return kchan_ioctl_features(uarg);
	case KCHAN_IOC_CREATE:
		return in_instance(file, uarg, kchan_names_create);
	case KCHAN_IOC_OPEN:
		return in_instance(file, uarg, kchan_names_open);
	case KCHAN_IOC_REMOVE:
		return in_instance(file, uarg, kchan_names_remove);
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
