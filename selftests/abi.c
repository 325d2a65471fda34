// SPDX-License-Identifier: GPL-2.0
/*
 * The rules that all commands keep, and the layout of their structs. Built once
 * more for 32 bits, as abi32.
 */
#include "kchan_pool.h"

#include "kchan_layout.h"

#include <sys/ioctl.h>
#include <termios.h>

/* Room for the largest struct accepted, and for one that is too large. */
#define ROOM 8192

/* The kinds of descriptor. */
enum kind { CONTROL, DIRECTORY, ENDPOINT, KINDS };

/* A command with a struct, on the descriptor that takes it; a variant of each test. */
FIXTURE(command)
{
	int of[KINDS];
	int chan;	/* O_RDWR, with one message, a name, and O_NONBLOCK */
	int fd;		/* the descriptor that takes the command */
	uint32_t slot;	/* one that it has on loan, if it has a pool */
	struct kc_env env;
	char data[64];
	union {
		struct kchan_send send;
		struct kchan_recv recv;
		struct kchan_publish publish;
		struct kchan_take take;
	} item;		/* what a batch consists of */
	char arg[ROOM] __attribute__((aligned(8)));
	char was[ROOM];
	struct kchan_state before;
};

FIXTURE_VARIANT(command)
{
	unsigned int cmd;
	unsigned int size;
	unsigned int first;	/* the size that was published first */
	enum kind on;
	bool pool;		/* of a channel that has one */
	int done;		/* what it returns */
};

#define COMMAND_GROWN(name, nr, type, kind, was)			\
	FIXTURE_VARIANT_ADD(command, name) {				\
		.cmd = nr,						\
		.size = sizeof(struct type),				\
		.first = was,						\
		.on = kind,						\
	}

#define COMMAND(name, nr, type, kind)					\
	COMMAND_GROWN(name, nr, type, kind, sizeof(struct type))

COMMAND(features, KCHAN_IOC_FEATURES, kchan_features, CONTROL);
COMMAND(features_of_directory, KCHAN_IOC_FEATURES, kchan_features, DIRECTORY);
COMMAND(features_of_endpoint, KCHAN_IOC_FEATURES, kchan_features, ENDPOINT);
COMMAND_GROWN(create, KCHAN_IOC_CREATE, kchan_create, CONTROL, 56);
COMMAND_GROWN(create_in_directory, KCHAN_IOC_CREATE, kchan_create, DIRECTORY, 56);
COMMAND(open, KCHAN_IOC_OPEN, kchan_open, CONTROL);
COMMAND(open_in_directory, KCHAN_IOC_OPEN, kchan_open, DIRECTORY);
COMMAND(remove, KCHAN_IOC_REMOVE, kchan_remove, CONTROL);
COMMAND(remove_in_directory, KCHAN_IOC_REMOVE, kchan_remove, DIRECTORY);
COMMAND_GROWN(send, KCHAN_IOC_SEND, kchan_send, ENDPOINT, 48);
COMMAND_GROWN(recv, KCHAN_IOC_RECV, kchan_recv, ENDPOINT, 80);
COMMAND_GROWN(state, KCHAN_IOC_STATE, kchan_state, ENDPOINT, 432);

COMMAND(ack, KCHAN_IOC_ACK, kchan_ack, ENDPOINT);
COMMAND(nack, KCHAN_IOC_NACK, kchan_ack, ENDPOINT);
COMMAND(settings, KCHAN_IOC_SETTINGS, kchan_settings, ENDPOINT);

#define COMMAND_DONE(name, nr, type, with_pool, ret)			\
	FIXTURE_VARIANT_ADD(command, name) {				\
		.cmd = nr,						\
		.size = sizeof(struct type),				\
		.first = sizeof(struct type),				\
		.on = ENDPOINT,						\
		.pool = with_pool,					\
		.done = ret,						\
	}

