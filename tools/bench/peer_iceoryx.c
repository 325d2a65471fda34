// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Eclipse iceoryx 2, by its binding for C, as it is found: loans from shared memory, which
 * its daemon iox-roudi keeps. Its header says what stands here; it is not needed to build.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peers.h"

#define DAEMON "/tmp/roudi" /* where it listens */
#define SUCCESS 8 /* of AllocationResult */
#define NO_CHUNK 1 /* of ChunkReceiveResult; likewise the next */
#define RECEIVED 3
#define SUBSCRIBED 2
#define WAIT_FOR_CONSUMER 0
#define BLOCK_PRODUCER 0
#define DATA_RECEIVED 0
#define LOG_OFF 0
#define QUEUE 256 /* messages */

struct pub_options {
	uint64_t history;
	const char *node;
	bool offer;
	int too_slow;
	uint64_t check;
};

struct sub_options {
	uint64_t queue;
	uint64_t history;
	const char *node;
	bool subscribe;
	int full;
	bool require_history;
	uint64_t check;
};

static struct {
	void (*log_level)(int level);
	void (*runtime_init)(const char *name);
	void (*pub_deinit)(void *pub);
	void (*sub_deinit)(void *sub);
	void (*pub_options_init)(struct pub_options *options);
	void *(*pub_init)(void *storage, const char *service,
			  const char *instance, const char *event,
			  const struct pub_options *options);
	int (*loan)(void *pub, void **payload, uint32_t size);
	void (*publish)(void *pub, void *payload);
	bool (*has_subscribers)(void *pub);
	void (*sub_options_init)(struct sub_options *options);
	void *(*sub_init)(void *storage, const char *service,
			  const char *instance, const char *event,
			  const struct sub_options *options);
	int (*sub_state)(void *sub);
	int (*take)(void *sub, const void **payload);
	void (*release)(void *sub, const void *payload);
	void *(*ws_init)(void *storage);
	int (*ws_attach)(void *ws, void *sub, int event, uint64_t id,
			 void (*callback)(void *sub));
	uint64_t (*ws_wait)(void *ws, void **infos, uint64_t count,
			    uint64_t *missed);
} iox;

/**
 * struct ends - of one process
 * @storage: where the library has what it needs of each
 * @pub: to send
 * @sub: to receive
 * @ws: to wait for that
 * @taken: the last is to be released, at link.got
 */
struct ends {
	uint64_t storage[3];
	void *pub;
	void *sub;
	void *ws;
	bool taken;
};

/* The daemon must be there: without it the library waits, and then ends the program. */
static int make_iceoryx(struct link *l)
{
	static const struct symbol symbols[] = {
		{ "iox_set_loglevel", &iox.log_level },
		{ "iox_runtime_init", &iox.runtime_init },
		{ "iox_pub_deinit", &iox.pub_deinit },
		{ "iox_sub_deinit", &iox.sub_deinit },
		{ "iox_pub_options_init", &iox.pub_options_init },
		{ "iox_pub_init", &iox.pub_init },
		{ "iox_pub_loan_chunk", &iox.loan },
		{ "iox_pub_publish_chunk", &iox.publish },
		{ "iox_pub_has_subscribers", &iox.has_subscribers },
		{ "iox_sub_options_init", &iox.sub_options_init },
		{ "iox_sub_init", &iox.sub_init },
		{ "iox_sub_get_subscription_state", &iox.sub_state },
		{ "iox_sub_take_chunk", &iox.take },
		{ "iox_sub_release_chunk", &iox.release },
		{ "iox_ws_init", &iox.ws_init },
		{ "iox_ws_attach_subscriber_event", &iox.ws_attach },
		{ "iox_ws_wait", &iox.ws_wait },
		{}
	};
	int err = link_load(l, "libiceoryx_binding_c.so.2", symbols);

	if (!err && access(DAEMON, W_OK))
		err = link_refuse(l, "iox-roudi does not run");
	return err;
}

static void *make_pub(struct ends *ends, const char *name)
{
	struct pub_options options;

	iox.pub_options_init(&options);
	options.too_slow = WAIT_FOR_CONSUMER;
	return iox.pub_init(&ends->storage[0], "kchan", "bench", name,
			    &options);
}

