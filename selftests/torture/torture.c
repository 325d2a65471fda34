// SPDX-License-Identifier: GPL-2.0
/* Torture of kchan: see torture.h, and --help. */
#include "torture.h"

#include <getopt.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RE	T_RELOAD
#define CO	T_CONDUCTOR

const struct t_action t_actions[] = {
	/* name		function	weight	flags */
	{ "send",	act_send,	60,	0 },
	{ "recv",	act_recv,	60,	0 },
	{ "poll",	act_poll,	12,	0 },
	{ "state",	act_state,	8,	0 },
	{ "burst",	act_burst,	1,	0 },
	{ "hold",	act_hold,	16,	0 },
	{ "slots",	act_slots,	24,	0 },
	{ "choose",	act_choose,	10,	0 },
	{ "send-batch",	act_send_batch,	8,	0 },
	{ "recv-batch",	act_recv_batch,	8,	0 },
	{ "settings",	act_settings,	4,	0 },
	{ "expire",	act_expire,	2,	0 },
	{ "wild-send",	act_wild_send,	20,	0 },
	{ "wild-recv",	act_wild_recv,	20,	0 },
	{ "create",	act_create,	20,	0 },
	{ "open",	act_open,	20,	0 },
	{ "auto",	act_auto,	12,	RE },
	{ "unlink",	act_unlink,	14,	0 },
	{ "rename",	act_rename,	10,	0 },
	{ "mkdir",	act_mkdir,	8,	0 },
	{ "rmdir",	act_rmdir,	10,	0 },
	{ "revoke",	act_revoke,	4,	0 },
	{ "remove",	act_remove,	12,	0 },
	{ "relative",	act_relative,	14,	RE },
	{ "close",	act_close,	12,	0 },
	{ "list",	act_list,	2,	0 },
	{ "attr",	act_attr,	6,	0 },
	{ "unnamed",	act_unnamed,	8,	RE },
	{ "mount",	act_mount,	4,	RE },
	{ "umount",	act_umount,	2,	RE },
	{ "remount",	act_remount,	3,	RE },
	{ "netns",	act_netns,	1,	RE },
	{ "limits",	act_limits,	1,	0 },
	{ "fork",	act_fork,	3,	0 },
	{ "peer",	act_peer,	4,	RE },
	{ "pass",	act_pass,	6,	0 },
	{ "take",	act_take,	6,	0 },
	{ "oom",	act_oom,	1,	0 },
	{ "bad-send",	act_bad_send,	6,	0 },
	{ "bad-recv",	act_bad_recv,	6,	0 },
	{ "bad-arg",	act_bad_arg,	6,	0 },
	{ "slow-copy",	act_slow_copy,	4,	0 },
	{ "slow-wait",	act_slow_wait,	2,	0 },
	{ "slow-ctl",	act_slow_ctl,	2,	0 },
	{ "slow-many",	act_slow_many,	2,	0 },
	{ "look",	act_look,	10,	RE },
	{ "listen",	act_listen,	8,	RE },
	{ "use",	act_use,	20,	RE },
	{ "kill",	act_kill,	10,	CO | RE },
	{ "stop",	act_stop,	6,	CO | RE },
	{ "continue",	act_continue,	12,	CO | RE },
	{ "interrupt",	act_interrupt,	10,	CO | RE },
	{ "unload",	act_unload,	20,	CO | RE },
};

_Static_assert(ARRAY_SIZE(t_actions) <= T_ACTIONS, "T_ACTIONS");

struct t_options opt = {
	.seconds = 30,
	.round_seconds = 5,
	.first_round = 1,
	.processes = 8,
	.hang = 100,
};

unsigned int t_nr_actions(void)
{
	return ARRAY_SIZE(t_actions);
}

