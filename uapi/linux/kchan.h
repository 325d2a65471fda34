/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kchan: channels between the processes of one machine.
 *
 * This header is the specification of the ioctl interface. What a user sees
 * of it is in kchan(4); names and the filesystem are in kchanfs(5).
 */
#ifndef _UAPI_LINUX_KCHAN_H
#define _UAPI_LINUX_KCHAN_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: the kinds of descriptor
 *
 * /dev/kchan is the *control device*. It takes %KCHAN_IOC_CREATE,
 * %KCHAN_IOC_OPEN, %KCHAN_IOC_REMOVE and %KCHAN_IOC_FEATURES. Names are looked up
 * in the instance of the network namespace in which the device was opened; no
 * mount is needed.
 *
 * A *directory* of a mounted kchanfs, opened for reading, takes the same
 * commands. Names are relative to it, and what goes for its mount goes for
 * them: read-only, the path that security modules see.
 *
 * An *endpoint* is an open file of a channel, made by CREATE, by OPEN or by
 * open(2) of the channel's name in a mounted kchanfs. Its access mode is its
 * role: O_WRONLY sends, O_RDONLY receives, O_RDWR does both. It takes write(2),
 * read(2), poll(2) and all the commands from %KCHAN_IOC_SEND on, and
 * %KCHAN_IOC_FEATURES.
 */

/**
 * DOC: rules of all commands
 *
 * Commands are bare numbers (_IO), so they do not change when a struct grows.
 * Each argument struct begins with @size, which the caller sets to its own
 * sizeof. Structs grow at the tail only:
 *
 * - @size below the struct's first published size: EINVAL;
 * - @size above what the module knows: accepted if the surplus is all zero,
 *   else E2BIG; @size above 4096: E2BIG;
 * - a flag that the module does not know, or a non-zero reserved field: EINVAL;
 * - a command that the descriptor does not take: ENOTTY;
 * - memory that cannot be read or written: EFAULT.
 *
 * A successful call writes the whole struct back, as much of it as both sides
 * know, and clears what only the caller knows; REMOVE, ACK, NACK, RELEASE and the
 * batches have nothing to write, SEND only its @seq, PUBLISH @seq and @next, LOAN
 * @slot or the array, TAKE with %KCHAN_TAKE_BRIEF what that leaves. A call that fails
 * changes nothing, and leaves the caller's struct as it was; the exceptions are those
 * named at &struct kchan_recv and &struct kchan_take, EFAULT, which may come when part
 * of it is written, and PUBLISH and TAKE, which may have written some of their outputs.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC as the caller's time namespace
 * shows it. Process, user and group ids are those of the caller's namespaces: a
 * process that has no id there is shown as 0, a user or group as the overflow
 * id (65534). Pointers are carried in __u64. The layout is the same for 32-bit
 * and 64-bit programs.
 */

#define KCHAN_IOC_TYPE		0xBE

#define KCHAN_IOC_FEATURES	_IO(KCHAN_IOC_TYPE, 0x00)
#define KCHAN_IOC_CREATE	_IO(KCHAN_IOC_TYPE, 0x01)
#define KCHAN_IOC_OPEN		_IO(KCHAN_IOC_TYPE, 0x02)
#define KCHAN_IOC_REMOVE	_IO(KCHAN_IOC_TYPE, 0x03)
#define KCHAN_IOC_SEND		_IO(KCHAN_IOC_TYPE, 0x10)
#define KCHAN_IOC_RECV		_IO(KCHAN_IOC_TYPE, 0x11)
#define KCHAN_IOC_STATE		_IO(KCHAN_IOC_TYPE, 0x12)
#define KCHAN_IOC_REVOKE	_IO(KCHAN_IOC_TYPE, 0x13)
#define KCHAN_IOC_ACK		_IO(KCHAN_IOC_TYPE, 0x14)
#define KCHAN_IOC_NACK		_IO(KCHAN_IOC_TYPE, 0x15)
#define KCHAN_IOC_SETTINGS	_IO(KCHAN_IOC_TYPE, 0x16)
#define KCHAN_IOC_SEND_BATCH	_IO(KCHAN_IOC_TYPE, 0x17)
#define KCHAN_IOC_RECV_BATCH	_IO(KCHAN_IOC_TYPE, 0x18)
#define KCHAN_IOC_POOL_FD	_IO(KCHAN_IOC_TYPE, 0x19)
#define KCHAN_IOC_LOAN		_IO(KCHAN_IOC_TYPE, 0x1a)
#define KCHAN_IOC_PUBLISH	_IO(KCHAN_IOC_TYPE, 0x1b)
#define KCHAN_IOC_TAKE		_IO(KCHAN_IOC_TYPE, 0x1c)
#define KCHAN_IOC_RELEASE	_IO(KCHAN_IOC_TYPE, 0x1d)
#define KCHAN_IOC_PUBLISH_BATCH	_IO(KCHAN_IOC_TYPE, 0x1e)
#define KCHAN_IOC_TAKE_BATCH	_IO(KCHAN_IOC_TYPE, 0x1f)

/* Kinds of channel. */
#define KCHAN_KIND_QUEUE	0	/* each message goes to one receiver */

/* Priorities run from 0, the lowest, to this one. */
#define KCHAN_PRIO_MAX		32767

/* What an attribute of 0 stands for in CREATE, and what open(O_CREAT) makes. */
#define KCHAN_DEPTH_DEFAULT	1024
#define KCHAN_MSGSIZE_DEFAULT	(1024 * 1024)
#define KCHAN_BYTES_DEFAULT	(4 * 1024 * 1024)

/* The longest name, with its slashes, without the terminating NUL. */
#define KCHAN_NAME_MAX		4095

