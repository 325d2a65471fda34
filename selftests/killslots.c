// SPDX-License-Identifier: GPL-2.0
/*
 * Producers and consumers of a channel with a pool, killed at random points: while
 * they fill a slot, publish, take, hold, release, or wait for one of that. Some share
 * their endpoint with a child, which may live on. What they had done by then they
 * have written to shared memory. At the end every slot is free, and every message is
 * accounted for: but for what a killed consumer was just taking without HOLD.
 *
 * KC_KILLS=N says how often in each variant; KC_SEED=N repeats the choices, not the
 * timing.
 */
#define KC_TIMEOUT 7200	/* the full form */
#include "kchan_netlink.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PRODUCERS 2
#define CONSUMERS 3
#define TASKS (PRODUCERS + CONSUMERS)
#define AT_ONCE 4	/* slots or messages that a task has at most */
#define SLOTS 40	/* all that the tasks and their children may have, and more */
#define SLOT_SIZE 192	/* some go over the end of a page */
#define KILLS 50
#define MAX_IDS (1U << 22)
#define MAX_DELIVERIES 3

/* What is known of a message, by the number in it. */
enum fate {
	SENT = 1,	/* its producer says so */
	MAYBE_SENT = 2,	/* its producer was killed while it sent */
	GONE = 4,	/* its consumer says that it is done with it */
	MAYBE_GONE = 8,	/* its consumer was killed while it said so */
	DEAD = 16,	/* it came to the dead-letter channel */
	LEFT = 32,	/* it was there at the end */
	TWICE = 64,	/* gone before */
};

/* Written by one task, and read when that has been killed. */
struct journal {
	pid_t heir;			/* child that shares the endpoint */
	uint32_t n_sending;
	uint32_t sending[AT_ONCE];
	uint32_t taking;		/* so many at most, without HOLD */
	uint32_t n_ending;
	uint32_t ending[AT_ONCE];	/* being acknowledged */
};

struct world {
	int fd, dlq;
	uint32_t next_id, failed;
	uint32_t may_lose, heirs;
	pid_t pid[TASKS];
	struct journal journal[2 * TASKS];	/* the second half is the heirs' */
	uint8_t fate[MAX_IDS];
	uint8_t deliveries[MAX_IDS];
};

/* Keeps the compiler from putting off what the journal says. */
#define SAY(where, what) __atomic_store_n(&(where), what, __ATOMIC_SEQ_CST)
#define MARK(w, id, what) \
	__atomic_fetch_or(&(w)->fate[id], what, __ATOMIC_SEQ_CST)
#define CHECK(t, cond) ({						\
	bool ok = (cond);						\
	if (!ok)							\
		SAY((t)->w->failed, __LINE__);				\
	ok;								\
})

/* A task, and what it works with. */
struct task {
	struct world *w;
	int who;
	struct journal *journal;
	int fd;
	char *pool;
	unsigned int rng;
};

struct load {
	uint32_t id;
	uint32_t len;
	uint8_t bytes[SLOT_SIZE - 8];
};

static unsigned int chance(struct task *t, unsigned int n)
{
	return rand_r(&t->rng) / 7 % n;
}

static struct load *at(const struct task *t, uint32_t slot)
{
	return (struct load *)(t->pool + (size_t)slot * SLOT_SIZE);
}

static unsigned int fill(struct load *load, uint32_t id)
{
	unsigned int i;

	load->id = id;
	load->len = 8 + id % (SLOT_SIZE - 7);
	for (i = 0; i < load->len - 8; i++)
		load->bytes[i] = id * 31 + i;
	return load->len;
}

static bool intact(const struct load *load, unsigned int len)
{
	unsigned int i;

	if (load->id >= MAX_IDS - 1 || load->len != len ||
	    len != 8 + load->id % (SLOT_SIZE - 7))
		return false;
	for (i = 0; i < len - 8; i++)
		if (load->bytes[i] != (uint8_t)(load->id * 31 + i))
			return false;
	return true;
}

/* Producers. */
static uint32_t begin_send(struct task *t)
{
	uint32_t id = __atomic_fetch_add(&t->w->next_id, 1, __ATOMIC_SEQ_CST);

	while (id >= MAX_IDS - 1)
		pause();
	t->journal->sending[t->journal->n_sending] = id;
	SAY(t->journal->n_sending, t->journal->n_sending + 1);
	return id;
}

