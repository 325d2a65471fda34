/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: what the tables share. Whoever adds a call adds a row, in one
 * valid form, to the table of its kind.
 */
#ifndef KCHAN_FAULT_H
#define KCHAN_FAULT_H

#define KCHAN_TEST_LIB
#include "../kchan_netlink.h"

/*
 * Not so much that it takes vmalloc: there kmemleak warns of its own injected
 * fault under a raw spinlock, which lockdep then reports.
 */
#define LARGE	30000
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct row - one call in one valid form
 * @name: its name
 * @prepare: what it needs, or NULL
 * @call: returns a negative errno where it fails
 * @check: after that, without faults: returns what is wrong; or NULL
 * @undo: takes back what @prepare and a successful @call did, or NULL
 * @netlink: the error may be ENOBUFS
 * @faultless: it allocates and copies nothing, so that nothing can fail
 * @foreign: others' code fails in it, too, with errors of its own
 * @slow: for --full only
 */
struct row {
	const char *name;
	void (*prepare)(void);
	int (*call)(void);
	const char *(*check)(int ret);
	void (*undo)(void);
	bool netlink;
	bool faultless;
	bool foreign;
	bool slow;
};

struct table {
	const struct row *rows;
	size_t count;
};

extern const struct table call_rows;	/* calls.c */
extern const struct table queue_rows;	/* queue.c */
extern const struct table look_rows;	/* look.c */
extern const struct table pool_rows;	/* pool.c */

extern struct kc_env env;
extern int fd;		/* of the channel "q", for both, nonblocking */
extern int dir;		/* the root directory */
extern int made[2];	/* descriptors that the call returned */
extern char *buf;	/* of LARGE bytes */
extern char spot[];	/* to mount at: the VFS takes no same mount twice */

const char *path(const char *name);
void close_made(void);
int keep(int ret);
void drain(void);
uint64_t pool_bytes(void);

/* look.c */
extern int full;	/* a channel with room for one message, which it has */

bool make_others(void);
void make_listener(void);
const char *check_told(int ret, enum kchan_event event);

/* calls.c */
int do_ioctl_open(void);
int do_create(void);
int do_create_unnamed(void);
int do_rename(void);
int do_unlink(void);
int do_remove(void);
void make_new(void);
void undo_new(void);
void undo_rename(void);

#endif /* KCHAN_FAULT_H */