/* &struct kchan_features.features */
#define KCHAN_FEATURE_QUEUE	(1ULL << 0)	/* queues, by copy */
#define KCHAN_FEATURE_UNNAMED	(1ULL << 1)	/* CREATE without a name, and pairs */
#define KCHAN_FEATURE_NETLINK	(1ULL << 2)	/* <linux/kchan_netlink.h> */
#define KCHAN_FEATURE_HOLD	(1ULL << 3)	/* HOLD, ACK, NACK; SETTINGS */
#define KCHAN_FEATURE_EXPIRY	(1ULL << 4)	/* messages expire */
#define KCHAN_FEATURE_DEAD	(1ULL << 5)	/* dead-letter channels */
#define KCHAN_FEATURE_OVERFLOW	(1ULL << 6)	/* what a full queue does */
#define KCHAN_FEATURE_FILTER	(1ULL << 7)	/* RECV with a filter, PEEK */
#define KCHAN_FEATURE_BATCH	(1ULL << 8)	/* SEND_BATCH, RECV_BATCH */
#define KCHAN_FEATURE_POOL	(1ULL << 9)	/* pools: DOC: pools and slots */

/**
 * struct kchan_features - argument of %KCHAN_IOC_FEATURES
 * @size: in: sizeof of the caller's struct.
 * @version: out: version of the module, major << 16 | minor << 8 | patch.
 * @kinds: out: a bit 1 << KCHAN_KIND_* for each kind that CREATE takes.
 * @features: out: KCHAN_FEATURE_* bits.
 *
 * Says what the module can do. Any descriptor of the module takes it.
 *
 * Errors: those of all commands.
 */
struct kchan_features {
	__u32 size;
	__u32 version;
	__u64 kinds;
	__u64 features;
};

/* &struct kchan_create.flags */
#define KCHAN_CREATE_EXCL	(1U << 0)	/* EEXIST if the name is taken */
#define KCHAN_CREATE_AUTO	(1U << 1)	/* gone with its last endpoint */
#define KCHAN_CREATE_PAIR	(1U << 2)	/* unnamed only: two descriptors */
#define KCHAN_CREATE_DEAD_LETTER (1U << 3)	/* @dead_letter is given */
#define KCHAN_CREATE_ZERO_SLOTS	(1U << 4)	/* pool: a slot is zero when loaned */
#define KCHAN_CREATE_RECV_COPY	(1U << 5)	/* pool: not for who only receives */
#define KCHAN_CREATE_NO_FD	(1U << 6)	/* made, and not opened */

/* &struct kchan_create.overflow: what becomes of a message that does not fit. */
#define KCHAN_OVERFLOW_BLOCK	0	/* its sender waits */
#define KCHAN_OVERFLOW_REJECT	1	/* it is not sent: ENOSPC */
#define KCHAN_OVERFLOW_DROP	2	/* it takes the room of those that are worth
					 * less: the lowest priority, the oldest first
					 */

/* The most that &struct kchan_create.max_deliveries may be. */
#define KCHAN_DELIVERIES_MAX	65535

/* The most that @slots and @slot_size of &struct kchan_create may be. */
#define KCHAN_SLOTS_MAX		(1 << 20)
#define KCHAN_SLOT_SIZE_MAX	(1 << 30)

/* Slots lie so many bytes, or a multiple of that, from one to the next. */
#define KCHAN_SLOT_ALIGN	64

/**
 * struct kchan_create - argument of %KCHAN_IOC_CREATE
 * @size: in: sizeof of the caller's struct.
 * @flags: in: KCHAN_CREATE_* bits.
 * @name: in: address of the name, NUL-terminated, relative to the root of the
 *	instance, without a leading slash: components of 1 to 255 bytes
 *	separated by single slashes, none with a leading '.' or a control
 *	character (bytes 1 to 31 and 127), %KCHAN_NAME_MAX bytes in all. All but
 *	the last must be directories. 0 makes an unnamed channel, which is gone
 *	with its last endpoint.
 * @mode: in: permission bits, 0 to 0777; the caller's umask is applied.
 *	Reading consumes: mode 0644 lets everybody take messages.
 * @open_flags: in: O_RDONLY, O_WRONLY or O_RDWR, and O_NONBLOCK if wanted.
 *	O_CLOEXEC is always on and may be given. With PAIR only O_NONBLOCK and
 *	O_CLOEXEC; it goes for both ends.
 * @kind: in: KCHAN_KIND_*.
 * @key: in: any number; kept and shown in &struct kchan_state, not used.
 * @depth: in: messages that the queue holds at most; 0: the default.
 * @msgsize: in: bytes of one message at most; 0: the default, or @bytes where
 *	that is given and less.
 * @bytes: in: payload bytes that the queue holds at most, not below @msgsize;
 *	0: the default, or @msgsize where that is more. With a pool the defaults
 *	of these three are what the pool has, and more they may not be.
 * @fd: out: the descriptor; with PAIR the receiving end; with NO_FD -1.
 * @fd_send: out: with PAIR the sending end, else -1.
 * @overflow: in: KCHAN_OVERFLOW_*. DROP drops queued messages whose priority is
 *	not above that of the new one, as many as it takes; where that would
 *	not make room, the new one itself is dropped instead, after at most a
 *	multiple of 64 others. Either way the call succeeds.
 * @max_deliveries: in: a message that was handed to receivers so often is not put
 *	back any more, but is dead, up to %KCHAN_DELIVERIES_MAX; 0: no limit.
 * @ttl: in: nanoseconds after which messages expire that do not say when
 *	themselves, up to 2^63 - 1; 0: never.
 * @dead_letter: in: with DEAD_LETTER a descriptor of a channel of the same
 *	instance that is open for writing. Dead messages go there, see DOC:
 *	dead messages. Without DEAD_LETTER: 0.
 * @reserved: in: 0.
 * @slots: in: slots of the channel's pool, up to %KCHAN_SLOTS_MAX; 0: it has
 *	none, see DOC: pools and slots.
 * @slot_size: in: bytes of each, up to %KCHAN_SLOT_SIZE_MAX, rounded up to a
 *	multiple of %KCHAN_SLOT_ALIGN; 0 if @slots is.
 *
 * Makes a channel and opens it; where the name is taken and EXCL is not given,
 * opens what is there, as OPEN does, and leaves its attributes alone. A new
 * channel is opened with any access mode, whatever @mode says. The defaults are
 * KCHAN_*_DEFAULT, or the namespace's ceiling where that is lower.
 *
 * With NO_FD it is made and not opened, as mkfifo(3) makes a FIFO, which costs less:
 * EXCL goes without saying, and @open_flags are 0.
 *
 * Errors, beside those of all commands and those of &struct kchan_open:
 * EEXIST (EXCL or NO_FD, and the name is taken), EINVAL (a malformed name, @mode
 * above 0777, an unknown @kind or @overflow, @bytes below @msgsize, @max_deliveries
 * or @ttl too high, PAIR with a name, EXCL, AUTO or NO_FD without one, NO_FD with
 * AUTO or with @open_flags, a dead-letter channel that has one itself or is of
 * another instance, @slots or @slot_size too high or only one of them, ZERO_SLOTS
 * or RECV_COPY without them, @depth, @msgsize or @bytes above what the pool has),
 * EBADF (@dead_letter is no endpoint that is open for writing), ENAMETOOLONG,
 * ERANGE (without a pool: @depth, @msgsize or @bytes above net.kchan.max_depth,
 * .max_msgsize, .max_bytes), EDQUOT (the caller's user has
 * net.kchan.max_channels_user channels and directories, or would have pools above
 * net.kchan.max_pool_bytes_user), ENOSPC (the namespace has
 * net.kchan.max_channels), EROFS (the directory's mount is read-only), EXDEV
 * (something else is mounted on a directory in @name).
 */
