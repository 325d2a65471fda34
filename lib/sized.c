// SPDX-License-Identifier: LGPL-2.1-or-later
/* Structs that begin with their size, a size_t: the caller's may be older or newer. */
#include <string.h>

#include "internal.h"

#define SIZE_LIMIT 4096 /* as the kernel's: above it the size was never set */

/**
 * libkchan_sized_get - copy a caller's struct
 * @to: the library's, which is zeroed where the caller's has nothing
 * @known: sizeof of it
 * @from: the caller's; NULL: all of it is 0
 *
 * Return: 0, or -EINVAL, -E2BIG.
 */
int libkchan_sized_get(void *to, size_t known, const void *from)
{
	const unsigned char *bytes = from;
	size_t size, i;

	memset(to, 0, known);
	if (!from)
		return 0;
	size = *(const size_t *)from;
	if (size < sizeof(size))
		return -EINVAL;
	if (size > SIZE_LIMIT)
		return -E2BIG;
	for (i = known; i < size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	memcpy(to, from, size < known ? size : known);
	return 0;
}

/**
 * libkchan_sized_put - write a struct back
 * @to: the caller's, which libkchan_sized_get() took; NULL: nothing is written
 * @known: sizeof of the library's
 * @from: the library's, with the caller's size
 */
void libkchan_sized_put(void *to, size_t known, const void *from)
{
	size_t size = *(const size_t *)from;

	if (to)
		memcpy(to, from, size < known ? size : known);
}
