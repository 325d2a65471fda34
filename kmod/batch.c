// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: batches
 *
 * A batch is what its items would be one after another. Plain ones go in bursts, which
 * take the lock and look at the clock once: messages are made and filled, then queued
 * together; or taken together, then copied out. A burst does no more than can be done
 * at once and without an error; from there on the batch goes on with a single item,
 * which waits, or says what is wrong.
 *
 * What a burst has in hand is its own until its end, as a single message is. What it
 * cannot send after all is freed, and made anew by who goes on; what it cannot copy out
 * goes back as if it had never left.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "abi.h"
#include "channel.h"
#include "endpoint.h"
#include "pass.h"
#include "transfer.h"

/* Messages in a burst, at most, and their size: larger ones gain little by it. */
#define BURST		32
#define BURST_SIZE	4096U

/**
 * struct burst - messages on their way between user memory and the queue
 * @ep: the endpoint
 * @items: address of the caller's structs
 * @stride: bytes from one to the next
 * @count: how many messages there are
 * @prio: the priority of all that are sent
 * @run: the messages, in their order
 */
struct burst {
	struct kchan_endpoint *ep;
	u64 items;
	u32 stride;
	u32 count;
	u16 prio;
	struct kchan_entry *run[BURST];
};

static struct kchan_msg *msg_of(const struct burst *burst, u32 i)
{
	return container_of(burst->run[i], struct kchan_msg, entry);
}

static void __user *item_of(const struct burst *burst, u32 i)
{
	return u64_to_user_ptr(burst->items + (u64)i * burst->stride);
}

/**
 * struct letter - what is to be sent, as &struct kchan_send says it
 * @data: address of the payload
 * @tag: its tag
 * @len: payload bytes
 */
struct letter {
	u64 data;
	u64 tag;
	u32 len;
};

/*
 * Read structs, and see that numbers can be written there. Return: how many come before
 * the first that is for a single item, or could not be queued as things are.
 */
static u32 read_letters(struct burst *burst, struct letter *letters, u32 max)
{
	const struct kchan_channel *ch = burst->ep->channel;
	s64 bytes = READ_ONCE(ch->bytes_left) - (s64)READ_ONCE(ch->queue.bytes);
	u32 len_max = min(ch->attr.msgsize, BURST_SIZE);
	u32 size, flags, len, prio, n = 0;
	u64 deadline, expiry, seq;

	burst->prio = READ_ONCE(ch->queue.flat_prio);
	might_fault();
	if (!user_access_begin(item_of(burst, 0), (size_t)max * burst->stride))
		return 0;
	for (; n < max; n++) {
		struct kchan_send __user *uarg = item_of(burst, n);
		struct letter *letter = &letters[n];

		unsafe_get_user(size, &uarg->size, end);
		unsafe_get_user(flags, &uarg->flags, end);
		unsafe_get_user(letter->data, &uarg->data, end);
		unsafe_get_user(len, &uarg->len, end);
		unsafe_get_user(prio, &uarg->prio, end);
		unsafe_get_user(letter->tag, &uarg->tag, end);
		unsafe_get_user(deadline, &uarg->deadline, end);
		unsafe_get_user(expiry, &uarg->expiry, end);
		letter->len = len;
		bytes -= len;
		if (size != sizeof(*uarg) || (flags | deadline | expiry) ||
		    prio != burst->prio || len > len_max || bytes < 0)
			break;
		unsafe_get_user(seq, &uarg->seq, end);
		unsafe_put_user(seq, &uarg->seq, end);
	}
end:
	user_access_end();
	return n;
}

/* Who cannot be told any more is not: it was seen that he can. */
static void write_numbers(const struct burst *burst, u64 seq, u32 count)
{
	u32 i;

	if (!user_write_access_begin(item_of(burst, 0), (size_t)count * burst->stride))
		return;
	for (i = 0; i < count; i++) {
		struct kchan_send __user *uarg = item_of(burst, i);

		unsafe_put_user(seq + i, &uarg->seq, end);
	}
end:
	user_write_access_end();
}

/* Make the next message and fill it. Return: false if that is for a single item. */
static __always_inline bool make_next(struct burst *burst,
				      const struct letter *letter,
				      struct kchan_msg **spares)
{
	struct kchan_endpoint *ep = burst->ep;
	struct kchan_msg *msg;

	msg = kchan_store_new_of(ep->channel, ep->user, letter->len, spares);
	if (IS_ERR(msg))
		return false;
	msg->gid = ep->gid;
	msg->entry.tag = letter->tag;
	msg->entry.prio = burst->prio;
	if (kchan_store_copy_in(msg, u64_to_user_ptr(letter->data))) {
		kchan_store_free(msg);
		return false;
	}
	burst->run[burst->count++] = &msg->entry;
	return true;
}

