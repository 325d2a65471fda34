// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: where messages come from and go
 *
 * A message is charged to the user of the endpoint that sends it until its end. Then a
 * channel keeps one for its next sender, with who sent it, as that is mostly the same.
 * Those that are more than that it keeps, too, for who fills a queue again or sends
 * batches; but for no more than a second. The smallest are in a chain of their own; who
 * finds that the first of the others is not of his size frees it. No more than SPARES_MAX
 * bytes of a user's are kept so, as whoever pays for the memory gets nothing from it
 * meanwhile, and no more than KEPT_MAX in large ones at hand. A message in a slot is not
 * charged, nor freed: its slot is (lend.c).
 *
 * SPARE_OWNER: the one is in a word without a lock. Who exchanges the word for NULL
 * owns what was there, and who finds it taken has one more::
 *
 *	receiver                         sender, or the channel's trim
 *	uncharge, clean up               if (READ_ONCE(spare))	[sender]
 *	cmpxchg(spare, NULL, m)              m = xchg(spare, NULL)
 *	    failed: keep or free m           if (m) use or free it
 *
 * Both are full barriers, so that the new owner sees the message as the old one
 * left it. The sender's first look only saves an exchange: if it misses a message,
 * one more is allocated. A receiver that is late may leave a message in an idle
 * channel, until it is used again or its last endpoint goes.
 *
 * LAST_REF: who peeks at a message copies it with no lock held, while its owner may
 * be done with it. The last of them frees it::
 *
 *	who peeks                        owner
 *	[lock] refs++ [unlock]           takes it off the queue, under the lock
 *	copy it out                      ...
 *	if (dec_and_test(refs))          if (read_acquire(refs) == 1 ||
 *	    free it                          dec_and_test(refs))
 *	                                     free it
 *
 * References are only added while it is queued. So an owner who reads 1 is alone for
 * good, and the acquire pairs with the decrement, a full barrier: what others read of
 * it, they have read.
 */
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/uio.h>

#include "channel.h"
#include "lend.h"
#include "store.h"

#define KEPT_MAX	(16UL << 20)
#define SPARES_MAX	(2UL << 20)

/* Undo kchan_msg_new() and kchan_store_sign(). */
static void msg_free(struct kchan_msg *msg)
{
	if (!msg)
		return;
	kchan_user_put(msg->user);
	put_pid(msg->pid);
	kchan_msg_free(msg);
}

static bool is_large(const struct kchan_msg *msg)
{
	return msg->class == KCHAN_MSG_LARGE;
}

/**
 * kchan_store_free_spare - free the message that the channel had at hand
 * @msg: the message, or NULL; or another small one that is not charged as a spare
 */
void kchan_store_free_spare(struct kchan_msg *msg)
{
	if (msg && is_large(msg))
		kchan_uncharge(&msg->user->kept, kchan_msg_footprint_of(msg));
	msg_free(msg);
}

static void chain_free(struct kchan_msg *msg)
{
	struct kchan_msg *next;

	for (; msg; msg = next) {
		next = kchan_store_next(msg);
		msg_free(msg);
		cond_resched();
	}
}

static void spares_free(struct kchan_msg *spares)
{
	struct kchan_msg *msg;

	for (msg = spares; msg; msg = kchan_store_next(msg))
		kchan_uncharge(&msg->user->spares, kchan_msg_footprint_of(msg));
	chain_free(spares);
}

/**
 * kchan_store_take_spares - take small messages that the channel keeps
 * @ch: the channel
 * @max: at most so many, and few
 *
 * Return: the first of a chain, or NULL. They are charged as spares still, and for
 * kchan_store_return_spares().
 */
struct kchan_msg *kchan_store_take_spares(struct kchan_channel *ch, u32 max)
{
	struct kchan_msg *first, *last;

	/* One that comes right now is for the next. */
	if (!READ_ONCE(ch->spares))
		return NULL;
	spin_lock(&ch->spares_lock);
	first = ch->spares;
	last = first;
	while (last && --max && kchan_store_next(last))
		last = kchan_store_next(last);
	if (last) {
		WRITE_ONCE(ch->spares, kchan_store_next(last));
		last->entry.next = NULL;
	}
	spin_unlock(&ch->spares_lock);
	return first;
}

/* Keep messages of one chain in it, charged as spares. */
static void spares_keep(struct kchan_channel *ch, struct kchan_msg *first,
			struct kchan_msg *last)
{
	struct kchan_msg **chain = first->class ? &ch->bulky : &ch->spares;
	bool empty;

	spin_lock(&ch->spares_lock);
	empty = !*chain;
	last->entry.next = empty ? NULL : &(*chain)->entry;
	WRITE_ONCE(*chain, first);
	spin_unlock(&ch->spares_lock);
	/* Though the channel may be idle by now. */
	if (empty)
		schedule_delayed_work(&ch->trim, KCHAN_TRIM_DELAY);
}

