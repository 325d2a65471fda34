/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of kchan share. A function that stands for a call of the
 * kernel returns what the call returned, or -errno. Where something has to
 * happen in another task, or later, the tests look until it has: they never
 * sleep and hope.
 */
#ifndef KCHAN_TEST_H
#define KCHAN_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/kchan.h>

#ifndef KCHAN_TEST_LIB
#include <kselftest_harness.h>
/* An emulated machine is slow: seconds for one test. */
#ifndef KC_TIMEOUT
#define KC_TIMEOUT 600
#endif
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT KC_TIMEOUT
#endif

/* How long to look for what must happen: this often, every 2 milliseconds. */
#ifndef KC_TRIES
#define KC_TRIES 60000
#endif
#define KC_EVENTUALLY(cond) ({						\
	int kc_tries = KC_TRIES;					\
	while (!(cond) && --kc_tries)					\
		usleep(2000);						\
	kc_tries > 0;							\
})

#define KC_NS 1000000000ULL	/* nanoseconds of a second */

/* What outputs hold before a call, to see whether it touched them. */
#define KC_POISON 0xa5

/**
 * struct kc_env - a test's own network and mount namespace
 * @ctl: the control device, opened in the network namespace
 * @net: the network namespace that the test was started in
 * @dir: where the instance is mounted
 */
struct kc_env {
	int ctl;
	int net;
	char dir[32];
};

int kc_enter(struct kc_env *env);
void kc_leave(struct kc_env *env);
const char *kc_path(const struct kc_env *env, const char *name);

/* The ioctls. */
int kc_ctl(void);
int kc_ioctl(int fd, unsigned int cmd, void *arg);
struct kchan_create kc_create_arg(const char *name);
int kc_create_with(int ctl, struct kchan_create *arg);
int kc_create(int ctl, const char *name, int open_flags);
int kc_create_auto(int ctl, const char *name);
int kc_create_as(int ctl, const char *name, uid_t uid);
int kc_queue(int ctl, unsigned int depth, unsigned int msgsize,
	     unsigned int bytes);
int kc_pair(int ctl, int *rx, int *tx);
int kc_open(int ctl, const char *name, int open_flags);
int kc_remove(int ctl, const char *name, uint64_t id, unsigned int flags);
bool kc_refused(int ctl, const char *name, int err);
struct kchan_send kc_send_arg(const void *data, unsigned int len);
int kc_send(int fd, unsigned int prio, uint64_t tag, const void *data,
	    unsigned int len);
struct kchan_recv kc_recv_arg(void *data, unsigned int capacity);
struct kchan_recv kc_filter_arg(void *data, unsigned int capacity,
				unsigned int filter, uint64_t value);
int kc_recv(int fd, struct kchan_recv *arg);
uint64_t kc_receive_tag(int fd);
uint64_t kc_take_tag(int fd);
uint64_t kc_hold(int fd);
int kc_settle(int fd, unsigned int cmd, uint64_t seq, unsigned int flags);
int kc_settle_many(int fd, unsigned int cmd, const uint64_t *seqs,
		   unsigned int count, unsigned int flags);
int kc_ack(int fd, uint64_t seq);
int kc_nack(int fd, uint64_t seq);
int kc_reject(int fd, uint64_t seq);
int kc_settings(int fd, struct kchan_settings *arg, unsigned int flags);
int kc_held_max(int fd, unsigned int held_max);
int kc_urgent(int fd, unsigned int urgent);
int kc_held(int fd);
struct kchan_batch kc_batch_arg(void *items, unsigned int count,
				unsigned int stride);
struct kchan_state kc_state(int fd);
bool kc_unchanged(const struct kchan_state *before, int fd);
uint64_t kc_total(const __u64 counts[KCHAN_DEAD_REASONS]);
bool kc_sums(int fd);
int kc_revoke(int fd);

/* Other calls. */
int kc_fd(int ret);
ssize_t kc_ret(ssize_t ret);
int kc_reopen(int fd, int flags);
uint64_t kc_id_of(const char *path);
int kc_count_names(const char *dir);
int kc_nest(const char *dir, char *name);
int kc_poll(int fd, int events);
uint64_t kc_now(void);
int kc_write_file(const char *path, const char *text);
long long kc_read_number(const char *path);
int kc_read_text(const char *path, char *buf, size_t size);
int kc_sysctl_set(int net, const char *name, long long value);
long long kc_sysctl_get(int net, const char *name);
uint64_t kc_number(const char *name, uint64_t otherwise);
uint64_t kc_scaled(uint64_t n);
void *kc_shared(size_t size);
void *kc_guarded(size_t size);
bool kc_has_poison(const void *arg, size_t size);

bool kc_run_before_children(void);

/* Until so many calls wait; for a call that no state shows, until it sleeps. */
bool kc_receivers_wait(int fd, unsigned int n);
bool kc_senders_wait(int fd, unsigned int n);
bool kc_asleep(pid_t tid);

/* Until so many messages were sent. */
bool kc_arrived(int fd, unsigned int n);

/* SIGUSR1 ends calls, or restarts them, and does nothing else. */
void kc_catch(int flags);

/* A function in a process of its own; returns 0 or -errno, nothing else. */
typedef int (*kc_fn)(void *arg);

#define KC_KILLED (-1000)	/* a signal ended it */

pid_t kc_fork(kc_fn fn, void *arg);
int kc_reap(pid_t pid);
int kc_child(kc_fn fn, void *arg);
int kc_write_inherited(void *arg);
int kc_as(uid_t uid, kc_fn fn, void *arg);
int kc_as_with(uid_t uid, int cap, kc_fn fn, void *arg);
int kc_become(uid_t uid);
int kc_only_cap(int cap);
int kc_new_userns(uid_t inside, uid_t outside);

#endif /* KCHAN_TEST_H */
