/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KCHAN_NETNS_H
#define KCHAN_NETNS_H

/* Enters a network namespace, by the name that ip(8) gave it or by a process of it. */
int enter_netns(const char *name);

#endif /* KCHAN_NETNS_H */
