// SPDX-License-Identifier: GPL-2.0
/*
 * A round: the conductor makes channels and workers, kills and stops those and
 * replaces them, ends them all, and looks whether the books are right and nothing
 * is left.
 */
#include "torture.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DIR_FORMAT "/tmp/torture.%d"

/* Each round has its own mix: some actions often, some never. */
static void choose_weights(void)
{
	static const unsigned int factor[] = { 0, 1, 1, 1, 2, 6 };
	unsigned int i;

	for (i = 0; i < t_nr_actions(); i++) {
		const struct t_action *action = &t_actions[i];
		unsigned int weight = 2 * action->weight;

		if (world->round > 1)
			weight *= factor[t_rnd(ARRAY_SIZE(factor))];
		if (!opt.enabled[i])
			weight = 0;
		if (world->reload && !(action->flags & T_RELOAD))
			weight = 0;
		if (!world->reload && action->run == act_unload)
			weight = 0;
		world->weight[i] = weight;
	}
}

/* An action for a worker, or for the conductor; -1: there is none. */
static int choose(unsigned int conductor)
{
	unsigned int i, sum = 0, at;

	for (i = 0; i < t_nr_actions(); i++)
		if ((t_actions[i].flags & T_CONDUCTOR) == conductor)
			sum += world->weight[i];
	if (!sum)
		return -1;
	at = t_rnd(sum);
	for (i = 0; i < t_nr_actions(); i++) {
		if ((t_actions[i].flags & T_CONDUCTOR) != conductor)
			continue;
		if (at < world->weight[i])
			return i;
		at -= world->weight[i];
	}
	return -1;
}

static bool act(unsigned int conductor)
{
	int i = choose(conductor);
	bool done;

	if (i < 0)
		return false;
	me->action = i;
	done = t_actions[i].run();
	__atomic_add_fetch(&world->count[i].tried, 1, __ATOMIC_RELAXED);
	if (done)
		__atomic_add_fetch(&world->count[i].done, 1, __ATOMIC_RELAXED);
	me->action = -1;
	me->beats++;
	__atomic_add_fetch(&world->beats, !conductor, __ATOMIC_RELAXED);
	return true;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void set_signals(void)
{
	struct sigaction restart = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };
	struct sigaction interrupt = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &restart, NULL);
	sigaction(SIGUSR2, &interrupt, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void worker(void)
{
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = t_slot_take();
	if (!me)
		_exit(0);
	snprintf(self.dir, sizeof(self.dir), DIR_FORMAT, t_slot_nr(me));
	self.mounted = false;
	self.ctl = -1;
	self.listener = -1;
	for (i = 0; i < T_WILD; i++)
		self.wild[i].fd = -1;
	if (unshare(CLONE_NEWNS))
		t_fail("unshare: %s", strerror(errno));
	if (t_one_in(2))
		act_mount();
	while (!world->stop && act(0)) {
		if (!world->reload)
			continue;
		t_wild_close_all();
		t_ctl_done();
		if (t_one_in(2))
			act_umount();
		usleep(t_rnd(20000));
	}
	_exit(0);
}

/* The workers that are alive, or not yet buried. */
static pid_t workers[T_SLOTS];

/* How many there should be: few where the module is to be unused at times. */
static unsigned int crew;

/* One more, if there are not enough. */
static void start_worker(void)
{
	unsigned int i;

	for (i = 0; i < crew && workers[i]; i++)
		;
	if (i == crew)
		return;
	workers[i] = fork();
	if (!workers[i])
		worker();
	if (workers[i] > 0)
		return;
	workers[i] = 0;
	t_fail("fork: %s", strerror(errno));
}

/* Whoever has died: a worker, or what a killed worker has left. */
static void bury(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < T_SLOTS; i++)
			if (workers[i] == pid)
				workers[i] = 0;
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
			t_fail("process %d died of signal %d", pid,
			       WTERMSIG(status));
		if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
			t_fail("process %d ran out of memory", pid);
		t_slots_of(pid);
	}
}

/* Somebody at random, or NULL. */
static struct t_slot *victim(void)
{
	struct t_slot *slot;
	int tries;

