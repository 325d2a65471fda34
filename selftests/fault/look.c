// SPDX-License-Identifier: GPL-2.0
/* Who looks over netlink, and who listens. */
#include "fault.h"

#include <sys/socket.h>

/* Answers that do not come are errors, too. */
static void set_patience(int sock)
{
	struct timeval tv = { .tv_sec = 60 };

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static void make_socket(void)
{
	made[1] = kn_socket();
	set_patience(made[1]);
}

static uint64_t q_id;
static unsigned int channels, endpoints;	/* all there are */

static int do_by_id(void)
{
	struct kn_channel ch;
	int ret = kn_by_id(made[1], q_id, &ch);

	return !ret && (!ch.shown || strcmp(ch.name, "q")) ? -EBADE : ret;
}

static int do_by_name(void)
{
	struct kn_channel ch;
	int ret = kn_by_name(made[1], "q", &ch);

	return !ret && (!ch.shown || ch.id != q_id) ? -EBADE : ret;
}

static int do_limits(void)
{
	struct kn_limits limits;
	int ret = kn_limits(made[1], &limits);

	return !ret && limits.value[KCHAN_A_CHANNELS] != channels ? -EBADE :
								    ret;
}

/* What comes to its end is whole. */
static int do_dump(void)
{
	struct kn_channels all;
	unsigned int i, whole = 0;
	int ret = kn_channels(made[1], &all);

	for (i = 0; i < all.count; i++)
		whole += all.channel[i].named && all.channel[i].shown;
	free(all.channel);
	return !ret && (whole != channels || all.interrupted) ? -EBADE : ret;
}

static int dump_endpoints(uint64_t id, unsigned int expected)
{
	struct kn_endpoints all;
	int ret = kn_endpoints(made[1], id, &all);

	free(all.endpoint);
	return !ret && (all.count != expected || all.interrupted) ? -EBADE :
								    ret;
}

static int do_dump_endpoints(void)
{
	return dump_endpoints(0, endpoints);
}

static int do_dump_of_one(void)
{
	return dump_endpoints(q_id, 1);
}

/* Events: what a listener is told of a call whose allocations fail. */
void make_listener(void)
{
	made[1] = kn_listen();
}

static void make_new_and_listener(void)
{
	make_new();
	make_listener();
}

static void make_endpoint_and_listener(void)
{
	made[0] = kc_open(env.ctl, "q", O_RDWR);
	make_listener();
}

static int do_close(void)
{
	int ret = kc_fd(close(made[0]));

	made[0] = -1;
	return ret;
}

int full;

static int do_send_to_full(void)
{
	int ret = kc_send(full, 0, 0, buf, 1);

	return ret == -EAGAIN ? 0 : ret;
}

/* FULL is told ten times a second at most. */
static void wait_and_make_listener(void)
{
	make_listener();
	usleep(150000);
}

static int do_now(void)
{
	return kc_remove(env.ctl, "new", 0, KCHAN_REMOVE_NOW);
}

static void undo_new_and_newer(void)
{
	undo_rename();
	close_made();
}

/* How often each event was told since the row began, and whether some were lost. */
static unsigned int told[KCHAN_EVENT_DEAD_LETTERED + 1];
static bool lost;

static bool read_events(void)
{
	struct kn_event event;
	int ret;

	memset(told, 0, sizeof(told));
	lost = false;
	while ((ret = kn_event(made[1], &event)) != -EAGAIN) {
		if (ret && ret != -ENOBUFS)
			return false;
		lost |= ret == -ENOBUFS;
		if (!ret)
			told[event.event]++;
	}
	return true;
}

/* A channel that nobody was told of, or one that is not taken back. */
static const char *check_created(int ret)
{
	if (!read_events())
		return "an event is malformed";
	if (lost)
		return NULL;
	if (ret >= 0 && !(told[KCHAN_EVENT_CREATED] == 1 &&
			  told[KCHAN_EVENT_ATTACHED] == 1))
		return "a listener is not told";
	if (ret < 0 && (told[KCHAN_EVENT_CREATED] != told[KCHAN_EVENT_REMOVED] ||
			told[KCHAN_EVENT_ATTACHED] !=
			told[KCHAN_EVENT_DETACHED]))
		return "a listener is told of what has not happened";
	return NULL;
}

/* Told if it was done, and not else. */
const char *check_told(int ret, enum kchan_event event)
{
	if (!read_events())
		return "an event is malformed";
	if (lost || told[event] == (ret >= 0))
		return NULL;
	return ret < 0 ? "a listener is told of what has not happened" :
			 "a listener is not told";
}

static const char *check_renamed(int ret)
{
	return check_told(ret, KCHAN_EVENT_RENAMED);
}

static const char *check_removed(int ret)
{
	return check_told(ret, KCHAN_EVENT_REMOVED);
}

static const char *check_revoked(int ret)
{
	return check_told(ret, KCHAN_EVENT_REVOKED);
}

static const char *check_detached(int ret)
{
	return check_told(ret, KCHAN_EVENT_DETACHED);
}

static const char *check_attached(int ret)
{
	if (ret < 0)	/* what is opened and then given up is told */
		return NULL;
	return check_told(ret, KCHAN_EVENT_ATTACHED);
}

static const char *check_full(int ret)
{
	return check_told(ret, KCHAN_EVENT_FULL);
}
/* Channels beside "q", more than one piece of a dump has, and one that is full. */
bool make_others(void)
{
	struct kchan_create arg = kc_create_arg("full");
	char name[16];
	int i;

	q_id = kc_state(fd).id;
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "other%d", i);
		close(kc_create(env.ctl, name, O_RDWR));
	}
	arg.depth = 1;
	full = kc_create_with(env.ctl, &arg);
	channels = 42;
	endpoints = 2;
	return kc_send(full, 0, 0, buf, 1) == 0;
}

