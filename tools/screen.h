/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kchan top on a terminal. */
#ifndef KCHAN_SCREEN_H
#define KCHAN_SCREEN_H

#include "top.h"

#define SCREEN_HELP                                                                      \
	"Keys: arrows and Page Up, Page Down, Home, End move; Enter shows all of a\n"    \
	"channel, Escape goes back; < and > choose the column to sort by, r reverses;\n" \
	"/ asks for a part of names, i hides what is idle; + and - change the delay,\n"  \
	"Space is now; q ends."

/* Until the user ends it, or so many samples. Return: exit status. */
int run_screen(struct top *top, struct netlink *nl, uint64_t count);

#endif /* KCHAN_SCREEN_H */
