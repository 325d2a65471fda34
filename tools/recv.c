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
 * @opts: flags
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
	struct kchan_recv_opts opts;
	struct buffer buffer;
};

enum { OPT_NEED_PEER = LONG_ONLY, OPT_NONBLOCK, OPT_TIMEOUT };

static int help(void)
{
	puts("Usage: kchan recv [OPTION]... NAME\n"
	     "Receive a message, or more, and write each on a line.\n\n"
	     "  -n, --count=N         receive N messages (default 1)\n"
	     "  -f, --follow          receive all that come\n"
	     "  -m, --meta            a line of metadata before each\n"
	     "  -J, --json            an object on a line for each, with its metadata\n"
	     "  -r, --raw             the messages as they are, nothing between them\n"
	     "  -0, --null            a NUL after each instead of the end of a line\n"
	     "      --timeout=SECONDS wait at most so long, for each message\n"
	     "      --nonblock        do not wait\n"
	     "      --need-peer       do not wait while nobody can send\n"
	     "  -h, --help            this text\n\n"
	     "Exit status: 1 for errors; where no message came, 2 with --nonblock,\n"
	     "3 with --timeout, 4 with --need-peer.");
	return EXIT_SUCCESS;
}

static void put_json(void *json, const char *name, uint64_t value)
{
	json_number(json, name, value);
}

static void write_json(const struct receiver *r,
		       const struct kchan_msg_info *info)
{
	struct json json = { .out = stdout };
	char *time = message_time(info);

	json_open(&json, NULL, '{');
	message_numbers(info, put_json, &json);
	json_string(&json, "time", time);
	if (utf8_valid(r->buffer.data, info->len))
		json_text(&json, "data", r->buffer.data, info->len);
	else
		json_base64(&json, "base64", r->buffer.data, info->len);
	json_close(&json, '}');
	putchar('\n');
	free(time);
}

static void put_word(void *arg, const char *name, uint64_t value)
{
	(void)arg;
	printf("%s=%" PRIu64 " ", name, value);
}

static void write_meta(const struct receiver *r,
		       const struct kchan_msg_info *info)
{
	char *time = message_time(info);

	message_numbers(info, put_word, NULL);
	printf("time=%s%c", time, r->end);
	free(time);
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
	if (len >= 0)
		return write_message(r, &info);
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
	case OPT_TIMEOUT:
		r->timed = true;
		if (!parse_seconds(optarg, &r->timeout))
			return bad_value("--timeout", "a number of seconds");
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

int cmd_recv(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "follow", no_argument, NULL, 'f' },
		{ "meta", no_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'J' },
		{ "raw", no_argument, NULL, 'r' },
		{ "null", no_argument, NULL, '0' },
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

	while ((c = getopt_long(argc, argv, ":n:fmJr0h", options, NULL)) !=
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
	if (r.form == RAW && (r.meta || !r.end))
		return misuse("--raw goes without --meta and --null");
	r.name = argv[optind];
	return recv_all(&r);
}
