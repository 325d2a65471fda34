/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making names, for mk and apply. The caller has set the umask to 0. */
#ifndef KCHAN_MAKE_H
#define KCHAN_MAKE_H

#include <sys/types.h>

#include "attrs.h"
#include "place.h"

/*
 * Opens the channel's dead-letter channel; NULL if none is asked for. 0 or a negative
 * errno; -EMLINK: it has one itself.
 */
int make_dead_letter(const struct attrs *attrs, struct kchan **dead);
/*
 * 0 or a negative errno, -EEXIST among them; -EREMOTE: the dead-letter channel is of
 * another network namespace. @ch: takes its handle, open to receive, or NULL.
 */
int make_channel(const char *name, mode_t mode, const struct attrs *attrs,
		 const struct kchan *dead, struct kchan **ch);
int make_directory(const struct place *place, mode_t mode);

#endif /* KCHAN_MAKE_H */