COMMAND_DONE(send_batch, KCHAN_IOC_SEND_BATCH, kchan_batch, false, 1);
COMMAND_DONE(recv_batch, KCHAN_IOC_RECV_BATCH, kchan_batch, false, 1);
COMMAND_DONE(pool_fd, KCHAN_IOC_POOL_FD, kchan_pool_fd, true, 0);
COMMAND_DONE(loan, KCHAN_IOC_LOAN, kchan_loan, true, 1);
COMMAND_DONE(publish, KCHAN_IOC_PUBLISH, kchan_publish, true, 0);
COMMAND_DONE(take, KCHAN_IOC_TAKE, kchan_take, true, 0);
COMMAND_DONE(release, KCHAN_IOC_RELEASE, kchan_release, true, 1);
COMMAND_DONE(publish_batch, KCHAN_IOC_PUBLISH_BATCH, kchan_batch, true, 1);
COMMAND_DONE(take_batch, KCHAN_IOC_TAKE_BATCH, kchan_batch, true, 1);

/* Commands that only take their struct. */
static bool writes_nothing_back(unsigned int cmd)
{
	return cmd == KCHAN_IOC_REMOVE || cmd == KCHAN_IOC_ACK ||
		cmd == KCHAN_IOC_NACK || cmd == KCHAN_IOC_RELEASE ||
		cmd == KCHAN_IOC_SEND_BATCH || cmd == KCHAN_IOC_RECV_BATCH ||
		cmd == KCHAN_IOC_PUBLISH_BATCH || cmd == KCHAN_IOC_TAKE_BATCH;
}

/* A valid argument for the command, its outputs poisoned. */
static void valid_arg(FIXTURE_DATA(command) *self, unsigned int cmd,
		      unsigned int size)
{
	struct kchan_create create = kc_create_arg("new");
	struct kchan_open open = { .size = sizeof(open), .open_flags = O_RDWR,
		.name = (uintptr_t)"old", .fd = -77 };
	struct kchan_remove remove = { .size = sizeof(remove),
		.name = (uintptr_t)"doomed" };
	struct kchan_ack ack = { .size = sizeof(ack), .flags = KCHAN_ACK_UP_TO };
	struct kchan_settings settings = { .size = sizeof(settings) };
	struct kchan_send send = kc_send_arg("data", 4);
	struct kchan_recv recv = kc_recv_arg(self->data, sizeof(self->data));
	struct kchan_batch batch = kc_batch_arg(&self->item, 1,
						sizeof(self->item));
	struct kchan_pool_fd pool_fd = kp_fd_arg();
	struct kchan_loan loan = kp_loan_arg(0);
	struct kchan_publish publish = kp_publish_arg(self->slot, 4);
	struct kchan_take take = kp_take_arg(0);
	struct kchan_release release = kp_release_arg(self->slot);
	const struct { unsigned int cmd; const void *arg; } args[] = {
		{ KCHAN_IOC_CREATE, &create }, { KCHAN_IOC_OPEN, &open },
		{ KCHAN_IOC_REMOVE, &remove }, { KCHAN_IOC_SEND, &send },
		{ KCHAN_IOC_RECV, &recv }, { KCHAN_IOC_ACK, &ack },
		{ KCHAN_IOC_NACK, &ack }, { KCHAN_IOC_SETTINGS, &settings },
		{ KCHAN_IOC_SEND_BATCH, &batch },
		{ KCHAN_IOC_RECV_BATCH, &batch },
		{ KCHAN_IOC_POOL_FD, &pool_fd }, { KCHAN_IOC_LOAN, &loan },
		{ KCHAN_IOC_PUBLISH, &publish }, { KCHAN_IOC_TAKE, &take },
		{ KCHAN_IOC_RELEASE, &release },
		{ KCHAN_IOC_PUBLISH_BATCH, &batch },
		{ KCHAN_IOC_TAKE_BATCH, &batch },
	};
	unsigned int i;

	if (cmd == KCHAN_IOC_SEND_BATCH)
		self->item.send = send;
	else if (cmd == KCHAN_IOC_PUBLISH_BATCH)
		self->item.publish = publish;
	else if (cmd == KCHAN_IOC_TAKE_BATCH)
		self->item.take = take;
	else
		self->item.recv = recv;
	memset(self->arg, KC_POISON, size);
	memset(self->arg + size, 0, ROOM - size);
	for (i = 0; i < ARRAY_SIZE(args); i++)
		if (args[i].cmd == cmd)
			memcpy(self->arg, args[i].arg, size);
	*(uint32_t *)self->arg = size;
	memcpy(self->was, self->arg, ROOM);
}

