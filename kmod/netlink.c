// SPDX-License-Identifier: GPL-2.0
/**
 * DOC: the generic netlink family
 *
 * Shows channels, endpoints and limits; changes nothing. <linux/kchan_netlink.h> is
 * the specification.
 *
 * The rest of a dump runs in whoever reads the socket. So whose eyes are used is
 * settled when it begins, &struct viewing, and holds until its end: rights are
 * those of who opened the socket, and each channel is looked at with them.
 *
 * Dumps go by numbers, of channels and of endpoints in a channel, which only grow;
 * so nothing is shown twice, and nothing missed that is there all the time.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kchan_netlink.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "abi.h"
#include "inode.h"
#include "netlink.h"
#include "place.h"

/* Room for a channel with the longest name. */
#define REPLY_SIZE	8192

/* Endpoints that are looked at in one go. */
#define MEMBERS		8

/**
 * struct viewing - one request, or the whole of a dump
 * @ns: the instance; the socket holds the namespace
 * @cred: of who opened the socket, referenced
 * @sb: the superblock, active, see viewing_begin()
 * @saved: credentials to go back to, likewise
 * @viewer: how ids and times look; its pid namespace is referenced
 * @name: buffer for names, of KCHAN_NAME_BUF
 * @id: the channel that is next
 * @last: the last that is asked for
 * @serial: the last endpoint that was shown of @id
 */
struct viewing {
	struct kchan_ns *ns;
	const struct cred *cred;
	struct super_block *sb;
	const struct cred *saved;
	struct kchan_viewer viewer;
	char *name;
	u64 id;
	u64 last;
	u64 serial;
};

static int viewing_init(struct viewing *view, const struct sk_buff *skb)
{
	struct sock *sk = NETLINK_CB(skb).sk;

	memset(view, 0, sizeof(*view));
	view->name = kmalloc(KCHAN_NAME_BUF, GFP_KERNEL_ACCOUNT);
	if (!view->name)
		return -ENOMEM;
	view->last = U64_MAX;
	view->ns = kchan_ns_of(sock_net(sk));
	view->cred = get_cred(sk->sk_socket->file->f_cred);
	view->viewer = kchan_viewer_current();
	view->viewer.user_ns = view->cred->user_ns;
	get_pid_ns(view->viewer.pid_ns);
	return 0;
}

static void viewing_exit(struct viewing *view)
{
	put_pid_ns(view->viewer.pid_ns);
	put_cred(view->cred);
	kfree(view->name);
}

/*
 * Between these the VFS checks the viewer's rights, and the superblock is held, so
 * that inodes may be.
 * Return: false if there is none, and so no channel.
 */
static bool viewing_begin(struct viewing *view)
{
	view->sb = kchan_ns_get_sb(view->ns);
	if (!view->sb)
		return false;
	view->saved = override_creds(view->cred);
	return true;
}

static void viewing_end(struct viewing *view)
{
	revert_creds(view->saved);
	deactivate_super(view->sb);
}

/**
 * kchan_name_of - the name of a channel
 * @dentry: its dentry
 * @buf: KCHAN_NAME_BUF bytes
 *
 * Return: the name, somewhere in @buf, or NULL if it is too long.
 */
const char *kchan_name_of(struct dentry *dentry, char *buf)
{
	const char *name = dentry_path_raw(dentry, buf, KCHAN_NAME_BUF);

	return IS_ERR(name) ? NULL : name + 1;
}

/* May the viewer search all directories that lead to a name? */
static bool may_search(struct dentry *dentry)
{
	struct dentry *dir = dget_parent(dentry), *up;
	int err;

	for (;;) {
		err = inode_permission(&nop_mnt_idmap, d_inode(dir), MAY_EXEC);
		if (err || IS_ROOT(dir))
			break;
		up = dget_parent(dir);
		dput(dir);
		dir = up;
	}
	dput(dir);
	return !err;
}

/**
 * struct sight - what a viewer sees of a channel
 * @name: its name, or NULL: it has none, or the viewer may not search for it
 * @state: its state and its endpoints, too
 */
struct sight {
	const char *name;
	bool state;
};

static bool may_use(struct inode *inode)
{
	return !inode_permission(&nop_mnt_idmap, inode, MAY_READ) ||
	       !inode_permission(&nop_mnt_idmap, inode, MAY_WRITE);
}

/*
 * May the viewer search for a name? Then @name takes it, or NULL if it is too long to
 * be told. It does not move meanwhile.
 */
