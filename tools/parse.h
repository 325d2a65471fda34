/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that people write. Each function returns false for what it does not take. */
#ifndef KCHAN_PARSE_H
#define KCHAN_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Decimal, or hexadecimal after 0x. */
bool parse_number(const char *text, uint64_t max, uint64_t *value);
/* Bytes; K, M and G, or KiB, MiB and GiB, stand for powers of 1024. */
bool parse_size(const char *text, uint64_t max, uint64_t *value);
/*
 * Into nanoseconds: seconds, or numbers with a unit each (ns, us, ms, s, m, h, d), as
 * 1h30m. Fractions are taken.
 */
#define EXPECT_DURATION "a duration, as 30, 500ms or 1h30m"
#define EXPECT_SOME_DURATION "a duration above 0, as 30, 500ms or 1h30m"
bool parse_duration(const char *text, uint64_t max, uint64_t *ns);
/* Octal. */
bool parse_mode(const char *text, mode_t max, mode_t *mode);
/* A name or a number. */
bool parse_user(const char *text, uid_t *uid);
bool parse_group(const char *text, gid_t *gid);

#endif /* KCHAN_PARSE_H */
