// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of a pool as its users have it: what can be done with a descriptor or a
 * mapping of it, by whom, and what cannot.
 */
#include "kchan_pool.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/userfaultfd.h>

#define PAGE 4096
#define SLOTS 4
#define BYTES (SLOTS * PAGE)

FIXTURE(map)
{
	int ctl;
	int fd;		/* O_RDWR; SLOTS slots of a page each */
	int rx;		/* O_RDONLY */
	int tx;		/* O_WRONLY */
	int write;	/* the pool, for who may send */
	int read;	/* the pool, for who may only receive */
	char *all;	/* all of it, to see what is there */
};

FIXTURE_SETUP(map)
{
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, PAGE);
	self->rx = kc_reopen(self->fd, O_RDONLY | O_NONBLOCK);
	self->tx = kc_reopen(self->fd, O_WRONLY | O_NONBLOCK);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	self->write = kp_fd(self->tx);
	self->read = kp_fd(self->rx);
	ASSERT_LE(0, self->write);
	ASSERT_LE(0, self->read);
	self->all = kp_map(self->fd);
	ASSERT_TRUE(self->all);
	strcpy(self->all, "first");
}

FIXTURE_TEARDOWN(map)
{
	struct kchan_state state = kc_state(self->fd);

	EXPECT_TRUE(state.slots_free == SLOTS || state.size == UINT32_MAX);
	close(self->read);
	close(self->write);
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* Maps all of it: the mapping, or NULL with errno set. */
static char *map(int fd, int prot, int flags)
{
	char *p = mmap(NULL, BYTES, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

#define RW (PROT_READ | PROT_WRITE)

#define CANNOT_MAP(error, fd, prot, flags) do {				\
	errno = 0;							\
	EXPECT_EQ(NULL, map(fd, prot, flags));				\
	EXPECT_EQ(error, errno);					\
} while (0)

/* Nothing of what others see has changed. */
#define EXPECT_INTACT() EXPECT_EQ(0, strcmp(self->all, "first"))

TEST_F(map, access_mode_of_the_descriptor_is_the_endpoints_right_to_write)
{
	int both = kp_fd(self->fd);

	EXPECT_EQ(O_RDWR, fcntl(both, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDWR, fcntl(self->write, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDONLY, fcntl(self->read, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->read, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->write, F_GETFD));
	close(both);
}

TEST_F(map, senders_descriptor_maps_for_writing_and_all_see_it)
{
	char *w = map(self->write, RW, MAP_SHARED);
	char *r = map(self->read, PROT_READ, MAP_SHARED);

	ASSERT_TRUE(w && r);
	EXPECT_EQ(0, strcmp(w, "first"));
	strcpy(w + BYTES - 8, "last");
	EXPECT_EQ(0, strcmp(r + BYTES - 8, "last"));
	EXPECT_EQ(0, strcmp(self->all + BYTES - 8, "last"));
}

TEST_F(map, receivers_descriptor_maps_for_reading_alone)
{
	char *r = map(self->read, PROT_READ, MAP_SHARED);

	CANNOT_MAP(EACCES, self->read, RW, MAP_SHARED);
	CANNOT_MAP(EACCES, self->read, PROT_WRITE, MAP_SHARED);
	CANNOT_MAP(EACCES, self->read, RW, MAP_SHARED_VALIDATE);
	ASSERT_TRUE(r);
	EXPECT_EQ(0, strcmp(r, "first"));
	EXPECT_EQ(-EACCES, kc_ret(mprotect(r, BYTES, RW)));
	EXPECT_EQ(-EACCES, kc_ret(mprotect(r + PAGE, PAGE, PROT_WRITE)));
}

TEST_F(map, endpoint_maps_as_its_mode_allows)
{
	char *both = map(self->fd, RW, MAP_SHARED);
	char *r = map(self->rx, PROT_READ, MAP_SHARED);

	ASSERT_TRUE(both && r);
	EXPECT_EQ(0, strcmp(both, "first"));
	EXPECT_EQ(0, strcmp(r, "first"));
	strcpy(both + PAGE, "second");
	EXPECT_EQ(0, strcmp(r + PAGE, "second"));
	CANNOT_MAP(EACCES, self->rx, RW, MAP_SHARED);
	EXPECT_EQ(-EACCES, kc_ret(mprotect(r, BYTES, RW)));
	/* mmap(2) wants to read. */
	CANNOT_MAP(EACCES, self->tx, PROT_WRITE, MAP_SHARED);
	CANNOT_MAP(EACCES, self->tx, RW, MAP_SHARED);
	CANNOT_MAP(EACCES, self->tx, PROT_READ, MAP_SHARED);
}

TEST_F(map, endpoint_that_both_sends_and_receives_may_change_its_mapping)
{
	char *p = map(self->fd, PROT_READ, MAP_SHARED);

	ASSERT_TRUE(p);
	ASSERT_EQ(0, mprotect(p, BYTES, RW));
	p[3 * PAGE] = 'x';
	EXPECT_EQ('x', self->all[3 * PAGE]);
}

TEST_F(map, endpoint_without_a_pool_is_not_mapped)
{
	int fd = kc_create(self->ctl, NULL, O_RDWR);

	CANNOT_MAP(ENODEV, fd, PROT_READ, MAP_SHARED);
	CANNOT_MAP(ENODEV, fd, RW, MAP_PRIVATE);
	close(fd);
}

/* Whoever counts writable mappings must not lose count where the file is exchanged. */
TEST_F(map, endpoint_is_mapped_and_unmapped_again_and_again)
{
	int i;

	for (i = 0; i < 20; i++) {
		char *a = map(self->fd, RW, MAP_SHARED);
		char *b = map(self->write, RW, MAP_SHARED);
		char *c = map(self->rx, PROT_READ, MAP_SHARED);

		ASSERT_TRUE(a && b && c);
		a[PAGE] = i;
		ASSERT_EQ(i, b[PAGE]);
		ASSERT_EQ(i, c[PAGE]);
		munmap(a, BYTES);
		munmap(b, BYTES);
		munmap(c, BYTES);
	}
	EXPECT_EQ(3, kc_state(self->fd).pool_users);
}

TEST_F(map, private_mapping_is_a_copy_that_others_do_not_see)
{
	char *r = map(self->read, RW, MAP_PRIVATE);
	char *e = map(self->rx, RW, MAP_PRIVATE);

	ASSERT_TRUE(r && e);
	EXPECT_EQ(0, strcmp(r, "first"));
	strcpy(r, "mine");
	strcpy(e, "mine");
	EXPECT_INTACT();
}

TEST_F(map, remap_file_pages_gives_no_right_to_write)
{
	char *r = map(self->read, PROT_READ, MAP_SHARED);
	char *e = map(self->rx, PROT_READ, MAP_SHARED);

	ASSERT_TRUE(r && e);
	syscall(SYS_remap_file_pages, r, PAGE, 0, 1, 0);
	syscall(SYS_remap_file_pages, e, PAGE, 0, 1, 0);
	EXPECT_EQ(-EACCES, kc_ret(mprotect(r, PAGE, RW)));
	EXPECT_EQ(-EACCES, kc_ret(mprotect(e, PAGE, RW)));
}

TEST_F(map, mremap_gives_no_right_to_write_and_no_more_memory)
{
	char *r = map(self->read, PROT_READ, MAP_SHARED);
	char *e = map(self->rx, PROT_READ, MAP_SHARED);

	r = mremap(r, BYTES, 4 * BYTES, MREMAP_MAYMOVE);
	e = mremap(e, BYTES, PAGE, 0);
	ASSERT_NE(MAP_FAILED, r);
	ASSERT_NE(MAP_FAILED, e);
	EXPECT_EQ(0, strcmp(r, "first"));
	EXPECT_EQ(-EACCES, kc_ret(mprotect(r, 4 * BYTES, RW)));
	EXPECT_EQ(-EACCES, kc_ret(mprotect(e, PAGE, RW)));
	EXPECT_EQ(BYTES, lseek(self->read, 0, SEEK_END));
}

static int touch(void *arg)
{
	return __atomic_load_n((char *)arg, __ATOMIC_RELAXED) ? 0 : -ENODATA;
}

TEST_F(map, nothing_is_behind_the_end)
{
	char *r = mmap(NULL, 2 * BYTES, PROT_READ, MAP_SHARED, self->read, 0);

	ASSERT_NE(MAP_FAILED, r);
	EXPECT_EQ(0, kc_child(touch, r));
	EXPECT_EQ(KC_KILLED, kc_child(touch, r + BYTES));
}

TEST_F(map, memory_of_a_receiver_is_not_written_through_proc)
{
	char *r = map(self->read, PROT_READ, MAP_SHARED);
	char *e = map(self->rx, PROT_READ, MAP_SHARED);
	int mem = open("/proc/self/mem", O_RDWR);
	struct iovec local = { .iov_base = "bad", .iov_len = 4 };
	struct iovec remote = { .iov_base = r, .iov_len = 4 };

	ASSERT_LE(0, mem);
	EXPECT_GT(0, pwrite(mem, "bad", 4, (off_t)(uintptr_t)r));
	EXPECT_GT(0, pwrite(mem, "bad", 4, (off_t)(uintptr_t)e));
	EXPECT_EQ(-EFAULT, kc_ret(process_vm_writev(getpid(), &local, 1,
						    &remote, 1, 0)));
	EXPECT_INTACT();
	close(mem);
}

TEST_F(map, receiver_does_not_catch_faults_of_its_mapping)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *r = map(self->read, PROT_READ, MAP_SHARED);
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	reg.range.start = (uintptr_t)r;
	reg.range.len = BYTES;
	EXPECT_EQ(-EPERM, kc_ret(ioctl(uffd, UFFDIO_REGISTER, &reg)));
	close(uffd);
}

TEST_F(map, receivers_descriptor_changes_nothing)
{
	const int holes = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	char *r = map(self->read, PROT_READ, MAP_SHARED);

	EXPECT_EQ(-EBADF, kc_ret(write(self->read, "x", 1)));
	EXPECT_EQ(-EBADF, kc_ret(pwrite(self->read, "x", 1, 0)));
	EXPECT_EQ(-EINVAL, kc_ret(ftruncate(self->read, 0)));
	EXPECT_EQ(-EBADF, kc_ret(fallocate(self->read, 0, 0, 2 * BYTES)));
	EXPECT_EQ(-EBADF, kc_ret(fallocate(self->read, holes, 0, PAGE)));
	EXPECT_EQ(-EACCES, kc_ret(madvise(r, PAGE, MADV_REMOVE)));
	EXPECT_EQ(BYTES, lseek(self->read, 0, SEEK_END));
	EXPECT_INTACT();
}

/* By its seals, or as what is nobody's file cannot be changed by anybody. */
static bool refused(int ret)
{
	return ret < 0 && (errno == EPERM || errno == EOVERFLOW);
}

TEST_F(map, size_does_not_change)
{
	EXPECT_TRUE(refused(ftruncate(self->write, 0)));
	EXPECT_TRUE(refused(ftruncate(self->write, BYTES - 1)));
	EXPECT_TRUE(refused(ftruncate(self->write, BYTES + 1)));
	EXPECT_EQ(-EPERM, kc_ret(fallocate(self->write, 0, 0, BYTES + PAGE)));
	EXPECT_EQ(-EPERM, kc_ret(pwrite(self->write, "xx", 2, BYTES)));
	EXPECT_EQ(BYTES, lseek(self->write, 0, SEEK_END));
	EXPECT_INTACT();
}

TEST_F(map, seals_are_not_added)
{
	static const int seals[] = {
		F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE,
		0x10 /* F_SEAL_FUTURE_WRITE */,
	};
	int was = fcntl(self->write, F_GET_SEALS);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seals); i++) {
		EXPECT_EQ(-EPERM, kc_ret(fcntl(self->write, F_ADD_SEALS,
					       seals[i])));
		EXPECT_EQ(-EPERM, kc_ret(fcntl(self->read, F_ADD_SEALS,
					       seals[i])));
	}
	EXPECT_EQ(was, fcntl(self->write, F_GET_SEALS));
	EXPECT_EQ(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW, was);
}

/* Opened once more by its descriptor: each mode. */
static int reopen(void *arg)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int *fd = arg, i;

	for (i = 0; i < 3; i++)
		if (kc_reopen(*fd, modes[i]) != -EACCES)
			return -EPROTO;
	return 0;
}

