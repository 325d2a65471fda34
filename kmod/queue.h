/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_QUEUE_H
#define _KCHAN_QUEUE_H

#include <linux/types.h>

#include "entry.h"

struct kchan_qnode;

/* Nodes that making room for one priority takes at most. */
#define KCHAN_QUEUE_NODES	5

/**
 * struct kchan_queue - messages by priority, then order
 * @flat: the first, while all have one priority and there is no trie
 * @root: the trie, once two priorities have met
 * @back: those that were put back, by priority and number
 * @bytes: payload of all
 * @count: how many
 * @flat_prio: the priority of those in @flat
 * @sorted: there is a trie, or something in @back
 *
 * All of it under the owner's lock, but that @count is read without it, too, for early
 * answers.
 */
struct kchan_queue {
	struct kchan_entry *flat;
	struct kchan_qnode *root;
	struct rb_root_cached back;
	u64 bytes;
	u32 count;
	u16 flat_prio;
	bool sorted;
};

/**
 * struct kchan_qstash - nodes allocated ahead of the lock
 * @count: how many there are
 * @node: the nodes
 */
struct kchan_qstash {
	unsigned int count;
	struct kchan_qnode *node[KCHAN_QUEUE_NODES];
};

bool kchan_queue_trie_accepts(const struct kchan_queue *queue, u16 prio);
struct kchan_entry *kchan_queue_sorted_first(const struct kchan_queue *queue);

/**
 * kchan_queue_accepts - can a message of @prio be added as things are?
 * @queue: the queue
 * @prio: the priority
 */
static inline bool kchan_queue_accepts(const struct kchan_queue *queue,
				       u16 prio)
{
	if (likely(!queue->root))
		return queue->flat_prio == prio;
	return kchan_queue_trie_accepts(queue, prio);
}

/**
 * kchan_queue_first - the first message of the highest priority
 * @queue: the queue
 *
 * Return: the message, still queued, or NULL.
 */
static inline struct kchan_entry *
kchan_queue_first(const struct kchan_queue *queue)
{
	if (likely(!queue->sorted))
		return queue->flat;
	return kchan_queue_sorted_first(queue);
}

struct kchan_entry *kchan_queue_next(const struct kchan_queue *queue,
				     const struct kchan_entry *entry);
struct kchan_entry *kchan_queue_least(const struct kchan_queue *queue);

bool kchan_queue_grow(struct kchan_queue *queue, u16 prio,
		      struct kchan_qstash *stash);
void kchan_queue_set_flat(struct kchan_queue *queue, u16 prio);
void kchan_queue_add_sorted(struct kchan_queue *queue, struct kchan_entry *entry);
void kchan_queue_add_first(struct kchan_queue *queue, struct kchan_entry *entry);
void kchan_queue_restore(struct kchan_queue *queue, struct kchan_entry *entry);
void kchan_queue_del_sorted(struct kchan_queue *queue, struct kchan_entry *entry);
struct kchan_qnode *kchan_queue_detach_trie(struct kchan_queue *queue);
void kchan_queue_free_trie(struct kchan_qnode *root);

/**
 * kchan_queue_add - add a message as the last of its priority
 * @queue: a queue that accepts its priority
 * @entry: the message
 */
static __always_inline void kchan_queue_add(struct kchan_queue *queue,
					    struct kchan_entry *entry)
{
	queue->count++;
	queue->bytes += entry->size;
	if (queue->flat) {
		list_add_tail(&entry->node, &queue->flat->node);
	} else if (likely(!queue->root)) {
		INIT_LIST_HEAD(&entry->node);
		queue->flat = entry;
	} else {
		kchan_queue_add_sorted(queue, entry);
	}
}

/**
 * kchan_queue_del - take a message out
 * @queue: the queue that holds it
 * @entry: the message
 */
static __always_inline void kchan_queue_del(struct kchan_queue *queue,
					    struct kchan_entry *entry)
{
	queue->count--;
	queue->bytes -= entry->size;
	if (unlikely(queue->flat != entry || !list_empty(&entry->node))) {
		kchan_queue_del_sorted(queue, entry);
		return;
	}
	queue->flat = NULL;
}

void kchan_queue_add_run(struct kchan_queue *queue, struct kchan_entry **run,
			 u32 count);
u32 kchan_queue_peek_run(const struct kchan_queue *queue,
			 struct kchan_entry **run, u32 max);
void kchan_queue_del_run(struct kchan_queue *queue, struct kchan_entry **run,
			 u32 count);

int kchan_qstash_fill(struct kchan_qstash *stash);
void kchan_qstash_free(struct kchan_qstash *stash);

int kchan_queue_init(void);
void kchan_queue_exit(void);

#endif /* _KCHAN_QUEUE_H */
