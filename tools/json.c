// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "tool.h"

static void put_escaped(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (; len; text++, len--) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		fputs(", ", json->out);
	json->comma = true;
	if (key) {
		put_escaped(json->out, key, strlen(key));
		fputs(": ", json->out);
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	fputc(bracket, json->out);
	json->comma = true;
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_plain(struct json *json, const char *key, const char *value)
{
	begin(json, key);
	fputs(value, json->out);
}

void json_text(struct json *json, const char *key, const char *value,
	       size_t len)
{
	begin(json, key);
	put_escaped(json->out, value, len);
}

void json_string(struct json *json, const char *key, const char *value)
{
	char *copy;

	if (!value) {
		json_plain(json, key, "null");
		return;
	}
	copy = utf8_copy(value);
	json_text(json, key, copy, strlen(copy));
	free(copy);
}

void json_base64(struct json *json, const char *key, const void *value,
		 size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = value;
	uint32_t group;
	size_t i, n;

	begin(json, key);
	fputc('"', json->out);
	for (; len; bytes += n, len -= n) {
		n = len < 3 ? len : 3;
		group = bytes[0] << 16;
		if (n > 1)
			group |= bytes[1] << 8;
		if (n > 2)
			group |= bytes[2];
		for (i = 0; i < 4; i++)
			fputc(i <= n ? digits[group >> (18 - 6 * i) & 63] : '=',
			      json->out);
	}
	fputc('"', json->out);
}
