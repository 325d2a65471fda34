// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <kchan.h>

#include "explain.h"
#include "names.h"
#include "place.h"
#include "tool.h"

/**
 * struct mount - a line of /proc/self/mountinfo
 * @dev: device number of the file system
 * @root: directory of it that is mounted
 * @dir: where
 */
struct mount {
	dev_t dev;
	char *root;
	char *dir;
};

/* Blanks and backslashes are written in octal there. */
static void unescape(char *text)
{
	char *to = text;
	int i, c;

	for (; *text; text++) {
		if (text[0] != '\\' || strspn(text + 1, "01234567") < 3) {
			*to++ = *text;
			continue;
		}
		for (i = 1, c = 0; i <= 3; i++)
			c = c << 3 | (text[i] - '0');
		*to++ = c;
		text += 3;
	}
	*to = '\0';
}

/* Sets @mount, whose strings are in @line, if it is one of kchanfs. */
static bool parse_mount(char *line, struct mount *mount)
{
	unsigned int major, minor;
	char *end = strstr(line, " - kchanfs ");
	int root, dir;

	if (!end || sscanf(line, "%*d %*d %u:%u %n%*s %n%*s", &major, &minor,
			   &root, &dir) != 2)
		return false;
	mount->dev = makedev(major, minor);
	mount->root = line + root;
	mount->root[strcspn(mount->root, " ")] = '\0';
	mount->dir = line + dir;
	mount->dir[strcspn(mount->dir, " ")] = '\0';
	unescape(mount->dir);
	return true;
}

/* The first mount that @want wants; its directory, to be freed, or NULL. */
static char *find_mount(dev_t dev, bool (*want)(const struct mount *mount))
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *dir = NULL;
	struct mount mount;
	size_t size = 0;

	if (!file)
		return NULL;
	while (!dir && getline(&line, &size, file) > 0) {
		if (parse_mount(line, &mount) && mount.dev == dev &&
		    want(&mount))
			dir = xstrdup(mount.dir);
	}
	/* Without memory for a line nothing is known of the mounts that follow. */
	if (!dir && !feof(file))
		exit(report_error(NULL, -errno));
	free(line);
	fclose(file);
	return dir;
}

static bool any_mount(const struct mount *mount)
{
	(void)mount;
	return true;
}

/* Of the whole, and not hidden by another mount. */
static bool whole_mount(const struct mount *mount)
{
	struct stat st;

	return strcmp(mount->root, "/") == 0 && stat(mount->dir, &st) == 0 &&
	       st.st_dev == mount->dev;
}

static bool is_kchanfs(dev_t dev)
{
	char *dir = find_mount(dev, any_mount);
	bool found = dir;

	free(dir);
	return found;
}

/*
 * The mounts that there are may show other network namespaces. A channel without a
 * name is in ours for sure.
 */
static int instance_device(dev_t *dev)
{
	struct kchan *ch;
	struct stat st;
	int err;

	err = kchan_create(&ch, NULL, O_RDONLY, NULL);
	if (err)
		return err;
	if (fstat(kchan_fd(ch), &st))
		err = -errno;
	*dev = st.st_dev;
	kchan_close(ch);
	return err;
}

int place_mount(char **dir)
{
	dev_t dev;
	int err;

	err = instance_device(&dev);
	if (err)
		return err;
	*dir = find_mount(dev, whole_mount);
	return *dir ? 0 : -ENXIO;
}

static int open_directory(const char *path)
{
	struct stat st;
	int fd, err;

	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) ? -errno : is_kchanfs(st.st_dev) ? 0 : -ENOTTY;
	if (!err)
		return fd;
	close(fd);
	return err;
}

void place_close(struct place *place)
{
	close(place->dir);
	free(place->name);
}

/* A name like .. would lead out of the directory, or out of kchanfs. */
static int open_in(const char *root, const char *name, struct place *place)
{
	const char *slash;
	char *path;

	place->name = name_without_slashes(name);
	slash = strrchr(place->name, '/');
	place->last = slash ? slash + 1 : place->name;
	path = xprintf("%s/%.*s", root, (int)(place->last - place->name),
		       place->name);
	place->dir = open_directory(path);
	free(path);
	if (place->dir < 0) {
		free(place->name);
		return place->dir;
	}
	if (*place->last && *place->last != '.')
		return 0;
	place_close(place);
	return -EINVAL;
}

int place_open(const char *mount, const char *name, struct place *place)
{
	char *found;
	int err;

	if (name[0] == '/')
		return open_in("", name, place);
	if (mount)
		return open_in(mount, name, place);
	err = place_mount(&found);
	if (err)
		return err;
	err = open_in(found, name, place);
	free(found);
	return err;
}

int place_device(const char *name, dev_t *dev)
{
	struct place place;
	struct stat st;
	int err;

	if (name[0] != '/')
		return instance_device(dev);
	err = place_open(NULL, name, &place);
	if (err)
		return err;
	if (fstat(place.dir, &st))
		err = -errno;
	*dev = st.st_dev;
	place_close(&place);
	return err;
}

int place_channel(const char *path, uint64_t *id)
{
	struct stat st;
	dev_t dev;
	int err;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISCHR(st.st_mode) || !is_kchanfs(st.st_dev))
		return -ENOTTY;
	err = instance_device(&dev);
	if (err)
		return err;
	*id = st.st_ino;
	return st.st_dev == dev ? 0 : -EXDEV;
}

int report_place(const char *object, const char *name, int err)
{
	switch (err) {
	case -ENXIO:
		return report(object,
			      "kchanfs of this network namespace is not "
			      "mounted (kchan mount)");
	case -ENOTTY:
		return report(object, "is in no kchanfs");
	case -EINVAL:
		return report_malformed(object);
	case -EDQUOT:
	case -ENOSPC:
		if (name[0] != '/')
			return report(object,
				      "there may be no more channels, and "
				      "one is needed to find the mount "
				      "(give a path, as /run/kchan/%s)",
				      name);
		return report(object,
			      "there may be no more channels, and one is "
			      "needed to look there");
	default:
		return report_error(object, err);
	}
}
