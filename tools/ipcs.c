// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "ipcs.h"
#include "sections.h"
#include "text.h"
#include "tool.h"

static void print_amount(const char *what, uint64_t bytes, bool in_kbytes,
			 enum amounts amounts)
{
	char *text;

	if (amounts == AMOUNTS_HUMAN) {
		text = text_size(bytes);
		printf("%s = %s\n", what, text);
		free(text);
	} else if (in_kbytes && amounts == AMOUNTS_USUAL) {
		printf("%s (kbytes) = %" PRIu64 "\n", what, bytes / 1024);
	} else {
		printf("%s (bytes) = %" PRIu64 "\n", what, bytes);
	}
}

/* A limit may be lower than the default. */
static uint64_t bytes_default(const struct limits *limits)
{
	return limits->max_bytes < KCHAN_BYTES_DEFAULT ? limits->max_bytes :
							 KCHAN_BYTES_DEFAULT;
}

int ipcs_limits(const struct limits *limits, unsigned int sections,
		enum amounts amounts)
{
	if (sections & SECTION_BIT(SECTION_QUEUES)) {
		puts("\n------ Messages Limits --------");
		printf("max queues system wide = %" PRIu64 "\n",
		       limits->max_channels);
		print_amount("max size of message", limits->max_msgsize, false,
			     amounts);
		print_amount("default max size of queue", bytes_default(limits),
			     false, amounts);
	}
	if (sections & SECTION_BIT(SECTION_POOLS)) {
		puts("\n------ Shared Memory Limits --------");
		printf("max number of segments = %" PRIu64 "\n",
		       limits->max_channels);
		print_amount("max seg size", limits->max_pool_bytes_user, true,
			     amounts);
		print_amount("max total shared memory",
			     limits->max_pool_bytes_user, true, amounts);
		print_amount("min seg size", KCHAN_SLOT_ALIGN, false, amounts);
	}
	if (sections & SECTION_BIT(SECTION_SEMAPHORES)) {
		puts("\n------ Semaphore Limits --------");
		puts("max number of arrays = 0");
		puts("max semaphores per array = 0");
		puts("max semaphores system wide = 0");
		puts("max ops per semop call = 0");
		puts("semaphore max value = 0");
	}
	putchar('\n');
	return EXIT_SUCCESS;
}

static void summarize_queues(const struct channels *channels,
			     enum amounts amounts)
{
	uint64_t count = 0, messages = 0, bytes = 0;
	const struct channel *channel;
	size_t i;

	for (i = 0; i < channels->count; i++) {
		channel = &channels->list[i];
		if (!in_section(channel, SECTION_QUEUES))
			continue;
		count++;
		messages += channel->state.queued + channel->state.held;
		bytes +=
			channel->state.queued_bytes + channel->state.held_bytes;
	}
	puts("\n------ Messages Status --------");
	printf("allocated queues = %" PRIu64 "\n", count);
	printf("used headers = %" PRIu64 "\n", messages);
	if (amounts == AMOUNTS_USUAL)
		printf("used space = %" PRIu64 " bytes\n", bytes);
	else
		print_amount("used space", bytes, false, amounts);
}

/* Which pages of a pool are where, nobody tells. */
static void summarize_pools(const struct channels *channels)
{
	uint64_t count = 0, pages = 0, page = sysconf(_SC_PAGESIZE);
	const struct kchan_state *state;
	size_t i;

	for (i = 0; i < channels->count; i++) {
		state = &channels->list[i].state;
		if (!in_section(&channels->list[i], SECTION_POOLS))
			continue;
		count++;
		pages +=
			((uint64_t)state->slots * state->slot_size + page - 1) /
			page;
	}
	puts("\n------ Shared Memory Status --------");
	printf("segments allocated %" PRIu64 "\n", count);
	printf("pages allocated %" PRIu64 "\n", pages);
	puts("pages resident  -\n"
	     "pages swapped   -\n"
	     "Swap performance: - attempts\t - successes");
}

int ipcs_summary(const struct channels *channels, unsigned int sections,
		 enum amounts amounts)
{
	if (sections & SECTION_BIT(SECTION_QUEUES))
		summarize_queues(channels, amounts);
	if (sections & SECTION_BIT(SECTION_POOLS))
		summarize_pools(channels);
	if (sections & SECTION_BIT(SECTION_SEMAPHORES)) {
		puts("\n------ Semaphore Status --------");
		puts("used arrays = 0");
		puts("allocated semaphores = 0");
	}
	putchar('\n');
	return EXIT_SUCCESS;
}
