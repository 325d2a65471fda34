// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/run.h"
#include "parse.h"
#include "tool.h"

#define SIZE_LIMIT (64U << 20) /* bytes of a message that somebody asks for */
#define SIZES_MAX 32

static const struct effort efforts[EFFORTS] = {
	[QUICK] = { .passes = 2, .rounds = 5, .steps = 20 },
	[USUAL] = { .passes = 3, .rounds = 51, .steps = 200 },
	[FULL] = { .passes = 3, .rounds = 51, .steps = 200 },
};

/**
 * struct plan - what is to be done
 * @peers: names of those that are measured, with commas; NULL: all
 * @measures: likewise
 * @sizes: that were chosen; ends with 0; none: those of each measure
 * @level: how much
 * @unit: of the clock
 * @plot: directory for charts, or NULL
 * @from: file to read instead of measuring, or NULL
 * @compare: file to compare with, or NULL
 * @table: how it is shown
 * @rows: what has come of it
 * @base: what it is compared with
 * @signal: that has ended it, or 0
 */
struct plan {
	char *peers;
	char *measures;
	uint64_t sizes[SIZES_MAX + 1];
	unsigned int level;
	const char *unit;
	const char *plot;
	const char *from;
	const char *compare;
	struct table table;
	struct rows rows;
	struct rows base;
	int signal;
};

enum {
	OPT_COMPARE = OPT_TABLE_END,
	OPT_FROM,
	OPT_FULL,
	OPT_PLOT,
	OPT_QUICK,
	OPT_UNIT,
};

static int help(void)
{
	puts("Usage: kchan bench [OPTION]...\n"
	     "Measure what it costs to move messages: through channels, and through what else\n"
	     "there is.\n\n"
	     "  -p, --peer=LIST       only these ways to move messages\n"
	     "  -m, --measure=LIST    only these measures\n"
	     "  -s, --size=LIST       messages of these sizes, where there are messages\n"
	     "  -l, --list            list peers and measures\n"
	     "      --quick           only try it: the figures are of little worth\n"
	     "      --full            also with the most objects and messages\n"
	     "      --unit=UNIT       what the clock counts: ns (default) or instructions\n"
	     "      --plot=DIR        draw charts there, as SVG and PNG (gnuplot)\n"
	     "      --from=FILE       show the rows of a file that --json wrote; do not measure\n"
	     "      --compare=FILE    compare with those of a file; fail where one got worse");
	fputs(TABLE_HELP
	      "  -h, --help            this text\n\n"
	      "A SIZE may end in K, M or G. JSON is an object on a line for each row.\n",
	      stdout);
	table_help(&row_columns);
	return EXIT_SUCCESS;
}

static int list(void)
{
	const struct peer *const *peer;
	const struct measure *m;

	puts("Peers:");
	for (peer = peers; *peer; peer++)
		printf("  %-16s  %s\n", (*peer)->name, (*peer)->what);
	puts("\nMeasures:");
	for (m = measures; m->name; m++)
		printf("  %-16s  %s\n", m->name, m->what);
	return EXIT_SUCCESS;
}

/* Is it in the list, or is there none? */
static bool chosen(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (!list)
		return true;
	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, name, len) == 0 &&
		    (!list[len] || list[len] == ','))
			return true;
	}
	return false;
}

static bool is_peer(const char *name)
{
	const struct peer *const *peer;

	for (peer = peers; *peer; peer++) {
		if (strcmp((*peer)->name, name) == 0)
			return true;
	}
	return false;
}

static bool is_measure(const char *name)
{
	const struct measure *m;

	for (m = measures; m->name; m++) {
		if (strcmp(m->name, name) == 0)
			return true;
	}
	return false;
}

static int choose(const char *option, char **list, bool (*is)(const char *name))
{
	char *copy = xstrdup(optarg), *rest = copy, *name;
	int status = EXIT_SUCCESS;

	*list = optarg;
	while (!status && (name = strsep(&rest, ","))) {
		if (!is(name))
			status = report(option,
					"there is no '%s' (kchan bench --list)",
					name);
	}
	free(copy);
	return status;
}

static int choose_sizes(struct plan *plan)
{
	char *copy = xstrdup(optarg), *rest = copy, *word;
	int status = EXIT_SUCCESS;
	size_t n = 0;

	while (!status && (word = strsep(&rest, ","))) {
		if (n == SIZES_MAX ||
		    !parse_size(word, SIZE_LIMIT, &plan->sizes[n]) ||
		    !plan->sizes[n++])
			status = bad_value("--size",
					   "sizes from 1 to 64M, up to 32");
	}
	plan->sizes[n] = 0;
	free(copy);
	return status;
}

