// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "attrs.h"
#include "parse.h"

#define SIZE_EXPECTED "a size (1 or more, with K, M or G if wanted)"

static const struct {
	const char *name;
	const char *expected;
	bool (*parse)(const char *text, uint64_t max, uint64_t *value);
	uint64_t min;
	uint64_t max;
} infos[ATTRS] = {
	[ATTR_DEPTH] = { "depth", "a number of messages (1 or more)",
			 parse_number, 1, UINT32_MAX },
	[ATTR_MSGSIZE] = { "msgsize", SIZE_EXPECTED, parse_size, 1,
			   UINT32_MAX },
	[ATTR_BYTES] = { "bytes", SIZE_EXPECTED, parse_size, 1, UINT64_MAX },
	[ATTR_KEY] = { "key", "a number of 32 bits, as 23 or 0x17",
		       parse_number, 0, UINT32_MAX },
};

const char *attr_name(enum attr attr)
{
	return infos[attr].name;
}

const char *attr_expected(enum attr attr)
{
	return infos[attr].expected;
}

bool attrs_set(struct attrs *attrs, enum attr attr, const char *text)
{
	uint64_t value;

	if (!infos[attr].parse(text, infos[attr].max, &value) ||
	    value < infos[attr].min)
		return false;
	attrs->value[attr] = value;
	attrs->given |= 1U << attr;
	return true;
}

bool attrs_given(const struct attrs *attrs, enum attr attr)
{
	return attrs->given & 1U << attr;
}

void attrs_to_opts(const struct attrs *attrs, struct kchan_create_opts *opts)
{
	opts->depth = attrs->value[ATTR_DEPTH];
	opts->msgsize = attrs->value[ATTR_MSGSIZE];
	opts->bytes = attrs->value[ATTR_BYTES];
	opts->key = attrs->value[ATTR_KEY];
}

uint64_t attr_of_state(const struct kchan_state *state, enum attr attr)
{
	switch (attr) {
	case ATTR_DEPTH:
		return state->depth;
	case ATTR_MSGSIZE:
		return state->msgsize;
	case ATTR_BYTES:
		return state->bytes;
	default:
		return state->key;
	}
}