static bool searchable_name(struct viewing *view, struct dentry *dentry,
			    const char **name)
{
	bool may;

	mutex_lock(&view->ns->rename);
	may = may_search(dentry);
	*name = may ? kchan_name_of(dentry, view->name) : NULL;
	mutex_unlock(&view->ns->rename);
	return may;
}

/* Look at a channel; false if it is not visible. */
static bool look_at(struct viewing *view, struct kchan_inode *ki,
		    struct sight *sight)
{
	struct dentry *dentry = d_find_alias(&ki->vfs);
	struct inode *inode = &ki->vfs;
	bool searchable = false;

	sight->name = NULL;
	if (dentry)
		searchable = searchable_name(view, dentry, &sight->name);
	dput(dentry);
	sight->state = uid_eq(inode->i_uid, current_fsuid());
	if (sight->state)
		return true;
	/* A name that is removed may have been in a private directory. */
	if (!dentry && !ki->attr.unnamed)
		searchable = capable_wrt_inode_uidgid(&nop_mnt_idmap, inode,
						      CAP_DAC_READ_SEARCH);
	if (searchable || ki->attr.unnamed)
		sight->state = may_use(inode);
	return searchable || sight->state;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, KCHAN_A_PAD);
}

static int put_state(struct sk_buff *skb, struct viewing *view,
		     struct kchan_inode *ki)
{
	struct kchan_state state = { .size = sizeof(state) };

	/* A revoked channel has none. */
	if (kchan_inode_state(ki, &view->viewer, &state))
		return 0;
	return nla_put(skb, KCHAN_A_STATE, sizeof(state), &state);
}

static int put_channel(struct sk_buff *skb, struct viewing *view,
		       struct kchan_inode *ki, const struct sight *sight)
{
	const struct kchan_viewer *viewer = &view->viewer;
	struct inode *inode = &ki->vfs;

	if (put_u64(skb, KCHAN_A_ID, inode->i_ino) ||
	    nla_put_u32(skb, KCHAN_A_MODE, inode->i_mode) ||
	    nla_put_u32(skb, KCHAN_A_UID,
			kchan_view_uid(viewer, inode->i_uid)) ||
	    nla_put_u32(skb, KCHAN_A_GID,
			kchan_view_gid(viewer, inode->i_gid)) ||
	    (sight->name && nla_put_string(skb, KCHAN_A_NAME, sight->name)) ||
	    (sight->state && put_state(skb, view, ki)))
		return -EMSGSIZE;
	return 0;
}

/*
 * Show a channel to the viewer whose credentials are in force.
 * Return: 0; -EACCES: not visible; -EMSGSIZE: no room.
 */
static int show_channel(struct sk_buff *skb, void *head, struct viewing *view,
			struct kchan_inode *ki)
{
	struct sight sight;
	int err;

	if (!look_at(view, ki, &sight))
		return -EACCES;
	err = put_channel(skb, view, ki, &sight);
	if (!err)
		genlmsg_end(skb, head);
	return err;
}

static int dump_channel(struct sk_buff *skb, struct netlink_callback *cb,
			struct viewing *view, struct kchan_inode *ki)
{
	void *head;
	int err;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &kchan_genl_family, NLM_F_MULTI, KCHAN_CMD_CHANNEL);
	if (!head)
		return -EMSGSIZE;
	err = show_channel(skb, head, view, ki);
	if (!err)
		genl_dump_check_consistent(cb, head);
	else
		genlmsg_cancel(skb, head);
	return err == -EMSGSIZE ? err : 0;
}

/* The command name of a process, if it is alive. */
static bool comm_of(struct pid *pid, char comm[TASK_COMM_LEN])
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		__get_task_comm(comm, TASK_COMM_LEN, task);
	rcu_read_unlock();
	return task;
}

static u32 role_of(fmode_t mode)
{
	return (mode & FMODE_READ ? KCHAN_ROLE_RECEIVER : 0) |
	       (mode & FMODE_WRITE ? KCHAN_ROLE_SENDER : 0);
}

/* The slots that an endpoint has. */
static int put_slots(struct sk_buff *skb, const struct kchan_viewer *viewer,
		     const struct kchan_member *ep)
{
	if (ep->loaned && (nla_put_u32(skb, KCHAN_A_LOANED, ep->loaned) ||
			   put_u64(skb, KCHAN_A_LOANED_SINCE,
				   kchan_view_time(viewer, ep->loaned_since))))
		return -EMSGSIZE;
	if (ep->taken && (nla_put_u32(skb, KCHAN_A_TAKEN, ep->taken) ||
			  put_u64(skb, KCHAN_A_TAKEN_SINCE,
				  kchan_view_time(viewer, ep->taken_since))))
		return -EMSGSIZE;
	return 0;
}

