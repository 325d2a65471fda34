/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_FS_CONTEXT_H
#define _KCHAN_FS_CONTEXT_H

struct fs_context;
struct super_block;

int kchanfs_fill_super(struct super_block *sb, struct fs_context *fc);
void kchanfs_kill_sb(struct super_block *sb);

int kchanfs_register(void);
void kchanfs_unregister(void);

#endif /* _KCHAN_FS_CONTEXT_H */
