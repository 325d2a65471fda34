// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kchan.h>

#include "explain.h"
#include "parse.h"
#include "place.h"
#include "tool.h"

struct options {
	bool directory;
	bool force;
	bool now;
	bool by_id;
};

enum { OPT_ID = LONG_ONLY, OPT_NOW };

static int help(void)
{
	puts("Usage: kchan rm [OPTION]... NAME...\n"
	     "       kchan rm --id [OPTION]... NUMBER...\n"
	     "Remove channels. Who has one open goes on with it, unless --now is given.\n\n"
	     "  -d, --directory    remove empty directories; kchanfs must be mounted\n"
	     "  -f, --force        do not mind names that do not exist\n"
	     "      --id           go by the numbers that kchan ls shows\n"
	     "      --now          end all use: waiting calls and later ones fail\n"
	     "  -h, --help         this text");
	return EXIT_SUCCESS;
}

static int report_removal(const char *name, int err, const struct options *o)
{
	if (err == -ENOENT && o->force)
		return EXIT_SUCCESS;
	if (err == -ENOENT && o->by_id && !o->now)
		return report(name, "no such channel, or one without a name "
				    "(--now)");
	if (err == -EPERM && o->now)
		return report(name,
			      "only its owner may end it (or CAP_FOWNER)");
	return report_remove(name, name, err, o->directory);
}

/* Of a path unlink(2) needs less: the command takes a directory that can be read. */
static int remove_in_place(const char *name, const struct options *o)
{
	struct place place;
	int err;

	err = place_open(NULL, name, &place);
	if (err)
		return err;
	if (unlinkat(place.dir, place.last, o->directory ? AT_REMOVEDIR : 0))
		err = -errno;
	place_close(&place);
	return err;
}

static int remove_one(const char *name, const struct options *o)
{
	uint32_t flags = o->now ? KCHAN_REMOVE_NOW : 0;
	uint64_t id;
	int err;

	if (o->by_id) {
		if (!parse_number(name, UINT64_MAX, &id) || !id)
			return misuse("--id %s: not the number of a channel",
				      name);
		err = kchan_remove(NULL, id, flags);
	} else if (o->directory || (name[0] == '/' && !o->now)) {
		err = remove_in_place(name, o);
	} else {
		err = kchan_remove(name, 0, flags);
	}
	return err ? report_removal(name, err, o) : EXIT_SUCCESS;
}

static bool parse_option(int c, struct options *o)
{
	switch (c) {
	case 'd':
		o->directory = true;
		return true;
	case 'f':
		o->force = true;
		return true;
	case OPT_ID:
		o->by_id = true;
		return true;
	case OPT_NOW:
		o->now = true;
		return true;
	default:
		return false;
	}
}

int cmd_rm(int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", no_argument, NULL, 'd' },
		{ "force", no_argument, NULL, 'f' },
		{ "id", no_argument, NULL, OPT_ID },
		{ "now", no_argument, NULL, OPT_NOW },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = {};
	int c, status = EXIT_SUCCESS;

	while ((c = getopt_long(argc, argv, ":dfh", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (!parse_option(c, &o))
			return bad_option(c, argv);
	}
	if (o.directory && (o.now || o.by_id))
		return misuse("--now and --id are not for directories");
	if (optind == argc && !o.force)
		return misuse("a %s is missing", o.by_id ? "NUMBER" : "NAME");
	for (; optind < argc; optind++)
		status |= remove_one(argv[optind], &o);
	return status;
}
