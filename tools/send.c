// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "message.h"
#include "parse.h"
#include "tool.h"

#define READ_SIZE (64 * 1024)

/**
 * struct sender - what is sent, and how
 * @ch: where to
 * @name: what it is called
 * @separator: between messages in the input
 * @whole: the input is one message
 * @timed: wait at most @timeout ns for each message
 * @ttl: ns after which each expires; 0: as the channel has it
 * @opts: priority, tag, flags
 */
struct sender {
	struct kchan *ch;
	const char *name;
	char separator;
	bool whole;
	bool timed;
	uint64_t timeout;
	uint64_t ttl;
	struct kchan_send_opts opts;
};

enum { OPT_EXPIRE = LONG_ONLY, OPT_NEED_PEER, OPT_NONBLOCK, OPT_TIMEOUT };

static int help(void)
{
	puts("Usage: kchan send [OPTION]... NAME [MESSAGE]...\n"
	     "Send each MESSAGE or, where there is none, each line of the input.\n\n"
	     "  -0, --null            messages in the input end with a NUL, not a line\n"
	     "  -w, --whole           the input is one message, as it is\n"
	     "  -p, --priority=N      0 (default) to 32767; higher goes first\n"
	     "  -t, --tag=N           a number that goes with the message (default 0)\n"
	     "      --expire=DURATION what is not received in that time never is; default: as\n"
	     "                        the channel was made (kchan mk --ttl)\n"
	     "      --timeout=DURATION\n"
	     "                        wait for room at most so long, for each message\n"
	     "      --nonblock        do not wait for room\n"
	     "      --need-peer       do not wait for room while nobody can receive\n"
	     "  -h, --help            this text\n\n"
	     "A DURATION is in seconds, or as 500ms, 30s, 1h30m.\n"
	     "Exit status: 1 for errors; where there was no room, 2 with --nonblock, or if the\n"
	     "channel rejects then (kchan mk --overflow), 3 with --timeout, 4 with\n"
	     "--need-peer.");
	return EXIT_SUCCESS;
}

static int send_one(struct sender *s, const char *data, size_t len)
{
	int err;

	if (s->timed)
		s->opts.deadline = kchan_deadline_in(s->timeout);
	if (s->ttl)
		s->opts.expiry = kchan_deadline_in(s->ttl);
	err = kchan_send_opts(s->ch, data, len, &s->opts, NULL);
	switch (err) {
	case 0:
		return EXIT_SUCCESS;
	case -EAGAIN:
		report(s->name, "the queue is full");
		break;
	case -ETIMEDOUT:
		report(s->name, "the queue was full until the timeout");
		break;
	case -EPIPE:
		report(s->name, "the queue is full, and nobody can receive");
		break;
	default:
		report_send(s->name, err, s->ch, len);
	}
	return message_exit(err);
}

static int send_arguments(struct sender *s, char **messages)
{
	int status = EXIT_SUCCESS;

	for (; !status && *messages; messages++)
		status = send_one(s, *messages, strlen(*messages));
	return status;
}

static int report_input(void)
{
	return report(NULL, "standard input: %s", strerror(errno));
}

/*
 * The last needs no separator. A message that does not fit into memory ends the input,
 * too, but is no error of the stream.
 */
static int send_separated(struct sender *s)
{
	int status = EXIT_SUCCESS;
	char *message = NULL;
	size_t size = 0;
	ssize_t len;

	while (!status &&
	       (len = getdelim(&message, &size, s->separator, stdin)) > 0) {
		if (message[len - 1] == s->separator)
			len--;
		status = send_one(s, message, len);
	}
	if (!status && !feof(stdin))
		status = report_input();
	free(message);
	return status;
}

static int send_whole(struct sender *s)
{
	size_t len = 0, size = READ_SIZE;
	char *data = xrealloc(NULL, size);
	ssize_t n;
	int status;

	while ((n = read(STDIN_FILENO, data + len, size - len)) > 0) {
		len += n;
		if (len == size)
			data = xrealloc(data, size *= 2);
	}
	status = n ? report_input() : send_one(s, data, len);
	free(data);
	return status;
}

static int send_all(struct sender *s, char **messages)
{
	int err, status;

	err = kchan_open(&s->ch, s->name, O_WRONLY);
	if (err)
		return report_open(s->name, s->name, err, "send");
	if (*messages)
		status = send_arguments(s, messages);
	else if (s->whole)
		status = send_whole(s);
	else
		status = send_separated(s);
	kchan_close(s->ch);
	return status;
}

static int parse_option(int c, char **argv, struct sender *s)
{
	uint64_t n;

	switch (c) {
	case '0':
		s->separator = '\0';
		return EXIT_SUCCESS;
	case 'w':
		s->whole = true;
		return EXIT_SUCCESS;
	case 'p':
		if (!parse_number(optarg, KCHAN_PRIO_MAX, &n))
			return bad_value("--priority",
					 "a number from 0 to 32767");
		s->opts.prio = n;
		return EXIT_SUCCESS;
	case 't':
		if (!parse_number(optarg, UINT64_MAX, &s->opts.tag))
			return bad_value("--tag", "a number of 64 bits");
		return EXIT_SUCCESS;
	case OPT_EXPIRE:
		if (!parse_duration(optarg, INT64_MAX, &s->ttl) || !s->ttl)
			return bad_value("--expire", EXPECT_SOME_DURATION);
		return EXIT_SUCCESS;
	case OPT_TIMEOUT:
		s->timed = true;
		if (!parse_duration(optarg, UINT64_MAX, &s->timeout))
			return bad_value("--timeout", EXPECT_DURATION);
		return EXIT_SUCCESS;
	case OPT_NONBLOCK:
		s->opts.flags |= KCHAN_NONBLOCK;
		return EXIT_SUCCESS;
	case OPT_NEED_PEER:
		s->opts.flags |= KCHAN_NEED_PEER;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

int cmd_send(int argc, char **argv)
{
	static const struct option options[] = {
		{ "null", no_argument, NULL, '0' },
		{ "whole", no_argument, NULL, 'w' },
		{ "priority", required_argument, NULL, 'p' },
		{ "tag", required_argument, NULL, 't' },
		{ "expire", required_argument, NULL, OPT_EXPIRE },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "nonblock", no_argument, NULL, OPT_NONBLOCK },
		{ "need-peer", no_argument, NULL, OPT_NEED_PEER },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct sender s = { .separator = '\n',
			    .opts = { .size = sizeof(s.opts) } };
	int c;

	while ((c = getopt_long(argc, argv, ":0wp:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &s))
			return EXIT_FAILURE;
	}
	if (optind == argc)
		return misuse("a NAME is missing");
	s.name = argv[optind++];
	if (optind < argc && (s.whole || !s.separator))
		return misuse("a MESSAGE goes without --whole and --null");
	return send_all(&s, argv + optind);
}