static void end_sends(struct task *t)
{
	unsigned int i;

	for (i = 0; i < t->journal->n_sending; i++)
		MARK(t->w, t->journal->sending[i], SENT);
	SAY(t->journal->n_sending, 0);
}

/* Return: how many there are. */
static unsigned int loan(struct task *t, uint32_t *slots, unsigned int max)
{
	struct kchan_loan arg = { .size = sizeof(arg) };
	int ret;

	if (max > 1) {
		arg.slots = (uintptr_t)slots;
		arg.count = max;
	}
	ret = kc_ioctl(t->fd, KCHAN_IOC_LOAN, &arg);
	if (!CHECK(t, ret > 0 && ret <= (int)max))
		pause();
	if (max == 1)
		slots[0] = arg.slot;
	return ret;
}

static struct kchan_publish publication(struct task *t, uint32_t slot)
{
	uint32_t id = begin_send(t);

	return (struct kchan_publish) {
		.size = sizeof(struct kchan_publish),
		.slot = slot,
		.len = fill(at(t, slot), id),
		.prio = id % 3,
		.tag = id,
	};
}

/* Return: the next slot, if it is asked for and there is one. */
static uint32_t publish(struct task *t, uint32_t slot, bool next)
{
	struct kchan_publish arg = publication(t, slot);

	arg.flags = next ? KCHAN_PUBLISH_LOAN : 0;
	CHECK(t, !kc_ioctl(t->fd, KCHAN_IOC_PUBLISH, &arg));
	end_sends(t);
	CHECK(t, next || arg.next == KCHAN_SLOT_NONE);
	return arg.next;
}

static void release(struct task *t, const uint32_t *slots, unsigned int n)
{
	struct kchan_release arg = { .size = sizeof(arg), .slot = slots[0] };

	if (n > 1) {
		arg.slot = 0;
		arg.slots = (uintptr_t)slots;
		arg.count = n;
	}
	CHECK(t, kc_ioctl(t->fd, KCHAN_IOC_RELEASE, &arg) == (int)n);
}

static void publish_in_a_row(struct task *t)
{
	unsigned int n = 1 + chance(t, 20);
	uint32_t slot;

	loan(t, &slot, 1);
	while (n-- && slot != KCHAN_SLOT_NONE)
		slot = publish(t, slot, true);
	if (slot != KCHAN_SLOT_NONE)
		release(t, &slot, 1);
}

static void publish_batch(struct task *t)
{
	struct kchan_publish item[AT_ONCE] = {};
	uint32_t slots[AT_ONCE];
	unsigned int n = loan(t, slots, AT_ONCE), i;
	struct kchan_batch batch = kc_batch_arg(item, n, sizeof(item[0]));

	for (i = 0; i < n; i++)
		item[i] = publication(t, slots[i]);
	CHECK(t, kc_ioctl(t->fd, KCHAN_IOC_PUBLISH_BATCH, &batch) == (int)n);
	end_sends(t);
}

static void loan_many(struct task *t, bool give_back)
{
	uint32_t slots[AT_ONCE];
	unsigned int n = loan(t, slots, AT_ONCE), i;

	if (give_back) {
		release(t, slots, n);
		return;
	}
	for (i = 0; i < n; i++)
		publish(t, slots[i], false);
}

static void send_by_copy(struct task *t, bool by_ioctl)
{
	uint32_t id = begin_send(t);
	struct load load;
	unsigned int len = fill(&load, id);

	if (by_ioctl)
		CHECK(t, !kc_send(t->fd, id % 3, id, &load, len));
	else
		CHECK(t, write(t->fd, &load, len) == (int)len);
	end_sends(t);
}

static void produce(struct task *t)
{
	uint32_t slot;

	switch (chance(t, 7)) {
	case 0:
		loan(t, &slot, 1);
		publish(t, slot, false);
		break;
	case 1:
		publish_in_a_row(t);
		break;
	case 2:
		publish_batch(t);
		break;
	case 3: case 4:
		loan_many(t, chance(t, 2));
		break;
	default:
		send_by_copy(t, chance(t, 2));
	}
}

/* Consumers. */
static void note_delivery(struct task *t, uint32_t id, unsigned int deliveries)
{
	/* One that has it at a time: each count is above the last. */
	if (CHECK(t, id < MAX_IDS && deliveries > t->w->deliveries[id]))
		SAY(t->w->deliveries[id], deliveries);
}

