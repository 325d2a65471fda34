/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ABI_H
#define _KCHAN_ABI_H

#include <linux/types.h>

int kchan_arg_get(void *arg, size_t ksize, const void __user *uarg);
int kchan_arg_put(void __user *uarg, const void *arg, size_t ksize);
int kchan_ioctl_features(void __user *uarg);

#endif /* _KCHAN_ABI_H */
