// SPDX-License-Identifier: GPL-2.0
/* Pools, loans, and messages that are sent and received in slots. */
#include "fault.h"
#include "../kchan_pool.h"

#include <sys/mman.h>
#include <sys/uio.h>

#define SLOTS		4
#define SLOT_SIZE	12288	/* three pages */
#define LEN		10000
#define MANY		3	/* slots of an array or a batch */

static int pool = -1;		/* a channel of the row's own */
static int letters = -1;	/* its dead-letter channel */
static uint32_t slot[MANY];	/* slots that an endpoint of it has */
static uint64_t seq;
static uint64_t quota;
static void *mapping = MAP_FAILED;

static void make_with(unsigned int flags, unsigned int overflow)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SLOT_SIZE);

	arg.flags = flags;
	arg.overflow = overflow;
	if (flags & KCHAN_CREATE_DEAD_LETTER) {
		letters = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
		arg.dead_letter = letters;
	}
	pool = kc_create_with(env.ctl, &arg);
}

static void make_pool(void)
{
	make_with(0, KCHAN_OVERFLOW_BLOCK);
}

static void undo_pool(void)
{
	close_made();
	if (mapping != MAP_FAILED)
		munmap(mapping, SLOTS * SLOT_SIZE);
	mapping = MAP_FAILED;
	if (pool >= 0)
		close(pool);
	if (letters >= 0)
		close(letters);
	pool = letters = -1;
	unlink(path("new"));
}

/* All slots that are not loaned, taken or queued must be free. */
static const char *expect(unsigned int loaned, unsigned int taken,
			  unsigned int queued)
{
	if (kp_slots(pool, loaned, taken, queued))
		return kc_sums(pool) ? NULL : "the counters do not add up";
	printf("# %s; not %u loaned, %u taken, %u queued\n",
	       kp_slots_text(pool), loaned, taken, queued);
	return "a slot is not where it must be";
}

/* CREATE: what fails leaves no charge. */
static void note_quota(void)
{
	quota = pool_bytes();
}

static void note_quota_and_make_letters(void)
{
	note_quota();
	letters = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
}

static int create_with(const char *name, unsigned int flags)
{
	struct kchan_create arg = kp_create_arg(SLOTS, SLOT_SIZE);

	arg.name = (uintptr_t)name;
	arg.flags = flags;
	if (flags & KCHAN_CREATE_DEAD_LETTER)
		arg.dead_letter = letters;
	return keep(kc_create_with(env.ctl, &arg));
}

static int do_create_named(void)
{
	return create_with("new", 0);
}

static int do_create_all(void)
{
	return create_with(NULL, KCHAN_CREATE_DEAD_LETTER |
			 KCHAN_CREATE_ZERO_SLOTS | KCHAN_CREATE_RECV_COPY);
}

static const char *check_quota(int ret)
{
	uint64_t more = SLOTS * (SLOT_SIZE + KCHAN_SLOT_OVERHEAD);

	return pool_bytes() == quota + (ret >= 0 ? more : 0) ? NULL :
		"the pool is not charged as it must be";
}

/* Descriptors and mappings. */
static int do_pool_fd(void)
{
	struct kchan_pool_fd arg = kp_fd_arg();
	int ret = kc_ioctl(pool, KCHAN_IOC_POOL_FD, &arg);

	return ret ? ret : keep(arg.fd);
}

static int do_mmap(void)
{
	mapping = mmap(NULL, SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, pool, 0);
	return mapping == MAP_FAILED ? -errno : 0;
}

static const char *check_users(int ret)
{
	return kc_state(pool).pool_users == (ret >= 0) ? NULL :
		"the users of the pool are counted wrongly";
}

/* LOAN. */
static int do_loan(void)
{
	int ret = kp_loan(pool);

	return ret < 0 ? ret : 0;
}

static const char *check_loaned(int ret)
{
	return expect(ret >= 0, 0, 0);
}

