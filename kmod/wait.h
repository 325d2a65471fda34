/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_WAIT_H
#define _KCHAN_WAIT_H

#include <linux/list.h>
#include <linux/types.h>

struct kchan_msg;
struct pid;
struct task_struct;

/**
 * struct kchan_waitq - calls that wait for one thing
 * @realtime: waiting real-time tasks, by priority, then arrival; served first
 * @others: all other tasks, by arrival
 * @count: how many there are in both
 * @needing_peer: how many of them have @need_peer
 *
 * All of it under the owner's lock.
 */
struct kchan_waitq {
	struct list_head realtime;
	struct list_head others;
	u32 count;
	u32 needing_peer;
};

/**
 * struct kchan_waiting - how many calls of one participant wait, in any queue
 * @count: the calls
 * @since: CLOCK_MONOTONIC ns: from then on there has always been one
 *
 * All of it under the owner's lock.
 */
struct kchan_waiting {
	u32 count;
	u64 since;
};

/**
 * struct kchan_waiter - one call that waits, on its own stack
 * @node: in the queue of waiters [owner's lock]
 * @account: where it is counted [owner's lock]
 * @task: who waits
 * @pid: its process; the sleeper keeps it alive
 * @rank: order of service among real-time tasks: lower first
 * @need_peer: fails with EPIPE when the other side is gone
 * @done: the call is served; @status, @msg and @seq are final [see wait.c]
 * @status: 0 or a negative errno
 * @capacity: a receiver's buffer; after EMSGSIZE what it would have to be
 * @msg: a sender's message, its own until @done with @status 0; what a receiver
 *	is given
 * @seq: number given to a sender's message
 */
struct kchan_waiter {
	struct list_head node;
	struct kchan_waiting *account;
	struct task_struct *task;
	struct pid *pid;
	int rank;
	bool need_peer;
	bool done;
	int status;
	u32 capacity;
	struct kchan_msg *msg;
	u64 seq;
};

#define KCHAN_WAKES	8

/**
 * struct kchan_wakes - tasks to wake once the lock is dropped
 * @count: how many
 * @task: the tasks, referenced
 */
struct kchan_wakes {
	unsigned int count;
	struct task_struct *task[KCHAN_WAKES];
};

static inline bool kchan_wakes_full(const struct kchan_wakes *wakes)
{
	return wakes->count == KCHAN_WAKES;
}

void kchan_waitq_init(struct kchan_waitq *queue);
struct kchan_waiter *kchan_waitq_first(struct kchan_waitq *queue);
struct kchan_waiter *kchan_waitq_first_needing_peer(struct kchan_waitq *queue);
void kchan_wait_begin(struct kchan_waitq *queue, struct kchan_waiter *waiter);
void kchan_wait_cancel(struct kchan_waitq *queue, struct kchan_waiter *waiter);
void kchan_wait_complete(struct kchan_waitq *queue, struct kchan_waiter *waiter,
			 int status, struct kchan_wakes *wakes);
int kchan_wait_sleep(struct kchan_waiter *waiter, u64 deadline);
void kchan_wakes_run(struct kchan_wakes *wakes);

#endif /* _KCHAN_WAIT_H */
