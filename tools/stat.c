// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "explain.h"
#include "json.h"
#include "parse.h"
#include "parts.h"
#include "place.h"
#include "tool.h"

#define DELAY_MAX (3600 * NSEC_PER_SEC)

static int help(void)
{
	puts("Usage: kchan stat [OPTION]... NAME...\n"
	     "Show all that is known of channels, and who has them open.\n\n"
	     "  -d, --delay=DURATION  rates and times in queue of so long from now on;\n"
	     "                        default: since the channel was made\n"
	     "  -J, --json            as JSON\n"
	     "  -h, --help            this text");
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

static void print_traffic(const struct row *row)
{
	char *time = text_duration(row->elapsed * NSEC_PER_SEC);

	printf("  rates of %s\n", time);
	print_flows(stdout, row);
	print_residence(stdout, "time in queue of messages received in it",
			row->residence);
	free(time);
}

static int print(const struct row *row, const struct endpoints *endpoints,
		 struct view *view)
{
	const struct channel *channel = row->channel;

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
		print_traffic(row);
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

static void put_rate(struct json *json, const char *key, double rate)
{
	char *text = xprintf("%.3f", rate);

	json_plain(json, key, text);
	free(text);
}

static void put_rates(struct json *json, const struct row *row)
{
	json_open(json, "rates", '{');
	put_rate(json, "elapsed", row->elapsed);
	put_rate(json, "sent", row->sent);
	put_rate(json, "sentbytes", row->sent_bytes);
	put_rate(json, "received", row->received);
	put_rate(json, "recvbytes", row->received_bytes);
	put_rate(json, "lost", row->lost);
	json_close(json, '}');
}

static void put_residence(struct json *json, const __u64 *counts)
{
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

static void put(struct json *json, const struct row *row,
		const struct endpoints *endpoints, struct view *view)
{
	const struct channel *channel = row->channel;
	size_t i;

	json_open(json, NULL, '{');
	put_columns(json, &channel_columns, channel, view);
	if (channel->shown) {
		put_rates(json, row);
		put_residence(json, row->residence);
	} else {
		json_plain(json, "rates", "null");
		json_plain(json, "residence", "null");
	}
	json_open(json, "endpoints", '[');
	for (i = 0; i < endpoints->count; i++) {
		json_open(json, NULL, '{');
		put_columns(json, &endpoint_columns, &endpoints->list[i], view);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static int get(struct netlink *nl, const char *name, struct channel *channel)
{
	bool path = name[0] == '/';
	uint64_t id = 0;
	int err = 0;

	if (path)
		err = place_channel(name, &id);
	if (!err)
		err = netlink_channel(nl, path ? NULL : name, id, channel);
	return err;
}

static int get_endpoints(struct netlink *nl, struct channel *channel,
			 struct endpoints *endpoints)
{
	int err = netlink_endpoints(nl, channel->id, endpoints);

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

/* The state after @delay, and what has changed in it; without, since it was made. */
static int measure(struct netlink *nl, uint64_t delay, struct channel *channel,
		   struct row *row)
{
	struct timespec pause = { .tv_sec = delay / NSEC_PER_SEC,
				  .tv_nsec = delay % NSEC_PER_SEC };
	struct sample before = {}, now = {};
	struct channel old = *channel;
	int err = 0;

	if (delay) {
		before.time = now_ns();
		before.channels = (struct channels){ &old, 1 };
		nanosleep(&pause, NULL);
		err = netlink_channel(nl, NULL, old.id, channel);
	}
	if (!err) {
		now.time = now_ns();
		row_make(row, channel, &now, &before);
	}
	if (delay)
		channel_free(&old);
	return err;
}

/* With @json into that, else for a reader, with an empty line if it is not the first. */
static int show(struct netlink *nl, const char *name, uint64_t delay,
		struct json *json, bool *first)
{
	struct endpoints endpoints;
	struct channel channel;
	struct view view;
	struct row row;
	int err, status = EXIT_SUCCESS;

	err = get(nl, name, &channel);
	if (!err)
		err = measure(nl, delay, &channel, &row);
	if (!err)
		err = get_endpoints(nl, &channel, &endpoints);
	if (err)
		return report_stat(name, err);
	view_init(&view, json);
	if (!*first && !json)
		putchar('\n');
	*first = false;
	if (json)
		put(json, &row, &endpoints, &view);
	else
		status = print(&row, &endpoints, &view);
	view_end(&view);
	endpoints_free(&endpoints);
	channel_free(&channel);
	return status;
}

static int show_all(char **names, uint64_t delay, bool as_json)
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
		status |=
			show(nl, *names, delay, as_json ? &json : NULL, &first);
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
		{ "delay", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	uint64_t delay = 0;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":d:Jh", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			if (!parse_duration(optarg, DELAY_MAX, &delay))
				return bad_value("--delay", EXPECT_DURATION);
			break;
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
	return show_all(argv + optind, delay, json);
}
