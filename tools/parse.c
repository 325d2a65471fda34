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
		if (!unit || (end[1] && strcmp(end + 1, "iB") != 0))
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (n > max >> shift)
		return false;
	*value = n << shift;
	return true;
}

/* The unit at @text, and where it ends; 0: none that there is. */
static uint64_t unit_at(const char *text, const char **end)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC },
		{ "d", 86400 * NSEC_PER_SEC },
	};
	size_t i, len = 0;

	while (isalpha((unsigned char)text[len]))
		len++;
	*end = text + len;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == len &&
		    strncmp(text, units[i].name, len) == 0)
			return units[i].ns;
	}
	return 0;
}

/* Adds it to @sum. Not by strtod(), for which some locales have a comma. */
static bool add_duration(const char **text, bool unit_needed, uint64_t *sum)
{
	uint64_t whole, unit = NSEC_PER_SEC, part = 0;
	char *end, *fraction = NULL;

	if (!digits(*text, 10, &whole, &end))
		return false;
	if (*end == '.') {
		fraction = ++end;
		while (isdigit((unsigned char)*end))
			end++;
	}
	*text = end;
	if (*end || unit_needed)
		unit = unit_at(end, text);
	if (!unit || __builtin_mul_overflow(whole, unit, &whole))
		return false;
	for (; fraction && fraction < end; fraction++) {
		unit /= 10;
		part += (*fraction - '0') * unit;
	}
	return !__builtin_add_overflow(*sum, whole, sum) &&
	       !__builtin_add_overflow(*sum, part, sum);
}

bool parse_duration(const char *text, uint64_t max, uint64_t *ns)
{
	uint64_t sum = 0;
	bool first = true;

	do {
		if (!add_duration(&text, !first, &sum))
			return false;
		first = false;
	} while (*text);
	if (sum > max)
		return false;
	*ns = sum;
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