static void *make_sub(struct ends *ends, const char *name)
{
	struct sub_options options;

	iox.sub_options_init(&options);
	options.queue = QUEUE;
	options.full = BLOCK_PRODUCER;
	return iox.sub_init(&ends->storage[1], "kchan", "bench", name,
			    &options);
}

/* The daemon brings both sides together, from time to time. */
static void meet(const struct ends *ends)
{
	while ((ends->pub && !iox.has_subscribers(ends->pub)) ||
	       (ends->sub && iox.sub_state(ends->sub) != SUBSCRIBED))
		usleep(10000);
}

static int loan(struct link *l, struct ends *ends)
{
	void *payload;

	if (iox.loan(ends->pub, &payload, l->size) != SUCCESS)
		return link_refuse(l, "iox-roudi has no memory for it");
	l->put = payload;
	return 0;
}

/* A process is known by the first of its links, and what it does with that. */
static char *process_name(const struct link *l, const char *prefix,
			  unsigned int roles, char *name)
{
	link_name(l, prefix, name);
	sprintf(name + strlen(name), "-%u", roles);
	return name;
}

/* The library leaves a socket and a lock of each process. */
static int destroy_iceoryx(struct link *l)
{
	char name[LINK_NAME_SIZE];
	unsigned int roles;

	for (roles = SENDS; roles <= (SENDS | RECEIVES); roles++) {
		unlink(process_name(l, "/tmp/", roles, name));
		unlink(strcat(name, ".lock"));
	}
	return 0;
}

static int attach_iceoryx(struct link *l, unsigned int roles)
{
	struct ends *ends = calloc(1, sizeof(*ends));
	char name[LINK_NAME_SIZE];
	static bool known;

	if (!ends)
		return -ENOMEM;
	if (!known) {
		iox.log_level(LOG_OFF);
		iox.runtime_init(process_name(l, "", roles, name));
		known = true;
	}
	link_name(l, "", name);
	if (roles & RECEIVES) {
		ends->sub = make_sub(ends, name);
		ends->ws = iox.ws_init(&ends->storage[2]);
		iox.ws_attach(ends->ws, ends->sub, DATA_RECEIVED, 0, NULL);
	}
	if (roles & SENDS)
		ends->pub = make_pub(ends, name);
	meet(ends);
	l->state = ends;
	return ends->pub ? loan(l, ends) : 0;
}

static int send_iceoryx(struct link *l)
{
	struct ends *ends = l->state;

	iox.publish(ends->pub, l->put);
	return loan(l, ends);
}

static int receive_iceoryx(struct link *l)
{
	struct ends *ends = l->state;
	const void *payload;
	uint64_t missed;
	void *info;
	int result;

	if (ends->taken)
		iox.release(ends->sub, l->got);
	ends->taken = false;
	while ((result = iox.take(ends->sub, &payload)) == NO_CHUNK) {
		if (l->nowait)
			return -EAGAIN;
		iox.ws_wait(ends->ws, &info, 1, &missed);
	}
	if (result != RECEIVED)
		return -EIO;
	ends->taken = true;
	l->got = (char *)payload;
	return 0;
}

/* The daemon notices late that a process has ended, and then has memory back. */
static void detach_iceoryx(struct link *l)
{
	struct ends *ends = l->state;

	if (ends->taken)
		iox.release(ends->sub, l->got);
	if (ends->pub)
		iox.pub_deinit(ends->pub);
	if (ends->sub)
		iox.sub_deinit(ends->sub);
}

/* Who publishes to a full one waits, so no attempt on that fails. */
const struct peer peer_iceoryx = {
	.name = "iceoryx",
	.what = "Eclipse iceoryx, by loan; needs its daemon iox-roudi",
	.can = CAN_WAIT | CAN_TOUCH | CAN_EMPTY,
	.still = true,
	.outlives = true,
	.make = make_iceoryx,
	.attach = attach_iceoryx,
	.send = send_iceoryx,
	.receive = receive_iceoryx,
	.detach = detach_iceoryx,
	.destroy = destroy_iceoryx,
};
