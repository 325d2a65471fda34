// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "json.h"
#include "message.h"
#include "parse.h"
#include "text.h"
#include "tool.h"

enum form { PLAIN, RAW, JSON };

/**
 * struct receiver - what is received, and how it is shown
 * @ch: where from
 * @name: what it is called
 * @count: how many messages; 0: all that come
 * @form: how they are written
 * @meta: with a line of metadata before each
 * @end: what follows each in PLAIN
 * @timed: wait at most @timeout ns for each message
 * @positioned: whether a position is given
 * @opts: flags, filter, position
 * @buffer: the message
 */
struct receiver {
	struct kchan *ch;
	const char *name;
	uint64_t count;
	enum form form;
	bool meta;
	char end;
	bool timed;
	uint64_t timeout;
	bool positioned;
	struct kchan_recv_opts opts;
	struct buffer buffer;
};

enum {
	OPT_NEED_PEER = LONG_ONLY,
	OPT_NONBLOCK,
	OPT_PEEK,
	OPT_POSITION,
	OPT_TIMEOUT,
	OPT_FILTER, /* and on: KCHAN_FILTER_* */
};

static int help(void)
{
	puts("Usage: kchan recv [OPTION]... NAME\n"
	     "Receive a message, or more, and write each on a line.\n\n"
	     "  -n, --count=N         receive N messages (default 1)\n"
	     "  -f, --follow          receive all that come\n"
	     "  -t, --tag=N           the first message with this tag\n"
	     "      --tag-max=N       the first with the lowest tag, if that is N at most\n"
	     "      --tag-not=N       the first with another tag\n"
	     "      --prio-min=N      the first with a priority of N at least\n"
	     "      --peek            show messages, and leave them where they are\n"
	     "      --position=N      peek at the message after the first N\n"
	     "  -m, --meta            a line of metadata before each\n"
	     "  -J, --json            an object on a line for each, with its metadata\n"
	     "  -r, --raw             the messages as they are, nothing between them\n"
	     "  -0, --null            a NUL after each instead of the end of a line\n"
	     "      --timeout=DURATION\n"
	     "                        wait at most so long, for each message\n"
	     "      --nonblock        do not wait\n"
	     "      --need-peer       do not wait while nobody can send\n"
	     "  -h, --help            this text\n\n"
	     "A DURATION is in seconds, or as 500ms, 30s, 1h30m.\n"
	     "Exit status: 1 for errors; where no message came, 2 with --nonblock and --peek,\n"
	     "3 with --timeout, 4 with --need-peer.");
	return EXIT_SUCCESS;
}

static void put_number(void *json, const char *name, uint64_t value)
{
	json_number(json, name, value);
}

static void put_text(void *json, const char *name, const char *value)
{
	json_string(json, name, value);
}

static void put_null(void *json, const char *name)
{
	json_plain(json, name, "null");
}

static void write_json(const struct receiver *r,
		       const struct kchan_msg_info *info)
{
	struct json json = { .out = stdout };
	struct message_writer writer = { put_number, put_text, put_null,
					 &json };

	json_open(&json, NULL, '{');
	message_write(info, &writer);
	if (utf8_valid(r->buffer.data, info->len))
		json_text(&json, "data", r->buffer.data, info->len);
	else
		json_base64(&json, "base64", r->buffer.data, info->len);
	json_close(&json, '}');
	putchar('\n');
}

static void print_text(void *arg, const char *name, const char *value)
{
	const char **before = arg;

	printf("%s%s=%s", *before, name, value);
	*before = " ";
}

static void print_number(void *arg, const char *name, uint64_t value)
{
	char *text = text_number(value);

	print_text(arg, name, text);
	free(text);
}

static void print_nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
}

static void write_meta(const struct receiver *r,
		       const struct kchan_msg_info *info)
{
	const char *before = "";
	struct message_writer writer = { print_number, print_text,
					 print_nothing, &before };

	message_write(info, &writer);
	putchar(r->end);
}

/* At once, as the next may be long in coming. Return: exit status. */
static int write_message(const struct receiver *r,
			 const struct kchan_msg_info *info)
{
	if (r->form == JSON) {
		write_json(r, info);
	} else {
		if (r->meta)
			write_meta(r, info);
		fwrite(r->buffer.data, 1, info->len, stdout);
		if (r->form == PLAIN)
			putchar(r->end);
	}
	return finish(EXIT_SUCCESS);
}

static int recv_one(struct receiver *r)
{
	struct kchan_msg_info info = KCHAN_INIT(struct kchan_msg_info);
	ssize_t len;
	int status;

	if (r->timed)
		r->opts.deadline = kchan_deadline_in(r->timeout);
	len = message_recv(r->ch, &r->buffer, &r->opts, &info);
	if (len >= 0) {
		if (r->opts.flags & KCHAN_PEEK)
			r->opts.position++;
		return write_message(r, &info);
	}
	status = message_exit(len);
	if (status == EXIT_FAILURE)
		report_error(r->name, len);
	return status;
}

static int recv_all(struct receiver *r)
{
	uint64_t left = r->count;
	int err, status = EXIT_SUCCESS;

	err = kchan_open(&r->ch, r->name, O_RDONLY);
	if (err)
		return report_open(r->name, r->name, err, "receive");
	while (!status && (!r->count || left--))
		status = recv_one(r);
	free(r->buffer.data);
	kchan_close(r->ch);
	return status;
}