/*
 * One namespace for all tests: to make one takes longer than they do. They remove
 * the names that they make.
 */
static struct kc_env shared;
static int entered;

static void leave(void)
{
	kc_leave(&shared);
}

static void __attribute__((constructor)) enter(void)
{
	entered = kc_enter(&shared);
	if (!entered)
		atexit(leave);
}

FIXTURE_SETUP(command)
{
	struct kchan_create arg = kc_create_arg("old");

	ASSERT_EQ(0, entered);
	self->env = shared;
	arg.slots = variant->pool ? 32 : 0;
	arg.slot_size = variant->pool ? 64 : 0;
	self->chan = kc_create_with(self->env.ctl, &arg);
	ASSERT_LE(0, self->chan);
	ASSERT_EQ(4, write(self->chan, "mess", 4));
	if (variant->pool)
		self->slot = kp_loan(self->chan);
	ASSERT_EQ(0, close(kc_create(self->env.ctl, "doomed", O_RDWR)));
	self->of[CONTROL] = self->env.ctl;
	self->of[DIRECTORY] = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->of[DIRECTORY]);
	self->of[ENDPOINT] = self->chan;
	self->fd = self->of[variant->on];
	self->before = kc_state(self->chan);
	valid_arg(self, variant->cmd, variant->size);
}

static void remove_names(int ctl)
{
	kc_remove(ctl, "old", 0, 0);
	kc_remove(ctl, "new", 0, 0);
	kc_remove(ctl, "doomed", 0, 0);
}

FIXTURE_TEARDOWN(command)
{
	remove_names(self->env.ctl);
	close(self->of[DIRECTORY]);
	close(self->chan);
}

#define CALL() kc_ioctl(self->fd, variant->cmd, self->arg)
/* What the valid call returns. */
#define DONE (variant->done)

static void set_size(FIXTURE_DATA(command) *self, uint32_t size)
{
	memcpy(self->arg, &size, sizeof(size));
	memcpy(self->was, self->arg, ROOM);
}

/* The failed call has left the struct, the channel and the names alone. */
static bool untouched(FIXTURE_DATA(command) *self)
{
	return !memcmp(self->was, self->arg, ROOM) &&
		kc_unchanged(&self->before, self->chan) &&
		!access(kc_path(&self->env, "doomed"), F_OK) &&
		access(kc_path(&self->env, "new"), F_OK);
}

/* What a successful call took. */
static void put_back(FIXTURE_DATA(command) *self, unsigned int cmd)
{
	if (cmd == KCHAN_IOC_RECV || cmd == KCHAN_IOC_RECV_BATCH ||
	    cmd == KCHAN_IOC_TAKE || cmd == KCHAN_IOC_TAKE_BATCH)
		write(self->chan, "mess", 4);
	if (cmd == KCHAN_IOC_PUBLISH || cmd == KCHAN_IOC_PUBLISH_BATCH ||
	    cmd == KCHAN_IOC_RELEASE)
		self->slot = kp_loan(self->chan);
	if (cmd == KCHAN_IOC_REMOVE)
		close(kc_create(self->env.ctl, "doomed", O_RDWR));
}

TEST_F(command, exact_size_is_accepted)
{
	EXPECT_EQ(DONE, CALL());
	EXPECT_EQ(variant->size, *(uint32_t *)self->arg);
}

/* What a program that knows less has behind its struct stays as it is. */
TEST_F(command, sizes_from_the_first_published_on_are_accepted)
{
	uint32_t size;

	for (size = variant->first; size < variant->size; size += 4) {
		valid_arg(self, variant->cmd, size);
		memset(self->arg + size, KC_POISON, ROOM - size);
		memcpy(self->was, self->arg, ROOM);
		EXPECT_EQ(DONE, CALL())
			TH_LOG("size %u", size);
		EXPECT_EQ(size, *(uint32_t *)self->arg);
		EXPECT_EQ(0, memcmp(self->was + size, self->arg + size,
				    ROOM - size));
		put_back(self, variant->cmd);
	}
}

