// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of operations, against a model that is as simple as can be: a
 * list of messages. After each operation all counters are compared; what is
 * received is compared with what the model says.
 *
 * KC_SEED=N repeats a run, KC_SEQUENCES=N says how many sequences each variant has.
 */
#include "kchan_test.h"

#define DEPTH 10
#define MSGSIZE 40
#define BYTES 240
#define ENDPOINTS 3
#define STEPS 50
#define SEQUENCES 150
#define BATCH 4
#define PAST 1

/* One message of the model. */
struct msg {
	uint64_t seq, tag, expiry;
	unsigned int prio, len, deliveries;
	uint32_t id;		/* makes its payload */
	int holder;		/* endpoint that holds it, or -1: it is queued */
	bool back;		/* it was put back */
	unsigned int reason;	/* of a dead letter */
};

struct world {
	uint64_t rng;
	unsigned int step;
	const char *what;	/* the operation, for the report */
	char why[256];		/* what was wrong; empty: nothing */

	int ctl, dlq, fd;
	int ep[ENDPOINTS];
	unsigned int held_max[ENDPOINTS];

	unsigned int overflow, max_deliveries;
	struct msg msgs[DEPTH + 1];
	unsigned int n;
	struct msg letters[64];
	unsigned int n_letters;
	uint64_t all_letters;
	uint32_t next_id;
	struct kchan_state s;	/* the counters that are compared */
};

static uint32_t pick(struct world *w, uint32_t below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (w->rng >> 20) % below;
}

static bool one_in(struct world *w, uint32_t n)
{
	return pick(w, n) == 0;
}

/* Notes the first thing that is wrong. */
static bool claim(struct world *w, bool ok, const char *what, long long want,
		  long long got)
{
	if (!ok && !w->why[0])
		snprintf(w->why, sizeof(w->why),
			 "step %u, %s: %s is %lld and should be %lld", w->step,
			 w->what, what, got, want);
	return ok;
}

#define CLAIM(w, what, want, got) ({					\
	long long kc_want = (want), kc_got = (got);			\
	claim(w, kc_want == kc_got, what, kc_want, kc_got);		\
})

static void payload(char *buf, uint32_t id, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		buf[i] = id * 31 + i;
}

static bool has_payload(const char *buf, const struct msg *m)
{
	char want[MSGSIZE];

	payload(want, m->id, m->len);
	return !memcmp(want, buf, m->len);
}

/* Whether A is received before B. */
static bool before(const struct msg *a, const struct msg *b)
{
	if (a->prio != b->prio)
		return a->prio > b->prio;
	if (a->back != b->back)
		return a->back;
	return a->seq < b->seq;
}

static bool fits(const struct msg *m, const struct kchan_recv *arg)
{
	if (m->holder >= 0)
		return false;
	switch (arg->filter) {
	case KCHAN_FILTER_TAG:
		return m->tag == arg->value;
	case KCHAN_FILTER_TAG_MAX:
		return m->tag <= arg->value;
	case KCHAN_FILTER_TAG_NOT:
		return m->tag != arg->value;
	case KCHAN_FILTER_PRIO_MIN:
		return m->prio >= arg->value;
	}
	return true;
}

/* The message that a receive takes or a peek shows, or NULL. */
static struct msg *find(struct world *w, const struct kchan_recv *arg)
{
	bool by_tag = arg->filter == KCHAN_FILTER_TAG_MAX;
	struct msg *best = NULL, *m, *n;
	unsigned int ahead;

	for (m = w->msgs; m < w->msgs + w->n; m++) {
		if (!fits(m, arg))
			continue;
		ahead = 0;
		for (n = w->msgs; n < w->msgs + w->n; n++)
			ahead += n->holder < 0 && before(n, m);
		if (arg->flags & KCHAN_PEEK && !arg->filter) {
			if (ahead == arg->position)
				return m;
		} else if (!best || (by_tag && m->tag < best->tag) ||
			   ((!by_tag || m->tag == best->tag) && before(m, best))) {
			best = m;
		}
	}
	return best;
}

static void die(struct world *w, const struct msg *m, unsigned int reason)
{
	if (w->dlq < 0) {
		w->s.dropped[reason]++;
		return;
	}
	w->s.dead_lettered[reason]++;
	w->letters[w->n_letters] = *m;
	w->letters[w->n_letters++].reason = reason;
	w->all_letters++;
}

static void bury(struct world *w, struct msg *m, unsigned int reason)
{
	die(w, m, reason);
	*m = w->msgs[--w->n];
}

