/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_FS_H
#define _KCHAN_FS_H

#include <linux/compiler.h>
#include <linux/types.h>

struct dentry;
struct file;
struct kchan_attr;
struct kchan_ns;
struct super_block;
struct vfsmount;

/**
 * kchanfs_name_may_have - may a name, of one component, have a character?
 * @c: the character
 */
static inline bool kchanfs_name_may_have(unsigned char c)
{
	return likely(c > '/' && c < 0x7f) || (c >= 0x20 && c < '/') ||
	       c > 0x7f;
}

struct vfsmount *kchanfs_mount(struct kchan_ns *ns);
int kchanfs_mkobj(struct dentry *dentry, umode_t mode, void *attr);
struct file *kchanfs_open_unnamed(struct vfsmount *mnt, umode_t mode,
				  const struct kchan_attr *attr, int flags);
void kchanfs_pin(struct dentry *dentry);
void kchanfs_unpinned(struct super_block *sb);

/* fs_remove.c */
void kchanfs_remove(struct dentry *dentry);
void kchanfs_undo(struct dentry *dentry);
void kchanfs_shutdown(struct kchan_ns *ns);

int kchanfs_init(void);
void kchanfs_exit(void);

#endif /* _KCHAN_FS_H */
