// SPDX-License-Identifier: GPL-2.0
/*
 * What is in messages, and the books. Each message has a number of its own: the
 * slot that sends it, and a count. From it follows its content; and what became
 * of it is noted where all can see it:
 *
 *	UNUSED -> SENDING -> SENT ----------> RECEIVED
 *	             |  \---------------------^   ^
 *	             v   \--> ORPHAN -------------/
 *	          FAILED
 *
 * A killed sender leaves SENDING: sent or not. A receiver that is killed may have
 * got the message without noting it; so it receives into memory that outlives it,
 * and who buries it notes what is found there as ORPHAN: received, or put back.
 *
 * A message that is held is not received before it is acknowledged: whoever does
 * that, or rejects it, notes it as ORPHAN first. What dies of itself stays SENT, and
 * is covered by the channel's counters, or comes as a letter.
 */
#include "torture.h"

#include <sys/mman.h>

#define ID_MAGIC	0x6bc4
#define ID(slot, number) (((uint64_t)ID_MAGIC << 48) |			\
	((uint64_t)(world->round & 0xffff) << 32) | ((slot) << 24) | (number))
#define ID_SLOT(id)	((int)((id) >> 24 & 0xff))
#define ID_NUMBER(id)	((uint32_t)((id) & 0xffffff))

#define RX_BYTES	(T_MAX + T_PAGE)

/* What the first bytes of a payload say, if it is that long. */
struct head {
	uint64_t id;
	uint64_t channel;
	uint32_t len;
	uint32_t prio;
};

/* For each slot a page for the argument and one for the beginning of a message. */
static char *rx_shared;

void t_rx_map(void)
{
	rx_shared = kc_shared(2 * T_PAGE * T_SLOTS);
}

struct kchan_recv *t_rx_arg(const struct t_slot *slot)
{
	return (void *)(rx_shared + 2 * T_PAGE * t_slot_nr(slot));
}

/*
 * The caller's receive buffer; another slot's: the page that it shares. A thread
 * gets the rest of its buffer at the first call, each process a copy of it.
 */
