// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
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

static bool parse_yes(const char *text, uint64_t max, uint64_t *value)
{
	*value = strcmp(text, "yes") == 0;
	return (*value || strcmp(text, "no") == 0) && *value <= max;
}

/* As the module does. */
static bool parse_slot_size(const char *text, uint64_t max, uint64_t *value)
{
	if (!parse_size(text, max, value))
		return false;
	*value = (*value + KCHAN_SLOT_ALIGN - 1) / KCHAN_SLOT_ALIGN *
		 KCHAN_SLOT_ALIGN;
	return true;
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
	[ATTR_SLOTS] = { "slots", "a number from 1 to 1048576", parse_number, 1,
			 KCHAN_SLOTS_MAX },
	[ATTR_SLOT_SIZE] = { "slot-size", "a size from 1 to 1G",
			     parse_slot_size, 1, KCHAN_SLOT_SIZE_MAX },
	[ATTR_ZERO_SLOTS] = { "zero-slots", "yes or no", parse_yes, 0, 1 },
	[ATTR_RECV_COPY] = { "recv-copy", "yes or no", parse_yes, 0, 1 },
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

void attrs_set_number(struct attrs *attrs, enum attr attr, uint64_t value)
{
	attrs->value[attr] = value;
	attrs->given |= 1U << attr;
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

/* One that is too high, or without another that it needs. */
static char *conflict(const char *prefix, enum attr attr, const char *what,
		      enum attr other)
{
	return xprintf("%s%s %s %s%s", prefix, attr_name(attr), what, prefix,
		       attr_name(other));
}

static char *pool_conflict(const struct attrs *attrs, const char *prefix)
{
	const uint64_t *value = attrs->value;
	uint64_t slots = value[ATTR_SLOTS], size = value[ATTR_SLOT_SIZE];

	if (slots && !size)
		return conflict(prefix, ATTR_SLOTS, "needs", ATTR_SLOT_SIZE);
	if (size && !slots)
		return conflict(prefix, ATTR_SLOT_SIZE, "needs", ATTR_SLOTS);
	if (value[ATTR_ZERO_SLOTS] && !slots)
		return conflict(prefix, ATTR_ZERO_SLOTS, "needs", ATTR_SLOTS);
	if (value[ATTR_RECV_COPY] && !slots)
		return conflict(prefix, ATTR_RECV_COPY, "needs", ATTR_SLOTS);
	if (!slots)
		return NULL;
	if (value[ATTR_DEPTH] > slots)
		return conflict(prefix, ATTR_DEPTH, "is above", ATTR_SLOTS);
	if (value[ATTR_MSGSIZE] > size)
		return conflict(prefix, ATTR_MSGSIZE, "is above",
				ATTR_SLOT_SIZE);
	if (value[ATTR_BYTES] > slots * size)
		return xprintf("%sbytes is above the %" PRIu64
			       " of %sslots times %sslot-size",
			       prefix, slots * size, prefix, prefix);
	return NULL;
}

char *attrs_conflict(const struct attrs *attrs, const char *prefix)
{
	const uint64_t *value = attrs->value;

	if (value[ATTR_BYTES] && value[ATTR_BYTES] < value[ATTR_MSGSIZE])
		return conflict(prefix, ATTR_BYTES, "is below", ATTR_MSGSIZE);
	return pool_conflict(attrs, prefix);
}

uint64_t attrs_pool_bytes(const struct attrs *attrs)
{
	return attrs->value[ATTR_SLOTS] *
	       (attrs->value[ATTR_SLOT_SIZE] + KCHAN_SLOT_OVERHEAD);
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
	opts->slots = attrs->value[ATTR_SLOTS];
	opts->slot_size = attrs->value[ATTR_SLOT_SIZE];
	if (attrs->value[ATTR_ZERO_SLOTS])
		opts->flags |= KCHAN_CREATE_ZERO_SLOTS;
	if (attrs->value[ATTR_RECV_COPY])
		opts->flags |= KCHAN_CREATE_RECV_COPY;
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
	case ATTR_SLOTS:
		return state->slots;
	case ATTR_SLOT_SIZE:
		return state->slot_size;
	case ATTR_ZERO_SLOTS:
		return !!(state->flags & KCHAN_STATE_ZERO_SLOTS);
	case ATTR_RECV_COPY:
		return !!(state->flags & KCHAN_STATE_RECV_COPY);
	default:
		return state->key;
	}
}

char *attr_text(enum attr attr, uint64_t value)
{
	char *seconds, *text;

	if (attr == ATTR_OVERFLOW && overflow_name(value))
		return xstrdup(overflow_name(value));
	if (attr == ATTR_ZERO_SLOTS || attr == ATTR_RECV_COPY)
		return xstrdup(value ? "yes" : "no");
	if (attr != ATTR_TTL)
		return text_number(value);
	seconds = text_seconds(value);
	text = xprintf("%ss", seconds);
	free(seconds);
	return text;
}
