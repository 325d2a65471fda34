/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_MAIN_H
#define _KCHAN_MAIN_H

/**
 * DOC: lock order
 *
 * Outer locks first. Fields name the lock that protects them.
 *
 * 1. sb->s_umount (VFS): mount, remount
 * 2. i_rwsem of a directory, then of an entry (VFS): its names
 * 3. kchan_ns.rename: where names are, against the instance's end
 * 4. kchan_channel.lock: the channel's state
 * 5. dentry->d_lock (VFS)
 * 6. kchan_ns.lock: list of channels, superblock, root directory's rights
 * 7. inode->i_lock (VFS)
 * 8. the lock of the table of users
 *
 * No two channels are locked at once. Spinlocks (4 to 8) are never held across
 * copies from or to user space, allocations that sleep, wake-ups or fput().
 */

#define KCHAN_VERSION_CODE	((0 << 16) | (1 << 8) | 0)
#define KCHAN_VERSION_STRING	"0.1.0"

#endif /* _KCHAN_MAIN_H */