struct kchan_create {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u32 mode;
	__u32 open_flags;
	__u32 kind;
	__u32 key;
	__u32 depth;
	__u32 msgsize;
	__u64 bytes;
	__s32 fd;
	__s32 fd_send;
	__u32 overflow;
	__u32 max_deliveries;
	__u64 ttl;
	__s32 dead_letter;
	__u32 reserved;
	__u32 slots;
	__u32 slot_size;
};

/**
 * DOC: dead messages
 *
 * A message that was sent is dead when it
 *
 * - expires (%KCHAN_DEAD_EXPIRED),
 * - is rejected by its receiver, %KCHAN_NACK_REJECT (%KCHAN_DEAD_REJECTED),
 * - would be put back and has been handed out max_deliveries times
 *   (%KCHAN_DEAD_DELIVERIES), or
 * - has to make room for others, %KCHAN_OVERFLOW_DROP (%KCHAN_DEAD_OVERFLOW).
 *
 * It goes to the channel's dead-letter channel if it has one, else it is
 * dropped. There it comes after all others of its priority, with its payload,
 * tag, sender and charge, no expiry, and a new number, time and count of
 * deliveries; @reason and @origin of &struct kchan_recv say whence it came. Who
 * goes by @uid must look at them: whoever made the channel @origin may have
 * passed on what another sent there. Where it is longer than msgsize there, or
 * finds the queue full or the channel gone or ended, it is dropped after all,
 * unless the overflow policy there makes room. That is one hop: a dead-letter
 * channel has none itself. It does not know of those who send to it in this
 * way, and does not live for them: one without a name is gone with its last
 * endpoint. A message in a slot takes its slot with it; there it is received by
 * copy.
 */
#define KCHAN_DEAD_EXPIRED	1
#define KCHAN_DEAD_REJECTED	2
#define KCHAN_DEAD_DELIVERIES	3
#define KCHAN_DEAD_OVERFLOW	4
#define KCHAN_DEAD_REASONS	5	/* how long an array by reason is */

/**
 * struct kchan_open - argument of %KCHAN_IOC_OPEN
 * @size: in: sizeof of the caller's struct.
 * @open_flags: in: as in &struct kchan_create.
 * @name: in: as in &struct kchan_create; not 0.
 * @fd: out: the descriptor, close-on-exec.
 * @reserved: in: 0.
 *
 * Opens a channel by name. Rights are checked as open(2) does: search on each
 * directory, read to receive, write to send.
 *
 * Errors, beside those of all commands: EACCES, EIDRM (the namespace is gone, or
 * the channel was revoked meanwhile), EISDIR (a directory), EMFILE and ENFILE,
 * EINVAL (a malformed name or open flags), ENAMETOOLONG, ENOENT, ENOMEM,
 * ENOTDIR, EXDEV (something else is mounted on a directory in @name).
 */
struct kchan_open {
	__u32 size;
	__u32 open_flags;
	__u64 name;
	__s32 fd;
	__u32 reserved;
};

/* &struct kchan_remove.flags */
#define KCHAN_REMOVE_NOW	(1U << 0)	/* end all use, too */

/**
 * struct kchan_remove - argument of %KCHAN_IOC_REMOVE
 * @size: in: sizeof of the caller's struct.
 * @flags: in: KCHAN_REMOVE_* bits.
 * @name: in: as in &struct kchan_create; 0 goes by @id.
 * @id: in: with a name: 0, or the number that the channel of that name must have;
 *	without: the number of the channel, which must have a name unless NOW is
 *	given. A directory takes names only.
 *
 * Removes the name of a channel, as unlink(2) does: who has it open goes on, and
 * it is gone with the last of them. That takes write and search permission on its
 * directory, and owning the channel or the directory, or CAP_FOWNER.
 *
 * With NOW ends all use and then removes the name, as %KCHAN_IOC_REVOKE does.
 * That takes owning the channel, or CAP_FOWNER, and waits for nobody.
 *
 * A name takes search permission on all directories on the way, too; an id does
 * not.
 *
 * Errors, beside those of all commands: EACCES, EIDRM (the namespace is gone;
 * with NOW: revoked already), EBUSY (something is mounted on the name), EINVAL
 * (neither name nor id, a malformed name, or an id alone on a directory),
 * EISDIR, ENAMETOOLONG, ENOENT (no such channel, or it has another id, or no
 * name), ENOMEM, ENOTDIR, EPERM, EROFS, EXDEV.
 */
