/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to move messages, one like the other. */
#ifndef KCHAN_BENCH_PEER_H
#define KCHAN_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a peer can do, and a measure needs. */
#define CAN_WAIT (1U << 0) /* to wait, for another process to do its part */
#define CAN_SHARE (1U << 1) /* several senders and receivers at one */
#define CAN_TOUCH (1U << 2) /* one message at a time, whose bytes are at hand */
#define CAN_FILL (1U << 3) /* an attempt on a full one that fails */
#define CAN_EMPTY (1U << 4) /* an attempt on an empty one that fails */
#define CAN_PRIO (1U << 5) /* priorities, and any number queued */
#define CAN_STORE (1U << 6) /* messages in memory that /proc/slabinfo shows */
#define CAN_EXIST (1U << 7) /* to be made, left alone, and removed */

/* What a process does with a link. */
#define SENDS (1U << 0)
#define RECEIVES (1U << 1)

#define NOTE_SIZE 96
#define BATCH 32

struct peer;

/**
 * struct link - one queue, pipe or pair of sockets
 * @peer: of which kind
 * @number: from 0, for its name
 * @size: bytes of each message
 * @chunk: bytes of each call; less than @size only where one process sends more than
 *	fits and so has to receive in between
 * @at: where in the message the call is
 * @depth: messages that must fit; 0: as many as usual
 * @prio: of the next message
 * @nowait: calls fail instead of waiting
 * @in: descriptor, or identifier, to receive with; -1: none
 * @out: likewise to send with
 * @put: where the next message is written
 * @got: where the last one that was received lies
 * @state: the peer's own
 * @note: why it cannot be measured, NOTE_SIZE bytes
 *
 * It lies in memory that is shared with the process that started the row, so that what
 * outlives a process is removed even if that one is killed.
 */
struct link {
	const struct peer *peer;
	unsigned int number;
	size_t size;
	size_t chunk;
	size_t at;
	unsigned int depth;
	unsigned int prio;
	bool nowait;
	int in;
	int out;
	char *put;
	char *got;
	void *state;
	char *note;
};

/**
 * struct peer - a way to move messages
 * @name: as it is chosen
 * @what: for --list
 * @can: CAN_* bits
 * @batch: messages of each call; 0: one
 * @chunk: bytes that one process can surely send before it receives; 0: one message
 * @still: payloads stay where they are, so their size costs nothing
 * @outlives: it stays when its process ends, until @destroy
 * @make: before the processes that use it are started; this and what follows are NULL
 *	where it is only made and removed, by the last two
 * @attach: in each of them, for what it does: SENDS, RECEIVES; NULL: as
 *	link_buffers()
 * @send: a message from @put
 * @receive: a message to @got
 * @detach: what cannot be left to the end of a process; NULL: nothing
 * @nonblock: makes both fail instead of waiting, if link.nowait does not say it all
 * @create: for CAN_EXIST: makes one that nobody uses
 * @destroy: removes what @create or @make made
 *
 * All return 0 or a negative errno.
 */
struct peer {
	const char *name;
	const char *what;
	unsigned int can;
	unsigned int batch;
	size_t chunk;
	bool still;
	bool outlives;
	int (*make)(struct link *link);
	int (*attach)(struct link *link, unsigned int roles);
	int (*send)(struct link *link);
	int (*receive)(struct link *link);
	void (*detach)(struct link *link);
	int (*nonblock)(struct link *link);
	int (*create)(struct link *link);
	int (*destroy)(struct link *link);
};

/* All there are; the last is NULL. */
extern const struct peer *const peers[];

/* Buffers of link.size bytes for @put and @got. */
int link_buffers(struct link *link);
/* Notes why a link cannot be measured. Return: -ENOTSUP. */
int link_refuse(struct link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The name of a link, beginning with @prefix; no other link of any process has it. */
#define LINK_NAME_SIZE 64
char *link_name(const struct link *link, const char *prefix, char *name);
/*
 * Finds functions in a library, which need not be installed. @to is the address of a
 * pointer to one; the last has no name.
 */
struct symbol {
	const char *name;
	void *to;
};
int link_load(struct link *link, const char *library,
	      const struct symbol *symbols);
/* Closes both descriptors. */
int link_close(struct link *link);
/* For a peer whose calls look at link.nowait. */
int link_nowait(struct link *link);
/* The number in a file of /proc; 0 where there is none. */
uint64_t read_number(const char *path);

#endif /* KCHAN_BENCH_PEER_H */
