/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, for send, recv and work. */
#ifndef KCHAN_MESSAGE_H
#define KCHAN_MESSAGE_H

#include <kchan.h>

/* Where messages are received; grows as they need. All 0 at first. */
struct buffer {
	char *data;
	size_t size;
};

/* As kchan_recv_opts(), but that the message always fits. */
ssize_t message_recv(struct kchan *ch, struct buffer *buffer,
		     const struct kchan_recv_opts *opts,
		     struct kchan_msg_info *info);

/**
 * struct message_writer - what takes what is known of a message
 * @number: takes a number
 * @text: takes a text
 * @nothing: takes what it does not have
 * @arg: for them
 */
struct message_writer {
	void (*number)(void *arg, const char *name, uint64_t value);
	void (*text)(void *arg, const char *name, const char *value);
	void (*nothing)(void *arg, const char *name);
	void *arg;
};

void message_write(const struct kchan_msg_info *info,
		   const struct message_writer *writer);

/*
 * The exit status that means this error of a call that would have had to wait; else
 * EXIT_FAILURE.
 */
int message_exit(int err);

#endif /* KCHAN_MESSAGE_H */
