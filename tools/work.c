// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"
#include "message.h"
#include "parse.h"
#include "text.h"
#include "tool.h"

#define PARALLEL_MAX 1024

/* A command that runs, and the message that is held for it. */
struct job {
	pid_t pid;
	uint64_t seq;
	bool last; /* it will not be handed out again */
};

/**
 * struct worker - a worker of a channel
 * @ch: the channel
 * @name: what it is called
 * @command: what is run, with its arguments
 * @parallel: how many may run at once
 * @count: messages that are still to be taken; 0: all that come
 * @counted: whether @count is meant
 * @max_deliveries: how often the channel hands out a message; 0: no limit
 * @retry: put back what a command failed at, and do not reject it
 * @idle: milliseconds without a message after which it ends; -1: never
 * @signals: descriptor that tells of signals
 * @mask: signals that commands have blocked
 * @jobs: what runs
 * @running: how many
 * @stopped: takes no more messages
 * @ended: the channel has, which was told
 * @status: exit status so far
 * @buffer: the message
 */
struct worker {
	struct kchan *ch;
	const char *name;
	char **command;
	unsigned int parallel;
	uint64_t count;
	bool counted;
	uint32_t max_deliveries;
	bool retry;
	int idle;
	int signals;
	sigset_t mask;
	struct job *jobs;
	unsigned int running;
	bool stopped;
	bool ended;
	int status;
	struct buffer buffer;
};

enum {
	WORD = 1, /* no option, where getopt_long() returns words in their order */
	OPT_IDLE = LONG_ONLY,
	OPT_RETRY,
};

static int help(void)
{
	puts("Usage: kchan work NAME [OPTION]... -- COMMAND [ARGUMENT]...\n"
	     "Run COMMAND for each message, with the payload as its input. The message is held\n"
	     "meanwhile. It is done when COMMAND exits with 0, rejected when it exits with\n"
	     "another status, and put back when COMMAND or the worker is killed.\n\n"
	     "  -P, --parallel=N     up to N at once (default 1)\n"
	     "      --retry          do not reject a message, but put it back\n"
	     "  -n, --count=N        end after N messages\n"
	     "      --idle=DURATION  end when no message has come for so long\n"
	     "  -h, --help           this text\n\n"
	     "COMMAND finds the rest in KCHAN_NAME, KCHAN_SEQ, KCHAN_PRIO, KCHAN_TAG,\n"
	     "KCHAN_LEN, KCHAN_DELIVERIES, KCHAN_PID, KCHAN_UID, KCHAN_GID, KCHAN_TIME and, if\n"
	     "it has them, KCHAN_EXPIRY, KCHAN_REASON and KCHAN_ORIGIN.\n"
	     "What is put back is tried again at once: kchan mk --max-deliveries limits that,\n"
	     "and kchan mk --dead-letter keeps what is rejected or was tried too often.\n\n"
	     "A DURATION is in seconds, or as 500ms, 30s, 1h30m.\n"
	     "SIGTERM and SIGINT end it when what runs has ended.\n"
	     "Exit status: 123 if a COMMAND failed, 126 if it cannot be run, 127 if it is\n"
	     "not found, 1 for other errors.");
	return EXIT_SUCCESS;
}

static void stop(struct worker *w, int status)
{
	w->stopped = true;
	w->status = status;
}

/* That the channel has ended is told once, and is not the fault of the command. */
static void report_channel(struct worker *w, int err)
{
	if (!w->ended)
		report_error(w->name, err);
	w->ended |= err == -EIDRM;
	stop(w, EXIT_FAILURE);
}

/* Gives back a message, and says why. */
static void give_back(struct worker *w, const struct job *job, bool reject,
		      const char *why)
{
	int err = kchan_nack(w->ch, job->seq, reject ? KCHAN_NACK_REJECT : 0);
	const char *fate = job->last ? "given up" : "put back";

	if (reject)
		fate = "rejected";
	if (err)
		fate = "lost";
	report(w->name, "message %" PRIu64 " is %s: %s: %s", job->seq, fate,
	       w->command[0], why);
	if (err)
		report_channel(w, err);
}

/* A command that was killed did not judge the message. */
static void settle(struct worker *w, const struct job *job, int how)
{
	char *why;
	int err;

	if (how == 0) {
		err = kchan_ack(w->ch, job->seq);
		if (err)
			report_channel(w, err);
		return;
	}
	if (WIFSIGNALED(how))
		why = xprintf("killed by signal %d", WTERMSIG(how));
	else
		why = xprintf("exited with %d", WEXITSTATUS(how));
	if (!w->status)
		w->status = EXIT_COMMAND_FAILED;
	give_back(w, job, WIFEXITED(how) && !w->retry, why);
	free(why);
}