static void note_gone(struct world *w, uint32_t id)
{
	if (MARK(w, id, GONE) & GONE)
		MARK(w, id, TWICE);
}

static struct kchan_take wish(unsigned int flags, uint32_t slot)
{
	return (struct kchan_take) {
		.size = sizeof(struct kchan_take),
		.flags = flags | KCHAN_TAKE_RELEASE,
		.release = slot,
	};
}

static uint32_t look_at(struct task *t, const struct kchan_take *arg)
{
	const struct load *load = at(t, arg->slot);

	if (!CHECK(t, arg->slot < SLOTS && intact(load, arg->len)))
		pause();
	note_delivery(t, load->id, arg->deliveries);
	return load->id;
}

/* Takes one after another, each with the release of the last. */
static void take_in_a_row(struct task *t)
{
	unsigned int n = 1 + chance(t, 20);
	struct kchan_take arg = wish(0, KCHAN_SLOT_NONE);

	while (n--) {
		SAY(t->journal->taking, 1);
		if (!CHECK(t, !kc_ioctl(t->fd, KCHAN_IOC_TAKE, &arg)))
			pause();
		note_gone(t->w, look_at(t, &arg));
		SAY(t->journal->taking, 0);
		arg.release = arg.slot;
	}
	release(t, &arg.slot, 1);
}

static void take_batch(struct task *t)
{
	struct kchan_take item[AT_ONCE] = {};
	struct kchan_batch batch = kc_batch_arg(item, AT_ONCE, sizeof(item[0]));
	uint32_t slots[AT_ONCE];
	int n, i;

	for (i = 0; i < AT_ONCE; i++)
		item[i] = wish(0, KCHAN_SLOT_NONE);
	SAY(t->journal->taking, AT_ONCE);
	n = kc_ioctl(t->fd, KCHAN_IOC_TAKE_BATCH, &batch);
	if (!CHECK(t, n > 0 && n <= AT_ONCE))
		pause();
	for (i = 0; i < n; i++) {
		slots[i] = item[i].slot;
		note_gone(t->w, look_at(t, &item[i]));
	}
	SAY(t->journal->taking, 0);
	release(t, slots, n);
}

static void receive_by_copy(struct task *t, bool by_ioctl)
{
	struct load load = { .id = MAX_IDS };
	struct kchan_recv arg = kc_recv_arg(&load, sizeof(load));
	int len;

	SAY(t->journal->taking, 1);
	len = by_ioctl ? kc_recv(t->fd, &arg) :
			 kc_ret(read(t->fd, &load, sizeof(load)));
	if (!len)
		len = arg.len;
	if (!CHECK(t, len > 0 && intact(&load, len)))
		pause();
	if (by_ioctl)
		note_delivery(t, load.id, arg.deliveries);
	note_gone(t->w, load.id);
	SAY(t->journal->taking, 0);
}

/* Messages that are held, by copy or in their slots. */
struct held {
	bool taken;
	uint32_t slot[AT_ONCE];
	uint64_t seq[AT_ONCE];
	uint32_t id[AT_ONCE];
};

static void hold_one(struct task *t, struct held *h, unsigned int i)
{
	struct kchan_take take = wish(KCHAN_HOLD, KCHAN_SLOT_NONE);
	struct load load = { .id = MAX_IDS };
	struct kchan_recv recv = kc_recv_arg(&load, sizeof(load));

	recv.flags = KCHAN_HOLD;
	if (!CHECK(t, !(h->taken ? kc_ioctl(t->fd, KCHAN_IOC_TAKE, &take) :
				   kc_recv(t->fd, &recv))))
		pause();
	if (h->taken) {
		h->id[i] = look_at(t, &take);
		h->slot[i] = take.slot;
		h->seq[i] = take.seq;
		return;
	}
	CHECK(t, intact(&load, recv.len));
	note_delivery(t, load.id, recv.deliveries);
	h->id[i] = load.id;
	h->seq[i] = recv.seq;
}

static void settle(struct task *t, unsigned int cmd, const struct held *h,
		   unsigned int n)
{
	CHECK(t, kc_settle_many(t->fd, cmd, h->seq, n, 0) == (int)n);
}