/* Owner, mode, times and what else an owner might change. */
static int change(void *arg)
{
	const struct timespec times[2] = { { 0 } };
	int *fd = arg;

	if (!refused(fchmod(*fd, 0777)))
		return -EPROTO;
	if (!refused(fchown(*fd, geteuid(), getegid())))
		return -EBADMSG;
	if (!refused(futimens(*fd, times)))
		return -EBADE;
	return 0;
}

TEST_F(map, descriptor_is_not_opened_again_without_capabilities)
{
	struct stat st;

	EXPECT_EQ(0, kc_as(1000, reopen, &self->read));
	EXPECT_EQ(0, kc_as(1000, reopen, &self->write));
	ASSERT_EQ(0, fstat(self->read, &st));
	EXPECT_EQ(65534, st.st_uid);
	EXPECT_EQ(65534, st.st_gid);
	EXPECT_EQ(S_IFREG, st.st_mode);
	EXPECT_EQ(0, st.st_nlink);
	EXPECT_EQ(BYTES, st.st_size);
}

TEST_F(map, descriptor_is_not_changed_by_other_users)
{
	struct stat before, after;

	ASSERT_EQ(0, fstat(self->read, &before));
	EXPECT_EQ(0, kc_as(1000, change, &self->read));
	EXPECT_EQ(0, kc_as(1000, change, &self->write));
	ASSERT_EQ(0, fstat(self->read, &after));
	EXPECT_EQ(before.st_mode, after.st_mode);
	EXPECT_EQ(before.st_uid, after.st_uid);
	EXPECT_EQ(before.st_mtime, after.st_mtime);
}

