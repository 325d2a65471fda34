// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Workers that hold each job until it is done. What one of them is killed over goes to
 * the next; what cannot be done, or has killed too many of them, is put aside.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kchan.h>

#define NAME "worker-jobs"

static int failed(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	return 1;
}

/* Stands for what takes long, fails, or is killed halfway. */
static int do_job(const char *job, unsigned int deliveries)
{
	if (!strcmp(job, "nonsense"))
		return -1;
	if (!strcmp(job, "crash") || (!strcmp(job, "encode") && deliveries < 2))
		raise(SIGKILL);
	printf("%s is done, delivery %u\n", job, deliveries);
	return 0;
}

static int work(void)
{
	struct kchan_recv_opts hold = { .size = sizeof(hold),
					.flags = KCHAN_HOLD | KCHAN_NONBLOCK };
	struct kchan_msg_info info = { .size = sizeof(info) };
	struct kchan *jobs;
	char job[32];
	ssize_t len;

	/* Its own, not its parent's, so that it is closed when the worker dies. */
	len = kchan_open(&jobs, NAME, O_RDONLY);
	if (len)
		return failed("open", len);
	while ((len = kchan_recv_opts(jobs, job, sizeof(job) - 1, &hold,
				      &info)) >= 0) {
		job[len] = '\0';
		if (do_job(job, info.deliveries))
			kchan_nack(jobs, info.seq, KCHAN_NACK_REJECT);
		else
			kchan_ack(jobs, info.seq);
	}
	kchan_close(jobs);
	return len == -EAGAIN ? 0 : failed("receive", len);
}

/* One after another, until one has found no more to do. */
static int run_workers(void)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(work());
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return failed("fork", -errno);
		if (!WIFSIGNALED(status))
			return WEXITSTATUS(status);
		printf("a worker was killed\n");
	}
}

/* They are on the way from the moment they died, and counted. */
static int show_dead(struct kchan *jobs, struct kchan *dead)
{
	struct kchan_state state = { .size = sizeof(state) };
	struct kchan_msg_info info = { .size = sizeof(info) };
	char job[32];
	ssize_t len;
	uint64_t n;

	len = kchan_get_state(jobs, &state);
	if (len)
		return failed("state", len);
	n = state.dead_lettered[KCHAN_DEAD_REJECTED] +
	    state.dead_lettered[KCHAN_DEAD_DELIVERIES];
	while (n--) {
		len = kchan_recv_opts(dead, job, sizeof(job), NULL, &info);
		if (len < 0)
			return failed("receive", len);
		printf("put aside: %.*s, %s\n", (int)len, job,
		       info.reason == KCHAN_DEAD_REJECTED ?
			       "rejected" :
			       "delivered too often");
	}
	return 0;
}

int main(void)
{
	static const char *const texts[] = { "render", "encode", "nonsense",
					     "crash", "upload" };
	struct kchan_create_opts create = { .size = sizeof(create),
					    .flags = KCHAN_CREATE_AUTO,
					    .max_deliveries = 2 };
	struct kchan *jobs, *dead;
	size_t i;
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = kchan_create(&dead, NULL, O_RDWR, NULL);
	if (err)
		return failed("create", err);
	create.dead_letter = dead;
	err = kchan_create(&jobs, NAME, O_WRONLY, &create);
	for (i = 0; !err && i < sizeof(texts) / sizeof(*texts); i++)
		err = kchan_send(jobs, texts[i], strlen(texts[i]));
	if (err)
		return failed("worker", err);
	err = run_workers();
	if (!err)
		err = show_dead(jobs, dead);
	kchan_close(jobs);
	kchan_close(dead);
	return err;
}
