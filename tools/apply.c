// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "explain.h"
#include "make.h"
#include "netlink.h"
#include "place.h"
#include "text.h"
#include "tool.h"

#define FILES "/etc/kchan.d/*.conf"
#define CHANNEL_MODE 0600
#define DIRECTORY_MODE 0755
#define PERMISSIONS 07777

/**
 * struct run - what each entry is applied with
 * @nl: for looking at channels
 * @mount: where directories are; NULL: not known yet
 * @dry: only say what would be done
 */
struct run {
	struct netlink *nl;
	char *mount;
	bool dry;
};

/* Mode and owner of what is there. */
struct rights {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

static int help(void)
{
	puts("Usage: kchan apply [OPTION]... [FILE]...\n"
	     "Make the channels and directories that the files say, by default\n" FILES
	     ", and give them the mode and owner that those say.\n"
	     "What is as it should be is left alone. See kchan.d(5).\n\n"
	     "  -n, --dry-run   only say what would be done\n"
	     "  -h, --help      this text");
	return EXIT_SUCCESS;
}

/* As chown(1) takes it: user, :group or user:group. */
static char *text_owner(uid_t uid, gid_t gid)
{
	struct view view = {};
	char *user = uid == UID_ANY ? xstrdup("") : text_user(&view, uid);
	char *group = gid == GID_ANY ? xstrdup("") : text_group(&view, gid);
	char *text = xprintf("%s%s%s", user, *group ? ":" : "", group);

	view_end(&view);
	free(user);
	free(group);
	return text;
}

static bool has_mode(const struct rights *now, const struct entry *e)
{
	return e->mode == MODE_ANY || e->mode == (now->mode & PERMISSIONS);
}

static bool has_owner(const struct rights *now, const struct entry *e)
{
	return (e->uid == UID_ANY || e->uid == now->uid) &&
	       (e->gid == GID_ANY || e->gid == now->gid);
}

static void say_rights(const struct rights *now, const struct entry *e)
{
	char *have = text_owner(now->uid, now->gid);
	char *want = text_owner(e->uid, e->gid);

	if (!has_mode(now, e))
		printf("%s: set mode %04o (is %04o)\n", e->name, e->mode,
		       now->mode & PERMISSIONS);
	if (!has_owner(now, e))
		printf("%s: set owner %s (is %s)\n", e->name, want, have);
	free(have);
	free(want);
}

static void say_attr(const struct attrs *attrs, enum attr attr)
{
	char *text;

	if (attr == ATTR_DEAD_LETTER) {
		printf(", %s %s", attr_name(attr), attrs->dead_letter);
		return;
	}
	text = attr_text(attr, attrs->value[attr]);
	printf(", %s %s", attr_name(attr), text);
	free(text);
}

static void say_make(const struct entry *e, mode_t mode)
{
	char *owner = text_owner(e->uid, e->gid);
	enum attr attr;

	printf("%s: make %s, mode %04o", e->name,
	       e->directory ? "directory" : "queue", mode);
	if (*owner)
		printf(", owner %s", owner);
	for (attr = 0; attr < ATTRS; attr++) {
		if (attrs_given(&e->attrs, attr))
			say_attr(&e->attrs, attr);
	}
	putchar('\n');
	free(owner);
}

static bool gives_owner(const struct entry *e)
{
	return e->uid != UID_ANY || e->gid != GID_ANY;
}

/* The mode comes last, as a change of owner may take bits away. */
static int set_rights(int fd, const struct entry *e)
{
	if (gives_owner(e) && fchown(fd, e->uid, e->gid))
		return -errno;
	if (e->mode != MODE_ANY && fchmod(fd, e->mode))
		return -errno;
	return 0;
}

/* Likewise of what an owner may not open. There are no symbolic links in kchanfs. */
static int set_rights_in(const struct place *place, const struct entry *e)
{
	if (gives_owner(e) && fchownat(place->dir, place->last, e->uid, e->gid,
				       AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (e->mode != MODE_ANY &&
	    fchmodat(place->dir, place->last, e->mode, 0))
		return -errno;
	return 0;
}

static int report_rights(const char *object, int err)
{
	if (err == -EPERM)
		return report(object, "no permission to change mode or owner "
				      "(CAP_FOWNER, CAP_CHOWN)");
	return report_error(object, err);
}

static int correct_directory(const char *object, const struct entry *e,
			     const struct place *place)
{
	int err = set_rights_in(place, e);

	return err ? report_rights(object, err) : EXIT_SUCCESS;
}

/* In a dry run the directory above it may not be there, and @place be NULL. */
static int new_directory(const struct run *run, const char *object,
			 const struct entry *e, const struct place *place)
{
	mode_t mode = e->mode == MODE_ANY ? DIRECTORY_MODE : e->mode;
	int err;

	if (run->dry) {
		say_make(e, mode);
		return EXIT_SUCCESS;
	}
	err = make_directory(place, mode);
	if (err)
		return report_make(object, e->name, err, &e->attrs);
	return correct_directory(object, e, place);
}

static int old_directory(const struct run *run, const char *object,
			 const struct entry *e, const struct place *place,
			 const struct stat *st)
{
	struct rights now = { st->st_mode, st->st_uid, st->st_gid };

	if (!S_ISDIR(st->st_mode))
		return report(object,
			      "is a channel, not a directory (kchan rm)");
	if (has_mode(&now, e) && has_owner(&now, e))
		return EXIT_SUCCESS;
	if (!run->dry)
		return correct_directory(object, e, place);
	say_rights(&now, e);
	return EXIT_SUCCESS;
}

static int open_place(struct run *run, const char *name, struct place *place)
{
	int err = run->mount ? 0 : place_mount(&run->mount);

	return err ? err : place_open(run->mount, name, place);
}

static int apply_directory(struct run *run, const char *object,
			   const struct entry *e)
{
	struct place place;
	struct stat st;
	int err, status;

	err = open_place(run, e->name, &place);
	if (err == -ENOENT && run->dry)
		return new_directory(run, object, e, NULL);
	if (err == -ENOENT)
		return report_make(object, e->name, err, &e->attrs);
	if (err)
		return report_place(object, e->name, err);
	if (fstatat(place.dir, place.last, &st, AT_SYMLINK_NOFOLLOW) == 0)
		status = old_directory(run, object, e, &place, &st);
	else if (errno == ENOENT)
		status = new_directory(run, object, e, &place);
	else
		status = report_error(object, -errno);
	place_close(&place);
	return status;
}

static int report_dead(const char *object, const struct entry *e, int err)
{
	const char *name = e->attrs.dead_letter;
	char *whole = xprintf("%s: dead-letter %s", object, name);
	int status = report_dead_letter(whole, name, err);

	free(whole);
	return status;
}

static int new_queue(const struct run *run, const char *object,
		     const struct entry *e)
{
	mode_t mode = e->mode == MODE_ANY ? CHANNEL_MODE : e->mode;
	struct kchan *ch, *dead;
	int err;

	if (run->dry) {
		say_make(e, mode);
		return EXIT_SUCCESS;
	}
	err = make_dead_letter(&e->attrs, &dead);
	if (err)
		return report_dead(object, e, err);
	err = make_channel(e->name, mode, &e->attrs, dead, &ch);
	kchan_close(dead);
	if (err)
		return report_make(object, e->name, err, &e->attrs);
	err = set_rights(kchan_fd(ch), e);
	kchan_close(ch);
	return err ? report_rights(object, err) : EXIT_SUCCESS;
}

static int report_attr(const char *object, enum attr attr, const char *have,
		       const char *want)
{
	return report(object, "%s is %s, not %s, and never changes (kchan rm)",
		      attr_name(attr), have, want);
}

static int check_attr(const char *object, const struct entry *e, enum attr attr,
		      const struct kchan_state *state)
{
	uint64_t have = attr_of_state(state, attr);
	char *is, *not ;

	if (have == e->attrs.value[attr])
		return EXIT_SUCCESS;
	is = attr_text(attr, have);
	not = attr_text(attr, e->attrs.value[attr]);
	report_attr(object, attr, is, not );
	free(is);
	free(not );
	return EXIT_FAILURE;
}

/* One of that name that was made since then is another. */
static int check_dead_letter(const struct run *run, const char *object,
			     const struct entry *e,
			     const struct channel *channel)
{
	struct channel dead;
	char *is;
	int err;

	err = netlink_channel(run->nl, e->attrs.dead_letter, 0, &dead);
	if (err)
		return report_dead(object, e, err);
	if (dead.id != channel->state.dead_letter) {
		is = channel_dead_letter(channel);
		report_attr(object, ATTR_DEAD_LETTER, is ? is : "none",
			    e->attrs.dead_letter);
		free(is);
		err = EXIT_FAILURE;
	}
	channel_free(&dead);
	return err;
}

/* What a channel was made with stays as it is. */
static int check_attrs(const struct run *run, const char *object,
		       const struct entry *e, const struct channel *channel)
{
	int status = EXIT_SUCCESS;
	enum attr attr;

	if (e->attrs.given && !channel->shown)
		return report(object, "you may not see its attributes");
	for (attr = 0; attr < ATTRS; attr++) {
		if (!attrs_given(&e->attrs, attr))
			continue;
		if (attr == ATTR_DEAD_LETTER)
			status |= check_dead_letter(run, object, e, channel);
		else
			status |= check_attr(object, e, attr, &channel->state);
	}
	return status;
}

/* Of a channel whose mode keeps its owner from opening it; kchanfs must be mounted. */
static bool set_unopened(struct run *run, const struct entry *e)
{
	struct place place;
	int err;

	if (open_place(run, e->name, &place))
		return false;
	err = set_rights_in(&place, e);
	place_close(&place);
	return !err;
}

static int old_queue(struct run *run, const char *object, const struct entry *e,
		     const struct channel *channel)
{
	struct rights now = { channel->mode, channel->uid, channel->gid };
	int err, status = check_attrs(run, object, e, channel);
	struct kchan *ch;

	if (has_mode(&now, e) && has_owner(&now, e))
		return status;
	if (run->dry) {
		say_rights(&now, e);
		return status;
	}
	err = kchan_open(&ch, e->name, O_RDONLY);
	if (err == -EACCES && set_unopened(run, e))
		return status;
	if (err)
		return report_open(object, e->name, err, "open");
	err = set_rights(kchan_fd(ch), e);
	kchan_close(ch);
	return err ? report_rights(object, err) : status;
}

static int apply_queue(struct run *run, const char *object,
		       const struct entry *e)
{
	struct channel channel;
	int err, status;

	err = netlink_channel(run->nl, e->name, 0, &channel);
	if (err == -ENOENT)
		return new_queue(run, object, e);
	if (err == -EISDIR)
		return report(object, "is a directory, not a channel "
				      "(kchan rm -d)");
	if (err)
		return report_open(object, e->name, err, "look");
	status = old_queue(run, object, e, &channel);
	channel_free(&channel);
	return status;
}

static int apply(struct run *run, const struct conf *conf)
{
	int status = EXIT_SUCCESS;
	const struct entry *e;
	char *object;

	for (e = conf->list; e < conf->list + conf->count; e++) {
		object = xprintf("%s: %s", e->where, e->name);
		if (e->directory)
			status |= apply_directory(run, object, e);
		else
			status |= apply_queue(run, object, e);
		free(object);
	}
	return status;
}

static int read_all(struct conf *conf, char **files, size_t count)
{
	int status = EXIT_SUCCESS;

	for (; count; count--)
		status |= conf_read(conf, *files++);
	return status;
}

static int read_default(struct conf *conf)
{
	int status = EXIT_SUCCESS;
	glob_t found = {};

	if (glob(FILES, 0, NULL, &found) == 0)
		status = read_all(conf, found.gl_pathv, found.gl_pathc);
	globfree(&found);
	return status;
}

int cmd_apply(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct conf conf = {};
	struct run run = {};
	int c, err, status;

	while ((c = getopt_long(argc, argv, ":nh", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			run.dry = true;
			break;
		case 'h':
			return help();
		default:
			return bad_option(c, argv);
		}
	}
	err = netlink_open(&run.nl);
	if (err)
		return report_error(NULL, err);
	umask(0);
	if (optind < argc)
		status = read_all(&conf, argv + optind, argc - optind);
	else
		status = read_default(&conf);
	status |= apply(&run, &conf);
	conf_free(&conf);
	free(run.mount);
	netlink_close(run.nl);
	return status;
}