static void put_back(struct world *w, struct msg *m)
{
	if (w->max_deliveries && m->deliveries >= w->max_deliveries) {
		bury(w, m, KCHAN_DEAD_DELIVERIES);
		return;
	}
	m->holder = -1;
	m->back = true;
	w->s.returned++;
}

static unsigned int held_by(const struct world *w, int ep)
{
	unsigned int i, n = 0;

	for (i = 0; i < w->n; i++)
		n += w->msgs[i].holder == ep;
	return n;
}

static unsigned int bytes(const struct world *w)
{
	unsigned int i, n = 0;

	for (i = 0; i < w->n; i++)
		n += w->msgs[i].len;
	return n;
}

static bool room(const struct world *w, unsigned int less, unsigned int less_bytes,
		 unsigned int len)
{
	return w->n - less < DEPTH && bytes(w) - less_bytes + len <= BYTES;
}

/* What is to be dropped next for a message of this priority, but for those marked. */
static struct msg *victim(struct world *w, unsigned int prio)
{
	struct msg *worst = NULL, *m;

	for (m = w->msgs; m < w->msgs + w->n; m++) {
		if (m->holder >= 0 || m->reason || m->prio > prio)
			continue;
		if (!worst || m->prio < worst->prio ||
		    (m->prio == worst->prio && before(m, worst)))
			worst = m;
	}
	return worst;
}

/* Drops what makes room for the message, if that is possible. */
static bool make_room(struct world *w, const struct msg *m)
{
	unsigned int less = 0, less_bytes = 0, i;
	struct msg *v;

	while (!room(w, less, less_bytes, m->len)) {
		v = victim(w, m->prio);
		if (!v)
			break;
		v->reason = KCHAN_DEAD_OVERFLOW;
		less++;
		less_bytes += v->len;
	}
	if (!room(w, less, less_bytes, m->len)) {
		for (i = 0; i < w->n; i++)
			w->msgs[i].reason = 0;
		return false;
	}
	for (i = w->n; i--;)
		if (w->msgs[i].reason)
			bury(w, &w->msgs[i], KCHAN_DEAD_OVERFLOW);
	return true;
}

/* What SEND of this message returns, and does. */
static int model_send(struct world *w, struct msg *m)
{
	if (m->len > MSGSIZE)
		return -EMSGSIZE;
	if (!room(w, 0, 0, m->len) && w->overflow == KCHAN_OVERFLOW_BLOCK)
		return -EAGAIN;
	if (!room(w, 0, 0, m->len) && w->overflow == KCHAN_OVERFLOW_REJECT) {
		w->s.rejected++;
		return -ENOSPC;
	}
	m->seq = ++w->s.sent;
	w->s.sent_bytes += m->len;
	if (m->expiry == PAST)
		die(w, m, KCHAN_DEAD_EXPIRED);
	else if (!make_room(w, m))
		die(w, m, KCHAN_DEAD_OVERFLOW);
	else
		w->msgs[w->n++] = *m;
	return 0;
}

/* What RECV returns, and does; *OUT is the message. */
static int model_recv(struct world *w, int ep, const struct kchan_recv *arg,
		      struct msg *out)
{
	bool peek = arg->flags & KCHAN_PEEK, hold = arg->flags & KCHAN_HOLD;
	struct msg *m;

	if (hold && w->held_max[ep] && held_by(w, ep) >= w->held_max[ep])
		return -EBUSY;
	m = find(w, arg);
	if (!m)
		return -EAGAIN;
	if (m->len > arg->capacity) {
		*out = *m;
		return -EMSGSIZE;
	}
	m->deliveries += !peek;
	*out = *m;
	if (arg->data == 1 && m->len) {
		if (!peek)
			put_back(w, m);
		return -EFAULT;
	}
	if (hold) {
		m->holder = ep;
	} else if (!peek) {
		w->s.received++;
		w->s.received_bytes += m->len;
		*m = w->msgs[--w->n];
	}
	return 0;
}

/* Ends the holding of one message. */
static void settle(struct world *w, struct msg *m, unsigned int cmd,
		   unsigned int flags)
{
	if (cmd == KCHAN_IOC_ACK) {
		w->s.received++;
		w->s.received_bytes += m->len;
		*m = w->msgs[--w->n];
	} else if (flags & KCHAN_NACK_REJECT) {
		bury(w, m, KCHAN_DEAD_REJECTED);
	} else {
		put_back(w, m);
	}
}

