/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkchan: channels between the processes of one machine.
 *
 * A thin layer over the ioctls of <linux/kchan.h>, which has the flags, the
 * limits and the structs that are passed on as they are. libkchan(3) is the
 * overview.
 */
#ifndef LIBKCHAN_H
#define LIBKCHAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/kchan.h>

/**
 * DOC: rules of all functions
 *
 * - What can fail returns a negative errno value; the variable errno says
 *   nothing. A call that fails leaves what its pointers point to as it was, but
 *   for what kchan_recv_opts() and kchan_recv_batch() tell after -EMSGSIZE, and
 *   kchan_release_and_take() and kchan_take_batch() of what has been released.
 * - The library keeps nothing but what is in a handle. All functions may be called
 *   by any number of threads, with one handle too; only kchan_close() must be the
 *   last to be given it. After fork(2) the handle is good in both processes, as
 *   the descriptor in it is.
 * - Structs begin with @size, which the caller sets to its own sizeof, most easily
 *   by KCHAN_INIT(). They grow at the tail only. Of an options struct, a member
 *   that the caller's does not have yet is 0, and a member that the library does
 *   not know yet must be 0, else -E2BIG; -E2BIG too for a size above 4096, -EINVAL
 *   for one below that of the member itself.
 * - Memory that cannot be read or written is -EFAULT where the kernel meets it;
 *   handles and structs of the library must be sound.
 * - Times are nanoseconds of CLOCK_MONOTONIC, as kchan_now() returns them.
 */

/**
 * DOC: names and paths
 *
 * A name that begins with a slash is a path of a mounted kchanfs, as
 * /run/kchan/robot1/camera, and is looked up as any path. Any other is looked up
 * in the instance of the caller's network namespace by /dev/kchan, with no mount:
 * robot1/camera.
 *
 * Where /dev/kchan is not there, or there is nothing behind it, the call fails with
 * -ENODEV: the module is not loaded. (-ENOENT is said of names and paths alone.)
 */

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is what the library exports. */
#pragma GCC visibility push(default)

/* An endpoint of a channel. */
struct kchan;

/**
 * KCHAN_INIT - initialiser of a struct that begins with its size; the rest is 0
 * @type: which, as in
 *	struct kchan_send_opts opts = KCHAN_INIT(struct kchan_send_opts);
 *
 * For all such structs, of <linux/kchan.h> too. A program in C can as well write
 * { .size = sizeof(opts), .prio = 9 }.
 */
#ifdef __cplusplus
#define KCHAN_INIT(type)                        \
	[]() {                                  \
		type kchan_init{};              \
		kchan_init.size = sizeof(type); \
		return kchan_init;              \
	}()
#else
#define KCHAN_INIT(type)             \
	{                            \
		.size = sizeof(type) \
	}
#endif

/**
 * struct kchan_create_opts - attributes of a new channel
 * @size: sizeof the caller's struct.
 * @flags: %KCHAN_CREATE_EXCL and %KCHAN_CREATE_AUTO, which need a name;
 *	%KCHAN_CREATE_ZERO_SLOTS, a slot is zero when it is loaned, not only at first, and
 *	%KCHAN_CREATE_RECV_COPY, who only receives does so by copy, which need @slots.
 * @mode: permission bits, up to 0777, less the caller's umask; 0: 0600. Reading
 *	consumes: mode 0644 lets everybody take messages.
 * @kind: %KCHAN_KIND_QUEUE.
 * @key: any number; kept and shown in &struct kchan_state, not used.
 * @depth: messages that the queue holds at most; 0: %KCHAN_DEPTH_DEFAULT.
 * @msgsize: bytes of one message at most; 0: %KCHAN_MSGSIZE_DEFAULT, or @bytes
 *	where that is given and less.
 * @bytes: payload bytes that the queue holds at most, not below @msgsize; 0:
 *	%KCHAN_BYTES_DEFAULT, or @msgsize where that is more.
 * @overflow: what becomes of a message that does not fit: %KCHAN_OVERFLOW_BLOCK (0),
 *	its sender waits; %KCHAN_OVERFLOW_REJECT, it is not sent; %KCHAN_OVERFLOW_DROP,
 *	it takes the room of those that are worth less, the lowest priority and of that
 *	the oldest first, or is what is dropped if none is.
 * @max_deliveries: a message that was handed to receivers so often is not put back
 *	any more, but is dead; up to %KCHAN_DELIVERIES_MAX; 0: no limit.
 * @ttl: nanoseconds after which messages expire that do not say when themselves, up
 *	to 2^63 - 1; 0: never.
 * @dead_letter: an endpoint, open for writing, of the channel where dead messages go:
 *	those that expire, are rejected, were delivered too often, or make room for
 *	others. It must be of the same instance and have no such channel itself. NULL:
 *	they are dropped. Only looked at during the call: the handle may be closed
 *	after it, but a channel without a name is gone with its last endpoint.
 * @slots: slots of the channel's pool, up to %KCHAN_SLOTS_MAX: each message is in one,
 *	and is received where it is if wanted, see kchan_loan(). 0: it has no pool.
 * @slot_size: bytes of each, up to %KCHAN_SLOT_SIZE_MAX, rounded up to a multiple of
 *	%KCHAN_SLOT_ALIGN; 0 if @slots is.
 *
 * A default is the namespace's ceiling where that is lower. With a pool the defaults of
 * @depth, @msgsize and @bytes are what the pool has, and they may not be above it.
 */
