/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_EVENT_H
#define _KCHAN_EVENT_H

#include <linux/kchan_netlink.h>
#include <linux/types.h>

struct dentry;
struct inode;
struct kchan_channel;

void kchan_event(struct inode *inode, enum kchan_event event, u64 count);
void kchan_event_name(const struct inode *inode, struct dentry *dentry,
		      enum kchan_event event);

#endif /* _KCHAN_EVENT_H */
