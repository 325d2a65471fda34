// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

#include "channel.h"
#include "control.h"
#include "fs.h"
#include "inode.h"
#include "main.h"
#include "message.h"
#include "netlink.h"
#include "ns.h"
#include "queue.h"

static int __init kchan_init(void)
{
	int err;

	err = kchan_msg_init();
	if (err)
		return err;
	err = kchan_queue_init();
	if (err)
		goto exit_msg;
	err = kchan_channel_init();
	if (err)
		goto exit_queue;
	err = kchan_inode_init();
	if (err)
		goto exit_channel;
	err = kchan_ns_init();
	if (err)
		goto exit_inode;
	/* Before anything can happen that it tells of. */
	err = kchan_netlink_init();
	if (err)
		goto exit_ns;
	err = kchanfs_init();
	if (err)
		goto exit_netlink;
	err = kchan_control_init();
	if (err)
		goto exit_fs;
	return 0;

exit_fs:
	kchanfs_exit();
exit_netlink:
	kchan_netlink_exit();
exit_ns:
	kchan_ns_exit();
exit_inode:
	kchan_inode_exit();
exit_channel:
	kchan_channel_exit();
exit_queue:
	kchan_queue_exit();
exit_msg:
	kchan_msg_exit();
	return err;
}

static void __exit kchan_exit(void)
{
	kchan_control_exit();
	/* Out of the order: its requests look into the filesystem. */
	kchan_netlink_exit();
	kchanfs_exit();
	kchan_ns_exit();
	kchan_inode_exit();
	kchan_channel_exit();
	kchan_queue_exit();
	kchan_msg_exit();
}

module_init(kchan_init);
module_exit(kchan_exit);

MODULE_DESCRIPTION("Channels between the processes of one machine");
MODULE_LICENSE("GPL");
MODULE_VERSION(KCHAN_VERSION);