struct kchan_create_opts {
	size_t size;
	uint32_t flags;
	uint32_t mode;
	uint32_t kind;
	uint32_t key;
	uint32_t depth;
	uint32_t msgsize;
	uint64_t bytes;
	uint32_t overflow;
	uint32_t max_deliveries;
	uint64_t ttl;
	const struct kchan *dead_letter;
	uint32_t slots;
	uint32_t slot_size;
};

/**
 * kchan_create - make a channel and open it
 * @chp: out: the handle. NULL: the channel is only made, which needs a name.
 * @name: a name or a path; NULL makes a channel without a name, which is gone with
 *	its last endpoint.
 * @open_flags: O_RDONLY receives, O_WRONLY sends, O_RDWR does both; O_NONBLOCK if
 *	wanted. The descriptor is close-on-exec; O_CLOEXEC may be given. 0 where
 *	@chp is NULL.
 * @opts: attributes, or NULL for the defaults.
 *
 * Where the name is taken and KCHAN_CREATE_EXCL is not given, opens what is there,
 * as kchan_open() does, with the attributes it has. A new channel is opened whatever
 * its mode says. Where it is only made, KCHAN_CREATE_EXCL goes without saying. The
 * directory of a path is opened for reading, so the caller needs that right, too.
 *
 * Return: 0, or
 * -EACCES, -EIDRM, -EISDIR, -EMFILE, -ENFILE, -ENODEV, -ENOENT, -ENOMEM, -ENOTDIR:
 * as kchan_open(), for the name's directory, too;
 * -EBADF: @dead_letter is not open for writing;
 * -EDQUOT: the caller's user has net.kchan.max_channels_user channels and
 * directories, or would have pools above net.kchan.max_pool_bytes_user;
 * -EEXIST: KCHAN_CREATE_EXCL or a @chp of NULL, and the name is taken;
 * -EINVAL: a malformed name; other open flags; an unknown flag, kind or @overflow;
 * @mode above 0777; @bytes below @msgsize; @max_deliveries or @ttl too high; flags
 * or a @chp of NULL without a name; a @chp of NULL with KCHAN_CREATE_AUTO; a
 * dead-letter channel that has one itself, or is of another instance; @slots or
 * @slot_size too high or only one of them; flags of pools without them; @depth,
 * @msgsize or @bytes above what the pool has;
 * -ENAMETOOLONG: a component above 255 bytes, or the whole above KCHAN_NAME_MAX;
 * -ENOSPC: the namespace has net.kchan.max_channels channels and directories;
 * -ENOTTY: the directory of the path is of no kchanfs;
 * -ERANGE: without a pool, @depth, @msgsize or @bytes above net.kchan.max_depth,
 * .max_msgsize, .max_bytes;
 * -EROFS: the kchanfs of the path is mounted read-only.
 */
int kchan_create(struct kchan **chp, const char *name, int open_flags,
		 const struct kchan_create_opts *opts);

