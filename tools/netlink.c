// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/kchan_netlink.h>

#include "netlink.h"
#include "tool.h"

#define TRIES 5
#define EVENT_BUFFER (4 << 20)

struct netlink {
	struct nl_sock *sock;
	int family;
	bool quiet;
};

/**
 * struct exchange - a request that is being answered
 * @each: what takes the attributes of an answer
 * @arg: for it
 * @err: what the kernel said; 1: nothing yet
 * @interrupted: a dump met changes
 */
struct exchange {
	int (*each)(struct nlattr **attrs, void *arg);
	void *arg;
	int err;
	bool interrupted;
};

static const struct nla_policy policy[KCHAN_A_MAX + 1] = {
	[KCHAN_A_ID] = { .type = NLA_U64 },
	[KCHAN_A_NAME] = { .type = NLA_NUL_STRING },
	[KCHAN_A_MODE] = { .type = NLA_U32 },
	[KCHAN_A_UID] = { .type = NLA_U32 },
	[KCHAN_A_GID] = { .type = NLA_U32 },
	[KCHAN_A_PID] = { .type = NLA_U32 },
	[KCHAN_A_COMM] = { .type = NLA_NUL_STRING },
	[KCHAN_A_ROLE] = { .type = NLA_U32 },
	[KCHAN_A_WAITING] = { .type = NLA_U32 },
	[KCHAN_A_SINCE] = { .type = NLA_U64 },
	[KCHAN_A_EVENT] = { .type = NLA_U32 },
	[KCHAN_A_COUNT] = { .type = NLA_U64 },
	[KCHAN_A_MAX_CHANNELS] = { .type = NLA_U64 },
	[KCHAN_A_MAX_CHANNELS_USER] = { .type = NLA_U64 },
	[KCHAN_A_MAX_BYTES_USER] = { .type = NLA_U64 },
	[KCHAN_A_MAX_DEPTH] = { .type = NLA_U64 },
	[KCHAN_A_MAX_MSGSIZE] = { .type = NLA_U64 },
	[KCHAN_A_MAX_BYTES] = { .type = NLA_U64 },
	[KCHAN_A_CHANNELS] = { .type = NLA_U64 },
	[KCHAN_A_USER_CHANNELS] = { .type = NLA_U64 },
	[KCHAN_A_USER_BYTES] = { .type = NLA_U64 },
	[KCHAN_A_HELD] = { .type = NLA_U32 },
	[KCHAN_A_LOANED] = { .type = NLA_U32 },
	[KCHAN_A_LOANED_SINCE] = { .type = NLA_U64 },
	[KCHAN_A_TAKEN] = { .type = NLA_U32 },
	[KCHAN_A_TAKEN_SINCE] = { .type = NLA_U64 },
	[KCHAN_A_MAX_POOL_BYTES_USER] = { .type = NLA_U64 },
	[KCHAN_A_USER_POOL_BYTES] = { .type = NLA_U64 },
};

static uint32_t u32(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? nla_get_u32(attrs[attr]) : 0;
}

static uint64_t u64(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? nla_get_u64(attrs[attr]) : 0;
}

static char *string(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? xstrdup(nla_get_string(attrs[attr])) : NULL;
}

/* Of libnl's own errors, those that a user can do something about. */
static int from_libnl(int err)
{
	switch (-err) {
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_PERM:
		return -EPERM;
	default:
		return -EPROTO;
	}
}

static int on_answer(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[KCHAN_A_MAX + 1];
	struct exchange *x = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, KCHAN_A_MAX, policy) < 0)
		x->err = -EPROTO;
	else if (x->each(attrs, x->arg))
		return NL_STOP;
	return NL_OK;
}

/* A dump that fails halfway says so in its last message. */
static int on_end_of_dump(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	struct exchange *x = arg;

	if (nlmsg_datalen(header) >= (int)sizeof(int))
		x->err = *(const int *)nlmsg_data(header);
	if (x->err == 1)
		x->err = 0;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	if (x->err == 1)
		x->err = 0;
	return NL_STOP;
}

static int on_interruption(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	x->interrupted = true;
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct exchange *x = arg;

	(void)from;
	x->err = error->error;
	return NL_STOP;
}

static struct nl_cb *callbacks(struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end_of_dump, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, x);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interruption, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	return cb;
}

static int receive(struct netlink *nl, struct exchange *x)
{
	struct nl_cb *cb = callbacks(x);
	int err;

	if (!cb)
		return -ENOMEM;
	x->err = 1;
	while (x->err == 1) {
		err = nl_recvmsgs(nl->sock, cb);
		if (err < 0 && x->err == 1)
			x->err = from_libnl(err);
	}
	nl_cb_put(cb);
	return x->err;
}

