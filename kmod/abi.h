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

/*
 * The same as the current task is shown them, at each message: mostly it is in the
 * initial namespaces, where they are what they are.
 */
static inline void kchan_current_ids(kuid_t uid, kgid_t gid, u32 *to_uid,
				     u32 *to_gid)
{
	struct user_namespace *user_ns = current_user_ns();

	*to_uid = __kuid_val(uid);
	*to_gid = __kgid_val(gid);
	if (likely(user_ns == &init_user_ns))
		return;
	*to_uid = from_kuid_munged(user_ns, uid);
	*to_gid = from_kgid_munged(user_ns, gid);
}

static inline u32 kchan_current_pid(struct pid *pid)
{
	struct pid *own = task_pid(current);

	/* There is one namespace at level 0. */
	if (likely(own && !own->level))
		return pid->numbers[0].nr;
	return pid_nr_ns(pid, ns_of_pid(own));
}

/* 0 stays 0: never. */
static inline u64 kchan_view_time(const struct kchan_viewer *viewer, u64 time)
{
	return time ? time + viewer->time_offset : 0;
}

/*
 * A few words, a multiple of 8 bytes: a call to copy them would cost more than that. But
 * it is where faults are injected.
 */
#define KCHAN_BY_WORDS \
	(IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) && \
	 !IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY))

static __always_inline int kchan_words_get(void *to, const void __user *from,
					   size_t size)
{
	size_t i;

	if (!KCHAN_BY_WORDS)
		return copy_from_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (!user_read_access_begin(from, size))
		return -EFAULT;
#pragma GCC unroll 32
	for (i = 0; i < size; i += 8)
		unsafe_get_user(*(u64 *)(to + i),
				(const u64 __user *)(from + i), fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

static __always_inline int kchan_words_put(void __user *to, const void *from,
					   size_t size)
{
	size_t i;

	if (!KCHAN_BY_WORDS)
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (!user_write_access_begin(to, size))
		return -EFAULT;
#pragma GCC unroll 32
	for (i = 0; i < size; i += 8)
		unsafe_put_user(*(const u64 *)(from + i),
				(u64 __user *)(to + i), fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

int kchan_arg_get_sized(void *arg, size_t ksize, size_t first,
			const void __user *uarg);
long kchan_ioctl_features(void __user *uarg);

/**
 * kchan_arg_get - read an argument struct
 * @arg: the kernel's struct, which begins with its size
 * @ksize: sizeof of it
 * @first: sizeof of it when it was first published
 * @uarg: the caller's
 *
 * What the caller's lacks is 0. If its size is not the usual one, it is read again,
 * and that value counts, whatever the copy brings: who changes it meanwhile gains
 * nothing. Inline, so that a copy of the usual size is one of constant size.
 *
 * Return: 0, or -E2BIG, -EFAULT, -EINVAL.
 */
static __always_inline int kchan_arg_get(void *arg, size_t ksize, size_t first,
					 const void __user *uarg)
{
	if (likely(!kchan_words_get(arg, uarg, ksize) && *(u32 *)arg == ksize))
		return 0;
	return kchan_arg_get_sized(arg, ksize, first, uarg);
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
	return kchan_words_put(uarg, arg, ksize);
}

#endif /* _KCHAN_ABI_H */
