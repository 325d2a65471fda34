// SPDX-License-Identifier: GPL-2.0-or-later
#include "sections.h"

bool section_option(int c, unsigned int *sections)
{
	switch (c) {
	case 'q':
		*sections |= SECTION_BIT(SECTION_QUEUES);
		return true;
	case 'm':
		*sections |= SECTION_BIT(SECTION_POOLS);
		return true;
	case 's':
		*sections |= SECTION_BIT(SECTION_SEMAPHORES);
		return true;
	case 'a':
		*sections = ALL_SECTIONS;
		return true;
	default:
		return false;
	}
}

bool format_option(int c, enum format *format)
{
	switch (c) {
	case 'c':
		*format = FORMAT_CREATOR;
		return true;
	case 't':
		*format = FORMAT_TIME;
		return true;
	case 'p':
		*format = FORMAT_PID;
		return true;
	case 'l':
		*format = FORMAT_LIMITS;
		return true;
	case 'u':
		*format = FORMAT_SUMMARY;
		return true;
	default:
		return false;
	}
}

bool in_section(const struct channel *channel, enum section section)
{
	switch (section) {
	case SECTION_QUEUES:
		return !channel->state.slots;
	case SECTION_POOLS:
		return channel->state.slots;
	default: /* no channel has semaphores yet */
		return false;
	}
}

const char *section_what(enum section section)
{
	static const char *const names[SECTIONS] = { "message queue",
						     "shared memory segment",
						     "semaphore array" };

	return names[section];
}
