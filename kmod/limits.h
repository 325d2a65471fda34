/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KCHAN_LIMITS_H
#define _KCHAN_LIMITS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct ctl_table_header;
struct net;

/**
 * struct kchan_limits - the sysctls net.kchan.* of one network namespace
 * @max_channels: channels and directories in the namespace
 * @max_channels_user: channels and directories of one user, in all namespaces
 * @max_bytes_user: memory of the messages one user has queued, in all namespaces
 * @max_depth: ceiling of a channel's depth
 * @max_msgsize: ceiling of a channel's msgsize
 * @max_bytes: ceiling of a channel's bytes
 * @max_pool_bytes_user: size of the pools of one user, in all namespaces
 * @header: the registered table [const while the namespace lives]
 *
 * sysctl writes them with WRITE_ONCE() and no lock, and kchan_limit() reads them,
 * which sees to it that no namespace exceeds the initial one.
 */
struct kchan_limits {
	unsigned long max_channels;
	unsigned long max_channels_user;
	unsigned long max_bytes_user;
	unsigned long max_depth;
	unsigned long max_msgsize;
	unsigned long max_bytes;
	unsigned long max_pool_bytes_user;
	struct ctl_table_header *header;
};

extern const struct kchan_limits *kchan_init_limits;

#define kchan_limit(limits, field) \
	min(READ_ONCE((limits)->field), READ_ONCE(kchan_init_limits->field))

/**
 * struct kchan_user - what one user takes, over all namespaces
 * @node: in the table [table lock]
 * @uid: who [const]
 * @ref: endpoints, channels, directories and messages that name it [atomic; the
 *	last one goes under the table lock]
 * @channels: channels and directories [atomic]
 * @bytes: memory of queued messages [atomic]
 * @kept: memory of large ones that channels have at hand for the next [atomic]
 * @spares: memory of those that channels keep beside that [atomic]
 * @pool_bytes: size of pools [atomic]
 */
struct kchan_user {
	struct hlist_node node;
	kuid_t uid;
	refcount_t ref;
	atomic_long_t channels;
	atomic_long_t bytes;
	atomic_long_t kept;
	atomic_long_t spares;
	atomic_long_t pool_bytes;
};

struct kchan_user *kchan_user_find(kuid_t uid);
void kchan_user_put(struct kchan_user *user);

static inline struct kchan_user *kchan_user_get(struct kchan_user *user)
{
	refcount_inc(&user->ref);
	return user;
}

/**
 * kchan_charge - take from a limited total
 * @total: the total
 * @amount: how much
 * @limit: what the total may not exceed
 *
 * Return: false, with nothing taken, if it would.
 */
static inline bool kchan_charge(atomic_long_t *total, unsigned long amount,
				unsigned long limit)
{
	long old = atomic_long_read(total);

	do {
		if (unlikely(old > limit || amount > limit - old))
			return false;
	} while (!atomic_long_try_cmpxchg(total, &old, old + amount));
	return true;
}

static inline void kchan_uncharge(atomic_long_t *total, unsigned long amount)
{
	atomic_long_sub(amount, total);
}

void kchan_limits_exit(void);
int kchan_limits_register(struct kchan_limits *limits, struct net *net);
void kchan_limits_unregister(struct kchan_limits *limits);

#endif /* _KCHAN_LIMITS_H */
