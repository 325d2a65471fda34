/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_FILTER_H
#define _KCHAN_FILTER_H

#include <linux/kchan.h>

#include "entry.h"

/**
 * struct kchan_filter - which messages a receiver wants
 * @kind: KCHAN_FILTER_*
 * @value: what it compares with
 */
struct kchan_filter {
	u32 kind;
	u64 value;
};

/**
 * kchan_filter_fits - is a message one of those?
 * @filter: the filter
 * @entry: the message
 *
 * For TAG_MAX: could it be, if no other has a lower tag?
 */
static inline bool kchan_filter_fits(const struct kchan_filter *filter,
				     const struct kchan_entry *entry)
{
	switch (filter->kind) {
	case KCHAN_FILTER_TAG:
		return entry->tag == filter->value;
	case KCHAN_FILTER_TAG_MAX:
		return entry->tag <= filter->value;
	case KCHAN_FILTER_TAG_NOT:
		return entry->tag != filter->value;
	case KCHAN_FILTER_PRIO_MIN:
		return entry->prio >= filter->value;
	default:
		return true;
	}
}

#endif /* _KCHAN_FILTER_H */
