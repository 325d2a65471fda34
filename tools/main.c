// SPDX-License-Identifier: GPL-2.0-or-later
/* kchan: channels from the command line. Each subcommand is in a file of its name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "tool.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "mount", cmd_mount, "mount kchanfs" },
	{ "mk", cmd_mk, "make channels or directories" },
	{ "rm", cmd_rm, "remove channels or directories" },
	{ "ls", cmd_ls, "list channels" },
	{ "ps", cmd_ps, "list who has channels open, and who waits" },
	{ "top", cmd_top, "watch channels on the terminal" },
	{ "stat", cmd_stat, "show all that is known of channels" },
	{ "send", cmd_send, "send messages" },
	{ "recv", cmd_recv, "receive messages" },
	{ "work", cmd_work, "run a command for each message" },
	{ "monitor", cmd_monitor, "show what happens to channels" },
	{ "bench", cmd_bench, "measure what it costs, and what else costs" },
	{ "apply", cmd_apply, "make what /etc/kchan.d says" },
	{ "version", cmd_version, "show the versions of tool and module" },
};

/* The names of util-linux's programs, with what stands in for each. */
static const struct command links[] = {
	{ "kcipcs", cmd_ipcs, NULL },
	{ "kcipcmk", cmd_mk, NULL },
	{ "kcipcrm", cmd_rm, NULL },
};

static int help(void)
{
	size_t i;

	puts("Usage: kchan [OPTION]... SUBCOMMAND [ARGUMENT]...\n"
	     "Channels between the processes of one machine.\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s  %s\n", commands[i].name, commands[i].what);
	puts("\nOptions:\n"
	     "  -n, --netns=NAME|PID  in that network namespace, as ip -n\n"
	     "  -h, --help            this text; kchan SUBCOMMAND --help: more\n"
	     "  -V, --version         the version of the tool\n\n"
	     "A name that begins with a slash is a path of a mounted kchanfs, any other\n"
	     "one of the network namespace. See kchan(1).");
	return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		subcommand = commands[i].name;
		optind = 0; /* getopt_long() starts anew */
		return commands[i].run(argc, argv);
	}
	return misuse("no subcommand %s", argv[0]);
}

static const struct command *find_link(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++) {
		if (strcmp(slash ? slash + 1 : path, links[i].name) == 0)
			return &links[i];
	}
	return NULL;
}

static int version(void)
{
	printf("%s " KCHAN_VERSION "\n", program);
	return EXIT_SUCCESS;
}

static int run_link(const struct command *link, int argc, char **argv)
{
	program = link->name;
	if (argc == 2 &&
	    (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0))
		return version();
	return link->run(argc, argv);
}

/*
 * Where standard input, output or error is closed, what is opened next would get its
 * number: lines for the user would be sent as messages. What stands in for it here can
 * be neither read nor written, and is closed for commands that are run.
 */
static void hold_places(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/", O_PATH | O_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{}
	};
	const struct command *link = find_link(argv[0]);
	int c;

	hold_places();
	report_init();
	setlocale(LC_ALL, "");
	opterr = 0;
	if (link)
		return finish(run_link(link, argc, argv));
	while ((c = getopt_long(argc, argv, "+:n:hV", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			if (enter_netns(optarg) != 0)
				return EXIT_FAILURE;
			break;
		case 'h':
			return finish(help());
		case 'V':
			return finish(version());
		default:
			return bad_option(c, argv);
		}
	}
	if (optind == argc)
		return misuse("a subcommand is missing");
	return finish(run(argc - optind, argv + optind));
}
