/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_POOL_H
#define _KCHAN_POOL_H

#include <linux/types.h>

struct file;
struct iov_iter;
struct mem_cgroup;
struct vm_area_struct;

/**
 * struct kchan_pool - the memory of a pool
 * @slots: how many slots there are
 * @slot_size: bytes of each
 * @write: the file, for who may write
 * @read: the same, for who may only read
 * @memcg: memory cgroup that pays, referenced, or NULL
 *
 * Nothing of it changes.
 */
struct kchan_pool {
	u32 slots;
	u32 slot_size;
	struct file *write;
	struct file *read;
	struct mem_cgroup *memcg;
};

static inline u64 kchan_pool_bytes(const struct kchan_pool *pool)
{
	return (u64)pool->slots * pool->slot_size;
}

int kchan_pool_make(struct kchan_pool *pool, u32 slots, u32 slot_size);
void kchan_pool_unmake(struct kchan_pool *pool);

int kchan_pool_fill(const struct kchan_pool *pool, u32 slot, bool zero);
int kchan_pool_copy_in(const struct kchan_pool *pool, u32 slot, size_t size,
		       struct iov_iter *from);
int kchan_pool_copy_out(const struct kchan_pool *pool, u32 slot, size_t size,
			struct iov_iter *to);

struct file *kchan_pool_open(const struct kchan_pool *pool, bool write);
int kchan_pool_mmap(const struct kchan_pool *pool, struct vm_area_struct *vma,
		    bool write);
u32 kchan_pool_users(const struct kchan_pool *pool);

#endif /* _KCHAN_POOL_H */
