// SPDX-License-Identifier: GPL-2.0
/* Tests of tools/rates.c, which need neither module nor terminal. Prints TAP lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/rates.h"
#include "../../tools/tool.h"

#define SECOND UINT64_C(1000000000)

static int failures;

static void check(bool ok, const char *name)
{
	printf("%s - rates: %s\n", ok ? "ok" : "not ok", name);
	failures += !ok;
}

static struct channel channel(uint64_t id, char *name)
{
	return (struct channel){ .id = id, .name = name, .shown = true };
}

/* Two seconds, in which 10 messages of 1000 bytes were sent and 4 received. */
static void test_rates(void)
{
	struct channel old = channel(5, "a"), new = old;
	struct sample before = { 10 * SECOND, { &old, 1 } };
	struct sample now = { 12 * SECOND, { &new, 1 } };
	struct row row;

	old.state.sent = 100;
	new.state.sent = 110;
	new.state.sent_bytes = 10000;
	new.state.received = 4;
	new.state.received_bytes = 4000;
	new.state.dropped[KCHAN_DEAD_EXPIRED] = 1;
	new.state.dead_lettered[KCHAN_DEAD_OVERFLOW] = 2;
	new.state.rejected = 5;
	old.state.residence[3] = 7;
	new.state.residence[3] = 9;
	row_make(&row, &new, &now, &before);
	check(row.elapsed == 2 && row.sent == 5 && row.sent_bytes == 5000,
	      "what was sent since the sample before, by second");
	check(row.received == 2 && row.received_bytes == 2000,
	      "likewise what was received");
	check(row.lost == 4, "and lost, for whatever reason");
	check(row.residence[3] == 2 && !row.residence[2],
	      "times in queue are those since then");
	new.state.sent = 90;
	row_make(&row, &new, &now, &before);
	check(row.sent == 0, "a counter that went back is no rate");
}

static void test_no_sample_before(void)
{
	struct channel other = channel(5, "a"), new = channel(6, "b");
	struct sample before = { 10 * SECOND, { &other, 1 } }, none = {};
	struct sample now = { 12 * SECOND, { &new, 1 } };
	struct row row;

	new.state.create_time = 8 * SECOND;
	new.state.sent = 8;
	row_make(&row, &new, &now, &before);
	check(row.elapsed == 4 && row.sent == 2,
	      "a channel that was not there counts from when it was made");
	row_make(&row, &new, &now, &none);
	check(row.sent == 2, "so do all at first");
	new.state.create_time = 12 * SECOND;
	row_make(&row, &new, &now, &none);
	check(row.sent == 0, "in no time there is no rate");
	new.shown = false;
	new.state.create_time = 0;
	row_make(&row, &new, &now, &none);
	check(row.sent == 0 && row_is_idle(&row),
	      "nor is there of what may not be seen");
}

static bool is_order(const struct row *rows, const char *names)
{
	for (; *names; names++, rows++) {
		if (rows->channel->name[0] != *names)
			return false;
	}
	return true;
}

static void test_order(void)
{
	struct channel a = channel(3, "a"), b = channel(2, "b"),
		       c = channel(1, "c"), d = channel(9, NULL);
	struct row rows[] = { { .channel = &c, .sent = 1 },
			      { .channel = &b, .sent = 1 },
			      { .channel = &a, .sent = 1000 } };
	struct row nameless[] = { { .channel = &d }, { .channel = &a } };

	rows_sort(rows, 3, ORDER_SENT, false);
	check(is_order(rows, "abc"), "the most comes first, then by name");
	rows_sort(rows, 3, ORDER_SENT, true);
	check(is_order(rows, "bca"), "in reverse last");
	rows_sort(rows, 3, ORDER_NAME, true);
	check(is_order(rows, "cba"), "names in reverse");
	rows_sort(nameless, 2, ORDER_NAME, false);
	check(nameless[0].channel == &a, "what has no name is last");
	rows_sort(NULL, 0, ORDER_NAME, false);
}

static void test_use(void)
{
	struct channel a = channel(3, "a");
	struct row row = { .channel = &a };

	check(row_value(&row, ORDER_USE) == 0,
	      "what holds nothing is not full");
	a.state = (struct kchan_state){ .depth = 10,
					.queued = 2,
					.held = 1,
					.bytes = 1000,
					.queued_bytes = 100 };
	check(row_value(&row, ORDER_USE) == 30, "full by messages");
	a.state.held_bytes = 400;
	check(row_value(&row, ORDER_USE) == 50, "or by bytes");
	check(!row_is_idle(&row), "what is in use is not idle");
}

static void test_quantiles(void)
{
	__u64 counts[KCHAN_RESIDENCE_BUCKETS] = {};

	check(residence_quantile(counts, 0.5) == 0, "no message, no quantile");
	counts[0] = 50;
	counts[2] = 49;
	counts[31] = 1;
	check(residence_quantile(counts, 0.5) == 1 << 10, "half are below 1us");
	check(residence_quantile(counts, 0.99) == 1 << 12, "99% below 4us");
	check(residence_quantile(counts, 1) == UINT64_C(1) << 41,
	      "all are below the end of the last");
}

static void test_text(void)
{
	static const struct {
		double rate;
		const char *text;
	} rates[] = {
		{ 0, "0" },	    { 0.04, "0.0" },	{ 7.46, "7.5" },
		{ 9.96, "10" },	    { 312.4, "312" },	{ 999.6, "1.0k" },
		{ 12345, "12.3k" }, { 123456, "123k" }, { 999999, "1.0M" },
		{ 5.25e9, "5.2G" },
	};
	char name[64], *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		text = text_rate(rates[i].rate);
		snprintf(name, sizeof(name), "%g is %s", rates[i].rate, text);
		check(strcmp(text, rates[i].text) == 0, name);
		free(text);
	}
}

int main(void)
{
	test_rates();
	test_no_sample_before();
	test_order();
	test_use();
	test_quantiles();
	test_text();
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
