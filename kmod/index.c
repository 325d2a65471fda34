// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the index by tag
 *
 * A tree of the messages of a queue, so that finding one by its tag costs the same
 * few steps whatever is queued. It is made by the first who asks for tags, and kept
 * up by all who add messages and take them from then on; a channel where nobody
 * asks has none.
 */
#include "index.h"

static struct kchan_entry *tagged(struct rb_node *node)
{
	return rb_entry_safe(node, struct kchan_entry, by_tag);
}

/* Negative if @a comes before @b. */
static int compare(const struct kchan_entry *a, const struct kchan_entry *b)
{
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->prio != b->prio)
		return a->prio > b->prio ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

static bool entry_less(struct rb_node *a, const struct rb_node *b)
{
	return compare(tagged(a), rb_entry(b, struct kchan_entry, by_tag)) < 0;
}

/**
 * kchan_index_add - add a message
 * @index: the index
 * @entry: a message that is not in it
 */
void kchan_index_add(struct kchan_index *index, struct kchan_entry *entry)
{
	rb_add(&entry->by_tag, &index->root, entry_less);
	entry->indexed = true;
}

/**
 * kchan_index_del - remove a message
 * @index: the index
 * @entry: a message that is in it
 */
void kchan_index_del(struct kchan_index *index, struct kchan_entry *entry)
{
	rb_erase(&entry->by_tag, &index->root);
	entry->indexed = false;
}

/**
 * kchan_index_first - the first message with a tag
 * @index: the index
 * @tag: the tag
 *
 * Return: that of the highest priority and lowest number, or NULL.
 */
struct kchan_entry *kchan_index_first(const struct kchan_index *index, u64 tag)
{
	struct rb_node *node = index->root.rb_node;
	struct kchan_entry *found = NULL;

	while (node) {
		if (tagged(node)->tag >= tag) {
			found = tagged(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found && found->tag == tag ? found : NULL;
}

/**
 * kchan_index_lowest - the first message with the lowest tag
 * @index: the index
 */
struct kchan_entry *kchan_index_lowest(const struct kchan_index *index)
{
	return tagged(rb_first(&index->root));
}

/**
 * kchan_index_only - do all messages have one tag?
 * @index: the index
 * @tag: the tag
 */
bool kchan_index_only(const struct kchan_index *index, u64 tag)
{
	struct kchan_entry *first = tagged(rb_first(&index->root));

	return !first || (first->tag == tag &&
			  tagged(rb_last(&index->root))->tag == tag);
}
