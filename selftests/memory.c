// SPDX-License-Identifier: GPL-2.0
/* Whose memory messages are, how much of it, and that all of it comes back. */
#include "kchan_test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CGROUP "/sys/fs/cgroup/kchan-test"
#define MIB (1024 * 1024)
#define PAYLOAD 65536

/* A memory cgroup for a sender. */
FIXTURE(memcg)
{
	int ctl;
	int fd;		/* up to 64 messages, of 4 MiB in all */
	char *data;
};

static int cgroup_write(const char *file, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	return kc_write_file(path, text);
}

static long long cgroup_current(void)
{
	return kc_read_number(CGROUP "/memory.current");
}

/* The hierarchy is mounted where it was not, for this test alone. */
static int prepare_cgroup(void)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) &&
	    mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL))
		return -errno;
	if (kc_write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory"))
		return -errno;
	rmdir(CGROUP);
	return kc_fd(mkdir(CGROUP, 0755));
}

FIXTURE_SETUP(memcg)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, prepare_cgroup());
	ASSERT_LE(0, cgroup_current());
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 64, PAYLOAD, 4 * MIB);
	ASSERT_LE(0, self->fd);
	self->data = malloc(PAYLOAD);
	memset(self->data, 1, PAYLOAD);
}

FIXTURE_TEARDOWN(memcg)
{
	close(self->fd);
	close(self->ctl);
	KC_EVENTUALLY(!rmdir(CGROUP));
}

struct sender {
	int fd;
	const char *data;
	unsigned int sent;
};

/* In the cgroup: until nothing more goes. */
static int send_in_cgroup(void *arg)
{
	struct sender *s = arg;
	int ret = cgroup_write("cgroup.procs", "0");

	while (!ret) {
		ret = kc_send(s->fd, 0, 0, s->data, PAYLOAD);
		s->sent += !ret;
	}
	return ret;
}

static unsigned int drain(int fd, char *buf, unsigned int size)
{
	unsigned int n = 0;

	while (read(fd, buf, size) == size)
		n++;
	return n;
}

TEST_F(memcg, messages_are_charged_to_the_senders_cgroup)
{
	struct sender *s = kc_shared(sizeof(*s));

	s->fd = self->fd;
	s->data = self->data;
	ASSERT_EQ(-EAGAIN, kc_child(send_in_cgroup, s));
	EXPECT_EQ(64, s->sent);
	/* Its process is gone, its messages are there. */
	EXPECT_LE(4 * MIB - MIB / 2, cgroup_current());
	EXPECT_EQ(64, drain(self->fd, self->data, PAYLOAD));
	EXPECT_TRUE(KC_EVENTUALLY(cgroup_current() < MIB))
		TH_LOG("%lld bytes are still charged", cgroup_current());
}

TEST_F(memcg, messages_of_a_closed_channel_are_given_back)
{
	struct sender *s = kc_shared(sizeof(*s));

	s->fd = self->fd;
	s->data = self->data;
	ASSERT_EQ(-EAGAIN, kc_child(send_in_cgroup, s));
	EXPECT_LE(4 * MIB - MIB / 2, cgroup_current());
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(KC_EVENTUALLY(cgroup_current() < MIB / 2))
		TH_LOG("%lld bytes are still charged", cgroup_current());
}

TEST_F(memcg, full_cgroup_stops_its_sender_and_nobody_else)
{
	struct sender *s = kc_shared(sizeof(*s));
	struct kchan_state state;
	int ret;

	s->fd = self->fd;
	s->data = self->data;
	ASSERT_EQ(0, cgroup_write("memory.max", "2097152"));
	ret = kc_child(send_in_cgroup, s);
	EXPECT_TRUE(ret == -ENOMEM || ret == KC_KILLED)
		TH_LOG("the sender ended with %d", ret);
	EXPECT_GT(32, s->sent);
	state = kc_state(self->fd);
	EXPECT_LE(s->sent, state.queued);
	EXPECT_GE(s->sent + 1, state.queued);
	EXPECT_EQ(PAYLOAD * state.queued, state.queued_bytes);
	/* Who is not in it sends on. */
	EXPECT_EQ(0, kc_send(self->fd, 0, 0, self->data, PAYLOAD));
	EXPECT_EQ(state.queued + 1, drain(self->fd, self->data, PAYLOAD));
	EXPECT_TRUE(KC_EVENTUALLY(cgroup_current() < MIB));
	s->sent = 0;
	ret = kc_child(send_in_cgroup, s);
	EXPECT_LT(8, s->sent);
}

#define LARGE 64	/* channels that had a message of a MiB each */
#define KEPT (16 * MIB)	/* what those of one user may keep */

