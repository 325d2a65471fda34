/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_MAIN_H
#define _KCHAN_MAIN_H

/**
 * DOC: lock order
 *
 * Outer locks first. Fields name the lock that protects them.
 *
 * 0. generic netlink's cb_lock, for reading, then a socket's cb_mutex: requests
 * 1. sb->s_umount (VFS): mount, remount
 * 2. i_rwsem of a directory, then of an entry (VFS): its names
 * 3. kchan_ns.rename: where names are, against the instance's end
 *    and kchan_lender.home_lock: where slots go home; no two at once
 * 4. kchan_channel.lock: the channel's state
 * 5. kchan_ns.lock: which channels there are, network namespace, superblock, root
 *    directory's rights
 *    and kchan_inode.lock: whether a channel is at work; never with the other
 * 6. inode->i_lock, then dentry->d_lock (VFS)
 * 7. the lock of the table of users
 *
 * No two channels are locked at once. Spinlocks (4 to 7) are never held across
 * copies from or to user space, allocations that sleep, wake-ups or fput(). But the
 * answers of PUBLISH and TAKE, a few words, are written under lock 4 with page faults
 * off, so that they fail rather than wait (slot_quick.c).
 *
 * The VFS holds the i_rwsem of a directory while it copies what getdents(2) read
 * to user memory, which may take for ever (FUSE, userfaultfd). So nobody waits for
 * it who is not asked to by a call on that directory: not under s_umount, not at
 * the last close of an endpoint, not at the end of a network namespace, and not in
 * a netlink request: all others wait behind that.
 */

/* Kbuild has the version. */
#define KCHAN_VERSION_CODE \
	(KCHAN_VERSION_MAJOR << 16 | KCHAN_VERSION_MINOR << 8 | \
	 KCHAN_VERSION_PATCH)

#endif /* _KCHAN_MAIN_H */
