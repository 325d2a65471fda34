// SPDX-License-Identifier: GPL-2.0
/*
 * Producers and consumers that are killed at random points. What they had done by
 * then they have written to shared memory, and so each message can be accounted
 * for: it was acknowledged once, or is still there.
 *
 * KC_KILLS=N says how often; KC_SEED=N repeats the choices, not the timing.
 */
#define KC_TIMEOUT 7200	/* the full form */
#include "kchan_test.h"

#include <signal.h>

#define PRODUCERS 2
#define CONSUMERS 3
#define TASKS (PRODUCERS + CONSUMERS)
#define AT_ONCE 4	/* messages that a consumer holds at most */
#define KILLS 200
#define DEPTH 32
#define MAX_IDS (1U << 22)
#define MAX_DELIVERIES 3

/* What is known of a message, by the number in it. */
enum fate {
	SENT = 1,	/* its producer says so */
	MAYBE_SENT = 2,	/* its producer was killed while it sent */
	ACKED = 4,	/* its consumer says so */
	MAYBE_ACKED = 8,	/* its consumer was killed while it acknowledged */
	DEAD = 16,	/* it came to the dead-letter channel */
	LEFT = 32,	/* it was there at the end */
	TWICE = 64,	/* acknowledged before */
};

/* Written by one task, and read when that has been killed. */
struct slot {
	pid_t pid;
	uint32_t sending;		/* number + 1; 0: none */
	uint32_t n_held;		/* received, and neither acknowledged... */
	uint32_t held[AT_ONCE];
	uint32_t n_acking;		/* ...nor about to be: then it is here */
	uint32_t acking[AT_ONCE];
};

struct world {
	int fd, dlq;
	uint32_t next_id, failed;
	struct slot slot[TASKS];
	uint8_t fate[MAX_IDS];
	uint8_t deliveries[MAX_IDS];
};

/* Keeps the compiler from putting off what the log says. */
#define SAY(where, what) __atomic_store_n(&(where), what, __ATOMIC_SEQ_CST)
#define MARK(w, id, what) \
	__atomic_fetch_or(&(w)->fate[id], what, __ATOMIC_SEQ_CST)

struct task {
	struct world *w;
	int who;
};

static int produce(void *arg)
{
	struct task *t = arg;
	struct world *w = t->w;
	struct slot *slot = &w->slot[t->who];
	int fd = kc_reopen(w->fd, O_WRONLY);
	uint32_t id;

	for (;;) {
		id = __atomic_fetch_add(&w->next_id, 1, __ATOMIC_SEQ_CST);
		if (id >= MAX_IDS - 1)
			pause();
		SAY(slot->sending, id + 1);
		if (kc_send(fd, id % 3, id % 5, &id, sizeof(id)))
			SAY(w->failed, __LINE__);
		MARK(w, id, SENT);
		SAY(slot->sending, 0);
	}
	return 0;
}

static void note_delivery(struct world *w, uint32_t id, unsigned int deliveries)
{
	/* One that holds it at a time: each count is above the last. */
	if (id >= MAX_IDS || deliveries <= w->deliveries[id])
		SAY(w->failed, __LINE__);
	else
		SAY(w->deliveries[id], deliveries);
}

static void note_acked(struct world *w, uint32_t id)
{
	if (MARK(w, id, ACKED) & ACKED)
		MARK(w, id, TWICE);
}

/* Holds one more message; its sequence number. */
static uint64_t hold_one(struct world *w, struct slot *slot, int fd)
{
	uint32_t id = MAX_IDS;
	struct kchan_recv arg = kc_recv_arg(&id, sizeof(id));

	arg.flags = KCHAN_HOLD;
	if (kc_recv(fd, &arg)) {
		SAY(w->failed, __LINE__);
		pause();
	}
	note_delivery(w, id, arg.deliveries);
	slot->held[slot->n_held] = id;
	SAY(slot->n_held, slot->n_held + 1);
	return arg.seq;
}

/* Acknowledges all that it holds in one of three ways. */
static int acknowledge(int fd, const uint64_t *seq, unsigned int n, int way)
{
	if (way == 0)
		return kc_settle(fd, KCHAN_IOC_ACK, UINT64_MAX, KCHAN_ACK_UP_TO);
	if (n == 1)
		return kc_ack(fd, seq[0]);
	return kc_settle_many(fd, KCHAN_IOC_ACK, seq, n, 0);
}

