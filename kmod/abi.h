/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ABI_H
#define _KCHAN_ABI_H

#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

#include "compat.h"

/**
 * struct kchan_viewer - who is shown something: how ids and times look to him
 * @user_ns: for users and groups
 * @pid_ns: for processes
 * @time_offset: of his time namespace, ns
 */
struct kchan_viewer {
	struct user_namespace *user_ns;
	struct pid_namespace *pid_ns;
	s64 time_offset;
};

/* The current task, for as long as it does not change. */
static inline struct kchan_viewer kchan_viewer_current(void)
{
	return (struct kchan_viewer) {
		.user_ns = current_user_ns(),
		.pid_ns = task_active_pid_ns(current),
		.time_offset = kchan_timens_offset(),
	};
}

static inline u32 kchan_view_uid(const struct kchan_viewer *viewer, kuid_t uid)
{
	return from_kuid_munged(viewer->user_ns, uid);
}

static inline u32 kchan_view_gid(const struct kchan_viewer *viewer, kgid_t gid)
{
	return from_kgid_munged(viewer->user_ns, gid);
}

static inline u32 kchan_view_pid(const struct kchan_viewer *viewer,
				 struct pid *pid)
{
	return pid_nr_ns(pid, viewer->pid_ns);
}

/* 0 stays 0: never. */
static inline u64 kchan_view_time(const struct kchan_viewer *viewer, u64 time)
{
	return time ? time + viewer->time_offset : 0;
}

int kchan_arg_get_sized(void *arg, size_t ksize, size_t first,
			const void __user *uarg, u32 usize);
int kchan_ioctl_features(void __user *uarg);

/**
 * kchan_arg_get - read an argument struct
 * @arg: the kernel's struct, which begins with its size
 * @ksize: sizeof of it
 * @first: sizeof of it when it was first published
 * @uarg: the caller's
 *
 * What the caller's lacks is 0. Its size is read once, and that value is written over
 * what the copy brings, so that who changes it meanwhile gains nothing. Inline, so that
 * a copy of the usual size is one of constant size.
 *
 * Return: 0, or -E2BIG, -EFAULT, -EINVAL.
 */
static __always_inline int kchan_arg_get(void *arg, size_t ksize, size_t first,
					 const void __user *uarg)
{
	int err = 0;
	u32 usize;

	if (get_user(usize, (const u32 __user *)uarg))
		return -EFAULT;
	if (unlikely(usize != ksize))
		err = kchan_arg_get_sized(arg, ksize, first, uarg, usize);
	else if (copy_from_user(arg, uarg, ksize))
		err = -EFAULT;
	*(u32 *)arg = usize;
	return err;
}

/**
 * kchan_arg_put - write an argument struct back
 * @uarg: the caller's
 * @arg: the kernel's, as kchan_arg_get() left its first member
 * @ksize: sizeof of it
 *
 * What only the caller knows is zero, or kchan_arg_get() had refused it.
 * Return: 0 or -EFAULT.
 */
static __always_inline int kchan_arg_put(void __user *uarg, const void *arg,
					 size_t ksize)
{
	u32 usize = *(const u32 *)arg;

	if (unlikely(usize < ksize))
		return copy_to_user(uarg, arg, usize) ? -EFAULT : 0;
	return copy_to_user(uarg, arg, ksize) ? -EFAULT : 0;
}

#endif /* _KCHAN_ABI_H */
