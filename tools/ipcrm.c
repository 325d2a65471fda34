// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kchan.h>

#include "ipcrm.h"
#include "netlink.h"
#include "parse.h"
#include "text.h"
#include "tool.h"

static const char *const words_of[SECTIONS] = { "msg", "shm", "sem" };

static void add(struct ipcrm *asked, enum section section, bool by_key,
		uint64_t number)
{
	asked->list = xrealloc(asked->list,
			       (asked->count + 1) * sizeof(*asked->list));
	asked->list[asked->count++] = (struct target){
		.section = section,
		.by_key = by_key,
		.number = number,
	};
}

static bool find_word(const char *word, enum section *section)
{
	for (*section = 0; *section < SECTIONS; ++*section) {
		if (strcmp(word, words_of[*section]) == 0)
			return true;
	}
	return false;
}

static int add_all(struct ipcrm *asked, const char *word)
{
	enum section section;

	if (!word) {
		asked->all = ALL_SECTIONS;
		return EXIT_SUCCESS;
	}
	if (!find_word(word, &section))
		return misuse("--all=%s: not msg, shm or sem", word);
	asked->all |= SECTION_BIT(section);
	return EXIT_SUCCESS;
}

static int add_option(struct ipcrm *asked, int c, enum section section)
{
	bool by_key = isupper(c);
	uint64_t number;

	if (!parse_number(optarg, by_key ? UINT32_MAX : UINT64_MAX, &number) ||
	    !number)
		return misuse("-%c %s: not the %s of a %s", c, optarg,
			      by_key ? "key" : "id", section_what(section));
	add(asked, section, by_key, number);
	return EXIT_SUCCESS;
}

bool ipcrm_option(int c, struct ipcrm *asked, int *status)
{
	switch (c) {
	case 'a':
		*status = add_all(asked, optarg);
		return true;
	case 'q':
	case 'Q':
		*status = add_option(asked, c, SECTION_QUEUES);
		return true;
	case 'm':
	case 'M':
		*status = add_option(asked, c, SECTION_POOLS);
		return true;
	case 's':
	case 'S':
		*status = add_option(asked, c, SECTION_SEMAPHORES);
		return true;
	case 'v':
		asked->verbose = true;
		return true;
	default:
		return false;
	}
}

/* Only numbers: what else follows, these are channels of such names. */
bool ipcrm_words(char **words, struct ipcrm *asked)
{
	enum section section;
	uint64_t number;
	char **word;

	if (!words[0] || !words[1] || !find_word(words[0], &section))
		return false;
	for (word = words + 1; *word; word++) {
		if (!parse_number(*word, UINT64_MAX, &number))
			return false;
	}
	for (word = words + 1; *word; word++) {
		parse_number(*word, UINT64_MAX, &number);
		add(asked, section, false, number);
	}
	return true;
}

bool ipcrm_asked(const struct ipcrm *asked)
{
	return asked->count || asked->all;
}

static int report_none(const struct target *target, const struct ipcrm *asked)
{
	const char *what = section_what(target->section);

	if (asked->force)
		return EXIT_SUCCESS;
	if (target->by_key)
		return report(NULL, "no %s with key 0x%08" PRIx64, what,
			      target->number);
	return report(NULL, "no %s with id %" PRIu64, what, target->number);
}

static int remove_channel(const struct channel *channel, enum section section,
			  const struct ipcrm *asked)
{
	bool now = asked->now || section == SECTION_QUEUES;
	char *object;
	int err, status;

	if (asked->verbose)
		printf("removing %s id `%" PRIu64 "'\n", section_what(section),
		       channel->id);
	err = kchan_remove(NULL, channel->id, now ? KCHAN_REMOVE_NOW : 0);
	if (!err || (err == -ENOENT && asked->force))
		return EXIT_SUCCESS;
	object = text_number(channel->id);
	switch (err) {
	case -ENOENT:
		status = report(object, "it is removed, and gone when nobody "
					"uses it (--now)");
		break;
	case -EPERM:
		status = report(object,
				"only its owner may %s it (or "
				"CAP_FOWNER)",
				now ? "end" : "remove");
		break;
	default:
		status = report_error(object, err);
	}
	free(object);
	return status;
}

static int remove_target(const struct channels *channels,
			 const struct target *target, const struct ipcrm *asked)
{
	const struct channel *channel, *found = NULL;
	size_t i;

	for (i = 0; i < channels->count; i++) {
		channel = &channels->list[i];
		if (!in_section(channel, target->section))
			continue;
		if (target->by_key ? channel->state.key != target->number :
				     channel->id != target->number)
			continue;
		if (found)
			return report(NULL,
				      "channels %" PRIu64 " and %" PRIu64
				      " both have the key 0x%08" PRIx64,
				      found->id, channel->id, target->number);
		found = channel;
	}
	return found ? remove_channel(found, target->section, asked) :
		       report_none(target, asked);
}

static int remove_all(const struct channels *channels,
		      const struct ipcrm *asked)
{
	int status = EXIT_SUCCESS;
	enum section section;
	size_t i;

	for (section = 0; section < SECTIONS; section++) {
		if (!(asked->all & SECTION_BIT(section)))
			continue;
		for (i = 0; i < channels->count; i++) {
			if (in_section(&channels->list[i], section))
				status |= remove_channel(&channels->list[i],
							 section, asked);
		}
	}
	return status;
}

int ipcrm(struct ipcrm *asked)
{
	struct channels channels;
	struct netlink *nl;
	int err, status;
	size_t i;

	err = netlink_open(&nl);
	if (!err) {
		err = netlink_channels(nl, &channels);
		netlink_close(nl);
	}
	if (err) {
		free(asked->list);
		return report_error(NULL, err);
	}
	status = remove_all(&channels, asked);
	for (i = 0; i < asked->count; i++)
		status |= remove_target(&channels, &asked->list[i], asked);
	channels_free(&channels);
	free(asked->list);
	return status;
}
