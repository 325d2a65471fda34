// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: mounting kchanfs
 *
 * Each instance has one superblock, found by its &struct kchan_ns. A user's mount
 * shows the instance of his network namespace, and takes CAP_SYS_ADMIN in the user
 * namespace that owns that; the module parameter userns_mount=N asks for
 * CAP_SYS_ADMIN in the initial one. Options change the root directory, also of an
 * instance that is mounted already. Read-only is a matter of the mount, not of the
 * superblock.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "fs.h"
#include "fs_context.h"
#include "ns.h"

static bool userns_mount = true;
module_param(userns_mount, bool, 0644);
MODULE_PARM_DESC(userns_mount,
		 "Whether root of a user namespace may mount kchanfs (default Y)");

enum kchanfs_param { OPT_MODE, OPT_UID, OPT_GID };

/**
 * struct kchanfs_context - options of a mount or remount
 * @ns: the instance, referenced
 * @given: a bit for each option that was given
 * @mode: mode=
 * @uid: uid=
 * @gid: gid=
 */
struct kchanfs_context {
	struct kchan_ns *ns;
	unsigned long given;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

static const struct fs_parameter_spec param_specs[] = {
	fsparam_u32oct("mode",	OPT_MODE),
	fsparam_u32("uid",	OPT_UID),
	fsparam_u32("gid",	OPT_GID),
	{}
};

static int parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct kchanfs_context *ctx = fc->fs_private;
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, param_specs, param, &result);
	switch (opt) {
	case OPT_MODE:
		if (result.uint_32 & ~0777)
			return invalfc(fc, "mode above 0777");
		ctx->mode = result.uint_32;
		break;
	case OPT_UID:
		ctx->uid = make_kuid(current_user_ns(), result.uint_32);
		if (!uid_valid(ctx->uid) ||
		    !kuid_has_mapping(fc->user_ns, ctx->uid))
			return invalfc(fc, "uid not in this user namespace");
		break;
	case OPT_GID:
		ctx->gid = make_kgid(current_user_ns(), result.uint_32);
		if (!gid_valid(ctx->gid) ||
		    !kgid_has_mapping(fc->user_ns, ctx->gid))
			return invalfc(fc, "gid not in this user namespace");
		break;
	default:
		return opt;
	}
	ctx->given |= BIT(opt);
	return 0;
}

/* Without i_rwsem, as s_umount is held: see main.h. */
static void apply_options(const struct kchanfs_context *ctx,
			  struct dentry *root)
{
	struct kchan_ns *ns = root->d_sb->s_fs_info;
	struct inode *inode = d_inode(root);

	spin_lock(&ns->lock);
	if (ctx->given & BIT(OPT_MODE))
		ns->root_mode = ctx->mode;
	if (ctx->given & BIT(OPT_UID))
		ns->root_uid = ctx->uid;
	if (ctx->given & BIT(OPT_GID))
		ns->root_gid = ctx->gid;
	WRITE_ONCE(inode->i_mode, S_IFDIR | ns->root_mode);
	WRITE_ONCE(inode->i_uid, ns->root_uid);
	WRITE_ONCE(inode->i_gid, ns->root_gid);
	spin_unlock(&ns->lock);
}

static int get_tree(struct fs_context *fc)
{
	struct kchanfs_context *ctx = fc->fs_private;
	int err;

	if (!(fc->sb_flags & SB_KERNMOUNT) && !userns_mount &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = get_tree_keyed(fc, kchanfs_fill_super, kchan_ns_get(ctx->ns));
	if (!err && ctx->given)
		apply_options(ctx, fc->root);
	return err;
}

static int reconfigure(struct fs_context *fc)
{
	struct kchanfs_context *ctx = fc->fs_private;

	if (ctx->given)
		apply_options(ctx, fc->root);
	return 0;
}

static void free_context(struct fs_context *fc)
{
	struct kchanfs_context *ctx = fc->fs_private;

	/* What get_tree_keyed() was given and no superblock took. */
	kchan_ns_put(fc->s_fs_info);
	if (!ctx)
		return;
	kchan_ns_put(ctx->ns);
	kfree(ctx);
}

static const struct fs_context_operations context_ops = {
	.free		= free_context,
	.parse_param	= parse_param,
	.get_tree	= get_tree,
	.reconfigure	= reconfigure,
};

static int init_fs_context(struct fs_context *fc)
{
	struct kchanfs_context *ctx;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;
	ctx->ns = kchan_ns_get(kchan_ns_of(fc->net_ns));
	if (fc->purpose == FS_CONTEXT_FOR_MOUNT) {
		put_user_ns(fc->user_ns);
		fc->user_ns = get_user_ns(fc->net_ns->user_ns);
		fc->global = true;
	}
	/* Before reconfigure_super() makes all mounts wait for it. */
	fc->sb_flags &= ~SB_RDONLY;
	fc->fs_private = ctx;
	fc->ops = &context_ops;
	return 0;
}

static struct file_system_type kchanfs_type = {
	.owner			= THIS_MODULE,
	.name			= "kchanfs",
	.init_fs_context	= init_fs_context,
	.parameters		= param_specs,
	.kill_sb		= kchanfs_kill_sb,
	.fs_flags		= FS_USERNS_MOUNT | FS_RENAME_DOES_D_MOVE,
};
MODULE_ALIAS_FS("kchanfs");

/**
 * kchanfs_mount - mount an instance for internal use
 * @ns: the instance
 *
 * Return: the mount, for mntput(), or an error: -EIDRM for a dead instance.
 */
struct vfsmount *kchanfs_mount(struct kchan_ns *ns)
{
	struct kchanfs_context *ctx;
	struct fs_context *fc;
	struct vfsmount *mnt;

	if (READ_ONCE(ns->dead))
		return ERR_PTR(-EIDRM);
	fc = fs_context_for_mount(&kchanfs_type, SB_KERNMOUNT);
	if (IS_ERR(fc))
		return ERR_CAST(fc);
	ctx = fc->fs_private;
	kchan_ns_put(ctx->ns);
	ctx->ns = kchan_ns_get(ns);
	mnt = fc_mount(fc);
	put_fs_context(fc);
	return mnt;
}

int __init kchanfs_register(void)
{
	return register_filesystem(&kchanfs_type);
}

void kchanfs_unregister(void)
{
	unregister_filesystem(&kchanfs_type);
}
