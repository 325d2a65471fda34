// SPDX-License-Identifier: GPL-2.0
/*
 * Messages in slots. Who has slots has an endpoint of its own, at most shared with a
 * child, so that they come back when it is killed; and it waits for nothing for ever.
 * Nobody writes to a slot that is not loaned to it: what is read there must be right.
 */
#include "torture.h"
#include "../kchan_pool.h"

#include <signal.h>
#include <sys/mman.h>

#define PIECES		24
#define BATCH		6

/* How a slot is had. */
enum had { LOANED, TAKEN, HELD };

/**
 * struct piece - a slot that one has
 * @slot: its number
 * @had: how
 * @call: of what was taken: as much as its end takes
 */
struct piece {
	uint32_t slot;
	enum had had;
	struct t_call call;
};

/**
 * struct owner - an endpoint and what it has
 * @call: how to use it
 * @mode: its access mode
 * @slots: of the pool
 * @size: of each
 * @pool: where it is mapped, or NULL
 * @shared: a child uses it, too
 * @gone: the channel was revoked, or the books are no more right
 * @n: slots that are known of
 */
struct owner {
	struct t_call call;
	int mode;
	uint32_t slots;
	uint32_t size;
	char *pool;
	bool shared;
	bool gone;
	unsigned int n;
	struct piece piece[PIECES];
};

static bool owner_begin(struct owner *o)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };
	struct t_wild *wild = t_one_in(3) ? t_wild_any() : NULL;
	struct kchan_state state;
	int fd;

	*o = (struct owner) { .mode = modes[t_rnd(4)] };
	if (wild)
		o->call = t_call_wild(wild);
	else
		o->call = t_call_tracked(t_rnd(T_CHANNELS));
	state = kc_state(o->call.fd);
	if (state.size != sizeof(state) || !state.slots)
		return false;
	fd = kc_reopen(o->call.fd, o->mode);
	if (o->call.channel < 0)
		T_EXPECT(fd, "open for slots", ENOMEM, EIDRM, EACCES, ENXIO,
			 ENOENT, ESTALE);
	else
		T_EXPECT(fd, "open for slots", ENOMEM);
	if (fd < 0)
		return false;
	o->call.fd = fd;
	o->call.nowait = -1;
	o->call.form = T_IOCTL;
	o->call.need_peer = false;
	o->slots = state.slots;
	o->size = state.slot_size;
	return true;
}

static void owner_unmap(struct owner *o)
{
	if (o->pool)
		munmap(o->pool, (size_t)o->slots * o->size);
	o->pool = NULL;
}