static struct msg *held_message(struct world *w, int ep, uint64_t seq)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (w->msgs[i].holder == ep && w->msgs[i].seq == seq)
			return &w->msgs[i];
	return NULL;
}

static struct msg random_msg(struct world *w)
{
	static const unsigned int prios[] = { 0, 0, 1, 5, 32767 };
	struct msg m = {
		.tag = pick(w, 4),
		.prio = prios[pick(w, ARRAY_SIZE(prios))],
		.len = one_in(w, 30) ? MSGSIZE + 1 : pick(w, MSGSIZE + 1),
		.id = w->next_id++,
		.holder = -1,
	};

	if (one_in(w, 8))
		m.expiry = INT64_MAX / 2;
	/* What happens where there is no room either is not the question here. */
	else if (one_in(w, 12) && w->n + BATCH <= DEPTH &&
		 bytes(w) + BATCH * MSGSIZE <= BYTES)
		m.expiry = PAST;
	return m;
}

static struct kchan_send send_arg_of(const struct msg *m, char *buf)
{
	struct kchan_send arg = kc_send_arg(buf, m->len);

	if (m->len <= MSGSIZE)
		payload(buf, m->id, m->len);
	arg.prio = m->prio;
	arg.tag = m->tag;
	arg.expiry = m->expiry;
	return arg;
}

static void op_send(struct world *w)
{
	char buf[MSGSIZE + 1] = "";
	struct msg m = random_msg(w);
	struct kchan_send arg = send_arg_of(&m, buf);
	int ret = kc_ioctl(w->ep[pick(w, ENDPOINTS)], KCHAN_IOC_SEND, &arg);

	w->what = "send";
	CLAIM(w, "result", model_send(w, &m), ret);
	if (!ret)
		CLAIM(w, "number", m.seq, arg.seq);
}

static void op_write(struct world *w)
{
	char buf[MSGSIZE + 1] = "";
	struct msg m = random_msg(w);
	int ret;

	w->what = "write";
	m.prio = 0;
	m.tag = 0;
	m.expiry = 0;
	m.len += !m.len;
	if (m.len <= MSGSIZE)
		payload(buf, m.id, m.len);
	ret = kc_ret(write(w->ep[pick(w, ENDPOINTS)], buf, m.len));
	CLAIM(w, "result", model_send(w, &m) ?: (int)m.len, ret);
}

static void op_send_batch(struct world *w)
{
	char buf[BATCH][MSGSIZE + 1] = { "" };
	struct kchan_send item[BATCH];
	struct msg m[BATCH];
	struct kchan_batch arg;
	unsigned int n = 1 + pick(w, BATCH), i;
	int ret, want = 0;

	w->what = "send batch";
	for (i = 0; i < n; i++) {
		m[i] = random_msg(w);
		item[i] = send_arg_of(&m[i], buf[i]);
	}
	arg = kc_batch_arg(item, n, sizeof(item[0]));
	ret = kc_ioctl(w->ep[pick(w, ENDPOINTS)], KCHAN_IOC_SEND_BATCH, &arg);
	for (i = 0; i < n && !want; i++)
		want = model_send(w, &m[i]);
	i -= !!want;
	CLAIM(w, "result", i ? (int)i : want, ret);
	while (i-- && !w->why[0])
		CLAIM(w, "number", m[i].seq, item[i].seq);
}

static struct kchan_recv random_recv(struct world *w, char *buf)
{
	unsigned int filter = one_in(w, 2) ? 0 : 1 + pick(w, 4);
	struct kchan_recv arg = kc_filter_arg(buf, MSGSIZE, filter, 0);

	if (filter)
		arg.value = pick(w, 5);
	if (one_in(w, 15))
		arg.capacity = pick(w, MSGSIZE);
	if (one_in(w, 4))
		arg.flags = KCHAN_PEEK;
	else if (one_in(w, 2))
		arg.flags = KCHAN_HOLD;
	if (arg.flags == KCHAN_PEEK && !filter)
		arg.position = pick(w, DEPTH);
	return arg;
}

/* Compares what was received with the message of the model. */
static void check_recv(struct world *w, const struct kchan_recv *arg,
		       const char *buf, const struct msg *m)
{
	CLAIM(w, "number", m->seq, arg->seq);
	CLAIM(w, "length", m->len, arg->len);
	CLAIM(w, "priority", m->prio, arg->prio);
	CLAIM(w, "tag", m->tag, arg->tag);
	CLAIM(w, "expiry", m->expiry, arg->expiry);
	CLAIM(w, "deliveries", m->deliveries, arg->deliveries);
	CLAIM(w, "pid", getpid(), arg->pid);
	CLAIM(w, "reason", 0, arg->reason);
	CLAIM(w, "origin", 0, arg->origin);
	CLAIM(w, "payload", true, has_payload(buf, m));
}