/**
 * kchan_create_pair - make a channel without a name, with an end for each role
 * @receiver: out: the end that receives.
 * @sender: out: the end that sends.
 * @open_flags: 0 or O_NONBLOCK, for both ends; O_CLOEXEC may be given.
 * @opts: attributes, or NULL for the defaults.
 *
 * Return: 0, or as kchan_create() for NULL.
 */
int kchan_create_pair(struct kchan **receiver, struct kchan **sender,
		      int open_flags, const struct kchan_create_opts *opts);

/**
 * kchan_open - open a channel
 * @chp: out: the handle.
 * @name: a name or a path.
 * @open_flags: as kchan_create().
 *
 * Rights are checked as open(2) does: search on each directory, read to receive,
 * write to send.
 *
 * Return: 0, or, of a path, what open(2) fails with, or
 * -EACCES: a right is missing;
 * -EIDRM: the network namespace is gone, or the channel was revoked meanwhile;
 * -EINVAL: a malformed name, or open flags other than those above;
 * -EISDIR: a directory;
 * -EMFILE, -ENFILE: the process, or the system, has no descriptor left;
 * -ENAMETOOLONG: as kchan_create();
 * -ENODEV: the module is not loaded;
 * -ENOENT: there is no such channel;
 * -ENOMEM: there is not enough memory;
 * -ENOTDIR: a component that is not the last is not a directory;
 * -ENOTTY: what the path names is no channel. It has not been opened, unless it is a
 * device without a number;
 * -ESTALE: of a path, an automatic channel was just going; try again.
 */
int kchan_open(struct kchan **chp, const char *name, int open_flags);

/**
 * kchan_from_fd - make a handle of a descriptor
 * @chp: out: the handle.
 * @fd: an endpoint that was inherited, received over a UNIX socket, or opened with
 *	open(2). The handle owns it from now on; its flags are left alone.
 *
 * Where the call fails the descriptor is the caller's still.
 *
 * Return: 0, or
 * -EBADF: @fd is not open, or opened with O_PATH;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -ENOMEM: there is not enough memory;
 * -ENOTTY: it is no channel. Some drivers say something else of themselves, -EINVAL
 * for one.
 */
int kchan_from_fd(struct kchan **chp, int fd);

/**
 * kchan_close - close an endpoint and free its handle
 * @ch: the handle; NULL does nothing.
 *
 * Unmaps the pool, so pointers to slots are no good any more. Where this was the last
 * reference to the endpoint, what it has on loan or has taken is free again.
 */
void kchan_close(struct kchan *ch);

/**
 * kchan_fd - the descriptor in a handle
 * @ch: the handle.
 *
 * For poll(2), dup(2), fcntl(2), fchmod(2) and so on; kchan_close() closes it.
 *
 * Return: the descriptor.
 */
int kchan_fd(const struct kchan *ch);

/**
 * struct kchan_send_opts - how to send
 * @size: sizeof the caller's struct.
 * @flags: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER.
 * @prio: priority, 0 to %KCHAN_PRIO_MAX; higher goes first.
 * @tag: any number; goes with the message.
 * @deadline: when to stop waiting, as kchan_deadline_in() makes it; 0: never; a time
 *	that has passed: try once.
 * @expiry: when the message expires, as kchan_deadline_in() makes it; a time that has
 *	passed: at once; 0: as the channel's ttl says. It is never delivered after that.
 */
struct kchan_send_opts {
	size_t size;
	uint32_t flags;
	uint32_t prio;
	uint64_t tag;
	uint64_t deadline;
	uint64_t expiry;
};

/**
 * kchan_send - send a message of priority 0 and tag 0
 * @ch: an endpoint that is open for writing.
 * @buf: the payload.
 * @len: its bytes, 0 to the channel's msgsize.
 *
 * Waits while the queue is full, unless O_NONBLOCK is set or the channel was made with
 * another &struct kchan_create_opts.overflow.
 *
 * Return: 0, or as kchan_send_opts().
 */
int kchan_send(struct kchan *ch, const void *buf, size_t len);

