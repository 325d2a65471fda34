// SPDX-License-Identifier: GPL-2.0
/*
 * Who looks, over netlink: requests and dumps that must be right whatever goes on
 * beside them, and listeners, of whom most are too slow.
 */
#include "torture.h"

#include <sys/socket.h>

/*
 * While the module comes and goes its family does, too, and has another number each
 * time: what may happen then alone.
 */
static int reloading(int err)
{
	return world->reload ? err : EINTR;
}

#define GONE		reloading(ENOENT)
#define GOING		reloading(EPROTONOSUPPORT)
#define FOREIGN	reloading(EOPNOTSUPP)
#define STRANGE		reloading(EBADMSG)

/* One that was seen in a dump, at some time. */
static uint64_t seen;

uint64_t t_seen(void)
{
	return seen;
}

/* The number of the tracked channel, plus 1; 0: it is none. */
int t_tracked(uint64_t id)
{
	int i;

	for (i = 0; !world->reload && i < T_CHANNELS; i++)
		if (world->channel[i].fd > 0 && world->channel[i].id == id)
			return i + 1;
	return 0;
}

/**
 * struct looker - a socket
 * @sock: the descriptor, or -1
 * @root: of root, who sees all
 * @room: for dumps: what was once read sets the size of all pieces that follow
 */
struct looker {
	int sock;
	bool root;
	unsigned int room;
};

static void look_begin(struct looker *looker)
{
	t_doing("open a socket");
	t_as_someone();
	looker->root = !geteuid();
	looker->sock = kn_socket();
	t_as_root();
	t_doing(NULL);
	looker->room = t_one_in(2) ? KN_LEAST : KN_ROOM;
	T_EXPECT(looker->sock, "netlink socket", ENOMEM, ENOBUFS, GONE);
}

static void look_end(struct looker *looker)
{
	if (looker->sock >= 0)
		close(looker->sock);
	looker->sock = -1;
}

/* All that is there from the beginning to the end of a dump. */
struct stock {
	unsigned int tracked[T_CHANNELS];
	unsigned int wild[T_WILD];
	uint64_t last;
};

static void check_channel(const struct kn_channel *ch, bool root)
{
	int i = t_tracked(ch->id);
	const struct t_channel *is = &world->channel[i - 1];

	if (i && root && (!ch->shown || ch->named != !!is->name[0] ||
			  (ch->named && strcmp(ch->name, is->name)) ||
			  ch->state.depth != is->depth ||
			  ch->state.msgsize != is->msgsize))
		t_fail("netlink shows channel %d wrongly", i - 1);
	if (ch->shown && ch->state.sent != ch->state.received +
	    ch->state.queued + ch->state.held + kc_total(ch->state.dropped) +
	    kc_total(ch->state.dead_lettered))
		t_fail("netlink: channel %llu: sent %llu, received %llu, queued %u, held %u, dead %llu; %u senders, %u receivers",
		       (unsigned long long)ch->id,
		       (unsigned long long)ch->state.sent,
		       (unsigned long long)ch->state.received,
		       ch->state.queued, ch->state.held,
		       (unsigned long long)
				(kc_total(ch->state.dropped) +
				 kc_total(ch->state.dead_lettered)),
		       ch->state.senders, ch->state.receivers);
}

static void take_stock(struct stock *stock, uint64_t id, bool counts)
{
	int i = t_tracked(id);

	if (i)
		stock->tracked[i - 1] += counts;
	for (i = 0; i < T_WILD; i++)
		stock->wild[i] += self.wild[i].fd >= 0 && self.wild[i].id == id;
	if (t_one_in(8))
		seen = id;
}

static bool take_channel(struct stock *stock, const struct kn_answer *answer,
			 bool root)
{
	struct kn_channel ch;

	if (kn_to_channel(answer, &ch)) {
		t_fail("netlink: a channel is malformed");
		return false;
	}
	if (ch.id <= stock->last)
		t_fail("netlink: channel %llu after %llu",
		       (unsigned long long)ch.id,
		       (unsigned long long)stock->last);
	stock->last = ch.id;
	check_channel(&ch, root);
	take_stock(stock, ch.id, true);
	return true;
}

