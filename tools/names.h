/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that lists are asked for: of channels or of directories. */
#ifndef KCHAN_NAMES_H
#define KCHAN_NAMES_H

#include <stdbool.h>

#include "netlink.h"

/* Is it the name @pattern, or below it? @name may be NULL. */
bool name_matches(const char *name, const char *pattern);
bool any_name_matches(const char *name, char **patterns);

/*
 * Names for these have no leading slash. Return: whether they have none; if not, it
 * is reported.
 */
bool names_are_relative(char **names);

/* Without the slashes at its end; to be freed. */
char *name_without_slashes(const char *name);
/* Of a name without leading slash; kchanfs need not be mounted. */
bool name_is_directory(const char *name);
/*
 * Whether each of @names is among @channels, or a directory. Return: exit status; those
 * that are not are reported.
 */
int names_check(char **names, const struct channels *channels);

#endif /* KCHAN_NAMES_H */
