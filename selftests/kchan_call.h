/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that wait or stall, as the tests make them. They return as in kchan_test.h. */
#ifndef KCHAN_CALL_H
#define KCHAN_CALL_H

#include "kchan_test.h"

/* How a call of a struct kc_call is made. */
enum kc_op { KC_RECV, KC_SEND, KC_READ, KC_WRITE, KC_POLL, KC_SLOT };

/**
 * struct kc_call - a call made by a thread of its own
 * @op: which
 * @fd: of what
 * @recv: argument of KC_RECV, made by kc_receiver()
 * @send: argument of KC_SEND, made by kc_sender()
 * @cmd: of KC_SLOT: LOAN, PUBLISH or TAKE, made by kp_loaner() and the like
 * @loan: its argument, or one of the next two
 * @publish: likewise
 * @take: likewise
 * @len: bytes to write, or what fits
 * @events: of KC_POLL; what it says is the call's result
 * @buf: what is sent, or was received
 * @at: unless NULL: the buffer instead of @buf
 * @rt_prio: above 0: the thread's real-time priority
 * @tid: the thread
 * @done: the call has returned
 * @ret: what it returned, or -errno
 */
struct kc_call {
	enum kc_op op;
	int fd;
	struct kchan_recv recv;
	struct kchan_send send;
	unsigned int cmd;
	union {
		struct kchan_loan loan;
		struct kchan_publish publish;
		struct kchan_take take;
	};
	unsigned int len;
	short events;
	char buf[64];
	void *at;
	int rt_prio;
	pid_t tid;
	bool done;
	int ret;
	pthread_t thread;
};

struct kc_call kc_call(enum kc_op op, int fd, unsigned int len);
struct kc_call kc_receiver(int fd);
struct kc_call kc_sender(int fd, uint64_t tag, unsigned int len);
int kc_start(struct kc_call *call);
bool kc_done(const struct kc_call *call);
int kc_join(struct kc_call *call);

/**
 * struct kc_trap - memory whose first use stalls until it is let go
 * @uffd: the userfaultfd
 * @page: the memory
 *
 * As the kernel copies with no lock held, nobody else is stopped by that.
 */
struct kc_trap {
	int uffd;
	char *page;
};

bool kc_trap_set(struct kc_trap *t);
bool kc_trapped(struct kc_trap *t);
int kc_trap_fill(struct kc_trap *t, const char *text);
int kc_trap_take_away(struct kc_trap *t);

#endif /* KCHAN_CALL_H */
