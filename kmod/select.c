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
#include <linux/sched/signal.h>

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

/* Return: 0; -EBUSY: so many walk that moving them on would take too long. */
static int cursor_begin_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (ch->nr_cursors == KCHAN_STEP)
		return -EBUSY;
	cursor->next = kchan_queue_first(&ch->queue);
	cursor->steps = 0;
	list_add(&cursor->node, &ch->cursors);
	ch->nr_cursors++;
	ch->extras |= KCHAN_EXTRA_CURSORS;
	return 0;
}

static void cursor_end_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	list_del(&cursor->node);
	if (!--ch->nr_cursors)
		ch->extras &= ~KCHAN_EXTRA_CURSORS;
}

/*
 * Pass the next message. Now and then drops the lock after that.
 * Return: 0; -EINTR: we are killed.
 */
static int cursor_pass_locked(struct kchan_channel *ch, struct cursor *cursor)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	cursor->next = kchan_queue_next(&ch->queue, cursor->next);
	if (++cursor->steps < KCHAN_STEP)
		return 0;
	spin_unlock(&ch->lock);
	cond_resched();
	spin_lock(&ch->lock);
	cursor->steps = 0;
	return fatal_signal_pending(current) ? -EINTR : 0;
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

/*
 * See to it that all messages are in the index. May drop the lock.
 * Return: 0, or an error of a cursor.
 */
static int need_index_locked(struct kchan_channel *ch)
	__must_hold(&ch->lock)
{
	struct cursor cursor;
	int err;

	lockdep_assert_held(&ch->lock);
	if (ch->extras & KCHAN_EXTRA_INDEXED)
		return 0;
	err = cursor_begin_locked(ch, &cursor);
	if (err)
		return err;
	/* From now on who brings a message adds it. */
	ch->extras |= KCHAN_EXTRA_INDEX;
	while (!err && cursor.next) {
		if (!cursor.next->indexed)
			kchan_index_add(&ch->index, cursor.next);
		err = cursor_pass_locked(ch, &cursor);
	}
	cursor_end_locked(ch, &cursor);
	if (!err)
		ch->extras |= KCHAN_EXTRA_INDEXED;
	return err;
}

/* The first message that fits, after so many others. May drop the lock. */
static struct kchan_entry *walk_locked(struct kchan_channel *ch,
				       const struct kchan_filter *filter,
				       u32 position)
	__must_hold(&ch->lock)
{
	struct kchan_entry *found;
	struct cursor cursor;
	int err;

	lockdep_assert_held(&ch->lock);
	err = cursor_begin_locked(ch, &cursor);
	if (err)
		return ERR_PTR(err);
	while (!err && cursor.next &&
	       (position || !kchan_filter_fits(filter, cursor.next))) {
		if (position)
			position--;
		err = cursor_pass_locked(ch, &cursor);
	}
	found = cursor.next;
	cursor_end_locked(ch, &cursor);
	return err ? ERR_PTR(err) : found;
}

static struct kchan_entry *find_locked(struct kchan_channel *ch,
				       const struct kchan_filter *filter)
	__must_hold(&ch->lock)
{
	int err;

	lockdep_assert_held(&ch->lock);
	if (!filter->kind || filter->kind == KCHAN_FILTER_PRIO_MIN)
		return kchan_queue_first(&ch->queue);
	err = need_index_locked(ch);
	if (err)
		return ERR_PTR(err);
	if (filter->kind == KCHAN_FILTER_TAG)
		return kchan_index_first(&ch->index, filter->value);
	if (filter->kind == KCHAN_FILTER_TAG_MAX)
		return kchan_index_lowest(&ch->index);
	if (kchan_index_only(&ch->index, filter->value))
		return NULL;
	return walk_locked(ch, filter, 0);
}

static struct kchan_msg *msg_of(struct kchan_entry *entry)
{
	if (IS_ERR_OR_NULL(entry))
		return ERR_CAST(entry);
	return container_of(entry, struct kchan_msg, entry);
}

/**
 * kchan_select_locked - the first message that fits a filter
 * @ch: the channel; may drop the lock before it finds it
 * @filter: the filter
 *
 * Return: the message, still queued, or NULL, or -EBUSY or -EINTR.
 */
struct kchan_msg *kchan_select_locked(struct kchan_channel *ch,
				      const struct kchan_filter *filter)
	__must_hold(&ch->lock)
{
	struct kchan_entry *entry = find_locked(ch, filter);

	if (!IS_ERR_OR_NULL(entry) && !kchan_filter_fits(filter, entry))
		return NULL;
	return msg_of(entry);
}

static struct kchan_msg *look_locked(struct kchan_channel *ch,
				     const struct kchan_filter *filter,
				     u32 position)
	__must_hold(&ch->lock)
{
	lockdep_assert_held(&ch->lock);
	if (!position)
		return kchan_select_locked(ch, filter);
	return msg_of(walk_locked(ch, filter, position));
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
 * -EBUSY, -EIDRM, -EINTR or -EMSGSIZE.
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
	} else if (IS_ERR_OR_NULL(msg)) {
		err = msg ? PTR_ERR(msg) : -EAGAIN;
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