/* Who made the channel is no owner of its memory, either. */
static int creator(void *arg)
{
	int fd = kp_queue(*(int *)arg, SLOTS, PAGE), w, r, ret;

	w = kp_fd(fd);
	r = kp_fd(kc_reopen(fd, O_RDONLY));
	if (w < 0 || r < 0)
		return -EIO;
	ret = change(&w);
	if (!ret)
		ret = change(&r);
	if (!ret)
		ret = reopen(&w);
	return ret ? ret : reopen(&r);
}

TEST_F(map, creator_changes_no_more_than_others)
{
	EXPECT_EQ(0, kc_as(1000, creator, &self->ctl));
	/* Nor one who is root, and has no capability for it. */
	EXPECT_EQ(0, kc_as_with(0, CAP_NET_RAW, creator, &self->ctl));
}

static int as_root_of_a_userns(void *arg)
{
	int ret = kc_new_userns(0, 1000);

	return ret ? ret : creator(arg);
}

TEST_F(map, root_of_a_user_namespace_changes_no_more_than_others)
{
	EXPECT_EQ(0, kc_as(1000, as_root_of_a_userns, &self->ctl));
}

TEST_F(map, sender_may_punch_holes_which_are_zero)
{
	const int holes = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	char *r = map(self->read, PROT_READ, MAP_SHARED), buf[8];

	ASSERT_EQ(0, fallocate(self->write, holes, 0, PAGE));
	EXPECT_EQ(0, r[0]);
	EXPECT_EQ(8, pread(self->read, buf, 8, 0));
	EXPECT_EQ(0, buf[0]);
	EXPECT_EQ(0, self->all[0]);
}

