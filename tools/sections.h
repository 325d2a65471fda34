/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The three lists that ipcs(1) has, and which channels are in which. */
#ifndef KCHAN_SECTIONS_H
#define KCHAN_SECTIONS_H

#include "netlink.h"

enum section { SECTION_QUEUES, SECTION_POOLS, SECTION_SEMAPHORES, SECTIONS };

/* As ipcs(1) does, and a bit for each. */
#define SECTION_BIT(section) (1U << (section))
#define ALL_SECTIONS (SECTION_BIT(SECTIONS) - 1)

/* What of a section ipcs(1) shows; the last three are no lists. */
enum format {
	FORMAT_USUAL,
	FORMAT_CREATOR,
	FORMAT_TIME,
	FORMAT_PID,
	FORMAT_LISTS,
	FORMAT_LIMITS = FORMAT_LISTS,
	FORMAT_SUMMARY,
	FORMAT_GLOBAL,
};

/* What an option letter of ipcs(1) stands for; false: for something else. */
bool section_option(int c, unsigned int *sections);
bool format_option(int c, enum format *format);

/* What ipcs(1) calls one of them. */
const char *section_what(enum section section);

/* Each channel is in one: with a pool in that of the pools. */
bool in_section(const struct channel *channel, enum section section);

#endif /* KCHAN_SECTIONS_H */
