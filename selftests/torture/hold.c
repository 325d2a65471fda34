// SPDX-License-Identifier: GPL-2.0
/*
 * Messages that are held, chosen, sent many at once, and die.
 *
 * A holder has an endpoint of its own, so that what it holds comes back when it is
 * killed, and what it is told of it must be right to the letter. What is held by an
 * endpoint that all have is put back by whoever waits for it in vain.
 */
#include "torture.h"

#include <poll.h>
#include <sys/mman.h>

#define HOLD_MAX	80	/* more than are dealt with in one step */
#define BATCH_MAX	32
#define ITEM_ROOM	(64 * 1024)

/* May its messages be lost? */
bool t_may_reject(const struct t_call *call)
{
	return call->channel < 0 || world->channel[call->channel].mortal;
}

/* What @err may be where not only we use the endpoint. */
static void expect_shared(const struct t_call *call, int err, const char *what)
{
	T_EXPECT(err, what, ENOENT, call->channel < 0 ? EIDRM : EINTR);
}

static void note_acked(const struct t_call *call)
{
	t_note_received(call->got, call->via,
			call->channel < 0 ? -1 : call->channel);
}

/* What has just been received is held: something becomes of it, or it stays so. */
void t_let_go(const struct t_call *call)
{
	int ret;

	__atomic_add_fetch(&world->held, 1, __ATOMIC_RELAXED);
	t_doing("ACK or NACK");
	switch (t_rnd(8)) {
	case 0:
		break;
	case 1: case 2:
		ret = kc_nack(call->fd, call->seq);
		expect_shared(call, ret, "NACK");
		break;
	case 3:
		if (!t_may_reject(call))
			break;
		t_note_orphan(call->got);
		ret = kc_reject(call->fd, call->seq);
		expect_shared(call, ret, "NACK with REJECT");
		break;
	default:
		t_note_orphan(call->got);
		ret = kc_ack(call->fd, call->seq);
		expect_shared(call, ret, "ACK");
		if (ret == 1)
			note_acked(call);
	}
	t_doing(NULL);
}

/* Put back what the endpoints that all have hold of a tracked channel. */
void t_tidy(int channel)
{
	const struct t_channel *ch = &world->channel[channel];
	int ret[2];

	t_doing("NACK of all");
	ret[0] = kc_settle(ch->fd, KCHAN_IOC_NACK, UINT64_MAX, KCHAN_ACK_UP_TO);
	ret[1] = kc_settle(ch->nowait, KCHAN_IOC_NACK, UINT64_MAX,
			   KCHAN_ACK_UP_TO);
	t_doing(NULL);
	if (ret[0] < 0 || ret[1] < 0)
		t_fail("NACK of all returns %d, %d", ret[0], ret[1]);
}

/* One message that is held; as much of a call as its end takes. */
struct holding {
	struct t_call call;
	uint32_t len;
};

/**
 * struct holder - an endpoint that only this action knows
 * @call: how to receive
 * @max: how many it may hold; 0: as many as there are
 * @n: how many it holds
 * @bytes: their payload
 * @gone: the channel was revoked
 */
struct holder {
	struct t_call call;
	unsigned int max;
	unsigned int n;
	uint64_t bytes;
	bool gone;
	struct holding held[HOLD_MAX + BATCH_MAX];
};

static bool holder_begin(struct holder *h)
{
	struct t_wild *wild = t_one_in(4) ? t_wild_any() : NULL;
	struct kchan_settings arg = {};
	int fd;

	if (wild && wild->mode != O_WRONLY)
		h->call = t_call_wild(wild);
	else
		h->call = t_call_tracked(t_rnd(T_CHANNELS));
	fd = kc_reopen(h->call.fd, t_one_in(2) ? O_RDWR : O_RDONLY);
	if (h->call.channel < 0)
		T_EXPECT(fd, "open to hold", ENOMEM, EIDRM, EACCES, ENXIO,
			 ENOENT, ESTALE);
	else
		T_EXPECT(fd, "open to hold", ENOMEM);
	if (fd < 0)
		return false;
	h->call.fd = fd;
	h->call.nowait = -1;
	h->call.form = T_IOCTL;
	h->max = t_one_in(2) ? t_rnd(10) : 0;
	h->n = 0;
	h->bytes = 0;
	arg.held_max = h->max;
	h->gone = kc_settings(fd, &arg, KCHAN_SET_HELD_MAX) != 0;
	return true;
}

static void holder_add(struct holder *h, const struct t_call *call, uint32_t len)
{
	__atomic_add_fetch(&world->held, 1, __ATOMIC_RELAXED);
	h->held[h->n].call = *call;
	h->held[h->n++].len = len;
	h->bytes += len;
}