/* Of the endpoints of a tracked channel those count that the conductor has. */
static bool take_endpoint(struct stock *stock, const struct kn_answer *answer)
{
	struct kn_endpoint ep;

	if (kn_to_endpoint(answer, &ep)) {
		t_fail("netlink: an endpoint is malformed");
		return false;
	}
	if (ep.id < stock->last)
		t_fail("netlink: an endpoint of channel %llu after %llu",
		       (unsigned long long)ep.id,
		       (unsigned long long)stock->last);
	stock->last = ep.id;
	take_stock(stock, ep.id, (pid_t)ep.pid == world->slot[0].pid);
	return true;
}

static void check_stock(const struct stock *stock, unsigned int cmd)
{
	unsigned int each = cmd == KCHAN_CMD_CHANNEL ? 1 : 2;
	int i;

	for (i = 0; !world->reload && i < T_CHANNELS; i++)
		if (stock->tracked[i] != each)
			t_fail("netlink: channel %d comes %u times in a dump of %s",
			       i, stock->tracked[i],
			       each == 1 ? "channels" : "endpoints");
	for (i = 0; i < T_WILD; i++)
		if (self.wild[i].fd >= 0 &&
		    (!stock->wild[i] || (each == 1 && stock->wild[i] > 1)))
			t_fail("netlink: channel %llu comes %u times in a dump of %s",
			       (unsigned long long)self.wild[i].id,
			       stock->wild[i],
			       each == 1 ? "channels" : "endpoints");
}

/*
 * In pieces, large or small, with pauses. Some are left unfinished: then the socket
 * is of no more use.
 */
static bool look_at_all(const struct looker *looker, unsigned int cmd)
{
	static struct kn_request req;
	static struct kn_dump dump;
	struct kn_answer answer;
	struct stock stock = {};
	int ret;

	t_doing("dump");
	kn_begin(&req, cmd, NLM_F_DUMP);
	ret = kn_dump_start(&dump, looker->sock, &req);
	dump.room = looker->room;
	while (!ret && (ret = kn_dump_next(&dump, &answer)) > 0) {
		if (cmd == KCHAN_CMD_CHANNEL ?
		    !take_channel(&stock, &answer, looker->root) :
		    !take_endpoint(&stock, &answer))
			return false;
		if (dump.at >= dump.len && t_one_in(4))
			usleep(t_rnd(3000));
		if (t_one_in(500))
			return false;
		ret = 0;
	}
	t_doing(NULL);
	T_EXPECT(ret, "dump", ENOMEM, ENOBUFS, GONE, GOING, FOREIGN, STRANGE);
	if (!ret && looker->root)
		check_stock(&stock, cmd);
	return !ret;
}

static bool look_at_one(struct looker *looker)
{
	static const char *const names[] = {
		"a", "b", "d1", "d1/a", "d1/s/a", "d2/a", "tracked1", "no/a",
	};
	const char *name = names[t_rnd(ARRAY_SIZE(names))];
	uint64_t id = t_one_in(3) ? world->channel[t_rnd(T_CHANNELS)].id : seen;
	bool by_name = t_one_in(2);
	struct kn_channel ch;
	int ret;

	t_doing("ask for a channel");
	looker->room = KN_ROOM;
	ret = by_name ? kn_by_name(looker->sock, name, &ch) :
			kn_by_id(looker->sock, id, &ch);
	t_doing(NULL);
	T_EXPECT(ret, by_name ? "a channel by name" : "a channel by id",
		 EACCES, ENOENT, ENOMEM, ENOBUFS, by_name ? ENOTDIR : EINTR,
		 by_name ? EISDIR : EINTR, GONE, FOREIGN, STRANGE);
	if (!ret)
		check_channel(&ch, looker->root);
	else if (!by_name && looker->root && t_tracked(id) && ret != -ENOMEM &&
		 ret != -ENOBUFS)
		t_fail("netlink: channel %d is not there: %d", t_tracked(id) - 1,
		       ret);
	return !ret;
}

