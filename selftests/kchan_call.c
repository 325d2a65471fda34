// SPDX-License-Identifier: GPL-2.0
#define KCHAN_TEST_LIB
#include "kchan_call.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

struct kc_call kc_call(enum kc_op op, int fd, unsigned int len)
{
	return (struct kc_call) { .op = op, .fd = fd, .len = len };
}

struct kc_call kc_receiver(int fd)
{
	struct kc_call call = kc_call(KC_RECV, fd, sizeof(call.buf));

	call.recv = kc_recv_arg(NULL, sizeof(call.buf));
	return call;
}

struct kc_call kc_sender(int fd, uint64_t tag, unsigned int len)
{
	struct kc_call call = kc_call(KC_SEND, fd, len);

	call.send = kc_send_arg(NULL, len);
	call.send.tag = tag;
	return call;
}

static int perform_poll(struct kc_call *call)
{
	struct pollfd pfd = { .fd = call->fd, .events = call->events };

	return poll(&pfd, 1, KC_TRIES * 2) < 0 ? -errno : pfd.revents;
}

static int perform(struct kc_call *call)
{
	char *at = call->at ? call->at : call->buf;

	switch (call->op) {
	case KC_RECV:
		call->recv.data = (uintptr_t)at;
		return kc_recv(call->fd, &call->recv);
	case KC_SEND:
		call->send.data = (uintptr_t)at;
		return kc_ioctl(call->fd, KCHAN_IOC_SEND, &call->send);
	case KC_READ:
		return kc_ret(read(call->fd, at, call->len));
	case KC_WRITE:
		return kc_ret(write(call->fd, at, call->len));
	case KC_POLL:
		return perform_poll(call);
	case KC_SLOT:
		return kc_ioctl(call->fd, call->cmd, &call->loan);
	}
	return -EINVAL;
}

static void *call_thread(void *arg)
{
	struct sched_param param;
	struct kc_call *call = arg;

	param.sched_priority = call->rt_prio;
	if (call->rt_prio &&
	    pthread_setschedparam(pthread_self(), SCHED_FIFO, &param))
		call->ret = -EPERM;
	__atomic_store_n(&call->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (!call->ret)
		call->ret = perform(call);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Returns once the thread runs. */
int kc_start(struct kc_call *call)
{
	int ret = pthread_create(&call->thread, NULL, call_thread, call);

	if (ret)
		return -ret;
	return KC_EVENTUALLY(__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE)) ?
		0 : -ETIMEDOUT;
}

bool kc_done(const struct kc_call *call)
{
	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

int kc_join(struct kc_call *call)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 2 * KC_TRIES / 1000;
	if (pthread_timedjoin_np(call->thread, NULL, &ts))
		return -ENOLCK;		/* which no call returns */
	return call->ret;
}

bool kc_trap_set(struct kc_trap *t)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	t->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	t->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)t->page;
	reg.range.len = 4096;
	return t->uffd >= 0 && t->page != MAP_FAILED &&
		!ioctl(t->uffd, UFFDIO_API, &api) &&
		!ioctl(t->uffd, UFFDIO_REGISTER, &reg);
}

/* Until a task has stalled in it. */
bool kc_trapped(struct kc_trap *t)
{
	struct uffd_msg msg;

	return KC_EVENTUALLY(read(t->uffd, &msg, sizeof(msg)) == sizeof(msg));
}

/* Lets it go on with this in the page. */
int kc_trap_fill(struct kc_trap *t, const char *text)
{
	char page[4096] __attribute__((aligned(4096))) = "";
	struct uffdio_copy copy = {
		.dst = (uintptr_t)t->page, .src = (uintptr_t)page, .len = 4096,
	};

	strcpy(page, text);
	return kc_fd(ioctl(t->uffd, UFFDIO_COPY, &copy));
}

/* Lets it go on without the page: EFAULT. */
int kc_trap_take_away(struct kc_trap *t)
{
	struct uffdio_range range = {
		.start = (uintptr_t)t->page, .len = 4096,
	};

	if (munmap(t->page, 4096))
		return -errno;
	return kc_fd(ioctl(t->uffd, UFFDIO_WAKE, &range));
}