/**
 * kchan_send_opts - send a message
 * @ch: an endpoint that is open for writing.
 * @buf: the payload.
 * @len: its bytes, 0 to the channel's msgsize.
 * @opts: how; NULL: as kchan_send().
 * @seq: out, unless NULL: the message's number: 1 for the channel's first, and one
 *	more for each that follows.
 *
 * Return: 0, or
 * -EAGAIN: would wait, and KCHAN_NONBLOCK or O_NONBLOCK;
 * -EBADF: not open for writing;
 * -EDQUOT: what the endpoint's user has queued reaches net.kchan.max_bytes_user;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -EINTR: a signal handler ran that was set up without SA_RESTART; nothing was sent;
 * -EINVAL: an unknown flag, or @prio above KCHAN_PRIO_MAX;
 * -EIO: what of a slot was swapped out cannot be read;
 * -EMSGSIZE: @len is above the channel's msgsize;
 * -ENOMEM: there is not enough memory;
 * -ENOSPC: the queue is full, and the channel's overflow is KCHAN_OVERFLOW_REJECT;
 * -EPIPE: would wait, KCHAN_NEED_PEER, and no receiver is open; there is no SIGPIPE;
 * -ETIMEDOUT: the deadline passed.
 */
int kchan_send_opts(struct kchan *ch, const void *buf, size_t len,
		    const struct kchan_send_opts *opts, uint64_t *seq);

/**
 * struct kchan_recv_opts - how to receive
 * @size: sizeof the caller's struct.
 * @flags: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER; %KCHAN_HOLD keeps the message for this
 *	endpoint until kchan_ack() or kchan_nack(), or until the endpoint is closed,
 *	which puts it back; %KCHAN_PEEK copies it and leaves it where it is, and never
 *	waits.
 * @filter: which messages: %KCHAN_FILTER_NONE (0), all; %KCHAN_FILTER_TAG, the tag is
 *	@value; %KCHAN_FILTER_TAG_MAX, the lowest tag there is, if not above @value;
 *	%KCHAN_FILTER_TAG_NOT, any tag but @value; %KCHAN_FILTER_PRIO_MIN, the priority
 *	is at least @value.
 * @deadline: as in &struct kchan_send_opts.
 * @value: what the filter compares with; 0 without one.
 * @position: with KCHAN_PEEK and without a filter the message to look at: 0 for the
 *	first that would be received, 1 for the one after it; else 0.
 * @reserved: 0.
 */
struct kchan_recv_opts {
	size_t size;
	uint32_t flags;
	uint32_t filter;
	uint64_t deadline;
	uint64_t value;
	uint32_t position;
	uint32_t reserved;
};

/**
 * struct kchan_msg_info - what is known of a message
 * @size: sizeof the caller's struct. What the library does not know is cleared.
 * @len: bytes of payload.
 * @tag: as sent.
 * @seq: as sent.
 * @time: when the message entered the queue.
 * @prio: as sent.
 * @deliveries: how often it has been handed to a receiver, this time included: above
 *	1 if one could not be given it, or held it and did not acknowledge it, and so
 *	it was put back. A peek does not count.
 * @pid: the sending process; 0: none that the caller's pid namespace knows.
 * @uid: effective user of who opened the sending endpoint.
 * @gid: effective group of the same.
 * @reason: %KCHAN_DEAD_EXPIRED, %KCHAN_DEAD_REJECTED, %KCHAN_DEAD_DELIVERIES or
 *	%KCHAN_DEAD_OVERFLOW if the message has come as a dead one, else 0.
 * @expiry: when it expires, or was to expire as it was received; 0: never.
 * @origin: number of the channel where it died, as in &struct kchan_state; else 0.
 */
struct kchan_msg_info {
	size_t size;
	size_t len;
	uint64_t tag;
	uint64_t seq;
	uint64_t time;
	uint32_t prio;
	uint32_t deliveries;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint32_t reason;
	uint64_t expiry;
	uint64_t origin;
};

/**
 * kchan_recv - receive the first message of the highest priority
 * @ch: an endpoint that is open for reading.
 * @buf: where the payload goes.
 * @size: bytes that fit there; kchan_msgsize() are always enough.
 *
 * Waits while the queue is empty, unless O_NONBLOCK is set. A message that does not
 * fit stays queued.
 *
 * Return: bytes of payload, 0 for an empty message, or as kchan_recv_opts().
 */
ssize_t kchan_recv(struct kchan *ch, void *buf, size_t size);

