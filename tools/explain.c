// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "explain.h"
#include "netlink.h"
#include "place.h"
#include "text.h"
#include "tool.h"

int report_error(const char *object, int err)
{
	switch (err) {
	case -ENODEV:
		/* Whatever it was for. */
		fflush(stdout);
		fputs("kchan: /dev/kchan missing: is the module loaded? "
		      "(modprobe kchan)\n",
		      stderr);
		return EXIT_FAILURE;
	case -EPROTONOSUPPORT:
		return report(object, "the module knows no generic netlink "
				      "(kchan version)");
	case -EIDRM:
		return report(object,
			      "the channel was ended for all who had it "
			      "open, or its network namespace is gone");
	case -EXDEV:
		return report(object, "something else is mounted on a part of "
				      "the name");
	case -ENOTDIR:
		return report(object, "a part of the name is not a directory");
	case -ENAMETOOLONG:
		return report(object,
			      "the name is too long (255 bytes between "
			      "slashes, %d in all)",
			      KCHAN_NAME_MAX);
	case -E2BIG:
		return report(object, "the module is too old for that "
				      "(kchan version)");
	default:
		return report(object, "%s", strerror(-err));
	}
}

int report_malformed(const char *object)
{
	return report(object, "malformed name (parts of 1 to 255 bytes between "
			      "single slashes, none beginning with a dot, no "
			      "control characters)");
}

/* All is 0 where it cannot be had. */
static struct limits limits_now(void)
{
	struct limits limits = {};
	struct netlink *nl;

	if (netlink_open(&nl))
		return limits;
	netlink_limits(nl, &limits);
	netlink_close(nl);
	return limits;
}

/* The limits count by the user who called, not by whom the channel belongs to. */
static char *caller(void)
{
	struct view view = {};
	char *name = text_user(&view, geteuid());

	view_end(&view);
	return name;
}

static int report_channels(const char *object, const struct limits *limits)
{
	char *user = caller();

	report(object,
	       "user %s has %" PRIu64 " of %" PRIu64
	       " channels (net.kchan.max_channels_user)",
	       user, limits->user_channels, limits->max_channels_user);
	free(user);
	return EXIT_FAILURE;
}

static int report_pools(const char *object, const struct limits *limits,
			uint64_t more)
{
	char *user = caller();

	report(object,
	       "user %s has pools of %" PRIu64 " of %" PRIu64
	       " bytes, and %" PRIu64 " more do not fit "
	       "(net.kchan.max_pool_bytes_user)",
	       user, limits->user_pool_bytes, limits->max_pool_bytes_user,
	       more);
	free(user);
	return EXIT_FAILURE;
}

/* Two limits have this error; that of channels is met first. */
static int report_quota(const char *object, const struct limits *limits,
			const struct attrs *attrs)
{
	uint64_t pool = attrs_pool_bytes(attrs);

	if (pool && limits->user_channels < limits->max_channels_user)
		return report_pools(object, limits, pool);
	return report_channels(object, limits);
}

static int report_queued(const char *object, const struct limits *limits,
			 size_t len)
{
	char *user = caller();

	report(object,
	       "user %s has %" PRIu64 " of %" PRIu64
	       " bytes queued, and %zu more do not fit "
	       "(net.kchan.max_bytes_user)",
	       user, limits->user_bytes, limits->max_bytes_user, len);
	free(user);
	return EXIT_FAILURE;
}

/* The module takes bytes to be msgsize where that is more than its default. */
static int report_range(const char *object, const struct attrs *attrs,
			const struct limits *limits)
{
	const uint64_t *asked = attrs->value;
	uint64_t bytes = asked[ATTR_BYTES] ? asked[ATTR_BYTES] :
					     asked[ATTR_MSGSIZE];

	if (asked[ATTR_DEPTH] > limits->max_depth)
		return report(object,
			      "depth %" PRIu64 " is above %" PRIu64
			      " (net.kchan.max_depth)",
			      asked[ATTR_DEPTH], limits->max_depth);
	if (asked[ATTR_MSGSIZE] > limits->max_msgsize)
		return report(object,
			      "msgsize %" PRIu64 " is above %" PRIu64
			      " (net.kchan.max_msgsize)",
			      asked[ATTR_MSGSIZE], limits->max_msgsize);
	return report(object,
		      "bytes %" PRIu64 " is above %" PRIu64
		      " (net.kchan.max_bytes)",
		      bytes, limits->max_bytes);
}

static int report_directory(const char *object, const char *name,
			    const char *what)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		return report(object, "%s the root directory of kchanfs", what);
	if (slash == name)
		return report(object, "%s the directory /", what);
	return report(object, "%s the directory %.*s", what,
		      (int)(slash - name), name);
}

static int report_no_directory(const char *object, const char *name)
{
	const char *slash = strrchr(name, '/');
	int len = slash ? slash - name : 0;

	return report(object, "there is no directory %.*s (kchan mk -d %.*s)",
		      len, name, len, name);
}

/* Is it the device that cannot be opened, and not what is behind it? */
static bool device_refuses(const char *name)
{
	return name[0] != '/' && access("/dev/kchan", R_OK) != 0;
}

