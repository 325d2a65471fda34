// SPDX-License-Identifier: GPL-2.0
/* Messages that are held, chosen, sent many at once, and die. */
#include "fault.h"

#define MANY	3	/* messages of a batch */

static int box = -1;		/* a channel of the row's own */
static int letters = -1;	/* its dead-letter channel */

static void put_many(int where, unsigned int len)
{
	int i;

	for (i = 0; i < MANY; i++)
		kc_send(where, 7, i, buf, len);
}

static void prepare_q(void)
{
	put_many(fd, 3000);
}

/* So many are queued and held. */
static const char *expect(int where, unsigned int queued, unsigned int held)
{
	struct kchan_state s = kc_state(where);

	if (s.queued == queued && s.held == held)
		return kc_sums(where) ? NULL : "the counters do not add up";
	printf("# %u queued, %u held, not %u, %u\n", s.queued, s.held, queued,
	       held);
	return "a message is not where it must be";
}

/* A receive: it fails, or one message is gone. */
static int receive(unsigned int flags, unsigned int filter, uint64_t value)
{
	struct kchan_recv arg = kc_filter_arg(buf, LARGE, filter, value);

	arg.flags = flags;
	return kc_recv(fd, &arg);
}

static const char *check_taken(int ret)
{
	return expect(fd, ret < 0 ? MANY : MANY - 1, 0);
}

static const char *check_left(int ret)
{
	(void)ret;
	return expect(fd, MANY, 0);
}

static const char *check_hold(int ret)
{
	return expect(fd, ret < 0 ? MANY : MANY - 1, ret < 0 ? 0 : 1);
}

static int do_hold(void)
{
	return receive(KCHAN_HOLD, KCHAN_FILTER_NONE, 0);
}

static int do_hold_filtered(void)
{
	return receive(KCHAN_HOLD, KCHAN_FILTER_TAG, 1);
}

static int do_filter_tag(void)
{
	return receive(0, KCHAN_FILTER_TAG, 1);
}

static int do_filter_tag_max(void)
{
	return receive(0, KCHAN_FILTER_TAG_MAX, 1);
}

static int do_filter_tag_not(void)
{
	return receive(0, KCHAN_FILTER_TAG_NOT, 0);
}

static int do_filter_prio_min(void)
{
	return receive(0, KCHAN_FILTER_PRIO_MIN, 7);
}

static int do_peek(void)
{
	return receive(KCHAN_PEEK, KCHAN_FILTER_NONE, 0);
}

static int do_peek_filtered(void)
{
	return receive(KCHAN_PEEK, KCHAN_FILTER_TAG, 2);
}

static int do_peek_at(void)
{
	struct kchan_recv arg = kc_recv_arg(buf, LARGE);

	arg.flags = KCHAN_PEEK;
	arg.position = 2;
	return kc_recv(fd, &arg);
}

/* ACK and NACK. */
static uint64_t seqs[MANY];

static void prepare_held(void)
{
	int i;

	put_many(fd, 64);
	for (i = 0; i < MANY; i++)
		seqs[i] = kc_hold(fd);
}

static int settled(unsigned int cmd, unsigned int flags)
{
	return kc_settle(fd, cmd, seqs[1], flags);
}

static int do_ack(void)
{
	return settled(KCHAN_IOC_ACK, 0);
}

static int do_ack_up_to(void)
{
	return settled(KCHAN_IOC_ACK, KCHAN_ACK_UP_TO);
}

static int do_ack_array(void)
{
	return kc_settle_many(fd, KCHAN_IOC_ACK, seqs, MANY, 0);
}

static int do_nack(void)
{
	return settled(KCHAN_IOC_NACK, 0);
}

static int do_nack_up_to(void)
{
	return settled(KCHAN_IOC_NACK, KCHAN_ACK_UP_TO);
}

static int do_nack_array(void)
{
	return kc_settle_many(fd, KCHAN_IOC_NACK, seqs, MANY, 0);
}

static int do_reject(void)
{
	return settled(KCHAN_IOC_NACK, KCHAN_NACK_REJECT);
}

static int do_reject_up_to(void)
{
	return settled(KCHAN_IOC_NACK, KCHAN_NACK_REJECT | KCHAN_ACK_UP_TO);
}

static int do_reject_array(void)
{
	return kc_settle_many(fd, KCHAN_IOC_NACK, seqs, MANY,
			      KCHAN_NACK_REJECT);
}

static const char *check_gone(int ret)
{
	return expect(fd, 0, ret < 0 ? MANY : MANY - ret);
}

static const char *check_back(int ret)
{
	return expect(fd, ret < 0 ? 0 : ret, ret < 0 ? MANY : MANY - ret);
}