/**
 * kchan_recv_opts - receive a message, hold one, or look at one
 * @ch: an endpoint that is open for reading.
 * @buf: where the payload goes.
 * @size: bytes that fit there.
 * @opts: how; NULL: as kchan_recv().
 * @info: out, unless NULL: what is known of the message.
 *
 * Of those that @opts->filter lets through, it is the first of the highest priority.
 *
 * Return: bytes of payload, 0 for an empty message, or
 * -EAGAIN: would wait, and KCHAN_NONBLOCK, O_NONBLOCK or KCHAN_PEEK;
 * -EBADF: not open for reading;
 * -EBUSY: KCHAN_HOLD, and the endpoint holds as many as kchan_set_held_max() allows;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -EINTR: a signal handler ran that was set up without SA_RESTART; nothing was
 * received;
 * -EINVAL: an unknown flag or filter; KCHAN_HOLD with KCHAN_PEEK; @value or @position
 * without use; @reserved is not 0;
 * -EMSGSIZE: the message is longer than @size, and stays queued; @info->len says how
 * long, the rest of it is left as it was;
 * -ENOMEM, -EIO: what of a slot was swapped out cannot be had; the message is put back;
 * -EPIPE: would wait, KCHAN_NEED_PEER, and no sender is open;
 * -ETIMEDOUT: the deadline passed.
 */
ssize_t kchan_recv_opts(struct kchan *ch, void *buf, size_t size,
			const struct kchan_recv_opts *opts,
			struct kchan_msg_info *info);

/**
 * kchan_ack - acknowledge a message that this endpoint holds: it is dealt with
 * @ch: the endpoint that received it with %KCHAN_HOLD.
 * @seq: its number, as in &struct kchan_msg_info.
 *
 * Return: 0, or
 * -EBADF: not open for reading;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -ENOENT: the endpoint holds no such message.
 */
int kchan_ack(struct kchan *ch, uint64_t seq);

/**
 * kchan_ack_many - acknowledge several messages
 * @ch: as for kchan_ack().
 * @seqs: their numbers.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 *
 * Goes through them one after another, and ends at the first that is not held.
 *
 * Return: how many were acknowledged, the first ones of @seqs; or, where that is none,
 * -EFAULT: @seqs cannot be read;
 * -EINVAL: @seqs is NULL, or @count is not in its range;
 * -EBADF, -EIDRM, -ENOENT: as kchan_ack(), of the first.
 */
int kchan_ack_many(struct kchan *ch, const uint64_t *seqs, size_t count);

/**
 * kchan_ack_up_to - acknowledge all messages up to a number
 * @ch: as for kchan_ack().
 * @seq: the highest number; UINT64_MAX: all that the endpoint holds.
 *
 * Return: how many were acknowledged, 0 if none is held; or -EBADF, -EIDRM as
 * kchan_ack().
 */
int kchan_ack_up_to(struct kchan *ch, uint64_t seq);

/**
 * kchan_nack - give back a message that this endpoint holds
 * @ch: the endpoint that received it with %KCHAN_HOLD.
 * @seq: its number, as in &struct kchan_msg_info.
 * @flags: 0: it goes back to the front of its priority, for who receives next;
 *	%KCHAN_NACK_REJECT: it is dead, and goes to the dead-letter channel.
 *
 * Return: 0, or
 * -EINVAL: an unknown flag;
 * -EBADF, -EIDRM, -ENOENT: as kchan_ack().
 */
int kchan_nack(struct kchan *ch, uint64_t seq, uint32_t flags);

/**
 * kchan_nack_many - give back several messages
 * @ch: as for kchan_nack().
 * @seqs: their numbers.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 * @flags: as for kchan_nack().
 *
 * Return: how many were given back, as kchan_ack_many() with -EINVAL for an unknown
 * flag, too.
 */
int kchan_nack_many(struct kchan *ch, const uint64_t *seqs, size_t count,
		    uint32_t flags);

/**
 * kchan_nack_up_to - give back all messages up to a number
 * @ch: as for kchan_nack().
 * @seq: the highest number; UINT64_MAX: all that the endpoint holds.
 * @flags: as for kchan_nack().
 *
 * Return: how many were given back, 0 if none is held; or -EBADF, -EIDRM, -EINVAL as
 * kchan_nack().
 */
int kchan_nack_up_to(struct kchan *ch, uint64_t seq, uint32_t flags);

