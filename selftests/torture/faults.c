// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that cannot be read or written, or only in a while. The slow kind is
 * served by a thread that first does something with the same channel, or in the
 * same directory: were a lock held over the copy, it would never come to serve.
 */
#include "torture.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define BAD_PAGES	4
#define SLOW_PAGES	20
#define SLOW_SIZE	(SLOW_PAGES * T_PAGE)

/* The same memory twice: to write at leisure, and for the kernel to stumble. */
struct bad {
	char *good;
	char *bad;
};

static bool bad_map(struct bad *bad)
{
	bad->good = mmap(NULL, BAD_PAGES * T_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bad->good == MAP_FAILED)
		return false;
	bad->bad = mremap(bad->good, 0, BAD_PAGES * T_PAGE, MREMAP_MAYMOVE);
	if (bad->bad != MAP_FAILED)
		return true;
	munmap(bad->good, BAD_PAGES * T_PAGE);
	return false;
}

static void bad_unmap(struct bad *bad)
{
	munmap(bad->good, BAD_PAGES * T_PAGE);
	munmap(bad->bad, BAD_PAGES * T_PAGE);
}

/* Where @len bytes, at least 1, cannot be read, or not be written. */
static void *bad_payload(struct bad *bad, uint32_t *len, bool written)
{
	switch (t_rnd(written ? 6 : 5)) {
	case 0:
		return (void *)16;
	case 1:
		return (void *)0xffff888000000000UL;
	case 2:
		return (void *)0xffffffffffffff00UL;
	case 3:
		mprotect(bad->bad, BAD_PAGES * T_PAGE, PROT_NONE);
		return bad->bad;
	case 4:
		/* Ends badly. */
		mprotect(bad->bad + (BAD_PAGES - 1) * T_PAGE, T_PAGE,
			 PROT_NONE);
		if (*len > 2 * T_PAGE)
			*len = 2 * T_PAGE;
		return bad->bad + (BAD_PAGES - 1) * T_PAGE - t_rnd(*len);
	default:
		mprotect(bad->bad, BAD_PAGES * T_PAGE, PROT_READ);
		if (*len > BAD_PAGES * T_PAGE)
			*len = BAD_PAGES * T_PAGE;
		return bad->bad;
	}
}

/*
 * An address for a struct of @size that cannot be read or, if it is @only_read,
 * cannot be written back; *@good is where to write it before.
 */
static void *bad_struct(struct bad *bad, size_t size, void **good)
{
	size_t at = T_PAGE - 1 - t_rnd(size - 1);

	switch (t_rnd(3)) {
	case 0:
		mprotect(bad->bad + T_PAGE, T_PAGE, PROT_NONE);
		break;
	case 1:
		mprotect(bad->bad + T_PAGE, T_PAGE, PROT_READ);
		break;
	default:
		mprotect(bad->bad, BAD_PAGES * T_PAGE, PROT_READ);
	}
	*good = bad->good + at;
	return bad->bad + at;
}

static struct t_call any_call(bool sends)
{
	struct t_wild *wild = t_one_in(4) ? t_wild_any() : NULL;
	struct t_call call;

	if (wild && wild->channel < 0 &&
	    wild->mode != (sends ? O_RDONLY : O_WRONLY))
		return t_call_wild(wild);
	call = t_call_tracked(t_rnd(T_CHANNELS));
	return call;
}

static uint32_t msgsize_of(const struct t_call *call)
{
	return call->channel < 0 ? 64 : world->channel[call->channel].msgsize;
}

bool act_bad_send(void)
{
	struct t_call call = any_call(true);
	struct bad bad;

	if (!bad_map(&bad))
		return false;
	call.bad = true;
	/* It must fail before it could wait. */
	call.len = t_random_len(msgsize_of(&call));
	if (call.len < T_HEAD)
		call.len = T_HEAD;
	call.buf = bad_payload(&bad, &call.len, false);
	t_send(&call);
	bad_unmap(&bad);
	return true;
}

bool act_bad_recv(void)
{
	struct t_call call = any_call(false);
	struct bad bad;

	if (!bad_map(&bad))
		return false;
	call.buf = bad_payload(&bad, &call.len, true);
	/* A short message may fit before what is bad, an empty one anywhere. */
	call.faulty = true;
	t_any_wish(&call);
	t_recv(&call);
	bad_unmap(&bad);
	return true;
}

