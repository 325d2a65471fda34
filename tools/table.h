/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists. One array of columns is where headings, --output, --help and JSON come
 * from.
 */
#ifndef KCHAN_TABLE_H
#define KCHAN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "text.h"
#include "tool.h"

/* A name may be broken into lines, to fit on the terminal. */
enum cell {
	CELL_STRING,
	CELL_NAME,
	CELL_TIME,
	CELL_NUMBER,
	CELL_SIZE,
	CELL_BOOLEAN
};

/**
 * struct column - a column
 * @name: heading and name for --output; in small letters the key in JSON
 * @cell: what is in it; numbers, and sizes in bytes, go to the right
 * @shown: whether it is there unless asked otherwise
 * @what: for --help
 * @text: the value of an item; to be freed; NULL: it has none. A boolean is yes
 *	or no.
 */
struct column {
	const char *name;
	enum cell cell;
	bool shown;
	const char *what;
	char *(*text)(const void *item, struct view *view);
};

/* The columns of one kind of item. */
struct columns {
	const char *name; /* of the list in JSON */
	const struct column *list;
	size_t count;
};

#define TABLE_MAX 128 /* columns */

/* How a list is written: for a reader; without alignment; as JSON; NAME="value". */
enum form { FORM_TABLE, FORM_RAW, FORM_JSON, FORM_EXPORT, FORM_NEWLINE };

/**
 * struct table - a list that is to be shown
 * @columns: those that there are
 * @chosen: those that are shown
 * @count: how many
 * @usual: how many of them, the first ones, nobody asked for
 * @title: what it is one of several lists of; there are headings even where there is
 *	no item. NULL: it is alone
 * @form: how
 * @noheadings: without headings
 * @notruncate: names are not broken into lines
 * @shell: with headings that can be names of the shell's variables
 */
struct table {
	const struct columns *columns;
	const struct column *chosen[TABLE_MAX];
	size_t count;
	size_t usual;
	const char *title;
	enum form form;
	bool noheadings;
	bool notruncate;
	bool shell;
};

/* The options that all lists take: struct option's, letters, and help. */
enum { OPT_NOHEADINGS = LONG_ONLY, OPT_NOTRUNCATE, OPT_TABLE_END };
#define TABLE_OPTIONS                                                \
	{ "export", no_argument, NULL, 'e' },                        \
		{ "json", no_argument, NULL, 'J' },                  \
		{ "newline", no_argument, NULL, 'n' },               \
		{ "noheadings", no_argument, NULL, OPT_NOHEADINGS }, \
		{ "notruncate", no_argument, NULL, OPT_NOTRUNCATE }, \
		{ "output", required_argument, NULL, 'o' },          \
		{ "output-all", no_argument, NULL, 'O' },            \
		{ "raw", no_argument, NULL, 'r' },                   \
	{                                                            \
		"shell", no_argument, NULL, 'y'                      \
	}
#define TABLE_LETTERS "eJno:Ory"
#define TABLE_HELP                                                              \
	"  -e, --export          as NAME=\"value\", a line for each\n"          \
	"  -J, --json            as JSON\n"                                     \
	"  -n, --newline         as --export, a line for each value\n"          \
	"      --noheadings      without headings\n"                            \
	"      --notruncate      names are not broken to fit on the terminal\n" \
	"  -o, --output=LIST     these columns; +LIST: these too\n"             \
	"  -O, --output-all      all columns\n"                                 \
	"  -r, --raw             without alignment\n"                           \
	"  -y, --shell           headings that can be names of variables\n"

/* NULL: there is none of this name. */
const struct column *column_find(const struct columns *columns,
				 const char *name);
bool column_is_number(const struct column *column);

void table_init(struct table *table, const struct columns *columns);

/*
 * Shows other columns than the usual ones, unless --output says otherwise. @names ends
 * with NULL.
 */
void table_usual(struct table *table, const char *const *names);

/*
 * Takes what getopt_long() returned. Return: exit status, with a line where it is not
 * 0.
 */
int table_option(int c, char **argv, struct table *table);
void table_help(const struct columns *columns);

/* Shows @count items of @size bytes. Return: exit status. */
int table_print(const struct table *table, const void *items, size_t count,
		size_t size, struct view *view, FILE *out);

#define LABEL_WIDTH 35

/* Shows what one item has, a line for each column but those to @skip, which may be NULL. */
void columns_print(const struct columns *columns, const void *item,
		   struct view *view, bool (*skip)(const char *name),
		   FILE *out);

#endif /* KCHAN_TABLE_H */