static void make_zero(void)
{
	make_with(KCHAN_CREATE_ZERO_SLOTS, KCHAN_OVERFLOW_BLOCK);
	kp_release(pool, kp_loan(pool));
}

static int do_loan_many(void)
{
	return kp_loan_many(pool, slot, MANY);
}

static const char *check_loaned_many(int ret)
{
	return expect(ret < 0 ? 0 : ret, 0, 0);
}

/* Where all slots are queued one has to make room. */
static void make_full_dropper(void)
{
	int i;

	make_with(0, KCHAN_OVERFLOW_DROP);
	for (i = 0; i < SLOTS; i++)
		kp_send(pool, 0, i);
}

static const char *check_dropped(int ret)
{
	const char *wrong = expect(ret >= 0, 0, SLOTS - (ret >= 0));

	if (wrong || kc_state(pool).dropped[KCHAN_DEAD_OVERFLOW] == (ret >= 0))
		return wrong;
	return "the message that made room is not counted as dropped";
}

/* PUBLISH. */
static void make_loan(void)
{
	make_pool();
	slot[0] = kp_loan(pool);
}

/* A message of another priority is there, so that the queue must grow. */
static void make_loan_and_message(void)
{
	make_loan();
	kp_send(pool, 7, 0);
}

static int publish(unsigned int flags, unsigned int prio, uint64_t expiry)
{
	struct kchan_publish arg = kp_publish_arg(slot[0], LEN);
	int ret;

	arg.flags = flags;
	arg.prio = prio;
	arg.expiry = expiry;
	ret = kc_ioctl(pool, KCHAN_IOC_PUBLISH, &arg);
	slot[1] = arg.next;
	return ret;
}

static int do_publish(void)
{
	return publish(0, 0, 0);
}

static int do_publish_due(void)
{
	return publish(0, 0, kc_now() + 1000 * KC_NS);
}

static int do_publish_far(void)
{
	return publish(0, KCHAN_PRIO_MAX, 0);
}

static int do_publish_and_loan(void)
{
	return publish(KCHAN_PUBLISH_LOAN, 0, 0);
}

static const char *check_published(int ret)
{
	return expect(ret < 0, 0, ret >= 0);
}

static const char *check_published_far(int ret)
{
	return expect(ret < 0, 0, 1 + (ret >= 0));
}

/* That there is no other slot is no failure. */
static const char *check_published_and_loaned(int ret)
{
	if (ret < 0)
		return expect(1, 0, 0);
	return expect(slot[1] != KCHAN_SLOT_NONE, 0, 1);
}

static void make_loans(void)
{
	make_pool();
	kp_loan_many(pool, slot, MANY);
}

static int do_publish_batch(void)
{
	struct kchan_publish item[MANY] = {};
	struct kchan_batch batch = kc_batch_arg(item, MANY, sizeof(item[0]));
	int i;

	for (i = 0; i < MANY; i++) {
		item[i] = kp_publish_arg(slot[i], LEN);
		item[i].flags = 0;
	}
	return kc_ioctl(pool, KCHAN_IOC_PUBLISH_BATCH, &batch);
}

static const char *check_published_batch(int ret)
{
	ret = ret < 0 ? 0 : ret;
	return expect(MANY - ret, 0, ret);
}

/* TAKE. */
static void make_message(void)
{
	make_loan();
	kp_publish(pool, slot[0], LEN);
}

static void make_messages(void)
{
	make_loans();
	do_publish_batch();
}

static int take(unsigned int flags, unsigned int filter, uint32_t release)
{
	struct kchan_take arg = kp_take_arg(flags | KCHAN_NONBLOCK);

	arg.filter = filter;
	arg.release = release;
	return kp_take(pool, &arg);
}

static int do_take(void)
{
	return take(0, KCHAN_FILTER_NONE, KCHAN_SLOT_NONE);
}

static int do_take_held(void)
{
	return take(KCHAN_HOLD, KCHAN_FILTER_NONE, KCHAN_SLOT_NONE);
}

