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

static void write_numbers(const struct kchan_msg_info *info,
			  const struct message_writer *writer)
{
	writer->number(writer->arg, "seq", info->seq);
	writer->number(writer->arg, "prio", info->prio);
	writer->number(writer->arg, "tag", info->tag);
	writer->number(writer->arg, "len", info->len);
	writer->number(writer->arg, "deliveries", info->deliveries);
	writer->number(writer->arg, "pid", info->pid);
	writer->number(writer->arg, "uid", info->uid);
	writer->number(writer->arg, "gid", info->gid);
}

static void write_time(const struct message_writer *writer, const char *name,
		       uint64_t time)
{
	struct view view;
	char *text;

	view_init(&view, true);
	text = text_time(&view, time);
	if (text)
		writer->text(writer->arg, name, text);
	else
		writer->nothing(writer->arg, name);
	free(text);
}

/* Why it is in a dead-letter channel, and whence. */
static void write_death(const struct kchan_msg_info *info,
			const struct message_writer *writer)
{
	static const char *const reasons[] = {
		[KCHAN_DEAD_EXPIRED] = "expired",
		[KCHAN_DEAD_REJECTED] = "rejected",
		[KCHAN_DEAD_DELIVERIES] = "deliveries",
		[KCHAN_DEAD_OVERFLOW] = "overflow",
	};
	bool known = info->reason && info->reason < ARRAY_SIZE(reasons);

	if (!info->reason)
		writer->nothing(writer->arg, "reason");
	else
		writer->text(writer->arg, "reason",
			     known ? reasons[info->reason] : "unknown");
	if (info->origin)
		writer->number(writer->arg, "origin", info->origin);
	else
		writer->nothing(writer->arg, "origin");
}

void message_write(const struct kchan_msg_info *info,
		   const struct message_writer *writer)
{
	write_numbers(info, writer);
	write_time(writer, "time", info->time);
	write_time(writer, "expiry", info->expiry);
	write_death(info, writer);
}

int message_exit(int err)
{
	switch (err) {
	case -EAGAIN:
	case -ENOSPC:
		return EXIT_WOULD_WAIT;
	case -ETIMEDOUT:
		return EXIT_TIMED_OUT;
	case -EPIPE:
		return EXIT_NO_PEER;
	default:
		return EXIT_FAILURE;
	}
}