static char *kernel_release(void)
{
	struct utsname name;

	uname(&name);
	return xstrdup(name.release);
}

static void run_one(struct plan *plan, const struct measure *m,
		    const struct peer *peer, uint64_t size, uint64_t count)
{
	struct row row = {
		.measure = xstrdup(m->name),
		.peer = xstrdup(peer->name),
		.size = size,
		.count = count,
		.unit = xstrdup(m->bytes ? "bytes" : plan->unit),
		.value = -1,
		.spread = -1,
		.base = -1,
		.kernel = kernel_release(),
	};
	struct row *added = rows_add(&plan->rows, &row);

	plan->signal = run_row(added, m, peer, &efforts[plan->level]);
	row_compare(added, &plan->base);
	if (plan->table.form == FORM_JSON)
		row_print_json(added);
}

/* Some are there to be made and removed, and for nothing else. */
static bool applies(const struct measure *m, const struct peer *peer)
{
	return (m->needs & ~peer->can) == 0 &&
	       (peer->send || m->needs & CAN_EXIST);
}

static void run_peers(struct plan *plan, const struct measure *m, uint64_t size,
		      uint64_t count)
{
	const struct peer *const *peer;

	for (peer = peers; !plan->signal && *peer; peer++) {
		if (applies(m, *peer) && chosen(plan->peers, (*peer)->name))
			run_one(plan, m, *peer, size, count);
	}
}

/* What has no sizes or no counts has one of 0. */
static void run_measure(struct plan *plan, const struct measure *m)
{
	static const uint64_t none[] = { 0, 0 };
	const uint64_t *sizes = m->sizes, *counts = m->counts[plan->level];
	const uint64_t *s, *c;

	if (sizes && plan->sizes[0])
		sizes = plan->sizes;
	for (s = sizes ? sizes : none; s == none || *s; s++) {
		for (c = counts ? counts : none; c == none || *c; c++)
			run_peers(plan, m, *s, *c);
	}
}

static bool wanted(const struct plan *plan, const struct row *row)
{
	const uint64_t *size = plan->sizes;

	while (*size && *size != row->size)
		size++;
	return chosen(plan->measures, row->measure) &&
	       chosen(plan->peers, row->peer) &&
	       (!plan->sizes[0] || !row->size || *size);
}

/* What there is to see of rows of this measure. */
static void choose_columns(const struct plan *plan, const struct measure *m,
			   const struct rows *rows, struct table *table)
{
	bool times = !m->bytes && strcmp(rows->list->unit, "ns") == 0;
	const char *names[16], **name = names;
	bool notes = false;
	size_t i;

	for (i = 0; i < rows->count; i++)
		notes |= rows->list[i].note != NULL;
	*name++ = "PEER";
	if (m->sizes)
		*name++ = "SIZE";
	if (m->counts[USUAL])
		*name++ = "COUNT";
	*name++ = "VALUE";
	*name++ = "SPREAD";
	if (m->percentiles) {
		*name++ = "P50";
		*name++ = "P99";
		*name++ = "P999";
		*name++ = "MAX";
	}
	if (times)
		*name++ = "RATE";
	if (times && m->sizes)
		*name++ = "MIBS";
	if (plan->compare) {
		*name++ = "BASE";
		*name++ = "RATIO";
	}
	if (notes)
		*name++ = "NOTE";
	*name = NULL;
	table_usual(table, names);
}

/* The rows of a measure, as a table with a title. */
static int show_measure(const struct plan *plan, const struct measure *m)
{
	struct table table = plan->table;
	struct rows rows = {};
	struct view view = {};
	size_t i;
	int status = EXIT_SUCCESS;

	for (i = 0; i < plan->rows.count; i++) {
		if (strcmp(plan->rows.list[i].measure, m->name) == 0)
			rows_add(&rows, &plan->rows.list[i]);
	}
	if (rows.count) {
		choose_columns(plan, m, &rows, &table);
		if (table.form == FORM_TABLE && !table.noheadings)
			printf("%s: %s; %s for each %s\n", m->name, m->what,
			       rows.list->unit, m->each);
		status = table_print(&table, rows.list, rows.count,
				     sizeof(*rows.list), &view, stdout);
		if (table.form == FORM_TABLE && !table.noheadings)
			putchar('\n');
		fflush(stdout);
	}
	free(rows.list); /* what is in them is the plan's */
	return status;
}

