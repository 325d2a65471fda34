// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "names.h"
#include "tool.h"

bool name_matches(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	while (len && pattern[len - 1] == '/')
		len--;
	return name && strncmp(name, pattern, len) == 0 &&
	       (name[len] == '/' || !name[len]);
}

bool any_name_matches(const char *name, char **patterns)
{
	for (; *patterns; patterns++) {
		if (name_matches(name, *patterns))
			return true;
	}
	return false;
}

bool names_are_relative(char **names)
{
	for (; *names; names++) {
		if (**names != '/')
			continue;
		misuse("%s: names go here, not paths", *names);
		return false;
	}
	return true;
}