static void holder_del(struct holder *h, unsigned int i)
{
	h->bytes -= h->held[i].len;
	h->held[i] = h->held[--h->n];
}

/* Who holds messages waits for no more of them for ever: they may be all there are. */
static void holder_take(struct holder *h)
{
	struct t_call call = h->call;
	bool full = h->max && h->n >= h->max;
	int ret;

	call.patience = h->n ? t_rnd(2) : t_rnd(3);
	t_any_wish(&call);
	call.flags = KCHAN_HOLD;
	call.position = 0;
	call.keep = true;
	call.got = 0;
	if (t_one_in(8))
		call.len = t_rnd(200);
	if (t_one_in(16)) {
		call.buf = (void *)16;
		call.faulty = true;
	}
	ret = t_recv(&call);
	if (ret >= 0 && full)
		t_fail("an endpoint that may hold %u holds %u", h->max,
		       h->n + 1);
	if (ret == -EBUSY && !full)
		t_fail("an endpoint that may hold %u holds %u, EBUSY", h->max,
		       h->n);
	h->gone |= ret == -EIDRM;
	if (ret >= 0 && call.got)
		holder_add(h, &call, ret);
	/* What nobody knows the name of is not to be dealt with one by one. */
	h->gone |= ret >= 0 && !call.got;
}

/* Settings are of one moment, and of this endpoint alone. */
static void holder_check(struct holder *h)
{
	struct kchan_settings arg = { .urgent = t_one_in(2) ?
		0 : KCHAN_URGENT_NEVER };
	int err = kc_settings(h->call.fd, &arg, KCHAN_SET_URGENT), got;

	h->gone |= err == -EIDRM;
	if (err && h->call.channel >= 0)
		t_fail("SETTINGS: %s", strerror(-err));
	if (err)
		return;
	if (arg.held != h->n || arg.held_bytes != h->bytes ||
	    arg.held_max != h->max)
		t_fail("of at most %u held %u, %llu bytes: SETTINGS say %u, %u, %llu",
		       h->max, h->n, (unsigned long long)h->bytes,
		       arg.held_max, arg.held,
		       (unsigned long long)arg.held_bytes);
	got = kc_poll(h->call.fd, POLLIN | POLLPRI);
	if (!(got & POLLHUP) &&
	    !(got & POLLPRI) != !(got & POLLIN && !arg.urgent))
		t_fail("urgent from %u: poll says %#x", arg.urgent, got);
}

static void expect_ended(struct holder *h, int ret, unsigned int n,
			 const char *what)
{
	h->gone |= ret == -EIDRM;
	if (ret == -EIDRM && h->call.channel < 0)
		return;
	if (ret != (int)n)
		t_fail("%s of %u of %u held messages returns %d", what, n, h->n,
		       ret);
}

enum end { ACK, BACK, REJECT };

static const struct {
	const char *name;
	unsigned int cmd;
	unsigned int flags;
} ends[] = {
	[ACK] = { "ACK", KCHAN_IOC_ACK, 0 },
	[BACK] = { "NACK", KCHAN_IOC_NACK, 0 },
	[REJECT] = { "NACK with REJECT", KCHAN_IOC_NACK, KCHAN_NACK_REJECT },
};

/* Before the last @n of them come to an end: what is put back is still there. */
static void holder_orphan(struct holder *h, unsigned int n, enum end end)
{
	unsigned int i;

	for (i = 0; end != BACK && i < n; i++)
		t_note_orphan(h->held[h->n - 1 - i].call.got);
}

/* They have, if @ret says so. */
static void holder_note(struct holder *h, unsigned int n, int ret, enum end end)
{
	unsigned int i;

	for (i = 0; i < n && ret == (int)n; i++) {
		if (end == ACK)
			note_acked(&h->held[h->n - 1].call);
		holder_del(h, h->n - 1);
	}
}

static void swap(struct holder *h, unsigned int a, unsigned int b)
{
	struct holding tmp = h->held[a];

	h->held[a] = h->held[b];
	h->held[b] = tmp;
}

/* Some of them by an array, which may go on with a number that is not held. */
static void holder_end_some(struct holder *h, enum end end)
{
	uint64_t seqs[HOLD_MAX + BATCH_MAX + 1];
	unsigned int n = 1 + t_rnd(h->n), i, more = t_one_in(4);
	int ret;

	for (i = 0; i < n; i++)
		swap(h, h->n - 1 - i, t_rnd(h->n - i));
	for (i = 0; i < n; i++)
		seqs[i] = h->held[h->n - 1 - i].call.seq;
	seqs[n] = t_one_in(2) ? seqs[0] : UINT64_MAX - t_rnd(10);
	holder_orphan(h, n, end);
	ret = n == 1 && !more ?
		kc_settle(h->call.fd, ends[end].cmd, seqs[0],
			  ends[end].flags) :
		kc_settle_many(h->call.fd, ends[end].cmd, seqs,
			       n + more, ends[end].flags);
	expect_ended(h, ret, n, ends[end].name);
	holder_note(h, n, ret, end);
}

