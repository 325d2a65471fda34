// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kchan.h>

#include "json.h"
#include "tool.h"

struct bit {
	uint64_t bit;
	const char *name;
};

static const struct bit kinds[] = { { 1ULL << KCHAN_KIND_QUEUE, "queue" }, {} };

static const struct bit features[] = { { KCHAN_FEATURE_QUEUE, "queue" },
				       { KCHAN_FEATURE_UNNAMED, "unnamed" },
				       { KCHAN_FEATURE_NETLINK, "netlink" },
				       { KCHAN_FEATURE_HOLD, "hold" },
				       { KCHAN_FEATURE_EXPIRY, "expiry" },
				       { KCHAN_FEATURE_DEAD, "dead-letter" },
				       { KCHAN_FEATURE_OVERFLOW, "overflow" },
				       { KCHAN_FEATURE_FILTER, "filter" },
				       { KCHAN_FEATURE_BATCH, "batch" },
				       { KCHAN_FEATURE_POOL, "pool" },
				       {} };

static int help(void)
{
	puts("Usage: kchan version [OPTION]...\n"
	     "Show the versions of the tool and of the module, and what the module can do.\n\n"
	     "  -J, --json   as JSON\n"
	     "  -h, --help   this text");
	return EXIT_SUCCESS;
}

static char *text_version(uint32_t version)
{
	return xprintf("%u.%u.%u", version >> 16, version >> 8 & 0xff,
		       version & 0xff);
}

/* Bits without a name are those of a newer module. */
static void show_bits(const char *what, const struct bit *bits, uint64_t set)
{
	printf("  %s:", what);
	for (; bits->name; bits++) {
		if (set & bits->bit)
			printf(" %s", bits->name);
		set &= ~bits->bit;
	}
	if (set)
		printf(" %#" PRIx64, set);
	putchar('\n');
}

static void show(const struct kchan_features *f)
{
	char *version = text_version(f->version);

	printf("module %s\n", version);
	show_bits("kinds", kinds, f->kinds);
	show_bits("features", features, f->features);
	if (strcmp(version, KCHAN_VERSION) != 0)
		puts("The versions differ. What either does not know, it refuses.");
	free(version);
}

static void put_bits(struct json *json, const char *what,
		     const struct bit *bits, uint64_t set)
{
	json_open(json, what, '[');
	for (; bits->name; bits++) {
		if (set & bits->bit)
			json_string(json, NULL, bits->name);
	}
	json_close(json, ']');
}

static void put(const struct kchan_features *f)
{
	struct json json = { .out = stdout };
	char *version = f ? text_version(f->version) : NULL;

	json_open(&json, NULL, '{');
	json_string(&json, "kchan", KCHAN_VERSION);
	json_string(&json, "module", version);
	if (f) {
		put_bits(&json, "kinds", kinds, f->kinds);
		put_bits(&json, "features", features, f->features);
	}
	json_close(&json, '}');
	putchar('\n');
	free(version);
}

int cmd_version(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct kchan_features f = KCHAN_INIT(struct kchan_features);
	bool json = false;
	int c, err;

	while ((c = getopt_long(argc, argv, ":Jh", options, NULL)) != -1) {
		switch (c) {
		case 'J':
			json = true;
			break;
		case 'h':
			return help();
		default:
			return bad_option(c, argv);
		}
	}
	if (optind < argc)
		return misuse("no argument goes here");
	err = kchan_get_features(&f);
	if (json) {
		put(err ? NULL : &f);
	} else {
		puts("kchan " KCHAN_VERSION);
		if (!err)
			show(&f);
	}
	return err ? report_error(NULL, err) : EXIT_SUCCESS;
}
