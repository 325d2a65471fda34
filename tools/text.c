// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "text.h"
#include "tool.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void view_init(struct view *view, bool json)
{
	*view = (struct view){
		.json = json,
		.now = now_ns(),
		.real = clock_ns(CLOCK_REALTIME),
	};
}

void view_end(struct view *view)
{
	free(view->user.name);
	free(view->group.name);
}

char *text_number(uint64_t number)
{
	return xprintf("%" PRIu64, number);
}

char *text_user(struct view *view, uid_t uid)
{
	const struct passwd *user;

	if (!view->user.name || view->user.id != uid) {
		free(view->user.name);
		user = getpwuid(uid);
		view->user.id = uid;
		view->user.name = user ? xstrdup(user->pw_name) :
					 xprintf("%u", uid);
	}
	return xstrdup(view->user.name);
}

char *text_group(struct view *view, gid_t gid)
{
	const struct group *group;

	if (!view->group.name || view->group.id != gid) {
		free(view->group.name);
		group = getgrgid(gid);
		view->group.id = gid;
		view->group.name = group ? xstrdup(group->gr_name) :
					   xprintf("%u", gid);
	}
	return xstrdup(view->group.name);
}

/* As lsipc(1): what is of today needs no date, what is of this year no year. */
static const char *short_format(const struct tm *tm, const struct view *view)
{
	time_t now = view->real / NSEC_PER_SEC;
	struct tm today;

	localtime_r(&now, &today);
	if (tm->tm_year != today.tm_year)
		return "%Y-%b%d";
	return tm->tm_yday == today.tm_yday ? "%H:%M" : "%b%d";
}

static const char *time_format(const struct tm *tm, const struct view *view)
{
	switch (view->json ? TIME_ISO : view->time) {
	case TIME_SHORT:
		return short_format(tm, view);
	case TIME_FULL:
		return "%a %b %e %H:%M:%S %Y";
	case TIME_DAY:
		return "%b %e %H:%M:%S";
	default:
		return "%Y-%m-%dT%H:%M:%S";
	}
}

/*
 * Programs get the offset from UTC, and milliseconds: of two clocks that are read one
 * after the other, less would change from call to call.
 */
char *text_time(const struct view *view, uint64_t time)
{
	uint64_t real = view->real - view->now + time;
	time_t seconds = real / NSEC_PER_SEC;
	char date[64], zone[16], ms[8] = "";
	struct tm tm;

	if (!time)
		return NULL;
	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), time_format(&tm, view), &tm);
	if (!view->json && view->time != TIME_ISO)
		return xstrdup(date);
	strftime(zone, sizeof(zone), "%z", &tm);
	if (view->json)
		snprintf(ms, sizeof(ms), ".%03u",
			 (unsigned int)(real % NSEC_PER_SEC / 1000000));
	return xprintf("%s%s%.3s:%s", date, ms, zone, zone + 3);
}

char *text_size(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int tenths = 0, unit = 0;

	for (; bytes >= 1024; bytes /= 1024) {
		tenths = bytes % 1024 * 10 / 1024;
		unit++;
	}
	if (!tenths)
		return xprintf("%" PRIu64 "%c", bytes, units[unit]);
	return xprintf("%" PRIu64 ".%u%c", bytes, tenths, units[unit]);
}

char *text_duration(uint64_t ns)
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (ns < 1000)
		return xprintf("%" PRIu64 "ns", ns);
	if (ns < 1000000)
		return xprintf("%" PRIu64 "us", ns / 1000);
	if (s < 1)
		return xprintf("%" PRIu64 "ms", ns / 1000000);
	if (s < 60)
		return xprintf("%" PRIu64 ".%" PRIu64 "s", s,
			       ns % NSEC_PER_SEC / 100000000);
	if (s < 3600)
		return xprintf("%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	if (s < 86400)
		return xprintf("%" PRIu64 "h%02" PRIu64 "m", s / 3600,
			       s % 3600 / 60);
	return xprintf("%" PRIu64 "d%02" PRIu64 "h", s / 86400,
		       s % 86400 / 3600);
}

char *text_seconds(uint64_t ns)
{
	char *text = xprintf("%" PRIu64 ".%09" PRIu64, ns / NSEC_PER_SEC,
			     ns % NSEC_PER_SEC);
	char *end = text + strlen(text);

	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	return text;
}

char *text_mode(mode_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	char text[11] = "c";
	int i;

	for (i = 0; i < 9; i++)
		text[1 + i] = mode & 0400 >> i ? letters[i] : '-';
	return xstrdup(text);
}

/* With the bytes that RFC 3629 allows to come second after the rarer first ones. */
size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t i, n;

	if (!len || s[0] < 0x80)
		return len ? 1 : 0;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool utf8_valid(const char *text, size_t len)
{
	size_t n;

	for (; len; text += n, len -= n) {
		n = utf8_length(text, len);
		if (!n)
			return false;
	}
	return true;
}

char *utf8_copy(const char *text)
{
	size_t n, len = strlen(text);
	char *copy, *to;

	if (utf8_valid(text, len))
		return xstrdup(text);
	to = copy = xrealloc(NULL, strlen(REPLACEMENT) * len + 1);
	for (; len; text += n, len -= n) {
		n = utf8_length(text, len);
		if (n) {
			to = mempcpy(to, text, n);
		} else {
			to = stpcpy(to, REPLACEMENT);
			n = 1;
		}
	}
	*to = '\0';
	return copy;
}

void print_safely(FILE *out, const char *text)
{
	size_t n, len = strlen(text);
	mbstate_t state = {};
	wchar_t wide;

	for (; len; text += n, len -= n) {
		n = mbrtowc(&wide, text, len, &state);
		if (n <= len && iswprint(wide)) {
			fwrite(text, 1, n, out);
			continue;
		}
		memset(&state, 0, sizeof(state));
		fprintf(out, "\\x%02x", (unsigned char)*text);
		n = 1;
	}
}

/* How many columns the first @count characters take. */
static int columns_of(const wchar_t *text, size_t count)
{
	int width = wcswidth(text, count);

	return width < 0 ? (int)count : width;
}

char *text_fitted(const char *text, int width)
{
	size_t size = 0, count, skipped = 0;
	wchar_t *wide, *start;
	char *safe = NULL, *fitted;
	FILE *out = open_memstream(&safe, &size);

	print_safely(out, text);
	fclose(out);
	wide = xrealloc(NULL, (size + 1) * sizeof(*wide));
	count = mbstowcs(wide, safe, size + 1);
	free(safe);
	for (start = wide; columns_of(start, count) > width; start++, count--)
		skipped++;
	if (skipped)
		*start = L'~';
	fitted = xprintf("%ls%*s", start, width - columns_of(start, count), "");
	free(wide);
	return fitted;
}