	for (tries = 0; tries < 10; tries++) {
		slot = &world->slot[1 + t_rnd(world->slots)];
		if (slot < &world->slot[T_SLOTS] && slot->pid)
			return slot;
	}
	return NULL;
}

bool act_kill(void)
{
	struct t_slot *slot = victim();

	if (!slot || kill(slot->pid, SIGKILL))
		return false;
	world->killed++;
	return true;
}

bool act_stop(void)
{
	struct t_slot *slot = victim();

	if (!slot || kill(slot->pid, SIGSTOP))
		return false;
	slot->stopped = true;
	world->stopped++;
	return true;
}

bool act_continue(void)
{
	struct t_slot *slot = victim();

	if (!slot || kill(slot->pid, SIGCONT))
		return false;
	slot->stopped = false;
	return true;
}

bool act_interrupt(void)
{
	struct t_slot *slot = victim();

	return slot && slot->pid != getpid() &&
	       !syscall(SYS_tgkill, slot->pid, slot->tid,
			t_one_in(2) ? SIGUSR1 : SIGUSR2);
}

static bool wanted(int channel, enum t_want want)
{
	int i;

	for (i = 1; i < T_SLOTS; i++) {
		struct t_slot *slot = &world->slot[i];

		if (slot->pid && slot->channel == channel &&
		    __atomic_load_n(&slot->wants, __ATOMIC_SEQ_CST) == want)
			return true;
	}
	return false;
}

/* Slots may be with the dead letters. */
static void make_room_elsewhere(void)
{
	struct t_call call = t_call_tracked(T_LETTERS);

	call.patience = T_NOW;
	if (t_recv(&call) == -EAGAIN)
		t_tidy(T_LETTERS);
}

/* Take a message, or have what is held come back. */
static void make_room(int channel, const struct kchan_state *state)
{
	struct t_call call = t_call_tracked(channel);

	call.patience = T_NOW;
	if (state->queued)
		t_recv(&call);
	else if (state->held)
		t_tidy(channel);
	else if (state->slots && state->dead_letter)
		make_room_elsewhere();
}

/* Is there a message that fits? Then who waits for it must wake up. */
static bool fitting(int channel, uint32_t filter, uint64_t value)
{
	struct t_call call = t_call_tracked(channel);

	call.form = T_IOCTL;
	call.patience = T_NOW;
	call.flags = KCHAN_PEEK;
	call.filter = filter;
	call.value = value;
	return t_recv(&call) != -EAGAIN;
}

/* Bring a message that fits; where it may not come, there is too much else. */
static void bring_fitting(int channel, const struct t_slot *slot,
			  const struct kchan_state *state)
{
	struct t_call call = t_call_tracked(channel);
	uint32_t filter = slot->filter;
	uint64_t value = slot->value;

	if (fitting(channel, filter, value))
		return;
	if (t_one_in(2))
		make_room(channel, state);
	call.patience = T_NOW;
	call.len = T_HEAD;
	call.form = T_IOCTL;
	/* Plain writes have the tag 0. */
	if (filter == KCHAN_FILTER_TAG || filter == KCHAN_FILTER_TAG_MAX)
		call.form = T_PLAIN;
	else if (filter == KCHAN_FILTER_PRIO_MIN && value <= KCHAN_PRIO_MAX)
		call.prio = value;
	t_send(&call);
}

static void settle_fits(int channel, const struct kchan_state *state)
{
	int i;

	for (i = 1; i < T_SLOTS; i++) {
		struct t_slot *slot = &world->slot[i];

		if (slot->pid && slot->channel == channel &&
		    __atomic_load_n(&slot->wants, __ATOMIC_SEQ_CST) == T_FIT)
			bring_fitting(channel, slot, state);
	}
}

/*
 * Bring what somebody waits for, and no more than that: if it is there, whoever
 * waits for it must wake up without another event.
 */