static void op_recv(struct world *w)
{
	int ep = pick(w, ENDPOINTS), ret, want;
	char buf[MSGSIZE];
	struct kchan_recv arg = random_recv(w, buf);
	struct msg m;

	if (one_in(w, 20))
		arg.data = 1;
	w->what = arg.flags & KCHAN_PEEK ? "peek" :
		arg.flags & KCHAN_HOLD ? "hold" : "receive";
	want = model_recv(w, ep, &arg, &m);
	ret = kc_recv(w->ep[ep], &arg);
	CLAIM(w, "result", want, ret);
	if (ret == -EMSGSIZE)
		CLAIM(w, "length", m.len, arg.len);
	if (!ret && !want)
		check_recv(w, &arg, buf, &m);
}

static void op_read(struct world *w)
{
	char buf[MSGSIZE];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));
	int ep = pick(w, ENDPOINTS), ret, want;
	struct msg m;

	w->what = "read";
	want = model_recv(w, ep, &arg, &m);
	ret = kc_ret(read(w->ep[ep], buf, sizeof(buf)));
	CLAIM(w, "result", want ?: (int)m.len, ret);
	if (ret >= 0 && !want)
		CLAIM(w, "payload", true, has_payload(buf, &m));
}

static void op_recv_batch(struct world *w)
{
	int ep = pick(w, ENDPOINTS), ret, want = 0;
	unsigned int n = 1 + pick(w, BATCH), i;
	struct kchan_recv item[BATCH];
	char buf[BATCH][MSGSIZE];
	struct kchan_batch arg;
	struct msg m[BATCH];

	w->what = "receive batch";
	for (i = 0; i < n; i++)
		item[i] = random_recv(w, buf[i]);
	for (i = 0; i < n && !want; i++)
		want = model_recv(w, ep, &item[i], &m[i]);
	i -= !!want;
	arg = kc_batch_arg(item, n, sizeof(item[0]));
	ret = kc_ioctl(w->ep[ep], KCHAN_IOC_RECV_BATCH, &arg);
	if (!CLAIM(w, "result", i ? (int)i : want, ret))
		return;
	if (want == -EMSGSIZE)
		CLAIM(w, "length", m[i].len, item[i].len);
	while (i--)
		check_recv(w, &item[i], buf[i], &m[i]);
}

/* A number that the endpoint holds, mostly. */
static uint64_t random_seq(struct world *w, int ep)
{
	unsigned int i, tries = w->n * 2;

	while (tries--) {
		i = pick(w, w->n);
		if (w->msgs[i].holder == ep)
			return w->msgs[i].seq;
	}
	return pick(w, w->s.sent + 2);
}

static void random_way(struct world *w, unsigned int *cmd, unsigned int *flags)
{
	*cmd = one_in(w, 2) ? KCHAN_IOC_ACK : KCHAN_IOC_NACK;
	*flags = *cmd == KCHAN_IOC_NACK && one_in(w, 3) ? KCHAN_NACK_REJECT : 0;
}

static void op_settle(struct world *w)
{
	unsigned int n = 1 + pick(w, BATCH), i, cmd, flags;
	int ep = pick(w, ENDPOINTS), ret;
	uint64_t seq[BATCH];
	struct msg *m;

	random_way(w, &cmd, &flags);
	w->what = cmd == KCHAN_IOC_ACK ? "acknowledge" : flags ? "reject" : "put back";
	for (i = 0; i < n; i++)
		seq[i] = random_seq(w, ep);
	ret = n == 1 ? kc_settle(w->ep[ep], cmd, seq[0], flags) :
		kc_settle_many(w->ep[ep], cmd, seq, n, flags);
	for (i = 0; i < n; i++) {
		m = held_message(w, ep, seq[i]);
		if (!m)
			break;
		settle(w, m, cmd, flags);
	}
	CLAIM(w, "result", i ? (int)i : -ENOENT, ret);
}

