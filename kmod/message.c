// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: messages
 *
 * Header and payload are one allocation, charged to the memory cgroup of the
 * task that makes it. The smallest size class is a cache of its own, so that a
 * message of 64 bytes costs 184; up to 32 KiB the sizes are powers of two, above that
 * whole pages from vmalloc.
 *
 * Only what may expire has room for that, behind the payload. A message whose payload
 * is in a slot is of a class of its own, and has &struct kchan_slot there instead.
 *
 * A message of at most two megabytes may be used again by the channel: for one of the
 * same class, and if that is pages for one of as many. Its memory then stays charged as
 * it was, so it may only go to a task of the same css_set, which is the same memory
 * cgroup. The pointer is compared and never followed: should the set be gone and another
 * have its address, what was kept is charged to the wrong cgroup until it is freed, which
 * the bounds of what is kept bound, too. What is behind a shorter payload is never read.
 */
#include <linux/cgroup.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "message.h"

#define MSG_KEEP_MAX	(2U << 20)	/* payload of what may be kept */

/* A caller's wish that cannot be met is no matter for the log. */
#define MSG_GFP		(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

static struct kmem_cache *msg_cache;
static struct kmem_cache *slot_cache;

/**
 * kchan_msg_new - allocate a message
 * @room: bytes behind the header, of kchan_msg_room()
 *
 * The header is zero but for allocation and reference. May sleep.
 * Return: the message, or NULL.
 */
struct kchan_msg *kchan_msg_new(u64 room)
{
	u8 class = kchan_msg_class(room);
	size_t footprint = kchan_msg_footprint(class, room);
	struct kchan_msg *msg;

	if (!class)
		msg = kmem_cache_alloc(msg_cache, MSG_GFP);
	else if (class < KCHAN_MSG_LARGE)
		msg = kvmalloc(footprint, MSG_GFP);
	else
		msg = __vmalloc(footprint, MSG_GFP);
	if (!msg)
		return NULL;
	memset(msg, 0, sizeof(*msg));
	msg->class = class;
	msg->payer = kchan_msg_payer();
	atomic_set(&msg->refs, 1);
	return msg;
}

/**
 * kchan_msg_new_slotted - allocate a message whose payload is in a slot
 *
 * All of it is zero but for allocation and reference. May sleep.
 * Return: the message, or NULL.
 */
struct kchan_msg *kchan_msg_new_slotted(void)
{
	struct kchan_msg *msg = kmem_cache_zalloc(slot_cache, MSG_GFP |
						  __GFP_RETRY_MAYFAIL);

	if (!msg)
		return NULL;
	msg->class = KCHAN_MSG_LARGE;
	msg->slotted = true;
	atomic_set(&msg->refs, 1);
	return msg;
}

/**
 * kchan_msg_reusable - is a message worth keeping for the next?
 * @msg: the message
 */
bool kchan_msg_reusable(const struct kchan_msg *msg)
{
	return !msg->slotted && msg->entry.size <= MSG_KEEP_MAX;
}

void kchan_msg_free(struct kchan_msg *msg)
{
	if (!msg)
		return;
	if (!msg->class)
		kmem_cache_free(msg_cache, msg);
	else if (msg->slotted)
		kmem_cache_free(slot_cache, msg);
	else
		kvfree(msg);
}

/**
 * kchan_msg_copy_in - fill a message from user memory
 * @msg: the message
 * @from: as many bytes as it has
 *
 * Without the search for the bounds of the kernel's memory, as for small ones: there is
 * room for entry.size bytes by construction.
 *
 * Return: 0 or -EFAULT.
 */
int kchan_msg_copy_in(struct kchan_msg *msg, const void __user *from)
{
	return _copy_from_user(msg->data, from, msg->entry.size) ? -EFAULT : 0;
}

/**
 * kchan_msg_copy_out - write a message to user memory
 * @msg: the message
 * @to: room for as many bytes as it has
 *
 * Return: 0 or -EFAULT.
 */
int kchan_msg_copy_out(const struct kchan_msg *msg, void __user *to)
{
	return _copy_to_user(to, msg->data, msg->entry.size) ? -EFAULT : 0;
}

int kchan_msg_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from)
{
	return copy_from_iter_full(msg->data, msg->entry.size, from) ? 0 : -EFAULT;
}

int kchan_msg_copy_out_iter(const struct kchan_msg *msg, struct iov_iter *to)
{
	u32 size = msg->entry.size;

	return copy_to_iter(msg->data, size, to) == size ? 0 : -EFAULT;
}

int __init kchan_msg_init(void)
{
	const size_t head = offsetof(struct kchan_msg, data);

	msg_cache = kmem_cache_create_usercopy("kchan_msg",
					       head + KCHAN_MSG_SMALL, 0,
					       SLAB_ACCOUNT, head,
					       KCHAN_MSG_SMALL, NULL);
	if (!msg_cache)
		return -ENOMEM;
	slot_cache = kmem_cache_create("kchan_slot",
				       head + sizeof(struct kchan_slot), 0,
				       SLAB_ACCOUNT, NULL);
	if (!slot_cache)
		kmem_cache_destroy(msg_cache);
	return slot_cache ? 0 : -ENOMEM;
}

void kchan_msg_exit(void)
{
	kmem_cache_destroy(slot_cache);
	kmem_cache_destroy(msg_cache);
}
