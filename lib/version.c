// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

const char *kchan_version(void)
{
	return KCHAN_VERSION;
}

uint32_t kchan_version_number(void)
{
	return KCHAN_VERSION_MAJOR << 16 | KCHAN_VERSION_MINOR << 8 |
	       KCHAN_VERSION_PATCH;
}
