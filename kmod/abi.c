// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: argument structs
 *
 * The size of the caller's struct is its first member. It is read once, and that
 * value is written over what the copy brings, so that a caller who changes it
 * meanwhile gains nothing.
 */
#include <linux/kchan.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "main.h"

#define ARG_SIZE_MAX	4096

/**
 * kchan_arg_get - read an argument struct
 * @arg: the kernel's struct
 * @ksize: its size, and the first published one
 * @uarg: the caller's
 *
 * Return: 0, or -E2BIG, -EFAULT, -EINVAL.
 */
int kchan_arg_get(void *arg, size_t ksize, const void __user *uarg)
{
	u32 usize;
	int err;

	if (get_user(usize, (const u32 __user *)uarg))
		return -EFAULT;
	if (usize < ksize)
		return -EINVAL;
	if (usize > ARG_SIZE_MAX)
		return -E2BIG;
	err = copy_struct_from_user(arg, ksize, uarg, usize);
	if (err)
		return err;
	*(u32 *)arg = usize;
	return 0;
}

/**
 * kchan_arg_put - write an argument struct back
 * @uarg: the caller's
 * @arg: the kernel's, as kchan_arg_get() left its first member
 * @ksize: its size
 *
 * What only the caller knows is zero, or kchan_arg_get() had refused it.
 * Return: 0 or -EFAULT.
 */
int kchan_arg_put(void __user *uarg, const void *arg, size_t ksize)
{
	return copy_to_user(uarg, arg, ksize) ? -EFAULT : 0;
}

/**
 * kchan_ioctl_features - KCHAN_IOC_FEATURES
 * @uarg: struct kchan_features
 */
int kchan_ioctl_features(void __user *uarg)
{
	struct kchan_features features;
	int err;

	err = kchan_arg_get(&features, sizeof(features), uarg);
	if (err)
		return err;
	features.version = KCHAN_VERSION_CODE;
	features.kinds = 1ULL << KCHAN_KIND_QUEUE;
	features.features = KCHAN_FEATURE_QUEUE | KCHAN_FEATURE_UNNAMED;
	return kchan_arg_put(uarg, &features, sizeof(features));
}
