// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "internal.h"

int kchan_remove(const char *name, uint64_t id, uint32_t flags)
{
	struct kchan_remove arg = {
		.size = sizeof(arg),
		.flags = flags,
		.id = id,
	};
	const char *last;
	int place, err;

	place = libkchan_open_place(name, &last);
	if (place < 0)
		return place;
	arg.name = (uintptr_t)last;
	err = libkchan_ioctl(place, KCHAN_IOC_REMOVE, &arg);
	close(place);
	return err;
}
