// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "run.h"

int link_refuse(struct link *link, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(link->note, NOTE_SIZE, format, args);
	va_end(args);
	return -ENOTSUP;
}

char *link_name(const struct link *link, const char *prefix, char *name)
{
	snprintf(name, LINK_NAME_SIZE, "%skchan-bench-%d-%u", prefix,
		 (int)runner, link->number);
	return name;
}

uint64_t read_number(const char *path)
{
	unsigned long long number = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

int link_load(struct link *link, const char *library,
	      const struct symbol *symbols)
{
	void *handle = dlopen(library, RTLD_NOW), *symbol;

	if (!handle)
		return link_refuse(link, "not installed (%s)", library);
	for (; symbols->name; symbols++) {
		symbol = dlsym(handle, symbols->name);
		if (!symbol)
			return link_refuse(link, "%s has no %s", library,
					   symbols->name);
		memcpy(symbols->to, &symbol, sizeof(symbol));
	}
	return 0;
}

int link_nowait(struct link *link)
{
	(void)link;
	return 0;
}

int link_close(struct link *link)
{
	if (close(link->in) || (link->out != link->in && close(link->out)))
		return -errno;
	return 0;
}

/* Written, so that each has a page of its own. */
int link_buffers(struct link *link)
{
	size_t size = link->size < 4096 ? 4096 : link->size;

	link->put = aligned_alloc(4096, (size + 4095) & ~UINT64_C(4095));
	link->got = aligned_alloc(4096, (size + 4095) & ~UINT64_C(4095));
	if (!link->put || !link->got)
		return -ENOMEM;
	memset(link->put, 1, link->size);
	memset(link->got, 0, link->size);
	return 0;
}

int links_make(struct job *job, size_t count)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < count; i++)
		err = job->peer->make(&job->links[i]);
	return err;
}

int link_attach(struct link *link, unsigned int roles)
{
	if (link->peer->attach)
		return link->peer->attach(link, roles);
	return link_buffers(link);
}

void links_detach(struct link *links, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (links[i].peer->detach && links[i].state)
			links[i].peer->detach(&links[i]);
	}
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) ? -errno : 0;
}

int link_nonblock(struct link *link)
{
	int err = 0;

	link->nowait = true; /* all that some go by */
	if (link->peer->nonblock)
		return link->peer->nonblock(link);
	if (link->in >= 0)
		err = set_nonblock(link->in);
	if (!err && link->out >= 0)
		err = set_nonblock(link->out);
	return err;
}
