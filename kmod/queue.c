// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the priority queue
 *
 * Messages of one priority form a circular list without a head: the bucket points
 * to the first, whose predecessor is the last. While all messages have the same
 * priority, as in most channels, there is one bucket and nothing else. When a
 * second one comes, a trie of three levels of 32 takes over, with a bitmap in
 * each node of what lies below: finding, adding and removing cost the same
 * whatever is queued.
 *
 * Nothing here sleeps or fails on the way in: the path to a priority's bucket is
 * made before the message is added (kchan_queue_grow(), from nodes allocated
 * outside the lock), and stays until the owner calls kchan_queue_detach_trie(),
 * which it may only when no message is queued nor could come back.
 */
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "queue.h"

#define LEVEL_BITS	5
#define LEVEL_SIZE	(1U << LEVEL_BITS)
#define LEVELS		3

/**
 * struct kchan_qnode - inner node or leaf of the trie
 * @map: which slots have a message below them
 * @slot: nodes, or in a leaf buckets; a node may be there with nothing below
 */
struct kchan_qnode {
	u32 map;
	void *slot[LEVEL_SIZE];
};

static struct kmem_cache *node_cache;

static unsigned int slot_of(u16 prio, unsigned int level)
{
	return (prio >> (LEVEL_BITS * (LEVELS - 1 - level))) % LEVEL_SIZE;
}

static struct kchan_qnode *trie_leaf(const struct kchan_queue *queue, u16 prio)
{
	struct kchan_qnode *mid = queue->root->slot[slot_of(prio, 0)];

	return mid ? mid->slot[slot_of(prio, 1)] : NULL;
}

static void trie_mark(struct kchan_queue *queue, u16 prio)
{
	struct kchan_qnode *node = queue->root;
	unsigned int level;

	for (level = 0; level < LEVELS; level++) {
		node->map |= BIT(slot_of(prio, level));
		node = node->slot[slot_of(prio, level)];
	}
}

static void trie_unmark(struct kchan_queue *queue, u16 prio)
{
	struct kchan_qnode *root = queue->root;
	struct kchan_qnode *mid = root->slot[slot_of(prio, 0)];
	struct kchan_qnode *leaf = mid->slot[slot_of(prio, 1)];

	leaf->map &= ~BIT(slot_of(prio, LEVELS - 1));
	if (leaf->map)
		return;
	mid->map &= ~BIT(slot_of(prio, 1));
	if (mid->map)
		return;
	root->map &= ~BIT(slot_of(prio, 0));
}

static struct kchan_entry **bucket_of(struct kchan_queue *queue, u16 prio)
{
	if (likely(!queue->root))
		return &queue->flat;
	return (struct kchan_entry **)
		&trie_leaf(queue, prio)->slot[slot_of(prio, LEVELS - 1)];
}

/**
 * kchan_queue_trie_accepts - kchan_queue_accepts() where there is a trie
 * @queue: the queue
 * @prio: the priority
 */
bool kchan_queue_trie_accepts(const struct kchan_queue *queue, u16 prio)
{
	return trie_leaf(queue, prio);
}

/**
 * kchan_queue_trie_first - kchan_queue_first() where there is a trie
 * @queue: the queue
 */
struct kchan_entry *kchan_queue_trie_first(const struct kchan_queue *queue)
{
	const struct kchan_qnode *node = queue->root;

	if (!node->map)
		return NULL;
	node = node->slot[__fls(node->map)];
	node = node->slot[__fls(node->map)];
	return node->slot[__fls(node->map)];
}

/**
 * kchan_queue_set_flat - choose the priority of the single bucket
 * @queue: a queue without a trie that is empty, and to which nothing comes back
 * @prio: the priority
 */
void kchan_queue_set_flat(struct kchan_queue *queue, u16 prio)
{
	WARN_ON_ONCE(queue->root || queue->flat);
	queue->flat_prio = prio;
}

static void trie_add_path(struct kchan_queue *queue, u16 prio,
			  struct kchan_qstash *stash)
{
	struct kchan_qnode *node = queue->root;
	unsigned int level;

	for (level = 0; level < LEVELS - 1; level++) {
		void **slot = &node->slot[slot_of(prio, level)];

		if (!*slot)
			*slot = stash->node[--stash->count];
		node = *slot;
	}
}

/**
 * kchan_queue_grow - make the bucket of a priority
 * @queue: a queue that does not accept @prio
 * @prio: the priority
 * @stash: nodes to use
 *
 * Return: false, with nothing changed, if @stash is not full.
 */
bool kchan_queue_grow(struct kchan_queue *queue, u16 prio,
		      struct kchan_qstash *stash)
{
	struct kchan_entry *flat = queue->flat;

