// SPDX-License-Identifier: GPL-2.0
/* What all processes share: chance, reports, and who takes part. */
#include "torture.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>

#define FAILURES_SHOWN	20

struct t_world *world;
struct t_self self = { .ctl = -1, .listener = -1 };
__thread struct t_slot *me;

static __thread uint64_t rnd_state;

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void t_srnd(uint64_t a, uint64_t b, uint64_t c)
{
	rnd_state = mix(mix(mix(a) ^ b) ^ c);
}

uint64_t t_rnd64(void)
{
	return mix(rnd_state += 0x9e3779b97f4a7c15ULL);
}

/* From 0 to below @n. */
unsigned int t_rnd(unsigned int n)
{
	return n ? t_rnd64() % n : 0;
}

bool t_one_in(unsigned int n)
{
	return !t_rnd(n);
}

/* One write, so that lines of several processes do not mix. */
static void say(const char *head, const char *fmt, va_list ap)
{
	char buf[1024];
	int n = snprintf(buf, sizeof(buf), "# %s", head);

	n += vsnprintf(buf + n, sizeof(buf) - n - 1, fmt, ap);
	if (n > (int)sizeof(buf) - 2)
		n = sizeof(buf) - 2;
	buf[n++] = '\n';
	if (write(1, buf, n) != n)
		_exit(99);
}

void t_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void t_fail(const char *fmt, ...)
{
	char head[128];
	va_list ap;

	if (__atomic_add_fetch(&world->failures, 1, __ATOMIC_RELAXED) >
	    FAILURES_SHOWN)
		return;
	snprintf(head, sizeof(head), "FAIL seed %llu round %u slot %d %s: ",
		 (unsigned long long)world->seed, world->round, t_slot_nr(me),
		 me && me->action >= 0 ? t_actions[me->action].name : "-");
	va_start(ap, fmt);
	say(head, fmt, ap);
	va_end(ap);
}

/* @err is 0 or negative; @allowed are positive, 0 ends them. EINTR always is. */
bool t_expect(int err, const char *what, const int *allowed)
{
	if (err >= 0 || err == -EINTR)
		return true;
	for (; *allowed; allowed++)
		if (err == -*allowed)
			return true;
	t_fail("%s: unexpected error %d (%s)", what, -err, strerror(-err));
	return false;
}

int t_slot_nr(const struct t_slot *slot)
{
	return slot ? slot - world->slot : -1;
}

static void slot_fill(struct t_slot *slot)
{
	int used = t_slot_nr(slot) + 1;

	if (world->slots < used)	/* a race loses nothing but a report */
		world->slots = used;
	slot->tid = syscall(SYS_gettid);
	slot->stopped = false;
	slot->action = -1;
	slot->doing = NULL;
	slot->wants = T_NOTHING;
	slot->channel = -1;
	slot->receiving = 0;
	slot->unseen = 0;
	slot->picky = 0;
	slot->spawned++;
}

/* A slot for the calling thread, or NULL. Slot 0 is the conductor's. */
struct t_slot *t_slot_take(void)
{
	pid_t none, pid = getpid();
	int i;

