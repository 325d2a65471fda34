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
 * A *directory* of a mounted kchanfs, opened for reading, takes the same commands.
 * Names are relative to it, and what goes for its mount goes for them: read-only,
 * the path that security modules see.
 *
 * An *endpoint* is an open file of a channel, made by CREATE, by OPEN or by
 * open(2) of the channel's name in a mounted kchanfs. Its access mode is its
 * role: O_WRONLY sends, O_RDONLY receives, O_RDWR does both. It takes write(2),
 * read(2), poll(2) and %KCHAN_IOC_SEND, %KCHAN_IOC_RECV, %KCHAN_IOC_STATE,
 * %KCHAN_IOC_REVOKE, %KCHAN_IOC_FEATURES.
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
 * know, and clears what only the caller knows; REMOVE has nothing to write. A call
 * that fails changes nothing, and leaves the caller's struct as it was; the
 * exceptions are the one named at &struct kchan_recv, and EFAULT, which may come
 * when part of it is written.
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
 *	0: the default, or @msgsize where that is more.
 * @fd: out: the descriptor; with PAIR the receiving end.
 * @fd_send: out: with PAIR the sending end, else -1.
 *
 * Makes a channel and opens it; where the name is taken and EXCL is not given,
 * opens what is there, as OPEN does, and leaves its attributes alone. A new
 * channel is opened with any access mode, whatever @mode says. The defaults are
 * KCHAN_*_DEFAULT, or the namespace's ceiling where that is lower.
 *
 * Errors, beside those of all commands and those of &struct kchan_open:
 * EEXIST (EXCL, and the name is taken), EINVAL (a malformed name, @mode above
 * 0777, an unknown @kind, @bytes below @msgsize, PAIR with a name, EXCL or AUTO
 * without one), ENAMETOOLONG, ERANGE (@depth, @msgsize or @bytes above
 * net.kchan.max_depth, .max_msgsize, .max_bytes), EDQUOT (the caller's user has
 * net.kchan.max_channels_user channels and directories), ENOSPC (the namespace
 * has net.kchan.max_channels), EROFS (the directory's mount is read-only), EXDEV
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
};

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
 * ENOTDIR.
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
 * With NOW ends all use and then removes the name, as %KCHAN_IOC_REVOKE does. That
 * takes owning the channel, or CAP_FOWNER, and waits for nobody.
 *
 * A name takes search permission on all directories on the way, too; an id does
 * not.
 *
 * Errors, beside those of all commands: EACCES, EIDRM (the namespace is gone; with
 * NOW: revoked already), EBUSY (something is mounted on the name), EINVAL (neither name nor id, a malformed name, or an id
 * alone on a directory), EISDIR, ENAMETOOLONG, ENOENT (no such channel, or it has
 * another id, or no name), ENOMEM, ENOTDIR, EPERM, EROFS, EXDEV.
 */
struct kchan_remove {
	__u32 size;
	__u32 flags;
	__u64 name;
	__u64 id;
};

/* &struct kchan_send.flags and &struct kchan_recv.flags */
#define KCHAN_NONBLOCK		(1U << 0)	/* EAGAIN instead of waiting */
#define KCHAN_NEED_PEER		(1U << 1)	/* EPIPE instead of waiting for nobody,
						 * also where NONBLOCK says EAGAIN
						 */

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
 *
 * Sends one message. The endpoint must be open for writing. The sender is shown
 * to the receiver with the effective user and group of who opened the endpoint
 * and the process id of who calls.
 *
 * While the queue is full the call waits; senders are served in the order in
 * which they came, real-time tasks first by priority. write(2) is this command
 * with priority 0 and tag 0, except that it sends nothing for 0 bytes.
 *
 * Errors, beside those of all commands: EAGAIN (would wait, and NONBLOCK or
 * O_NONBLOCK), EBADF (not open for writing), EDQUOT (the messages that the user
 * of the endpoint has queued reach net.kchan.max_bytes_user), EIDRM (revoked, or
 * the namespace is gone), EINTR (a signal; restarted with SA_RESTART), EINVAL
 * (@prio), EMSGSIZE (@len above msgsize), ENOMEM, EPIPE (would wait, NEED_PEER,
 * and no receiver is open), ETIMEDOUT (the deadline passed).
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
};

/**
 * struct kchan_recv - argument of %KCHAN_IOC_RECV
 * @size: in: sizeof of the caller's struct.
 * @flags: in: %KCHAN_NONBLOCK (as O_NONBLOCK of the endpoint), %KCHAN_NEED_PEER
 *	(do not wait for a message while no sender is open).
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
 *	whose process was killed, and so put the message back.
 * @pid: out: the sending process.
 * @uid: out: effective user of who opened the sending endpoint.
 * @gid: out: effective group of the same.
 * @reserved: in: 0.
 *
 * Receives the first message of the highest priority; it leaves the queue. The
 * endpoint must be open for reading. A message that does not fit stays queued
 * (EMSGSIZE). If the buffer cannot be written (EFAULT) the message goes back to
 * the front of its priority; another receiver may have taken a later one
 * meanwhile.
 *
 * While the queue is empty the call waits; receivers are served in the order in
 * which they came, real-time tasks first by priority. read(2) is this command
 * without the metadata, except that it does nothing for 0 bytes; of an empty
 * message it returns 0.
 *
 * Errors, beside those of all commands: EAGAIN (would wait, and NONBLOCK or
 * O_NONBLOCK), EBADF (not open for reading), EIDRM (revoked, or the namespace is
 * gone), EINTR (a signal; restarted with SA_RESTART), EMSGSIZE, EPIPE (would
 * wait, NEED_PEER, and no sender is open), ETIMEDOUT (the deadline passed).
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
	__u32 reserved;
};

/* &struct kchan_state.flags */
#define KCHAN_STATE_AUTO	(1U << 0)	/* gone with its last endpoint */
#define KCHAN_STATE_NAMED	(1U << 1)	/* has a name now */

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
 * @waiting_senders: out: calls that wait for room.
 * @waiting_receivers: out: calls that wait for a message.
 * @creator_pid: out: process that made the channel.
 * @creator_uid: out: its effective user.
 * @creator_gid: out: its effective group.
 * @send_pid: out: process that sent last; 0: none.
 * @recv_pid: out: process that received last; 0: none.
 * @reserved: out: 0.
 * @create_time: out: when the channel was made.
 * @send_time: out: when the last message entered the queue; 0: none has.
 * @recv_time: out: when the last message left the queue; 0: none has.
 * @sent: out: messages that entered the queue.
 * @sent_bytes: out: their payload.
 * @received: out: messages that left the queue for a receiver and were not put
 *	back: @sent is @received plus @queued.
 * @received_bytes: out: their payload.
 * @returned: out: messages put back because the receiver could not be given
 *	them.
 * @full: out: how often a message did not fit: its sender waited or failed.
 * @residence: out: time in queue of each message handed to a receiver (counted
 *	again if put back): [0] below 2^10 ns, [i] below 2^(10 + i) ns, the
 *	last all that is longer. Every message is counted; none is sampled.
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
};

/**
 * DOC: KCHAN_IOC_REVOKE
 *
 * Takes 0 as its argument (else EINVAL). Removes the channel's name if it has
 * one, drops what is queued, and ends every endpoint, the caller's own included:
 * waiting calls and all later ones fail with EIDRM, poll(2) says EPOLLHUP and
 * EPOLLERR. Only the owner of the channel (st_uid) or a holder of CAP_FOWNER may
 * do it, through any endpoint: else EPERM. A second time: EIDRM.
 */

#endif /* _UAPI_LINUX_KCHAN_H */