/**
 * kchan_get_settings - settings of an endpoint, and what it holds
 * @ch: an endpoint that is open for reading.
 * @settings: in: @settings->size, and 0 in all else; out: all of it.
 *
 * Return: 0, or
 * -E2BIG: @settings has something non-zero that the kernel does not know;
 * -EBADF: not open for reading;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -EINVAL: @settings->size is below that of the struct as first published, or
 * @settings->flags is not 0.
 */
int kchan_get_settings(const struct kchan *ch, struct kchan_settings *settings);

/**
 * kchan_set_held_max - limit how many messages an endpoint may hold
 * @ch: an endpoint that is open for reading.
 * @held_max: the limit, above which a receive with %KCHAN_HOLD fails with -EBUSY; 0,
 *	as at first: no limit but the channel's. What is held already stays.
 *
 * Return: 0, or -EBADF, -EIDRM as kchan_get_settings().
 */
int kchan_set_held_max(struct kchan *ch, uint32_t held_max);

/**
 * kchan_set_urgent - say which messages are urgent to an endpoint
 * @ch: an endpoint that is open for reading.
 * @prio: while the first message has this priority or a higher one, poll(2) says
 *	POLLPRI; %KCHAN_URGENT_NEVER, as at first: it never does.
 *
 * Return: 0, or -EINVAL: @prio is above KCHAN_URGENT_NEVER; or -EBADF, -EIDRM as
 * kchan_get_settings().
 */
int kchan_set_urgent(struct kchan *ch, uint32_t prio);

/**
 * struct kchan_batch_opts - how to send or receive a batch
 * @size: sizeof the caller's struct.
 * @flags: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER, for all of it.
 * @min: kchan_recv_batch() waits for so many, and takes more if they are there; 0
 *	stands for 1. kchan_send_batch() waits for room for all: 0.
 * @deadline: as in &struct kchan_send_opts, for all of it.
 */
struct kchan_batch_opts {
	size_t size;
	uint32_t flags;
	uint32_t min;
	uint64_t deadline;
};

/**
 * kchan_send_batch - send messages with one system call
 * @ch: an endpoint that is open for writing.
 * @items: the messages, all of one @size. Of each, @size, @data (the address of the
 *	payload) and @len are set, if wanted also @prio, @tag and @expiry, and the rest
 *	is 0. Of those that were sent @seq is set.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 * @opts: how; NULL: waits for room for all, unless O_NONBLOCK is set.
 *
 * They are sent one after another, those of other senders may come between, and the
 * first that fails ends it. The items are the kernel's structs, so that nothing is
 * copied on the way; they can be used again as they are.
 *
 * Return: how many were sent, which may be fewer than @count; where that is none, the
 * error of the first:
 * -EINVAL: @count, @items->size, @opts->min, or an item's @flags or @deadline;
 * -EFAULT: the items, or a payload, cannot be read;
 * else as kchan_send_opts().
 */
int kchan_send_batch(struct kchan *ch, struct kchan_send *items, size_t count,
		     const struct kchan_batch_opts *opts);

/**
 * kchan_recv_batch - receive messages with one system call
 * @ch: an endpoint that is open for reading.
 * @items: room for messages, all of one @size. Of each, @size, @data (the address of
 *	the buffer) and @capacity are set, if wanted also %KCHAN_HOLD or %KCHAN_PEEK in
 *	@flags, @filter, @value and @position, and the rest is 0 or left from another
 *	batch. Of those that were received the rest is set.
 * @count: how many there are, 1 to %KCHAN_BATCH_MAX.
 * @opts: how; NULL: waits for one message, unless O_NONBLOCK is set, and takes those
 *	that are there.
 *
 * Return: how many were received, which may be fewer than @opts->min if one failed;
 * where that is none, the error of the first:
 * -EINVAL: @count, @items->size, @opts->min, or an item's @flags or @deadline;
 * -EFAULT: the items cannot be read or written, or a buffer cannot be written;
 * else as kchan_recv_opts(). After -EMSGSIZE the item's @len says how long the message
 * is, also of one that ends a batch after others.
 */
int kchan_recv_batch(struct kchan *ch, struct kchan_recv *items, size_t count,
		     const struct kchan_batch_opts *opts);

