/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of libkchan share, beside the helpers of kchan_test.h. */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include "kchan_test.h"

#include <kchan.h>

#define HERE (-1) /* for kc_sysctl_set(): the namespace that the test is in */
#define PATH(name) kc_path(&self->env, name)

/* What a handle holds before a call, to see whether it touched it. */
#define UNSET ((struct kchan *)0x77)
#define TOUCHED (-1000) /* a call failed, and did */

static inline int settled(int err, struct kchan **chp)
{
	if (!err)
		kchan_close(*chp);
	return err && *chp != UNSET ? TOUCHED : err;
}

/* These return what the call does, and keep nothing. */
static inline int try_create(const char *name, int open_flags,
			     const struct kchan_create_opts *opts)
{
	struct kchan *ch = UNSET;

	return settled(kchan_create(&ch, name, open_flags, opts), &ch);
}

static inline int try_open(const char *name, int open_flags)
{
	struct kchan *ch = UNSET;

	return settled(kchan_open(&ch, name, open_flags), &ch);
}

/* These return NULL where the call fails. */
static inline struct kchan *create(const char *name,
				   const struct kchan_create_opts *opts)
{
	struct kchan *ch = NULL;

	kchan_create(&ch, name, O_RDWR | O_NONBLOCK, opts);
	return ch;
}

static inline struct kchan *open_as(const char *name, int open_flags)
{
	struct kchan *ch = NULL;

	kchan_open(&ch, name, open_flags);
	return ch;
}

/* All bits set where the call fails. */
static inline struct kchan_state state_of(const struct kchan *ch)
{
	return kc_state(kchan_fd(ch));
}

/* An end for each role of a channel of two messages of 8 bytes, which waits. */
static inline int make_pair(struct kchan **rx, struct kchan **tx)
{
	struct kchan_create_opts opts = {
		.size = sizeof(opts), .depth = 2, .msgsize = 8, .bytes = 16
	};

	return kchan_create_pair(rx, tx, 0, &opts);
}

/* Send and receive with these members of the options set. */
#define SEND(ch, ...)                                                   \
	kchan_send_opts(ch, "hello", 5,                                 \
			&(struct kchan_send_opts){                      \
				.size = sizeof(struct kchan_send_opts), \
				__VA_ARGS__ },                          \
			NULL)
#define RECV(ch, buf, ...)                                              \
	kchan_recv_opts(ch, buf, sizeof(buf),                           \
			&(struct kchan_recv_opts){                      \
				.size = sizeof(struct kchan_recv_opts), \
				__VA_ARGS__ },                          \
			NULL)

/* Another endpoint of a channel; NULL where that fails. */
static inline struct kchan *another(const struct kchan *ch, int open_flags)
{
	struct kchan *other = NULL;
	int fd = kc_reopen(kchan_fd(ch), open_flags);

	if (kchan_from_fd(&other, fd) && fd >= 0)
		close(fd);
	return other;
}

/* Receive with these flags, if there is something; all 0 where that fails. */
static inline struct kchan_msg_info take(struct kchan *ch, uint32_t flags)
{
	struct kchan_recv_opts opts = { .size = sizeof(opts),
					.flags = flags | KCHAN_NONBLOCK };
	struct kchan_msg_info info = { .size = sizeof(info) };
	char buf[64];

	kchan_recv_opts(ch, buf, sizeof(buf), &opts, &info);
	return info;
}

/* Hold the first message: its number, 0 where there is none. */
static inline uint64_t hold(struct kchan *ch)
{
	return take(ch, KCHAN_HOLD).seq;
}

/* Send until there is no room. */
static inline void fill(struct kchan *tx)
{
	while (!SEND(tx, .flags = KCHAN_NONBLOCK))
		;
}

#endif /* LIB_TEST_H */