static int consume(void *arg)
{
	struct task *t = arg;
	struct world *w = t->w;
	struct slot *slot = &w->slot[t->who];
	int fd = kc_reopen(w->fd, O_RDONLY);
	uint64_t seq[AT_ONCE];
	unsigned int i, n, round;

	for (round = t->who;; round++) {
		n = round % AT_ONCE + 1;
		for (i = 0; i < n; i++)
			seq[i] = hold_one(w, slot, fd);
		memcpy(slot->acking, slot->held, sizeof(slot->held));
		SAY(slot->n_acking, n);
		SAY(slot->n_held, 0);
		if (acknowledge(fd, seq, n, round % 3) != (int)n)
			SAY(w->failed, __LINE__);
		for (i = 0; i < n; i++)
			note_acked(w, slot->acking[i]);
		SAY(slot->n_acking, 0);
	}
	return 0;
}

static void spawn(struct world *w, int who)
{
	struct task t = { w, who };

	memset(&w->slot[who], 0, sizeof(w->slot[who]));
	w->slot[who].pid = kc_fork(who < PRODUCERS ? produce : consume, &t);
}

/* What the log of a task that was killed leaves open. */
static void close_log(struct world *w, struct slot *slot)
{
	unsigned int i;

	if (slot->sending)
		MARK(w, slot->sending - 1, MAYBE_SENT);
	for (i = 0; i < slot->n_acking; i++)
		MARK(w, slot->acking[i], MAYBE_ACKED);
}

/* How many messages may be put back when the task is killed. */
static unsigned int may_hold(const struct slot *slot)
{
	/* One that it was being given, beside those that it held. */
	return slot->n_held + slot->n_acking + 1;
}

/* Letters that came, and what was in them. */
static void read_letters(struct world *w)
{
	uint32_t id = MAX_IDS;
	struct kchan_recv arg = kc_recv_arg(&id, sizeof(id));

	while (w->dlq >= 0 && !kc_recv(w->dlq, &arg)) {
		if (arg.reason != KCHAN_DEAD_DELIVERIES || id >= MAX_IDS ||
		    MARK(w, id, DEAD) & DEAD) {
			SAY(w->failed, __LINE__);
			continue;
		}
		SAY(w->deliveries[id], MAX_DELIVERIES);
	}
}

FIXTURE(killed)
{
	int ctl;
	struct world *w;
	unsigned int rng;
};

FIXTURE_VARIANT(killed)
{
	unsigned int max_deliveries;
};

FIXTURE_VARIANT_ADD(killed, without_a_limit) { .max_deliveries = 0 };
FIXTURE_VARIANT_ADD(killed, with_dead_letters) {
	.max_deliveries = MAX_DELIVERIES,
};