static void make_burst(struct burst *burst, u32 max)
{
	struct kchan_channel *ch = burst->ep->channel;
	struct letter letters[BURST] __kchan_uninitialized;
	struct kchan_msg *spares;

	max = read_letters(burst, letters, max);
	if (!max)
		return;
	spares = kchan_store_take_spares(ch, max);
	while (burst->count < max &&
	       make_next(burst, &letters[burst->count], &spares))
		;
	kchan_store_return_spares(ch, spares);
}

/*
 * Would all of a burst be for nothing? Without the lock: what is made for nothing all the
 * same is no harm. Who traces sees the messages one by one.
 */
static bool is_for_items(const struct kchan_channel *ch, bool sorted)
{
	return sorted || READ_ONCE(ch->extras) ||
	       static_branch_unlikely(&kchan_traced);
}

/*
 * Note of the first messages that they are sent: as many as can be queued one behind the
 * other. Return: how many.
 */
static u32 note_sent_locked(const struct burst *burst, u64 now)
	__must_hold(&burst->ep->channel->lock)
{
	struct kchan_channel *ch = burst->ep->channel;
	s64 bytes = ch->bytes_left - ch->queue.bytes;
	s32 room = ch->depth_left - (s32)ch->queue.count;
	u32 i;

	lockdep_assert_held(&ch->lock);
	for (i = 0; i < burst->count && (s32)i < room; i++) {
		struct kchan_msg *msg = msg_of(burst, i);

		bytes -= msg->entry.size;
		if (bytes < 0)
			break;
		kchan_pass_note_sent_locked(ch, msg, now, ch->last_seq + 1);
	}
	return i;
}

/*
 * Queue as many as can be at once, in a channel that is as most are: of one priority, and
 * without extras. @seq takes the number of the first.
 */
static u32 queue_burst(struct burst *burst, u64 *seq)
{
	struct kchan_channel *ch = burst->ep->channel;
	u64 now = ktime_get_ns();
	u32 n = 0;

	spin_lock(&ch->lock);
	*seq = ch->last_seq + 1;
	if (likely(!(ch->senders.count | ch->extras) && !ch->queue.root &&
		   ch->queue.flat_prio == burst->prio))
		n = note_sent_locked(burst, now);
	if (n) {
		kchan_queue_add_run(&ch->queue, burst->run, n);
		ch->events |= ch->msg_events;
	}
	kchan_pass_unlock(ch);
	return n;
}

/**
 * kchan_batch_send - send the next of a batch, as far as that can be done at once
 * @ep: the sending endpoint
 * @items: address of their &struct kchan_send
 * @stride: bytes from one to the next
 * @max: how many are left
 *
 * Return: how many.
 */
u32 kchan_batch_send(struct kchan_endpoint *ep, u64 items, u32 stride, u32 max)
{
	struct burst burst = { .ep = ep, .items = items, .stride = stride };
	struct kchan_channel *ch = ep->channel;
	s32 room = READ_ONCE(ch->depth_left) - (s32)READ_ONCE(ch->queue.count);
	u32 i, sent;
	u64 seq;

	if (ch->attr.special || room <= 0 || stride < sizeof(struct kchan_send) ||
	    READ_ONCE(ch->senders.count) ||
	    is_for_items(ch, READ_ONCE(ch->queue.root)))
		return 0;
	make_burst(&burst, min3(max, (u32)room, (u32)BURST));
	sent = queue_burst(&burst, &seq);
	write_numbers(&burst, seq, sent);
	for (i = sent; i < burst.count; i++)
		kchan_store_free(msg_of(&burst, i));
	return sent;
}

/**
 * struct place - where a message of a burst goes
 * @data: address of the buffer
 * @capacity: its bytes
 */
struct place {
	u64 data;
	u32 capacity;
};

/* Read structs. Return: how many come before the first that is for a single item. */
static u32 read_places(const struct burst *burst, struct place *places, u32 max)
{
	u32 size, flags, filter, position, n = 0;
	u64 deadline, value;

	might_fault();
	if (!user_read_access_begin(item_of(burst, 0), (size_t)max * burst->stride))
		return 0;
	for (; n < max; n++) {
		const struct kchan_recv __user *uarg = item_of(burst, n);

		unsafe_get_user(size, &uarg->size, end);
		unsafe_get_user(flags, &uarg->flags, end);
		unsafe_get_user(places[n].data, &uarg->data, end);
		unsafe_get_user(places[n].capacity, &uarg->capacity, end);
		unsafe_get_user(deadline, &uarg->deadline, end);
		unsafe_get_user(filter, &uarg->filter, end);
		unsafe_get_user(value, &uarg->value, end);
		unsafe_get_user(position, &uarg->position, end);
		if (size != sizeof(*uarg) ||
		    (flags | deadline | filter | value | position))
			break;
	}
end:
	user_read_access_end();
	return n;
}