static int parse_filter(struct receiver *r, uint32_t filter)
{
	static const char *const names[] = {
		[KCHAN_FILTER_TAG] = "--tag",
		[KCHAN_FILTER_TAG_MAX] = "--tag-max",
		[KCHAN_FILTER_TAG_NOT] = "--tag-not",
		[KCHAN_FILTER_PRIO_MIN] = "--prio-min",
	};
	bool prio = filter == KCHAN_FILTER_PRIO_MIN;

	if (r->opts.filter && r->opts.filter != filter)
		return misuse("%s and %s: one of them only",
			      names[r->opts.filter], names[filter]);
	r->opts.filter = filter;
	if (parse_number(optarg, prio ? KCHAN_PRIO_MAX : UINT64_MAX,
			 &r->opts.value))
		return EXIT_SUCCESS;
	return bad_value(names[filter], prio ? "a number from 0 to 32767" :
					       "a number of 64 bits");
}

static int parse_position(struct receiver *r)
{
	uint64_t n;

	r->positioned = true;
	if (!parse_number(optarg, UINT32_MAX, &n))
		return bad_value("--position", "a number of 32 bits");
	r->opts.position = n;
	return EXIT_SUCCESS;
}

static int parse_option(int c, char **argv, struct receiver *r)
{
	switch (c) {
	case 'n':
		if (!parse_number(optarg, UINT64_MAX, &r->count) || !r->count)
			return bad_value("--count", "a number from 1");
		return EXIT_SUCCESS;
	case 'f':
		r->count = 0;
		return EXIT_SUCCESS;
	case 'm':
		r->meta = true;
		return EXIT_SUCCESS;
	case 'J':
		r->form = JSON;
		return EXIT_SUCCESS;
	case 'r':
		r->form = RAW;
		return EXIT_SUCCESS;
	case '0':
		r->end = '\0';
		return EXIT_SUCCESS;
	case 't':
		return parse_filter(r, KCHAN_FILTER_TAG);
	case OPT_FILTER + KCHAN_FILTER_TAG_MAX:
	case OPT_FILTER + KCHAN_FILTER_TAG_NOT:
	case OPT_FILTER + KCHAN_FILTER_PRIO_MIN:
		return parse_filter(r, c - OPT_FILTER);
	case OPT_PEEK:
		r->opts.flags |= KCHAN_PEEK;
		return EXIT_SUCCESS;
	case OPT_POSITION:
		return parse_position(r);
	case OPT_TIMEOUT:
		r->timed = true;
		if (!parse_duration(optarg, UINT64_MAX, &r->timeout))
			return bad_value("--timeout", EXPECT_DURATION);
		return EXIT_SUCCESS;
	case OPT_NONBLOCK:
		r->opts.flags |= KCHAN_NONBLOCK;
		return EXIT_SUCCESS;
	case OPT_NEED_PEER:
		r->opts.flags |= KCHAN_NEED_PEER;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

/* A filter finds the first that fits it, and has no second. */
static int check_options(const struct receiver *r)
{
	bool peek = r->opts.flags & KCHAN_PEEK;

	if (r->form == RAW && (r->meta || !r->end))
		return misuse("--raw goes without --meta and --null");
	if (peek && (r->timed || r->opts.flags & KCHAN_NEED_PEER))
		return misuse("--peek never waits: it goes without --timeout "
			      "and --need-peer");
	if (r->positioned && !peek)
		return misuse("--position goes with --peek");
	if (peek && r->opts.filter && (r->positioned || r->count != 1))
		return misuse("--peek with a filter shows one message: it goes "
			      "without --position, --count and --follow");
	return EXIT_SUCCESS;
}

int cmd_recv(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "follow", no_argument, NULL, 'f' },
		{ "meta", no_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'J' },
		{ "raw", no_argument, NULL, 'r' },
		{ "null", no_argument, NULL, '0' },
		{ "tag", required_argument, NULL, 't' },
		{ "tag-max", required_argument, NULL,
		  OPT_FILTER + KCHAN_FILTER_TAG_MAX },
		{ "tag-not", required_argument, NULL,
		  OPT_FILTER + KCHAN_FILTER_TAG_NOT },
		{ "prio-min", required_argument, NULL,
		  OPT_FILTER + KCHAN_FILTER_PRIO_MIN },
		{ "peek", no_argument, NULL, OPT_PEEK },
		{ "position", required_argument, NULL, OPT_POSITION },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "nonblock", no_argument, NULL, OPT_NONBLOCK },
		{ "need-peer", no_argument, NULL, OPT_NEED_PEER },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct receiver r = { .count = 1,
			      .end = '\n',
			      .opts = { .size = sizeof(r.opts) } };
	int c;

	while ((c = getopt_long(argc, argv, ":n:ft:mJr0h", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &r))
			return EXIT_FAILURE;
	}
	if (optind == argc)
		return misuse("a NAME is missing");
	if (argc - optind > 1)
		return misuse("one NAME only");
	if (check_options(&r))
		return EXIT_FAILURE;
	r.name = argv[optind];
	return recv_all(&r);
}