/* All up to a number, which may be that of none. */
static void holder_end_up_to(struct holder *h, enum end end)
{
	uint64_t seq = t_one_in(2) ? UINT64_MAX :
		h->held[t_rnd(h->n)].call.seq - t_rnd(2);
	unsigned int n = 0, i;
	int ret;

	/* Those that are meant go to the end. */
	for (i = 0; i + n < h->n; )
		if (h->held[i].call.seq <= seq)
			swap(h, i, h->n - ++n);
		else
			i++;
	holder_orphan(h, n, end);
	ret = kc_settle(h->call.fd, ends[end].cmd, seq,
			ends[end].flags | KCHAN_ACK_UP_TO);
	expect_ended(h, ret, n, ends[end].name);
	holder_note(h, n, ret, end);
}

static void holder_end(struct holder *h)
{
	enum end end = t_rnd(t_may_reject(&h->call) ? 3 : 2);

	t_doing("ACK or NACK");
	if (t_one_in(3))
		holder_end_up_to(h, end);
	else
		holder_end_some(h, end);
	t_doing(NULL);
}

/* Take, give back, and at the end go, or be killed, with what there is. */
bool act_hold(void)
{
	static __thread struct holder h;
	int steps = t_rnd(60);
	bool takes = true;

	if (!holder_begin(&h))
		return false;
	while (steps-- && !h.gone && !world->stop) {
		if (t_one_in(8))
			takes = !takes;
		if (h.n < HOLD_MAX && (takes || !h.n))
			holder_take(&h);
		else if (t_one_in(3))
			holder_end(&h);
		if (t_one_in(4) && !h.gone)
			holder_check(&h);
	}
	close(h.call.fd);
	return true;
}

/* Look at a message, and then ask for that one. */
bool act_choose(void)
{
	struct t_wild *wild = t_one_in(3) ? t_wild_any() : NULL;
	struct t_call call;

	if (wild && wild->mode != O_WRONLY)
		call = t_call_wild(wild);
	else
		call = t_call_tracked(t_rnd(T_CHANNELS));
	call.form = T_IOCTL;
	call.patience = T_NOW;
	call.flags = KCHAN_PEEK;
	call.position = t_rnd(t_one_in(2) ? 3 : 100);
	if (t_recv(&call) < 0)
		return false;
	call.filter = t_one_in(2) ? KCHAN_FILTER_TAG : KCHAN_FILTER_TAG_MAX;
	call.value = call.tag;
	call.position = 0;
	call.flags = t_one_in(3) ? KCHAN_HOLD : 0;
	return t_recv(&call) >= 0;
}

/* Settings of an endpoint that others may have, too. */
bool act_settings(void)
{
	struct t_wild *wild = t_wild_any();
	struct kchan_settings arg = {
		.held_max = t_rnd(10),
		.urgent = t_one_in(2) ? t_random_prio() : KCHAN_URGENT_NEVER,
	};
	int err;

	if (!wild || wild->channel >= 0)
		return false;
	t_doing("SETTINGS");
	err = kc_settings(wild->fd, &arg, t_rnd(4));
	t_doing(NULL);
	T_EXPECT(err, "SETTINGS", EIDRM,
		 wild->mode == O_WRONLY ? EBADF : EINTR);
	return !err;
}

static bool expired(void *arg)
{
	struct kchan_state s = kc_state(*(int *)arg);

	return s.size != sizeof(s) || (!s.queued && !s.held);
}

/* What expires makes room though nobody looks but by STATE; and none is received. */
bool act_expire(void)
{
	struct kchan_create create = kc_create_arg(NULL);
	int ctl = t_ctl(), fd, n = t_rnd(200);
	struct t_call call;

	create.depth = 200;
	create.ttl = 1 + t_rnd(3000000);
	fd = ctl < 0 ? -1 : kc_create_with(ctl, &create);
	if (fd < 0)
		return false;
	while (n--) {
		call = t_call_private(fd);
		call.len = T_HEAD;
		t_any_expiry(&call);
		if (call.expiry > kc_now() + KC_NS)
			call.expiry = 0;
		t_send(&call);
	}
	t_doing("wait for messages to expire");
	while (!expired(&fd))
		usleep(1000);
	t_doing(NULL);
	call = t_call_private(fd);
	if (t_recv(&call) >= 0)
		t_fail("a message is received that expired");
	close(fd);
	return true;
}

