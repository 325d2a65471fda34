/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library's files share. Names that begin with libkchan_ stay inside. */
#ifndef LIBKCHAN_INTERNAL_H
#define LIBKCHAN_INTERNAL_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include "kchan.h"

/**
 * struct kchan - a handle
 * @fd: the endpoint
 * @base: where the pool is mapped; NULL: not yet
 * @slots: of the pool, good once @base is; likewise the next two
 * @slot_size: bytes of each
 * @capacity: bytes of one message at most
 *
 * Nothing in it changes but that the pool is mapped, once, so it needs no lock.
 */
struct kchan {
	int fd;
	atomic_uint slots;
	atomic_uint slot_size;
	atomic_uint capacity;
	_Atomic(char *) base;
};

static inline bool libkchan_is_path(const char *name)
{
	return name && name[0] == '/';
}

struct kchan *libkchan_handle_new(void);

int libkchan_pool_map(struct kchan *ch);
void libkchan_pool_unmap(struct kchan *ch);
void *libkchan_pool_at(const struct kchan *ch, uint32_t slot);

int libkchan_open_control(void);
int libkchan_open_place(const char *name, const char **last);

int libkchan_sized_get(void *to, size_t known, const void *from);
void libkchan_sized_put(void *to, size_t known, const void *from);

static inline int libkchan_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

/* For commands that return how many there were. */
static inline int libkchan_ioctl_count(int fd, unsigned long cmd, void *arg)
{
	int count = ioctl(fd, cmd, arg);

	return count < 0 ? -errno : count;
}

/* Of a struct kchan_recv or kchan_take, which name what they tell alike. */
#define LIBKCHAN_DESCRIBE(info, arg)                    \
	do {                                            \
		(info)->len = (arg)->len;               \
		(info)->tag = (arg)->tag;               \
		(info)->seq = (arg)->seq;               \
		(info)->time = (arg)->time;             \
		(info)->prio = (arg)->prio;             \
		(info)->deliveries = (arg)->deliveries; \
		(info)->pid = (arg)->pid;               \
		(info)->uid = (arg)->uid;               \
		(info)->gid = (arg)->gid;               \
		(info)->reason = (arg)->reason;         \
		(info)->expiry = (arg)->expiry;         \
		(info)->origin = (arg)->origin;         \
	} while (0)

/* What the kernel refuses stays so: it counts up to KCHAN_BATCH_MAX. */
static inline uint32_t libkchan_count(size_t count)
{
	return count < UINT32_MAX ? count : UINT32_MAX;
}

#endif /* LIBKCHAN_INTERNAL_H */
