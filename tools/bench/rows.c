// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "../tool.h"
#include "rows.h"

struct row *rows_add(struct rows *rows, const struct row *row)
{
	rows->list =
		xrealloc(rows->list, (rows->count + 1) * sizeof(*rows->list));
	rows->list[rows->count] = *row;
	return &rows->list[rows->count++];
}

void row_free(struct row *row)
{
	free(row->measure);
	free(row->peer);
	free(row->unit);
	free(row->kernel);
	free(row->note);
}

void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		row_free(&rows->list[i]);
	free(rows->list);
	*rows = (struct rows){};
}

static char *get_string(struct json_object *object, const char *key)
{
	const char *text =
		json_object_get_string(json_object_object_get(object, key));

	return text ? xstrdup(text) : NULL;
}

static uint64_t get_count(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

/* Negative where it is null. */
static double get_value(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return value ? json_object_get_double(value) : -1;
}

/* What is not of a row is empty then. */
static bool is_row(const struct row *row)
{
	return row->measure && row->peer && row->unit &&
	       (row->value >= 0 || row->note);
}

static bool read_row(struct rows *rows, const char *line)
{
	struct json_object *object = json_tokener_parse(line);
	const struct row row = {
		.measure = get_string(object, "measure"),
		.peer = get_string(object, "peer"),
		.size = get_count(object, "size"),
		.count = get_count(object, "count"),
		.value = get_value(object, "value"),
		.unit = get_string(object, "unit"),
		.spread = get_value(object, "spread"),
		.trips = { get_count(object, "p50"), get_count(object, "p99"),
			   get_count(object, "p999"),
			   get_count(object, "max") },
		.base = -1,
		.kernel = get_string(object, "kernel"),
		.note = get_string(object, "note"),
	};

	json_object_put(object);
	return is_row(rows_add(rows, &row));
}

int rows_read(struct rows *rows, const char *name)
{
	FILE *file = fopen(name, "re");
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	bool good = true;
	int err;

	if (!file)
		return report_error(name, -errno);
	while (good && getline(&line, &size, file) > 0) {
		number++;
		good = read_row(rows, line);
	}
	err = good && !feof(file) ? -errno : 0;
	free(line);
	fclose(file);
	if (err)
		return report_error(name, err);
	if (!good)
		return report(name,
			      "line %u is none that kchan bench --json writes",
			      number);
	return number ? EXIT_SUCCESS : report(name, "is empty");
}

static const struct row *find(const struct rows *rows, const struct row *row)
{
	size_t i;

	for (i = 0; i < rows->count; i++) {
		const struct row *other = &rows->list[i];

		if (other->size == row->size && other->count == row->count &&
		    strcmp(other->measure, row->measure) == 0 &&
		    strcmp(other->peer, row->peer) == 0 &&
		    strcmp(other->unit, row->unit) == 0)
			return other;
	}
	return NULL;
}

void row_compare(struct row *row, const struct rows *base)
{
	const struct row *other = find(base, row);

	row->base = other ? other->value : -1;
}

static bool repeats(const struct row *row)
{
	return row->value >= 0 && row->spread >= 0 && row->spread <= PRECISION;
}

bool row_is_worse(const struct row *row, const struct rows *base)
{
	const struct row *other = find(base, row);

	return other && repeats(row) && repeats(other) &&
	       row->value > other->value * (1 + PRECISION / 100.);
}
