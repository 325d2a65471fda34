// SPDX-License-Identifier: GPL-2.0
/*
 * Four processes of another user do to a channel with a pool, as fast as they can,
 * all that they must not and some that they may, beside a sender and a receiver that
 * behave. With the right to receive alone they change nothing of what is others'; with
 * the right to send they may write the pool, and change nothing else.
 *
 * What they may is to take messages with the tag 0, of which there are enough, and to
 * send such. Whoever has a slot says so in a table: none has two owners.
 */
#include "kchan_pool.h"

#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FOES 4
#define NOBODY 65534
#define SLOTS 64
#define SLOT_SIZE 192
#define BYTES (SLOTS * SLOT_SIZE)
#define OPS 2500	/* of each of them, unless KC_OPS says otherwise */
#define MINE_MAX 6	/* slots that one has */
#define PRIO 5		/* of messages of the pair */
#define BACKLOG 16
#define LAST UINT64_MAX	/* tag of the pair's last message */
#define NAME "target"

struct world {
	int ctl, fd;
	bool writes;		/* they may */
	bool over;
	uint32_t failed;	/* a line */
	int error;		/* and what was returned there */
	uint64_t sent, received;
	uint64_t ops, hits;	/* of them: done, and with success */
	uint32_t owner[SLOTS];	/* 0: nobody who says so */
};

static void fail(struct world *w, int line, int ret)
{
	uint32_t none = 0;

	if (__atomic_compare_exchange_n(&w->failed, &none, line, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		w->error = ret;
}

#define CHECK(w, cond, ret) ({						\
	bool ok = (cond);						\
	if (!ok)							\
		fail(w, __LINE__, ret);					\
	ok;								\
})