static int measure_all(struct plan *plan)
{
	const struct measure *m;
	int status = EXIT_SUCCESS;

	run_begin();
	for (m = measures; !status && !plan->signal && m->name; m++) {
		if (!chosen(plan->measures, m->name))
			continue;
		run_measure(plan, m);
		if (plan->table.form != FORM_JSON)
			status = show_measure(plan, m);
	}
	run_end();
	return status;
}

static int show_file(struct plan *plan)
{
	int status = rows_read(&plan->rows, plan->from);
	const struct measure *m;
	size_t i, kept = 0;

	for (i = 0; i < plan->rows.count; i++) {
		row_compare(&plan->rows.list[i], &plan->base);
		if (wanted(plan, &plan->rows.list[i]))
			plan->rows.list[kept++] = plan->rows.list[i];
		else
			row_free(&plan->rows.list[i]);
	}
	plan->rows.count = kept;
	for (i = 0; !status && plan->table.form == FORM_JSON && i < kept; i++)
		row_print_json(&plan->rows.list[i]);
	for (m = measures; !status && plan->table.form != FORM_JSON && m->name;
	     m++)
		status = show_measure(plan, m);
	return status;
}

static int judge(const struct plan *plan)
{
	unsigned int worse = 0;
	size_t i;

	for (i = 0; i < plan->rows.count; i++)
		worse += row_is_worse(&plan->rows.list[i], &plan->base);
	if (!worse)
		return EXIT_SUCCESS;
	return report(plan->compare, "%u %s over %d%% more than there", worse,
		      worse == 1 ? "row costs" : "rows cost", PRECISION);
}

static int bench(struct plan *plan)
{
	int status = EXIT_SUCCESS;

	if (plan->plot)
		status = plot_check(plan->plot);
	if (!status && plan->compare)
		status = rows_read(&plan->base, plan->compare);
	if (!status)
		status = plan->from ? show_file(plan) : measure_all(plan);
	if (!status && plan->plot && !plan->signal)
		status = rows_plot(&plan->rows, plan->plot);
	if (!status && plan->compare)
		status = judge(plan);
	rows_free(&plan->rows);
	rows_free(&plan->base);
	if (plan->signal) {
		/* As it would have been without us to clean up. */
		finish(status);
		signal(plan->signal, SIG_DFL);
		raise(plan->signal);
	}
	return status;
}

static int parse_option(int c, char **argv, struct plan *plan)
{
	switch (c) {
	case 'p':
		return choose("--peer", &plan->peers, is_peer);
	case 'm':
		return choose("--measure", &plan->measures, is_measure);
	case 's':
		return choose_sizes(plan);
	case OPT_QUICK:
		plan->level = QUICK;
		return EXIT_SUCCESS;
	case OPT_FULL:
		plan->level = FULL;
		return EXIT_SUCCESS;
	case OPT_UNIT:
		plan->unit = optarg;
		if (strcmp(optarg, "ns") == 0 ||
		    strcmp(optarg, "instructions") == 0)
			return EXIT_SUCCESS;
		return bad_value("--unit", "ns or instructions");
	case OPT_PLOT:
		plan->plot = optarg;
		return EXIT_SUCCESS;
	case OPT_FROM:
		plan->from = optarg;
		return EXIT_SUCCESS;
	case OPT_COMPARE:
		plan->compare = optarg;
		return EXIT_SUCCESS;
	default:
		return table_option(c, argv, &plan->table);
	}
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {
		TABLE_OPTIONS,
		{ "peer", required_argument, NULL, 'p' },
		{ "measure", required_argument, NULL, 'm' },
		{ "size", required_argument, NULL, 's' },
		{ "list", no_argument, NULL, 'l' },
		{ "quick", no_argument, NULL, OPT_QUICK },
		{ "full", no_argument, NULL, OPT_FULL },
		{ "unit", required_argument, NULL, OPT_UNIT },
		{ "plot", required_argument, NULL, OPT_PLOT },
		{ "from", required_argument, NULL, OPT_FROM },
		{ "compare", required_argument, NULL, OPT_COMPARE },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct plan plan = { .level = USUAL, .unit = "ns" };
	int c;

	table_init(&plan.table, &row_columns);
	while ((c = getopt_long(argc, argv, ":hlm:p:s:" TABLE_LETTERS, options,
				NULL)) != -1) {
		if (c == 'h')
			return help();
		if (c == 'l')
			return list();
		if (parse_option(c, argv, &plan))
			return EXIT_FAILURE;
	}
	if (optind < argc)
		return misuse("no argument goes here");
	return bench(&plan);
}