static void hold(struct task *t)
{
	unsigned int n = 1 + chance(t, AT_ONCE), i;
	struct held h = { .taken = chance(t, 3) };

	for (i = 0; i < n; i++)
		hold_one(t, &h, i);
	if (!chance(t, 3)) {
		settle(t, KCHAN_IOC_NACK, &h, n);
		return;
	}
	memcpy(t->journal->ending, h.id, sizeof(h.id));
	SAY(t->journal->n_ending, n);
	if (h.taken && chance(t, 2))
		release(t, h.slot, n);
	else
		settle(t, KCHAN_IOC_ACK, &h, n);
	for (i = 0; i < n; i++)
		note_gone(t->w, h.id[i]);
	SAY(t->journal->n_ending, 0);
}

static void consume(struct task *t)
{
	switch (chance(t, 6)) {
	case 0:
		take_in_a_row(t);
		break;
	case 1:
		take_batch(t);
		break;
	case 2:
		receive_by_copy(t, chance(t, 2));
		break;
	default:
		hold(t);
	}
}

static void work(struct task *t)
{
	t->rng = kc_now();
	for (;;) {
		if (t->who < PRODUCERS)
			produce(t);
		else
			consume(t);
	}
}

static int inherit(void *arg)
{
	struct task *t = arg;

	/* It is ended by who ended its parent, or before. */
	prctl(PR_SET_PDEATHSIG, 0);
	t->journal = &t->w->journal[TASKS + t->who];
	work(t);
	return 0;
}

static char *map(int fd, bool writes)
{
	struct kchan_pool_fd arg = { .size = sizeof(arg), .fd = -1 };
	int prot = PROT_READ | (writes ? PROT_WRITE : 0);
	char *p;

	/* Who only receives has the choice. */
	if (!writes && getpid() % 2)
		return mmap(NULL, SLOTS * SLOT_SIZE, prot, MAP_SHARED, fd, 0);
	if (kc_ioctl(fd, KCHAN_IOC_POOL_FD, &arg))
		return MAP_FAILED;
	p = mmap(NULL, arg.bytes, prot, MAP_SHARED, arg.fd, 0);
	close(arg.fd);
	return p;
}

static int live(void *arg)
{
	struct task *t = arg;
	bool writes = t->who < PRODUCERS;

	t->journal = &t->w->journal[t->who];
	t->fd = kc_reopen(t->w->fd, writes ? O_WRONLY : O_RDONLY);
	t->pool = t->fd < 0 ? MAP_FAILED : map(t->fd, writes);
	if (!CHECK(t, t->pool != MAP_FAILED))
		pause();
	if (getpid() % 3 == 0)
		SAY(t->journal->heir, kc_fork(inherit, t));
	work(t);
	return 0;
}

static void spawn(struct world *w, int who)
{
	struct task t = { .w = w, .who = who };

	memset(&w->journal[who], 0, sizeof(w->journal[who]));
	memset(&w->journal[TASKS + who], 0, sizeof(w->journal[who]));
	w->pid[who] = kc_fork(live, &t);
}

/* What the journal of a task that was killed leaves open. */
static void close_journal(struct world *w, const struct journal *journal)
{
	unsigned int i;

	for (i = 0; i < journal->n_sending; i++)
		MARK(w, journal->sending[i], MAYBE_SENT);
	for (i = 0; i < journal->n_ending; i++)
		MARK(w, journal->ending[i], MAYBE_GONE);
	w->may_lose += journal->taking;
}

/* Children whose parents were killed before they could tell. */
static bool kill_the_unknown(struct world *w)
{
	char path[64], text[4096], *p = text;
	pid_t pid;
	int who;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (kc_read_text(path, text, sizeof(text)) < 0)
		return false;
	while ((pid = strtol(p, &p, 10)) > 0) {
		for (who = 0; who < TASKS && w->pid[who] != pid; who++)
			;
		if (who < TASKS)
			continue;
		kill(pid, SIGKILL);
		if (kc_reap(pid) != KC_KILLED)
			return false;
	}
	return true;
}