TEST_F(command, smaller_sizes_are_EINVAL)
{
	uint32_t size;

	for (size = 0; size < variant->first; size++) {
		set_size(self, size);
		EXPECT_EQ(-EINVAL, CALL())
			TH_LOG("size %u", size);
		EXPECT_TRUE(untouched(self));
	}
}

TEST_F(command, larger_size_with_zero_tail_is_accepted)
{
	static const uint32_t more[] = { 1, 4, 8, 64, 1000 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(more); i++) {
		valid_arg(self, variant->cmd, variant->size);
		set_size(self, variant->size + more[i]);
		EXPECT_EQ(DONE, CALL())
			TH_LOG("%u bytes more", more[i]);
		for (j = variant->size; j < ROOM; j++) {
			ASSERT_EQ(0, self->arg[j]);
		}
		put_back(self, variant->cmd);
	}
}

TEST_F(command, size_of_4096_with_zero_tail_is_accepted)
{
	set_size(self, 4096);
	EXPECT_EQ(DONE, CALL());
}

TEST_F(command, sizes_above_4096_are_E2BIG)
{
	static const uint32_t sizes[] = { 4097, 8192, 1U << 31, UINT32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		set_size(self, sizes[i]);
		EXPECT_EQ(-E2BIG, CALL())
			TH_LOG("size %u", sizes[i]);
		EXPECT_TRUE(untouched(self));
	}
}

TEST_F(command, non_zero_tail_is_E2BIG)
{
	uint32_t size, at;

	for (size = variant->size + 1; size <= 4096; size = size * 2 - 1) {
		for (at = variant->size; at < size; at = (at + size + 1) / 2) {
			valid_arg(self, variant->cmd, variant->size);
			self->arg[at] = 1;
			set_size(self, size);
			EXPECT_EQ(-E2BIG, CALL())
				TH_LOG("size %u, byte %u", size, at);
			EXPECT_TRUE(untouched(self));
		}
	}
}

TEST_F(command, null_argument_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, variant->cmd, NULL));
	EXPECT_TRUE(untouched(self));
}

TEST_F(command, unmapped_argument_is_EFAULT)
{
	char *end = (char *)kc_guarded(16) + 16;

	EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, variant->cmd, end));
	EXPECT_TRUE(untouched(self));
}

TEST_F(command, argument_that_is_mapped_in_part_is_EFAULT)
{
	char *end = (char *)kc_guarded(4096) + 4096;
	unsigned int n;

	for (n = 4; n < variant->size; n += 4) {
		memcpy(end - n, self->arg, n);
		EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, variant->cmd, end - n))
			TH_LOG("%u bytes are mapped", n);
		EXPECT_EQ(0, memcmp(end - n, self->arg, n));
		EXPECT_TRUE(untouched(self));
	}
}

/* Lowest free descriptor: whether a failed call has left one open. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST_F(command, argument_that_cannot_be_written_back_is_EFAULT)
{
	void *page = kc_guarded(4096);
	int fd = next_fd();
	struct kchan_state now;

	if (writes_nothing_back(variant->cmd))
		return;
	memcpy(page, self->arg, variant->size);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, variant->cmd, page));
	EXPECT_EQ(fd, next_fd());
	EXPECT_NE(0, access(kc_path(&self->env, "new"), F_OK));
	now = kc_state(self->chan);
	EXPECT_EQ(self->before.queued, now.queued);
	EXPECT_EQ(self->before.sent, now.sent);
	EXPECT_EQ(self->before.received, now.received);
	EXPECT_EQ(self->before.senders, now.senders);
	EXPECT_EQ(self->before.slots_free, now.slots_free);
	EXPECT_EQ(self->before.slots_loaned, now.slots_loaned);
	EXPECT_EQ(self->before.pool_users, now.pool_users);
}

TEST_F(command, argument_that_is_only_taken_may_be_read_only)
{
	void *page = kc_guarded(4096);

	if (!writes_nothing_back(variant->cmd))
		return;
	memcpy(page, self->arg, variant->size);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(DONE, kc_ioctl(self->fd, variant->cmd, page));
}

TEST_F(command, other_directions_and_sizes_of_the_number_are_ENOTTY)
{
	const unsigned int nr = variant->cmd & 0xff;

	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IOR(0xBE, nr, int), self->arg));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IOW(0xBE, nr, int), self->arg));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IOWR(0xBE, nr, struct kchan_send),
				    self->arg));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IO(0xBF, nr), self->arg));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IO(0x3E, nr), self->arg));
	EXPECT_TRUE(untouched(self));
}

TEST_F(command, other_kinds_of_descriptor_are_ENOTTY)
{
	bool any = variant->cmd == KCHAN_IOC_FEATURES;
	enum kind kind;

	for (kind = 0; kind < KINDS; kind++) {
		if ((kind == ENDPOINT) == (variant->on == ENDPOINT))
			continue;
		EXPECT_EQ(any ? 0 : -ENOTTY,
			  kc_ioctl(self->of[kind], variant->cmd, self->arg));
		EXPECT_TRUE(any || untouched(self));
	}
}

/* The commands of one endpoint, the control device and the root directory. */
FIXTURE(abi)
{
	struct kc_env env;
	int fd;
	int dir;
	char buf[64];
};

