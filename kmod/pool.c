// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the memory of a pool
 *
 * A pool is a file of tmpfs without a name, so that mapping, swapping and faults are
 * the kernel's own. Its inode belongs to nobody and has no mode bits, and seals keep
 * its size: what can be done with a descriptor of it is settled when that is opened. The
 * two files that are kept here are never given out. Who writes may punch holes, so no
 * page is kept in hand, and a hole reads as zeros.
 *
 * Who holds a descriptor may hold the inode's lock as long as he likes: by a write(2)
 * from memory that is slow to come. So nothing here takes it: pages are looked up one
 * by one, and reading takes no lock.
 *
 * Pages come from here, when a slot is filled for the first time, and are charged to
 * the memory cgroup of who made the pool. At its limit that fails, and kills nobody.
 * Only what a user punches out and touches again is charged to that user.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kchan.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/uio.h>

#include "pool.h"

/*
 * Sealed against all but what is written to it, and against other seals. What tmpfs
 * calls want of room is want of memory here.
 */
static struct file *file_new(u64 size)
{
	struct file *file = shmem_file_setup("kchan", size, VM_NORESERVE);
	struct inode *inode;

	if (IS_ERR(file))
		return file == ERR_PTR(-ENOSPC) ? ERR_PTR(-ENOMEM) : file;
	inode = file_inode(file);
	SHMEM_I(inode)->seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
	inode->i_mode = S_IFREG;
	/* Not even root's, who may have no capabilities. */
	inode->i_uid = INVALID_UID;
	inode->i_gid = INVALID_GID;
	return file;
}

/**
 * kchan_pool_open - open a pool once more
 * @pool: the pool
 * @write: for writing, too
 *
 * May sleep. Return: the file, or an error.
 */
struct file *kchan_pool_open(const struct kchan_pool *pool, bool write)
{
	return dentry_open(&pool->write->f_path,
			   O_LARGEFILE | (write ? O_RDWR : O_RDONLY),
			   current_cred());
}

/**
 * kchan_pool_make - make a pool
 * @pool: takes it
 * @slots: how many slots, 1 to %KCHAN_SLOTS_MAX
 * @slot_size: bytes of each, up to %KCHAN_SLOT_SIZE_MAX
 *
 * The current task's memory cgroup will pay. May sleep.
 * Return: 0, or an error with nothing made.
 */
int kchan_pool_make(struct kchan_pool *pool, u32 slots, u32 slot_size)
{
	struct file *file;

	pool->slots = slots;
	pool->slot_size = slot_size;
	file = file_new(kchan_pool_bytes(pool));
	if (IS_ERR(file))
		return PTR_ERR(file);
	pool->write = file;
	file = kchan_pool_open(pool, false);
	if (IS_ERR(file)) {
		fput(pool->write);
		return PTR_ERR(file);
	}
	pool->read = file;
	pool->memcg = get_mem_cgroup_from_mm(current->mm);
	return 0;
}

/**
 * kchan_pool_unmake - undo kchan_pool_make()
 * @pool: the pool
 *
 * Who has mapped or opened it keeps the memory.
 */
void kchan_pool_unmake(struct kchan_pool *pool)
{
	mem_cgroup_put(pool->memcg);
	fput(pool->read);
	fput(pool->write);
}

/* The page at an offset, made if it is not there. */
static struct page *page_get(const struct kchan_pool *pool, loff_t pos)
{
	struct address_space *mapping = pool->write->f_mapping;
	gfp_t gfp = mapping_gfp_mask(mapping) | __GFP_RETRY_MAYFAIL |
		    __GFP_NOWARN;
	struct mem_cgroup *saved = set_active_memcg(pool->memcg);
	struct page *page;

	page = shmem_read_mapping_page_gfp(mapping, pos >> PAGE_SHIFT, gfp);
	set_active_memcg(saved);
	return page == ERR_PTR(-ENOSPC) ? ERR_PTR(-ENOMEM) : page;
}

static void page_put(struct page *page)
{
	set_page_dirty(page);
	put_page(page);
}

/**
 * kchan_pool_fill - see to it that a slot has memory
 * @pool: the pool
 * @slot: number of the slot
 * @zero: clear it, too
 *
 * May sleep. Return: 0, -ENOMEM, -EINTR or -EIO.
 */
int kchan_pool_fill(const struct kchan_pool *pool, u32 slot, bool zero)
{
	loff_t pos = (loff_t)slot * pool->slot_size;
	size_t n, left = pool->slot_size;
	struct page *page;

	for (; left; pos += n, left -= n) {
		n = min_t(size_t, left, PAGE_SIZE - offset_in_page(pos));
		page = page_get(pool, pos);
		if (IS_ERR(page))
			return PTR_ERR(page);
		if (zero)
			memzero_page(page, offset_in_page(pos), n);
		page_put(page);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * kchan_pool_copy_in - fill a slot from user memory
 * @pool: the pool
 * @slot: number of the slot
 * @size: how many bytes
 * @from: whence
 *
 * May sleep. Return: 0, -EFAULT, -EINTR, -ENOMEM or -EIO.
 */
int kchan_pool_copy_in(const struct kchan_pool *pool, u32 slot, size_t size,
		       struct iov_iter *from)
{
	loff_t pos = (loff_t)slot * pool->slot_size;
	size_t n, copied;
	struct page *page;

	for (; size; pos += n, size -= n) {
		n = min_t(size_t, size, PAGE_SIZE - offset_in_page(pos));
		page = page_get(pool, pos);
		if (IS_ERR(page))
			return PTR_ERR(page);
		copied = copy_page_from_iter(page, offset_in_page(pos), n, from);
		flush_dcache_page(page);
		page_put(page);
		if (copied != n)
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * kchan_pool_copy_out - write a slot to user memory
 * @pool: the pool
 * @slot: number of the slot
 * @size: how many bytes
 * @to: where to
 *
 * By the file's own read, but for the checks of who asks: that was settled when the
 * channel was opened. May sleep. Return: 0, -EFAULT or -EIO.
 */
int kchan_pool_copy_out(const struct kchan_pool *pool, u32 slot, size_t size,
			struct iov_iter *to)
{
	struct file *file = pool->read;
	struct kiocb kiocb;
	size_t excess;
	ssize_t n = 0;

	init_sync_kiocb(&kiocb, file);
	kiocb.ki_pos = (loff_t)slot * pool->slot_size;
	excess = iov_iter_count(to) - size;
	iov_iter_truncate(to, size);
	while (iov_iter_count(to)) {
		n = file->f_op->read_iter(&kiocb, to);
		if (n <= 0)
			break;
	}
	size = iov_iter_count(to);
	iov_iter_reexpand(to, size + excess);
	if (!size)
		return 0;
	return n < 0 ? n : -EIO;
}

/**
 * kchan_pool_mmap - have the pool mapped where something else was to be
 * @pool: the pool
 * @vma: the new mapping
 * @write: by who may write
 */
int kchan_pool_mmap(const struct kchan_pool *pool, struct vm_area_struct *vma,
		    bool write)
{
	struct file *file = write ? pool->write : pool->read;

	vma_set_file(vma, file);
	return file->f_op->mmap(file, vma);
}

/**
 * kchan_pool_users - how many files and mappings of a pool there are
 * @pool: the pool
 *
 * Beside the two files that are kept here.
 */
u32 kchan_pool_users(const struct kchan_pool *pool)
{
	/* Files come and go while we look. */
	return data_race(d_count(pool->write->f_path.dentry)) - 2 +
	       file_count(pool->write) - 1 + file_count(pool->read) - 1;
}
