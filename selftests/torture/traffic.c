// SPDX-License-Identifier: GPL-2.0
/* Sending and receiving in all forms. */
#include "torture.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PIECES		4
#define BURST		200

static enum t_patience any_patience(void)
{
	static const enum t_patience few[] = {
		T_NOW, T_NOW, T_NOW, T_NOW, T_DEADLINE, T_DEADLINE, T_DEADLINE,
		T_FOREVER, T_FOREVER,
	};

	return few[t_rnd(ARRAY_SIZE(few))];
}

struct t_call t_call_tracked(int channel)
{
	const struct t_channel *ch = &world->channel[channel];

	return (struct t_call) {
		.fd = ch->fd,
		.nowait = ch->nowait,
		.channel = channel,
		.id = ch->id,
		.form = ch->tiny ? T_IOCTL : t_rnd(3),
		.patience = any_patience(),
		.len = T_MAX,
	};
}

struct t_call t_call_wild(const struct t_wild *wild)
{
	return (struct t_call) {
		.fd = wild->fd,
		.nowait = -1,
		.channel = wild->channel,
		.id = wild->id,
		.form = wild->channel >= 0 &&
			world->channel[wild->channel].tiny ? T_IOCTL : t_rnd(3),
		.patience = any_patience(),
		.need_peer = t_one_in(2),
		.len = T_MAX,
	};
}

/* An endpoint that only this action knows. */
struct t_call t_call_private(int fd)
{
	return (struct t_call) {
		.fd = fd,
		.nowait = -1,
		.channel = T_PRIVATE,
		.id = kc_state(fd).id,
		.form = T_IOCTL,
		.patience = T_NOW,
		.len = T_MAX,
	};
}

/* Mostly short, about a page often, long at times. */
uint32_t t_random_len(uint32_t max)
{
	uint32_t len;

	switch (t_rnd(16)) {
	case 0:
		len = t_rnd(T_MAX + 1);
		break;
	case 1:
		len = T_MAX >> t_rnd(8);
		break;
	case 2: case 3:
		len = t_rnd(64 * 1024);
		break;
	case 4: case 5:
		len = T_PAGE - 200 + t_rnd(400);
		break;
	case 6: case 7:
		len = 60 + t_rnd(8);
		break;
	default:
		len = t_rnd(300);
	}
	return len > max ? t_rnd(max + 1) : len;
}

uint32_t t_random_prio(void)
{
	static const uint16_t few[] = { 0, 1, 31, 32, 1023, 1024, 32767 };

	if (t_one_in(2))
		return 0;
	return t_one_in(2) ? t_rnd(KCHAN_PRIO_MAX + 1) : few[t_rnd(7)];
}

/* When a message expires: where none may die, not while we are here. */
void t_any_expiry(struct t_call *call)
{
	bool mortal = call->channel < 0 || world->channel[call->channel].mortal;

	if (call->form != T_IOCTL || !t_one_in(3))
		return;
	if (mortal && t_one_in(8))
		call->expiry = 1;
	else if (mortal && !t_one_in(4))
		call->expiry = kc_now() + t_rnd(20) * 1000000;
	else
		call->expiry = kc_now() + 36000 * KC_NS;
}

/* A filter that something may fit; a wait for ever must be for what can come. */
static void any_filter(struct t_call *call)
{
	bool forever = call->patience == T_FOREVER;

	call->filter = 1 + t_rnd(4);
	switch (call->filter) {
	case KCHAN_FILTER_TAG:
		call->value = forever || t_one_in(2) ? 0 : t_rnd64();
		break;
	case KCHAN_FILTER_TAG_MAX:
		call->value = t_one_in(2) ? UINT64_MAX : t_rnd64() >> t_rnd(64);
		break;
	case KCHAN_FILTER_TAG_NOT:
		call->value = t_one_in(2) ? 0 : t_rnd64();
		break;
	default:
		call->value = t_random_prio() + (!forever && t_one_in(32));
	}
}