static int put_endpoint(struct sk_buff *skb, const struct kchan_viewer *viewer,
			u64 id, const struct kchan_member *ep)
{
	char comm[TASK_COMM_LEN];
	u64 since = kchan_view_time(viewer, ep->waiting_since);

	if (put_u64(skb, KCHAN_A_ID, id) ||
	    nla_put_u32(skb, KCHAN_A_PID, kchan_view_pid(viewer, ep->pid)) ||
	    (comm_of(ep->pid, comm) &&
	     nla_put_string(skb, KCHAN_A_COMM, comm)) ||
	    nla_put_u32(skb, KCHAN_A_UID, kchan_view_uid(viewer, ep->uid)) ||
	    nla_put_u32(skb, KCHAN_A_GID, kchan_view_gid(viewer, ep->gid)) ||
	    nla_put_u32(skb, KCHAN_A_ROLE, role_of(ep->mode)))
		return -EMSGSIZE;
	if (ep->held && nla_put_u32(skb, KCHAN_A_HELD, ep->held))
		return -EMSGSIZE;
	if (ep->waiting &&
	    (nla_put_u32(skb, KCHAN_A_WAITING, ep->waiting) ||
	     put_u64(skb, KCHAN_A_SINCE, since)))
		return -EMSGSIZE;
	return put_slots(skb, viewer, ep);
}

static int show_endpoint(struct sk_buff *skb, struct netlink_callback *cb,
			 struct viewing *view, u64 id,
			 const struct kchan_member *ep)
{
	void *head;
	int err;

	head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &kchan_genl_family, NLM_F_MULTI, KCHAN_CMD_ENDPOINT);
	if (!head)
		return -EMSGSIZE;
	err = put_endpoint(skb, &view->viewer, id, ep);
	if (err) {
		genlmsg_cancel(skb, head);
		return err;
	}
	genl_dump_check_consistent(cb, head);
	genlmsg_end(skb, head);
	return 0;
}

/* The endpoints of a channel that have not been shown yet. */
static int dump_members(struct sk_buff *skb, struct netlink_callback *cb,
			struct viewing *view, struct kchan_channel *ch)
{
	struct kchan_member eps[MEMBERS];
	unsigned int i, n;
	int err = 0;

	do {
		n = kchan_channel_members(ch, view->serial, eps, MEMBERS);
		for (i = 0; i < n; i++) {
			if (!err)
				err = show_endpoint(skb, cb, view, ch->id,
						    &eps[i]);
			if (!err)
				view->serial = eps[i].serial;
			put_pid(eps[i].pid);
		}
		cond_resched();
	} while (n && !err);
	return err;
}

static int dump_endpoints(struct sk_buff *skb, struct netlink_callback *cb,
			  struct viewing *view, struct kchan_inode *ki)
{
	struct kchan_channel *ch;
	struct sight sight;
	int err;

	if (!look_at(view, ki, &sight) || !sight.state)
		return 0;
	ch = kchan_inode_visit(ki);
	if (!ch)
		return 0;
	err = dump_members(skb, cb, view, ch);
	kchan_inode_leave(ki);
	return err;
}

typedef int dump_fn(struct sk_buff *skb, struct netlink_callback *cb,
		    struct viewing *view, struct kchan_inode *ki);

/* As many channels as there is room for. */
static int dump_channels(struct sk_buff *skb, struct netlink_callback *cb,
			 struct viewing *view, dump_fn *dump)
{
	struct kchan_inode *ki;
	int err = 0;

	while (!err && view->id <= view->last) {
		u64 id = view->id;

		ki = kchan_inode_next(view->ns, &id);
		if (!ki)
			break;
		if (id != view->id)
			view->serial = 0;
		view->id = id;
		if (id <= view->last)
			err = dump(skb, cb, view, ki);
		kchan_inode_put(ki);
		if (!err) {
			view->id = id + 1;
			view->serial = 0;
		}
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

static int dump_next(struct sk_buff *skb, struct netlink_callback *cb,
		     int changes, dump_fn *dump)
{
	struct viewing *view = (struct viewing *)cb->args[0];
	int err = 0;

	/* 0 would say that nobody counts. */
	cb->seq = changes ?: 1;
	if (viewing_begin(view)) {
		err = dump_channels(skb, cb, view, dump);
		viewing_end(view);
	}
	/* What does not fit into an empty buffer never will. */
	return err && !skb->len ? err : skb->len;
}

static int channels_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct viewing *view = (struct viewing *)cb->args[0];

	return dump_next(skb, cb, atomic_read(&view->ns->changes),
			 dump_channel);
}

static int endpoints_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct viewing *view = (struct viewing *)cb->args[0];

