/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipcs(1) prints, with channels in the place of its objects. */
#ifndef KCHAN_IPCS_H
#define KCHAN_IPCS_H

#include "netlink.h"

/* How sizes are written: as ipcs(1) does unless told, in bytes, or as 1.5K. */
enum amounts { AMOUNTS_USUAL, AMOUNTS_BYTES, AMOUNTS_HUMAN };

/* The options of ipcs(1) that kchan ls has as well: struct option's, and letters. */
#define IPCS_OPTIONS                                      \
	{ "all", no_argument, NULL, 'a' },                \
		{ "bytes", no_argument, NULL, 'b' },      \
		{ "creator", no_argument, NULL, 'c' },    \
		{ "id", required_argument, NULL, 'i' },   \
		{ "limits", no_argument, NULL, 'l' },     \
		{ "pid", no_argument, NULL, 'p' },        \
		{ "queues", no_argument, NULL, 'q' },     \
		{ "semaphores", no_argument, NULL, 's' }, \
		{ "shmems", no_argument, NULL, 'm' },     \
		{ "summary", no_argument, NULL, 'u' },    \
	{                                                 \
		"time", no_argument, NULL, 't'            \
	}
#define IPCS_LETTERS "abci:lmpqstu"

/* Both return an exit status. @sections: a bit for each. */
int ipcs_limits(const struct limits *limits, unsigned int sections,
		enum amounts amounts);
int ipcs_summary(const struct channels *channels, unsigned int sections,
		 enum amounts amounts);

#endif /* KCHAN_IPCS_H */
