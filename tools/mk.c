// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "explain.h"
#include "ipcmk.h"
#include "make.h"
#include "names.h"
#include "parse.h"
#include "place.h"
#include "tool.h"

#define CHANNEL_MODE 0600
#define DIRECTORY_MODE 0755
#define IPC_MODE 0644 /* as ipcmk(1) */

struct options {
	bool directory;
	bool if_missing;
	bool mode_given;
	mode_t mode;
	bool queue;
	const char *shmem;
	struct attrs attrs;
	struct kchan *dead_letter;
};

enum {
	OPT_IF_MISSING = LONG_ONLY,
	OPT_ATTR, /* and on: enum attr */
};

static int help(void)
{
	puts("Usage: kchan mk [OPTION]... NAME...\n"
	     "       kchan mk -Q|-M SIZE [OPTION]... [NAME]\n"
	     "Make channels, which stay until they are removed, or directories.\n\n"
	     "  -d, --directory    make directories; kchanfs must be mounted\n"
	     "  -m, -p, --mode=MODE\n"
	     "                     permission bits in octal, whatever the umask; default:\n"
	     "                     600 for channels, 755 for directories, 644 with -Q or -M\n"
	     "      --depth=N      messages that fit\n"
	     "      --msgsize=SIZE bytes of one message at most\n"
	     "      --bytes=SIZE   bytes that fit, of all messages\n"
	     "      --key=N        a number that is kept and shown, and not used\n"
	     "      --overflow=block|reject|drop\n"
	     "                     when it is full: senders wait (default), or fail, or the\n"
	     "                     oldest messages of the lowest priority make room\n"
	     "      --ttl=DURATION messages expire so long after they were sent; default:\n"
	     "                     never\n"
	     "      --max-deliveries=N\n"
	     "                     a message that was handed out N times and not\n"
	     "                     acknowledged is dead; default: no limit\n"
	     "      --dead-letter=NAME\n"
	     "                     dead messages go to that channel, which must exist;\n"
	     "                     default: they are dropped\n"
	     "      --slots=N      with a pool of N slots, to pass payloads without a copy\n"
	     "      --slot-size=SIZE\n"
	     "                     bytes of each slot\n"
	     "      --zero-slots   a slot is cleared before it is used again\n"
	     "      --recv-copy    who may only receive gets copies, and not the pool\n"
	     "      --if-missing   leave alone what exists\n"
	     "  -Q, --queue        as ipcmk(1): one channel, and show its number; without\n"
	     "                     NAME it is called by a key, msg-1234abcd\n"
	     "  -M, --shmem=SIZE   likewise with a pool of one slot; called shm-1234abcd\n"
	     "  -S, --semaphore=N  is not offered yet\n"
	     "  -h, --help         this text\n\n"
	     "A SIZE may end in K, M or G. A DURATION is in seconds, or as 500ms, 30s, 1h30m.\n"
	     "Dead are messages that expired, were rejected by their receiver, were handed out\n"
	     "too often, or had to make room. Defaults and limits: kchanfs(5).");
	return EXIT_SUCCESS;
}

