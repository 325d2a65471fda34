// SPDX-License-Identifier: GPL-2.0
#define KCHAN_TEST_LIB
#include "kchan_netlink.h"

#include <sys/socket.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* What the controller says of the family: its numbers, or -errno. */
struct family {
	int id;
	int group;
};

static int raw_socket(void)
{
	return kc_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			    NETLINK_GENERIC));
}

static const void *data_of(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

static unsigned int len_of(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

/* The attribute at @p, which moves on; NULL: there is none, or no whole one. */
static const struct nlattr *next_attr(const char **p, const char *end)
{
	const struct nlattr *attr = (const void *)*p;

	if (end - *p < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN ||
	    attr->nla_len > end - *p)
		return NULL;
	*p += NLA_ALIGN(attr->nla_len);
	if (*p > end)
		*p = end;
	return attr;
}

static const struct nlattr *find_attr(const void *p, size_t len, int type)
{
	const char *at = p, *end = at + len;
	const struct nlattr *attr;

	while ((attr = next_attr(&at, end)))
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
	return NULL;
}

static int to_int(const struct nlattr *attr)
{
	uint32_t value = 0;

	memcpy(&value, data_of(attr), len_of(attr) < 4 ? len_of(attr) : 4);
	return value;
}

/* The number of the only multicast group. */
static int group_of(const struct nlattr *groups)
{
	const struct nlattr *group, *name, *id;

	group = groups ? find_attr(data_of(groups), len_of(groups), 1) : NULL;
	if (!group)
		return -ENOENT;
	name = find_attr(data_of(group), len_of(group), CTRL_ATTR_MCAST_GRP_NAME);
	id = find_attr(data_of(group), len_of(group), CTRL_ATTR_MCAST_GRP_ID);
	if (!name || !id || strcmp(data_of(name), KCHAN_GENL_EVENTS))
		return -ENOENT;
	return to_int(id);
}

static int receive(int sock, void *buf, size_t size, int flags)
{
	ssize_t len;

	do {
		len = recv(sock, buf, size, flags | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return (size_t)len > size ? -EBADMSG : len;
}

/* The error in a message that is one; 0: it is not, or says that all is well. */
static int error_in(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);

	return nlh->nlmsg_type == NLMSG_ERROR ? err->error : 0;
}

static int find_family(int sock, struct family *family)
{
	struct kn_request req;
	struct nlmsghdr *nlh = (void *)req.attrs;
	const struct nlattr *id, *groups;
	int ret;

	kn_begin(&req, CTRL_CMD_GETFAMILY, 0);
	req.nlh.nlmsg_type = GENL_ID_CTRL;
	kn_put(&req, CTRL_ATTR_FAMILY_NAME, KCHAN_GENL_NAME,
	       sizeof(KCHAN_GENL_NAME));
	if (send(sock, &req, req.nlh.nlmsg_len, 0) < 0)
		return -errno;
	ret = receive(sock, nlh, sizeof(req.attrs), 0);
	if (ret < 0 || error_in(nlh))
		return ret < 0 ? ret : error_in(nlh);
	ret = NLMSG_PAYLOAD(nlh, GENL_HDRLEN);
	id = find_attr((char *)NLMSG_DATA(nlh) + GENL_HDRLEN, ret,
		       CTRL_ATTR_FAMILY_ID);
	groups = find_attr((char *)NLMSG_DATA(nlh) + GENL_HDRLEN, ret,
			   CTRL_ATTR_MCAST_GROUPS);
	if (!id)
		return -ENOENT;
	family->id = to_int(id);
	family->group = group_of(groups);
	return family->group < 0 ? family->group : 0;
}

static struct family family;

/* Asked for on a socket of its own: a fresh one is a case of its own. */
static int know_family(void)
{
	int sock = raw_socket(), ret;

	if (sock < 0)
		return sock;
	ret = find_family(sock, &family);
	close(sock);
	return ret;
}

/* Opened by whoever calls. */
int kn_socket(void)
{
	int ret = know_family();

	return ret ? ret : raw_socket();
}

/* Opened with this effective user and group. */
int kn_socket_as(uid_t uid)
{
	int sock;

	if (setegid(uid) || seteuid(uid))
		return -errno;
	sock = kn_socket();
	return seteuid(0) || setegid(0) ? -errno : sock;
}

/* A socket without an address is told nothing. */
static int join(int sock)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	if (bind(sock, (struct sockaddr *)&any, sizeof(any)))
		return -errno;
	return kc_fd(setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				&family.group, sizeof(family.group)));
}

int kn_listen(void)
{
	int sock = kn_socket(), err;

	if (sock < 0)
		return sock;
	err = join(sock);
	if (err)
		close(sock);
	return err ? err : sock;
}

int kn_leave(int sock)
{
	return kc_fd(setsockopt(sock, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP,
				&family.group, sizeof(family.group)));
}

void kn_begin(struct kn_request *req, unsigned int cmd, unsigned int flags)
{
	memset(req, 0, sizeof(req->nlh) + sizeof(req->genl));
	req->nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	req->nlh.nlmsg_type = family.id;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->genl.cmd = cmd;
	req->genl.version = KCHAN_GENL_VERSION;
}

void kn_put(struct kn_request *req, unsigned int attr, const void *data,
	    size_t len)
{
	char *p = (char *)req + req->nlh.nlmsg_len;
	struct nlattr *nla = (void *)p;

	nla->nla_type = attr;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy(p + NLA_HDRLEN, data, len);
	memset(p + nla->nla_len, 0, NLA_ALIGN(nla->nla_len) - nla->nla_len);
	req->nlh.nlmsg_len += NLA_ALIGN(nla->nla_len);
}

void kn_put_u64(struct kn_request *req, unsigned int attr, uint64_t value)
{
	kn_put(req, attr, &value, sizeof(value));
}

void kn_put_name(struct kn_request *req, const char *name)
{
	kn_put(req, KCHAN_A_NAME, name, strlen(name) + 1);
}

int kn_send(int sock, struct kn_request *req)
{
	static unsigned int seq;
	int ret = 0;

	/* Not known to who was passed its first socket. */
	if (!req->nlh.nlmsg_type)
		ret = know_family();
	if (ret)
		return ret;
	if (!req->nlh.nlmsg_type)
		req->nlh.nlmsg_type = family.id;
	req->nlh.nlmsg_seq = ++seq;
	return send(sock, req, req->nlh.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Each attribute at most once, none unknown, and of PAD only the alignment. */
static int take_apart(const struct nlmsghdr *nlh, struct kn_answer *answer)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const char *p = (const char *)genl + GENL_HDRLEN;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != family.id || p > end)
		return -EBADMSG;
	memset(answer, 0, sizeof(*answer));
	answer->cmd = genl->cmd;
	answer->flags = nlh->nlmsg_flags;
	while (p < end) {
		attr = next_attr(&p, end);
		if (!attr || attr->nla_type > KCHAN_A_MAX)
			return -EBADMSG;
		if (attr->nla_type == KCHAN_A_PAD && !len_of(attr))
			continue;
		if (attr->nla_type <= KCHAN_A_PAD ||
		    answer->attr[attr->nla_type])
			return -EBADMSG;
		answer->attr[attr->nla_type] = attr;
	}
	return 0;
}

/* The answer is valid until this thread asks again. */
int kn_ask(int sock, struct kn_request *req, struct kn_answer *answer)
{
	static __thread char buf[KN_ROOM] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (void *)buf;
	int ret = kn_send(sock, req);

	memset(buf, KC_POISON, sizeof(buf));
	if (!ret)
		ret = receive(sock, buf, sizeof(buf), 0);
	if (ret < 0)
		return ret;
	if (!NLMSG_OK(nlh, (unsigned int)ret) ||
	    nlh->nlmsg_seq != req->nlh.nlmsg_seq)
		return -EBADMSG;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return error_in(nlh) ?: -EBADMSG;
	return take_apart(nlh, answer);
}

int kn_dump_start(struct kn_dump *dump, int sock, struct kn_request *req)
{
	memset(dump, 0, sizeof(*dump));
	dump->sock = sock;
	dump->room = sizeof(dump->buf);
	return kn_send(sock, req);
}

static int dump_read(struct kn_dump *dump)
{
	int ret;

	memset(dump->buf, KC_POISON, sizeof(dump->buf));
	ret = receive(dump->sock, dump->buf, dump->room, 0);
	if (ret < 0)
		return ret;
	dump->reads++;
	dump->at = 0;
	dump->len = ret;
	return 0;
}

/* 1: an answer, valid until the next read; 0: it was the last. */
int kn_dump_next(struct kn_dump *dump, struct kn_answer *answer)
{
	struct nlmsghdr *nlh;
	int ret = 0;

	if (dump->at >= dump->len)
		ret = dump_read(dump);
	if (ret)
		return ret;
	nlh = (void *)(dump->buf + dump->at);
	if (!NLMSG_OK(nlh, dump->len - dump->at))
		return -EBADMSG;
	dump->at += NLMSG_ALIGN(nlh->nlmsg_len);
	dump->interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		dump->ended = true;
		return *(int *)NLMSG_DATA(nlh);
	}
	if (!(nlh->nlmsg_flags & NLM_F_MULTI))
		return -EBADMSG;
	ret = take_apart(nlh, answer);
	return ret ? ret : 1;
}