/* The kernel would refuse a name with more, and libnl an attribute that is too long. */
static int put_name(struct nl_msg *msg, const char *name)
{
	if (strlen(name) > KCHAN_NAME_MAX)
		return -ENAMETOOLONG;
	return nla_put_string(msg, KCHAN_A_NAME, name) ? -ENOMEM : 0;
}

static int request(struct netlink *nl, int command, int flags, const char *name,
		   uint64_t id, struct exchange *x)
{
	struct nl_msg *msg = nlmsg_alloc_size(2 * KCHAN_NAME_MAX);
	int err = 0;

	if (!msg)
		return -ENOMEM;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags,
			 command, KCHAN_GENL_VERSION))
		err = -ENOMEM;
	if (!err && name)
		err = put_name(msg, name);
	if (!err && id && nla_put_u64(msg, KCHAN_A_ID, id))
		err = -ENOMEM;
	if (!err && nl_send_auto(nl->sock, msg) < 0)
		err = -EPROTO;
	nlmsg_free(msg);
	return err ? err : receive(nl, x);
}

int netlink_open(struct netlink **nlp)
{
	struct netlink *nl = xrealloc(NULL, sizeof(*nl));
	int err;

	*nl = (struct netlink){};
	nl->sock = nl_socket_alloc();
	err = nl->sock ? genl_connect(nl->sock) : -NLE_NOMEM;
	if (!err) {
		nl->family = genl_ctrl_resolve(nl->sock, KCHAN_GENL_NAME);
		if (nl->family > 0) {
			*nlp = nl;
			return 0;
		}
	}
	netlink_close(nl);
	if (err)
		return from_libnl(err);
	return access("/dev/kchan", F_OK) == 0 ? -EPROTONOSUPPORT : -ENODEV;
}

void netlink_be_quiet(struct netlink *nl)
{
	nl->quiet = true;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sock);
	free(nl);
}

static int take_channel(struct nlattr **attrs, void *arg)
{
	struct channel *channel = arg;
	int len;

	*channel = (struct channel){
		.id = u64(attrs, KCHAN_A_ID),
		.name = string(attrs, KCHAN_A_NAME),
		.mode = u32(attrs, KCHAN_A_MODE),
		.uid = u32(attrs, KCHAN_A_UID),
		.gid = u32(attrs, KCHAN_A_GID),
		.shown = attrs[KCHAN_A_STATE],
	};
	if (channel->shown) {
		len = nla_len(attrs[KCHAN_A_STATE]);
		if (len > (int)sizeof(channel->state))
			len = sizeof(channel->state);
		memcpy(&channel->state, nla_data(attrs[KCHAN_A_STATE]), len);
	}
	return 0;
}

/* Room for one more; arrays grow by doubling. */
static void *one_more(void *list, size_t count, size_t size)
{
	if (count & (count - 1))
		return list;
	return xrealloc(list, (count ? 2 * count : 1) * size);
}

static int add_channel(struct nlattr **attrs, void *arg)
{
	struct channels *channels = arg;

	channels->list = one_more(channels->list, channels->count,
				  sizeof(*channels->list));
	return take_channel(attrs, &channels->list[channels->count++]);
}

static int add_endpoint(struct nlattr **attrs, void *arg)
{
	struct endpoints *endpoints = arg;

	endpoints->list = one_more(endpoints->list, endpoints->count,
				   sizeof(*endpoints->list));
	endpoints->list[endpoints->count] = (struct endpoint){
		.id = u64(attrs, KCHAN_A_ID),
		.order = endpoints->count,
		.comm = string(attrs, KCHAN_A_COMM),
		.pid = u32(attrs, KCHAN_A_PID),
		.uid = u32(attrs, KCHAN_A_UID),
		.gid = u32(attrs, KCHAN_A_GID),
		.role = u32(attrs, KCHAN_A_ROLE),
		.held = u32(attrs, KCHAN_A_HELD),
		.loaned = u32(attrs, KCHAN_A_LOANED),
		.loaned_since = u64(attrs, KCHAN_A_LOANED_SINCE),
		.taken = u32(attrs, KCHAN_A_TAKEN),
		.taken_since = u64(attrs, KCHAN_A_TAKEN_SINCE),
		.waiting = u32(attrs, KCHAN_A_WAITING),
		.since = u64(attrs, KCHAN_A_SINCE),
	};
	endpoints->count++;
	return 0;
}

static void drop_channels(void *channels)
{
	channels_free(channels);
}

static void drop_endpoints(void *endpoints)
{
	endpoints_free(endpoints);
}

/* A list that changes all the time is shown in the end as it came. */
static int dump(struct netlink *nl, int command, uint64_t id,
		struct exchange *x, void (*drop)(void *arg))
{
	int tries, err = 0;

