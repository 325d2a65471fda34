/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_SLOT_H
#define _KCHAN_SLOT_H

#include <linux/kchan.h>

#include "abi.h"
#include "limits.h"
#include "message.h"

struct kchan_endpoint;
struct kchan_patience;

/**
 * kchan_slot_describe - what TAKE tells of a message
 * @arg: takes it
 * @msg: a message in a slot, in the caller's hand
 * @plain: it does not expire, and has not died
 */
static __always_inline void kchan_slot_describe(struct kchan_take *arg,
						struct kchan_msg *msg, bool plain)
{
	arg->slot = kchan_msg_slot(msg)->index;
	arg->len = msg->entry.size;
	arg->tag = msg->entry.tag;
	arg->seq = msg->entry.seq;
	arg->time = kchan_time_to_user(msg->time);
	arg->prio = msg->entry.prio;
	arg->deliveries = msg->deliveries;
	arg->pid = kchan_current_pid(msg->pid);
	arg->uid = kchan_current_uid(msg->user->uid);
	arg->gid = kchan_current_gid(msg->gid);
	arg->reason = plain ? 0 : msg->reason;
	arg->expiry = plain ? 0 : kchan_time_to_user(kchan_msg_expiry(msg));
	arg->origin = plain ? 0 : msg->origin;
	arg->pool = 0;
	arg->reserved = 0;
}

int kchan_slot_publish(struct kchan_endpoint *ep, struct kchan_publish *arg,
		       const struct kchan_patience *patience);
int kchan_slot_take(struct kchan_endpoint *ep, struct kchan_take *arg,
		    const struct kchan_patience *patience);
void kchan_slot_untake(struct kchan_endpoint *ep, u32 index, u64 seq, bool hold);
int kchan_slot_release(struct kchan_endpoint *ep, u32 index);

/* slot_quick.c */
bool kchan_quick_publish(struct kchan_endpoint *ep,
			 struct kchan_publish __user *uarg);
int kchan_quick_take(struct kchan_endpoint *ep, struct kchan_take __user *uarg);

#endif /* _KCHAN_SLOT_H */
