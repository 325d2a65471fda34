/* SPDX-License-Identifier: GPL-2.0 */
/* Pools and slots, as the tests use them. Functions return as those of kchan_test.h. */
#ifndef KCHAN_POOL_H
#define KCHAN_POOL_H

#include "kchan_call.h"

/* Channels with a pool: unnamed, O_RDWR and O_NONBLOCK. */
struct kchan_create kp_create_arg(unsigned int slots, unsigned int slot_size);
int kp_queue(int ctl, unsigned int slots, unsigned int slot_size);
int kp_fd(int fd);
void *kp_map(int fd);

/* The ioctls. Where a slot is asked for, its number is returned. */
struct kchan_pool_fd kp_fd_arg(void);
struct kchan_loan kp_loan_arg(unsigned int flags);
int kp_loan(int fd);
int kp_loan_many(int fd, uint32_t *slots, unsigned int count);
struct kchan_publish kp_publish_arg(uint32_t slot, unsigned int len);
int kp_publish(int fd, uint32_t slot, unsigned int len);
int kp_send(int fd, unsigned int prio, uint64_t tag);
struct kchan_take kp_take_arg(unsigned int flags);
int kp_take(int fd, struct kchan_take *arg);
int kp_take_one(int fd, unsigned int flags);
struct kchan_release kp_release_arg(uint32_t slot);
int kp_release(int fd, uint32_t slot);
int kp_release_many(int fd, const uint32_t *slots, unsigned int count);

/* So many slots are loaned, taken and queued, and all others free. */
bool kp_slots(int fd, unsigned int loaned, unsigned int taken,
	      unsigned int queued);

#define EXPECT_SLOTS(fd, loaned, taken, queued)				\
	EXPECT_TRUE(kp_slots(fd, loaned, taken, queued))		\
		TH_LOG("%s", kp_slots_text(fd))

const char *kp_slots_text(int fd);

/* Calls of KC_SLOT. */
struct kc_call kp_loaner(int fd);
struct kc_call kp_publisher(int fd, uint32_t slot);
struct kc_call kp_taker(int fd);

/* Starts a call, and returns once it sleeps. */
bool kp_waits(struct kc_call *call);

#endif /* KCHAN_POOL_H */