struct kchan_remove {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u64 id;
};

/* &struct kchan_send.flags, &struct kchan_recv.flags, &struct kchan_batch.flags */
#define KCHAN_NONBLOCK		(1U << 0)	/* EAGAIN instead of waiting */
#define KCHAN_NEED_PEER		(1U << 1)	/* EPIPE instead of waiting for nobody,
						 * also where NONBLOCK says EAGAIN
						 */
/* &struct kchan_recv.flags */
#define KCHAN_HOLD		(1U << 2)	/* it is ours until ACK or NACK */
#define KCHAN_PEEK		(1U << 3)	/* a copy; it stays where it is */

/**
 * struct kchan_send - argument of %KCHAN_IOC_SEND
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK (as O_NONBLOCK of the endpoint), %KCHAN_NEED_PEER
 *	(do not wait for room while no receiver is open).
 * @data: in: address of the payload.
 * @len: in: bytes of payload, 0 to the channel's msgsize.
 * @prio: in: priority, 0 to %KCHAN_PRIO_MAX; higher goes first, and messages of
 *	one priority go in the order in which they were sent.
 * @tag: in: any number; goes with the message.
 * @deadline: in: when to stop waiting; 0: never; a time that has passed: try
 *	once.
 * @seq: out: the sequence number of the message: 1 for the channel's first, and
 *	one more for each that follows.
 * @expiry: in: when the message expires; a time that has passed: at once; 0: as
 *	the channel's ttl says. It counts from the call, not from when there is
 *	room.
 *
 * Sends one message. The endpoint must be open for writing. The sender is shown
 * to the receiver with the effective user and group of who opened the endpoint
 * and the process id of who calls.
 *
 * While the queue is full the call waits; senders are served in the order in
 * which they came, real-time tasks first by priority. That is so unless the
 * channel was made with another &struct kchan_create.overflow. write(2) is this
 * command with priority 0, tag 0 and expiry 0, except that it sends nothing for
 * 0 bytes.
 *
 * Errors, beside those of all commands: EAGAIN (would wait, and NONBLOCK or
 * O_NONBLOCK), EBADF (not open for writing), EDQUOT (the messages that the user
 * of the endpoint has queued reach net.kchan.max_bytes_user), EIDRM (revoked,
 * or the namespace is gone), EINTR (a signal; restarted with SA_RESTART),
 * EINVAL (@prio), EMSGSIZE (@len above msgsize), ENOMEM, ENOSPC (the queue is
 * full and the channel's overflow is REJECT), EPIPE (would wait, NEED_PEER, and
 * no receiver is open), ETIMEDOUT (the deadline passed).
 */
struct kchan_send {
	__u32 size;
	__u32 flags;
	__u64 data;
	__u32 len;
	__u32 prio;
	__u64 tag;
	__u64 deadline;
	__u64 seq;
	__u64 expiry;
};

/* &struct kchan_recv.filter: which messages; @value is the number. */
#define KCHAN_FILTER_NONE	0	/* all; @value is 0 */
#define KCHAN_FILTER_TAG	1	/* the tag is @value */
#define KCHAN_FILTER_TAG_MAX	2	/* the lowest tag there is, if not above @value */
#define KCHAN_FILTER_TAG_NOT	3	/* any tag but @value */
#define KCHAN_FILTER_PRIO_MIN	4	/* the priority is at least @value */

/**
 * struct kchan_recv - argument of %KCHAN_IOC_RECV
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK (as O_NONBLOCK of the endpoint), %KCHAN_NEED_PEER
 *	(do not wait for a message while no sender is open), %KCHAN_HOLD,
 *	%KCHAN_PEEK (not both of them).
 * @data: in: address of the buffer.
 * @capacity: in: bytes that fit there.
 * @len: out: bytes of payload. Also written when the call fails with EMSGSIZE:
 *	what the buffer would have to hold.
 * @deadline: in: as in &struct kchan_send.
 * @tag: out: as sent.
 * @seq: out: as &struct kchan_send.seq.
 * @time: out: when the message entered the queue.
 * @prio: out: as sent.
 * @deliveries: out: how often the message has been handed to a receiver, this
 *	time included: above 1 after a receive that failed with EFAULT, or
 *	whose process was killed, or that held the message, and so put it back. A
 *	peek does not count. 65535 stands for all above.
 * @pid: out: the sending process.
 * @uid: out: effective user of who opened the sending endpoint.
 * @gid: out: effective group of the same.
 * @filter: in: KCHAN_FILTER_*.
 * @value: in: what the filter compares with.
 * @expiry: out: when the message expires; 0: never.
 * @position: in: with PEEK and without a filter: the message to look at, 0 for
 *	the first that would be received, 1 for the one after it; else 0.
 * @reason: out: KCHAN_DEAD_* if the message came as a dead one, else 0.
 * @origin: out: number of the channel where it died, else 0.
 *
 * Receives the first message of the highest priority, or with @filter the first
 * that fits it; it leaves the queue. The endpoint must be open for reading. A
 * message that does not fit into the buffer stays queued (EMSGSIZE). If the
 * buffer cannot be written (EFAULT) the message is put back; another receiver
 * may have taken a later one meanwhile. What is put back goes before all others
 * of its priority, in the order of sequence numbers.
 *
 * With HOLD the message is *held* by the endpoint, out of the queue, until ACK,
 * NACK or the endpoint's end, which puts it back. It counts against depth and
 * bytes as if it were queued, and does not expire.
 *
 * With PEEK the message stays where it is. That never waits: EAGAIN where there
 * is none, whatever NEED_PEER says. Of a message that was never handed out
 * @deliveries is 0.
 *
 * Which message the filter TAG_MAX takes: of those with the lowest tag the
 * first by priority. While others come and go, a filter or a peek may overlook
 * one that came or was put back after it began.
 *
 * While the queue is empty the call waits; receivers are served in the order in
 * which they came, real-time tasks first by priority. read(2) is this command
 * without the metadata, except that it does nothing for 0 bytes; of an empty
 * message it returns 0.
 *
 * Errors, beside those of all commands: EAGAIN (would wait, and NONBLOCK,
 * O_NONBLOCK or PEEK), EBADF (not open for reading), EBUSY (HOLD, and the
 * endpoint holds as many as &struct kchan_settings.held_max, whether there is a
 * message or not; or 64 calls walk through the queue already for TAG_NOT or
 * @position), EIDRM (revoked, or the namespace is gone), EINTR (a signal;
 * restarted with SA_RESTART), EINVAL (HOLD with PEEK, an unknown @filter,
 * @value or @position without use), EMSGSIZE, EPIPE (would wait, NEED_PEER, and
 * no sender is open), ETIMEDOUT (the deadline passed).
 */