static const struct row rows[] = {
	{ .name = "netlink request by id",
	  .prepare = make_socket, .call = do_by_id, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink request by name",
	  .prepare = make_socket, .call = do_by_name, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink request for limits",
	  .prepare = make_socket, .call = do_limits, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of channels",
	  .prepare = make_socket, .call = do_dump, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of endpoints",
	  .prepare = make_socket, .call = do_dump_endpoints, .undo = close_made,
	  .netlink = true },
	{ .name = "netlink dump of one channel's endpoints",
	  .prepare = make_socket, .call = do_dump_of_one, .undo = close_made,
	  .netlink = true },
	{ .name = "CREATE with a name, told to a listener",
	  .prepare = make_listener, .call = do_create, .check = check_created,
	  .undo = undo_new },
	{ .name = "CREATE without a name, told to a listener",
	  .prepare = make_listener, .call = do_create_unnamed,
	  .check = check_created, .undo = close_made },
	{ .name = "OPEN, told to a listener",
	  .prepare = make_listener, .call = do_ioctl_open,
	  .check = check_attached, .undo = close_made },
	{ .name = "close, told to a listener",
	  .prepare = make_endpoint_and_listener, .call = do_close,
	  .check = check_detached, .undo = close_made },
	{ .name = "rename, told to a listener",
	  .prepare = make_new_and_listener, .call = do_rename,
	  .check = check_renamed, .undo = undo_new_and_newer },
	{ .name = "unlink, told to a listener",
	  .prepare = make_new_and_listener, .call = do_unlink,
	  .check = check_removed, .undo = undo_new },
	{ .name = "REMOVE, told to a listener",
	  .prepare = make_new_and_listener, .call = do_remove,
	  .check = check_removed, .undo = undo_new },
	{ .name = "REMOVE NOW, told to a listener",
	  .prepare = make_new_and_listener, .call = do_now,
	  .check = check_revoked, .undo = undo_new },
	{ .name = "SEND that does not fit, told to a listener",
	  .prepare = wait_and_make_listener, .call = do_send_to_full,
	  .check = check_full, .undo = close_made },
};

const struct table look_rows = { rows, ARRAY_SIZE(rows) };
