/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkchan: messages that are not copied. Part of <kchan.h>, which includes it.
 */
#ifndef LIBKCHAN_POOL_H
#define LIBKCHAN_POOL_H

#include "kchan.h"

/**
 * DOC: slots and pointers
 *
 * A channel that was made with &struct kchan_create_opts.slots has a pool: memory
 * of slots of one size, which its users map. A sender has a slot loaned, fills it and
 * publishes it; a receiver takes a message, reads it where it is and releases its slot.
 *
 * A slot is named by the pointer to its first byte, in the mapping of the handle that
 * gave it. The first call that needs the mapping makes it, and kchan_close() ends it:
 * for reading and writing where the endpoint is open for writing, else for reading only.
 * After fork(2) parent and child have it at the same address, if it was made before.
 *
 * Whose a slot is the kernel knows, and tells by the endpoint: -EPERM where it is
 * not this one's. What an endpoint has is given back when its last reference is closed,
 * however its processes end. That says nothing of the bytes: who may send can write all
 * of the pool at any time, and who may only receive can read all of it.
 *
 * Beside the errors they name, all functions here that can fail return:
 * -EOPNOTSUPP: the channel has no pool;
 * -EACCES: it was made with KCHAN_CREATE_RECV_COPY, and this endpoint only receives;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -EMFILE, -ENFILE, -ENOMEM: the pool could not be mapped.
 */

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct kchan_loan_opts - how to wait for slots
 * @size: sizeof the caller's struct.
 * @flags: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER.
 * @reserved: 0.
 * @deadline: as in &struct kchan_send_opts.
 */
struct kchan_loan_opts {
	size_t size;
	uint32_t flags;
	uint32_t reserved;
	uint64_t deadline;
};

/**
 * kchan_loan - have a slot loaned, to fill it
 * @ch: an endpoint that is open for writing.
 * @datap: out: the slot.
 *
 * Waits while none is free, unless O_NONBLOCK is set or the channel was made with
 * another &struct kchan_create_opts.overflow. What is in the slot is left from another
 * message, or zero.
 *
 * Return: bytes of a message that fit there, above 0, or as kchan_loan_opts().
 */
ssize_t kchan_loan(struct kchan *ch, void **datap);

/**
 * kchan_loan_opts - have a slot loaned
 * @ch: as for kchan_loan(); likewise @datap.
 * @datap: out.
 * @opts: how to wait; NULL: as kchan_loan().
 *
 * Return: bytes of a message that fit there, above 0, or
 * -EINVAL: an unknown flag, or @reserved is not 0;
 * -EAGAIN, -EBADF, -EINTR, -ENOMEM, -ENOSPC, -EPIPE, -ETIMEDOUT: as kchan_send_opts().
 */
ssize_t kchan_loan_opts(struct kchan *ch, void **datap,
			const struct kchan_loan_opts *opts);

/**
 * kchan_loan_many - have several slots loaned
 * @ch: as for kchan_loan().
 * @slots: out: the slots.
 * @count: how many there is room for, 1 to %KCHAN_BATCH_MAX.
 * @opts: how to wait for the first; NULL: as kchan_loan(). Others are taken if they
 *	are free.
 *
 * Return: how many were loaned, or as kchan_loan_opts() with
 * -EINVAL: @slots is NULL, or @count is not in its range, too.
 */
int kchan_loan_many(struct kchan *ch, void **slots, size_t count,
		    const struct kchan_loan_opts *opts);

/**
 * kchan_publish - send what is in a slot, with priority 0 and tag 0
 * @ch: the endpoint that has it on loan.
 * @data: the slot, which is no more the caller's then. If the call fails it stays so.
 * @len: bytes of payload, from its beginning, 0 to the channel's msgsize.
 *
 * Waits as kchan_send() does.
 *
 * Return: 0, or as kchan_publish_opts().
 */
int kchan_publish(struct kchan *ch, void *data, size_t len);

/**
 * kchan_publish_opts - send what is in a slot
 * @ch: as for kchan_publish(); likewise @data and @len.
 * @data: the slot.
 * @len: bytes of payload.
 * @opts: how; NULL: as kchan_publish().
 * @seq: out, unless NULL: the message's number, as kchan_send_opts() tells it.
 *
 * Return: 0, or
 * -EINVAL: @data is not where a slot of the pool begins; an unknown flag, or @prio above
 * KCHAN_PRIO_MAX;
 * -EPERM: the slot is not on loan to this endpoint;
 * else as kchan_send_opts().
 */
int kchan_publish_opts(struct kchan *ch, void *data, size_t len,
		       const struct kchan_send_opts *opts, uint64_t *seq);

/**
 * kchan_publish_and_loan - send what is in a slot and have another loaned, in one call
 * @ch: as for kchan_publish().
 * @datap: in: the slot to publish; out: the one that is loaned now, NULL: none is.
 * @len: as for kchan_publish().
 * @opts: how to publish, and how to wait for either; NULL: as kchan_publish().
 * @seq: out, unless NULL: as kchan_publish_opts().
 *
 * Return: as kchan_loan(); 0: the message was sent, but nothing is loaned, and
 * kchan_loan_opts() will tell why; or as kchan_publish_opts(): nothing was sent, and
 * *@datap is on loan still.
 */
ssize_t kchan_publish_and_loan(struct kchan *ch, void **datap, size_t len,
			       const struct kchan_send_opts *opts,
			       uint64_t *seq);

