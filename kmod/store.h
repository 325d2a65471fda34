/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_STORE_H
#define _KCHAN_STORE_H

#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "channel.h"

struct iov_iter;

struct kchan_msg *kchan_store_new_slow(struct kchan_channel *ch,
				       struct kchan_user *user, u32 size);
struct kchan_msg *kchan_store_new_due(struct kchan_channel *ch,
				      struct kchan_user *user, u32 size);
void kchan_store_free(struct kchan_msg *msg);
void kchan_store_free_spare(struct kchan_msg *msg);
void kchan_store_recycle_slow(struct kchan_channel *ch, struct kchan_msg *msg);
void kchan_store_keep_another(struct kchan_channel *ch, struct kchan_msg *msg);
void kchan_store_recycle_all(struct kchan_channel *ch, struct list_head *list);
void kchan_store_recycle_run(struct kchan_channel *ch, struct kchan_entry **run,
			     u32 count);
void kchan_store_shed(struct kchan_channel *ch);
void kchan_store_trim(struct kchan_channel *ch);
struct kchan_msg *kchan_store_take_spares(struct kchan_channel *ch, u32 max);
void kchan_store_return_spares(struct kchan_channel *ch,
			       struct kchan_msg *spares);
int kchan_store_copy_in_any(struct kchan_msg *msg, const void __user *from);
int kchan_store_copy_out_any(struct kchan_msg *msg, void __user *to);
int kchan_store_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from);
int kchan_store_copy_out_iter(struct kchan_msg *msg, struct iov_iter *to);

/* What most messages need is inlined: the calls would take longer than that. */

/**
 * kchan_store_sign - note who sends a message
 * @msg: the message
 * @user: who speaks
 * @pid: the process
 *
 * Who sent the last one there is still noted, and mostly the same.
 */
static __always_inline void kchan_store_sign(struct kchan_msg *msg,
					     struct kchan_user *user,
					     struct pid *pid)
{
	if (unlikely(msg->pid != pid)) {
		put_pid(msg->pid);
		msg->pid = get_pid(pid);
	}
	if (unlikely(msg->user != user)) {
		kchan_user_put(msg->user);
		msg->user = kchan_user_get(user);
	}
}

/* Make of an old message a new one of @user's, who is charged for it by now. */
static __always_inline struct kchan_msg *
kchan_store_renew(struct kchan_msg *msg, struct kchan_user *user, u32 size,
		  bool due)
{
	msg->entry.size = size;
	msg->due = due;
	kchan_store_sign(msg, user, task_tgid(current));
	return msg;
}

/* The next in a chain, or NULL. */
static __always_inline struct kchan_msg *
kchan_store_next(const struct kchan_msg *spare)
{
	struct kchan_entry *next = spare->entry.next;

	return next ? container_of(next, struct kchan_msg, entry) : NULL;
}

/* Take the first of a chain of the channel's, which is charged as a spare still, or NULL. */
static __always_inline struct kchan_msg *kchan_store_pop(struct kchan_channel *ch,
							 struct kchan_msg **chain)
{
	struct kchan_msg *msg;

	/* One that comes right now is for the next. */
	if (!READ_ONCE(*chain))
		return NULL;
	spin_lock(&ch->spares_lock);
	msg = *chain;
	if (likely(msg))
		WRITE_ONCE(*chain, kchan_store_next(msg));
	spin_unlock(&ch->spares_lock);
	return msg;
}

/* The message at hand, or else a small one that is charged as a spare no more. */
static __always_inline struct kchan_msg *kchan_store_spare(struct kchan_channel *ch)
{
	struct kchan_msg *msg = NULL;

	/* SPARE_OWNER */
	if (READ_ONCE(ch->spare))
		msg = xchg(&ch->spare, NULL);
	if (msg)
		return msg;
	msg = kchan_store_pop(ch, &ch->spares);
	if (msg)
		kchan_uncharge(&msg->user->spares, KCHAN_MSG_SMALL_TOTAL);
	return msg;
}

/**
 * kchan_store_new - make a message for a channel
 * @ch: the channel
 * @user: who pays
 * @size: payload bytes
 *
 * May sleep. Return: the message, or -EDQUOT or -ENOMEM.
 */