	for (tries = 0; tries < TRIES; tries++) {
		drop(x->arg);
		x->interrupted = false;
		err = request(nl, command, NLM_F_DUMP, NULL, id, x);
		if (err || !x->interrupted)
			break;
	}
	if (err)
		drop(x->arg);
	else if (x->interrupted && !nl->quiet)
		report(NULL, "there were changes meanwhile: what came or went "
			     "may be listed or not");
	return err;
}

int netlink_channels(struct netlink *nl, struct channels *channels)
{
	struct exchange x = { .each = add_channel, .arg = channels };
	int err;

	*channels = (struct channels){};
	err = dump(nl, KCHAN_CMD_CHANNEL, 0, &x, drop_channels);
	if (!err)
		channels_name_dead_letters(channels);
	return err;
}

int netlink_endpoints(struct netlink *nl, uint64_t id,
		      struct endpoints *endpoints)
{
	struct exchange x = { .each = add_endpoint, .arg = endpoints };

	*endpoints = (struct endpoints){};
	return dump(nl, KCHAN_CMD_ENDPOINT, id, &x, drop_endpoints);
}

static int get_channel(struct netlink *nl, const char *name, uint64_t id,
		       struct channel *channel)
{
	struct exchange x = { .each = take_channel, .arg = channel };

	*channel = (struct channel){};
	return request(nl, KCHAN_CMD_CHANNEL, 0, name, name ? 0 : id, &x);
}

int netlink_channel(struct netlink *nl, const char *name, uint64_t id,
		    struct channel *channel)
{
	struct channel dead;
	int err;

	err = get_channel(nl, name, id, channel);
	if (err || !channel->state.dead_letter)
		return err;
	/* It may be gone, or not visible. */
	if (get_channel(nl, NULL, channel->state.dead_letter, &dead) == 0)
		channel->dead_letter = dead.name;
	return 0;
}

static int take_limits(struct nlattr **attrs, void *arg)
{
	struct limits *limits = arg;

	*limits = (struct limits){
		.max_channels = u64(attrs, KCHAN_A_MAX_CHANNELS),
		.max_channels_user = u64(attrs, KCHAN_A_MAX_CHANNELS_USER),
		.max_bytes_user = u64(attrs, KCHAN_A_MAX_BYTES_USER),
		.max_depth = u64(attrs, KCHAN_A_MAX_DEPTH),
		.max_msgsize = u64(attrs, KCHAN_A_MAX_MSGSIZE),
		.max_bytes = u64(attrs, KCHAN_A_MAX_BYTES),
		.max_pool_bytes_user = u64(attrs, KCHAN_A_MAX_POOL_BYTES_USER),
		.channels = u64(attrs, KCHAN_A_CHANNELS),
		.user_channels = u64(attrs, KCHAN_A_USER_CHANNELS),
		.user_bytes = u64(attrs, KCHAN_A_USER_BYTES),
		.user_pool_bytes = u64(attrs, KCHAN_A_USER_POOL_BYTES),
	};
	return 0;
}

int netlink_limits(struct netlink *nl, struct limits *limits)
{
	struct exchange x = { .each = take_limits, .arg = limits };

	return request(nl, KCHAN_CMD_LIMITS, 0, NULL, 0, &x);
}

int netlink_subscribe(struct netlink *nl)
{
	int group, err, size = EVENT_BUFFER;

	group = genl_ctrl_resolve_grp(nl->sock, KCHAN_GENL_NAME,
				      KCHAN_GENL_EVENTS);
	if (group < 0)
		return -EPROTONOSUPPORT;
	/* What the system allows, for who is not root. */
	if (setsockopt(nl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		nl_socket_set_buffer_size(nl->sock, size, 0);
	err = nl_socket_add_membership(nl->sock, group);
	return err ? from_libnl(err) : 0;
}

/**
 * struct listener - who is told of events
 * @each: the function
 * @arg: for it
 * @end: what it returned
 */
struct listener {
	int (*each)(const struct event *event, void *arg);
	void *arg;
	int end;
};

static int take_event(struct nlattr **attrs, void *arg)
{
	struct listener *listener = arg;
	struct event event = {
		.event = u32(attrs, KCHAN_A_EVENT),
		.id = u64(attrs, KCHAN_A_ID),
		.counted = attrs[KCHAN_A_COUNT],
		.count = u64(attrs, KCHAN_A_COUNT),
	};

	if (attrs[KCHAN_A_NAME])
		event.name = nla_get_string(attrs[KCHAN_A_NAME]);
	listener->end = listener->each(&event, listener->arg);
	return listener->end;
}

/* Events answer nothing. */
static int any_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int netlink_events(struct netlink *nl,
		   int (*each)(const struct event *event, void *arg), void *arg)
{
	struct listener listener = { .each = each, .arg = arg };
	struct exchange x = { .each = take_event, .arg = &listener };
	struct nl_cb *cb = callbacks(&x);
	int err = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	while (!err && !listener.end)
		err = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	return err < 0 && !listener.end ? from_libnl(err) : 0;
}