static bool has(const struct kn_answer *answer, unsigned int attr, size_t len)
{
	return answer->attr[attr] && len_of(answer->attr[attr]) == len;
}

/* All bits set where it is not there. */
uint32_t kn_u32(const struct kn_answer *answer, unsigned int attr)
{
	uint32_t value = UINT32_MAX;

	if (has(answer, attr, sizeof(value)))
		memcpy(&value, data_of(answer->attr[attr]), sizeof(value));
	return value;
}

uint64_t kn_u64(const struct kn_answer *answer, unsigned int attr)
{
	uint64_t value = UINT64_MAX;

	if (has(answer, attr, sizeof(value)))
		memcpy(&value, data_of(answer->attr[attr]), sizeof(value));
	return value;
}

/* What an answer may and must hold; a text's length is the most it may have. */
struct rule {
	unsigned int attr;
	unsigned int len;
	bool optional;
	bool text;
};

static bool keeps(const struct kn_answer *answer, const struct rule *rule)
{
	const struct nlattr *attr = answer->attr[rule->attr];
	const char *text;

	if (!attr)
		return rule->optional;
	if (!rule->text)
		return len_of(attr) == rule->len;
	text = data_of(attr);
	return len_of(attr) && len_of(attr) <= rule->len &&
	       strnlen(text, len_of(attr)) == len_of(attr) - 1;
}

