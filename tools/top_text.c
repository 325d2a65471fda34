// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "columns.h"
#include "parts.h"
#include "tool.h"
#include "top.h"

#define NAME_MIN 8
#define GAUGE_WIDTH 30

/* The columns, each with a blank before it but the name, which has what is left. */
static const struct {
	const char *heading;
	int width;
} fields[ORDERS] = {
	[ORDER_NAME] = { "NAME", 0 },
	[ORDER_QUEUED] = { "QUEUED", 6 },
	[ORDER_USE] = { "USE", 4 },
	[ORDER_HELD] = { "HELD", 4 },
	[ORDER_SENDERS] = { "SND", 3 },
	[ORDER_RECEIVERS] = { "RCV", 3 },
	[ORDER_WAITING_SENDERS] = { "WS", 2 },
	[ORDER_WAITING_RECEIVERS] = { "WR", 2 },
	[ORDER_SENT] = { "SENT/s", 6 },
	[ORDER_RECEIVED] = { "RECV/s", 6 },
	[ORDER_BYTES] = { "BYTES/s", 7 },
	[ORDER_LOST] = { "LOST/s", 6 },
};

const char *order_name(enum order order)
{
	return fields[order].heading;
}

enum order order_find(const char *name)
{
	enum order order;
	size_t len;

	for (order = 0; order < ORDERS; order++) {
		len = strcspn(fields[order].heading, "/");
		if (strncasecmp(name, fields[order].heading, len) == 0 &&
		    (!name[len] ||
		     strcasecmp(name, fields[order].heading) == 0))
			break;
	}
	return order;
}

static int name_width(int columns)
{
	enum order order;

	for (order = ORDER_NAME + 1; order < ORDERS; order++)
		columns -= 1 + fields[order].width;
	return columns > NAME_MIN ? columns : NAME_MIN;
}

int heading_place(enum order order, int columns, int *width)
{
	int place = name_width(columns) + 1;
	enum order other;

	*width = strlen(fields[order].heading);
	if (order == ORDER_NAME)
		return 0;
	for (other = ORDER_NAME + 1; other < order; other++)
		place += fields[other].width + 1;
	return place + fields[order].width - *width;
}

void print_heading(FILE *out, int columns)
{
	enum order order;

	fprintf(out, "%-*s", name_width(columns), fields[ORDER_NAME].heading);
	for (order = ORDER_NAME + 1; order < ORDERS; order++)
		fprintf(out, " %*s", fields[order].width,
			fields[order].heading);
}

/* What is not there is a dot, so that what is there is seen. */
static char *field_text(const struct row *row, enum order order)
{
	double value = row_value(row, order);

	if (!row->channel->shown)
		return xstrdup("-");
	if (!value)
		return xstrdup(".");
	if (order == ORDER_USE)
		return xprintf("%.0f%%", value);
	if (order < ORDER_SENT && value < 100000)
		return xprintf("%.0f", value);
	return text_rate(value);
}

void print_row(FILE *out, const struct row *row, int columns)
{
	const struct channel *channel = row->channel;
	char *number = xprintf("(%" PRIu64 ")", channel->id);
	char *text = text_fitted(channel->name ? channel->name : number,
				 name_width(columns));
	enum order order;

	fputs(text, out);
	free(text);
	free(number);
	for (order = ORDER_NAME + 1; order < ORDERS; order++) {
		text = field_text(row, order);
		fprintf(out, " %*s", fields[order].width, text);
		free(text);
	}
}

static void print_rate(FILE *out, const char *what, double rate)
{
	char *text = text_rate(rate);

	fprintf(out, "%s %s/s", what, text);
	free(text);
}

void print_totals(FILE *out, const struct top *top)
{
	fprintf(out, "%zu of %zu channels", top->count,
		top->now.channels.count);
	print_rate(out, "  sent", top->sum.sent);
	print_rate(out, "  received", top->sum.received);
	print_rate(out, "  bytes",
		   top->sum.sent_bytes + top->sum.received_bytes);
	print_rate(out, "  lost", top->sum.lost);
}

static void print_sizes(FILE *out, uint64_t bytes, uint64_t of)
{
	char *used = text_size(bytes), *room = text_size(of);

	fprintf(out, "%s of %s", used, room);
	free(used);
	free(room);
}

static void print_gauge(FILE *out, const struct row *row)
{
	double use = row_value(row, ORDER_USE);
	int i, full = use * GAUGE_WIDTH / 100;

	fputs("  full      [", out);
	for (i = 0; i < GAUGE_WIDTH; i++)
		fputc(i < full || (!i && use) ? '|' : ' ', out);
	fprintf(out, "] %.0f%%\n", use);
}

static void print_contents(FILE *out, const struct kchan_state *state)
{
	fprintf(out, "  queue     %u queued and %u held of %u messages, ",
		state->queued, state->held, state->depth);
	print_sizes(out, state->queued_bytes + state->held_bytes, state->bytes);
	fprintf(out, "\n  most      %u queued, %u held\n", state->queued_max,
		state->held_max);
	if (state->slots)
		fprintf(out,
			"  slots     %u: %u free, %u on loan, %u queued, %u "
			"taken\n",
			state->slots, state->slots_free, state->slots_loaned,
			state->slots - state->slots_free - state->slots_loaned -
				state->slots_taken,
			state->slots_taken);
	fprintf(out,
		"  open      by %u senders (%u wait), %u receivers (%u wait)\n",
		state->senders, state->waiting_senders, state->receivers,
		state->waiting_receivers);
}

static void print_quantiles(FILE *out, const struct row *row)
{
	static const double shares[] = { 0.5, 0.9, 0.99 };
	uint64_t time;
	char *text;
	size_t i;

	if (!residence_quantile(row->residence, 1))
		return;
	fprintf(out, "\n  time in queue, %.1fs:", row->elapsed);
	for (i = 0; i < ARRAY_SIZE(shares); i++) {
		time = residence_quantile(row->residence, shares[i]);
		text = text_duration(time);
		fprintf(out, "%s %.0f%% below %s", i ? "," : "",
			100 * shares[i], text);
		free(text);
	}
	fputc('\n', out);
	print_residence(out, NULL, row->residence);
}

static void print_who(FILE *out, const struct channel *channel,
		      struct view *view)
{
	char *mode = text_mode(channel->mode);
	char *user = text_user(view, channel->uid);
	char *group = text_group(view, channel->gid);

	print_safely(out, channel->name ? channel->name : "(no name)");
	fprintf(out, "\n  number %" PRIu64 ", %s %s %s\n", channel->id, mode,
		user, group);
	free(mode);
	free(user);
	free(group);
}

void print_channel(FILE *out, const struct row *row,
		   const struct endpoints *endpoints, struct view *view)
{
	const struct channel *channel = row->channel;

	print_who(out, channel, view);
	if (!channel->shown) {
		fputs("  what goes on in it is for who may send or receive\n",
		      out);
		return;
	}
	print_gauge(out, row);
	print_contents(out, &channel->state);
	print_flows(out, row);
	print_endpoints(out, endpoints, channel->state.slots, view);
	print_quantiles(out, row);
}
