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

enum cell { CELL_STRING, CELL_NUMBER, CELL_BOOLEAN };

/**
 * struct column - a column
 * @name: heading and name for --output; in small letters the key in JSON
 * @cell: what is in it; numbers go to the right
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

/**
 * struct table - a list that is to be shown
 * @columns: those that there are
 * @chosen: those that are shown
 * @count: how many
 * @usual: how many of them, the first ones, nobody asked for
 * @json: as JSON
 * @raw: without alignment
 * @noheadings: without headings
 */
struct table {
	const struct columns *columns;
	const struct column *chosen[TABLE_MAX];
	size_t count;
	size_t usual;
	bool json;
	bool raw;
	bool noheadings;
};

/* The options that all lists take: struct option's, letters, and help. */
#define TABLE_OPTIONS                                       \
	{ "json", no_argument, NULL, 'J' },                 \
		{ "noheadings", no_argument, NULL, 'n' },   \
		{ "output", required_argument, NULL, 'o' }, \
		{ "output-all", no_argument, NULL, 'O' },   \
	{                                                   \
		"raw", no_argument, NULL, 'r'               \
	}
#define TABLE_LETTERS "Jno:Or"
#define TABLE_HELP                                                  \
	"  -J, --json            as JSON\n"                         \
	"  -n, --noheadings      without headings\n"                \
	"  -o, --output=LIST     these columns; +LIST: these too\n" \
	"  -O, --output-all      all columns\n"                     \
	"  -r, --raw             without alignment\n"

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

#endif /* KCHAN_TABLE_H */
