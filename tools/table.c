// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <libsmartcols.h>

#include "table.h"
#include "tool.h"

bool column_is_number(const struct column *column)
{
	return column->cell == CELL_NUMBER || column->cell == CELL_SIZE;
}

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

const struct column *column_find(const struct columns *columns,
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
		table->chosen[table->count++] =
			column_find(table->columns, *names);
	table->usual = table->count;
	for (i = 0; i < count && table->count < TABLE_MAX; i++)
		table->chosen[table->count++] = added[i];
}

static int choose(struct table *table, const char *name)
{
	const struct column *column = column_find(table->columns, name);

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

static int set_form(struct table *table, enum form form)
{
	if (table->form != FORM_TABLE && table->form != form)
		return misuse(
			"no two of --export, --json, --newline and --raw go "
			"together");
	table->form = form;
	return EXIT_SUCCESS;
}

int table_option(int c, char **argv, struct table *table)
{
	switch (c) {
	case 'e':
		return set_form(table, FORM_EXPORT);
	case 'J':
		return set_form(table, FORM_JSON);
	case 'n':
		return set_form(table, FORM_NEWLINE);
	case OPT_NOHEADINGS:
		table->noheadings = true;
		return EXIT_SUCCESS;
	case OPT_NOTRUNCATE:
		table->notruncate = true;
		return EXIT_SUCCESS;
	case 'o':
		return choose_list(table, optarg);
	case 'O':
		choose_all(table);
		return EXIT_SUCCESS;
	case 'r':
		return set_form(table, FORM_RAW);
	case 'y':
		table->shell = true;
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

void columns_print(const struct columns *columns, const void *item,
		   struct view *view, bool (*skip)(const char *name), FILE *out)
{
	const struct column *column = columns->list;
	const struct column *end = column + columns->count;
	char *text;

	for (; column < end; column++) {
		text = skip && skip(column->name) ? NULL :
						    column->text(item, view);
		if (text) {
			fprintf(out, "  %-*s ", LABEL_WIDTH, column->what);
			print_safely(out, text);
			fputc('\n', out);
		}
		free(text);
	}
}

static int json_type(enum cell cell)
{
	switch (cell) {
	case CELL_NUMBER:
	case CELL_SIZE:
		return SCOLS_JSON_NUMBER;
	case CELL_BOOLEAN:
		return SCOLS_JSON_BOOLEAN;
	default:
		return SCOLS_JSON_STRING;
	}
}

static int flags_of(const struct column *column, const struct table *table)
{
	if (column->cell == CELL_NAME)
		return table->notruncate ? 0 : SCOLS_FL_WRAP;
	return column_is_number(column) ? SCOLS_FL_RIGHT : 0;
}

/* Keys are written in small letters by the library, so headings may be in capitals. */
static int add_columns(struct libscols_table *scols, const struct table *table)
{
	struct libscols_column *column;
	size_t i;

	for (i = 0; i < table->count; i++) {
		column = scols_table_new_column(
			scols, table->chosen[i]->name, 0,
			flags_of(table->chosen[i], table));
		if (!column)
			return -ENOMEM;
		scols_column_set_json_type(column,
					   json_type(table->chosen[i]->cell));
	}
	return 0;
}

static bool is_variables(const struct table *table)
{
	return table->form == FORM_EXPORT || table->form == FORM_NEWLINE;
}

/* Where there is nothing, a reader sees a dash, so that raw lines have all fields. */
static char *cell_text(const struct column *column, const void *item,
		       const struct table *table, struct view *view)
{
	char *text = column->text(item, view), *clean;

	if (!text)
		return table->form == FORM_JSON || is_variables(table) ?
			       NULL :
			       xstrdup("-");
	if (column->cell == CELL_SIZE && view->human) {
		clean = text_size(strtoull(text, NULL, 10));
		free(text);
		return clean;
	}
	if (table->form != FORM_JSON ||
	    (column->cell != CELL_STRING && column->cell != CELL_NAME))
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

	scols_table_enable_json(scols, table->form == FORM_JSON);
	scols_table_enable_raw(scols, table->form == FORM_RAW);
	scols_table_enable_export(scols, is_variables(table));
	if (table->form == FORM_NEWLINE)
		scols_table_set_column_separator(scols, "\n");
	scols_table_enable_shellvar(scols, table->shell);
	scols_table_enable_noheadings(scols, table->noheadings);
	scols_table_set_name(scols, table->columns->name);
	err = add_columns(scols, table);
	for (; !err && count; count--, items += size)
		err = add_line(scols, table, items, view);
	return err;
}

/* The library writes nothing at all where there is no line. */
static void print_none(const struct table *table, FILE *out)
{
	size_t i;

	if (table->form == FORM_JSON)
		fprintf(out, "{\n   \"%s\": []\n}\n", table->columns->name);
	if (!table->title || table->noheadings)
		return;
	for (i = 0; i < table->count; i++)
		fprintf(out, "%s%s", i ? " " : "", table->chosen[i]->name);
	fputc('\n', out);
}

int table_print(const struct table *table, const void *items, size_t count,
		size_t size, struct view *view, FILE *out)
{
	struct libscols_table *scols;
	int err;

	if (table->title)
		fprintf(out, "------ %s --------\n", table->title);
	if (!count) {
		print_none(table, out);
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