/* Slots: who gets one says so, and who gives it back does so before. */
static bool gets(struct world *w, uint32_t slot, uint32_t who)
{
	uint32_t none = 0;

	return slot < SLOTS &&
		__atomic_compare_exchange_n(&w->owner[slot], &none, who, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static bool gives(struct world *w, uint32_t slot, uint32_t who)
{
	return __atomic_exchange_n(&w->owner[slot], 0, __ATOMIC_SEQ_CST) == who;
}

/* What the pair sends, by its number. */
static unsigned int len_of(uint64_t n)
{
	return 8 + n % (SLOT_SIZE - 7);
}

static void fill(char *at, uint64_t n)
{
	unsigned int i;

	memcpy(at, &n, 8);
	for (i = 8; i < len_of(n); i++)
		at[i] = n * 31 + i;
}

static bool intact(const char *at, uint64_t n, unsigned int len)
{
	unsigned int i;

	if (len != len_of(n) || memcmp(at, &n, 8))
		return false;
	for (i = 8; i < len; i++)
		if (at[i] != (char)(n * 31 + i))
			return false;
	return true;
}

/* The pair. */
enum { SENDER = 101, RECEIVER };

static uint32_t loan(struct world *w, int fd)
{
	int slot = kp_loan(fd);

	CHECK(w, slot >= 0 && gets(w, slot, SENDER), slot);
	return slot;
}

/* Return: the next slot, if @next. */
static uint32_t publish(struct world *w, int fd, char *pool, uint32_t slot,
			uint64_t n, bool next)
{
	struct kchan_publish arg = kp_publish_arg(slot, len_of(n));
	int ret;

	arg.flags = next ? KCHAN_PUBLISH_LOAN : 0;
	arg.prio = PRIO;
	arg.tag = n;
	fill(pool + slot * SLOT_SIZE, n);
	CHECK(w, gives(w, slot, SENDER), 0);
	ret = kc_ioctl(fd, KCHAN_IOC_PUBLISH, &arg);
	CHECK(w, !ret, ret);
	if (next)
		CHECK(w, gets(w, arg.next, SENDER), arg.next);
	return arg.next;
}

static void send_by_copy(struct world *w, int fd, uint64_t n)
{
	char buf[SLOT_SIZE];
	int ret;

	fill(buf, n);
	ret = kc_send(fd, PRIO, n, buf, len_of(n));
	CHECK(w, !ret, ret);
}

/* Something to take for who may only receive, as far as there is room. */
static void send_junk(struct world *w, int fd, unsigned int rnd)
{
	struct kchan_send arg = kc_send_arg(&rnd, sizeof(rnd));
	int ret;

	if (kc_state(w->fd).slots_free <= SLOTS / 2)
		return;
	arg.flags = KCHAN_NONBLOCK;
	arg.prio = rnd % (2 * PRIO);
	ret = kc_ioctl(fd, KCHAN_IOC_SEND, &arg);
	CHECK(w, !ret || ret == -EAGAIN, ret);
}

static int do_send(void *arg)
{
	struct world *w = arg;
	int fd = kc_reopen(w->fd, O_WRONLY);
	int both = kc_reopen(w->fd, O_RDWR);
	char *pool = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, both, 0);
	uint32_t slot = KCHAN_SLOT_NONE;
	unsigned int rng = 1;
	uint64_t n;

	close(both);
	for (n = 1; !w->failed; n++) {
		bool last = w->over;
		uint64_t tag = last ? LAST : n;

		while (n - w->received > BACKLOG && !w->failed)
			usleep(200);
		if (slot == KCHAN_SLOT_NONE && rand_r(&rng) % 2)
			slot = loan(w, fd);
		if (slot == KCHAN_SLOT_NONE)
			send_by_copy(w, fd, tag);
		else
			slot = publish(w, fd, pool, slot, tag,
				       !last && rand_r(&rng) % 4);
		w->sent = n;
		if (last)
			return 0;
		if (rand_r(&rng) % 2)
			send_junk(w, fd, rand_r(&rng));
	}
	return 0;
}

static bool as_sent(const struct world *w, const struct kchan_take *take,
		    uint64_t n, const char *at)
{
	uint64_t tag = take->tag == LAST ? LAST : n;

	return take->tag == tag && take->len == len_of(tag) &&
	       take->prio == PRIO && take->deliveries == 1 && !take->uid &&
	       !take->gid && !take->reason && !take->expiry && !take->origin &&
	       (w->writes || intact(at, tag, take->len));
}

static void let_go(struct world *w, int fd, const struct kchan_take *take)
{
	int ret;

	CHECK(w, gives(w, take->slot, RECEIVER), 0);
	if (take->flags & KCHAN_HOLD && take->tag % 2)
		ret = kc_ack(fd, take->seq);
	else
		ret = kp_release(fd, take->slot);
	CHECK(w, ret == 1, ret);
}

static int do_receive(void *arg)
{
	struct world *w = arg;
	int fd = kc_reopen(w->fd, O_RDONLY);
	const char *pool = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	struct kchan_take take = {};
	const char *at;
	uint64_t n;
	int ret;

	for (n = 1; take.tag != LAST && !w->failed; n++) {
		take = kp_take_arg(n % 3 ? 0 : KCHAN_HOLD);
		take.filter = KCHAN_FILTER_TAG_NOT;
		ret = kp_take(fd, &take);
		if (!CHECK(w, !ret, ret))
			break;
		at = pool + take.slot * SLOT_SIZE;
		CHECK(w, gets(w, take.slot, RECEIVER), take.slot);
		CHECK(w, as_sent(w, &take, n, at), take.tag);
		sched_yield();
		CHECK(w, as_sent(w, &take, n, at), take.tag);
		let_go(w, fd, &take);
		w->received = n;
	}
	return 0;
}

/* A slot that one of them has. */
struct mine {
	uint32_t slot;
	bool loaned;
	uint64_t seq;		/* if it is held; else 0 */
};

/* One of the four. */
struct foe {
	struct world *w;
	uint32_t who;		/* 0: it shares its endpoint, and says nothing */
	unsigned int rng;
	int fd;
	uint64_t seen;		/* the last sequence number that it knows */
	char *map;
	unsigned int n;
	struct mine mine[MINE_MAX];
};

static unsigned int chance(struct foe *f, unsigned int n)
{
	return rand_r(&f->rng) / 7 % n;
}

#define ALLOW(f, ret, ...) ({						\
	const int codes[] = { __VA_ARGS__ };				\
	int r = ret;							\
	size_t c = 0;							\
	while (c < sizeof(codes) / sizeof(codes[0]) && codes[c] != r)	\
		c++;							\
	CHECK((f)->w, c < sizeof(codes) / sizeof(codes[0]), r);		\
})