struct kchan_recv {
	__u32 size;
	__u32 flags;
	__u64 data;
	__u32 capacity;
	__u32 len;
	__u64 deadline;
	__u64 tag;
	__u64 seq;
	__u64 time;
	__u32 prio;
	__u32 deliveries;
	__u32 pid;
	__u32 uid;
	__u32 gid;
	__u32 filter;
	__u64 value;
	__u64 expiry;
	__u32 position;
	__u32 reason;
	__u64 origin;
};

/* &struct kchan_ack.flags */
#define KCHAN_ACK_UP_TO		(1U << 0)	/* all held up to @seq */
#define KCHAN_NACK_REJECT	(1U << 1)	/* NACK: do not put back */

/**
 * struct kchan_ack - argument of %KCHAN_IOC_ACK and %KCHAN_IOC_NACK
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_ACK_UP_TO, and for NACK %KCHAN_NACK_REJECT.
 * @seq: in: the sequence number of a message; with UP_TO all with this number
 *	or a lower one, so that 2^64 - 1 means all. With @seqs: 0.
 * @seqs: in: address of an array of __u64, sequence numbers, each of its own
 *	message; 0: there is only @seq. Not with UP_TO.
 * @count: in: how many there are, 1 to %KCHAN_BATCH_MAX; without @seqs: 0.
 * @reserved: in: 0.
 *
 * Ends the holding of messages by this endpoint. ACK: they have been dealt
 * with, and are gone. NACK puts them back into the queue, or with REJECT makes
 * dead messages of them. The endpoint's other messages stay held.
 *
 * Returns how many messages that were. They are dealt with one after another:
 * if one of @seqs is not held, or cannot be read, the call ends there, and is
 * an error only if that is the first.
 *
 * Errors, beside those of all commands: EIDRM (revoked, or the namespace is
 * gone), EINVAL (@seq, @seqs and @count do not go together), ENOENT (the
 * endpoint does not hold such a message; with UP_TO never: 0 is returned).
 * EBADF: not open for reading.
 */
struct kchan_ack {
	__u32 size;
	__u32 flags;
	__u64 seq;
	__u64 seqs;
	__u32 count;
	__u32 reserved;
};

/* &struct kchan_settings.flags */
#define KCHAN_SET_HELD_MAX	(1U << 0)	/* change @held_max */
#define KCHAN_SET_URGENT	(1U << 1)	/* change @urgent */

/* &struct kchan_settings.urgent: no message is. */
#define KCHAN_URGENT_NEVER	(KCHAN_PRIO_MAX + 1)

/**
 * struct kchan_settings - argument of %KCHAN_IOC_SETTINGS
 * @size: in: sizeof of the caller's struct.
 * @flags: in: KCHAN_SET_* bits: what to change.
 * @held_max: in, out: messages that the endpoint may hold at most; 0, as at
 *	first: as many as there are. What it holds already stays.
 * @urgent: in, out: poll(2) says EPOLLPRI while the first message has this
 *	priority or a higher one; at first %KCHAN_URGENT_NEVER.
 * @held: out: messages that the endpoint holds.
 * @reserved: in: 0.
 * @held_bytes: out: their payload.
 *
 * Changes settings of the endpoint and reads them all. They are of the endpoint
 * alone, and so shared by all who have it from fork(2), dup(2) or a socket.
 *
 * Errors, beside those of all commands: EBADF (not open for reading), EIDRM
 * (revoked, or the namespace is gone), EINVAL (@urgent).
 */
struct kchan_settings {
	__u32 size;
	__u32 flags;
	__u32 held_max;
	__u32 urgent;
	__u32 held;
	__u32 reserved;
	__u64 held_bytes;
};

/* Messages in one batch, at most. */
#define KCHAN_BATCH_MAX		1024

/**
 * struct kchan_batch - argument of %KCHAN_IOC_SEND_BATCH and
 * %KCHAN_IOC_RECV_BATCH
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER: for all of it.
 * @items: in: address of the first of @count structs, &struct kchan_send or
 *	&struct kchan_recv.
 * @count: in: 1 to %KCHAN_BATCH_MAX.
 * @stride: in: bytes from one to the next, at least their @size each and a
 *	multiple of 8.
 * @deadline: in: as in &struct kchan_send, for all of it.
 * @min: in: RECV_BATCH waits for so many, and takes more up to @count if they are
 *	there; 0 stands for 1. SEND_BATCH waits for room for all: 0.
 * @reserved: in: 0.
 *
 * Sends or receives messages, each as SEND or RECV does with its struct, one
 * after another; others may come between. Structs are read some time before their
 * message is sent or received, which shows only where they overlap with payloads. A
 * PEEK looks at what is there each time, so two may see the same message. Waiting is
 * the batch's matter: in the structs @deadline is 0 and of the flags only HOLD and
 * PEEK may be set.
 *
 * Returns how many were sent or received. If one fails the call ends there, and
 * is an error only if that is the first; that one's EMSGSIZE leaves its @len
 * behind.
 *
 * Errors: those of SEND and RECV; EINVAL (@count, @stride, @min above @count,
 * or a struct that says how to wait).
 */
