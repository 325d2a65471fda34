// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/kchan_netlink.h>

#include "json.h"
#include "names.h"
#include "netlink.h"
#include "parse.h"
#include "text.h"
#include "tool.h"

static const struct {
	const char *name;
	const char *what;
} events[] = {
	[KCHAN_EVENT_CREATED] = { "created", "a channel was made" },
	[KCHAN_EVENT_REMOVED] = { "removed", "its name was, or it is gone" },
	[KCHAN_EVENT_RENAMED] = { "renamed",
				  "it has a new name, which is shown" },
	[KCHAN_EVENT_ATTACHED] = { "attached", "somebody has opened it" },
	[KCHAN_EVENT_DETACHED] = { "detached", "somebody has closed it" },
	[KCHAN_EVENT_DIED] = { "died",
			       "a process that had it open was killed" },
	[KCHAN_EVENT_REVOKED] = { "revoked", "all use was ended" },
	[KCHAN_EVENT_FULL] = { "full", "a message did not fit" },
	[KCHAN_EVENT_DROPPED] = { "dropped", "dead messages were dropped" },
	[KCHAN_EVENT_DEAD_LETTERED] = { "dead-lettered",
					"dead messages went to its dead-letter channel" },
};

/**
 * struct monitor - what is shown
 * @json: as JSON
 * @wanted: a bit for each event that is; 0: all
 * @names: of which channels; none: of all
 * @count: events that are still to be shown
 * @counted: whether @count is meant
 * @status: exit status
 */
struct monitor {
	bool json;
	uint32_t wanted;
	char **names;
	uint64_t count;
	bool counted;
	int status;
};

static int help(void)
{
	size_t i;

	puts("Usage: kchan monitor [OPTION]... [NAME]...\n"
	     "Show what happens to channels, a line for each event: time, event, number and\n"
	     "name of the channel, and how often, where that is counted. A NAME is that of a\n"
	     "channel or of a directory, for what is below it.\n\n"
	     "  -e, --event=LIST   these events only, with commas between\n"
	     "  -n, --count=N      end after N events\n"
	     "  -J, --json         an object on a line for each\n"
	     "  -h, --help         this text\n\n"
	     "Where events came faster than they were read, a line says \"lost\".\n\n"
	     "Events:");
	for (i = 0; i < ARRAY_SIZE(events); i++)
		printf("  %-13s %s\n", events[i].name, events[i].what);
	return EXIT_SUCCESS;
}

static char *time_now(void)
{
	struct view view;

	view_init(&view, true);
	return text_time(&view, view.now);
}

static void show_json(const char *time, const char *what,
		      const struct event *event)
{
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_string(&json, "time", time);
	json_string(&json, "event", what);
	if (event) {
		json_number(&json, "id", event->id);
		json_string(&json, "name", event->name);
		if (event->counted)
			json_number(&json, "count", event->count);
	}
	json_close(&json, '}');
	putchar('\n');
}

/* @event is NULL for what is not of one channel. */
static void show_line(const char *time, const char *what,
		      const struct event *event)
{
	printf("%s %s", time, what);
	if (event) {
		printf(" %" PRIu64 " ", event->id);
		print_safely(stdout, event->name ? event->name : "-");
		if (event->counted)
			printf(" %" PRIu64, event->count);
	}
	putchar('\n');
}

/* Return: whether to go on. */
static bool show(struct monitor *m, const char *what, const struct event *event)
{
	char *time = time_now();

	if (m->json)
		show_json(time, what, event);
	else
		show_line(time, what, event);
	free(time);
	m->status = finish(EXIT_SUCCESS);
	return m->status == EXIT_SUCCESS;
}

/* Return: 1 for the end. */
static int take_event(const struct event *event, void *arg)
{
	struct monitor *m = arg;
	char number[16];
	const char *what = number;

	/* A newer module may tell more. */
	if (event->event < ARRAY_SIZE(events))
		what = events[event->event].name;
	else
		snprintf(number, sizeof(number), "%" PRIu32, event->event);
	if (m->wanted && !(event->event < 32 && m->wanted & 1U << event->event))
		return 0;
	if (*m->names && !any_name_matches(event->name, m->names))
		return 0;
	if (!show(m, what, event))
		return 1;
	return m->counted && !--m->count;
}

static int monitor(struct monitor *m)
{
	struct netlink *nl;
	int err;

	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	err = netlink_subscribe(nl);
	if (!err) {
		while ((err = netlink_events(nl, take_event, m)) == -ENOBUFS) {
			if (!show(m, "lost", NULL))
				break;
		}
	}
	netlink_close(nl);
	if (m->status)
		return m->status;
	return err ? report_error(NULL, err) : EXIT_SUCCESS;
}

static int choose(struct monitor *m, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(name, events[i].name) == 0) {
			m->wanted |= 1U << i;
			return EXIT_SUCCESS;
		}
	}
	return misuse("--event: no event %s", name);
}

static int choose_list(struct monitor *m, const char *list)
{
	char *names, *name, *rest;
	int status = EXIT_SUCCESS;

	rest = names = xstrdup(list);
	while (!status && (name = strsep(&rest, ",")))
		status = choose(m, name);
	free(names);
	return status;
}

static int parse_option(int c, char **argv, struct monitor *m)
{
	switch (c) {
	case 'e':
		return choose_list(m, optarg);
	case 'n':
		m->counted = true;
		if (!parse_number(optarg, UINT64_MAX, &m->count) || !m->count)
			return bad_value("--count", "a number from 1");
		return EXIT_SUCCESS;
	case 'J':
		m->json = true;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "count", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct monitor m = {};
	int c;

	while ((c = getopt_long(argc, argv, ":e:n:Jh", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &m))
			return EXIT_FAILURE;
	}
	m.names = argv + optind;
	if (!names_are_relative(m.names))
		return EXIT_FAILURE;
	return monitor(&m);
}
