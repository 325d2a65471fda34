/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON on one line, for what is not a table. */
#ifndef KCHAN_JSON_H
#define KCHAN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - a text that is being written
 * @out: where to
 * @comma: something stands before, so the next comes after a comma
 */
struct json {
	FILE *out;
	bool comma;
};

/* @key is NULL in an array, and for the outermost. @bracket is one of {[ and }]. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_number(struct json *json, const char *key, uint64_t value);
/* NULL is null; what is no UTF-8 becomes U+FFFD. */
void json_string(struct json *json, const char *key, const char *value);
/* Bytes that are UTF-8. */
void json_text(struct json *json, const char *key, const char *value,
	       size_t len);
/* Any bytes. */
void json_base64(struct json *json, const char *key, const void *value,
		 size_t len);
/* As it is: a number, true, false or null. */
void json_plain(struct json *json, const char *key, const char *value);

#endif /* KCHAN_JSON_H */
