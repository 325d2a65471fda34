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
 * outside the lock), and stays until the owner calls kchan_queue_detach_trie().
 *
 * Messages that are put back need no bucket. They are in a tree of their own, where
 * it does not matter in which order they come back, and go before those of their
 * priority that have never left.
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

static struct kchan_entry *put_back(struct rb_node *node)
{
	return rb_entry_safe(node, struct kchan_entry, rb);
}

/* The first of two, the one of higher priority; @back in doubt. */
static struct kchan_entry *first_of(struct kchan_entry *back,
				    struct kchan_entry *other)
{
	if (!back || (other && other->prio > back->prio))
		return other;
	return back;
}

/* The first message below a node of the trie that is not empty. */
static struct kchan_entry *trie_first(const struct kchan_qnode *node,
				      unsigned int level)
{
	for (; level < LEVELS - 1; level++)
		node = node->slot[__fls(node->map)];
	return node->slot[__fls(node->map)];
}

/* The first of the highest priority that is at most @prio, below a node. */
static struct kchan_entry *trie_at_most(const struct kchan_qnode *node,
					u16 prio, unsigned int level)
{
	unsigned int i = slot_of(prio, level);
	u32 below = node->map & (BIT(i) - 1);
	struct kchan_entry *found = NULL;

	if (node->map & BIT(i))
		found = level == LEVELS - 1 ? node->slot[i] :
			trie_at_most(node->slot[i], prio, level + 1);
	if (found || !below)
		return found;
	i = __fls(below);
	if (level == LEVELS - 1)
		return node->slot[i];
	return trie_first(node->slot[i], level + 1);
}

/* The same of the whole queue but for what was put back. */
static struct kchan_entry *bucket_at_most(const struct kchan_queue *queue,
					  int prio)
{
	if (prio < 0)
		return NULL;
	if (queue->root)
		return trie_at_most(queue->root, prio, 0);
	return queue->flat_prio <= prio ? queue->flat : NULL;
}

