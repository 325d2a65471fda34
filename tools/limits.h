/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there may be and what there is, as a list. */
#ifndef KCHAN_LIMITS_H
#define KCHAN_LIMITS_H

#include "netlink.h"
#include "table.h"

/**
 * struct limit - one of them
 * @name: its sysctl, below net.kchan
 * @what: for a reader
 * @bytes: whether it is a size
 * @limit: what there may be
 * @counted: whether there is a @used
 * @used: what there is
 */
struct limit {
	const char *name;
	const char *what;
	bool bytes;
	uint64_t limit;
	bool counted;
	uint64_t used;
};

/* Of struct limit. */
extern const struct columns limit_columns;

#define LIMITS_MAX 8

/* Those that concern these sections, into @list. Return: how many. */
size_t limits_list(const struct limits *limits, unsigned int sections,
		   struct limit list[LIMITS_MAX]);

#endif /* KCHAN_LIMITS_H */
