// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the control device
 *
 * /dev/kchan makes, opens and removes channels of the instance of the network
 * namespace in which it was opened. From its first command on an open one has a mount
 * of that instance, and names.c does the rest.
 */
#include <linux/fs.h>
#include <linux/kchan.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>

#include "abi.h"
#include "compat.h"
#include "control.h"
#include "fs.h"
#include "names.h"
#include "ns.h"

/**
 * struct control - an open control device
 * @ns: the instance, referenced [const]
 * @mnt: a mount of it, from the first command on; set once [cmpxchg]
 */
struct control {
	struct kchan_ns *ns;
	struct vfsmount *mnt;
};

/* Mounts nothing: all who open a device like this one would wait for that. */
static int control_open(struct inode *inode, struct file *file)
{
	struct control *control = kzalloc(sizeof(*control), GFP_KERNEL_ACCOUNT);

	if (!control)
		return -ENOMEM;
	control->ns = kchan_ns_get(kchan_ns_of(current->nsproxy->net_ns));
	file->private_data = control;
	return stream_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	struct control *control = file->private_data;

	mntput(control->mnt);
	kchan_ns_put(control->ns);
	kfree(control);
	return 0;
}

static struct vfsmount *control_mount(struct control *control)
{
	struct vfsmount *mnt, *other;

	if (READ_ONCE(control->ns->dead))
		return ERR_PTR(-EIDRM);
	/* Pairs with the exchange below, a full barrier. */
	mnt = smp_load_acquire(&control->mnt);
	if (mnt)
		return mnt;
	mnt = kchanfs_mount(control->ns);
	if (IS_ERR(mnt))
		return mnt;
	other = cmpxchg(&control->mnt, NULL, mnt);
	if (!other)
		return mnt;
	mntput(mnt);
	return other;
}

/* Do something with the names of the whole instance. */
static int in_instance(struct file *file, void __user *uarg,
		       int (*names)(const struct kchan_scope *scope,
				    void __user *uarg))
{
	struct vfsmount *mnt = control_mount(file->private_data);
	struct kchan_scope scope = { .whole = true };
	struct path root;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	root.mnt = mnt;
	root.dentry = mnt->mnt_root;
	scope.root = &root;
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