static void bad_ctl(struct bad *bad)
{
	struct kchan_create create = kc_create_arg(NULL);
	struct kchan_open open;
	char name[32];
	void *good, *at;
	int ctl = t_ctl(), ret;

	if (ctl < 0)
		return;
	snprintf(name, sizeof(name), "bad%d", getpid());
	if (t_one_in(2))
		create.name = (uintptr_t)name;
	at = bad_struct(bad, sizeof(create), &good);
	memcpy(good, &create, sizeof(create));
	t_doing("CREATE with a bad argument");
	ret = kc_ioctl(ctl, KCHAN_IOC_CREATE, at);
	T_EXPECT(ret, "CREATE with a bad argument", EFAULT, EDQUOT, ENOSPC,
		 ENOMEM, EACCES, ERANGE);
	if (!ret)
		t_fail("CREATE with a bad argument succeeds");
	ret = kc_open(ctl, name, O_RDWR);
	if (ret != -ENOENT && ret != -ENOMEM)
		t_fail("CREATE with a bad argument leaves a name: OPEN returns %d",
		       ret);
	open = (struct kchan_open) { .size = sizeof(open), .open_flags = O_RDWR,
		.name = 8 };
	ret = kc_ioctl(ctl, KCHAN_IOC_OPEN, &open);
	if (ret != -EFAULT)
		t_fail("OPEN with a bad name returns %d", ret);
	t_doing(NULL);
}

bool act_bad_arg(void)
{
	int kind = t_rnd(4);
	struct t_call call = any_call(kind < 2);
	struct bad bad;

	if (!bad_map(&bad))
		return false;
	call.form = T_IOCTL;
	call.bad = true;
	switch (kind) {
	case 0: case 1:
		call.len = T_HEAD + t_rnd(40);
		/* What comes after the number is not written. */
		call.arg_at = bad_struct(&bad,
					 offsetof(struct kchan_send, expiry),
					 &call.arg);
		t_send(&call);
		break;
	case 2:
		call.arg_at = bad_struct(&bad, sizeof(struct kchan_recv),
					 &call.arg);
		t_any_wish(&call);
		t_recv(&call);
		break;
	default:
		bad_ctl(&bad);
	}
	bad_unmap(&bad);
	return true;
}

/**
 * struct slow - memory that comes when it comes
 * @uffd: asks for it
 * @over: the call has returned
 * @area: what the kernel is given
 * @shadow: what will be found there
 * @channel: the tracked channel that the call is about, or -1
 * @fd: else the private one, or -1
 * @wait: drop all of it again when the call waits, and then send
 * @vanish: after so many pages there is no memory any more; -1: never
 * @vanished: that has happened
 */
struct slow {
	int uffd;
	int over;
	char *area;
	char *shadow;
	int channel;
	int fd;
	bool wait;
	int vanish;
	bool vanished;
	pthread_t thread;
	int action;
};

static bool slow_register(struct slow *slow)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)slow->area, SLOW_SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	slow->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	return slow->uffd >= 0 && !ioctl(slow->uffd, UFFDIO_API, &api) &&
	       !ioctl(slow->uffd, UFFDIO_REGISTER, &reg);
}

/* Whatever a lock over the copy would hinder. */
static void beside(struct slow *slow)
{
	struct kchan_state state;
	struct t_call call;
	int fd;

	if (!me)
		return;
	__atomic_add_fetch(&world->slow_faults, 1, __ATOMIC_RELAXED);
	if (slow->channel >= 0) {
		t_small_traffic(slow->channel);
		t_small_traffic(slow->channel);
		t_doing("STATE by the server of a slow copy");
		t_check_state(world->channel[slow->channel].fd,
			      &world->channel[slow->channel], &state);
	} else if (slow->fd >= 0) {
		call = t_call_private(slow->fd);
		call.len = T_HEAD;
		t_send(&call);
		call.len = T_MAX;
		t_recv(&call);
	} else if (self.ctl >= 0) {
		t_doing("CREATE by the server of a slow copy");
		fd = kc_create(self.ctl, "beside", O_RDWR);
		T_EXPECT(fd, "CREATE", EACCES, EDQUOT, EIDRM, ENOSPC, ENOMEM,
			 ERANGE);
		if (fd >= 0) {
			kc_revoke(fd);
			close(fd);
		}
	}
	t_doing(NULL);
}