static int large_messages(void *arg)
{
	char *data = calloc(1, MIB);
	int fd, i, ret;

	ret = cgroup_write("cgroup.procs", "0");
	for (i = 0; !ret && i < LARGE; i++) {
		fd = kc_queue(*(int *)arg, 1, MIB, MIB);
		if (fd < 0 || write(fd, data, MIB) != MIB ||
		    read(fd, data, MIB) != MIB)
			ret = -EPROTO;
	}
	if (ret)
		return ret;
	/* All of it is open still. */
	if (cgroup_current() > KEPT + 8 * MIB)
		return -EDQUOT;
	return KC_EVENTUALLY(cgroup_current() < 8 * MIB) ? 0 : -ETIMEDOUT;
}

TEST_F(memcg, large_messages_are_kept_for_the_next_but_not_many_nor_for_long)
{
	EXPECT_EQ(0, kc_child(large_messages, &self->ctl));
}

#define MIDDLE 8192	/* bytes of messages that take 16 KiB each */
#define MANY 1024
#define SPARES (2 * MIB) /* what is kept of one user's beside one for each channel */

static int middle_messages(void *arg)
{
	char *data = calloc(1, MIDDLE);
	int ret = cgroup_write("cgroup.procs", "0");
	int fd[2], i, n;

	for (i = 0; i < 2; i++) {
		fd[i] = kc_queue(*(int *)arg, MANY, MIDDLE, MANY * MIDDLE);
		for (n = 0; !ret && n < MANY; n++)
			ret = kc_send(fd[i], 0, 0, data, MIDDLE);
	}
	if (ret)
		return ret;
	if (cgroup_current() < MANY * MIDDLE * 4)
		return -ENODATA;
	for (i = 0; i < 2; i++) {
		if (drain(fd[i], data, MIDDLE) != MANY)
			return -EPROTO;
	}
	if (cgroup_current() > SPARES + 2 * MIB)
		return -EDQUOT;
	/* Neither has gone idle. */
	return KC_EVENTUALLY(write(fd[0], data, 1) == 1 &&
			     read(fd[0], data, 1) == 1 &&
			     cgroup_current() < 2 * MIB) ? 0 : -ETIMEDOUT;
}

TEST_F(memcg, few_of_a_queue_that_was_full_are_kept_and_not_for_long)
{
	EXPECT_EQ(0, kc_child(middle_messages, &self->ctl));
}

static int receive_in_cgroup(void *arg)
{
	int *fd = arg, ret = cgroup_write("cgroup.procs", "0");
	char *buf = malloc(PAYLOAD);

	return ret ? ret : drain(*fd, buf, PAYLOAD) == 64 ? 0 : -EPROTO;
}

TEST_F(memcg, receiver_does_not_pay)
{
	int i;

	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, kc_send(self->fd, 0, 0, self->data, PAYLOAD));
	}
	EXPECT_GT(MIB / 2, cgroup_current());
	ASSERT_EQ(0, cgroup_write("memory.max", "1048576"));
	EXPECT_EQ(0, kc_child(receive_in_cgroup, &self->fd));
}

/* Objects in use in the module's slab caches, and kilobytes of the whole system. */
struct usage {
	long long objects;
	long long available, unreclaimable;
};

/* What a processor keeps of a cache counts as used: it lets go. */
static void shrink_caches(void)
{
	char path[300];
	struct dirent *d;
	DIR *dir = opendir("/sys/kernel/slab");

	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, "kchan", 5))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 d->d_name);
		kc_write_file(path, "1");
	}
	if (dir)
		closedir(dir);
}

static long long meminfo(const char *text, const char *field)
{
	const char *at = strstr(text, field);

	return at ? strtoll(at + strlen(field), NULL, 10) : -1;
}

static struct usage usage(void)
{
	struct usage u = { 0 };
	static char text[8192];
	char line[512];
	long long n;
	FILE *f;

