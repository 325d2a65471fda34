/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_ENDPOINT_H
#define _KCHAN_ENDPOINT_H

#include <linux/fs.h>

extern const struct file_operations kchan_endpoint_fops;

int kchan_endpoint_open(struct inode *inode, struct file *file);

#endif /* _KCHAN_ENDPOINT_H */