static void add(struct foe *f, struct mine mine)
{
	if (f->who)
		CHECK(f->w, gets(f->w, mine.slot, f->who), mine.slot);
	f->mine[f->n++] = mine;
}

static struct mine remove_at(struct foe *f, unsigned int i)
{
	struct mine mine = f->mine[i];

	if (f->who)
		CHECK(f->w, gives(f->w, mine.slot, f->who), mine.slot);
	f->mine[i] = f->mine[--f->n];
	return mine;
}

static bool is_mine(const struct foe *f, uint32_t slot)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (f->mine[i].slot == slot)
			return true;
	return false;
}

/* A number that is none, or another's; what to say to it is in @err. */
static uint32_t foreign(struct foe *f, int *err)
{
	static const uint32_t none[] = { SLOTS, SLOTS + 1, 1U << 20, 1U << 31,
		KCHAN_SLOT_NONE };
	uint32_t slot;

	*err = -EINVAL;
	if (!chance(f, 4))
		return none[chance(f, 5)];
	do {
		slot = chance(f, SLOTS);
	} while (is_mine(f, slot));
	*err = -EPERM;
	return slot;
}

static int release_two(struct foe *f, uint32_t a, uint32_t b)
{
	uint32_t slots[2] = { a, b };

	return kp_release_many(f->fd, slots, 2);
}

static struct kchan_publish publish_arg(struct foe *f, uint32_t slot)
{
	struct kchan_publish arg = kp_publish_arg(slot,
						  chance(f, SLOT_SIZE + 1));

	arg.flags = KCHAN_NONBLOCK;
	arg.prio = chance(f, 2 * PRIO);
	return arg;
}

static int do_publish(struct foe *f, uint32_t slot)
{
	struct kchan_publish arg = publish_arg(f, slot);

	return kc_ioctl(f->fd, KCHAN_IOC_PUBLISH, &arg);
}

/* Of what is not its own. Those that share an endpoint may hit upon the other's. */
static void op_release_foreign(struct foe *f)
{
	uint32_t slot;
	int err;

	slot = foreign(f, &err);
	ALLOW(f, kp_release(f->fd, slot), err, f->who ? err : 1);
	slot = foreign(f, &err);
	ALLOW(f, release_two(f, slot, slot), err, f->who ? err : 1);
}

static void op_publish_foreign(struct foe *f)
{
	uint32_t slot;
	int err, ret;

	slot = foreign(f, &err);
	ret = do_publish(f, slot);
	if (!f->w->writes)
		ALLOW(f, ret, -EBADF);
	else if (f->who)
		ALLOW(f, ret, err);
	else
		ALLOW(f, ret, err, 0, -EAGAIN);
}

/* Of its own, and twice. */
static void op_release(struct foe *f)
{
	struct mine mine;

	if (!f->n)
		return;
	mine = remove_at(f, chance(f, f->n));
	if (!f->who)
		ALLOW(f, kp_release(f->fd, mine.slot), 1, -EPERM);
	else if (chance(f, 2))
		ALLOW(f, release_two(f, mine.slot, mine.slot), 1);
	else
		ALLOW(f, kp_release(f->fd, mine.slot), 1);
	ALLOW(f, kp_release(f->fd, mine.slot), -EPERM, f->who ? -EPERM : 1);
	f->w->hits++;
}