static int report_device(void)
{
	return report("/dev/kchan", "%s", strerror(EACCES));
}

int report_make(const char *object, const char *name, int err,
		const struct attrs *attrs)
{
	struct limits limits;

	if (err == -EACCES && device_refuses(name))
		return report_device();
	if (err == -ERANGE || err == -EDQUOT || err == -ENOSPC)
		limits = limits_now();
	switch (err) {
	case -ERANGE:
		return report_range(object, attrs, &limits);
	case -EDQUOT:
		return report_quota(object, &limits, attrs);
	case -ENOSPC:
		return report(object,
			      "the network namespace has %" PRIu64
			      " of %" PRIu64
			      " channels (net.kchan.max_channels)",
			      limits.channels, limits.max_channels);
	case -ENOENT:
		return report_no_directory(object, name);
	case -EACCES:
		return report_directory(
			object, name,
			name[0] == '/' ? "no permission to read or write" :
					 "no permission to write to");
	case -ENOTTY:
		return report_directory(object, name, "no kchanfs is at");
	case -EISDIR:
		return report(object, "there is a directory of that name");
	case -EREMOTE:
		return report(object,
			      "the dead-letter channel %s belongs to another "
			      "network namespace",
			      attrs->dead_letter);
	case -EINVAL:
		return report_malformed(object);
	default:
		return report_error(object, err);
	}
}

/* Whose it is, and what its mode allows. */
static bool look_up(const char *name, struct channel *channel)
{
	struct netlink *nl;
	struct stat st;
	int err;

	*channel = (struct channel){};
	if (name[0] == '/') {
		err = stat(name, &st);
		channel->mode = st.st_mode;
		channel->uid = st.st_uid;
		channel->gid = st.st_gid;
		return !err;
	}
	if (netlink_open(&nl))
		return false;
	err = netlink_channel(nl, name, 0, channel);
	netlink_close(nl);
	return !err;
}

static int report_no_right(const char *object, const char *name, const char *to)
{
	struct view view = {};
	struct channel channel;
	struct statvfs fs;
	char *mode, *user, *group;

	if (device_refuses(name))
		return report_device();
	if (name[0] == '/' && !statvfs(name, &fs) && fs.f_flag & ST_NODEV)
		return report(object, "is on a mount with the option nodev "
				      "(mount -o remount,dev)");
	if (!look_up(name, &channel))
		return report(object, "no permission to search its directory");
	mode = text_mode(channel.mode);
	user = text_user(&view, channel.uid);
	group = text_group(&view, channel.gid);
	report(object, "no permission to %s (%s %s %s)", to, mode, user, group);
	free(mode);
	free(user);
	free(group);
	view_end(&view);
	channel_free(&channel);
	return EXIT_FAILURE;
}

int report_open(const char *object, const char *name, int err, const char *to)
{
	switch (err) {
	case -ENOENT:
		return report(object, "no such channel (kchan mk %s)", name);
	case -EACCES:
		return report_no_right(object, name, to);
	case -EISDIR:
		return report(object, "is a directory");
	case -ENOTTY:
		return report(object, "is no channel");
	case -EINVAL:
		return report_malformed(object);
	default:
		return report_error(object, err);
	}
}

int report_dead_letter(const char *object, const char *name, int err)
{
	if (err == -EMLINK)
		return report(object, "has a dead-letter channel itself, so it "
				      "cannot be one");
	return report_open(object, name, err, "send");
}

int report_remove(const char *object, const char *name, int err, bool directory)
{
	switch (err) {
	case -ENOENT:
		return report(object, "no such %s",
			      directory ? "directory" : "channel");
	case -EPERM:
		return report(object,
			      "only its owner, and that of its directory, "
			      "may remove it (or CAP_FOWNER)");
	case -EISDIR:
		return report(object, "is a directory (kchan rm -d)");
	case -ENOTDIR:
		if (!directory)
			return report_error(object, err);
		return report(object, "is not a directory");
	case -ENOTEMPTY:
		return report(object, "the directory is not empty");
	case -EACCES:
		if (!directory && device_refuses(name))
			return report_device();
		return report(object,
			      "no permission to write to, or to search, "
			      "its directory");
	case -EINVAL:
		return report_malformed(object);
	default:
		return report_place(object, name, err);
	}
}

/* What would have to be made larger; with a pool a message is in a slot. */
static const char *size_option(const struct kchan *ch)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);

	if (kchan_get_state(ch, &state) == 0 && state.slots &&
	    state.msgsize == state.slot_size)
		return "slot-size";
	return "msgsize";
}

int report_send(const char *object, int err, const struct kchan *ch, size_t len)
{
	struct limits limits;

	switch (err) {
	case -EMSGSIZE:
		return report(object,
			      "the message has %zu bytes, and the channel "
			      "takes %zd (kchan mk --%s)",
			      len, kchan_msgsize(ch), size_option(ch));
	case -EDQUOT:
		limits = limits_now();
		return report_queued(object, &limits, len);
	case -ENOSPC:
		return report(object, "the queue is full, and rejects what "
				      "does not fit (kchan mk --overflow)");
	default:
		return report_error(object, err);
	}
}
