// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

#include "main.h"
#include "message.h"
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
	return 0;

exit_msg:
	kchan_msg_exit();
	return err;
}

static void __exit kchan_exit(void)
{
	kchan_queue_exit();
	kchan_msg_exit();
}

module_init(kchan_init);
module_exit(kchan_exit);

MODULE_DESCRIPTION("Channels between the processes of one machine");
MODULE_LICENSE("GPL");
MODULE_VERSION(KCHAN_VERSION_STRING);
