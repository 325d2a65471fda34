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
	if (wanted(channel, T_MESSAGE)) {
		call.len = T_HEAD;
		if (!state.queued)
			t_send(&call);
	} else if (wanted(channel, T_ROOM)) {
		if (state.queued)
			t_recv(&call);
	}
}

static void settle_all(void)
{
	int i;

	for (i = 0; i < T_CHANNELS && !world->reload; i++)
		settle(i);
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
	for (i = 0; i < T_CHANNELS; i++)
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

static void drain(int i)
{
	struct t_channel *ch = &world->channel[i];
	struct kchan_recv *arg = t_rx_arg(me);
	struct t_call call = t_call_tracked(i);
	uint64_t seq = 0;
	uint32_t prio = KCHAN_PRIO_MAX;
	int ret;

	call.form = T_IOCTL;
	call.patience = T_NOW;
	while ((ret = t_recv(&call)) >= 0) {
		if (arg->prio > prio || (arg->prio == prio && arg->seq <= seq))
			t_fail("channel %d: priority %u seq %llu after %u, %llu",
			       i, arg->prio, (unsigned long long)arg->seq,
			       prio, (unsigned long long)seq);
		prio = arg->prio;
		seq = arg->seq;
		ch->drained++;
		t_at("drain");
	}
	if (ret != -EAGAIN)
		t_fail("channel %d: draining ends with %d", i, ret);
}

/* The books of a tracked channel that is empty now. */
static void balance(int i)
{
	struct t_channel *ch = &world->channel[i];
	uint64_t n[T_ORPHAN + 1] = {};
	struct kchan_state s;
	uint32_t number;
	int slot;

	for (slot = 0; slot < T_SLOTS; slot++)
		for (number = 1; number <= world->slot[slot].number; number++)
			if (world->via[slot][number] == i + 1)
				n[world->note[slot][number]]++;
	if (!t_check_state(ch->fd, ch, &s))
		return;
	if (n[T_SENT] > ch->unseen)
		t_fail("channel %d: %llu messages are lost", i,
		       (unsigned long long)n[T_SENT]);
	if (s.sent < n[T_SENT] + n[T_RECEIVED] ||
	    s.sent > n[T_SENT] + n[T_RECEIVED] + n[T_ORPHAN] + n[T_SENDING])
		t_fail("channel %d: sent %llu: of %llu received, %llu sent, %llu orphaned, %llu uncertain",
		       i, (unsigned long long)s.sent,
		       (unsigned long long)n[T_RECEIVED],
		       (unsigned long long)n[T_SENT],
		       (unsigned long long)n[T_ORPHAN],
		       (unsigned long long)n[T_SENDING]);
	if (s.received < n[T_RECEIVED] ||
	    s.received > n[T_RECEIVED] + n[T_ORPHAN] + ch->unseen)
		t_fail("channel %d: received %llu: noted %llu, orphaned %llu",
		       i, (unsigned long long)s.received,
		       (unsigned long long)n[T_RECEIVED],
		       (unsigned long long)n[T_ORPHAN]);
	if (s.queued || s.waiting_senders || s.waiting_receivers)
		t_fail("channel %d: %u queued, %u + %u wait in the end", i,
		       s.queued, s.waiting_senders, s.waiting_receivers);
	if (s.senders != 2 || s.receivers != 2)
		t_fail("channel %d: %u senders and %u receivers are left", i,
		       s.senders, s.receivers);
}

static void end_channels(void)
{
	int i;

	for (i = 0; i < T_CHANNELS; i++) {
		struct t_channel *ch = &world->channel[i];

		t_at("balance");
		if (ch->fd <= 0)
			continue;
		/* Some end with messages in them. */
		drain(i);
		balance(i);
		if (t_one_in(2))
			t_small_traffic(i);
		if (t_one_in(2) && kc_revoke(ch->fd))
			t_fail("channel %d cannot be revoked", i);
		close(ch->fd);
		close(ch->nowait);
		ch->fd = 0;
	}
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
	return t_module_is_free();
}
