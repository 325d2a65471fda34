// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kcipcs, for scripts that read what ipcs(1) prints: its headings, its fields in its
 * order, and the name as one more at the end of a line. Each text below is one that is
 * printed, with {COLUMN:WIDTH} in the places of values.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "ipcs.h"
#include "parse.h"
#include "sections.h"
#include "text.h"
#include "tool.h"

/**
 * struct layout - one list of ipcs(1)
 * @title: of the section
 * @heading: its line of headings
 * @row: the line for each channel
 * @time: form of its times
 */
struct layout {
	const char *title;
	const char *heading;
	const char *row;
	enum time_form time;
};

static const struct layout layouts[SECTIONS][FORMAT_LISTS] = {
	[SECTION_QUEUES] = {
		[FORMAT_USUAL] = {
			"Message Queues",
			"key        msqid      owner      perms      used-bytes   messages     name",
			"{KEY:10} {ID:10} {OWNER:10} {MODE:10} {BYTES:12} {QUEUED:12} {NAME}",
		},
		[FORMAT_CREATOR] = {
			"Message Queues Creators/Owners",
			"msqid      perms      cuid       cgid       uid        gid        name",
			"{ID:10} {MODE:10} {CUSER:10} {CGROUP:10} {OWNER:10} {GROUP:10} {NAME}",
		},
		[FORMAT_TIME] = {
			"Message Queues Send/Recv/Change Times",
			"msqid    owner      send                 recv                 change               name",
			"{ID:8} {OWNER:10} {STIME:20} {RTIME:20} {CTIME:20} {NAME}",
			TIME_DAY,
		},
		[FORMAT_PID] = {
			"Message Queues PIDs",
			"msqid      owner      lspid      lrpid      name",
			"{ID:10} {OWNER:10} {LSPID:10} {LRPID:10} {NAME}",
		},
	},
	[SECTION_POOLS] = {
		[FORMAT_USUAL] = {
			"Shared Memory Segments",
			"key        shmid      owner      perms      bytes      nattch     status       name",
			"{KEY:10} {ID:10} {OWNER:10} {MODE:10} {POOLBYTES:10} {NATTCH:10} {STATUS:12} {NAME}",
		},
		[FORMAT_CREATOR] = {
			"Shared Memory Segment Creators/Owners",
			"shmid      perms      cuid       cgid       uid        gid        name",
			"{ID:10} {MODE:10} {CUSER:10} {CGROUP:10} {OWNER:10} {GROUP:10} {NAME}",
		},
		[FORMAT_TIME] = {
			"Shared Memory Attach/Detach/Change Times",
			"shmid      owner      attached             detached             changed              name",
			"{ID:10} {OWNER:10} {STIME:20} {RTIME:20} {CTIME:20} {NAME}",
			TIME_DAY,
		},
		[FORMAT_PID] = {
			"Shared Memory Creator/Last-op PIDs",
			"shmid      owner      cpid       lpid       name",
			"{ID:10} {OWNER:10} {CPID:10} {LPID:10} {NAME}",
		},
	},
	[SECTION_SEMAPHORES] = {
		[FORMAT_USUAL] = {
			"Semaphore Arrays",
			"key        semid      owner      perms      nsems      name",
			"{KEY:10} {ID:10} {OWNER:10} {MODE:10} {NSEMS:10} {NAME}",
		},
		[FORMAT_CREATOR] = {
			"Semaphore Arrays Creators/Owners",
			"semid      perms      cuid       cgid       uid        gid        name",
			"{ID:10} {MODE:10} {CUSER:10} {CGROUP:10} {OWNER:10} {GROUP:10} {NAME}",
		},
		[FORMAT_TIME] = {
			"Semaphore Operation/Change Times",
			"semid    owner      last-op                    last-changed               name",
			"{ID:8} {OWNER:10} {STIME:26} {CTIME:26} {NAME}",
			TIME_FULL,
		},
		/* ipcs(1) has none. */
		[FORMAT_PID] = {},
	},
};