/* The first of what was put back whose priority is at most @prio. */
static struct kchan_entry *back_at_most(const struct kchan_queue *queue,
					int prio)
{
	struct rb_node *node = queue->back.rb_root.rb_node;
	struct kchan_entry *found = NULL;

	while (node) {
		if (put_back(node)->prio <= prio) {
			found = put_back(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * kchan_queue_sorted_first - kchan_queue_first() where there is more than a bucket
 * @queue: the queue
 */
struct kchan_entry *kchan_queue_sorted_first(const struct kchan_queue *queue)
{
	struct kchan_entry *other = queue->flat;

	if (queue->root)
		other = queue->root->map ? trie_first(queue->root, 0) : NULL;
	return first_of(put_back(rb_first_cached(&queue->back)), other);
}

/**
 * kchan_queue_next - the message that comes after another
 * @queue: the queue
 * @entry: a message in it
 *
 * Return: the message, or NULL.
 */
struct kchan_entry *kchan_queue_next(const struct kchan_queue *queue,
				     const struct kchan_entry *entry)
{
	struct kchan_entry *next;

	if (entry->back) {
		next = put_back(rb_next(&entry->rb));
		if (next && next->prio == entry->prio)
			return next;
		return first_of(next, bucket_at_most(queue, entry->prio));
	}
	next = list_entry(entry->node.next, struct kchan_entry, node);
	if (next != bucket_at_most(queue, entry->prio))
		return next;
	return first_of(back_at_most(queue, entry->prio - 1),
			bucket_at_most(queue, entry->prio - 1));
}

/* The first of the lowest priority, but for what was put back. */
static struct kchan_entry *bucket_least(const struct kchan_queue *queue)
{
	const struct kchan_qnode *node = queue->root;
	unsigned int level;

	if (!node)
		return queue->flat;
	if (!node->map)
		return NULL;
	for (level = 0; level < LEVELS - 1; level++)
		node = node->slot[__ffs(node->map)];
	return node->slot[__ffs(node->map)];
}

/**
 * kchan_queue_least - the first message of the lowest priority
 * @queue: the queue
 *
 * Return: the message, or NULL.
 */
struct kchan_entry *kchan_queue_least(const struct kchan_queue *queue)
{
	struct kchan_entry *back = put_back(rb_last(&queue->back.rb_root));
	struct kchan_entry *other = bucket_least(queue);

	if (!back || (other && other->prio < back->prio))
		return other;
	return back_at_most(queue, back->prio);
}

/**
 * kchan_queue_set_flat - choose the priority of the single bucket
 * @queue: a queue without a trie whose bucket is empty
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
		queue->sorted = true;
	}
	trie_add_path(queue, prio, stash);
	return true;
}

/**
 * kchan_queue_add_sorted - kchan_queue_add() where there is a trie
 * @queue: the queue, where it is counted already
 * @entry: the message
 */
void kchan_queue_add_sorted(struct kchan_queue *queue, struct kchan_entry *entry)
{
	struct kchan_entry **bucket = bucket_of(queue, entry->prio);

	if (*bucket) {
		list_add_tail(&entry->node, &(*bucket)->node);
		return;
	}
	INIT_LIST_HEAD(&entry->node);
	*bucket = entry;
	trie_mark(queue, entry->prio);
}

/**
 * kchan_queue_add_first - put a message where it was, as the first of its bucket
 * @queue: the queue from which it was taken, and which has the bucket still
 * @entry: the message
 */
void kchan_queue_add_first(struct kchan_queue *queue, struct kchan_entry *entry)
{
	kchan_queue_add(queue, entry);
	/* The last of a circular list is the one before the first. */
	*bucket_of(queue, entry->prio) = entry;
}

static bool back_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kchan_entry *x = put_back(a);
	const struct kchan_entry *y = rb_entry(b, struct kchan_entry, rb);

	return x->prio != y->prio ? x->prio > y->prio : x->seq < y->seq;
}

/**
 * kchan_queue_restore - put a message back
 * @queue: the queue from which it was taken
 * @entry: the message
 *
 * It goes before those of its priority that have never left, and among those that
 * have in the order of numbers.
 */
void kchan_queue_restore(struct kchan_queue *queue, struct kchan_entry *entry)
{
	rb_add_cached(&entry->rb, &queue->back, back_less);
	entry->back = true;
	queue->sorted = true;
	queue->count++;
	queue->bytes += entry->size;
}

static noinline void del_back(struct kchan_queue *queue,
			      struct kchan_entry *entry)
{
	rb_erase_cached(&entry->rb, &queue->back);
	entry->back = false;
	queue->sorted = queue->root || !RB_EMPTY_ROOT(&queue->back.rb_root);
}

/**
 * kchan_queue_del_sorted - kchan_queue_del() where there are others, or more than a bucket
 * @queue: the queue, where it is counted no more
 * @entry: the message
 */
void kchan_queue_del_sorted(struct kchan_queue *queue, struct kchan_entry *entry)
{
	struct kchan_entry **bucket;

	if (unlikely(entry->back)) {
		del_back(queue, entry);
		return;
	}
	bucket = bucket_of(queue, entry->prio);
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
 * kchan_queue_add_run - kchan_queue_add() of several
 * @queue: a queue without a trie, that accepts them
 * @run: the messages, in their order
 * @count: how many, one at least
 */
void kchan_queue_add_run(struct kchan_queue *queue, struct kchan_entry **run,
			 u32 count)
{
	struct list_head *first = &run[0]->node, *last = first;
	u32 i;

	for (i = 0; i < count; i++) {
		struct list_head *node = &run[i]->node;

		queue->bytes += run[i]->size;
		last->next = node;
		node->prev = last;
		last = node;
	}
	queue->count += count;
	last->next = first;
	first->prev = last;
	if (queue->flat)
		list_bulk_move_tail(&queue->flat->node, first, last);
	else
		queue->flat = run[0];
}

/**
 * kchan_queue_peek_run - the first messages
 * @queue: a queue with a bucket and nothing else
 * @run: takes them, still queued
 * @max: at most so many
 *
 * Return: how many.
 */
u32 kchan_queue_peek_run(const struct kchan_queue *queue,
			 struct kchan_entry **run, u32 max)
{
	struct kchan_entry *entry = queue->flat;
	u32 i;

	max = min(max, queue->count);
	for (i = 0; i < max; i++) {
		run[i] = entry;
		entry = list_next_entry(entry, node);
	}
	return max;
}

/**
 * kchan_queue_del_run - kchan_queue_del() of the first few
 * @queue: a queue with a bucket and nothing else
 * @run: its first messages, as kchan_queue_peek_run() gives them
 * @count: how many, one at least
 */
void kchan_queue_del_run(struct kchan_queue *queue, struct kchan_entry **run,
			 u32 count)
{
	struct list_head *before = run[0]->node.prev;
	struct list_head *after = run[count - 1]->node.next;
	u32 i;

	for (i = 0; i < count; i++)
		queue->bytes -= run[i]->size;
	queue->count -= count;
	if (queue->count) {
		before->next = after;
		after->prev = before;
		queue->flat = list_entry(after, struct kchan_entry, node);
	} else {
		queue->flat = NULL;
	}
}

/**
 * kchan_queue_detach_trie - back to a single bucket
 * @queue: an empty queue
 *
 * Return: the trie, for kchan_queue_free_trie() outside the lock, or NULL.
 */
struct kchan_qnode *kchan_queue_detach_trie(struct kchan_queue *queue)
{
	struct kchan_qnode *root = queue->root;

	if (root && WARN_ON_ONCE(root->map))
		return NULL;
	queue->root = NULL;
	queue->sorted = !RB_EMPTY_ROOT(&queue->back.rb_root);
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