/* Settings. */
static int do_settings_get(void)
{
	struct kchan_settings arg = {};

	return kc_settings(fd, &arg, 0);
}

static int do_settings_set(void)
{
	struct kchan_settings arg = { .held_max = 5, .urgent = 6 };

	return kc_settings(fd, &arg, KCHAN_SET_HELD_MAX | KCHAN_SET_URGENT);
}

/* A call that fails changes nothing. */
static const char *check_settings(int ret)
{
	struct kchan_settings arg = {};

	kc_settings(fd, &arg, 0);
	if (ret < 0)
		return arg.held_max || arg.urgent != KCHAN_URGENT_NEVER ?
			"a call that fails has changed settings" : NULL;
	return arg.held_max == 5 && arg.urgent == 6 ? NULL :
		"the settings are not what was set";
}

static void undo_settings(void)
{
	struct kchan_settings arg = { .urgent = KCHAN_URGENT_NEVER };

	kc_settings(fd, &arg, KCHAN_SET_HELD_MAX | KCHAN_SET_URGENT);
}

/* Batches. */
static int do_send_batch(void)
{
	struct kchan_send item[MANY] = {};
	struct kchan_batch batch = kc_batch_arg(item, MANY, sizeof(item[0]));
	int i;

	for (i = 0; i < MANY; i++)
		item[i] = kc_send_arg(buf, 3000);
	return kc_ioctl(fd, KCHAN_IOC_SEND_BATCH, &batch);
}

static int receive_batch(unsigned int flags)
{
	struct kchan_recv item[MANY] = {};
	struct kchan_batch batch = kc_batch_arg(item, MANY, sizeof(item[0]));
	int i;

	for (i = 0; i < MANY; i++) {
		item[i] = kc_recv_arg(buf, LARGE);
		item[i].flags = flags;
	}
	return kc_ioctl(fd, KCHAN_IOC_RECV_BATCH, &batch);
}

static int do_recv_batch(void)
{
	return receive_batch(0);
}

static int do_hold_batch(void)
{
	return receive_batch(KCHAN_HOLD);
}

static int do_peek_batch(void)
{
	return receive_batch(KCHAN_PEEK);
}

static const char *check_sent_batch(int ret)
{
	return expect(fd, ret < 0 ? 0 : ret, 0);
}

static const char *check_received_batch(int ret)
{
	return expect(fd, ret < 0 ? MANY : MANY - ret, 0);
}

static const char *check_held_batch(int ret)
{
	return expect(fd, ret < 0 ? MANY : MANY - ret, ret < 0 ? 0 : ret);
}

/* Channels with all that is new, and messages that die. */
static void undo_box(void)
{
	close_made();
	if (box >= 0)
		close(box);
	if (letters >= 0)
		close(letters);
	box = letters = -1;
	unlink(path("new"));
}

static int make_box(const char *name, unsigned int overflow, bool with_letters)
{
	struct kchan_create arg = kc_create_arg(name);

	arg.overflow = overflow;
	arg.depth = 1;
	arg.max_deliveries = 2;
	if (with_letters) {
		arg.flags = KCHAN_CREATE_DEAD_LETTER;
		arg.dead_letter = letters;
	}
	arg.ttl = name ? 1000 * KC_NS : 0;
	return kc_create_with(env.ctl, &arg);
}

static void make_letters(void)
{
	letters = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
}

static int do_create_full(void)
{
	return keep(make_box("new", KCHAN_OVERFLOW_DROP, true));
}

static int do_create_unnamed_full(void)
{
	return keep(make_box(NULL, KCHAN_OVERFLOW_REJECT, true));
}

static void make_plain_box(void)
{
	box = make_box(NULL, KCHAN_OVERFLOW_BLOCK, false);
}

static void make_ttl_box(void)
{
	box = make_box("new", KCHAN_OVERFLOW_BLOCK, false);
}

static int do_send_due(void)
{
	struct kchan_send arg = kc_send_arg(buf, 64);

	arg.expiry = kc_now() + 1000 * KC_NS;
	return kc_ioctl(box, KCHAN_IOC_SEND, &arg);
}

static int do_write_box(void)
{
	return kc_ret(write(box, buf, 64));
}

static const char *check_box(int ret)
{
	return expect(box, ret < 0 ? 0 : 1, 0);
}

/* A message that has expired when it comes. */
static int do_send_late(void)
{
	struct kchan_send arg = kc_send_arg(buf, 64);

	arg.expiry = 1;
	return kc_ioctl(box, KCHAN_IOC_SEND, &arg);
}

static const char *check_late(int ret)
{
	const char *wrong = expect(box, 0, 0);

	if (wrong || kc_state(box).dropped[KCHAN_DEAD_EXPIRED] == (ret >= 0))
		return wrong;
	return "the message that expired is not counted as dropped";
}