	return dump_next(skb, cb, atomic_read(&view->ns->moves),
			 dump_endpoints);
}

static struct viewing *dump_start(struct netlink_callback *cb)
{
	struct viewing *view = kmalloc(sizeof(*view), GFP_KERNEL_ACCOUNT);
	int err;

	if (!view)
		return ERR_PTR(-ENOMEM);
	err = viewing_init(view, cb->skb);
	if (err) {
		kfree(view);
		return ERR_PTR(err);
	}
	cb->args[0] = (long)view;
	cb->min_dump_alloc = REPLY_SIZE;
	return view;
}

static int dump_done(struct netlink_callback *cb)
{
	struct viewing *view = (struct viewing *)cb->args[0];

	viewing_exit(view);
	kfree(view);
	return 0;
}

static int channels_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = kchan_dump_attrs(cb);

	if (attrs[KCHAN_A_ID] || attrs[KCHAN_A_NAME])
		return -EINVAL;
	return PTR_ERR_OR_ZERO(dump_start(cb));
}

static int endpoints_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = kchan_dump_attrs(cb);
	struct viewing *view = dump_start(cb);

	if (IS_ERR(view))
		return PTR_ERR(view);
	if (!attrs[KCHAN_A_ID])
		return 0;
	view->id = nla_get_u64(attrs[KCHAN_A_ID]);
	view->last = view->id;
	if (kchan_inode_exists(view->ns, view->id))
		return 0;
	dump_done(cb);
	return -ENOENT;
}

/* One step from @dir, whose reference is taken over. */
static struct dentry *walk(struct dentry *dir, const char *name, size_t len)
{
	struct qstr this = QSTR_INIT(name, len);
	struct dentry *dentry;
	int err;

	if (!d_is_dir(dir))
		err = -ENOTDIR;
	else
		err = inode_permission(&nop_mnt_idmap, d_inode(dir), MAY_EXEC);
	dentry = err ? ERR_PTR(err) : d_hash_and_lookup(dir, &this);
	dput(dir);
	if (!dentry)
		return ERR_PTR(-ENOENT);
	if (!IS_ERR(dentry) && !simple_positive(dentry)) {
		dput(dentry);
		return ERR_PTR(-ENOENT);
	}
	return dentry;
}

/*
 * The channel of a name, for kchan_inode_put(), with the viewer's rights. All
 * names are in the dcache, so that no lock of a directory is needed: who holds one
 * up must not hold up generic netlink.
 */
static struct kchan_inode *find_name(struct viewing *view, const char *name)
{
	struct dentry *dentry = dget(view->sb->s_root);
	struct kchan_inode *ki;
	struct inode *inode;
	const char *end;

	for (;; name = end + 1) {
		end = strchrnul(name, '/');
		dentry = walk(dentry, name, end - name);
		if (IS_ERR(dentry))
			return ERR_CAST(dentry);
		if (!*end)
			break;
	}
	if (d_is_dir(dentry)) {
		dput(dentry);
		return ERR_PTR(-EISDIR);
	}
	inode = d_inode(dentry);
	ihold(inode);
	dput(dentry);
	ki = kchan_i(inode);
	if (!kchan_inode_loses_name(inode))
		return ki;
	kchan_inode_put(ki);
	return ERR_PTR(-ENOENT);
}

static struct kchan_inode *find_channel(struct viewing *view,
					struct nlattr **attrs)
{
	if (attrs[KCHAN_A_NAME])
		return find_name(view, nla_data(attrs[KCHAN_A_NAME]));
	return kchan_inode_find(view->ns, nla_get_u64(attrs[KCHAN_A_ID])) ?:
	       ERR_PTR(-ENOENT);
}

static int channel_reply(struct viewing *view, struct sk_buff *skb,
			 struct genl_info *info)
{
	struct kchan_inode *ki;
	void *head;
	int err;

	ki = find_channel(view, info->attrs);
	if (IS_ERR(ki))
		return PTR_ERR(ki);
	head = genlmsg_put_reply(skb, info, &kchan_genl_family, 0,
				 KCHAN_CMD_CHANNEL);
	err = head ? show_channel(skb, head, view, ki) : -EMSGSIZE;
	kchan_inode_put(ki);
	return err;
}

/* Either a number or a sound name. */
static int channel_check(struct nlattr **attrs)
{
	struct nlattr *name = attrs[KCHAN_A_NAME];

	if (!name == !attrs[KCHAN_A_ID])
		return -EINVAL;
	return name ? kchan_name_check(nla_data(name), NULL) : 0;
}

