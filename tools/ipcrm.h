/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kchan rm does as ipcrm(1): remove what is called by number or by key. */
#ifndef KCHAN_IPCRM_H
#define KCHAN_IPCRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sections.h"

/**
 * struct target - one that is to be removed
 * @section: where it is
 * @by_key: whether @number is its key
 * @number: else its number
 */
struct target {
	enum section section;
	bool by_key;
	uint64_t number;
};

/**
 * struct ipcrm - all that is asked for
 * @list: in that order
 * @count: how many there are
 * @all: the sections of which all is to be removed, a bit for each
 * @verbose: with a line for each
 * @force: what there is not is no error
 * @now: all use ends; that of queues always does, as with ipcrm(1)
 */
struct ipcrm {
	struct target *list;
	size_t count;
	unsigned int all;
	bool verbose;
	bool force;
	bool now;
};

#define IPCRM_OPTIONS                                              \
	{ "all", optional_argument, NULL, 'a' },                   \
		{ "queue-id", required_argument, NULL, 'q' },      \
		{ "queue-key", required_argument, NULL, 'Q' },     \
		{ "semaphore-id", required_argument, NULL, 's' },  \
		{ "semaphore-key", required_argument, NULL, 'S' }, \
		{ "shmem-id", required_argument, NULL, 'm' },      \
		{ "shmem-key", required_argument, NULL, 'M' },     \
	{                                                          \
		"verbose", no_argument, NULL, 'v'                  \
	}
#define IPCRM_LETTERS "a::m:M:q:Q:s:S:v"

/* Takes what getopt_long() returned; false: another option. @status: exit status. */
bool ipcrm_option(int c, struct ipcrm *asked, int *status);
/* Takes msg|shm|sem ID...; false: those are names. */
bool ipcrm_words(char **words, struct ipcrm *asked);
bool ipcrm_asked(const struct ipcrm *asked);
/* Removes it, and frees the list. Return: exit status. */
int ipcrm(struct ipcrm *asked);

#endif /* KCHAN_IPCRM_H */
