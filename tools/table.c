// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <libsmartcols.h>

#include "table.h"
#include "tool.h"

void table_init(struct table *table, const struct columns *columns)
{
	size_t i;

	*table = (struct table){ .columns = columns };
	for (i = 0; i < columns->count; i++) {
		if (columns->list[i].shown)
			table->chosen[table->count++] = &columns->list[i];
	}
	table->usual = table->count;
}

static const struct column *find(const struct columns *columns,
				 const char *name)
{
	size_t i;

	for (i = 0; i < columns->count; i++) {
		if (strcasecmp(columns->list[i].name, name) == 0)
			return &columns->list[i];
	}
	return NULL;
}

void table_usual(struct table *table, const char *const *names)
{
	const struct column *added[TABLE_MAX];
	size_t i, count = table->count - table->usual;

	if (!table->usual)
		return;
	memcpy(added, table->chosen + table->usual, count * sizeof(*added));
	for (table->count = 0; *names; names++)
		table->chosen[table->count++] = find(table->columns, *names);
	table->usual = table->count;
	for (i = 0; i < count && table->count < TABLE_MAX; i++)
		table->chosen[table->count++] = added[i];
}

static int choose(struct table *table, const char *name)
{
	const struct column *column = find(table->columns, name);

	if (!column)
		return misuse("--output: no column %s", name);
	if (table->count == TABLE_MAX)
		return misuse("--output: more than %d columns", TABLE_MAX);
	table->chosen[table->count++] = column;
	return EXIT_SUCCESS;
}

static int choose_list(struct table *table, const char *list)
{
	char *names, *name, *rest;
	int status = EXIT_SUCCESS;

	if (*list == '+')
		list++;
	else
		table->count = table->usual = 0;
	rest = names = xstrdup(list);
	while (!status && (name = strsep(&rest, ",")))
		status = choose(table, name);
	free(names);
	return status;
}

static void choose_all(struct table *table)
{
	size_t i;

	for (i = 0; i < table->columns->count; i++)
		table->chosen[i] = &table->columns->list[i];
	table->count = table->columns->count;
	table->usual = 0;
}

int table_option(int c, char **argv, struct table *table)
{
	switch (c) {
	case 'J':
		table->json = true;
		return EXIT_SUCCESS;
	case 'n':
		table->noheadings = true;
		return EXIT_SUCCESS;
	case 'o':
		return choose_list(table, optarg);
	case 'O':
		choose_all(table);
		return EXIT_SUCCESS;
	case 'r':
		table->raw = true;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

void table_help(const struct columns *columns)
{
	size_t i;

	puts("\nColumns (those with a star are shown unless --output says otherwise):");
	for (i = 0; i < columns->count; i++)
		printf("%c %-14s %s\n", columns->list[i].shown ? '*' : ' ',
		       columns->list[i].name, columns->list[i].what);
}

static int json_type(enum cell cell)
{
	switch (cell) {
	case CELL_NUMBER:
		return SCOLS_JSON_NUMBER;
	case CELL_BOOLEAN:
		return SCOLS_JSON_BOOLEAN;
	default:
		return SCOLS_JSON_STRING;
	}
}

/* Keys are written in small letters by the library, so headings may be in capitals. */
static int add_columns(struct libscols_table *scols, const struct table *table)
{
	struct libscols_column *column;
	size_t i;
	int flags;

	for (i = 0; i < table->count; i++) {
		flags = table->chosen[i]->cell == CELL_NUMBER ? SCOLS_FL_RIGHT :
								0;
		column = scols_table_new_column(scols, table->chosen[i]->name,
						0, flags);
		if (!column)
			return -ENOMEM;
		scols_column_set_json_type(column,
					   json_type(table->chosen[i]->cell));
	}
	return 0;
}

/* Where there is nothing, a reader sees a dash, so that raw lines have all fields. */
static char *cell_text(const struct column *column, const void *item,
		       const struct table *table, struct view *view)
{
	char *text = column->text(item, view), *clean;

	if (!text)
		return table->json ? NULL : xstrdup("-");
	if (!table->json || column->cell != CELL_STRING)
		return text;
	clean = utf8_copy(text);
	free(text);
	return clean;
}

static int add_line(struct libscols_table *scols, const struct table *table,
		    const void *item, struct view *view)
{
	struct libscols_line *line = scols_table_new_line(scols, NULL);
	char *text;
	size_t i;

	if (!line)
		return -ENOMEM;
	for (i = 0; i < table->count; i++) {
		text = cell_text(table->chosen[i], item, table, view);
		if (scols_line_refer_data(line, i, text)) {
			free(text);
			return -ENOMEM;
		}
	}
	return 0;
}

/* Lines for a reader; an empty list is an empty list in JSON, too. */
static int fill(struct libscols_table *scols, const struct table *table,
		const char *items, size_t count, size_t size, struct view *view)
{
	int err;

	scols_table_enable_json(scols, table->json);
	scols_table_enable_raw(scols, table->raw && !table->json);
	scols_table_enable_noheadings(scols, table->noheadings);
	scols_table_set_name(scols, table->columns->name);
	err = add_columns(scols, table);
	for (; !err && count; count--, items += size)
		err = add_line(scols, table, items, view);
	return err;
}

int table_print(const struct table *table, const void *items, size_t count,
		size_t size, struct view *view, FILE *out)
{
	struct libscols_table *scols;
	int err;

	/* The library writes nothing at all where there is no line. */
	if (!count) {
		if (table->json)
			fprintf(out, "{\n   \"%s\": []\n}\n",
				table->columns->name);
		return EXIT_SUCCESS;
	}
	scols = scols_new_table();
	if (!scols)
		return report_error(NULL, -ENOMEM);
	scols_table_set_stream(scols, out);
	err = fill(scols, table, items, count, size, view);
	if (!err)
		err = scols_print_table(scols);
	scols_unref_table(scols);
	return err ? report_error(NULL, err) : EXIT_SUCCESS;
}