/* What it prints of one object. */
static const char *const details[SECTIONS] = {
	[SECTION_QUEUES] =
		"\nMessage Queue msqid={ID}\n"
		"uid={UID}\tgid={GID}\tcuid={CUID}\tcgid={CGID}\tmode={MODE}\n"
		"cbytes={BYTES}\tqbytes={MAXBYTES}\tqnum={QUEUED}\tlspid={LSPID}\tlrpid={LRPID}\n"
		"send_time={STIME:26}\n"
		"rcv_time={RTIME:26}\n"
		"change_time={CTIME:26}\n"
		"name={NAME}\n\n",
	[SECTION_POOLS] =
		"\nShared memory Segment shmid={ID}\n"
		"uid={UID}\tgid={GID}\tcuid={CUID}\tcgid={CGID}\n"
		"mode={MODE}\taccess_perms={MODE}\n"
		"bytes={POOLBYTES}\tlpid={LPID}\tcpid={CPID}\tnattch={NATTCH}\n"
		"att_time={STIME:26}\n"
		"det_time={RTIME:26}\n"
		"change_time={CTIME:26}\n"
		"name={NAME}\n\n",
};

/* What ipcs(1) has where there is nothing; a dash for what the caller may not see. */
static const char *nothing(const struct column *column,
			   const struct channel *channel)
{
	switch (column->cell) {
	case CELL_NUMBER:
	case CELL_SIZE:
		return channel->shown ? "0" : "-";
	case CELL_TIME:
		return "Not set";
	default:
		return column->cell == CELL_NAME ? "-" : "";
	}
}

/* In lists modes are without leading zeros. */
static void print_value(const struct column *column,
			const struct channel *channel, int width,
			struct view *view)
{
	char *text = column->text(channel, view);
	const char *shown = text ? text : nothing(column, channel);

	if (text && width && strcmp(column->name, "MODE") == 0)
		shown += strspn(text, "0") - !text[strspn(text, "0")];
	if (column->cell == CELL_NAME)
		print_safely(stdout, shown);
	else
		printf("%-*s", width, shown);
	free(text);
}

static void print_text(const char *text, const struct channel *channel,
		       struct view *view)
{
	char name[16];
	int width, len;

	while (*text) {
		if (*text != '{') {
			putchar(*text++);
			continue;
		}
		width = 0;
		sscanf(text, "{%15[A-Z]%n:%d", name, &len, &width);
		text += len;
		text += strcspn(text, "}") + 1;
		print_value(column_find(&channel_columns, name), channel, width,
			    view);
	}
}

static void print_list(const struct channels *channels, enum section section,
		       enum format format, struct view *view)
{
	const struct layout *layout = &layouts[section][format];
	size_t i;

	putchar('\n');
	if (!layout->title)
		return;
	printf("------ %s --------\n%s\n", layout->title, layout->heading);
	view->time = layout->time;
	for (i = 0; i < channels->count; i++) {
		if (!in_section(&channels->list[i], section))
			continue;
		print_text(layout->row, &channels->list[i], view);
		putchar('\n');
	}
}

static int print_lists(const struct channels *channels, unsigned int sections,
		       enum format format)
{
	enum section section;
	struct view view;

	view_init(&view, false);
	for (section = 0; section < SECTIONS; section++) {
		if (sections & SECTION_BIT(section))
			print_list(channels, section, format, &view);
	}
	putchar('\n');
	view_end(&view);
	return EXIT_SUCCESS;
}

static int print_details(const struct channels *channels, uint64_t id,
			 enum section section)
{
	const struct channel *channel = channels_find(channels, id);
	struct view view;

	if (!channel || !in_section(channel, section))
		return report(NULL, "no %s with id %" PRIu64,
			      section_what(section), id);
	view_init(&view, false);
	view.time = TIME_FULL;
	print_text(details[section], channel, &view);
	view_end(&view);
	return EXIT_SUCCESS;
}

