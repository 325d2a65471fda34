/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that people write. Each function returns false for what it does not take. */
#ifndef KCHAN_PARSE_H
#define KCHAN_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Decimal, or hexadecimal after 0x. */
bool parse_number(const char *text, uint64_t max, uint64_t *value);
/* Bytes; K, M and G stand for powers of 1024. */
bool parse_size(const char *text, uint64_t max, uint64_t *value);
/* Seconds with or without a fraction, into nanoseconds. */
bool parse_seconds(const char *text, uint64_t *ns);
/* Octal. */
bool parse_mode(const char *text, mode_t max, mode_t *mode);
/* A name or a number. */
bool parse_user(const char *text, uid_t *uid);
bool parse_group(const char *text, gid_t *gid);

#endif /* KCHAN_PARSE_H */