/* Buffers of a thread, for batches. */
static char *batch_buffer(void)
{
	static __thread char *buf;

	if (!buf)
		buf = mmap(NULL, BATCH_MAX * ITEM_ROOM, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		_exit(99);
	return buf;
}

static struct t_call batch_call(bool sends)
{
	struct t_wild *wild = t_one_in(4) ? t_wild_any() : NULL;
	struct t_call call;

	if (wild && wild->mode != (sends ? O_RDONLY : O_WRONLY))
		call = t_call_wild(wild);
	else
		call = t_call_tracked(t_rnd(T_CHANNELS));
	call.form = T_IOCTL;
	return call;
}

static struct kchan_batch batch_arg(const struct t_call *call, void *items,
				    unsigned int n, unsigned int stride)
{
	struct kchan_batch batch = kc_batch_arg(items, n, stride);

	batch.flags = (call->patience == T_NOW ? KCHAN_NONBLOCK : 0) |
		      (call->need_peer ? KCHAN_NEED_PEER : 0);
	batch.deadline = t_deadline(call);
	return batch;
}

/* Fill in the structs. Return: how many, as numbers may run out. */
static int batch_fill(struct t_call *call, struct kchan_send *item, uint64_t *id,
		      int n)
{
	uint32_t max = call->channel < 0 ? 2000 :
		       world->channel[call->channel].msgsize;
	char *buf = batch_buffer();
	int i;

	for (i = 0; i < n; i++, buf += ITEM_ROOM) {
		uint32_t len = t_random_len(max < ITEM_ROOM ? max : ITEM_ROOM);

		if (len < T_HEAD)
			len = T_HEAD;
		id[i] = t_note_begin(call->channel < 0 ? -1 : call->channel);
		if (!id[i])
			break;
		call->prio = t_random_prio();
		call->expiry = 0;
		t_any_expiry(call);
		t_fill(buf, len, id[i], call->id, call->prio);
		item[i] = kc_send_arg(buf, len);
		item[i].prio = call->prio;
		item[i].tag = id[i];
		item[i].expiry = call->expiry;
	}
	return i;
}

bool act_send_batch(void)
{
	struct t_call call = batch_call(true);
	struct kchan_send item[BATCH_MAX];
	uint64_t id[BATCH_MAX];
	int n = batch_fill(&call, item, id, 1 + t_rnd(BATCH_MAX)), ret, i;
	struct kchan_batch batch = batch_arg(&call, item, n, sizeof(item[0]));

	if (!n)
		return false;
	t_doing("send a batch");
	if (call.patience == T_FOREVER)
		t_wants(call.channel < 0 ? T_SIGNAL : T_ROOM,
			call.channel < 0 ? -1 : call.channel);
	ret = kc_ioctl(call.fd, KCHAN_IOC_SEND_BATCH, &batch);
	t_wants(T_NOTHING, -1);
	for (i = 0; i < n; i++)
		t_note_sent(id[i], i < ret ? 0 : -EAGAIN);
	t_doing(NULL);
	if (ret < 0)
		t_check_error(&call, ret, "send");
	else if (!ret || ret > n)
		t_fail("a batch of %d: %d sent", n, ret);
	for (i = 1; i < ret; i++)
		if (item[i].seq <= item[i - 1].seq)
			t_fail("a batch has seq %llu after %llu",
			       (unsigned long long)item[i].seq,
			       (unsigned long long)item[i - 1].seq);
	return ret > 0;
}

/* One after another, as they came. */
static void batch_accept(struct t_call *call, struct kchan_recv *item, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (t_accept(call, (void *)(uintptr_t)item[i].data,
			     item[i].len, &item[i]) &&
		    (call->flags & KCHAN_HOLD))
			t_let_go(call);
}

bool act_recv_batch(void)
{
	struct t_call call = batch_call(false);
	struct kchan_recv item[BATCH_MAX] = {};
	int n = 1 + t_rnd(BATCH_MAX), ret, i;
	struct kchan_batch batch = batch_arg(&call, item, n, sizeof(item[0]));

	if (t_one_in(2))
		t_any_wish(&call);
	call.len = ITEM_ROOM;
	call.position = 0;
	for (i = 0; i < n; i++) {
		item[i] = kc_filter_arg(batch_buffer() + i * ITEM_ROOM,
					call.len, call.filter, call.value);
		item[i].flags = call.flags;
	}
	batch.min = t_one_in(2) ? t_rnd(n + 1) : 0;
	t_wish_begin(&call, n);
	ret = kc_ioctl(call.fd, KCHAN_IOC_RECV_BATCH, &batch);
	t_wants(T_NOTHING, -1);
	if (ret < 0)
		t_check_error(&call, ret, "receive");
	else if (!ret || ret > n)
		t_fail("a batch of %d: %d received", n, ret);
	batch_accept(&call, item, ret);
	t_wish_end();
	return ret > 0;
}