/* Which message is wanted, and what for: mostly the first, to be taken. */
void t_any_wish(struct t_call *call)
{
	if (call->form != T_IOCTL)
		return;
	if (t_one_in(3))
		call->flags = t_one_in(2) ? KCHAN_HOLD : KCHAN_PEEK;
	if (t_one_in(3))
		any_filter(call);
	if (call->flags != KCHAN_PEEK)
		return;
	call->patience = T_NOW;
	if (!call->filter)
		call->position = t_one_in(2) ? t_rnd(100) : 0;
}

static uint64_t deadline(void)
{
	return t_one_in(8) ? 1 : kc_now() + t_rnd(20) * 1000000;
}

static int split(struct iovec *iov, void *buf, size_t len)
{
	int n = 0;

	while (n < PIECES - 1 && len) {
		size_t part = t_rnd(len + 1);

		iov[n++] = (struct iovec) { buf, part };
		buf = (char *)buf + part;
		len -= part;
	}
	iov[n++] = (struct iovec) { buf, len };
	return n;
}

/* read(2), write(2) or a vector form; not waiting by one of two ways. */
static int plain_call(const struct t_call *call, void *buf, bool sends)
{
	bool now = call->patience == T_NOW;
	struct iovec iov[PIECES];
	int fd = call->fd, n = 1;

	if (now && (call->nowait < 0 || t_one_in(2))) {
		if (call->form == T_VECTOR)
			n = split(iov, buf, call->len);
		else
			iov[0] = (struct iovec) { buf, call->len };
		return kc_ret(sends ? pwritev2(fd, iov, n, -1, RWF_NOWAIT) :
				      preadv2(fd, iov, n, -1, RWF_NOWAIT));
	}
	if (now)
		fd = call->nowait;
	if (call->form == T_PLAIN)
		return kc_ret(sends ? write(fd, buf, call->len) :
				      read(fd, buf, call->len));
	n = split(iov, buf, call->len);
	return kc_ret(sends ? writev(fd, iov, n) : readv(fd, iov, n));
}

static uint32_t call_flags(const struct t_call *call)
{
	return call->flags |
	       (call->patience == T_NOW ? KCHAN_NONBLOCK : 0) |
	       (call->need_peer ? KCHAN_NEED_PEER : 0);
}

uint64_t t_deadline(const struct t_call *call)
{
	return call->patience == T_DEADLINE ? deadline() : 0;
}

static void too_early(uint64_t until, int err, const char *what)
{
	if (err == -ETIMEDOUT && (!until || kc_now() < until))
		t_fail("%s: ETIMEDOUT before the deadline", what);
}

static int send_errors(const struct t_call *call, int *allowed)
{
	const struct t_channel *ch =
		call->channel >= 0 ? &world->channel[call->channel] : NULL;
	int n = 0;

	allowed[n++] = EDQUOT;
	allowed[n++] = ENOMEM;
	if (!ch || call->len > ch->msgsize)
		allowed[n++] = EMSGSIZE;
	if (ch ? ch->overflow == KCHAN_OVERFLOW_REJECT :
	    call->channel == T_UNTRACKED)
		allowed[n++] = ENOSPC;
	return n;
}

static int recv_errors(const struct t_call *call, int *allowed)
{
	int n = 0;

	if (call->len < T_MAX)
		allowed[n++] = EMSGSIZE;
	if (call->flags & KCHAN_PEEK)
		allowed[n++] = EAGAIN;
	/* Endpoints that go from hand to hand may be set to hold so many. */
	if ((call->flags & KCHAN_HOLD) &&
	    (call->channel == T_UNTRACKED || call->keep))
		allowed[n++] = EBUSY;
	return n;
}

