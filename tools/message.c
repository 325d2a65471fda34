// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "message.h"
#include "text.h"
#include "tool.h"

#define FIRST_SIZE (64 * 1024)

static void grow(struct buffer *buffer, size_t size)
{
	buffer->data = xrealloc(buffer->data, size);
	buffer->size = size;
}

/* The next message may be longer than the one that was told of. */
ssize_t message_recv(struct kchan *ch, struct buffer *buffer,
		     const struct kchan_recv_opts *opts,
		     struct kchan_msg_info *info)
{
	ssize_t len;

	if (!buffer->data)
		grow(buffer, FIRST_SIZE);
	for (;;) {
		len = kchan_recv_opts(ch, buffer->data, buffer->size, opts,
				      info);
		if (len != -EMSGSIZE)
			return len;
		grow(buffer, info->len);
	}
}

void message_numbers(const struct kchan_msg_info *info,
		     void (*each)(void *arg, const char *name, uint64_t value),
		     void *arg)
{
	each(arg, "seq", info->seq);
	each(arg, "prio", info->prio);
	each(arg, "tag", info->tag);
	each(arg, "len", info->len);
	each(arg, "deliveries", info->deliveries);
	each(arg, "pid", info->pid);
	each(arg, "uid", info->uid);
	each(arg, "gid", info->gid);
}

char *message_time(const struct kchan_msg_info *info)
{
	struct view view;

	view_init(&view, true);
	return text_time(&view, info->time);
}

int message_exit(int err)
{
	switch (err) {
	case -EAGAIN:
		return EXIT_WOULD_WAIT;
	case -ETIMEDOUT:
		return EXIT_TIMED_OUT;
	case -EPIPE:
		return EXIT_NO_PEER;
	default:
		return EXIT_FAILURE;
	}
}