/**
 * kchan_store_return_spares - give back what kchan_store_take_spares() gave
 * @ch: the channel
 * @spares: what is left of it, or NULL
 */
void kchan_store_return_spares(struct kchan_channel *ch, struct kchan_msg *spares)
{
	struct kchan_msg *last = spares;

	if (!spares)
		return;
	while (kchan_store_next(last))
		last = kchan_store_next(last);
	spares_keep(ch, spares, last);
}

/* Is a message of a class and size, and paid for by who pays now? */
static __always_inline bool suits(const struct kchan_msg *msg, u8 class,
				  size_t footprint)
{
	return likely(msg->class == class && msg->payer == kchan_msg_payer()) &&
	       (!is_large(msg) || kchan_msg_footprint_of(msg) == footprint);
}

/* One of those that the channel keeps beside the one at hand, or a new message. */
static noinline struct kchan_msg *new_or_spare(struct kchan_channel *ch, u64 room,
					       u8 class, size_t footprint)
{
	struct kchan_msg *msg = kchan_store_pop(ch, class ? &ch->bulky : &ch->spares);

	if (!msg)
		return kchan_msg_new(room);
	kchan_uncharge(&msg->user->spares, kchan_msg_footprint_of(msg));
	if (likely(suits(msg, class, footprint)))
		return msg;
	msg_free(msg);
	return kchan_msg_new(room);
}

/* The one that the channel has at hand, if it suits. */
static __always_inline struct kchan_msg *
spare_take(struct kchan_channel *ch, u8 class, size_t footprint)
{
	struct kchan_msg *msg;

	/* SPARE_OWNER */
	if (!READ_ONCE(ch->spare))
		return NULL;
	msg = xchg(&ch->spare, NULL);
	if (unlikely(!msg))
		return NULL;
	if (unlikely(!suits(msg, class, footprint))) {
		kchan_store_free_spare(msg);
		return NULL;
	}
	if (unlikely(is_large(msg)))
		kchan_uncharge(&msg->user->kept, footprint);
	return msg;
}

static __always_inline struct kchan_msg *
store_new(struct kchan_channel *ch, struct kchan_user *user, u32 size, bool due)
{
	u64 room = kchan_msg_room(size, due);
	u8 class = kchan_msg_class(room);
	size_t footprint = kchan_msg_footprint(class, room);
	struct kchan_msg *msg;

	if (!kchan_charge(&user->bytes, footprint,
			  kchan_limit(&ch->ns->limits, max_bytes_user)))
		return ERR_PTR(-EDQUOT);
	msg = spare_take(ch, class, footprint);
	if (!msg)
		msg = new_or_spare(ch, room, class, footprint);
	if (!msg) {
		kchan_uncharge(&user->bytes, footprint);
		return ERR_PTR(-ENOMEM);
	}
	return kchan_store_renew(msg, user, size, due);
}

/**
 * kchan_store_new_slow - kchan_store_new() where it is not that simple
 * @ch: the channel
 * @user: who pays
 * @size: payload bytes
 */
struct kchan_msg *kchan_store_new_slow(struct kchan_channel *ch,
				       struct kchan_user *user, u32 size)
{
	return store_new(ch, user, size, false);
}

/**
 * kchan_store_new_due - kchan_store_new() of one that may expire
 * @ch: the channel
 * @user: who pays
 * @size: payload bytes
 */
struct kchan_msg *kchan_store_new_due(struct kchan_channel *ch,
				      struct kchan_user *user, u32 size)
{
	return store_new(ch, user, size, true);
}

/* The last reference to a message is the caller's. */
static void msg_end(struct kchan_msg *msg)
{
	if (msg->slotted) {
		kchan_lend_return(msg);
		return;
	}
	kchan_uncharge(&msg->user->bytes, kchan_msg_footprint_of(msg));
	msg_free(msg);
}

/* May it be kept for the next sender? */
static bool may_keep(struct kchan_msg *msg)
{
	return kchan_msg_reusable(msg) &&
	       kchan_charge(&msg->user->kept, kchan_msg_footprint_of(msg),
			    KEPT_MAX);
}

/**
 * kchan_store_free - undo kchan_store_new()
 * @msg: a message of the caller's, who may be one who has peeked at it
 */
void kchan_store_free(struct kchan_msg *msg)
{
	/* LAST_REF */
	if (atomic_read_acquire(&msg->refs) != 1 &&
	    !atomic_dec_and_test(&msg->refs))
		return;
	msg_end(msg);
}

/**
 * kchan_store_keep_another - keep a message where the channel keeps one already
 * @ch: the channel
 * @msg: the message; no more the caller's
 */
void kchan_store_keep_another(struct kchan_channel *ch, struct kchan_msg *msg)
{
	size_t footprint = kchan_msg_footprint_of(msg);

	/* As if it were at hand. */
	if (is_large(msg))
		kchan_uncharge(&msg->user->kept, footprint);
	if (kchan_charge(&msg->user->spares, footprint, SPARES_MAX))
		spares_keep(ch, msg, msg);
	else
		msg_free(msg);
}