static void op_loan(struct foe *f)
{
	struct kchan_loan arg = kp_loan_arg(KCHAN_NONBLOCK);
	uint32_t slots[MINE_MAX];
	int ret, i;

	if (f->n == MINE_MAX)
		return;
	arg.slots = (uintptr_t)slots;
	arg.count = MINE_MAX - f->n;
	ret = kc_ioctl(f->fd, KCHAN_IOC_LOAN, &arg);
	if (!f->w->writes) {
		ALLOW(f, ret, -EBADF);
		return;
	}
	CHECK(f->w, ret == -EAGAIN || (ret > 0 && ret <= (int)arg.count), ret);
	for (i = 0; i < ret; i++)
		add(f, (struct mine) { .slot = slots[i], .loaned = true });
}

/* Of its own: a loaned one, if there is room for junk, and then once more. */
static void op_publish(struct foe *f)
{
	struct mine mine;
	unsigned int i;
	int ret;

	if (!f->n)
		return;
	i = chance(f, f->n);
	if (!f->mine[i].loaned) {
		ALLOW(f, do_publish(f, f->mine[i].slot), -EPERM,
		      f->w->writes ? -EPERM : -EBADF, f->who ? -EPERM : 0);
		return;
	}
	if (kc_state(f->fd).slots_free <= SLOTS / 2)
		return;
	mine = remove_at(f, i);
	ret = do_publish(f, mine.slot);
	if (f->who)
		ALLOW(f, ret, 0, -EAGAIN);
	if (ret == -EAGAIN) {
		add(f, mine);
		return;
	}
	ALLOW(f, do_publish(f, mine.slot), -EPERM, f->who ? -EPERM : 0);
	ALLOW(f, kp_release(f->fd, mine.slot), -EPERM, f->who ? -EPERM : 1);
	f->w->hits++;
}

/* Junk, with the release of what is not its own, or is. */
static void op_take(struct foe *f)
{
	struct kchan_take arg = kp_take_arg(KCHAN_NONBLOCK |
					    (chance(f, 2) ? KCHAN_HOLD : 0));
	int err = 0, ret;

	if (f->n == MINE_MAX)
		return;
	arg.filter = KCHAN_FILTER_TAG;
	if (f->n && chance(f, 2))
		arg.release = remove_at(f, chance(f, f->n)).slot;
	else if (chance(f, 2))
		arg.release = foreign(f, &err);
	if (arg.release == KCHAN_SLOT_NONE)
		err = 0;
	ret = kc_ioctl(f->fd, KCHAN_IOC_TAKE, &arg);
	if (!f->who)
		ALLOW(f, ret, 0, -EAGAIN, -EPERM, -EINVAL);
	else if (err)
		ALLOW(f, ret, err);
	else
		CHECK(f->w, (!ret || ret == -EAGAIN) &&
		      arg.release == KCHAN_SLOT_NONE, ret);
	if (ret)
		return;
	CHECK(f->w, !arg.tag, 0);
	f->seen = arg.seq;
	f->w->hits++;
	add(f, (struct mine) {
		.slot = arg.slot, .seq = arg.flags & KCHAN_HOLD ? arg.seq : 0,
	});
}

/* What cannot be told is put back. */
static void op_take_in_vain(struct foe *f)
{
	struct kchan_take *arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*arg = kp_take_arg(KCHAN_NONBLOCK | (chance(f, 2) ? KCHAN_HOLD : 0));
	arg->filter = KCHAN_FILTER_TAG;
	mprotect(arg, 4096, PROT_READ);
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_TAKE, arg), -EFAULT, -EAGAIN);
	munmap(arg, 4096);
}

