// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not there. Apart from the others, as tools that look after memory
 * would object.
 */
#include "lib_test.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define NOWHERE ((void *)8)

FIXTURE(memory)
{
	struct kc_env env;
	struct kchan *ch;
	char buf[8];
};

FIXTURE_SETUP(memory)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->ch = create("a", NULL);
	ASSERT_TRUE(self->ch);
}

FIXTURE_TEARDOWN(memory)
{
	kc_leave(&self->env);
}

TEST_F(memory, payload_that_is_not_there_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, kchan_send(self->ch, NOWHERE, 5));
	EXPECT_EQ(-EFAULT, kchan_send_opts(self->ch, NOWHERE, 5, NULL, NULL));
	EXPECT_EQ(0, state_of(self->ch).sent);
}

TEST_F(memory, message_for_a_buffer_that_is_not_there_goes_back)
{
	struct kchan_msg_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(-EFAULT, kchan_recv(self->ch, NOWHERE, 5));
	EXPECT_EQ(-EFAULT, kchan_recv_opts(self->ch, NOWHERE, 5, NULL, &info));
	EXPECT_EQ(0, info.deliveries);
	EXPECT_EQ(5, kchan_recv_opts(self->ch, self->buf, sizeof(self->buf),
				     NULL, &info));
	EXPECT_EQ(3, info.deliveries);
}

TEST_F(memory, numbers_that_are_not_there_are_EFAULT)
{
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	ASSERT_EQ(1, hold(self->ch));
	EXPECT_EQ(-EFAULT, kchan_ack_many(self->ch, NOWHERE, 2));
	EXPECT_EQ(-EFAULT, kchan_nack_many(self->ch, NOWHERE, 2, 0));
	EXPECT_EQ(1, state_of(self->ch).held);
}

TEST_F(memory, payload_that_is_not_there_ends_a_batch)
{
	struct kchan_send items[2] = { KCHAN_INIT(struct kchan_send),
				       KCHAN_INIT(struct kchan_send) };

	items[1].data = (uintptr_t)NOWHERE;
	items[1].len = 5;
	EXPECT_EQ(1, kchan_send_batch(self->ch, items, 2, NULL));
	EXPECT_EQ(-EFAULT, kchan_send_batch(self->ch, items + 1, 1, NULL));
	EXPECT_EQ(1, state_of(self->ch).sent);
}

TEST_F(memory, batch_puts_back_what_has_no_buffer)
{
	struct kchan_recv item = { .size = sizeof(item),
				   .data = (uintptr_t)NOWHERE,
				   .capacity = 5 };

	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(-EFAULT, kchan_recv_batch(self->ch, &item, 1, NULL));
	EXPECT_EQ(1, state_of(self->ch).queued);
	EXPECT_EQ(1, state_of(self->ch).returned);
}

TEST_F(memory, state_that_is_not_there_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, kchan_get_state(self->ch, NOWHERE));
	EXPECT_EQ(-EFAULT, kchan_get_features(NOWHERE));
}

#define HANDLE 24 /* the memory of a handle, at most */

/*
 * So many allocations of a handle's size succeed from now on. What is allocated is
 * written to, or the compiler leaves it out.
 */
static void leave_memory_for(int n)
{
	struct rlimit none = { 0, 0 };
	void *kept[4], *p;
	int i;

	setrlimit(RLIMIT_AS, &none);
	for (i = 0; (p = malloc(HANDLE)); i++)
		kept[i % 4] = memset(p, KC_POISON, HANDLE);
	while (n--)
		free(kept[--i % 4]);
}

TEST_F(memory, no_memory_for_the_handle_is_ENOMEM_and_makes_nothing)
{
	struct kchan *ch = UNSET;
	int fd = dup(kchan_fd(self->ch));

	leave_memory_for(0);
	EXPECT_EQ(-ENOMEM, kchan_create(&ch, "b", O_RDWR, NULL));
	EXPECT_EQ(-ENOMEM, kchan_open(&ch, "a", O_RDWR));
	EXPECT_EQ(-ENOMEM, kchan_from_fd(&ch, fd));
	EXPECT_EQ(UNSET, ch);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(-1, access(PATH("b"), F_OK));
	EXPECT_EQ(1, state_of(self->ch).senders);
}

TEST_F(memory, no_memory_for_the_second_handle_is_ENOMEM)
{
	struct kchan *rx = UNSET, *tx = UNSET;

	leave_memory_for(1);
	EXPECT_EQ(-ENOMEM, kchan_create_pair(&rx, &tx, 0, NULL));
	EXPECT_EQ(UNSET, rx);
	EXPECT_EQ(UNSET, tx);
}

TEST_F(memory, no_memory_for_the_directory_is_ENOMEM)
{
	const char *path = PATH("b");
	struct kchan *ch = UNSET;

	leave_memory_for(1);
	EXPECT_EQ(-ENOMEM, kchan_create(&ch, path, O_RDWR, NULL));
	EXPECT_EQ(UNSET, ch);
}

/* Whether a message could be taken is found out before it is. */
static void try_to_map(struct __test_metadata *_metadata, struct kchan *ch,
		       int resource, int err)
{
	struct kchan_take item = { .size = sizeof(item),
				   .flags = KCHAN_TAKE_RELEASE,
				   .release = KCHAN_SLOT_NONE };
	struct rlimit limit = { 0, 0 }, before;
	const void *msg = NOWHERE;
	void *slot = NOWHERE;

	getrlimit(resource, &before);
	limit.rlim_max = before.rlim_max;
	ASSERT_EQ(0, setrlimit(resource, &limit));
	EXPECT_EQ(err, kchan_take(ch, &msg));
	EXPECT_EQ(err, kchan_take_batch(ch, &item, 1, NULL));
	EXPECT_EQ(err, kchan_loan(ch, &slot));
	ASSERT_EQ(0, setrlimit(resource, &before));
	EXPECT_EQ(NOWHERE, msg);
	EXPECT_EQ(NOWHERE, slot);
	EXPECT_EQ(1, state_of(ch).queued);
	EXPECT_EQ(0, state_of(ch).slots_loaned);
	EXPECT_EQ(0, state_of(ch).pool_users);
}

TEST_F(memory, pool_that_cannot_be_mapped_takes_nothing)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .slots = 2,
					  .slot_size = 1 << 20 };
	struct kchan *ch = create("b", &opts);
	const void *msg;

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, kchan_send(ch, "hello", 5));
	try_to_map(_metadata, ch, RLIMIT_AS, -ENOMEM);
	try_to_map(_metadata, ch, RLIMIT_NOFILE, -EMFILE);
	EXPECT_EQ(5, kchan_take(ch, &msg));
	kchan_close(ch);
}

TEST_F(memory, items_that_are_not_there_are_EFAULT)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .slots = 1,
					  .slot_size = 8 };
	struct kchan_take *items;
	struct kchan *ch = create("b", &opts);

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, kchan_send(ch, "hello", 5));
	items = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, items);
	items->size = sizeof(*items);
	items->flags = KCHAN_TAKE_RELEASE;
	items->release = KCHAN_SLOT_NONE;
	ASSERT_EQ(0, mprotect(items, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, kchan_take_batch(ch, items, 1, NULL));
	EXPECT_EQ(1, state_of(ch).queued);
	kchan_close(ch);
}

TEST_HARNESS_MAIN