	if (stash->count < KCHAN_QUEUE_NODES)
		return false;
	if (!queue->root) {
		queue->root = stash->node[--stash->count];
		trie_add_path(queue, queue->flat_prio, stash);
		if (flat) {
			*bucket_of(queue, queue->flat_prio) = flat;
			trie_mark(queue, queue->flat_prio);
		}
		queue->flat = NULL;
	}
	trie_add_path(queue, prio, stash);
	return true;
}

/* Put @entry before @next, which is in a bucket. */
static void insert_before(struct kchan_queue *queue, struct kchan_entry *entry,
			  struct kchan_entry *next)
{
	list_add_tail(&entry->node, &next->node);
	queue->count++;
	queue->bytes += entry->size;
}

/**
 * kchan_queue_add - add a message as the last of its priority
 * @queue: a queue that accepts its priority
 * @entry: the message
 */
void kchan_queue_add(struct kchan_queue *queue, struct kchan_entry *entry)
{
	struct kchan_entry **bucket = bucket_of(queue, entry->prio);

	if (*bucket) {
		insert_before(queue, entry, *bucket);
		return;
	}
	INIT_LIST_HEAD(&entry->node);
	*bucket = entry;
	queue->count++;
	queue->bytes += entry->size;
	if (queue->root)
		trie_mark(queue, entry->prio);
}

/**
 * kchan_queue_restore - put a message back where it was
 * @queue: the queue from which it was taken
 * @entry: the message
 *
 * Within a priority, messages stay in the order of their numbers. Only those
 * that were put back before are passed over.
 */
void kchan_queue_restore(struct kchan_queue *queue, struct kchan_entry *entry)
{
	struct kchan_entry **bucket = bucket_of(queue, entry->prio);
	struct kchan_entry *first = *bucket, *next = first;

	if (!first || entry->seq > list_prev_entry(first, node)->seq) {
		kchan_queue_add(queue, entry);
		return;
	}
	while (next->seq < entry->seq)
		next = list_next_entry(next, node);
	insert_before(queue, entry, next);
	if (next == first)
		*bucket = entry;
}

/**
 * kchan_queue_del - take a message out
 * @queue: the queue that holds it
 * @entry: the message
 */
void kchan_queue_del(struct kchan_queue *queue, struct kchan_entry *entry)
{
	struct kchan_entry **bucket = bucket_of(queue, entry->prio);

	queue->count--;
	queue->bytes -= entry->size;
	if (list_empty(&entry->node)) {
		*bucket = NULL;
		if (queue->root)
			trie_unmark(queue, entry->prio);
		return;
	}
	if (*bucket == entry)
		*bucket = list_next_entry(entry, node);
	list_del(&entry->node);
}

/**
 * kchan_queue_detach_trie - back to a single bucket
 * @queue: an empty queue to which nothing comes back
 *
 * Return: the trie, for kchan_queue_free_trie() outside the lock, or NULL.
 */
struct kchan_qnode *kchan_queue_detach_trie(struct kchan_queue *queue)
{
	struct kchan_qnode *root = queue->root;

	if (root && WARN_ON_ONCE(root->map))
		return NULL;
	queue->root = NULL;
	return root;
}

/**
 * kchan_queue_free_trie - free what kchan_queue_detach_trie() gave
 * @root: the trie, or NULL
 */
void kchan_queue_free_trie(struct kchan_qnode *root)
{
	unsigned int i, j;

	for (i = 0; root && i < LEVEL_SIZE; i++) {
		struct kchan_qnode *mid = root->slot[i];

		for (j = 0; mid && j < LEVEL_SIZE; j++) {
			if (mid->slot[j])
				kmem_cache_free(node_cache, mid->slot[j]);
		}
		if (mid)
			kmem_cache_free(node_cache, mid);
	}
	if (root)
		kmem_cache_free(node_cache, root);
}

/**
 * kchan_qstash_fill - allocate the nodes that kchan_queue_grow() may need
 * @stash: the stash, zeroed or filled before
 *
 * May sleep. Return: 0 or -ENOMEM; what is there is to be freed in both cases.
 */
int kchan_qstash_fill(struct kchan_qstash *stash)
{
	while (stash->count < KCHAN_QUEUE_NODES) {
		struct kchan_qnode *node;

		node = kmem_cache_zalloc(node_cache, GFP_KERNEL_ACCOUNT);
		if (!node)
			return -ENOMEM;
		stash->node[stash->count++] = node;
	}
	return 0;
}

void kchan_qstash_free(struct kchan_qstash *stash)
{
	while (stash->count)
		kmem_cache_free(node_cache, stash->node[--stash->count]);
}

int __init kchan_queue_init(void)
{
	node_cache = KMEM_CACHE(kchan_qnode, SLAB_ACCOUNT);
	return node_cache ? 0 : -ENOMEM;
}

void kchan_queue_exit(void)
{
	kmem_cache_destroy(node_cache);
}