	shrink_caches();
	f = fopen("/proc/slabinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "kchan%*s %lld", &n) == 1)
			u.objects += n;
	if (f)
		fclose(f);
	kc_read_text("/proc/meminfo", text, sizeof(text));
	u.available = meminfo(text, "MemAvailable:");
	u.unreclaimable = meminfo(text, "SUnreclaim:");
	return u;
}

#define DEPTH 64

/* A kernel with lockdep is made to find bugs, and a hundred times slower. */
static unsigned int channels(void)
{
	return access("/proc/lockdep", F_OK) ? 10000 : 300;
}

FIXTURE(many)
{
	struct kc_env env;
	struct usage before;
	long long was[3];
};

static const struct {
	const char *name;
	long long value;
} raised[] = {
	{ "max_channels", 20000 },
	{ "max_channels_user", 20000 },
	{ "max_bytes_user", 1LL << 30 },
};

FIXTURE_SETUP(many)
{
	unsigned int i;

	ASSERT_EQ(0, kc_enter(&self->env));
	for (i = 0; i < ARRAY_SIZE(raised); i++) {
		self->was[i] = kc_sysctl_get(self->env.net, raised[i].name);
		ASSERT_EQ(0, kc_sysctl_set(self->env.net, raised[i].name,
					   raised[i].value));
		ASSERT_EQ(0, kc_sysctl_set(-1, raised[i].name, raised[i].value));
	}
	self->before = usage();
	ASSERT_LT(0, self->before.available);
	ASSERT_LT(0, self->before.unreclaimable);
}

FIXTURE_TEARDOWN(many)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(raised); i++)
		kc_sysctl_set(self->env.net, raised[i].name, self->was[i]);
	kc_leave(&self->env);
}

/* As before, but for a few megabytes that the rest of the system moves. */
static bool as_before(const struct usage *before)
{
	struct usage now = usage();

	return now.objects <= before->objects &&
		now.available >= before->available - 32 * 1024 &&
		now.unreclaimable <= before->unreclaimable + 16 * 1024;
}

static int fill_channel(int ctl, unsigned int i)
{
	char name[16], data[64];
	int fd, j, ret = 0;

	snprintf(name, sizeof(name), "c%u", i);
	fd = kc_create(ctl, name, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return fd;
	memset(data, i, sizeof(data));
	for (j = 0; !ret && j < DEPTH; j++)
		ret = kc_send(fd, j % 4, i, data, sizeof(data));
	close(fd);
	return ret;
}

static int check_channel(int ctl, unsigned int i)
{
	struct kchan_state state;
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "c%u", i);
	fd = kc_open(ctl, name, O_RDWR);
	if (fd < 0)
		return fd;
	state = kc_state(fd);
	close(fd);
	return state.queued == DEPTH && state.queued_bytes == DEPTH * 64 ?
		0 : -EPROTO;
}

TEST_F(many, ten_thousand_channels_and_their_memory_comes_back)
{
	const unsigned int n = channels();
	struct usage full;
	unsigned int i;
	char name[16];

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, fill_channel(self->env.ctl, i))
			TH_LOG("channel %u", i);
	}
	full = usage();
	TH_LOG("%u channels of %d messages: %lld KiB, %lld objects", n, DEPTH,
	       self->before.available - full.available,
	       full.objects - self->before.objects);
	for (i = 0; i < n; i += n / 12) {
		ASSERT_EQ(0, check_channel(self->env.ctl, i));
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		ASSERT_EQ(0, unlink(kc_path(&self->env, name)));
	}
	EXPECT_TRUE(KC_EVENTUALLY(as_before(&self->before))) {
		full = usage();
		TH_LOG("left: %lld KiB, %lld KiB unreclaimable, %lld objects",
		       self->before.available - full.available,
		       full.unreclaimable - self->before.unreclaimable,
		       full.objects - self->before.objects);
	}
}

/* Made and opened, but for nothing: an inode is all that there is of each. */
TEST_F(many, channels_that_nobody_has_used_take_one_object_each)
{
	struct kchan_recv look = kc_recv_arg(NULL, 0);
	long long objects = self->before.objects;
	const int n = 200;
	char name[16];
	int fd, i;

	look.flags = KCHAN_PEEK | KCHAN_NONBLOCK;
	look.filter = KCHAN_FILTER_TAG;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		fd = kc_create(self->env.ctl, name, O_RDWR | O_NONBLOCK);
		ASSERT_LE(0, fd);
		close(fd);
	}
	/* To look at one, by a tag for which messages are put in order, changes nothing. */
	fd = kc_open(self->env.ctl, "c1", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, kc_ioctl(fd, KCHAN_IOC_RECV, &look));
	close(fd);
	objects += n;
	EXPECT_TRUE(KC_EVENTUALLY(usage().objects == objects))
		TH_LOG("%lld objects instead of %lld", usage().objects, objects);
	fd = kc_open(self->env.ctl, "c0", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(0, kc_send(fd, 0, 0, "x", 1));
	EXPECT_EQ(1, kc_state(fd).queued);
	close(fd);
	/* The channel and the message. */
	objects += 2;
	EXPECT_TRUE(KC_EVENTUALLY(usage().objects == objects))
		TH_LOG("%lld objects instead of %lld", usage().objects, objects);
	fd = kc_open(self->env.ctl, "c0", O_RDWR | O_NONBLOCK);
	EXPECT_EQ(1, kc_state(fd).queued);
	close(fd);
}

