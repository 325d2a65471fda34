// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: looking for messages
 *
 * Most filters are answered by the index or by the first of the queue. Where one has
 * to walk through the queue, to build the index, to find another tag or to count
 * positions, it does so in steps of a few messages, and drops the lock between
 * them. Its *cursor* stays in the channel meanwhile: who takes the message off the
 * queue at which a cursor stands moves it on. What comes before the cursor meanwhile
 * is not seen.
 */
#include <linux/err.h>
#include <linux/sched.h>

#include "channel.h"
#include "transfer.h"

/**
 * struct cursor - one who walks through a queue
 * @node: among the channel's cursors [channel lock]
 * @next: the message that comes next, or NULL [channel lock]
 * @steps: messages passed since the lock was taken
 */
struct cursor {
	struct list_head node;
	struct kchan_entry *next;
	unsigned int steps;
};

static void cursor_begin_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	cursor->next = kchan_queue_first(&ch->queue);
	cursor->steps = 0;
	list_add(&cursor->node, &ch->cursors);
	ch->extras |= KCHAN_EXTRA_CURSORS;
}

static void cursor_end_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	list_del(&cursor->node);
	if (list_empty(&ch->cursors))
		ch->extras &= ~KCHAN_EXTRA_CURSORS;
}

/* Pass the next message. Now and then drops the lock after that. */
static void cursor_pass_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	cursor->next = kchan_queue_next(&ch->queue, cursor->next);
	if (++cursor->steps < KCHAN_STEP)
		return;
	spin_unlock(&ch->lock);
	cond_resched();
	spin_lock(&ch->lock);
	cursor->steps = 0;
}

/**
 * kchan_select_skip_locked - move the cursors on that stand at a message
 * @ch: the channel
 * @entry: the message, about to leave the queue
 */
void kchan_select_skip_locked(struct kchan_channel *ch,
			      const struct kchan_entry *entry)
	__must_hold(&ch->lock)
{
	struct cursor *cursor;

	lockdep_assert_held(&ch->lock);
	list_for_each_entry(cursor, &ch->cursors, node) {
		if (cursor->next == entry)
			cursor->next = kchan_queue_next(&ch->queue, entry);
	}
}

/* See to it that all messages are in the index. May drop the lock. */
static void need_index_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct cursor cursor;

	lockdep_assert_held(&ch->lock);
	if (ch->extras & KCHAN_EXTRA_INDEXED)
		return;
	/* From now on who brings a message adds it. */
	ch->extras |= KCHAN_EXTRA_INDEX;
	cursor_begin_locked(ch, &cursor);
	while (cursor.next) {
		if (!cursor.next->indexed)
			kchan_index_add(&ch->index, cursor.next);
		cursor_pass_locked(ch, &cursor);
	}
	cursor_end_locked(ch, &cursor);
	ch->extras |= KCHAN_EXTRA_INDEXED;
}

/* The first message that fits. May drop the lock. */
static struct kchan_entry *walk_locked(struct kchan_channel *ch,
				       const struct kchan_filter *filter)
	__must_hold(&ch->lock)
{
	struct kchan_entry *found;
	struct cursor cursor;

	lockdep_assert_held(&ch->lock);
	cursor_begin_locked(ch, &cursor);
	while (cursor.next && !kchan_filter_fits(filter, cursor.next))
		cursor_pass_locked(ch, &cursor);
	found = cursor.next;
	cursor_end_locked(ch, &cursor);
	return found;
}

/* The message at a position. May drop the lock. */
static struct kchan_entry *position_locked(struct kchan_channel *ch,
					   u32 position)
	__must_hold(&ch->lock)
{
	struct kchan_entry *found;
	struct cursor cursor;

	lockdep_assert_held(&ch->lock);
	cursor_begin_locked(ch, &cursor);
	while (cursor.next && position--)
		cursor_pass_locked(ch, &cursor);
	found = cursor.next;
	cursor_end_locked(ch, &cursor);
	return found;
}

static struct kchan_entry *find_locked(struct kchan_channel *ch,
				       const struct kchan_filter *filter)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	switch (filter->kind) {
	case KCHAN_FILTER_TAG:
		need_index_locked(ch);
		return kchan_index_first(&ch->index, filter->value);
	case KCHAN_FILTER_TAG_MAX:
		need_index_locked(ch);
		return kchan_index_lowest(&ch->index);
	case KCHAN_FILTER_TAG_NOT:
		need_index_locked(ch);
		if (kchan_index_only(&ch->index, filter->value))
			return NULL;
		return walk_locked(ch, filter);
	default:
		return kchan_queue_first(&ch->queue);
	}
}

/**
 * kchan_select_locked - the first message that fits a filter
 * @ch: the channel; may drop the lock before it finds it
 * @filter: the filter
 *
 * Return: the message, still queued, or NULL.
 */
struct kchan_msg *kchan_select_locked(struct kchan_channel *ch,
				      const struct kchan_filter *filter)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = find_locked(ch, filter);

	if (!entry || !kchan_filter_fits(filter, entry))
		return NULL;
	return container_of(entry, struct kchan_msg, entry);
}

static struct kchan_msg *look_locked(struct kchan_channel *ch,
				     const struct kchan_filter *filter,
				     u32 position)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry;

	lockdep_assert_held(&ch->lock);
	if (!position)
		return kchan_select_locked(ch, filter);
	entry = position_locked(ch, position);
	return entry ? container_of(entry, struct kchan_msg, entry) : NULL;
}

/**
 * kchan_select_peek - look at a message
 * @ch: the channel
 * @want: which one; its capacity is that of kchan_transfer_recv()
 * @position: or where in the queue
 * @note: notes what may change, under the channel's lock
 * @arg: for @note
 *
 * Return: the message, whose payload may be read until kchan_store_free(), or -EAGAIN,
 * -EIDRM or -EMSGSIZE.
 */
struct kchan_msg *kchan_select_peek(struct kchan_channel *ch,
				    struct kchan_want *want, u32 position,
				    kchan_note_fn *note, void *arg)
{
	struct kchan_msg *msg;
	int err = 0;

	spin_lock(&ch->lock);
	kchan_reaper_reap_all_locked(ch);
	msg = look_locked(ch, &want->filter, position);
	if (ch->revoked) {
		err = -EIDRM;
	} else if (!msg) {
		err = -EAGAIN;
	} else if (msg->entry.size > want->capacity) {
		want->capacity = msg->entry.size;
		err = -EMSGSIZE;
	} else {
		/* LAST_REF */
		atomic_inc(&msg->refs);
		note(arg, msg);
	}
	spin_unlock(&ch->lock);
	return err ? ERR_PTR(err) : msg;
}
