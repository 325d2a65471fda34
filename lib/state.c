// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "internal.h"

int kchan_get_state(const struct kchan *ch, struct kchan_state *state)
{
	return libkchan_ioctl(ch->fd, KCHAN_IOC_STATE, state);
}

ssize_t kchan_msgsize(const struct kchan *ch)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	int err = kchan_get_state(ch, &state);

	return err ? err : (ssize_t)state.msgsize;
}

int kchan_revoke(struct kchan *ch)
{
	return libkchan_ioctl(ch->fd, KCHAN_IOC_REVOKE, NULL);
}

int kchan_get_features(struct kchan_features *features)
{
	int ctl, err;

	ctl = libkchan_open_control();
	if (ctl < 0)
		return ctl;
	err = libkchan_ioctl(ctl, KCHAN_IOC_FEATURES, features);
	close(ctl);
	return err;
}