FIXTURE_SETUP(abi)
{
	ASSERT_EQ(0, entered);
	self->env = shared;
	self->fd = kc_create(self->env.ctl, "old", O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	self->dir = open(self->env.dir, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->dir);
}

FIXTURE_TEARDOWN(abi)
{
	remove_names(self->env.ctl);
	close(self->dir);
	close(self->fd);
}

#define CTL (self->env.ctl)

TEST_F(abi, features_are_those_of_the_header)
{
	struct kchan_features f;

	memset(&f, KC_POISON, sizeof(f));
	f.size = sizeof(f);
	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_FEATURES, &f));
	EXPECT_EQ(sizeof(f), f.size);
	EXPECT_NE(0, f.version);
	EXPECT_EQ(0, f.version >> 24);
	EXPECT_EQ(1ULL << KCHAN_KIND_QUEUE, f.kinds);
	EXPECT_EQ(KCHAN_FEATURE_QUEUE | KCHAN_FEATURE_UNNAMED |
		  KCHAN_FEATURE_NETLINK | KCHAN_FEATURE_HOLD |
		  KCHAN_FEATURE_EXPIRY | KCHAN_FEATURE_DEAD |
		  KCHAN_FEATURE_OVERFLOW | KCHAN_FEATURE_FILTER |
		  KCHAN_FEATURE_BATCH | KCHAN_FEATURE_POOL, f.features);
}

TEST_F(abi, features_are_the_same_through_every_kind_of_descriptor)
{
	struct kchan_features a = { .size = sizeof(a) }, b = a, c = a;

	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_FEATURES, &a));
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_FEATURES, &b));
	ASSERT_EQ(0, kc_ioctl(self->dir, KCHAN_IOC_FEATURES, &c));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
	EXPECT_EQ(0, memcmp(&a, &c, sizeof(a)));
}

TEST_F(abi, revoke_of_anything_but_an_endpoint_is_ENOTTY)
{
	EXPECT_EQ(-ENOTTY, kc_revoke(CTL));
	EXPECT_EQ(-ENOTTY, kc_revoke(self->dir));
}

TEST_F(abi, unknown_commands_are_ENOTTY)
{
	struct kchan_state before = kc_state(self->fd);
	unsigned int nr;

	memset(self->buf, 0, sizeof(self->buf));
	for (nr = 0; nr < 256; nr++) {
		if (nr <= 3 || (nr >= 0x10 && nr <= 0x1f))
			continue;
		EXPECT_EQ(-ENOTTY, kc_ioctl(CTL, _IO(0xBE, nr), self->buf))
			TH_LOG("number %u", nr);
		EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, _IO(0xBE, nr), self->buf))
			TH_LOG("number %u", nr);
		EXPECT_EQ(-ENOTTY, kc_ioctl(self->dir, _IO(0xBE, nr), self->buf))
			TH_LOG("number %u", nr);
	}
	EXPECT_EQ(-ENOTTY, kc_ioctl(CTL, TCGETS, self->buf));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->fd, TCGETS, self->buf));
	EXPECT_EQ(-ENOTTY, kc_ioctl(self->dir, TCGETS, self->buf));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, control_device_neither_reads_nor_writes)
{
	EXPECT_EQ(-EINVAL, kc_ret(read(CTL, self->buf, 1)));
	EXPECT_EQ(-EINVAL, kc_ret(write(CTL, "x", 1)));
}