/* By one of two ways. */
static bool owner_map(struct owner *o)
{
	int prot = PROT_READ | (o->mode == O_RDONLY ? 0 : PROT_WRITE), fd;
	struct kchan_pool_fd arg = kp_fd_arg();
	void *p;

	if (o->pool)
		return true;
	fd = o->call.fd;
	if (o->mode == O_WRONLY || t_one_in(2)) {
		fd = kc_ioctl(fd, KCHAN_IOC_POOL_FD, &arg) ? -errno : arg.fd;
		T_EXPECT(fd, "POOL_FD", ENOMEM,
			 o->call.channel < 0 ? EIDRM : EINTR,
			 o->mode == O_RDONLY ? EACCES : EINTR);
	}
	if (fd < 0)
		return false;
	p = mmap(NULL, (size_t)o->slots * o->size, prot, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		T_EXPECT(-errno, "mmap of a pool", ENOMEM,
			 o->call.channel < 0 ? EIDRM : EINTR,
			 o->mode == O_RDONLY ? EACCES : EINTR);
	if (fd != o->call.fd)
		close(fd);
	o->pool = p == MAP_FAILED ? NULL : p;
	return o->pool;
}

static void owner_add(struct owner *o, uint32_t slot, enum had had,
		      const struct t_call *call)
{
	unsigned int i;

	for (i = 0; i < o->n; i++)
		if (o->piece[i].slot == slot)
			t_fail("slot %u is had twice", slot);
	if (slot >= o->slots)
		t_fail("slot %u of %u", slot, o->slots);
	o->piece[o->n] = (struct piece) { .slot = slot, .had = had };
	if (call)
		o->piece[o->n].call = *call;
	o->n++;
	__atomic_add_fetch(&world->slotted, 1, __ATOMIC_RELAXED);
}

static void owner_del(struct owner *o, unsigned int i)
{
	o->piece[i] = o->piece[--o->n];
}

/* One that is had in this way, or -1. */
static int owner_any(const struct owner *o, enum had had)
{
	unsigned int i, from = t_rnd(o->n);

	for (i = 0; i < o->n; i++)
		if (o->piece[(from + i) % o->n].had == had)
			return (from + i) % o->n;
	return -1;
}

static struct t_call owner_call(const struct owner *o)
{
	struct t_call call = o->call;

	call.patience = t_rnd(o->n || o->shared ? 2 : 3);
	return call;
}

static unsigned int flags_of(const struct t_call *call)
{
	return call->patience == T_NOW ? KCHAN_NONBLOCK : 0;
}

static void begin_wait(const struct t_call *call)
{
	if (call->patience == T_FOREVER)
		t_wants(call->channel < 0 ? T_SIGNAL : T_ROOM,
			call->channel < 0 ? -1 : call->channel);
}

/* Of a call to which the slot belongs. */
static void check_error(struct owner *o, const struct t_call *call, int err,
			const char *what)
{
	o->gone |= err == -EIDRM;
	t_check_error(call, err, what);
}

static void owner_loan(struct owner *o)
{
	struct t_call call = owner_call(o);
	struct kchan_loan arg = kp_loan_arg(flags_of(&call));
	uint32_t slots[BATCH];
	int ret, i;

	arg.slots = (uintptr_t)slots;
	arg.count = 1 + t_rnd(BATCH);
	if (o->n + arg.count > PIECES)
		return;
	arg.deadline = t_deadline(&call);
	t_doing("LOAN");
	begin_wait(&call);
	ret = kc_ioctl(call.fd, KCHAN_IOC_LOAN, &arg);
	t_wants(T_NOTHING, -1);
	t_doing(NULL);
	if (ret < 0)
		check_error(o, &call, ret, "send (LOAN)");
	else if (!ret || ret > (int)arg.count)
		t_fail("LOAN of %u returns %d", arg.count, ret);
	for (i = 0; i < ret; i++)
		owner_add(o, slots[i], LOANED, NULL);
}

/* Fill a slot, and describe it. Return: the message's number; 0: none is left. */
static uint64_t owner_fill(struct owner *o, unsigned int i, struct t_call *call,
			   struct kchan_publish *arg)
{
	uint32_t max = call->channel < 0 ? kc_state(call->fd).msgsize :
					   world->channel[call->channel].msgsize;
	uint64_t id;

	call->len = t_random_len(max < o->size ? max : o->size);
	if (call->len < T_HEAD)
		call->len = T_HEAD < max ? T_HEAD : max;
	call->prio = t_random_prio();
	call->expiry = 0;
	t_any_expiry(call);
	id = t_note_begin(call->channel < 0 ? -1 : call->channel);
	if (!id)
		return 0;
	*arg = kp_publish_arg(o->piece[i].slot, call->len);
	t_fill(o->pool + (size_t)arg->slot * o->size, arg->len, id, call->id,
	       call->prio);
	arg->prio = call->prio;
	arg->tag = id;
	arg->expiry = call->expiry;
	return id;
}

static void owner_publish(struct owner *o)
{
	struct t_call call = owner_call(o);
	struct kchan_publish arg;
	int i = owner_any(o, LOANED), ret;
	uint64_t id;

	if (i < 0 || !owner_map(o))
		return;
	id = owner_fill(o, i, &call, &arg);
	if (!id)
		return;
	arg.flags = flags_of(&call) | (t_one_in(2) ? KCHAN_PUBLISH_LOAN : 0);
	arg.deadline = t_deadline(&call);
	t_doing("PUBLISH");
	begin_wait(&call);
	ret = kc_ioctl(call.fd, KCHAN_IOC_PUBLISH, &arg);
	t_wants(T_NOTHING, -1);
	t_note_sent(id, ret);
	t_doing(NULL);
	if (ret) {
		check_error(o, &call, ret, "send (PUBLISH)");
		return;
	}
	owner_del(o, i);
	if ((arg.flags & KCHAN_PUBLISH_LOAN) && arg.next != KCHAN_SLOT_NONE)
		owner_add(o, arg.next, LOANED, NULL);
}

static void owner_publish_many(struct owner *o)
{
	struct t_call call = owner_call(o);
	struct kchan_publish item[BATCH] = {};
	uint64_t id[BATCH];
	unsigned int n = 0, i;
	struct kchan_batch batch;
	int ret;

	if (!owner_map(o))
		return;
	for (i = 0; i < o->n && n < BATCH; i++) {
		if (o->piece[i].had != LOANED)
			continue;
		id[n] = owner_fill(o, i, &call, &item[n]);
		if (!id[n])
			break;
		n++;
	}
	if (!n)
		return;
	batch = kc_batch_arg(item, n, sizeof(item[0]));
	batch.flags = flags_of(&call);
	batch.deadline = t_deadline(&call);
	t_doing("PUBLISH_BATCH");
	begin_wait(&call);
	ret = kc_ioctl(call.fd, KCHAN_IOC_PUBLISH_BATCH, &batch);
	t_wants(T_NOTHING, -1);
	for (i = 0; i < n; i++)
		t_note_sent(id[i], (int)i < ret ? 0 : -EAGAIN);
	t_doing(NULL);
	if (ret < 0)
		check_error(o, &call, ret, "send (PUBLISH_BATCH)");
	for (i = 0; (int)i < ret; i++) {
		unsigned int at = 0;

		while (o->piece[at].slot != item[i].slot)
			at++;
		owner_del(o, at);
	}
}

static struct kchan_recv meta_of(const struct kchan_take *arg)
{
	return (struct kchan_recv) {
		.size = sizeof(struct kchan_recv),
		.len = arg->len, .tag = arg->tag, .seq = arg->seq,
		.time = arg->time, .prio = arg->prio,
		.deliveries = arg->deliveries, .pid = arg->pid,
		.expiry = arg->expiry, .reason = arg->reason,
		.origin = arg->origin,
	};
}

static void owner_took(struct owner *o, struct t_call *call,
		       const struct kchan_take *arg)
{
	struct kchan_recv meta = meta_of(arg);
	bool known = t_accept(call, o->pool + (size_t)arg->slot * o->size,
			      arg->len, &meta);

	owner_add(o, arg->slot, call->flags ? HELD : TAKEN, call);
	/* What nobody knows the name of is not to be dealt with one by one. */
	o->gone |= !known;
}

static void owner_take(struct owner *o)
{
	struct t_call call = owner_call(o);
	struct kchan_take arg = kp_take_arg(0);
	int last = t_one_in(2) ? owner_any(o, TAKEN) : -1, ret;

	if (o->n == PIECES || !owner_map(o))
		return;
	t_any_wish(&call);
	call.flags &= KCHAN_HOLD;
	call.position = 0;
	if (call.patience == T_FOREVER && o->n)
		call.patience = T_NOW;
	call.keep = true;
	call.got = 0;
	arg.flags |= call.flags | flags_of(&call);
	arg.filter = call.filter;
	arg.value = call.value;
	arg.deadline = t_deadline(&call);
	if (last >= 0)
		arg.release = o->piece[last].slot;
	t_wish_begin(&call, 1);
	ret = kc_ioctl(call.fd, KCHAN_IOC_TAKE, &arg);
	t_wants(T_NOTHING, -1);
	if (last >= 0 && arg.release == KCHAN_SLOT_NONE)
		owner_del(o, last);
	else if (last >= 0 && ret != -EIDRM)
		t_fail("TAKE has not released a slot: %d", ret);
	if (!ret)
		owner_took(o, &call, &arg);
	else if (ret != -EXDEV || call.channel >= 0)
		check_error(o, &call, ret, "receive (TAKE)");
	t_wish_end();
}

static void owner_take_many(struct owner *o)
{
	struct t_call call = owner_call(o);
	struct kchan_take item[BATCH] = {};
	struct kchan_batch batch = kc_batch_arg(item, BATCH, sizeof(item[0]));
	int i, ret;

	if (o->n + BATCH > PIECES || !owner_map(o))
		return;
	call.flags = t_one_in(2) ? KCHAN_HOLD : 0;
	call.keep = true;
	for (i = 0; i < BATCH; i++)
		item[i] = kp_take_arg(call.flags);
	batch.flags = flags_of(&call);
	batch.deadline = t_deadline(&call);
	t_wish_begin(&call, BATCH);
	ret = kc_ioctl(call.fd, KCHAN_IOC_TAKE_BATCH, &batch);
	t_wants(T_NOTHING, -1);
	for (i = 0; i < ret; i++)
		owner_took(o, &call, &item[i]);
	if (ret < 0 && (ret != -EXDEV || call.channel >= 0))
		check_error(o, &call, ret, "receive (TAKE_BATCH)");
	t_wish_end();
}

/* It is the endpoint's, and so that must succeed. */
static bool ended(struct owner *o, int ret, const char *what)
{
	o->gone |= ret == -EIDRM;
	if (ret != 1 && (ret != -EIDRM || o->call.channel >= 0))
		t_fail("%s of a slot returns %d", what, ret);
	return ret == 1;
}

static int settle(const struct t_call *call, uint32_t slot, unsigned int way)
{
	switch (way) {
	case 0:
		return kp_release(call->fd, slot);
	case 1:
		return kc_ack(call->fd, call->seq);
	case 2:
		return kc_nack(call->fd, call->seq);
	}
	return kc_reject(call->fd, call->seq);
}

static void owner_settle(struct owner *o, unsigned int i)
{
	struct piece piece = o->piece[i];
	struct t_call *call = &piece.call;
	unsigned int way = t_rnd(t_may_reject(call) ? 4 : 3);

	if (way != 2)
		t_note_orphan(call->got);
	if (ended(o, settle(call, piece.slot, way), "the end of the holding") &&
	    way < 2)
		t_note_received(call->got, call->via,
				call->channel < 0 ? -1 : call->channel);
	owner_del(o, i);
}

static void owner_end(struct owner *o)
{
	unsigned int i = t_rnd(o->n);

	if (!o->n)
		return;
	t_doing("RELEASE, ACK or NACK");
	if (o->piece[i].had == HELD) {
		owner_settle(o, i);
	} else {
		ended(o, kp_release(o->call.fd, o->piece[i].slot), "RELEASE");
		owner_del(o, i);
	}
	t_doing(NULL);
}

/* What is not the endpoint's stays whose it is. */
static void owner_err(struct owner *o)
{
	uint32_t slot = t_rnd(o->slots + 2);
	int err = slot < o->slots ? EPERM : EINVAL, gone, ret;
	unsigned int i;

	for (i = 0; i < o->n; i++)
		if (o->piece[i].slot == slot)
			return;
	if (o->shared)
		return;
	gone = o->call.channel < 0 ? EIDRM : EINTR;
	ret = kp_release(o->call.fd, slot);
	if (ret >= 0)
		t_fail("RELEASE of somebody's slot returns %d", ret);
	T_EXPECT(ret, "RELEASE of somebody's slot", err, gone);
	if (o->mode == O_RDONLY)
		return;
	ret = kp_publish(o->call.fd, slot, 1);
	if (ret >= 0)
		t_fail("PUBLISH of somebody's slot returns %d", ret);
	T_EXPECT(ret, "PUBLISH of somebody's slot", err, gone, EMSGSIZE);
}

static void owner_step(struct owner *o)
{
	bool sends = o->mode != O_RDONLY, receives = o->mode != O_WRONLY;

	switch (t_rnd(12)) {
	case 0: case 1:
		if (sends)
			owner_loan(o);
		break;
	case 2: case 3: case 4:
		if (sends)
			owner_publish(o);
		break;
	case 5:
		if (sends)
			owner_publish_many(o);
		break;
	case 6: case 7:
		if (receives)
			owner_take(o);
		break;
	case 8:
		if (receives)
			owner_take_many(o);
		break;
	case 9:
		owner_err(o);
		break;
	case 10:
		if (t_one_in(4))
			owner_unmap(o);
		break;
	default:
		owner_end(o);
	}
}

static void owner_steps(struct owner *o, int steps)
{
	while (steps-- && !o->gone && !world->stop)
		owner_step(o);
}

static int owner_child(void *arg)
{
	struct owner *o = arg;

	/* What its parent has is its parent's. */
	o->n = 0;
	owner_steps(o, t_rnd(30));
	return 0;
}

/* Loan, publish, take and give back, and at the end go, or be killed, with the rest. */
bool act_slots(void)
{
	static __thread struct owner o;
	pid_t pid = 0;

	if (!owner_begin(&o))
		return false;
	owner_steps(&o, t_rnd(30));
	if (t_one_in(6)) {
		o.shared = true;
		pid = t_spawn(owner_child, &o);
	}
	owner_steps(&o, t_rnd(40));
	if (t_one_in(2))
		owner_unmap(&o);
	close(o.call.fd);
	if (pid > 0 && t_one_in(3))
		kill(pid, SIGKILL);
	if (pid > 0)
		t_reap(pid);
	owner_unmap(&o);
	return true;
}

/* A pool that is charged to the cgroup of who is about to run out of memory. */
int t_hog_pool(int ctl)
{
	return ctl < 0 ? -1 : kp_queue(ctl, 64, 128 * 1024);
}

void t_hog_slot(int fd)
{
	struct kchan_loan arg = kp_loan_arg(KCHAN_NONBLOCK);
	char *pool;
	int ret;

	ret = kc_ioctl(fd, KCHAN_IOC_LOAN, &arg);
	T_EXPECT(ret, "LOAN out of memory", ENOMEM, EAGAIN, EIDRM, EFAULT);
	if (ret < 0)
		return;
	pool = kp_map(fd);
	if (pool)
		memset(pool + arg.slot * 128 * 1024, 1, 1000);
	if (pool)
		munmap(pool, 64 * 128 * 1024);
}
