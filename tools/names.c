// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
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

/* As a shell that completes the name of a directory adds one. */
char *name_without_slashes(const char *name)
{
	char *copy = xstrdup(name);
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	return copy;
}

bool name_is_directory(const char *name)
{
	char *plain = name_without_slashes(name);
	struct channel channel = {};
	struct netlink *nl;
	int err;

	err = netlink_open(&nl);
	if (!err) {
		err = netlink_channel(nl, plain, 0, &channel);
		netlink_close(nl);
	}
	channel_free(&channel);
	free(plain);
	return err == -EISDIR;
}

static bool is_listed(const char *name, const struct channels *channels)
{
	size_t i;

	for (i = 0; i < channels->count; i++) {
		if (name_matches(channels->list[i].name, name))
			return true;
	}
	return false;
}

/* A directory may have no channels, or none that the caller sees. */
int names_check(char **names, const struct channels *channels)
{
	int status = EXIT_SUCCESS;

	for (; *names; names++) {
		if (!is_listed(*names, channels) && !name_is_directory(*names))
			status = report(*names, "no such channel, or none that "
						"you may see");
	}
	return status;
}
