// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: waiting calls
 *
 * A call that must wait puts a &struct kchan_waiter from its stack into a queue
 * and sleeps. Who can serve it does so under the owner's lock: it fills in the
 * result, takes the waiter off the queue and sets @done. The sleeper goes on
 * without taking the lock again.
 *
 * DONE_BARRIER: the waiter lives on the sleeper's stack, and the sleeper may
 * return as soon as it sees @done; so @done is the last thing that is written,
 * and the task is referenced before::
 *
 *	server (owner's lock held)          sleeper
 *	w->status = ..., w->msg = ...       set_current_state(INTERRUPTIBLE)
 *	get_task_struct(w->task)            if (load_acquire(w->done))
 *	store_release(w->done)                      use w->status, w->msg
 *	[unlock]                            else
 *	wake_up_process(task)                       schedule()
 *
 * A receiver with a filter is served as soon as a message comes that fits, and told
 * later, as there may be no room to note whom to wake. Its call counts as done from
 * then on.
 *
 * If the sleeper reads @done too early, its state was set before, and
 * wake_up_process(), a full barrier, finds it and makes it runnable. The release
 * pairs with the acquire: who sees @done sees the result.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "trace.h"
#include "wait.h"

/**
 * kchan_waitq_init - make a queue of waiters
 * @queue: zeroed memory
 */
void kchan_waitq_init(struct kchan_waitq *queue)
{
	INIT_LIST_HEAD(&queue->realtime);
	INIT_LIST_HEAD(&queue->others);
	INIT_LIST_HEAD(&queue->picky);
	INIT_LIST_HEAD(&queue->served);
}

/* Whether @a is served before @b. */
static bool goes_before(const struct kchan_waiter *a,
			const struct kchan_waiter *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->arrival < b->arrival;
}

static struct kchan_waiter *tagged(struct rb_node *node)
{
	return rb_entry_safe(node, struct kchan_waiter, rb);
}

/**
 * kchan_waitq_any - one who waits
 * @queue: the queue
 *
 * Return: the waiter, still queued, or NULL.
 */
struct kchan_waiter *kchan_waitq_any(struct kchan_waitq *queue)
{
	return kchan_waitq_first(queue) ?: tagged(rb_first(&queue->tagged)) ?:
	       list_first_entry_or_null(&queue->picky, struct kchan_waiter,
					node);
}

/* The first of those who want one tag. */
static struct kchan_waiter *first_tagged(const struct kchan_waitq *queue,
					 u64 tag)
{
	struct rb_node *node = queue->tagged.rb_node;
	struct kchan_waiter *found = NULL;

	while (node) {
		if (tagged(node)->filter.value >= tag) {
			found = tagged(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found && found->filter.value == tag ? found : NULL;
}

/**
 * kchan_waitq_match - who is to get a message that has come
 * @queue: the queue
 * @entry: the message
 * @from: picky.next of @queue at first; keeps the place for the next call, after the
 *	waiter of this one was served, and under the same hold of the lock
 *
 * Over all calls each of @picky is looked at once at most.
 * Return: the waiter, with a filter or not, or NULL.
 */
struct kchan_waiter *kchan_waitq_match(struct kchan_waitq *queue,
				       const struct kchan_entry *entry,
				       struct list_head **from)
{
	struct kchan_waiter *best = first_tagged(queue, entry->tag);
	struct kchan_waiter *plain = kchan_waitq_first(queue);
	struct kchan_waiter *waiter;
	struct list_head *pos;

	if (!best || (plain && goes_before(plain, best)))
		best = plain;
	for (pos = *from; pos != &queue->picky; pos = pos->next) {
		waiter = list_entry(pos, struct kchan_waiter, node);
		if (!kchan_filter_fits(&waiter->filter, entry))
			continue;
		if (!best || goes_before(waiter, best)) {
			*from = pos->next;
			return waiter;
		}
		break;
	}
	*from = pos;
	return best;
}

static struct kchan_waiter *tagged_needing_peer(struct kchan_waitq *queue)
{
	struct kchan_waiter *waiter = tagged(rb_first(&queue->tagged));

	while (waiter && !waiter->need_peer)
		waiter = tagged(rb_next(&waiter->rb));
	return waiter;
}

static struct kchan_waiter *first_needing_peer(struct list_head *list)
{
	struct kchan_waiter *waiter;

	list_for_each_entry(waiter, list, node) {
		if (waiter->need_peer)
			return waiter;
	}
	return NULL;
}

/**
 * kchan_waitq_first_needing_peer - the first waiter with @need_peer
 * @queue: the queue
 */
struct kchan_waiter *kchan_waitq_first_needing_peer(struct kchan_waitq *queue)
{
	if (queue->alone)
		return queue->alone->need_peer ? queue->alone : NULL;
	if (!queue->needing_peer)
		return NULL;
	return first_needing_peer(&queue->realtime) ?:
	       first_needing_peer(&queue->others) ?:
	       first_needing_peer(&queue->picky) ?:
	       tagged_needing_peer(queue);
}

static void add_by_rank(struct list_head *list, struct kchan_waiter *waiter)
{
	struct kchan_waiter *before;

	list_for_each_entry_reverse(before, list, node) {
		if (before->rank <= waiter->rank)
			break;
	}
	list_add(&waiter->node, &before->node);
}

static bool tagged_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kchan_waiter *x = tagged(a);
	const struct kchan_waiter *y = rb_entry(b, struct kchan_waiter, rb);

	if (x->filter.value != y->filter.value)
		return x->filter.value < y->filter.value;
	return goes_before(x, y);
}

static void add_filtered(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	if (waiter->filter.kind == KCHAN_FILTER_TAG)
		rb_add(&waiter->rb, &queue->tagged, tagged_less);
	else
		add_by_rank(&queue->picky, waiter);
	queue->filtered++;
}

static void add_plain(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	if (unlikely(waiter->rank < MAX_RT_PRIO))
		add_by_rank(&queue->realtime, waiter);
	else
		list_add_tail(&waiter->node, &queue->others);
}

/* By its own priority: it may have another on loan, for the lock that it has just now. */
static void add(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	waiter->rank = min(READ_ONCE(waiter->task->normal_prio), MAX_RT_PRIO);
	waiter->arrival = queue->arrivals++;
	queue->needing_peer += waiter->need_peer;
	if (waiter->filter.kind)
		add_filtered(queue, waiter);
	else
		add_plain(queue, waiter);
}

/**
 * kchan_waitq_add_among - add one who has a filter or company
 * @queue: the queue
 * @waiter: the waiter
 *
 * And who has been alone, too.
 */
void kchan_waitq_add_among(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	if (queue->alone)
		add(queue, queue->alone);
	queue->alone = NULL;
	add(queue, waiter);
}

/* Take the waiter out of list or tree. */
static void unlink_waiter(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	bool filtered = waiter->filter.kind && !waiter->served;

	if (filtered && waiter->filter.kind == KCHAN_FILTER_TAG)
		rb_erase(&waiter->rb, &queue->tagged);
	else
		list_del(&waiter->node);
	queue->filtered -= filtered;
}

/**
 * kchan_waitq_leave - undo kchan_waitq_add_among()
 * @queue: the queue
 * @waiter: the waiter, who may be served by now
 */
void kchan_waitq_leave(struct kchan_waitq *queue, struct kchan_waiter *waiter)
{
	unlink_waiter(queue, waiter);
	queue->needing_peer -= waiter->need_peer;
}

/**
 * kchan_wait_serve - serve a waiter, and tell it later
 * @queue: the queue
 * @waiter: a waiter in it who is not alone, with its result
 * @status: what its call returns
 */
void kchan_wait_serve(struct kchan_waitq *queue, struct kchan_waiter *waiter,
		      int status)
{
	unlink_waiter(queue, waiter);
	waiter->status = status;
	waiter->served = true;
	list_add_tail(&waiter->node, &queue->served);
}

/**
 * kchan_wait_complete - serve a waiter, one of several perhaps
 * @queue: the queue
 * @waiter: a waiter in it, with its result; gone after this
 * @status: what its call returns
 * @wakes: takes the task; not full
 */
void kchan_wait_complete(struct kchan_waitq *queue, struct kchan_waiter *waiter,
			 int status, struct kchan_wakes *wakes)
{
	trace_kchan_wake(waiter->task, status);
	wakes->task[wakes->count++] = kchan_wait_finish(queue, waiter, status);
}

/**
 * kchan_waiting_since - since when calls of a participant wait
 * @waiting: those calls, one at least
 *
 * Found out when it is first asked, as to look at the clock takes longer than all else
 * that a call does to wait.
 *
 * Return: CLOCK_MONOTONIC ns, to a tick; always the same.
 */
u64 kchan_waiting_since(struct kchan_waiting *waiting)
{
	u64 ticks = jiffies - waiting->tick;

	if (!waiting->since)
		waiting->since = ktime_get_ns() - ticks * TICK_NSEC;
	return waiting->since;
}

/* Return: false if @deadline has come. */
static noinline bool sleep_until(u64 deadline)
{
	u64 slack = rt_task(current) ? 0 : current->timer_slack_ns;
	ktime_t expires = ns_to_ktime(deadline);

	return schedule_hrtimeout_range(&expires, slack, HRTIMER_MODE_ABS);
}

/**
 * kchan_wait_sleep - sleep until served
 * @waiter: the waiter
 * @deadline: CLOCK_MONOTONIC ns, or 0 for none
 *
 * Return: 0 if it is done; -ERESTARTSYS or -ETIMEDOUT if it may not be: then the
 * caller takes the lock, looks at @done, and cancels if it is not set.
 */
int kchan_wait_sleep(struct kchan_waiter *waiter, u64 deadline)
{
	int err = 0;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		/* DONE_BARRIER: pairs with kchan_wait_finish() */
		if (smp_load_acquire(&waiter->done))
			break;
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		if (likely(!deadline)) {
			schedule();
		} else if (!sleep_until(deadline)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

/**
 * kchan_wakes_run - wake the collected tasks
 * @wakes: the tasks; empty after
 *
 * Not under a spinlock.
 */
void kchan_wakes_run(struct kchan_wakes *wakes)
{
	unsigned int i;

	for (i = 0; i < wakes->count; i++)
		kchan_wake(wakes->task[i]);
	wakes->count = 0;
}