static bool keeps_all(const struct kn_answer *answer, unsigned int cmd,
		      const struct rule *rules, unsigned int n)
{
	unsigned int attr, i;

	if (answer->cmd != cmd)
		return false;
	for (attr = 1; attr <= KCHAN_A_MAX; attr++) {
		for (i = 0; i < n && rules[i].attr != attr; i++)
			;
		if (i < n ? !keeps(answer, &rules[i]) : !!answer->attr[attr])
			return false;
	}
	return true;
}

#define KEEPS(answer, cmd, rules) \
	keeps_all(answer, cmd, rules, sizeof(rules) / sizeof((rules)[0]))

static bool get_text(const struct kn_answer *answer, unsigned int attr, char *to)
{
	if (!answer->attr[attr])
		return false;
	strcpy(to, data_of(answer->attr[attr]));
	return true;
}

int kn_to_channel(const struct kn_answer *answer, struct kn_channel *channel)
{
	static const struct rule rules[] = {
		{ .attr = KCHAN_A_ID, .len = 8 },
		{ .attr = KCHAN_A_MODE, .len = 4 },
		{ .attr = KCHAN_A_UID, .len = 4 },
		{ .attr = KCHAN_A_GID, .len = 4 },
		{ .attr = KCHAN_A_NAME, .len = KCHAN_NAME_MAX + 1,
		  .optional = true, .text = true },
		{ .attr = KCHAN_A_STATE, .len = sizeof(struct kchan_state),
		  .optional = true },
	};
	const struct nlattr *state = answer->attr[KCHAN_A_STATE];

	memset(channel, KC_POISON, sizeof(*channel));
	if (!KEEPS(answer, KCHAN_CMD_CHANNEL, rules))
		return -EBADMSG;
	channel->id = kn_u64(answer, KCHAN_A_ID);
	channel->mode = kn_u32(answer, KCHAN_A_MODE);
	channel->uid = kn_u32(answer, KCHAN_A_UID);
	channel->gid = kn_u32(answer, KCHAN_A_GID);
	channel->named = get_text(answer, KCHAN_A_NAME, channel->name);
	channel->shown = state;
	if (state)
		memcpy(&channel->state, data_of(state), sizeof(channel->state));
	return state && (channel->state.size != sizeof(channel->state) ||
			 channel->state.id != channel->id) ? -EBADMSG : 0;
}

/* A number that is not given where it is 0, and a time that is given with it. */
static bool counts(const struct kn_answer *answer, unsigned int attr,
		   uint32_t *count, unsigned int time, uint64_t *since)
{
	bool given = answer->attr[attr];

	*count = given ? kn_u32(answer, attr) : 0;
	if (time)
		*since = given ? kn_u64(answer, time) : 0;
	return given == !!*count && (!time || given == !!answer->attr[time]);
}