TEST_F(abi, unknown_create_flags_are_EINVAL)
{
	struct kchan_create arg = kc_create_arg("new"), was;
	unsigned int bit;

	for (bit = 6; bit < 32; bit++) {
		arg.flags = 1U << bit;
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_NE(0, access(kc_path(&self->env, "new"), F_OK));
}

TEST_F(abi, unknown_remove_flags_are_EINVAL)
{
	struct kchan_remove arg = { .size = sizeof(arg),
		.name = (uintptr_t)"old" }, was;
	struct kchan_state before = kc_state(self->fd);
	unsigned int bit;

	for (bit = 1; bit < 32; bit++) {
		arg.flags = 1U << bit;
		was = arg;
		EXPECT_EQ(-EINVAL, kc_ioctl(CTL, KCHAN_IOC_REMOVE, &arg))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, unknown_open_flags_are_EINVAL)
{
	struct kchan_create create = kc_create_arg("new");
	struct kchan_state before = kc_state(self->fd);
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		unsigned int flag = 1U << bit;

		if (flag & (O_NONBLOCK | O_CLOEXEC))
			continue;
		create.open_flags = O_RDWR | flag;
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &create))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(-EINVAL, kc_open(CTL, "old", O_RDWR | flag))
			TH_LOG("bit %u", bit);
	}
	EXPECT_NE(0, access(kc_path(&self->env, "new"), F_OK));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, access_mode_3_is_EINVAL)
{
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EINVAL, kc_create(CTL, "new", O_ACCMODE));
	EXPECT_EQ(-EINVAL, kc_open(CTL, "old", O_ACCMODE));
	EXPECT_NE(0, access(kc_path(&self->env, "new"), F_OK));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, unknown_send_flags_are_EINVAL)
{
	struct kchan_state before = kc_state(self->fd);
	struct kchan_send arg = kc_send_arg("x", 1), was;
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		arg.flags = 1U << bit;
		was = arg;
		EXPECT_EQ(-EINVAL, kc_ioctl(self->fd, KCHAN_IOC_SEND, &arg))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, unknown_recv_flags_are_EINVAL)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf)), was;
	struct kchan_state before;
	unsigned int bit;

	ASSERT_EQ(1, write(self->fd, "x", 1));
	before = kc_state(self->fd);
	for (bit = 4; bit < 32; bit++) {
		arg.flags = 1U << bit;
		was = arg;
		EXPECT_EQ(-EINVAL, kc_recv(self->fd, &arg))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(abi, reserved_of_open_is_EINVAL)
{
	struct kchan_open arg = {
		.size = sizeof(arg),
		.open_flags = O_RDWR,
		.name = (uintptr_t)"old",
		.fd = -77,
	}, was;

	for (arg.reserved = 1; arg.reserved; arg.reserved <<= 1) {
		was = arg;
		EXPECT_EQ(-EINVAL, kc_ioctl(CTL, KCHAN_IOC_OPEN, &arg));
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_EQ(1, kc_state(self->fd).senders);
}

TEST_F(abi, reserved_of_create_is_EINVAL)
{
	struct kchan_create arg = kc_create_arg("new"), was;

	for (arg.reserved = 1; arg.reserved; arg.reserved <<= 1) {
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(CTL, &arg));
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
	EXPECT_NE(0, access(kc_path(&self->env, "new"), F_OK));
}

TEST_F(abi, bad_name_pointers_are_EFAULT)
{
	char *end = (char *)kc_guarded(16) + 16;
	uint64_t bad[] = {
		1, (uintptr_t)end, (uintptr_t)(end - 16), UINT64_MAX,
		(uintptr_t)"old" | 1ULL << 63,
	};
	struct kchan_create create;
	struct kchan_remove remove;
	struct kchan_open open;
	unsigned int i;

	memset(end - 16, 'n', 16);	/* without an end */
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		create = kc_create_arg(NULL);
		create.name = bad[i];
		EXPECT_EQ(-EFAULT, kc_create_with(CTL, &create))
			TH_LOG("pointer %u", i);
		open = (struct kchan_open) { .size = sizeof(open), .name = bad[i] };
		EXPECT_EQ(-EFAULT, kc_ioctl(CTL, KCHAN_IOC_OPEN, &open))
			TH_LOG("pointer %u", i);
		remove = (struct kchan_remove) { .size = sizeof(remove),
			.name = bad[i] };
		EXPECT_EQ(-EFAULT, kc_ioctl(CTL, KCHAN_IOC_REMOVE, &remove))
			TH_LOG("pointer %u", i);
	}
}

TEST_F(abi, bad_data_pointers_are_EFAULT)
{
	char *end = (char *)kc_guarded(16) + 16;
	uint64_t bad[] = {
		0, 1, (uintptr_t)end, UINT64_MAX, (uintptr_t)self->buf | 1ULL << 63,
	};
	struct kchan_state before = kc_state(self->fd);
	struct kchan_send send;
	struct kchan_recv recv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		send = kc_send_arg(NULL, 8);
		send.data = bad[i];
		EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, KCHAN_IOC_SEND, &send))
			TH_LOG("pointer %u", i);
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(8, write(self->fd, "01234567", 8));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		recv = kc_recv_arg(NULL, 8);
		recv.data = bad[i];
		EXPECT_EQ(-EFAULT, kc_recv(self->fd, &recv))
			TH_LOG("pointer %u", i);
	}
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).received);
}