/* A task, and with it or before it or some time after it the child it has. */
static bool kill_one(struct world *w, int who, unsigned int how)
{
	bool good;
	pid_t heir;

	if (how % 3 == 0 && w->journal[who].heir > 0)
		kill(w->journal[who].heir, SIGKILL);
	if (how % 3 == 1)
		usleep(500);
	kill(w->pid[who], SIGKILL);
	good = kc_reap(w->pid[who]) == KC_KILLED;
	close_journal(w, &w->journal[who]);
	if (how % 3 == 2)
		usleep(500);
	/* Ours now: we are the subreaper. */
	heir = w->journal[who].heir;
	if (heir > 0) {
		kill(heir, SIGKILL);
		good &= kc_reap(heir) == KC_KILLED;
		w->heirs++;
	} else {
		/* It would write to the journal of the next. */
		good &= kill_the_unknown(w);
	}
	close_journal(w, &w->journal[TASKS + who]);
	return good;
}

/* Letters that came, and what was in them. */
static void read_letters(struct world *w)
{
	struct load load;
	struct kchan_recv arg = kc_recv_arg(&load, sizeof(load));

	while (w->dlq >= 0 && !kc_recv(w->dlq, &arg)) {
		if ((arg.reason != KCHAN_DEAD_DELIVERIES &&
		     arg.reason != KCHAN_DEAD_OVERFLOW) ||
		    !intact(&load, arg.len) || MARK(w, load.id, DEAD) & DEAD)
			SAY(w->failed, __LINE__);
	}
}

/* Receives what is left, and notes that. */
static void drain(struct world *w)
{
	struct load load;
	struct kchan_recv arg = kc_recv_arg(&load, sizeof(load));

	while (!kc_recv(w->fd, &arg))
		if (!intact(&load, arg.len) || MARK(w, load.id, LEFT) & LEFT)
			SAY(w->failed, __LINE__);
}

/* What all messages come to. */
struct account {
	uint64_t sent, maybe_sent;
	uint64_t gone, maybe_gone;
	uint64_t lost, twice, invented;
};

static struct account account(const struct world *w)
{
	struct account a = { 0 };
	uint32_t id;

	for (id = 0; id < w->next_id && id < MAX_IDS; id++) {
		unsigned int fate = w->fate[id];
		bool here = fate & (LEFT | DEAD);

		a.sent += !!(fate & SENT);
		a.maybe_sent += !(fate & SENT) && fate & MAYBE_SENT;
		a.invented += fate && !(fate & (SENT | MAYBE_SENT));
		a.gone += !!(fate & GONE);
		a.maybe_gone += !here && !(fate & GONE) && fate & MAYBE_GONE;
		a.lost += fate & SENT && !here && !(fate & (GONE | MAYBE_GONE));
		a.twice += fate & TWICE || (fate & GONE && here);
	}
	return a;
}

/* Bytes of the pools of this user. */
static uint64_t pool_bytes(void)
{
	struct kn_request req;
	struct kn_answer answer;
	int sock = kn_socket();
	uint64_t bytes;

	kn_begin(&req, KCHAN_CMD_LIMITS, 0);
	bytes = kn_ask(sock, &req, &answer) ? UINT64_MAX :
		kn_u64(&answer, KCHAN_A_USER_POOL_BYTES);
	close(sock);
	return bytes;
}

FIXTURE(killslots)
{
	int ctl;
	uint64_t bytes;
	struct world *w;
	unsigned int rng;
};

FIXTURE_VARIANT(killslots)
{
	unsigned int max_deliveries;
	unsigned int overflow;
	bool letters;
};

FIXTURE_VARIANT_ADD(killslots, plain) { .overflow = KCHAN_OVERFLOW_BLOCK };
FIXTURE_VARIANT_ADD(killslots, with_dead_letters) {
	.max_deliveries = MAX_DELIVERIES, .letters = true,
};
FIXTURE_VARIANT_ADD(killslots, that_drops) { .overflow = KCHAN_OVERFLOW_DROP };
FIXTURE_VARIANT_ADD(killslots, that_drops_to_dead_letters) {
	.max_deliveries = MAX_DELIVERIES, .letters = true,
	.overflow = KCHAN_OVERFLOW_DROP,
};

FIXTURE_SETUP(killslots)
{
	struct kchan_create arg = kc_create_arg(NULL);

	self->ctl = kc_ctl();
	self->bytes = pool_bytes();
	ASSERT_NE(UINT64_MAX, self->bytes);
	self->w = kc_shared(sizeof(*self->w));
	self->w->dlq = -1;
	arg.slots = SLOTS;
	arg.slot_size = SLOT_SIZE;
	arg.overflow = variant->overflow;
	arg.max_deliveries = variant->max_deliveries;
	if (variant->letters) {
		struct kchan_create dead = kc_create_arg(NULL);

		dead.depth = SLOTS;
		self->w->dlq = kc_create_with(self->ctl, &dead);
		ASSERT_LE(0, self->w->dlq);
		arg.flags = KCHAN_CREATE_DEAD_LETTER;
		arg.dead_letter = self->w->dlq;
	}
	self->w->fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, self->w->fd);
	self->rng = kc_number("KC_SEED", kc_now());
	ksft_print_msg("KC_SEED=%u\n", self->rng);
}