static int do_take_filtered(void)
{
	return take(0, KCHAN_FILTER_TAG_MAX, KCHAN_SLOT_NONE);
}

static const char *check_took(int ret)
{
	return expect(0, ret >= 0, ret < 0);
}

static const char *check_took_held(int ret)
{
	if (kc_state(pool).held != (ret >= 0))
		return "the message is not held as it must be";
	return check_took(ret);
}

static void make_taken_and_message(void)
{
	make_messages();
	slot[0] = kp_take_one(pool, KCHAN_NONBLOCK);
	kp_release(pool, kp_take_one(pool, KCHAN_NONBLOCK));
}

static int do_take_and_release(void)
{
	return take(0, KCHAN_FILTER_NONE, slot[0]);
}

/* What is released is so even if the call fails after that. */
static const char *check_took_and_released(int ret)
{
	if (ret < 0 && kp_slots(pool, 0, 0, 1))
		return NULL;
	return expect(0, 1, ret < 0);
}

static int do_take_batch(void)
{
	struct kchan_take item[MANY] = {};
	struct kchan_batch batch = kc_batch_arg(item, MANY, sizeof(item[0]));
	int i;

	for (i = 0; i < MANY; i++)
		item[i] = kp_take_arg(0);
	return kc_ioctl(pool, KCHAN_IOC_TAKE_BATCH, &batch);
}

static const char *check_took_batch(int ret)
{
	ret = ret < 0 ? 0 : ret;
	return expect(0, ret, MANY - ret);
}

/* RELEASE, ACK and NACK. */
static void make_taken(void)
{
	int i;

	make_messages();
	for (i = 0; i < MANY; i++)
		slot[i] = kp_take_one(pool, KCHAN_NONBLOCK);
}

static int do_release(void)
{
	return kp_release_many(pool, slot, MANY);
}

static const char *check_released(int ret)
{
	return expect(0, ret < 0 ? MANY : MANY - ret, 0);
}

static void make_held(void)
{
	struct kchan_take arg = kp_take_arg(KCHAN_HOLD | KCHAN_NONBLOCK);

	make_message();
	kp_take(pool, &arg);
	slot[0] = arg.slot;
	seq = arg.seq;
}

static int do_ack(void)
{
	return kc_ack(pool, seq);
}

static int do_release_held(void)
{
	return kp_release(pool, slot[0]);
}

static int do_nack(void)
{
	return kc_nack(pool, seq);
}

static const char *check_acked(int ret)
{
	return expect(0, ret < 0, 0);
}

static const char *check_nacked(int ret)
{
	return expect(0, ret < 0, ret >= 0);
}

/* By copy. */
static int do_write(void)
{
	return kc_ret(write(pool, buf, LEN));
}

static int do_writev(void)
{
	struct iovec iov[2] = { { buf, 100 }, { buf + 200, LEN - 100 } };

	return kc_ret(writev(pool, iov, 2));
}

static int do_send(void)
{
	return kc_send(pool, 7, 3, buf, LEN);
}

static int do_send_due(void)
{
	struct kchan_send arg = kc_send_arg(buf, LEN);

	arg.expiry = kc_now() + 1000 * KC_NS;
	return kc_ioctl(pool, KCHAN_IOC_SEND, &arg);
}

static const char *check_sent(int ret)
{
	return expect(0, 0, ret >= 0);
}

static int do_read(void)
{
	return kc_ret(read(pool, buf, LARGE));
}

static int do_readv(void)
{
	struct iovec iov[2] = { { buf, 10 }, { buf + 200, LARGE - 200 } };

	return kc_ret(readv(pool, iov, 2));
}

static int receive(unsigned int flags)
{
	struct kchan_recv arg = kc_recv_arg(buf, LARGE);

	arg.flags = flags;
	return kc_recv(pool, &arg);
}

static int do_recv(void)
{
	return receive(0);
}

static int do_recv_held(void)
{
	return receive(KCHAN_HOLD);
}

static int do_peek(void)
{
	return receive(KCHAN_PEEK);
}

