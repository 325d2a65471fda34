// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tool.h"

#define DIRECTORY "/run/kchan"

/* Options that are no matter of kchanfs. */
static const struct {
	const char *name;
	unsigned long set;
	unsigned long clear;
} flags[] = {
	{ "defaults", 0, 0 },	      { "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },	      { "nosuid", MS_NOSUID, 0 },
	{ "suid", 0, MS_NOSUID },     { "noexec", MS_NOEXEC, 0 },
	{ "exec", 0, MS_NOEXEC },     { "nodev", MS_NODEV, 0 },
	{ "dev", 0, MS_NODEV },	      { "noatime", MS_NOATIME, 0 },
	{ "remount", MS_REMOUNT, 0 },
};

static int help(void)
{
	puts("Usage: kchan mount [OPTION]... [DIRECTORY]\n"
	     "Mount kchanfs on DIRECTORY (default " DIRECTORY
	     "), which is made if it is\n"
	     "missing. Needs root.\n\n"
	     "  -o, --options=LIST   mode=OCTAL, uid=N and gid=N for the root directory;\n"
	     "                       ro, nosuid, noexec, remount...: see kchanfs(5)\n"
	     "  -h, --help           this text");
	return EXIT_SUCCESS;
}

static bool set_flag(const char *name, unsigned long *set)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(name, flags[i].name) == 0) {
			*set = (*set | flags[i].set) & ~flags[i].clear;
			return true;
		}
	}
	return false;
}

/* What mount(2) takes as a flag goes there, the rest is kchanfs' own; to be freed. */
static char *split_options(const char *list, unsigned long *set)
{
	char *names = xstrdup(list), *data = xstrdup(""), *name, *rest = names;
	char *more;

	while ((name = strsep(&rest, ","))) {
		if (!*name || set_flag(name, set))
			continue;
		more = xprintf("%s%s%s", data, *data ? "," : "", name);
		free(data);
		data = more;
	}
	free(names);
	return data;
}

static int report_mount(const char *dir, int err, const char *data)
{
	switch (err) {
	case EPERM:
		return report(dir, "only root may mount (CAP_SYS_ADMIN)");
	case ENODEV:
		return report(dir, "the kernel knows no kchanfs: is the module "
				   "loaded? (modprobe kchan)");
	case EBUSY:
		return report(dir, "kchanfs is mounted there");
	case EINVAL:
		if (*data)
			return report(dir, "bad option in %s (kchanfs(5))",
				      data);
		return report(dir,
			      "nothing is mounted there that could be changed");
	default:
		return report(dir, "%s", strerror(err));
	}
}

static int do_mount(const char *dir, const char *options)
{
	unsigned long set = 0;
	char *data = split_options(options, &set);
	int status = EXIT_SUCCESS;

	if (mkdir(dir, 0755) && errno != EEXIST)
		status =
			report(dir, "cannot be made: %s%s", strerror(errno),
			       errno == EACCES ? " (only root may mount)" : "");
	else if (mount("kchan", dir, "kchanfs", set, data))
		status = report_mount(dir, errno, data);
	free(data);
	return status;
}

int cmd_mount(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "options", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const char *options = "", *dir = DIRECTORY;
	int c;

	while ((c = getopt_long(argc, argv, ":o:h", long_options, NULL)) !=
	       -1) {
		switch (c) {
		case 'o':
			options = optarg;
			break;
		case 'h':
			return help();
		default:
			return bad_option(c, argv);
		}
	}
	if (optind < argc)
		dir = argv[optind++];
	if (optind < argc)
		return misuse("one DIRECTORY only");
	return do_mount(dir, options);
}
