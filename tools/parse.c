// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "tool.h"

/* As strtoull(), which would take a sign and blanks. */
static bool digits(const char *text, int base, uint64_t *value, char **end)
{
	unsigned char first = text[0];

	if (base == 16 ? !isxdigit(first) : !isdigit(first))
		return false;
	errno = 0;
	*value = strtoull(text, end, base);
	return errno == 0;
}

bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	bool hex = strncasecmp(text, "0x", 2) == 0;
	uint64_t n;
	char *end;

	if (!digits(hex ? text + 2 : text, hex ? 16 : 10, &n, &end))
		return false;
	if (*end || n > max)
		return false;
	*value = n;
	return true;
}

bool parse_size(const char *text, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *unit;
	uint64_t n;
	char *end;

	if (!digits(text, 10, &n, &end))
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (n > max >> shift)
		return false;
	*value = n << shift;
	return true;
}

/* Not by strtod(), for which some locales have a comma. */
bool parse_seconds(const char *text, uint64_t *ns)
{
	uint64_t seconds, unit = NSEC_PER_SEC, fraction = 0;
	char *end;

	if (!digits(text, 10, &seconds, &end))
		return false;
	if (*end == '.') {
		for (end++; isdigit((unsigned char)*end); end++) {
			unit /= 10;
			fraction += (*end - '0') * unit;
		}
	}
	if (*end || seconds >= UINT64_MAX / NSEC_PER_SEC)
		return false;
	*ns = seconds * NSEC_PER_SEC + fraction;
	return true;
}

bool parse_mode(const char *text, mode_t max, mode_t *mode)
{
	uint64_t n;
	char *end;

	if (!digits(text, 8, &n, &end) || *end || n > max)
		return false;
	*mode = n;
	return true;
}

bool parse_user(const char *text, uid_t *uid)
{
	const struct passwd *user = getpwnam(text);
	uint64_t n;

	if (user) {
		*uid = user->pw_uid;
		return true;
	}
	/* The highest stands for none. */
	if (!parse_number(text, UINT32_MAX - 1, &n))
		return false;
	*uid = n;
	return true;
}

bool parse_group(const char *text, gid_t *gid)
{
	const struct group *group = getgrnam(text);
	uint64_t n;

	if (group) {
		*gid = group->gr_gid;
		return true;
	}
	if (!parse_number(text, UINT32_MAX - 1, &n))
		return false;
	*gid = n;
	return true;
}