/**
 * kchan_now - the time, by the clock that deadlines and times of messages are of
 *
 * Return: nanoseconds of CLOCK_MONOTONIC.
 */
uint64_t kchan_now(void);

/**
 * kchan_deadline_in - the deadline that comes in so many nanoseconds
 * @ns: nanoseconds from now; 0: a call tries once.
 *
 * Return: the deadline; the last there is, UINT64_MAX, if that comes first; never 0.
 */
uint64_t kchan_deadline_in(uint64_t ns);

/**
 * kchan_get_state - attributes, state and statistics of a channel, of one moment
 * @ch: any endpoint of it.
 * @state: in: @state->size, and 0 in what the kernel may not know; out: all of it.
 *
 * Return: 0, or
 * -E2BIG: @state has something non-zero that the kernel does not know;
 * -EIDRM: the channel was revoked, or its network namespace is gone;
 * -EINVAL: @state->size is below that of the struct as first published.
 */
int kchan_get_state(const struct kchan *ch, struct kchan_state *state);

/**
 * kchan_msgsize - the longest message that a channel takes
 * @ch: any endpoint of it.
 *
 * It never changes.
 *
 * Return: bytes, or -EIDRM as kchan_get_state().
 */
ssize_t kchan_msgsize(const struct kchan *ch);

/**
 * kchan_revoke - end a channel for all who have it open
 * @ch: any endpoint of it.
 *
 * Removes its name, drops what is queued, and makes waiting and later calls on each
 * endpoint fail with -EIDRM. The handle is still to be closed.
 *
 * Return: 0, or
 * -EACCES: a security module forbids to remove the name;
 * -EIDRM: it has been done before, or the network namespace is gone;
 * -EPERM: the caller neither owns the channel nor has CAP_FOWNER;
 * -EROFS: it has a name, and was opened through a mount that is read-only.
 */
int kchan_revoke(struct kchan *ch);

/**
 * kchan_remove - remove the name of a channel
 * @name: a name or a path; NULL: that of the channel with the number @id.
 * @id: 0, or the number that the channel must have, as in &struct kchan_state.
 * @flags: 0; %KCHAN_REMOVE_NOW ends all endpoints, as kchan_revoke() does, also those
 *	of a channel with the number @id that has no name.
 *
 * Who has the channel open goes on, and it is gone with the last of them. The
 * directory of a path is opened for reading, so the caller needs that right, too.
 *
 * Return: 0, or
 * -EACCES: a right to search, read or write a directory is missing;
 * -EBUSY: something is mounted on the path;
 * -EIDRM: the network namespace is gone, or, with KCHAN_REMOVE_NOW, the channel was
 * revoked already;
 * -EINVAL: a malformed name, an unknown flag, or neither name nor number;
 * -EISDIR: a directory;
 * -EMFILE, -ENFILE, -ENAMETOOLONG, -ENODEV, -ENOMEM, -ENOTDIR: as kchan_open();
 * -ENOENT: there is no such channel, or it has another number, or no name;
 * -ENOTTY: the directory of the path is of no kchanfs;
 * -EPERM: the caller owns neither the channel nor its directory, with KCHAN_REMOVE_NOW
 * not the channel, and does not have CAP_FOWNER;
 * -EROFS: the kchanfs of the path is mounted read-only.
 */
int kchan_remove(const char *name, uint64_t id, uint32_t flags);

/**
 * kchan_get_features - what the loaded module can do
 * @features: in: @features->size, and 0 in what the kernel may not know; out: all of
 *	it.
 *
 * Return: 0, or
 * -E2BIG, -EINVAL: as kchan_get_state();
 * -ENODEV: the module is not loaded;
 * -EACCES, -EMFILE, -ENFILE, -ENOMEM: /dev/kchan cannot be opened.
 */
int kchan_get_features(struct kchan_features *features);

/**
 * kchan_version - the version of the library that the program runs with
 *
 * That of the module is in &struct kchan_features.
 *
 * Return: as in "0.1.0"; not to be freed.
 */
const char *kchan_version(void);

/**
 * kchan_version_number - the same as a number that can be compared
 *
 * Return: major << 16 | minor << 8 | patch, as &struct kchan_features.version.
 */
uint32_t kchan_version_number(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include "kchan_pool.h"

#endif /* LIBKCHAN_H */
