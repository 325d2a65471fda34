// SPDX-License-Identifier: GPL-2.0
/* State, versions, clocks, and the layout of what is passed. */
#include "lib_test.h"

/* As in the first release; what is added comes behind. */
#define LAYOUT(type, member, offset)                              \
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member " has moved")

#ifdef __LP64__
LAYOUT(kchan_create_opts, size, 0);
LAYOUT(kchan_create_opts, flags, 8);
LAYOUT(kchan_create_opts, mode, 12);
LAYOUT(kchan_create_opts, kind, 16);
LAYOUT(kchan_create_opts, key, 20);
LAYOUT(kchan_create_opts, depth, 24);
LAYOUT(kchan_create_opts, msgsize, 28);
LAYOUT(kchan_create_opts, bytes, 32);
LAYOUT(kchan_create_opts, overflow, 40);
LAYOUT(kchan_create_opts, max_deliveries, 44);
LAYOUT(kchan_create_opts, ttl, 48);
LAYOUT(kchan_create_opts, dead_letter, 56);
LAYOUT(kchan_send_opts, size, 0);
LAYOUT(kchan_send_opts, flags, 8);
LAYOUT(kchan_send_opts, prio, 12);
LAYOUT(kchan_send_opts, tag, 16);
LAYOUT(kchan_send_opts, deadline, 24);
LAYOUT(kchan_send_opts, expiry, 32);
LAYOUT(kchan_recv_opts, size, 0);
LAYOUT(kchan_recv_opts, flags, 8);
LAYOUT(kchan_recv_opts, filter, 12);
LAYOUT(kchan_recv_opts, deadline, 16);
LAYOUT(kchan_recv_opts, value, 24);
LAYOUT(kchan_recv_opts, position, 32);
LAYOUT(kchan_recv_opts, reserved, 36);
LAYOUT(kchan_msg_info, size, 0);
LAYOUT(kchan_msg_info, len, 8);
LAYOUT(kchan_msg_info, tag, 16);
LAYOUT(kchan_msg_info, seq, 24);
LAYOUT(kchan_msg_info, time, 32);
LAYOUT(kchan_msg_info, prio, 40);
LAYOUT(kchan_msg_info, deliveries, 44);
LAYOUT(kchan_msg_info, pid, 48);
LAYOUT(kchan_msg_info, uid, 52);
LAYOUT(kchan_msg_info, gid, 56);
LAYOUT(kchan_msg_info, reason, 60);
LAYOUT(kchan_msg_info, expiry, 64);
LAYOUT(kchan_msg_info, origin, 72);
LAYOUT(kchan_batch_opts, size, 0);
LAYOUT(kchan_batch_opts, flags, 8);
LAYOUT(kchan_batch_opts, min, 12);
LAYOUT(kchan_batch_opts, deadline, 16);
#endif

FIXTURE(state)
{
	struct kc_env env;
	struct kchan *ch;
};

FIXTURE_SETUP(state)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .mode = 0666,
					  .msgsize = 4242 };

	ASSERT_EQ(0, kc_enter(&self->env));
	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, &opts));
}

FIXTURE_TEARDOWN(state)
{
	kchan_close(self->ch);
	kc_leave(&self->env);
}

TEST_F(state, state_is_what_the_kernel_says)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state), raw;

	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	ASSERT_EQ(0, kchan_get_state(self->ch, &state));
	raw = state_of(self->ch);
	EXPECT_EQ(0, memcmp(&raw, &state, sizeof(state)));
	EXPECT_EQ(1, state.queued);
	EXPECT_EQ(5, state.queued_bytes);
}

TEST_F(state, sizes_of_state_follow_the_kernels_rules)
{
	struct {
		struct kchan_state state;
		uint64_t more;
	} newer = { .state.size = sizeof(newer) };

	EXPECT_EQ(0, kchan_get_state(self->ch, &newer.state));
	EXPECT_EQ(4242, newer.state.msgsize);
	newer.more = 1;
	EXPECT_EQ(-E2BIG, kchan_get_state(self->ch, &newer.state));
	newer.state.size = 0;
	EXPECT_EQ(-EINVAL, kchan_get_state(self->ch, &newer.state));
}

