// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "ipcs.h"
#include "limits.h"
#include "names.h"
#include "parse.h"
#include "sections.h"
#include "tool.h"

/**
 * struct options - what is asked for
 * @table: how
 * @sections: which of them, each with a title if there are several; 0: all in one list
 * @format: what of them
 * @amounts: how sizes are written
 * @id: the channel of this number only; 0: all
 * @list: it too as a list
 * @numeric: permissions in octal
 * @time: form of times
 * @names: channels and directories; none: all
 */
struct options {
	struct table table;
	unsigned int sections;
	enum format format;
	enum amounts amounts;
	uint64_t id;
	bool list;
	bool numeric;
	enum time_form time;
	char **names;
};

enum { OPT_HUMAN = OPT_TABLE_END, OPT_LIST, OPT_TIME_FORMAT };

static int help(void)
{
	puts("Usage: kchan ls [OPTION]... [NAME]...\n"
	     "List the channels that you may see. A NAME is that of a channel or of a\n"
	     "directory, for what is below it. A \"!\" after the permissions says that all\n"
	     "users may receive, which consumes.\n\n"
	     "  -q, --queues          those without a pool\n"
	     "  -m, --shmems          those that have a pool, and its memory\n"
	     "  -s, --semaphores      those that have semaphores; there are none yet\n"
	     "  -a, --all             these three lists\n"
	     "  -i, --id=ID           the channel of this number, with all that is known\n"
	     "  -c, --creator         who made and who owns them\n"
	     "  -t, --time            when they were made, and used last\n"
	     "  -p, --pid             by which processes\n"
	     "  -l, --limits          what there may be\n"
	     "  -u, --summary         what there is in all\n"
	     "  -g, --global          both, as a list\n"
	     "  -b, --bytes           sizes in bytes, which is the default\n"
	     "      --human           sizes as 1.5K\n"
	     "      --list            a list with --id, too\n"
	     "  -P, --numeric-perms   permissions in octal\n"
	     "      --time-format=short|full|iso\n"
	     "                        how times are shown");
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

static bool wanted(const struct channel *channel, const void *arg)
{
	const struct options *o = arg;

	if (o->id && channel->id != o->id)
		return false;
	return !*o->names || any_name_matches(channel->name, o->names);
}

/* Whether there is all that was asked for. */
static int check_found(const struct channels *channels, const struct options *o)
{
	int status = names_check(o->names, channels);

	if (o->id && !channels_find(channels, o->id))
		status = report("--id",
				"no channel %" PRIu64
				", or none that you may see",
				o->id);
	return status;
}

static const char *const *columns_of(enum section section, enum format format)
{
	static const char *const creator[] = { "NAME",	"ID",	  "PERMS",
					       "CUSER", "CGROUP", "OWNER",
					       "GROUP", NULL };
	static const char *const time[] = { "NAME",  "ID",    "OWNER", "STIME",
					    "RTIME", "CTIME", NULL };
	static const char *const pid[] = { "NAME",  "ID",    "OWNER", "CPID",
					   "LSPID", "LRPID", NULL };
	static const char *const pools[] = { "NAME",  "ID",	   "MODE",
					     "OWNER", "POOLBYTES", "NATTCH",
					     "FREE",  "LOANED",	   "INQUEUE",
					     "TAKEN", "CUSER",	   NULL };
	static const char *const semaphores[] = { "NAME",  "ID",    "PERMS",
						  "OWNER", "NSEMS", NULL };

	switch (format) {
	case FORMAT_CREATOR:
		return creator;
	case FORMAT_TIME:
		return time;
	case FORMAT_PID:
		return pid;
	default:
		return section == SECTION_POOLS	     ? pools :
		       section == SECTION_SEMAPHORES ? semaphores :
						       NULL;
	}
}

static int print_list(const struct channels *channels, enum section section,
		      const char *title, const struct options *o,
		      struct view *view)
{
	const char *const *names = columns_of(section, o->format);
	struct table table = o->table;

	table.title = title;
	if (names)
		table_usual(&table, names);
	return table_print(&table, channels->list, channels->count,
			   sizeof(*channels->list), view, stdout);
}

static int print_section(const struct channels *channels, enum section section,
			 const struct options *o, struct view *view)
{
	static const char *const titles[SECTIONS] = { "Queues", "Pools",
						      "Semaphores" };
	bool alone = o->sections == SECTION_BIT(section);
	struct channels part = {};
	int status;
	size_t i;

	part.list = xrealloc(NULL, channels->count * sizeof(*part.list) + 1);
	for (i = 0; i < channels->count; i++) {
		if (in_section(&channels->list[i], section))
			part.list[part.count++] = channels->list[i];
	}
	status = print_list(&part, section, alone ? NULL : titles[section], o,
			    view);
	/* What is in it is the whole list's. */
	free(part.list);
	return status;
}

static int print_sections(const struct channels *channels,
			  const struct options *o, struct view *view)
{
	enum section section;
	int status = EXIT_SUCCESS;
	bool first = true;

	for (section = 0; section < SECTIONS; section++) {
		if (!(o->sections & SECTION_BIT(section)))
			continue;
		if (!first)
			putchar('\n');
		first = false;
		status |= print_section(channels, section, o, view);
	}
	return status;
}

static int print(const struct channels *channels, const struct options *o,
		 struct view *view)
{
	if (o->id && channels->count && !o->list &&
	    o->table.form == FORM_TABLE) {
		columns_print(&channel_columns, channels->list, view, NULL,
			      stdout);
		return EXIT_SUCCESS;
	}
	if (o->sections)
		return print_sections(channels, o, view);
	return print_list(channels, SECTION_QUEUES, NULL, o, view);
}

static void begin(struct view *view, const struct options *o)
{
	view_init(view, o->table.form == FORM_JSON);
	view->human = o->amounts == AMOUNTS_HUMAN && !view->json;
	view->mark = o->table.form == FORM_TABLE;
	view->numeric = o->numeric;
	view->time = o->time;
}

static int list(struct channels *channels, const struct options *o)
{
	int status = check_found(channels, o);
	struct view view;

	channels_keep(channels, wanted, o);
	if (channels->count)
		qsort(channels->list, channels->count, sizeof(*channels->list),
		      compare);
	begin(&view, o);
	status |= print(channels, o, &view);
	view_end(&view);
	return status;
}

static int print_global(const struct limits *limits, const struct options *o)
{
	unsigned int sections = o->sections ? o->sections : ALL_SECTIONS;
	struct table table = o->table;
	struct limit all[LIMITS_MAX];
	struct view view;
	size_t count;
	int status;

	count = limits_list(limits, sections, all);
	table_init(&table, &limit_columns);
	table.form = o->table.form;
	table.noheadings = o->table.noheadings;
	table.shell = o->table.shell;
	begin(&view, o);
	status = table_print(&table, all, count, sizeof(*all), &view, stdout);
	view_end(&view);
	return status;
}

static int show(const struct options *o)
{
	unsigned int sections = o->sections ? o->sections : ALL_SECTIONS;
	struct channels channels = {};
	struct limits limits;
	struct netlink *nl;
	int err, status;

	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	if (o->format == FORMAT_LIMITS || o->format == FORMAT_GLOBAL)
		err = netlink_limits(nl, &limits);
	else
		err = netlink_channels(nl, &channels);
	netlink_close(nl);
	if (err)
		return report_error(NULL, err);
	if (o->format == FORMAT_LIMITS)
		status = ipcs_limits(&limits, sections, o->amounts);
	else if (o->format == FORMAT_GLOBAL)
		status = print_global(&limits, o);
	else if (o->format == FORMAT_SUMMARY)
		status = ipcs_summary(&channels, sections, o->amounts);
	else
		status = list(&channels, o);
	channels_free(&channels);
	return status;
}

static bool is_one(unsigned int sections)
{
	return !(sections & (sections - 1));
}

static int check_options(const struct options *o)
{
	const struct table *table = &o->table;
	bool columns = table->usual != table->count || !table->usual;

	if (o->format >= FORMAT_LISTS && (*o->names || o->id))
		return misuse("--limits, --summary and --global are not of "
			      "single channels");
	if (o->format >= FORMAT_LISTS && columns)
		return misuse("--output is for lists of channels");
	if (o->format >= FORMAT_LISTS && o->format != FORMAT_GLOBAL &&
	    table->form != FORM_TABLE)
		return misuse("--limits and --summary are text: --global is "
			      "a list");
	if (o->format < FORMAT_LISTS && table->form != FORM_TABLE &&
	    !is_one(o->sections))
		return misuse("only one list can be written in that form");
	if (o->id && *o->names)
		return misuse("--id and a NAME do not go together");
	return names_are_relative(o->names) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool parse_time_format(const char *text, enum time_form *time)
{
	if (strcmp(text, "short") == 0)
		*time = TIME_SHORT;
	else if (strcmp(text, "full") == 0)
		*time = TIME_FULL;
	else if (strcmp(text, "iso") == 0)
		*time = TIME_ISO;
	else
		return false;
	return true;
}

static int parse_option(int c, char **argv, struct options *o)
{
	if (section_option(c, &o->sections) || format_option(c, &o->format))
		return EXIT_SUCCESS;
	switch (c) {
	case 'b':
		o->amounts = AMOUNTS_BYTES;
		return EXIT_SUCCESS;
	case 'g':
		o->format = FORMAT_GLOBAL;
		return EXIT_SUCCESS;
	case 'i':
		if (parse_number(optarg, UINT64_MAX, &o->id) && o->id)
			return EXIT_SUCCESS;
		return bad_value("--id", "the number of a channel");
	case 'P':
		o->numeric = true;
		return EXIT_SUCCESS;
	case OPT_HUMAN:
		o->amounts = AMOUNTS_HUMAN;
		return EXIT_SUCCESS;
	case OPT_LIST:
		o->list = true;
		return EXIT_SUCCESS;
	case OPT_TIME_FORMAT:
		if (parse_time_format(optarg, &o->time))
			return EXIT_SUCCESS;
		return bad_value("--time-format", "short, full or iso");
	default:
		return table_option(c, argv, &o->table);
	}
}

int cmd_ls(int argc, char **argv)
{
	static const struct option options[] = {
		IPCS_OPTIONS,
		TABLE_OPTIONS,
		{ "global", no_argument, NULL, 'g' },
		{ "human", no_argument, NULL, OPT_HUMAN },
		{ "list", no_argument, NULL, OPT_LIST },
		{ "numeric-perms", no_argument, NULL, 'P' },
		{ "time-format", required_argument, NULL, OPT_TIME_FORMAT },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = {};
	int c;

	table_init(&o.table, &channel_columns);
	while ((c = getopt_long(argc, argv, ":ghP" IPCS_LETTERS TABLE_LETTERS,
				options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &o))
			return EXIT_FAILURE;
	}
	o.names = argv + optind;
	if (check_options(&o))
		return EXIT_FAILURE;
	return show(&o);
}
