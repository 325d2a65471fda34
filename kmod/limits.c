// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: limits, and who pays
 *
 * Each network namespace has its own sysctls, which its root may write even if
 * that is nobody outside; so what counts is the lower of the namespace's value and
 * the initial namespace's. What a user takes is counted in one table by kuid over
 * all namespaces: making more namespaces gains nothing.
 *
 * A user is in the table while something refers to it. The last reference is
 * dropped under the table lock, so that a lookup never finds a dying entry.
 */
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "limits.h"

const struct kchan_limits *kchan_init_limits;

static DEFINE_HASHTABLE(users, 8);
static DEFINE_SPINLOCK(users_lock);

static struct kchan_user *user_lookup_locked(kuid_t uid)
{
	struct kchan_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, node, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid))
			return kchan_user_get(user);
	}
	return NULL;
}

/**
 * kchan_user_find - find or make the entry of a user
 * @uid: the user
 *
 * May sleep. Return: a reference, or NULL for want of memory.
 */
struct kchan_user *kchan_user_find(kuid_t uid)
{
	struct kchan_user *user, *fresh;

	spin_lock(&users_lock);
	user = user_lookup_locked(uid);
	spin_unlock(&users_lock);
	if (user)
		return user;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	fresh->uid = uid;
	refcount_set(&fresh->ref, 1);

	spin_lock(&users_lock);
	user = user_lookup_locked(uid);
	if (!user)
		hash_add(users, &fresh->node, __kuid_val(uid));
	spin_unlock(&users_lock);
	if (!user)
		return fresh;
	kfree(fresh);
	return user;
}

void kchan_user_put(struct kchan_user *user)
{
	bool last;

	if (!user || refcount_dec_not_one(&user->ref))
		return;
	spin_lock(&users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		hash_del(&user->node);
	spin_unlock(&users_lock);
	if (!last)
		return;
	WARN_ON_ONCE(atomic_long_read(&user->channels));
	WARN_ON_ONCE(atomic_long_read(&user->bytes));
	WARN_ON_ONCE(atomic_long_read(&user->kept));
	WARN_ON_ONCE(atomic_long_read(&user->spares));
	WARN_ON_ONCE(atomic_long_read(&user->pool_bytes));
	kfree(user);
}

/* The module goes: all that referred to a user is gone. */
void kchan_limits_exit(void)
{
	WARN_ON_ONCE(!hash_empty(users));
}

static unsigned long limit_min = 1;
static unsigned long limit_channels = 1UL << 24;
static unsigned long limit_depth = 1UL << 24;
static unsigned long limit_msgsize = 1UL << 30;
static unsigned long limit_bytes = 1UL << 40;

static const struct kchan_limits limits_default = {
	.max_channels		= 8192,
	.max_channels_user	= 256,
	.max_bytes_user		= 64UL << 20,
	.max_depth		= 65536,
	.max_msgsize		= 16UL << 20,
	.max_bytes		= 64UL << 20,
	.max_pool_bytes_user	= 1UL << 30,
};

#define LIMIT_ENTRY(field, max) {					\
	.procname	= #field,					\
	.data		= (void *)offsetof(struct kchan_limits, field),	\
	.maxlen		= sizeof(unsigned long),			\
	.mode		= 0644,						\
	.proc_handler	= proc_doulongvec_minmax,			\
	.extra1		= &limit_min,					\
	.extra2		= &(max),					\
}

/* .data is an offset here, an address in each namespace's copy. */
static const struct ctl_table limits_table[] = {
	LIMIT_ENTRY(max_channels, limit_channels),
	LIMIT_ENTRY(max_channels_user, limit_channels),
	LIMIT_ENTRY(max_bytes_user, limit_bytes),
	LIMIT_ENTRY(max_depth, limit_depth),
	LIMIT_ENTRY(max_msgsize, limit_msgsize),
	LIMIT_ENTRY(max_bytes, limit_bytes),
	LIMIT_ENTRY(max_pool_bytes_user, limit_bytes),
};

#define LIMIT_COUNT	ARRAY_SIZE(limits_table)

/**
 * kchan_limits_register - set the defaults and show them as net.kchan.*
 * @limits: the namespace's limits
 * @net: the namespace; the initial one comes first
 */
int kchan_limits_register(struct kchan_limits *limits, struct net *net)
{
	struct ctl_table *table;
	size_t i;

	*limits = limits_default;
	if (net_eq(net, &init_net))
		kchan_init_limits = limits;

	table = kcalloc(LIMIT_COUNT + KCHAN_SYSCTL_SENTINEL, sizeof(*table),
			GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	memcpy(table, limits_table, sizeof(limits_table));
	for (i = 0; i < LIMIT_COUNT; i++)
		table[i].data = (char *)limits + (unsigned long)table[i].data;

	limits->header = register_net_sysctl_sz(net, "net/kchan", table,
						LIMIT_COUNT);
	if (!limits->header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

void kchan_limits_unregister(struct kchan_limits *limits)
{
	const struct ctl_table *table = limits->header->ctl_table_arg;

	unregister_net_sysctl_table(limits->header);
	limits->header = NULL;
	kfree(table);
}