static __always_inline struct kchan_msg *
kchan_store_new(struct kchan_channel *ch, struct kchan_user *user, u32 size)
{
	struct kchan_msg *msg;

	if (size > KCHAN_MSG_SMALL)
		return kchan_store_new_slow(ch, user, size);
	if (!kchan_charge(&user->bytes, KCHAN_MSG_SMALL_TOTAL,
			  kchan_limit(&ch->ns->limits, max_bytes_user)))
		return ERR_PTR(-EDQUOT);
	msg = kchan_store_spare(ch);
	if (unlikely(!msg || msg->class || msg->payer != kchan_msg_payer())) {
		kchan_uncharge(&user->bytes, KCHAN_MSG_SMALL_TOTAL);
		kchan_store_free_spare(msg);
		return kchan_store_new_slow(ch, user, size);
	}
	return kchan_store_renew(msg, user, size, false);
}

/**
 * kchan_store_new_of - kchan_store_new() for a batch
 * @ch: the channel
 * @user: who pays
 * @size: payload bytes
 * @spares: what kchan_store_take_spares() gave; becomes what is left of it
 */
static __always_inline struct kchan_msg *
kchan_store_new_of(struct kchan_channel *ch, struct kchan_user *user, u32 size,
		   struct kchan_msg **spares)
{
	struct kchan_msg *msg = *spares;

	if (unlikely(!msg || size > KCHAN_MSG_SMALL ||
		     msg->payer != kchan_msg_payer()))
		return kchan_store_new_slow(ch, user, size);
	if (!kchan_charge(&user->bytes, KCHAN_MSG_SMALL_TOTAL,
			  kchan_limit(&ch->ns->limits, max_bytes_user)))
		return ERR_PTR(-EDQUOT);
	*spares = kchan_store_next(msg);
	kchan_uncharge(&msg->user->spares, KCHAN_MSG_SMALL_TOTAL);
	return kchan_store_renew(msg, user, size, false);
}

/* As the next sender is to find it. */
static __always_inline void kchan_store_clean(struct kchan_msg *msg)
{
	msg->deliveries = 0;
	if (likely(!msg->reason))
		return;
	msg->reason = 0;
	/* Who paid for it nobody knows any more, so nobody will take it. */
	if (msg->letter) {
		msg->letter = false;
		msg->payer = NULL;
	}
}

/* The channel keeps a message; one of whole pages is charged as kept by now. */
static __always_inline void kchan_store_keep(struct kchan_channel *ch,
					     struct kchan_msg *msg)
{
	kchan_store_clean(msg);
	/* SPARE_OWNER */
	if (unlikely(cmpxchg(&ch->spare, NULL, msg)))
		kchan_store_keep_another(ch, msg);
}

/**
 * kchan_store_recycle - kchan_store_free(), or keep it for the next sender
 * @ch: the channel
 * @msg: a message of the caller's
 */
static __always_inline void kchan_store_recycle(struct kchan_channel *ch,
						struct kchan_msg *msg)
{
	/* LAST_REF */
	if (msg->class || unlikely(atomic_read_acquire(&msg->refs) != 1)) {
		kchan_store_recycle_slow(ch, msg);
		return;
	}
	kchan_uncharge(&msg->user->bytes, KCHAN_MSG_SMALL_TOTAL);
	kchan_store_keep(ch, msg);
}

/**
 * kchan_store_copy_in - fill a message from user memory
 * @msg: the message, in the caller's hand
 * @from: as many bytes as it has
 *
 * Return: 0, -EFAULT, -ENOMEM or -EIO.
 */
static __always_inline int kchan_store_copy_in(struct kchan_msg *msg,
					       const void __user *from)
{
	if (likely(kchan_msg_is_small(msg)))
		return kchan_msg_copy_in_small(msg, from);
	return kchan_store_copy_in_any(msg, from);
}

/**
 * kchan_store_copy_out - write a message to user memory
 * @msg: the message, in the caller's hand, or one that he peeks at
 * @to: room for as many bytes as it has
 *
 * Return: 0, -EFAULT, -ENOMEM or -EIO.
 */
static __always_inline int kchan_store_copy_out(struct kchan_msg *msg,
						void __user *to)
{
	if (likely(kchan_msg_is_small(msg)))
		return kchan_msg_copy_out_small(msg, to);
	return kchan_store_copy_out_any(msg, to);
}

#endif /* _KCHAN_STORE_H */