/* Which errors a call may meet, by what it asks for and where. */
void t_check_error(const struct t_call *call, int err, const char *what)
{
	bool tracked = call->channel >= 0;
	int allowed[12], n = 0;

	if (call->bad || call->faulty)
		allowed[n++] = EFAULT;
	/* Likewise they may have O_NONBLOCK. */
	if (call->patience == T_NOW || call->channel == T_UNTRACKED)
		allowed[n++] = EAGAIN;
	if (call->patience == T_DEADLINE)
		allowed[n++] = ETIMEDOUT;
	if (!tracked)
		allowed[n++] = EIDRM;
	if (!tracked && call->need_peer && call->form == T_IOCTL)
		allowed[n++] = EPIPE;
	n += *what == 's' ? send_errors(call, allowed + n) :
			    recv_errors(call, allowed + n);
	allowed[n] = 0;
	t_expect(err, what, allowed);
}

static void *tx_buffer(void)
{
	static __thread void *buf;

	if (!buf)
		buf = mmap(NULL, T_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		_exit(99);
	return buf;
}

static void begin_wait(const struct t_call *call, enum t_want want)
{
	if (call->patience != T_FOREVER)
		return;
	if (call->channel >= 0)
		t_wants(want, call->channel);
	else if (call->channel == T_UNTRACKED)
		t_wants(T_SIGNAL, -1);
}

static int send_ioctl(struct t_call *call, void *buf, uint64_t id)
{
	struct kchan_send own, *arg = call->arg ?: &own;
	int ret;

	*arg = kc_send_arg(buf, call->len);
	arg->flags = call_flags(call);
	arg->prio = call->prio;
	arg->tag = id;
	arg->expiry = call->expiry;
	own.deadline = t_deadline(call);
	arg->deadline = own.deadline;
	ret = kc_ioctl(call->fd, KCHAN_IOC_SEND, call->arg_at ?: arg);
	too_early(own.deadline, ret, "send");
	return ret;
}

/*
 * Send a message; what can be said without waiting for others is checked.
 * Return: 0, or a negative errno; -ENOBUFS: no number was left, nothing done.
 */
int t_send(struct t_call *call)
{
	void *buf = call->buf ?: tx_buffer();
	uint64_t id;
	int ret;

	if (call->form != T_IOCTL)
		call->prio = 0;
	if (call->form != T_IOCTL && call->patience == T_DEADLINE)
		call->patience = T_NOW;
	if (call->len < T_HEAD &&
	    (call->form != T_IOCTL ||
	     (call->channel >= 0 && !world->channel[call->channel].tiny)))
		call->len = T_HEAD;
	id = t_note_begin(call->channel < 0 ? -1 : call->channel);
	if (!id)
		return -ENOBUFS;
	if (!call->bad)
		t_fill(call->content ?: buf, call->len, id, call->id,
		       call->prio);
	t_doing("send");
	begin_wait(call, T_ROOM);
	if (call->form == T_IOCTL)
		ret = send_ioctl(call, buf, id);
	else
		ret = plain_call(call, buf, true);
	t_wants(T_NOTHING, -1);
	t_note_sent(id, ret < 0 ? ret : 0);
	t_doing(NULL);
	if (ret < 0)
		t_check_error(call, ret, "send");
	else if (call->bad)
		t_fail("send from bad memory succeeds");
	else if (call->form != T_IOCTL && ret != (int)call->len)
		t_fail("send of %u bytes returns %d", call->len, ret);
	return ret < 0 ? ret : 0;
}

static int recv_ioctl(struct t_call *call, void *buf, struct kchan_recv *arg)
{
	uint64_t until = t_deadline(call);
	int ret;

	*arg = kc_recv_arg(buf, call->len);
	arg->tag = 0;
	arg->flags = call_flags(call);
	arg->deadline = until;
	arg->filter = call->filter;
	arg->value = call->value;
	arg->position = call->position;
	if (call->arg_at)
		arg = call->arg_at;
	ret = kc_ioctl(call->fd, KCHAN_IOC_RECV, arg);
	too_early(until, ret, "receive");
	if (ret == -EMSGSIZE && arg->len <= call->len)
		t_fail("EMSGSIZE, but %u bytes fit into %u", arg->len,
		       call->len);
	return ret < 0 ? ret : (int)arg->len;
}

static bool fits(const struct t_call *call, const struct kchan_recv *meta)
{
	switch (call->filter) {
	case KCHAN_FILTER_TAG:
		return meta->tag == call->value;
	case KCHAN_FILTER_TAG_MAX:
		return meta->tag <= call->value;
	case KCHAN_FILTER_TAG_NOT:
		return meta->tag != call->value;
	case KCHAN_FILTER_PRIO_MIN:
		return meta->prio >= call->value;
	}
	return true;
}

static void check_meta(const struct t_call *call, const struct kchan_recv *meta)
{
	if (meta->time > kc_now())
		t_fail("a message of the future: %llu",
		       (unsigned long long)meta->time);
	if (!fits(call, meta))
		t_fail("filter %u of %#llx gives priority %u, tag %#llx",
		       call->filter, (unsigned long long)call->value,
		       meta->prio, (unsigned long long)meta->tag);
	if (meta->reason >= KCHAN_DEAD_REASONS || !meta->reason != !meta->origin ||
	    (meta->reason && meta->expiry))
		t_fail("a message of reason %u from %llu, which expires at %llu",
		       meta->reason, (unsigned long long)meta->origin,
		       (unsigned long long)meta->expiry);
}

/* The number of the channel that the message was sent to; 0: any. */
static uint64_t sent_to(const struct t_call *call,
			const struct kchan_recv *meta)
{
	if (meta)
		return meta->reason ? meta->origin : call->id;
	return call->channel == T_UNTRACKED ? 0 : call->id;
}

/* Nobody can say what plain reads find where dead letters may come. */
static bool may_be_letter(const struct t_call *call, const void *buf, int len,
			  const struct kchan_recv *meta)
{
	return !meta && call->channel == T_UNTRACKED &&
	       t_channel_of(buf, len) != call->id;
}

/*
 * Look at a message that has been received. Return: false if it is of no use.
 */
bool t_accept(struct t_call *call, const void *buf, int len,
	      const struct kchan_recv *meta)
{
	uint64_t id;

	call->got = 0;
	call->via = call->channel < 0 ? -1 : call->channel;
	if (meta) {
		check_meta(call, meta);
		call->seq = meta->seq;
		call->tag = meta->tag;
		if (meta->reason)
			call->via = t_tracked(meta->origin) - 1;
	}
	id = t_verify(buf, len, sent_to(call, meta), meta);
	if (!id)
		return false;
	call->got = id;
	if (call->flags)
		t_note_seen(id);
	else if (!t_note_received(id, call->via,
				  call->channel < 0 ? -1 : call->channel))
		return false;
	if (!(call->flags & KCHAN_PEEK) && !call->filter &&
	    call->channel != T_PRIVATE && !world->reload &&
	    !may_be_letter(call, buf, len, meta))
		t_order(call->id, call->fd, id,
			meta ? meta->prio : t_prio_of(buf), meta);
	return true;
}

/*
 * A receive begins, of up to @unseen messages that nobody could see if we were
 * killed; what is held or only looked at does not go with us.
 */
void t_wish_begin(const struct t_call *call, uint32_t unseen)
{
	bool takes = call->channel >= 0 && !call->flags;

	me->unseen = unseen;
	__atomic_store_n(&me->receiving, takes ? call->channel + 1 : 0,
			 __ATOMIC_SEQ_CST);
	me->filter = call->filter;
	me->value = call->value;
	__atomic_store_n(&me->picky, call->filter ? call->id : 0,
			 __ATOMIC_SEQ_CST);
	t_doing("receive");
	begin_wait(call, call->filter ? T_FIT : T_MESSAGE);
}

void t_wish_end(void)
{
	__atomic_store_n(&me->picky, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&me->receiving, 0, __ATOMIC_SEQ_CST);
	t_doing(NULL);
}

/*
 * Receive a message, check it and enter it in the books.
 * Return: its length, or a negative errno.
 */
int t_recv(struct t_call *call)
{
	struct kchan_recv *arg = call->arg ?: t_rx_arg(me);
	char *own = t_rx_buffer(me), *buf = call->buf ?: own;
	bool ioctl = call->form == T_IOCTL;
	bool held = false;
	int ret;

	if (!ioctl && call->patience == T_DEADLINE)
		call->patience = T_NOW;
	if (!ioctl && !call->len)
		call->len = 1;
	memset(own, 0, T_HEAD);
	t_rx_arg(me)->tag = 0;
	t_wish_begin(call, call->buf || call->arg_at);
	ret = ioctl ? recv_ioctl(call, buf, arg) : plain_call(call, buf, false);
	t_wants(T_NOTHING, -1);
	if (ret < 0)
		t_check_error(call, ret, "receive");
	else if (call->bad)
		t_fail("receive of %d bytes into bad memory succeeds", ret);
	else
		held = t_accept(call, buf, ret, !ioctl ? NULL :
				call->arg_at ?: arg) &&
		       (call->flags & KCHAN_HOLD);
	t_wish_end();
	if (held && !call->keep)
		t_let_go(call);
	return ret;
}

static int any_channel(void)
{
	return t_rnd(T_CHANNELS);
}

/* One more endpoint of a tracked channel, for the length of a call. */
static int reopen(struct t_call *call, int mode)
{
	int fd = call->fd;

	if (!t_one_in(8))
		return -1;
	fd = kc_reopen(fd, mode);
	if (!T_EXPECT(fd, "open of a tracked channel", ENOMEM) || fd < 0)
		return -1;
	call->fd = fd;
	return fd;
}

bool act_send(void)
{
	struct t_call call = t_call_tracked(any_channel());
	int fd = reopen(&call, O_WRONLY), ret;

	call.len = t_random_len(world->channel[call.channel].msgsize);
	if (t_one_in(64))
		call.len = T_MAX;
	call.prio = t_random_prio();
	t_any_expiry(&call);
	if (call.len > world->channel[call.channel].msgsize)
		call.patience = T_NOW;
	ret = t_send(&call);
	close(fd);
	return !ret;
}

bool act_recv(void)
{
	struct t_call call = t_call_tracked(any_channel());
	int fd = reopen(&call, O_RDONLY), ret;

	if (call.patience == T_NOW && t_one_in(8))
		call.len = t_rnd(200);
	t_any_wish(&call);
	ret = t_recv(&call);
	close(fd);
	return ret >= 0;
}

/* Something on a channel, without waiting; for who must not be held up. */
bool t_small_traffic(int channel)
{
	struct t_call call = t_call_tracked(channel);

	call.patience = T_NOW;
	if (t_one_in(2)) {
		t_any_wish(&call);
		return t_recv(&call) >= 0;
	}
	call.len = T_HEAD + t_rnd(100);
	call.prio = t_random_prio();
	return !t_send(&call);
}

static int epoll_once(int fd, int events, int timeout)
{
	struct epoll_event ev = { .events = events }, got = {};
	int ep = epoll_create1(EPOLL_CLOEXEC), ret;

	if (ep < 0)
		return -errno;
	if (t_one_in(2))
		ev.events |= EPOLLET;
	if (t_one_in(4))
		ev.events |= EPOLLONESHOT;
	ret = kc_fd(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	if (!ret)
		ret = kc_fd(epoll_wait(ep, &got, 1, timeout));
	close(ep);
	return ret <= 0 ? ret : (int)got.events;
}

static int poll_once(int fd, int events, int timeout)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int ret = kc_fd(poll(&pfd, 1, timeout));

	return ret <= 0 ? ret : pfd.revents;
}

bool act_poll(void)
{
	int channel = any_channel(), events, got, timeout = t_rnd(15);
	int fd = world->channel[channel].fd;
	bool room = t_one_in(3);

	events = room ? POLLOUT : POLLIN;
	if (t_one_in(3)) {
		timeout = -1;
		t_wants(room ? T_ROOM : T_MESSAGE, channel);
	}
	t_doing("poll");
	got = t_one_in(2) ? poll_once(fd, events, timeout) :
			    epoll_once(fd, events, timeout);
	t_wants(T_NOTHING, -1);
	t_doing(NULL);
	if (T_EXPECT(got, "poll", ENOMEM) && got > 0 && (got & ~events))
		t_fail("poll for %#x says %#x", events, got);
	return got > 0;
}

bool act_state(void)
{
	struct t_wild *wild = t_one_in(3) ? t_wild_any() : NULL;
	struct kchan_state state;
	struct stat st;
	int channel;

	t_doing("state");
	if (wild) {
		if (fstat(wild->fd, &st) || st.st_ino != wild->id)
			t_fail("fstat of channel %llu: inode %llu",
			       (unsigned long long)wild->id,
			       (unsigned long long)st.st_ino);
		return t_check_state(wild->fd, NULL, &state);
	}
	channel = any_channel();
	return t_check_state(world->channel[channel].fd,
			     &world->channel[channel], &state);
}

bool act_wild_send(void)
{
	struct t_wild *wild = t_wild_any();
	struct t_call call;

	if (!wild || wild->mode == O_RDONLY)
		return false;
	call = t_call_wild(wild);
	call.len = t_random_len(t_one_in(4) ? T_MAX : 2000);
	call.prio = t_random_prio();
	t_any_expiry(&call);
	if (call.channel >= 0 &&
	    call.len > world->channel[call.channel].msgsize)
		call.patience = T_NOW;
	return !t_send(&call);
}

bool act_wild_recv(void)
{
	struct t_wild *wild = t_wild_any();
	struct t_call call;

	if (!wild || wild->mode == O_WRONLY)
		return false;
	call = t_call_wild(wild);
	t_any_wish(&call);
	return t_recv(&call) >= 0;
}

struct model {
	uint32_t prio;
	uint64_t seq;
};

static int best_of(const struct model *queue, int n)
{
	int i, best = 0;

	for (i = 1; i < n; i++)
		if (queue[i].prio > queue[best].prio ||
		    (queue[i].prio == queue[best].prio &&
		     queue[i].seq < queue[best].seq))
			best = i;
	return best;
}

static bool burst_recv(int fd, struct model *queue, int *n)
{
	struct t_call call = t_call_private(fd);
	const struct kchan_recv *arg = t_rx_arg(me);
	int best = best_of(queue, *n), ret = t_recv(&call);

	if (ret < 0) {
		/* Somebody may have ended it by its number. */
		if (ret != -EIDRM && (*n || ret != -EAGAIN))
			t_fail("receive of %d messages: %s", *n,
			       strerror(-ret));
		return false;
	}
	if (!*n || arg->prio != queue[best].prio ||
	    arg->seq != queue[best].seq || arg->deliveries != 1) {
		t_fail("of %d messages, priority %u seq %llu comes instead of %u, %llu",
		       *n, arg->prio, (unsigned long long)arg->seq,
		       queue[best].prio, (unsigned long long)queue[best].seq);
		return false;
	}
	queue[best] = queue[--*n];
	return true;
}

/* A channel of one's own goes as a model of it says, to the letter. */
bool act_burst(void)
{
	int steps = t_rnd(2 * BURST), n = 0, sent = 0;
	struct model queue[BURST];
	int ctl = t_ctl(), fd;
	bool good = true;

	if (ctl < 0)
		return false;
	fd = kc_queue(ctl, BURST, 2 * T_PAGE, BURST * 2 * T_PAGE);
	if (!T_EXPECT(fd, "CREATE", EDQUOT, ENOSPC, ENOMEM, ERANGE) || fd < 0)
		return false;
	while (good && steps-- && !world->stop) {
		struct t_call call = t_call_private(fd);

		if (n == BURST || t_one_in(3)) {
			good = !n || burst_recv(fd, queue, &n);
			continue;
		}
		call.len = t_random_len(2 * T_PAGE);
		call.prio = t_random_prio();
		queue[n].prio = call.prio;
		if (t_send(&call))
			continue;
		queue[n++].seq = ++sent;
	}
	while (good && n)
		good = burst_recv(fd, queue, &n);
	close(fd);
	return good;
}
