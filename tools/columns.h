/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KCHAN_COLUMNS_H
#define KCHAN_COLUMNS_H

#include "netlink.h"
#include "table.h"

/* Of struct channel, for ls and stat. */
extern const struct columns channel_columns;
/* Of struct endpoint, for ps and stat. */
extern const struct columns endpoint_columns;

#endif /* KCHAN_COLUMNS_H */