static void op_settle_up_to(struct world *w)
{
	int ep = pick(w, ENDPOINTS), ret, want = 0;
	uint64_t seq = one_in(w, 4) ? UINT64_MAX : random_seq(w, ep), n;
	unsigned int cmd, flags;
	struct msg *m;

	random_way(w, &cmd, &flags);
	w->what = "settle up to";
	ret = kc_settle(w->ep[ep], cmd, seq, flags | KCHAN_ACK_UP_TO);
	for (n = 1; n <= seq && n <= w->s.sent; n++) {
		m = held_message(w, ep, n);
		if (m)
			settle(w, m, cmd, flags);
		want += !!m;
	}
	CLAIM(w, "result", want, ret);
}

/* What the endpoint holds goes back. */
static void close_endpoint(struct world *w, int ep)
{
	struct msg *m;
	uint64_t n;

	close(w->ep[ep]);
	for (n = 1; n <= w->s.sent; n++) {
		m = held_message(w, ep, n);
		if (m)
			put_back(w, m);
	}
}

static void op_reopen(struct world *w)
{
	int ep = pick(w, ENDPOINTS);

	w->what = "close";
	close_endpoint(w, ep);
	w->ep[ep] = kc_reopen(w->fd, O_RDWR | O_NONBLOCK);
	w->held_max[ep] = 0;
	CLAIM(w, "new endpoint", true, w->ep[ep] >= 0);
}

static void op_held_max(struct world *w)
{
	int ep = pick(w, ENDPOINTS);

	w->what = "held_max";
	w->held_max[ep] = pick(w, 4);
	CLAIM(w, "result", 0, kc_held_max(w->ep[ep], w->held_max[ep]));
	CLAIM(w, "held", held_by(w, ep), kc_held(w->ep[ep]));
}

/* What the state must be. */
static struct kchan_state expected(const struct world *w)
{
	struct kchan_state s = w->s;
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		if (w->msgs[i].holder < 0) {
			s.queued++;
			s.queued_bytes += w->msgs[i].len;
		} else {
			s.held++;
			s.held_bytes += w->msgs[i].len;
		}
	}
	return s;
}

static void check_state(struct world *w)
{
	struct kchan_state want = expected(w), got = kc_state(w->fd);
	int i;

	CLAIM(w, "queued", want.queued, got.queued);
	CLAIM(w, "queued_bytes", want.queued_bytes, got.queued_bytes);
	CLAIM(w, "held", want.held, got.held);
	CLAIM(w, "held_bytes", want.held_bytes, got.held_bytes);
	CLAIM(w, "sent", want.sent, got.sent);
	CLAIM(w, "sent_bytes", want.sent_bytes, got.sent_bytes);
	CLAIM(w, "received", want.received, got.received);
	CLAIM(w, "received_bytes", want.received_bytes, got.received_bytes);
	CLAIM(w, "returned", want.returned, got.returned);
	CLAIM(w, "rejected", want.rejected, got.rejected);
	for (i = 0; i < KCHAN_DEAD_REASONS; i++) {
		CLAIM(w, "dropped", want.dropped[i], got.dropped[i]);
		CLAIM(w, "dead_lettered", want.dead_lettered[i],
		      got.dead_lettered[i]);
	}
	CLAIM(w, "sum", got.sent, got.received + got.queued + got.held +
	      kc_total(got.dropped) + kc_total(got.dead_lettered));
}

/* Strikes a letter that came from the list of those that should. */
static bool expect_letter(struct world *w, const struct kchan_recv *arg,
			  const char *buf)
{
	unsigned int i;

	for (i = 0; i < w->n_letters; i++) {
		const struct msg *m = &w->letters[i];

		if (m->tag == arg->tag && m->prio == arg->prio &&
		    m->len == arg->len && m->reason == arg->reason &&
		    has_payload(buf, m)) {
			w->letters[i] = w->letters[--w->n_letters];
			return true;
		}
	}
	return false;
}

static void check_letters(struct world *w)
{
	char buf[MSGSIZE];
	struct kchan_recv arg;

	CLAIM(w, "arrival of letters", true,
	      KC_EVENTUALLY(kc_state(w->dlq).sent == w->all_letters));
	for (;;) {
		arg = kc_recv_arg(buf, sizeof(buf));
		if (kc_recv(w->dlq, &arg))
			break;
		CLAIM(w, "origin of a letter", kc_state(w->fd).id, arg.origin);
		CLAIM(w, "a letter's content", true, expect_letter(w, &arg, buf));
	}
	CLAIM(w, "letters that did not come", 0, w->n_letters);
}