static void serve(struct slow *slow, uint64_t addr)
{
	uint64_t at = (addr & ~(uint64_t)(T_PAGE - 1)) - (uintptr_t)slow->area;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)slow->area + at,
		.src = (uintptr_t)slow->shadow + at,
		.len = T_PAGE,
	};
	struct uffdio_range range = { copy.dst, T_PAGE };

	beside(slow);
	if (t_one_in(2))
		usleep(t_rnd(3000));
	if (slow->vanish-- == 0) {
		munmap(slow->area, SLOW_SIZE);
		__atomic_store_n(&slow->vanished, true, __ATOMIC_RELEASE);
	}
	if (slow->vanished) {
		ioctl(slow->uffd, UFFDIO_WAKE, &range);
		return;
	}
	while (ioctl(slow->uffd, UFFDIO_COPY, &copy) && errno == EAGAIN)
		copy.copy = 0;
}

/* The call waits: away with all it has brought in; then it gets its message. */
static void surprise(struct slow *slow)
{
	struct t_call call = t_call_private(slow->fd);
	struct kchan_state state = kc_state(slow->fd);

	int ret;

	if (state.waiting_receivers != 1)
		return;
	madvise(slow->area, SLOW_SIZE, MADV_DONTNEED);
	call.len = T_HEAD + t_rnd(3 * T_PAGE);
	call.prio = t_random_prio();
	ret = me ? t_send(&call) : -ENOBUFS;
	/* Who cannot send ends it. */
	if (ret == -ENOBUFS)
		kc_revoke(slow->fd);
	slow->wait = ret && ret != -ENOBUFS;
}

static void *slow_thread(void *arg)
{
	struct slow *slow = arg;
	struct pollfd pfd[2] = {
		{ .fd = slow->uffd, .events = POLLIN },
		{ .fd = slow->over, .events = POLLIN },
	};
	struct uffd_msg msg;

	me = t_slot_take();
	if (me)
		me->action = slow->action;
	for (;;) {
		poll(pfd, 2, slow->wait ? 1 : -1);
		while (read(slow->uffd, &msg, sizeof(msg)) == sizeof(msg))
			if (msg.event == UFFD_EVENT_PAGEFAULT)
				serve(slow, msg.arg.pagefault.address);
		if (pfd[1].revents)
			break;
		if (slow->wait)
			surprise(slow);
	}
	if (me)
		t_slot_give(me);
	return NULL;
}

static void slow_end(struct slow *slow)
{
	uint64_t one = 1;

	if (slow->thread) {
		if (write(slow->over, &one, sizeof(one)) != sizeof(one))
			t_fail("eventfd: %s", strerror(errno));
		pthread_join(slow->thread, NULL);
	}
	if (slow->uffd >= 0)
		close(slow->uffd);
	if (slow->over >= 0)
		close(slow->over);
	if (!slow->vanished)
		munmap(slow->area, SLOW_SIZE);
	munmap(slow->shadow, SLOW_SIZE);
}