struct kchan_batch {
	__u32 size;
	__u32 flags;
	__u64 items;
	__u32 count;
	__u32 stride;
	__u64 deadline;
	__u32 min;
	__u32 reserved;
};

/**
 * DOC: pools and slots
 *
 * A channel made with &struct kchan_create.slots has a *pool*: memory that its
 * users map, so that payloads are not copied. It consists of slots of one size,
 * numbered from 0; slot n begins n times slot_size bytes into the pool. Each
 * message of the channel is in a slot, those of write(2) and SEND too.
 *
 * The module knows of each slot whose it is:
 *
 * - *free*;
 * - *loaned* to an endpoint, by LOAN: its to fill, and to PUBLISH;
 * - *queued*: it is that of a message which is in the queue, on its way there or
 *   to a receiver, received by copy with HOLD, or in a dead-letter channel;
 * - *taken* by an endpoint, by TAKE: its to read until RELEASE.
 *
 * What an endpoint has on loan is free again when its last reference goes,
 * however its process ended, and what it has taken likewise; what it took with HOLD
 * is put back into the queue. The number of a slot is a claim: EPERM if it is not
 * the endpoint's, EINVAL if there is none.
 *
 * All else is as with any message: priority, tag, expiry, filters, overflow,
 * dead letters, counters. read(2) and RECV copy it out of the slot, and the slot is
 * free then. A part that nobody has written reads as zeros. Where there is no memory
 * for a slot, or for what of it was swapped out, calls fail with ENOMEM, and where that
 * cannot be read with EIO; a message that was to be received is put back.
 *
 * write(2) and SEND need a free slot, too, and wait for one. Where overflow is DROP
 * they drop the message that is worth least, as LOAN does; that is lost also if the
 * call then fails (EFAULT, ENOMEM). If that one is worth more or would not set its
 * slot free, the new one is dropped instead; it is copied and charged for that
 * moment as in a channel without a pool.
 *
 * The pool is mapped through a descriptor from POOL_FD, or by mmap(2) of an
 * endpoint that is open for reading: at offset 0, MAP_SHARED. Who may send may
 * write all of it, and who may only receive may read all of it: a pool is one
 * domain of trust, and the module takes nothing of what it finds there for
 * anything but payload. With RECV_COPY it is not mapped by who may only
 * receive, who cannot TAKE then.
 *
 * Memory comes when a slot is first loaned, zeroed, and is charged to the memory
 * cgroup of who made the channel. With ZERO_SLOTS a slot is zero at each loan.
 * The size never changes, and the pool stays while it is mapped or a descriptor
 * of it is open, whatever becomes of the channel.
 *
 * A pool counts against net.kchan.max_pool_bytes_user of who made the channel:
 * its slots, and %KCHAN_SLOT_OVERHEAD bytes for each; as long as the channel or an
 * endpoint is there.
 *
 * To all commands of pools the channel must have one: else EOPNOTSUPP. Their
 * field @pool is 0, the channel's only one: else EINVAL.
 */
#define KCHAN_SLOT_OVERHEAD	256

/* No slot. */
#define KCHAN_SLOT_NONE		0xffffffffU

/**
 * struct kchan_pool_fd - argument of %KCHAN_IOC_POOL_FD
 * @size: in: sizeof of the caller's struct.
 * @flags: in: 0.
 * @pool: in: 0.
 * @fd: out: a descriptor of the pool, close-on-exec: for reading and writing if
 *	the endpoint is open for writing, else for reading only.
 * @slots: out: how many slots it has.
 * @slot_size: out: bytes of each.
 * @bytes: out: bytes of all.
 *
 * Gives a descriptor of the pool, a file of its own that takes mmap(2), read(2)
 * and the like, and in which nothing but its bytes can be changed: ftruncate(2),
 * seals, and without the capabilities of root fchmod(2), fchown(2) and a second
 * open through /proc are refused.
 *
 * Errors, beside those of all commands and pools: EACCES (the channel was made
 * with RECV_COPY, and the endpoint is open for reading only), EIDRM (revoked, or
 * the namespace is gone), EMFILE and ENFILE, ENOMEM.
 */
struct kchan_pool_fd {
	__u32 size;
	__u32 flags;
	__u32 pool;
	__s32 fd;
	__u32 slots;
	__u32 slot_size;
	__u64 bytes;
};

/**
 * struct kchan_loan - argument of %KCHAN_IOC_LOAN
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER: as in &struct kchan_send.
 * @pool: in: 0.
 * @slot: out: the number of the slot, or of the first; without @count only.
 * @deadline: in: as in &struct kchan_send.
 * @slots: in: address of an array of __u32 that takes the numbers; 0: there is
 *	only @slot.
 * @count: in: how many there are room for, 1 to %KCHAN_BATCH_MAX; without
 *	@slots: 0.
 * @reserved: in: 0.
 *
 * Loans slots. While none is free the call waits, and is served in the order
 * in which it came; what is free beyond the first one is taken without waiting. The
 * endpoint must be open for writing.
 *
 * Where the channel's overflow is REJECT it fails instead (ENOSPC). Where it is
 * DROP the message is dropped for the first slot that is worth least; the call waits
 * if there is none, or that would not set its slot free: dead ones go to a
 * dead-letter channel, it came as one, or somebody just looks at it.
 *
 * Returns how many slots that were.
 *
 * Errors, beside those of all commands and pools: EAGAIN, EBADF (not open for
 * writing), EIDRM, EINTR, EINVAL (@slots and @count do not go together),
 * ENOMEM (for the memory of the slot), ENOSPC, EPIPE, ETIMEDOUT: as SEND.
 */
struct kchan_loan {
	__u32 size;
	__u32 flags;
	__u32 pool;
	__u32 slot;
	__u64 deadline;
	__u64 slots;
	__u32 count;
	__u32 reserved;
};

/* &struct kchan_publish.flags */
#define KCHAN_PUBLISH_LOAN	(1U << 4)	/* loan another, into @next */

