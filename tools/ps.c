// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "names.h"
#include "parse.h"
#include "tool.h"

/**
 * struct filter - which endpoints
 * @by_pid: those of process @pid
 * @by_uid: those of user @uid
 * @names: those of channels of these names; none: of all
 */
struct filter {
	bool by_pid;
	bool by_uid;
	uint64_t pid;
	uid_t uid;
	char **names;
};

static int help(void)
{
	puts("Usage: kchan ps [OPTION]... [NAME]...\n"
	     "List the endpoints of channels: who has them open, and who waits. A NAME is\n"
	     "that of a channel or of a directory, for what is below it.\n\n"
	     "  -p, --pid=PID         those of this process\n"
	     "  -u, --user=USER       those of this user, by name or number");
	fputs(TABLE_HELP "  -h, --help            this text\n", stdout);
	table_help(&endpoint_columns);
	return EXIT_SUCCESS;
}

static void put_names(struct endpoints *endpoints,
		      const struct channels *channels)
{
	const struct channel *found;
	size_t i;

	for (i = 0; i < endpoints->count; i++) {
		found = channels_find(channels, endpoints->list[i].id);
		endpoints->list[i].name = found ? found->name : NULL;
	}
}

static bool wanted(const struct endpoint *endpoint, const struct filter *filter)
{
	if (filter->by_pid && endpoint->pid != filter->pid)
		return false;
	if (filter->by_uid && endpoint->uid != filter->uid)
		return false;
	return !*filter->names ||
	       any_name_matches(endpoint->name, filter->names);
}

static void keep_wanted(struct endpoints *endpoints,
			const struct filter *filter)
{
	size_t i, kept = 0;

	for (i = 0; i < endpoints->count; i++) {
		if (wanted(&endpoints->list[i], filter))
			endpoints->list[kept++] = endpoints->list[i];
		else
			free(endpoints->list[i].comm);
	}
	endpoints->count = kept;
}

/* By name, those without one last; within a channel as the kernel does. */
static int compare(const void *a, const void *b)
{
	const struct endpoint *one = a, *other = b;
	int order = 0;

	if (one->name && other->name)
		order = strcmp(one->name, other->name);
	else if (one->name || other->name)
		order = one->name ? -1 : 1;
	if (order)
		return order;
	return one->order < other->order ? -1 : one->order > other->order;
}

static int get(struct channels *channels, struct endpoints *endpoints)
{
	struct netlink *nl;
	int err;

	err = netlink_open(&nl);
	if (err)
		return err;
	err = netlink_endpoints(nl, 0, endpoints);
	if (!err) {
		err = netlink_channels(nl, channels);
		if (err)
			endpoints_free(endpoints);
	}
	netlink_close(nl);
	return err;
}

static int list(const struct table *table, const struct filter *filter)
{
	struct endpoints endpoints;
	struct channels channels;
	struct view view;
	int err, status;

	err = get(&channels, &endpoints);
	if (err)
		return report_error(NULL, err);
	status = names_check(filter->names, &channels);
	put_names(&endpoints, &channels);
	keep_wanted(&endpoints, filter);
	if (endpoints.count)
		qsort(endpoints.list, endpoints.count, sizeof(*endpoints.list),
		      compare);
	view_init(&view, table->form == FORM_JSON);
	status |= table_print(table, endpoints.list, endpoints.count,
			      sizeof(*endpoints.list), &view, stdout);
	view_end(&view);
	endpoints_free(&endpoints);
	channels_free(&channels);
	return status;
}

static int parse_option(int c, char **argv, struct filter *filter,
			struct table *table)
{
	switch (c) {
	case 'p':
		filter->by_pid = true;
		if (parse_number(optarg, INT32_MAX, &filter->pid))
			return EXIT_SUCCESS;
		return bad_value("--pid", "the number of a process");
	case 'u':
		filter->by_uid = true;
		if (parse_user(optarg, &filter->uid))
			return EXIT_SUCCESS;
		return bad_value("--user", "a user");
	default:
		return table_option(c, argv, table);
	}
}

int cmd_ps(int argc, char **argv)
{
	static const struct option options[] = {
		TABLE_OPTIONS,
		{ "pid", required_argument, NULL, 'p' },
		{ "user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct filter filter = {};
	struct table table;
	int c;

	table_init(&table, &endpoint_columns);
	while ((c = getopt_long(argc, argv, ":hp:u:" TABLE_LETTERS, options,
				NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &filter, &table))
			return EXIT_FAILURE;
	}
	filter.names = argv + optind;
	if (!names_are_relative(filter.names))
		return EXIT_FAILURE;
	return list(&table, &filter);
}
