// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "names.h"
#include "parse.h"
#include "screen.h"
#include "tool.h"
#include "top.h"

#define DELAY (2 * NSEC_PER_SEC)
#define DELAY_MIN (NSEC_PER_SEC / 10)
#define DELAY_MAX (3600 * NSEC_PER_SEC)
#define BATCH_COLUMNS 120

enum { OPT_NO_IDLE = LONG_ONLY };

static int help(void)
{
	enum order order;

	puts("Usage: kchan top [OPTION]... [NAME]...\n"
	     "Watch channels: what goes through them, what is in them, who waits. A NAME is\n"
	     "that of a channel or of a directory, for what is below it.\n\n"
	     "  -b, --batch           print lists instead, for a file\n"
	     "  -n, --count=N         end after so many\n"
	     "  -d, --delay=DURATION  from one to the next, 100ms or more; default: 2s\n"
	     "  -s, --sort=COLUMN     with the most of it first; default: SENT\n"
	     "  -R, --reverse         with the least of it first\n"
	     "      --no-idle         without channels that nobody uses\n"
	     "  -h, --help            this text");
	fputs("\nColumns:", stdout);
	for (order = 0; order < ORDERS; order++)
		printf(" %s", order_name(order));
	puts("\nRates are by second, since the list before; at first, since the channel was\n"
	     "made. USE is how full it is; SND and RCV are endpoints, WS and WR their calls\n"
	     "that wait; LOST is what was dropped, dead-lettered or rejected.");
	puts("\n" SCREEN_HELP);
	return EXIT_SUCCESS;
}

int top_sample(struct top *top, struct netlink *nl)
{
	struct sample sample = {};
	int err;

	err = netlink_channels(nl, &sample.channels);
	if (err)
		return err;
	sample.time = now_ns();
	channels_free(&top->before.channels);
	top->before = top->now;
	top->now = sample;
	return 0;
}

static bool is_wanted(const struct row *row, const struct top *top)
{
	const char *name = row->channel->name;

	if (*top->names && !any_name_matches(name, top->names))
		return false;
	if (*top->filter && (!name || !strcasestr(name, top->filter)))
		return false;
	return !top->hide_idle || !row_is_idle(row);
}

static void add(struct row *sum, const struct row *row)
{
	sum->sent += row->sent;
	sum->sent_bytes += row->sent_bytes;
	sum->received += row->received;
	sum->received_bytes += row->received_bytes;
	sum->lost += row->lost;
}

void top_arrange(struct top *top)
{
	const struct channels *channels = &top->now.channels;
	struct row *row;
	size_t i;

	top->rows = xrealloc(top->rows, channels->count * sizeof(*top->rows));
	top->count = 0;
	top->sum = (struct row){};
	for (i = 0; i < channels->count; i++) {
		row = &top->rows[top->count];
		row_make(row, &channels->list[i], &top->now, &top->before);
		if (!is_wanted(row, top))
			continue;
		add(&top->sum, row);
		top->count++;
	}
	rows_sort(top->rows, top->count, top->order, top->reverse);
}

const struct row *top_find(const struct top *top, uint64_t id)
{
	size_t i;

	for (i = 0; i < top->count; i++) {
		if (top->rows[i].channel->id == id)
			return &top->rows[i];
	}
	return NULL;
}

void top_free(struct top *top)
{
	channels_free(&top->before.channels);
	channels_free(&top->now.channels);
	free(top->rows);
}

static void print_batch(const struct top *top)
{
	size_t i;

	print_totals(stdout, top);
	putchar('\n');
	print_heading(stdout, BATCH_COLUMNS);
	putchar('\n');
	for (i = 0; i < top->count; i++) {
		print_row(stdout, &top->rows[i], BATCH_COLUMNS);
		putchar('\n');
	}
}

/* Lists with an empty line between, until standard output takes no more. */
static int run_batch(struct top *top, struct netlink *nl, uint64_t count)
{
	struct timespec delay = { .tv_sec = top->delay / NSEC_PER_SEC,
				  .tv_nsec = top->delay % NSEC_PER_SEC };
	uint64_t i;
	int err;

	for (i = 0; !count || i < count; i++) {
		if (i) {
			nanosleep(&delay, NULL);
			putchar('\n');
		}
		err = top_sample(top, nl);
		if (err)
			return report_error(NULL, err);
		top_arrange(top);
		print_batch(top);
		if (fflush(stdout))
			break;
	}
	return EXIT_SUCCESS;
}

static int run(struct top *top, bool batch, uint64_t count)
{
	struct netlink *nl;
	int err, status;

	if (!batch && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return misuse("this is no terminal: --batch does without");
	err = netlink_open(&nl);
	if (err)
		return report_error(NULL, err);
	netlink_be_quiet(nl);
	status = batch ? run_batch(top, nl, count) : run_screen(top, nl, count);
	netlink_close(nl);
	top_free(top);
	return status;
}

static int parse_option(int c, char **argv, struct top *top, uint64_t *count)
{
	switch (c) {
	case 'n':
		if (parse_number(optarg, UINT64_MAX, count) && *count)
			return EXIT_SUCCESS;
		return bad_value("--count", "a number from 1 on");
	case 'd':
		if (parse_duration(optarg, DELAY_MAX, &top->delay) &&
		    top->delay >= DELAY_MIN)
			return EXIT_SUCCESS;
		return bad_value("--delay", "a duration from 100ms to 1h");
	case 's':
		top->order = order_find(optarg);
		if (top->order < ORDERS)
			return EXIT_SUCCESS;
		return bad_value("--sort", "a column");
	case 'R':
		top->reverse = true;
		return EXIT_SUCCESS;
	case OPT_NO_IDLE:
		top->hide_idle = true;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

int cmd_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "count", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "sort", required_argument, NULL, 's' },
		{ "reverse", no_argument, NULL, 'R' },
		{ "no-idle", no_argument, NULL, OPT_NO_IDLE },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct top top = { .delay = DELAY, .order = ORDER_SENT };
	uint64_t count = 0;
	bool batch = false;
	int c;

	while ((c = getopt_long(argc, argv, ":bn:d:s:Rh", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return help();
		if (c == 'b')
			batch = true;
		else if (parse_option(c, argv, &top, &count))
			return EXIT_FAILURE;
	}
	top.names = argv + optind;
	if (!names_are_relative(top.names))
		return EXIT_FAILURE;
	return run(&top, batch, count);
}