/**
 * struct kchan_publish - argument of %KCHAN_IOC_PUBLISH
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER: as in &struct kchan_send;
 *	%KCHAN_PUBLISH_LOAN.
 * @slot: in: a slot that the endpoint has on loan.
 * @len: in: bytes of payload, from its beginning, 0 to the channel's msgsize.
 * @prio: in: as in &struct kchan_send; likewise the next three.
 * @pool: in: 0.
 * @tag: in.
 * @deadline: in.
 * @expiry: in.
 * @seq: out: as in &struct kchan_send.
 * @next: out: with %KCHAN_PUBLISH_LOAN a slot that is loaned now,
 *	%KCHAN_SLOT_NONE if that failed.
 * @reserved: in: 0.
 *
 * Sends what is in a slot as a message. The slot is no more the endpoint's, and who
 * sends must not write there any more, though nothing keeps him from it. If the
 * call fails it stays loaned.
 *
 * With %KCHAN_PUBLISH_LOAN a slot is loaned then as LOAN does it. That waits
 * as the call does, but does not make it fail: the message is sent. It drops no
 * message: with an overflow other than BLOCK it only takes a slot that is free.
 *
 * Errors, beside those of pools: those of SEND but for EDQUOT; EINVAL (there is
 * no slot @slot), EPERM (it is not on loan to the endpoint).
 */
struct kchan_publish {
	__u32 size;
	__u32 flags;
	__u32 slot;
	__u32 len;
	__u32 prio;
	__u32 pool;
	__u64 tag;
	__u64 deadline;
	__u64 expiry;
	__u64 seq;
	__u32 next;
	__u32 reserved;
};

/* &struct kchan_take.flags */
#define KCHAN_TAKE_RELEASE	(1U << 5)	/* release @release first */
#define KCHAN_TAKE_BRIEF	(1U << 6)	/* tell nothing beyond @seq */

/**
 * struct kchan_take - argument of %KCHAN_IOC_TAKE
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK, %KCHAN_NEED_PEER, %KCHAN_HOLD: as in &struct
 *	kchan_recv; %KCHAN_TAKE_RELEASE; %KCHAN_TAKE_BRIEF: what follows @seq is not
 *	told, and stays as it is.
 * @release: in, out: with %KCHAN_TAKE_RELEASE a slot to RELEASE first, or
 *	%KCHAN_SLOT_NONE; else 0. It is released whatever becomes of the rest of
 *	the call, and then this is %KCHAN_SLOT_NONE, also if the call fails.
 * @filter: in: as in &struct kchan_recv; likewise the next two.
 * @value: in.
 * @deadline: in.
 * @slot: out: the slot that the message is in.
 * @len: out: as in &struct kchan_recv; likewise all that follow but @pool.
 * @tag: out.
 * @seq: out.
 * @time: out.
 * @prio: out.
 * @deliveries: out.
 * @pid: out.
 * @uid: out.
 * @gid: out.
 * @reason: out.
 * @expiry: out.
 * @origin: out.
 * @pool: out: 0.
 * @reserved: out: 0.
 *
 * Receives a message where it is: its slot is the endpoint's until RELEASE. With
 * HOLD the message is held as well; then RELEASE is its ACK and ACK its RELEASE,
 * and after NACK the slot is no more the endpoint's.
 *
 * Errors, beside those of pools: those of RECV but for EMSGSIZE; those of
 * RELEASE for @release; EACCES (the channel was made with RECV_COPY, and the
 * endpoint is open for reading only), EXDEV (the message is not in a slot of this
 * pool, but came as a dead one from another channel: RECV takes it).
 */
struct kchan_take {
	__u32 size;
	__u32 flags;
	__u32 release;
	__u32 filter;
	__u64 value;
	__u64 deadline;
	__u32 slot;
	__u32 len;
	__u64 tag;
	__u64 seq;
	__u64 time;
	__u32 prio;
	__u32 deliveries;
	__u32 pid;
	__u32 uid;
	__u32 gid;
	__u32 reason;
	__u64 expiry;
	__u64 origin;
	__u32 pool;
	__u32 reserved;
};

/**
 * struct kchan_release - argument of %KCHAN_IOC_RELEASE
 * @size: in: sizeof of the caller's struct.
 * @flags: in: 0.
 * @pool: in: 0.
 * @slot: in: a slot that the endpoint has taken, or has on loan; with @slots:
 *	0.
 * @slots: in: address of an array of __u32, such slots; 0: there is only @slot.
 * @count: in: how many there are, 1 to %KCHAN_BATCH_MAX; without @slots: 0.
 * @reserved: in: 0.
 *
 * Gives slots back: they are free. A message that was taken with HOLD is
 * acknowledged.
 *
 * Returns how many that were. They are dealt with one after another: if one is not
 * the endpoint's, or cannot be read, the call ends there, and is an error
 * only if that is the first.
 *
 * Errors, beside those of all commands and pools: EIDRM (revoked, or the
 * namespace is gone), EINVAL (there is no such slot; @slot, @slots and @count do
 * not go together), EPERM (the slot is not the endpoint's).
 */
struct kchan_release {
	__u32 size;
	__u32 flags;
	__u32 pool;
	__u32 slot;
	__u64 slots;
	__u32 count;
	__u32 reserved;
};

/**
 * DOC: PUBLISH_BATCH and TAKE_BATCH
 *
 * Take &struct kchan_batch, as SEND_BATCH and RECV_BATCH do, with items that are
 * &struct kchan_publish and &struct kchan_take.
 */

/* &struct kchan_state.flags */
#define KCHAN_STATE_AUTO	(1U << 0)	/* gone with its last endpoint */
#define KCHAN_STATE_NAMED	(1U << 1)	/* has a name now */
#define KCHAN_STATE_ZERO_SLOTS	(1U << 2)	/* made with it; likewise the next */
#define KCHAN_STATE_RECV_COPY	(1U << 3)

/* &struct kchan_state.residence: this many powers of two. */
#define KCHAN_RESIDENCE_BUCKETS	32
#define KCHAN_RESIDENCE_SHIFT	10

