// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "limits.h"
#include "sections.h"
#include "tool.h"

static char *name_text(const void *item, struct view *view)
{
	const struct limit *limit = item;

	(void)view;
	return xstrdup(limit->name);
}

static char *what_text(const void *item, struct view *view)
{
	const struct limit *limit = item;

	(void)view;
	return xstrdup(limit->what);
}

static char *amount(const struct limit *limit, uint64_t value,
		    const struct view *view)
{
	return limit->bytes && view->human ? text_size(value) :
					     text_number(value);
}

static char *limit_text(const void *item, struct view *view)
{
	const struct limit *limit = item;

	return amount(limit, limit->limit, view);
}

static char *used_text(const void *item, struct view *view)
{
	const struct limit *limit = item;

	return limit->counted ? amount(limit, limit->used, view) : NULL;
}

static char *share_text(const void *item, struct view *view)
{
	const struct limit *limit = item;

	if (!limit->counted || !limit->limit)
		return NULL;
	return xprintf(view->json ? "%.2f" : "%.2f%%",
		       100.0 * limit->used / limit->limit);
}

static const struct column list[] = {
	{ "RESOURCE", CELL_STRING, true, "its sysctl, below net.kchan",
	  name_text },
	{ "DESCRIPTION", CELL_STRING, true, "what it limits", what_text },
	{ "LIMIT", CELL_NUMBER, true, "what there may be", limit_text },
	{ "USED", CELL_NUMBER, true, "what there is", used_text },
	{ "USE%", CELL_NUMBER, true, "how much of the limit that is",
	  share_text },
};

const struct columns limit_columns = {
	.name = "limits",
	.list = list,
	.count = ARRAY_SIZE(list),
};

size_t limits_list(const struct limits *limits, unsigned int sections,
		   struct limit list[LIMITS_MAX])
{
	const struct {
		unsigned int sections;
		struct limit limit;
	} all[] = {
		{ ALL_SECTIONS,
		  { "max_channels", "channels and directories", false,
		    limits->max_channels, true, limits->channels } },
		{ ALL_SECTIONS,
		  { "max_channels_user", "of the user, everywhere", false,
		    limits->max_channels_user, true, limits->user_channels } },
		{ SECTION_BIT(SECTION_QUEUES),
		  { "max_bytes_user", "memory of the user's messages", true,
		    limits->max_bytes_user, true, limits->user_bytes } },
		{ SECTION_BIT(SECTION_QUEUES),
		  { "max_depth", "messages in a channel", false,
		    limits->max_depth, false, 0 } },
		{ SECTION_BIT(SECTION_QUEUES),
		  { "max_msgsize", "bytes of a message", true,
		    limits->max_msgsize, false, 0 } },
		{ SECTION_BIT(SECTION_QUEUES),
		  { "max_bytes", "payload in a channel", true,
		    limits->max_bytes, false, 0 } },
		{ SECTION_BIT(SECTION_POOLS),
		  { "max_pool_bytes_user", "the user's pools", true,
		    limits->max_pool_bytes_user, true,
		    limits->user_pool_bytes } },
	};
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].sections & sections)
			list[count++] = all[i].limit;
	}
	return count;
}