FIXTURE_TEARDOWN(killslots)
{
	close(self->w->fd);
	close(self->w->dlq);
	EXPECT_TRUE(KC_EVENTUALLY(pool_bytes() == self->bytes));
	munmap(self->w, sizeof(*self->w));
	close(self->ctl);
}

/* Those that are killed are always busy; this one is to run when it wants to. */
static bool run_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return !prctl(PR_SET_CHILD_SUBREAPER, 1) &&
		!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

TEST_F(killslots, every_slot_is_free_and_every_message_accounted_for)
{
	uint64_t kills = kc_number("KC_KILLS", kc_scaled(KILLS)), i;
	struct world *w = self->w;
	struct kchan_state s;
	struct account a;
	int who;

	ASSERT_TRUE(run_first());
	for (who = 0; who < TASKS; who++)
		spawn(w, who);
	for (i = 0; i < kills; i++) {
		usleep(rand_r(&self->rng) % 4000);
		who = rand_r(&self->rng) % TASKS;
		ASSERT_TRUE(kill_one(w, who, rand_r(&self->rng) / 5));
		ASSERT_TRUE(kill_the_unknown(w));
		spawn(w, who);
		ASSERT_TRUE(kc_sums(w->fd)) TH_LOG("kill %llu",
						   (unsigned long long)i);
		ASSERT_EQ(0, w->failed);
		read_letters(w);
	}
	for (who = 0; who < TASKS; who++)
		ASSERT_TRUE(kill_one(w, who, 0));
	ASSERT_TRUE(kill_the_unknown(w));

	s = kc_state(w->fd);
	EXPECT_EQ(0, s.held);
	EXPECT_EQ(0, s.waiting_senders);
	EXPECT_EQ(0, s.waiting_receivers);
	EXPECT_EQ(0, s.slots_loaned);
	EXPECT_EQ(0, s.slots_taken);
	EXPECT_EQ(0, s.pool_users);
	EXPECT_EQ(1, s.senders);
	EXPECT_EQ(1, s.receivers);
	/* Until those on the way have come, one after another. */
	EXPECT_TRUE(w->dlq < 0 || KC_EVENTUALLY(({
		read_letters(w);
		s = kc_state(w->fd);
		kc_state(w->dlq).sent == kc_total(s.dead_lettered) &&
		!kc_state(w->dlq).queued &&
		s.slots_free + s.queued == SLOTS; })));
	EXPECT_EQ(SLOTS, s.slots_free + s.queued);
	drain(w);
	EXPECT_TRUE(kc_sums(w->fd));
	EXPECT_EQ(SLOTS, kc_state(w->fd).slots_free);
	EXPECT_EQ(0, kc_state(w->fd).queued);

	a = account(w);
	ksft_print_msg("%llu kills, %u of children: %llu sent, %llu received, %llu put back, %llu dropped, %llu dead letters; %llu lost of %u\n",
		       (unsigned long long)kills + TASKS, w->heirs,
		       (unsigned long long)s.sent,
		       (unsigned long long)s.received,
		       (unsigned long long)s.returned,
		       (unsigned long long)kc_total(s.dropped),
		       (unsigned long long)kc_total(s.dead_lettered),
		       (unsigned long long)a.lost, w->may_lose);
	EXPECT_EQ(0, w->failed);
	EXPECT_GE(w->may_lose + kc_total(s.dropped), a.lost);
	EXPECT_EQ(0, a.twice);
	EXPECT_EQ(0, a.invented);
	EXPECT_LE(a.sent, s.sent);
	EXPECT_GE(a.sent + a.maybe_sent, s.sent);
	EXPECT_LE(a.gone, s.received);
	EXPECT_GE(a.gone + a.maybe_gone + w->may_lose, s.received);
	EXPECT_LT(0, a.gone);
}

TEST_HARNESS_MAIN