TEST_F(map, hole_in_a_message_reads_as_zeros)
{
	const int holes = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	static char zeros[PAGE], buf[PAGE];
	int slot = kp_loan(self->fd);

	memset(self->all + slot * PAGE, 'x', PAGE);
	ASSERT_EQ(0, kp_publish(self->fd, slot, PAGE));
	ASSERT_EQ(0, fallocate(self->write, holes, slot * PAGE, PAGE));
	memset(buf, KC_POISON, PAGE);
	EXPECT_EQ(PAGE, read(self->fd, buf, PAGE));
	EXPECT_EQ(0, memcmp(buf, zeros, PAGE));
	/* And is filled again. */
	EXPECT_EQ(4, write(self->fd, "four", 4));
	EXPECT_EQ(4, read(self->fd, buf, PAGE));
	EXPECT_EQ(0, memcmp(buf, "four", 4));
}

TEST_F(map, all_holes_are_loaned_and_published_again)
{
	const int holes = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	int i, slot;

	for (i = 0; i < 3 * SLOTS; i++) {
		slot = kp_loan(self->fd);
		ASSERT_LE(0, slot);
		ASSERT_EQ(0, fallocate(self->write, holes, 0, BYTES));
		strcpy(self->all + slot * PAGE, "again");
		ASSERT_EQ(0, kp_publish(self->fd, slot, 6));
		ASSERT_EQ(slot, kp_take_one(self->fd, 0));
		EXPECT_EQ(0, strcmp(self->all + slot * PAGE, "again"));
		ASSERT_EQ(1, kp_release(self->fd, slot));
	}
}

