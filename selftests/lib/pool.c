// SPDX-License-Identifier: GPL-2.0
/* Channels with a pool, where it is mapped, and by whom. */
#include "lib_test.h"

#include <dirent.h>
#include <sys/mman.h>

#define PAGE 4096
#define SLOTS 4

FIXTURE(pool)
{
	struct kc_env env;
	struct kchan_create_opts opts;
	struct kchan *rx;
	struct kchan *tx;
	struct kchan *other; /* only asked for the state */
	void *slot;
	const void *msg;
};

FIXTURE_SETUP(pool)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->opts = (struct kchan_create_opts){ .size = sizeof(self->opts),
						 .slots = SLOTS,
						 .slot_size = PAGE };
	ASSERT_EQ(0, kchan_create_pair(&self->rx, &self->tx, 0, &self->opts));
	self->other = another(self->tx, O_RDWR | O_NONBLOCK);
	ASSERT_TRUE(self->other);
}

FIXTURE_TEARDOWN(pool)
{
	kchan_close(self->other);
	kchan_close(self->tx);
	kchan_close(self->rx);
	kc_leave(&self->env);
}

static struct kchan_pool_info pool_of(struct kchan *ch)
{
	struct kchan_pool_info info = { .size = sizeof(info) };

	if (kchan_get_pool(ch, &info))
		memset(&info, 0xff, sizeof(info));
	return info;
}

/* Publish a number in a slot of its own. */
static int publish(struct kchan *tx, uint64_t n)
{
	ssize_t ret;
	void *slot;

	ret = kchan_loan(tx, &slot);
	if (ret < 0)
		return ret;
	memcpy(slot, &n, sizeof(n));
	return kchan_publish(tx, slot, sizeof(n));
}

/* Take a number and release its slot; 0 where that fails. */
static uint64_t taken(struct kchan *rx)
{
	const void *msg;
	uint64_t n;

	if (kchan_take(rx, &msg) != sizeof(n))
		return 0;
	memcpy(&n, msg, sizeof(n));
	return kchan_release(rx, msg) ? 0 : n;
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Lines of /proc/self/maps that begin where this memory does. */
static bool is_mapped(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start;
	bool found = false;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		found |= sscanf(line, "%lx-", &start) == 1 &&
			 start == (unsigned long)at;
	fclose(maps);
	return found;
}

/* Mappings of pools, and the memory in them. */
static int mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int n = 0;

	while (fgets(line, sizeof(line), maps))
		n += strstr(line, "kchan (deleted)") && strstr(line, "s ");
	fclose(maps);
	return n;
}

TEST_F(pool, attributes_are_as_asked_for)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .flags = KCHAN_CREATE_ZERO_SLOTS |
						   KCHAN_CREATE_RECV_COPY,
					  .msgsize = 60,
					  .slots = 3,
					  .slot_size = 65 };
	struct kchan *ch = create("a", &opts);
	struct kchan_state state;

	ASSERT_TRUE(ch);
	state = state_of(ch);
	EXPECT_EQ(3, state.slots);
	EXPECT_EQ(2 * KCHAN_SLOT_ALIGN, state.slot_size);
	EXPECT_EQ(3, state.slots_free);
	EXPECT_EQ(3, state.depth);
	EXPECT_EQ(60, state.msgsize);
	EXPECT_TRUE(state.flags & KCHAN_STATE_ZERO_SLOTS);
	EXPECT_TRUE(state.flags & KCHAN_STATE_RECV_COPY);
	state = state_of(self->tx);
	EXPECT_FALSE(state.flags & KCHAN_STATE_ZERO_SLOTS);
	EXPECT_FALSE(state.flags & KCHAN_STATE_RECV_COPY);
	EXPECT_EQ(PAGE, kchan_msgsize(self->tx));
	kchan_close(ch);
}

