// SPDX-License-Identifier: GPL-2.0
#include <linux/kchan.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "main.h"

#define ARG_SIZE_MAX	4096

/**
 * kchan_arg_get_sized - kchan_arg_get() from a struct of any size
 * @arg: the kernel's struct
 * @ksize: its size
 * @first: its size when it was first published
 * @uarg: the caller's struct
 *
 * Return: 0, or -E2BIG, -EFAULT, -EINVAL.
 */
int kchan_arg_get_sized(void *arg, size_t ksize, size_t first,
			const void __user *uarg)
{
	u32 usize;
	int err;

	if (get_user(usize, (const u32 __user *)uarg))
		return -EFAULT;
	if (usize < first)
		return -EINVAL;
	if (usize > ARG_SIZE_MAX)
		return -E2BIG;
	err = copy_struct_from_user(arg, ksize, uarg, usize);
	*(u32 *)arg = usize;
	return err;
}

/**
 * kchan_ioctl_features - KCHAN_IOC_FEATURES
 * @uarg: struct kchan_features
 */
long kchan_ioctl_features(void __user *uarg)
{
	struct kchan_features features;
	int err;

	err = kchan_arg_get(&features, sizeof(features), sizeof(features),
			    uarg);
	if (err)
		return err;
	features.version = KCHAN_VERSION_CODE;
	features.kinds = 1ULL << KCHAN_KIND_QUEUE;
	features.features = KCHAN_FEATURE_QUEUE | KCHAN_FEATURE_UNNAMED |
			    KCHAN_FEATURE_NETLINK | KCHAN_FEATURE_HOLD |
			    KCHAN_FEATURE_EXPIRY | KCHAN_FEATURE_DEAD |
			    KCHAN_FEATURE_OVERFLOW | KCHAN_FEATURE_FILTER |
			    KCHAN_FEATURE_BATCH | KCHAN_FEATURE_POOL;
	return kchan_arg_put(uarg, &features, sizeof(features));
}