static void reap(struct worker *w, pid_t pid, int how)
{
	unsigned int i;
	struct job job;

	for (i = 0; i < w->running; i++) {
		if (w->jobs[i].pid == pid)
			break;
	}
	if (i == w->running)
		return;
	job = w->jobs[i];
	w->jobs[i] = w->jobs[--w->running];
	settle(w, &job, how);
}

static void take_signal(struct worker *w)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int how;

	if (read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD)
		w->stopped = true;
	/* One SIGCHLD may stand for several. */
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		reap(w, pid, how);
}

/* The payload as a file, so that who does not read it all is no problem. */
static int payload_file(const struct worker *w, size_t len)
{
	int fd = memfd_create("kchan-message", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && done < len) {
		n = write(fd, w->buffer.data + done, len - done);
		if (n < 0) {
			close(fd);
			return -1;
		}
		done += n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* @value is NULL for none. */
static void set_variable(const char *name, const char *value)
{
	char *variable = xprintf("KCHAN_%s", name), *c;

	for (c = variable; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c -= 'a' - 'A';
	}
	if (value ? setenv(variable, value, 1) : unsetenv(variable))
		exit(report_error(NULL, -errno));
	free(variable);
}

static void set_text(void *arg, const char *name, const char *value)
{
	(void)arg;
	set_variable(name, value);
}

static void set_number(void *arg, const char *name, uint64_t value)
{
	char *text = text_number(value);

	(void)arg;
	set_variable(name, text);
	free(text);
}

/* What an earlier message had. */
static void set_nothing(void *arg, const char *name)
{
	(void)arg;
	set_variable(name, NULL);
}

static void set_environment(const struct worker *w,
			    const struct kchan_msg_info *info)
{
	static const struct message_writer writer = { set_number, set_text,
						      set_nothing, NULL };

	set_variable("name", w->name);
	message_write(info, &writer);
}

/* Return: 0 or an errno value. */
static int spawn(const struct worker *w, int input, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &w->mask);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	err = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!err)
		err = posix_spawnp(pid, w->command[0], &actions, &attr,
				   w->command, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* That is not the message's fault, and would be so with all others. */
static void cannot_run(struct worker *w, const struct job *job, int err)
{
	give_back(w, job, false, strerror(err));
	stop(w, err == ENOENT ? EXIT_COMMAND_MISSING : EXIT_COMMAND_BROKEN);
}

static void start(struct worker *w, const struct kchan_msg_info *info)
{
	struct job *job = &w->jobs[w->running];
	int input, err;

	job->seq = info->seq;
	job->last = w->max_deliveries && info->deliveries >= w->max_deliveries;
	input = payload_file(w, info->len);
	if (input < 0) {
		cannot_run(w, job, errno);
		return;
	}
	set_environment(w, info);
	err = spawn(w, input, &job->pid);
	close(input);
	if (err) {
		cannot_run(w, job, err);
		return;
	}
	w->running++;
	if (w->counted && !--w->count)
		w->stopped = true;
}

/* Without waiting, as another worker may have been faster. */
static void take_message(struct worker *w)
{
	struct kchan_msg_info info = KCHAN_INIT(struct kchan_msg_info);
	struct kchan_recv_opts opts = KCHAN_INIT(struct kchan_recv_opts);
	ssize_t len;

	opts.flags = KCHAN_NONBLOCK | KCHAN_HOLD;
	len = message_recv(w->ch, &w->buffer, &opts, &info);
	if (len >= 0) {
		start(w, &info);
	} else if (len != -EAGAIN) {
		/* What else could be wrong with it. */
		report_channel(w, len == -EINVAL ? -E2BIG : len);
	}
}

/* Waits for a message if there is room for one more command, and for signals. */
static void step(struct worker *w)
{
	bool room = !w->stopped && w->running < w->parallel;
	struct pollfd fds[] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = room ? kchan_fd(w->ch) : -1, .events = POLLIN },
	};
	int n;

	n = poll(fds, ARRAY_SIZE(fds), room && !w->running ? w->idle : -1);
	if (n == 0)
		w->stopped = true;
	if (n <= 0)
		return;
	if (fds[0].revents)
		take_signal(w);
	if (fds[1].revents && !w->stopped)
		take_message(w);
}