static void print_amount(const char *what, uint64_t bytes, bool in_kbytes,
			 enum amounts amounts)
{
	char *text;

	if (amounts == AMOUNTS_HUMAN) {
		text = text_size(bytes);
		printf("%s = %s\n", what, text);
		free(text);
	} else if (in_kbytes && amounts == AMOUNTS_USUAL) {
		printf("%s (kbytes) = %" PRIu64 "\n", what, bytes / 1024);
	} else {
		printf("%s (bytes) = %" PRIu64 "\n", what, bytes);
	}
}

/* A limit may be lower than the default. */
static uint64_t bytes_default(const struct limits *limits)
{
	return limits->max_bytes < KCHAN_BYTES_DEFAULT ? limits->max_bytes :
							 KCHAN_BYTES_DEFAULT;
}

int ipcs_limits(const struct limits *limits, unsigned int sections,
		enum amounts amounts)
{
	if (sections & SECTION_BIT(SECTION_QUEUES)) {
		puts("\n------ Messages Limits --------");
		printf("max queues system wide = %" PRIu64 "\n",
		       limits->max_channels);
		print_amount("max size of message", limits->max_msgsize, false,
			     amounts);
		print_amount("default max size of queue", bytes_default(limits),
			     false, amounts);
	}
	if (sections & SECTION_BIT(SECTION_POOLS)) {
		puts("\n------ Shared Memory Limits --------");
		printf("max number of segments = %" PRIu64 "\n",
		       limits->max_channels);
		print_amount("max seg size", limits->max_pool_bytes_user, true,
			     amounts);
		print_amount("max total shared memory",
			     limits->max_pool_bytes_user, true, amounts);
		print_amount("min seg size", KCHAN_SLOT_ALIGN, false, amounts);
	}
	if (sections & SECTION_BIT(SECTION_SEMAPHORES)) {
		puts("\n------ Semaphore Limits --------");
		puts("max number of arrays = 0");
		puts("max semaphores per array = 0");
		puts("max semaphores system wide = 0");
		puts("max ops per semop call = 0");
		puts("semaphore max value = 0");
	}
	putchar('\n');
	return EXIT_SUCCESS;
}

static void summarize_queues(const struct channels *channels,
			     enum amounts amounts)
{
	uint64_t count = 0, messages = 0, bytes = 0;
	const struct channel *channel;
	size_t i;

	for (i = 0; i < channels->count; i++) {
		channel = &channels->list[i];
		if (!in_section(channel, SECTION_QUEUES))
			continue;
		count++;
		messages += channel->state.queued + channel->state.held;
		bytes +=
			channel->state.queued_bytes + channel->state.held_bytes;
	}
	puts("\n------ Messages Status --------");
	printf("allocated queues = %" PRIu64 "\n", count);
	printf("used headers = %" PRIu64 "\n", messages);
	if (amounts == AMOUNTS_USUAL)
		printf("used space = %" PRIu64 " bytes\n", bytes);
	else
		print_amount("used space", bytes, false, amounts);
}

/* Which pages of a pool are where, nobody tells. */
static void summarize_pools(const struct channels *channels)
{
	uint64_t count = 0, pages = 0, page = sysconf(_SC_PAGESIZE);
	const struct kchan_state *state;
	size_t i;

	for (i = 0; i < channels->count; i++) {
		state = &channels->list[i].state;
		if (!in_section(&channels->list[i], SECTION_POOLS))
			continue;
		count++;
		pages +=
			((uint64_t)state->slots * state->slot_size + page - 1) /
			page;
	}
	puts("\n------ Shared Memory Status --------");
	printf("segments allocated %" PRIu64 "\n", count);
	printf("pages allocated %" PRIu64 "\n", pages);
	puts("pages resident  -\n"
	     "pages swapped   -\n"
	     "Swap performance: - attempts\t - successes");
}

