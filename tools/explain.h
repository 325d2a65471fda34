/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, in one line that says with what, which limit is in the way and
 * what helps. All return EXIT_FAILURE.
 */
#ifndef KCHAN_EXPLAIN_H
#define KCHAN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include <kchan.h>

#include "attrs.h"

/* @object: how the line calls it. */
int report_malformed(const char *object);
/* @name: its name; @err: a negative errno. */
int report_make(const char *object, const char *name, int err,
		const struct attrs *attrs);
/* The dead-letter channel @name cannot be one. */
int report_dead_letter(const char *object, const char *name, int err);
/* @to: what it was opened for, as "send". */
int report_open(const char *object, const char *name, int err, const char *to);
/* @directory: it was to be one. */
int report_remove(const char *object, const char *name, int err,
		  bool directory);
/* A message of @len bytes could not be sent to @ch. */
int report_send(const char *object, int err, const struct kchan *ch,
		size_t len);

#endif /* KCHAN_EXPLAIN_H */
