// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection: each call of the table is made with its first, second, third...
 * allocation or user copy failing (/proc/thread-self/fail-nth), until it passes
 * without a hit. Whether it fails or not, nothing may be left: descriptors, names
 * and the state of the channel are what they were. A call that cannot be made to
 * fail is an error of the table. Needs a kernel with FAULT_INJECTION; TAP output.
 * Rows with hundreds of faults in others' code are run with --full only.
 */
#include "fault.h"

#include <dirent.h>

#define TRIES	2000	/* more faults than any call has */

struct kc_env env;
int fd;
int dir;
int made[2];
char *buf;
char spot[] = "/tmp/fault.XXXXXX";

const char *path(const char *name)
{
	return kc_path(&env, name);
}

/* Helpers of the rows. */
void close_made(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (made[i] >= 0)
			close(made[i]);
		made[i] = -1;
	}
}

int keep(int ret)
{
	made[0] = ret;
	return ret;
}

/* Empty "q", with what is held there. */
void drain(void)
{
	kc_settle(fd, KCHAN_IOC_ACK, UINT64_MAX, KCHAN_ACK_UP_TO);
	while (read(fd, buf, LARGE) > 0)
		;
}

/* What the pools of this user take. */
uint64_t pool_bytes(void)
{
	struct kn_limits limits;
	int sock = kn_socket();
	int ret = kn_limits(sock, &limits);

	close(sock);
	return ret ? UINT64_MAX : limits.value[KCHAN_A_USER_POOL_BYTES];
}

/* What must be as before. */
struct shape {
	int fds;
	int names;
	uint64_t pool_bytes;
	struct kchan_state state;
};

static int count_entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static struct shape shape_now(void)
{
	struct shape shape = {
		.fds = count_entries("/proc/self/fd"),
		.names = count_entries(env.dir),
		.pool_bytes = pool_bytes(),
		.state = kc_state(fd),
	};

	return shape;
}

static bool shape_same(const struct shape *a, const struct shape *b)
{
	return a->fds == b->fds && a->names == b->names &&
	       a->pool_bytes == b->pool_bytes &&
	       a->state.queued == b->state.queued &&
	       a->state.queued_bytes == b->state.queued_bytes &&
	       a->state.held == b->state.held &&
	       a->state.held_bytes == b->state.held_bytes &&
	       kc_total(a->state.dead_lettered) ==
			kc_total(b->state.dead_lettered) &&
	       a->state.senders == b->state.senders &&
	       a->state.receivers == b->state.receivers;
}

static int set_nth(int file, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	return pwrite(file, text, len, 0) == len ? 0 : -errno;
}

/* How many are left until the fault; 0: it has been injected. */
static int get_nth(int file)
{
	char text[16] = "";

	return pread(file, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

static bool clean_errno(const struct row *row, int ret)
{
	if (ret == -ENOBUFS)
		return row->foreign || row->netlink;
	return row->foreign || ret == -ENOMEM || ret == -EFAULT || ret == -ENFILE;
}

/* Returns what is wrong, or NULL. */
static const char *run_row(const struct row *row, int nth)
{
	struct shape before = shape_now(), after;
	const char *wrong = NULL;
	int n, ret, left, hits = 0;

	for (n = 1; n < TRIES; n++) {
		if (row->prepare)
			row->prepare();
		if (set_nth(nth, n))
			return "fail-nth cannot be set";
		ret = row->call();
		left = get_nth(nth);
		set_nth(nth, 0);
		if (row->check)
			wrong = row->check(ret);
		if (row->undo)
			row->undo();
		after = shape_now();
		if (wrong) {
			printf("# fault %d returned %d\n", n, ret);
			return wrong;
		}
		if (ret < 0 && (left || !clean_errno(row, ret))) {
			printf("# fault %d: %s\n", n, strerror(-ret));
			return left ? "it fails without a fault" :
				      "a fault comes out as another error";
		}
		if (!kc_sums(fd))
			return "the counters do not add up";
		if (!shape_same(&before, &after)) {
			printf("# fault %d returned %d: descriptors %d, were %d; names %d, were %d; pools %llu bytes, were %llu\n",
			       n, ret, after.fds, before.fds, after.names,
			       before.names,
			       (unsigned long long)after.pool_bytes,
			       (unsigned long long)before.pool_bytes);
			return "something is left";
		}
		if (left)
			break;
		hits++;
	}
	printf("# %s: %d faults\n", row->name, hits);
	if (!hits == row->faultless)
		return NULL;
	return hits ? "a fault could be injected" : "no fault can be injected";
}

static int write_knob(const char *attr, const char *knob, const char *value)
{
	char name[128];

	snprintf(name, sizeof(name), "/sys/kernel/debug/%s/%s", attr, knob);
	return kc_write_file(name, value);
}

/* All allocations can fail, also those that may wait, and nothing is printed. */
static int set_up(void)
{
	static const char * const attrs[] = {
		"failslab", "fail_page_alloc", "fail_usercopy",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (write_knob(attrs[i], "verbose", "0"))
			return -1;
	}
	return write_knob("failslab", "ignore-gfp-wait", "N") ||
	       write_knob("fail_page_alloc", "ignore-gfp-wait", "N") ||
	       write_knob("fail_page_alloc", "ignore-gfp-highmem", "N") ||
	       write_knob("fail_page_alloc", "min-order", "0");
}

/* Return: how many failed. */
static int run_table(const struct table *table, size_t first, int nth, bool all)
{
	const char *wrong;
	int failed = 0;
	size_t i;

	for (i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (row->slow && !all) {
			printf("ok %zu - faults in %s, left to --full\n",
			       first + i, row->name);
			continue;
		}
		wrong = run_row(row, nth);
		failed += !!wrong;
		printf("%sok %zu - faults in %s%s%s\n", wrong ? "not " : "",
		       first + i, row->name, wrong ? ": " : "",
		       wrong ? wrong : "");
		fflush(stdout);
	}
	return failed;
}

static int run_tables(int nth, bool all)
{
	static const struct table *const tables[] = {
		&call_rows, &queue_rows, &look_rows, &pool_rows,
	};
	size_t i, count = 0;
	int failed = 0;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		count += tables[i]->count;
	printf("1..%zu\n", count);
	count = 1;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		failed += run_table(tables[i], count, nth, all);
		count += tables[i]->count;
	}
	return failed;
}

int main(int argc, char **argv)
{
	const bool all = argc > 1 && !strcmp(argv[1], "--full");
	int nth, failed;

	printf("TAP version 13\n");
	nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0 || set_up()) {
		printf("1..0 # SKIP no fault injection in this kernel\n");
		return 4;
	}
	buf = calloc(1, LARGE);
	made[0] = made[1] = -1;
	if (!buf || !mkdtemp(spot) || kc_enter(&env))
		return 1;
	fd = kc_create(env.ctl, "q", O_RDWR | O_NONBLOCK);
	dir = open(env.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dir < 0 || !make_others())
		return 1;
	failed = run_tables(nth, all);
	close(full);
	close(dir);
	close(fd);
	kc_leave(&env);
	rmdir(spot);
	return failed ? 1 : 0;
}
