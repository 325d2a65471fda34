// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: messages that are sent and received where they are
 *
 * PUBLISH and TAKE move a slot's message between an endpoint and the queue, and
 * nothing else: what a message passes on its way is that of any (DOC: the way of a
 * message). What TAKE tells of a message is read before it is the endpoint's: from
 * then on another thread may release it.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "abi.h"
#include "channel.h"
#include "lend.h"
#include "pass.h"
#include "slot.h"
#include "transfer.h"

/* Make a message of what is in a loaned slot. */
static __always_inline void address(struct kchan_endpoint *ep,
				    struct kchan_msg *msg,
				    const struct kchan_publish *arg)
{
	msg->entry.size = arg->len;
	msg->entry.tag = arg->tag;
	msg->entry.prio = arg->prio;
	msg->gid = ep->gid;
	kchan_store_sign(msg, ep->user, task_tgid(current));
}

/* The message of a slot that the endpoint has on loan. */
static __always_inline struct kchan_msg *
claim_loan_locked(const struct kchan_endpoint *ep, u32 index)
	__must_hold(&ep->channel->lock)
{
	struct kchan_msg *msg = kchan_lend_claim_locked(ep, index);

	lockdep_assert_held(&ep->channel->lock);
	if (!IS_ERR(msg) && kchan_msg_slot(msg)->state != KCHAN_SLOT_LOANED)
		return ERR_PTR(-EPERM);
	return msg;
}

/* Send what is in a slot that is loaned, whatever it takes. */
static int publish(struct kchan_endpoint *ep, struct kchan_publish *arg,
		   const struct kchan_patience *patience)
{
	u64 expiry = kchan_time_from_user(arg->expiry);
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;
	int err = 0;

	spin_lock(&ch->lock);
	msg = claim_loan_locked(ep, arg->slot);
	if (IS_ERR(msg) || arg->len > ch->attr.msgsize) {
		spin_unlock(&ch->lock);
		return IS_ERR(msg) ? PTR_ERR(msg) : -EMSGSIZE;
	}
	kchan_lend_ungive_locked(ep, msg);
	trace_kchan_publish(ch, arg->slot);
	address(ep, msg, arg);
	spin_unlock(&ch->lock);
	if (expiry || ch->attr.ttl)
		err = kchan_transfer_set_expiry(ch, msg, expiry);
	if (!err)
		err = kchan_pass_send(ep, msg, patience, &arg->seq);
	if (!err)
		return 0;
	msg->due = false;
	spin_lock(&ch->lock);
	kchan_lend_give_locked(ep, msg, KCHAN_SLOT_LOANED, ktime_get_ns());
	spin_unlock(&ch->lock);
	return err;
}

/**
 * kchan_slot_publish - KCHAN_IOC_PUBLISH
 * @ep: the endpoint, of a channel with a pool
 * @arg: what and how; takes @seq and @next
 * @patience: how long to wait
 *
 * Return: 0, or an error of KCHAN_IOC_PUBLISH.
 */
int kchan_slot_publish(struct kchan_endpoint *ep, struct kchan_publish *arg,
		       const struct kchan_patience *patience)
{
	int err;

	err = publish(ep, arg, patience);
	if (err)
		return err;
	arg->next = KCHAN_SLOT_NONE;
	/* The message is sent: that there is no slot does not make the call fail. */
	if (!(arg->flags & KCHAN_PUBLISH_LOAN))
		return 0;
	err = kchan_lend_loan_free(ep, &arg->next);
	/* Where a loan may drop a message, it is not to be this one. */
	if (err == -EAGAIN && ep->channel->attr.overflow == KCHAN_OVERFLOW_BLOCK)
		(void)kchan_lend_loan(ep, patience, &arg->next);
	return 0;
}

static int release_locked(struct kchan_endpoint *ep, u32 index)
	__must_hold(&ep->channel->lock)
{
	struct kchan_msg *msg = kchan_lend_claim_locked(ep, index);

	lockdep_assert_held(&ep->channel->lock);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	trace_kchan_release(ep->channel, index);
	if (unlikely(kchan_msg_slot(msg)->holds)) {
		kchan_hold_ack_locked(ep, msg);
		return 0;
	}
	kchan_lend_ungive_locked(ep, msg);
	kchan_lend_drop_locked(ep->channel, msg);
	return 0;
}

/**
 * kchan_slot_take - KCHAN_IOC_TAKE
 * @ep: the endpoint, of a channel with a pool
 * @arg: what and how; takes all that comes back, @release also on failure
 * @patience: how long to wait
 *
 * Return: 0, or an error of KCHAN_IOC_TAKE.
 */
int kchan_slot_take(struct kchan_endpoint *ep, struct kchan_take *arg,
		    const struct kchan_patience *patience)
{
	struct kchan_want want = {
		.capacity = U32_MAX,
		.filter = { .kind = arg->filter, .value = arg->value },
		.hold = arg->flags & KCHAN_HOLD,
		.take = true,
	};
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;
	bool revoked;
	int err;

	if ((arg->flags & KCHAN_TAKE_RELEASE) &&
	    arg->release != KCHAN_SLOT_NONE) {
		err = kchan_slot_release(ep, arg->release);
		if (err)
			return err;
		arg->release = KCHAN_SLOT_NONE;
	}
	msg = kchan_transfer_recv(ep, &want, patience);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	kchan_slot_describe(arg, msg);
	spin_lock(&ch->lock);
	revoked = ch->revoked;
	if (!revoked) {
		kchan_lend_give_locked(ep, msg, KCHAN_SLOT_TAKEN,
				       ktime_get_ns());
		trace_kchan_take(ch, arg->slot);
		kchan_msg_slot(msg)->holds = want.hold;
		if (want.hold)
			kchan_hold_add_locked(ep, msg);
	}
	spin_unlock(&ch->lock);
	if (!revoked)
		return 0;
	kchan_transfer_return(ep, msg, want.hold);
	return -EIDRM;
}

/**
 * kchan_slot_untake - put a message back that the caller could not be told of
 * @ep: the endpoint
 * @index: number of the slot that it has taken
 * @seq: number of the message
 * @hold: it was taken with HOLD
 *
 * Unless another thread has been faster, and has released it.
 */
void kchan_slot_untake(struct kchan_endpoint *ep, u32 index, u64 seq, bool hold)
{
	struct kchan_channel *ch = ep->channel;
	struct kchan_msg *msg;

	if (hold) {
		kchan_hold_end(ep, seq, KCHAN_VERDICT_BACK);
		return;
	}
	spin_lock(&ch->lock);
	msg = kchan_lend_claim_locked(ep, index);
	if (!IS_ERR(msg) && (msg->entry.seq != seq ||
			     kchan_msg_slot(msg)->state != KCHAN_SLOT_TAKEN))
		msg = ERR_PTR(-EPERM);
	if (!IS_ERR(msg))
		kchan_lend_ungive_locked(ep, msg);
	spin_unlock(&ch->lock);
	if (!IS_ERR(msg))
		kchan_transfer_return(ep, msg, false);
}

/**
 * kchan_slot_release - give a slot back
 * @ep: the endpoint, of a channel with a pool
 * @index: number of the slot, from user space
 *
 * Return: 0, or an error of KCHAN_IOC_RELEASE.
 */
int kchan_slot_release(struct kchan_endpoint *ep, u32 index)
{
	struct kchan_channel *ch = ep->channel;
	int err;

	spin_lock(&ch->lock);
	err = release_locked(ep, index);
	kchan_transfer_unlock(ch);
	return err;
}