struct child {
	char *map;
	int fd;
};

static int use_as_child(void *arg)
{
	struct child *c = arg;
	int slot = kp_loan(c->fd);

	if (slot < 0)
		return slot;
	strcpy(c->map + slot * PAGE, "of the child");
	return kp_publish(c->fd, slot, 13);
}

TEST_F(map, child_has_the_mapping_of_its_parent)
{
	struct child c = { self->all, self->fd };
	int slot;

	ASSERT_EQ(0, kc_child(use_as_child, &c));
	slot = kp_take_one(self->fd, 0);
	ASSERT_LE(0, slot);
	EXPECT_EQ(0, strcmp(self->all + slot * PAGE, "of the child"));
	EXPECT_EQ(1, kp_release(self->fd, slot));
}

/* Another program finds neither descriptor nor mapping. */
static int count_after_exec(void *arg)
{
	char script[256];

	(void)arg;
	snprintf(script, sizeof(script),
		 "grep -q kchan /proc/$$/maps && exit 1; for f in /proc/$$/fd/*; do case $(readlink $f) in *kchan*) exit 2;; esac; done; exit 0");
	execl("/bin/sh", "sh", "-c", script, NULL);
	return -errno;
}

TEST_F(map, program_that_is_executed_has_neither_descriptor_nor_mapping)
{
	EXPECT_EQ(0, kc_child(count_after_exec, NULL));
	EXPECT_INTACT();
}

TEST_F(map, part_of_a_mapping_goes_and_the_rest_stays)
{
	char *e = map(self->fd, RW, MAP_SHARED);

	ASSERT_TRUE(e);
	ASSERT_EQ(0, munmap(e + PAGE, PAGE));
	strcpy(e + 2 * PAGE, "third");
	EXPECT_EQ(0, strcmp(self->all + 2 * PAGE, "third"));
	EXPECT_EQ(0, strcmp(e, "first"));
	EXPECT_EQ(KC_KILLED, kc_child(touch, e + PAGE));
	ASSERT_EQ(0, munmap(e, BYTES));
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(self->fd).pool_users == 3));
}

/* A message in it, which outlives the endpoints: nobody's memory goes. */
TEST_F(map, mapping_outlives_the_channel)
{
	char *e = map(self->fd, RW, MAP_SHARED), buf[8];

	ASSERT_TRUE(e);
	ASSERT_LE(0, kp_send(self->fd, 0, 0));
	close(self->fd);
	close(self->rx);
	close(self->tx);
	strcpy(e, "alive");
	EXPECT_EQ(0, strcmp(self->all, "alive"));
	EXPECT_EQ(6, pread(self->read, buf, 6, 0));
	EXPECT_EQ(0, strcmp(buf, "alive"));
	EXPECT_EQ(1, pwrite(self->write, "A", 1, 0));
	EXPECT_EQ('A', e[0]);
	self->fd = kp_queue(self->ctl, SLOTS, PAGE);
	/* Another channel's memory is another. */
	EXPECT_EQ(0, *(char *)map(self->fd, RW, MAP_SHARED));
}