static void settle(int channel)
{
	struct t_call call = t_call_tracked(channel);
	struct kchan_state state;

	if (!t_check_state(call.fd, &world->channel[channel], &state))
		return;
	call.patience = T_NOW;
	call.len = T_HEAD;
	if (wanted(channel, T_MESSAGE) && !state.queued) {
		if (state.held)
			t_tidy(channel);
		else if ((t_send(&call) == -EAGAIN || !state.slots_free) &&
			 state.slots && state.dead_letter)
			/* It had no slot; what may be dropped is dropped then. */
			make_room_elsewhere();
	} else if (wanted(channel, T_ROOM)) {
		make_room(channel, &state);
	}
	settle_fits(channel, &state);
}

static void settle_all(void)
{
	int i;

	for (i = 0; i < T_CHANNELS && !world->reload; i++)
		settle(i);
}

/*
 * The last few are for messages that die: of age, and dead-lettered; to make room,
 * and dead-lettered; of age, or not let in. Then comes the one for the letters,
 * whose own end is to be full.
 */
static void choose_end(int i, struct kchan_create *arg)
{
	struct t_channel *ch = &world->channel[i];

	if (i < T_LETTERS - 3)
		return;
	ch->mortal = true;
	arg->max_deliveries = t_one_in(2) ? 0 : 1 + t_rnd(4);
	if (i == T_LETTERS) {
		ch->tiny = true;
		arg->overflow = t_rnd(3);
		arg->depth = 1 + t_rnd(t_one_in(2) ? 10 : 1000);
		arg->msgsize = T_MAX >> t_rnd(10);
		arg->bytes = (uint64_t)arg->msgsize * (1 + t_rnd(4));
		return;
	}
	if (i != T_LETTERS - 1) {
		arg->flags = KCHAN_CREATE_DEAD_LETTER;
		arg->dead_letter = world->channel[T_LETTERS].fd;
	}
	if (i != T_LETTERS - 2)
		/* Long enough that who waits for one gets it some time. */
		arg->ttl = 5000000 + t_rnd(30000000);
	arg->overflow = i == T_LETTERS - 2 ? KCHAN_OVERFLOW_DROP :
			i == T_LETTERS - 1 ? KCHAN_OVERFLOW_REJECT :
					     KCHAN_OVERFLOW_BLOCK;
}

/* Its messages are in slots; not much memory, as LOAN fills all of one. */
static void choose_pool(int i, struct kchan_create *arg)
{
	if (i < 2 || i == T_LETTERS || !t_one_in(i % 3 == 2 ? 1 : 3))
		return;
	arg->slots = 1 + t_rnd(t_one_in(4) ? 4 : 64);
	arg->slot_size = 256 << t_rnd(7);
	arg->depth = t_one_in(2) ? 0 : 1 + t_rnd(arg->slots);
	arg->msgsize = t_one_in(2) ? 0 : T_HEAD + t_rnd(200);
	arg->bytes = 0;
	if (t_one_in(3))
		arg->flags |= KCHAN_CREATE_ZERO_SLOTS;
}

static bool make_channel(int i, int ctl)
{
	struct t_channel *ch = &world->channel[i];
	struct kchan_create arg = kc_create_arg(NULL);
	struct kchan_state state;

	memset(ch, 0, sizeof(*ch));
	if (i % 2)
		snprintf(ch->name, sizeof(ch->name), "tracked%d", i);
	arg.name = i % 2 ? (uintptr_t)ch->name : 0;
	arg.open_flags = O_RDWR;
	arg.mode = 0600;
	arg.depth = i < 2 ? 1 + t_rnd(3) : 1 + t_rnd(100);
	arg.msgsize = i < 3 ? T_MAX : 256 << t_rnd(12);
	arg.bytes = (uint64_t)arg.msgsize * (1 + t_rnd(4));
	ch->tiny = i % 3 == 1;
	choose_end(i, &arg);
	choose_pool(i, &arg);
	ch->fd = kc_create_with(ctl, &arg);
	if (ch->fd < 0) {
		t_fail("CREATE: %s", strerror(-ch->fd));
		return false;
	}
	ch->nowait = kc_reopen(ch->fd, O_RDWR | O_NONBLOCK);
	state = kc_state(ch->fd);
	ch->id = state.id;
	ch->depth = state.depth;
	ch->msgsize = state.msgsize;
	ch->bytes = state.bytes;
	ch->overflow = state.overflow;
	ch->dead_letter = state.dead_letter;
	ch->slots = state.slots;
	ch->slot_size = state.slot_size;
	return ch->nowait >= 0;
}