/* Take the first messages off the queue, as many of @max as are there and fit. */
static void take_burst(struct burst *burst, const struct place *places, u32 max)
{
	struct kchan_channel *ch = burst->ep->channel;
	struct pid *pid = task_tgid(current);
	u32 i, n = 0;

	spin_lock(&ch->lock);
	if (likely(!ch->queue.sorted && !ch->extras))
		n = kchan_queue_peek_run(&ch->queue, burst->run, max);
	for (i = 0; i < n && burst->run[i]->size <= places[i].capacity; i++)
		kchan_pass_note_received_locked(ch, msg_of(burst, i), pid, NULL);
	if (i) {
		kchan_pass_note_peak_locked(ch);
		kchan_queue_del_run(&ch->queue, burst->run, i);
		ch->events |= KCHAN_ROOM_EVENTS;
	}
	kchan_pass_unlock(ch);
	burst->count = i;
}

/* Copy out what was taken. Return: how many, until one fails or we are killed. */
static u32 copy_burst(const struct burst *burst, const struct place *places)
{
	struct kchan_recv arg = { .size = sizeof(arg) };
	s64 offset = kchan_timens_offset();
	u32 i;

	for (i = 0; i < burst->count; i++) {
		struct kchan_msg *msg = msg_of(burst, i);

		if (i && fatal_signal_pending(current))
			break;
		arg.data = places[i].data;
		arg.capacity = places[i].capacity;
		kchan_recv_describe(&arg, msg, offset);
		if (kchan_store_copy_out(msg, u64_to_user_ptr(arg.data)) ||
		    kchan_words_put(item_of(burst, i), &arg, sizeof(arg)))
			break;
	}
	return i;
}

/**
 * kchan_batch_recv - receive the next of a batch, as far as that can be done at once
 * @ep: the receiving endpoint
 * @items: address of their &struct kchan_recv
 * @stride: bytes from one to the next
 * @max: how many are left
 *
 * Return: how many.
 */
u32 kchan_batch_recv(struct kchan_endpoint *ep, u64 items, u32 stride, u32 max)
{
	struct burst burst = { .ep = ep, .items = items, .stride = stride };
	struct kchan_channel *ch = ep->channel;
	struct place places[BURST] __kchan_uninitialized;
	u32 n;

	if (stride < sizeof(struct kchan_recv) ||
	    is_for_items(ch, READ_ONCE(ch->queue.sorted)))
		return 0;
	n = read_places(&burst, places,
			min3(max, READ_ONCE(ch->queue.count), (u32)BURST));
	if (!n)
		return 0;
	take_burst(&burst, places, n);
	n = copy_burst(&burst, places);
	if (n < burst.count)
		kchan_transfer_unreceive(ch, burst.run + n, burst.count - n);
	if (n)
		kchan_store_recycle_run(ch, burst.run, n);
	return n;
}

/* Wait for the first @min messages, and do the others as far as that goes. */
static int batch_run(struct file *file, const struct kchan_batch *batch,
		     u32 min, const struct kchan_batch_ops *ops)
{
	struct kchan_patience patience =
		kchan_patience_get(file, batch->flags, batch->deadline);
	struct kchan_endpoint *ep = file->private_data;
	u32 i = 0, n;
	int err;

	while (i < batch->count) {
		u64 uarg = batch->items + (u64)i * batch->stride;

		n = ops->burst ?
			ops->burst(ep, uarg, batch->stride, batch->count - i) : 0;
		if (!n) {
			patience.nonblock |= i >= min;
			err = ops->item(ep, u64_to_user_ptr(uarg),
					batch->stride, &patience);
			if (err)
				return i ? i : err;
			n = 1;
		}
		i += n;
		cond_resched();
		if (fatal_signal_pending(current))
			break;
	}
	return i;
}

static int batch_get(struct kchan_batch *batch, void __user *uarg)
{
	int err;

	err = kchan_arg_get(batch, sizeof(*batch), sizeof(*batch), uarg);
	if (err)
		return err;
	if (batch->flags & ~KCHAN_WAIT_FLAGS)
		return -EINVAL;
	if (!batch->count || batch->count > KCHAN_BATCH_MAX ||
	    batch->min > batch->count || batch->stride % 8 || batch->reserved)
		return -EINVAL;
	return 0;
}

/**
 * kchan_endpoint_batch - a command that takes &struct kchan_batch
 * @file: the endpoint
 * @uarg: the argument
 * @mode: %FMODE_WRITE: to send all; %FMODE_READ: to receive as many as are asked for
 * @ops: what it does with messages
 *
 * Return: how many, or an error.
 */
long kchan_endpoint_batch(struct file *file, void __user *uarg, fmode_t mode,
			  const struct kchan_batch_ops *ops)
{
	struct kchan_batch batch;
	int err;

	if (!(file->f_mode & mode))
		return -EBADF;
	err = batch_get(&batch, uarg);
	if (err)
		return err;
	if (mode & FMODE_READ)
		return batch_run(file, &batch, batch.min ? batch.min : 1, ops);
	if (batch.min)
		return -EINVAL;
	return batch_run(file, &batch, batch.count, ops);
}