/* Open, but nothing happens in it: what it kept for the next message goes. */
TEST_F(many, idle_channel_gives_its_memory_back)
{
	int fd = kc_queue(self->env.ctl, 1024, 64, 65536);
	int i, n = kc_scaled(1000);
	struct usage with, full;
	char buf[64] = "";

	/* Only the channel itself. */
	with = usage();
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, kc_send(fd, i * 32, 0, buf, sizeof(buf)));
	}
	full = usage();
	EXPECT_LE(with.objects + n, full.objects);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(64, read(fd, buf, sizeof(buf)));
	}
	EXPECT_TRUE(KC_EVENTUALLY(usage().objects <= with.objects))
		TH_LOG("%lld objects, then %lld", with.objects, usage().objects);
	/* And it works on. */
	ASSERT_EQ(0, kc_send(fd, 5, 0, buf, sizeof(buf)));
	EXPECT_EQ(64, read(fd, buf, sizeof(buf)));
	close(fd);
}

#define BATCH 1024

/* Messages for one batch, and one by which they are received. */
static struct {
	struct kchan_send send[BATCH];
	struct kchan_recv recv[BATCH];
	struct kchan_batch out, in;
	char buf[64];
} batch;

static void batch_init(void)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		batch.send[i] = kc_send_arg(batch.buf, sizeof(batch.buf));
		batch.recv[i] = kc_recv_arg(batch.buf, sizeof(batch.buf));
	}
	batch.out = kc_batch_arg(batch.send, BATCH, sizeof(batch.send[0]));
	batch.in = kc_batch_arg(batch.recv, BATCH, sizeof(batch.recv[0]));
}

static bool fill(int fd)
{
	return kc_ioctl(fd, KCHAN_IOC_SEND_BATCH, &batch.out) == BATCH;
}

static bool empty(int fd)
{
	return kc_ioctl(fd, KCHAN_IOC_RECV_BATCH, &batch.in) == BATCH;
}

/* What is kept for the next batch goes, though the channel is not idle. */
TEST_F(many, messages_that_a_batch_leaves_are_kept_for_a_second)
{
	int fd = kc_queue(self->env.ctl, BATCH, 64, BATCH * 64);
	struct usage with = usage();
	char c = 0;

	batch_init();
	ASSERT_TRUE(fill(fd));
	EXPECT_LE(with.objects + BATCH, usage().objects);
	ASSERT_TRUE(empty(fd));
	EXPECT_TRUE(KC_EVENTUALLY(write(fd, &c, 1) == 1 && read(fd, &c, 1) == 1 &&
				  usage().objects <= with.objects + 1))
		TH_LOG("%lld objects, then %lld", with.objects, usage().objects);
	close(fd);
}

/* Nor where all that happens is that messages end which were held. */
TEST_F(many, messages_that_are_rejected_are_kept_for_a_second)
{
	int fd = kc_queue(self->env.ctl, BATCH, 64, BATCH * 64), i;
	struct kchan_ack reject = {
		.size = sizeof(reject),
		.flags = KCHAN_ACK_UP_TO | KCHAN_NACK_REJECT,
		.seq = BATCH,
	};
	struct usage with = usage();

	batch_init();
	for (i = 0; i < BATCH; i++)
		batch.recv[i].flags = KCHAN_HOLD;
	ASSERT_TRUE(fill(fd));
	ASSERT_TRUE(empty(fd));
	/* By then it has been found idle. */
	sleep(4);
	ASSERT_EQ(BATCH, kc_ioctl(fd, KCHAN_IOC_NACK, &reject));
	EXPECT_TRUE(KC_EVENTUALLY(usage().objects <= with.objects))
		TH_LOG("%lld objects, then %lld", with.objects, usage().objects);
	close(fd);
}

/* What a small message takes at least. */
#define MESSAGE 184

TEST_F(many, messages_that_are_kept_are_not_many)
{
	const int n = SPARES / MESSAGE / BATCH + 12;
	struct usage with;
	int fd[n], i;

	batch_init();
	for (i = 0; i < n; i++) {
		fd[i] = kc_queue(self->env.ctl, BATCH, 64, BATCH * 64);
		ASSERT_LE(0, fd[i]);
	}
	with = usage();
	for (i = 0; i < n; i++) {
		ASSERT_TRUE(fill(fd[i]));
	}
	for (i = 0; i < n; i++) {
		ASSERT_TRUE(empty(fd[i]));
	}
	/* Some of those that are free count as used for a while: a tenth is for them. */
	EXPECT_GE(with.objects + SPARES / MESSAGE * 11 / 10, usage().objects);
	for (i = 0; i < n; i++)
		close(fd[i]);
	EXPECT_TRUE(KC_EVENTUALLY(as_before(&self->before)));
}

TEST_HARNESS_MAIN