static bool begin(void)
{
	int i, ctl;

	t_at("begin");
	bury();
	for (i = 0; i < T_SLOTS; i++) {
		memset(world->note[i], 0, world->slot[i].number + 1);
		memset(&world->slot[i], 0, sizeof(world->slot[i]));
		world->slot[i].action = -1;
		world->slot[i].channel = -1;
	}
	me = &world->slot[0];
	me->pid = getpid();
	me->tid = getpid();
	world->slots = 0;
	world->stop = false;
	t_srnd(world->seed, world->round, 0);
	choose_weights();
	memset(world->channel, 0, sizeof(world->channel));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       world->socket)) {
		t_fail("socketpair: %s", strerror(errno));
		return false;
	}
	if (world->reload)
		return true;
	t_limits_restore();
	ctl = kc_ctl();
	/* The one for the letters first. */
	for (i = T_CHANNELS - 1; i >= 0; i--)
		if (!make_channel(i, ctl))
			return false;
	close(ctl);
	return true;
}

static void continue_all(void)
{
	int i;

	for (i = 1; i < T_SLOTS; i++)
		if (world->slot[i].pid)
			kill(world->slot[i].pid, SIGCONT);
}

/*
 * Two thirds of a round the conductor strikes after so much work, or where none
 * is done. Then it leaves them alone: a signal may end a wait that would not have
 * ended.
 */
static void run(void)
{
	uint64_t begin = kc_now(), length = opt.round_seconds * KC_NS;
	uint64_t calm = begin + length * 2 / 3, end = begin + length;
	uint32_t next = world->beats;
	unsigned int i, idle = 0;

	crew = world->reload ? 1 + t_rnd(3) : opt.processes;
	for (i = 0; i < crew; i++)
		start_worker();
	while (kc_now() < end && !world->failures) {
		t_at("run");
		bury();
		start_worker();
		if ((int)(world->beats - next) >= 0 || ++idle > 10) {
			if (kc_now() < calm)
				act(T_CONDUCTOR);
			else if (world->reload)
				act_unload();
			else
				continue_all();
			next = world->beats + t_rnd(world->reload ? 3 : 25);
			idle = 0;
		}
		usleep(t_rnd(3000));
		if (!world->reload)
			settle(t_rnd(T_CHANNELS));
	}
}

static void nudge(void)
{
	int i;

	for (i = 1; i < T_SLOTS; i++) {
		struct t_slot *slot = &world->slot[i];

		if (!slot->pid)
			continue;
		kill(slot->pid, SIGCONT);
		if (slot->wants == T_SIGNAL)
			syscall(SYS_tgkill, slot->pid, slot->tid, SIGUSR2);
	}
}

static unsigned long progress(void)
{
	unsigned long sum = 0;
	int i;

	for (i = 1; i < T_SLOTS; i++) {
		sum += world->slot[i].beats + world->slot[i].number;
		sum += !world->slot[i].pid;
	}
	return sum;
}

static bool children_left(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
}

/* All end by themselves: what they wait for comes, or a signal. */
static bool stop(void)
{
	uint64_t since = kc_now();
	unsigned long last = 0, now;

	__atomic_store_n(&world->stop, true, __ATOMIC_SEQ_CST);
	while (bury(), children_left()) {
		t_at("stop");
		/* Who has lowered one may have been killed. */
		t_limits_restore();
		nudge();
		settle_all();
		now = progress();
		if (now != last)
			since = kc_now();
		last = now;
		if (kc_now() - since > opt.hang * KC_NS) {
			t_fail("somebody does not end");
			t_report();
			return false;
		}
		usleep(1000);
	}
	return true;
}

/*
 * Take all that is left. What was put back comes before the others of its priority.
 */
