// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not there. Apart from the others, as tools that look after memory
 * would object.
 */
#include "lib_test.h"

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
	for (i = 0; (p = malloc(sizeof(int))); i++)
		kept[i % 4] = memset(p, KC_POISON, sizeof(int));
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

TEST_HARNESS_MAIN
