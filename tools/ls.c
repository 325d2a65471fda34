// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "names.h"
#include "tool.h"

static int help(void)
{
	puts("Usage: kchan ls [OPTION]... [NAME]...\n"
	     "List the channels that you may see. A NAME is that of a channel or of a\n"
	     "directory, for what is below it.\n\n"
	     "  -m, --shmems          those that have a pool, and its memory");
	fputs(TABLE_HELP "  -h, --help            this text\n", stdout);
	table_help(&channel_columns);
	return EXIT_SUCCESS;
}

/* By name; those without one come last, by number. */
static int compare(const void *a, const void *b)
{
	const struct channel *one = a, *other = b;

	if (one->name && other->name)
		return strcmp(one->name, other->name);
	if (one->name || other->name)
		return one->name ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

static int check_names(const struct channels *channels, char **names)
{
	int status = EXIT_SUCCESS;
	size_t i;

	for (; *names; names++) {
		for (i = 0; i < channels->count; i++) {
			if (name_matches(channels->list[i].name, *names))
				break;
		}
		if (i == channels->count)
			status = report(*names, "no such channel, or none that "
						"you may see");
	}
	return status;
}

static void keep_matching(struct channels *channels, char **names)
{
	size_t i, kept = 0;

	for (i = 0; i < channels->count; i++) {
		if (any_name_matches(channels->list[i].name, names))
			channels->list[kept++] = channels->list[i];
		else
			channel_free(&channels->list[i]);
	}
	channels->count = kept;
}

static void keep_pools(struct channels *channels)
{
	size_t i, kept = 0;

	for (i = 0; i < channels->count; i++) {
		if (channels->list[i].state.slots)
			channels->list[kept++] = channels->list[i];
		else
			channel_free(&channels->list[i]);
	}
	channels->count = kept;
}

static int list(const struct table *table, char **names, bool pools)
{
	struct channels channels;
	struct netlink *nl;
	struct view view;
	int err, status;

	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	err = netlink_channels(nl, &channels);
	netlink_close(nl);
	if (err)
		return report_error(NULL, err);
	status = check_names(&channels, names);
	if (*names)
		keep_matching(&channels, names);
	if (pools)
		keep_pools(&channels);
	if (channels.count)
		qsort(channels.list, channels.count, sizeof(*channels.list),
		      compare);
	view_init(&view, table->json);
	status |= table_print(table, channels.list, channels.count,
			      sizeof(*channels.list), &view, stdout);
	view_end(&view);
	channels_free(&channels);
	return status;
}

int cmd_ls(int argc, char **argv)
{
	static const struct option options[] = {
		TABLE_OPTIONS,
		{ "shmems", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	static const char *const of_pools[] = { "NAME",	 "ID",	      "MODE",
						"OWNER", "POOLBYTES", "NATTCH",
						"FREE",	 "LOANED",    "INQUEUE",
						"TAKEN", "CUSER",     NULL };
	bool pools = false;
	struct table table;
	int c;

	table_init(&table, &channel_columns);
	while ((c = getopt_long(argc, argv, ":hm" TABLE_LETTERS, options,
				NULL)) != -1) {
		if (c == 'h')
			return help();
		if (c == 'm')
			pools = true;
		else if (table_option(c, argv, &table))
			return EXIT_FAILURE;
	}
	if (pools)
		table_usual(&table, of_pools);
	if (!names_are_relative(argv + optind))
		return EXIT_FAILURE;
	return list(&table, argv + optind, pools);
}