static void drain(int i)
{
	struct kchan_recv *arg = t_rx_arg(me);
	struct t_call call = t_call_tracked(i);
	uint32_t prio = KCHAN_PRIO_MAX;
	uint64_t seq[2] = {};
	int ret, again;

	call.form = T_IOCTL;
	call.patience = T_NOW;
	while ((ret = t_recv(&call)) >= 0) {
		again = arg->deliveries > 1;
		if (arg->prio < prio)
			seq[0] = seq[1] = 0;
		if (arg->prio > prio || arg->seq <= seq[again])
			t_fail("channel %d: priority %u seq %llu after %u, %llu",
			       i, arg->prio, (unsigned long long)arg->seq,
			       prio, (unsigned long long)seq[again]);
		prio = arg->prio;
		seq[again] = arg->seq;
		world->channel[i].drained++;
		t_at("drain");
	}
	if (ret != -EAGAIN)
		t_fail("channel %d: draining ends with %d", i, ret);
}

/* How many messages that were sent to a channel have come to which end. */
static void count_notes(int i, uint64_t n[T_ORPHAN + 1])
{
	uint32_t number;
	int slot;

	memset(n, 0, (T_ORPHAN + 1) * sizeof(*n));
	for (slot = 0; slot < T_SLOTS; slot++)
		for (number = 1; number <= world->slot[slot].number; number++)
			if (world->via[slot][number] == i + 1)
				n[world->note[slot][number]]++;
}

/* All that has been sent to the channel of the dead. */
static uint64_t letters(void)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < T_LETTERS; i++)
		sum += kc_total(kc_state(world->channel[i].fd).dead_lettered);
	return sum;
}

/* Has all come that was sent, and @more from elsewhere? */
static bool sent_is_right(int i, uint64_t more)
{
	struct kchan_state s = kc_state(world->channel[i].fd);
	uint64_t n[T_ORPHAN + 1], least;

	count_notes(i, n);
	least = n[T_SENT] + n[T_RECEIVED] + more;
	return s.sent >= least &&
	       s.sent <= least + n[T_ORPHAN] + n[T_SENDING];
}

/* How often in a row nothing came to the channel of the dead. */
struct calm {
	uint64_t came;
	unsigned int times;
};

#define CALM 100

/*
 * Some may still be under way, where it is not known of as many messages whether they
 * were sent. One that comes, or is refused, changes what came beside letters.
 */
static bool letters_are_gone(void *arg)
{
	struct kchan_state s = kc_state(world->channel[T_LETTERS].fd);
	uint64_t came = s.sent - letters();
	struct calm *calm = arg;
	int i;

	calm->times = came == calm->came ? calm->times + 1 : 0;
	calm->came = came;
	drain(T_LETTERS);
	for (i = 0; i < T_LETTERS; i++) {
		s = kc_state(world->channel[i].fd);
		if (s.slots_free != s.slots)
			return false;
	}
	return calm->times >= CALM;
}

static bool letters_are_there(void *arg)
{
	(void)arg;
	return sent_is_right(T_LETTERS, letters());
}

static uint64_t dropped(int i)
{
	return kc_total(kc_state(world->channel[i].fd).dropped);
}

/* Of those channels whose dead come as letters. */
static uint64_t orphans_elsewhere(void)
{
	uint64_t n[T_ORPHAN + 1], sum = 0;
	int i;

	for (i = 0; i < T_LETTERS; i++) {
		if (!world->channel[i].dead_letter)
			continue;
		count_notes(i, n);
		sum += n[T_ORPHAN];
	}
	return sum;
}

static bool slots_are_free(void *arg)
{
	struct t_channel *ch = arg;
	struct kchan_state s = kc_state(ch->fd);

	return s.slots_free == ch->slots && !s.slots_loaned &&
	       !s.slots_taken && !s.pool_users;
}

