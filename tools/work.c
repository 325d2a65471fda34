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
#include "tool.h"

#define PARALLEL_MAX 1024

/* A command that runs. */
struct job {
	pid_t pid;
	uint64_t seq;
};

/**
 * struct worker - a worker of a channel
 * @ch: the channel
 * @name: what it is called
 * @command: what is run, with its arguments
 * @parallel: how many may run at once
 * @count: messages that are still to be taken; 0: all that come
 * @counted: whether @count is meant
 * @idle: milliseconds without a message after which it ends; -1: never
 * @signals: descriptor that tells of signals
 * @mask: signals that commands have blocked
 * @jobs: what runs
 * @running: how many
 * @stopped: takes no more messages
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
	int idle;
	int signals;
	sigset_t mask;
	struct job *jobs;
	unsigned int running;
	bool stopped;
	int status;
	struct buffer buffer;
};

enum { OPT_IDLE = LONG_ONLY };

static int help(void)
{
	puts("Usage: kchan work NAME [OPTION]... -- COMMAND [ARGUMENT]...\n"
	     "Run COMMAND for each message, with the payload as its input and the rest in\n"
	     "KCHAN_NAME, KCHAN_SEQ, KCHAN_PRIO, KCHAN_TAG, KCHAN_LEN, KCHAN_DELIVERIES,\n"
	     "KCHAN_PID, KCHAN_UID, KCHAN_GID and KCHAN_TIME. A message is taken when it is\n"
	     "received: one whose COMMAND fails is not tried again.\n\n"
	     "  -P, --parallel=N     up to N at once (default 1)\n"
	     "  -n, --count=N        end after N messages\n"
	     "      --idle=SECONDS   end when no message has come for so long\n"
	     "  -h, --help           this text\n\n"
	     "SIGTERM and SIGINT end it when what runs has ended.\n"
	     "Exit status: 123 if a COMMAND failed, 126 if it cannot be run, 127 if it is\n"
	     "not found, 1 for other errors.");
	return EXIT_SUCCESS;
}

/* How a command ended; only failure is told. */
static void reap(struct worker *w, pid_t pid, int how)
{
	unsigned int i;

	for (i = 0; i < w->running; i++) {
		if (w->jobs[i].pid == pid)
			break;
	}
	if (i == w->running)
		return;
	if (WIFSIGNALED(how))
		report(w->name,
		       "message %" PRIu64 ": %s was killed by signal %d",
		       w->jobs[i].seq, w->command[0], WTERMSIG(how));
	else if (WEXITSTATUS(how))
		report(w->name, "message %" PRIu64 ": %s exited with %d",
		       w->jobs[i].seq, w->command[0], WEXITSTATUS(how));
	if (how && !w->status)
		w->status = EXIT_COMMAND_FAILED;
	w->jobs[i] = w->jobs[--w->running];
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

static void stop(struct worker *w, int status)
{
	w->stopped = true;
	w->status = status;
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

static void set_variable(const char *name, const char *value)
{
	char *variable = xprintf("KCHAN_%s", name), *c;

	for (c = variable; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c -= 'a' - 'A';
	}
	if (setenv(variable, value, 1))
		exit(report_error(NULL, -errno));
	free(variable);
}

static void set_number(void *arg, const char *name, uint64_t value)
{
	char text[24];

	(void)arg;
	snprintf(text, sizeof(text), "%" PRIu64, value);
	set_variable(name, text);
}

static void set_environment(const struct worker *w,
			    const struct kchan_msg_info *info)
{
	char *time = message_time(info);

	set_variable("name", w->name);
	set_variable("time", time);
	message_numbers(info, set_number, NULL);
	free(time);
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

/* There is no way to put the message back, so its loss is told. */
static void report_loss(struct worker *w, const struct kchan_msg_info *info,
			int err)
{
	report(w->name, "message %" PRIu64 " is lost: %s: %s", info->seq,
	       w->command[0], strerror(err));
	stop(w, err == ENOENT ? EXIT_COMMAND_MISSING : EXIT_COMMAND_BROKEN);
}

static void start(struct worker *w, const struct kchan_msg_info *info)
{
	struct job *job = &w->jobs[w->running];
	int input, err;

	input = payload_file(w, info->len);
	if (input < 0) {
		report_loss(w, info, errno);
		return;
	}
	set_environment(w, info);
	err = spawn(w, input, &job->pid);
	close(input);
	if (err) {
		report_loss(w, info, err);
		return;
	}
	job->seq = info->seq;
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

	opts.flags = KCHAN_NONBLOCK;
	len = message_recv(w->ch, &w->buffer, &opts, &info);
	if (len >= 0) {
		start(w, &info);
	} else if (len != -EAGAIN) {
		report_error(w->name, len);
		stop(w, EXIT_FAILURE);
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

static bool open_signals(struct worker *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &w->mask);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC);
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

static int work(struct worker *w)
{
	int err, status;

	status = check_command(w->command[0]);
	if (status)
		return status;
	err = kchan_open(&w->ch, w->name, O_RDONLY);
	if (err)
		return report_open(w->name, w->name, err, "receive");
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

static int parse_option(int c, char **argv, struct worker *w)
{
	uint64_t n;

	switch (c) {
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
		if (!parse_seconds(optarg, &n) || n / 1000000 > INT32_MAX)
			return bad_value("--idle", "a number of seconds");
		w->idle = n / 1000000;
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
		{ "idle", required_argument, NULL, OPT_IDLE },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct worker w = { .parallel = 1, .idle = -1 };
	int c;

	while ((c = getopt_long(argc, argv, ":P:n:h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (parse_option(c, argv, &w))
			return EXIT_FAILURE;
	}
	if (strcmp(argv[optind - 1], "--") != 0)
		return misuse("-- and a COMMAND must follow");
	if (argc - optind < 2)
		return misuse("a NAME or a COMMAND is missing");
	w.name = argv[optind];
	w.command = argv + optind + 1;
	return work(&w);
}
