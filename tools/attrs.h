/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a channel is made with, and what never changes. */
#ifndef KCHAN_ATTRS_H
#define KCHAN_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

#include <kchan.h>

enum attr {
	ATTR_DEPTH,
	ATTR_MSGSIZE,
	ATTR_BYTES,
	ATTR_KEY,
	ATTR_OVERFLOW,
	ATTR_MAX_DELIVERIES,
	ATTR_TTL,
	ATTR_DEAD_LETTER,
	ATTR_SLOTS,
	ATTR_SLOT_SIZE,
	ATTR_ZERO_SLOTS,
	ATTR_RECV_COPY,
	ATTRS
};

/**
 * struct attrs - attributes that somebody asks for
 * @given: a bit for each that is given; the others are the module's to choose
 * @value: by enum attr, but for the dead-letter channel
 * @dead_letter: the name of that, owned; NULL: not given
 */
struct attrs {
	unsigned int given;
	uint64_t value[ATTRS];
	char *dead_letter;
};

/* Its name, and what it must be where it was not taken. */
const char *attr_name(enum attr attr);
const char *attr_expected(enum attr attr);
bool attrs_set(struct attrs *attrs, enum attr attr, const char *text);
void attrs_set_number(struct attrs *attrs, enum attr attr, uint64_t value);
bool attrs_given(const struct attrs *attrs, enum attr attr);
void attrs_free(struct attrs *attrs);
/*
 * What keeps them from going together, with @prefix before each name; to be freed;
 * NULL: nothing.
 */
char *attrs_conflict(const struct attrs *attrs, const char *prefix);
/* What the pool would count as against net.kchan.max_pool_bytes_user; 0: none. */
uint64_t attrs_pool_bytes(const struct attrs *attrs);
/* All but the dead-letter channel, which is to be opened first. */
void attrs_to_opts(const struct attrs *attrs, struct kchan_create_opts *opts);
/* Not of the dead-letter channel. */
uint64_t attr_of_state(const struct kchan_state *state, enum attr attr);
/* A value as it can be given; to be freed. */
char *attr_text(enum attr attr, uint64_t value);
/* One of KCHAN_OVERFLOW_*; NULL: a newer module's. */
const char *overflow_name(uint64_t overflow);

#endif /* KCHAN_ATTRS_H */
