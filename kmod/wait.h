/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_WAIT_H
#define _KCHAN_WAIT_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/types.h>

#include "filter.h"

struct kchan_endpoint;
struct kchan_msg;
struct pid;

/**
 * struct kchan_waitq - calls that wait for one thing
 * @alone: who waits without a filter and without company, in none of the lists
 * @realtime: waiting real-time tasks, by priority, then arrival; served first
 * @others: all other tasks, by arrival
 * @tagged: those who want one tag, by tag, then the order of service
 * @picky: those with another filter, in the order of service
 * @served: those who have got what they want and are to be told so
 * @arrivals: how many there ever were, but for those who were always @alone
 * @count: how many there are in all
 * @filtered: how many of them are in @tagged and @picky
 * @needing_peer: how many of them have @need_peer, but for @alone
 *
 * All of it under the owner's lock.
 */
struct kchan_waitq {
	struct kchan_waiter *alone;
	struct list_head realtime;
	struct list_head others;
	struct rb_root tagged;
	struct list_head picky;
	struct list_head served;
	u64 arrivals;
	u32 count;
	u32 filtered;
	u32 needing_peer;
};

/**
 * struct kchan_waiting - how many calls of one participant wait, in any queue
 * @count: the calls
 * @tick: from then on there has always been one, in jiffies
 * @since: the same in CLOCK_MONOTONIC ns, once somebody has asked, or 0
 *
 * All of it under the owner's lock.
 */
struct kchan_waiting {
	u32 count;
	unsigned long tick;
	u64 since;
};

/**
 * struct kchan_waiter - one call that waits, on its own stack
 * @node: in a list of the queue of waiters [owner's lock]
 * @rb: or in its tree [owner's lock]
 * @account: where it is counted [owner's lock]
 * @task: who waits
 * @pid: its process; the sleeper keeps it alive
 * @rank: order of service, lower first: by the task's priority when it came, or when it
 *	was no more alone
 * @arrival: order of service among those of one rank
 * @filter: which messages a receiver wants
 * @holder: the endpoint that is to hold the message, or NULL
 * @taker: the endpoint that is to take its slot, or NULL
 * @served: it is in @served of the queue; not done yet, but will be [owner's lock]
 * @need_peer: fails with EPIPE when the other side is gone
 * @done: the call is served; @status, @msg and @seq are final [see wait.c]
 * @status: 0 or a negative errno
 * @capacity: a receiver's buffer; after EMSGSIZE what it would have to be
 * @msg: a sender's message, its own until @done with @status 0; what a receiver
 *	is given
 * @seq: number given to a sender's message
 */
struct kchan_waiter {
	union {
		struct list_head node;
		struct rb_node rb;
	};
	struct kchan_waiting *account;
	struct task_struct *task;
	struct pid *pid;
	int rank;
	u64 arrival;
	struct kchan_filter filter;
	struct kchan_endpoint *holder;
	struct kchan_endpoint *taker;
	bool served;
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

/**
 * kchan_waitq_first - who without a filter is served next
 * @queue: the queue
 *
 * Return: the waiter, still queued, or NULL.
 */
static inline struct kchan_waiter *kchan_waitq_first(struct kchan_waitq *queue)
{
	struct list_head *list = &queue->realtime;

	if (!queue->count || queue->alone)
		return queue->alone;
	if (likely(list_empty(list)))
		list = &queue->others;
	return list_first_entry_or_null(list, struct kchan_waiter, node);
}

/* What most do is inlined: the calls would take longer than that. */
void kchan_waitq_add_among(struct kchan_waitq *queue, struct kchan_waiter *waiter);
void kchan_waitq_leave(struct kchan_waitq *queue, struct kchan_waiter *waiter);

/**
 * kchan_wait_begin - queue the current task
 * @queue: the queue
 * @waiter: the waiter, zeroed but for what its server needs
 */
static inline void kchan_wait_begin(struct kchan_waitq *queue,
				    struct kchan_waiter *waiter)
{
	struct kchan_waiting *account = waiter->account;

	waiter->task = current;
	waiter->pid = task_tgid(current);
	if (unlikely(queue->count || waiter->filter.kind))
		kchan_waitq_add_among(queue, waiter);
	else
		queue->alone = waiter;
	queue->count++;
	if (!account->count++) {
		account->tick = jiffies;
		account->since = 0;
	}
}

/**
 * kchan_wait_cancel - leave the queue
 * @queue: the queue
 * @waiter: a waiter that is not done
 */
static inline void kchan_wait_cancel(struct kchan_waitq *queue,
				     struct kchan_waiter *waiter)
{
	if (likely(queue->alone == waiter))
		queue->alone = NULL;
	else
		kchan_waitq_leave(queue, waiter);
	queue->count--;
	waiter->account->count--;
}

/**
 * kchan_wait_finish - serve a waiter
 * @queue: the queue
 * @waiter: a waiter in it, with its result; gone after this
 * @status: what its call returns
 *
 * Return: its task, for kchan_wake() once the lock is dropped.
 */
static inline struct task_struct *kchan_wait_finish(struct kchan_waitq *queue,
						    struct kchan_waiter *waiter,
						    int status)
{
	struct task_struct *task = get_task_struct(waiter->task);

	kchan_wait_cancel(queue, waiter);
	waiter->status = status;
	/* DONE_BARRIER: pairs with kchan_wait_sleep() */
	smp_store_release(&waiter->done, true);
	return task;
}

struct kchan_waiter *kchan_waitq_any(struct kchan_waitq *queue);
struct kchan_waiter *kchan_waitq_match(struct kchan_waitq *queue,
				       const struct kchan_entry *entry,
				       struct list_head **from);
struct kchan_waiter *kchan_waitq_first_needing_peer(struct kchan_waitq *queue);
void kchan_wait_serve(struct kchan_waitq *queue, struct kchan_waiter *waiter,
		      int status);
void kchan_wait_complete(struct kchan_waitq *queue, struct kchan_waiter *waiter,
			 int status, struct kchan_wakes *wakes);
int kchan_wait_sleep(struct kchan_waiter *waiter, u64 deadline);
u64 kchan_waiting_since(struct kchan_waiting *waiting);
void kchan_wakes_run(struct kchan_wakes *wakes);

/**
 * kchan_wake - wake a task
 * @task: the task; no more referenced
 *
 * Not under a spinlock.
 */
static inline void kchan_wake(struct task_struct *task)
{
	wake_up_process(task);
	put_task_struct(task);
}

#endif /* _KCHAN_WAIT_H */
