// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of rows; lines of JSON have the same. */
#include <ctype.h>
#include <string.h>

#include "../json.h"
#include "../tool.h"
#include "rows.h"

#define KEY_SIZE 16
#define MIB (1024 * 1024)

static const struct row *row_of(const void *item)
{
	return item;
}

static char *text_string(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* 0 is none. */
static char *text_count(uint64_t count)
{
	return count ? text_number(count) : NULL;
}

/* Small ones with a digit more; negative is none. */
static char *text_value(double value)
{
	if (value < 0)
		return NULL;
	return xprintf(value < 100 ? "%.1f" : "%.0f", value);
}

/* Per second; only times have it. */
static double rate_of(const struct row *row)
{
	if (row->value <= 0 || strcmp(row->unit, "ns") != 0)
		return -1;
	return NSEC_PER_SEC / row->value;
}

static char *measure_text(const void *item, struct view *view)
{
	(void)view;
	return text_string(row_of(item)->measure);
}

static char *peer_text(const void *item, struct view *view)
{
	(void)view;
	return text_string(row_of(item)->peer);
}

static char *size_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->size);
}

static char *count_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->count);
}

static char *value_text(const void *item, struct view *view)
{
	(void)view;
	return text_value(row_of(item)->value);
}

static char *unit_text(const void *item, struct view *view)
{
	(void)view;
	return text_string(row_of(item)->unit);
}

static char *spread_text(const void *item, struct view *view)
{
	double spread = row_of(item)->spread;

	(void)view;
	return spread < 0 ? NULL : xprintf("%.2f", spread);
}

static char *p50_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->trips[P50]);
}

static char *p99_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->trips[P99]);
}

static char *p999_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->trips[P999]);
}

static char *max_text(const void *item, struct view *view)
{
	(void)view;
	return text_count(row_of(item)->trips[P100]);
}

static char *rate_text(const void *item, struct view *view)
{
	(void)view;
	return text_value(rate_of(item));
}

static char *mibs_text(const void *item, struct view *view)
{
	const struct row *row = row_of(item);

	(void)view;
	return row->size ? text_value(rate_of(row) * row->size / MIB) : NULL;
}

static char *base_text(const void *item, struct view *view)
{
	(void)view;
	return text_value(row_of(item)->base);
}

static char *ratio_text(const void *item, struct view *view)
{
	const struct row *row = row_of(item);

	(void)view;
	if (row->value < 0 || row->base <= 0)
		return NULL;
	return xprintf("%.3f", row->value / row->base);
}

static char *kernel_text(const void *item, struct view *view)
{
	(void)view;
	return text_string(row_of(item)->kernel);
}

static char *note_text(const void *item, struct view *view)
{
	(void)view;
	return text_string(row_of(item)->note);
}

static const struct column list[] = {
	{ "MEASURE", CELL_STRING, false, "what was measured", measure_text },
	{ "PEER", CELL_STRING, true, "on what", peer_text },
	{ "SIZE", CELL_NUMBER, true, "bytes of a message", size_text },
	{ "COUNT", CELL_NUMBER, true, "messages that are queued, or objects",
	  count_text },
	{ "VALUE", CELL_NUMBER, true, "what it costs or takes", value_text },
	{ "UNIT", CELL_STRING, false, "of that: ns, instructions, bytes",
	  unit_text },
	{ "SPREAD", CELL_NUMBER, true, "how far passes lie apart, in percent",
	  spread_text },
	{ "P50", CELL_NUMBER, true, "median of round trips", p50_text },
	{ "P99", CELL_NUMBER, true, "their 99th percentile", p99_text },
	{ "P999", CELL_NUMBER, true, "their 99.9th percentile", p999_text },
	{ "MAX", CELL_NUMBER, true, "the longest of them", max_text },
	{ "RATE", CELL_NUMBER, false, "as many in a second, if it is a time",
	  rate_text },
	{ "MIBS", CELL_NUMBER, false, "the same as MiB of payload", mibs_text },
	{ "BASE", CELL_NUMBER, false, "the value that it is compared with",
	  base_text },
	{ "RATIO", CELL_NUMBER, false, "of the value to that", ratio_text },
	{ "KERNEL", CELL_STRING, false, "where it was measured", kernel_text },
	{ "NOTE", CELL_STRING, true, "why there is no value", note_text },
};

const struct columns row_columns = { "bench", list, ARRAY_SIZE(list) };

static void put_json(struct json *json, const struct column *column,
		     const char *text)
{
	char key[KEY_SIZE];
	size_t i;

	for (i = 0; column->name[i] && i < sizeof(key) - 1; i++)
		key[i] = tolower((unsigned char)column->name[i]);
	key[i] = '\0';
	if (column->cell == CELL_STRING)
		json_string(json, key, text);
	else
		json_plain(json, key, text ? text : "null");
}

void row_print_json(const struct row *row)
{
	struct view view = { .json = true };
	struct json json = { .out = stdout };
	char *text;
	size_t i;

	json_open(&json, NULL, '{');
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		text = list[i].text(row, &view);
		put_json(&json, &list[i], text);
		free(text);
	}
	json_close(&json, '}');
	putchar('\n');
	fflush(stdout);
}