static void usage(void)
{
	puts("Usage: torture [OPTION]...\n"
	     "Tortures the kchan module that is loaded, as root, on a machine that has no\n"
	     "other use. Prints one TAP line for each seed; exit status 0 if all are well.\n"
	     "\n"
	     "  --seed N         decides what is done; can be given several times, then\n"
	     "                   each gets its share of the time; default: a random one\n"
	     "  --time SECONDS   in all; default 30\n"
	     "  --round SECONDS  of one round; default 5\n"
	     "  --first N        begin with this round, to come to it sooner\n"
	     "  --processes N    default 8\n"
	     "  --only A,B...    only these actions\n"
	     "  --without A,B... all but these\n"
	     "  --list           list the actions\n"
	     "  --module FILE    kchan.ko, to load it again; default $KCHAN_KO, else\n"
	     "                   kchan.ko here; without one nothing is unloaded\n"
	     "  --hang SECONDS   without any progress count as a hang; default 100\n"
	     "  --verbose        say what was done, by action");
}

static void list(void)
{
	unsigned int i;

	for (i = 0; i < t_nr_actions(); i++)
		printf("%-12s weight %2u%s%s\n", t_actions[i].name,
		       t_actions[i].weight,
		       t_actions[i].flags & CO ? ", done to others" : "",
		       t_actions[i].flags & RE ? ", also during unloading" : "");
}

static bool enable(char *names, bool value)
{
	unsigned int i;
	char *name;

	while ((name = strsep(&names, ","))) {
		for (i = 0; i < t_nr_actions(); i++)
			if (!strcmp(name, t_actions[i].name))
				break;
		if (i == t_nr_actions()) {
			fprintf(stderr, "torture: no action %s; try --list\n",
				name);
			return false;
		}
		opt.enabled[i] = value;
	}
	return true;
}

enum { SEED = 1, TIME, ROUND, FIRST, PROCESSES, ONLY, WITHOUT, LIST, MODULE,
	HANG, VERBOSE, HELP };

static const struct option long_options[] = {
	{ "seed", 1, NULL, SEED },
	{ "time", 1, NULL, TIME },
	{ "round", 1, NULL, ROUND },
	{ "first", 1, NULL, FIRST },
	{ "processes", 1, NULL, PROCESSES },
	{ "only", 1, NULL, ONLY },
	{ "without", 1, NULL, WITHOUT },
	{ "list", 0, NULL, LIST },
	{ "module", 1, NULL, MODULE },
	{ "hang", 1, NULL, HANG },
	{ "verbose", 0, NULL, VERBOSE },
	{ "help", 0, NULL, HELP },
	{}
};

/* Return: -1 to go on, else the exit status. */
static int option(int c)
{
	unsigned long n = optarg ? strtoul(optarg, NULL, 0) : 0;

	switch (c) {
	case SEED:
		if (opt.nr_seeds < ARRAY_SIZE(opt.seeds))
			opt.seeds[opt.nr_seeds++] = n;
		return -1;
	case TIME:
		opt.seconds = n;
		return -1;
	case ROUND:
		opt.round_seconds = n ?: 1;
		return -1;
	case FIRST:
		opt.first_round = n ?: 1;
		return -1;
	case PROCESSES:
		opt.processes = n < T_SLOTS / 2 ? n : T_SLOTS / 2;
		return -1;
	case ONLY:
		memset(opt.enabled, 0, sizeof(opt.enabled));
		return enable(optarg, true) ? -1 : 1;
	case WITHOUT:
		return enable(optarg, false) ? -1 : 1;
	case LIST:
		list();
		return 0;
	case MODULE:
		opt.module = optarg;
		return -1;
	case HANG:
		opt.hang = n ?: 1;
		return -1;
	case VERBOSE:
		opt.verbose = true;
		return -1;
	case HELP:
		usage();
		return 0;
	}
	fputs("try --help\n", stderr);
	return 1;
}

