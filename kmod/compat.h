/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows kernel versions: 6.1 to 6.12.
 */
#ifndef _KCHAN_COMPAT_H
#define _KCHAN_COMPAT_H

#ifndef CONFIG_64BIT
#error "kchan counts on 64-bit inode numbers"
#endif
#ifndef CONFIG_SHMEM
#error "kchan makes pools of tmpfs"
#endif

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/nsproxy.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sysctl.h>
#include <linux/time_namespace.h>
#include <linux/version.h>
#include <net/net_namespace.h>

/* 6.3: id-mapped mounts are passed as struct mnt_idmap. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define mnt_idmap user_namespace
#define nop_mnt_idmap init_user_ns
#endif

/* 6.6: generic_fillattr() takes the request mask. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define kchan_fillattr(idmap, mask, inode, stat) \
	generic_fillattr(idmap, inode, stat)
#else
#define kchan_fillattr(idmap, mask, inode, stat) \
	generic_fillattr(idmap, mask, inode, stat)
#endif

/* 6.7: inode times are behind accessors; that of ctime came in 6.6. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline void simple_inode_init_ts(struct inode *inode)
{
	inode->i_mtime = current_time(inode);
	inode->i_atime = inode->i_mtime;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	inode->i_ctime = inode->i_mtime;
#else
	inode_set_ctime_to_ts(inode, inode->i_mtime);
#endif
}
#endif

/* The directory has changed. */
static inline void kchan_touch_dir(struct inode *dir)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	dir->i_mtime = current_time(dir);
	dir->i_ctime = dir->i_mtime;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	dir->i_mtime = inode_set_ctime_current(dir);
#else
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
#endif
}

/* 6.6: sysctl tables carry their size; 6.11: no sentinel, const for handlers. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define register_net_sysctl_sz(net, path, table, size) \
	register_net_sysctl(net, path, table)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define KCHAN_SYSCTL_SENTINEL	1
#else
#define KCHAN_SYSCTL_SENTINEL	0
#endif

/* 6.8: a directory's children are an hlist. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define kchan_for_each_child(child, parent) \
	list_for_each_entry(child, &(parent)->d_subdirs, d_child)
#else
#define kchan_for_each_child(child, parent) \
	hlist_for_each_entry(child, &(parent)->d_children, d_sib)
#endif

/* 6.7: attributes of a dump's request are in its struct genl_info. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define kchan_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#else
#define kchan_dump_attrs(cb)	(genl_info_dump(cb)->attrs)
#endif

/*
 * Page faults under a spinlock fail at once, where preemption is counted. Elsewhere they
 * have to be told to, and so have those who look whether we might sleep.
 */
#define KCHAN_LOCKED_IS_ATOMIC \
	(IS_ENABLED(CONFIG_PREEMPT_COUNT) && !IS_ENABLED(CONFIG_PREEMPT_RT) && \
	 !IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) && \
	 !IS_ENABLED(CONFIG_PROVE_LOCKING))

static inline void kchan_pagefault_disable_locked(void)
{
	if (!KCHAN_LOCKED_IS_ATOMIC)
		pagefault_disable();
}

static inline void kchan_pagefault_enable_locked(void)
{
	if (!KCHAN_LOCKED_IS_ATOMIC)
		pagefault_enable();
}

/* For what is written before it is read: gcc cannot tell, and clears it. */
#if __has_attribute(uninitialized)
#define __kchan_uninitialized	__attribute__((uninitialized))
#else
#define __kchan_uninitialized
#endif

/* The kernel's own helper for this is not exported. */
static inline s64 kchan_timens_offset(void)
{
#ifdef CONFIG_TIME_NS
	const struct timespec64 *offset =
		&current->nsproxy->time_ns->offsets.monotonic;

	/* Mostly there is none, and the conversion is not cheap. */
	if (likely(!(offset->tv_sec | offset->tv_nsec)))
		return 0;
	return timespec64_to_ns(offset);
#else
	return 0;
#endif
}

/* CLOCK_MONOTONIC as the caller's time namespace shows it; 0 stays 0. */
static inline u64 kchan_time_to_user(u64 time)
{
	return time ? time + kchan_timens_offset() : 0;
}

static inline u64 kchan_time_from_user(u64 time)
{
	s64 host = min_t(u64, time, KTIME_MAX);

	if (!time)
		return 0;
	if (check_sub_overflow(host, kchan_timens_offset(), &host))
		return KTIME_MAX;
	return max_t(s64, host, 1);
}

#endif /* _KCHAN_COMPAT_H */