static const char *check_received(int ret)
{
	return expect(0, 0, ret < 0);
}

/* Held or not, it is in its slot. */
static const char *check_kept(int ret)
{
	(void)ret;
	return expect(0, 0, 1);
}

/* An endpoint that goes with all that one can have. */
static void make_owner(void)
{
	make_pool();
	kp_send(pool, 0, 1);
	kp_send(pool, 0, 2);
	made[0] = kc_reopen(pool, O_RDWR | O_NONBLOCK);
	kp_loan(made[0]);
	kp_take_one(made[0], KCHAN_HOLD | KCHAN_NONBLOCK);
	kp_take_one(made[0], KCHAN_NONBLOCK);
}

static void make_owner_and_listener(void)
{
	make_owner();
	make_listener();
}

static int do_close(void)
{
	int ret = kc_fd(close(made[0]));

	made[0] = -1;
	return ret;
}

static const char *check_closed(int ret)
{
	(void)ret;
	return expect(0, 0, 1);
}

/* The slot of a dead message is free when the letter has been received. */
static void make_held_with_letters(void)
{
	make_with(KCHAN_CREATE_DEAD_LETTER, KCHAN_OVERFLOW_BLOCK);
	kp_send(pool, 0, 1);
	kp_take_one(pool, KCHAN_HOLD | KCHAN_NONBLOCK);
	seq = 1;
}

static int do_reject(void)
{
	return kc_reject(pool, seq);
}

static const char *check_rejected(int ret)
{
	if (ret < 0)
		return expect(0, 1, 0);
	if (kc_state(pool).dead_lettered[KCHAN_DEAD_REJECTED] != 1)
		return "the dead message is not counted";
	if (!KC_EVENTUALLY(kc_state(letters).queued == 1))
		return "the letter does not come";
	return expect(0, 0, 1);
}

static void make_letter(void)
{
	make_held_with_letters();
	do_reject();
	KC_EVENTUALLY(kc_state(letters).queued == 1);
}

static int do_read_letter(void)
{
	return kc_ret(read(letters, buf, LARGE));
}

static const char *check_read_letter(int ret)
{
	if (kc_state(letters).queued != (ret < 0))
		return "the letter is not where it must be";
	return expect(0, 0, ret < 0);
}