/* A verdict on what others hold, or nobody, and on what is its own. */
static void op_settle(struct foe *f)
{
	static const unsigned int cmds[] = {
		KCHAN_IOC_ACK, KCHAN_IOC_NACK, KCHAN_IOC_NACK,
	};
	static const unsigned int flags[] = { 0, 0, KCHAN_NACK_REJECT };
	uint64_t seq = f->seen + chance(f, 100) - 50;
	unsigned int i, way = chance(f, 3);

	for (i = 0; i < f->n && f->mine[i].seq != seq; i++)
		;
	if (i == f->n)
		ALLOW(f, kc_settle(f->fd, cmds[way], seq, flags[way]), -ENOENT,
		      f->who ? -ENOENT : 1);
	for (i = 0; i < f->n && !f->mine[i].seq; i++)
		;
	if (i == f->n)
		return;
	seq = remove_at(f, i).seq;
	ALLOW(f, kc_settle(f->fd, cmds[way], seq, flags[way]), 1,
	      f->who ? 1 : -ENOENT);
	ALLOW(f, kc_settle(f->fd, cmds[way], seq, flags[way]), -ENOENT,
	      f->who ? -ENOENT : 1);
}

static void op_peek(struct foe *f)
{
	char buf[SLOT_SIZE];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));
	int ret;

	arg.flags = KCHAN_PEEK;
	arg.position = chance(f, 8);
	ret = kc_recv(f->fd, &arg);
	ALLOW(f, ret, 0, -EAGAIN, -EBUSY);
	if (ret)
		return;
	f->seen = arg.seq;
	if (arg.tag)
		CHECK(f->w, arg.len == len_of(arg.tag) && arg.prio == PRIO &&
		      (f->w->writes || intact(buf, arg.tag, arg.len)), arg.len);
}

/* Maps the pool, through the endpoint or a descriptor, and what is not to be mapped. */
static int pool_fd(struct foe *f)
{
	int fd = kp_fd(f->fd);

	CHECK(f->w, fd >= 0, fd);
	return fd;
}

static void scribble(struct foe *f)
{
	unsigned int at = chance(f, BYTES), n = chance(f, 4096);

	if (f->map && f->w->writes)
		memset(f->map + at, rand_r(&f->rng),
		       n < BYTES - at ? n : BYTES - at);
}

static void map_once(struct foe *f, int fd)
{
	int ret = f->w->writes ? 0 : -EACCES;
	char *p;

	if (f->map)
		munmap(f->map, BYTES);
	f->map = NULL;
	p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(f->w, (p == MAP_FAILED ? -errno : 0) == ret, ret);
	if (p != MAP_FAILED)
		munmap(p, 4096 * (1 + chance(f, 3)));
	if (p != MAP_FAILED)
		munmap(p, BYTES);
	p = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (!CHECK(f->w, p != MAP_FAILED, 0))
		return;
	f->map = p;
	CHECK(f->w, kc_fd(mprotect(p, BYTES, PROT_READ | PROT_WRITE)) == ret,
	      ret);
	ALLOW(f, kc_fd(madvise(p, 4096, MADV_REMOVE)), ret);
	ALLOW(f, kc_fd(madvise(p, 4096, MADV_DONTNEED)), 0);
	/* What is one's own is no matter. */
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (CHECK(f->w, p != MAP_FAILED, 0))
		memset(p, 0xff, 4096);
	munmap(p, 4096);
}

static void op_map(struct foe *f)
{
	int fd = chance(f, 2) ? pool_fd(f) : -1;

	map_once(f, fd < 0 ? f->fd : fd);
	close(fd);
}

static void op_pool_file(struct foe *f)
{
	bool writes = f->w->writes;
	int fd = pool_fd(f), ret;
	char buf[64] = "";

	ALLOW(f, kc_fd(ftruncate(fd, chance(f, 2) ? 0 : 2 * BYTES)),
	      writes ? -EPERM : -EINVAL, writes ? -EOVERFLOW : -EINVAL);
	ALLOW(f, kc_fd(fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				 FALLOC_FL_KEEP_SIZE, chance(f, BYTES), 5000)),
	      writes ? 0 : -EBADF);
	ALLOW(f, kc_fd(fallocate(fd, 0, BYTES, 4096)), writes ? -EPERM : -EBADF);
	ret = kc_ret(pwrite(fd, buf, sizeof(buf), chance(f, BYTES - 64)));
	ALLOW(f, ret, writes ? 64 : -EBADF);
	ALLOW(f, (int)kc_ret(pwrite(fd, buf, sizeof(buf), BYTES)),
	      writes ? -EPERM : -EBADF);
	ALLOW(f, (int)kc_ret(pread(fd, buf, sizeof(buf), 0)), 64);
	/* It belongs to nobody. */
	ALLOW(f, kc_fd(fchmod(fd, 0666)), -EPERM, -EOVERFLOW);
	ALLOW(f, kc_fd(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), -EPERM);
	ALLOW(f, kc_reopen(fd, O_RDWR), -EACCES);
	ALLOW(f, kc_reopen(fd, O_RDONLY), -EACCES);
	close(fd);
}