static void step(struct world *w)
{
	static void (*const ops[])(struct world *) = {
		op_send, op_send, op_send, op_send, op_send, op_send, op_write,
		op_send_batch, op_send_batch, op_recv, op_recv, op_recv, op_recv,
		op_recv, op_recv, op_recv_batch, op_read, op_settle, op_settle,
		op_settle, op_settle_up_to, op_reopen, op_held_max,
	};

	ops[pick(w, ARRAY_SIZE(ops))](w);
	check_state(w);
	/* They take their time: many at once. */
	if (w->n_letters > ARRAY_SIZE(w->letters) / 2)
		check_letters(w);
}

/* Receives what is left in the order of the model. */
static void drain(struct world *w)
{
	struct kchan_recv arg;
	char buf[MSGSIZE];
	struct msg m;
	int i;

	w->what = "drain";
	for (i = 0; i < ENDPOINTS; i++)
		close_endpoint(w, i);
	check_state(w);
	do {
		arg = kc_recv_arg(buf, sizeof(buf));
		i = model_recv(w, 0, &arg, &m);
		CLAIM(w, "result", i, kc_recv(w->fd, &arg));
		if (!i)
			check_recv(w, &arg, buf, &m);
	} while (!i && !w->why[0]);
	check_state(w);
	if (w->dlq >= 0)
		check_letters(w);
}

FIXTURE(property)
{
	struct world w;
};

FIXTURE_VARIANT(property)
{
	unsigned int overflow, max_deliveries;
	bool dead_letters;
};

FIXTURE_VARIANT_ADD(property, block) { .overflow = KCHAN_OVERFLOW_BLOCK };
FIXTURE_VARIANT_ADD(property, reject_3_deliveries) {
	.overflow = KCHAN_OVERFLOW_REJECT, .max_deliveries = 3,
};
FIXTURE_VARIANT_ADD(property, drop) { .overflow = KCHAN_OVERFLOW_DROP };
FIXTURE_VARIANT_ADD(property, drop_2_deliveries_with_dead_letters) {
	.overflow = KCHAN_OVERFLOW_DROP, .max_deliveries = 2,
	.dead_letters = true,
};

FIXTURE_SETUP(property)
{
	self->w.ctl = kc_ctl();
}

FIXTURE_TEARDOWN(property)
{
	close(self->w.ctl);
}

static bool begin(struct world *w, unsigned int overflow,
		  unsigned int max_deliveries, bool dead_letters)
{
	struct kchan_create arg = kc_create_arg(NULL);
	int i;

	w->dlq = -1;
	if (dead_letters) {
		w->dlq = kc_create(w->ctl, NULL, O_RDWR | O_NONBLOCK);
		arg.flags = KCHAN_CREATE_DEAD_LETTER;
		arg.dead_letter = w->dlq;
	}
	arg.depth = DEPTH;
	arg.msgsize = MSGSIZE;
	arg.bytes = BYTES;
	arg.overflow = w->overflow = overflow;
	arg.max_deliveries = w->max_deliveries = max_deliveries;
	w->fd = kc_create_with(w->ctl, &arg);
	for (i = 0; i < ENDPOINTS; i++)
		w->ep[i] = kc_reopen(w->fd, O_RDWR | O_NONBLOCK);
	return w->fd >= 0 && w->ep[ENDPOINTS - 1] >= 0;
}

static void end(struct world *w)
{
	close(w->fd);
	if (w->dlq >= 0)
		close(w->dlq);
}

TEST_F(property, random_operations_do_what_the_model_says)
{
	uint64_t seed = kc_number("KC_SEED", kc_now());
	uint64_t n = kc_number("KC_SEQUENCES", kc_scaled(SEQUENCES)), i;
	struct world *w = &self->w;
	int ctl = w->ctl;

	ksft_print_msg("KC_SEED=%llu\n", (unsigned long long)seed);
	for (i = 0; i < n; i++) {
		memset(w, 0, sizeof(*w));
		w->ctl = ctl;
		w->rng = (seed + i) * 0x9e3779b97f4a7c15ULL | 1;
		ASSERT_TRUE(begin(w, variant->overflow, variant->max_deliveries,
				  variant->dead_letters));
		for (w->step = 1; w->step <= STEPS && !w->why[0]; w->step++)
			step(w);
		if (!w->why[0])
			drain(w);
		ASSERT_STREQ("", w->why)
			TH_LOG("KC_SEED=%llu KC_SEQUENCES=1 repeats it",
			       (unsigned long long)(seed + i));
		end(w);
	}
}

TEST_HARNESS_MAIN