int kn_to_endpoint(const struct kn_answer *answer, struct kn_endpoint *endpoint)
{
	static const struct rule rules[] = {
		{ .attr = KCHAN_A_ID, .len = 8 },
		{ .attr = KCHAN_A_PID, .len = 4 },
		{ .attr = KCHAN_A_COMM, .len = sizeof(endpoint->comm),
		  .optional = true, .text = true },
		{ .attr = KCHAN_A_UID, .len = 4 },
		{ .attr = KCHAN_A_GID, .len = 4 },
		{ .attr = KCHAN_A_ROLE, .len = 4 },
		{ .attr = KCHAN_A_WAITING, .len = 4, .optional = true },
		{ .attr = KCHAN_A_SINCE, .len = 8, .optional = true },
		{ .attr = KCHAN_A_HELD, .len = 4, .optional = true },
		{ .attr = KCHAN_A_LOANED, .len = 4, .optional = true },
		{ .attr = KCHAN_A_LOANED_SINCE, .len = 8, .optional = true },
		{ .attr = KCHAN_A_TAKEN, .len = 4, .optional = true },
		{ .attr = KCHAN_A_TAKEN_SINCE, .len = 8, .optional = true },
	};

	memset(endpoint, KC_POISON, sizeof(*endpoint));
	if (!KEEPS(answer, KCHAN_CMD_ENDPOINT, rules) ||
	    !counts(answer, KCHAN_A_WAITING, &endpoint->waiting,
		    KCHAN_A_SINCE, &endpoint->since) ||
	    !counts(answer, KCHAN_A_HELD, &endpoint->held, 0, NULL) ||
	    !counts(answer, KCHAN_A_LOANED, &endpoint->loaned,
		    KCHAN_A_LOANED_SINCE, &endpoint->loaned_since) ||
	    !counts(answer, KCHAN_A_TAKEN, &endpoint->taken,
		    KCHAN_A_TAKEN_SINCE, &endpoint->taken_since))
		return -EBADMSG;
	endpoint->id = kn_u64(answer, KCHAN_A_ID);
	endpoint->pid = kn_u32(answer, KCHAN_A_PID);
	endpoint->uid = kn_u32(answer, KCHAN_A_UID);
	endpoint->gid = kn_u32(answer, KCHAN_A_GID);
	endpoint->role = kn_u32(answer, KCHAN_A_ROLE);
	endpoint->alive = get_text(answer, KCHAN_A_COMM, endpoint->comm);
	return 0;
}

static int ask_channel(int sock, struct kn_request *req,
		       struct kn_channel *channel)
{
	struct kn_answer answer;
	int ret = kn_ask(sock, req, &answer);

	return ret ? ret : kn_to_channel(&answer, channel);
}

int kn_by_id(int sock, uint64_t id, struct kn_channel *channel)
{
	struct kn_request req;

	kn_begin(&req, KCHAN_CMD_CHANNEL, 0);
	kn_put_u64(&req, KCHAN_A_ID, id);
	return ask_channel(sock, &req, channel);
}

int kn_by_name(int sock, const char *name, struct kn_channel *channel)
{
	struct kn_request req;

	kn_begin(&req, KCHAN_CMD_CHANNEL, 0);
	kn_put_name(&req, name);
	return ask_channel(sock, &req, channel);
}

/* Room for one item more in an array that doubles. */
static void *grown(void *array, unsigned int count, size_t size)
{
	if (count & (count - 1) || (!count && array))
		return array;
	array = realloc(array, (count ? 2 * count : 1) * size);
	if (!array)
		abort();
	return array;
}

int kn_channels(int sock, struct kn_channels *all)
{
	struct kn_request req;
	struct kn_answer answer;
	struct kn_dump dump;
	int ret;

	memset(all, 0, sizeof(*all));
	kn_begin(&req, KCHAN_CMD_CHANNEL, NLM_F_DUMP);
	ret = kn_dump_start(&dump, sock, &req);
	while (!ret && (ret = kn_dump_next(&dump, &answer)) > 0) {
		all->channel = grown(all->channel, all->count,
				     sizeof(*all->channel));
		ret = kn_to_channel(&answer, &all->channel[all->count++]);
	}
	all->reads = dump.reads;
	all->interrupted = dump.interrupted;
	return ret;
}