/**
 * kchan_store_recycle_slow - kchan_store_recycle() where it is not that simple
 * @ch: the channel
 * @msg: a message of the caller's
 */
void kchan_store_recycle_slow(struct kchan_channel *ch, struct kchan_msg *msg)
{
	/* LAST_REF */
	if (unlikely(atomic_read_acquire(&msg->refs) != 1)) {
		kchan_store_free(msg);
		return;
	}
	if (unlikely(is_large(msg) && !may_keep(msg))) {
		msg_end(msg);
		return;
	}
	kchan_uncharge(&msg->user->bytes, kchan_msg_footprint_of(msg));
	kchan_store_keep(ch, msg);
}

/**
 * kchan_store_recycle_all - kchan_store_recycle() of each in a list
 * @ch: the channel
 * @list: messages of the caller's, by their nodes
 */
void kchan_store_recycle_all(struct kchan_channel *ch, struct list_head *list)
{
	struct kchan_msg *msg, *next;

	list_for_each_entry_safe(msg, next, list, entry.node)
		kchan_store_recycle(ch, msg);
}

/**
 * kchan_store_recycle_run - kchan_store_recycle() of each, for the next batch
 * @ch: the channel
 * @run: messages of the caller's
 * @count: how many, one at least
 */
void kchan_store_recycle_run(struct kchan_channel *ch, struct kchan_entry **run,
			     u32 count)
{
	const struct kchan_user *user =
		container_of(run[0], struct kchan_msg, entry)->user;
	struct kchan_entry *first, **link = &first;
	struct kchan_msg *msg, *last = NULL;
	u32 i, n = 0;

	for (i = 0; i < count; i++) {
		msg = container_of(run[i], struct kchan_msg, entry);
		/* LAST_REF */
		if (unlikely(msg->class || msg->user != user ||
			     atomic_read_acquire(&msg->refs) != 1)) {
			kchan_store_recycle(ch, msg);
			continue;
		}
		kchan_store_clean(msg);
		*link = &msg->entry;
		link = &msg->entry.next;
		last = msg;
		n++;
	}
	if (!last)
		return;
	*link = NULL;
	msg = container_of(first, struct kchan_msg, entry);
	kchan_uncharge(&last->user->bytes, n * KCHAN_MSG_SMALL_TOTAL);
	if (kchan_charge(&last->user->spares, n * KCHAN_MSG_SMALL_TOTAL,
			 SPARES_MAX))
		spares_keep(ch, msg, last);
	else
		chain_free(msg);
}

int kchan_store_copy_in_any(struct kchan_msg *msg, const void __user *from)
{
	struct iov_iter iter;

	if (!msg->slotted)
		return kchan_msg_copy_in(msg, from);
	iov_iter_ubuf(&iter, WRITE, (void __user *)from, msg->entry.size);
	return kchan_lend_copy_in(msg, &iter);
}

int kchan_store_copy_out_any(struct kchan_msg *msg, void __user *to)
{
	struct iov_iter iter;

	if (!msg->slotted)
		return kchan_msg_copy_out(msg, to);
	iov_iter_ubuf(&iter, READ, to, msg->entry.size);
	return kchan_lend_copy_out(msg, &iter);
}

/**
 * kchan_store_copy_in_iter - kchan_store_copy_in() from an iterator
 * @msg: the message
 * @from: whence
 */
int kchan_store_copy_in_iter(struct kchan_msg *msg, struct iov_iter *from)
{
	if (msg->slotted)
		return kchan_lend_copy_in(msg, from);
	return kchan_msg_copy_in_iter(msg, from);
}

/**
 * kchan_store_copy_out_iter - kchan_store_copy_out() to an iterator
 * @msg: the message
 * @to: where to
 */
int kchan_store_copy_out_iter(struct kchan_msg *msg, struct iov_iter *to)
{
	if (msg->slotted)
		return kchan_lend_copy_out(msg, to);
	return kchan_msg_copy_out_iter(msg, to);
}

/**
 * kchan_store_shed - free the messages that the channel keeps, but for the one at hand
 * @ch: the channel
 */
void kchan_store_shed(struct kchan_channel *ch)
{
	struct kchan_msg *spares, *bulky;

	spin_lock(&ch->spares_lock);
	spares = ch->spares;
	bulky = ch->bulky;
	WRITE_ONCE(ch->spares, NULL);
	WRITE_ONCE(ch->bulky, NULL);
	spin_unlock(&ch->spares_lock);
	spares_free(spares);
	spares_free(bulky);
}

/**
 * kchan_store_trim - free what the channel keeps
 * @ch: the channel
 */
void kchan_store_trim(struct kchan_channel *ch)
{
	/* SPARE_OWNER */
	kchan_store_free_spare(xchg(&ch->spare, NULL));
	kchan_store_shed(ch);
}