static void make_full_box(unsigned int overflow, bool with_letters)
{
	if (with_letters)
		make_letters();
	box = make_box(NULL, overflow, with_letters);
	kc_send(box, 0, 0, buf, 64);
}

static void make_dropper(void)
{
	make_full_box(KCHAN_OVERFLOW_DROP, false);
}

static void make_dropper_with_letters(void)
{
	make_full_box(KCHAN_OVERFLOW_DROP, true);
}

static void make_dropper_and_listener(void)
{
	make_dropper();
	make_listener();
}

static void make_rejecter(void)
{
	make_full_box(KCHAN_OVERFLOW_REJECT, false);
}

static int do_send_box(void)
{
	return kc_send(box, 0, 0, buf, 64);
}

static const char *check_dropped(int ret)
{
	const char *wrong = expect(box, 1, 0);

	if (wrong || kc_state(box).dropped[KCHAN_DEAD_OVERFLOW] == (ret >= 0))
		return wrong;
	return "the message that made room is not counted as dropped";
}

static const char *check_dropped_told(int ret)
{
	const char *wrong = check_dropped(ret);

	return wrong ? wrong : check_told(ret, KCHAN_EVENT_DROPPED);
}

/* What dies is among the letters, in a while, and nothing else is. */
static const char *check_letter(int ret, unsigned int reason)
{
	unsigned int letter = ret >= 0;

	if (kc_state(box).dead_lettered[reason] != letter)
		return "the dead message is not counted";
	if (!KC_EVENTUALLY(kc_state(letters).queued == letter))
		return "the letter does not come";
	return kc_sums(letters) ? NULL : "the counters do not add up";
}

static const char *check_dropped_letter(int ret)
{
	const char *wrong = expect(box, 1, 0);

	return wrong ? wrong : check_letter(ret, KCHAN_DEAD_OVERFLOW);
}

static int do_send_rejected(void)
{
	int ret = do_send_box();

	return ret == -ENOSPC ? 0 : ret;
}

static const char *check_rejected(int ret)
{
	if (kc_state(box).rejected != (ret >= 0))
		return "the message that was rejected is not counted";
	return expect(box, 1, 0);
}

static void make_held_box(void)
{
	make_dropper_with_letters();
	seqs[0] = kc_hold(box);
}

static int do_reject_box(void)
{
	return kc_reject(box, seqs[0]);
}

static const char *check_rejected_letter(int ret)
{
	const char *wrong = expect(box, 0, ret < 0);

	return wrong ? wrong : check_letter(ret, KCHAN_DEAD_REJECTED);
}

/* Handed out for the second time, which is the last. */
static void make_worn_box(void)
{
	make_held_box();
	kc_nack(box, seqs[0]);
	seqs[0] = kc_hold(box);
}

static int do_nack_box(void)
{
	return kc_nack(box, seqs[0]);
}

static const char *check_worn_letter(int ret)
{
	const char *wrong = expect(box, 0, ret < 0);

	return wrong ? wrong : check_letter(ret, KCHAN_DEAD_DELIVERIES);
}

/* An endpoint that goes while it holds. */
static void make_holder(void)
{
	put_many(fd, 64);
	made[0] = kc_open(env.ctl, "q", O_RDWR);
	kc_hold(made[0]);
	kc_hold(made[0]);
}

static void make_holder_and_listener(void)
{
	make_holder();
	make_listener();
}

static int do_close_holder(void)
{
	int ret = kc_fd(close(made[0]));

	made[0] = -1;
	return ret;
}

static void undo_holder(void)
{
	close_made();
	drain();
}