TEST_F(pool, attributes_that_cannot_be_are_EINVAL)
{
	const struct kchan_create_opts bad[] = {
		{ .slots = 1 },
		{ .slot_size = 64 },
		{ .slots = KCHAN_SLOTS_MAX + 1, .slot_size = 64 },
		{ .slots = 1, .slot_size = KCHAN_SLOT_SIZE_MAX + 1 },
		{ .flags = KCHAN_CREATE_ZERO_SLOTS },
		{ .flags = KCHAN_CREATE_RECV_COPY },
		{ .slots = 1, .slot_size = 64, .depth = 2 },
		{ .slots = 1, .slot_size = 64, .msgsize = 65 },
		{ .slots = 1, .slot_size = 64, .bytes = 65 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		self->opts = bad[i];
		self->opts.size = sizeof(self->opts);
		EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	}
	EXPECT_EQ(-ENOENT, try_open("a", O_RDWR));
}

TEST_F(pool, pools_of_a_user_are_limited)
{
	ASSERT_EQ(0, kc_sysctl_set(HERE, "max_pool_bytes_user", 1 << 16));
	EXPECT_EQ(0, try_create(NULL, O_RDWR, &self->opts));
	self->opts.slots = 16;
	EXPECT_EQ(-EDQUOT, try_create(NULL, O_RDWR, &self->opts));
}

/* As a program that was built with an earlier header has them. */
TEST_F(pool, options_without_slots_make_none)
{
	struct kchan *ch;

	self->opts.size = offsetof(struct kchan_create_opts, slots);
	ch = create(NULL, &self->opts);
	ASSERT_TRUE(ch);
	EXPECT_EQ(0, state_of(ch).slots);
	kchan_close(ch);
}

TEST_F(pool, slot_is_zero_again_where_that_was_asked_for)
{
	struct kchan *ch;
	char *slot;

	self->opts.flags = KCHAN_CREATE_ZERO_SLOTS;
	self->opts.slots = 1;
	ch = create(NULL, &self->opts);
	ASSERT_TRUE(ch);
	ASSERT_EQ(PAGE, kchan_loan(ch, (void **)&slot));
	EXPECT_EQ(0, slot[0]);
	memset(slot, 1, PAGE);
	ASSERT_EQ(0, kchan_release(ch, slot));
	ASSERT_EQ(PAGE, kchan_loan(ch, (void **)&slot));
	EXPECT_EQ(0, slot[0]);
	EXPECT_EQ(0, slot[PAGE - 1]);
	kchan_close(ch);
}

TEST_F(pool, receiver_by_copy_has_no_mapping)
{
	struct kchan_pool_info info = { .size = sizeof(info), .slots = 9 };
	struct kchan *rx, *tx;
	char buf[8];

	self->opts.flags = KCHAN_CREATE_RECV_COPY;
	ASSERT_EQ(0, kchan_create_pair(&rx, &tx, 0, &self->opts));
	ASSERT_EQ(0, publish(tx, 7));
	self->msg = &info;
	EXPECT_EQ(-EACCES, kchan_take(rx, &self->msg));
	EXPECT_EQ(&info, self->msg);
	EXPECT_EQ(-EACCES, kchan_get_pool(rx, &info));
	EXPECT_EQ(9, info.slots);
	EXPECT_EQ(NULL, kchan_slot_data(rx, 0));
	EXPECT_EQ(8, kchan_recv(rx, buf, sizeof(buf)));
	EXPECT_EQ(7, buf[0]);
	kchan_close(tx);
	kchan_close(rx);
}

TEST_F(pool, place_and_geometry_are_told)
{
	struct kchan_pool_info info = pool_of(self->tx);
	int i, seen = 0;

	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(SLOTS, info.slots);
	EXPECT_EQ(PAGE, info.slot_size);
	EXPECT_EQ(SLOTS * PAGE, info.bytes);
	for (i = 0; i < SLOTS; i++) {
		ASSERT_EQ(PAGE, kchan_loan(self->tx, &self->slot));
		EXPECT_EQ(0, ((char *)self->slot - (char *)info.base) % PAGE);
		seen |= 1 << (((char *)self->slot - (char *)info.base) / PAGE);
	}
	EXPECT_EQ((1 << SLOTS) - 1, seen);
	EXPECT_EQ(info.base, pool_of(self->tx).base);
	EXPECT_NE(info.base, pool_of(self->rx).base);
}

TEST_F(pool, info_that_is_not_known_is_refused)
{
	struct {
		struct kchan_pool_info old;
		uint64_t more;
	} newer = { .old.size = sizeof(newer), .more = 1 };
	struct kchan_pool_info old = {
		.size = offsetof(struct kchan_pool_info, slots), .slots = 9
	};

	EXPECT_EQ(-E2BIG, kchan_get_pool(self->tx, &newer.old));
	EXPECT_EQ(NULL, newer.old.base);
	EXPECT_EQ(0, kchan_get_pool(self->tx, &old));
	EXPECT_EQ(SLOTS * PAGE, old.bytes);
	EXPECT_EQ(9, old.slots);
	old.size = 0;
	EXPECT_EQ(-EINVAL, kchan_get_pool(self->tx, &old));
}

TEST_F(pool, numbers_and_places_of_slots_go_together)
{
	char *base = pool_of(self->rx).base;
	uint32_t i;

	for (i = 0; i < SLOTS; i++) {
		EXPECT_EQ((void *)(base + i * PAGE),
			  kchan_slot_data(self->rx, i));
		EXPECT_EQ(i, kchan_slot_number(self->rx, base + i * PAGE));
	}
	EXPECT_EQ(NULL, kchan_slot_data(self->rx, SLOTS));
	EXPECT_EQ(NULL, kchan_slot_data(self->rx, KCHAN_SLOT_NONE));
}

TEST_F(pool, mapping_is_made_at_first_need_and_ended_by_close)
{
	void *base;

	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(0, state_of(self->other).pool_users);
	EXPECT_EQ(0, mappings());
	ASSERT_EQ(5, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(1, state_of(self->other).pool_users);
	EXPECT_EQ(1, mappings());
	base = pool_of(self->rx).base;
	EXPECT_TRUE(is_mapped(base));
	kchan_close(self->rx);
	self->rx = NULL;
	EXPECT_FALSE(is_mapped(base));
	EXPECT_EQ(0, mappings());
	EXPECT_EQ(0, state_of(self->other).pool_users);
}

TEST_F(pool, mapping_leaves_no_descriptor)
{
	int before = open_files();

	pool_of(self->rx);
	pool_of(self->tx);
	EXPECT_EQ(2, mappings());
	EXPECT_EQ(before, open_files());
}

TEST_F(pool, receiver_maps_for_reading_only)
{
	void *base = pool_of(self->rx).base;

	EXPECT_EQ(-1, mprotect(base, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	base = pool_of(self->tx).base;
	EXPECT_EQ(0, mprotect(base, PAGE, PROT_READ | PROT_WRITE));
}

/* Raise the limit for all, here and in the namespace that it is taken from. */
static bool limit_pools(const struct kc_env *env, long long bytes)
{
	return !kc_sysctl_set(env->net, "max_pool_bytes_user", bytes) &&
	       !kc_sysctl_set(HERE, "max_pool_bytes_user", bytes);
}

TEST_F(pool, large_pools_are_mapped_where_addresses_suffice)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .slots = 5,
					  .slot_size = KCHAN_SLOT_SIZE_MAX };
	struct kchan *ch = NULL;

	ASSERT_TRUE(limit_pools(&self->env, 6LL << 30));
	ASSERT_EQ(0, kchan_create(&ch, NULL, O_RDWR, &opts));
#ifdef __LP64__
	EXPECT_EQ(5ULL << 30, pool_of(ch).bytes);
	EXPECT_EQ(4LL << 30, (char *)kchan_slot_data(ch, 4) -
				     (char *)kchan_slot_data(ch, 0));
	EXPECT_EQ(4, kchan_slot_number(ch, kchan_slot_data(ch, 4)));
	EXPECT_EQ(-EINVAL,
		  kchan_slot_number(ch, (char *)kchan_slot_data(ch, 0) +
						(5ULL << 30)));
#else
	EXPECT_EQ(-ENOMEM, kchan_loan(ch, &self->slot));
	EXPECT_EQ(-ENOMEM, kchan_take(ch, &self->msg));
	EXPECT_EQ(0, mappings());
#endif
	kchan_close(ch);
	EXPECT_TRUE(limit_pools(&self->env, 1LL << 30));
}

/* The child's part in what follows; what it returns is an error or 0. */
static int publish_what_was_loaned(void *arg)
{
	FIXTURE_DATA(pool) *self = arg;
	uint64_t n = 7;

	memcpy(self->slot, &n, sizeof(n));
	return kchan_publish(self->tx, self->slot, sizeof(n));
}

TEST_F(pool, child_of_a_fork_has_the_mapping_too)
{
	ASSERT_EQ(PAGE, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(0, kc_child(publish_what_was_loaned, self));
	EXPECT_EQ(7, *(uint64_t *)self->slot);
	EXPECT_EQ(-EPERM, kchan_publish(self->tx, self->slot, 8));
	EXPECT_EQ(7, taken(self->rx));
}

static int publish_and_close(void *arg)
{
	FIXTURE_DATA(pool) *self = arg;
	int err = publish(self->tx, 8);

	kchan_close(self->tx);
	kchan_close(self->rx);
	return err;
}

TEST_F(pool, child_can_make_the_mapping_itself_and_end_it)
{
	EXPECT_EQ(0, kc_child(publish_and_close, self));
	EXPECT_EQ(0, mappings());
	EXPECT_EQ(8, taken(self->rx));
	EXPECT_EQ(0, kc_child(publish_and_close, self));
	EXPECT_EQ(1, mappings());
	EXPECT_EQ(8, taken(self->rx));
	EXPECT_EQ(0, publish(self->tx, 9));
	EXPECT_EQ(9, taken(self->rx));
}

static int keep_a_loan(void *arg)
{
	FIXTURE_DATA(pool) *self = arg;
	ssize_t ret = kchan_loan(self->tx, &self->slot);

	return ret < 0 ? ret : 0;
}

TEST_F(pool, loan_of_a_child_is_the_endpoints_which_the_parent_has_open)
{
	EXPECT_EQ(0, kc_child(keep_a_loan, self));
	EXPECT_EQ(1, state_of(self->other).slots_loaned);
	EXPECT_EQ(0, kchan_release(self->tx, kchan_slot_data(self->tx, 0)));
	EXPECT_EQ(0, kc_child(keep_a_loan, self));
	kchan_close(self->tx);
	self->tx = NULL;
	EXPECT_EQ(SLOTS, state_of(self->other).slots_free);
}

/* Threads that begin at the same time. */
#define THREADS 4

struct crowd {
	struct kchan *ch;
	uint64_t count;
	pthread_barrier_t ready;
	void *base[THREADS];
	uint64_t next;
	uint64_t sum;
	int failures;
};

static void *map_thread(void *arg)
{
	struct crowd *crowd = arg;
	void *base;

	pthread_barrier_wait(&crowd->ready);
	base = pool_of(crowd->ch).base;
	crowd->base[__atomic_fetch_add(&crowd->next, 1, __ATOMIC_RELAXED)] =
		base;
	return NULL;
}

TEST_F(pool, threads_that_map_at_once_share_one_mapping)
{
	pthread_t threads[THREADS];
	int i, round;

	for (round = 0; round < 100; round++) {
		struct crowd crowd = { .ch = another(self->tx, O_RDWR) };

		ASSERT_TRUE(crowd.ch);
		pthread_barrier_init(&crowd.ready, NULL, THREADS);
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    map_thread, &crowd));
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(crowd.base[0], crowd.base[i]);
		ASSERT_EQ(1, mappings());
		ASSERT_EQ(SLOTS, pool_of(crowd.ch).slots);
		kchan_close(crowd.ch);
		ASSERT_EQ(0, mappings());
	}
}

/* Fills what it has loaned with its number, and sends each in turn. */
static void *publish_thread(void *arg)
{
	struct crowd *crowd = arg;
	uint64_t n, *frame;
	ssize_t ret;
	void *slot;
	int i;

	pthread_barrier_wait(&crowd->ready);
	ret = kchan_loan(crowd->ch, &slot);
	for (;;) {
		n = __atomic_add_fetch(&crowd->next, 1, __ATOMIC_RELAXED);
		if (n > crowd->count || ret <= 0)
			break;
		frame = slot;
		for (i = 0; i < PAGE / 8; i++)
			frame[i] = n;
		ret = kchan_publish_and_loan(crowd->ch, &slot, PAGE, NULL,
					     NULL);
	}
	if (ret <= 0 || kchan_release(crowd->ch, slot))
		__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
	return NULL;
}

static bool is_of_one(const uint64_t *frame)
{
	int i;

	for (i = 1; i < PAGE / 8; i++) {
		if (frame[i] != frame[0])
			return false;
	}
	return true;
}

static void *take_thread(void *arg)
{
	struct kchan_recv_opts opts = { .size = sizeof(opts),
					.flags = KCHAN_NEED_PEER };
	struct crowd *crowd = arg;
	const void *msg = NULL;
	ssize_t ret;

	while ((ret = kchan_release_and_take(crowd->ch, &msg, &opts, NULL)) >=
	       0) {
		if (ret != PAGE || !is_of_one(msg))
			__atomic_add_fetch(&crowd->failures, 1,
					   __ATOMIC_RELAXED);
		__atomic_add_fetch(&crowd->sum, *(const uint64_t *)msg,
				   __ATOMIC_RELAXED);
	}
	if (ret != -EPIPE)
		__atomic_add_fetch(&crowd->failures, 1, __ATOMIC_RELAXED);
	return NULL;
}

TEST_F(pool, threads_share_a_handle)
{
	struct crowd out = { .ch = self->tx, .count = 2000 };
	struct crowd in = { .ch = self->rx };
	pthread_t senders[THREADS / 2], receivers[THREADS / 2];
	int i;

	kchan_close(self->other);
	self->other = NULL;
	pthread_barrier_init(&out.ready, NULL, THREADS / 2);
	for (i = 0; i < THREADS / 2; i++) {
		ASSERT_EQ(0, pthread_create(&receivers[i], NULL, take_thread,
					    &in));
		ASSERT_EQ(0, pthread_create(&senders[i], NULL, publish_thread,
					    &out));
	}
	for (i = 0; i < THREADS / 2; i++)
		pthread_join(senders[i], NULL);
	kchan_close(self->tx);
	self->tx = NULL;
	for (i = 0; i < THREADS / 2; i++)
		pthread_join(receivers[i], NULL);
	EXPECT_EQ(0, out.failures);
	EXPECT_EQ(0, in.failures);
	EXPECT_EQ(out.count * (out.count + 1) / 2, in.sum);
	EXPECT_EQ(out.count, state_of(self->rx).received);
	EXPECT_EQ(SLOTS, state_of(self->rx).slots_free);
}

/* Batches, where slots have numbers. */
static struct kchan_publish publish_item(struct kchan *ch, uint64_t tag)
{
	struct kchan_publish item = { .size = sizeof(item), .tag = tag };
	void *slot;

	if (kchan_loan(ch, &slot) != PAGE)
		item.size = 0;
	memset(slot, tag, 8);
	item.slot = kchan_slot_number(ch, slot);
	item.len = 8;
	return item;
}

static struct kchan_take take_item(void)
{
	return (struct kchan_take){ .size = sizeof(struct kchan_take),
				    .flags = KCHAN_TAKE_RELEASE,
				    .release = KCHAN_SLOT_NONE };
}

TEST_F(pool, batches_publish_and_take)
{
	struct kchan_publish out[2] = { publish_item(self->tx, 1),
					publish_item(self->tx, 2) };
	struct kchan_take in[3] = { take_item(), take_item(), take_item() };

	EXPECT_EQ(2, kchan_publish_batch(self->tx, out, 2, NULL));
	EXPECT_EQ(1, out[0].seq);
	EXPECT_EQ(2, out[1].seq);
	ASSERT_EQ(2, kchan_take_batch(self->rx, in, 3, NULL));
	EXPECT_EQ(out[0].slot, in[0].slot);
	EXPECT_EQ(2, in[1].tag);
	EXPECT_EQ(8, in[1].len);
	EXPECT_EQ(2, *(char *)kchan_slot_data(self->rx, in[1].slot));
	EXPECT_EQ(2, state_of(self->rx).slots_taken);
}

TEST_F(pool, batches_loan_and_release_as_they_go)
{
	struct kchan_publish out[2] = { publish_item(self->tx, 1),
					publish_item(self->tx, 2) };
	struct kchan_take in[2] = { take_item(), take_item() };

	out[0].flags = KCHAN_PUBLISH_LOAN;
	ASSERT_EQ(2, kchan_publish_batch(self->tx, out, 2, NULL));
	EXPECT_EQ(1, state_of(self->rx).slots_loaned);
	EXPECT_EQ(KCHAN_SLOT_NONE, out[1].next);
	ASSERT_EQ(2, kchan_take_batch(self->rx, in, 2, NULL));
	EXPECT_EQ(0, kchan_publish(self->tx,
				   kchan_slot_data(self->tx, out[0].next), 8));
	in[0].release = in[0].slot;
	EXPECT_EQ(1, kchan_take_batch(self->rx, in, 1, NULL));
	EXPECT_EQ(KCHAN_SLOT_NONE, in[0].release);
	EXPECT_EQ(2, state_of(self->rx).slots_taken);
}

TEST_F(pool, batch_tells_what_it_released_where_it_took_nothing)
{
	struct kchan_batch_opts opts = { .size = sizeof(opts),
					 .flags = KCHAN_NONBLOCK };
	struct kchan_take in = take_item();

	ASSERT_EQ(0, publish(self->tx, 1));
	ASSERT_EQ(1, kchan_take_batch(self->rx, &in, 1, &opts));
	in.release = in.slot;
	EXPECT_EQ(-EAGAIN, kchan_take_batch(self->rx, &in, 1, &opts));
	EXPECT_EQ(KCHAN_SLOT_NONE, in.release);
	EXPECT_EQ(SLOTS, state_of(self->rx).slots_free);
}

TEST_F(pool, batch_that_is_refused_is_an_error)
{
	struct kchan_publish out = publish_item(self->tx, 1);
	struct kchan_take in = take_item();

	out.len = PAGE + 1;
	EXPECT_EQ(-EMSGSIZE, kchan_publish_batch(self->tx, &out, 1, NULL));
	out.len = PAGE;
	out.flags = KCHAN_NONBLOCK;
	EXPECT_EQ(-EINVAL, kchan_publish_batch(self->tx, &out, 1, NULL));
	out.flags = 0;
	EXPECT_EQ(-EINVAL, kchan_publish_batch(self->tx, &out, 0, NULL));
	EXPECT_EQ(-EINVAL, kchan_publish_batch(self->tx, NULL, 1, NULL));
	EXPECT_EQ(-EBADF, kchan_publish_batch(self->rx, &out, 1, NULL));
	EXPECT_EQ(0, state_of(self->rx).sent);
	EXPECT_EQ(1, kchan_publish_batch(self->tx, &out, 1, NULL));
	EXPECT_EQ(-EPERM, kchan_publish_batch(self->tx, &out, 1, NULL));
	EXPECT_EQ(-EBADF, kchan_take_batch(self->tx, &in, 1, NULL));
	EXPECT_EQ(-EINVAL, kchan_take_batch(self->rx, &in, 0, NULL));
	in.release = SLOTS;
	EXPECT_EQ(-EINVAL, kchan_take_batch(self->rx, &in, 1, NULL));
	in.release = out.slot;
	EXPECT_EQ(-EPERM, kchan_take_batch(self->rx, &in, 1, NULL));
	in.release = KCHAN_SLOT_NONE;
	in.flags = KCHAN_PEEK;
	EXPECT_EQ(-EINVAL, kchan_take_batch(self->rx, &in, 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_HARNESS_MAIN
