// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "columns.h"
#include "parts.h"
#include "tool.h"

#define BAR_WIDTH 40

static void print_flow(FILE *out, const char *what, double rate, double bytes,
		       uint64_t sum)
{
	char *messages = text_rate(rate), *payload = text_rate(bytes);

	fprintf(out, "  %-9s %6s/s %7s bytes/s %10" PRIu64 " in all\n", what,
		messages, payload, sum);
	free(messages);
	free(payload);
}

void print_flows(FILE *out, const struct row *row)
{
	const struct kchan_state *state = &row->channel->state;
	char *text = text_rate(row->lost);

	print_flow(out, "sent", row->sent, row->sent_bytes, state->sent);
	print_flow(out, "received", row->received, row->received_bytes,
		   state->received);
	fprintf(out, "  %-9s %6s/s %15s %10" PRIu64 " in all\n", "lost", text,
		"", messages_lost(state));
	free(text);
}

static void print_bar(FILE *out, int i, uint64_t count, uint64_t most)
{
	static const char bar[BAR_WIDTH + 1] =
		"########################################";
	char *limit = text_duration(1ULL << (KCHAN_RESIDENCE_SHIFT + i));
	/* Whatever was seen at all is seen here. */
	int len = count ? 1 + (double)count / most * (BAR_WIDTH - 1) : 0;

	if (i == KCHAN_RESIDENCE_BUCKETS - 1)
		fprintf(out, "    %-12s", "longer");
	else
		fprintf(out, "    below %-6s", limit);
	fprintf(out, " %10" PRIu64 "%s%.*s\n", count, len ? "  " : "", len,
		bar);
	free(limit);
}

void print_residence(FILE *out, const char *heading, const __u64 *counts)
{
	int i, first = -1, last = 0;
	uint64_t most = 0;

	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++) {
		if (!counts[i])
			continue;
		if (first < 0)
			first = i;
		last = i;
		if (counts[i] > most)
			most = counts[i];
	}
	if (first < 0)
		return;
	if (heading)
		fprintf(out, "  %s\n", heading);
	for (i = first; i <= last; i++)
		print_bar(out, i, counts[i], most);
}

/* The name and the number are the channel's, and known. */
int print_endpoints(FILE *out, const struct endpoints *endpoints, bool pool,
		    struct view *view)
{
	static const char *const of_queue[] = { "PID",	 "COMM", "USER",
						"ROLE",	 "HELD", "WAITING",
						"SINCE", NULL };
	static const char *const of_pool[] = { "PID",	  "COMM",  "USER",
					       "ROLE",	  "HELD",  "LOANED",
					       "LSINCE",  "TAKEN", "TSINCE",
					       "WAITING", "SINCE", NULL };
	struct table table;

	table_init(&table, &endpoint_columns);
	table_usual(&table, pool ? of_pool : of_queue);
	if (endpoints->count)
		fputc('\n', out);
	return table_print(&table, endpoints->list, endpoints->count,
			   sizeof(*endpoints->list), view, out);
}
