// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "attrs.h"
#include "parse.h"
#include "text.h"
#include "tool.h"

#define SIZE_EXPECTED "a size (1 or more, with K, M or G if wanted)"

static const char *const overflows[] = {
	[KCHAN_OVERFLOW_BLOCK] = "block",
	[KCHAN_OVERFLOW_REJECT] = "reject",
	[KCHAN_OVERFLOW_DROP] = "drop",
};

const char *overflow_name(uint64_t overflow)
{
	return overflow < ARRAY_SIZE(overflows) ? overflows[overflow] : NULL;
}

static bool parse_overflow(const char *text, uint64_t max, uint64_t *value)
{
	for (*value = 0; *value <= max; ++*value) {
		if (strcmp(text, overflows[*value]) == 0)
			return true;
	}
	return false;
}

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
	[ATTR_OVERFLOW] = { "overflow", "block, reject or drop", parse_overflow,
			    0, KCHAN_OVERFLOW_DROP },
	[ATTR_MAX_DELIVERIES] = { "max-deliveries", "a number from 1 to 65535",
				  parse_number, 1, KCHAN_DELIVERIES_MAX },
	[ATTR_TTL] = { "ttl", EXPECT_SOME_DURATION, parse_duration, 1,
		       INT64_MAX },
	[ATTR_DEAD_LETTER] = { "dead-letter", "the name of a channel", NULL, 0,
			       0 },
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

	if (attr == ATTR_DEAD_LETTER) {
		if (!*text)
			return false;
		free(attrs->dead_letter);
		attrs->dead_letter = xstrdup(text);
	} else {
		if (!infos[attr].parse(text, infos[attr].max, &value) ||
		    value < infos[attr].min)
			return false;
		attrs->value[attr] = value;
	}
	attrs->given |= 1U << attr;
	return true;
}

bool attrs_given(const struct attrs *attrs, enum attr attr)
{
	return attrs->given & 1U << attr;
}

void attrs_free(struct attrs *attrs)
{
	free(attrs->dead_letter);
	attrs->dead_letter = NULL;
}

void attrs_to_opts(const struct attrs *attrs, struct kchan_create_opts *opts)
{
	opts->depth = attrs->value[ATTR_DEPTH];
	opts->msgsize = attrs->value[ATTR_MSGSIZE];
	opts->bytes = attrs->value[ATTR_BYTES];
	opts->key = attrs->value[ATTR_KEY];
	opts->overflow = attrs->value[ATTR_OVERFLOW];
	opts->max_deliveries = attrs->value[ATTR_MAX_DELIVERIES];
	opts->ttl = attrs->value[ATTR_TTL];
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
	case ATTR_OVERFLOW:
		return state->overflow;
	case ATTR_MAX_DELIVERIES:
		return state->max_deliveries;
	case ATTR_TTL:
		return state->ttl;
	default:
		return state->key;
	}
}

char *attr_text(enum attr attr, uint64_t value)
{
	char *seconds, *text;

	if (attr == ATTR_OVERFLOW && overflow_name(value))
		return xstrdup(overflow_name(value));
	if (attr != ATTR_TTL)
		return text_number(value);
	seconds = text_seconds(value);
	text = xprintf("%ss", seconds);
	free(seconds);
	return text;
}