/* It need not be readable, nor mounted: at the limit of channels no mount is found. */
static bool is_directory(const char *name)
{
	struct stat st;

	if (name[0] != '/')
		return name_is_directory(name);
	return lstat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Is it at least of the kind that was asked for? */
static int accept_existing(const char *name, bool directory)
{
	if (directory && !is_directory(name))
		return report(name, "exists, and is no directory");
	if (!directory && is_directory(name))
		return report(name, "exists, and is a directory");
	return EXIT_SUCCESS;
}

static int report_made(const char *name, int err, const struct options *o)
{
	switch (err) {
	case 0:
		return EXIT_SUCCESS;
	case -EEXIST:
		if (o->if_missing)
			return accept_existing(name, o->directory);
		return report(name, "exists (--if-missing leaves it alone)");
	default:
		return report_make(name, name, err, &o->attrs);
	}
}

/* The directory above it was not found, for which a channel more may be needed. */
static int report_unplaced(const char *name, int err, const struct options *o)
{
	switch (err) {
	case -EDQUOT:
	case -ENOSPC:
		if (o->if_missing && is_directory(name))
			return EXIT_SUCCESS;
		/* fallthrough */
	case -ENXIO:
	case -ENOTTY:
		return report_place(name, name, err);
	default:
		return report_make(name, name, err, &o->attrs);
	}
}

static int make_in_place(const char *name, const struct options *o)
{
	struct place place;
	int err;

	err = place_open(NULL, name, &place);
	if (err)
		return report_unplaced(name, err, o);
	err = make_directory(&place, o->mode);
	place_close(&place);
	return report_made(name, err, o);
}

static int make(const char *name, const struct options *o)
{
	int err;

	if (o->directory)
		return make_in_place(name, o);
	err = make_channel(name, o->mode, &o->attrs, o->dead_letter, NULL);
	return report_made(name, err, o);
}

static int parse_attr(struct options *o, enum attr attr)
{
	int status = EXIT_SUCCESS;
	char *option;

	if (attrs_set(&o->attrs, attr, optarg ? optarg : "yes"))
		return EXIT_SUCCESS;
	option = xprintf("--%s", attr_name(attr));
	status = bad_value(option, attr_expected(attr));
	free(option);
	return status;
}

static bool is_numbered(const struct options *o)
{
	return o->queue || o->shmem;
}

static int check_numbered(int names, const struct options *o)
{
	if (names > 1 || (names && o->queue && o->shmem))
		return misuse(
			"--queue and --shmem make one channel each, of one "
			"NAME at most");
	if (o->directory || o->if_missing)
		return misuse("--directory and --if-missing do not go with "
			      "--queue and --shmem");
	if (attrs_given(&o->attrs, ATTR_SLOTS) ||
	    attrs_given(&o->attrs, ATTR_SLOT_SIZE))
		return misuse("--shmem says what the pool is like: no --slots");
	return EXIT_SUCCESS;
}

static int check_options(const struct options *o)
{
	int status = EXIT_SUCCESS;
	char *conflict;

	if (o->directory && o->attrs.given)
		return misuse("a directory has a --mode and nothing else");
	if (!o->directory && o->mode > 0777)
		return misuse("--mode %o: a channel has permission bits only",
			      o->mode);
	/* ipcmk() does it, for each of the two. */
	if (is_numbered(o))
		return EXIT_SUCCESS;
	conflict = attrs_conflict(&o->attrs, "--");
	if (conflict)
		status = misuse("%s", conflict);
	free(conflict);
	return status;
}

/* Once for all that are made. */
static int open_dead_letter(struct options *o)
{
	int err = make_dead_letter(&o->attrs, &o->dead_letter), status;
	char *object;

	if (!err)
		return EXIT_SUCCESS;
	object = xprintf("--dead-letter %s", o->attrs.dead_letter);
	status = report_dead_letter(object, o->attrs.dead_letter, err);
	free(object);
	return status;
}

static int make_numbered(const char *name, const struct options *o)
{
	return ipcmk(&(struct ipcmk){
		.queue = o->queue,
		.shmem = o->shmem,
		.name = name,
		.mode = o->mode,
		.attrs = &o->attrs,
		.dead_letter = o->dead_letter,
	});
}

static int make_all(char **names, struct options *o)
{
	int status = open_dead_letter(o);

	if (!status) {
		if (is_numbered(o))
			status = make_numbered(*names, o);
		for (; *names && !is_numbered(o); names++)
			status |= make(*names, o);
		kchan_close(o->dead_letter);
	}
	attrs_free(&o->attrs);
	return status;
}

static int parse_option(int c, char **argv, struct options *o)
{
	switch (c) {
	case 'd':
		o->directory = true;
		return EXIT_SUCCESS;
	case 'm':
	case 'p':
		o->mode_given = true;
		if (parse_mode(optarg, 07777, &o->mode))
			return EXIT_SUCCESS;
		return bad_value("--mode", "octal permission bits");
	case 'Q':
		o->queue = true;
		return EXIT_SUCCESS;
	case 'M':
		o->shmem = optarg;
		return EXIT_SUCCESS;
	case 'S':
		return report("--semaphore", "semaphores are not offered yet");
	case OPT_IF_MISSING:
		o->if_missing = true;
		return EXIT_SUCCESS;
	case OPT_ATTR ... OPT_ATTR + ATTRS - 1:
		return parse_attr(o, c - OPT_ATTR);
	default:
		return bad_option(c, argv);
	}
}

int cmd_mk(int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", no_argument, NULL, 'd' },
		{ "mode", required_argument, NULL, 'm' },
		{ "depth", required_argument, NULL, OPT_ATTR + ATTR_DEPTH },
		{ "msgsize", required_argument, NULL, OPT_ATTR + ATTR_MSGSIZE },
		{ "bytes", required_argument, NULL, OPT_ATTR + ATTR_BYTES },
		{ "key", required_argument, NULL, OPT_ATTR + ATTR_KEY },
		{ "overflow", required_argument, NULL,
		  OPT_ATTR + ATTR_OVERFLOW },
		{ "max-deliveries", required_argument, NULL,
		  OPT_ATTR + ATTR_MAX_DELIVERIES },
		{ "ttl", required_argument, NULL, OPT_ATTR + ATTR_TTL },
		{ "dead-letter", required_argument, NULL,
		  OPT_ATTR + ATTR_DEAD_LETTER },
		{ "slots", required_argument, NULL, OPT_ATTR + ATTR_SLOTS },
		{ "slot-size", required_argument, NULL,
		  OPT_ATTR + ATTR_SLOT_SIZE },
		{ "zero-slots", no_argument, NULL, OPT_ATTR + ATTR_ZERO_SLOTS },
		{ "recv-copy", no_argument, NULL, OPT_ATTR + ATTR_RECV_COPY },
		{ "if-missing", no_argument, NULL, OPT_IF_MISSING },
		{ "queue", no_argument, NULL, 'Q' },
		{ "shmem", required_argument, NULL, 'M' },
		{ "semaphore", required_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct options o = {};
	int c;

	while ((c = getopt_long(argc, argv, ":dm:p:QM:S:h", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &o))
			return EXIT_FAILURE;
	}
	if (optind == argc && !is_numbered(&o))
		return misuse("a NAME is missing");
	if (is_numbered(&o) && check_numbered(argc - optind, &o))
		return EXIT_FAILURE;
	if (check_options(&o))
		return EXIT_FAILURE;
	if (!o.mode_given)
		o.mode = o.directory	 ? DIRECTORY_MODE :
			 is_numbered(&o) ? IPC_MODE :
					   CHANNEL_MODE;
	umask(0);
	return make_all(argv + optind, &o);
}