static const struct row rows[] = {
	{ .name = "CREATE with a pool",
	  .prepare = note_quota, .call = do_create_named,
	  .check = check_quota, .undo = undo_pool },
	{ .name = "CREATE with a pool and all that goes with it",
	  .prepare = note_quota_and_make_letters, .call = do_create_all,
	  .check = check_quota, .undo = undo_pool },
	{ .name = "POOL_FD",
	  .prepare = make_pool, .call = do_pool_fd, .check = check_users,
	  .undo = undo_pool },
	{ .name = "mmap of an endpoint",
	  .prepare = make_pool, .call = do_mmap, .check = check_users,
	  .undo = undo_pool },
	{ .name = "LOAN of a slot that was never loaned",
	  .prepare = make_pool, .call = do_loan, .check = check_loaned,
	  .undo = undo_pool },
	{ .name = "LOAN of a slot that is cleared again",
	  .prepare = make_zero, .call = do_loan, .check = check_loaned,
	  .undo = undo_pool },
	{ .name = "LOAN of an array",
	  .prepare = make_pool, .call = do_loan_many,
	  .check = check_loaned_many, .undo = undo_pool },
	{ .name = "LOAN that drops a message",
	  .prepare = make_full_dropper, .call = do_loan,
	  .check = check_dropped, .undo = undo_pool },
	{ .name = "PUBLISH",
	  .prepare = make_loan, .call = do_publish, .check = check_published,
	  .undo = undo_pool, .faultless = true },
	{ .name = "PUBLISH with an expiry",
	  .prepare = make_loan, .call = do_publish_due,
	  .check = check_published, .undo = undo_pool },
	{ .name = "PUBLISH of one more priority",
	  .prepare = make_loan_and_message, .call = do_publish_far,
	  .check = check_published_far, .undo = undo_pool },
	{ .name = "PUBLISH with the next LOAN",
	  .prepare = make_loan, .call = do_publish_and_loan,
	  .check = check_published_and_loaned, .undo = undo_pool },
	{ .name = "PUBLISH_BATCH",
	  .prepare = make_loans, .call = do_publish_batch,
	  .check = check_published_batch, .undo = undo_pool },
	{ .name = "TAKE",
	  .prepare = make_message, .call = do_take, .check = check_took,
	  .undo = undo_pool, .faultless = true },
	{ .name = "TAKE with HOLD",
	  .prepare = make_message, .call = do_take_held,
	  .check = check_took_held, .undo = undo_pool },
	{ .name = "TAKE with a filter",
	  .prepare = make_message, .call = do_take_filtered,
	  .check = check_took, .undo = undo_pool },
	{ .name = "TAKE with the RELEASE of the last",
	  .prepare = make_taken_and_message, .call = do_take_and_release,
	  .check = check_took_and_released, .undo = undo_pool, .faultless = true },
	{ .name = "TAKE_BATCH",
	  .prepare = make_messages, .call = do_take_batch,
	  .check = check_took_batch, .undo = undo_pool },
	{ .name = "RELEASE of an array",
	  .prepare = make_taken, .call = do_release, .check = check_released,
	  .undo = undo_pool },
	{ .name = "RELEASE of a slot that is held",
	  .prepare = make_held, .call = do_release_held,
	  .check = check_acked, .undo = undo_pool },
	{ .name = "ACK of a slot",
	  .prepare = make_held, .call = do_ack, .check = check_acked,
	  .undo = undo_pool },
	{ .name = "NACK of a slot",
	  .prepare = make_held, .call = do_nack, .check = check_nacked,
	  .undo = undo_pool },
	{ .name = "write to a pool",
	  .prepare = make_pool, .call = do_write, .check = check_sent,
	  .undo = undo_pool },
	{ .name = "writev to a pool",
	  .prepare = make_pool, .call = do_writev, .check = check_sent,
	  .undo = undo_pool },
	{ .name = "SEND to a pool",
	  .prepare = make_pool, .call = do_send, .check = check_sent,
	  .undo = undo_pool },
	{ .name = "SEND to a pool with an expiry",
	  .prepare = make_pool, .call = do_send_due, .check = check_sent,
	  .undo = undo_pool },
	{ .name = "read of a slot",
	  .prepare = make_message, .call = do_read, .check = check_received,
	  .undo = undo_pool },
	{ .name = "readv of a slot",
	  .prepare = make_message, .call = do_readv, .check = check_received,
	  .undo = undo_pool },
	{ .name = "RECV of a slot",
	  .prepare = make_message, .call = do_recv, .check = check_received,
	  .undo = undo_pool },
	{ .name = "RECV of a slot with HOLD",
	  .prepare = make_message, .call = do_recv_held, .check = check_kept,
	  .undo = undo_pool },
	{ .name = "RECV of a slot with PEEK",
	  .prepare = make_message, .call = do_peek, .check = check_kept,
	  .undo = undo_pool },
	{ .name = "close of an endpoint that has slots",
	  .prepare = make_owner, .call = do_close, .check = check_closed,
	  .undo = undo_pool, .faultless = true },
	{ .name = "close of an endpoint that has slots, told to a listener",
	  .prepare = make_owner_and_listener, .call = do_close,
	  .check = check_closed, .undo = undo_pool },
	{ .name = "NACK with REJECT of a slot to the dead-letter channel",
	  .prepare = make_held_with_letters, .call = do_reject,
	  .check = check_rejected, .undo = undo_pool },
	{ .name = "read of a dead letter in a slot",
	  .prepare = make_letter, .call = do_read_letter,
	  .check = check_read_letter, .undo = undo_pool },
};

const struct table pool_rows = { rows, ARRAY_SIZE(rows) };
