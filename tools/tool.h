/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all files of kchan(1) share: the subcommands, and how they say what is wrong. */
#ifndef KCHAN_TOOL_H
#define KCHAN_TOOL_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define NSEC_PER_SEC UINT64_C(1000000000)

/* Beside EXIT_SUCCESS and EXIT_FAILURE. */
enum {
	EXIT_WOULD_WAIT =
		2, /* --nonblock, and there was no message or no room */
	EXIT_TIMED_OUT = 3, /* --timeout passed */
	EXIT_NO_PEER = 4, /* --need-peer, and nobody is at the other end */
	EXIT_COMMAND_FAILED = 123, /* of work: this and the next as xargs(1) */
	EXIT_COMMAND_BROKEN = 126,
	EXIT_COMMAND_MISSING = 127,
};

/* Options without a letter have values from here on. */
#define LONG_ONLY 256

/* By which name the tool was called, and the subcommand that runs, for messages. */
extern const char *program;
extern const char *subcommand;

int cmd_apply(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_ipcs(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_mk(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_mount(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_recv(int argc, char **argv);
int cmd_rm(int argc, char **argv);
int cmd_send(int argc, char **argv);
int cmd_stat(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_work(int argc, char **argv);

/* Once, before anything is reported. */
void report_init(void);

/*
 * Each of these writes one line to standard error and returns EXIT_FAILURE.
 * @object is what the subcommand was about to work on, or NULL.
 */
int report(const char *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int report_error(const char *object, int err);
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
int bad_option(int c, char **argv);
int bad_value(const char *option, const char *expected);

/* Where there is no memory, these end the program. */
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status, unless standard output could not be written. */
int finish(int status);

#endif /* KCHAN_TOOL_H */
