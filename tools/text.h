/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How values are written. Functions that return text return memory to be freed. */
#ifndef KCHAN_TEXT_H
#define KCHAN_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* As ls(1) and lsipc(1) have them, and two ways of ipcs(1). */
enum time_form {
	TIME_PLAIN, /* 2026-11-21T14:10:00 */
	TIME_ISO, /* the same with the offset from UTC */
	TIME_SHORT, /* 14:10, Nov21 or 2025-Nov21 */
	TIME_FULL, /* Sat Nov 21 14:10:00 2026 */
	TIME_DAY, /* Nov 21 14:10:00 */
};

/**
 * struct view - how and when things are shown
 * @json: for a program, else for a reader
 * @human: sizes as 1.5K
 * @numeric: permissions in octal
 * @mark: with a mark on permissions that let all receive
 * @time: form of times for a reader
 * @now: CLOCK_MONOTONIC in nanoseconds
 * @real: CLOCK_REALTIME of that moment
 * @user: the user who was looked up last, as lists have the same one in a row
 * @group: likewise
 */
struct view {
	bool json;
	bool human;
	bool numeric;
	bool mark;
	enum time_form time;
	uint64_t now;
	uint64_t real;
	struct {
		uint32_t id;
		char *name;
	} user, group;
};

/* CLOCK_MONOTONIC. */
uint64_t now_ns(void);

void view_init(struct view *view, bool json);
void view_end(struct view *view);

char *text_number(uint64_t number);
/* A name or, where there is none, the number. */
char *text_user(struct view *view, uid_t uid);
char *text_group(struct view *view, gid_t gid);
/* A time of CLOCK_MONOTONIC as date and time; NULL for 0. */
char *text_time(const struct view *view, uint64_t time);
/* As 312B, 1.5K, 64M. */
char *text_size(uint64_t bytes);
/* As 350ms, 12.4s, 3m12s, 5h02m, 3d04h. */
char *text_duration(uint64_t ns);
/* The same in seconds and exactly, as 192.5. */
char *text_seconds(uint64_t ns);
/* Of a channel, as ls(1) writes it. */
char *text_mode(mode_t mode);

/* The length of the UTF-8 character at @text, of which there are @len bytes; 0: none. */
size_t utf8_length(const char *text, size_t len);
bool utf8_valid(const char *text, size_t len);
/* A copy that is UTF-8: what is not becomes U+FFFD. */
char *utf8_copy(const char *text);

/*
 * In so many columns of a terminal, without what could trouble it: of what is longer the
 * end, after a tilde.
 */
char *text_fitted(const char *text, int width);

/* Without what could trouble a terminal: that is shown as \xNN. */
void print_safely(FILE *out, const char *text);

#endif /* KCHAN_TEXT_H */