char *t_rx_buffer(const struct t_slot *slot)
{
	static __thread char *buf;
	static __thread const struct t_slot *whose;
	char *shared = rx_shared + 2 * T_PAGE * t_slot_nr(slot) + T_PAGE;

	if (slot != me)
		return shared;
	if (!buf) {
		buf = mmap(NULL, RX_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (buf == MAP_FAILED)
			_exit(99);
	}
	if (whose != slot) {
		/* The old size 0: one more mapping of shared memory. */
		if (mremap(shared, 0, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   buf) != buf)
			_exit(99);
		whose = slot;
	}
	return buf;
}

bool t_is_id(uint64_t id)
{
	return id >> 48 == ID_MAGIC &&
	       ((id >> 32) & 0xffff) == (world->round & 0xffff) &&
	       ID_SLOT(id) < T_SLOTS && ID_NUMBER(id) < T_NOTES;
}

static uint8_t *note_of(uint64_t id)
{
	return &world->note[ID_SLOT(id)][ID_NUMBER(id)];
}

/* Number a message; 0: the slot has none left for this round. */
uint64_t t_note_begin(int channel)
{
	uint32_t number = me->number + 1;
	int slot = t_slot_nr(me);

	if (number >= T_NOTES)
		return 0;
	me->number = number;
	world->via[slot][number] = channel + 1;
	__atomic_store_n(&world->note[slot][number], T_SENDING,
			 __ATOMIC_RELEASE);
	return ID(slot, number);
}

void t_note_sent(uint64_t id, int err)
{
	uint8_t old = T_SENDING;

	if (__atomic_compare_exchange_n(note_of(id), &old,
					err ? T_FAILED : T_SENT, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (!err)
			__atomic_add_fetch(&world->sent, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_add_fetch(&world->sent, 1, __ATOMIC_RELAXED);
	if (err)
		t_fail("message %#llx was received, but its send fails: %s",
		       (unsigned long long)id, strerror(-err));
}

/* A killed receiver may have had it. */
void t_note_orphan(uint64_t id)
{
	uint8_t old;

	if (!t_is_id(id))
		return;
	old = __atomic_load_n(note_of(id), __ATOMIC_ACQUIRE);
	while ((old == T_SENDING || old == T_SENT) &&
	       !__atomic_compare_exchange_n(note_of(id), &old, T_ORPHAN, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
}

/* It is there, and may stay there. */
void t_note_seen(uint64_t id)
{
	uint8_t note = __atomic_load_n(note_of(id), __ATOMIC_ACQUIRE);

	if (note == T_UNUSED || note == T_FAILED)
		t_fail("message %#llx is there, but %s",
		       (unsigned long long)id,
		       note ? "its send failed" : "was never sent");
}

/* From a channel, or -1; it was sent to channel @via. */
bool t_note_received(uint64_t id, int via, int channel)
{
	int sent_to = world->via[ID_SLOT(id)][ID_NUMBER(id)] - 1;
	uint8_t old;

	if (channel >= 0)
		__atomic_add_fetch(&world->channel[channel].got, 1,
				   __ATOMIC_RELAXED);
	old = __atomic_exchange_n(note_of(id), T_RECEIVED, __ATOMIC_ACQ_REL);
	__atomic_add_fetch(&world->received, 1, __ATOMIC_RELAXED);
	if (via != channel)
		__atomic_add_fetch(&world->letters, 1, __ATOMIC_RELAXED);
	if (old == T_UNUSED)
		t_fail("message %#llx was never sent", (unsigned long long)id);
	else if (old == T_FAILED)
		t_fail("message %#llx is received, but its send failed",
		       (unsigned long long)id);
	else if (old == T_RECEIVED)
		t_fail("message %#llx is received twice",
		       (unsigned long long)id);
	else if (sent_to != via)
		t_fail("message %#llx of channel %d is received as of %d from %d",
		       (unsigned long long)id, sent_to, via, channel);
	else
		return true;
	return false;
}

static uint64_t word(uint64_t id, uint32_t i)
{
	return (id + i) * 0x9e3779b97f4a7c15ULL;
}

/* The content of a message; nothing else is written to @buf. */
void t_fill(void *buf, uint32_t len, uint64_t id, uint64_t channel,
	    uint32_t prio)
{
	struct head head = { id, channel, len, prio };
	uint32_t at = 0, i;
	uint64_t w;

	if (len >= sizeof(head)) {
		memcpy(buf, &head, sizeof(head));
		at = sizeof(head);
	}
	for (i = 0; at + 8 <= len; at += 8) {
		w = word(id, i++);
		memcpy((char *)buf + at, &w, 8);
	}
	w = word(id, i);
	memcpy((char *)buf + at, &w, len - at);
}

static bool head_is_right(const struct head *head, uint32_t len,
			  uint64_t channel, const struct kchan_recv *meta)
{
	if (!t_is_id(head->id) || head->len != len ||
	    (channel && head->channel != channel))
		return false;
	return !meta || (meta->prio == head->prio && meta->tag == head->id);
}

/*
 * Is the content what was sent to that channel, or to any, if it is 0? Return: the
 * message's number, or 0 where that cannot be seen, or where it is wrong, which is
 * reported.
 */
uint64_t t_verify(const void *buf, uint32_t len, uint64_t channel,
		  const struct kchan_recv *meta)
{
	uint64_t w, id = meta ? meta->tag : 0;
	uint32_t at = 0, i;
	struct head head;

	if (len >= sizeof(head)) {
		memcpy(&head, buf, sizeof(head));
		/* write(2) sends tag 0. */
		if (!head_is_right(&head, len, channel,
				   meta && meta->tag ? meta : NULL)) {
			t_fail("%u bytes from channel %llu say: message %#llx, %u bytes, priority %u, channel %llu; tag %#llx, priority %u",
			       len, (unsigned long long)channel,
			       (unsigned long long)head.id, head.len, head.prio,
			       (unsigned long long)head.channel,
			       meta ? (unsigned long long)meta->tag : 0,
			       meta ? meta->prio : 0);
			return 0;
		}
		id = head.id;
		at = sizeof(head);
	} else if (!meta) {
		return 0;
	} else if (!t_is_id(id)) {
		t_fail("%u bytes with the tag %#llx", len,
		       (unsigned long long)id);
		return 0;
	}
	for (i = 0; at < len; at += 8) {
		w = word(id, i++);
		if (memcmp((const char *)buf + at, &w,
			   len - at < 8 ? len - at : 8)) {
			t_fail("message %#llx of %u bytes is wrong at %u",
			       (unsigned long long)id, len, at);
			return 0;
		}
	}
	return id;
}

/* Of a message that is long enough to say. */
uint32_t t_prio_of(const void *buf)
{
	struct head head;

	memcpy(&head, buf, sizeof(head));
	return head.prio;
}

/* The last of each kind that this thread received; forgetful. */
struct last {
	uint64_t channel;
	uint64_t seq;
	uint32_t number;
	uint32_t prio;
	int slot;
	uint32_t round;
};

static struct last *last_of(uint64_t channel, uint32_t prio, int slot)
{
	static __thread struct last lasts[512];
	uint64_t hash = channel * 31 + prio * 0x9e3779b1u + slot * 7;
	struct last *last = &lasts[hash % 512];

	if (last->channel != channel || last->prio != prio ||
	    last->slot != slot || last->round != world->round)
		*last = (struct last) { .channel = channel, .prio = prio,
			.slot = slot, .round = world->round };
	return last;
}

/* Which channel a message was sent to, if it is long enough to say; else 0. */
uint64_t t_channel_of(const void *buf, uint32_t len)
{
	struct head head;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, buf, sizeof(head));
	return head.channel;
}

/* Plainly received: may it be out of order? Only if some were put back. */
static bool put_back(int fd)
{
	struct kchan_state state = kc_state(fd);

	return state.size != sizeof(state) || state.returned;
}

static void order_of_sender(uint64_t channel, int fd, uint64_t id,
			    uint32_t prio, bool plain)
{
	/* Who does not know what was put back has books of its own. */
	struct last *last = last_of(channel, prio,
				    ID_SLOT(id) + (plain ? T_SLOTS : 0));

	if (ID_NUMBER(id) >= last->number)
		last->number = ID_NUMBER(id);
	else if (!plain || !put_back(fd))
		t_fail("message %#llx of priority %u after number %u of its sender",
		       (unsigned long long)id, prio, last->number);
}

/*
 * One receiver sees the messages of one priority in the order in which they
 * entered the queue, and so those of one sender in the order of their sending, but
 * for those that were put back; and letters are in the order of their deaths.
 */
void t_order(uint64_t channel, int fd, uint64_t id, uint32_t prio,
	     const struct kchan_recv *meta)
{
	struct last *any = last_of(channel, prio, -1);

	if (!meta) {
		order_of_sender(channel, fd, id, prio, true);
		return;
	}
	if (!meta->deliveries)
		t_fail("message %#llx was never delivered",
		       (unsigned long long)id);
	if (meta->deliveries > 1) {
		__atomic_add_fetch(&world->again, 1, __ATOMIC_RELAXED);
		return;
	}
	if (!meta->reason)
		order_of_sender(channel, fd, id, prio, false);
	if (meta->seq <= any->seq)
		t_fail("message %#llx of priority %u has seq %llu after %llu",
		       (unsigned long long)id, prio,
		       (unsigned long long)meta->seq,
		       (unsigned long long)any->seq);
	any->seq = meta->seq;
}

/* May somebody wait there for what is not there? */
static bool picky(uint64_t id)
{
	int i;

	for (i = 0; i < T_SLOTS; i++)
		if (__atomic_load_n(&world->slot[i].picky, __ATOMIC_SEQ_CST) ==
		    id)
			return true;
	return false;
}

/* Do waiters sleep beside what they wait for, and nothing moves? */
static bool settles(int fd, const struct kchan_state *first)
{
	struct kchan_state s;
	int tries;

	for (tries = 0; tries < 2000; tries++) {
		s = kc_state(fd);
		if (s.size != sizeof(s) || !s.waiting_receivers || !s.queued ||
		    s.sent != first->sent || s.received != first->received ||
		    s.returned != first->returned || s.held != first->held ||
		    picky(s.id))
			return true;
		usleep(500);
	}
	return false;
}

/* Where each message is. Only who was handed one is in the residence. */
static void check_sums(const struct kchan_state *s)
{
	uint64_t dead = kc_total(s->dropped) + kc_total(s->dead_lettered);
	uint64_t handed = s->received + s->returned + s->held;
	uint64_t residence = 0, bytes;
	int i;

	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++)
		residence += s->residence[i];
	bytes = s->received_bytes + s->queued_bytes + s->held_bytes;
	if (s->sent != s->received + s->queued + s->held + dead ||
	    (dead ? s->sent_bytes < bytes : s->sent_bytes != bytes) ||
	    residence > handed + dead)
		t_fail("channel %llu: sent %llu, received %llu, queued %u, held %u, dead %llu, returned %llu, residence of %llu; bytes: sent %llu, received %llu, queued %llu, held %llu",
		       (unsigned long long)s->id, (unsigned long long)s->sent,
		       (unsigned long long)s->received, s->queued, s->held,
		       (unsigned long long)dead,
		       (unsigned long long)s->returned,
		       (unsigned long long)residence,
		       (unsigned long long)s->sent_bytes,
		       (unsigned long long)s->received_bytes,
		       (unsigned long long)s->queued_bytes,
		       (unsigned long long)s->held_bytes);
}

static void check_marks(const struct kchan_state *s)
{
	/* What was put back may come on top. */
	if (s->queued + s->held > s->depth + (s->returned ? T_SLOTS : 0) ||
	    (!s->returned && s->queued_bytes + s->held_bytes > s->bytes))
		t_fail("channel %llu has %u messages and %u held, %llu + %llu bytes: depth %u, bytes %llu",
		       (unsigned long long)s->id, s->queued, s->held,
		       (unsigned long long)s->queued_bytes,
		       (unsigned long long)s->held_bytes, s->depth,
		       (unsigned long long)s->bytes);
	if (s->queued > s->queued_max || s->held > s->held_max ||
	    s->queued_bytes > s->queued_bytes_max)
		t_fail("channel %llu has %u messages, at most %u; %llu bytes, at most %llu; %u held, at most %u",
		       (unsigned long long)s->id, s->queued, s->queued_max,
		       (unsigned long long)s->queued_bytes,
		       (unsigned long long)s->queued_bytes_max, s->held,
		       s->held_max);
	if (s->dead_lettered[0] || (!s->dead_letter &&
	    (kc_total(s->dead_lettered) || s->dropped[0])))
		t_fail("channel %llu: letters that cannot be",
		       (unsigned long long)s->id);
}

static void check_slots(const struct kchan_state *s)
{
	if (s->slots_free + s->slots_loaned + s->slots_taken > s->slots)
		t_fail("channel %llu: of %u slots %u free, %u loaned, %u taken",
		       (unsigned long long)s->id, s->slots, s->slots_free,
		       s->slots_loaned, s->slots_taken);
}

static void check_attributes(const struct kchan_state *s,
			     const struct t_channel *ch)
{
	if (!s->senders || !s->receivers || s->id != ch->id ||
	    s->depth != ch->depth || s->msgsize != ch->msgsize ||
	    s->overflow != ch->overflow || s->dead_letter != ch->dead_letter ||
	    s->slots != ch->slots || s->slot_size != ch->slot_size)
		t_fail("channel %llu has changed", (unsigned long long)ch->id);
	if (!ch->mortal && kc_total(s->dropped))
		t_fail("channel %llu: messages die", (unsigned long long)ch->id);
}

/*
 * What holds at each moment. Return: false where the channel is gone; a failure
 * is reported.
 */
bool t_check_state(int fd, const struct t_channel *ch, struct kchan_state *s)
{
	int err;

	memset(s, KC_POISON, sizeof(*s));
	s->size = sizeof(*s);
	err = kc_ioctl(fd, KCHAN_IOC_STATE, s);
	if (err) {
		if (ch || err != -EIDRM)
			t_fail("STATE: %s", strerror(-err));
		return false;
	}
	check_sums(s);
	check_marks(s);
	check_slots(s);
	if (ch)
		check_attributes(s, ch);
	if (s->waiting_receivers && s->queued && !settles(fd, s))
		t_fail("channel %llu: %u receivers wait beside %u messages",
		       (unsigned long long)s->id, s->waiting_receivers,
		       s->queued);
	return true;
}
