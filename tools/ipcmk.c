// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "explain.h"
#include "ipcmk.h"
#include "make.h"
#include "tool.h"

/* 0 would be no key. */
static uint32_t random_key(void)
{
	uint32_t key = 0;

	while (!key)
		getrandom(&key, sizeof(key), 0);
	return key;
}

/* Return: 0 or a negative errno; the channel's number. */
static int make_numbered(const char *name, const struct attrs *attrs,
			 const struct ipcmk *asked, uint64_t *id)
{
	struct kchan_state state = KCHAN_INIT(struct kchan_state);
	struct kchan *ch;
	int err;

	err = make_channel(name, asked->mode, attrs, asked->dead_letter, &ch);
	if (err)
		return err;
	err = kchan_get_state(ch, &state);
	*id = state.id;
	kchan_close(ch);
	return err;
}

/* With a name of its key, where it was not given any; both anew if others have it. */
static int make_named(const char *prefix, struct attrs *attrs,
		      const struct ipcmk *asked, uint64_t *id)
{
	bool key_given = attrs_given(attrs, ATTR_KEY);
	char *name = NULL;
	int err;

	do {
		free(name);
		if (!key_given)
			attrs_set_number(attrs, ATTR_KEY, random_key());
		name = asked->name ? xstrdup(asked->name) :
				     xprintf("%s-%08" PRIx64, prefix,
					     attrs->value[ATTR_KEY]);
		err = make_numbered(name, attrs, asked, id);
	} while (err == -EEXIST && !asked->name && !key_given);
	if (err == -EEXIST)
		err = report(name, "exists");
	else if (err)
		err = report_make(name, name, err, attrs);
	free(name);
	return err;
}

static int make_one(const char *what, const char *prefix,
		    const struct ipcmk *asked, const char *size)
{
	struct attrs attrs = *asked->attrs;
	char *conflict;
	uint64_t id = 0;

	if (size) {
		attrs_set_number(&attrs, ATTR_SLOTS, 1);
		if (!attrs_set(&attrs, ATTR_SLOT_SIZE, size))
			return misuse("--shmem %s: not %s", size,
				      attr_expected(ATTR_SLOT_SIZE));
	}
	conflict = attrs_conflict(&attrs, "--");
	if (conflict) {
		misuse("%s", conflict);
		free(conflict);
		return EXIT_FAILURE;
	}
	if (make_named(prefix, &attrs, asked, &id))
		return EXIT_FAILURE;
	printf("%s id: %" PRIu64 "\n", what, id);
	return EXIT_SUCCESS;
}

int ipcmk(const struct ipcmk *asked)
{
	int status = EXIT_SUCCESS;

	if (asked->shmem)
		status |= make_one("Shared memory", "shm", asked, asked->shmem);
	if (asked->queue)
		status |= make_one("Message queue", "msg", asked, NULL);
	return status;
}
