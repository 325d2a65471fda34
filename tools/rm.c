// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <kchan.h>

#include "explain.h"
#include "ipcrm.h"
#include "parse.h"
#include "place.h"
#include "tool.h"

struct options {
	bool directory;
	bool force;
	bool now;
	bool by_id;
	struct ipcrm ipc;
};

enum { OPT_ID = LONG_ONLY, OPT_NOW };

static int help(void)
{
	puts("Usage: kchan rm [OPTION]... NAME...\n"
	     "       kchan rm --id [OPTION]... NUMBER...\n"
	     "       kchan rm [-q|-Q|-m|-M|-s|-S NUMBER]... [-a[KIND]]\n"
	     "       kchan rm msg|shm|sem NUMBER...\n"
	     "Remove channels. Who has one open goes on with it, unless --now is given.\n\n"
	     "  -d, --directory    remove empty directories; kchanfs must be mounted\n"
	     "  -f, --force        do not mind names that do not exist\n"
	     "      --id           go by the numbers that kchan ls shows\n"
	     "      --now          end all use: waiting calls and later ones fail\n"
	     "  -h, --help         this text\n\n"
	     "As ipcrm(1), which ends all use of queues:\n"
	     "  -q, --queue-id=ID, -Q, --queue-key=KEY\n"
	     "                     a channel without a pool\n"
	     "  -m, --shmem-id=ID, -M, --shmem-key=KEY\n"
	     "                     one with a pool\n"
	     "  -s, --semaphore-id=ID, -S, --semaphore-key=KEY\n"
	     "                     one with semaphores; there are none yet\n"
	     "  -a, --all[=msg|shm|sem]\n"
	     "                     all of that kind, or of all kinds\n"
	     "  -v, --verbose      say what is removed");
	return EXIT_SUCCESS;
}

/* Below a channel there is nothing, as rm(1) has it of files. */
static bool is_absent(int err, const struct options *o)
{
	return err == -ENOENT || (err == -ENOTDIR && !o->directory);
}

static int report_removal(const char *name, int err, const struct options *o)
{
	if (o->force && is_absent(err, o))
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

static int parse_option(int c, char **argv, struct options *o)
{
	int status = EXIT_SUCCESS;

	if (ipcrm_option(c, &o->ipc, &status))
		return status;
	switch (c) {
	case 'd':
		o->directory = true;
		return EXIT_SUCCESS;
	case 'f':
		o->force = o->ipc.force = true;
		return EXIT_SUCCESS;
	case OPT_ID:
		o->by_id = true;
		return EXIT_SUCCESS;
	case OPT_NOW:
		o->now = o->ipc.now = true;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

static int check_options(char **names, const struct options *o)
{
	bool ipc = ipcrm_asked(&o->ipc);

	if (ipc && (o->directory || o->by_id))
		return misuse("--directory and --id do not go with what ipcrm "
			      "takes");
	if (ipc && *names)
		return misuse("%s: no NAME goes with what ipcrm takes", *names);
	if (o->ipc.verbose && !ipc)
		return misuse("--verbose goes with what ipcrm takes");
	if (o->directory && (o->now || o->by_id))
		return misuse("--now and --id are not for directories");
	if (!ipc && !*names && !o->force)
		return misuse("a %s is missing", o->by_id ? "NUMBER" : "NAME");
	return EXIT_SUCCESS;
}

static int give_up(struct options *o)
{
	free(o->ipc.list);
	return EXIT_FAILURE;
}

int cmd_rm(int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", no_argument, NULL, 'd' },
		{ "force", no_argument, NULL, 'f' },
		{ "id", no_argument, NULL, OPT_ID },
		{ "now", no_argument, NULL, OPT_NOW },
		{ "help", no_argument, NULL, 'h' },
		IPCRM_OPTIONS,
		{}
	};
	struct options o = {};
	int c, status = EXIT_SUCCESS;

	while ((c = getopt_long(argc, argv, ":dfh" IPCRM_LETTERS, options,
				NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &o))
			return give_up(&o);
	}
	if (!o.directory && !o.by_id && !ipcrm_asked(&o.ipc) &&
	    ipcrm_words(argv + optind, &o.ipc))
		optind = argc;
	if (check_options(argv + optind, &o))
		return give_up(&o);
	if (ipcrm_asked(&o.ipc))
		return ipcrm(&o.ipc);
	for (; optind < argc; optind++)
		status |= remove_one(argv[optind], &o);
	return status;
}
