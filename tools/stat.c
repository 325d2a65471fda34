// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "explain.h"
#include "json.h"
#include "parts.h"
#include "place.h"
#include "tool.h"

static int help(void)
{
	puts("Usage: kchan stat [OPTION]... NAME...\n"
	     "Show all that is known of channels, and who has them open.\n\n"
	     "  -J, --json   as JSON\n"
	     "  -h, --help   this text");
	return EXIT_SUCCESS;
}

/* What another column says in words, or what print_dead() shows. */
static bool is_repetition(const char *name)
{
	static const char *const names[] = {
		"NAME",		"MODE",		  "UID",
		"GID",		"CUID",		  "CGID",
		"LPID",		"EXPOSED",	  "STATUS",
		"DEADLETTERID", "DROPEXPIRED",	  "DROPREJECTED",
		"DROPREFUSED",	"DROPDELIVERIES", "DROPOVERFLOW",
		"DEADEXPIRED",	"DEADREJECTED",	  "DEADDELIVERIES",
		"DEADOVERFLOW",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Those reasons that there were. */
static void print_dead(const struct kchan_state *state)
{
	static const char *const reasons[KCHAN_DEAD_REASONS] = {
		[0] = "dead-letter channel did not take",
		[KCHAN_DEAD_EXPIRED] = "expired",
		[KCHAN_DEAD_REJECTED] = "rejected by receiver",
		[KCHAN_DEAD_DELIVERIES] = "handed out too often",
		[KCHAN_DEAD_OVERFLOW] = "made room",
	};
	bool first = true;
	int i;

	for (i = 0; i < KCHAN_DEAD_REASONS; i++) {
		if (!state->dropped[i] && !state->dead_lettered[i])
			continue;
		if (first)
			printf("  %-*s %10s %14s\n", LABEL_WIDTH,
			       "dead messages", "dropped", "dead-lettered");
		first = false;
		printf("    %-*s %10" PRIu64 " %14" PRIu64 "\n",
		       LABEL_WIDTH - 2, reasons[i], (uint64_t)state->dropped[i],
		       (uint64_t)state->dead_lettered[i]);
	}
}

static int print(const struct channel *channel,
		 const struct endpoints *endpoints, struct view *view)
{
	if (channel->name)
		print_safely(stdout, channel->name);
	else
		printf("channel without a name that you may see");
	putchar('\n');
	columns_print(&channel_columns, channel, view, is_repetition, stdout);
	if (!channel->shown) {
		puts("  what goes on in it is for who may send or receive");
	} else {
		print_dead(&channel->state);
		print_residence(stdout, "time in queue of messages received",
				channel->state.residence);
	}
	return print_endpoints(stdout, endpoints, channel->state.slots, view);
}

static void put_columns(struct json *json, const struct columns *columns,
			const void *item, struct view *view)
{
	const struct column *column = columns->list;
	const struct column *end = column + columns->count;
	char *text, *key, *c;

	for (; column < end; column++) {
		text = column->text(item, view);
		key = xstrdup(column->name);
		for (c = key; *c; c++)
			*c |= 'a' ^ 'A';
		if (text && column->cell == CELL_BOOLEAN)
			json_plain(json, key, *text == 'y' ? "true" : "false");
		else if (text && column_is_number(column))
			json_plain(json, key, text);
		else
			json_string(json, key, text);
		free(key);
		free(text);
	}
}

static void put_residence(struct json *json, const struct kchan_state *state)
{
	const __u64 *counts = state->residence;
	int i;

	json_open(json, "residence", '[');
	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++) {
		json_open(json, NULL, '{');
		if (i == KCHAN_RESIDENCE_BUCKETS - 1)
			json_plain(json, "below_ns", "null");
		else
			json_number(json, "below_ns",
				    1ULL << (KCHAN_RESIDENCE_SHIFT + i));
		json_number(json, "messages", counts[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put(struct json *json, const struct channel *channel,
		const struct endpoints *endpoints, struct view *view)
{
	size_t i;

	json_open(json, NULL, '{');
	put_columns(json, &channel_columns, channel, view);
	if (channel->shown)
		put_residence(json, &channel->state);
	else
		json_plain(json, "residence", "null");
	json_open(json, "endpoints", '[');
	for (i = 0; i < endpoints->count; i++) {
		json_open(json, NULL, '{');
		put_columns(json, &endpoint_columns, &endpoints->list[i], view);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static int get(struct netlink *nl, const char *name, struct channel *channel,
	       struct endpoints *endpoints)
{
	bool path = name[0] == '/';
	uint64_t id = 0;
	int err = 0;

	if (path)
		err = place_channel(name, &id);
	if (!err)
		err = netlink_channel(nl, path ? NULL : name, id, channel);
	if (err)
		return err;
	err = netlink_endpoints(nl, channel->id, endpoints);
	if (err)
		channel_free(channel);
	return err;
}

static int report_stat(const char *name, int err)
{
	switch (err) {
	case -ENOENT:
	case -EISDIR:
	case -EINVAL:
	case -EACCES:
		return report_open(name, name, err, "look");
	case -EXDEV:
		return report(name, "belongs to another network namespace "
				    "(kchan --netns)");
	default:
		return report_place(name, name, err);
	}
}

/* With @json into that, else for a reader, with an empty line if it is not the first. */
static int show(struct netlink *nl, const char *name, struct json *json,
		bool *first)
{
	struct endpoints endpoints;
	struct channel channel;
	struct view view;
	int err, status = EXIT_SUCCESS;

	err = get(nl, name, &channel, &endpoints);
	if (err)
		return report_stat(name, err);
	view_init(&view, json);
	if (!*first && !json)
		putchar('\n');
	*first = false;
	if (json)
		put(json, &channel, &endpoints, &view);
	else
		status = print(&channel, &endpoints, &view);
	view_end(&view);
	endpoints_free(&endpoints);
	channel_free(&channel);
	return status;
}

static int show_all(char **names, bool as_json)
{
	struct json json = { .out = stdout };
	int err, status = EXIT_SUCCESS;
	struct netlink *nl;
	bool first = true;

	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	if (as_json) {
		json_open(&json, NULL, '{');
		json_open(&json, channel_columns.name, '[');
	}
	for (; *names; names++)
		status |= show(nl, *names, as_json ? &json : NULL, &first);
	if (as_json) {
		json_close(&json, ']');
		json_close(&json, '}');
		putchar('\n');
	}
	netlink_close(nl);
	return status;
}

int cmd_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":Jh", options, NULL)) != -1) {
		switch (c) {
		case 'J':
			json = true;
			break;
		case 'h':
			return help();
		default:
			return bad_option(c, argv);
		}
	}
	if (optind == argc)
		return misuse("a NAME is missing");
	return show_all(argv + optind, json);
}