/* The books of a tracked channel that is empty now. */
static void balance(int i)
{
	struct t_channel *ch = &world->channel[i];
	uint64_t n[T_ORPHAN + 1], lost, orphans;
	struct kchan_state s;

	count_notes(i, n);
	if (!t_check_state(ch->fd, ch, &s))
		return;
	/* Letters are received, or lost, elsewhere. */
	lost = ch->unseen + dropped(i);
	if (s.dead_letter)
		lost += world->channel[T_LETTERS].unseen + dropped(T_LETTERS);
	if (n[T_SENT] > lost)
		t_fail("channel %d: %llu messages are lost", i,
		       (unsigned long long)n[T_SENT]);
	if (!sent_is_right(i, i == T_LETTERS ? letters() : 0))
		t_fail("channel %d: sent %llu: of %llu received, %llu sent, %llu orphaned, %llu uncertain",
		       i, (unsigned long long)s.sent,
		       (unsigned long long)n[T_RECEIVED],
		       (unsigned long long)n[T_SENT],
		       (unsigned long long)n[T_ORPHAN],
		       (unsigned long long)n[T_SENDING]);
	orphans = n[T_ORPHAN];
	if (i == T_LETTERS)
		orphans += orphans_elsewhere();
	if (s.received < ch->got || s.received > ch->got + orphans + ch->unseen)
		t_fail("channel %d: received %llu: noted %u, orphaned %llu", i,
		       (unsigned long long)s.received, ch->got,
		       (unsigned long long)orphans);
	if (s.queued || s.held || s.waiting_senders || s.waiting_receivers)
		t_fail("channel %d: %u queued, %u held, %u + %u wait in the end",
		       i, s.queued, s.held, s.waiting_senders,
		       s.waiting_receivers);
	if (ch->slots)
		t_eventually(slots_are_free, ch, "all slots are free");
	if (s.senders != 2 || s.receivers != 2)
		t_fail("channel %d: %u senders and %u receivers are left", i,
		       s.senders, s.receivers);
}

static void end_channel(int i)
{
	struct t_channel *ch = &world->channel[i];

	/* Some end with messages in them, or held. */
	if (t_one_in(2))
		t_small_traffic(i);
	if (t_one_in(2) && kc_revoke(ch->fd))
		t_fail("channel %d cannot be revoked", i);
}

static void close_channel(int i)
{
	struct t_channel *ch = &world->channel[i];

	close(ch->fd);
	close(ch->nowait);
	ch->fd = 0;
}

static void end_channels(void)
{
	struct calm calm = {};
	int i;

	if (world->reload)
		return;
	t_at("balance");
	for (i = 0; i < T_CHANNELS; i++) {
		if (world->channel[i].fd <= 0)
			return;
		t_tidy(i);
		if (i != T_LETTERS)
			drain(i);
	}
	t_eventually(letters_are_there, NULL, "all dead letters are there");
	t_eventually(letters_are_gone, &calm, "all dead letters are received");
	for (i = 0; i < T_CHANNELS; i++)
		balance(i);
	/* Those that end may have dead letters of those that have ended. */
	for (i = 0; i < T_CHANNELS; i++)
		end_channel(i);
	for (i = 0; i < T_CHANNELS; i++)
		close_channel(i);
}

/* The instance of the initial namespace is empty, and nobody uses the module. */
static void end_names(void)
{
	char dir[32];

	snprintf(dir, sizeof(dir), DIR_FORMAT, 0);
	t_at("remove names");
	if (mount("kchan", dir, "kchanfs", 0, "mode=0777,uid=0,gid=0")) {
		t_fail("mount: %s", strerror(errno));
		return;
	}
	t_names_clean(dir);
	if (t_names_left(dir))
		t_fail("names are left");
	if (umount(dir))
		t_fail("umount: %s", strerror(errno));
}

static void make_dirs(void)
{
	char dir[32];
	int i;

	for (i = 0; i < T_SLOTS; i++) {
		snprintf(dir, sizeof(dir), DIR_FORMAT, i);
		mkdir(dir, 0755);
	}
}

/* Return: false if that was the last for this machine. */
bool t_round(void)
{
	int i;

	if (world->round == opt.first_round) {
		set_signals();
		make_dirs();
	}
	if (!begin())
		return false;
	run();
	if (!stop())
		return false;
	/* Of those who died between taking a slot and anything else. */
	for (i = 1; i < T_SLOTS; i++)
		if (world->slot[i].pid)
			t_slot_give(&world->slot[i]);
	close(world->socket[0]);
	close(world->socket[1]);
	end_channels();
	t_cgroups_clean();
	end_names();
	if (!world->reload)
		t_eventually(t_nothing_charged, NULL, "no message is left");
	return t_module_is_free();
}