FIXTURE_SETUP(killed)
{
	struct kchan_create arg = kc_create_arg(NULL);

	self->ctl = kc_ctl();
	self->w = kc_shared(sizeof(*self->w));
	self->w->dlq = -1;
	arg.depth = DEPTH;
	arg.max_deliveries = variant->max_deliveries;
	if (variant->max_deliveries) {
		struct kchan_create dead = kc_create_arg(NULL);

		dead.depth = 65536;
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

FIXTURE_TEARDOWN(killed)
{
	close(self->w->fd);
	close(self->w->dlq);
	close(self->ctl);
}

/* Messages that were put back, or died instead. */
static uint64_t came_back(int fd)
{
	struct kchan_state s = kc_state(fd);

	return s.returned + s.dropped[KCHAN_DEAD_DELIVERIES] +
		s.dropped[0] + s.dead_lettered[KCHAN_DEAD_DELIVERIES];
}

/*
 * Kills one task, and starts another. Returns 0 where what came back to the queue
 * is what it held, else the line.
 */
static int kill_one(struct world *w, int who)
{
	struct slot *slot = &w->slot[who];
	uint64_t before = came_back(w->fd), after;
	int ret = 0;

	kill(slot->pid, SIGKILL);
	if (kc_reap(slot->pid) != KC_KILLED)
		return __LINE__;
	after = came_back(w->fd);
	close_log(w, slot);
	if (who < PRODUCERS && after != before)
		ret = __LINE__;
	if (after - before > may_hold(slot))
		ret = __LINE__;
	if (after - before < slot->n_held)
		ret = __LINE__;
	spawn(w, who);
	return kc_sums(w->fd) ? ret : __LINE__;
}

static bool kill_all(struct world *w)
{
	int who;

	for (who = 0; who < TASKS; who++) {
		kill(w->slot[who].pid, SIGKILL);
		if (kc_reap(w->slot[who].pid) != KC_KILLED)
			return false;
		close_log(w, &w->slot[who]);
	}
	return true;
}

/* Receives what is left, and notes that. */
static void drain(struct world *w)
{
	uint32_t id = MAX_IDS;
	struct kchan_recv arg = kc_recv_arg(&id, sizeof(id));

	while (!kc_recv(w->fd, &arg)) {
		note_delivery(w, id, arg.deliveries);
		if (MARK(w, id, LEFT) & LEFT)
			SAY(w->failed, __LINE__);
	}
}

/* What all messages come to. */
struct account {
	uint64_t sent;		/* in truth */
	uint64_t again;		/* sum of deliveries above 1 */
	uint64_t acked, maybe;	/* acknowledged; perhaps, and gone */
	uint64_t lost, twice, invented;
};

static struct account account(const struct world *w)
{
	struct account a = { 0 };
	uint32_t id;

	for (id = 0; id < w->next_id && id < MAX_IDS; id++) {
		unsigned int fate = w->fate[id];
		bool gone = !(fate & (LEFT | DEAD));

		if (!w->deliveries[id]) {
			a.lost += !!(fate & SENT);
			continue;
		}
		a.sent++;
		a.again += w->deliveries[id] - 1;
		a.invented += !(fate & (SENT | MAYBE_SENT));
		a.acked += !!(fate & ACKED);
		a.maybe += gone && !(fate & ACKED) && fate & MAYBE_ACKED;
		a.lost += gone && !(fate & (ACKED | MAYBE_ACKED));
		a.twice += fate & TWICE || (fate & ACKED && !gone);
	}
	return a;
}

/* Those that are killed are always busy; this one is to run when it wants to. */
static bool run_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return !sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

TEST_F(killed, every_message_is_accounted_for)
{
	uint64_t kills = kc_number("KC_KILLS", kc_scaled(KILLS)), i;
	struct world *w = self->w;
	struct kchan_state state;
	struct account a;
	int who;

	ASSERT_TRUE(run_first());
	for (who = 0; who < TASKS; who++)
		spawn(w, who);
	for (i = 0; i < kills; i++) {
		usleep(rand_r(&self->rng) % 4000);
		ASSERT_EQ(0, kill_one(w, rand_r(&self->rng) % TASKS))
			TH_LOG("kill %llu; the value is the line that says no",
			       (unsigned long long)i);
		read_letters(w);
	}
	ASSERT_TRUE(kill_all(w));
	state = kc_state(w->fd);
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(0, state.waiting_senders);
	EXPECT_EQ(0, state.waiting_receivers);
	EXPECT_TRUE(w->dlq < 0 ||
		    KC_EVENTUALLY(kc_state(w->dlq).sent == came_back(w->fd) -
				  kc_state(w->fd).returned));
	read_letters(w);
	drain(w);
	EXPECT_EQ(0, w->failed);
	a = account(w);
	ksft_print_msg("%llu sent, %llu acknowledged, put back %llu times\n",
		       (unsigned long long)a.sent, (unsigned long long)a.acked,
		       (unsigned long long)a.again);
	EXPECT_EQ(0, a.lost);
	EXPECT_EQ(0, a.twice);
	EXPECT_EQ(0, a.invented);
	EXPECT_EQ(state.sent, a.sent);
	EXPECT_EQ(state.received, a.acked + a.maybe);
	EXPECT_EQ(state.returned, a.again);
	EXPECT_LT(0, a.acked);
	EXPECT_TRUE(kc_sums(w->fd));
}

TEST_HARNESS_MAIN
