// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

int kchan_get_settings(const struct kchan *ch, struct kchan_settings *settings)
{
	/* That would change some. */
	if (settings->flags)
		return -EINVAL;
	return libkchan_ioctl(ch->fd, KCHAN_IOC_SETTINGS, settings);
}

int kchan_set_held_max(struct kchan *ch, uint32_t held_max)
{
	struct kchan_settings arg = {
		.size = sizeof(arg),
		.flags = KCHAN_SET_HELD_MAX,
		.held_max = held_max,
	};

	return libkchan_ioctl(ch->fd, KCHAN_IOC_SETTINGS, &arg);
}

int kchan_set_urgent(struct kchan *ch, uint32_t prio)
{
	struct kchan_settings arg = {
		.size = sizeof(arg),
		.flags = KCHAN_SET_URGENT,
		.urgent = prio,
	};

	return libkchan_ioctl(ch->fd, KCHAN_IOC_SETTINGS, &arg);
}