static const struct row rows[] = {
	{ .name = "RECV with HOLD",
	  .prepare = prepare_q, .call = do_hold, .check = check_hold,
	  .undo = drain },
	{ .name = "RECV with HOLD and a filter",
	  .prepare = prepare_q, .call = do_hold_filtered, .check = check_hold,
	  .undo = drain },
	{ .name = "RECV by tag",
	  .prepare = prepare_q, .call = do_filter_tag, .check = check_taken,
	  .undo = drain },
	{ .name = "RECV of the lowest tag",
	  .prepare = prepare_q, .call = do_filter_tag_max, .check = check_taken,
	  .undo = drain },
	{ .name = "RECV of any tag but one",
	  .prepare = prepare_q, .call = do_filter_tag_not, .check = check_taken,
	  .undo = drain },
	{ .name = "RECV by priority",
	  .prepare = prepare_q, .call = do_filter_prio_min, .check = check_taken,
	  .undo = drain },
	{ .name = "RECV with PEEK",
	  .prepare = prepare_q, .call = do_peek, .check = check_left,
	  .undo = drain },
	{ .name = "RECV with PEEK and a filter",
	  .prepare = prepare_q, .call = do_peek_filtered, .check = check_left,
	  .undo = drain },
	{ .name = "RECV with PEEK at a position",
	  .prepare = prepare_q, .call = do_peek_at, .check = check_left,
	  .undo = drain },
	{ .name = "ACK of one",
	  .prepare = prepare_held, .call = do_ack, .check = check_gone,
	  .undo = drain },
	{ .name = "ACK of an array",
	  .prepare = prepare_held, .call = do_ack_array, .check = check_gone,
	  .undo = drain },
	{ .name = "ACK with UP_TO",
	  .prepare = prepare_held, .call = do_ack_up_to, .check = check_gone,
	  .undo = drain },
	{ .name = "NACK of one",
	  .prepare = prepare_held, .call = do_nack, .check = check_back,
	  .undo = drain },
	{ .name = "NACK of an array",
	  .prepare = prepare_held, .call = do_nack_array, .check = check_back,
	  .undo = drain },
	{ .name = "NACK with UP_TO",
	  .prepare = prepare_held, .call = do_nack_up_to, .check = check_back,
	  .undo = drain },
	{ .name = "NACK with REJECT of one",
	  .prepare = prepare_held, .call = do_reject, .check = check_gone,
	  .undo = drain },
	{ .name = "NACK with REJECT of an array",
	  .prepare = prepare_held, .call = do_reject_array, .check = check_gone,
	  .undo = drain },
	{ .name = "NACK with REJECT and UP_TO",
	  .prepare = prepare_held, .call = do_reject_up_to, .check = check_gone,
	  .undo = drain },
	{ .name = "SETTINGS that are read",
	  .call = do_settings_get },
	{ .name = "SETTINGS that are changed",
	  .call = do_settings_set, .check = check_settings,
	  .undo = undo_settings },
	{ .name = "SEND_BATCH",
	  .call = do_send_batch, .check = check_sent_batch, .undo = drain },
	{ .name = "RECV_BATCH",
	  .prepare = prepare_q, .call = do_recv_batch,
	  .check = check_received_batch, .undo = drain },
	{ .name = "RECV_BATCH with HOLD",
	  .prepare = prepare_q, .call = do_hold_batch,
	  .check = check_held_batch, .undo = drain },
	{ .name = "RECV_BATCH with PEEK",
	  .prepare = prepare_q, .call = do_peek_batch, .check = check_left,
	  .undo = drain },
	{ .name = "CREATE with DROP, a ttl and a dead-letter channel",
	  .prepare = make_letters, .call = do_create_full, .undo = undo_box },
	{ .name = "CREATE without a name, with REJECT and a dead-letter channel",
	  .prepare = make_letters, .call = do_create_unnamed_full,
	  .undo = undo_box },
	{ .name = "SEND with an expiry",
	  .prepare = make_plain_box, .call = do_send_due, .check = check_box,
	  .undo = undo_box },
	{ .name = "SEND with an expiry that has passed",
	  .prepare = make_plain_box, .call = do_send_late, .check = check_late,
	  .undo = undo_box },
	{ .name = "write to a channel with a ttl",
	  .prepare = make_ttl_box, .call = do_write_box, .check = check_box,
	  .undo = undo_box },
	{ .name = "SEND that drops another",
	  .prepare = make_dropper, .call = do_send_box, .check = check_dropped,
	  .undo = undo_box },
	{ .name = "SEND that drops another to the dead-letter channel",
	  .prepare = make_dropper_with_letters, .call = do_send_box,
	  .check = check_dropped_letter, .undo = undo_box },
	{ .name = "SEND that drops another, told to a listener",
	  .prepare = make_dropper_and_listener, .call = do_send_box,
	  .check = check_dropped_told, .undo = undo_box },
	{ .name = "SEND that is rejected",
	  .prepare = make_rejecter, .call = do_send_rejected,
	  .check = check_rejected, .undo = undo_box },
	{ .name = "NACK with REJECT to the dead-letter channel",
	  .prepare = make_held_box, .call = do_reject_box,
	  .check = check_rejected_letter, .undo = undo_box },
	{ .name = "NACK after the last delivery, to the dead-letter channel",
	  .prepare = make_worn_box, .call = do_nack_box,
	  .check = check_worn_letter, .undo = undo_box },
	{ .name = "close of an endpoint that holds",
	  .prepare = make_holder, .call = do_close_holder, .check = check_left,
	  .undo = undo_holder, .faultless = true },
	{ .name = "close of an endpoint that holds, told to a listener",
	  .prepare = make_holder_and_listener, .call = do_close_holder,
	  .check = check_left, .undo = undo_holder },
};

const struct table queue_rows = { rows, ARRAY_SIZE(rows) };