static int options(int argc, char **argv)
{
	int c, status;

	memset(opt.enabled, 1, sizeof(opt.enabled));
	opt.module = getenv("KCHAN_KO");
	if (!opt.module && !access("kchan.ko", R_OK))
		opt.module = "kchan.ko";
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		status = option(c);
		if (status >= 0)
			return status;
	}
	if (opt.module && access(opt.module, R_OK)) {
		fprintf(stderr, "torture: %s cannot be read\n", opt.module);
		return 1;
	}
	if (!opt.nr_seeds)
		opt.seeds[opt.nr_seeds++] = kc_now() % 1000000007;
	return -1;
}

static bool may_unload(void)
{
	unsigned int i;

	for (i = 0; i < t_nr_actions(); i++)
		if (t_actions[i].run == act_unload)
			return opt.enabled[i];
	return false;
}

/* The conductor's life. It is not killed; all others are. */
static int conduct(uint64_t seconds)
{
	uint64_t end = kc_now() + seconds * KC_NS;
	bool go_on;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(0);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		t_fail("unshare: %s", strerror(errno));
		return 1;
	}
	for (world->round = opt.first_round; ; world->round++) {
		world->reload = opt.module && may_unload() &&
				world->round % 4 == 2;
		if (opt.verbose)
			t_say("seed %llu round %u",
			      (unsigned long long)world->seed, world->round);
		go_on = t_round();
		if (!go_on || world->failures || kc_now() >= end)
			return world->failures || !go_on;
	}
}

/* Watch it: it may hang in the module itself. */
static int watch(pid_t pid)
{
	unsigned int same = 0;
	uint32_t last = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (world->heart != last)
			same = 0;
		last = world->heart;
		if (++same > 20 * opt.hang) {
			t_fail("the conductor hangs in %s", world->phase);
			t_report();
			kill(pid, SIGKILL);
			return 1;
		}
		usleep(100000);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	t_fail("the conductor died of signal %d", WTERMSIG(status));
	return 1;
}

static void print_counts(void)
{
	unsigned int i;

	for (i = 0; i < t_nr_actions(); i++) {
		struct t_count *count = &world->count[i];

		if (opt.verbose || (count->tried > 200 && !count->done))
			t_say("%-12s %7u times, %7u with success",
			      t_actions[i].name, count->tried, count->done);
	}
}

static bool one_seed(unsigned int n)
{
	uint32_t rounds;
	int status;
	pid_t pid;

	memset(world, 0, sizeof(*world));
	world->seed = opt.seeds[n];
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(conduct((uint64_t)opt.seconds / opt.nr_seeds));
	status = watch(pid);
	rounds = world->round - opt.first_round + 1;
	print_counts();
	t_say("seed %llu: %u rounds, %u messages sent, %u received, %u of them again, %u held first, %u dead letters, %u slots had; %u killed, %u by OOM, %u stopped; %u page faults served beside other calls; module loaded %u times",
	      (unsigned long long)world->seed, rounds, world->sent,
	      world->received, world->again, world->held, world->letters, world->slotted,
	      world->killed, world->oom_killed, world->stopped,
	      world->slow_faults, world->loads);
	if (status)
		t_say("to repeat: --seed %llu --first %u --round %u --processes %u",
		      (unsigned long long)world->seed, world->round,
		      opt.round_seconds, opt.processes);
	printf("%s %u - torture: seed %llu\n", status ? "not ok" : "ok", n + 1,
	       (unsigned long long)world->seed);
	return !status;
}

int main(int argc, char **argv)
{
	int status = options(argc, argv);
	bool good = true;
	unsigned int i;

	if (status >= 0)
		return status;
	world = kc_shared(sizeof(*world));
	t_rx_map();
	printf("1..%u\n", opt.nr_seeds);
	fflush(stdout);
	t_warm_up();
	/* After a failure the machine is not what it was. */
	for (i = 0; i < opt.nr_seeds && good; i++)
		good = one_seed(i);
	return !good;
}