TEST_F(map, mapping_outlives_revoke_and_no_new_one_is_made)
{
	char *e = map(self->fd, RW, MAP_SHARED);

	ASSERT_TRUE(e);
	ASSERT_EQ(0, kc_revoke(self->fd));
	strcpy(e, "alive");
	EXPECT_EQ(0, strcmp(self->all, "alive"));
	CANNOT_MAP(EIDRM, self->fd, RW, MAP_SHARED);
	CANNOT_MAP(EIDRM, self->rx, PROT_READ, MAP_SHARED);
	EXPECT_EQ(-EIDRM, kp_fd(self->fd));
	EXPECT_EQ(-EIDRM, kp_fd(self->rx));
}

TEST_F(map, removal_of_the_name_changes_nothing)
{
	struct kchan_create arg = kp_create_arg(SLOTS, PAGE);
	struct kc_env env;
	char *map;
	int fd;

	ASSERT_EQ(0, kc_enter(&env));
	arg.name = (uintptr_t)"a";
	fd = kc_create_with(env.ctl, &arg);
	map = kp_map(fd);
	ASSERT_TRUE(map);
	ASSERT_EQ(0, kc_remove(env.ctl, "a", 0, 0));
	strcpy(map, "alive");
	EXPECT_EQ(0, kp_send(fd, 0, 0));
	EXPECT_EQ(0, kp_take_one(fd, 0));
	EXPECT_EQ(0, strcmp(kp_map(fd), "alive"));
	close(fd);
	EXPECT_EQ(0, strcmp(map, "alive"));
	kc_leave(&env);
}

/* RECV_COPY: who only receives gets the bytes and not the memory. */
FIXTURE(copy)
{
	int ctl;
	int fd;
	int rx;
};

FIXTURE_SETUP(copy)
{
	struct kchan_create arg = kp_create_arg(SLOTS, PAGE);

	self->ctl = kc_ctl();
	arg.flags = KCHAN_CREATE_RECV_COPY;
	self->fd = kc_create_with(self->ctl, &arg);
	self->rx = kc_reopen(self->fd, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->rx);
}

FIXTURE_TEARDOWN(copy)
{
	close(self->rx);
	EXPECT_SLOTS(self->fd, 0, 0, 0);
	close(self->fd);
	close(self->ctl);
}

TEST_F(copy, receiver_gets_no_memory)
{
	EXPECT_EQ(-EACCES, kp_fd(self->rx));
	CANNOT_MAP(EACCES, self->rx, PROT_READ, MAP_SHARED);
	CANNOT_MAP(EACCES, self->rx, PROT_READ, MAP_PRIVATE);
	EXPECT_EQ(0, kc_state(self->fd).pool_users);
}

TEST_F(copy, receiver_reads_and_does_not_take)
{
	struct kchan_take take = kp_take_arg(0), was = take;
	struct kchan_batch batch = kc_batch_arg(&take, 1, sizeof(take));
	struct kchan_state before;
	char buf[8];

	ASSERT_EQ(5, write(self->fd, "hello", 5));
	before = kc_state(self->fd);
	EXPECT_EQ(-EACCES, kp_take(self->rx, &take));
	EXPECT_EQ(-EACCES, kc_ioctl(self->rx, KCHAN_IOC_TAKE_BATCH, &batch));
	EXPECT_EQ(0, memcmp(&take, &was, sizeof(take)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_EQ(5, read(self->rx, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(copy, who_also_sends_maps_and_takes)
{
	int slot = kp_send(self->fd, 0, 0);

	EXPECT_TRUE(kp_map(self->fd));
	EXPECT_NE(NULL, map(self->fd, RW, MAP_SHARED));
	EXPECT_EQ(slot, kp_take_one(self->fd, 0));
	EXPECT_EQ(1, kp_release(self->fd, slot));
}

TEST_HARNESS_MAIN
