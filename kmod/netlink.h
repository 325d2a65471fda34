/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_NETLINK_H
#define _KCHAN_NETLINK_H

struct dentry;
struct genl_family;

#define KCHAN_GROUP_EVENTS	0

/* A slash, the longest name, and NUL. */
#define KCHAN_NAME_BUF		(PATH_MAX + 1)

extern struct genl_family kchan_genl_family;

const char *kchan_name_of(struct dentry *dentry, char *buf);

int kchan_netlink_init(void);
void kchan_netlink_exit(void);

#endif /* _KCHAN_NETLINK_H */
