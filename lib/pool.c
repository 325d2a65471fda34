// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the pool of a channel is mapped, and where in it a slot is. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Map what a descriptor of the pool is open for. Return: MAP_FAILED with errno. */
static void *map_fd(const struct kchan_pool_fd *pool)
{
	int flags = fcntl(pool->fd, F_GETFL);
	int prot = PROT_READ;

	if ((flags & O_ACCMODE) == O_RDWR)
		prot |= PROT_WRITE;
	if (pool->bytes > SIZE_MAX) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return mmap(NULL, pool->bytes, prot, MAP_SHARED, pool->fd, 0);
}

/*
 * Several threads may be here at once, and a signal handler. There is no lock that a
 * fork would leave held: the first to store its mapping has made it for all of them, and
 * whatever else they store is the same.
 */
static int map(struct kchan *ch)
{
	struct kchan_pool_fd pool = KCHAN_INIT(struct kchan_pool_fd);
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	char *none = NULL;
	void *base;
	int err;

	err = libkchan_ioctl(ch->fd, KCHAN_IOC_STATE, &state);
	if (!err)
		err = libkchan_ioctl(ch->fd, KCHAN_IOC_POOL_FD, &pool);
	if (err)
		return err;
	base = map_fd(&pool);
	err = base == MAP_FAILED ? -errno : 0;
	close(pool.fd);
	if (err)
		return err;
	ch->slots = pool.slots;
	ch->slot_size = pool.slot_size;
	ch->capacity = state.msgsize;
	if (!atomic_compare_exchange_strong(&ch->base, &none, base))
		munmap(base, pool.bytes);
	return 0;
}

/**
 * libkchan_pool_map - see to it that the pool is mapped
 * @ch: the handle
 *
 * Return: 0, or -errno.
 */
int libkchan_pool_map(struct kchan *ch)
{
	return ch->base ? 0 : map(ch);
}

static size_t bytes_of(const struct kchan *ch)
{
	return (size_t)ch->slots * ch->slot_size;
}

/* What libkchan_pool_map() did is undone. */
void libkchan_pool_unmap(struct kchan *ch)
{
	if (ch->base)
		munmap(ch->base, bytes_of(ch));
}

/* Where a slot of the pool, which is mapped, begins. */
void *libkchan_pool_at(const struct kchan *ch, uint32_t slot)
{
	return ch->base + (size_t)slot * ch->slot_size;
}

void *kchan_slot_data(struct kchan *ch, uint32_t slot)
{
	if (libkchan_pool_map(ch) || slot >= ch->slots)
		return NULL;
	return libkchan_pool_at(ch, slot);
}

int kchan_slot_number(struct kchan *ch, const void *data)
{
	size_t offset;
	int err;

	err = libkchan_pool_map(ch);
	if (err)
		return err;
	/* Of what lies before the pool it is more than any pool has. */
	offset = (uintptr_t)data - (uintptr_t)ch->base;
	if (offset >= bytes_of(ch) || offset % ch->slot_size)
		return -EINVAL;
	return offset / ch->slot_size;
}

int kchan_get_pool(struct kchan *ch, struct kchan_pool_info *uinfo)
{
	struct kchan_pool_info info;
	int err;

	err = libkchan_sized_get(&info, sizeof(info), uinfo);
	if (!err)
		err = libkchan_pool_map(ch);
	if (err)
		return err;
	info.base = ch->base;
	info.bytes = bytes_of(ch);
	info.slots = ch->slots;
	info.slot_size = ch->slot_size;
	libkchan_sized_put(uinfo, sizeof(info), &info);
	return 0;
}