/**
 * struct kchan_state - argument of %KCHAN_IOC_STATE
 * @size: in: sizeof of the caller's struct.
 * @flags: out: KCHAN_STATE_* bits.
 * @id: out: the channel's number, unique in its instance as long as the
 *	module is loaded; also the inode number (st_ino).
 * @kind: out: KCHAN_KIND_*.
 * @key: out: as given to CREATE; 0 if made by open(2).
 * @depth: out: messages that the queue holds at most.
 * @msgsize: out: bytes of one message at most.
 * @bytes: out: payload bytes that the queue holds at most.
 * @queued: out: messages in the queue.
 * @queued_max: out: the most that it ever held.
 * @queued_bytes: out: payload bytes in the queue (also st_size).
 * @queued_bytes_max: out: the most that it ever held.
 * @senders: out: endpoints open for writing.
 * @receivers: out: endpoints open for reading.
 * @waiting_senders: out: calls that wait for room, or for a slot.
 * @waiting_receivers: out: calls that wait for a message.
 * @creator_pid: out: process that made the channel.
 * @creator_uid: out: its effective user.
 * @creator_gid: out: its effective group.
 * @send_pid: out: process that sent last; 0: none.
 * @recv_pid: out: process that received last; 0: none.
 * @reserved: out: 0.
 * @create_time: out: when the channel was made.
 * @send_time: out: when the last message entered the queue; 0: none has.
 * @recv_time: out: when the last message left the queue, or in the same clock tick
 *	(of 1/CONFIG_HZ seconds) the first; 0: none has.
 * @sent: out: messages that entered the queue.
 * @sent_bytes: out: their payload.
 * @received: out: messages that left the queue for a receiver and were not put
 *	back; held ones count from their ACK on. Always @sent is @received plus
 *	@queued plus @held plus all of @dropped and @dead_lettered.
 * @received_bytes: out: their payload.
 * @returned: out: messages put back because the receiver could not be given
 *	them, sent them back, or closed the endpoint that held them.
 * @full: out: how often a message did not fit, or there was no slot to loan: its
 *	sender waited or failed. Not counted where @overflow is DROP.
 * @residence: out: time in queue of messages handed to a receiver (counted again
 *	if put back): [0] below 2^10 ns, [i] below 2^(10 + i) ns, the last all that
 *	is longer. A sample: of those that leave in one clock tick the first is
 *	counted, so that of up to CONFIG_HZ in a second all may be.
 * @overflow: out: as given to CREATE; likewise the next two.
 * @max_deliveries: out.
 * @ttl: out.
 * @dead_letter: out: number of the dead-letter channel, which may be gone; 0:
 *	none.
 * @held: out: messages that endpoints hold.
 * @held_max: out: the most that they ever held.
 * @held_bytes: out: payload bytes of those held.
 * @rejected: out: messages that were not sent, and slots that were not loaned,
 *	because the queue was full and @overflow is REJECT; not in @sent.
 * @dropped: out: dead messages that were dropped, by reason: KCHAN_DEAD_*. [0]:
 *	those that the dead-letter channel did not take, for whatever reason
 *	they died.
 * @dead_lettered: out: dead messages that went there, or are on the way, by
 *	reason; [0] is 0.
 * @slots: out: slots of the pool; 0: there is none.
 * @slot_size: out: bytes of each.
 * @slots_free: out: those that are free.
 * @slots_loaned: out: those that are loaned to endpoints.
 * @slots_taken: out: those that endpoints have taken. All others are queued.
 * @pool_users: out: descriptors of the pool that are open, or were mapped and
 *	closed, and mappings made of endpoints.
 *
 * Attributes, state and statistics of the channel, all of one moment. Any
 * endpoint takes it.
 *
 * Errors, beside those of all commands: EIDRM (revoked, or the namespace is
 * gone).
 */
struct kchan_state {
	__u32 size;
	__u32 flags;
	__u64 id;
	__u32 kind;
	__u32 key;
	__u32 depth;
	__u32 msgsize;
	__u64 bytes;
	__u32 queued;
	__u32 queued_max;
	__u64 queued_bytes;
	__u64 queued_bytes_max;
	__u32 senders;
	__u32 receivers;
	__u32 waiting_senders;
	__u32 waiting_receivers;
	__u32 creator_pid;
	__u32 creator_uid;
	__u32 creator_gid;
	__u32 send_pid;
	__u32 recv_pid;
	__u32 reserved;
	__u64 create_time;
	__u64 send_time;
	__u64 recv_time;
	__u64 sent;
	__u64 sent_bytes;
	__u64 received;
	__u64 received_bytes;
	__u64 returned;
	__u64 full;
	__u64 residence[KCHAN_RESIDENCE_BUCKETS];
	__u32 overflow;
	__u32 max_deliveries;
	__u64 ttl;
	__u64 dead_letter;
	__u32 held;
	__u32 held_max;
	__u64 held_bytes;
	__u64 rejected;
	__u64 dropped[KCHAN_DEAD_REASONS];
	__u64 dead_lettered[KCHAN_DEAD_REASONS];
	__u32 slots;
	__u32 slot_size;
	__u32 slots_free;
	__u32 slots_loaned;
	__u32 slots_taken;
	__u32 pool_users;
};

/**
 * DOC: KCHAN_IOC_REVOKE
 *
 * Takes 0 as its argument (else EINVAL). Removes the channel's name if it has
 * one, drops what is queued, and ends every endpoint, the caller's own included:
 * waiting calls and all later ones fail with EIDRM, poll(2) says EPOLLHUP and
 * EPOLLERR. Only the owner of the channel (st_uid) or a holder of CAP_FOWNER may
 * do it, through any endpoint: else EPERM. A second time: EIDRM. Where it has a
 * name: EROFS (the endpoint was opened through a mount that is read-only), EACCES (a
 * security module forbids to remove the name).
 */

#endif /* _UAPI_LINUX_KCHAN_H */