/*
 * Of an ignored SIGCHLD, which whoever started the worker may have left, nothing comes.
 * SIGXFSZ is blocked alone: who writes past a limit is told so by write(2).
 */
static bool open_signals(struct worker *w)
{
	sigset_t set;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC);
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, &w->mask);
	return w->signals >= 0;
}

/* Before a message is taken for it. Return: 0, ENOENT or EACCES. */
static int find_command(const char *command)
{
	char *path, *dirs, *dir, *rest;
	int err = ENOENT;

	if (strchr(command, '/'))
		return access(command, X_OK) ? errno : 0;
	path = getenv("PATH");
	rest = dirs = xstrdup(path ? path : "/bin:/usr/bin");
	while (err && (dir = strsep(&rest, ":"))) {
		path = xprintf("%s/%s", *dir ? dir : ".", command);
		if (access(path, X_OK) == 0)
			err = 0;
		else if (errno == EACCES)
			err = EACCES;
		free(path);
	}
	free(dirs);
	return err;
}

static int check_command(const char *command)
{
	int err = find_command(command);

	if (!err)
		return EXIT_SUCCESS;
	report(NULL, "%s: %s", command,
	       err == ENOENT ? "command not found" : strerror(err));
	return err == ENOENT ? EXIT_COMMAND_MISSING : EXIT_COMMAND_BROKEN;
}

static int open_channel(struct worker *w)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	int err = kchan_open(&w->ch, w->name, O_RDONLY);

	if (err)
		return report_open(w->name, w->name, err, "receive");
	err = kchan_get_state(w->ch, &state);
	w->max_deliveries = state.max_deliveries;
	if (!err)
		return EXIT_SUCCESS;
	kchan_close(w->ch);
	return report_error(w->name, err);
}

static int work(struct worker *w)
{
	int status = check_command(w->command[0]);

	if (!status)
		status = open_channel(w);
	if (status)
		return status;
	w->jobs = xrealloc(NULL, w->parallel * sizeof(*w->jobs));
	if (!open_signals(w)) {
		w->status = report_error(NULL, -errno);
		w->stopped = true;
	}
	while (!w->stopped || w->running)
		step(w);
	kchan_close(w->ch);
	free(w->jobs);
	free(w->buffer.data);
	return w->status;
}

/* What comes before -- and is no option. */
static int parse_word(char *word, struct worker *w)
{
	if (w->name)
		return misuse("%s: only a NAME goes before -- and a COMMAND",
			      word);
	w->name = word;
	return EXIT_SUCCESS;
}

static int parse_option(int c, char **argv, struct worker *w)
{
	uint64_t n;

	switch (c) {
	case WORD:
		return parse_word(optarg, w);
	case 'P':
		if (!parse_number(optarg, PARALLEL_MAX, &n) || !n)
			return bad_value("--parallel",
					 "a number from 1 to 1024");
		w->parallel = n;
		return EXIT_SUCCESS;
	case 'n':
		w->counted = true;
		if (!parse_number(optarg, UINT64_MAX, &w->count) || !w->count)
			return bad_value("--count", "a number from 1");
		return EXIT_SUCCESS;
	case OPT_IDLE:
		if (!parse_duration(optarg, INT32_MAX * UINT64_C(1000000), &n))
			return bad_value("--idle", EXPECT_DURATION);
		w->idle = n / 1000000;
		return EXIT_SUCCESS;
	case OPT_RETRY:
		w->retry = true;
		return EXIT_SUCCESS;
	default:
		return bad_option(c, argv);
	}
}

int cmd_work(int argc, char **argv)
{
	static const struct option options[] = {
		{ "parallel", required_argument, NULL, 'P' },
		{ "count", required_argument, NULL, 'n' },
		{ "retry", no_argument, NULL, OPT_RETRY },
		{ "idle", required_argument, NULL, OPT_IDLE },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct worker w = { .parallel = 1, .idle = -1 };
	int c;

	/* In their order: a word too many before -- is not to be run. */
	while ((c = getopt_long(argc, argv, "-:P:n:h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &w))
			return EXIT_FAILURE;
	}
	if (strcmp(argv[optind - 1], "--") != 0)
		return misuse("-- and a COMMAND must follow");
	if (!w.name || optind == argc)
		return misuse("a NAME or a COMMAND is missing");
	w.command = argv + optind;
	return work(&w);
}
