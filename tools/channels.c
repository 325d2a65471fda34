// SPDX-License-Identifier: GPL-2.0-or-later
/* What was listed: netlink.h without netlink. */
#include "netlink.h"
#include "text.h"
#include "tool.h"

/* The kernel lists channels by number. */
static int compare_ids(const void *a, const void *b)
{
	const struct channel *one = a, *other = b;

	return one->id < other->id ? -1 : one->id > other->id;
}

const struct channel *channels_find(const struct channels *channels,
				    uint64_t id)
{
	struct channel key = { .id = id };

	if (!channels->count)
		return NULL;
	return bsearch(&key, channels->list, channels->count, sizeof(key),
		       compare_ids);
}

void channels_keep(struct channels *channels,
		   bool (*wanted)(const struct channel *channel,
				  const void *arg),
		   const void *arg)
{
	size_t i, kept = 0;

	for (i = 0; i < channels->count; i++) {
		if (wanted(&channels->list[i], arg))
			channels->list[kept++] = channels->list[i];
		else
			channel_free(&channels->list[i]);
	}
	channels->count = kept;
}

void channels_name_dead_letters(struct channels *channels)
{
	const struct channel *dead;
	struct channel *channel = channels->list;
	size_t i;

	for (i = 0; i < channels->count; i++, channel++) {
		if (!channel->state.dead_letter)
			continue;
		dead = channels_find(channels, channel->state.dead_letter);
		if (dead && dead->name)
			channel->dead_letter = xstrdup(dead->name);
	}
}

char *channel_dead_letter(const struct channel *channel)
{
	if (channel->dead_letter)
		return xstrdup(channel->dead_letter);
	return channel->state.dead_letter ?
		       text_number(channel->state.dead_letter) :
		       NULL;
}

void channel_free(struct channel *channel)
{
	free(channel->name);
	free(channel->dead_letter);
	*channel = (struct channel){};
}

void channels_free(struct channels *channels)
{
	size_t i;

	for (i = 0; i < channels->count; i++)
		channel_free(&channels->list[i]);
	free(channels->list);
	*channels = (struct channels){};
}

void endpoints_free(struct endpoints *endpoints)
{
	size_t i;

	for (i = 0; i < endpoints->count; i++)
		free(endpoints->list[i].comm);
	free(endpoints->list);
	*endpoints = (struct endpoints){};
}
