/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a channel is made with, and what never changes. */
#ifndef KCHAN_ATTRS_H
#define KCHAN_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

#include <kchan.h>

enum attr { ATTR_DEPTH, ATTR_MSGSIZE, ATTR_BYTES, ATTR_KEY, ATTRS };

/**
 * struct attrs - attributes that somebody asks for
 * @given: a bit for each that is given; the others are the module's to choose
 * @value: by enum attr
 */
struct attrs {
	unsigned int given;
	uint64_t value[ATTRS];
};

/* Its name, and what it must be where it was not taken. */
const char *attr_name(enum attr attr);
const char *attr_expected(enum attr attr);
bool attrs_set(struct attrs *attrs, enum attr attr, const char *text);
bool attrs_given(const struct attrs *attrs, enum attr attr);
void attrs_to_opts(const struct attrs *attrs, struct kchan_create_opts *opts);
uint64_t attr_of_state(const struct kchan_state *state, enum attr attr);

#endif /* KCHAN_ATTRS_H */
