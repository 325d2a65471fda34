// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define DEFAULT_MODE 0600 /* as reading consumes */

static int create(struct kchan_create *arg, uint32_t flags, const char *name,
		  int open_flags, const struct kchan_create_opts *uopts)
{
	struct kchan_create_opts opts;
	const char *last;
	int place, err;

	err = libkchan_sized_get(&opts, sizeof(opts), uopts);
	if (err)
		return err;
	/* Else more descriptors would come, or be taken, than we know of, or fewer. */
	if (opts.flags &
	    (KCHAN_CREATE_PAIR | KCHAN_CREATE_DEAD_LETTER | KCHAN_CREATE_NO_FD))
		return -EINVAL;
	if (opts.dead_letter)
		flags |= KCHAN_CREATE_DEAD_LETTER;
	place = libkchan_open_place(name, &last);
	if (place < 0)
		return place;
	*arg = (struct kchan_create){
		.size = sizeof(*arg),
		.flags = opts.flags | flags,
		.name = (uintptr_t)last,
		.mode = opts.mode ? opts.mode : DEFAULT_MODE,
		.open_flags = open_flags,
		.kind = opts.kind,
		.key = opts.key,
		.depth = opts.depth,
		.msgsize = opts.msgsize,
		.bytes = opts.bytes,
		.overflow = opts.overflow,
		.max_deliveries = opts.max_deliveries,
		.ttl = opts.ttl,
		.dead_letter = opts.dead_letter ? opts.dead_letter->fd : 0,
		.slots = opts.slots,
		.slot_size = opts.slot_size,
	};
	err = libkchan_ioctl(place, KCHAN_IOC_CREATE, arg);
	close(place);
	return err;
}

/* The memory comes first: a channel that is made and then lost may have a name. */
int kchan_create(struct kchan **chp, const char *name, int open_flags,
		 const struct kchan_create_opts *opts)
{
	struct kchan_create arg;
	struct kchan *ch;
	int err;

	if (!chp)
		return create(&arg, KCHAN_CREATE_NO_FD, name, open_flags, opts);
	ch = libkchan_handle_new();
	err = ch ? create(&arg, 0, name, open_flags, opts) : -ENOMEM;
	if (err) {
		free(ch);
		return err;
	}
	ch->fd = arg.fd;
	*chp = ch;
	return 0;
}

int kchan_create_pair(struct kchan **receiver, struct kchan **sender,
		      int open_flags, const struct kchan_create_opts *opts)
{
	struct kchan *rx = libkchan_handle_new();
	struct kchan *tx = libkchan_handle_new();
	struct kchan_create arg;
	int err = -ENOMEM;

	if (rx && tx)
		err = create(&arg, KCHAN_CREATE_PAIR, NULL, open_flags, opts);
	if (err) {
		free(rx);
		free(tx);
		return err;
	}
	rx->fd = arg.fd;
	tx->fd = arg.fd_send;
	*receiver = rx;
	*sender = tx;
	return 0;
}