static void op_rights(struct foe *f)
{
	ALLOW(f, kc_revoke(f->fd), -EPERM);
	ALLOW(f, kc_remove(f->w->ctl, NAME, 0, KCHAN_REMOVE_NOW), -EPERM);
	ALLOW(f, kc_fd(fchmod(f->fd, 0666)), -EPERM);
	if (!f->w->writes)
		ALLOW(f, kc_open(f->w->ctl, NAME, O_RDWR), -EACCES);
}

/* Memory that is not there, and values that are none. */
static void op_nonsense(struct foe *f)
{
	struct kchan_take take = kp_take_arg(chance(f, 1U << 16) << 4 | 1 << 20);
	struct kchan_loan loan = kp_loan_arg(KCHAN_NONBLOCK);
	struct kchan_release release = kp_release_arg(0);
	struct kchan_publish publish = publish_arg(f, chance(f, SLOTS));
	int writer = f->w->writes ? -EINVAL : -EBADF;

	loan.slots = 16;
	loan.count = 1 + chance(f, 4);
	release.slots = 16;
	release.count = 1;
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_LOAN, &loan),
	      f->w->writes ? -EFAULT : -EBADF, f->w->writes ? -EAGAIN : -EBADF);
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_RELEASE, &release), -EFAULT);
	release.slots = 0;
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_RELEASE, &release), -EINVAL);
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_TAKE, &take), -EINVAL);
	publish.pool = 1;
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_PUBLISH, &publish), writer);
	publish.pool = 0;
	publish.prio = KCHAN_PRIO_MAX + 1;
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_PUBLISH, &publish), writer);
	ALLOW(f, kc_ioctl(f->fd, KCHAN_IOC_PUBLISH, (void *)16),
	      f->w->writes ? -EFAULT : -EBADF);
}

static void op_state(struct foe *f)
{
	struct kchan_state s = kc_state(f->fd);

	CHECK(f->w, s.slots == SLOTS && s.slot_size == SLOT_SIZE &&
	      s.slots_free + s.slots_loaned + s.slots_taken <= SLOTS &&
	      s.sent == s.received + s.queued + s.held + kc_total(s.dropped),
	      s.slots_free);
}

static int open_target(const struct world *w)
{
	return kc_open(w->ctl, NAME, w->writes ? O_RDWR : O_RDONLY);
}

/* All that it has goes with the endpoint. */
static void forget(struct foe *f)
{
	while (f->n)
		remove_at(f, f->n - 1);
}

static void op_close(struct foe *f)
{
	if (!f->who)
		return;
	forget(f);
	close(f->fd);
	f->fd = open_target(f->w);
	if (!CHECK(f->w, f->fd >= 0, f->fd))
		_exit(1);
}

static void (*const operations[])(struct foe *f) = {
	op_release_foreign, op_publish_foreign, op_release, op_loan, op_publish,
	op_take, op_take, op_settle, op_take_in_vain, op_peek, scribble,
	op_map, op_pool_file, op_rights, op_nonsense, op_state, op_close,
};

static void attack(struct foe *f)
{
	uint64_t ops = kc_number("KC_OPS", kc_scaled(OPS)), i;

	for (i = 0; i < ops && !f->w->failed; i++)
		operations[chance(f, sizeof(operations) /
				  sizeof(operations[0]))](f);
	__atomic_add_fetch(&f->w->ops, i, __ATOMIC_SEQ_CST);
}