static int channel_doit(struct sk_buff *request, struct genl_info *info)
{
	struct viewing view;
	struct sk_buff *skb;
	int err;

	err = channel_check(info->attrs);
	if (err)
		return err;
	skb = genlmsg_new(REPLY_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	err = viewing_init(&view, request);
	if (!err) {
		err = -ENOENT;
		if (viewing_begin(&view)) {
			err = channel_reply(&view, skb, info);
			viewing_end(&view);
		}
		viewing_exit(&view);
	}
	if (!err)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return err;
}

static int put_limits(struct sk_buff *skb, struct kchan_ns *ns,
		      struct kchan_user *user)
{
	struct kchan_limits *limits = &ns->limits;

	if (put_u64(skb, KCHAN_A_MAX_CHANNELS,
		    kchan_limit(limits, max_channels)) ||
	    put_u64(skb, KCHAN_A_MAX_CHANNELS_USER,
		    kchan_limit(limits, max_channels_user)) ||
	    put_u64(skb, KCHAN_A_MAX_BYTES_USER,
		    kchan_limit(limits, max_bytes_user)) ||
	    put_u64(skb, KCHAN_A_MAX_DEPTH, kchan_limit(limits, max_depth)) ||
	    put_u64(skb, KCHAN_A_MAX_MSGSIZE,
		    kchan_limit(limits, max_msgsize)) ||
	    put_u64(skb, KCHAN_A_MAX_BYTES, kchan_limit(limits, max_bytes)) ||
	    put_u64(skb, KCHAN_A_CHANNELS, atomic_long_read(&ns->entries)) ||
	    put_u64(skb, KCHAN_A_USER_CHANNELS,
		    atomic_long_read(&user->channels)) ||
	    put_u64(skb, KCHAN_A_USER_BYTES, atomic_long_read(&user->bytes)) ||
	    put_u64(skb, KCHAN_A_MAX_POOL_BYTES_USER,
		    kchan_limit(limits, max_pool_bytes_user)) ||
	    put_u64(skb, KCHAN_A_USER_POOL_BYTES,
		    atomic_long_read(&user->pool_bytes)))
		return -EMSGSIZE;
	return 0;
}

static int limits_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sock *sk = NETLINK_CB(request).sk;
	struct kchan_user *user;
	struct sk_buff *skb;
	int err = -EMSGSIZE;
	void *head;

	user = kchan_user_find(sk->sk_socket->file->f_cred->euid);
	if (!user)
		return -ENOMEM;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb) {
		kchan_user_put(user);
		return -ENOMEM;
	}
	head = genlmsg_put_reply(skb, info, &kchan_genl_family, 0,
				 KCHAN_CMD_LIMITS);
	if (head)
		err = put_limits(skb, kchan_ns_of(sock_net(sk)), user);
	kchan_user_put(user);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static const struct nla_policy channel_policy[] = {
	[KCHAN_A_ID]	= { .type = NLA_U64 },
	[KCHAN_A_NAME]	= { .type = NLA_NUL_STRING, .len = KCHAN_NAME_MAX },
};

static const struct nla_policy endpoint_policy[] = {
	[KCHAN_A_ID]	= { .type = NLA_U64 },
};

static const struct genl_ops ops[] = {
	{
		.cmd		= KCHAN_CMD_CHANNEL,
		.policy		= channel_policy,
		.maxattr	= ARRAY_SIZE(channel_policy) - 1,
		.doit		= channel_doit,
		.start		= channels_start,
		.dumpit		= channels_dumpit,
		.done		= dump_done,
	}, {
		.cmd		= KCHAN_CMD_ENDPOINT,
		.policy		= endpoint_policy,
		.maxattr	= ARRAY_SIZE(endpoint_policy) - 1,
		.start		= endpoints_start,
		.dumpit		= endpoints_dumpit,
		.done		= dump_done,
	}, {
		.cmd		= KCHAN_CMD_LIMITS,
		.doit		= limits_doit,
	},
};

static const struct genl_multicast_group groups[] = {
	[KCHAN_GROUP_EVENTS] = { .name = KCHAN_GENL_EVENTS },
};

/* In parallel: nothing here needs the mutex of all generic netlink. */
struct genl_family kchan_genl_family = {
	.name		= KCHAN_GENL_NAME,
	.version	= KCHAN_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

int __init kchan_netlink_init(void)
{
	return genl_register_family(&kchan_genl_family);
}

void kchan_netlink_exit(void)
{
	genl_unregister_family(&kchan_genl_family);
}