	for (i = 1; i < T_SLOTS; i++) {
		struct t_slot *slot = &world->slot[i];

		none = 0;
		if (slot->pid || slot->number > T_NOTES - 1024)
			continue;
		if (!__atomic_compare_exchange_n(&slot->pid, &none, pid, false,
						 __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		slot_fill(slot);
		t_srnd(world->seed, world->round,
		       ((uint64_t)i << 32) + slot->spawned);
		return slot;
	}
	return NULL;
}

/* Free a slot, whose thread may have been killed at any point. */
void t_slot_give(struct t_slot *slot)
{
	int channel = slot->receiving - 1;
	struct kchan_recv *arg = t_rx_arg(slot);
	uint64_t id;

	if (channel >= 0 && slot->unseen) {
		__atomic_add_fetch(&world->channel[channel].unseen,
				   slot->unseen, __ATOMIC_RELAXED);
	} else if (channel >= 0) {
		memcpy(&id, t_rx_buffer(slot), sizeof(id));
		t_note_orphan(t_is_id(id) ? id : arg->tag);
	}
	slot->receiving = 0;
	slot->picky = 0;
	slot->doing = NULL;
	slot->wants = T_NOTHING;
	__atomic_store_n(&slot->pid, 0, __ATOMIC_RELEASE);
}

/* Free the slots of a process that is no more. */
void t_slots_of(pid_t pid)
{
	int i;

	for (i = 1; i < T_SLOTS; i++)
		if (world->slot[i].pid == pid)
			t_slot_give(&world->slot[i]);
}

void t_doing(const char *what)
{
	me->doing = what;
}

/* The call that follows may wait for ever for @want. */
void t_wants(enum t_want want, int channel)
{
	me->channel = channel;
	__atomic_store_n(&me->wants, want, __ATOMIC_SEQ_CST);
}

/* What the conductor is at; it has got on. */
void t_at(const char *phase)
{
	world->phase = phase;
	__atomic_add_fetch(&world->heart, 1, __ATOMIC_RELAXED);
}

/* Look until it is so. What never is so is a failure. */
bool t_eventually(bool (*cond)(void *), void *arg, const char *what)
{
	uint64_t end = kc_now() + opt.hang * KC_NS;

	while (!cond(arg)) {
		if (kc_now() > end) {
			t_fail("never happens: %s", what);
			return false;
		}
		usleep(2000);
		t_at(what);
	}
	return true;
}

static void report_file(const char *path, const char *name)
{
	char file[64], text[2048], *line, *rest = text;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	if (kc_read_text(file, text, sizeof(text)) <= 0)
		return;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			t_say("    %s: %s", name, line);
}

static void report_process(pid_t pid)
{
	char path[64], task[96];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(task, sizeof(task), "%s/%.16s", path, entry->d_name);
		t_say("  task %s", entry->d_name);
		report_file(task, "stat");
		report_file(task, "wchan");
		report_file(task, "syscall");
		report_file(task, "stack");
	}
	if (dir)
		closedir(dir);
}

static void report_channel(int i)
{
	struct t_channel *ch = &world->channel[i];
	struct kchan_state s = kc_state(ch->fd);

	if (s.size != sizeof(s))
		return;
	t_say("  channel %d: %u of %u queued, %u held, %llu of %llu bytes, senders %u + %u wait, receivers %u + %u wait, slots %u free of %u",
	      i, s.queued, s.depth, s.held, (unsigned long long)s.queued_bytes,
	      (unsigned long long)s.bytes, s.senders, s.waiting_senders,
	      s.receivers, s.waiting_receivers, s.slots_free, s.slots);
}

/* Who is where; then the kernel's own view of it, in its log. */
void t_report(void)
{
	static const char *const wants[] = {
		"", ", for a message", ", for one that fits", ", for room",
		", for a signal",
	};
	int i;

	t_say("the conductor is at: %s", world->phase ?: "-");
	for (i = 0; i < T_SLOTS; i++) {
		struct t_slot *slot = &world->slot[i];

		if (!slot->pid)
			continue;
		t_say("slot %d pid %d %s in %s%s, channel %d, beat %u%s", i,
		      slot->pid,
		      slot->action >= 0 ? t_actions[slot->action].name : "-",
		      slot->doing ?: "-", wants[slot->wants], slot->channel,
		      slot->beats, slot->stopped ? ", stopped" : "");
		report_process(slot->pid);
	}
	for (i = 0; i < T_CHANNELS; i++)
		if (world->channel[i].fd > 0)
			report_channel(i);
	kc_write_file("/proc/sysrq-trigger", "w");
	kc_write_file("/proc/sysrq-trigger", "l");
}