#if UINTPTR_MAX == UINT32_MAX
TEST_F(abi, upper_half_of_a_pointer_is_not_ignored)
{
	struct kchan_send send = kc_send_arg("x", 1);

	send.data |= 1ULL << 32;
	EXPECT_EQ(-EFAULT, kc_ioctl(self->fd, KCHAN_IOC_SEND, &send));
	EXPECT_EQ(0, kc_state(self->fd).sent);
}
#endif

TEST_F(abi, state_writes_every_field)
{
	struct kchan_state state;

	memset(&state, KC_POISON, sizeof(state));
	state.size = sizeof(state);
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_STATE, &state));
	EXPECT_FALSE(kc_has_poison(&state, sizeof(state)));
}

TEST_F(abi, recv_writes_every_field)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_FALSE(kc_has_poison(&arg, sizeof(arg)));
}

TEST_F(abi, create_writes_back_only_the_descriptors)
{
	struct kchan_create arg = kc_create_arg("new"), was = arg;

	arg.key = 7;
	arg.depth = 5;
	was = arg;
	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_CREATE, &arg));
	EXPECT_LE(0, arg.fd);
	EXPECT_EQ(-1, arg.fd_send);
	was.fd = arg.fd;
	was.fd_send = arg.fd_send;
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(abi, open_writes_back_only_the_descriptor)
{
	struct kchan_open arg = {
		.size = sizeof(arg),
		.open_flags = O_RDWR,
		.name = (uintptr_t)"old",
		.fd = -77,
	}, was = arg;

	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_OPEN, &arg));
	EXPECT_LE(0, arg.fd);
	was.fd = arg.fd;
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(abi, remove_writes_nothing_back)
{
	struct kchan_remove arg = { .size = sizeof(arg),
		.name = (uintptr_t)"old" }, was = arg;

	ASSERT_EQ(0, kc_ioctl(CTL, KCHAN_IOC_REMOVE, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(abi, struct_of_any_alignment)
{
	struct kchan_send arg = kc_send_arg("x", 1);
	char raw[sizeof(arg) + 1];
	uint64_t seq;

	memcpy(raw + 1, &arg, sizeof(arg));
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_SEND, raw + 1));
	memcpy(&seq, raw + 1 + offsetof(struct kchan_send, seq), sizeof(seq));
	EXPECT_EQ(1, seq);
}

TEST_HARNESS_MAIN
