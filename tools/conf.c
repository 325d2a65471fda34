// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "parse.h"
#include "tool.h"

#define FIELDS_MAX 16

static const char blanks[] = " \t\r\n";

/* The text between quotes at @from, unescaped to @to. Return: what follows, or NULL. */
static char *unquote(char *from, char *to)
{
	for (from++; *from != '"'; from++) {
		if (*from == '\\')
			from++;
		if (!*from || *from == '\n')
			return NULL;
		*to++ = *from;
	}
	*to = '\0';
	return from + 1;
}

/* Cuts a line into fields. Return: how many, or -1, which is reported. */
static int split(char *line, char **fields, const char *where)
{
	int count = 0;
	char *end;

	for (;;) {
		line += strspn(line, blanks);
		if (!*line || *line == '#')
			return count;
		if (count == FIELDS_MAX) {
			report(where, "too many fields");
			return -1;
		}
		fields[count++] = line;
		end = *line == '"' ? unquote(line, line) :
				     line + strcspn(line, blanks);
		if (!end || (*end && !strchr(blanks, *end))) {
			report(where, "bad quotes");
			return -1;
		}
		line = end + (*end != '\0');
		*end = '\0';
	}
}

static int parse_kind(struct entry *e, const char *field)
{
	e->directory = strcmp(field, "directory") == 0;
	if (e->directory || strcmp(field, "queue") == 0)
		return EXIT_SUCCESS;
	return report(e->where, "%s is no kind (queue or directory)", field);
}

static int parse_name(struct entry *e, const char *field)
{
	if (field[0] == '/')
		return report(e->where, "%s: names have no leading slash here",
			      field);
	e->name = xstrdup(field);
	return EXIT_SUCCESS;
}

static int parse_permissions(struct entry *e, const char *field)
{
	if (strcmp(field, "-") == 0 ||
	    parse_mode(field, e->directory ? 07777 : 0777, &e->mode))
		return EXIT_SUCCESS;
	return report(e->where, "mode %s is not octal permission bits", field);
}

static int parse_owner(struct entry *e, char *field)
{
	char *group = strchr(field, ':');

	if (group)
		*group++ = '\0';
	if (strcmp(field, "-") != 0 && !parse_user(field, &e->uid))
		return report(e->where, "there is no user %s", field);
	if (group && !parse_group(group, &e->gid))
		return report(e->where, "there is no group %s", group);
	return EXIT_SUCCESS;
}

static int parse_attr(struct entry *e, char *field)
{
	char *value = strchr(field, '=');
	enum attr attr;

	if (!value)
		return report(e->where, "%s: KEY=VALUE is missing", field);
	*value++ = '\0';
	for (attr = 0; attr < ATTRS; attr++) {
		if (strcmp(field, attr_name(attr)) == 0)
			break;
	}
	if (attr == ATTRS || e->directory)
		return report(e->where, "a %s has no %s",
			      e->directory ? "directory" : "queue", field);
	if (attr == ATTR_DEAD_LETTER && value[0] == '/')
		return report(e->where, "%s: names have no leading slash here",
			      value);
	if (!attrs_set(&e->attrs, attr, value))
		return report(e->where, "%s=%s: not %s", field, value,
			      attr_expected(attr));
	return EXIT_SUCCESS;
}

/* All fields but the kind and the name may be missing. */
static int parse_fields(struct entry *e, char **fields, int count)
{
	int i, status;

	if (count < 2)
		return report(e->where, "a name is missing");
	status = parse_kind(e, fields[0]);
	if (!status)
		status = parse_name(e, fields[1]);
	if (!status && count > 2)
		status = parse_permissions(e, fields[2]);
	if (!status && count > 3)
		status = parse_owner(e, fields[3]);
	for (i = 4; !status && i < count; i++)
		status = parse_attr(e, fields[i]);
	return status;
}

static const struct entry *find(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->count; i++) {
		if (strcmp(conf->list[i].name, name) == 0)
			return &conf->list[i];
	}
	return NULL;
}

static void free_entry(struct entry *e)
{
	free(e->where);
	free(e->name);
	attrs_free(&e->attrs);
}

/* Two lines of one name would undo each other at each run. */
static int check(const struct conf *conf, const struct entry *e)
{
	const struct entry *other = find(conf, e->name);
	int status = EXIT_SUCCESS;
	char *conflict;

	if (other)
		return report(e->where, "%s: is in %s already", e->name,
			      other->where);
	conflict = attrs_conflict(&e->attrs, "");
	if (conflict)
		status = report(e->where, "%s: %s", e->name, conflict);
	free(conflict);
	return status;
}

static int parse_line(struct conf *conf, char *line, const char *where)
{
	struct entry e = { .mode = MODE_ANY, .uid = UID_ANY, .gid = GID_ANY };
	char *fields[FIELDS_MAX];
	int count, status;

	count = split(line, fields, where);
	if (count <= 0)
		return count ? EXIT_FAILURE : EXIT_SUCCESS;
	e.where = xstrdup(where);
	status = parse_fields(&e, fields, count);
	if (!status)
		status = check(conf, &e);
	if (status) {
		free_entry(&e);
		return status;
	}
	conf->list =
		xrealloc(conf->list, (conf->count + 1) * sizeof(*conf->list));
	conf->list[conf->count++] = e;
	return EXIT_SUCCESS;
}

int conf_read(struct conf *conf, const char *file)
{
	FILE *in = fopen(file, "re");
	int status = EXIT_SUCCESS;
	char *line = NULL, *where;
	unsigned int number = 0;
	size_t size = 0;

	if (!in)
		return report(file, "%s", strerror(errno));
	while (getline(&line, &size, in) > 0) {
		where = xprintf("%s:%u", file, ++number);
		status |= parse_line(conf, line, where);
		free(where);
	}
	/* Without memory for a line there is no error of the file. */
	if (!feof(in))
		status = report(file, "%s", strerror(errno));
	free(line);
	fclose(in);
	return status;
}

void conf_free(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->count; i++)
		free_entry(&conf->list[i]);
	free(conf->list);
}