/* Those of one channel, or with 0 all. */
int kn_endpoints(int sock, uint64_t id, struct kn_endpoints *all)
{
	struct kn_request req;
	struct kn_answer answer;
	struct kn_dump dump;
	int ret;

	memset(all, 0, sizeof(*all));
	kn_begin(&req, KCHAN_CMD_ENDPOINT, NLM_F_DUMP);
	if (id)
		kn_put_u64(&req, KCHAN_A_ID, id);
	ret = kn_dump_start(&dump, sock, &req);
	while (!ret && (ret = kn_dump_next(&dump, &answer)) > 0) {
		all->endpoint = grown(all->endpoint, all->count,
				      sizeof(*all->endpoint));
		ret = kn_to_endpoint(&answer, &all->endpoint[all->count++]);
	}
	all->reads = dump.reads;
	all->interrupted = dump.interrupted;
	return ret;
}

static bool is_limit(unsigned int attr)
{
	return (attr >= KCHAN_A_MAX_CHANNELS && attr <= KCHAN_A_USER_BYTES) ||
		attr == KCHAN_A_MAX_POOL_BYTES_USER ||
		attr == KCHAN_A_USER_POOL_BYTES;
}

int kn_limits(int sock, struct kn_limits *limits)
{
	struct kn_request req;
	struct kn_answer answer;
	unsigned int attr;
	int ret;

	memset(limits, KC_POISON, sizeof(*limits));
	kn_begin(&req, KCHAN_CMD_LIMITS, 0);
	ret = kn_ask(sock, &req, &answer);
	if (ret)
		return ret;
	for (attr = 0; attr <= KCHAN_A_MAX; attr++) {
		if (has(&answer, attr, 8) != is_limit(attr))
			return -EBADMSG;
		limits->value[attr] = kn_u64(&answer, attr);
	}
	return answer.cmd == KCHAN_CMD_LIMITS ? 0 : -EBADMSG;
}

/* NULL unless it is there exactly once. */
const struct kn_channel *kn_find(const struct kn_channels *all, uint64_t id)
{
	const struct kn_channel *found = NULL;
	unsigned int i;

	for (i = 0; i < all->count; i++) {
		if (all->channel[i].id != id)
			continue;
		if (found)
			return NULL;
		found = &all->channel[i];
	}
	return found;
}

int kn_event(int sock, struct kn_event *event)
{
	static const struct rule rules[] = {
		{ .attr = KCHAN_A_EVENT, .len = 4 },
		{ .attr = KCHAN_A_ID, .len = 8 },
		{ .attr = KCHAN_A_NAME, .len = KCHAN_NAME_MAX + 1,
		  .optional = true, .text = true },
		{ .attr = KCHAN_A_COUNT, .len = 8, .optional = true },
	};
	static __thread char buf[KN_ROOM] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (void *)buf;
	struct kn_answer answer;
	int ret;

	memset(event, KC_POISON, sizeof(*event));
	memset(buf, KC_POISON, sizeof(buf));
	ret = receive(sock, buf, sizeof(buf), MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (!NLMSG_OK(nlh, (unsigned int)ret) || take_apart(nlh, &answer) ||
	    !KEEPS(&answer, KCHAN_CMD_EVENT, rules))
		return -EBADMSG;
	event->event = kn_u32(&answer, KCHAN_A_EVENT);
	event->id = kn_u64(&answer, KCHAN_A_ID);
	event->named = get_text(&answer, KCHAN_A_NAME, event->name);
	event->count = answer.attr[KCHAN_A_COUNT] ?
		       kn_u64(&answer, KCHAN_A_COUNT) : 0;
	return 0;
}

/* The next event; one that comes a little later is waited for. */
int kn_next_event(int sock, struct kn_event *event)
{
	int ret;

	if (!KC_EVENTUALLY((ret = kn_event(sock, event)) != -EAGAIN))
		return -ETIMEDOUT;
	return ret;
}

bool kn_is_event(const struct kn_event *event, enum kchan_event what,
		 uint64_t id, const char *name)
{
	if (event->event != what || event->id != id ||
	    event->named != !!name || (name && strcmp(name, event->name)))
		return false;
	/* A count of those and of no others. */
	return !event->count == (what < KCHAN_EVENT_FULL);
}

/* The next event is this; else @instead says what it is. */
char kn_instead[160];

bool kn_told(int sock, struct kn_event *event, enum kchan_event what,
	     uint64_t id, const char *name)
{
	int ret = kn_next_event(sock, event);

	if (!ret && kn_is_event(event, what, id, name))
		return true;
	snprintf(kn_instead, sizeof(kn_instead),
		 "%d: event %u of %llu, name %.80s, count %llu", ret,
		 event->event, (unsigned long long)event->id,
		 !ret && event->named ? event->name : "-",
		 (unsigned long long)event->count);
	return false;
}
