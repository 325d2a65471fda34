// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <linux/kchan_netlink.h>

#include "columns.h"
#include "tool.h"

static const struct endpoint *endpoint_of(const void *item)
{
	return item;
}

static char *name_text(const void *item, struct view *view)
{
	const char *name = endpoint_of(item)->name;

	(void)view;
	return name ? xstrdup(name) : NULL;
}

static char *id_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->id);
}

/* 0 is a process of another pid namespace. */
static char *pid_text(const void *item, struct view *view)
{
	const struct endpoint *endpoint = item;

	(void)view;
	return endpoint->pid ? text_number(endpoint->pid) : NULL;
}

static char *comm_text(const void *item, struct view *view)
{
	const char *comm = endpoint_of(item)->comm;

	(void)view;
	return comm ? xstrdup(comm) : NULL;
}

static char *user_text(const void *item, struct view *view)
{
	return text_user(view, endpoint_of(item)->uid);
}

static char *group_text(const void *item, struct view *view)
{
	return text_group(view, endpoint_of(item)->gid);
}

static char *uid_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->uid);
}

static char *gid_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->gid);
}

static char *role_text(const void *item, struct view *view)
{
	(void)view;
	switch (endpoint_of(item)->role) {
	case KCHAN_ROLE_RECEIVER:
		return xstrdup("receiver");
	case KCHAN_ROLE_SENDER:
		return xstrdup("sender");
	case KCHAN_ROLE_RECEIVER | KCHAN_ROLE_SENDER:
		return xstrdup("both");
	default:
		return NULL;
	}
}

static char *held_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->held);
}

static char *waiting_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->waiting);
}

static char *loaned_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->loaned);
}

static char *taken_text(const void *item, struct view *view)
{
	(void)view;
	return text_number(endpoint_of(item)->taken);
}

/* A program gets seconds. */
static char *how_long(uint64_t since, const struct view *view)
{
	uint64_t ns;

	if (!since)
		return NULL;
	ns = since < view->now ? view->now - since : 0;
	return view->json ? text_seconds(ns) : text_duration(ns);
}

static char *since_text(const void *item, struct view *view)
{
	return how_long(endpoint_of(item)->since, view);
}

static char *loaned_since_text(const void *item, struct view *view)
{
	return how_long(endpoint_of(item)->loaned_since, view);
}

static char *taken_since_text(const void *item, struct view *view)
{
	return how_long(endpoint_of(item)->taken_since, view);
}

static const struct column list[] = {
	{ "NAME", CELL_NAME, true, "name of the channel", name_text },
	{ "ID", CELL_NUMBER, true, "number of the channel", id_text },
	{ "PID", CELL_NUMBER, true, "process that opened it", pid_text },
	{ "COMM", CELL_STRING, true, "its command", comm_text },
	{ "USER", CELL_STRING, true, "who opened it", user_text },
	{ "ROLE", CELL_STRING, true, "receiver, sender or both", role_text },
	{ "HELD", CELL_NUMBER, true, "messages that it holds", held_text },
	{ "LOANED", CELL_NUMBER, true, "slots that it has on loan",
	  loaned_text },
	{ "LSINCE", CELL_NUMBER, false, "how long it has had one",
	  loaned_since_text },
	{ "TAKEN", CELL_NUMBER, true, "slots that it has taken", taken_text },
	{ "TSINCE", CELL_NUMBER, false, "how long it has had one",
	  taken_since_text },
	{ "WAITING", CELL_NUMBER, true, "calls that wait", waiting_text },
	{ "SINCE", CELL_NUMBER, true, "how long there has been one",
	  since_text },
	{ "GROUP", CELL_STRING, false, "group of who opened it", group_text },
	{ "UID", CELL_NUMBER, false, "number of who opened it", uid_text },
	{ "GID", CELL_NUMBER, false, "number of that group", gid_text },
};

const struct columns endpoint_columns = {
	.name = "endpoints",
	.list = list,
	.count = ARRAY_SIZE(list),
};
