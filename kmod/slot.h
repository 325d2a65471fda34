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
 */
static __always_inline void kchan_slot_describe(struct kchan_take *arg,
						struct kchan_msg *msg)
{
	arg->slot = kchan_msg_slot(msg)->index;
	arg->len = msg->entry.size;
	arg->tag = msg->entry.tag;
	arg->seq = msg->entry.seq;
	if (arg->flags & KCHAN_TAKE_BRIEF)
		return;
	arg->time = kchan_time_to_user(msg->time);
	arg->prio = msg->entry.prio;
	arg->deliveries = msg->deliveries;
	arg->pid = kchan_current_pid(msg->pid);
	kchan_current_ids(msg->user->uid, msg->gid, &arg->uid, &arg->gid);
	arg->reason = msg->reason;
	arg->expiry = kchan_time_to_user(kchan_msg_expiry(msg));
	arg->origin = kchan_msg_origin(msg);
	arg->pool = 0;
	arg->reserved = 0;
}

int kchan_slot_publish(struct kchan_endpoint *ep, struct kchan_publish *arg,
		       const struct kchan_patience *patience);
int kchan_slot_take(struct kchan_endpoint *ep, struct kchan_take *arg,
		    const struct kchan_patience *patience);
void kchan_slot_untake(struct kchan_endpoint *ep, u32 index, u64 seq, bool hold);
int kchan_slot_release(struct kchan_endpoint *ep, u32 index);

#endif /* _KCHAN_SLOT_H */