/* A channel: tracked, or -1 and a private one or -1. */
static bool slow_begin(struct slow *slow, int channel, int fd)
{
	*slow = (struct slow) { .channel = channel, .fd = fd, .uffd = -1,
		.vanish = t_one_in(4) ? (int)t_rnd(3) : -1,
		.action = me->action };
	slow->over = eventfd(0, EFD_CLOEXEC);
	slow->area = mmap(NULL, SLOW_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slow->shadow = mmap(NULL, SLOW_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slow->area == MAP_FAILED || slow->shadow == MAP_FAILED)
		_exit(99);
	if (!slow_register(slow)) {
		slow_end(slow);
		return false;
	}
	return true;
}

static bool slow_start(struct slow *slow)
{
	if (!pthread_create(&slow->thread, NULL, slow_thread, slow))
		return true;
	slow->thread = 0;
	slow_end(slow);
	return false;
}

/* The argument across the first page boundary, the payload behind. */
static void slow_place(struct slow *slow, struct t_call *call, size_t size)
{
	size_t arg = T_PAGE - t_rnd(size);
	size_t room = SLOW_SIZE - 2 * T_PAGE, payload = 2 * T_PAGE;

	if (call->len > room)
		call->len = room;
	payload += t_rnd(room - call->len + 1);
	call->buf = slow->area + payload;
	call->content = slow->shadow + payload;
	call->arg = slow->shadow + arg;
	call->arg_at = slow->area + arg;
	call->faulty = slow->vanish >= 0;
}

/* Slow memory on both sides of a tracked channel. */
bool act_slow_copy(void)
{
	struct t_call call = t_call_tracked(t_rnd(T_CHANNELS));
	bool sends = t_one_in(2);
	struct slow slow;

	if (call.patience == T_FOREVER)
		call.patience = T_DEADLINE;
	if (sends) {
		call.len = t_random_len(msgsize_of(&call));
		call.prio = t_random_prio();
	} else {
		t_any_wish(&call);
	}
	if (!slow_begin(&slow, call.channel, -1))
		return false;
	slow_place(&slow, &call, sends ? sizeof(struct kchan_send) :
					 sizeof(struct kchan_recv));
	if (!slow_start(&slow))
		return false;
	if (sends)
		t_send(&call);
	else
		t_recv(&call);
	slow_end(&slow);
	return true;
}

/* A receiver whose memory goes while it waits: the answer meets slow memory. */
bool act_slow_wait(void)
{
	struct kchan_create create = kc_create_arg(NULL);
	int ctl = t_ctl(), fd, ret;
	struct t_call call;
	struct slow slow;

	create.open_flags = O_RDWR;
	create.msgsize = SLOW_SIZE;
	fd = ctl < 0 ? -1 : kc_create_with(ctl, &create);
	if (fd < 0)
		return false;
	call = t_call_private(fd);
	call.patience = T_FOREVER;
	if (!slow_begin(&slow, -1, fd)) {
		close(fd);
		return false;
	}
	slow.wait = true;
	call.len = SLOW_SIZE;
	slow_place(&slow, &call, sizeof(struct kchan_recv));
	if (slow_start(&slow)) {
		ret = t_recv(&call);
		slow_end(&slow);
		if (ret >= 0 && slow.vanished)
			t_fail("a receive succeeds without memory");
	}
	close(fd);
	return true;
}

static int slow_ioctl(struct slow *slow, int fd, unsigned int cmd, size_t at)
{
	int ret;

	t_doing("an ioctl with a slow argument");
	ret = kc_ioctl(fd, cmd, slow->area + at);
	t_doing(NULL);
	if (!ret && __atomic_load_n(&slow->vanished, __ATOMIC_ACQUIRE))
		t_fail("an ioctl succeeds without memory");
	return ret;
}

/* CREATE and OPEN of a name that is only ours, STATE: all arguments slow. */
bool act_slow_ctl(void)
{
	size_t at = T_PAGE - t_rnd(sizeof(struct kchan_create));
	struct kchan_create create = kc_create_arg(NULL), *answer;
	char *name, own[32];
	int ctl = t_ctl(), fd, ret, fault;
	struct slow slow;

	if (ctl < 0 || !slow_begin(&slow, -1, -1))
		return false;
	fault = slow.vanish >= 0 ? EFAULT : EINTR;
	name = slow.shadow + 4 * T_PAGE - t_rnd(8);
	sprintf(name, "slow%d", getpid());
	strcpy(own, name);
	create.name = (uintptr_t)slow.area + (name - slow.shadow);
	create.flags = KCHAN_CREATE_AUTO;
	memcpy(slow.shadow + at, &create, sizeof(create));
	answer = (void *)(slow.area + at);
	if (!slow_start(&slow))
		return false;
	ret = slow_ioctl(&slow, ctl, KCHAN_IOC_CREATE, at);
	T_EXPECT(ret, "CREATE", fault, EACCES, EDQUOT, ENOSPC, ENOMEM, ERANGE);
	if (!ret) {
		struct kchan_state *state = (void *)(slow.shadow + 8 * T_PAGE);

		fd = answer->fd;
		state->size = sizeof(*state);
		ret = slow_ioctl(&slow, fd, KCHAN_IOC_STATE, 8 * T_PAGE);
		/* Somebody may remove any channel by its number. */
		T_EXPECT(ret, "STATE", fault, EIDRM);
		close(fd);
	}
	slow_end(&slow);
	return true;
}

#define FEW	16	/* messages of a slow batch */

/* Hold what is in a private channel. Return: how many. */
static int hold_few(int fd, int n, uint64_t *seqs, uint64_t *ids)
{
	int held = 0;

	while (n--) {
		struct t_call call = t_call_private(fd);

		call.len = T_HEAD;
		if (t_send(&call))
			continue;
		call.len = T_MAX;
		call.flags = KCHAN_HOLD;
		call.keep = true;
		if (t_recv(&call) < 0)
			continue;
		seqs[held] = call.seq;
		ids[held++] = call.got;
	}
	return held;
}

/* So many of them are held no more: the first, whatever went wrong then. */
static void check_few(struct slow *slow, int held, int ret, uint64_t *ids,
		      bool acked)
{
	int i, left = kc_held(slow->fd);

	if (left == -EIDRM)
		return;
	if (left != held - (ret < 0 ? 0 : ret))
		t_fail("of %d held messages %d are left after %d", held, left,
		       ret);
	for (i = 0; acked && i < ret; i++)
		t_note_received(ids[i], -1, -1);
}

/* ACK and NACK of numbers that come when they come. */
static void slow_ack(struct slow *slow)
{
	uint64_t ids[FEW], *seqs, at = 4 * T_PAGE - 8 * t_rnd(FEW);
	struct kchan_ack arg = { .size = sizeof(arg) };
	int held, ret, i, fault = slow->vanish >= 0 ? EFAULT : EINTR;
	bool acks = t_one_in(2);

	seqs = (void *)(slow->shadow + at);
	held = hold_few(slow->fd, 1 + t_rnd(FEW), seqs, ids);
	if (!held || !slow_start(slow))
		return;
	for (i = 0; acks && i < held; i++)
		t_note_orphan(ids[i]);
	arg.seqs = (uintptr_t)slow->area + at;
	arg.count = held;
	t_doing("ACK of slow numbers");
	ret = kc_ioctl(slow->fd, acks ? KCHAN_IOC_ACK : KCHAN_IOC_NACK, &arg);
	t_doing(NULL);
	T_EXPECT(ret, "ACK of slow numbers", EIDRM, fault);
	check_few(slow, held, ret, ids, acks);
	slow_end(slow);
}

/* A batch whose structs come when they come; what was sent is counted. */
static void slow_batch(struct slow *slow)
{
	size_t at = 2 * T_PAGE - 8 * t_rnd(60);
	struct kchan_send *item = (void *)(slow->shadow + at);
	struct kchan_batch batch = kc_batch_arg(slow->area + at, FEW,
						sizeof(*item));
	uint64_t id[FEW];
	char text[FEW][T_HEAD];
	uint64_t channel = kc_state(slow->fd).id;
	int i, ret, fault = slow->vanish >= 0 ? EFAULT : EINTR;

	for (i = 0; i < FEW; i++) {
		id[i] = t_note_begin(-1);
		t_fill(text[i], T_HEAD, id[i], channel, 0);
		item[i] = kc_send_arg(text[i], T_HEAD);
		item[i].tag = id[i];
	}
	if (!id[FEW - 1] || !slow_start(slow))
		return;
	batch.flags = KCHAN_NONBLOCK;
	t_doing("a slow batch");
	ret = kc_ioctl(slow->fd, KCHAN_IOC_SEND_BATCH, &batch);
	t_doing(NULL);
	T_EXPECT(ret, "a slow batch", EIDRM, EAGAIN, EDQUOT, ENOMEM,
		 fault);
	for (i = 0; i < FEW; i++)
		t_note_sent(id[i], i < ret ? 0 : -EFAULT);
	slow_end(slow);
}

bool act_slow_many(void)
{
	int ctl = t_ctl(), fd;
	struct slow slow;

	fd = ctl < 0 ? -1 : kc_queue(ctl, 100, 2 * T_PAGE, 200 * T_PAGE);
	if (fd < 0)
		return false;
	if (slow_begin(&slow, -1, fd)) {
		if (t_one_in(2))
			slow_ack(&slow);
		else
			slow_batch(&slow);
		/* Not so far that a thread was started. */
		if (slow.uffd >= 0 && !slow.thread)
			slow_end(&slow);
	}
	close(fd);
	return true;
}