static bool look_at_limits(struct looker *looker)
{
	struct kn_limits limits;
	unsigned int attr;
	int ret;

	t_doing("ask for limits");
	looker->room = KN_ROOM;
	ret = kn_limits(looker->sock, &limits);
	t_doing(NULL);
	T_EXPECT(ret, "limits", ENOMEM, ENOBUFS, GONE, FOREIGN, STRANGE);
	for (attr = KCHAN_A_MAX_CHANNELS; !ret && attr <= KCHAN_A_USER_BYTES;
	     attr++)
		if (limits.value[attr] > 1ULL << 48)
			t_fail("netlink: limit %u is %llu", attr,
			       (unsigned long long)limits.value[attr]);
	return !ret;
}

static bool look(struct looker *looker)
{
	switch (t_rnd(5)) {
	case 0:
	case 1:
		return look_at_one(looker);
	case 2:
		return look_at_limits(looker);
	case 3:
		return look_at_all(looker, KCHAN_CMD_CHANNEL);
	default:
		return look_at_all(looker, KCHAN_CMD_ENDPOINT);
	}
}

bool act_look(void)
{
	struct looker looker;
	bool done = false;
	int n = 1 + t_rnd(4);

	look_begin(&looker);
	while (looker.sock >= 0 && n--) {
		done = look(&looker);
		/* What is left of a dump is in the way of the next. */
		if (t_one_in(2) || !done) {
			look_end(&looker);
			if (n)
				look_begin(&looker);
		}
	}
	look_end(&looker);
	return done;
}

static bool begin_to_listen(void)
{
	int size = 1 + t_rnd(8192);

	t_doing("join the group");
	t_as_someone();
	self.listener = kn_listen();
	t_as_root();
	t_doing(NULL);
	T_EXPECT(self.listener, "join the group", ENOMEM, ENOBUFS, GONE);
	if (self.listener >= 0 && t_one_in(2))
		setsockopt(self.listener, SOL_SOCKET, SO_RCVBUF, &size,
			   sizeof(size));
	return self.listener >= 0;
}

bool act_listen(void)
{
	struct kn_event event;
	int n = t_rnd(300), ret = 0;

	if (self.listener < 0 && !begin_to_listen())
		return false;
	t_doing("read events");
	while (n-- && ret != -EAGAIN) {
		ret = kn_event(self.listener, &event);
		T_EXPECT(ret, "event", EAGAIN, ENOBUFS, ENOMEM, STRANGE);
		if (ret)
			continue;
		if (event.event > KCHAN_EVENT_DEAD_LETTERED || !event.id ||
		    !event.count != (event.event < KCHAN_EVENT_FULL))
			t_fail("event %u of channel %llu, count %llu",
			       event.event, (unsigned long long)event.id,
			       (unsigned long long)event.count);
	}
	t_doing(NULL);
	if (t_one_in(20)) {
		close(self.listener);
		self.listener = -1;
	}
	return true;
}

/* What the messages and the pools of a user take, in all namespaces. */
static uint64_t bytes_of(uid_t uid)
{
	struct kn_limits limits;
	int sock, err;

	if (seteuid(uid))
		return UINT64_MAX;
	sock = kn_socket();
	if (seteuid(0))
		_exit(99);
	err = sock < 0 ? sock : kn_limits(sock, &limits);
	if (sock >= 0)
		close(sock);
	return err ? UINT64_MAX : limits.value[KCHAN_A_USER_BYTES] +
				  limits.value[KCHAN_A_USER_POOL_BYTES];
}

/* Is no message left, of anybody? */
bool t_nothing_charged(void *arg)
{
	(void)arg;
	return !bytes_of(0) && !bytes_of(1000) && !bytes_of(1001);
}

/* In a namespace that is about to go: leave all that can be left. */
void t_look_and_leave(void)
{
	static struct kn_request req;
	static struct kn_dump dump;
	int sock = kn_socket(), listener = kn_listen();

	if (sock < 0 || listener < 0)
		return;
	kn_begin(&req, KCHAN_CMD_ENDPOINT, NLM_F_DUMP);
	kn_dump_start(&dump, sock, &req);
}