/**
 * kchan_take - receive the first message of the highest priority where it is
 * @ch: an endpoint that is open for reading.
 * @datap: out: the message, which is not to be written to. It is the caller's until
 *	kchan_release().
 *
 * Waits as kchan_recv() does.
 *
 * Return: bytes of payload, 0 for an empty message, or as kchan_take_opts().
 */
ssize_t kchan_take(struct kchan *ch, const void **datap);

/**
 * kchan_take_opts - receive a message where it is
 * @ch: as for kchan_take(); likewise @datap.
 * @datap: out.
 * @opts: how, without KCHAN_PEEK and @position; NULL: as kchan_take(). With %KCHAN_HOLD
 *	kchan_release() is its kchan_ack() and the other way round; after kchan_nack(),
 *	or the end of the endpoint, it is queued again and no more the caller's.
 * @info: out, unless NULL: what is known of the message.
 *
 * Return: bytes of payload, 0 for an empty message, or
 * -EINVAL: an unknown flag or filter; @value without use; @position or @reserved is not
 * 0;
 * -EXDEV: the message has come as a dead one from another channel: kchan_recv() takes
 * it;
 * else as kchan_recv_opts() but for -EMSGSIZE.
 */
ssize_t kchan_take_opts(struct kchan *ch, const void **datap,
			const struct kchan_recv_opts *opts,
			struct kchan_msg_info *info);

/**
 * kchan_release_and_take - release a slot and receive a message, in one call
 * @ch: as for kchan_take().
 * @datap: in: the slot to release, as kchan_release() does, or NULL; out: the message.
 *	If the call fails: NULL where the slot has been released, else as it was.
 * @opts: as for kchan_take_opts().
 * @info: as for kchan_take_opts().
 *
 * Return: as kchan_take_opts(); or -EINVAL, -EPERM as kchan_release().
 */
ssize_t kchan_release_and_take(struct kchan *ch, const void **datap,
			       const struct kchan_recv_opts *opts,
			       struct kchan_msg_info *info);

/**
 * kchan_release - give a slot back: it is free
 * @ch: the endpoint that has taken it, or has it on loan.
 * @data: the slot.
 *
 * Return: 0, or
 * -EINVAL: @data is not where a slot of the pool begins;
 * -EPERM: the slot is not this endpoint's.
 */
int kchan_release(struct kchan *ch, const void *data);

/**
 * kchan_release_many - give several slots back
 * @ch: as for kchan_release().
 * @slots: the slots.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 *
 * Goes through them one after another, and ends at the first that it cannot release.
 *
 * Return: how many were released, the first ones of @slots; or, where that is none, as
 * kchan_release() of the first, with -EINVAL where @slots is NULL or @count is not in
 * its range, too.
 */
int kchan_release_many(struct kchan *ch, const void *const *slots,
		       size_t count);

/**
 * kchan_publish_batch - publish slots with one system call
 * @ch: an endpoint that is open for writing.
 * @items: as those of kchan_send_batch(), with the @slot, see kchan_slot_number(), in
 *	place of @data. With %KCHAN_PUBLISH_LOAN in @flags another is loaned, whose
 *	number is @next then, or %KCHAN_SLOT_NONE.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 * @opts: as for kchan_send_batch().
 *
 * Return: how many were published, as kchan_send_batch() with the errors of
 * kchan_publish_opts().
 */
int kchan_publish_batch(struct kchan *ch, struct kchan_publish *items,
			size_t count, const struct kchan_batch_opts *opts);

/**
 * kchan_take_batch - take messages with one system call
 * @ch: an endpoint that is open for reading.
 * @items: as those of kchan_recv_batch(), without buffers and KCHAN_PEEK. With
 *	%KCHAN_TAKE_RELEASE @release is the number of a slot to release first, and
 *	%KCHAN_SLOT_NONE then, also where taking failed. Of those that were taken @slot
 *	says where they are, see kchan_slot_data().
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 * @opts: as for kchan_recv_batch().
 *
 * Return: how many were taken, as kchan_recv_batch() with the errors of
 * kchan_release_and_take().
 */
int kchan_take_batch(struct kchan *ch, struct kchan_take *items, size_t count,
		     const struct kchan_batch_opts *opts);

/**
 * struct kchan_pool_info - where a pool is
 * @size: sizeof the caller's struct. What the library does not know is cleared.
 * @base: where its slots begin; each is @slot_size bytes after the one before it.
 * @bytes: of all of them.
 * @slots: how many there are.
 * @slot_size: bytes of each, which may be more than the channel's msgsize.
 */
struct kchan_pool_info {
	size_t size;
	void *base;
	size_t bytes;
	uint32_t slots;
	uint32_t slot_size;
};

/**
 * kchan_get_pool - where the pool of a channel is
 * @ch: any endpoint of it.
 * @info: in: @info->size; out: all of it. It never changes.
 *
 * Return: 0, or the errors of all functions here.
 */
int kchan_get_pool(struct kchan *ch, struct kchan_pool_info *info);

/**
 * kchan_slot_data - the slot of a number
 * @ch: any endpoint of the channel.
 * @slot: the number, from 0.
 *
 * Return: where it begins; NULL where there is none, or the pool cannot be mapped.
 */
void *kchan_slot_data(struct kchan *ch, uint32_t slot);

/**
 * kchan_slot_number - the number of a slot
 * @ch: any endpoint of the channel.
 * @data: the slot.
 *
 * Return: the number, from 0; or -EINVAL: @data is not where a slot begins.
 */
int kchan_slot_number(struct kchan *ch, const void *data);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBKCHAN_POOL_H */
