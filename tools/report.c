// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "text.h"
#include "tool.h"

const char *program = "kchan";
const char *subcommand;

/* Two names of any length, and what is said of them. */
#define TEXT_SIZE (3 * 4096)

/* Each line is one write(2), so that lines of several processes do not mix. */
void report_init(void)
{
	static char line[4 * TEXT_SIZE];

	setvbuf(stderr, line, _IOLBF, sizeof(line));
}

/*
 * kchan: SUBCOMMAND OBJECT: what is wrong. After what was printed before, if both go to
 * the same file.
 */
static void begin_line(const char *object)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program);
	if (subcommand)
		fputs(subcommand, stderr);
	if (subcommand && object)
		fputc(' ', stderr);
	if (object)
		print_safely(stderr, object);
	if (subcommand || object)
		fputs(": ", stderr);
}

/*
 * Names and words of the command line may have ends of lines in them, and what troubles a
 * terminal. Memory may be what is missing, so there is a buffer; what is longer is cut.
 */
static void print_text(const char *format, va_list args)
{
	char text[TEXT_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	print_safely(stderr, text);
}

int report(const char *object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	begin_line(object);
	print_text(format, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_FAILURE;
}

int misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	begin_line(NULL);
	print_text(format, args);
	fprintf(stderr, " (try %s %s%s--help)\n", program,
		subcommand ? subcommand : "", subcommand ? " " : "");
	va_end(args);
	return EXIT_FAILURE;
}

/* What getopt_long() did not like, by what it returned. */
int bad_option(int c, char **argv)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return misuse("%s needs a value", word);
	if (strncmp(word, "--", 2) == 0)
		return misuse("bad option %s", word);
	return misuse("bad option -%c", optopt);
}

int bad_value(const char *option, const char *expected)
{
	return misuse("%s %s: not %s", option, optarg, expected);
}

static void out_of_memory(void)
{
	report(NULL, "%s", strerror(ENOMEM));
	exit(EXIT_FAILURE);
}

void *xrealloc(void *old, size_t size)
{
	void *new = realloc(old, size ? size : 1);

	if (!new)
		out_of_memory();
	return new;
}

char *xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

char *xprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	va_end(args);
	return text;
}

/* What was not written is thrown away, so that it is told once. */
int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	report(NULL, "standard output: %s", strerror(errno));
	__fpurge(stdout);
	clearerr(stdout);
	return EXIT_FAILURE;
}