static int attack_child(void *arg)
{
	struct foe *f = arg;

	f->rng = 99;
	attack(f);
	return 0;
}

/* One of three, of which the last has a child that uses its endpoint. */
static int live(void *arg)
{
	struct foe *f = arg;
	struct world *w = f->w;
	pid_t child = 0;

	close(w->fd);
	if (kc_become(NOBODY))
		return -EPERM;
	f->fd = open_target(w);
	if (f->fd < 0)
		return f->fd;
	if (!f->who)
		child = kc_fork(attack_child, f);
	attack(f);
	forget(f);
	return child ? kc_reap(child) : 0;
}

FIXTURE(hostile)
{
	struct kc_env env;
	struct world *w;
};

FIXTURE_VARIANT(hostile)
{
	bool writes;
};

FIXTURE_VARIANT_ADD(hostile, who_may_receive) { .writes = false };
FIXTURE_VARIANT_ADD(hostile, who_may_send) { .writes = true };

FIXTURE_SETUP(hostile)
{
	struct kchan_create arg = kc_create_arg(NAME);

	ASSERT_EQ(0, kc_enter(&self->env));
	self->w = kc_shared(sizeof(*self->w));
	self->w->ctl = self->env.ctl;
	self->w->writes = variant->writes;
	arg.mode = variant->writes ? 0666 : 0644;
	arg.slots = SLOTS;
	arg.slot_size = SLOT_SIZE;
	self->w->fd = kc_create_with(self->env.ctl, &arg);
	ASSERT_LE(0, self->w->fd);
}

FIXTURE_TEARDOWN(hostile)
{
	close(self->w->fd);
	kc_leave(&self->env);
}

TEST_F(hostile, changes_nothing_of_others)
{
	struct foe foe[FOES - 1];
	struct world *w = self->w;
	pid_t pid[FOES - 1], sender, receiver;
	struct kchan_state s;
	char buf[SLOT_SIZE];
	unsigned int i;

	sender = kc_fork(do_send, w);
	receiver = kc_fork(do_receive, w);
	for (i = 0; i < FOES - 1; i++) {
		foe[i] = (struct foe) {
			.w = w, .rng = i + 1, .who = i < FOES - 2 ? i + 1 : 0,
		};
		pid[i] = kc_fork(live, &foe[i]);
	}
	for (i = 0; i < FOES - 1; i++)
		EXPECT_EQ(0, kc_reap(pid[i]));
	w->over = true;
	EXPECT_EQ(0, w->failed) TH_LOG("the line that says no, where %d came",
				       w->error);
	if (w->failed)
		kc_revoke(w->fd);	/* they may wait for each other */
	EXPECT_EQ(0, kc_reap(sender));
	EXPECT_EQ(0, kc_reap(receiver));
	EXPECT_EQ(0, w->failed) TH_LOG("the line that says no, where %d came",
				       w->error);
	EXPECT_EQ(w->sent, w->received);

	s = kc_state(w->fd);
	EXPECT_EQ(1, s.senders);
	EXPECT_EQ(1, s.receivers);
	EXPECT_EQ(0, s.held);
	EXPECT_EQ(0, s.slots_loaned);
	EXPECT_EQ(0, s.slots_taken);
	EXPECT_EQ(SLOTS, s.slots_free + s.queued);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(w->fd).pool_users == 0));
	while (read(w->fd, buf, sizeof(buf)) >= 0)
		;
	EXPECT_EQ(SLOTS, kc_state(w->fd).slots_free);
	EXPECT_TRUE(kc_sums(w->fd));
	EXPECT_EQ(0, s.waiting_senders + s.waiting_receivers);
	ksft_print_msg("%llu operations, %llu with success, beside %llu messages\n",
		       (unsigned long long)w->ops, (unsigned long long)w->hits,
		       (unsigned long long)w->received);
}

TEST_HARNESS_MAIN