int ipcs_summary(const struct channels *channels, unsigned int sections,
		 enum amounts amounts)
{
	if (sections & SECTION_BIT(SECTION_QUEUES))
		summarize_queues(channels, amounts);
	if (sections & SECTION_BIT(SECTION_POOLS))
		summarize_pools(channels);
	if (sections & SECTION_BIT(SECTION_SEMAPHORES)) {
		puts("\n------ Semaphore Status --------");
		puts("used arrays = 0");
		puts("allocated semaphores = 0");
	}
	putchar('\n');
	return EXIT_SUCCESS;
}

/* What is asked for of kcipcs; @id 0: nothing of one. */
struct options {
	unsigned int sections;
	enum format format;
	enum amounts amounts;
	uint64_t id;
};

static int help(void)
{
	puts("Usage: kcipcs [-q|-m|-s|-a]... [-t|-p|-c|-l|-u] [-b|--human]\n"
	     "       kcipcs -q|-m|-s -i ID\n"
	     "Show channels as ipcs(1) shows System V IPC: kchan ls for scripts that are\n"
	     "written for that.\n\n"
	     "  -q, --queues      channels without a pool\n"
	     "  -m, --shmems      channels with a pool\n"
	     "  -s, --semaphores  channels with semaphores; there are none yet\n"
	     "  -a, --all         all three, which is the default\n"
	     "  -i, --id=ID       all of one\n"
	     "  -t, --time        times of use\n"
	     "  -p, --pid         processes\n"
	     "  -c, --creator     who made and who owns them\n"
	     "  -l, --limits      what there may be\n"
	     "  -u, --summary     what there is in all\n"
	     "  -b, --bytes       sizes in bytes\n"
	     "      --human       sizes as 1.5K\n"
	     "  -h, --help        this text\n"
	     "  -V, --version     the version of the tool");
	return EXIT_SUCCESS;
}

static int show(struct netlink *nl, const struct options *o)
{
	struct channels channels;
	struct limits limits;
	int err, status;

	if (o->format == FORMAT_LIMITS) {
		err = netlink_limits(nl, &limits);
		return err ? report_error(NULL, err) :
			     ipcs_limits(&limits, o->sections, o->amounts);
	}
	err = netlink_channels(nl, &channels);
	if (err)
		return report_error(NULL, err);
	if (o->id)
		status = print_details(&channels, o->id,
				       __builtin_ctz(o->sections));
	else if (o->format == FORMAT_SUMMARY)
		status = ipcs_summary(&channels, o->sections, o->amounts);
	else
		status = print_lists(&channels, o->sections, o->format);
	channels_free(&channels);
	return status;
}

static int parse_option(int c, char **argv, struct options *o)
{
	if (section_option(c, &o->sections) || format_option(c, &o->format))
		return EXIT_SUCCESS;
	switch (c) {
	case 'b':
		o->amounts = AMOUNTS_BYTES;
		return EXIT_SUCCESS;
	case 'i':
		if (parse_number(optarg, UINT64_MAX, &o->id) && o->id)
			return EXIT_SUCCESS;
		return bad_value("--id", "the id of a channel");
	case LONG_ONLY:
		o->amounts = AMOUNTS_HUMAN;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

int cmd_ipcs(int argc, char **argv)
{
	static const struct option options[] = {
		IPCS_OPTIONS,
		{ "human", no_argument, NULL, LONG_ONLY },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = {};
	struct netlink *nl;
	int c, err, status;

	while ((c = getopt_long(argc, argv, ":h" IPCS_LETTERS, options,
				NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &o))
			return EXIT_FAILURE;
	}
	if (optind < argc)
		return misuse("%s: no such option", argv[optind]);
	if (o.id && __builtin_popcount(o.sections) != 1)
		return misuse("--id goes with one of -q, -m and -s");
	if (!o.sections)
		o.sections = ALL_SECTIONS;
	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	status = show(nl, &o);
	netlink_close(nl);
	return status;
}
