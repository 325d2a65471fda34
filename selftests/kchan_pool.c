// SPDX-License-Identifier: GPL-2.0
#define KCHAN_TEST_LIB
#include "kchan_pool.h"

#include <sys/mman.h>

struct kchan_create kp_create_arg(unsigned int slots, unsigned int slot_size)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.slots = slots;
	arg.slot_size = slot_size;
	return arg;
}

int kp_queue(int ctl, unsigned int slots, unsigned int slot_size)
{
	struct kchan_create arg = kp_create_arg(slots, slot_size);

	return kc_create_with(ctl, &arg);
}

struct kchan_pool_fd kp_fd_arg(void)
{
	struct kchan_pool_fd arg;

	memset(&arg, KC_POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	arg.pool = 0;
	return arg;
}

int kp_fd(int fd)
{
	struct kchan_pool_fd arg = kp_fd_arg();
	int ret = kc_ioctl(fd, KCHAN_IOC_POOL_FD, &arg);

	return ret < 0 ? ret : arg.fd;
}

/* The whole pool, for writing where it may; else NULL. */
void *kp_map(int fd)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	struct kchan_pool_fd arg = kp_fd_arg();
	void *p;

	if (kc_ioctl(fd, KCHAN_IOC_POOL_FD, &arg))
		return NULL;
	p = mmap(NULL, arg.bytes,
		 PROT_READ | (mode == O_RDONLY ? 0 : PROT_WRITE), MAP_SHARED,
		 arg.fd, 0);
	close(arg.fd);
	return p == MAP_FAILED ? NULL : p;
}

struct kchan_loan kp_loan_arg(unsigned int flags)
{
	struct kchan_loan arg = { .size = sizeof(arg), .flags = flags };

	memset(&arg.slot, KC_POISON, sizeof(arg.slot));
	return arg;
}

int kp_loan(int fd)
{
	struct kchan_loan arg = kp_loan_arg(0);
	int ret = kc_ioctl(fd, KCHAN_IOC_LOAN, &arg);

	return ret < 0 ? ret : ret == 1 ? (int)arg.slot : -EPROTO;
}

int kp_loan_many(int fd, uint32_t *slots, unsigned int count)
{
	struct kchan_loan arg = kp_loan_arg(0);

	arg.slots = (uintptr_t)slots;
	arg.count = count;
	return kc_ioctl(fd, KCHAN_IOC_LOAN, &arg);
}

struct kchan_publish kp_publish_arg(uint32_t slot, unsigned int len)
{
	struct kchan_publish arg = {
		.size = sizeof(arg),
		.slot = slot,
		.len = len,
	};

	memset(&arg.seq, KC_POISON, sizeof(arg.seq));
	memset(&arg.next, KC_POISON, sizeof(arg.next));
	return arg;
}

int kp_publish(int fd, uint32_t slot, unsigned int len)
{
	struct kchan_publish arg = kp_publish_arg(slot, len);

	return kc_ioctl(fd, KCHAN_IOC_PUBLISH, &arg);
}

/* A loaned slot, published with 4 bytes: its number. */
int kp_send(int fd, unsigned int prio, uint64_t tag)
{
	struct kchan_publish arg;
	int ret, slot = kp_loan(fd);

	if (slot < 0)
		return slot;
	arg = kp_publish_arg(slot, 4);
	arg.prio = prio;
	arg.tag = tag;
	ret = kc_ioctl(fd, KCHAN_IOC_PUBLISH, &arg);
	return ret ? ret : slot;
}

struct kchan_take kp_take_arg(unsigned int flags)
{
	struct kchan_take arg;

	memset(&arg, KC_POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = flags | KCHAN_TAKE_RELEASE;
	arg.release = KCHAN_SLOT_NONE;
	arg.filter = KCHAN_FILTER_NONE;
	arg.value = 0;
	arg.deadline = 0;
	return arg;
}

int kp_take(int fd, struct kchan_take *arg)
{
	return kc_ioctl(fd, KCHAN_IOC_TAKE, arg);
}

/* The slot of the message. */
int kp_take_one(int fd, unsigned int flags)
{
	struct kchan_take arg = kp_take_arg(flags);
	int ret = kp_take(fd, &arg);

	return ret ? ret : (int)arg.slot;
}

struct kchan_release kp_release_arg(uint32_t slot)
{
	return (struct kchan_release) {
		.size = sizeof(struct kchan_release),
		.slot = slot,
	};
}

int kp_release(int fd, uint32_t slot)
{
	struct kchan_release arg = kp_release_arg(slot);

	return kc_ioctl(fd, KCHAN_IOC_RELEASE, &arg);
}

int kp_release_many(int fd, const uint32_t *slots, unsigned int count)
{
	struct kchan_release arg = kp_release_arg(0);

	arg.slots = (uintptr_t)slots;
	arg.count = count;
	return kc_ioctl(fd, KCHAN_IOC_RELEASE, &arg);
}

bool kp_slots(int fd, unsigned int loaned, unsigned int taken,
	      unsigned int queued)
{
	struct kchan_state s = kc_state(fd);

	return s.slots_loaned == loaned && s.slots_taken == taken &&
		s.slots - s.slots_free - s.slots_loaned - s.slots_taken == queued;
}

const char *kp_slots_text(int fd)
{
	struct kchan_state s = kc_state(fd);
	static char text[96];

	snprintf(text, sizeof(text), "of %u slots %u free, %u loaned, %u taken",
		 s.slots, s.slots_free, s.slots_loaned, s.slots_taken);
	return text;
}

struct kc_call kp_loaner(int fd)
{
	return (struct kc_call) {
		.op = KC_SLOT, .fd = fd, .cmd = KCHAN_IOC_LOAN, .loan = kp_loan_arg(0),
	};
}

struct kc_call kp_publisher(int fd, uint32_t slot)
{
	return (struct kc_call) {
		.op = KC_SLOT, .fd = fd, .cmd = KCHAN_IOC_PUBLISH,
		.publish = kp_publish_arg(slot, 4),
	};
}

struct kc_call kp_taker(int fd)
{
	return (struct kc_call) {
		.op = KC_SLOT, .fd = fd, .cmd = KCHAN_IOC_TAKE, .take = kp_take_arg(0),
	};
}

bool kp_waits(struct kc_call *call)
{
	return !kc_start(call) && kc_asleep(call->tid) && !kc_done(call);
}