TEST_F(state, msgsize_is_that_of_the_channel)
{
	EXPECT_EQ(4242, kchan_msgsize(self->ch));
}

TEST_F(state, revoked_channel_has_no_state)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);

	ASSERT_EQ(0, kchan_revoke(self->ch));
	EXPECT_EQ(-EIDRM, kchan_get_state(self->ch, &state));
	EXPECT_EQ(0, state.msgsize);
	EXPECT_EQ(-EIDRM, kchan_msgsize(self->ch));
}

#define FEATURES                                                              \
	(KCHAN_FEATURE_QUEUE | KCHAN_FEATURE_UNNAMED | KCHAN_FEATURE_HOLD |   \
	 KCHAN_FEATURE_EXPIRY | KCHAN_FEATURE_DEAD | KCHAN_FEATURE_OVERFLOW | \
	 KCHAN_FEATURE_FILTER | KCHAN_FEATURE_BATCH)

TEST(features_are_those_of_the_module)
{
	struct kchan_features features = KCHAN_INIT(struct kchan_features);

	ASSERT_EQ(0, kchan_get_features(&features));
	EXPECT_EQ(kchan_version_number(), features.version);
	EXPECT_EQ(1 << KCHAN_KIND_QUEUE, features.kinds);
	EXPECT_EQ(FEATURES, features.features & FEATURES);
}

TEST(sizes_of_features_follow_the_kernels_rules)
{
	struct {
		struct kchan_features features;
		uint64_t more;
	} newer = { .features.size = sizeof(newer), .more = 1 };

	EXPECT_EQ(-E2BIG, kchan_get_features(&newer.features));
	newer.features.size = 0;
	EXPECT_EQ(-EINVAL, kchan_get_features(&newer.features));
	EXPECT_EQ(0, newer.features.version);
}

TEST(versions_are_that_of_the_package)
{
	unsigned int major, minor, patch;

	EXPECT_EQ(0, strcmp(PACKAGE_VERSION, kchan_version()));
	ASSERT_EQ(3,
		  sscanf(PACKAGE_VERSION, "%u.%u.%u", &major, &minor, &patch));
	EXPECT_EQ(major << 16 | minor << 8 | patch, kchan_version_number());
}

TEST(init_sets_the_size_and_nothing_else)
{
	struct kchan_msg_info info = KCHAN_INIT(struct kchan_msg_info);
	static const struct kchan_msg_info zero;

	EXPECT_EQ(sizeof(info), info.size);
	info.size = 0;
	EXPECT_EQ(0, memcmp(&zero, &info, sizeof(info)));
}

TEST(now_is_the_monotonic_clock)
{
	uint64_t before = kc_now(), now = kchan_now();

	EXPECT_LE(before, now);
	EXPECT_GE(kc_now(), now);
}

TEST(deadline_comes_when_it_should)
{
	uint64_t before = kc_now(), deadline = kchan_deadline_in(5 * KC_NS);

	EXPECT_LE(before + 5 * KC_NS, deadline);
	EXPECT_GE(kc_now() + 5 * KC_NS, deadline);
	EXPECT_NE(0, kchan_deadline_in(0));
}

TEST(deadline_beyond_the_end_of_time_is_the_end_of_time)
{
	uint64_t left = UINT64_MAX - kchan_now();

	EXPECT_EQ(UINT64_MAX, kchan_deadline_in(UINT64_MAX));
	EXPECT_EQ(UINT64_MAX, kchan_deadline_in(left));
	EXPECT_GT(UINT64_MAX, kchan_deadline_in(left / 2));
}

TEST_HARNESS_MAIN
